//! Everything that is said of the images, as tasks of Label Studio.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Write;
use std::iter::Peekable;

use indicatif::ProgressBar;

use crate::cli::failure::Failure;
use crate::cli::import::RUN;
use crate::cli::interrupt;
use crate::domain::{ClassIndex, Classes, ImageId, Role};
use crate::formats::label_studio::{
    Annotation, Answers, Given, Predicted, Prediction, Task, TaskWriter, text_of,
};
use crate::store::{ImageRow, ProposalRow, ScoreRow, Store, VoteRow};

/// Writes a task for each image, in the order of their names.
pub(super) fn write_tasks(
    store: &Store,
    run: Option<i64>,
    image_prefix: &str,
    bar: impl Fn(&'static str, u64) -> ProgressBar,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let texts = Texts::of(&store.classes()?);
    let roles = store.raters()?.into_iter();
    let roles: HashMap<String, Role> = roles.map(|rater| (rater.name, rater.role)).collect();
    let mut asked: HashMap<ImageId, Vec<ClassIndex>> = HashMap::new();
    for (_, question) in store.questions()? {
        asked
            .entry(question.image)
            .or_default()
            .push(question.class);
    }
    let mut votes = Vec::new();
    let reading = bar("votes", store.n_vote_rows()?);
    store.each_vote(|vote| -> Result<(), Failure> {
        interrupt::check()?;
        reading.inc(1);
        votes.push(vote);
        Ok(())
    })?;
    reading.finish_and_clear();
    let mut votes = votes.into_iter().peekable();
    let mut proposals = store.proposals()?.into_iter().peekable();
    let scores = run.map_or_else(|| Ok(Vec::new()), |run| store.scores(run))?;
    let mut scores = scores.into_iter().peekable();
    let mut tasks = TaskWriter::new(out, image_prefix)?;
    let images = store.images()?;
    let writing = bar("images", images.len() as u64);
    for image in images {
        interrupt::check()?;
        writing.inc(1);
        let votes = of_image(&mut votes, &image, |vote: &VoteRow| &vote.image);
        let proposals = of_image(&mut proposals, &image, |row: &ProposalRow| &row.image);
        let scores = of_image(&mut scores, &image, |row: &ScoreRow| &row.image);
        let asked = asked.get(&image.id).into_iter().flatten().copied();
        let proposed = proposals.iter().map(|row| row.class);
        let labels: BTreeSet<ClassIndex> =
            asked.chain(proposed).chain(image.original_label).collect();
        let mut predictions = texts.proposals(&proposals);
        if let (Some(run), false) = (run, scores.is_empty()) {
            predictions.push(texts.run(run, &scores));
        }
        tasks.write(&Task {
            image: image.name,
            labels: labels.into_iter().map(|class| texts.get(class)).collect(),
            annotations: texts.annotations(&votes, &roles),
            predictions,
            cancelled: 0,
        })?;
    }
    Ok(tasks.finish()?)
}

/// The rows of an image; all come in the order of image names.
fn of_image<T>(
    rows: &mut Peekable<impl Iterator<Item = T>>,
    image: &ImageRow,
    name: impl Fn(&T) -> &str,
) -> Vec<T> {
    std::iter::from_fn(|| rows.next_if(|row| name(row) == image.name)).collect()
}

/// A text for every class.
struct Texts(HashMap<ClassIndex, String>);

impl Texts {
    fn of(classes: &Classes) -> Texts {
        let texts = classes
            .iter()
            .map(|class| (class.index, text_of(classes, class)));
        Texts(texts.collect())
    }

    fn get(&self, class: ClassIndex) -> String {
        self.0
            .get(&class)
            .cloned()
            .unwrap_or_else(|| class.to_string())
    }

    fn annotations(&self, votes: &[VoteRow], roles: &HashMap<String, Role>) -> Vec<Annotation> {
        let mut by_rater: BTreeMap<(&str, &str), Vec<&VoteRow>> = BTreeMap::new();
        for vote in votes {
            by_rater
                .entry((&vote.round, &vote.rater))
                .or_default()
                .push(vote);
        }
        let given = |vote: &&VoteRow| Given {
            label: self.get(vote.class),
            answer: vote.answer,
            at: vote.at,
        };
        let annotation = |((round, rater), votes): ((&str, &str), Vec<&VoteRow>)| {
            let role = roles.get(rater).copied();
            let spent: Vec<u64> = votes
                .iter()
                .filter_map(|v| v.spent)
                .map(u64::from)
                .collect();
            Annotation {
                place: String::new(),
                rater: rater.to_owned(),
                role,
                ground_truth: role == Some(Role::Expert),
                round: Some(round.to_owned()),
                spent: (!spent.is_empty()).then(|| spent.iter().sum()),
                answers: Answers::Given(votes.iter().map(given).collect()),
            }
        };
        by_rater.into_iter().map(annotation).collect()
    }

    /// One of each source.
    fn proposals(&self, rows: &[ProposalRow]) -> Vec<Prediction> {
        let predicted = |row: &ProposalRow| Predicted {
            label: self.get(row.class),
            yes: true,
            score: row.score,
        };
        let sources = rows.chunk_by(|one, other| one.source == other.source);
        let prediction = |rows: &[ProposalRow]| Prediction {
            place: String::new(),
            source: rows.first().map(|row| row.source.clone()),
            labels: rows.iter().map(predicted).collect(),
        };
        sources.map(prediction).collect()
    }

    fn run(&self, run: i64, scores: &[ScoreRow]) -> Prediction {
        let predicted = |row: &ScoreRow| Predicted {
            label: self.get(row.class),
            yes: row.in_set,
            score: Some(row.score),
        };
        Prediction {
            place: String::new(),
            source: Some(format!("{RUN}{run}")),
            labels: scores.iter().map(predicted).collect(),
        }
    }
}
