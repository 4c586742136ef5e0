//! The thread that has the project file: reads tasks, puts votes on disk, counts them at the end.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

use jiff::Timestamp;

use super::earlier::part;
use super::notes::store_note;
use super::reading::{Files, examples};
use super::rescue::{Journal, Rescued};
use super::{Message, Sitting};
use crate::domain::{ClassIndex, ImageId, Question, QuestionId, RoundId, TaskId};
use crate::review::effect::{NoteText, StoredAnswer};
use crate::review::event::{Event, StepId};
use crate::review::state::{EarlierTasks, Task};
use crate::store::{EarlierPart, ImageRow, NewVote, Snapshot, Store, StoreError};

/// What a desk is asked to do.
#[derive(Debug)]
pub enum Errand {
    /// Put the answers of a step on disk.
    StoreVotes {
        /// The step.
        step: StepId,
        /// The task.
        task: TaskId,
        /// Its image.
        image: ImageId,
        /// The answers.
        answers: Vec<StoredAnswer>,
        /// Unix milliseconds.
        at: i64,
    },
    /// Take an added label out of its task.
    DropAdded(QuestionId),
    /// Put a note on disk.
    StoreNote {
        /// On which image.
        image: ImageId,
        /// What it says.
        note: NoteText,
        /// Unix milliseconds.
        at: i64,
    },
    /// Read a task.
    LoadTask {
        /// Which.
        task: TaskId,
        /// Whether the rater wants it whoever else is at it.
        asked_for: bool,
    },
    /// Let others have a task that the rater has put last.
    GiveBack(TaskId),
    /// Find images that carry a class.
    LoadExamples(ClassIndex, ImageId),
    /// Read a part of the tasks that the rater has answered.
    LoadEarlier {
        /// First digits of a number, or a part of a name.
        filter: String,
        /// Number of tasks before this part of the list.
        from: usize,
    },
    /// Count the votes, for a rater who touched these images.
    Summarise(Vec<ImageId>),
}

/// How long a claim holds a task for a rater who does nothing.
pub const CLAIM: i64 = 10 * 60 * 1000;

/// What the screen is served with: the tasks of the plan, or the labels of an audit.
pub trait Desk {
    /// The project, and what is known of the sitting.
    fn at_hand(&self) -> (&Store, &Sitting);

    /// The project, to open it anew where its file was lost.
    fn store_mut(&mut self) -> &mut Store;

    /// True if the tasks are those of the plan.
    fn is_planned(&self) -> bool {
        true
    }

    /// The round that the answers to a task belong to.
    fn round_of(&self, _: TaskId) -> RoundId {
        self.at_hand().1.round
    }

    /// The task to read in the place of one that is wanted, which the screen hears of first.
    fn choose(&mut self, task: TaskId, _asked_for: bool) -> TaskId {
        task
    }

    /// A task for the screen; nothing where it needs this rater no more.
    fn load_task(
        &mut self,
        task: TaskId,
        asked_for: bool,
    ) -> Result<Option<(Task, Files)>, StoreError>;

    /// The key of a question that is not asked yet.
    fn add_question(&self, task: TaskId, asks: Question) -> Result<QuestionId, StoreError>;

    /// Who votes is there still.
    fn extend_claims(&self, until: i64) -> Result<(), StoreError>;

    /// Something that follows from votes that are on disk now.
    fn after_votes(&mut self) -> Option<Event> {
        None
    }

    /// Lets others have a task that the rater has put last.
    fn give_back(&mut self, task: TaskId) -> Result<(), StoreError>;

    /// At most so many images that carry a class, without those that the rater has still to answer for.
    fn examples(
        &mut self,
        class: ClassIndex,
        except: ImageId,
        most: usize,
    ) -> Result<Vec<ImageRow>, StoreError>;

    /// A part of the tasks that the rater has answered.
    fn earlier(&mut self, part: EarlierPart<'_>) -> Result<EarlierTasks, StoreError>;

    /// What came of the sitting, for a rater who touched these images.
    fn summarise(&mut self, touched: &[ImageId]) -> Result<Event, StoreError>;

    /// Gives back what nobody else could use meanwhile.
    fn leave(&mut self) -> Result<(), StoreError>;
}

/// Interval between checks of the project file while nothing happens. Recorded votes have to leave its log before
/// another file takes its place.
const WATCH: Duration = Duration::from_secs(1);

/// Serves requests in their order until nobody can send any more; what was sent is always done. Gives what is not in the project.
pub fn run(
    mut desk: Box<dyn Desk + Send>,
    errands: &Receiver<Errand>,
    answers: &SyncSender<Message>,
) -> Option<Rescued> {
    let mut journal = Journal::of(desk.at_hand().0);
    loop {
        let errand = match errands.recv_timeout(WATCH) {
            Ok(errand) => errand,
            Err(RecvTimeoutError::Timeout) => {
                // The next vote says what happened.
                let _ = desk.at_hand().0.watch();
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let (events, files) = serve(&mut *desk, &mut journal, errand);
        // Nobody hears the answer once the screen is closed; the work is done all the same.
        if !files.is_empty() {
            let _ = answers.send(Message::Files(files));
        }
        for event in events {
            let _ = answers.send(Message::Event(event));
        }
    }
    // Where this fails, the claims run out by themselves.
    let _ = desk.leave();
    let (store, sitting) = desk.at_hand();
    let is_lost = store.watch().is_err();
    journal.rescue(sitting, store.path(), is_lost)
}

/// Does an errand; what came of it, and where images have their files.
fn serve(desk: &mut dyn Desk, journal: &mut Journal, errand: Errand) -> (Vec<Event>, Files) {
    let events = match errand {
        Errand::StoreVotes {
            step,
            task,
            image,
            answers,
            at,
        } => match keep_votes(desk, journal, (task, image), &answers, at) {
            Ok(questions) => {
                let stored = Event::VotesStored { step, questions };
                std::iter::once(stored).chain(desk.after_votes()).collect()
            }
            Err(error) => {
                let reason = error.to_string();
                vec![Event::VotesFailed { step, reason }]
            }
        },
        Errand::DropAdded(question) => {
            let (store, _) = desk.at_hand();
            // The label is gone from this screen; at worst others meet it once more.
            let _ = store.atomically(|store| store.drop_added_label(question));
            Vec::new()
        }
        Errand::StoreNote { image, note, at } => {
            let (store, sitting) = desk.at_hand();
            vec![store_note(store, sitting, image, note, at)]
        }
        Errand::LoadTask { task, asked_for } => {
            if journal.lost {
                // Where it is lost still, the task is read from the file that is open.
                let _ = resume(desk, journal);
            }
            let (events, files) = load(desk, task, asked_for);
            let store = desk.at_hand().0;
            for event in &events {
                if let Event::TaskLoaded(task) = event {
                    journal.learn(store, task);
                }
            }
            return (events, files);
        }
        Errand::GiveBack(task) => {
            // Where this fails, the claim runs out by itself.
            let _ = desk.give_back(task);
            Vec::new()
        }
        Errand::LoadExamples(class, except) => {
            let (event, files) = examples(desk, class, except);
            return (vec![event], files);
        }
        Errand::LoadEarlier { filter, from } => {
            let part = part(desk.at_hand().1, &filter, from);
            vec![match desk.earlier(part) {
                Ok(tasks) => Event::EarlierLoaded(tasks),
                Err(error) => Event::EarlierFailed(error.to_string()),
            }]
        }
        Errand::Summarise(touched) => vec![match desk.summarise(&touched) {
            Ok(event) => event,
            Err(error) => Event::SummaryFailed(error.to_string()),
        }],
    };
    (events, Files::new())
}

fn load(desk: &mut dyn Desk, asked: TaskId, asked_for: bool) -> (Vec<Event>, Files) {
    let task = desk.choose(asked, asked_for);
    let chosen = (task != asked).then_some(Event::TaskChosen {
        asked,
        chosen: task,
    });
    let (event, files) = match desk.load_task(task, asked_for) {
        Ok(Some((task, files))) => (Event::TaskLoaded(task), files),
        Ok(None) => (Event::TaskSettled(task), Files::new()),
        Err(error) => {
            let reason = error.to_string();
            (Event::TaskFailed { task, reason }, Files::new())
        }
    };
    (chosen.into_iter().chain([event]).collect(), files)
}

/// Puts answers on disk, and into the journal.
fn keep_votes(
    desk: &mut dyn Desk,
    journal: &mut Journal,
    (task, image): (TaskId, ImageId),
    answers: &[StoredAnswer],
    at: i64,
) -> Result<Vec<(ClassIndex, QuestionId)>, StoreError> {
    let stored = match journal.lost {
        true => resume(desk, journal),
        false => Ok(()),
    };
    let stored = stored.and_then(|()| {
        let is_same_file = !journal.moved_on;
        store_votes(desk, (task, image), is_same_file, answers, at)
    });
    journal.lost = matches!(stored, Err(StoreError::Changed(_)));
    let round = desk.round_of(task);
    journal.note((task, image, round), answers, at, stored.is_ok());
    stored
}

/// Goes on with the project at the path, once it is there again: the file that was open, or another of the same project, to
/// which the answers of this session are added that it does not have.
fn resume(desk: &mut dyn Desk, journal: &mut Journal) -> Result<(), StoreError> {
    let (store, sitting) = desk.at_hand();
    let Err(change) = store.watch() else {
        journal.lost = false;
        return Ok(());
    };
    // In a copy, for the locks on the open file would be given up by looking at it.
    let fits = Snapshot::of(store.path(), store.path())
        .and_then(|found| journal.fits(found.store(), sitting, desk.is_planned()));
    if !fits.unwrap_or(false) {
        return Err(change.into());
    }
    desk.store_mut().reopen()?;
    let (store, sitting) = desk.at_hand();
    store.atomically(|store| {
        journal.repeat(store, sitting, |task, asks| desk.add_question(task, asks))
    })?;
    journal.lost = false;
    journal.moved_on = true;
    Ok(())
}

/// The questions that the answers stand for, once they are on disk.
fn store_votes(
    desk: &dyn Desk,
    (task, image): (TaskId, ImageId),
    is_same_file: bool,
    answers: &[StoredAnswer],
    at: i64,
) -> Result<Vec<(ClassIndex, QuestionId)>, StoreError> {
    let (store, sitting) = desk.at_hand();
    let round = desk.round_of(task);
    store.atomically(|store| {
        let mut questions = Vec::with_capacity(answers.len());
        let mut votes = Vec::with_capacity(answers.len());
        for answer in answers {
            let class = answer.class;
            let known = match is_same_file {
                true => answer.question,
                false => store.known_question(Question { image, class })?,
            };
            let question = match known {
                Some(question) => question,
                None => desk.add_question(task, Question { image, class })?,
            };
            questions.push((class, question));
            votes.push(NewVote {
                question,
                round,
                rater: sitting.rater.id,
                answer: answer.answer,
                at: Some(at),
                spent: answer.spent,
            });
        }
        store.add_votes(&votes)?;
        desk.extend_claims(at + CLAIM)?;
        Ok(questions)
    })
}

/// Unix milliseconds.
pub fn now() -> i64 {
    Timestamp::now().as_millisecond()
}
