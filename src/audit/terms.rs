use std::fmt;
use std::str::FromStr;

use super::ratio::Prior;
use crate::domain::Answer;

/// What an answer "maybe" counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maybe {
    /// As a wrong label: a label is right where the auditor is sure of it.
    Wrong,
    /// As a right label: a label is wrong where the auditor is sure of it.
    Right,
    /// As half a wrong label.
    Half,
}

impl Maybe {
    /// The word used in files and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Maybe::Wrong => "wrong",
            Maybe::Right => "right",
            Maybe::Half => "half",
        }
    }

    /// How much of a wrong label an answer to "is this label right?" is, in 0..=1.
    pub fn wrong(self, answer: Answer) -> f64 {
        match (answer, self) {
            (Answer::Yes, _) | (Answer::Maybe, Maybe::Right) => 0.0,
            (Answer::No, _) | (Answer::Maybe, Maybe::Wrong) => 1.0,
            (Answer::Maybe, Maybe::Half) => 0.5,
        }
    }

    /// Into how many parts a label can fall: a total of wrong labels is a whole number of such parts.
    pub(super) fn parts(self) -> usize {
        match self {
            Maybe::Half => 2,
            Maybe::Wrong | Maybe::Right => 1,
        }
    }
}

impl fmt::Display for Maybe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A text that says nothing of maybe.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {0:?}: a maybe counts as wrong, right or half")]
pub struct ParseMaybeError(pub String);

impl FromStr for Maybe {
    type Err = ParseMaybeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "wrong" => Ok(Maybe::Wrong),
            "right" => Ok(Maybe::Right),
            "half" => Ok(Maybe::Half),
            _ => Err(ParseMaybeError(text.to_owned())),
        }
    }
}

/// The question put: is the error rate below the tolerance? To be fixed before the first label is looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms {
    tolerance: f64,
    confidence: f64,
    maybe: Maybe,
}

/// Why a question cannot be put.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum TermsError {
    /// The tolerance is no error rate.
    #[error("a tolerance of {0} cannot be asked about: it lies above 0 and below 1")]
    Tolerance(f64),
    /// The confidence is none.
    #[error("a confidence of {0} cannot be had: it lies from 0.5 to 0.9999")]
    Confidence(f64),
}

impl Terms {
    /// The question whether the error rate is below `tolerance` (in 0..1), answered wrongly with a probability of at
    /// most 1 - `confidence` (in 0.5..=0.9999).
    ///
    /// # Errors
    /// A number is out of its range.
    pub fn new(tolerance: f64, confidence: f64, maybe: Maybe) -> Result<Terms, TermsError> {
        if !(tolerance > 0.0 && tolerance < 1.0) {
            return Err(TermsError::Tolerance(tolerance));
        }
        if !(0.5..=0.9999).contains(&confidence) {
            return Err(TermsError::Confidence(confidence));
        }
        Ok(Terms {
            tolerance,
            confidence,
            maybe,
        })
    }

    /// The error rate from which on the labels are not good enough.
    pub fn tolerance(&self) -> f64 {
        self.tolerance
    }

    /// How sure an answer has to be.
    pub fn confidence(&self) -> f64 {
        self.confidence
    }

    /// What a maybe counts as.
    pub fn maybe(&self) -> Maybe {
        self.maybe
    }

    /// α: how probable an interval that misses the truth may be.
    pub fn alpha(&self) -> f64 {
        1.0 - self.confidence
    }

    /// D₀, the least number of wrong labels among `n` that is not tolerated.
    pub fn least_unacceptable(&self, n: usize) -> f64 {
        let parts = self.maybe.parts() as f64;
        let bound = self.tolerance * n as f64 * parts;
        // 0.05 × 1000 is 50, whatever floating point says.
        (bound - bound.abs() * 1e-12).ceil() / parts
    }

    /// What is thought of the error rate before the first answer: with a mean of the tolerance, where it decides soonest.
    pub(super) fn prior(&self) -> Prior {
        Prior {
            a: 1.0,
            b: (1.0 - self.tolerance) / self.tolerance,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_unacceptable_total_is_the_first_at_the_tolerance() {
        let d0 = |tolerance, maybe, n| {
            let terms = Terms::new(tolerance, 0.95, maybe).unwrap();
            terms.least_unacceptable(n)
        };
        assert_eq!(d0(0.05, Maybe::Wrong, 1000), 50.0);
        assert_eq!(d0(0.05, Maybe::Wrong, 1001), 51.0);
        assert_eq!(d0(0.05, Maybe::Half, 1001), 50.5);
        assert_eq!(d0(0.02, Maybe::Right, 5000), 100.0);
        assert_eq!(d0(0.01, Maybe::Wrong, 184_962), 1850.0);
    }

    #[test]
    fn questions_that_cannot_be_put_are_refused() {
        for (tolerance, confidence) in [(0.0, 0.9), (1.0, 0.9), (0.1, 0.4), (0.1, 1.0)] {
            assert!(Terms::new(tolerance, confidence, Maybe::Half).is_err());
        }
        assert!(Terms::new(f64::NAN, 0.9, Maybe::Half).is_err());
    }
}
