use maud::{Markup, html};

use super::outside::Outside;
use crate::consensus::interval::Interval;
use crate::text::thousands;

/// A cell: what it says, and the number that it is sorted by.
#[derive(Debug, Clone)]
pub struct Cell {
    text: String,
    number: Option<f64>,
    is_number: bool,
}

impl Cell {
    /// Words.
    pub fn words(text: impl Into<String>) -> Cell {
        Cell {
            text: text.into(),
            number: None,
            is_number: false,
        }
    }

    /// A count.
    pub fn count(count: usize) -> Cell {
        Cell::number(Some(count as f64), thousands(count))
    }

    /// A value with so many decimals; – where there is none.
    pub fn value(value: Option<f64>, decimals: usize) -> Cell {
        let text = value.map_or_else(|| "–".to_owned(), |value| format!("{value:.decimals$}"));
        Cell::number(value, text)
    }

    /// A share in percent.
    pub fn percent(share: Option<f64>) -> Cell {
        let text = share.map_or_else(|| "–".to_owned(), |share| format!("{:.1}", share * 100.0));
        Cell::number(share, text)
    }

    /// From where to where, times a factor, with so many decimals; sorted by the lower end.
    pub fn interval(interval: Option<Interval>, factor: f64, decimals: usize) -> Cell {
        let text = interval.map_or_else(String::new, |interval| {
            let (low, high) = (interval.low * factor, interval.high * factor);
            format!("{low:.decimals$} to {high:.decimals$}")
        });
        Cell::number(interval.map(|interval| interval.low), text)
    }

    fn number(number: Option<f64>, text: String) -> Cell {
        Cell {
            text,
            number,
            is_number: true,
        }
    }
}

/// A table whose columns can be sorted by their headers; what it is of stands in its caption.
pub fn table(caption: &str, header: &[&str], rows: &[Vec<Cell>]) -> Markup {
    let is_number = |column: usize| {
        let first = rows.first().and_then(|row| row.get(column));
        first.is_some_and(|cell| cell.is_number)
    };
    html! {
        div.scroll tabindex="0" role="group" aria-label=(caption) {
            table.sortable {
                caption { (caption) }
                thead { tr {
                    @for (column, name) in header.iter().enumerate() {
                        th scope="col" class=[is_number(column).then_some("n")] { button type="button" { (name) } }
                    }
                } }
                tbody { @for row in rows { tr {
                    @for cell in row {
                        @if cell.is_number {
                            td.n data-v=[cell.number] { (cell.text) }
                        } @else {
                            td { (Outside(&cell.text)) }
                        }
                    }
                } } }
            }
        }
    }
}
