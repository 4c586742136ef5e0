//! What a picture costs on its way to a terminal, beside other programs where they are installed: bytes, processor time,
//! likeness, and seconds on a line. Prints the table of docs/pictures.md.
//!
//! `cargo bench --bench pictures [-- EVERY]`: of the photographs every EVERY-th, 4 where nothing is said.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench that fails may stop"
)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use common::streams::{self, ssim};
use image::RgbImage;
use image::imageops::{FilterType, resize};

/// A way to show a picture: the program's arguments, and how its stream is read.
struct Way {
    protocol: &'static str,
    program: &'static str,
    name: &'static str,
    arguments: fn(&Path, (u16, u16)) -> Vec<String>,
    read: fn(&[u8]) -> RgbImage,
}

fn text(arguments: &[&str], photo: &Path, (columns, rows): (u16, u16)) -> Vec<String> {
    // Of a program that knows no box, only a width.
    let (width, height) = image::image_dimensions(photo).unwrap();
    let within = f64::from(rows) * 2.0 * f64::from(width) / f64::from(height);
    let within = columns.min(within as u16);
    let fill = |argument: &&str| {
        argument
            .replace("PHOTO", photo.to_str().unwrap())
            .replace("COLUMNS", &within.to_string())
            .replace("CELLS", &format!("{columns}x{rows}"))
    };
    arguments.iter().map(fill).collect()
}

macro_rules! way {
    ($protocol:literal, $program:expr, $name:literal, [$($argument:literal),*], $read:expr) => {
        Way {
            protocol: $protocol,
            program: $program,
            name: $name,
            arguments: |photo, cells| text(&[$($argument),*], photo, cells),
            read: $read,
        }
    };
}

const RELABEL: &str = env!("CARGO_BIN_EXE_relabel");

const WAYS: &[Way] = &[
    way!(
        "kitty",
        RELABEL,
        "relabel, first sight",
        ["show", "PHOTO", "--pictures", "kitty", "--cells", "CELLS"],
        |stream| streams::kitty(stream).first
    ),
    way!(
        "kitty",
        RELABEL,
        "relabel, all",
        ["show", "PHOTO", "--pictures", "kitty", "--cells", "CELLS"],
        |stream| streams::kitty(stream).image
    ),
    way!(
        "kitty",
        "chafa",
        "chafa",
        ["-f", "kitty", "--size", "CELLS", "PHOTO"],
        their_kitty
    ),
    way!(
        "kitty",
        "timg",
        "timg",
        ["-pk", "-gCELLS", "PHOTO"],
        their_kitty
    ),
    way!(
        "iTerm2",
        RELABEL,
        "relabel",
        ["show", "PHOTO", "--pictures", "iterm2", "--cells", "CELLS"],
        streams::iterm2
    ),
    way!(
        "iTerm2",
        "chafa",
        "chafa",
        ["-f", "iterm", "--size", "CELLS", "PHOTO"],
        their_iterm2
    ),
    way!(
        "iTerm2",
        "timg",
        "timg",
        ["-pi", "-gCELLS", "PHOTO"],
        their_iterm2
    ),
    way!(
        "iTerm2",
        "viu",
        "viu (viuer)",
        ["-s", "-w", "COLUMNS", "PHOTO"],
        their_iterm2
    ),
    way!(
        "sixel",
        RELABEL,
        "relabel",
        ["show", "PHOTO", "--pictures", "sixel", "--cells", "CELLS"],
        |stream| streams::sixel(stream).0
    ),
    way!(
        "sixel",
        "chafa",
        "chafa",
        ["-f", "sixels", "--size", "CELLS", "PHOTO"],
        |stream| streams::sixel(stream).0
    ),
    way!(
        "half blocks",
        RELABEL,
        "relabel",
        ["show", "PHOTO", "--pictures", "half", "--cells", "CELLS"],
        streams::characters
    ),
    way!(
        "half blocks",
        "chafa",
        "chafa",
        [
            "-f",
            "symbols",
            "--symbols",
            "vhalf",
            "-c",
            "full",
            "--size",
            "CELLS",
            "PHOTO"
        ],
        streams::characters
    ),
    way!(
        "half blocks",
        "timg",
        "timg",
        ["-ph", "-gCELLS", "PHOTO"],
        streams::characters
    ),
    way!(
        "half blocks",
        "viu",
        "viu (viuer)",
        ["-b", "-s", "-w", "COLUMNS", "PHOTO"],
        streams::characters
    ),
    way!(
        "quadrants",
        RELABEL,
        "relabel",
        [
            "show",
            "PHOTO",
            "--pictures",
            "quadrant",
            "--cells",
            "CELLS"
        ],
        streams::characters
    ),
    way!(
        "quadrants",
        "chafa",
        "chafa",
        [
            "-f",
            "symbols",
            "--symbols",
            "quad+half+solid+space",
            "-c",
            "full",
            "--size",
            "CELLS",
            "PHOTO"
        ],
        streams::characters
    ),
    way!(
        "quadrants",
        "timg",
        "timg",
        ["-pq", "-gCELLS", "PHOTO"],
        streams::characters
    ),
    way!(
        "sextants",
        RELABEL,
        "relabel",
        ["show", "PHOTO", "--pictures", "sextant", "--cells", "CELLS"],
        streams::characters
    ),
    way!(
        "sextants",
        "chafa",
        "chafa",
        [
            "-f",
            "symbols",
            "--symbols",
            "sextant+quad+half+solid+space",
            "-c",
            "full",
            "--size",
            "CELLS",
            "PHOTO"
        ],
        streams::characters
    ),
];

/// As terminals read it: not every program keeps to the letter.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// The picture of whoever writes kitty's protocol.
fn their_kitty(stream: &[u8]) -> RgbImage {
    let stream = String::from_utf8_lossy(stream);
    let (mut keys, mut bytes) = (String::new(), Vec::new());
    for command in stream.split("\x1b_G").skip(1) {
        let command = command.split("\x1b\\").next().unwrap();
        let (options, chunk) = command.split_once(';').unwrap_or((command, ""));
        if options.contains("a=T") || options.contains("f=") {
            keys = options.to_owned();
            bytes.clear();
        }
        // Each chunk may be padded for itself.
        bytes.extend(LENIENT.decode(chunk).unwrap());
    }
    let key = |name: &str| {
        let mut options = keys.split(',');
        let value = options.find_map(|option| option.strip_prefix(name)?.strip_prefix('='));
        value.map(str::to_owned)
    };
    let number = |name| key(name).unwrap().parse::<u32>().unwrap();
    if key("f").as_deref() == Some("100") {
        return image::load_from_memory(&bytes).unwrap().into_rgb8();
    }
    assert_eq!(key("o"), None, "raw");
    if key("f").as_deref() == Some("24") {
        return RgbImage::from_raw(number("s"), number("v"), bytes).unwrap();
    }
    bytes = bytes
        .chunks(4)
        .flat_map(|pixel| pixel[..3].to_vec())
        .collect();
    RgbImage::from_raw(number("s"), number("v"), bytes).unwrap()
}

/// The picture of whoever writes iTerm2's.
fn their_iterm2(stream: &[u8]) -> RgbImage {
    let stream = String::from_utf8_lossy(stream);
    let (_, command) = stream.split_once("1337;File=").unwrap();
    let (_, payload) = command.split_once(':').unwrap();
    let payload = payload.split(['\x07', '\x1b']).next().unwrap();
    let bytes = LENIENT.decode(payload.trim()).unwrap();
    image::load_from_memory(&bytes).unwrap().into_rgb8()
}

/// Processor time of the children so far, in milliseconds.
fn children() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or("").split(' ').collect();
    let ticks = |at: usize| {
        fields
            .get(at)
            .map_or(0.0, |field| field.parse().unwrap_or(0.0))
    };
    // The 16th and 17th fields of the line, in hundredths of a second.
    10.0 * (ticks(13) + ticks(14))
}

fn installed(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let Some(shared) = common::shared() else {
        return;
    };
    let every = std::env::args()
        .filter_map(|argument| argument.parse().ok())
        .next();
    let mut photos: Vec<PathBuf> = std::fs::read_dir(shared.join("data/photos/images"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    photos.sort();
    let photos: Vec<PathBuf> = photos.into_iter().step_by(every.unwrap_or(4)).collect();
    for cells in [(48, 20), (100, 44)] {
        println!(
            "\n{} photographs in {}×{} cells of 10×20 pixels\n",
            photos.len(),
            cells.0,
            cells.1
        );
        println!(
            "| protocol | who | kB (largest) | SSIM (least) | CPU ms | s at 1 Mbit/s | s at 10 Mbit/s |"
        );
        println!("|---|---|---|---|---|---|---|");
        for way in WAYS {
            if way.program != RELABEL && !installed(way.program) {
                println!(
                    "| {} | {} | not installed | | | | |",
                    way.protocol, way.name
                );
                continue;
            }
            measure(way, &photos, cells);
        }
    }
}

fn measure(way: &Way, photos: &[PathBuf], cells: (u16, u16)) {
    let (mut bytes, mut likeness) = (Vec::new(), Vec::new());
    let before = children();
    let streams: Vec<Vec<u8>> = photos
        .iter()
        .map(|photo| {
            let output = Command::new(way.program)
                .args((way.arguments)(photo, cells))
                .env("TERM", "xterm-256color")
                .env("COLORTERM", "truecolor")
                .env(
                    "TERM_PROGRAM",
                    if way.protocol == "iTerm2" {
                        "iTerm.app"
                    } else {
                        ""
                    },
                )
                .env_remove("TMUX")
                .output()
                .unwrap();
            output.stdout
        })
        .collect();
    let time = (children() - before) / photos.len() as f64;
    for (photo, stream) in photos.iter().zip(&streams) {
        let shown = (way.read)(stream);
        let first = way
            .name
            .contains("first sight")
            .then(|| streams::kitty(stream).bytes.0);
        bytes.push(first.unwrap_or(stream.len()) as f64);
        let source = image::ImageReader::open(photo)
            .unwrap()
            .with_guessed_format()
            .unwrap()
            .decode()
            .unwrap()
            .into_rgb8();
        let across = f64::from(cells.0) * 10.0 / f64::from(source.width());
        let down = f64::from(cells.1) * 20.0 / f64::from(source.height());
        let scale = across.min(down);
        let pixels = |length: u32| (f64::from(length) * scale).round().max(8.0) as u32;
        let (width, height) = (pixels(source.width()), pixels(source.height()));
        let wanted = resize(&source, width, height, FilterType::Lanczos3);
        let shown = resize(&shown, width, height, FilterType::Triangle);
        likeness.push(ssim(&shown, &wanted));
    }
    let (middle, most) = (median(&mut bytes), bytes[bytes.len() - 1]);
    println!(
        "| {} | {} | {:.0} ({:.0}) | {:.3} ({:.3}) | {time:.0} | {:.2} | {:.3} |",
        way.protocol,
        way.name,
        middle / 1e3,
        most / 1e3,
        median(&mut likeness),
        likeness[0],
        middle * 8.0 / 1e6,
        middle * 8.0 / 1e7,
    );
}
