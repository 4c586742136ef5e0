use std::collections::HashMap;

use super::Live;
use crate::consensus::value::{Asked, LOOK_AHEAD, Pace, ValueOrder};
use crate::domain::{ClassIndex, Question, QuestionId, TaskId};
use crate::store::{RaterRow, Store, StoreError};

/// Fewer tasks of the rater's own say less of the rater's pace than everybody's do.
const OWN_TASKS: usize = 20;

/// A rater's tasks by what votes on them are worth a second, kept up with everybody's votes.
#[derive(Debug, Clone)]
pub struct LiveOrder {
    order: ValueOrder,
    /// What each open question asks, and the original label of its image.
    asks: HashMap<QuestionId, (Question, Option<ClassIndex>)>,
    /// The rater's number.
    own: u32,
    /// Answers that each question wants; none where the rater is asked whoever else has answered.
    wanted: Option<usize>,
    /// The bound of `plan --stop`, where it holds for the rater.
    stop: Option<f64>,
}

impl LiveOrder {
    /// The order of these tasks for a rater. `live` has all votes at hand ([`Live::counted`]); questions that
    /// are settled by the bound `stop` are asked no more.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn new(
        store: &Store,
        live: &Live,
        rater: &RaterRow,
        wanted: Option<usize>,
        tasks: &[TaskId],
        stop: Option<f64>,
    ) -> Result<LiveOrder, StoreError> {
        let mut numbered = (0u32..).zip(store.raters()?);
        let own = numbered.find(|(_, other)| other.id == rater.id);
        let own = own.map_or(u32::MAX, |(number, _)| number);
        let mut times = store.timed_tasks(Some(rater.id))?;
        if times.len() < OWN_TASKS {
            times = store.timed_tasks(None)?;
        }
        let value = live.vote_value(own, wanted.unwrap_or(LOOK_AHEAD));
        let mut this = LiveOrder {
            order: ValueOrder::new(value, Pace::of(times)),
            asks: HashMap::new(),
            own,
            wanted,
            stop,
        };
        let mut questions: HashMap<TaskId, Vec<QuestionId>> = HashMap::new();
        for open in store.open_questions(rater.id, live.round)? {
            questions.entry(open.task).or_default().push(open.question);
            this.asks.insert(open.question, (open.asks, open.original));
        }
        for task in tasks {
            let open = questions.remove(task).unwrap_or_default();
            let asked = open
                .into_iter()
                .map(|question| (question, this.asked(live, question)));
            let asked: Vec<(QuestionId, Option<Asked>)> = asked.collect();
            this.order.push(*task, asked);
        }
        Ok(this)
    }

    /// Looks again at questions with new votes.
    pub fn follow(&mut self, live: &Live, changed: &[QuestionId]) {
        for &question in changed {
            let asked = self.asked(live, question);
            self.order.update(question, asked);
        }
    }

    /// Whether a task waits still.
    pub fn waits(&self, task: TaskId) -> bool {
        self.order.per_second(task).is_some()
    }

    /// The task that is worth most now.
    pub fn best(&self) -> Option<TaskId> {
        self.order.best()
    }

    /// Takes a task out: the rater gets it, or cannot get it.
    pub fn take(&mut self, task: TaskId) {
        self.order.take(task);
    }

    /// A question as it stands for the rater; none where it is settled, or the rater's own answer stands.
    fn asked(&self, live: &Live, question: QuestionId) -> Option<Asked> {
        let (asks, original) = *self.asks.get(&question)?;
        let is_answered = live.voters(question).any(|rater| rater == self.own);
        let is_settled = self
            .stop
            .is_some_and(|bound| live.is_settled(question, bound));
        if is_answered || is_settled {
            return None;
        }
        let votes_left = match self.wanted {
            _ if live.score(question).is_some_and(|score| score.decided) => 0,
            Some(wanted) => wanted.saturating_sub(live.voters(question).count()),
            None => LOOK_AHEAD,
        };
        Some(Asked {
            belief: live.belief(question, asks, original),
            votes_left,
        })
    }
}
