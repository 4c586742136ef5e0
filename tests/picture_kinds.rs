//! Kinds of picture files: each is shown with its colours the right way up, or refused as what it is; damage is said.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;
#[path = "common/played.rs"]
mod played;

use std::io::Cursor;
use std::sync::Arc;

use common::Project;
use common::streams;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, ExtendedColorType, ImageEncoder, ImageFormat, Rgb, RgbImage};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use played::{Sitting, computers};
use relabel::review::event::Event;
use relabel::review::picture::{
    ColorDepth, PictureMode, TerminalPictures, Viewport, decode, encode,
};
use relabel::review::view::view;

const RED: Rgb<u8> = Rgb([220, 20, 20]);
const GREEN: Rgb<u8> = Rgb([20, 180, 20]);
const BLUE: Rgb<u8> = Rgb([20, 20, 220]);
const YELLOW: Rgb<u8> = Rgb([230, 230, 20]);

/// Red, green, blue and yellow quarters, from the top left.
fn quarters() -> RgbImage {
    RgbImage::from_fn(60, 44, |x, y| match (x < 30, y < 22) {
        (true, true) => RED,
        (false, true) => GREEN,
        (true, false) => BLUE,
        (false, false) => YELLOW,
    })
}

/// The picture that `show` sends of a file.
fn shown(project: &Project, name: &str, bytes: &[u8]) -> RgbImage {
    project.write(name, bytes);
    let mut command = project.command(&["show", name, "--pictures", "kitty", "--cells", "48x20"]);
    let output = command.env_remove("TMUX").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{name}: {said}");
    streams::kitty(&output.stdout).image
}

/// The colour in the middle of each quarter.
fn middles(image: &RgbImage) -> [Rgb<u8>; 4] {
    let (width, height) = image.dimensions();
    [(1, 1), (3, 1), (1, 3), (3, 3)].map(|(x, y)| *image.get_pixel(width * x / 4, height * y / 4))
}

fn assert_quarters(image: &RgbImage, colors: [Rgb<u8>; 4], name: &str) {
    for (found, right) in middles(image).into_iter().zip(colors) {
        let off = found
            .0
            .iter()
            .zip(right.0)
            .map(|(a, b)| a.abs_diff(b))
            .max();
        assert!(off.unwrap() < 12, "{name}: {found:?} and not {right:?}");
    }
}

fn jpeg(image: &RgbImage, sampling: SamplingFactor, own_scans: bool, progressive: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 95);
    encoder.set_sampling_factor(sampling);
    // Tables made for the picture: the encoder then writes a scan per component.
    encoder.set_optimized_huffman_tables(own_scans);
    encoder.set_progressive(progressive);
    let (width, height) = (image.width() as u16, image.height() as u16);
    encoder
        .encode(image.as_raw(), width, height, ColorType::Rgb)
        .unwrap();
    bytes
}

#[test]
fn a_jpeg_has_its_colours_however_its_scans_and_samples_lie() {
    use SamplingFactor::{F_1_1, F_1_2, F_1_4, F_2_1, F_2_2, F_2_4, F_4_1, F_4_2};
    let project = Project::empty();
    for sampling in [F_1_1, F_2_1, F_1_2, F_2_2, F_4_1, F_1_4, F_4_2, F_2_4] {
        for (own_scans, progressive) in [(true, false), (false, false), (false, true)] {
            let bytes = jpeg(&quarters(), sampling, own_scans, progressive);
            let scans = bytes.windows(2).filter(|pair| *pair == b"\xff\xda").count();
            assert!(!own_scans || scans == 3, "{scans} scans");
            let name = format!("{sampling:?}-{own_scans}-{progressive}.jpg");
            let image = shown(&project, &name, &bytes);
            assert_quarters(&image, [RED, GREEN, BLUE, YELLOW], &name);
        }
    }
}

/// EXIF data that name an orientation.
fn exif(orientation: u8) -> Vec<u8> {
    let mut exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
    exif[19] = orientation;
    exif
}

#[test]
fn every_container_of_exif_data_turns_the_picture() {
    let project = Project::empty();
    let image = quarters();
    let upright = [
        [RED, GREEN, BLUE, YELLOW],
        [GREEN, RED, YELLOW, BLUE],
        [YELLOW, BLUE, GREEN, RED],
        [BLUE, YELLOW, RED, GREEN],
        [RED, BLUE, GREEN, YELLOW],
        [BLUE, RED, YELLOW, GREEN],
        [YELLOW, GREEN, BLUE, RED],
        [GREEN, YELLOW, RED, BLUE],
    ];
    for (number, colors) in (1..).zip(upright) {
        for before in [&b""[..], b"Exif\0\0"] {
            let exif = [before, &exif(number)].concat();
            let mut webp = Vec::new();
            let mut encoder = WebPEncoder::new_lossless(&mut webp);
            encoder.set_exif_metadata(exif.clone()).unwrap();
            encoder
                .write_image(image.as_raw(), 60, 44, ExtendedColorType::Rgb8)
                .unwrap();
            let mut png = Vec::new();
            let mut encoder = PngEncoder::new(&mut png);
            encoder.set_exif_metadata(exif).unwrap();
            encoder
                .write_image(image.as_raw(), 60, 44, ExtendedColorType::Rgb8)
                .unwrap();
            let kind = format!("{number}{}", before.len());
            for (name, bytes) in [(format!("{kind}.webp"), webp), (format!("{kind}.png"), png)] {
                assert_quarters(&shown(&project, &name, &bytes), colors, &name);
            }
        }
        let mut entries = rgb_entries();
        entries.push((274, vec![u64::from(number)]));
        let bytes = tiff(false, entries, image.as_raw());
        let name = format!("{number}.tif");
        assert_quarters(&shown(&project, &name, &bytes), colors, &name);
    }
}

/// A TIFF of one strip; all its numbers are of 16 bits, or of 32 where they are larger.
fn tiff(big: bool, mut entries: Vec<(u16, Vec<u64>)>, data: &[u8]) -> Vec<u8> {
    entries.push((273, vec![if big { 16 } else { 8 }]));
    entries.push((279, vec![data.len() as u64]));
    directory(big, entries, data)
}

/// A TIFF of these data, whose first byte is the 8th, or the 16th of a BigTIFF.
fn directory(big: bool, mut entries: Vec<(u16, Vec<u64>)>, data: &[u8]) -> Vec<u8> {
    entries.sort();
    let room = if big { 8 } else { 4 };
    let mut file = match big {
        true => b"II+\0\x08\0\0\0".to_vec(),
        false => b"II*\0".to_vec(),
    };
    let start = file.len() + room + data.len();
    file.extend(&(start as u64).to_le_bytes()[..room]);
    file.extend(data);
    let (head, step) = if big { (8, 20) } else { (2, 12) };
    let behind = start + head + entries.len() * step + room;
    let mut lists: Vec<u8> = Vec::new();
    file.extend(&(entries.len() as u64).to_le_bytes()[..head]);
    for (tag, values) in entries {
        let wide = values.iter().any(|value| *value > 0xffff);
        let (kind, each) = if wide { (4u16, 4) } else { (3, 2) };
        let list: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes()[..each].to_vec())
            .collect();
        file.extend(tag.to_le_bytes());
        file.extend(kind.to_le_bytes());
        file.extend(&(values.len() as u64).to_le_bytes()[..room]);
        if list.len() <= room {
            file.extend(&list);
            file.extend(vec![0; room - list.len()]);
        } else {
            file.extend(&((behind + lists.len()) as u64).to_le_bytes()[..room]);
            lists.extend(list);
        }
    }
    file.extend(vec![0; room]);
    file.extend(lists);
    file
}

fn rgb_entries() -> Vec<(u16, Vec<u64>)> {
    vec![
        (256, vec![60]),
        (257, vec![44]),
        (258, vec![8, 8, 8]),
        (262, vec![2]),
        (277, vec![3]),
    ]
}

fn grey_entries(bits: u64, format: u64) -> Vec<(u16, Vec<u64>)> {
    vec![
        (256, vec![60]),
        (257, vec![44]),
        (258, vec![bits]),
        (262, vec![1]),
        (339, vec![format]),
    ]
}

#[test]
fn usual_kinds_of_tiff_are_shown() {
    let project = Project::empty();
    let image = quarters();
    let right = [RED, GREEN, BLUE, YELLOW];
    let plane = |at: usize| image.pixels().map(move |pixel| pixel.0[at]);
    let planes: Vec<u8> = (0..3).flat_map(plane).collect();
    let number = |pixel: &Rgb<u8>| right.iter().position(|color| color == pixel).unwrap() as u8;
    let map = |at: usize, count: usize| {
        let known = right.iter().map(move |color| u64::from(color.0[at]) * 257);
        known.chain(std::iter::repeat(0)).take(count)
    };
    let palette = |bits: u32| {
        let count = 1usize << bits;
        (0..3).flat_map(|at| map(at, count)).collect::<Vec<_>>()
    };
    let numbers: Vec<u8> = image.pixels().map(number).collect();
    let with = |mut entries: Vec<(u16, Vec<u64>)>, changes: &[(u16, Vec<u64>)]| {
        for (tag, values) in changes {
            entries.retain(|(known, _)| known != tag);
            entries.push((*tag, values.clone()));
        }
        entries
    };
    let of_palette = |bits: u32| {
        with(
            grey_entries(u64::from(bits), 1),
            &[(262, vec![3]), (320, palette(bits))],
        )
    };
    let four_bits: Vec<u8> = numbers.chunks(2).map(|two| two[0] << 4 | two[1]).collect();
    let inks: Vec<u8> = image
        .pixels()
        .flat_map(|pixel| {
            let [red, green, blue] = pixel.0.map(|light| 255 - light);
            [red, green, blue, 0]
        })
        .collect();
    let dimmed: Vec<u8> = image
        .pixels()
        .flat_map(|pixel| [pixel.0[0], pixel.0[1], pixel.0[2], 255])
        .collect();
    let offsets = |each: u64| (0..3).map(|at| 8 + at * each).collect::<Vec<_>>();
    // Tiles of 32×32 pixels, the last ones of each row and column cut by the picture.
    let tiled: Vec<u8> = (0..3)
        .flat_map(|at| (0..4).map(move |tile| (at, tile)))
        .flat_map(|(at, tile)| (0..1024).map(move |pixel| (at, tile, pixel)))
        .map(|(at, tile, pixel)| {
            let (x, y) = (tile % 2 * 32 + pixel % 32, tile / 2 * 32 + pixel / 32);
            image.get_pixel_checked(x, y).map_or(0, |pixel| pixel.0[at])
        })
        .collect();
    let files = [
        ("rgb", tiff(false, rgb_entries(), image.as_raw())),
        ("big", tiff(true, rgb_entries(), image.as_raw())),
        ("palette8", tiff(false, of_palette(8), &numbers)),
        ("palette4", tiff(false, of_palette(4), &four_bits)),
        ("palette-big", tiff(true, of_palette(8), &numbers)),
        (
            "cmyk",
            tiff(
                false,
                with(
                    rgb_entries(),
                    &[(258, vec![8; 4]), (262, vec![5]), (277, vec![4])],
                ),
                &inks,
            ),
        ),
        (
            "alpha",
            tiff(
                false,
                with(
                    rgb_entries(),
                    &[(258, vec![8; 4]), (277, vec![4]), (338, vec![1])],
                ),
                &dimmed,
            ),
        ),
        (
            "planar",
            directory(
                false,
                with(
                    rgb_entries(),
                    &[(284, vec![2]), (273, offsets(2640)), (279, vec![2640; 3])],
                ),
                &planes,
            ),
        ),
        (
            "planar-tiled",
            directory(
                false,
                with(
                    rgb_entries(),
                    &[
                        (284, vec![2]),
                        (322, vec![32]),
                        (323, vec![32]),
                        (324, (0..12).map(|tile| 8 + tile * 1024).collect()),
                        (325, vec![1024; 12]),
                    ],
                ),
                &tiled,
            ),
        ),
    ];
    for (name, bytes) in files {
        let image = shown(&project, &format!("{name}.tif"), &bytes);
        assert_quarters(&image, right, name);
    }
}

/// Dark on the left, light on the right.
fn ramp() -> impl Iterator<Item = u16> {
    (0..44 * 60).map(|at| at % 60)
}

fn brightness(image: &RgbImage) -> (u8, u8) {
    let middle = image.height() / 2;
    let at = |x: u32| image.get_pixel(x, middle).0[1];
    (at(0), at(image.width() - 1))
}

#[test]
fn numbers_of_every_range_go_from_black_to_white() {
    let project = Project::empty();
    let png = |most: u16| {
        let values: Vec<u16> = ramp()
            .map(|x| (u32::from(x) * u32::from(most) / 59) as u16)
            .collect();
        let image = image::ImageBuffer::<image::Luma<u16>, _>::from_raw(60, 44, values).unwrap();
        let mut bytes = Cursor::new(Vec::new());
        let image = DynamicImage::from(image);
        image.write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    };
    let bytes = |one: &dyn Fn(u16) -> Vec<u8>| ramp().flat_map(one).collect::<Vec<u8>>();
    let values: Vec<u16> = ramp().map(|x| (u32::from(x) * 4095 / 59) as u16).collect();
    let packed: Vec<u8> = values
        .chunks(2)
        .flat_map(|two| {
            [
                (two[0] >> 4) as u8,
                ((two[0] & 15) << 4 | two[1] >> 8) as u8,
                two[1] as u8,
            ]
        })
        .collect();
    let float =
        |from: f32, step: f32| bytes(&|x| (from + f32::from(x) * step).to_le_bytes().to_vec());
    let half = bytes(&|x| {
        half::f16::from_f32(f32::from(x) / 59.0)
            .to_le_bytes()
            .to_vec()
    });
    let files = [
        ("10.png", png(1023)),
        ("12.png", png(4095)),
        ("14.png", png(16383)),
        ("16.png", png(65535)),
        (
            "12.tif",
            tiff(
                false,
                grey_entries(16, 1),
                &bytes(&|x| (x * 69).to_le_bytes().to_vec()),
            ),
        ),
        ("packed.tif", tiff(false, grey_entries(12, 1), &packed)),
        (
            "float.tif",
            tiff(false, grey_entries(32, 3), &float(0.0, 1.0 / 59.0)),
        ),
        (
            "float-own.tif",
            tiff(true, grey_entries(32, 3), &float(-700.0, 33.0)),
        ),
        ("half.tif", tiff(false, grey_entries(16, 3), &half)),
        (
            "signed.tif",
            tiff(
                false,
                grey_entries(16, 2),
                &bytes(&|x| (i16::try_from(x).unwrap() * 9 - 300).to_le_bytes().to_vec()),
            ),
        ),
        (
            "long.tif",
            tiff(
                false,
                grey_entries(32, 1),
                &bytes(&|x| (u32::from(x) * 100_000).to_le_bytes().to_vec()),
            ),
        ),
    ];
    for (name, bytes) in files {
        let (dark, light) = brightness(&shown(&project, name, &bytes));
        assert!(dark < 12 && light > 243, "{name}: {dark} to {light}");
    }
    // Eight bits are never stretched.
    let (dark, light) = brightness(&shown(
        &project,
        "8.tif",
        &tiff(
            false,
            grey_entries(8, 1),
            &ramp().map(|x| x as u8).collect::<Vec<_>>(),
        ),
    ));
    assert!(dark < 12 && light < 70, "{dark} to {light}");
}

#[test]
fn what_is_not_read_is_named_and_not_called_broken() {
    let project = Project::new();
    let frame = |marker: u8, precision: u8| {
        let mut bytes = jpeg(&quarters(), SamplingFactor::F_1_1, false, false);
        let at = bytes
            .windows(2)
            .position(|pair| pair == b"\xff\xc0")
            .unwrap();
        bytes[at + 1] = marker;
        bytes[at + 4] = precision;
        bytes
    };
    project.write(
        "set/a.jpg",
        b"\0\0\0\x1cftypavif\0\0\0\0mif1miafMA1B\0\0\0\0meta",
    );
    project.write(
        "set/b.jpg",
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic\0\0\0\0meta",
    );
    project.write("set/c.png", b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\0");
    project.write("set/d.jpg", frame(0xc9, 8));
    project.write("set/e.jpg", frame(0xc1, 12));
    let mut lab = rgb_entries();
    lab[3].1 = vec![8];
    project.write("set/f.tif", tiff(false, lab, quarters().as_raw()));
    let mut fax = grey_entries(1, 1);
    fax.push((259, vec![3]));
    project.write("set/g.tif", tiff(false, fax, &[0; 400]));
    project.write("set/h.jpg", "<!DOCTYPE html><title>404</title>");
    insta::assert_snapshot!(project.transcript(&["import", "images", "set"]), @r"
    stderr: error: cannot import set: 8 of 8 files cannot be imported:
    stderr:   a.jpg: this is an AVIF file, which relabel does not read
    stderr:   b.jpg: this is a HEIC file, which relabel does not read
    stderr:   c.png: this is a JPEG XL file, which relabel does not read
    stderr:   d.jpg: this is an arithmetic-coded JPEG, which relabel does not read
    stderr:   e.jpg: this is a 12-bit JPEG, which relabel does not read
    stderr:   f.tif: this is a TIFF in CIE L*a*b* colours, which relabel does not read
    stderr:   g.tif: this is a TIFF with fax (CCITT group 3) compression, which relabel does not read
    stderr:   h.jpg: this is an HTML page, which relabel does not read
    stderr: hint: nothing was imported; leave them out with --skip-bad
    exit 3
    ");
    insta::assert_snapshot!(project.transcript(&["show", "set/b.jpg"]), @r"
    stderr: error: cannot show set/b.jpg: this is a HEIC file, which relabel does not read
    stderr: hint: convert it to JPEG or PNG with another program
    exit 3
    ");
}

/// A drawing that fills some kilobytes.
fn drawing() -> RgbImage {
    RgbImage::from_fn(160, 120, |x, y| {
        Rgb([(x * y) as u8, (x * 7) as u8, (y * 5) as u8])
    })
}

#[test]
fn a_cut_jpeg_is_shown_with_a_mark() {
    let project = Project::empty();
    let whole = jpeg(&drawing(), SamplingFactor::F_2_2, false, false);
    let finer = jpeg(&drawing(), SamplingFactor::F_2_2, false, true);
    let zeros = |bytes: &[u8]| [&bytes[..bytes.len() / 2], &vec![0; bytes.len() / 2]].concat();
    project.write("half.jpg", &whole[..whole.len() / 2]);
    project.write("end.jpg", &whole[..whole.len() - 2]);
    project.write("zeros.jpg", zeros(&whole));
    project.write("passes.jpg", &finer[..finer.len() * 2 / 3]);
    project.write("head.jpg", &whole[..100]);
    let mut said = String::new();
    for name in ["half.jpg", "end.jpg", "zeros.jpg", "passes.jpg", "head.jpg"] {
        let mut command = project.command(&["show", name, "--pictures", "half", "--cells", "8x4"]);
        let output = command.output().unwrap();
        said += &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.stdout.is_empty(), name == "head.jpg", "{name}");
    }
    insta::assert_snapshot!(said, @r"
    half.jpg: file is cut: the lower part is missing
    end.jpg: file is cut: its last bytes are missing
    zeros.jpg: file is cut: the lower part is missing
    passes.jpg: file is cut: parts or details are missing
    error: cannot show head.jpg: broken JPEG file: it ends too early
    hint: fetch the file anew, or save it again with another program
    ");
    // What is there is as it was.
    let half = decode(&project.path("half.jpg")).unwrap().image;
    let above = |image: &RgbImage| image::imageops::crop_imm(image, 0, 0, 160, 32).to_image();
    let all = decode(&project.write("whole.jpg", &whole)).unwrap();
    assert_eq!((all.damage, above(&half)), (None, above(&all.image)));
}

#[test]
fn other_cut_files_are_refused() {
    let project = Project::empty();
    let mut said = String::new();
    for (name, format) in [
        ("a.png", ImageFormat::Png),
        ("a.gif", ImageFormat::Gif),
        ("a.webp", ImageFormat::WebP),
        ("a.bmp", ImageFormat::Bmp),
        ("a.tif", ImageFormat::Tiff),
    ] {
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::from(drawing())
            .write_to(&mut bytes, format)
            .unwrap();
        let bytes = bytes.into_inner();
        project.write(name, &bytes[..bytes.len() * 2 / 3]);
        said += &project.transcript(&["show", name, "--pictures", "half"]);
    }
    let said: Vec<&str> = said.lines().filter(|line| line.contains("error")).collect();
    insta::assert_snapshot!(said.join("\n"), @r"
    stderr: error: cannot show a.png: broken PNG file: it ends too early
    stderr: error: cannot show a.gif: broken GIF file: it ends too early
    stderr: error: cannot show a.webp: broken WEBP file: it ends too early
    stderr: error: cannot show a.bmp: broken BMP file: it ends too early
    stderr: error: cannot show a.tif: broken TIFF file: it ends too early
    ");
}

#[test]
fn the_mark_stands_on_the_frame_of_the_picture() {
    let project = Project::empty();
    let whole = jpeg(&drawing(), SamplingFactor::F_2_2, false, false);
    let decoded = decode(&project.write("half.jpg", &whole[..whole.len() / 2])).unwrap();
    let mut sitting = Sitting::ready(vec![computers(1)]);
    let terminal = TerminalPictures {
        mode: PictureMode::Half,
        cell: (10, 20),
        tmux: false,
        depth: ColorDepth::True,
        budget: None,
    };
    for request in sitting.state.pictures.keys().copied().collect::<Vec<_>>() {
        let room = (request.columns, request.rows);
        let picture = encode(&decoded, room, Viewport::WHOLE, &terminal).unwrap();
        sitting.happens(Event::PictureReady {
            request,
            picture: Arc::new(picture),
        });
    }
    let mut screen = ratatui::Terminal::new(ratatui::backend::TestBackend::new(80, 24)).unwrap();
    screen
        .draw(|frame| drop(view(&sitting.state, frame)))
        .unwrap();
    let text = screen.backend().to_string();
    assert!(
        text.contains("┌ file is cut: the lower part is missing ─"),
        "{text}"
    );
}

#[test]
fn a_small_picture_keeps_all_its_rows_and_columns() {
    let project = Project::empty();
    for side in [1, 7, 28, 32, 45, 64, 100, 150] {
        let stripes = |x: u32, y: u32| match (x + y) % 2 {
            0 => Rgb([0; 3]),
            _ => Rgb([255; 3]),
        };
        let image = RgbImage::from_fn(side, side, stripes);
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, ImageFormat::Png).unwrap();
        project.write("small.png", bytes.into_inner());
        let decoded = decode(&project.path("small.png")).unwrap();
        for zoom in 0..3 {
            let viewport = Viewport {
                zoom,
                ..Viewport::WHOLE
            };
            for mode in [PictureMode::Kitty, PictureMode::Iterm2, PictureMode::Sixel] {
                let terminal = TerminalPictures {
                    mode,
                    cell: (10, 20),
                    tmux: false,
                    depth: ColorDepth::True,
                    budget: None,
                };
                let picture = encode(&decoded, (48, 20), viewport, &terminal).unwrap();
                let part = (side >> zoom).max(1);
                assert!(
                    picture.sent.0 >= part && picture.sent.1 >= part,
                    "{mode}: {side} pixels at zoom {zoom} are sent as {:?}",
                    picture.sent
                );
            }
        }
    }
}
