use datafusion::arrow::datatypes::{Float64Type, Int64Type};
use datafusion::error::DataFusionError;
use datafusion::functions::expr_fn::isnan;
use datafusion::functions_aggregate::expr_fn::{bit_or, count, max, min, sum};
use datafusion::logical_expr::{bitwise_shift_left, cast, when};
use datafusion::prelude::{DataFrame, Expr, col, lit};

use super::session::{ScaleError, Session};
use super::table::{Predictions, numbers, texts};
use datafusion::arrow::datatypes::DataType;

/// What the values of one image are like.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Its name; none where rows name no image.
    pub image: Option<String>,
    /// The smallest value.
    pub least: f64,
    /// The largest.
    pub most: f64,
    /// All together.
    pub sum: f64,
    /// Rows without label or without a finite score.
    pub bad: u64,
}

/// Where a row stands, as far as the row says it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Place {
    /// The image's name.
    pub image: Option<String>,
    /// The label as it stands there.
    pub label: Option<String>,
    /// The score.
    pub score: Option<f64>,
}

impl Session {
    /// Hands out what the values of every image are like, in no order.
    ///
    /// # Errors
    /// The plan fails, or what `take` says.
    pub fn each_image<E: From<ScaleError>>(
        &self,
        predictions: &Predictions,
        mut take: impl FnMut(Seen) -> Result<(), E>,
    ) -> Result<(), E> {
        let plan = || -> Result<DataFrame, DataFusionError> {
            let bad = when(is_bad(), lit(1_i64)).otherwise(lit(0_i64))?;
            let score = || col("score");
            predictions.frame.clone().aggregate(
                vec![col("image")],
                vec![min(score()), max(score()), sum(score()), sum(bad)],
            )
        };
        let plan = plan().map_err(|error| self.failure(&error))?;
        self.each_batch(plan, |batch| {
            let images = texts(batch, 0)?;
            let number = |column| numbers::<Float64Type>(batch, column);
            let (least, most, total) = (number(1)?, number(2)?, number(3)?);
            let bad = numbers::<Int64Type>(batch, 4)?;
            for ((((image, least), most), sum), bad) in
                images.iter().zip(least).zip(most).zip(total).zip(bad)
            {
                take(Seen {
                    image: image.map(str::to_owned),
                    least: least.unwrap_or(f64::NAN),
                    most: most.unwrap_or(f64::NAN),
                    sum: sum.unwrap_or(f64::NAN),
                    bad: bad.unwrap_or(0).unsigned_abs(),
                })?;
            }
            Ok(())
        })
    }

    /// The first row that lacks something or whose score is not finite; of this image if one is named.
    ///
    /// # Errors
    /// The plan fails.
    pub fn bad_row(
        &self,
        predictions: &Predictions,
        image: Option<&str>,
    ) -> Result<Place, ScaleError> {
        let is_there = match image {
            Some(image) => col("image").eq(lit(image)).and(is_bad()),
            None => col("image").is_null().or(col("image").eq(lit(""))),
        };
        self.first_row(predictions, is_there)
    }

    /// A row with this label.
    ///
    /// # Errors
    /// The plan fails.
    pub fn row_of_label(
        &self,
        predictions: &Predictions,
        label: &str,
    ) -> Result<Place, ScaleError> {
        self.first_row(
            predictions,
            cast(col("label"), DataType::Utf8).eq(lit(label)),
        )
    }

    /// A row of this image with a score outside of 0 to 1.
    ///
    /// # Errors
    /// The plan fails.
    pub fn outside(&self, predictions: &Predictions, image: &str) -> Result<Place, ScaleError> {
        let outside = col("score").lt(lit(0.0)).or(col("score").gt(lit(1.0)));
        self.first_row(predictions, col("image").eq(lit(image)).and(outside))
    }

    fn first_row(&self, predictions: &Predictions, which: Expr) -> Result<Place, ScaleError> {
        let plan = || -> Result<DataFrame, DataFusionError> {
            let label = cast(col("label"), DataType::Utf8);
            let order =
                [col("image"), col("label"), col("score")].map(|column| column.sort(true, true));
            predictions
                .frame
                .clone()
                .filter(which)?
                .select([col("image"), label.alias("label"), col("score")])?
                .sort(order.to_vec())?
                .limit(0, Some(1))
        };
        let plan = plan().map_err(|error| self.failure(&error))?;
        let mut place = Place::default();
        self.each_batch(plan, |batch| -> Result<(), ScaleError> {
            let text = |column| -> Result<Option<String>, ScaleError> {
                Ok(texts(batch, column)?
                    .iter()
                    .next()
                    .flatten()
                    .map(str::to_owned))
            };
            if batch.num_rows() > 0 {
                let score = numbers::<Float64Type>(batch, 2)?.iter().next().flatten();
                place = Place {
                    image: text(0)?,
                    label: text(1)?,
                    score,
                };
            }
            Ok(())
        })?;
        Ok(place)
    }

    /// A pair of image and class that stands there twice.
    ///
    /// Of each image, the classes are bits of a few numbers: their sum is their union only where none comes twice. So there are a thirtieth of the
    /// groups that counting pairs would take.
    ///
    /// # Errors
    /// The plan fails.
    pub fn twice(
        &self,
        predictions: &Predictions,
        classes: &[(String, u32)],
    ) -> Result<Option<(String, u32)>, ScaleError> {
        let values = predictions
            .values(classes)
            .map_err(|error| self.failure(&error))?;
        let words = || -> Result<DataFrame, DataFusionError> {
            let bit = bitwise_shift_left(lit(1_i64), col("class") % lit(BITS));
            values
                .clone()
                .select([
                    col("image"),
                    (col("class") / lit(BITS)).alias("word"),
                    bit.alias("bit"),
                ])?
                .aggregate(
                    vec![col("image"), col("word")],
                    vec![
                        sum(col("bit")).alias("sum"),
                        bit_or(col("bit")).alias("union"),
                    ],
                )?
                .filter(col("sum").not_eq(col("union")))?
                .select([col("image"), col("word")])?
                .sort(vec![
                    col("image").sort(true, true),
                    col("word").sort(true, true),
                ])?
                .limit(0, Some(1))
        };
        let Some((image, word)) = self.pair(words())? else {
            return Ok(None);
        };
        let classes = || -> Result<DataFrame, DataFusionError> {
            let there = col("image").eq(lit(image.as_str()));
            values
                .clone()
                .filter(there.and((col("class") / lit(BITS)).eq(lit(word))))?
                .aggregate(
                    vec![col("image"), col("class")],
                    vec![count(lit(1_i64)).alias("rows")],
                )?
                .filter(col("rows").gt(lit(1_i64)))?
                .select([col("image"), col("class")])?
                .sort(vec![col("class").sort(true, true)])?
                .limit(0, Some(1))
        };
        let pair = self.pair(classes())?;
        Ok(pair.map(|(image, class)| (image, u32::try_from(class).unwrap_or(u32::MAX))))
    }

    fn pair(
        &self,
        plan: Result<DataFrame, DataFusionError>,
    ) -> Result<Option<(String, i64)>, ScaleError> {
        let plan = plan.map_err(|error| self.failure(&error))?;
        let mut found = None;
        self.each_batch(plan, |batch| -> Result<(), ScaleError> {
            let (images, numbers) = (texts(batch, 0)?, numbers::<Int64Type>(batch, 1)?);
            let first = images.iter().zip(numbers).next();
            if let Some((Some(image), Some(number))) = first {
                found = Some((image.to_owned(), number));
            }
            Ok(())
        })?;
        Ok(found)
    }
}

/// Classes of one number; half of its bits, so that whatever stands there twice adds up.
const BITS: i64 = 32;

fn is_bad() -> Expr {
    let no_label = col("label")
        .is_null()
        .or(cast(col("label"), DataType::Utf8).eq(lit("")));
    let score = || col("score");
    let infinite = score()
        .eq(lit(f64::INFINITY))
        .or(score().eq(lit(f64::NEG_INFINITY)));
    no_label
        .or(score().is_null())
        .or(isnan(score()))
        .or(infinite)
}
