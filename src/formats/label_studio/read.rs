use std::path::Path;

use super::{Annotation, Answers, Given, Predicted, Prediction, Task};
use crate::domain::{Answer, Role, image_name};
use crate::formats::json::{JsonError, JsonFileError, Place, each_element};
use crate::formats::records::parse_time;

/// What of a file is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Annotations.
    Votes,
    /// Predictions.
    Proposals,
}

/// How a file is to be read.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// What is wanted.
    pub part: Part,
    /// Which key of `data` holds the image.
    pub image_key: &'a str,
    /// Takes only the results of this name; else all of the type `choices`.
    pub from_name: Option<&'a str>,
}

/// Reads the tasks of a file, each or why it is bad.
///
/// # Errors
/// The file cannot be read, is no JSON, or no list.
pub fn read_tasks(
    path: &Path,
    options: Options<'_>,
) -> Result<Vec<Result<Task, JsonError>>, JsonFileError> {
    let mut tasks = Vec::new();
    each_element(path, |place| tasks.push(task(&place, options)))?;
    Ok(tasks)
}

fn task(task: &Place<'_>, options: Options<'_>) -> Result<Task, JsonError> {
    let data = task.need("data")?;
    let name = data.get("image_name");
    let is_ours = name.is_some();
    let mut read = Task {
        image: match name {
            Some(name) => name.text()?.to_owned(),
            None => named(&data.need(options.image_key)?)?,
        },
        ..Task::default()
    };
    if let Some(labels) = data.get("labels").filter(|_| is_ours) {
        for label in labels.elements()? {
            read.labels.push(label.need("value")?.text()?.to_owned());
        }
    }
    match options.part {
        Part::Votes => {
            let Some(annotations) = task.get("annotations") else {
                return Ok(read);
            };
            for place in annotations.elements()? {
                if is_true(&place, "was_cancelled")? {
                    read.cancelled += 1;
                } else {
                    let annotation = annotation(&place, is_ours, options)?;
                    read.annotations.extend(annotation);
                }
            }
        }
        Part::Proposals => {
            let Some(predictions) = task.get("predictions") else {
                return Ok(read);
            };
            for place in predictions.elements()? {
                read.predictions.push(prediction(&place, options)?);
            }
        }
    }
    Ok(read)
}

/// The name that an address has; `https://example.org/#top` has none.
fn named(address: &Place<'_>) -> Result<String, JsonError> {
    image_name(address.text()?).map_err(|error| address.error(error.to_string()))
}

fn is_true(place: &Place<'_>, key: &str) -> Result<bool, JsonError> {
    place.get(key).map_or(Ok(false), |flag| flag.flag())
}

/// A result with its classes.
type Chosen<'a> = (Place<'a>, Vec<&'a str>);

/// Whether there are results of other kinds, and those that are choices, each with its classes. Of nested choices the innermost counts.
fn choices<'a>(
    place: &Place<'a>,
    options: Options<'_>,
) -> Result<(bool, Vec<Chosen<'a>>), JsonError> {
    let mut found = Vec::new();
    let mut others = false;
    for result in place.need("result")?.elements()? {
        let is_wanted = result.need("type")?.text()? == "choices"
            && match options.from_name {
                Some(name) => result.need("from_name")?.text()? == name,
                None => true,
            };
        if !is_wanted {
            others = true;
            continue;
        }
        let chosen = result.need("value")?.need("choices")?;
        let labels = match chosen.value.is_string() {
            true => vec![chosen.text()?],
            false => chosen
                .elements()?
                .map(|c| innermost(&c))
                .collect::<Result<_, _>>()?,
        };
        found.push((result, labels));
    }
    Ok((others, found))
}

fn innermost<'a>(choice: &Place<'a>) -> Result<&'a str, JsonError> {
    match choice.value.is_array() {
        true => match choice.elements()?.last() {
            Some(last) => last.text(),
            None => Err(choice.error("an empty list names no class")),
        },
        false => choice.text(),
    }
}

/// None for an annotation that holds results of other kinds alone.
fn annotation(
    place: &Place<'_>,
    is_ours: bool,
    options: Options<'_>,
) -> Result<Option<Annotation>, JsonError> {
    let (others, found) = choices(place, options)?;
    if found.is_empty() && others {
        return Ok(None);
    }
    let time = match place.get("updated_at").or_else(|| place.get("created_at")) {
        Some(time) => Some(parse_time(time.text()?).map_err(|error| time.error(error.reason))?),
        None => None,
    };
    let answer_of = |result: &Place<'_>| {
        let name = result.get("from_name")?.value.as_str()?;
        Answer::ALL.into_iter().find(|answer| answer.word() == name)
    };
    let is_given =
        is_ours || !found.is_empty() && found.iter().all(|(r, _)| answer_of(r).is_some());
    let answers = match is_given {
        true => {
            let mut given = Vec::new();
            for (result, labels) in &found {
                let answer = answer_of(result)
                    .ok_or_else(|| result.error("\"from_name\" is none of yes, maybe, no"))?;
                let times = times_of(result, labels.len(), time)?;
                given.extend(labels.iter().zip(times).map(|(label, at)| Given {
                    label: (*label).to_owned(),
                    answer,
                    at,
                }));
            }
            Answers::Given(given)
        }
        false => {
            let labels = found.into_iter().flat_map(|(_, labels)| labels);
            Answers::Chosen(labels.map(str::to_owned).collect(), time)
        }
    };
    let role = place.get("role").map(|role| {
        let role_text = role.text()?;
        role_text
            .parse::<Role>()
            .map_err(|error| role.error(error.to_string()))
    });
    let spent = place.get("lead_time").map(|time| time.number());
    Ok(Some(Annotation {
        place: place.path.clone(),
        rater: rater(&place.need("completed_by")?)?,
        role: role.transpose()?,
        ground_truth: is_true(place, "ground_truth")?,
        round: place
            .get("round")
            .map(|round| round.text().map(str::to_owned))
            .transpose()?,
        spent: spent
            .transpose()?
            .map(|seconds| (seconds.max(0.0) * 1000.0).round() as u64),
        answers,
    }))
}

/// When each class was answered: as the program itself wrote it, else the time of the whole.
fn times_of(
    result: &Place<'_>,
    n_labels: usize,
    whole: Option<i64>,
) -> Result<Vec<Option<i64>>, JsonError> {
    let Some(times) = result.get("meta").and_then(|meta| meta.get("at")) else {
        return Ok(vec![whole; n_labels]);
    };
    let each = times.elements()?.map(|time| match time.value.is_null() {
        true => Ok(None),
        false => match parse_time(time.text()?) {
            Ok(at) => Ok(Some(at)),
            Err(error) => Err(time.error(error.reason)),
        },
    });
    let each = each.collect::<Result<Vec<_>, _>>()?;
    Ok(match each.len() == n_labels {
        true => each,
        // Somebody has changed the choices since.
        false => vec![whole; n_labels],
    })
}

/// A number, a text, or an object with the e-mail address.
fn rater(by: &Place<'_>) -> Result<String, JsonError> {
    if let Some(number) = by.value.as_i64() {
        return Ok(format!("user {number}"));
    }
    if !by.value.is_object() {
        return Ok(by.text()?.to_owned());
    }
    for key in ["email", "username"] {
        if let Some(name) = by.get(key) {
            return Ok(name.text()?.to_owned());
        }
    }
    match by.need("id")?.value.as_i64() {
        Some(number) => Ok(format!("user {number}")),
        None => Err(by.error("neither an e-mail address nor a number")),
    }
}

fn prediction(place: &Place<'_>, options: Options<'_>) -> Result<Prediction, JsonError> {
    if place.value.is_number() {
        return Err(place.error("only the number of a prediction stands here, not what it says"));
    }
    let (_, found) = choices(place, options)?;
    let whole = place.get("score").map(|score| score.number()).transpose()?;
    let mut predicted = Vec::new();
    for (result, labels) in &found {
        let own = result
            .get("score")
            .map(|score| score.number())
            .transpose()?;
        let scores = scores_of(result, labels.len(), own.or(whole))?;
        let name = result.get("from_name").and_then(|name| name.value.as_str());
        predicted.extend(labels.iter().zip(scores).map(|(label, score)| Predicted {
            label: (*label).to_owned(),
            yes: name != Some(Answer::No.word()),
            score,
        }));
    }
    let source = place.get("model_version");
    Ok(Prediction {
        place: place.path.clone(),
        source: source.map(|s| s.text().map(str::to_owned)).transpose()?,
        labels: predicted,
    })
}

/// The score of each class: as the program itself wrote it, else that of the whole.
fn scores_of(
    result: &Place<'_>,
    n_labels: usize,
    whole: Option<f64>,
) -> Result<Vec<Option<f64>>, JsonError> {
    let Some(scores) = result.get("meta").and_then(|meta| meta.get("scores")) else {
        return Ok(vec![whole; n_labels]);
    };
    let each = scores.elements()?.map(|score| match score.value.is_null() {
        true => Ok(None),
        false => score.number().map(Some),
    });
    let each = each.collect::<Result<Vec<_>, _>>()?;
    Ok(match each.len() == n_labels {
        true => each,
        false => vec![whole; n_labels],
    })
}
