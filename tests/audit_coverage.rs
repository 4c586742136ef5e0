//! An audit's intervals by simulation: looked at after every answer until the last label, they hold the truth at least as
//! often as they say; and what they cost beside the hedged capital of Waudby-Smith and Ramdas.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use relabel::audit::{
    Answered, Design, Evidence, Maybe, Side, Terms, Verdict, draw, exact::clopper_pearson,
};
use relabel::domain::Answer;

/// What an auditor would say of each label of each stratum.
type Truth = Vec<Vec<Answer>>;

/// Strata of some sizes, with so many wrong labels and so many that nobody can tell.
fn truth(strata: &[(usize, usize, usize)]) -> Truth {
    let stratum = |&(labels, wrong, maybe): &(usize, usize, usize)| {
        let answer = |label| match label {
            label if label < wrong => Answer::No,
            label if label < wrong + maybe => Answer::Maybe,
            _ => Answer::Yes,
        };
        (0..labels).map(answer).collect()
    };
    strata.iter().map(stratum).collect()
}

/// A draw of the first `size` labels, with the answers to all of them.
fn audit(truth: &Truth, size: usize, terms: Terms, seed: u64) -> (Design, Vec<Option<Answer>>) {
    let sizes: Vec<usize> = truth.iter().map(Vec::len).collect();
    let places = draw(&sizes, size, seed);
    let design = Design {
        sizes,
        drawn: places.iter().map(|p| (p.stratum, p.block)).collect(),
        terms,
    };
    let answers = places.iter().map(|p| Some(truth[p.stratum][p.label]));
    (design, answers.collect())
}

fn total(truth: &Truth, maybe: Maybe) -> f64 {
    truth
        .iter()
        .flatten()
        .map(|answer| maybe.wrong(*answer))
        .sum()
}

/// In how many of the runs a look excluded the true total: the first that did, of all looks until nothing is left.
fn misses(truth: &Truth, maybe: Maybe, confidence: f64, runs: u64) -> usize {
    let terms = Terms::new(0.05, confidence, maybe).unwrap();
    let all = truth.iter().map(Vec::len).sum();
    let missed = |seed: &u64| {
        let (design, answers) = audit(truth, all, terms, *seed);
        let evidence = evidence(&design, &answers);
        let excluded = |side| evidence.against(side, total(truth, maybe)).excluded_after;
        excluded(Side::TooFew).or(excluded(Side::TooMany)).is_some()
    };
    (0..runs)
        .collect::<Vec<_>>()
        .par_iter()
        .filter(|seed| missed(seed))
        .count()
}

fn evidence(design: &Design, answers: &[Option<Answer>]) -> Evidence {
    let answered = (design.drawn.iter().zip(answers)).map(|(&(stratum, block), answer)| Answered {
        stratum,
        block,
        wrong: design.terms.maybe().wrong(answer.unwrap()),
    });
    let answered: Vec<Answered> = answered.collect();
    Evidence::new(&design.sizes, &answered, answered.len(), &design.terms)
}

const RUNS: u64 = 1000;

/// The most misses that chance lets a sequence have which misses with a probability of α: 3.5 standard deviations more than its share.
fn most(alpha: f64) -> usize {
    let runs = RUNS as f64;
    (runs * alpha + 3.5 * (runs * alpha * (1.0 - alpha)).sqrt()) as usize
}

#[test]
fn uniform_audits_hold_the_truth_however_often_one_looks() {
    for (labels, wrong, maybe) in [
        (400, 20, 0),
        (400, 0, 3),
        (400, 40, 30),
        (150, 75, 20),
        (900, 2, 0),
    ] {
        let truth = truth(&[(labels, wrong, maybe)]);
        for rule in [Maybe::Half, Maybe::Wrong, Maybe::Right] {
            let missed = misses(&truth, rule, 0.9, RUNS);
            assert!(
                missed <= most(0.1),
                "{labels} {wrong} {maybe} {rule}: {missed}"
            );
        }
    }
}

#[test]
fn stratified_audits_hold_the_truth_however_often_one_looks() {
    let strata: &[&[(usize, usize, usize)]] = &[
        // Much the same everywhere; very different; small strata beside large ones; all in one; every stratum pure.
        &[(80, 4, 1); 5],
        &[(80, 40, 0), (80, 8, 4), (80, 2, 0), (80, 1, 1), (80, 0, 0)],
        &[(300, 6, 3), (60, 20, 0), (9, 9, 0), (1, 0, 1), (130, 2, 0)],
        &[(200, 0, 0), (200, 20, 0)],
        &[(40, 40, 0), (40, 0, 0), (40, 0, 40), (40, 0, 0)],
    ];
    for strata in strata {
        let truth = truth(strata);
        for rule in [Maybe::Half, Maybe::Wrong] {
            let missed = misses(&truth, rule, 0.9, RUNS);
            assert!(missed <= most(0.1), "{strata:?} {rule}: {missed}");
        }
    }
}

/// The same looks with an interval that is made for one look: it misses far more often than it says. (Of 99 looks at 20 to 1,000 of
/// 5,000 labels, 100 of them wrong, 18.7 % of 4,000 runs missed, by a program of its own in numpy.)
#[test]
fn an_interval_for_one_look_does_not_hold_under_peeking() {
    let truth = truth(&[(5000, 100, 0)]);
    let rate = 100.0 / 5000.0;
    let terms = Terms::new(0.05, 0.95, Maybe::Wrong).unwrap();
    let count = |missed: &(dyn Fn(u64) -> bool + Sync)| {
        (0..400u64)
            .into_par_iter()
            .filter(|seed| missed(*seed))
            .count()
    };
    let by_one_look = count(&|seed| {
        let (_, answers) = audit(&truth, 1000, terms, seed);
        (20..=1000).step_by(10).any(|t| {
            let wrong = answers[..t]
                .iter()
                .filter(|a| **a == Some(Answer::No))
                .count();
            let (low, high) = clopper_pearson(wrong, t, 0.05);
            rate < low || rate > high
        })
    });
    let by_sequence = count(&|seed| {
        let (design, answers) = audit(&truth, 1000, terms, seed);
        let evidence = evidence(&design, &answers);
        let excluded = |side| evidence.against(side, 100.0).excluded_after.is_some();
        excluded(Side::TooFew) || excluded(Side::TooMany)
    });
    assert!((48..110).contains(&by_one_look), "{by_one_look}");
    assert!(by_sequence <= 20, "{by_sequence}");
}

/// A verdict is wrong no more often than it says, though an audit ends as soon as it has one.
#[test]
fn verdicts_are_right_as_often_as_they_say() {
    for (wrong, tolerance) in [(50, 0.05), (49, 0.05), (12, 0.012)] {
        for strata in [1, 5] {
            let truth = truth(&vec![(1000 / strata, wrong / strata, 0); strata]);
            let is_below = total(&truth, Maybe::Half) < 1000.0 * tolerance;
            let terms = Terms::new(tolerance, 0.9, Maybe::Half).unwrap();
            let is_false = |seed: u64| {
                let (design, answers) = audit(&truth, 700, terms, seed);
                match design.standing(&answers).verdict {
                    Verdict::Below(_) => !is_below,
                    Verdict::Above(_) => is_below,
                    Verdict::Open => false,
                }
            };
            let falsely = (0..RUNS)
                .into_par_iter()
                .filter(|seed| is_false(*seed))
                .count();
            assert!(
                falsely <= most(0.1),
                "{wrong} {tolerance} {strata}: {falsely}"
            );
        }
    }
}

/// The reference that audits are compared with: hedged capital for draws without replacement (Waudby-Smith and Ramdas 2024,
/// arXiv 2010.09686), each bet at most half of what it could be.
struct Hedged {
    labels: usize,
    /// How wrong each label is, and λ_t.
    draws: Vec<(f64, f64)>,
}

impl Hedged {
    fn new(labels: usize, wrong: &[f64], alpha: f64) -> Hedged {
        let (mut sum, mut squares) = (0.5, 0.25);
        let bet = |(t, x): (usize, &f64)| {
            let t = t as f64 + 1.0;
            let bet = (2.0 * (2.0 / alpha).ln() / (squares / t * t * t.ln_1p())).sqrt();
            sum += x;
            squares += (x - sum / (t + 1.0)).powi(2);
            (*x, bet)
        };
        Hedged {
            labels,
            draws: wrong.iter().enumerate().map(bet).collect(),
        }
    }

    /// K⁺ and K⁻ after each draw, were `total` the truth, as long as it can be.
    fn capital(&self, total: f64) -> Vec<(f64, f64)> {
        let (mut few, mut many, mut sum) = (1.0, 1.0, 0.0);
        let mut capital = Vec::new();
        for (t, (x, bet)) in self.draws.iter().enumerate() {
            let mean = (total - sum) / (self.labels - t) as f64;
            if !(0.0..=1.0).contains(&mean) {
                break;
            }
            few *= 1.0 + bet.min(0.5 / mean) * (x - mean);
            many *= 1.0 - bet.min(0.5 / (1.0 - mean)) * (x - mean);
            capital.push((few, many));
            sum += x;
        }
        capital
    }

    /// After how many draws a total is excluded.
    fn excludes(&self, total: f64, alpha: f64) -> Option<usize> {
        let capital = self.capital(total);
        let wins = capital
            .iter()
            .position(|(few, many)| few.max(*many) / 2.0 >= 1.0 / alpha);
        let ends = (capital.len() < self.draws.len()).then_some(capital.len());
        wins.or(ends).map(|draws| draws + 1)
    }
}

/// λ and capital by a program of its own in numpy and by `betting.py` of the authors' package confseq, which agree in all digits
/// given; the intervals by the former, and by the latter on a grid of 0.001.
#[test]
fn the_reference_has_its_check_values() {
    let wrong: Vec<f64> = (1..=200)
        .map(|i| f64::from(u8::from(i % 25 == 0)))
        .collect();
    let hedged = Hedged::new(1000, &wrong, 0.05);
    for (t, value) in [
        (1, 6.524_984_655_9),
        (26, 1.317_618_895_5),
        (200, 0.444_742_942_0),
    ] {
        assert!((hedged.draws[t - 1].1 - value).abs() < 1e-10, "{t}");
    }
    let (few, many) = *hedged.capital(100.0).last().unwrap();
    assert!((few / 2.579_121_953_46e-8 - 1.0).abs() < 1e-11, "{few}");
    assert!((many / 245.362_440_347 - 1.0).abs() < 1e-11, "{many}");
    for (t, low, high) in [(50, 1, 157), (100, 3, 106), (200, 8, 80)] {
        let hedged = Hedged::new(1000, &wrong[..t], 0.05);
        let kept = |total: &usize| hedged.excludes(*total as f64, 0.05).is_none();
        let kept: Vec<usize> = (0..=1000).filter(kept).collect();
        assert_eq!((kept[0], kept[kept.len() - 1]), (low, high));
    }
}

/// Of 20,000 labels, doubtful ones among them, an audit asks for fewer than the reference would, in the mean over many draws: by a quarter
/// or more here.
#[test]
fn audits_end_sooner_than_by_the_reference() {
    let (mut own, mut reference) = (0, 0);
    for (wrong, maybe) in [(0, 0), (100, 200), (300, 400), (1200, 400), (1800, 400)] {
        let truth = truth(&[(20_000, wrong, maybe)]);
        let terms = Terms::new(0.05, 0.95, Maybe::Half).unwrap();
        for seed in 0..40 {
            let (design, answers) = audit(&truth, 4000, terms, seed);
            own += match design.standing(&answers).verdict {
                Verdict::Below(after) | Verdict::Above(after) => after,
                Verdict::Open => 4000,
            };
            let wrong: Vec<f64> = answers
                .iter()
                .map(|a| Maybe::Half.wrong(a.unwrap()))
                .collect();
            let hedged = Hedged::new(20_000, &wrong, 0.05);
            // Both of these: a total of 1,000 is above what is tolerated, one of 999.5 is not.
            let ends = [999.5, 1000.0].map(|total| hedged.excludes(total, 0.05).unwrap_or(4000));
            reference += ends[0].min(ends[1]);
        }
    }
    assert!(own * 4 < reference * 3, "{own} {reference}");
}

/// Each look is a pass over the answers: a million labels more change nothing.
#[test]
fn a_look_at_many_labels_is_a_look_at_the_answers() {
    let terms = Terms::new(0.05, 0.95, Maybe::Half).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let answers: Vec<Option<Answer>> = (0..500)
        .map(|_| {
            Some(if random.random_bool(0.02) {
                Answer::No
            } else {
                Answer::Yes
            })
        })
        .collect();
    let standing = |labels: usize| {
        let places = draw(&[labels], 500, 1);
        let design = Design {
            sizes: vec![labels],
            drawn: places.iter().map(|p| (p.stratum, p.block)).collect(),
            terms,
        };
        design.standing(&answers)
    };
    let many = standing(1_300_000);
    let few = standing(13_000);
    assert!((many.totals.high / 1.3e6 - few.totals.high / 1.3e4).abs() < 0.003);
    assert_eq!(many.counts, few.counts);
}
