//! Inside tmux, which passes pictures on or not, and inside GNU screen: the review screen is right, and nothing of what is
//! sent for pictures becomes text, a title or a vote.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::pty::{Answers, Opening, Terminal, find};
use common::screen::{has_picture, image, marks};
use common::streams::ssim;
use common::{Project, installed};
use image::RgbImage;
use image::imageops::{FilterType, resize};

/// A server of its own for every test; ended with it.
struct Tmux {
    socket: PathBuf,
    settings: PathBuf,
}

impl Tmux {
    fn new(project: &Project, settings: &str) -> Tmux {
        Tmux {
            settings: project.write("tmux.conf", format!("set -g status off\n{settings}")),
            socket: project.path("tmux"),
        }
    }

    fn review(&self, project: &Project, answers: Answers) -> Terminal {
        let path = |path: &Path| path.to_str().unwrap().to_owned();
        let arguments = [
            "-u",
            "-S",
            &path(&self.socket),
            "-f",
            &path(&self.settings),
            "new-session",
            env!("CARGO_BIN_EXE_relabel"),
            "review",
            "--names",
            "--rater",
            "ann",
        ];
        let opening = Opening {
            columns: 100,
            rows: 31,
            answers,
            program: Some(Path::new("tmux")),
            ..Opening::default()
        };
        Terminal::open(project.folder(), &arguments, opening)
    }

    fn ask(&self, what: &str) -> String {
        let output = Command::new("tmux")
            .arg("-S")
            .arg(&self.socket)
            .args(["display-message", "-p", what])
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let _ = Command::new("tmux")
            .arg("-S")
            .arg(&self.socket)
            .arg("kill-server")
            .output();
    }
}

/// Votes, leaves, and looks at what is in the file.
fn vote_and_leave(project: &Project, terminal: &mut Terminal) {
    terminal.keys("yn");
    terminal.wait_until("answers", |terminal| marks(terminal).starts_with("yn"));
    terminal.keys("q");
    terminal.wait_for_text("this sitting");
    terminal.keys("q");
    assert_eq!(terminal.wait_for_end(), 0);
    assert_eq!(
        project.sql("SELECT answer FROM vote ORDER BY sequence"),
        "2\n0\n"
    );
}

#[test]
fn tmux_that_passes_on_shows_kitty_s_pictures_by_placeholders() {
    if !installed("tmux") {
        return;
    }
    let project = Project::of_drawings();
    let tmux = Tmux::new(&project, "set -g allow-passthrough on\n");
    let mut terminal = tmux.review(&project, Answers::Kitty);
    terminal.wait_until("a picture", |terminal| !terminal.kitty().sent.is_empty());
    let id = terminal.kitty().sent[0];
    // tmux keeps cells, and the cells hold the picture, by the number that their colour is.
    let [high, _, _, color] = id.to_be_bytes();
    assert!(high > 0 && color >= 16, "{id:x}");
    let holds = |terminal: &Terminal| {
        let (columns, rows) = terminal.size();
        let cells = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        let cells = cells.filter_map(|(row, column)| terminal.screen().cell(row, column));
        cells
            .filter(|cell| {
                cell.contents().starts_with('\u{10EEEE}')
                    && cell.fgcolor() == vt100::Color::Idx(color)
            })
            .count()
    };
    terminal.wait_until("its cells", |terminal| holds(terminal) > 60);
    let shown = terminal.kitty().images[&id].clone();
    let (name, _) = image(&terminal).unwrap();
    let source = image::open(project.path(&format!("images/{name}"))).unwrap();
    let wanted: RgbImage = resize(
        &source.into_rgb8(),
        shown.width(),
        shown.height(),
        FilterType::Triangle,
    );
    let likeness = ssim(&shown, &wanted);
    assert!(likeness > 0.9, "{likeness}");
    // The next picture takes its place.
    terminal.keys("s");
    terminal.wait_until("another picture", |terminal| {
        terminal.kitty().sent.len() > 1 && holds(terminal) == 0
    });
    vote_and_leave(&project, &mut terminal);
}

#[test]
fn tmux_that_does_not_pass_on_shows_blocks_and_nothing_else_goes_through() {
    if !installed("tmux") {
        return;
    }
    let project = Project::of_drawings();
    let tmux = Tmux::new(&project, "set -g allow-passthrough off\n");
    let mut terminal = tmux.review(&project, Answers::Kitty);
    terminal.wait_until("a picture", has_picture);
    assert!(terminal.kitty().sent.is_empty());
    assert!(find(terminal.raw(), b"\x1b_G").is_none());
    let title = tmux.ask("#{pane_title} #{window_name}");
    assert!(
        !title.contains("i=31") && title.contains("relabel"),
        "{title}"
    );
    vote_and_leave(&project, &mut terminal);
}

#[test]
fn gnu_screen_shows_blocks() {
    if !installed("screen") {
        return;
    }
    let project = Project::of_drawings();
    let settings = project.write("screenrc", "startup_message off\ndefutf8 on\n");
    let sockets = project.path("screens");
    std::fs::create_dir(&sockets).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(&sockets, mode).unwrap();
    let arguments = [
        "-U",
        "-c",
        settings.to_str().unwrap(),
        env!("CARGO_BIN_EXE_relabel"),
        "review",
        "--rater",
        "ann",
    ];
    let opening = Opening {
        answers: Answers::Kitty,
        program: Some(Path::new("screen")),
        environment: &[
            ("SCREENDIR", sockets.to_str().unwrap()),
            ("COLORTERM", ""),
            ("LC_ALL", "C.UTF-8"),
        ],
        ..Opening::default()
    };
    let mut terminal = Terminal::open(project.folder(), &arguments, opening);
    terminal.wait_until("a picture", has_picture);
    assert!(terminal.kitty().sent.is_empty());
    assert!(find(terminal.raw(), b"\x1b_G").is_none());
    vote_and_leave(&project, &mut terminal);
}
