//! Matrices of float32 as files.

use std::io::Write;
use std::path::Path;

use npyz::WriterBuilder;

/// An npy of [values / columns, columns].
pub fn write_npy(path: &Path, values: &[f32], columns: usize) {
    std::fs::write(path, npy(values, columns)).unwrap();
}

/// An npz of such arrays.
pub fn write_npz(path: &Path, arrays: &[(String, Vec<f32>)], columns: usize) {
    let mut zip = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    for (name, values) in arrays {
        let name = format!("{name}.npy");
        zip.start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(&npy(values, columns)).unwrap();
    }
    zip.finish().unwrap();
}

fn npy(values: &[f32], columns: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let shape = [values.len() / columns, columns].map(|side| side as u64);
    let mut writer = npyz::WriteOptions::new()
        .default_dtype()
        .shape(&shape)
        .writer(&mut bytes)
        .begin_nd()
        .unwrap();
    writer.extend(values.iter().copied()).unwrap();
    writer.finish().unwrap();
    bytes
}
