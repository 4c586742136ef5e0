use maud::{Markup, html};
use serde_json::json;

use super::plot::{Plot, Say, Scale, axis_below, axis_left, figure, px};
use super::table::{Cell, table};
use super::{Section, no_run, nothing};
use crate::consensus::quality::{ReliabilityBin, ScoreQuality};
use crate::report::{Calibration, Report};
use crate::text::thousands;

/// Whether scores mean what they say.
pub fn section(report: &Report) -> Section {
    let body = match &report.calibration {
        Some(calibration) => judged(calibration),
        None if report.run.is_none() => no_run(report),
        None if report.counts.gold_questions > 0 => nothing(
            "No gold question has a score in this run, for no rater has answered one",
            "relabel plan --gold 0.05",
        ),
        None => nothing(
            "Only experts' votes tell whether scores mean what they say, and there are none",
            "relabel import votes FILE --round gold --role expert",
        ),
    };
    Section {
        id: "calibration",
        title: "Calibration on gold",
        body,
    }
}

fn judged(calibration: &Calibration) -> Markup {
    let (scores, quality) = (&calibration.scores, &calibration.scores.quality);
    let how = match (scores.cross_fitted, scores.method.as_str()) {
        (true, _) => "Each score was made without the gold of its own image.",
        (false, "calibrated") => {
            "The raters were calibrated on the same questions, so this looks better than it is."
        }
        (false, _) => "",
    };
    let figures = [
        ("gold questions", Some(thousands(quality.questions))),
        ("accuracy", Some(format!("{:.4}", quality.accuracy))),
        ("log loss", Some(format!("{:.4}", quality.log_loss))),
        ("Brier score", Some(format!("{:.4}", quality.brier))),
        (
            "expected calibration error",
            Some(format!("{:.4}", calibration.calibration_error)),
        ),
        (
            "one expert against the others",
            scores.one_expert.map(|share| format!("{share:.4}")),
        ),
    ];
    html! {
        p { "Where scores mean what they say, the points lie on the diagonal. " (how) }
        dl.counts { @for (name, figure) in figures { @if let Some(figure) = figure {
            div { dt { (name) } dd { (figure) } }
        } } }
        (figure(reliability(quality)))
    }
}

fn share(value: f64) -> String {
    format!("{value:.1}")
}

fn count(value: f64) -> String {
    thousands(value as u64)
}

/// Share true against mean score, with a strip of counts below.
fn reliability(quality: &ScoreQuality) -> Plot<'static> {
    let bins = &quality.reliability;
    let x = Scale {
        values: (0.0, 1.0),
        place: (70.0, 470.0),
    };
    let y = Scale {
        values: (0.0, 1.0),
        place: (400.0, 20.0),
    };
    let most = bins.iter().map(|bin| bin.questions).max().unwrap_or(1);
    let counts = Scale {
        values: (0.0, most as f64),
        place: (520.0, 440.0),
    };
    let ticks = x.ticks(5);
    let drawing = html! {
        (axis_left(&y, &ticks, share as Say, 70.0, 470.0, "share true"))
        (axis_below(&x, &ticks, share as Say, 520.0, 20.0, "mean score"))
        line.bound x1="70" y1="400" x2="470" y2="20" {}
        @for bin in bins { (reliability_point(bin, &x, &y)) }
        (axis_left(&counts, &[0.0, most as f64], count as Say, 70.0, 470.0, ""))
        text.tick x="480" y="484" { "questions" }
        @for bin in bins {
            @let (left, top) = (x.at(bin.from) + 2.0, counts.at(bin.questions as f64));
            rect.grey x=(px(left)) y=(px(top)) width=(px(x.at(bin.to) - left - 2.0)) height=(px(520.0 - top)) {
                title { (thousands(bin.questions)) " questions" }
            }
        }
    };
    let point = |bin: &ReliabilityBin| json!([bin.mean_score, bin.share_true, bin.questions]);
    Plot {
        key: "calibration",
        title: "Share of gold questions that are true, by score",
        says: format!(
            "{} bins of scores on {} gold questions, with Wilson intervals of 95 %.",
            bins.len(),
            thousands(quality.questions)
        ),
        size: (560.0, 566.0),
        points: bins.iter().map(point).collect(),
        drawing,
        data: data(bins),
    }
}

fn reliability_point(bin: &ReliabilityBin, x: &Scale, y: &Scale) -> Markup {
    let (across, up) = (x.at(bin.mean_score), y.at(bin.share_true));
    html! {
        @if let Some(interval) = bin.interval {
            line.whisker x1=(px(across)) x2=(px(across)) y1=(px(y.at(interval.low))) y2=(px(y.at(interval.high))) {}
        }
        circle.mark.blue r="5" cx=(px(across)) cy=(px(up)) {
            title { "mean score " (format!("{:.3}", bin.mean_score)) ", share true " (format!("{:.3}", bin.share_true)) ", " (thousands(bin.questions)) " questions" }
        }
    }
}

fn data(bins: &[ReliabilityBin]) -> Markup {
    let row = |bin: &ReliabilityBin| {
        vec![
            Cell::value(Some(bin.from), 1),
            Cell::value(Some(bin.to), 1),
            Cell::count(bin.questions),
            Cell::value(Some(bin.mean_score), 3),
            Cell::value(Some(bin.share_true), 3),
            Cell::interval(bin.interval, 1.0, 3),
        ]
    };
    let rows: Vec<Vec<Cell>> = bins.iter().map(row).collect();
    let header = [
        "from",
        "to",
        "questions",
        "mean score",
        "share true",
        "95 % interval",
    ];
    table("Reliability of scores on gold", &header, &rows)
}
