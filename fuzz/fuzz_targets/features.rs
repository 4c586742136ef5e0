#![no_main]

use relabel::formats::features::{FeaturesError, read_features};
use relabel_fuzz::{check_refusal, file};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // The name of the first input is the process's own: the ending follows what the bytes begin with.
    let ending = match bytes {
        [b'P', b'K', ..] => "npz",
        [b'P', ..] => "parquet",
        _ => "npy",
    };
    let path = file("features.bin", bytes);
    let named = path.with_extension(ending);
    std::fs::rename(path, &named).expect("the input is renamed");
    for array in [None, Some("scores")] {
        match read_features(&named, array, |_| Ok::<_, FeaturesError>(())) {
            Ok(table) => {
                assert!(table.columns > 0 && !table.values.is_empty());
                assert_eq!(table.values.len() % table.columns, 0, "whole rows");
                assert!(table.values.iter().all(|value| value.is_finite()));
                let images = table.values.len() / table.columns;
                assert!(table.images.is_none_or(|names| names.len() == images));
            }
            Err(error) => check_refusal(&error),
        }
    }
});
