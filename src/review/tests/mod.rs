//! The pure review screen, played with a driver made of a few maps: stories, properties, and what stands on the screen.

mod around;
mod properties;
mod screens;
mod voting;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, LazyLock};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::effect::{Effect, NoteText};
use super::event::Event;
use super::keymap::Keymap;
use super::picture::PictureRequest;
use super::state::{Label, Progress, Sitting, State, Task};
use super::summary::{Dispute, Summary};
use super::update::{start, update};
use super::view::{Palette, view};
use crate::domain::{Answer, ClassIndex, Classes, ImageId, QuestionId, TaskId};
use crate::formats::classes::ilsvrc2012;
use crate::hierarchy::Hierarchy;
use crate::text::width;

static CLASSES: LazyLock<(Arc<Classes>, Arc<Hierarchy>)> = LazyLock::new(|| {
    let (classes, hierarchy) = ilsvrc2012().unwrap();
    (Arc::new(classes), Arc::new(hierarchy))
});

/// A review screen with a driver that keeps everything in memory.
pub struct Stage {
    pub state: State,
    /// Tasks as they are read, without answers.
    pub plan: HashMap<TaskId, Task>,
    /// The answers that stand on disk.
    pub disk: BTreeMap<(TaskId, ClassIndex), Answer>,
    /// Labels that the rater added and that are in their tasks.
    pub added: Vec<(TaskId, ClassIndex, QuestionId)>,
    /// Flags and comments on disk.
    pub notes: Vec<(ImageId, NoteText)>,
    /// Everything that was asked for.
    pub log: Vec<Effect>,
    /// What was asked for and is not done yet.
    pub waiting: VecDeque<Effect>,
    /// Whether what is asked for waits until `serve`.
    pub held: bool,
    /// What the closing screen is told.
    pub summary: Summary,
    pub clock: i64,
}

/// A label of a class of the ILSVRC list.
pub fn label(class: u32) -> Label {
    let (classes, hierarchy) = &*CLASSES;
    let class = classes.get(ClassIndex(class)).unwrap();
    Label {
        class: class.index,
        question: Some(QuestionId(i64::from(class.index.0))),
        name: class.name.clone(),
        gloss: class.gloss.clone(),
        ancestors: hierarchy.ancestors_line(class.index),
        heading: hierarchy.heading_of(class.index).to_owned(),
        added: false,
        recorded: None,
        sending: None,
        insight: None,
    }
}

pub fn task(id: i64, classes: &[u32]) -> Task {
    Task {
        id: TaskId(id),
        image: ImageId(id * 10),
        image_name: format!("ILSVRC2012_val_{:08}.JPEG", 41_200 + id),
        part: (1, 1),
        labels: classes.iter().map(|class| label(*class)).collect(),
        no_picture: None,
        flagged: false,
        comments: Vec::new(),
    }
}

/// The task of DESIGN.md's screen: desktop computer, laptop, notebook, desk.
pub fn desk(id: i64) -> Task {
    task(id, &[527, 620, 681, 526])
}

pub fn pressed(character: char) -> KeyEvent {
    let code = match character {
        '⏎' => KeyCode::Enter,
        '⎋' => KeyCode::Esc,
        '↑' => KeyCode::Up,
        '↓' => KeyCode::Down,
        '⌫' => KeyCode::Backspace,
        '⇟' => KeyCode::PageDown,
        '⇞' => KeyCode::PageUp,
        other => KeyCode::Char(other),
    };
    KeyEvent::new(code, KeyModifiers::NONE)
}

impl Stage {
    pub fn new(tasks: Vec<Task>) -> Stage {
        Stage::with(tasks, Keymap::default())
    }

    pub fn with(tasks: Vec<Task>, keymap: Keymap) -> Stage {
        let (classes, hierarchy) = &*CLASSES;
        let sitting = Sitting {
            classes: Arc::clone(classes),
            hierarchy: Arc::clone(hierarchy),
            keymap,
            palette: Palette::new(false),
            rater: "alice".to_owned(),
            open: tasks.iter().map(|task| task.id).collect(),
            progress: Progress {
                total: tasks.len(),
                ..Progress::default()
            },
        };
        let mut stage = Stage {
            state: State::new(sitting, (80, 24)),
            plan: tasks.into_iter().map(|task| (task.id, task)).collect(),
            disk: BTreeMap::new(),
            added: Vec::new(),
            notes: Vec::new(),
            log: Vec::new(),
            waiting: VecDeque::new(),
            held: false,
            summary: Summary::default(),
            clock: 1_000_000,
        };
        let effects = start(&mut stage.state);
        stage.take(effects);
        stage.serve_all();
        stage
    }

    /// Some tasks like the one of DESIGN.md.
    pub fn of(tasks: i64) -> Stage {
        Stage::new((1..=tasks).map(desk).collect())
    }

    fn take(&mut self, effects: Vec<Effect>) {
        self.log.extend(effects.iter().cloned());
        self.waiting.extend(effects);
    }

    pub fn event(&mut self, event: Event) {
        let effects = update(&mut self.state, event);
        self.take(effects);
        if !self.held {
            self.serve_all();
        }
    }

    pub fn key(&mut self, key: KeyEvent) {
        self.clock += 1_500;
        let at = self.clock;
        self.event(Event::Key { key, at });
    }

    /// Presses keys one after the other.
    pub fn press(&mut self, keys: &str) {
        for character in keys.chars() {
            self.key(pressed(character));
        }
    }

    pub fn control(&mut self, letter: char) {
        self.key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL));
    }

    pub fn serve_all(&mut self) {
        while self.serve(true) {}
    }

    /// Does what was asked for first, or fails to; false when nothing was asked for.
    pub fn serve(&mut self, works: bool) -> bool {
        let Some(effect) = self.waiting.pop_front() else {
            return false;
        };
        for event in self.answer(effect, works) {
            let effects = update(&mut self.state, event);
            self.take(effects);
        }
        true
    }

    fn answer(&mut self, effect: Effect, works: bool) -> Vec<Event> {
        let reason = || "disk is full".to_owned();
        match effect {
            Effect::StoreVotes { step, .. } if !works => vec![Event::VotesFailed {
                step,
                reason: reason(),
            }],
            Effect::StoreVotes {
                step,
                task,
                answers,
                ..
            } => {
                let mut questions = Vec::new();
                for given in answers {
                    let key = (task, given.class);
                    match given.answer {
                        Some(answer) => self.disk.insert(key, answer),
                        None => self.disk.remove(&key),
                    };
                    let question = QuestionId(i64::from(given.class.0));
                    let added = (task, given.class, question);
                    if given.question.is_none() && !self.added.contains(&added) {
                        self.added.push(added);
                    }
                    questions.push((given.class, question));
                }
                vec![Event::VotesStored { step, questions }]
            }
            Effect::DropAdded(question) => {
                let disk = &self.disk;
                self.added.retain(|&(task, class, of)| {
                    of != question || disk.contains_key(&(task, class))
                });
                Vec::new()
            }
            Effect::StoreNote { image, .. } if !works => vec![Event::NoteFailed {
                image,
                reason: reason(),
            }],
            Effect::StoreNote { image, note, .. } => {
                self.notes.push((image, note));
                vec![Event::NoteStored { image }]
            }
            Effect::LoadTask(id) => vec![self.read(id)],
            Effect::LoadExamples { class, .. } => vec![Event::ExamplesLoaded {
                class,
                images: (1..=6)
                    .map(|n| (ImageId(n), format!("example {n}.jpg")))
                    .collect(),
            }],
            Effect::Summarise => vec![Event::SummaryReady(Box::new(self.summary.clone()))],
            Effect::WantPictures(_)
            | Effect::Redraw
            | Effect::Suspend
            | Effect::Quit
            | Effect::Interrupt => Vec::new(),
        }
    }

    fn read(&self, id: TaskId) -> Event {
        let Some(mut task) = self.plan.get(&id).cloned() else {
            return Event::TaskFailed {
                task: id,
                reason: "it is gone".to_owned(),
            };
        };
        for (_, class, question) in self.added.iter().filter(|(of, ..)| *of == id) {
            task.labels.push(Label {
                question: Some(*question),
                ..label(class.0)
            });
        }
        for label in &mut task.labels {
            label.recorded = self.disk.get(&(id, label.class)).copied();
        }
        task.flagged = self.flagged(task.image);
        Event::TaskLoaded(task)
    }

    pub fn flagged(&self, image: ImageId) -> bool {
        let flags = self.notes.iter().filter(|(on, _)| *on == image);
        flags
            .filter(|(_, note)| !matches!(note, NoteText::Comment(_)))
            .next_back()
            .is_some_and(|(_, note)| *note == NoteText::Flag)
    }

    /// The marks of the task on the screen, as a rater reads them.
    pub fn marks(&self) -> String {
        let labels = self.state.task().map_or(&[][..], |task| &task.labels);
        let mark = |label: &Label| match (label.sending, label.recorded) {
            (Some((_, Some(_))), _) => '…',
            (Some((_, None)), _) | (None, None) => '·',
            (None, Some(answer)) => answer.letter(),
        };
        labels.iter().map(mark).collect()
    }

    /// The task on the screen.
    pub fn current(&self) -> Option<i64> {
        self.state.current.map(|task| task.0)
    }

    pub fn message(&self) -> &str {
        self.state
            .message
            .as_ref()
            .map_or("", |message| &message.text)
    }

    /// The class under the cursor.
    pub fn cursor(&self) -> u32 {
        self.state.label().unwrap().class.0
    }

    pub fn disputes(&mut self, tasks: &[i64]) {
        let dispute = |&task: &i64| Dispute {
            task: TaskId(task),
            image: format!("ILSVRC2012_val_{:08}.JPEG", 41_200 + task),
            label: "desk".to_owned(),
            score: 0.5,
        };
        self.summary.disputes = tasks.iter().map(dispute).collect();
        self.summary.disputes_total = tasks.len();
    }

    /// The pictures that were asked for last.
    pub fn wanted(&self) -> Vec<PictureRequest> {
        let wanted = self.log.iter().rev().find_map(|effect| match effect {
            Effect::WantPictures(wanted) => Some(wanted.clone()),
            _ => None,
        });
        wanted.unwrap_or_default()
    }

    /// What stands on a screen of the state's size.
    pub fn screen(&self) -> String {
        let (columns, rows) = self.state.size;
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        terminal.draw(|frame| view(&self.state, frame)).unwrap();
        let buffer = terminal.backend().buffer();
        let mut screen = String::new();
        for row in 0..rows {
            let mut column = 0;
            while column < columns {
                let symbol = buffer[(column, row)].symbol();
                screen.push_str(symbol);
                // A wide symbol hides the cell behind it.
                column += u16::try_from(width(symbol)).unwrap().max(1);
            }
            assert_eq!(column, columns, "row {row} is too long");
            screen.truncate(screen.trim_end_matches(' ').len());
            screen.push('\n');
        }
        screen
    }
}
