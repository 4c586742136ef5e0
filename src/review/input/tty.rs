//! The one reader of the terminal.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::{QueueSelector, tcflush};

use super::{Input, Parser};

/// Bytes that are read at once.
const BLOCK: usize = 4096;

/// Reads the terminal at stdin, straight from the file: a buffered reader would keep what is not for it.
#[derive(Debug)]
pub struct Tty {
    parser: Parser,
    /// Socket through which another thread may end the wait.
    waker: Option<UnixStream>,
}

impl Tty {
    /// A reader that waits until something comes, or until a byte comes here.
    pub fn new(waker: Option<UnixStream>) -> Tty {
        Tty {
            parser: Parser::new(Instant::now()),
            waker,
        }
    }

    /// The terminal owes an answer until then.
    pub fn expect_answers(&mut self, until: Option<Instant>) {
        self.parser.expect_answers(until);
    }

    /// Waits for input until a time, for no longer than the waker allows; what has come, which may be nothing.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn read(&mut self, until: Option<Instant>) -> io::Result<Vec<Input>> {
        let until = until.into_iter().chain(self.parser.deadline()).min();
        let stdin = io::stdin();
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let wait = left.and_then(|left| Timespec::try_from(left).ok());
        let mut ready = vec![PollFd::new(&stdin, PollFlags::IN)];
        let waker = self.waker.as_ref();
        ready.extend(waker.map(|waker| PollFd::new(waker, PollFlags::IN)));
        match poll(&mut ready, wait.as_ref()) {
            Ok(0) => return Ok(self.parser.pass_time(Instant::now())),
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        }
        let has_come = |place: usize| {
            let ready = ready.get(place);
            ready.is_some_and(|ready| !ready.revents().is_empty())
        };
        let (has_input, is_woken) = (has_come(0), has_come(1));
        if is_woken && let Some(waker) = waker {
            rustix::io::read(waker.as_fd(), &mut [0; 16])?;
        }
        if !has_input {
            return Ok(Vec::new());
        }
        let mut block = [0; BLOCK];
        match rustix::io::read(&stdin, &mut block) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                let bytes = block.get(..read).unwrap_or_default();
                Ok(self.parser.take(bytes, Instant::now()))
            }
            Err(Errno::INTR | Errno::AGAIN) => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Drops what has come and was not read: it must not reach the shell.
pub fn discard_input() {
    // A terminal that is gone holds nothing.
    let _ = tcflush(io::stdin(), QueueSelector::IFlush);
}
