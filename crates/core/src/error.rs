//! What every error of this crate can say about itself, so that each edge (command, REST, page)
//! renders it in its own form without knowing the modules.

/// How an error is to be treated at an edge. Matched without a wildcard, so that a new kind has to
/// be handled everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The input is wrong, and the person can mend it.
    Invalid,
    /// A decision of a person is needed before this can go on.
    Undecided,
    /// Nobody knows who is asking.
    Unauthenticated,
    /// Who is asking may not do that.
    Forbidden,
    /// Something that was named is not there.
    NotFound,
    /// The thing is there already, or changed meanwhile.
    Conflict,
    /// The change was to be made to another state than the present one.
    PreconditionFailed,
    /// A limit was exceeded.
    TooLarge,
    /// A format or a feature that this build does not handle.
    Unsupported,
    /// Too much was asked in too short a time.
    RateLimited,
    /// No space is left.
    NoSpace,
    /// A file or a service could not be reached.
    Unavailable,
    /// Our own fault.
    Internal,
}

/// An error with its kind and, where there is one, a hint that tells how to mend it.
pub trait Explain: std::error::Error {
    /// How an edge treats it.
    fn kind(&self) -> ErrorKind;
    /// One sentence that says what to do about it, without a full stop.
    fn hint(&self) -> Option<String>;
}

/// Up to three of the known names that are nearest to a name that is not known, nearest first, for
/// messages that say what may have been meant. Letter case and `_`, `-`, `.` and blanks do not
/// count. Names that have too little in common are left out, so the list may be empty.
#[must_use]
pub fn nearest_names<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = folded(name);
    let mut near: Vec<(usize, &str)> = known
        .into_iter()
        .filter_map(|candidate| {
            let folded = folded(candidate);
            let distance = edit_distance(&wanted, &folded);
            let longest = wanted.len().max(folded.len());
            let contained = wanted.len().min(folded.len()) >= 3
                && (contains(&wanted, &folded) || contains(&folded, &wanted));
            let near = distance < longest && distance <= (longest / 3).max(1);
            (contained || near || longest == 0).then_some((distance, candidate))
        })
        .collect();
    // The sort is stable: names at the same distance stay in the order in which they are known.
    near.sort_by_key(|(distance, _)| *distance);
    near.truncate(3);
    near.into_iter().map(|(_, candidate)| candidate).collect()
}

/// Longer names are compared by their beginnings, so that hostile ones cost nothing.
const COMPARED_CHARS: usize = 64;

fn folded(name: &str) -> Vec<char> {
    name.chars()
        .filter(|c| !matches!(c, '_' | '-' | '.') && !c.is_whitespace())
        .flat_map(char::to_lowercase)
        .take(COMPARED_CHARS)
        .collect()
}

fn contains(long: &[char], short: &[char]) -> bool {
    long.windows(short.len()).any(|window| window == short)
}

/// Edits (insert, delete, replace, swap of neighbours) between two words, each place edited once.
fn edit_distance(left: &[char], right: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    let mut left_before = None;
    for (row, &l) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        let mut right_before = None;
        for (column, &r) in right.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX);
            let replaced = at(&last, column) + usize::from(l != r);
            let mut best = replaced
                .min(at(&last, column + 1) + 1)
                .min(at(&current, column) + 1);
            if left_before == Some(r) && right_before == Some(l) {
                best = best.min(at(&before, column - 1) + 1);
            }
            current.push(best);
            right_before = Some(r);
        }
        before = std::mem::replace(&mut last, current);
        left_before = Some(l);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distance(left: &str, right: &str) -> usize {
        edit_distance(&folded(left), &folded(right))
    }

    #[test]
    fn distance_counts_edits_and_swaps() {
        assert_eq!(distance("", ""), 0);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("amount", "amuont"), 1);
        assert_eq!(distance("amount", "amont"), 1);
        assert_eq!(distance("Booking_Date", "bookingdate"), 0);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn nearest_are_few_sorted_and_never_far() {
        let known = ["amount", "amounts", "mount", "account", "currency"];
        assert_eq!(
            nearest_names("amuont", known),
            ["amount", "amounts", "mount"]
        );
        assert_eq!(nearest_names("Amount Booked", known), ["amount", "mount"]);
        assert!(nearest_names("zzz", known).is_empty());
        assert!(nearest_names("", known).is_empty());
        assert_eq!(nearest_names("id", ["ID", "is"]), ["ID", "is"]);
    }
}
