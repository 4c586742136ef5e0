//! How far the raters agree, with each other and with gold; whether scores mean what they say.

use super::{Project, ReportOptions};
use crate::cli::agreement::{quality, raters};
use crate::cli::context::load_hierarchy;
use crate::cli::failure::Failure;
use crate::consensus::agreement::figures;
use crate::consensus::interval::Bootstrap;
use crate::report::agreement::groups;
use crate::report::{Calibration, RaterLine, Spread};

/// The scores of the run against gold; none without a run or without gold.
pub fn calibration(project: &Project<'_>) -> Result<Option<Calibration>, Failure> {
    let scores = quality(project.run.as_ref(), &project.stored)?;
    Ok(scores.map(|scores| Calibration {
        calibration_error: scores.quality.calibration_error(),
        scores,
    }))
}

/// Agreement over all questions, by subtree, class and rater; none without votes.
pub fn spread(
    project: &Project<'_>,
    round: &str,
    options: &ReportOptions,
) -> Result<Option<Spread>, Failure> {
    let votes = &project.stored.votes;
    if votes.n_votes() == 0 {
        return Ok(None);
    }
    let hierarchy = load_hierarchy(project.store, &project.classes)?;
    let bootstrap = Bootstrap {
        replicates: options.replicates,
        seed: options.seed,
        ..Bootstrap::default()
    };
    let bootstrap = (options.replicates > 0).then_some(&bootstrap);
    let raters = raters(&project.stored, &project.status, round)?;
    let named = |line: RaterLine| RaterLine {
        rater: project.names.of(&line.rater),
        ..line
    };
    Ok(Some(Spread {
        replicates: options.replicates,
        seed: options.seed,
        all: figures(votes, 0..votes.n_questions(), bootstrap),
        subtrees: groups(
            votes,
            |class| hierarchy.heading_of(class).to_owned(),
            bootstrap,
            |_| (),
        ),
        classes: groups(votes, |class| project.class_name(class), bootstrap, |_| ()),
        raters: raters.into_iter().map(named).collect(),
    }))
}
