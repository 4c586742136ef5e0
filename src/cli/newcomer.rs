//! Raters whose names are new: asked about once, so that a slip of the keys does not make a second rater of one person.

use std::io::{BufRead, Write};

use super::failure::Failure;
use super::review::user_name;
use super::suggest::closest_rater;
use crate::domain::{Role, normal_name};
use crate::store::{RaterRow, Store};
use crate::text::printable;

/// The rater who is named, else the one named as the user is. A name that nobody has used yet becomes a rater of this role; where the project
/// has raters, the terminal is asked first.
pub fn own_rater(named: Option<&str>, role: Role, store: &Store) -> Result<RaterRow, Failure> {
    let name = named.map(str::to_owned).or_else(user_name);
    let name = name.filter(|name| !normal_name(name).is_empty());
    let Some(name) = name else {
        return Err(nobody());
    };
    if let Some(rater) = store.rater_named(&name)? {
        return Ok(rater);
    }
    let name = normal_name(&name);
    let raters: Vec<String> = store
        .raters()?
        .into_iter()
        .map(|rater| rater.name)
        .collect();
    if let Some(question) = question(&name, &raters, role)
        && !is_yes(&ask(&question)?)
    {
        return Err(Failure::failed(format!("no rater {name:?} was added"))
            .hint("`relabel rater list` shows the raters, --rater NAME names one"));
    }
    welcome(store, &name, role)
}

/// The rater of this name, added without a question when it is new.
pub fn welcome(store: &Store, name: &str, role: Role) -> Result<RaterRow, Failure> {
    if let Some(rater) = store.rater_named(name)? {
        return Ok(rater);
    }
    let name = normal_name(name);
    if name.is_empty() {
        return Err(nobody());
    }
    store.add_rater(&name, role)?;
    store
        .rater(&name)?
        .ok_or_else(|| Failure::failed("the rater is gone"))
}

fn nobody() -> Failure {
    Failure::usage("who votes?").hint("name the rater with --rater NAME")
}

/// Builds the question about a new name. None if the project has no raters that could be meant.
fn question(name: &str, raters: &[String], role: Role) -> Option<String> {
    if raters.is_empty() {
        return None;
    }
    let meant = closest_rater(name, raters.iter().map(String::as_str));
    let known = match meant {
        Some(meant) => format!("no rater {name:?} yet; did you mean {meant:?}?"),
        None => format!("no rater {name:?} yet."),
    };
    Some(format!("{known} Start as a new {role}? [y/N] "))
}

fn ask(question: &str) -> Result<String, Failure> {
    // Standard output is the terminal; errors may go elsewhere.
    let mut out = std::io::stdout().lock();
    write!(out, "{}", printable(question))?;
    out.flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(answer)
}

fn is_yes(answer: &str) -> bool {
    ["y", "yes"].contains(&answer.trim().to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_name_is_asked_about_where_there_are_raters() {
        let raters = ["ann".to_owned(), "bob".to_owned()];
        assert_eq!(question("anm", &[], Role::Rater), None);
        assert_eq!(
            question("anm", &raters, Role::Rater).as_deref(),
            Some("no rater \"anm\" yet; did you mean \"ann\"? Start as a new rater? [y/N] ")
        );
        assert_eq!(
            question("zoe", &raters, Role::Auditor).as_deref(),
            Some("no rater \"zoe\" yet. Start as a new auditor? [y/N] ")
        );
    }

    #[test]
    fn only_yes_is_yes() {
        assert!(["y\n", "Y", " yes\r\n"].iter().all(|answer| is_yes(answer)));
        assert!(
            !["", "\n", "n", "ann\n", "yy"]
                .iter()
                .any(|answer| is_yes(answer))
        );
    }
}
