//! The rater's answered tasks, a part at a time, for the list on the screen.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Sitting;
use crate::domain::Answer;
use crate::review::state::{EarlierTask, EarlierTasks};
use crate::store::{EarlierPart, EarlierRow, StoreError};

/// Tasks that are read at a time.
const PART: usize = 50;

/// Returns the part of the list to read: one task more than is shown, to know whether there are more.
pub fn part<'a>(sitting: &Sitting, filter: &'a str, from: usize) -> EarlierPart<'a> {
    EarlierPart {
        filter,
        by_name: sitting.names,
        from,
        most: PART + 1,
    }
}

/// The rows as the screen shows them; `answers` gives a task's own answers and how many tasks its image has.
pub fn list(
    sitting: &Sitting,
    part: EarlierPart<'_>,
    mut rows: Vec<EarlierRow>,
    mut answers: impl FnMut(&EarlierRow) -> Result<(Vec<Option<Answer>>, usize), StoreError>,
) -> Result<EarlierTasks, StoreError> {
    let more = rows.len() > PART;
    rows.truncate(PART);
    let mut tasks = Vec::with_capacity(rows.len());
    for row in rows {
        let (answers, parts) = answers(&row)?;
        tasks.push(EarlierTask {
            task: row.task,
            number: row.number,
            image: sitting.shown_image(row.image, &row.name),
            part: (row.ordinal + 1, parts),
            at: row.at.map_or_else(String::new, in_words),
            answers,
        });
    }
    Ok(EarlierTasks {
        filter: part.filter.to_owned(),
        from: part.from,
        tasks,
        more,
    })
}

/// A time (Unix milliseconds) by the clock of this machine.
fn in_words(at: i64) -> String {
    let time =
        Timestamp::from_millisecond(at).map(|time| time.to_zoned_datetime(TimeZone::system()));
    time.map_or_else(
        |_| String::new(),
        |time| time.strftime("%Y-%m-%d %H:%M").to_string(),
    )
}
