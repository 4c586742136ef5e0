//! What happens to the review screen, as data.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::KeyEvent;

use super::picture::{NoPicture, Picture, PictureRequest};
use super::state::{EarlierTasks, Shown, Task};
use super::summary::{AuditSummary, Summary};
use crate::domain::{ClassIndex, ImageId, QuestionId, TaskId};

/// Names a key press that stored something, from 1 in a sitting.
pub type StepId = u64;

/// What happens to the review screen. Times are Unix milliseconds.
#[derive(Debug, Clone)]
pub enum Event {
    // From the terminal.
    /// A key was pressed.
    Key {
        /// Which.
        key: KeyEvent,
        /// When.
        at: i64,
    },
    /// Text was pasted.
    Pasted(String),
    /// The terminal has a new size.
    Resize {
        /// Its width.
        columns: u16,
        /// Its height.
        rows: u16,
    },
    /// The terminal is ours again after a suspension.
    Resumed,
    /// Pictures are made in another way from now on.
    PicturesChanged {
        /// Whether there are any.
        shown: bool,
    },
    /// The newest frame holds something else of the task than the one before, or more of its picture has arrived.
    Drawn(Shown),
    /// How long the picture on the screen was on its way; none while it is.
    PictureArrived(Option<Duration>),

    // From the project file.
    /// In the place of a task that was asked for comes another one, which is being read; the former has its place in the queue.
    TaskChosen {
        /// The one that was asked for.
        asked: TaskId,
        /// The one that comes.
        chosen: TaskId,
    },
    /// A task was read.
    TaskLoaded(Task),
    /// A task needs no further rater: others have settled all that it asks, or are enough.
    TaskSettled(TaskId),
    /// A task could not be read.
    TaskFailed {
        /// Which.
        task: TaskId,
        /// Why.
        reason: String,
    },
    /// The votes of a step are on disk.
    VotesStored {
        /// Which step.
        step: StepId,
        /// The questions that stand for the classes of the step.
        questions: Vec<(ClassIndex, QuestionId)>,
    },
    /// The votes of a step are not on disk, and will not be.
    VotesFailed {
        /// Which step.
        step: StepId,
        /// Why.
        reason: String,
    },
    /// A note is on disk.
    NoteStored {
        /// On which image.
        image: ImageId,
    },
    /// A note is not on disk, and will not be.
    NoteFailed {
        /// On which image.
        image: ImageId,
        /// Why.
        reason: String,
    },
    /// Images that carry a class.
    ExamplesLoaded {
        /// Which class.
        class: ClassIndex,
        /// Image, and its number or name in words.
        images: Vec<(ImageId, String)>,
    },
    /// A part of the tasks that the rater has answered.
    EarlierLoaded(EarlierTasks),
    /// They cannot be read, for this reason.
    EarlierFailed(String),
    /// What came of the sitting.
    SummaryReady(Box<Summary>),
    /// The question that the audit puts is settled.
    AuditSettled,
    /// Where the audit stands.
    AuditReady(Box<AuditSummary>),
    /// It could not be said what came of the sitting.
    SummaryFailed(String),

    // From the picture workers.
    /// A picture can be drawn.
    PictureReady {
        /// What was asked for.
        request: PictureRequest,
        /// The picture.
        picture: Arc<Picture>,
    },
    /// A picture cannot be drawn.
    PictureFailed {
        /// What was asked for.
        request: PictureRequest,
        /// Why.
        reason: NoPicture,
    },
}
