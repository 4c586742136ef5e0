//! `relabel review`: the review screen.

use std::io::IsTerminal;
use std::path::Path;

use clap::ValueEnum;

use super::context::{Context, load_hierarchy, shown};
use super::failure::Failure;
use super::input::read_small;
use super::newcomer::own_rater;
use super::plan::{GOLD_SHARE, RATERS_WANTED, RETEST_SHARE, STOP_BOUND};
use crate::domain::Role;
use crate::formats::whole::MOST_OF_SETTINGS;
use crate::live::audit::LiveAudit;
use crate::review::config::keymap_of;
use crate::review::driver::{
    DriverError, Ended, Order, Outcome, Rescued, Setup, Shares, run_review,
};
use crate::review::keymap::Keymap;
use crate::review::picture::PictureMode;
use crate::store::{DECISION_ROUND, RaterRow, Store, StoreError};

/// Options of `review`.
#[derive(Debug, clap::Args)]
pub struct Review {
    #[command(flatten)]
    options: ReviewOptions,
    /// The screen and nothing else: --project and --rater must be given, the rater must exist, and neither environment nor
    /// config file counts; for logins that may do no more than vote
    #[arg(long)]
    kiosk: bool,
}

/// Options of the review screen, wherever it is opened from.
#[derive(Debug, Clone, clap::Args)]
pub struct ReviewOptions {
    /// Who votes; a new name becomes a rater [default: the user's name]
    #[arg(long, value_name = "NAME")]
    pub rater: Option<String>,
    #[command(flatten)]
    screen: ScreenOptions,
}

/// What the screen asks, in which order, and how it shows it.
#[derive(Debug, Clone, clap::Args)]
pub struct ScreenOptions {
    /// The round: the same rater may meet the same question once in each
    #[arg(long, default_value = "main", value_name = "R")]
    round: String,
    /// Which tasks come first
    #[arg(long, value_enum, default_value = "plan")]
    order: OrderChoice,
    /// Show images with their names, which may give their labels away, and not by number; adjudicators always see names
    #[arg(long)]
    names: bool,
    #[command(flatten)]
    pictures: PictureOptions,
}

/// How the screen shows pictures.
#[derive(Debug, Clone, clap::Args)]
pub struct PictureOptions {
    /// How pictures are sent [default: as the terminal allows]
    #[arg(long = "pictures", value_enum, value_name = "MODE")]
    mode: Option<PictureMode>,
    /// Bytes that a picture may take at most, for slow lines: it gets coarser until it fits [default: as fine as it gets]
    #[arg(long = "picture-budget", value_name = "64k", value_parser = super::context::parse_bytes)]
    budget: Option<usize>,
}

impl ScreenOptions {
    /// The options that differ from the built-in ones, with their values as the command line takes them; a switch has none.
    pub fn given(&self) -> Vec<(&'static str, Option<String>)> {
        let word = |value: Option<clap::builder::PossibleValue>| {
            value.map(|value| value.get_name().to_owned())
        };
        let round = (self.round != "main").then(|| self.round.clone());
        let order = Some(self.order).filter(|order| *order != OrderChoice::Plan);
        let order = word(order.and_then(|order| order.to_possible_value()));
        let pictures = word(self.pictures.mode.and_then(|mode| mode.to_possible_value()));
        let budget = self.pictures.budget.map(|bytes| bytes.to_string());
        let valued = [
            ("--round", round),
            ("--order", order),
            ("--pictures", pictures),
            ("--picture-budget", budget),
        ];
        let valued = valued.into_iter().filter(|(_, value)| value.is_some());
        valued
            .chain(self.names.then_some(("--names", None)))
            .collect()
    }
}

/// The order of tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OrderChoice {
    /// As planned, image by image
    Plan,
    /// Shuffled, in each rater's own and lasting way
    Random,
    /// Disputes alone, the most disputed first
    Disputed,
    /// For adjudicators: what they have decided alone, the newest first
    Decided,
    /// For adjudicators: images with flags and comments that nobody has answered alone
    Noted,
    /// Those first whose votes are expected to remove most error a second from the label sets, by the votes so far
    Value,
}

/// Who is before the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seat {
    /// Somebody who could use the program, and the machine, otherwise too.
    Own,
    /// Somebody who may vote under the name that the command line says, and nothing else.
    Kiosk,
}

/// Runs the command.
pub fn run(options: &Review, context: &Context) -> Result<(), Failure> {
    let seat = match options.kiosk {
        true => Seat::Kiosk,
        false => Seat::Own,
    };
    sit_down(&options.options, seat, context)
}

/// Opens the review screen on the context's project.
pub fn review(options: &ReviewOptions, context: &Context) -> Result<(), Failure> {
    sit_down(options, Seat::Own, context)
}

fn sit_down(options: &ReviewOptions, seat: Seat, context: &Context) -> Result<(), Failure> {
    if seat == Seat::Kiosk && !context.project_named {
        return Err(Failure::usage("--kiosk needs --project FILE")
            .hint("it takes neither RELABEL_PROJECT nor the folder's relabel.db"));
    }
    may_answer_in(&options.screen.round)?;
    needs_terminal().map_err(|failure| match seat {
        Seat::Own => failure,
        Seat::Kiosk => failure.hint("over SSH, `ssh -t` asks for one"),
    })?;
    let (store, rater) = match seat {
        Seat::Own => {
            let store = context.open()?;
            store.may_write()?;
            let rater = own_rater(options.rater.as_deref(), Role::Rater, &store)?;
            (store, rater)
        }
        Seat::Kiosk => {
            let store = Store::open(&context.project).map_err(without_paths)?;
            store.may_write().map_err(without_paths)?;
            let rater = known_rater(options, &store)?;
            (store, rater)
        }
    };
    may_see(options.screen.order, &rater)?;
    if store.tasks()?.is_empty() {
        return Err(Failure::failed("there are no tasks").hint("make them with `relabel plan`"));
    }
    let classes = store.classes()?;
    let hierarchy = load_hierarchy(&store, &classes)?;
    let setup = Setup {
        round: store.round(&options.screen.round)?,
        round_name: options.screen.round.clone(),
        rater,
        order: match options.screen.order {
            OrderChoice::Plan => Order::Plan,
            OrderChoice::Random => Order::Random,
            OrderChoice::Disputed => Order::Disputed,
            OrderChoice::Decided => Order::Decided,
            OrderChoice::Noted => Order::Noted,
            OrderChoice::Value => Order::Value,
        },
        raters_wanted: planned(&store, RATERS_WANTED)?,
        shares: Shares {
            gold: planned(&store, GOLD_SHARE)?.unwrap_or(0.0),
            retest: planned(&store, RETEST_SHARE)?.unwrap_or(0.0),
        },
        stop: planned(&store, STOP_BOUND)?,
        audit: None,
        pictures: options.screen.pictures.mode,
        picture_budget: options.screen.pictures.budget,
        color: context.color(),
        keymap: match seat {
            Seat::Own => keymap()?,
            Seat::Kiosk => Keymap::default(),
        },
        kiosk: seat == Seat::Kiosk,
        names: options.screen.names,
        classes,
        hierarchy,
        store,
    };
    show(setup)
}

/// The review screen on an audit.
pub fn review_audit(
    store: Store,
    audit: LiveAudit,
    rater: Option<&str>,
    names: bool,
    pictures: &PictureOptions,
    context: &Context,
) -> Result<(), Failure> {
    needs_terminal()?;
    store.may_write()?;
    let classes = store.classes()?;
    let name = audit.planned.name.clone();
    show(Setup {
        round: store.round(&name)?,
        round_name: name,
        rater: own_rater(rater, Role::Auditor, &store)?,
        order: Order::Plan,
        raters_wanted: None,
        shares: Shares::default(),
        stop: None,
        audit: Some(audit),
        pictures: pictures.mode,
        picture_budget: pictures.budget,
        color: context.color(),
        keymap: keymap()?,
        kiosk: false,
        names,
        hierarchy: load_hierarchy(&store, &classes)?,
        classes,
        store,
    })
}

fn needs_terminal() -> Result<(), Failure> {
    match std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
        true => Ok(()),
        false => Err(Failure::usage(
            "the review screen needs a terminal for keys and for the screen",
        )),
    }
}

fn show(setup: Setup) -> Result<(), Failure> {
    let kiosk = setup.kiosk;
    match run_review(setup) {
        Ok(Outcome {
            rescued: Some(rescued),
            ..
        }) => Err(not_recorded(&rescued, kiosk)),
        Ok(Outcome { ended, .. }) => match ended {
            Ended::Finished => Ok(()),
            Ended::Interrupted => Err(Failure::interrupted()),
            Ended::Signal(number) => Err(Failure::signal(number)),
        },
        Err(DriverError::Store(error)) => Err(error.into()),
        Err(error) => Err(Failure::failed(error.to_string())),
    }
}

/// Votes that are in a file of their own, and what to do with it.
fn not_recorded(rescued: &Rescued, kiosk: bool) -> Failure {
    let votes = match rescued.votes {
        1 => "1 vote is".to_owned(),
        n => format!("{n} votes are"),
    };
    match &rescued.file {
        Ok(file) => {
            // Where it lies on the machine does not concern who may do no more than vote.
            let file = match (kiosk, file.file_name()) {
                (true, Some(name)) => Path::new(name),
                _ => file,
            };
            let file = shown(file);
            let failure = Failure::failed(format!("{votes} NOT in the project, but in {file}"));
            match kiosk {
                true => failure.hint("tell the person who keeps the project"),
                false => failure.hint(format!(
                    "once the project is in its place again: `relabel import votes {file}`"
                )),
            }
        }
        Err(why) => Failure::failed(format!(
            "{votes} NOT in the project, and cannot be written to a file of their own: {why}"
        )),
    }
}

/// Decisions have a round of their own, which is nobody's to look at.
fn may_answer_in(round: &str) -> Result<(), Failure> {
    if round != DECISION_ROUND {
        return Ok(());
    }
    let why = format!("round {DECISION_ROUND:?} holds what adjudicators decide");
    Err(Failure::usage(why)
        .hint("--round says whose votes an adjudicator looks at: leave it out for round main"))
}

/// Orders that give away what others said are for those who may see it.
fn may_see(order: OrderChoice, rater: &RaterRow) -> Result<(), Failure> {
    let word = match order {
        OrderChoice::Decided => "decided",
        OrderChoice::Noted => "noted",
        OrderChoice::Plan | OrderChoice::Random | OrderChoice::Disputed | OrderChoice::Value => {
            return Ok(());
        }
    };
    if rater.role == Role::Adjudicator {
        return Ok(());
    }
    let (name, role) = (&rater.name, rater.role);
    Err(Failure::failed(format!(
        "--order {word} is for adjudicators; {name:?} is {role}"
    ))
    .hint("`relabel rater add NAME --role adjudicator` adds one"))
}

/// What `plan` was told, if it was.
fn planned<T: std::str::FromStr>(store: &Store, setting: &str) -> Result<Option<T>, Failure> {
    let told = store.setting(setting)?;
    Ok(told.and_then(|told| told.parse().ok()))
}

/// The user's name, where the environment has it; containers and services often have none.
pub fn user_name() -> Option<String> {
    ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| {
        std::env::var(name)
            .ok()
            .filter(|value| !value.trim().is_empty())
    })
}

/// The rater who is named, who must exist: a key gives a name, it makes none.
fn known_rater(options: &ReviewOptions, store: &Store) -> Result<RaterRow, Failure> {
    let Some(name) = &options.rater else {
        return Err(Failure::usage("--kiosk needs --rater NAME"));
    };
    store
        .rater_named(name)
        .map_err(without_paths)?
        .ok_or_else(|| unknown_rater(name))
}

/// There is no such rater, and what to do about it.
pub fn unknown_rater(name: &str) -> Failure {
    Failure::failed(format!("the project has no rater {name:?}"))
        .hint("`relabel rater add NAME` adds one, `relabel rater list` shows them all")
}

/// Why the project cannot be opened, for somebody whom its place on the machine does not concern.
fn without_paths(error: StoreError) -> Failure {
    let why = match error {
        StoreError::Missing(_) | StoreError::NoFolder(_) => "it is not there".to_owned(),
        StoreError::Foreign(_)
        | StoreError::Exists(_)
        | StoreError::IsFolder(_)
        | StoreError::Leftover(_) => "it is something else".to_owned(),
        StoreError::Empty(_) => "it is empty".to_owned(),
        StoreError::ForeignLog(_) => "its log is another file's".to_owned(),
        StoreError::Newer { .. } => "a newer relabel has written it".to_owned(),
        StoreError::Changed(change) => change.to_string(),
        StoreError::Unusable { trouble, .. }
        | StoreError::Unwritable { trouble, .. }
        | StoreError::ReadOnly { trouble, .. }
        | StoreError::NoCopy { trouble, .. } => trouble.to_string(),
        StoreError::Io { .. }
        | StoreError::Backup(_)
        | StoreError::Damaged(_)
        | StoreError::Sqlite(_) => "it cannot be read or written".to_owned(),
    };
    Failure::failed(format!("cannot open the project: {why}"))
        .hint("tell the person who keeps the project")
}

/// The key map: the built-in one with what the user's config file changes.
fn keymap() -> Result<Keymap, Failure> {
    use etcetera::BaseStrategy;
    let Ok(folders) = etcetera::choose_base_strategy() else {
        return Ok(Keymap::default());
    };
    let path = folders.config_dir().join("relabel").join("config.toml");
    if !path.exists() {
        return Ok(Keymap::default());
    }
    let text = read_small(&path, MOST_OF_SETTINGS)?;
    let text = String::from_utf8(text).map_err(|_| {
        Failure::input(format!("cannot use {}: it is not UTF-8", shown(&path)))
            .hint("save the file as UTF-8")
    })?;
    keymap_of(&text).map_err(|error| {
        Failure::input(format!("cannot use {}: {error}", shown(&path)))
            .hint("docs/keys.md shows the names of actions and keys")
    })
}
