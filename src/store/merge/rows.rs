//! The rows of another copy, in this file's keys.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{OptionalExtension, Row};

use super::compare::ImageKeys;
use super::{Differences, MergeError, Merged, OtherRole};
use crate::domain::{ImageId, RaterId, RoundId};
use crate::store::votes::NEWEST;
use crate::store::{Store, StoreError};

/// Takes in what this file has not; the images are the same. `each` hears of every vote that is looked at.
pub(super) fn take_in(
    here: &Store,
    there: &Store,
    images: &ImageKeys,
    each: &dyn Fn(),
) -> Result<Merged, MergeError> {
    let mut merged = Merged::default();
    let mut conflicts = Differences::default();
    let raters = raters(here, there, &mut merged)?;
    let rounds = rounds(here, there)?;
    copies(here, there)?;
    let mut taking = Taking {
        here,
        images,
        raters,
        rounds,
        merged: &mut merged,
        conflicts: &mut conflicts,
        added: BTreeMap::new(),
    };
    taking.votes(there, each)?;
    taking.added_labels(there)?;
    taking.notes(there)?;
    taking.place_added_labels()?;
    conflicts.none_or(MergeError::Conflicts)?;
    Ok(merged)
}

/// Keys here of the raters there; those of the same name are the same.
fn raters(
    here: &Store,
    there: &Store,
    merged: &mut Merged,
) -> Result<HashMap<i64, RaterId>, StoreError> {
    let mut keys = HashMap::new();
    for theirs in there.raters()? {
        let ours = here.rater(&theirs.name)?;
        merged.raters.count(ours.is_none());
        let key = match ours {
            None => here.add_rater(&theirs.name, theirs.role)?,
            Some(ours) => {
                if ours.role != theirs.role {
                    merged.other_roles.push(OtherRole {
                        rater: theirs.name,
                        here: ours.role,
                        there: theirs.role,
                    });
                }
                ours.id
            }
        };
        keys.insert(theirs.id.0, key);
    }
    Ok(keys)
}

/// Keys here of the rounds there that hold votes. An audit's round is that of the same audit, whatever its name.
fn rounds(here: &Store, there: &Store) -> Result<HashMap<i64, RoundId>, StoreError> {
    let (ours, theirs) = (here.names_by_identity()?, there.names_by_identity()?);
    let audits: HashMap<String, &String> = theirs
        .into_iter()
        .filter_map(|(identity, name)| Some((name, ours.get(&identity)?)))
        .collect();
    let mut keys = HashMap::new();
    for (id, name) in there.rounds()? {
        if there.has_votes(&name)? {
            let name = audits.get(&name).copied().unwrap_or(&name);
            keys.insert(id.0, here.round(name)?);
        }
    }
    Ok(keys)
}

/// Copies have the same keys everywhere; a file holds their rows up to its newest.
fn copies(here: &Store, there: &Store) -> Result<(), StoreError> {
    let mut keep = here.connection.prepare_cached(
        "INSERT INTO copy (id, next) VALUES (?1, ?2)
         ON CONFLICT (id) DO UPDATE SET next = max(next, excluded.next)",
    )?;
    for mark in there.marks()? {
        keep.execute((mark.copy, mark.sequence + 1))?;
    }
    Ok(())
}

/// A vote or note's content, in keys of this file, to be told from another of the same number.
#[derive(Debug, Clone, PartialEq)]
enum Content {
    Vote {
        question: i64,
        round: i64,
        rater: i64,
        at: i64,
        answer: Option<i64>,
        spent: Option<i64>,
    },
    Note {
        image: i64,
        rater: i64,
        kind: String,
        text: String,
        at: i64,
        /// The note that it answers.
        to: (Option<i64>, Option<i64>),
    },
}

struct Taking<'a> {
    here: &'a Store,
    images: &'a ImageKeys,
    raters: HashMap<i64, RaterId>,
    rounds: HashMap<i64, RoundId>,
    merged: &'a mut Merged,
    conflicts: &'a mut Differences,
    /// Questions that may be added labels, by their keys here: whether a task asks them there.
    added: BTreeMap<i64, bool>,
}

/// A question there that votes are on.
struct Theirs {
    id: i64,
    image: i64,
    class: i64,
    added: bool,
    in_task: bool,
}

impl Theirs {
    /// From four columns and the key.
    fn read(row: &Row<'_>, first: usize) -> rusqlite::Result<Theirs> {
        Ok(Theirs {
            id: row.get(first)?,
            image: row.get(first + 1)?,
            class: row.get(first + 2)?,
            added: row.get(first + 3)?,
            in_task: row.get(first + 4)?,
        })
    }
}

/// The columns of [`Theirs`].
const THEIRS: &str =
    "question.id, question.image, question.class, question.added, question.task IS NOT NULL";

impl Taking<'_> {
    fn votes(&mut self, there: &Store, each: &dyn Fn()) -> Result<(), StoreError> {
        let here = self.here;
        let mut insert = here.connection.prepare_cached(
            "INSERT INTO vote (question, round, rater, at, copy, sequence, answer, spent)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?;
        let mut statement = there.connection.prepare_cached(&format!(
            "SELECT vote.round, vote.rater, vote.at, vote.copy, vote.sequence, vote.answer, vote.spent, {THEIRS}
             FROM vote CROSS JOIN question ON question.id = vote.question ORDER BY vote.question"
        ))?;
        let mut rows = statement.query([])?;
        // Votes come by question.
        let mut asked: Option<(i64, i64)> = None;
        while let Some(row) = rows.next()? {
            each();
            let theirs = Theirs::read(row, 7)?;
            let question = match asked {
                Some((id, question)) if id == theirs.id => question,
                _ => {
                    let question = self.question(&theirs)?;
                    asked = Some((theirs.id, question));
                    question
                }
            };
            let (round, rater) = (self.round(row.get(0)?)?, self.rater(row.get(1)?)?);
            let (copy, sequence): (i64, i64) = (row.get(3)?, row.get(4)?);
            let (at, answer, spent) = (row.get(2)?, row.get(5)?, row.get(6)?);
            let vote = Content::Vote {
                question,
                round,
                rater,
                at,
                answer,
                spent,
            };
            let is_new = self.is_new(copy, sequence, &vote)?;
            self.merged.votes.count(is_new);
            if is_new {
                insert.execute((question, round, rater, at, copy, sequence, answer, spent))?;
                self.added.entry(question).or_insert(false);
            }
        }
        Ok(())
    }

    fn notes(&mut self, there: &Store) -> Result<(), StoreError> {
        let here = self.here;
        let mut insert = here.connection.prepare_cached(
            "INSERT INTO note (copy, sequence, image, rater, kind, text, at, to_copy, to_sequence)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?;
        let mut statement = there.connection.prepare_cached(
            "SELECT copy, sequence, image, rater, kind, text, at, to_copy, to_sequence FROM note",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (copy, sequence): (i64, i64) = (row.get(0)?, row.get(1)?);
            let (image, rater) = (self.image(row.get(2)?)?, self.rater(row.get(3)?)?);
            let (kind, text): (String, String) = (row.get(4)?, row.get(5)?);
            let (at, to) = (row.get(6)?, (row.get(7)?, row.get(8)?));
            let note = Content::Note {
                image,
                rater,
                kind: kind.clone(),
                text: text.clone(),
                at,
                to,
            };
            let is_new = self.is_new(copy, sequence, &note)?;
            self.merged.notes.count(is_new);
            if is_new {
                insert.execute((copy, sequence, image, rater, kind, text, at, to.0, to.1))?;
            }
        }
        Ok(())
    }

    /// Whether nothing is here under this number; something else that is here under it is a conflict.
    fn is_new(&mut self, copy: i64, sequence: i64, theirs: &Content) -> Result<bool, StoreError> {
        let Some(ours) = content(self.here, copy, sequence)? else {
            return Ok(true);
        };
        if ours != *theirs {
            let words = (words(self.here, &ours)?, words(self.here, theirs)?);
            self.conflicts
                .add(|| format!("number {sequence}: {} here, {} there", words.0, words.1));
        }
        Ok(false)
    }

    /// The key here of a question there, which is made where there is none; it is in no task until it is placed.
    fn question(&mut self, theirs: &Theirs) -> Result<i64, StoreError> {
        let image = self.image(theirs.image)?;
        let known: Option<i64> = self
            .here
            .connection
            .prepare_cached("SELECT id FROM question WHERE image = ?1 AND class = ?2")?
            .query_row((image, theirs.class), |row| row.get(0))
            .optional()?;
        self.merged.questions.count(known.is_none());
        let question = match known {
            Some(id) => id,
            None => {
                self.here
                    .connection
                    .prepare_cached(
                        "INSERT INTO question (image, class, added) VALUES (?1, ?2, ?3)",
                    )?
                    .execute((image, theirs.class, theirs.added))?;
                self.here.connection.last_insert_rowid()
            }
        };
        if theirs.added {
            *self.added.entry(question).or_insert(false) |= theirs.in_task;
        }
        Ok(question)
    }

    /// Labels that raters added and nobody has answered yet.
    fn added_labels(&mut self, there: &Store) -> Result<(), StoreError> {
        let mut statement = there.connection.prepare_cached(&format!(
            "SELECT {THEIRS} FROM question WHERE added = 1 AND task IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM vote WHERE vote.question = question.id)"
        ))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            self.question(&Theirs::read(row, 0)?)?;
        }
        Ok(())
    }

    /// An added label stands in the first task of its image while somebody's answer to it stands, or nobody has
    /// answered it yet; what the plan itself asks stays where it is.
    fn place_added_labels(&self) -> Result<(), StoreError> {
        let connection = &self.here.connection;
        let mut place = connection.prepare_cached(
            "UPDATE question SET added = 1, position = 1000 + id,
                    task = (SELECT task.id FROM task WHERE task.image = question.image AND task.ordinal = 0)
             WHERE id = ?1 AND task IS NULL",
        )?;
        let mut drop = connection
            .prepare_cached("UPDATE question SET task = NULL WHERE id = ?1 AND added = 1")?;
        let mut answered = connection.prepare_cached(&format!(
            "SELECT added, EXISTS (SELECT 1 FROM vote WHERE question = ?1),
                    EXISTS (SELECT 1 FROM vote WHERE question = ?1 AND answer IS NOT NULL AND {NEWEST})
             FROM question WHERE id = ?1"
        ))?;
        for (&question, &in_task_there) in &self.added {
            let (added, voted, stands): (bool, bool, bool) = answered
                .query_row([question], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })?;
            if voted && !stands {
                drop.execute([question])?;
            } else if in_task_there || (added && stands) {
                place.execute([question])?;
            }
        }
        Ok(())
    }

    fn image(&self, theirs: i64) -> Result<i64, StoreError> {
        self.images.get(&theirs).copied().ok_or_else(nowhere)
    }

    fn rater(&self, theirs: i64) -> Result<i64, StoreError> {
        let ours = self.raters.get(&theirs).ok_or_else(nowhere)?;
        Ok(ours.0)
    }

    fn round(&self, theirs: i64) -> Result<i64, StoreError> {
        let ours = self.rounds.get(&theirs).ok_or_else(nowhere)?;
        Ok(ours.0)
    }
}

fn nowhere() -> StoreError {
    StoreError::Damaged("a vote or note points to a row that is not there".to_owned())
}

/// What this file holds under a number.
fn content(here: &Store, copy: i64, sequence: i64) -> Result<Option<Content>, StoreError> {
    let vote = here
        .connection
        .prepare_cached(
            "SELECT question, round, rater, at, answer, spent FROM vote WHERE copy = ?1 AND sequence = ?2",
        )?
        .query_row((copy, sequence), |row| {
            Ok(Content::Vote {
                question: row.get(0)?,
                round: row.get(1)?,
                rater: row.get(2)?,
                at: row.get(3)?,
                answer: row.get(4)?,
                spent: row.get(5)?,
            })
        })
        .optional()?;
    if vote.is_some() {
        return Ok(vote);
    }
    Ok(here
        .connection
        .prepare_cached(
            "SELECT image, rater, kind, text, at, to_copy, to_sequence FROM note WHERE copy = ?1 AND sequence = ?2",
        )?
        .query_row((copy, sequence), |row| {
            Ok(Content::Note {
                image: row.get(0)?,
                rater: row.get(1)?,
                kind: row.get(2)?,
                text: row.get(3)?,
                at: row.get(4)?,
                to: (row.get(5)?, row.get(6)?),
            })
        })
        .optional()?)
}

/// A vote or note as a reader knows it.
fn words(here: &Store, content: &Content) -> Result<String, StoreError> {
    let image_name = |id: i64| -> Result<String, StoreError> {
        let image = here.image(ImageId(id))?;
        Ok(image.map(|image| image.name).unwrap_or_default())
    };
    let (rater, what) = match content {
        Content::Vote {
            question,
            rater,
            answer,
            ..
        } => {
            let asked = here.asked_by(crate::domain::QuestionId(*question))?;
            let (image, class) = match asked {
                Some((asked, _)) => (image_name(asked.image.0)?, asked.class.0.to_string()),
                None => Default::default(),
            };
            let answer = answer
                .and_then(|code| crate::domain::Answer::from_code(u8::try_from(code).ok()?))
                .map_or("a vote taken back", crate::domain::Answer::word);
            (*rater, format!("{answer} on {image}, class {class}"))
        }
        Content::Note {
            image, rater, kind, ..
        } => {
            let article = if kind == "answer" { "an" } else { "a" };
            (
                *rater,
                format!("{article} {kind} on {}", image_name(*image)?),
            )
        }
    };
    let raters = here.raters()?;
    let name = raters.iter().find(|row| row.id.0 == rater);
    let name = name.map_or("somebody", |row| row.name.as_str());
    Ok(format!("{name}'s {what}"))
}
