use super::Sitting;
use crate::domain::{ImageId, RoundId, TaskId};
use crate::review::summary::Summary;
use crate::store::{Store, StoreError};

pub fn summarise(_: &Store, _: &Sitting, _: &[ImageId]) -> Result<Summary, StoreError> {
    Ok(Summary::default())
}

pub fn disputed_tasks(_: &Store, _: RoundId) -> Result<Vec<TaskId>, StoreError> {
    Ok(Vec::new())
}
