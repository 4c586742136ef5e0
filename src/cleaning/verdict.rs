//! Kept or dropped, and why.

use serde::Serialize;

use super::standing::Standing;
use crate::proposals::two_part::Proposed;

/// What bears a label out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// It is among what the model proposes for the image (arXiv 2006.07159, sections 3.1 and 6).
    TwoPart,
    /// It is the model's first choice.
    FirstChoice,
    /// Its probability is at least this.
    Threshold(f64),
}

/// Why a label is kept or dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Kept: the model's first choice.
    FirstChoice,
    /// Kept: among what the model proposes.
    Proposed,
    /// Kept: likely enough.
    Likely,
    /// Dropped: not among what the model proposes.
    NotProposed,
    /// Dropped: not the model's first choice.
    NotFirstChoice,
    /// Dropped: not likely enough.
    Unlikely,
    /// Kept: in the label set that people's votes gave.
    InLabelSet,
    /// Dropped: not in the label set that people's votes gave.
    NotInLabelSet,
}

impl Reason {
    /// The word for it in files and tables.
    pub fn word(self) -> &'static str {
        match self {
            Reason::FirstChoice => "first-choice",
            Reason::Proposed => "proposed",
            Reason::Likely => "likely",
            Reason::NotProposed => "not-proposed",
            Reason::NotFirstChoice => "not-first-choice",
            Reason::Unlikely => "unlikely",
            Reason::InLabelSet => "in-label-set",
            Reason::NotInLabelSet => "not-in-label-set",
        }
    }

    /// Whether the image is kept.
    pub fn keeps(self) -> bool {
        match self {
            Reason::FirstChoice | Reason::Proposed | Reason::Likely | Reason::InLabelSet => true,
            Reason::NotProposed
            | Reason::NotFirstChoice
            | Reason::Unlikely
            | Reason::NotInLabelSet => false,
        }
    }
}

/// What the rule says of each label. `proposed` is what the two-part rule gives, by row and class; other rules do not look at it.
pub fn verdicts(rule: Rule, standings: &[Standing], proposed: &[Proposed]) -> Vec<Reason> {
    let is_proposed = |standing: &Standing| {
        let key = (standing.row, standing.label);
        let found = proposed.binary_search_by_key(&key, |one| (one.row, one.class));
        found.is_ok()
    };
    let verdict = |standing: &Standing| match rule {
        Rule::Threshold(least) if standing.probability >= least => Reason::Likely,
        Rule::Threshold(_) => Reason::Unlikely,
        _ if standing.rank == 1 => Reason::FirstChoice,
        Rule::FirstChoice => Reason::NotFirstChoice,
        Rule::TwoPart if is_proposed(standing) => Reason::Proposed,
        Rule::TwoPart => Reason::NotProposed,
    };
    standings.iter().map(verdict).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_asks_its_own_question() {
        let standing = |row, rank, probability| Standing {
            row,
            label: 4,
            rank,
            probability,
            first_choice: 1,
            first_probability: 0.6,
        };
        let standings = [
            standing(0, 1, 0.9),
            standing(1, 2, 0.3),
            standing(2, 2, 0.1),
        ];
        let proposed = [(0, 4), (1, 1), (1, 4), (2, 1)].map(|(row, class)| Proposed {
            row,
            class,
            score: 0.0,
        });
        let said = |rule| verdicts(rule, &standings, &proposed);
        assert_eq!(
            said(Rule::TwoPart),
            [Reason::FirstChoice, Reason::Proposed, Reason::NotProposed]
        );
        assert_eq!(
            said(Rule::FirstChoice),
            [
                Reason::FirstChoice,
                Reason::NotFirstChoice,
                Reason::NotFirstChoice
            ]
        );
        assert_eq!(
            said(Rule::Threshold(0.3)),
            [Reason::Likely, Reason::Likely, Reason::Unlikely]
        );
    }
}
