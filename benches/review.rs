//! How long a rater waits: from a key to the finished frame, and from the start of the program to the first task.
//!
//! `cargo bench --bench review`. Prints figures and ratios against baselines of the same run; asserts nothing about time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench that cannot go on may stop"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use relabel::domain::{ClassIndex, QuestionId, TaskId};
use relabel::domain::{Classes, ImageId};
use relabel::formats::classes::{ilsvrc2012, ilsvrc2012_tables};
use relabel::hierarchy::Hierarchy;
use relabel::review::effect::Effect;
use relabel::review::event::Event;
use relabel::review::keymap::Keymap;
use relabel::review::picture::{
    ColorDepth, Decoded, PictureMode, TerminalPictures, Viewport, encode,
};
use relabel::review::state::{Label, Progress, Sitting, State, Task};
use relabel::review::update::{start, update};
use relabel::review::view::{Palette, view};
use relabel::store::{PlannedTask, Store};

#[path = "../tests/common/mod.rs"]
mod common;

use common::pty::{Answers, Opening, Terminal as Pty, find};

const IMAGES: usize = 50_000;
const TASKS: usize = 38_000;
const LABELS: u32 = 5;

fn main() {
    // `cargo test --benches` only asks whether it runs.
    let quick = !std::env::args().any(|argument| argument == "--bench");
    if quick {
        println!("run with `cargo bench --bench review`");
        return;
    }
    key_to_frame();
    let folder = tempfile::tempdir().unwrap();
    large_project(&folder.path().join("relabel.db"));
    opening(folder.path());
    key_to_recorded(folder.path());
    for (answers, name) in [(Answers::Kitty, "kitty"), (Answers::Sixel, "sixel")] {
        a_thousand_pictures(answers, name);
    }
    silent_terminal();
}

fn percentile(times: &mut [Duration], share: f64) -> Duration {
    times.sort_unstable();
    times[((times.len() - 1) as f64 * share) as usize]
}

fn say(what: &str, times: &mut [Duration], baseline: &str, against: Duration) {
    let (median, high) = (percentile(times, 0.5), percentile(times, 0.99));
    println!(
        "{what}: median {median:.2?}, p99 {high:.2?} of {}; p99 / {baseline} = {:.3}",
        times.len(),
        high.as_secs_f64() / against.as_secs_f64()
    );
}

const FRAME: Duration = Duration::from_micros(16_667);

/// Keys, update and drawing in this process, with all pictures ready; bytes go nowhere.
fn key_to_frame() {
    let (classes, hierarchy) = ilsvrc2012().unwrap();
    let (classes, hierarchy) = (Arc::new(classes), Arc::new(hierarchy));
    let image = image::RgbImage::from_fn(500, 375, |x, y| {
        image::Rgb([
            (x * 7 % 256) as u8,
            (y * 5 % 256) as u8,
            ((x * y) % 256) as u8,
        ])
    });
    let photo = Decoded {
        image,
        damage: None,
    };
    for (mode, name) in [
        (PictureMode::Half, "half blocks"),
        (PictureMode::Kitty, "kitty"),
        (PictureMode::Sixel, "sixel"),
    ] {
        let terminal = TerminalPictures {
            mode,
            cell: (10, 20),
            tmux: false,
            depth: ColorDepth::True,
            budget: None,
        };
        let mut times = run_keys(&classes, &hierarchy, &photo, &terminal);
        say(
            &format!("key to frame, 160×48, {name}"),
            &mut times,
            "60 Hz frame",
            FRAME,
        );
    }
}

fn run_keys(
    classes: &Arc<Classes>,
    hierarchy: &Arc<Hierarchy>,
    photo: &Decoded,
    terminal: &TerminalPictures,
) -> Vec<Duration> {
    let open: Vec<TaskId> = (0..TASKS as i64).map(TaskId).collect();
    let sitting = Sitting {
        classes: Arc::clone(classes),
        hierarchy: Arc::clone(hierarchy),
        keymap: Keymap::default(),
        palette: Palette::new(true),
        rater: "bench".to_owned(),
        open,
        progress: Progress {
            total: TASKS,
            ..Progress::default()
        },
    };
    let mut state = State::new(sitting, (160, 48));
    let mut screen = Terminal::with_options(
        CrosstermBackend::new(std::io::sink()),
        ratatui::TerminalOptions {
            viewport: ratatui::Viewport::Fixed(ratatui::layout::Rect::new(0, 0, 160, 48)),
        },
    )
    .unwrap();
    let effects = start(&mut state);
    answer(&mut state, effects, classes, hierarchy, photo, terminal);
    screen.draw(|frame| drop(view(&state, frame))).unwrap();
    let mut times = Vec::new();
    let keys = [
        KeyCode::Char('y'),
        KeyCode::Char('n'),
        KeyCode::Down,
        KeyCode::Char('m'),
        KeyCode::Char('N'),
        KeyCode::Enter,
    ];
    for (at, code) in keys.iter().cycle().take(3_000).enumerate() {
        let began = Instant::now();
        let key = KeyEvent::new(*code, KeyModifiers::NONE);
        let effects = update(
            &mut state,
            Event::Key {
                key,
                at: at as i64 * 1000,
            },
        );
        screen.draw(|frame| drop(view(&state, frame))).unwrap();
        times.push(began.elapsed());
        answer(&mut state, effects, classes, hierarchy, photo, terminal);
        screen.draw(|frame| drop(view(&state, frame))).unwrap();
    }
    times
}

/// Plays the driver: everything that is asked for comes at once.
fn answer(
    state: &mut State,
    effects: Vec<Effect>,
    classes: &Arc<Classes>,
    hierarchy: &Arc<Hierarchy>,
    photo: &Decoded,
    terminal: &TerminalPictures,
) {
    let mut waiting = effects;
    while let Some(effect) = waiting.pop() {
        let events = match effect {
            Effect::LoadTask(id) => vec![Event::TaskLoaded(task(id, classes, hierarchy))],
            Effect::StoreVotes { step, answers, .. } => {
                let questions = answers.iter().map(|a| (a.class, QuestionId(1))).collect();
                vec![Event::VotesStored { step, questions }]
            }
            Effect::WantPictures(requests) => requests
                .into_iter()
                .map(|request| Event::PictureReady {
                    request,
                    picture: Arc::new(
                        encode(
                            photo,
                            (request.columns, request.rows),
                            Viewport::WHOLE,
                            terminal,
                        )
                        .unwrap(),
                    ),
                })
                .collect(),
            _ => Vec::new(),
        };
        for event in events {
            waiting.extend(update(state, event));
        }
    }
}

fn task(id: TaskId, classes: &Classes, hierarchy: &Hierarchy) -> Task {
    let labels = (0..8).map(|line| {
        let class = classes
            .get(ClassIndex((id.0 as u32 * 8 + line) % 1000))
            .unwrap();
        Label {
            class: class.index,
            question: Some(QuestionId(id.0 * 8 + i64::from(line))),
            name: class.name.clone(),
            gloss: class.gloss.clone(),
            ancestors: hierarchy.ancestors_line(class.index),
            heading: hierarchy.heading_of(class.index).to_owned(),
            added: false,
            recorded: None,
            sending: None,
            insight: None,
        }
    });
    Task {
        id,
        image: ImageId(id.0),
        image_name: format!("{id:?}.jpg"),
        part: (1, 1),
        labels: labels.collect(),
        no_picture: None,
        flagged: false,
        comments: Vec::new(),
        notes: Vec::new(),
    }
}

/// A project of 50,000 images and 38,000 tasks.
fn large_project(path: &Path) {
    let tables = ilsvrc2012_tables().unwrap();
    let classes = Classes::new(tables.classes).unwrap();
    let store = Store::create(path).unwrap();
    store
        .atomically::<_, relabel::store::StoreError>(|store| {
            store.add_classes(&classes)?;
            store.add_hierarchy(
                tables
                    .edges
                    .iter()
                    .map(|e| (e.child.as_str(), e.parent.as_str(), e.rank)),
                tables
                    .names
                    .iter()
                    .map(|n| (n.id.as_str(), n.name.as_str())),
                tables
                    .headings
                    .iter()
                    .map(|h| (h.node.as_str(), h.title.as_str())),
            )?;
            let mut tasks = Vec::new();
            for number in 0..IMAGES {
                let image = store.add_image(&format!("image_{number:08}.jpg"))?;
                store.set_original_label(image, ClassIndex((number % 1000) as u32))?;
                if number < TASKS {
                    tasks.push(PlannedTask {
                        image,
                        ordinal: 0,
                        labels: (0..LABELS)
                            .map(|n| ClassIndex((number as u32 * 31 + n * 7) % 1000))
                            .collect(),
                    });
                }
            }
            store.replace_plan(&tasks)?;
            Ok(())
        })
        .unwrap();
}

fn review(folder: &Path, answers: Answers, pictures: &str) -> Pty {
    let arguments = [
        "--quiet",
        "review",
        "--rater",
        "bench",
        "--pictures",
        pictures,
    ];
    Pty::open(
        folder,
        &arguments,
        Opening {
            answers,
            ..Opening::default()
        },
    )
}

/// From the start of the process to the first task on the screen, against a process that does nothing.
fn opening(folder: &Path) {
    let mut nothing: Vec<Duration> = (0..20)
        .map(|_| {
            let began = Instant::now();
            Pty::open(folder, &["--version"], Opening::default()).wait_for_end();
            began.elapsed()
        })
        .collect();
    let nothing = percentile(&mut nothing, 0.5);
    for (pictures, name) in [("none", "pictures off"), ("half", "half blocks")] {
        let mut times: Vec<Duration> = (0..20)
            .map(|_| {
                let began = Instant::now();
                let mut terminal = review(folder, Answers::Plain, pictures);
                terminal.wait_for_text("▸ 1");
                let taken = began.elapsed();
                terminal.keys("\x03");
                terminal.wait_for_end();
                taken
            })
            .collect();
        say(
            &format!("start to first task, {IMAGES} images, {TASKS} tasks, {name}"),
            &mut times,
            "start and end of `relabel --version`",
            nothing,
        );
        let median = percentile(&mut times, 0.5);
        println!(
            "  beyond process start: {:.2?}",
            median.saturating_sub(nothing)
        );
    }
}

/// From a key to its letter on the screen: the vote is on disk by then.
fn key_to_recorded(folder: &Path) {
    let mut terminal = review(folder, Answers::Plain, "none");
    terminal.wait_for_text("▸ 1");
    let mut times = Vec::new();
    for _ in 0..40 {
        for line in 1..=LABELS {
            let began = Instant::now();
            terminal.keys("y");
            terminal.wait_for_text(&format!("{line} y"));
            times.push(began.elapsed());
        }
        terminal.keys("\r");
        terminal.wait_for_text("▸ 1 ·");
    }
    say(
        "key to vote on disk and on the screen, in a pty",
        &mut times,
        "60 Hz frame",
        FRAME,
    );
}

/// Resident memory in MB, and open files.
fn held(process: u32) -> (f64, usize) {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
    let files = std::fs::read_dir(format!("/proc/{process}/fd")).map_or(0, Iterator::count);
    (kilobytes.unwrap_or(0.0) / 1e3, files)
}

/// One picture after the other of 120 photographs, as a whole and zoomed in: what is held, and how long keys take.
fn a_thousand_pictures(answers: Answers, name: &str) {
    let Some(project) = common::Project::of_photos() else {
        return;
    };
    let opening = Opening {
        columns: 100,
        rows: 30,
        answers,
        ..Opening::default()
    };
    let mut terminal = Pty::open(project.folder(), &["review", "--rater", "bench"], opening);
    terminal.wait_for_text("▸ 1");
    let mut times: Vec<Duration> = Vec::new();
    let mut early = (0.0, 0);
    for number in 1..=1000 {
        let before = terminal.raw().len();
        let began = Instant::now();
        // Every task: whole, twice, four times as large, then the next.
        terminal.keys(if number % 3 == 0 { "s" } else { "z" });
        terminal.wait_until("a frame", |terminal| {
            find(&terminal.raw()[before..], b"\x1b[?2026l").is_some()
        });
        times.push(began.elapsed());
        // As a rater looks at it: the picture comes meanwhile.
        terminal.read_for(Duration::from_millis(40));
        if number == 200 {
            early = held(terminal.process_id());
        }
    }
    let (memory, files) = held(terminal.process_id());
    let (first, last) = times.split_at_mut(200);
    let first = percentile(first, 0.99);
    say(
        &format!("key to frame, pictures 201 to 1,000, {name}, in a pty"),
        last,
        "p99 of the first 200",
        first,
    );
    println!(
        "  {:.0} MB and {} files open after 200 pictures, {memory:.0} MB and {files} after 1,000",
        early.0, early.1
    );
    terminal.keys("\x03");
    terminal.wait_for_end();
}

/// From the start of the process to the labels, where the terminal answers nothing that it is asked.
fn silent_terminal() {
    let project = common::Project::of_drawings();
    let start = |answers| {
        let mut times: Vec<Duration> = (0..20)
            .map(|_| {
                let began = Instant::now();
                let opening = Opening {
                    answers,
                    ..Opening::default()
                };
                let arguments = ["review", "--rater", "bench"];
                let mut terminal = Pty::open(project.folder(), &arguments, opening);
                terminal.wait_for_text("▸ 1");
                let taken = began.elapsed();
                terminal.keys("\x03");
                terminal.wait_for_end();
                taken
            })
            .collect();
        times.sort_unstable();
        times
    };
    let answered = percentile(&mut start(Answers::Plain), 0.5);
    say(
        "start to first task, a terminal that answers nothing",
        &mut start(Answers::Nothing),
        "the median where it answers",
        answered,
    );
}
