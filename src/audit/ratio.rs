use super::evidence::{Against, Answered, Side};

/// A beta-binomial prior of the number of wrong labels. It moves how soon an audit decides, never whether it is right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prior {
    /// Weight of wrong labels, above 0.
    pub a: f64,
    /// Weight of right labels, above 0.
    pub b: f64,
}

/// The prior-posterior ratio of draws without replacement (Waudby-Smith and Ramdas 2020, arXiv 2006.04347):
///
/// R_t(D) = BetaBin(k; t, a, b) / Hypergeom(k; N, D, t); D is kept while R_t(D) < 1/α.
///
/// Its binomial coefficients cancel, so that it is made answer by answer: what the prior and the answers so far say of
/// the next one, q, over what it would be were D the truth, μ. As a bet: the fortune is multiplied by
///
/// x q/μ + (1 - x)(1 - q)/(1 - μ),
///
/// which is also fair for an x between 0 and 1 whose mean is μ. In blocks of draws from several strata, z = w x / W stands
/// for x, where w = (r_h / r) (n / n_h) weighs n_h draws of n from a stratum with r_h of all r labels that are left, W is the
/// largest w or 1, and q and μ are those at the block's beginning, over W. The fortune's mean after the block is then, were μ the
/// truth, at most what it was: draws of a stratum without replacement do not multiply more than independent ones
/// (Maclaurin's inequality), and the strata's means, whose weighted mean is μ, not more than if all were μ (that of the arithmetic
/// and the geometric mean). One stratum in blocks of one draw is the ratio above.
#[derive(Debug, Clone)]
pub(super) struct Ratio {
    blocks: Vec<Block>,
    threshold: f64,
}

/// Labels drawn together, of which each stratum has its part.
#[derive(Debug, Clone)]
struct Block {
    /// Answers up to its end.
    answers: usize,
    /// Before it: labels left, wrong ones seen.
    before: (f64, f64),
    /// After it.
    after: (f64, f64),
    /// W.
    scale: f64,
    /// q over W.
    foreseen: f64,
    /// z of each draw; none where the block is not complete, so that there is no bet on it.
    draws: Vec<f64>,
}

impl Ratio {
    /// Of the answers to labels from strata of these `sizes`, of which the first `complete` are in blocks that are complete.
    pub(super) fn new(
        sizes: &[usize],
        (answers, complete): (&[Answered], usize),
        prior: Prior,
        alpha: f64,
    ) -> Ratio {
        let mut left = sizes.to_vec();
        let mut before = (sizes.iter().sum::<usize>() as f64, 0.0);
        let (mut count, mut weighted) = (0, 0.0);
        let (whole, rest) = answers.split_at(complete.min(answers.len()));
        let mut blocks = Vec::new();
        let last = (!rest.is_empty()).then_some(rest);
        for drawn in whole.chunk_by(|a, b| a.block == b.block).chain(last) {
            let foreseen = (weighted + prior.a) / (count as f64 + prior.a + prior.b);
            count += drawn.len();
            let wrong: f64 = drawn.iter().map(|answer| answer.wrong).sum();
            let after = (before.0 - drawn.len() as f64, before.1 + wrong);
            let weights = match count <= complete {
                true => weights(&mut left, drawn),
                false => None,
            };
            let scale = weights.iter().flatten().copied().fold(1.0, f64::max);
            let weights = weights.iter().flatten();
            let draws: Vec<f64> = weights
                .zip(drawn)
                .map(|(weight, answer)| weight * answer.wrong)
                .collect();
            weighted += draws.iter().sum::<f64>();
            blocks.push(Block {
                answers: count,
                before,
                after,
                scale,
                foreseen: foreseen / scale,
                draws: draws.into_iter().map(|draw| draw / scale).collect(),
            });
            before = after;
        }
        Ratio {
            blocks,
            threshold: (1.0 / alpha).ln(),
        }
    }

    pub(super) fn against(&self, side: Side, total: f64) -> Against {
        let mut against = Against::NOTHING;
        let (mut ln_ratio, mut slope) = (0.0, 0.0);
        for block in &self.blocks {
            let wrong_left = total - block.after.1;
            if wrong_left < 0.0 || wrong_left > block.after.0 {
                if (wrong_left < 0.0) == (side == Side::TooFew) {
                    against.look(block.answers, f64::INFINITY, self.threshold);
                }
                break;
            }
            let (ln, falls) = block.bet(total);
            ln_ratio += ln;
            slope += falls;
            // The logarithm is convex in the total: where it falls, all lower totals have more against them.
            if (slope < 0.0) == (side == Side::TooFew) {
                against.look(block.answers, ln_ratio, self.threshold);
            }
        }
        against
    }
}

impl Block {
    /// The logarithm of what the fortune is multiplied by, were the total the truth, and its derivative by the total.
    fn bet(&self, total: f64) -> (f64, f64) {
        let labels = self.before.0 * self.scale;
        let mean = (total - self.before.1) / labels;
        let (mut ln, mut slope) = (0.0, 0.0);
        for &draw in &self.draws {
            // What is not there is not divided: by a mean of 0, with no wrong label, or of 1.
            let part = |draw: f64, foreseen: f64, mean: f64| match draw > TINY {
                true => (draw * foreseen / mean, draw * foreseen / (mean * mean)),
                false => (0.0, 0.0),
            };
            let (wrong, falls) = part(draw, self.foreseen, mean);
            let (right, rises) = part(1.0 - draw, 1.0 - self.foreseen, 1.0 - mean);
            ln += (wrong + right).ln();
            slope += (rises - falls) / (wrong + right) / labels;
        }
        (ln, slope)
    }
}

/// Less than this is a rounding error.
const TINY: f64 = 1e-12;

/// w of each draw of a block, and what it leaves in the strata; none where a stratum has no part in the block.
fn weights(left: &mut [usize], drawn: &[Answered]) -> Option<Vec<f64>> {
    let mut counts = vec![0usize; left.len()];
    for answer in drawn {
        *counts.get_mut(answer.stratum)? += 1;
    }
    let labels = left.iter().sum::<usize>() as f64;
    if left
        .iter()
        .zip(&counts)
        .any(|(left, n)| (*n == 0 && *left > 0) || n > left)
    {
        return None;
    }
    let weight = |answer: &Answered| {
        let (left, n) = (left.get(answer.stratum)?, counts.get(answer.stratum)?);
        Some(*left as f64 / labels * drawn.len() as f64 / *n as f64)
    };
    let weights = drawn.iter().map(weight).collect::<Option<Vec<f64>>>();
    for (left, n) in left.iter_mut().zip(counts) {
        *left -= n;
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVEN: Prior = Prior { a: 1.0, b: 1.0 };

    fn ratio(n: usize, wrong: impl IntoIterator<Item = bool>, prior: Prior) -> Ratio {
        let answer = |(block, wrong): (usize, bool)| Answered {
            stratum: 0,
            block,
            wrong: f64::from(u8::from(wrong)),
        };
        let answers: Vec<Answered> = wrong.into_iter().enumerate().map(answer).collect();
        Ratio::new(&[n], (&answers, answers.len()), prior, 0.05)
    }

    /// ln R_t(D) of one look, after `t` labels of which the last `k` are wrong.
    fn at_the_end(n: usize, t: usize, k: usize, prior: Prior, total: usize) -> f64 {
        if total < k || total > n - (t - k) {
            return f64::INFINITY;
        }
        let ratio = ratio(n, (0..t).map(|at| at >= t - k), prior);
        ratio
            .blocks
            .iter()
            .map(|block| block.bet(total as f64).0)
            .sum()
    }

    /// The totals that one look keeps.
    fn kept(n: usize, t: usize, k: usize, prior: Prior) -> (usize, usize) {
        let kept = |total: &usize| at_the_end(n, t, k, prior, *total) < 20f64.ln();
        let first = (0..=n).find(kept).unwrap();
        (first, (0..=n).rev().find(kept).unwrap())
    }

    /// From the definition, by a program of its own in numpy.
    #[test]
    fn one_look_keeps_the_totals_of_the_check_values() {
        assert_eq!(kept(5000, 200, 6, EVEN), (24, 466));
        assert_eq!(kept(5000, 200, 6, Prior { a: 1.0, b: 20.0 }), (38, 386));
        assert_eq!(kept(1000, 200, 8, EVEN), (12, 102));
        let ln_ratio = at_the_end(1000, 200, 8, EVEN, 100);
        assert!((ln_ratio - 2.615_083_534_9).abs() < 1e-10, "{ln_ratio}");
        let of_many = |total| at_the_end(184_962, 500, 0, EVEN, total) < 20f64.ln();
        assert!(of_many(0) && of_many(3372) && !of_many(3373));
    }

    #[test]
    fn a_total_below_what_was_seen_is_impossible() {
        let ratio = ratio(10, [true, true, false], EVEN);
        let few = ratio.against(Side::TooFew, 1.0);
        assert_eq!((few.excluded_after, few.p_value()), (Some(2), 0.0));
        assert_eq!(ratio.against(Side::TooMany, 10.0).excluded_after, Some(3));
        assert_eq!(ratio.against(Side::TooFew, 2.0).excluded_after, None);
    }

    /// All ways to draw a block from strata of 1, 2 and 3 labels, the smallest one over-represented: the fortune's mean is
    /// at most 1 whichever labels are wrong.
    #[test]
    fn a_block_is_no_more_than_a_fair_bet() {
        let sizes = [1, 2, 3];
        for truth in 0..3usize.pow(6) {
            let wrong = |label: usize| (truth / 3usize.pow(label as u32) % 3) as f64 / 2.0;
            let total: f64 = (0..6).map(wrong).sum();
            for prior in [EVEN, Prior { a: 1.0, b: 30.0 }, Prior { a: 30.0, b: 1.0 }] {
                let mut mean = 0.0;
                // One of the first stratum, one of the second, two of the third.
                let ways = [1, 2]
                    .into_iter()
                    .flat_map(|b| [(3, 4), (3, 5), (4, 5)].map(|(c, d)| [0, b, c, d]));
                for labels in ways {
                    let answers = labels.map(|label| Answered {
                        stratum: [0, 1, 1, 2, 2, 2][label],
                        block: 0,
                        wrong: wrong(label),
                    });
                    let ratio = Ratio::new(&sizes, (&answers, 4), prior, 0.05);
                    mean += ratio.blocks[0].bet(total).0.exp() / 6.0;
                }
                assert!(mean <= 1.0 + 1e-9, "{truth} {prior:?} {mean}");
            }
        }
    }
}
