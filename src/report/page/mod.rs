//! One HTML file that shows a [`Report`]: no other file, no network.
//!
//! maud escapes whatever stands in a template; `outside` makes characters visible that would reorder or hide text.

mod agreement;
mod bars;
mod calibration;
mod confusion;
mod disputed;
mod forest;
mod head;
mod labels;
mod models;
mod outside;
mod plot;
mod table;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::Report;
use outside::Outside;

const STYLE: &str = include_str!("../../../assets/report/report.css");
const SCRIPT: &str = include_str!("../../../assets/report/report.js");

/// A part of the page.
struct Section {
    id: &'static str,
    title: &'static str,
    body: Markup,
}

/// The page.
pub fn page(report: &Report) -> String {
    let sections = [
        labels::changes(report),
        labels::sizes(report),
        labels::scores(report),
        calibration::section(report),
        agreement::section(report),
        agreement::raters(report),
        confusion::section(report),
        models::section(report),
        disputed::section(report),
    ];
    document(report, &sections).into_string()
}

/// Nothing may be loaded, and nothing runs but the page's own style and script.
fn policy() -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; img-src data:; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

fn document(report: &Report, sections: &[Section]) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta name="generator" content=(concat!("relabel ", env!("CARGO_PKG_VERSION")));
                title { "relabel report: " (Outside(&report.project)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "Skip to the figures" }
                header.top { (head::head(report)) }
                nav aria-label="Sections" {
                    ol { @for section in sections { li { a href={ "#" (section.id) } { (section.title) } } } }
                    button #theme type="button" title="Light or dark (key t)" { "Light / dark" }
                }
                main #main tabindex="-1" {
                    @for section in sections {
                        section id=(section.id) tabindex="-1" aria-labelledby={ (section.id) "-title" } {
                            h2 id={ (section.id) "-title" } { (section.title) }
                            (section.body)
                        }
                    }
                }
                footer {
                    p { "Made by " (concat!("relabel ", env!("CARGO_PKG_VERSION"))) ". Intervals are of 95 %. "
                        span.screen { "Keys: " kbd { "j" } " " kbd { "k" } " next and former section, " kbd { "t" } " light or dark." } }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

/// What is said where a part has nothing to show: why, and the command that brings it.
fn nothing(why: &str, command: &str) -> Markup {
    html! { p.nothing { (why) ": " code { (command) } } }
}

/// Without label sets there is one thing to do.
fn no_run(report: &Report) -> Markup {
    match report.counts.votes {
        0 => nothing("There are no votes yet", "relabel review --rater NAME"),
        _ => nothing("There are no label sets yet", "relabel aggregate"),
    }
}
