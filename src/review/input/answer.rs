//! A terminal's answers to what it is asked.

/// An answer of the terminal, or a report that nobody asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// kitty's graphics protocol: the picture of this number is there, or could not be shown.
    Picture {
        /// The picture's number.
        number: u32,
        /// True if the terminal has it.
        ok: bool,
    },
    /// Primary device attributes (DA1).
    Attributes {
        /// They name sixel graphics.
        sixel: bool,
    },
    /// Width and height of a cell in pixels.
    Cell(u16, u16),
    /// Name and version (XTVERSION).
    Version(String),
    /// Capabilities that were asked for (XTGETTCAP).
    Capabilities {
        /// The terminal has them.
        known: bool,
    },
    /// The end of what was asked: "in order", which every terminal answers (DSR).
    Ready,
    /// Anything else that is no key.
    Other,
}

impl Answer {
    /// Reads a control sequence, given without its ESC [.
    pub(super) fn of_control(content: &[u8]) -> Answer {
        let text = str::from_utf8(content).unwrap_or_default();
        if text == "0n" {
            return Answer::Ready;
        }
        if let Some(attributes) = text
            .strip_prefix('?')
            .and_then(|rest| rest.strip_suffix('c'))
        {
            let sixel = attributes.split(';').skip(1).any(|number| number == "4");
            return Answer::Attributes { sixel };
        }
        cell(text).unwrap_or(Answer::Other)
    }

    /// Reads a string by the letter that its kind begins with.
    pub(super) fn of_string(kind: u8, content: &[u8]) -> Answer {
        let text = String::from_utf8_lossy(content);
        let answer = match kind {
            b'P' => device_control(&text),
            b'_' => picture(&text),
            _ => None,
        };
        answer.unwrap_or(Answer::Other)
    }
}

/// `6;HEIGHT;WIDTHt`
fn cell(text: &str) -> Option<Answer> {
    let measures = text.strip_prefix("6;")?.strip_suffix('t')?;
    let (height, width) = measures.split_once(';')?;
    let (height, width) = (height.parse().ok()?, width.parse().ok()?);
    (width > 0 && height > 0).then_some(Answer::Cell(width, height))
}

fn device_control(text: &str) -> Option<Answer> {
    if let Some(version) = text.strip_prefix(">|") {
        return Some(Answer::Version(version.to_owned()));
    }
    let known = match text.split_once("+r")?.0 {
        "1" => true,
        "0" => false,
        _ => return None,
    };
    Some(Answer::Capabilities { known })
}

/// `Gi=7;OK` or `Gi=7,p=1;ENOENT:…`
fn picture(text: &str) -> Option<Answer> {
    let (keys, said) = text.strip_prefix('G')?.split_once(';')?;
    let mut keys = keys.split(',');
    let number = keys.find_map(|key| key.strip_prefix("i="))?.parse().ok()?;
    Some(Answer::Picture {
        number,
        ok: said == "OK",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_names_its_picture() {
        let picture = |content: &[u8]| Answer::of_string(b'_', content);
        let (number, ok) = (7, true);
        assert_eq!(picture(b"Gi=7;OK"), Answer::Picture { number, ok });
        let (number, ok) = (u32::MAX, false);
        assert_eq!(
            picture(b"Gi=4294967295,p=1;ENOENT:gone"),
            Answer::Picture { number, ok }
        );
        assert_eq!(picture(b"Gp=1;OK"), Answer::Other);
        assert_eq!(picture(b"yes"), Answer::Other);
    }

    #[test]
    fn control_sequences_are_told_apart() {
        let control = |content: &[u8]| Answer::of_control(content);
        assert_eq!(control(b"0n"), Answer::Ready);
        assert_eq!(control(b"6;18;9t"), Answer::Cell(9, 18));
        assert_eq!(control(b"6;0;0t"), Answer::Other);
        // The first number is the terminal's class, not a feature.
        assert_eq!(control(b"?4;6c"), Answer::Attributes { sixel: false });
        assert_eq!(control(b"?62;4;22c"), Answer::Attributes { sixel: true });
        for other in [&b">0;10;1c"[..], b"?997;1n", b"4;600;800t", b"\xff"] {
            assert_eq!(control(other), Answer::Other, "{other:?}");
        }
    }
}
