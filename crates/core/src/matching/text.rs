//! Text of names and values in a form that can be compared: case, accents, words, edits.
//! It never looks at what a word means; the lexicon does.

/// Lower case without accents; `ß` is `ss`. Everything else stays as it is.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    for character in text.chars().flat_map(char::to_lowercase) {
        match plain(character) {
            Some(letters) => folded.push_str(letters),
            None if ('\u{300}'..='\u{36f}').contains(&character) => {}
            None => folded.push(character),
        }
    }
    folded
}

/// The plain letters of an accented lower-case one (Latin-1 and the European part of Latin
/// Extended-A).
const fn plain(character: char) -> Option<&'static str> {
    Some(match character {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'č' | 'ĉ' | 'ċ' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => "e",
        'ğ' | 'ģ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'į' | 'ı' => "i",
        'ķ' => "k",
        'ł' | 'ļ' | 'ľ' | 'ĺ' => "l",
        'ñ' | 'ń' | 'ň' | 'ņ' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ő' => "o",
        'œ' => "oe",
        'ŕ' | 'ř' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ß' => "ss",
        'ţ' | 'ť' | 'ț' => "t",
        'þ' => "th",
        'ù' | 'ú' | 'û' | 'ü' | 'ū' | 'ů' | 'ű' | 'ų' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => return None,
    })
}

/// `ae`, `oe` and `ue` as the vowels that they stand for where umlauts cannot be written.
pub(crate) fn undo_digraphs(folded: &str) -> String {
    folded
        .replace("ae", "a")
        .replace("oe", "o")
        .replace("ue", "u")
}

/// An English word in the singular, by its ending alone.
pub(crate) fn singular(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() > 2) {
        return format!("{stem}y");
    }
    let keeps = ["ss", "us", "is"]
        .iter()
        .any(|ending| word.ends_with(ending));
    match word.strip_suffix('s') {
        Some(stem) if stem.len() > 2 && !keeps => stem.to_owned(),
        _ => word.to_owned(),
    }
}

/// What a character is, for cutting a name into tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Upper,
    Lower,
    Digit,
    Other,
}

fn class(character: char) -> Class {
    if character.is_numeric() {
        Class::Digit
    } else if character.is_uppercase() {
        Class::Upper
    } else if character.is_alphabetic() || ('\u{300}'..='\u{36f}').contains(&character) {
        Class::Lower
    } else {
        Class::Other
    }
}

/// Folded tokens: cut at everything that is no letter or digit, between letters and digits, and
/// inside `camelCase` and `XMLName`.
pub(crate) fn tokens(text: &str) -> Vec<String> {
    let mut characters = text.char_indices().peekable();
    let mut found = Vec::new();
    let mut begun = None;
    let mut before = Class::Other;
    while let Some((at, character)) = characters.next() {
        let here = class(character);
        let next = characters.peek().map(|(_, next)| *next);
        let cut = match (before, here) {
            (_, Class::Other) => true,
            (Class::Digit, Class::Upper | Class::Lower)
            | (Class::Upper | Class::Lower, Class::Digit)
            | (Class::Lower, Class::Upper) => true,
            (Class::Upper, Class::Upper) => next.is_some_and(|next| class(next) == Class::Lower),
            (
                Class::Other | Class::Digit | Class::Upper | Class::Lower,
                Class::Upper | Class::Lower | Class::Digit,
            ) => false,
        };
        if cut && let Some(from) = begun.take() {
            found.extend(text.get(from..at).map(fold));
        }
        if here != Class::Other {
            begun = begun.or(Some(at));
        }
        before = here;
    }
    found.extend(begun.and_then(|from| text.get(from..)).map(fold));
    found.retain(|token| !token.is_empty());
    found
}

/// How many characters a text has; most are of plain letters, where this is quicker than to look for
/// where each begins.
pub(crate) fn letters(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.chars().count()
    }
}

/// 1 minus the share of characters that have to be changed to make one text the other.
pub(crate) fn edit_similarity(a: &str, b: &str) -> f64 {
    if a.is_ascii() && b.is_ascii() {
        let (a, b) = (a.as_bytes(), b.as_bytes());
        let distance = bit_distance(a, b).unwrap_or_else(|| distance(a, b));
        return unlike(distance, a.len().max(b.len()));
    }
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    unlike(distance(&a, &b), a.len().max(b.len()))
}

fn unlike(distance: usize, longest: usize) -> f64 {
    if longest == 0 {
        return 1.0;
    }
    1.0 - ratio(distance, longest)
}

/// What two ways to reckon the same share may differ by.
const ROUNDING: f64 = 1e-9;

/// How many letters two texts of plain letters have in common, wherever they stand; nothing for
/// others.
fn letters_in_common(a: &str, b: &str) -> Option<usize> {
    let mut counts = [0_u32; 128];
    for letter in a.bytes() {
        *counts.get_mut(usize::from(letter))? += 1;
    }
    let mut common = 0;
    for letter in b.bytes() {
        let left = counts.get_mut(usize::from(letter))?;
        common += usize::from(*left > 0);
        *left = left.saturating_sub(1);
    }
    Some(common)
}

/// The same if it is at least so much, and else nothing: texts of very different lengths, or with few
/// letters in common, need no closer look.
pub(crate) fn edit_similarity_from(least: f64, a: &str, b: &str) -> Option<f64> {
    let (a_chars, b_chars) = (letters(a), letters(b));
    let (short, long) = (a_chars.min(b_chars), a_chars.max(b_chars));
    let too_far = |alike: usize| long > 0 && ratio(alike, long) + ROUNDING < least;
    if too_far(short) || letters_in_common(a, b).is_some_and(too_far) {
        return None;
    }
    Some(edit_similarity(a, b)).filter(|found| *found >= least)
}

/// Levenshtein's distance with a column of the table in two machine words (Myers 1999, as Hyyrö 2003 has it
/// for the distance of two whole texts); nothing for a text that does not fit in one.
fn bit_distance(a: &[u8], b: &[u8]) -> Option<usize> {
    if a.is_empty() || a.len() > 64 {
        return None;
    }
    let mut places = [0_u64; 128];
    for (bit, letter) in a.iter().enumerate() {
        *places.get_mut(usize::from(*letter))? |= 1 << bit;
    }
    let last = 1_u64 << (a.len() - 1);
    let (mut more, mut less) = (u64::MAX, 0_u64);
    let mut distance = a.len();
    for letter in b {
        let same = *places.get(usize::from(*letter))?;
        let diagonal = ((same & more).wrapping_add(more) ^ more) | same | less;
        let mut up = less | !(diagonal | more);
        let mut down = more & diagonal;
        distance += usize::from(up & last != 0);
        distance -= usize::from(down & last != 0);
        up = (up << 1) | 1;
        down <<= 1;
        more = down | !(diagonal | up);
        less = up & diagonal;
    }
    Some(distance)
}

/// Levenshtein's distance, one row at a time.
fn distance<T: PartialEq>(a: &[T], b: &[T]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let (mut diagonal, mut left) = (i, i + 1);
        let mut cells = row.iter_mut();
        if let Some(first) = cells.next() {
            *first = left;
        }
        for (y, cell) in b.iter().zip(cells) {
            let above = *cell;
            let cost = (diagonal + usize::from(x != y))
                .min(above + 1)
                .min(left + 1);
            diagonal = above;
            left = cost;
            *cell = cost;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// The same as [`trigram_similarity`] if it is at least so much, and else nothing.
pub(crate) fn trigram_similarity_from(least: f64, a: &str, b: &str) -> Option<f64> {
    let (a_grams, b_grams) = (letters(a), letters(b));
    let too_far = |alike: usize| 2.0 * ratio(alike, a_grams + b_grams) + ROUNDING < least;
    // Pieces in common have their middle letters in common.
    if too_far(a_grams.min(b_grams)) || letters_in_common(a, b).is_some_and(too_far) {
        return None;
    }
    Some(trigram_similarity(a, b)).filter(|found| *found >= least)
}

/// Dice coefficient of the three-letter pieces of two texts, each with a blank at both ends.
pub(crate) fn trigram_similarity(a: &str, b: &str) -> f64 {
    let (a, b) = (trigrams(a), trigrams(b));
    let total = a.len() + b.len();
    let (mut a, mut b) = (a.into_iter().peekable(), b.into_iter().peekable());
    let mut shared = 0;
    while let (Some(own), Some(other)) = (a.peek(), b.peek()) {
        let order = own.cmp(other);
        shared += usize::from(order.is_eq());
        if order.is_le() {
            a.next();
        }
        if order.is_ge() {
            b.next();
        }
    }
    2.0 * ratio(shared, total)
}

/// The pieces in order, each as often as it occurs.
fn trigrams(text: &str) -> Vec<[char; 3]> {
    let padded = || [' '].into_iter().chain(text.chars()).chain([' ']);
    let pieces = padded().zip(padded().skip(1)).zip(padded().skip(2));
    let mut grams: Vec<[char; 3]> = pieces.map(|((x, y), z)| [x, y, z]).collect();
    grams.sort_unstable();
    grams
}

/// Whether `short` is what is left of `word` when letters are left out, its first one kept.
pub(crate) fn is_subsequence(short: &str, word: &str) -> bool {
    if short.is_empty() || short.chars().next() != word.chars().next() {
        return false;
    }
    let mut rest = word.chars();
    short
        .chars()
        .all(|wanted| rest.any(|letter| letter == wanted))
}

/// A quotient of two counts; 0 for an empty whole.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of characters, far below 2^52"
)]
pub(crate) fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

/// A share of rows; 0 for no rows.
#[expect(
    clippy::cast_precision_loss,
    reason = "shares need no more than 52 bits"
)]
pub(crate) fn share(rows: u64, of: u64) -> f64 {
    if of == 0 {
        0.0
    } else {
        rows as f64 / of as f64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_cut_into_tokens() {
        for (name, expected) in [
            ("bookingDate", "booking date"),
            ("IBANNumber", "iban number"),
            ("Kd-Geschl.", "kd geschl"),
            ("Betrag (EUR)", "betrag eur"),
            ("DrCr", "dr cr"),
            ("S/H", "s h"),
            ("addr2line", "addr 2 line"),
            ("Auftraggeber/Empfänger", "auftraggeber empfanger"),
            ("STRASSE_Größe", "strasse grosse"),
            ("  ", ""),
            ("Empfa\u{308}nger", "empfanger"),
        ] {
            assert_eq!(tokens(name).join(" "), expected, "{name}");
        }
    }

    #[test]
    fn singulars() {
        for (word, expected) in [
            ("amounts", "amount"),
            ("cities", "city"),
            ("address", "address"),
            ("status", "status"),
        ] {
            assert_eq!(singular(word), expected);
        }
    }

    #[test]
    fn similarities_have_known_values() {
        assert!((edit_similarity("kitten", "sitting") - (1.0 - 3.0 / 7.0)).abs() < 1e-12);
        assert!((edit_similarity("", "") - 1.0).abs() < 1e-12);
        assert!((trigram_similarity("amount", "amount") - 1.0).abs() < 1e-12);
        assert!(trigram_similarity("amount", "memo") < 0.2);
        assert!(is_subsequence("amt", "amount"));
        assert!(!is_subsequence("mt", "amount"));
    }

    proptest! {
        #[test]
        fn distances_by_bits_are_those_by_rows(a in "[abc]{1,64}", b in "[abc]{0,70}") {
            let (a, b) = (a.as_bytes(), b.as_bytes());
            prop_assert_eq!(bit_distance(a, b), Some(distance(a, b)));
        }

        #[test]
        fn what_is_too_far_apart_is_left_out_and_nothing_else(
            a in "[abß]{0,9}",
            b in "[abß]{0,9}",
            least in 0.0..=1.0_f64,
        ) {
            let all = |found: f64| Some(found).filter(|found| *found >= least);
            prop_assert_eq!(edit_similarity_from(least, &a, &b), all(edit_similarity(&a, &b)));
            let pieces = trigram_similarity_from(least, &a, &b);
            prop_assert_eq!(pieces, all(trigram_similarity(&a, &b)));
        }

        #[test]
        fn any_text_can_be_cut_and_compared(a in ".{0,20}", b in ".{0,20}") {
            for token in tokens(&a) {
                prop_assert!(!token.is_empty());
                prop_assert_eq!(fold(&token), token.clone());
            }
            let similarity = edit_similarity(&a, &b);
            prop_assert!((0.0..=1.0).contains(&similarity));
            prop_assert!((similarity - edit_similarity(&b, &a)).abs() < 1e-9);
            prop_assert!((0.0..=1.0).contains(&trigram_similarity(&a, &b)));
        }
    }
}
