//! `relabel export`: label sets, scores, votes and tasks for others.

mod label_studio;
mod lines;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use clap::ValueEnum;
use indicatif::ProgressBar;

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::interrupt;
use crate::cli::output::{CellOptions, Contents, Outputs, to_file, to_file_or_stdout};
use crate::formats::export::{
    LabelSet, ScoredLabel, TargetKind, VoteLine, VoteObject, VotesCsv, VotesParquet, write_jsonl,
    write_notes_csv, write_real_json, write_scores_csv, write_scores_parquet,
};
use crate::store::{Run, ScoreRow, Store};

pub use lines::label_sets;
use lines::{folder_lines, scored_labels, targets, task_lines};

/// Options of `export`.
#[derive(Debug, clap::Args)]
pub struct Export {
    /// What to write
    #[arg(long = "as", value_enum, value_name = "FORMAT")]
    target: ExportFormat,
    /// Where to; - for stdout [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The aggregation to take label sets from [default: the newest]
    #[arg(long, value_name = "N")]
    run: Option<i64>,
    /// Label Studio: what to put before the images' names, such as `/data/local-files/?d=photos/`
    #[arg(
        long,
        default_value = "",
        hide_default_value = true,
        value_name = "TEXT"
    )]
    image_prefix: String,
    /// npy and npz: write the image of each row there too, a name a line
    #[arg(long, value_name = "FILE")]
    images_order: Option<PathBuf>,
    #[command(flatten)]
    cells: CellOptions,
}

/// The kind of file that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Csv,
    Json,
    Parquet,
    Npy,
    Npz,
}

impl Shape {
    fn contents(self) -> Contents {
        match self {
            Shape::Csv => Contents::Text,
            Shape::Json => Contents::Json,
            Shape::Parquet | Shape::Npy | Shape::Npz => Contents::Bytes,
        }
    }
}

impl Export {
    /// Of targets the ending of the output decides.
    fn shape(&self) -> Shape {
        use ExportFormat::{Csv, MultiHot, NotesCsv, Parquet, Soft, VotesCsv, VotesParquet};
        match self.target {
            Csv | VotesCsv | NotesCsv => Shape::Csv,
            Parquet | VotesParquet => Shape::Parquet,
            MultiHot | Soft => {
                let ending = self.output.as_ref().and_then(|path| path.extension());
                let ending = ending.map(|ending| ending.to_ascii_lowercase());
                match ending.as_ref().and_then(|ending| ending.to_str()) {
                    Some("npy") => Shape::Npy,
                    Some("npz") => Shape::Npz,
                    _ => Shape::Csv,
                }
            }
            _ => Shape::Json,
        }
    }

    /// Options that say nothing of this format are slips of the pen.
    fn check(&self) -> Result<(), Failure> {
        let shape = self.shape();
        self.cells.check(shape == Shape::Csv)?;
        if self.images_order.is_some() && !matches!(shape, Shape::Npy | Shape::Npz) {
            return Err(Failure::usage("--images-order goes with `--as multi-hot` or `--as soft` and -o FILE.npy or FILE.npz")
                .hint("the other formats name the image in each row"));
        }
        Ok(())
    }
}

/// What can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// A list of class indices an image, in image-name order
    RealJson,
    /// A row a question: image,label,name,score,in_set
    Csv,
    /// The same as Parquet, typed
    Parquet,
    /// A row a vote: image,label,rater,round,answer,at
    VotesCsv,
    /// The same, an object a line
    VotesJsonl,
    /// The same as Parquet, typed
    VotesParquet,
    /// A row a flag or comment: note,state,image,rater,kind,text,at,answered_by,answer,answered_at
    NotesCsv,
    /// An object a task: image, task, labels
    TasksJsonl,
    /// An object an image: image, labels, original, and what was decided
    Jsonl,
    /// A 0 or 1 for each image and class, for training: CSV, or npy or npz by the ending of -o
    MultiHot,
    /// The same with posterior probabilities
    Soft,
    /// metadata.jsonl of a Hugging Face image folder: file_name, labels, scores
    Hf,
    /// Label Studio's JSON: a task an image, with votes as annotations, proposals and scores as predictions
    LabelStudio,
}

/// Runs the command.
pub fn run(options: &Export, context: &Context) -> Result<(), Failure> {
    options.check()?;
    let outputs = Outputs {
        places: &[
            ("-o", options.output.as_deref()),
            ("--images-order", options.images_order.as_deref()),
        ],
        ..Outputs::default()
    };
    let context = &outputs.check(context)?;
    let store = context.open()?;
    let (output, contents) = (options.output.as_deref(), options.shape().contents());
    to_file_or_stdout(output, contents, context, |out| {
        write(options, &store, context, out)
    })?;
    if let Some(path) = &options.images_order {
        let images = store.images()?;
        let names = images.iter().map(|image| image.name.as_str());
        let hint = "an npz has the names in it, in the array `images`";
        to_file(path, Contents::Text, context, |out| {
            write_names(names, hint, out)
        })?;
    }
    Ok(())
}

/// A name a line, as `import predictions --images-order` reads it; the hint is for a name that fits into none.
pub fn write_names<'a>(
    names: impl IntoIterator<Item = &'a str>,
    hint: &str,
    out: &mut impl Write,
) -> Result<(), Failure> {
    for name in names {
        if name.contains(['\n', '\r']) {
            return Err(Failure::failed(format!(
                "the name of image {name:?} does not fit into a line"
            ))
            .hint(hint));
        }
        writeln!(out, "{name}")?;
    }
    Ok(())
}

fn write(
    options: &Export,
    store: &Store,
    context: &Context,
    out: &mut (impl Write + Send),
) -> Result<(), Failure> {
    // Not between lines that stand on the same screen.
    let goes_to_stdout = options.output.is_none() || context.stdout_taken;
    let quiet = goes_to_stdout && std::io::stdout().is_terminal();
    let bar = |what, length| match quiet {
        true => ProgressBar::hidden(),
        false => context.progress(what, length),
    };
    match options.target {
        ExportFormat::RealJson => write_real_json(&sets(options, store, context)?, out)?,
        ExportFormat::Jsonl => write_jsonl(&sets(options, store, context)?, out)?,
        ExportFormat::Csv => write_scores_csv(
            &labels(options, store, context)?,
            options.cells.formulas(),
            out,
        )?,
        ExportFormat::Parquet => write_scores_parquet(&labels(options, store, context)?, out)?,
        ExportFormat::VotesCsv => {
            let mut rows = VotesCsv::new(out, options.cells.formulas())?;
            each_vote(store, bar("votes", store.n_vote_rows()?), |vote| {
                rows.write(&vote)
            })?;
            rows.finish()?;
        }
        ExportFormat::VotesJsonl => {
            each_vote(store, bar("votes", store.n_vote_rows()?), |vote| {
                write_jsonl(&[VoteObject::of(&vote)], out)
            })?;
        }
        ExportFormat::VotesParquet => {
            let mut rows = VotesParquet::new(out)?;
            each_vote(store, bar("votes", store.n_vote_rows()?), |vote| {
                rows.write(vote)
            })?;
            rows.finish()?;
        }
        ExportFormat::NotesCsv => write_notes_csv(
            &crate::cli::notes::lines(store)?,
            options.cells.formulas(),
            out,
        )?,
        ExportFormat::MultiHot => {
            write_targets(options, store, context, TargetKind::MultiHot, out)?
        }
        ExportFormat::Soft => write_targets(options, store, context, TargetKind::Soft, out)?,
        ExportFormat::Hf => {
            let scores = scores_of(options, store, context)?;
            write_jsonl(&folder_lines(&store.images()?, &scores), out)?;
        }
        ExportFormat::LabelStudio => {
            let run = newest_or(options, store)?.map(|run| run.id);
            label_studio::write_tasks(store, run, &options.image_prefix, bar, out)?;
        }
        ExportFormat::TasksJsonl => write_jsonl(&task_lines(store)?, out)?,
    }
    Ok(())
}

fn write_targets(
    options: &Export,
    store: &Store,
    context: &Context,
    kind: TargetKind,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let scores = scores_of(options, store, context)?;
    let targets = targets(&store.images()?, &scores, &store.classes()?, kind);
    match options.shape() {
        Shape::Npy => targets.write_npy(out)?,
        Shape::Npz => targets.write_npz(out)?,
        _ => targets.write_csv(options.cells.formulas(), out)?,
    }
    Ok(())
}

fn sets(options: &Export, store: &Store, context: &Context) -> Result<Vec<LabelSet>, Failure> {
    Ok(label_sets(
        &store.images()?,
        &scores_of(options, store, context)?,
    ))
}

fn labels(options: &Export, store: &Store, context: &Context) -> Result<Vec<ScoredLabel>, Failure> {
    let scores = scores_of(options, store, context)?;
    Ok(scored_labels(&store.images()?, &scores, &store.classes()?))
}

fn each_vote(
    store: &Store,
    bar: ProgressBar,
    mut write: impl FnMut(VoteLine) -> std::io::Result<()>,
) -> Result<(), Failure> {
    store.each_vote(|vote| {
        interrupt::check()?;
        bar.inc(1);
        Ok(write(VoteLine {
            image: vote.image,
            class: vote.class,
            rater: vote.rater,
            round: vote.round,
            answer: vote.answer,
            at: vote.at,
        })?)
    })
}

/// The run that is asked for, or the newest; none where nothing is aggregated yet.
fn newest_or(options: &Export, store: &Store) -> Result<Option<Run>, Failure> {
    match (store.run(options.run)?, options.run) {
        (None, Some(number)) => Err(Failure::failed(format!("there is no run {number}"))
            .hint("`relabel status` says how many there are")),
        (run, _) => Ok(run),
    }
}

fn scores_of(options: &Export, store: &Store, context: &Context) -> Result<Vec<ScoreRow>, Failure> {
    if let Some(run) = newest_or(options, store)? {
        return Ok(store.scores(run.id)?);
    }
    context.say(
        "no votes are aggregated yet (`relabel aggregate`): every image keeps its original label",
    );
    Ok(Vec::new())
}
