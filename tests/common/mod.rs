//! What the tests share: a project in a folder of its own, a terminal that is a pty with a screen model, the shared data.
#![allow(dead_code, reason = "every test file uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test does not expect is its failure"
)]

pub mod arrays;
pub mod audited;
pub mod chromium;
pub mod footers;
pub mod kitty;
pub mod page;
pub mod predicted;
pub mod proxy;
pub mod pty;
pub mod screen;
#[cfg(unix)]
pub mod sshd;
pub mod streams;
pub mod terminals;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use assert_cmd::Command;

/// The folder of the shared data, or none with a word on stderr; in CI its absence is a failure.
pub fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("RELABEL_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    if folder.join("data").is_dir() {
        return Some(folder);
    }
    let ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(!ci, "the shared data is not at {}", folder.display());
    eprintln!(
        "skipped: the shared data is not at {} (RELABEL_SHARED)",
        folder.display()
    );
    None
}

/// Whether a program is there; where it is not, says so on stderr, and fails in CI.
pub fn installed(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&paths).any(|folder| folder.join(program).is_file());
    let ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(found || !ci, "{program} is not installed");
    if !found {
        eprintln!("skipped: {program} is not installed");
    }
    found
}

/// A project file that is ready to be copied, and what its images are.
struct Prepared {
    database: Vec<u8>,
    images: Vec<(String, Vec<u8>)>,
}

/// A folder with a project in it, gone at the end of the test.
pub struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    /// A folder without a project yet.
    pub fn empty() -> Project {
        Project {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A folder with a new project of the ILSVRC classes.
    pub fn new() -> Project {
        let project = Project::empty();
        project.run(&["init"]);
        project
    }

    /// The shared photographs, imported and planned; none where the shared data is not. Prepared once a process, then copied:
    /// the file keeps absolute paths of images that lie elsewhere.
    pub fn of_photos() -> Option<Project> {
        static PREPARED: OnceLock<Vec<u8>> = OnceLock::new();
        let photos = shared()?.join("data/photos");
        let database = PREPARED.get_or_init(|| {
            let project = Project::new();
            let path = |name: &str| photos.join(name).to_str().unwrap().to_owned();
            project.run(&["import", "images", &path("images")]);
            project.run(&["import", "labels", &path("labels.csv")]);
            project.run(&["import", "proposals", &path("proposals.csv")]);
            project.run(&["plan"]);
            std::fs::read(project.database()).unwrap()
        });
        let project = Project::empty();
        project.write("relabel.db", database);
        Some(project)
    }

    /// Thirty small drawn images with six labels each in one task an image, planned; in the folder `images`.
    pub fn of_drawings() -> Project {
        static PREPARED: OnceLock<Prepared> = OnceLock::new();
        let prepared = PREPARED.get_or_init(|| {
            let project = Project::new();
            let mut proposals = "image,label,source\n".to_owned();
            let mut images = Vec::new();
            for number in 0..30u8 {
                let name = format!("drawing-{number:02}.png");
                let path = project.write(&format!("images/{name}"), "");
                let paint = |x: u32, y: u32| image::Rgb([x as u8 * 4, y as u8 * 5, number * 8]);
                image::RgbImage::from_fn(64, 48, paint).save(&path).unwrap();
                images.push((format!("images/{name}"), std::fs::read(path).unwrap()));
                for label in 0..6 {
                    // Dogs, that stay together under one heading.
                    let _ = writeln!(
                        proposals,
                        "{name},{},model",
                        151 + u32::from(number) + 3 * label
                    );
                }
            }
            project.write("proposals.csv", proposals);
            project.run(&["import", "images", "images"]);
            project.run(&["import", "proposals", "proposals.csv"]);
            project.run(&["plan"]);
            Prepared {
                database: std::fs::read(project.database()).unwrap(),
                images,
            }
        });
        let project = Project::empty();
        project.write("relabel.db", &prepared.database);
        for (name, bytes) in &prepared.images {
            project.write(name, bytes);
        }
        project
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn database(&self) -> PathBuf {
        self.path("relabel.db")
    }

    /// Writes a file into the folder.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The program in this folder, without the caller's settings.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("relabel"));
        command
            .current_dir(self.folder.path())
            .env_remove("RELABEL_PROJECT")
            .env("XDG_CONFIG_HOME", self.folder.path().join("config"))
            .env("NO_COLOR", "1")
            .args(arguments);
        command
    }

    /// Runs the program, which must succeed; its stdout.
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(
            output.status.success(),
            "relabel {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs the program; a transcript of exit code, stdout and stderr, as a user sees it.
    pub fn transcript(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        let mut text = String::new();
        for (name, bytes) in [("", &output.stdout), ("stderr: ", &output.stderr)] {
            for line in String::from_utf8_lossy(bytes).lines() {
                text.push_str(name);
                text.push_str(line.trim_end());
                text.push('\n');
            }
        }
        match output.status.code() {
            Some(0) => text,
            code => format!(
                "{text}exit {}\n",
                code.map_or("by signal".to_owned(), |c| c.to_string())
            ),
        }
    }

    /// Adds a rater, unless there is one of this name: `review` would ask about a name that nobody has used.
    pub fn join(&self, rater: &str, role: &str) {
        let arguments = ["rater", "add", rater, "--role", role];
        self.command(&arguments).output().unwrap();
    }

    /// Takes a project file back to the version before audits had identities and the file a stamp.
    pub fn as_version_8(database: &Path) {
        let connection = rusqlite::Connection::open(database).unwrap();
        connection
            .execute_batch(
                "DROP TABLE stamp;
                 DROP INDEX audit_by_identity; ALTER TABLE audit DROP COLUMN identity;
                 ALTER TABLE audit DROP COLUMN given_name; ALTER TABLE audit DROP COLUMN named_at;
                 PRAGMA user_version = 8",
            )
            .unwrap();
    }

    /// What an SQL query says, a row a line, columns with `|` between.
    pub fn sql(&self, query: &str) -> String {
        let connection = rusqlite::Connection::open(self.database()).unwrap();
        let mut statement = connection.prepare(query).unwrap();
        let columns = statement.column_count();
        let rows = statement
            .query_map([], |row| {
                let cells: Result<Vec<String>, _> = (0..columns)
                    .map(|column| {
                        row.get_ref(column).map(|value| match value {
                            rusqlite::types::ValueRef::Null => String::new(),
                            rusqlite::types::ValueRef::Integer(number) => number.to_string(),
                            rusqlite::types::ValueRef::Real(number) => number.to_string(),
                            rusqlite::types::ValueRef::Text(text) => {
                                String::from_utf8_lossy(text).into_owned()
                            }
                            rusqlite::types::ValueRef::Blob(blob) => {
                                format!("{} bytes", blob.len())
                            }
                        })
                    })
                    .collect();
                cells.map(|cells| cells.join("|"))
            })
            .unwrap();
        rows.map(|row| row.unwrap() + "\n").collect()
    }
}
