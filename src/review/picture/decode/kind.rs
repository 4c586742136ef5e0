//! The kind of a file, by its first bytes: a name may say anything.

use image::ImageFormat;

/// The kind of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Decoded by `jpeg`.
    Jpeg,
    /// Decoded by `tiff`.
    Tiff,
    /// Decoded by the image library.
    Common(ImageFormat),
    /// Known, but not read: with its article.
    NotRead(&'static str),
    /// Anything else.
    Unknown,
}

/// So many bytes are enough for [`Kind::of`].
pub const HEAD: usize = 512;

/// First bytes of what is read.
const READ: &[(&[u8], Kind)] = &[
    (b"\xff\xd8\xff", Kind::Jpeg),
    (b"\x89PNG\r\n\x1a\n", Kind::Common(ImageFormat::Png)),
    (b"GIF87a", Kind::Common(ImageFormat::Gif)),
    (b"GIF89a", Kind::Common(ImageFormat::Gif)),
    (b"BM", Kind::Common(ImageFormat::Bmp)),
    (b"II*\0", Kind::Tiff),
    (b"MM\0*", Kind::Tiff),
    (b"II+\0", Kind::Tiff),
    (b"MM\0+", Kind::Tiff),
];

/// First bytes of what is not.
const NOT_READ: &[(&[u8], &str)] = &[
    // Begins like JPEG, so it stands before it.
    (b"\xff\xd8\xff\xf7", "a JPEG-LS file"),
    (b"\xff\x0a", "a JPEG XL file"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL file"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 file"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 file"),
    (b"II\xbc", "a JPEG XR file"),
    (b"8BPS", "a Photoshop file"),
    (b"gimp xcf", "a GIMP file"),
    (b"v/1\x01", "an OpenEXR file"),
    (b"#?RADIANCE", "a Radiance HDR file"),
    (b"DDS ", "a DDS file"),
    (b"qoif", "a QOI file"),
    (b"farbfeld", "a farbfeld file"),
    (b"\0\0\x01\0", "an icon file (ICO)"),
    (b"IIRO", "a raw camera file (ORF)"),
    (b"IIRS", "a raw camera file (ORF)"),
    (b"IIU\0", "a raw camera file (RW2)"),
    (b"FUJIFILMCCD-RAW", "a raw camera file (RAF)"),
    (b"SIMPLE  =", "a FITS file"),
    (b"AT&TFORM", "a DjVu file"),
    (b"%PDF-", "a PDF file"),
    (b"%!PS", "a PostScript file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1aE\xdf\xa3", "a video file"),
    (
        b"version https://git-lfs",
        "a Git LFS pointer, not the file itself",
    ),
];

/// Brands of ISO's base media files, which hold AVIF, HEIC and videos alike.
const BRANDS: &[(&[u8], &str)] = &[
    (b"avif", "an AVIF file"),
    (b"avis", "an AVIF file"),
    (b"heic", "a HEIC file"),
    (b"heix", "a HEIC file"),
    (b"heim", "a HEIC file"),
    (b"heis", "a HEIC file"),
    (b"hevc", "a HEIC file"),
    (b"hevx", "a HEIC file"),
    (b"hevm", "a HEIC file"),
    (b"hevs", "a HEIC file"),
    (b"crx ", "a raw camera file (CR3)"),
    (b"jxl ", "a JPEG XL file"),
    // Of both, when no brand says more.
    (b"mif1", "a HEIF file"),
    (b"msf1", "a HEIF file"),
    (b"mif2", "a HEIF file"),
];

impl Kind {
    /// The kind of a file that begins so.
    pub fn of(head: &[u8]) -> Kind {
        if let Some((_, name)) = NOT_READ.iter().find(|(first, _)| head.starts_with(first)) {
            return Kind::NotRead(name);
        }
        if let Some((_, kind)) = READ.iter().find(|(first, _)| head.starts_with(first)) {
            return *kind;
        }
        if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
            return Kind::Common(ImageFormat::WebP);
        }
        if head.get(4..8) == Some(b"ftyp") {
            return Kind::NotRead(of_brands(head));
        }
        if let [b'P', b'1'..=b'7', b' ' | b'\n' | b'\r' | b'\t', ..] = head {
            return Kind::NotRead("a PNM file");
        }
        of_text(head)
    }
}

/// The main brand counts first, then those that the file is compatible with.
fn of_brands(head: &[u8]) -> &'static str {
    let length = head
        .first_chunk::<4>()
        .map_or(0, |bytes| u32::from_be_bytes(*bytes));
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let end = length.clamp(12, head.len().max(12));
    let brands = head.get(8..end).unwrap_or_default().chunks(4);
    // The version stands behind the main brand.
    let named = brands.enumerate().filter(|(at, _)| *at != 1);
    named
        .filter_map(|(_, brand)| BRANDS.iter().position(|(known, _)| *known == brand))
        // A brand that says more counts before a general one.
        .min_by_key(|&at| usize::from(at >= BRANDS.len() - 3))
        .and_then(|at| BRANDS.get(at))
        .map_or("a video file (MP4 or the like)", |(_, name)| name)
}

/// Pages and drawings that servers send under a picture's name.
fn of_text(head: &[u8]) -> Kind {
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with("<svg") || (text.starts_with("<?xml") && text.contains("<svg")) {
        Kind::NotRead("an SVG drawing")
    } else if text.starts_with("<!doctype html") || text.starts_with("<html") {
        Kind::NotRead("an HTML page")
    } else {
        Kind::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media(main: &[u8; 4], others: &[u8]) -> Vec<u8> {
        let length = u32::try_from(16 + others.len()).unwrap();
        [&length.to_be_bytes(), &b"ftyp"[..], main, &[0; 4], others].concat()
    }

    #[test]
    fn files_of_media_are_named_by_their_brands() {
        for (bytes, name) in [
            (media(b"avif", b"mif1miaf"), "an AVIF file"),
            (media(b"mif1", b"mif1avifmiaf"), "an AVIF file"),
            (media(b"mif1", b"heic"), "a HEIC file"),
            (media(b"heix", b"mif1"), "a HEIC file"),
            (media(b"msf1", b""), "a HEIF file"),
            (media(b"isom", b"mp41"), "a video file (MP4 or the like)"),
        ] {
            assert_eq!(Kind::of(&bytes), Kind::NotRead(name));
        }
        // What is behind the list of brands is none.
        let behind = [media(b"isom", b""), b"avif".to_vec()].concat();
        assert_eq!(
            Kind::of(&behind),
            Kind::NotRead("a video file (MP4 or the like)")
        );
    }

    #[test]
    fn no_head_is_too_short() {
        let heads = [&b"\0\0\0\x20ftypavif"[..], b"RIFF", b"P", b"\xff\xd8", b""];
        for head in heads {
            for length in 0..=head.len() {
                Kind::of(&head[..length]);
            }
        }
        assert_eq!(Kind::of(b"Words"), Kind::Unknown);
        assert_eq!(
            Kind::of(b"\n<!DOCTYPE html>"),
            Kind::NotRead("an HTML page")
        );
        assert_eq!(Kind::of(b"P6 1 1 255 abc"), Kind::NotRead("a PNM file"));
    }
}
