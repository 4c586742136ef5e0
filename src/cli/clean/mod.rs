//! `relabel clean`: which labels of a training set a model bears out that was not trained on them.

mod figures;
mod list;

use std::collections::HashMap;

use clap::ValueEnum;

use super::context::Context;
use super::failure::Failure;
use super::import::ImageNames;
use super::output::Outputs;
use super::predictions::{Opened, is_as_imported};
use super::propose::{PoolByChoice, rule};
use super::table::count;
use crate::cleaning::standing::{Standing, Standings};
use crate::cleaning::verdict::{Reason, Rule, verdicts};
use crate::domain::{ClassIndex, Classes, ImageId};
use crate::proposals::two_part::Proposed;
use crate::store::{DroppedImage, ImageRow, Model, Store};

/// Options of `clean`.
#[derive(Debug, clap::Args)]
pub struct Clean {
    /// The model, whose predictions are of images that it was not trained on [default: the only one that there is]
    #[arg(long, value_name = "M")]
    model: Option<String>,
    /// What bears a label out
    #[arg(long, value_enum, default_value = "two-part", value_name = "RULE")]
    rule: RuleChoice,
    /// threshold: the least probability of a label that is kept
    #[arg(long, value_name = "P", value_parser = probability)]
    threshold: Option<f64>,
    /// two-part: how many (image, class) pairs the model proposes over all images, beside its first choice for each [default: three
    /// times the images, but no more than a tenth of all pairs, and no fewer than the images]
    #[arg(long, value_name = "N")]
    pool: Option<usize>,
    /// two-part: by which values the pairs of different images are compared
    #[arg(long, value_enum, value_name = "VALUES")]
    pool_by: Option<PoolByChoice>,
    /// Where people have voted on a label, their label set decides, not the rule
    #[arg(long)]
    votes: bool,
    /// Classes in the table, those with the largest share dropped first
    #[arg(long, default_value_t = 20, value_name = "N")]
    top: usize,
    #[command(flatten)]
    list: list::ListOptions,
}

/// What bears a label out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RuleChoice {
    /// It is among the model's proposals for the image, as `propose` makes them
    TwoPart,
    /// It is the model's first choice
    Top1,
    /// The model's probability of it is at least --threshold
    Threshold,
}

fn probability(text: &str) -> Result<f64, String> {
    let probability = text.parse().ok();
    probability
        .filter(|probability| (0.0..=1.0).contains(probability))
        .ok_or_else(|| "expected a probability from 0 to 1, such as 0.05".to_owned())
}

impl Clean {
    /// Options of another rule are slips of the pen.
    fn rule(&self) -> Result<Rule, Failure> {
        let is_pooled = self.pool.is_some() || self.pool_by.is_some();
        if is_pooled && self.rule != RuleChoice::TwoPart {
            return Err(Failure::usage(
                "--pool and --pool-by belong to --rule two-part",
            ));
        }
        match (self.rule, self.threshold) {
            (RuleChoice::Threshold, Some(least)) => Ok(Rule::Threshold(least)),
            (RuleChoice::Threshold, None) => Err(Failure::usage(
                "--rule threshold wants the least probability of a label that is kept",
            )
            .hint("give it with --threshold, such as --threshold 0.05")),
            (_, Some(_)) => Err(Failure::usage("--threshold belongs to --rule threshold")),
            (RuleChoice::TwoPart, None) => Ok(Rule::TwoPart),
            (RuleChoice::Top1, None) => Ok(Rule::FirstChoice),
        }
    }

    /// Of few classes three an image are what no model means seriously.
    fn pool(&self, images: usize, classes: usize) -> usize {
        let tenth = images.saturating_mul(classes) / 10;
        self.pool
            .unwrap_or_else(|| (3 * images).min(tenth).max(images))
    }
}

/// What a model says of the labels.
struct Judged {
    model: Model,
    rule: Rule,
    read: Read,
    /// Of each standing.
    reasons: Vec<Reason>,
}

/// What a file of predictions holds for the labels.
struct Read {
    /// How many pairs were pooled, where any were.
    pool: Option<usize>,
    /// The image of each row.
    images: Vec<ImageId>,
    /// The fold of each row, where there are folds.
    folds: Option<Vec<u32>>,
    /// Of each row with a label.
    standings: Vec<Standing>,
    /// What the two-part rule proposes, by row.
    proposed: Vec<Proposed>,
}

/// Runs the command.
pub fn run(options: &Clean, context: &Context) -> Result<(), Failure> {
    let rule = options.rule()?;
    options.list.check()?;
    let store = context.open()?;
    let model = model(options, &store)?;
    let outputs = Outputs {
        places: &[("-o", options.list.output.as_deref())],
        inputs: &[&model.path],
        prints_figures: true,
    };
    let context = &outputs.check(context)?;
    let classes = store.classes()?;
    let images = store.images()?;
    if images.iter().all(|image| image.original_label.is_none()) {
        return Err(Failure::failed("no image has a label")
            .hint("import the labels that are to be cleaned: `relabel import labels FILE`"));
    }
    let people = people(&store, &images)?;
    if options.votes && people.is_empty() {
        return Err(Failure::failed("--votes: no votes on these labels are aggregated")
            .hint("`relabel plan --dropped`, `relabel review --rater NAME --order disputed`, then `relabel aggregate`"));
    }
    let mut judged = judge(options, rule, model, &images, &classes, &store, context)?;
    let by_rule = judged.reasons.clone();
    if options.votes {
        judged.overrule(&people);
    }
    let figures = figures::Figures::of(&judged, &by_rule, &people, &images, &classes);
    store.atomically(|store| -> Result<(), Failure> {
        store.replace_dropped(&judged.dropped())?;
        store.set_setting(CLEANED, &figures.kept_line())?;
        Ok(())
    })?;
    if let Some(path) = &options.list.output {
        let lines = list::lines(&judged, &images, &classes);
        options.list.write(&lines, &classes, path, context)?;
    }
    match context.json() {
        true => context.print_json(&figures)?,
        false => context.print(&figures.text(options.top))?,
    }
    say_rest(&figures, context);
    Ok(())
}

/// The setting that holds what the newest `clean` kept.
pub const CLEANED: &str = "cleaned";

fn say_rest(figures: &figures::Figures, context: &Context) {
    for (images, what) in [
        (
            figures.not_predicted,
            "without a prediction, and in no list",
        ),
        (figures.unlabelled, "with a prediction and without a label"),
    ] {
        if images > 0 {
            context.say(format!("{} {what}", count(images, "image")));
        }
    }
    if figures.first_choice_share > SUSPICIOUS {
        context.say(format!(
            "the model's first choice is the label of {:.1} % of the images: was it trained on them? then it bears out what it has learnt by heart",
            figures.first_choice_share * 100.0
        ));
    }
    if figures.dropped > 0 {
        context.say(
            "next: `relabel plan --dropped`, then `relabel review --rater NAME --order disputed`",
        );
    }
}

/// Hardly any model that has not seen an image agrees so often with its label.
const SUSPICIOUS: f64 = 0.995;

fn model(options: &Clean, store: &Store) -> Result<Model, Failure> {
    let models = store.models()?;
    let names = || {
        let names = models.iter().map(|model| format!("{:?}", model.name));
        names.collect::<Vec<_>>().join(", ")
    };
    match (&options.model, models.as_slice()) {
        (_, []) => Err(Failure::failed("there are no predictions").hint(
            "import some: `relabel import predictions FILE --model M`; they must be of a model that was not trained on these images",
        )),
        (None, [one]) => Ok(one.clone()),
        (None, _) => Err(Failure::usage(format!("which model? There are {}", names()))
            .hint("say it with --model M")),
        (Some(name), _) => match models.iter().find(|model| model.name == *name) {
            Some(model) => Ok(model.clone()),
            None => Err(Failure::failed(format!(
                "there are no predictions of {name:?}; there are some of {}",
                names()
            ))),
        },
    }
}

/// Whether the label of an image is in its label set, of images whose label was voted on.
fn people(store: &Store, images: &[ImageRow]) -> Result<HashMap<ImageId, bool>, Failure> {
    let Some(run) = store.run(None)? else {
        return Ok(HashMap::new());
    };
    let labels: HashMap<&str, (ImageId, ClassIndex)> = images
        .iter()
        .filter_map(|image| Some((image.name.as_str(), (image.id, image.original_label?))))
        .collect();
    let scores = store.scores(run.id)?;
    let judged = scores.iter().filter_map(|score| {
        let (image, label) = *labels.get(score.image.as_str())?;
        (label == score.class).then_some((image, score.in_set))
    });
    Ok(judged.collect())
}

fn judge(
    options: &Clean,
    by: Rule,
    model: Model,
    images: &[ImageRow],
    classes: &Classes,
    store: &Store,
    context: &Context,
) -> Result<Judged, Failure> {
    let names = ImageNames::of(store)?;
    let labels: HashMap<ImageId, u32> = images
        .iter()
        .filter_map(|image| Some((image.id, image.original_label?.0)))
        .collect();
    let waiting = context.waiting("labels");
    let (judged, unchanged) = rayon::join(
        || read(options, by, &model, &labels, &names, classes, context),
        || is_as_imported(&model),
    );
    waiting.finish_and_clear();
    unchanged.map_err(|why| super::propose::gone(&model, &why))?;
    let read = judged?;
    Ok(Judged {
        rule: by,
        reasons: verdicts(by, &read.standings, &read.proposed),
        read,
        model,
    })
}

fn read(
    options: &Clean,
    by: Rule,
    model: &Model,
    labels: &HashMap<ImageId, u32>,
    names: &ImageNames,
    classes: &Classes,
    context: &Context,
) -> Result<Read, Failure> {
    let opened = Opened::open(model, names, classes, context)?;
    let of_rows: Vec<Option<u32>> = (opened.images().iter())
        .map(|image| labels.get(image).copied())
        .collect();
    let pool = match by {
        Rule::TwoPart => options.pool(of_rows.len(), classes.len()),
        _ => 0,
    };
    let pool_by = options.pool_by.unwrap_or(PoolByChoice::Logits);
    let standings = Standings::new(&of_rows, opened.folds(), opened.kind());
    let mut look = (rule(&opened, pool, pool_by), standings);
    opened.look_through(&mut look)?;
    let (rule, standings) = look;
    Ok(Read {
        pool: (by == Rule::TwoPart).then_some(pool),
        images: opened.images().to_vec(),
        folds: opened.folds().map(<[u32]>::to_vec),
        standings: standings.finish(),
        proposed: rule.finish(),
    })
}

impl Judged {
    /// Labels, and what becomes of them.
    fn labels(&self) -> impl Iterator<Item = (&Standing, Reason)> {
        (self.read.standings.iter()).zip(self.reasons.iter().copied())
    }

    /// The image of a label.
    fn image(&self, standing: &Standing) -> Option<ImageId> {
        self.read.images.get(standing.row as usize).copied()
    }

    /// People's word stands above the rule's.
    fn overrule(&mut self, people: &HashMap<ImageId, bool>) {
        for (standing, reason) in self.read.standings.iter().zip(&mut self.reasons) {
            let image = self.read.images.get(standing.row as usize);
            match image.and_then(|image| people.get(image)) {
                Some(true) => *reason = Reason::InLabelSet,
                Some(false) => *reason = Reason::NotInLabelSet,
                None => {}
            }
        }
    }

    /// The images whose labels are dropped, the least probable first, with what is proposed for them.
    fn dropped(&self) -> Vec<DroppedImage> {
        let dropped = self.labels().filter(|(_, reason)| !reason.keeps());
        let mut dropped: Vec<&Standing> = dropped.map(|(standing, _)| standing).collect();
        dropped.sort_by(|one, other| one.probability.total_cmp(&other.probability));
        let of_row = |row: u32| {
            let first = self.read.proposed.partition_point(|one| one.row < row);
            let rows = self.read.proposed.iter().skip(first);
            let rows = rows.take_while(move |one| one.row == row);
            rows.map(|one| ClassIndex(one.class)).collect()
        };
        let images = dropped.into_iter().filter_map(|standing| {
            Some(DroppedImage {
                image: self.image(standing)?,
                alternatives: of_row(standing.row),
            })
        });
        images.collect()
    }
}
