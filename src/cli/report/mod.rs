//! `relabel report`: figures, plots and the most disputed images on one page.

mod agreement;
mod disputed;
mod labels;
mod models;

use std::io::Write;
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;

use super::context::{Context, now, shown};
use super::failure::Failure;
use super::interrupt;
use super::output::{Contents, Outputs, to_file};
use crate::domain::{ClassIndex, Classes};
use crate::formats::records::time_text;
use crate::live::parameters_of;
use crate::report::page::page;
use crate::report::{Counts, Report, RunFigures, parameters};
use crate::store::{ImageRow, Run, ScoreRow, Status, Store, StoredEvidence};

/// Options of `report`.
#[derive(Debug, clap::Args)]
pub struct ReportOptions {
    /// Where the page goes; - for stdout [default: report.html; with --format json nowhere]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The aggregation to describe [default: the newest]
    #[arg(long, value_name = "N")]
    run: Option<i64>,
    /// The most disputed images that are shown
    #[arg(long, default_value_t = 24, value_name = "N")]
    thumbnails: usize,
    /// Predictions beside those of the project's models, CSV or JSONL: image,label; can be given again
    #[arg(long, value_name = "FILE")]
    eval: Vec<PathBuf>,
    /// Numbers in place of raters' names; comments are left out, for they may name somebody
    #[arg(long)]
    blind: bool,
    /// Bootstrap replicates of the intervals of agreement; 0 leaves them out
    #[arg(long, default_value_t = 1000, value_name = "N")]
    replicates: usize,
    /// Seed of the bootstrap
    #[arg(long, default_value_t = 0, value_name = "N")]
    seed: u64,
}

/// Runs the command.
pub fn run(options: &ReportOptions, context: &Context) -> Result<(), Failure> {
    let path = match (&options.output, context.json()) {
        (None, true) => None,
        (Some(path), _) => Some(path.as_path()),
        (None, false) => Some(Path::new("report.html")),
    };
    let inputs: Vec<&Path> = options.eval.iter().map(PathBuf::as_path).collect();
    let outputs = Outputs {
        places: &[("-o", path)],
        inputs: &inputs,
        prints_figures: true,
    };
    let context = &outputs.check(context)?;
    let store = context.open()?;
    let report = gather(options, &store, context)?;
    interrupt::check()?;
    if context.json() {
        context.print_json(&report)?;
    }
    let Some(path) = path else {
        return Ok(());
    };
    let page = page(&report);
    to_file(path, Contents::Text, context, |out| {
        Ok(out.write_all(page.as_bytes())?)
    })
}

/// What all parts of the report are made of.
struct Project<'a> {
    store: &'a Store,
    classes: Classes,
    images: Vec<ImageRow>,
    status: Status,
    run: Option<Run>,
    /// Scores of the run by image name and class.
    scores: Vec<ScoreRow>,
    stored: StoredEvidence,
    names: Names,
}

impl Project<'_> {
    fn class_name(&self, class: ClassIndex) -> String {
        super::agreement::class_name(&self.classes, class)
    }
}

/// Raters' names as the page gives them.
struct Names {
    blind: bool,
    /// By the raters' numbers.
    names: Vec<String>,
}

impl Names {
    fn of(&self, rater: &str) -> String {
        let place = self.names.iter().position(|name| name == rater);
        match (self.blind, place) {
            (true, Some(place)) => format!("rater {}", place + 1),
            (true, None) => "a rater".to_owned(),
            (false, _) => rater.to_owned(),
        }
    }
}

/// One step of the work is done; the user may want no further one.
fn step(bar: &ProgressBar) -> Result<(), Failure> {
    bar.inc(1);
    interrupt::check()
}

fn gather(options: &ReportOptions, store: &Store, context: &Context) -> Result<Report, Failure> {
    let run = store.run(options.run)?;
    if let (Some(number), None) = (options.run, &run) {
        return Err(Failure::failed(format!("there is no run {number}"))
            .hint("`relabel status` says how many there are"));
    }
    let models = store.models()?;
    let steps = 4 + models.len() + options.thumbnails;
    let bar = context.progress("parts", steps as u64);
    let round = run
        .as_ref()
        .map_or_else(|| "main".to_owned(), |run| run.round.clone());
    let project = Project {
        store,
        classes: store.classes()?,
        images: store.images()?,
        status: store.status()?,
        scores: match &run {
            Some(run) => store.scores(run.id)?,
            None => Vec::new(),
        },
        stored: store.evidence(&round)?,
        names: Names {
            blind: options.blind,
            names: store.raters()?.into_iter().map(|row| row.name).collect(),
        },
        run,
    };
    step(&bar)?;
    let scored = labels::scored(&project)?;
    let labels = labels::figures(&project, &scored);
    let calibration = agreement::calibration(&project)?;
    step(&bar)?;
    let agreement = agreement::spread(&project, &round, options)?;
    step(&bar)?;
    let models = models::figures(&project, &models, &options.eval, context, &bar)?;
    let by_dispute =
        crate::report::most_disputed(&scored.iter().map(|one| one.1).collect::<Vec<_>>());
    let shown_images = by_dispute.get(..options.thumbnails.min(by_dispute.len()));
    let disputed = disputed::images(&project, &scored, shown_images.unwrap_or_default(), &bar)?;
    let report = Report {
        project: shown(&context.project),
        at: time_text(now()),
        counts: counts(&project),
        run: describe(&project, &scored)?,
        round,
        labels,
        calibration,
        agreement,
        models,
        disputed,
        disputed_images: by_dispute.len(),
    };
    bar.finish_and_clear();
    Ok(report)
}

fn counts(project: &Project<'_>) -> Counts {
    let (status, votes) = (&project.status, &project.stored.votes);
    let voted = votes.counts_by_rater();
    let answered = (0..votes.n_questions()).filter(|&question| votes.counts(question).total() > 0);
    Counts {
        classes: status.classes,
        images: status.images,
        original_labels: status.original_labels,
        questions: answered.count() as u64,
        votes: votes.n_votes() as u64,
        raters: voted.iter().filter(|counts| counts.total() > 0).count() as u64,
        gold_questions: status.gold_questions,
    }
}

fn describe(
    project: &Project<'_>,
    scored: &labels::ScoredQuestions,
) -> Result<Option<RunFigures>, Failure> {
    let Some(run) = &project.run else {
        return Ok(None);
    };
    let (parameters, threshold) = parameters(&parameters_of(run)?);
    let marks = project.store.run_marks(run.id)?;
    let round = project.store.round(&run.round)?;
    Ok(Some(RunFigures {
        number: run.id,
        method: run.method.clone(),
        parameters,
        threshold,
        remarks: match project.names.blind {
            // They name raters.
            true => Vec::new(),
            false => run.remarks.clone(),
        },
        at: time_text(run.at),
        votes_since: project.store.voted_since(&marks, round)?.0,
        disputes: scored.iter().filter(|(kept, _)| kept.disputed).count(),
        decided: scored.iter().filter(|(kept, _)| kept.decided).count(),
    }))
}
