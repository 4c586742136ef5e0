//! Carries effects out and feeds events back: the only part of the review screen that blocks. Owns the terminal, the
//! threads, and through the clerk the project file.

mod answers;
mod auditor;
mod clerk;
mod closing;
mod live;
mod mix;
mod notes;
mod opening;
mod queue;
mod reading;
mod terminal;

use std::collections::HashMap;
use std::io;
use std::iter;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crossterm::event::{Event as TerminalEvent, KeyEvent};
use jiff::Timestamp;

use super::effect::Effect;
use super::event::Event;
use super::keymap::Keymap;
use super::picture::{
    Detected, Outcome, PATIENCE, PictureMode, PictureRequest, PictureWorker, TerminalPictures,
    Wanted, examine,
};
use super::state::{self, Asks, Progress, State};
use super::update::{start, update};
use super::view::{Palette, view};
use crate::domain::{Classes, ImageId, Role, RoundId, TaskId};
use crate::hierarchy::Hierarchy;
use crate::live::audit::LiveAudit;
use crate::store::{DECISION_ROUND, Places, RETEST_SUFFIX, RaterRow, Store, StoreError};

use answers::{Answers, Heard};
use auditor::{Auditor, audit_queue};
use clerk::{Clerk, Desk, Errand, Special};
use live::Stop;
pub use mix::Shares;
use opening::{midnight, open_tasks};
pub use queue::Order;
pub use terminal::Screen;

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
    /// Whether answers decide disputes, as an adjudicator's do, who sees everybody's votes.
    pub decides: bool,
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
    decides: bool,
    /// Where tasks that are answered once more have their votes.
    retest_round: RoundId,
    /// How many raters a task needs; none for those who are asked whoever else has answered.
    places: Option<Places>,
    shares: Shares,
    stop: Option<Stop>,
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
    /// What was found out of the terminal.
    Terminal(Box<Detected>),
    /// The terminal shows kitty's pictures, as it says late.
    Kitty,
}

/// Runs the review screen until the rater leaves. The terminal is in its normal mode afterwards, whatever happened.
///
/// # Errors
/// The project cannot be read, or the terminal cannot be used.
pub fn run_review(setup: Setup) -> Result<Ended, DriverError> {
    let (sender, messages) = channel();
    // Before the terminal is taken: a signal must find its handler.
    #[cfg(unix)]
    listen_for_signals(sender.clone())?;
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
        round: match setup.decides {
            true => setup.store.round(DECISION_ROUND)?,
            false => setup.round,
        },
        looked_at: setup.round,
        round_name: setup.round_name,
        decides: setup.decides,
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
    state.decides = setup.decides;
    state.asks = work.asks;
    let (errands, inbox) = channel();
    let clerk = {
        let sender = sender.clone();
        let work = move || clerk::run(work.desk, &inbox, &sender);
        thread::Builder::new()
            .name("clerk".to_owned())
            .spawn(work)?
    };
    let driver = Driver {
        hands: Hands {
            errands,
            pictures: None,
            files: HashMap::new(),
        },
        messages,
        sender: sender.clone(),
        budget: setup.picture_budget,
        late: None,
    };
    let stop = Arc::new(AtomicBool::new(false));
    let keys = listen_to_terminal(sender, setup.pictures, Arc::clone(&stop))?;
    let ended = driver.run(&mut state, &mut screen);
    stop.store(true, Ordering::Relaxed);
    // The clerk ends when the errands do: every vote that was sent is on disk before the program says goodbye.
    let _ = clerk.join();
    drop(screen);
    wait_for_keys(&keys);
    match ended {
        // A terminal that is gone is a line that was dropped.
        Err(error) if error.raw_os_error() == Some(EIO) => Ok(Ended::Signal(SIGHUP)),
        other => Ok(other?),
    }
}

/// What there is to do in a sitting, and who serves it.
struct Work {
    asks: Asks,
    open: Vec<TaskId>,
    progress: Progress,
    desk: Box<dyn Desk + Send>,
}

/// The tasks of the plan.
fn tasks(store: Store, sitting: &Arc<Sitting>, order: Order) -> Result<Work, StoreError> {
    let (queue, live) = open_tasks(&store, sitting, order)?;
    let special = Special {
        for_all: queue.for_all,
        retests: queue.retests,
    };
    let clerk = Clerk::new(store, Arc::clone(sitting), live, &queue.open, special);
    Ok(Work {
        asks: Asks::WhetherInImage,
        progress: Progress {
            total: queue.total,
            before: queue.total - queue.open.len(),
            today_before: queue.today,
            ..Progress::default()
        },
        open: queue.open,
        desk: Box::new(clerk),
    })
}

/// The labels of an audit.
fn labels_of(store: Store, sitting: &Arc<Sitting>, audit: LiveAudit) -> Result<Work, StoreError> {
    let queue = audit_queue(&store, sitting, &audit, midnight())?;
    let auditor = Auditor::new(store, Arc::clone(sitting), audit, queue.settled);
    Ok(Work {
        asks: Asks::WhetherRight {
            settled: queue.settled,
        },
        open: queue.open,
        progress: queue.progress,
        desk: Box::new(auditor),
    })
}

/// Input/output error: what a terminal says that is gone.
const EIO: i32 = 5;
const SIGHUP: i32 = 1;

fn picture_worker(
    terminal: TerminalPictures,
    sender: Sender<Message>,
) -> io::Result<PictureWorker> {
    PictureWorker::start(terminal, move |outcome| {
        // Nobody looks any more once the screen is closed.
        let _ = sender.send(Message::Event(picture_event(outcome)));
    })
}

fn picture_event((request, outcome): Outcome) -> Event {
    match outcome {
        Ok(picture) => Event::PictureReady { request, picture },
        Err(reason) => Event::PictureFailed { request, reason },
    }
}

#[cfg(unix)]
fn listen_for_signals(sender: Sender<Message>) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGWINCH};
    let mut signals = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGTERM, SIGWINCH])?;
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for signal in signals.forever() {
                let message = match signal {
                    // crossterm says so too, but hears nothing before it is first asked for keys.
                    SIGWINCH => match crossterm::terminal::size() {
                        Ok((columns, rows)) => Message::Event(Event::Resize { columns, rows }),
                        Err(_) => continue,
                    },
                    signal => Message::Signal(signal),
                };
                if sender.send(message).is_err() {
                    return;
                }
            }
        })?;
    Ok(())
}

/// How often the keyboard thread looks whether the screen is closed.
const LOOK: Duration = Duration::from_millis(50);

/// Asks the terminal what it can do, which may take its time, then listens for keys: the screen is up meanwhile.
fn listen_to_terminal(
    sender: Sender<Message>,
    forced: Option<PictureMode>,
    stop: Arc<AtomicBool>,
) -> io::Result<thread::JoinHandle<()>> {
    let listen = move || {
        let mut found = examine(forced);
        let typed = std::mem::take(&mut found.typed);
        let messages = iter::once(Message::Terminal(Box::new(found)))
            .chain(answers::keys(&typed).map(Message::Key));
        for message in messages {
            if sender.send(message).is_err() {
                return;
            }
        }
        let mut answers = Answers::default();
        while !stop.load(Ordering::Relaxed) {
            let event = match crossterm::event::poll(LOOK) {
                Ok(false) => continue,
                Ok(true) => crossterm::event::read(),
                Err(error) => Err(error),
            };
            let message = match event {
                Ok(TerminalEvent::Key(key)) => match answers.hear(key, Instant::now()) {
                    Heard::Pressed => Message::Key(key),
                    Heard::Part => continue,
                    Heard::Picture(number) => Message::Picture(number),
                    Heard::Kitty => Message::Kitty,
                },
                Ok(TerminalEvent::Resize(columns, rows)) => {
                    Message::Event(Event::Resize { columns, rows })
                }
                Ok(_) => continue,
                // No more keys will come: the line was dropped.
                Err(_) => Message::Signal(SIGHUP),
            };
            let last = matches!(message, Message::Signal(_));
            if sender.send(message).is_err() || last {
                return;
            }
        }
    };
    thread::Builder::new().name("keys".to_owned()).spawn(listen)
}

/// Waits until the keyboard thread has seen that the screen is closed, so that later keys are the shell's, and answers nobody's. Not for ever:
/// crossterm reads on and on from a line that was dropped, and such a thread ends with the process alone.
fn wait_for_keys(keys: &thread::JoinHandle<()>) {
    let end = Instant::now() + PATIENCE + LOOK;
    while !keys.is_finished() && Instant::now() < end {
        thread::sleep(LOOK / 10);
    }
}

struct Driver {
    hands: Hands,
    messages: Receiver<Message>,
    sender: Sender<Message>,
    /// Bytes that a picture may take, where that is bounded.
    budget: Option<usize>,
    /// How pictures are sent once a slow terminal has answered; none where it has, or need not.
    late: Option<TerminalPictures>,
}

/// What effects are carried out with.
struct Hands {
    errands: Sender<Errand>,
    /// None until the terminal was asked.
    pictures: Option<PictureWorker>,
    files: HashMap<ImageId, PathBuf>,
}

/// What an effect means for the loop itself.
enum Turn {
    On,
    Redraw,
    Suspend,
    End(Ended),
}

impl Driver {
    fn run(mut self, state: &mut State, screen: &mut Screen) -> io::Result<Ended> {
        let mut effects = start(state);
        loop {
            // In the order of effects; what they bring about at once comes before what arrives later.
            while !effects.is_empty() {
                let mut next = Vec::new();
                for effect in effects {
                    let (turn, events) = self.hands.carry_out(effect, state)?;
                    for event in events {
                        next.extend(update(state, event));
                    }
                    match turn {
                        Turn::On => {}
                        Turn::Redraw => screen.forget()?,
                        Turn::Suspend => {
                            screen.suspend()?;
                            next.extend(update(state, Event::Resumed));
                        }
                        Turn::End(ended) => return Ok(ended),
                    }
                }
                effects = next;
            }
            // Everything that has come already goes into one frame.
            let message = match self.messages.try_recv() {
                Ok(message) => Some(message),
                Err(_) => {
                    let size = screen.draw(|frame| view(state, frame))?;
                    if size != state.size {
                        // crossterm forgets a change of size that comes together with a key.
                        let (columns, rows) = size;
                        effects = update(state, Event::Resize { columns, rows });
                        continue;
                    }
                    if state.info_on && state.arrival != screen.arrival() {
                        effects = update(state, Event::PictureArrived(screen.arrival()));
                        continue;
                    }
                    self.wait(screen.patience_ends())?
                }
            };
            match message {
                Some(Message::Picture(number)) => screen.acknowledged(number),
                Some(Message::Terminal(found)) => {
                    let terminal = TerminalPictures {
                        budget: self.budget,
                        ..found.pictures
                    };
                    self.late = found.may_be_kitty.then_some(TerminalPictures {
                        mode: PictureMode::Kitty,
                        ..terminal
                    });
                    screen.through_tmux(terminal.tmux);
                    effects = self.send_pictures(terminal, state)?;
                }
                Some(Message::Kitty) => {
                    if let Some(terminal) = self.late.take() {
                        effects = self.send_pictures(terminal, state)?;
                    }
                }
                Some(message) => match self.take(message, state) {
                    Ok(more) => effects = more,
                    Err(signal) => return Ok(signal),
                },
                None => {}
            }
        }
    }

    fn send_pictures(
        &mut self,
        terminal: TerminalPictures,
        state: &mut State,
    ) -> io::Result<Vec<Effect>> {
        self.hands.pictures = Some(picture_worker(terminal, self.sender.clone())?);
        let shown = terminal.mode != PictureMode::None;
        Ok(update(state, Event::PicturesChanged { shown }))
    }

    /// The next message; none when it is time to draw though nothing has happened.
    fn wait(&self, until: Option<Instant>) -> io::Result<Option<Message>> {
        let gone = || io::Error::from_raw_os_error(EIO);
        match until {
            None => self.messages.recv().map(Some).map_err(|_| gone()),
            Some(end) => {
                let left = end.saturating_duration_since(Instant::now());
                match self.messages.recv_timeout(left) {
                    Ok(message) => Ok(Some(message)),
                    Err(RecvTimeoutError::Timeout) => Ok(None),
                    Err(RecvTimeoutError::Disconnected) => Err(gone()),
                }
            }
        }
    }

    fn take(&mut self, message: Message, state: &mut State) -> Result<Vec<Effect>, Ended> {
        match message {
            Message::Event(event) => Ok(update(state, event)),
            Message::Key(key) => {
                let at = Timestamp::now().as_millisecond();
                Ok(update(state, Event::Key { key, at }))
            }
            Message::Files(files) => {
                self.hands.files.extend(files);
                Ok(Vec::new())
            }
            Message::Picture(_) | Message::Terminal(_) | Message::Kitty => Ok(Vec::new()),
            Message::Signal(SIGINT) => Err(Ended::Interrupted),
            Message::Signal(signal) => Err(Ended::Signal(signal)),
        }
    }
}

const SIGINT: i32 = 2;

impl Hands {
    fn carry_out(&self, effect: Effect, state: &State) -> io::Result<(Turn, Vec<Event>)> {
        let errand = match effect {
            Effect::StoreVotes {
                step,
                task,
                image,
                answers,
                at,
            } => Errand::StoreVotes {
                step,
                task,
                image,
                answers,
                at,
            },
            Effect::DropAdded(question) => Errand::DropAdded(question),
            Effect::StoreNote { image, note, at } => Errand::StoreNote { image, note, at },
            Effect::LoadTask(task) => Errand::LoadTask {
                task,
                asked_for: state.detour && state.current == Some(task),
            },
            Effect::GiveBack(task) => Errand::GiveBack(task),
            Effect::LoadExamples { class, except } => Errand::LoadExamples(class, except),
            Effect::Summarise => Errand::Summarise(state.touched.clone()),
            Effect::WantPictures(requests) => return Ok((Turn::On, self.want(&requests))),
            Effect::Redraw => return Ok((Turn::Redraw, Vec::new())),
            Effect::Suspend => return Ok((Turn::Suspend, Vec::new())),
            Effect::Quit => return Ok((Turn::End(Ended::Finished), Vec::new())),
            Effect::Interrupt => return Ok((Turn::End(Ended::Interrupted), Vec::new())),
        };
        self.errands.send(errand).map_err(|_| {
            io::Error::other("the thread that keeps the project file has ended; what was shown as recorded is kept")
        })?;
        Ok((Turn::On, Vec::new()))
    }

    fn want(&self, requests: &[PictureRequest]) -> Vec<Event> {
        let wanted = requests.iter().filter_map(|request| {
            Some(Wanted {
                request: *request,
                path: self.files.get(&request.image)?.clone(),
            })
        });
        let Some(pictures) = &self.pictures else {
            return Vec::new();
        };
        let ready = pictures.want(wanted.collect());
        ready.into_iter().map(picture_event).collect()
    }
}
