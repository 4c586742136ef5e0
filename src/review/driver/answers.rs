//! What the terminal says among the keys that somebody presses.

use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// An answer takes no longer than this from its first letter to its last.
const LONGEST: Duration = Duration::from_millis(200);

/// The keys of what was typed before the keyboard was listened to.
pub fn keys(typed: &str) -> impl Iterator<Item = KeyEvent> {
    typed.chars().map(|character| match character {
        '\r' => KeyCode::Enter.into(),
        '\t' => KeyCode::Tab.into(),
        '\x7f' => KeyCode::Backspace.into(),
        '\x01'..='\x1a' => {
            let letter = char::from(b'`' + character as u8);
            KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL)
        }
        other => KeyCode::Char(other).into(),
    })
}

/// What a key of crossterm's is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Somebody pressed it.
    Pressed,
    /// A part of what the terminal says.
    Part,
    /// The end of it: kitty's word on the picture of this number.
    Picture(u32),
    /// The end of it: the terminal shows kitty's pictures, which it was asked long ago.
    Kitty,
}

/// Tells what the terminal says from what somebody types.
///
/// Kitty answers `ESC _ G … ESC \`; crossterm reads that as alt-_, letters, alt-\. The letters of an error would be votes.
#[derive(Debug, Default)]
pub struct Answers {
    began: Option<Instant>,
    said: String,
}

impl Answers {
    /// What the key is.
    pub fn hear(&mut self, key: KeyEvent, now: Instant) -> Heard {
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        match (self.began, key.code) {
            (_, KeyCode::Char('_')) if alt => {
                self.began = Some(now);
                self.said.clear();
                Heard::Part
            }
            (Some(began), _) if now.duration_since(began) > LONGEST => {
                self.began = None;
                Heard::Pressed
            }
            (Some(_), KeyCode::Char('\\')) if alt => {
                self.began = None;
                match self.said.as_str() {
                    "Gi=31;OK" => Heard::Kitty,
                    said => picture(said).map_or(Heard::Part, Heard::Picture),
                }
            }
            (Some(_), code) => {
                if let KeyCode::Char(character) = code {
                    self.said.push(character);
                }
                Heard::Part
            }
            (None, _) => Heard::Pressed,
        }
    }
}

/// The number in `Gi=7;OK` or `Gi=7,p=1;ENOENT:…`.
fn picture(said: &str) -> Option<u32> {
    let (keys, _) = said.strip_prefix('G')?.split_once(';')?;
    let mut keys = keys.split(',');
    keys.find_map(|key| key.strip_prefix("i="))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(answers: &mut Answers, text: &str, now: Instant) -> String {
        let key = |character| KeyEvent::new(KeyCode::Char(character), KeyModifiers::NONE);
        text.chars()
            .filter(|c| answers.hear(key(*c), now) == Heard::Pressed)
            .collect()
    }

    #[test]
    fn what_stands_between_the_marks_of_an_answer_is_no_key() {
        let mut answers = Answers::default();
        let now = Instant::now();
        let alt = |character| KeyEvent::new(KeyCode::Char(character), KeyModifiers::ALT);
        assert_eq!(pressed(&mut answers, "yn_\\N", now), "yn_\\N");
        assert_eq!(answers.hear(alt('_'), now), Heard::Part);
        assert_eq!(pressed(&mut answers, "Gi=31;ENOTSUP:no", now), "");
        assert_eq!(answers.hear(alt('\\'), now), Heard::Picture(31));
        assert_eq!(pressed(&mut answers, "yn", now), "yn");
        // Somebody's own alt-_ costs no later key.
        assert_eq!(answers.hear(alt('_'), now), Heard::Part);
        assert_eq!(pressed(&mut answers, "ym", now + 2 * LONGEST), "ym");
    }

    #[test]
    fn an_answer_names_its_picture() {
        assert_eq!(picture("Gi=7;OK"), Some(7));
        assert_eq!(picture("Gi=4294967295,p=1;ENOENT:gone"), Some(u32::MAX));
        assert_eq!(picture("Gp=1;OK"), None);
        assert_eq!(picture("yes"), None);
    }
}
