//! An index of short texts by their pieces, so that one text is compared with all at once.
//! Cosine of TF-IDF vectors (Salton and Buckley, 1988), with smoothed document frequencies.

use std::hash::Hash;

use ahash::AHashMap;

/// A text as its pieces, each once with how often it occurs, in the order of first occurrence.
pub(super) type Counted<K> = Vec<(K, f32)>;

/// Texts as bags of pieces.
#[derive(Debug)]
pub(super) struct Index<K> {
    documents: usize,
    pieces: AHashMap<K, Postings>,
}

/// Where a piece stands.
#[derive(Debug)]
struct Postings {
    rarity: f32,
    /// Text, and the share of the piece in its length.
    places: Vec<(u32, f32)>,
}

impl<K: Hash + Eq + Clone> Index<K> {
    /// Indexes texts.
    pub(super) fn of(texts: &[Counted<K>]) -> Self {
        let mut pieces: AHashMap<K, Postings> = AHashMap::default();
        for (number, text) in (0_u32..).zip(texts) {
            for (piece, count) in text {
                let postings = pieces.entry(piece.clone()).or_insert_with(|| Postings {
                    rarity: 0.0,
                    places: Vec::new(),
                });
                postings.places.push((number, *count));
            }
        }
        let documents = texts.len();
        let mut lengths = vec![0.0_f32; documents];
        for postings in pieces.values_mut() {
            postings.rarity = rarity(postings.places.len(), documents);
            for (_, weight) in &mut postings.places {
                *weight *= postings.rarity;
            }
        }
        // Summed in the order of the texts and their pieces, so that no sum depends on a hash.
        for (text, length) in texts.iter().zip(&mut lengths) {
            for (piece, count) in text {
                let rarity = pieces.get(piece).map_or(0.0, |postings| postings.rarity);
                *length += (count * rarity).powi(2);
            }
        }
        for postings in pieces.values_mut() {
            for (number, weight) in &mut postings.places {
                let length = lengths.get(*number as usize).copied().unwrap_or(1.0);
                *weight /= length.sqrt().max(f32::MIN_POSITIVE);
            }
        }
        Self { documents, pieces }
    }

    /// The cosine with each text, 0 where no piece is shared.
    pub(super) fn compare(&self, query: &[(K, f32)]) -> Vec<f32> {
        let mut similar = vec![0.0_f32; self.documents];
        let unseen = rarity(0, self.documents);
        let mut length = 0.0_f32;
        for (piece, count) in query {
            let Some(postings) = self.pieces.get(piece) else {
                length += (count * unseen).powi(2);
                continue;
            };
            let weight = count * postings.rarity;
            length += weight.powi(2);
            for (number, share) in &postings.places {
                if let Some(sum) = similar.get_mut(*number as usize) {
                    *sum += weight * share;
                }
            }
        }
        let length = length.sqrt().max(f32::MIN_POSITIVE);
        for sum in &mut similar {
            *sum /= length;
        }
        similar
    }
}

fn rarity(texts: usize, documents: usize) -> f32 {
    ((1 + documents) as f32 / (1 + texts) as f32).ln() + 1.0
}

/// Counts the pieces of a text.
pub(super) fn counted<K: Hash + Eq + Clone>(text: &[K]) -> Counted<K> {
    let mut places = AHashMap::with_capacity(text.len());
    let mut found: Counted<K> = Vec::with_capacity(text.len());
    for piece in text {
        let place = *places.entry(piece).or_insert(found.len());
        match found.get_mut(place) {
            Some((_, count)) => *count += 1.0,
            None => found.push((piece.clone(), 1.0)),
        }
    }
    found
}

/// Three letters as one number.
pub(super) type Gram = u64;

/// The three-letter pieces of a word, with a blank at both ends.
pub(super) fn grams(word: &str, into: &mut Vec<Gram>) {
    let padded = || [' '].into_iter().chain(word.chars()).chain([' ']);
    let pieces = padded().zip(padded().skip(1)).zip(padded().skip(2));
    into.extend(pieces.map(|((a, b), c)| {
        let [a, b, c] = [a, b, c].map(|letter| u64::from(u32::from(letter)));
        // A character has 21 bits.
        a << 42 | b << 21 | c
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grams_of(text: &str) -> Counted<Gram> {
        let mut found = Vec::new();
        grams(text, &mut found);
        counted(&found)
    }

    #[test]
    fn equal_texts_have_cosine_one_and_others_less() {
        let texts = ["open", "opened", "closed"].map(grams_of);
        let found = Index::of(&texts).compare(&grams_of("open"));
        assert!((found[0] - 1.0).abs() < 1e-5, "{found:?}");
        assert!(found[1] > 0.3 && found[1] < 0.9, "{found:?}");
        assert!(found[2] < 0.1, "{found:?}");
    }

    #[test]
    fn rare_pieces_count_more() {
        let texts = [
            ["county", "kent"],
            ["county", "surrey"],
            ["county", "essex"],
        ];
        let texts = texts.map(|words| counted(&words));
        let found = Index::of(&texts).compare(&counted(&["kent"]));
        let other = Index::of(&texts).compare(&counted(&["county"]));
        assert!(found[0] > other[0]);
    }

    #[test]
    fn a_text_of_one_letter_has_one_piece() {
        assert_eq!(grams_of("m").len(), 1);
        assert_eq!(grams_of("").len(), 0);
    }
}
