//! Names of audits. An audit goes by the name that somebody gave it; where an elder audit or a round of votes has that,
//! by a longer one. Which is which follows from what all copies agree on, so that all end with the same names.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::audits::StoredAudit;
use super::{Store, StoreError};

/// An audit that goes by another name than before.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RenamedAudit {
    /// Its name before, or in the copy that it came from.
    pub was: String,
    /// Its name here.
    pub is: String,
    /// True if it came from another copy.
    pub came: bool,
}

/// Fields that decide on an audit's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Named {
    named_at: i64,
    identity: String,
    given_name: String,
}

/// The name of each audit by its identity. The eldest of a name keeps it, unless a round of votes has it.
fn names_of(mut audits: Vec<Named>, taken: &BTreeSet<String>) -> BTreeMap<String, String> {
    audits.sort();
    let mut taken = taken.clone();
    let mut names = BTreeMap::new();
    for audit in audits {
        let key: String = Sha256::digest(audit.identity.as_bytes())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let longer = (4..=key.len()).filter_map(|digits| key.get(..digits));
        let longer = longer.map(|key| format!("{} ({key})", audit.given_name));
        let mut candidates = std::iter::once(audit.given_name.clone()).chain(longer);
        // The last of them is nobody else's: it has the whole key.
        let free = candidates.find(|name| !taken.contains(name));
        let name = free.unwrap_or_else(|| audit.identity.clone());
        taken.insert(name.clone());
        names.insert(audit.identity, name);
    }
    names
}

impl Store {
    /// Rounds with votes that are no answers of an audit.
    pub(super) fn plain_rounds(&self) -> Result<BTreeSet<String>, StoreError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT name FROM round WHERE NOT EXISTS (SELECT 1 FROM audit WHERE audit.name = round.name)
                    AND EXISTS (SELECT 1 FROM vote WHERE vote.round = round.id)",
            )?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?)
    }

    /// Current names of all audits by their identities.
    pub(super) fn names_by_identity(&self) -> Result<BTreeMap<String, String>, StoreError> {
        Ok(self
            .connection
            .prepare_cached("SELECT identity, name FROM audit")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?)
    }

    /// Gives every audit, its round and the runs over that the name that it is due; `taken` are names of rounds of votes.
    /// Returns the audits whose names change.
    pub(super) fn settle_audit_names(
        &self,
        taken: &BTreeSet<String>,
    ) -> Result<Vec<RenamedAudit>, StoreError> {
        let audits: Vec<Named> = self
            .connection
            .prepare_cached("SELECT named_at, identity, given_name FROM audit")?
            .query_map([], |row| {
                Ok(Named {
                    named_at: row.get(0)?,
                    identity: row.get(1)?,
                    given_name: row.get(2)?,
                })
            })?
            .collect::<Result<_, _>>()?;
        let due = names_of(audits, taken);
        let mut renamed = Vec::new();
        for (identity, was) in self.names_by_identity()? {
            let Some(is) = due.get(&identity).filter(|is| **is != was) else {
                continue;
            };
            renamed.push((
                identity,
                RenamedAudit {
                    was,
                    is: is.clone(),
                    came: false,
                },
            ));
        }
        // By way of names that nothing has: two may change places.
        let aside = |identity: &str| format!("\u{1}{identity}");
        for (identity, audit) in &renamed {
            self.rename_everywhere(&audit.was, &aside(identity))?;
        }
        for (identity, audit) in &renamed {
            self.forget_empty_round(&audit.is)?;
            self.rename_everywhere(&aside(identity), &audit.is)?;
        }
        Ok(renamed.into_iter().map(|(_, audit)| audit).collect())
    }

    fn rename_everywhere(&self, was: &str, is: &str) -> Result<(), StoreError> {
        for sql in [
            "UPDATE audit SET name = ?2 WHERE name = ?1",
            "UPDATE round SET name = ?2 WHERE name = ?1",
            "UPDATE run SET round = ?2 WHERE round = ?1",
        ] {
            self.connection.prepare_cached(sql)?.execute((was, is))?;
        }
        Ok(())
    }

    /// A round without votes makes room for an audit's.
    fn forget_empty_round(&self, name: &str) -> Result<(), StoreError> {
        for sql in [
            "DELETE FROM claim WHERE round = (SELECT id FROM round WHERE name = ?1)",
            "DELETE FROM round WHERE name = ?1",
        ] {
            self.connection.prepare_cached(sql)?.execute([name])?;
        }
        Ok(())
    }

    /// Keeps what an audit was called and when.
    pub(super) fn keep_audit_name(&self, audit: &StoredAudit) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE audit SET given_name = ?2, named_at = ?3 WHERE identity = ?1")?
            .execute((&audit.identity, &audit.given_name, audit.named_at))?;
        Ok(())
    }

    /// Gives an audit another name, as of `at` (Unix milliseconds); inside [`Store::atomically`]. Others whose names
    /// change with it. The name must be free: see [`Store::is_free_audit_name`].
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn rename_audit(
        &self,
        audit: &StoredAudit,
        name: &str,
        at: i64,
    ) -> Result<Vec<RenamedAudit>, StoreError> {
        self.connection
            .prepare_cached(
                "UPDATE audit SET given_name = ?2, named_at = max(?3, named_at + 1) WHERE identity = ?1",
            )?
            .execute((&audit.identity, name, at))?;
        let mut renamed = self.settle_audit_names(&self.plain_rounds()?)?;
        renamed.retain(|other| other.was != audit.name);
        Ok(renamed)
    }

    /// True if no audit and no round of votes has the name.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn is_free_audit_name(&self, name: &str) -> Result<bool, StoreError> {
        let audits: bool = self
            .connection
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM audit WHERE name = ?1 OR given_name = ?1)",
            )?
            .query_row([name], |row| row.get(0))?;
        Ok(!audits && !self.plain_rounds()?.contains(name))
    }

    /// Auditors who have a label of an audit on the screen, as of `now` (Unix milliseconds).
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn auditors_at_work(
        &self,
        audit: &StoredAudit,
        now: i64,
    ) -> Result<Vec<String>, StoreError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT DISTINCT rater.name FROM audit_claim
                 JOIN rater ON rater.id = audit_claim.rater JOIN audit ON audit.id = audit_claim.audit
                 WHERE audit.identity = ?1 AND audit_claim.until > ?2 ORDER BY rater.name",
            )?
            .query_map((&audit.identity, now), |row| row.get(0))?
            .collect::<Result<_, _>>()?)
    }

    /// Removes an audit that nobody has answered in; inside [`Store::atomically`]. Others whose names change with it.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn remove_audit(&self, audit: &StoredAudit) -> Result<Vec<RenamedAudit>, StoreError> {
        self.connection
            .prepare_cached("DELETE FROM audit WHERE identity = ?1")?
            .execute([&audit.identity])?;
        self.settle_audit_names(&self.plain_rounds()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(named_at: i64, identity: &str, given_name: &str) -> Named {
        Named {
            named_at,
            identity: identity.to_owned(),
            given_name: given_name.to_owned(),
        }
    }

    #[test]
    fn the_eldest_keeps_the_name_whatever_the_order() {
        let audits = vec![
            named(2, "b", "spot"),
            named(1, "a", "spot"),
            named(3, "c", "set"),
        ];
        let names = names_of(audits.clone(), &BTreeSet::new());
        let of = |names: &BTreeMap<String, String>, identity: &str| names[identity].clone();
        assert_eq!(
            (of(&names, "a"), of(&names, "c")),
            ("spot".to_owned(), "set".to_owned())
        );
        // The beginning of sha256("b").
        assert_eq!(of(&names, "b"), "spot (3e23)");
        let reversed = audits.into_iter().rev().collect();
        assert_eq!(names_of(reversed, &BTreeSet::new()), names);
    }

    #[test]
    fn rounds_of_votes_and_longer_names_that_are_taken_are_passed_over() {
        let taken = BTreeSet::from(["spot".to_owned(), "spot (3e23)".to_owned()]);
        let names = names_of(vec![named(1, "b", "spot")], &taken);
        assert_eq!(names["b"], "spot (3e23e)");
    }
}
