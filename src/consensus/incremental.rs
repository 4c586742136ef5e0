use super::rule::{ScoreRule, Standing};
use super::value::Belief;
use super::{AnswerCounts, Evidence, Parameters, QuestionKey};
use crate::domain::{Answer, ClassIndex};

/// Scores and label sets that follow the votes while people give them.
///
/// The raters' reliabilities stay as a method found them; one vote changes its own question and
/// nothing else. For majority and calibrated by gold the scores equal, bit for bit, those of a
/// full count with the same reliabilities; for Dawid–Skene those of one more E step.
#[derive(Debug, Clone)]
pub struct LiveLabels {
    rule: ScoreRule,
    standings: Vec<Standing>,
}

/// Why a change of a vote is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LiveError {
    /// There is no such question.
    #[error("vote on question {0}, which is not counted")]
    NoSuchQuestion(usize),
    /// The vote to be replaced is not there.
    #[error("no {answer} on question {question} to take back")]
    NoSuchVote {
        /// Dense number of the question.
        question: usize,
        /// The answer that was to be taken back.
        answer: Answer,
    },
}

impl LiveLabels {
    /// Counts the votes that there are, by the reliabilities that a method found.
    pub fn new(evidence: &Evidence<'_>, parameters: &Parameters) -> LiveLabels {
        let rule = ScoreRule::new(parameters);
        let questions = 0..evidence.votes.n_questions();
        let standings = questions.map(|q| rule.standing(evidence, q)).collect();
        LiveLabels { rule, standings }
    }

    /// Counts nothing yet; questions come in one by one.
    pub fn empty(parameters: &Parameters) -> LiveLabels {
        LiveLabels {
            rule: ScoreRule::new(parameters),
            standings: Vec::new(),
        }
    }

    /// Takes in a question that came up later; gives its number.
    pub fn add_question(&mut self, key: QuestionKey, original: Option<ClassIndex>) -> usize {
        self.standings.push(self.rule.start(key, original));
        self.standings.len() - 1
    }

    /// Replaces a rater's standing vote on a question: a first vote has no old answer, one that
    /// is taken back no new one. Gives the question's new score.
    ///
    /// # Errors
    /// There is no such question, or no such old answer; nothing has changed then.
    pub fn apply(
        &mut self,
        question: usize,
        rater: u32,
        old: Option<Answer>,
        new: Option<Answer>,
    ) -> Result<f64, LiveError> {
        let standing = self.standings.get_mut(question);
        let standing = standing.ok_or(LiveError::NoSuchQuestion(question))?;
        if let Some(answer) = old
            && !self.rule.remove(standing, rater, answer)
        {
            return Err(LiveError::NoSuchVote { question, answer });
        }
        if let Some(answer) = new {
            self.rule.add(standing, rater, answer);
        }
        Ok(self.rule.score(standing))
    }

    /// How many questions are counted.
    pub fn n_questions(&self) -> usize {
        self.standings.len()
    }

    /// A question's score, in 0..=1.
    pub fn score(&self, question: usize) -> Option<f64> {
        Some(self.rule.score(self.standings.get(question)?))
    }

    /// The probability of each truth of a question.
    pub fn belief(&self, question: usize) -> Option<Belief> {
        Some(self.rule.belief(self.standings.get(question)?))
    }

    /// The probability of each truth of a question that nobody has voted on.
    pub fn belief_before_votes(&self, key: QuestionKey, original: Option<ClassIndex>) -> Belief {
        self.rule.belief(&self.rule.start(key, original))
    }

    /// The probability of yes from which on the class is in the label set.
    pub fn decides_at(&self) -> f64 {
        self.rule.decides_at()
    }

    /// Whether a question's class is in the label set.
    pub fn in_set(&self, question: usize) -> Option<bool> {
        Some(self.rule.in_set(self.standings.get(question)?))
    }

    /// Whether a question is a dispute.
    pub fn is_disputed(&self, question: usize) -> Option<bool> {
        Some(self.rule.is_disputed(self.standings.get(question)?))
    }

    /// A question's votes by answer.
    pub fn counts(&self, question: usize) -> Option<AnswerCounts> {
        Some(self.standings.get(question)?.counts)
    }
}
