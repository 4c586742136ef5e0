//! Tables of named columns, row by row, from CSV (with a header), JSONL (an object a line) or Parquet.

mod window;

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::parquet::Records;
use crate::text::shown_names;
use window::{LONGEST_ROW, Window};

/// A column that a command reads.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name in the header, or its key in the objects.
    pub name: &'static str,
    /// Other names that it goes by.
    pub aliases: &'static [&'static str],
    /// Whether every row must have it.
    pub required: bool,
}

impl Column {
    /// A column that must be there.
    pub const fn required(name: &'static str) -> Column {
        Column {
            name,
            aliases: &[],
            required: true,
        }
    }

    /// A column that may be missing.
    pub const fn optional(name: &'static str) -> Column {
        Column {
            name,
            aliases: &[],
            required: false,
        }
    }

    /// The same column under other names too.
    pub const fn or(self, aliases: &'static [&'static str]) -> Column {
        Column { aliases, ..self }
    }

    /// Whether a header or a key is this column's.
    pub fn is(&self, header: &str) -> bool {
        let header = header.trim();
        header.eq_ignore_ascii_case(self.name)
            || self.aliases.iter().any(|a| header.eq_ignore_ascii_case(a))
    }
}

/// Why a file or one of its rows cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The ending names no format that is read here.
    #[error("unknown format {ending:?}: expected .csv, .jsonl or .parquet")]
    Format {
        /// The file's ending, without the dot; may be empty.
        ending: String,
    },
    /// The file cannot be opened or read.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// A CSV file has no header, or lacks a column.
    #[error("there is no column {name:?}; {}", if found.is_empty() { "the file is empty".to_owned() } else { format!("the header has: {}", shown_names(found)) })]
    Column {
        /// The column that is looked for.
        name: &'static str,
        /// The columns that are there.
        found: Vec<String>,
    },
    /// An object lacks a key.
    #[error("row {row}: there is no key {name:?}; {}", if found.is_empty() { "the object is empty".to_owned() } else { format!("it has: {}", shown_names(found)) })]
    Key {
        /// Line of the file, the first being 1.
        row: u64,
        /// The column that is looked for.
        name: &'static str,
        /// The keys that are there.
        found: Vec<String>,
    },
    /// A row has no end, and so there are no more.
    #[error("row {row}: it is longer than {} MB{}", LONGEST_ROW >> 20, if *is_csv { ": a double quote is opened there and never closed" } else { "" })]
    Endless {
        /// Line of the file, the first being 1.
        row: u64,
        /// Whether rows may have several lines.
        is_csv: bool,
    },
    /// What follows cannot be read.
    #[error("{}{reason}", row.map_or_else(String::new, |row| format!("row {row}: ")))]
    Damaged {
        /// The first record that cannot be read, from 1; none: the whole file.
        row: Option<u64>,
        /// Why.
        reason: String,
    },
    /// A row is broken.
    #[error("row {row}: {reason}")]
    Row {
        /// Line of the file, the first being 1.
        row: u64,
        /// Why.
        reason: String,
    },
}

impl TableError {
    /// Whether other rows can be read all the same.
    pub fn is_of_one_row(&self) -> bool {
        matches!(self, TableError::Row { .. } | TableError::Key { .. })
    }
}

/// The values of a row, in the order of the columns that were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Line of the file (of Parquet the record), the first being 1.
    pub row: u64,
    pub(super) values: Vec<Option<String>>,
}

impl Row {
    /// The value of the column at this place of the list that was asked for; an empty cell is none.
    pub fn get(&self, column: usize) -> Option<&str> {
        self.values.get(column)?.as_deref()
    }

    /// The value of a required column; reading has checked that it is there.
    pub fn text(&self, column: usize) -> &str {
        self.get(column).unwrap_or_default()
    }
}

/// Opens a table; its format is that of the file's ending.
///
/// # Errors
/// The ending is unknown, the file cannot be read, or a required column is missing.
pub fn open_table(path: &Path, columns: &'static [Column]) -> Result<Table, TableError> {
    let ending = path
        .extension()
        .map(|ending| ending.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    let source = match ending.as_str() {
        "csv" => open_csv(path, columns)?,
        "jsonl" | "ndjson" => Source::Jsonl {
            lines: BufReader::new(open_file(path)?),
            line: 0,
        },
        "parquet" => Source::Parquet(Records::open(open_file(path)?, columns)?),
        _ => return Err(TableError::Format { ending }),
    };
    Ok(Table {
        columns,
        source: Some(source),
    })
}

/// Only a regular file: a pipe or a device would make a command wait for ever.
fn open_file(path: &Path) -> Result<File, std::io::Error> {
    if std::fs::metadata(path)?.is_file() {
        File::open(path)
    } else {
        let shown = PathBuf::from(path.file_name().unwrap_or_default());
        Err(std::io::Error::other(format!(
            "{:?} is not a regular file",
            shown.display().to_string()
        )))
    }
}

fn open_csv(path: &Path, columns: &'static [Column]) -> Result<Source, TableError> {
    let mut file = BufReader::new(open_file(path)?);
    // Spreadsheets write a byte order mark, which would become part of the first name.
    if file.fill_buf()?.starts_with(&[0xEF, 0xBB, 0xBF]) {
        file.consume(3);
    }
    let mut records = csv::Reader::from_reader(Window::new(file));
    let header: Vec<String> = match records.headers() {
        Ok(header) => header.iter().map(str::to_owned).collect(),
        Err(error) => return Err(broken(records.get_mut(), error)),
    };
    Ok(Source::Csv {
        places: places_of(columns, &header)?,
        records,
    })
}

/// Where in the header the columns stand.
pub(super) fn places_of(
    columns: &[Column],
    header: &[String],
) -> Result<Vec<Option<usize>>, TableError> {
    let place = |column: &Column| {
        let place = header.iter().position(|name| column.is(name));
        if place.is_none() && column.required {
            return Err(TableError::Column {
                name: column.name,
                found: header.to_vec(),
            });
        }
        Ok(place)
    };
    columns.iter().map(place).collect()
}

fn broken(window: &mut Window<BufReader<File>>, error: csv::Error) -> TableError {
    let row = match error.position() {
        Some(position) => window.row_at(position.byte()),
        None => window.line(),
    };
    let reason = match error.into_kind() {
        csv::ErrorKind::Io(_) if window.overflows => {
            return TableError::Endless { row, is_csv: true };
        }
        csv::ErrorKind::Io(error) => return TableError::Io(error),
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => format!("{len} cells where the header has {expected_len}"),
        csv::ErrorKind::Utf8 { .. } => "the text is not UTF-8".to_owned(),
        other => format!("{other:?}"),
    };
    TableError::Row { row, reason }
}

enum Source {
    Parquet(Records),
    Csv {
        records: csv::Reader<Window<BufReader<File>>>,
        places: Vec<Option<usize>>,
    },
    Jsonl {
        lines: BufReader<File>,
        line: u64,
    },
}

/// Rows of an open table. They end after an error that is not of one row alone.
pub struct Table {
    columns: &'static [Column],
    source: Option<Source>,
}

impl Iterator for Table {
    type Item = Result<Row, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = match self.source.as_mut()? {
            Source::Csv { records, places } => next_record(records, places)?,
            Source::Parquet(records) => records.next()?,
            Source::Jsonl { lines, line } => next_object(lines, line, self.columns)?,
        };
        if row.as_ref().is_err_and(|error| !error.is_of_one_row()) {
            self.source = None;
        }
        Some(row.and_then(|row| checked(row, self.columns)))
    }
}

fn next_record(
    records: &mut csv::Reader<Window<BufReader<File>>>,
    places: &[Option<usize>],
) -> Option<Result<Row, TableError>> {
    let mut record = csv::StringRecord::new();
    match records.read_record(&mut record) {
        Ok(false) => None,
        Ok(true) => {
            let start = record.position().map_or(0, csv::Position::byte);
            Some(Ok(Row {
                row: records.get_mut().row_at(start),
                values: places
                    .iter()
                    .map(|place| record.get((*place)?).map(str::to_owned))
                    .collect(),
            }))
        }
        Err(error) => Some(Err(broken(records.get_mut(), error))),
    }
}

/// The next line that is not blank.
fn next_object(
    lines: &mut impl BufRead,
    line: &mut u64,
    columns: &[Column],
) -> Option<Result<Row, TableError>> {
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let most = LONGEST_ROW as u64 + 1;
        match lines.by_ref().take(most).read_until(b'\n', &mut bytes) {
            Err(error) => return Some(Err(error.into())),
            Ok(0) => return None,
            Ok(_) => *line += 1,
        }
        if bytes.len() > LONGEST_ROW {
            return Some(Err(TableError::Endless {
                row: *line,
                is_csv: false,
            }));
        }
        if !bytes.trim_ascii().is_empty() {
            break;
        }
    }
    let row = *line;
    let object: Result<serde_json::Map<String, serde_json::Value>, _> =
        serde_json::from_slice(&bytes);
    Some(match object {
        Err(error) => Err(TableError::Row {
            row,
            reason: format!("not a JSON object: {error}"),
        }),
        Ok(object) if lacking(&object, columns).is_some() => Err(TableError::Key {
            row,
            name: lacking(&object, columns).unwrap_or_default(),
            found: object.keys().cloned().collect(),
        }),
        Ok(object) => Ok(Row {
            row,
            values: columns
                .iter()
                .map(|column| {
                    let (_, value) = object.iter().find(|(key, _)| column.is(key))?;
                    match value {
                        serde_json::Value::Null => None,
                        serde_json::Value::String(text) => Some(text.clone()),
                        other => Some(other.to_string()),
                    }
                })
                .collect(),
        }),
    })
}

/// The first column that an object must have and lacks.
fn lacking(
    object: &serde_json::Map<String, serde_json::Value>,
    columns: &[Column],
) -> Option<&'static str> {
    let mut required = columns.iter().filter(|column| column.required);
    let lacking = required.find(|column| !object.keys().any(|key| column.is(key)));
    lacking.map(|column| column.name)
}

fn checked(mut row: Row, columns: &[Column]) -> Result<Row, TableError> {
    for (value, column) in row.values.iter_mut().zip(columns) {
        if value.as_ref().is_some_and(String::is_empty) {
            *value = None;
        }
        if value.is_none() && column.required {
            return Err(TableError::Row {
                row: row.row,
                reason: format!("column {:?} is empty", column.name),
            });
        }
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column::required("image").or(&["file_name"]),
        Column::required("label"),
        Column::optional("source"),
    ];

    fn read(name: &str, bytes: &[u8]) -> Result<Vec<Result<Row, String>>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let table = open_table(&path, COLUMNS).map_err(|error| error.to_string())?;
        Ok(table.map(|row| row.map_err(|e| e.to_string())).collect())
    }

    fn values(row: &Result<Row, String>) -> Vec<Option<&str>> {
        let row = row.as_ref().unwrap();
        (0..3).map(|column| row.get(column)).collect()
    }

    #[test]
    fn columns_stand_in_any_order_and_under_other_names() {
        let rows = read(
            "a.csv",
            "\u{feff}label,x,file_name\n7,,a b.jpg\n".as_bytes(),
        )
        .unwrap();
        assert_eq!(values(&rows[0]), [Some("a b.jpg"), Some("7"), None]);
        let rows = read("a.jsonl", b"{\"image\":\"a\",\"label\":7}\n\n").unwrap();
        assert_eq!(values(&rows[0]), [Some("a"), Some("7"), None]);
        assert_eq!(rows.len(), 1);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let cases: &[(&str, &[u8], &str)] = &[
            (
                "a.csv",
                b"image,label\na,1\nb\n",
                "row 3: 1 cells where the header has 2",
            ),
            (
                "a.csv",
                b"image,label\na,1\n\xff,2\n",
                "row 3: the text is not UTF-8",
            ),
            (
                "a.csv",
                b"image,label\n,1\n",
                "row 2: column \"image\" is empty",
            ),
            (
                "a.jsonl",
                b"{\"image\":\"a\",\"label\":1}\n[]\n",
                "row 2: not a JSON object",
            ),
        ];
        for (name, bytes, expected) in cases {
            let rows = read(name, bytes).unwrap();
            let error = rows.last().unwrap().as_ref().unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
        assert_eq!(
            read("a.csv", b"image,class\n").unwrap_err(),
            "there is no column \"label\"; the header has: image, class"
        );
        assert_eq!(
            read("a.xml", b"").unwrap_err(),
            "unknown format \"xml\": expected .csv, .jsonl or .parquet"
        );
    }
}
