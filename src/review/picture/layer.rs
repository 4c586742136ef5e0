//! What a kitty terminal holds and shows, so that a frame sends no more than what is new, and no more than the line takes.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use ratatui::layout::{Position, Rect};

use super::payload::kitty::{Piece, Pieces, Use, deletion, removal};
use super::{Form, Picture};

/// A picture on the screen.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The picture.
    pub picture: Arc<Picture>,
    /// The cells that it covers.
    pub area: Rect,
}

/// A terminal that has not acknowledged a piece by then is taken for one that never does, until it does.
const PATIENCE: Duration = Duration::from_secs(2);
/// The same before its first acknowledgement, besides four round trips of the line: such terminals are known to be quick.
const FIRST_PATIENCE: Duration = Duration::from_secs(1);
/// A line that takes a piece so quickly takes more at once; one that is so slow takes less.
const QUICK: Duration = Duration::from_millis(150);
const SLOW: Duration = Duration::from_millis(400);
/// Pieces under way at once, at most.
const MOST_UNDER_WAY: usize = 8;

/// What a kitty terminal holds and shows.
///
/// Pieces are sent one after the other as the terminal acknowledges them: what is under way on the line is what a rater's
/// next key waits for.
#[derive(Debug)]
pub struct Layer {
    tmux: bool,
    acknowledges: bool,
    patience: Duration,
    held: HashMap<u32, Weak<Pieces>>,
    shown: HashMap<u32, (Position, i32)>,
    under_way: Vec<(u32, Instant)>,
    most_under_way: usize,
}

impl Layer {
    /// A terminal that holds nothing yet.
    pub fn new(tmux: bool) -> Layer {
        Layer {
            tmux,
            acknowledges: !tmux,
            patience: PATIENCE,
            held: HashMap::new(),
            shown: HashMap::new(),
            under_way: Vec::new(),
            most_under_way: 1,
        }
    }

    /// The time that the line took for the terminal's first answer, from question to answer.
    pub fn expect_round_trip(&mut self, took: Duration) {
        self.patience = FIRST_PATIENCE + 4 * took;
    }

    /// True if tmux is between relabel and the terminal.
    pub fn is_through_tmux(&self) -> bool {
        self.tmux
    }

    /// The commands after which the terminal shows these pictures, as far as it has them or can be sent them now.
    pub fn show(&mut self, pictures: &[Placed], now: Instant) -> String {
        if self
            .under_way
            .iter()
            .any(|(_, sent)| now.duration_since(*sent) > self.patience)
        {
            self.acknowledges = false;
            self.under_way.clear();
        }
        let pictures: Vec<(&Arc<Pieces>, Rect)> = pictures
            .iter()
            .filter_map(|placed| match &placed.picture.form {
                Form::Kitty(pieces) | Form::Placeholders { pieces, .. } => {
                    Some((pieces, placed.area))
                }
                Form::Protocol(_) | Form::Cells(_) => None,
            })
            .collect();
        let mut text = self.send(&pictures, now);
        if !self.tmux {
            self.place(&pictures, &mut text);
        }
        self.forget_the_gone(&mut text);
        text
    }

    fn send(&mut self, pictures: &[(&Arc<Pieces>, Rect)], now: Instant) -> String {
        let mut text = String::new();
        let first = pictures
            .iter()
            .filter_map(|(pieces, _)| Some((*pieces, pieces.preview.as_ref()?, true)))
            .filter(|(pieces, ..)| !self.is_whole(pieces));
        let rest = pictures
            .iter()
            .flat_map(|(pieces, _)| pieces.bands.iter().map(|band| (*pieces, band, false)));
        let missing: Vec<(&Arc<Pieces>, &Piece, bool)> = first
            .chain(rest)
            .filter(|(_, piece, _)| !self.held.contains_key(&piece.id))
            .collect();
        for (pieces, piece, is_preview) in missing {
            // A first sight does not wait for the last picture's band.
            let most = self.most_under_way + usize::from(is_preview);
            if self.acknowledges && self.under_way.len() >= most {
                break;
            }
            let purpose = match self.tmux {
                true => Use::Placeholders,
                false => Use::Kept,
            };
            text += &piece.transmission(purpose, self.tmux);
            self.held.insert(piece.id, Arc::downgrade(pieces));
            if self.acknowledges {
                self.under_way.push((piece.id, now));
            }
        }
        text
    }

    fn is_whole(&self, pieces: &Pieces) -> bool {
        let mut bands = pieces.bands.iter();
        bands.all(|band| self.held.contains_key(&band.id))
    }

    fn place(&mut self, pictures: &[(&Arc<Pieces>, Rect)], text: &mut String) {
        let mut wanted = Vec::new();
        for (pieces, area) in pictures {
            let preview = pieces.preview.iter().filter(|_| !self.is_whole(pieces));
            let pieces = preview
                .map(|piece| (piece, 1))
                .chain(pieces.bands.iter().map(|piece| (piece, 2)));
            for (piece, layer) in pieces.filter(|(piece, _)| self.held.contains_key(&piece.id)) {
                let place = Position::new(area.x, area.y + piece.top);
                wanted.push((piece, (place, layer)));
            }
        }
        for (piece, where_to) in &wanted {
            if self.shown.get(&piece.id) != Some(where_to) {
                let (place, layer) = *where_to;
                let _ = write!(text, "\x1b[{};{}H", place.y + 1, place.x + 1);
                *text += &piece.placement(layer);
                self.shown.insert(piece.id, *where_to);
            }
        }
        // What is in the way goes last, so that nothing flickers.
        self.shown.retain(|id, _| {
            let stays = wanted.iter().any(|(piece, _)| piece.id == *id);
            if !stays {
                *text += &removal(*id);
            }
            stays
        });
    }

    fn forget_the_gone(&mut self, text: &mut String) {
        let tmux = self.tmux;
        self.held.retain(|id, pieces| {
            let lives = pieces.strong_count() > 0;
            if !lives {
                *text += &deletion(*id, tmux);
            }
            lives
        });
    }

    /// The terminal has a piece, or will not have it.
    pub fn acknowledged(&mut self, id: u32, now: Instant) {
        let Some(at) = self.under_way.iter().position(|(known, _)| *known == id) else {
            // Late, on a line that is slower than was thought.
            if !self.tmux && !self.acknowledges {
                self.acknowledges = true;
                self.patience *= 2;
            }
            return;
        };
        self.patience = self.patience.max(PATIENCE);
        let (_, sent) = self.under_way.remove(at);
        let took = now.duration_since(sent);
        if took < QUICK {
            self.most_under_way = (self.most_under_way + 1).min(MOST_UNDER_WAY);
        } else if took > SLOW {
            self.most_under_way = (self.most_under_way / 2).max(1);
        }
    }

    /// The commands after which the terminal holds nothing of ours.
    pub fn free(&mut self) -> String {
        let held = self.held.drain();
        held.map(|(id, _)| deletion(id, self.tmux)).collect()
    }

    /// The terminal has lost everything, as it does when its screen is cleared.
    pub fn forget(&mut self) {
        self.held.clear();
        self.shown.clear();
        self.under_way.clear();
    }

    /// Whether the terminal has all of a picture, as far as it says.
    pub fn has(&self, picture: &Picture) -> bool {
        let Form::Kitty(pieces) = &picture.form else {
            return true;
        };
        let is_under_way = |id| self.under_way.iter().any(|(known, _)| *known == id);
        self.is_whole(pieces) && !pieces.bands.iter().any(|band| is_under_way(band.id))
    }

    /// True if the terminal shows some of a picture, as far as it has reported. The coarse version is enough.
    pub fn has_some(&self, picture: &Picture) -> bool {
        let (Form::Kitty(pieces) | Form::Placeholders { pieces, .. }) = &picture.form else {
            return true;
        };
        let has = |id| {
            let is_under_way = self.under_way.iter().any(|(known, _)| *known == id);
            self.held.contains_key(&id) && !is_under_way
        };
        let mut all = pieces.preview.iter().chain(&pieces.bands);
        all.any(|piece| has(piece.id))
    }

    /// When the terminal will have been silent for too long; none while nothing is under way.
    pub fn patience_ends(&self) -> Option<Instant> {
        let (_, sent) = self.under_way.first()?;
        Some(*sent + self.patience)
    }
}

#[cfg(test)]
mod tests {
    use image::RgbImage;

    use super::*;
    use crate::review::picture::{
        ColorDepth, Decoded, PictureMode, TerminalPictures, Viewport, encode,
    };

    /// A picture that a kitty terminal is sent, on a screen of its own.
    fn placed() -> Placed {
        let terminal = TerminalPictures {
            mode: PictureMode::Kitty,
            cell: (10, 20),
            tmux: false,
            depth: ColorDepth::True,
            budget: None,
        };
        let image = Decoded {
            image: RgbImage::from_fn(40, 40, |x, y| image::Rgb([x as u8, y as u8, 0])),
            damage: None,
        };
        let picture = encode(&image, (10, 5), Viewport::WHOLE, &terminal).unwrap();
        Placed {
            area: Rect::new(0, 0, picture.size().width, picture.size().height),
            picture: Arc::new(picture),
        }
    }

    fn sent(layer: &Layer) -> u32 {
        layer.under_way.first().unwrap().0
    }

    #[test]
    fn a_picture_is_there_once_the_terminal_says_so() {
        let (mut layer, picture, now) = (Layer::new(false), [placed()], Instant::now());
        layer.expect_round_trip(Duration::from_millis(500));
        layer.show(&picture, now);
        let later = now + Duration::from_millis(2900);
        layer.show(&picture, later);
        assert!(!layer.has_some(&picture[0].picture));
        layer.acknowledged(sent(&layer), later);
        assert!(layer.has_some(&picture[0].picture));
    }

    #[test]
    fn a_quick_terminal_that_says_nothing_is_waited_for_briefly() {
        let (mut layer, picture, now) = (Layer::new(false), [placed()], Instant::now());
        layer.expect_round_trip(Duration::from_millis(10));
        layer.show(&picture, now);
        layer.show(&picture, now + FIRST_PATIENCE);
        assert!(!layer.has_some(&picture[0].picture));
        layer.show(&picture, now + FIRST_PATIENCE + Duration::from_millis(50));
        assert!(layer.has_some(&picture[0].picture));
    }

    #[test]
    fn a_late_word_has_the_next_picture_waited_for() {
        let (mut layer, picture, now) = (Layer::new(false), [placed()], Instant::now());
        layer.show(&picture, now);
        let first = sent(&layer);
        let later = now + 2 * PATIENCE;
        layer.show(&picture, later);
        layer.acknowledged(first, later);
        let next = [placed()];
        layer.show(&next, later);
        layer.show(&next, later + PATIENCE + Duration::from_secs(1));
        assert!(!layer.has_some(&next[0].picture));
    }
}
