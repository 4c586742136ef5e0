//! Everything that the review screen knows.

mod earlier;
mod ending;
mod sight;
mod task;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::KeyEvent;

use super::effect::NoteText;
use super::event::StepId;
use super::keymap::Keymap;
use super::layout::bounded;
use super::picture::{NoPicture, Picture, PictureRequest, Viewport};
use super::search::Search;
use super::summary::{AuditSummary, Summary};
use super::view::Palette;
use crate::domain::{Answer, ClassIndex, Classes, ImageId, NoteId, TaskId};
use crate::hierarchy::Hierarchy;

pub use earlier::{Detour, Earlier, EarlierTask, EarlierTasks};
pub use sight::{NotSeen, Shown, can_answer, can_vote};
pub use task::{ImageNote, Insight, Label, Task};

/// How far the rater is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// Tasks of the round for this rater.
    pub total: usize,
    /// Tasks finished before this sitting.
    pub before: usize,
    /// Tasks finished in this sitting.
    pub finished: usize,
    /// Tasks finished since midnight, before this sitting.
    pub today_before: usize,
    /// Labels that got their answer in this sitting, on disk.
    pub votes: usize,
    /// Milliseconds spent on them.
    pub spent: u64,
}

/// A picture on its way.
#[derive(Debug, Clone)]
pub enum PictureState {
    /// Being made.
    Waiting,
    /// Ready to be drawn.
    Ready(Arc<Picture>),
    /// There is none, for this reason.
    Failed(NoPicture),
}

/// What the keys do, and what is drawn.
#[derive(Debug, Clone)]
pub enum Mode {
    /// Answering a task.
    Voting,
    /// Looking for a class to add.
    Search(Search),
    /// Writing a comment.
    Comment(String),
    /// Answering somebody's flag or comment.
    Answer {
        /// Which.
        to: NoteId,
        /// As far as it is written.
        text: String,
    },
    /// Reading what the keys do, from this line on.
    Help(u16),
    /// Looking at other images of a class.
    Examples(Examples),
    /// Choosing one of the tasks that the rater has answered.
    Earlier(Earlier),
    /// Looking at what came of the sitting.
    Closing(Closing),
}

/// What is asked of the labels on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Asks {
    /// Whether each is in the image.
    #[default]
    WhetherInImage,
    /// What stands in place of its score, of an adjudicator.
    Decision,
    /// Whether the one that the image was given is right, in an audit.
    WhetherRight {
        /// Whether the answers that are there settle what the audit is for.
        settled: bool,
    },
}

/// Other images of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examples {
    /// The class.
    pub class: ClassIndex,
    /// Images, with their numbers or names in words; none while they are looked for.
    pub images: Option<Vec<(ImageId, String)>>,
}

/// The closing screen.
#[derive(Debug, Clone, Default)]
pub struct Closing {
    /// What came of the sitting; none while it is worked out.
    pub summary: Option<Box<Summary>>,
    /// Where the audit stands, in an audit; none while it is worked out.
    pub audit: Option<Box<AuditSummary>>,
    /// Why there is no summary.
    pub error: Option<String>,
    /// The dispute that Enter opens.
    pub selected: usize,
    /// The first line that is shown; 0 follows the selected dispute.
    pub scroll: u16,
}

impl Closing {
    /// No fewer lines than the screen would show if it were high enough.
    pub(super) fn most_lines(&self) -> usize {
        let lists = self.summary.as_ref().map_or(0, |summary| {
            4 * (summary.pairs.len() + summary.answered_notes.len())
                + summary.disputes.len()
                + summary.label_sets.len()
        });
        let found = self.audit.as_ref().map_or(0, |audit| audit.found.len());
        30 + lists + found
    }
}

/// A line for the rater.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What it says.
    pub text: String,
    /// Whether something went wrong; such a message stays until the next key.
    pub error: bool,
}

/// Something that `u` takes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Answers were given: the classes with their answers before.
    Votes {
        /// Its name in effects and events.
        step: StepId,
        /// The task.
        task: TaskId,
        /// Class, answer before, milliseconds counted.
        before: Vec<(ClassIndex, Option<Answer>, u32)>,
    },
    /// A label was added.
    Added {
        /// The task.
        task: TaskId,
        /// The class.
        class: ClassIndex,
    },
    /// The flag was set or taken back.
    Flagged {
        /// Its name while the note is on its way.
        step: StepId,
        /// The task.
        task: TaskId,
        /// Whether the flag stood before.
        before: bool,
    },
    /// The task was ended.
    Finished {
        /// The task.
        task: TaskId,
        /// Whether it counted as one of the queue.
        counted: bool,
    },
    /// The task was put last.
    Skipped {
        /// The task.
        task: TaskId,
    },
}

impl Step {
    /// Its name, where it stored something.
    pub(super) fn id(&self) -> Option<StepId> {
        match self {
            Step::Votes { step, .. } | Step::Flagged { step, .. } => Some(*step),
            Step::Added { .. } | Step::Finished { .. } | Step::Skipped { .. } => None,
        }
    }
}

/// What a sitting begins with.
#[derive(Debug, Clone)]
pub struct Sitting {
    /// All classes, for search.
    pub classes: Arc<Classes>,
    /// Their hierarchy, for headings.
    pub hierarchy: Arc<Hierarchy>,
    /// What the keys do.
    pub keymap: Keymap,
    /// How the screen is coloured.
    pub palette: Palette,
    /// Rater's name.
    pub rater: String,
    /// The rater's tasks, the next first.
    pub open: Vec<TaskId>,
    /// How far the rater is.
    pub progress: Progress,
}

/// Answers of a task on their way to disk.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub task: TaskId,
    /// Class and answer; none is taken back.
    pub answers: Vec<(ClassIndex, Option<Answer>)>,
    /// The step that they take back, which belongs to the history again should they be lost.
    pub takes_back: Option<Step>,
}

/// A note on its way to disk.
#[derive(Debug, Clone)]
pub(super) struct SentNote {
    pub image: ImageId,
    pub note: NoteText,
    /// The step that it is, where it is one.
    pub step: Option<StepId>,
    /// The step that it takes back.
    pub takes_back: Option<Step>,
}

impl SentNote {
    /// Whether it answers a note.
    pub fn answers(&self, note: NoteId) -> bool {
        matches!(self.note, NoteText::Answer { to, .. } if to == note)
    }
}

/// Everything that the review screen knows.
#[derive(Debug, Clone)]
pub struct State {
    /// All classes, for search.
    pub classes: Arc<Classes>,
    /// Their hierarchy, for headings.
    pub hierarchy: Arc<Hierarchy>,
    /// What the keys do.
    pub keymap: Keymap,
    /// How it is coloured.
    pub palette: Palette,
    /// Whether pictures are shown at all.
    pub pictures_on: bool,
    /// Whether there is nothing behind the screen to go back to: the screen is all that the rater may use.
    pub kiosk: bool,
    /// True if the rater may see image names. Otherwise images are shown by number.
    pub names: bool,
    /// What is asked of the labels.
    pub asks: Asks,
    /// Whether the screen says what a picture costs.
    pub info_on: bool,
    /// How long the picture on the screen took from its first frame until the terminal had all of it; none while it is under way.
    pub arrival: Option<Duration>,
    /// Rater's name.
    pub rater: String,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// What the keys do now.
    pub mode: Mode,
    /// The task on the screen.
    pub current: Option<TaskId>,
    /// The line of the cursor: a label's, or the one below the last, where it is once every label is answered.
    pub cursor: usize,
    /// The label that the cursor left last: the list stays there.
    pub left: usize,
    /// The part of the image that is shown.
    pub viewport: Viewport,
    /// A line for the rater.
    pub message: Option<Message>,
    /// How far the rater is.
    pub progress: Progress,
    /// Tasks still open, the next first, without the current one.
    pub queue: VecDeque<TaskId>,
    /// Tasks that were read.
    pub tasks: HashMap<TaskId, Task>,
    /// Pictures that are wanted now.
    pub pictures: HashMap<PictureRequest, PictureState>,
    /// True if the current task is on the screen out of turn.
    pub detour: bool,
    /// Its reason, as of the last such task.
    pub detour_kind: Detour,
    /// Images that this sitting has finished tasks of.
    pub touched: Vec<ImageId>,
    /// Tasks of the queue that were not ended yet, wherever they are now.
    pub(super) unfinished: HashSet<TaskId>,
    pub(super) history: Vec<Step>,
    pub(super) next_step: StepId,
    /// Steps on their way to disk.
    pub(super) in_flight: HashMap<StepId, Sent>,
    /// Notes on their way to disk, in their order.
    pub(super) notes_in_flight: VecDeque<SentNote>,
    /// A comment or an answer that was not stored; the next one on its image begins with it.
    pub(super) lost_note: Option<(ImageId, NoteText)>,
    /// The labels that `progress.votes` counts.
    pub(super) voted: HashSet<(TaskId, ClassIndex)>,
    /// Parts of the task in the newest frame.
    pub shown: Shown,
    /// Labels that have been on the screen since the task came there.
    pub(super) seen: HashSet<ClassIndex>,
    /// The last key that would have voted on what was not seen: when, and why it did not count.
    pub(super) refused: Option<(i64, NotSeen)>,
    /// Keys typed before their task was read, with their times.
    pub(super) typed_ahead: VecDeque<(KeyEvent, i64)>,
    /// Tasks that are being read.
    pub(super) loading: HashSet<TaskId>,
    /// Tasks that were put last: others may have them meanwhile, so they are read again when their turn comes.
    pub(super) given_back: HashSet<TaskId>,
    /// When the rater began to think about the next answer, Unix milliseconds.
    pub(super) thinking_since: Option<i64>,
    /// What was asked for last, so that it is asked for once.
    pub(super) wanted: Vec<PictureRequest>,
}

/// How many tasks ahead are read and have their pictures made.
pub(super) const AHEAD: usize = 3;

impl State {
    /// A sitting that is about to begin, on a terminal of this size (columns, rows).
    pub fn new(sitting: Sitting, size: (u16, u16)) -> State {
        let unfinished = sitting.open.iter().copied().collect();
        let mut queue = VecDeque::from(sitting.open);
        let current = queue.pop_front();
        State {
            classes: sitting.classes,
            hierarchy: sitting.hierarchy,
            keymap: sitting.keymap,
            palette: sitting.palette,
            pictures_on: true,
            kiosk: false,
            names: false,
            asks: Asks::default(),
            info_on: false,
            arrival: None,
            rater: sitting.rater,
            size: bounded(size),
            mode: Mode::Voting,
            current,
            cursor: 0,
            left: 0,
            viewport: Viewport::WHOLE,
            message: None,
            progress: sitting.progress,
            queue,
            tasks: HashMap::new(),
            pictures: HashMap::new(),
            detour: false,
            detour_kind: Detour::default(),
            touched: Vec::new(),
            unfinished,
            history: Vec::new(),
            next_step: 1,
            in_flight: HashMap::new(),
            notes_in_flight: VecDeque::new(),
            lost_note: None,
            voted: HashSet::new(),
            shown: Shown::default(),
            seen: HashSet::new(),
            refused: None,
            typed_ahead: VecDeque::new(),
            loading: HashSet::new(),
            given_back: HashSet::new(),
            thinking_since: None,
            wanted: Vec::new(),
        }
    }

    /// The task on the screen, once it is read.
    pub fn task(&self) -> Option<&Task> {
        let current = self.current.filter(|task| self.is_at_hand(*task))?;
        self.tasks.get(&current)
    }

    pub(super) fn task_mut(&mut self) -> Option<&mut Task> {
        let current = self.current.filter(|task| self.is_at_hand(*task))?;
        self.tasks.get_mut(&current)
    }

    /// Whether a task was read, and is still the rater's.
    pub(super) fn is_at_hand(&self, task: TaskId) -> bool {
        self.tasks.contains_key(&task) && !self.given_back.contains(&task)
    }

    /// The label under the cursor.
    pub fn label(&self) -> Option<&Label> {
        self.task()?.labels.get(self.cursor)
    }

    /// True if the cursor is below the labels.
    pub(super) fn cursor_is_below(&self) -> bool {
        self.task()
            .is_some_and(|task| self.cursor >= task.labels.len())
    }

    /// Whether this is an audit.
    pub fn is_audit(&self) -> bool {
        matches!(self.asks, Asks::WhetherRight { .. })
    }

    /// Tasks ended in this session whose answers are on disk: no other counts as done on the screen.
    pub fn finished_on_disk(&self) -> usize {
        let sent = self.in_flight.values().map(|sent| sent.task);
        let ended: HashSet<TaskId> = sent.filter(|task| Some(*task) != self.current).collect();
        self.progress.finished.saturating_sub(ended.len())
    }

    /// Whether votes are still on their way to disk.
    pub fn is_sending(&self) -> bool {
        !self.in_flight.is_empty()
    }

    pub(super) fn say(&mut self, text: impl Into<String>) {
        // What went wrong stays in sight until the rater has pressed a key.
        if self.message.as_ref().is_some_and(|message| message.error) {
            return;
        }
        self.message = Some(Message {
            text: text.into(),
            error: false,
        });
    }

    pub(super) fn complain(&mut self, text: impl Into<String>) {
        self.message = Some(Message {
            text: text.into(),
            error: true,
        });
    }
}
