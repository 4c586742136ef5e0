use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, UInt32Array};
use datafusion::arrow::datatypes::{Int64Type, UInt32Type};
use datafusion::error::DataFusionError;
use datafusion::functions_aggregate::expr_fn::{max, min};
use datafusion::prelude::{DataFrame, JoinType, col};

use super::session::{ScaleError, Session};
use super::table::numbers;
use crate::domain::{ClassIndex, ImageId};

/// Which images people must look at: those of [`crate::proposals::triage()`], each list ascending.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sorted {
    /// Images whose only proposal is their original label.
    pub unanimous: Vec<ImageId>,
    /// The others.
    pub to_review: Vec<ImageId>,
}

impl Session {
    /// Sorts images by whether their proposals leave anything to ask. `proposed` holds (image, class) pairs in whatever order and however often,
    /// the original labels among them.
    ///
    /// # Errors
    /// The plan fails.
    pub fn triage(
        &self,
        proposed: &[(ImageId, ClassIndex)],
        original_labels: &HashMap<ImageId, ClassIndex>,
    ) -> Result<Sorted, ScaleError> {
        let labels: Vec<_> = original_labels
            .iter()
            .map(|(&image, &class)| (image, class))
            .collect();
        let plan = || -> Result<DataFrame, DataFusionError> {
            let labels = self
                .pairs(&labels)?
                .select([col("image").alias("of"), col("class").alias("label")])?;
            self.pairs(proposed)?
                .aggregate(
                    vec![col("image")],
                    vec![
                        min(col("class")).alias("first"),
                        max(col("class")).alias("last"),
                    ],
                )?
                .join(labels, JoinType::Left, &["image"], &["of"], None)?
                .select([col("image"), col("first"), col("last"), col("label")])
        };
        let plan = plan().map_err(|error| self.failure(&error))?;
        let mut sorted = Sorted::default();
        self.each_batch(plan, |batch| -> Result<(), ScaleError> {
            let class = |column| numbers::<UInt32Type>(batch, column);
            let images = numbers::<Int64Type>(batch, 0)?;
            for (((image, first), last), label) in
                images.iter().zip(class(1)?).zip(class(2)?).zip(class(3)?)
            {
                let list = match first == last && label == first {
                    true => &mut sorted.unanimous,
                    false => &mut sorted.to_review,
                };
                list.extend(image.map(ImageId));
            }
            Ok(())
        })?;
        sorted.unanimous.sort_unstable();
        sorted.to_review.sort_unstable();
        Ok(sorted)
    }

    fn pairs(&self, pairs: &[(ImageId, ClassIndex)]) -> Result<DataFrame, DataFusionError> {
        let images: Int64Array = pairs.iter().map(|pair| Some(pair.0.0)).collect();
        let classes: UInt32Array = pairs.iter().map(|pair| Some(pair.1.0)).collect();
        let columns: [(&str, ArrayRef); 2] =
            [("image", Arc::new(images)), ("class", Arc::new(classes))];
        self.context
            .read_batch(RecordBatch::try_from_iter(columns)?)
    }
}
