use std::io::{self, Write};

use npyz::WriterBuilder;

/// Writes predictions as an npy of float32: [images, classes], row by row.
///
/// # Errors
/// Writing fails, or the numbers are no whole rows.
pub fn write_logits_npy(logits: &[f32], classes: usize, out: &mut impl Write) -> io::Result<()> {
    let rows = logits.len() / classes.max(1);
    let shape = [rows as u64, classes as u64];
    let array = npyz::WriteOptions::new().default_dtype().shape(&shape);
    let mut array = array.writer(out).begin_nd()?;
    array.extend(logits.iter().copied())?;
    array.finish()
}

/// An array of float32 with a name.
#[derive(Debug, Clone, PartialEq)]
pub struct SafeTensor<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its numbers, in C order.
    pub values: &'a [f32],
}

/// Writes arrays as a file of safetensors: the length of the header (eight bytes, little-endian), the header as JSON, the
/// numbers (github.com/huggingface/safetensors, "Format").
///
/// # Errors
/// Writing fails.
pub fn write_safetensors(tensors: &[SafeTensor<'_>], out: &mut impl Write) -> io::Result<()> {
    let mut header = serde_json::Map::new();
    let mut start = 0;
    for tensor in tensors {
        let end = start + size_of_val(tensor.values);
        let entry = serde_json::json!({
            "dtype": "F32",
            "shape": tensor.shape,
            "data_offsets": [start, end],
        });
        header.insert(tensor.name.to_owned(), entry);
        start = end;
    }
    let mut header = serde_json::to_vec(&header)?;
    // Numbers begin where eight bytes do.
    header.resize(header.len().next_multiple_of(8), b' ');
    out.write_all(&(header.len() as u64).to_le_bytes())?;
    out.write_all(&header)?;
    for value in tensors.iter().flat_map(|tensor| tensor.values) {
        out.write_all(&value.to_le_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn safetensors_are_a_length_a_header_and_the_numbers() {
        let mut bytes = Vec::new();
        let tensors = [
            SafeTensor {
                name: "weight",
                shape: vec![1, 2],
                values: &[1.0, -2.0],
            },
            SafeTensor {
                name: "bias",
                shape: vec![1],
                values: &[0.5],
            },
        ];
        write_safetensors(&tensors, &mut bytes).unwrap();
        let length = u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
        assert_eq!(length % 8, 0);
        let header: serde_json::Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
        assert_eq!(header["weight"]["data_offsets"], serde_json::json!([0, 8]));
        assert_eq!(header["weight"]["shape"], serde_json::json!([1, 2]));
        assert_eq!(header["bias"]["data_offsets"], serde_json::json!([8, 12]));
        let numbers: Vec<u8> = [1.0_f32, -2.0, 0.5]
            .iter()
            .flat_map(|n| n.to_le_bytes())
            .collect();
        assert_eq!(bytes[8 + length..], numbers);
    }
}
