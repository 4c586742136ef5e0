//! Predictions as Parquet files, and projects that they are of.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, FloatType, Int32Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::{Project, shared};

/// Image, class and value.
pub type Cell = (String, u32, f64);

/// How a file says what it says.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Classes by their index, else by name.
    pub numbers: bool,
    /// Values in single precision.
    pub single: bool,
    /// Rows of a row group.
    pub group: usize,
}

impl Default for Style {
    fn default() -> Style {
        Style {
            numbers: true,
            single: true,
            group: 1 << 17,
        }
    }
}

/// A name of a class of [`project_of`].
pub fn class_name(class: u32) -> String {
    format!("thing {class}")
}

/// Writes cells as a table of image, label and score.
pub fn write_parquet(path: &Path, cells: &[Cell], style: Style) {
    let (label, score) = (
        if style.numbers {
            "int32 label"
        } else {
            "binary label (UTF8)"
        },
        if style.single { "float" } else { "double" },
    );
    let schema = format!(
        "message predictions {{ required {label}; required binary image (UTF8); required {score} score; }}"
    );
    let schema = Arc::new(parse_message_type(&schema).unwrap());
    let file = std::fs::File::create(path).unwrap();
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer = SerializedFileWriter::new(file, schema, properties).unwrap();
    for cells in cells.chunks(style.group) {
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        if style.numbers {
            let labels: Vec<i32> = cells.iter().map(|cell| cell.1 as i32).collect();
            column
                .typed::<Int32Type>()
                .write_batch(&labels, None, None)
                .unwrap();
        } else {
            let name = |cell: &Cell| ByteArray::from(class_name(cell.1).as_str());
            let labels: Vec<ByteArray> = cells.iter().map(name).collect();
            column
                .typed::<ByteArrayType>()
                .write_batch(&labels, None, None)
                .unwrap();
        }
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let images: Vec<ByteArray> = cells
            .iter()
            .map(|cell| ByteArray::from(cell.0.as_str()))
            .collect();
        column
            .typed::<ByteArrayType>()
            .write_batch(&images, None, None)
            .unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        if style.single {
            let scores: Vec<f32> = cells.iter().map(|cell| cell.2 as f32).collect();
            column
                .typed::<FloatType>()
                .write_batch(&scores, None, None)
                .unwrap();
        } else {
            let scores: Vec<f64> = cells.iter().map(|cell| cell.2).collect();
            column
                .typed::<DoubleType>()
                .write_batch(&scores, None, None)
                .unwrap();
        }
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
}

/// A project of these images and so many classes, every image with the label 0.
pub fn project_of(images: &BTreeSet<String>, classes: u32) -> Project {
    let project = Project::empty();
    let mut table = "index,name\n".to_owned();
    for class in 0..classes {
        writeln!(table, "{class},{}", class_name(class)).unwrap();
    }
    project.write("classes.csv", table);
    project.run(&["init", "--classes", "classes.csv"]);
    let mut labels = "image,label\n".to_owned();
    for image in images {
        writeln!(labels, "{image},0").unwrap();
    }
    project.write("labels.csv", labels);
    project.run(&["import", "labels", "labels.csv"]);
    project
}

/// Proposals as lines image,class,source,score.
pub fn proposals(project: &Project) -> BTreeSet<String> {
    let rows = project.sql(
        "SELECT image.name || ',' || class || ',' || source.name || ',' || score FROM proposal
         JOIN image ON image.id = proposal.image JOIN source ON source.id = proposal.source",
    );
    rows.lines().map(str::to_owned).collect()
}

/// The seven real networks' predictions of 1,000 photographs as Parquet in a folder: their names and files.
pub fn real_models(folder: &Path) -> Option<Vec<(String, PathBuf)>> {
    let data = shared()?.join("data/predictions");
    let images = std::fs::read_to_string(data.join("images.txt")).unwrap();
    let images: Vec<&str> = images.lines().collect();
    let mut models = Vec::new();
    for entry in std::fs::read_dir(&data).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(model) = name.strip_suffix(".npy") else {
            continue;
        };
        let bytes = std::fs::read(data.join(&name)).unwrap();
        let numbers = &bytes[bytes.len() - images.len() * 4_000..];
        let (numbers, _) = numbers.as_chunks::<4>();
        let cell = |(at, number): (usize, &[u8; 4])| {
            let value = f64::from(f32::from_le_bytes(*number));
            (images[at / 1_000].to_owned(), at as u32 % 1_000, value)
        };
        let cells: Vec<Cell> = numbers.iter().enumerate().map(cell).collect();
        let path = folder.join(format!("{model}.parquet"));
        write_parquet(&path, &cells, Style::default());
        models.push((model.to_owned(), path));
    }
    models.sort();
    Some(models)
}

/// What the reference program proposes by logits, as lines image,class,source.
pub fn expected_of_real_models() -> BTreeSet<String> {
    let path = shared()
        .unwrap()
        .join("data/predictions/expected_proposals.csv");
    let mut file = csv::Reader::from_path(path).unwrap();
    let row = |row: csv::StringRecord| format!("{},{},{}", &row[0], &row[1], &row[2]);
    file.records().map(|record| row(record.unwrap())).collect()
}

/// Lines without what stands behind the last comma.
pub fn without_scores(lines: &BTreeSet<String>) -> BTreeSet<String> {
    let cut = |line: &String| line.rsplit_once(',').unwrap().0.to_owned();
    lines.iter().map(cut).collect()
}
