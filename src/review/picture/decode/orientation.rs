//! Orientation of a picture, from the EXIF data of every container.

use image::metadata::Orientation;

/// The orientation that EXIF data name. Converters copy them from JPEG with the name before them, once or twice.
pub fn of_exif(exif: &[u8]) -> Option<Orientation> {
    let mut exif = exif;
    while let Some(rest) = exif.strip_prefix(b"Exif\0\0") {
        exif = rest;
    }
    Orientation::from_exif_chunk(exif)
}

/// EXIF data of a PNG, wherever they stand: the standard allows them behind the pixels too.
pub fn png_exif(file: &[u8]) -> Option<&[u8]> {
    let mut rest = file.get(8..)?;
    loop {
        let (length, behind) = rest.split_first_chunk::<4>()?;
        let (name, behind) = behind.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        if name == b"eXIf" {
            return behind.get(..length);
        }
        rest = behind.get(length.checked_add(4)?..)?;
    }
}

/// True if width and height are swapped.
pub fn turns(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const TURNED: &[u8] = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";

    #[test]
    fn the_name_before_exif_data_is_passed_over() {
        for before in [&b""[..], b"Exif\0\0", b"Exif\0\0Exif\0\0"] {
            let exif = [before, TURNED].concat();
            assert_eq!(of_exif(&exif), Some(Orientation::Rotate90));
        }
        assert_eq!(of_exif(b"Exif\0"), None);
    }

    #[test]
    fn exif_data_of_a_png_may_stand_behind_the_pixels() {
        let chunk = |name: &[u8], data: &[u8]| {
            let length = u32::try_from(data.len()).unwrap().to_be_bytes();
            [&length, name, data, &[0; 4]].concat()
        };
        let pixels = chunk(b"IDAT", &[1; 9]);
        let exif = chunk(b"eXIf", TURNED);
        let file = [&[0; 8], &pixels[..], &exif, &chunk(b"IEND", b"")].concat();
        assert_eq!(png_exif(&file), Some(TURNED));
        for length in 0..file.len() {
            let _ = png_exif(&file[..length]);
        }
        let huge = [&[0; 8][..], &[0xff; 4], b"IDAT", &[0; 9]].concat();
        assert_eq!(png_exif(&huge), None);
    }
}
