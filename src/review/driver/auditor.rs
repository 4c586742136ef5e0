//! The clerk of an audit: labels in the order of the draw, answers, and the moment when they settle the question.

use std::collections::HashSet;
use std::sync::Arc;

use super::Sitting;
use super::clerk::{CLAIM, Desk, Errand, now};
use super::notes::{notes, store_note};
use super::reading::{Files, examples};
use crate::domain::{ClassIndex, ImageId, Question, QuestionId, TaskId};
use crate::live::audit::{LiveAudit, verdict_words};
use crate::review::effect::StoredAnswer;
use crate::review::event::Event;
use crate::review::state::{Label, Progress, Task};
use crate::review::summary::AuditSummary;
use crate::store::{AuditDraw, NewVote, Place, Store, StoreError};

/// Labels found wrong that are listed.
const LISTED: usize = 200;

/// The labels of an audit that nobody has looked at yet, named by their places in the draw; and how far the auditor is.
#[derive(Debug)]
pub struct AuditQueue {
    /// Those still open, in their order.
    pub open: Vec<TaskId>,
    /// How far the audit is.
    pub progress: Progress,
    /// Whether the answers that are there settle the question.
    pub settled: bool,
}

/// Serves an audit's screen.
#[derive(Debug)]
pub struct Auditor {
    store: Store,
    sitting: Arc<Sitting>,
    audit: LiveAudit,
    settled: bool,
    /// Labels that this auditor has had in this sitting.
    held: HashSet<TaskId>,
    /// Labels that other auditors were at.
    busy: HashSet<TaskId>,
}

/// What is left of an audit for an auditor. `midnight` is in Unix milliseconds.
pub fn audit_queue(
    store: &Store,
    sitting: &Sitting,
    audit: &LiveAudit,
    midnight: i64,
) -> Result<AuditQueue, StoreError> {
    let answers = audit.answers(store)?;
    let places = answers.iter().zip(0..);
    let open: Vec<TaskId> = places
        .filter(|(answer, _)| answer.is_none())
        .map(|(_, place)| TaskId(place))
        .collect();
    Ok(AuditQueue {
        progress: Progress {
            total: answers.len(),
            before: answers.len() - open.len(),
            today_before: store.answered_since(sitting.rater.id, sitting.round, midnight)?,
            ..Progress::default()
        },
        open,
        settled: audit.is_settled(&answers),
    })
}

impl Auditor {
    /// A clerk for this audit.
    pub fn new(store: Store, sitting: Arc<Sitting>, audit: LiveAudit, settled: bool) -> Auditor {
        Auditor {
            store,
            sitting,
            audit,
            settled,
            held: HashSet::new(),
            busy: HashSet::new(),
        }
    }

    /// The label at a place of the draw.
    fn draw(&self, place: TaskId) -> Result<AuditDraw, StoreError> {
        let gone = || StoreError::Damaged("the audit was planned anew".to_owned());
        let place = usize::try_from(place.0).map_err(|_| gone())?;
        let draw = self.audit.planned.draws.get(place);
        draw.copied().ok_or_else(gone)
    }

    /// A label drawn; nothing when somebody has looked at it, or has it on the screen.
    fn load(&mut self, place: TaskId) -> Result<Option<(Task, Files)>, StoreError> {
        let (store, sitting) = (&self.store, &self.sitting);
        let draw = self.draw(place)?;
        if !self.held.contains(&place) {
            let number = usize::try_from(place.0).unwrap_or(0);
            let (now, name) = (now(), &self.audit.planned.name);
            let claim = (now, now + CLAIM);
            let claimed = store.fleetingly(|store| {
                store.claim_audit_place(name, number, sitting.rater.id, claim)
            })?;
            match claimed {
                Place::Claimed => self.held.insert(place),
                Place::Busy => self.busy.insert(place),
                Place::Full => false,
            };
            if claimed != Place::Claimed {
                return Ok(None);
            }
        }
        let gone = || StoreError::Damaged("an image of the audit is gone".to_owned());
        let image = store.image(draw.asks.image)?.ok_or_else(gone)?;
        let class = draw.asks.class;
        let question = store.known_question(draw.asks)?;
        let recorded = match question {
            Some(question) => store.standing_answer(question, sitting.round, sitting.rater.id)?,
            None => None,
        };
        let noted = notes(store, sitting, image.id)?;
        let label = Label {
            class,
            question,
            name: sitting.classes.name_of(class),
            gloss: (sitting.classes.get(class)).and_then(|class| class.gloss.clone()),
            ancestors: sitting.hierarchy.ancestors_line(class),
            heading: sitting.hierarchy.heading_of(class).to_owned(),
            added: false,
            recorded,
            sending: None,
            insight: None,
        };
        let files = image.path.iter().map(|path| (image.id, path.clone()));
        let task = Task {
            id: place,
            image: image.id,
            part: (1, 1),
            labels: vec![label],
            no_picture: match &image.path {
                None => Some(format!("no file: {} is known by name only", image.name)),
                Some(_) => None,
            },
            flagged: noted.flagged,
            comments: noted.comments,
            notes: noted.others,
            image_name: image.name.clone(),
        };
        Ok(Some((task, files.collect())))
    }

    /// The questions that the answers stand for, once they are on disk.
    fn store_votes(
        &self,
        image: ImageId,
        answers: &[StoredAnswer],
        at: i64,
    ) -> Result<Vec<(ClassIndex, QuestionId)>, StoreError> {
        let sitting = &self.sitting;
        self.store.atomically(|store| {
            let mut questions = Vec::with_capacity(answers.len());
            for answer in answers {
                let class = answer.class;
                let question = store.question(Question { image, class })?;
                questions.push((class, question));
                store.add_votes(&[NewVote {
                    question,
                    round: sitting.round,
                    rater: sitting.rater.id,
                    answer: answer.answer,
                    at: Some(at),
                    spent: answer.spent,
                }])?;
            }
            store.extend_audit_claims(sitting.rater.id, at + CLAIM)?;
            Ok(questions)
        })
    }

    /// Says so when the answers have come to settle the question; again only if they were taken back meanwhile.
    fn look(&mut self) -> Option<Event> {
        // What cannot be read now is looked at after the next answer.
        let answers = self.audit.answers(&self.store).ok()?;
        let was_settled = self.settled;
        self.settled = self.audit.is_settled(&answers);
        (self.settled && !was_settled).then_some(Event::AuditSettled)
    }

    fn summarise(&self) -> Result<AuditSummary, StoreError> {
        let answers = self.audit.answers(&self.store)?;
        let design = &self.audit.design;
        let standing = design.standing(&answers);
        let found = (self.audit).found(&self.store, &self.sitting.classes, &answers, &standing)?;
        let found = found.into_iter().map(|found| {
            let word = found.word();
            (found.image, found.label, word)
        });
        Ok(AuditSummary {
            rows: self.audit.rows(&standing),
            verdict: verdict_words(&design.terms, &standing, design.outlook(&answers)),
            found: found.take(LISTED).collect(),
            with_others: self.busy.len(),
        })
    }
}

impl Desk for Auditor {
    fn serve(&mut self, errand: Errand) -> (Vec<Event>, Files) {
        match errand {
            Errand::StoreVotes {
                step,
                image,
                answers,
                at,
                ..
            } => match self.store_votes(image, &answers, at) {
                Ok(questions) => {
                    let stored = Event::VotesStored { step, questions };
                    let events = std::iter::once(stored).chain(self.look());
                    (events.collect(), Files::new())
                }
                Err(error) => {
                    let reason = error.to_string();
                    (vec![Event::VotesFailed { step, reason }], Files::new())
                }
            },
            // No labels are added in an audit.
            Errand::DropAdded(_) => (Vec::new(), Files::new()),
            Errand::StoreNote { image, note, at } => {
                let event = store_note(&self.store, &self.sitting, image, note, at);
                (vec![event], Files::new())
            }
            Errand::LoadTask { task, .. } => match self.load(task) {
                Ok(Some((task, files))) => (vec![Event::TaskLoaded(task)], files),
                Ok(None) => (vec![Event::TaskSettled(task)], Files::new()),
                Err(error) => {
                    let reason = error.to_string();
                    (vec![Event::TaskFailed { task, reason }], Files::new())
                }
            },
            Errand::GiveBack(place) => {
                if self.held.remove(&place) {
                    let number = usize::try_from(place.0).unwrap_or(0);
                    let (name, rater) = (&self.audit.planned.name, self.sitting.rater.id);
                    // Where this fails, the claim runs out by itself.
                    let _ = self
                        .store
                        .fleetingly(|store| store.release_audit_place(name, number, rater));
                }
                (Vec::new(), Files::new())
            }
            Errand::LoadExamples(class, except) => {
                let (event, files) = examples(&self.store, class, except);
                (vec![event], files)
            }
            Errand::Summarise(_) => {
                let event = match self.summarise() {
                    Ok(summary) => Event::AuditReady(Box::new(summary)),
                    Err(error) => Event::SummaryFailed(error.to_string()),
                };
                (vec![event], Files::new())
            }
        }
    }

    fn leave(&mut self) {
        // Where this fails, the claims run out by themselves.
        let _ = self
            .store
            .fleetingly(|store| store.release_audit_claims(self.sitting.rater.id, now()));
    }
}
