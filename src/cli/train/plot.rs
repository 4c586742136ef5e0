//! Learning curves and the paper's table, as pictures.

use std::error::Error;
use std::ops::Range;

use plotters::coord::Shift;
use plotters::prelude::*;

use super::curve::Point;
use super::grid::name_of;
use crate::train::grid::{Cell, Figure};

const SIZE: (u32, u32) = (960, 640);
const GRAY: RGBColor = RGBColor(110, 110, 110);

type Drawn = Result<(), Box<dyn Error>>;
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// What it is called, its points, its colour.
type Line<'a> = (&'a str, Vec<(f64, f64)>, RGBColor);

fn svg(draw: impl FnOnce(&Area<'_>) -> Drawn) -> Result<String, Box<dyn Error>> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        draw(&area)?;
        area.present()?;
    }
    Ok(svg)
}

/// A little beyond what is drawn.
fn around(values: impl Iterator<Item = f64> + Clone) -> Range<f64> {
    let low = values.clone().fold(f64::INFINITY, f64::min);
    let high = values.fold(f64::NEG_INFINITY, f64::max);
    let margin = ((high - low) * 0.08).max(1e-3);
    low - margin..high + margin
}

/// Loss above, accuracies below where anything was judged.
pub fn curve(points: &[Point]) -> Result<String, Box<dyn Error>> {
    let line = |of: fn(&Point) -> Option<f64>| -> Vec<(f64, f64)> {
        let values = points
            .iter()
            .filter_map(|point| Some((point.epoch as f64, of(point)?)));
        values.collect()
    };
    let loss = line(|point| Some(point.loss));
    let original = line(|point| point.original_accuracy.map(|share| share * 100.0));
    let real = line(|point| point.real_accuracy.map(|share| share * 100.0));
    svg(|area| match original.is_empty() && real.is_empty() {
        true => panel(area, "loss", &[("loss", loss, BLACK)]),
        false => {
            let (above, below) = area.split_vertically(SIZE.1 / 2);
            panel(&above, "loss", &[("loss", loss, BLACK)])?;
            let lines = [
                ("original accuracy", original, BLUE),
                ("ReaL accuracy", real, RED),
            ];
            panel(&below, "accuracy, %", &lines)
        }
    })
}

fn panel(area: &Area<'_>, what: &str, lines: &[Line<'_>]) -> Drawn {
    let points = || lines.iter().flat_map(|(_, points, _)| points);
    let last = points().map(|point| point.0).fold(1.0, f64::max);
    let mut chart = ChartBuilder::on(area)
        .margin(16)
        .x_label_area_size(40)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..last, around(points().map(|point| point.1)))?;
    chart
        .configure_mesh()
        .x_desc("epoch")
        .y_desc(what)
        .light_line_style(WHITE)
        .draw()?;
    for (name, points, color) in lines.iter().filter(|(_, points, _)| !points.is_empty()) {
        let color = *color;
        // Many would hide the line.
        let size = if points.len() > 50 { 0 } else { 2 };
        let line = LineSeries::new(points.iter().copied(), &color).point_size(size);
        chart
            .draw_series(line)?
            .label(*name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color));
    }
    if lines.len() > 1 {
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerRight)
            .background_style(WHITE.mix(0.8))
            .border_style(BLACK.mix(0.3))
            .draw()?;
    }
    Ok(())
}

/// Original accuracy above, ReaL accuracy below: a mean and its interval over seeds for each way, by the short and by the long
/// schedule.
pub fn grid(cells: &[Cell]) -> Result<String, Box<dyn Error>> {
    svg(|area| {
        let (above, below) = area.split_vertically(SIZE.1 / 2);
        intervals(&above, "original accuracy, %", cells, |cell| {
            cell.original.as_ref()
        })?;
        intervals(&below, "ReaL accuracy, %", cells, |cell| cell.real.as_ref())
    })
}

/// Its place, the low end, the mean and the high end in %, its colour.
type Bar = (f64, [f64; 3], RGBColor);

fn bars(cells: &[Cell], figure: fn(&Cell) -> Option<&Figure>) -> Vec<Bar> {
    let bar = |(place, cell): (usize, &Cell)| {
        let mean = figure(cell)?.mean;
        let alone = (mean.mean, mean.mean);
        let (low, high) = mean.interval.map_or(alone, |ends| (ends.low, ends.high));
        let values = [low, mean.mean, high].map(|share| share * 100.0);
        let color = if cell.arm.clean { RED } else { BLUE };
        Some((place as f64, values, color))
    };
    cells.iter().enumerate().filter_map(bar).collect()
}

fn intervals(
    area: &Area<'_>,
    what: &str,
    cells: &[Cell],
    figure: fn(&Cell) -> Option<&Figure>,
) -> Drawn {
    let bars = bars(cells, figure);
    if bars.is_empty() {
        return Ok(());
    }
    let values = bars.iter().flat_map(|(_, values, _)| *values);
    let mut chart = ChartBuilder::on(area)
        .margin(16)
        .x_label_area_size(48)
        .y_label_area_size(64)
        .build_cartesian_2d(-0.6..cells.len() as f64 - 0.4, around(values))?;
    let name = |place: &f64| {
        let whole = (place - place.round()).abs() < 1e-6 && *place >= 0.0;
        let cell = cells.get(place.round() as usize).filter(|_| whole);
        cell.map_or_else(String::new, |cell| {
            format!("{}, {}", name_of(cell.arm), cell.epochs)
        })
    };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(cells.len() * 2)
        .x_label_formatter(&name)
        .x_label_style(("sans-serif", 10))
        .x_desc("way, epochs")
        .y_desc(what)
        .light_line_style(WHITE)
        .draw()?;
    for (place, [low, mean, high], color) in bars {
        let line =
            |from: (f64, f64), to: (f64, f64)| PathElement::new([from, to], color.stroke_width(2));
        chart.draw_series([
            line((place, low), (place, high)),
            line((place - 0.08, low), (place + 0.08, low)),
            line((place - 0.08, high), (place + 0.08, high)),
        ])?;
        chart.draw_series([Circle::new((place, mean), 4, color.filled())])?;
    }
    let between = cells.len() as f64 / 2.0 - 0.5;
    let all = chart.y_range();
    chart.draw_series([PathElement::new(
        [(between, all.start), (between, all.end)],
        GRAY.mix(0.4),
    )])?;
    Ok(())
}
