//! The real votes behind "Are we done with ImageNet?", read from the shared folder as a stream.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing
)]

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use relabel::consensus::{Evidence, Gold, QuestionKey, VoteTable};
use relabel::domain::{Answer, ClassIndex};
use relabel::formats::npz::VotesNpz;

/// Votes and original labels; image number n stands for `ILSVRC2012_val_{n + 1:08}.JPEG`.
pub struct RealVotes {
    /// 85 raters, 184,962 questions: raters.npz.
    pub main: VoteTable,
    /// The same raters and questions: raters_golden.npz.
    pub gold: VoteTable,
    /// Five experts, the same questions: golden.npz.
    pub experts: VoteTable,
    /// By image number.
    pub original: Vec<Option<ClassIndex>>,
}

impl RealVotes {
    pub fn evidence(&self) -> Evidence<'_> {
        Evidence {
            votes: &self.main,
            gold: Some(Gold {
                experts: &self.experts,
                raters: &self.gold,
            }),
            original: &self.original,
        }
    }
}

/// The shared folder `data/real`; none, with a word, where it is absent. With CI=true it must be
/// there.
pub fn folder() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared =
        std::env::var_os("RELABEL_SHARED").map_or_else(|| root.join("../shared"), PathBuf::from);
    let folder = shared.join("data/real");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "{} is missing",
        folder.display()
    );
    println!("skipped: {} is missing", folder.display());
    None
}

/// The votes, read once for all tests of a file.
pub fn real_votes() -> Option<&'static RealVotes> {
    static VOTES: OnceLock<Option<RealVotes>> = OnceLock::new();
    VOTES.get_or_init(|| Some(read_all(&folder()?))).as_ref()
}

/// Number of an image by its file name.
pub fn image_number(name: &str) -> u32 {
    let digits = name
        .get(15..23)
        .expect("a name such as ILSVRC2012_val_00000001.JPEG");
    digits.parse::<u32>().expect("eight digits") - 1
}

fn read_all(folder: &Path) -> RealVotes {
    let main = Npz::read(&folder.join("raters.npz"));
    let numbers: HashMap<QuestionKey, usize> = (main.questions.iter().copied()).zip(0..).collect();
    let raters: HashMap<i64, u32> = main.ids.iter().copied().zip(0..).collect();
    let mut builder = VoteTable::builder(main.questions, main.ids.len());
    for (rater, question, answer) in main.votes {
        builder.push(question, rater, answer).unwrap();
    }
    let main = builder.build().unwrap();
    let with_questions_of_main = |npz: Npz, rater: &dyn Fn(u32) -> u32, n_raters: usize| {
        let mut builder = VoteTable::builder(main.shared_questions(), n_raters);
        for (voter, question, answer) in npz.votes {
            let question = numbers[&npz.questions[question]];
            builder.push(question, rater(voter), answer).unwrap();
        }
        builder.build().unwrap()
    };
    let gold = Npz::read(&folder.join("raters_golden.npz"));
    let ids = gold.ids.clone();
    let gold = with_questions_of_main(gold, &|voter| raters[&ids[voter as usize]], raters.len());
    let experts = Npz::read(&folder.join("golden.npz"));
    let experts = with_questions_of_main(experts, &|voter| voter, 5);
    let mut original = Vec::new();
    let mut file = csv::Reader::from_path(folder.join("original_labels.csv")).unwrap();
    for row in file.deserialize() {
        let (name, label): (String, u32) = row.unwrap();
        assert_eq!(image_number(&name) as usize, original.len());
        original.push(Some(ClassIndex(label)));
    }
    RealVotes {
        main,
        gold,
        experts,
        original,
    }
}

struct Npz {
    ids: Vec<i64>,
    questions: Vec<QuestionKey>,
    votes: Vec<(u32, usize, Answer)>,
}

impl Npz {
    fn read(path: &Path) -> Npz {
        let mut npz = VotesNpz::open(path).unwrap();
        let key = |(image, class): &(String, String)| QuestionKey {
            image: image_number(image),
            class: ClassIndex(class.parse().unwrap()),
        };
        let questions = npz.questions.iter().map(key).collect();
        let mut votes = Vec::new();
        let keep = |rater: usize, question, answer| votes.push((rater as u32, question, answer));
        npz.each_vote(keep, || {}).unwrap();
        Npz {
            ids: npz.raters,
            questions,
            votes,
        }
    }
}
