//! What the scores of a run are worth: by gold, and by the votes that they would have saved.

use serde::Serialize;

use crate::cli::chart::Room;
use crate::cli::failure::Failure;
use crate::cli::reliability::reliability_table;
use crate::cli::table::{table, thousands};
use crate::consensus::quality::{expert_level, score_quality};
use crate::consensus::recalibrate::recalibrate;
use crate::consensus::stop::replay;
use crate::consensus::{CalibratedOptions, LiveLabels, Method, Parameters};
use crate::live::parameters_of;
use crate::report::ScoresReport;
use crate::store::{Run, StoredEvidence};

/// What a stop rule would have saved.
#[derive(Debug, Serialize)]
pub struct ReplayReport {
    method: String,
    run: Option<i64>,
    bound: f64,
    votes: usize,
    used: usize,
    questions: usize,
    differing: usize,
}

/// Judges a run by the gold questions that have votes; nothing without a run or without gold.
pub fn quality(
    run: Option<&Run>,
    stored: &StoredEvidence,
) -> Result<Option<ScoresReport>, Failure> {
    let evidence = stored.evidence();
    let (Some(run), Some(gold)) = (run, evidence.gold) else {
        return Ok(None);
    };
    let parameters = parameters_of(run)?;
    let (quality, cross_fitted) = match &parameters {
        Parameters::Recalibrated(model) => {
            let again = recalibrate(&evidence, &model.options);
            (again.ok().map(|outcome| outcome.quality), true)
        }
        _ => {
            let truth = CalibratedOptions::default().truth;
            let scores = LiveLabels::new(&evidence, &parameters);
            let scored: Vec<(f64, bool)> = (0..evidence.votes.n_questions())
                .filter(|&question| evidence.votes.counts(question).total() > 0)
                .filter_map(|question| {
                    let truth = truth.of(gold.experts.counts(question))?;
                    Some((scores.score(question)?, truth))
                })
                .collect();
            (score_quality(&scored, threshold(&parameters)), false)
        }
    };
    Ok(quality.map(|quality| ScoresReport {
        run: run.id,
        method: run.method.clone(),
        cross_fitted,
        quality,
        one_expert: expert_level(gold.experts).share(),
    }))
}

fn threshold(parameters: &Parameters) -> f64 {
    match parameters {
        Parameters::Majority { options } => options.threshold,
        Parameters::Calibrated(model) => model.options.threshold,
        Parameters::DawidSkene(fit) => fit.options.threshold,
        Parameters::Recalibrated(model) => model.options.threshold,
    }
}

/// The quality in words.
pub fn text(report: &ScoresReport, room: Room) -> String {
    let quality = &report.quality;
    let how = match (report.cross_fitted, report.method.as_str()) {
        (true, _) => ", cross-fitted by image",
        (false, "calibrated") => ", whose raters were calibrated on the same questions",
        (false, _) => "",
    };
    let level = report.one_expert.map_or_else(String::new, |share| {
        format!("; one expert against the majority of the others: {share:.4}")
    });
    format!(
        "scores of run {} ({}) on {} gold questions{how}: accuracy {:.4}, log loss {:.4}, Brier score {:.4}{level}\n{}",
        report.run,
        report.method,
        thousands(quality.questions),
        quality.accuracy,
        quality.log_loss,
        quality.brier,
        reliability_table(quality, room)
    )
}

/// The stop rule at several bounds, by the reliabilities of a run, or of the method that fits the votes.
pub fn replays(
    run: Option<&Run>,
    stored: &StoredEvidence,
    seed: u64,
) -> Result<Vec<ReplayReport>, Failure> {
    let evidence = stored.evidence();
    let (method, parameters) = match run {
        Some(run) => (run.method.clone(), parameters_of(run)?),
        None => {
            let method = Method::auto(&evidence).method;
            let consensus = method
                .run(&evidence)
                .map_err(|error| Failure::failed(error.to_string()))?;
            (method.word().to_owned(), consensus.parameters)
        }
    };
    if matches!(parameters, Parameters::Majority { .. }) {
        return Err(Failure::failed(
            "--replay needs scores that weigh the raters: after the first vote every share of yes is 0 or 1",
        )
        .hint("`relabel aggregate --method calibrated` or `dawid-skene` first, or --run N"));
    }
    let report = |bound: f64| {
        let replayed = replay(&evidence, &parameters, bound, seed);
        ReplayReport {
            method: method.clone(),
            run: run.map(|run| run.id),
            bound,
            votes: replayed.votes,
            used: replayed.used,
            questions: replayed.questions,
            differing: replayed.differing,
        }
    };
    Ok([0.05, 0.02, 0.01, 0.005].map(report).into())
}

/// The replay in words.
pub fn replay_text(replays: &[ReplayReport]) -> String {
    let share =
        |part: usize, all: usize| format!("{:.2} %", 100.0 * part as f64 / all.max(1) as f64);
    let rows = replays.iter().map(|replay| {
        vec![
            replay.bound.to_string(),
            share(replay.used, replay.votes),
            share(replay.differing, replay.questions),
        ]
    });
    let by = replays.first().map_or_else(String::new, |replay| {
        let run = replay
            .run
            .map_or_else(String::new, |run| format!(" of run {run}"));
        format!("{}{run}", replay.method)
    });
    let rows = table(
        &["bound", "votes used", "questions decided otherwise"],
        &[1, 2],
        rows.collect(),
    );
    format!("stopping early, scores by {by}\n{rows}")
}
