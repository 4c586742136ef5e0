use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::error::DataFusionError;
use datafusion::functions::expr_fn::{abs, exp, ln, signum};
use datafusion::functions_aggregate::expr_fn::{count, first_value, max, min, sum};
use datafusion::logical_expr::cast;
use datafusion::prelude::{DataFrame, JoinType, col, lit};

use super::session::{ScaleError, Session};
use super::table::{Predictions, numbers, texts};
use crate::proposals::two_part::{Kind, ONE, PoolBy};

/// The two-part rule as a plan: what [`crate::proposals::two_part`] says, to the row. Ties go to the earlier image name (by its bytes), then the
/// smaller class.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Pairs of each pool.
    pub pool: usize,
    /// Which values pools compare.
    pub by: PoolBy,
    /// What the values are.
    pub kind: Kind,
}

impl Session {
    /// Hands out what a model proposes: image name, class and value. The first choice of every image comes first, each image once; pairs of the
    /// pools may come again. `classes` says which class each label of the files is.
    ///
    /// # Errors
    /// The plan fails, or what `take` says.
    pub fn propose<E: From<ScaleError>>(
        &self,
        predictions: &Predictions,
        classes: &[(String, u32)],
        rule: Rule,
        mut take: impl FnMut(Part, &str, u32, f64) -> Result<(), E>,
    ) -> Result<(), E> {
        for (part, plan) in self.plans(predictions, classes, rule)? {
            self.each_batch(plan, |batch| -> Result<(), E> {
                let images = texts(batch, 0)?;
                let (classes, values) = (
                    numbers::<Int64Type>(batch, 1)?,
                    numbers::<Float64Type>(batch, 2)?,
                );
                for ((image, class), value) in images.iter().zip(classes).zip(values) {
                    let (Some(image), Some(class), Some(value)) = (image, class, value) else {
                        return Err(
                            ScaleError::Plan("a cell of the files is empty".to_owned()).into()
                        );
                    };
                    take(part, image, u32::try_from(class).unwrap_or(u32::MAX), value)?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// How the rule would be carried out, for those who want to see it.
    ///
    /// # Errors
    /// The plan cannot be made.
    pub fn explain(
        &self,
        predictions: &Predictions,
        classes: &[(String, u32)],
        rule: Rule,
    ) -> Result<String, ScaleError> {
        let mut text = String::new();
        for (_, plan) in self.plans(predictions, classes, rule)? {
            let plan = self.wait(plan.create_physical_plan())?;
            let shown = datafusion::physical_plan::displayable(plan.as_ref());
            text += &shown.indent(false).to_string();
        }
        Ok(text)
    }

    fn plans(
        &self,
        predictions: &Predictions,
        classes: &[(String, u32)],
        rule: Rule,
    ) -> Result<Vec<(Part, DataFrame)>, ScaleError> {
        let failure = |error: DataFusionError| self.failure(&error);
        let values = predictions.values(classes).map_err(failure)?;
        let first = first_choices(values.clone()).map_err(failure)?;
        let mut plans = vec![(Part::FirstChoices, first)];
        let (raw, softmax) = rule.by.pools(rule.kind);
        if raw && rule.pool > 0 {
            let by = col("value").alias("by");
            let rows = values
                .clone()
                .select([col("image"), col("class"), col("value"), by]);
            let best = self.best(rows.map_err(failure)?, rule.pool)?;
            plans.push((Part::Pool, best));
        }
        if softmax && rule.pool > 0 {
            let rows = probabilities(values).map_err(failure)?;
            plans.push((Part::Pool, self.best(rows, rule.pool)?));
        }
        Ok(plans)
    }

    /// The `n` best of rows image, class, value and by; only so many are ever held, by each part of the plan.
    fn best(&self, rows: DataFrame, n: usize) -> Result<DataFrame, ScaleError> {
        let floor = self.floor(rows.clone(), n)?;
        let best = || -> Result<DataFrame, DataFusionError> {
            let rows = match floor {
                Some(floor) => rows.filter(col("by").gt_eq(lit(floor)))?,
                None => rows,
            };
            rows.sort(vec![
                col("by").sort(false, false),
                col("image").sort(true, false),
                col("class").sort(true, false),
            ])?
            .limit(0, Some(n))?
            .select([col("image"), col("class"), col("value")])
        };
        best().map_err(|error| self.failure(&error))
    }

    /// A value that at least `n` rows reach, and not many more; none where there are no `n` rows. What is below need not be compared with the best so
    /// far, names and all, which costs most where a pool is large.
    ///
    /// Rows are counted by steps of some thousandth of their value. Whatever the steps are, all rows of those that are counted reach the least of them.
    fn floor(&self, rows: DataFrame, n: usize) -> Result<Option<f64>, ScaleError> {
        // From 0 at 0; finite for whatever is.
        let size = ln(abs(col("by")) + lit(LEAST)) - lit(LEAST.ln());
        let step = signum(col("by")) * size * lit(1_024.0);
        let counted = || -> Result<DataFrame, DataFusionError> {
            rows.select([cast(step, DataType::Int64).alias("step"), col("by")])?
                .aggregate(
                    vec![col("step")],
                    vec![count(lit(1_i64)).alias("rows"), min(col("by"))],
                )
        };
        let counted = counted().map_err(|error| self.failure(&error))?;
        let mut steps: Vec<(i64, usize, f64)> = Vec::new();
        self.each_batch(counted, |batch| -> Result<(), ScaleError> {
            let whole = |column| numbers::<Int64Type>(batch, column);
            let least = numbers::<Float64Type>(batch, 2)?;
            for ((step, rows), least) in whole(0)?.iter().zip(whole(1)?).zip(least) {
                if let (Some(step), Some(rows), Some(least)) = (step, rows, least) {
                    steps.push((step, usize::try_from(rows).unwrap_or(0), least));
                }
            }
            Ok(())
        })?;
        steps.sort_unstable_by_key(|(step, ..)| std::cmp::Reverse(*step));
        let (mut reached, mut floor) = (0, f64::INFINITY);
        for (_, rows, least) in steps {
            (reached, floor) = (reached + rows, floor.min(least));
            if reached >= n {
                // A machine of another kind may round the last bit of a probability otherwise.
                return Ok(Some(floor - floor.abs() * 1e-9));
            }
        }
        Ok(None)
    }
}

/// Values nearer to 0 than this are counted as one.
const LEAST: f64 = 1e-6;

/// Which part of the rule a row comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The first choice of an image.
    FirstChoices,
    /// A pool.
    Pool,
}

fn first_choices(values: DataFrame) -> Result<DataFrame, DataFusionError> {
    let best = vec![
        col("value").sort(false, false),
        col("class").sort(true, false),
    ];
    values
        .aggregate(
            vec![col("image")],
            vec![
                first_value(col("class"), best).alias("class"),
                max(col("value")).alias("value"),
            ],
        )?
        .select([col("image"), col("class"), col("value")])
}

/// Softmax over the classes of each image, in fixed point. Of a join the left side is held: a row an image.
fn probabilities(values: DataFrame) -> Result<DataFrame, DataFusionError> {
    // Each name once: plans that travel to a cluster know none twice.
    let exp_below = |largest| exp(col("value") - col(largest));
    let fixed = cast(exp_below("largest") * lit(ONE) + lit(0.5), DataType::Int64);
    let largest = values
        .clone()
        .aggregate(vec![col("image")], vec![max(col("value")).alias("largest")])?
        .select([col("image").alias("of"), col("largest")])?;
    let sums = largest
        .join(values.clone(), JoinType::Inner, &["of"], &["image"], None)?
        .select([col("of"), col("largest"), fixed.alias("fixed")])?
        .aggregate(
            vec![col("of")],
            vec![
                max(col("largest")).alias("top"),
                sum(col("fixed")).alias("sum"),
            ],
        )?;
    let sum = cast(col("sum"), DataType::Float64) / lit(ONE);
    sums.join(values, JoinType::Inner, &["of"], &["image"], None)?
        .select([
            col("image"),
            col("class"),
            col("value"),
            (exp_below("top") / sum).alias("by"),
        ])
}
