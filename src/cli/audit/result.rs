//! `relabel audit result`: what the answers so far are worth.

use serde::Serialize;

use super::open;
use crate::audit::exact::clopper_pearson;
use crate::audit::{Counts, Outlook, Standing, StratumStanding, Totals, Verdict};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::table::{table, thousands};
use crate::live::audit::{Found, LiveAudit, rates, verdict_words};

/// Options of `audit result`.
#[derive(Debug, clap::Args)]
pub struct AuditResult {
    /// Which audit
    #[arg(long, default_value = "audit", value_name = "NAME")]
    name: String,
    /// List the labels that were found wrong, and those that nobody could tell
    #[arg(long)]
    list: bool,
}

/// All that is said of an audit.
#[derive(Debug, Serialize)]
struct Report {
    name: String,
    given: String,
    drawn_by: String,
    seed: u64,
    tolerance: f64,
    confidence: f64,
    maybe_counts_as: String,
    labels: usize,
    drawn: usize,
    looked_at: usize,
    wrong: usize,
    maybe: usize,
    /// Answers behind a gap.
    waiting: usize,
    error_rate: Option<f64>,
    confidence_sequence: Interval,
    /// Of one look; none where there are several strata.
    exact: Option<Interval>,
    /// Of the same look, were there labels without end.
    clopper_pearson: Option<(f64, f64)>,
    p_value_of_at_or_above: f64,
    p_value_of_below: f64,
    verdict: &'static str,
    /// Answers after which it was clear.
    settled_after: Option<usize>,
    /// About how many more it takes; none where that is more than were drawn, or none at all.
    more: Option<usize>,
    strata: Vec<StratumReport>,
    found: Vec<FoundReport>,
}

/// Wrong labels, and their share of all.
#[derive(Debug, Clone, Copy, Serialize)]
struct Interval {
    low: f64,
    high: f64,
    low_rate: f64,
    high_rate: f64,
}

impl Interval {
    fn of(totals: Totals, labels: usize) -> Interval {
        Interval {
            low: totals.low,
            high: totals.high,
            low_rate: totals.low / labels as f64,
            high_rate: totals.high / labels as f64,
        }
    }

    fn totals(&self) -> Totals {
        Totals {
            low: self.low,
            high: self.high,
        }
    }
}

#[derive(Debug, Serialize)]
struct StratumReport {
    name: String,
    labels: usize,
    looked_at: usize,
    wrong: usize,
    maybe: usize,
    error_rate: Option<f64>,
    confidence_sequence: Interval,
    exact: Interval,
}

/// A label that is wrong, or that nobody can tell.
#[derive(Debug, Serialize)]
struct FoundReport {
    image: String,
    label: u32,
    label_name: String,
    answer: &'static str,
    /// From 1, in the order of the draw.
    place: usize,
    /// Whether it counts already.
    counts: bool,
}

impl From<Found> for FoundReport {
    fn from(found: Found) -> FoundReport {
        FoundReport {
            answer: found.word(),
            image: found.image,
            label: found.class.0,
            label_name: found.label,
            place: found.place + 1,
            counts: found.counts,
        }
    }
}

/// Runs the command.
pub fn run(options: &AuditResult, context: &Context) -> Result<(), Failure> {
    let store = context.open()?;
    let audit = open(&store, &options.name)?;
    let answers = audit.answers(&store)?;
    let standing = audit.design.standing(&answers);
    let outlook = audit.design.outlook(&answers);
    let strata = match audit.design.sizes.len() {
        1 => Vec::new(),
        _ => audit.design.strata(&answers),
    };
    let found = audit.found(&store, &store.classes()?, &answers, &standing)?;
    let found = found.into_iter().map(FoundReport::from).collect();
    let report = Report::of(&audit, &standing, outlook, &strata, found);
    if context.json() {
        return context.print_json(&report);
    }
    context.print(&text(&report, &audit, &standing, outlook))?;
    if options.list {
        context.print(&list(&report.found))?;
    }
    Ok(())
}

impl Report {
    fn of(
        audit: &LiveAudit,
        standing: &Standing,
        outlook: Outlook,
        strata: &[StratumStanding],
        found: Vec<FoundReport>,
    ) -> Report {
        let planned = &audit.planned;
        let Counts {
            looked_at,
            wrong,
            maybe,
        } = standing.counts;
        let labels = standing.labels;
        let is_binary = maybe == 0 && standing.exact.is_some();
        let alpha = audit.design.terms.alpha();
        let names = planned.strata.iter().map(|stratum| stratum.name.clone());
        Report {
            name: planned.name.clone(),
            given: planned.given.clone(),
            drawn_by: planned.drawn_by.clone(),
            seed: planned.seed,
            tolerance: planned.tolerance,
            confidence: planned.confidence,
            maybe_counts_as: planned.maybe.clone(),
            labels,
            drawn: standing.drawn,
            looked_at,
            wrong,
            maybe,
            waiting: standing.waiting,
            error_rate: standing.rate,
            confidence_sequence: Interval::of(standing.totals, labels),
            exact: standing.exact.map(|exact| Interval::of(exact, labels)),
            clopper_pearson: (is_binary && looked_at > 0)
                .then(|| clopper_pearson(wrong, looked_at, alpha)),
            p_value_of_at_or_above: standing.p_unacceptable,
            p_value_of_below: standing.p_acceptable,
            verdict: standing.verdict.word(),
            settled_after: match standing.verdict {
                Verdict::Below(after) | Verdict::Above(after) => Some(after),
                Verdict::Open => None,
            },
            more: match outlook {
                Outlook::More(more) => Some(more),
                Outlook::Settled | Outlook::BeyondSample => None,
            },
            strata: names.zip(strata).map(StratumReport::of).collect(),
            found,
        }
    }
}

impl StratumReport {
    fn of((name, stratum): (String, &StratumStanding)) -> StratumReport {
        StratumReport {
            name,
            labels: stratum.labels,
            looked_at: stratum.counts.looked_at,
            wrong: stratum.counts.wrong,
            maybe: stratum.counts.maybe,
            error_rate: stratum.rate,
            confidence_sequence: Interval::of(stratum.totals, stratum.labels),
            exact: Interval::of(stratum.exact, stratum.labels),
        }
    }
}

fn text(report: &Report, audit: &LiveAudit, standing: &Standing, outlook: Outlook) -> String {
    let rows = audit.rows(standing).into_iter().map(Vec::from);
    let mut parts = vec![table(&[], &[1], rows.collect())];
    if !report.strata.is_empty() {
        parts.push(strata(&report.strata));
    }
    parts.push(verdict_words(&audit.design.terms, standing, outlook));
    parts.join("\n\n")
}

fn strata(strata: &[StratumReport]) -> String {
    let rows = strata.iter().map(|stratum| {
        let rate = stratum
            .error_rate
            .map(|rate| format!("{:.1} %", rate * 100.0));
        vec![
            stratum.name.clone(),
            thousands(stratum.labels),
            thousands(stratum.looked_at),
            thousands(stratum.wrong),
            thousands(stratum.maybe),
            rate.unwrap_or_default(),
            rates(stratum.confidence_sequence.totals(), stratum.labels),
        ]
    });
    let header = [
        "stratum",
        "labels",
        "looked at",
        "wrong",
        "maybe",
        "error rate",
        "by itself within",
    ];
    table(&header, &[1, 2, 3, 4, 5, 6], rows.collect())
}

fn list(found: &[FoundReport]) -> String {
    if found.is_empty() {
        return "\nno label was found wrong".to_owned();
    }
    let row = |found: &FoundReport| {
        vec![
            thousands(found.place),
            found.image.clone(),
            found.label.to_string(),
            found.label_name.clone(),
            match found.counts {
                true => found.answer.to_owned(),
                false => format!("{} (waits)", found.answer),
            },
        ]
    };
    let header = ["place", "image", "label", "name", "answer"];
    format!(
        "\n{}",
        table(&header, &[0, 2], found.iter().map(row).collect())
    )
}
