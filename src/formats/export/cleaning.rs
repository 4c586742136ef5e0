use std::io::{self, Write};

use serde::Serialize;

use super::csv::{Formulas, Rows};

/// What became of the label of an image of a training set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CleanedLine {
    /// Image name.
    pub image: String,
    /// The label: a class index.
    pub label: u32,
    /// The class's name.
    pub name: String,
    /// Whether the image is kept.
    pub kept: bool,
    /// Why.
    pub reason: &'static str,
    /// The label's place among the model's values, from 1.
    pub rank: u32,
    /// The model's probability of the label.
    pub probability: f64,
    /// The model's first choice: a class index.
    pub first_choice: u32,
    /// Its name.
    pub first_choice_name: String,
    /// Its probability.
    pub first_probability: f64,
    /// The fold that the model was trained without, where there are folds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fold: Option<u32>,
}

/// `csv` of `clean`: a row an image.
///
/// # Errors
/// Writing fails.
pub fn write_cleaned_csv(
    lines: &[CleanedLine],
    formulas: Formulas,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut rows = Rows::new(out, formulas);
    rows.write([
        "image",
        "label",
        "name",
        "kept",
        "reason",
        "rank",
        "probability",
        "first_choice",
        "first_choice_name",
        "first_probability",
        "fold",
    ])?;
    for line in lines {
        rows.write([
            line.image.as_str(),
            &line.label.to_string(),
            &line.name,
            if line.kept { "1" } else { "0" },
            line.reason,
            &line.rank.to_string(),
            &line.probability.to_string(),
            &line.first_choice.to_string(),
            &line.first_choice_name,
            &line.first_probability.to_string(),
            &line.fold.map_or_else(String::new, |fold| fold.to_string()),
        ])?;
    }
    rows.finish()
}

/// Images with their folds: image,fold.
///
/// # Errors
/// Writing fails.
pub fn write_folds_csv<'a>(
    folds: impl Iterator<Item = (&'a str, u32)>,
    formulas: Formulas,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut rows = Rows::new(out, formulas);
    rows.write(["image", "fold"])?;
    for (image, fold) in folds {
        rows.write([image, &fold.to_string()])?;
    }
    rows.finish()
}
