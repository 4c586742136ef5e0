//! Reference values of the real votes, computed with independent programs (numpy, crowd-kit,
//! statsmodels, krippendorff), and the published ReaL scores and label sets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

#[path = "common/real_votes.rs"]
mod real_votes;

use real_votes::{folder, image_number, real_votes};
use relabel::consensus::agreement::{Measure, figures, rater_pairs, tally, test_retest};
use relabel::consensus::{
    CalibratedOptions, Consensus, DawidSkeneOptions, MajorityOptions, Method, Parameters, Truths,
};

fn assert_close(found: f64, expected: f64, tolerance: f64) {
    assert!(
        (found - expected).abs() <= tolerance * expected.abs().max(1.0),
        "found {found}, expected {expected}"
    );
}

fn run(method: Method) -> Option<Consensus> {
    Some(method.run(&real_votes()?.evidence()).unwrap())
}

#[test]
fn the_published_scores_and_label_sets_come_out() {
    let Some(result) = run(Method::Calibrated(CalibratedOptions::real())) else {
        return;
    };
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
    let Some(result) = run(Method::DawidSkene(DawidSkeneOptions::default())) else {
        return;
    };
    let Parameters::DawidSkene(fit) = &result.parameters else {
        panic!("another method's parameters");
    };
    assert_close(fit.log_likelihood[0], -473421.16155193927, 1e-12);
    assert_close(fit.log_likelihood[9], -463889.5519802376, 1e-12);
    assert_close(fit.log_likelihood[126], -463887.0132129171, 1e-12);
    assert_eq!((fit.rounds(), fit.converged), (127, true));
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
    let Some(result) = run(Method::DawidSkene(options)) else {
        return;
    };
    let Parameters::DawidSkene(fit) = &result.parameters else {
        panic!("another method's parameters");
    };
    assert_close(fit.log_likelihood[0], -460471.92747711745, 1e-12);
    assert_close(fit.log_likelihood[9], -451156.79763211485, 1e-12);
    assert_close(fit.log_likelihood[220], -450860.23475550715, 1e-12);
    assert_eq!((fit.rounds(), fit.converged), (221, true));
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
    let real = Method::Calibrated(CalibratedOptions::real());
    let Some(calibrated) = run(real) else { return };
    assert_close(accuracy(&calibrated.in_set), 0.9322, 5e-5);
    let em = run(Method::DawidSkene(DawidSkeneOptions::default())).unwrap();
    assert_close(accuracy(&em.in_set), 0.9295, 5e-5);
    let votes = &real_votes().unwrap().main;
    let three_yes: Vec<bool> = (0..votes.n_questions())
        .map(|q| votes.counts(q).yes >= 3)
        .collect();
    assert_close(accuracy(&three_yes), 0.8916, 5e-5);
    let majority = run(Method::Majority(MajorityOptions::default())).unwrap();
    for (name, result) in [
        ("majority", &majority),
        ("calibrated", &calibrated),
        ("em", &em),
    ] {
        let disputed = result.disputed.iter().filter(|&&d| d).count();
        let in_set = result.in_set.iter().filter(|&&d| d).count();
        println!(
            "{name}: {in_set} in sets, {disputed} disputed, accuracy {}",
            accuracy(&result.in_set)
        );
    }
}
