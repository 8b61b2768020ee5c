//! Words for the sign behind a number: `1,234.00 DR`.

use std::borrow::Cow;
use std::cmp::Reverse;

use super::fault::Fault;
use super::text_step::Text;
use crate::mapping::Bare;

/// The words, longest first, and whether each means minus.
#[derive(Debug)]
pub(super) struct Signs {
    words: Vec<(String, bool)>,
    bare: Bare,
}

impl Signs {
    pub(super) fn new(negative: &[String], positive: &[String], bare: Bare) -> Self {
        let negative = negative.iter().map(|word| (word.clone(), true));
        let positive = positive.iter().map(|word| (word.clone(), false));
        let mut words: Vec<(String, bool)> = negative.chain(positive).collect();
        words.sort_by_key(|(word, _)| Reverse(word.len()));
        Self { words, bare }
    }

    /// The number before the word, and whether it is negative by it; nothing where there is no word.
    fn cut<'t>(&self, text: &'t str) -> Option<(&'t str, bool)> {
        let found = self.words.iter().find_map(|(word, is_negative)| {
            let number = text.strip_suffix(word.as_str())?;
            // The end of a longer word is another word.
            let ends = !number.ends_with(char::is_alphabetic);
            ends.then_some((number.trim_end(), *is_negative))
        });
        found.filter(|(number, _)| !number.is_empty())
    }

    /// A number with the sign that its word says in front.
    pub(super) fn apply<'a>(&self, text: Cow<'a, str>) -> Result<Text<'a>, Fault> {
        // Zero has no sign, and of what is no number others will speak.
        let has_sign = text.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
        let found = self.cut(&text);
        let (number, is_negative) = match (found, self.bare) {
            (Some(found), _) => found,
            (None, Bare::Reject) if has_sign => return Err(Fault::no_sign()),
            (None, Bare::Minus) if has_sign => (&*text, true),
            (None, Bare::Reject | Bare::Plus | Bare::Minus) => return Ok(Some(text)),
        };
        let has_minus = number.starts_with(['-', '\u{2212}', '(']) || number.ends_with('-');
        if has_minus || (is_negative && number.starts_with('+')) {
            return Err(Fault::two_signs());
        }
        Ok(Some(match text {
            _ if is_negative => Cow::Owned(format!("-{number}")),
            Cow::Borrowed(text) => Cow::Borrowed(text.get(..number.len()).unwrap_or(text)),
            Cow::Owned(ref text) => Cow::Owned(text.get(..number.len()).unwrap_or(text).to_owned()),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_becomes_the_sign() {
        let texts = |all: &[&str]| {
            all.iter()
                .map(|text| (*text).to_owned())
                .collect::<Vec<_>>()
        };
        let of = |bare| Signs::new(&texts(&["DR", "Dr."]), &texts(&["CR", "Cr."]), bare);
        let signs = of(Bare::Reject);
        for (text, wanted) in [
            ("1,234.00 DR", Ok("-1,234.00")),
            ("1,234.00DR", Ok("-1,234.00")),
            ("12 Dr.", Ok("-12")),
            ("1,234.00\u{a0}CR", Ok("1,234.00")),
            ("+5 CR", Ok("+5")),
            ("0.00", Ok("0.00")),
            ("0,00", Ok("0,00")),
            ("n/a", Ok("n/a")),
            ("3", Err("no_sign")),
            ("-3", Err("no_sign")),
            ("3 EDR", Err("no_sign")),
            ("DR", Ok("DR")),
            ("", Ok("")),
            ("-5 DR", Err("two_signs")),
            ("(5) CR", Err("two_signs")),
            ("5- DR", Err("two_signs")),
            ("+5 DR", Err("two_signs")),
        ] {
            let read = |text| match signs.apply(text) {
                Ok(text) => Ok(text.map(Cow::into_owned)),
                Err(fault) => Err(fault.rule),
            };
            let wanted = wanted.map(|text| Some(text.to_owned()));
            assert_eq!(read(Cow::Borrowed(text)), wanted, "{text}");
            assert_eq!(read(Cow::Owned(text.to_owned())), wanted, "{text}");
        }
        let bare = |bare, text| match of(bare).apply(Cow::Borrowed(text)) {
            Ok(text) => text.map(Cow::into_owned),
            Err(fault) => Some(fault.rule.to_owned()),
        };
        for (text, plus, minus) in [
            ("3.50", "3.50", "-3.50"),
            ("3.50 CR", "3.50", "3.50"),
            ("-3.50", "-3.50", "two_signs"),
            ("0.00", "0.00", "0.00"),
            ("n/a", "n/a", "n/a"),
        ] {
            assert_eq!(bare(Bare::Plus, text).as_deref(), Some(plus), "{text}");
            assert_eq!(bare(Bare::Minus, text).as_deref(), Some(minus), "{text}");
        }
    }
}
