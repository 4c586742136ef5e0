use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};

use super::outside::Outside;
use super::{Section, no_run};
use crate::domain::Answer;
use crate::report::{DisputedImage, DisputedLabel, Picture, Report};
use crate::text::{fit_middle, thousands};

/// The images that people disagree about most.
pub fn section(report: &Report) -> Section {
    let body = match (report.run.is_some(), report.disputed_images) {
        (false, _) => no_run(report),
        (true, 0) => html! { p.nothing { "No question is disputed." } },
        (true, all) => html! {
            p { (thousands(report.disputed.len())) " of " (thousands(all)) " images with a disputed question, the one whose score is nearest to a half first. To decide them: "
                code { "relabel review --order disputed --rater NAME" } }
            @if !report.disputed.is_empty() {
                ol.cards { @for image in &report.disputed { li { (card(image)) } } }
            }
        },
    };
    Section {
        id: "disputed",
        title: "The most disputed images",
        body,
    }
}

fn card(image: &DisputedImage) -> Markup {
    let open = || image.labels.iter().filter(|label| label.disputed);
    let settled = || image.labels.iter().filter(|label| !label.disputed);
    html! {
        article {
            (picture(image))
            h3 title=(Outside(&image.name)) { (fit_middle(&image.name, 34)) }
            ul.labels { @for label in open() { li.open { (line(label)) } } }
            @if settled().count() > 0 {
                details { summary { (settled().count()) " other labels" }
                    ul.labels { @for label in settled() { li { (line(label)) } } } }
            }
            @for note in &image.notes {
                blockquote { (Outside(&note.text)) footer { (Outside(&note.rater)) } }
            }
        }
    }
}

fn picture(image: &DisputedImage) -> Markup {
    match &image.picture {
        Picture::Thumbnail {
            width,
            height,
            jpeg,
        } => html! {
            div.picture {
                img width=(width) height=(height) alt={ "image " (Outside(&image.name)) } src={ "data:image/jpeg;base64," (STANDARD.encode(jpeg)) };
            }
        },
        Picture::Missing(why) => {
            html! { div.picture.missing { p { "No picture: " (Outside(why)) } } }
        }
    }
}

fn line(label: &DisputedLabel) -> Markup {
    html! {
        p.class { span.score { (format!("{:.2}", label.score)) } " " (Outside(&label.name)) }
        p.marks {
            @if label.in_set { span.tag.in { "in the set" } }
            @if label.is_original { span.tag { "original" } }
            @if label.disputed { span.tag.open { "disputed" } }
        }
        @for answer in [Answer::Yes, Answer::Maybe, Answer::No] { (said(label, answer)) }
    }
}

/// Who gave this answer.
fn said(label: &DisputedLabel, answer: Answer) -> Markup {
    let votes = label.votes.iter().filter(|vote| vote.answer == answer);
    let raters: Vec<&str> = votes.map(|vote| vote.rater.as_str()).collect();
    html! {
        @if !raters.is_empty() {
            p.votes { b class=(answer.word()) { (answer.word()) }
                @for (place, rater) in raters.iter().enumerate() { (if place == 0 { " " } else { ", " }) span.rater { (Outside(rater)) } } }
        }
    }
}
