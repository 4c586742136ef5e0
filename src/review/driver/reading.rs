//! What every desk reads for the screen.

use std::collections::HashMap;
use std::path::PathBuf;

use super::Sitting;
use super::notes::notes;
use crate::domain::{ClassIndex, ImageId, QuestionId, Role};
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
    let Some(image) = store.image(open.task.image)? else {
        return Ok(None);
    };
    let mut labels: Vec<Label> = Vec::with_capacity(open.questions.len());
    for question in &open.questions {
        let class = sitting.classes.get(question.class);
        let label = Label {
            class: question.class,
            question: Some(question.id),
            name: sitting.classes.name_of(question.class),
            gloss: class.and_then(|class| class.gloss.clone()),
            ancestors: sitting.hierarchy.ancestors_line(question.class),
            heading: sitting.hierarchy.heading_of(question.class).to_owned(),
            added: false,
            recorded: question.answer,
            sending: None,
            insight: insights.remove(&question.id),
        };
        // An added label joins its heading where that is here already.
        let under = labels
            .iter()
            .rposition(|other| other.heading == label.heading);
        labels.insert(under.map_or(labels.len(), |last| last + 1), label);
    }
    let noted = notes(store, sitting, image.id)?;
    let parts = store.parts_of(image.id)?;
    let no_picture = match &image.path {
        None => Some(format!("no file: {} is known by name only", image.name)),
        Some(_) => None,
    };
    let files = image
        .path
        .iter()
        .map(|path| (image.id, path.clone()))
        .collect();
    let task = Task {
        id: open.task.id,
        image: image.id,
        image_name: image.name,
        part: (open.ordinal + 1, parts),
        labels,
        no_picture,
        flagged: noted.flagged,
        comments: noted.comments,
        notes: noted.others,
    };
    Ok(Some((task, files)))
}

/// Images that carry a class.
pub fn examples(store: &Store, class: ClassIndex, except: ImageId) -> (Event, Files) {
    let images = store.examples(class, except, EXAMPLES).unwrap_or_default();
    let files = images
        .iter()
        .filter_map(|image| Some((image.id, image.path.clone()?)))
        .collect();
    let images = images
        .into_iter()
        .map(|image| (image.id, image.name))
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
