//! Plain tables: columns by space, figures to the right.

use comfy_table::{CellAlignment, Table, presets};

pub use crate::text::{count, thousands};

use crate::text::printable;

/// Rows under an optional header; columns named in `right` are set to the right. Outside text is made printable.
pub fn table(header: &[&str], right: &[usize], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if !header.is_empty() {
        table.set_header(header);
    }
    for row in rows {
        table.add_row(row.iter().map(|cell| printable(cell).into_owned()));
    }
    for &column in right {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}
