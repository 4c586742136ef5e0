//! `relabel report`: one page with figures, plots and disputed images, looked at in headless Chromium.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use std::path::Path;

use common::chromium::Browser;
use common::page::Page;
use common::{Project, installed, shared};
use relabel::domain::RaterId;
use relabel::store::{NoteKind, Store};
use relabel::text::printable;
use serde_json::{Value, json};

const WINDOW: (u32, u32) = (1150, 900);

/// The example project with its page.
fn demo() -> Project {
    let project = Project::empty();
    project.run(&["demo", "--dir", "."]);
    project.run(&["report"]);
    project
}

/// Keeps what the page looks like, where a folder is named, for people to look at.
fn keep(browser: &mut Browser, name: &str) {
    let Some(folder) = std::env::var_os("RELABEL_SCREENSHOTS") else {
        return;
    };
    std::fs::create_dir_all(&folder).unwrap();
    for (place, picture) in browser.screenshots(2000).iter().enumerate() {
        std::fs::write(
            Path::new(&folder).join(format!("{name}-{place}.png")),
            picture,
        )
        .unwrap();
    }
}

/// Nothing to complain of, nothing asked for but the page itself, one script, a mark for each point of each plot.
fn check(browser: &mut Browser, plots: &[&str]) {
    assert_eq!(browser.complaints(), Vec::<String>::new());
    let requests = browser.requests();
    assert!(
        requests.len() == 1 && requests[0].starts_with("file:///"),
        "{requests:?}"
    );
    assert_eq!(browser.value("document.scripts.length"), 1);
    let found = browser.value(
        "[...document.querySelectorAll('[data-plot]')].map((figure) => [figure.dataset.plot,
            JSON.parse(figure.dataset.points).length, figure.querySelectorAll('.mark').length,
            figure.querySelectorAll('tbody tr').length > 0 && figure.querySelector('svg').getAttribute('role') === 'img'])",
    );
    let names: Vec<&str> = (found.as_array().unwrap().iter())
        .map(|plot| plot[0].as_str().unwrap())
        .collect();
    assert_eq!(names, plots);
    for plot in found.as_array().unwrap() {
        assert!(
            plot[1] == plot[2] && plot[1] != 0 && plot[3] == true,
            "{plot}"
        );
    }
    // No text of a plot leaves its drawing.
    let outside = browser.value(
        "[...document.querySelectorAll('svg')].flatMap((svg) => {
            const frame = svg.getBoundingClientRect();
            return [...svg.querySelectorAll('text')].filter((text) => {
                const box = text.getBoundingClientRect();
                return box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1;
            }).map((text) => text.textContent);
        })",
    );
    assert_eq!(outside, json!([]));
}

#[test]
fn the_page_of_the_demo_in_a_browser() {
    let project = demo();
    if !installed("chromium") {
        return;
    }
    let mut browser = Browser::open(&project.path("report.html"), WINDOW);
    let plots = [
        "changes",
        "sizes",
        "scores",
        "calibration",
        "raters-gold",
        "raters-majority",
        "confusion",
    ];
    check(&mut browser, &plots);
    // The points are the figures that JSON prints.
    let figures: Value =
        serde_json::from_str(&project.run(&["report", "--format", "json"])).unwrap();
    let points = |browser: &mut Browser, plot: &str| {
        browser.value(&format!(
            "JSON.parse(document.querySelector('[data-plot={plot}]').dataset.points)"
        ))
    };
    let changes = &figures["labels"]["changes"];
    assert_eq!(
        points(&mut browser, "changes"),
        json!([
            ["unchanged", changes["kept"]],
            ["gained labels", changes["extended"]],
            ["replaced", changes["replaced"]],
            ["empty", changes["empty"]]
        ])
    );
    let bins = figures["labels"]["scores"].as_array().unwrap().iter();
    let of_bins: u64 = bins.map(|bin| bin["questions"].as_u64().unwrap()).sum();
    assert_eq!(figures["counts"]["questions"], of_bins);
    // All disputed images are there, with their pictures.
    let shown = browser.value("[...document.images].filter((image) => image.naturalWidth > 0 && Math.max(image.naturalWidth, image.naturalHeight) <= 240).length");
    assert_eq!(shown, figures["disputed"].as_array().unwrap().len());
    assert_ne!(shown, 0);
    // Keys: light and dark, sections, sorting.
    let ground = "getComputedStyle(document.body).backgroundColor";
    let light = browser.value(ground);
    keep(&mut browser, "demo-light");
    browser.prefers("dark");
    let dark = browser.value(ground);
    assert_ne!(dark, light);
    keep(&mut browser, "demo-dark");
    browser.key("t");
    assert_eq!(browser.value(ground), light);
    browser.key("t");
    assert_eq!(browser.value(ground), dark);
    // What was chosen outlasts what the system prefers.
    browser.prefers("light");
    assert_eq!(browser.value(ground), dark);
    browser.key("t");
    assert_eq!(browser.value(ground), light);
    browser.key("j");
    assert_eq!(browser.value("document.activeElement.id"), "changes");
    browser.key("j");
    browser.key("j");
    browser.key("k");
    assert_eq!(browser.value("document.activeElement.id"), "sizes");
    let votes = "document.querySelector('[data-plot=raters-gold] details').open = true;
        document.querySelectorAll('[data-plot=raters-gold] th button')[8].focus()";
    browser.value(votes);
    let shares = "[...document.querySelectorAll('[data-plot=raters-gold] tbody tr')].map((row) => Number(row.cells[8].dataset.v))";
    for descending in [false, true] {
        browser.key("Enter");
        let sorted = browser.value(shares);
        let mut shares: Vec<f64> = serde_json::from_value(sorted).unwrap();
        if descending {
            shares.reverse();
        }
        assert!(shares.len() == 3 && shares.is_sorted(), "{shares:?}");
    }
    browser.key("Tab");
    assert_eq!(
        browser.value("document.activeElement.textContent"),
        "95 % interval on gold"
    );
    // A narrow window scrolls plots and tables, not the page.
    browser.resize((390, 800));
    assert_eq!(browser.value("document.documentElement.scrollWidth"), 390);
    keep(&mut browser, "demo-narrow");
    let pdf = browser.pdf();
    assert!(
        pdf.starts_with(b"%PDF") && pdf.len() > 20_000,
        "{}",
        pdf.len()
    );
    if let Some(folder) = std::env::var_os("RELABEL_SCREENSHOTS") {
        std::fs::write(Path::new(&folder).join("demo.pdf"), pdf).unwrap();
    }
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

const HOSTILE: [&str; 5] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=document.title=1>",
    "\x1b[31mred\x1b[0m \u{9b}31m",
    "\u{202e}gpj.exe",
    "</svg></figure><style>*{display:none}</style>&lt;&#60;",
];

/// Names that would be markup, scripts, escapes or another order of the text, wherever a name can stand.
fn hostile() -> Project {
    let project = Project::empty();
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let classes: Vec<String> = (0..)
        .zip(HOSTILE)
        .map(|(index, name)| format!("{index},{}\n", quoted(name)))
        .collect();
    project.write("classes.csv", format!("index,name\n{}", classes.concat()));
    project.run(&["init", "--classes", "classes.csv"]);
    let images = [HOSTILE.as_slice(), &["</svg>.jpg"]].concat();
    let (mut labels, mut votes) = (
        "image,label\n".to_owned(),
        "image,label,rater,answer\n".to_owned(),
    );
    let mut gold = votes.clone();
    for (place, image) in images.iter().enumerate() {
        labels += &format!("{},{}\n", quoted(image), place % 5);
        for class in 0..5 {
            for (number, rater) in HOSTILE.iter().enumerate() {
                let answer = if class == 0 || (number + class + place) % 2 == 0 {
                    "yes"
                } else {
                    "no"
                };
                votes += &format!("{},{class},{},{answer}\n", quoted(image), quoted(rater));
            }
            gold += &format!(
                "{},{class},{},yes\n",
                quoted(image),
                quoted("<b>expert</b>")
            );
        }
    }
    project.write("labels.csv", labels);
    project.write("votes.csv", votes);
    project.write("gold.csv", gold);
    project.run(&["import", "labels", "labels.csv"]);
    project.run(&["import", "votes", "votes.csv"]);
    project.run(&[
        "import", "votes", "gold.csv", "--round", "gold", "--role", "expert",
    ]);
    project.run(&["aggregate", "--method", "majority"]);
    let store = Store::open(&project.database()).unwrap();
    for image in store.images().unwrap() {
        let comment = NoteKind::Comment(HOSTILE.concat());
        store.add_note(image.id, RaterId(1), &comment, 0).unwrap();
    }
    let path = project.path("<img src=x onerror=document.title=1>.db");
    drop(store);
    std::fs::rename(project.database(), path).unwrap();
    project
}

#[test]
fn hostile_names_stay_text() {
    let project = hostile();
    project.write("</choices.csv", "image,label\n</svg>.jpg,0\n");
    let arguments = [
        "report",
        "--project",
        "<img src=x onerror=document.title=1>.db",
        "--eval",
        "</choices.csv",
    ];
    project.run(&arguments);
    let page = std::fs::read_to_string(project.path("report.html")).unwrap();
    for line in page.lines() {
        assert_eq!(line, printable(line), "a character that acts");
    }
    assert!(!page.contains("<script>alert") && !page.contains("<img src=x"));
    if !installed("chromium") {
        return;
    }
    let mut browser = Browser::open(&project.path("report.html"), WINDOW);
    let plots = [
        "changes",
        "sizes",
        "scores",
        "calibration",
        "subtrees",
        "raters-gold",
        "raters-majority",
        "confusion",
        "models",
    ];
    check(&mut browser, &plots);
    assert_eq!(
        browser.value("document.title"),
        "relabel report: <img src=x onerror=document.title=1>.db"
    );
    assert_eq!(
        browser.value("[document.images.length, document.querySelectorAll('style').length]"),
        json!([0, 1])
    );
    let text = browser.value("document.body.textContent");
    for name in HOSTILE {
        assert!(
            text.as_str().unwrap().contains(&*printable(name)),
            "{name:?}"
        );
    }
    let cards = browser.value("document.querySelectorAll('article').length");
    assert!(cards.as_u64().unwrap() >= 5, "{cards}");
    assert!(
        text.as_str()
            .unwrap()
            .contains("No picture: known by its name alone")
    );
    keep(&mut browser, "hostile");
}

#[test]
fn what_is_missing_is_said_with_the_command_that_brings_it() {
    let project = Project::new();
    insta::assert_snapshot!(project.transcript(&["report"]), @"stderr: report.html is written");
    let said = |project: &Project| {
        let page = std::fs::read_to_string(project.path("report.html")).unwrap();
        let parts = page.split("<p class=\"nothing\">").skip(1);
        let texts = parts.map(|part| part.split("</p>").next().unwrap().to_owned());
        texts
            .collect::<Vec<_>>()
            .join("\n")
            .replace("<code>", "")
            .replace("</code>", "")
    };
    insta::assert_snapshot!(said(&project), @"
    There are no votes yet: relabel review --rater NAME
    There are no votes yet: relabel review --rater NAME
    There are no votes yet: relabel review --rater NAME
    There are no votes yet: relabel review --rater NAME
    There are no raters' votes yet: relabel review --rater NAME
    There are no raters' votes yet: relabel review --rater NAME
    There are no votes yet: relabel review --rater NAME
    No model's predictions are known: relabel import predictions FILE --model NAME
    There are no votes yet: relabel review --rater NAME
    ");
    project.write(
        "votes.csv",
        "image,label,rater,answer\na.jpg,1,ann,yes\na.jpg,1,bob,no\n",
    );
    project.run(&["import", "votes", "votes.csv"]);
    project.run(&["aggregate"]);
    project.run(&["report"]);
    insta::assert_snapshot!(said(&project), @"
    There are no original labels to compare with: relabel import labels FILE
    Only experts' votes tell whether scores mean what they say, and there are none: relabel import votes FILE --round gold --role expert
    No subtree has 10 questions with several votes and answers that vary yet: relabel review --rater NAME
    No class has 10 questions with several votes and answers that vary yet: relabel review --rater NAME
    No rater has answered a gold question: relabel plan --gold 0.05
    There are no original labels to compare with: relabel import labels FILE
    No model's predictions are known: relabel import predictions FILE --model NAME
    ");
}

#[test]
fn pictures_that_cannot_be_shown_say_why() {
    let project = demo();
    std::fs::remove_file(project.path("images/desk.jpg")).unwrap();
    std::fs::write(project.path("images/street.jpg"), "no picture").unwrap();
    std::fs::write(project.path("images/cafe.jpg"), "").unwrap();
    project.run(&["report"]);
    let page = std::fs::read_to_string(project.path("report.html")).unwrap();
    for why in [
        "the file is missing",
        "not a picture, or of an unknown format",
        "the file is empty",
    ] {
        assert!(page.contains(&format!("No picture: {why}")), "{why}");
    }
    // None are wanted: no picture is decoded.
    let page = project.run(&["report", "--thumbnails", "0", "-o", "-"]);
    assert!(!page.contains("data:image/jpeg") && !page.contains("<article>"));
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>"));
}

#[test]
fn models_whose_files_are_there_and_one_whose_file_is_gone() {
    let Some(folder) = shared().map(|shared| shared.join("data/predictions")) else {
        return;
    };
    let project = Project::new();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    project.run(&["import", "labels", &path("labels.csv")]);
    for (model, file) in [
        ("v2", "mobilenet_v2_1.0_224_quant.npy"),
        ("squeeze", "squeezenet_v1.1.npy"),
        ("lost", "mobilenet_v1_0.25_128_quant.npy"),
    ] {
        let copy = format!("{model}.npy");
        std::fs::copy(folder.join(file), project.path(&copy)).unwrap();
        project.run(&[
            "import",
            "predictions",
            &copy,
            "--model",
            model,
            "--images-order",
            &path("images.txt"),
        ]);
    }
    std::fs::remove_file(project.path("lost.npy")).unwrap();
    let labels = std::fs::read_to_string(folder.join("labels.csv")).unwrap();
    // Raters see the label in every other image, and another class in all.
    let mut votes = "image,label,rater,answer\n".to_owned();
    for (number, line) in labels.lines().skip(1).enumerate() {
        let (image, label) = line.split_once(',').unwrap();
        let answer = if number % 2 == 0 { "yes" } else { "no" };
        votes += &format!("{image},{},ann,{answer}\n", label.trim());
        votes += &format!("{image},{},ann,yes\n", (number + 7) % 1000);
    }
    project.write("votes.csv", votes);
    project.run(&["import", "votes", "votes.csv"]);
    project.run(&["aggregate"]);
    // The same by `eval`, of a file made of the label itself.
    let eval: Value =
        serde_json::from_str(&project.run(&["eval", &path("labels.csv"), "--format", "json"]))
            .unwrap();
    let report = project.run(&[
        "report",
        "--format",
        "json",
        "-o",
        "page.html",
        "--eval",
        &path("labels.csv"),
    ]);
    let report: Value = serde_json::from_str(&report).unwrap();
    let of = |name: &str| {
        report["models"]
            .as_array()
            .unwrap()
            .iter()
            .find(|model| model["name"] == name)
            .unwrap()
    };
    assert_eq!(
        of("labels.csv")["real_accuracy"],
        eval["files"][0]["real_accuracy"]
    );
    assert_eq!(of("labels.csv")["original_accuracy"], 1.0);
    // models.csv of the shared data says what each network is right about.
    let accuracies = std::fs::read_to_string(folder.join("models.csv")).unwrap();
    for (name, file) in [
        ("v2", "mobilenet_v2_1.0_224_quant"),
        ("squeeze", "squeezenet_v1.1"),
    ] {
        assert_eq!(of(name)["images"], 1000);
        let accuracy = of(name)["original_accuracy"].as_f64().unwrap();
        let row = accuracies
            .lines()
            .find(|line| line.starts_with(file))
            .unwrap();
        assert!(
            row.split(',').any(|cell| cell
                .parse::<f64>()
                .is_ok_and(|known| (known - accuracy).abs() < 1e-3
                    || (known - 100.0 * accuracy).abs() < 0.1)),
            "{accuracy}: {row}"
        );
    }
    assert!(
        of("lost")["problem"]
            .as_str()
            .unwrap()
            .contains("No such file")
    );
    assert!(of("lost")["real_accuracy"].is_null());
    let page = std::fs::read_to_string(project.path("page.html")).unwrap();
    assert!(page.contains("The predictions of lost cannot be read"));
    if installed("chromium") {
        let mut browser = Browser::open(&project.path("page.html"), WINDOW);
        let points = "JSON.parse(document.querySelector('[data-plot=models]').dataset.points).map((point) => point[0])";
        assert_eq!(
            browser.value(points),
            json!(["squeeze", "v2", "labels.csv"])
        );
        assert_eq!(
            browser.value("document.querySelectorAll('[data-plot=models] .mark').length"),
            3
        );
        keep(&mut browser, "models");
    }
}

#[test]
fn names_and_comments_can_be_left_out() {
    let project = demo();
    let store = Store::open(&project.database()).unwrap();
    let image = store.images().unwrap()[0].id;
    let comment = NoteKind::Comment("ask example-rater-1".to_owned());
    store.add_note(image, RaterId(1), &comment, 0).unwrap();
    let names: Vec<String> = store
        .raters()
        .unwrap()
        .into_iter()
        .map(|rater| rater.name)
        .collect();
    let open = project.run(&["report", "-o", "-"]);
    let blind = project.run(&["report", "--blind", "-o", "-"]);
    for name in names {
        assert!(!blind.contains(&name), "{name}");
        assert!(open.contains(&name) || name.contains("expert"), "{name}");
    }
    let figures: Value =
        serde_json::from_str(&project.run(&["report", "--blind", "--format", "json"])).unwrap();
    for rater in figures["agreement"]["raters"].as_array().unwrap() {
        let number = rater["rater"]
            .as_str()
            .unwrap()
            .strip_prefix("rater ")
            .unwrap();
        number.parse::<u32>().unwrap();
    }
}

#[test]
fn the_page_takes_its_place_when_it_is_whole() {
    let project = demo();
    let before = std::fs::read(project.path("report.html")).unwrap();
    insta::assert_snapshot!(project.transcript(&["report", "--run", "9"]), @"
    stderr: error: there is no run 9
    stderr: hint: `relabel status` says how many there are
    exit 1
    ");
    insta::assert_snapshot!(project.transcript(&["report", "-o", "nowhere/report.html"]), @"
    stderr: error: cannot write nowhere/report.html: there is no folder nowhere
    stderr: hint: make it first, or choose another place
    exit 1
    ");
    insta::assert_snapshot!(project.transcript(&["report", "--eval", "nowhere.csv"]), @"
    stderr: error: cannot import nowhere.csv: No such file or directory (os error 2)
    exit 3
    ");
    assert_eq!(std::fs::read(project.path("report.html")).unwrap(), before);
    let left = std::fs::read_dir(project.folder()).unwrap();
    let left: Vec<String> = left
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(
        !left.iter().any(|name| name.starts_with(".relabel")),
        "{left:?}"
    );
}

#[test]
fn every_command_of_the_page_about_it_runs() {
    let project = demo();
    std::fs::copy(project.path("labels.csv"), project.path("predictions.csv")).unwrap();
    Page::read("report.md", 4).run(&project, "", |_| false);
    for page in ["report.html", "votes.html", "public.html"] {
        assert!(project.path(page).exists(), "{page}");
    }
}
