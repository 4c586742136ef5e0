//! Files for other programs, and from them: whole commands, as a user sees them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use common::Project;
use insta::assert_snapshot;

const CLASSES: &str = "index,name,gloss\n0,\"cat, tabby\",\n1,\"dog, hound\",a tame canine\n2,truck,\n3,crane,a bird\n4,crane,a machine\n";

const VOTES: &str = "image,label,rater,answer,at\n\
    a.jpg,cat,ann,yes,2026-11-02T09:30:00Z\n\
    a.jpg,cat,bob,yes,\n\
    a.jpg,dog,ann,maybe,2026-11-02T09:30:01.5Z\n\
    a.jpg,dog,bob,no,\n\
    \"b, \"\"2\"\".jpg\",4,ann,yes,\n\
    \"b, \"\"2\"\".jpg\",4,bob,yes,\n";

/// Five classes, votes on two images, and an image that keeps its label.
fn voted() -> Project {
    let project = Project::empty();
    project.write("classes.csv", CLASSES);
    project.write("votes.csv", VOTES);
    project.write(
        "labels.csv",
        "image,label\na.jpg,dog\n=kept.jpg,truck\nunlabelled.jpg,0\n",
    );
    project.run(&["init", "--classes", "classes.csv"]);
    project.run(&["import", "labels", "labels.csv"]);
    project.run(&["import", "votes", "votes.csv"]);
    project.run(&["aggregate", "--method", "majority"]);
    project
}

/// A project of the same classes, with nothing in it.
fn fresh() -> Project {
    let project = Project::empty();
    project.write("classes.csv", CLASSES);
    project.run(&["init", "--classes", "classes.csv"]);
    project
}

/// Writes an export of one project and copies it into another's folder.
fn hand_over(from: &Project, arguments: &[&str], file: &str, to: &Project) {
    from.run(&[&["export", "-o", file], arguments].concat());
    to.write(file, std::fs::read(from.path(file)).unwrap());
}

#[test]
fn votes_go_from_project_to_project_in_each_kind_of_table() {
    let project = voted();
    let votes = project.run(&["export", "--as", "votes-csv"]);
    for (format, file) in [
        ("votes-csv", "v.csv"),
        ("votes-jsonl", "v.jsonl"),
        ("votes-parquet", "v.parquet"),
    ] {
        let other = fresh();
        hand_over(&project, &["--as", format], file, &other);
        let said = other.transcript(&["import", "votes", file]);
        assert_eq!(
            said,
            format!(
                "stderr: {file}: 6 votes of 2 raters imported, 0 known already; 2 new images, known by name only\n"
            )
        );
        assert_eq!(
            other.run(&["export", "--as", "votes-csv"]),
            votes,
            "{format}"
        );
    }
    assert_snapshot!(project.run(&["export", "--as", "votes-jsonl"]), @r#"
    {"image":"a.jpg","label":0,"rater":"ann","round":"main","answer":"yes","at":"2026-11-02T09:30:00Z"}
    {"image":"a.jpg","label":0,"rater":"bob","round":"main","answer":"yes","at":null}
    {"image":"a.jpg","label":1,"rater":"ann","round":"main","answer":"maybe","at":"2026-11-02T09:30:01.5Z"}
    {"image":"a.jpg","label":1,"rater":"bob","round":"main","answer":"no","at":null}
    {"image":"b, \"2\".jpg","label":4,"rater":"ann","round":"main","answer":"yes","at":null}
    {"image":"b, \"2\".jpg","label":4,"rater":"bob","round":"main","answer":"yes","at":null}
    "#);
}

#[test]
fn scores_in_parquet_are_proposals_for_another_project() {
    let (project, other) = (voted(), fresh());
    hand_over(&project, &["--as", "parquet"], "scores.parquet", &other);
    assert_snapshot!(other.transcript(&["import", "proposals", "scores.parquet"]), @r#"
    stderr: scores.parquet: 5 proposals of 1 source imported, 0 known already; 4 new images, known by name only
    stderr: next: `relabel plan`
    "#);
    assert_eq!(
        other.sql("SELECT image.name, class, score FROM proposal JOIN image ON image.id = image WHERE name = 'a.jpg'"),
        "a.jpg|0|1\na.jpg|1|0.25\n"
    );
}

#[test]
fn targets_for_training_are_columns_a_class_or_matrices() {
    let project = voted();
    assert_snapshot!(project.run(&["export", "--as", "multi-hot"]), @r#"
    image,"cat, tabby",truck,4
    =kept.jpg,0,1,0
    a.jpg,1,0,0
    "b, ""2"".jpg",0,0,1
    unlabelled.jpg,1,0,0
    "#);
    assert_snapshot!(project.run(&["export", "--as", "soft"]), @r#"
    image,"cat, tabby","dog, hound",truck,4
    =kept.jpg,0,0,1,0
    a.jpg,1,0.25,0,0
    "b, ""2"".jpg",0,0,0,1
    unlabelled.jpg,1,0,0,0
    "#);
    assert_snapshot!(project.run(&["export", "--as", "hf"]), @r#"
    {"file_name":"=kept.jpg","labels":[2],"scores":[null]}
    {"file_name":"a.jpg","labels":[0],"scores":[1.0]}
    {"file_name":"b, \"2\".jpg","labels":[4],"scores":[1.0]}
    {"file_name":"unlabelled.jpg","labels":[0],"scores":[null]}
    "#);

    let order = ["--images-order", "order.txt"];
    project.run(&[&["export", "--as", "soft", "-o", "soft.npy"], &order[..]].concat());
    let bytes = std::fs::read(project.path("soft.npy")).unwrap();
    let array = npyz::NpyFile::new(&bytes[..]).unwrap();
    assert_eq!(array.shape(), [4, 5]);
    #[rustfmt::skip]
    let expected = [
        0.0, 0.0, 1.0, 0.0, 0.0_f32,
        1.0, 0.25, 0.0, 0.0, 0.0,
        0.0, 0.0, 0.0, 0.0, 1.0,
        1.0, 0.0, 0.0, 0.0, 0.0,
    ];
    assert_eq!(array.into_vec::<f32>().unwrap(), expected);
    assert_eq!(
        std::fs::read_to_string(project.path("order.txt")).unwrap(),
        "=kept.jpg\na.jpg\nb, \"2\".jpg\nunlabelled.jpg\n"
    );

    project.run(&["export", "--as", "multi-hot", "-o", "hot.npz"]);
    let mut npz =
        zip::ZipArchive::new(std::fs::File::open(project.path("hot.npz")).unwrap()).unwrap();
    let targets = npyz::NpyFile::new(npz.by_name("targets.npy").unwrap()).unwrap();
    assert_eq!(targets.shape(), [4, 5]);
    assert_eq!(
        targets.into_vec::<u8>().unwrap(),
        [0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0]
    );
    let classes = npyz::NpyFile::new(npz.by_name("classes.npy").unwrap()).unwrap();
    assert_eq!(classes.into_vec::<i64>().unwrap(), [0, 1, 2, 3, 4]);
    let images = npyz::NpyFile::new(npz.by_name("images.npy").unwrap()).unwrap();
    assert_eq!(
        images.into_vec::<String>().unwrap(),
        ["=kept.jpg", "a.jpg", "b, \"2\".jpg", "unlabelled.jpg"]
    );
}

#[test]
fn soft_targets_are_predictions_for_another_project() {
    let (project, other) = (voted(), fresh());
    let array = [
        "export",
        "--as",
        "soft",
        "-o",
        "soft.npz",
        "--images-order",
        "order.txt",
    ];
    project.run(&array);
    for file in ["soft.npz", "order.txt"] {
        other.write(file, std::fs::read(project.path(file)).unwrap());
    }
    // The images are known by their names.
    other.write(
        "labels.csv",
        "image,label\n=kept.jpg,2\na.jpg,1\n\"b, \"\"2\"\".jpg\",4\nunlabelled.jpg,0\n",
    );
    other.run(&["import", "labels", "labels.csv"]);
    other.run(&[
        "import",
        "predictions",
        "soft.npz",
        "--array",
        "targets",
        "--model",
        "labels",
        "--kind",
        "probabilities",
        "--images-order",
        "order.txt",
    ]);
}

#[test]
fn formulas_are_defused_on_request_and_numbers_stay_numbers() {
    let project = fresh();
    project.write(
        "votes.csv",
        "image,label,rater,answer\n=1+1.jpg,0,@ann,yes\n-2,0,+x,no\ntab,0,-bob,yes\na=b,0,'quoted,yes\n",
    );
    project.run(&["import", "votes", "votes.csv"]);
    // Files may be called so; in tables blanks around a name do not count.
    project.sql("UPDATE image SET name = char(9) || 'tab' WHERE name = 'tab'");
    assert_snapshot!(project.run(&["export", "--as", "votes-csv"]), @r#"
    image,label,rater,round,answer,at
    	tab,0,-bob,main,yes,
    -2,0,+x,main,no,
    =1+1.jpg,0,@ann,main,yes,
    a=b,0,'quoted,main,yes,
    "#);
    assert_snapshot!(project.run(&["export", "--as", "votes-csv", "--defuse"]), @r#"
    image,label,rater,round,answer,at
    '	tab,0,'-bob,main,yes,
    -2,0,'+x,main,no,
    '=1+1.jpg,0,'@ann,main,yes,
    a=b,0,'quoted,main,yes,
    "#);
    assert_snapshot!(project.transcript(&["export", "--as", "hf", "--defuse"]), @r#"
    stderr: error: --defuse is for CSV: nothing else is run by a spreadsheet
    exit 2
    "#);
    assert_snapshot!(project.transcript(&["export", "--as", "soft", "--images-order", "o.txt"]), @r#"
    stderr: error: --images-order goes with `--as multi-hot` or `--as soft` and -o FILE.npy or FILE.npz
    stderr: hint: the other formats name the image in each row
    exit 2
    "#);
}
