//! Finding a cycle among the hypernym edges.
#![allow(
    clippy::indexing_slicing,
    reason = "node numbers are positions in the table that is walked"
)]

/// One cycle, if there is any: nodes from child to parent, each once, the smallest first.
///
/// `parents` holds the parents of node i at i. Walks with its own stack, so that no depth of
/// hierarchy is too deep.
pub(super) fn find_cycle(parents: &[Vec<u32>]) -> Option<Vec<u32>> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        OnTheWay,
        Done,
    }
    let mut states = vec![State::New; parents.len()];
    let mut way: Vec<(u32, usize)> = Vec::new();
    for start in (0u32..).take(parents.len()) {
        if states[start as usize] != State::New {
            continue;
        }
        states[start as usize] = State::OnTheWay;
        way.push((start, 0));
        while let Some((node, next)) = way.last_mut() {
            let node = *node;
            let Some(&parent) = parents[node as usize].get(*next) else {
                states[node as usize] = State::Done;
                way.pop();
                continue;
            };
            *next += 1;
            match states[parent as usize] {
                State::New => {
                    states[parent as usize] = State::OnTheWay;
                    way.push((parent, 0));
                }
                State::Done => {}
                State::OnTheWay => {
                    let mut cycle: Vec<u32> = way
                        .iter()
                        .map(|&(node, _)| node)
                        .skip_while(|&node| node != parent)
                        .collect();
                    let smallest = (0..cycle.len()).min_by_key(|&at| cycle[at]).unwrap_or(0);
                    cycle.rotate_left(smallest);
                    return Some(cycle);
                }
            }
        }
    }
    None
}
