//! What holds for any votes: the fast programs against plain slow ones, invariances, and inputs
//! at the edge.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use relabel::consensus::agreement::{
    Measure, PairCounts, figures, figures_by_group, pair_interval, rater_figures, rater_pairs,
    tally,
};
use relabel::consensus::calibrated::Quorum;
use relabel::consensus::interval::Bootstrap;
use relabel::consensus::recalibrate::recalibrate;
use relabel::consensus::{
    CalibratedOptions, Consensus, ConsensusError, DawidSkeneOptions, Evidence, Gold, LiveError,
    LiveLabels, MajorityOptions, Method, Note, Parameters, QuestionKey, RecalibrateError,
    RecalibrateOptions, Truths, VoteTable, stop,
};
use relabel::domain::{Answer, ClassIndex};

/// (question, rater) → answer.
type Votes = BTreeMap<(usize, u32), Answer>;

fn keys(n: usize) -> Vec<QuestionKey> {
    (0..n as u32)
        .map(|question| QuestionKey {
            image: question / 3,
            class: ClassIndex(question % 3),
        })
        .collect()
}

fn table(n_questions: usize, n_raters: usize, votes: &Votes) -> VoteTable {
    let mut builder = VoteTable::builder(keys(n_questions), n_raters);
    for (&(question, rater), &answer) in votes {
        builder.push(question, rater, answer).unwrap();
    }
    builder.build().unwrap()
}

fn evidence(votes: &VoteTable) -> Evidence<'_> {
    Evidence {
        votes,
        gold: None,
        original: &[],
    }
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![3 => Just(Answer::No), 1 => Just(Answer::Maybe), 2 => Just(Answer::Yes)]
}

const QUESTIONS: usize = 14;
const RATERS: usize = 5;

fn votes() -> impl Strategy<Value = Votes> {
    prop::collection::btree_map((0..QUESTIONS, 0..RATERS as u32), answer(), 1..60)
}

fn em_options(truths: Truths, max_rounds: usize) -> DawidSkeneOptions {
    DawidSkeneOptions {
        truths,
        max_rounds,
        ..DawidSkeneOptions::default()
    }
}

/// EM as the paper writes it: probabilities multiplied, one vote after the other.
fn slow_em(votes: &Votes, k: usize, rounds: usize) -> (Vec<Vec<f64>>, Vec<f64>) {
    let mut answered: Vec<usize> = votes.keys().map(|key| key.0).collect();
    answered.dedup();
    let on = |q: usize| votes.iter().filter(move |(key, _)| key.0 == q);
    let mut p = vec![vec![0.0; k]; QUESTIONS];
    for &q in &answered {
        let n = on(q).count() as f64;
        for (_, answer) in on(q) {
            match (k, answer) {
                (2, Answer::Maybe) => {
                    p[q][0] += 0.5 / n;
                    p[q][1] += 0.5 / n;
                }
                (2, answer) => p[q][usize::from(answer.code()) / 2] += 1.0 / n,
                (_, answer) => p[q][usize::from(answer.code())] += 1.0 / n,
            }
        }
    }
    let mut likelihoods = Vec::new();
    for _ in 0..rounds {
        let mut prior = vec![0.0; k];
        let mut given = vec![vec![[0.01_f64; 3]; k]; RATERS];
        for &q in &answered {
            for t in 0..k {
                prior[t] += p[q][t] / answered.len() as f64;
                for (&(_, rater), answer) in on(q) {
                    given[rater as usize][t][usize::from(answer.code())] += p[q][t];
                }
            }
        }
        for row in given.iter_mut().flatten() {
            let total: f64 = row.iter().sum();
            row.iter_mut().for_each(|n| *n /= total);
        }
        let mut likelihood = 0.0;
        for &q in &answered {
            for t in 0..k {
                let of_votes =
                    on(q).map(|(key, answer)| given[key.1 as usize][t][usize::from(answer.code())]);
                p[q][t] = prior[t] * of_votes.product::<f64>();
            }
            let total: f64 = p[q].iter().sum();
            likelihood += total.ln();
            p[q].iter_mut().for_each(|p| *p /= total);
        }
        likelihoods.push(likelihood);
    }
    (p, likelihoods)
}

fn assert_sound(votes: &VoteTable, result: &Consensus) {
    let n = votes.n_questions();
    assert_eq!(
        (
            result.scores.len(),
            result.in_set.len(),
            result.disputed.len()
        ),
        (n, n, n)
    );
    assert!(
        result
            .scores
            .iter()
            .all(|score| (0.0..=1.0).contains(score)),
        "{:?}",
        result.scores
    );
    for question in (0..n).filter(|&q| votes.votes_on(q).len() == 0) {
        assert!(!result.disputed[question]);
    }
    // Not-a-number would be written as null, and null is refused as a number.
    let text = serde_json::to_string(&result.parameters).unwrap();
    let _: Parameters = serde_json::from_str(&text).unwrap();
}

proptest! {
    #[test]
    fn dawid_skene_equals_a_slow_program(votes in votes(), ternary: bool) {
        let (truths, k) = if ternary { (Truths::Ternary, 3) } else { (Truths::Binary, 2) };
        let table = table(QUESTIONS, RATERS, &votes);
        let method = Method::DawidSkene(em_options(truths, 12));
        let result = method.run(&evidence(&table)).unwrap();
        assert_sound(&table, &result);
        let Parameters::DawidSkene(fit) = &result.parameters else { unreachable!() };
        let (p, likelihoods) = slow_em(&votes, k, fit.rounds());
        for (question, p) in p.iter().enumerate() {
            if votes.keys().any(|key| key.0 == question) {
                prop_assert!((result.scores[question] - p[k - 1]).abs() < 1e-8);
            }
        }
        for (found, slow) in fit.log_likelihood.iter().zip(&likelihoods) {
            prop_assert!((found - slow).abs() < 1e-8 * slow.abs().max(1.0));
        }
    }

    /// The smoothing of the raters' counts is a prior, so that it is the likelihood with that
    /// prior that EM raises; the likelihood itself may give way by as much as the prior weighs.
    #[test]
    fn the_penalised_likelihood_never_falls(votes in votes()) {
        let table = table(QUESTIONS, RATERS, &votes);
        let mut last = f64::NEG_INFINITY;
        for rounds in 1..25 {
            let method = Method::DawidSkene(em_options(Truths::Binary, rounds));
            let result = method.run(&evidence(&table)).unwrap();
            let Parameters::DawidSkene(fit) = &result.parameters else { unreachable!() };
            let prior: f64 = (fit.raters.iter().flatten().flatten().flatten())
                .map(|p| 0.01 * p.ln())
                .sum();
            let now = fit.log_likelihood.last().unwrap() + prior;
            prop_assert!(now >= last - 1e-9, "{now} after {last}");
            last = now;
        }
    }

    #[test]
    fn the_numbering_of_raters_and_questions_does_not_matter(
        votes in votes(),
        raters in Just((0..RATERS as u32).collect::<Vec<_>>()).prop_shuffle(),
        images in Just((0..6).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        // Images move as a whole, so that the original labels move along.
        let n = 18;
        let moved = |question: usize| images[question / 3] * 3 + question % 3;
        let renumbered: Votes = (votes.iter())
            .map(|(&(q, r), &answer)| ((moved(q), raters[r as usize]), answer))
            .collect();
        let original: Vec<Option<ClassIndex>> = (0..6).map(|i| Some(ClassIndex(i % 3))).collect();
        let mut moved_original = original.clone();
        for (image, label) in original.iter().enumerate() {
            moved_original[images[image]] = *label;
        }
        let (one, other) = (table(n, RATERS, &votes), table(n, RATERS, &renumbered));
        // Rater 0's votes stand in for the experts'.
        let experts = |votes: &Votes, expert: u32| -> VoteTable {
            let of_expert = votes.iter().filter(|(key, _)| key.1 == expert);
            table(n, RATERS, &of_expert.map(|(&key, &answer)| (key, answer)).collect())
        };
        let (gold_one, gold_other) = (experts(&votes, 0), experts(&renumbered, raters[0]));
        let calibrated = CalibratedOptions {
            original_voter: relabel::consensus::calibrated::OriginalVoter::EveryClass,
            ..CalibratedOptions::default()
        };
        for (method, tolerance) in [
            (Method::Majority(MajorityOptions::default()), 0.0),
            (Method::Calibrated(calibrated), 0.0),
            (Method::DawidSkene(em_options(Truths::Binary, 30)), 1e-9),
            (Method::DawidSkene(em_options(Truths::Ternary, 30)), 1e-9),
        ] {
            let run = |votes, experts, original| {
                let gold = Some(Gold { experts, raters: votes });
                method.run(&Evidence { votes, gold, original })
            };
            let a = run(&one, &gold_one, &original);
            let b = run(&other, &gold_other, &moved_original);
            let (a, b) = match (a, b) {
                (Ok(a), Ok(b)) => (a, b),
                (Err(a), Err(b)) => {
                    prop_assert_eq!(a, b);
                    continue;
                }
                _ => return Err(TestCaseError::fail("one is refused, the other is not")),
            };
            for question in 0..n {
                let (a, b) = (a.scores[question], b.scores[moved(question)]);
                prop_assert!((a - b).abs() <= tolerance, "{}: {a} and {b}", method.word());
            }
        }
        for (a, b) in figures(&one, 0..n, None).iter().zip(figures(&other, 0..n, None)) {
            match (a.value, b.value) {
                (Some(a), Some(b)) => prop_assert!((a - b).abs() < 1e-9),
                (a, b) => prop_assert_eq!(a, b),
            }
        }
    }

    #[test]
    fn live_labels_equal_a_full_recount(
        before in votes(),
        changes in prop::collection::vec(
            ((0..QUESTIONS, 0..RATERS as u32), prop::option::of(answer())), 0..40),
        majority: bool,
    ) {
        let start = table(QUESTIONS, RATERS, &before);
        let all_yes: Votes = (0..4).map(|q| ((q, 0), Answer::Yes)).collect();
        let experts = table(QUESTIONS, RATERS, &all_yes);
        let original: Vec<_> = (0..5).map(|i| Some(ClassIndex(i % 3))).collect();
        let gold = Some(Gold { experts: &experts, raters: &start });
        let evidence = Evidence { votes: &start, gold, original: &original };
        let method = if majority {
            Method::Majority(MajorityOptions::default())
        } else {
            Method::Calibrated(CalibratedOptions::real())
        };
        let Ok(result) = method.run(&evidence) else { return Ok(()) };
        let mut live = LiveLabels::new(&evidence, &result.parameters);
        let mut now = before.clone();
        for (key, new) in changes {
            let old = match new {
                Some(answer) => now.insert(key, answer),
                None => now.remove(&key),
            };
            live.apply(key.0, key.1, old, new).unwrap();
        }
        let end = table(QUESTIONS, RATERS, &now);
        let recount = LiveLabels::new(&Evidence { votes: &end, ..evidence }, &result.parameters);
        for question in 0..QUESTIONS {
            prop_assert_eq!(live.score(question), recount.score(question));
            prop_assert_eq!(live.in_set(question), recount.in_set(question));
            prop_assert_eq!(live.is_disputed(question), recount.is_disputed(question));
            prop_assert_eq!(live.counts(question), recount.counts(question));
        }
        if majority {
            let full = method.run(&Evidence { votes: &end, ..evidence }).unwrap();
            for question in 0..QUESTIONS {
                prop_assert_eq!(live.score(question).unwrap(), full.scores[question]);
                prop_assert_eq!(live.in_set(question).unwrap(), full.in_set[question]);
                prop_assert_eq!(live.is_disputed(question).unwrap(), full.disputed[question]);
            }
        }
    }

    #[test]
    fn agreement_equals_counting_pair_by_pair(votes in votes()) {
        let table = table(QUESTIONS, RATERS, &votes);
        let (mut alike, mut all) = (0_u64, 0_u64);
        let mut counts: BTreeMap<(u32, u32), PairCounts> = BTreeMap::new();
        for (&(q, first), a) in &votes {
            for (&(other_q, second), b) in &votes {
                if q == other_q && first != second {
                    all += 1;
                    alike += u64::from(a == b);
                    if first < second {
                        let cell = &mut counts.entry((first, second)).or_default().0;
                        cell[usize::from(a.code())][usize::from(b.code())] += 1;
                    }
                }
            }
        }
        let found = tally(&table, 0..QUESTIONS);
        match Measure::Raw.of(&found) {
            Some(raw) => prop_assert!((raw - alike as f64 / all as f64).abs() < 1e-12),
            None => prop_assert_eq!(all, 0),
        }
        let pairs: BTreeMap<_, _> = (rater_pairs(&table).into_iter())
            .map(|pair| ((pair.first, pair.second), pair.counts))
            .collect();
        prop_assert_eq!(pairs, counts);
        for measure in Measure::ALL {
            if let Some(value) = measure.of(&found) {
                prop_assert!(value.is_finite() && value <= 1.0 + 1e-12);
            }
        }
    }
}

/// Krippendorff (2011), "Computing Krippendorff's alpha-reliability", the example of two observers
/// and ten units with two values.
#[test]
fn the_worked_example_of_krippendorff() {
    let meg = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0];
    let owen = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0];
    let mut votes = Votes::new();
    for (rater, values) in [(0, meg), (1, owen)] {
        for (question, value) in values.into_iter().enumerate() {
            let answer = if value == 1 { Answer::Yes } else { Answer::No };
            votes.insert((question, rater), answer);
        }
    }
    let tally = tally(&table(10, 2, &votes), 0..10);
    let alpha = Measure::AlphaNominal.of(&tally).unwrap();
    assert!((alpha - 0.095).abs() < 5e-4, "{alpha}");
    for same in [
        Measure::AlphaInterval,
        Measure::AlphaYes,
        Measure::AlphaWithoutMaybe,
    ] {
        assert!((same.of(&tally).unwrap() - alpha).abs() < 1e-12);
    }
}

#[test]
fn cohens_kappa_of_a_small_table() {
    // Raw 35 of 50; chance 25/50 · 30/50 + 25/50 · 20/50 = ½.
    let counts = PairCounts([[20, 0, 5], [0, 0, 0], [10, 0, 15]]);
    assert_eq!(counts.raw(), Some(0.7));
    assert!((counts.kappa().unwrap() - 0.4).abs() < 1e-15);
    assert_eq!(PairCounts([[5, 0, 0], [0; 3], [0; 3]]).kappa(), None);
    assert_eq!(PairCounts::default().raw(), None);
}

fn rows(rows: &[&str]) -> VoteTable {
    let mut votes = Votes::new();
    for (question, answers) in rows.iter().enumerate() {
        for (rater, letter) in answers.chars().enumerate() {
            if let Ok(answer) = letter.to_string().parse() {
                votes.insert((question, rater as u32), answer);
            }
        }
    }
    let n_raters = rows.iter().map(|row| row.len()).max().unwrap_or(0);
    table(rows.len(), n_raters, &votes)
}

#[test]
fn majority_counts_a_maybe_half_and_a_tie_out() {
    let votes = rows(&["yyn", "ynm", "mmm", "yym", "nnn", "---", "ynmy"]);
    let result = Method::Majority(MajorityOptions::default())
        .run(&evidence(&votes))
        .unwrap();
    let expected = [2.0 / 3.0, 0.5, 0.5, 5.0 / 6.0, 0.0, 0.5, 0.625];
    assert_eq!(result.scores, expected);
    assert_eq!(
        result.in_set,
        [true, false, false, true, false, false, true]
    );
    assert_eq!(
        result.disputed,
        [true, true, true, false, false, false, false]
    );
    assert_eq!(
        result.notes[0].to_string(),
        "1 question has no vote yet (score 0.500)"
    );
}

#[test]
fn inputs_at_the_edge_give_finite_scores_and_a_note() {
    let expect: &dyn Fn(&Note) -> bool = &|note| matches!(note, Note::NobodySaid { .. });
    let unanswered: &dyn Fn(&Note) -> bool = &|note| matches!(note, Note::Unanswered { .. });
    let one_rater: &dyn Fn(&Note) -> bool = &|note| matches!(note, Note::OneRater { rater: 0 });
    let no_votes: &dyn Fn(&Note) -> bool = &|note| matches!(note, Note::NoVotes);
    for (votes, note) in [
        (rows(&["yyy", "yyy"]), expect),
        (rows(&["nnn", "nnn", "nnm"]), expect),
        (rows(&["mmm"]), expect),
        (rows(&["y"]), one_rater),
        (rows(&["y", "n", "m"]), one_rater),
        (rows(&["yn", "--"]), unanswered),
        (rows(&["--", "--"]), no_votes),
        (rows(&[]), no_votes),
    ] {
        for truths in [Truths::Binary, Truths::Ternary] {
            let method = Method::DawidSkene(em_options(truths, 1000));
            let result = method.run(&evidence(&votes)).unwrap();
            assert_sound(&votes, &result);
            assert!(result.notes.iter().any(note), "{:?}", result.notes);
            let live = LiveLabels::new(&evidence(&votes), &result.parameters);
            for question in 0..votes.n_questions() {
                assert!((live.score(question).unwrap() - result.scores[question]).abs() < 1e-6);
            }
        }
        let majority = Method::Majority(MajorityOptions::default());
        assert_sound(&votes, &majority.run(&evidence(&votes)).unwrap());
        let bootstrap = Bootstrap {
            replicates: 20,
            ..Bootstrap::default()
        };
        for figure in figures(&votes, 0..votes.n_questions(), Some(&bootstrap)) {
            assert!(figure.value.is_none_or(f64::is_finite), "{figure:?}");
        }
        let _ = rater_figures(&votes, None, Quorum::Votes(1), &[]);
    }
}

#[test]
fn the_number_of_threads_does_not_show() {
    let letters = ['n', 'y', 'n', 'm', 'y', 'n', 'n'];
    let questions: Vec<String> = (0..6000_usize)
        .map(|q| {
            (0..4)
                .map(|r| letters[(q * (r + 2) + q / 7 * r) % 7])
                .collect()
        })
        .collect();
    let votes = rows(&questions.iter().map(String::as_str).collect::<Vec<_>>());
    for truths in [Truths::Binary, Truths::Ternary] {
        let method = Method::DawidSkene(em_options(truths, 25));
        let run = || method.run(&evidence(&votes)).unwrap();
        let on = |n| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(n)
                .build()
                .unwrap()
                .install(run)
        };
        assert_eq!(on(1), on(3));
    }
}

#[test]
fn unanimous_votes_are_believed() {
    let votes = rows(&["yyy", "nnn", "yyy", "nnn", "nnn"]);
    let result = Method::DawidSkene(DawidSkeneOptions::default())
        .run(&evidence(&votes))
        .unwrap();
    assert_eq!(result.in_set, [true, false, true, false, false]);
    assert!(result.disputed.iter().all(|disputed| !disputed));
}

#[test]
fn a_rater_who_says_the_opposite_is_turned_round() {
    let pattern = ["yyyn", "nnny"];
    let questions: Vec<&str> = (0..40).map(|at| pattern[usize::from(at % 3 > 0)]).collect();
    let votes = rows(&[questions, vec!["---y", "---n"]].concat());
    let result = Method::DawidSkene(DawidSkeneOptions::default())
        .run(&evidence(&votes))
        .unwrap();
    assert!(
        result.scores[40] < 0.1 && result.scores[41] > 0.9,
        "{:?}",
        &result.scores[40..]
    );
}

/// Two raters, four gold questions, by hand.
#[test]
fn calibrated_by_hand() {
    let votes = rows(&["yn-", "-y-", "--y", "---", "---"]);
    let experts = rows(&["---", "yyn", "nnn", "ynn", "yyy"]);
    let gold_votes = rows(&["---", "yn-", "nn-", "ny-", "yy-"]);
    let experts = Some(Gold {
        experts: &experts,
        raters: &gold_votes,
    });
    let evidence = Evidence {
        votes: &votes,
        gold: experts,
        original: &[],
    };
    let result = Method::Calibrated(CalibratedOptions::default())
        .run(&evidence)
        .unwrap();
    let Parameters::Calibrated(model) = &result.parameters else {
        panic!("another method's parameters");
    };
    // Truth: questions 1 and 4 of four.
    assert_eq!((model.n_gold, model.prior), (4, 0.5));
    assert_eq!(
        model.raters[0],
        Some([[3.0 / 5.0, 0.2, 0.2], [0.2, 0.2, 3.0 / 5.0]])
    );
    assert_eq!(model.raters[1], Some([[0.4, 0.2, 0.4], [0.4, 0.2, 0.4]]));
    assert_eq!(model.raters[2], None);
    // Rater 0's yes is three to one; rater 1 knows nothing; rater 2 is the mean of both.
    let expected = [0.75, 0.5, 0.5 / (0.5 + 0.3), 0.5, 0.5];
    for (found, expected) in result.scores.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-12, "{:?}", result.scores);
    }
    let no_gold = Note::NoGoldVotes { raters: vec![2] };
    assert!(result.notes.contains(&no_gold), "{:?}", result.notes);

    let mut live = LiveLabels::new(&evidence, &result.parameters);
    let stranger = live.apply(3, 99, None, Some(Answer::Yes)).unwrap();
    assert!((stranger - 0.625).abs() < 1e-12);
    assert_eq!(
        live.apply(3, 99, Some(Answer::No), None),
        Err(LiveError::NoSuchVote {
            question: 3,
            answer: Answer::No
        })
    );
    assert_eq!(
        live.apply(9, 0, None, None),
        Err(LiveError::NoSuchQuestion(9))
    );
    let added = live.add_question(keys(1)[0], None);
    assert_eq!((added, live.score(added)), (5, Some(0.5)));
}

#[test]
fn gold_that_is_all_alike_gives_finite_scores_and_a_note() {
    let votes = rows(&["yy", "nn"]);
    let experts = rows(&["nn", "nn"]);
    let gold = Some(Gold {
        experts: &experts,
        raters: &votes,
    });
    let evidence = Evidence {
        votes: &votes,
        gold,
        original: &[],
    };
    let result = Method::Calibrated(CalibratedOptions::default())
        .run(&evidence)
        .unwrap();
    assert_sound(&votes, &result);
    let note = Note::OneSidedGold {
        questions: 2,
        truth: false,
    };
    assert!(result.notes.contains(&note), "{:?}", result.notes);
}

#[test]
fn what_is_missing_is_said() {
    let votes = rows(&["yn", "ny"]);
    let calibrated = Method::Calibrated(CalibratedOptions::default());
    assert_eq!(
        calibrated.run(&evidence(&votes)),
        Err(ConsensusError::NoGold)
    );
    let experts = rows(&["yy", "nn"]);
    let none = rows(&["--", "--"]);
    let with_gold = |experts, raters| Evidence {
        votes: &votes,
        gold: Some(Gold { experts, raters }),
        original: &[],
    };
    let run = |experts, raters| calibrated.run(&with_gold(experts, raters));
    assert_eq!(run(&none, &votes), Err(ConsensusError::NoGold));
    assert_eq!(run(&experts, &none), Err(ConsensusError::NoGoldVotes));
    let longer = rows(&["yy", "nn", "yy"]);
    assert_eq!(
        run(&longer, &votes),
        Err(ConsensusError::DifferentQuestions)
    );
    assert_eq!(
        recalibrate(&with_gold(&experts, &votes), &RecalibrateOptions::default()),
        Err(RecalibrateError::TooLittleGold {
            what: "gold questions",
            found: 2,
            least: 100
        })
    );
    let options = MajorityOptions { threshold: 1.0 };
    let refused = Method::Majority(options).run(&evidence(&votes));
    assert_eq!(refused, Err(ConsensusError::Threshold(1.0)));
}

#[test]
fn auto_says_what_it_chose_and_why() {
    let few = rows(&["y-", "-n"]);
    let choice = Method::auto(&evidence(&few));
    assert_eq!(choice.method.word(), "majority");
    assert_eq!(
        choice.reason,
        "no gold questions, and too few votes to weigh raters: 2 raters with 1.0 votes a question"
    );
    let three = rows(&["yyn", "nnn", "yym"]);
    let choice = Method::auto(&evidence(&three));
    assert_eq!(choice.method.word(), "dawid-skene");
    let gold: Vec<&str> = (0..25)
        .map(|at| if at < 12 { "yyy" } else { "nnn" })
        .collect();
    let gold = rows(&gold);
    let with_gold = Evidence {
        votes: &gold,
        gold: Some(Gold {
            experts: &gold,
            raters: &gold,
        }),
        original: &[],
    };
    let choice = Method::auto(&with_gold);
    assert_eq!(choice.method.word(), "calibrated");
    assert_eq!(
        choice.reason,
        "25 gold questions (12 yes, 13 no) calibrate the raters"
    );
}

#[test]
fn figures_by_group_are_figures_of_the_group() {
    let votes = rows(&["yyn", "nnn", "yym", "nny", "ynn", "yyy"]);
    let bootstrap = Bootstrap {
        replicates: 50,
        level: 0.9,
        seed: 3,
    };
    let groups = [Some(0), Some(1), None, Some(1), Some(0), Some(9)];
    let by_group = figures_by_group(&votes, &groups, 2, Some(&bootstrap), |_| ());
    assert_eq!(by_group[0], figures(&votes, [0, 4], Some(&bootstrap)));
    assert_eq!(by_group[1], figures(&votes, [1, 3], Some(&bootstrap)));
}

#[test]
fn an_interval_of_a_pair_holds_its_kappa() {
    let questions: Vec<&str> = (0..120)
        .map(|at| match at % 10 {
            0..4 => "yy",
            4..8 => "nn",
            8 => "ym",
            _ => "ny",
        })
        .collect();
    let votes = rows(&questions);
    let interval = pair_interval(&votes, 0, 1, &Bootstrap::default()).unwrap();
    let kappa = rater_pairs(&votes)[0].counts.kappa().unwrap();
    assert!(
        interval.low < kappa && kappa < interval.high,
        "{interval:?} {kappa}"
    );
    assert!(interval.high - interval.low < 0.4);
}

#[test]
fn rater_figures_count_gold_and_consensus() {
    let votes = rows(&["yn", "nm", "yy"]);
    let experts = rows(&["y", "n", "-"]);
    let gold = Gold {
        experts: &experts,
        raters: &votes,
    };
    let figures = rater_figures(&votes, Some(gold), Quorum::Votes(1), &[true, false, false]);
    assert_eq!(figures[0].gold_accuracy(), Some(1.0));
    assert_eq!(figures[1].gold_accuracy(), Some(0.25));
    assert_eq!(
        (figures[0].against_consensus, figures[1].against_consensus),
        (1, 2)
    );
    assert_eq!(figures[1].against_share(), Some(1.0));
    assert_eq!(figures[0].gold[1].yes, 1);
}

#[test]
fn a_question_is_settled_outside_the_bounds() {
    assert!(stop::settled(0.049, 0.05) && stop::settled(0.951, 0.05));
    assert!(!stop::settled(0.05, 0.05) && !stop::settled(0.5, 0.05));
    let votes = rows(&["yyyyy", "nnnnn", "ynyny"]);
    let result = Method::DawidSkene(DawidSkeneOptions::default())
        .run(&evidence(&votes))
        .unwrap();
    let replay = stop::replay(&evidence(&votes), &result.parameters, 0.0, 0);
    assert_eq!((replay.used, replay.votes, replay.differing), (15, 15, 0));
    let replay = stop::replay(&evidence(&votes), &result.parameters, 0.4999, 0);
    assert!(replay.used < 15);
}
