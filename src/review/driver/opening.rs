//! What there is to do when a sitting begins.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::ZonedDateTime;

use super::auditor::{Auditor, audit_queue};
use super::clerk::{Clerk, Special};
use super::desk::Desk;
use super::live::{LiveLabelSets, Stop};
use super::queue::{Order, Queue, queue};
use super::{Sitting, closing, notes};
use crate::domain::TaskId;
use crate::live::audit::LiveAudit;
use crate::live::{Live, LiveOrder};
use crate::review::state::{Asks, Progress};
use crate::store::{Store, StoreError};

/// What there is to do in a sitting, and who serves it.
pub struct Work {
    pub asks: Asks,
    pub open: Vec<TaskId>,
    pub progress: Progress,
    pub desk: Box<dyn Desk + Send>,
}

/// The tasks of the plan.
pub fn tasks(store: Store, sitting: &Arc<Sitting>, order: Order) -> Result<Work, StoreError> {
    let (queue, live) = open_tasks(&store, sitting, order)?;
    let special = Special {
        for_all: queue.for_all,
        retests: queue.retests,
    };
    let clerk = Clerk::new(store, Arc::clone(sitting), live, &queue.open, special);
    Ok(Work {
        asks: match sitting.decides {
            true => Asks::Decision,
            false => Asks::WhetherInImage,
        },
        progress: Progress {
            total: queue.total,
            before: queue.total - queue.open.len(),
            today_before: queue.today,
            ..Progress::default()
        },
        open: queue.open,
        desk: Box::new(clerk),
    })
}

/// The labels of an audit.
pub fn labels_of(
    store: Store,
    sitting: &Arc<Sitting>,
    audit: LiveAudit,
) -> Result<Work, StoreError> {
    let queue = audit_queue(&store, sitting, &audit, midnight())?;
    let auditor = Auditor::new(store, Arc::clone(sitting), audit, queue.settled);
    Ok(Work {
        asks: Asks::WhetherRight {
            settled: queue.settled,
        },
        open: queue.open,
        progress: queue.progress,
        desk: Box::new(auditor),
    })
}

/// The rater's queue; and the label sets, which are counted beside the sitting unless the queue needs them.
fn open_tasks(
    store: &Store,
    sitting: &Sitting,
    order: Order,
) -> Result<(Queue, LiveLabelSets), StoreError> {
    let round = &sitting.round_name;
    let live = match (order, sitting.stop) {
        (Order::Value, _) => Live::counted(store, round)?,
        (_, None) if !order.is_of_some() => {
            let open = queue(store, sitting, order, None, midnight())?;
            return Ok((open, LiveLabelSets::coming(store, round)));
        }
        _ => Live::newest(store, round)?,
    };
    let wanted = match (order, sitting.stop) {
        (Order::Disputed, _) => Some(disputed_tasks(store, sitting, &live)?),
        (Order::Decided, _) => Some(closing::decided_tasks(store, &live)?),
        (Order::Noted, _) => Some(notes::noted_tasks(store, sitting)?),
        (_, Some(stop)) => {
            let unanswered = store.open_questions(sitting.rater.id, sitting.round)?;
            let unanswered = unanswered.into_iter();
            let unsettled = unanswered.filter(|open| !stop.holds(&live, open.question));
            Some(unsettled.map(|open| open.task).collect())
        }
        (_, None) => None,
    };
    let open = queue(store, sitting, order, wanted, midnight())?;
    let by_value = match order {
        Order::Value => Some(by_value(store, sitting, &live, &open)?),
        _ => None,
    };
    Ok((open, LiveLabelSets::here(live, by_value)))
}

/// What people dispute, then what a model does: images whose label `clean` dropped. For who decides, those alone that nobody
/// has answered.
fn disputed_tasks(
    store: &Store,
    sitting: &Sitting,
    live: &Live,
) -> Result<Vec<TaskId>, StoreError> {
    let mut tasks = closing::disputed_tasks(store, live)?;
    let mut seen: HashSet<TaskId> = tasks.iter().copied().collect();
    for dropped in store.dropped_tasks()? {
        let answered = dropped.question.and_then(|question| live.score(question));
        if !(sitting.decides && answered.is_some()) && seen.insert(dropped.task) {
            tasks.push(dropped.task);
        }
    }
    Ok(tasks)
}

/// The tasks of the queue by value; gold and retests keep their places.
fn by_value(
    store: &Store,
    sitting: &Sitting,
    live: &Live,
    queue: &Queue,
) -> Result<LiveOrder, StoreError> {
    let special = |task: &TaskId| queue.for_all.contains(task) || queue.retests.contains(task);
    let ordinary: Vec<TaskId> = (queue.open.iter().copied())
        .filter(|task| !special(task))
        .collect();
    let wanted = sitting.places.map(|places| places.wanted);
    let stop = sitting.stop.map(Stop::bound);
    LiveOrder::new(store, live, &sitting.rater, wanted, &ordinary, stop)
}

/// The last midnight where the rater is, in Unix milliseconds.
fn midnight() -> i64 {
    let now = ZonedDateTime::now();
    now.start_of_day()
        .map_or(0, |start| start.timestamp().as_millisecond())
}
