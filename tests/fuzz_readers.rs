//! Every reader on damaged files: whole ones, as the program and others write them, with bits flipped, pieces cut, doubled and moved, and
//! numbers made huge. Nothing panics, and each refusal is one line that no terminal acts on.
//!
//! RELABEL_FUZZ_CASES (or PROPTEST_CASES) raises the number of cases; `fuzz/` has the same readers under a coverage-guided fuzzer.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

use std::fmt::Display;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageFormat};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use relabel::domain::{Answer, Class, ClassIndex, Classes, Question, Role};
use relabel::formats::classes::{read_classes, read_headings, read_hierarchy, read_node_names};
use relabel::formats::coco::read_coco;
use relabel::formats::export::{
    Formulas, ScoredLabel, VoteLine, VoteObject, VotesCsv, VotesParquet, write_jsonl,
    write_scores_csv, write_scores_parquet,
};
use relabel::formats::features::{FeaturesError, read_features};
use relabel::formats::label_studio::{
    Annotation, Answers, Given, Options, Part, Predicted, Prediction, Task, TaskWriter, read_tasks,
};
use relabel::formats::matrix::{Matrix, MatrixError};
use relabel::formats::npz::VotesNpz;
use relabel::formats::public_key::PublicKey;
use relabel::formats::records::{LabelsRecord, PredictionRecord, ProposalRecord, VoteRecord};
use relabel::formats::table::{Column, open_table};
use relabel::hierarchy::Hierarchy;
use relabel::review::config::keymap_of;
use relabel::review::input::{Input, Parser};
use relabel::review::picture::{decode, probe};
use relabel::store::{NewVote, PlannedTask, Snapshot, Store};
use relabel::text::message;

/// Damage to a file.
#[derive(Debug, Clone)]
enum Damage {
    Flip(Index, u8),
    Cut(Index),
    Drop(Index, usize),
    Double(Index, usize),
    Move(Index, usize, Index),
    /// A number of so many bytes, as headers have them.
    Number(Index, usize, u64),
    /// A piece of text with a meaning.
    Insert(Index, &'static [u8]),
}

const PIECES: [&[u8]; 14] = [
    b"\"",
    b"\r",
    b"\n\n",
    b",",
    b"\0",
    b"\xff\xfe",
    b"[[[[[[[[",
    b"}",
    b"99999999999999999999",
    b"-1",
    b"NaN",
    b"1e999",
    b"\x1b[2J",
    b"\xe2\x80\xae",
];

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<Index>;
    let huge = prop_oneof![
        Just(0),
        Just(u64::MAX),
        Just(u64::MAX >> 1),
        Just(1 << 31),
        Just(0xfffe),
        any::<u64>()
    ];
    prop_oneof![
        4 => (at(), 0..8u8).prop_map(|(place, bit)| Damage::Flip(place, 1 << bit)),
        1 => at().prop_map(Damage::Cut),
        2 => (at(), 1..64usize).prop_map(|(place, length)| Damage::Drop(place, length)),
        1 => (at(), 1..64usize).prop_map(|(place, length)| Damage::Double(place, length)),
        1 => (at(), 1..64usize, at()).prop_map(|(from, length, to)| Damage::Move(from, length, to)),
        3 => (at(), prop::sample::select(vec![1, 2, 4, 8usize]), huge)
            .prop_map(|(place, size, value)| Damage::Number(place, size, value)),
        2 => (at(), prop::sample::select(PIECES.to_vec()))
            .prop_map(|(place, piece)| Damage::Insert(place, piece)),
    ]
}

fn damaged(bytes: &[u8], damages: &[Damage]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for damage in damages {
        if bytes.is_empty() {
            return bytes;
        }
        let end = |start: usize, length: usize| (start + length).min(bytes.len());
        match *damage {
            Damage::Flip(place, bit) => *place.get_mut(&mut bytes) ^= bit,
            Damage::Cut(place) => bytes.truncate(place.index(bytes.len())),
            Damage::Drop(place, length) => {
                let start = place.index(bytes.len());
                bytes.drain(start..end(start, length));
            }
            Damage::Double(place, length) => {
                let start = place.index(bytes.len());
                let piece = bytes[start..end(start, length)].to_vec();
                bytes.splice(start..start, piece);
            }
            Damage::Move(from, length, to) => {
                let start = from.index(bytes.len());
                let piece: Vec<u8> = bytes.drain(start..end(start, length)).collect();
                let to = to.index(bytes.len() + 1);
                bytes.splice(to..to, piece);
            }
            Damage::Number(place, size, value) => {
                let start = place.index(bytes.len());
                let end = end(start, size);
                let value = value.to_le_bytes();
                bytes[start..end].copy_from_slice(&value[..end - start]);
            }
            Damage::Insert(place, piece) => {
                let start = place.index(bytes.len());
                bytes.splice(start..start, piece.iter().copied());
            }
        }
    }
    bytes
}

fn config() -> Config {
    let cases = std::env::var("RELABEL_FUZZ_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok());
    let few = match std::env::var_os("PROPTEST_CASES") {
        Some(_) => Config::default().cases,
        None => 128,
    };
    Config {
        cases: cases.unwrap_or(few),
        failure_persistence: None,
        ..Config::default()
    }
}

/// Reads these files whole, which `check` must understand, and then damaged.
fn survives(whole: &[Vec<u8>], mut check: impl FnMut(&[u8]) -> Result<usize, TestCaseError>) {
    for file in whole {
        assert!(
            check(file).unwrap() > 0,
            "a whole file has something to read"
        );
    }
    let damages = prop::collection::vec(damage(), 1..4);
    let strategy = (prop::sample::select(whole.to_vec()), damages);
    let mut runner = TestRunner::new(config());
    let check = std::cell::RefCell::new(&mut check);
    let outcome = runner.run(&strategy, |(file, damages)| {
        (*check.borrow_mut())(&damaged(&file, &damages)).map(drop)
    });
    outcome.unwrap();
}

fn refusal(error: &dyn Display) -> Result<(), TestCaseError> {
    let text = error.to_string();
    prop_assert!(!text.is_empty() && !text.contains(['\n', '\r']), "{text:?}");
    let shown = message(&text);
    prop_assert!(!shown.chars().any(char::is_control), "{shown:?}");
    prop_assert!(shown.len() < 8_000);
    Ok(())
}

/// A folder with one file, whose bytes change.
struct Scratch(tempfile::TempDir);

impl Scratch {
    fn new() -> Scratch {
        Scratch(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

fn rows(
    path: &Path,
    columns: &'static [Column],
) -> Result<Vec<relabel::formats::table::Row>, TestCaseError> {
    let mut good = Vec::new();
    let table = match open_table(path, columns) {
        Ok(table) => table,
        Err(error) => {
            refusal(&error)?;
            return Ok(good);
        }
    };
    let mut last = 0;
    // Damage may make a million rows of one.
    for row in table.take(1_000) {
        match row {
            Ok(row) => {
                prop_assert!(row.row > last, "row {} behind {last}", row.row);
                last = row.row;
                good.push(row);
            }
            Err(error) => refusal(&error)?,
        }
    }
    Ok(good)
}

fn read_table(path: &Path) -> Result<usize, TestCaseError> {
    let mut n_read = 0;
    for row in rows(path, LabelsRecord::COLUMNS)? {
        n_read += usize::from(LabelsRecord::from_row(&row).is_ok());
    }
    for row in rows(path, ProposalRecord::COLUMNS)? {
        match ProposalRecord::all_of_row(&row) {
            Ok(records) => prop_assert!(records.iter().all(|r| r.score.is_none_or(f64::is_finite))),
            Err(error) => refusal(&error)?,
        }
    }
    for row in rows(path, PredictionRecord::COLUMNS)? {
        match PredictionRecord::from_row(&row) {
            Ok(record) => prop_assert!(record.score.is_finite()),
            Err(error) => refusal(&error)?,
        }
    }
    for row in rows(path, VoteRecord::COLUMNS)? {
        match VoteRecord::from_row(&row) {
            Ok(record) => prop_assert!(!record.rater.is_empty()),
            Err(error) => refusal(&error)?,
        }
    }
    Ok(n_read)
}

fn votes() -> Vec<VoteLine> {
    let vote = |number: u32| VoteLine {
        image: format!("folder/image {number}.jpg"),
        class: ClassIndex(number * 7),
        rater: ["alice", "bob, \"the\" other"][number as usize % 2].to_owned(),
        round: "main".to_owned(),
        answer: Answer::ALL[number as usize % 3],
        at: number
            .is_multiple_of(2)
            .then_some(1_793_611_800_250 + i64::from(number)),
    };
    (0..6).map(vote).collect()
}

fn scores() -> Vec<ScoredLabel> {
    let label = |number: u32| ScoredLabel {
        image: format!("{number}.jpg"),
        class: ClassIndex(number),
        name: "notebook, notebook computer".to_owned(),
        score: (number > 0).then(|| 1.0 / f64::from(number)),
        in_set: number.is_multiple_of(2),
    };
    (0..6).map(label).collect()
}

#[test]
fn tables_in_csv() {
    let mut first = Vec::new();
    let mut writer = VotesCsv::new(&mut first, Formulas::Kept).unwrap();
    votes().iter().for_each(|vote| writer.write(vote).unwrap());
    writer.finish().unwrap();
    let mut second = Vec::new();
    write_scores_csv(&scores(), Formulas::Kept, &mut second).unwrap();
    let scratch = Scratch::new();
    survives(&[first, second], |bytes| {
        read_table(&scratch.file("t.csv", bytes))
    });
}

#[test]
fn tables_in_jsonl() {
    let lines = votes();
    let objects: Vec<VoteObject<'_>> = lines.iter().map(VoteObject::of).collect();
    let mut first = Vec::new();
    write_jsonl(&objects, &mut first).unwrap();
    let folder = br#"{"file_name": "a.jpg", "labels": [1, "cat"], "scores": [0.5, null]}"#;
    let scratch = Scratch::new();
    survives(&[first, folder.to_vec()], |bytes| {
        read_table(&scratch.file("t.jsonl", bytes))
    });
}

#[test]
fn tables_in_parquet() {
    let mut first = Vec::new();
    let mut writer = VotesParquet::new(&mut first).unwrap();
    votes()
        .into_iter()
        .for_each(|vote| writer.write(vote).unwrap());
    writer.finish().unwrap();
    let mut second = Vec::new();
    write_scores_parquet(&scores(), &mut second).unwrap();
    let scratch = Scratch::new();
    survives(&[first, second], |bytes| {
        read_table(&scratch.file("t.parquet", bytes))
    });
}

#[test]
fn tasks_of_label_studio() {
    let given = |label: &str, answer, at| Given {
        label: label.to_owned(),
        answer,
        at,
    };
    let task = Task {
        image: "a b.jpg".to_owned(),
        labels: vec!["cat".to_owned(), "dog".to_owned()],
        annotations: vec![Annotation {
            place: String::new(),
            rater: "alice".to_owned(),
            role: Some(Role::Expert),
            ground_truth: true,
            round: Some("gold".to_owned()),
            spent: Some(2_500),
            answers: Answers::Given(vec![
                given("cat", Answer::Yes, Some(1_793_611_800_250)),
                given("dog", Answer::No, None),
            ]),
        }],
        predictions: vec![Prediction {
            place: String::new(),
            source: Some("resnet50".to_owned()),
            labels: vec![Predicted {
                label: "cat".to_owned(),
                yes: true,
                score: Some(0.25),
            }],
        }],
        cancelled: 0,
    };
    let mut json = Vec::new();
    let mut writer = TaskWriter::new(&mut json, "/data/local-files/?d=").unwrap();
    writer.write(&task).unwrap();
    writer.finish().unwrap();
    let scratch = Scratch::new();
    survives(&[json], |bytes| {
        let path = scratch.file("tasks.json", bytes);
        let mut n_read = 0;
        for part in [Part::Votes, Part::Proposals] {
            let options = Options {
                part,
                image_key: "image",
                from_name: None,
            };
            match read_tasks(&path, options) {
                Err(error) => refusal(&error)?,
                Ok(tasks) => {
                    for task in tasks {
                        match task {
                            Ok(task) => n_read += task.annotations.len() + task.predictions.len(),
                            Err(error) => {
                                refusal(&error)?;
                                prop_assert!(error.path.starts_with('['), "{error}");
                            }
                        }
                    }
                }
            }
        }
        Ok(n_read)
    });
}

#[test]
fn images_of_coco() {
    let json = br#"{"images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"}], "categories": [{"id": 1, "name": "cat"}, {"id": 18, "name": "dog"}],
        "annotations": [{"image_id": 1, "category_id": 18, "score": 0.5}, {"image_id": 1, "category_id": 18}, {"image_id": 2, "category_id": 1, "bbox": [0, 0, 1, 1]}]}"#;
    let scratch = Scratch::new();
    survives(&[json.to_vec()], |bytes| {
        match read_coco(&scratch.file("coco.json", bytes)) {
            Err(error) => refusal(&error).map(|()| 0),
            Ok(images) => {
                for image in &images {
                    image
                        .as_ref()
                        .map_or_else(|error| refusal(error), |_| Ok(()))?;
                }
                Ok(images.len())
            }
        }
    });
}

fn npy(descr: &str, shape: &str, numbers: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [
        b"\x93NUMPY\x01\x00",
        &length[..],
        header.as_bytes(),
        numbers,
    ]
    .concat()
}

fn npz(arrays: &[(&str, Vec<u8>)], method: zip::CompressionMethod) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in arrays {
        zip.start_file(format!("{name}.npy"), options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const METHODS: [zip::CompressionMethod; 2] = [
    zip::CompressionMethod::Stored,
    zip::CompressionMethod::Deflated,
];

#[test]
fn votes_in_npz() {
    let text = |text: &str| -> Vec<u8> {
        let points = text.chars().map(u32::from).chain(std::iter::repeat(0));
        points.take(8).flat_map(u32::to_le_bytes).collect()
    };
    let arrays = [
        (
            "tensor",
            npy("|u1", "(2, 2, 3)", &[0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0]),
        ),
        (
            "info",
            npy(
                "<U8",
                "(2, 2)",
                &["a.jpg", "1", "b.jpg", "2"].map(text).concat(),
            ),
        ),
        (
            "ids",
            npy("<i8", "(2,)", &[1i64, 2].map(i64::to_le_bytes).concat()),
        ),
    ];
    let scratch = Scratch::new();
    survives(&METHODS.map(|method| npz(&arrays, method)), |bytes| {
        let mut votes = match VotesNpz::open(&scratch.file("v.npz", bytes)) {
            Ok(votes) => votes,
            Err(error) => return refusal(&error).map(|()| 0),
        };
        let (raters, questions) = (votes.raters.len(), votes.questions.len());
        let (mut n_votes, mut is_within) = (0, true);
        let outcome = votes.each_vote(
            |rater, question, _| {
                is_within &= rater < raters && question < questions;
                n_votes += 1;
            },
            || {},
        );
        prop_assert!(is_within);
        outcome.map_or_else(|error| refusal(&error), Ok)?;
        Ok(n_votes)
    });
}

#[test]
fn matrices_in_npy_and_npz() {
    let numbers = [0.5f32, -1.0, 3.25, 0.0, 1e9, 7.0]
        .map(f32::to_le_bytes)
        .concat();
    let array = npy("<f4", "(2, 3)", &numbers);
    let arrays = [("scores", array.clone()), ("rest", array.clone())];
    let [stored, packed] = METHODS.map(|method| npz(&arrays, method));
    let scratch = Scratch::new();
    survives(&[array, stored, packed], |bytes| {
        let name = if bytes.starts_with(b"PK") {
            "m.npz"
        } else {
            "m.npy"
        };
        let array = (name == "m.npz").then_some("scores");
        let matrix = match Matrix::open(&scratch.file(name, bytes), array) {
            Ok(matrix) => matrix,
            Err(error) => return refusal(&error).map(|()| 0),
        };
        let (images, _) = matrix.shape();
        let mut n_steps = 0;
        let outcome = matrix.each_block(|block| -> Result<(), MatrixError> {
            n_steps += block.look(|first, _| assert!(first < images))?.len();
            Ok(())
        });
        outcome.map_or_else(|error| refusal(&error), Ok)?;
        Ok(n_steps)
    });
}

/// Two images with a list of two numbers each.
fn lists() -> Vec<u8> {
    use parquet::data_type::{ByteArray, ByteArrayType, FloatType};
    let schema = "message m { required binary image (UTF8);
        required group features (LIST) { repeated group list { optional float element; } } }";
    let schema = parquet::schema::parser::parse_message_type(schema).unwrap();
    let mut bytes = Vec::new();
    let writer = parquet::file::writer::SerializedFileWriter::new(
        &mut bytes,
        schema.into(),
        Default::default(),
    );
    let mut writer = writer.unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let images = [ByteArray::from("a.jpg"), ByteArray::from("b.jpg")];
    let images = column
        .typed::<ByteArrayType>()
        .write_batch(&images, None, None);
    assert_eq!(images.unwrap(), 2);
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let (numbers, defined, repeats) = ([0.5, -1.0, 2.0, 1e9], [2; 4], [0, 1, 0, 1]);
    let numbers = column
        .typed::<FloatType>()
        .write_batch(&numbers, Some(&defined), Some(&repeats));
    assert_eq!(numbers.unwrap(), 4);
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn features_in_npy_and_parquet() {
    let numbers = [0.5f64, -1.0, 3.25, 0.0].map(f64::to_le_bytes).concat();
    let mut scored = Vec::new();
    write_scores_parquet(&scores()[1..], &mut scored).unwrap();
    let scratch = Scratch::new();
    survives(
        &[npy("<f8", "(2, 1, 2)", &numbers), lists(), scored],
        |bytes| {
            let name = match bytes.first() {
                Some(b'P') => "f.parquet",
                _ => "f.npy",
            };
            match read_features(&scratch.file(name, bytes), None, |_| {
                Ok::<_, FeaturesError>(())
            }) {
                Ok(table) => {
                    assert!(table.values.iter().all(|value| value.is_finite()));
                    let images = table.values.len() / table.columns;
                    assert!(table.images.is_none_or(|names| names.len() == images));
                    Ok(images)
                }
                Err(error) => refusal(&error).map(|()| 0),
            }
        },
    );
}

#[test]
fn classes_and_hierarchies() {
    let classes = "\u{feff}Gloss, name ,INDEX,wnid\r\na fish,\"tench, Tinca tinca\",0,n1\r\n,\" crane\",7,\r\n".as_bytes();
    survives(&[classes.to_vec()], |bytes| match read_classes(bytes) {
        Err(error) => refusal(&error).map(|()| 0),
        Ok(list) => {
            let n_classes = list.len();
            Classes::new(list).map_or_else(|error| refusal(&error), |_| Ok(()))?;
            Ok(n_classes)
        }
    });
    let list = read_classes("index,name\n0,a\n1,b\n2,c\n3,d\n".as_bytes()).unwrap();
    let known = Classes::new(list).unwrap();
    let whole = "child,parent,rank\na,x,0\nb,x,0\nx,y,0\nc,y,1\nd,y,0\ny,,0\n---\nnode,name\nx,pets\n---\nnode,heading\nx,Pets\n";
    survives(&[whole.as_bytes().to_vec()], |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let mut parts = text.split("---\n").map(str::as_bytes);
        let mut part = || parts.next().unwrap_or_default();
        let (edges, names, headings) = (
            read_hierarchy(part()),
            read_node_names(part()),
            read_headings(part()),
        );
        for error in [
            edges.as_ref().err(),
            names.as_ref().err(),
            headings.as_ref().err(),
        ]
        .into_iter()
        .flatten()
        {
            refusal(error)?;
        }
        let (Ok(edges), Ok(mut names), Ok(headings)) = (edges, names, headings) else {
            return Ok(0);
        };
        names.extend(edges.roots);
        match Hierarchy::new(&known, edges.edges, names, headings) {
            Err(error) => refusal(&error).map(|()| 0),
            Ok(hierarchy) => Ok(hierarchy.nodes().count()),
        }
    });
}

#[test]
fn public_keys() {
    let key = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIChOLccTrDQZsJN7HiedTVaVphS3jAjComeSsdBpxAnZ a comment\n";
    survives(&[key.to_vec()], |bytes| match PublicKey::read(bytes) {
        Err(error) => refusal(&error).map(|()| 0),
        Ok(key) => {
            let again = PublicKey::read(key.text().as_bytes());
            prop_assert_eq!(again.as_ref(), Ok(&key));
            Ok(1)
        }
    });
}

#[test]
fn the_config_file() {
    let config = b"[keys]\nyes = [\"w\", \"ctrl-y\"]\n";
    survives(&[config.to_vec()], |bytes| {
        match keymap_of(&String::from_utf8_lossy(bytes)) {
            Ok(_) => Ok(1),
            // TOML shows the place in lines of its own.
            Err(error) => {
                error
                    .to_string()
                    .lines()
                    .try_for_each(|line| refusal(&format!("{line:?}")))?;
                Ok(0)
            }
        }
    });
}

#[test]
fn what_a_terminal_answers() {
    let answers = b"\x1b_Gi=31;OK\x1b\\\x1b[?62;4;22c\x1b[6;18;9t\x1bP>|kitty(0.40)\x1b\\\x1bP1+r524742=38\x1b\\\x1b[0nyn";
    survives(&[answers.to_vec()], |bytes| {
        let mut now = std::time::Instant::now();
        let mut parser = Parser::new(now);
        let found = parser.take(bytes, now).len();
        // Whatever that was, a minute later a key that comes alone counts once.
        let mut keys = 0;
        for come in [&b""[..], b"y"] {
            keys = 0;
            let mut inputs = parser.take(come, now);
            let end = now + std::time::Duration::from_secs(60);
            while let Some(deadline) = parser.deadline().filter(|deadline| *deadline <= end) {
                now = now.max(deadline);
                inputs.extend(parser.pass_time(now));
            }
            now = end;
            let is_key = |input: &&Input| matches!(input, Input::Key(_));
            keys += inputs.iter().filter(is_key).count();
        }
        prop_assert_eq!(keys, 1);
        Ok(found)
    });
}

#[test]
fn pictures() {
    let paint = |x: u32, y: u32| image::Rgba([x as u8 * 20, y as u8 * 20, 128, (x * 25) as u8]);
    let rgba = DynamicImage::from(image::RgbaImage::from_fn(10, 7, paint));
    let formats = [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::Gif,
        ImageFormat::WebP,
        ImageFormat::Bmp,
        ImageFormat::Tiff,
    ];
    let mut files = Vec::new();
    for format in formats {
        let mut bytes = Cursor::new(Vec::new());
        let picture = match format {
            ImageFormat::Jpeg => DynamicImage::from(rgba.to_rgb8()),
            _ => rgba.clone(),
        };
        picture.write_to(&mut bytes, format).unwrap();
        let bytes = bytes.into_inner();
        if format == ImageFormat::Jpeg {
            // Turned by its EXIF data.
            let exif = b"\xff\xe1\0\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
            files.push([&bytes[..2], &exif[..], &bytes[2..]].concat());
        }
        files.push(bytes);
    }
    let scratch = Scratch::new();
    survives(&files, |bytes| {
        let path = scratch.file("picture", bytes);
        match (probe(&path), decode(&path)) {
            (Ok(found), Ok(picture)) => {
                prop_assert_eq!(picture.image.dimensions(), (found.width, found.height));
                Ok(1)
            }
            (Err(first), Err(second)) => refusal(&first).and(refusal(&second)).map(|()| 0),
            (Ok(_), Err(error)) => refusal(&error).map(|()| 0),
            (Err(error), Ok(_)) => Err(TestCaseError::fail(format!(
                "decoded, but by its header {error}"
            ))),
        }
    });
}

/// A small project with a vote in it.
fn project(path: &Path) {
    let store = Store::create(path).unwrap();
    store.set_setting("project", "one").unwrap();
    let class = Class {
        index: ClassIndex(0),
        wnid: None,
        name: "cat".to_owned(),
        gloss: None,
    };
    store
        .add_classes(&Classes::new(vec![class]).unwrap())
        .unwrap();
    let image = store.add_image("a.png").unwrap();
    store
        .replace_plan(&[PlannedTask {
            image,
            ordinal: 0,
            labels: vec![ClassIndex(0)],
        }])
        .unwrap();
}

#[test]
fn other_project_files() {
    let scratch = Scratch::new();
    let ours = scratch.0.path().join("ours.db");
    project(&ours);
    let theirs = scratch.0.path().join("theirs.db");
    std::fs::copy(&ours, &theirs).unwrap();
    vote(&Store::open(&theirs).unwrap());
    let whole = std::fs::read(&theirs).unwrap();
    let former = std::fs::read(&ours).unwrap();
    survives(&[whole], |bytes| {
        std::fs::write(&ours, &former).unwrap();
        let store = Store::open(&ours).unwrap();
        let other = scratch.file("other.db", bytes);
        let snapshot = match Snapshot::of(&other, &other) {
            Ok(snapshot) => snapshot,
            Err(error) => return refusal(&error).map(|()| 0),
        };
        match store.atomically(|store| store.merge(snapshot.store(), &|| ())) {
            Ok(merged) => Ok(merged.votes.taken),
            Err(error) => {
                refusal(&error)?;
                // All or nothing.
                prop_assert_eq!(store.raters().unwrap().len(), 0);
                Ok(0)
            }
        }
    });
}

fn vote(store: &Store) {
    let image = store.images().unwrap()[0].id;
    let asked = Question {
        image,
        class: ClassIndex(0),
    };
    let vote = NewVote {
        question: store.question(asked).unwrap(),
        round: store.round("main").unwrap(),
        rater: store.add_rater("alice", Role::Rater).unwrap(),
        answer: Some(Answer::Yes),
        at: Some(5_000),
        spent: None,
    };
    store.atomically(|store| store.add_votes(&[vote])).unwrap();
}
