//! Pictures as sixels.

use std::borrow::Cow;
use std::fmt::Write;

use image::RgbImage;
use image::imageops::{FilterType, resize};

use super::indexed::{Indexed, indexed};
use super::{Place, clear, envelope, first_that_fits, shrunk};

/// Colours, by how much a pixel's squared distance from its colour may grow for the sake of a run, and how many pixels a side
/// share one colour: a sixel terminal does not scale.
const SIXELS: &[(u16, u32, u32)] = &[
    (48, 250, 1),
    (40, 300, 1),
    (48, 300, 1),
    (32, 400, 1),
    (24, 800, 1),
    (64, 200, 2),
    (32, 200, 2),
    (32, 400, 3),
    (32, 200, 4),
    (16, 200, 4),
    (8, 200, 6),
];

/// A picture as sixels.
///
/// # Errors
/// The palette cannot be made.
pub fn sixel(image: &RgbImage, place: Place, budget: Option<usize>) -> Result<String, String> {
    let (width, height) = image.dimensions();
    first_that_fits(
        SIXELS,
        budget,
        String::len,
        |(colors, tolerance, coarse)| {
            let image = match coarse {
                1 => Cow::Borrowed(image),
                _ => Cow::Owned(resize(
                    &*shrunk(image, coarse),
                    width,
                    height,
                    FilterType::Nearest,
                )),
            };
            let (start, escape, end) = envelope(place.tmux);
            let mut text = String::from(start);
            clear(&mut text, escape, place.size);
            sixels(&mut text, escape, &image, (colors, tolerance))?;
            text.push_str(end);
            Ok(text)
        },
    )
}

/// Rows of a band.
const BAND: usize = 6;

/// The device control string: the palette, then band by band each colour's columns, with runs counted. Of the image
/// there are so many colours, with so much tolerance.
fn sixels(
    text: &mut String,
    escape: &str,
    image: &RgbImage,
    (colors, tolerance): (u16, u32),
) -> Result<(), String> {
    let Indexed {
        palette,
        mut indices,
    } = indexed(image, colors)?;
    let width = image.width() as usize;
    lengthen_runs(image, &palette, &mut indices, tolerance);
    // Pixels are square, and what is not painted stays as it is.
    let _ = write!(
        text,
        "{escape}P0;1;0q\"1;1;{};{}",
        image.width(),
        image.height()
    );
    for (number, [red, green, blue]) in palette.iter().enumerate() {
        let percent = |value: &u8| (u32::from(*value) * 100 + 127) / 255;
        let _ = write!(
            text,
            "#{number};2;{};{};{}",
            percent(red),
            percent(green),
            percent(blue)
        );
    }
    for band in indices.chunks(BAND * width.max(1)) {
        paint(text, band, width.max(1));
        text.push('-');
    }
    let _ = write!(text, "{escape}\\");
    Ok(())
}

/// A band, colour by colour, the most frequent first. What a later colour will cover anyway may be painted along, which
/// makes longer runs.
fn paint(text: &mut String, band: &[u8], width: usize) {
    let mut pixels = [0_u32; 256];
    for &index in band {
        if let Some(count) = pixels.get_mut(usize::from(index)) {
            *count += 1;
        }
    }
    let mut order: Vec<(u32, u8)> = pixels.into_iter().zip(0..=255).collect();
    order.retain(|(count, _)| *count > 0);
    order.sort_unstable_by_key(|(count, color)| (std::cmp::Reverse(*count), *color));
    // Bits of a column are its rows, from the top.
    let mut painted = vec![0_u8; width];
    let mut columns = vec![(0_u8, 0_u8); width];
    for (at, (_, color)) in order.iter().enumerate() {
        columns.fill((0, 0));
        for (row, line) in band.chunks(width).enumerate() {
            for ((must, may), index) in columns.iter_mut().zip(line) {
                *must |= u8::from(index == color) << row;
                *may |= 1 << row;
            }
        }
        for ((must, may), painted) in columns.iter_mut().zip(&mut painted) {
            *may &= !*painted;
            *painted |= *must;
        }
        // Back to the left edge of the band for the next colour.
        text.push_str(if at == 0 { "" } else { "$" });
        let _ = write!(text, "#{color}");
        runs(text, &columns);
    }
}

/// Lets pixels go on with the colour before or above them where that comes nearly as close: sixels cost a character a change.
fn lengthen_runs(image: &RgbImage, palette: &[[u8; 3]], indices: &mut [u8], tolerance: u32) {
    let width = image.width() as usize;
    let mut above: Vec<u8> = Vec::new();
    let rows = indices.chunks_mut(width.max(1)).zip(image.rows());
    for (row, pixels) in rows {
        let mut before = None;
        for (column, (index, pixel)) in row.iter_mut().zip(pixels).enumerate() {
            let off = |index: u8| {
                let color = palette.get(usize::from(index)).unwrap_or(&[0; 3]);
                let channels = color.iter().zip(pixel.0);
                channels
                    .map(|(a, b)| u32::from(a.abs_diff(b)).pow(2))
                    .sum::<u32>()
            };
            let most = off(*index) + tolerance;
            let neighbours = [before, above.get(column).copied()];
            if let Some(near) = neighbours
                .into_iter()
                .flatten()
                .find(|&near| off(near) <= most)
            {
                *index = near;
            }
            before = Some(*index);
        }
        above.clear();
        above.extend_from_slice(row);
    }
}

/// One character a column, or a count and a character, as long runs as what must be painted and what may be allow; columns
/// at the end that need nothing are left out.
fn runs(text: &mut String, columns: &[(u8, u8)]) {
    let end = columns.iter().rposition(|(must, _)| *must != 0);
    let mut rest = columns
        .get(..end.map_or(0, |end| end + 1))
        .unwrap_or_default();
    while let Some((&(mut must, mut may), _)) = rest.split_first() {
        let mut length = 0;
        for (more, most) in rest {
            if (must | more) & !(may & most) != 0 {
                break;
            }
            (must, may) = (must | more, may & most);
            length += 1;
        }
        rest = rest.get(length..).unwrap_or_default();
        let letter = char::from(must + b'?');
        match length {
            1..=3 => (0..length).for_each(|_| text.push(letter)),
            _ => {
                let _ = write!(text, "!{length}{letter}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_sixels_are_counted_where_that_is_shorter() {
        let mut text = String::new();
        let columns = [1, 1, 1, 2, 2, 2, 2, 0, 63, 0, 0].map(|bits| (bits, bits));
        runs(&mut text, &columns);
        assert_eq!(text, "@@@!4A?~");
    }

    #[test]
    fn a_run_goes_on_over_what_is_covered_later() {
        let mut text = String::new();
        runs(
            &mut text,
            &[(1, 1), (0, 3), (1, 3), (0, 1), (1, 1), (2, 2), (0, 63)],
        );
        assert_eq!(text, "!5@A");
    }
}
