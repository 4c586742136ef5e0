//! The program in a pseudo-terminal, with a model of the screen, answering (or not) what a terminal is asked.

use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::kitty::KittyScreen;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use relabel::review::layout::LARGEST;

/// How the terminal answers queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// Like a plain terminal with cells of 10×20 pixels.
    Plain,
    /// Like kitty.
    Kitty,
    /// Like a kitty that is far away: nothing in time to what it is asked at first.
    LateKitty,
    /// Like a terminal with sixel.
    Sixel,
    /// Not at all.
    Nothing,
}

/// A running program with its screen.
pub struct Terminal {
    screen: vt100::Parser,
    raw: Vec<u8>,
    /// How much of `raw` the screen shows: a frame that has begun is not shown before its end.
    shown: usize,
    /// How much of `raw` was looked through for queries.
    answered: usize,
    output: Receiver<Vec<u8>>,
    reader: JoinHandle<()>,
    input: Box<dyn Write + Send>,
    master: Box<dyn MasterPty + Send>,
    child: Process,
    answers: Answers,
    /// Where it answers like kitty: the pictures that it has.
    kitty: Option<KittyScreen>,
    /// Whether its word on pictures is held back, as by a line that is slow.
    held: bool,
}

/// The program's process; killed when dropped.
pub struct Process(Box<dyn Child + Send + Sync>);

/// Far longer than anything takes; a test that fails waits this long.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Says how a terminal is opened.
pub struct Opening<'a> {
    pub columns: u16,
    pub rows: u16,
    pub answers: Answers,
    /// Variables to set; those that are empty are taken away.
    pub environment: &'a [(&'a str, &'a str)],
    /// What runs in it, in place of the program.
    pub program: Option<&'a std::path::Path>,
}

impl Default for Opening<'_> {
    fn default() -> Self {
        Opening {
            columns: 80,
            rows: 24,
            answers: Answers::Plain,
            environment: &[],
            program: None,
        }
    }
}

const FRAME_BEGINS: &[u8] = b"\x1b[?2026h";
const FRAME_ENDS: &[u8] = b"\x1b[?2026l";
/// The last query of a batch, and the one that every terminal answers.
const STATUS_QUERY: &[u8] = b"\x1b[5n";

impl Terminal {
    /// Starts the program in a folder.
    pub fn open(folder: &std::path::Path, arguments: &[&str], opening: Opening<'_>) -> Terminal {
        let size = PtySize {
            rows: opening.rows,
            cols: opening.columns,
            pixel_width: opening.columns.saturating_mul(10),
            pixel_height: opening.rows.saturating_mul(20),
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = match opening.program {
            Some(program) => CommandBuilder::new(program),
            None => CommandBuilder::new(assert_cmd::cargo::cargo_bin!("relabel")),
        };
        command.args(arguments);
        command.cwd(folder);
        for name in [
            "RELABEL_PROJECT",
            "NO_COLOR",
            "TMUX",
            "TERM_PROGRAM",
            "KITTY_WINDOW_ID",
            "KONSOLE_VERSION",
            "LC_TERMINAL",
            "WEZTERM_EXECUTABLE",
        ] {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        command.env("XDG_CONFIG_HOME", folder.join("config"));
        for (name, value) in opening.environment {
            match value.is_empty() {
                true => command.env_remove(name),
                false => command.env(name, value),
            }
        }
        let child = Process(pair.slave.spawn_command(command).unwrap());
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (sender, output) = channel();
        let reader = std::thread::spawn(move || {
            let mut block = [0; 1 << 16];
            while let Ok(read) = reader.read(&mut block) {
                if read == 0 || sender.send(block[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        Terminal {
            screen: vt100::Parser::new(
                extent(opening.rows, LARGEST.1),
                extent(opening.columns, LARGEST.0),
                0,
            ),
            raw: Vec::new(),
            shown: 0,
            answered: 0,
            output,
            reader,
            input: pair.master.take_writer().unwrap(),
            master: pair.master,
            child,
            answers: opening.answers,
            kitty: matches!(opening.answers, Answers::Kitty | Answers::LateKitty)
                .then(|| KittyScreen::new(opening.columns, opening.rows)),
            held: false,
        }
    }

    /// Types keys.
    pub fn keys(&mut self, keys: &str) {
        self.bytes(keys.as_bytes());
    }

    /// Types bytes, which may be a part of a character.
    pub fn bytes(&mut self, bytes: &[u8]) {
        // A program that is gone takes no keys; what is waited for next says so.
        let _ = self.input.write_all(bytes);
        let _ = self.input.flush();
    }

    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.screen
            .screen_mut()
            .set_size(extent(rows, LARGEST.1), extent(columns, LARGEST.0));
        if let Some(kitty) = &mut self.kitty {
            kitty.set_size(columns, rows);
        }
        self.master
            .resize(PtySize {
                rows,
                cols: columns,
                pixel_width: columns * 10,
                pixel_height: rows * 20,
            })
            .unwrap();
    }

    /// What stands on the screen.
    pub fn text(&self) -> String {
        // A blank that was drawn looks like one that was not.
        let contents = self.screen.screen().contents();
        let lines: Vec<&str> = contents.lines().map(str::trim_end).collect();
        lines.join("\n")
    }

    /// Columns and rows.
    pub fn size(&self) -> (u16, u16) {
        let (rows, columns) = self.screen.screen().size();
        (columns.into(), rows.into())
    }

    pub fn screen(&self) -> &vt100::Screen {
        self.screen.screen()
    }

    /// The pictures of a terminal that answers like kitty.
    pub fn kitty(&self) -> &KittyScreen {
        self.kitty.as_ref().unwrap()
    }

    /// Holds back what a terminal like kitty says of pictures, or says it at last.
    pub fn hold(&mut self, held: bool) {
        self.held = held;
        self.acknowledge();
    }

    fn acknowledge(&mut self) {
        if let Some(kitty) = self.kitty.as_mut().filter(|_| !self.held) {
            let answers = std::mem::take(&mut kitty.answers).concat();
            self.keys(&answers);
        }
    }

    /// Every byte that the program wrote.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Every byte that the program wrote, as text.
    pub fn stream(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }

    /// The program's process id.
    pub fn process_id(&self) -> u32 {
        self.child.0.process_id().unwrap()
    }

    /// The line's modes that a program may have changed: input, output, local.
    #[cfg(unix)]
    pub fn modes(&self) -> String {
        let modes = self.master.get_termios().unwrap();
        format!(
            "{:?} {:?} {:?}",
            modes.input_flags, modes.output_flags, modes.local_flags
        )
    }

    /// Waits until the screen is as wanted.
    #[track_caller]
    pub fn wait_for(&mut self, what: &str, wanted: impl Fn(&str) -> bool) {
        self.wait_until(what, |terminal| wanted(&terminal.text()));
    }

    /// Waits until the terminal is as wanted.
    #[track_caller]
    pub fn wait_until(&mut self, what: &str, wanted: impl Fn(&Terminal) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !wanted(self) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no {what} on the screen:\n{}", self.text());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    assert!(
                        wanted(self),
                        "the program ended without {what}:\n{}",
                        self.text()
                    );
                }
            }
        }
    }

    /// Waits until a text stands on the screen.
    #[track_caller]
    pub fn wait_for_text(&mut self, text: &str) {
        self.wait_for(&format!("{text:?}"), |screen| screen.contains(text));
    }

    /// Takes in what has come already, without waiting.
    pub fn catch_up(&mut self) {
        while let Ok(bytes) = self.output.try_recv() {
            self.take(&bytes);
        }
    }

    /// Takes in what comes within a time; for pacing, not for waiting until something is there.
    pub fn read_for(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while let Ok(bytes) = self
            .output
            .recv_timeout(end.saturating_duration_since(Instant::now()))
        {
            self.take(&bytes);
        }
    }

    /// Waits for the program's end and its last words; its exit code.
    #[track_caller]
    pub fn wait_for_end(&mut self) -> u32 {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "the program does not end:\n{}",
                self.text()
            );
            // The line ends with the last process that has it open.
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.child.wait_for_end()
    }

    /// Ends the program at once, without a word to it.
    pub fn kill(&mut self) {
        self.child.kill();
    }

    /// Sends the program a signal by its short name.
    #[cfg(unix)]
    pub fn signal(&self, name: &str) {
        send_signal(name, self.process_id());
    }

    /// Drops the line: the terminal is gone, the program may live on.
    pub fn hang_up(mut self) -> Process {
        // The reader has the line open until it finds that nobody listens.
        let (_, nothing) = channel();
        self.output = nothing;
        while !self.reader.is_finished() {
            self.keys("\x0c");
            std::thread::sleep(Duration::from_millis(5));
        }
        let Terminal { child, .. } = self;
        child
    }

    fn take(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
        if let Some(kitty) = &mut self.kitty {
            kitty.take(bytes);
            self.acknowledge();
        }
        let end = self.whole_frames();
        self.screen.process(&self.raw[self.shown..end]);
        self.shown = end;
        let Some(query) = find(&self.raw[self.answered..], STATUS_QUERY) else {
            let unsure = self.raw.len().saturating_sub(STATUS_QUERY.len());
            self.answered = self.answered.max(unsure);
            return;
        };
        self.answered += query + STATUS_QUERY.len();
        match self.answers {
            Answers::Nothing | Answers::LateKitty => {}
            Answers::Plain => self.keys("\x1b[?62;c\x1b[6;20;10t\x1b[0n"),
            Answers::Kitty => self.keys("\x1b_Gi=31;OK\x1b\\\x1b[?62;c\x1b[6;20;10t\x1b[0n"),
            Answers::Sixel => self.keys("\x1b[?62;4c\x1b[6;20;10t\x1b[0n"),
        }
    }

    /// The end of the last frame that has come wholly, or of everything where none has begun.
    fn whole_frames(&self) -> usize {
        let new = &self.raw[self.shown..];
        let begins = rfind(new, FRAME_BEGINS);
        let ends = rfind(new, FRAME_ENDS);
        match (begins, ends) {
            (Some(begins), Some(ends)) if ends > begins => self.raw.len(),
            (Some(begins), _) => self.shown + begins,
            // A sequence that has come in part may be the beginning of a frame.
            (None, _) => {
                let tail = new.len().saturating_sub(FRAME_BEGINS.len());
                let cut = (tail..new.len()).find(|at| FRAME_BEGINS.starts_with(&new[*at..]));
                self.shown + cut.unwrap_or(new.len())
            }
        }
    }
}

impl Process {
    /// Waits for the program's end; its exit code.
    #[track_caller]
    pub fn wait_for_end(&mut self) -> u32 {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(Instant::now() < end, "the program does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// SIGKILL, where there are signals.
    pub fn kill(&mut self) {
        match self.0.as_any_mut().downcast_mut::<std::process::Child>() {
            Some(child) => {
                let _ = child.kill();
                let _ = child.wait();
            }
            None => {
                let _ = self.0.kill();
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Sends a process a signal by its short name.
#[cfg(unix)]
pub fn send_signal(name: &str, process: u32) {
    let sent = std::process::Command::new("kill")
        .args(["-s", name, &process.to_string()])
        .status();
    assert!(sent.unwrap().success());
}

/// The model of the screen is no larger than what the program draws.
fn extent(cells: u16, most: u16) -> NonZero<u16> {
    NonZero::new(cells.min(most)).unwrap()
}

/// Where a part is found in bytes first.
pub fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

fn rfind(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).rposition(|window| window == part)
}
