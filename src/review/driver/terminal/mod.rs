mod backend;

use std::io::{self, Stdout, Write};
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once, Weak};
use std::time::{Duration, Instant};

use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute, queue};
use ratatui::layout::Size;
use ratatui::{Frame, Terminal};

use crate::review::picture::{Layer, Picture, Placed};
use crate::review::state::Shown;
use crate::review::view::Drawn;
use backend::LeanBackend;

/// Whether the terminal is ours now, for the panic hook, which belongs to the process.
static TAKEN: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

/// The terminal while the review screen has it; given back when dropped, and before any panic's message.
pub struct Screen {
    /// Never dropped: ratatui's drop shows the cursor, as [`give_back`] does already, and panics where the terminal is gone.
    terminal: ManuallyDrop<Terminal<LeanBackend<Stdout>>>,
    layer: Layer,
    size: Size,
    newest: Option<Newest>,
    /// Contents of the newest frame, even if the terminal does not have its picture yet.
    drawn: Shown,
}

/// The picture on the screen, the first of them where there are more.
struct Newest {
    picture: Weak<Picture>,
    since: Instant,
    arrived: Option<Duration>,
}

impl Screen {
    /// Takes the terminal: raw mode, alternate screen, pasted text between marks, no cursor.
    pub fn open() -> io::Result<Screen> {
        HOOK.call_once(|| {
            let former = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                // A decoder that gives up is caught; the screen goes on.
                let in_picture_thread = std::thread::current()
                    .name()
                    .is_some_and(|name| name.starts_with(crate::review::picture::THREAD_PREFIX));
                if in_picture_thread || crate::guard::is_guarded() {
                    return;
                }
                give_back();
                former(panic);
            }));
        });
        take()?;
        // A terminal that cannot be drawn on must be given back too.
        let terminal =
            Terminal::new(LeanBackend::new(io::stdout())).inspect_err(|_| give_back())?;
        Ok(Screen {
            terminal: ManuallyDrop::new(terminal),
            layer: Layer::new(false),
            size: Size::default(),
            newest: None,
            drawn: Shown::default(),
        })
    }

    /// Says whether tmux stands between, and how long the line takes where that is known.
    pub fn know_line(&mut self, tmux: bool, round_trip: Option<Duration>) -> io::Result<()> {
        if self.layer.is_through_tmux() != tmux {
            io::stdout().write_all(self.layer.free().as_bytes())?;
            self.layer = Layer::new(tmux);
        }
        if let Some(took) = round_trip {
            self.layer.expect_round_trip(took);
        }
        Ok(())
    }

    /// Draws a frame, with the pictures that it gives back; the terminal shows it at once and whole. Columns and rows that
    /// the terminal has now.
    pub fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>) -> Drawn) -> io::Result<(u16, u16)> {
        let began = Instant::now();
        // Nothing else is written amid a frame.
        let mut out = io::stdout().lock();
        queue!(out, BeginSynchronizedUpdate)?;
        let size = self.terminal.size()?;
        if size != self.size {
            // Drawing clears the screen then, and kitty frees what stood on it.
            self.layer.forget();
            self.size = size;
        }
        let mut frame_holds = Drawn::default();
        let drawn = self
            .terminal
            .draw(|frame| frame_holds = view(frame))
            .map(|_| ());
        let Drawn { pictures, shown } = frame_holds;
        self.drawn = shown;
        let commands = self.layer.show(&pictures, Instant::now());
        out.write_all(commands.as_bytes())?;
        execute!(out, EndSynchronizedUpdate)?;
        self.watch(pictures.first(), began);
        drawn.map(|()| (size.width, size.height))
    }

    fn watch(&mut self, first: Option<&Placed>, began: Instant) {
        let now = Instant::now();
        let same = |newest: &Newest| {
            first.is_some_and(|placed| newest.picture.as_ptr() == Arc::as_ptr(&placed.picture))
        };
        if !self.newest.as_ref().is_some_and(same) {
            self.newest = first.map(|placed| Newest {
                picture: Arc::downgrade(&placed.picture),
                since: began,
                arrived: None,
            });
        }
        if let (Some(newest), Some(placed)) = (&mut self.newest, first)
            && newest.arrived.is_none()
            && self.layer.has(&placed.picture)
        {
            newest.arrived = Some(now.duration_since(newest.since));
        }
    }

    /// Returns the parts of the task on the screen, as far as the terminal has reported.
    pub fn shown(&self) -> Shown {
        let newest = self.newest.as_ref();
        let picture = newest.and_then(|newest| newest.picture.upgrade());
        let has_arrived = picture.is_none_or(|picture| self.layer.has_some(&picture));
        Shown {
            picture: self.drawn.picture && has_arrived,
            ..self.drawn.clone()
        }
    }

    /// How long the newest picture was on its way, as far as the terminal says; none while it is.
    pub fn arrival(&self) -> Option<Duration> {
        self.newest.as_ref()?.arrived
    }

    /// The terminal has a picture that it was sent.
    pub fn acknowledged(&mut self, picture: u32) {
        self.layer.acknowledged(picture, Instant::now());
    }

    /// True if the terminal has yet to acknowledge pictures that it was sent.
    pub fn awaits_acknowledgement(&self) -> bool {
        self.layer.patience_ends().is_some()
    }

    /// When to draw again though nothing happens: a terminal that does not acknowledge pictures is sent them all the same.
    pub fn patience_ends(&self) -> Option<Instant> {
        self.layer.patience_ends()
    }

    /// Makes the next frame draw everything again.
    ///
    /// By a change of size that is none: ratatui's own `clear` asks the terminal for its cursor, which takes keys from the
    /// thread that reads them, and fails where nobody answers.
    pub fn forget(&mut self) -> io::Result<()> {
        self.layer.forget();
        let size = self.terminal.size()?;
        self.terminal.resize(size.into())
    }

    /// Stops the process as ctrl-z does, and takes the terminal again when it goes on.
    #[cfg(unix)]
    pub fn suspend(&mut self) -> io::Result<()> {
        give_back();
        signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)?;
        take()?;
        self.forget()
    }

    /// There is nothing to suspend to.
    #[cfg(not(unix))]
    pub fn suspend(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        let _ = io::stdout().write_all(self.layer.free().as_bytes());
        #[cfg(unix)]
        crate::review::input::tty::discard_input();
        give_back();
    }
}

fn take() -> io::Result<()> {
    TAKEN.store(true, Ordering::SeqCst);
    enable_raw_mode()?;
    execute!(
        io::stdout(),
        EnterAlternateScreen,
        EnableBracketedPaste,
        cursor::Hide
    )
    .inspect_err(|_| give_back())
}

/// Brings the terminal back to its normal mode; the second time does nothing. A terminal that is gone needs nothing.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let mut out = io::stdout();
        let _ = execute!(
            out,
            EndSynchronizedUpdate,
            DisableBracketedPaste,
            cursor::Show,
            LeaveAlternateScreen
        );
        let _ = out.flush();
        let _ = disable_raw_mode();
    }
}
