use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::error::DataFusionError;
use datafusion::functions_aggregate::expr_fn::{first_value, max, sum};
use datafusion::logical_expr::cast;
use datafusion::prelude::{DataFrame, JoinType, col, exp, lit};

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
            let best = rows.and_then(|rows| best(rows, rule.pool));
            plans.push((Part::Pool, best.map_err(failure)?));
        }
        if softmax && rule.pool > 0 {
            let best = probabilities(values).and_then(|rows| best(rows, rule.pool));
            plans.push((Part::Pool, best.map_err(failure)?));
        }
        Ok(plans)
    }
}

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

/// The `n` best of rows image, class, value and by; only so many are ever held, by each part of the plan.
fn best(rows: DataFrame, n: usize) -> Result<DataFrame, DataFusionError> {
    rows.sort(vec![
        col("by").sort(false, false),
        col("image").sort(true, false),
        col("class").sort(true, false),
    ])?
    .limit(0, Some(n))?
    .select([col("image"), col("class"), col("value")])
}

/// Softmax over the classes of each image, in fixed point.
fn probabilities(values: DataFrame) -> Result<DataFrame, DataFusionError> {
    let largest = values
        .clone()
        .aggregate(vec![col("image")], vec![max(col("value")).alias("largest")])?
        .select([col("image").alias("largest_of"), col("largest")])?;
    let exps = values
        .join(largest, JoinType::Inner, &["image"], &["largest_of"], None)?
        .select([
            col("image"),
            col("class"),
            col("value"),
            exp(col("value") - col("largest")).alias("exp"),
        ])?;
    let fixed = cast(col("exp") * lit(ONE) + lit(0.5), DataType::Int64);
    let sums = exps
        .clone()
        .aggregate(vec![col("image")], vec![sum(fixed).alias("sum")])?
        .select([
            col("image").alias("sum_of"),
            (cast(col("sum"), DataType::Float64) / lit(ONE)).alias("sum"),
        ])?;
    exps.join(sums, JoinType::Inner, &["image"], &["sum_of"], None)?
        .select([
            col("image"),
            col("class"),
            col("value"),
            (col("exp") / col("sum")).alias("by"),
        ])
}
