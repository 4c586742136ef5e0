#![no_main]

use std::path::Path;

use relabel::formats::label_studio::{
    Annotation, Answers, Options, Part, Task, TaskWriter, read_tasks,
};
use relabel_fuzz::{check_refusal, file};

const OPTIONS: [Options<'static>; 3] = [
    Options {
        part: Part::Votes,
        image_key: "image",
        from_name: None,
    },
    Options {
        part: Part::Votes,
        image_key: "url",
        from_name: Some("choice"),
    },
    Options {
        part: Part::Proposals,
        image_key: "image",
        from_name: None,
    },
];

fn tasks(path: &Path, options: Options<'_>) -> Vec<Task> {
    match read_tasks(path, options) {
        Ok(tasks) => {
            let good = tasks.into_iter().filter_map(|task| {
                task.inspect_err(|error| {
                    check_refusal(error);
                    assert!(error.path.starts_with('['), "{error}");
                })
                .ok()
            });
            good.collect()
        }
        Err(error) => {
            check_refusal(&error);
            Vec::new()
        }
    }
}

/// What the writer can write: answers that name each class.
fn is_ours(annotation: &Annotation) -> bool {
    matches!(&annotation.answers, Answers::Given(_))
}

/// Without what differs by being written anew.
fn stripped(mut task: Task) -> Task {
    task.cancelled = 0;
    task.annotations.retain(is_ours);
    for annotation in &mut task.annotations {
        annotation.place.clear();
        if let Answers::Given(given) = &mut annotation.answers {
            // They stand by answer.
            given.sort_by_key(|given| std::cmp::Reverse(given.answer));
        }
    }
    for prediction in &mut task.predictions {
        prediction.place.clear();
        prediction.labels.sort_by_key(|predicted| !predicted.yes);
    }
    task
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let path = file("tasks.json", bytes);
    for options in OPTIONS {
        let read: Vec<Task> = tasks(path, options).into_iter().map(stripped).collect();
        let mut again = Vec::new();
        let mut writer = TaskWriter::new(&mut again, "").expect("memory takes a list");
        for task in &read {
            writer.write(task).expect("memory takes a task");
        }
        writer.finish().expect("memory takes the end");
        let copy = path.with_file_name("again.json");
        std::fs::write(&copy, again).expect("the copy is written");
        let again: Vec<Task> = tasks(&copy, options).into_iter().map(stripped).collect();
        assert_eq!(again.len(), read.len());
        for (again, read) in again.iter().zip(&read) {
            assert_eq!((&again.image, &again.labels), (&read.image, &read.labels));
            assert_eq!(again.annotations.len(), read.annotations.len());
            for (again, read) in again.annotations.iter().zip(&read.annotations) {
                assert_eq!((&again.rater, &again.answers), (&read.rater, &read.answers));
            }
        }
    }
});
