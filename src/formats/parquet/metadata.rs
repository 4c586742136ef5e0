//! What stands in the structs in which a Parquet file describes itself (parquet-format, parquet.thrift). Of these fields the library
//! (parquet 60.1) takes the type for granted: after one of another type it would read what follows as something else.

use std::ops::RangeInclusive;

use super::thrift::STRUCT;
use Kind::{Byte, Double, Flag, Integer, List, Other, Struct, Text};

/// What a field holds.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Flag,
    Byte,
    /// Of any width, and the members of enumerations.
    Integer,
    Double,
    /// And bytes.
    Text,
    List(&'static Kind),
    Struct(Fields),
    /// Whatever its type says.
    Other,
}

impl Kind {
    /// Thrift's numbers of the types that it is written as.
    pub(super) fn types(self) -> RangeInclusive<u8> {
        match self {
            Flag => 1..=2,
            Byte => 3..=3,
            Integer => 4..=6,
            Double => 7..=7,
            Text => 8..=8,
            List(_) => 9..=9,
            Struct(_) => STRUCT..=STRUCT,
            Other => 1..=STRUCT,
        }
    }

    /// What the items of a list hold.
    pub(super) fn item(self) -> Kind {
        match self {
            List(item) => *item,
            _ => Other,
        }
    }

    /// What a field of a struct holds.
    pub(super) fn field(self, id: i16) -> Kind {
        let Struct(fields) = self else { return Other };
        let index = usize::try_from(id).ok().and_then(|id| id.checked_sub(1));
        let field = index.and_then(|index| fields.get(index));
        *field.unwrap_or(&Other)
    }
}

/// The fields with the numbers 1, 2, …; those beyond are `Other`.
type Fields = &'static [Kind];

const EMPTY: Kind = Struct(&[]);

/// `FileMetaData`.
pub(super) const FILE: Kind = Struct(&[
    Integer,
    List(&Struct(SCHEMA_ELEMENT)),
    Integer,
    List(&Struct(ROW_GROUP)),
    List(&Struct(KEY_VALUE)),
    Text,
    List(&Struct(COLUMN_ORDER)),
]);

const SCHEMA_ELEMENT: Fields = &[
    Integer,
    Integer,
    Integer,
    Text,
    Integer,
    Integer,
    Integer,
    Integer,
    Integer,
    Struct(LOGICAL_TYPE),
];

/// One of these, most of which say all by their number.
const LOGICAL_TYPE: Fields = &[
    EMPTY,
    EMPTY,
    EMPTY,
    EMPTY,
    Struct(&[Integer, Integer]),
    EMPTY,
    Struct(TIME),
    Struct(TIME),
    Other,
    Struct(&[Byte, Flag]),
    EMPTY,
    EMPTY,
    EMPTY,
    EMPTY,
    EMPTY,
    Struct(&[Byte]),
    Struct(&[Text]),
    Struct(&[Text, Integer]),
    EMPTY,
];

const TIME: Fields = &[Flag, Struct(&[EMPTY; 3])];

const COLUMN_ORDER: Fields = &[EMPTY; 3];

const ROW_GROUP: Fields = &[
    List(&Struct(COLUMN_CHUNK)),
    Integer,
    Integer,
    List(&Struct(&[Integer, Flag, Flag])),
    Integer,
    Integer,
    Integer,
];

const COLUMN_CHUNK: Fields = &[
    Text,
    Integer,
    Struct(COLUMN),
    Integer,
    Integer,
    Integer,
    Integer,
];

/// `ColumnMetaData`.
const COLUMN: Fields = &[
    Integer,
    List(&Integer),
    List(&Text),
    Integer,
    Integer,
    Integer,
    Integer,
    List(&Struct(KEY_VALUE)),
    Integer,
    Integer,
    Integer,
    Struct(STATISTICS),
    List(&Struct(&[Integer; 3])),
    Integer,
    Integer,
    Struct(&[Integer, List(&Integer), List(&Integer)]),
    Struct(&[Struct(&[Double; 8]), List(&Integer)]),
];

const KEY_VALUE: Fields = &[Text, Text];

const STATISTICS: Fields = &[
    Text, Text, Integer, Integer, Text, Text, Flag, Flag, Integer,
];

/// `PageHeader`.
pub(super) const PAGE: Kind = Struct(&[
    Integer,
    Integer,
    Integer,
    Integer,
    Struct(DATA_PAGE),
    EMPTY,
    Struct(DICTIONARY_PAGE),
    Struct(DATA_PAGE_V2),
]);

const DATA_PAGE: Fields = &[Integer, Integer, Integer, Integer, Struct(STATISTICS)];

const DICTIONARY_PAGE: Fields = &[Integer, Integer, Flag];

const DATA_PAGE_V2: Fields = &[
    Integer,
    Integer,
    Integer,
    Integer,
    Integer,
    Integer,
    Flag,
    Struct(STATISTICS),
];
