use std::collections::HashMap;
use std::path::PathBuf;

use super::names::{ImageNames, find_class};
use super::rows::{BadRows, take_rows};
use crate::cli::context::{Context, shown};
use crate::cli::failure::Failure;
use crate::formats::records::ProposalRecord;
use crate::store::Store;

/// Options of `import proposals`.
#[derive(Debug, clap::Args)]
pub struct Proposals {
    /// CSV or JSONL: image,label[,source][,score]
    file: PathBuf,
    /// Who proposes, for rows that do not say [default: the file's name]
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    #[command(flatten)]
    bad_rows: BadRows,
}

impl Proposals {
    /// What a bare `import proposals FILE` does.
    pub fn of(file: PathBuf) -> Proposals {
        Proposals {
            file,
            source: None,
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
    let classes = store.classes()?;
    let file_name = options
        .file
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy();
    let default_source = options.source.as_deref().unwrap_or(&file_name);
    let (mut added, mut known, mut images_new) = (0, 0, 0);
    let mut sources: HashMap<String, i64> = HashMap::new();
    let left_out = store.atomically(|store| {
        let mut images = ImageNames::of(store)?;
        take_rows(
            &options.file,
            ProposalRecord::COLUMNS,
            options.bad_rows,
            context,
            ProposalRecord::from_row,
            |record| {
                let class = find_class(&classes, &record.label.label)?.index;
                let (image, new) = images.find_or_add(store, &record.label.image)?;
                let name = record.source.as_deref().unwrap_or(default_source);
                let source = match sources.get(name) {
                    Some(&source) => source,
                    None => {
                        let source = store.source(name).map_err(Failure::from)?;
                        sources.insert(name.to_owned(), source);
                        source
                    }
                };
                images_new += usize::from(new);
                if store
                    .add_proposal(image, class, source, record.score)
                    .map_err(Failure::from)?
                {
                    added += 1;
                } else {
                    known += 1;
                }
                Ok(())
            },
        )
    })?;
    left_out.say(context);
    context.say(format!(
        "{}: {added} proposals imported, {known} known already; sources: {}; {images_new} images are new, known by name only",
        shown(&options.file),
        sources.len(),
    ));
    context.say("next: `relabel plan`");
    Ok(())
}
