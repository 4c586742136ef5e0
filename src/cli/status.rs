//! `relabel status`: how far the project is, and what to do next.

use serde::Serialize;

use super::aggregate::decided;
use super::chart::{Room, bar, histogram, sparkline};
use super::clean::CLEANED;
use super::context::{Context, shown};
use super::failure::Failure;
use super::plan::RATERS_WANTED;
use super::propose::{Searched, searched};
use super::table::{count, table, thousands};
use super::trust::{self, Doubtful};
use crate::consensus::LabelSetChanges;
use crate::domain::Role;
use crate::formats::records::day_text;
use crate::live::{Live, changes};
use crate::proposals::triage;
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
    /// Standing votes of the days up to the newest that has any.
    votes_a_day: Vec<Day>,
    search: Option<Searched>,
    /// What the newest `clean` kept of the labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    cleaned: Option<String>,
    run: Option<RunReport>,
    since: Option<Since>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    doubtful_raters: Vec<Doubtful>,
    next: String,
}

/// What was voted on a day (UTC).
#[derive(Debug, Serialize)]
struct Day {
    day: String,
    votes: u64,
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
    /// Questions by score, in twentieths from 0 to 1.
    score_histogram: Vec<u64>,
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
    let cleaned = store.setting(CLEANED)?;
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
        votes_a_day: days(&counts),
        votes_wanted: counts.questions * u64::from(raters_wanted),
        raters_wanted,
        next: match counts.planned
            && counts.tasks == 0
            && counts.raters.is_empty()
            && !asks_more(&store)?
        {
            true => NOTHING_TO_REVIEW.to_owned(),
            false => {
                next_step(&counts, search.is_some(), cleaned.is_some(), run.as_ref()).to_owned()
            }
        },
        search,
        cleaned,
        run,
        since,
        doubtful_raters,
        counts,
    };
    if context.json() {
        return context.print_json(&report);
    }
    context.print(&text(&report, Room::of(context)))
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
        score_histogram: histogram(scores.iter().map(|score| score.score), 20),
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

/// The last four weeks up to the newest vote, and not further back than the first.
fn days(counts: &Status) -> Vec<Day> {
    let newest = counts.days.keys().next_back().copied();
    let first = counts.days.keys().next().copied();
    let (Some(newest), Some(first)) = (newest, first) else {
        return Vec::new();
    };
    (first.max(newest - 27)..=newest)
        .map(|day| Day {
            day: day_text(day),
            votes: counts.days.get(&day).copied().unwrap_or(0),
        })
        .collect()
}

const NOTHING_TO_REVIEW: &str = "every labelled image keeps its label, so there is nothing to review; more proposals give questions: \
     relabel import predictions FILE --model M, or relabel import proposals FILE";

/// True if a new plan would have tasks.
fn asks_more(store: &Store) -> Result<bool, Failure> {
    let cleaned = store.setting(CLEANED)?.is_some();
    let sorted = triage(&store.proposed_labels()?, &store.original_labels()?);
    Ok(cleaned || !sorted.to_review.is_empty() || sorted.unanimous.is_empty())
}

fn next_step(
    counts: &Status,
    searched: bool,
    cleaned: bool,
    run: Option<&RunReport>,
) -> &'static str {
    let is_rater = |rater: &&RaterProgress| rater.role == Role::Rater.word();
    let raters = counts.raters.iter().filter(is_rater);
    let votes: u64 = raters.map(|rater| rater.questions).sum();
    match counts {
        _ if counts.images == 0 => "relabel import images DIR, or relabel import labels FILE",
        _ if cleaned && counts.tasks == 0 => "relabel plan --dropped",
        // Who cleans may have no use for proposals.
        _ if !counts.models_waiting.is_empty() && !cleaned => "relabel propose",
        _ if counts.sources.is_empty() && counts.tasks == 0 && votes == 0 => {
            "relabel import predictions FILE --model M, or relabel import proposals FILE"
        }
        _ if counts.tasks == 0 && votes == 0 => {
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

fn text(report: &Report, room: Room) -> String {
    let counts = &report.counts;
    let sources = match (counts.sources.len(), counts.original_labels) {
        (0, 0) => String::new(),
        (0, _) => "the original labels".to_owned(),
        (sources, 0) => format!("from {}", count(sources, "source")),
        (sources, _) => format!("from {} and the original labels", count(sources, "source")),
    };
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
        0 => count(counts.comments, "comment"),
        open => format!(
            "{}; {} to answer (`relabel notes --open`)",
            count(counts.comments, "comment"),
            count(open, "note")
        ),
    };
    let wanted = match counts.questions {
        0 => String::new(),
        _ => format!(
            "{} needed ({} per question)",
            count(report.votes_wanted, "vote"),
            report.raters_wanted
        ),
    };
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
    if room.is_some() {
        parts.extend(progress(report));
    }
    if !counts.raters.is_empty() {
        parts.push(raters(counts, room));
    }
    if !report.doubtful_raters.is_empty() {
        let warnings = report.doubtful_raters.iter();
        let warnings: Vec<String> = warnings
            .map(|rater| format!("warning: {}", rater.warning()))
            .collect();
        parts.push(warnings.join("\n"));
    }
    if let Some(cleaned) = &report.cleaned {
        parts.push(format!("cleaned: {}", printable(cleaned)));
    }
    if let Some(run) = &report.run {
        parts.push(run_text(run, room));
    }
    if let Some(since) = &report.since {
        parts.push(since_text(since, report.run.is_some(), room));
    }
    parts.push(format!("next: {}", report.next));
    parts.join("\n\n")
}

/// How many of the votes wanted are there, and how many came on which day.
fn progress(report: &Report) -> Option<String> {
    let mut rows = Vec::new();
    if report.votes_wanted > 0 {
        let round = report.run.as_ref().map_or("main", |run| &run.round);
        // A vote more than a question needs helps no other question.
        let answers = report.counts.answers.get(round).into_iter().flatten();
        let needed = u64::from(report.raters_wanted);
        let votes: u64 = (0..)
            .zip(answers)
            .map(|(answers, n)| n * needed.min(answers))
            .sum();
        let share = votes as f64 / report.votes_wanted as f64;
        rows.push(vec![
            "answered".to_owned(),
            bar(share, 30),
            format!(
                "{:.1} %: {} of {} needed",
                share * 100.0,
                thousands(votes),
                count(report.votes_wanted, "vote")
            ),
        ]);
    }
    if let [first, .., last] = report.votes_a_day.as_slice() {
        let votes: Vec<u64> = report.votes_a_day.iter().map(|day| day.votes).collect();
        rows.push(vec![
            "votes a day".to_owned(),
            sparkline(&votes),
            format!(
                "{} to {}; at most {}",
                first.day,
                last.day,
                thousands(votes.iter().copied().max().unwrap_or(0))
            ),
        ]);
    }
    (!rows.is_empty()).then(|| table(&[], &[], rows))
}

fn raters(counts: &Status, room: Room) -> String {
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
    let most = counts.raters.iter().map(|rater| rater.questions).max();
    let shares: Vec<Option<f64>> = (counts.raters.iter())
        .map(|rater| Some(rater.questions as f64 / most? as f64))
        .collect();
    room.table(
        &["round", "rater", "role", "questions", "s each"],
        &[3, 4],
        rows.collect(),
        &shares,
    )
}

fn run_text(run: &RunReport, room: Room) -> String {
    let mut lines = vec![
        format!(
            "run {} of {}: {} ({})",
            run.number, run.runs, run.method, run.at
        ),
        sets_text(&run.label_sets, run.disputes, run.decided),
    ];
    if room.is_some() {
        lines.push(sets_chart(&run.label_sets));
        lines.push(format!("scores 0 ▕{}▏ 1", sparkline(&run.score_histogram)));
    }
    lines.extend(
        run.remarks
            .iter()
            .map(|remark| format!("note: {}", printable(remark))),
    );
    lines.join("\n")
}

fn since_text(since: &Since, has_run: bool, room: Room) -> String {
    let begin = if has_run {
        format!(
            "now, with {} since on {}:",
            count(since.votes, "vote"),
            count(since.questions, "question")
        )
    } else {
        "now, by majority:".to_owned()
    };
    let sets = sets_text(&since.label_sets, since.disputes, since.decided);
    match room.is_some() {
        true => format!("{begin}\n{sets}\n{}", sets_chart(&since.label_sets)),
        false => format!("{begin}\n{sets}"),
    }
}

fn sets_chart(sets: &LabelSetChanges) -> String {
    let parts = sets.parts().into_iter();
    let rows = parts.map(|(images, what)| {
        let share = images as f64 / sets.scored.max(1) as f64;
        vec![
            what.to_owned(),
            thousands(images),
            format!("{:.1} %", share * 100.0),
            bar(share, 30),
        ]
    });
    table(&[], &[1, 2], rows.collect())
}

fn sets_text(sets: &LabelSetChanges, disputes: usize, n_decided: usize) -> String {
    format!(
        "{}; {}{}",
        super::aggregate::sets_text(sets),
        count(disputes, "disputed question"),
        decided(n_decided)
    )
}
