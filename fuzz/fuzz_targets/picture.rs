#![no_main]

use relabel::review::picture::{decode, probe};
use relabel_fuzz::{check_refusal, file};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let path = file("picture", bytes);
    let found = match probe(path) {
        Ok(found) => found,
        Err(error) => {
            check_refusal(&error);
            return assert!(decode(path).is_err(), "decoded, but refused by its header");
        }
    };
    // Beyond that the fuzzer would only wait for pixels.
    if u64::from(found.width) * u64::from(found.height) > 4_000_000 {
        return;
    }
    match decode(path) {
        Ok(picture) => assert_eq!(
            picture.image.dimensions(),
            (found.width, found.height),
            "the picture has the measures of its header"
        ),
        Err(error) => check_refusal(&error),
    }
});
