use std::collections::HashMap;

use super::votes::NEWEST;
use super::{Store, StoreError};
use crate::domain::{ImageId, NoteId, RaterId, RoundId};

/// What is noted on an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoteKind {
    /// Somebody should look at this image.
    Flag,
    /// The rater's flag is taken back.
    Unflag,
    /// A remark in words.
    Comment(String),
    /// What is said to a flag or a comment.
    Answer {
        /// The note that it answers.
        to: NoteId,
        /// In words.
        text: String,
    },
}

/// A rater's flag or comment on an image, with what was said to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Key.
    pub id: NoteId,
    /// Image name.
    pub image: String,
    /// Rater's name.
    pub rater: String,
    /// The comment; none for a flag.
    pub comment: Option<String>,
    /// Unix milliseconds.
    pub at: i64,
    /// In their order.
    pub answers: Vec<NoteAnswer>,
}

impl Note {
    /// Whether nobody has answered it.
    pub fn is_open(&self) -> bool {
        self.answers.is_empty()
    }
}

/// What somebody said to a flag or a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteAnswer {
    /// Name of who answered.
    pub rater: String,
    /// In words.
    pub text: String,
    /// Unix milliseconds.
    pub at: i64,
}

/// A row of the table.
struct Row {
    id: NoteId,
    to: Option<NoteId>,
    image: String,
    rater: String,
    kind: String,
    text: String,
    at: i64,
}

impl Store {
    /// Adds a note; notes are never changed. Like votes, a rater's notes on an image keep the order in which they were made.
    ///
    /// # Errors
    /// SQLite refuses, or there is no note that an answer is to.
    pub fn add_note(
        &self,
        image: ImageId,
        rater: RaterId,
        kind: &NoteKind,
        at: i64,
    ) -> Result<NoteId, StoreError> {
        let numbers = self.take_numbers(1)?;
        let (word, text, to) = match kind {
            NoteKind::Flag => ("flag", "", None),
            NoteKind::Unflag => ("unflag", "", None),
            NoteKind::Comment(text) => ("comment", text.as_str(), None),
            NoteKind::Answer { to, text } => ("answer", text.as_str(), Some(to)),
        };
        self.connection
            .prepare_cached(
                "INSERT INTO note (copy, sequence, image, rater, kind, text, to_copy, to_sequence, at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?8, ?9, max(?7, ifnull(
                     (SELECT max(at + (copy <> ?1)) FROM note WHERE image = ?3 AND rater = ?4), 0)))",
            )?
            .execute((
                numbers.copy,
                numbers.first,
                image.0,
                rater.0,
                word,
                text,
                at,
                to.map(|to| to.copy),
                to.map(|to| to.sequence),
            ))?;
        Ok(NoteId {
            copy: numbers.copy,
            sequence: numbers.first,
        })
    }

    /// The flags that stand and the comments on one image, or on all, in the order of their time, with their answers.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn notes(&self, image: Option<ImageId>) -> Result<Vec<Note>, StoreError> {
        let mut notes: Vec<Note> = Vec::new();
        // Where in the list they are; answers may have the time of what they answer, or an earlier one by another clock.
        let mut places: HashMap<NoteId, usize> = HashMap::new();
        let mut flags: HashMap<(String, String), Vec<NoteId>> = HashMap::new();
        let mut answers: Vec<(NoteId, NoteAnswer)> = Vec::new();
        for row in self.note_rows(image)? {
            let whose = || (row.image.clone(), row.rater.clone());
            match (row.kind.as_str(), row.to) {
                ("unflag", _) => {
                    for flag in flags.remove(&whose()).unwrap_or_default() {
                        places.remove(&flag);
                    }
                }
                (_, Some(to)) => answers.push((
                    to,
                    NoteAnswer {
                        rater: row.rater,
                        text: row.text,
                        at: row.at,
                    },
                )),
                (kind, None) => {
                    let is_flag = kind == "flag";
                    if is_flag {
                        flags.entry(whose()).or_default().push(row.id);
                    }
                    places.insert(row.id, notes.len());
                    notes.push(Note {
                        id: row.id,
                        image: row.image,
                        rater: row.rater,
                        comment: (!is_flag).then_some(row.text),
                        at: row.at,
                        answers: Vec::new(),
                    });
                }
            }
        }
        for (to, answer) in answers {
            if let Some(note) = places.get(&to).and_then(|place| notes.get_mut(*place)) {
                note.answers.push(answer);
            }
        }
        notes.retain(|note| places.contains_key(&note.id));
        Ok(notes)
    }

    fn note_rows(&self, image: Option<ImageId>) -> Result<Vec<Row>, StoreError> {
        let only = match image {
            Some(_) => "WHERE note.image = ?1",
            None => "",
        };
        Ok(self
            .connection
            .prepare_cached(&format!(
                "SELECT note.copy, note.sequence, note.to_copy, note.to_sequence, image.name, rater.name, note.kind, note.text, note.at
                 FROM note JOIN image ON image.id = note.image JOIN rater ON rater.id = note.rater
                 {only} ORDER BY note.at, note.copy, note.sequence"
            ))?
            .query_map(rusqlite::params_from_iter(image.map(|image| image.0)), |row| {
                let to: (Option<i64>, Option<i64>) = (row.get(2)?, row.get(3)?);
                Ok(Row {
                    id: NoteId {
                        copy: row.get(0)?,
                        sequence: row.get(1)?,
                    },
                    to: to.0.zip(to.1).map(|(copy, sequence)| NoteId { copy, sequence }),
                    image: row.get(4)?,
                    rater: row.get(5)?,
                    kind: row.get(6)?,
                    text: row.get(7)?,
                    at: row.get(8)?,
                })
            })?
            .collect::<Result<_, _>>()?)
    }

    /// The image that a note is on.
    ///
    /// # Errors
    /// SQLite refuses, or there is no such note.
    pub fn image_of_note(&self, note: NoteId) -> Result<ImageId, StoreError> {
        Ok(self
            .connection
            .prepare_cached("SELECT image FROM note WHERE copy = ?1 AND sequence = ?2")?
            .query_row((note.copy, note.sequence), |row| Ok(ImageId(row.get(0)?)))?)
    }

    /// A rater's notes that were answered, the newest answer first. Left out are images of which the rater has
    /// answered nothing in the round, or has begun a task and not ended it: one stays blind until one has voted.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn answered_notes(&self, rater: RaterId, round: RoundId) -> Result<Vec<Note>, StoreError> {
        let answers =
            format!("vote.round = ?2 AND vote.rater = ?1 AND vote.answer IS NOT NULL AND {NEWEST}");
        let images: Vec<i64> = self
            .connection
            .prepare_cached(&format!(
                "WITH mine AS (
                     SELECT question.id, question.image, question.task FROM vote JOIN question ON question.id = vote.question
                     WHERE {answers})
                 SELECT DISTINCT asked.image FROM note AS asked
                 JOIN note AS answer ON answer.to_copy = asked.copy AND answer.to_sequence = asked.sequence
                 WHERE asked.rater = ?1 AND asked.image IN (SELECT image FROM mine) AND NOT EXISTS (
                     SELECT 1 FROM question WHERE question.image = asked.image AND question.added = 0
                        AND question.task IN (SELECT task FROM mine) AND question.id NOT IN (SELECT id FROM mine))"
            ))?
            .query_map((rater.0, round.0), |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let name: String = self
            .connection
            .prepare_cached("SELECT name FROM rater WHERE id = ?1")?
            .query_row([rater.0], |row| row.get(0))?;
        let mut notes = Vec::new();
        for image in images {
            let mut on_image = self.notes(Some(ImageId(image)))?;
            on_image.retain(|note| note.rater == name && !note.is_open());
            notes.append(&mut on_image);
        }
        let newest = |note: &Note| note.answers.iter().map(|answer| answer.at).max();
        notes.sort_by_key(|note| (std::cmp::Reverse(newest(note)), note.id));
        Ok(notes)
    }
}
