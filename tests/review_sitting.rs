//! A whole sitting over photographs: what was keyed is what is recorded.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test does not expect is its failure"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::Project;
use common::pty::{Opening, Terminal};
use common::screen::{LabelLine, footer, image, is_ready, labels, marks, selected, task_number};

const REVIEW: &[&str] = &[
    "review",
    "--rater",
    "alice",
    "--pictures",
    "half",
    "--names",
];

/// Image and class index.
type Question = (String, usize);

/// What `u` takes back.
enum Step {
    Votes(Vec<(Question, Option<char>)>),
    Added(Question),
    Flagged(String),
    Finished,
    Skipped,
}

/// A rater who remembers what was keyed.
struct Sitter {
    terminal: Terminal,
    /// Class indices of each task of each image, in the order of the screen.
    tasks: BTreeMap<(String, usize), Vec<usize>>,
    votes: BTreeMap<Question, char>,
    flags: BTreeSet<String>,
    comments: Vec<(String, String)>,
    steps: Vec<Step>,
}

fn open(project: &Project) -> Terminal {
    let opening = Opening {
        columns: 160,
        rows: 32,
        ..Opening::default()
    };
    let mut terminal = Terminal::open(project.folder(), REVIEW, opening);
    terminal.wait_until("task", is_ready);
    terminal
}

/// The tasks as the plan has them.
fn planned(project: &Project) -> BTreeMap<(String, usize), Vec<usize>> {
    let text = project.run(&["export", "--as", "tasks-jsonl"]);
    let tasks = text.lines().map(|line| {
        let task: serde_json::Value = serde_json::from_str(line).unwrap();
        let labels = task["labels"].as_array().unwrap();
        let labels = labels.iter().map(|label| label.as_u64().unwrap() as usize);
        let ordinal = task["task"].as_u64().unwrap() as usize;
        (
            (task["image"].as_str().unwrap().to_owned(), ordinal),
            labels.collect(),
        )
    });
    tasks.collect()
}

impl Sitter {
    fn new(project: &Project) -> Sitter {
        Sitter {
            terminal: open(project),
            tasks: planned(project),
            votes: BTreeMap::new(),
            flags: BTreeSet::new(),
            comments: Vec::new(),
            steps: Vec::new(),
        }
    }

    fn labels(&self) -> Vec<LabelLine> {
        labels(&self.terminal)
    }

    fn selected(&self) -> LabelLine {
        selected(&self.terminal).unwrap()
    }

    fn image(&self) -> String {
        image(&self.terminal).unwrap().0
    }

    /// The question at a place on the screen.
    fn question(&self, place: usize) -> Question {
        let task = image(&self.terminal).unwrap();
        let class = self.tasks[&task][place];
        (task.0, class)
    }

    /// Keys without a trace in the project.
    fn look(&mut self, keys: &str, what: &str, wanted: impl Fn(&Terminal) -> bool) {
        self.terminal.keys(keys);
        self.terminal.wait_until(what, wanted);
    }

    fn answer(&mut self, letter: char) {
        let place = self.selected().number - 1;
        let question = self.question(place);
        self.look(&letter.to_string(), "answer", |terminal| {
            labels(terminal)[place].mark == letter
        });
        let before = self.votes.insert(question.clone(), letter);
        if before != Some(letter) {
            self.steps.push(Step::Votes(vec![(question, before)]));
        }
    }

    fn answer_all(&mut self, letters: &str) {
        letters.chars().cycle().take(8).for_each(|letter| {
            if marks(&self.terminal).contains('·') {
                self.answer(letter);
            }
        });
    }

    fn no_to_all(&mut self) {
        let lines = self.labels();
        let open: Vec<usize> = (0..lines.len())
            .filter(|at| lines[*at].mark == '·')
            .collect();
        self.look("N", "answers", |terminal| {
            open.iter().all(|at| labels(terminal)[*at].mark == 'n')
        });
        let questions = open.iter().map(|at| (self.question(*at), None));
        let questions: Vec<(Question, Option<char>)> = questions.collect();
        for (question, _) in &questions {
            self.votes.insert(question.clone(), 'n');
        }
        self.steps.push(Step::Votes(questions));
    }

    fn go_to(&mut self, number: usize) {
        self.look(&number.to_string(), "cursor", |terminal| {
            selected(terminal).is_some_and(|label| label.number == number)
        });
    }

    /// Another task comes: by Enter or by `s`.
    fn leave_task(&mut self, key: &str, step: Step) {
        let former = image(&self.terminal);
        self.look(key, "another task", |terminal| {
            image(terminal) != former && is_ready(terminal)
        });
        self.steps.push(step);
    }

    fn finish(&mut self) {
        let number = task_number(&self.terminal).unwrap();
        assert!(!marks(&self.terminal).contains('·'));
        self.leave_task("\r", Step::Finished);
        assert_eq!(task_number(&self.terminal), Some(number + 1));
    }

    fn undo(&mut self) {
        match self.steps.pop().unwrap() {
            Step::Votes(before) => {
                // The step may be of another task, which comes back with it.
                let task = self.task_of(&before[0].0);
                let places: Vec<(usize, char)> = before
                    .iter()
                    .map(|(question, mark)| {
                        let place = self.tasks[&task]
                            .iter()
                            .position(|class| *class == question.1);
                        (place.unwrap(), mark.unwrap_or('·'))
                    })
                    .collect();
                self.look("u", "answers taken back", |terminal| {
                    image(terminal).as_ref() == Some(&task)
                        && places
                            .iter()
                            .all(|(at, mark)| labels(terminal)[*at].mark == *mark)
                });
                for (question, mark) in before {
                    match mark {
                        Some(mark) => self.votes.insert(question, mark),
                        None => self.votes.remove(&question),
                    };
                }
            }
            Step::Added(question) => {
                let count = self.labels().len();
                let task = image(&self.terminal).unwrap();
                self.look("u", "label taken out", |terminal| {
                    labels(terminal).len() < count
                });
                self.tasks
                    .get_mut(&task)
                    .unwrap()
                    .retain(|class| *class != question.1);
            }
            Step::Flagged(image) => {
                self.look("u", "flag taken back", |terminal| {
                    !terminal.text().contains(" flagged ")
                });
                self.flags.remove(&image);
            }
            Step::Finished | Step::Skipped => {
                let former = image(&self.terminal);
                self.look("u", "the task before", |terminal| {
                    image(terminal) != former && is_ready(terminal)
                });
            }
        }
    }

    fn task_of(&self, question: &Question) -> (String, usize) {
        let mut tasks = self.tasks.iter();
        let found = tasks
            .find(|((image, _), classes)| *image == question.0 && classes.contains(&question.1));
        found.unwrap().0.clone()
    }

    /// Adds a class, by its index, and puts the cursor there.
    fn add(&mut self, class: usize) {
        let task = image(&self.terminal).unwrap();
        self.look("/", "search", |terminal| {
            terminal.text().contains("add a label to this image")
        });
        let typed = format!(" / {class}█");
        self.look(&class.to_string(), "query", |terminal| {
            footer(terminal).starts_with(&typed) && terminal.text().contains("▸ ")
        });
        let count = self.tasks[&task].len();
        self.look("\r", "the label", |terminal| {
            labels(terminal).len() == count + 1
                && selected(terminal).is_some_and(|label| label.added)
        });
        let place = self.selected().number - 1;
        self.tasks.get_mut(&task).unwrap().insert(place, class);
        self.steps.push(Step::Added((task.0, class)));
    }

    fn flag(&mut self) {
        let image = self.image();
        self.look("f", "flag", |terminal| {
            terminal.text().contains(" flagged ") && footer(terminal).contains("flagged")
        });
        self.flags.insert(image.clone());
        self.steps.push(Step::Flagged(image));
    }

    fn comment(&mut self, text: &str) {
        self.look("c", "comment", |terminal| {
            footer(terminal).contains("comment: █")
        });
        self.look(&format!("{text}\r"), "comment recorded", |terminal| {
            footer(terminal).contains("the comment is recorded")
        });
        self.comments.push((self.image(), text.to_owned()));
    }

    /// The screen's names are those of the classes that the test takes them for.
    fn check_names(&self, names: &BTreeMap<usize, String>) {
        let lines = self.labels();
        for (at, line) in lines.iter().enumerate() {
            let name = &names[&self.question(at).1];
            match line.name.strip_suffix('…') {
                Some(start) => assert!(name.starts_with(start), "{} is not {name}", line.name),
                None => assert_eq!(line.name, *name),
            }
        }
        assert_eq!(
            lines.len(),
            self.tasks[&image(&self.terminal).unwrap()].len()
        );
    }
}

#[test]
fn a_whole_sitting_is_recorded_as_it_was_keyed() {
    let Some(project) = Project::of_photos() else {
        return;
    };
    let names = project.sql("SELECT idx, name FROM class");
    let names = names.lines().map(|line| line.split_once('|').unwrap());
    let names: BTreeMap<usize, String> = names
        .map(|(index, name)| (index.parse().unwrap(), name.to_owned()))
        .collect();
    let mut sitter = Sitter::new(&project);
    assert_eq!(task_number(&sitter.terminal), Some(1));
    assert_eq!(project.sql("SELECT count(*) FROM vote"), "0\n");

    // One answer after the other; an answer changed by going back with a digit.
    sitter.check_names(&names);
    sitter.answer_all("yn");
    sitter.go_to(1);
    sitter.answer('m');
    sitter.finish();

    // Everything no but one; keys that only look.
    sitter.check_names(&names);
    sitter.answer('y');
    sitter.look("?", "keys", |terminal| {
        terminal.text().contains("answers no to every label")
    });
    sitter.look("?", "the task", is_ready);
    sitter.look("z", "zoom", |terminal| terminal.text().contains(" 2× "));
    sitter.terminal.keys("hjkl");
    sitter.look("Z", "the whole image", |terminal| {
        !terminal.text().contains(" 2× ")
    });
    sitter.no_to_all();
    sitter.finish();

    // Moving by arrows, j and k, and answering from the end.
    sitter.check_names(&names);
    let last = sitter.labels().len();
    for _ in 1..last {
        sitter.terminal.keys("j");
    }
    sitter.terminal.wait_until("the last label", |terminal| {
        selected(terminal).is_some_and(|label| label.number == last)
    });
    if last > 1 {
        sitter.look("\x1b[A", "up", |terminal| {
            selected(terminal).unwrap().number == last - 1
        });
        sitter.look("\x1b[B", "down", |terminal| {
            selected(terminal).unwrap().number == last
        });
        sitter.look("k", "up", |terminal| {
            selected(terminal).unwrap().number == last - 1
        });
    }
    sitter.answer('n');
    // Enter does not end a task with open labels.
    if marks(&sitter.terminal).contains('·') {
        let former = image(&sitter.terminal);
        sitter.look("\r", "refusal", |terminal| {
            footer(terminal).contains("still open")
        });
        assert_eq!(image(&sitter.terminal), former);
    }
    sitter.answer_all("m");
    sitter.finish();

    // A label of the rater's own, by search, answered; a flag and comments.
    let added = *names
        .keys()
        .find(|class| {
            !sitter
                .tasks
                .iter()
                .any(|((image, _), classes)| *image == sitter.image() && classes.contains(class))
        })
        .unwrap();
    sitter.add(added);
    sitter.check_names(&names);
    sitter.answer('y');
    sitter.flag();
    sitter.comment("two fish, \"one\" behind glass; ünïcödé");
    sitter.no_to_all();
    sitter.finish();

    // Taken back across tasks: the end, the rest, the flag, the added label's answer, and given anew.
    sitter.answer('y');
    for _ in 0..5 {
        sitter.undo();
    }
    assert!(sitter.flags.is_empty());
    sitter.undo();
    sitter.check_names(&names);
    sitter.add(added + 1);
    sitter.answer('m');
    sitter.answer_all("yyn");
    sitter.finish();

    // Skipped, and the skip of another taken back.
    sitter.leave_task("s", Step::Skipped);
    sitter.answer_all("n");
    sitter.flag();
    sitter.finish();
    sitter.leave_task("s", Step::Skipped);
    sitter.undo();
    sitter.answer_all("ym");
    sitter.comment("seen");
    sitter.finish();
    for _ in 0..3 {
        sitter.answer_all("nny");
        sitter.finish();
    }

    // One more answer, in a task that stays open.
    sitter.answer('y');
    let number = task_number(&sitter.terminal);
    let open_task = image(&sitter.terminal).unwrap();
    let (open_marks, open_label) = (marks(&sitter.terminal), sitter.selected());
    assert!(number > Some(9));
    sitter.look("q", "closing screen", |terminal| {
        terminal.text().contains("this sitting")
    });
    sitter.terminal.keys("q");
    assert_eq!(sitter.terminal.wait_for_end(), 0);

    let expected: Vec<String> = sitter
        .votes
        .iter()
        .map(|((image, class), answer)| format!("{image}|{class}|{answer}"))
        .collect();
    assert!(expected.len() > 30, "{expected:?}");
    assert_eq!(standing_votes(&project), expected);
    assert_eq!(exported_votes(&project), expected);
    assert_eq!(standing_flags(&project), sitter.flags);
    let comments = project.sql(
        "SELECT image.name, note.text FROM note JOIN image ON image.id = note.image
         WHERE kind = 'comment' ORDER BY sequence",
    );
    let expected: String = sitter
        .comments
        .iter()
        .map(|(image, text)| format!("{image}|{text}\n"))
        .collect();
    assert_eq!(comments, expected);

    // The next sitting goes on where this one stopped.
    let mut terminal = open(&project);
    assert_eq!(task_number(&terminal), number);
    // The skipped task comes in its place again, before the one that was open.
    let skipped = image(&terminal).unwrap();
    assert_ne!(skipped, open_task);
    assert!(!marks(&terminal).contains(['y', 'n', 'm']));
    terminal.keys("s");
    terminal.wait_until("the open task", |terminal| {
        image(terminal).as_ref() == Some(&open_task)
    });
    assert_eq!(
        (marks(&terminal), selected(&terminal).unwrap()),
        (open_marks, open_label)
    );
    terminal.keys("qq");
    assert_eq!(terminal.wait_for_end(), 0);
}

/// The newest answer to each question that has one, in the order of images and classes: `image|class|y`.
fn standing_votes(project: &Project) -> Vec<String> {
    let rows = project.sql(
        "SELECT image.name, question.class, vote.answer FROM vote
         JOIN question ON question.id = vote.question JOIN image ON image.id = question.image
         ORDER BY image.name, question.class, vote.at, vote.sequence",
    );
    let mut standing = BTreeMap::new();
    for row in rows.lines() {
        let (question, answer) = row.rsplit_once('|').unwrap();
        let (image, class) = question.rsplit_once('|').unwrap();
        let key = (image.to_owned(), class.parse::<usize>().unwrap());
        match answer {
            "" => standing.remove(&key),
            code => standing.insert(key, ['n', 'm', 'y'][code.parse::<usize>().unwrap()]),
        };
    }
    let lines = standing
        .into_iter()
        .map(|((image, class), answer)| format!("{image}|{class}|{answer}"));
    lines.collect()
}

fn exported_votes(project: &Project) -> Vec<String> {
    let text = project.run(&["export", "--as", "votes-csv"]);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        assert_eq!((&row[2], &row[3]), ("alice", "main"));
        format!("{}|{}|{}", &row[0], &row[1], &row[4][..1])
    });
    rows.collect()
}

fn standing_flags(project: &Project) -> BTreeSet<String> {
    let rows = project.sql(
        "SELECT image.name, note.kind FROM note JOIN image ON image.id = note.image
         WHERE kind IN ('flag', 'unflag') ORDER BY at, sequence",
    );
    let mut flags = BTreeSet::new();
    for row in rows.lines() {
        let (image, kind) = row.rsplit_once('|').unwrap();
        match kind {
            "flag" => flags.insert(image.to_owned()),
            _ => flags.remove(image),
        };
    }
    flags
}
