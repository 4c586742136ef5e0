//! `relabel show`: one image inline, then exit.

use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::context::{Context, shown};
use super::export::label_sets;
use super::failure::Failure;
use super::output::stdout_failure;
use super::suggest::image_hint;
use crate::domain::{ClassIndex, ImageId};
use crate::review::picture::{
    PictureMode, TerminalPictures, Viewport, decode, detect, encode, write_inline,
};
use crate::store::{ImageRow, Store};

/// Options of `show`.
#[derive(Debug, clap::Args)]
pub struct Show {
    /// A picture file, or the name of an image of the project, or its number on the review screen
    #[arg(value_name = "FILE|IMAGE")]
    image: PathBuf,
    /// How pictures are sent [default: as the terminal allows]
    #[arg(long, value_enum, value_name = "MODE")]
    pictures: Option<PictureMode>,
    /// Bytes that the picture may take at most: it gets coarser until it fits [default: as fine as it gets]
    #[arg(long, value_name = "64k", value_parser = super::context::parse_bytes)]
    picture_budget: Option<usize>,
    /// The box for the picture, in columns and rows [default: the terminal's, less a line]
    #[arg(long, value_name = "48x20", value_parser = parse_cells)]
    cells: Option<(u16, u16)>,
}

fn parse_cells(text: &str) -> Result<(u16, u16), String> {
    let measures = text.split_once('x').and_then(|(columns, rows)| {
        let measures = (columns.parse().ok()?, rows.parse().ok()?);
        (measures.0 > 0 && measures.1 > 0 && measures.0 <= 1000 && measures.1 <= 1000)
            .then_some(measures)
    });
    measures
        .ok_or_else(|| "expected columns and rows, each from 1 to 1000, such as 48x20".to_owned())
}

/// Runs the command.
pub fn run(options: &Show, context: &Context) -> Result<(), Failure> {
    let name = options.image.to_string_lossy();
    let found = match options.image.exists() {
        true => None,
        false => find(&name, context)?,
    };
    let (path, image) = match found {
        Some((store, image)) => {
            let path = image.path.clone();
            (path, Some((store, image)))
        }
        None => (Some(options.image.clone()), None),
    };
    if let Some((store, image)) = &image {
        say_labels(store, image, context)?;
    }
    match path {
        Some(path) => show_picture(&path, options, context).map_err(|failure| {
            let meant = if image.is_none() {
                meant(&name, context)
            } else {
                None
            };
            meant.into_iter().fold(failure, Failure::hint)
        }),
        None => Err(Failure::failed(format!(
            "image {name:?} is known by name only: it has no file"
        ))
        .hint("`relabel import images DIR` says where the files are")),
    }
}

/// An image of the project, where there is a project and such a name, or such a number: raters know images by these.
fn find(name: &str, context: &Context) -> Result<Option<(Store, ImageRow)>, Failure> {
    if !context.project.exists() {
        return Ok(None);
    }
    let store = context.open()?;
    let named = store.images()?.into_iter().find(|image| image.name == name);
    let number = name.strip_prefix("image ").unwrap_or(name).parse().ok();
    let image = match (named, number) {
        (None, Some(number)) => store.image(ImageId(number))?,
        (named, _) => named,
    };
    Ok(image.map(|image| (store, image)))
}

/// The image of the project that may be meant by a name that is neither one of them nor a file.
fn meant(name: &str, context: &Context) -> Option<String> {
    if Path::new(name).exists() || !context.project.exists() {
        return None;
    }
    let images = context.open().ok()?.images().ok()?;
    image_hint(name, images.iter().map(|image| image.name.as_str()))
}

fn say_labels(store: &Store, image: &ImageRow, context: &Context) -> Result<(), Failure> {
    let classes = store.classes()?;
    context.say(image.name.as_str());
    if let Some(label) = image.original_label {
        context.say(format!(
            "original label: {} ({label})",
            classes.name_of(label)
        ));
    }
    if let Some(run) = store.run(None)? {
        let scores = store.scores(run.id)?;
        for set in label_sets(std::slice::from_ref(image), &own(&scores, &image.name)) {
            let names: Vec<String> = set
                .labels
                .iter()
                .map(|&label| classes.name_of(ClassIndex(label)))
                .collect();
            context.say(format!(
                "label set of run {}: {}",
                run.id,
                match names.as_slice() {
                    [] => "empty".to_owned(),
                    names => names.join("; "),
                }
            ));
            for decided in &set.decided {
                let answer = if decided.in_set { "yes" } else { "no" };
                let name = classes.name_of(ClassIndex(decided.label));
                context.say(format!("decided by {}: {answer}, {name}", decided.by));
            }
        }
    }
    Ok(())
}

fn own(scores: &[crate::store::ScoreRow], image: &str) -> Vec<crate::store::ScoreRow> {
    scores
        .iter()
        .filter(|score| score.image == image)
        .cloned()
        .collect()
}

fn show_picture(path: &Path, options: &Show, context: &Context) -> Result<(), Failure> {
    let decoded = decode(path).map_err(|error| {
        let hint = match path.is_symlink() && !path.exists() {
            true => "the symbolic link leads nowhere",
            false => error.hint(),
        };
        Failure::input(format!("cannot show {}: {error}", shown(path))).hint(hint)
    })?;
    if let Some(damage) = decoded.damage {
        context.say(format!("{}: {damage}", shown(path)));
    }
    let terminal = TerminalPictures {
        budget: options.picture_budget,
        ..detect(options.pictures)
    };
    let (columns, rows) = options.cells.unwrap_or_else(room);
    context.say_more(format!(
        "{}×{} pixels, {} in {columns}×{rows} cells",
        decoded.image.width(),
        decoded.image.height(),
        terminal.mode
    ));
    if terminal.mode == PictureMode::None {
        return context.print(&format!(
            "{}: {}×{} pixels (pictures are off)",
            shown(path),
            decoded.image.width(),
            decoded.image.height()
        ));
    }
    let picture = encode(&decoded, (columns, rows), Viewport::WHOLE, &terminal)
        .map_err(|error| Failure::failed(format!("cannot show {}: {error}", shown(path))))?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    let written = write_inline(&picture, &mut out).and_then(|()| out.flush());
    written.map_err(|error| stdout_failure(&error))
}

/// The terminal's size less a line for the prompt; 80×24 where there is no terminal.
fn room() -> (u16, u16) {
    let size = match std::io::stdout().is_terminal() {
        true => crossterm::terminal::size().ok(),
        false => None,
    };
    let (columns, rows) = size.unwrap_or((80, 24));
    (columns.max(1), rows.saturating_sub(1).max(1))
}
