use std::collections::HashMap;
use std::path::PathBuf;

use clap::ValueEnum;

use super::folds::read_folds;
use super::names::ImageNames;
use super::order::{RowOrder, ending};
use crate::cli::context::{Context, shown};
use crate::cli::engine::{Engine, EngineOptions};
use crate::cli::failure::Failure;
#[cfg(feature = "datafusion")]
use crate::cli::predictions::plans::Planned;
use crate::cli::predictions::{
    IMAGES_FIRST, Identity, arrays, digest, is_matrix, open_matrix, read_table, refusal,
};
use crate::cli::table::thousands;
use crate::domain::{Classes, ImageId};
use crate::formats::matrix::{Matrix, MatrixError, Rows};
use crate::store::{Model, Store};
use crate::text::count;

/// Options of `import predictions`.
#[derive(Debug, clap::Args)]
pub struct Predictions {
    /// A matrix [images, classes] in npy or npz, or a table of image,label,score in CSV, JSONL or Parquet, or a folder of Parquet files
    file: PathBuf,
    /// The model's name
    #[arg(long, value_name = "M")]
    model: String,
    /// What the values are [default: probabilities where each row sums to 1, else logits]
    #[arg(long, value_enum, value_name = "KIND")]
    kind: Option<KindChoice>,
    /// The image of each row of a matrix: a text file with a name a line, or a table with a column `image` [default: all
    /// images of the project in the order of their names]
    #[arg(long, value_name = "FILE")]
    images_order: Option<PathBuf>,
    /// Which array of an npz; with --fold-file, `fold-{}` names one a fold, and of each only that fold's images count
    #[arg(long, value_name = "NAME")]
    array: Option<String>,
    /// The fold of each image (a table image,fold, as `relabel folds` writes it), where the model was trained once a fold,
    /// without that fold: what it predicts was not trained on
    #[arg(long, value_name = "FILE")]
    fold_file: Option<PathBuf>,
    /// What a folder is known again by
    #[arg(long, value_enum, default_value = "contents", value_name = "WHAT")]
    identity: Identity,
    #[command(flatten)]
    engine: EngineOptions,
}

/// What a model's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KindChoice {
    /// Of any size: softmax makes probabilities of them
    Logits,
    /// From 0 to 1
    Probabilities,
}

impl KindChoice {
    fn word(self) -> &'static str {
        match self {
            KindChoice::Logits => "logits",
            KindChoice::Probabilities => "probabilities",
        }
    }
}

/// Checks the predictions of a file, and keeps where it is.
pub fn import_predictions(
    store: &Store,
    options: &Predictions,
    context: &Context,
) -> Result<(), Failure> {
    let file = &options.file;
    let names = ImageNames::of(store)?;
    let classes = store.classes()?;
    if options.model.trim().is_empty() {
        return Err(Failure::usage("--model: a name is wanted"));
    }
    let former = store.model(&options.model)?;
    let is_source = store
        .sources()?
        .iter()
        .any(|source| source.name == options.model);
    if former.is_none() && is_source {
        return Err(Failure::failed(format!(
            "{:?} proposes already, by `relabel import proposals`",
            options.model
        ))
        .hint("give the model another name with --model"));
    }
    let engine = options.engine.open([file.as_path()])?;
    if options.identity != Identity::Contents && !file.is_dir() {
        return Err(Failure::usage(
            "--identity is for folders; a file is known by its contents",
        ));
    }
    let folds = match &options.fold_file {
        Some(_) if file.is_dir() => {
            return Err(Failure::usage(
                "--fold-file is for a single file: plans over folders know no folds",
            ));
        }
        Some(folds) => Some(read_folds(folds, &names, context)?),
        None => None,
    };
    let given = Given {
        options,
        names: &names,
        classes: &classes,
        folds: folds.as_ref(),
    };
    // Read first: what is bad in the file is told before its hash is made.
    let (seen, image_order) = if is_matrix(file) {
        matrix(store, &given, context)?
    } else {
        if options.images_order.is_some() || options.array.is_some() {
            return Err(Failure::usage(
                "--images-order and --array are for matrices; a table names its images",
            ));
        }
        let ending = ending(file);
        if !["csv", "jsonl", "ndjson", "parquet"].contains(&ending.as_str()) && !file.is_dir() {
            return Err(refusal(file, &MatrixError::Format(ending)));
        }
        (table(&given, &engine, context)?, None)
    };
    let kind = kind(options, &seen)?;
    let (size, sha256) = digest(file, options.identity)
        .map_err(|error| Failure::input(format!("cannot read {}: {error}", shown(file))))?;
    let model = Model {
        name: options.model.clone(),
        path: std::path::absolute(file).unwrap_or_else(|_| file.clone()),
        array: options.array.clone(),
        size,
        sha256,
        kind: kind.word().to_owned(),
        image_order,
        images: seen.images,
        folds,
    };
    store.atomically(|store| store.set_model(&model))?;
    let known = store.images()?.len();
    let same = former
        .as_ref()
        .is_some_and(|former| same_predictions(former, &model));
    context.say(format!(
        "{}: {}{} images × {} classes of {:?}, {} from {:.4} to {:.4}",
        shown(file),
        match (&former, same) {
            (None, _) => "",
            (Some(_), true) => "known already: ",
            (Some(_), false) => "in place of the former file: ",
        },
        thousands(seen.images),
        thousands(classes.len()),
        options.model,
        kind.word(),
        seen.least,
        seen.most,
    ));
    if known > seen.images {
        context.say(format!(
            "without a prediction by this model: {} of the project",
            count(known - seen.images, "image")
        ));
    }
    context.say("the file stays where it is; next: `relabel propose`");
    Ok(())
}

fn same_predictions(one: &Model, other: &Model) -> bool {
    let key = |model: &Model| {
        (
            model.sha256,
            model.array.clone(),
            model.kind.clone(),
            model.image_order.clone(),
            model.folds.clone(),
        )
    };
    key(one) == key(other)
}

/// What the values of a file are like.
#[derive(Debug)]
struct Seen {
    images: usize,
    least: f64,
    most: f64,
    /// Where a value outside of 0..=1 stands, and which.
    outside: Option<(String, f64)>,
    /// Whether the values of every image sum to 1.
    sums_to_one: bool,
}

impl Seen {
    fn nothing() -> Seen {
        Seen {
            images: 0,
            least: f64::INFINITY,
            most: f64::NEG_INFINITY,
            outside: None,
            sums_to_one: true,
        }
    }

    /// Rows of a matrix.
    fn rows<T: Copy + Into<f64>>(first: usize, columns: usize, values: &[T]) -> Seen {
        let mut seen = Seen::nothing();
        for (row, values) in (first..).zip(values.chunks(columns)) {
            let place = |column: usize| format!("row {row}, column {column}");
            seen.row(values.iter().map(|&value| value.into()), place);
        }
        seen
    }

    /// Adds what was seen in later rows.
    fn add(&mut self, later: Seen) {
        self.images += later.images;
        self.least = self.least.min(later.least);
        self.most = self.most.max(later.most);
        self.sums_to_one &= later.sums_to_one;
        self.outside = self.outside.take().or(later.outside);
    }

    fn row(&mut self, values: impl Iterator<Item = f64>, place: impl Fn(usize) -> String) {
        let mut sum = 0.0;
        for (column, value) in values.enumerate() {
            self.least = self.least.min(value);
            self.most = self.most.max(value);
            sum += value;
            if self.outside.is_none() && !(0.0..=1.0).contains(&value) {
                self.outside = Some((place(column), value));
            }
        }
        self.sums_to_one &= sums_to_one(sum);
        self.images += 1;
    }
}

/// Half precision leaves so much.
fn sums_to_one(sum: f64) -> bool {
    (sum - 1.0).abs() < 0.02
}

fn kind(options: &Predictions, seen: &Seen) -> Result<KindChoice, Failure> {
    let guess = match seen.sums_to_one && seen.outside.is_none() {
        true => KindChoice::Probabilities,
        false => KindChoice::Logits,
    };
    match (options.kind, &seen.outside) {
        (Some(KindChoice::Probabilities), Some((place, value))) => Err(Failure::input(format!(
            "cannot import {}: {place}: {value} is no probability",
            shown(&options.file)
        ))
        .hint("probabilities lie from 0 to 1; other values are --kind logits")),
        (Some(kind), _) => Ok(kind),
        (None, _) => Ok(guess),
    }
}

/// What a file is read with.
struct Given<'a> {
    options: &'a Predictions,
    names: &'a ImageNames,
    classes: &'a Classes,
    folds: Option<&'a HashMap<ImageId, u32>>,
}

impl Given<'_> {
    fn open(&self, array: Option<&str>) -> Result<Matrix, Failure> {
        open_matrix(&self.options.file, array, self.classes)
    }

    /// The fold of each image, where there are folds: every image that is predicted has one.
    fn folds_of(&self, images: &[ImageId]) -> Result<Option<Vec<u32>>, Failure> {
        let Some(folds) = self.folds else {
            return Ok(None);
        };
        let of = |image: &ImageId| {
            folds.get(image).copied().ok_or_else(|| {
                let name = self.names.name_of(*image).unwrap_or_default();
                Failure::input(format!(
                    "cannot import {}: image {name:?} is in no fold",
                    shown(&self.options.file)
                ))
                .hint("--fold-file must name the fold of every image that is predicted")
            })
        };
        images.iter().map(of).collect::<Result<_, _>>().map(Some)
    }
}

fn matrix(
    store: &Store,
    given: &Given<'_>,
    context: &Context,
) -> Result<(Seen, Option<Vec<ImageId>>), Failure> {
    let options = given.options;
    // Opened now, for what is wrong with the file is told before what is wrong with the order.
    let mut opened = match given.folds {
        Some(_) => None,
        None => Some(given.open(options.array.as_deref())?),
    };
    let images = order(options).read(store, given.names, context)?;
    let folds = given.folds_of(&images)?;
    let mut seen = Seen::nothing();
    for (array, _) in arrays(options.array.as_deref(), folds.as_deref()) {
        let matrix = match opened.take() {
            Some(matrix) => matrix,
            None => given.open(array.as_deref())?,
        };
        let other = matrix_values(matrix, options, images.len(), context)?;
        seen.add(other);
    }
    // Arrays of several folds are of the same images.
    seen.images = images.len();
    Ok((seen, Some(images)))
}

fn order(options: &Predictions) -> RowOrder<'_> {
    RowOrder {
        file: options.images_order.as_deref(),
        option: "--images-order",
        images_first: IMAGES_FIRST,
    }
}

/// What the values of an array are like.
fn matrix_values(
    matrix: Matrix,
    options: &Predictions,
    images: usize,
    context: &Context,
) -> Result<Seen, Failure> {
    let file = &options.file;
    let (rows, columns) = matrix.shape();
    order(options).check(file, rows, images)?;
    let bar = context.progress("rows", rows as u64);
    let mut seen = Seen::nothing();
    let read = matrix.each_block(|block| -> Result<(), MatrixError> {
        let parts = block.look(|first, rows| match rows {
            Rows::F32(values) => Seen::rows(first, columns, values),
            Rows::F64(values) => Seen::rows(first, columns, values),
        })?;
        parts.into_iter().for_each(|part| seen.add(part));
        bar.set_position(seen.images as u64);
        Ok(())
    });
    bar.finish_and_clear();
    read.map_err(|error| refusal(file, &error).hint("nothing was imported"))?;
    Ok(seen)
}

fn table(given: &Given<'_>, engine: &Engine, context: &Context) -> Result<Seen, Failure> {
    let (names, classes) = (given.names, given.classes);
    let file = &given.options.file;
    #[cfg(feature = "datafusion")]
    if given.folds.is_none()
        && let Some(planned) = engine.plan(file)?
    {
        let _waiting = context.waiting("reading");
        return by_plan(given.options, &planned, names, classes);
    }
    #[cfg(not(feature = "datafusion"))]
    engine.needs_no_plan(file)?;
    let rows = read_table(file, names, classes, given.folds, context)?;
    let images: Vec<ImageId> = rows.iter().map(|row| row.image).collect();
    given.folds_of(&images)?;
    let mut seen = Seen::nothing();
    for row in rows {
        let place = |column: usize| {
            let image = names.name_of(row.image).unwrap_or_default();
            let class = row.classes.get(column).copied().unwrap_or_default();
            format!("image {image:?}, class {class}")
        };
        seen.row(row.values.iter().copied(), place);
    }
    Ok(seen)
}

#[cfg(feature = "datafusion")]
fn by_plan(
    options: &Predictions,
    planned: &Planned<'_>,
    names: &ImageNames,
    classes: &Classes,
) -> Result<Seen, Failure> {
    let mut seen = Seen::nothing();
    let mut outside: Option<String> = None;
    planned.check(names, classes, |image| {
        seen.images += 1;
        seen.least = seen.least.min(image.least);
        seen.most = seen.most.max(image.most);
        seen.sums_to_one &= sums_to_one(image.sum);
        // The first by name, in whatever order they come.
        let is_outside = image.least < 0.0 || image.most > 1.0;
        if is_outside
            && outside
                .as_ref()
                .is_none_or(|other| image.image.as_ref() < Some(other))
        {
            outside.clone_from(&image.image);
        }
    })?;
    seen.outside = match outside {
        // Where it is takes a look at all rows, and only this asks for it.
        Some(image) if options.kind == Some(KindChoice::Probabilities) => {
            Some(planned.outside(&image)?)
        }
        Some(image) => Some((image, f64::NAN)),
        None => None,
    };
    Ok(seen)
}
