//! `relabel agreement`: how far raters agree with each other, with themselves and with gold.

mod scores;
mod text;

use clap::ValueEnum;
use serde::Serialize;

use scores::ReplayReport;
pub use scores::quality;

use super::chart::Room;
use super::context::{Context, load_hierarchy};
use super::failure::Failure;
use crate::consensus::agreement::{
    Figure, RaterFigures, figures, rater_figures, rater_pairs, test_retest, test_retest_by_rater,
};
use crate::consensus::interval::Bootstrap;
use crate::consensus::{AnswerCounts, CalibratedOptions, MajorityOptions, Method};
use crate::domain::{ClassIndex, Classes};
use crate::report::agreement::groups;
use crate::report::{Group, RaterLine, ScoresReport};
use crate::store::{Status, Store, StoredEvidence};

/// Options of `agreement`.
#[derive(Debug, clap::Args)]
pub struct Agreement {
    /// The round whose votes are compared
    #[arg(long, default_value = "main", value_name = "R")]
    round: String,
    /// What the text lists beside the whole (JSON has everything)
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "rater",
        value_name = "WHAT"
    )]
    by: Vec<By>,
    /// Lines of each list
    #[arg(long, default_value_t = 20, value_name = "N")]
    top: usize,
    /// Bootstrap replicates of the 95 % intervals; 0 leaves them out
    #[arg(long, default_value_t = 1000, value_name = "N")]
    replicates: usize,
    /// Seed of the bootstrap, and of the order of votes in the replay
    #[arg(long, default_value_t = 0, value_name = "N")]
    seed: u64,
    /// The aggregation whose scores are judged by gold, and replayed [default: the newest of the round]
    #[arg(long, value_name = "N")]
    run: Option<i64>,
    /// Replay the votes in random order, asking no further once a score is below or above a bound: votes saved, labels
    /// that differ
    #[arg(long)]
    replay: bool,
}

/// What can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum By {
    /// Each rater
    Rater,
    /// Each pair of raters
    Pair,
    /// Each subtree of the hierarchy, by its heading
    Subtree,
    /// Each class
    Class,
}

#[derive(Debug, Serialize)]
struct Report {
    round: String,
    questions: usize,
    votes: usize,
    replicates: usize,
    seed: u64,
    all: Vec<Figure>,
    test_retest: Option<Retest>,
    raters: Vec<RaterLine>,
    pairs: Vec<PairReport>,
    subtrees: Vec<Group>,
    classes: Vec<Group>,
    /// How well the newest run's scores say what is true on gold.
    scores: Option<ScoresReport>,
    replay: Vec<ReplayReport>,
}

/// Raters who met a question in both rounds.
#[derive(Debug, Serialize)]
struct Retest {
    pairs: u64,
    equal: u64,
    share: Option<f64>,
    counts: [[u32; 3]; 3],
    raters: Vec<RaterRetest>,
}

/// A rater against herself.
#[derive(Debug, Serialize)]
struct RaterRetest {
    rater: String,
    pairs: u64,
    equal: u64,
}

#[derive(Debug, Serialize)]
struct PairReport {
    first: String,
    second: String,
    questions: u64,
    raw: Option<f64>,
    kappa: Option<f64>,
}

/// Runs the command.
pub fn run(options: &Agreement, context: &Context) -> Result<(), Failure> {
    let store = context.open()?;
    let stored = store.evidence(&options.round)?;
    if stored.votes.n_votes() == 0 {
        return Err(Failure::failed(format!(
            "there are no raters' votes in round {:?}",
            options.round
        ))
        .hint("vote with `relabel review`, or take votes in with `relabel import votes`"));
    }
    // The whole, subtrees, classes.
    let bar = context.progress("questions", 3 * stored.votes.n_questions() as u64);
    let report = report(options, &store, &stored, |n| bar.inc(n as u64))?;
    bar.finish_and_clear();
    if context.json() {
        return context.print_json(&report);
    }
    context.print(&text::text(&report, options, Room::of(context)))
}

fn report(
    options: &Agreement,
    store: &Store,
    stored: &StoredEvidence,
    done: impl Fn(usize) + Sync,
) -> Result<Report, Failure> {
    let classes = store.classes()?;
    let hierarchy = load_hierarchy(store, &classes)?;
    let bootstrap = Bootstrap {
        replicates: options.replicates,
        seed: options.seed,
        ..Bootstrap::default()
    };
    let bootstrap = (options.replicates > 0).then_some(&bootstrap);
    let votes = &stored.votes;
    let run = match options.run {
        Some(number) => Some(store.run(Some(number))?.ok_or_else(|| {
            Failure::failed(format!("there is no run {number}"))
                .hint("`relabel status` says how many there are")
        })?),
        None => store.newest_run_of(&options.round)?,
    };
    let all = figures(votes, 0..votes.n_questions(), bootstrap);
    done(votes.n_questions());
    let heading = |class: ClassIndex| hierarchy.heading_of(class).to_owned();
    let name = |class: ClassIndex| class_name(&classes, class);
    Ok(Report {
        round: options.round.clone(),
        questions: (0..votes.n_questions())
            .filter(|&q| votes.counts(q).total() > 0)
            .count(),
        votes: votes.n_votes(),
        replicates: options.replicates,
        seed: options.seed,
        all,
        test_retest: retest(stored),
        raters: raters(stored, &store.status()?, &options.round)?,
        pairs: pairs(stored),
        subtrees: groups(votes, heading, bootstrap, &done),
        classes: groups(votes, name, bootstrap, &done),
        scores: scores::quality(run.as_ref(), stored)?,
        replay: match options.replay {
            true => scores::replays(run.as_ref(), stored, options.seed)?,
            false => Vec::new(),
        },
    })
}

/// A class by the first of its names, with its index.
pub fn class_name(classes: &Classes, class: ClassIndex) -> String {
    format!("{} ({class})", short(classes, class))
}

fn short(classes: &Classes, class: ClassIndex) -> String {
    classes
        .get(class)
        .map_or_else(String::new, |class| class.short_name().to_owned())
}

fn retest(stored: &StoredEvidence) -> Option<Retest> {
    let on_gold = stored.gold.as_ref().filter(|_| stored.gold_round);
    let again = stored
        .retest
        .as_ref()
        .or(on_gold.map(|(_, raters)| raters))?;
    let counts = test_retest(&stored.votes, again);
    let raters = test_retest_by_rater(&stored.votes, again)
        .into_iter()
        .map(|(rater, counts)| RaterRetest {
            rater: stored.rater_name(rater),
            pairs: counts.total(),
            equal: counts.alike(),
        });
    (counts.total() > 0).then(|| Retest {
        pairs: counts.total(),
        equal: counts.alike(),
        share: counts.raw(),
        counts: counts.0,
        raters: raters.collect(),
    })
}

/// What each rater did in the round, by the raters' numbers; those without a vote are left out.
pub fn raters(
    stored: &StoredEvidence,
    status: &Status,
    round: &str,
) -> Result<Vec<RaterLine>, Failure> {
    let majority = Method::Majority(MajorityOptions::default())
        .run(&stored.evidence())
        .map_err(|error| Failure::failed(error.to_string()))?;
    let truth = CalibratedOptions::default().truth;
    let all = rater_figures(
        &stored.votes,
        stored.evidence().gold,
        truth,
        &majority.in_set,
    );
    let speed = |name: &str| {
        let mut rows = status.raters.iter();
        rows.find(|row| row.rater == name && row.round == round)?
            .median_spent
    };
    Ok(stored
        .raters
        .iter()
        .zip(all)
        .filter(|(_, figures)| figures.votes.total() > 0)
        .map(|(row, figures)| rater_report(&row.name, &figures, speed(&row.name)))
        .collect())
}

fn rater_report(name: &str, figures: &RaterFigures, speed: Option<u64>) -> RaterLine {
    let row = |counts: AnswerCounts| [counts.no, counts.maybe, counts.yes];
    RaterLine {
        rater: name.to_owned(),
        votes: figures.votes.total() as usize,
        no: figures.votes.no,
        maybe: figures.votes.maybe,
        yes: figures.votes.yes,
        gold_votes: figures.gold.iter().map(|counts| counts.total()).sum(),
        gold_accuracy: figures.gold_accuracy(),
        gold_interval: figures.gold_interval(0.95),
        confusion: figures.gold.map(row),
        against_consensus: figures.against_share(),
        median_milliseconds: speed,
    }
}

fn pairs(stored: &StoredEvidence) -> Vec<PairReport> {
    let mut pairs: Vec<PairReport> = rater_pairs(&stored.votes)
        .into_iter()
        .map(|pair| PairReport {
            first: stored.rater_name(pair.first),
            second: stored.rater_name(pair.second),
            questions: pair.counts.total(),
            raw: pair.counts.raw(),
            kappa: pair.counts.kappa(),
        })
        .collect();
    pairs.sort_by_key(|pair| std::cmp::Reverse(pair.questions));
    pairs
}
