use maud::{Markup, html};
use serde_json::json;

use super::outside::Outside;
use super::plot::{Plot, Say, Scale, axis_below, px};
use crate::consensus::interval::Interval;

/// A value with its interval.
pub struct Row {
    pub label: String,
    pub value: f64,
    pub interval: Option<Interval>,
    /// What stands at the right edge.
    pub remark: String,
}

/// Values with their intervals, one below the other.
pub struct Forest<'a> {
    pub key: &'a str,
    pub title: &'a str,
    pub says: String,
    pub x_name: &'a str,
    /// Heading of the remarks.
    pub remark_name: &'a str,
    pub rows: Vec<Row>,
    /// Values of the axis' ends; what lies beyond stands at the end.
    pub ends: (f64, f64),
    pub say: Say,
    /// A value to compare with, and what it is.
    pub line: Option<(f64, &'a str)>,
    pub data: Markup,
}

const ROW: f64 = 21.0;
const TOP: f64 = 30.0;

/// The values as a plot.
pub fn forest(of: Forest<'_>) -> Plot<'_> {
    let height = TOP + ROW * of.rows.len() as f64 + 48.0;
    let (bottom, edge) = (height - 46.0, 754.0);
    let scale = Scale {
        values: of.ends,
        place: (220.0, 660.0),
    };
    let y = |place: usize| TOP + 10.0 + place as f64 * ROW;
    let drawing = html! {
        (axis_below(&scale, &scale.ticks(6), of.say, bottom, TOP - 6.0, of.x_name))
        @if let Some((value, name)) = of.line {
            line.bound x1=(px(scale.at(value))) x2=(px(scale.at(value))) y1=(px(TOP - 6.0)) y2=(px(bottom)) {}
            text.tick text-anchor="middle" x=(px(scale.at(value))) y=(px(TOP - 12.0)) { (name) }
        }
        text.tick text-anchor="end" x=(px(edge)) y=(px(TOP - 12.0)) { (of.remark_name) }
        @for (place, row) in of.rows.iter().enumerate() {
            text.label text-anchor="end" x="208" y=(px(y(place) + 4.0)) { (Outside(&row.label)) }
            @if let Some(interval) = row.interval {
                line.whisker x1=(px(scale.at(interval.low))) x2=(px(scale.at(interval.high))) y1=(px(y(place))) y2=(px(y(place))) {}
            }
            circle.mark.blue r="4" cx=(px(scale.at(row.value))) cy=(px(y(place))) {
                title { (Outside(&row.label)) ": " ((of.say)(row.value)) }
            }
            text.tick text-anchor="end" x=(px(edge)) y=(px(y(place) + 4.0)) { (row.remark) }
        }
    };
    let point = |row: &Row| {
        let interval = row.interval.map(|interval| [interval.low, interval.high]);
        json!([row.label, row.value, interval])
    };
    Plot {
        key: of.key,
        title: of.title,
        says: of.says,
        size: (760.0, height),
        points: of.rows.iter().map(point).collect(),
        drawing,
        data: of.data,
    }
}

/// Ends of an axis that holds all values and intervals, in tenths, within bounds.
pub fn ends(rows: &[Row], least: f64, most: f64) -> (f64, f64) {
    let lows = rows
        .iter()
        .map(|row| row.interval.map_or(row.value, |i| i.low.min(row.value)));
    let low = (lows.fold(most, f64::min) * 10.0).floor() / 10.0;
    (low.clamp(least, most - 0.1), most)
}
