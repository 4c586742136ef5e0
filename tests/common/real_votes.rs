//! The real votes behind "Are we done with ImageNet?", read from the shared folder as a stream.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing
)]

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use relabel::consensus::{Evidence, Gold, QuestionKey, VoteTable};
use relabel::domain::{Answer, ClassIndex};
use zip::ZipArchive;

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
        let mut archive = ZipArchive::new(File::open(path).unwrap()).unwrap();
        let ids: Vec<i64> = {
            let bytes = BufReader::new(archive.by_name("ids.npy").unwrap());
            npyz::NpyFile::new(bytes).unwrap().into_vec().unwrap()
        };
        let questions = read_questions(BufReader::new(archive.by_name("info.npy").unwrap()));
        let tensor = BufReader::new(archive.by_name("tensor.npy").unwrap());
        let votes = read_tensor(tensor, ids.len(), questions.len());
        Npz {
            ids,
            questions,
            votes,
        }
    }
}

/// Reads UCS-4 text [question, 2]: image file, class index.
fn read_questions(mut bytes: impl Read) -> Vec<QuestionKey> {
    let header = npyz::NpyHeader::from_reader(&mut bytes).unwrap();
    assert_eq!(header.shape()[1], 2);
    let n = header.shape()[0] as usize;
    let width = header.dtype().num_bytes().unwrap();
    let mut row = vec![0; width * 2];
    let text = |cell: &[u8]| -> String {
        let letters = cell.chunks_exact(4).map(|letter| letter[0]);
        letters.take_while(|&l| l != 0).map(char::from).collect()
    };
    (0..n)
        .map(|_| {
            bytes.read_exact(&mut row).unwrap();
            let (image, class) = row.split_at(width);
            QuestionKey {
                image: image_number(&text(image)),
                class: ClassIndex(text(class).parse().unwrap()),
            }
        })
        .collect()
}

/// Reads float64 [rater, question, 3], one-hot; almost all of it is zeros, which are skipped in
/// blocks.
fn read_tensor(
    mut bytes: impl Read,
    n_raters: usize,
    n_questions: usize,
) -> Vec<(u32, usize, Answer)> {
    const CELL: usize = 24;
    const BLOCK: usize = 16;
    let header = npyz::NpyHeader::from_reader(&mut bytes).unwrap();
    assert_eq!(header.shape(), [n_raters as u64, n_questions as u64, 3]);
    assert_eq!(header.order(), npyz::Order::C);
    let mut votes = Vec::new();
    let mut row = vec![0; n_questions * CELL];
    for rater in 0..n_raters as u32 {
        bytes.read_exact(&mut row).unwrap();
        for (block, cells) in row.chunks(CELL * BLOCK).enumerate() {
            if cells == &[0; CELL * BLOCK][..cells.len()] {
                continue;
            }
            for (at, cell) in cells.chunks_exact(CELL).enumerate() {
                let marks = cell.chunks_exact(8).map(|mark| mark == 1_f64.to_le_bytes());
                for (code, marked) in marks.enumerate() {
                    if marked {
                        let answer = Answer::from_code(code as u8).unwrap();
                        votes.push((rater, block * BLOCK + at, answer));
                    }
                }
            }
        }
    }
    votes
}
