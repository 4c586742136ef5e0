//! Outside text made safe and fit for a terminal: escapes shown, never sent; cut by display width.
//!
//! Imports nothing.

use std::borrow::Cow;
use std::fmt::Write;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Whether a terminal would act on the character, or show the text around it in another order, instead of showing it.
pub fn is_active(character: char) -> bool {
    matches!(
        character,
        '\0'..='\x1f'
            | '\x7f'..='\u{9f}'
            | '\u{61c}'                     // Arabic letter mark
            | '\u{180e}' | '\u{200b}'       // separators that nobody sees
            | '\u{200e}' | '\u{200f}'       // direction marks; the joiners before them shape Persian and join emoji
            | '\u{2028}'..='\u{202e}'       // separators, direction embeddings and overrides
            | '\u{2060}'..='\u{206f}'       // invisible operators, direction isolates
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffd}'       // annotations, an object, what stands for broken UTF-8
            | '\u{e0000}'..='\u{e007f}'     // tags
            | '\u{10eeee}' // kitty's picture placeholder
    )
}

/// The text with every character that a terminal would act on shown as an escape: `\n`, `\x1b`, `\u{202e}`.
pub fn printable(text: &str) -> Cow<'_, str> {
    escaped(text, is_active, |character, shown| match character {
        '\n' => shown.write_str("\\n"),
        '\r' => shown.write_str("\\r"),
        '\t' => shown.write_str("\\t"),
        '\0'..='\x1f' | '\x7f'..='\u{9f}' => write!(shown, "\\x{:02x}", u32::from(character)),
        _ => write!(shown, "\\u{{{:x}}}", u32::from(character)),
    })
}

/// As [`printable`], with line ends kept.
pub fn printable_lines(text: &str) -> Cow<'_, str> {
    match text.contains(is_active_in_a_line) {
        false => Cow::Borrowed(text),
        true => {
            let lines: Vec<Cow<'_, str>> = text.split('\n').map(printable).collect();
            Cow::Owned(lines.join("\n"))
        }
    }
}

/// A JSON text with the same meaning in which no character is left that a terminal would act on, but for line ends.
pub fn printable_json(text: &str) -> Cow<'_, str> {
    // Outside of strings JSON has no such characters.
    escaped(text, is_active_in_a_line, |character, shown| {
        let mut units = [0; 2];
        let units = character.encode_utf16(&mut units);
        units
            .iter()
            .try_for_each(|unit| write!(shown, "\\u{unit:04x}"))
    })
}

fn is_active_in_a_line(character: char) -> bool {
    character != '\n' && is_active(character)
}

/// The text with the characters of a kind written otherwise.
fn escaped(
    text: &str,
    is_kind: fn(char) -> bool,
    write: impl Fn(char, &mut String) -> std::fmt::Result,
) -> Cow<'_, str> {
    if !text.contains(is_kind) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        // Writing into a String cannot fail.
        let _ = match is_kind(character) {
            true => write(character, &mut shown),
            false => shown.write_char(character),
        };
    }
    Cow::Owned(shown)
}

/// More of a message would bury what it says: a cell of a broken file may be a million letters long.
const LONGEST_MESSAGE: usize = 1_000;

/// A line of a message: printable, and cut in its middle where it is very long.
pub fn message(line: &str) -> Cow<'_, str> {
    match line.len() <= LONGEST_MESSAGE {
        true => printable(line),
        false => Cow::Owned(fit_middle(line, LONGEST_MESSAGE)),
    }
}

/// Names in a list are many in a broken file.
const MOST_NAMES: usize = 20;

/// Names in a row, printable, as far as anybody reads them.
pub fn shown_names(names: &[String]) -> String {
    let shown: Vec<_> = names
        .iter()
        .take(MOST_NAMES)
        .map(|name| printable(name))
        .collect();
    match names.len().saturating_sub(MOST_NAMES) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The columns that a printable text takes.
pub fn width(text: &str) -> usize {
    // The width that the screen gives each grapheme, which need not be the sum over a whole text.
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// The text made printable and cut to at most `columns`, with `…` where something is missing.
pub fn fit(text: &str, columns: usize) -> String {
    let text = printable(text);
    if width(&text) <= columns {
        return text.into_owned();
    }
    let Some(room) = columns.checked_sub(1) else {
        return String::new();
    };
    let mut kept = String::new();
    let mut taken = 0;
    for grapheme in text.graphemes(true) {
        taken += UnicodeWidthStr::width(grapheme);
        if taken > room {
            break;
        }
        kept.push_str(grapheme);
    }
    kept.push('…');
    kept
}

/// The end of a text made printable, as far as it fits.
pub fn tail(text: &str, columns: usize) -> String {
    let text = printable(text);
    let (mut taken, mut start) = (0, text.len());
    for (place, grapheme) in text.grapheme_indices(true).rev() {
        taken += UnicodeWidthStr::width(grapheme);
        if taken > columns {
            break;
        }
        start = place;
    }
    text.get(start..).unwrap_or_default().to_owned()
}

/// The text made printable and cut to at most `columns` in its middle: the names of files differ at their ends.
pub fn fit_middle(text: &str, columns: usize) -> String {
    if width(&printable(text)) <= columns {
        return printable(text).into_owned();
    }
    let room = columns.saturating_sub(1);
    let end = tail(text, room - room / 3);
    // One column of the beginning is the mark of what is missing.
    fit(text, columns - width(&end)) + &end
}

/// The text made printable and broken into lines of at most `columns`, after separators where that is possible.
/// At most `lines` lines; `…` ends the last one where something is missing.
pub fn fill(text: &str, separator: &str, columns: usize, lines: usize) -> Vec<String> {
    let text = printable(text);
    let mut filled: Vec<String> = Vec::new();
    let mut line = String::new();
    for piece in text.split_inclusive(separator) {
        // A separator at the end of a line may stand beyond the edge as far as it is blank.
        if width(&line) + width(piece.trim_end()) > columns && !line.is_empty() {
            filled.push(std::mem::take(&mut line));
        }
        for grapheme in piece.graphemes(true) {
            if width(line.trim_end()) + width(grapheme.trim_end()) > columns && !line.is_empty() {
                filled.push(std::mem::take(&mut line));
            }
            line.push_str(grapheme);
        }
    }
    filled.push(line);
    let rest = filled.split_off(lines.min(filled.len()));
    if let Some(last) = filled.last_mut()
        && !rest.is_empty()
    {
        last.extend(rest.iter().map(String::as_str));
    }
    filled
        .iter()
        .map(|line| fit(line.trim_end(), columns))
        .collect()
}

/// A number with a comma between thousands.
pub fn thousands(number: impl TryInto<u64>) -> String {
    let digits = number.try_into().unwrap_or(u64::MAX).to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with its noun, in the singular or plural: "1 image", "2,000 images", "3 classes".
pub fn count(number: impl TryInto<u64>, noun: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{} {}", thousands(number), plural(noun)),
    }
}

/// The plural of a regular English noun.
fn plural(noun: &str) -> String {
    let sounds = ["s", "x", "ch", "sh"];
    match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
        _ if sounds.iter().any(|sound| noun.ends_with(sound)) => format!("{noun}es"),
        _ => format!("{noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_terminal_would_act_on_is_shown_instead() {
        let cases = [
            ("plain", "plain"),
            ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
            ("\x1b]0;pwned\x07", "\\x1b]0;pwned\\x07"),
            ("new\nline\tand\rreturn", "new\\nline\\tand\\rreturn"),
            ("\u{9b}2J", "\\x9b2J"),
            ("\u{202e}gpj.exe", "\\u{202e}gpj.exe"),
            ("\u{2066}x\u{2069}", "\\u{2066}x\\u{2069}"),
            ("a\u{2028}b", "a\\u{2028}b"),
            ("\u{e0041}", "\\u{e0041}"),
            ("broken \u{fffd}", "broken \\u{fffd}"),
            ("می\u{200c}خواهم", "می\u{200c}خواهم"),
            ("ünïcödé 日本語 🐶 👩‍🚀 שלום", "ünïcödé 日本語 🐶 👩‍🚀 שלום"),
        ];
        for (text, shown) in cases {
            assert_eq!(printable(text), shown);
        }
    }

    #[test]
    fn lines_stay_lines_and_json_keeps_its_meaning() {
        assert_eq!(printable_lines("a\tb\n\x1bc\n"), "a\\tb\n\\x1bc\n");
        let object = "{\n  \"a\": \"\u{9b}\u{202e}\u{e0041}\u{7f}é\"\n}";
        let safe = printable_json(object);
        assert_eq!(
            safe,
            "{\n  \"a\": \"\\u009b\\u202e\\udb40\\udc41\\u007fé\"\n}"
        );
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(&safe), value(object));
    }

    #[test]
    fn a_text_is_cut_by_columns_and_never_within_a_character() {
        assert_eq!(fit("notebook", 8), "notebook");
        assert_eq!(fit("notebook", 5), "note…");
        assert_eq!(fit("日本語", 5), "日本…");
        assert_eq!(fit("日本語", 4), "日…");
        assert_eq!(fit("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}…");
        assert_eq!(fit("👩‍🚀👩‍🚀", 3), "👩‍🚀…");
        assert_eq!(fit("x", 0), "");
        assert_eq!(fit_middle("val_00041207.JPEG", 17), "val_00041207.JPEG");
        assert_eq!(fit_middle("val_00041207.JPEG", 13), "val_…207.JPEG");
        assert_eq!(fit_middle("日本語日本語", 7), "日…本語");
        assert_eq!(
            (fit_middle("xy", 1), fit_middle("xy", 0)),
            ("…".to_owned(), String::new())
        );
        assert_eq!(
            (tail("notebook", 4), tail("日本語", 5)),
            ("book".to_owned(), "本語".to_owned())
        );
    }

    #[test]
    fn nouns_agree_with_their_numbers() {
        for (number, noun, words) in [
            (0, "image", "0 images"),
            (1, "image", "1 image"),
            (1_200, "new image", "1,200 new images"),
            (1, "class", "1 class"),
            (2, "class", "2 classes"),
            (2, "entry", "2 entries"),
            (2, "day", "2 days"),
        ] {
            assert_eq!(count(number, noun), words);
        }
    }

    #[test]
    fn lines_are_broken_at_separators_and_end_with_a_mark_when_cut() {
        assert_eq!(fill("a bc def", " ", 4, 9), ["a bc", "def"]);
        assert_eq!(fill("a › bc › def", " › ", 8, 9), ["a › bc ›", "def"]);
        assert_eq!(fill("a › bc › def", " › ", 7, 9), ["a ›", "bc ›", "def"]);
        assert_eq!(fill("unbroken", " ", 3, 9), ["unb", "rok", "en"]);
        assert_eq!(fill("日本語", " ", 4, 9), ["日本", "語"]);
        assert_eq!(fill("one two three", " ", 5, 2), ["one", "two …"]);
        assert_eq!(fill("", " ", 5, 2), [""]);
    }

    /// Texts with characters that matter here, more often than chance would bring them.
    fn nasty() -> impl Strategy<Value = String> {
        let among =
            |codes: std::ops::Range<u32>| codes.prop_filter_map("a character", char::from_u32);
        let one = prop_oneof![
            any::<char>(),
            among(0..0x100),
            among(0x300..0x370),
            among(0x2000..0x2070),
            among(0xe0000..0xe0080),
            prop::sample::select(vec!['笔', '🚀', '\u{200d}', '\u{fe0f}', 'ש']),
        ];
        prop::collection::vec(one, 0..40).prop_map(|characters| characters.into_iter().collect())
    }

    /// Said independently of `is_active`.
    fn is_dangerous(character: char) -> bool {
        character.is_control()
            || "\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}".contains(character)
            || ('\u{202a}'..='\u{202e}').contains(&character)
            || ('\u{2066}'..='\u{2069}').contains(&character)
    }

    proptest! {
        #[test]
        fn filled_lines_keep_to_their_bounds(text in nasty(), columns in 0usize..40, lines in 0usize..5) {
            let filled = fill(&text, " ", columns, lines);
            prop_assert!(filled.len() <= lines);
            for line in filled {
                prop_assert!(width(&line) <= columns);
                prop_assert!(!line.contains(is_active));
            }
        }

        #[test]
        fn nothing_active_gets_through_and_nothing_overflows(text in nasty(), columns in 0usize..60) {
            for cut in [fit(&text, columns), fit_middle(&text, columns), tail(&text, columns)] {
                prop_assert!(width(&cut) <= columns);
                prop_assert!(!cut.contains(is_active) && !cut.contains(is_dangerous));
            }
            let whole = printable(&text).into_owned();
            prop_assert!(!whole.contains(is_active) && !whole.contains(is_dangerous));
            prop_assert_eq!(printable(&whole), whole.as_str());
        }
    }
}
