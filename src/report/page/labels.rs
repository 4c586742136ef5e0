use maud::{Markup, html};

use super::bars::{Bar, Columns, columns, rows};
use super::outside::percent_of;
use super::plot::figure;
use super::table::{Cell, table};
use super::{Section, no_run, nothing};
use crate::report::{Changes, LabelFigures, Report};
use crate::text::{count, thousands};

/// Label sets against the original labels.
pub fn changes(report: &Report) -> Section {
    Section {
        id: "changes",
        title: "What changed",
        body: match report.labels.as_ref().map(|labels| labels.changes) {
            None => no_run(report),
            Some(None) => nothing(
                "There are no original labels to compare with",
                "relabel import labels FILE",
            ),
            Some(Some(changes)) => changed(&changes),
        },
    }
}

fn changed(changes: &Changes) -> Markup {
    let counts = &changes.counts;
    let colors = ["blue", "green", "orange", "grey", "blue"];
    let parts = counts.parts().into_iter().zip(colors);
    let bars: Vec<Bar> = parts
        .map(|((count, label), color)| Bar {
            label: label.to_owned(),
            count,
            part: 0,
            color,
        })
        .collect();
    let data: Vec<Vec<Cell>> = bars
        .iter()
        .map(|bar| {
            let share = bar.count as f64 / counts.scored.max(1) as f64;
            vec![
                Cell::words(&bar.label),
                Cell::count(bar.count),
                Cell::percent(Some(share)),
            ]
        })
        .collect();
    let parts = counts.parts().into_iter();
    let parts: Vec<String> = parts
        .map(|(images, word)| format!("{} {word}", thousands(images)))
        .collect();
    let says = format!(
        "{} scored: {}.",
        count(counts.scored, "image"),
        parts.join(", ")
    );
    let data = table(
        "Label sets against original labels",
        &["images", "count", "%"],
        &data,
    );
    html! {
        p { (says) }
        @if changes.unasked > 0 {
            p.note { (thousands(changes.unasked)) " more images keep their label without a vote, because nothing else was proposed." }
        }
        (figure(rows("changes", "Images whose label set differs from their original label", says, "images", &bars, data)))
    }
}

/// How many labels images have.
pub fn sizes(report: &Report) -> Section {
    let body = match &report.labels {
        None => no_run(report),
        Some(labels) => size_plot(&labels.sizes),
    };
    Section {
        id: "sizes",
        title: "Label-set sizes",
        body,
    }
}

fn size_plot(sizes: &[usize]) -> Markup {
    let images: usize = sizes.iter().sum();
    let labels: usize = sizes
        .iter()
        .enumerate()
        .map(|(size, count)| size * count)
        .sum();
    let data: Vec<Vec<Cell>> = sizes
        .iter()
        .enumerate()
        .map(|(size, &count)| {
            let share = count as f64 / images.max(1) as f64;
            vec![
                Cell::count(size),
                Cell::count(count),
                Cell::percent(Some(share)),
            ]
        })
        .collect();
    let bar = |(size, &count): (usize, &usize)| Bar {
        label: size.to_string(),
        count,
        part: 0,
        color: if size == 0 { "grey" } else { "blue" },
    };
    let many: usize = sizes.iter().skip(2).sum();
    let says = format!(
        "{:.2} labels per image; {} of {} scored images have two or more ({}).",
        labels as f64 / images.max(1) as f64,
        thousands(many),
        thousands(images),
        percent_of(many, images)
    );
    html! {
        p { (says) }
        (figure(columns(Columns {
            key: "sizes",
            title: "Images by the number of labels in their set",
            says,
            x_name: "labels in the set",
            y_name: "images",
            bars: sizes.iter().enumerate().map(bar).collect(),
            at_edges: false,
            line: None,
            data: table("Images by size of the label set", &["labels", "images", "%"], &data),
        })))
    }
}

/// A number with at most so many decimals.
fn decimals(value: f64, most: usize) -> String {
    let text = format!("{value:.most$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// How sure the scores are.
pub fn scores(report: &Report) -> Section {
    let threshold = report.run.as_ref().map_or(0.5, |run| run.threshold);
    Section {
        id: "scores",
        title: "Scores",
        body: match &report.labels {
            None => no_run(report),
            Some(labels) => score_plot(labels, threshold),
        },
    }
}

fn score_plot(labels: &LabelFigures, threshold: f64) -> Markup {
    let bins = &labels.scores;
    let all: usize = bins.iter().map(|bin| bin.questions).sum();
    let disputed: usize = bins.iter().map(|bin| bin.disputed).sum();
    let data: Vec<Vec<Cell>> = bins
        .iter()
        .map(|bin| {
            vec![
                Cell::value(Some(bin.from), 2),
                Cell::value(Some(bin.to), 2),
                Cell::count(bin.questions),
                Cell::count(bin.disputed),
            ]
        })
        .collect();
    let bars = bins.iter().map(|bin| Bar {
        label: decimals(bin.from, 2),
        count: bin.questions,
        part: bin.disputed,
        color: if bin.from + 1e-9 < threshold {
            "grey"
        } else {
            "blue"
        },
    });
    let says = format!(
        "{}; {} disputed ({}).",
        count(all, "question"),
        thousands(disputed),
        percent_of(disputed, all)
    );
    html! {
        p { (says) " A score is the probability that the class is in the image." }
        (figure(columns(Columns {
            key: "scores",
            title: "Questions by score",
            says,
            x_name: "score",
            y_name: "questions",
            bars: bars.collect(),
            at_edges: true,
            line: Some((threshold, format!("threshold {}", decimals(threshold, 4)))),
            data: table("Questions by score", &["from", "to", "questions", "disputed"], &data),
        })))
        p.legend { span.key.blue {} " in the label set " span.key.grey {} " not in it " span.key.part {} " disputed" }
    }
}
