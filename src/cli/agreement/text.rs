//! The figures of `agreement` as tables and sentences.

use super::{Agreement, By, PairReport, Report, scores};
use crate::cli::chart::{Room, histogram, sparkline};
use crate::cli::table::{count, table, thousands};
use crate::consensus::agreement::Measure;
use crate::consensus::interval::Interval;
use crate::report::{Group, RaterLine};

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"))
}

fn range(interval: Option<Interval>) -> String {
    interval.map_or_else(String::new, |interval| {
        format!("{:.3}–{:.3}", interval.low, interval.high)
    })
}

pub(super) fn text(report: &Report, options: &Agreement, room: Room) -> String {
    let rows = report.all.iter().map(|figure| {
        vec![
            figure.measure.name().to_owned(),
            number(figure.value),
            range(figure.interval),
        ]
    });
    let mut parts = vec![
        format!(
            "round {}: {} on {}; 95 % intervals by {} bootstrap replicates over images, seed {}",
            crate::text::printable(&report.round),
            count(report.votes, "vote"),
            count(report.questions, "question"),
            thousands(report.replicates),
            report.seed
        ),
        room.table(
            &["", "value", "95 % interval"],
            &[1, 2],
            rows.collect(),
            &report
                .all
                .iter()
                .map(|figure| figure.value)
                .collect::<Vec<_>>(),
        ),
    ];
    if let Some(retest) = &report.test_retest {
        parts.push(format!(
            "test-retest: {} of {} answered alike in both rounds ({:.1} %)",
            thousands(retest.equal),
            count(retest.pairs, "question"),
            retest.share.unwrap_or(f64::NAN) * 100.0
        ));
        let raters = retest.raters.iter().map(|rater| {
            vec![
                crate::text::printable(&rater.rater).into_owned(),
                thousands(rater.equal),
                thousands(rater.pairs),
            ]
        });
        if options.by.iter().any(|by| matches!(by, By::Rater)) {
            let header = ["rater", "alike", "asked twice"];
            parts.push(table(&header, &[1, 2], raters.take(options.top).collect()));
        }
    }
    for by in &options.by {
        parts.push(match by {
            By::Rater => rater_table(&report.raters, options.top, room),
            By::Pair => pair_table(&report.pairs, options.top, room),
            By::Subtree => group_table("subtree", &report.subtrees, options.top, room),
            By::Class => group_table("class", &report.classes, options.top, room),
        });
    }
    let text = |scores| scores::text(scores, room);
    parts.extend(report.scores.as_ref().map(text));
    if !report.replay.is_empty() {
        parts.push(scores::replay_text(&report.replay));
    }
    parts.join("\n\n")
}

/// A list of figures behind one or two columns of `names`, each a line with its share (0 to 1) as a bar: says what it leaves out, and in a terminal how the
/// shares of all lie.
fn list(
    room: Room,
    (header, names, rows): (&[&str], usize, Vec<Vec<String>>),
    (what, shares): (&str, &[Option<f64>]),
    top: usize,
) -> String {
    let right: Vec<usize> = (names..header.len()).collect();
    let all = rows.len();
    let rows = rows.into_iter().take(top).collect();
    let mut text = room.table(header, &right, rows, shares);
    if all > top {
        text += &format!("\n… and {} more (--top)", thousands(all - top));
    }
    let known: Vec<f64> = shares.iter().copied().flatten().collect();
    if room.is_some() && known.len() > 1 {
        let bins = sparkline(&histogram(known.iter().copied(), 20));
        text += &format!("\n{what} of all {}: 0 ▕{bins}▏ 1", thousands(known.len()));
    }
    text
}

fn rater_table(raters: &[RaterLine], top: usize, room: Room) -> String {
    let rows = raters.iter().map(|rater| {
        let [no, yes] = rater
            .confusion
            .map(|row| row.map(|count| count.to_string()).join(" "));
        vec![
            rater.rater.clone(),
            thousands(rater.votes),
            format!("{} {} {}", rater.no, rater.maybe, rater.yes),
            number(rater.gold_accuracy),
            range(rater.gold_interval),
            no,
            yes,
            number(rater.against_consensus),
            rater
                .median_milliseconds
                .map_or_else(String::new, |ms| format!("{:.1}", ms as f64 / 1000.0)),
        ]
    });
    let header = [
        "rater",
        "votes",
        "n m y",
        "gold",
        "95 % interval",
        "truth no: n m y",
        "truth yes: n m y",
        "against",
        "s each",
    ];
    let gold: Vec<_> = raters.iter().map(|rater| rater.gold_accuracy).collect();
    let rows = rows.collect();
    list(room, (&header, 1, rows), ("accuracy on gold", &gold), top)
}

fn pair_table(pairs: &[PairReport], top: usize, room: Room) -> String {
    let rows = pairs.iter().map(|pair| {
        vec![
            pair.first.clone(),
            pair.second.clone(),
            thousands(pair.questions),
            number(pair.raw),
            number(pair.kappa),
        ]
    });
    let header = ["rater", "and", "questions", "raw", "Cohen's kappa"];
    let raw: Vec<_> = pairs.iter().map(|pair| pair.raw).collect();
    let rows = rows.collect();
    list(room, (&header, 2, rows), ("raw agreement", &raw), top)
}

fn group_table(what: &str, groups: &[Group], top: usize, room: Room) -> String {
    let rows = groups.iter().map(|group| {
        let mut row = vec![group.name.clone(), thousands(group.questions)];
        for measure in [Measure::Raw, Measure::Fleiss, Measure::AlphaOrdinal] {
            row.push(number(
                group.figure(measure).and_then(|figure| figure.value),
            ));
            row.push(range(
                group.figure(measure).and_then(|figure| figure.interval),
            ));
        }
        row
    });
    let header = [
        what,
        "questions",
        "raw",
        "95 %",
        "Fleiss",
        "95 %",
        "ordinal alpha",
        "95 %",
    ];
    let raw = |group: &Group| group.figure(Measure::Raw)?.value;
    let raw: Vec<_> = groups.iter().map(raw).collect();
    let rows = rows.collect();
    list(room, (&header, 1, rows), ("raw agreement", &raw), top)
}
