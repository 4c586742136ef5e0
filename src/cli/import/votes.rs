use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use super::names::{ImageNames, find_class};
use super::rows::{BadRows, RowProblem, take_rows};
use crate::cli::context::{Context, shown};
use crate::cli::failure::Failure;
use crate::domain::{Question, QuestionId, RaterId, Role, RoundId};
use crate::formats::records::VoteRecord;
use crate::store::{NewVote, Store};

/// Options of `import votes`.
#[derive(Debug, clap::Args)]
pub struct Votes {
    /// CSV or JSONL: image,label,rater,answer[,at][,round]
    file: PathBuf,
    /// The round of rows that do not say
    #[arg(long, default_value = "main", value_name = "R")]
    round: String,
    /// The role of raters that are new: rater, expert, adjudicator or auditor
    #[arg(long, default_value = "rater", value_name = "ROLE")]
    role: Role,
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
            bad_rows: BadRows::default(),
        }
    }
}

/// Takes in the votes of a file.
pub fn import_votes(store: &Store, options: &Votes, context: &Context) -> Result<(), Failure> {
    let mut incoming = Incoming::new(options, store)?;
    let left_out = store.atomically(|store| {
        let left_out = take_rows(
            &options.file,
            VoteRecord::COLUMNS,
            options.bad_rows,
            context,
            VoteRecord::from_row,
            |record| incoming.take(store, &record),
        )?;
        store.add_votes(&incoming.votes).map_err(Failure::from)?;
        Ok::<_, Failure>(left_out)
    })?;
    left_out.say(context);
    let added = incoming.votes.len();
    context.say(match added {
        0 => format!(
            "{}: nothing changes, all {} votes are known already",
            shown(&options.file),
            incoming.known
        ),
        _ => format!(
            "{}: {added} votes of {} raters imported, {} known already",
            shown(&options.file),
            incoming.raters.len(),
            incoming.known
        ),
    });
    Ok(())
}

/// Votes of a file on their way into the project.
struct Incoming<'a> {
    options: &'a Votes,
    classes: crate::domain::Classes,
    images: ImageNames,
    raters: HashMap<String, RaterId>,
    rounds: HashMap<String, RoundId>,
    seen: HashSet<(QuestionId, RoundId, RaterId)>,
    votes: Vec<NewVote>,
    known: usize,
}

impl<'a> Incoming<'a> {
    fn new(options: &'a Votes, store: &Store) -> Result<Self, Failure> {
        Ok(Incoming {
            options,
            classes: store.classes()?,
            images: ImageNames::of(store)?,
            raters: HashMap::new(),
            rounds: HashMap::new(),
            seen: HashSet::new(),
            votes: Vec::new(),
            known: 0,
        })
    }

    fn take(&mut self, store: &Store, record: &VoteRecord) -> Result<(), RowProblem> {
        let class = find_class(&self.classes, &record.label.label)?.index;
        let (image, _) = self.images.find_or_add(store, &record.label.image)?;
        let rater = self.rater(store, &record.rater)?;
        let round_name = record.round.as_deref().unwrap_or(&self.options.round);
        let round = match self.rounds.get(round_name) {
            Some(&round) => round,
            None => {
                let round = store.round(round_name).map_err(Failure::from)?;
                self.rounds.insert(round_name.to_owned(), round);
                round
            }
        };
        let question = store
            .question(Question { image, class })
            .map_err(Failure::from)?;
        if !self.seen.insert((question, round, rater)) {
            return Err(RowProblem::bad(format!(
                "a second vote of {:?} on image {:?}, class {class}, round {round_name:?}",
                record.rater, record.label.image
            )));
        }
        if store
            .standing_answer(question, round, rater)
            .map_err(Failure::from)?
            == Some(record.answer)
        {
            self.known += 1;
            return Ok(());
        }
        self.votes.push(NewVote {
            question,
            round,
            rater,
            answer: Some(record.answer),
            at: record.at,
            spent: None,
        });
        Ok(())
    }

    /// A rater has one role: gold must not be mixed with what it calibrates.
    fn rater(&mut self, store: &Store, name: &str) -> Result<RaterId, RowProblem> {
        if let Some(&rater) = self.raters.get(name) {
            return Ok(rater);
        }
        let id = match store.rater(name).map_err(Failure::from)? {
            Some(known) if known.role == self.options.role || self.options.role == Role::Rater => {
                known.id
            }
            Some(known) => {
                return Err(RowProblem::bad(format!(
                    "{name:?} is known as {}, not {}",
                    known.role, self.options.role
                ))
                .hint("give experts names of their own"));
            }
            None => store
                .add_rater(name, self.options.role)
                .map_err(Failure::from)?,
        };
        self.raters.insert(name.to_owned(), id);
        Ok(id)
    }
}
