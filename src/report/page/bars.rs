use maud::{Markup, html};
use serde_json::json;

use super::outside::{Outside, percent_of};
use super::plot::{Plot, Say, Scale, axis_below, axis_left, px};
use crate::text::thousands;

/// A bar.
pub struct Bar {
    /// What it counts.
    pub label: String,
    pub count: usize,
    /// A part of it that is drawn darker; 0: none.
    pub part: usize,
    /// Its colour's class.
    pub color: &'static str,
}

/// Bars beside each other, for what has an order: the figure above each.
pub struct Columns<'a> {
    pub key: &'a str,
    pub title: &'a str,
    pub says: String,
    pub x_name: &'a str,
    pub y_name: &'a str,
    pub bars: Vec<Bar>,
    /// Whether a label names the left edge of its bar, not the bar.
    pub at_edges: bool,
    /// A line from top to bottom: its place from 0 to 1, and what it is.
    pub line: Option<(f64, String)>,
    pub data: Markup,
}

const LEFT: f64 = 84.0;
const TOP: f64 = 34.0;
const SIZE: (f64, f64) = (760.0, 320.0);

fn count(value: f64) -> String {
    thousands(value as u64)
}

/// The bars as a plot.
pub fn columns(of: Columns<'_>) -> Plot<'_> {
    let (width, height) = SIZE;
    let (right, bottom) = (width - 16.0, height - 50.0);
    let most = of.bars.iter().map(|bar| bar.count).max().unwrap_or(0);
    let scale = Scale {
        values: (0.0, most.max(1) as f64),
        place: (bottom, TOP),
    };
    let step = (right - LEFT) / of.bars.len().max(1) as f64;
    let gap = (step * 0.14).min(12.0);
    let left_of = |place: usize| LEFT + place as f64 * step;
    let label_at = |place: usize| left_of(place) + if of.at_edges { 0.0 } else { step / 2.0 };
    let ticks: Vec<f64> = scale
        .ticks(5)
        .into_iter()
        .filter(|tick| tick.fract() == 0.0)
        .collect();
    let every = (of.bars.len() / 10).max(1);
    let drawing = html! {
        (axis_left(&scale, &ticks, count as Say, LEFT, right, of.y_name))
        @for (place, bar) in of.bars.iter().enumerate() {
            (column(bar, left_of(place) + gap / 2.0, step - gap, &scale, of.bars.len() <= 24))
            @if !of.at_edges || place % every == 0 {
                text.tick text-anchor="middle" x=(px(label_at(place))) y=(px(bottom + 16.0)) { (Outside(&bar.label)) }
            }
        }
        @if of.at_edges { text.tick text-anchor="middle" x=(px(right)) y=(px(bottom + 16.0)) { "1" } }
        line.axis x1=(px(LEFT)) x2=(px(right)) y1=(px(bottom)) y2=(px(bottom)) {}
        text.name text-anchor="middle" x=(px(f64::midpoint(LEFT, right))) y=(px(bottom + 38.0)) { (of.x_name) }
        @if let Some((place, name)) = &of.line {
            @let x = LEFT + place * (right - LEFT);
            line.bound x1=(px(x)) x2=(px(x)) y1=(px(TOP - 12.0)) y2=(px(bottom)) {}
            text.tick text-anchor=(if *place > 0.5 { "end" } else { "start" })
                x=(px(x + if *place > 0.5 { -5.0 } else { 5.0 })) y=(px(TOP - 18.0)) { (name) }
        }
    };
    let point = |bar: &Bar| json!([bar.label, bar.count]);
    Plot {
        key: of.key,
        title: of.title,
        says: of.says,
        size: SIZE,
        points: of.bars.iter().map(point).collect(),
        drawing,
        data: of.data,
    }
}

fn column(bar: &Bar, x: f64, width: f64, scale: &Scale, has_figure: bool) -> Markup {
    let bottom = scale.at(0.0);
    let (top, part) = (scale.at(bar.count as f64), scale.at(bar.part as f64));
    html! {
        rect class={ "mark " (bar.color) } x=(px(x)) y=(px(top)) width=(px(width)) height=(px(bottom - top)) {
            title { (Outside(&bar.label)) ": " (thousands(bar.count)) }
        }
        @if bar.part > 0 {
            rect.part x=(px(x)) y=(px(part)) width=(px(width)) height=(px(bottom - part)) {}
        }
        @if bar.count > 0 && has_figure {
            text.figure text-anchor="middle" x=(px(x + width / 2.0)) y=(px(top - 5.0)) { (compact(bar.count, width)) }
        }
    }
}

/// A count that is no wider than its bar, where that can be.
fn compact(count: usize, width: f64) -> String {
    let full = thousands(count);
    match count {
        _ if full.len() as f64 * 6.5 <= width => full,
        0..1_000 => full,
        1_000..10_000 => format!("{:.1}k", count as f64 / 1e3),
        10_000..1_000_000 => format!("{:.0}k", count as f64 / 1e3),
        _ => format!("{:.1}M", count as f64 / 1e6),
    }
}

/// Bars below each other, for what has names: count and share behind each.
pub fn rows<'a>(
    key: &'a str,
    title: &'a str,
    says: String,
    x_name: &str,
    bars: &[Bar],
    data: Markup,
) -> Plot<'a> {
    let (left, right, row) = (190.0, 620.0, 38.0);
    let height = 24.0 + row * bars.len() as f64 + 44.0;
    let all: usize = bars.iter().map(|bar| bar.count).sum();
    let scale = Scale {
        values: (
            0.0,
            bars.iter().map(|bar| bar.count).max().unwrap_or(0).max(1) as f64,
        ),
        place: (left, right),
    };
    let ticks: Vec<f64> = scale
        .ticks(4)
        .into_iter()
        .filter(|tick| tick.fract() == 0.0)
        .collect();
    let top = |place: usize| 12.0 + place as f64 * row;
    let drawing = html! {
        (axis_below(&scale, &ticks, count as Say, height - 48.0, 8.0, x_name))
        @for (place, bar) in bars.iter().enumerate() {
            text.label text-anchor="end" x=(px(left - 10.0)) y=(px(top(place) + 18.0)) { (Outside(&bar.label)) }
            rect class={ "mark " (bar.color) } x=(px(left)) y=(px(top(place))) height="26"
                width=(px(scale.at(bar.count as f64) - left)) {
                title { (Outside(&bar.label)) ": " (thousands(bar.count)) }
            }
            text.figure x=(px(scale.at(bar.count as f64) + 7.0)) y=(px(top(place) + 18.0)) {
                (thousands(bar.count)) " · " (percent_of(bar.count, all))
            }
        }
    };
    let point = |bar: &Bar| json!([bar.label, bar.count]);
    Plot {
        key,
        title,
        says,
        size: (760.0, height),
        points: bars.iter().map(point).collect(),
        drawing,
        data,
    }
}
