//! How it was learnt and what came of it, as text and as JSON.

use serde::Serialize;

use super::material::{Known, LeftOut, Lesson, Material};
use super::{TargetChoice, Train};
use crate::cli::chart::{Room, sparkline};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::table::{table, thousands};
use crate::consensus::evaluate::Score;
use crate::consensus::interval::{Interval, wilson};
use crate::train::{Loss, Settings};

/// An epoch.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Point {
    /// From 1.
    pub epoch: usize,
    /// Mean over the images that are learnt from.
    pub loss: f64,
    /// Of the images that are judged by, after the epoch.
    pub original_accuracy: Option<f64>,
    pub real_accuracy: Option<f64>,
    #[serde(skip)]
    score: Score,
}

/// The epochs so far; of several classifiers that are trained one after the other the mean loss and all images judged.
#[derive(Debug, Default)]
pub struct Curve {
    points: Vec<Point>,
    /// Classifiers that have reached each epoch.
    reached: Vec<f64>,
}

impl Curve {
    /// Takes in an epoch (from 1) of a classifier.
    pub fn add(&mut self, epoch: usize, loss: f64, score: Score) {
        if self.points.len() < epoch {
            self.reached.push(0.0);
            self.points.push(Point {
                epoch,
                loss: 0.0,
                original_accuracy: None,
                real_accuracy: None,
                score: Score::default(),
            });
        }
        let place = epoch.saturating_sub(1);
        if let (Some(point), Some(reached)) =
            (self.points.get_mut(place), self.reached.get_mut(place))
        {
            *reached += 1.0;
            point.loss += (loss - point.loss) / *reached;
            point.score += score;
            point.original_accuracy = point.score.original_accuracy();
            point.real_accuracy = point.score.real_accuracy();
        }
    }

    pub fn points(&self) -> &[Point] {
        &self.points
    }
}

/// What is printed.
#[derive(Debug, Serialize)]
pub struct Report {
    /// What images are held to.
    targets: TargetChoice,
    /// The aggregation that label sets are of.
    run: Option<i64>,
    classes: usize,
    features: usize,
    /// Images that are learnt from.
    images: usize,
    left_out: LeftOut,
    settings: Settings,
    /// Classifiers that were trained, each without one fold.
    folds: Option<usize>,
    /// Where anything is judged.
    judged: Option<Judged>,
    epochs: Vec<Point>,
}

/// The last epoch, judged.
#[derive(Debug, Serialize)]
struct Judged {
    original_accuracy: Option<f64>,
    original_interval: Option<Interval>,
    real_accuracy: Option<f64>,
    real_interval: Option<Interval>,
    #[serde(flatten)]
    score: Score,
}

impl Judged {
    fn of(score: Score) -> Judged {
        let interval = |right: usize, of: usize| wilson(right as f64, of as f64, 0.95);
        Judged {
            original_accuracy: score.original_accuracy(),
            original_interval: interval(score.original_right, score.original_images),
            real_accuracy: score.real_accuracy(),
            real_interval: interval(score.real_right, score.real_images),
            score,
        }
    }
}

impl Report {
    pub fn new(
        options: &Train,
        material: &Material,
        known: &Known,
        lesson: &Lesson,
        curve: &Curve,
        folds: Option<usize>,
    ) -> Report {
        let is_judged = options.validation.validation.is_some() || folds.is_some();
        let last = curve.points().last().filter(|_| is_judged);
        let of_sets = options.targets == TargetChoice::Sets || is_judged;
        Report {
            targets: options.targets,
            run: known.run.filter(|_| of_sets),
            classes: known.classes.len(),
            features: material.table.columns,
            images: lesson.kept.len(),
            left_out: lesson.left_out,
            settings: options.settings(),
            folds,
            judged: last.map(|point| Judged::of(point.score)),
            epochs: curve.points().to_vec(),
        }
    }

    pub fn epochs(&self) -> &[Point] {
        &self.epochs
    }

    pub fn print(&self, context: &Context) -> Result<(), Failure> {
        if context.json() {
            return context.print_json(self);
        }
        context.print(&self.text(Room::of(context)))
    }

    fn text(&self, room: Room) -> String {
        let loss = match self.settings.loss {
            Loss::Softmax => "softmax",
            Loss::Sigmoid => "sigmoid",
        };
        let targets = match self.targets {
            TargetChoice::Labels => "original labels",
            TargetChoice::Sets => "label sets",
        };
        let head = format!(
            "{loss} on {targets}: {} images, {} features, {} classes, {} epochs",
            thousands(self.images),
            thousands(self.features),
            thousands(self.classes),
            thousands(self.settings.epochs),
        );
        let mut rows = vec![self.row("loss", None, None, |point| Some(point.loss))];
        if let Some(judged) = &self.judged {
            let (original, real) = (judged.score.original_images, judged.score.real_images);
            rows.push(self.row(
                "original accuracy",
                Some(original),
                judged.original_interval,
                |point| point.original_accuracy,
            ));
            rows.push(
                self.row("ReaL accuracy", Some(real), judged.real_interval, |point| {
                    point.real_accuracy
                }),
            );
        }
        let mut header = vec!["", "images", "first epoch", "last epoch", "95 % interval"];
        match room.is_some() && self.epochs.len() > 1 {
            true => header.push("by epoch"),
            false => rows.iter_mut().for_each(|row| row.truncate(5)),
        }
        let judged = match (self.folds, &self.judged) {
            (Some(folds), _) => {
                format!("\njudged by {folds} folds, each by the classifier that did not see it")
            }
            (None, Some(_)) => "\njudged by the validation images".to_owned(),
            (None, None) => String::new(),
        };
        format!("{head}{judged}\n\n{}", table(&header, &[1, 2, 3, 4], rows))
    }

    fn row(
        &self,
        name: &str,
        images: Option<usize>,
        interval: Option<Interval>,
        figure: impl Fn(&Point) -> Option<f64>,
    ) -> Vec<String> {
        let is_share = images.is_some();
        let shown = |point: Option<&Point>| match point.and_then(&figure) {
            None => "–".to_owned(),
            Some(share) if is_share => format!("{:.2} %", share * 100.0),
            Some(loss) => format!("{loss:.4}"),
        };
        vec![
            name.to_owned(),
            images.map_or_else(String::new, thousands),
            shown(self.epochs.first()),
            shown(self.epochs.last()),
            interval.map_or_else(String::new, |interval| {
                format!("{:.2}–{:.2}", interval.low * 100.0, interval.high * 100.0)
            }),
            by_epoch(&self.epochs.iter().filter_map(&figure).collect::<Vec<_>>()),
        ]
    }
}

/// Cells of a learning curve on a terminal.
const CELLS: usize = 30;

/// From the least figure to the greatest, at evenly spaced epochs: how a figure changes, not how large it is.
fn by_epoch(figures: &[f64]) -> String {
    let least = figures.iter().copied().fold(f64::INFINITY, f64::min);
    let range = figures.iter().copied().fold(f64::NEG_INFINITY, f64::max) - least;
    let cells = figures.len().min(CELLS);
    let levels: Vec<u64> = (0..cells)
        .filter_map(|cell| figures.get(cell * (figures.len() - 1) / (cells - 1).max(1)))
        .map(|figure| 1 + ((figure - least) / range.max(f64::MIN_POSITIVE) * 799.0) as u64)
        .collect();
    sparkline(&levels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_shows_how_figures_change() {
        assert_eq!(by_epoch(&[4.0, 2.0, 1.0]), "█▃▁");
        assert_eq!(by_epoch(&[]), "");
        let long: Vec<f64> = (0..1000).map(f64::from).collect();
        let shown = by_epoch(&long);
        assert_eq!(shown.chars().count(), CELLS);
        assert!(shown.starts_with('▁') && shown.ends_with('█'), "{shown}");
    }

    #[test]
    fn classifiers_add_up_to_one_curve() {
        let score = |right| Score {
            original_images: 4,
            original_right: right,
            ..Score::default()
        };
        let mut curve = Curve::default();
        curve.add(1, 3.0, score(1));
        curve.add(2, 2.0, score(2));
        curve.add(1, 5.0, score(3));
        curve.add(2, 4.0, score(4));
        let figures: Vec<_> = curve
            .points()
            .iter()
            .map(|p| (p.loss, p.original_accuracy))
            .collect();
        assert_eq!(figures, [(4.0, Some(0.5)), (3.0, Some(0.75))]);
    }
}
