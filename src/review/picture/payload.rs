//! Pictures in few bytes: over a slow line they are what the rater waits for.
//!
//! Each protocol has a ladder of forms from the finest down; without a budget the first is taken, with one the first that fits,
//! else the last.

use std::borrow::Cow;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{FilterType, resize};
use quantette::{ImageRef, PaletteSize, Pipeline};
use ratatui::layout::Size;
use ratatui_image::picker::cap_parser::Parser;

/// How a terminal is told about a picture.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// The cells that it covers.
    pub size: Size,
    /// Whether tmux stands between, which passes pictures on only in an envelope.
    pub tmux: bool,
}

/// Colours, and by how much the picture is made smaller.
const PALETTES: &[(u16, u32)] = &[
    (256, 1),
    (128, 1),
    (64, 1),
    (256, 2),
    (64, 2),
    (64, 3),
    (32, 4),
];
/// Quality, and by how much the picture is made smaller.
const QUALITIES: &[(u8, u32)] = &[
    (80, 1),
    (65, 1),
    (50, 1),
    (35, 1),
    (50, 2),
    (35, 2),
    (35, 4),
];
/// Colours, by how much a pixel's squared distance from its colour may grow for the sake of a run, and how many pixels a side
/// share one colour: a sixel terminal does not scale.
const SIXELS: &[(u16, u32, u32)] = &[
    (128, 120, 1),
    (64, 200, 1),
    (64, 400, 1),
    (32, 400, 1),
    (64, 200, 2),
    (32, 200, 2),
    (32, 200, 4),
    (16, 200, 4),
    (8, 200, 6),
];

/// The first form that is not larger than the budget in bytes; the last where none fits.
fn first_that_fits<T: Copy>(
    ladder: &[T],
    budget: Option<usize>,
    form: impl Fn(T) -> Result<String, String>,
) -> Result<String, String> {
    let mut last = Err("there is no form for the picture".to_owned());
    for &step in ladder {
        let made = form(step)?;
        let fits = budget.is_none_or(|budget| made.len() <= budget);
        last = Ok(made);
        if fits {
            break;
        }
    }
    last
}

/// A picture that kitty shows where its placeholders stand: PNG with a palette.
///
/// # Errors
/// The encoder refuses.
pub fn kitty(
    image: &RgbImage,
    id: u32,
    place: Place,
    budget: Option<usize>,
) -> Result<String, String> {
    first_that_fits(PALETTES, budget, |(colors, smaller)| {
        let png = indexed_png(&shrunk(image, smaller), colors)?;
        Ok(kitty_transmission(&png, id, place))
    })
}

/// Bytes of base64 that one command may carry.
const KITTY_CHUNK: usize = 4096;

fn kitty_transmission(png: &[u8], id: u32, place: Place) -> String {
    let (start, escape, end) = Parser::tmux_start_escape_end(place.tmux);
    let base64 = STANDARD.encode(png);
    let mut text = String::with_capacity(base64.len() + base64.len() / 100 + 100);
    let mut rest = base64.as_str();
    let mut first = true;
    loop {
        let (chunk, later) = rest.split_at(rest.len().min(KITTY_CHUNK));
        rest = later;
        let more = u8::from(!rest.is_empty());
        let keys = match first {
            // Sent and placed: the terminal scales it to the cells.
            true => format!(
                "q=2,i={id},a=T,U=1,f=100,t=d,c={},r={},m={more}",
                place.size.width, place.size.height
            ),
            false => format!("q=2,m={more}"),
        };
        // Writing into a text cannot fail.
        let _ = write!(text, "{start}{escape}_G{keys};{chunk}{escape}\\{end}");
        first = false;
        if more == 0 {
            return text;
        }
    }
}

/// Frees a picture that kitty was sent, with its placements.
pub fn kitty_deletion(id: u32, tmux: bool) -> String {
    let (start, escape, end) = Parser::tmux_start_escape_end(tmux);
    format!("{start}{escape}_Gq=2,a=d,d=I,i={id}{escape}\\{end}")
}

/// A picture for iTerm2, as JPEG or as PNG with a palette, whichever is smaller.
///
/// # Errors
/// The encoder refuses.
pub fn iterm2(image: &RgbImage, place: Place, budget: Option<usize>) -> Result<String, String> {
    first_that_fits(QUALITIES, budget, |(quality, smaller)| {
        let image = shrunk(image, smaller);
        let mut file = Vec::new();
        JpegEncoder::new_with_quality(&mut file, quality)
            .encode_image(image.as_ref())
            .map_err(|error| error.to_string())?;
        let png = indexed_png(&image, 256)?;
        if png.len() < file.len() {
            file = png;
        }
        let (start, escape, end) = Parser::tmux_start_escape_end(place.tmux);
        let mut text = String::from(start);
        clear(&mut text, escape, place.size);
        let _ = write!(
            text,
            "{escape}]1337;File=inline=1;size={};width={};height={};preserveAspectRatio=0;doNotMoveCursor=1:{}\x07{end}",
            file.len(),
            place.size.width,
            place.size.height,
            STANDARD.encode(&file)
        );
        Ok(text)
    })
}

/// A picture as sixels.
///
/// # Errors
/// The palette cannot be made.
pub fn sixel(image: &RgbImage, place: Place, budget: Option<usize>) -> Result<String, String> {
    let (width, height) = image.dimensions();
    first_that_fits(SIXELS, budget, |(colors, tolerance, coarse)| {
        let image = match coarse {
            1 => Cow::Borrowed(image),
            _ => Cow::Owned(resize(
                &*shrunk(image, coarse),
                width,
                height,
                FilterType::Nearest,
            )),
        };
        let (start, escape, end) = Parser::tmux_start_escape_end(place.tmux);
        let mut text = String::from(start);
        clear(&mut text, escape, place.size);
        sixels(&mut text, escape, &image, (colors, tolerance))?;
        text.push_str(end);
        Ok(text)
    })
}

/// Erases the cells behind a picture, from where the cursor is, and brings it back: a picture does not erase what it
/// does not cover.
fn clear(text: &mut String, escape: &str, size: Size) {
    for _ in 0..size.height {
        let _ = write!(text, "{escape}[{}X{escape}[1B", size.width);
    }
    let _ = write!(text, "{escape}[{}A", size.height);
}

fn shrunk(image: &RgbImage, times: u32) -> Cow<'_, RgbImage> {
    match times {
        0 | 1 => Cow::Borrowed(image),
        _ => {
            let (width, height) = (image.width() / times, image.height() / times);
            Cow::Owned(resize(
                image,
                width.max(1),
                height.max(1),
                FilterType::Triangle,
            ))
        }
    }
}

/// Palette and one index a pixel; without dithering, which costs bytes and likeness at these numbers of colours.
fn indexed(image: &RgbImage, colors: u16) -> Result<(Vec<[u8; 3]>, Vec<u8>), String> {
    let size = PaletteSize::try_from(colors).map_err(|error| error.to_string())?;
    let reference = ImageRef::try_from(image).map_err(|error| error.to_string())?;
    let made = Pipeline::new()
        .palette_size(size)
        .ditherer(None)
        .input_image(reference)
        .output_srgb8_indexed_image();
    let (palette, indices) = made.into_parts();
    let palette = palette
        .iter()
        .map(|color| [color.red, color.green, color.blue]);
    Ok((palette.collect(), indices))
}

fn indexed_png(image: &RgbImage, colors: u16) -> Result<Vec<u8>, String> {
    let (palette, indices) = indexed(image, colors)?;
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, image.width(), image.height());
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette.concat());
    encoder.set_compression(png::Compression::High);
    encoder.set_filter(png::Filter::NoFilter);
    let mut writer = encoder.write_header().map_err(|error| error.to_string())?;
    writer
        .write_image_data(&indices)
        .map_err(|error| error.to_string())?;
    writer.finish().map_err(|error| error.to_string())?;
    Ok(file)
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
    let (palette, mut indices) = indexed(image, colors)?;
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
    let mut columns = vec![0_u8; width];
    for band in indices.chunks(BAND * width.max(1)) {
        let mut used = [false; 256];
        for &index in band {
            if let Some(used) = used.get_mut(usize::from(index)) {
                *used = true;
            }
        }
        let mut first = true;
        for (color, _) in used.iter().enumerate().filter(|(_, used)| **used) {
            columns.fill(0);
            for (row, line) in band.chunks(width.max(1)).enumerate() {
                for (column, &index) in columns.iter_mut().zip(line) {
                    *column |= u8::from(usize::from(index) == color) << row;
                }
            }
            // Back to the left edge of the band for the next colour.
            text.push_str(if first { "" } else { "$" });
            first = false;
            let _ = write!(text, "#{color}");
            runs(text, &columns);
        }
        text.push('-');
    }
    let _ = write!(text, "{escape}\\");
    Ok(())
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

/// One character a column, or a count and a character; empty columns at the end are left out.
fn runs(text: &mut String, columns: &[u8]) {
    let end = columns.iter().rposition(|column| *column != 0);
    let painted = columns
        .get(..end.map_or(0, |end| end + 1))
        .unwrap_or_default();
    for run in painted.chunk_by(|one, other| one == other) {
        let letter = char::from(run.first().copied().unwrap_or(0) + b'?');
        match run.len() {
            1..=3 => (0..run.len()).for_each(|_| text.push(letter)),
            length => {
                let _ = write!(text, "!{length}{letter}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_takes_the_first_form_that_fits() {
        let form = |length: usize| Ok("x".repeat(length));
        let made = |budget| first_that_fits(&[100, 50, 10], budget, form).unwrap().len();
        assert_eq!((made(None), made(Some(60)), made(Some(50))), (100, 50, 50));
        assert_eq!(made(Some(5)), 10);
    }

    #[test]
    fn runs_of_sixels_are_counted_where_that_is_shorter() {
        let mut text = String::new();
        runs(&mut text, &[1, 1, 1, 2, 2, 2, 2, 0, 63, 0, 0]);
        assert_eq!(text, "@@@!4A?~");
    }
}
