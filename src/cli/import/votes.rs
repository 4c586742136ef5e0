use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::label_studio::{LabelStudio, NotChosen};
use super::names::{ImageNames, NewImages, find_class};
use super::rows::{BadRows, LeftOut, RowProblem, new_images, take_rows};
use super::unknown::UnknownImages;
use crate::cli::context::{Context, shown};
use crate::cli::failure::Failure;
use crate::domain::{
    Answer, ClassIndex, Classes, Question, QuestionId, RaterId, Role, RoundId, normal_name,
};
use crate::formats::npz::VotesNpz;
use crate::formats::records::VoteRecord;
use crate::store::{NewVote, Store};
use crate::text::{count, thousands};

/// Options of `import votes`.
#[derive(Debug, clap::Args)]
pub struct Votes {
    /// CSV, JSONL or Parquet: image,label,rater,answer[,at][,round]; Label Studio's JSON; or the npz of the ReaL release
    file: PathBuf,
    /// The round of rows that do not say
    #[arg(long, default_value = "main", value_name = "R")]
    round: String,
    /// The role of raters that are new: rater, expert, adjudicator or auditor
    #[arg(long, default_value = "rater", value_name = "ROLE")]
    role: Role,
    /// What a class is that a rater of Label Studio was asked for and did not choose
    #[arg(long, value_enum, default_value = "no", value_name = "ANSWER")]
    not_chosen: NotChosen,
    #[command(flatten)]
    label_studio: LabelStudio,
    #[command(flatten)]
    new_images: NewImages,
    #[command(flatten)]
    bad_rows: BadRows,
}

impl Votes {
    /// What a bare `import votes FILE --round R --role ROLE` does.
    pub fn of(file: PathBuf, round: &str, role: Role) -> Votes {
        Votes {
            file,
            round: round.to_owned(),
            role,
            not_chosen: NotChosen::No,
            label_studio: LabelStudio::default(),
            new_images: NewImages::default(),
            bad_rows: BadRows::default(),
        }
    }
}

/// Takes in the votes of a file.
pub fn import_votes(store: &Store, options: &Votes, context: &Context) -> Result<(), Failure> {
    let (mut raters, mut new) = (0, 0);
    let (left_out, added, known) = store.atomically(|store| {
        let mut incoming = Incoming::new(options, store)?;
        let ending = options.file.extension().map(|e| e.to_ascii_lowercase());
        let left_out = match ending.as_ref().and_then(|ending| ending.to_str()) {
            Some("npz") => {
                take_npz(&mut incoming, store, &options.file, context)?;
                LeftOut::default()
            }
            Some("json") => {
                let how = &options.label_studio;
                let (choosing, bad) = (options.not_chosen, options.bad_rows);
                how.take_votes(&mut incoming, store, &options.file, choosing, bad, context)?
            }
            _ => take_rows(
                &options.file,
                VoteRecord::COLUMNS,
                options.bad_rows,
                context,
                VoteRecord::from_row,
                |record| incoming.take(store, &record),
            )?,
        };
        raters = incoming.raters.values().collect::<HashSet<_>>().len();
        new = incoming.images.n_new();
        let (added, known) = store.import_votes(&mut incoming.votes)?;
        Ok::<_, Failure>((left_out, added, known))
    })?;
    left_out.say(context);
    let file = shown(&options.file);
    context.say(match (added, known) {
        (0, 0) => format!("{file}: nothing changes, it holds no vote"),
        (0, _) => {
            let votes = count(known, "vote");
            format!("{file}: nothing changes: {votes} known already")
        }
        _ => format!(
            "{file}: {} of {} imported, {} known already{}",
            count(added, "vote"),
            count(raters, "rater"),
            thousands(known),
            new_images(new),
        ),
    });
    Ok(())
}

fn cannot(file: &Path, reason: &str) -> String {
    format!("cannot import {}: {reason}", shown(file))
}

/// The questions of an npz, in its order.
fn questions_of(
    incoming: &mut Incoming<'_>,
    store: &Store,
    npz: &VotesNpz,
    file: &Path,
) -> Result<Vec<QuestionId>, Failure> {
    let mut questions = Vec::with_capacity(npz.questions.len());
    let mut seen = HashSet::with_capacity(npz.questions.len());
    let mut unknown = UnknownImages::default();
    for (row, (image, label)) in npz.questions.iter().enumerate() {
        let question = match incoming.question(store, image, label) {
            Ok(question) => question,
            Err(RowProblem::Unknown(image)) => {
                unknown.add(image, || Some(format!("info[{row}]")));
                continue;
            }
            Err(problem) => {
                let what = |reason: &str| cannot(file, &format!("info[{row}]: {reason}"));
                return Err(problem.failure(what).hint("nothing was imported"));
            }
        };
        if !seen.insert(question) {
            let reason = format!("info[{row}]: question {image:?}, class {label:?} stands twice");
            return Err(Failure::input(cannot(file, &reason)).hint("nothing was imported"));
        }
        questions.push(question);
    }
    let what = format!("cannot import {}", shown(file));
    unknown.refuse(&what, Some("nothing was imported".to_owned()))?;
    Ok(questions)
}

/// Streams the tensor; what stands in memory is a few bytes a vote.
fn take_npz(
    incoming: &mut Incoming<'_>,
    store: &Store,
    file: &Path,
    context: &Context,
) -> Result<(), Failure> {
    let bad = |error: &dyn std::fmt::Display| {
        Failure::input(cannot(file, &error.to_string())).hint("nothing was imported")
    };
    let mut npz = VotesNpz::open(file).map_err(|error| bad(&error))?;
    let questions = questions_of(incoming, store, &npz, file)?;
    let mut raters = Vec::with_capacity(npz.raters.len());
    for number in &npz.raters {
        // Numbers of different files and roles are different people.
        let name = format!("{} {number}", incoming.options.role);
        raters.push(
            incoming
                .rater(store, &name, None)
                .map_err(|problem| problem.failure(|reason| cannot(file, reason)))?,
        );
    }
    let round = incoming.round(store, None)?;
    let bar = context.progress("raters", raters.len() as u64);
    let votes = &mut incoming.votes;
    let keep = |rater: usize, question: usize, answer: Answer| {
        if let (Some(&rater), Some(&question)) = (raters.get(rater), questions.get(question)) {
            votes.push(NewVote {
                question,
                round,
                rater,
                answer: Some(answer),
                at: None,
                spent: None,
            });
        }
    };
    npz.each_vote(keep, || bar.inc(1))
        .map_err(|error| bad(&error))?;
    bar.finish_and_clear();
    Ok(())
}

/// Votes of a file on their way into the project.
pub(super) struct Incoming<'a> {
    options: &'a Votes,
    pub(super) classes: Classes,
    pub(super) images: ImageNames,
    pub(super) questions: HashMap<Question, QuestionId>,
    raters: HashMap<String, RaterId>,
    rounds: HashMap<String, RoundId>,
    seen: HashSet<(QuestionId, RoundId, RaterId)>,
    votes: Vec<NewVote>,
}

impl<'a> Incoming<'a> {
    fn new(options: &'a Votes, store: &Store) -> Result<Self, Failure> {
        Ok(Incoming {
            options,
            classes: store.classes()?,
            images: ImageNames::of(store)?.with_new(options.new_images),
            questions: store
                .questions()?
                .into_iter()
                .map(|(id, question)| (question, id))
                .collect(),
            raters: HashMap::new(),
            rounds: HashMap::new(),
            seen: HashSet::new(),
            votes: Vec::new(),
        })
    }

    pub(super) fn take(&mut self, store: &Store, record: &VoteRecord) -> Result<(), RowProblem> {
        let question = self.question(store, &record.label.image, &record.label.label)?;
        let rater = self.rater(store, &record.rater, record.role)?;
        let round = self.round(store, record.round.as_deref())?;
        if !self.seen.insert((question, round, rater)) {
            return Err(RowProblem::bad(format!(
                "a second vote of {:?} on image {:?}, class {:?} in the same round",
                record.rater, record.label.image, record.label.label
            )));
        }
        self.votes.push(NewVote {
            question,
            round,
            rater,
            answer: Some(record.answer),
            at: record.at,
            spent: record.spent,
        });
        Ok(())
    }

    fn question(
        &mut self,
        store: &Store,
        image: &str,
        label: &str,
    ) -> Result<QuestionId, RowProblem> {
        let class: ClassIndex = find_class(&self.classes, label)?.index;
        let image = self.images.find_or_add(store, image)?;
        let question = Question { image, class };
        if let Some(&id) = self.questions.get(&question) {
            return Ok(id);
        }
        let id = store.question(question).map_err(Failure::from)?;
        self.questions.insert(question, id);
        Ok(id)
    }

    fn round(&mut self, store: &Store, name: Option<&str>) -> Result<RoundId, Failure> {
        let name = name.unwrap_or(&self.options.round);
        if let Some(&round) = self.rounds.get(name) {
            return Ok(round);
        }
        let round = store.round(name)?;
        self.rounds.insert(name.to_owned(), round);
        Ok(round)
    }

    /// A rater has one role: gold must not be mixed with what it calibrates.
    fn rater(
        &mut self,
        store: &Store,
        name: &str,
        role: Option<Role>,
    ) -> Result<RaterId, RowProblem> {
        if let Some(&rater) = self.raters.get(name) {
            return Ok(rater);
        }
        let role = role.unwrap_or(self.options.role);
        let normal = normal_name(name);
        if normal.is_empty() {
            return Err(RowProblem::bad("the rater's name is blank"));
        }
        let id = match store.rater_named(name).map_err(Failure::from)? {
            Some(known) if known.role == role || role == Role::Rater => known.id,
            Some(known) => {
                let reason = format!("{name:?} is known as {}, not {role}", known.role);
                return Err(RowProblem::bad(reason).hint("give experts names of their own"));
            }
            None => store.add_rater(&normal, role).map_err(Failure::from)?,
        };
        self.raters.insert(name.to_owned(), id);
        Ok(id)
    }
}
