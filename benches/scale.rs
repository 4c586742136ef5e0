//! Predictions in Parquet by plans of DataFusion and by the stream: the same files, in one run, with the most memory that each takes.
//!
//! `cargo bench --profile heavy --features datafusion --bench scale`. `RELABEL_SCALE=8` goes up to 10^8 predictions (6 unless said); `RELABEL_SCALE_FROM=7`
//! begins there (at 5 unless said); `RELABEL_STREAM=7` leaves the stream out beyond that; `RELABEL_CLASSES=10` makes more images of as many predictions;
//! `RELABEL_CLUSTER=URL` adds a cluster that runs already. Prints figures and ratios; asserts that the proposals are the same, and nothing about time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench that cannot go on may stop"
)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parquet::data_type::{ByteArray, ByteArrayType, FloatType, Int32Type};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Rows of a row group, about.
const GROUP: usize = 500_000;

fn main() {
    // `cargo test --benches` only asks whether it runs.
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("run with `cargo bench --profile heavy --features datafusion --bench scale`");
        return;
    }
    let given = |name: &str, unless: u32| {
        std::env::var(name).map_or(unless, |given| given.parse().unwrap())
    };
    let (first, most) = (given("RELABEL_SCALE_FROM", 5), given("RELABEL_SCALE", 6));
    let classes = given("RELABEL_CLASSES", 1_000) as usize;
    for power in first..=most {
        compare(power, classes, power <= given("RELABEL_STREAM", most));
    }
}

fn image_name(image: usize) -> String {
    format!("ILSVRC2012_val_{image:08}.JPEG")
}

/// Logits of a made-up model: one class stands out, more or less. A row group at a time, whatever the size of all.
fn write_predictions(path: &Path, images: usize, classes: usize) {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let schema = "message predictions { required binary image (UTF8); required int32 label; required float score; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    let mut writer = SerializedFileWriter::new(file, schema, Arc::default()).unwrap();
    let together = GROUP / classes;
    for first in (0..images).step_by(together) {
        let group_images = first..images.min(first + together);
        let (mut names, mut scores) = (Vec::new(), Vec::new());
        for image in group_images.clone() {
            let name = image_name(image);
            let name = ByteArray::from(name.as_str());
            names.extend(std::iter::repeat_n(name, classes));
            let sure: f32 = random.random_range(0.0..12.0);
            let top = random.random_range(0..classes);
            scores.extend((0..classes).map(|class| {
                let noise: f32 = random.random_range(-3.0..3.0);
                if class == top { noise + sure } else { noise }
            }));
        }
        let labels: Vec<i32> = group_images.flat_map(|_| 0..classes as i32).collect();
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<ByteArrayType>()
            .write_batch(&names, None, None)
            .unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<Int32Type>()
            .write_batch(&labels, None, None)
            .unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<FloatType>()
            .write_batch(&scores, None, None)
            .unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
}

/// What a command took.
struct Took {
    time: Duration,
    /// MB of memory at most; 0 where the system does not say.
    memory: f64,
}

fn run(folder: &Path, arguments: &[&str]) -> Took {
    let begin = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_relabel"))
        .args(arguments)
        .args(["-q", "--project"])
        .arg(folder.join("relabel.db"))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut memory = 0.0;
    loop {
        let ended = child.try_wait().unwrap();
        if let Some(status) = ended {
            assert!(status.success(), "{arguments:?}");
            return Took {
                time: begin.elapsed(),
                memory,
            };
        }
        // The highest that it ever was, so that only what grows in the last moment is missed.
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes =
            line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
        memory = kilobytes.map_or(memory, |kilobytes| kilobytes / 1_000.0);
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The proposals as they stand in the project.
fn proposals(folder: &Path) -> Vec<(i64, i64, f64)> {
    let connection = rusqlite::Connection::open(folder.join("relabel.db")).unwrap();
    let mut statement = connection
        .prepare("SELECT image, class, score FROM proposal ORDER BY 1, 2")
        .unwrap();
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap();
    rows.map(Result::unwrap).collect()
}

fn compare(power: u32, classes: usize, with_stream: bool) {
    let images = 10_usize.pow(power) / classes;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let path = folder.join("predictions.parquet");
    write_predictions(&path, images, classes);
    let size = std::fs::metadata(&path).unwrap().len() as f64 / 1e6;
    println!(
        "10^{power} predictions: {images} images × {classes} classes, {size:.0} MB of Parquet"
    );
    let mut labels = "image,label\n".to_owned();
    (0..images).for_each(|image| labels += &format!("{},{}\n", image_name(image), image % classes));
    let labels_path = folder.join("labels.csv");
    std::fs::write(&labels_path, labels).unwrap();
    run(folder, &["init"]);
    run(folder, &["import", "labels", labels_path.to_str().unwrap()]);
    let import = [
        "import",
        "predictions",
        path.to_str().unwrap(),
        "--model",
        "one",
    ];
    let cluster = std::env::var("RELABEL_CLUSTER").ok();
    let lines: [(&str, Vec<&str>); 3] = [
        ("import predictions", import.to_vec()),
        ("propose, by logits", vec!["propose"]),
        (
            "propose, by probabilities",
            vec!["propose", "--pool-by", "probabilities"],
        ),
    ];
    for (name, line) in lines {
        let planned = run(folder, &[&line[..], &["--engine", "datafusion"]].concat());
        let expected = proposals(folder);
        print!(
            "  {name}: plan {:.2?}, {:.0} MB",
            planned.time, planned.memory
        );
        if with_stream {
            let streamed = run(folder, &[&line[..], &["--engine", "stream"]].concat());
            assert!(proposals(folder) == expected, "other proposals");
            print!(
                "; stream {:.2?}, {:.0} MB; stream / plan = {:.1} in time, {:.1} in memory",
                streamed.time,
                streamed.memory,
                streamed.time.as_secs_f64() / planned.time.as_secs_f64(),
                streamed.memory / planned.memory,
            );
        }
        println!();
        if let Some(url) = &cluster {
            let there = run(folder, &[&line[..], &["--cluster", url]].concat());
            assert!(proposals(folder) == expected, "other proposals");
            println!(
                "    cluster {:.2?}, this process {:.0} MB",
                there.time, there.memory
            );
        }
    }
}
