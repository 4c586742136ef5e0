use std::fmt;
use std::str::FromStr;

/// What a rater's votes are used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Votes count towards the consensus.
    Rater,
    /// Votes make gold: the truth that calibrates the raters.
    Expert,
    /// Sees everybody's votes; answers decide, in place of the score.
    Adjudicator,
    /// Spot-checks given labels; answers count towards no label set.
    Auditor,
}

impl Role {
    /// The word used in files and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Role::Rater => "rater",
            Role::Expert => "expert",
            Role::Adjudicator => "adjudicator",
            Role::Auditor => "auditor",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A text that is no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown role {0:?}: expected rater, expert, adjudicator or auditor")]
pub struct ParseRoleError(pub String);

impl FromStr for Role {
    type Err = ParseRoleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "rater" => Ok(Role::Rater),
            "expert" => Ok(Role::Expert),
            "adjudicator" => Ok(Role::Adjudicator),
            "auditor" => Ok(Role::Auditor),
            _ => Err(ParseRoleError(text.to_owned())),
        }
    }
}
