//! The markers of a JPEG: its frame, its scans, and where it ends. No pixels.

/// A component's sampling factors, across and down.
pub type Sampling = (u8, u8);

/// The markers of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Markers<'a> {
    /// The number of the start of frame: 0 to 15 by the kind of coding.
    pub process: u8,
    /// Bits per sample.
    pub precision: u8,
    /// In pixels, as they are stored.
    pub width: u16,
    /// In pixels, as they are stored.
    pub height: u16,
    /// The components in the order of the frame.
    pub components: Vec<Sampling>,
    /// The number of scans, and of components in the first.
    pub scans: usize,
    /// The number of components in the first scan.
    pub first_scan: u8,
    /// EXIF data.
    pub exif: Option<&'a [u8]>,
    /// An end of image is there.
    pub ended: bool,
}

impl Markers<'_> {
    /// Reads them as far as they go; none where there is no frame.
    pub fn of(file: &[u8]) -> Option<Markers<'_>> {
        let mut markers = Markers::default();
        let mut rest = file.strip_prefix(b"\xff\xd8")?;
        while let Some((marker, behind)) = next(rest) {
            rest = behind;
            match marker {
                0xd9 => {
                    markers.ended = true;
                    break;
                }
                // Without a length: restarts, more starts of image, private use.
                0xd0..=0xd8 | 0x01 => continue,
                _ => {}
            }
            let Some((segment, behind)) = segment(rest) else {
                break;
            };
            rest = behind;
            markers.take(marker, segment);
        }
        (!markers.components.is_empty()).then_some(markers)
    }

    /// True if the pixels are coded in several passes, each of which adds detail.
    pub fn is_progressive(&self) -> bool {
        self.process & 3 == 2
    }

    /// True if samples use arithmetic coding and not Huffman coding.
    pub fn is_arithmetic(&self) -> bool {
        self.process >= 9
    }

    /// True in the usual case: no component has more samples than the first, and all are in one scan or progressive.
    pub fn is_usual(&self) -> bool {
        let first = self.components.first().copied().unwrap_or_default();
        let all = usize::from(self.first_scan) >= self.components.len();
        let below = |(across, down): &Sampling| *across <= first.0 && *down <= first.1;
        (all || self.is_progressive()) && self.components.iter().all(below)
    }
}

impl<'a> Markers<'a> {
    fn take(&mut self, marker: u8, segment: &'a [u8]) {
        match (marker, segment) {
            // A second frame is a thumbnail's, or damage.
            (0xc0..=0xcf, &[precision, h1, h2, w1, w2, _, ref components @ ..])
                if !matches!(marker, 0xc4 | 0xc8 | 0xcc) && self.components.is_empty() =>
            {
                self.process = marker - 0xc0;
                self.precision = precision;
                self.height = u16::from_be_bytes([h1, h2]);
                self.width = u16::from_be_bytes([w1, w2]);
                let factors = components.as_chunks::<3>().0.iter();
                self.components = factors.map(|[_, both, _]| (both >> 4, both & 15)).collect();
            }
            (0xda, &[count, ..]) => {
                if self.scans == 0 {
                    self.first_scan = count;
                }
                self.scans += 1;
            }
            (0xe1, _) if self.exif.is_none() && segment.starts_with(b"Exif\0") => {
                self.exif = Some(segment);
            }
            _ => {}
        }
    }
}

/// The next marker, and the bytes behind it. Coded data hold none: a zero stands behind each of their 0xff.
fn next(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let mut rest = bytes;
    loop {
        let at = rest.iter().position(|byte| *byte == 0xff)?;
        rest = rest.get(at + 1..)?;
        match rest.split_first()? {
            (0 | 0xff, _) => {}
            (marker, behind) => return Some((*marker, behind)),
        }
    }
}

/// The data of a segment, and the bytes behind them.
fn segment(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, behind) = bytes.split_first_chunk::<2>()?;
    let length = usize::from(u16::from_be_bytes(*length)).checked_sub(2)?;
    behind.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: &[u8] = b"\xff\xc0\0\x11\x08\0\x30\0\x40\x03\x01\x22\0\x02\x11\x01\x03\x11\x01";

    fn scan(components: u8) -> Vec<u8> {
        let data = [&[components][..], &vec![0; usize::from(components) * 2 + 3]].concat();
        let length = u16::try_from(data.len() + 2).unwrap().to_be_bytes();
        [
            &b"\xff\xda"[..],
            &length,
            &data,
            b"\x12\xff\0\x34\xff\xd0\x56",
        ]
        .concat()
    }

    #[test]
    fn scans_of_their_own_are_not_usual() {
        let one = [b"\xff\xd8", FRAME, &scan(3), b"\xff\xd9junk"].concat();
        let markers = Markers::of(&one).unwrap();
        assert_eq!((markers.width, markers.height), (64, 48));
        assert_eq!(markers.components, [(2, 2), (1, 1), (1, 1)]);
        assert_eq!((markers.scans, markers.first_scan), (1, 3));
        assert!(markers.ended && markers.is_usual());
        let three = [b"\xff\xd8", FRAME, &scan(1), &scan(1), &scan(1)].concat();
        let markers = Markers::of(&three).unwrap();
        assert_eq!((markers.scans, markers.first_scan), (3, 1));
        assert!(!markers.ended && !markers.is_usual());
    }

    #[test]
    fn a_cut_file_has_the_markers_before_the_cut() {
        let file = [b"\xff\xd8", FRAME, &scan(3), b"\xff\xd9"].concat();
        for length in 0..file.len() {
            let markers = Markers::of(&file[..length]);
            assert!(markers.is_none_or(|markers| !markers.ended));
        }
    }
}
