//! From many models' predictions to the smallest set of tasks for people: `import predictions`, `propose`, `plan`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use common::pty::{Opening, Terminal};
use common::{Project, shared};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Proposals as lines image,class,source.
fn proposals(project: &Project) -> BTreeSet<String> {
    let rows = project.sql(
        "SELECT image.name || ',' || class || ',' || source.name FROM proposal
         JOIN image ON image.id = proposal.image JOIN source ON source.id = proposal.source",
    );
    rows.lines().map(str::to_owned).collect()
}

/// The seven real networks of the shared data on 1,000 photographs, by the commands that a user would type.
#[test]
fn seven_networks_from_npy_to_tasks() {
    let Some(folder) = shared().map(|shared| shared.join("data/predictions")) else {
        return;
    };
    let project = Project::new();
    project.run(&["import", "labels", text(&folder.join("labels.csv"))]);
    let mut models: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".npy").map(str::to_owned))
        .collect();
    models.sort();
    assert_eq!(models.len(), 7);
    for model in &models {
        let file = folder.join(format!("{model}.npy"));
        let order = folder.join("images.txt");
        let import = ["import", "predictions", text(&file), "--model", model];
        let said = project.transcript(&[&import[..], &["--images-order", text(&order)]].concat());
        assert!(
            said.contains(&format!(
                "1,000 images × 1,000 classes of {model:?}, logits"
            )),
            "{said}"
        );
    }
    assert!(project.run(&["status"]).contains("next: relabel propose"));

    let expected = json(&std::fs::read_to_string(folder.join("expected.json")).unwrap());
    for by in ["probabilities", "both", "logits"] {
        let propose = ["propose", "--pool-by", by, "--format", "json"];
        let report = json(&project.run(&propose));
        let expected = &expected[by];
        assert_eq!(report["proposals"], expected["union_with_label"], "{by}");
        for model in report["models"].as_array().unwrap() {
            let name = model["name"].as_str().unwrap();
            if let Some(count) = expected["per_model"].get(name) {
                assert_eq!(&model["proposals"], count, "{by}, {name}");
            }
        }
        if let Some(per_image) = expected.get("per_image") {
            assert_eq!(&report["proposals_per_image"], per_image);
            let plan = json(&project.run(&["plan", "--format", "json"]));
            assert_eq!(plan["unanimous"], expected["unanimous_images"], "{by}");
            assert_eq!(
                plan["votes_wanted"].as_u64(),
                plan["questions"].as_u64().map(|q| 5 * q)
            );
            let most = project.sql("SELECT max(n) FROM (SELECT count(*) AS n FROM question WHERE task IS NOT NULL GROUP BY task)");
            assert_eq!(most, "8\n");
            let over = project.sql(
                "SELECT count(*) FROM (SELECT count(*) AS n FROM question WHERE task IS NOT NULL GROUP BY image HAVING n > 8)",
            );
            assert_eq!(over.trim(), expected["images_over_8"].to_string());
        }
    }
    // The last one was by logits: row by row.
    let mut expected = BTreeSet::new();
    let mut file = csv::Reader::from_path(folder.join("expected_proposals.csv")).unwrap();
    for row in file.records() {
        let row = row.unwrap();
        expected.insert(format!("{},{},{}", &row[0], &row[1], &row[2]));
    }
    assert_eq!(expected.len(), 22_627);
    assert!(proposals(&project) == expected, "proposals differ");
}

/// A project with the search problem of the shared data: 19 simulated models on 1,135 real gold questions.
fn search_problem() -> Option<(Project, serde_json::Value)> {
    let data = shared()?.join("data");
    let project = Project::new();
    let labels = data.join("real/original_labels.csv");
    project.run(&["import", "labels", text(&labels)]);
    let gold = data.join("real/golden.npz");
    let gold = ["import", "votes", text(&gold), "--round", "gold"];
    project.run(&[&gold[..], &["--role", "expert"]].concat());
    let proposals = data.join("search/proposals.csv");
    project.run(&["import", "proposals", text(&proposals)]);
    let expected = std::fs::read_to_string(data.join("search/expected.json")).unwrap();
    Some((project, json(&expected)))
}

#[test]
fn the_best_set_of_19_models_is_found_and_planned_with() {
    let Some((project, expected)) = search_problem() else {
        return;
    };
    let before = json(&project.run(&["plan", "--format", "json"]));
    let search = ["propose", "--search", "--min-recall", "0.97"];
    let report = json(&project.run(&[&search[..], &["--format", "json"]].concat()));
    assert_eq!(report["subsets_tried"], expected["subsets"]);
    assert_eq!(report["exhaustive"], true);
    assert_eq!(report["gold_questions"], expected["gold_questions"]);
    assert_eq!(report["gold_positives"], expected["gold_positive"]);
    assert_eq!(report["best"]["models"], expected["best"]["models"]);
    for (found, expected) in [
        (&report["best"], &expected["best"]),
        (&report["all"], &expected["all_models"]),
    ] {
        for key in ["recall", "precision"] {
            assert_eq!(found[key], expected[key], "{key}");
        }
        assert_eq!(found["true_positives"], expected["true_positive"]);
        assert_eq!(found["gold_proposals"], expected["proposals"]);
    }
    assert_eq!(report["each"].as_array().unwrap().len(), 19);
    assert_eq!(report["frontier"][0]["recall"], report["all"]["recall"]);

    // The plan takes the chosen models' proposals alone, and says what that saves.
    let plan = json(&project.run(&["plan", "--format", "json"]));
    assert!(plan["questions"].as_u64() < before["questions"].as_u64());
    assert_eq!(
        plan["labels_per_image_before_search"],
        before["labels_per_image"]
    );
    assert_eq!(plan["search"]["models"], expected["best"]["models"]);
    let status = project.run(&["status"]);
    assert!(
        status.contains("sources in use        5  model05, model07, model14, model15, model17 (recall 0.972, precision 0.450 on gold)"),
        "{status}"
    );
    // In words, with a picture.
    let text = project.run(&["propose", "--search", "--plot", "models.svg"]);
    assert!(
        text.contains(
            "524,287 subsets tried, all there are, on 1,135 gold questions of which 248 are true"
        ),
        "{text}"
    );
    let svg = std::fs::read_to_string(project.path("models.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("recall 0.97"));
    // Without a search everything is proposed again.
    project.run(&["propose"]);
    let again = json(&project.run(&["plan", "--format", "json"]));
    assert_eq!(again["questions"], before["questions"]);

    insta::assert_snapshot!(project.transcript(&["propose", "--search", "--min-recall", "0.995", "-q"]), @"
    stderr: error: no set of models has a recall of 0.995: all together propose 245 of the 248 classes that experts found in the images, 0.9879
    stderr: hint: accept less with --min-recall 0.98, propose more with a larger --pool, or import the predictions of more models
    exit 1
    ");
    insta::assert_snapshot!(project.transcript(&["propose", "--min-recall", "0.9"]), @"
    stderr: error: --min-recall, --gold-truth and --plot belong to --search
    exit 2
    ");
}

#[test]
fn a_search_needs_gold() {
    let project = Project::new();
    insta::assert_snapshot!(project.transcript(&["propose"]), @"
    stderr: error: there are no predictions and no proposals
    stderr: hint: import some: `relabel import predictions FILE --model M`, or `relabel import proposals FILE`
    exit 1
    ");
    project.write("p.csv", "image,label,source\na.jpg,1,one\n");
    project.run(&["import", "proposals", "p.csv"]);
    insta::assert_snapshot!(project.transcript(&["propose", "--search", "-q"]), @"
    stderr: error: there are no gold questions to judge models by: no expert has voted
    stderr: hint: let experts vote (`relabel rater add NAME --role expert`), or import their votes: `relabel import votes FILE --round gold --role expert`
    exit 1
    ");
    project.write("g.csv", "image,label,rater,answer\na.jpg,1,eva,no\n");
    project.run(&[
        "import", "votes", "g.csv", "--round", "gold", "--role", "expert",
    ]);
    insta::assert_snapshot!(project.transcript(&["propose", "--search", "-q"]), @"
    stderr: error: cannot search: no gold question is true: experts said yes to none of them
    exit 1
    ");
}

#[test]
fn ctrl_c_ends_a_long_search_and_leaves_the_plan_as_it_was() {
    let project = Project::new();
    let (mut rows, mut gold) = (
        "image,label,source\n".to_owned(),
        "image,label,rater,answer\n".to_owned(),
    );
    for question in 0..3000_u32 {
        let answer = if question % 5 == 0 { "yes" } else { "no" };
        writeln!(gold, "image-{question}.jpg,7,eva,{answer}").unwrap();
        for model in 0..64_u32 {
            if (question
                .wrapping_mul(2_654_435_761)
                .wrapping_add(model * 40_503))
                >> 7
                & 3
                == 0
            {
                writeln!(rows, "image-{question}.jpg,7,model{model:02}").unwrap();
            }
        }
        // Everybody finds something.
        writeln!(
            rows,
            "image-{question}.jpg,{},model{:02}",
            question % 6,
            question % 64
        )
        .unwrap();
    }
    project.write("p.csv", rows);
    project.write("g.csv", gold);
    project.run(&["import", "proposals", "p.csv"]);
    project.run(&[
        "import", "votes", "g.csv", "--round", "gold", "--role", "expert",
    ]);
    let search = ["propose", "--search", "--min-recall", "0.1"];
    let mut terminal = Terminal::open(project.folder(), &search, Opening::default());
    terminal.wait_for_text("64 models have too many subsets to try all");
    // The bar is there once the search runs.
    terminal.wait_for_text("/s");
    terminal.keys("\u{3}");
    assert_eq!(terminal.wait_for_end(), 130);
    assert_eq!(
        project.sql("SELECT count(*) FROM source WHERE used = 1"),
        "64\n"
    );
}

/// An npy file of version 1.0.
fn npy(descr: &str, shape: &str, fortran: bool, numbers: &[u8]) -> Vec<u8> {
    let fortran = if fortran { "True" } else { "False" };
    let mut header =
        format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}");
    header += &" ".repeat(63 - (10 + header.len()) % 64);
    header.push('\n');
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(numbers);
    file
}

const IMAGES: usize = 12;
const CLASSES: usize = 5;

/// Logits that half precision holds exactly.
fn logit(image: usize, class: usize) -> f64 {
    ((image * 37 + class * 101 + image * class * 13) % 64) as f64 / 8.0 - 4.0
}

fn logits() -> impl Iterator<Item = f64> {
    (0..IMAGES).flat_map(|image| (0..CLASSES).map(move |class| logit(image, class)))
}

fn image_name(image: usize) -> String {
    format!("image-{image:02}.jpg")
}

/// Twelve images and five classes of one's own.
fn small() -> Project {
    let project = Project::empty();
    project.write(
        "classes.csv",
        "index,name\n0,ant\n1,bee\n2,cat\n3,dog\n4,elk\n",
    );
    project.run(&["init", "--classes", "classes.csv"]);
    let mut labels = "image,label\n".to_owned();
    for image in 0..IMAGES {
        writeln!(labels, "{},{}", image_name(image), image % CLASSES).unwrap();
    }
    project.write("labels.csv", labels);
    project.run(&["import", "labels", "labels.csv"]);
    project
}

fn bytes(of: impl Fn(f64) -> Vec<u8>) -> Vec<u8> {
    logits().flat_map(of).collect()
}

fn f4() -> Vec<u8> {
    bytes(|value| (value as f32).to_le_bytes().to_vec())
}

fn write_parquet(path: &Path) {
    let schema = parse_message_type(
        "message predictions { required int32 label; required binary image (UTF8); required double score; required int32 extra; }",
    );
    let file = std::fs::File::create(path).unwrap();
    let mut writer =
        SerializedFileWriter::new(file, Arc::new(schema.unwrap()), Arc::default()).unwrap();
    // Two row groups.
    for half in [0..IMAGES / 2, IMAGES / 2..IMAGES] {
        let cells: Vec<(usize, usize)> = half
            .flat_map(|image| (0..CLASSES).map(move |class| (image, class)))
            .collect();
        let labels: Vec<i32> = cells.iter().map(|cell| cell.1 as i32).collect();
        let images: Vec<ByteArray> = cells
            .iter()
            .map(|cell| ByteArray::from(image_name(cell.0).as_str()))
            .collect();
        let scores: Vec<f64> = cells.iter().map(|cell| logit(cell.0, cell.1)).collect();
        let mut group = writer.next_row_group().unwrap();
        for column in 0..4 {
            let mut writer = group.next_column().unwrap().unwrap();
            match column {
                1 => writer
                    .typed::<ByteArrayType>()
                    .write_batch(&images, None, None),
                2 => writer
                    .typed::<DoubleType>()
                    .write_batch(&scores, None, None),
                _ => writer.typed::<Int32Type>().write_batch(&labels, None, None),
            }
            .unwrap();
            writer.close().unwrap();
        }
        group.close().unwrap();
    }
    writer.close().unwrap();
}

#[test]
fn every_format_of_the_same_predictions_gives_the_same_proposals() {
    let project = small();
    let shape = format!("({IMAGES}, {CLASSES})");
    let half = |value: f64| half::f16::from_f64(value);
    for (name, descr, numbers) in [
        ("single.npy", "<f4", f4()),
        ("half.npy", "<f2", bytes(|v| half(v).to_le_bytes().to_vec())),
        ("double.npy", "<f8", bytes(|v| v.to_le_bytes().to_vec())),
        (
            "single-big.npy",
            ">f4",
            bytes(|v| (v as f32).to_be_bytes().to_vec()),
        ),
        (
            "half-big.npy",
            ">f2",
            bytes(|v| half(v).to_be_bytes().to_vec()),
        ),
        ("double-big.npy", ">f8", bytes(|v| v.to_be_bytes().to_vec())),
    ] {
        project.write(name, npy(descr, &shape, false, &numbers));
    }
    let mut zip = zip::ZipWriter::new(std::fs::File::create(project.path("two.npz")).unwrap());
    for name in ["other.npy", "logits.npy"] {
        zip.start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        std::io::Write::write_all(&mut zip, &npy("<f4", &shape, false, &f4())).unwrap();
    }
    zip.finish().unwrap();
    let (mut csv, mut jsonl) = ("label,image,score\n".to_owned(), String::new());
    let names = ["ant", "bee", "cat", "dog", "elk"];
    for (at, value) in logits().enumerate() {
        let (image, class) = (image_name(at / CLASSES), at % CLASSES);
        writeln!(csv, "{},{image},{value}", names[class]).unwrap();
        writeln!(
            jsonl,
            "{{\"image\":\"{image}\",\"label\":{class},\"score\":{value}}}"
        )
        .unwrap();
    }
    project.write("long.csv", csv);
    project.write("long.jsonl", jsonl);
    write_parquet(&project.path("long.parquet"));

    let files = [
        "single.npy",
        "half.npy",
        "double.npy",
        "single-big.npy",
        "half-big.npy",
        "double-big.npy",
        "two.npz",
        "long.csv",
        "long.jsonl",
        "long.parquet",
    ];
    for file in files {
        let mut import = vec!["import", "predictions", file, "--model", file];
        if file == "two.npz" {
            import.extend(["--array", "logits"]);
        }
        project.run(&import);
    }
    for by in ["logits", "probabilities", "both"] {
        project.run(&["propose", "--pool", "20", "--pool-by", by]);
        let all = proposals(&project);
        let of = |file: &str| -> BTreeSet<String> {
            let own = all
                .iter()
                .filter_map(|line| line.strip_suffix(&format!(",{file}")));
            own.map(str::to_owned).collect()
        };
        assert!(of("single.npy").len() >= 20, "{by}");
        for file in files {
            assert_eq!(of(file), of("single.npy"), "{by}, {file}");
        }
    }
    // The score is the model's own.
    let score = project.sql("SELECT DISTINCT score FROM proposal JOIN image ON image.id = image WHERE name = 'image-00.jpg' AND class = 3");
    assert_eq!(score.trim(), logit(0, 3).to_string());
}

#[test]
fn rows_are_the_images_that_the_order_names() {
    let project = small();
    let shape = format!("({IMAGES}, {CLASSES})");
    project.write("m.npy", npy("<f4", &shape, false, &f4()));
    let backwards: Vec<String> = (0..IMAGES).rev().map(image_name).collect();
    project.write("order.txt", backwards.join("\n"));
    project.write("order.csv", format!("image\n{}\n", backwards.join("\n")));
    project.run(&["import", "predictions", "m.npy", "--model", "plain"]);
    project.run(&[
        "import",
        "predictions",
        "m.npy",
        "--model",
        "lines",
        "--images-order",
        "order.txt",
    ]);
    project.run(&[
        "import",
        "predictions",
        "m.npy",
        "--model",
        "table",
        "--images-order",
        "order.csv",
    ]);
    project.run(&["propose", "--pool", "0"]);
    let first = |model: &str, image: &str| {
        project.sql(&format!(
            "SELECT class FROM proposal JOIN source ON source.id = source JOIN image ON image.id = image
             WHERE source.name = '{model}' AND image.name = '{image}'"
        ))
    };
    let last = image_name(IMAGES - 1);
    assert_eq!(first("lines", &last), first("plain", &image_name(0)));
    assert_eq!(first("table", &last), first("plain", &image_name(0)));
    // The same order is kept once.
    assert_eq!(project.sql("SELECT count(*) FROM image_order"), "2\n");
    // Again: nothing changes, and it says so; another file takes its place.
    let said = project.transcript(&["import", "predictions", "m.npy", "--model", "plain"]);
    assert!(
        said.contains("known already: 12 images × 5 classes"),
        "{said}"
    );
    let said = project.transcript(&[
        "import",
        "predictions",
        "m.npy",
        "--model",
        "plain",
        "--kind",
        "logits",
        "--images-order",
        "order.txt",
    ]);
    assert!(
        said.contains("in place of the former file: 12 images"),
        "{said}"
    );
}

#[test]
fn what_is_wrong_with_predictions_is_said_with_its_place() {
    let project = small();
    let shape = format!("({IMAGES}, {CLASSES})");
    let with = |place: usize, value: f32| {
        let mut numbers = f4();
        numbers[place * 4..place * 4 + 4].copy_from_slice(&value.to_le_bytes());
        npy("<f4", &shape, false, &numbers)
    };
    let files: &[(&str, Vec<u8>)] = &[
        ("nan.npy", with(3 * CLASSES + 2, f32::NAN)),
        ("infinite.npy", with(59, f32::NEG_INFINITY)),
        ("short.npy", npy("<f4", &shape, false, &f4()[..4 * 23])),
        (
            "long.npy",
            npy("<f4", &shape, false, &[f4(), vec![0; 4]].concat()),
        ),
        ("flat.npy", npy("<f4", "(60,)", false, &f4())),
        ("integers.npy", npy("<i4", &shape, false, &f4())),
        ("fortran.npy", npy("<f4", &shape, true, &f4())),
        ("columns.npy", npy("<f4", "(10, 6)", false, &f4())),
        ("rows.npy", npy("<f4", "(11, 5)", false, &f4()[..220])),
        ("huge.npy", npy("<f4", "(1, 99999999999)", false, &[])),
        ("junk.npy", b"junk".to_vec()),
        ("junk.npz", b"junk".to_vec()),
        ("junk.parquet", b"junk".to_vec()),
        ("m.h5", b"junk".to_vec()),
        (
            "nan.csv",
            b"image,label,score\nimage-00.jpg,ant,1\nimage-00.jpg,bee,NaN\n".to_vec(),
        ),
        (
            "twice.csv",
            b"image,label,score\nimage-00.jpg,ant,1\nimage-00.jpg,0,2\n".to_vec(),
        ),
        (
            "unknown.csv",
            b"image,label,score\nimage-99.jpg,ant,1\n".to_vec(),
        ),
        (
            "class.csv",
            b"image,label,score\nimage-00.jpg,bea,1\n".to_vec(),
        ),
    ];
    let mut said = String::new();
    for (name, file) in files {
        project.write(name, file);
        said += &project.transcript(&["import", "predictions", name, "--model", "m"]);
    }
    project.write("m.npy", npy("<f4", &shape, false, &f4()));
    let import = ["import", "predictions", "m.npy", "--model", "m"];
    project.write("order.txt", "image-00.jpg\nimage-01.jpg\nimage-00.jpg\n");
    said += &project.transcript(&[&import[..], &["--images-order", "order.txt"]].concat());
    project.write("order.txt", "image-00.jpg\nimage-77.jpg\n");
    said += &project.transcript(&[&import[..], &["--images-order", "order.txt"]].concat());
    said += &project.transcript(&[&import[..], &["--kind", "probabilities"]].concat());
    insta::assert_snapshot!(said, @r#"
    stderr: error: cannot read nan.npy: row 3, column 2: NaN is no finite number
    stderr: hint: nothing was imported
    exit 3
    stderr: error: cannot read infinite.npy: row 11, column 4: -inf is no finite number
    stderr: hint: nothing was imported
    exit 3
    stderr: error: cannot read short.npy: row 4: the file ends too early, for a shape of [12, 5]
    stderr: hint: nothing was imported
    exit 3
    stderr: error: cannot read long.npy: there is more in the file than its shape of [12, 5] says
    stderr: hint: nothing was imported
    exit 3
    stderr: error: cannot read flat.npy: the shape is [60]; expected [images, classes]
    exit 3
    stderr: error: cannot read integers.npy: the numbers are of type <i4; expected float16, float32 or float64
    stderr: hint: write it anew: np.save(file, predictions.astype(np.float32))
    exit 3
    stderr: error: cannot read fortran.npy: the array stands in Fortran order
    stderr: hint: write it anew: np.save(file, np.ascontiguousarray(predictions))
    exit 3
    stderr: error: cannot read columns.npy: it has 6 columns, the project 5 classes
    stderr: hint: column n is the class of index n; a background class has to be left out of the file
    exit 3
    stderr: error: cannot import rows.npy: it has 11 rows, but the project has 12 images
    stderr: hint: say with --images-order FILE which image each row is
    exit 3
    stderr: error: cannot read huge.npy: the shape is [1, 99999999999]; expected [images, classes]
    exit 3
    stderr: error: cannot read junk.npy: not an npy array: it does not begin as one
    exit 3
    stderr: error: cannot read junk.npz: not an npz file: invalid Zip archive: Could not find EOCD
    exit 3
    stderr: error: cannot import junk.parquet: not readable as Parquet: Parquet file too small. Size is 4 but need 8
    exit 3
    stderr: error: cannot read m.h5: unknown format "h5": expected .npy or .npz
    stderr: hint: a matrix is .npy or .npz; a table of image,label,score is .csv, .jsonl or .parquet
    exit 3
    stderr: error: cannot import nan.csv: row 3: column "score": "NaN" is no finite number
    stderr: hint: nothing was imported; fix the row
    exit 3
    stderr: error: cannot import twice.csv: class 0 of an image stands there twice (image-00.jpg)
    stderr: hint: where a column `fold` tells them apart, say with --fold-file which fold is each image's own
    exit 3
    stderr: error: cannot import unknown.csv: row 2: unknown image "image-99.jpg"
    stderr: hint: predictions are of images of the project: `relabel import images DIR` or `relabel import labels FILE` first
    stderr: hint: nothing was imported; fix the row
    exit 3
    stderr: error: cannot import class.csv: row 2: unknown class "bea"
    stderr: hint: did you mean "bee" (1)? classes are matched by index, WordNet id or name
    stderr: hint: nothing was imported; fix the row
    exit 3
    stderr: error: cannot read order.txt: line 3: image "image-00.jpg" stands there twice, first as number 1
    exit 3
    stderr: error: cannot read order.txt: line 2: unknown image "image-77.jpg"
    stderr: hint: predictions are of images of the project: `relabel import images DIR` or `relabel import labels FILE` first
    exit 3
    stderr: error: cannot import m.npy: row 0, column 0: -4 is no probability
    stderr: hint: probabilities lie from 0 to 1; other values are --kind logits
    exit 3
    "#);
    assert_eq!(project.sql("SELECT count(*) FROM model"), "0\n");
}

#[test]
fn a_damaged_npz_is_refused() {
    let project = small();
    let file = std::fs::File::create(project.path("m.npz")).unwrap();
    let mut zip = zip::ZipWriter::new(file);
    let stored =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    zip.start_file("m.npy", stored).unwrap();
    let shape = format!("({IMAGES}, {CLASSES})");
    std::io::Write::write_all(&mut zip, &npy("<f4", &shape, false, &f4())).unwrap();
    zip.finish().unwrap();
    let import = ["import", "predictions", "m.npz", "--model", "m"];
    project.run(&import);
    // One bit of the last number, which stays a number.
    let mut bytes = std::fs::read(project.path("m.npz")).unwrap();
    let last = (logit(IMAGES - 1, CLASSES - 1) as f32).to_le_bytes();
    let place = bytes.windows(4).rposition(|window| window == last).unwrap();
    bytes[place] ^= 1;
    project.write("m.npz", bytes);
    insta::assert_snapshot!(project.transcript(&import), @"
    stderr: error: cannot read m.npz: Invalid checksum
    stderr: hint: nothing was imported
    exit 3
    ");
}

#[test]
fn a_file_that_changed_since_its_import_is_not_proposed_from() {
    let project = small();
    let shape = format!("({IMAGES}, {CLASSES})");
    project.write("m.npy", npy("<f4", &shape, false, &f4()));
    project.run(&["import", "predictions", "m.npy", "--model", "m"]);
    project.run(&["propose"]);
    let before = proposals(&project);
    let mut other = f4();
    other[0] ^= 1;
    project.write("m.npy", npy("<f4", &shape, false, &other));
    insta::assert_snapshot!(project.transcript(&["propose"]), @r#"
    stderr: error: cannot read the predictions of "m", ./m.npy: it is not the file that was imported
    stderr: hint: nothing was changed; import them anew: `relabel import predictions FILE --model M`
    exit 3
    "#);
    std::fs::remove_file(project.path("m.npy")).unwrap();
    insta::assert_snapshot!(project.transcript(&["propose"]), @r#"
    stderr: error: cannot read the predictions of "m", ./m.npy: No such file or directory (os error 2)
    stderr: hint: nothing was changed; import them anew: `relabel import predictions FILE --model M`
    exit 3
    "#);
    assert_eq!(proposals(&project), before);
    // A name has one owner.
    project.write("p.csv", "image,label,source\nimage-00.jpg,ant,ready\n");
    project.run(&["import", "proposals", "p.csv"]);
    project.write("m.npy", npy("<f4", &shape, false, &f4()));
    insta::assert_snapshot!(project.transcript(&["import", "predictions", "m.npy", "--model", "ready"]), @r#"
    stderr: error: "ready" proposes already, by `relabel import proposals`
    stderr: hint: give the model another name with --model
    exit 1
    "#);
}

#[test]
fn probabilities_are_known_by_their_sums() {
    let project = small();
    let mut table = "image,label,score\n".to_owned();
    for image in 0..IMAGES {
        for (class, share) in ["0.5", "0.25", "0.125", "0.0625", "0.0625"]
            .iter()
            .enumerate()
        {
            writeln!(table, "{},{class},{share}", image_name(image)).unwrap();
        }
    }
    project.write("p.csv", table);
    let said = project.transcript(&["import", "predictions", "p.csv", "--model", "p"]);
    assert!(
        said.contains("probabilities from 0.0625 to 0.5000"),
        "{said}"
    );
    // A table may name some classes of some images only.
    project.write(
        "top.csv",
        "image,label,score\nimage-00.jpg,cat,9.5\nimage-00.jpg,dog,9\nimage-03.jpg,elk,1\n",
    );
    let said = project.transcript(&["import", "predictions", "top.csv", "--model", "top"]);
    assert!(
        said.contains("without a prediction by this model: 10 images of the project"),
        "{said}"
    );
    project.run(&["propose", "--pool", "2"]);
    let all = proposals(&project);
    let top: Vec<&String> = all.iter().filter(|line| line.ends_with(",top")).collect();
    assert_eq!(
        top,
        [
            "image-00.jpg,2,top",
            "image-00.jpg,3,top",
            "image-03.jpg,4,top"
        ]
    );
}

#[test]
fn planning_again_after_new_proposals_keeps_every_vote() {
    let project = small();
    let shape = format!("({IMAGES}, {CLASSES})");
    project.write("m.npy", npy("<f4", &shape, false, &f4()));
    project.run(&["import", "predictions", "m.npy", "--model", "m"]);
    project.run(&["propose", "--pool", "15"]);
    project.run(&["plan"]);
    let votes = project.sql("SELECT image.name || ',' || class || ',ann,yes' FROM question JOIN image ON image.id = image");
    project.write("votes.csv", format!("image,label,rater,answer\n{votes}"));
    project.run(&["import", "votes", "votes.csv"]);
    let kept = votes.lines().count();
    project.run(&["propose", "--pool", "40"]);
    let plan = json(&project.run(&["plan", "--format", "json"]));
    assert_eq!(plan["kept_questions"], kept);
    assert!(plan["new_questions"].as_u64().unwrap() > 0);
    assert_eq!(plan["retired_questions"], 0);
    assert_eq!(
        project.sql("SELECT count(*) FROM vote").trim(),
        kept.to_string()
    );
    // Nothing new: nothing is written anew.
    let again = json(&project.run(&["plan", "--format", "json"]));
    assert_eq!(again["new_questions"], 0);
    assert_eq!(again["tasks"], plan["tasks"]);
    // Fewer: what was answered is kept, out of the plan.
    project.run(&["propose", "--pool", "0"]);
    let fewer = json(&project.run(&["plan", "--format", "json"]));
    assert!(fewer["retired_questions"].as_u64().unwrap() > 0);
    assert_eq!(
        project.sql("SELECT count(*) FROM vote").trim(),
        kept.to_string()
    );
}
