use std::collections::HashMap;
use std::path::PathBuf;

use rusqlite::{OptionalExtension, Row};

use super::images::{bytes_from, path_from};
use super::{Store, StoreError};
use crate::domain::{ClassIndex, ImageId};

/// A model whose predictions lie in a file. The file is referenced, never copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Its name, which is also that of a source of proposals.
    pub name: String,
    /// Full path, or relative to the current folder.
    pub path: PathBuf,
    /// Which array of an npz.
    pub array: Option<String>,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
    /// `logits` or `probabilities`.
    pub kind: String,
    /// The image of each row; none where the file names its images.
    pub image_order: Option<Vec<ImageId>>,
    /// How many images it predicts.
    pub images: usize,
    /// The fold of each image, where the model was trained once a fold, without it.
    pub folds: Option<HashMap<ImageId, u32>>,
}

/// A source of proposals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Key.
    pub id: i64,
    /// A model's name, or that of whoever proposes.
    pub name: String,
    /// Whether the plan takes its proposals.
    pub used: bool,
    /// Whether it is a model with predictions.
    pub is_model: bool,
}

/// A pair (image, class) that somebody proposes, or that is an original label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProposedBy {
    /// The image.
    pub image: ImageId,
    /// The class.
    pub class: ClassIndex,
    /// The sources: bit i is the i-th of [`Store::sources`]; those beyond the 64th are left out.
    pub sources: u64,
    /// Whether it is the original label.
    pub is_original: bool,
}

const SELECT: &str = "SELECT source.name, path, array, size, sha256, kind, image_order.images, model.images, folds
     FROM model JOIN source ON source.id = model.source LEFT JOIN image_order ON image_order.id = model.image_order";

/// Bytes of an image's key, then of its fold.
const OF_FOLD: usize = 12;

fn bytes_of(folds: &HashMap<ImageId, u32>) -> Vec<u8> {
    let mut by_image: Vec<(ImageId, u32)> =
        folds.iter().map(|(image, fold)| (*image, *fold)).collect();
    by_image.sort_unstable();
    let mut bytes = Vec::with_capacity(by_image.len() * OF_FOLD);
    for (image, fold) in by_image {
        bytes.extend(image.0.to_le_bytes());
        bytes.extend(fold.to_le_bytes());
    }
    bytes
}

fn folds_from(bytes: &[u8]) -> HashMap<ImageId, u32> {
    let pair = |[a, b, c, d, e, f, g, h, i, j, k, l]: &[u8; OF_FOLD]| {
        let image = i64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h]);
        (ImageId(image), u32::from_le_bytes([*i, *j, *k, *l]))
    };
    bytes.as_chunks().0.iter().map(pair).collect()
}

impl Store {
    fn read_model(&self, row: &Row<'_>) -> rusqlite::Result<Model> {
        let order: Option<Vec<u8>> = row.get(6)?;
        let key = |bytes: &[u8; 8]| ImageId(i64::from_le_bytes(*bytes));
        Ok(Model {
            name: row.get(0)?,
            path: self.folder().join(path_from(row.get(1)?)),
            array: row.get(2)?,
            size: row.get::<_, i64>(3)?.unsigned_abs(),
            sha256: row.get(4)?,
            kind: row.get(5)?,
            image_order: order.map(|bytes| bytes.as_chunks().0.iter().map(key).collect()),
            images: row.get::<_, i64>(7)?.unsigned_abs() as usize,
            folds: row
                .get::<_, Option<Vec<u8>>>(8)?
                .map(|bytes| folds_from(&bytes)),
        })
    }

    /// The model of this name.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn model(&self, name: &str) -> Result<Option<Model>, StoreError> {
        Ok(self
            .connection
            .prepare_cached(&format!("{SELECT} WHERE source.name = ?1"))?
            .query_row([name], |row| self.read_model(row))
            .optional()?)
    }

    /// All models, by name.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn models(&self) -> Result<Vec<Model>, StoreError> {
        Ok(self
            .connection
            .prepare_cached(&format!("{SELECT} ORDER BY source.name"))?
            .query_map([], |row| self.read_model(row))?
            .collect::<Result<_, _>>()?)
    }

    /// Keeps a model, in place of a former one of that name. What the former one proposed stays until it is proposed anew.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn set_model(&self, model: &Model) -> Result<(), StoreError> {
        let source = self.source(&model.name)?;
        let order = match &model.image_order {
            Some(images) => Some(self.image_order(images)?),
            None => None,
        };
        self.connection
            .prepare_cached(
                "INSERT INTO model (source, path, array, size, sha256, kind, image_order, images, folds)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                 ON CONFLICT (source) DO UPDATE SET path = excluded.path, array = excluded.array, size = excluded.size,
                    sha256 = excluded.sha256, kind = excluded.kind, image_order = excluded.image_order, images = excluded.images,
                    folds = excluded.folds",
            )?
            .execute((
                source,
                bytes_from(self.kept_path(&model.path)),
                &model.array,
                model.size as i64,
                model.sha256,
                &model.kind,
                order,
                model.images as i64,
                model.folds.as_ref().map(bytes_of),
            ))?;
        self.connection.execute(
            "DELETE FROM image_order WHERE id NOT IN (SELECT image_order FROM model WHERE image_order IS NOT NULL)",
            [],
        )?;
        Ok(())
    }

    fn image_order(&self, images: &[ImageId]) -> Result<i64, StoreError> {
        let bytes: Vec<u8> = images
            .iter()
            .flat_map(|image| image.0.to_le_bytes())
            .collect();
        self.connection
            .prepare_cached("INSERT INTO image_order (images) VALUES (?1) ON CONFLICT DO NOTHING")?
            .execute([&bytes])?;
        Ok(self
            .connection
            .prepare_cached("SELECT id FROM image_order WHERE images = ?1")?
            .query_row([&bytes], |row| row.get(0))?)
    }

    /// All sources of proposals, by name.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn sources(&self) -> Result<Vec<Source>, StoreError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT id, name, used, EXISTS (SELECT 1 FROM model WHERE model.source = source.id) FROM source ORDER BY name",
            )?
            .query_map([], |row| {
                Ok(Source {
                    id: row.get(0)?,
                    name: row.get(1)?,
                    used: row.get(2)?,
                    is_model: row.get(3)?,
                })
            })?
            .collect::<Result<_, _>>()?)
    }

    /// Says whether the plan takes a source's proposals.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn use_source(&self, source: i64, used: bool) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE source SET used = ?2 WHERE id = ?1 AND used <> ?2")?
            .execute((source, used))?;
        Ok(())
    }

    /// Puts a source's proposals in place of its former ones: (image, class, score).
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn replace_proposals(
        &self,
        source: i64,
        proposals: &[(ImageId, ClassIndex, f64)],
    ) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("DELETE FROM proposal WHERE source = ?1")?
            .execute([source])?;
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO proposal (image, class, source, score) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for (image, class, score) in proposals {
            insert.execute((image.0, class.0, source, score))?;
        }
        Ok(())
    }

    /// Everything that is proposed by whatever source, with the original labels, by image and class.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn proposed_by(&self) -> Result<Vec<ProposedBy>, StoreError> {
        let place: HashMap<i64, usize> = (self.sources()?.into_iter())
            .enumerate()
            .map(|(place, source)| (source.id, place))
            .collect();
        let mut statement = self.connection.prepare_cached(
            "SELECT image, class, source FROM proposal
             UNION ALL SELECT image, class, NULL FROM original_label
             ORDER BY 1, 2",
        )?;
        let mut rows = statement.query([])?;
        let mut proposed: Vec<ProposedBy> = Vec::new();
        while let Some(row) = rows.next()? {
            let (image, class) = (ImageId(row.get(0)?), ClassIndex(row.get(1)?));
            let source: Option<i64> = row.get(2)?;
            let bit = source
                .and_then(|source| place.get(&source))
                .and_then(|&place| 1_u64.checked_shl(u32::try_from(place).ok()?))
                .unwrap_or(0);
            match proposed.last_mut() {
                Some(last) if (last.image, last.class) == (image, class) => {
                    last.sources |= bit;
                    last.is_original |= source.is_none();
                }
                _ => proposed.push(ProposedBy {
                    image,
                    class,
                    sources: bit,
                    is_original: source.is_none(),
                }),
            }
        }
        Ok(proposed)
    }
}
