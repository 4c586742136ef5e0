#![no_main]

use relabel::formats::npz::VotesNpz;
use relabel_fuzz::{check_refusal, file};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut votes = match VotesNpz::open(file("votes.npz", bytes)) {
        Ok(votes) => votes,
        Err(error) => return check_refusal(&error),
    };
    let (raters, questions) = (votes.raters.len(), votes.questions.len());
    let (mut last, mut rows) = (None, 0);
    let outcome = votes.each_vote(
        |rater, question, _| {
            assert!(rater < raters && question < questions);
            assert!(
                last < Some((rater, question)),
                "votes come in order, each once"
            );
            last = Some((rater, question));
        },
        || rows += 1,
    );
    match outcome {
        Ok(()) => assert_eq!(rows, raters),
        Err(error) => check_refusal(&error),
    }
});
