//! The plain types everything speaks in: class, image, question, vote, task, rater, label set.
//!
//! Imports nothing of the other modules; holds no I/O, clock or randomness.

mod answer;
mod class;
mod name;
mod note;
mod rater;
mod task;
mod vote;

pub use answer::{Answer, ParseAnswerError};
pub use class::{Class, ClassError, ClassIndex, Classes, FindClassError};
pub use name::{ImageNameError, image_key, image_name, normal_name};
pub use note::{FindNoteError, NoteId};
pub use rater::{ParseRoleError, Role};
pub use task::{Heading, TaskLayout};
pub use vote::{ImageId, Question, QuestionId, RaterId, RoundId, TaskId, Vote};
