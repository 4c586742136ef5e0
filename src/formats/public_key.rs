//! OpenSSH's public keys: one line of type, base64 and comment (RFC 4253 section 6.6, RFC 5656, RFC 8709; the keys of
//! hardware tokens after OpenSSH's PROTOCOL.u2f). What is kept is decoded and written anew, so nothing else of the line
//! gets through.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use sha2::{Digest, Sha256};

/// What a type of key is made of, after its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// This name of a curve.
    Curve(&'static str),
    /// So many bytes.
    Bytes(usize),
    /// An uncompressed point of a curve, whose coordinates have so many bytes.
    Point(usize),
    /// A number.
    Number,
    /// RSA's modulus.
    Modulus,
    /// What a hardware token was told that the key is for.
    Application,
}

/// The types of keys that OpenSSH takes without being asked to.
const TYPES: &[(&str, &[Part])] = &[
    ("ssh-ed25519", &[Part::Bytes(32)]),
    ("ssh-rsa", &[Part::Number, Part::Modulus]),
    (
        "ecdsa-sha2-nistp256",
        &[Part::Curve("nistp256"), Part::Point(32)],
    ),
    (
        "ecdsa-sha2-nistp384",
        &[Part::Curve("nistp384"), Part::Point(48)],
    ),
    (
        "ecdsa-sha2-nistp521",
        &[Part::Curve("nistp521"), Part::Point(66)],
    ),
    (
        "sk-ssh-ed25519@openssh.com",
        &[Part::Bytes(32), Part::Application],
    ),
    (
        "sk-ecdsa-sha2-nistp256@openssh.com",
        &[Part::Curve("nistp256"), Part::Point(32), Part::Application],
    ),
];

/// RSA keys with fewer bits are broken within reach, and refused by many servers.
const FEWEST_BITS: usize = 2048;

/// OpenSSH reads no longer key.
pub const LONGEST: usize = 16_384;

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    name: &'static str,
    blob: Vec<u8>,
}

/// Why a text is no public key that may be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    /// Nothing is there.
    #[error("there is no key in it")]
    Empty,
    /// Longer than any key.
    #[error("it is longer than any public key")]
    TooLong,
    /// Bytes that are no text, or act on a terminal.
    #[error("it is no line of text")]
    NotText,
    /// The secret half.
    #[error("this is a private key, which must never leave its owner's machine")]
    Private,
    /// Another format's beginning.
    #[error("this is no OpenSSH public key: it is in another format")]
    OtherFormat,
    /// More than a line.
    #[error("it has more than one line; a key goes to one rater")]
    Several,
    /// What authorized_keys allows in front of a key.
    #[error("something stands before the key; a line that begins with its type is expected")]
    Options,
    /// A certificate is no key.
    #[error("this is a certificate, not a key")]
    Certificate,
    /// A type that OpenSSH does not take.
    #[error("{0:?} is no type of key that OpenSSH takes")]
    UnknownType(String),
    /// What follows the type is no base64.
    #[error("the key is cut or changed: what follows {0} is no base64")]
    NotBase64(&'static str),
    /// What the base64 holds is not what the type says.
    #[error("the key is cut or changed: it does not hold what {0} says")]
    Damaged(&'static str),
    /// An RSA key that is too short.
    #[error("RSA with {0} bits is too weak: at least {FEWEST_BITS} are needed")]
    Weak(usize),
}

impl PublicKey {
    /// Reads a public key file: one line, which begins with the type. The comment is left out.
    ///
    /// # Errors
    /// It is anything else than one public key of a type that OpenSSH takes by default.
    pub fn read(bytes: &[u8]) -> Result<PublicKey, PublicKeyError> {
        if bytes.len() > LONGEST {
            return Err(PublicKeyError::TooLong);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| PublicKeyError::NotText)?;
        let line = text.trim_end_matches(['\n', '\r']);
        if line.trim().is_empty() {
            return Err(PublicKeyError::Empty);
        }
        if line.contains("PRIVATE KEY") || line.starts_with("PuTTY-User-Key-File") {
            return Err(PublicKeyError::Private);
        }
        if line.starts_with("---") {
            return Err(PublicKeyError::OtherFormat);
        }
        if line.contains(['\n', '\r']) {
            return Err(PublicKeyError::Several);
        }
        if line.contains(|c: char| c.is_control() && c != '\t') {
            return Err(PublicKeyError::NotText);
        }
        let mut words = line.split([' ', '\t']);
        let first = words.next().unwrap_or_default();
        let Some((name, parts)) = type_of(first) else {
            return Err(match words.any(|word| type_of(word).is_some()) {
                true => PublicKeyError::Options,
                false if first.contains("-cert-v") => PublicKeyError::Certificate,
                false => PublicKeyError::UnknownType(first.to_owned()),
            });
        };
        let blob = words
            .find(|word| !word.is_empty())
            .and_then(|word| STANDARD.decode(word).ok())
            .ok_or(PublicKeyError::NotBase64(name))?;
        check(&blob, name, parts)?;
        Ok(PublicKey { name, blob })
    }

    /// The type's name.
    pub fn type_name(&self) -> &'static str {
        self.name
    }

    /// Type and base64, without a comment.
    pub fn text(&self) -> String {
        format!("{} {}", self.name, STANDARD.encode(&self.blob))
    }

    /// The fingerprint as OpenSSH shows it: `SHA256:…`.
    pub fn fingerprint(&self) -> String {
        format!(
            "SHA256:{}",
            STANDARD_NO_PAD.encode(Sha256::digest(&self.blob))
        )
    }
}

fn type_of(word: &str) -> Option<(&'static str, &'static [Part])> {
    let found = TYPES.iter().find(|(name, _)| *name == word);
    found.map(|(name, parts)| (*name, *parts))
}

/// Whether the bytes are the type's name and its parts, and nothing else.
fn check(blob: &[u8], name: &'static str, parts: &[Part]) -> Result<(), PublicKeyError> {
    let damaged = PublicKeyError::Damaged(name);
    let (first, mut rest) = split_string(blob).ok_or(damaged.clone())?;
    if first != name.as_bytes() {
        return Err(damaged);
    }
    for part in parts {
        let (value, after) = split_string(rest).ok_or(damaged.clone())?;
        rest = after;
        let is_right = match part {
            Part::Curve(curve) => value == curve.as_bytes(),
            Part::Bytes(length) => value.len() == *length,
            Part::Point(length) => value.len() == 2 * length + 1 && value.first() == Some(&4),
            Part::Number | Part::Modulus => bits(value).is_some(),
            Part::Application => std::str::from_utf8(value).is_ok_and(|text| !text.is_empty()),
        };
        if !is_right {
            return Err(damaged);
        }
        if let (Part::Modulus, Some(bits)) = (part, bits(value))
            && bits < FEWEST_BITS
        {
            return Err(PublicKeyError::Weak(bits));
        }
    }
    match rest.is_empty() {
        true => Ok(()),
        false => Err(damaged),
    }
}

/// Takes a `string` of RFC 4251 off the front: four bytes of length, and so many bytes.
fn split_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

/// The bits of a positive `mpint` of RFC 4251 in its shortest form; none for anything else.
fn bits(bytes: &[u8]) -> Option<usize> {
    let digits = match bytes {
        // A zero in front only keeps the sign off the next byte.
        [0, next, ..] if *next >= 0x80 => bytes.get(1..)?,
        [first, ..] if (1..0x80).contains(first) => bytes,
        _ => return None,
    };
    let first = digits.first()?;
    Some(digits.len() * 8 - first.leading_zeros() as usize)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that fails may stop")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // Made by ssh-keygen of OpenSSH 9.2, which gave the fingerprint, too.
    const ED25519: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIChOLccTrDQZsJN7HiedTVaVphS3jAjComeSsdBpxAnZ";
    const ED25519_PRINT: &str = "SHA256:lxKOwH4kzEgrCmqaMVsUq23WVg6htTfSKF3hXWztraU";
    const ECDSA: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBAHDOJXotzaP3h4y5vnV2O6tXdMSYh/9WutKdd409E3tS/+xMyEEntHX1pCKTWg05yk6GSB7wJNvcdvl9EzOU04=";
    const ECDSA_PRINT: &str = "SHA256:hvzTKjuwDzsQKaAs6KlXSzD05BV3VVNrfr5JhXa+TGY";
    const RSA_1024: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDSQZfogzIs6TfJYQPGRxFUmtn8lv8+uReSS2vrPPfieQWT+Wsgdm/sx0Gk/oBrogtcUD3pPvSUsgNZf5wB5o6b6Zqbx59R4gDpqUO3WAdPn7KobXxMei1uFsqvGeWjFIzS3fT0paNGKK49PYMlodP8SK10jjV6db2zALmzxmkPmQ==";
    const RSA_2048: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDAuDVgLs/KNl2uiAEtblP+XEb2Er0jUm+fvkmBMqou1VmC8icjIFKl6PYAWutwWE1nhcmIOkY30aBjafFaJi6LvOLAevA6vw0ZuLwMmbYprqn1ueSojue9DCg9ddwbfJGhHtb3Ltj3zTdpABf4ZYo6ZIVVwBeRbrpThZMmMVL08obV+jbjw9c21Wtnk08noGO1NiPHz8wZX+5ltVI8eS8P7QF1mSdSTQizI8a38Ald6lPmh7AfrLt8sdgruRGurMfj3pivw9IQMESFgMmen7oVFzCfFA/LH8lvJG4A4CXschXPkFtdTzznbf8ebOI8z07/vG2HnKnci171nOKeNbIV";
    const RSA_2048_PRINT: &str = "SHA256:RXcBsGa5xDJJnwl5Zgb8XccLv2QOvAUM3eBSOEeLw7E";

    fn read(text: &str) -> Result<PublicKey, PublicKeyError> {
        PublicKey::read(text.as_bytes())
    }

    /// A key of these strings.
    fn key_of(strings: &[&[u8]]) -> String {
        let mut blob = Vec::new();
        for string in strings {
            blob.extend((string.len() as u32).to_be_bytes());
            blob.extend(*string);
        }
        STANDARD.encode(blob)
    }

    #[test]
    fn keys_are_read_with_the_fingerprints_that_ssh_keygen_gives() {
        for (text, print) in [
            (ED25519, ED25519_PRINT),
            (ECDSA, ECDSA_PRINT),
            (RSA_2048, RSA_2048_PRINT),
        ] {
            let key = read(text).unwrap();
            assert_eq!(key.text(), text);
            assert_eq!(key.fingerprint(), print);
            for around in [
                format!("{text}\n"),
                format!("{text} alice@laptop\r\n"),
                format!("{text}\ta comment with \"quotes\""),
            ] {
                assert_eq!(read(&around).unwrap(), key);
            }
        }
        let token = format!(
            "sk-ssh-ed25519@openssh.com {}",
            key_of(&[b"sk-ssh-ed25519@openssh.com", &[7; 32], b"ssh:"])
        );
        assert_eq!(read(&token).unwrap().text(), token);
    }

    #[test]
    fn anything_else_is_refused_and_says_why() {
        use PublicKeyError::*;
        let word = ED25519.split(' ').nth(1).unwrap();
        let cut = &ED25519[..ED25519.len() - 4];
        let ed25519 = "ssh-ed25519";
        let of = |name: &str, strings: &[&[u8]]| format!("{name} {}", key_of(strings));
        let cases = [
            (String::new(), Empty),
            (" \n".to_owned(), Empty),
            ("x".repeat(LONGEST + 1), TooLong),
            (
                "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl".to_owned(),
                Private,
            ),
            ("PuTTY-User-Key-File-3: ssh-ed25519\n".to_owned(), Private),
            (
                "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA".to_owned(),
                OtherFormat,
            ),
            (format!("{ED25519}\n{ECDSA}\n"), Several),
            (format!("{ED25519} a\rb"), Several),
            (format!("\n{ED25519}"), Several),
            (format!("{ED25519} a\x1b[2Jb"), NotText),
            (format!("{ED25519} a\0b"), NotText),
            (format!("no-pty {ED25519}"), Options),
            (format!("command=\"sh\" {ED25519}"), Options),
            (format!(" {ED25519}"), Options),
            (
                format!("ssh-ed25519-cert-v01@openssh.com {word}"),
                Certificate,
            ),
            (format!("ssh-dss {word}"), UnknownType("ssh-dss".to_owned())),
            (ed25519.to_owned(), NotBase64(ed25519)),
            (format!("{ED25519}="), NotBase64(ed25519)),
            (cut.to_owned(), Damaged(ed25519)),
            (format!("ssh-rsa {word}"), Damaged("ssh-rsa")),
            (of(ed25519, &[b"ssh-ed25519", &[1; 31]]), Damaged(ed25519)),
            (
                of(ed25519, &[b"ssh-ed25519", &[1; 32], b""]),
                Damaged(ed25519),
            ),
            (
                of("ssh-rsa", &[b"ssh-rsa", &[1, 0, 1], &[0, 1]]),
                Damaged("ssh-rsa"),
            ),
            (RSA_1024.to_owned(), Weak(1024)),
        ];
        for (text, expected) in cases {
            assert_eq!(read(&text), Err(expected), "{text:?}");
        }
        assert_eq!(PublicKey::read(b"ssh-ed25519 \xff"), Err(NotText));
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_again_and_never_more(
            comment in "\\PC{0,40}",
            at in 0usize..68,
            letter in "[ -~]",
        ) {
            let text = format!("{ED25519} {comment}");
            prop_assert_eq!(read(&text).unwrap().text(), ED25519);
            // One changed letter gives another key, or none.
            let mut changed = ED25519.to_owned();
            let place = "ssh-ed25519 ".len() + at;
            changed.replace_range(place..=place, &letter);
            if let Ok(key) = read(&changed) {
                prop_assert!(key.text().starts_with("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI"));
                prop_assert!(key.text().len() == ED25519.len());
            }
        }

        #[test]
        fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = PublicKey::read(&bytes);
            let _ = read(&format!("ssh-ed25519 {}", STANDARD.encode(&bytes)));
            let _ = read(&format!("ssh-rsa {}", STANDARD.encode(&bytes)));
        }
    }
}
