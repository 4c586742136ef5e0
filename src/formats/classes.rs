//! Class lists, hierarchies, node names and headings as CSV, and the built-in ILSVRC-2012 tables.
//!
//! Every file starts with a header; columns stand in any order, further columns are passed over.
//! Blanks around a field do not count. A row is the line of the file on which it starts; the
//! header is row 1.

use std::collections::HashMap;
use std::io::{self, Read};

use csv::{ByteRecord, Reader, ReaderBuilder, Trim};

use crate::domain::{Class, ClassError, ClassIndex, Classes};
use crate::hierarchy::{Edge, HeadingRow, Hierarchy, HierarchyError, NodeName};

/// Why a file of classes, edges, names or headings cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ClassFileError {
    /// Reading itself failed.
    #[error("cannot read: {0}")]
    Read(io::Error),
    /// There is not even a header.
    #[error("the file is empty: expected a header with the columns {expected}")]
    Empty {
        /// The columns of such a file.
        expected: &'static str,
    },
    /// The header lacks a column.
    #[error(
        "row 1: no column {column:?} in the header {header:?}: expected the columns {expected}"
    )]
    MissingColumn {
        /// The column that is missing.
        column: &'static str,
        /// The header as it is.
        header: String,
        /// The columns of such a file.
        expected: &'static str,
    },
    /// The header names a column twice.
    #[error("row 1: duplicate column {column:?}")]
    DuplicateColumn {
        /// The column that stands twice.
        column: String,
    },
    /// A field is not UTF-8.
    #[error("row {row}, column {column:?}: {value:?} is not UTF-8: save the file as UTF-8")]
    NotUtf8 {
        /// Row of the field.
        row: u64,
        /// Its column; the number of the column where it has no readable name.
        column: String,
        /// The field, with what cannot be read replaced.
        value: String,
    },
    /// A row has more or fewer fields than the header.
    #[error(
        "row {row}: {found} fields where the header has {expected}: a field with a comma must stand in double quotes"
    )]
    FieldCount {
        /// The row.
        row: u64,
        /// How many fields it has.
        found: usize,
        /// How many the header has.
        expected: usize,
    },
    /// A field does not hold what its column is for.
    #[error("row {row}, column {column:?}: {value:?} is not {expected}")]
    BadValue {
        /// Row of the field.
        row: u64,
        /// Its column.
        column: &'static str,
        /// What stands there.
        value: String,
        /// What may stand there.
        expected: &'static str,
    },
    /// Two rows have the same class index.
    #[error("row {row}: duplicate class index {index}: {first:?} (row {first_row}) and {second:?}")]
    DuplicateIndex {
        /// The later row.
        row: u64,
        /// The index that stands twice.
        index: ClassIndex,
        /// The earlier row.
        first_row: u64,
        /// Name of the class in the earlier row.
        first: String,
        /// Name of the class in the later row.
        second: String,
    },
    /// Two rows have the same WordNet id.
    #[error(
        "row {row}: duplicate WordNet id {wnid}: classes {first} (row {first_row}) and {second}"
    )]
    DuplicateWnid {
        /// The later row.
        row: u64,
        /// The id that stands twice.
        wnid: String,
        /// The earlier row.
        first_row: u64,
        /// The class in the earlier row.
        first: ClassIndex,
        /// The class in the later row.
        second: ClassIndex,
    },
    /// The rows can be read, but make no list of classes.
    #[error(transparent)]
    Classes(#[from] ClassError),
    /// The rows can be read, but make no hierarchy.
    #[error(transparent)]
    Hierarchy(#[from] HierarchyError),
}

/// What a file of edges holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HierarchyRows {
    /// Rows with child and parent.
    pub edges: Vec<Edge>,
    /// Rows with an empty parent: the roots by name. Given to [`Hierarchy::new`] among the names,
    /// they make it refuse any other parent that is neither a class nor a child.
    pub roots: Vec<NodeName>,
}

/// Reads classes: columns index, name\[, wnid\]\[, gloss\].
///
/// # Errors
/// See [`ClassFileError`]; an index or a WordNet id that stands twice is one.
pub fn read_classes(reader: impl Read) -> Result<Vec<Class>, ClassFileError> {
    let mut table = Table::open(reader, "index,name[,wnid][,gloss]")?;
    let index_at = table.column(&["index"])?;
    let name_at = table.column(&["name"])?;
    let wnid_at = table.optional_column(&["wnid"]);
    let gloss_at = table.optional_column(&["gloss"]);
    let mut list: Vec<Class> = Vec::new();
    let mut index_rows: HashMap<ClassIndex, (u64, String)> = HashMap::new();
    let mut wnid_rows: HashMap<String, (u64, ClassIndex)> = HashMap::new();
    while let Some(row) = table.next_row()? {
        let class = Class {
            index: ClassIndex(row.number(index_at, "a class index: a whole number from 0")?),
            name: row.filled(name_at, "a name")?.to_owned(),
            wnid: row.text_or_none(wnid_at)?,
            gloss: row.text_or_none(gloss_at)?,
        };
        if let Some((first_row, first)) =
            index_rows.insert(class.index, (row.row, class.name.clone()))
        {
            return Err(ClassFileError::DuplicateIndex {
                row: row.row,
                index: class.index,
                first_row,
                first,
                second: class.name,
            });
        }
        if let Some(wnid) = &class.wnid
            && let Some((first_row, first)) = wnid_rows.insert(wnid.clone(), (row.row, class.index))
        {
            return Err(ClassFileError::DuplicateWnid {
                row: row.row,
                wnid: wnid.clone(),
                first_row,
                first,
                second: class.index,
            });
        }
        list.push(class);
    }
    Ok(list)
}

/// Reads a hierarchy: columns child, parent\[, rank\].
///
/// Without ranks, a child's first row holds its first parent. A row with an empty parent names a
/// root.
///
/// # Errors
/// See [`ClassFileError`]. Whether the edges make a hierarchy is for [`Hierarchy::new`] to say.
pub fn read_hierarchy(reader: impl Read) -> Result<HierarchyRows, ClassFileError> {
    let mut table = Table::open(reader, "child,parent[,rank]")?;
    let child_at = table.column(&["child"])?;
    let parent_at = table.column(&["parent"])?;
    let rank_at = table.optional_column(&["rank"]);
    let mut rows = HierarchyRows::default();
    let mut ranks: HashMap<String, u32> = HashMap::new();
    while let Some(row) = table.next_row()? {
        let child = row.filled(child_at, "a node")?.to_owned();
        let parent = row.text(parent_at)?.to_owned();
        if parent.is_empty() {
            rows.roots.push(NodeName {
                name: child.clone(),
                id: child,
            });
            continue;
        }
        let rank = match rank_at {
            Some(at) => row.number(at, "a rank: a whole number from 0")?,
            None => {
                let next = ranks.entry(child.clone()).or_default();
                let rank = *next;
                *next = next.saturating_add(1);
                rank
            }
        };
        rows.edges.push(Edge {
            child,
            parent,
            rank,
            row: Some(row.row),
        });
    }
    Ok(rows)
}

/// Reads names of nodes: columns wnid (or node), name.
///
/// # Errors
/// See [`ClassFileError`].
pub fn read_node_names(reader: impl Read) -> Result<Vec<NodeName>, ClassFileError> {
    let mut table = Table::open(reader, "wnid,name")?;
    let node_at = table.column(&["wnid", "node"])?;
    let name_at = table.column(&["name"])?;
    let mut names = Vec::new();
    while let Some(row) = table.next_row()? {
        names.push(NodeName {
            id: row.filled(node_at, "a node")?.to_owned(),
            name: row.filled(name_at, "a name")?.to_owned(),
        });
    }
    Ok(names)
}

/// Reads headings: columns wnid (or node), heading (or title).
///
/// # Errors
/// See [`ClassFileError`].
pub fn read_headings(reader: impl Read) -> Result<Vec<HeadingRow>, ClassFileError> {
    let mut table = Table::open(reader, "wnid,heading")?;
    let node_at = table.column(&["wnid", "node"])?;
    let title_at = table.column(&["heading", "title"])?;
    let mut headings = Vec::new();
    while let Some(row) = table.next_row()? {
        headings.push(HeadingRow {
            node: row.filled(node_at, "a node")?.to_owned(),
            title: row.filled(title_at, "a heading")?.to_owned(),
            row: Some(row.row),
        });
    }
    Ok(headings)
}

/// The records of the built-in classes, as a project keeps them.
#[derive(Debug, Clone)]
pub struct ClassTables {
    /// Ascending by index.
    pub classes: Vec<Class>,
    /// Every hypernym edge from the classes to the root.
    pub edges: Vec<Edge>,
    /// The name of every node.
    pub names: Vec<NodeName>,
    /// Our own headings.
    pub headings: Vec<HeadingRow>,
}

/// The 1,000 classes of ILSVRC-2012 with their hypernyms in WordNet 3.0, as records.
///
/// # Errors
/// None but those of a damaged build.
pub fn ilsvrc2012_tables() -> Result<ClassTables, ClassFileError> {
    let classes = include_str!("../../assets/wordnet/classes.csv");
    let hypernyms = include_str!("../../assets/wordnet/hypernyms.csv");
    let synsets = include_str!("../../assets/wordnet/synsets.csv");
    let headings = include_str!("../../assets/wordnet/headings.csv");
    Ok(ClassTables {
        classes: read_classes(classes.as_bytes())?,
        edges: read_hierarchy(hypernyms.as_bytes())?.edges,
        names: read_node_names(synsets.as_bytes())?,
        headings: read_headings(headings.as_bytes())?,
    })
}

/// The 1,000 classes of ILSVRC-2012 and their hierarchy.
///
/// # Errors
/// None but those of a damaged build.
pub fn ilsvrc2012() -> Result<(Classes, Hierarchy), ClassFileError> {
    let tables = ilsvrc2012_tables()?;
    let classes = Classes::new(tables.classes)?;
    let hierarchy = Hierarchy::new(&classes, tables.edges, tables.names, tables.headings)?;
    Ok((classes, hierarchy))
}

/// A column that is read: where it stands and what it is called in messages.
#[derive(Clone, Copy)]
struct Column {
    at: usize,
    name: &'static str,
}

/// A CSV file whose header has been read.
struct Table<R> {
    reader: Reader<R>,
    /// Lower case.
    header: Vec<String>,
    expected: &'static str,
    record: ByteRecord,
}

/// A row as it stands in the file.
struct TableRow<'a> {
    row: u64,
    record: &'a ByteRecord,
}

impl<R: Read> Table<R> {
    fn open(reader: R, expected: &'static str) -> Result<Self, ClassFileError> {
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(Trim::All)
            .from_reader(reader);
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
            let name = name.trim_start_matches('\u{feff}').trim().to_lowercase();
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

    fn optional_column(&self, names: &[&'static str]) -> Option<Column> {
        names.iter().find_map(|&name| {
            let at = self.header.iter().position(|column| column == name)?;
            Some(Column { at, name })
        })
    }

    fn column(&self, names: &[&'static str]) -> Result<Column, ClassFileError> {
        self.optional_column(names)
            .ok_or_else(|| ClassFileError::MissingColumn {
                column: names.first().copied().unwrap_or_default(),
                header: self.header.join(","),
                expected: self.expected,
            })
    }

    fn next_row(&mut self) -> Result<Option<TableRow<'_>>, ClassFileError> {
        let found = self.reader.read_byte_record(&mut self.record);
        if !found.map_err(read_error)? {
            return Ok(None);
        }
        let row = self.record.position().map_or(0, csv::Position::line);
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
}

impl<'a> TableRow<'a> {
    fn text(&self, column: Column) -> Result<&'a str, ClassFileError> {
        let field = self.record.get(column.at).unwrap_or_default();
        std::str::from_utf8(field).map_err(|_| ClassFileError::NotUtf8 {
            row: self.row,
            column: column.name.to_owned(),
            value: String::from_utf8_lossy(field).into_owned(),
        })
    }

    fn text_or_none(&self, column: Option<Column>) -> Result<Option<String>, ClassFileError> {
        let text = column.map(|column| self.text(column)).transpose()?;
        Ok(text.filter(|text| !text.is_empty()).map(str::to_owned))
    }

    fn filled(&self, column: Column, expected: &'static str) -> Result<&'a str, ClassFileError> {
        let text = self.text(column)?;
        if text.is_empty() {
            return Err(self.bad_value(column, text, expected));
        }
        Ok(text)
    }

    fn number(&self, column: Column, expected: &'static str) -> Result<u32, ClassFileError> {
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
