//! A model's predictions as a matrix [images, classes] of float16, 32 or 64: npy, or an array of an npz; read as a stream.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};

use half::f16;
use npyz::Order;
use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::ParallelSlice;
use zip::ZipArchive;

use super::npy::read_header;
use crate::text::shown_names;

/// Why a file holds no matrix of predictions.
#[derive(Debug, thiserror::Error)]
pub enum MatrixError {
    /// The file cannot be read.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The ending names no format of matrices.
    #[error("unknown format {0:?}: expected .npy or .npz")]
    Format(String),
    /// The file is no npz.
    #[error("not an npz file: {0}")]
    Zip(#[from] zip::result::ZipError),
    /// An npz holds several arrays, or not the one that is asked for.
    #[error("{}; the file has: {}", match wanted { Some(name) => format!("there is no array {name:?}"), None => "which array?".to_owned() }, shown_names(found))]
    Array {
        /// The array that is asked for.
        wanted: Option<String>,
        /// Those that are there.
        found: Vec<String>,
    },
    /// The header cannot be understood.
    #[error("not an npy array: {0}")]
    Header(String),
    /// The array is not [images, classes].
    #[error("the shape is {0:?}; expected [images, classes]")]
    Shape(Vec<u64>),
    /// The numbers are not floats.
    #[error("the numbers are of type {0}; expected float16, float32 or float64")]
    Type(String),
    /// Columns stand one after the other.
    #[error("the array stands in Fortran order")]
    FortranOrder,
    /// There are fewer numbers than the header says.
    #[error("row {row}: the file ends too early, for a shape of [{images}, {classes}]")]
    Short {
        /// Row from 0.
        row: usize,
        /// Rows that the header promises.
        images: usize,
        /// Columns that the header promises.
        classes: usize,
    },
    /// There are more numbers than the header says.
    #[error("there is more in the file than its shape of [{images}, {classes}] says")]
    Long {
        /// Rows that the header promises.
        images: usize,
        /// Columns that the header promises.
        classes: usize,
    },
    /// A number is infinite or none.
    #[error("row {row}, column {column}: {value} is no finite number")]
    NotFinite {
        /// Row from 0.
        row: usize,
        /// Column from 0.
        column: usize,
        /// The value.
        value: f64,
    },
}

/// Numbers of whole rows, in the width that they are stored in (float16 as float32).
#[derive(Debug, Clone, Copy)]
pub enum Rows<'a> {
    /// Of float16 or float32.
    F32(&'a [f32]),
    /// Of float64.
    F64(&'a [f64]),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Width {
    F2,
    F4,
    F8,
}

impl Width {
    fn bytes(self) -> usize {
        match self {
            Width::F2 => 2,
            Width::F4 => 4,
            Width::F8 => 8,
        }
    }
}

/// An opened matrix, to be read once.
pub struct Matrix {
    source: Box<dyn Read + Send>,
    layout: Layout,
}

/// What the header says of the numbers.
#[derive(Debug, Clone, Copy)]
struct Layout {
    width: Width,
    big_endian: bool,
    images: usize,
    classes: usize,
}

/// Bytes that are read at once: few enough that a block is still in the cache when it is looked at.
const BLOCK: usize = 1 << 21;

impl Matrix {
    /// Opens a file; of an npz with several arrays, `array` names one.
    ///
    /// # Errors
    /// The file holds no matrix of floats.
    pub fn open(path: &Path, array: Option<&str>) -> Result<Matrix, MatrixError> {
        Matrix::open_as(path, array, |shape| match *shape {
            [images, classes] => Some((images, classes)),
            _ => None,
        })
    }

    /// The same of an array of two or more dimensions: all after the first are one row.
    ///
    /// # Errors
    /// The file holds no such array of floats.
    pub(super) fn open_flat(path: &Path, array: Option<&str>) -> Result<Matrix, MatrixError> {
        Matrix::open_as(path, array, |shape| match shape {
            [images, rest @ ..] if !rest.is_empty() => {
                let columns = rest.iter().try_fold(1_u64, |all, n| all.checked_mul(*n))?;
                Some((*images, columns))
            }
            _ => None,
        })
    }

    /// `measures` makes rows and columns of a shape, where it can.
    fn open_as(
        path: &Path,
        array: Option<&str>,
        measures: impl Fn(&[u64]) -> Option<(u64, u64)>,
    ) -> Result<Matrix, MatrixError> {
        let ending = path
            .extension()
            .map(|ending| ending.to_string_lossy().to_lowercase())
            .unwrap_or_default();
        if !std::fs::metadata(path)?.is_file() {
            return Err(io::Error::other("not a regular file").into());
        }
        let file = File::open(path)?;
        let mut source: Box<dyn Read + Send> = match ending.as_str() {
            "npy" => Box::new(file),
            "npz" => open_array(file, array)?,
            _ => return Err(MatrixError::Format(ending)),
        };
        let header = read_header(&mut source).map_err(MatrixError::Header)?;
        let descr = header.dtype().descr();
        let descr = descr.trim_matches('\'');
        let width = match descr.trim_start_matches(['<', '>', '=', '|']) {
            "f2" => Width::F2,
            "f4" => Width::F4,
            "f8" => Width::F8,
            _ => return Err(MatrixError::Type(descr.to_owned())),
        };
        let shape = || MatrixError::Shape(header.shape().to_vec());
        let (images, classes) = measures(header.shape()).ok_or_else(shape)?;
        let (images, classes) = (
            usize::try_from(images).map_err(|_| shape())?,
            usize::try_from(classes).map_err(|_| shape())?,
        );
        // A row is held in memory at once, so that its length is bounded too.
        if images == 0 || classes == 0 || classes > MOST_CLASSES || images > u32::MAX as usize {
            return Err(shape());
        }
        if header.order() == Order::Fortran && images > 1 && classes > 1 {
            return Err(MatrixError::FortranOrder);
        }
        Ok(Matrix {
            source,
            layout: Layout {
                width,
                big_endian: descr.starts_with('>'),
                images,
                classes,
            },
        })
    }

    /// Rows and columns: [images, classes].
    pub fn shape(&self) -> (usize, usize) {
        (self.layout.images, self.layout.classes)
    }

    /// Hands all rows out, a block at a time, in order. The next block is read meanwhile.
    ///
    /// # Errors
    /// The file is shorter or longer than its header says, or what `each` says.
    pub fn each_block<E: From<MatrixError>>(
        self,
        mut each: impl FnMut(Block<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let layout = self.layout;
        std::thread::scope(|scope| {
            let (full, blocks) = sync_channel(1);
            let (spare, empty) = channel();
            std::thread::Builder::new()
                .name("matrix".to_owned())
                .spawn_scoped(scope, move || self.read_blocks(&full, &empty))
                .map_err(MatrixError::from)?;
            for block in blocks {
                let (first, bytes): (usize, Vec<u8>) = block?;
                let block = Block {
                    layout,
                    first,
                    bytes: &bytes,
                };
                each(block)?;
                // The reader is gone once it has read everything.
                let _ = spare.send(bytes);
            }
            Ok(())
        })
    }

    /// Reads whole rows into buffers that come back, until there are no more, something is wrong, or nobody listens.
    fn read_blocks(
        mut self,
        full: &SyncSender<Result<(usize, Vec<u8>), MatrixError>>,
        empty: &Receiver<Vec<u8>>,
    ) {
        let row_bytes = self.layout.classes * self.layout.width.bytes();
        let rows_a_block = (BLOCK / row_bytes).clamp(1, self.layout.images);
        let mut first = 0;
        while first < self.layout.images {
            let rows = rows_a_block.min(self.layout.images - first);
            let mut block = empty.try_recv().unwrap_or_default();
            block.resize(rows * row_bytes, 0);
            let read = self.fill(first, row_bytes, &mut block);
            let failed = read.is_err();
            if full.send(read.map(|()| (first, block))).is_err() || failed {
                return;
            }
            first += rows;
        }
        let mut more = [0];
        let end = match self.source.read(&mut more) {
            Ok(0) => return,
            Ok(_) => MatrixError::Long {
                images: self.layout.images,
                classes: self.layout.classes,
            },
            Err(error) => error.into(),
        };
        // Nobody listens where something else was wrong.
        let _ = full.send(Err(end));
    }

    fn fill(
        &mut self,
        first: usize,
        row_bytes: usize,
        block: &mut [u8],
    ) -> Result<(), MatrixError> {
        let mut filled = 0;
        while let Some(rest) = block.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.source.read(rest) {
                Ok(0) => {
                    return Err(MatrixError::Short {
                        row: first + filled / row_bytes,
                        images: self.layout.images,
                        classes: self.layout.classes,
                    });
                }
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// Some rows of a matrix, as they are stored.
#[derive(Debug, Clone, Copy)]
pub struct Block<'a> {
    layout: Layout,
    first: usize,
    bytes: &'a [u8],
}

/// Bytes that a thread takes at once: what it converts is still at hand when it is looked at.
const STEP: usize = 1 << 17;

impl Block<'_> {
    /// Looks at all rows on all threads, a few at a time with the number of the first; all numbers are finite. What is
    /// seen comes back in the order of the rows.
    ///
    /// # Errors
    /// A number is not finite.
    pub fn look<R: Send>(
        &self,
        look: impl Fn(usize, Rows<'_>) -> R + Sync,
    ) -> Result<Vec<R>, MatrixError> {
        let row_bytes = self.layout.classes * self.layout.width.bytes();
        let rows_a_step = (STEP / row_bytes).max(1);
        let steps = self.bytes.par_chunks(rows_a_step * row_bytes).enumerate();
        let seen: Vec<Result<R, MatrixError>> = steps
            .map_init(Numbers::default, |numbers, (step, bytes)| {
                let first = self.first + step * rows_a_step;
                let rows = numbers.read(&self.layout, first, bytes)?;
                Ok(look(first, rows))
            })
            .collect();
        // The first error in the order of the rows, whichever thread came first.
        seen.into_iter().collect()
    }
}

/// Room for the numbers of a step.
#[derive(Default)]
struct Numbers {
    singles: Vec<f32>,
    doubles: Vec<f64>,
}

impl Numbers {
    fn read(
        &mut self,
        layout: &Layout,
        first: usize,
        bytes: &[u8],
    ) -> Result<Rows<'_>, MatrixError> {
        Ok(match layout.width {
            Width::F8 => {
                let read = (f64::from_le_bytes, f64::from_be_bytes);
                layout.numbers(first, bytes, read, f64::is_finite, &mut self.doubles)?;
                Rows::F64(&self.doubles)
            }
            Width::F4 => {
                let read = (f32::from_le_bytes, f32::from_be_bytes);
                layout.numbers(first, bytes, read, f32::is_finite, &mut self.singles)?;
                Rows::F32(&self.singles)
            }
            Width::F2 => {
                let little = |bytes| f16::from_le_bytes(bytes).to_f32();
                let big = |bytes| f16::from_be_bytes(bytes).to_f32();
                let read = (little, big);
                layout.numbers(first, bytes, read, f32::is_finite, &mut self.singles)?;
                Rows::F32(&self.singles)
            }
        })
    }
}

impl Layout {
    /// The numbers of some rows, all of them finite; `read` is for little-endian and for big-endian ones.
    fn numbers<const N: usize, T: Copy + Into<f64>>(
        &self,
        first: usize,
        bytes: &[u8],
        read: (impl Fn([u8; N]) -> T, impl Fn([u8; N]) -> T),
        is_finite: impl Fn(T) -> bool,
        into: &mut Vec<T>,
    ) -> Result<(), MatrixError> {
        let (chunks, _) = bytes.as_chunks::<N>();
        into.clear();
        // Without a way out of it each of these loops runs on vectors.
        match self.big_endian {
            true => into.extend(chunks.iter().map(|chunk| read.1(*chunk))),
            false => into.extend(chunks.iter().map(|chunk| read.0(*chunk))),
        }
        if into
            .iter()
            .fold(true, |all, &number| all & is_finite(number))
        {
            return Ok(());
        }
        let place = into.iter().position(|&number| !is_finite(number));
        let place = place.unwrap_or(0);
        Err(MatrixError::NotFinite {
            row: first + place / self.classes,
            column: place % self.classes,
            value: into.get(place).map_or(f64::NAN, |&number| number.into()),
        })
    }
}

/// More classes than any data set has.
const MOST_CLASSES: usize = 1 << 20;

/// An array of an npz, unpacked by a thread of its own into a pipe: a zip entry borrows its archive.
fn open_array(file: File, array: Option<&str>) -> Result<Box<dyn Read + Send>, MatrixError> {
    let mut archive = ZipArchive::new(BufReader::new(file))?;
    let found: Vec<String> = archive
        .file_names()
        .filter_map(|name| Some(name.ok()?.strip_suffix(".npy")?.to_owned()))
        .collect();
    let name = match (array, found.as_slice()) {
        (Some(wanted), _) if found.iter().any(|name| name == wanted) => wanted.to_owned(),
        (None, [one]) => one.clone(),
        _ => {
            return Err(MatrixError::Array {
                wanted: array.map(str::to_owned),
                found,
            });
        }
    };
    let (pipe, mut writer) = io::pipe()?;
    let unzip = move || {
        let mut entry = archive.by_name(&format!("{name}.npy"))?;
        io::copy(&mut entry, &mut writer)
    };
    let thread = std::thread::Builder::new().name("unzip".to_owned());
    Ok(Box::new(Unzipped {
        pipe,
        thread: Some(thread.spawn(unzip)?),
    }))
}

/// What a thread unzips; at its end comes what went wrong there, such as a checksum that does not fit.
struct Unzipped {
    pipe: io::PipeReader,
    thread: Option<std::thread::JoinHandle<io::Result<u64>>>,
}

impl Read for Unzipped {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.pipe.read(buffer)?;
        if read == 0
            && !buffer.is_empty()
            && let Some(thread) = self.thread.take()
        {
            let outcome = thread.join();
            outcome.map_err(|_| io::Error::other("the archive cannot be unpacked"))??;
        }
        Ok(read)
    }
}
