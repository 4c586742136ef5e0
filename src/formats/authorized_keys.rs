//! A line of OpenSSH's authorized_keys that ties a key to one command (sshd(8), "AUTHORIZED_KEYS FILE FORMAT").

use super::public_key::PublicKey;
use crate::text::printable;

/// Why there is no line for a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// A line holds nothing that breaks it, or that its reader cannot see.
    #[error("{} has a character that cannot stand on a line of authorized_keys", printable(.0))]
    Unseen(String),
}

/// The line that lets a key run one command on a terminal, and nothing else: no other command, no forwarding of any kind.
/// The words are what the command gets, whatever stands in them: sshd takes the quotes of the option off, then the
/// account's shell, which must take single quotes as sh does, runs the command in its own place.
///
/// # Errors
/// A word, or the comment, has a character that breaks the line, or that cannot be seen on it.
pub fn line(words: &[String], key: &PublicKey, comment: &str) -> Result<String, LineError> {
    let texts = words.iter().map(String::as_str).chain([comment]);
    for text in texts {
        if printable(text) != text {
            return Err(LineError::Unseen(text.to_owned()));
        }
    }
    let words: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
    let command = format!("exec {}", words.join(" "));
    Ok(format!(
        "restrict,pty,command={} {} {comment}",
        option_value(&command),
        key.text()
    ))
}

/// A word as sh reads it: bare where nothing in it can mean anything else (`=` in front does to zsh), otherwise between single quotes.
fn shell_word(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@,+=".contains(c);
    if !word.is_empty() && !word.starts_with('=') && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A value as sshd reads it: between double quotes, where a backslash means something before a double quote alone. It may
/// not end in one, which a word of a shell's never does.
fn option_value(value: &str) -> String {
    format!("\"{}\"", value.replace('"', "\\\""))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that fails may stop")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIChOLccTrDQZsJN7HiedTVaVphS3jAjComeSsdBpxAnZ";

    fn key() -> PublicKey {
        PublicKey::read(KEY.as_bytes()).unwrap()
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    /// A line's options and the rest, as `sshkey_advance_past_options` of OpenSSH 9.2 parts them.
    fn past_options(line: &str) -> (&str, &str) {
        let bytes = line.as_bytes();
        let (mut at, mut quoted) = (0, false);
        while at < bytes.len() && (quoted || !matches!(bytes[at], b' ' | b'\t')) {
            if bytes[at] == b'\\' && bytes.get(at + 1) == Some(&b'"') {
                at += 1;
            } else if bytes[at] == b'"' {
                quoted = !quoted;
            }
            at += 1;
        }
        (&line[..at], line[at..].trim_start())
    }

    /// The value in front, as `opt_dequote` of OpenSSH 9.2 takes its quotes off, and what follows.
    fn dequote(text: &str) -> (String, &str) {
        let mut value = String::new();
        let mut rest = text.strip_prefix('"').unwrap();
        loop {
            rest = match rest.strip_prefix("\\\"") {
                Some(after) => {
                    value.push('"');
                    after
                }
                None => {
                    let c = rest.chars().next().unwrap();
                    if c == '"' {
                        return (value, &rest[1..]);
                    }
                    value.push(c);
                    &rest[c.len_utf8()..]
                }
            };
        }
    }

    /// The command of a line that has nothing else, with all else as it must be.
    fn command(line: &str, comment: &str) -> String {
        let (options, rest) = past_options(line);
        assert_eq!(rest, format!("{KEY} {comment}"));
        let (command, after) = dequote(options.strip_prefix("restrict,pty,command=").unwrap());
        assert_eq!(after, "");
        command
    }

    #[test]
    fn plain_words_stay_plain() {
        let words = words(&[
            "/usr/bin/relabel",
            "--project",
            "/srv/pets/relabel.db",
            "review",
        ]);
        assert_eq!(
            line(&words, &key(), "alice").unwrap(),
            format!(
                "restrict,pty,command=\"exec /usr/bin/relabel --project /srv/pets/relabel.db review\" {KEY} alice"
            )
        );
    }

    #[test]
    fn what_means_something_to_a_shell_or_to_sshd_is_quoted() {
        let words = words(&["a b", "it's", "\"x\"", "$(id)", "back\\", "\\\"", ""]);
        assert_eq!(
            command(&line(&words, &key(), "it's \"x\"").unwrap(), "it's \"x\""),
            r#"exec 'a b' 'it'\''s' '"x"' '$(id)' 'back\' '\"' ''"#
        );
    }

    #[test]
    fn what_breaks_the_line_or_hides_on_it_is_refused() {
        for text in [
            "a\nb",
            "a\rb",
            "a\0b",
            "a\x1b[2J",
            "a\u{202e}b",
            "a\u{200b}b",
        ] {
            let expected = Err(LineError::Unseen(text.to_owned()));
            assert_eq!(line(&words(&["relabel", text]), &key(), "a"), expected);
            assert_eq!(line(&words(&["relabel"]), &key(), text), expected);
        }
    }

    #[cfg(unix)]
    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_shell_gets_the_words_whatever_they_are(
            given in prop::collection::vec(
                prop_oneof!["\\PC{0,12}", "[ '\"\\\\$`!#&;|<>(){}*?~%=\\[\\]-]{0,8}"],
                1..5,
            )
        ) {
            let visible = given.iter().all(|word| printable(word) == *word);
            let mut words = words(&["printf", "%s\\n"]);
            words.extend(given.iter().cloned());
            let written = line(&words, &key(), "name");
            prop_assert_eq!(written.is_ok(), visible);
            if let Ok(written) = written {
                let output = std::process::Command::new("sh")
                    .args(["-c", &command(&written, "name")])
                    .output()
                    .unwrap();
                prop_assert_eq!(String::from_utf8(output.stdout).unwrap(), given.join("\n") + "\n");
            }
        }
    }
}
