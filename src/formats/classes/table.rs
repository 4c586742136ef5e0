//! A CSV file with a header, row by row, with errors that say where.

use std::io::{self, Cursor, Read};

use csv::{ByteRecord, Reader, ReaderBuilder, Trim};

use super::ClassFileError;

/// A column that is read: where it stands and what it is called in messages.
#[derive(Clone, Copy)]
pub(super) struct Column {
    at: usize,
    name: &'static str,
}

/// A CSV file whose header has been read.
pub(super) struct Table {
    /// Over the whole file: such files are small, and blank lines are counted in it.
    reader: Reader<Cursor<Vec<u8>>>,
    /// Lower case.
    header: Vec<String>,
    expected: &'static str,
    record: ByteRecord,
}

/// A row as it stands in the file.
pub(super) struct TableRow<'a> {
    pub(super) row: u64,
    record: &'a ByteRecord,
}

impl Table {
    pub(super) fn open(
        mut reader: impl Read,
        expected: &'static str,
    ) -> Result<Self, ClassFileError> {
        let mut bytes = Vec::new();
        reader
            .read_to_end(&mut bytes)
            .map_err(ClassFileError::Read)?;
        if bytes.starts_with(b"\xef\xbb\xbf") {
            bytes.drain(..3);
        }
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(Trim::All)
            .from_reader(Cursor::new(bytes));
        let mut record = ByteRecord::new();
        if !reader.read_byte_record(&mut record).map_err(read_error)? {
            return Err(ClassFileError::Empty { expected });
        }
        let mut header: Vec<String> = Vec::with_capacity(record.len());
        for (field, number) in record.iter().zip(1..) {
            let Ok(name) = std::str::from_utf8(field) else {
                return Err(ClassFileError::NotUtf8 {
                    row: 1,
                    column: number.to_string(),
                    value: String::from_utf8_lossy(field).into_owned(),
                });
            };
            let name = name.to_lowercase();
            if !name.is_empty() && header.contains(&name) {
                return Err(ClassFileError::DuplicateColumn { column: name });
            }
            header.push(name);
        }
        Ok(Table {
            reader,
            header,
            expected,
            record,
        })
    }

    pub(super) fn optional_column(&self, names: &[&'static str]) -> Option<Column> {
        names.iter().find_map(|&name| {
            let at = self.header.iter().position(|column| column == name)?;
            Some(Column { at, name })
        })
    }

    pub(super) fn column(&self, names: &[&'static str]) -> Result<Column, ClassFileError> {
        self.optional_column(names)
            .ok_or_else(|| ClassFileError::MissingColumn {
                column: names.first().copied().unwrap_or_default(),
                header: self.header.join(","),
                expected: self.expected,
            })
    }

    pub(super) fn next_row(&mut self) -> Result<Option<TableRow<'_>>, ClassFileError> {
        let found = self.reader.read_byte_record(&mut self.record);
        if !found.map_err(read_error)? {
            return Ok(None);
        }
        let row = self.line();
        if self.record.len() != self.header.len() {
            return Err(ClassFileError::FieldCount {
                row,
                found: self.record.len(),
                expected: self.header.len(),
            });
        }
        Ok(Some(TableRow {
            row,
            record: &self.record,
        }))
    }

    /// The line on which the row starts. The reader's own count stands before the blank lines
    /// that it passed over.
    fn line(&self) -> u64 {
        let Some(position) = self.record.position() else {
            return 0;
        };
        let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
        let passed = self.reader.get_ref().get_ref().iter().skip(start);
        let blank = passed.take_while(|byte| matches!(byte, b'\r' | b'\n'));
        position.line() + blank.filter(|&&byte| byte == b'\n').map(|_| 1).sum::<u64>()
    }
}

impl<'a> TableRow<'a> {
    pub(super) fn text(&self, column: Column) -> Result<&'a str, ClassFileError> {
        let field = self.record.get(column.at).unwrap_or_default();
        std::str::from_utf8(field).map_err(|_| ClassFileError::NotUtf8 {
            row: self.row,
            column: column.name.to_owned(),
            value: String::from_utf8_lossy(field).into_owned(),
        })
    }

    pub(super) fn text_or_none(
        &self,
        column: Option<Column>,
    ) -> Result<Option<String>, ClassFileError> {
        let text = column.map(|column| self.text(column)).transpose()?;
        Ok(text.filter(|text| !text.is_empty()).map(str::to_owned))
    }

    pub(super) fn filled(
        &self,
        column: Column,
        expected: &'static str,
    ) -> Result<&'a str, ClassFileError> {
        let text = self.text(column)?;
        if text.is_empty() {
            return Err(self.bad_value(column, text, expected));
        }
        Ok(text)
    }

    pub(super) fn number(
        &self,
        column: Column,
        expected: &'static str,
    ) -> Result<u32, ClassFileError> {
        let text = self.text(column)?;
        text.parse()
            .map_err(|_| self.bad_value(column, text, expected))
    }

    fn bad_value(&self, column: Column, value: &str, expected: &'static str) -> ClassFileError {
        ClassFileError::BadValue {
            row: self.row,
            column: column.name,
            value: value.to_owned(),
            expected,
        }
    }
}

fn read_error(error: csv::Error) -> ClassFileError {
    let text = error.to_string();
    match error.into_kind() {
        csv::ErrorKind::Io(error) => ClassFileError::Read(error),
        _ => ClassFileError::Read(io::Error::other(text)),
    }
}
