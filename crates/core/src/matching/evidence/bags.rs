//! Bags of words: weighted by how rare a word is on both sides together, compared through an
//! inverted index, so that only words in common cost anything.

use std::hash::Hash;

use ahash::AHashMap;

use super::matrix::Matrix;
use super::number::small;

/// A text as its words (or three-letter pieces), each as often as it counts.
pub(super) type Bag<K> = Vec<(K, f32)>;

/// The ways to read one column or field; empty where it has nothing of this kind.
pub(super) type Variants<K> = Vec<Bag<K>>;

/// A variant: whose it is, and its words by number.
#[derive(Debug)]
struct Document {
    owner: usize,
    words: Vec<(usize, f32)>,
}

/// Columns and fields as bags of the same words.
#[derive(Debug)]
pub(super) struct Bags {
    columns: (usize, Vec<Document>),
    fields: (usize, Vec<Document>),
    /// Inverse document frequency of each word.
    rarity: Vec<f32>,
}

impl Bags {
    /// Numbers the words and counts in how many variants they stand.
    pub(super) fn new<K: Hash + Eq>(columns: Vec<Variants<K>>, fields: Vec<Variants<K>>) -> Self {
        let mut numbers: AHashMap<K, usize> = AHashMap::default();
        let mut frequency: Vec<usize> = Vec::new();
        let mut read = |side: Vec<Variants<K>>| {
            let owners = side.len();
            let mut documents = Vec::new();
            for (owner, variants) in side.into_iter().enumerate() {
                for bag in variants.into_iter().filter(|bag| !bag.is_empty()) {
                    let mut words: Vec<(usize, f32)> = Vec::with_capacity(bag.len());
                    for (word, count) in bag {
                        let fresh = numbers.len();
                        words.push((*numbers.entry(word).or_insert(fresh), count));
                    }
                    words.sort_by_key(|(word, _)| *word);
                    words.dedup_by(|next, kept| {
                        let same = next.0 == kept.0;
                        if same {
                            kept.1 += next.1;
                        }
                        same
                    });
                    frequency.resize(numbers.len(), 0);
                    for (word, _) in &words {
                        if let Some(count) = frequency.get_mut(*word) {
                            *count += 1;
                        }
                    }
                    documents.push(Document { owner, words });
                }
            }
            (owners, documents)
        };
        let columns = read(columns);
        let fields = read(fields);
        let all = small(columns.1.len() + fields.1.len());
        let rarity = frequency
            .iter()
            .map(|&count| ((1.0 + all) / (1.0 + small(count))).ln() + 1.0)
            .collect();
        Self {
            columns,
            fields,
            rarity,
        }
    }

    fn rare(&self, word: usize) -> f32 {
        self.rarity.get(word).copied().unwrap_or(0.0)
    }

    /// For each word the field variants that have it, with what `weigh` makes of each.
    fn postings(&self, weigh: impl Fn(&Document) -> Vec<f32>) -> Vec<Vec<(usize, f32)>> {
        let mut postings = vec![Vec::new(); self.rarity.len()];
        for (index, document) in self.fields.1.iter().enumerate() {
            for ((word, _), weight) in document.words.iter().zip(weigh(document)) {
                if let Some(list) = postings.get_mut(*word) {
                    list.push((index, weight));
                }
            }
        }
        postings
    }

    /// Weight of each word of a document at length 1 (TF-IDF).
    fn unit(&self, document: &Document) -> Vec<f32> {
        let mut weights: Vec<f32> = document
            .words
            .iter()
            .map(|(word, count)| count * self.rare(*word))
            .collect();
        let length = weights
            .iter()
            .map(|weight| weight * weight)
            .sum::<f32>()
            .sqrt();
        if length > 0.0 {
            for weight in &mut weights {
                *weight /= length;
            }
        }
        weights
    }

    /// Fills the best over all variants; absent where a side has none.
    fn best(&self, mut of_column: impl FnMut(&Document, &mut [f32])) -> Matrix {
        let mut matrix = Matrix::absent(self.columns.0, self.fields.0);
        let mut sums = vec![0.0_f32; self.fields.1.len()];
        for document in &self.columns.1 {
            sums.fill(0.0);
            of_column(document, &mut sums);
            let row = matrix.row_mut(document.owner);
            for (sum, field) in sums.iter().zip(&self.fields.1) {
                if let Some(cell) = row.get_mut(field.owner) {
                    *cell = cell.max(*sum);
                }
            }
        }
        matrix
    }

    /// Cosine of the two bags, the best of all variants.
    pub(super) fn cosine(&self) -> Matrix {
        let postings = self.postings(|document| self.unit(document));
        self.best(|document, sums| {
            for ((word, _), weight) in document.words.iter().zip(self.unit(document)) {
                for (field, other) in postings.get(*word).into_iter().flatten() {
                    if let Some(sum) = sums.get_mut(*field) {
                        *sum += weight * other;
                    }
                }
            }
        })
    }

    /// How much of the column's words stands in the field, and how much of the field's in the
    /// column, by rarity; the best of all variants each.
    pub(super) fn covered(&self) -> (Matrix, Matrix) {
        let postings = self.postings(|document| vec![1.0; document.words.len()]);
        let totals: Vec<f32> = self
            .fields
            .1
            .iter()
            .map(|field| self.total(field))
            .collect();
        let found = |document: &Document, sums: &mut [f32]| {
            for (word, _) in &document.words {
                let rare = self.rare(*word);
                for (field, _) in postings.get(*word).into_iter().flatten() {
                    if let Some(sum) = sums.get_mut(*field) {
                        *sum += rare;
                    }
                }
            }
        };
        let of_column = self.best(|document, sums| {
            found(document, sums);
            let total = self.total(document);
            for sum in sums {
                *sum /= total;
            }
        });
        let of_field = self.best(|document, sums| {
            found(document, sums);
            for (sum, total) in sums.iter_mut().zip(&totals) {
                *sum /= total;
            }
        });
        (of_column, of_field)
    }

    fn total(&self, document: &Document) -> f32 {
        document
            .words
            .iter()
            .map(|(word, _)| self.rare(*word))
            .sum()
    }
}

/// Three-letter pieces of a text with a mark at both ends, each as one number.
pub(super) fn pieces(text: &str) -> Bag<u64> {
    let letters: Vec<u64> = std::iter::once('#')
        .chain(text.chars())
        .chain(['#'])
        .map(|letter| u64::from(u32::from(letter)))
        .collect();
    letters
        .windows(3)
        .map(|window| {
            (
                window.iter().fold(0, |key, letter| (key << 21) | letter),
                1.0,
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bag(words: &str) -> Bag<String> {
        words
            .split_whitespace()
            .map(|word| (word.to_owned(), 1.0))
            .collect()
    }

    #[test]
    fn the_same_words_are_one_and_rare_words_count_more() {
        let columns = vec![vec![bag("customer name")], vec![]];
        let fields = vec![
            vec![bag("customer name")],
            vec![bag("customer city")],
            vec![bag("supplier name"), bag("customer name")],
            vec![bag("customer age")],
        ];
        let bags = Bags::new(columns, fields);
        let cosine = bags.cosine();
        assert!((cosine.get(0, 0) - 1.0).abs() < 1e-6);
        assert!(
            (cosine.get(0, 2) - 1.0).abs() < 1e-6,
            "the best variant counts"
        );
        assert!(cosine.get(0, 1) < 0.5);
        assert!(cosine.get(1, 0).is_nan(), "what is absent is absent");
        let (of_column, of_field) = bags.covered();
        assert!((of_column.get(0, 0) - 1.0).abs() < 1e-6);
        assert!(of_column.get(0, 1) < 0.5 && of_field.get(0, 1) < 0.5);
    }

    #[test]
    fn pieces_tell_the_order_of_letters() {
        assert_eq!(pieces("ab").len(), 2);
        assert_ne!(pieces("abc"), pieces("acb"));
        assert!(pieces("").is_empty());
    }
}
