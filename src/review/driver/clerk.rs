//! The thread that has the project file: reads tasks, puts votes on disk, counts them at the end.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};

use jiff::Timestamp;

use super::closing::summarise;
use super::live::LiveLabelSets;
use super::notes::store_note;
use super::reading::{Files, examples, insights, read_task};
use super::{Message, Sitting};
use crate::domain::{ClassIndex, ImageId, Question, QuestionId, RoundId, TaskId};
use crate::review::effect::{NoteText, StoredAnswer};
use crate::review::event::{Event, StepId};
use crate::review::state::Task;
use crate::store::{NewVote, Place, Store, StoreError};

/// What the clerk is asked to do.
#[derive(Debug)]
pub enum Errand {
    /// Put the answers of a step on disk.
    StoreVotes {
        /// The step.
        step: StepId,
        /// The task.
        task: TaskId,
        /// Its image.
        image: ImageId,
        /// The answers.
        answers: Vec<StoredAnswer>,
        /// Unix milliseconds.
        at: i64,
    },
    /// Take an added label out of its task.
    DropAdded(QuestionId),
    /// Put a note on disk.
    StoreNote {
        /// On which image.
        image: ImageId,
        /// What it says.
        note: NoteText,
        /// Unix milliseconds.
        at: i64,
    },
    /// Read a task.
    LoadTask {
        /// Which.
        task: TaskId,
        /// Whether the rater wants it whoever else is at it.
        asked_for: bool,
    },
    /// Let others have a task that the rater has put last.
    GiveBack(TaskId),
    /// Find images that carry a class.
    LoadExamples(ClassIndex, ImageId),
    /// Count the votes, for a rater who touched these images.
    Summarise(Vec<ImageId>),
}

/// How long a claim holds a task for a rater who does nothing.
pub const CLAIM: i64 = 10 * 60 * 1000;

/// Who serves the screen.
pub trait Desk {
    /// Does an errand; what came of it, and where images have their files.
    fn serve(&mut self, errand: Errand) -> (Vec<Event>, Files);

    /// Gives back what nobody else could use meanwhile.
    fn leave(&mut self);
}

/// Does errands in their order until nobody can send any more; what was sent is always done.
pub fn run(
    mut desk: Box<dyn Desk + Send>,
    errands: &Receiver<Errand>,
    answers: &SyncSender<Message>,
) {
    while let Ok(errand) = errands.recv() {
        let (events, files) = desk.serve(errand);
        // Nobody hears the answer once the screen is closed; the work is done all the same.
        if !files.is_empty() {
            let _ = answers.send(Message::Files(files));
        }
        for event in events {
            let _ = answers.send(Message::Event(event));
        }
    }
    desk.leave();
}

/// Serves the tasks of the plan.
#[derive(Debug)]
pub struct Clerk {
    store: Store,
    sitting: Arc<Sitting>,
    live: LiveLabelSets,
    /// Tasks that the rater has not finished in this sitting's round: these are claimed.
    queued: HashSet<TaskId>,
    special: Special,
    /// Tasks that the rater has had a place at in this sitting.
    held: HashSet<TaskId>,
    /// Tasks that others were at when the rater came.
    busy: HashSet<TaskId>,
}

/// Tasks of a queue that are not like the others.
#[derive(Debug, Default)]
pub struct Special {
    /// Asked of every rater.
    pub for_all: HashSet<TaskId>,
    /// Asked once more, in a round of their own.
    pub retests: HashSet<TaskId>,
}

impl Clerk {
    /// A clerk for these tasks.
    pub fn new(
        store: Store,
        sitting: Arc<Sitting>,
        live: LiveLabelSets,
        queued: &[TaskId],
        special: Special,
    ) -> Clerk {
        Clerk {
            store,
            sitting,
            live,
            queued: queued.iter().copied().collect(),
            special,
            held: HashSet::new(),
            busy: HashSet::new(),
        }
    }

    /// In the order by value: which of the waiting tasks is read is decided when one of them is wanted. The screen hears of it
    /// first.
    fn choose(&mut self, errand: Errand) -> (Errand, Option<Event>) {
        let Errand::LoadTask { task, asked_for } = errand else {
            return (errand, None);
        };
        let (store, round) = (&self.store, &self.sitting.round_name);
        let chosen = match asked_for {
            true => self.live.hand_out(task),
            false => self.live.hand_out_best(task, store, round),
        };
        let errand = Errand::LoadTask {
            task: chosen,
            asked_for,
        };
        let event = Event::TaskChosen {
            asked: task,
            chosen,
        };
        (errand, Some(event).filter(|_| chosen != task))
    }

    /// The round that the answers to a task belong to.
    fn round_of(&self, task: TaskId) -> RoundId {
        match self.special.retests.contains(&task) {
            true => self.sitting.retest_round,
            false => self.sitting.round,
        }
    }

    /// Asks for the rater's place at a task, where one is needed.
    fn place_at(&mut self, task: TaskId, asked_for: bool) -> Result<Place, StoreError> {
        let Some(places) = &self.sitting.places else {
            return Ok(Place::Claimed);
        };
        let is_free = asked_for
            || !self.queued.contains(&task)
            || !self.is_ordinary(task)
            || self.held.contains(&task);
        if is_free {
            return Ok(Place::Claimed);
        }
        let now = now();
        let place = self
            .store
            .fleetingly(|store| store.claim(task, places, (now, now + CLAIM), is_running))?;
        match place {
            Place::Claimed => self.held.insert(task),
            Place::Busy => self.busy.insert(task),
            Place::Full => false,
        };
        Ok(place)
    }

    fn answer(&mut self, errand: Errand) -> (Option<Event>, Files) {
        let (store, sitting) = (&self.store, &self.sitting);
        match errand {
            Errand::StoreVotes {
                step,
                task,
                image,
                answers,
                at,
            } => {
                let stored = self.store_votes(task, image, &answers, at);
                let event = match stored {
                    Ok(questions) => Event::VotesStored { step, questions },
                    Err(error) => Event::VotesFailed {
                        step,
                        reason: error.to_string(),
                    },
                };
                (Some(event), Files::new())
            }
            Errand::DropAdded(question) => {
                // The label is gone from this screen; at worst others meet it once more.
                let _ = store.atomically(|store| store.drop_added_label(question));
                (None, Files::new())
            }
            Errand::StoreNote { image, note, at } => {
                let event = store_note(store, sitting, image, note, at);
                (Some(event), Files::new())
            }
            Errand::LoadTask { task, asked_for } => match self.load_task(task, asked_for) {
                Ok(Some((task, files))) => (Some(Event::TaskLoaded(task)), files),
                Ok(None) => (Some(Event::TaskSettled(task)), Files::new()),
                Err(error) => {
                    let reason = error.to_string();
                    (Some(Event::TaskFailed { task, reason }), Files::new())
                }
            },
            Errand::GiveBack(task) => {
                if let Some(places) = self.sitting.places.filter(|_| self.held.remove(&task)) {
                    // Where this fails, the claim runs out by itself.
                    let _ = store.fleetingly(|store| store.release_claim(task, &places));
                }
                (None, Files::new())
            }
            Errand::LoadExamples(class, except) => {
                let (event, files) = examples(store, class, except);
                (Some(event), files)
            }
            Errand::Summarise(touched) => {
                let summary = self
                    .live
                    .now(store, &sitting.round_name)
                    .and_then(|live| summarise(store, sitting, live, &touched));
                let event = match summary {
                    Ok(mut summary) => {
                        summary.with_others = self.busy.len();
                        Event::SummaryReady(Box::new(summary))
                    }
                    Err(error) => Event::SummaryFailed(error.to_string()),
                };
                (Some(event), Files::new())
            }
        }
    }

    /// The questions that the answers stand for, once they are on disk.
    fn store_votes(
        &self,
        task: TaskId,
        image: ImageId,
        answers: &[StoredAnswer],
        at: i64,
    ) -> Result<Vec<(ClassIndex, QuestionId)>, StoreError> {
        let round = self.round_of(task);
        let places = self.sitting.places.as_ref();
        self.store.atomically(|store| {
            let mut questions = Vec::with_capacity(answers.len());
            let mut votes = Vec::with_capacity(answers.len());
            for answer in answers {
                let class = answer.class;
                let question = match answer.question {
                    Some(question) => question,
                    None => store.add_label(task, Question { image, class })?,
                };
                questions.push((class, question));
                votes.push(NewVote {
                    question,
                    round,
                    rater: self.sitting.rater.id,
                    answer: answer.answer,
                    at: Some(at),
                    spent: answer.spent,
                });
            }
            store.add_votes(&votes)?;
            // Who votes is there still.
            if let Some(places) = places {
                store.extend_claims(places, at + CLAIM)?;
            }
            Ok(questions)
        })
    }

    /// A task with the questions that need this rater; nothing when others have settled all of them, or are enough. One
    /// that the rater has `asked_for` is shown in any case.
    fn load_task(
        &mut self,
        id: TaskId,
        asked_for: bool,
    ) -> Result<Option<(Task, Files)>, StoreError> {
        let gone =
            || StoreError::Damaged(format!("task {} is gone: somebody has planned anew", id.0));
        if self.place_at(id, asked_for)? != Place::Claimed {
            return Ok(None);
        }
        let round = self.round_of(id);
        let (store, sitting) = (&self.store, &self.sitting);
        let mut open = store
            .open_task(id, sitting.rater.id, round)?
            .ok_or_else(gone)?;
        if let Some(stop) = sitting.stop.filter(|_| self.is_ordinary(id)) {
            let live = self.live.now(store, &sitting.round_name)?;
            open.questions
                .retain(|question| question.answer.is_some() || !stop.holds(live, question.id));
            if open.questions.is_empty() {
                return Ok(None);
            }
        }
        let insights = match sitting.decides {
            true => {
                let live = self.live.now(store, &sitting.round_name)?;
                insights(store, sitting, live, &mut open)?
            }
            // Everybody else votes blind.
            false => HashMap::new(),
        };
        let read = read_task(store, sitting, open, insights)?;
        Ok(Some(read.ok_or_else(gone)?))
    }

    /// Whether a task is asked as planned, of the raters whom it needs.
    fn is_ordinary(&self, task: TaskId) -> bool {
        !self.special.for_all.contains(&task) && !self.special.retests.contains(&task)
    }
}

impl Desk for Clerk {
    fn serve(&mut self, errand: Errand) -> (Vec<Event>, Files) {
        let (errand, chosen) = self.choose(errand);
        let (event, files) = self.answer(errand);
        (chosen.into_iter().chain(event).collect(), files)
    }

    fn leave(&mut self) {
        if let Some(places) = &self.sitting.places {
            // Where this fails, the claims run out by themselves.
            let _ = self
                .store
                .fleetingly(|store| store.release_claims(places, now()));
        }
    }
}

/// Unix milliseconds.
pub fn now() -> i64 {
    Timestamp::now().as_millisecond()
}

/// Whether there is such a process on this machine.
#[cfg(unix)]
fn is_running(process: u32) -> bool {
    let pid = i32::try_from(process).ok();
    let pid = pid.and_then(rustix::process::Pid::from_raw);
    // One of another user's may not be asked, and is there.
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

/// Not known: a process that was killed must not keep its tasks from its rater.
#[cfg(not(unix))]
fn is_running(_: u32) -> bool {
    false
}
