//! Short texts by words of eight bytes: most values are a few words long, and comparing these takes fewer
//! steps than a call that works for any length.

use std::cmp::Ordering;

/// Up to eight bytes as a word, the first one lowest, zeros behind the last one.
#[inline]
pub(crate) fn few(bytes: &[u8]) -> u64 {
    let length = bytes.len();
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        // Bytes that are in both are the same in both.
        let last = u64::from(u32::from_le_bytes(*last));
        return u64::from(u32::from_le_bytes(*first)) | last << (8 * (length - 4));
    }
    let at = |place: usize| u64::from(bytes.get(place).copied().unwrap_or(0)) << (8 * place);
    at(0) | at(1) | at(2)
}

/// Whether texts are the same.
#[inline]
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && order(one, other) == Ordering::Equal
}

/// The order of two texts of the same length.
#[inline]
pub(crate) fn order(one: &[u8], other: &[u8]) -> Ordering {
    debug_assert_eq!(one.len(), other.len(), "texts of different lengths");
    let ((one, rest), (other, other_rest)) = (one.as_chunks::<8>(), other.as_chunks::<8>());
    for (one, other) in one.iter().zip(other) {
        if one != other {
            return u64::from_be_bytes(*one).cmp(&u64::from_be_bytes(*other));
        }
    }
    few(rest).swap_bytes().cmp(&few(other_rest).swap_bytes())
}

/// A hash that is the same on every machine, its high bits being those that are mixed best. Texts can be found
/// that have the same one.
#[inline]
pub(crate) fn mixed(text: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    let (words, rest) = text.as_chunks::<8>();
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    let step = |hash: u64, word: u64| (hash.rotate_left(23) ^ word).wrapping_mul(FACTOR);
    let hash = words.fold(text.len() as u64, step);
    let hash = step(hash, few(rest));
    (hash ^ (hash >> 32)).wrapping_mul(FACTOR)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn a_few_bytes_are_a_word(bytes in prop::collection::vec(any::<u8>(), 0..=8)) {
            let mut all = [0; 8];
            all[..bytes.len()].copy_from_slice(&bytes);
            prop_assert_eq!(few(&bytes), u64::from_le_bytes(all));
        }

        #[test]
        fn one_more_byte_or_another_is_another_hash(
            bytes in prop::collection::vec(any::<u8>(), 1..40),
            place in any::<prop::sample::Index>(),
        ) {
            let mut other = bytes.clone();
            other[place.index(bytes.len())] ^= 1;
            prop_assert_ne!(mixed(&bytes), mixed(&other));
            other.push(0);
            prop_assert_ne!(mixed(&bytes), mixed(&other));
        }

        #[test]
        fn words_are_in_the_order_of_their_bytes(
            one in prop::collection::vec(0_u8..3, 0..30),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
            length in 0_usize..30,
        ) {
            let mut other = one.clone();
            for (place, byte) in changes {
                if !other.is_empty() {
                    let place = place.index(other.len());
                    other[place] = byte;
                }
            }
            prop_assert_eq!(order(&one, &other), one.cmp(&other));
            prop_assert_eq!(same(&one, &other), one == other);
            other.resize(length, 1);
            prop_assert_eq!(same(&one, &other), one == other);
        }
    }
}
