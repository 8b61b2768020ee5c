//! Words for the sign behind a number: `1,234.00 DR`.

use std::borrow::Cow;
use std::cmp::Reverse;

use super::fault::Fault;
use super::text_step::Text;

/// The words, longest first, and whether each means minus.
#[derive(Debug)]
pub(super) struct Signs {
    words: Vec<(String, bool)>,
}

impl Signs {
    pub(super) fn new(negative: &[String], positive: &[String]) -> Self {
        let negative = negative.iter().map(|word| (word.clone(), true));
        let positive = positive.iter().map(|word| (word.clone(), false));
        let mut words: Vec<(String, bool)> = negative.chain(positive).collect();
        words.sort_by_key(|(word, _)| Reverse(word.len()));
        Self { words }
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

    /// A number with the sign that its word says in front; a text without a word as it is.
    pub(super) fn apply<'a>(&self, text: Cow<'a, str>) -> Result<Text<'a>, Fault> {
        let Some((number, is_negative)) = self.cut(&text) else {
            return Ok(Some(text));
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
        let signs = Signs::new(&texts(&["DR", "Dr."]), &texts(&["CR", "Cr."]));
        for (text, wanted) in [
            ("1,234.00 DR", Ok("-1,234.00")),
            ("1,234.00DR", Ok("-1,234.00")),
            ("12 Dr.", Ok("-12")),
            ("1,234.00\u{a0}CR", Ok("1,234.00")),
            ("+5 CR", Ok("+5")),
            ("0.00", Ok("0.00")),
            ("-3", Ok("-3")),
            ("3 EDR", Ok("3 EDR")),
            ("DR", Ok("DR")),
            ("", Ok("")),
            ("-5 DR", Err("two_signs")),
            ("(5) CR", Err("two_signs")),
            ("5- DR", Err("two_signs")),
            ("+5 DR", Err("two_signs")),
        ] {
            let of = |text| match signs.apply(text) {
                Ok(text) => Ok(text.map(Cow::into_owned)),
                Err(fault) => Err(fault.rule),
            };
            let wanted = wanted.map(|text| Some(text.to_owned()));
            assert_eq!(of(Cow::Borrowed(text)), wanted, "{text}");
            assert_eq!(of(Cow::Owned(text.to_owned())), wanted, "{text}");
        }
    }
}
