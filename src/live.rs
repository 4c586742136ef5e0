//! Label sets as they stand now: those of a run, kept up with the votes since; and audits. Imports domain, text, consensus, audit and store.
//!
//! A vote changes the score of its own question and nothing else; raters' reliabilities stay as the run found them. The
//! cost grows with the votes since the run (without a run, all votes are counted once, by majority). What an adjudicator
//! decided stands in place of the score.

pub mod audit;
mod value;

pub use value::LiveOrder;

use std::collections::{HashMap, HashSet};

use crate::consensus::stop::settled;
use crate::consensus::value::{Belief, Channel, VoteValue};
use crate::consensus::{
    Evidence, InSet, LabelSetChanges, LiveLabels, MajorityOptions, Parameters, QuestionKey,
};
use crate::domain::{Answer, ClassIndex, ImageId, Question, QuestionId, RaterId, Role, RoundId};
use crate::store::{Decision, Mark, QuestionScore, Run, Store, StoreError};

/// Scores and label sets of a round that follow its votes.
#[derive(Debug, Clone)]
pub struct Live {
    round: RoundId,
    run: Option<Run>,
    marks: Vec<Mark>,
    parameters: Parameters,
    labels: LiveLabels,
    /// Questions that were voted on since the run, with the votes that are counted.
    touched: HashMap<QuestionId, Touched>,
    /// Of every question with votes, as the votes have it.
    scores: HashMap<QuestionId, QuestionScore>,
    /// What adjudicators decided in their place.
    decided: HashMap<QuestionId, QuestionScore>,
    votes_since: usize,
}

#[derive(Debug, Clone)]
struct Touched {
    number: usize,
    asks: Question,
    is_labelled: bool,
    is_original: bool,
    votes: Vec<(u32, Answer)>,
}

impl Touched {
    /// What is said of it; nothing without votes.
    fn score(&self, question: QuestionId, labels: &LiveLabels) -> Option<QuestionScore> {
        if self.votes.is_empty() {
            return None;
        }
        Some(QuestionScore {
            question,
            asks: self.asks,
            is_labelled: self.is_labelled,
            is_original: self.is_original,
            score: labels.score(self.number)?,
            in_set: labels.in_set(self.number)?,
            disputed: labels.is_disputed(self.number)?,
            decided: false,
        })
    }
}

impl Live {
    /// The label sets of a round: by this run, or by majority without one, and the votes since.
    ///
    /// # Errors
    /// SQLite refuses, or the run is damaged.
    pub fn open(store: &Store, round: &str, run: Option<Run>) -> Result<Live, StoreError> {
        let mut live = Live::before_counting(store, round, run)?;
        match &live.run {
            Some(run) => {
                live.marks = store.run_marks(run.id)?;
                let kept = store.method_scores(run.id)?;
                live.scores = kept.into_iter().map(|kept| (kept.question, kept)).collect();
                live.decided = decided(store, &live.scores)?;
                live.catch_up(store)?;
            }
            None => live.count_all(store, round)?,
        }
        Ok(live)
    }

    /// The label sets of a round by the reliabilities of its newest run, with the votes of every question at hand: all of them
    /// are counted once.
    ///
    /// # Errors
    /// SQLite refuses, or the run is damaged.
    pub fn counted(store: &Store, round: &str) -> Result<Live, StoreError> {
        let mut live = Live::before_counting(store, round, store.newest_run_of(round)?)?;
        live.count_all(store, round)?;
        if let Some(run) = &live.run {
            let marks = store.run_marks(run.id)?;
            live.votes_since = store.voted_since(&marks, live.round)?.0;
        }
        Ok(live)
    }

    fn before_counting(store: &Store, round: &str, run: Option<Run>) -> Result<Live, StoreError> {
        let parameters = match &run {
            Some(run) => parameters_of(run)?,
            None => Parameters::Majority {
                options: MajorityOptions::default(),
            },
        };
        Ok(Live {
            round: store.round(round)?,
            marks: Vec::new(),
            labels: LiveLabels::empty(&parameters),
            touched: HashMap::new(),
            scores: HashMap::new(),
            decided: HashMap::new(),
            votes_since: 0,
            parameters,
            run,
        })
    }

    /// The label sets of a round by its newest run, and the votes since.
    ///
    /// # Errors
    /// SQLite refuses, or the run is damaged.
    pub fn newest(store: &Store, round: &str) -> Result<Live, StoreError> {
        Live::open(store, round, store.newest_run_of(round)?)
    }

    /// Takes in the votes that anybody has cast since the last look; the questions that they are on, and those that were
    /// decided.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn catch_up(&mut self, store: &Store) -> Result<Vec<QuestionId>, StoreError> {
        // Marks first: a vote that comes in between is looked at twice, and not missed.
        let marks = store.marks()?;
        if marks == self.marks {
            return Ok(Vec::new());
        }
        let (votes, mut questions) = store.voted_since(&self.marks, self.round)?;
        let raters = if questions.is_empty() {
            HashMap::new()
        } else {
            counted_raters(store)?
        };
        for &question in &questions {
            self.look_again(store, question, &raters)?;
        }
        self.votes_since += votes;
        let decided = decided(store, &self.scores)?;
        let is_new = |question: &&QuestionId| !self.decided.contains_key(question);
        questions.extend(decided.keys().filter(is_new));
        let is_taken_back = |question: &&QuestionId| !decided.contains_key(question);
        questions.extend(self.decided.keys().filter(is_taken_back));
        self.decided = decided;
        self.marks = marks;
        Ok(questions)
    }

    /// Brings the counted votes of a question to those that stand.
    fn look_again(
        &mut self,
        store: &Store,
        question: QuestionId,
        raters: &HashMap<RaterId, u32>,
    ) -> Result<(), StoreError> {
        let now: Vec<(u32, Answer)> = store
            .standing_votes(question, self.round)?
            .into_iter()
            .filter_map(|(rater, answer)| Some((*raters.get(&rater)?, answer)))
            .collect();
        if !self.touched.contains_key(&question) {
            let Some((asks, original)) = store.asked_by(question)? else {
                return Ok(());
            };
            let number = self.labels.add_question(key(asks), original);
            let touched = Touched {
                number,
                asks,
                is_labelled: original.is_some(),
                is_original: original == Some(asks.class),
                votes: Vec::new(),
            };
            self.touched.insert(question, touched);
        }
        let Some(touched) = self.touched.get_mut(&question) else {
            return Ok(());
        };
        let before = std::mem::replace(&mut touched.votes, now);
        let answer_of = |votes: &[(u32, Answer)], rater| {
            let found = votes.iter().find(|(other, _)| *other == rater);
            found.map(|(_, answer)| *answer)
        };
        let damaged = |error: crate::consensus::LiveError| StoreError::Damaged(error.to_string());
        let gone = before
            .iter()
            .filter(|(rater, _)| answer_of(&touched.votes, *rater).is_none());
        for &(rater, answer) in gone {
            self.labels
                .apply(touched.number, rater, Some(answer), None)
                .map_err(damaged)?;
        }
        for &(rater, answer) in &touched.votes {
            let old = answer_of(&before, rater);
            if old != Some(answer) {
                self.labels
                    .apply(touched.number, rater, old, Some(answer))
                    .map_err(damaged)?;
            }
        }
        match touched.score(question, &self.labels) {
            Some(score) => self.scores.insert(question, score),
            None => self.scores.remove(&question),
        };
        Ok(())
    }

    fn count_all(&mut self, store: &Store, round: &str) -> Result<(), StoreError> {
        self.marks = store.marks()?;
        let stored = store.evidence(round)?;
        let evidence: Evidence<'_> = stored.evidence();
        self.labels = LiveLabels::new(&evidence, &self.parameters);
        let keys = stored.votes.questions().iter();
        for (number, (&question, key)) in stored.questions.iter().zip(keys).enumerate() {
            let votes: Vec<(u32, Answer)> = stored.votes.votes_on(number).collect();
            let Some(&image) = stored.images.get(key.image as usize) else {
                continue;
            };
            let touched = Touched {
                number,
                asks: Question {
                    image,
                    class: key.class,
                },
                is_labelled: evidence.original_label(key.image).is_some(),
                is_original: evidence.original_label(key.image) == Some(key.class),
                votes,
            };
            if let Some(score) = touched.score(question, &self.labels) {
                self.votes_since += touched.votes.len();
                self.scores.insert(question, score);
                self.touched.insert(question, touched);
            }
        }
        self.decided = decided(store, &self.scores)?;
        Ok(())
    }

    /// The run that the label sets come from.
    pub fn run(&self) -> Option<&Run> {
        self.run.as_ref()
    }

    /// Votes cast, changed or taken back since the run.
    pub fn votes_since(&self) -> usize {
        self.votes_since
    }

    /// Questions that these votes are on.
    pub fn questions_since(&self) -> usize {
        self.touched.len()
    }

    /// What is said of a question; nothing of one without votes or a decision.
    pub fn score(&self, question: QuestionId) -> Option<&QuestionScore> {
        let decided = self.decided.get(&question);
        decided.or_else(|| self.scores.get(&question))
    }

    /// What is said of every question with votes or a decision, in no order.
    pub fn scores(&self) -> impl Iterator<Item = &QuestionScore> {
        let by_votes = self.scores.values();
        by_votes
            .filter(|score| !self.decided.contains_key(&score.question))
            .chain(self.decided.values())
    }

    /// How the label sets stand to the original labels.
    pub fn changes(&self) -> LabelSetChanges {
        changes(self.scores())
    }

    /// How many questions are disputed.
    pub fn n_disputed(&self) -> usize {
        self.scores().filter(|score| score.disputed).count()
    }

    /// How many questions adjudicators have decided.
    pub fn n_decided(&self) -> usize {
        self.decided.len()
    }

    /// What is believed of a question by the votes that were counted since the run, or ever ([`Live::counted`]); before any,
    /// by what it asks and the original label of its image.
    pub fn belief(
        &self,
        question: QuestionId,
        asks: Question,
        original: Option<ClassIndex>,
    ) -> Belief {
        let touched = self.touched.get(&question);
        touched
            .and_then(|touched| self.labels.belief(touched.number))
            .unwrap_or_else(|| self.labels.belief_before_votes(key(asks), original))
    }

    /// The numbers of those whose votes on a question were counted since the run, or ever, as [`Store::raters`] numbers them.
    pub fn voters(&self, question: QuestionId) -> impl Iterator<Item = u32> + '_ {
        let votes = self.touched.get(&question).map(|touched| &touched.votes);
        votes.into_iter().flatten().map(|(rater, _)| *rater)
    }

    /// What votes of the rater with this number are worth.
    pub fn vote_value(&self, rater: u32, most_ahead: usize) -> VoteValue {
        let channel = Channel::of_rater(&self.parameters, rater);
        VoteValue::new(&channel, self.labels.decides_at(), most_ahead)
    }

    /// Whether a question needs no further rater by the bound of `plan --stop`. Shares of votes settle nothing: a first vote
    /// would always do.
    pub fn is_settled(&self, question: QuestionId, bound: f64) -> bool {
        self.weighs_raters()
            && self
                .score(question)
                .is_some_and(|score| settled(score.score, bound))
    }

    /// Whether scores are probabilities that weigh the raters, and not plain shares of votes.
    pub fn weighs_raters(&self) -> bool {
        !matches!(self.parameters, Parameters::Majority { .. })
    }
}

/// How label sets stand to the original labels.
pub fn changes<'a>(scores: impl IntoIterator<Item = &'a QuestionScore>) -> LabelSetChanges {
    LabelSetChanges::count(scores.into_iter().map(|score| {
        // Keys of rows are small and positive.
        let image = usize::try_from(score.asks.image.0).unwrap_or(0);
        InSet {
            image,
            is_labelled: score.is_labelled,
            is_original: score.is_original,
            in_set: score.in_set,
        }
    }))
}

/// What the run's method found out.
///
/// # Errors
/// The run is damaged.
pub fn parameters_of(run: &Run) -> Result<Parameters, StoreError> {
    serde_json::from_str(&run.parameters)
        .map_err(|error| StoreError::Damaged(format!("run {}: {error}", run.id)))
}

/// What adjudicators decided of images that have votes: a decision alone makes no label set.
fn decided(
    store: &Store,
    scores: &HashMap<QuestionId, QuestionScore>,
) -> Result<HashMap<QuestionId, QuestionScore>, StoreError> {
    let mut decisions = store.decisions()?;
    let is_voted_on = |decision: &Decision| scores.contains_key(&decision.question);
    if !decisions.iter().all(is_voted_on) {
        let images: HashSet<ImageId> = scores.values().map(|score| score.asks.image).collect();
        decisions.retain(|decision| images.contains(&decision.asks.image));
    }
    let certain = |decision: Decision| QuestionScore {
        question: decision.question,
        asks: decision.asks,
        is_labelled: decision.is_labelled,
        is_original: decision.is_original,
        score: if decision.in_set { 1.0 } else { 0.0 },
        in_set: decision.in_set,
        disputed: false,
        decided: true,
    };
    let decided = decisions.into_iter().map(certain);
    Ok(decided.map(|score| (score.question, score)).collect())
}

/// Numbers of the raters whose votes count, as [`Store::evidence`] numbers them.
fn counted_raters(store: &Store) -> Result<HashMap<RaterId, u32>, StoreError> {
    let numbered = (0u32..).zip(store.raters()?);
    let counted = numbered.filter(|(_, rater)| rater.role == Role::Rater);
    Ok(counted.map(|(number, rater)| (rater.id, number)).collect())
}

/// The rule looks at the class alone.
fn key(asks: Question) -> QuestionKey {
    QuestionKey {
        image: 0,
        class: asks.class,
    }
}
