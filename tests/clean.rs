//! A training set cleaned: `folds`, predictions of models that did not see what they predict, `clean`, the review of what was
//! dropped, and the list that is trained on.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

use common::arrays::write_npz;
use common::pty::{Opening, Terminal};
use common::{Project, shared};
use insta::assert_snapshot;

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Three classes and these images with their labels.
fn project_of(labels: &str) -> Project {
    let project = Project::empty();
    project.write("classes.csv", "index,name\n0,cat\n1,dog\n2,fox\n");
    project.run(&["init", "--classes", "classes.csv"]);
    project.write("labels.csv", format!("image,label\n{labels}"));
    project.run(&["import", "labels", "labels.csv"]);
    project
}

/// Eight images: the model is sure of most, and doubts b.jpg, g.jpg and h.jpg.
fn doubted() -> Project {
    let project = project_of(
        "a.jpg,cat\nb.jpg,cat\nc.jpg,cat\nd.jpg,dog\ne.jpg,dog\nf.jpg,fox\ng.jpg,fox\nh.jpg,fox\n",
    );
    let rows = [
        [0.90, 0.06, 0.04],
        [0.02, 0.96, 0.02],
        [0.80, 0.15, 0.05],
        [0.30, 0.60, 0.10],
        [0.10, 0.70, 0.20],
        [0.05, 0.05, 0.90],
        [0.55, 0.02, 0.43],
        [0.10, 0.88, 0.02],
    ];
    let mut table = "image,label,score\n".to_owned();
    for (image, row) in ('a'..).zip(rows) {
        for (label, score) in row.iter().enumerate() {
            writeln!(table, "{image}.jpg,{label},{score}").unwrap();
        }
    }
    project.write("net.csv", table);
    project.run(&["import", "predictions", "net.csv", "--model", "net"]);
    project
}

#[test]
fn a_label_is_kept_when_it_is_among_what_the_model_proposes() {
    let project = doubted();
    // Each image's first choice, and the ten best of all 24 pairs: 0.43 of g.jpg's fox is the tenth.
    let clean = ["clean", "--pool", "10", "-o", "cleaned.csv"];
    assert_snapshot!(project.transcript(&clean), @r"
     model           net  two-part, 10 pairs pooled
     labels            8
     kept              6  75.00 %
     dropped           2  25.00 %
       first-choice    5  62.50 %
       not-proposed    2  25.00 %
       proposed        1  12.50 %

        class  labels  kept  dropped   share  taken for
     0  cat         3     2        1  33.3 %  dog (1)
     2  fox         3     2        1  33.3 %  dog (1)
    stderr: cleaned.csv is written
    stderr: next: `relabel plan --dropped`, then `relabel review --rater NAME --order disputed`
    ");
    assert_snapshot!(std::fs::read_to_string(project.path("cleaned.csv")).unwrap(), @r"
    image,label,name,kept,reason,rank,probability,first_choice,first_choice_name,first_probability,fold
    a.jpg,0,cat,1,first-choice,1,0.9,0,cat,0.9,
    b.jpg,0,cat,0,not-proposed,2,0.02,1,dog,0.96,
    c.jpg,0,cat,1,first-choice,1,0.8,0,cat,0.8,
    d.jpg,1,dog,1,first-choice,1,0.6,1,dog,0.6,
    e.jpg,1,dog,1,first-choice,1,0.7,1,dog,0.7,
    f.jpg,2,fox,1,first-choice,1,0.9,2,fox,0.9,
    g.jpg,2,fox,1,proposed,2,0.43,0,cat,0.55,
    h.jpg,2,fox,0,not-proposed,3,0.02,1,dog,0.88,
    ");
    let said = project.run(&["status"]);
    assert!(
        said.contains("6 of 8 labels kept (75.0 %), 2 dropped, by two-part of \"net\""),
        "{said}"
    );
}

#[test]
fn other_rules_are_the_first_choice_and_a_least_probability() {
    let project = doubted();
    let dropped = |options: &[&str]| {
        let clean = [&["clean", "-o", "cleaned.jsonl"], options].concat();
        project.run(&clean);
        let lines = std::fs::read_to_string(project.path("cleaned.jsonl")).unwrap();
        let lines = lines.lines().map(json);
        let dropped = lines.filter(|line| line["kept"] == false);
        let names = dropped.map(|line| {
            format!(
                "{} {}",
                line["image"].as_str().unwrap(),
                line["reason"].as_str().unwrap()
            )
        });
        names.collect::<Vec<_>>().join(", ")
    };
    assert_snapshot!(dropped(&["--rule", "top1"]), @"b.jpg not-first-choice, g.jpg not-first-choice, h.jpg not-first-choice");
    assert_snapshot!(dropped(&["--rule", "threshold", "--threshold", "0.5"]), @"b.jpg unlikely, g.jpg unlikely, h.jpg unlikely");
    assert_snapshot!(dropped(&["--rule", "threshold", "--threshold", "0.4"]), @"b.jpg unlikely, h.jpg unlikely");
    // A tenth of all pairs is less than one an image: of so few classes the pool is as large as the images are many.
    assert_snapshot!(dropped(&[]), @"b.jpg not-proposed, g.jpg not-proposed, h.jpg not-proposed");
}

#[test]
fn slips_of_the_pen_are_told() {
    let project = doubted();
    assert_snapshot!(project.transcript(&["clean", "--rule", "threshold"]), @r"
    stderr: error: --rule threshold wants the least probability of a label that is kept
    stderr: hint: give it with --threshold, such as --threshold 0.05
    exit 2
    ");
    assert_snapshot!(project.transcript(&["clean", "--rule", "top1", "--pool", "9"]), @r"
    stderr: error: --pool and --pool-by belong to --rule two-part
    exit 2
    ");
    assert_snapshot!(project.transcript(&["clean", "--threshold", "0.1"]), @r"
    stderr: error: --threshold belongs to --rule threshold
    exit 2
    ");
    assert_snapshot!(project.transcript(&["clean", "--model", "nett"]), @r#"
    stderr: error: there are no predictions of "nett"; there are some of "net"
    exit 1
    "#);
    assert_snapshot!(project.transcript(&["clean", "--votes"]), @r"
    stderr: error: --votes: no votes on these labels are aggregated
    stderr: hint: `relabel plan --dropped`, `relabel review --rater NAME --order disputed`, then `relabel aggregate`
    exit 1
    ");
    assert_snapshot!(project.transcript(&["clean", "-o", "kept.txt", "--defuse"]), @r"
    stderr: error: --defuse is for CSV: nothing else is run by a spreadsheet
    exit 2
    ");
    assert_snapshot!(project.transcript(&["plan", "--dropped"]), @r"
    stderr: error: no label is dropped
    stderr: hint: `relabel clean --model M` drops what the model does not bear out
    exit 1
    ");
    // What is imported is what is cleaned by.
    let net = std::fs::read_to_string(project.path("net.csv")).unwrap();
    project.write("net.csv", net.replace("0.96", "0.01"));
    assert_snapshot!(project.transcript(&["clean"]), @r#"
    stderr: error: cannot read the predictions of "net", ./net.csv: it is not the file that was imported
    stderr: hint: nothing was changed; import them anew: `relabel import predictions FILE --model M`
    exit 3
    "#);
    assert_eq!(project.sql("SELECT count(*) FROM dropped"), "0\n");
}

#[test]
fn people_look_at_what_was_dropped_and_have_the_last_word() {
    let project = doubted();
    project.run(&["clean", "--pool", "10"]);
    project.run(&["plan", "--dropped", "--raters", "1"]);
    // The least probable label first, with what the model proposes for the image.
    let tasks = project.run(&["export", "--as", "tasks-jsonl"]);
    assert_snapshot!(tasks, @r#"
    {"image":"b.jpg","task":0,"labels":[0,1]}
    {"image":"h.jpg","task":0,"labels":[1,2]}
    "#);

    let arguments = [
        "review",
        "--rater",
        "alice",
        "--order",
        "disputed",
        "--pictures",
        "none",
    ];
    let mut terminal = Terminal::open(project.folder(), &arguments, Opening::default());
    terminal.wait_for_text("b.jpg");
    // b.jpg: cat after all, and no dog.
    terminal.keys("yn\r");
    terminal.wait_for_text("h.jpg");
    terminal.keys("yn\r");
    terminal.wait_for_text("label sets of");
    terminal.keys("q");
    assert_eq!(terminal.wait_for_end(), 0);

    project.run(&["aggregate", "--method", "majority"]);
    let clean = ["clean", "--pool", "10", "--votes", "-o", "kept.txt"];
    assert_snapshot!(project.run(&clean), @r"
     model               net  two-part, 10 pairs pooled
     labels                8
     kept                  7  87.50 %
     dropped               1  12.50 %
       first-choice        5  62.50 %
       in-label-set        1  12.50 %
       not-in-label-set    1  12.50 %
       proposed            1  12.50 %

        class  labels  kept  dropped   share  taken for
     2  fox         3     2        1  33.3 %  dog (1)

    people voted on 2 of these labels: 1 are in no label set
     rule      dropped  voted on  wrong           precision                 recall
     two-part        2         2      1  50.0 % [9.5, 90.5]  100.0 % [20.7, 100.0]
     top1            3         2      1  50.0 % [9.5, 90.5]  100.0 % [20.7, 100.0]
    ");
    assert_snapshot!(std::fs::read_to_string(project.path("kept.txt")).unwrap(), @r"
    cat/a.jpg
    cat/b.jpg
    cat/c.jpg
    dog/d.jpg
    dog/e.jpg
    fox/f.jpg
    fox/g.jpg
    ");
}

/// Models that each were trained without a fold predict everything; of each only its own fold counts, as a matrix an array, as a
/// table with a column, and as what was put together by hand.
#[test]
fn of_models_trained_once_a_fold_only_what_each_did_not_see_counts() {
    let mut labels = String::new();
    for image in 0..60 {
        writeln!(labels, "{image:02}.jpg,{}", image % 3).unwrap();
    }
    let project = project_of(&labels);
    project.run(&["folds", "--k", "3", "-o", "folds.csv"]);
    let mut fold_of: HashMap<usize, usize> = HashMap::new();
    for line in std::fs::read_to_string(project.path("folds.csv"))
        .unwrap()
        .lines()
        .skip(1)
    {
        let (image, fold) = line.split_once(".jpg,").unwrap();
        fold_of.insert(image.parse().unwrap(), fold.parse().unwrap());
    }
    // Whoever saw an image learnt its label by heart; who did not knows dogs from the rest alone.
    let value = |model: usize, image: usize, class: usize| match model == fold_of[&image] {
        true => {
            ((image % 3 == 1) == (class == 1)) as u8 as f32 * 2.0
                + (image * 7 % 11 + class) as f32 / 64.0
        }
        false => (image % 3 == class) as u8 as f32 * 9.0,
    };
    let arrays: Vec<(String, Vec<f32>)> = (0..3)
        .map(|model| {
            let values = (0..60).flat_map(|image| (0..3).map(move |class| (image, class)));
            (
                format!("fold-{model}"),
                values
                    .map(|(image, class)| value(model, image, class))
                    .collect(),
            )
        })
        .collect();
    write_npz(&project.path("models.npz"), &arrays, 3);
    let mut own = vec![("own".to_owned(), Vec::new())];
    let mut table = "image,label,score,fold\n".to_owned();
    for image in 0..60 {
        for class in 0..3 {
            own[0].1.push(value(fold_of[&image], image, class));
            for model in 0..3 {
                writeln!(
                    table,
                    "{image:02}.jpg,{class},{},{model}",
                    value(model, image, class)
                )
                .unwrap();
            }
        }
    }
    write_npz(&project.path("own.npz"), &own, 3);
    project.write("models.csv", table);

    let folds = ["--fold-file", "folds.csv"];
    let import = |file: &str, model: &str, more: &[&str]| {
        let import = ["import", "predictions", file, "--model", model];
        project.transcript(&[&import, &folds[..], more].concat())
    };
    assert_snapshot!(import("models.npz", "array", &["--array", "fold-{}"]), @r#"
    stderr: models.npz: 60 images × 3 classes of "array", logits from 0.0000 to 9.0000
    stderr: the file stays where it is; next: `relabel propose`
    "#);
    assert_snapshot!(import("models.csv", "table", &[]), @r#"
    stderr: models.csv: 60 images × 3 classes of "table", logits from 0.0000 to 2.1875
    stderr: the file stays where it is; next: `relabel propose`
    "#);
    assert_snapshot!(import("own.npz", "owned", &[]), @r#"
    stderr: own.npz: 60 images × 3 classes of "owned", logits from 0.0000 to 2.1875
    stderr: the file stays where it is; next: `relabel propose`
    "#);
    let cleaned = |model: &str| {
        let clean = [
            "clean",
            "--model",
            model,
            "--pool",
            "70",
            "-o",
            "cleaned.csv",
        ];
        let said = project.run(&clean).replace(model, "MODEL");
        (
            said,
            std::fs::read_to_string(project.path("cleaned.csv")).unwrap(),
        )
    };
    let (said, list) = cleaned("array");
    assert_snapshot!(said.lines().take(4).collect::<Vec<_>>().join("\n"), @r"
    model           MODEL  two-part, 70 pairs pooled, 3 folds
    labels             60
    kept               51  85.00 %
    dropped             9  15.00 %
    ");
    assert_eq!(cleaned("table"), (said.clone(), list.clone()));
    assert_eq!(cleaned("owned"), (said, list.clone()));
    for line in list.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let image: usize = cells[0].trim_end_matches(".jpg").parse().unwrap();
        assert_eq!(
            cells.last().unwrap(),
            &fold_of[&image].to_string(),
            "{line}"
        );
    }
    // `propose` reads them in the same way.
    project.run(&["propose", "--pool", "70"]);
    let of = |model: &str| {
        project.sql(&format!(
            "SELECT image, class, score FROM proposal JOIN source ON source.id = source WHERE name = '{model}' ORDER BY 1, 2"
        ))
    };
    assert_eq!(of("array"), of("owned"));
    assert_eq!(of("array").lines().count(), of("table").lines().count());

    // Every image that is predicted must have a fold.
    project.write("folds.csv", "image,fold\n00.jpg,0\n");
    assert_snapshot!(import("own.npz", "owned", &[]), @r#"
    stderr: error: cannot import own.npz: image "01.jpg" is in no fold
    stderr: hint: --fold-file must name the fold of every image that is predicted
    exit 3
    "#);
    project.write("folds.csv", "image,fold\n00.jpg,first\n");
    assert_snapshot!(import("own.npz", "owned", &[]), @r#"
    stderr: error: cannot import folds.csv: row 2: column "fold": "first" is no fold: expected a number from 0, below 10000
    stderr: hint: nothing was imported; fix the row
    exit 3
    "#);
}

#[test]
fn folds_are_stratified_seeded_and_keep_groups_together() {
    let mut labels = String::new();
    let mut groups = "image,group\n".to_owned();
    for image in 0..200 {
        writeln!(labels, "{image:03}.jpg,{}", image % 3).unwrap();
        if image % 2 == 0 {
            writeln!(groups, "{image:03}.jpg,session {}", image / 10).unwrap();
        }
    }
    let project = project_of(&labels);
    project.write("groups.csv", groups);
    let folds = ["folds", "--k", "7", "-o", "folds.csv"];
    assert_snapshot!(project.transcript(&folds), @r"
    stderr: folds.csv is written
    stderr: 200 images in 7 folds of 28 to 29, seed 0
    ");
    let read = || std::fs::read_to_string(project.path("folds.csv")).unwrap();
    let first = read();
    project.run(&folds);
    assert_eq!(read(), first);
    assert_eq!(project.run(&folds[..3]), first);
    project.run(&[&folds[..], &["--seed", "1"]].concat());
    assert_ne!(read(), first);

    assert_snapshot!(project.transcript(&[&folds[..], &["--groups", "groups.csv"]].concat()), @r"
    stderr: 120 groups, the largest of 5 images
    stderr: folds.csv is written
    stderr: 200 images in 7 folds of 28 to 29, seed 0
    ");
    let mut of_session: HashMap<usize, String> = HashMap::new();
    for line in read().lines().skip(1) {
        let (image, fold) = line.split_once(".jpg,").unwrap();
        let image: usize = image.parse().unwrap();
        if image.is_multiple_of(2) {
            let there = of_session
                .entry(image / 10)
                .or_insert_with(|| fold.to_owned());
            assert_eq!(there, fold, "session {}", image / 10);
        }
    }
    assert_snapshot!(project.transcript(&["folds", "--k", "201"]), @r"
    stderr: error: there are 200 images, too few for 201 folds
    stderr: hint: `relabel import labels FILE` takes in the images of a training set with their labels
    exit 1
    ");
}

/// Out-of-sample probabilities of a real model on CIFAR-10's test images, and what five people said of the labels of 275
/// (github.com/cleanlab/label-errors, arXiv 2103.14749).
#[test]
fn labels_of_cifar_10_beside_what_people_said() {
    let Some(folder) = shared().map(|shared| shared.join("data/cifar10")) else {
        return;
    };
    let project = Project::empty();
    let file = |name: &str| text(&folder.join(name)).to_owned();
    project.run(&["init", "--classes", &file("classes.csv")]);
    project.run(&["import", "labels", &file("labels.csv")]);
    project.run(&[
        "import",
        "predictions",
        &file("probabilities.npy"),
        "--model",
        "cnn",
        "--images-order",
        &file("images.txt"),
    ]);
    project.run(&["import", "votes", &file("votes.csv")]);
    project.run(&["aggregate", "--method", "majority"]);
    let figures =
        |rule: &[&str]| json(&project.run(&[&["clean", "--format", "json"], rule].concat()));

    // 92.94 % of the labels are the model's first choice, as the data's own description says.
    let plain = figures(&["--rule", "top1"]);
    assert_eq!(
        (&plain["kept"], &plain["dropped"]),
        (&9294.into(), &706.into())
    );
    let people = &plain["people"];
    assert_eq!(
        (&people["judged"], &people["wrong"]),
        (&275.into(), &37.into())
    );
    // These 275 were chosen for the model's doubt: it contradicts each.
    assert_eq!(people["rules"][0]["dropped_judged"], 275);
    assert_eq!(people["rules"][0]["dropped_wrong"], 37);

    // Expected figures by numpy: argsort of all 100,000 values, and each image's argmax.
    for (pool, dropped, judged, wrong) in [
        ("10000", 686, 275, 37),
        ("11000", 409, 275, 37),
        ("12000", 266, 210, 28),
        ("15000", 103, 90, 15),
        ("30000", 9, 8, 2),
    ] {
        let report = figures(&["--pool", pool]);
        assert_eq!(report["dropped"], dropped, "{pool}");
        let found = &report["people"]["rules"];
        assert_eq!(found[0]["dropped_judged"], judged, "{pool}");
        assert_eq!(found[0]["dropped_wrong"], wrong, "{pool}");
        assert_eq!(found[1]["dropped"], 706, "{pool}");
    }
    // The pool by default is of as many pairs as there are images.
    assert_eq!(figures(&[])["pool"], 10_000);
}
