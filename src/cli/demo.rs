//! `relabel demo`: the built-in example project, written to a folder and opened in the review screen.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::aggregate;
use super::context::{Context, shown};
use super::failure::Failure;
use super::import::{
    Images, Labels, Proposals, Votes, import_images, import_labels, import_proposals, import_votes,
};
use super::init::create_project;
use super::newcomer;
use super::output::{Contents, in_words, put};
use super::plan::{Plan, replan};
use super::review::{self, ReviewOptions};
use crate::domain::Role;
use crate::formats::classes::ilsvrc2012_tables;

/// Options of `demo`.
#[derive(Debug, clap::Args)]
pub struct Demo {
    /// The folder to write to; a demo that is there already is opened again [default: a fresh one]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    #[command(flatten)]
    review: ReviewOptions,
}

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../assets/demo/", $name)).as_slice())),*]
    };
}

/// The example's files, as a user would have them.
const FILES: &[(&str, &[u8])] = files![
    "SOURCES.md",
    "labels.csv",
    "proposals.csv",
    "votes.csv",
    "gold.csv",
    "images/bottle.jpg",
    "images/cafe.jpg",
    "images/cat.jpg",
    "images/crossing.jpg",
    "images/desk.jpg",
    "images/hillside.jpg",
    "images/launchpad.jpg",
    "images/leaf.jpg",
    "images/saucer.jpg",
    "images/savanna.jpg",
    "images/sky.jpg",
    "images/street.jpg",
];

/// Runs the command.
pub fn run(options: &Demo, context: &Context) -> Result<(), Failure> {
    let folder = match &options.dir {
        Some(folder) => folder.clone(),
        None => tempfile::Builder::new()
            .prefix("relabel-demo-")
            .tempdir()
            .map_err(|error| {
                Failure::failed(format!("cannot make a folder for the demo: {error}"))
            })?
            .keep(),
    };
    let project = folder.join("relabel.db");
    let context = Context {
        project: project.clone(),
        ..context.clone()
    };
    if !project.exists() {
        write_project(&folder, &context)?;
    }
    let interactive = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let outcome = if interactive {
        // Nobody has to say who tries it out.
        let rater = options.review.rater.clone().or_else(review::user_name);
        let rater = rater.unwrap_or_else(|| "you".to_owned());
        newcomer::welcome(&context.open()?, &rater, Role::Rater)?;
        let mut own = options.review.clone();
        own.rater = Some(rater);
        review::review(&own, &context)
    } else {
        context.say("no terminal here, so the review screen stays closed");
        Ok(())
    };
    // Shown after the screen has closed, where it stays readable.
    context.say(format!("the demo project is {}", shown(&project)));
    context.say(format!(
        "look at it with any command, such as: relabel --project {} status",
        shown(&project)
    ));
    outcome
}

/// Writes the example's files and takes the road that a user would take.
fn write_project(folder: &Path, context: &Context) -> Result<(), Failure> {
    let images = folder.join("images");
    std::fs::create_dir_all(&images).map_err(|error| {
        let why = in_words(&error);
        Failure::failed(format!("cannot make the folder {}: {why}", shown(&images)))
            .hint("choose another one with --dir DIR")
    })?;
    // A folder of somebody's own may have files of these names.
    let is_other = |(name, bytes): &&(&str, &[u8])| {
        let path = folder.join(name);
        path.exists() && !std::fs::read(&path).is_ok_and(|there| there == *bytes)
    };
    if let Some((name, _)) = FILES.iter().find(is_other) {
        let why = format!("{} is there already", shown(&folder.join(name)));
        return Err(Failure::failed(why).hint("choose an empty folder with --dir DIR"));
    }
    for (name, bytes) in FILES {
        put(&folder.join(name), Contents::Bytes, context, |out| {
            Ok(out.write_all(bytes)?)
        })?;
    }
    let quiet = Context {
        quiet: true,
        ..context.clone()
    };
    let tables = ilsvrc2012_tables().map_err(|error| Failure::failed(error.to_string()))?;
    create_project(&quiet, &tables, |store| {
        import_images(store, &Images::of(images), &quiet)?;
        let file = |name: &str| folder.join(name);
        import_labels(store, &Labels::of(file("labels.csv")), &quiet)?;
        import_proposals(store, &Proposals::of(file("proposals.csv")), &quiet)?;
        let gold = Votes::of(file("gold.csv"), "gold", Role::Expert);
        import_votes(store, &gold, &quiet)?;
        let votes = Votes::of(file("votes.csv"), "main", Role::Rater);
        import_votes(store, &votes, &quiet)?;
        replan(store, &Plan::default())?;
        aggregate::majority(store)
    })
    .map(drop)
}
