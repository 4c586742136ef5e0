#![no_main]

use relabel::formats::authorized_keys::line;
use relabel::formats::public_key::PublicKey;
use relabel_fuzz::check_refusal;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let key = match PublicKey::read(bytes) {
        Ok(key) => key,
        Err(error) => return check_refusal(&error),
    };
    let text = key.text();
    assert_eq!(
        PublicKey::read(text.as_bytes()).as_ref(),
        Ok(&key),
        "what is kept is read again"
    );
    assert!(key.fingerprint().starts_with("SHA256:"));
    // The rest of the input is a rater's name.
    let rest = String::from_utf8_lossy(bytes)
        .rsplit(' ')
        .next()
        .unwrap_or_default()
        .to_owned();
    match line(&["relabel".to_owned(), rest], &key, "rater") {
        Ok(line) => {
            assert_eq!(line.lines().count(), 1);
            assert!(line.ends_with(&format!(" {text} rater")));
        }
        Err(error) => check_refusal(&error),
    }
});
