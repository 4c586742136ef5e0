//! Footers of Parquet files that no writer makes.

/// A field of a footer that claims to be a list of 2^31 - 1 flags.
pub const LIST_OF_FLAGS: [u8; 7] = [0xf9, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x07];

/// A file whose footer has these bytes as one more field.
pub fn with_footer_field(bytes: &[u8], field: &[u8]) -> Vec<u8> {
    let (rest, tail) = bytes.split_at(bytes.len() - 8);
    let length = u32::from_le_bytes(tail[..4].try_into().unwrap()) + field.len() as u32;
    // The last byte of a struct says that there is no more.
    let (rest, end) = rest.split_at(rest.len() - 1);
    [rest, field, end, &length.to_le_bytes(), &tail[4..]].concat()
}
