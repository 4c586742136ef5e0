//! The loop: takes what has come, carries out what follows from it, draws.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender};
use std::time::Instant;

use jiff::Timestamp;

use super::desk::Errand;
use super::listen::Keyboard;
use super::terminal::Screen;
use super::{EIO, Ended, LAST_ANSWERS, MESSAGES, Message, SIGINT};
use crate::domain::ImageId;
use crate::review::effect::Effect;
use crate::review::event::Event;
use crate::review::picture::{
    Outcome, PictureMode, PictureRequest, PictureWorker, TerminalPictures, Wanted,
};
use crate::review::state::State;
use crate::review::update::{start, update};
use crate::review::view::view;

fn picture_worker(
    terminal: TerminalPictures,
    sender: SyncSender<Message>,
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

/// Tells the state what of the task is on the screen, where that has changed.
fn see(screen: &Screen, state: &mut State) -> Vec<Effect> {
    let shown = screen.shown();
    match shown == state.shown {
        true => Vec::new(),
        false => update(state, Event::Drawn(shown)),
    }
}

pub struct Driver {
    /// Goes first: who waits for room in it must not be waited for.
    messages: Receiver<Message>,
    hands: Hands,
    sender: SyncSender<Message>,
    /// Bytes that a picture may take, where that is bounded.
    budget: Option<usize>,
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
    /// A driver that hears these messages, and whose picture workers answer through the same channel.
    pub fn new(
        (messages, sender): (Receiver<Message>, SyncSender<Message>),
        errands: Sender<Errand>,
        budget: Option<usize>,
    ) -> Driver {
        Driver {
            messages,
            hands: Hands {
                errands,
                pictures: None,
                files: HashMap::new(),
            },
            sender,
            budget,
        }
    }

    /// Until the rater leaves, or a signal ends the sitting.
    pub fn run(
        mut self,
        state: &mut State,
        screen: &mut Screen,
        keyboard: &Keyboard,
    ) -> io::Result<Ended> {
        let mut effects = start(state);
        // Messages since the last frame.
        let mut taken = 0;
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
                            keyboard.settle(LAST_ANSWERS);
                            screen.suspend()?;
                            next.extend(update(state, Event::Resumed));
                        }
                        Turn::End(ended) => return Ok(ended),
                    }
                }
                effects = next;
            }
            // Everything that has come already goes into one frame; who types on and on sees some all the same.
            let come = match taken < MESSAGES {
                true => self.messages.try_recv().ok(),
                false => None,
            };
            let message = match come {
                Some(message) => {
                    taken += 1;
                    Some(message)
                }
                None => {
                    taken = 0;
                    let size = screen.draw(|frame| view(state, frame))?;
                    keyboard.expect_pictures(screen.awaits_acknowledgement());
                    if size != state.size {
                        // A frame may come before the signal of a new size.
                        let (columns, rows) = size;
                        effects = update(state, Event::Resize { columns, rows });
                        continue;
                    }
                    effects = see(screen, state);
                    if !effects.is_empty() {
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
                Some(Message::Picture(number)) => {
                    screen.acknowledged(number);
                    // The next key may be one that the rater pressed on seeing it.
                    effects = see(screen, state);
                }
                Some(Message::Terminal(found)) => {
                    let terminal = TerminalPictures {
                        budget: self.budget,
                        ..found.pictures
                    };
                    screen.through_tmux(terminal.tmux)?;
                    effects = self.send_pictures(terminal, state)?;
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
            Message::Picture(_) | Message::Terminal(_) => Ok(Vec::new()),
            Message::Signal(SIGINT) => Err(Ended::Interrupted),
            Message::Signal(signal) => Err(Ended::Signal(signal)),
        }
    }
}

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
            Effect::LoadEarlier { filter, from } => Errand::LoadEarlier { filter, from },
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
