//! A cluster on this machine, as a user sets one up: a scheduler and two executors, each a process of this program. All of them listen on loopback, live no
//! longer than the test, and are ended by their own ids.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use std::collections::BTreeSet;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use common::Project;
use common::predicted::{Cell, Style, project_of, proposals, write_parquet};

/// Beyond this something hangs.
const PATIENCE: Duration = Duration::from_secs(300);

/// A process that ends with its owner.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    /// Waits until it ends by itself.
    fn end(&mut self) -> Option<i32> {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.code();
            }
            assert!(begin.elapsed() < PATIENCE, "{} does not end", self.0.id());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn tell(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_raw(self.0.id() as i32).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
    }
}

fn start(folder: &Path, arguments: &[&str], log: &str) -> Process {
    let log = std::fs::File::create(folder.join(log)).unwrap();
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("relabel"));
    command
        .current_dir(folder)
        .env_remove("RELABEL_PROJECT")
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log);
    Process(command.spawn().unwrap())
}

/// A port that nobody listens at.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn wait_until_open(port: u16, process: &mut Process) {
    let begin = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let ended = process.0.try_wait().unwrap();
        assert!(ended.is_none(), "a server ended: {ended:?}");
        assert!(begin.elapsed() < PATIENCE, "nobody listens at {port}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

struct Cluster {
    url: String,
    scheduler: Process,
    executors: Vec<Process>,
    work_dirs: Vec<PathBuf>,
}

impl Cluster {
    fn start(folder: &Path) -> Cluster {
        let port = free_port();
        let port_text = port.to_string();
        let arguments = [
            "cluster",
            "scheduler",
            "--port",
            &port_text,
            "--lost-after",
            "15",
        ];
        let mut scheduler = start(folder, &arguments, "scheduler.log");
        wait_until_open(port, &mut scheduler);
        let address = format!("127.0.0.1:{port}");
        let (mut executors, mut work_dirs) = (Vec::new(), Vec::new());
        for number in 0..2 {
            let own = free_port();
            let work_dir = folder.join(format!("work-{number}"));
            let mut executor = start(
                folder,
                &[
                    "cluster",
                    "executor",
                    "--scheduler",
                    &address,
                    "--port",
                    &own.to_string(),
                    "--work-dir",
                    work_dir.to_str().unwrap(),
                    "--slots",
                    "2",
                    "--memory",
                    "500M",
                ],
                &format!("executor-{number}.log"),
            );
            wait_until_open(own, &mut executor);
            executors.push(executor);
            work_dirs.push(work_dir);
        }
        Cluster {
            url: format!("df://{address}"),
            scheduler,
            executors,
            work_dirs,
        }
    }
}

fn files(folder: &Path) -> impl Iterator<Item = walkdir::DirEntry> {
    let entries = walkdir::WalkDir::new(folder).into_iter();
    entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
}

/// Whether a folder has a file in it that says something.
fn has_files(folder: &Path) -> bool {
    files(folder).any(|file| file.metadata().is_ok_and(|file| file.len() > 0))
}

/// Images, each with all of a hundred classes, in a folder of files and in one file.
fn predictions(images: u32, files: usize) -> Project {
    let mut cells: Vec<Cell> = Vec::new();
    for image in 0..images {
        for class in 0..100_u32 {
            // Few different values: ties decide much.
            let value = f64::from((image * 7_919 + class * class * 31) % 997) / 64.0;
            cells.push((format!("image-{image:05}.jpg"), class, value));
        }
    }
    let names: BTreeSet<String> = cells.iter().map(|cell| cell.0.clone()).collect();
    let project = project_of(&names, 100);
    std::fs::create_dir(project.path("m")).unwrap();
    for (number, part) in cells.chunks(cells.len().div_ceil(files)).enumerate() {
        let path = project.path(&format!("m/{number}.parquet"));
        write_parquet(&path, part, Style::default());
    }
    write_parquet(&project.path("one.parquet"), &cells, Style::default());
    project
}

fn by_stream(project: &Project, more: &[&str]) -> BTreeSet<String> {
    project.run(&["import", "predictions", "one.parquet", "--model", "m"]);
    project.run(&[&["propose", "--engine", "stream"], more].concat());
    proposals(project)
}

#[test]
fn a_cluster_proposes_the_same_rows_and_ends_when_told() {
    let project = predictions(300, 5);
    let mut cluster = Cluster::start(project.folder());
    for by in ["logits", "both"] {
        let more = ["--pool-by", by, "--pool", "777"];
        let expected = by_stream(&project, &more);
        let url = cluster.url.as_str();
        project.run(&[
            "import",
            "predictions",
            "m",
            "--model",
            "m",
            "--cluster",
            url,
        ]);
        project.run(&["propose", "--pool", "0"]);
        assert!(proposals(&project) != expected);
        project.run(&[&["propose", "--cluster", url], &more[..]].concat());
        assert!(
            proposals(&project) == expected,
            "by {by} the cluster proposes other rows"
        );
    }
    // What is wrong comes back in the same words.
    project.write("classes.csv", "index,name\n0,other\n");
    let other = project.path("other.db");
    let other = other.to_str().unwrap();
    project.run(&["init", "--project", other, "--classes", "classes.csv"]);
    project.run(&["import", "labels", "labels.csv", "--project", other]);
    let import = [
        "import",
        "predictions",
        "m",
        "--model",
        "m",
        "--project",
        other,
    ];
    let here = project.transcript(&import);
    let there = project.transcript(&[&import[..], &["--cluster", &cluster.url]].concat());
    assert!(here.contains("unknown class"), "{here}");
    assert!(there.contains("unknown class"), "{there}");
    for executor in &mut cluster.executors {
        executor.tell(rustix::process::Signal::TERM);
        assert_eq!(executor.end(), Some(0));
    }
    cluster.scheduler.tell(rustix::process::Signal::INT);
    assert_eq!(cluster.scheduler.end(), Some(0));
}

#[test]
fn an_executor_killed_half_way_never_gives_a_wrong_answer() {
    let project = predictions(1_500, 12);
    let more = ["--pool-by", "both"];
    let expected = by_stream(&project, &more);
    project.run(&["import", "predictions", "m", "--model", "m"]);
    project.run(&["propose", "--pool", "0"]);
    let before = proposals(&project);
    assert!(before != expected);
    let cluster = Cluster::start(project.folder());
    let propose = ["propose", "--cluster", &cluster.url, "--partitions", "12"];
    let mut client = start(
        project.folder(),
        &[&propose[..], &more].concat(),
        "client.log",
    );
    // Once an executor has made something that others will want, it dies.
    let begin = Instant::now();
    while !has_files(&cluster.work_dirs[1]) {
        let ended = client.0.try_wait().unwrap();
        assert!(ended.is_none(), "over before an executor could be killed");
        assert!(begin.elapsed() < PATIENCE, "the executor does nothing");
        std::thread::sleep(Duration::from_millis(1));
    }
    cluster.executors[1].tell(rustix::process::Signal::KILL);
    let code = client.end();
    let said = std::fs::read_to_string(project.path("client.log")).unwrap();
    println!("exit {code:?}: {said}");
    match code {
        Some(0) => assert!(proposals(&project) == expected, "a wrong answer"),
        Some(1) => {
            assert!(
                said.contains("error: cannot read") && said.contains("hint: nothing was changed"),
                "{said}"
            );
            assert!(proposals(&project) == before, "the project was changed");
        }
        other => panic!("exit {other:?}: {said}"),
    }
}

/// What executors have made of each job: job/stage/part.
fn parts(work_dirs: &[PathBuf]) -> BTreeSet<PathBuf> {
    let within = |folder: &PathBuf, file: walkdir::DirEntry| {
        file.path().strip_prefix(folder).unwrap().to_owned()
    };
    work_dirs
        .iter()
        .flat_map(|folder| files(folder).map(move |file| within(folder, file)))
        .collect()
}

#[test]
fn ctrl_c_ends_the_work_of_the_cluster_too() {
    let project = predictions(640, 64);
    project.run(&["import", "predictions", "m", "--model", "m"]);
    project.run(&["propose", "--pool", "0"]);
    let before = proposals(&project);
    let cluster = Cluster::start(project.folder());
    let propose = ["propose", "--cluster", &cluster.url, "--partitions", "64"];
    let mut client = start(project.folder(), &propose, "client.log");
    let begin = Instant::now();
    let job = |part: &PathBuf| part.iter().next().unwrap().to_owned();
    let interrupted = loop {
        if let Some(part) = parts(&cluster.work_dirs).first() {
            break job(part);
        }
        let ended = client.0.try_wait().unwrap();
        assert!(ended.is_none(), "over before it could be interrupted");
        assert!(begin.elapsed() < PATIENCE, "the executors do nothing");
        std::thread::sleep(Duration::from_millis(1));
    };
    client.tell(rustix::process::Signal::INT);
    assert_eq!(client.end(), Some(130));
    assert!(proposals(&project) == before, "the project was changed");
    // Whoever comes next has the executors to itself; a job that went on would be over by then, with a file for each of its 64 parts and more.
    project.run(&propose);
    assert!(proposals(&project) != before);
    let made = parts(&cluster.work_dirs);
    let done = made.iter().filter(|part| job(part) == interrupted).count();
    assert!(done < 64, "{done} files of the plan that was called off");
    assert!(made.len() > 200, "{} files of all", made.len());
}

#[test]
fn without_a_scheduler_it_says_so() {
    let project = predictions(3, 1);
    project.run(&["import", "predictions", "m", "--model", "m"]);
    let url = format!("df://127.0.0.1:{}", free_port());
    let output: Output = project
        .command(&["propose", "--cluster", &url])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("the scheduler and its executors must be up"),
        "{said}"
    );
    assert!(proposals(&project).is_empty());
    let said = project.transcript(&["propose", "--cluster", "nowhere"]);
    assert!(said.ends_with("exit 2\n"), "{said}");
}
