use std::collections::HashMap;

use maud::{Markup, html};
use serde_json::json;

use super::outside::{Outside, short};
use super::plot::{Plot, figure, px};
use super::table::{Cell, table};
use super::{Section, no_run, nothing};
use crate::report::{Confused, LabelFigures, Report};
use crate::text::thousands;

/// Classes of the heat map, and pairs of the table.
const CLASSES: usize = 24;
const PAIRS: usize = 100;

/// Which classes take the place of others, or stand beside them.
pub fn section(report: &Report) -> Section {
    let body = match &report.labels {
        None => no_run(report),
        Some(LabelFigures { changes: None, .. }) => nothing(
            "There are no original labels to compare with",
            "relabel import labels FILE",
        ),
        Some(labels) if labels.confused.is_empty() => {
            html! { p.nothing { "No label set of an image with an original label holds another class." } }
        }
        Some(labels) => pairs(&labels.confused),
    };
    Section {
        id: "confusion",
        title: "Classes that stand for each other",
        body,
    }
}

fn pairs(confused: &[Confused]) -> Markup {
    let says = format!(
        "{} pairs of an original label and another class in the label sets of its images; most often {} with {}: {}.",
        thousands(confused.len()),
        confused.first().map_or("", |pair| &pair.original_name),
        confused.first().map_or("", |pair| &pair.other_name),
        thousands(confused.first().map_or(0, Confused::images))
    );
    html! {
        p { (Outside(&says)) }
        (figure(heat_map(confused, says)))
    }
}

/// The classes of the most frequent pairs, those of one pair beside each other.
fn classes(confused: &[Confused]) -> Vec<(u32, &str)> {
    let mut groups: Vec<Vec<(u32, &str)>> = Vec::new();
    let mut total = 0;
    for pair in confused {
        let ends = [
            (pair.original, pair.original_name.as_str()),
            (pair.other, pair.other_name.as_str()),
        ];
        let of = ends.map(|end| groups.iter().position(|group| group.contains(&end)));
        let new = of.iter().filter(|place| place.is_none()).count();
        if total + new > CLASSES {
            continue;
        }
        total += new;
        match (of, ends) {
            ([None, None], ends) => groups.push(ends.into()),
            ([Some(at), None], [_, end]) | ([None, Some(at)], [end, _]) => {
                groups
                    .get_mut(at)
                    .into_iter()
                    .for_each(|group| group.push(end));
            }
            ([Some(a), Some(b)], _) if a != b => {
                let moved = groups.remove(a.max(b));
                groups
                    .get_mut(a.min(b))
                    .into_iter()
                    .for_each(|group| group.extend(&moved));
            }
            _ => {}
        }
        if total == CLASSES {
            break;
        }
    }
    groups.concat()
}

fn heat_map(confused: &[Confused], says: String) -> Plot<'static> {
    let classes = classes(confused);
    let place: HashMap<u32, usize> = classes.iter().map(|class| class.0).zip(0..).collect();
    let cells: Vec<(usize, usize, &Confused)> = confused
        .iter()
        .filter_map(|pair| Some((*place.get(&pair.original)?, *place.get(&pair.other)?, pair)))
        .collect();
    let most = cells.iter().map(|cell| cell.2.images()).max().unwrap_or(1) as f64;
    let (left, top, side) = (208.0, 178.0, 22.0);
    let length = side * classes.len() as f64;
    let at = |place: usize| place as f64 * side;
    let drawing = html! {
        text.name x="4" y=(px(top - 10.0)) { "original label ↓" }
        text.name x="4" y="16" { "also or instead in the set →" }
        @for (place, (_, name)) in classes.iter().enumerate() {
            text.label text-anchor="end" x=(px(left - 8.0)) y=(px(top + at(place) + 15.0)) { (short(name)) }
            text.label transform={ "translate(" (px(left + at(place) + 14.0)) " " (px(top - 8.0)) ") rotate(-60)" } { (short(name)) }
            line.grid x1=(px(left)) x2=(px(left + length)) y1=(px(top + at(place))) y2=(px(top + at(place))) {}
            line.grid y1=(px(top)) y2=(px(top + length)) x1=(px(left + at(place))) x2=(px(left + at(place))) {}
            rect.self x=(px(left + at(place))) y=(px(top + at(place))) width=(px(side)) height=(px(side)) {}
        }
        @for (row, column, pair) in &cells { (cell(pair, left + at(*column), top + at(*row), side, most)) }
    };
    let point = |(_, _, pair): &(usize, usize, &Confused)| {
        json!([pair.original, pair.other, pair.replaced, pair.together])
    };
    Plot {
        key: "confusion",
        title: "Images with this original label whose set holds that class",
        says,
        size: (left + length + 150.0, top + length + 8.0),
        points: cells.iter().map(point).collect(),
        drawing,
        data: data(confused),
    }
}

fn cell(pair: &Confused, x: f64, y: f64, side: f64, most: f64) -> Markup {
    let share = (pair.images() as f64 / most).sqrt();
    html! {
        rect.mark.heat x=(px(x + 0.5)) y=(px(y + 0.5)) width=(px(side - 1.0)) height=(px(side - 1.0))
            fill-opacity=(format!("{:.2}", 0.08 + 0.92 * share)) {
            title { (Outside(&pair.original_name)) ": " (Outside(&pair.other_name)) " instead in " (thousands(pair.replaced)) ", both in " (thousands(pair.together)) " images" }
        }
        text class=(if share > 0.55 { "figure on" } else { "figure" }) text-anchor="middle" x=(px(x + side / 2.0)) y=(px(y + 15.0)) { (pair.images()) }
    }
}

fn data(confused: &[Confused]) -> Markup {
    let row = |pair: &Confused| {
        vec![
            Cell::words(&pair.original_name),
            Cell::words(&pair.other_name),
            Cell::count(pair.images()),
            Cell::count(pair.replaced),
            Cell::count(pair.together),
        ]
    };
    let rows: Vec<Vec<Cell>> = confused.iter().take(PAIRS).map(row).collect();
    let caption = format!(
        "The {} most frequent of {} pairs",
        rows.len(),
        thousands(confused.len())
    );
    let header = [
        "original label",
        "other class",
        "images",
        "in its place",
        "beside it",
    ];
    table(&caption, &header, &rows)
}
