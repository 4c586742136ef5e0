//! What a CSV reader has taken of a file since its newest row began: how long the row is, and on which line it stands.

use std::io::{self, Read};

/// More bytes than this are no row: a quote that is never closed would make one of the rest of the file.
pub(super) const LONGEST_ROW: usize = 16 << 20;

/// A file on its way to the CSV reader, whose own count stands still at empty lines and at line ends of a lone carriage return.
pub(super) struct Window<R> {
    inner: R,
    /// From a while before the newest row on.
    kept: Vec<u8>,
    /// Where in what is kept the newest row begins.
    begin: usize,
    /// Where in the file that is.
    start: u64,
    /// The line there, the first being 1.
    line: u64,
    /// Whether the byte before was a carriage return, with which a line feed is one line end.
    after_return: bool,
    /// Whether the row that is being read is too long.
    pub(super) overflows: bool,
}

impl<R> Window<R> {
    pub(super) fn new(inner: R) -> Window<R> {
        Window {
            inner,
            kept: Vec::new(),
            begin: 0,
            start: 0,
            line: 1,
            after_return: false,
            overflows: false,
        }
    }

    /// A row begins at this byte of the file, or behind the empty lines there: its line.
    pub(super) fn row_at(&mut self, byte: u64) -> u64 {
        let passed = usize::try_from(byte.saturating_sub(self.start)).unwrap_or(usize::MAX);
        let is_blank = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let kept = self.kept.get(self.begin..).unwrap_or_default();
        let behind = kept.iter().skip(passed);
        let passed = passed.saturating_add(behind.take_while(|byte| is_blank(byte)).count());
        for &byte in kept.iter().take(passed) {
            let ends_line = byte == b'\r' || byte == b'\n' && !self.after_return;
            self.line += u64::from(ends_line);
            self.after_return = byte == b'\r';
            self.start += 1;
            self.begin += 1;
        }
        self.line
    }

    /// The line on which the row begins that is being read.
    pub(super) fn line(&self) -> u64 {
        self.line
    }
}

impl<R: Read> Read for Window<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.kept.drain(..self.begin);
        self.begin = 0;
        if self.kept.len() > LONGEST_ROW {
            self.overflows = true;
            return Err(io::Error::other("a row is too long"));
        }
        let read = self.inner.read(bytes)?;
        self.kept
            .extend_from_slice(bytes.get(..read).unwrap_or_default());
        Ok(read)
    }
}
