//! Pictures in few bytes: over a slow line they are what the rater waits for.
//!
//! Each protocol has a ladder of forms from the finest down; without a budget the first is taken, with one the first that fits,
//! else the last.

mod indexed;
pub mod iterm2;
pub mod kitty;
pub mod sixel;

use std::borrow::Cow;
use std::fmt::Write;

use image::RgbImage;
use image::imageops::{FilterType, resize};
use ratatui::layout::Size;

/// How a terminal is told about a picture.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// The cells that it covers.
    pub size: Size,
    /// Whether tmux stands between, which passes pictures on only in an envelope.
    pub tmux: bool,
}

/// Start, escape and end of what goes to the terminal, through tmux where it stands between.
pub fn envelope(tmux: bool) -> (&'static str, &'static str, &'static str) {
    match tmux {
        false => ("", "\x1b", ""),
        true => ("\x1bPtmux;", "\x1b\x1b", "\x1b\\"),
    }
}

/// The first form that is not larger than the budget in bytes; the last where none fits.
fn first_that_fits<T: Copy, F>(
    ladder: &[T],
    budget: Option<usize>,
    bytes: impl Fn(&F) -> usize,
    form: impl Fn(T) -> Result<F, String>,
) -> Result<F, String> {
    let mut last = Err("there is no form for the picture".to_owned());
    for &step in ladder {
        let made = form(step)?;
        let fits = budget.is_none_or(|budget| bytes(&made) <= budget);
        last = Ok(made);
        if fits {
            break;
        }
    }
    last
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_takes_the_first_form_that_fits() {
        let form = |length: usize| Ok("x".repeat(length));
        let made = |budget| {
            let form = first_that_fits(&[100, 50, 10], budget, String::len, form);
            form.unwrap().len()
        };
        assert_eq!((made(None), made(Some(60)), made(Some(50))), (100, 50, 50));
        assert_eq!(made(Some(5)), 10);
    }
}
