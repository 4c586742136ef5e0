use super::evidence::{Answered, Evidence, Side, Totals};
use super::exact::hypergeometric;
use super::terms::{Maybe, Terms};
use crate::domain::Answer;

/// An audit as it was planned.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// Labels in each stratum; one stratum where the draw was uniform.
    pub sizes: Vec<usize>,
    /// The stratum and the block of each label drawn, in the order of the draw.
    pub drawn: Vec<(usize, usize)>,
    /// The question put.
    pub terms: Terms,
}

/// What the answers say to the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The error rate is below the tolerance; so much was clear after this many answers.
    Below(usize),
    /// The error rate is at the tolerance or above; clear after this many answers.
    Above(usize),
    /// Nothing yet.
    Open,
}

impl Verdict {
    /// The word for it in figures.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Below(_) => "below",
            Verdict::Above(_) => "above",
            Verdict::Open => "open",
        }
    }
}

/// How far it is to a verdict, should the answers go on as they began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// There is a verdict.
    Settled,
    /// About so many answers more.
    More(usize),
    /// More than the sample has left.
    BeyondSample,
}

/// Answers that count: those before the first gap in the order of the draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Labels looked at.
    pub looked_at: usize,
    /// Of these, wrong.
    pub wrong: usize,
    /// Of these, not to be told.
    pub maybe: usize,
}

impl Counts {
    fn of<'a>(answers: impl IntoIterator<Item = &'a Answer>) -> Counts {
        let mut counts = Counts::default();
        for answer in answers {
            counts.looked_at += 1;
            counts.wrong += usize::from(*answer == Answer::No);
            counts.maybe += usize::from(*answer == Answer::Maybe);
        }
        counts
    }

    /// The exact interval of one look. A half counts as right for its lower end and as wrong for its upper one.
    fn exact(&self, labels: usize, terms: &Terms) -> Totals {
        let (least, most) = match terms.maybe() {
            Maybe::Right => (self.wrong, self.wrong),
            Maybe::Wrong => (self.wrong + self.maybe, self.wrong + self.maybe),
            Maybe::Half => (self.wrong, self.wrong + self.maybe),
        };
        let interval = |k| hypergeometric(k, self.looked_at, labels, terms.alpha());
        Totals {
            low: interval(least).low,
            high: interval(most).high,
        }
    }
}

/// Where an audit stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Labels that are audited.
    pub labels: usize,
    /// Labels drawn.
    pub drawn: usize,
    /// The answers that count.
    pub counts: Counts,
    /// Answers behind a gap, which count once it is filled.
    pub waiting: usize,
    /// The estimated error rate; none without an answer.
    pub rate: Option<f64>,
    /// The confidence sequence: totals of wrong labels that no look has excluded.
    pub totals: Totals,
    /// The exact interval of one look; none where there are several strata.
    pub exact: Option<Totals>,
    /// A p-value, valid however often one looks, of the error rate being at the tolerance or above.
    pub p_unacceptable: f64,
    /// The same of its being below.
    pub p_acceptable: f64,
    /// What follows.
    pub verdict: Verdict,
}

/// Where a stratum stands, looked at by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct StratumStanding {
    /// Labels in the stratum.
    pub labels: usize,
    /// The answers that count.
    pub counts: Counts,
    /// The estimated error rate; none without an answer.
    pub rate: Option<f64>,
    /// The confidence sequence of this stratum alone.
    pub totals: Totals,
    /// The exact interval of one look.
    pub exact: Totals,
}

impl Design {
    /// Labels in all strata.
    pub fn labels(&self) -> usize {
        self.sizes.iter().sum()
    }

    /// The answers before the first gap.
    fn counted<'a>(&self, answers: &'a [Option<Answer>]) -> Vec<&'a Answer> {
        answers.iter().map_while(Option::as_ref).collect()
    }

    fn answered(&self, counted: &[&Answer]) -> Vec<Answered> {
        let answered = |(&(stratum, block), answer): (&(usize, usize), &&Answer)| Answered {
            stratum,
            block,
            wrong: self.terms.maybe().wrong(**answer),
        };
        self.drawn.iter().zip(counted).map(answered).collect()
    }

    /// What these answers, the first in the order of the draw, are evidence of.
    fn evidence(&self, answered: &[Answered]) -> Evidence {
        let block = |at: usize| self.drawn.get(at).map(|(_, block)| block);
        let ends = |at: &usize| *at == 0 || block(*at) != block(*at - 1);
        let complete = (0..=answered.len()).rev().find(ends).unwrap_or(0);
        Evidence::new(&self.sizes, answered, complete, &self.terms)
    }

    /// Where the audit stands with these answers, one for each label drawn, in the order of the draw.
    pub fn standing(&self, answers: &[Option<Answer>]) -> Standing {
        let labels = self.labels();
        let counted = self.counted(answers);
        let counts = Counts::of(counted.iter().copied());
        let answered = self.answered(&counted);
        let evidence = self.evidence(&answered);
        let (verdict, [many, few]) = self.verdict(&evidence);
        Standing {
            labels,
            drawn: self.drawn.len(),
            counts,
            waiting: answers.iter().flatten().count() - counted.len(),
            rate: self.rate(&answered),
            totals: evidence.totals(),
            exact: (self.sizes.len() == 1).then(|| counts.exact(labels, &self.terms)),
            p_unacceptable: many,
            p_acceptable: few,
            verdict,
        }
    }

    /// Whether there is a verdict with these answers: two passes over them, where the standing takes many.
    pub fn is_settled(&self, answers: &[Option<Answer>]) -> bool {
        let answered = self.answered(&self.counted(answers));
        self.verdict(&self.evidence(&answered)).0 != Verdict::Open
    }

    /// The verdict, and the p-values of too many and of few enough.
    fn verdict(&self, evidence: &Evidence) -> (Verdict, [f64; 2]) {
        let bound = self.terms.least_unacceptable(self.labels());
        let part = 1.0 / self.terms.maybe().parts() as f64;
        let many = evidence.against(Side::TooMany, bound);
        let few = evidence.against(Side::TooFew, bound - part);
        // Both at last only where the sequence misses the truth; the first one stands.
        let verdict = match (many.excluded_after, few.excluded_after) {
            (Some(below), Some(above)) if above < below => Verdict::Above(above),
            (Some(below), _) => Verdict::Below(below),
            (None, Some(above)) => Verdict::Above(above),
            (None, None) => Verdict::Open,
        };
        (verdict, [many.p_value(), few.p_value()])
    }

    /// The mean of the strata's rates, weighted by their sizes; strata without an answer are left out.
    fn rate(&self, answered: &[Answered]) -> Option<f64> {
        let mut sums = vec![(0.0, 0.0); self.sizes.len()];
        for answer in answered {
            if let Some((wrong, count)) = sums.get_mut(answer.stratum) {
                *wrong += answer.wrong;
                *count += 1.0;
            }
        }
        let (mut rate, mut weight) = (0.0, 0.0);
        for ((wrong, count), &size) in sums.into_iter().zip(&self.sizes) {
            if count > 0.0 {
                rate += size as f64 * wrong / count;
                weight += size as f64;
            }
        }
        (weight > 0.0).then(|| rate / weight)
    }

    /// Where each stratum stands.
    pub fn strata(&self, answers: &[Option<Answer>]) -> Vec<StratumStanding> {
        let mut of_stratum: Vec<Vec<&Answer>> = vec![Vec::new(); self.sizes.len()];
        for ((stratum, _), answer) in self.drawn.iter().zip(self.counted(answers)) {
            if let Some(own) = of_stratum.get_mut(*stratum) {
                own.push(answer);
            }
        }
        let standing = |(own, &labels): (Vec<&Answer>, &usize)| {
            let counts = Counts::of(own.iter().copied());
            let alone = Design {
                sizes: vec![labels],
                drawn: (0..own.len()).map(|block| (0, block)).collect(),
                terms: self.terms,
            };
            let answered = alone.answered(&own);
            StratumStanding {
                labels,
                counts,
                rate: alone.rate(&answered),
                totals: alone.evidence(&answered).totals(),
                exact: counts.exact(labels, &self.terms),
            }
        };
        of_stratum
            .into_iter()
            .zip(&self.sizes)
            .map(standing)
            .collect()
    }

    /// How far it is to a verdict if labels go on being wrong as often as so far.
    pub fn outlook(&self, answers: &[Option<Answer>]) -> Outlook {
        let counted = self.counted(answers);
        let mut answered = self.answered(&counted);
        let mean: f64 = answered.iter().map(|answer| answer.wrong).sum::<f64>();
        let rate = mean / (answered.len().max(1) as f64);
        let mut owed: f64 = 0.5;
        for &(stratum, block) in self.drawn.iter().skip(counted.len()) {
            owed += rate;
            let wrong = if owed >= 1.0 { 1.0 } else { 0.0 };
            owed -= wrong;
            answered.push(Answered {
                stratum,
                block,
                wrong,
            });
        }
        let evidence = self.evidence(&answered);
        match self.verdict(&evidence).0 {
            Verdict::Open => Outlook::BeyondSample,
            Verdict::Below(after) | Verdict::Above(after) if after > counted.len() => {
                Outlook::More(after - counted.len())
            }
            Verdict::Below(_) | Verdict::Above(_) => Outlook::Settled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn design(sizes: &[usize], drawn: usize, tolerance: f64, maybe: Maybe) -> Design {
        let places = crate::audit::draw(sizes, drawn, 1);
        Design {
            sizes: sizes.to_vec(),
            drawn: places
                .iter()
                .map(|place| (place.stratum, place.block))
                .collect(),
            terms: Terms::new(tolerance, 0.95, maybe).unwrap(),
        }
    }

    #[test]
    fn nothing_is_known_before_the_first_answer() {
        let design = design(&[1000], 100, 0.05, Maybe::Half);
        let standing = design.standing(&[None; 100]);
        assert_eq!(standing.rate, None);
        assert_eq!((standing.totals.low, standing.totals.high), (0.0, 1000.0));
        assert_eq!(standing.verdict, Verdict::Open);
        assert_eq!((standing.p_unacceptable, standing.p_acceptable), (1.0, 1.0));
    }

    #[test]
    fn only_answers_before_the_first_gap_count() {
        let design = design(&[1000], 5, 0.05, Maybe::Wrong);
        let (yes, no, maybe) = (Some(Answer::Yes), Some(Answer::No), Some(Answer::Maybe));
        let standing = design.standing(&[yes, maybe, no, None, no]);
        let counts = Counts {
            looked_at: 3,
            wrong: 1,
            maybe: 1,
        };
        assert_eq!((standing.counts, standing.waiting), (counts, 1));
        assert_eq!(standing.rate, Some(2.0 / 3.0));
        assert!(standing.totals.low >= 2.0 && standing.totals.high <= 999.0);
    }

    #[test]
    fn everything_looked_at_leaves_no_doubt() {
        for sizes in [&[40][..], &[10, 25, 5]] {
            for maybe in [Maybe::Half, Maybe::Wrong, Maybe::Right] {
                let design = design(sizes, 40, 0.1, maybe);
                let mut answers = vec![Some(Answer::Yes); 40];
                answers[3] = Some(Answer::No);
                answers[9] = Some(Answer::Maybe);
                let standing = design.standing(&answers);
                let total = 1.0 + maybe.wrong(Answer::Maybe);
                assert_eq!((standing.totals.low, standing.totals.high), (total, total));
                assert!(matches!(standing.verdict, Verdict::Below(_)));
            }
        }
    }

    #[test]
    fn the_outlook_comes_true_when_answers_go_on_as_they_began() {
        for sizes in [&[50_000][..], &[20_000, 20_000, 10_000]] {
            let design = design(sizes, 2000, 0.05, Maybe::Half);
            let answer = |t: usize| match t % 50 {
                25 => Answer::No,
                _ => Answer::Yes,
            };
            let answers = |t| {
                (0..2000)
                    .map(|i| (i < t).then(|| answer(i)))
                    .collect::<Vec<_>>()
            };
            let Outlook::More(more) = design.outlook(&answers(100)) else {
                panic!("{:?}", design.outlook(&answers(100)));
            };
            // A wrong label comes a little earlier or later.
            let verdict = |t| design.standing(&answers(t)).verdict;
            assert_eq!(verdict(100 + more - 50), Verdict::Open);
            assert!(matches!(verdict(100 + more + 50), Verdict::Below(_)));
            assert_eq!(design.outlook(&answers(100 + more + 50)), Outlook::Settled);
        }
    }

    proptest! {
        /// More answers never widen the interval, and the verdict is what the interval says.
        #[test]
        fn intervals_only_shrink(
            wrong in prop::collection::vec(0u8..3, 1..60),
            half: bool,
            tolerance in 0.02f64..0.6,
        ) {
            let maybe = if half { Maybe::Half } else { Maybe::Wrong };
            let design = design(&[80], wrong.len(), tolerance, maybe);
            let answers: Vec<_> = wrong.iter().map(|code| Answer::from_code(*code)).collect();
            let mut before = (0.0, 80.0);
            for t in 0..=answers.len() {
                let standing = design.standing(&answers[..t]);
                let Totals { low, high } = standing.totals;
                prop_assert!(low >= before.0 && high <= before.1 || low >= before.1, "{:?} {:?}", before, (low, high));
                before = (low, high);
                let bound = design.terms.least_unacceptable(80);
                match standing.verdict {
                    Verdict::Below(_) => prop_assert!(high < bound),
                    Verdict::Above(_) => prop_assert!(low >= bound),
                    Verdict::Open => prop_assert!(low < bound && high >= bound),
                }
            }
        }
    }
}
