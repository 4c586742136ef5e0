//! Pictures with a palette.

use image::RgbImage;
use quantette::{ImageRef, PaletteSize, Pipeline};

/// Palette and one index a pixel, row by row.
pub struct Indexed {
    pub palette: Vec<[u8; 3]>,
    pub indices: Vec<u8>,
}

/// The picture in so many colours; without dithering, which costs bytes and likeness at these numbers of colours.
///
/// # Errors
/// The palette cannot be made.
pub fn indexed(image: &RgbImage, colors: u16) -> Result<Indexed, String> {
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
    Ok(Indexed {
        palette: palette.collect(),
        indices,
    })
}

/// A PNG file of so many pixels a row, with the colours that occur alone in its palette.
///
/// # Errors
/// The encoder refuses.
pub fn png(palette: &[[u8; 3]], indices: &[u8], width: u32) -> Result<Vec<u8>, String> {
    let mut own: Vec<[u8; 3]> = Vec::new();
    let mut number_of = [None; 256];
    for &index in indices {
        if let Some(number @ None) = number_of.get_mut(usize::from(index)) {
            *number = u8::try_from(own.len()).ok();
            own.push(palette.get(usize::from(index)).copied().unwrap_or_default());
        }
    }
    let own_index = |index: &u8| number_of.get(usize::from(*index)).copied().flatten();
    let numbers = indices.iter().map(|index| own_index(index).unwrap_or(0));
    let width = width.max(1);
    let (depth, data) = if own.len() <= 16 {
        let numbers: Vec<u8> = numbers.collect();
        let packed = numbers.chunks(width as usize).flat_map(|row| {
            row.chunks(2).map(|pair| {
                pair.iter().fold(0, |byte, number| byte << 4 | number) << (8 - 4 * pair.len())
            })
        });
        (png::BitDepth::Four, packed.collect())
    } else {
        (png::BitDepth::Eight, numbers.collect::<Vec<u8>>())
    };
    let rows = indices.len() / width as usize;
    let rows = u32::try_from(rows).map_err(|error| error.to_string())?;
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, rows);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(depth);
    encoder.set_palette(own.concat());
    encoder.set_compression(png::Compression::High);
    encoder.set_filter(png::Filter::NoFilter);
    let mut writer = encoder.write_header().map_err(|error| error.to_string())?;
    writer
        .write_image_data(&data)
        .map_err(|error| error.to_string())?;
    writer.finish().map_err(|error| error.to_string())?;
    Ok(file)
}
