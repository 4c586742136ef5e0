//! `relabel propose`: predictions to proposals, and the smallest sufficient set of models.

mod plot;
mod search;

use std::path::Path;

use clap::ValueEnum;
use serde::Serialize;

use super::context::Context;
use super::engine::{Engine, EngineOptions};
use super::failure::Failure;
use super::output::Outputs;
#[cfg(feature = "datafusion")]
use super::predictions::kind_of;
use super::predictions::{Opened, is_as_imported};
use super::table::{count, table, thousands};
use crate::cli::context::shown;
use crate::cli::import::ImageNames;
use crate::domain::{ClassIndex, Classes, ImageId};
use crate::proposals::folded::FoldedRule;
use crate::proposals::triage;
use crate::proposals::two_part::{PoolBy, Proposed};
#[cfg(feature = "datafusion")]
use crate::scale::Rule;
use crate::store::{Model, ProposedBy, Store};

pub use search::{Searched, searched};

/// Options of `propose`.
#[derive(Debug, clap::Args)]
pub struct Propose {
    /// How many (image, class) pairs each model proposes over all images, beside its first choice for each [default: three
    /// times the images that it predicts]
    #[arg(long, value_name = "N")]
    pool: Option<usize>,
    /// By which values the pairs of different images are compared
    #[arg(long, value_enum, default_value = "logits", value_name = "VALUES")]
    pool_by: PoolByChoice,
    /// Find the set of models with the highest precision among those with enough recall, on gold questions, and plan with its
    /// proposals alone
    #[arg(long)]
    search: bool,
    #[command(flatten)]
    bounds: search::Bounds,
    #[command(flatten)]
    engine: EngineOptions,
}

/// By which values pairs are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PoolByChoice {
    /// As the model gave them; of probabilities, their logarithms
    Logits,
    /// Softmax over the classes of each image
    Probabilities,
    /// The best pairs by either
    Both,
}

impl PoolByChoice {
    fn rule(self) -> PoolBy {
        match self {
            PoolByChoice::Logits => PoolBy::Logits,
            PoolByChoice::Probabilities => PoolBy::Probabilities,
            PoolByChoice::Both => PoolBy::Both,
        }
    }
}

#[derive(Debug, Serialize)]
struct Report {
    models: Vec<ModelReport>,
    /// Images with a label or a proposal.
    images: usize,
    /// Distinct (image, class) pairs, original labels among them.
    proposals: usize,
    proposals_per_image: f64,
    /// Images whose only proposal is their original label.
    unanimous: usize,
    #[serde(flatten)]
    search: Option<search::Report>,
}

#[derive(Debug, Serialize)]
struct ModelReport {
    name: String,
    kind: String,
    images: usize,
    pool: usize,
    proposals: usize,
}

/// Runs the command.
pub fn run(options: &Propose, context: &Context) -> Result<(), Failure> {
    let store = context.open()?;
    if !options.search && options.bounds.are_given() {
        return Err(Failure::usage(
            "--min-recall, --gold-truth and --plot belong to --search",
        ));
    }
    let models = store.models()?;
    let inputs: Vec<&Path> = models.iter().map(|model| model.path.as_path()).collect();
    let outputs = Outputs {
        places: &[("--plot", options.bounds.plot())],
        inputs: &inputs,
        prints_figures: true,
    };
    let context = &outputs.check(context)?;
    if store.sources()?.is_empty() {
        return Err(Failure::failed("there are no predictions and no proposals").hint(
            "import some: `relabel import predictions FILE --model M`, or `relabel import proposals FILE`",
        ));
    }
    let engine = options
        .engine
        .open(models.iter().map(|model| model.path.as_path()))?;
    let reports = propose(&store, &models, options, &engine, context)?;
    let proposed = store.proposed_by()?;
    let unanimous = unanimous(&proposed, &engine)?;
    let search = match options.search {
        true => Some(search::run(&store, &proposed, &options.bounds, context)?),
        false => None,
    };
    let report = Report {
        models: reports,
        images: n_images(&proposed),
        proposals: proposed.len(),
        proposals_per_image: proposed.len() as f64 / n_images(&proposed).max(1) as f64,
        unanimous,
        search,
    };
    if context.json() {
        context.print_json(&report)?;
    } else {
        context.print(&text(&report))?;
    }
    context.say("next: `relabel plan`");
    Ok(())
}

/// Images among these pairs, which stand by image.
fn n_images(proposed: &[ProposedBy]) -> usize {
    proposed.chunk_by(|a, b| a.image == b.image).count()
}

/// How many images the models leave nothing to ask about: triage, by what went through the predictions.
fn unanimous(proposed: &[ProposedBy], engine: &Engine) -> Result<usize, Failure> {
    let pair = |pair: &ProposedBy| (pair.image, pair.class);
    let labels = proposed
        .iter()
        .filter(|pair| pair.is_original)
        .map(pair)
        .collect();
    let pairs: Vec<(ImageId, ClassIndex)> = proposed.iter().map(pair).collect();
    #[cfg(feature = "datafusion")]
    if let Some(sorted) = engine.triage(&pairs, &labels)? {
        return Ok(sorted.unanimous.len());
    }
    #[cfg(not(feature = "datafusion"))]
    let _ = engine;
    Ok(triage(&pairs, &labels).unanimous.len())
}

/// Image, class, score.
pub type Pair = (ImageId, ClassIndex, f64);

/// Applies the rule to every model, and keeps what comes of all of them at once.
fn propose(
    store: &Store,
    models: &[Model],
    options: &Propose,
    engine: &Engine,
    context: &Context,
) -> Result<Vec<ModelReport>, Failure> {
    let classes = store.classes()?;
    let names = ImageNames::of(store)?;
    let bar = context.progress("models", models.len() as u64);
    // A single one may take minutes.
    bar.tick();
    let mut reports = Vec::new();
    let mut proposed: Vec<Vec<Pair>> = Vec::new();
    for model in models {
        let pool = options.pool.unwrap_or(3 * model.images);
        // Its hash is made while it is read: what was imported is what is proposed.
        let (pairs, unchanged) = rayon::join(
            || {
                let rule = (pool, options.pool_by);
                of_model(model, rule, engine, &names, &classes, context)
            },
            || is_as_imported(model),
        );
        unchanged.map_err(|why| gone(model, &why))?;
        let pairs = pairs?;
        reports.push(ModelReport {
            name: model.name.clone(),
            kind: model.kind.clone(),
            images: model.images,
            pool,
            proposals: pairs.len(),
        });
        proposed.push(pairs);
        bar.inc(1);
    }
    bar.finish_and_clear();
    store.atomically(|store| -> Result<(), Failure> {
        for source in store.sources()? {
            store.use_source(source.id, true)?;
        }
        for (model, pairs) in models.iter().zip(&proposed) {
            store.replace_proposals(store.source(&model.name)?, pairs)?;
        }
        search::forget(store)?;
        Ok(())
    })?;
    Ok(reports)
}

pub fn gone(model: &Model, why: &str) -> Failure {
    Failure::input(format!(
        "cannot read the predictions of {:?}, {}: {why}",
        model.name,
        shown(&model.path)
    ))
    .hint("nothing was changed; import them anew: `relabel import predictions FILE --model M`")
}

/// What a model proposes: its first choice for every image, and a pool of so many pairs over all images. By image and class.
pub fn of_model(
    model: &Model,
    (pool, by): (usize, PoolByChoice),
    engine: &Engine,
    names: &ImageNames,
    classes: &Classes,
    context: &Context,
) -> Result<Vec<Pair>, Failure> {
    #[cfg(feature = "datafusion")]
    if model.folds.is_none()
        && let Some(planned) = engine.plan(&model.path)?
    {
        let rule = Rule {
            pool,
            by: by.rule(),
            kind: kind_of(model),
        };
        let mut pairs = planned.propose(rule, names, classes)?;
        pairs.sort_unstable_by_key(|(image, class, _)| (*image, *class));
        pairs.dedup_by_key(|(image, class, _)| (*image, *class));
        return Ok(pairs);
    }
    #[cfg(not(feature = "datafusion"))]
    engine.needs_no_plan(&model.path)?;
    let opened = Opened::open(model, names, classes, context)?;
    let mut rule = rule(&opened, pool, by);
    opened.look_through(&mut rule)?;
    Ok(pairs(rule.finish(), opened.images()))
}

/// The two-part rule for these predictions: one rule for all, or one a fold.
pub fn rule(opened: &Opened<'_>, pool: usize, by: PoolByChoice) -> FoldedRule {
    match opened.folds() {
        Some(folds) => FoldedRule::of_folds(pool, by.rule(), opened.kind(), folds),
        None => FoldedRule::whole(pool, by.rule(), opened.kind()),
    }
}

/// What is proposed for each image, by the key that it is kept by.
pub fn pairs(proposed: Vec<Proposed>, images: &[ImageId]) -> Vec<Pair> {
    let pair = |proposed: Proposed| {
        let image = *images.get(proposed.row as usize)?;
        Some((image, ClassIndex(proposed.class), proposed.score))
    };
    let mut pairs: Vec<Pair> = proposed.into_iter().filter_map(pair).collect();
    pairs.sort_unstable_by_key(|(image, class, _)| (*image, *class));
    pairs
}

fn text(report: &Report) -> String {
    let mut parts = Vec::new();
    if !report.models.is_empty() {
        let rows = report.models.iter().map(|model| {
            vec![
                model.name.clone(),
                thousands(model.images),
                thousands(model.proposals),
                format!("{:.1}", model.proposals as f64 / model.images.max(1) as f64),
            ]
        });
        parts.push(table(
            &["model", "images", "proposals", "an image"],
            &[1, 2, 3],
            rows.collect(),
        ));
    }
    parts.push(format!(
        "all together, with the original labels: {} for {}, {:.2} per image; for {} the label alone",
        count(report.proposals, "proposal"),
        count(report.images, "image"),
        report.proposals_per_image,
        count(report.unanimous, "image")
    ));
    parts.extend(report.search.as_ref().map(search::text));
    parts.join("\n\n")
}
