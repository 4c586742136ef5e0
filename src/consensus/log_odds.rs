use std::ops::{Add, AddAssign, Sub, SubAssign};

/// ln(p / (1 - p)), held as a whole multiple of 2⁻⁴⁴ (6e-14).
///
/// Whole numbers add up to the same sum in any order, and adding then taking away a vote leaves
/// no trace; so the order of raters never shows in a score, and scores that are kept up while
/// people vote equal those of a full recount. Beyond ± 524,288 it stays at the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct LogOdds(i64);

/// Parts of one natural unit of log odds.
const UNIT: f64 = (1_u64 << 44) as f64;

impl LogOdds {
    /// Rounds natural log odds; infinities become the limits, not-a-number becomes 0.
    pub fn from_nats(log_odds: f64) -> LogOdds {
        LogOdds((log_odds * UNIT).round() as i64)
    }

    /// The log odds of a probability in 0..=1.
    pub fn from_probability(p: f64) -> LogOdds {
        LogOdds::from_nats((p / (1.0 - p)).ln())
    }

    /// Natural log odds.
    pub fn nats(self) -> f64 {
        self.0 as f64 / UNIT
    }

    /// The probability p in 0..=1.
    pub fn probability(self) -> f64 {
        1.0 / (1.0 + (-self.nats()).exp())
    }
}

impl Add for LogOdds {
    type Output = LogOdds;

    fn add(self, other: LogOdds) -> LogOdds {
        LogOdds(self.0.saturating_add(other.0))
    }
}

impl Sub for LogOdds {
    type Output = LogOdds;

    fn sub(self, other: LogOdds) -> LogOdds {
        LogOdds(self.0.saturating_sub(other.0))
    }
}

impl AddAssign for LogOdds {
    fn add_assign(&mut self, other: LogOdds) {
        *self = *self + other;
    }
}

impl SubAssign for LogOdds {
    fn sub_assign(&mut self, other: LogOdds) {
        *self = *self - other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_come_back() {
        for p in [1e-9, 0.01, 0.2185022026431718, 0.5, 0.8, 1.0 - 1e-9] {
            assert!((LogOdds::from_probability(p).probability() - p).abs() < 2e-14);
        }
        assert_eq!(LogOdds::from_probability(0.0).probability(), 0.0);
        assert_eq!(LogOdds::from_probability(1.0).probability(), 1.0);
    }
}
