use maud::{Escaper, Render};
use std::fmt::Write;

use crate::text::{fit, fit_middle, printable};

/// Text from outside: class names, file names, raters' names, comments. Shown as text, whatever it is made of.
#[derive(Debug, Clone, Copy)]
pub struct Outside<'a>(pub &'a str);

impl Render for Outside<'_> {
    fn render_to(&self, buffer: &mut String) {
        // Writing into a String cannot fail.
        let _ = Escaper::new(buffer).write_str(&printable(self.0));
    }
}

/// A class or heading for a plot's label, cut at its end.
pub fn short(name: &str) -> String {
    fit(name, 26)
}

/// A file's or rater's name for a plot's label, cut in its middle.
pub fn short_name(name: &str) -> String {
    fit_middle(name, 26)
}

/// A share in percent.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Of how many how many, in percent; nothing of none.
pub fn percent_of(part: usize, all: usize) -> String {
    match all {
        0 => String::new(),
        _ => percent(part as f64 / all as f64),
    }
}
