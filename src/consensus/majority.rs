use serde::{Deserialize, Serialize};

use super::{Consensus, ConsensusError, Note, Parameters, VoteTable, check_threshold};

/// How majority voting is done.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MajorityOptions {
    /// A question is in the label set when its share is above this; 0.5 is the plain majority.
    pub threshold: f64,
}

impl Default for MajorityOptions {
    fn default() -> Self {
        MajorityOptions { threshold: 0.5 }
    }
}

/// Scores each question by its share (yes + ½ maybe) / votes.
///
/// In the label set when the share is above the threshold; a tie is out, and a dispute. A
/// question without votes gets ½: out, and no dispute.
///
/// # Errors
/// The threshold lies outside 0..1.
pub fn majority(votes: &VoteTable, options: MajorityOptions) -> Result<Consensus, ConsensusError> {
    check_threshold(options.threshold)?;
    let n = votes.n_questions();
    let scores: Vec<f64> = (0..n)
        .map(|question| votes.counts(question).share().unwrap_or(0.5))
        .collect();
    let in_set = scores.iter().map(|&s| s > options.threshold).collect();
    let notes = Note::on_votes(votes, 0.5);
    let parameters = Parameters::Majority { options };
    Ok(Consensus::new(
        votes,
        scores,
        in_set,
        options.threshold,
        parameters,
        notes,
    ))
}
