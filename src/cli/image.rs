//! `relabel image`: images that came in by mistake.

use super::context::{Context, now};
use super::failure::Failure;
use super::import::ImageNames;
use crate::domain::ImageId;
use crate::store::{Reason, Removed, Store};
use crate::text::{count, printable};

/// What to do with images.
#[derive(Debug, clap::Subcommand)]
pub enum Image {
    /// Remove images that have no votes and no notes, with their labels, proposals and tasks; their files stay
    #[command(
        after_help = "Examples:\n  relabel image remove cat.JPG\n  relabel image remove old/a.jpg old/b.jpg\nAll of them are removed, or none."
    )]
    Remove {
        /// Whole names, as `relabel export --as jsonl` lists them
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
    },
}

/// Runs the command.
pub fn run(image: &Image, context: &Context) -> Result<(), Failure> {
    let Image::Remove { names } = image;
    remove(&context.open()?, names, context)
}

fn remove(store: &Store, names: &[String], context: &Context) -> Result<(), Failure> {
    let (n, removed) = store.atomically(|store| {
        let images = find(store, names)?;
        let mut all = Removed::default();
        for &(image, _) in &images {
            let one = store.remove_image(image)?;
            all.labels += one.labels;
            all.proposals += one.proposals;
            all.tasks += one.tasks;
        }
        Ok::<_, Failure>((images.len(), all))
    })?;
    context.say(format!(
        "{} removed, with {}, {} and {}; the files stay where they are",
        count(n, "image"),
        count(removed.labels, "original label"),
        count(removed.proposals, "proposal"),
        count(removed.tasks, "task"),
    ));
    Ok(())
}

/// The images that are named, all of which can go.
fn find(store: &Store, names: &[String]) -> Result<Vec<(ImageId, String)>, Failure> {
    let known = ImageNames::of(store)?;
    let mut images: Vec<(ImageId, String)> = Vec::new();
    for name in names {
        let cannot = |reason: &str| format!("cannot remove {name:?}: {reason}");
        let image = known.find_whole(name).map_err(|problem| Failure {
            kind: super::failure::Kind::Failed,
            ..problem.failure(cannot)
        })?;
        if let Some(reason) = store.reason_to_keep(image, now())? {
            return Err(refusal(&cannot, &reason));
        }
        if images.iter().all(|(other, _)| *other != image) {
            images.push((image, name.clone()));
        }
    }
    Ok(images)
}

fn refusal(cannot: &impl Fn(&str) -> String, reason: &Reason) -> Failure {
    let (reason, hint) = match reason {
        Reason::Votes(votes) => (
            format!("it has {}", count(*votes, "vote")),
            "votes are only ever added: to be rid of the image, make the project anew without the rows that name it"
                .to_owned(),
        ),
        Reason::Notes(notes) => (
            format!("it has {}", count(*notes, "note")),
            "`relabel notes --image NAME` shows what raters wrote".to_owned(),
        ),
        Reason::Audit(audit) => (
            format!("audit {audit:?} has drawn it"),
            "what an audit has drawn stays, so that its result holds".to_owned(),
        ),
        Reason::Model(model) => (
            format!("model {model:?} predicts it"),
            format!(
                "import the model's predictions again without it: `relabel import predictions FILE --model {}`",
                printable(model)
            ),
        ),
        Reason::OnScreen => (
            "a rater has it on the screen".to_owned(),
            "try again when the sitting is over".to_owned(),
        ),
    };
    Failure::failed(cannot(&reason))
        .hint(hint)
        .hint("nothing was removed")
}
