//! `train --grid`: the paper's experiment.

use serde::Serialize;

use super::material::{Known, LeftOut, Lesson, to_judge_by, to_learn_from};
use super::{TargetChoice, Train, plot, write};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::interrupt;
use crate::cli::table::{table, thousands};
use crate::consensus::interval::Interval;
use crate::store::Store;
use crate::train::grid::{Arm, Cell, Experiment, Figure, Step, Truth};
use crate::train::mean::Mean;
use crate::train::{Loss, Settings};

/// What is printed.
#[derive(Debug, Serialize)]
struct Report {
    targets: TargetChoice,
    /// The aggregation that label sets are of.
    run: Option<i64>,
    classes: usize,
    features: usize,
    validation_images: usize,
    left_out: LeftOut,
    batch: usize,
    learning_rate: f64,
    weight_decay: f64,
    seeds: Vec<u64>,
    cells: Vec<Cell>,
}

pub fn run(options: &Train, store: &Store, context: &Context) -> Result<(), Failure> {
    let known = Known::of(store, options.run)?;
    let material = to_learn_from(options, store, &known, context)?;
    let columns = material.table.columns;
    let validation = to_judge_by(options, columns, store, &known, context)?
        .ok_or_else(|| Failure::usage("--grid needs --validation FILE"))?;
    let lesson = Lesson::of(&material, &known, options, context)?;
    let truth = |image: &_| Truth {
        original: known.original(*image),
        label_set: known.label_set(*image),
    };
    let truths: Vec<Truth> = validation.images.iter().map(truth).collect();
    let grid = &options.grid;
    let experiment = Experiment {
        features: material.features(),
        targets: &lesson.targets,
        all: &lesson.all,
        clean: &lesson.kept,
        validation: validation.features(),
        truths: &truths,
        classes: known.classes.len(),
        settings: options.settings(),
        epochs: [grid.short as usize, grid.long as usize],
        seeds: grid.seeds as usize,
    };
    let bar = context.progress("training", experiment.steps() as u64);
    let cells = experiment.run(|Step| -> Result<(), Failure> {
        bar.inc(1);
        interrupt::check()
    })?;
    bar.finish_and_clear();
    let Settings {
        batch,
        learning_rate,
        weight_decay,
        seed,
        ..
    } = experiment.settings;
    let report = Report {
        targets: options.targets,
        run: known.run,
        classes: known.classes.len(),
        features: columns,
        validation_images: truths.len(),
        left_out: lesson.left_out,
        batch,
        learning_rate,
        weight_decay,
        seeds: (seed..).take(experiment.seeds).collect(),
        cells,
    };
    if let Some(path) = &options.outputs.plot {
        write::picture(path, &plot::grid(&report.cells), context)?;
    }
    if context.json() {
        return context.print_json(&report);
    }
    context.print(&text(&report))
}

/// An arm in words.
pub fn name_of(arm: Arm) -> &'static str {
    match (arm.loss, arm.clean) {
        (Loss::Softmax, false) => "softmax, all",
        (Loss::Softmax, true) => "softmax, clean",
        (Loss::Sigmoid, false) => "sigmoid, all",
        (Loss::Sigmoid, true) => "sigmoid, clean",
    }
}

fn text(report: &Report) -> String {
    let (short, long) = report.cells.split_at(report.cells.len() / 2);
    let images = |clean: bool| {
        let cell = report.cells.iter().find(|cell| cell.arm.clean == clean);
        thousands(cell.map_or(0, |cell| cell.images))
    };
    let head = format!(
        "{} images, {} of them clean, {} features, {} classes; {} seeds; judged by {} validation images",
        images(false),
        images(true),
        thousands(report.features),
        thousands(report.classes),
        report.seeds.len(),
        thousands(report.validation_images),
    );
    let seeds = "± 95 % over seeds";
    let mut parts = vec![head];
    let figures: [(String, Shown); 4] = [
        (format!("accuracy in %, {seeds}"), |figure| {
            Some(around(figure.mean, ""))
        }),
        (
            format!(
                "more than softmax on all images, in points, {seeds} (each against the same seed)"
            ),
            |figure| Some(around(figure.gain?.over_seeds, "+")),
        ),
        (
            "the same, ± 95 % over validation images (each against itself)".to_owned(),
            |figure| Some(around(figure.gain?.over_images, "+")),
        ),
        (
            format!("how much more by the long schedule than by the short, in points, {seeds}"),
            |figure| Some(around(figure.gain?.over_short?, "+")),
        ),
    ];
    for (what, of) in figures {
        parts.push(format!("{what}\n{}", figures_table(short, long, of)));
    }
    parts.join("\n\n")
}

/// A figure in words, where there is one.
type Shown = fn(&Figure) -> Option<String>;

/// A row a way of which there is a figure, a column a measure and schedule.
fn figures_table(short: &[Cell], long: &[Cell], of: Shown) -> String {
    let epochs = |cells: &[Cell]| thousands(cells.first().map_or(0, |cell| cell.epochs));
    let columns = [
        ("original", short),
        ("original", long),
        ("ReaL", short),
        ("ReaL", long),
    ]
    .map(|(measure, cells)| format!("{measure}, {} epochs", epochs(cells)));
    let mut header = vec![""];
    header.extend(columns.iter().map(String::as_str));
    let row = |(short, long): (&Cell, &Cell)| {
        let figures = [&short.original, &long.original, &short.real, &long.real];
        let shown = figures.map(|figure| figure.as_ref().and_then(of));
        let is_empty = shown.iter().all(Option::is_none);
        let name = std::iter::once(name_of(short.arm).to_owned());
        let row = name.chain(shown.map(|text| text.unwrap_or_else(|| "–".to_owned())));
        (!is_empty).then(|| row.collect())
    };
    let rows = short.iter().zip(long).filter_map(row).collect();
    table(&header, &[1, 2, 3, 4], rows)
}

/// Hundredfold, with half the width of the interval.
fn around(mean: Mean, sign: &str) -> String {
    let half = |interval: Interval| (interval.high - interval.low) * 50.0;
    let value = mean.mean * 100.0;
    let value = match sign {
        "" => format!("{value:.2}"),
        _ => format!("{value:+.2}"),
    };
    match mean.interval {
        Some(interval) => format!("{value} ± {:.2}", half(interval)),
        None => value,
    }
}
