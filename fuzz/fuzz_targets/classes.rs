#![no_main]

use relabel::domain::Classes;
use relabel::formats::classes::read_classes;
use relabel_fuzz::check_refusal;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let list = match read_classes(bytes) {
        Ok(list) => list,
        Err(error) => return check_refusal(&error),
    };
    let n_classes = list.len();
    match Classes::new(list) {
        Ok(classes) => {
            assert_eq!(classes.len(), n_classes);
            for class in classes.iter() {
                assert_eq!(classes.get(class.index), Some(class));
            }
        }
        Err(error) => check_refusal(&error),
    }
});
