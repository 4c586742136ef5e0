//! Samples of a TIFF, of whatever numbers, as eight bits each.

use tiff::decoder::DecodingResult;

use super::range::white_of_16_bits;

/// The numbers that samples are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Whole, from zero.
    Unsigned,
    /// Whole.
    Signed,
    /// Binary floating point.
    Float,
}

/// Layout of samples in a list.
#[derive(Debug, Clone, Copy)]
pub struct Samples {
    /// Bits of each in the file.
    pub bits: u32,
    /// Number of samples per pixel in a row.
    pub together: u32,
    /// Pixels per row.
    pub width: u32,
    /// All per pixel.
    pub samples: u32,
    /// The first of a pixel, which are its colour.
    pub colors: u32,
    /// Each sample in a plane of its own.
    pub planar: bool,
}

impl Samples {
    /// True if the sample at position `at` in a list of `all` samples belongs to a colour.
    fn is_color(&self, at: usize, all: usize) -> bool {
        let samples = self.samples as usize;
        let sample = match self.planar {
            true => at / (all / samples).max(1),
            false => at % samples,
        };
        sample < self.colors as usize
    }
}

/// Samples of fewer or more than eight bits that lie bit by bit, each as a number; all others as they are.
pub fn unpacked(values: DecodingResult, samples: &Samples) -> DecodingResult {
    let DecodingResult::U8(bytes) = values else {
        return values;
    };
    let bits = samples.bits;
    if bits == 8 {
        return DecodingResult::U8(bytes);
    }
    let row = samples.width as usize * samples.together as usize;
    let row_bytes = (row * bits as usize).div_ceil(8).max(1);
    let rows = bytes.chunks(row_bytes);
    if bits < 8 {
        let numbers = rows.flat_map(|bytes| Bits::new(bytes, bits).take(row));
        DecodingResult::U8(numbers.map(|number| number as u8).collect())
    } else {
        let numbers = rows.flat_map(|bytes| Bits::new(bytes, bits).take(row));
        DecodingResult::U16(numbers.map(|number| number as u16).collect())
    }
}

/// Numbers of so many bits, the highest bit of each byte first.
struct Bits<'a> {
    bytes: std::slice::Iter<'a, u8>,
    bits: u32,
    held: u32,
    value: u32,
}

impl Bits<'_> {
    fn new(bytes: &[u8], bits: u32) -> Bits<'_> {
        Bits {
            bytes: bytes.iter(),
            bits: bits.clamp(1, 16),
            held: 0,
            value: 0,
        }
    }
}

impl Iterator for Bits<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        while self.held < self.bits {
            self.value = self.value << 8 | u32::from(*self.bytes.next()?);
            self.held += 8;
        }
        self.held -= self.bits;
        Some(self.value >> self.held & ((1 << self.bits) - 1))
    }
}

/// Eight bits of each sample: black to white are all that its bits can say, or the picture's own range where that is not known
/// or much less.
pub fn eight_bits(values: DecodingResult, samples: &Samples) -> Vec<u8> {
    let bits = samples.bits;
    match values {
        DecodingResult::U8(values) if bits == 8 => values,
        DecodingResult::U8(values) => scaled(&values, samples, f64::from, |_| full(bits)),
        DecodingResult::U16(values) => {
            scaled(&values, samples, f64::from, |(_, most)| match bits {
                16 => (
                    0.0,
                    f64::from(white_of_16_bits(most as u16)),
                    f64::from(u16::MAX),
                ),
                _ => full(bits),
            })
        }
        DecodingResult::U32(values) => scaled(&values, samples, f64::from, |(_, most)| {
            (0.0, most, f64::from(u32::MAX))
        }),
        DecodingResult::U64(values) => scaled(
            &values,
            samples,
            |value| value as f64,
            |(_, most)| (0.0, most, u64::MAX as f64),
        ),
        DecodingResult::I8(values) => {
            scaled(&values, samples, f64::from, |found| signed(found, 127.0))
        }
        DecodingResult::I16(values) => scaled(&values, samples, f64::from, |found| {
            signed(found, f64::from(i16::MAX))
        }),
        DecodingResult::I32(values) => scaled(&values, samples, f64::from, |found| {
            signed(found, f64::from(i32::MAX))
        }),
        DecodingResult::I64(values) => scaled(
            &values,
            samples,
            |value| value as f64,
            |found| signed(found, i64::MAX as f64),
        ),
        DecodingResult::F16(values) => scaled(&values, samples, f64::from, float),
        DecodingResult::F32(values) => scaled(&values, samples, f64::from, float),
        DecodingResult::F64(values) => scaled(&values, samples, |value| value, float),
    }
}

/// Sample values of black, of white, and of full opacity.
type Ends = (f64, f64, f64);

fn full(bits: u32) -> Ends {
    let most = f64::from((1u32 << bits.min(16)) - 1);
    (0.0, most, most)
}

fn signed((least, most): (f64, f64), opaque: f64) -> Ends {
    (least.min(0.0), most, opaque)
}

/// Mostly from 0 to 1.
fn float((least, most): (f64, f64)) -> Ends {
    match least >= 0.0 && most <= 1.0 {
        true => (0.0, 1.0, 1.0),
        false => (least, most, 1.0),
    }
}

/// Scales by the least and the most among the colours; what is no number is black.
fn scaled<T: Copy>(
    values: &[T],
    samples: &Samples,
    number: impl Fn(T) -> f64,
    ends: impl Fn((f64, f64)) -> Ends,
) -> Vec<u8> {
    let all = values.len();
    let colors = values
        .iter()
        .enumerate()
        .filter(|(at, _)| samples.is_color(*at, all));
    let numbers = colors
        .map(|(_, value)| number(*value))
        .filter(|number| number.is_finite());
    let found = numbers.fold(
        (f64::INFINITY, f64::NEG_INFINITY),
        |(least, most), number| (least.min(number), most.max(number)),
    );
    let (black, white, opaque) = ends(found);
    let eight = |value: f64, from: f64, to: f64| match to > from {
        // Saturates; what is no number is 0.
        true => ((value - from) / (to - from) * 255.0).round() as u8,
        false => 0,
    };
    let one = |(at, value): (usize, &T)| match samples.is_color(at, all) {
        true => eight(number(*value), black, white),
        false => eight(number(*value), 0.0, opaque),
    };
    values.iter().enumerate().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(bits: u32, width: u32) -> Samples {
        Samples {
            bits,
            together: 1,
            width,
            samples: 1,
            colors: 1,
            planar: false,
        }
    }

    #[test]
    fn bits_lie_from_the_top_and_rows_begin_with_a_byte() {
        let DecodingResult::U16(values) = unpacked(
            DecodingResult::U8(vec![
                0x12, 0x34, 0x56, 0xab, 0xc0, 0xde, 0xf0, 0x12, 0x34, 0x50,
            ]),
            &grey(12, 3),
        ) else {
            panic!("twelve bits need two bytes");
        };
        assert_eq!(values, [0x123, 0x456, 0xabc, 0xdef, 0x012, 0x345]);
        let DecodingResult::U8(values) = unpacked(
            DecodingResult::U8(vec![0b1010_0000, 0b0100_0000]),
            &grey(1, 3),
        ) else {
            panic!("bits fit a byte");
        };
        assert_eq!(values, [1, 0, 1, 0, 1, 0]);
    }

    #[test]
    fn numbers_without_a_known_range_have_their_own() {
        let shown = |values| eight_bits(values, &grey(32, 9));
        assert_eq!(
            shown(DecodingResult::F32(vec![0.0, 0.5, 1.0])),
            [0, 128, 255]
        );
        assert_eq!(shown(DecodingResult::F32(vec![0.0, 0.25])), [0, 64]);
        assert_eq!(
            shown(DecodingResult::F32(vec![-2.0, f32::NAN, 2.0])),
            [0, 0, 255]
        );
        assert_eq!(
            shown(DecodingResult::I32(vec![-100, 0, 100])),
            [0, 128, 255]
        );
        assert_eq!(shown(DecodingResult::U32(vec![0, 7])), [0, 255]);
        assert_eq!(shown(DecodingResult::F32(vec![5.0, 5.0])), [0, 0]);
        assert_eq!(shown(DecodingResult::F32(vec![f32::NAN])), [0]);
    }

    #[test]
    fn an_alpha_has_a_range_of_its_own() {
        let samples = Samples {
            samples: 2,
            together: 2,
            ..grey(16, 2)
        };
        let values = DecodingResult::U16(vec![4095, u16::MAX, 2048, 0]);
        assert_eq!(eight_bits(values, &samples), [255, 255, 128, 0]);
    }
}
