//! Merging is a union: whatever was voted, noted and merged before in several copies, they end with the same votes, notes
//! and label sets, in any order of merging; and a second time changes nothing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use relabel::domain::{Answer, Class, ClassIndex, Classes, ImageId, Question, Role};
use relabel::live::Live;
use relabel::store::{DECISION_ROUND, NewVote, NoteKind, PlannedTask, Snapshot, Store};

const COPIES: usize = 3;
const IMAGES: i64 = 3;
const CLASSES: u32 = 4;
const RATERS: [&str; 4] = ["ann", "bob", "cem", "dora"];
const ROUNDS: [&str; 3] = ["main", "second", DECISION_ROUND];

/// Two of them decide.
fn role(rater: usize) -> Role {
    match rater {
        2 | 3 => Role::Adjudicator,
        _ => Role::Rater,
    }
}

/// What somebody does to a copy.
#[derive(Debug, Clone)]
enum Deed {
    /// An answer, or one taken back.
    Vote {
        image: i64,
        class: u32,
        rater: usize,
        round: usize,
        answer: Option<Answer>,
        /// From few, so that times are equal now and then; none where it is not known.
        at: Option<i64>,
    },
    Note {
        image: i64,
        rater: usize,
        kind: NoteKind,
        at: i64,
    },
    /// An answer to one of the notes that are there, if any.
    AnswerNote { rater: usize, which: usize, at: i64 },
    /// A label that the plan does not ask.
    AddLabel { image: i64 },
    /// The program is ended and begun again.
    Reopen,
    /// The other copy's votes are taken in, in the middle of it all.
    Merge { from: usize },
}

fn deed() -> impl Strategy<Value = Deed> {
    let answer = prop::option::weighted(
        0.8,
        prop::sample::select(vec![Answer::No, Answer::Maybe, Answer::Yes]),
    );
    let at = prop::option::of(5_000..5_004_i64);
    let vote = (
        0..IMAGES,
        0..CLASSES,
        0..RATERS.len(),
        0..ROUNDS.len(),
        answer,
        at,
    )
        .prop_map(|(image, class, rater, round, answer, at)| Deed::Vote {
            image,
            class,
            rater,
            round,
            answer,
            at,
        });
    let kind = prop::sample::select(vec![
        NoteKind::Flag,
        NoteKind::Unflag,
        NoteKind::Comment("blurred".to_owned()),
    ]);
    let note = (0..IMAGES, 0..RATERS.len(), kind, 5_000..5_004_i64).prop_map(
        |(image, rater, kind, at)| Deed::Note {
            image,
            rater,
            kind,
            at,
        },
    );
    prop_oneof![
        12 => vote,
        3 => note,
        2 => (0..RATERS.len(), 0..8_usize, 5_000..5_004_i64)
            .prop_map(|(rater, which, at)| Deed::AnswerNote { rater, which, at }),
        1 => (0..IMAGES).prop_map(|image| Deed::AddLabel { image }),
        2 => Just(Deed::Reopen),
        2 => (0..COPIES).prop_map(|from| Deed::Merge { from }),
    ]
}

/// A project of a few images and classes, planned but for the last class.
fn original(path: &Path) {
    let store = Store::create(path).unwrap();
    store.set_setting("project", "one").unwrap();
    let classes = (0..CLASSES).map(|index| Class {
        index: ClassIndex(index),
        wnid: None,
        name: format!("class {index}"),
        gloss: None,
    });
    store
        .add_classes(&Classes::new(classes.collect()).unwrap())
        .unwrap();
    let plan: Vec<PlannedTask> = (0..IMAGES)
        .map(|image| PlannedTask {
            image: store.add_image(&format!("{image}.png")).unwrap(),
            ordinal: 0,
            labels: (0..CLASSES - 1).map(ClassIndex).collect(),
        })
        .collect();
    store.replace_plan(&plan).unwrap();
}

/// Copies of one project, each as its program has it open.
struct Copies {
    folder: tempfile::TempDir,
    open: Vec<Store>,
}

impl Copies {
    fn new() -> Copies {
        let folder = tempfile::tempdir().unwrap();
        let first = folder.path().join("original.db");
        original(&first);
        let path = |copy: usize| folder.path().join(format!("{copy}.db"));
        for copy in 0..COPIES {
            std::fs::copy(&first, path(copy)).unwrap();
        }
        let open = (0..COPIES)
            .map(|copy| Store::open(&path(copy)).unwrap())
            .collect();
        Copies { folder, open }
    }

    fn path(&self, copy: usize) -> PathBuf {
        self.folder.path().join(format!("{copy}.db"))
    }

    /// How many votes and notes came.
    fn merge(&self, into: usize, from: usize) -> usize {
        let snapshot = Snapshot::of(&self.path(from), &self.path(into)).unwrap();
        let store = &self.open[into];
        let merged = store
            .atomically(|store| store.merge(snapshot.store(), &|| ()))
            .unwrap();
        merged.votes.taken + merged.notes.taken
    }

    fn apply(&mut self, copy: usize, deed: &Deed) {
        let store = &self.open[copy];
        let image_id = |image: i64| -> ImageId { store.images().unwrap()[image as usize].id };
        let rater_id = |rater: usize| match store.rater(RATERS[rater]).unwrap() {
            Some(known) => known.id,
            None => store.add_rater(RATERS[rater], role(rater)).unwrap(),
        };
        match deed {
            Deed::Vote {
                image,
                class,
                rater,
                round,
                answer,
                at,
            } => {
                let asked = Question {
                    image: image_id(*image),
                    class: ClassIndex(*class),
                };
                let vote = NewVote {
                    question: store.question(asked).unwrap(),
                    round: store.round(ROUNDS[*round]).unwrap(),
                    rater: rater_id(*rater),
                    answer: *answer,
                    at: *at,
                    spent: Some(300),
                };
                store.atomically(|store| store.add_votes(&[vote])).unwrap();
                // The last one made is the one that stands, here and now.
                let stands = store.standing_answer(vote.question, vote.round, vote.rater);
                assert_eq!(stands.unwrap(), *answer);
                let decides = role(*rater) == Role::Adjudicator && ROUNDS[*round] == DECISION_ROUND;
                if let (true, Some(answer)) = (decides, answer) {
                    let rulings = store.rulings(vote.question).unwrap();
                    let last = rulings.last().map(|ruling| (ruling.rater, ruling.answer));
                    assert_eq!(last, Some((vote.rater, *answer)));
                }
            }
            Deed::Note {
                image,
                rater,
                kind,
                at,
            } => {
                store
                    .add_note(image_id(*image), rater_id(*rater), kind, *at)
                    .unwrap();
            }
            Deed::AnswerNote { rater, which, at } => {
                let notes = store.notes(None).unwrap();
                let Some(to) = notes.get(which % notes.len().max(1)).map(|note| note.id) else {
                    return;
                };
                let image = store.image_of_note(to).unwrap();
                let text = format!("answer {which}");
                let kind = NoteKind::Answer { to, text };
                let answer = |store: &Store| store.add_note(image, rater_id(*rater), &kind, *at);
                store.atomically(answer).unwrap();
                let mut notes = store.notes(Some(image)).unwrap();
                notes.retain(|note| note.id == to);
                assert!(!notes[0].is_open());
            }
            Deed::AddLabel { image } => {
                let asked = Question {
                    image: image_id(*image),
                    class: ClassIndex(CLASSES - 1),
                };
                let task = store.tasks().unwrap()[*image as usize].id;
                store.add_label(task, asked).unwrap();
            }
            Deed::Reopen => self.open[copy] = Store::open(&self.path(copy)).unwrap(),
            Deed::Merge { from } => drop(self.merge(copy, *from)),
        }
    }

    /// Everything that was voted and noted, in words, but for which copy it is in.
    fn rows(&self, copy: usize) -> BTreeSet<String> {
        let connection = rusqlite::Connection::open(self.path(copy)).unwrap();
        let texts = |sql: &str| -> Vec<String> {
            let mut statement = connection.prepare(sql).unwrap();
            let rows = statement.query_map([], |row| row.get(0)).unwrap();
            rows.map(Result::unwrap).collect()
        };
        let votes = texts(
            "SELECT format('%s %d %s %s %d %d %d %s %d', image.name, class, rater.name, round.name, at, copy, sequence,
                           ifnull(answer, 'back'), spent)
             FROM vote JOIN question ON question.id = question JOIN image ON image.id = image
             JOIN rater ON rater.id = rater JOIN round ON round.id = round",
        );
        let notes = texts(
            "SELECT format('%s %s %s %s %d %d %d %s %s', image.name, rater.name, kind, text, at, copy, sequence,
                           ifnull(to_copy, 'none'), ifnull(to_sequence, 'none'))
             FROM note JOIN image ON image.id = image JOIN rater ON rater.id = rater",
        );
        let all = votes.len() + notes.len();
        let set: BTreeSet<String> = votes.into_iter().chain(notes).collect();
        assert_eq!(set.len(), all);
        set
    }

    /// Score, membership and dispute of every question in a round, by name.
    fn label_sets(&self, copy: usize, round: &str) -> BTreeSet<String> {
        let store = &self.open[copy];
        let images = store.images().unwrap();
        let name = |id| &images.iter().find(|image| image.id == id).unwrap().name;
        let live = Live::newest(store, round).unwrap();
        live.scores()
            .map(|score| {
                let (image, class) = (name(score.asks.image), score.asks.class.0);
                format!(
                    "{image} {class} {} {} {} {}",
                    score.score, score.in_set, score.disputed, score.decided
                )
            })
            .collect()
    }

    /// Standing votes, in words.
    fn standing(&self, copy: usize) -> BTreeSet<String> {
        let mut rows = BTreeSet::new();
        let each = |vote| -> Result<(), relabel::store::StoreError> {
            rows.insert(format!("{vote:?}"));
            Ok(())
        };
        self.open[copy].each_vote(each).unwrap();
        rows
    }

    fn all(&self, copy: usize) -> [BTreeSet<String>; 6] {
        let flagged = self.open[copy].status().unwrap().flagged;
        let notes = self.open[copy].notes(None).unwrap();
        [
            self.rows(copy),
            self.standing(copy),
            self.label_sets(copy, ROUNDS[0]),
            self.label_sets(copy, ROUNDS[1]),
            BTreeSet::from([flagged.to_string()]),
            BTreeSet::from([format!("{notes:?}")]),
        ]
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn merged_in_any_order_all_copies_hold_the_same(
        deeds in prop::collection::vec((0..COPIES, deed()), 1..40),
        order in Just((0..COPIES).flat_map(|into| (0..COPIES).map(move |from| (into, from))).collect::<Vec<_>>()).prop_shuffle(),
        again in Just((0..COPIES).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let mut copies = Copies::new();
        for (copy, deed) in &deeds {
            copies.apply(*copy, deed);
        }
        let mut all: BTreeSet<String> = BTreeSet::new();
        for copy in 0..COPIES {
            all.extend(copies.rows(copy));
        }
        // One after another takes in all others, in an order of its own.
        for &(into, from) in &order {
            copies.merge(into, from);
        }
        let first = copies.all(0);
        prop_assert_eq!(&first[0], &all);
        for copy in 1..COPIES {
            prop_assert_eq!(&copies.all(copy), &first);
        }
        for &into in &again {
            for &from in &again {
                prop_assert_eq!(copies.merge(into, from), 0);
            }
        }
        prop_assert_eq!(&copies.all(again[0]), &first);
        for store in &copies.open {
            prop_assert_eq!(store.damage().unwrap(), Vec::<String>::new());
        }
    }
}
