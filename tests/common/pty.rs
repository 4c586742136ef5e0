//! The program in a pseudo-terminal, with a model of the screen, answering (or not) what a terminal is asked.

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How the terminal answers queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// Like a plain terminal with cells of 10×20 pixels.
    Plain,
    /// Like kitty.
    Kitty,
    /// Like a terminal with sixel.
    Sixel,
    /// Not at all.
    Nothing,
}

/// A running program with its screen.
pub struct Terminal {
    screen: vt100::Parser,
    raw: Vec<u8>,
    output: Receiver<Vec<u8>>,
    input: Box<dyn Write + Send>,
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    answers: Answers,
}

/// Far longer than anything takes; a test that fails waits this long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Says how a terminal is opened.
pub struct Opening<'a> {
    pub columns: u16,
    pub rows: u16,
    pub answers: Answers,
    pub environment: &'a [(&'a str, &'a str)],
}

impl Default for Opening<'_> {
    fn default() -> Self {
        Opening {
            columns: 80,
            rows: 24,
            answers: Answers::Plain,
            environment: &[],
        }
    }
}

impl Terminal {
    /// Starts the program in a folder.
    pub fn open(folder: &std::path::Path, arguments: &[&str], opening: Opening<'_>) -> Terminal {
        let size = PtySize {
            rows: opening.rows,
            cols: opening.columns,
            pixel_width: opening.columns * 10,
            pixel_height: opening.rows * 20,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(assert_cmd::cargo::cargo_bin!("relabel"));
        command.args(arguments);
        command.cwd(folder);
        for name in [
            "RELABEL_PROJECT",
            "NO_COLOR",
            "TMUX",
            "TERM_PROGRAM",
            "KITTY_WINDOW_ID",
            "LC_TERMINAL",
        ] {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        command.env("XDG_CONFIG_HOME", folder.join("config"));
        for (name, value) in opening.environment {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut block = [0; 1 << 16];
            while let Ok(read) = reader.read(&mut block) {
                if read == 0 || sender.send(block[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        Terminal {
            screen: vt100::Parser::new(opening.rows, opening.columns, 0),
            raw: Vec::new(),
            output,
            input: pair.master.take_writer().unwrap(),
            master: pair.master,
            child,
            answers: opening.answers,
        }
    }

    /// Types keys.
    pub fn keys(&mut self, keys: &str) {
        // A program that is gone takes no keys; what is waited for next says so.
        let _ = self.input.write_all(keys.as_bytes());
        let _ = self.input.flush();
    }

    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.screen.screen_mut().set_size(rows, columns);
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
        self.screen.screen().contents()
    }

    pub fn screen(&self) -> &vt100::Screen {
        self.screen.screen()
    }

    /// Every byte that the program wrote.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The program's process id.
    pub fn process_id(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Waits until the screen is as wanted.
    #[track_caller]
    pub fn wait_for(&mut self, what: &str, wanted: impl Fn(&str) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !wanted(&self.text()) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no {what} on the screen:\n{}", self.text());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    assert!(
                        wanted(&self.text()),
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

    /// Reads on for a while, whatever comes.
    pub fn read_for(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while let Ok(bytes) = self
            .output
            .recv_timeout(end.saturating_duration_since(Instant::now()))
        {
            self.take(&bytes);
        }
    }

    /// Waits for the program's end; its exit code.
    pub fn wait_for_end(&mut self) -> u32 {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                self.read_for(Duration::from_millis(100));
                return status.exit_code();
            }
            assert!(
                Instant::now() < end,
                "the program does not end:\n{}",
                self.text()
            );
            self.read_for(Duration::from_millis(20));
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        let from = self.raw.len().saturating_sub(16);
        self.raw.extend_from_slice(bytes);
        self.screen.process(bytes);
        let recent = String::from_utf8_lossy(&self.raw[from..]).into_owned();
        // The last query of a batch is the one that every terminal answers; what is answered goes out together.
        if self.answers != Answers::Nothing
            && recent.contains("\x1b[5n")
            && !String::from_utf8_lossy(&self.raw[..from]).ends_with("\x1b[5n")
        {
            let answer = match self.answers {
                Answers::Kitty => "\x1b_Gi=31;OK\x1b\\\x1b[?62;c\x1b[6;20;10t\x1b[0n",
                Answers::Sixel => "\x1b[?62;4c\x1b[6;20;10t\x1b[0n",
                _ => "\x1b[?62;c\x1b[6;20;10t\x1b[0n",
            };
            self.keys(answer);
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}
