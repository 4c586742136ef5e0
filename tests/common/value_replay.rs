//! Recorded votes handed out again, in one order or another: how soon the label sets are those that all votes give.
#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use relabel::consensus::value::{Asked, Channel, Pace, ValueOrder, VoteValue};
use relabel::consensus::{Evidence, Parameters, ScoreRule, Standing};
use relabel::domain::{Answer, QuestionId, TaskId};

/// Labels on one screen.
const MOST_LABELS: usize = 8;

/// Questions of one image that the same raters answered.
pub struct Shown {
    pub questions: Vec<usize>,
    /// In the order in which they answer; the seed decides it.
    pub raters: Vec<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A task until all its raters have answered it, then the next.
    Plan,
    /// All tasks by one rater each, then by a second one.
    Passes,
    /// Any task that wants raters, by this seed.
    Random(u64),
    /// The most valuable, looking so many votes ahead.
    Value(usize),
}

pub struct Replay<'a> {
    evidence: Evidence<'a>,
    parameters: &'a Parameters,
    rule: ScoreRule,
    pub tasks: Vec<Shown>,
    /// By question: the decision by all votes; none of questions without votes.
    in_the_end: Vec<Option<bool>>,
    /// By question, where experts were asked.
    truth: Vec<Option<bool>>,
}

/// How far the label sets were after each hand-out.
pub struct Course {
    /// Votes so far, decisions as by all votes, decisions on gold that are right.
    pub steps: Vec<(usize, usize, usize)>,
    pub questions: usize,
    pub gold: usize,
}

impl Course {
    /// The fewest votes from which on at least this share of the decisions was, and stayed, as by all votes.
    pub fn votes_for(&self, share: f64) -> usize {
        let enough = |(_, same, _): &(usize, usize, usize)| {
            *same as f64 >= share * self.questions as f64 - 1e-9
        };
        let first = self.steps.iter().rposition(|step| !enough(step));
        self.steps.get(first.map_or(0, |last| last + 1)).unwrap().0
    }

    /// The share of gold questions that were decided rightly after so many votes.
    pub fn right_after(&self, votes: usize) -> f64 {
        let step = self.steps.partition_point(|(so_far, ..)| *so_far <= votes);
        self.steps[step - 1].2 as f64 / self.gold as f64
    }

    pub fn votes(&self) -> usize {
        self.steps.last().unwrap().0
    }
}

impl<'a> Replay<'a> {
    /// Of these images; `truth` by question.
    pub fn new(
        evidence: Evidence<'a>,
        parameters: &'a Parameters,
        truth: Vec<Option<bool>>,
        images: impl Fn(u32) -> bool,
        seed: u64,
    ) -> Replay<'a> {
        let rule = ScoreRule::new(parameters);
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut together: BTreeMap<(u32, Vec<u32>), Vec<usize>> = BTreeMap::new();
        let mut in_the_end = vec![None; evidence.votes.n_questions()];
        for (question, key) in evidence.votes.questions().iter().enumerate() {
            let raters: Vec<u32> = evidence
                .votes
                .votes_on(question)
                .map(|(rater, _)| rater)
                .collect();
            if images(key.image) && !raters.is_empty() {
                together
                    .entry((key.image, raters))
                    .or_default()
                    .push(question);
                in_the_end[question] = Some(rule.in_set(&rule.standing(&evidence, question)));
            }
        }
        let tasks = together.into_iter().flat_map(|((_, raters), questions)| {
            let mut raters = raters;
            raters.shuffle(&mut random);
            let chunks = questions.chunks(MOST_LABELS).map(<[usize]>::to_vec);
            let shown = |questions| Shown {
                questions,
                raters: raters.clone(),
            };
            chunks.map(shown).collect::<Vec<_>>()
        });
        Replay {
            tasks: tasks.collect(),
            evidence,
            parameters,
            rule,
            truth,
            in_the_end,
        }
    }

    fn start(&self) -> Vec<Standing> {
        let keys = self.evidence.votes.questions().iter();
        let start = |key: &relabel::consensus::QuestionKey| {
            self.rule
                .start(*key, self.evidence.original_label(key.image))
        };
        keys.map(start).collect()
    }

    /// Hands the tasks out in an order until all votes are there.
    pub fn run(&self, by: By) -> Course {
        let mut standings = self.start();
        let mut given = vec![0; self.tasks.len()];
        let mut course = Course {
            steps: Vec::new(),
            questions: self.in_the_end.iter().flatten().count(),
            gold: 0,
        };
        let (mut votes, mut same, mut right) = (0, 0, 0);
        for (question, end) in self.in_the_end.iter().enumerate() {
            if let Some(end) = end {
                let now = self.rule.in_set(&standings[question]);
                same += usize::from(now == *end);
                course.gold += usize::from(self.truth[question].is_some());
                right += usize::from(self.truth[question] == Some(now));
            }
        }
        course.steps.push((votes, same, right));
        let mut order = self.order(by, &standings);
        while let Some(task) = order.next() {
            let shown = &self.tasks[task];
            let rater = shown.raters[given[task]];
            given[task] += 1;
            for &question in &shown.questions {
                let before = self.rule.in_set(&standings[question]);
                let answer: Answer = self.evidence.votes.answer(question, rater).unwrap();
                self.rule.add(&mut standings[question], rater, answer);
                let now = self.rule.in_set(&standings[question]);
                votes += 1;
                let change = |wanted: Option<bool>| {
                    i64::from(wanted == Some(now)) - i64::from(wanted == Some(before))
                };
                same = (same as i64 + change(self.in_the_end[question])) as usize;
                right = (right as i64 + change(self.truth[question])) as usize;
            }
            course.steps.push((votes, same, right));
            order.answered(self, task, given[task], &standings);
        }
        course
    }

    fn order(&self, by: By, standings: &[Standing]) -> Order {
        let each = || self.tasks.iter().enumerate();
        let by_task = || each().flat_map(|(task, shown)| vec![task; shown.raters.len()]);
        match by {
            By::Plan => Order::Fixed(by_task().collect::<Vec<_>>().into_iter()),
            By::Passes => {
                let most = self.tasks.iter().map(|shown| shown.raters.len()).max();
                let pass = |nth| each().filter(move |(_, shown)| nth < shown.raters.len());
                let passes = (0..most.unwrap_or(0)).flat_map(pass).map(|(task, _)| task);
                Order::Fixed(passes.collect::<Vec<_>>().into_iter())
            }
            By::Random(seed) => {
                let mut tasks: Vec<usize> = by_task().collect();
                tasks.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
                Order::Fixed(tasks.into_iter())
            }
            By::Value(ahead) => {
                // Who comes next is not known: a rater like the mean.
                let channel = Channel::of_rater(self.parameters, u32::MAX);
                let value = VoteValue::new(&channel, self.rule.decides_at(), ahead);
                let mut order = ValueOrder::new(value, Pace::of([]));
                for (task, shown) in each() {
                    let questions = shown.questions.iter().map(|&question| {
                        let asked = self.asked(&standings[question], shown.raters.len());
                        (QuestionId(question as i64), Some(asked))
                    });
                    order.push(TaskId(task as i64), questions);
                }
                Order::Value(order)
            }
        }
    }

    fn asked(&self, standing: &Standing, votes_left: usize) -> Asked {
        Asked {
            belief: self.rule.belief(standing),
            votes_left,
        }
    }
}

enum Order {
    Fixed(std::vec::IntoIter<usize>),
    Value(ValueOrder),
}

impl Order {
    fn next(&mut self) -> Option<usize> {
        match self {
            Order::Fixed(tasks) => tasks.next(),
            Order::Value(order) => Some(order.best()?.0 as usize),
        }
    }

    fn answered(&mut self, replay: &Replay<'_>, task: usize, given: usize, standings: &[Standing]) {
        let Order::Value(order) = self else {
            return;
        };
        let shown = &replay.tasks[task];
        let left = shown.raters.len() - given;
        for &question in &shown.questions {
            let asked = replay.asked(&standings[question], left);
            order.update(QuestionId(question as i64), Some(asked));
        }
        if left == 0 {
            order.take(TaskId(task as i64));
        }
    }
}
