//! `relabel audit plan`: which labels are looked at, in which order, and what is asked of them.

use clap::ValueEnum;
use serde::Serialize;

use super::given::{Source, Strata, by_class, by_score, given_labels, one_stratum};
use super::names::may_be_called;
use crate::audit::exact::zero_failure_size;
use crate::audit::{Design, Maybe, Outlook, Terms, draw};
use crate::cli::context::{Context, now};
use crate::cli::failure::Failure;
use crate::cli::table::{table, thousands};
use crate::live::audit::{percent, question_words};
use crate::store::{AuditDraw, AuditStratum, Store, StoredAudit};

/// Options of `audit plan`.
#[derive(Debug, clap::Args)]
pub struct Plan {
    /// Whose labels: original, label-sets, or a CSV, JSONL or Parquet table image,label[,score]
    #[arg(
        long,
        default_value = "original",
        value_name = "original|label-sets|FILE"
    )]
    of: Source,
    /// Draw a part of every class, or of every range of scores [default: of all labels alike]
    #[arg(long, value_enum)]
    by: Option<By>,
    /// Labels to draw; the audit ends before that where it can [default: 100 / tolerance, or all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    size: Option<u32>,
    /// The same seed draws the same labels [default: by chance]
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// The error rate from which on the labels are not good enough
    #[arg(long, default_value_t = 0.05, value_name = "RATE")]
    tolerance: f64,
    /// How sure the answer has to be
    #[arg(long, default_value_t = 0.95, value_name = "LEVEL")]
    confidence: f64,
    /// What a maybe counts as: half a wrong label, wrong, or right
    #[arg(long, default_value = "half", value_name = "half|wrong|right")]
    maybe: Maybe,
    /// The audit's name, and that of the round of its answers
    #[arg(long, default_value = "audit", value_name = "NAME")]
    name: String,
}

/// What the labels are sorted by before a part of each is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum By {
    /// Classes; ranges of neighbouring classes where there are more than 20
    Class,
    /// Ten ranges of scores
    Score,
}

/// The plan in figures.
#[derive(Debug, Serialize)]
struct Summary {
    name: String,
    given: String,
    labels: usize,
    drawn: usize,
    drawn_by: String,
    seed: u64,
    tolerance: f64,
    confidence: f64,
    maybe: String,
    /// Answers kept from the smaller sample that this one goes on from.
    goes_on: bool,
    /// Labels until the verdict "below", if all are right.
    least_if_all_right: Option<usize>,
    /// The same for one look at the end.
    least_in_one_look: Option<usize>,
    strata: Vec<StratumSummary>,
}

#[derive(Debug, Serialize)]
struct StratumSummary {
    name: String,
    labels: usize,
    drawn: usize,
}

/// Runs the command.
pub fn run(options: &Plan, context: &Context) -> Result<(), Failure> {
    may_be_called(&options.name)?;
    let terms = Terms::new(options.tolerance, options.confidence, options.maybe)
        .map_err(|error| Failure::usage(error.to_string()))?;
    let store = context.open()?;
    let classes = store.classes()?;
    let (given, words) = given_labels(&store, &classes, &options.of, context)?;
    let strata = match options.by {
        None => one_stratum(given, words.clone()),
        Some(By::Class) => by_class(given, &classes),
        Some(By::Score) => by_score(&store, given)?,
    };
    let summary = store.atomically(|store| {
        let former = former(store, &options.name)?;
        let answered = store.has_votes(&options.name)?;
        let kept = former.as_ref().filter(|_| answered);
        let seed = options.seed.or(kept.map(|kept| kept.seed));
        let seed = seed.unwrap_or_else(|| u64::from(rand::random::<u32>()));
        let planned = planned(options, &terms, words, &strata, seed, former.as_ref());
        if let Some(kept) = kept {
            goes_on_from(kept, &planned)?;
        }
        store.keep_audit(&planned)?;
        Ok::<_, Failure>(Summary::of(&planned, &terms, answered))
    })?;
    if context.json() {
        return context.print_json(&summary);
    }
    context.print(&text(&summary, &terms))?;
    let name = match options.name.as_str() {
        "audit" => String::new(),
        name => format!(" --name {name}"),
    };
    context.say(format!("next: `relabel audit review --rater NAME{name}`"));
    Ok(())
}

/// The audit that has this name already.
fn former(store: &Store, name: &str) -> Result<Option<StoredAudit>, Failure> {
    let former = store.audit(name)?;
    if former.is_none() && store.has_votes(name)? {
        let why = format!("round {name:?} has votes that are no answers of an audit");
        return Err(Failure::failed(why).hint("choose another name with --name"));
    }
    Ok(former)
}

/// Answers stay with the question that they were given to: what has some may be drawn further, but in no other way.
fn goes_on_from(former: &StoredAudit, planned: &StoredAudit) -> Result<(), Failure> {
    if planned.goes_on_from(former) {
        return Ok(());
    }
    Err(Failure::failed(format!(
        "audit {:?} has answers already, and would not be the same audit",
        former.name
    ))
    .hint("plan another one with --name")
    .hint(format!(
        "more labels are drawn by the same options with a larger --size than {}; `relabel audit result` says what there is",
        former.draws.len()
    )))
}

fn planned(
    options: &Plan,
    terms: &Terms,
    given: String,
    strata: &Strata,
    seed: u64,
    former: Option<&StoredAudit>,
) -> StoredAudit {
    let sizes: Vec<usize> = strata.iter().map(|(_, labels)| labels.len()).collect();
    let size = match options.size {
        Some(size) => size as usize,
        None => (100.0 / terms.tolerance()).ceil() as usize,
    };
    let draws = draw(&sizes, size, seed).into_iter().filter_map(|place| {
        let (_, labels) = strata.get(place.stratum)?;
        Some(AuditDraw {
            asks: labels.get(place.label)?.asks,
            stratum: place.stratum,
            block: place.block,
        })
    });
    let stratum = |(name, labels): &(String, Vec<_>)| AuditStratum {
        name: name.clone(),
        labels: labels.len(),
    };
    let drawn_by = match options.by {
        None => "uniform",
        Some(By::Class) => "class",
        Some(By::Score) => "score",
    };
    let at = now();
    let mut planned = StoredAudit {
        identity: uuid::Uuid::new_v4().to_string(),
        name: options.name.clone(),
        given_name: options.name.clone(),
        named_at: at,
        given,
        drawn_by: drawn_by.to_owned(),
        seed,
        tolerance: terms.tolerance(),
        confidence: terms.confidence(),
        maybe: terms.maybe().word().to_owned(),
        at,
        strata: strata.iter().map(stratum).collect(),
        draws: draws.collect(),
    };
    if let Some(former) = former {
        // Its place among audits of the same name stays.
        planned.named_at = former.named_at;
        if planned.goes_on_from(former) {
            planned.identity.clone_from(&former.identity);
            planned.given_name.clone_from(&former.given_name);
        }
    }
    planned
}

impl Summary {
    fn of(planned: &StoredAudit, terms: &Terms, goes_on: bool) -> Summary {
        let strata = planned.strata.iter();
        let design = Design {
            sizes: strata.clone().map(|stratum| stratum.labels).collect(),
            drawn: (planned.draws.iter().map(|draw| (draw.stratum, draw.block))).collect(),
            terms: *terms,
        };
        let labels = design.labels();
        let bound = terms.least_unacceptable(labels).ceil() as usize;
        let drawn = |number| {
            planned
                .draws
                .iter()
                .filter(|draw| draw.stratum == number)
                .count()
        };
        let stratum = |(number, stratum): (usize, &AuditStratum)| StratumSummary {
            name: stratum.name.clone(),
            labels: stratum.labels,
            drawn: drawn(number),
        };
        Summary {
            name: planned.name.clone(),
            given: planned.given.clone(),
            labels,
            drawn: planned.draws.len(),
            drawn_by: planned.drawn_by.clone(),
            seed: planned.seed,
            tolerance: planned.tolerance,
            confidence: planned.confidence,
            maybe: planned.maybe.clone(),
            goes_on,
            least_if_all_right: match design.outlook(&[]) {
                Outlook::More(labels) => Some(labels),
                Outlook::Settled | Outlook::BeyondSample => None,
            },
            least_in_one_look: zero_failure_size(labels, bound, terms.alpha()),
            strata: strata.enumerate().map(stratum).collect(),
        }
    }
}

fn text(summary: &Summary, terms: &Terms) -> String {
    let drawn = match summary.drawn_by.as_str() {
        "uniform" => format!("of all alike, seed {}", summary.seed),
        by => format!(
            "by {by}, of {} strata, seed {}",
            summary.strata.len(),
            summary.seed
        ),
    };
    let drawn = match summary.goes_on {
        true => format!("{drawn}; the answers that are there stay"),
        false => drawn,
    };
    let least = match summary.least_if_all_right {
        Some(labels) => thousands(labels),
        None => format!("over {}", thousands(summary.drawn)),
    };
    let one_look = match summary.least_in_one_look {
        Some(labels) => format!(
            "labels until \"below {}\", if all are right (one look at the end: {})",
            percent(terms.tolerance()),
            thousands(labels)
        ),
        None => String::new(),
    };
    let rows = [
        ("labels", thousands(summary.labels), summary.given.clone()),
        ("drawn", thousands(summary.drawn), drawn),
        ("question", String::new(), question_words(terms)),
        ("at least", least, one_look),
    ];
    let rows = rows.map(|(what, figure, remark)| vec![what.to_owned(), figure, remark]);
    let mut parts = vec![table(&[], &[1], rows.into())];
    if summary.strata.len() > 1 {
        let rows = summary.strata.iter().map(|stratum| {
            vec![
                stratum.name.clone(),
                thousands(stratum.labels),
                thousands(stratum.drawn),
            ]
        });
        parts.push(table(
            &["stratum", "labels", "drawn"],
            &[1, 2],
            rows.collect(),
        ));
    }
    parts.join("\n\n")
}
