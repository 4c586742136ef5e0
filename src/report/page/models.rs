use maud::{Markup, html};
use serde_json::json;

use super::outside::{Outside, short_name};
use super::plot::{Plot, Say, Scale, axis_below, axis_left, figure, px};
use super::table::{Cell, table};
use super::{Section, nothing};
use crate::report::{ModelFigures, Report};

/// Models by both accuracies.
pub fn section(report: &Report) -> Section {
    Section {
        id: "models",
        title: "Models",
        body: body(report),
    }
}

/// A model with both accuracies: original, ReaL.
type Point<'a> = (f64, f64, &'a ModelFigures);

fn body(report: &Report) -> Markup {
    if report.models.is_empty() {
        return nothing(
            "No model's predictions are known",
            "relabel import predictions FILE --model NAME",
        );
    }
    let point = |model| -> Option<Point<'_>> {
        let of: &ModelFigures = model;
        Some((of.original_accuracy?, of.real_accuracy?, of))
    };
    let points: Vec<Point<'_>> = report.models.iter().filter_map(point).collect();
    let gone = report
        .models
        .iter()
        .filter_map(|model| Some((model, model.problem.as_ref()?)));
    html! {
        p { "ReaL accuracy is the share of images with a label set whose first choice is in the set (arXiv 2006.07159). Above the diagonal, a model is better by the label sets than by the original labels." }
        @if points.is_empty() {
            (missing(report))
            (data(&report.models))
        } @else {
            (figure(scatter(&points, data(&report.models))))
        }
        @for (model, why) in gone {
            p.warn { "The predictions of " (Outside(&model.name)) " cannot be read: " (Outside(why)) ". " code { "relabel import predictions FILE --model NAME" } }
        }
    }
}

fn missing(report: &Report) -> Markup {
    match (&report.run, report.counts.original_labels) {
        (None, _) => nothing("There are no label sets yet", "relabel aggregate"),
        (_, 0) => nothing(
            "There are no original labels to compare with",
            "relabel import labels FILE",
        ),
        _ => {
            html! { p.nothing { "No model predicts images that have both an original label and a label set." } }
        }
    }
}

fn percent(value: f64) -> String {
    format!("{:.0} %", value * 100.0)
}

/// The axis of both accuracies: they can be compared by eye.
fn around(points: &[Point<'_>]) -> (f64, f64) {
    let ends = |(original, real, model): &Point<'_>| {
        let intervals = [model.original_interval, model.real_interval];
        let of = intervals
            .into_iter()
            .flatten()
            .flat_map(|interval| [interval.low, interval.high]);
        of.chain([*original, *real]).collect::<Vec<f64>>()
    };
    let all = || points.iter().flat_map(ends);
    let low = ((all().fold(1.0, f64::min) - 0.01) * 20.0).floor() / 20.0;
    let high = ((all().fold(0.0, f64::max) + 0.01) * 20.0).ceil() / 20.0;
    (low.max(0.0), high.min(1.0))
}

fn scatter(points: &[Point<'_>], data: Markup) -> Plot<'static> {
    let ends = around(points);
    let x = Scale {
        values: ends,
        place: (70.0, 520.0),
    };
    let y = Scale {
        values: ends,
        place: (470.0, 20.0),
    };
    let mut order: Vec<&Point<'_>> = points.iter().collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    // Names stand right of the plot, in the order of the points and never on each other.
    let mut free: f64 = 20.0;
    let room = |place: usize| 470.0 - 15.0 * (order.len() - place) as f64;
    let mut labels = Vec::new();
    for (place, (original, real, model)) in order.iter().enumerate() {
        let wanted = y.at(*real) + 4.0;
        let at = wanted.min(room(place).max(20.0)).max(free);
        free = at + 15.0;
        labels.push((x.at(*original), y.at(*real), at, *model));
    }
    let height = free.max(470.0) + 50.0;
    let drawing = html! {
        (axis_left(&y, &y.ticks(5), percent as Say, 70.0, 520.0, "ReaL accuracy"))
        (axis_below(&x, &x.ticks(5), percent as Say, 470.0, 20.0, "accuracy on the original labels"))
        line.bound x1="70" y1="470" x2="520" y2="20" {}
        @for (x, y, at, _) in &labels { polyline.leader points={ (px(*x)) "," (px(*y)) " 528," (px(at - 4.0)) " 534," (px(at - 4.0)) } {} }
        @for (_, _, model) in points { (whiskers(model, &x, &y)) }
        @for (x, y, at, model) in &labels {
            circle.mark.blue r="5" cx=(px(*x)) cy=(px(*y)) { title { (Outside(&model.name)) } }
            text.label x="540" y=(px(*at)) { (short_name(&model.name)) }
        }
    };
    let json =
        |(original, real, model): &Point<'_>| json!([short_name(&model.name), original, real]);
    Plot {
        key: "models",
        title: "ReaL accuracy against accuracy on the original labels",
        says: format!("{} models, with Wilson intervals.", points.len()),
        size: (760.0, height),
        points: points.iter().map(json).collect(),
        drawing,
        data,
    }
}

fn whiskers(model: &ModelFigures, x: &Scale, y: &Scale) -> Markup {
    let middle = model.original_accuracy.zip(model.real_accuracy);
    html! {
        @if let (Some((original, real)), Some(across), Some(up)) = (middle, model.original_interval, model.real_interval) {
            line.whisker x1=(px(x.at(across.low))) x2=(px(x.at(across.high))) y1=(px(y.at(real))) y2=(px(y.at(real))) {}
            line.whisker x1=(px(x.at(original))) x2=(px(x.at(original))) y1=(px(y.at(up.low))) y2=(px(y.at(up.high))) {}
        }
    }
}

fn data(models: &[ModelFigures]) -> Markup {
    let row = |model: &ModelFigures| {
        vec![
            Cell::words(&model.name),
            Cell::count(model.images),
            Cell::percent(model.original_accuracy),
            Cell::interval(model.original_interval, 100.0, 1),
            Cell::percent(model.real_accuracy),
            Cell::interval(model.real_interval, 100.0, 1),
            Cell::count(model.errors_now_right),
            Cell::count(model.right_now_errors),
        ]
    };
    let rows: Vec<Vec<Cell>> = models.iter().map(row).collect();
    let header = [
        "model",
        "images",
        "original %",
        "95 % interval",
        "ReaL %",
        "95 % interval of ReaL",
        "errors now right",
        "right now errors",
    ];
    table("Models", &header, &rows)
}
