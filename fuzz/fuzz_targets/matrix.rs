#![no_main]

use relabel::formats::matrix::{Matrix, MatrixError, Rows};
use relabel_fuzz::{check_refusal, file};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // Both endings belong to one process: the name is the first input's, and a zip begins with PK.
    let path = file("matrix.bin", bytes);
    let path = {
        let ending = if bytes.starts_with(b"PK") {
            "npz"
        } else {
            "npy"
        };
        let named = path.with_extension(ending);
        std::fs::rename(path, &named).expect("the input is renamed");
        named
    };
    for array in [None, Some("scores")] {
        let matrix = match Matrix::open(&path, array) {
            Ok(matrix) => matrix,
            Err(error) => {
                check_refusal(&error);
                continue;
            }
        };
        let (images, classes) = matrix.shape();
        assert!(images > 0 && classes > 0);
        let mut seen = 0;
        let outcome = matrix.each_block(|block| -> Result<(), MatrixError> {
            let counts = block.look(|first, rows| {
                let numbers = match rows {
                    Rows::F32(numbers) => numbers.len(),
                    Rows::F64(numbers) => numbers.len(),
                };
                assert_eq!(numbers % classes, 0, "whole rows from {first} on");
                numbers / classes
            })?;
            seen += counts.iter().sum::<usize>();
            Ok(())
        });
        match outcome {
            Ok(()) => assert_eq!(seen, images),
            Err(error) => check_refusal(&error),
        }
    }
});
