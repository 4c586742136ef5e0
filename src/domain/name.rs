//! Names as they are compared: images and raters are the same under every spelling of one name.

use unicode_normalization::UnicodeNormalization;

/// A text that stands where the name of an image belongs, and is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ImageNameError {
    /// The bytes of a picture, in place of its name.
    #[error("the picture itself stands here as base64 text, and no name of a file")]
    Embedded,
    /// No letter is left, as of `https://example.org/#top`.
    #[error("it names no file")]
    Empty,
}

/// Neither seen nor meant at the ends of a name: blanks, control characters, marks of direction (Windows copies one with a path).
fn is_blank(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(
            character,
            '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

/// The normal form of a name: composed (NFC), without blanks around it. Names of raters are compared so.
pub fn normal_name(text: &str) -> String {
    let composed: String = text.nfc().collect();
    composed.trim_matches(is_blank).to_owned()
}

/// The name that an image gets from a text that names its file: in normal form, with `/` between folders; of an address its path; of an
/// upload to Label Studio the name that the file had.
///
/// # Errors
/// The text names no file.
pub fn image_name(text: &str) -> Result<String, ImageNameError> {
    let text = normal_name(text);
    if is_picture(&text) {
        return Err(ImageNameError::Embedded);
    }
    let path = path_of_address(&text).unwrap_or(text);
    let path = normal_name(&path.replace('\\', "/"));
    let parts: Vec<&str> = path
        .split('/')
        .map(|part| part.trim_matches(is_blank))
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    match (parts.is_empty(), path.starts_with('/')) {
        (true, _) => Err(ImageNameError::Empty),
        (false, true) => Ok(format!("/{}", parts.join("/"))),
        (false, false) => Ok(parts.join("/")),
    }
}

/// Returns the comparison key of an image's name: its [`image_name`] without the start of an absolute path.
///
/// # Errors
/// The text names no file.
pub fn image_key(text: &str) -> Result<String, ImageNameError> {
    let name = image_name(text)?;
    let parts: Vec<&str> = name
        .split('/')
        .skip_while(|part| part.is_empty() || is_drive(part))
        .collect();
    match parts.is_empty() {
        true => Err(ImageNameError::Empty),
        false => Ok(parts.join("/")),
    }
}

/// A drive of Windows, such as `C:`.
fn is_drive(part: &str) -> bool {
    let mut characters = part.chars();
    characters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic())
        && characters.next() == Some(':')
        && characters.next().is_none()
}

/// First characters of a JPEG, PNG, GIF or WebP in base64.
const PICTURES: &[&str] = &["/9j/", "iVBORw0KGgo", "R0lGOD", "UklGR"];

/// Shorter texts may be names.
const SHORTEST_PICTURE: usize = 64;

/// True if a text holds a picture's bytes.
fn is_picture(text: &str) -> bool {
    let is_address = text
        .get(..5)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=\r\n".contains(&byte);
    is_address
        || text.len() >= SHORTEST_PICTURE
            && PICTURES.iter().any(|picture| text.starts_with(picture))
            && text.bytes().all(is_base64)
}

/// The path of an address, without a slash at its start; none for what is no address.
fn path_of_address(text: &str) -> Option<String> {
    let (is_remote, rest) = match scheme(text) {
        Some((_, rest)) => (true, rest),
        None => (false, text),
    };
    if !is_remote && !rest.starts_with("/data/") {
        return None;
    }
    // A local file of Label Studio.
    if let Some((_, path)) = rest.split_once("?d=") {
        return Some(percent_decoded(path.split('&').next().unwrap_or(path)));
    }
    let path = match is_remote {
        true => {
            let (_, path) = rest.split_once('/').unwrap_or((rest, ""));
            let end = path.find(['?', '#']).unwrap_or(path.len());
            path.get(..end).unwrap_or(path)
        }
        false => rest.trim_start_matches('/'),
    };
    let is_upload = path.starts_with("data/upload/") || path.contains("/data/upload/");
    match (is_upload, is_remote) {
        (true, _) => Some(percent_decoded(uploaded(path))),
        (false, true) => Some(percent_decoded(path)),
        (false, false) => None,
    }
}

/// An address's scheme, and what stands behind `://`; a drive of Windows is none. A file's address may have one slash alone.
fn scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let mut letters = scheme.bytes();
    let is_scheme = scheme.len() > 1
        && letters
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    match rest.strip_prefix("//") {
        Some(rest) if is_scheme => Some((scheme, rest)),
        None if scheme.eq_ignore_ascii_case("file") && rest.starts_with('/') => {
            Some((scheme, rest))
        }
        _ => None,
    }
}

/// The name that an uploaded file had: Label Studio puts eight hexadecimal digits in front.
fn uploaded(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    let is_key = |key: &str| key.len() == 8 && key.bytes().all(|byte| byte.is_ascii_hexdigit());
    match file.split_once('-') {
        Some((key, name)) if is_key(key) && !name.is_empty() => name,
        _ => file,
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if let (b'%', [high, low, after @ ..]) = (byte, behind)
            && let (Some(high), Some(low)) = (digit(*high), digit(*low))
        {
            bytes.push(high * 16 + low);
            rest = after;
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_and_paths_become_names() {
        for (text, name) in [
            ("cats/a b.jpg", "cats/a b.jpg"),
            ("./cats//a.jpg", "cats/a.jpg"),
            ("100%25.jpg", "100%25.jpg"),
            ("/data/local-files/?d=photos/a%20b.jpg", "photos/a b.jpg"),
            ("/data/local-files/?d=photos%5Ccat.jpg", "photos/cat.jpg"),
            ("https://example.org/x/a%C3%BC.jpg?size=2#top", "x/aü.jpg"),
            ("HTTPS://example.org/x/a.jpg", "x/a.jpg"),
            ("s3://bucket/x/a.jpg", "x/a.jpg"),
            ("/data/upload/3/1a2b3c4d-cat-1.jpg", "cat-1.jpg"),
            ("/data/upload/3/cat-1.jpg", "cat-1.jpg"),
            (
                "https://example.org/ls/data/upload/3/1a2b3c4d-a%20b.jpg",
                "a b.jpg",
            ),
            (
                "http://localhost:8080/data/local-files/?d=sets/a.jpg&x=1",
                "sets/a.jpg",
            ),
            ("https://example.org/100%.jpg", "100%.jpg"),
            ("file:///home/ann/cat.jpg", "home/ann/cat.jpg"),
            ("/home/ann/cat.jpg", "/home/ann/cat.jpg"),
        ] {
            assert_eq!(image_name(text).as_deref(), Ok(name), "{text}");
        }
        for text in ["", " \t", "https://example.org/#top", "./", "file:///"] {
            assert_eq!(image_name(text), Err(ImageNameError::Empty), "{text}");
        }
        assert_eq!(image_key("C:"), Err(ImageNameError::Empty));
    }

    #[test]
    fn spellings_of_one_name_have_one_key() {
        for (key, spellings) in [(
            "sets/photos/caf\u{e9}.jpg",
            [
                "sets\\photos\\cafe\u{301}.jpg",
                "C:\\sets\\photos\\caf\u{e9}.jpg",
                "\u{202a}D:\\sets\\photos\\caf\u{e9}.jpg",
                "\\\\sets\\photos\\caf\u{e9}.jpg",
                "/sets/photos/caf\u{e9}.jpg",
                "file:///C:/sets/photos/caf%C3%A9.jpg",
                "file:/sets/photos/cafe%CC%81.jpg",
                " sets/./photos//caf\u{e9}.jpg\u{a0}\r",
            ],
        )] {
            for text in spellings {
                assert_eq!(image_key(text).as_deref(), Ok(key), "{text}");
            }
        }
    }

    #[test]
    fn a_picture_in_place_of_its_name_is_told() {
        let jpeg = format!("/9j/{}", "Ab1+".repeat(40));
        for text in [
            "data:image/png;base64,iVBORw0KGgo",
            "DATA:,x",
            jpeg.as_str(),
        ] {
            assert_eq!(image_name(text), Err(ImageNameError::Embedded), "{text}");
        }
        assert_eq!(image_name("/9j/a.jpg").as_deref(), Ok("/9j/a.jpg"));
        assert_eq!(image_name("data/a.jpg").as_deref(), Ok("data/a.jpg"));
    }

    /// Letters that are written in several ways, blanks, and what stands between folders.
    fn texts() -> impl Strategy<Value = String> {
        let one = prop_oneof![
            any::<char>().prop_filter("a scheme", |character| *character != ':'),
            prop::sample::select(vec![
                'e', '\u{301}', '\u{e9}', '\u{212b}', '\u{1100}', '\u{1161}', '\u{11a8}', ' ',
                '\u{a0}', '\u{2000}', '/', '\\', '.', '%', '2', '\t', '\u{202a}', '\u{feff}',
            ]),
        ];
        prop::collection::vec(one, 0..24).prop_map(|characters| characters.into_iter().collect())
    }

    proptest! {
        #[test]
        fn the_normal_form_of_a_normal_form_is_itself(text in texts()) {
            let once = normal_name(&text);
            prop_assert_eq!(normal_name(&once), once.clone());
            if let Ok(name) = image_name(&text) {
                prop_assert_eq!(image_name(&name), Ok(name.clone()));
                prop_assert_eq!(image_key(&name), image_key(&text));
            }
            if let Ok(key) = image_key(&text) {
                prop_assert_eq!(image_key(&key), Ok(key.clone()));
            }
        }

        #[test]
        fn spellings_meet(text in texts(), before in " {0,3}", after in "[ \t\r\n]{0,3}") {
            let decomposed: String = text.nfd().collect();
            prop_assert_eq!(normal_name(&decomposed), normal_name(&text));
            prop_assert_eq!(normal_name(&format!("{before}{text}{after}")), normal_name(&text));
            let windows = text.replace('/', "\\");
            if !text.starts_with("/data/") {
                prop_assert_eq!(image_key(&windows), image_key(&text));
                prop_assert_eq!(image_key(&format!("C:\\{windows}")), image_key(&text));
            }
        }
    }
}
