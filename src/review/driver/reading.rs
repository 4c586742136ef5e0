//! What every desk reads for the screen.

use std::collections::HashMap;
use std::path::PathBuf;

use super::Sitting;
use super::desk::Desk;
use super::notes::notes;
use crate::domain::{Answer, ClassIndex, ImageId, QuestionId, Role, TaskId};
use crate::live::Live;
use crate::review::event::Event;
use crate::review::state::{Insight, Label, Task};
use crate::store::{OpenTask, Store, StoreError};

/// More examples are not shown.
const EXAMPLES: usize = 4;

/// Where images have their files.
pub type Files = Vec<(ImageId, PathBuf)>;

/// A task as the screen shows it, with what an adjudicator sees, and where its picture is; nothing where its image is gone.
pub fn read_task(
    store: &Store,
    sitting: &Sitting,
    open: OpenTask,
    mut insights: HashMap<QuestionId, Insight>,
) -> Result<Option<(Task, Files)>, StoreError> {
    let mut labels: Vec<Label> = Vec::with_capacity(open.questions.len());
    for question in &open.questions {
        let mut label = label(sitting, question.class, Some(question.id), question.answer);
        label.insight = insights.remove(&question.id);
        // An added label joins its heading where that is here already.
        let under = labels
            .iter()
            .rposition(|other| other.heading == label.heading);
        labels.insert(under.map_or(labels.len(), |last| last + 1), label);
    }
    let part = (open.ordinal + 1, store.parts_of(open.task.image)?);
    task(
        store,
        sitting,
        (open.task.id, open.task.image),
        part,
        labels,
    )
}

/// A label with the rater's answer that is on disk.
pub fn label(
    sitting: &Sitting,
    class: ClassIndex,
    question: Option<QuestionId>,
    recorded: Option<Answer>,
) -> Label {
    let known = sitting.classes.get(class);
    Label {
        class,
        question,
        name: sitting.classes.name_of(class),
        gloss: known.and_then(|known| known.gloss.clone()),
        ancestors: sitting.hierarchy.ancestors_line(class),
        heading: sitting.hierarchy.heading_of(class).to_owned(),
        added: false,
        recorded,
        sending: None,
        insight: None,
    }
}

/// A task with these labels, and where its picture is; nothing where its image is gone.
pub fn task(
    store: &Store,
    sitting: &Sitting,
    (id, image): (TaskId, ImageId),
    part: (usize, usize),
    labels: Vec<Label>,
) -> Result<Option<(Task, Files)>, StoreError> {
    let Some(image) = store.image(image)? else {
        return Ok(None);
    };
    let noted = notes(store, sitting, image.id)?;
    let shown = sitting.shown_image(image.id, &image.name);
    let no_picture = match &image.path {
        None => Some(format!("no file: {shown} is known by name only")),
        Some(_) => None,
    };
    let files = image.path.iter().map(|path| (image.id, path.clone()));
    let files = files.collect();
    let task = Task {
        id,
        image: image.id,
        image_name: shown,
        part,
        labels,
        no_picture,
        flagged: noted.flagged,
        comments: noted.comments,
        notes: noted.others,
    };
    Ok(Some((task, files)))
}

/// Images that carry a class.
pub fn examples(desk: &mut dyn Desk, class: ClassIndex, except: ImageId) -> (Event, Files) {
    let images = desk.examples(class, except, EXAMPLES).unwrap_or_default();
    let files = images
        .iter()
        .filter_map(|image| Some((image.id, image.path.clone()?)))
        .collect();
    let (_, sitting) = desk.at_hand();
    let images = images
        .into_iter()
        .map(|image| (image.id, sitting.shown_image(image.id, &image.name)))
        .collect();
    (Event::ExamplesLoaded { class, images }, files)
}

/// What an adjudicator sees of each question. An own answer that another adjudicator has overruled is none any more: taking
/// back one that is given in its place leads back to the other's.
pub fn insights(
    store: &Store,
    sitting: &Sitting,
    live: &Live,
    open: &mut OpenTask,
) -> Result<HashMap<QuestionId, Insight>, StoreError> {
    let mut insights = HashMap::new();
    let image = open.task.image;
    let original = store.image(image)?.and_then(|image| image.original_label);
    for question in &mut open.questions {
        let others = store.other_votes(question.id, sitting.looked_at, sitting.rater.id)?;
        let mut rulings = store.rulings(question.id)?;
        if (rulings.last()).is_some_and(|ruling| ruling.rater != sitting.rater.id) {
            question.answer = None;
        }
        rulings.retain(|ruling| ruling.rater != sitting.rater.id);
        let insight = Insight {
            votes: others
                .into_iter()
                .map(|vote| match vote.role {
                    Role::Rater => (vote.rater, vote.answer),
                    role => (format!("{} ({role})", vote.rater), vote.answer),
                })
                .collect(),
            score: store.newest_score(question.id)?,
            original: original == Some(question.class),
            disputed: live.score(question.id).is_some_and(|score| score.disputed),
            ruling: rulings.pop().map(|ruling| (ruling.name, ruling.answer)),
            sources: store.sources_of(image, question.class)?,
        };
        insights.insert(question.id, insight);
    }
    Ok(insights)
}
