use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Color;
use rstest::rstest;

use super::{Stage, desk, label, task};
use crate::domain::{Answer, ImageId, TaskId};
use crate::review::event::Event;
use crate::review::state::{Insight, Task};
use crate::review::summary::{
    Change, Estimate, FinalLabels, GoldAgreement, PairAgreement, Summary,
};
use crate::review::view::{Palette, view};
use crate::text::width;

/// A sitting that is well under way, on a screen of this size.
fn under_way(first: Task, columns: u16, rows: u16) -> Stage {
    let mut stage = Stage::new(vec![first, desk(2), desk(3)]);
    let progress = &mut stage.state.progress;
    (progress.total, progress.before, progress.today_before) = (37_988, 211, 84);
    stage.event(Event::Resize { columns, rows });
    stage.press("yn");
    stage
}

fn snapshot(name: &str, stage: &Stage) {
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, stage.screen());
    });
}

#[rstest]
fn voting(#[values((60, 15), (70, 40), (80, 24), (120, 40), (200, 60))] size: (u16, u16)) {
    let (columns, rows) = size;
    let stage = under_way(desk(1), columns, rows);
    snapshot(&format!("voting_{columns}x{rows}"), &stage);
}

#[test]
fn search() {
    let mut stage = under_way(desk(1), 80, 24);
    stage.press("/crane↓");
    snapshot("search_80x24", &stage);
}

#[test]
fn comment() {
    let mut stage = under_way(desk(1), 60, 15);
    stage.press("fcthe desk is cut off⏎cand there is a mug");
    snapshot("comment_60x15", &stage);
}

#[test]
fn examples() {
    let mut stage = under_way(desk(1), 80, 24);
    stage.press("r");
    snapshot("examples_80x24", &stage);
}

#[rstest]
fn help(#[values((60, 15), (80, 24), (120, 40))] size: (u16, u16)) {
    let (columns, rows) = size;
    let mut stage = under_way(desk(1), columns, rows);
    stage.press("?");
    snapshot(&format!("help_{columns}x{rows}"), &stage);
}

#[test]
fn a_missing_picture() {
    let mut gone = desk(1);
    gone.no_picture = Some("file is missing: photos/desk 1.jpg".to_owned());
    snapshot("missing_picture_80x24", &under_way(gone, 80, 24));
}

/// Labels whose names are wide, right to left, long, hostile or emoji.
fn strange() -> Task {
    let mut strange = task(1, &[527, 620, 681, 526, 281, 282, 283, 284, 285]);
    let names = [
        "笔记本电脑, 笔记本, 便携式电脑, 手提电脑, 膝上型电脑, 超极本",
        "מחשב נייד, مُفَكِّرَة",
        "notebook\x1b[31m\x07 with\nan escape",
        "\u{202e}gpj.esrever",
        "👩‍🚀 astronaut 👨‍👩‍👧‍👦 family 🇨🇭 flag",
        "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch, a place with a long name",
        "e\u{301}e\u{301}e\u{301} combining",
        "",
        "the ninth",
    ];
    for (label, name) in strange.labels.iter_mut().zip(names) {
        label.name = name.to_owned();
        label.gloss = Some(format!("{name} {name}"));
    }
    strange.image_name = "日本語の写真\u{1b}]0;owned\u{7}.jpg".to_owned();
    strange
}

#[test]
fn strange_names() {
    snapshot("strange_names_80x24", &under_way(strange(), 80, 24));
}

fn summary() -> Summary {
    let set = |number: i64, labels: &[&str], change| FinalLabels {
        image: ImageId(number),
        name: format!("ILSVRC2012_val_{:08}.JPEG", 41_200 + number),
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        original: Some("laptop, laptop computer".to_owned()),
        change,
    };
    let estimate = |value: f64, low, high| Estimate {
        value,
        interval: (low, high),
    };
    Summary {
        method: "by majority".to_owned(),
        pairs: vec![
            PairAgreement {
                rater: "bob".to_owned(),
                questions: 412,
                raw: estimate(0.873, 0.839, 0.902),
                kappa: estimate(0.71, 0.64, 0.78),
            },
            PairAgreement {
                rater: "carol".to_owned(),
                questions: 3,
                raw: estimate(1.0, 0.438, 1.0),
                kappa: estimate(f64::NAN, f64::NAN, f64::NAN),
            },
        ],
        gold: Some(GoldAgreement {
            questions: 40,
            accuracy: estimate(0.95, 0.835, 0.986),
        }),
        label_sets: vec![
            set(1, &[], Change::Empty),
            set(2, &["desk"], Change::Replaced),
            set(3, &["desk", "laptop, laptop computer"], Change::Extended),
            set(4, &["laptop, laptop computer"], Change::Kept),
        ],
        ..Summary::default()
    }
}

fn closing_stage(columns: u16, rows: u16) -> Stage {
    let mut stage = under_way(desk(1), columns, rows);
    stage.summary = summary();
    stage.disputes(&[1, 2, 3]);
    stage.press("q");
    stage
}

#[rstest]
fn closing(#[values((60, 15), (80, 24), (120, 40))] size: (u16, u16)) {
    let (columns, rows) = size;
    snapshot(
        &format!("closing_{columns}x{rows}"),
        &closing_stage(columns, rows),
    );
}

#[test]
fn the_closing_screen_scrolls_to_its_last_line_and_no_further() {
    let mut stage = closing_stage(60, 15);
    stage.press(&"⇟".repeat(20));
    let end = stage.screen();
    assert!(end.contains("kept"), "{end}");
    stage.press("⇞");
    assert_ne!(stage.screen(), end);
    stage.press("↓");
    assert!(stage.screen().contains("▸2"));
}

fn insight() -> Insight {
    Insight {
        votes: vec![
            ("zebedee".to_owned(), Answer::Yes),
            ("quentin".to_owned(), Answer::No),
        ],
        score: Some(0.62),
        original: true,
        sources: vec!["resnet".to_owned()],
    }
}

#[test]
fn an_adjudicator_sees_what_others_said() {
    let mut seen = desk(1);
    seen.labels[1].insight = Some(insight());
    seen.labels[2].insight = Some(insight());
    snapshot("adjudicator_120x40", &under_way(seen, 120, 40));
}

#[rstest]
#[case::voting("")]
#[case::searching("/note")]
#[case::commenting("c")]
#[case::examples("r")]
#[case::help("?")]
fn raters_vote_blind(#[case] keys: &str) {
    for size in [(60, 15), (120, 40), (200, 60)] {
        let mut stage = under_way(desk(1), size.0, size.1);
        stage.press(keys);
        let screen = stage.screen();
        for word in ["zebedee", "score", "original", "resnet", "0.62"] {
            assert!(!screen.contains(word), "{word:?} in\n{screen}");
        }
    }
}

#[test]
fn nothing_is_told_by_colour_alone_and_without_colour_there_is_none() {
    let mut seen = strange();
    seen.labels[0].insight = Some(insight());
    for keys in ["", "/dog", "c", "r", "?", "q", "f"] {
        let mut stage = under_way(seen.clone(), 120, 40);
        stage.summary = summary();
        stage.disputes(&[1]);
        stage.press(keys);
        let mut drawn = |palette| {
            stage.state.palette = palette;
            let mut terminal = Terminal::new(TestBackend::new(120, 40)).unwrap();
            terminal.draw(|frame| view(&stage.state, frame)).unwrap();
            terminal.backend().clone()
        };
        let plain = drawn(Palette::new(false));
        let colored = drawn(Palette::new(true));
        assert_eq!(plain.to_string(), colored.to_string());
        let colours = plain.buffer().content.iter().map(|cell| (cell.fg, cell.bg));
        assert!(
            colours
                .into_iter()
                .all(|pair| pair == (Color::Reset, Color::Reset))
        );
    }
}

#[rstest]
fn a_small_terminal_says_what_it_lacks(
    #[values((0, 0), (1, 1), (59, 40), (200, 14), (20, 5))] size: (u16, u16),
) {
    let stage = under_way(desk(1), size.0, size.1);
    let screen = stage.screen();
    assert!(size.0 < 20 || screen.contains("relabel needs"), "{screen}");
}

#[rstest]
fn the_cursor_is_always_in_sight(
    #[values((60, 15), (79, 30), (80, 15), (120, 40))] size: (u16, u16),
) {
    let mut many = task(1, &[1]);
    many.labels = (0..40).map(|class| label(class * 25)).collect();
    let mut stage = under_way(many, size.0, size.1);
    for _ in 0..40 {
        assert!(stage.screen().contains('▸'));
        stage.press("↓");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// No text of the project reaches the terminal as it is, and none makes a line longer than the screen.
    #[test]
    fn any_text_fits_the_screen(
        texts in prop::collection::vec(any::<String>(), 5),
        columns in 60u16..140,
        rows in 15u16..45,
    ) {
        let mut nasty = desk(1);
        nasty.image_name.clone_from(&texts[0]);
        nasty.labels[0].name.clone_from(&texts[1]);
        nasty.labels[1].gloss = Some(texts[2].clone());
        nasty.labels[2].heading.clone_from(&texts[3]);
        nasty.comments = vec![texts[4].clone()];
        let mut stage = Stage::new(vec![nasty]);
        stage.event(Event::Resize { columns, rows });
        for keys in ["", "2", "c"] {
            stage.press(keys);
            for line in stage.screen().lines() {
                prop_assert!(width(line) <= usize::from(columns), "{line}");
                let is_safe = |c: char| !c.is_control() && !('\u{202a}'..='\u{202e}').contains(&c);
                prop_assert!(line.chars().all(is_safe), "{line:?}");
            }
        }
        prop_assert_eq!(stage.state.current, Some(TaskId(1)));
    }
}
