//! Labels from COCO, from folders and from the metadata of image folders: whole commands, as a user sees them.

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
use proptest::prelude::*;

const CLASSES: &str =
    "index,wnid,name\n0,n02123045,\"cat, tabby\"\n1,n02084071,dog\n2,n04490091,truck\n";

const LABELS: &str =
    "SELECT name, class FROM image LEFT JOIN original_label ON image = id ORDER BY name";

fn fresh() -> Project {
    let project = Project::empty();
    project.write("classes.csv", CLASSES);
    project.run(&["init", "--classes", "classes.csv"]);
    project
}

/// Two cats are one label; `c.jpg` shows two things; `d.jpg` has no annotation.
const COCO: &str = r#"{
  "info": {"year": 2026},
  "images": [{"id": 10, "file_name": "a.jpg", "width": 3}, {"id": 11, "file_name": "x/b.jpg"}, {"id": 12, "file_name": "c.jpg"}, {"id": 13, "file_name": "d.jpg"}],
  "annotations": [
    {"id": 1, "image_id": 10, "category_id": 18, "bbox": [1, 2, 3, 4]},
    {"id": 2, "image_id": 10, "category_id": 18, "score": 0.5},
    {"id": 3, "image_id": 11, "category_id": 17},
    {"id": 4, "image_id": 12, "category_id": 17, "score": 0.25},
    {"id": 5, "image_id": 12, "category_id": 18, "score": 0.75}],
  "categories": [{"id": 17, "name": "dog", "supercategory": "animal"}, {"id": 18, "name": "Tabby"}]
}"#;

#[test]
fn coco_gives_labels_where_an_image_has_one_and_proposals_where_it_has_several() {
    let project = fresh();
    project.write("coco.json", COCO);
    assert_snapshot!(project.transcript(&["import", "labels", "coco.json"]), @r#"
    stderr: error: cannot import coco.json: images[2]: image "c.jpg" has 2 labels (dog, Tabby), and an original label is one
    stderr: hint: `relabel import proposals FILE` takes them all
    stderr: hint: nothing was imported; fix it, or leave out what is bad with --skip-bad
    exit 3
    "#);
    assert_eq!(project.sql("SELECT count(*) FROM image"), "0\n");
    assert_snapshot!(project.transcript(&["import", "labels", "coco.json", "--skip-bad"]), @r#"
    stderr: left out 1:
    stderr:   images[2]: image "c.jpg" has 2 labels (dog, Tabby), and an original label is one
    stderr: coco.json: 2 original labels imported, 0 known already; 2 new images, known by name only
    "#);
    assert_snapshot!(project.sql(LABELS), @r#"
    a.jpg|0
    x/b.jpg|1
    "#);
    assert_snapshot!(project.transcript(&["import", "proposals", "coco.json"]), @r#"
    stderr: coco.json: 4 proposals of 1 source imported, 0 known already; 1 new image, known by name only
    stderr: next: `relabel plan`
    "#);
    assert_snapshot!(project.sql("SELECT image.name, class, source.name, score FROM proposal JOIN image ON image.id = image JOIN source ON source.id = source ORDER BY 1, 2"), @r#"
    a.jpg|0|coco|0.5
    c.jpg|0|coco|0.75
    c.jpg|1|coco|0.25
    x/b.jpg|1|coco|
    "#);
}

#[test]
fn what_is_wrong_in_coco_is_said_with_its_place() {
    let project = fresh();
    let cases = [
        COCO.replace("\"Tabby\"", "\"tabbi\""),
        COCO.replace("\"image_id\": 11", "\"image_id\": 99"),
        COCO.replace("\"category_id\": 17},", "\"category_id\": 99},"),
        COCO.replace("\"id\": 11, \"file_name\"", "\"id\": 10, \"file_name\""),
        COCO.replace("\"annotations\"", "\"annotation\""),
        "[{\"image_id\": 1, \"category_id\": 2, \"score\": 0.5}]".to_owned(),
        "{\"images\": [".to_owned(),
    ];
    let said: Vec<String> = cases
        .iter()
        .map(|case| {
            project.write("coco.json", case);
            project.transcript(&["import", "labels", "coco.json"])
        })
        .collect();
    assert_snapshot!(said.join("\n"), @r#"
    stderr: error: cannot import coco.json: images[0]: unknown class "tabbi"
    stderr: hint: did you mean "tabby" (0)? classes are matched by index, WordNet id or name
    stderr: hint: nothing was imported; fix it, or leave out what is bad with --skip-bad
    exit 3

    stderr: error: cannot import coco.json: annotations[2].image_id: there is no image of this id
    stderr: hint: COCO's JSON is an object with images, annotations and categories; Label Studio's is a list, for `import votes` and `import proposals`
    exit 3

    stderr: error: cannot import coco.json: annotations[2].category_id: there is no category of this id
    stderr: hint: nothing was imported; fix it, or leave out what is bad with --skip-bad
    exit 3

    stderr: error: cannot import coco.json: images[1]: its id stands twice
    stderr: hint: COCO's JSON is an object with images, annotations and categories; Label Studio's is a list, for `import votes` and `import proposals`
    exit 3

    stderr: error: cannot import coco.json: there is no "annotations"; it has: annotation, categories, images, info
    stderr: hint: COCO's JSON is an object with images, annotations and categories; Label Studio's is a list, for `import votes` and `import proposals`
    exit 3

    stderr: error: cannot import coco.json: there is no "categories"; it is a list
    stderr: hint: COCO's JSON is an object with images, annotations and categories; Label Studio's is a list, for `import votes` and `import proposals`
    exit 3

    stderr: error: cannot import coco.json: EOF while parsing a list at line 1 column 12
    stderr: hint: COCO's JSON is an object with images, annotations and categories; Label Studio's is a list, for `import votes` and `import proposals`
    exit 3
    "#);
}

#[test]
fn folders_name_classes() {
    let project = fresh();
    for file in [
        "photos/train/tabby/1.jpg",
        "photos/train/tabby/close/2.jpg",
        "photos/n02084071/3.png",
        "photos/2/4.JPEG",
        "photos/2/readme.txt",
    ] {
        project.write(file, "");
    }
    assert_snapshot!(project.transcript(&["import", "labels", "photos"]), @r"
    stderr: passed over 1 file by the ending: 1 .txt
    stderr: photos: 4 original labels imported, 0 known already; 4 new images, known by name only
    ");
    assert_snapshot!(project.sql(LABELS), @r#"
    2/4.JPEG|2
    n02084071/3.png|1
    train/tabby/1.jpg|0
    train/tabby/close/2.jpg|0
    "#);
    project.write("photos/tabbi/5.jpg", "");
    project.write("photos/6.jpg", "");
    assert_snapshot!(project.transcript(&["import", "labels", "photos"]), @r#"
    stderr: error: cannot import photos: file "6.jpg": it lies in no folder that names a class
    stderr: hint: nothing was imported; fix it, or leave out what is bad with --skip-bad
    exit 3
    "#);
    assert_snapshot!(project.transcript(&["import", "labels", "photos", "--skip-bad"]), @r#"
    stderr: left out 2:
    stderr:   file "6.jpg": it lies in no folder that names a class
    stderr:   file "tabbi/5.jpg": unknown class "tabbi"
    stderr: photos: 0 original labels imported, 4 known already
    "#);
}

#[test]
fn metadata_of_an_image_folder_may_hold_lists() {
    let project = fresh();
    project.write("metadata.csv", "file_name,label\na.jpg,cat\n");
    project.run(&["import", "labels", "metadata.csv"]);
    project.write(
        "metadata.jsonl",
        "{\"file_name\":\"b.jpg\",\"labels\":[2]}\n{\"file_name\":\"c.jpg\",\"labels\":[\"dog\"]}\n{\"file_name\":\"d.jpg\",\"labels\":[]}\n",
    );
    project.run(&["import", "labels", "metadata.jsonl"]);
    assert_snapshot!(project.sql(LABELS), @r#"
    a.jpg|0
    b.jpg|2
    c.jpg|1
    "#);
    project.write(
        "metadata.jsonl",
        "{\"file_name\":\"e.jpg\",\"labels\":[0,1]}\n",
    );
    assert_snapshot!(project.transcript(&["import", "labels", "metadata.jsonl"]), @r#"
    stderr: error: cannot import metadata.jsonl: row 1: image "e.jpg" has 2 labels (0, 1), and an original label is one
    stderr: hint: `relabel import proposals FILE` takes them all
    stderr: hint: nothing was imported; fix the row, or leave bad rows out with --skip-bad
    exit 3
    "#);
    assert_snapshot!(project.transcript(&["import", "proposals", "metadata.jsonl"]), @r#"
    stderr: metadata.jsonl: 2 proposals of 1 source imported, 0 known already; 1 new image, known by name only
    stderr: next: `relabel plan`
    "#);
    project.write("metadata.csv", "file_name,lable\na.jpg,cat\n");
    assert_snapshot!(project.transcript(&["import", "labels", "metadata.csv"]), @r#"
    stderr: error: cannot import metadata.csv: there is no column "label"; the header has: file_name, lable
    stderr: hint: did you mean "lable"? name the column "label"
    exit 3
    "#);
}

#[test]
fn label_sets_come_back_from_an_own_metadata_file() {
    let (project, other) = (fresh(), fresh());
    project.write(
        "labels.csv",
        "image,label\n\"=a, \"\"b\"\".jpg\",2\nc.jpg,0\n",
    );
    project.run(&["import", "labels", "labels.csv"]);
    project.run(&["export", "--as", "hf", "-o", "metadata.jsonl"]);
    other.write(
        "metadata.jsonl",
        std::fs::read(project.path("metadata.jsonl")).unwrap(),
    );
    other.run(&["import", "labels", "metadata.jsonl"]);
    assert_eq!(other.sql(LABELS), project.sql(LABELS));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn coco_says_of_every_image_what_was_written(
        images in prop::collection::vec(("(?s).{1,8}", prop::collection::btree_map(0..4_usize, prop::option::of(-1.0..1.0_f64), 0..3)), 0..6),
        names in prop::collection::hash_set("(?s).{1,8}", 4),
    ) {
        let names: Vec<String> = names.into_iter().collect();
        let annotations = images.iter().enumerate().flat_map(|(image, (_, labels))| {
            // Twice each, the second without a score: the same as once.
            labels.iter().flat_map(move |(category, score)| [
                serde_json::json!({"image_id": image, "category_id": category, "score": score}),
                serde_json::json!({"image_id": image, "category_id": category}),
            ])
        });
        let file = serde_json::json!({
            "images": images.iter().enumerate().map(|(id, (name, _))| serde_json::json!({"id": id, "file_name": name})).collect::<Vec<_>>(),
            "categories": names.iter().enumerate().map(|(id, name)| serde_json::json!({"id": id, "name": name})).collect::<Vec<_>>(),
            "annotations": annotations.collect::<Vec<_>>(),
        });
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("coco.json");
        std::fs::write(&path, file.to_string()).unwrap();
        let read: Vec<_> = relabel::formats::coco::read_coco(&path).unwrap().into_iter().map(Result::unwrap).collect();
        for ((name, labels), image) in images.iter().zip(&read) {
            prop_assert_eq!(name, &image.image);
            let expected: Vec<_> = labels.iter().map(|(category, score)| (names[*category].clone(), *score)).collect();
            prop_assert_eq!(&expected, &image.labels);
        }
        prop_assert_eq!(images.len(), read.len());
    }
}
