//! Whether two files are copies of one project: the same identity, classes and images.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{Row, Rows};

use super::{Differences, MergeError};
use crate::domain::ClassIndex;
use crate::store::{Store, StoreError};

/// Key of each image there, by its key here.
pub(super) type ImageKeys = HashMap<i64, i64>;

/// Refuses what is no copy of the project; gives how images there are called here.
pub(super) fn same_project(here: &Store, there: &Store) -> Result<ImageKeys, MergeError> {
    let identity = |store: &Store| {
        let none = || StoreError::Damaged("it has no identity".to_owned());
        store.setting("project")?.ok_or_else(none)
    };
    if identity(here)? != identity(there)? {
        return Err(MergeError::OtherProject);
    }
    same_classes(here, there)?;
    same_images(here, there)
}

fn same_classes(here: &Store, there: &Store) -> Result<(), MergeError> {
    let (ours, theirs) = (here.classes()?, there.classes()?);
    type Known = (Option<String>, String);
    let mut all: BTreeMap<ClassIndex, (Option<Known>, Option<Known>)> = BTreeMap::new();
    for class in ours.iter() {
        let known = (class.wnid.clone(), class.name.clone());
        all.entry(class.index).or_default().0 = Some(known);
    }
    for class in theirs.iter() {
        let known = (class.wnid.clone(), class.name.clone());
        all.entry(class.index).or_default().1 = Some(known);
    }
    let words = |known: Option<&Known>| match known {
        None => "missing".to_owned(),
        Some((Some(wnid), name)) => format!("{name:?} ({wnid})"),
        Some((None, name)) => format!("{name:?}"),
    };
    let mut differences = Differences::default();
    for (index, (ours, theirs)) in &all {
        if ours != theirs {
            differences.add(|| {
                let (ours, theirs) = (words(ours.as_ref()), words(theirs.as_ref()));
                format!("class {}: {ours} here, {theirs} there", index.0)
            });
        }
    }
    differences.none_or(MergeError::Classes)
}

/// An image as it is told apart.
struct Known {
    id: i64,
    name: String,
    sha256: Option<Vec<u8>>,
}

impl Known {
    fn read(row: &Row<'_>) -> rusqlite::Result<Known> {
        Ok(Known {
            id: row.get(0)?,
            name: row.get(1)?,
            sha256: row.get(2)?,
        })
    }

    fn next(rows: &mut Rows<'_>) -> Result<Option<Known>, StoreError> {
        Ok(rows.next()?.map(Known::read).transpose()?)
    }
}

/// Goes through the images of both by name. A file that only one of the two knows is no difference.
fn same_images(here: &Store, there: &Store) -> Result<ImageKeys, MergeError> {
    let by_name = "SELECT id, name, sha256 FROM image ORDER BY name";
    let mut ours = here.connection.prepare(by_name).map_err(StoreError::from)?;
    let mut theirs = there
        .connection
        .prepare(by_name)
        .map_err(StoreError::from)?;
    let mut ours = ours.query([]).map_err(StoreError::from)?;
    let mut theirs = theirs.query([]).map_err(StoreError::from)?;
    let (mut our, mut their) = (Known::next(&mut ours)?, Known::next(&mut theirs)?);
    let mut keys = ImageKeys::new();
    let mut differences = Differences::default();
    loop {
        let order = match (&our, &their) {
            (None, None) => break,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(our), Some(their)) => our.name.cmp(&their.name),
        };
        if let (true, Some(our), Some(their)) = (order.is_eq(), &our, &their) {
            keys.insert(their.id, our.id);
            if our.sha256.is_some() && their.sha256.is_some() && our.sha256 != their.sha256 {
                differences.add(|| format!("{}: another file here than there", our.name));
            }
        }
        if order.is_lt() {
            differences.add(|| format!("{}: only here", name_of(our.as_ref())));
        }
        if order.is_gt() {
            differences.add(|| format!("{}: only there", name_of(their.as_ref())));
        }
        if order.is_le() {
            our = Known::next(&mut ours)?;
        }
        if order.is_ge() {
            their = Known::next(&mut theirs)?;
        }
    }
    differences.none_or(MergeError::Images)?;
    Ok(keys)
}

fn name_of(image: Option<&Known>) -> &str {
    image.map_or("", |image| &image.name)
}
