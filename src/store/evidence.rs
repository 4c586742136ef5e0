use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{RaterRow, Store, StoreError};
use crate::consensus::{Evidence, Gold, QuestionKey, VoteTable, VotesError};
use crate::domain::{Answer, ClassIndex, ImageId, QuestionId, RaterId, Role};

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
    /// What raters said when they were asked once more, in the round's retests.
    pub retest: Option<VoteTable>,
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

/// Added to a round's name: the round where raters answer once more what they have answered, to be measured against themselves.
pub const RETEST_SUFFIX: &str = " retest";

impl Store {
    /// The raters' votes of a round, the experts' votes of all rounds as gold, and the raters' votes of
    /// round `gold`; where there are none of these, the raters' votes that count stand in for them.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn evidence(&self, round: &str) -> Result<StoredEvidence, StoreError> {
        self.evidence_of(round, None)
    }

    /// The same of the questions that a rater answered, and no others; the cost grows with these.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn evidence_around(
        &self,
        round: &str,
        rater: RaterId,
    ) -> Result<StoredEvidence, StoreError> {
        self.evidence_of(round, Some(rater))
    }

    fn evidence_of(
        &self,
        round: &str,
        around: Option<RaterId>,
    ) -> Result<StoredEvidence, StoreError> {
        let raters = self.raters()?;
        // By key, for they are looked up a million times.
        let mut of_rater: Vec<Option<(u32, Role)>> = Vec::new();
        for (number, rater) in (0u32..).zip(&raters) {
            put(&mut of_rater, rater.id.0, (number, rater.role));
        }
        let mut of_round: Vec<Option<RoundKind>> = Vec::new();
        for (id, name) in self.rounds()? {
            match name.as_str() {
                _ if name == round => put(&mut of_round, id.0, RoundKind::Counted),
                GOLD_ROUND => put(&mut of_round, id.0, RoundKind::Gold),
                _ if name.strip_suffix(RETEST_SUFFIX) == Some(round) => {
                    put(&mut of_round, id.0, RoundKind::Retest);
                }
                _ => {}
            }
        }
        let mut questions = Dense::new(self.asked(around)?);
        let (mut counted, mut on_gold, mut again) = (Vec::new(), Vec::new(), Vec::new());
        let mut experts: BTreeMap<(usize, u32), (bool, Answer)> = BTreeMap::new();
        self.each_standing_vote(around, |vote| {
            let Some((rater, role)) = at(&of_rater, vote.rater) else {
                return;
            };
            let kind = at(&of_round, vote.round);
            match role {
                Role::Expert => {}
                Role::Rater if kind.is_some() => {}
                // What adjudicators decide and auditors check says nothing of the raters.
                Role::Rater | Role::Adjudicator | Role::Auditor => return,
            }
            let Some(question) = questions.number(vote.question) else {
                return;
            };
            match kind {
                // An expert who answered in several rounds counts once, by round `gold` where that is one of them.
                _ if role == Role::Expert => {
                    let is_gold = matches!(kind, Some(RoundKind::Gold));
                    let standing = experts
                        .entry((question, rater))
                        .or_insert((is_gold, vote.answer));
                    if is_gold || !standing.0 {
                        *standing = (is_gold, vote.answer);
                    }
                }
                Some(RoundKind::Gold) => on_gold.push((question, rater, vote.answer)),
                Some(RoundKind::Retest) => again.push((question, rater, vote.answer)),
                _ => counted.push((question, rater, vote.answer)),
            }
        })?;
        let experts: Vec<(usize, u32, Answer)> = experts
            .into_iter()
            .map(|((question, rater), (_, answer))| (question, rater, answer))
            .collect();
        let keys: Arc<[QuestionKey]> = questions.keys.into();
        let table = |votes: &[(usize, u32, Answer)]| {
            let mut table = VoteTable::builder(Arc::clone(&keys), raters.len());
            for &(question, rater, answer) in votes {
                table.push(question, rater, answer)?;
            }
            table.build()
        };
        let votes = table(&counted).map_err(damaged)?;
        let gold = if experts.is_empty() {
            None
        } else {
            let experts = table(&experts).map_err(damaged)?;
            let raters = match on_gold.is_empty() {
                true => votes.clone(),
                false => table(&on_gold).map_err(damaged)?,
            };
            Some((experts, raters))
        };
        Ok(StoredEvidence {
            questions: questions.ids,
            images: questions.images,
            original: questions.original,
            retest: match again.is_empty() {
                true => None,
                false => Some(table(&again).map_err(damaged)?),
            },
            raters,
            votes,
            gold,
            gold_round: !on_gold.is_empty() && round != GOLD_ROUND,
        })
    }

    /// Hands every standing vote out, by question, round and rater, in one pass over the clustered key: the last row of
    /// a rater on a question in a round stands.
    pub(super) fn each_standing_vote(
        &self,
        around: Option<RaterId>,
        mut each: impl FnMut(StandingVote),
    ) -> Result<(), StoreError> {
        let only = match around {
            Some(_) => "WHERE question IN (SELECT question FROM vote WHERE rater = ?1)",
            None => "",
        };
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT question, round, rater, answer, spent, at FROM vote {only}
             ORDER BY question, round, rater, at, copy, sequence"
        ))?;
        let mut rows = statement.query(rusqlite::params_from_iter(around.map(|rater| rater.0)))?;
        let mut last: Option<(StandingVote, bool)> = None;
        while let Some(row) = rows.next()? {
            let code: Option<u8> = row.get(3)?;
            let answer = code.and_then(Answer::from_code);
            let vote = StandingVote {
                question: row.get(0)?,
                round: row.get(1)?,
                rater: row.get(2)?,
                answer: answer.unwrap_or(Answer::No),
                spent: row.get(4)?,
                at: row.get(5)?,
            };
            if let Some((former, true)) = last.replace((vote, answer.is_some()))
                && former.whose() != vote.whose()
            {
                each(former);
            }
        }
        if let Some((vote, true)) = last {
            each(vote);
        }
        Ok(())
    }

    /// Questions by key, with what they ask and the original label of the image.
    fn asked(&self, around: Option<RaterId>) -> Result<Vec<Asked>, StoreError> {
        let only = match around {
            Some(_) => "WHERE question.id IN (SELECT question FROM vote WHERE rater = ?1)",
            None => "",
        };
        Ok(self
            .connection
            .prepare_cached(&format!(
                "SELECT question.id, question.image, question.class, original_label.class
                 FROM question LEFT JOIN original_label ON original_label.image = question.image
                 {only} ORDER BY question.id"
            ))?
            .query_map(
                rusqlite::params_from_iter(around.map(|rater| rater.0)),
                |row| {
                    Ok(Asked {
                        question: QuestionId(row.get(0)?),
                        image: ImageId(row.get(1)?),
                        class: ClassIndex(row.get(2)?),
                        original: row.get::<_, Option<u32>>(3)?.map(ClassIndex),
                    })
                },
            )?
            .collect::<Result<_, _>>()?)
    }
}

/// What the votes of a round are for.
#[derive(Debug, Clone, Copy)]
enum RoundKind {
    Counted,
    Gold,
    Retest,
}

/// Keeps a value at the place of a key, which counts up from 1.
fn put<T: Clone>(places: &mut Vec<Option<T>>, key: i64, value: T) {
    let place = usize::try_from(key).unwrap_or(0);
    if place >= places.len() {
        places.resize(place + 1, None);
    }
    if let Some(slot) = places.get_mut(place) {
        *slot = Some(value);
    }
}

fn at<T: Copy>(places: &[Option<T>], key: i64) -> Option<T> {
    *places.get(usize::try_from(key).ok()?)?
}

fn damaged(error: VotesError) -> StoreError {
    StoreError::Damaged(error.to_string())
}

/// A row of the pass over all votes, in keys of the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct StandingVote {
    pub question: i64,
    pub round: i64,
    pub rater: i64,
    pub answer: Answer,
    /// Milliseconds.
    pub spent: Option<u32>,
    /// Unix milliseconds.
    pub at: i64,
}

impl StandingVote {
    fn whose(&self) -> (i64, i64, i64) {
        (self.question, self.round, self.rater)
    }
}

struct Asked {
    question: QuestionId,
    image: ImageId,
    class: ClassIndex,
    original: Option<ClassIndex>,
}

/// Dense numbers of the questions that have votes, and of their images.
struct Dense {
    rest: std::iter::Peekable<std::vec::IntoIter<Asked>>,
    ids: Vec<QuestionId>,
    keys: Vec<QuestionKey>,
    images: Vec<ImageId>,
    original: Vec<Option<ClassIndex>>,
    image_number: HashMap<ImageId, u32>,
}

impl Dense {
    /// Questions by key.
    fn new(asked: Vec<Asked>) -> Dense {
        Dense {
            rest: asked.into_iter().peekable(),
            ids: Vec::new(),
            keys: Vec::new(),
            images: Vec::new(),
            original: Vec::new(),
            image_number: HashMap::new(),
        }
    }

    /// The number of a question; questions have to come in the order of their keys.
    fn number(&mut self, question: i64) -> Option<usize> {
        if self.ids.last() != Some(&QuestionId(question)) {
            while self
                .rest
                .next_if(|asked| asked.question.0 < question)
                .is_some()
            {}
            let asked = self.rest.next_if(|asked| asked.question.0 == question)?;
            let (images, original) = (&mut self.images, &mut self.original);
            let image = *self.image_number.entry(asked.image).or_insert_with(|| {
                images.push(asked.image);
                original.push(asked.original);
                // There are fewer images than votes, whose number is checked when a table is built.
                u32::try_from(images.len() - 1).unwrap_or(u32::MAX)
            });
            self.ids.push(asked.question);
            self.keys.push(QuestionKey {
                image,
                class: asked.class,
            });
        }
        Some(self.ids.len() - 1)
    }
}
