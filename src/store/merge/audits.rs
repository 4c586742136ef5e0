//! Audits that were planned in another copy.

use std::collections::BTreeMap;

use super::compare::ImageKeys;
use super::{Counted, MergeError};
use crate::domain::ImageId;
use crate::store::audit_names::RenamedAudit;
use crate::store::{Store, StoreError, StoredAudit};

/// Takes in the audits that are not here, and the larger sample of those that were drawn further there; then all go by
/// the names that they are due. Answers are votes, and come after these.
pub(super) fn take_in(
    here: &Store,
    there: &Store,
    images: &ImageKeys,
) -> Result<(Counted, Vec<RenamedAudit>), MergeError> {
    let mut counted = Counted::default();
    let names_before = here.names_by_identity()?;
    let names_there = there.names_by_identity()?;
    for identity in names_there.keys() {
        let Some(mut theirs) = there.audit_of(identity)? else {
            continue;
        };
        for draw in &mut theirs.draws {
            let gone =
                || StoreError::Damaged(format!("audit {:?} has an unknown image", theirs.name));
            let key = images.get(&draw.asks.image.0).ok_or_else(gone)?;
            draw.asks.image = ImageId(*key);
        }
        let ours = here.audit_of(identity)?;
        // Of its own until names are settled: here another one may go by the name that it has there.
        theirs.name = match &ours {
            Some(ours) => ours.name.clone(),
            None => format!("\u{1}{identity}"),
        };
        let united = match &ours {
            Some(ours) => unite(ours, &theirs),
            None => theirs,
        };
        let is_news = ours
            .as_ref()
            .is_none_or(|ours| ours.draws.len() != united.draws.len());
        counted.count(is_news);
        match &ours {
            Some(ours) if is_same_sample(ours, &united) => here.keep_audit_name(&united)?,
            _ => here.keep_audit(&united)?,
        }
    }
    let mut taken = here.plain_rounds()?;
    taken.extend(there.plain_rounds()?);
    here.settle_audit_names(&taken)?;
    let renamed = renamed(&names_before, &names_there, &here.names_by_identity()?);
    Ok((counted, renamed))
}

/// Builds the key that decides between two samples of one audit. The number of draws comes first.
fn sample(audit: &StoredAudit) -> impl Ord {
    let words = [&audit.given, &audit.drawn_by, &audit.maybe].map(String::clone);
    let bounds = (audit.tolerance.to_bits(), audit.confidence.to_bits());
    (audit.draws.len(), audit.at, audit.seed, bounds, words)
}

fn is_same_sample(one: &StoredAudit, other: &StoredAudit) -> bool {
    sample(one) == sample(other)
}

/// One audit of two copies: the sample of the one that was drawn further, and the newer name. Whichever is here.
fn unite(ours: &StoredAudit, theirs: &StoredAudit) -> StoredAudit {
    let larger = match sample(theirs) > sample(ours) {
        true => theirs,
        false => ours,
    };
    let name = |audit: &StoredAudit| (audit.named_at, audit.given_name.clone());
    let (named_at, given_name) = name(ours).max(name(theirs));
    StoredAudit {
        given_name,
        named_at,
        name: ours.name.clone(),
        ..larger.clone()
    }
}

fn renamed(
    before: &BTreeMap<String, String>,
    there: &BTreeMap<String, String>,
    now: &BTreeMap<String, String>,
) -> Vec<RenamedAudit> {
    let changes = now.iter().filter_map(|(identity, is)| {
        let (was, came) = match before.get(identity) {
            Some(was) => (was, false),
            None => (there.get(identity)?, true),
        };
        (was != is).then(|| RenamedAudit {
            was: was.clone(),
            is: is.clone(),
            came,
        })
    });
    changes.collect()
}
