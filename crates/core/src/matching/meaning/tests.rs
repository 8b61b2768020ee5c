use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;

fn similarity(a: &str, b: &str) -> f32 {
    cosine(&embed(a).unwrap(), &embed(b).unwrap())
}

#[test]
fn the_files_are_those_that_were_distilled() {
    let expected = include_str!("../../../../../training/checksums.txt");
    let found: String = [
        ("table.bin", include_bytes!("table.bin").as_slice()),
        ("vocab.txt", include_bytes!("vocab.txt").as_slice()),
    ]
    .iter()
    .map(|(name, bytes)| {
        let sum: String = Sha256::digest(bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("{sum}  {name}\n")
    })
    .collect();
    assert_eq!(found, expected);
}

/// Vectors of the same texts by numpy (`training/golden.py`).
#[test]
fn vectors_are_those_of_the_reference() {
    let mut compared = 0;
    for line in include_str!("golden_vectors.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
    {
        let (text, numbers) = line.split_once('\t').unwrap();
        let Vector(found) = embed(text).unwrap();
        let expected: Vec<f32> = numbers
            .split(' ')
            .map(|number| number.parse().unwrap())
            .collect();
        assert_eq!(expected.len(), DIMS, "{text}");
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-4, "{text}");
        }
        compared += 1;
    }
    assert_eq!(compared, 20);
}

#[test]
fn what_means_alike_is_nearer() {
    for (name, near, far) in [
        ("date of birth", "birthday", "invoice total"),
        ("spouse", "wife", "invoice"),
        ("zip", "postal code", "first name"),
        ("salary", "wage", "street"),
        ("supplier", "vendor", "supper"),
        ("town", "city", "down"),
    ] {
        let (near, far) = (similarity(name, near), similarity(name, far));
        assert!(near > far + 0.1, "{name}: {near} {far}");
    }
}

#[test]
fn a_text_without_known_words_has_no_vector() {
    for text in ["", "  ", "\u{301}", "🦀", &"x".repeat(101)] {
        assert_eq!(embed(text), None, "{text}");
    }
    assert!(embed("🦀 amount").is_some());
}

#[test]
fn only_the_first_pieces_count() {
    let first = "amount ".repeat(MOST_PIECES);
    assert_eq!(embed(&format!("{first} birthday")), embed(&first));
}

#[test]
fn a_table_of_another_layout_is_refused() {
    let good = |magic: &[u8; 8], dims: u32, extra: usize| {
        let mut bytes = magic.to_vec();
        bytes.extend(1_u32.to_le_bytes());
        bytes.extend(dims.to_le_bytes());
        bytes.extend(0.5_f32.to_le_bytes());
        bytes.extend(vec![1; DIMS + extra]);
        Table::parse(bytes.leak()).is_some()
    };
    assert!(good(b"AIMVEC01", 256, 0));
    assert!(!good(b"AIMVEC02", 256, 0));
    assert!(!good(b"AIMVEC01", 128, 0));
    assert!(!good(b"AIMVEC01", 256, 1));
    assert!(!good(b"AIMVEC01", 256, DIMS));
    assert!(Table::parse(b"AIMVEC01\x01\0\0").is_none());
}

proptest! {
    #[test]
    fn any_text_has_a_vector_of_length_one_or_none(a in "\\PC{0,40}|.{0,40}", b in ".{0,200}") {
        if let (Some(a), Some(b)) = (embed(&a), embed(&b)) {
            prop_assert!((dot(&a.0, &a.0) - 1.0).abs() < 1e-4);
            prop_assert!((-1.0..=1.0).contains(&cosine(&a, &b)));
            prop_assert_eq!(cosine(&a, &b).to_bits(), cosine(&b, &a).to_bits());
        }
    }
}
