//! A page of the documentation, whose commands are run as they stand there.

use super::Project;
use super::pty::{Opening, Terminal};
use super::screen::is_ready;

/// A page of `docs/`.
pub struct Page {
    /// The whole text.
    pub text: String,
    /// The words of each command behind a `$`, in order.
    pub commands: Vec<Vec<String>>,
}

impl Page {
    /// The page of this name, which must hold so many commands or more.
    pub fn read(name: &str, least: usize) -> Page {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("docs")
            .join(name);
        let text = std::fs::read_to_string(path).unwrap();
        let commands = text.lines().filter_map(|line| line.strip_prefix("$ "));
        let commands: Vec<Vec<String>> = commands.map(words).collect();
        assert!(commands.len() >= least, "{commands:?}");
        Page { text, commands }
    }

    /// Runs every command, which must succeed, but for those that `instead` has run itself; gives all that they say. `cp` is
    /// known, and on a review screen `keys` are typed, which must answer the first label with no, before it is left.
    pub fn run(
        &self,
        project: &Project,
        keys: &str,
        mut instead: impl FnMut(&[&str]) -> bool,
    ) -> String {
        let mut said = String::new();
        for command in &self.commands {
            let words: Vec<&str> = command.iter().map(String::as_str).collect();
            match words[..] {
                _ if instead(&words) => {}
                ["cp", from, to] => {
                    std::fs::copy(project.path(from), project.path(to)).unwrap();
                }
                ["relabel", ..] if words.contains(&"review") => {
                    let arguments = [&words[1..], &["--pictures", "none"]].concat();
                    sit(project, &arguments, keys);
                }
                ["relabel", ..] => said.push_str(&project.run(&words[1..])),
                _ => panic!("{command:?}"),
            }
        }
        said
    }
}

/// What stands between quotes is one word.
fn words(command: &str) -> Vec<String> {
    let quoted = command.split('"').enumerate();
    let words = quoted.flat_map(|(part, text)| match part % 2 {
        0 => text.split_whitespace().map(str::to_owned).collect(),
        _ => vec![text.to_owned()],
    });
    words.collect()
}

/// One answer, then out by the closing screen.
fn sit(project: &Project, arguments: &[&str], keys: &str) {
    let mut terminal = Terminal::open(project.folder(), arguments, Opening::default());
    terminal.wait_until("task", is_ready);
    terminal.keys(keys);
    terminal.wait_for_text("1 n");
    terminal.keys("q");
    terminal.wait_for_text("label sets of");
    terminal.keys("q");
    assert_eq!(terminal.wait_for_end(), 0, "{arguments:?}");
}
