//! What is written reads back as the same records, whatever the names are made of.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

use std::path::PathBuf;

use proptest::prelude::*;
use relabel::domain::{Answer, ClassIndex, Role};
use relabel::formats::export::{
    Formulas, ScoredLabel, TargetKind, TargetRow, Targets, VoteLine, VoteObject, VotesCsv,
    VotesParquet, defused, write_jsonl, write_scores_csv, write_scores_parquet,
};
use relabel::formats::label_studio::{
    Annotation, Answers, Given, Options, Part, Predicted, Prediction, Task, TaskWriter, read_tasks,
};
use relabel::formats::records::{ProposalRecord, VoteRecord};
use relabel::formats::table::{Column, Row, open_table};

/// Names that other programs stumble over: separators, quotes, line ends, control characters, formulas, other scripts.
fn name() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[a-z0-9]{1,4}",
        Just(",".to_owned()),
        Just("\"".to_owned()),
        Just("'".to_owned()),
        Just("\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("\t".to_owned()),
        Just("\u{1b}[31m".to_owned()),
        Just("\0".to_owned()),
        Just("=1+1".to_owned()),
        Just("-2".to_owned()),
        Just("@x".to_owned()),
        Just("/".to_owned()),
        Just("\\".to_owned()),
        Just("%41?#&".to_owned()),
        Just(" ".to_owned()),
        Just("\u{feff}".to_owned()),
        Just("ü日本\u{202e}🦊".to_owned()),
        "\\PC{1,2}",
    ];
    prop::collection::vec(part, 1..5).prop_map(|parts| parts.concat())
}

fn vote() -> impl Strategy<Value = VoteLine> {
    let answer = prop::sample::select(Answer::ALL.to_vec());
    let at = prop::option::of(1_000..253_402_300_799_999_i64);
    (name(), 0..1000_u32, name(), name(), answer, at).prop_map(
        |(image, class, rater, round, answer, at)| VoteLine {
            image,
            class: ClassIndex(class),
            rater,
            round,
            answer,
            at,
        },
    )
}

fn scored() -> impl Strategy<Value = ScoredLabel> {
    let score = prop::option::of(0.0..=1.0_f64);
    (name(), 0..1000_u32, name(), score, any::<bool>()).prop_map(
        |(image, class, name, score, in_set)| ScoredLabel {
            image,
            class: ClassIndex(class),
            name,
            score,
            in_set,
        },
    )
}

/// A file of these bytes.
struct Written {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Written {
    fn new(name: &str, bytes: &[u8]) -> Written {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        Written {
            _folder: folder,
            path,
        }
    }

    fn rows(&self, columns: &'static [Column]) -> Vec<Row> {
        let table = open_table(&self.path, columns).unwrap();
        table.map(Result::unwrap).collect()
    }
}

fn votes_of(file: &Written) -> Vec<VoteLine> {
    let rows = file.rows(VoteRecord::COLUMNS);
    let records = rows.iter().map(|row| VoteRecord::from_row(row).unwrap());
    let line = |record: VoteRecord| VoteLine {
        image: record.label.image,
        class: ClassIndex(record.label.label.parse().unwrap()),
        rater: record.rater,
        round: record.round.unwrap(),
        answer: record.answer,
        at: record.at,
    };
    records.map(line).collect()
}

const SCORES: &[Column] = &[
    Column::required("image"),
    Column::required("label"),
    Column::required("name"),
    Column::optional("score"),
    Column::required("in_set"),
];

fn scores_of(file: &Written) -> Vec<ScoredLabel> {
    let line = |row: &Row| ScoredLabel {
        image: row.text(0).to_owned(),
        class: ClassIndex(row.text(1).parse().unwrap()),
        name: row.text(2).to_owned(),
        score: row.get(3).map(|score| score.parse().unwrap()),
        in_set: matches!(row.text(4), "1" | "true"),
    };
    file.rows(SCORES).iter().map(line).collect()
}

fn given() -> impl Strategy<Value = Given> {
    let answer = prop::sample::select(Answer::ALL.to_vec());
    let at = prop::option::of(1_000..253_402_300_799_999_i64);
    (name(), answer, at).prop_map(|(label, answer, at)| Given { label, answer, at })
}

fn annotation() -> impl Strategy<Value = Annotation> {
    let role = prop::sample::select(vec![Role::Rater, Role::Expert, Role::Adjudicator]);
    let given = prop::collection::vec(given(), 1..5);
    let spent = prop::option::of(0..100_000_000_u64);
    (name(), prop::option::of(role), name(), spent, given).prop_map(
        |(rater, role, round, spent, mut given)| {
            // They stand by answer.
            given.sort_by_key(|given| std::cmp::Reverse(given.answer));
            Annotation {
                place: String::new(),
                rater,
                role,
                ground_truth: role == Some(Role::Expert),
                round: Some(round),
                spent,
                answers: Answers::Given(given),
            }
        },
    )
}

fn prediction() -> impl Strategy<Value = Prediction> {
    let score = prop::option::of(-10.0..10.0_f64);
    let predicted = (name(), any::<bool>(), score).prop_map(|(label, yes, score)| Predicted {
        label,
        yes,
        score,
    });
    (name(), prop::collection::vec(predicted, 1..5)).prop_map(|(source, mut labels)| {
        labels.sort_by_key(|predicted| !predicted.yes);
        Prediction {
            place: String::new(),
            source: Some(source),
            labels,
        }
    })
}

fn task() -> impl Strategy<Value = Task> {
    let annotations = prop::collection::vec(annotation(), 0..4);
    let predictions = prop::collection::vec(prediction(), 0..4);
    let labels = prop::collection::vec(name(), 0..4);
    (name(), labels, annotations, predictions).prop_map(
        |(image, labels, annotations, predictions)| Task {
            image,
            labels,
            annotations,
            predictions,
            cancelled: 0,
        },
    )
}

/// What a part of the file says, without the places.
fn tasks_of(file: &Written, part: Part) -> Vec<Task> {
    let options = Options {
        part,
        image_key: "image",
        from_name: None,
    };
    let tasks = read_tasks(&file.path, options).unwrap();
    let mut tasks: Vec<Task> = tasks.into_iter().map(Result::unwrap).collect();
    for task in &mut tasks {
        task.annotations
            .iter_mut()
            .for_each(|annotation| annotation.place.clear());
        task.predictions
            .iter_mut()
            .for_each(|prediction| prediction.place.clear());
    }
    tasks
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn votes_come_back_from_csv_jsonl_and_parquet(votes in prop::collection::vec(vote(), 0..12)) {
        let mut bytes = Vec::new();
        let mut rows = VotesCsv::new(&mut bytes, Formulas::Kept).unwrap();
        votes.iter().for_each(|vote| rows.write(vote).unwrap());
        rows.finish().unwrap();
        prop_assert_eq!(&votes_of(&Written::new("votes.csv", &bytes)), &votes);

        let objects: Vec<VoteObject> = votes.iter().map(VoteObject::of).collect();
        let mut bytes = Vec::new();
        write_jsonl(&objects, &mut bytes).unwrap();
        prop_assert_eq!(&votes_of(&Written::new("votes.jsonl", &bytes)), &votes);

        let mut bytes = Vec::new();
        let mut rows = VotesParquet::new(&mut bytes).unwrap();
        votes.iter().for_each(|vote| rows.write(vote.clone()).unwrap());
        rows.finish().unwrap();
        prop_assert_eq!(&votes_of(&Written::new("votes.parquet", &bytes)), &votes);
    }

    #[test]
    fn scores_come_back_from_csv_and_parquet(labels in prop::collection::vec(scored(), 0..12)) {
        let mut bytes = Vec::new();
        write_scores_csv(&labels, Formulas::Kept, &mut bytes).unwrap();
        prop_assert_eq!(&scores_of(&Written::new("scores.csv", &bytes)), &labels);

        let mut bytes = Vec::new();
        write_scores_parquet(&labels, &mut bytes).unwrap();
        let file = Written::new("scores.parquet", &bytes);
        prop_assert_eq!(&scores_of(&file), &labels);
        // They are proposals with scores too.
        let rows = file.rows(ProposalRecord::COLUMNS);
        let scores: Vec<Option<f64>> =
            rows.iter().map(|row| ProposalRecord::from_row(row).unwrap().score).collect();
        let expected: Vec<Option<f64>> = labels.iter().map(|label| label.score).collect();
        prop_assert_eq!(scores, expected);
    }

    #[test]
    fn tasks_come_back_from_label_studio(tasks in prop::collection::vec(task(), 0..4), prefix in name()) {
        let mut bytes = Vec::new();
        let mut writer = TaskWriter::new(&mut bytes, &prefix).unwrap();
        tasks.iter().for_each(|task| writer.write(task).unwrap());
        writer.finish().unwrap();
        let file = Written::new("tasks.json", &bytes);
        for (part, read) in [(Part::Votes, tasks_of(&file, Part::Votes)), (Part::Proposals, tasks_of(&file, Part::Proposals))] {
            let mut expected = tasks.clone();
            for task in &mut expected {
                match part {
                    Part::Votes => task.predictions.clear(),
                    Part::Proposals => task.annotations.clear(),
                }
            }
            prop_assert_eq!(read, expected);
        }
    }

    #[test]
    fn targets_come_back_from_csv(
        values in prop::collection::vec(prop::collection::btree_map(0..6_usize, 0.001..=1.0_f64, 0..4), 0..6),
        names in prop::collection::vec(name(), 6),
        images in prop::collection::vec(name(), 6),
    ) {
        let targets = Targets {
            classes: (0..).zip(names).collect(),
            rows: values
                .into_iter()
                .zip(images)
                .map(|(values, image)| TargetRow { image, values: values.into_iter().collect() })
                .collect(),
            kind: TargetKind::Soft,
        };
        let mut bytes = Vec::new();
        targets.write_csv(Formulas::Kept, &mut bytes).unwrap();
        let mut table = csv::Reader::from_reader(&bytes[..]);
        let header: Vec<String> = table.headers().unwrap().iter().map(str::to_owned).collect();
        let occurs = |column: usize| targets.rows.iter().flat_map(|row| &row.values).any(|(at, _)| *at == column);
        let columns: Vec<usize> = (0..6).filter(|column| occurs(*column)).collect();
        let expected: Vec<&String> = columns.iter().map(|column| &targets.classes[*column].1).collect();
        prop_assert_eq!(header[1..].iter().collect::<Vec<_>>(), expected);
        let rows: Vec<TargetRow> = table
            .records()
            .map(|record| record.unwrap())
            .map(|record| TargetRow {
                image: record[0].to_owned(),
                values: columns
                    .iter()
                    .zip(record.iter().skip(1))
                    .map(|(column, cell)| (*column, cell.parse().unwrap()))
                    .filter(|(_, value)| *value != 0.0)
                    .collect(),
            })
            .collect();
        prop_assert_eq!(&rows, &targets.rows);
    }

    #[test]
    fn no_defused_cell_is_a_formula(cell in name(), number in any::<f64>()) {
        let safe = defused(&cell);
        let is_number = cell.parse::<f64>().is_ok();
        prop_assert!(is_number || !safe.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']), "{safe:?}");
        prop_assert!(safe.ends_with(&cell));
        if number.is_finite() {
            let text = number.to_string();
            prop_assert_eq!(defused(&text), text.as_str());
        }
    }
}

#[test]
fn more_votes_than_a_row_group_holds_come_back_in_their_order() {
    let vote = |number: u32| VoteLine {
        image: format!("{number}.jpg"),
        class: ClassIndex(number % 1000),
        rater: "ann".to_owned(),
        round: "main".to_owned(),
        answer: Answer::ALL[number as usize % 3],
        at: (!number.is_multiple_of(7)).then_some(1_000 + i64::from(number)),
    };
    let mut bytes = Vec::new();
    let mut rows = VotesParquet::new(&mut bytes).unwrap();
    (0..100_001).for_each(|number| rows.write(vote(number)).unwrap());
    rows.finish().unwrap();
    let votes = votes_of(&Written::new("votes.parquet", &bytes));
    assert_eq!(votes, (0..100_001).map(vote).collect::<Vec<_>>());
}
