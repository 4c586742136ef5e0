//! The clerk of the plan: hands tasks out to those whom they need, and counts the votes at the end.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Sitting;
use super::closing::{seen_images, summarise};
use super::desk::{CLAIM, Desk, now};
use super::earlier::list;
use super::live::LiveLabelSets;
use super::reading::{Files, insights, read_task};
use crate::domain::{ClassIndex, ImageId, Question, QuestionId, RoundId, TaskId};
use crate::review::event::Event;
use crate::review::state::{EarlierTasks, Task};
use crate::store::{EarlierPart, ImageRow, Place, Retests, Store, StoreError, Unseen};

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
            .fleetingly(|store| store.claim(task, places, (now, now + CLAIM), is_running));
        let place = match place {
            // It can be looked at in the file that is open; what is answered is not recorded before the project is back.
            Err(StoreError::Changed(_)) => return Ok(Place::Claimed),
            place => place?,
        };
        match place {
            Place::Claimed => self.held.insert(task),
            Place::Busy => self.busy.insert(task),
            Place::Full => false,
        };
        Ok(place)
    }

    /// The tasks of this sitting that the rater answers a second time.
    fn retests(&self) -> Result<Retests, StoreError> {
        if self.special.retests.is_empty() {
            return Ok(Retests::default());
        }
        let (rater, round) = (self.sitting.rater.id, self.sitting.retest_round);
        let answered = self.store.finished_tasks(rater, round)?;
        let answered: HashSet<TaskId> = answered.into_iter().map(|(task, _)| task).collect();
        let all = self.special.retests.iter().copied();
        let (answered, open) = all.partition(|task| answered.contains(task));
        Ok(Retests { open, answered })
    }

    /// Whether a task is asked as planned, of the raters whom it needs.
    fn is_ordinary(&self, task: TaskId) -> bool {
        !self.special.for_all.contains(&task) && !self.special.retests.contains(&task)
    }
}

impl Desk for Clerk {
    fn at_hand(&self) -> (&Store, &Sitting) {
        (&self.store, &self.sitting)
    }

    fn store_mut(&mut self) -> &mut Store {
        &mut self.store
    }

    fn round_of(&self, task: TaskId) -> RoundId {
        match self.special.retests.contains(&task) {
            true => self.sitting.retest_round,
            false => self.sitting.round,
        }
    }

    /// In the order by value: which of the waiting tasks is read is decided when one of them is wanted.
    fn choose(&mut self, task: TaskId, asked_for: bool) -> TaskId {
        let (store, round) = (&self.store, &self.sitting.round_name);
        match asked_for {
            true => self.live.hand_out(task),
            false => self.live.hand_out_best(task, store, round),
        }
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

    fn add_question(&self, task: TaskId, asks: Question) -> Result<QuestionId, StoreError> {
        self.store.add_label(task, asks)
    }

    fn extend_claims(&self, until: i64) -> Result<(), StoreError> {
        match &self.sitting.places {
            Some(places) => self.store.extend_claims(places, until),
            None => Ok(()),
        }
    }

    fn give_back(&mut self, task: TaskId) -> Result<(), StoreError> {
        match self.sitting.places.filter(|_| self.held.remove(&task)) {
            Some(places) => self
                .store
                .fleetingly(|store| store.release_claim(task, &places)),
            None => Ok(()),
        }
    }

    fn examples(
        &mut self,
        class: ClassIndex,
        except: ImageId,
        most: usize,
    ) -> Result<Vec<ImageRow>, StoreError> {
        let retests = self.retests()?;
        let unseen = match self.sitting.decides {
            true => Unseen::Nothing,
            false => Unseen::Tasks(self.sitting.rater.id, self.sitting.round, &retests.open),
        };
        self.store.examples(class, except, unseen, most)
    }

    fn earlier(&mut self, part: EarlierPart<'_>) -> Result<EarlierTasks, StoreError> {
        let (store, sitting) = (&self.store, &self.sitting);
        let (rater, rounds) = (sitting.rater.id, (sitting.round, sitting.retest_round));
        let rows = store.earlier_tasks(rater, rounds, &self.retests()?, part)?;
        list(sitting, part, rows, |row| {
            let open = store.open_task(row.task, rater, self.round_of(row.task))?;
            let questions = open.map_or_else(Vec::new, |open| open.questions);
            let answers = questions.iter().map(|question| question.answer).collect();
            Ok((answers, store.parts_of(row.image)?))
        })
    }

    fn summarise(&mut self, touched: &[ImageId]) -> Result<Event, StoreError> {
        let retests = self.retests()?;
        let (store, sitting) = (&self.store, &self.sitting);
        let live = self.live.now(store, &sitting.round_name)?;
        let seen = seen_images(store, sitting, live, &retests.open)?;
        let mut summary = summarise(store, sitting, live, touched, seen.as_ref())?;
        summary.with_others = self.busy.len();
        Ok(Event::SummaryReady(Box::new(summary)))
    }

    fn leave(&mut self) -> Result<(), StoreError> {
        match &self.sitting.places {
            Some(places) => self
                .store
                .fleetingly(|store| store.release_claims(places, now())),
            None => Ok(()),
        }
    }
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
