use super::{Store, StoreError};
use crate::domain::{ClassIndex, ImageId, Question};

/// A proposal in plain words, as exports write it.
#[derive(Debug, Clone, PartialEq)]
pub struct ProposalRow {
    /// Image name.
    pub image: String,
    /// Class.
    pub class: ClassIndex,
    /// The source's name.
    pub source: String,
    /// The source's score.
    pub score: Option<f64>,
}

impl Store {
    /// Every proposal in words, by image, source and class.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn proposals(&self) -> Result<Vec<ProposalRow>, StoreError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT image.name, proposal.class, source.name, proposal.score
                 FROM proposal
                 JOIN image ON image.id = proposal.image
                 JOIN source ON source.id = proposal.source
                 ORDER BY image.name, source.name, proposal.class",
            )?
            .query_map([], |row| {
                Ok(ProposalRow {
                    image: row.get(0)?,
                    class: ClassIndex(row.get(1)?),
                    source: row.get(2)?,
                    score: row.get(3)?,
                })
            })?
            .collect::<Result<_, _>>()?)
    }

    /// The key of a source (a model's name), made when there is none.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn source(&self, name: &str) -> Result<i64, StoreError> {
        self.connection
            .prepare_cached("INSERT INTO source (name) VALUES (?1) ON CONFLICT DO NOTHING")?
            .execute([name])?;
        Ok(self
            .connection
            .prepare_cached("SELECT id FROM source WHERE name = ?1")?
            .query_row([name], |row| row.get(0))?)
    }

    /// Keeps a proposal; true when it is news. A source's newer score replaces its older one.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn add_proposal(
        &self,
        image: ImageId,
        class: ClassIndex,
        source: i64,
        score: Option<f64>,
    ) -> Result<bool, StoreError> {
        let changed = self
            .connection
            .prepare_cached(
                "INSERT INTO proposal (image, class, source, score) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (image, class, source) DO UPDATE SET score = excluded.score
                 WHERE score IS NOT excluded.score",
            )?
            .execute((image.0, class.0, source, score))?;
        Ok(changed > 0)
    }

    /// What the sources in use propose for every image, the original label among it: (image, class), ascending, no pair
    /// twice.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn proposed_labels(&self) -> Result<Vec<(ImageId, ClassIndex)>, StoreError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT image, class FROM proposal WHERE source IN (SELECT id FROM source WHERE used = 1)
                 UNION SELECT image, class FROM original_label ORDER BY 1, 2",
            )?
            .query_map([], |row| Ok((ImageId(row.get(0)?), ClassIndex(row.get(1)?))))?
            .collect::<Result<_, _>>()?)
    }

    /// The highest score that a source in use gives an image's class, where any gives one.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn proposed_scores(&self) -> Result<Vec<(Question, f64)>, StoreError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT image, class, max(score) FROM proposal
                 WHERE score IS NOT NULL AND source IN (SELECT id FROM source WHERE used = 1)
                 GROUP BY image, class",
            )?
            .query_map([], |row| {
                let question = Question {
                    image: ImageId(row.get(0)?),
                    class: ClassIndex(row.get(1)?),
                };
                Ok((question, row.get(2)?))
            })?
            .collect::<Result<_, _>>()?)
    }

    /// Names of the sources that put a class forward for an image.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn sources_of(&self, image: ImageId, class: ClassIndex) -> Result<Vec<String>, StoreError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT source.name FROM proposal JOIN source ON source.id = proposal.source
                 WHERE image = ?1 AND class = ?2 ORDER BY source.name",
            )?
            .query_map((image.0, class.0), |row| row.get(0))?
            .collect::<Result<_, _>>()?)
    }
}
