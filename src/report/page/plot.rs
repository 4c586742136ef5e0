use maud::{Markup, html};
use serde_json::Value;

/// A plot with what a reader needs who cannot see it, and what a program needs: its points as JSON.
pub struct Plot<'a> {
    /// Unique on the page.
    pub key: &'a str,
    pub title: &'a str,
    /// What is to be seen, in a sentence.
    pub says: String,
    /// Width and height, in units of which a letter is 12 high.
    pub size: (f64, f64),
    /// One a mark.
    pub points: Vec<Value>,
    /// The drawing; each point's element has the class `mark`.
    pub drawing: Markup,
    /// The same in figures.
    pub data: Markup,
}

/// The plot as a figure.
pub fn figure(plot: Plot<'_>) -> Markup {
    let (width, height) = plot.size;
    let (title, says) = (format!("{}-name", plot.key), format!("{}-says", plot.key));
    html! {
        figure data-plot=(plot.key) data-points=(Value::Array(plot.points).to_string()) {
            figcaption { (plot.title) }
            div.scroll {
                svg role="img" aria-labelledby={ (title) " " (says) } viewBox={ "0 0 " (px(width)) " " (px(height)) }
                    width=(px(width)) height=(px(height)) {
                    title id=(title) { (plot.title) }
                    desc id=(says) { (plot.says) }
                    (plot.drawing)
                }
            }
            details { summary { "The figures of this plot" } (plot.data) }
        }
    }
}

/// A coordinate, as short as it may be.
pub fn px(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// Values to coordinates, linearly.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    /// Values at the two ends.
    pub values: (f64, f64),
    /// Coordinates of the two ends.
    pub place: (f64, f64),
}

impl Scale {
    /// Where a value is; beyond the ends it is at the end.
    pub fn at(&self, value: f64) -> f64 {
        let (least, most) = self.values;
        let width = if most > least { most - least } else { 1.0 };
        let share = ((value - least) / width).clamp(0.0, 1.0);
        self.place.0 + share * (self.place.1 - self.place.0)
    }

    /// Round values between the ends, about so many.
    pub fn ticks(&self, about: usize) -> Vec<f64> {
        let (least, most) = self.values;
        let rough = (most - least) / about.max(1) as f64;
        if rough.is_nan() || rough <= 0.0 {
            return vec![least];
        }
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .map(|factor| factor * power)
            .into_iter()
            .find(|step| *step >= rough * 0.999)
            .unwrap_or(rough);
        let first = (least / step - 1e-9).ceil() as i64;
        let last = (most / step + 1e-9).floor() as i64;
        (first..=last).map(|tick| tick as f64 * step).collect()
    }
}

/// What a value of an axis is called.
pub type Say = fn(f64) -> String;

/// A horizontal axis below a plot: lines upwards to `top`, figures and a name beneath.
pub fn axis_below(scale: &Scale, ticks: &[f64], say: Say, y: f64, top: f64, name: &str) -> Markup {
    let middle = f64::midpoint(scale.place.0, scale.place.1);
    html! {
        @for &tick in ticks {
            line.grid x1=(px(scale.at(tick))) x2=(px(scale.at(tick))) y1=(px(top)) y2=(px(y)) {}
            text.tick text-anchor="middle" x=(px(scale.at(tick))) y=(px(y + 16.0)) { (say(tick)) }
        }
        line.axis x1=(px(scale.place.0)) x2=(px(scale.place.1)) y1=(px(y)) y2=(px(y)) {}
        text.name text-anchor="middle" x=(px(middle)) y=(px(y + 35.0)) { (name) }
    }
}

/// A vertical axis left of a plot: lines to the right end, figures and a name beside.
pub fn axis_left(scale: &Scale, ticks: &[f64], say: Say, x: f64, right: f64, name: &str) -> Markup {
    let middle = f64::midpoint(scale.place.0, scale.place.1);
    html! {
        @for &tick in ticks {
            line.grid x1=(px(x)) x2=(px(right)) y1=(px(scale.at(tick))) y2=(px(scale.at(tick))) {}
            text.tick text-anchor="end" x=(px(x - 8.0)) y=(px(scale.at(tick) + 4.0)) { (say(tick)) }
        }
        text.name text-anchor="middle" transform={ "translate(14 " (px(middle)) ") rotate(-90)" } { (name) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let ticks = |least, most, about| {
            let scale = Scale {
                values: (least, most),
                place: (0.0, 1.0),
            };
            scale.ticks(about)
        };
        assert_eq!(
            ticks(0.0, 1.0, 5),
            [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]
        );
        assert_eq!(ticks(0.0, 37.0, 4), [0.0, 10.0, 20.0, 30.0]);
        assert_eq!(ticks(3.0, 3.0, 4), [3.0]);
        assert_eq!(px(12.04), "12");
        assert_eq!(px(12.06), "12.1");
    }
}
