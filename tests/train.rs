//! `relabel train`: from features to predictions, on real digits and on small made-up ones.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use common::page::Page;
#[cfg(unix)]
use common::pty::{Opening, Terminal};
use common::{Project, shared};
use parquet::data_type::{ByteArray, ByteArrayType, FloatType, Int32Type};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use relabel::formats::export::write_logits_npy;

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

/// Runs `train` with more arguments; what it says as JSON.
fn train(project: &Project, arguments: &[&str]) -> serde_json::Value {
    json(&project.run(&[&["train"], arguments, &["--format", "json", "-q"]].concat()))
}

fn npy(values: &[f32], columns: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_logits_npy(values, columns, &mut bytes).unwrap();
    bytes
}

/// An array of an npz, as numbers.
fn array(file: &Path, name: &str) -> Vec<f64> {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(file).unwrap()).unwrap();
    let array = npyz::NpyFile::new(archive.by_name(&format!("{name}.npy")).unwrap()).unwrap();
    match array.dtype().descr().trim_matches('\'') {
        "<f4" => array
            .into_vec::<f32>()
            .unwrap()
            .into_iter()
            .map(f64::from)
            .collect(),
        "<i8" => array
            .into_vec::<i64>()
            .unwrap()
            .into_iter()
            .map(|n| n as f64)
            .collect(),
        _ => array
            .into_vec::<u8>()
            .unwrap()
            .into_iter()
            .map(f64::from)
            .collect(),
    }
}

const DIGITS: &str =
    "index,name\n0,zero\n1,one\n2,two\n3,three\n4,four\n5,five\n6,six\n7,seven\n8,eight\n9,nine\n";

/// A table of an image's row number and something of it.
fn table(header: &str, images: &[String], of: impl Fn(usize) -> String) -> String {
    let mut text = format!("{header}\n");
    for (row, image) in images.iter().enumerate() {
        writeln!(text, "{image},{}", of(row)).unwrap();
    }
    text
}

fn names(prefix: &str, count: usize) -> Vec<String> {
    (0..count)
        .map(|number| format!("{prefix}-{number:05}"))
        .collect()
}

/// The 1,797 real digits: by 10 folds to predictions, by these to proposals.
#[test]
fn held_out_predictions_of_real_digits_become_proposals() {
    let Some(file) = shared().map(|shared| shared.join("data/digits/digits.npz")) else {
        return;
    };
    let project = Project::empty();
    project.write("classes.csv", DIGITS);
    project.run(&["init", "--classes", "classes.csv"]);
    let labels = array(&file, "labels");
    let images = names("digit", labels.len());
    project.write(
        "labels.csv",
        table("image,label", &images, |row| labels[row].to_string()),
    );
    project.run(&["import", "labels", "labels.csv"]);
    project.write(
        "folds.csv",
        table("image,fold", &images, |row| (row % 10).to_string()),
    );

    let features = file.to_str().unwrap();
    let report = train(
        &project,
        &[
            features,
            "--array",
            "images",
            "--folds",
            "folds.csv",
            "--epochs",
            "20",
            "--learning-rate",
            "0.01",
            "-o",
            "held-out.npy",
            "--write-order",
            "order.txt",
            "--plot",
            "curve.svg",
        ],
    );
    assert_eq!(report["images"], 1797);
    assert_eq!(
        (&report["features"], &report["folds"]),
        (&64.into(), &10.into())
    );
    let judged = &report["judged"];
    assert_eq!(judged["original_images"], 1797);
    let accuracy = judged["original_accuracy"].as_f64().unwrap();
    // A linear classifier gets some 95 % of these digits right.
    assert!((0.93..0.98).contains(&accuracy), "{accuracy}");
    assert!(judged["original_interval"]["low"].as_f64().unwrap() < accuracy);
    // Nothing is aggregated, and so nothing is said by label sets.
    assert!(judged["real_accuracy"].is_null() && report["run"].is_null());
    let losses: Vec<f64> = report["epochs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["loss"].as_f64().unwrap())
        .collect();
    assert_eq!(losses.len(), 20);
    assert!(
        losses.windows(2).all(|pair| pair[1] < pair[0]),
        "{losses:?}"
    );
    let svg = std::fs::read_to_string(project.path("curve.svg")).unwrap();
    is_well_formed(&svg);
    assert!(svg.contains("original accuracy") && svg.contains("loss"));

    let order = std::fs::read_to_string(project.path("order.txt")).unwrap();
    assert!(order.lines().eq(images.iter().map(String::as_str)));
    let import = ["import", "predictions", "held-out.npy", "--model", "linear"];
    let said = project.transcript(&[&import[..], &["--images-order", "order.txt"]].concat());
    assert!(
        said.contains("1,797 images × 10 classes of \"linear\", logits"),
        "{said}"
    );
    let proposed = json(&project.run(&["propose", "--format", "json"]));
    assert!(proposed["proposals"].as_u64() >= Some(1797), "{proposed}");
    // In words.
    let text = project.run(&[
        "train",
        features,
        "--array",
        "images",
        "--folds",
        "folds.csv",
        "--epochs",
        "2",
        "-q",
    ]);
    assert!(text.starts_with("softmax on original labels: 1,797 images, 64 features, 10 classes, 2 epochs\njudged by 10 folds"), "{text}");
    assert!(text.contains("original accuracy   1,797"), "{text}");
}

/// Each opened element is closed in its order.
fn is_well_formed(svg: &str) {
    let mut open = Vec::new();
    for tag in svg.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap();
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{svg}");
        } else if !tag.ends_with('/') && !tag.starts_with(['?', '!']) {
            open.push(tag.split_whitespace().next().unwrap());
        }
    }
    assert!(open.is_empty() && svg.starts_with("<svg"), "{open:?}");
}

const IMAGES: usize = 60;

/// Where an image of the groups lies: three groups in the plane, far from each other.
fn place(image: usize) -> [f32; 2] {
    let (x, y) = [(0.0, 0.0), (9.0, 1.0), (2.0, 8.0)][image % 3];
    let off = |step: usize| (image * step % 17) as f32 / 8.0 - 1.0;
    [x + off(5), y + off(7)]
}

/// Sixty images of three classes, labelled by `label`; features.npy, and val.npy with the first thirty, of val.txt.
fn groups(label: impl Fn(usize) -> usize) -> Project {
    let project = Project::empty();
    project.write("classes.csv", "index,name\n0,ant\n1,bee\n2,cat\n");
    project.run(&["init", "--classes", "classes.csv"]);
    let images = names("i", IMAGES);
    project.write(
        "labels.csv",
        table("image,label", &images, |row| label(row).to_string()),
    );
    project.run(&["import", "labels", "labels.csv"]);
    let values: Vec<f32> = (0..IMAGES).flat_map(place).collect();
    project.write("features.npy", npy(&values, 2));
    project.write("val.npy", npy(&values[..60], 2));
    project.write("val.txt", images[..30].join("\n"));
    project
}

const VALIDATION: [&str; 4] = ["--validation", "val.npy", "--validation-order", "val.txt"];

#[test]
fn a_seed_gives_the_same_bytes_again() {
    let project = groups(|row| row % 3);
    let predict = |seed: &str, file: &str| {
        let more = [
            "--epochs",
            "3",
            "--seed",
            seed,
            "-o",
            file,
            "--save",
            "linear.safetensors",
        ];
        train(
            &project,
            &[&["features.npy"], &VALIDATION[..], &more].concat(),
        );
        let read = |file| std::fs::read(project.path(file)).unwrap();
        (read(file), read("linear.safetensors"))
    };
    let first = predict("1", "first.npy");
    assert!(first == predict("1", "again.npy"));
    assert!(first != predict("2", "other.npy"));
}

/// The saved classifier is a plain linear layer: weight · x + bias gives the predictions that are written.
#[test]
fn the_saved_classifier_gives_the_same_predictions() {
    let project = groups(|row| row % 3);
    let more = [
        "-o",
        "logits.npy",
        "--save",
        "linear.safetensors",
        "--loss",
        "sigmoid",
    ];
    train(
        &project,
        &[&["features.npy"], &VALIDATION[..], &more].concat(),
    );
    let bytes = std::fs::read(project.path("linear.safetensors")).unwrap();
    let length = u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
    let header = json(std::str::from_utf8(&bytes[8..8 + length]).unwrap());
    assert_eq!(header["weight"]["shape"], serde_json::json!([3, 2]));
    let numbers: Vec<f32> = bytes[8 + length..]
        .as_chunks::<4>()
        .0
        .iter()
        .map(|n| f32::from_le_bytes(*n))
        .collect();
    let logits = std::fs::read(project.path("logits.npy")).unwrap();
    let logits = npyz::NpyFile::new(&logits[..]).unwrap();
    assert_eq!(logits.shape(), [30, 3]);
    for (at, logit) in logits.into_vec::<f32>().unwrap().into_iter().enumerate() {
        let (image, class) = (at / 3, at % 3);
        let [x, y] = place(image);
        let own = numbers[class * 2] * x + numbers[class * 2 + 1] * y + numbers[6 + class];
        assert!((own - logit).abs() < 1e-4, "{own} {logit}");
    }
}

#[test]
fn images_that_are_not_kept_are_not_learnt_from() {
    // Half of the labels are of the next class; the others are kept.
    let is_wrong = |row: usize| row % 6 < 3 || row.is_multiple_of(7);
    let project = groups(|row| (row + usize::from(is_wrong(row))) % 3);
    let kept = table("image,reason,kept", &names("i", IMAGES), |row| {
        format!("because,{}", u8::from(!is_wrong(row)))
    });
    project.write("clean.csv", kept);
    // The truth, as a rater's votes.
    let votes = table("image,label,rater,answer", &names("i", IMAGES), |row| {
        format!("{},erin,yes", row % 3)
    });
    project.write("votes.csv", votes);
    project.run(&["import", "votes", "votes.csv"]);
    project.run(&["aggregate", "--method", "majority"]);
    let arguments = [
        &["features.npy"],
        &VALIDATION[..],
        &["--learning-rate", "0.05"],
    ]
    .concat();
    let all = train(&project, &arguments);
    let clean = train(
        &project,
        &[&arguments[..], &["--clean", "clean.csv"]].concat(),
    );
    assert_eq!(
        (&all["images"], &all["left_out"]["not_kept"]),
        (&60.into(), &0.into())
    );
    let n_kept = (0..IMAGES).filter(|row| !is_wrong(*row)).count();
    assert_eq!(clean["images"], n_kept);
    assert_eq!(clean["left_out"]["not_kept"], IMAGES - n_kept);
    assert_eq!(clean["judged"]["real_accuracy"], 1.0);
    assert!(
        all["judged"]["real_accuracy"].as_f64().unwrap() < 0.9,
        "{all}"
    );
    // Label sets instead of labels are as good as clean ones.
    for loss in ["softmax", "sigmoid"] {
        let sets = ["--targets", "sets", "--loss", loss];
        let sets = train(&project, &[&arguments[..], &sets].concat());
        assert_eq!(
            (&sets["judged"]["real_accuracy"], &sets["run"]),
            (&1.0.into(), &1.into())
        );
    }
    project.write(
        "none.csv",
        table("image,kept", &names("i", IMAGES), |_| "0".to_owned()),
    );
    insta::assert_snapshot!(project.transcript(&["train", "features.npy", "--clean", "none.csv"]), @"
    stderr: error: none.csv keeps none of the images with features
    exit 1
    ");
}

/// Two classes in an image: sigmoid gives both a positive logit, softmax half of the image each.
#[test]
fn label_sets_of_two_classes_are_learnt() {
    let project = groups(|row| row % 3);
    // All of the first group have ant and bee; a cat has nothing by its vote, another by an adjudicator's decision.
    let mut votes = "image,label,rater,answer\n".to_owned();
    for row in (0..IMAGES).step_by(3) {
        for label in ["ant", "bee"] {
            writeln!(votes, "i-{row:05},{label},erin,yes").unwrap();
        }
    }
    votes.push_str("i-00002,cat,erin,no\ni-00005,cat,erin,yes\n");
    project.write("votes.csv", votes);
    project.run(&["import", "votes", "votes.csv"]);
    project.run(&["rater", "add", "dora", "--role", "adjudicator"]);
    project.write(
        "decided.csv",
        "image,label,rater,answer\ni-00005,cat,dora,no\n",
    );
    project.run(&["import", "votes", "decided.csv", "--round", "decision"]);
    insta::assert_snapshot!(project.transcript(&["train", "features.npy", "--targets", "sets"]), @r#"
    stderr: error: there are no label sets yet
    stderr: hint: make them with `relabel aggregate`
    exit 1
    "#);
    project.run(&["aggregate", "--method", "majority"]);
    let of = |loss: &str| {
        let more = [
            "--targets",
            "sets",
            "--loss",
            loss,
            "--epochs",
            "200",
            "-o",
            "logits.npy",
        ];
        let more = [&more[..], &["--learning-rate", "0.05"]].concat();
        let report = train(
            &project,
            &[&["features.npy"], &VALIDATION[..], &more].concat(),
        );
        assert_eq!(report["judged"]["real_accuracy"], 1.0, "{loss}");
        // Of the images without anything nothing is judged by label sets.
        assert_eq!(report["judged"]["real_images"], 28);
        let logits = std::fs::read(project.path("logits.npy")).unwrap();
        npyz::NpyFile::new(&logits[..])
            .unwrap()
            .into_vec::<f32>()
            .unwrap()
    };
    let sigmoid = of("sigmoid");
    assert!(
        sigmoid[0] > 1.0 && sigmoid[1] > 1.0 && sigmoid[2] < -1.0,
        "{sigmoid:?}"
    );
    let softmax = of("softmax");
    assert!(
        (softmax[0] - softmax[1]).abs() < 1.0 && softmax[0] - softmax[2] > 2.0,
        "{softmax:?}"
    );
}

/// The features of the groups as Parquet: a list, or a column each, with whole numbers beside them that are no features.
fn parquet(project: &Project, name: &str, schema: &str) {
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let file = std::fs::File::create(project.path(name)).unwrap();
    let is_list = schema.get_fields().iter().any(|field| field.is_group());
    let names_first = schema.get_fields()[0].name() == "image";
    let mut writer = SerializedFileWriter::new(file, schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut place_of_column = 0;
    let mut number = 0;
    while let Some(mut column) = group.next_column().unwrap() {
        let is_text = (place_of_column == 0) == names_first;
        place_of_column += 1;
        match (is_text, is_list) {
            (true, _) => {
                let images: Vec<ByteArray> = names("i", IMAGES)
                    .iter()
                    .map(|name| ByteArray::from(name.as_str()))
                    .collect();
                column
                    .typed::<ByteArrayType>()
                    .write_batch(&images, None, None)
                    .unwrap();
            }
            (false, true) => {
                let values: Vec<f32> = (0..IMAGES).flat_map(place).collect();
                let repeats: Vec<i16> = (0..values.len()).map(|at| (at % 2) as i16).collect();
                let defined = vec![1; values.len()];
                column
                    .typed::<FloatType>()
                    .write_batch(&values, Some(&defined), Some(&repeats))
                    .unwrap();
            }
            (false, false) if number == 2 => {
                let labels: Vec<i32> = (0..IMAGES as i32).collect();
                column
                    .typed::<Int32Type>()
                    .write_batch(&labels, None, None)
                    .unwrap();
                number += 1;
            }
            (false, false) => {
                let values: Vec<f32> = (0..IMAGES).map(|image| place(image)[number]).collect();
                column
                    .typed::<FloatType>()
                    .write_batch(&values, None, None)
                    .unwrap();
                number += 1;
            }
        }
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
}

#[test]
fn features_in_parquet_are_those_of_an_array() {
    let project = groups(|row| row % 3);
    parquet(
        &project,
        "list.parquet",
        "message m { required group embedding (LIST) { repeated group list { required float element; } }
         required binary image (UTF8); }",
    );
    parquet(
        &project,
        "columns.parquet",
        "message m { required binary image (UTF8); required float a; required float b; required int32 label; }",
    );
    let predictions = |features: &str| {
        train(
            &project,
            &[&[features], &VALIDATION[..], &["-o", "logits.npy"]].concat(),
        );
        std::fs::read(project.path("logits.npy")).unwrap()
    };
    let of_array = predictions("features.npy");
    assert!(of_array == predictions("list.parquet"));
    assert!(of_array == predictions("columns.parquet"));
}

#[test]
fn what_is_wrong_with_files_is_said_with_its_place() {
    let project = groups(|row| row % 3);
    let mut values: Vec<f32> = (0..IMAGES).flat_map(place).collect();
    project.write("three.npy", npy(&values, 3));
    project.write("flat.npy", {
        let mut bytes = npy(&values, 2);
        let shape = bytes.windows(9).position(|part| part == b"(60, 2, )");
        let shape = shape.unwrap();
        bytes[shape..shape + 9].copy_from_slice(b"(120, )  ");
        bytes
    });
    values[7] = f32::NAN;
    project.write("nan.npy", npy(&values, 2));
    project.write("short.npy", &npy(&values[..6], 2)[..140]);
    project.write(
        "folds.csv",
        table("image,fold", &names("i", 58), |row| (row % 2).to_string()),
    );
    project.write(
        "one.csv",
        table("image,fold", &names("i", IMAGES), |_| "3".to_owned()),
    );
    project.write("text.parquet", "");
    project.write("features.h5", "");
    project.write("narrow.npy", npy(&[1.0; 90], 3));
    let mut said = String::new();
    for arguments in [
        &["three.npy"][..],
        &["flat.npy"],
        &["nan.npy"],
        &["short.npy"],
        &["missing.npy"],
        &["features.h5"],
        &["features.npy", "--validation", "val.npy"],
        &[
            "features.npy",
            "--validation",
            "narrow.npy",
            "--validation-order",
            "val.txt",
        ],
        &["features.npy", "--folds", "folds.csv"],
        &["features.npy", "--folds", "one.csv"],
        &["features.npy", "--clean", "folds.csv"],
        &["features.npy", "--run", "7"],
        &["features.npy", "-o", "logits.npy"],
        &["features.npy", "--learning-rate", "1e30", "--epochs", "50"],
        &["text.parquet"],
    ] {
        said += &project.transcript(&[&["train"], arguments].concat());
    }
    insta::assert_snapshot!(said, @r#"
    stderr: error: cannot import three.npy: it has 40 rows, but the project has 60 images
    stderr: hint: say with --images-order FILE which image each row is
    exit 3
    stderr: error: cannot read flat.npy: the shape is [120]; expected [images, features]
    exit 3
    stderr: error: cannot read nan.npy: row 3, column 1: NaN is no finite number
    stderr: hint: leave the image out, or put a number there
    exit 3
    stderr: error: cannot read short.npy: row 1: the file ends too early, for a shape of [3, 2]
    exit 3
    stderr: error: cannot read missing.npy: No such file or directory (os error 2)
    exit 3
    stderr: error: cannot read features.h5: unknown format "h5": expected .npy, .npz or .parquet
    exit 3
    stderr: error: cannot import val.npy: it has 30 rows, but the project has 60 images
    stderr: hint: say with --validation-order FILE which image each row is
    exit 3
    stderr: error: cannot judge by narrow.npy: it has 3 features an image, features.npy has 2
    stderr: hint: both have to come from the same network
    exit 3
    stderr: error: cannot train by folds.csv: image "i-00058" has no fold (2 of 60 with features have none)
    stderr: hint: every image with features belongs to one fold: `relabel folds` deals all of the project
    exit 3
    stderr: error: cannot train by one.csv: the images with features are all in one fold
    stderr: hint: the classifier of a fold learns from the others: two folds at least
    exit 3
    stderr: error: cannot import folds.csv: there is no column "kept"; the header has: image, fold
    exit 3
    stderr: error: there is no run 7
    stderr: hint: `relabel status` says how many there are
    exit 1
    stderr: error: -o writes predictions of images that were not learnt from
    stderr: hint: say which with --folds FILE or --validation FILE; the classifier itself goes to --save FILE.safetensors
    exit 2
    stderr: error: cannot train: epoch 3: the loss is no finite number any more
    stderr: hint: try a smaller --learning-rate
    exit 1
    stderr: error: cannot read text.parquet: not readable as Parquet: Parquet file too small. Size is 0 but need 8
    exit 3
    "#);
    for (arguments, word) in [
        (&["features.npy", "--grid"][..], "--validation"),
        (&["features.npy", "--epochs", "0"], "0 is not in 1.."),
        (
            &["features.npy", "--learning-rate", "0"],
            "expected a number above 0",
        ),
        (&["features.npy", "--seeds", "3"], "--grid"),
        (
            &[
                "features.npy",
                "--folds",
                "one.csv",
                "--validation",
                "val.npy",
            ],
            "cannot be used with",
        ),
    ] {
        let said = project.transcript(&[&["train"], arguments].concat());
        assert!(said.contains(word) && said.ends_with("exit 2\n"), "{said}");
    }
}

#[test]
fn images_without_a_label_are_left_out_and_said_so() {
    let project = groups(|row| row % 3);
    // Thirty more images that have no label.
    let more = names("j", 30);
    project.write(
        "more.csv",
        table("image,label,source", &more, |_| "0,model".to_owned()),
    );
    project.run(&["import", "proposals", "more.csv"]);
    let values: Vec<f32> = (0..90).flat_map(place).collect();
    project.write("all.npy", npy(&values, 2));
    let report = train(&project, &["all.npy", "--epochs", "2"]);
    assert_eq!(report["images"], 60);
    assert_eq!(report["left_out"]["without_label"], 30);
    assert!(report["judged"].is_null());
    project.write("j.txt", more.join("\n"));
    project.write("j.npy", npy(&values[120..], 2));
    insta::assert_snapshot!(project.transcript(&["train", "j.npy", "--images-order", "j.txt"]), @r#"
    stderr: error: none of the images with features has a label
    stderr: hint: `relabel import labels FILE` takes labels in
    exit 1
    "#);
}

#[test]
fn the_grid_compares_losses_and_cleaning_by_two_schedules() {
    let is_wrong = |row: usize| row.is_multiple_of(5);
    let project = groups(|row| (row + usize::from(is_wrong(row))) % 3);
    let kept = |row: usize| u8::from(!is_wrong(row)).to_string();
    project.write("clean.csv", table("image,kept", &names("i", IMAGES), kept));
    let grid = [
        "--grid",
        "--clean",
        "clean.csv",
        "--short",
        "2",
        "--long",
        "20",
        "--seeds",
        "3",
    ];
    let arguments = [&["features.npy"], &VALIDATION[..], &grid].concat();
    let report = train(
        &project,
        &[&arguments[..], &["--plot", "grid.svg"]].concat(),
    );
    let cells = report["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 8);
    assert_eq!(report["seeds"], serde_json::json!([0, 1, 2]));
    let of = |cell: &serde_json::Value| {
        (
            cell["loss"].as_str().unwrap().to_owned(),
            cell["clean"].as_bool(),
            cell["epochs"].as_u64(),
        )
    };
    assert_eq!(of(&cells[0]), ("softmax".to_owned(), Some(false), Some(2)));
    assert_eq!(of(&cells[7]), ("sigmoid".to_owned(), Some(true), Some(20)));
    assert_eq!(cells[7]["images"], 48);
    // Nothing is aggregated: there is only one accuracy.
    assert!(cells[7]["real"].is_null());
    let gain = &cells[7]["original"]["gain"];
    let interval = &gain["over_seeds"]["interval"];
    assert!(
        interval["low"].as_f64() <= gain["over_seeds"]["mean"].as_f64(),
        "{gain}"
    );
    assert!(gain["over_short"]["mean"].is_f64(), "{gain}");
    assert!(cells[0]["original"]["gain"].is_null());
    assert_eq!(report, train(&project, &arguments));
    let svg = std::fs::read_to_string(project.path("grid.svg")).unwrap();
    is_well_formed(&svg);
    assert!(svg.contains("sigmoid, clean, 20"), "{svg}");
    let text = project.run(&[&["train"], &arguments[..], &["-q"]].concat());
    assert!(text.starts_with("60 images, 48 of them clean, 2 features, 3 classes; 3 seeds; judged by 30 validation images\n"), "{text}");
    for row in [
        "softmax, all",
        "softmax, clean",
        "sigmoid, all",
        "sigmoid, clean",
    ] {
        assert!(text.contains(row), "{text}");
    }
}

#[cfg(unix)]
#[test]
fn training_shows_how_far_it_is_and_stops_when_told() {
    let project = groups(|row| row % 3);
    let arguments = [
        "train",
        "features.npy",
        "--epochs",
        "100000000",
        "--save",
        "linear.safetensors",
    ];
    let mut terminal = Terminal::open(project.folder(), &arguments, Opening::default());
    terminal.wait_for("the bar", |text| {
        ["training", "100,000,000", "/s", "left"]
            .iter()
            .all(|word| text.contains(word))
    });
    terminal.keys("\x03");
    assert_eq!(terminal.wait_for_end(), 130);
    assert!(!project.path("linear.safetensors").exists());
}

#[cfg(unix)]
#[test]
fn a_terminal_shows_the_learning_curve() {
    let project = groups(|row| row % 3);
    let arguments = [
        &[
            "train",
            "features.npy",
            "--epochs",
            "8",
            "--learning-rate",
            "0.05",
        ],
        &VALIDATION[..],
    ]
    .concat();
    let mut terminal = Terminal::open(project.folder(), &arguments, Opening::default());
    assert_eq!(terminal.wait_for_end(), 0);
    let text = terminal.text();
    assert!(text.contains("by epoch") && text.contains('█'), "{text}");
}

/// The files of docs/train.md, of every tenth picture.
fn files_of_the_page() -> Option<Project> {
    let file = shared()?.join("data/digits/composed.npz");
    let project = Project::empty();
    project.write("classes.csv", DIGITS);
    let mut labels = "image,label\n".to_owned();
    let mut votes = "image,label,rater,answer\n".to_owned();
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for part in ["train", "val"] {
        let every_tenth = |name: &str, columns: usize| -> Vec<f64> {
            let all = array(&file, &format!("{part}_{name}"));
            all.chunks(columns).step_by(10).flatten().copied().collect()
        };
        let own = every_tenth("labels", 1);
        let sets = every_tenth("label_sets", 10);
        let images = names(part, own.len());
        project.write(&format!("{part}.txt"), images.join("\n"));
        for ((image, label), set) in images.iter().zip(own).zip(sets.chunks(10)) {
            writeln!(labels, "{image},{label}").unwrap();
            for (digit, &in_set) in set.iter().enumerate() {
                if in_set == 1.0 || digit as f64 == label {
                    let answer = if in_set == 1.0 { "yes" } else { "no" };
                    writeln!(votes, "{image},{digit},truth,{answer}").unwrap();
                }
            }
        }
        let pixels: Vec<f32> = every_tenth("images", 128)
            .iter()
            .map(|&value| value as f32)
            .collect();
        let options = zip::write::SimpleFileOptions::default();
        archive
            .start_file(format!("{part}_images.npy"), options)
            .unwrap();
        std::io::Write::write_all(&mut archive, &npy(&pixels, 128)).unwrap();
    }
    project.write("labels.csv", labels);
    project.write("votes.csv", votes);
    project.write("composed.npz", archive.finish().unwrap().into_inner());
    Some(project)
}

#[test]
fn every_command_of_the_page_runs() {
    let Some(project) = files_of_the_page() else {
        return;
    };
    let mut report = serde_json::Value::Null;
    Page::read("train.md", 9).run(&project, "", |words| {
        let is_grid = words.contains(&"--grid");
        if is_grid {
            let words: Vec<&str> = words[2..]
                .iter()
                .map(|&word| if word == "10" { "2" } else { word })
                .collect();
            report = train(
                &project,
                &[
                    &words[..],
                    &["--short", "3", "--long", "12", "--learning-rate", "0.02"],
                ]
                .concat(),
            );
        }
        is_grid
    });
    let cells = report["cells"].as_array().unwrap();
    assert_eq!(
        (cells.len(), &report["validation_images"]),
        (8, &400.into())
    );
    for cell in cells {
        let of = |measure: &str| cell[measure]["mean"].as_f64().unwrap();
        // Two digits in a picture: what is no error by the label sets is one by the labels.
        assert!(of("real") > of("original") + 0.05, "{cell}");
        assert!(of("real") > 0.5, "{cell}");
    }
    is_well_formed(&std::fs::read_to_string(project.path("grid.svg")).unwrap());
}
