//! Bootstrap and Wilson intervals.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Between which values a figure lies with the stated confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// How bootstrap intervals are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bootstrap {
    /// How often the units are drawn anew.
    pub replicates: usize,
    /// Share of the replicates inside the interval, in 0..1.
    pub level: f64,
    /// Same seed, same interval, on any machine and number of threads.
    pub seed: u64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Bootstrap {
            replicates: 1000,
            level: 0.95,
            seed: 0,
        }
    }
}

/// Fewer units say nothing of how units vary: drawn anew they give an interval that looks far too sure.
const LEAST_UNITS: usize = 5;

impl Bootstrap {
    /// Draws the units anew with replacement and works out the figures of each replicate; gives
    /// one row of figures a replicate, in the order of the replicates.
    ///
    /// `figures` takes how often each unit was drawn. From fewer than five units there is none.
    pub fn replicate<T: Send>(
        &self,
        n_units: usize,
        figures: impl Fn(&[u32]) -> T + Sync,
    ) -> Vec<T> {
        if n_units < LEAST_UNITS {
            return Vec::new();
        }
        let draw = |weights: &mut Vec<u32>, replicate: usize| {
            let mut random = ChaCha8Rng::seed_from_u64(self.seed);
            random.set_stream(replicate as u64);
            weights.clear();
            weights.resize(n_units, 0);
            for _ in 0..n_units {
                if let Some(weight) = weights.get_mut(random.random_range(0..n_units)) {
                    *weight += 1;
                }
            }
            figures(weights)
        };
        (0..self.replicates)
            .into_par_iter()
            .map_init(Vec::new, draw)
            .collect()
    }

    /// The percentile interval of one figure's replicates. None when there are fewer than two, or
    /// when more than a tenth of them is undefined.
    pub fn interval(&self, replicates: impl Iterator<Item = Option<f64>>) -> Option<Interval> {
        let (mut defined, mut undefined) = (Vec::new(), 0);
        for value in replicates {
            match value {
                Some(value) if value.is_finite() => defined.push(value),
                _ => undefined += 1,
            }
        }
        if defined.len() < 2 || undefined * 9 > defined.len() {
            return None;
        }
        defined.sort_unstable_by(f64::total_cmp);
        let tail = (1.0 - self.level.clamp(0.0, 1.0)) / 2.0;
        Some(Interval {
            low: quantile(&defined, tail)?,
            high: quantile(&defined, 1.0 - tail)?,
        })
    }
}

/// Quantile of ascending values, linear between neighbours (type 7 of Hyndman and Fan 1996).
pub(crate) fn quantile(ascending: &[f64], p: f64) -> Option<f64> {
    let last = ascending.len().checked_sub(1)?;
    let at = p.clamp(0.0, 1.0) * last as f64;
    let below = *ascending.get(at.floor() as usize)?;
    let above = *ascending.get(at.ceil() as usize)?;
    Some(below + (at - at.floor()) * (above - below))
}

/// Wilson's score interval (Wilson 1927) of a share: `successes` of `n`, at this confidence level
/// in 0..1. Half successes are allowed. None without trials.
pub fn wilson(successes: f64, n: f64, level: f64) -> Option<Interval> {
    if !(n > 0.0 && successes >= 0.0 && successes <= n) {
        return None;
    }
    let z = normal_quantile(0.5 + level.clamp(0.0, 1.0 - 1e-12) / 2.0);
    let (share, z2) = (successes / n, z * z);
    let middle = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = z / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    // At 0 and n the ends are 0 and 1, which rounding would miss.
    Some(Interval {
        low: if successes == 0.0 {
            0.0
        } else {
            (middle - half).max(0.0)
        },
        high: if successes == n {
            1.0
        } else {
            (middle + half).min(1.0)
        },
    })
}

/// The z below which a standard normal variable lies with probability p in 0..1, to about 1e-15
/// relative: algorithm AS 241, PPND16 (Wichura 1988, Applied Statistics 37, 477–484).
pub fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180625 - q * q;
        return q * ratio(&CENTRE, r);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = (-tail.ln()).sqrt();
    let z = if r <= 5.0 {
        ratio(&MIDDLE, r - 1.6)
    } else {
        ratio(&FAR, r - 5.0)
    };
    z.copysign(q)
}

fn ratio((above, below): &([f64; 8], [f64; 8]), r: f64) -> f64 {
    let polynomial = |of: &[f64; 8]| of.iter().rev().fold(0.0, |sum, &c| sum * r + c);
    polynomial(above) / polynomial(below)
}

const CENTRE: ([f64; 8], [f64; 8]) = (
    [
        3.387_132_872_796_366_5,
        1.331_416_678_917_843_8e2,
        1.971_590_950_306_551_3e3,
        1.373_169_376_550_946e4,
        4.592_195_393_154_987e4,
        6.726_577_092_700_87e4,
        3.343_057_558_358_813e4,
        2.509_080_928_730_122_7e3,
    ],
    [
        1.0,
        4.231_333_070_160_091e1,
        6.871_870_074_920_579e2,
        5.394_196_021_424_751e3,
        2.121_379_430_158_659_7e4,
        3.930_789_580_009_271e4,
        2.872_908_573_572_194_3e4,
        5.226_495_278_852_545e3,
    ],
);

const MIDDLE: ([f64; 8], [f64; 8]) = (
    [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        2.417_807_251_774_506e-1,
        2.272_384_498_926_918_4e-2,
        7.745_450_142_783_414e-4,
    ],
    [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        6.897_673_349_851e-1,
        1.481_039_764_274_800_8e-1,
        1.519_866_656_361_645_7e-2,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ],
);

const FAR: ([f64; 8], [f64; 8]) = (
    [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        2.965_605_718_285_048_7e-1,
        2.653_218_952_657_612_4e-2,
        1.242_660_947_388_078_4e-3,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    [
        1.0,
        5.998_322_065_558_88e-1,
        1.369_298_809_227_358e-1,
        1.487_536_129_085_061_5e-2,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_8e-15,
    ],
);

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of scipy 1.17.1, `norm.ppf(p)`.
    #[test]
    fn normal_quantiles_agree_with_scipy() {
        for (p, z) in [
            (0.5, 0.0),
            (0.975, 1.959_963_984_540_054),
            (0.995, 2.575_829_303_548_900_4),
            (0.8, 0.841_621_233_572_914_3),
            (1e-10, -6.361_340_902_404_056),
            (1e-20, -9.262_340_089_798_408),
        ] {
            assert!(
                (normal_quantile(p) - z).abs() < 1e-13 * (1.0 + z.abs()),
                "{p}"
            );
        }
    }

    /// Values of scipy 1.17.1, `binomtest(k, n).proportion_ci(method="wilson")`.
    #[test]
    fn wilson_intervals_agree_with_scipy() {
        for (k, n, low, high) in [
            (
                3.0,
                100.0,
                0.010_254_524_024_038_925,
                0.084_519_364_290_527_59,
            ),
            (0.0, 10.0, 0.0, 0.277_532_799_862_889_2),
            (10.0, 10.0, 0.722_467_200_137_110_8, 1.0),
        ] {
            let interval = wilson(k, n, 0.95).unwrap();
            assert!((interval.low - low).abs() < 1e-12, "{interval:?}");
            assert!((interval.high - high).abs() < 1e-12, "{interval:?}");
        }
        assert_eq!(wilson(0.0, 0.0, 0.95), None);
    }

    #[test]
    fn quantiles_are_linear_between_neighbours() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), Some(3.0));
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn a_seed_gives_the_same_replicates_on_any_number_of_threads() {
        let bootstrap = Bootstrap {
            replicates: 20,
            level: 0.9,
            seed: 7,
        };
        let draw = || bootstrap.replicate(50, <[u32]>::to_vec);
        let alone = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .build()
            .unwrap();
        let replicates = draw();
        assert_eq!(replicates, alone.install(draw));
        assert!(
            replicates
                .iter()
                .all(|weights| weights.iter().sum::<u32>() == 50)
        );
        assert!(replicates[0] != replicates[1]);
    }
}
