//! The most disputed images, with labels, votes, comments and small pictures.

use std::collections::HashMap;

use indicatif::ProgressBar;
use rayon::prelude::*;

use super::labels::ScoredQuestions;
use super::{Project, step};
use crate::cli::failure::Failure;
use crate::cli::interrupt;
use crate::domain::{ImageId, RaterId};
use crate::report::{DisputedImage, DisputedLabel, NoteLine, Picture, VoteLine};
use crate::review::picture::thumbnail;
use crate::store::{ImageRow, QuestionScore};

/// Pixels of a thumbnail's longer side.
const LONGEST: u32 = 240;

/// What is said of these images.
pub fn images(
    project: &Project<'_>,
    scored: &ScoredQuestions,
    wanted: &[ImageId],
    bar: &ProgressBar,
) -> Result<Vec<DisputedImage>, Failure> {
    let mut questions: HashMap<ImageId, Vec<&QuestionScore>> =
        wanted.iter().map(|image| (*image, Vec::new())).collect();
    for (kept, _) in scored {
        if let Some(own) = questions.get_mut(&kept.asks.image) {
            own.push(kept);
        }
    }
    let mut rows = Vec::new();
    for image in wanted {
        rows.extend(project.store.image(*image)?);
    }
    // Decoders are what takes time; the project file is one thread's.
    let pictures: Vec<Picture> = rows
        .par_iter()
        .map(|row| {
            let picture = picture(row);
            bar.inc(1);
            picture
        })
        .collect();
    interrupt::check()?;
    let mut images = Vec::new();
    for (row, picture) in rows.into_iter().zip(pictures) {
        let own = questions.remove(&row.id).unwrap_or_default();
        images.push(DisputedImage {
            labels: labels(project, &own)?,
            notes: notes(project, row.id)?,
            picture,
            name: row.name,
        });
    }
    step(bar)?;
    Ok(images)
}

fn picture(row: &ImageRow) -> Picture {
    let Some(path) = row.path.as_ref().filter(|_| !interrupt::is_asked()) else {
        return Picture::Missing("known by its name alone".to_owned());
    };
    match thumbnail(path, LONGEST) {
        Ok(small) => Picture::Thumbnail {
            width: small.width,
            height: small.height,
            jpeg: small.jpeg,
        },
        Err(why) => Picture::Missing(why),
    }
}

fn labels(
    project: &Project<'_>,
    questions: &[&QuestionScore],
) -> Result<Vec<DisputedLabel>, Failure> {
    let round = match &project.run {
        Some(run) => project.store.round(&run.round)?,
        None => return Ok(Vec::new()),
    };
    let raters = &project.stored.raters;
    let name = |id: RaterId| {
        let row = raters.iter().find(|row| row.id == id);
        project.names.of(row.map_or("", |row| &row.name))
    };
    let mut labels = Vec::new();
    for question in questions {
        let votes = project.store.standing_votes(question.question, round)?;
        let votes = votes.into_iter().map(|(rater, answer)| VoteLine {
            rater: name(rater),
            answer,
        });
        labels.push(DisputedLabel {
            class: question.asks.class.0,
            name: project.class_name(question.asks.class),
            score: question.score,
            in_set: question.in_set,
            disputed: question.disputed,
            is_original: question.is_original,
            votes: votes.collect(),
        });
    }
    labels.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.class.cmp(&b.class)));
    Ok(labels)
}

fn notes(project: &Project<'_>, image: ImageId) -> Result<Vec<NoteLine>, Failure> {
    if project.names.blind {
        return Ok(Vec::new());
    }
    let notes = project.store.notes(Some(image))?.into_iter();
    let lines = notes.filter_map(|note| {
        Some(NoteLine {
            rater: note.rater,
            text: note.comment?,
        })
    });
    Ok(lines.collect())
}
