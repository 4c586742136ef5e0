//! COCO's JSON: images, categories, and annotations that say which category is in which image
//! (cocodataset.org, "Data format"). Boxes and masks are passed over.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use super::json::{JsonError, JsonFileError, Place, read_value};

/// An image with its categories.
#[derive(Debug, Clone, PartialEq)]
pub struct CocoImage {
    /// Image name.
    pub image: String,
    /// Its categories by name, in the order of the file, none twice, each with the highest score that it has.
    pub labels: Vec<(String, Option<f64>)>,
}

/// Reads the images of a file in its order, each or why it is bad; an image without annotations has no label.
///
/// # Errors
/// The file cannot be read, or is no such JSON.
pub fn read_coco(path: &Path) -> Result<Vec<Result<CocoImage, JsonError>>, JsonFileError> {
    let file = read_value(path)?;
    let file = Place {
        value: &file,
        path: String::new(),
    };
    let mut categories = HashMap::new();
    for category in file.need("categories")?.elements()? {
        let name = category.need("name")?.text()?.to_owned();
        if categories
            .insert(id(&category.need("id")?)?, name)
            .is_some()
        {
            return Err(category.error("its id stands twice").into());
        }
    }
    let mut ids = HashMap::new();
    let mut images = Vec::new();
    for image in file.need("images")?.elements()? {
        if ids.insert(id(&image.need("id")?)?, images.len()).is_some() {
            return Err(image.error("its id stands twice").into());
        }
        images.push(CocoImage {
            image: image.need("file_name")?.text()?.to_owned(),
            labels: Vec::new(),
        });
    }
    let mut bad = BTreeMap::new();
    let mut places = HashMap::new();
    for annotation in file.need("annotations")?.elements()? {
        let image = image_of(&annotation, &ids)?;
        if let Err(error) = annotate(&annotation, &categories, &mut places, image, &mut images) {
            bad.entry(image).or_insert(error);
        }
    }
    let images = images.into_iter().enumerate();
    let image = |(at, image)| bad.remove(&at).map_or(Ok(image), Err);
    Ok(images.map(image).collect())
}

fn image_of(annotation: &Place<'_>, ids: &HashMap<i64, usize>) -> Result<usize, JsonError> {
    let of = annotation.need("image_id")?;
    let image = ids.get(&id(&of)?).copied();
    image.ok_or_else(|| of.error("there is no image of this id"))
}

/// Notes the label of an image, once; the place of each is kept, because a thing may be annotated thousands of times.
fn annotate<'c>(
    annotation: &Place<'_>,
    categories: &'c HashMap<i64, String>,
    places: &mut HashMap<(usize, &'c str), usize>,
    at: usize,
    images: &mut [CocoImage],
) -> Result<(), JsonError> {
    let of = annotation.need("category_id")?;
    let name = categories.get(&id(&of)?);
    let name = name.ok_or_else(|| of.error("there is no category of this id"))?;
    let score = annotation
        .get("score")
        .map(|score| score.number())
        .transpose()?;
    let Some(image) = images.get_mut(at) else {
        return Ok(());
    };
    let place = *places.entry((at, name)).or_insert(image.labels.len());
    match image.labels.get_mut(place) {
        // Several things of one kind are one label.
        Some((_, highest)) if score > *highest => *highest = score,
        Some(_) => {}
        None => image.labels.push((name.clone(), score)),
    }
    Ok(())
}

fn id(place: &Place<'_>) -> Result<i64, JsonError> {
    let id = place.value.as_i64();
    id.ok_or_else(|| place.error("an id is a whole number"))
}
