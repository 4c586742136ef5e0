//! The clerk of an audit: labels in the order of the draw, answers, and the moment when they settle the question.

use std::collections::HashSet;
use std::sync::Arc;

use super::Sitting;
use super::desk::{CLAIM, Desk, now};
use super::earlier::list;
use super::reading::{Files, label, task};
use crate::domain::{Answer, ClassIndex, ImageId, Question, QuestionId, TaskId};
use crate::live::audit::{LiveAudit, verdict_words};
use crate::review::event::Event;
use crate::review::state::{EarlierTasks, Progress, Task};
use crate::review::summary::AuditSummary;
use crate::store::{AuditDraw, EarlierPart, ImageRow, Place, Store, StoreError, Unseen};

/// The auditor's own answers, other than yes, that are listed.
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
        settled: audit.design.is_settled(&answers),
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
        let draw = self.audit.planned.draws.get(number(place));
        draw.copied()
            .ok_or_else(|| StoreError::Damaged("the audit was planned anew".to_owned()))
    }

    /// The question of a label, once anybody was asked it, and this auditor's standing answer.
    fn own_answer(&self, asks: Question) -> Result<Option<(QuestionId, Answer)>, StoreError> {
        let Some(question) = self.store.known_question(asks)? else {
            return Ok(None);
        };
        let (round, rater) = (self.sitting.round, self.sitting.rater.id);
        let answer = self.store.standing_answer(question, round, rater)?;
        Ok(answer.map(|answer| (question, answer)))
    }

    /// Lists what this auditor has not found right: image, label, and a word. Other auditors' findings are not shown.
    fn found(&self) -> Result<Vec<(String, String, &'static str)>, StoreError> {
        let planned = &self.audit.planned;
        let own = self
            .store
            .audit_answers(planned, Some(self.sitting.rater.id))?;
        let mut found = Vec::new();
        for (draw, answer) in planned.draws.iter().zip(own) {
            let word = match answer {
                Some(Answer::No) => "wrong",
                Some(Answer::Maybe) => "maybe",
                Some(Answer::Yes) | None => continue,
            };
            let Some(image) = self.store.image(draw.asks.image)? else {
                continue;
            };
            let label = self.sitting.classes.name_of(draw.asks.class);
            found.push((self.sitting.shown_image(image.id, &image.name), label, word));
            if found.len() == LISTED {
                break;
            }
        }
        Ok(found)
    }

    /// Whether the label is the auditor's, or becomes it now.
    fn is_free(&mut self, place: TaskId) -> Result<bool, StoreError> {
        if self.held.contains(&place) {
            return Ok(true);
        }
        let (now, audit) = (now(), &self.audit.planned.identity);
        let rater = self.sitting.rater.id;
        let claimed = self.store.fleetingly(|store| {
            store.claim_audit_place(audit, number(place), rater, (now, now + CLAIM))
        });
        let claimed = match claimed {
            // As for a task of the plan.
            Err(StoreError::Changed(_)) => return Ok(true),
            claimed => claimed?,
        };
        match claimed {
            Place::Claimed => self.held.insert(place),
            Place::Busy => self.busy.insert(place),
            Place::Full => false,
        };
        Ok(claimed == Place::Claimed)
    }
}

/// Tasks of an audit are the places of its draw.
fn number(place: TaskId) -> usize {
    usize::try_from(place.0).unwrap_or(usize::MAX)
}

impl Desk for Auditor {
    fn at_hand(&self) -> (&Store, &Sitting) {
        (&self.store, &self.sitting)
    }

    fn store_mut(&mut self) -> &mut Store {
        &mut self.store
    }

    fn is_planned(&self) -> bool {
        false
    }

    /// A label drawn; nothing when somebody else has looked at it, or has it on the screen.
    fn load_task(
        &mut self,
        place: TaskId,
        _asked_for: bool,
    ) -> Result<Option<(Task, Files)>, StoreError> {
        let asks = self.draw(place)?.asks;
        let own = self.own_answer(asks)?;
        if own.is_none() && !self.is_free(place)? {
            return Ok(None);
        }
        let (store, sitting) = (&self.store, &self.sitting);
        // A new plan may drop what nobody has answered: such a question is looked for again with its answer.
        let (question, recorded) = own.unzip();
        let labels = vec![label(sitting, asks.class, question, recorded)];
        let read = task(store, sitting, (place, asks.image), (1, 1), labels)?;
        let gone = || StoreError::Damaged("an image of the audit is gone".to_owned());
        Ok(Some(read.ok_or_else(gone)?))
    }

    fn add_question(&self, _: TaskId, asks: Question) -> Result<QuestionId, StoreError> {
        self.store.question(asks)
    }

    fn extend_claims(&self, until: i64) -> Result<(), StoreError> {
        self.store.extend_audit_claims(self.sitting.rater.id, until)
    }

    /// Says so when the answers have come to settle the question; again only if they were taken back meanwhile.
    fn after_votes(&mut self) -> Option<Event> {
        // What cannot be read now is looked at after the next answer.
        let answers = self.audit.answers(&self.store).ok()?;
        let was_settled = self.settled;
        self.settled = self.audit.design.is_settled(&answers);
        (self.settled && !was_settled).then_some(Event::AuditSettled)
    }

    fn give_back(&mut self, place: TaskId) -> Result<(), StoreError> {
        if !self.held.remove(&place) {
            return Ok(());
        }
        let (audit, rater) = (&self.audit.planned.identity, self.sitting.rater.id);
        self.store
            .fleetingly(|store| store.release_audit_place(audit, number(place), rater))
    }

    fn examples(
        &mut self,
        class: ClassIndex,
        except: ImageId,
        most: usize,
    ) -> Result<Vec<ImageRow>, StoreError> {
        let (rater, round) = (self.sitting.rater.id, self.sitting.round);
        let unseen = Unseen::Audit(rater, round, &self.audit.planned.name);
        self.store.examples(class, except, unseen, most)
    }

    fn earlier(&mut self, part: EarlierPart<'_>) -> Result<EarlierTasks, StoreError> {
        let (rater, round) = (self.sitting.rater.id, self.sitting.round);
        let audit = (self.audit.planned.identity.as_str(), round);
        let rows = self.store.earlier_draws(rater, audit, part)?;
        list(&self.sitting, part, rows, |row| {
            let own = self.own_answer(self.draw(row.task)?.asks)?;
            Ok((vec![own.map(|(_, answer)| answer)], 1))
        })
    }

    fn summarise(&mut self, _: &[ImageId]) -> Result<Event, StoreError> {
        let answers = self.audit.answers(&self.store)?;
        let design = &self.audit.design;
        let standing = design.standing(&answers);
        let mut rows = self.audit.rows(&standing);
        // Where the labels come from is no matter of the auditor's.
        if let Some([_, _, given]) = rows.first_mut() {
            given.clear();
        }
        Ok(Event::AuditReady(Box::new(AuditSummary {
            rows,
            verdict: verdict_words(&design.terms, &standing, design.outlook(&answers)),
            found: self.found()?,
            with_others: self.busy.len(),
        })))
    }

    fn leave(&mut self) -> Result<(), StoreError> {
        self.store
            .fleetingly(|store| store.release_audit_claims(self.sitting.rater.id, now()))
    }
}
