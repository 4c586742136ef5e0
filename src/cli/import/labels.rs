use std::collections::HashMap;
use std::path::PathBuf;

use super::names::{ImageNames, find_class};
use super::rows::{BadRows, RowProblem, take_rows};
use crate::cli::context::{Context, shown};
use crate::cli::failure::Failure;
use crate::domain::ImageId;
use crate::formats::records::LabelRecord;
use crate::store::Store;

/// Options of `import labels`.
#[derive(Debug, clap::Args)]
pub struct Labels {
    /// CSV or JSONL: image,label
    file: PathBuf,
    /// Let a label of the file take the place of a different one in the project
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    bad_rows: BadRows,
}

impl Labels {
    /// What a bare `import labels FILE` does.
    pub fn of(file: PathBuf) -> Labels {
        Labels {
            file,
            replace: false,
            bad_rows: BadRows::default(),
        }
    }
}

/// Takes in the labels of a file.
pub fn import_labels(store: &Store, options: &Labels, context: &Context) -> Result<(), Failure> {
    let classes = store.classes()?;
    let mut counts = (0, 0, 0);
    let left_out = store.atomically(|store| {
        let mut images = ImageNames::of(store)?;
        let before = store.original_labels()?;
        let mut in_file: HashMap<ImageId, u32> = HashMap::new();
        take_rows(
            &options.file,
            LabelRecord::COLUMNS,
            options.bad_rows,
            context,
            LabelRecord::from_row,
            |record| {
                let class = find_class(&classes, &record.label)?.index;
                let (image, new) = images.find_or_add(store, &record.image)?;
                if let Some(&other) = in_file.get(&image)
                    && other != class.0
                {
                    return Err(RowProblem::bad(format!(
                        "image {:?} has label {other} in an earlier row and {class} here",
                        record.image
                    )));
                }
                if let Some(&other) = before.get(&image)
                    && other != class
                    && !options.replace
                {
                    return Err(RowProblem::bad(format!(
                        "image {:?} has the original label {other} ({}), not {class} ({})",
                        record.image,
                        classes.name_of(other),
                        classes.name_of(class)
                    ))
                    .hint("take the file's labels with --replace"));
                }
                in_file.insert(image, class.0);
                counts.0 += usize::from(new);
                if before.get(&image) == Some(&class) {
                    counts.2 += 1;
                } else {
                    counts.1 += 1;
                    store
                        .set_original_label(image, class)
                        .map_err(Failure::from)?;
                }
                Ok(())
            },
        )
    })?;
    left_out.say(context);
    let (images, labels, known) = counts;
    context.say(format!(
        "{}: {labels} original labels imported, {known} known already; {images} images are new, known by name only",
        shown(&options.file)
    ));
    Ok(())
}
