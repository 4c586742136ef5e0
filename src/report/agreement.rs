//! Agreement by whatever questions have in common.

use std::collections::HashMap;

use super::figures::Group;
use crate::consensus::VoteTable;
use crate::consensus::agreement::{Figure, Measure, figures_by_group};
use crate::consensus::interval::Bootstrap;
use crate::domain::ClassIndex;

impl Group {
    /// What one measure says.
    pub fn figure(&self, measure: Measure) -> Option<&Figure> {
        let mut figures = self.figures.iter();
        figures.find(|figure| figure.measure == measure)
    }
}

/// Figures of the questions that share a name, those with the most questions first; `done` hears of how many more questions they are there.
pub fn groups(
    votes: &VoteTable,
    name: impl Fn(ClassIndex) -> String,
    bootstrap: Option<&Bootstrap>,
    done: impl Fn(usize) + Sync,
) -> Vec<Group> {
    let mut names: Vec<String> = Vec::new();
    let mut known = HashMap::new();
    let mut questions: Vec<usize> = Vec::new();
    let groups: Vec<Option<u32>> = votes
        .questions()
        .iter()
        .enumerate()
        .map(|(question, key)| {
            let group = *known.entry(name(key.class)).or_insert_with_key(|name| {
                names.push(name.clone());
                questions.push(0);
                names.len() - 1
            });
            if votes.counts(question).total() > 0
                && let Some(count) = questions.get_mut(group)
            {
                *count += 1;
            }
            u32::try_from(group).ok()
        })
        .collect();
    let all = figures_by_group(votes, &groups, names.len(), bootstrap, done);
    let mut reports: Vec<Group> = names
        .into_iter()
        .zip(questions)
        .zip(all)
        .filter(|((_, questions), _)| *questions > 0)
        .map(|((name, questions), figures)| Group {
            name,
            questions,
            figures,
        })
        .collect();
    reports.sort_by_key(|group| std::cmp::Reverse(group.questions));
    reports
}
