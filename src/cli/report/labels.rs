//! Label sets and scores of the run.

use std::collections::HashMap;

use super::Project;
use crate::cli::failure::Failure;
use crate::domain::{ClassIndex, ImageId};
use crate::live::changes;
use crate::report::{Changes, LabelFigures, Scored, confused, score_bins, set_sizes};
use crate::store::QuestionScore;

/// Questions of the run as they are kept, and as the report takes them.
pub type ScoredQuestions = Vec<(QuestionScore, Scored)>;

const BINS: usize = 20;

/// The scores of the run, with what was decided in their place.
pub fn scored(project: &Project<'_>) -> Result<ScoredQuestions, Failure> {
    let Some(run) = &project.run else {
        return Ok(Vec::new());
    };
    let images = project.images.iter();
    let original: HashMap<ImageId, Option<ClassIndex>> = images
        .map(|image| (image.id, image.original_label))
        .collect();
    let of = |kept: QuestionScore| {
        let plain = Scored {
            image: kept.asks.image,
            class: kept.asks.class,
            original: original.get(&kept.asks.image).copied().flatten(),
            score: kept.score,
            in_set: kept.in_set,
            disputed: kept.disputed,
        };
        (kept, plain)
    };
    let scores = project.store.question_scores(run.id)?;
    Ok(scores.into_iter().map(of).collect())
}

/// What came of the run; none without one.
pub fn figures(project: &Project<'_>, scored: &ScoredQuestions) -> Option<LabelFigures> {
    project.run.as_ref()?;
    let plain: Vec<Scored> = scored.iter().map(|(_, plain)| *plain).collect();
    let has_originals = plain.iter().any(|question| question.original.is_some());
    let counts = changes(scored.iter().map(|(kept, _)| kept));
    Some(LabelFigures {
        changes: has_originals.then_some(Changes {
            counts,
            unasked: project.status.unanimous,
        }),
        sizes: set_sizes(&plain),
        scores: score_bins(&plain, BINS),
        confused: confused(&plain, |class| project.class_name(class)),
    })
}
