//! The screen on terminals of all sizes and talents, and with hostile names.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test does not expect is its failure"
)]

mod common;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use common::Project;
use common::pty::{Answers, Opening, Terminal};
use common::screen::{has_picture, header, image, is_ready, labels, marks, picture, selected};
use common::streams;

const REVIEW: &[&str] = &[
    "review",
    "--rater",
    "alice",
    "--pictures",
    "half",
    "--names",
];
const ASKING: &[&str] = &["review", "--rater", "alice", "--names"];

fn open(project: &Project, arguments: &[&str], opening: Opening<'_>) -> Terminal {
    Terminal::open(project.folder(), arguments, opening)
}

fn of_size(columns: u16, rows: u16) -> Opening<'static> {
    Opening {
        columns,
        rows,
        ..Opening::default()
    }
}

#[test]
fn the_smallest_terminal_is_enough_to_answer() {
    let project = Project::of_drawings();
    let mut terminal = open(&project, REVIEW, of_size(60, 15));
    terminal.wait_until("labels and picture", |terminal| {
        labels(terminal).len() == 6 && has_picture(terminal)
    });
    // The picture fills its box in one direction.
    let cells = picture(&terminal);
    let rows: HashSet<u16> = cells.iter().map(|(row, _)| *row).collect();
    let columns: HashSet<u16> = cells.iter().map(|(_, column)| *column).collect();
    assert!(columns.len() == 20 || rows.len() == 11, "{cells:?}");
    terminal.keys("ynmN");
    terminal.wait_until("answers", |terminal| marks(terminal) == "ynmnnn");
    terminal.keys("\r");
    terminal.wait_until("next task", |terminal| {
        header(terminal).contains("task 2 of 30")
    });
    terminal.keys("qq");
    assert_eq!(terminal.wait_for_end(), 0);
}

#[test]
fn a_terminal_that_is_too_small_says_so_and_may_grow() {
    let project = Project::of_drawings();
    let mut terminal = open(&project, REVIEW, of_size(59, 14));
    terminal.wait_for_text("relabel needs 60×15; this terminal has 59×14");
    for (columns, rows) in [(10, 3), (1, 1), (60, 14), (59, 15)] {
        terminal.resize(columns, rows);
        if columns > 50 {
            terminal.wait_for_text(&format!("has {columns}×{rows}"));
        }
    }
    terminal.resize(80, 24);
    terminal.wait_until("task and picture", |terminal| {
        labels(terminal).len() == 6 && has_picture(terminal)
    });
    terminal.keys("y");
    terminal.wait_until("answer", |terminal| marks(terminal).starts_with('y'));
}

#[test]
fn resizing_redraws_everything_with_a_picture_that_fits() {
    let project = Project::of_drawings();
    let mut terminal = open(&project, REVIEW, Opening::default());
    let picture = |terminal: &Terminal| picture(terminal).len();
    terminal.wait_until("picture", |terminal| picture(terminal) > 200);
    terminal.keys("yn");
    terminal.wait_until("answers", |terminal| marks(terminal).starts_with("yn"));
    for (columns, rows) in [(200, 60), (80, 24), (70, 40), (60, 15), (120, 30), (81, 25)] {
        terminal.resize(columns, rows);
        let area = usize::from(columns) * usize::from(rows);
        terminal.wait_until("screen of the new size", |terminal| {
            let drawn = picture(terminal);
            let fits = match (columns, rows) {
                (60, 15) => drawn > 60,
                // Above the labels the picture is low.
                (70, 40) => drawn > area / 8,
                _ => drawn > area / 3,
            };
            fits && drawn < area * 5 / 8
                && marks(terminal) == "yn····"
                && header(terminal).contains("task 1 of 30")
        });
    }
    // As a terminal that was of this size from the beginning.
    terminal.keys("m");
    terminal.wait_until("answer", |terminal| marks(terminal).starts_with("ynm"));
    project.join("bob", "rater");
    let mut other = open(
        &project,
        &["review", "--rater", "bob", "--pictures", "half"],
        of_size(81, 25),
    );
    other.keys("");
    other.wait_until("picture", |other| picture(other) > 200 && is_ready(other));
    assert_eq!(picture(&other), picture(&terminal));
}

/// The parameters of every SGR sequence in a stream.
fn sgr(stream: &str) -> Vec<String> {
    let sequences = stream.split("\x1b[").skip(1).filter_map(|sequence| {
        let end = sequence.find(|c: char| !(c.is_ascii_digit() || c == ';' || c == ':'))?;
        sequence[end..]
            .starts_with('m')
            .then(|| sequence[..end].to_owned())
    });
    sequences.collect()
}

#[test]
fn without_true_colour_nothing_is_sent_in_it() {
    let project = Project::of_drawings();
    let opening = Opening {
        environment: &[("COLORTERM", "")],
        ..Opening::default()
    };
    let mut terminal = open(&project, REVIEW, opening);
    terminal.wait_until("picture", has_picture);
    let stream = terminal.stream();
    assert!(!stream.contains("38;2") && !stream.contains("48;2"));
    assert!(sgr(&stream).iter().any(|sequence| sequence.contains("8;5")));
    let mut terminal = open(
        &project,
        REVIEW,
        Opening {
            environment: &[("COLORTERM", ""), ("TERM", "linux")],
            ..Opening::default()
        },
    );
    terminal.wait_until("picture", has_picture);
    assert!(!terminal.stream().contains("38;2"));
}

#[test]
fn no_color_means_none() {
    let project = Project::of_drawings();
    let opening = Opening {
        environment: &[("NO_COLOR", "1")],
        ..Opening::default()
    };
    let mut terminal = open(
        &project,
        &["review", "--rater", "alice", "--pictures", "none"],
        opening,
    );
    terminal.wait_for_text("pictures are off");
    terminal.keys("ynm?");
    terminal.wait_for_text("shows or hides this list");
    terminal.keys("?");
    terminal.wait_until("answers", |terminal| marks(terminal).starts_with("ynm"));
    terminal.keys("qq");
    assert_eq!(terminal.wait_for_end(), 0);
    for sequence in sgr(&terminal.stream()) {
        for parameter in sequence.split(';') {
            let number: u16 = parameter.parse().unwrap_or(0);
            let colors = matches!(number, 30..=38 | 40..=48 | 90..=107);
            assert!(!colors, "colour in {sequence:?}");
        }
    }
}

#[test]
fn hostile_names_are_shown_and_never_sent() {
    let project = Project::new();
    let names = [
        "a\x1b]0;pwned\x07b.png",
        "b\x1b[31mred\x1b[2J.png",
        "c\nnew\r\tline.png",
        "d\u{9b}2J\u{202e}gnp.png",
        "e\x1bP0;0q~\x1b\\.png",
    ];
    let mut labels = csv::Writer::from_writer(Vec::new());
    labels.write_record(["image", "label"]).unwrap();
    for name in names {
        for class in 151..154 {
            labels.write_record([name, &class.to_string()]).unwrap();
        }
    }
    let proposals = labels.into_inner().unwrap();
    // The last one is a file, too, where files may have such names.
    let file = project.path("images").join(names[4]);
    std::fs::create_dir_all(project.path("images")).unwrap();
    let is_file = image::RgbImage::new(32, 32).save(&file).is_ok();
    project.write("proposals.csv", proposals);
    if is_file {
        project.run(&["import", "images", "images"]);
    }
    project.run(&["import", "proposals", "proposals.csv", "--new-images"]);
    project.run(&["plan"]);
    let mut terminal = open(&project, REVIEW, of_size(120, 30));
    for number in 1..=names.len() {
        terminal.wait_for_text(&format!("task {number} of 5"));
        let shown = [
            "a\\x1b]0;pwned\\x07b.png",
            "b\\x1b[31mred\\x1b[2J.png",
            "c\\nnew\\r\\tline.png",
            "d\\x9b2J\\u{202e}gnp.png",
            "e\\x1bP0;0q~\\x1b\\.png",
        ];
        terminal.wait_for_text(shown[number - 1]);
        // Other images of the class have their names below them.
        terminal.keys("r");
        terminal.wait_for_text("r back");
        terminal.keys("r");
        terminal.wait_until("task", |terminal| {
            is_ready(terminal) && !terminal.text().contains("r back")
        });
        terminal.keys("N");
        terminal.wait_until("answers", |terminal| marks(terminal) == "nnn");
        terminal.keys("\r");
    }
    terminal.wait_for_text("this sitting");
    terminal.keys("q");
    assert_eq!(terminal.wait_for_end(), 0);
    let stream = terminal.stream();
    let (_, stream) = stream.split_once("\x1b[5n").unwrap_or(("", &stream));
    for part in [
        "\x1b]0",
        "\x07",
        "\x1b[31mred",
        "\u{9b}",
        "\u{202e}",
        "\x1bP",
        "\nnew",
        "\t",
    ] {
        assert!(!stream.contains(part), "{part:?} was sent");
    }
}

#[test]
fn a_terminal_that_answers_nothing_is_not_waited_for_and_loses_no_key() {
    let project = Project::of_drawings();
    let begin = Instant::now();
    let mut terminal = open(
        &project,
        ASKING,
        Opening {
            answers: Answers::Nothing,
            ..Opening::default()
        },
    );
    terminal.wait_until("task", |terminal| selected(terminal).is_some());
    let took = begin.elapsed();
    // Before the picture is there, one may move.
    terminal.keys("j");
    terminal.wait_until("picture", has_picture);
    terminal.keys("n");
    terminal.wait_until("answer", |terminal| marks(terminal).starts_with("·n·"));
    // A quarter of a second is for the answer; the rest is for a busy machine.
    assert!(
        took < Duration::from_secs(3),
        "the screen was up after {took:?}"
    );
}

#[test]
fn pictures_are_sent_as_the_terminal_says_that_it_takes_them() {
    let project = Project::of_drawings();
    let cases = [
        (Answers::Kitty, "\x1b_G"),
        (Answers::Sixel, "\x1bP"),
        (Answers::Plain, "▀"),
    ];
    for (answers, begins) in cases {
        let mut terminal = open(
            &project,
            ASKING,
            Opening {
                answers,
                ..Opening::default()
            },
        );
        terminal.wait_until("task", is_ready);
        // What comes after the question, which is a kitty sequence itself.
        terminal.wait_until("picture", |terminal| {
            let stream = terminal.stream();
            stream.split_once("\x1b[?1049h").is_some_and(|(_, screen)| {
                screen
                    .split_once("\x1b[5n")
                    .map_or(screen, |(_, after)| after)
                    .contains(begins)
            })
        });
        terminal.keys("y");
        terminal.wait_until("answer", |terminal| marks(terminal).starts_with('y'));
        for (other, sequence) in cases {
            let (_, after) = terminal
                .stream()
                .split_once("\x1b[5n")
                .map(|(a, b)| (a.to_owned(), b.to_owned()))
                .unwrap();
            assert_eq!(
                after.contains(sequence),
                other == answers,
                "{answers:?}: {sequence:?}"
            );
        }
    }
}

/// A colour of the screen model.
fn rgb(color: vt100::Color) -> [f64; 3] {
    match color {
        vt100::Color::Rgb(red, green, blue) => [red, green, blue].map(f64::from),
        vt100::Color::Idx(index @ 16..) => streams::BlockColor::Indexed(index).rgb().map(f64::from),
        other => panic!("{other:?} is not the same everywhere"),
    }
}

/// The mean colour of a part of an image.
fn mean(image: &image::RgbImage, (left, right): (f64, f64), (top, bottom): (f64, f64)) -> [f64; 3] {
    let mut sum = [0.0; 3];
    let mut count = 0.0;
    for y in top as u32..(bottom.ceil() as u32).min(image.height()) {
        for x in left as u32..(right.ceil() as u32).min(image.width()) {
            let pixel = image.get_pixel(x, y);
            (0..3).for_each(|channel| sum[channel] += f64::from(pixel[channel]));
            count += 1.0;
        }
    }
    sum.map(|sum| sum / count)
}

#[test]
fn half_blocks_have_the_colours_of_the_photograph() {
    let (Some(project), Some(shared)) = (Project::of_photos(), common::shared()) else {
        return;
    };
    let mut terminal = open(&project, REVIEW, of_size(120, 40));
    for _ in 0..4 {
        terminal.wait_until("picture", |terminal| {
            is_ready(terminal) && picture(terminal).len() > 300
        });
        let (name, _) = image(&terminal).unwrap();
        let photo = image::open(shared.join("data/photos/images").join(&name))
            .unwrap()
            .to_rgb8();
        let cells = picture(&terminal);
        let (top, bottom) = (cells.first().unwrap().0, cells.last().unwrap().0 + 1);
        let left = cells.iter().map(|cell| cell.1).min().unwrap();
        let right = cells.iter().map(|cell| cell.1).max().unwrap() + 1;
        assert_eq!(
            cells.len(),
            usize::from(bottom - top) * usize::from(right - left),
            "{name}: no rectangle"
        );
        // The photograph's shape, within a cell; cells are twice as high as wide.
        let shape = f64::from(photo.width()) / f64::from(photo.height());
        let (columns, rows) = (f64::from(right - left), f64::from(bottom - top));
        assert!(
            (columns / (2.0 * rows) / shape - 1.0).abs() < 0.06,
            "{name}: {columns}×{rows} for {shape}"
        );
        let across = f64::from(photo.width()) / columns;
        let down = f64::from(photo.height()) / (2.0 * rows);
        let mut difference = 0.0;
        for (row, column) in &cells {
            let cell = terminal.screen().cell(*row, *column).unwrap();
            let x = f64::from(column - left) * across;
            let (ink, ground) = (cell.fgcolor(), cell.bgcolor());
            let colors = match cell.contents() {
                "▀" => [ink, ground],
                "▄" => [ground, ink],
                "█" => [ink, ink],
                _ => [ground, ground],
            };
            for (half, color) in [(0.0, colors[0]), (1.0, colors[1])] {
                let y = (f64::from(row - top) * 2.0 + half) * down;
                let expected = mean(&photo, (x, x + across), (y, y + down));
                let shown = rgb(color);
                difference += (0..3)
                    .map(|channel| (expected[channel] - shown[channel]).abs())
                    .sum::<f64>();
            }
        }
        let mean_difference = difference / (cells.len() * 6) as f64;
        println!("{name}: {mean_difference:.2}");
        assert!(
            mean_difference < 8.0,
            "{name}: mean difference {mean_difference:.1} of 255"
        );
        // To another photograph.
        while image(&terminal).is_some_and(|(other, _)| other == name) {
            let former = image(&terminal);
            terminal.keys("s");
            terminal.wait_until("another task", |terminal| {
                image(terminal) != former && is_ready(terminal)
            });
        }
        terminal.wait_until("its picture", has_picture);
    }
}

#[test]
fn answers_that_come_late_are_no_keys() {
    let project = Project::of_drawings();
    let opening = Opening {
        answers: Answers::Nothing,
        ..Opening::default()
    };
    let mut terminal = open(&project, ASKING, opening);
    terminal.wait_until("task", is_ready);
    // Long after they were waited for; an error of kitty's is full of letters that would be votes.
    terminal.keys("\x1b_Gi=31;ENOTSUPPORTED:not my kind\x1b\\\x1b[?62;4c\x1b[6;20;10t\x1b[0n");
    // The picture comes once more, now by sixel.
    terminal.wait_until("picture", |terminal| {
        terminal.stream().contains("P0;1;0q\"1;1;") && is_ready(terminal)
    });
    terminal.keys("jm");
    terminal.wait_until("answer", |terminal| marks(terminal).contains('m'));
    assert_eq!(marks(&terminal), "·m····");
    terminal.keys("?");
    terminal.wait_for_text("shows or hides this list");
    assert_eq!(project.sql("SELECT answer FROM vote"), "1\n");
}
