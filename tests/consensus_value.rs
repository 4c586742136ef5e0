//! The value of votes: what holds for any raters and beliefs, that what is expected of a vote is what the vote then does, and
//! that the order by value gets to the label sets of the real votes with fewer of them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "common/real_votes.rs"]
mod real_votes;
#[path = "common/value_replay.rs"]
mod value_replay;

use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use relabel::consensus::recalibrate::recalibrate;
use relabel::consensus::value::{
    Asked, Belief, Channel, LOOK_AHEAD, Pace, ValueOrder, VoteValue, expected_error,
};
use relabel::consensus::{
    CalibratedOptions, DawidSkeneOptions, Evidence, Gold, MajorityOptions, Method, Parameters,
    QuestionKey, RecalibrateOptions, ScoreRule, Truths, VoteTable,
};
use relabel::domain::{Answer, ClassIndex, QuestionId, TaskId};
use value_replay::{By, Replay};

/// Three probabilities that sum to 1.
fn distribution() -> impl Strategy<Value = [f64; 3]> {
    prop::array::uniform3(0.001..1.0f64).prop_map(|parts| {
        let sum: f64 = parts.iter().sum();
        parts.map(|part| part / sum)
    })
}

fn channel() -> impl Strategy<Value = Channel> {
    prop::array::uniform3(distribution()).prop_map(Channel::new)
}

/// One whose truth is no or yes.
fn binary() -> impl Strategy<Value = Channel> {
    prop::array::uniform2(distribution()).prop_map(|[no, yes]| Channel::new([no, no, yes]))
}

fn swapped([no, maybe, yes]: [f64; 3]) -> [f64; 3] {
    [yes, maybe, no]
}

const CLOSE: f64 = 1e-9;

proptest! {
    #[test]
    fn votes_remove_error_and_more_votes_remove_more(
        channel in channel(), belief in distribution(), threshold in 0.01..0.99f64
    ) {
        let value = VoteValue::new(&channel, threshold, LOOK_AHEAD);
        let error = expected_error(&belief, threshold);
        let mut before = 0.0;
        for votes in 1..=LOOK_AHEAD {
            let removed = value.removed(&belief, votes);
            prop_assert!(removed >= before - CLOSE, "{votes} votes: {removed} after {before}");
            prop_assert!(removed <= error + CLOSE);
            // Looking ahead finds at least what one vote does, and never more a vote than there is error.
            prop_assert!(value.of(&belief, votes) >= value.removed(&belief, 1));
            prop_assert!(value.of(&belief, votes) >= value.of(&belief, votes - 1));
            prop_assert!(value.of(&belief, votes) <= error + CLOSE);
            before = removed;
        }
    }

    #[test]
    fn what_is_settled_or_wants_no_vote_is_worth_nothing(
        channel in channel(), belief in distribution(), threshold in 0.01..0.99f64
    ) {
        let value = VoteValue::new(&channel, threshold, LOOK_AHEAD);
        prop_assert_eq!(value.of(&belief, 0), 0.0);
        for settled in [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]] {
            prop_assert_eq!(value.of(&settled, 5), 0.0);
        }
        let knows_nothing = Channel::new([*channel.given().first().unwrap(); 3]);
        let value = VoteValue::new(&knows_nothing, threshold, LOOK_AHEAD);
        prop_assert_eq!(value.of(&belief, 5), 0.0);
    }

    #[test]
    fn yes_and_no_change_places_without_a_trace(
        channel in binary(), p in 0.0..1.0f64, threshold in 0.01..0.99f64, votes in 1..6usize
    ) {
        let [no, _, yes] = *channel.given();
        let mirrored = Channel::new([swapped(yes), swapped(yes), swapped(no)]);
        let here = VoteValue::new(&channel, threshold, LOOK_AHEAD).of(&[1.0 - p, 0.0, p], votes);
        let there = VoteValue::new(&mirrored, 1.0 - threshold, LOOK_AHEAD).of(&[p, 0.0, 1.0 - p], votes);
        prop_assert!((here - there).abs() < CLOSE, "{here} {there}");
    }

    #[test]
    fn the_order_kept_up_is_the_order_worked_out_anew(
        channel in binary(), changes in prop::collection::vec((0..24usize, 0.0..1.0f64, 0..6usize, 0..12u8), 1..40)
    ) {
        let value = VoteValue::new(&channel, 0.8, 5);
        let pace = Pace::of([(1, 2_000); 5].into_iter().chain([(4, 5_000); 5]));
        let mut asked: Vec<Option<Asked>> = vec![Some(Asked { belief: [0.8, 0.0, 0.2], votes_left: 5 }); 24];
        let mut taken = [false; 6];
        let mut kept = ValueOrder::new(value.clone(), pace.clone());
        for task in 0..6 {
            kept.push(TaskId(task), (0..4).map(|at| (QuestionId(task * 4 + at), asked[(task * 4 + at) as usize])));
        }
        for (question, p, votes_left, what) in changes {
            match what {
                0 => taken[question / 4] |= kept.take(TaskId(question as i64 / 4)),
                1 => asked[question] = None,
                _ => asked[question] = Some(Asked { belief: [1.0 - p, 0.0, p], votes_left }),
            }
            kept.update(QuestionId(question as i64), asked[question]);
            let worth = |task: usize| {
                let open: Vec<&Asked> = asked[task * 4..task * 4 + 4].iter().flatten().collect();
                let sum: f64 = open.iter().map(|asked| value.of(&asked.belief, asked.votes_left)).sum();
                if open.is_empty() { 0.0 } else { sum / pace.seconds(open.len()) }
            };
            let waiting = (0..6).filter(|task| !taken[*task]);
            let best = waiting.fold(None, |best: Option<usize>, task| match best {
                Some(best) if worth(best) >= worth(task) => Some(best),
                _ => Some(task),
            });
            prop_assert_eq!(kept.best(), best.map(|task| TaskId(task as i64)));
        }
    }
}

/// Raters of many kinds on 80 images with three questions each, with experts on all of them.
struct Made {
    votes: VoteTable,
    experts: VoteTable,
    original: Vec<Option<ClassIndex>>,
}

const RATERS: u32 = 6;

fn made() -> Made {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let keys: Vec<QuestionKey> = (0..240)
        .map(|question| QuestionKey {
            image: question / 3,
            class: ClassIndex(question % 3),
        })
        .collect();
    let mut votes = VoteTable::builder(keys.clone(), RATERS as usize);
    let mut experts = VoteTable::builder(keys, 3);
    for question in 0..240 {
        let truth = random.random_bool(0.3);
        for rater in 0..RATERS {
            let right = random.random_bool(0.55 + 0.07 * f64::from(rater));
            let answer = match (truth == right, random.random_bool(0.15)) {
                (_, true) => Answer::Maybe,
                (true, _) => Answer::Yes,
                (false, _) => Answer::No,
            };
            votes.push(question, rater, answer).unwrap();
        }
        for expert in 0..3 {
            let answer = [Answer::No, Answer::Yes][usize::from(truth)];
            experts.push(question, expert, answer).unwrap();
        }
    }
    Made {
        votes: votes.build().unwrap(),
        experts: experts.build().unwrap(),
        original: (0..80).map(|image| Some(ClassIndex(image % 3))).collect(),
    }
}

#[test]
fn what_is_expected_of_a_vote_is_what_it_then_does_by_every_method() {
    let made = made();
    let evidence = Evidence {
        votes: &made.votes,
        gold: Some(Gold {
            experts: &made.experts,
            raters: &made.votes,
        }),
        original: &made.original,
    };
    let by = |method: Method| method.run(&evidence).unwrap().parameters;
    let ternary = DawidSkeneOptions {
        truths: Truths::Ternary,
        ..DawidSkeneOptions::default()
    };
    let recalibrated = recalibrate(&evidence, &RecalibrateOptions::default()).unwrap();
    let methods = [
        by(Method::Majority(MajorityOptions::default())),
        by(Method::Calibrated(CalibratedOptions::real())),
        by(Method::DawidSkene(DawidSkeneOptions::default())),
        by(Method::DawidSkene(ternary)),
        Parameters::Recalibrated(Box::new(recalibrated.model)),
    ];
    for (method, parameters) in methods.iter().enumerate() {
        let rule = ScoreRule::new(parameters);
        for question in (0..240).step_by(11) {
            let mut standing = rule.start(evidence.votes.questions()[question], None);
            // The last one nobody has met.
            for rater in (0..RATERS).chain([99]) {
                let channel = Channel::of_rater(parameters, rater);
                let now = rule.belief(&standing);
                let mut expected: Belief = [0.0; 3];
                for answer in Answer::ALL {
                    let given = channel
                        .given()
                        .map(|given| given[usize::from(answer.code())]);
                    let probability: f64 = now.iter().zip(given).map(|(p, given)| p * given).sum();
                    let mut after = standing;
                    rule.add(&mut after, rater, answer);
                    let after = rule.belief(&after);
                    for truth in 0..3 {
                        expected[truth] += probability * after[truth];
                    }
                }
                for truth in 0..3 {
                    let (now, expected) = (now[truth], expected[truth]);
                    assert!(
                        (now - expected).abs() < CLOSE,
                        "{method} {rater}: {now} {expected}"
                    );
                }
                if let Some(answer) = evidence.votes.answer(question, rater) {
                    rule.add(&mut standing, rater, answer);
                }
            }
        }
    }
}

#[test]
fn the_order_by_value_needs_fewer_of_the_real_votes_for_the_same_labels() {
    let Some(votes) = real_votes::real_votes() else {
        return;
    };
    let evidence = votes.evidence();
    let consensus = Method::Calibrated(CalibratedOptions::real())
        .run(&evidence)
        .unwrap();
    let truth = vec![None; votes.main.n_questions()];
    let images = |image: u32| image.is_multiple_of(40);
    let replay = Replay::new(evidence, &consensus.parameters, truth, images, 1);
    let by_value = replay.run(By::Value(LOOK_AHEAD));
    assert_eq!(by_value.votes(), 22_960);
    for other in [
        By::Plan,
        By::Passes,
        By::Random(1),
        By::Random(2),
        By::Value(1),
    ] {
        let other_course = replay.run(other);
        for share in [0.9, 0.95, 0.98, 0.99, 0.995] {
            let (ours, theirs) = (by_value.votes_for(share), other_course.votes_for(share));
            assert!(
                ours < theirs,
                "{share} by {other:?}: {ours} of {theirs} votes"
            );
        }
    }
    // Two thirds of what random order takes, as on all of them.
    let random = replay.run(By::Random(1));
    let ratio = by_value.votes_for(0.98) as f64 / random.votes_for(0.98) as f64;
    assert!((0.5..0.7).contains(&ratio), "{ratio}");
}
