//! A task with its labels, as the screen shows it.

use crate::domain::{Answer, ClassIndex, ImageId, NoteId, QuestionId, TaskId};
use crate::review::event::StepId;

/// What only an adjudicator sees of a label; raters vote blind.
#[derive(Debug, Clone, PartialEq)]
pub struct Insight {
    /// Others' names, with their roles unless they are raters, and answers.
    pub votes: Vec<(String, Answer)>,
    /// Score of the newest run.
    pub score: Option<f64>,
    /// Whether it is the original label.
    pub original: bool,
    /// Whether it was disputed when the task was read: only then it has to be decided.
    pub disputed: bool,
    /// What another adjudicator said last: yes and no decide, maybe leaves open.
    pub ruling: Option<(String, Answer)>,
    /// The models that propose it.
    pub sources: Vec<String>,
}

/// A label of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// The class.
    pub class: ClassIndex,
    /// The question; none for a label that this rater added and has not answered yet.
    pub question: Option<QuestionId>,
    /// All names of the class.
    pub name: String,
    /// What the class means.
    pub gloss: Option<String>,
    /// Its nearest hypernyms: "computer › machine › device".
    pub ancestors: String,
    /// The heading that it stands under.
    pub heading: String,
    /// Whether this rater put it forward in this sitting.
    pub added: bool,
    /// The answer on disk.
    pub recorded: Option<Answer>,
    /// What a step is about to put on disk in its place.
    pub sending: Option<(StepId, Option<Answer>)>,
    /// More, for those who may see it.
    pub insight: Option<Insight>,
}

impl Label {
    /// The answer as the rater means it: on its way to disk, or there.
    pub fn answer(&self) -> Option<Answer> {
        self.sending.map_or(self.recorded, |(_, answer)| answer)
    }

    /// Whether the task cannot be ended before it is answered. An adjudicator passes over what is not disputed.
    pub fn is_open(&self) -> bool {
        let is_asked = |insight: &Insight| insight.disputed;
        self.answer().is_none() && self.insight.as_ref().is_none_or(is_asked)
    }
}

/// A task as the screen shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// Key.
    pub id: TaskId,
    /// Its image.
    pub image: ImageId,
    /// The image: `image 212`, or its name for those who see names.
    pub image_name: String,
    /// Which of the image's tasks it is, from 1, and how many there are.
    pub part: (usize, usize),
    /// In their order on the screen; labels of a heading together.
    pub labels: Vec<Label>,
    /// Why there is no picture, where there is none.
    pub no_picture: Option<String>,
    /// Whether this rater's flag stands.
    pub flagged: bool,
    /// This rater's comments on the image.
    pub comments: Vec<String>,
    /// Others' flags and comments, for an adjudicator alone.
    pub notes: Vec<ImageNote>,
}

/// Somebody's flag or comment on an image, with what was said to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageNote {
    /// Key.
    pub id: NoteId,
    /// Who made it.
    pub rater: String,
    /// The comment; none for a flag.
    pub comment: Option<String>,
    /// Who answered, and what.
    pub answers: Vec<(String, String)>,
}

impl ImageNote {
    /// Whether nobody has answered it.
    pub fn is_open(&self) -> bool {
        self.answers.is_empty()
    }
}

impl Task {
    /// The first label that is open at or after `from`, then from the top.
    pub fn next_open(&self, from: usize) -> Option<usize> {
        let open = |at: &usize| self.labels.get(*at).is_some_and(Label::is_open);
        (from..self.labels.len())
            .chain(0..from.min(self.labels.len()))
            .find(open)
    }

    /// Adds a label under its heading, which may be new; says on which line.
    pub fn add(&mut self, label: Label) -> usize {
        let under = self
            .labels
            .iter()
            .rposition(|other| other.heading == label.heading);
        let place = under.map_or(self.labels.len(), |last| last + 1);
        self.labels.insert(place, label);
        place
    }

    /// The label of a class.
    pub fn label_mut(&mut self, class: ClassIndex) -> Option<&mut Label> {
        self.labels.iter_mut().find(|label| label.class == class)
    }
}
