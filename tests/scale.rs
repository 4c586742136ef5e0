//! Predictions that outgrow memory: `propose` as plans of DataFusion gives the rows that the stream gives, and says what is wrong as it does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use std::collections::{BTreeSet, HashMap};

use common::footers::{LIST_OF_FLAGS, with_footer_field};
use common::predicted::{
    Cell, Style, expected_of_real_models, project_of, proposals, real_models, without_scores,
    write_parquet,
};
use common::pty::{Opening, Terminal};
use common::{Project, shared};
use proptest::prelude::*;
use relabel::domain::{ClassIndex, ImageId};
use relabel::formats::records::PredictionRecord;
use relabel::proposals::two_part::{Kind, PoolBy};
use relabel::scale::{Limits, Rule, Session};

fn import(project: &Project, path: &str) {
    project.run(&[
        "import",
        "predictions",
        path,
        "--model",
        "m",
        "--kind",
        "logits",
    ]);
}

fn propose(project: &Project, engine: &str, more: &[&str]) -> BTreeSet<String> {
    project.run(&[&["propose", "--engine", engine], more].concat());
    proposals(project)
}

/// Names in which bytes, letters and numbers are in different orders.
const NAMES: [&str; 8] = [
    "b.jpg",
    "a/10.jpg",
    "a/9.jpg",
    "B.jpg",
    "é.jpg",
    "z z.jpg",
    "日本.png",
    "a%20[1].jpg",
];

fn cells() -> impl Strategy<Value = Vec<Cell>> {
    // Few different values: ties everywhere, zeros of both signs among them. Not every image has every class.
    let value = prop::option::weighted(
        0.8,
        prop::sample::select(vec![-1.5, -0.0, 0.0, 0.25, 0.3, 2.0]),
    );
    prop::collection::vec(value, NAMES.len() * 5).prop_map(|values| {
        let cell = |(at, value): (usize, Option<f64>)| {
            let image = NAMES[at * 7 % NAMES.len()].to_owned();
            Some((image, (at / NAMES.len()) as u32, value?))
        };
        values.into_iter().enumerate().filter_map(cell).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn plans_and_stream_propose_the_same_rows(
        cells in cells().prop_filter("an empty table has no images", |cells| !cells.is_empty()),
        numbers in any::<bool>(),
        single in any::<bool>(),
        group in 1..9_usize,
        files in 1..4_usize,
        pool in 0..45_usize,
        by in prop::sample::select(vec!["logits", "probabilities", "both"]),
    ) {
        let images: BTreeSet<String> = NAMES.iter().map(|&name| name.to_owned()).collect();
        let project = project_of(&images, 5);
        let style = Style { numbers, single, group };
        write_parquet(&project.path("one.parquet"), &cells, style);
        std::fs::create_dir_all(project.path("many [1]/below")).unwrap();
        for (number, part) in cells.chunks(cells.len().div_ceil(files)).enumerate() {
            let folder = if number == 0 { "many [1]/below" } else { "many [1]" };
            let path = format!("{folder}/part {number}.parquet");
            write_parquet(&project.path(&path), part, style);
        }
        let pool = pool.to_string();
        let more = ["--pool", &pool, "--pool-by", by];
        import(&project, "one.parquet");
        let streamed = propose(&project, "stream", &more);
        prop_assert_eq!(&propose(&project, "datafusion", &more), &streamed);
        import(&project, "many [1]");
        let parts = [&more[..], &["--partitions", "3"]].concat();
        prop_assert_eq!(&propose(&project, "auto", &parts), &streamed);
    }
}

#[test]
fn numbers_at_the_ends_of_double_precision_are_numbers() {
    let values = [f64::MAX, f64::MIN, 1e-320, -1e-320, 0.0, -0.0, 1e300, 3.0];
    let cells: Vec<Cell> = (0..40_usize)
        .map(|at| {
            let value = values[at * 3 % 7 + at / 35];
            (format!("{}.jpg", at / 5), (at % 5) as u32, value)
        })
        .collect();
    let images = cells.iter().map(|cell| cell.0.clone()).collect();
    let project = project_of(&images, 5);
    let style = Style {
        single: false,
        ..Style::default()
    };
    write_parquet(&project.path("m.parquet"), &cells, style);
    import(&project, "m.parquet");
    for pool in ["0", "7", "23", "60"] {
        let more = ["--pool", pool, "--pool-by", "both"];
        let streamed = propose(&project, "stream", &more);
        assert_eq!(propose(&project, "datafusion", &more), streamed, "{pool}");
    }
}

/// The seven real networks on 1,000 photographs, against the reference program's rows.
#[test]
fn seven_networks_from_parquet_to_proposals() {
    let project = Project::new();
    let Some(models) = real_models(project.folder()) else {
        return;
    };
    let labels = shared().unwrap().join("data/predictions/labels.csv");
    project.run(&["import", "labels", labels.to_str().unwrap()]);
    for (model, path) in &models {
        let said = project.transcript(&[
            "import",
            "predictions",
            path.to_str().unwrap(),
            "--model",
            model,
        ]);
        assert!(
            said.contains(&format!(
                "1,000 images × 1,000 classes of {model:?}, logits"
            )),
            "{said}"
        );
    }
    let report = project.run(&["propose", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let by_logits = proposals(&project);
    assert!(
        without_scores(&by_logits) == expected_of_real_models(),
        "proposals differ"
    );
    // What is said of people is what the plan will say.
    let plan = project.run(&["plan", "--format", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    assert_eq!(report["unanimous"], plan["unanimous"]);
    // By softmax too, to the last bit of the score.
    let planned = propose(&project, "datafusion", &["--pool-by", "both"]);
    assert!(planned == propose(&project, "stream", &["--pool-by", "both"]));
    assert!(by_logits == propose(&project, "stream", &[]));
}

/// Forty images of a hundred classes, with values that differ.
fn some() -> (Project, Vec<Cell>) {
    let mut cells = Vec::new();
    for image in 0..40 {
        for class in 0..100_u32 {
            let value = f64::from((image * 7_919 + class * 104_729) % 10_007) / 1_000.0;
            cells.push((format!("image-{image:02}.jpg"), class, value));
        }
    }
    let images = cells.iter().map(|cell| cell.0.clone()).collect();
    (project_of(&images, 100), cells)
}

#[test]
fn what_is_wrong_with_a_table_is_said_with_its_place() {
    let (project, cells) = some();
    let mut said = String::new();
    let double = Style {
        single: false,
        ..Style::default()
    };
    let mut refused = |name: &str, cells: &[Cell], style: Style| {
        write_parquet(&project.path(name), cells, style);
        said += &project.transcript(&["import", "predictions", name, "--model", "m"]);
    };
    let with = |at: usize, cell: Cell| {
        let mut cells = cells.clone();
        cells[at] = cell;
        cells
    };
    let image = "image-07.jpg".to_owned();
    refused(
        "nan.parquet",
        &with(712, (image.clone(), 12, f64::NAN)),
        double,
    );
    refused(
        "infinite.parquet",
        &with(712, (image.clone(), 12, f64::INFINITY)),
        double,
    );
    refused(
        "unnamed.parquet",
        &with(712, (String::new(), 12, 1.0)),
        double,
    );
    refused(
        "unknown.parquet",
        &with(712, ("image-99.jpg".to_owned(), 12, 1.0)),
        double,
    );
    refused(
        "class.parquet",
        &with(712, (image.clone(), 100, 1.0)),
        double,
    );
    refused(
        "twice.parquet",
        &with(712, (image.clone(), 13, 1.0)),
        double,
    );
    let names = Style {
        numbers: false,
        ..double
    };
    refused(
        "names.parquet",
        &with(712, (image.clone(), 100, 1.0)),
        names,
    );
    let two_names = with(712, ("folder/image-07.jpg".to_owned(), 12, 1.0));
    refused("two-names.parquet", &two_names, double);
    project.write("junk.parquet", "junk");
    said += &project.transcript(&["import", "predictions", "junk.parquet", "--model", "m"]);
    std::fs::create_dir(project.path("empty")).unwrap();
    said += &project.transcript(&["import", "predictions", "empty", "--model", "m"]);
    write_parquet(&project.path("good.parquet"), &cells, double);
    let bytes = std::fs::read(project.path("good.parquet")).unwrap();
    std::fs::create_dir(project.path("slow")).unwrap();
    let slow = with_footer_field(&bytes, &LIST_OF_FLAGS.repeat(100));
    project.write("slow/part-0.parquet", slow);
    said += &project.transcript(&["import", "predictions", "slow", "--model", "m"]);
    let good = ["import", "predictions", "good.parquet", "--model", "m"];
    said += &project.transcript(&[&good[..], &["--kind", "probabilities"]].concat());
    said += &project.transcript(&[&good[..], &["--identity", "footers"]].concat());
    insta::assert_snapshot!(said, @r#"
    stderr: error: cannot read nan.parquet: image "image-07.jpg", label "12": the score NaN is no finite number
    stderr: hint: nothing was changed; mend the row
    exit 3
    stderr: error: cannot read infinite.parquet: image "image-07.jpg", label "12": the score inf is no finite number
    stderr: hint: nothing was changed; mend the row
    exit 3
    stderr: error: cannot read unnamed.parquet: image "", label "12": a row has no image
    stderr: hint: nothing was changed; mend the row
    exit 3
    stderr: error: cannot read unknown.parquet: unknown image "image-99.jpg"
    stderr: hint: predictions are of images of the project: `relabel import images DIR` or `relabel import labels FILE` first
    stderr: hint: nothing was changed; mend the row
    exit 3
    stderr: error: cannot read class.parquet: image "image-07.jpg": unknown class "100"
    stderr: hint: classes are matched by index, WordNet id or name
    stderr: hint: nothing was changed; mend the row
    exit 3
    stderr: error: cannot read twice.parquet: image "image-07.jpg": class 13 stands there twice
    stderr: hint: nothing was changed; mend the row
    exit 3
    stderr: error: cannot read names.parquet: image "image-07.jpg": unknown class "thing 100"
    stderr: hint: did you mean "thing 10" (10)? classes are matched by index, WordNet id or name
    stderr: hint: nothing was changed; mend the row
    exit 3
    stderr: error: cannot read two-names.parquet: image "image-07.jpg" is also called "folder/image-07.jpg"
    stderr: hint: name each image in one way throughout
    stderr: hint: nothing was changed; mend the row
    exit 3
    stderr: error: cannot read junk.parquet: Parquet files are at least 8 bytes long, but file length is 4
    exit 3
    stderr: error: cannot read empty: there is no file that ends in .parquet
    exit 3
    stderr: error: cannot read slow: part-0.parquet: its footer: there is a list of flags, where Parquet has none
    exit 3
    stderr: error: cannot import good.parquet: image "image-00.jpg", class 1: 4.659 is no probability
    stderr: hint: probabilities lie from 0 to 1; other values are --kind logits
    exit 3
    stderr: error: --identity is for folders; a file is known by its contents
    exit 2
    "#);
    assert_eq!(project.sql("SELECT count(*) FROM model"), "0\n");
}

#[test]
fn a_folder_that_has_changed_is_refused() {
    let (project, cells) = some();
    std::fs::create_dir(project.path("m")).unwrap();
    let (one, other) = cells.split_at(1_500);
    write_parquet(&project.path("m/1.parquet"), one, Style::default());
    write_parquet(&project.path("m/2.parquet"), other, Style::default());
    for identity in ["contents", "footers"] {
        project.run(&[
            "import",
            "predictions",
            "m",
            "--model",
            "m",
            "--identity",
            identity,
        ]);
        let before = propose(&project, "auto", &[]);
        // Another name, another order of files.
        std::fs::rename(project.path("m/2.parquet"), project.path("m/0.parquet")).unwrap();
        insta::allow_duplicates! {
            insta::assert_snapshot!(project.transcript(&["propose"]), @r#"
            stderr: error: cannot read the predictions of "m", ./m: it is not the folder that was imported
            stderr: hint: nothing was changed; import them anew: `relabel import predictions FILE --model M`
            exit 3
            "#);
        }
        assert_eq!(proposals(&project), before);
        std::fs::rename(project.path("m/0.parquet"), project.path("m/2.parquet")).unwrap();
        assert_eq!(propose(&project, "auto", &[]), before);
    }
}

#[test]
fn little_memory_gives_the_same_rows_or_says_that_it_is_too_little() {
    let (project, cells) = some();
    write_parquet(
        &project.path("m.parquet"),
        &cells,
        Style {
            group: 500,
            ..Style::default()
        },
    );
    import(&project, "m.parquet");
    let expected = propose(&project, "stream", &["--pool-by", "both", "--pool", "2000"]);
    let mut refused = 0;
    for memory in ["100k", "500k", "2M", "8M", "1G"] {
        let options = [
            "propose",
            "--pool-by",
            "both",
            "--pool",
            "2000",
            "--memory",
            memory,
        ];
        let said = project.transcript(&options);
        if said.ends_with("exit 1\n") {
            assert!(said.contains(" of memory are not enough: "), "{said}");
            assert!(said.contains("allow more with --memory"), "{said}");
            refused += 1;
        } else {
            assert!(!said.contains("exit"), "{said}");
        }
        assert_eq!(proposals(&project), expected, "{memory}");
    }
    assert!((1..5).contains(&refused), "{refused}");
}

#[test]
fn ctrl_c_ends_a_plan_and_leaves_the_proposals_as_they_were() {
    let mut cells = Vec::new();
    for image in 0..8_000 {
        for class in 0..100_u32 {
            let value = f64::from((image * 79 + class * 10_473) % 10_007) / 1_000.0;
            cells.push((format!("image-{image:05}.jpg"), class, value));
        }
    }
    let images = cells.iter().map(|cell| cell.0.clone()).collect();
    let project = project_of(&images, 100);
    write_parquet(&project.path("m.parquet"), &cells, Style::default());
    import(&project, "m.parquet");
    let before = propose(&project, "stream", &["--pool", "0"]);
    let arguments = ["propose", "--engine", "datafusion", "--pool-by", "both"];
    let mut terminal = Terminal::open(project.folder(), &arguments, Opening::default());
    terminal.wait_for("that it works", |text| text.contains("0 of 1"));
    terminal.keys("\x03");
    assert_eq!(terminal.wait_for_end(), 130);
    assert_eq!(proposals(&project), before);
    assert_eq!(project.sql("PRAGMA integrity_check"), "ok\n");
}

fn session() -> Session {
    let limits = Limits {
        memory: 100_000_000,
        spill: std::env::temp_dir(),
        partitions: Some(3),
    };
    Session::local(&limits, || false).unwrap()
}

/// What DataFusion calls TopK holds as many rows as are asked for; a sort without it would hold all.
#[test]
fn nothing_is_sorted_but_for_its_first_rows() {
    let (project, cells) = some();
    write_parquet(
        &project.path("m.parquet"),
        &cells,
        Style {
            group: 500,
            ..Style::default()
        },
    );
    let session = session();
    let predictions = session
        .open(&project.path("m.parquet"), PredictionRecord::COLUMNS)
        .unwrap();
    let classes: Vec<(String, u32)> = (0..100).map(|class| (class.to_string(), class)).collect();
    let rule = Rule {
        pool: 120,
        by: PoolBy::Both,
        kind: Kind::Logits,
    };
    let plan = session.explain(&predictions, &classes, rule).unwrap();
    let sorts: Vec<&str> = plan
        .lines()
        .filter(|line| line.contains("SortExec"))
        .collect();
    assert!(sorts.len() >= 2, "{plan}");
    assert!(
        sorts.iter().all(|line| line.contains("TopK(fetch=120)")),
        "{plan}"
    );
    // Of a join the first side is held: images, never their predictions.
    let mut joins = 0;
    let mut lines = plan.lines();
    while let Some(line) = lines.next() {
        if line.contains("HashJoinExec") {
            joins += 1;
            let passes = [
                "RepartitionExec",
                "CoalescePartitionsExec",
                "ProjectionExec",
            ];
            let held = (lines.clone()).find(|line| !passes.iter().any(|exec| line.contains(exec)));
            assert!(held.unwrap().contains("AggregateExec"), "{plan}");
        }
    }
    assert!(joins >= 2, "{plan}");
}

proptest! {
    #[test]
    fn triage_is_the_same_as_a_plan(
        pairs in prop::collection::vec((0..12_i64, 0..4_u32), 0..60),
        labels in prop::collection::hash_map(0..12_i64, 0..4_u32, 0..12),
    ) {
        let pair = |&(image, class): &(i64, u32)| (ImageId(image), ClassIndex(class));
        let labels: HashMap<ImageId, ClassIndex> =
            labels.iter().map(|(&image, &class)| pair(&(image, class))).collect();
        let mut proposed: Vec<_> = pairs.iter().map(pair).chain(labels.iter().map(|(&i, &c)| (i, c))).collect();
        let found = session().triage(&proposed, &labels).unwrap();
        proposed.sort_unstable();
        let expected = relabel::proposals::triage(&proposed, &labels);
        prop_assert_eq!(found.unanimous, expected.unanimous);
        let to_review: Vec<ImageId> = expected.to_review.iter().map(|(image, _)| *image).collect();
        prop_assert_eq!(found.to_review, to_review);
    }
}
