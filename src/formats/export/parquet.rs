use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;

use super::{ScoredLabel, VoteLine};

/// Rows of a row group: few enough to be held in memory, many enough to be packed well.
const GROUP: usize = 100_000;

const SCORES: &str = "message scores {
    REQUIRED BYTE_ARRAY image (STRING);
    REQUIRED INT32 label;
    REQUIRED BYTE_ARRAY name (STRING);
    OPTIONAL DOUBLE score;
    REQUIRED BOOLEAN in_set;
}";

const VOTES: &str = "message votes {
    REQUIRED BYTE_ARRAY image (STRING);
    REQUIRED INT32 label;
    REQUIRED BYTE_ARRAY rater (STRING);
    REQUIRED BYTE_ARRAY round (STRING);
    REQUIRED BYTE_ARRAY answer (STRING);
    OPTIONAL INT64 at (TIMESTAMP(MILLIS,true));
}";

/// The cells of a column, one a row.
enum Cells {
    Texts(Vec<ByteArray>),
    Integers(Vec<i32>),
    Flags(Vec<bool>),
    Numbers(Vec<Option<f64>>),
    Times(Vec<Option<i64>>),
}

impl Cells {
    fn texts<'a>(texts: impl Iterator<Item = &'a str>) -> Cells {
        Cells::Texts(texts.map(ByteArray::from).collect())
    }

    /// Class indices; larger ones than fit cannot be kept in a project either.
    fn classes(classes: impl Iterator<Item = u32>) -> Cells {
        Cells::Integers(classes.map(u32::cast_signed).collect())
    }

    fn write(&self, column: &mut SerializedColumnWriter<'_>) -> Result<usize, ParquetError> {
        match self {
            Cells::Texts(values) => column
                .typed::<ByteArrayType>()
                .write_batch(values, None, None),
            Cells::Integers(values) => column.typed::<Int32Type>().write_batch(values, None, None),
            Cells::Flags(values) => column.typed::<BoolType>().write_batch(values, None, None),
            Cells::Numbers(cells) => {
                let (values, there) = with_gaps(cells);
                let column = column.typed::<DoubleType>();
                column.write_batch(&values, Some(&there), None)
            }
            Cells::Times(cells) => {
                let (values, there) = with_gaps(cells);
                let column = column.typed::<Int64Type>();
                column.write_batch(&values, Some(&there), None)
            }
        }
    }
}

/// The values that are there, and for every cell whether it has one.
fn with_gaps<T: Copy>(cells: &[Option<T>]) -> (Vec<T>, Vec<i16>) {
    let there = cells.iter().map(|cell| i16::from(cell.is_some()));
    (cells.iter().copied().flatten().collect(), there.collect())
}

struct File<W: Write + Send> {
    writer: SerializedFileWriter<W>,
}

impl<W: Write + Send> File<W> {
    fn new(out: W, schema: &str) -> io::Result<File<W>> {
        let schema = parse_message_type(schema).map_err(io_error)?;
        // Every reader knows snappy.
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .build();
        let writer = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties));
        Ok(File {
            writer: writer.map_err(io_error)?,
        })
    }

    fn write_group(&mut self, columns: &[Cells]) -> io::Result<()> {
        let mut write = || -> Result<(), ParquetError> {
            let mut group = self.writer.next_row_group()?;
            for cells in columns {
                if let Some(mut column) = group.next_column()? {
                    cells.write(&mut column)?;
                    column.close()?;
                }
            }
            group.close().map(drop)
        };
        write().map_err(io_error)
    }

    fn finish(self) -> io::Result<()> {
        self.writer.close().map(drop).map_err(io_error)
    }
}

/// The I/O error inside, whose kind tells a reader that is gone from a disk that is full.
fn io_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}

/// `parquet`: a row a question, typed: label INT32, score DOUBLE or null, in_set BOOLEAN.
///
/// # Errors
/// Writing fails.
pub fn write_scores_parquet(labels: &[ScoredLabel], out: impl Write + Send) -> io::Result<()> {
    let mut file = File::new(out, SCORES)?;
    for rows in labels.chunks(GROUP) {
        file.write_group(&[
            Cells::texts(rows.iter().map(|row| row.image.as_str())),
            Cells::classes(rows.iter().map(|row| row.class.0)),
            Cells::texts(rows.iter().map(|row| row.name.as_str())),
            Cells::Numbers(rows.iter().map(|row| row.score).collect()),
            Cells::Flags(rows.iter().map(|row| row.in_set).collect()),
        ])?;
    }
    file.finish()
}

/// `votes-parquet`: a row a standing answer; the time is a timestamp in milliseconds, or null.
pub struct VotesParquet<W: Write + Send> {
    file: File<W>,
    rows: Vec<VoteLine>,
}

impl<W: Write + Send> VotesParquet<W> {
    /// Begins the file.
    ///
    /// # Errors
    /// Writing fails.
    pub fn new(out: W) -> io::Result<Self> {
        Ok(VotesParquet {
            file: File::new(out, VOTES)?,
            rows: Vec::new(),
        })
    }

    /// Takes a row; they are written some at a time.
    ///
    /// # Errors
    /// Writing fails.
    pub fn write(&mut self, vote: VoteLine) -> io::Result<()> {
        self.rows.push(vote);
        match self.rows.len() {
            GROUP => self.write_rows(),
            _ => Ok(()),
        }
    }

    fn write_rows(&mut self) -> io::Result<()> {
        let rows = &self.rows;
        self.file.write_group(&[
            Cells::texts(rows.iter().map(|row| row.image.as_str())),
            Cells::classes(rows.iter().map(|row| row.class.0)),
            Cells::texts(rows.iter().map(|row| row.rater.as_str())),
            Cells::texts(rows.iter().map(|row| row.round.as_str())),
            Cells::texts(rows.iter().map(|row| row.answer.word())),
            Cells::Times(rows.iter().map(|row| row.at).collect()),
        ])?;
        self.rows.clear();
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// Writing fails.
    pub fn finish(mut self) -> io::Result<()> {
        if !self.rows.is_empty() {
            self.write_rows()?;
        }
        self.file.finish()
    }
}
