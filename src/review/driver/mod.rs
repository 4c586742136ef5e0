//! Carries effects out and feeds events back: the only part of the review screen that blocks. Owns the terminal, the
//! threads, and through the clerk the project file.

mod auditor;
mod clerk;
mod closing;
mod desk;
mod earlier;
mod listen;
mod live;
mod mix;
mod notes;
mod opening;
mod queue;
mod reading;
mod rescue;
mod terminal;
mod turns;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{channel, sync_channel};
use std::thread;
use std::time::Duration;

use crossterm::event::KeyEvent;

use super::event::Event;
use super::keymap::Keymap;
use super::picture::{Detected, PictureMode};
use super::state::{self, State};
use super::view::Palette;
use crate::domain::{Classes, ImageId, Role, RoundId};
use crate::hierarchy::Hierarchy;
use crate::live::audit::LiveAudit;
use crate::store::{DECISION_ROUND, Places, RETEST_SUFFIX, RaterRow, Store, StoreError};

use listen::Keyboard;
use live::Stop;
pub use mix::Shares;
use opening::{labels_of, tasks};
pub use queue::Order;
pub use rescue::Rescued;
pub use terminal::Screen;
use turns::Driver;

/// What a sitting needs.
#[derive(Debug)]
pub struct Setup {
    /// The project.
    pub store: Store,
    /// Its classes.
    pub classes: Classes,
    /// Their hierarchy.
    pub hierarchy: Hierarchy,
    /// Who votes.
    pub rater: RaterRow,
    /// The round whose votes are looked at, and where answers go unless they decide.
    pub round: RoundId,
    /// The round's name.
    pub round_name: String,
    /// In which order.
    pub order: Order,
    /// Answers that each question wants, where that is known.
    pub raters_wanted: Option<usize>,
    /// Gold and retest tasks among a rater's own.
    pub shares: Shares,
    /// The bound of `plan --stop`, where raters are asked no further about questions that are settled.
    pub stop: Option<f64>,
    /// The audit that asks, in place of the plan.
    pub audit: Option<LiveAudit>,
    /// How pictures are sent, where that is not to be found out.
    pub pictures: Option<PictureMode>,
    /// Bytes that a picture may take, where that is bounded.
    pub picture_budget: Option<usize>,
    /// Whether the screen has colours.
    pub color: bool,
    /// What the keys do.
    pub keymap: Keymap,
    /// Whether the screen is all that the rater may use.
    pub kiosk: bool,
    /// True if images are shown with their names, which may give their labels away. Adjudicators always see names.
    pub names: bool,
}

/// Outcome of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Reason for its end.
    pub ended: Ended,
    /// Votes that are not in the project.
    pub rescued: Option<Rescued>,
}

/// How a sitting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The rater left.
    Finished,
    /// By ctrl-c.
    Interrupted,
    /// By this signal.
    Signal(i32),
}

/// Why a sitting could not go on.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// The project file.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The terminal.
    #[error("the terminal: {0}")]
    Terminal(#[from] io::Error),
}

/// What the screen's threads know of the sitting.
#[derive(Debug)]
struct Sitting {
    classes: Arc<Classes>,
    hierarchy: Arc<Hierarchy>,
    rater: RaterRow,
    /// Where the answers go.
    round: RoundId,
    /// Whose votes and label sets are looked at.
    looked_at: RoundId,
    round_name: String,
    /// Whether answers decide disputes, as an adjudicator's do, who sees everybody's votes.
    decides: bool,
    /// True if the rater may see image names.
    names: bool,
    /// Where tasks that are answered once more have their votes.
    retest_round: RoundId,
    /// How many raters a task needs; none for those who are asked whoever else has answered.
    places: Option<Places>,
    shares: Shares,
    stop: Option<Stop>,
}

impl Sitting {
    /// An image as the rater may know it.
    fn shown_image(&self, image: ImageId, name: &str) -> String {
        match self.names {
            true => name.to_owned(),
            false => format!("image {}", image.0),
        }
    }
}

/// What reaches the loop.
#[derive(Debug)]
enum Message {
    Event(Event),
    Key(KeyEvent),
    /// Where images have their files.
    Files(Vec<(ImageId, PathBuf)>),
    Signal(i32),
    /// The terminal has this picture.
    Picture(u32),
    /// Findings about the terminal so far.
    Terminal(Box<Detected>),
}

/// Messages that wait at most: whoever types, or pastes, faster than that waits too, and a signal is never far behind.
const MESSAGES: usize = 1024;

/// Input/output error: what a terminal says that is gone.
const EIO: i32 = 5;
const SIGHUP: i32 = 1;
const SIGINT: i32 = 2;

/// The end of a sitting waits so long for the answers that the terminal owes; a signal's end is in more of a hurry.
const LAST_ANSWERS: Duration = Duration::from_secs(3);
const LAST_ANSWERS_OF_SIGNAL: Duration = Duration::from_secs(1);

fn patience_with(ended: &io::Result<Ended>) -> Duration {
    match ended {
        Ok(Ended::Finished | Ended::Interrupted) => LAST_ANSWERS,
        Ok(Ended::Signal(SIGHUP)) | Err(_) => Duration::ZERO,
        Ok(Ended::Signal(_)) => LAST_ANSWERS_OF_SIGNAL,
    }
}

/// Runs the review screen until the rater leaves. The terminal is in its normal mode afterwards, whatever happened.
///
/// # Errors
/// The project cannot be read, or the terminal cannot be used.
pub fn run_review(setup: Setup) -> Result<Outcome, DriverError> {
    let (sender, messages) = sync_channel(MESSAGES);
    // Before the terminal is taken: a signal must find its handler.
    #[cfg(unix)]
    listen::listen_for_signals(sender.clone())?;
    // Experts, adjudicators and those who look at disputes are asked whoever else has answered.
    let is_one_of_many =
        setup.rater.role == Role::Rater && !setup.order.is_of_some() && setup.audit.is_none();
    let places = setup.raters_wanted.filter(|_| is_one_of_many);
    let places = places.map(|wanted| Places {
        round: setup.round,
        rater: setup.rater.id,
        wanted,
        process: std::process::id(),
    });
    let decides = setup.rater.role == Role::Adjudicator && setup.audit.is_none();
    let retest_round = format!("{}{RETEST_SUFFIX}", setup.round_name);
    let sitting = Arc::new(Sitting {
        stop: Stop::of(setup.stop, setup.rater.role).filter(|_| is_one_of_many),
        retest_round: match setup.shares.retest > 0.0 {
            true => setup.store.round(&retest_round)?,
            false => setup.round,
        },
        places,
        shares: match is_one_of_many {
            true => setup.shares,
            false => Shares::default(),
        },
        classes: Arc::new(setup.classes),
        hierarchy: Arc::new(setup.hierarchy),
        rater: setup.rater,
        round: match decides {
            true => setup.store.round(DECISION_ROUND)?,
            false => setup.round,
        },
        looked_at: setup.round,
        round_name: setup.round_name,
        decides,
        names: decides || setup.names,
    });
    let work = match setup.audit {
        None => tasks(setup.store, &sitting, setup.order)?,
        Some(audit) => labels_of(setup.store, &sitting, audit)?,
    };
    let mut screen = Screen::open()?;
    let size = crossterm::terminal::size()?;
    let begins = state::Sitting {
        classes: Arc::clone(&sitting.classes),
        hierarchy: Arc::clone(&sitting.hierarchy),
        keymap: setup.keymap,
        palette: Palette::new(setup.color),
        rater: sitting.rater.name.clone(),
        open: work.open,
        progress: work.progress,
    };
    let mut state = State::new(begins, size);
    state.kiosk = setup.kiosk;
    state.names = sitting.names;
    // Known before the terminal is asked: the first frame says that there is nothing to wait for.
    state.pictures_on = setup.pictures != Some(PictureMode::None);
    state.asks = work.asks;
    let (errands, inbox) = channel();
    let clerk = {
        let sender = sender.clone();
        let work = move || desk::run(work.desk, &inbox, &sender);
        thread::Builder::new()
            .name("clerk".to_owned())
            .spawn(work)?
    };
    let driver = Driver::new((messages, sender.clone()), errands, setup.picture_budget);
    let keyboard = Keyboard::start(sender, setup.pictures)?;
    let ended = driver.run(&mut state, &mut screen, &keyboard);
    // The clerk ends when the errands do: every vote that was sent is on disk before the program says goodbye.
    let rescued = clerk.join().ok().flatten();
    keyboard.close(screen.awaits_acknowledgement(), patience_with(&ended));
    drop(screen);
    let ended = match ended {
        // A terminal that is gone is a line that was dropped.
        Err(error) if error.raw_os_error() == Some(EIO) => Ended::Signal(SIGHUP),
        // The votes matter more than what is wrong with the terminal.
        Err(_) if rescued.is_some() => Ended::Signal(SIGHUP),
        other => other?,
    };
    Ok(Outcome { ended, rescued })
}
