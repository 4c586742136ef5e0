use maud::{Markup, html};

use super::forest::{Forest, Row, ends, forest};
use super::outside::{short, short_name};
use super::plot::figure;
use super::table::{Cell, table};
use super::{Section, nothing};
use crate::consensus::agreement::Measure;
use crate::consensus::interval::{Interval, wilson};
use crate::report::{Group, RaterLine, Report, Spread};
use crate::text::thousands;

/// Lines of a plot; the table below has all.
const MOST: usize = 20;

/// Groups with fewer questions say too little to be ranked.
const LEAST_QUESTIONS: usize = 10;

/// What is plotted and ranked by.
const RANKED: Measure = Measure::AlphaOrdinal;

fn no_votes() -> Markup {
    nothing(
        "There are no raters' votes yet",
        "relabel review --rater NAME",
    )
}

fn coefficient(value: f64) -> String {
    format!("{value:.2}").replace('-', "−")
}

fn percent(value: f64) -> String {
    format!("{:.0} %", value * 100.0)
}

/// Agreement over all questions, by subtree and by class.
pub fn section(report: &Report) -> Section {
    Section {
        id: "agreement",
        title: "Agreement",
        body: report.agreement.as_ref().map_or_else(no_votes, spread),
    }
}

fn spread(spread: &Spread) -> Markup {
    let how = match spread.replicates {
        0 => "Intervals were left out.".to_owned(),
        n => format!(
            "Intervals are of {} bootstrap replicates over images, seed {}.",
            thousands(n),
            spread.seed
        ),
    };
    let all: Vec<Vec<Cell>> = spread
        .all
        .iter()
        .map(|figure| {
            vec![
                Cell::words(figure.measure.name()),
                Cell::value(figure.value, 3),
                Cell::interval(figure.interval, 1.0, 3),
            ]
        })
        .collect();
    html! {
        p { "1 is perfect agreement, 0 is what chance would give. " (how) }
        (table("All questions", &["measure", "value", "95 % interval"], &all))
        (group_plot("subtrees", "Subtrees on which raters agree least", "subtree", &spread.subtrees))
        (group_plot("classes", "Classes on which raters agree least", "class", &spread.classes))
    }
}

fn group_plot(key: &str, title: &str, what: &str, groups: &[Group]) -> Markup {
    let value = |group: &Group| group.figure(RANKED).and_then(|figure| figure.value);
    let large = groups
        .iter()
        .filter(|group| group.questions >= LEAST_QUESTIONS);
    let mut ranked: Vec<(f64, &Group)> = large
        .filter_map(|group| Some((value(group)?, group)))
        .collect();
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
    let of_all = ranked.len();
    let rows: Vec<Row> = ranked
        .into_iter()
        .take(MOST)
        .map(|(value, group)| Row {
            label: short(&group.name),
            value,
            interval: group.figure(RANKED).and_then(|figure| figure.interval),
            remark: thousands(group.questions),
        })
        .collect();
    let note = format!(
        "{} of {}, lowest first; those with fewer than {LEAST_QUESTIONS} questions, or whose answers do not vary, are in the table alone.",
        rows.len(),
        thousands(of_all)
    );
    if rows.is_empty() {
        return html! {
            p.nothing { "No " (what) " has " (LEAST_QUESTIONS) " questions with several votes and answers that vary yet: " code { "relabel review --rater NAME" } }
        };
    }
    html! {
        (figure(forest(Forest {
            key,
            title,
            says: note.clone(),
            x_name: "Krippendorff's alpha, ordinal",
            remark_name: "questions",
            ends: (ends(&rows, -1.0, 1.0).0.min(0.0), 1.0),
            rows,
            say: coefficient,
            line: Some((0.0, "chance")),
            data: group_table(title, what, groups),
        })))
        p.note { (note) }
    }
}

fn group_table(title: &str, what: &str, groups: &[Group]) -> Markup {
    let rows: Vec<Vec<Cell>> = groups
        .iter()
        .map(|group| {
            let mut row = vec![Cell::words(&group.name), Cell::count(group.questions)];
            for measure in [RANKED, Measure::Raw] {
                let figure = group.figure(measure);
                row.push(Cell::value(figure.and_then(|figure| figure.value), 3));
                row.push(Cell::interval(
                    figure.and_then(|figure| figure.interval),
                    1.0,
                    3,
                ));
            }
            row
        })
        .collect();
    let header = [
        what,
        "questions",
        "alpha, ordinal",
        "95 % interval",
        "raw",
        "95 % interval of raw",
    ];
    table(title, &header, &rows)
}

/// What each rater did.
pub fn raters(report: &Report) -> Section {
    Section {
        id: "raters",
        title: "Raters",
        body: match &report.agreement {
            None => no_votes(),
            Some(spread) => rater_plots(&spread.raters),
        },
    }
}

/// Share of the votes other than maybe that go with the majority, with its Wilson interval.
fn with_majority(rater: &RaterLine) -> Option<(f64, Option<Interval>)> {
    let share = 1.0 - rater.against_consensus?;
    let sure = f64::from(rater.no + rater.yes);
    Some((share, wilson((share * sure).round(), sure, 0.95)))
}

fn rater_plots(raters: &[RaterLine]) -> Markup {
    let gold = |rater: &RaterLine| Some((rater.gold_accuracy?, rater.gold_interval));
    let on_gold = |rater: &RaterLine| thousands(rater.gold_votes);
    let votes = |rater: &RaterLine| thousands(rater.votes);
    let has_gold = raters.iter().any(|rater| rater.gold_votes > 0);
    html! {
        @if has_gold {
            (rater_plot("raters-gold", "Answers to gold questions that are right", "right on gold", raters, gold, on_gold))
        } @else {
            (nothing("No rater has answered a gold question", "relabel plan --gold 0.05"))
        }
        (rater_plot("raters-majority", "Votes that go with the majority", "with the majority, own vote included", raters, with_majority, votes))
    }
}

fn rater_plot(
    key: &str,
    title: &str,
    x_name: &str,
    raters: &[RaterLine],
    value: impl Fn(&RaterLine) -> Option<(f64, Option<Interval>)>,
    count: impl Fn(&RaterLine) -> String,
) -> Markup {
    let mut rows: Vec<Row> = raters
        .iter()
        .filter_map(|rater| {
            let (value, interval) = value(rater)?;
            Some(Row {
                label: short_name(&rater.rater),
                value,
                interval,
                remark: count(rater),
            })
        })
        .collect();
    rows.sort_by(|a, b| a.value.total_cmp(&b.value));
    let all = rows.len();
    rows.truncate(MOST);
    let says = format!(
        "{} of {} raters, lowest first, with Wilson intervals.",
        rows.len(),
        thousands(all)
    );
    html! {
        (figure(forest(Forest {
            key,
            title,
            says: says.clone(),
            x_name,
            remark_name: "votes",
            ends: ends(&rows, 0.0, 1.0),
            rows,
            say: percent,
            line: None,
            data: rater_table(raters),
        })))
        p.note { (says) }
    }
}

fn rater_table(raters: &[RaterLine]) -> Markup {
    let rows: Vec<Vec<Cell>> = raters
        .iter()
        .map(|rater| {
            let (share, interval) = with_majority(rater).unzip();
            vec![
                Cell::words(&rater.rater),
                Cell::count(rater.votes),
                Cell::count(rater.no as usize),
                Cell::count(rater.maybe as usize),
                Cell::count(rater.yes as usize),
                Cell::percent(share),
                Cell::interval(interval.flatten(), 100.0, 1),
                Cell::count(rater.gold_votes as usize),
                Cell::percent(rater.gold_accuracy),
                Cell::interval(rater.gold_interval, 100.0, 1),
                Cell::value(rater.median_milliseconds.map(|ms| ms as f64 / 1000.0), 1),
            ]
        })
        .collect();
    let header = [
        "rater",
        "votes",
        "no",
        "maybe",
        "yes",
        "with majority %",
        "95 % interval",
        "gold votes",
        "right on gold %",
        "95 % interval on gold",
        "median s per vote",
    ];
    table("Raters", &header, &rows)
}
