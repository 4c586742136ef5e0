//! `relabel propose`: predictions to proposals, and the smallest sufficient set of models.

mod plot;
mod search;

use clap::ValueEnum;
use serde::Serialize;

use super::context::Context;
use super::failure::Failure;
use super::predictions::{Opened, digest};
use super::table::{table, thousands};
use crate::cli::context::shown;
use crate::cli::import::ImageNames;
use crate::domain::{ClassIndex, Classes, ImageId};
use crate::proposals::folded::FoldedRule;
use crate::proposals::two_part::{PoolBy, Proposed};
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
    if store.sources()?.is_empty() {
        return Err(Failure::failed("there are no predictions and no proposals").hint(
            "import some: `relabel import predictions FILE --model M`, or `relabel import proposals FILE`",
        ));
    }
    let reports = propose(&store, &models, options, context)?;
    let proposed = store.proposed_by()?;
    let search = match options.search {
        true => Some(search::run(&store, &proposed, &options.bounds, context)?),
        false => None,
    };
    let report = Report {
        models: reports,
        images: n_images(&proposed),
        proposals: proposed.len(),
        proposals_per_image: proposed.len() as f64 / n_images(&proposed).max(1) as f64,
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

/// Image, class, score.
pub type Pair = (ImageId, ClassIndex, f64);

/// Applies the rule to every model, and keeps what comes of all of them at once.
fn propose(
    store: &Store,
    models: &[Model],
    options: &Propose,
    context: &Context,
) -> Result<Vec<ModelReport>, Failure> {
    let classes = store.classes()?;
    let names = ImageNames::of(store)?;
    let bar = context.progress("models", models.len() as u64);
    let mut reports = Vec::new();
    let mut proposed: Vec<Vec<Pair>> = Vec::new();
    for model in models {
        let pool = options.pool.unwrap_or(3 * model.images);
        // Its hash is made while it is read: what was imported is what is proposed.
        let (pairs, unchanged) = rayon::join(
            || of_model(model, pool, options.pool_by, &names, &classes, context),
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

/// Whether the file of a model is the one that was imported; else what is wrong with it.
pub fn is_as_imported(model: &Model) -> Result<(), String> {
    match digest(&model.path) {
        Ok(found) if found == (model.size, model.sha256) => Ok(()),
        Ok(_) => Err("it is not the file that was imported".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// What a model proposes: its first choice for every image, and `pool` pairs over all images. By image and class.
pub fn of_model(
    model: &Model,
    pool: usize,
    by: PoolByChoice,
    names: &ImageNames,
    classes: &Classes,
    context: &Context,
) -> Result<Vec<Pair>, Failure> {
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
        "all together, with the original labels: {} proposals for {} images, {:.2} an image",
        thousands(report.proposals),
        thousands(report.images),
        report.proposals_per_image
    ));
    parts.extend(report.search.as_ref().map(search::text));
    parts.join("\n\n")
}
