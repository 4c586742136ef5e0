//! Real terminals on a virtual display: what a rater sees is the photograph, and nothing else is left standing.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::streams::ssim;
use common::{Project, installed, shared};
use image::RgbImage;
use image::imageops::{FilterType, crop_imm, resize};

/// A program of the test's own, ended with it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An X server without a screen to look at.
struct Display {
    name: String,
    frame: PathBuf,
    _folder: tempfile::TempDir,
    _server: Running,
}

impl Display {
    fn new() -> Display {
        let folder = tempfile::tempdir().unwrap();
        let mut server = Command::new("Xvfb")
            .args(["-screen", "0", "1000x640x24", "-nolisten", "tcp", "-fbdir"])
            .arg(folder.path())
            // It chooses a number that is free, and says so once it listens.
            .args(["-displayfd", "1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut number = String::new();
        let said = server.stdout.take().unwrap();
        BufReader::new(said).read_line(&mut number).unwrap();
        Display {
            name: format!(":{}", number.trim()),
            frame: folder.path().join("Xvfb_screen0"),
            _folder: folder,
            _server: Running(server),
        }
    }

    /// What stands on the screen: the frame buffer's file is in the format of xwd.
    fn screenshot(&self) -> RgbImage {
        let file = std::fs::read(&self.frame).unwrap();
        let word = |at: usize| {
            let bytes: [u8; 4] = file[4 * at..4 * at + 4].try_into().unwrap();
            u32::from_be_bytes(bytes)
        };
        let (header, width, height) = (word(0), word(4), word(5));
        let (line, colors) = (word(12), word(19));
        assert_eq!(word(11), 32, "bits a pixel");
        let pixels = (header + 12 * colors) as usize;
        RgbImage::from_fn(width, height, |x, y| {
            let at = pixels + (y * line + 4 * x) as usize;
            image::Rgb([file[at + 2], file[at + 1], file[at]])
        })
    }

    fn keys(&self, keys: &[&str]) {
        let pressed = Command::new("xdotool")
            .env("DISPLAY", &self.name)
            .args(["mousemove", "300", "300", "key", "--delay", "40"])
            .args(keys)
            .status();
        assert!(pressed.unwrap().success());
    }

    /// Waits until the screen is as wanted and stays so for a moment.
    #[track_caller]
    fn wait_for(&self, what: &str, wanted: impl Fn(&RgbImage) -> bool) -> RgbImage {
        let end = Instant::now() + Duration::from_secs(40);
        let mut last = self.screenshot();
        loop {
            std::thread::sleep(Duration::from_millis(150));
            let now = self.screenshot();
            if now == last && wanted(&now) {
                return now;
            }
            if Instant::now() > end {
                let seen = std::env::temp_dir().join("relabel-screenshot.png");
                let _ = now.save(&seen);
                panic!("no {what} on the screen, see {}", seen.display());
            }
            last = now;
        }
    }
}

/// Pixels that differ by more than a little.
fn differ(a: &RgbImage, b: &RgbImage) -> Vec<(u32, u32)> {
    let pairs = a.enumerate_pixels().zip(b.pixels());
    pairs
        .filter(|((_, _, a), b)| a.0.iter().zip(b.0).any(|(a, b)| a.abs_diff(b) > 24))
        .map(|((x, y, _), _)| (x, y))
        .collect()
}

/// The box in which two screens have different pictures: left, top, width, height. Lines of text are too thin to count.
fn picture_box(a: &RgbImage, b: &RgbImage) -> Option<(u32, u32, u32, u32)> {
    let (mut columns, mut rows) = (
        vec![0u32; a.width() as usize],
        vec![0u32; a.height() as usize],
    );
    for (x, y) in differ(a, b) {
        columns[x as usize] += 1;
        rows[y as usize] += 1;
    }
    let range = |counts: &[u32], least: u32| {
        let first = counts.iter().position(|count| *count > least)?;
        let last = counts.iter().rposition(|count| *count > least)?;
        Some((first as u32, (last - first) as u32 + 1))
    };
    let (left, width) = range(&columns, a.height() / 6)?;
    let (top, height) = range(&rows, a.width() / 6)?;
    Some((left, top, width, height))
}

/// Two photographs of one size behind a black image; none where the shared data is not.
fn project() -> Option<(Project, Vec<RgbImage>)> {
    let photos = shared()?.join("data/photos/images");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(photos)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let project = Project::new();
    let mut images = vec![RgbImage::new(640, 480)];
    for path in &paths[..2] {
        let photo = image::open(path).unwrap().into_rgb8();
        images.push(resize(&photo, 640, 480, FilterType::Lanczos3));
    }
    std::fs::create_dir(project.path("images")).unwrap();
    let mut proposals = "image,label,source\n".to_owned();
    for (number, image) in images.iter().enumerate() {
        let name = format!("{number}.png");
        image.save(project.path(&format!("images/{name}"))).unwrap();
        for label in [151, 207, 281] {
            proposals += &format!("{name},{label},model\n");
        }
    }
    project.write("proposals.csv", proposals);
    project.run(&["import", "images", "images"]);
    project.run(&["import", "proposals", "proposals.csv"]);
    project.run(&["plan"]);
    Some((project, images))
}

/// A sitting in a real terminal: the photograph, zoom, help, the next photograph, votes.
fn sitting(terminal: &str, arguments: &[&str], likeness: f64) {
    let programs = ["Xvfb", "xdotool", terminal];
    if !programs.into_iter().all(installed) {
        return;
    }
    let Some((project, images)) = project() else {
        return;
    };
    let display = Display::new();
    let empty = display.screenshot();
    let mut command = Command::new(terminal);
    command
        .args(arguments)
        .args([env!("CARGO_BIN_EXE_relabel"), "review", "--rater", "ann"])
        .current_dir(project.folder())
        .env("DISPLAY", &display.name)
        .env("LIBGL_ALWAYS_SOFTWARE", "1")
        .env("XDG_CONFIG_HOME", project.path("config"))
        .env("LC_ALL", "C.UTF-8")
        .env("TMPDIR", project.folder())
        .stderr(Stdio::null());
    for name in [
        "TMUX",
        "COLORTERM",
        "TERM_PROGRAM",
        "RELABEL_PROJECT",
        "NO_COLOR",
    ] {
        command.env_remove(name);
    }
    let mut running = Running(command.spawn().unwrap());
    let black = display.wait_for("review screen", |screen| {
        differ(screen, &empty).len() > 2000 && is_review(screen)
    });

    let shows = |screen: &RgbImage, image: &RgbImage| {
        let Some((left, top, width, height)) = picture_box(&black, screen) else {
            return false;
        };
        // The picture has the shape of its file, to a cell.
        if width < 250 || (f64::from(width) / f64::from(height) - 4.0 / 3.0).abs() > 0.12 {
            return false;
        }
        let shown = crop_imm(screen, left, top, width, height).to_image();
        let wanted = resize(image, width, height, FilterType::Lanczos3);
        ssim(&shown, &wanted) >= likeness
    };
    display.keys(&["s"]);
    let first = display.wait_for("first photograph", |screen| shows(screen, &images[1]));
    let same = |screen: &RgbImage| differ(screen, &first).len() < 60;
    let there_and_back: [(&str, &[&str]); 3] = [
        // Twice as large, four times, eight times, and whole again.
        ("z", &["z", "z", "z"]),
        ("question", &["Escape"]),
        ("r", &["Escape"]),
    ];
    for (key, back) in there_and_back {
        display.keys(&[key]);
        display.wait_for(key, |screen| differ(screen, &first).len() > 3000);
        display.keys(back);
        display.wait_for("screen as it was", same);
    }
    display.keys(&["s"]);
    display.wait_for("second photograph", |screen| shows(screen, &images[2]));
    display.keys(&["y", "n", "m", "Return"]);
    display.keys(&["q", "q"]);
    let end = Instant::now() + Duration::from_secs(20);
    while running.0.try_wait().unwrap().is_none() {
        assert!(Instant::now() < end, "the terminal stays open");
        std::thread::sleep(Duration::from_millis(50));
    }
    let votes = project
        .sql("SELECT group_concat(answer, '') FROM (SELECT answer FROM vote ORDER BY sequence)");
    assert_eq!(votes, "201\n");
}

/// The black picture is there when labels are, and they are drawn in one frame with its border.
fn is_review(screen: &RgbImage) -> bool {
    screen.pixels().filter(|pixel| pixel.0[0] > 120).count() > 1500
}

#[test]
fn kitty_shows_the_photograph() {
    let arguments = [
        "--config",
        "NONE",
        "-o",
        "remember_window_size=no",
        "-o",
        "initial_window_width=100c",
        "-o",
        "initial_window_height=30c",
        "-o",
        "update_check_interval=0",
        "-o",
        "confirm_os_window_close=0",
        "-o",
        "cursor_blink_interval=0",
        // The pointer goes with the first key, not some time after it.
        "-o",
        "mouse_hide_wait=-1",
    ];
    sitting("kitty", &arguments, 0.9);
}

#[test]
fn xterm_shows_the_photograph_as_sixels() {
    let arguments = [
        "-ti",
        "vt340",
        "-tn",
        "xterm-256color",
        "-geometry",
        "100x30",
        "-fa",
        "DejaVu Sans Mono",
        "-fs",
        "10",
        "-bg",
        "black",
        "-fg",
        "white",
        "-e",
    ];
    sitting("xterm", &arguments, 0.85);
}

#[test]
fn xterm_without_sixels_shows_the_photograph_in_blocks() {
    let arguments = [
        "-ti",
        "vt100",
        "-geometry",
        "100x30",
        "-fa",
        "DejaVu Sans Mono",
        "-fs",
        "10",
        "-bg",
        "black",
        "-fg",
        "white",
        "-e",
    ];
    sitting("xterm", &arguments, 0.3);
}
