//! Damaged and hostile tables, arrays and JSON: each is refused in a line that says where and why, within bounds, and nothing is imported.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use std::sync::Arc;

use common::Project;
use common::footers::{LIST_OF_FLAGS, with_footer_field};
use parquet::basic::Encoding;
use parquet::data_type::{ByteArray, ByteArrayType, Int32Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

/// Labels of four images in Parquet, the texts packed in this way; a column of this name has a date that no calendar has.
fn labels(encoding: Encoding, date: &str) -> Vec<u8> {
    let schema = format!(
        "message labels {{ REQUIRED BYTE_ARRAY image (STRING); REQUIRED INT32 label; OPTIONAL INT32 {date} (DATE); }}"
    );
    let schema = Arc::new(parse_message_type(&schema).unwrap());
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_encoding(encoding)
        .set_column_encoding("label".into(), Encoding::PLAIN)
        .set_column_encoding(date.into(), Encoding::PLAIN)
        .build();
    let mut bytes = Vec::new();
    let mut file = SerializedFileWriter::new(&mut bytes, schema, Arc::new(properties)).unwrap();
    let mut group = file.next_row_group().unwrap();
    let images = ["cats/1.jpg", "cats/2.jpg", "cats/3.jpg", "cats/4.jpg"].map(ByteArray::from);
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<ByteArrayType>()
        .write_batch(&images, None, None)
        .unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<Int32Type>()
        .write_batch(&[281, 282, 283, 284], None, None)
        .unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<Int32Type>()
        .write_batch(&[0, 1, i32::MAX], Some(&[1, 1, 0, 1]), None)
        .unwrap();
    column.close().unwrap();
    group.close().unwrap();
    file.close().unwrap();
    bytes
}

/// The bytes with others in place of the first that are like these.
fn replaced(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let at = bytes
        .windows(old.len())
        .position(|window| window == old)
        .expect("they are there");
    [&bytes[..at], new, &bytes[at + old.len()..]].concat()
}

#[test]
fn every_way_in_which_parquet_packs_texts_is_read() {
    for encoding in [
        Encoding::PLAIN,
        Encoding::DELTA_LENGTH_BYTE_ARRAY,
        Encoding::DELTA_BYTE_ARRAY,
    ] {
        let project = Project::new();
        project.write("labels.parquet", labels(encoding, "day"));
        insta::allow_duplicates! {
            insta::assert_snapshot!(project.transcript(&["import", "labels", "labels.parquet"]), @"stderr: labels.parquet: 4 original labels imported, 0 known already; 4 new images, known by name only");
        }
    }
}

#[test]
fn a_parquet_page_that_claims_more_than_any_writer_puts_into_one_is_refused_before_it_is_read() {
    let project = Project::new();
    let bytes = labels(Encoding::PLAIN, "day");
    // A page's header: its type, its size unpacked (56 bytes), its size packed, each a number in twice its value.
    let huge = replaced(
        &bytes,
        &[0x15, 0, 0x15, 112, 0x15, 112],
        &[0x15, 0, 0x15, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0x15, 112],
    );
    project.write("labels.parquet", huge);
    insta::assert_snapshot!(project.transcript(&["import", "labels", "labels.parquet"]), @r#"
    stderr: error: cannot import labels.parquet: not readable as Parquet: row group 0, column "image": the page at byte 4: 2147483647 bytes are too many
    exit 3
    "#);
}

#[test]
fn a_parquet_footer_that_the_library_would_read_for_minutes_is_refused_before_it_does() {
    let project = Project::new();
    let bytes = labels(Encoding::PLAIN, "day");
    // A field that nobody knows is passed over: a text of two letters.
    project.write(
        "labels.parquet",
        with_footer_field(&bytes, &[0xf8, 2, b'h', b'i']),
    );
    insta::assert_snapshot!(project.transcript(&["import", "labels", "labels.parquet"]), @"stderr: labels.parquet: 4 original labels imported, 0 known already; 4 new images, known by name only");
    // A hundred in a file of 2 kB.
    let flags = LIST_OF_FLAGS.repeat(100);
    project.write("labels.parquet", with_footer_field(&bytes, &flags));
    insta::assert_snapshot!(project.transcript(&["import", "labels", "labels.parquet"]), @r"
    stderr: error: cannot import labels.parquet: not readable as Parquet: its footer: there is a list of flags, where Parquet has none
    exit 3
    ");
    // The same number of numbers, which are not there.
    let numbers = [0xf9, 0xf3, 0xff, 0xff, 0xff, 0xff, 0x07];
    project.write("labels.parquet", with_footer_field(&bytes, &numbers));
    insta::assert_snapshot!(project.transcript(&["import", "labels", "labels.parquet"]), @r"
    stderr: error: cannot import labels.parquet: not readable as Parquet: its footer: it ends too early
    exit 3
    ");
    // As a text; but the first field is a number, of which only the next byte would be taken.
    let hidden = [&[0x08, 2, 7], LIST_OF_FLAGS.as_slice()].concat();
    project.write("labels.parquet", with_footer_field(&bytes, &hidden));
    insta::assert_snapshot!(project.transcript(&["import", "labels", "labels.parquet"]), @r"
    stderr: error: cannot import labels.parquet: not readable as Parquet: its footer: a field is of another type than it should be
    exit 3
    ");
    let deep = [&[0xfc], [0x1c].repeat(1_000_000).as_slice()].concat();
    project.write("labels.parquet", with_footer_field(&bytes, &deep));
    insta::assert_snapshot!(project.transcript(&["import", "labels", "labels.parquet"]), @r"
    stderr: error: cannot import labels.parquet: not readable as Parquet: its footer: it is nested too deep
    exit 3
    ");
}

#[test]
fn a_parquet_page_whose_header_the_library_would_read_for_minutes_is_refused_before_it_does() {
    let project = Project::new();
    let bytes = labels(Encoding::PLAIN, "day");
    // Between its sizes and what is said of its data: a checksum, which is a number, as a text.
    let hidden = [
        &[0x15, 112, 0x15, 112, 0x18, 7],
        LIST_OF_FLAGS.as_slice(),
        &[0x1c],
    ]
    .concat();
    let hidden = replaced(&bytes, &[0x15, 112, 0x15, 112, 0x2c], &hidden);
    project.write("labels.parquet", hidden);
    insta::assert_snapshot!(project.transcript(&["import", "labels", "labels.parquet"]), @r#"
    stderr: error: cannot import labels.parquet: not readable as Parquet: row group 0, column "image": the page at byte 4: a field is of another type than it should be
    exit 3
    "#);
}

/// The library reads the last of them, whichever is wanted.
#[test]
fn parquet_columns_of_one_name_are_all_looked_at() {
    let project = Project::new();
    let bytes = labels(Encoding::PLAIN, "image");
    // The sizes in the header of the last column's page.
    let sizes = [0x15, 36, 0x15, 36];
    let huge = [0x15, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0x15, 36];
    project.write("labels.parquet", replaced(&bytes, &sizes, &huge));
    insta::assert_snapshot!(project.transcript(&["import", "labels", "labels.parquet"]), @r#"
    stderr: error: cannot import labels.parquet: not readable as Parquet: row group 0, column "image": the page at byte 110: 2147483647 bytes are too many
    exit 3
    "#);
}

#[test]
fn parquet_texts_with_more_lengths_than_values_are_refused_before_room_is_made_for_them() {
    let project = Project::new();
    for encoding in [
        Encoding::DELTA_LENGTH_BYTE_ARRAY,
        Encoding::DELTA_BYTE_ARRAY,
    ] {
        let bytes = labels(encoding, "day");
        // Blocks of 128 numbers in four parts, four numbers in all.
        let many = replaced(&bytes, &[0x80, 0x01, 0x04, 0x04], &[0x80, 0x01, 0x04, 0x7f]);
        project.write("labels.parquet", many);
        insta::allow_duplicates! {
            insta::assert_snapshot!(project.transcript(&["import", "labels", "labels.parquet"]), @r#"
            stderr: error: cannot import labels.parquet: not readable as Parquet: row group 0, column "image": 127 lengths for 4 values
            exit 3
            "#);
        }
    }
}

#[test]
fn a_name_that_the_parquet_library_quotes_stays_within_a_line() {
    let project = Project::new();
    let bytes = labels(Encoding::PLAIN, "day");
    // A column of dates that says it is text.
    let bytes = replaced(&bytes, b"day%\x0c", b"d\ny%\x00");
    project.write("labels.parquet", bytes);
    insta::assert_snapshot!(project.transcript(&["import", "labels", "labels.parquet"]), @r"
    stderr: error: cannot import labels.parquet: not readable as Parquet: Logical type Date is incompatible with converted type UTF8 for field 'd\ny'
    exit 3
    ");
}

/// Rows behind damage are not known: leaving one row out would leave out all of them without a word.
#[test]
fn skip_bad_does_not_leave_out_what_follows_damage_in_parquet() {
    let project = Project::new();
    let mut bytes = labels(Encoding::PLAIN, "day");
    // The last name claims to be longer than its page.
    let at = bytes
        .windows(10)
        .position(|window| window == b"cats/4.jpg")
        .unwrap();
    bytes[at - 4..at].copy_from_slice(&1_000_000u32.to_le_bytes());
    project.write("labels.parquet", bytes);
    insta::assert_snapshot!(project.transcript(&["import", "labels", "labels.parquet", "--skip-bad"]), @r"
    stderr: error: cannot import labels.parquet: row 1: not readable as Parquet: Not enough bytes to decode
    exit 3
    ");
    assert_eq!(project.sql("SELECT count(*) FROM image"), "0\n");
}

/// The library panics on a date that its calendar does not have.
#[test]
fn a_date_beyond_the_calendar_is_damage_and_no_panic() {
    let project = Project::new();
    project.write("list.parquet", labels(Encoding::PLAIN, "path"));
    insta::assert_snapshot!(project.transcript(&["import", "images", "list.parquet"]), @r"
    stderr: error: cannot import list.parquet: row 4: not readable as Parquet: its reader gave up
    exit 3
    ");
}

#[test]
fn a_row_is_named_by_its_line_behind_empty_lines_too() {
    let project = Project::new();
    for (ends, rows) in [
        (
            "\n",
            "image,label\n\n\na.jpg,281\n\n\"b\nb.jpg\",282\n\nc.jpg,notebok\n",
        ),
        (
            "\r\n",
            "image,label\r\n\r\n\r\na.jpg,281\r\n\r\n\"b\r\nb.jpg\",282\r\n\r\nc.jpg,notebok\r\n",
        ),
        // Old spreadsheets end lines so.
        (
            "\r",
            "image,label\r\r\ra.jpg,281\r\r\"b\rb.jpg\",282\r\rc.jpg,notebok\r",
        ),
    ] {
        project.write("labels.csv", rows);
        let said = project.transcript(&["import", "labels", "labels.csv"]);
        let place = "error: cannot import labels.csv: row 9: unknown class \"notebok\"";
        assert!(said.contains(place), "{ends:?}: {said}");
    }
}

#[test]
fn a_quote_that_is_never_closed_ends_at_a_bound() {
    let project = Project::new();
    let mut text = "image,label\na.jpg,281\n\"b.jpg,282\n".to_owned();
    text.push_str(&"c.jpg,283\n".repeat(1_800_000));
    project.write("labels.csv", &text);
    insta::assert_snapshot!(project.transcript(&["import", "labels", "labels.csv", "--skip-bad"]), @r"
    stderr: error: cannot import labels.csv: row 2: it is longer than 16 MB: a double quote is opened there and never closed
    exit 3
    ");
    project.write(
        "labels.jsonl",
        format!("{{\"image\": \"{}", "x".repeat(17 << 20)),
    );
    insta::assert_snapshot!(project.transcript(&["import", "labels", "labels.jsonl"]), @r"
    stderr: error: cannot import labels.jsonl: row 1: it is longer than 16 MB
    exit 3
    ");
}

#[test]
fn a_message_stays_a_line_that_can_be_read() {
    let project = Project::new();
    project.write("labels.csv", "\"im\nage\u{1b}[2J\",label\na.jpg,1\n");
    insta::assert_snapshot!(project.transcript(&["import", "labels", "labels.csv"]), @r#"
    stderr: error: cannot import labels.csv: there is no column "image"; the header has: im\nage\x1b[2J, label
    stderr: hint: did you mean "im\nage\u{1b}[2J"? name the column "image"
    exit 3
    "#);
    let wide: Vec<String> = (0..5000).map(|number| format!("column{number}")).collect();
    project.write("labels.csv", format!("{}\n", wide.join(",")));
    insta::assert_snapshot!(project.transcript(&["import", "labels", "labels.csv"]), @r#"
    stderr: error: cannot import labels.csv: there is no column "image"; the header has: column0, column1, column2, column3, column4, column5, column6, column7, column8, column9, column10, column11, column12, column13, column14, column15, column16, column17, column18, column19 and 4980 more
    exit 3
    "#);
    project.write(
        "labels.csv",
        format!("image,label\na.jpg,{}\n", "x".repeat(1_000_000)),
    );
    let said = project.transcript(&["import", "labels", "labels.csv"]);
    assert!(said.len() < 2_000, "{} bytes", said.len());
    assert!(
        said.starts_with("stderr: error: cannot import labels.csv: row 2: unknown class \"xxx"),
        "{said}"
    );
    project.write("coco.json", "{\"categories\": [{\"na\\nme\": 1}]}");
    insta::assert_snapshot!(project.transcript(&["import", "labels", "coco.json"]), @r#"
    stderr: error: cannot import coco.json: categories[0]: there is no "name"; it has: na\nme
    stderr: hint: COCO's JSON is an object with images, annotations and categories; Label Studio's is a list, for `import votes` and `import proposals`
    exit 3
    "#);
}

/// An array of numpy's with this text as its header.
fn npy(header: &str) -> Vec<u8> {
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [
        b"\x93NUMPY\x01\x00",
        &length[..],
        header.as_bytes(),
        &[0; 64],
    ]
    .concat()
}

#[test]
fn an_array_with_a_damaged_header_is_refused_in_a_line() {
    let project = Project::new();
    project.write("images.txt", "a.jpg\n");
    project.write("labels.csv", "image,label\na.jpg,1\n");
    project.run(&["import", "labels", "labels.csv"]);
    let mut said = String::new();
    for header in [
        "{'descr': '<f4', 'fortran_order': Famke, 'shape': (2, 3), }".to_owned(),
        // Each level would be a call within a call.
        format!(
            "{{'descr': '<f4', 'fortran_order': False, 'shape': {}, }}",
            "(".repeat(60_000)
        ),
        "{'descr': '<f4', 'fortran_order': False, 'shape': (18446744073709551615, 1000), }"
            .to_owned(),
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 1000), }".to_owned(),
    ] {
        project.write("model.npy", npy(&header));
        said += &project.transcript(&[
            "import",
            "predictions",
            "model.npy",
            "--model",
            "m",
            "--images-order",
            "images.txt",
        ]);
    }
    // The second version has four bytes of length.
    project.write("model.npy", b"\x93NUMPY\x02\x00\xff\xff\xff\xff{");
    said += &project.transcript(&[
        "import",
        "predictions",
        "model.npy",
        "--model",
        "m",
        "--images-order",
        "images.txt",
    ]);
    insta::assert_snapshot!(said, @r"
    stderr: error: cannot read model.npy: not an npy array: its header cannot be understood
    exit 3
    stderr: error: cannot read model.npy: not an npy array: its header cannot be understood
    exit 3
    stderr: error: cannot read model.npy: not an npy array: its header cannot be understood
    exit 3
    stderr: error: cannot read model.npy: not an npy array: dimension cannot be negative
    exit 3
    stderr: error: cannot read model.npy: not an npy array: its header says that it has 4294967295 bytes
    exit 3
    ");
}

#[test]
fn an_archive_that_claims_a_million_million_raters_or_questions_is_refused() {
    use std::io::Write;
    let project = Project::new();
    let archive = |ids: &str, info: &str| {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let arrays = [
            ("tensor", "|u1", "(1, 1, 3)"),
            ("ids", "<i8", ids),
            ("info", "<U8", info),
        ];
        for (name, descr, shape) in arrays {
            let options = zip::write::SimpleFileOptions::default();
            zip.start_file(format!("{name}.npy"), options).unwrap();
            let header =
                format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
            zip.write_all(&npy(&header)).unwrap();
        }
        project.write("votes.npz", zip.finish().unwrap().into_inner());
        project.transcript(&["import", "votes", "votes.npz"])
    };
    insta::assert_snapshot!(archive("(1000000000000,)", "(1, 2)"), @r#"
    stderr: error: cannot import votes.npz: array "ids": 1000000000000 are too many: up to 1048576 are read
    stderr: hint: nothing was imported
    exit 3
    "#);
    insta::assert_snapshot!(archive("(8,)", "(1000000000000, 2)"), @r#"
    stderr: error: cannot import votes.npz: array "info": 1000000000000 are too many: up to 16777216 are read
    stderr: hint: nothing was imported
    exit 3
    "#);
}

#[test]
fn an_address_that_names_no_image_is_no_image_without_a_name() {
    let project = Project::new();
    project.write(
        "tasks.json",
        r#"[{"data": {"image": "https://example.org/#top"}, "annotations": []}]"#,
    );
    insta::assert_snapshot!(project.transcript(&["import", "votes", "tasks.json"]), @r"
    stderr: error: cannot import tasks.json: [0].data.image: it names no file
    stderr: hint: nothing was imported; fix it, or leave out what is bad with --skip-bad
    exit 3
    ");
}

#[test]
fn the_arrays_of_an_archive_are_named_in_a_line() {
    use std::io::Write;
    let project = Project::new();
    project.write("images.txt", "a.jpg\n");
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in ["one\n\u{1b}[2J.npy", "other.npy"] {
        zip.start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(b"").unwrap();
    }
    project.write("model.npz", zip.finish().unwrap().into_inner());
    insta::assert_snapshot!(project.transcript(&["import", "predictions", "model.npz", "--model", "m", "--images-order", "images.txt"]), @r"
    stderr: error: cannot read model.npz: which array?; the file has: one\n\x1b[2J, other
    stderr: hint: name one with --array; with --fold-file, `fold-{}` names one a fold
    exit 3
    ");
}

/// SQLite quotes the schema that it cannot read: text of the file's own, which could pass for messages of the program.
#[test]
fn a_project_file_whose_schema_is_damaged_is_refused_in_a_line() {
    let project = Project::new();
    let mut other = std::fs::read(project.database()).unwrap();
    let word = b"-- labels of one block are drawn";
    let at = other
        .windows(word.len())
        .position(|window| window == word)
        .unwrap();
    other[at] = b'`';
    project.write("other.db", &other);
    let said = project.transcript(&["merge", "other.db"]);
    let error: Vec<&str> = said
        .lines()
        .filter(|line| !line.starts_with("stderr: hint: "))
        .collect();
    assert_eq!(error.len(), 2, "{said}");
    assert!(
        error[0].contains("it is cut off or damaged: malformed database schema"),
        "{said}"
    );
}
