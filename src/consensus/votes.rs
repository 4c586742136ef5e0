// Offsets and question numbers are checked when a table is built.
#![allow(clippy::indexing_slicing)]

use std::sync::Arc;

use crate::domain::{Answer, ClassIndex};

/// A question as the consensus sees it: an image by its dense number, and a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuestionKey {
    /// Number of the image, from 0; gaps cost a little memory and nothing else.
    pub image: u32,
    /// The class that may be in it.
    pub class: ClassIndex,
}

/// How often each answer was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct AnswerCounts {
    /// Votes that say no.
    pub no: u32,
    /// Votes that say maybe.
    pub maybe: u32,
    /// Votes that say yes.
    pub yes: u32,
}

impl AnswerCounts {
    /// How many votes there are.
    pub fn total(self) -> u32 {
        self.no + self.maybe + self.yes
    }

    /// How many votes give this answer.
    pub fn of(self, answer: Answer) -> u32 {
        match answer {
            Answer::No => self.no,
            Answer::Maybe => self.maybe,
            Answer::Yes => self.yes,
        }
    }

    /// Counts one vote more.
    pub fn add(&mut self, answer: Answer) {
        *self.slot(answer) += 1;
    }

    /// Counts one vote less; says whether there was one to take away.
    pub fn remove(&mut self, answer: Answer) -> bool {
        let slot = self.slot(answer);
        let there = *slot > 0;
        *slot = slot.saturating_sub(1);
        there
    }

    /// (yes + ½ maybe) / votes, in 0..=1; none without votes.
    pub fn share(self) -> Option<f64> {
        let total = u64::from(self.total());
        (total > 0)
            .then(|| (2 * u64::from(self.yes) + u64::from(self.maybe)) as f64 / (2 * total) as f64)
    }

    /// Whether the raters split: a tie (a share of exactly ½), or no and yes both with at least
    /// a third of the votes (1 against 2 of three, 2 against 3 of five).
    pub fn is_split(self) -> bool {
        let total = u64::from(self.total());
        let tie = self.yes == self.no;
        let fewer = u64::from(self.yes.min(self.no));
        total > 0 && (tie || fewer * 3 >= total)
    }

    fn slot(&mut self, answer: Answer) -> &mut u32 {
        match answer {
            Answer::No => &mut self.no,
            Answer::Maybe => &mut self.maybe,
            Answer::Yes => &mut self.yes,
        }
    }
}

/// Why votes do not make a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VotesError {
    /// A vote is on a question that is not in the list.
    #[error("vote on question {question}, but there are {n_questions} questions")]
    NoSuchQuestion {
        /// Dense number of the question.
        question: usize,
        /// How many questions there are.
        n_questions: usize,
    },
    /// A vote is by a rater beyond the stated number of raters.
    #[error("vote by rater {rater}, but there are {n_raters} raters")]
    NoSuchRater {
        /// Dense number of the rater.
        rater: u32,
        /// How many raters there are.
        n_raters: usize,
    },
    /// A rater has two standing votes on one question.
    #[error("rater {rater} voted twice on question {question}")]
    VotedTwice {
        /// Dense number of the question.
        question: usize,
        /// Dense number of the rater.
        rater: u32,
    },
    /// More questions, raters or votes than the dense numbers can hold.
    #[error("{count} {what} are more than the {limit} that one table holds")]
    TooMany {
        /// Questions, raters or votes.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many can be held.
        limit: usize,
    },
}

/// The raters' standing votes of one round, grouped by question: 4 bytes a vote.
///
/// Questions and raters are known by dense numbers from 0. Tables that are used together (the
/// main round, the gold round, the experts) are built over the same list of questions; the main
/// and the gold round also share the numbers of the raters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoteTable {
    questions: Arc<[QuestionKey]>,
    /// The entries of question q stand at `offsets[q]..offsets[q + 1]`.
    offsets: Vec<u32>,
    /// rater · 4 + answer code, ascending within a question.
    entries: Vec<u32>,
    n_raters: usize,
}

/// Largest number of raters of one table: the rater's number shares 32 bits with the answer.
const MAX_RATERS: usize = 1 << 30;

impl VoteTable {
    /// An empty table over these questions, to be filled in any order.
    pub fn builder(questions: impl Into<Arc<[QuestionKey]>>, n_raters: usize) -> VoteTableBuilder {
        VoteTableBuilder {
            questions: questions.into(),
            n_raters,
            votes: Vec::new(),
        }
    }

    /// The questions; a question's position is its dense number.
    pub fn questions(&self) -> &[QuestionKey] {
        &self.questions
    }

    /// The same list, to build another table over it without a copy.
    pub fn shared_questions(&self) -> Arc<[QuestionKey]> {
        Arc::clone(&self.questions)
    }

    /// Whether both tables are over the same list of questions.
    pub fn same_questions(&self, other: &VoteTable) -> bool {
        Arc::ptr_eq(&self.questions, &other.questions) || self.questions == other.questions
    }

    /// How many questions there are, with or without votes.
    pub fn n_questions(&self) -> usize {
        self.questions.len()
    }

    /// How many raters there are, with or without votes.
    pub fn n_raters(&self) -> usize {
        self.n_raters
    }

    /// How many votes there are.
    pub fn n_votes(&self) -> usize {
        self.entries.len()
    }

    /// One more than the largest image number; 0 without questions.
    pub fn n_images(&self) -> usize {
        let largest = self.questions.iter().map(|key| key.image).max();
        largest.map_or(0, |image| image as usize + 1)
    }

    /// The votes on a question as (rater, answer), by ascending rater; none if there is no such
    /// question.
    pub fn votes_on(&self, question: usize) -> impl ExactSizeIterator<Item = (u32, Answer)> + '_ {
        self.entries_of(question)
            .iter()
            .map(|&entry| (rater_of(entry), answer_of(entry)))
    }

    /// How often each answer was given to a question.
    pub fn counts(&self, question: usize) -> AnswerCounts {
        let mut counts = AnswerCounts::default();
        for &entry in self.entries_of(question) {
            counts.add(answer_of(entry));
        }
        counts
    }

    /// How often each rater gave each answer, by rater number.
    pub fn counts_by_rater(&self) -> Vec<AnswerCounts> {
        let mut counts = vec![AnswerCounts::default(); self.n_raters];
        for &entry in &self.entries {
            counts[rater_of(entry) as usize].add(answer_of(entry));
        }
        counts
    }

    /// What one rater says to a question.
    pub fn answer(&self, question: usize, rater: u32) -> Option<Answer> {
        let entries = self.entries_of(question);
        let at = entries.partition_point(|&entry| rater_of(entry) < rater);
        let entry = *entries.get(at)?;
        (rater_of(entry) == rater).then(|| answer_of(entry))
    }

    /// Packed votes of a question: rater · 4 + answer code.
    pub(crate) fn entries_of(&self, question: usize) -> &[u32] {
        match (self.offsets.get(question), self.offsets.get(question + 1)) {
            (Some(&from), Some(&to)) => &self.entries[from as usize..to as usize],
            _ => &[],
        }
    }
}

/// Collects votes in any order.
#[derive(Debug, Clone)]
pub struct VoteTableBuilder {
    questions: Arc<[QuestionKey]>,
    n_raters: usize,
    votes: Vec<(u32, u32)>,
}

impl VoteTableBuilder {
    /// Adds a rater's standing vote on a question, both by their dense numbers.
    ///
    /// # Errors
    /// There is no such question or rater.
    pub fn push(&mut self, question: usize, rater: u32, answer: Answer) -> Result<(), VotesError> {
        let n_questions = self.questions.len();
        let number = u32::try_from(question)
            .ok()
            .filter(|_| question < n_questions);
        let number = number.ok_or(VotesError::NoSuchQuestion {
            question,
            n_questions,
        })?;
        if rater as usize >= self.n_raters.min(MAX_RATERS) {
            return Err(VotesError::NoSuchRater {
                rater,
                n_raters: self.n_raters,
            });
        }
        self.votes.push((number, pack(rater, answer)));
        Ok(())
    }

    /// Groups the votes by question.
    ///
    /// # Errors
    /// A rater has two votes on one question, or there are too many questions, raters or votes.
    pub fn build(self) -> Result<VoteTable, VotesError> {
        let most = u32::MAX as usize - 1;
        for (what, count, limit) in [
            ("questions", self.questions.len(), most),
            ("raters", self.n_raters, MAX_RATERS),
            ("votes", self.votes.len(), most),
        ] {
            if count > limit {
                return Err(VotesError::TooMany { what, count, limit });
            }
        }
        let mut offsets = vec![0_u32; self.questions.len() + 1];
        for &(question, _) in &self.votes {
            offsets[question as usize + 1] += 1;
        }
        for at in 1..offsets.len() {
            offsets[at] += offsets[at - 1];
        }
        let mut next = offsets.clone();
        let mut entries = vec![0_u32; self.votes.len()];
        for &(question, entry) in &self.votes {
            let at = &mut next[question as usize];
            entries[*at as usize] = entry;
            *at += 1;
        }
        for (question, bounds) in offsets.windows(2).enumerate() {
            let votes = &mut entries[bounds[0] as usize..bounds[1] as usize];
            votes.sort_unstable();
            let twice = votes.windows(2).find(|w| rater_of(w[0]) == rater_of(w[1]));
            if let Some(pair) = twice {
                let rater = rater_of(pair[0]);
                return Err(VotesError::VotedTwice { question, rater });
            }
        }
        Ok(VoteTable {
            questions: self.questions,
            offsets,
            entries,
            n_raters: self.n_raters,
        })
    }
}

fn pack(rater: u32, answer: Answer) -> u32 {
    rater << 2 | u32::from(answer.code())
}

/// The rater of a packed vote.
pub(crate) fn rater_of(entry: u32) -> u32 {
    entry >> 2
}

/// The answer of a packed vote.
pub(crate) fn answer_of(entry: u32) -> Answer {
    match entry & 3 {
        0 => Answer::No,
        1 => Answer::Maybe,
        _ => Answer::Yes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(n: u32) -> Vec<QuestionKey> {
        (0..n)
            .map(|n| QuestionKey {
                image: n / 2,
                class: ClassIndex(n),
            })
            .collect()
    }

    #[test]
    fn votes_are_found_by_question_whatever_their_order() {
        let votes = [
            (2, 1, Answer::Yes),
            (0, 3, Answer::No),
            (2, 0, Answer::Maybe),
        ];
        let build = |order: &[usize]| {
            let mut builder = VoteTable::builder(keys(4), 5);
            for &at in order {
                let (question, rater, answer) = votes[at];
                builder.push(question, rater, answer).unwrap();
            }
            builder.build().unwrap()
        };
        let table = build(&[0, 1, 2]);
        assert_eq!(table, build(&[2, 0, 1]));
        assert_eq!(
            table.votes_on(2).collect::<Vec<_>>(),
            [(0, Answer::Maybe), (1, Answer::Yes)]
        );
        assert_eq!(table.votes_on(1).len(), 0);
        assert_eq!(table.votes_on(9).len(), 0);
        assert_eq!(table.answer(2, 1), Some(Answer::Yes));
        assert_eq!(table.answer(2, 3), None);
        assert_eq!(table.counts(2).share(), Some(0.75));
        assert_eq!((table.n_votes(), table.n_images()), (3, 2));
    }

    #[test]
    fn impossible_votes_are_refused() {
        let mut builder = VoteTable::builder(keys(2), 2);
        assert!(matches!(
            builder.push(2, 0, Answer::No),
            Err(VotesError::NoSuchQuestion { question: 2, .. })
        ));
        assert!(matches!(
            builder.push(0, 2, Answer::No),
            Err(VotesError::NoSuchRater { rater: 2, .. })
        ));
        builder.push(1, 0, Answer::No).unwrap();
        builder.push(1, 0, Answer::Yes).unwrap();
        let twice = builder.build().unwrap_err();
        assert_eq!(twice.to_string(), "rater 0 voted twice on question 1");
    }

    #[test]
    fn raters_split_on_a_tie_or_where_a_third_says_otherwise() {
        let split = |no, maybe, yes| AnswerCounts { no, maybe, yes }.is_split();
        assert!(split(1, 0, 1) && split(2, 0, 3) && split(3, 0, 2) && split(2, 1, 2));
        assert!(split(0, 5, 0) && split(1, 3, 1));
        assert!(
            split(2, 0, 1)
                && !split(0, 0, 0)
                && !split(4, 0, 1)
                && !split(3, 0, 1)
                && !split(1, 1, 3)
        );
    }
}
