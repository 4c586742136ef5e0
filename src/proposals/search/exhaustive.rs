//! All subsets, by blocks that fit into the processor's cache.
//!
//! What a subset does not propose are the questions whose models all lie outside of it: with c the models outside,
//! missed(c) = Σ over combinations m ⊆ c of their questions. That is a sum over subsets, done for all c of a block at once by
//! adding along each bit in turn (Yates 1937), in n/2 additions a subset where trying each question would take hundreds.

use std::ops::ControlFlow;

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::{Frontier, Search, Subset};

/// Models within a block: 2^14 counts of 8 bytes are half of a usual level-2 cache.
pub(super) const BLOCK_BITS: usize = 14;

/// Questions in the low half, positive ones in the high half: both are added at once, and neither overflows, for there
/// are fewer than 2³² questions.
fn pack(questions: u32, positives: u32) -> u64 {
    u64::from(positives) << 32 | u64::from(questions)
}

impl Search {
    /// Looks at every subset. `block_bits` changes nothing but the speed.
    pub(super) fn try_all(
        &self,
        block_bits: usize,
        progress: &(dyn Fn(u64) -> ControlFlow<()> + Sync),
    ) -> Option<Frontier> {
        let low_bits = self.n_models.min(block_bits);
        let blocks = 1_u64 << (self.n_models - low_bits);
        (0..blocks)
            .into_par_iter()
            .try_fold(
                || (Frontier::new(self.positives), Vec::new()),
                |(mut frontier, mut missed), outside| {
                    self.try_block(outside, low_bits, &mut missed, &mut frontier);
                    match progress(1 << low_bits) {
                        ControlFlow::Continue(()) => Some((frontier, missed)),
                        ControlFlow::Break(()) => None,
                    }
                },
            )
            .map(|block| block.map(|(frontier, _)| frontier))
            .try_reduce(
                || Frontier::new(self.positives),
                |one, other| Some(one.merge(&other)),
            )
    }

    /// Subsets without the models `outside` of the high ones, and with all other high ones.
    fn try_block(
        &self,
        outside: u64,
        low_bits: usize,
        missed: &mut Vec<u64>,
        frontier: &mut Frontier,
    ) {
        missed.clear();
        missed.resize(1 << low_bits, 0);
        let low = (1_u64 << low_bits) - 1;
        let (mut questions, mut positives) = self.always;
        for &(models, n_questions, n_positives) in &self.combinations {
            questions += n_questions;
            positives += n_positives;
            if (models >> low_bits) & !outside == 0
                && let Some(count) = missed.get_mut((models & low) as usize)
            {
                *count += pack(n_questions, n_positives);
            }
        }
        for bit in 0..low_bits {
            let step = 1 << bit;
            for pair in missed.chunks_exact_mut(2 * step) {
                let (without, with) = pair.split_at_mut(step);
                for (with, without) in with.iter_mut().zip(without) {
                    *with += *without;
                }
            }
        }
        let all = pack(questions, positives);
        let high = (self.everyone() >> low_bits) & !outside;
        for (low_outside, missed) in (0_u64..).zip(missed.iter()) {
            let proposed = all - missed;
            frontier.offer(Subset {
                models: high << low_bits | (low & !low_outside),
                true_positives: (proposed >> 32) as u32,
                proposals: proposed as u32,
            });
        }
    }
}
