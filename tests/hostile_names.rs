//! Whatever names hold, no byte of it that a terminal would act on reaches one: every command is run in a pty with hostile
//! names of files, images, classes, raters, models, sources, rounds, audits and comments, and all that it writes is searched.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use common::Project;
use common::pty::{Opening, Terminal, find};
use relabel::domain::Role;
use relabel::store::{NoteKind, Store};

/// Sets a title, rings, hides, deletes, turns around; ends a line and begins another that looks like a message.
const HOSTILE: &str =
    "x\x1b]0;OWNED\x07\x1b[8m\u{9b}8m\u{202e}\u{2066}\x7f\u{85}\rerror: y\nerror: z\u{e0041}";

/// What a name may hold where line ends or quotes would make another file of the table.
fn cell(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// What of `HOSTILE` is found in what a terminal was sent.
fn found(sent: &[u8]) -> Vec<&'static str> {
    let parts: [(&str, &[u8]); 12] = [
        ("a title", b"\x1b]0;"),
        ("a bell", b"\x07"),
        ("hidden text", b"\x1b[8m"),
        ("C1 as UTF-8", "\u{9b}".as_bytes()),
        ("NEL", "\u{85}".as_bytes()),
        ("an override", "\u{202e}".as_bytes()),
        ("an isolate", "\u{2066}".as_bytes()),
        ("DEL", b"\x7f"),
        ("a tag", "\u{e0041}".as_bytes()),
        ("a carriage return", b"\rerror: y"),
        ("a line that nobody wrote", b"\nerror: z"),
        ("a bare C1", b"8\x9b"),
    ];
    let there = parts.iter().filter(|(_, part)| find(sent, part).is_some());
    there.map(|(name, _)| *name).collect()
}

/// Runs a command in a terminal of its own; all that it wrote there.
fn sent(project: &Project, arguments: &[&str]) -> Vec<u8> {
    let opening = Opening {
        columns: 200,
        ..Opening::default()
    };
    let mut terminal = Terminal::open(project.folder(), arguments, opening);
    terminal.wait_for_end();
    terminal.raw().to_vec()
}

/// A project in which all is called so.
fn project() -> Project {
    let project = Project::empty();
    project.write(
        "classes.csv",
        format!(
            "index,name,wnid,gloss\n0,{0},n00000001,{0}\n1,{1},n00000002,{0}\n",
            cell(HOSTILE),
            cell(&format!("{HOSTILE}2"))
        ),
    );
    project.write(
        "hierarchy.csv",
        format!(
            "child,parent\n0,{0}\n1,{0}\n",
            cell(&format!("{HOSTILE}node"))
        ),
    );
    let paint = |x: u32, y: u32| image::Rgb([x as u8 * 4, y as u8 * 5, 8]);
    std::fs::create_dir_all(project.path("images")).unwrap();
    for number in 0..4 {
        let path = project.path(&format!("images/{HOSTILE}{number}.png"));
        image::RgbImage::from_fn(16, 12, paint).save(path).unwrap();
    }
    let images: Vec<String> = (0..4)
        .map(|number| cell(&format!("{HOSTILE}{number}.png")))
        .collect();
    let table = |header: &str, row: &dyn Fn(&String) -> String| {
        let rows: Vec<String> = images.iter().map(row).collect();
        format!("{header}\n{}\n", rows.join("\n"))
    };
    let name = cell(HOSTILE);
    let source = cell(&format!("{HOSTILE}source"));
    project.write(
        "labels.csv",
        table("image,label", &|image| format!("{image},0")),
    );
    project.write(
        "proposals.csv",
        table("image,label,source", &|image| format!("{image},1,{source}")),
    );
    for (file, rater, answer) in [("votes.csv", "r", "yes"), ("more.csv", "s", "no")] {
        let rater = cell(&format!("{HOSTILE}{rater}"));
        project.write(
            file,
            table("image,label,rater,answer", &|image| {
                format!("{image},1,{rater},{answer}")
            }),
        );
    }
    let mut votes = table("image,label,rater,answer", &|image| {
        format!("{image},1,expert,yes")
    });
    votes += &table("", &|image| format!("{image},0,expert,no"));
    project.write("gold.csv", votes.replace("\n\n", "\n"));
    project.write(
        "predictions.csv",
        table("image,label,score", &|image| format!("{image},1,0.5")),
    );
    project.write("bad.csv", format!("image,label\n{},{name}\n", images[0]));
    project.write("unknown.csv", format!("image,label,{name}\n{name},0,1\n"));
    project.write("columns.csv", format!("{name},b\n1,2\n"));
    project.write("bad.jsonl", format!("{{\"image\": {name:?}}}\n"));
    let run = |arguments: &[&str]| drop(project.run(arguments));
    run(&[
        "-q",
        "init",
        "--classes",
        "classes.csv",
        "--hierarchy",
        "hierarchy.csv",
        "--images",
        "images",
    ]);
    run(&["-q", "import", "labels", "labels.csv"]);
    run(&["-q", "import", "proposals", "proposals.csv"]);
    run(&[
        "-q",
        "import",
        "predictions",
        "predictions.csv",
        "--model",
        HOSTILE,
    ]);
    run(&["-q", "plan"]);
    run(&["-q", "import", "votes", "votes.csv"]);
    run(&["-q", "import", "votes", "more.csv"]);
    run(&["-q", "import", "votes", "more.csv", "--round", HOSTILE]);
    run(&[
        "-q", "import", "votes", "gold.csv", "--round", "gold", "--role", "expert",
    ]);
    run(&["-q", "aggregate"]);
    run(&["-q", "audit", "plan", "--name", "spot"]);
    let store = Store::open(&project.database()).unwrap();
    let dora = store.add_rater(HOSTILE, Role::Adjudicator).unwrap();
    let image = store.images().unwrap()[0].id;
    store
        .add_note(image, dora, &NoteKind::Comment(HOSTILE.to_owned()), 5_000)
        .unwrap();
    drop(store);
    // Names that older versions took.
    let connection = rusqlite::Connection::open(project.database()).unwrap();
    connection
        .execute("UPDATE audit SET name = ?1, given = ?1", [HOSTILE])
        .unwrap();
    project
}

#[test]
fn no_command_sends_a_terminal_what_names_hold() {
    let project = project();
    let copy = format!("{HOSTILE}.db");
    std::fs::copy(project.database(), project.path(&copy)).unwrap();
    project.write(&format!("{HOSTILE}.pub"), "no key");
    std::fs::create_dir(project.path(HOSTILE)).unwrap();
    let key = format!("{HOSTILE}.pub");
    let image = format!("{HOSTILE}0.png");
    let (in_folder, page) = (format!("{HOSTILE}/x.csv"), format!("{HOSTILE}.html"));
    let option = format!("--{HOSTILE}");
    let value = format!("--seed={HOSTILE}");
    let commands: &[&[&str]] = &[
        // The parser.
        &[HOSTILE],
        &[&option],
        &["help", HOSTILE],
        &["status", HOSTILE],
        &["status", &option],
        &["folds", &value],
        &["export", "--as", HOSTILE],
        &["audit", HOSTILE],
        &["audit", "plan", "--maybe", HOSTILE],
        &["audit", "plan", "--tolerance", HOSTILE],
        &["show", "x", "--cells", HOSTILE],
        &["clean", "--threshold", HOSTILE],
        &["completions", HOSTILE],
        &["man", HOSTILE],
        // Projects and files of such names.
        &["--project", HOSTILE, "status"],
        &["--project", &in_folder, "init"],
        &["--project", &copy, "init"],
        &["--project", &copy, "status"],
        &["--project", &copy, "doctor"],
        &["--project", "images", "status"],
        &["merge", &copy],
        &["merge", HOSTILE],
        &["merge", &key],
        &["init", "--classes", HOSTILE],
        &["--project", "n.db", "init", "--classes", "columns.csv"],
        &["--project", "n.db", "init", "--classes", &key],
        &["import", "images", HOSTILE],
        &["import", "images", &key],
        &["import", "labels", HOSTILE],
        &["import", "labels", "bad.csv"],
        &["import", "labels", "columns.csv"],
        &["import", "labels", "bad.jsonl"],
        &["import", "labels", "unknown.csv"],
        &["import", "labels", "bad.csv", "--skip-bad"],
        &["import", "proposals", "bad.csv"],
        &["import", "votes", "bad.csv"],
        &["import", "votes", "votes.csv"],
        &["import", "votes", "votes.csv", "--round", HOSTILE],
        &[
            "import",
            "predictions",
            "predictions.csv",
            "--model",
            HOSTILE,
        ],
        &["import", "predictions", HOSTILE, "--model", "m"],
        // What the project holds.
        &["status"],
        &["status", "--format", "json"],
        &["plan"],
        &["propose"],
        &["clean", "--model", HOSTILE],
        &["clean", "--model", HOSTILE, "--rule", "top1", "-o", "-"],
        &["clean", "--model", "other"],
        &["aggregate"],
        &["aggregate", "--round", HOSTILE],
        &["agreement"],
        &["agreement", "--by", "rater,class"],
        &["agreement", "--format", "json"],
        &["eval", "predictions.csv"],
        &["eval", HOSTILE],
        &["notes"],
        &["notes", "--format", "json"],
        &["notes", "--image", HOSTILE],
        &["notes", "--rater", HOSTILE],
        &["notes", "answer", HOSTILE, "text", "--rater", HOSTILE],
        &["rater", "list"],
        &["rater", "add", HOSTILE],
        &["doctor"],
        &["doctor", "--format", "json"],
        &["show", &image, "--pictures", "none"],
        &["show", &image, "--pictures", "half"],
        &["show", HOSTILE],
        &["team", "key", HOSTILE, &key],
        &["team", "key", "nobody", &key],
        &["audit", "list"],
        &["audit", "list", "--format", "json"],
        &["audit", "result", "--name", HOSTILE, "--list"],
        &["audit", "result", "--name", "other"],
        &["audit", "plan", "--name", HOSTILE],
        &["audit", "rename", HOSTILE, "new"],
        &["audit", "rename", "new", HOSTILE],
        &["audit", "remove", HOSTILE],
        &["folds", "--k", "2"],
        &["folds", "--k", "2", "-o", &in_folder],
        &["folds", "--k", "2", "-o", HOSTILE],
        &["report", "-o", &page],
        &["report", "-o", "-"],
        &["report", "--format", "json"],
        &["review", "--rater", HOSTILE, "--round", "decision"],
        &["review", "--kiosk", "--rater", "nobody"],
    ];
    for arguments in commands {
        let sent = sent(&project, arguments);
        let text = String::from_utf8_lossy(&sent).into_owned();
        let mut found = found(&sent);
        // The text of a page may have lines.
        found.retain(|what| arguments != &["report", "-o", "-"] || !what.contains("line"));
        assert_eq!(found, Vec::<&str>::new(), "{arguments:?}: {text:?}");
        assert!(!sent.is_empty(), "{arguments:?} says nothing");
    }
}

#[test]
fn exports_are_printable_on_a_terminal_and_exact_elsewhere() {
    let project = project();
    for format in [
        "real-json",
        "csv",
        "votes-csv",
        "votes-jsonl",
        "notes-csv",
        "tasks-jsonl",
        "jsonl",
        "multi-hot",
        "soft",
        "hf",
        "label-studio",
    ] {
        let arguments = ["export", "--as", format];
        let raw = sent(&project, &arguments);
        let text = String::from_utf8_lossy(&raw).into_owned();
        assert_eq!(found(&raw), Vec::<&str>::new(), "{format}: {text:?}");
        let exact = project.run(&arguments);
        if format.ends_with("csv") || ["multi-hot", "soft"].contains(&format) {
            assert!(
                exact.contains('\u{202e}') && exact.contains("\x1b]0;"),
                "{format}"
            );
            assert!(
                text.contains("control characters are shown as escapes on a terminal"),
                "{format}"
            );
        } else {
            assert!(!text.contains("are shown as escapes"), "{format}");
        }
        // JSON says the same by its own escapes.
        if format == "jsonl" {
            let line = |text: &str| {
                let line = text
                    .lines()
                    .find(|line| line.starts_with("{\"image\""))
                    .unwrap();
                serde_json::from_str::<serde_json::Value>(line.trim_end()).unwrap()
            };
            assert_eq!(line(&text), line(&exact));
        }
    }
    // Bytes are for files.
    for format in ["parquet", "votes-parquet"] {
        let text = String::from_utf8(sent(&project, &["export", "--as", format])).unwrap();
        assert!(
            text.contains("bytes of this format are not for a terminal"),
            "{text}"
        );
    }
    // A file that is a terminal is one as well.
    let raw = sent(&project, &["export", "--as", "csv", "-o", "/dev/tty"]);
    assert_eq!(found(&raw), Vec::<&str>::new());
    assert!(String::from_utf8_lossy(&raw).contains("image,label,name,score,in_set"));
}

#[test]
fn the_review_screen_shows_such_names_and_takes_none_into_comments() {
    let project = project();
    project.join("ann", "rater");
    let arguments = ["review", "--rater", "ann", "--pictures", "none"];
    let mut terminal = Terminal::open(project.folder(), &arguments, Opening::default());
    terminal.wait_for_text("OWNED");
    terminal.keys("c");
    terminal.wait_for_text("comment");
    terminal.keys("two\u{202e}cats\u{9b}8m\u{2066}\u{7f}!\r");
    terminal.wait_until("the comment on disk", |_| {
        project.sql("SELECT count(*) FROM note WHERE kind = 'comment'") == "2\n"
    });
    terminal.keys("q");
    terminal.wait_for_text("q end");
    terminal.keys("q");
    terminal.wait_for_end();
    assert_eq!(found(terminal.raw()), Vec::<&str>::new());
    let comments = project.sql("SELECT text FROM note WHERE kind = 'comment'");
    assert!(
        // C1's CSI begins a sequence, and DEL takes a letter back.
        comments.contains("twocat!"),
        "{comments:?}"
    );
    let typed = comments
        .lines()
        .find(|line| line.starts_with("two"))
        .unwrap();
    assert!(!typed.contains(relabel::text::is_active), "{typed:?}");
}
