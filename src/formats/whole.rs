//! Small files that are read whole, up to a bound: lists of classes, orders of images, keys. From a regular file or a
//! pipe; a device has no end.

use std::fs::{File, FileType};
use std::io::{self, Read};
use std::path::Path;

/// The most bytes of a table of classes, a hierarchy or headings.
pub const MOST_OF_CLASSES: u64 = 64 << 20;
/// The most bytes of a list of images.
pub const MOST_OF_ORDER: u64 = 256 << 20;
/// The most bytes of a file of settings.
pub const MOST_OF_SETTINGS: u64 = 1 << 20;

/// Why a file is not read whole.
#[derive(Debug, thiserror::Error)]
pub enum WholeError {
    /// It cannot be opened or read.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is no file at all.
    #[error("it is {0}, not a file")]
    Kind(&'static str),
    /// Nobody has the other end of the pipe.
    #[error("it is a pipe that nobody writes into")]
    Silent,
    /// It is larger than any such file.
    #[error("it is larger than {}", bytes_in_words(*.0))]
    TooLarge(u64),
}

fn bytes_in_words(bytes: u64) -> String {
    match bytes >> 20 {
        0 => format!("{} KB", bytes.div_ceil(1024)),
        megabytes => format!("{megabytes} MB"),
    }
}

/// Reads a file of at most `most` bytes.
///
/// # Errors
/// See [`WholeError`].
pub fn read_whole(path: &Path, most: u64) -> Result<Vec<u8>, WholeError> {
    let found = std::fs::metadata(path)?;
    if found.is_file() {
        // A sparse file is refused before a byte of it is read.
        if found.len() > most {
            return Err(WholeError::TooLarge(most));
        }
        return within(File::open(path)?, most);
    }
    if found.is_dir() {
        return Err(WholeError::Kind("a folder"));
    }
    read_other(path, found.file_type(), most)
}

fn within(input: impl Read, most: u64) -> Result<Vec<u8>, WholeError> {
    let mut bytes = Vec::new();
    // A byte more, so that what is too long is seen as such.
    input.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > most {
        true => Err(WholeError::TooLarge(most)),
        false => Ok(bytes),
    }
}

#[cfg(unix)]
fn read_other(path: &Path, kind: FileType, most: u64) -> Result<Vec<u8>, WholeError> {
    use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
    if kind.is_socket() {
        return Err(WholeError::Kind("a socket"));
    }
    if !kind.is_fifo() {
        return Err(WholeError::Kind("a device"));
    }
    // Opening does not wait for a writer, who may never come.
    let without_waiting = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let pipe = File::options()
        .read(true)
        .custom_flags(without_waiting)
        .open(path)?;
    let mut pipe = Pipe {
        pipe,
        is_used: false,
    };
    let bytes = within(&mut pipe, most)?;
    match pipe.is_used {
        true => Ok(bytes),
        false => Err(WholeError::Silent),
    }
}

#[cfg(not(unix))]
fn read_other(_: &Path, _: FileType, _: u64) -> Result<Vec<u8>, WholeError> {
    Err(WholeError::Kind("a device"))
}

/// A pipe that is waited for as long as somebody has it open for writing.
#[cfg(unix)]
struct Pipe {
    pipe: File,
    /// True if any process has had it open for writing.
    is_used: bool,
}

/// Longest time that a writer may take to open a pipe.
#[cfg(unix)]
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

#[cfg(unix)]
impl Read for Pipe {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let begin = std::time::Instant::now();
        let step = Timespec {
            tv_sec: 0,
            tv_nsec: 50_000_000,
        };
        loop {
            match self.pipe.read(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.is_used = true;
                    let mut asked = [PollFd::new(&self.pipe, PollFlags::IN)];
                    match poll(&mut asked, Some(&step)) {
                        Err(rustix::io::Errno::INTR) => {}
                        polled => drop(polled?),
                    }
                }
                // Nobody has it open: before the first writer it is not the end.
                Ok(0) if !self.is_used && begin.elapsed() < PATIENCE => {
                    let mut asked = [PollFd::new(&self.pipe, PollFlags::IN)];
                    let polled = poll(&mut asked, Some(&step));
                    self.is_used = polled.is_ok_and(|events| events > 0);
                }
                Ok(read) => {
                    self.is_used |= read > 0;
                    return Ok(read);
                }
                failed => return failed,
            }
        }
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(path: &str, most: u64) -> String {
        read_whole(Path::new(path), most).unwrap_err().to_string()
    }

    #[test]
    fn what_has_no_end_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sparse");
        File::create(&path).unwrap().set_len(10 << 30).unwrap();
        let sparse = path.to_str().unwrap();
        assert_eq!(refusal(sparse, 64 << 20), "it is larger than 64 MB");
        assert_eq!(refusal("/dev/zero", 9), "it is a device, not a file");
        assert_eq!(refusal("/", 9), "it is a folder, not a file");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(refusal(sparse, 4), "it is larger than 1 KB");
        assert_eq!(read_whole(&path, 5).unwrap(), b"12345");
    }

    #[test]
    fn a_pipe_is_read_to_its_end_and_up_to_the_bound() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        let written = |bytes: &'static [u8]| {
            let path = path.clone();
            std::thread::spawn(move || {
                use std::io::Write;
                let mut pipe = File::options().write(true).open(path).unwrap();
                // The reader may stop reading.
                let _ = pipe.write_all(bytes);
            })
        };
        let writer = written(b"index,name\n0,cat\n");
        assert_eq!(read_whole(&path, 100).unwrap(), b"index,name\n0,cat\n");
        writer.join().unwrap();
        let writer = written(&[7; 1 << 20]);
        let refused = read_whole(&path, 100).unwrap_err();
        assert!(matches!(refused, WholeError::TooLarge(100)), "{refused}");
        writer.join().unwrap();
    }
}
