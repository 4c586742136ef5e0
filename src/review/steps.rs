//! What a rater has done in a sitting, so that it can be taken back, and what of it is on its way to disk.

use super::effect::NoteText;
use super::event::StepId;
use crate::domain::{Answer, ClassIndex, ImageId, TaskId};

/// A task that was opened from the closing screen; afterwards the closing screen is back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detour {
    /// Whether it is one of the rater's open tasks as well, so that its end counts.
    pub queued: bool,
}

/// Answers that were given by one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenVotes {
    /// Its name in effects and events.
    pub step: StepId,
    /// The task.
    pub task: TaskId,
    /// Class, answer before, milliseconds counted.
    pub before: Vec<(ClassIndex, Option<Answer>, u32)>,
}

/// Something that `u` takes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Answers were given: the classes with their answers before.
    Votes(GivenVotes),
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
        /// How it was on the screen, where it had been opened from the closing screen.
        detour: Option<Detour>,
    },
    /// The task was put last.
    Skipped {
        /// The task.
        task: TaskId,
    },
}

impl Step {
    /// Its name in effects and events, where it stored something.
    pub(super) fn id(&self) -> Option<StepId> {
        match self {
            Step::Votes(given) => Some(given.step),
            Step::Flagged { step, .. } => Some(*step),
            Step::Added { .. } | Step::Finished { .. } | Step::Skipped { .. } => None,
        }
    }
}

/// Milliseconds that the answers of a step were thought about.
pub(super) fn time_spent(before: &[(ClassIndex, Option<Answer>, u32)]) -> u64 {
    before.iter().map(|(.., spent)| u64::from(*spent)).sum()
}

/// Answers of a step, on their way to disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InFlight {
    /// Their task.
    pub task: TaskId,
    /// Class and answer; none is taken back.
    pub answers: Vec<(ClassIndex, Option<Answer>)>,
    /// The step that these answers take back.
    pub undoes: Option<GivenVotes>,
}

/// A note on its way to disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoteInFlight {
    /// On which image.
    pub image: ImageId,
    /// What it says.
    pub note: NoteText,
    /// The step that it belongs to, where it is one.
    pub step: Option<StepId>,
    /// The step that it takes back.
    pub undoes: Option<Step>,
}
