use rusqlite::{OptionalExtension, Row};

use super::votes::NEWEST;
use super::{Place, Store, StoreError};
use crate::domain::{Answer, ClassIndex, ImageId, Question, RaterId, RoundId};

/// An audit as it was planned, with the labels drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredAudit {
    /// The same in every copy of the project.
    pub identity: String,
    /// Its name here, and that of the round that holds its answers.
    pub name: String,
    /// The name that somebody gave it, which another audit may have here.
    pub given_name: String,
    /// When it was given that name, in Unix milliseconds.
    pub named_at: i64,
    /// What is audited, in words.
    pub given: String,
    /// How the labels were drawn: uniform, class or score.
    pub drawn_by: String,
    /// The draw's seed.
    pub seed: u64,
    /// The error rate that is asked about.
    pub tolerance: f64,
    /// How sure the answer has to be.
    pub confidence: f64,
    /// What a maybe counts as: wrong, right or half.
    pub maybe: String,
    /// Unix milliseconds.
    pub at: i64,
    /// The strata; one where the draw was uniform.
    pub strata: Vec<AuditStratum>,
    /// The labels drawn, in the order in which they are looked at.
    pub draws: Vec<AuditDraw>,
}

impl StoredAudit {
    /// Whether it asks the same of the same labels as a former plan, which drew as many or fewer of them.
    pub fn goes_on_from(&self, former: &StoredAudit) -> bool {
        self.draws.starts_with(&former.draws)
            && self.strata == former.strata
            && (self.tolerance, self.confidence) == (former.tolerance, former.confidence)
            && self.maybe == former.maybe
    }
}

/// A part of the labels that are audited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditStratum {
    /// Its name.
    pub name: String,
    /// Labels in it, drawn or not.
    pub labels: usize,
}

/// A label drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditDraw {
    /// The image and the label that it was given.
    pub asks: Question,
    /// The number of its stratum.
    pub stratum: usize,
    /// The number of the block that it was drawn in.
    pub block: usize,
}

fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<usize> {
    Ok(row.get::<_, i64>(column)?.unsigned_abs() as usize)
}

impl Store {
    /// Keeps an audit, in place of one of the same identity or name.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn keep_audit(&self, audit: &StoredAudit) -> Result<(), StoreError> {
        self.connection.execute(
            "DELETE FROM audit WHERE identity = ?1 OR name = ?2",
            [&audit.identity, &audit.name],
        )?;
        self.connection.execute(
            "INSERT INTO audit (name, given, drawn_by, seed, tolerance, confidence, maybe, at,
                                identity, given_name, named_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            (
                &audit.name,
                &audit.given,
                &audit.drawn_by,
                audit.seed.cast_signed(),
                audit.tolerance,
                audit.confidence,
                &audit.maybe,
                audit.at,
                &audit.identity,
                &audit.given_name,
                audit.named_at,
            ),
        )?;
        let id = self.connection.last_insert_rowid();
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO audit_stratum (audit, number, name, labels) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for (number, stratum) in audit.strata.iter().enumerate() {
            insert.execute((id, number as i64, &stratum.name, stratum.labels as i64))?;
        }
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO audit_draw (audit, place, image, class, stratum, block) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        for (place, draw) in audit.draws.iter().enumerate() {
            let Question { image, class } = draw.asks;
            let (stratum, block) = (draw.stratum as i64, draw.block as i64);
            insert.execute((id, place as i64, image.0, class.0, stratum, block))?;
        }
        Ok(())
    }

    /// Names of all audits, in the order in which they were planned.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn audit_names(&self) -> Result<Vec<String>, StoreError> {
        Ok(self
            .connection
            .prepare_cached("SELECT name FROM audit ORDER BY id")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?)
    }

    /// The audit of this name.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn audit(&self, name: &str) -> Result<Option<StoredAudit>, StoreError> {
        self.audit_by("name", name)
    }

    /// The audit of this identity.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn audit_of(&self, identity: &str) -> Result<Option<StoredAudit>, StoreError> {
        self.audit_by("identity", identity)
    }

    fn audit_by(&self, column: &str, value: &str) -> Result<Option<StoredAudit>, StoreError> {
        let found = self
            .connection
            .prepare_cached(&format!(
                "SELECT id, name, given, drawn_by, seed, tolerance, confidence, maybe, at, identity, given_name, named_at
                 FROM audit WHERE {column} = ?1"
            ))?
            .query_row([value], |row| {
                let audit = StoredAudit {
                    name: row.get(1)?,
                    given: row.get(2)?,
                    drawn_by: row.get(3)?,
                    seed: row.get::<_, i64>(4)?.cast_unsigned(),
                    tolerance: row.get(5)?,
                    confidence: row.get(6)?,
                    maybe: row.get(7)?,
                    at: row.get(8)?,
                    identity: row.get(9)?,
                    given_name: row.get(10)?,
                    named_at: row.get(11)?,
                    strata: Vec::new(),
                    draws: Vec::new(),
                };
                Ok((row.get::<_, i64>(0)?, audit))
            })
            .optional()?;
        let Some((id, mut audit)) = found else {
            return Ok(None);
        };
        audit.strata = self
            .connection
            .prepare_cached(
                "SELECT name, labels FROM audit_stratum WHERE audit = ?1 ORDER BY number",
            )?
            .query_map([id], |row| {
                Ok(AuditStratum {
                    name: row.get(0)?,
                    labels: count(row, 1)?,
                })
            })?
            .collect::<Result<_, _>>()?;
        audit.draws = self
            .connection
            .prepare_cached(
                "SELECT image, class, stratum, block FROM audit_draw WHERE audit = ?1 ORDER BY place",
            )?
            .query_map([id], |row| {
                Ok(AuditDraw {
                    asks: Question {
                        image: ImageId(row.get(0)?),
                        class: ClassIndex(row.get(1)?),
                    },
                    stratum: count(row, 2)?,
                    block: count(row, 3)?,
                })
            })?
            .collect::<Result<_, _>>()?;
        Ok(Some(audit))
    }

    /// The standing answers to the labels drawn, in their order; where an auditor is named, only that one's. Auditors who
    /// contradict each other leave a maybe.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn audit_answers(
        &self,
        audit: &StoredAudit,
        auditor: Option<RaterId>,
    ) -> Result<Vec<Option<Answer>>, StoreError> {
        let mut answers: Vec<Option<Answer>> = vec![None; audit.draws.len()];
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT audit_draw.place, vote.answer
             FROM audit
             JOIN round ON round.name = audit.name
             JOIN audit_draw ON audit_draw.audit = audit.id
             JOIN question ON question.image = audit_draw.image AND question.class = audit_draw.class
             JOIN vote ON vote.question = question.id AND vote.round = round.id
             WHERE audit.identity = ?1 AND (?2 IS NULL OR vote.rater = ?2) AND vote.answer IS NOT NULL AND {NEWEST}"
        ))?;
        let mut rows = statement.query((&audit.identity, auditor.map(|auditor| auditor.0)))?;
        while let Some(row) = rows.next()? {
            let answer = Answer::from_code(row.get(1)?);
            if let (Some(place), Some(answer)) = (answers.get_mut(count(row, 0)?), answer) {
                let agreed = |other: Answer| match other == answer {
                    true => answer,
                    false => Answer::Maybe,
                };
                *place = Some(place.map_or(answer, agreed));
            }
        }
        Ok(answers)
    }

    /// Asks for a label drawn of an audit by its identity, as of `now`; the claim runs out at `until` (Unix milliseconds). It is full once anybody's
    /// answer stands, and busy while another auditor has it.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn claim_audit_place(
        &self,
        audit: &str,
        place: usize,
        rater: RaterId,
        (now, until): (i64, i64),
    ) -> Result<Place, StoreError> {
        let is_answered = self
            .connection
            .prepare_cached(&format!(
                "SELECT EXISTS (
                 SELECT 1 FROM audit
                 JOIN round ON round.name = audit.name
                 JOIN audit_draw ON audit_draw.audit = audit.id AND audit_draw.place = ?2
                 JOIN question ON question.image = audit_draw.image AND question.class = audit_draw.class
                 JOIN vote ON vote.question = question.id AND vote.round = round.id
                 WHERE audit.identity = ?1 AND vote.answer IS NOT NULL AND {NEWEST})"
            ))?
            .query_row((audit, place as i64), |row| row.get::<_, bool>(0))?;
        if is_answered {
            return Ok(Place::Full);
        }
        let claimed = self
            .connection
            .prepare_cached(
                "INSERT INTO audit_claim (audit, place, rater, until)
                 SELECT id, ?2, ?3, ?4 FROM audit WHERE identity = ?1
                 ON CONFLICT DO UPDATE SET rater = excluded.rater, until = excluded.until
                 WHERE rater = excluded.rater OR until <= ?5",
            )?
            .execute((audit, place as i64, rater.0, until, now))?;
        Ok(match claimed {
            0 => Place::Busy,
            _ => Place::Claimed,
        })
    }

    /// Keeps an auditor's claims for longer.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn extend_audit_claims(&self, rater: RaterId, until: i64) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE audit_claim SET until = ?2 WHERE rater = ?1")?
            .execute((rater.0, until))?;
        Ok(())
    }

    /// Gives one of an auditor's labels back.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn release_audit_place(
        &self,
        audit: &str,
        place: usize,
        rater: RaterId,
    ) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "DELETE FROM audit_claim WHERE place = ?2 AND rater = ?3
                    AND audit = (SELECT id FROM audit WHERE identity = ?1)",
            )?
            .execute((audit, place as i64, rater.0))?;
        Ok(())
    }

    /// Gives an auditor's labels back, and forgets claims of anybody that have run out.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn release_audit_claims(&self, rater: RaterId, now: i64) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("DELETE FROM audit_claim WHERE rater = ?1 OR until <= ?2")?
            .execute((rater.0, now))?;
        Ok(())
    }

    /// A rater's standing answers in a round that were given at a time or later (Unix milliseconds).
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn answered_since(
        &self,
        rater: RaterId,
        round: RoundId,
        at: i64,
    ) -> Result<usize, StoreError> {
        Ok(self
            .connection
            .prepare_cached(&format!(
                "SELECT count(*) FROM vote
                 WHERE rater = ?1 AND round = ?2 AND at >= ?3 AND answer IS NOT NULL AND {NEWEST}"
            ))?
            .query_row((rater.0, round.0, at), |row| count(row, 0))?)
    }

    /// True if anybody has ever answered in a round. Answers that were taken back count too.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn has_votes(&self, round: &str) -> Result<bool, StoreError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM vote WHERE round = (SELECT id FROM round WHERE name = ?1))",
            )?
            .query_row([round], |row| row.get(0))?)
    }
}
