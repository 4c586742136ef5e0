//! From predictions to tasks: the two-part rule, the search over models, planning.
//!
//! `cargo bench --bench proposals`. Prints figures and ratios against baselines of the same run; numpy is left out, with a
//! word, where there is none (`RELABEL_PYTHON` names a Python that has it). Asserts nothing about time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench that cannot go on may stop"
)]

use std::hint::black_box;
use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use relabel::formats::matrix::{Block, Matrix, MatrixError, Rows};
use relabel::proposals::search::{GoldProposal, Search};
use relabel::proposals::two_part::{Kind, PoolBy, TwoPartRule};

#[path = "../tests/common/mod.rs"]
mod common;

/// Each figure is the best of so many: other work on the machine only ever adds.
const TIMES: usize = 5;
const IMAGES: usize = 50_000;
const CLASSES: usize = 1_000;

fn main() {
    // `cargo test --benches` only asks whether it runs.
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("run with `cargo bench --bench proposals`");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    rule(folder.path());
    search();
    commands(folder.path());
}

fn best(mut run: impl FnMut()) -> Duration {
    let time = |_| {
        let begin = Instant::now();
        run();
        begin.elapsed()
    };
    (0..TIMES).map(time).min().unwrap()
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}

/// Logits of a made-up model: one class stands out, more or less.
fn write_matrix(path: &Path) {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    let mut header =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({IMAGES}, {CLASSES}), }}");
    header += &" ".repeat(117 - header.len());
    file.write_all(b"\x93NUMPY\x01\x00\x76\x00").unwrap();
    file.write_all(header.as_bytes()).unwrap();
    file.write_all(b"\n").unwrap();
    for _ in 0..IMAGES {
        let sure: f32 = random.random_range(0.0..12.0);
        let top = random.random_range(0..CLASSES);
        for class in 0..CLASSES {
            let noise: f32 = random.random_range(-3.0..3.0);
            let logit = if class == top { noise + sure } else { noise };
            file.write_all(&logit.to_le_bytes()).unwrap();
        }
    }
    file.flush().unwrap();
}

fn rule(folder: &Path) {
    let path = folder.join("logits.npy");
    write_matrix(&path);
    let mut buffer = vec![0; 4 << 20];
    let reading = best(|| {
        let mut file = std::fs::File::open(&path).unwrap();
        while file.read(&mut buffer).unwrap() > 0 {}
        black_box(&buffer);
    });
    println!("reading {IMAGES} × {CLASSES} float32 (200 MB, in the page cache): {reading:.2?}");
    let apply = |by| {
        let mut rule = TwoPartRule::new(3 * IMAGES, by, Kind::Logits);
        let take = |block: Block<'_>| -> Result<(), MatrixError> {
            let scout = rule.scout();
            let found = block.look(|first, rows| match rows {
                Rows::F32(values) => scout.look(first as u32, CLASSES, values),
                Rows::F64(values) => scout.look(first as u32, CLASSES, values),
            })?;
            found.into_iter().for_each(|found| rule.keep(found));
            Ok(())
        };
        Matrix::open(&path, None).unwrap().each_block(take).unwrap();
        rule.finish()
    };
    let numpy = numpy(&path);
    for (by, name) in [
        (PoolBy::Logits, "logits"),
        (PoolBy::Probabilities, "probabilities"),
        (PoolBy::Both, "both"),
    ] {
        let time = best(|| {
            black_box(apply(by));
        });
        print!(
            "two-part rule by {name}: {time:.2?}; / reading = {:.1}",
            ratio(time, reading)
        );
        match (numpy, by) {
            (Some((alone, reading)), PoolBy::Logits) => println!(
                "; numpy argpartition + argmax: {alone:.2?}, with np.load {reading:.2?}; numpy / relabel = {:.1}, {:.1}",
                ratio(alone, time),
                ratio(reading, time)
            ),
            (None, PoolBy::Logits) => println!("; numpy is not there to compare with"),
            _ => println!(),
        }
    }
}

/// Times of numpy's way: with the file in memory already, and with reading it.
fn numpy(path: &Path) -> Option<(Duration, Duration)> {
    let script = "import sys, time, numpy as np\n\
        def once():\n\
        \x20   t = time.perf_counter(); x = np.load(sys.argv[1]); n = 3 * len(x); s = time.perf_counter()\n\
        \x20   np.argpartition(x.ravel(), x.size - n)[-n:]; x.argmax(1); e = time.perf_counter()\n\
        \x20   return e - s, e - t\n\
        print(*(min(times) for times in zip(*(once() for _ in range(5)))))";
    let python = std::env::var_os("RELABEL_PYTHON").unwrap_or_else(|| "python3".into());
    let output = Command::new(python)
        .args(["-c", script])
        .arg(path)
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let seconds = text.split_whitespace().map(str::parse::<f64>);
    match seconds.collect::<Result<Vec<f64>, _>>().ok()?.as_slice() {
        &[alone, reading] => Some((
            Duration::from_secs_f64(alone),
            Duration::from_secs_f64(reading),
        )),
        _ => None,
    }
}

fn search() {
    let mut random = ChaCha8Rng::seed_from_u64(2);
    let gold = |models: u32, random: &mut ChaCha8Rng| -> Vec<GoldProposal> {
        (0..1_135)
            .map(|_| {
                let positive = random.random_bool(0.22);
                let found = if positive { 0.8 } else { 0.2 };
                let bits = (0..models).filter(|_| random.random_bool(found));
                GoldProposal {
                    models: bits.map(|bit| 1 << bit).sum(),
                    always: random.random_bool(0.1),
                    positive,
                }
            })
            .collect()
    };
    let on = |_| ControlFlow::Continue(());
    let one = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    let search = Search::new(19, &gold(19, &mut random)).unwrap();
    let time = best(|| {
        black_box(one.install(|| search.run(0.97, &on)));
    });
    // 18 words of 64 questions each hold 1,135.
    let words: [u64; 18] = std::array::from_fn(|_| random.random());
    let popcounts = best(|| {
        let mut sum = 0;
        for subset in 0..1_u64 << 19 {
            for word in black_box(&words) {
                sum += (word & subset.wrapping_mul(0x9E37_79B9_7F4A_7C15)).count_ones();
            }
        }
        black_box(sum);
    });
    println!(
        "search over 2^19 subsets, 1,135 questions, one thread: {time:.2?} (aim: under 50 ms); 2^19 × 18 popcounts: {popcounts:.2?}; search / popcounts = {:.2}",
        ratio(time, popcounts)
    );
    let search = Search::new(25, &gold(25, &mut random)).unwrap();
    let time = best(|| {
        black_box(search.run(0.97, &on));
    });
    println!(
        "search over 2^25 subsets, {} threads: {time:.2?}",
        rayon::current_num_threads()
    );
}

fn relabel(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_relabel"));
    command.args(arguments).args(["-q", "--project"]);
    command.arg(folder.join("relabel.db")).stdout(Stdio::null());
    command
}

fn run(folder: &Path, arguments: &[&str]) {
    assert!(relabel(folder, arguments).status().unwrap().success());
}

/// Whole commands on 50,000 images, with their memory.
fn commands(folder: &Path) {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let mut labels = "image,label\n".to_owned();
    for image in 0..IMAGES {
        let label = random.random_range(0..CLASSES);
        labels += &format!("image-{image:05}.jpg,{label}\n");
    }
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    std::fs::write(path("labels.csv"), labels).unwrap();
    run(folder, &["init"]);
    run(folder, &["import", "labels", &path("labels.csv")]);
    let import = [
        "import",
        "predictions",
        &path("logits.npy"),
        "--model",
        "one",
    ];
    for (what, arguments) in [
        ("import predictions", &import[..]),
        ("propose", &["propose"]),
        ("plan", &["plan"]),
    ] {
        let time = best(|| run(folder, arguments));
        let peak = peak(folder, arguments)
            .map_or_else(|| "not measured".to_owned(), |peak| format!("{peak:.0} MB"));
        println!("{what}, {IMAGES} images: {time:.2?}, memory at most: {peak}");
    }
}

/// Peak memory of a command in MB, by GNU time where that is installed.
fn peak(folder: &Path, arguments: &[&str]) -> Option<f64> {
    let plain = relabel(folder, arguments);
    let output = Command::new("time")
        .args(["-f", "%M"])
        .arg(plain.get_program())
        .args(plain.get_args())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr);
    Some(text.lines().last()?.parse::<f64>().ok()? / 1024.0)
}
