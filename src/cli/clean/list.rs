//! The list of what is kept and dropped, as a file.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::Judged;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output::{CellOptions, Contents, to_file};
use crate::domain::{Class, ClassIndex, Classes, ImageId};
use crate::formats::export::{CleanedLine, write_cleaned_csv, write_jsonl};
use crate::store::ImageRow;

/// Where the list goes, and how.
#[derive(Debug, clap::Args)]
pub struct ListOptions {
    /// Write what becomes of each image there; - for stdout
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// How it is written [default: by the file's ending: .jsonl as jsonl, .txt as image-folder, else csv]
    #[arg(long = "as", value_enum, value_name = "FORMAT", requires = "output")]
    shape: Option<ListFormat>,
    #[command(flatten)]
    cells: CellOptions,
}

/// How the list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ListFormat {
    /// A row an image: image,label,name,kept,reason,rank,probability,first_choice,…
    Csv,
    /// The same, an object a line
    Jsonl,
    /// The images that are kept, a line each, as class/file below the folder of an image folder
    ImageFolder,
}

impl ListOptions {
    fn shape(&self) -> ListFormat {
        let ending = self.output.as_ref().and_then(|path| path.extension());
        let ending = ending.map(|ending| ending.to_ascii_lowercase());
        self.shape
            .unwrap_or(match ending.as_ref().and_then(|ending| ending.to_str()) {
                Some("jsonl" | "ndjson") => ListFormat::Jsonl,
                Some("txt") => ListFormat::ImageFolder,
                _ => ListFormat::Csv,
            })
    }

    /// Options that say nothing of this format are slips of the pen.
    pub fn check(&self) -> Result<(), Failure> {
        let is_csv = self.output.is_some() && self.shape() == ListFormat::Csv;
        self.cells.check(is_csv)
    }

    /// Writes the list.
    pub fn write(
        &self,
        lines: &[CleanedLine],
        classes: &Classes,
        path: &Path,
        context: &Context,
    ) -> Result<(), Failure> {
        let contents = match self.shape() {
            ListFormat::Jsonl => Contents::Json,
            ListFormat::Csv | ListFormat::ImageFolder => Contents::Text,
        };
        to_file(path, contents, context, |out| {
            match self.shape() {
                ListFormat::Csv => write_cleaned_csv(lines, self.cells.formulas(), out)?,
                ListFormat::Jsonl => write_jsonl(lines, out)?,
                ListFormat::ImageFolder => write_folder_list(lines, classes, out)?,
            }
            Ok(())
        })
    }
}

/// What becomes of each image, in the order of their names.
pub fn lines(judged: &Judged, images: &[ImageRow], classes: &Classes) -> Vec<CleanedLine> {
    let names: HashMap<ImageId, &str> = (images.iter())
        .map(|image| (image.id, image.name.as_str()))
        .collect();
    let name = |class: u32| classes.name_of(ClassIndex(class));
    let lines = judged.labels().filter_map(|(standing, reason)| {
        let row = standing.row as usize;
        let folds = judged.read.folds.as_ref();
        Some(CleanedLine {
            image: (*names.get(&judged.image(standing)?)?).to_owned(),
            label: standing.label,
            name: name(standing.label),
            kept: reason.keeps(),
            reason: reason.word(),
            rank: standing.rank,
            probability: standing.probability,
            first_choice: standing.first_choice,
            first_choice_name: name(standing.first_choice),
            first_probability: standing.first_probability,
            fold: folds.and_then(|folds| folds.get(row).copied()),
        })
    });
    let mut lines: Vec<CleanedLine> = lines.collect();
    lines.sort_by(|one, other| one.image.cmp(&other.image));
    lines
}

/// The images that are kept, as class/file: images whose names begin with their class's folder as they are called.
fn write_folder_list(
    lines: &[CleanedLine],
    classes: &Classes,
    out: &mut impl Write,
) -> Result<(), Failure> {
    for line in lines.iter().filter(|line| line.kept) {
        if line.image.contains(['\n', '\r']) {
            return Err(Failure::failed(format!(
                "the name of image {:?} does not fit into a line",
                line.image
            ))
            .hint("`--as jsonl` writes any name"));
        }
        match classes.get(ClassIndex(line.label)) {
            Some(class) if !lies_in_folder(&line.image, class) => {
                writeln!(out, "{}/{}", folder(class), line.image)?;
            }
            _ => writeln!(out, "{}", line.image)?,
        }
    }
    Ok(())
}

/// Whether one of the folders in an image's name is the class's.
fn lies_in_folder(image: &str, class: &Class) -> bool {
    let folders = image.rsplit('/').skip(1);
    let index = class.index.to_string();
    let names = |folder: &str| {
        class.wnid.as_deref() == Some(folder)
            || folder == index
            || folder == class.name
            || folder == class.short_name()
    };
    folders.into_iter().any(names)
}

/// What a class's folder is called: its WordNet id where it has one, else its name, which may hold no slash.
fn folder(class: &Class) -> String {
    match &class.wnid {
        Some(wnid) => wnid.clone(),
        None => class.short_name().replace(['/', '\n', '\r'], "_"),
    }
}
