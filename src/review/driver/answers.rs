use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// An answer takes no longer than this from its first letter to its last.
const LONGEST: Duration = Duration::from_millis(200);

/// Keeps the answers of a slow terminal, which come when nobody waits for them any more, from being taken for keys.
///
/// Kitty answers `ESC _ G … ESC \`; crossterm reads that as alt-_, letters, alt-\. The letters of an error would be votes.
#[derive(Debug, Default)]
pub struct LateAnswers {
    began: Option<Instant>,
}

impl LateAnswers {
    /// Whether the key is one that somebody pressed.
    pub fn is_pressed(&mut self, key: KeyEvent, now: Instant) -> bool {
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        match (self.began, key.code) {
            (_, KeyCode::Char('_')) if alt => {
                self.began = Some(now);
                false
            }
            (Some(began), _) if now.duration_since(began) > LONGEST => {
                self.began = None;
                true
            }
            (Some(_), code) => {
                if alt && code == KeyCode::Char('\\') {
                    self.began = None;
                }
                false
            }
            (None, _) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(answers: &mut LateAnswers, text: &str, now: Instant) -> String {
        let key = |character| KeyEvent::new(KeyCode::Char(character), KeyModifiers::NONE);
        text.chars()
            .filter(|c| answers.is_pressed(key(*c), now))
            .collect()
    }

    #[test]
    fn what_stands_between_the_marks_of_an_answer_is_no_key() {
        let mut answers = LateAnswers::default();
        let now = Instant::now();
        let alt = |character| KeyEvent::new(KeyCode::Char(character), KeyModifiers::ALT);
        assert_eq!(pressed(&mut answers, "yn_\\N", now), "yn_\\N");
        assert!(!answers.is_pressed(alt('_'), now));
        assert_eq!(pressed(&mut answers, "Gi=31;ENOTSUP:no", now), "");
        assert!(!answers.is_pressed(alt('\\'), now));
        assert_eq!(pressed(&mut answers, "yn", now), "yn");
        // Somebody's own alt-_ costs no later key.
        assert!(!answers.is_pressed(alt('_'), now));
        assert_eq!(pressed(&mut answers, "ym", now + 2 * LONGEST), "ym");
    }
}
