//! Decoders for what the program writes to a terminal: the pixels that the terminal would show, and how far two pictures are alike.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{GrayImage, Rgb, RgbImage};

/// A picture of kitty's protocol with the cells that show it.
pub struct KittyPicture {
    pub image: RgbImage,
    pub id: u32,
    /// How many pictures were sent in all.
    pub transmissions: usize,
    /// Columns and rows of placeholders.
    pub cells: (usize, usize),
    /// Lines of text after the last placeholder, and whether the last line is ended.
    pub ends_below: bool,
}

/// The first combining marks that count rows and columns, in their order (the protocol's description, "Unicode placeholders").
const MARKS: [u32; 20] = [
    0x305, 0x30d, 0x30e, 0x310, 0x312, 0x33d, 0x33e, 0x33f, 0x346, 0x34a, 0x34b, 0x34c, 0x350,
    0x351, 0x352, 0x357, 0x35b, 0x363, 0x364, 0x365,
];

fn mark(character: char) -> Option<usize> {
    MARKS
        .iter()
        .position(|known| *known == u32::from(character))
}

/// Text and graphics commands (`ESC _ G … ESC \`) apart.
fn without_graphics(stream: &str) -> (String, Vec<&str>) {
    let (mut text, mut commands, mut rest) = (String::new(), Vec::new(), stream);
    while let Some((before, after)) = rest.split_once("\x1b_G") {
        text.push_str(before);
        let (command, behind) = after.split_once("\x1b\\").expect("a graphics command ends");
        commands.push(command);
        rest = behind;
    }
    text.push_str(rest);
    (text, commands)
}

/// Reads a stream of kitty's protocol; fails where it breaks the protocol's rules.
pub fn kitty(stream: &[u8]) -> KittyPicture {
    let stream = std::str::from_utf8(stream).unwrap();
    let (text, commands) = without_graphics(stream);
    let (mut keys, mut payload, mut transmissions, mut more) =
        (String::new(), String::new(), 0, false);
    for command in commands {
        let (options, chunk) = command.split_once(';').unwrap_or((command, ""));
        assert!(chunk.len() <= 4096, "a chunk of {} bytes", chunk.len());
        if !more {
            transmissions += 1;
            keys = options.to_owned();
            payload.clear();
        }
        payload.push_str(chunk);
        more = options.split(',').any(|option| option == "m=1");
    }
    assert!(!more, "the last chunk says that it is the last");
    let key = |name: &str| {
        keys.split(',')
            .find_map(|option| option.strip_prefix(name)?.strip_prefix('='))
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(
        (key("a"), key("U")),
        ("T".to_owned(), "1".to_owned()),
        "sent and placed by placeholders"
    );
    assert_eq!(key("q"), "2", "no answers that would be taken for keys");
    assert_eq!(key("o"), "", "not compressed");
    let bytes = STANDARD.decode(payload).unwrap();
    let number = |name: &str| key(name).parse::<u32>().unwrap();
    let image = match key("f").as_str() {
        "100" => image::load_from_memory(&bytes).unwrap().into_rgb8(),
        "24" => RgbImage::from_raw(number("s"), number("v"), bytes).unwrap(),
        _ => {
            let rgba = image::RgbaImage::from_raw(number("s"), number("v"), bytes).unwrap();
            assert!(rgba.pixels().all(|pixel| pixel.0[3] == 255));
            image::DynamicImage::ImageRgba8(rgba).into_rgb8()
        }
    };
    let id = number("i");
    let cells = placeholders(&text, id);
    assert_eq!(
        (number("c") as usize, number("r") as usize),
        cells,
        "scaled by the terminal to its cells"
    );
    let ends_below = text.ends_with('\n') && text.matches('\n').count() == cells.1;
    KittyPicture {
        image,
        id,
        transmissions,
        cells,
        ends_below,
    }
}

/// Columns and rows of the placeholders in a text; each must stand where it says, in the colour that names the picture.
fn placeholders(text: &str, id: u32) -> (usize, usize) {
    let mut columns = None;
    let mut extra = None;
    let lines: Vec<&str> = text.lines().collect();
    for (row, line) in lines.iter().enumerate() {
        let (mut column, mut color, mut rest) = (0, None, *line);
        while let Some(character) = rest.chars().next() {
            rest = &rest[character.len_utf8()..];
            if character == '\x1b' {
                let (sgr, behind) = rest.strip_prefix('[').unwrap().split_once('m').unwrap();
                if let Some(rgb) = sgr.strip_prefix("38;2;") {
                    color = Some(
                        rgb.split(';')
                            .fold(0, |sum, part| sum << 8 | part.parse::<u32>().unwrap()),
                    );
                }
                rest = behind;
                continue;
            }
            assert_eq!(
                character, '\u{10eeee}',
                "only placeholders stand in the cells"
            );
            assert_eq!(color, Some(id & 0xff_ffff), "the colour names the picture");
            let marks: Vec<char> = rest
                .chars()
                .take_while(|c| !matches!(c, '\u{10eeee}' | '\x1b'))
                .collect();
            rest = &rest[marks.iter().map(|c| c.len_utf8()).sum::<usize>()..];
            match marks.as_slice() {
                // One without marks goes on where the one on its left stands.
                [] => assert!(column > 0),
                [of_row, of_column, of_id] => {
                    assert_eq!((mark(*of_row), mark(*of_column)), (Some(row), Some(column)));
                    if let Some(byte) = mark(*of_id) {
                        assert_eq!(
                            byte,
                            (id >> 24) as usize,
                            "the third mark is the id's highest byte"
                        );
                    }
                    assert_eq!(*extra.get_or_insert(*of_id), *of_id);
                }
                other => panic!("{} marks", other.len()),
            }
            column += 1;
        }
        assert_eq!(*columns.get_or_insert(column), column, "row {row}");
    }
    (columns.unwrap_or(0), lines.len())
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

/// The colours of half blocks, two rows of pixels a line; fails at anything that is neither a half block, a colour nor a line's end.
pub fn half_blocks(stream: &[u8]) -> Vec<Vec<BlockColor>> {
    let stream = std::str::from_utf8(stream).unwrap();
    assert!(
        stream.ends_with('\n'),
        "the cursor is left below the picture"
    );
    let mut pixels = Vec::new();
    for line in stream.lines() {
        let (mut upper, mut lower) = (Vec::new(), Vec::new());
        let (mut ink, mut ground, mut rest) = (None, None, line);
        while let Some(character) = rest.chars().next() {
            rest = &rest[character.len_utf8()..];
            if character == '▀' {
                upper.push(ink.expect("an upper colour"));
                lower.push(ground.expect("a lower colour"));
                continue;
            }
            assert_eq!(character, '\x1b', "in {line:?}");
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
            match numbers.as_slice() {
                [0] => (ink, ground) = (None, None),
                [38, 2, rgb @ ..] => ink = Some(BlockColor::Rgb(rgb.try_into().unwrap())),
                [48, 2, rgb @ ..] => ground = Some(BlockColor::Rgb(rgb.try_into().unwrap())),
                [38, 5, index] => ink = Some(BlockColor::Indexed(*index)),
                [48, 5, index] => ground = Some(BlockColor::Indexed(*index)),
                other => panic!("{other:?} is no colour"),
            }
        }
        assert_eq!(
            (ink, ground),
            (None, None),
            "every line gives its colours back"
        );
        pixels.extend([upper, lower]);
    }
    pixels
}

/// Half blocks as a picture.
pub fn half(stream: &[u8]) -> RgbImage {
    let rows = half_blocks(stream);
    let width = rows.first().map_or(0, Vec::len);
    assert!(rows.iter().all(|row| row.len() == width));
    RgbImage::from_fn(width as u32, rows.len() as u32, |x, y| {
        Rgb(rows[y as usize][x as usize].rgb())
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
