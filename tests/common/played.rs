//! A review screen without terminal, disk or picture workers: the test plays all of them.
#![allow(dead_code, reason = "every test file uses its own part")]

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, OnceLock};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use relabel::consensus::Change;
use relabel::domain::{Answer, ClassIndex, Classes, ImageId, QuestionId, TaskId};
use relabel::hierarchy::Hierarchy;
use relabel::review::effect::{Effect, NoteText};
use relabel::review::event::Event;
use relabel::review::keymap::Keymap;
use relabel::review::state::{
    self, EarlierTask, EarlierTasks, Label, Mode, Progress, Shown, State, Task,
};
use relabel::review::summary::{Dispute, Estimate, FinalLabels, PairAgreement, Summary};
use relabel::review::update;
use relabel::review::view::Palette;

pub const DESKTOP: ClassIndex = ClassIndex(527);
pub const LAPTOP: ClassIndex = ClassIndex(620);
pub const NOTEBOOK: ClassIndex = ClassIndex(681);
pub const DESK: ClassIndex = ClassIndex(526);
pub const TABBY: ClassIndex = ClassIndex(281);

/// Earlier tasks that are read at a time.
pub const EARLIER_AT_ONCE: usize = 2;

/// The built-in classes, read once.
pub fn classes() -> (Arc<Classes>, Arc<Hierarchy>) {
    static BUILT_IN: OnceLock<(Arc<Classes>, Arc<Hierarchy>)> = OnceLock::new();
    BUILT_IN
        .get_or_init(|| {
            let (classes, hierarchy) = relabel::formats::classes::ilsvrc2012().unwrap();
            (Arc::new(classes), Arc::new(hierarchy))
        })
        .clone()
}

/// A label as it is read from the project file.
pub fn label(task: TaskId, class: ClassIndex) -> Label {
    let (classes, hierarchy) = classes();
    let known = classes.get(class).unwrap();
    Label {
        class,
        question: Some(QuestionId(task.0 * 1000 + i64::from(class.0))),
        name: known.name.clone(),
        gloss: known.gloss.clone(),
        ancestors: hierarchy.ancestors_line(class),
        heading: hierarchy.heading_of(class).to_owned(),
        added: false,
        recorded: None,
        sending: None,
        insight: None,
    }
}

/// A task with these labels; every task has an image of its own.
pub fn task(id: i64, labels: &[ClassIndex]) -> Task {
    Task {
        id: TaskId(id),
        image: ImageId(id * 10),
        image_name: format!("ILSVRC2012_val_{:08}.JPEG", 41_206 + id),
        part: (1, 1),
        labels: labels
            .iter()
            .map(|class| label(TaskId(id), *class))
            .collect(),
        no_picture: None,
        flagged: false,
        comments: Vec::new(),
        notes: Vec::new(),
    }
}

/// The task of the design's picture.
pub fn computers(id: i64) -> Task {
    task(id, &[DESKTOP, LAPTOP, NOTEBOOK, DESK])
}

pub fn state_of(open: &[TaskId], keymap: Keymap, size: (u16, u16)) -> State {
    let (classes, hierarchy) = classes();
    let progress = Progress {
        total: open.len(),
        ..Progress::default()
    };
    let sitting = state::Sitting {
        classes,
        hierarchy,
        keymap,
        palette: Palette::new(true),
        rater: "alice".to_owned(),
        open: open.to_vec(),
        progress,
    };
    State::new(sitting, size)
}

/// The key that a text names: one character, or `enter`, `esc`, `up`, `ctrl-c`…
pub fn key(text: &str) -> KeyEvent {
    let (modifiers, name) = match text.strip_prefix("ctrl-") {
        Some(letter) => (KeyModifiers::CONTROL, letter),
        None => (KeyModifiers::NONE, text),
    };
    let code = match name {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "backspace" => KeyCode::Backspace,
        "pageup" => KeyCode::PageUp,
        "pagedown" => KeyCode::PageDown,
        "space" => KeyCode::Char(' '),
        _ => KeyCode::Char(name.chars().next().unwrap()),
    };
    KeyEvent::new(code, modifiers)
}

/// What the sitting came to, as the project file would say it.
pub fn summary(disputes: &[TaskId]) -> Summary {
    let estimate = |value: f64| Estimate {
        value,
        interval: (value - 0.1, value + 0.05),
    };
    let image = |id: i64| format!("ILSVRC2012_val_{:08}.JPEG", 41_206 + id);
    Summary {
        of_own: false,
        method: "calibrated, threshold 0.8".to_owned(),
        pairs: vec![PairAgreement {
            rater: "bob".to_owned(),
            questions: 40,
            raw: estimate(0.9),
            kappa: estimate(0.71),
        }],
        gold: None,
        with_others: 0,
        label_sets: vec![
            FinalLabels {
                image: ImageId(10),
                name: image(1),
                labels: vec!["desktop computer".to_owned(), "desk".to_owned()],
                original: Some("desktop computer".to_owned()),
                change: Change::Extended,
            },
            FinalLabels {
                image: ImageId(20),
                name: image(2),
                labels: Vec::new(),
                original: Some("laptop, laptop computer".to_owned()),
                change: Change::Empty,
            },
        ],
        disputes: disputes
            .iter()
            .map(|task| Dispute {
                task: *task,
                image: image(task.0),
                label: "notebook, notebook computer".to_owned(),
                score: 0.5,
                decided_by: None,
            })
            .collect(),
        disputes_total: disputes.len(),
        weighs_raters: true,
        decided_total: 0,
        answered_notes: Vec::new(),
        purpose: None,
    }
}

/// The other side of the screen: it does what effects ask for when the test lets it, and keeps what is on disk.
pub struct Sitting {
    pub state: State,
    /// Effects that wait for an answer, the oldest first.
    pub waiting: VecDeque<Effect>,
    /// Every effect so far.
    pub effects: Vec<Effect>,
    /// What the project file holds of each task.
    pub project: HashMap<TaskId, Task>,
    /// The newest answer on disk.
    pub disk: BTreeMap<(TaskId, ClassIndex), Answer>,
    /// The flags and comments on disk, in their order.
    pub notes: Vec<(ImageId, NoteText)>,
    /// What the closing screen is told.
    pub summary: Summary,
    /// Whether the screen has said that it wants to end.
    pub ended: bool,
    clock: i64,
    new_question: i64,
}

impl Sitting {
    /// A sitting over these tasks, all of them open; nothing is answered yet, not even reading.
    pub fn begin(tasks: Vec<Task>) -> Sitting {
        Sitting::with_keys(tasks, Keymap::default())
    }

    pub fn with_keys(tasks: Vec<Task>, keymap: Keymap) -> Sitting {
        let open: Vec<TaskId> = tasks.iter().map(|task| task.id).collect();
        Sitting::with_others(tasks, &open, keymap)
    }

    /// A project of which only some tasks are open.
    pub fn with_others(tasks: Vec<Task>, open: &[TaskId], keymap: Keymap) -> Sitting {
        let disk = tasks.iter().flat_map(|task| {
            let answered = task.labels.iter();
            answered.filter_map(|label| Some(((task.id, label.class), label.recorded?)))
        });
        let mut sitting = Sitting {
            state: state_of(open, keymap, (80, 24)),
            waiting: VecDeque::new(),
            effects: Vec::new(),
            disk: disk.collect(),
            project: tasks.into_iter().map(|task| (task.id, task)).collect(),
            notes: Vec::new(),
            summary: summary(&[]),
            ended: false,
            clock: 1_000_000,
            new_question: 1_000_000,
        };
        let effects = update::start(&mut sitting.state);
        sitting.keep(effects);
        sitting
    }

    /// A sitting whose first tasks are read.
    pub fn ready(tasks: Vec<Task>) -> Sitting {
        let mut sitting = Sitting::begin(tasks);
        sitting.settle();
        sitting
    }

    fn keep(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            self.effects.push(effect.clone());
            match effect {
                Effect::Quit | Effect::Interrupt => self.ended = true,
                Effect::Redraw
                | Effect::Suspend
                | Effect::WantPictures(_)
                | Effect::GiveBack(_) => {}
                waits => self.waiting.push_back(waits),
            }
        }
    }

    pub fn happens(&mut self, event: Event) {
        let effects = update::update(&mut self.state, event);
        self.keep(effects);
    }

    /// A frame is drawn that holds what there is to see, with every label and the picture.
    pub fn see(&mut self) -> &mut Sitting {
        let is_seen = matches!(self.state.mode, Mode::Voting | Mode::Comment(_));
        let task = self.state.task().filter(|_| is_seen);
        let labels = task.map(|task| task.labels.iter().map(|label| label.class).collect());
        self.draws(Shown {
            size: self.state.size,
            task: task.map(|task| task.id),
            labels: labels.unwrap_or_default(),
            picture: task.is_some(),
        })
    }

    /// A frame is drawn that holds this.
    pub fn draws(&mut self, shown: Shown) -> &mut Sitting {
        if shown != self.state.shown {
            self.happens(Event::Drawn(shown));
        }
        self
    }

    /// Presses keys that are named with blanks between, one second apart, each on a screen that is drawn; nothing is answered.
    pub fn press(&mut self, keys: &str) -> &mut Sitting {
        for text in keys.split_whitespace() {
            self.see();
            self.press_ahead(text, 1000);
        }
        self
    }

    /// Presses keys so many milliseconds apart, with no frame between them.
    pub fn press_ahead(&mut self, keys: &str, apart: i64) -> &mut Sitting {
        for text in keys.split_whitespace() {
            self.clock += apart;
            self.happens(Event::Key {
                key: key(text),
                at: self.clock,
            });
        }
        self
    }

    /// Presses keys; after each of them everything is answered.
    pub fn press_and_settle(&mut self, keys: &str) -> &mut Sitting {
        for text in keys.split_whitespace() {
            self.press(text);
            self.settle();
        }
        self
    }

    /// Types a text, blanks and all.
    pub fn types(&mut self, text: &str) -> &mut Sitting {
        for character in text.chars() {
            let code = KeyCode::Char(character);
            let at = self.clock;
            self.happens(Event::Key {
                key: KeyEvent::new(code, KeyModifiers::NONE),
                at,
            });
        }
        self
    }

    /// Does what every waiting effect asks for, and what comes of it.
    pub fn settle(&mut self) -> &mut Sitting {
        while self.answer_next(true) {}
        self
    }

    /// Does what the oldest waiting effect asks for, or lets it fail. False when none waits.
    pub fn answer_next(&mut self, succeeds: bool) -> bool {
        while let Some(Effect::DropAdded(question)) = self.waiting.front() {
            let question = *question;
            self.drop_added(question);
            self.waiting.pop_front();
        }
        let Some(effect) = self.waiting.pop_front() else {
            return false;
        };
        let reason = "the disk is full".to_owned();
        let event = match effect {
            Effect::StoreVotes { step, .. } if !succeeds => Event::VotesFailed { step, reason },
            Effect::StoreVotes {
                step,
                task,
                answers,
                ..
            } => {
                let mut questions = Vec::new();
                for answer in answers {
                    let place = (task, answer.class);
                    match answer.answer {
                        Some(given) => self.disk.insert(place, given),
                        None => self.disk.remove(&place),
                    };
                    questions.push((answer.class, self.question_of(task, answer.class)));
                }
                Event::VotesStored { step, questions }
            }
            Effect::StoreNote { image, .. } if !succeeds => Event::NoteFailed { image, reason },
            Effect::StoreNote { image, note, .. } => {
                self.notes.push((image, note));
                Event::NoteStored { image }
            }
            Effect::LoadTask(task) if !succeeds => Event::TaskFailed { task, reason },
            Effect::LoadTask(task) => Event::TaskLoaded(self.read(task)),
            Effect::LoadExamples { class, .. } => Event::ExamplesLoaded {
                class,
                images: vec![(ImageId(990), "image 990".to_owned())],
            },
            Effect::LoadEarlier { .. } if !succeeds => Event::EarlierFailed(reason),
            Effect::LoadEarlier { filter, from } => {
                Event::EarlierLoaded(self.earlier(filter, from))
            }
            Effect::Summarise if !succeeds => Event::SummaryFailed(reason),
            Effect::Summarise => Event::SummaryReady(Box::new(self.summary.clone())),
            other => panic!("{other:?} does not wait"),
        };
        self.happens(event);
        true
    }

    /// Takes an added label out of its task, unless an answer to it stands.
    fn drop_added(&mut self, question: QuestionId) {
        for (id, task) in &mut self.project {
            let disk = &self.disk;
            task.labels.retain(|label| {
                label.question != Some(question) || disk.contains_key(&(*id, label.class))
            });
        }
    }

    /// The task as the project file has it.
    fn read(&self, id: TaskId) -> Task {
        let mut task = self.project[&id].clone();
        for label in &mut task.labels {
            label.recorded = self.disk.get(&(id, label.class)).copied();
        }
        for (_, note) in self.notes.iter().filter(|(image, _)| *image == task.image) {
            match note {
                NoteText::Flag => task.flagged = true,
                NoteText::Unflag => task.flagged = false,
                NoteText::Comment(text) => task.comments.push(text.clone()),
                NoteText::Answer { .. } => {}
            }
        }
        task
    }

    /// Two of the tasks with answers on disk; for the list they were answered in the order of their keys.
    fn earlier(&self, filter: String, from: usize) -> EarlierTasks {
        let answered: BTreeSet<TaskId> = self.disk.keys().map(|(task, _)| *task).collect();
        let numbered = answered.iter().enumerate().rev();
        let tasks = numbered.map(|(place, &id)| {
            let task = self.read(id);
            EarlierTask {
                task: id,
                number: place + 1,
                image: task.image_name.clone(),
                part: task.part,
                at: "2026-11-02 14:03".to_owned(),
                answers: task.labels.iter().map(|label| label.recorded).collect(),
            }
        });
        let found = tasks.filter(|task| task.number.to_string().starts_with(&filter));
        let mut rest: Vec<EarlierTask> = found.skip(from).collect();
        let more = rest.len() > EARLIER_AT_ONCE;
        rest.truncate(EARLIER_AT_ONCE);
        EarlierTasks {
            filter,
            from,
            tasks: rest,
            more,
        }
    }

    /// The question of a class; an added label gets a new one.
    fn question_of(&mut self, id: TaskId, class: ClassIndex) -> QuestionId {
        let task = self.project.get_mut(&id).unwrap();
        let known = task.labels.iter().find(|label| label.class == class);
        if let Some(question) = known.and_then(|label| label.question) {
            return question;
        }
        self.new_question += 1;
        let question = QuestionId(self.new_question);
        let mut added = label(id, class);
        added.question = Some(question);
        task.labels.push(added);
        question
    }

    /// The task on the screen.
    pub fn task(&self) -> &Task {
        self.state.task().unwrap()
    }

    /// Recorded answers of a task, from top to bottom: letters, `·` for none, `…` for one on its way.
    pub fn marks(&self, id: i64) -> String {
        let task = &self.state.tasks[&TaskId(id)];
        let mark = |label: &Label| match (label.sending, label.recorded) {
            (Some(_), _) => '…',
            (None, Some(answer)) => answer.letter(),
            (None, None) => '·',
        };
        task.labels.iter().map(mark).collect()
    }

    /// The task on the screen by its number.
    pub fn current(&self) -> Option<i64> {
        self.state.current.map(|task| task.0)
    }

    pub fn queue(&self) -> Vec<i64> {
        self.state.queue.iter().map(|task| task.0).collect()
    }

    /// What the message line says.
    pub fn says(&self) -> &str {
        self.state.message.as_ref().map_or("", |line| &line.text)
    }
}
