#![no_main]

use std::collections::HashSet;

use relabel::formats::coco::read_coco;
use relabel_fuzz::{check_refusal, file};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let images = match read_coco(file("coco.json", bytes)) {
        Ok(images) => images,
        Err(error) => return check_refusal(&error),
    };
    for image in images {
        match image {
            Ok(image) => {
                assert!(!image.image.is_empty());
                let labels: HashSet<&str> = image
                    .labels
                    .iter()
                    .map(|(label, _)| label.as_str())
                    .collect();
                assert_eq!(labels.len(), image.labels.len(), "a label stands once");
                let scores = image.labels.iter().filter_map(|(_, score)| *score);
                assert!({ scores }.all(f64::is_finite));
            }
            Err(error) => {
                check_refusal(&error);
                assert!(error.path.starts_with("annotations["), "{error}");
            }
        }
    }
});
