use std::collections::HashMap;

use super::{Belief, Pace, VoteValue};
use crate::domain::{QuestionId, TaskId};

/// A question that a rater would be asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Asked {
    /// What is believed of it now.
    pub belief: Belief,
    /// Votes that it wants still.
    pub votes_left: usize,
}

/// Tasks that wait for a rater, by the value of the rater's votes a second. A vote touches the value of its own task alone.
#[derive(Debug, Clone)]
pub struct ValueOrder {
    value: VoteValue,
    pace: Pace,
    /// In plan order.
    waiting: Vec<Waiting>,
    place_of: HashMap<TaskId, usize>,
    /// Place of the task that asks a question.
    asked_in: HashMap<QuestionId, usize>,
}

#[derive(Debug, Clone)]
struct Waiting {
    task: TaskId,
    /// The value of a vote on each question; none on those that are not asked.
    questions: Vec<(QuestionId, Option<f64>)>,
    /// Expected error removed a second; none once the task was taken.
    per_second: Option<f64>,
}

impl ValueOrder {
    /// No tasks yet, of a rater whose votes are worth so much and take so long.
    pub fn new(value: VoteValue, pace: Pace) -> ValueOrder {
        ValueOrder {
            value,
            pace,
            waiting: Vec::new(),
            place_of: HashMap::new(),
            asked_in: HashMap::new(),
        }
    }

    /// Takes a task in behind the others, with its questions; none where one is not asked.
    pub fn push(
        &mut self,
        task: TaskId,
        questions: impl IntoIterator<Item = (QuestionId, Option<Asked>)>,
    ) {
        let place = self.waiting.len();
        let mut waiting = Waiting {
            task,
            questions: Vec::new(),
            per_second: None,
        };
        for (question, asked) in questions {
            self.asked_in.insert(question, place);
            waiting.questions.push((question, self.value_of(asked)));
        }
        waiting.per_second = Some(waiting.weigh(&self.pace));
        self.place_of.insert(task, place);
        self.waiting.push(waiting);
    }

    /// A question stands otherwise now; none where it is asked no more. Nothing happens to one that no waiting task asks.
    pub fn update(&mut self, question: QuestionId, asked: Option<Asked>) {
        let value = self.value_of(asked);
        let place = self.asked_in.get(&question);
        let Some(waiting) = place.and_then(|place| self.waiting.get_mut(*place)) else {
            return;
        };
        for (known, former) in &mut waiting.questions {
            if *known == question {
                *former = value;
            }
        }
        if waiting.per_second.is_some() {
            waiting.per_second = Some(waiting.weigh(&self.pace));
        }
    }

    /// The task whose votes are worth most a second; of equals the first.
    pub fn best(&self) -> Option<TaskId> {
        let mut best: Option<(f64, TaskId)> = None;
        for waiting in &self.waiting {
            if let Some(worth) = waiting.per_second
                && best.is_none_or(|(most, _)| worth > most)
            {
                best = Some((worth, waiting.task));
            }
        }
        best.map(|(_, task)| task)
    }

    /// Takes a task out: somebody is at it. Says whether it was waiting.
    pub fn take(&mut self, task: TaskId) -> bool {
        let place = self.place_of.get(&task);
        let waiting = place.and_then(|place| self.waiting.get_mut(*place));
        waiting.is_some_and(|waiting| waiting.per_second.take().is_some())
    }

    /// Expected error that a rater removes a second with a task; none of one that is not waiting.
    pub fn per_second(&self, task: TaskId) -> Option<f64> {
        self.waiting.get(*self.place_of.get(&task)?)?.per_second
    }

    fn value_of(&self, asked: Option<Asked>) -> Option<f64> {
        asked.map(|asked| self.value.of(&asked.belief, asked.votes_left))
    }
}

impl Waiting {
    fn weigh(&self, pace: &Pace) -> f64 {
        let asked = self.questions.iter().filter_map(|(_, value)| *value);
        match asked.clone().count() {
            0 => 0.0,
            labels => asked.sum::<f64>() / pace.seconds(labels),
        }
    }
}
