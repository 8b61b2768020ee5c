//! Values that are written alike, counted together.
//!
//! A column of many different values has few forms: `12.345,67` and `98.765,43` are both
//! `99.999,99`. Nearly everything that a summary counts of a value is the same for all values of its
//! form, so it is looked at once per form; of the values only the smallest and the largest are kept.
//! Numbers without letters that are written alike are in the order of their texts, or the reverse of
//! it where they are negative: their extremes are among these two.

use std::cmp::Ordering;
use std::hash::Hasher;

use hashbrown::HashTable;
use rustc_hash::FxHasher;

use super::dates;
use super::kinds::KindSet;
use super::numbers;
use super::observed::Observed;
use super::summary::{Look, Summary};
use super::tally::TextTally;
use crate::source::words::{self, few};

/// Values of more bytes have no form.
const LONGEST: usize = 8 * WORDS;

/// Words of eight characters.
const WORDS: usize = 12;

/// A column with more forms is no column of codes or numbers, and its values are taken one by one.
const MOST: usize = 1_024;

/// Numbers of more characters are looked at one by one: they may have too many digits.
const LONGEST_NUMBER: usize = 30;

/// The forms of a column.
#[derive(Debug, Default)]
pub(super) struct Forms {
    slots: Vec<Slot>,
    /// The words of the forms, one form behind another.
    keys: Vec<u64>,
    found: HashTable<u32>,
    /// The one of the value before, which is most likely that of the next one too.
    last: usize,
    /// The form that is looked for, kept so that its words need not be cleared for each value.
    form: Form,
    /// There were too many.
    off: bool,
}

/// One form.
#[derive(Debug)]
struct Slot {
    hash: u64,
    /// Where its words begin among the keys.
    start: usize,
    /// Its characters.
    length: usize,
    rows: u64,
    min: End,
    max: End,
    /// What depends on the value.
    each: Look,
    /// What all values of the form have in common, or only the smallest and the largest can tell.
    once: Look,
}

/// A text, and which one of the column's values it is.
#[derive(Debug)]
struct End {
    text: String,
    at: u64,
}

/// A text with its ASCII digits and letters replaced by what they are: `9`, `a` or `A`, everything else as it
/// is. The first digit stays a zero where it is one, because a zero in front makes a number a code.
#[derive(Debug, Default)]
struct Form {
    /// Eight bytes in each, zeros behind the last one. Words behind the length are of no form.
    words: [u64; WORDS],
    /// In bytes.
    length: usize,
}

impl Form {
    /// Becomes the form of a text; whether it has one, which it has not if it is long. Its words are not to be
    /// read in larger pieces than they were just written in, as moving them would, because the processor would
    /// wait for them.
    #[inline]
    fn take(&mut self, text: &str) -> bool {
        let bytes = text.as_bytes();
        if bytes.len() > LONGEST {
            return false;
        }
        self.length = bytes.len();
        let mut had_digits = false;
        let mut add = |place: &mut u64, word: u64| {
            let (mut kinds, digits) = classes(word);
            if !had_digits && digits != 0 {
                had_digits = true;
                let bit = digits.trailing_zeros() & !7;
                if (word >> bit) & 0xFF == u64::from(b'0') {
                    kinds ^= u64::from(b'9' ^ b'0') << bit;
                }
            }
            *place = kinds;
        };
        let (whole, rest) = bytes.as_chunks::<8>();
        let mut places = self.words.iter_mut();
        for (bytes, place) in whole.iter().zip(&mut places) {
            add(place, u64::from_le_bytes(*bytes));
        }
        if let (false, Some(place)) = (rest.is_empty(), places.next()) {
            let last = match bytes.last_chunk::<8>() {
                // Read with bytes before them, which are shifted out.
                Some(last) => u64::from_le_bytes(*last) >> (8 * (8 - rest.len())),
                None => few(rest),
            };
            add(place, last);
        }
        true
    }

    /// There are few forms, so that it does not matter whether somebody can make them collide.
    fn hash(&self) -> u64 {
        let mut hasher = FxHasher::default();
        for word in self.words() {
            hasher.write_u64(*word);
        }
        hasher.finish()
    }

    fn words(&self) -> &[u64] {
        let words = self.length.div_ceil(8);
        self.words.get(..words).unwrap_or_default()
    }

    /// As a text.
    fn text(&self) -> String {
        let bytes = self.words.iter().flat_map(|word| word.to_le_bytes());
        let bytes: Vec<u8> = bytes.take(self.length).collect();
        // Only ASCII was replaced, by ASCII.
        String::from_utf8(bytes).unwrap_or_default()
    }
}

/// The high bit of each byte of a word.
const HIGH: u64 = repeated(0x80);

const fn repeated(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// The high bit of each byte that is in a range; for bytes of ASCII.
const fn within(word: u64, from: u8, to: u8) -> u64 {
    let at_least = word + repeated(0x80 - from);
    let beyond = word + repeated(0x7F - to);
    at_least & !beyond & HIGH
}

/// The bytes of a word by their kind, and the high bit of each that was a digit. Bytes beyond ASCII stay.
#[inline]
const fn classes(word: u64) -> (u64, u64) {
    let (ascii, beyond) = (word & !HIGH, word & HIGH);
    let digits = within(ascii, b'0', b'9') & !beyond;
    let letters = within(ascii | repeated(b'a' ^ b'A'), b'a', b'z') & !beyond;
    // Digits lose their four lower bits, letters five, so that of these only the case is left; a 9 or an
    // A takes their place.
    let (digit, letter) = (digits >> 7, letters >> 7);
    let lost = ((digits >> 3) - digit) | ((letters >> 2) - letter);
    ((word & !lost) | (digits >> 4) | digit | letter, digits)
}

impl Forms {
    /// Counts a value; returns what is to be looked at of it alone, `None` where that is everything.
    pub(super) fn add(
        &mut self,
        text: &str,
        rows: u64,
        at: u64,
        tally: &mut TextTally,
    ) -> Option<Look> {
        if self.off {
            return None;
        }
        if !self.form.take(text) {
            return None;
        }
        let Some(slot) = self.slot() else {
            return self.add_form((text, rows, at), tally);
        };
        slot.rows += rows;
        if slot.min.compared(text) == Ordering::Less {
            slot.min.replace(text, at);
        }
        if slot.max.compared(text) == Ordering::Greater {
            slot.max.replace(text, at);
        }
        Some(slot.each)
    }

    /// A form that was seen before.
    #[inline]
    fn slot(&mut self) -> Option<&mut Slot> {
        let (slots, keys, form) = (&self.slots, &self.keys, &self.form);
        let words = form.words();
        let is_form = |at: usize| {
            slots.get(at).is_some_and(|slot| {
                let key = keys.get(slot.start..slot.start + words.len());
                // Word by word, see `Form::take`.
                slot.length == form.length
                    && key.is_some_and(|key| key.iter().zip(words).all(|(one, other)| one == other))
            })
        };
        if !is_form(self.last) {
            let found = self.found.find(form.hash(), |at| is_form(*at as usize))?;
            self.last = *found as usize;
        }
        self.slots.get_mut(self.last)
    }

    fn add_form(
        &mut self,
        (text, rows, at): (&str, u64, u64),
        tally: &mut TextTally,
    ) -> Option<Look> {
        // Words of other alphabets are not replaced and have as many forms as there are words: they shall not
        // use up the room.
        let room = if text.is_ascii() { MOST } else { MOST / 2 };
        if self.slots.len() >= room {
            return None;
        }
        let form = &self.form;
        // The first shapes stay: this one has its place from here on.
        tally.see(text);
        let (each, once) = looks(&form.text());
        let start = self.keys.len();
        self.keys.extend_from_slice(form.words());
        let slots = &self.slots;
        let hash_of = |at: &u32| slots.get(*at as usize).map_or(0, |slot| slot.hash);
        let number = u32::try_from(slots.len()).unwrap_or(u32::MAX);
        let hash = form.hash();
        self.found.insert_unique(hash, number, hash_of);
        self.slots.push(Slot {
            hash,
            start,
            length: form.length,
            rows,
            min: End::new(text, at),
            max: End::new(text, at),
            each,
            once,
        });
        Some(each)
    }

    /// Whether there is no room for another form.
    pub(super) fn full(&self) -> bool {
        !self.off && self.slots.len() == MOST
    }

    /// Counts no further forms.
    pub(super) fn close(&mut self) {
        *self = Self {
            off: true,
            ..Self::default()
        };
    }

    /// Adds everything that was counted to a summary.
    pub(super) fn add_to(&self, summary: &mut Summary) {
        for slot in &self.slots {
            let observed = Observed::new(&slot.min.text);
            summary.text.add(observed, slot.rows);
            summary.text.extremes.add(&slot.max.text);
            summary.look(&slot.min.text, slot.rows, slot.min.at, slot.once);
            summary.look(&slot.max.text, 0, slot.max.at, slot.once);
        }
    }
}

impl End {
    fn new(text: &str, at: u64) -> Self {
        Self {
            text: text.to_owned(),
            at,
        }
    }

    /// In the place of the text before; a column in order has a new one in each row.
    fn replace(&mut self, text: &str, at: u64) {
        self.text.clear();
        self.text.push_str(text);
        self.at = at;
    }

    /// How a text of the same form is to it.
    fn compared(&self, text: &str) -> Ordering {
        words::order(text.as_bytes(), self.text.as_bytes())
    }
}

/// What is looked at for each value of a form, and what once for all of them.
fn looks(form: &str) -> (Look, Look) {
    let digits = form.bytes().filter(u8::is_ascii_digit).count();
    let letters = form.bytes().filter(u8::is_ascii_alphabetic).count();
    let zero_in_front = digits < form.len() && form.contains('0');
    // Zero is the same number by every mark; of all others the marks alone tell whether they differ.
    // A currency has its place among those that came first.
    let is_bare = letters == 0 && form.is_ascii() && !form.contains('$');
    let alike = is_bare && form.len() <= LONGEST_NUMBER && !zero_in_front;
    let kinds = KindSet::possible(form);
    let each = Look {
        numbers: digits > 0 && !alike && numbers::is_possible(form),
        dates: dates::is_possible(form),
        kinds: kinds.by_value(),
    };
    let once = Look {
        numbers: digits > 0 && alike,
        dates: false,
        kinds: kinds.by_form(),
    };
    (each, once)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Each value by itself.
    fn plainly(values: &[String]) -> Summary {
        let mut summary = Summary::default();
        for (at, value) in (0..).zip(values) {
            summary.add(Observed::new(value), at % 3 + 1, at);
        }
        summary
    }

    fn by_forms(values: &[String]) -> Summary {
        let (mut summary, mut forms) = (Summary::default(), Forms::default());
        for (at, value) in (0..).zip(values) {
            let rows = at % 3 + 1;
            match forms.add(value, rows, at, &mut summary.text) {
                Some(look) => summary.look(value, rows, at, look),
                None => summary.add(Observed::new(value), rows, at),
            }
        }
        forms.add_to(&mut summary);
        summary
    }

    fn same(values: &[String]) {
        let (forms, plain) = (by_forms(values), plainly(values));
        assert_eq!(format!("{forms:?}"), format!("{plain:?}"));
    }

    #[test]
    fn values_of_one_form_are_looked_at_once() {
        for (text, wanted) in [
            ("12345678-ABCDEFGH-ijkl", Some("99999999-AAAAAAAA-aaaa")),
            ("/:@[`{\u{7f}\0", Some("/:@[`{\u{7f}\0")),
            ("1.234,50", Some("9.999,99")),
            ("0.50", Some("0.99")),
            ("Ort 1030", Some("Aaa 9999")),
            ("Ort 0130", Some("Aaa 0999")),
            ("24165 Köln", Some("99999 Aöaa")),
            ("1.234,50\u{a0}€", Some("9.999,99\u{a0}€")),
            ("", Some("")),
        ] {
            let mut form = Form::default();
            let found = form.take(text).then(|| form.text());
            assert_eq!(found.as_deref(), wanted, "{text}");
        }
        assert!(Form::default().take(&"x".repeat(LONGEST)));
        assert!(!Form::default().take(&"x".repeat(LONGEST + 1)));
    }

    #[test]
    fn a_zero_byte_is_a_character() {
        let mut forms = Forms::default();
        let mut tally = TextTally::default();
        for text in ["a", "a\0", "b", ""] {
            forms.add(text, 1, 1, &mut tally);
        }
        let rows: Vec<u64> = forms.slots.iter().map(|slot| slot.rows).collect();
        assert_eq!(rows, [2, 1, 1]);
    }

    #[test]
    fn words_of_other_alphabets_leave_room() {
        let mut forms = Forms::default();
        let mut tally = TextTally::default();
        for number in 0..=MOST {
            let value = format!("{number:b}").replace('1', "é").replace('0', "à");
            let alone = forms.add(&value, 1, 1, &mut tally);
            assert_eq!(alone.is_none(), number >= MOST / 2, "{number}");
        }
        assert!(!forms.full());
        assert!(forms.add("A-1", 1, 1, &mut tally).is_some());
    }

    #[test]
    fn there_is_a_bound_on_forms() {
        let mut forms = Forms::default();
        let mut tally = TextTally::default();
        for number in 0..=MOST {
            assert_eq!(forms.full(), number == MOST);
            let value = format!("{number:b}").replace('1', "x").replace('0', "-");
            let alone = forms.add(&value, 1, 1, &mut tally);
            assert_eq!(alone.is_none(), number == MOST);
        }
        forms.close();
        assert!(!forms.full());
        assert!(forms.add("x", 1, 1, &mut tally).is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn numbers_are_counted_alike(values in prop::collection::vec(
            "[-+(]?[0-9]{0,3}([.,' ]?[0-9]{3}){0,2}([.,][0-9]{1,3})?([eE][0-9])?[-)]?( ?(EUR|%|[$]|€|kr|Fr[.]|US[$]|Ulm|eE|E|DM))?|(EUR|A[$]|Fr[.]|kr|[$]|Ab) ?-?[0-9]{1,2}([.,][0-9]{1,3})?([eE][0-9])?|[(](EUR|[$]|€)? ?[0-9]{1,3}([.,][0-9]{1,3})? ?(EUR|[$]|€)?[)]", 0..60,
        )) {
            same(&values);
        }

        #[test]
        fn dates_and_times_are_counted_alike(values in prop::collection::vec(
            "[0-3]?[0-9][-./ ][01]?[0-9][-./ ](20)?[0-9]{2}|(19|20)[0-9]{2}-?[01][0-9]-?[0-3][0-9]([T ][0-2][0-9]:[0-5][0-9](:[0-5][0-9])?Z?)?|[0-9]{1,2}( |-)?(May|OCT|March|xyz)( |, )?[0-9]{2,4}|[0-9]?[0-9]:[0-9]{2}|[0-9]{1,3}([.:h][0-9]{2}){0,2}( ?([AaPp][.]?[Mm][.]?|Uhr|kg|E))?", 0..60,
        )) {
            same(&values);
        }

        #[test]
        fn codes_are_counted_alike(values in prop::collection::vec(
            "DE89370400440532013000|GB82WEST12345698765432|EUR|US|USA|DEUTDEFF(XXX)?|[a-c]{1,3}@[a-c]{1,3}[.](de|1)|https?://[a-c]{1,3}/|mailto:a@b[.]de|[+0(]{0,2}[0-9]{2,4}[ /)-]{0,2}[0-9]{3,8}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|ja|nein|[01]|x|true|Y|[A-Z]{2}[0-9]{2} ?[0-9]{4}", 0..60,
        )) {
            same(&values);
        }

        #[test]
        fn what_is_beyond_ascii_is_counted_alike(values in prop::collection::vec(
            "[-\u{2212}]?[0-9]{1,2}([.,' \u{a0}\u{202f}\u{2019}][0-9]{3})?([.,][0-9]{1,2})?[ \u{a0}]?(€|zł|Kč|руб[.]|kr|%|£|Köln|München)?|[€£₹] ?[0-9]{1,3}[.,][0-9]{2}|[0-9]{1,2}[.]? ?(März|août|února|марта|May)[. ]{1,2}(20)?2[0-9]|20[0-9]{2}年1?[0-9]月[0-9]日|[0-9]{5} (Köln|München|Øst|é)|да|нет|Нет|sí|SÍ|não|✓|✗|áno|はい|[äöß]{1,3}@[a-z]{1,3}[.]de|[+]49 [0-9]{3} [0-9]{5}ß?", 0..60,
        )) {
            same(&values);
        }

        #[test]
        fn texts_are_counted_alike(values in prop::collection::vec("[ -~äß]{0,12}", 0..60)) {
            same(&values);
        }
    }
}
