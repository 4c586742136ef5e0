//! Ctrl-c while a command works: it is asked to stop, and made to stop where it does not look. Either way the project file is as it
//! was before what it had begun, for all that belongs together is one transaction.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, WeakProgressBar};

use super::failure::Failure;

static ASKED: AtomicBool = AtomicBool::new(false);
/// What is drawn now; it goes with the process.
static BARS: Mutex<Vec<WeakProgressBar>> = Mutex::new(Vec::new());

/// How long a command has to stop by itself, so that files that it was writing are cleared away.
const PATIENCE: Duration = Duration::from_millis(500);

/// Listens for ctrl-c from now on.
#[cfg(unix)]
pub fn watch() -> io::Result<()> {
    let mut signals = signal_hook::iterator::Signals::new([signal_hook::consts::SIGINT])?;
    thread::Builder::new()
        .name("interrupt".to_owned())
        .spawn(move || {
            if signals.forever().next().is_none() {
                return;
            }
            ASKED.store(true, Ordering::Relaxed);
            thread::sleep(PATIENCE);
            let bars = BARS.lock().unwrap_or_else(PoisonError::into_inner);
            let drawn = bars.iter().filter_map(WeakProgressBar::upgrade);
            drawn.for_each(|bar| bar.finish_and_clear());
            std::process::exit(i32::from(Failure::interrupted().exit_code()));
        })?;
    Ok(())
}

/// Listens for ctrl-c from now on; elsewhere the system ends the process.
#[cfg(not(unix))]
pub fn watch() -> io::Result<()> {
    Ok(())
}

/// Lets a write beyond the limit on the size of files fail, which is said, where the system would end the process.
#[cfg(unix)]
pub fn outlive_file_size_limit() {
    let hit = std::sync::Arc::new(AtomicBool::new(false));
    // Without it the process ends as it would have.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, hit);
}

#[cfg(not(unix))]
pub fn outlive_file_size_limit() {}

/// A bar that is to be cleared away with the process.
pub fn clears(bar: &ProgressBar) {
    let mut bars = BARS.lock().unwrap_or_else(PoisonError::into_inner);
    bars.retain(|bar| bar.upgrade().is_some());
    bars.push(bar.downgrade());
}

/// Whether the user has asked the command to stop.
pub fn is_asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}

/// The failure of a command that was asked to stop.
pub fn check() -> Result<(), Failure> {
    match is_asked() {
        true => Err(Failure::interrupted()),
        false => Ok(()),
    }
}
