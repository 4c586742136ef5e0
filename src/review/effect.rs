//! What the review screen wants done, as data.

use super::event::StepId;
use super::picture::PictureRequest;
use crate::domain::{Answer, ClassIndex, ImageId, NoteId, QuestionId, TaskId};

/// An answer on its way to disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredAnswer {
    /// The class asked about.
    pub class: ClassIndex,
    /// The question; none for a label that this rater adds with the answer.
    pub question: Option<QuestionId>,
    /// The answer; none takes the standing one back.
    pub answer: Option<Answer>,
    /// Milliseconds that the rater spent on it.
    pub spent: Option<u32>,
}

/// What a note says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoteText {
    /// Somebody should look at this image.
    Flag,
    /// The flag is taken back.
    Unflag,
    /// A remark in words.
    Comment(String),
    /// What is said to somebody's flag or comment.
    Answer {
        /// The note.
        to: NoteId,
        /// In words.
        text: String,
    },
}

impl NoteText {
    /// Whether it sets the flag or takes it back.
    pub(super) fn is_about_flag(&self) -> bool {
        matches!(self, NoteText::Flag | NoteText::Unflag)
    }
}

/// What the review screen wants done. The driver does it and answers with events.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    // The project file.
    /// Put answers on disk, all or none; answered by `VotesStored` or `VotesFailed`.
    StoreVotes {
        /// The step that they belong to.
        step: StepId,
        /// The task.
        task: TaskId,
        /// Its image.
        image: ImageId,
        /// The answers.
        answers: Vec<StoredAnswer>,
        /// Unix milliseconds.
        at: i64,
    },
    /// Take an added label that nobody answers any more out of its task.
    DropAdded(QuestionId),
    /// Put a note on disk; answered by `NoteStored` or `NoteFailed`.
    StoreNote {
        /// On which image.
        image: ImageId,
        /// What it says.
        note: NoteText,
        /// Unix milliseconds.
        at: i64,
    },
    /// Read a task; answered by `TaskLoaded`, `TaskSettled` or `TaskFailed`.
    LoadTask(TaskId),
    /// Let others have a task that the rater has put last; it is read again when its turn comes.
    GiveBack(TaskId),
    /// Find images that carry a class; answered by `ExamplesLoaded`.
    LoadExamples {
        /// The class.
        class: ClassIndex,
        /// The image that is looked at, which is left out.
        except: ImageId,
    },
    /// Read a part of the tasks that the rater has answered, the newest first; answered by `EarlierLoaded` or `EarlierFailed`.
    LoadEarlier {
        /// First digits of a number, or a part of a name; all tasks where empty.
        filter: String,
        /// Number of tasks before this part of the list.
        from: usize,
    },
    /// Say what came of the sitting; answered by `SummaryReady`, in an audit `AuditReady`, or `SummaryFailed`.
    Summarise,

    // Pictures.
    /// These pictures are wanted, the most urgent first; others that are waiting need not be made.
    WantPictures(Vec<PictureRequest>),

    // The program.
    /// Draw everything again.
    Redraw,
    /// Stop as ctrl-z does.
    Suspend,
    /// End; the votes that were sent are stored first.
    Quit,
    /// End at once, as ctrl-c does; the votes that were sent are stored first.
    Interrupt,
}
