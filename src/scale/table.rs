use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{LogicalPlanBuilder, cast};
use datafusion::prelude::{DataFrame, Expr, JoinType, SessionContext, col, ident, lit};

use super::session::{ScaleError, Session};
use crate::formats::parquet::check_footer;
use crate::formats::table::{Column, TableError};

/// The Parquet files that a path stands for, by name: itself, or all below a folder.
///
/// # Errors
/// The folder cannot be read, or holds none.
pub fn files_of(path: &Path) -> Result<Vec<PathBuf>, ScaleError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(path)
        .follow_links(true)
        .sort_by_file_name()
    {
        let entry = entry.map_err(std::io::Error::from)?;
        let is_parquet =
            (entry.path().extension()).is_some_and(|ending| ending.eq_ignore_ascii_case("parquet"));
        if is_parquet && entry.file_type().is_file() {
            files.push(entry.into_path());
        }
    }
    match files.is_empty() {
        true => Err(ScaleError::Empty),
        false => Ok(files),
    }
}

/// Refuses a file whose footer the library would read for minutes.
fn check(file: &Path) -> Result<(), ScaleError> {
    let name = file.file_name().unwrap_or_default().display();
    let refuse = |error| ScaleError::Plan(format!("{name}: its footer: {error}"));
    check_footer(&File::open(file)?).map_err(refuse)
}

/// One model's predictions: a table of image (text), label (text or whole number) and score.
#[derive(Debug, Clone)]
pub struct Predictions {
    pub(super) frame: DataFrame,
    pub(super) context: Context,
    labels_are_numbers: bool,
}

/// What tables are made in; compared and printed as nothing.
#[derive(Clone)]
pub(super) struct Context(SessionContext);

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Context")
    }
}

impl Session {
    /// Opens one file or all of a folder. The first `columns` are image, label and score; others are left aside.
    ///
    /// # Errors
    /// A file is no Parquet, lacks a column, or has one of a type that is not understood.
    pub fn open(&self, path: &Path, columns: &[Column]) -> Result<Predictions, ScaleError> {
        let files = files_of(path)?;
        files.iter().try_for_each(|file| check(file))?;
        let urls: Vec<ListingTableUrl> = files
            .iter()
            .map(|file| url(file))
            .collect::<Result<_, _>>()?;
        let options =
            ListingOptions::new(Arc::new(ParquetFormat::default())).with_file_extension("");
        let config = ListingTableConfig::new_with_multi_paths(urls).with_listing_options(options);
        let state = self.context.state();
        let config = self.wait(config.infer_schema(&state))?;
        let table = ListingTable::try_new(config);
        let frame = table.and_then(|table| self.context.read_table(Arc::new(table)));
        let frame = frame.map_err(|error| self.failure(&error))?;
        let schema = frame.schema().as_arrow().clone();
        let [image, label, score, ..] = columns else {
            return Err(ScaleError::Plan(format!(
                "{} columns are wanted",
                columns.len()
            )));
        };
        let (image, label, score) = (
            place(&schema, image)?,
            place(&schema, label)?,
            place(&schema, score)?,
        );
        let labels_are_numbers = is_whole(&label.kind);
        label.expect(
            labels_are_numbers || is_text(&label.kind),
            "text or whole numbers",
        )?;
        image.expect(is_text(&image.kind), "text")?;
        score.expect(score.kind.is_floating() || is_whole(&score.kind), "numbers")?;
        let kept = if labels_are_numbers {
            DataType::Int64
        } else {
            DataType::Utf8
        };
        let frame = frame.select([
            cast(image.value(), DataType::Utf8).alias("image"),
            cast(label.value(), kept).alias("label"),
            // -0 is 0, also where bits are compared.
            (cast(score.value(), DataType::Float64) + lit(0.0)).alias("score"),
        ]);
        Ok(Predictions {
            frame: frame.map_err(|error| self.failure(&error))?,
            context: Context(self.context.clone()),
            labels_are_numbers,
        })
    }

    /// The distinct labels as texts, each once; none for a missing one.
    ///
    /// # Errors
    /// The plan fails, or there are more than a million of them.
    pub fn labels(&self, predictions: &Predictions) -> Result<Vec<Option<String>>, ScaleError> {
        let label = cast(col("label"), DataType::Utf8).alias("label");
        let frame = predictions.frame.clone().select([col("label")]);
        let frame = frame
            .and_then(DataFrame::distinct)
            .and_then(|frame| frame.limit(0, Some(MOST_LABELS + 1)))
            .and_then(|frame| frame.select([label]));
        let frame = frame.map_err(|error| self.failure(&error))?;
        let mut labels = Vec::new();
        self.each_batch(frame, |batch| -> Result<(), ScaleError> {
            let texts = texts(batch, 0)?;
            labels.extend(texts.iter().map(|text| text.map(str::to_owned)));
            Ok(())
        })?;
        match labels.len() > MOST_LABELS {
            true => Err(ScaleError::Plan(format!(
                "more than {MOST_LABELS} different labels"
            ))),
            false => Ok(labels),
        }
    }
}

/// More labels than any data set has classes.
const MOST_LABELS: usize = 1 << 20;

impl Predictions {
    /// Image, class and value, with the labels that stand in the files as classes.
    pub(super) fn values(&self, classes: &[(String, u32)]) -> Result<DataFrame, DataFusionError> {
        let (image, value) = (col("image"), col("score").alias("value"));
        let same = |(text, class): &(String, u32)| *text == class.to_string();
        if classes.iter().all(same) {
            let class = cast(col("label"), DataType::Int64).alias("class");
            return self.frame.clone().select([image, class, value]);
        }
        let label = |text: &str| match (self.labels_are_numbers, text.parse::<i64>()) {
            (true, Ok(number)) => lit(number),
            _ => lit(text),
        };
        let known = classes
            .iter()
            .map(|(text, class)| vec![label(text), lit(i64::from(*class))]);
        let known = LogicalPlanBuilder::values(known.collect())?
            .project([
                ident("column1").alias("known"),
                ident("column2").alias("class"),
            ])?
            .build()?;
        let known = DataFrame::new(self.context.0.state(), known);
        self.frame
            .clone()
            .join(known, JoinType::Inner, &["label"], &["known"], None)?
            .select([image, col("class"), value])
    }
}

struct Place {
    name: String,
    kind: DataType,
}

impl Place {
    fn value(&self) -> Expr {
        ident(&self.name)
    }

    fn expect(&self, fits: bool, expected: &'static str) -> Result<(), ScaleError> {
        match fits {
            true => Ok(()),
            false => Err(ScaleError::Type {
                column: self.name.clone(),
                found: self.kind.to_string(),
                expected,
            }),
        }
    }
}

fn place(schema: &Schema, column: &Column) -> Result<Place, ScaleError> {
    let mut fields = schema.fields().iter();
    match fields.find(|field| column.is(field.name())) {
        Some(field) => Ok(Place {
            name: field.name().clone(),
            kind: field.data_type().clone(),
        }),
        None => Err(ScaleError::Table(TableError::Column {
            name: column.name,
            found: schema
                .fields()
                .iter()
                .map(|field| field.name().clone())
                .collect(),
        })),
    }
}

fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

/// Whole numbers that 64 bits with a sign hold.
fn is_whole(kind: &DataType) -> bool {
    kind.is_integer() && *kind != DataType::UInt64
}

/// Whatever characters a path has: none of them is a pattern.
fn url(file: &Path) -> Result<ListingTableUrl, ScaleError> {
    let absolute = std::path::absolute(file)?;
    let url = url::Url::from_file_path(&absolute)
        .map_err(|()| ScaleError::Plan(format!("{} is no path", absolute.display())))?;
    ListingTableUrl::try_new(url, None).map_err(|error| ScaleError::Plan(error.to_string()))
}

/// A column of texts of a plan's rows.
pub(super) fn texts(
    batch: &RecordBatch,
    column: usize,
) -> Result<&datafusion::arrow::array::StringArray, ScaleError> {
    let array = batch.columns().get(column);
    array
        .and_then(|array| array.as_string_opt::<i32>())
        .ok_or_else(|| unexpected(batch, column))
}

/// A column of numbers of a plan's rows.
pub(super) fn numbers<T: datafusion::arrow::datatypes::ArrowPrimitiveType>(
    batch: &RecordBatch,
    column: usize,
) -> Result<&datafusion::arrow::array::PrimitiveArray<T>, ScaleError> {
    let array = batch.columns().get(column);
    array
        .and_then(|array| array.as_primitive_opt::<T>())
        .ok_or_else(|| unexpected(batch, column))
}

fn unexpected(batch: &RecordBatch, column: usize) -> ScaleError {
    let found = batch
        .columns()
        .get(column)
        .map(|array| array.data_type().to_string());
    ScaleError::Plan(format!("column {column} of the plan is {found:?}"))
}
