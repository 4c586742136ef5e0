//! Flags and comments, on their way to disk and to the screen.

use std::collections::HashMap;

use super::Sitting;
use crate::domain::{ImageId, TaskId};
use crate::review::effect::NoteText;
use crate::review::event::Event;
use crate::review::state::ImageNote;
use crate::store::{Note, NoteKind, Store, StoreError};

/// Puts a note on disk.
pub fn store_note(
    store: &Store,
    sitting: &Sitting,
    image: ImageId,
    note: NoteText,
    at: i64,
) -> Event {
    let kind = match note {
        NoteText::Flag => NoteKind::Flag,
        NoteText::Unflag => NoteKind::Unflag,
        NoteText::Comment(text) => NoteKind::Comment(text),
        NoteText::Answer { to, text } => NoteKind::Answer { to, text },
    };
    match store.atomically(|store| store.add_note(image, sitting.rater.id, &kind, at)) {
        Ok(_) => Event::NoteStored { image },
        Err(error) => Event::NoteFailed {
            image,
            reason: error.to_string(),
        },
    }
}

/// Flags and comments on an image, as the rater may see them.
pub struct Noted {
    /// Whether the rater's flag stands.
    pub flagged: bool,
    /// The rater's comments.
    pub comments: Vec<String>,
    /// What others noted; nothing but for an adjudicator.
    pub others: Vec<ImageNote>,
}

/// The rater's own notes; for an adjudicator others' too, those without an answer first.
pub fn notes(store: &Store, sitting: &Sitting, image: ImageId) -> Result<Noted, StoreError> {
    let (own, mut others): (Vec<Note>, Vec<Note>) = store
        .notes(Some(image))?
        .into_iter()
        .partition(|note| note.rater == sitting.rater.name);
    others.retain(|_| sitting.decides);
    others.sort_by_key(|note| !note.is_open());
    let shown = |note: Note| ImageNote {
        id: note.id,
        rater: note.rater,
        comment: note.comment,
        answers: (note.answers.into_iter())
            .map(|answer| (answer.rater, answer.text))
            .collect(),
    };
    Ok(Noted {
        flagged: own.iter().any(|note| note.comment.is_none()),
        comments: own.into_iter().filter_map(|note| note.comment).collect(),
        others: others.into_iter().map(shown).collect(),
    })
}

/// A task of each image with somebody else's note that nobody has answered, the longest open first.
pub fn noted_tasks(store: &Store, sitting: &Sitting) -> Result<Vec<TaskId>, StoreError> {
    let mut first: HashMap<ImageId, TaskId> = HashMap::new();
    for task in store.tasks()? {
        first.entry(task.image).or_insert(task.id);
    }
    let mut tasks = Vec::new();
    for note in store.notes(None)? {
        if note.is_open() && note.rater != sitting.rater.name {
            // Each image once.
            tasks.extend(first.remove(&store.image_of_note(note.id)?));
        }
    }
    Ok(tasks)
}
