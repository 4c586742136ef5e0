//! Rows of predictions, and what looks through them.

/// Values in the width that they are stored in.
#[derive(Debug, Clone, Copy)]
pub enum Values<'a> {
    /// Of float16 or float32.
    F32(&'a [f32]),
    /// Of float64, or of a table.
    F64(&'a [f64]),
}

/// A few rows of a model's predictions, that are looked at together.
#[derive(Debug, Clone, Copy)]
pub struct Stretch<'a> {
    /// Number of the first row.
    pub first: u32,
    /// Values a row.
    pub columns: usize,
    /// The class of each value of the one row that there is, ascending; none: each row has a value for every class, in their order.
    pub classes: Option<&'a [u32]>,
    /// Only rows of this fold count; none: all do.
    pub fold: Option<u32>,
    /// Row by row.
    pub values: Values<'a>,
}

/// Looks through predictions, on many threads.
pub trait Look: Sync {
    /// What rows hold.
    type Found: Send;
    /// What a few rows hold; rows that come later may be looked at before it is kept.
    fn look(&self, stretch: &Stretch<'_>) -> Self::Found;
    /// Keeps what was found in rows behind all former ones (of the same fold).
    fn keep(&mut self, found: Self::Found);
}

/// Two that look at the same rows.
impl<A: Look, B: Look> Look for (A, B) {
    type Found = (A::Found, B::Found);

    fn look(&self, stretch: &Stretch<'_>) -> Self::Found {
        (self.0.look(stretch), self.1.look(stretch))
    }

    fn keep(&mut self, found: Self::Found) {
        self.0.keep(found.0);
        self.1.keep(found.1);
    }
}
