//! Audits that were planned in another copy.

use super::compare::ImageKeys;
use super::{Counted, Differences, MergeError};
use crate::domain::ImageId;
use crate::store::{Store, StoreError};

/// Takes in the audits that are not here, and the larger sample of those that were drawn further there. Answers are votes,
/// and come with these.
pub(super) fn take_in(
    here: &Store,
    there: &Store,
    images: &ImageKeys,
) -> Result<Counted, MergeError> {
    let mut counted = Counted::default();
    let mut differences = Differences::default();
    for name in there.audit_names()? {
        let Some(mut theirs) = there.audit(&name)? else {
            continue;
        };
        for draw in &mut theirs.draws {
            let gone = || StoreError::Damaged(format!("audit {name:?} has an unknown image"));
            let key = images.get(&draw.asks.image.0).ok_or_else(gone)?;
            draw.asks.image = ImageId(*key);
        }
        let is_news = match here.audit(&name)? {
            None => true,
            Some(ours) if ours.goes_on_from(&theirs) => false,
            Some(ours) if theirs.goes_on_from(&ours) => true,
            Some(_) => {
                differences.add(|| format!("audit {name:?}: planned otherwise here than there"));
                continue;
            }
        };
        counted.count(is_news);
        if is_news {
            here.keep_audit(&theirs)?;
        }
    }
    differences.none_or(MergeError::Audits)?;
    Ok(counted)
}
