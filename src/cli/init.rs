//! `relabel init`: a new project.

use std::path::PathBuf;

use super::context::{Context, now, shown};
use super::failure::Failure;
use super::import::import_images;
use crate::domain::Classes;
use crate::formats::classes::{self, ClassFileError};
use crate::hierarchy::{Edge, Hierarchy};
use crate::store::Store;

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

/// Classes with the graph over them, as the project file keeps them.
pub struct Vocabulary {
    /// The classes.
    pub classes: Classes,
    /// Edges of the hypernym graph.
    pub edges: Vec<Edge>,
    /// Names of its nodes.
    pub names: Vec<(String, String)>,
    /// Headings in plain words.
    pub headings: Vec<(String, String)>,
}

/// Runs the command.
pub fn run(options: &Init, context: &Context) -> Result<(), Failure> {
    let vocabulary = read_vocabulary(options)?;
    let store = create_project(context, &vocabulary)?;
    context.say(format!(
        "{}: a new project with {} classes",
        shown(&context.project),
        vocabulary.classes.len()
    ));
    if let Some(folder) = &options.images {
        import_images(&store, folder, false, false, context)?;
    }
    context.say("next: `relabel import images|labels|proposals …`, then `relabel plan`");
    Ok(())
}

/// Makes a project file that holds the classes and their hierarchy; on failure there is none.
pub fn create_project(context: &Context, vocabulary: &Vocabulary) -> Result<Store, Failure> {
    let store = Store::create(&context.project)?;
    let filled = store.atomically(|store| {
        store.set_setting("project", &uuid::Uuid::new_v4().to_string())?;
        store.set_setting("created_at", &now().to_string())?;
        store.add_classes(&vocabulary.classes)?;
        store.add_hierarchy(
            vocabulary
                .edges
                .iter()
                .map(|edge| (edge.child.as_str(), edge.parent.as_str(), edge.rank)),
            vocabulary.names.iter().map(|(node, name)| (node.as_str(), name.as_str())),
            vocabulary.headings.iter().map(|(node, title)| (node.as_str(), title.as_str())),
        )
    });
    match filled {
        Ok(()) => Ok(store),
        Err(error) => {
            drop(store);
            // Half a project would stand in the way of the next try.
            let _ = std::fs::remove_file(&context.project);
            Err(error.into())
        }
    }
}

fn read_vocabulary(options: &Init) -> Result<Vocabulary, Failure> {
    if options.classes == "ilsvrc2012" {
        if options.hierarchy.is_some() {
            return Err(Failure::usage("--hierarchy goes with classes of your own")
                .hint("the ILSVRC classes bring theirs; give --classes FILE too"));
        }
        return ilsvrc2012();
    }
    let file = PathBuf::from(&options.classes);
    let list = classes::read_classes(&read(&file)?).map_err(|error| bad(&file, &error))?;
    let classes = Classes::new(list).map_err(|error| bad(&file, &error))?;
    let mut vocabulary = Vocabulary {
        classes,
        edges: Vec::new(),
        names: Vec::new(),
        headings: Vec::new(),
    };
    if let Some(file) = &options.headings {
        vocabulary.headings = classes::read_headings(&read(file)?).map_err(|error| bad(file, &error))?;
    }
    if let Some(file) = &options.hierarchy {
        vocabulary.edges = classes::read_hierarchy(&read(file)?).map_err(|error| bad(file, &error))?;
        Hierarchy::new(
            &vocabulary.classes,
            vocabulary.edges.clone(),
            Vec::new(),
            vocabulary.headings.clone(),
        )
        .map_err(|error| bad(file, &error))?;
    }
    Ok(vocabulary)
}

/// The built-in classes.
pub fn ilsvrc2012() -> Result<Vocabulary, Failure> {
    let built_in = classes::ilsvrc2012().map_err(|error| Failure::failed(error.to_string()))?;
    Ok(built_in)
}

fn read(file: &PathBuf) -> Result<Vec<u8>, Failure> {
    std::fs::read(file).map_err(|error| Failure::input(format!("cannot read {}: {error}", shown(file))))
}

fn bad(file: &PathBuf, error: &dyn std::fmt::Display) -> Failure {
    Failure::input(format!("cannot use {}: {error}", shown(file)))
        .hint("docs/formats.md shows the columns")
}

#[allow(dead_code)]
type Refusal = ClassFileError;
