//! The threads that listen: for signals, and for all that comes from the terminal.

#[cfg(not(unix))]
pub use console::Keyboard;
#[cfg(unix)]
pub use unix::{Keyboard, listen_for_signals};

#[cfg(unix)]
mod unix {
    use std::io::{self, IsTerminal, Write};
    use std::os::unix::net::UnixStream;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc::SyncSender;
    use std::sync::{Arc, OnceLock};
    use std::thread;
    use std::time::{Duration, Instant};

    use super::super::{Message, SIGHUP};
    use crate::review::event::Event;
    use crate::review::input::tty::Tty;
    use crate::review::input::{Answer, Input};
    use crate::review::picture::{Environment, Inquiry, PictureMode, QUERY, send};

    /// Has signals reach the loop.
    pub fn listen_for_signals(sender: SyncSender<Message>) -> io::Result<()> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGWINCH};
        let mut signals = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGTERM, SIGWINCH])?;
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                for signal in signals.forever() {
                    let message = match signal {
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

    /// A lone ESC is held for as long where it may begin an answer to a picture.
    const PICTURE_ANSWER: Duration = Duration::from_secs(2);

    /// The thread that reads the terminal, from the first question to the last answer.
    #[derive(Debug)]
    pub struct Keyboard {
        thread: thread::JoinHandle<()>,
        shared: Arc<Shared>,
        waker: UnixStream,
    }

    #[derive(Debug, Default)]
    struct Shared {
        /// The terminal owes an answer.
        is_owed: AtomicBool,
        /// It has not had its say yet on pictures that it was sent.
        has_pictures: AtomicBool,
        /// The end of the listening.
        closing: OnceLock<Closing>,
    }

    #[derive(Debug, Clone, Copy)]
    struct Closing {
        /// No answer is waited for after that.
        until: Instant,
        /// The terminal owes answers to more than the inquiry.
        asks: bool,
    }

    impl Keyboard {
        /// Asks the terminal what it can do, which may take its time, and listens: the screen is up meanwhile.
        pub fn start(
            sender: SyncSender<Message>,
            forced: Option<PictureMode>,
        ) -> io::Result<Keyboard> {
            let (waker, woken) = UnixStream::pair()?;
            let shared = Arc::new(Shared::default());
            let mut listener = Listener {
                tty: Tty::new(Some(woken)),
                inquiry: Inquiry::new(
                    Environment::of_process(),
                    io::stdin().is_terminal() && io::stdout().is_terminal(),
                    forced,
                    Instant::now(),
                ),
                sender,
                shared: Arc::clone(&shared),
                closes: false,
                is_last: false,
            };
            let thread = thread::Builder::new()
                .name("keys".to_owned())
                .spawn(move || {
                    if listener.listen().is_err() {
                        // Nothing will come any more: the line was dropped.
                        let _ = listener.sender.send(Message::Signal(SIGHUP));
                    }
                })?;
            Ok(Keyboard {
                thread,
                shared,
                waker,
            })
        }

        /// Records whether the terminal still owes answers about pictures.
        pub fn expect_pictures(&self, expected: bool) {
            self.shared.has_pictures.store(expected, Ordering::Relaxed);
        }

        /// Waits for the answers that the terminal owes, for a bounded time: they must not reach the shell.
        pub fn settle(&self, patience: Duration) {
            let end = Instant::now() + patience;
            while self.shared.is_owed.load(Ordering::Relaxed)
                && !self.thread.is_finished()
                && Instant::now() < end
            {
                thread::sleep(Duration::from_millis(5));
            }
        }

        /// Waits for the answers that the terminal owes, for a bounded time, then ends the thread. `asks` where pictures are
        /// under way: the terminal has its say on them before it says that it is ready.
        pub fn close(mut self, asks: bool, patience: Duration) {
            let until = Instant::now() + patience;
            let _ = self.shared.closing.set(Closing { until, asks });
            if self.waker.write_all(b"!").is_ok() {
                let _ = self.thread.join();
            }
        }
    }

    struct Listener {
        tty: Tty,
        inquiry: Inquiry,
        sender: SyncSender<Message>,
        shared: Arc<Shared>,
        /// The screen takes no more messages.
        closes: bool,
        /// Nothing is asked any more.
        is_last: bool,
    }

    impl Listener {
        fn listen(&mut self) -> io::Result<()> {
            if let Some(question) = self.inquiry.begin(Instant::now()) {
                send(question)?;
            }
            loop {
                let now = Instant::now();
                if let Some(found) = self.inquiry.news(now) {
                    self.tell(Message::Terminal(Box::new(found)));
                }
                let closing = self.shared.closing.get().copied();
                if let Some(closing) = closing.filter(|_| !self.is_last) {
                    self.is_last = true;
                    self.closes = true;
                    if closing.asks {
                        send(self.inquiry.close(now))?;
                    }
                }
                let owed = self.inquiry.answers_until().filter(|until| now < *until);
                self.shared.is_owed.store(owed.is_some(), Ordering::Relaxed);
                let until = closing.map(|closing| closing.until);
                if until.is_some_and(|until| owed.is_none() || until <= now) {
                    return Ok(());
                }
                let pictures = self.shared.has_pictures.load(Ordering::Relaxed);
                let picture_until = pictures.then(|| now + PICTURE_ANSWER);
                self.tty.expect_answers(owed.max(picture_until));
                let times = [self.inquiry.due(), owed, until];
                for input in self.tty.read(times.into_iter().flatten().min())? {
                    self.take(input)?;
                }
            }
        }

        fn take(&mut self, input: Input) -> io::Result<()> {
            match input {
                Input::Key(key) => self.tell(Message::Key(key)),
                Input::Paste(text) => self.tell(Message::Event(Event::Pasted(text))),
                Input::Answer(Answer::Picture { number, .. }) if number != QUERY => {
                    self.tell(Message::Picture(number));
                }
                Input::Answer(answer) => {
                    if let Some(question) = self.inquiry.take(&answer, Instant::now())
                        && !self.is_last
                    {
                        send(question)?;
                    }
                }
            }
            Ok(())
        }

        fn tell(&mut self, message: Message) {
            // A screen that is closed hears nothing more; the answers that are under way are still to be read.
            if !self.closes && self.sender.send(message).is_err() {
                self.closes = true;
            }
        }
    }
}

/// The console's own keys: nothing is asked there, and nothing answers.
#[cfg(not(unix))]
mod console {
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc::SyncSender;
    use std::thread;
    use std::time::{Duration, Instant};

    use crossterm::event::Event as TerminalEvent;

    use super::super::{Message, SIGHUP};
    use crate::review::event::Event;
    use crate::review::picture::{PictureMode, examine};

    /// Interval at which the thread checks whether the screen is closed.
    const LOOK: Duration = Duration::from_millis(50);

    /// The thread that reads the console.
    #[derive(Debug)]
    pub struct Keyboard {
        thread: thread::JoinHandle<()>,
        stop: Arc<AtomicBool>,
    }

    impl Keyboard {
        /// Listens for keys.
        pub fn start(
            sender: SyncSender<Message>,
            forced: Option<PictureMode>,
        ) -> io::Result<Keyboard> {
            let stop = Arc::new(AtomicBool::new(false));
            let stops = Arc::clone(&stop);
            let thread = thread::Builder::new()
                .name("keys".to_owned())
                .spawn(move || {
                    let found = Message::Terminal(Box::new(examine(forced)));
                    if sender.send(found).is_err() {
                        return;
                    }
                    while !stops.load(Ordering::Relaxed) {
                        let event = match crossterm::event::poll(LOOK) {
                            Ok(false) => continue,
                            Ok(true) => crossterm::event::read(),
                            Err(error) => Err(error),
                        };
                        let message = match event {
                            Ok(TerminalEvent::Key(key)) => Message::Key(key),
                            Ok(TerminalEvent::Paste(text)) => Message::Event(Event::Pasted(text)),
                            Ok(TerminalEvent::Resize(columns, rows)) => {
                                Message::Event(Event::Resize { columns, rows })
                            }
                            Ok(_) => continue,
                            Err(_) => Message::Signal(SIGHUP),
                        };
                        let last = matches!(message, Message::Signal(_));
                        if sender.send(message).is_err() || last {
                            return;
                        }
                    }
                })?;
            Ok(Keyboard { thread, stop })
        }

        /// Nothing answers to pictures.
        pub fn expect_pictures(&self, _: bool) {}

        /// Nothing is asked, so nothing is owed.
        pub fn settle(&self, _: Duration) {}

        /// Ends the thread.
        pub fn close(self, _: bool, patience: Duration) {
            self.stop.store(true, Ordering::Relaxed);
            let end = Instant::now() + patience.max(2 * LOOK);
            while !self.thread.is_finished() && Instant::now() < end {
                thread::sleep(LOOK / 10);
            }
        }
    }
}
