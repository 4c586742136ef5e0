//! Which image, which picture and which rater a name means: whole commands, as a user sees them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use common::Project;
use common::arrays::write_npy;
use common::pty::{Opening, Terminal};
use insta::assert_snapshot;

const IMAGES: &str =
    "SELECT name, class FROM image LEFT JOIN original_label ON image = id ORDER BY name";
const VOTES: &str =
    "SELECT image.name, class, rater.name, answer FROM vote JOIN question ON question.id = question
     JOIN image ON image.id = question.image JOIN rater ON rater.id = vote.rater ORDER BY 1, 2, 3";

/// Four classes and nothing else.
fn fresh() -> Project {
    let project = Project::empty();
    project.write("classes.csv", "index,name\n0,cat\n1,dog\n2,truck\n3,lion\n");
    project.run(&["init", "--classes", "classes.csv"]);
    project
}

/// A small picture; another shade is another picture.
fn paint(project: &Project, name: &str, shade: u8) {
    let path = project.path(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let image = image::RgbImage::from_pixel(8, 8, image::Rgb([shade, 90, 40]));
    let format = match path.extension().is_some_and(|ending| ending == "png") {
        true => image::ImageFormat::Png,
        false => image::ImageFormat::Jpeg,
    };
    image.save_with_format(&path, format).unwrap();
}

/// Three pictures in `photos`.
fn of_photos() -> Project {
    let project = fresh();
    for (name, shade) in [("cat.jpg", 10), ("dog.jpg", 90), ("sub/caf\u{e9}.jpg", 200)] {
        paint(&project, &format!("photos/{name}"), shade);
    }
    project.run(&["import", "images", "photos"]);
    project
}

/// Three images, none with a label, a vote or a proposal.
fn assert_untouched(project: &Project) {
    assert_eq!(
        project.sql(IMAGES),
        "cat.jpg|\ndog.jpg|\nsub/caf\u{e9}.jpg|\n"
    );
    assert_eq!(project.sql("SELECT count(*) FROM vote"), "0\n");
    assert_eq!(project.sql("SELECT count(*) FROM proposal"), "0\n");
}

#[test]
fn every_spelling_finds_the_image_in_every_file() {
    let cat = [
        "cat.jpg",
        " cat.jpg ",
        "photos\\cat.jpg",
        "C:\\sets\\photos\\cat.jpg",
        "./photos/cat.jpg",
        "https://example.org/sets/cat.jpg?size=2#top",
        "file:///home/ann/photos/cat.jpg",
    ];
    let cafe = [
        "sub/cafe\u{301}.jpg",
        "caf\u{e9}.jpg",
        "SETS\\sub\\cafe\u{301}.jpg",
        "s3://bucket/sub/caf%C3%A9.jpg",
    ];
    for (spellings, name) in [(&cat[..], "cat.jpg"), (&cafe[..], "sub/caf\u{e9}.jpg")] {
        for spelling in spellings {
            let project = of_photos();
            let json = serde_json::to_string(spelling).unwrap();
            project.write("labels.csv", format!("image,label\n\"{spelling}\",0\n"));
            project.run(&["import", "labels", "labels.csv"]);
            project.write(
                "proposals.jsonl",
                format!("{{\"image\":{json},\"label\":1}}\n"),
            );
            project.run(&["import", "proposals", "proposals.jsonl"]);
            project.write(
                "votes.csv",
                format!("image,label,rater,answer\n\"{spelling}\",2,ann,yes\n"),
            );
            project.run(&["import", "votes", "votes.csv"]);
            project.write(
                "ls.json",
                format!(r#"[{{"data":{{"image":{json}}},"annotations":[{{"completed_by":7,"result":[{{"type":"choices","from_name":"c","value":{{"choices":["cat"]}}}}]}}]}}]"#),
            );
            project.run(&["import", "votes", "ls.json", "--not-chosen", "nothing"]);
            project.write(
                "coco.json",
                format!(r#"{{"images":[{{"id":1,"file_name":{json}}}],"annotations":[{{"image_id":1,"category_id":1}}],"categories":[{{"id":1,"name":"lion"}}]}}"#),
            );
            project.run(&["import", "proposals", "coco.json"]);
            project.write(
                "model.csv",
                format!("image,label,score\n\"{spelling}\",0,0.5\n"),
            );
            project.run(&["import", "predictions", "model.csv", "--model", "m"]);
            assert_eq!(
                project.sql("SELECT count(*) FROM image"),
                "3\n",
                "{spelling}"
            );
            assert_eq!(
                project.sql("SELECT DISTINCT name FROM image JOIN original_label ON image = id"),
                format!("{name}\n")
            );
            assert_eq!(
                project.sql(
                    "SELECT DISTINCT name, class FROM image JOIN proposal ON image = id ORDER BY 2"
                ),
                format!("{name}|1\n{name}|3\n")
            );
            assert_eq!(
                project.sql(VOTES),
                format!("{name}|0|user 7|2\n{name}|2|ann|2\n")
            );
        }
    }
}

#[test]
fn the_order_of_rows_finds_images_by_their_spellings() {
    let project = of_photos();
    project.write(
        "folds.csv",
        "image,fold\nphotos\\cat.jpg,0\n\" dog.jpg\",1\nsub/cafe\u{301}.jpg,0\n",
    );
    project.write(
        "model.csv",
        "image,label,score\ncat.jpg,0,0.5\ndog.jpg,0,0.5\ncaf\u{e9}.jpg,1,0.5\n",
    );
    project.run(&[
        "import",
        "predictions",
        "model.csv",
        "--model",
        "m",
        "--fold-file",
        "folds.csv",
    ]);
    project.write("groups.csv", "image,group\nC:\\x\\cat.jpg,a\ndog.jpg,a\n");
    project.run(&[
        "folds",
        "--k",
        "2",
        "--seed",
        "1",
        "--groups",
        "groups.csv",
        "-o",
        "out.csv",
    ]);
}

#[test]
fn unknown_images_are_refused_together_once_there_are_files() {
    let project = of_photos();
    project.write("case.csv", "image,label\nCat.JPG,0\n");
    assert_snapshot!(project.transcript(&["import", "labels", "case.csv"]), @r#"
    stderr: error: cannot import case.csv: row 2: unknown image "Cat.JPG"
    stderr: hint: did you mean "cat.jpg"?
    stderr: hint: correct the name, or `relabel import images DIR` first; --new-images adds images that are known by name only
    stderr: hint: nothing was imported; fix the row, or leave bad rows out with --skip-bad
    exit 3
    "#);
    project.write(
        "many.csv",
        "image,label,rater,answer\ncat.jpg,0,ann,yes\ndog,0,ann,yes\nlion.jpg,0,ann,yes\nlion.jpg,1,ann,no\n3.jpg,0,ann,yes\n4.jpg,0,ann,yes\n5.jpg,0,ann,yes\n6.jpg,0,ann,yes\n",
    );
    assert_snapshot!(project.transcript(&["import", "votes", "many.csv"]), @r#"
    stderr: error: cannot import many.csv: 6 unknown images:
    stderr:   row 3: "dog" (did you mean "dog.jpg"?)
    stderr:   row 4: "lion.jpg"
    stderr:   row 6: "3.jpg"
    stderr:   row 7: "4.jpg"
    stderr:   row 8: "5.jpg"
    stderr:   … and 1 more
    stderr: hint: correct the name, or `relabel import images DIR` first; --new-images adds images that are known by name only
    stderr: hint: nothing was imported; fix the row, or leave bad rows out with --skip-bad
    exit 3
    "#);
    project.write("p.csv", "image,label\nDOG.png,1\n");
    assert_snapshot!(project.transcript(&["import", "proposals", "p.csv"]), @r#"
    stderr: error: cannot import p.csv: row 2: unknown image "DOG.png"
    stderr: hint: did you mean "dog.jpg"?
    stderr: hint: correct the name, or `relabel import images DIR` first; --new-images adds images that are known by name only
    stderr: hint: nothing was imported; fix the row, or leave bad rows out with --skip-bad
    exit 3
    "#);
    assert_untouched(&project);
    project.write("order.txt", "dog.jpg\ncta.jpg\nlion.jpg\n");
    write_npy(&project.path("m.npy"), &[0.25; 12], 4);
    assert_snapshot!(project.transcript(&["import", "predictions", "m.npy", "--model", "m", "--images-order", "order.txt"]), @r#"
    stderr: error: cannot read order.txt: 2 unknown images:
    stderr:   line 2: "cta.jpg"
    stderr:   line 3: "lion.jpg"
    stderr: hint: predictions are of images of the project: `relabel import images DIR` or `relabel import labels FILE` first
    exit 3
    "#);
    assert_snapshot!(project.transcript(&["import", "votes", "many.csv", "--skip-bad"]), @r#"
    stderr: left out 7:
    stderr:   row 3: unknown image "dog"
    stderr:   row 4: unknown image "lion.jpg"
    stderr:   row 5: unknown image "lion.jpg"
    stderr:   row 6: unknown image "3.jpg"
    stderr:   row 7: unknown image "4.jpg"
    stderr:   row 8: unknown image "5.jpg"
    stderr:   row 9: unknown image "6.jpg"
    stderr: many.csv: 1 vote of 1 rater imported, 0 known already
    "#);
    project.write("new.csv", "image,label\ncat.jpg,0\nsets\\lion.jpg ,3\n");
    assert_snapshot!(project.transcript(&["import", "labels", "new.csv", "--new-images"]), @"stderr: new.csv: 2 original labels imported, 0 known already; 1 new image, known by name only");
    assert_snapshot!(project.sql(IMAGES), @r"
    cat.jpg|0
    dog.jpg|
    sets/lion.jpg|3
    sub/café.jpg|
    ");
}

#[test]
fn a_picture_in_place_of_a_name_is_refused() {
    let project = of_photos();
    project.write(
        "labels.csv",
        "image,label\n\"data:image/png;base64,iVBORw0KGgo=\",0\n",
    );
    assert_snapshot!(project.transcript(&["import", "labels", "labels.csv"]), @r"
    stderr: error: cannot import labels.csv: row 2: the image has no name: the picture itself stands here as base64 text, and no name of a file
    stderr: hint: export with the names of the files: the pictures come in by `relabel import images DIR`
    stderr: hint: nothing was imported; fix the row, or leave bad rows out with --skip-bad
    exit 3
    ");
    let bytes = "Ab1+".repeat(40);
    project.write(
        "ls.json",
        format!(r#"[{{"data":{{"image":"/9j/{bytes}"}},"annotations":[{{"completed_by":7,"result":[]}}]}}]"#),
    );
    assert_snapshot!(project.transcript(&["import", "votes", "ls.json", "--new-images"]), @r"
    stderr: error: cannot import ls.json: [0].data.image: the picture itself stands here as base64 text, and no name of a file
    stderr: hint: nothing was imported; fix it, or leave out what is bad with --skip-bad
    exit 3
    ");
    assert_untouched(&project);
}

#[test]
fn labels_come_first_and_files_find_their_images() {
    let project = fresh();
    project.write(
        "labels.csv",
        "image,label\nsub\\cafe\u{301}.jpg,0\nlion.jpg,3\nsets/photos/dog.jpg,1\n",
    );
    assert_snapshot!(project.transcript(&["import", "labels", "labels.csv"]), @"stderr: labels.csv: 3 original labels imported, 0 known already; 3 new images, known by name only");
    for (name, shade) in [("cat.jpg", 10), ("dog.jpg", 90), ("sub/caf\u{e9}.jpg", 200)] {
        paint(&project, &format!("photos/{name}"), shade);
    }
    for said in [
        "3 images imported, 0 known already",
        "0 images imported, 3 known already",
    ] {
        let named = "1 file known under another name: dog.jpg is sets/photos/dog.jpg";
        assert_eq!(
            project.transcript(&["import", "images", "photos"]),
            format!("stderr: {named}\nstderr: photos: {said}\n")
        );
    }
    assert_snapshot!(project.sql("SELECT name, class, path IS NOT NULL FROM image LEFT JOIN original_label ON image = id ORDER BY name"), @"");
}

#[test]
fn rows_that_repeat_others_count_once() {
    let project = of_photos();
    project.write(
        "labels.csv",
        "image,label\ncat.jpg,1\ncat.jpg,1\n cat.jpg,dog\ndog.jpg,2\n",
    );
    assert_snapshot!(project.transcript(&["import", "labels", "labels.csv"]), @"stderr: labels.csv: 2 original labels imported, 0 known already; 2 repetitions of the file");
    project.write("p.csv", "image,label,score\ncat.jpg,1,0.5\ncat.jpg,1,0.7\n");
    assert_snapshot!(project.transcript(&["import", "proposals", "p.csv"]), @r"
    stderr: p.csv: 1 proposal of 1 source imported, 0 known already
    stderr: next: `relabel plan`
    ");
    assert_eq!(project.sql("SELECT count(*) FROM proposal"), "1\n");
}

/// One picture with a vote.
fn voted() -> Project {
    let project = fresh();
    paint(&project, "camera1/IMG_1.jpg", 10);
    project.run(&["import", "images", "camera1"]);
    project.write(
        "votes.csv",
        "image,label,rater,answer\nIMG_1.jpg,0,ann,yes\n",
    );
    project.run(&["import", "votes", "votes.csv"]);
    project
}

fn sha(project: &Project) -> String {
    project.sql("SELECT hex(sha256) FROM image")
}

#[test]
fn a_picture_that_was_voted_on_is_not_replaced_without_a_word() {
    let project = voted();
    let before = sha(&project);
    paint(&project, "camera1/IMG_1.jpg", 99);
    assert_snapshot!(project.transcript(&["import", "images", "camera1"]), @r"
    stderr: error: cannot import camera1: 1 image with votes or notes would get another picture:
    stderr:   IMG_1.jpg: camera1/IMG_1.jpg has changed since it was imported
    stderr: hint: nothing was imported; --replace puts the new pictures in the place of those that were voted on, --skip-bad leaves them out
    exit 3
    ");
    paint(&project, "other/IMG_1.jpg", 50);
    project.write("list.csv", "image,path\nIMG_1.jpg,other\\IMG_1.jpg\n");
    assert_snapshot!(project.transcript(&["import", "images", "list.csv"]).replace(&*project.folder().to_string_lossy(), "…"), @r"
    stderr: error: cannot import list.csv: 1 image with votes or notes would get another picture:
    stderr:   IMG_1.jpg: other/IMG_1.jpg is another picture than ./camera1/IMG_1.jpg
    stderr: hint: nothing was imported; --replace puts the new pictures in the place of those that were voted on, --skip-bad leaves them out
    exit 3
    ");
    // The first file is gone: nobody knows whether this is its successor.
    std::fs::remove_file(project.path("camera1/IMG_1.jpg")).unwrap();
    let refused = project.transcript(&["import", "images", "other"]);
    assert!(
        refused.contains("is another picture than") && refused.ends_with("exit 3\n"),
        "{refused}"
    );
    assert_eq!(sha(&project), before);
    assert_snapshot!(project.transcript(&["import", "images", "other", "--skip-bad"]).replace(&*project.folder().to_string_lossy(), "…"), @r"
    stderr: left out 1:
    stderr:   IMG_1.jpg: other/IMG_1.jpg is another picture than ./camera1/IMG_1.jpg
    stderr: other: 0 images imported, 0 known already
    ");
    assert_eq!(sha(&project), before);
    assert_snapshot!(project.transcript(&["import", "images", "other", "--replace"]), @"stderr: other: 0 images imported, 0 known already, 1 picture replaced (1 with votes)");
    assert_ne!(sha(&project), before);
    assert_snapshot!(project.transcript(&["import", "images", "other"]), @"stderr: other: 0 images imported, 1 known already");
}

#[test]
fn a_picture_without_votes_follows_its_file() {
    let project = of_photos();
    paint(&project, "photos/cat.jpg", 77);
    assert_snapshot!(project.transcript(&["import", "images", "photos"]), @"stderr: photos: 0 images imported, 2 known already, 1 picture replaced (no votes)");
    std::fs::rename(project.path("photos"), project.path("moved")).unwrap();
    assert_snapshot!(project.transcript(&["import", "images", "moved"]), @"stderr: moved: 0 images imported, 0 known already, 3 found in another place");
}

#[test]
fn names_of_two_folders_that_clash_get_the_folder_in_front() {
    let project = voted();
    paint(&project, "camera2/IMG_1.jpg", 99);
    paint(&project, "camera2/IMG_2.jpg", 60);
    assert_snapshot!(project.transcript(&["import", "images", "camera2"]), @r"
    stderr: 1 name taken by another picture, so the folder's name stands in front: IMG_1.jpg is camera2/IMG_1.jpg
    stderr: camera2: 2 images imported, 0 known already
    ");
    for (folder, said) in [
        (
            "camera1",
            "stderr: camera1: 0 images imported, 1 known already\n",
        ),
        (
            "camera2",
            "stderr: 1 file known under another name: IMG_1.jpg is camera2/IMG_1.jpg\nstderr: camera2: 0 images imported, 2 known already\n",
        ),
        (
            "camera2/IMG_1.jpg",
            "stderr: 1 file known under another name: IMG_1.jpg is camera2/IMG_1.jpg\nstderr: camera2/IMG_1.jpg: 0 images imported, 1 known already\n",
        ),
    ] {
        assert_eq!(project.transcript(&["import", "images", folder]), said);
    }
    paint(&project, "more/camera2/IMG_1.jpg", 130);
    project.run(&["import", "images", "more/camera2"]);
    assert_eq!(
        project.sql("SELECT name FROM image ORDER BY name"),
        "IMG_1.jpg\nIMG_2.jpg\ncamera2/IMG_1.jpg\nmore/camera2/IMG_1.jpg\n"
    );
    assert_eq!(project.sql(VOTES), "IMG_1.jpg|0|ann|2\n");
}

#[test]
fn the_same_bytes_under_two_names_are_told() {
    let project = of_photos();
    project.write("labels.csv", "image,label\ncat.jpg,cat\n");
    project.run(&["import", "labels", "labels.csv"]);
    std::fs::create_dir(project.path("copies")).unwrap();
    for (from, to) in [("cat", "lion"), ("dog", "hound")] {
        std::fs::copy(
            project.path(&format!("photos/{from}.jpg")),
            project.path(&format!("copies/{to}.jpg")),
        )
        .unwrap();
    }
    assert_snapshot!(project.transcript(&["import", "images", "copies"]), @r"
    stderr: 2 images with the same bytes as another, 1 with another label:
    stderr:   cat.jpg (cat) = lion.jpg (no label)
    stderr:   dog.jpg = hound.jpg
    stderr: copies: 2 images imported, 0 known already
    ");
    // The same file through another folder is the same image.
    assert_snapshot!(project.transcript(&["import", "images", "photos/sub"]), @r"
    stderr: 1 file known under another name: café.jpg is sub/café.jpg
    stderr: photos/sub: 0 images imported, 1 known already
    ");
}

#[test]
fn what_a_folder_holds_beside_pictures_is_counted() {
    let project = fresh();
    for name in [
        "a.jpg",
        "b.jfif",
        "c.jpg_large",
        "d",
        ".trash/e.jpg",
        "@eaDir/a.jpg/THUMB.jpg",
        "sub/.thumbnails/f.jpg",
    ] {
        paint(&project, &format!("set/{name}"), name.len() as u8 * 9);
    }
    for (name, bytes) in [
        ("._a.jpg", "Mac OS X"),
        ("x.heic", "ftypheic"),
        ("y.CR2", "II*"),
        ("z.CR2", "II*"),
        ("labels.csv", "image"),
        ("README", "pictures"),
        ("not.jpe", "no picture"),
    ] {
        project.write(&format!("set/{name}"), bytes);
    }
    assert_snapshot!(project.transcript(&["import", "images", "set"]), @r"
    stderr: passed over 6 files by the ending: 2 .cr2, 1 .csv, 1 .heic, 1 .jpe, 1 without ending; convert .cr2 and .heic to JPEG or PNG
    stderr: passed over what is hidden or another program's: 3 folders (1 .thumbnails, 1 .trash, 1 @eaDir) and 1 picture file
    stderr: set: 4 images imported, 0 known already
    ");
    assert_eq!(
        project.sql("SELECT name FROM image ORDER BY name"),
        "a.jpg\nb.jfif\nc.jpg_large\nd\n"
    );
}

#[test]
fn images_without_votes_can_be_removed() {
    let project = of_photos();
    project.write("labels.csv", "image,label\ncat.jpg,0\ncat.JPG,1\nDog,1\n");
    project.run(&["import", "labels", "labels.csv", "--new-images"]);
    project.write("p.csv", "image,label\ncat.JPG,2\nDog,2\ncat.jpg,1\n");
    project.run(&["import", "proposals", "p.csv"]);
    project.run(&["plan"]);
    project.write("votes.csv", "image,label,rater,answer\ncat.jpg,0,ann,yes\n");
    project.run(&["import", "votes", "votes.csv"]);
    assert_snapshot!(project.transcript(&["image", "remove", "cat.JPG", "cat.jpg"]), @r#"
    stderr: error: cannot remove "cat.jpg": it has 1 vote
    stderr: hint: votes are only ever added: to be rid of the image, make the project anew without the rows that name it
    stderr: hint: nothing was removed
    exit 1
    "#);
    assert_snapshot!(project.transcript(&["image", "remove", "cat.JPEG"]), @r#"
    stderr: error: cannot remove "cat.JPEG": unknown image "cat.JPEG"
    stderr: hint: did you mean "cat.JPG"?
    stderr: hint: `relabel export --as jsonl` lists the images
    exit 1
    "#);
    assert_eq!(project.sql("SELECT count(*) FROM image"), "5\n");
    assert_snapshot!(project.transcript(&["image", "remove", "cat.JPG", " Dog"]), @"stderr: 2 images removed, with 2 original labels, 2 proposals and 2 tasks; the files stay where they are");
    assert_snapshot!(project.sql(IMAGES), @r"
    cat.jpg|0
    dog.jpg|
    sub/café.jpg|
    ");
    assert_eq!(
        project.sql("SELECT DISTINCT image.name FROM task JOIN image ON image.id = image"),
        "cat.jpg\n"
    );
    project.run(&["plan"]);
    assert!(project.run(&["doctor"]).contains("sound"));
}

#[test]
fn an_image_stays_that_a_model_an_audit_or_a_note_needs() {
    let project = of_photos();
    project.write("labels.csv", "image,label\ncat.jpg,0\n");
    project.run(&["import", "labels", "labels.csv"]);
    project.run(&["audit", "plan", "--seed", "1"]);
    write_npy(&project.path("m.npy"), &[0.25; 4], 4);
    project.write("order.txt", "dog.jpg\n");
    project.run(&[
        "import",
        "predictions",
        "m.npy",
        "--model",
        "m",
        "--images-order",
        "order.txt",
    ]);
    assert_snapshot!(project.transcript(&["image", "remove", "cat.jpg"]), @r#"
    stderr: error: cannot remove "cat.jpg": audit "audit" has drawn it
    stderr: hint: what an audit has drawn stays, so that its result holds
    stderr: hint: nothing was removed
    exit 1
    "#);
    assert_snapshot!(project.transcript(&["image", "remove", "dog.jpg"]), @r#"
    stderr: error: cannot remove "dog.jpg": model "m" predicts it
    stderr: hint: import the model's predictions again without it: `relabel import predictions FILE --model m`
    stderr: hint: nothing was removed
    exit 1
    "#);
}

#[test]
fn raters_are_the_same_under_every_spelling() {
    let project = of_photos();
    project.write(
        "votes.csv",
        "image,label,rater,answer\ncat.jpg,0,ann,yes\ndog.jpg,1,\"ann \",no\ncaf\u{e9}.jpg,0, ann,no\ncat.jpg,1,Zoe\u{308},no\ncat.jpg,2,Zo\u{eb},no\n",
    );
    assert_snapshot!(project.transcript(&["import", "votes", "votes.csv"]), @"stderr: votes.csv: 5 votes of 2 raters imported, 0 known already");
    assert_snapshot!(project.transcript(&["rater", "add", " ann "]), @r#"
    stderr: error: "ann" is known already, as rater
    exit 1
    "#);
    project.write(
        "blank.csv",
        "image,label,rater,answer\ncat.jpg,0,\" \u{a0}\",yes\n",
    );
    assert_snapshot!(project.transcript(&["import", "votes", "blank.csv"]), @r"
    stderr: error: cannot import blank.csv: row 2: the rater's name is blank
    stderr: hint: nothing was imported; fix the row, or leave bad rows out with --skip-bad
    exit 3
    ");
    // Older projects may have both.
    project.sql("INSERT INTO rater (name, role) VALUES ('bob ', 'rater'), ('cleo', 'rater'), ('cleo ', 'rater')");
    project.write(
        "more.csv",
        "image,label,rater,answer\ncat.jpg,0,bob,yes\ncat.jpg,0,\"cleo \",yes\ncat.jpg,0,cleo,no\n",
    );
    project.run(&["import", "votes", "more.csv"]);
    assert_eq!(
        project.sql("SELECT name, count(vote.answer) FROM rater LEFT JOIN vote ON vote.rater = rater.id GROUP BY rater.id"),
        "ann|3\nZo\u{eb}|2\nbob |1\ncleo|1\ncleo |1\n"
    );
}

fn review(project: &Project, rater: &str) -> Terminal {
    let arguments = ["review", "--rater", rater, "--pictures", "none"];
    Terminal::open(project.folder(), &arguments, Opening::default())
}

fn raters(project: &Project) -> String {
    project.sql("SELECT name FROM rater ORDER BY id")
}

/// Leaves by the closing screen.
fn leave(mut terminal: Terminal) {
    terminal.wait_for_text("y yes");
    terminal.keys("q");
    terminal.wait_for_text("label sets of");
    terminal.keys("q");
    assert_eq!(terminal.wait_for_end(), 0);
}

#[test]
fn a_new_name_is_asked_about_once() {
    let project = of_photos();
    project.write("labels.csv", "image,label\ncat.jpg,0\n");
    project.run(&["import", "labels", "labels.csv"]);
    project.write("p.csv", "image,label\ncat.jpg,1\n");
    project.run(&["import", "proposals", "p.csv"]);
    project.run(&["plan"]);
    // Nobody is there whom the name could be mistaken for.
    leave(review(&project, "ann"));
    assert_eq!(raters(&project), "ann\n");
    for answer in ["\r", "n\r", "ann\r"] {
        let mut terminal = review(&project, "anm");
        terminal.wait_for_text(
            "no rater \"anm\" yet; did you mean \"ann\"? Start as a new rater? [y/N]",
        );
        terminal.keys(answer);
        assert_eq!(terminal.wait_for_end(), 1);
        assert_eq!(raters(&project), "ann\n");
    }
    let mut terminal = review(&project, "bob");
    terminal.wait_for_text("no rater \"bob\" yet. Start as a new rater? [y/N]");
    terminal.keys("y\r");
    leave(terminal);
    // The second time it is known, in any spelling.
    leave(review(&project, " bob "));
    assert_eq!(raters(&project), "ann\nbob\n");
    assert_eq!(project.sql("SELECT count(*) FROM vote"), "0\n");
}
