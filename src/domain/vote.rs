use super::{Answer, ClassIndex};

/// Key of an image in its project file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageId(pub i64);

/// Key of a question in its project file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuestionId(pub i64);

/// Key of a rater in its project file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RaterId(pub i64);

/// Key of a round in its project file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoundId(pub i64);

/// Key of a task in its project file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub i64);

/// Is this class in this image?
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Question {
    /// The image that is looked at.
    pub image: ImageId,
    /// The class that may be in it.
    pub class: ClassIndex,
}

/// A rater's standing answer to a question: the newest in a round, taken back ones left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vote {
    /// What was asked.
    pub question: QuestionId,
    /// Who answered.
    pub rater: RaterId,
    /// What was answered.
    pub answer: Answer,
}
