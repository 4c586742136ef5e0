use std::collections::HashMap;

use super::{RaterRow, Store, StoreError};
use crate::consensus::{Evidence, Gold, QuestionKey, VoteTable};
use crate::domain::{ClassIndex, ImageId, QuestionId, RaterId, Role, Vote};

/// Standing votes as the consensus takes them, with the keys behind its dense numbers.
#[derive(Debug, Clone)]
pub struct StoredEvidence {
    /// Key of each question, by dense number.
    pub questions: Vec<QuestionId>,
    /// Key of each image, by dense number.
    pub images: Vec<ImageId>,
    /// All raters of the project, by dense number.
    pub raters: Vec<RaterRow>,
    /// The votes that count.
    pub votes: VoteTable,
    /// Experts' votes, and raters' votes on the same questions.
    pub gold: Option<(VoteTable, VoteTable)>,
    /// Whether the raters' votes on gold questions were cast in round `gold`, apart from the votes that count.
    pub gold_round: bool,
    /// The original label of each image, by dense number.
    pub original: Vec<Option<ClassIndex>>,
}

impl StoredEvidence {
    /// What a method may look at.
    pub fn evidence(&self) -> Evidence<'_> {
        Evidence {
            votes: &self.votes,
            gold: self
                .gold
                .as_ref()
                .map(|(experts, raters)| Gold { experts, raters }),
            original: &self.original,
        }
    }

    /// The dense number of a rater.
    pub fn rater(&self, id: RaterId) -> Option<u32> {
        let place = self.raters.iter().position(|rater| rater.id == id)?;
        u32::try_from(place).ok()
    }

    /// Name of the rater with a dense number.
    pub fn rater_name(&self, rater: u32) -> String {
        let row = self.raters.get(rater as usize);
        row.map_or_else(|| rater.to_string(), |row| row.name.clone())
    }
}

/// The round whose votes calibrate raters.
pub const GOLD_ROUND: &str = "gold";

impl Store {
    /// The votes of a round by everybody but experts, the experts' votes of all rounds as gold, and the raters' votes of
    /// round `gold`; where there are none of these, the raters' votes that count stand in for them.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn evidence(&self, round: &str) -> Result<StoredEvidence, StoreError> {
        let raters = self.raters()?;
        let number: HashMap<RaterId, (u32, Role)> = (0u32..)
            .zip(&raters)
            .map(|(n, rater)| (rater.id, (n, rater.role)))
            .collect();
        let role = |vote: &Vote| number.get(&vote.rater).map(|(_, role)| *role);
        let (mut counted, mut on_gold, mut experts) = (Vec::new(), Vec::new(), Vec::new());
        for (id, name) in self.rounds()? {
            let votes = self.votes(id)?;
            let is_expert = |vote: &&Vote| role(vote) == Some(Role::Expert);
            experts.extend(votes.iter().filter(is_expert).copied());
            let raters = votes.iter().filter(|vote| !is_expert(vote)).copied();
            match name.as_str() {
                _ if name == round => counted.extend(raters),
                GOLD_ROUND => on_gold.extend(raters),
                _ => {}
            }
        }
        let mut dense = Dense::of(self, [&counted, &on_gold, &experts])?;
        let votes = dense.table(&counted, &number)?;
        let gold = if experts.is_empty() {
            None
        } else {
            let experts = dense.table(&experts, &number)?;
            let raters = match on_gold.is_empty() {
                true => votes.clone(),
                false => dense.table(&on_gold, &number)?,
            };
            Some((experts, raters))
        };
        let labels = self.original_labels()?;
        Ok(StoredEvidence {
            original: dense
                .images
                .iter()
                .map(|image| labels.get(image).copied())
                .collect(),
            questions: std::mem::take(&mut dense.questions),
            images: dense.images,
            raters,
            votes,
            gold,
            gold_round: !on_gold.is_empty() && round != GOLD_ROUND,
        })
    }
}

/// Dense numbers of the questions that have votes.
struct Dense {
    questions: Vec<QuestionId>,
    images: Vec<ImageId>,
    keys: std::sync::Arc<[QuestionKey]>,
    /// By the question's key in the file, which counts up from 1.
    number: Vec<Option<u32>>,
}

impl Dense {
    fn of<const N: usize>(store: &Store, votes: [&Vec<Vote>; N]) -> Result<Dense, StoreError> {
        let place = |id: QuestionId| usize::try_from(id.0).unwrap_or(usize::MAX);
        let all = store.questions()?;
        let mut number = vec![None; all.last().map_or(0, |(id, _)| place(*id) + 1)];
        for vote in votes.into_iter().flatten() {
            if let Some(slot) = number.get_mut(place(vote.question)) {
                *slot = Some(0);
            }
        }
        let mut images = Vec::new();
        let mut image_number: HashMap<ImageId, u32> = HashMap::new();
        let (mut questions, mut keys) = (Vec::new(), Vec::new());
        for (id, question) in all {
            let Some(slot) = number.get_mut(place(id)).filter(|slot| slot.is_some()) else {
                continue;
            };
            *slot = u32::try_from(questions.len()).ok();
            let image = *image_number.entry(question.image).or_insert_with(|| {
                images.push(question.image);
                // There are fewer images than questions, whose numbers are checked when a table is built.
                u32::try_from(images.len() - 1).unwrap_or(u32::MAX)
            });
            questions.push(id);
            keys.push(QuestionKey {
                image,
                class: question.class,
            });
        }
        Ok(Dense {
            questions,
            images,
            keys: keys.into(),
            number,
        })
    }

    fn table(
        &self,
        votes: &[Vote],
        raters: &HashMap<RaterId, (u32, Role)>,
    ) -> Result<VoteTable, StoreError> {
        let damaged = |error: crate::consensus::VotesError| StoreError::Damaged(error.to_string());
        let mut table = VoteTable::builder(std::sync::Arc::clone(&self.keys), raters.len());
        for vote in votes {
            let place = usize::try_from(vote.question.0).unwrap_or(usize::MAX);
            let question = self.number.get(place).copied().flatten();
            let rater = raters.get(&vote.rater);
            if let (Some(question), Some((rater, _))) = (question, rater) {
                table
                    .push(question as usize, *rater, vote.answer)
                    .map_err(damaged)?;
            }
        }
        table.build().map_err(damaged)
    }
}
