use super::{Store, StoreError};

/// Consecutive numbers of rows made in this copy of the project.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbers {
    /// Key of this copy.
    pub copy: i64,
    /// The first of the numbers.
    pub first: i64,
}

/// A key for what one process writes, from opening the project to closing it: 48 random bits.
///
/// Nothing that a file could bring along makes it, so that no two processes number rows under the same key: not on a
/// machine that was cloned, not in a file that was copied back, not where an inode came to another file.
pub(super) fn draw_copy() -> i64 {
    let random = uuid::Uuid::new_v4().as_u128() >> 80;
    i64::try_from(random).unwrap_or(i64::MAX)
}

impl Store {
    /// Takes `count` sequence numbers of this copy; inside a transaction.
    pub(super) fn take_numbers(&self, count: usize) -> Result<Numbers, StoreError> {
        let first = self
            .connection
            .prepare_cached(
                "INSERT INTO copy (id, next) VALUES (?1, 1 + ?2)
                 ON CONFLICT (id) DO UPDATE SET next = next + ?2 RETURNING next - ?2",
            )?
            .query_row((self.copy, count as i64), |row| row.get(0))?;
        Ok(Numbers {
            copy: self.copy,
            first,
        })
    }
}
