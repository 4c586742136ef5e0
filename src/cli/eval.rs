//! `relabel eval`: predictions scored on the original labels and on the label sets.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::aggregate::decided;
use super::context::{Context, shown};
use super::export::label_sets;
use super::failure::Failure;
use super::import::{BadRows, ImageNames, RowProblem, find_class, take_rows};
use super::table::{count, table, thousands};
use crate::consensus::evaluate::{Predicted, Score, evaluate};
use crate::consensus::interval::{Interval, wilson};
use crate::domain::{ClassIndex, Classes, ImageId};
use crate::formats::records::LabelRecord;
use crate::store::{ImageRow, ScoreRow, Store};

/// Options of `eval`.
#[derive(Debug, clap::Args)]
pub struct Eval {
    /// Predictions, CSV or JSONL: image,label (the class that the model holds for the likeliest)
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The aggregation to take label sets from [default: the newest]
    #[arg(long, value_name = "N")]
    run: Option<i64>,
    /// Classes that the table shows, those that change most first
    #[arg(long, default_value_t = 10, value_name = "N")]
    classes: usize,
    #[command(flatten)]
    bad_rows: BadRows,
}

#[derive(Debug, Serialize)]
struct Report {
    run: i64,
    /// Questions that adjudicators decided, in place of the score.
    decided: usize,
    files: Vec<FileReport>,
}

/// What is said of one file.
#[derive(Debug, Serialize)]
struct FileReport {
    name: String,
    images: usize,
    original_accuracy: Option<f64>,
    real_accuracy: Option<f64>,
    real_interval: Option<Interval>,
    #[serde(flatten)]
    score: Score,
    by_class: Vec<ClassReport>,
}

/// What is said of one class of original labels.
#[derive(Debug, Serialize)]
struct ClassReport {
    class: u32,
    name: String,
    original_accuracy: Option<f64>,
    real_accuracy: Option<f64>,
    change: Option<f64>,
    #[serde(flatten)]
    score: Score,
}

/// Runs the command.
pub fn run(options: &Eval, context: &Context) -> Result<(), Failure> {
    let store = context.open()?;
    let run = store.run(options.run)?.ok_or_else(|| {
        Failure::failed("there are no label sets yet").hint("make them with `relabel aggregate`")
    })?;
    let classes = store.classes()?;
    let images = store.images()?;
    let scores = store.scores(run.id)?;
    let sets = sets_of(&images, &scores);
    let mut files = Vec::new();
    for file in &options.files {
        files.push(evaluate_file(
            file, options, &store, &classes, &images, &sets, context,
        )?);
    }
    let is_decided = |score: &&ScoreRow| score.decided_by.is_some();
    let report = Report {
        run: run.id,
        decided: scores.iter().filter(is_decided).count(),
        files,
    };
    if context.json() {
        return context.print_json(&report);
    }
    context.print(&text(&report, options.classes))
}

/// The label set of every image.
pub fn sets_of(images: &[ImageRow], scores: &[ScoreRow]) -> HashMap<ImageId, Vec<ClassIndex>> {
    let sets = label_sets(images, scores).into_iter();
    let labels = sets.map(|set| set.labels.into_iter().map(ClassIndex).collect());
    images.iter().map(|image| image.id).zip(labels).collect()
}

/// First choices against original labels and label sets: over all images, and by original label.
pub fn judge(
    predictions: &HashMap<ImageId, ClassIndex>,
    images: &[ImageRow],
    sets: &HashMap<ImageId, Vec<ClassIndex>>,
) -> (Score, BTreeMap<ClassIndex, Score>) {
    evaluate(images.iter().filter_map(|image| {
        Some(Predicted {
            prediction: *predictions.get(&image.id)?,
            original: image.original_label,
            label_set: sets.get(&image.id)?,
        })
    }))
}

/// The class that a file holds for the likeliest of each image. Says which rows it leaves out.
pub fn first_choices(
    file: &Path,
    bad_rows: BadRows,
    store: &Store,
    classes: &Classes,
    context: &Context,
) -> Result<HashMap<ImageId, ClassIndex>, Failure> {
    let names = ImageNames::of(store)?;
    let mut predictions: HashMap<ImageId, ClassIndex> = HashMap::new();
    let left_out = take_rows(
        file,
        LabelRecord::COLUMNS,
        bad_rows,
        context,
        LabelRecord::from_row,
        |record| {
            let class = find_class(classes, &record.label)?.index;
            let image = names.find_known(
                &record.image,
                "predictions are scored on images of the project",
            )?;
            match predictions.insert(image, class) {
                None => Ok(()),
                Some(_) => Err(RowProblem::bad(format!(
                    "a second prediction for image {:?}",
                    record.image
                ))),
            }
        },
    )?;
    left_out.say(context);
    Ok(predictions)
}

/// What a file of predictions is called.
pub fn name_of(file: &Path) -> String {
    file.file_name()
        .map_or_else(|| shown(file), |name| name.to_string_lossy().into_owned())
}

fn evaluate_file(
    file: &Path,
    options: &Eval,
    store: &Store,
    classes: &Classes,
    images: &[ImageRow],
    sets: &HashMap<ImageId, Vec<ClassIndex>>,
    context: &Context,
) -> Result<FileReport, Failure> {
    let predictions = first_choices(file, options.bad_rows, store, classes, context)?;
    let (score, by_class) = judge(&predictions, images, sets);
    let interval = wilson(score.real_right as f64, score.real_images as f64, 0.95);
    let mut by_class: Vec<ClassReport> = by_class
        .into_iter()
        .map(|(class, score)| ClassReport {
            class: class.0,
            name: classes.name_of(class),
            original_accuracy: score.original_accuracy(),
            real_accuracy: score.real_accuracy(),
            change: score
                .original_accuracy()
                .zip(score.real_accuracy())
                .map(|(original, real)| real - original),
            score,
        })
        .collect();
    let size = |class: &ClassReport| class.change.map_or(-1.0, f64::abs);
    by_class.sort_by(|a, b| size(b).total_cmp(&size(a)).then(a.class.cmp(&b.class)));
    Ok(FileReport {
        name: name_of(file),
        images: predictions.len(),
        original_accuracy: score.original_accuracy(),
        real_accuracy: score.real_accuracy(),
        real_interval: interval,
        score,
        by_class,
    })
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{:.2} %", share * 100.0))
}

/// On how many images the shares are, where that is not all of them.
fn of_fewer(file: &FileReport) -> Option<String> {
    let Score {
        original_images: labelled,
        real_images: sets,
        ..
    } = file.score;
    (labelled < file.images || sets < file.images).then(|| {
        format!(
            "{}: original on {} with an original label, ReaL on {} with a label set that is not empty",
            crate::text::printable(&file.name),
            count(labelled, "image"),
            count(sets, "image")
        )
    })
}

fn text(report: &Report, classes: usize) -> String {
    let rows = report.files.iter().map(|file| {
        let interval = file.real_interval.map_or_else(String::new, |interval| {
            format!("{:.2}–{:.2}", interval.low * 100.0, interval.high * 100.0)
        });
        vec![
            file.name.clone(),
            thousands(file.images),
            percent(file.original_accuracy),
            percent(file.real_accuracy),
            interval,
            thousands(file.score.errors_now_right),
            thousands(file.score.right_now_errors),
        ]
    });
    let header = [
        "file",
        "images",
        "original",
        "ReaL",
        "95 % interval",
        "errors now right",
        "right now errors",
    ];
    let mut parts = vec![
        format!(
            "label sets of run {}{}",
            report.run,
            decided(report.decided)
        ),
        table(&header, &[1, 2, 3, 4, 5, 6], rows.collect()),
    ];
    let parts_only: Vec<String> = report.files.iter().filter_map(of_fewer).collect();
    if !parts_only.is_empty() {
        parts.push(parts_only.join("\n"));
    }
    for file in &report.files {
        let rows: Vec<Vec<String>> = file
            .by_class
            .iter()
            .take(classes)
            .map(|class| {
                vec![
                    class.name.clone(),
                    thousands(class.score.original_images),
                    percent(class.original_accuracy),
                    percent(class.real_accuracy),
                    class
                        .change
                        .map_or_else(String::new, |change| format!("{:+.1}", change * 100.0)),
                ]
            })
            .collect();
        if !rows.is_empty() {
            parts.push(format!(
                "{}: classes that change most\n{}",
                crate::text::printable(&file.name),
                table(
                    &["original label", "images", "original", "ReaL", "change"],
                    &[1, 2, 3, 4],
                    rows
                )
            ));
        }
    }
    parts.join("\n\n")
}
