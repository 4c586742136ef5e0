use proptest::prelude::*;

use super::*;

fn on(_: u64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Every subset, one by one, as the definition says it.
fn naive(n_models: usize, gold: &[GoldProposal], min_recall: f64) -> Option<Subset> {
    let positives = gold.iter().filter(|question| question.positive).count();
    let mut best: Option<(f64, usize, usize, Vec<usize>, Subset)> = None;
    for models in 1_u64..1 << n_models {
        let proposed = gold.iter().filter(|q| q.always || q.models & models != 0);
        let proposals = proposed.clone().count();
        let tp = proposed.filter(|q| q.positive).count();
        if proposals == 0 || (tp as f64 / positives as f64) < min_recall {
            continue;
        }
        let names: Vec<usize> = (0..n_models).filter(|bit| models >> bit & 1 == 1).collect();
        let subset = Subset {
            models,
            true_positives: tp as u32,
            proposals: proposals as u32,
        };
        let found = (tp as f64 / proposals as f64, tp, names.len(), names, subset);
        let better = best.as_ref().is_none_or(|best| {
            (found.0, found.1) > (best.0, best.1)
                || (found.0, found.1) == (best.0, best.1) && (found.2, &found.3) < (best.2, &best.3)
        });
        if better {
            best = Some(found);
        }
    }
    best.map(|best| best.4)
}

fn gold() -> impl Strategy<Value = (usize, Vec<GoldProposal>)> {
    (1..=8_usize).prop_flat_map(|n_models| {
        let question = (
            0..1_u64 << n_models,
            prop::bool::weighted(0.1),
            any::<bool>(),
        );
        let questions = prop::collection::vec(question, 1..40).prop_map(|questions| {
            let question = |(models, always, positive)| GoldProposal {
                models,
                always,
                positive,
            };
            questions.into_iter().map(question).collect()
        });
        (Just(n_models), questions)
    })
}

proptest! {
    #[test]
    fn the_best_subset_is_that_of_trying_each((n_models, gold) in gold(), bound in 0.0..=1.0_f64, block in 1..9_usize) {
        prop_assume!(gold.iter().any(|question| question.positive));
        let search = Search::new(n_models, &gold).unwrap();
        let found = search.run(bound, &on).unwrap();
        prop_assert_eq!(found.best, naive(n_models, &gold, bound));
        prop_assert!(found.exhaustive && found.tried == (1 << n_models) - 1);
        // Blocks and threads change nothing.
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        prop_assert_eq!(search.try_all(block, &on), one.install(|| search.try_all(3, &on)));
        for pair in found.frontier.windows(2) {
            prop_assert!(pair[0].true_positives > pair[1].true_positives);
            prop_assert!(pair[0].precision() < pair[1].precision());
        }
        for subset in found.frontier.iter().chain(&found.each).chain([&found.all]) {
            prop_assert_eq!(*subset, search.subset(subset.models));
        }
    }

    #[test]
    fn best_first_finds_a_subset_that_is_what_it_says((n_models, gold) in gold(), bound in 0.0..=1.0_f64) {
        prop_assume!(gold.iter().any(|question| question.positive));
        let search = Search::new(n_models, &gold).unwrap();
        // So few models are all tried in the end, in whatever order.
        let (frontier, tried) = search.try_best_first(bound, &on).unwrap();
        prop_assert_eq!(tried, (1 << n_models) - 1);
        let best = frontier.best(|tp| search.reaches(tp, bound));
        prop_assert_eq!(best, naive(n_models, &gold, bound));
    }
}

#[test]
fn more_models_than_can_all_be_tried_are_searched_best_first() {
    // Model 0 finds everything and little else; the other 39 add noise.
    let question = |models, positive| GoldProposal {
        models,
        always: false,
        positive,
    };
    let mut gold = vec![question(u64::MAX >> 24, true); 10];
    gold.push(question(1, true));
    gold.extend((1..40).map(|model| question(1 << model, false)));
    let search = Search::new(40, &gold).unwrap();
    let found = search.run(0.97, &on).unwrap();
    assert!(!found.exhaustive);
    assert_eq!(found.best, Some(search.subset(1)));
    assert_eq!(found.best.unwrap().precision(), Some(1.0));
}

#[test]
fn what_cannot_be_searched_and_what_is_broken_off() {
    let one = GoldProposal {
        models: 1,
        always: false,
        positive: false,
    };
    assert_eq!(Search::new(0, &[one]).unwrap_err(), SearchError::NoModels);
    assert_eq!(
        Search::new(3, &[one]).unwrap_err(),
        SearchError::NoPositives
    );
    assert_eq!(
        Search::new(65, &[one]).unwrap_err(),
        SearchError::TooManyModels(65)
    );
    let positive = GoldProposal {
        positive: true,
        ..one
    };
    let missed = GoldProposal {
        models: 0,
        ..positive
    };
    let search = Search::new(1, &[positive, missed]).unwrap();
    let found = search.run(0.97, &on).unwrap();
    assert_eq!((found.best, found.recall(&found.all)), (None, 0.5));
    assert_eq!(search.run(0.5, &|_| ControlFlow::Break(())), None);
}
