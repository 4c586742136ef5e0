//! The list of tasks that the rater has answered.

use crate::domain::{Answer, TaskId};

/// A task that the rater has answered, at least in part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierTask {
    /// Key.
    pub task: TaskId,
    /// From 1, in the order of the rater's first answers.
    pub number: usize,
    /// Its image, by number, or by name for those who see names.
    pub image: String,
    /// Position among the image's tasks, from 1, and the number of those tasks.
    pub part: (usize, usize),
    /// Time of the first answer, in words; empty where unknown.
    pub at: String,
    /// The rater's own answers, in the order of the labels.
    pub answers: Vec<Option<Answer>>,
}

/// Some of the rater's answered tasks, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EarlierTasks {
    /// First digits of a number, or a part of a name; all tasks where empty.
    pub filter: String,
    /// Number of tasks before these in the list.
    pub from: usize,
    /// The tasks.
    pub tasks: Vec<EarlierTask>,
    /// True if the list has more tasks after these.
    pub more: bool,
}

/// The list on the screen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Earlier {
    /// As far as it was read.
    pub list: EarlierTasks,
    /// True if a part of it is being read.
    pub reading: bool,
    /// The task that Enter opens.
    pub selected: usize,
    /// When Enter was pressed before anything was read (Unix milliseconds); the keys behind it wait.
    pub entered: Option<i64>,
    /// Why it cannot be read.
    pub error: Option<String>,
    /// True if it was opened from the closing screen.
    pub from_closing: bool,
}

/// A task on the screen out of its turn: its reason, which says where it leads back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detour {
    /// Chosen among the disputes, back to the closing screen.
    #[default]
    Dispute,
    /// Chosen among the rater's earlier tasks.
    Earlier {
        /// Back to the closing screen; else to the rater's next task.
        to_closing: bool,
    },
}
