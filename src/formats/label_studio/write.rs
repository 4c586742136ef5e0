use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Annotation, Answers, Given, Prediction, Task, word};
use crate::domain::{Answer, Role};
use crate::formats::records::time_text;

/// Writes tasks one by one, as a list.
pub struct TaskWriter<W: Write> {
    out: W,
    image_prefix: String,
    n_written: u64,
}

impl<W: Write> TaskWriter<W> {
    /// The prefix stands before every image's name, for whoever serves the pictures.
    ///
    /// # Errors
    /// Writing fails.
    pub fn new(mut out: W, image_prefix: &str) -> io::Result<Self> {
        out.write_all(b"[")?;
        Ok(TaskWriter {
            out,
            image_prefix: image_prefix.to_owned(),
            n_written: 0,
        })
    }

    /// Writes a task.
    ///
    /// # Errors
    /// Writing fails.
    pub fn write(&mut self, task: &Task) -> io::Result<()> {
        let separator: &[u8] = match self.n_written {
            0 => b"\n",
            _ => b",\n",
        };
        self.out.write_all(separator)?;
        self.n_written += 1;
        let labels: Vec<Value> = task.labels.iter().map(|l| json!({"value": l})).collect();
        let object = json!({
            "id": self.n_written,
            "data": {
                "image": format!("{}{}", self.image_prefix, task.image),
                "image_name": task.image,
                "labels": labels,
            },
            "annotations": task.annotations.iter().map(annotation).collect::<Vec<_>>(),
            "predictions": task.predictions.iter().map(prediction).collect::<Vec<_>>(),
        });
        Ok(serde_json::to_writer(&mut self.out, &object)?)
    }

    /// Ends the list.
    ///
    /// # Errors
    /// Writing fails.
    pub fn finish(mut self) -> io::Result<()> {
        self.out.write_all(b"\n]\n")?;
        self.out.flush()
    }
}

/// One of the three choices; `meta` holds what goes with each class, in their order.
fn choices(name: &str, labels: &[&str], meta: Value) -> Value {
    json!({
        "id": name,
        "type": "choices",
        "from_name": name,
        "to_name": "image",
        "value": {"choices": labels},
        "meta": meta,
    })
}

fn annotation(annotation: &Annotation) -> Value {
    let given: &[Given] = match &annotation.answers {
        Answers::Given(given) => given,
        Answers::Chosen(..) => &[],
    };
    let of = |answer: Answer| given.iter().filter(move |given| given.answer == answer);
    let result: Vec<Value> = [Answer::Yes, Answer::Maybe, Answer::No]
        .into_iter()
        .filter(|answer| of(*answer).next().is_some())
        .map(|answer| {
            let labels: Vec<&str> = of(answer).map(|given| given.label.as_str()).collect();
            let times: Vec<Option<String>> = of(answer).map(|g| g.at.map(time_text)).collect();
            choices(answer.word(), &labels, json!({"at": times}))
        })
        .collect();
    let times = || given.iter().filter_map(|given| given.at);
    without_nulls(json!({
        "completed_by": {"email": annotation.rater},
        "role": annotation.role.map(Role::word),
        "round": annotation.round,
        "ground_truth": annotation.ground_truth,
        "was_cancelled": false,
        "lead_time": annotation.spent.map(|spent| spent as f64 / 1000.0),
        "created_at": times().min().map(time_text),
        "updated_at": times().max().map(time_text),
        "result": result,
    }))
}

/// What is not known is left out.
fn without_nulls(mut object: Value) -> Value {
    if let Some(object) = object.as_object_mut() {
        object.retain(|_, value| !value.is_null());
    }
    object
}

fn prediction(prediction: &Prediction) -> Value {
    let of = |yes: bool| prediction.labels.iter().filter(move |p| p.yes == yes);
    let result: Vec<Value> = [true, false]
        .into_iter()
        .filter(|yes| of(*yes).next().is_some())
        .map(|yes| {
            let labels: Vec<&str> = of(yes).map(|predicted| predicted.label.as_str()).collect();
            let scores: Vec<Option<f64>> = of(yes).map(|predicted| predicted.score).collect();
            choices(word(yes), &labels, json!({"scores": scores}))
        })
        .collect();
    let scores = of(true).filter_map(|predicted| predicted.score);
    without_nulls(json!({
        "model_version": prediction.source,
        "score": scores.max_by(f64::total_cmp),
        "result": result,
    }))
}
