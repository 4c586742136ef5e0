//! Votes of the ReaL release: an npz (a zip of npy arrays) with `tensor` [rater, question, 3] one-hot in the order no,
//! maybe, yes and all-zero where there is no vote, `info` [question, 2] of image and class as text, `ids` \[rater\].

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use npyz::Order;
use zip::ZipArchive;
use zip::read::ZipFile;

use super::npy;
use crate::domain::Answer;

/// Why an npz holds no votes.
#[derive(Debug, thiserror::Error)]
pub enum NpzError {
    /// The file cannot be read.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The file is no npz.
    #[error("not an npz file: {0}")]
    Zip(#[from] zip::result::ZipError),
    /// An array is missing.
    #[error("there is no array {0:?}; votes have `tensor`, `info` and `ids`")]
    Missing(&'static str),
    /// An array's header cannot be understood.
    #[error("array {array:?}: {reason}")]
    Array {
        /// Name of the array.
        array: &'static str,
        /// Why.
        reason: String,
    },
    /// The measures of the arrays do not fit together.
    #[error(
        "tensor has the shape {tensor:?}, but info {info:?} and ids {ids:?}: expected [raters, questions, 3], [questions, 2], [raters]"
    )]
    Shapes {
        /// Shape of `tensor`.
        tensor: Vec<usize>,
        /// Shape of `info`.
        info: Vec<usize>,
        /// Shape of `ids`.
        ids: Vec<usize>,
    },
    /// A cell of the tensor is neither one-hot nor zero.
    #[error("tensor[{rater}, {question}] = {values:?} is neither one-hot nor all zero")]
    NotOneHot {
        /// Row of the tensor.
        rater: usize,
        /// Column of the tensor.
        question: usize,
        /// The cell.
        values: [f64; 3],
    },
    /// A text of `info` is no text.
    #[error("info[{row}]: not a text")]
    Text {
        /// Row of `info`.
        row: usize,
    },
}

/// An opened file: who voted on what; the votes themselves are streamed.
pub struct VotesNpz {
    archive: ZipArchive<BufReader<File>>,
    /// Number of each rater.
    pub raters: Vec<i64>,
    /// Image name and class of each question, as texts.
    pub questions: Vec<Texts>,
}

/// Type of the numbers of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    F8,
    F4,
    U1,
}

/// What a header says.
struct Header {
    descr: String,
    shape: Vec<usize>,
}

impl VotesNpz {
    /// Opens a file and reads who voted on what.
    ///
    /// # Errors
    /// The file is no npz with these arrays, or their shapes do not fit together.
    pub fn open(path: &Path) -> Result<VotesNpz, NpzError> {
        if !std::fs::metadata(path)?.is_file() {
            return Err(io::Error::other("not a regular file").into());
        }
        let mut archive = ZipArchive::new(BufReader::new(File::open(path)?))?;
        let (tensor, _) = open(&mut archive, "tensor")?;
        let (raters, ids_shape) = read_ids(&mut archive)?;
        let (questions, info_shape) = read_info(&mut archive)?;
        if tensor.shape != [raters.len(), questions.len(), 3] {
            return Err(NpzError::Shapes {
                tensor: tensor.shape,
                info: info_shape,
                ids: ids_shape,
            });
        }
        Ok(VotesNpz {
            archive,
            raters,
            questions,
        })
    }

    /// Streams the votes: (rater, question, answer) by their positions, rater by rater; `row` is called after each rater.
    ///
    /// # Errors
    /// A cell is not one-hot, or the file ends too early.
    pub fn each_vote(
        &mut self,
        mut vote: impl FnMut(usize, usize, Answer),
        mut row: impl FnMut(),
    ) -> Result<(), NpzError> {
        let (header, mut file) = open(&mut self.archive, "tensor")?;
        let number = number(&header.descr)?;
        let size = match number {
            Number::F8 => 8,
            Number::F4 => 4,
            Number::U1 => 1,
        };
        let mut cells = vec![0; self.questions.len() * 3 * size];
        for rater in 0..self.raters.len() {
            file.read_exact(&mut cells)
                .map_err(|error| cut("tensor", &error))?;
            for (question, cell) in cells.chunks_exact(3 * size).enumerate() {
                // Nearly all cells are empty; zero is all zero bytes in every type.
                if cell.iter().all(|byte| *byte == 0) {
                    continue;
                }
                let values = values(cell, number);
                let place = values.iter().position(|value| *value == 1.0);
                let one_hot = values.iter().filter(|value| **value == 0.0).count() == 2;
                let code = place.and_then(|place| u8::try_from(place).ok());
                match code.and_then(Answer::from_code) {
                    Some(answer) if one_hot => vote(rater, question, answer),
                    // Minus zero is zero too.
                    _ if values == [0.0; 3] => {}
                    _ => {
                        return Err(NpzError::NotOneHot {
                            rater,
                            question,
                            values,
                        });
                    }
                }
            }
            row();
        }
        at_its_end("tensor", &mut file)
    }
}

/// Nothing follows; and only at its end an array's checksum is known.
fn at_its_end(array: &'static str, file: &mut impl Read) -> Result<(), NpzError> {
    match file.read(&mut [0]) {
        Ok(0) => Ok(()),
        Ok(_) => Err(NpzError::Array {
            array,
            reason: "it is longer than its shape says".to_owned(),
        }),
        Err(error) => Err(cut(array, &error)),
    }
}

/// An array that is shorter than its header says, or that cannot be read.
fn cut(array: &'static str, error: &io::Error) -> NpzError {
    NpzError::Array {
        array,
        reason: match error.kind() {
            io::ErrorKind::UnexpectedEof => "it ends too early".to_owned(),
            _ => error.to_string(),
        },
    }
}

fn values(cell: &[u8], number: Number) -> [f64; 3] {
    let mut values = [0.0; 3];
    let size = cell.len() / 3;
    for (value, bytes) in values.iter_mut().zip(cell.chunks_exact(size.max(1))) {
        *value = match number {
            Number::F8 => bytes.try_into().map_or(f64::NAN, f64::from_le_bytes),
            Number::F4 => bytes
                .try_into()
                .map_or(f64::NAN, |bytes| f64::from(f32::from_le_bytes(bytes))),
            Number::U1 => bytes.first().map_or(f64::NAN, |byte| f64::from(*byte)),
        };
    }
    values
}

fn number(descr: &str) -> Result<Number, NpzError> {
    match descr {
        "<f8" => Ok(Number::F8),
        "<f4" => Ok(Number::F4),
        "|u1" | "|b1" => Ok(Number::U1),
        _ => Err(NpzError::Array {
            array: "tensor",
            reason: format!("type {descr:?}; expected <f8, <f4, |u1 or |b1"),
        }),
    }
}

/// Raters and questions are held in memory; a zip of a few megabytes may hold a million million of them.
const MOST_RATERS: usize = 1 << 20;
const MOST_QUESTIONS: usize = 1 << 24;

fn too_many(array: &'static str, count: usize, most: usize) -> NpzError {
    NpzError::Array {
        array,
        reason: format!("{count} are too many: up to {most} are read"),
    }
}

/// Image name and class.
type Texts = (String, String);

type Archive = ZipArchive<BufReader<File>>;

/// An array behind its header, ready to be read.
fn open<'a>(
    archive: &'a mut Archive,
    array: &'static str,
) -> Result<(Header, ZipFile<'a, BufReader<File>>), NpzError> {
    let name = format!("{array}.npy");
    if archive.index_for_name(&name).is_none() {
        return Err(NpzError::Missing(array));
    }
    let mut file = archive.by_name(&name)?;
    let header = read_header(&mut file).map_err(|reason| NpzError::Array { array, reason })?;
    Ok((header, file))
}

/// What the array's own header says.
fn read_header(file: &mut impl Read) -> Result<Header, String> {
    let header = npy::read_header(file)?;
    if header.order() != Order::C {
        return Err("it stands in Fortran order; expected C order".to_owned());
    }
    let length = |length: &u64| usize::try_from(*length).map_err(|error| error.to_string());
    Ok(Header {
        descr: header.dtype().descr().trim_matches('\'').to_owned(),
        shape: header
            .shape()
            .iter()
            .map(length)
            .collect::<Result<_, _>>()?,
    })
}

fn read_ids(archive: &mut Archive) -> Result<(Vec<i64>, Vec<usize>), NpzError> {
    let (header, mut file) = open(archive, "ids")?;
    let ([count], "<i8") = (header.shape.as_slice(), header.descr.as_str()) else {
        return Err(NpzError::Array {
            array: "ids",
            reason: format!(
                "type {:?} and shape {:?}; expected <i8 and [raters]",
                header.descr, header.shape
            ),
        });
    };
    if *count > MOST_RATERS {
        return Err(too_many("ids", *count, MOST_RATERS));
    }
    let mut ids = Vec::new();
    let mut bytes = [0; 8];
    for _ in 0..*count {
        file.read_exact(&mut bytes)
            .map_err(|error| cut("ids", &error))?;
        ids.push(i64::from_le_bytes(bytes));
    }
    at_its_end("ids", &mut file)?;
    Ok((ids, header.shape))
}

/// numpy keeps texts as UTF-32, filled up with zeros.
fn read_info(archive: &mut Archive) -> Result<(Vec<Texts>, Vec<usize>), NpzError> {
    let (header, file) = open(archive, "info")?;
    let wrong = || NpzError::Array {
        array: "info",
        reason: format!(
            "type {:?} and shape {:?}; expected <U… and [questions, 2]",
            header.descr, header.shape
        ),
    };
    let letters: usize = header
        .descr
        .strip_prefix("<U")
        .and_then(|n| n.parse().ok())
        .ok_or_else(wrong)?;
    let [count, 2] = header.shape.as_slice() else {
        return Err(wrong());
    };
    if *count > MOST_QUESTIONS {
        return Err(too_many("info", *count, MOST_QUESTIONS));
    }
    // A text longer than any file name is no image.
    if letters == 0 || letters > 1 << 16 {
        return Err(wrong());
    }
    let mut file = BufReader::with_capacity(1 << 16, file);
    let mut bytes = vec![0; letters * 4];
    let mut questions = Vec::new();
    for row in 0..*count {
        let mut text = || -> Result<String, NpzError> {
            file.read_exact(&mut bytes)
                .map_err(|error| cut("info", &error))?;
            let points = bytes
                .chunks_exact(4)
                .map(|point| point.try_into().map_or(0, u32::from_le_bytes));
            points
                .take_while(|point| *point != 0)
                .map(|point| char::from_u32(point).ok_or(NpzError::Text { row }))
                .collect()
        };
        questions.push((text()?, text()?));
    }
    at_its_end("info", &mut file)?;
    Ok((questions, header.shape))
}
