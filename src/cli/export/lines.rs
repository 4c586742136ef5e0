//! What the project holds, as the records that are written.

use std::collections::HashMap;

use crate::cli::failure::Failure;
use crate::domain::{ClassIndex, Classes};
use crate::formats::export::{
    DecidedLabel, FolderLine, LabelSet, ScoredLabel, TargetKind, TargetRow, Targets, TaskLine,
};
use crate::formats::label_studio::text_of;
use crate::store::{ImageRow, ScoreRow, Store};

pub(super) fn task_lines(store: &Store) -> Result<Vec<TaskLine>, Failure> {
    let names: std::collections::HashMap<_, _> = store
        .images()?
        .into_iter()
        .map(|image| (image.id, image.name))
        .collect();
    Ok(store
        .plan()?
        .into_iter()
        .map(|task| TaskLine {
            image: names.get(&task.image).cloned().unwrap_or_default(),
            task: task.ordinal,
            labels: task.labels.iter().map(|class| class.0).collect(),
        })
        .collect())
}

/// The scores of each image, both in the order of image names.
fn by_image<'a>(
    images: &'a [ImageRow],
    scores: &'a [ScoreRow],
) -> impl Iterator<Item = (&'a ImageRow, &'a [ScoreRow])> {
    let mut rest = scores;
    images.iter().map(move |image| {
        let end = rest
            .iter()
            .take_while(|score| score.image == image.name)
            .count();
        let (own, others) = rest.split_at(end);
        rest = others;
        (image, own)
    })
}

/// The label set of every image, in the order given: by its scores, or its original label where it has none
/// (arXiv 2006.07159: images that were never put to raters keep their label).
pub fn label_sets(images: &[ImageRow], scores: &[ScoreRow]) -> Vec<LabelSet> {
    by_image(images, scores)
        .map(|(image, scores)| LabelSet {
            image: image.name.clone(),
            labels: match scores {
                [] => image.original_label.iter().map(|class| class.0).collect(),
                _ => scores
                    .iter()
                    .filter(|score| score.in_set)
                    .map(|score| score.class.0)
                    .collect(),
            },
            original: image.original_label.map(|class| class.0),
            decided: scores.iter().filter_map(decided_label).collect(),
        })
        .collect()
}

fn decided_label(score: &ScoreRow) -> Option<DecidedLabel> {
    Some(DecidedLabel {
        label: score.class.0,
        in_set: score.in_set,
        by: score.decided_by.clone()?,
    })
}

pub(super) fn scored_labels(
    images: &[ImageRow],
    scores: &[ScoreRow],
    classes: &Classes,
) -> Vec<ScoredLabel> {
    let mut labels = Vec::with_capacity(scores.len());
    for (image, scores) in by_image(images, scores) {
        if let (Some(class), []) = (image.original_label, scores) {
            labels.push(ScoredLabel {
                image: image.name.clone(),
                class,
                name: classes.name_of(class),
                score: None,
                in_set: true,
            });
        }
        labels.extend(scores.iter().map(|score| ScoredLabel {
            image: image.name.clone(),
            class: score.class,
            name: classes.name_of(score.class),
            score: Some(score.score),
            in_set: score.in_set,
        }));
    }
    labels
}

/// A line an image, with its label set.
pub(super) fn folder_lines(images: &[ImageRow], scores: &[ScoreRow]) -> Vec<FolderLine> {
    let line = |(image, scores): (&ImageRow, &[ScoreRow])| {
        let kept = image.original_label.filter(|_| scores.is_empty());
        let kept = kept.map(|class| (class.0, None));
        let in_set = scores.iter().filter(|score| score.in_set);
        let in_set = in_set.map(|score| (score.class.0, Some(score.score)));
        let (labels, scores) = kept.into_iter().chain(in_set).unzip();
        FolderLine {
            file_name: image.name.clone(),
            labels,
            scores,
        }
    };
    by_image(images, scores).map(line).collect()
}

/// The targets of every image; a label that was kept without a vote is certain.
pub(super) fn targets(
    images: &[ImageRow],
    scores: &[ScoreRow],
    classes: &Classes,
    kind: TargetKind,
) -> Targets {
    let columns: HashMap<ClassIndex, usize> = classes
        .iter()
        .enumerate()
        .map(|(at, class)| (class.index, at))
        .collect();
    let value = |score: &ScoreRow| match kind {
        TargetKind::MultiHot => f64::from(u8::from(score.in_set)),
        TargetKind::Soft => score.score,
    };
    let row = |(image, scores): (&ImageRow, &[ScoreRow])| {
        let kept = image.original_label.filter(|_| scores.is_empty());
        let kept = kept.map(|class| (class, 1.0));
        let scored = scores.iter().map(|score| (score.class, value(score)));
        let values = kept
            .into_iter()
            .chain(scored)
            .filter(|(_, value)| *value > 0.0);
        let values = values.filter_map(|(class, value)| Some((*columns.get(&class)?, value)));
        TargetRow {
            image: image.name.clone(),
            values: values.collect(),
        }
    };
    Targets {
        classes: classes
            .iter()
            .map(|class| (class.index.0, text_of(classes, class)))
            .collect(),
        rows: by_image(images, scores).map(row).collect(),
        kind,
    }
}
