//! Values that are written alike, counted together.
//!
//! A column of many different values has few forms: `12.345,67` and `98.765,43` are both
//! `99.999,99`. Nearly everything that a summary counts of a value is the same for all values of its
//! form, so it is looked at once per form; of the values only the smallest and the largest are kept.
//! Numbers without letters that are written alike are in the order of their texts, or the reverse of
//! it where they are negative: their extremes are among these two.

use hashbrown::HashTable;

use super::counter::hash_of;
use super::dates;
use super::kinds::KindSet;
use super::observed::Observed;
use super::summary::{Look, Summary};
use super::tally::TextTally;

/// Values of more bytes have no form.
const LONGEST: usize = 100;

/// A column with more forms is no column of codes or numbers, and its values are taken one by one.
const MOST: usize = 1_024;

/// Numbers of more characters are looked at one by one: they may have too many digits.
const LONGEST_NUMBER: usize = 30;

/// Most letters around a number: a currency's three and an exponent's one.
const LETTERS_OF_NUMBERS: usize = 4;

/// The forms of a column.
#[derive(Debug, Default)]
pub(super) struct Forms {
    slots: Vec<Slot>,
    /// The forms, one behind another.
    keys: Vec<u8>,
    found: HashTable<usize>,
    /// There were too many.
    off: bool,
}

/// One form.
#[derive(Debug)]
struct Slot {
    hash: u64,
    start: usize,
    end: usize,
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
    text: Box<str>,
    at: u64,
}

/// What kind of character a byte is, itself where it is neither digit nor letter.
const fn class(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => b'9',
        b'a'..=b'z' => b'a',
        b'A'..=b'Z' => b'A',
        other => other,
    }
}

/// The form of a text: one byte for each of its characters. The first digit stays a zero where it is
/// one, because a zero in front makes a number a code. `None` for a text that is long or not ASCII.
fn form<'b>(text: &str, buffer: &'b mut [u8; LONGEST]) -> Option<&'b [u8]> {
    let form = buffer.get_mut(..text.len())?;
    let mut all = 0;
    for (place, byte) in form.iter_mut().zip(text.bytes()) {
        *place = class(byte);
        all |= byte;
    }
    if all >= 0x80 {
        return None;
    }
    let digit = form.iter().position(|class| *class == b'9');
    if let Some(digit) = digit
        && text.as_bytes().get(digit) == Some(&b'0')
        && let Some(place) = form.get_mut(digit)
    {
        *place = b'0';
    }
    Some(form)
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
        let mut buffer = [0; LONGEST];
        let form = form(text, &mut buffer)?;
        let hash = hash_of(form);
        let (slots, keys) = (&mut self.slots, &self.keys);
        let is_form = |at: &usize| {
            let slot = slots.get(*at).filter(|slot| slot.hash == hash);
            slot.and_then(|slot| keys.get(slot.start..slot.end)) == Some(form)
        };
        let known = self.found.find(hash, is_form).copied();
        if let Some(slot) = known.and_then(|at| slots.get_mut(at)) {
            slot.rows += rows;
            if *text < *slot.min.text {
                slot.min = End::new(text, at);
            }
            if *text > *slot.max.text {
                slot.max = End::new(text, at);
            }
            return Some(slot.each);
        }
        if slots.len() == MOST {
            return None;
        }
        // The first shapes stay: this one has its place from here on.
        tally.see(text);
        let (each, once) = looks(form);
        let (number, start) = (slots.len(), keys.len());
        self.keys.extend_from_slice(form);
        slots.push(Slot {
            hash,
            start,
            end: self.keys.len(),
            rows,
            min: End::new(text, at),
            max: End::new(text, at),
            each,
            once,
        });
        let hash_of = |at: &usize| slots.get(*at).map_or(0, |slot| slot.hash);
        self.found.insert_unique(hash, number, hash_of);
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
            text: text.into(),
            at,
        }
    }
}

/// What is looked at for each value of a form, and what once for all of them.
fn looks(form: &[u8]) -> (Look, Look) {
    // A form is ASCII.
    let text = std::str::from_utf8(form).unwrap_or_default();
    let digits = form.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = form
        .iter()
        .filter(|byte| byte.is_ascii_alphabetic())
        .count();
    let zero_in_front = digits < form.len() && form.contains(&b'0');
    // Zero is the same number by every mark; of all others the marks alone tell whether they differ.
    // A currency has its place among those that came first.
    let alike =
        letters == 0 && !form.contains(&b'$') && text.len() <= LONGEST_NUMBER && !zero_in_front;
    let kinds = KindSet::possible(text);
    let each = Look {
        numbers: digits > 0 && letters <= LETTERS_OF_NUMBERS && !alike,
        dates: dates::is_possible(text),
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
        let mut buffer = [0; LONGEST];
        for (text, wanted) in [
            ("1.234,50", Some("9.999,99")),
            ("0.50", Some("0.99")),
            ("Ort 1030", Some("Aaa 9999")),
            ("Ort 0130", Some("Aaa 0999")),
            ("Köln", None),
            ("", Some("")),
        ] {
            let found = form(text, &mut buffer).map(|form| String::from_utf8_lossy(form));
            assert_eq!(found.as_deref(), wanted, "{text}");
        }
        assert_eq!(form(&"x".repeat(LONGEST + 1), &mut buffer), None);
    }

    #[test]
    fn many_forms_are_taken_one_by_one() {
        let mut forms = Forms::default();
        let mut tally = TextTally::default();
        let text = |length: usize| ["-", "."].map(|mark| mark.repeat(length)).concat();
        for length in 0..45 {
            for other in 0..45 {
                let value = format!("{}{}", text(length), "a".repeat(other % 10));
                forms.add(&value, 1, 1, &mut tally);
            }
        }
        assert!(!forms.full());
        for number in 0..MOST {
            let value: String = format!("{number:b}").replace('1', "a").replace('0', "-");
            forms.add(&value, 1, 1, &mut tally);
        }
        assert!(forms.full());
        forms.close();
        assert!(!forms.full());
        assert!(forms.add("x", 1, 1, &mut tally).is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn numbers_are_counted_alike(values in prop::collection::vec(
            "[-+(]?[0-9]{0,3}([.,' ]?[0-9]{3}){0,2}([.,][0-9]{1,3})?([eE][0-9])?[-)]?( ?(EUR|%|[$]|€))?", 0..60,
        )) {
            same(&values);
        }

        #[test]
        fn dates_and_times_are_counted_alike(values in prop::collection::vec(
            "[0-3]?[0-9][-./ ][01]?[0-9][-./ ](20)?[0-9]{2}|(19|20)[0-9]{2}-?[01][0-9]-?[0-3][0-9]([T ][0-2][0-9]:[0-5][0-9](:[0-5][0-9])?Z?)?|[0-9]{1,2}( |-)?(May|OCT|March|xyz)( |, )?[0-9]{2,4}|[0-9]?[0-9]:[0-9]{2}", 0..60,
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
        fn texts_are_counted_alike(values in prop::collection::vec("[ -~äß]{0,12}", 0..60)) {
            same(&values);
        }
    }
}
