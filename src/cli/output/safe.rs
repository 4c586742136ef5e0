//! Protection of a terminal from acting on what is written to it.

use std::borrow::Cow;
use std::io::{self, Write};

use super::Contents;
use crate::text::{printable, printable_json, printable_lines};

/// A terminal that is written to: characters that it would act on are shown instead.
pub struct TerminalSafe<W> {
    terminal: W,
    contents: Contents,
    /// The beginning of a character whose end has not come yet.
    begun: Vec<u8>,
    /// True if the next character of CSV is inside quotes.
    in_quotes: bool,
    /// True if anything was shown in another form than it was given.
    changed: bool,
}

impl<W: Write> TerminalSafe<W> {
    /// For text or JSON.
    pub fn new(terminal: W, contents: Contents) -> TerminalSafe<W> {
        TerminalSafe {
            terminal,
            contents,
            begun: Vec::new(),
            in_quotes: false,
            changed: false,
        }
    }

    fn shown<'t>(&mut self, text: &'t str) -> Cow<'t, str> {
        match self.contents {
            Contents::Json => printable_json(text),
            Contents::Text | Contents::Bytes => printable_lines(text),
            Contents::Csv => {
                let mut shown = String::with_capacity(text.len());
                for (at, piece) in text.split('"').enumerate() {
                    if at > 0 {
                        shown.push('"');
                        self.in_quotes = !self.in_quotes;
                    }
                    shown.push_str(&match self.in_quotes {
                        true => printable(piece),
                        false => printable_lines(piece),
                    });
                }
                match shown == text {
                    true => Cow::Borrowed(text),
                    false => Cow::Owned(shown),
                }
            }
        }
    }

    /// Writes what is left; whether anything was shown otherwise than it was given.
    pub fn finish(mut self) -> io::Result<bool> {
        let begun = std::mem::take(&mut self.begun);
        if !begun.is_empty() {
            self.terminal.write_all(shown_bytes(&begun).as_bytes())?;
            self.changed = true;
        }
        self.terminal.flush()?;
        Ok(self.changed)
    }
}

impl<W: Write> Write for TerminalSafe<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.begun.extend_from_slice(bytes);
        let given = std::mem::take(&mut self.begun);
        let mut shown = String::with_capacity(given.len());
        let mut passed = 0;
        for chunk in given.utf8_chunks() {
            passed += chunk.valid().len() + chunk.invalid().len();
            let text = self.shown(chunk.valid());
            // JSON says the same in other letters.
            self.changed |= self.contents != Contents::Json && matches!(text, Cow::Owned(_));
            shown.push_str(&text);
            let is_begun = std::str::from_utf8(chunk.invalid())
                .is_err_and(|error| error.error_len().is_none());
            if passed == given.len() && is_begun {
                self.begun = chunk.invalid().to_vec();
            } else if !chunk.invalid().is_empty() {
                shown.push_str(&shown_bytes(chunk.invalid()));
                self.changed = true;
            }
        }
        self.terminal.write_all(shown.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.terminal.flush()
    }
}

fn shown_bytes(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(pieces: &[&[u8]], contents: Contents) -> (String, bool) {
        let mut screen = Vec::new();
        let mut safe = TerminalSafe::new(&mut screen, contents);
        for piece in pieces {
            safe.write_all(piece).unwrap();
        }
        let changed = safe.finish().unwrap();
        (String::from_utf8(screen).unwrap(), changed)
    }

    #[test]
    fn lines_pass_and_what_acts_is_shown() {
        let plain = "image,label\nä.jpg,1\n";
        assert_eq!(
            shown(&[plain.as_bytes()], Contents::Text),
            (plain.to_owned(), false)
        );
        let hostile = "\x1b]0;x\x07,\u{9b}2J,\u{202e}\r\n".as_bytes();
        assert_eq!(
            shown(&[hostile], Contents::Text),
            ("\\x1b]0;x\\x07,\\x9b2J,\\u{202e}\\r\n".to_owned(), true)
        );
        let cell = "a,\"two\nlines \"\"quoted\"\"\"\nb,c\n".as_bytes();
        let told = "a,\"two\\nlines \"\"quoted\"\"\"\nb,c\n";
        assert_eq!(shown(&[cell], Contents::Csv), (told.to_owned(), true));
        assert_eq!(
            shown(&["\"\u{9b}\"".as_bytes()], Contents::Json),
            ("\"\\u009b\"".to_owned(), false)
        );
        assert_eq!(
            shown(&[b"a\x9b2J\xe2\x80"], Contents::Text),
            ("a\\x9b2J\\xe2\\x80".to_owned(), true)
        );
    }

    proptest! {
        /// However the bytes come, the same stands there.
        #[test]
        fn pieces_change_nothing(bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(0xe2), Just(0x80), Just(0xae), Just(b'"'), Just(b'\n')], 0..40), cut in 0_usize..40) {
            let cut = cut.min(bytes.len());
            let (one, other) = bytes.split_at(cut);
            for contents in [Contents::Text, Contents::Csv, Contents::Json] {
                prop_assert_eq!(shown(&[one, other], contents), shown(&[&bytes], contents));
            }
        }
    }
}
