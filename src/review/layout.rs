//! Where everything stands on the screen.

use ratatui::layout::{Constraint, Layout, Margin, Rect};

/// Smaller terminals show a word about it and nothing else.
pub const SMALLEST: (u16, u16) = (60, 15);

/// From this width on the picture stands beside the labels.
const WIDE: u16 = 80;

/// The smallest box of a picture.
const LEAST_PICTURE: (u16, u16) = (20, 8);

/// No screen is drawn larger, whatever a terminal claims of its size: memory and time go with its cells.
pub const LARGEST: (u16, u16) = (1000, 500);

/// Rows that headings, labels and gloss want where the picture stands above them.
const LABEL_ROWS: u16 = 14;

/// Where everything stands on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Areas {
    /// Program, image name, progress.
    pub header: Rect,
    /// The picture's frame.
    pub frame: Rect,
    /// Headings and labels.
    pub labels: Rect,
    /// Keys, messages, the line to type in.
    pub footer: Rect,
    /// Everything between header and footer.
    pub body: Rect,
}

impl Areas {
    /// The picture's box in columns and rows, inside its frame.
    pub fn picture(&self) -> Rect {
        self.frame.inner(Margin::new(1, 1))
    }
}

/// A terminal's size, or as much of it as is drawn.
pub fn bounded((columns, rows): (u16, u16)) -> (u16, u16) {
    (columns.min(LARGEST.0), rows.min(LARGEST.1))
}

/// The areas of a screen of this size; none when it is too small.
pub fn areas((columns, rows): (u16, u16)) -> Option<Areas> {
    if columns < SMALLEST.0 || rows < SMALLEST.1 {
        return None;
    }
    let lines = Layout::vertical([
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(1),
    ]);
    let [header, body, footer] = lines.areas(Rect::new(0, 0, columns, rows));
    let above = body.height.saturating_sub(LABEL_ROWS);
    let beside = match columns {
        WIDE.. => Some(columns * 5 / 8),
        // Too narrow and too low: a small picture, for the labels have to be read.
        _ if above < LEAST_PICTURE.1 + 2 => Some((columns * 3 / 8).max(LEAST_PICTURE.0 + 2)),
        _ => None,
    };
    let parts = match beside {
        Some(width) => Layout::horizontal([Constraint::Length(width), Constraint::Fill(1)]),
        None => Layout::vertical([Constraint::Length(above), Constraint::Fill(1)]),
    };
    let [frame, labels] = parts.areas(body);
    Some(Areas {
        header,
        frame,
        labels,
        footer,
        body,
    })
}

/// The boxes of up to four pictures beside and below each other in an area.
pub fn tiles(area: Rect, count: usize) -> Vec<Rect> {
    let (across, down) = match count {
        0 => return Vec::new(),
        1 => (1, 1),
        2 => (2, 1),
        _ => (2, 2),
    };
    let (width, height) = (area.width / across, area.height / down);
    (0..down)
        .flat_map(|row| (0..across).map(move |column| (row, column)))
        .map(|(row, column)| {
            Rect::new(
                area.x + column * width,
                area.y + row * height,
                width,
                height,
            )
        })
        .take(count)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_plain_terminal_shows_the_picture_in_48_by_20_cells() {
        let picture = areas((80, 24)).unwrap().picture();
        assert_eq!((picture.width, picture.height), (48, 20));
    }

    #[test]
    fn narrow_terminals_have_the_picture_above_then_a_small_one_beside() {
        let tall = areas((70, 40)).unwrap();
        assert!(tall.frame.bottom() <= tall.labels.y);
        let smallest = areas((60, 15)).unwrap();
        assert!(smallest.frame.right() <= smallest.labels.x);
        let picture = smallest.picture();
        assert_eq!((picture.width, picture.height), (20, 11));
        assert_eq!(smallest.labels.width, 38);
        assert_eq!(areas((59, 15)), None);
        assert_eq!(areas((60, 14)), None);
    }

    proptest! {
        #[test]
        fn areas_stay_on_the_screen_and_apart(columns in 0u16..400, rows in 0u16..200) {
            if let Some(areas) = areas((columns, rows)) {
                let screen = Rect::new(0, 0, columns, rows);
                for area in [areas.header, areas.labels, areas.footer, areas.body] {
                    prop_assert_eq!(screen.intersection(area), area);
                    prop_assert!(area.width > 0 && area.height > 0);
                }
                let picture = areas.picture();
                prop_assert!(areas.frame.intersection(areas.labels).is_empty());
                prop_assert!(picture.width >= LEAST_PICTURE.0 && picture.height >= LEAST_PICTURE.1);
            }
        }
    }
}
