use maud::{Markup, html};

use super::outside::Outside;
use crate::report::{Report, RunFigures};
use crate::text::thousands;

/// What the page is of: project, time, run, and how much there is of everything.
pub fn head(report: &Report) -> Markup {
    let counts = &report.counts;
    let figures = [
        ("images", counts.images),
        ("original labels", counts.original_labels),
        ("classes", counts.classes),
        ("questions answered", counts.questions),
        ("votes", counts.votes),
        ("raters", counts.raters),
        ("gold questions", counts.gold_questions),
    ];
    html! {
        p.kind { "relabel report" }
        h1 { (Outside(&report.project)) }
        p.when { time datetime=(report.at) { (to_the_minute(&report.at)) } " · round " (Outside(&report.round)) }
        dl.counts { @for (name, count) in figures {
            div { dt { (name) } dd { (thousands(count)) } }
        } }
        @if let Some(run) = &report.run { (described(run)) }
    }
}

/// A time of RFC 3339 in UTC, for people.
fn to_the_minute(at: &str) -> String {
    match at.split_once('T') {
        Some((day, time)) => format!("{day} {} UTC", time.get(..5).unwrap_or(time)),
        None => at.to_owned(),
    }
}

fn described(run: &RunFigures) -> Markup {
    html! {
        div.run {
            p { strong { "Run " (run.number) ": " (Outside(&run.method)) } " · " time datetime=(run.at) { (to_the_minute(&run.at)) } }
            dl.parameters { @for parameter in &run.parameters {
                div { dt { (parameter.name) } dd { (Outside(&parameter.value)) } }
            } }
            p { (thousands(run.disputes)) " questions are disputed"
                @if run.decided > 0 { ", " (thousands(run.decided)) " were decided by adjudicators" } "." }
            @if run.votes_since > 0 {
                p.warn { (thousands(run.votes_since)) " votes came in since this run and are not in its label sets: " code { "relabel aggregate" } }
            }
            @if !run.remarks.is_empty() {
                details { summary { "Remarks of this run (" (run.remarks.len()) ")" }
                    ul { @for remark in &run.remarks { li { (Outside(remark)) } } } }
            }
        }
    }
}
