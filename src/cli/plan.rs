//! `relabel plan`: triage, grouping by WordNet, tasks.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::Serialize;

use super::context::{Context, load_hierarchy};
use super::failure::Failure;
use super::propose::{Searched, searched};
use super::suggest::node_hint;
use super::table::{count, table, thousands};
use crate::domain::{ClassIndex, ImageId, TaskLayout};
use crate::hierarchy::{GroupingRule, group};
use crate::live::Live;
use crate::proposals::{Triage, triage};
use crate::store::{PlannedTask, Replanned, Store};

/// Options of `plan`.
#[derive(Debug, clap::Args)]
pub struct Plan {
    /// Labels that one screen shows at most
    #[arg(long, default_value_t = 8, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    max_labels: u32,
    /// Tasks with fewer labels join another one of the image where they fit
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    min_labels: u32,
    /// Answers wanted to each question
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    raters: u32,
    /// Ask no further rater about a question whose score, by the newest run that weighs raters, is below this or above 1
    /// less this, such as 0.01 [default: ask all the raters that are wanted]
    #[arg(long, value_name = "BOUND", value_parser = stop_bound)]
    stop: Option<f64>,
    /// Part of a rater's tasks whose truth experts have settled, such as 0.05: every rater gets these, and nothing marks them
    #[arg(long, value_name = "SHARE", value_parser = share)]
    gold: Option<f64>,
    /// Part of a rater's tasks that the rater has answered in an earlier sitting, such as 0.02
    #[arg(long, value_name = "SHARE", value_parser = share)]
    retest: Option<f64>,
    /// Only images whose label the newest `relabel clean` dropped, with what the model proposes for them
    #[arg(long)]
    dropped: bool,
    /// Leave the labels below this synset in one task, however many they are (may be repeated)
    #[arg(long, value_name = "SYNSET")]
    keep_together: Vec<String>,
}

/// The plan in figures.
#[derive(Debug, Serialize)]
pub struct Summary {
    images: usize,
    unanimous: usize,
    to_review: usize,
    labels_per_image: f64,
    /// The same with the proposals of all models, where a search found a smaller set.
    labels_per_image_before_search: Option<f64>,
    search: Option<Searched>,
    tasks: usize,
    questions: usize,
    /// Images that have neither a label nor a proposal, which nothing is asked about.
    without_labels: usize,
    new_questions: usize,
    kept_questions: usize,
    retired_questions: usize,
    /// Tasks of them that hold gold questions.
    gold_tasks: usize,
    gold: Option<f64>,
    retest: Option<f64>,
    /// At most so many where questions can be settled early.
    votes_wanted: u64,
    stop: Option<f64>,
    seconds_per_vote: f64,
    measured: bool,
    hours: f64,
}

/// What a vote takes where nobody has voted yet.
const ASSUMED_SECONDS: f64 = 3.0;

fn stop_bound(text: &str) -> Result<f64, String> {
    let bound = text
        .parse()
        .ok()
        .filter(|bound| *bound > 0.0 && *bound < 0.5);
    bound.ok_or_else(|| "expected a number above 0 and below 0.5, such as 0.01".to_owned())
}

/// The setting that holds the bound beyond which a score needs no further rater; empty: there is none.
pub const STOP_BOUND: &str = "stop_bound";

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok();
    let share = share.filter(|share| (0.0..=0.5).contains(share));
    share.ok_or_else(|| "expected a number from 0 to 0.5, such as 0.05".to_owned())
}

/// The setting that holds the part of gold among a rater's tasks; empty: none.
pub const GOLD_SHARE: &str = "gold_share";

/// The setting that holds the part of retests among a rater's tasks; empty: none.
pub const RETEST_SHARE: &str = "retest_share";

/// The setting that holds how many answers each question wants.
pub const RATERS_WANTED: &str = "raters_wanted";

impl Default for Plan {
    fn default() -> Plan {
        Plan {
            max_labels: 8,
            min_labels: 3,
            raters: 5,
            stop: None,
            gold: None,
            retest: None,
            dropped: false,
            keep_together: Vec::new(),
        }
    }
}

/// Runs the command.
pub fn run(options: &Plan, context: &Context) -> Result<(), Failure> {
    let store = context.open()?;
    let summary = replan(&store, options)?;
    if context.json() {
        return context.print_json(&summary);
    }
    context.print(&text(&summary))?;
    let weighed = || Ok::<_, Failure>(Live::newest(&store, "main")?.weighs_raters());
    if options.gold.is_some_and(|share| share > 0.0) && summary.gold_tasks == 0 {
        context.say("there is no gold yet: experts make it (`relabel review --rater NAME --round gold --order random` by a rater of role expert)");
    }
    if options.stop.is_some() && !weighed()? {
        context.say("--stop holds once a run weighs the raters: `relabel aggregate` by calibrated or dawid-skene");
    }
    context.say(match (summary.tasks, options.dropped) {
        (0, _) => "every labelled image keeps its label: nothing to review",
        (_, true) => "next: `relabel review --rater NAME --order disputed`",
        (_, false) => "next: `relabel review --rater NAME`",
    });
    Ok(())
}

/// Puts a new plan in place of the former one.
pub fn replan(store: &Store, options: &Plan) -> Result<Summary, Failure> {
    let classes = store.classes()?;
    let hierarchy = load_hierarchy(store, &classes)?;
    let keep_together = options
        .keep_together
        .iter()
        .map(|node| {
            hierarchy.find_node(node).ok_or_else(|| {
                Failure::usage(format!("--keep-together: the hierarchy has no {node:?}"))
                    .hint(node_hint(&hierarchy, node))
            })
        })
        .collect::<Result<_, _>>()?;
    let rule = GroupingRule {
        max: options.max_labels as usize,
        min: options.min_labels as usize,
        keep_together,
    };
    store.atomically(|store| {
        let sorted = match options.dropped {
            true => dropped(store)?,
            false => sorted_by_name(store)?,
        };
        let mut tasks = Vec::new();
        for (image, labels) in &sorted.to_review {
            let layouts = group(labels, &hierarchy, &rule);
            tasks.extend(
                (0..)
                    .zip(&layouts)
                    .map(|(ordinal, layout)| planned(*image, ordinal, layout)),
            );
        }
        if options.gold.is_some() {
            for (image, labels) in gold_elsewhere(store, &sorted)? {
                let layouts = group(&labels, &hierarchy, &rule);
                tasks.extend(
                    (0..)
                        .zip(&layouts)
                        .map(|(ordinal, layout)| planned(image, ordinal, layout)),
                );
            }
        }
        let replanned = store.replace_plan(&tasks)?;
        store.set_setting(RATERS_WANTED, &options.raters.to_string())?;
        let told = [
            (STOP_BOUND, options.stop),
            (GOLD_SHARE, options.gold),
            (RETEST_SHARE, options.retest),
        ];
        for (setting, value) in told {
            let value = value.map_or_else(String::new, |value| value.to_string());
            store.set_setting(setting, &value)?;
        }
        if sorted.unanimous.is_empty() && tasks.is_empty() {
            return Err(Failure::failed(
                "there is nothing to plan: no image has a label or a proposal",
            )
            .hint("import some: `relabel import labels FILE`, `relabel import proposals FILE`"));
        }
        let measured = measured_seconds(store)?;
        let search = match searched(store)? {
            Some(search) => Some((labels_of_all(store, &sorted)?, search)),
            None => None,
        };
        let gold_tasks = store.gold_tasks()?.len();
        Ok(Summary {
            gold_tasks,
            without_labels: match options.dropped {
                true => 0,
                false => {
                    let planned = sorted.unanimous.len() + sorted.to_review.len();
                    store.images()?.len().saturating_sub(planned)
                }
            },
            ..Summary::of(&sorted, &tasks, replanned, options, measured, search)
        })
    })
}

/// Triage in the order of image names, so that the plan does not depend on the order of imports.
fn sorted_by_name(store: &Store) -> Result<Triage, Failure> {
    let mut sorted = triage(&store.proposed_labels()?, &store.original_labels()?);
    let place: HashMap<ImageId, usize> = store
        .images()?
        .iter()
        .enumerate()
        .map(|(place, image)| (image.id, place))
        .collect();
    sorted
        .to_review
        .sort_by_key(|(image, _)| place.get(image).copied());
    Ok(sorted)
}

/// Images whose label was dropped, the most doubtful first: people look at each.
fn dropped(store: &Store) -> Result<Triage, Failure> {
    let images = store.dropped()?;
    if images.is_empty() {
        return Err(Failure::failed("no label is dropped")
            .hint("`relabel clean --model M` drops what the model does not bear out"));
    }
    let mut labels: HashMap<ImageId, BTreeSet<ClassIndex>> = HashMap::new();
    let alternatives = images.iter().flat_map(|dropped| {
        let classes = dropped.alternatives.iter();
        classes.map(|class| (dropped.image, *class))
    });
    for (image, class) in store.proposed_labels()?.into_iter().chain(alternatives) {
        labels.entry(image).or_default().insert(class);
    }
    let labelled = images.iter().map(|dropped| {
        let labels = labels.remove(&dropped.image).unwrap_or_default();
        (dropped.image, labels.into_iter().collect())
    });
    Ok(Triage {
        unanimous: Vec::new(),
        to_review: labelled.collect(),
    })
}

/// Images with gold questions that the plan does not ask about, with all their labels.
fn gold_elsewhere(
    store: &Store,
    sorted: &Triage,
) -> Result<Vec<(ImageId, Vec<ClassIndex>)>, Failure> {
    let reviewed: HashSet<ImageId> = sorted.to_review.iter().map(|(image, _)| *image).collect();
    let gold = store.gold_questions()?;
    let images: HashSet<ImageId> = gold.iter().map(|question| question.image).collect();
    let mut labels: BTreeMap<ImageId, BTreeSet<ClassIndex>> = BTreeMap::new();
    let proposed = store.proposed_labels()?;
    let asked = gold.iter().map(|question| (question.image, question.class));
    for (image, class) in asked.chain(proposed) {
        if images.contains(&image) && !reviewed.contains(&image) {
            labels.entry(image).or_default().insert(class);
        }
    }
    let labels = labels
        .into_iter()
        .map(|(image, labels)| (image, labels.into_iter().collect()));
    Ok(labels.collect())
}

impl Summary {
    fn of(
        sorted: &Triage,
        tasks: &[PlannedTask],
        replanned: Replanned,
        options: &Plan,
        measured: Option<f64>,
        search: Option<(usize, Searched)>,
    ) -> Summary {
        let questions: usize = sorted
            .to_review
            .iter()
            .map(|(_, labels)| labels.len())
            .sum();
        let images = sorted.unanimous.len() + sorted.to_review.len();
        // What is strewn in is a share of all that a rater answers.
        let strewn = options.gold.unwrap_or(0.0) + options.retest.unwrap_or(0.0);
        let ordinary = questions as u64 * u64::from(options.raters);
        let votes_wanted = (ordinary as f64 / (1.0 - strewn).max(0.01)).round() as u64;
        let seconds = measured.unwrap_or(ASSUMED_SECONDS);
        Summary {
            images,
            unanimous: sorted.unanimous.len(),
            to_review: sorted.to_review.len(),
            labels_per_image: (questions + sorted.unanimous.len()) as f64 / images.max(1) as f64,
            labels_per_image_before_search: search
                .as_ref()
                .map(|(labels, _)| *labels as f64 / images.max(1) as f64),
            search: search.map(|(_, search)| search),
            tasks: tasks.len(),
            questions,
            without_labels: 0,
            new_questions: replanned.new_questions,
            kept_questions: replanned.kept_questions,
            retired_questions: replanned.retired_questions,
            gold_tasks: 0,
            gold: options.gold,
            retest: options.retest,
            votes_wanted,
            stop: options.stop,
            seconds_per_vote: seconds,
            measured: measured.is_some(),
            hours: votes_wanted as f64 * seconds / 3600.0,
        }
    }
}

/// Labels of these images were the proposals of all sources used.
fn labels_of_all(store: &Store, sorted: &Triage) -> Result<usize, Failure> {
    let to_review = sorted.to_review.iter().map(|(image, _)| image);
    let images: HashSet<ImageId> = to_review.chain(&sorted.unanimous).copied().collect();
    let all = store.proposed_by()?;
    Ok(all.iter().filter(|one| images.contains(&one.image)).count())
}

fn planned(image: ImageId, ordinal: u32, layout: &TaskLayout) -> PlannedTask {
    PlannedTask {
        image,
        ordinal,
        labels: layout.labels().collect(),
    }
}

/// Median seconds a vote, where somebody has voted on the screen.
fn measured_seconds(store: &Store) -> Result<Option<f64>, Failure> {
    let median = store.median_spent()?;
    Ok(median.map(|milliseconds| f64::from(milliseconds) / 1000.0))
}

fn text(summary: &Summary) -> String {
    let speed = if summary.measured {
        "the measured"
    } else {
        "an assumed"
    };
    let rows = [
        (
            "images",
            thousands(summary.images),
            match summary.without_labels {
                0 => String::new(),
                more => format!("{} more without a label or a proposal", thousands(more)),
            },
        ),
        (
            "unanimous",
            thousands(summary.unanimous),
            "keep their label without a vote".to_owned(),
        ),
        ("to review", thousands(summary.to_review), String::new()),
        (
            "labels per image",
            format!("{:.2}", summary.labels_per_image),
            summary
                .labels_per_image_before_search
                .map_or_else(String::new, |before| {
                    format!("{before:.2} before the search")
                }),
        ),
        ("tasks", thousands(summary.tasks), String::new()),
        (
            "questions",
            thousands(summary.questions),
            format!("{} new", thousands(summary.new_questions)),
        ),
        (
            "retired questions",
            thousands(summary.retired_questions),
            "no longer proposed; their votes stay".to_owned(),
        ),
        (
            "votes needed",
            thousands(summary.votes_wanted),
            summary.stop.map_or_else(String::new, |bound| {
                format!("at most: none beyond a score of {bound} or {}", 1.0 - bound)
            }),
        ),
        (
            "hours",
            format!("{:.1}", summary.hours),
            format!("at {speed} {:.1} s per vote", summary.seconds_per_vote),
        ),
    ];
    let mut rows: Vec<Vec<String>> = rows
        .map(|(what, figure, remark)| vec![what.to_owned(), figure, remark])
        .into();
    for (what, share, remark) in [
        (
            "gold",
            summary.gold,
            format!("in {}, unmarked", count(summary.gold_tasks, "task")),
        ),
        (
            "retests",
            summary.retest,
            "of what the rater answered in earlier sittings".to_owned(),
        ),
    ] {
        if let Some(share) = share {
            rows.push(vec![
                what.to_owned(),
                format!("{} %", share * 100.0),
                format!("of a rater's tasks: {remark}"),
            ]);
        }
    }
    if let Some(search) = &summary.search {
        let chosen = format!(
            "{} (recall {:.3}, precision {:.3} on gold)",
            search.models.join(", "),
            search.recall,
            search.precision
        );
        rows.push(vec![
            "models chosen".to_owned(),
            thousands(search.models.len()),
            chosen,
        ]);
    }
    table(&[], &[1], rows)
}
