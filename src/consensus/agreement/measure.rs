// Cells of the fixed 3 × 3 layout.
#![allow(clippy::indexing_slicing)]

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::tally::{Tally, tally_by_image};
use crate::consensus::VoteTable;
use crate::consensus::interval::{Bootstrap, Interval};

/// A coefficient of agreement between all raters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Share of the pairs of votes on one question that are alike.
    Raw,
    /// Share of alike pairs if answers were drawn from the shares of all votes.
    Chance,
    /// Fleiss' kappa (Fleiss 1971), every question with the same weight.
    Fleiss,
    /// Fleiss' kappa of yes against the rest.
    FleissYes,
    /// Fleiss' kappa of no against the rest.
    FleissNo,
    /// Krippendorff's alpha (Krippendorff 2011), all disagreements alike.
    AlphaNominal,
    /// Krippendorff's alpha, no < maybe < yes by ranks.
    AlphaOrdinal,
    /// Krippendorff's alpha, no 0, maybe 1, yes 2.
    AlphaInterval,
    /// Krippendorff's nominal alpha with maybe taken as a missing vote.
    AlphaWithoutMaybe,
    /// Krippendorff's nominal alpha of yes against the rest.
    AlphaYes,
}

impl Measure {
    /// All measures.
    pub const ALL: [Measure; 10] = [
        Measure::Raw,
        Measure::Chance,
        Measure::Fleiss,
        Measure::FleissYes,
        Measure::FleissNo,
        Measure::AlphaNominal,
        Measure::AlphaOrdinal,
        Measure::AlphaInterval,
        Measure::AlphaWithoutMaybe,
        Measure::AlphaYes,
    ];

    /// What to call it in a table.
    pub fn name(self) -> &'static str {
        match self {
            Measure::Raw => "raw agreement",
            Measure::Chance => "chance agreement",
            Measure::Fleiss => "Fleiss' kappa",
            Measure::FleissYes => "Fleiss' kappa, yes against the rest",
            Measure::FleissNo => "Fleiss' kappa, no against the rest",
            Measure::AlphaNominal => "Krippendorff's alpha, nominal",
            Measure::AlphaOrdinal => "Krippendorff's alpha, ordinal",
            Measure::AlphaInterval => "Krippendorff's alpha, interval",
            Measure::AlphaWithoutMaybe => "Krippendorff's alpha, maybe as missing",
            Measure::AlphaYes => "Krippendorff's alpha, yes against the rest",
        }
    }

    /// The coefficient of a tally. None where it is undefined: no pairs, or no variation that
    /// agreement could be measured against.
    pub fn of(self, tally: &Tally) -> Option<f64> {
        let alike = |cells: &[f64; 6]| cells[0] + cells[3] + cells[5];
        let ordered = |cells: &[f64; 6]| alike(cells) + 2.0 * (cells[1] + cells[2] + cells[4]);
        let n = tally.votes;
        match self {
            Measure::Raw => divide(alike(&tally.pairs), ordered(&tally.pairs)),
            Measure::Chance => chance(&n),
            Measure::Fleiss => kappa(divide(alike(&tally.shares), tally.questions)?, chance(&n)?),
            Measure::FleissYes => {
                let unlike = 2.0 * (tally.shares[2] + tally.shares[4]);
                let observed = divide(tally.questions - unlike, tally.questions)?;
                kappa(observed, chance(&[n[0] + n[1], n[2]])?)
            }
            Measure::FleissNo => {
                let unlike = 2.0 * (tally.shares[1] + tally.shares[2]);
                let observed = divide(tally.questions - unlike, tally.questions)?;
                kappa(observed, chance(&[n[0], n[1] + n[2]])?)
            }
            Measure::AlphaNominal => alpha(&tally.coincidences, [1.0; 3], &n),
            Measure::AlphaOrdinal => alpha(&tally.coincidences, ordinal(&n), &n),
            Measure::AlphaInterval => alpha(&tally.coincidences, [1.0, 4.0, 1.0], &n),
            Measure::AlphaWithoutMaybe => {
                let [no_no, no_yes, yes_yes] = tally.without_maybe;
                let n = [no_no + no_yes, 0.0, no_yes + yes_yes];
                alpha(&[no_no, 0.0, no_yes, 0.0, 0.0, yes_yes], [1.0; 3], &n)
            }
            Measure::AlphaYes => alpha(&tally.coincidences, [0.0, 1.0, 1.0], &n),
        }
    }
}

/// Krippendorff's alpha, 1 - observed / expected disagreement. `distances` are the squared
/// distances no-maybe, no-yes, maybe-yes; `n` the votes by answer.
fn alpha(coincidences: &[f64; 6], distances: [f64; 3], n: &[f64; 3]) -> Option<f64> {
    let [no_maybe, no_yes, maybe_yes] = distances;
    let observed =
        no_maybe * coincidences[1] + no_yes * coincidences[2] + maybe_yes * coincidences[4];
    let expected = no_maybe * n[0] * n[1] + no_yes * n[0] * n[2] + maybe_yes * n[1] * n[2];
    let total = n[0] + n[1] + n[2];
    Some(1.0 - (total - 1.0) * divide(observed, expected)?)
}

/// Squared ordinal distances: (the votes from one answer to the other, the two ends by half)².
fn ordinal(n: &[f64; 3]) -> [f64; 3] {
    [
        (n[0] + n[1]) / 2.0,
        n[1] + (n[0] + n[2]) / 2.0,
        (n[1] + n[2]) / 2.0,
    ]
    .map(|distance| distance * distance)
}

/// Σ share², the chance that two votes are alike.
fn chance(n: &[f64]) -> Option<f64> {
    let total: f64 = n.iter().sum();
    let shares = n.iter().map(|n| divide(*n, total));
    shares.map(|share| Some(share? * share?)).sum()
}

/// (observed - chance) / (1 - chance).
pub(crate) fn kappa(observed: f64, chance: f64) -> Option<f64> {
    divide(observed - chance, 1.0 - chance)
}

pub(crate) fn divide(above: f64, below: f64) -> Option<f64> {
    (below > 0.0).then(|| above / below)
}

/// A coefficient with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Which coefficient.
    pub measure: Measure,
    /// Its value; none where it is undefined.
    pub value: Option<f64>,
    /// Its bootstrap interval over images; none where it was not asked for or is undefined.
    pub interval: Option<Interval>,
}

/// All measures over these questions, with bootstrap intervals over images if asked for.
///
/// Images, not questions, are drawn anew: the questions of an image depend on each other.
pub fn figures(
    votes: &VoteTable,
    questions: impl IntoIterator<Item = usize>,
    bootstrap: Option<&Bootstrap>,
) -> Vec<Figure> {
    figures_of(&tally_by_image(votes, questions), bootstrap)
}

/// All measures for each group of questions: `groups` says for each question to which of the
/// `n_groups` groups (classes, headings) it belongs, if to any. `done` hears of how many more questions the figures are there.
pub fn figures_by_group(
    votes: &VoteTable,
    groups: &[Option<u32>],
    n_groups: usize,
    bootstrap: Option<&Bootstrap>,
    done: impl Fn(usize) + Sync,
) -> Vec<Vec<Figure>> {
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); n_groups];
    for (question, group) in groups.iter().enumerate() {
        if let Some(members) = group.and_then(|group| members.get_mut(group as usize)) {
            members.push(question);
        }
    }
    members
        .into_par_iter()
        .map(|questions| {
            let n_questions = questions.len();
            let figures = figures(votes, questions, bootstrap);
            done(n_questions);
            figures
        })
        .collect()
}

fn figures_of(images: &[Tally], bootstrap: Option<&Bootstrap>) -> Vec<Figure> {
    let mut whole = Tally::default();
    for image in images {
        whole.add(image, 1.0);
    }
    let replicates = bootstrap.map_or_else(Vec::new, |bootstrap| {
        bootstrap.replicate(images.len(), |weights| {
            let mut drawn = Tally::default();
            for (image, &weight) in images.iter().zip(weights) {
                drawn.add(image, f64::from(weight));
            }
            Measure::ALL.map(|measure| measure.of(&drawn))
        })
    });
    let interval = |at: usize| bootstrap?.interval(replicates.iter().map(|row| row[at]));
    (Measure::ALL.iter().enumerate())
        .map(|(at, &measure)| Figure {
            measure,
            value: measure.of(&whole),
            interval: interval(at),
        })
        .collect()
}
