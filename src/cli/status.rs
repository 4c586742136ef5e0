//! `relabel status`: how far the project is, and what to do next.

use serde::Serialize;

use super::aggregate::decided;
use super::context::{Context, shown};
use super::failure::Failure;
use super::plan::RATERS_WANTED;
use super::propose::{Searched, searched};
use super::table::{table, thousands};
use super::trust::{self, Doubtful};
use crate::consensus::LabelSetChanges;
use crate::domain::Role;
use crate::live::{Live, changes};
use crate::store::{RaterProgress, Run, Status, Store};
use crate::text::printable;

/// Options of `status`.
#[derive(Debug, clap::Args)]
pub struct StatusOptions {
    /// The aggregation to describe [default: the newest]
    #[arg(long, value_name = "N")]
    run: Option<i64>,
    /// Warn of raters who answer fewer gold questions right than this share of them
    #[arg(long, default_value_t = 0.7, value_name = "SHARE", value_parser = gold_bound)]
    gold_bound: f64,
}

fn gold_bound(text: &str) -> Result<f64, String> {
    let share = text
        .parse()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "expected a number from 0 to 1, such as 0.7".to_owned())
}

/// Everything that `status` says.
#[derive(Debug, Serialize)]
struct Report {
    project: String,
    #[serde(flatten)]
    counts: Status,
    raters_wanted: u32,
    votes_wanted: u64,
    search: Option<Searched>,
    run: Option<RunReport>,
    since: Option<Since>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    doubtful_raters: Vec<Doubtful>,
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
    label_sets: LabelSetChanges,
    disputes: usize,
    /// Questions that adjudicators decided, in place of the score.
    decided: usize,
    round: String,
}

/// The label sets as they stand now, by the run's reliabilities (without a run: by majority) and all votes.
#[derive(Debug, Serialize)]
struct Since {
    method: String,
    /// Cast, changed or taken back since the run.
    votes: usize,
    /// That these are on.
    questions: usize,
    label_sets: LabelSetChanges,
    disputes: usize,
    decided: usize,
}

/// Runs the command.
pub fn run(options: &StatusOptions, context: &Context) -> Result<(), Failure> {
    let store = context.open()?;
    let counts = store.status()?;
    let raters_wanted: u32 = store
        .setting(RATERS_WANTED)?
        .and_then(|text| text.parse().ok())
        .unwrap_or(5);
    let run = store.run(options.run)?;
    if let (Some(number), None) = (options.run, &run) {
        return Err(Failure::failed(format!("there is no run {number}"))
            .hint("`relabel status` says how many there are"));
    }
    let since = since(&store, run.as_ref())?;
    let run = run.map(|run| describe(&store, run)).transpose()?;
    let search = searched(&store)?;
    let doubtful_raters = match counts.gold_questions {
        0 => Vec::new(),
        _ => trust::below(
            &store,
            run.as_ref().map_or("main", |run| &run.round),
            options.gold_bound,
        )?,
    };
    let report = Report {
        project: shown(&context.project),
        votes_wanted: counts.questions * u64::from(raters_wanted),
        raters_wanted,
        next: next_step(&counts, search.is_some(), run.as_ref()).to_owned(),
        search,
        run,
        since,
        doubtful_raters,
        counts,
    };
    if context.json() {
        return context.print_json(&report);
    }
    context.print(&text(&report))
}

/// A run as it was kept.
fn describe(store: &Store, run: Run) -> Result<RunReport, Failure> {
    let scores = store.question_scores(run.id)?;
    Ok(RunReport {
        number: run.id,
        parameters: serde_json::from_str(&run.parameters).unwrap_or_default(),
        at: crate::formats::records::time_text(run.at),
        runs: store.n_runs()?,
        disputes: scores.iter().filter(|score| score.disputed).count(),
        decided: scores.iter().filter(|score| score.decided).count(),
        label_sets: changes(&scores),
        method: run.method,
        round: run.round,
        remarks: run.remarks,
    })
}

/// The label sets as they stand now, where they are not as a run left them.
fn since(store: &Store, run: Option<&Run>) -> Result<Option<Since>, Failure> {
    let round = run.map_or("main", |run| &run.round);
    let live = Live::open(store, round, run.cloned())?;
    Ok((live.votes_since() > 0).then(|| Since {
        method: run.map_or("majority", |run| &run.method).to_owned(),
        votes: live.votes_since(),
        questions: live.questions_since(),
        disputes: live.n_disputed(),
        decided: live.n_decided(),
        label_sets: live.changes(),
    }))
}

fn next_step(counts: &Status, searched: bool, run: Option<&RunReport>) -> &'static str {
    let is_rater = |rater: &&RaterProgress| rater.role == Role::Rater.word();
    let raters = counts.raters.iter().filter(is_rater);
    let votes: u64 = raters.map(|rater| rater.questions).sum();
    match counts {
        _ if counts.images == 0 => "relabel import images DIR, or relabel import labels FILE",
        _ if !counts.models_waiting.is_empty() => "relabel propose",
        _ if counts.sources.is_empty() && counts.tasks == 0 && votes == 0 => {
            "relabel import predictions FILE --model M, or relabel import proposals FILE"
        }
        _ if counts.tasks == 0 && counts.unanimous == 0 && votes == 0 => {
            match counts.gold_questions > 0 && counts.sources_used.len() > 1 && !searched {
                true => "relabel propose --search, or relabel plan",
                false => "relabel plan",
            }
        }
        _ if votes == 0 => "relabel review --rater NAME",
        _ if run.is_none() => "relabel aggregate",
        _ => "relabel review --order disputed, or relabel export --as csv",
    }
}

fn text(report: &Report) -> String {
    let counts = &report.counts;
    let sources = format!(
        "from {} sources and the original labels",
        thousands(counts.sources.len())
    );
    let models = match counts.models_waiting.len() {
        0 => String::new(),
        waiting => format!("{} of them with nothing proposed yet", thousands(waiting)),
    };
    let used = match &report.search {
        Some(search) => format!(
            "{} (recall {:.3}, precision {:.3} on gold)",
            search.models.join(", "),
            search.recall,
            search.precision
        ),
        None if counts.sources.is_empty() => String::new(),
        None => "all: no search has chosen among them".to_owned(),
    };
    let notes = match counts.open_notes {
        0 => format!("{} comments", thousands(counts.comments)),
        open => format!(
            "{} comments; {} notes to answer (`relabel notes --open`)",
            thousands(counts.comments),
            thousands(open)
        ),
    };
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
        ("models", counts.models.len() as u64, models),
        ("proposals", counts.proposals, sources),
        ("sources in use", counts.sources_used.len() as u64, used),
        (
            "unanimous",
            counts.unanimous,
            "keep their label without a vote".to_owned(),
        ),
        ("tasks", counts.tasks, String::new()),
        ("questions", counts.questions, wanted),
        (
            "gold questions",
            counts.gold_questions,
            "settled by experts".to_owned(),
        ),
        ("flagged images", counts.flagged, notes),
    ];
    let rows = rows.map(|(what, figure, remark)| vec![what.to_owned(), thousands(figure), remark]);
    let mut parts = vec![table(&[], &[1], rows.into())];
    if !counts.raters.is_empty() {
        parts.push(raters(counts));
    }
    if !report.doubtful_raters.is_empty() {
        let warnings = report.doubtful_raters.iter();
        let warnings: Vec<String> = warnings
            .map(|rater| format!("warning: {}", rater.warning()))
            .collect();
        parts.push(warnings.join("\n"));
    }
    if let Some(run) = &report.run {
        parts.push(run_text(run));
    }
    if let Some(since) = &report.since {
        parts.push(since_text(since, report.run.is_some()));
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
    let mut lines = vec![
        format!(
            "run {} of {}: {} ({})",
            run.number, run.runs, run.method, run.at
        ),
        sets_text(&run.label_sets, run.disputes, run.decided),
    ];
    lines.extend(
        run.remarks
            .iter()
            .map(|remark| format!("note: {}", printable(remark))),
    );
    lines.join("\n")
}

fn since_text(since: &Since, has_run: bool) -> String {
    let begin = if has_run {
        format!(
            "now, with {} votes since on {} questions:",
            thousands(since.votes),
            thousands(since.questions)
        )
    } else {
        "now, by majority:".to_owned()
    };
    let sets = sets_text(&since.label_sets, since.disputes, since.decided);
    format!("{begin}\n{sets}")
}

fn sets_text(sets: &LabelSetChanges, disputes: usize, n_decided: usize) -> String {
    format!(
        "{} images scored: {} keep exactly their label, {} gain labels, {} lose it for others, {} have none; {} disputed questions{}",
        thousands(sets.scored),
        thousands(sets.kept),
        thousands(sets.extended),
        thousands(sets.replaced),
        thousands(sets.empty),
        thousands(disputes),
        decided(n_decided)
    )
}
