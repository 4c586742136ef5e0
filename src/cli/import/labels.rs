use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::coco::{FileKind, kind_of, take_images};
use super::files::of_folder;
use super::names::{ImageNames, NewImages, find_class};
use super::rows::{BadRows, Intake, LeftOut, RowProblem, new_images, take_rows};
use crate::cli::context::{Context, shown};
use crate::cli::failure::Failure;
use crate::domain::{ClassIndex, Classes, ImageId};
use crate::formats::records::LabelsRecord;
use crate::store::Store;
use crate::text::{count, thousands};

/// Options of `import labels`.
#[derive(Debug, clap::Args)]
pub struct Labels {
    /// CSV, JSONL or Parquet: image,label; COCO's JSON; or a folder whose folders name classes
    file: PathBuf,
    /// Let a label of the file take the place of a different one in the project
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    new_images: NewImages,
    #[command(flatten)]
    bad_rows: BadRows,
}

impl Labels {
    /// What a bare `import labels FILE` does.
    pub fn of(file: PathBuf) -> Labels {
        Labels {
            file,
            replace: false,
            new_images: NewImages::default(),
            bad_rows: BadRows::default(),
        }
    }
}

/// Takes in the labels of a file.
pub fn import_labels(store: &Store, options: &Labels, context: &Context) -> Result<(), Failure> {
    let (left_out, incoming) = store.atomically(|store| {
        let mut incoming = Incoming {
            replace: options.replace,
            classes: store.classes()?,
            images: ImageNames::of(store)?.with_new(options.new_images),
            before: store.original_labels()?,
            in_file: HashMap::new(),
            added: 0,
            known: 0,
            repeated: 0,
        };
        let (file, bad_rows) = (options.file.as_path(), options.bad_rows);
        let left_out = match kind_of(file)? {
            FileKind::Folder => take_folder(&mut incoming, store, file, bad_rows, context)?,
            FileKind::Coco | FileKind::Json => take_images(file, bad_rows, context, |image| {
                let labels = image.labels.iter().map(|(label, _)| label.as_str());
                incoming.take(store, &image.image, &labels.collect::<Vec<_>>())
            })?,
            FileKind::Table => take_rows(
                file,
                LabelsRecord::COLUMNS,
                bad_rows,
                context,
                LabelsRecord::from_row,
                |record| {
                    let labels = record.labels.iter().map(String::as_str);
                    incoming.take(store, &record.image, &labels.collect::<Vec<_>>())
                },
            )?,
        };
        Ok::<_, Failure>((left_out, incoming))
    })?;
    left_out.say(context);
    context.say(format!(
        "{}: {} imported, {} known already{}{}",
        shown(&options.file),
        count(incoming.added, "original label"),
        thousands(incoming.known),
        match incoming.repeated {
            0 => String::new(),
            repeated => format!("; {} of the file", count(repeated, "repetition")),
        },
        new_images(incoming.images.n_new()),
    ));
    Ok(())
}

/// A folder whose folders name classes: of each file the innermost that does.
fn take_folder(
    incoming: &mut Incoming,
    store: &Store,
    folder: &Path,
    bad_rows: BadRows,
    context: &Context,
) -> Result<LeftOut, Failure> {
    let (files, passed) = of_folder(folder, false);
    if files.is_empty() {
        return Err(Failure::input(format!(
            "cannot import {}: it is a folder with no picture in it",
            shown(folder)
        )));
    }
    let mut intake = Intake::new(folder, "folder", bad_rows, context);
    for file in files {
        let outcome = incoming.take_file(store, &file.name);
        intake.note(outcome, || Some(format!("file {:?}", file.name)))?;
    }
    passed.say(context);
    intake.finish()
}

/// Labels of a file on their way into the project.
struct Incoming {
    replace: bool,
    classes: Classes,
    images: ImageNames,
    before: HashMap<ImageId, ClassIndex>,
    in_file: HashMap<ImageId, ClassIndex>,
    added: usize,
    known: usize,
    /// Rows that say once more what an earlier one said.
    repeated: usize,
}

impl Incoming {
    fn take_file(&mut self, store: &Store, name: &str) -> Result<(), RowProblem> {
        let folders: Vec<&str> = name.split('/').rev().skip(1).collect();
        let mut found = folders
            .iter()
            .map(|folder| find_class(&self.classes, folder));
        let Some(innermost) = found.next() else {
            return Err(RowProblem::bad("it lies in no folder that names a class"));
        };
        let class = match found.find_map(Result::ok) {
            _ if innermost.is_ok() => innermost?,
            Some(outer) => outer,
            None => innermost?,
        };
        let class = class.index.to_string();
        self.take(store, name, &[&class])
    }

    /// An image has one original label.
    fn take(&mut self, store: &Store, name: &str, labels: &[&str]) -> Result<(), RowProblem> {
        let label = match labels {
            [] => return Ok(()),
            [label] => label,
            _ => {
                return Err(RowProblem::bad(format!(
                    "image {name:?} has {} labels ({}), and an original label is one",
                    labels.len(),
                    labels.join(", ")
                ))
                .hint("`relabel import proposals FILE` takes them all"));
            }
        };
        let classes = &self.classes;
        let class = find_class(classes, label)?.index;
        let image = self.images.find_or_add(store, name)?;
        if let Some(&other) = self.in_file.get(&image)
            && other != class
        {
            return Err(RowProblem::bad(format!(
                "image {name:?} has label {other} in an earlier row and {class} here"
            )));
        }
        let before = self.before.get(&image).copied();
        if let Some(other) = before
            && other != class
            && !self.replace
        {
            return Err(RowProblem::bad(format!(
                "image {name:?} has the original label {other} ({}), not {class} ({})",
                classes.name_of(other),
                classes.name_of(class)
            ))
            .hint("take the file's labels with --replace"));
        }
        if self.in_file.insert(image, class).is_some() {
            self.repeated += 1;
            return Ok(());
        }
        if before == Some(class) {
            self.known += 1;
            return Ok(());
        }
        self.added += 1;
        store
            .set_original_label(image, class)
            .map_err(Failure::from)?;
        Ok(())
    }
}
