//! Blind means blind: every frame of whole sittings is searched for what each role must not see.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test does not expect is its failure"
)]

mod common;

use std::fmt::Write as _;

use common::Project;
use common::pty::{Opening, Terminal};
use common::screen::{header, image, is_ready, marks, selected};
use relabel::store::{NoteKind, Store};

/// Images that give away by name and folder what they were filed as.
const FIRST: &str = "n01440764_tench/001.png";
const SECOND: &str = "n01440764_tench/002.png";
const THIRD: &str = "n01443537_goldfish/003.png";
const GHOST: &str = "n01443537_goldfish/ghost.png";
const TORN: &str = "n01443537_goldfish/torn.png";
/// No task asks about it: an example of a tench.
const FILED: &str = "n01514668_cock/filed.png";

/// Parts of names, the source of proposals and its score, others' words.
const NEVER: &[&str] = &[
    ".png",
    "n014",
    "n015",
    "_tench",
    "_goldfish",
    "_cock",
    "ghost",
    "torn",
    "resnet",
    "0.83",
    "surely a carp",
    "images/",
];

/// What others said, told only of images that one has answered.
const BEFORE_A_VOTE: &[&str] = &[
    "vera", "walt", "erin", "dora", "score", "original", "disputed", "decided", "dropped", "(was",
    "0.50",
];

/// Five images with two labels each, disputed by two raters, with scores, gold, a decision and a comment.
fn class_folders() -> Project {
    let project = Project::new();
    let asked = [FIRST, SECOND, THIRD, GHOST, TORN];
    let mut proposals = "image,label,source,score\n".to_owned();
    let mut labels = "image,label\n".to_owned();
    let mut votes = "image,label,rater,answer\n".to_owned();
    for image in asked {
        let filed = u32::from(image.contains("goldfish"));
        writeln!(labels, "{image},{filed}").unwrap();
        for class in [0, 1] {
            writeln!(proposals, "{image},{class},resnet,0.83").unwrap();
            writeln!(votes, "{image},{class},vera,yes\n{image},{class},walt,no").unwrap();
        }
    }
    writeln!(labels, "{FILED},0").unwrap();
    // Enough for an audit that is not settled by two answers.
    for number in 100..160 {
        writeln!(labels, "n01514668_cock/{number}.png,7").unwrap();
    }
    project.write("proposals.csv", proposals);
    project.write("labels.csv", labels);
    project.write("votes.csv", votes);
    project.run(&["import", "proposals", "proposals.csv"]);
    project.run(&["import", "labels", "labels.csv"]);
    for image in asked
        .iter()
        .chain([&FILED])
        .filter(|image| **image != GHOST)
    {
        let path = project.write(&format!("images/{image}"), "");
        image::RgbImage::from_pixel(64, 48, image::Rgb([200, 120, 40]))
            .save(path)
            .unwrap();
    }
    project.run(&["import", "images", "images"]);
    project.run(&["plan"]);
    project.run(&["import", "votes", "votes.csv"]);
    project.run(&["aggregate", "--method", "majority"]);
    project.write(
        "gold.csv",
        format!("image,label,rater,answer\n{SECOND},0,erin,yes\n"),
    );
    project.run(&[
        "import", "votes", "gold.csv", "--round", "gold", "--role", "expert",
    ]);
    for (name, role) in [
        ("dora", "adjudicator"),
        ("ida", "expert"),
        ("otto", "auditor"),
        ("bob", "auditor"),
        ("ada", "auditor"),
        ("zoe", "rater"),
    ] {
        project.run(&["rater", "add", name, "--role", role]);
    }
    project.write(
        "decided.csv",
        format!("image,label,rater,answer\n{SECOND},1,dora,no\n"),
    );
    project.run(&["import", "votes", "decided.csv", "--round", "decision"]);
    let store = Store::open(&project.database()).unwrap();
    let vera = store.rater("vera").unwrap().unwrap().id;
    for row in store.images().unwrap() {
        let comment = NoteKind::Comment("surely a carp".to_owned());
        store.add_note(row.id, vera, &comment, 5_000).unwrap();
    }
    drop(store);
    // Found to be no picture only when it is to be shown.
    project.write(&format!("images/{TORN}"), "words");
    project
}

/// The number of an image.
fn number(project: &Project, name: &str) -> String {
    let id = project.sql(&format!("SELECT id FROM image WHERE name = '{name}'"));
    format!("image {}", id.trim())
}

/// The screen without its first line, which is about the task behind it.
fn below_header(terminal: &Terminal) -> String {
    let text = terminal.text();
    let (_, below) = text.split_once('\n').unwrap();
    below.to_owned()
}

/// A sitting of which every frame that was looked at is kept.
struct Watched {
    terminal: Terminal,
    forbidden: Vec<&'static str>,
}

impl Watched {
    fn open(project: &Project, arguments: &[&str]) -> Watched {
        let opening = Opening {
            columns: 120,
            rows: 40,
            ..Opening::default()
        };
        let arguments = [arguments, &["--pictures", "half"]].concat();
        let terminal = Terminal::open(project.folder(), &arguments, opening);
        Watched {
            terminal,
            forbidden: [NEVER, BEFORE_A_VOTE].concat(),
        }
    }

    /// Types keys and waits; whatever stands on the screen meanwhile is searched.
    fn see(&mut self, keys: &str, text: &str) {
        self.terminal.keys(keys);
        let forbidden = &self.forbidden;
        self.terminal.wait_until(text, |terminal| {
            let screen = terminal.text();
            for word in forbidden {
                assert!(!screen.contains(word), "{word:?} after {keys:?}:\n{screen}");
            }
            screen.contains(text)
        });
    }

    /// Ends the sitting at the closing screen; nothing that was ever sent has a name in it.
    fn end(mut self) -> String {
        let closing = self.terminal.text();
        self.terminal.keys("q");
        assert_eq!(self.terminal.wait_for_end(), 0);
        let stream = self.terminal.stream();
        for word in NEVER {
            assert!(!stream.contains(word), "{word:?} was sent");
        }
        closing
    }
}

/// A whole sitting over the five images; the closing screen at its end, on which one of them is answered.
fn blind_sitting(project: &Project, rater: &str) -> String {
    let [first, second, third, ghost, torn, filed] =
        [FIRST, SECOND, THIRD, GHOST, TORN, FILED].map(|name| number(project, name));
    let mut sitting = Watched::open(project, &["review", "--rater", rater]);
    sitting.see("", "1 ·  tench");
    sitting.see("", &format!("{first} "));
    // Who has cast no vote is told nothing of any image.
    sitting.see("q", "no disputes on images that you have answered");
    sitting.see("", "0 images");
    let closing = sitting.terminal.text();
    assert!(
        !closing.contains("tench") && !closing.contains("goldfish"),
        "{closing}"
    );
    sitting.see("1\r", "no disputes on images that you have answered");
    sitting.see("e", "no earlier answers to show");
    sitting.see("7", "no such task among them");
    sitting.see("\x1b", "0 images");
    sitting.see("b", "1 ·  tench");
    sitting.see("?", "shows or hides this list");
    sitting.see("?", "1 ·  tench");
    sitting.see("/gold", "golden retriever");
    sitting.see("\x1b", "y yes");
    // The only other tench that this rater is not asked about.
    sitting.see("r", &filed);
    for asked in [&second, &third, &ghost, &torn] {
        assert!(
            !sitting.terminal.text().contains(asked.as_str()),
            "{}",
            sitting.terminal.text()
        );
    }
    sitting.see("r", "1 ·  tench");
    sitting.see("z", "look around");
    sitting.see("Zi", "kB");
    sitting.see("ctwo fish", "comment: two fish");
    sitting.see("\r", "the comment is recorded");
    sitting.see("f", "flagged");
    sitting.see("f", "the flag is taken back");
    sitting.see("s", &format!("{second} "));
    sitting.see("s", &format!("{third} "));
    sitting.see("s", &format!("no file: {ghost} is known by name only"));
    sitting.see("s", "not a picture");
    sitting.see("", &format!("{torn} "));
    sitting.see("s", &format!("{first} "));
    // An image that is answered in part is told nothing of, but for the agreement on what is answered.
    sitting.see("y", "1 y  tench");
    sitting
        .forbidden
        .retain(|word| !["vera", "walt"].contains(word));
    sitting.see("q", "no disputes on images that you have answered");
    let closing = below_header(&sitting.terminal);
    assert!(
        !closing.contains("tench") && !closing.contains("image "),
        "{closing}"
    );
    sitting.see("b", "1 y  tench");
    sitting.forbidden = [NEVER, BEFORE_A_VOTE].concat();
    sitting.see("n", "2 n  goldfish");
    sitting.see("\r", &format!("{second} "));
    sitting.see("e", "task 1");
    sitting.see("", &first);
    sitting.see("\r", "2 n  goldfish");
    sitting.see("", "earlier task");
    sitting.see("2m", "2 m  goldfish");
    sitting.see("\r", &format!("{second} "));
    // Of what is answered the closing screen tells.
    sitting.forbidden = NEVER.to_vec();
    sitting.see(
        "q",
        "disputes on images that you have answered (share of yes)",
    );
    let closing = below_header(&sitting.terminal);
    assert!(closing.contains(&first), "{closing}");
    for other in [&second, &third, &ghost, &torn] {
        assert!(!closing.contains(other.as_str()), "{closing}");
    }
    // A dispute that is opened is as blind as any task.
    sitting.forbidden = [NEVER, &["vera", "walt", "score", "original", "0.5"]].concat();
    sitting.terminal.keys("1");
    sitting.terminal.wait_until("the dispute", |terminal| {
        header(terminal).contains("dispute")
    });
    sitting.see("", "1 y  tench");
    sitting.forbidden = NEVER.to_vec();
    sitting.see(
        "\r",
        "disputes on images that you have answered (share of yes)",
    );
    sitting.end()
}

#[test]
fn a_rater_sees_numbers_and_nothing_of_what_is_not_answered() {
    let project = class_folders();
    let closing = blind_sitting(&project, "zoe");
    assert!(closing.contains("with vera: "), "{closing}");
}

#[test]
fn an_expert_and_an_auditor_on_the_review_screen_are_as_blind() {
    let project = class_folders();
    for rater in ["ida", "otto"] {
        let closing = blind_sitting(&project, rater);
        assert!(!closing.contains("vera"), "{closing}");
    }
}

#[test]
fn an_auditor_sees_the_label_that_is_asked_about_and_own_findings_only() {
    let project = class_folders();
    project.run(&["audit", "plan", "--seed", "7", "--tolerance", "0.05"]);
    let audit = ["audit", "review", "--rater"];
    // Somebody else has found a label wrong.
    let mut bob = Watched::open(&project, &[&audit[..], &["bob"]].concat());
    bob.see("", "is this label right?");
    let found = image(&bob.terminal).unwrap().0;
    bob.terminal.wait_until("picture", is_ready);
    bob.terminal.keys("n");
    bob.terminal.wait_until("the next label", |terminal| {
        image(terminal).is_some_and(|(image, _)| image != found) && selected(terminal).is_some()
    });
    bob.see("q", "no verdict yet");
    bob.see("", &format!("wrong  {found}  "));
    bob.end();

    let mut ada = Watched::open(&project, &[&audit[..], &["ada"]].concat());
    ada.see("", "is this label right?");
    ada.see("r", "r back");
    ada.see("", "no other image carries this class");
    ada.see("r", "is this label right?");
    ada.see("?", "shows or hides this list");
    ada.see("?", "is this label right?");
    ada.see("q", "no verdict yet");
    let closing = ada.terminal.text();
    assert!(
        !closing.contains("wrong  image") && !closing.contains(&found),
        "{closing}"
    );
    ada.see("b", "is this label right?");
    let own = image(&ada.terminal).unwrap().0;
    ada.terminal.wait_until("picture", is_ready);
    ada.terminal.keys("m");
    ada.terminal.wait_until("the next label", |terminal| {
        image(terminal).is_some_and(|(image, _)| image != own) && selected(terminal).is_some()
    });
    ada.see("e", &own);
    ada.see("\x1b", "is this label right?");
    ada.see("q", "no verdict yet");
    ada.see("", &format!("maybe  {own}  "));
    assert!(
        !ada.terminal.text().contains(&found),
        "{}",
        ada.terminal.text()
    );
    ada.end();
}

#[test]
fn an_adjudicator_sees_names_and_others_where_they_are_asked_for() {
    let project = class_folders();
    let open = |arguments: &[&str]| {
        let mut terminal = Watched::open(&project, arguments).terminal;
        terminal.wait_until("a task", |terminal| selected(terminal).is_some());
        terminal
    };
    let mut dora = open(&["review", "--rater", "dora", "--order", "disputed"]);
    assert!(
        header(&dora).contains("_tench/001.png"),
        "{}",
        header(&dora)
    );
    for seen in [
        "vera yes",
        "walt no",
        "original label",
        "score 0.50",
        "surely a carp",
    ] {
        assert!(dora.text().contains(seen), "{seen}\n{}", dora.text());
    }
    dora.keys("q");
    dora.wait_for_text("_goldfish/003.png");
    dora.keys("q");
    assert_eq!(dora.wait_for_end(), 0);

    let mut zoe = open(&["review", "--rater", "zoe", "--names"]);
    assert!(header(&zoe).contains("_tench/001.png"), "{}", header(&zoe));
    assert!(!zoe.text().contains("vera"), "{}", zoe.text());
    zoe.keys("sss");
    zoe.wait_for_text("ghost.png is known by name only");
    // Names are seen; nothing else is.
    zoe.keys("q");
    zoe.wait_for_text("no disputes on images that you have answered");
    zoe.keys("q");
    assert_eq!(zoe.wait_for_end(), 0);

    // Who has the shell finds the image that a rater speaks of.
    for said in [
        number(&project, THIRD),
        number(&project, THIRD).replace("image ", ""),
    ] {
        let shown = project.transcript(&["show", &said, "--pictures", "none"]);
        assert!(shown.contains(THIRD), "{shown}");
    }

    let kiosk = |more: &[&str]| {
        let line = [
            "--project",
            "relabel.db",
            "review",
            "--kiosk",
            "--rater",
            "zoe",
        ];
        let terminal = open(&[&line[..], more].concat());
        let seen = image(&terminal).unwrap().0;
        assert_eq!(marks(&terminal), "··");
        seen
    };
    assert_eq!(kiosk(&[]), number(&project, FIRST));
    assert_eq!(kiosk(&["--names"]), FIRST);
}
