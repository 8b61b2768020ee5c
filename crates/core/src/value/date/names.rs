//! Names of the months in English and German.

/// Short names (`%b`), several per month, longer ones before their own beginnings.
const SHORT: [&[&str]; 12] = [
    &["jan", "jän"],
    &["feb"],
    &["mar", "mär", "mrz"],
    &["apr"],
    &["may", "mai"],
    &["jun"],
    &["jul"],
    &["aug"],
    &["sept", "sep"],
    &["oct", "okt"],
    &["nov"],
    &["dec", "dez"],
];

/// Full names (`%B`).
const LONG: [&[&str]; 12] = [
    &["january", "januar", "jänner"],
    &["february", "februar"],
    &["march", "märz", "maerz"],
    &["april"],
    &["may", "mai"],
    &["june", "juni"],
    &["july", "juli"],
    &["august"],
    &["september"],
    &["october", "oktober"],
    &["november"],
    &["december", "dezember"],
];

/// Takes a short month name off the front, whatever its case; the month from 1 and the rest.
pub(super) fn take_short(text: &str) -> Option<(u32, &str)> {
    take(text, &SHORT)
}

/// Takes a full month name off the front, whatever its case; the month from 1 and the rest.
pub(super) fn take_long(text: &str) -> Option<(u32, &str)> {
    take(text, &LONG)
}

fn take<'a>(text: &'a str, names: &[&[&str]; 12]) -> Option<(u32, &'a str)> {
    // Cheap way out for the many texts that are numbers.
    if !text.chars().next()?.is_alphabetic() {
        return None;
    }
    (1..).zip(names).find_map(|(month, names)| {
        names
            .iter()
            .find_map(|name| Some((month, strip_any_case(text, name)?)))
    })
}

/// The rest behind `name`, which is in lower case.
fn strip_any_case<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = text.chars();
    for wanted in name.chars() {
        let found = rest.next()?;
        let mut lower = found.to_lowercase();
        if lower.next() != Some(wanted) || lower.next().is_some() {
            return None;
        }
    }
    Some(rest.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_two_languages_and_any_case() {
        assert_eq!(take_short("Sept. 1"), Some((9, ". 1")));
        assert_eq!(take_short("SEP 1"), Some((9, " 1")));
        assert_eq!(take_short("mrz"), Some((3, "")));
        assert_eq!(take_short("DEZ"), Some((12, "")));
        assert_eq!(take_long("MÄRZ"), Some((3, "")));
        assert_eq!(take_long("January 5"), Some((1, " 5")));
        assert_eq!(take_long("Januar 5"), Some((1, " 5")));
        assert_eq!(take_long("Jan"), None);
        assert_eq!(take_short("12"), None);
        assert_eq!(take_short(""), None);
    }

    #[test]
    fn every_name_is_found_as_its_own_month() {
        for (month, (short, long)) in (1_u32..).zip(SHORT.into_iter().zip(LONG)) {
            for name in short {
                assert_eq!(take_short(name), Some((month, "")), "{name}");
            }
            for name in long {
                assert_eq!(take_long(name), Some((month, "")), "{name}");
            }
        }
    }
}
