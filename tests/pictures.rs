//! What `show` writes for each way of sending pictures, read back as a terminal would and compared with the photograph.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use std::path::{Path, PathBuf};

use common::Project;
use common::streams::{self, BlockColor, ssim};
use image::RgbImage;
use image::imageops::{FilterType, resize};

/// Some of the photographs, of all kinds.
fn photographs() -> Option<Vec<PathBuf>> {
    let folder = common::shared()?.join("data/photos/images");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    Some(files.into_iter().step_by(12).collect())
}

fn photograph() -> Option<PathBuf> {
    photographs()?.into_iter().next()
}

fn show_in(photo: &Path, mode: &str, environment: &[(&str, &str)]) -> Vec<u8> {
    let project = Project::empty();
    let mut command = project.command(&[
        "show",
        photo.to_str().unwrap(),
        "--pictures",
        mode,
        "--cells",
        "48x20",
    ]);
    command
        .env_remove("COLORTERM")
        .env_remove("TMUX")
        .env_remove("TERM_PROGRAM")
        .envs(environment.iter().copied());
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    output.stdout
}

/// In a terminal with all colours; the harness sets NO_COLOR, which pictures do not heed.
fn show(photo: &Path, mode: &str) -> Vec<u8> {
    show_in(
        photo,
        mode,
        &[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")],
    )
}

/// The photograph at the size of what was shown.
fn scaled(photo: &Path, shown: &RgbImage) -> RgbImage {
    let image = image::ImageReader::open(photo)
        .unwrap()
        .with_guessed_format()
        .unwrap()
        .decode()
        .unwrap();
    resize(
        &image.into_rgb8(),
        shown.width(),
        shown.height(),
        FilterType::Lanczos3,
    )
}

/// Shows every photograph in a mode; the least and the median likeness, and the median and most bytes.
fn measure(mode: &str, decode: impl Fn(&[u8]) -> RgbImage) -> Option<f64> {
    let (mut likeness, mut sizes) = (Vec::new(), Vec::new());
    for photo in photographs()? {
        let stream = show(&photo, mode);
        let shown = decode(&stream);
        sizes.push(stream.len());
        likeness.push(ssim(&shown, &scaled(&photo, &shown)));
    }
    likeness.sort_by(f64::total_cmp);
    sizes.sort_unstable();
    let middle = likeness.len() / 2;
    println!(
        "{mode}: {} photographs, SSIM least {:.4} median {:.4}, bytes median {} most {}",
        sizes.len(),
        likeness[0],
        likeness[middle],
        sizes[middle],
        sizes[sizes.len() - 1]
    );
    Some(likeness[0])
}

#[test]
fn kitty_gets_the_photograph_coarse_first_then_fine() {
    let least = measure("kitty", |stream| {
        let picture = streams::kitty(stream);
        let (first, rest) = picture.bytes;
        assert!(
            first <= 10_000 && rest <= 185_000,
            "{first} and {rest} bytes"
        );
        let (columns, rows) = picture.cells;
        assert!(
            columns <= 48 && rows <= 20 && (columns == 48 || rows == 20),
            "{columns}×{rows}"
        );
        assert_eq!(picture.first.dimensions(), picture.image.dimensions());
        let difference = streams::mean_difference(&picture.first, &picture.image);
        assert!(difference < 25.0, "the first sight is off by {difference}");
        picture.image
    });
    // 256 colours.
    assert!(least.is_none_or(|least| least > 0.92), "{least:?}");
}

#[test]
fn kitty_pictures_have_names_of_their_own() {
    let Some(photo) = photograph() else { return };
    let mut sent: Vec<u32> = [(); 2]
        .iter()
        .flat_map(|()| streams::kitty(&show(&photo, "kitty")).sent)
        .collect();
    let all = sent.len();
    sent.sort_unstable();
    sent.dedup();
    assert_eq!((sent.len(), sent.first() != Some(&0)), (all, true));
}

#[test]
fn iterm2_gets_the_photograph() {
    let least = measure("iterm2", streams::iterm2);
    assert!(least.is_none_or(|least| least > 0.92), "{least:?}");
}

#[test]
fn sixel_gets_the_photograph_in_48_colours() {
    let least = measure("sixel", |stream| {
        let (image, colors) = streams::sixel(stream);
        assert!(colors <= 48, "{colors}");
        image
    });
    assert!(least.is_none_or(|least| least > 0.77), "{least:?}");
}

#[test]
fn half_blocks_are_the_photograph_at_two_pixels_a_cell() {
    let least = measure("half", streams::half);
    assert!(least.is_none_or(|least| least > 0.92), "{least:?}");
}

#[test]
fn finer_blocks_come_nearer_to_the_photograph() {
    let Some(photos) = photographs() else { return };
    for photo in photos {
        let likeness = ["half", "quadrant", "sextant"].map(|mode| {
            let shown = streams::characters(&show(&photo, mode));
            ssim(&shown, &scaled(&photo, &shown))
        });
        assert!(likeness.is_sorted(), "{likeness:?}");
    }
}

#[test]
fn blocks_keep_to_the_colours_that_the_terminal_has() {
    let Some(photo) = photograph() else { return };
    for (term, colors) in [("xterm-256color", 16..=255u8), ("linux", 0..=15)] {
        let stream = show_in(&photo, "half", &[("TERM", term)]);
        for color in streams::block_parts(&stream).iter().flatten() {
            assert!(
                matches!(color, BlockColor::Indexed(index) if colors.contains(index)),
                "{term}: {color:?}"
            );
        }
        // From a distance, where dithered colours run together.
        let far = |image: &RgbImage| resize(image, 12, 9, FilterType::Triangle);
        let shown = streams::half(&stream);
        let difference = streams::mean_difference(&far(&shown), &far(&scaled(&photo, &shown)));
        println!("{term}: mean difference {difference:.1}");
        assert!(difference < 16.0, "{term}: {difference}");
    }
}

#[test]
fn a_pipe_gets_half_blocks_when_nothing_is_said() {
    let Some(photo) = photograph() else { return };
    let project = Project::empty();
    let mut command = project.command(&["show", photo.to_str().unwrap()]);
    let output = command
        .env("TERM", "xterm-256color")
        .env("COLORTERM", "truecolor")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let shown = streams::half(&output.stdout);
    assert!(shown.width() <= 80 && shown.height() <= 46);
    assert!(ssim(&shown, &scaled(&photo, &shown)) > 0.92);
}

#[test]
fn likeness_tells_pictures_apart() {
    let Some(photo) = photograph() else { return };
    let image = streams::half(&show(&photo, "half"));
    assert!((ssim(&image, &image) - 1.0).abs() < 1e-12);
    let mut paler = image.clone();
    image::imageops::colorops::contrast_in_place(&mut paler, -30.0);
    assert!(ssim(&image, &paler) < 0.97);
    assert!(ssim(&image, &image::imageops::flip_horizontal(&image)) < 0.6);
    assert!(ssim(&image, &image::imageops::flip_vertical(&image)) < 0.6);
}

#[test]
fn a_picture_keeps_to_its_budget() {
    let Some(photos) = photographs() else { return };
    for photo in photos {
        for (mode, budget) in [("kitty", 20), ("iterm2", 10), ("sixel", 60), ("half", 12)] {
            let whole = show(&photo, mode);
            let project = Project::empty();
            let budget_text = format!("{budget}k");
            let mut command = project.command(&[
                "show",
                photo.to_str().unwrap(),
                "--pictures",
                mode,
                "--cells",
                "48x20",
                "--picture-budget",
                &budget_text,
            ]);
            let small = command
                .env("TERM", "xterm-256color")
                .env("COLORTERM", "truecolor")
                .output()
                .unwrap()
                .stdout;
            // Beside the picture there is the way to the lines below.
            let beside = 1_000;
            assert!(
                small.len() <= budget * 1000 + beside,
                "{mode}: {}",
                small.len()
            );
            let shown = |stream: &[u8]| match mode {
                "kitty" => streams::kitty(stream).image,
                "iterm2" => streams::iterm2(stream),
                "half" => streams::half(stream),
                _ => streams::sixel(stream).0,
            };
            let (small, whole) = (shown(&small), shown(&whole));
            // Coarser, but the same picture.
            let same = resize(&small, whole.width(), whole.height(), FilterType::Triangle);
            assert!(streams::mean_difference(&same, &whole) < 24.0, "{mode}");
        }
    }
    let project = Project::empty();
    let refused = project.transcript(&["show", "a.png", "--picture-budget", "0k"]);
    assert!(
        refused.contains("expected bytes, such as 64k, 2M or 50000"),
        "{refused}"
    );
}

/// A terminal of 80×24 that knows no graphics.
fn small_screen() -> vt100::Parser {
    vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0)
}

#[test]
fn the_cursor_is_left_below_the_picture_and_the_picture_within_its_box() {
    let Some(photo) = photograph() else { return };
    for mode in ["kitty", "iterm2", "sixel", "half", "quadrant", "sextant"] {
        let stream = show(&photo, mode);
        let mut screen = small_screen();
        screen.process(b"before\r\n");
        // As a terminal in its normal mode does with line ends.
        let text = String::from_utf8(stream).unwrap().replace('\n', "\r\n");
        screen.process(text.as_bytes());
        let rows = match mode {
            "half" => streams::half(&show(&photo, mode)).height() / 2,
            _ => u32::from(streams::kitty(&show(&photo, "kitty")).cells.1),
        };
        let (row, column) = screen.screen().cursor_position();
        assert_eq!((u32::from(row), column), (1 + rows, 0), "{mode}");
        screen.process(b"after");
        assert!(screen.screen().contents().starts_with("before"), "{mode}");
        // At the bottom of the screen it scrolls, and ends below all the same.
        let mut low = small_screen();
        low.process(&b"\r\n".repeat(23));
        low.process(text.as_bytes());
        assert_eq!(low.screen().cursor_position(), (23, 0), "{mode}");
    }
}
