//! The arrows of ARCHITECTURE.md, read from the sources: who may import whom, where SQL is, where drawing is, what is pure.
//!
//! Comments, string literals and `#[cfg(test)] mod … { … }` do not count as code.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

use std::path::Path;

/// The modules of the crate, and which others each may import.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("text", &[]),
    ("guard", &[]),
    ("hierarchy", &["domain"]),
    ("consensus", &["domain"]),
    ("audit", &["domain"]),
    ("proposals", &["domain", "hierarchy"]),
    ("cleaning", &["domain", "proposals"]),
    ("train", &["consensus"]),
    ("report", &["domain", "text", "consensus"]),
    ("formats", &["domain", "text", "guard", "hierarchy"]),
    ("store", &["domain"]),
    ("scale", &["domain", "proposals", "formats"]),
    ("live", &["domain", "text", "consensus", "audit", "store"]),
    (
        "review",
        &["domain", "hierarchy", "consensus", "text", "guard"],
    ),
    (
        "cli",
        &[
            "domain",
            "text",
            "hierarchy",
            "consensus",
            "audit",
            "proposals",
            "cleaning",
            "train",
            "report",
            "formats",
            "store",
            "live",
            "review",
            "scale",
        ],
    ),
    ("main.rs", &["cli"]),
    ("lib.rs", &[]),
];

/// Places that may import more than their module: where, what, and why.
const MORE: &[(&str, &str, &str)] = &[
    ("review/driver/", "store", "the driver alone blocks"),
    ("review/driver/", "live", "reads the project file"),
    (
        "store/evidence.rs",
        "consensus",
        "reads votes straight into the vote table: 900,000 rows are not copied once more",
    ),
];

/// Where SQL may stand.
const SQL_AT: &[&str] = &["store/"];
const SQL_WORDS: &[&str] = &[
    "SELECT", "INSERT", "UPDATE", "DELETE", "PRAGMA", "VACUUM", "ROLLBACK",
];

/// Where the screen is drawn.
const DRAWING_AT: &[&str] = &["review/view/", "review/picture/", "review/driver/terminal"];

/// What takes values and gives values.
const PURE: &[&str] = &[
    "domain/",
    "text.rs",
    "hierarchy/",
    "consensus/",
    "audit/",
    "proposals/",
    "cleaning/",
    "train/",
    "report/",
    "review/state.rs",
    "review/event.rs",
    "review/effect.rs",
    "review/input/answer.rs",
    "review/input/framing.rs",
    "review/input/key.rs",
    "review/input/mod.rs",
    "review/picture/ask.rs",
    "review/keymap.rs",
    "review/config.rs",
    "review/layout.rs",
    "review/search.rs",
    "review/summary.rs",
    "review/update/",
    "review/view/",
];

/// Disk, clock, environment, terminal, threads and chance.
const NOT_PURE: &[&str] = &[
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::thread",
    "Instant::now",
    "SystemTime::now",
    "Timestamp::now",
    "Zoned::now",
    "stdin()",
    "stdout()",
    "stderr()",
    "println!",
    "eprintln!",
    "rand::rng()",
    "thread_rng",
];

/// A source file, taken apart.
struct Source {
    /// Below `src/`.
    name: String,
    /// The text with comments, literals and tests blanked out; lines stay where they are.
    code: String,
    /// String literals with their lines.
    literals: Vec<(usize, String)>,
}

impl Source {
    fn read(name: &str, text: &str) -> Source {
        let (code, literals) = split(text);
        let (code, tests) = without_tests(&code);
        Source {
            name: name.to_owned(),
            code,
            literals: literals
                .into_iter()
                .filter(|(line, _)| !tests.iter().any(|range| range.contains(line)))
                .collect(),
        }
    }

    /// The module of the crate that the file belongs to.
    fn module(&self) -> &str {
        let first = self.name.split('/').next().unwrap();
        match first {
            "main.rs" | "lib.rs" => first,
            _ => first.trim_end_matches(".rs"),
        }
    }

    /// How many modules stand above the file's own, the crate's root among them.
    fn depth(&self) -> usize {
        let parts = self.name.split('/').count();
        match self.name.rsplit('/').next().unwrap() {
            "mod.rs" => parts - 1,
            "lib.rs" | "main.rs" => 0,
            _ => parts,
        }
    }

    fn is_at(&self, places: &[&str]) -> bool {
        places.iter().any(|place| self.name.starts_with(place))
    }

    /// The modules of the crate that the code names, with their lines.
    fn imports(&self) -> Vec<(usize, String)> {
        let mut roots = vec!["crate::".to_owned()];
        match self.depth() {
            0 => roots.push("relabel::".to_owned()),
            depth => roots.push("super::".repeat(depth)),
        }
        let mut imports: Vec<_> = roots
            .iter()
            .flat_map(|root| first_segments(&self.code, root))
            .collect();
        imports.retain(|(_, segment)| ARROWS.iter().any(|(module, _)| module == segment));
        imports
    }
}

/// Blanks comments and literals out of a Rust text, and gives the string literals.
fn split(text: &str) -> (String, Vec<(usize, String)>) {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut literals = Vec::new();
    let (mut at, mut line) = (0, 1);
    let starts = |at: usize, what: &str| {
        what.chars()
            .enumerate()
            .all(|(i, c)| chars.get(at + i) == Some(&c))
    };
    while at < chars.len() {
        let end = if starts(at, "//") {
            (at..chars.len())
                .find(|&i| chars[i] == '\n')
                .unwrap_or(chars.len())
        } else if starts(at, "/*") {
            (at..chars.len())
                .find(|&i| starts(i, "*/"))
                .map_or(chars.len(), |i| i + 2)
        } else if let Some((open, close)) = string_opening(&chars, at) {
            let mut i = at + open;
            while i < chars.len() && !starts(i, &close) {
                i += if close == "\"" && chars[i] == '\\' {
                    2
                } else {
                    1
                };
            }
            literals.push((line, chars[at + open..i.min(chars.len())].iter().collect()));
            (i + close.len()).min(chars.len())
        } else if chars[at] == '\'' {
            character_end(&chars, at).unwrap_or(at)
        } else {
            at
        };
        if end == at {
            line += usize::from(chars[at] == '\n');
            code.push(chars[at]);
            at += 1;
            continue;
        }
        for &c in &chars[at..end] {
            line += usize::from(c == '\n');
            code.push(if c == '\n' { '\n' } else { ' ' });
        }
        at = end;
    }
    (code, literals)
}

/// The length of a string literal's opening, and what closes it.
fn string_opening(chars: &[char], at: usize) -> Option<(usize, String)> {
    let in_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    let hashes = |from: usize| {
        chars[from.min(chars.len())..]
            .iter()
            .take_while(|&&c| c == '#')
            .count()
    };
    match chars[at] {
        '"' => Some((1, "\"".to_owned())),
        'b' if !in_word && chars.get(at + 1) == Some(&'"') => Some((2, "\"".to_owned())),
        'r' if !in_word => {
            let n = hashes(at + 1);
            (chars.get(at + 1 + n) == Some(&'"')).then(|| (n + 2, format!("\"{}", "#".repeat(n))))
        }
        _ => None,
    }
}

/// Where a character literal ends; none for a lifetime.
fn character_end(chars: &[char], at: usize) -> Option<usize> {
    match (chars.get(at + 1)?, chars.get(at + 2)?) {
        ('\\', _) => (at + 3..chars.len())
            .find(|&i| chars[i] == '\'')
            .map(|i| i + 1),
        (_, '\'') => Some(at + 3),
        _ => None,
    }
}

/// Blanks out test modules, which end at a brace in the first column; gives their lines too.
fn without_tests(code: &str) -> (String, Vec<std::ops::Range<usize>>) {
    let lines: Vec<&str> = code.lines().collect();
    let mut kept = String::new();
    let mut tests: Vec<std::ops::Range<usize>> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let begins = *line == "#[cfg(test)]"
            && lines[at + 1..]
                .iter()
                .find(|l| !l.starts_with("#[") && !l.trim().is_empty())
                .is_some_and(|l| l.starts_with("mod ") && l.ends_with('{'));
        if begins {
            let end = (at..lines.len())
                .find(|&i| lines[i] == "}")
                .unwrap_or(lines.len());
            tests.push(at + 1..end + 2);
        }
        if !tests.iter().any(|range| range.contains(&(at + 1))) {
            kept.push_str(line);
        }
        kept.push('\n');
    }
    (kept, tests)
}

/// What stands right after a path's beginning, groups in braces taken apart: `a` and `b` of `crate::{a::x, b}`.
fn first_segments(code: &str, root: &str) -> Vec<(usize, String)> {
    let word = |text: &str| -> String {
        text.chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect()
    };
    let mut found = Vec::new();
    for (at, _) in code.match_indices(root) {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let line = code[..at].matches('\n').count() + 1;
        let rest = &code[at + root.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            found.push((line, word(rest)));
            continue;
        };
        let (mut depth, mut fresh) = (1, true);
        for (i, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => fresh = true,
                c if fresh && !c.is_whitespace() => {
                    found.push((line + group[..i].matches('\n').count(), word(&group[i..])));
                    fresh = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    found
}

fn line_of(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}

/// Every rule that a file breaks, with its line.
fn violations(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    let mut say =
        |line: usize, what: String| found.push(format!("src/{}:{line}: {what}", source.name));
    let module = source.module();
    match ARROWS.iter().find(|(name, _)| *name == module) {
        None => say(1, format!("module {module} has no place among the arrows")),
        Some((_, allowed)) => {
            for (line, other) in source.imports() {
                let more = MORE
                    .iter()
                    .any(|(place, what, _)| *what == other && source.name.starts_with(place));
                if other != module && !more && !allowed.contains(&other.as_str()) {
                    say(line, format!("{module} imports {other}"));
                }
            }
        }
    }
    if !source.is_at(SQL_AT) {
        for (line, literal) in &source.literals {
            let mut words = literal.split(|c: char| !c.is_alphanumeric() && c != '_');
            if let Some(word) = words.find(|word| SQL_WORDS.contains(word)) {
                say(*line, format!("SQL ({word}) outside store"));
            }
        }
        for (at, _) in source.code.match_indices("rusqlite") {
            say(
                line_of(&source.code, at),
                "rusqlite outside store".to_owned(),
            );
        }
    }
    if !source.is_at(DRAWING_AT) {
        for (line, what) in first_segments(&source.code, "ratatui::") {
            // Measures are no drawing.
            if what != "layout" {
                say(line, format!("drawing (ratatui::{what}) outside the view"));
            }
        }
    }
    if source.is_at(PURE) {
        for what in NOT_PURE {
            for (at, _) in source.code.match_indices(what) {
                say(
                    line_of(&source.code, at),
                    format!("{what} in a pure module"),
                );
            }
        }
    }
    found
}

fn sources(folder: &Path, below: &str, list: &mut Vec<Source>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = format!("{below}{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            sources(&entry.path(), &format!("{name}/"), list);
        } else if name.ends_with(".rs") {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            list.push(Source::read(&name, &text));
        }
    }
}

#[test]
fn arrows_point_one_way_and_sql_drawing_and_blocking_stay_in_their_places() {
    let mut list = Vec::new();
    sources(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")),
        "",
        &mut list,
    );
    let found: Vec<String> = list.iter().flat_map(violations).collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
    // An exception that nobody needs any more is no exception.
    for (place, what, why) in MORE {
        let used = list
            .iter()
            .filter(|source| source.name.starts_with(place))
            .any(|source| source.imports().iter().any(|(_, other)| other == what));
        assert!(used, "{place} no longer imports {what} ({why})");
    }
}

#[test]
fn every_kind_of_violation_is_found_in_its_line() {
    let cases = [
        (
            "domain/class.rs",
            "use std::fmt;\nuse crate::store::Store;",
            "src/domain/class.rs:2: domain imports store",
        ),
        (
            "domain/class.rs",
            "use super::super::text::fit;",
            "src/domain/class.rs:1: domain imports text",
        ),
        (
            "hierarchy/mod.rs",
            "use super::cli::Cli;",
            "src/hierarchy/mod.rs:1: hierarchy imports cli",
        ),
        (
            "consensus/votes.rs",
            "use crate::{\n    domain::{Class, Role},\n    formats,\n};",
            "src/consensus/votes.rs:3: consensus imports formats",
        ),
        (
            "review/update/mod.rs",
            "fn f(s: &crate::store::Store) {}",
            "src/review/update/mod.rs:1: review imports store",
        ),
        (
            "main.rs",
            "use relabel::store::Store;",
            "src/main.rs:1: main.rs imports store",
        ),
        (
            "cli/status.rs",
            "const Q: &str =\n    r#\"SELECT 1\"#;",
            "src/cli/status.rs:2: SQL (SELECT) outside store",
        ),
        (
            "cli/status.rs",
            "use rusqlite::Connection;",
            "src/cli/status.rs:1: rusqlite outside store",
        ),
        (
            "review/state.rs",
            "use ratatui::{Frame, layout::Rect};",
            "src/review/state.rs:1: drawing (ratatui::Frame) outside the view",
        ),
        (
            "review/update/mod.rs",
            "let at = Timestamp::now();",
            "src/review/update/mod.rs:1: Timestamp::now in a pure module",
        ),
        (
            "news/mod.rs",
            "",
            "src/news/mod.rs:1: module news has no place among the arrows",
        ),
    ];
    for (name, text, expected) in cases {
        assert_eq!(violations(&Source::read(name, text)), [expected]);
    }
}

#[test]
fn comments_literals_and_tests_are_no_imports() {
    let text = "/// See [`crate::store`].\n// SELECT\n/* crate::cli */\nfn f() -> (char, &'static str) {\n    ('\"', \"use crate::store\")\n}\n\n\
                #[cfg(test)]\nmod tests {\n    use crate::formats::classes;\n    const Q: &str = \"SELECT\";\n}\n";
    assert_eq!(
        violations(&Source::read("domain/class.rs", text)),
        Vec::<String>::new()
    );
}
