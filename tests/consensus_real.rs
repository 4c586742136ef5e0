//! Reference values of the real votes, computed with independent programs (numpy, crowd-kit,
//! statsmodels, krippendorff), and the published ReaL scores and label sets.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::OnceLock;

#[path = "common/real_votes.rs"]
mod real_votes;

use real_votes::{folder, image_number, real_votes};
use relabel::consensus::agreement::{Measure, figures, rater_pairs, tally, test_retest};
use relabel::consensus::quality::{expert_level, score_quality};
use relabel::consensus::recalibrate::recalibrate;
use relabel::consensus::{
    CalibratedOptions, Consensus, DawidSkeneOptions, LiveLabels, MajorityOptions, Method,
    Parameters, RecalibrateOptions, Recalibration, Truths, stop,
};
use relabel::domain::Answer;

fn assert_close(found: f64, expected: f64, tolerance: f64) {
    assert!(
        (found - expected).abs() <= tolerance * expected.abs().max(1.0),
        "found {found}, expected {expected}"
    );
}

fn run(method: Method) -> Consensus {
    method.run(&real_votes().unwrap().evidence()).unwrap()
}

fn published() -> Option<&'static Consensus> {
    static RESULT: OnceLock<Consensus> = OnceLock::new();
    real_votes()?;
    Some(RESULT.get_or_init(|| run(Method::Calibrated(CalibratedOptions::real()))))
}

fn binary() -> Option<&'static Consensus> {
    static RESULT: OnceLock<Consensus> = OnceLock::new();
    real_votes()?;
    Some(RESULT.get_or_init(|| run(Method::DawidSkene(DawidSkeneOptions::default()))))
}

fn recalibrated() -> Option<&'static Recalibration> {
    static RESULT: OnceLock<Recalibration> = OnceLock::new();
    let evidence = real_votes()?.evidence();
    Some(RESULT.get_or_init(|| recalibrate(&evidence, &RecalibrateOptions::real()).unwrap()))
}

/// Nowhere below the value before by more than rounding of sums of this size.
fn assert_never_falls(log_likelihood: &[f64]) {
    for pair in log_likelihood.windows(2) {
        assert!(pair[1] >= pair[0] - 1e-8, "{pair:?}");
    }
}

#[test]
fn the_published_scores_and_label_sets_come_out() {
    let Some(result) = published() else { return };
    let votes = real_votes().unwrap();
    let Parameters::Calibrated(model) = &result.parameters else {
        panic!("another method's parameters");
    };
    assert_eq!(model.prior, 0.2185022026431718);
    let original = model.original.unwrap();
    for (found, expected) in original.iter().flatten().zip([
        0.9712574850299401,
        0.0011976047904191617,
        0.027544910179640718,
        0.5588235294117647,
        0.0032679738562091504,
        0.43790849673202614,
    ]) {
        assert_close(*found, expected, 1e-15);
    }
    let mean = [0.90985, 0.04844, 0.04170, 0.32087, 0.16805, 0.51108];
    for (found, expected) in model.mean_rater.iter().flatten().zip(mean) {
        assert_close(*found, expected, 5e-6);
    }

    let questions = votes.main.questions();
    let by_key: std::collections::HashMap<_, _> = questions
        .iter()
        .map(|key| (key.image, key.class.0))
        .zip(&result.scores)
        .collect();
    let folder = folder().unwrap();
    let mut file = csv::Reader::from_path(folder.join("published_scores_sample.csv")).unwrap();
    let (mut worst, mut rows) = (0.0_f64, 0);
    for row in file.deserialize() {
        let (image, label, score): (String, u32, f64) = row.unwrap();
        worst = worst.max((by_key[&(image_number(&image), label)] - score).abs());
        rows += 1;
    }
    assert_eq!(rows, 19_048);
    assert!(worst < 1e-12, "largest difference {worst:e}");

    // An image that was never put to the raters keeps its original label.
    let mut sets: Vec<Option<Vec<u32>>> = vec![None; votes.original.len()];
    for (key, &in_set) in questions.iter().zip(&result.in_set) {
        let set = sets[key.image as usize].get_or_insert_default();
        if in_set {
            set.push(key.class.0);
        }
    }
    let sets: Vec<Vec<u32>> = (sets.into_iter().zip(&votes.original))
        .map(|(set, original)| {
            let mut set = set.unwrap_or_else(|| vec![original.unwrap().0]);
            set.sort_unstable();
            set
        })
        .collect();
    assert_eq!(sets.iter().map(Vec::len).sum::<usize>(), 57_553);
    assert_eq!(sets.iter().filter(|set| set.is_empty()).count(), 3_163);
    let file = std::fs::File::open(folder.join("published_labels_sample.json")).unwrap();
    let published: std::collections::BTreeMap<String, Vec<u32>> =
        serde_json::from_reader(std::io::BufReader::new(file)).unwrap();
    assert_eq!(published.len(), 5_000);
    for (image, set) in published {
        assert_eq!(sets[image_number(&image) as usize], set, "{image}");
    }
}

#[test]
fn agreement_has_its_reference_values() {
    let Some(votes) = real_votes() else { return };
    let main = &votes.main;
    let n = main.n_questions();
    let figures = figures(main, 0..n, None);
    for (measure, expected) in [
        (Measure::Raw, 0.7914009364085596),
        (Measure::Chance, 0.6452326571361104),
        (Measure::Fleiss, 0.4120116527425922),
        (Measure::FleissYes, 0.49333081221473435),
        (Measure::FleissNo, 0.4864850152192017),
        (Measure::AlphaNominal, 0.41201228853626626),
        (Measure::AlphaOrdinal, 0.5172186089019446),
        (Measure::AlphaInterval, 0.5468268130890366),
        (Measure::AlphaWithoutMaybe, 0.5873097546405645),
        (Measure::AlphaYes, 0.4933313600777419),
    ] {
        let figure = figures.iter().find(|figure| figure.measure == measure);
        assert_close(figure.unwrap().value.unwrap(), expected, 1e-12);
    }
    let tally = tally(main, 0..n);
    assert_eq!(
        tally.pairs[0] + tally.pairs[3] + tally.pairs[5],
        2_927_582.0
    );
    assert_eq!(tally.unanimous.iter().sum::<f64>(), 113_157.0);
    assert_eq!(
        (tally.unanimous[0], tally.unanimous[2]),
        (107_087.0, 5_949.0)
    );
    let mut by_yes = [0; 6];
    for question in 0..n {
        by_yes[main.counts(question).yes as usize] += 1;
    }
    assert_eq!(by_yes, [135_768, 19_996, 9_643, 7_007, 6_599, 5_949]);

    let mut voted: Vec<u32> = main.counts_by_rater().iter().map(|c| c.total()).collect();
    voted.sort_unstable();
    assert_eq!((voted[0], voted[42], voted[84]), (6, 3_637, 50_720));

    let again = test_retest(main, &votes.gold);
    assert_eq!((again.total(), again.alike()), (5_497, 4_795));
}

#[test]
fn pairs_of_raters_have_their_reference_values() {
    let Some(votes) = real_votes() else { return };
    let pairs = rater_pairs(&votes.main);
    assert_eq!(pairs.len(), 2_397);
    let enough = pairs.iter().filter(|pair| pair.counts.total() >= 100);
    let mut raw: Vec<f64> = enough.map(|pair| pair.counts.raw().unwrap()).collect();
    raw.sort_unstable_by(f64::total_cmp);
    assert_eq!(raw.len(), 1_317);
    for (found, expected) in [(raw[0], 0.0093), (raw[658], 0.7967), (raw[1316], 0.9307)] {
        assert_close(found, expected, 5e-5);
    }
    let all: u64 = pairs.iter().map(|pair| 2 * pair.counts.total()).sum();
    assert_eq!(all, 3_699_240);
}

#[test]
fn binary_dawid_skene_has_its_reference_values() {
    let Some(result) = binary() else { return };
    let Parameters::DawidSkene(fit) = &result.parameters else {
        panic!("another method's parameters");
    };
    assert_close(fit.log_likelihood[0], -473421.16155193927, 1e-12);
    assert_close(fit.log_likelihood[9], -463889.5519802376, 1e-12);
    assert_close(fit.log_likelihood[126], -463887.0132129171, 1e-12);
    assert_eq!((fit.rounds(), fit.converged), (127, true));
    assert_never_falls(&fit.log_likelihood);
    assert_close(fit.prior[1], 0.20618121787249863, 1e-10);
    assert_eq!(count(&result.scores, 0.5), 37_454);
    assert_eq!(count(&result.scores, 0.8), 33_354);
    assert_close(result.scores.iter().sum(), 38135.690420131854, 1e-10);
}

#[test]
fn ternary_dawid_skene_has_its_reference_values() {
    let options = DawidSkeneOptions {
        truths: Truths::Ternary,
        ..DawidSkeneOptions::default()
    };
    if real_votes().is_none() {
        return;
    }
    let result = run(Method::DawidSkene(options));
    let Parameters::DawidSkene(fit) = &result.parameters else {
        panic!("another method's parameters");
    };
    assert_close(fit.log_likelihood[0], -460471.92747711745, 1e-12);
    assert_close(fit.log_likelihood[9], -451156.79763211485, 1e-12);
    assert_close(fit.log_likelihood[220], -450860.23475550715, 1e-12);
    assert_eq!((fit.rounds(), fit.converged), (221, true));
    assert_never_falls(&fit.log_likelihood);
    let prior = [0.7091932419597555, 0.1869614448117241, 0.10384531322852637];
    for (found, expected) in fit.prior.iter().zip(prior) {
        assert_close(*found, expected, 1e-10);
    }
    assert_eq!(count(&result.scores, 0.5), 18_955);
    assert_eq!(count(&result.scores, 0.8), 15_397);
    assert_close(result.scores.iter().sum(), 19207.436825409943, 1e-10);
}

fn count(scores: &[f64], at_least: f64) -> usize {
    scores.iter().filter(|&&score| score >= at_least).count()
}

/// Share of the gold questions on which the label set has the experts' truth (3 of 5 yes).
fn accuracy(in_set: &[bool]) -> f64 {
    let experts = &real_votes().unwrap().experts;
    let gold = (0..experts.n_questions()).filter(|&q| experts.counts(q).total() > 0);
    let right = gold.map(|q| f64::from(u8::from((experts.counts(q).yes >= 3) == in_set[q])));
    let right: Vec<f64> = right.collect();
    assert_eq!(right.len(), 1_135);
    right.iter().sum::<f64>() / 1_135.0
}

#[test]
fn accuracy_against_the_experts_is_as_measured() {
    let Some(calibrated) = published() else {
        return;
    };
    assert_close(accuracy(&calibrated.in_set), 0.9322, 5e-5);
    let em = binary().unwrap();
    assert_close(accuracy(&em.in_set), 0.9295, 5e-5);
    let votes = &real_votes().unwrap().main;
    let three_yes: Vec<bool> = (0..votes.n_questions())
        .map(|q| votes.counts(q).yes >= 3)
        .collect();
    assert_close(accuracy(&three_yes), 0.8916, 5e-5);
}

#[test]
fn recalibrated_scores_mean_what_they_say() {
    let Some(votes) = real_votes() else { return };
    let result = recalibrated().unwrap();
    assert_eq!(result.gold.len(), 1_135);
    // Weights of scikit-learn 1.9.1, LogisticRegression(C=1), on features computed with numpy.
    let weights = [-0.07616570, 0.4765865, 1.62330418, -0.63347185];
    for (found, expected) in result.model.slopes.iter().zip(weights) {
        assert_close(*found, expected, 1e-6);
    }
    assert_close(result.model.intercept, -0.91041747, 1e-6);
    // Cross-fitted figures depend on the folds: between seeds they spread by 0.001.
    assert_close(result.dawid_skene_quality.accuracy, 0.9295, 5e-5);
    assert_close(result.dawid_skene_quality.log_loss, 0.3651, 5e-5);
    assert_close(result.quality.accuracy, 0.9298, 0.003);
    assert_close(result.quality.log_loss, 0.2054, 0.002);

    let level = expert_level(&votes.experts);
    assert_close(level.share().unwrap(), 0.9423, 5e-5);

    let published = published().unwrap();
    let experts = &votes.experts;
    let scored: Vec<(f64, bool)> = (result.gold.iter())
        .map(|&q| (published.scores[q], experts.counts(q).yes >= 3))
        .collect();
    let quality = score_quality(&scored, 0.8).unwrap();
    assert_close(quality.log_loss, 0.3140, 5e-5);
    assert_close(quality.accuracy, 0.9322, 5e-5);
}

/// One run is known for each bound (used, differing), and of a numpy program over 40 seeds the
/// means and the larger standard deviation of differing.
#[test]
fn asking_until_settled_saves_votes_as_measured() {
    const SEEDS: u64 = 4;
    let Some(result) = published() else { return };
    let evidence = real_votes().unwrap().evidence();
    for (bound, known, mean, deviation) in [
        (0.05, (0.457, 0.0133), (0.458_220, 0.012_897), 0.000_21),
        (0.02, (0.618, 0.0027), (0.617_722, 0.002_845), 0.000_11),
        (0.01, (0.723, 0.0006), (0.723_581, 0.000_553), 0.000_05),
        (0.005, (0.819, 0.00001), (0.818_464, 0.000_016), 0.000_01),
    ] {
        let (mut used, mut differing) = (0.0, 0.0);
        for seed in 0..SEEDS {
            let replay = stop::replay(&evidence, &result.parameters, bound, seed);
            assert_eq!((replay.votes, replay.questions), (924_810, 184_962));
            used += replay.used as f64 / replay.votes as f64 / SEEDS as f64;
            differing += replay.differing as f64 / replay.questions as f64 / SEEDS as f64;
        }
        assert_close(used, mean.0, 0.0006);
        assert_close(used, known.0, 0.0015);
        assert_close(differing, mean.1, 2.5 * deviation);
        assert_close(differing, known.1, 4.0 * deviation);
    }
}

#[test]
fn live_labels_follow_the_votes() {
    let Some(votes) = real_votes() else { return };
    let evidence = votes.evidence();
    let recalibrated = recalibrated().unwrap().clone();
    let gold_images: std::collections::HashSet<u32> = (recalibrated.gold.iter())
        .map(|&q| votes.main.questions()[q].image)
        .collect();
    for (result, tolerance) in [
        (run(Method::Majority(MajorityOptions::default())), 0.0),
        (published().unwrap().clone(), 0.0),
        (binary().unwrap().clone(), 1e-9),
        (recalibrated.consensus(&evidence), 1e-12),
    ] {
        let cross_fitted = matches!(result.parameters, Parameters::Recalibrated(_));
        let mut live = LiveLabels::new(&evidence, &result.parameters);
        let compare = |live: &LiveLabels| {
            for (question, key) in votes.main.questions().iter().enumerate() {
                if cross_fitted && gold_images.contains(&key.image) {
                    continue;
                }
                let score = live.score(question).unwrap();
                assert!(
                    (score - result.scores[question]).abs() <= tolerance,
                    "{score}"
                );
                if tolerance == 0.0 {
                    assert_eq!(live.in_set(question).unwrap(), result.in_set[question]);
                    assert_eq!(
                        live.is_disputed(question).unwrap(),
                        result.disputed[question]
                    );
                }
            }
        };
        compare(&live);
        let changed: Vec<_> = (votes.main.votes_on(7))
            .map(|(rater, answer)| (rater, answer, Answer::Maybe))
            .collect();
        for &(rater, from, to) in &changed {
            live.apply(7, rater, Some(from), Some(to)).unwrap();
        }
        for &(rater, from, to) in changed.iter().rev() {
            live.apply(7, rater, Some(to), Some(from)).unwrap();
        }
        compare(&live);
    }
}
