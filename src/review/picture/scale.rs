pub use fast_image_resize::FilterType;
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::RgbImage;

use super::Viewport;

/// A part of an image in its pixels: left, top, width, height.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

impl Part {
    /// The part of an image that a viewport shows; never empty, never beyond the image.
    pub fn of((width, height): (u32, u32), viewport: Viewport) -> Part {
        let share = 1.0 / f64::from(1u32 << viewport.zoom.min(16));
        let along = |length: u32, centre: u16| {
            let length = f64::from(length);
            let shown = (length * share).max(1.0).min(length);
            let start = length * f64::from(centre) / 1000.0 - shown / 2.0;
            (start.clamp(0.0, length - shown), shown)
        };
        let (left, width) = along(width, viewport.x);
        let (top, height) = along(height, viewport.y);
        Part {
            left,
            top,
            width,
            height,
        }
    }

    /// So many pixels, or those of the part where it has fewer; at least one.
    pub fn at_most(&self, (width, height): (u32, u32)) -> (u32, u32) {
        // Saturates, like all conversions of what is beyond a number.
        let own = |pixels: f64| (pixels.round() as u32).max(1);
        (width.min(own(self.width)), height.min(own(self.height)))
    }

    /// The same, but the same number of pixels in each of so many rows of cells, where there are enough for one per row; never
    /// fewer.
    pub fn in_whole_rows(&self, pixels: (u32, u32), rows: u32) -> (u32, u32) {
        let (width, height) = self.at_most(pixels);
        if height < rows {
            (width, height)
        } else {
            (width, height.next_multiple_of(rows.max(1)))
        }
    }

    /// The cells that the part covers when it fills a box of cells as far as its shape allows; at least one.
    pub fn cells(
        &self,
        (columns, rows): (u16, u16),
        (cell_width, cell_height): (u16, u16),
    ) -> (u16, u16) {
        let (cell_width, cell_height) =
            (f64::from(cell_width.max(1)), f64::from(cell_height.max(1)));
        let across = f64::from(columns) * cell_width / self.width;
        let down = f64::from(rows) * cell_height / self.height;
        let scale = across.min(down);
        let count = |pixels: f64, cell: f64, most: u16| {
            // Saturates: what is beyond the box is cut to it.
            ((pixels * scale / cell).round() as u16).clamp(1, most.max(1))
        };
        (
            count(self.width, cell_width, columns),
            count(self.height, cell_height, rows),
        )
    }
}

/// The part of an image scaled to so many pixels.
///
/// # Errors
/// The resizer refuses, in its words.
pub fn scale(
    image: &RgbImage,
    part: Part,
    (width, height): (u32, u32),
    filter: FilterType,
) -> Result<RgbImage, String> {
    let source = ImageRef::new(
        image.width(),
        image.height(),
        image.as_raw(),
        PixelType::U8x3,
    )
    .map_err(|error| error.to_string())?;
    let mut scaled = Image::new(width.max(1), height.max(1), PixelType::U8x3);
    let options = ResizeOptions::new()
        .crop(part.left, part.top, part.width, part.height)
        .resize_alg(ResizeAlg::Convolution(filter));
    Resizer::new()
        .resize(&source, &mut scaled, &options)
        .map_err(|error| error.to_string())?;
    RgbImage::from_raw(width.max(1), height.max(1), scaled.into_vec())
        .ok_or_else(|| "the scaled picture has the wrong size".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_picture_fills_its_box_as_far_as_its_shape_allows() {
        let cells = |size, zoom| {
            let viewport = Viewport {
                zoom,
                ..Viewport::WHOLE
            };
            Part::of(size, viewport).cells((48, 20), (10, 20))
        };
        assert_eq!(cells((480, 400), 0), (48, 20));
        assert_eq!(cells((500, 375), 0), (48, 18));
        assert_eq!(cells((100, 400), 0), (10, 20));
        assert_eq!(cells((20000, 1), 0), (48, 1));
        assert_eq!(cells((1, 1), 3), (40, 20));
    }

    proptest! {
        #[test]
        fn parts_stay_inside_and_boxes_are_never_left(
            size in (1u32..30000, 1u32..30000), zoom in 0u8..6, x in 0u16..=1000, y in 0u16..=1000,
            room in (1u16..400, 1u16..200), cell in (1u16..40, 1u16..80),
        ) {
            let part = Part::of(size, Viewport { zoom, x, y });
            prop_assert!(part.left >= 0.0 && part.left + part.width <= f64::from(size.0) + 1e-6);
            prop_assert!(part.top >= 0.0 && part.top + part.height <= f64::from(size.1) + 1e-6);
            prop_assert!(part.width > 0.0 && part.height > 0.0);
            let (columns, rows) = part.cells(room, cell);
            prop_assert!((1..=room.0).contains(&columns) && (1..=room.1).contains(&rows));
            let most = (u32::from(columns) * u32::from(cell.0), u32::from(rows) * u32::from(cell.1));
            let (_, height) = part.at_most(most);
            let whole = part.in_whole_rows(most, u32::from(rows)).1;
            prop_assert!(whole >= height && whole <= most.1);
        }
    }
}
