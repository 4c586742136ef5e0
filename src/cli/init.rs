//! `relabel init`: a new project.

use std::path::{Path, PathBuf};

use super::context::{Context, now, shown};
use super::failure::Failure;
use super::import::{Images, import_images};
use super::input::read_small;
use crate::domain::Classes;
use crate::formats::classes::{self, ClassTables};
use crate::formats::whole::MOST_OF_CLASSES;
use crate::hierarchy::Hierarchy;
use crate::store::{Store, StoreError};
use crate::text::count;

/// Options of `init`.
#[derive(Debug, clap::Args)]
pub struct Init {
    /// `ilsvrc2012` (the 1,000 ImageNet classes and their WordNet graph), or a CSV: index,name[,wnid][,gloss]
    #[arg(long, default_value = "ilsvrc2012", value_name = "FILE|ilsvrc2012")]
    classes: String,
    /// A hierarchy over own classes, CSV: child,parent
    #[arg(long, value_name = "FILE")]
    hierarchy: Option<PathBuf>,
    /// Headings in plain words for nodes of the hierarchy, CSV: wnid,heading
    #[arg(long, value_name = "FILE", requires = "hierarchy")]
    headings: Option<PathBuf>,
    /// Take in the images of this folder at once
    #[arg(long, value_name = "DIR")]
    images: Option<PathBuf>,
}

/// Runs the command.
pub fn run(options: &Init, context: &Context) -> Result<(), Failure> {
    let tables = read_tables(options)?;
    create_project(context, &tables, |store| match &options.images {
        Some(folder) => import_images(store, &Images::of(folder.clone()), context),
        None => Ok(()),
    })?;
    context.say(format!(
        "{}: a new project with {}",
        shown(&context.project),
        count(tables.classes.len(), "class")
    ));
    context.say("next: `relabel import images|labels|proposals …`, then `relabel plan`");
    Ok(())
}

/// Makes a project file that holds the classes, their hierarchy and what `fill` adds; on failure there is none.
pub fn create_project(
    context: &Context,
    tables: &ClassTables,
    fill: impl FnOnce(&Store) -> Result<(), Failure>,
) -> Result<Store, Failure> {
    let classes =
        Classes::new(tables.classes.clone()).map_err(|error| Failure::input(error.to_string()))?;
    Store::create_with(&context.project, |store| {
        add_classes(store, &classes, tables)?;
        fill(store)
    })
}

fn add_classes(store: &Store, classes: &Classes, tables: &ClassTables) -> Result<(), StoreError> {
    store.atomically(|store| {
        store.set_setting("project", &uuid::Uuid::new_v4().to_string())?;
        store.set_setting("created_at", &now().to_string())?;
        store.add_classes(classes)?;
        let edges = tables.edges.iter();
        let names = tables.names.iter();
        let headings = tables.headings.iter();
        store.add_hierarchy(
            edges.map(|edge| (edge.child.as_str(), edge.parent.as_str(), edge.rank)),
            names.map(|row| (row.id.as_str(), row.name.as_str())),
            headings.map(|row| (row.node.as_str(), row.title.as_str())),
        )
    })
}

fn read_tables(options: &Init) -> Result<ClassTables, Failure> {
    if options.classes == "ilsvrc2012" {
        if options.hierarchy.is_some() {
            return Err(Failure::usage("--hierarchy goes with classes of your own")
                .hint("the ILSVRC classes bring theirs; give --classes FILE too"));
        }
        return classes::ilsvrc2012_tables().map_err(|error| Failure::failed(error.to_string()));
    }
    let file = PathBuf::from(&options.classes);
    let mut tables = ClassTables {
        classes: classes::read_classes(open(&file)?.as_slice())
            .map_err(|error| bad(&file, &error))?,
        edges: Vec::new(),
        names: Vec::new(),
        headings: Vec::new(),
    };
    let list = Classes::new(tables.classes.clone()).map_err(|error| bad(&file, &error))?;
    if let Some(file) = &options.headings {
        tables.headings =
            classes::read_headings(open(file)?.as_slice()).map_err(|error| bad(file, &error))?;
    }
    if let Some(file) = &options.hierarchy {
        let rows =
            classes::read_hierarchy(open(file)?.as_slice()).map_err(|error| bad(file, &error))?;
        tables.edges = rows.edges;
        tables.names = rows.roots;
        let (edges, names, headings) = (
            tables.edges.clone(),
            tables.names.clone(),
            tables.headings.clone(),
        );
        // First without headings, so that each file is blamed for its own rows alone.
        Hierarchy::new(&list, edges.clone(), names.clone(), Vec::new())
            .map_err(|error| bad(file, &error))?;
        if let Some(file) = &options.headings {
            Hierarchy::new(&list, edges, names, headings).map_err(|error| bad(file, &error))?;
        }
    }
    Ok(tables)
}

fn open(file: &Path) -> Result<Vec<u8>, Failure> {
    read_small(file, MOST_OF_CLASSES)
}

fn bad(file: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::input(format!("cannot use {}: {error}", shown(file)))
        .hint("nothing was made; docs/formats.md shows the columns")
}
