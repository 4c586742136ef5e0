use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::coco::{FileKind, kind_of, take_images};
use super::label_studio::LabelStudio;
use super::names::{ImageNames, NewImages, find_class};
use super::rows::{BadRows, LeftOut, RowProblem, new_images, take_rows};
use crate::cli::context::{Context, shown};
use crate::cli::failure::Failure;
use crate::domain::{Classes, Question};
use crate::formats::records::{LabelRecord, ProposalRecord};
use crate::store::Store;
use crate::text::{count, thousands};

/// Options of `import proposals`.
#[derive(Debug, clap::Args)]
pub struct Proposals {
    /// CSV, JSONL or Parquet: image,label[,source][,score]; Label Studio's or COCO's JSON
    file: PathBuf,
    /// Who proposes, for rows that do not say [default: the file's name]
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    #[command(flatten)]
    label_studio: LabelStudio,
    #[command(flatten)]
    new_images: NewImages,
    #[command(flatten)]
    bad_rows: BadRows,
}

impl Proposals {
    /// What a bare `import proposals FILE` does.
    pub fn of(file: PathBuf) -> Proposals {
        Proposals {
            file,
            source: None,
            label_studio: LabelStudio::default(),
            new_images: NewImages::default(),
            bad_rows: BadRows::default(),
        }
    }
}

/// Takes in the proposals of a file.
pub fn import_proposals(
    store: &Store,
    options: &Proposals,
    context: &Context,
) -> Result<(), Failure> {
    let file_name = options
        .file
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy();
    let (left_out, incoming) = store.atomically(|store| {
        let mut incoming = Incoming {
            classes: store.classes()?,
            images: ImageNames::of(store)?.with_new(options.new_images),
            default_source: options.source.as_deref().unwrap_or(&file_name).to_owned(),
            sources: HashMap::new(),
            seen: HashSet::new(),
            added: 0,
            known: 0,
        };
        let (file, bad_rows) = (options.file.as_path(), options.bad_rows);
        let left_out = match kind_of(file)? {
            FileKind::Coco => take_coco(&mut incoming, store, file, bad_rows, context)?,
            FileKind::Json => {
                let how = &options.label_studio;
                how.take_proposals(&mut incoming, store, file, bad_rows, context)?
            }
            FileKind::Folder | FileKind::Table => take_rows(
                file,
                ProposalRecord::COLUMNS,
                bad_rows,
                context,
                ProposalRecord::all_of_row,
                |records| {
                    records
                        .iter()
                        .try_for_each(|record| incoming.take(store, record))
                },
            )?,
        };
        Ok::<_, Failure>((left_out, incoming))
    })?;
    left_out.say(context);
    context.say(format!(
        "{}: {} of {} imported, {} known already{}",
        shown(&options.file),
        count(incoming.added, "proposal"),
        count(incoming.sources.len(), "source"),
        thousands(incoming.known),
        new_images(incoming.images.n_new()),
    ));
    context.say("next: `relabel plan`");
    Ok(())
}

fn take_coco(
    incoming: &mut Incoming,
    store: &Store,
    file: &Path,
    bad_rows: BadRows,
    context: &Context,
) -> Result<LeftOut, Failure> {
    take_images(file, bad_rows, context, |image| {
        image.labels.iter().try_for_each(|(label, score)| {
            let record = ProposalRecord {
                label: LabelRecord {
                    image: image.image.clone(),
                    label: label.clone(),
                },
                source: None,
                score: *score,
            };
            incoming.take(store, &record)
        })
    })
}

/// Proposals of a file on their way into the project.
pub(super) struct Incoming {
    classes: Classes,
    images: ImageNames,
    default_source: String,
    sources: HashMap<String, i64>,
    /// Proposals of earlier rows. A repeated proposal counts once.
    seen: HashSet<(Question, i64)>,
    added: usize,
    known: usize,
}

impl Incoming {
    pub(super) fn take(
        &mut self,
        store: &Store,
        record: &ProposalRecord,
    ) -> Result<(), RowProblem> {
        let class = find_class(&self.classes, &record.label.label)?.index;
        let image = self.images.find_or_add(store, &record.label.image)?;
        let source = self.source(store, record.source.as_deref())?;
        let is_first = self.seen.insert((Question { image, class }, source));
        let is_news = store.add_proposal(image, class, source, record.score);
        match (is_news.map_err(Failure::from)?, is_first) {
            (true, true) => self.added += 1,
            (false, true) => self.known += 1,
            (_, false) => {}
        }
        Ok(())
    }

    fn source(&mut self, store: &Store, name: Option<&str>) -> Result<i64, Failure> {
        let name = name.unwrap_or(&self.default_source);
        if let Some(&source) = self.sources.get(name) {
            return Ok(source);
        }
        let source = store.source(name)?;
        self.sources.insert(name.to_owned(), source);
        Ok(source)
    }
}
