use std::collections::BTreeSet;

use super::{SparseRow, is_matrix, open_matrix, read_table, refusal};
use crate::cli::context::{Context, shown};
use crate::cli::failure::Failure;
use crate::cli::import::ImageNames;
use crate::domain::{Classes, ImageId};
use crate::formats::matrix::{MatrixError, Rows};
use crate::proposals::rows::{Look, Stretch, Values};
use crate::proposals::two_part::Kind;
use crate::store::Model;

/// A model's predictions, to be looked through.
pub struct Opened<'a> {
    model: &'a Model,
    classes: &'a Classes,
    images: Vec<ImageId>,
    /// The fold of each row, where the model has folds.
    folds: Option<Vec<u32>>,
    /// Of a table, which is read at once; a matrix is read as it is looked through.
    rows: Option<Vec<SparseRow>>,
}

impl<'a> Opened<'a> {
    /// Opens what was imported.
    pub fn open(
        model: &'a Model,
        names: &ImageNames,
        classes: &'a Classes,
        context: &Context,
    ) -> Result<Opened<'a>, Failure> {
        if model.path.is_dir() {
            return Err(Failure::failed(format!(
                "cannot read {}: only `propose` reads a folder of Parquet files",
                shown(&model.path)
            ))
            .hint("import its predictions as one file"));
        }
        let folds = model.folds.as_ref();
        let rows = match is_matrix(&model.path) {
            true => None,
            false => Some(read_table(&model.path, names, classes, folds, context)?),
        };
        let images: Vec<ImageId> = match &rows {
            Some(rows) => rows.iter().map(|row| row.image).collect(),
            None => model.image_order.clone().unwrap_or_default(),
        };
        // Every image had one when it was imported.
        let fold = |image| {
            folds
                .and_then(|folds| folds.get(image).copied())
                .unwrap_or(0)
        };
        Ok(Opened {
            model,
            classes,
            folds: folds.map(|_| images.iter().map(fold).collect()),
            images,
            rows,
        })
    }

    /// The image of each row.
    pub fn images(&self) -> &[ImageId] {
        &self.images
    }

    /// The fold of each row, where the model has folds.
    pub fn folds(&self) -> Option<&[u32]> {
        self.folds.as_deref()
    }

    /// What the values are.
    pub fn kind(&self) -> Kind {
        kind_of(self.model)
    }

    /// Looks through all rows, on all threads.
    pub fn look_through(&self, look: &mut impl Look) -> Result<(), Failure> {
        if let Some(rows) = &self.rows {
            for (first, row) in (0..).zip(rows) {
                let found = look.look(&Stretch {
                    first,
                    columns: row.values.len(),
                    classes: Some(&row.classes),
                    fold: None,
                    values: Values::F64(&row.values),
                });
                look.keep(found);
            }
            return Ok(());
        }
        for (array, fold) in arrays(self.model.array.as_deref(), self.folds()) {
            self.look_at_array(array.as_deref(), fold, look)?;
        }
        Ok(())
    }

    fn look_at_array(
        &self,
        array: Option<&str>,
        fold: Option<u32>,
        look: &mut impl Look,
    ) -> Result<(), Failure> {
        let matrix = open_matrix(&self.model.path, array, self.classes)?;
        let (_, columns) = matrix.shape();
        matrix
            .each_block(|block| -> Result<(), MatrixError> {
                let found = block.look(|first, rows| {
                    look.look(&Stretch {
                        // A matrix has no more rows than that.
                        first: u32::try_from(first).unwrap_or(u32::MAX),
                        columns,
                        classes: None,
                        fold,
                        values: match rows {
                            Rows::F32(values) => Values::F32(values),
                            Rows::F64(values) => Values::F64(values),
                        },
                    })
                })?;
                found.into_iter().for_each(|found| look.keep(found));
                Ok(())
            })
            .map_err(|error| refusal(&self.model.path, &error))
    }
}

/// What a model's values are.
pub fn kind_of(model: &Model) -> Kind {
    match model.kind.as_str() {
        "probabilities" => Kind::Probabilities,
        _ => Kind::Logits,
    }
}

/// What stands for the fold in the name of an array.
pub const FOLD_IN_NAME: &str = "{}";

/// The arrays of a file to read, each with the fold whose rows count in it; `folds` holds the folds that there are.
pub fn arrays(array: Option<&str>, folds: Option<&[u32]>) -> Vec<(Option<String>, Option<u32>)> {
    match (array, folds) {
        (Some(name), Some(folds)) if name.contains(FOLD_IN_NAME) => {
            let folds: BTreeSet<u32> = folds.iter().copied().collect();
            let named = folds.into_iter().map(|fold| {
                let name = name.replace(FOLD_IN_NAME, &fold.to_string());
                (Some(name), Some(fold))
            });
            named.collect()
        }
        _ => vec![(array.map(str::to_owned), None)],
    }
}
