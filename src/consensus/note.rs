use std::fmt;

use super::VoteTable;
use crate::domain::Answer;

/// Something a reader of the result should know.
#[derive(Debug, Clone, PartialEq)]
pub enum Note {
    /// Some questions have no vote; they got this score (or, by their original label, a near one).
    Unanswered {
        /// How many.
        questions: usize,
        /// Their score.
        score: f64,
    },
    /// There is no vote at all.
    NoVotes,
    /// Only one rater voted: there is nothing to compare with.
    OneRater {
        /// Dense number of the rater.
        rater: u32,
    },
    /// A rater with votes never gave this answer, so that what it would mean is a guess.
    NeverSaid {
        /// Dense number of the rater.
        rater: u32,
        /// How many votes the rater has.
        votes: usize,
        /// The answer that never came.
        answer: Answer,
    },
    /// Nobody ever gave this answer.
    NobodySaid {
        /// The answer that never came.
        answer: Answer,
    },
    /// These raters have votes that count but no gold votes: they are taken for the mean rater.
    NoGoldVotes {
        /// Dense numbers of the raters.
        raters: Vec<u32>,
    },
    /// All gold questions have the same truth, so that the prior had to be smoothed.
    OneSidedGold {
        /// How many gold questions there are.
        questions: usize,
        /// Their common truth: is the class in the image?
        truth: bool,
    },
    /// The iteration was stopped before it settled.
    NotConverged {
        /// Rounds done.
        rounds: usize,
        /// Largest change of a probability in the last round.
        change: f64,
    },
}

impl Note {
    /// What is to be said of the votes whatever the method: none, one rater alone, questions
    /// without votes (which get this score).
    pub(crate) fn on_votes(votes: &VoteTable, unanswered_score: f64) -> Vec<Note> {
        let mut notes = Vec::new();
        let by_rater = votes.counts_by_rater();
        let mut voters = (0_u32..)
            .zip(&by_rater)
            .filter(|(_, counts)| counts.total() > 0)
            .map(|(rater, _)| rater);
        match (voters.next(), voters.next()) {
            (None, _) => notes.push(Note::NoVotes),
            (Some(rater), None) => notes.push(Note::OneRater { rater }),
            _ => {}
        }
        let questions = 0..votes.n_questions();
        let unanswered = questions.filter(|&q| votes.votes_on(q).len() == 0).count();
        if unanswered > 0 {
            notes.push(Note::Unanswered {
                questions: unanswered,
                score: unanswered_score,
            });
        }
        notes
    }

    /// The note in words, with the names that the caller has for the raters' numbers.
    pub fn describe(&self, rater_name: impl Fn(u32) -> String) -> String {
        match self {
            Note::Unanswered { questions, score } => {
                let have = if *questions == 1 {
                    "question has"
                } else {
                    "questions have"
                };
                format!("{questions} {have} no vote yet (score {score:.3})")
            }
            Note::NoVotes => "there are no votes".to_owned(),
            Note::OneRater { rater } => format!(
                "only {} voted: how reliable the votes are cannot be told",
                rater_name(*rater)
            ),
            Note::NeverSaid {
                rater,
                votes,
                answer,
            } => format!(
                "{} never said {answer} in {votes} votes",
                rater_name(*rater)
            ),
            Note::NobodySaid { answer } => format!("nobody said {answer}"),
            Note::NoGoldVotes { raters } => {
                let names: Vec<String> = raters.iter().map(|&r| rater_name(r)).collect();
                let names = names.join(", ");
                format!("without gold votes, so taken for the mean rater: {names}")
            }
            Note::OneSidedGold { questions, truth } => {
                let answer = if *truth { "yes" } else { "no" };
                format!("the truth of all {questions} gold questions is {answer}")
            }
            Note::NotConverged { rounds, change } => format!(
                "stopped after {rounds} rounds without converging (last change {change:.1e})"
            ),
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe(|rater| format!("rater {rater}")))
    }
}
