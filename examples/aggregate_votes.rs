//! Votes to label sets by the library alone, without a project file: Dawid–Skene over a table of votes.
//!
//! `cargo run --example aggregate_votes -- votes.csv` reads a table image,class,rater,answer; without a file it counts
//! the votes below.

use std::collections::BTreeMap;
use std::error::Error;

use relabel::consensus::{DawidSkeneOptions, Evidence, Method, QuestionKey, VoteTable};
use relabel::domain::{Answer, ClassIndex};

/// Four raters on three pictures; dan answers as it comes.
const VOTES: &str = "\
image,class,rater,answer
cat.jpg,281,ann,yes
cat.jpg,281,bob,yes
cat.jpg,281,cem,yes
cat.jpg,281,dan,no
cat.jpg,282,ann,no
cat.jpg,282,bob,no
cat.jpg,282,cem,no
cat.jpg,282,dan,yes
desk.jpg,526,ann,yes
desk.jpg,526,bob,yes
desk.jpg,526,cem,maybe
desk.jpg,526,dan,yes
desk.jpg,620,ann,yes
desk.jpg,620,bob,yes
desk.jpg,620,cem,yes
desk.jpg,620,dan,no
sky.jpg,404,ann,no
sky.jpg,404,bob,no
sky.jpg,404,cem,no
sky.jpg,404,dan,yes
";

#[derive(serde::Deserialize)]
struct Row {
    image: String,
    class: u32,
    rater: String,
    answer: String,
}

/// Gives names dense numbers, in the order in which they come.
#[derive(Default)]
struct Numbers(Vec<String>);

impl Numbers {
    fn of(&mut self, name: String) -> u32 {
        let known = self.0.iter().position(|other| *other == name);
        let number = known.unwrap_or_else(|| {
            self.0.push(name);
            self.0.len() - 1
        });
        number as u32
    }
}

/// The label sets in words, an image a line.
fn label_sets(table: impl std::io::Read) -> Result<String, Box<dyn Error>> {
    let (mut images, mut raters) = (Numbers::default(), Numbers::default());
    let mut questions: BTreeMap<QuestionKey, Vec<(u32, Answer)>> = BTreeMap::new();
    for row in csv::Reader::from_reader(table).deserialize() {
        let Row {
            image,
            class,
            rater,
            answer,
        } = row?;
        let answer = match answer.as_str() {
            "no" => Answer::No,
            "maybe" => Answer::Maybe,
            "yes" => Answer::Yes,
            other => return Err(format!("an answer is no, maybe or yes, not {other:?}").into()),
        };
        let key = QuestionKey {
            image: images.of(image),
            class: ClassIndex(class),
        };
        let votes = questions.entry(key).or_default();
        votes.push((raters.of(rater), answer));
    }

    let keys: Vec<QuestionKey> = questions.keys().copied().collect();
    let mut votes = VoteTable::builder(keys.clone(), raters.0.len());
    for (question, given) in questions.values().enumerate() {
        for &(rater, answer) in given {
            votes.push(question, rater, answer)?;
        }
    }
    let votes = votes.build()?;
    // Neither gold nor original labels: Dawid–Skene weighs raters by how they agree.
    let evidence = Evidence {
        votes: &votes,
        gold: None,
        original: &[],
    };
    let consensus = Method::DawidSkene(DawidSkeneOptions::default()).run(&evidence)?;

    let mut text = String::new();
    for (number, image) in images.0.iter().enumerate() {
        let scores = keys.iter().zip(&consensus.scores).zip(&consensus.in_set);
        let set: Vec<String> = scores
            .filter(|((key, _), in_set)| key.image as usize == number && **in_set)
            .map(|((key, score), _)| format!("{} ({score:.2})", key.class))
            .collect();
        text += &format!(
            "{image}: {}\n",
            match set.is_empty() {
                true => "nothing of what was asked".to_owned(),
                false => set.join(", "),
            }
        );
    }
    Ok(text)
}

fn main() -> Result<(), Box<dyn Error>> {
    let text = match std::env::args().nth(1) {
        Some(path) => label_sets(std::fs::File::open(path)?)?,
        None => label_sets(VOTES.as_bytes())?,
    };
    print!("{text}");
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn four_raters_of_whom_one_guesses() {
        let text = super::label_sets(super::VOTES.as_bytes());
        assert_eq!(
            text.unwrap_or_else(|error| error.to_string()),
            "cat.jpg: 281 (1.00)\ndesk.jpg: 526 (1.00), 620 (1.00)\nsky.jpg: nothing of what was asked\n"
        );
    }
}
