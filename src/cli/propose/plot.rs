//! Recall against precision, as a picture.

use std::error::Error;

use plotters::prelude::*;

use super::search::Report;

const SIZE: (u32, u32) = (800, 600);

/// Draws the frontier, each model, all of them and the best set, as SVG.
pub fn draw(report: &Report) -> Result<String, Box<dyn Error>> {
    let points = report.points();
    let everything = || {
        points
            .frontier
            .iter()
            .chain(&points.each)
            .chain([&points.all])
    };
    let least = |axis: fn(&(f64, f64)) -> f64| everything().map(axis).fold(1.0, f64::min);
    let most = |axis: fn(&(f64, f64)) -> f64| everything().map(axis).fold(0.0, f64::max);
    let around = |low: f64, high: f64| (low - 0.02).max(0.0)..(high + 0.02).min(1.0);
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area)
            .margin(16)
            .caption(
                "recall and precision of sets of models, on gold",
                ("sans-serif", 20),
            )
            .x_label_area_size(44)
            .y_label_area_size(56)
            .build_cartesian_2d(
                around(
                    least(|point| point.0).min(points.min_recall),
                    most(|point| point.0),
                ),
                around(least(|point| point.1), most(|point| point.1)),
            )?;
        chart
            .configure_mesh()
            .x_desc("recall")
            .y_desc("precision")
            .light_line_style(WHITE)
            .draw()?;
        let bound = [(points.min_recall, 0.0), (points.min_recall, 1.0)];
        chart
            .draw_series(LineSeries::new(bound, BLACK.mix(0.4)))?
            .label(format!("recall {}", points.min_recall))
            .legend(|(x, y)| PathElement::new([(x, y), (x + 16, y)], BLACK.mix(0.4)));
        chart
            .draw_series(LineSeries::new(points.frontier.iter().copied(), &BLUE).point_size(3))?
            .label("no set has more of both")
            .legend(|(x, y)| PathElement::new([(x, y), (x + 16, y)], BLUE));
        let dots = |points: Vec<(f64, f64)>, size: i32, color: RGBColor| {
            let dot = move |point| Circle::new(point, size, color.filled());
            points.into_iter().map(dot)
        };
        for (what, points, size, color) in [
            (
                "a model alone",
                points.each.clone(),
                4,
                RGBColor(130, 130, 130),
            ),
            ("all models", vec![points.all], 6, BLACK),
            ("the best set", vec![points.best], 7, RED),
        ] {
            chart
                .draw_series(dots(points, size, color))?
                .label(what)
                .legend(move |(x, y)| Circle::new((x + 8, y), size, color.filled()));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerLeft)
            .background_style(WHITE.mix(0.8))
            .border_style(BLACK.mix(0.3))
            .draw()?;
        area.present()?;
    }
    Ok(svg)
}
