//! The program explains itself: help with examples for every command, manual pages, completions.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use clap::{Command, CommandFactory};
use common::{Project, installed};

/// Every command with the words that call it.
fn commands() -> Vec<(Vec<String>, Command)> {
    fn add(words: &[String], command: &Command, all: &mut Vec<(Vec<String>, Command)>) {
        for one in command.get_subcommands() {
            let words = [words, &[one.get_name().to_owned()]].concat();
            add(&words, one, all);
            all.push((words, one.clone()));
        }
    }
    let mut all = Vec::new();
    add(&[], &relabel::cli::Cli::command(), &mut all);
    all
}

/// A line of an example, as a shell would split it; nothing where it is more than the program alone.
fn words(example: &str) -> Option<Vec<String>> {
    let words = example.trim().strip_prefix("relabel ")?;
    let end = words.find(['|', '>', '*', '(']).unwrap_or(words.len());
    // What stands between quotes is one word.
    let parts = words[..end].split('\'').enumerate();
    let words = parts.flat_map(|(at, part)| match at % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    });
    Some(words.collect())
}

#[test]
fn every_command_has_examples_that_the_program_understands() {
    let all = commands();
    assert!(all.len() > 25, "{}", all.len());
    for (name, command) in all {
        let name = name.join(" ");
        let after = command.get_after_help().map(ToString::to_string);
        let after = after.unwrap_or_else(|| panic!("{name} has no examples"));
        assert!(after.starts_with("Examples:\n"), "{name}: {after}");
        let examples: Vec<Vec<String>> = after.lines().filter_map(words).collect();
        assert!(!examples.is_empty(), "{name}");
        for example in examples {
            let line = std::iter::once("relabel").chain(example.iter().map(String::as_str));
            let parsed = relabel::cli::Cli::command().try_get_matches_from(line);
            parsed.unwrap_or_else(|error| panic!("{name}: {example:?}: {error}"));
        }
        for argument in command.get_arguments() {
            assert!(argument.get_help().is_some(), "{name}: {argument}");
        }
    }
}

#[test]
fn a_misspelt_command_or_option_gets_a_hint() {
    let project = Project::empty();
    for (line, hint) in [
        (&["exprt"][..], "'export'"),
        (&["audit", "pln"], "a similar subcommand exists: 'plan'"),
        (
            &["plan", "--rater", "3"],
            "a similar argument exists: '--raters'",
        ),
        (
            &["review", "--order", "disputd"],
            "a similar value exists: 'disputed'",
        ),
    ] {
        let said = project.transcript(line);
        assert!(said.contains(hint) && said.ends_with("exit 2\n"), "{said}");
    }
}

#[test]
fn manual_pages_are_there_for_every_command() {
    let project = Project::empty();
    let page = project.run(&["man"]);
    assert!(page.contains(".TH relabel 1"), "{page}");
    let page = project.run(&["man", "audit", "plan"]);
    for said in [
        ".TH relabel-audit-plan 1",
        "\\fB\\-\\-tolerance",
        "relabel audit plan \\-\\-of",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    insta::assert_snapshot!(project.transcript(&["man", "audits"]), @r#"
    stderr: error: relabel has no command "audits"
    stderr: hint: `relabel --help` names all commands
    exit 2
    "#);
    project.run(&["man", "--dir", "pages"]);
    for (name, _) in commands() {
        let file = format!("pages/relabel-{}.1", name.join("-"));
        assert!(project.path(&file).exists(), "{file}");
    }
    if !installed("groff") {
        return println!("skipped: no groff to read the pages with");
    }
    let groff = std::process::Command::new("groff")
        .args(["-man", "-Tutf8", "-ww", "-z", "pages/relabel-audit-plan.1"])
        .current_dir(project.folder())
        .output()
        .unwrap();
    assert!(
        groff.status.success() && groff.stderr.is_empty(),
        "{groff:?}"
    );
}

#[test]
fn shells_complete_commands_options_and_values() {
    let project = Project::empty();
    let script = project.run(&["completions", "bash"]);
    project.write("relabel.bash", script);
    let complete = |words: &str| {
        let last = words.split(' ').count() - 1;
        let shell = format!(
            "source relabel.bash; COMP_WORDS=({words}); [ -n \"{words}\" ] && COMP_CWORD={last}; \
             _relabel relabel \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"; \
             printf '%s ' \"${{COMPREPLY[@]}}\""
        );
        let bash = std::process::Command::new("bash")
            .args(["-c", &shell])
            .current_dir(project.folder())
            .output()
            .unwrap();
        assert!(bash.status.success(), "{bash:?}");
        String::from_utf8(bash.stdout).unwrap().trim().to_owned()
    };
    assert_eq!(complete("relabel agg"), "aggregate");
    assert_eq!(complete("relabel audit r"), "review result rename remove");
    assert_eq!(complete("relabel review --kio"), "--kiosk");
    assert_eq!(complete("relabel review --order pl"), "plan");
    for (shell, says) in [("zsh", "#compdef relabel"), ("fish", "complete -c relabel")] {
        let script = project.run(&["completions", shell]);
        assert!(script.contains(says), "{shell}");
        project.write("script", &script);
        if installed(shell) {
            let checked = std::process::Command::new(shell)
                .args(["-n", "script"])
                .current_dir(project.folder())
                .status();
            assert!(checked.unwrap().success(), "{shell}");
        }
    }
}
