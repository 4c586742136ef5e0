//! Parts of a task on the screen. Votes count only on those.

use super::{PictureState, State};
use crate::domain::{ClassIndex, TaskId};
use crate::review::layout::{SMALLEST, areas};
use crate::review::picture::{NoPicture, PictureRequest};

/// Parts of the task in the newest frame, as far as the terminal has reported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// Columns and rows of the frame.
    pub size: (u16, u16),
    /// The task; none where another screen is shown in its place.
    pub task: Option<TaskId>,
    /// The labels whose lines are there.
    pub labels: Vec<ClassIndex>,
    /// A part of the picture is there, or the word that there is none to see: pictures are off, or the file is missing.
    pub picture: bool,
}

/// Why a key does not vote, in words for the rater.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSeen {
    /// The window is too small for the screen.
    #[error("no votes in a window smaller than {}×{}", SMALLEST.0, SMALLEST.1)]
    Window,
    /// The task was not drawn yet.
    #[error("not counted: the question was not on the screen yet")]
    Question,
    /// Nothing of the picture has arrived yet.
    #[error("not counted: the picture was not on the screen yet")]
    Picture,
    /// The file is there and gives no picture.
    #[error("no votes on a picture that cannot be shown: flag it, skip it")]
    Broken,
    /// The label was not drawn yet.
    #[error("not counted: the label was not on the screen yet")]
    Label,
    /// Some of the labels that the key would answer were not drawn yet.
    #[error("not counted: {} not on the screen yet (↓)", labels_were(*.0))]
    Labels(usize),
}

fn labels_were(count: usize) -> String {
    match count {
        1 => "1 open label was".to_owned(),
        _ => format!("{count} open labels were"),
    }
}

/// Checks that the rater can see the subject of a vote: the question, and the picture or the reason for its absence.
///
/// # Errors
/// The reason why a vote does not count.
pub fn can_vote(state: &State) -> Result<(), NotSeen> {
    if areas(state.size).is_none() {
        return Err(NotSeen::Window);
    }
    let shown = &state.shown;
    if state.task().is_none() || shown.task != state.current || shown.size != state.size {
        return Err(NotSeen::Question);
    }
    match shown.picture {
        true => Ok(()),
        false if is_broken(state) => Err(NotSeen::Broken),
        false => Err(NotSeen::Picture),
    }
}

/// Checks the same, and that these labels have been on the screen since the task came there.
///
/// # Errors
/// The reason why a vote does not count.
pub fn can_answer(state: &State, classes: &[ClassIndex]) -> Result<(), NotSeen> {
    can_vote(state)?;
    let unseen = classes.iter().filter(|class| !state.seen.contains(class));
    match (unseen.count(), classes.len()) {
        (0, _) => Ok(()),
        (_, 1) => Err(NotSeen::Label),
        (count, _) => Err(NotSeen::Labels(count)),
    }
}

fn is_broken(state: &State) -> bool {
    let (Some(areas), Some(task)) = (areas(state.size), state.task()) else {
        return false;
    };
    let request = PictureRequest::filling(areas.picture(), task.image, state.viewport);
    let unusable = NoPicture::is_unusable;
    matches!(state.pictures.get(&request), Some(PictureState::Failed(why)) if unusable(why))
}
