//! A token has one way to be written: whatever is done to its text, it is no token any more.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;

/// What somebody on the way might do to a text.
#[derive(Debug, Clone)]
enum Edit {
    Put(Index, char),
    Insert(Index, String),
    Remove(Index, usize),
    Swap(Index, Index),
    Repeat(Index, usize),
    /// What stands behind this place comes from another token of the realm.
    Splice(Index),
    FlipCase(Index),
    Reverse(Index, usize),
}

impl Edit {
    /// Works on characters, so that the outcome is a text.
    fn apply(&self, token: &mut Vec<char>, other: &[char]) {
        let length = token.len();
        if length == 0 {
            return;
        }
        let range = |at: &Index, count: usize| {
            let at = at.index(length);
            at..length.min(at + count)
        };
        match self {
            Self::Put(at, with) => token[at.index(length)] = *with,
            Self::Insert(at, text) => {
                let at = at.index(length + 1);
                token.splice(at..at, text.chars());
            }
            Self::Remove(at, count) => drop(token.drain(range(at, *count))),
            Self::Swap(one, two) => token.swap(one.index(length), two.index(length)),
            Self::Repeat(at, count) => {
                let part = token[range(at, *count)].to_vec();
                let at = at.index(length);
                token.splice(at..at, part);
            }
            Self::Splice(at) => {
                let at = at.index(length);
                token.truncate(at);
                token.extend(other.iter().skip(at));
            }
            Self::FlipCase(at) => {
                let c = &mut token[at.index(length)];
                *c = if c.is_ascii_lowercase() {
                    c.to_ascii_uppercase()
                } else {
                    c.to_ascii_lowercase()
                };
            }
            Self::Reverse(at, count) => token[range(at, *count)].reverse(),
        }
    }
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = any::<Index>;
    let alphabet: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').collect();
    let marks: Vec<char> = "-_+/=. \t\n\r\0%\u{feff}ä．".chars().collect();
    let c = prop_oneof![select(alphabet), select(marks), any::<char>()];
    let text = prop_oneof!["[A-Za-z0-9_=.-]{1,8}", any::<String>()];
    prop_oneof![
        (at(), c).prop_map(|(at, c)| Edit::Put(at, c)),
        (at(), text).prop_map(|(at, text)| Edit::Insert(at, text)),
        (at(), 1..400_usize).prop_map(|(at, count)| Edit::Remove(at, count)),
        (at(), at()).prop_map(|(one, two)| Edit::Swap(one, two)),
        (at(), 1..400_usize).prop_map(|(at, count)| Edit::Repeat(at, count)),
        at().prop_map(Edit::Splice),
        at().prop_map(Edit::FlipCase),
        (at(), 2..400_usize).prop_map(|(at, count)| Edit::Reverse(at, count)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_other_text_is_a_token(edits in prop::collection::vec(edit(), 1..4), is_rsa: bool) {
        let changes = json!({"jti": "another", "sub": "ada"});
        let (token, other) = if is_rsa {
            (base(), realm_token(&json!({}), &changes))
        } else {
            (base_ed(), base())
        };
        let mut changed: Vec<char> = token.chars().collect();
        let other_chars: Vec<char> = other.chars().collect();
        for edit in &edits {
            edit.apply(&mut changed, &other_chars);
        }
        let changed: String = changed.into_iter().collect();
        let is_token = changed == token || changed == other;
        prop_assert_eq!(check(&changed).is_ok(), is_token, "{}", changed);
    }
}

/// No character of a good token can be another.
#[test]
fn every_other_character_is_refused() {
    let (policy, published) = (policy(), published());
    for token in [base(), base_ed()] {
        assert!(verify(&token, &policy, &published, NOW).is_ok());
        for at in 0..token.len() {
            for other in ["A", "Q", "-", "_", ".", "=", " ", ""] {
                if &token[at..=at] == other {
                    continue;
                }
                let changed = format!("{}{other}{}", &token[..at], &token[at + 1..]);
                let result = verify(&changed, &policy, &published, NOW);
                assert!(result.is_err(), "character {at} may be {other:?}");
            }
        }
    }
}
