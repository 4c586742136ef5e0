//! `relabel notes`: flags and comments, and what was said to them.

use super::context::{Context, now};
use super::failure::Failure;
use super::review::unknown_rater;
use super::suggest::image_hint;
use super::table::table;
use crate::domain::{NoteId, Role};
use crate::formats::export::{AnswerLine, NoteLine};
use crate::formats::records::time_text;
use crate::store::{Note, NoteKind, Store};
use crate::text::is_active;

/// Options of `notes`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Notes {
    #[command(subcommand)]
    command: Option<Command>,
    /// Only those that nobody has answered
    #[arg(long)]
    open: bool,
    /// Only those on this image
    #[arg(long, value_name = "IMAGE")]
    image: Option<String>,
    /// Only those of this rater
    #[arg(long, value_name = "NAME")]
    rater: Option<String>,
}

/// What else to do with notes.
#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Answer a flag or a comment
    #[command(
        after_help = "Examples:\n  relabel notes answer 3fa9-12 'two cats: take both' --rater dora"
    )]
    Answer {
        /// Which, as `relabel notes` lists it
        note: String,
        /// What to say
        text: String,
        /// Who answers: an adjudicator
        #[arg(long, value_name = "NAME")]
        rater: String,
    },
}

/// Runs the command.
pub fn run(options: &Notes, context: &Context) -> Result<(), Failure> {
    let store = context.open()?;
    match &options.command {
        Some(Command::Answer { note, text, rater }) => answer(&store, note, text, rater, context),
        None => list(&store, options, context),
    }
}

/// Every note in words, for an export.
pub fn lines(store: &Store) -> Result<Vec<NoteLine>, Failure> {
    let notes = store.notes(None)?;
    // Names are cut alike whatever is listed of them.
    let ids: Vec<NoteId> = notes.iter().map(|note| note.id).collect();
    let digits = NoteId::digits(&ids);
    Ok(notes.into_iter().map(|note| line(note, digits)).collect())
}

fn line(note: Note, digits: usize) -> NoteLine {
    let answers = note.answers.iter().map(|answer| AnswerLine {
        rater: answer.rater.clone(),
        text: answer.text.clone(),
        at: time_text(answer.at),
    });
    NoteLine {
        note: note.id.short(digits),
        state: if note.is_open() { "open" } else { "answered" },
        kind: kind(&note),
        answers: answers.collect(),
        image: note.image,
        rater: note.rater,
        text: note.comment,
        at: time_text(note.at),
    }
}

fn kind(note: &Note) -> &'static str {
    match note.comment {
        Some(_) => "comment",
        None => "flag",
    }
}

fn list(store: &Store, options: &Notes, context: &Context) -> Result<(), Failure> {
    let rater = match &options.rater {
        Some(name) => {
            let named = store.rater_named(name)?;
            Some(named.ok_or_else(|| unknown_rater(name))?.name)
        }
        None => None,
    };
    if let Some(name) = &options.image {
        let images = store.images()?;
        let names = || images.iter().map(|image| image.name.as_str());
        if !names().any(|known| known == name) {
            let failure = Failure::failed(format!("the project has no image {name:?}"));
            let failure = image_hint(name, names())
                .into_iter()
                .fold(failure, Failure::hint);
            return Err(failure.hint("give its whole name, as the review screen shows it"));
        }
    }
    let is_wanted =
        |wanted: &Option<String>, name: &str| wanted.as_ref().is_none_or(|wanted| wanted == name);
    let mut notes = lines(store)?;
    notes.retain(|note| {
        is_wanted(&options.image, &note.image)
            && is_wanted(&rater, &note.rater)
            && (note.answers.is_empty() || !options.open)
    });
    if context.json() {
        return context.print_json(&notes);
    }
    if notes.is_empty() {
        context.say("there are no such notes");
        return Ok(());
    }
    context.print(&text(notes))
}

fn text(notes: Vec<NoteLine>) -> String {
    let rows = notes.into_iter().map(|note| {
        let answers = note.answers.iter();
        let answers = answers.map(|answer| format!("{}: {}", answer.rater, answer.text));
        let answers: Vec<String> = answers.collect();
        vec![
            note.note,
            note.state.to_owned(),
            note.image,
            note.rater,
            note.at,
            note.text.unwrap_or_else(|| "(flag)".to_owned()),
            answers.join("; "),
        ]
    });
    table(
        &["note", "state", "image", "rater", "at", "says", "answers"],
        &[],
        rows.collect(),
    )
}

fn answer(
    store: &Store,
    name: &str,
    text: &str,
    rater: &str,
    context: &Context,
) -> Result<(), Failure> {
    let adjudicator = store
        .rater_named(rater)?
        .ok_or_else(|| unknown_rater(rater))?;
    if adjudicator.role != Role::Adjudicator {
        let why = format!(
            "adjudicators answer notes; {rater:?} is {}",
            adjudicator.role
        );
        return Err(
            Failure::failed(why).hint("`relabel rater add NAME --role adjudicator` adds one")
        );
    }
    let text = text.trim();
    if text.is_empty() {
        return Err(Failure::usage("an answer needs words"));
    }
    if text.contains(|character| character != '\n' && is_active(character)) {
        return Err(Failure::usage("an answer cannot hold control characters")
            .hint("write it anew; line ends are fine"));
    }
    let notes = store.notes(None)?;
    let ids: Vec<NoteId> = notes.iter().map(|note| note.id).collect();
    let id = NoteId::find(name, &ids).map_err(|error| {
        Failure::failed(error.to_string())
            .hint("`relabel notes` lists them, with their names first")
    })?;
    let answer = NoteKind::Answer {
        to: id,
        text: text.to_owned(),
    };
    store.atomically(|store| {
        let image = store.image_of_note(id)?;
        store.add_note(image, adjudicator.id, &answer, now())
    })?;
    if let Some(note) = notes.iter().find(|note| note.id == id) {
        let (rater, kind, image) = (&note.rater, kind(note), &note.image);
        context.say(format!("{rater}'s {kind} on {image} is answered"));
    }
    Ok(())
}
