use std::io::{self, Stdout, Write};
use std::mem::ManuallyDrop;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute, queue};
use ratatui::backend::CrosstermBackend;
use ratatui::{Frame, Terminal};

/// Whether the terminal is ours now, for the panic hook, which belongs to the process.
static TAKEN: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

/// The terminal while the review screen has it; given back when dropped, and before any panic's message.
pub struct Screen {
    /// Never dropped: ratatui's drop shows the cursor, as [`give_back`] does already, and panics where the terminal is gone.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<Stdout>>>,
}

impl Screen {
    /// Takes the terminal: raw mode, alternate screen, no cursor.
    pub fn open() -> io::Result<Screen> {
        HOOK.call_once(|| {
            let former = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                // A decoder that gives up in its own thread is caught there; the screen goes on.
                let decoding = std::thread::current()
                    .name()
                    .is_some_and(|name| name.starts_with(crate::review::picture::THREAD_PREFIX));
                if decoding {
                    return;
                }
                give_back();
                former(panic);
            }));
        });
        take()?;
        // A terminal that cannot be drawn on must be given back too.
        let terminal =
            Terminal::new(CrosstermBackend::new(io::stdout())).inspect_err(|_| give_back())?;
        Ok(Screen {
            terminal: ManuallyDrop::new(terminal),
        })
    }

    /// Draws a frame; the terminal shows it at once and whole.
    pub fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        queue!(io::stdout(), BeginSynchronizedUpdate)?;
        let drawn = self.terminal.draw(view).map(|_| ());
        execute!(io::stdout(), EndSynchronizedUpdate)?;
        drawn
    }

    /// Makes the next frame draw everything again.
    ///
    /// By a change of size that is none: ratatui's own `clear` asks the terminal for its cursor, which takes keys from the
    /// thread that reads them, and fails where nobody answers.
    pub fn forget(&mut self) -> io::Result<()> {
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
        give_back();
    }
}

fn take() -> io::Result<()> {
    TAKEN.store(true, Ordering::SeqCst);
    enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen, cursor::Hide).inspect_err(|_| give_back())
}

/// Brings the terminal back to its normal mode; the second time does nothing. A terminal that is gone needs nothing.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let mut out = io::stdout();
        let _ = execute!(
            out,
            EndSynchronizedUpdate,
            cursor::Show,
            LeaveAlternateScreen
        );
        let _ = out.flush();
        let _ = disable_raw_mode();
    }
}
