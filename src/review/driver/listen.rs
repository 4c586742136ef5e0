//! The threads that listen: for signals, and for keys once the terminal was asked what it can do.

use std::io;
use std::iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::{Duration, Instant};

use crossterm::event::Event as TerminalEvent;

use super::answers::{self, Answers, Heard};
use super::{Message, SIGHUP};
use crate::review::event::Event;
use crate::review::picture::{PATIENCE, PictureMode, examine};

#[cfg(unix)]
pub fn listen_for_signals(sender: SyncSender<Message>) -> io::Result<()> {
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
pub fn listen_to_terminal(
    sender: SyncSender<Message>,
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
pub fn wait_for_keys(keys: &thread::JoinHandle<()>) {
    let end = Instant::now() + PATIENCE + LOOK;
    while !keys.is_finished() && Instant::now() < end {
        thread::sleep(LOOK / 10);
    }
}
