//! The labels that are audited: where they come from, and into which strata they fall.

use std::collections::HashMap;
use std::path::Path;

use crate::audit::{class_ranges, score_bins};
use crate::cli::context::{Context, shown};
use crate::cli::failure::Failure;
use crate::cli::import::{BadRows, ImageNames, RowProblem, find_class, take_rows};
use crate::domain::{ClassIndex, Classes, Question};
use crate::formats::records::ProposalRecord;
use crate::store::Store;

/// Whose labels are audited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The labels that images came with.
    Original,
    /// Those of the newest run's label sets.
    LabelSets,
    /// Those that a table names.
    File(std::path::PathBuf),
}

impl std::str::FromStr for Source {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Source, Self::Err> {
        Ok(match text {
            "original" => Source::Original,
            "label-sets" => Source::LabelSets,
            path => Source::File(path.into()),
        })
    }
}

/// A label that an image was given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Given {
    /// The image and the label.
    pub asks: Question,
    /// How probable somebody or something held it to be, on whatever scale.
    pub score: Option<f64>,
}

/// The labels of a source, in the order of image names and classes; and what they are, in words.
pub fn given_labels(
    store: &Store,
    classes: &Classes,
    source: &Source,
    context: &Context,
) -> Result<(Vec<Given>, String), Failure> {
    let (mut given, words) = match source {
        Source::Original => {
            let of = |(image, class)| Given {
                asks: Question { image, class },
                score: None,
            };
            let labels = store.original_labels()?.into_iter();
            (
                labels.map(of).collect::<Vec<_>>(),
                "original labels".to_owned(),
            )
        }
        Source::LabelSets => label_sets(store)?,
        Source::File(path) => (
            of_file(store, classes, path, context)?,
            format!("labels of {}", shown(path)),
        ),
    };
    let places: HashMap<_, usize> = (store.images()?.iter().map(|image| image.id))
        .zip(0..)
        .collect();
    given.sort_unstable_by_key(|one| (places.get(&one.asks.image).copied(), one.asks.class));
    if given.is_empty() {
        return Err(Failure::failed(format!("there are no {words} to audit")).hint(
            "`relabel import labels FILE` takes in original labels; --of FILE audits those of a table",
        ));
    }
    Ok((given, words))
}

/// The label sets of the newest run; images that nobody was asked about have their original label.
fn label_sets(store: &Store) -> Result<(Vec<Given>, String), Failure> {
    let Some(run) = store.run(None)? else {
        return Err(Failure::failed("there are no label sets yet").hint(
            "make them with `relabel aggregate`, or audit the original labels with --of original",
        ));
    };
    let mut original = store.original_labels()?;
    let mut given = Vec::new();
    for score in store.question_scores(run.id)? {
        original.remove(&score.asks.image);
        if score.in_set {
            given.push(Given {
                asks: score.asks,
                score: Some(score.score),
            });
        }
    }
    given.extend(original.into_iter().map(|(image, class)| Given {
        asks: Question { image, class },
        score: None,
    }));
    Ok((given, format!("labels of the label sets of run {}", run.id)))
}

/// The labels of a table, each once.
fn of_file(
    store: &Store,
    classes: &Classes,
    path: &Path,
    context: &Context,
) -> Result<Vec<Given>, Failure> {
    let names = ImageNames::of(store)?;
    let mut seen: HashMap<Question, Option<f64>> = HashMap::new();
    take_rows(
        path,
        ProposalRecord::COLUMNS,
        BadRows::never(),
        context,
        ProposalRecord::from_row,
        |record| {
            let class = find_class(classes, &record.label.label)?.index;
            let name = &record.label.image;
            let image = names.find_known(
                name,
                "`relabel import images` and `relabel import labels` take images in",
            )?;
            match seen.insert(Question { image, class }, record.score) {
                None => Ok(()),
                Some(_) => Err(RowProblem::bad(format!(
                    "image {name:?} has the label {class} in an earlier row too"
                ))),
            }
        },
    )?;
    let given = seen.into_iter().map(|(asks, score)| Given { asks, score });
    Ok(given.collect())
}

/// The labels of each stratum, with the strata's names.
pub type Strata = Vec<(String, Vec<Given>)>;

/// All labels together.
pub fn one_stratum(given: Vec<Given>, words: String) -> Strata {
    vec![(words, given)]
}

/// Labels by class: each class a stratum, or ranges of classes where these are many.
pub fn by_class(given: Vec<Given>, classes: &Classes) -> Strata {
    let mut counts: Vec<(ClassIndex, usize)> = Vec::new();
    let mut sorted: Vec<ClassIndex> = given.iter().map(|one| one.asks.class).collect();
    sorted.sort_unstable();
    for class in sorted {
        match counts.last_mut() {
            Some((last, count)) if *last == class => *count += 1,
            _ => counts.push((class, 1)),
        }
    }
    let sizes: Vec<usize> = counts.iter().map(|(_, count)| *count).collect();
    let ranges = class_ranges(&sizes);
    let range_of: HashMap<ClassIndex, usize> = (counts.iter().map(|(class, _)| *class))
        .zip(ranges)
        .collect();
    let name = |class: &ClassIndex| match classes.get(*class) {
        Some(known) => known.short_name().to_owned(),
        None => class.to_string(),
    };
    let mut strata: Strata = Vec::new();
    for (class, _) in &counts {
        let range = range_of.get(class).copied().unwrap_or(0);
        match strata.get_mut(range) {
            None => strata.push((name(class), Vec::new())),
            Some((words, _)) => {
                let first = words.split(" … ").next().unwrap_or_default();
                *words = format!("{first} … {}", name(class));
            }
        }
    }
    for one in given {
        let range = range_of.get(&one.asks.class).copied().unwrap_or(0);
        if let Some((_, own)) = strata.get_mut(range) {
            own.push(one);
        }
    }
    strata
}

/// Labels by their scores: the table's, else the newest run's, else the highest that a model gives.
pub fn by_score(store: &Store, mut given: Vec<Given>) -> Result<Strata, Failure> {
    if given.iter().all(|one| one.score.is_none()) {
        let scores: HashMap<Question, f64> = match store.run(None)? {
            Some(run) => (store.question_scores(run.id)?.into_iter())
                .map(|score| (score.asks, score.score))
                .collect(),
            None => store.proposed_scores()?.into_iter().collect(),
        };
        for one in &mut given {
            one.score = scores.get(&one.asks).copied();
        }
    }
    let scores: Vec<Option<f64>> = given.iter().map(|one| one.score).collect();
    let (bins, ranges) = score_bins(&scores);
    if ranges.len() < 2 {
        return Err(Failure::failed("--by score: the labels have no scores, or all the same one")
            .hint("scores come from the table of --of, column score, from `relabel aggregate`, or from proposals"));
    }
    let name = |range: &Option<(f64, f64)>| match range {
        Some((low, high)) => format!("score {low:.3} to {high:.3}"),
        None => "no score".to_owned(),
    };
    let mut strata: Strata = ranges
        .iter()
        .map(|range| (name(range), Vec::new()))
        .collect();
    for (one, bin) in given.into_iter().zip(bins) {
        if let Some((_, own)) = strata.get_mut(bin) {
            own.push(one);
        }
    }
    Ok(strata)
}
