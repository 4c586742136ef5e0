//! The search of the smallest sufficient set of models, on the questions that experts settled.

use std::collections::HashMap;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::plot;
use crate::cli::context::{Context, shown};
use crate::cli::failure::Failure;
use crate::cli::interrupt;
use crate::cli::output::{Contents, to_file};
use crate::cli::table::{table, thousands};
use crate::consensus::CalibratedOptions;
use crate::consensus::calibrated::Quorum;
use crate::domain::{ClassIndex, ImageId};
use crate::proposals::search::{EXHAUSTIVE_UP_TO, GoldProposal, Search, SearchOutcome, Subset};
use crate::store::{ProposedBy, Source, Store};

/// Options of the search.
#[derive(Debug, clap::Args)]
pub struct Bounds {
    /// With --search: the share of what experts found in the images that must be proposed [default: 0.97]
    #[arg(long, value_name = "R", value_parser = share)]
    min_recall: Option<f64>,
    /// With --search: experts who must say yes for a gold question to be true [default: 60 % of them]
    #[arg(long, value_name = "N")]
    gold_truth: Option<u32>,
    /// With --search: draw recall against precision into an SVG file
    #[arg(long, value_name = "FILE.svg")]
    plot: Option<PathBuf>,
}

impl Bounds {
    /// Returns the path for the plot, if one was given.
    pub fn plot(&self) -> Option<&Path> {
        self.plot.as_deref()
    }

    /// Whether any of them was given.
    pub fn are_given(&self) -> bool {
        self.min_recall.is_some() || self.gold_truth.is_some() || self.plot.is_some()
    }
}

fn share(text: &str) -> Result<f64, String> {
    let share = text
        .parse()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "expected a share from 0 to 1, such as 0.97".to_owned())
}

/// A subset in figures.
#[derive(Debug, Clone, Serialize)]
pub struct SubsetReport {
    models: Vec<String>,
    recall: f64,
    precision: Option<f64>,
    true_positives: u32,
    gold_proposals: u32,
    proposals_per_image: f64,
}

/// What the search found.
#[derive(Debug, Serialize)]
pub struct Report {
    min_recall: f64,
    gold_questions: usize,
    gold_positives: u32,
    best: SubsetReport,
    all: SubsetReport,
    each: Vec<SubsetReport>,
    frontier: Vec<SubsetReport>,
    subsets_tried: u64,
    exhaustive: bool,
}

/// What the project keeps of the last search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Searched {
    /// The bound.
    pub min_recall: f64,
    /// Recall of the subset that was found.
    pub recall: f64,
    /// Its precision.
    pub precision: f64,
    /// Its models.
    pub models: Vec<String>,
}

/// The setting that keeps it.
const SEARCHED: &str = "searched";

/// The last search, unless something was proposed anew since.
pub fn searched(store: &Store) -> Result<Option<Searched>, Failure> {
    let text = store.setting(SEARCHED)?.unwrap_or_default();
    Ok(serde_json::from_str(&text).ok())
}

/// Forgets the last search.
pub fn forget(store: &Store) -> Result<(), Failure> {
    Ok(store.set_setting(SEARCHED, "")?)
}

/// Searches, and lets the plan use what was found.
pub fn run(
    store: &Store,
    proposed: &[ProposedBy],
    bounds: &Bounds,
    context: &Context,
) -> Result<Report, Failure> {
    let sources = store.sources()?;
    let gold = gold(store, proposed, bounds)?;
    let cannot = |error: &dyn std::fmt::Display| Failure::failed(format!("cannot search: {error}"));
    let search = Search::new(sources.len(), &gold).map_err(|error| cannot(&error))?;
    let min_recall = bounds.min_recall.unwrap_or(0.97);
    if sources.len() > EXHAUSTIVE_UP_TO {
        context.say(format!(
            "{} models have too many subsets to try all: the most promising million is tried, best first",
            sources.len()
        ));
    }
    let outcome = interruptibly(&search, sources.len(), min_recall, context)?;
    let sizes = Sizes::of(proposed);
    let describe = |subset: &Subset| SubsetReport {
        models: names(&sources, subset),
        recall: outcome.recall(subset),
        precision: subset.precision(),
        true_positives: subset.true_positives,
        gold_proposals: subset.proposals,
        proposals_per_image: sizes.proposals_per_image(subset.models),
    };
    let Some(best) = &outcome.best else {
        return Err(too_little_recall(&outcome, min_recall));
    };
    let report = Report {
        min_recall,
        gold_questions: gold.len(),
        gold_positives: outcome.positives,
        best: describe(best),
        all: describe(&outcome.all),
        each: outcome.each.iter().map(&describe).collect(),
        frontier: outcome.frontier.iter().map(&describe).collect(),
        subsets_tried: outcome.tried,
        exhaustive: outcome.exhaustive,
    };
    if let Some(file) = &bounds.plot {
        let svg = plot::draw(&report)
            .map_err(|error| Failure::failed(format!("cannot draw {}: {error}", shown(file))))?;
        to_file(file, Contents::Text, context, |out| {
            Ok(out.write_all(svg.as_bytes())?)
        })?;
    }
    keep(store, &sources, best, &report)?;
    Ok(report)
}

fn keep(store: &Store, sources: &[Source], best: &Subset, report: &Report) -> Result<(), Failure> {
    let searched = Searched {
        min_recall: report.min_recall,
        recall: report.best.recall,
        precision: report.best.precision.unwrap_or(0.0),
        models: report.best.models.clone(),
    };
    let searched =
        serde_json::to_string(&searched).map_err(|error| Failure::failed(error.to_string()))?;
    store.atomically(|store| {
        for (place, source) in sources.iter().enumerate() {
            store.use_source(source.id, best.models >> place & 1 == 1)?;
        }
        store.set_setting(SEARCHED, &searched)?;
        Ok(())
    })
}

fn too_little_recall(outcome: &SearchOutcome, min_recall: f64) -> Failure {
    let most = outcome.recall(&outcome.all);
    Failure::failed(format!(
        "no set of models has a recall of {min_recall}: all together propose {} of the {} classes that experts found in the images, {most:.4}",
        outcome.all.true_positives, outcome.positives
    ))
    .hint(format!(
        "accept less with --min-recall {:.2}, propose more with a larger --pool, or import the predictions of more models",
        (most * 100.0).floor() / 100.0
    ))
}

fn names(sources: &[Source], subset: &Subset) -> Vec<String> {
    let places = sources.iter().enumerate();
    let chosen = places.filter(|(place, _)| subset.models >> place & 1 == 1);
    chosen.map(|(_, source)| source.name.clone()).collect()
}

/// The questions that experts settled, with who proposes them.
fn gold(
    store: &Store,
    proposed: &[ProposedBy],
    bounds: &Bounds,
) -> Result<Vec<GoldProposal>, Failure> {
    let stored = store.evidence("main")?;
    let Some(gold) = stored.evidence().gold else {
        return Err(
            Failure::failed("there are no gold questions to judge models by: no expert has voted").hint(
                "let experts vote (`relabel rater add NAME --role expert`), or import their votes: `relabel import votes FILE --round gold --role expert`",
            ),
        );
    };
    let by_question: HashMap<(ImageId, ClassIndex), &ProposedBy> = proposed
        .iter()
        .map(|proposed| ((proposed.image, proposed.class), proposed))
        .collect();
    let truth = bounds
        .gold_truth
        .map_or(CalibratedOptions::default().truth, Quorum::Votes);
    let keys = gold.experts.questions().iter().enumerate();
    let settled = keys.filter_map(|(number, key)| {
        let positive = truth.of(gold.experts.counts(number))?;
        let image = *stored.images.get(key.image as usize)?;
        let found = by_question.get(&(image, key.class));
        Some(GoldProposal {
            models: found.map_or(0, |found| found.sources),
            always: found.is_some_and(|found| found.is_original),
            positive,
        })
    });
    Ok(settled.collect())
}

/// Runs the search with a bar; ctrl-c ends it, with everything as it was before.
fn interruptibly(
    search: &Search,
    n_models: usize,
    min_recall: f64,
    context: &Context,
) -> Result<SearchOutcome, Failure> {
    let all = match n_models <= EXHAUSTIVE_UP_TO {
        true => 1_u64 << n_models,
        false => 0,
    };
    let bar = context.progress("subsets", all);
    let tried = AtomicU64::new(0);
    let outcome = search.run(min_recall, &|more| {
        bar.set_position(tried.fetch_add(more, Ordering::Relaxed) + more);
        match interrupt::is_asked() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    bar.finish_and_clear();
    outcome.ok_or_else(Failure::interrupted)
}

/// How many pairs each combination of sources proposes.
struct Sizes {
    images: usize,
    /// Pairs by combination; the original labels, which every subset proposes, under none.
    pairs: HashMap<Option<u64>, usize>,
}

impl Sizes {
    fn of(proposed: &[ProposedBy]) -> Sizes {
        let mut pairs = HashMap::new();
        for one in proposed {
            let combination = (!one.is_original).then_some(one.sources);
            *pairs.entry(combination).or_default() += 1;
        }
        Sizes {
            images: super::n_images(proposed),
            pairs,
        }
    }

    /// Labels an image over all images that have any, were only these sources used.
    fn proposals_per_image(&self, models: u64) -> f64 {
        let used = |combination: &Option<u64>| combination.is_none_or(|one| one & models != 0);
        let pairs = self
            .pairs
            .iter()
            .filter(|(combination, _)| used(combination));
        pairs.map(|(_, pairs)| pairs).sum::<usize>() as f64 / self.images.max(1) as f64
    }
}

/// The search in words.
pub fn text(report: &Report) -> String {
    let row = |what: &str, subset: &SubsetReport| {
        vec![
            what.to_owned(),
            thousands(subset.models.len()),
            format!("{:.4}", subset.recall),
            subset
                .precision
                .map_or_else(String::new, |precision| format!("{precision:.4}")),
            format!("{:.2}", subset.proposals_per_image),
        ]
    };
    let mut rows = vec![row("best", &report.best), row("all", &report.all)];
    for subset in &report.each {
        rows.push(row(&format!("  {}", subset.models.join(", ")), subset));
    }
    let header = ["", "models", "recall", "precision", "labels per image"];
    let subsets = table(&header, &[1, 2, 3, 4], rows);
    let frontier = report.frontier.iter().map(|subset| {
        let mut cells = row("", subset);
        cells.remove(0);
        cells.push(subset.models.join(", "));
        cells
    });
    let header = ["models", "recall", "precision", "labels per image", ""];
    let frontier = table(&header, &[0, 1, 2, 3], frontier.collect());
    let how = match report.exhaustive {
        true => "all there are",
        false => "best first, not all there are",
    };
    format!(
        "{} subsets tried, {how}, on {} gold questions of which {} are true; recall at least {}:\n{}\n{subsets}\n\nno other set has both more recall and more precision than these:\n{frontier}",
        thousands(report.subsets_tried),
        thousands(report.gold_questions),
        thousands(report.gold_positives),
        report.min_recall,
        report.best.models.join(", "),
    )
}

impl Report {
    /// (recall, precision) of the subsets on the frontier, of each model, of all models, and of the best subset.
    pub(super) fn points(&self) -> Points {
        let point = |subset: &SubsetReport| (subset.recall, subset.precision.unwrap_or(0.0));
        Points {
            frontier: self.frontier.iter().map(point).collect(),
            each: self.each.iter().map(point).collect(),
            all: point(&self.all),
            best: point(&self.best),
            min_recall: self.min_recall,
        }
    }
}

/// What a plot shows.
#[derive(Debug)]
pub(super) struct Points {
    pub frontier: Vec<(f64, f64)>,
    pub each: Vec<(f64, f64)>,
    pub all: (f64, f64),
    pub best: (f64, f64),
    pub min_recall: f64,
}
