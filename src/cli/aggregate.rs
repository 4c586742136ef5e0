//! `relabel aggregate`: votes to scores and label sets, kept as a run.

use clap::ValueEnum;
use serde::Serialize;

use super::context::{Context, now};
use super::export::label_sets;
use super::failure::Failure;
use super::status::{Sets, compare};
use super::table::thousands;
use crate::consensus::{
    CalibratedOptions, Consensus, DawidSkeneOptions, MajorityOptions, Method, Parameters,
};
use crate::domain::QuestionId;
use crate::store::{Store, StoredEvidence};

/// Options of `aggregate`.
#[derive(Debug, Default, clap::Args)]
pub struct Aggregate {
    /// How votes become scores [default: auto]
    #[arg(long, value_enum, value_name = "METHOD", conflicts_with = "preset")]
    method: Option<MethodChoice>,
    /// Options that reproduce published labels
    #[arg(long, value_enum, value_name = "NAME")]
    preset: Option<Preset>,
    /// A question's class is in the label set from this score on (majority: above it)
    #[arg(long, value_name = "T")]
    threshold: Option<f64>,
    /// The round whose votes count
    #[arg(long, default_value = "main", value_name = "R")]
    round: String,
}

/// How votes become scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MethodChoice {
    /// Calibrated with gold votes, else Dawid–Skene, else majority; says which and why
    Auto,
    /// Raters weighted by their answers to gold questions
    Calibrated,
    /// Raters weighted by how they agree with each other (Dawid and Skene 1979)
    DawidSkene,
    /// The share of yes, maybe counted as a half
    Majority,
}

/// Options that reproduce published labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Preset {
    /// The ReaL labels of arXiv 2006.07159
    Real,
}

/// What came of it.
#[derive(Debug, Serialize)]
struct Report {
    run: i64,
    method: String,
    reason: Option<String>,
    questions: usize,
    votes: usize,
    raters: usize,
    disputes: usize,
    label_sets: Sets,
    remarks: Vec<String>,
}

/// Runs the command.
pub fn run(options: &Aggregate, context: &Context) -> Result<(), Failure> {
    let store = context.open()?;
    let stored = store.evidence(&options.round)?;
    if stored.votes.n_votes() == 0 {
        return Err(Failure::failed(format!(
            "there are no raters' votes in round {:?}",
            options.round
        ))
        .hint("vote with `relabel review`, or take votes in with `relabel import votes`"));
    }
    let (method, reason) = method(options, &stored);
    let consensus = method.run(&stored.evidence()).map_err(|error| {
        Failure::failed(format!("cannot aggregate by {}: {error}", method.word()))
            .hint("`--method majority` needs no gold and no other raters")
    })?;
    let report = keep(&store, &stored, &method, reason, &consensus)?;
    if context.json() {
        return context.print_json(&report);
    }
    context.print(&text(&report))
}

/// Aggregates by majority, as the demo does.
pub fn majority(store: &Store) -> Result<(), Failure> {
    let stored = store.evidence("main")?;
    let method = Method::Majority(MajorityOptions::default());
    let consensus = method
        .run(&stored.evidence())
        .map_err(|error| Failure::failed(error.to_string()))?;
    keep(store, &stored, &method, None, &consensus).map(|_| ())
}

/// The method that was asked for, or the one that fits, and why.
fn method(options: &Aggregate, stored: &StoredEvidence) -> (Method, Option<String>) {
    let (mut method, reason) = match (options.preset, options.method) {
        (Some(Preset::Real), _) => (Method::Calibrated(CalibratedOptions::real()), None),
        (None, Some(MethodChoice::Calibrated)) => {
            (Method::Calibrated(CalibratedOptions::default()), None)
        }
        (None, Some(MethodChoice::DawidSkene)) => {
            (Method::DawidSkene(DawidSkeneOptions::default()), None)
        }
        (None, Some(MethodChoice::Majority)) => {
            (Method::Majority(MajorityOptions::default()), None)
        }
        (None, None | Some(MethodChoice::Auto)) => {
            let choice = Method::auto(&stored.evidence());
            (choice.method, Some(choice.reason))
        }
    };
    if let Some(threshold) = options.threshold {
        match &mut method {
            Method::Majority(options) => options.threshold = threshold,
            Method::Calibrated(options) => options.threshold = threshold,
            Method::DawidSkene(options) => options.threshold = threshold,
        }
    }
    (method, reason)
}

fn keep(
    store: &Store,
    stored: &StoredEvidence,
    method: &Method,
    reason: Option<String>,
    consensus: &Consensus,
) -> Result<Report, Failure> {
    let remarks: Vec<String> = consensus
        .notes
        .iter()
        .map(|note| note.describe(|rater| stored.rater_name(rater)))
        .collect();
    let parameters = serde_json::to_value(&consensus.parameters)
        .map_err(|error| Failure::failed(error.to_string()))?;
    let scores = scores(stored, consensus);
    let run = store.atomically(|store| {
        store.add_run(
            method.word(),
            &parameters,
            &remarks,
            now(),
            scores.iter().copied(),
        )
    })?;
    let rows = store.scores(run)?;
    Ok(Report {
        run,
        method: method.word().to_owned(),
        reason,
        questions: scores.len(),
        votes: stored.votes.n_votes(),
        raters: stored
            .votes
            .counts_by_rater()
            .iter()
            .filter(|counts| counts.total() > 0)
            .count(),
        disputes: scores.iter().filter(|score| score.3).count(),
        label_sets: compare(&label_sets(&store.images()?, &rows), &rows),
        remarks: rounds(&consensus.parameters)
            .into_iter()
            .chain(remarks)
            .collect(),
    })
}

/// The scores of the questions that have votes; nothing is said of the others.
fn scores(stored: &StoredEvidence, consensus: &Consensus) -> Vec<(QuestionId, f64, bool, bool)> {
    let rows = stored.questions.iter().zip(&consensus.scores);
    let marks = consensus.in_set.iter().zip(&consensus.disputed);
    rows.zip(marks)
        .enumerate()
        .filter(|(number, _)| stored.votes.counts(*number).total() > 0)
        .map(|(_, ((question, score), (in_set, disputed)))| (*question, *score, *in_set, *disputed))
        .collect()
}

/// How an iterative method came to its end.
fn rounds(parameters: &Parameters) -> Option<String> {
    match parameters {
        Parameters::DawidSkene(fit) => Some(format!(
            "{} rounds of EM, {}",
            fit.rounds(),
            if fit.converged {
                "converged"
            } else {
                "not converged"
            }
        )),
        _ => None,
    }
}

fn text(report: &Report) -> String {
    let sets = &report.label_sets;
    let mut lines = vec![format!("run {}: {}", report.run, report.method)];
    if let Some(reason) = &report.reason {
        lines.push(format!("chosen because: {reason}"));
    }
    lines.push(format!(
        "{} votes of {} raters on {} questions; {} disputed",
        thousands(report.votes),
        thousands(report.raters),
        thousands(report.questions),
        thousands(report.disputes)
    ));
    lines.push(format!(
        "{} images scored: {} keep exactly their label, {} gain labels, {} lose it for others, {} have none",
        thousands(sets.scored),
        thousands(sets.kept),
        thousands(sets.extended),
        thousands(sets.replaced),
        thousands(sets.empty)
    ));
    lines.extend(
        report
            .remarks
            .iter()
            .map(|remark| format!("note: {}", crate::text::printable(remark))),
    );
    lines.join("\n")
}
