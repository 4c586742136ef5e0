use std::fmt;
use std::str::FromStr;

/// What a rater says to "is this class in this image?".
///
/// The order no < maybe < yes is the ordinal scale that agreement and consensus use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// The class is not in the image.
    No,
    /// The rater cannot tell.
    Maybe,
    /// The class is in the image.
    Yes,
}

impl Answer {
    /// All answers in their order.
    pub const ALL: [Answer; 3] = [Answer::No, Answer::Maybe, Answer::Yes];

    /// Position in the order no, maybe, yes: 0, 1 or 2. The same number stands in the project file.
    pub fn code(self) -> u8 {
        match self {
            Answer::No => 0,
            Answer::Maybe => 1,
            Answer::Yes => 2,
        }
    }

    /// The answer with this code, if there is one.
    pub fn from_code(code: u8) -> Option<Answer> {
        match code {
            0 => Some(Answer::No),
            1 => Some(Answer::Maybe),
            2 => Some(Answer::Yes),
            _ => None,
        }
    }

    /// The word used in files and on the screen.
    pub fn word(self) -> &'static str {
        match self {
            Answer::No => "no",
            Answer::Maybe => "maybe",
            Answer::Yes => "yes",
        }
    }

    /// The key and mark of the answer on the review screen.
    pub fn letter(self) -> char {
        match self {
            Answer::No => 'n',
            Answer::Maybe => 'm',
            Answer::Yes => 'y',
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A text that is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown answer {0:?}: expected no, maybe or yes (n, m, y; 0, 1, 2)")]
pub struct ParseAnswerError(pub String);

impl FromStr for Answer {
    type Err = ParseAnswerError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim().to_ascii_lowercase().as_str() {
            "no" | "n" | "0" => Ok(Answer::No),
            "maybe" | "m" | "1" => Ok(Answer::Maybe),
            "yes" | "y" | "2" => Ok(Answer::Yes),
            _ => Err(ParseAnswerError(text.to_owned())),
        }
    }
}
