//! `relabel aggregate`: votes to scores and label sets, kept as a run.

use clap::ValueEnum;
use serde::Serialize;

use super::chart::Room;
use super::context::{Context, now};
use super::failure::Failure;
use super::reliability::reliability_table;
use super::table::{count, table, thousands};
use crate::consensus::calibrated::{ClassRange, OriginalVoter, Quorum};
use crate::consensus::quality::{ScoreQuality, expert_level};
use crate::consensus::recalibrate::{RecalibrateOptions, recalibrate};
use crate::consensus::{
    CalibratedOptions, Consensus, DawidSkeneOptions, LabelSetChanges, MajorityOptions, Method,
    Parameters, Truths,
};
use crate::domain::QuestionId;
use crate::live::changes;
use crate::store::{Mark, NewRun, Store, StoreError, StoredEvidence};

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
    /// Make the scores mean what they say: a regression on gold over the scores of calibrated and Dawid–Skene
    #[arg(long, conflicts_with_all = ["preset", "method"])]
    recalibrate: bool,
    #[command(flatten)]
    tuning: Tuning,
}

/// Options of single methods.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Tuning {
    /// Dawid–Skene: what can be true of a question
    #[arg(long, value_enum, value_name = "TRUTH")]
    truth: Option<TruthChoice>,
    /// Dawid–Skene: stop when no probability changes by so much
    #[arg(long, value_name = "X")]
    tolerance: Option<f64>,
    /// Dawid–Skene: stop after so many rounds in any case
    #[arg(long, value_name = "N")]
    max_rounds: Option<usize>,
    /// Calibrated: experts who must say yes for a gold question to be true [default: 60 % of them]
    #[arg(long, value_name = "N")]
    gold_truth: Option<u32>,
    /// Calibrated: the same where the original label is weighed as a voter
    #[arg(long, value_name = "N")]
    original_truth: Option<u32>,
    /// Calibrated: added to each rater's count of each answer
    #[arg(long, value_name = "X")]
    smoothing: Option<f64>,
    /// Calibrated: the classes on which the original label votes: none, all, or ranges such as 0-397,500
    #[arg(long, value_name = "CLASSES", value_parser = original_voter)]
    original_voter: Option<OriginalVoter>,
}

/// What can be true of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TruthChoice {
    /// The class is in the image or not; maybe is an answer only
    Binary,
    /// No, maybe or yes: a class can be truly doubtful
    Ternary,
}

fn original_voter(text: &str) -> Result<OriginalVoter, String> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        (first <= last).then_some(ClassRange { first, last })
    };
    match text {
        "none" => Ok(OriginalVoter::NoClass),
        "all" => Ok(OriginalVoter::EveryClass),
        _ => text
            .split(',')
            .map(range)
            .collect::<Option<Vec<_>>>()
            .map(OriginalVoter::Classes)
            .ok_or_else(|| "expected none, all, or class indices such as 0-397,500".to_owned()),
    }
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
    /// None where the project cannot be written.
    run: Option<i64>,
    method: String,
    reason: Option<String>,
    questions: usize,
    votes: usize,
    raters: usize,
    disputes: usize,
    /// Questions whose score gives way to what an adjudicator decided.
    decided: usize,
    label_sets: LabelSetChanges,
    remarks: Vec<String>,
    /// How well scores say what is true on gold; with `--recalibrate`.
    quality: Option<Quality>,
}

/// Scores against gold, cross-fitted by image, beside the experts' own level.
#[derive(Debug, Serialize)]
struct Quality {
    recalibrated: ScoreQuality,
    dawid_skene: ScoreQuality,
    calibrated: ScoreQuality,
    /// Share of an expert's votes that the majority of the other experts shares.
    one_expert: Option<f64>,
}

/// Runs the command.
pub fn run(options: &Aggregate, context: &Context) -> Result<(), Failure> {
    let store = context.open()?;
    let votes = Counted::read(&store, &options.round)?;
    let stored = &votes.stored;
    if stored.votes.n_votes() == 0 {
        return Err(Failure::failed(format!(
            "there are no raters' votes in round {:?}",
            options.round
        ))
        .hint("vote with `relabel review`, or take votes in with `relabel import votes`"));
    }
    let report = if options.recalibrate {
        recalibrated(options, &store, &votes)?
    } else {
        let (method, reason) = method(options, stored);
        let consensus = method.run(&stored.evidence()).map_err(|error| {
            Failure::failed(format!("cannot aggregate by {}: {error}", method.word()))
                .hint("`--method majority` needs no gold and no other raters")
        })?;
        keep(&store, &votes, method.word(), reason, &consensus)?
    };
    if context.json() {
        return context.print_json(&report);
    }
    context.print(&text(&report, Room::of(context)))
}

/// The votes that a run counts.
struct Counted<'a> {
    round: &'a str,
    /// Taken before the votes were read: what comes in between counts as cast since the run, too.
    marks: Vec<Mark>,
    stored: StoredEvidence,
}

impl Counted<'_> {
    fn read<'a>(store: &Store, round: &'a str) -> Result<Counted<'a>, Failure> {
        Ok(Counted {
            round,
            marks: store.marks()?,
            stored: store.evidence(round)?,
        })
    }
}

/// Aggregates by majority, as the demo does.
pub fn majority(store: &Store) -> Result<(), Failure> {
    let votes = Counted::read(store, "main")?;
    let method = Method::Majority(MajorityOptions::default());
    let consensus = method
        .run(&votes.stored.evidence())
        .map_err(|error| Failure::failed(error.to_string()))?;
    keep(store, &votes, method.word(), None, &consensus).map(|_| ())
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
    tune(&mut method, &options.tuning);
    if let Some(threshold) = options.threshold {
        match &mut method {
            Method::Majority(options) => options.threshold = threshold,
            Method::Calibrated(options) => options.threshold = threshold,
            Method::DawidSkene(options) => options.threshold = threshold,
        }
    }
    (method, reason)
}

fn tune(method: &mut Method, tuning: &Tuning) {
    match method {
        Method::Majority(_) => {}
        Method::Calibrated(options) => {
            if let Some(votes) = tuning.gold_truth {
                options.truth = Quorum::Votes(votes);
            }
            if let Some(votes) = tuning.original_truth {
                options.original_truth = Quorum::Votes(votes);
            }
            options.smoothing = tuning.smoothing.unwrap_or(options.smoothing);
            if let Some(voter) = &tuning.original_voter {
                options.original_voter = voter.clone();
            }
        }
        Method::DawidSkene(options) => {
            if let Some(truth) = tuning.truth {
                options.truths = match truth {
                    TruthChoice::Binary => Truths::Binary,
                    TruthChoice::Ternary => Truths::Ternary,
                };
            }
            options.tolerance = tuning.tolerance.unwrap_or(options.tolerance);
            options.max_rounds = tuning.max_rounds.unwrap_or(options.max_rounds);
        }
    }
}

/// Scores that mean what they say, with the figures that show it.
fn recalibrated(
    options: &Aggregate,
    store: &Store,
    votes: &Counted<'_>,
) -> Result<Report, Failure> {
    let evidence = votes.stored.evidence();
    let mut recalibration = RecalibrateOptions::default();
    if let Some(voter) = &options.tuning.original_voter {
        recalibration.special_classes = voter.clone();
    }
    recalibration.threshold = options.threshold.unwrap_or(recalibration.threshold);
    let outcome = recalibrate(&evidence, &recalibration)
        .map_err(|error| Failure::failed(format!("cannot recalibrate: {error}")))?;
    let quality = Quality {
        recalibrated: outcome.quality.clone(),
        dawid_skene: outcome.dawid_skene_quality.clone(),
        calibrated: outcome.calibrated_quality.clone(),
        one_expert: evidence
            .gold
            .and_then(|gold| expert_level(gold.experts).share()),
    };
    let consensus = outcome.consensus(&evidence);
    let report = keep(store, votes, "recalibrated", None, &consensus)?;
    Ok(Report {
        quality: Some(quality),
        ..report
    })
}

fn keep(
    store: &Store,
    votes: &Counted<'_>,
    method: &str,
    reason: Option<String>,
    consensus: &Consensus,
) -> Result<Report, Failure> {
    let stored = &votes.stored;
    let remarks: Vec<String> = consensus
        .notes
        .iter()
        .map(|note| note.describe(|rater| stored.rater_name(rater)))
        .collect();
    let parameters = serde_json::to_value(&consensus.parameters)
        .map_err(|error| Failure::failed(error.to_string()))?;
    let scores = scores(stored, consensus);
    let new = NewRun {
        method,
        parameters: &parameters,
        remarks: &remarks,
        at: now(),
        round: votes.round,
        marks: &votes.marks,
    };
    let add = |store: &Store| -> Result<_, StoreError> {
        let run = store.atomically(|store| store.add_run(&new, scores.iter().copied()))?;
        Ok((run, store.question_scores(run)?))
    };
    let (run, standing) = match store.kept_from_writing() {
        None => add(store).map(|(run, standing)| (Some(run), standing))?,
        Some(_) => (None, add(&Store::scratch(store.path())?)?.1),
    };
    Ok(Report {
        run,
        method: method.to_owned(),
        reason,
        questions: scores.len(),
        votes: stored.votes.n_votes(),
        raters: stored
            .votes
            .counts_by_rater()
            .iter()
            .filter(|counts| counts.total() > 0)
            .count(),
        disputes: standing.iter().filter(|score| score.disputed).count(),
        decided: standing.iter().filter(|score| score.decided).count(),
        label_sets: changes(&standing),
        remarks: rounds(&consensus.parameters)
            .into_iter()
            .chain(remarks)
            .collect(),
        quality: None,
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
            "{} of EM, {}",
            count(fit.rounds() as u64, "round"),
            if fit.converged {
                "converged"
            } else {
                "not converged"
            }
        )),
        _ => None,
    }
}

fn text(report: &Report, room: Room) -> String {
    let sets = &report.label_sets;
    let run = report
        .run
        .map_or("not kept".to_owned(), |run| format!("run {run}"));
    let mut lines = vec![format!("{run}: {}", report.method)];
    if let Some(reason) = &report.reason {
        lines.push(format!("chosen because: {reason}"));
    }
    lines.push(format!(
        "{} of {} on {}; {} disputed{}",
        count(report.votes, "vote"),
        count(report.raters, "rater"),
        count(report.questions, "question"),
        thousands(report.disputes),
        decided(report.decided)
    ));
    lines.push(sets_text(sets));
    if let Some(quality) = &report.quality {
        lines.push(String::new());
        lines.push(quality_table(quality, room));
    }
    lines.extend(
        report
            .remarks
            .iter()
            .map(|remark| format!("note: {}", crate::text::printable(remark))),
    );
    lines.join("\n")
}

/// Describes in one sentence how the label sets differ from the original labels.
pub fn sets_text(sets: &LabelSetChanges) -> String {
    let parts = sets.parts().into_iter();
    let parts: Vec<String> = parts
        .map(|(images, word)| format!("{} {word}", thousands(images)))
        .collect();
    format!(
        "{} scored: {}",
        count(sets.scored, "image"),
        parts.join(", ")
    )
}

/// What adjudicators decided, as the end of a sentence.
pub fn decided(questions: usize) -> String {
    match questions {
        0 => String::new(),
        n => format!(", {} decided by adjudicators", thousands(n)),
    }
}

fn quality_table(quality: &Quality, room: Room) -> String {
    let row = |name: &str, of: &ScoreQuality| {
        let figures = [of.accuracy, of.log_loss, of.brier].map(|figure| format!("{figure:.4}"));
        [vec![name.to_owned()], figures.to_vec()].concat()
    };
    let mut rows = vec![
        row("recalibrated", &quality.recalibrated),
        row("Dawid–Skene", &quality.dawid_skene),
        row("calibrated", &quality.calibrated),
    ];
    if let Some(share) = quality.one_expert {
        rows.push(vec![
            "one expert".to_owned(),
            format!("{share:.4}"),
            String::new(),
            String::new(),
        ]);
    }
    let scores = table(
        &["on gold", "accuracy", "log loss", "Brier score"],
        &[1, 2, 3],
        rows,
    );
    let bins = reliability_table(&quality.recalibrated, room);
    format!("{scores}\n\n{bins}")
}
