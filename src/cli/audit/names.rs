//! `relabel audit list`, `rename` and `remove`.

use serde::Serialize;

use super::unknown;
use crate::cli::context::{Context, now};
use crate::cli::failure::Failure;
use crate::cli::table::{table, thousands};
use crate::formats::records::time_text;
use crate::live::audit::LiveAudit;
use crate::store::{DECISION_ROUND, GOLD_ROUND, RETEST_SUFFIX, RenamedAudit, Store, StoredAudit};
use crate::text::printable;

/// Options of `audit rename`.
#[derive(Debug, clap::Args)]
pub struct Rename {
    /// The audit, as `relabel audit list` names it
    #[arg(value_name = "NAME")]
    name: String,
    /// Its new name, and that of the round of its answers
    #[arg(value_name = "NEW")]
    new: String,
}

/// Options of `audit remove`.
#[derive(Debug, clap::Args)]
pub struct Remove {
    /// The audit, as `relabel audit list` names it
    #[arg(value_name = "NAME")]
    name: String,
}

/// An audit in the list.
#[derive(Debug, Serialize)]
struct Listed {
    name: String,
    /// The name that somebody gave it, which another audit has here.
    given_name: String,
    /// The same in every copy of the project.
    identity: String,
    given: String,
    drawn: usize,
    answered: usize,
    verdict: &'static str,
    /// When it was planned.
    at: String,
}

/// Lists the audits.
pub fn list(context: &Context) -> Result<(), Failure> {
    let store = context.open()?;
    let mut audits = Vec::new();
    for name in store.audit_names()? {
        let Some(audit) = LiveAudit::open(&store, &name)? else {
            continue;
        };
        let answers = audit.answers(&store)?;
        let standing = audit.design.standing(&answers);
        let planned = audit.planned;
        audits.push(Listed {
            drawn: planned.draws.len(),
            answered: answers.iter().flatten().count(),
            verdict: standing.verdict.word(),
            at: time_text(planned.at),
            name: planned.name,
            given_name: planned.given_name,
            identity: planned.identity,
            given: planned.given,
        });
    }
    if context.json() {
        return context.print_json(&audits);
    }
    if audits.is_empty() {
        context.say("there are no audits; plan one with `relabel audit plan`");
        return Ok(());
    }
    let rows = audits.into_iter().map(|audit| {
        vec![
            audit.name,
            audit.given,
            thousands(audit.drawn),
            thousands(audit.answered),
            audit.verdict.to_owned(),
            audit.at,
        ]
    });
    context.print(&table(
        &["audit", "of", "drawn", "answered", "verdict", "planned"],
        &[2, 3],
        rows.collect(),
    ))
}

/// Gives an audit another name.
pub fn rename(options: &Rename, context: &Context) -> Result<(), Failure> {
    may_be_called(&options.new)?;
    let store = context.open()?;
    let others = store.atomically(|store| {
        let audit = known(store, &options.name)?;
        if options.new == audit.name {
            return Ok(Vec::new());
        }
        if !store.is_free_audit_name(&options.new)? {
            return Err(Failure::failed(format!(
                "the name {:?} is taken by another audit or a round of votes",
                options.new
            ))
            .hint("choose another name; `relabel audit list` shows those of audits"));
        }
        Ok::<_, Failure>(store.rename_audit(&audit, &options.new, now())?)
    })?;
    context.say(format!(
        "audit {:?} is now {:?}, and so is the round of its answers",
        options.name, options.new
    ));
    say_renamed(&others, context);
    Ok(())
}

/// Removes an audit without answers.
pub fn remove(options: &Remove, context: &Context) -> Result<(), Failure> {
    let store = context.open()?;
    let others = store.atomically(|store| {
        let audit = known(store, &options.name)?;
        if store.has_votes(&audit.name)? {
            return Err(Failure::failed(format!(
                "audit {:?} has answers, which are kept for good",
                audit.name
            ))
            .hint("to have its name free, give it another one: `relabel audit rename NAME NEW`"));
        }
        let at_work = store.auditors_at_work(&audit, now())?;
        if !at_work.is_empty() {
            return Err(Failure::failed(format!(
                "audit {:?} is on the screen of {}",
                audit.name,
                at_work.join(", ")
            ))
            .hint("remove it when they are done"));
        }
        Ok::<_, Failure>(store.remove_audit(&audit)?)
    })?;
    context.say(format!("audit {:?} is removed", options.name));
    say_renamed(&others, context);
    Ok(())
}

fn known(store: &Store, name: &str) -> Result<StoredAudit, Failure> {
    match store.audit(name)? {
        Some(audit) => Ok(audit),
        None => Err(unknown(store, name)?),
    }
}

fn say_renamed(others: &[RenamedAudit], context: &Context) {
    for RenamedAudit { was, is, .. } in others {
        context.say(format!("audit {was:?} goes by {is:?} now"));
    }
}

/// Refuses names that are none, and those of rounds that hold other votes.
pub fn may_be_called(name: &str) -> Result<(), Failure> {
    if name.trim().is_empty() {
        return Err(Failure::usage("an audit needs a name"));
    }
    if printable(name) != name {
        let why = format!("an audit's name has no control characters, as {name:?} has");
        return Err(Failure::usage(why).hint("choose another name"));
    }
    let is_reserved =
        ["main", GOLD_ROUND, DECISION_ROUND].contains(&name) || name.ends_with(RETEST_SUFFIX);
    match is_reserved {
        true => Err(
            Failure::usage(format!("round {name:?} is for votes that are no audit's"))
                .hint("choose another name"),
        ),
        false => Ok(()),
    }
}
