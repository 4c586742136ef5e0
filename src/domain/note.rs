use std::fmt;

/// Key of a flag, a comment or an answer: the same in every copy of the project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoteId {
    /// Key of the sitting that it was made in, below 2⁴⁸.
    pub copy: i64,
    /// Its number there.
    pub sequence: i64,
}

/// Hexadecimal digits of a whole copy's key.
const DIGITS: usize = 12;

/// Fewer digits are never shown, so that what was shown once is seldom cut too short by notes that come later.
const FEWEST: usize = 4;

/// The name of a note in full: `3fa90c11d2e7-2`. Its first part may be cut as long as it fits one note alone.
impl fmt::Display for NoteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0DIGITS$x}-{}", self.copy, self.sequence)
    }
}

impl NoteId {
    /// The name with so many digits of the copy.
    pub fn short(&self, digits: usize) -> String {
        let copy = format!("{:0DIGITS$x}", self.copy);
        let copy = copy.get(..digits).unwrap_or(&copy);
        format!("{copy}-{}", self.sequence)
    }

    /// The digits that tell these notes apart.
    pub fn digits(notes: &[NoteId]) -> usize {
        let mut copies: Vec<i64> = notes.iter().map(|note| note.copy).collect();
        copies.sort_unstable();
        copies.dedup();
        let differ = |digits: usize| {
            let cut = |copy: &i64| copy >> (4 * (DIGITS - digits));
            copies.windows(2).all(|pair| match pair {
                [one, other] => cut(one) != cut(other),
                _ => true,
            })
        };
        let mut enough = FEWEST..DIGITS;
        enough.find(|digits| differ(*digits)).unwrap_or(DIGITS)
    }

    /// The note that a name means, whole or cut.
    ///
    /// # Errors
    /// None, or more than one, answers to it.
    pub fn find(name: &str, notes: &[NoteId]) -> Result<NoteId, FindNoteError> {
        let unknown = || FindNoteError::Unknown(name.to_owned());
        let (copy, sequence) = name.trim().split_once('-').ok_or_else(unknown)?;
        let sequence: i64 = sequence.parse().map_err(|_| unknown())?;
        let copy = copy.to_ascii_lowercase();
        if copy.is_empty() {
            return Err(unknown());
        }
        let mut found = notes.iter().filter(|note| {
            note.sequence == sequence && format!("{:0DIGITS$x}", note.copy).starts_with(&copy)
        });
        match (found.next(), found.next()) {
            (Some(note), None) => Ok(*note),
            (Some(_), Some(_)) => Err(FindNoteError::Several(name.to_owned())),
            (None, _) => Err(unknown()),
        }
    }
}

/// Why a text does not name a note.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FindNoteError {
    /// No note has this name.
    #[error("there is no note {0:?}")]
    Unknown(String),
    /// The name is cut too short.
    #[error("several notes answer to {0:?}: give more of its digits")]
    Several(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(copy: i64, sequence: i64) -> NoteId {
        NoteId { copy, sequence }
    }

    #[test]
    fn names_are_cut_as_far_as_copies_differ_and_found_again() {
        let notes = [
            note(0x3fa9_0c11_d2e7, 1),
            note(0x3fa9_0c11_d2e7, 12),
            note(0x3fa9_0d00_0000, 1),
            note(0x1, 1),
        ];
        let digits = NoteId::digits(&notes);
        assert_eq!(digits, 6);
        let names = notes.map(|note| note.short(digits));
        assert_eq!(names, ["3fa90c-1", "3fa90c-12", "3fa90d-1", "000000-1"]);
        for (name, note) in names.iter().zip(notes) {
            assert_eq!(NoteId::find(name, &notes), Ok(note));
            assert_eq!(NoteId::find(&note.to_string(), &notes), Ok(note));
        }
        assert_eq!(NoteId::digits(&notes[..2]), 4);
        assert_eq!(NoteId::find("3FA9-12", &notes), Ok(notes[1]));
        let several = Err(FindNoteError::Several("3fa9-1".to_owned()));
        assert_eq!(NoteId::find("3fa9-1", &notes), several);
        for unknown in ["", "-1", "3fa9", "3fa9-", "3fa9-2", "4-1", "é-1"] {
            let error = Err(FindNoteError::Unknown(unknown.to_owned()));
            assert_eq!(NoteId::find(unknown, &notes), error);
        }
    }
}
