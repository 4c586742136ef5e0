//! A rater's answers in this session, kept in memory in case the project file is lost while the screen is open.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::{Timestamp, ZonedDateTime};
use serde::Serialize;

use super::Sitting;
use crate::domain::{Answer, ClassIndex, ImageId, Question, QuestionId, RoundId, TaskId};
use crate::review::effect::StoredAnswer;
use crate::review::state::Task;
use crate::store::{DECISION_ROUND, NewVote, RETEST_SUFFIX, Store, StoreError};

/// An answer of this session.
#[derive(Debug, Clone, Copy)]
struct Given {
    task: TaskId,
    answer: Answer,
    at: i64,
    spent: Option<u32>,
    recorded: bool,
}

/// The newest answer to each question of this session, and what names the images and questions on the screen.
#[derive(Debug, Default)]
pub struct Journal {
    project: Option<String>,
    images: HashMap<ImageId, String>,
    tasks: HashMap<TaskId, ImageId>,
    given: BTreeMap<(ImageId, ClassIndex, RoundId), Given>,
    /// True if the file has been lost since the last vote on disk.
    pub lost: bool,
    /// True if another file has taken its place. Keys of questions may differ there.
    pub moved_on: bool,
}

/// Votes that are not in the project, and the file that they are in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rescued {
    /// Number of votes.
    pub votes: usize,
    /// The file, or why there is none.
    pub file: Result<PathBuf, String>,
}

/// A row as `import votes` reads it.
#[derive(Serialize)]
struct Row<'a> {
    image: &'a str,
    label: String,
    rater: &'a str,
    answer: &'a str,
    at: String,
    round: String,
}

impl Journal {
    /// A journal of a session on this project.
    pub fn of(store: &Store) -> Journal {
        Journal {
            project: store.setting("project").ok().flatten(),
            ..Journal::default()
        }
    }

    /// Learns the name of an image that comes to the screen, which may show its number only.
    pub fn learn(&mut self, store: &Store, task: &Task) {
        if let Ok(Some(image)) = store.image(task.image) {
            self.images.insert(task.image, image.name);
        }
        self.tasks.insert(task.id, task.image);
    }

    /// Notes the answers of a step, on disk or not.
    pub fn note(
        &mut self,
        (task, image, round): (TaskId, ImageId, RoundId),
        answers: &[StoredAnswer],
        at: i64,
        recorded: bool,
    ) {
        for answer in answers {
            let key = (image, answer.class, round);
            match answer.answer {
                Some(given) => {
                    let given = Given {
                        task,
                        answer: given,
                        at,
                        spent: answer.spent,
                        recorded,
                    };
                    self.given.insert(key, given);
                }
                // An answer that could not be taken back stands.
                None if recorded => drop(self.given.remove(&key)),
                None => {}
            }
        }
    }

    /// True if another file is the same project, with the same keys for what this session has shown.
    ///
    /// With `is_planned` its tasks are those of the plan.
    pub fn fits(
        &self,
        store: &Store,
        sitting: &Sitting,
        is_planned: bool,
    ) -> Result<bool, StoreError> {
        if self.project.is_none() || store.setting("project")? != self.project {
            return Ok(false);
        }
        // An older copy may lack the rater and the rounds, which are put back then; others must not have their keys.
        let same_rater = (store.raters()?.iter())
            .filter(|rater| rater.id == sitting.rater.id || rater.name == sitting.rater.name)
            .all(|rater| *rater == sitting.rater);
        let known = store.rounds()?;
        let same_rounds = rounds_of(sitting).into_iter().all(|(id, name)| {
            let mut alike = known
                .iter()
                .filter(|(of, called)| *of == id || *called == name);
            alike.all(|(of, called)| *of == id && *called == name)
        });
        if !same_rater || !same_rounds {
            return Ok(false);
        }
        for (image, name) in &self.images {
            let row = store.image(*image)?;
            if row.is_none_or(|row| row.name != *name) {
                return Ok(false);
            }
        }
        if !is_planned {
            return Ok(true);
        }
        let tasks = store.tasks()?.into_iter();
        let images: HashMap<TaskId, ImageId> = tasks.map(|task| (task.id, task.image)).collect();
        Ok(self
            .tasks
            .iter()
            .all(|(task, image)| images.get(task) == Some(image)))
    }

    /// Records again what was on disk and is not in this file; inside a transaction.
    pub fn repeat(
        &self,
        store: &Store,
        sitting: &Sitting,
        add: impl Fn(TaskId, Question) -> Result<QuestionId, StoreError>,
    ) -> Result<(), StoreError> {
        store.put_back(&sitting.rater, &rounds_of(sitting))?;
        let mut votes = Vec::new();
        for ((image, class, round), given) in &self.given {
            if !given.recorded {
                continue;
            }
            let asks = Question {
                image: *image,
                class: *class,
            };
            let question = match store.known_question(asks)? {
                Some(question) => question,
                None => add(given.task, asks)?,
            };
            let stands = store.standing_answer(question, *round, sitting.rater.id)?;
            if stands != Some(given.answer) {
                votes.push(NewVote {
                    question,
                    round: *round,
                    rater: sitting.rater.id,
                    answer: Some(given.answer),
                    at: Some(given.at),
                    spent: given.spent,
                });
            }
        }
        store.add_votes(&votes)
    }

    /// Writes what is not in the project to a file of its own, beside the project or where that can be; nothing where all is on
    /// disk. Where the project itself is lost, nothing of this session is known to be in it.
    pub fn rescue(&self, sitting: &Sitting, project: &Path, is_lost: bool) -> Option<Rescued> {
        let missing = (self.given.iter()).filter(|(_, given)| is_lost || !given.recorded);
        let mut lines = String::new();
        let mut votes = 0;
        for ((image, class, round), given) in missing {
            // Every image of an answer was on the screen.
            let Some(image) = self.images.get(image) else {
                continue;
            };
            let at = Timestamp::from_millisecond(given.at).unwrap_or_default();
            let row = Row {
                image,
                label: class.0.to_string(),
                rater: &sitting.rater.name,
                answer: given.answer.word(),
                at: at.to_string(),
                round: round_name(sitting, *round),
            };
            if let Ok(line) = serde_json::to_string(&row) {
                lines.push_str(&line);
                lines.push('\n');
                votes += 1;
            }
        }
        (votes > 0).then(|| Rescued {
            votes,
            file: written(&lines, &sitting.rater.name, project).map_err(|error| error.to_string()),
        })
    }
}

/// The rounds that answers of this session go into, by their keys.
fn rounds_of(sitting: &Sitting) -> Vec<(RoundId, String)> {
    let mut rounds = vec![sitting.round, sitting.retest_round];
    rounds.dedup();
    let named = rounds.into_iter();
    named
        .map(|round| (round, round_name(sitting, round)))
        .collect()
}

fn round_name(sitting: &Sitting, round: RoundId) -> String {
    if round == sitting.retest_round && round != sitting.round {
        return format!("{}{RETEST_SUFFIX}", sitting.round_name);
    }
    match sitting.decides {
        true => DECISION_ROUND.to_owned(),
        false => sitting.round_name.clone(),
    }
}

/// Writes a new file into the first folder that takes one.
fn written(lines: &str, rater: &str, project: &Path) -> io::Result<PathBuf> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let rater: String = (rater.chars().take(40))
        .map(|c| if is_plain(c) { c } else { '_' })
        .collect();
    let time = ZonedDateTime::now().strftime("%Y%m%d-%H%M%S").to_string();
    let mut refused = io::Error::other("there is no folder for it");
    for folder in folders(project) {
        for number in 1..100 {
            let ending = match number {
                1 => String::new(),
                _ => format!("-{number}"),
            };
            let path = folder.join(format!("rescued-{rater}-{time}{ending}.jsonl"));
            match write_new(&path, lines) {
                Ok(()) => return Ok(path),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => {
                    refused = error;
                    break;
                }
            }
        }
    }
    Err(refused)
}

fn write_new(path: &Path, lines: &str) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    let written = file
        .write_all(lines.as_bytes())
        .and_then(|()| file.sync_all());
    if written.is_err() {
        // Half of it would look like all.
        let _ = std::fs::remove_file(path);
    }
    written
}

/// Beside the project, here, where the user's programs keep their state, and where temporary files are.
fn folders(project: &Path) -> Vec<PathBuf> {
    use etcetera::BaseStrategy;
    let beside = project.parent().map(|parent| match parent {
        empty if empty.as_os_str().is_empty() => PathBuf::from("."),
        parent => parent.to_owned(),
    });
    let here = std::env::current_dir().ok();
    let state = etcetera::choose_base_strategy().ok().and_then(|folders| {
        let state = folders.state_dir()?.join("relabel");
        std::fs::create_dir_all(&state).ok()?;
        Some(state)
    });
    let all = [beside, here, state, Some(std::env::temp_dir())];
    all.into_iter().flatten().collect()
}
