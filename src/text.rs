//! Text from outside made safe and narrow enough for a terminal.
//!
//! File names, class names, comments and error texts come from anywhere: they may hold escape sequences that move the
//! cursor, marks that reverse the reading order, or characters two columns wide. Imports nothing.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Stands where [`fit`] has cut.
const ELLIPSIS: &str = "…";

/// The text with every character that could steer a terminal, or that cannot be seen, as a visible escape.
///
/// Escaped are: control characters (`\n`, `\t`, `\r`, else `\x1b`), marks, overrides and isolates of the reading order,
/// line and paragraph separators, invisible spaces and operators, interlinear annotation, tag characters, non-characters
/// and the replacement character (`\u{202e}`). Joiners and variation selectors stay, as scripts and emoji need them.
/// A backslash stays as it is: this is for people to read, not for programs to take back.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(must_be_escaped) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if must_be_escaped(c) {
            escape_into(c, &mut out);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// The columns that a text takes, counted by grapheme as the screen does.
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.bytes().filter(|b| !b.is_ascii_control()).count();
    }
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// The text made [`printable`] and, where it is wider than `columns`, cut between two graphemes with `…` at its end.
pub fn fit(text: &str, columns: usize) -> String {
    let text = printable(text);
    if width(&text) <= columns {
        return text.into_owned();
    }
    if columns == 0 {
        return String::new();
    }
    let room = columns - width(ELLIPSIS);
    let mut out = String::new();
    let mut taken = 0;
    for grapheme in text.graphemes(true) {
        taken += grapheme.width();
        if taken > room {
            break;
        }
        out.push_str(grapheme);
    }
    out.push_str(ELLIPSIS);
    out
}

fn must_be_escaped(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}'                              // Arabic letter mark
            | '\u{180e}'                            // Mongolian vowel separator, invisible
            | '\u{200b}'                            // zero width space
            | '\u{200e}' | '\u{200f}'               // reading order marks
            | '\u{2028}'..='\u{202e}'               // separators, embeddings and overrides
            | '\u{2060}'..='\u{206f}'               // invisible operators, isolates, deprecated formats
            | '\u{feff}'                            // byte order mark
            | '\u{fff9}'..='\u{fffd}'               // interlinear annotation, object, replacement
            | '\u{fdd0}'..='\u{fdef}'               // non-characters
            | '\u{e0000}'..='\u{e007f}')            // tags
        || (u32::from(c) & 0xfffe) == 0xfffe
}

fn escape_into(c: char, out: &mut String) {
    match c {
        '\n' => out.push_str("\\n"),
        '\t' => out.push_str("\\t"),
        '\r' => out.push_str("\\r"),
        _ => {
            let code = u32::from(c);
            // Writing to a String cannot fail.
            let _ = if code < 0x100 {
                write!(out, "\\x{code:02x}")
            } else {
                write!(out, "\\u{{{code:x}}}")
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain("notebook, notebook computer", "notebook, notebook computer")]
    #[case::escape_sequence("a\x1b[2Jb", "a\\x1b[2Jb")]
    #[case::lines("a\nb\tc\rd", "a\\nb\\tc\\rd")]
    #[case::delete_and_c1("\x7f\u{9b}", "\\x7f\\x9b")]
    #[case::reading_order("cat\u{202e}gnp.exe", "cat\\u{202e}gnp.exe")]
    #[case::isolates("\u{2066}x\u{2069}", "\\u{2066}x\\u{2069}")]
    #[case::separator("a\u{2028}b", "a\\u{2028}b")]
    #[case::tags("\u{e0041}", "\\u{e0041}")]
    #[case::broken_utf8("a\u{fffd}", "a\\u{fffd}")]
    #[case::cjk("笔记本电脑", "笔记本电脑")]
    #[case::rtl("محمول", "محمول")]
    #[case::joined_emoji("👩‍🚀", "👩‍🚀")]
    fn what_steers_a_terminal_is_shown_instead(#[case] text: &str, #[case] shown: &str) {
        assert_eq!(printable(text), shown);
    }

    #[rstest]
    #[case("desk", 4, "desk")]
    #[case("desktop", 4, "des…")]
    #[case("desktop", 1, "…")]
    #[case("desktop", 0, "")]
    #[case("", 0, "")]
    #[case("笔记本", 6, "笔记本")]
    #[case("笔记本", 5, "笔记…")]
    #[case("笔记本", 4, "笔…")]
    #[case("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…")]
    #[case("👩‍🚀👩‍🚀", 3, "👩‍🚀…")]
    fn a_long_text_is_cut_between_graphemes(
        #[case] text: &str,
        #[case] columns: usize,
        #[case] shown: &str,
    ) {
        assert_eq!(fit(text, columns), shown);
    }

    /// Characters that matter here, more often than chance would bring them.
    fn nasty() -> impl Strategy<Value = String> {
        let one = prop_oneof![
            any::<char>(),
            (0u32..0x100).prop_filter_map("a char", char::from_u32),
            (0x2000u32..0x2070).prop_filter_map("a char", char::from_u32),
            (0x0300u32..0x0370).prop_filter_map("a char", char::from_u32),
            (0xe0000u32..0xe0080).prop_filter_map("a char", char::from_u32),
            Just('笔'),
            Just('\u{200d}'),
            Just('🚀'),
            Just('\u{fe0f}'),
        ];
        proptest::collection::vec(one, 0..40).prop_map(|chars| chars.into_iter().collect())
    }

    fn is_dangerous(c: char) -> bool {
        c.is_control()
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c)
            || ['\u{061c}', '\u{200e}', '\u{200f}', '\u{2028}', '\u{2029}'].contains(&c)
            || ('\u{e0000}'..='\u{e007f}').contains(&c)
    }

    proptest! {
        #[test]
        fn nothing_dangerous_is_left_and_a_second_pass_changes_nothing(text in nasty()) {
            let shown = printable(&text).into_owned();
            prop_assert!(!shown.chars().any(is_dangerous), "{shown:?}");
            prop_assert_eq!(printable(&shown), shown.as_str());
        }

        #[test]
        fn the_columns_are_never_exceeded(text in nasty(), columns in 0usize..60) {
            let shown = fit(&text, columns);
            prop_assert!(!shown.chars().any(is_dangerous), "{shown:?}");
            prop_assert!(width(&shown) <= columns, "{shown:?} takes {}", width(&shown));
            if width(&printable(&text)) <= columns {
                prop_assert_eq!(printable(&text), shown);
            }
        }
    }
}
