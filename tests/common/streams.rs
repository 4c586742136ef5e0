//! Decoders for what the program writes to a terminal: the pixels that the terminal would show, and how far two pictures are alike.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{GrayImage, Rgb, RgbImage};

use super::kitty::KittyScreen;

/// A picture of kitty's protocol as it stands on the screen.
pub struct KittyPicture {
    /// As it is shown at last, in the pixels of its cells.
    pub image: RgbImage,
    /// As it is shown at first.
    pub first: RgbImage,
    /// Bytes of all that was sent up to the first sight, and after it.
    pub bytes: (usize, usize),
    /// Numbers of what was sent.
    pub sent: Vec<u32>,
    /// Columns and rows.
    pub cells: (u16, u16),
}

/// Reads a stream of kitty's protocol, as `show` writes it; fails where it breaks the protocol's rules.
pub fn kitty(stream: &[u8]) -> KittyPicture {
    let mut screen = KittyScreen::new(300, 120);
    // As a terminal in its normal mode does with line ends.
    let text = std::str::from_utf8(stream).unwrap().replace('\n', "\r\n");
    let mut first = None;
    let commands: Vec<&str> = text.split_inclusive("\x1b\\").collect();
    let mut before = 0;
    for command in commands {
        screen.take(command.as_bytes());
        before += command.len();
        if first.is_none() && !screen.placements.is_empty() {
            first = Some((screen.picture(screen.covered().unwrap()), before));
        }
    }
    assert!(screen.answers.is_empty(), "nobody would read the answers");
    let (first, before) = first.expect("a picture");
    let covered = screen.covered().unwrap();
    KittyPicture {
        image: screen.picture(covered),
        first,
        bytes: (before, text.len() - before),
        cells: (covered.2, covered.3),
        sent: screen.sent,
    }
}

/// The picture of an iTerm2 stream.
pub fn iterm2(stream: &[u8]) -> RgbImage {
    let stream = std::str::from_utf8(stream).unwrap();
    let (_, command) = stream.split_once("\x1b]1337;File=").expect("a file");
    let (command, behind) = command.split_once('\x07').expect("its end");
    assert!(!behind.contains("\x1b]1337"), "one picture");
    let (options, payload) = command.split_once(':').unwrap();
    let options: Vec<&str> = options.split(';').collect();
    assert!(options.contains(&"inline=1"));
    let bytes = STANDARD.decode(payload).unwrap();
    assert!(options.contains(&format!("size={}", bytes.len()).as_str()));
    let image = image::load_from_memory(&bytes).unwrap().into_rgb8();
    // In cells: the terminal scales it.
    for measure in ["width=", "height="] {
        let cells = options
            .iter()
            .find_map(|option| option.strip_prefix(measure));
        assert!(cells.unwrap().parse::<u16>().unwrap() > 0, "{options:?}");
    }
    assert!(options.contains(&"preserveAspectRatio=0"));
    image
}

/// The picture of a sixel stream, and the colours of its palette.
pub fn sixel(stream: &[u8]) -> (RgbImage, usize) {
    let stream = std::str::from_utf8(stream).unwrap();
    let (_, command) = stream.split_once("\x1bP").expect("a picture");
    let (command, behind) = command.split_once("\x1b\\").expect("its end");
    assert!(!behind.contains("\x1bP"), "one picture");
    let (_, body) = command.split_once('q').unwrap();
    let mut reader = SixelReader {
        rest: body.as_bytes(),
    };
    assert_eq!(reader.rest[0], b'"', "the measures come first");
    reader.rest = &reader.rest[1..];
    let measures = reader.numbers();
    let [_, _, width, height] = measures.as_slice() else {
        panic!("{measures:?}")
    };
    let mut image = RgbImage::new(*width, *height);
    let mut palette: std::collections::HashMap<u32, Rgb<u8>> = std::collections::HashMap::new();
    let (mut x, mut top, mut color, mut count) = (0, 0, 0, 1);
    while let Some((&byte, rest)) = reader.rest.split_first() {
        reader.rest = rest;
        match byte {
            b'#' => match reader.numbers().as_slice() {
                [number] => color = *number,
                [number, 2, rgb @ ..] if rgb.len() == 3 => {
                    let level = |at: usize| u8::try_from((rgb[at] * 255 + 50) / 100).unwrap();
                    palette.insert(*number, Rgb([level(0), level(1), level(2)]));
                }
                other => panic!("a colour {other:?}"),
            },
            b'!' => count = reader.numbers()[0],
            b'$' => x = 0,
            b'-' => (x, top) = (0, top + 6),
            63..=126 => {
                for bit in 0..6 {
                    for column in x..x + count {
                        if (byte - 63) >> bit & 1 == 1 && column < *width && top + bit < *height {
                            image.put_pixel(column, top + bit, palette[&color]);
                        }
                    }
                }
                x += count;
                count = 1;
                assert!(x <= *width, "{x} columns");
            }
            b'\n' | b'\r' => {}
            other => panic!("byte {other} in a sixel stream"),
        }
    }
    (image, palette.len())
}

struct SixelReader<'a> {
    rest: &'a [u8],
}

impl SixelReader<'_> {
    fn numbers(&mut self) -> Vec<u32> {
        let end = self
            .rest
            .iter()
            .position(|byte| !byte.is_ascii_digit() && *byte != b';')
            .unwrap_or(self.rest.len());
        let (numbers, rest) = self.rest.split_at(end);
        self.rest = rest;
        std::str::from_utf8(numbers)
            .unwrap()
            .split(';')
            .map(|number| number.parse().unwrap())
            .collect()
    }
}

/// A colour of a half block as it stands in the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlockColor {
    Rgb([u8; 3]),
    Indexed(u8),
}

impl BlockColor {
    /// By xterm's palette.
    pub fn rgb(self) -> [u8; 3] {
        const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
        const FIRST: [[u8; 3]; 16] = [
            [0, 0, 0],
            [205, 0, 0],
            [0, 205, 0],
            [205, 205, 0],
            [0, 0, 238],
            [205, 0, 205],
            [0, 205, 205],
            [229, 229, 229],
            [127, 127, 127],
            [255, 0, 0],
            [0, 255, 0],
            [255, 255, 0],
            [92, 92, 255],
            [255, 0, 255],
            [0, 255, 255],
            [255, 255, 255],
        ];
        match self {
            BlockColor::Rgb(rgb) => rgb,
            BlockColor::Indexed(index @ 0..=15) => FIRST[usize::from(index)],
            BlockColor::Indexed(index @ 16..=231) => {
                let cube = index - 16;
                [cube / 36, cube / 6 % 6, cube % 6].map(|level| LEVELS[usize::from(level)])
            }
            BlockColor::Indexed(index) => [8 + 10 * (index - 232); 3],
        }
    }
}

/// Parts of a cell that a character fills, on a grid of 2 by 6: bit `row * 2 + column`.
fn filled(character: char) -> u16 {
    let spread = |mask: u32, rows: u32, each: u32| {
        (0..rows * each).fold(0, |parts, row| {
            parts | ((mask >> (2 * (row / each)) & 3) as u16) << (2 * row)
        })
    };
    const QUADRANTS: &str = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█";
    if let Some(mask) = QUADRANTS.chars().position(|known| known == character) {
        return spread(mask as u32, 2, 3);
    }
    let number = u32::from(character) - 0x1FB00 + 1;
    let number = number + u32::from(number >= 21);
    spread(number + u32::from(number >= 42), 3, 2)
}

/// The colours of blocks at 2 by 6 parts a cell, row by row; fails at anything that is neither a block, a colour nor a line's
/// end.
pub fn block_parts(stream: &[u8]) -> Vec<Vec<BlockColor>> {
    let stream = std::str::from_utf8(stream).unwrap();
    assert!(
        stream.ends_with('\n'),
        "the cursor is left below the picture"
    );
    let mut parts = Vec::new();
    for line in stream.lines() {
        let mut rows = vec![Vec::new(); 6];
        let (mut ink, mut ground, mut rest) = (None, None, line);
        while let Some(character) = rest.chars().next() {
            rest = &rest[character.len_utf8()..];
            if character != '\x1b' {
                let mask = filled(character);
                for (row, colors) in rows.iter_mut().enumerate() {
                    for column in 0..2 {
                        let is_ink = mask >> (2 * row + column) & 1 == 1;
                        let color = if is_ink { ink } else { ground };
                        colors.push(color.expect("a colour"));
                    }
                }
                continue;
            }
            let (sgr, behind) = rest
                .strip_prefix('[')
                .expect("a colour")
                .split_once('m')
                .expect("a colour");
            rest = behind;
            let numbers: Vec<u8> = sgr
                .split(';')
                .map(|number| number.parse().unwrap())
                .collect();
            let mut numbers = numbers.as_slice();
            while let Some((&first, behind)) = numbers.split_first() {
                let (color, behind) = match (first % 10, behind) {
                    (8, [2, red, green, blue, behind @ ..]) => {
                        (BlockColor::Rgb([*red, *green, *blue]), behind)
                    }
                    (8, [5, index, behind @ ..]) => (BlockColor::Indexed(*index), behind),
                    (0..=7, _) if first >= 90 => (BlockColor::Indexed(first % 10 + 8), behind),
                    (0..=7, _) => (BlockColor::Indexed(first % 10), behind),
                    other => panic!("{other:?} is no colour"),
                };
                match first {
                    0 => (ink, ground) = (None, None),
                    30..=39 | 90..=97 => ink = Some(color),
                    40..=49 | 100..=107 => ground = Some(color),
                    other => panic!("{other} is no colour"),
                }
                numbers = behind;
            }
        }
        assert_eq!(
            (ink, ground),
            (None, None),
            "every line gives its colours back"
        );
        parts.extend(rows);
    }
    parts
}

/// Blocks as a picture at 2 by 6 parts a cell.
pub fn blocks(stream: &[u8]) -> RgbImage {
    let rows = block_parts(stream);
    let width = rows.first().map_or(0, Vec::len);
    assert!(rows.iter().all(|row| row.len() == width));
    RgbImage::from_fn(width as u32, rows.len() as u32, |x, y| {
        Rgb(rows[y as usize][x as usize].rgb())
    })
}

/// Half blocks as a picture, two pixels a cell.
pub fn half(stream: &[u8]) -> RgbImage {
    let parts = blocks(stream);
    RgbImage::from_fn(parts.width() / 2, parts.height() / 3, |x, y| {
        *parts.get_pixel(2 * x, 3 * y)
    })
}

/// Structural similarity of the luma of two pictures of the same size: the mean over windows of 8×8 pixels
/// (Wang, Bovik, Sheikh and Simoncelli 2004, equation 13, with K1 = 0.01 and K2 = 0.03), 1 for the same picture.
pub fn ssim(a: &RgbImage, b: &RgbImage) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions());
    let (a, b) = (luma(a), luma(b));
    let (side, step) = (8, 2);
    let (c1, c2) = ((0.01f64 * 255.0).powi(2), (0.03f64 * 255.0).powi(2));
    let (mut sum, mut windows) = (0.0, 0.0);
    for top in (0..a.height().saturating_sub(side - 1)).step_by(step) {
        for left in (0..a.width().saturating_sub(side - 1)).step_by(step) {
            let n = f64::from(side * side);
            let (mut sa, mut sb, mut saa, mut sbb, mut sab) = (0u32, 0u32, 0u32, 0u32, 0u32);
            for y in top..top + side {
                for x in left..left + side {
                    let (va, vb) = (
                        u32::from(a.get_pixel(x, y).0[0]),
                        u32::from(b.get_pixel(x, y).0[0]),
                    );
                    sa += va;
                    sb += vb;
                    saa += va * va;
                    sbb += vb * vb;
                    sab += va * vb;
                }
            }
            let (ma, mb) = (f64::from(sa) / n, f64::from(sb) / n);
            let variance = |squares: u32, mean: f64| f64::from(squares) / n - mean * mean;
            let (va, vb) = (variance(saa, ma), variance(sbb, mb));
            let covariance = f64::from(sab) / n - ma * mb;
            sum += (2.0 * ma * mb + c1) * (2.0 * covariance + c2)
                / ((ma * ma + mb * mb + c1) * (va + vb + c2));
            windows += 1.0;
        }
    }
    sum / windows
}

fn luma(image: &RgbImage) -> GrayImage {
    image::DynamicImage::ImageRgb8(image.clone()).into_luma8()
}

/// Mean absolute difference of two pictures of the same size, in levels of 255.
pub fn mean_difference(a: &RgbImage, b: &RgbImage) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions());
    let sum: u64 = a
        .as_raw()
        .iter()
        .zip(b.as_raw())
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    sum as f64 / a.as_raw().len() as f64
}

/// A picture of characters as a terminal shows it, whoever wrote it: its cells in pixels, 10 by 20 each.
pub fn characters(stream: &[u8]) -> RgbImage {
    let mut screen = vt100::Parser::new(120.try_into().unwrap(), 300.try_into().unwrap(), 0);
    let mut text = Vec::new();
    for &byte in stream {
        if byte == b'\n' && text.last() != Some(&b'\r') {
            text.push(b'\r');
        }
        text.push(byte);
    }
    screen.process(&text);
    let screen = screen.screen();
    let rgb = |color| match color {
        vt100::Color::Default => [0; 3],
        vt100::Color::Idx(index) => BlockColor::Indexed(index).rgb(),
        vt100::Color::Rgb(red, green, blue) => [red, green, blue],
    };
    let painted = |row, column| {
        let cell = screen.cell(row, column)?;
        let (ink, ground) = match cell.inverse() {
            true => (cell.bgcolor(), cell.fgcolor()),
            false => (cell.fgcolor(), cell.bgcolor()),
        };
        let is_blank = !cell.has_contents() || cell.contents() == " ";
        let nothing = is_blank && ground == vt100::Color::Default;
        (!nothing).then(|| {
            let character = cell.contents().chars().next().unwrap_or(' ');
            (filled(character), rgb(ink), rgb(ground))
        })
    };
    let places = || (0..120u16).flat_map(|row| (0..300u16).map(move |column| (row, column)));
    let used: Vec<(u16, u16)> = places()
        .filter(|(row, column)| painted(*row, *column).is_some())
        .collect();
    let columns = used.iter().map(|(_, column)| column + 1).max().unwrap_or(1);
    let rows = used.iter().map(|(row, _)| row + 1).max().unwrap_or(1);
    RgbImage::from_fn(u32::from(columns) * 10, u32::from(rows) * 20, |x, y| {
        let cell = painted((y / 20) as u16, (x / 10) as u16);
        let (mask, ink, ground) = cell.unwrap_or((0, [0; 3], [0; 3]));
        let bit = (y % 20 * 6 / 20) * 2 + x % 10 / 5;
        Rgb(if mask >> bit & 1 == 1 { ink } else { ground })
    })
}
