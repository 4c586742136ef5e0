//! `relabel status`: how far the project is, and what to do next.

use serde::Serialize;

use super::context::{Context, shown};
use super::export::label_sets;
use super::failure::Failure;
use super::plan::RATERS_WANTED;
use super::table::{table, thousands};
use crate::store::{Run, Status, Store};
use crate::text::printable;

/// Options of `status`.
#[derive(Debug, clap::Args)]
pub struct StatusOptions {
    /// The aggregation to describe [default: the newest]
    #[arg(long, value_name = "N")]
    run: Option<i64>,
}

/// Everything that `status` says.
#[derive(Debug, Serialize)]
struct Report {
    project: String,
    #[serde(flatten)]
    counts: Status,
    raters_wanted: u32,
    votes_wanted: u64,
    run: Option<RunReport>,
    next: String,
}

/// What came of an aggregation.
#[derive(Debug, Serialize)]
struct RunReport {
    number: i64,
    method: String,
    parameters: serde_json::Value,
    remarks: Vec<String>,
    at: String,
    runs: usize,
    label_sets: Sets,
    disputes: usize,
}

/// Label sets against original labels.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Sets {
    /// Images that have scores.
    pub scored: usize,
    /// Images whose set is exactly their original label.
    pub kept: usize,
    /// Images whose set holds the original label and others.
    pub extended: usize,
    /// Images whose set holds others, but not the original label.
    pub replaced: usize,
    /// Images with no label at all.
    pub empty: usize,
}

/// Runs the command.
pub fn run(options: &StatusOptions, context: &Context) -> Result<(), Failure> {
    let store = context.open()?;
    let counts = store.status()?;
    let raters_wanted: u32 = store
        .setting(RATERS_WANTED)?
        .and_then(|text| text.parse().ok())
        .unwrap_or(5);
    let run = match store.run(options.run)? {
        Some(run) => Some(describe(&store, run)?),
        None => match options.run {
            Some(number) => {
                return Err(Failure::failed(format!("there is no run {number}"))
                    .hint("`relabel status` says how many there are"));
            }
            None => None,
        },
    };
    let report = Report {
        project: shown(&context.project),
        votes_wanted: counts.questions * u64::from(raters_wanted),
        raters_wanted,
        next: next_step(&counts, run.as_ref()).to_owned(),
        run,
        counts,
    };
    if context.json() {
        return context.print_json(&report);
    }
    context.print(&text(&report))
}

fn describe(store: &Store, run: Run) -> Result<RunReport, Failure> {
    let scores = store.scores(run.id)?;
    let images = store.images()?;
    Ok(RunReport {
        number: run.id,
        method: run.method,
        parameters: serde_json::from_str(&run.parameters).unwrap_or_default(),
        remarks: run.remarks,
        at: crate::formats::records::time_text(run.at),
        runs: store.runs()?.len(),
        disputes: scores.iter().filter(|score| score.disputed).count(),
        label_sets: compare(&label_sets(&images, &scores), &scores),
    })
}

/// Counts how label sets differ from the original labels, over the images that have scores.
pub fn compare(
    sets: &[crate::formats::export::LabelSet],
    scores: &[crate::store::ScoreRow],
) -> Sets {
    let scored: std::collections::HashSet<&str> =
        scores.iter().map(|score| score.image.as_str()).collect();
    let mut counts = Sets::default();
    for set in sets
        .iter()
        .filter(|set| scored.contains(set.image.as_str()))
    {
        counts.scored += 1;
        let has_original = set
            .original
            .is_some_and(|label| set.labels.contains(&label));
        match (set.labels.len(), has_original) {
            (0, _) => counts.empty += 1,
            (1, true) => counts.kept += 1,
            (_, true) => counts.extended += 1,
            (_, false) => counts.replaced += 1,
        }
    }
    counts
}

fn next_step(counts: &Status, run: Option<&RunReport>) -> &'static str {
    let votes: u64 = counts.raters.iter().map(|rater| rater.questions).sum();
    match counts {
        _ if counts.images == 0 => "relabel import images DIR, or relabel import labels FILE",
        _ if counts.proposals == 0 => {
            "relabel import labels FILE and relabel import proposals FILE"
        }
        _ if counts.tasks == 0 && counts.unanimous == 0 && votes == 0 => "relabel plan",
        _ if votes == 0 => "relabel review --rater NAME",
        _ if run.is_none() => "relabel aggregate",
        _ => "relabel review --order disputed, or relabel export --as csv",
    }
}

fn text(report: &Report) -> String {
    let counts = &report.counts;
    let sources = format!(
        "from {} sources and the original labels",
        counts.sources.len()
    );
    let wanted = format!(
        "{} votes wanted ({} an answer)",
        thousands(report.votes_wanted),
        report.raters_wanted
    );
    let rows = [
        ("classes", counts.classes, String::new()),
        (
            "images",
            counts.images,
            format!("{} with a file", thousands(counts.images_with_file)),
        ),
        ("original labels", counts.original_labels, String::new()),
        ("proposals", counts.proposals, sources),
        (
            "unanimous",
            counts.unanimous,
            "keep their label without a vote".to_owned(),
        ),
        ("tasks", counts.tasks, String::new()),
        ("questions", counts.questions, wanted),
        (
            "flagged images",
            counts.flagged,
            format!("{} comments", thousands(counts.comments)),
        ),
    ];
    let rows = rows.map(|(what, figure, remark)| vec![what.to_owned(), thousands(figure), remark]);
    let mut parts = vec![table(&[], &[1], rows.into())];
    if !counts.raters.is_empty() {
        parts.push(raters(counts));
    }
    if let Some(run) = &report.run {
        parts.push(run_text(run));
    }
    parts.push(format!("next: {}", report.next));
    parts.join("\n\n")
}

fn raters(counts: &Status) -> String {
    let rows = counts.raters.iter().map(|rater| {
        let seconds = rater
            .median_spent
            .map(|ms| format!("{:.1}", ms as f64 / 1000.0));
        vec![
            rater.round.clone(),
            rater.rater.clone(),
            rater.role.clone(),
            thousands(rater.questions),
            seconds.unwrap_or_default(),
        ]
    });
    table(
        &["round", "rater", "role", "questions", "s each"],
        &[3, 4],
        rows.collect(),
    )
}

fn run_text(run: &RunReport) -> String {
    let sets = &run.label_sets;
    let mut lines = vec![
        format!(
            "run {} of {}: {} ({})",
            run.number, run.runs, run.method, run.at
        ),
        format!(
            "{} images scored: {} keep exactly their label, {} gain labels, {} lose it for others, {} have none; {} disputed questions",
            thousands(sets.scored),
            thousands(sets.kept),
            thousands(sets.extended),
            thousands(sets.replaced),
            thousands(sets.empty),
            thousands(run.disputes)
        ),
    ];
    lines.extend(
        run.remarks
            .iter()
            .map(|remark| format!("note: {}", printable(remark))),
    );
    lines.join("\n")
}
