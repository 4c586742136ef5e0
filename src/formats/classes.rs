//! Class lists, hierarchies, node names and headings as CSV, and the built-in ILSVRC-2012 tables.
//!
//! Every file starts with a header; columns stand in any order, further columns are passed over.
//! Blanks around a field do not count. A row is the line of the file on which it starts; the
//! header is row 1.

mod table;

use std::collections::HashMap;
use std::io::{self, Read};

use table::Table;

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

#[cfg(test)]
mod tests {
    use super::*;

    fn class_refusal(bytes: &[u8]) -> String {
        read_classes(bytes).unwrap_err().to_string()
    }

    /// What becomes of three classes under these edges.
    fn build(edges: &str) -> Result<Hierarchy, ClassFileError> {
        let classes = read_classes("index,name\n0,cat\n1,dog\n2,truck\n".as_bytes())?;
        let rows = read_hierarchy(edges.as_bytes())?;
        let classes = Classes::new(classes)?;
        Ok(Hierarchy::new(&classes, rows.edges, rows.roots, vec![])?)
    }

    #[test]
    fn columns_stand_in_any_order_and_may_be_absent() {
        let full = "\u{feff}Gloss, name ,extra,INDEX,wnid\r\n\
                    a fish,\"tench, Tinca tinca\",x,0,n01440764\r\n,\" crane\",,7,\r\n";
        let tench = Class {
            index: ClassIndex(0),
            wnid: Some("n01440764".to_owned()),
            name: "tench, Tinca tinca".to_owned(),
            gloss: Some("a fish".to_owned()),
        };
        let crane = Class {
            index: ClassIndex(7),
            wnid: None,
            name: "crane".to_owned(),
            gloss: None,
        };
        assert_eq!(
            read_classes(full.as_bytes()).unwrap(),
            [tench, crane.clone()]
        );
        assert_eq!(
            read_classes("index,name\n7,crane".as_bytes()).unwrap(),
            [crane]
        );
    }

    #[test]
    fn a_bad_class_file_is_refused_with_row_column_and_value() {
        let cases: [(&[u8], &str); 11] = [
            (
                b"",
                "the file is empty: expected a header with the columns index,name[,wnid][,gloss]",
            ),
            (
                b"0,tench\n1,goldfish\n",
                "row 1: no column \"index\" in the header \"0,tench\": expected the columns index,name[,wnid][,gloss]",
            ),
            (b"index,name,Name\n", "row 1: duplicate column \"name\""),
            (
                b"index,name\n0,cat\n1.5,dog\n",
                "row 3, column \"index\": \"1.5\" is not a class index: a whole number from 0",
            ),
            (
                b"index,name\n-1,dog\n",
                "row 2, column \"index\": \"-1\" is not a class index: a whole number from 0",
            ),
            (
                b"index,name\n0, \n",
                "row 2, column \"name\": \"\" is not a name",
            ),
            (
                b"index,name\n0,tench, Tinca tinca\n",
                "row 2: 3 fields where the header has 2: a field with a comma must stand in double quotes",
            ),
            (
                b"index,name\n0,cat\n1,\xe9tang\n",
                "row 3, column \"name\": \"\u{fffd}tang\" is not UTF-8: save the file as UTF-8",
            ),
            (
                b"\xff\xfei\0n\0d\0e\0x\0\n\0",
                "row 1, column \"1\": \"\u{fffd}\u{fffd}i\\0n\\0d\\0e\\0x\\0\" is not UTF-8: save the file as UTF-8",
            ),
            (
                b"index,name\n0,cat\n1,dog\n0,truck\n",
                "row 4: duplicate class index 0: \"cat\" (row 2) and \"truck\"",
            ),
            (
                b"index,name,wnid\n0,cat,n1\n1,dog,n1\n",
                "row 3: duplicate WordNet id n1: classes 0 (row 2) and 1",
            ),
        ];
        for (bytes, message) in cases {
            assert_eq!(class_refusal(bytes), message);
        }
    }

    #[test]
    fn a_row_is_a_line_of_the_file() {
        let quoted = b"index,name,gloss\n0,cat,\"two\nlines\"\n1,dog,\nx,truck,\n";
        assert_eq!(
            class_refusal(quoted),
            "row 5, column \"index\": \"x\" is not a class index: a whole number from 0"
        );
        let blanks: [&[u8]; 4] = [
            b"index,name\n0,cat\n\n\nx,dog\n",
            b"index,name\r\n0,cat\r\n\r\n\r\nx,dog",
            b"\xef\xbb\xbfindex,name\n\n0,cat\n\nx,dog\n",
            b"\n\nindex,name\n\nx,dog\n",
        ];
        for blank in blanks {
            assert_eq!(
                class_refusal(blank),
                "row 5, column \"index\": \"x\" is not a class index: a whole number from 0"
            );
        }
    }

    #[test]
    fn edges_rank_by_their_order_unless_they_say_otherwise() {
        let ranks = |text: &str| {
            let rows = read_hierarchy(text.as_bytes()).unwrap();
            let rank = |edge: Edge| (edge.parent, edge.rank);
            rows.edges.into_iter().map(rank).collect::<Vec<_>>()
        };
        assert_eq!(
            ranks("child,parent\ncat,pet\ndog,pet\ncat,animal\n"),
            [("pet".into(), 0), ("pet".into(), 0), ("animal".into(), 1)]
        );
        assert_eq!(
            ranks("rank,parent,child\n1,pet,cat\n0,animal,cat\n"),
            [("pet".into(), 1), ("animal".into(), 0)]
        );
    }

    #[test]
    fn cycles_unknown_nodes_and_bad_ranks_are_named() {
        let refusal = |edges: &str| build(edges).unwrap_err().to_string();
        assert_eq!(
            refusal("child,parent\ncat,pet\npet,animal\nanimal,pet\n"),
            "row 4: cycle in the hierarchy: \"animal\" under \"pet\" under \"animal\""
        );
        assert_eq!(
            refusal("child,parent\ncat,animal\ndgo,animal\n"),
            "row 3: unknown child \"dgo\": it is neither a class nor the parent of another node"
        );
        assert_eq!(
            refusal("child,parent\nanimal,\ncat,animal\ndog,anmial\n"),
            "row 4: unknown parent \"anmial\": it is neither a class, nor the child of another node, nor a named root"
        );
        assert_eq!(
            refusal("child,parent,rank\ncat,animal,first\n"),
            "row 2, column \"rank\": \"first\" is not a rank: a whole number from 0"
        );
        assert_eq!(
            refusal("child,parent\n,animal\n"),
            "row 2, column \"child\": \"\" is not a node"
        );
        assert!(build("child,parent\ncat,animal\ndog,animal\ntruck,vehicle\n").is_ok());
    }

    #[test]
    fn headings_are_read_with_either_header() {
        let expected = [HeadingRow {
            node: "n02083346".to_owned(),
            title: "wolf, fox and wild dog".to_owned(),
            row: Some(2),
        }];
        for header in ["wnid,heading", "node,title"] {
            let text = format!("{header}\nn02083346,\"wolf, fox and wild dog\"\n");
            assert_eq!(read_headings(text.as_bytes()).unwrap(), expected);
        }
    }

    #[test]
    fn the_built_in_classes_have_their_wordnet_hierarchy() {
        let tables = ilsvrc2012_tables().unwrap();
        assert_eq!(tables.edges.len(), 1_937);
        assert_eq!(tables.names.len(), 1_860);
        assert_eq!(tables.headings.len(), 87);
        let (classes, hierarchy) = ilsvrc2012().unwrap();
        assert_eq!(classes.len(), 1_000);
        let animal = hierarchy.find_node("n00015388").unwrap();
        let animals: Vec<ClassIndex> = (0..398).map(ClassIndex).collect();
        assert_eq!(hierarchy.classes_below(animal), animals);
        let notebook = classes.find("n03832673").unwrap().index;
        assert_eq!(hierarchy.heading_of(notebook), "computer");
        assert_eq!(
            hierarchy.ancestors_line(notebook),
            "portable computer › personal computer › digital computer"
        );
        // Index = rank of the WordNet id.
        let ids: Vec<_> = classes.iter().map(|class| class.wnid.clone()).collect();
        assert!(ids.is_sorted());
    }
}
