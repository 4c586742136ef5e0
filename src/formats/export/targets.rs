use std::io::{self, Write};

use npyz::WriterBuilder;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::csv::{Formulas, Rows};

/// What models are trained on: an image a row, a class a column, 0 where nothing stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Targets {
    /// Index and unique text of the class of each column.
    pub classes: Vec<(u32, String)>,
    /// The images.
    pub rows: Vec<TargetRow>,
    /// Which numbers they are.
    pub kind: TargetKind,
}

/// An image's targets.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetRow {
    /// Image name.
    pub image: String,
    /// Columns, ascending, and what stands in them: from 0 to 1, and not 0.
    pub values: Vec<(usize, f64)>,
}

/// Which numbers targets are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetKind {
    /// 1 for the classes of the label set: unsigned bytes.
    MultiHot,
    /// Posterior probabilities: float32 in arrays.
    Soft,
}

impl Targets {
    /// `image` and a column for each class that is in any image.
    ///
    /// # Errors
    /// Writing fails.
    pub fn write_csv(&self, formulas: Formulas, out: &mut impl Write) -> io::Result<()> {
        let mut occurs = vec![false; self.classes.len()];
        for (column, _) in self.rows.iter().flat_map(|row| &row.values) {
            if let Some(occurs) = occurs.get_mut(*column) {
                *occurs = true;
            }
        }
        let columns = |occurs: &[bool]| {
            let columns = occurs.iter().enumerate();
            columns
                .filter_map(|(column, occurs)| occurs.then_some(column))
                .collect::<Vec<_>>()
        };
        let columns = columns(&occurs);
        let names = columns
            .iter()
            .filter_map(|column| self.classes.get(*column));
        let mut rows = Rows::new(out, formulas);
        rows.write(std::iter::once("image").chain(names.map(|(_, name)| name.as_str())))?;
        for row in &self.rows {
            let mut values = row.values.iter().peekable();
            let cells: Vec<String> = columns
                .iter()
                .map(|column| values.next_if(|(at, _)| at == column))
                .map(|value| value.map_or_else(|| "0".to_owned(), |(_, value)| value.to_string()))
                .collect();
            let cells = cells.iter().map(String::as_str);
            rows.write(std::iter::once(row.image.as_str()).chain(cells))?;
        }
        rows.finish()
    }

    /// `npy`: the matrix [images, classes] alone, all classes in it.
    ///
    /// # Errors
    /// Writing fails.
    pub fn write_npy(&self, out: &mut impl Write) -> io::Result<()> {
        let shape = [self.rows.len() as u64, self.classes.len() as u64];
        match self.kind {
            TargetKind::MultiHot => {
                let array = npyz::WriteOptions::new().default_dtype().shape(&shape);
                let mut array = array.writer(out).begin_nd()?;
                self.each_row(|row: &[u8]| array.extend(row.iter().copied()))?;
                array.finish()
            }
            TargetKind::Soft => {
                let array = npyz::WriteOptions::new().default_dtype().shape(&shape);
                let mut array = array.writer(out).begin_nd()?;
                self.each_row(|row: &[f32]| array.extend(row.iter().copied()))?;
                array.finish()
            }
        }
    }

    /// Calls with every row, zeros and all.
    fn each_row<T: FromTarget>(
        &self,
        mut write: impl FnMut(&[T]) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut dense = vec![T::of(0.0); self.classes.len()];
        for row in &self.rows {
            dense.fill(T::of(0.0));
            for (column, value) in &row.values {
                if let Some(cell) = dense.get_mut(*column) {
                    *cell = T::of(*value);
                }
            }
            write(&dense)?;
        }
        Ok(())
    }

    /// `npz`: `targets` as in npy, `images` (names), `classes` (indices), `names` (of the classes).
    ///
    /// # Errors
    /// Writing fails.
    pub fn write_npz(&self, out: &mut impl Write) -> io::Result<()> {
        let mut archive = ZipWriter::new_stream(out);
        let packed = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .large_file(true);
        archive.start_file("targets.npy", packed)?;
        self.write_npy(&mut archive)?;
        archive.start_file("images.npy", packed)?;
        let images: Vec<&str> = self.rows.iter().map(|row| row.image.as_str()).collect();
        write_texts(&images, &mut archive)?;
        archive.start_file("classes.npy", packed)?;
        let shape = [self.classes.len() as u64];
        let array = npyz::WriteOptions::new().default_dtype().shape(&shape);
        let mut array = array.writer(&mut archive).begin_nd()?;
        array.extend(self.classes.iter().map(|(index, _)| i64::from(*index)))?;
        array.finish()?;
        archive.start_file("names.npy", packed)?;
        let names: Vec<&str> = self.classes.iter().map(|(_, name)| name.as_str()).collect();
        write_texts(&names, &mut archive)?;
        archive.finish()?.flush()
    }
}

/// A one-dimensional array of texts, all as long as the longest.
fn write_texts(texts: &[&str], out: &mut impl Write) -> io::Result<()> {
    let longest = texts.iter().map(|text| text.chars().count()).max();
    let dtype = format!("<U{}", longest.unwrap_or(0).max(1)).parse();
    let dtype = npyz::DType::Plain(dtype.map_err(io::Error::other)?);
    let shape = [texts.len() as u64];
    let array = npyz::WriteOptions::<str>::new().dtype(dtype).shape(&shape);
    let mut array = array.writer(out).begin_nd()?;
    for text in texts {
        array.push(text)?;
    }
    array.finish()
}

/// A number of an array.
trait FromTarget: Copy {
    fn of(value: f64) -> Self;
}

impl FromTarget for u8 {
    fn of(value: f64) -> u8 {
        u8::from(value > 0.0)
    }
}

impl FromTarget for f32 {
    fn of(value: f64) -> f32 {
        value as f32
    }
}
