//! Files that are broken, hostile or strange, through everything that reads a picture: each gives a picture or its reason
//! in a line, within bounds of memory and time, and no name of a file is acted on.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use common::pty::{Opening, Terminal};
use common::screen;
use common::streams::{self, mean_difference};
use common::{Project, shared};

/// The files, unpacked; gone at the end of the test.
struct Nasty {
    folder: tempfile::TempDir,
    /// Names as bytes, as the list of the files has them.
    names: Vec<OsString>,
}

/// Files that give no picture, with a part of the reason.
const REFUSED: &[(&str, &str)] = &[
    (
        "truncated_header.jpg",
        "broken JPEG file: it ends too early",
    ),
    ("zero_bytes.jpg", "the file is empty"),
    ("text.jpg", "not a picture"),
    ("html_404.jpg", "this is an HTML page"),
    ("bomb_50000x50000_1bit.png", "too large: 50000×50000 pixels"),
    ("bomb_30000x30000_rgb.png", "too large: 30000×30000 pixels"),
    ("bomb_header_only_2e9.png", "too large"),
    ("bomb_jpeg_65535.jpg", "too large: 65535×65535 pixels"),
    ("jpeg_0x0.jpg", "no pixels: 0×0"),
    ("bad_crc.png", "broken PNG file: a checksum is wrong"),
    ("dir.jpg", "not a regular file"),
    (
        "loop_a.jpg",
        "cannot be read: Too many levels of symbolic links",
    ),
    (
        "loop_b.jpg",
        "cannot be read: Too many levels of symbolic links",
    ),
    ("loopdir", "not a regular file"),
    ("dangling.jpg", "the file is missing"),
    ("fifo.jpg", "not a regular file"),
];

/// Files whose outcome depends on the decoder or on who asks; they must give a picture or a reason all the same.
const EITHER: &[&str] = &[
    "truncated_half.jpg",
    "corrupt_middle.jpg",
    "cmyk_no_adobe.jpg",
    "escape.jpg",
    "unreadable.jpg",
];

/// Links, which a folder walk leaves out.
const LINKS: &[&str] = &[
    "loop_a.jpg",
    "loop_b.jpg",
    "loopdir",
    "dangling.jpg",
    "escape.jpg",
];

fn reason_of(name: &OsStr) -> Option<&'static str> {
    let known = REFUSED.iter().find(|(known, _)| name == OsStr::new(known));
    known.map(|(_, reason)| *reason)
}

fn is_one_of(name: &OsStr, names: &[&str]) -> bool {
    names.iter().any(|known| name == OsStr::new(known))
}

/// A name as the list of the files writes it: `\n`, `\t`, `\x1b` and a remark behind.
fn unescaped(text: &str) -> OsString {
    let text = text.split_once(" (raw byte").map_or(text, |(name, _)| name);
    let mut bytes = Vec::new();
    let mut rest = text.trim_end_matches('/').as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        match (byte, behind) {
            (b'\\', [b'n', after @ ..]) => (bytes.push(b'\n'), rest = after).1,
            (b'\\', [b't', after @ ..]) => (bytes.push(b'\t'), rest = after).1,
            (b'\\', [b'x', high, low, after @ ..]) => {
                let digits = [*high, *low];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
                rest = after;
            }
            _ => bytes.push(byte),
        }
    }
    OsString::from_vec(bytes)
}

impl Nasty {
    fn unpack() -> Option<Nasty> {
        let source = shared()?.join("data/nasty");
        let folder = tempfile::tempdir().unwrap();
        let mut tar = Command::new("tar");
        let status = tar
            .arg("-xzf")
            .arg(source.join("nasty.tgz"))
            .arg("-C")
            .arg(folder.path())
            .status();
        assert!(status.unwrap().success(), "tar");
        let mut list = csv::Reader::from_path(source.join("README.csv")).unwrap();
        let names: Vec<OsString> = list
            .records()
            .map(|row| unescaped(&row.unwrap()[0]))
            .collect();
        assert_eq!(names.len(), 67);
        let nasty = Nasty { folder, names };
        for name in &nasty.names {
            assert!(
                nasty.path(name).symlink_metadata().is_ok(),
                "{name:?} is unpacked"
            );
        }
        Some(nasty)
    }

    fn files(&self) -> PathBuf {
        self.folder.path().join("nasty")
    }

    fn path(&self, name: impl AsRef<OsStr>) -> PathBuf {
        self.files().join(name.as_ref())
    }

    /// Names that are UTF-8.
    fn texts(&self) -> Vec<&str> {
        self.names.iter().filter_map(|name| name.to_str()).collect()
    }
}

/// Runs the program with 2 GiB of addresses and 20 seconds.
fn bounded(folder: &Path, arguments: &[&OsStr]) -> Output {
    let started = Instant::now();
    let output = Command::new("sh")
        .args(["-c", r#"ulimit -v 2097152 && exec timeout 20 "$0" "$@""#])
        .arg(assert_cmd::cargo::cargo_bin!("relabel"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("RELABEL_PROJECT")
        .env_remove("TMUX")
        .env("TERM", "xterm-256color")
        .env("COLORTERM", "truecolor")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_ne!(output.status.code(), Some(124), "{arguments:?} hangs");
    assert!(started.elapsed() < Duration::from_secs(20), "{arguments:?}");
    assert_harmless(&output.stderr);
    output
}

/// Words for people: no panic, nothing that a terminal acts on.
#[track_caller]
fn assert_harmless(words: &[u8]) {
    let words = std::str::from_utf8(words).expect("words are UTF-8");
    assert!(
        !words.contains("panicked") && !words.contains("RUST_BACKTRACE"),
        "{words}"
    );
    let active = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!words.contains(active), "{words:?}");
}

fn words(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn show(nasty: &Nasty, name: &OsStr) -> Output {
    let path = nasty.path(name);
    let options = ["show", "--pictures", "half", "--cells", "48x20"].map(OsStr::new);
    bounded(
        nasty.folder.path(),
        &[options.as_slice(), &[path.as_os_str()]].concat(),
    )
}

/// The file's picture in 48×20 half blocks.
#[track_caller]
fn picture(nasty: &Nasty, name: &str) -> image::RgbImage {
    let output = show(nasty, OsStr::new(name));
    assert!(output.status.success(), "{name}: {}", words(&output));
    streams::half(&output.stdout)
}

#[test]
fn every_file_is_shown_or_gives_its_reason() {
    let Some(nasty) = Nasty::unpack() else { return };
    for name in &nasty.names {
        let output = show(&nasty, name);
        let words = words(&output);
        if output.status.success() {
            let mark = match is_one_of(name, &["truncated_half.jpg"]) {
                true => format!(
                    "{}: file is cut: the lower part is missing\n",
                    nasty.path(name).display()
                ),
                false => String::new(),
            };
            assert_eq!(words, mark, "{name:?}");
            let picture = streams::half(&output.stdout);
            assert!(
                (1..=48).contains(&picture.width()) && (2..=40).contains(&picture.height()),
                "{name:?}"
            );
            assert_eq!(reason_of(name), None, "{name:?} is shown");
            continue;
        }
        assert_eq!(output.status.code(), Some(3), "{name:?}: {words}");
        assert!(output.stdout.is_empty(), "{name:?}");
        let lines: Vec<&str> = words.lines().collect();
        assert_eq!(lines.len(), 2, "{name:?}: {words}");
        assert!(
            lines[0].starts_with("error: cannot show ") && lines[1].starts_with("hint: "),
            "{words}"
        );
        assert!(
            lines[0].chars().count() < nasty.folder.path().as_os_str().len() + name.len() + 120,
            "{words}"
        );
        match reason_of(name) {
            Some(reason) => assert!(words.contains(reason), "{name:?}: {words}"),
            None => assert!(is_one_of(name, EITHER), "{name:?}: {words}"),
        }
    }
}

#[test]
fn names_that_look_like_options_or_paths_are_files() {
    let Some(nasty) = Nasty::unpack() else { return };
    for name in [
        "./-rf.jpg",
        " leading space.jpg",
        "%2e%2e%2fx.jpg",
        "=cmd()+1.jpg",
    ] {
        let output = bounded(
            &nasty.files(),
            &["show", name, "--pictures", "half", "--cells", "48x20"].map(OsStr::new),
        );
        assert!(output.status.success(), "{name}: {}", words(&output));
    }
    let output = bounded(
        &nasty.files(),
        &["show", "--pictures", "half", "--", "-rf.jpg"].map(OsStr::new),
    );
    assert!(output.status.success(), "{}", words(&output));
    // Taken for options, they are wrong ones; nothing else happens.
    let output = bounded(&nasty.files(), &["show", "-rf.jpg"].map(OsStr::new));
    assert_eq!(output.status.code(), Some(2), "{}", words(&output));
}

#[test]
fn a_missing_file_of_a_hostile_name_is_named_on_one_line() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        &b"new\nline.jpg"[..],
        b"\x1b]0;pwned\x07.jpg",
        "\u{202e}gpj.exe.jpg".as_bytes(),
        b"latin1_\xe9.jpg",
    ] {
        let output = bounded(
            folder.path(),
            &[OsStr::new("show"), OsStr::from_bytes(name)],
        );
        assert_eq!(output.status.code(), Some(3));
        let words = words(&output);
        assert_eq!(words.lines().count(), 2, "{words}");
        assert!(words.contains("the file is missing"), "{words}");
    }
}

#[test]
fn all_eight_orientations_show_the_same_upright_picture() {
    let Some(nasty) = Nasty::unpack() else { return };
    let upright = picture(&nasty, "exif_orientation_1.jpg");
    assert!(
        upright.width() * 3 < upright.height() * 2,
        "upright: {:?}",
        upright.dimensions()
    );
    for number in 2..=8 {
        let name = format!("exif_orientation_{number}.jpg");
        let turned = picture(&nasty, &name);
        assert_eq!(turned.dimensions(), upright.dimensions(), "{name}");
        let difference = mean_difference(&turned, &upright);
        assert!(difference < 2.0, "{name}: {difference}");
    }
}

#[test]
fn the_same_picture_in_other_forms_has_the_same_colours() {
    let Some(nasty) = Nasty::unpack() else { return };
    let good = picture(&nasty, "good.jpg");
    let cases = [
        ("cmyk.jpg", 2.0),
        ("progressive.jpg", 0.5),
        ("jpeg_named.png", 0.0),
        ("png_named.jpg", 2.0),
        ("rgb16.png", 2.0),
        ("still.webp", 3.0),
        ("palette.png", 4.0),
        ("animated.gif", 3.0),
        ("animated.webp", 3.0),
        ("good_with_trailing_junk.jpg", 0.0),
        ("no_extension", 0.0),
        ("UPPER.JPG", 0.0),
        ("x.JPEG", 0.0),
    ];
    for (name, most) in cases {
        let other = picture(&nasty, name);
        let difference = mean_difference(&other, &good);
        assert!(difference <= most, "{name}: {difference:.2}");
    }
    let grey_of_good = image::DynamicImage::ImageRgb8(good.clone()).into_luma8();
    let grey_of_good = image::DynamicImage::ImageLuma8(grey_of_good).into_rgb8();
    for name in ["grey.jpg", "grey16.png"] {
        let other = picture(&nasty, name);
        assert!(
            other
                .pixels()
                .all(|pixel| pixel.0[0] == pixel.0[1] && pixel.0[1] == pixel.0[2]),
            "{name} is grey"
        );
        let difference = mean_difference(&other, &grey_of_good);
        assert!(difference < 6.0, "{name}: {difference:.2}");
    }
    // These hold pictures of their own.
    for name in ["bmp.bmp", "tiff.tif"] {
        let other = picture(&nasty, name);
        assert_eq!(other.dimensions(), (40, 40), "{name}");
        assert!(
            other.pixels().any(|pixel| pixel != other.get_pixel(0, 0)),
            "{name} is not blank"
        );
    }
}

/// The names under which a folder walk imports these files.
fn imported_names(nasty: &Nasty) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = nasty
        .names
        .iter()
        .filter(|name| reason_of(name).is_none() && !is_one_of(name, LINKS))
        .map(|name| {
            name.to_str()
                .map_or_else(|| "latin1_\\xE9.jpg".to_owned(), str::to_owned)
        })
        .collect();
    names.insert("dir.jpg/inner.jpg".to_owned());
    names
}

fn names_in(project: &Project) -> BTreeSet<String> {
    let connection = rusqlite::Connection::open(project.database()).unwrap();
    let mut statement = connection.prepare("SELECT name FROM image").unwrap();
    statement
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

#[test]
fn a_folder_with_bad_files_is_imported_whole_or_not_at_all() {
    let Some(nasty) = Nasty::unpack() else { return };
    let project = Project::new();
    let files = nasty.files();
    let import = ["import", "images"].map(OsStr::new);
    let output = bounded(
        project.folder(),
        &[&import[..], &[files.as_os_str()]].concat(),
    );
    let all = words(&output);
    assert_eq!(output.status.code(), Some(3), "{all}");
    assert!(names_in(&project).is_empty(), "nothing is imported");
    let output = bounded(
        project.folder(),
        &[&import[..], &[files.as_os_str(), OsStr::new("--skip-bad")]].concat(),
    );
    let skipped = words(&output);
    assert_eq!(output.status.code(), Some(0), "{skipped}");
    assert!(skipped.lines().count() < 40, "{skipped}");
    for (name, reason) in REFUSED
        .iter()
        .filter(|(name, _)| !matches!(*name, "dir.jpg"))
    {
        let line = |words: &str, reason: &str| {
            words
                .lines()
                .any(|line| line.trim_start().starts_with(name) && line.contains(reason))
        };
        if is_one_of(OsStr::new(name), LINKS) {
            assert!(line(&skipped, "a symbolic link"), "{name}: {skipped}");
            continue;
        }
        assert!(line(&skipped, reason), "{name}: {skipped}");
        // A pipe is never taken for a picture.
        assert!(line(&all, reason) || *name == "fifo.jpg", "{name}: {all}");
    }
    let mut expected = imported_names(&nasty);
    if std::fs::File::open(nasty.path("unreadable.jpg")).is_err() {
        assert!(
            skipped.contains("unreadable.jpg: cannot be read: permission denied"),
            "{skipped}"
        );
        expected.remove("unreadable.jpg");
    }
    assert_eq!(names_in(&project), expected);
    // Measures are the upright ones.
    for number in 1..=8 {
        let query =
            format!("SELECT width, height FROM image WHERE name = 'exif_orientation_{number}.jpg'");
        assert_eq!(project.sql(&query), "144|240\n");
    }
}

#[test]
fn a_folder_walk_that_follows_links_ends() {
    let Some(nasty) = Nasty::unpack() else { return };
    let project = Project::new();
    let files = nasty.files();
    let arguments = ["import", "images", "--skip-bad", "--follow-links"].map(OsStr::new);
    let output = bounded(
        project.folder(),
        &[&arguments[..], &[files.as_os_str()]].concat(),
    );
    let words = words(&output);
    assert_eq!(output.status.code(), Some(0), "{words}");
    assert!(words.contains("loop"), "{words}");
    let names = names_in(&project);
    assert!(
        names.contains("good.jpg") && !names.iter().any(|name| name.starts_with("loopdir/")),
        "{names:?}"
    );
}

#[test]
fn a_list_brings_in_files_by_any_name() {
    let Some(nasty) = Nasty::unpack() else { return };
    let project = Project::new();
    project.write(
        "list.csv",
        format!(
            "image,path\nplain,{}\n",
            nasty.path("no_extension").display()
        ),
    );
    project.run(&["import", "images", "list.csv"]);
    assert_eq!(
        project.sql("SELECT name, width, height FROM image"),
        "plain|144|240\n"
    );
    // Beside the list itself, by name alone, every hostile name.
    let mut list = csv::Writer::from_path(nasty.path("list.csv")).unwrap();
    list.write_record(["image"]).unwrap();
    for name in nasty.texts() {
        list.write_record([name]).unwrap();
    }
    list.flush().unwrap();
    let path = nasty.path("list.csv");
    let arguments = ["import", "images", "--skip-bad"].map(OsStr::new);
    let output = bounded(
        project.folder(),
        &[&arguments[..], &[path.as_os_str()]].concat(),
    );
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    let mut expected = imported_names(&nasty);
    expected.remove("dir.jpg/inner.jpg");
    expected.remove("latin1_\\xE9.jpg");
    expected.insert("plain".to_owned());
    let names = names_in(&project);
    assert!(
        expected.iter().all(|name| names.contains(name)),
        "{:?}",
        expected.difference(&names)
    );
}

#[test]
fn two_files_under_one_name_are_not_taken_for_one() {
    let Some(nasty) = Nasty::unpack() else { return };
    let project = Project::new();
    for name in [&b"latin1_\xe9.jpg"[..], b"latin1_\\xE9.jpg"] {
        let folder = project.path("pictures");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::copy(nasty.path("good.jpg"), folder.join(OsStr::from_bytes(name))).unwrap();
    }
    let said = project.transcript(&["import", "images", "pictures"]);
    assert!(
        said.contains("another file has this name") && said.ends_with("exit 3\n"),
        "{said}"
    );
    let row = format!("same,{}\n", nasty.path("good.jpg").display());
    let other = format!("same,{}\n", nasty.path("grey.jpg").display());
    project.write("twice.csv", format!("image,path\n{row}{row}"));
    project.run(&["import", "images", "twice.csv"]);
    project.write("two.csv", format!("image,path\n{row}{other}"));
    let said = project.transcript(&["import", "images", "two.csv"]);
    assert!(said.ends_with("exit 3\n"), "{said}");
    assert_eq!(project.sql("SELECT name FROM image"), "same\n");
}

/// Two labels each, so that every image has a task.
fn two_labels(names: &[String]) -> Vec<u8> {
    let mut rows = csv::Writer::from_writer(Vec::new());
    rows.write_record(["image", "label"]).unwrap();
    for name in names {
        for label in ["527", "681"] {
            rows.write_record([name.as_str(), label]).unwrap();
        }
    }
    rows.into_inner().unwrap()
}

#[test]
fn names_come_out_as_they_went_in() {
    let Some(nasty) = Nasty::unpack() else { return };
    let project = Project::new();
    project.run(&[
        "import",
        "images",
        "--skip-bad",
        nasty.files().to_str().unwrap(),
    ]);
    let names = names_in(&project);
    let ordered: Vec<String> = names.iter().cloned().collect();
    project.write("labels.csv", two_labels(&ordered));
    project.run(&["import", "proposals", "labels.csv"]);
    project.run(&["plan"]);
    let tasks = project.run(&["export", "--as", "tasks-jsonl"]);
    let task_names: BTreeSet<String> = tasks
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["image"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(task_names, names);
    let mut votes = csv::Writer::from_writer(Vec::new());
    votes
        .write_record(["image", "label", "rater", "answer"])
        .unwrap();
    for name in &names {
        votes
            .write_record([name.as_str(), "527", "=rater,\"one\"", "yes"])
            .unwrap();
    }
    project.write("votes.csv", votes.into_inner().unwrap());
    project.run(&["import", "votes", "votes.csv"]);
    project.run(&["export", "--as", "votes-csv", "-o", "out.csv"]);
    let exported = |project: &Project| -> BTreeSet<String> {
        let mut rows = csv::Reader::from_path(project.path("out.csv")).unwrap();
        rows.records()
            .map(|row| row.unwrap()[0].to_owned())
            .collect()
    };
    assert_eq!(exported(&project), names);
    // Into another project and out again.
    let other = Project::new();
    other.run(&[
        "import",
        "images",
        "--skip-bad",
        nasty.files().to_str().unwrap(),
    ]);
    std::fs::copy(project.path("out.csv"), other.path("in.csv")).unwrap();
    std::fs::copy(project.path("labels.csv"), other.path("labels.csv")).unwrap();
    other.run(&["import", "proposals", "labels.csv"]);
    other.run(&["import", "votes", "in.csv"]);
    other.run(&["export", "--as", "votes-csv", "-o", "out.csv"]);
    assert_eq!(exported(&other), names);
    assert_eq!(
        std::fs::read(project.path("out.csv")).unwrap(),
        std::fs::read(other.path("out.csv")).unwrap()
    );
}

#[test]
fn the_review_screen_goes_through_all_of_them() {
    let Some(nasty) = Nasty::unpack() else { return };
    let project = Project::new();
    // Good copies under all the names first; then the files themselves in their place.
    let pictures = project.path("pictures");
    std::fs::create_dir(&pictures).unwrap();
    for name in &nasty.names {
        std::fs::copy(nasty.path("good.jpg"), pictures.join(name)).unwrap();
    }
    project.run(&["import", "images", "pictures"]);
    project.write("pictures/list.csv", "image\nno_extension\nloopdir\n");
    project.run(&["import", "images", "pictures/list.csv"]);
    let names: Vec<String> = names_in(&project).into_iter().collect();
    assert_eq!(names.len(), 67);
    project.write("labels.csv", two_labels(&names));
    project.run(&["import", "proposals", "labels.csv"]);
    project.run(&["plan"]);
    std::fs::remove_dir_all(&pictures).unwrap();
    std::fs::rename(nasty.files(), &pictures).unwrap();
    let order: Vec<String> = {
        let connection = rusqlite::Connection::open(project.database()).unwrap();
        let mut statement = connection
            .prepare(
                "SELECT image.name FROM task JOIN image ON image.id = task.image ORDER BY position",
            )
            .unwrap();
        statement
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    };
    let mut terminal = Terminal::open(
        project.folder(),
        &["review", "--rater", "ann", "--pictures", "half"],
        Opening {
            columns: 100,
            rows: 30,
            ..Opening::default()
        },
    );
    let mut outcomes = BTreeMap::new();
    let mut answered = 0;
    for name in &order {
        let screen = settled(&mut terminal, &format!("task {} of 67", answered + 1));
        let reason = reason_on(&screen);
        assert!(
            reason.is_none() || screen::picture(&terminal).is_empty(),
            "{name:?}:\n{screen}"
        );
        match reason_of(OsStr::new(name)) {
            Some(expected) => {
                let said = one_line(&screen);
                assert!(
                    reason.is_some() && said.contains(expected),
                    "{name:?}: {expected:?} in\n{screen}"
                );
            }
            None => assert!(
                reason.is_none() || is_one_of(OsStr::new(name), EITHER),
                "{name:?}:\n{screen}"
            ),
        }
        outcomes.insert(name.clone(), reason.is_none());
        let former = screen::image(&terminal);
        // A file that gives no picture is not voted on.
        match one_line(&screen).contains("no votes without it") {
            true => terminal.keys("s"),
            false => {
                terminal.keys("N\r");
                answered += 1;
            }
        }
        terminal.wait_until("what comes next", |terminal| {
            screen::image(terminal) != former
        });
    }
    terminal.keys("q");
    terminal.wait_for_text("this sitting");
    terminal.keys("q");
    assert_eq!(terminal.wait_for_end(), 0);
    assert!(outcomes["good.jpg"] && outcomes["cmyk.jpg"] && outcomes["latin1_\\xE9.jpg"]);
    let votes = format!("{}\n", 2 * answered);
    assert_eq!(project.sql("SELECT count(*) FROM vote"), votes);
    assert!((20..67).contains(&answered), "{answered}");
    let raw = String::from_utf8_lossy(terminal.raw()).into_owned();
    for acted_on in [
        "\x1b[31mred",
        "\x1b[2J.jpg",
        "\x1b]0;pwned",
        "\u{202e}",
        "panicked",
    ] {
        assert!(!raw.contains(acted_on), "{acted_on:?} reached the terminal");
    }
}

/// The screen at the end of a frame that shows this place with a picture or a reason.
#[track_caller]
fn settled(terminal: &mut Terminal, place: &str) -> String {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let screen = terminal.text();
        let whole = terminal.raw().ends_with(b"\x1b[?2026l");
        if whole
            && screen.contains(place)
            && (!screen::picture(terminal).is_empty() || reason_on(&screen).is_some())
        {
            return screen;
        }
        assert!(
            Instant::now() < end,
            "no {place} with a picture or a reason:\n{screen}"
        );
        terminal.read_for(Duration::from_millis(5));
    }
}

/// The words in place of a picture, where there are some.
fn reason_on(screen: &str) -> Option<&'static str> {
    [
        "too large",
        "broken ",
        "not a picture",
        "not a regular file",
        "the file is empty",
        "the file is missing",
        "cannot be read",
        "which relabel does not read",
        "no pixels: ",
    ]
    .into_iter()
    .find(|reason| screen.contains(reason))
}

/// The text inside the picture's frame, its lines joined.
fn one_line(screen: &str) -> String {
    let inside = screen.lines().filter_map(|line| line.split('│').nth(1));
    let words: Vec<&str> = inside.flat_map(str::split_whitespace).collect();
    words.join(" ")
}
