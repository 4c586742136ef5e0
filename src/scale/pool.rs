use std::collections::BTreeMap;

use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::error::DataFusionError;
use datafusion::functions::expr_fn::sqrt;
use datafusion::functions_aggregate::expr_fn::{count, max, min};
use datafusion::logical_expr::cast;
use datafusion::prelude::{DataFrame, Expr, col, lit};

use super::session::{ScaleError, Session};
use super::table::numbers;

/// How the values of a pool lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    /// Anyhow.
    Any,
    /// From 0 to 1, most of them near 0.
    Shares,
}

/// Steps that values are counted by.
const STEPS: f64 = 65_536.0;

impl Session {
    /// Plans that together give the `n` best of rows image, class, value and by; of each three columns.
    ///
    /// Where so many would be too much to hold, rows are counted by steps of their value first: all above the step that the n-th lies in are in, and only
    /// those of the step itself are sorted.
    pub(super) fn best(
        &self,
        rows: DataFrame,
        scale: Scale,
        n: usize,
    ) -> Result<Vec<DataFrame>, ScaleError> {
        if n <= self.held {
            let best = first_rows(rows, n).map_err(|error| self.failure(&error))?;
            return Ok(vec![best]);
        }
        let (least, most) = match scale {
            Scale::Shares => (0.0, 1.0),
            Scale::Any => self.range(rows.clone())?,
        };
        let step = step(scale, least, most);
        let (mut above, mut last) = (0, None);
        for (&at, &rows) in self.count_steps(rows.clone(), &step)?.iter().rev() {
            if above + rows >= n {
                last = Some(at);
                break;
            }
            above += rows;
        }
        let plans = || -> Result<Vec<DataFrame>, DataFusionError> {
            let Some(last) = last else {
                // There are no more than that.
                return Ok(vec![pairs(rows)?]);
            };
            let sure = rows.clone().filter(step.clone().gt(lit(last)))?;
            let rest = rows.filter(step.eq(lit(last)))?;
            Ok(vec![pairs(sure)?, first_rows(rest, n - above)?])
        };
        plans().map_err(|error| self.failure(&error))
    }

    /// The least and the largest value.
    fn range(&self, rows: DataFrame) -> Result<(f64, f64), ScaleError> {
        let ends = vec![min(col("by")), max(col("by"))];
        let ends = rows
            .aggregate(vec![], ends)
            .map_err(|error| self.failure(&error))?;
        let mut range = (0.0, 0.0);
        self.each_batch(ends, |batch| -> Result<(), ScaleError> {
            let end = |column| {
                Ok::<_, ScaleError>(
                    numbers::<Float64Type>(batch, column)?
                        .iter()
                        .next()
                        .flatten(),
                )
            };
            if let (Some(least), Some(most)) = (end(0)?, end(1)?) {
                range = (least, most);
            }
            Ok(())
        })?;
        Ok(range)
    }

    fn count_steps(
        &self,
        rows: DataFrame,
        step: &Expr,
    ) -> Result<BTreeMap<i64, usize>, ScaleError> {
        let counted = rows
            .select([step.clone().alias("step")])
            .and_then(|rows| rows.aggregate(vec![col("step")], vec![count(lit(1_i64))]));
        let counted = counted.map_err(|error| self.failure(&error))?;
        let mut counts = BTreeMap::new();
        self.each_batch(counted, |batch| -> Result<(), ScaleError> {
            let (steps, rows) = (
                numbers::<Int64Type>(batch, 0)?,
                numbers::<Int64Type>(batch, 1)?,
            );
            for (step, rows) in steps.iter().zip(rows) {
                let (step, rows) = (step.unwrap_or(0), rows.unwrap_or(0));
                counts.insert(step, usize::try_from(rows).unwrap_or(0));
            }
            Ok(())
        })?;
        Ok(counts)
    }
}

/// The step of a row's value: never smaller for a larger value, for each operation is rounded by a rule that keeps order.
fn step(scale: Scale, least: f64, most: f64) -> Expr {
    let value = match scale {
        Scale::Any => col("by"),
        // The sixteenth root draws what is near 0 apart.
        Scale::Shares => sqrt(sqrt(sqrt(sqrt(col("by"))))),
    };
    // Halved, so that no difference is infinite.
    let factor = STEPS / (most / 2.0 - least / 2.0);
    let factor = if factor.is_finite() { factor } else { 0.0 };
    cast(
        (value * lit(0.5) - lit(least / 2.0)) * lit(factor),
        DataType::Int64,
    )
}

/// The `n` best; only so many are ever held, by each part of the plan.
fn first_rows(rows: DataFrame, n: usize) -> Result<DataFrame, DataFusionError> {
    let order = vec![
        col("by").sort(false, false),
        col("image").sort(true, false),
        col("class").sort(true, false),
    ];
    pairs(rows.sort(order)?.limit(0, Some(n))?)
}

fn pairs(rows: DataFrame) -> Result<DataFrame, DataFusionError> {
    rows.select([col("image"), col("class"), col("value")])
}
