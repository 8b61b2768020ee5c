//! Names of the months in English, German, French, Spanish, Italian, Portuguese, Dutch, Swedish, Danish,
//! Norwegian, Polish, Czech and Turkish, also without their accents. A name stands for one month in
//! all of them. Left out are those that are another month in Croatian: `listopada`, `lis`, `lip`, `srp`.

use std::sync::LazyLock;

/// Short names (`%b`).
const SHORT: [&[&str]; 12] = [
    &["jan", "jän", "janv", "gen", "ene", "sty", "oca", "led"],
    &[
        "feb", "fev", "fév", "févr", "fevr", "lut", "şub", "sub", "úno", "uno",
    ],
    &["mar", "mär", "mrz", "mars", "mrt", "bře", "bre"],
    &["apr", "avr", "abr", "kwi", "nis", "dub"],
    &["may", "mai", "mag", "mei", "maj", "kvě", "kve"],
    &["jun", "juin", "giu", "cze", "haz", "čvn", "cvn"],
    &["jul", "juil", "juill", "lug", "tem", "čvc", "cvc"],
    &["aug", "ago", "août", "aout", "sie", "ağu", "agu"],
    &["sep", "sept", "set", "wrz", "eyl", "zář", "zar"],
    &[
        "oct", "okt", "ott", "out", "paź", "paz", "eki", "říj", "rij",
    ],
    &["nov", "kas"],
    &["dec", "dez", "dic", "déc", "des", "gru", "ara", "pro"],
];

/// Full names (`%B`); Polish and Czech as they stand beside a day.
const LONG: [&[&str]; 12] = [
    &[
        "january", "januar", "jänner", "janvier", "enero", "gennaio", "janeiro", "januari",
        "stycznia", "ledna", "ocak",
    ],
    &[
        "february",
        "februar",
        "février",
        "fevrier",
        "febrero",
        "febbraio",
        "fevereiro",
        "februari",
        "lutego",
        "února",
        "unora",
        "şubat",
        "subat",
    ],
    &[
        "march", "märz", "maerz", "mars", "marzo", "março", "marco", "maart", "marts", "marca",
        "března", "brezna", "mart",
    ],
    &[
        "april", "avril", "abril", "aprile", "kwietnia", "dubna", "nisan",
    ],
    &[
        "may", "mai", "mayo", "maggio", "maio", "mei", "maj", "maja", "května", "kvetna", "mayıs",
    ],
    &[
        "june", "juni", "juin", "junio", "giugno", "junho", "czerwca", "června", "cervna",
        "haziran",
    ],
    &[
        "july",
        "juli",
        "juillet",
        "julio",
        "luglio",
        "julho",
        "lipca",
        "července",
        "cervence",
        "temmuz",
    ],
    &[
        "august", "août", "aout", "agosto", "augustus", "augusti", "sierpnia", "srpna", "ağustos",
        "agustos",
    ],
    &[
        "september",
        "septembre",
        "septiembre",
        "setiembre",
        "settembre",
        "setembro",
        "września",
        "wrzesnia",
        "září",
        "zari",
        "eylül",
        "eylul",
    ],
    &[
        "october",
        "oktober",
        "octobre",
        "octubre",
        "ottobre",
        "outubro",
        "października",
        "pazdziernika",
        "října",
        "rijna",
        "ekim",
    ],
    &[
        "november",
        "novembre",
        "noviembre",
        "novembro",
        "listopadu",
        "kasım",
    ],
    &[
        "december",
        "dezember",
        "décembre",
        "decembre",
        "diciembre",
        "dicembre",
        "dezembro",
        "desember",
        "grudnia",
        "prosince",
        "aralık",
    ],
];

/// Names by their first letter, longer ones before their own beginnings.
struct Names(Vec<(char, &'static str, u32)>);

static SHORT_NAMES: LazyLock<Names> = LazyLock::new(|| Names::of(&SHORT));
static LONG_NAMES: LazyLock<Names> = LazyLock::new(|| Names::of(&LONG));

/// Takes a short month name off the front, whatever its case; the month from 1 and the rest.
pub(super) fn take_short(text: &str) -> Option<(u32, &str)> {
    SHORT_NAMES.take(text)
}

/// Takes a full month name off the front, whatever its case; the month from 1 and the rest.
pub(super) fn take_long(text: &str) -> Option<(u32, &str)> {
    LONG_NAMES.take(text)
}

impl Names {
    fn of(names: &[&[&'static str]; 12]) -> Self {
        let months = (1..).zip(names);
        let all = months.flat_map(|(month, names)| names.iter().map(move |name| (month, *name)));
        let mut found: Vec<(char, &'static str, u32)> = all
            .filter_map(|(month, name)| Some((lower(name.chars().next()?), name, month)))
            .collect();
        found.sort_by_key(|(first, name, _)| (*first, std::cmp::Reverse(name.len())));
        Self(found)
    }

    fn take<'a>(&self, text: &'a str) -> Option<(u32, &'a str)> {
        let first = text.chars().next()?;
        // Cheap way out for the many texts that are numbers.
        if !first.is_alphabetic() {
            return None;
        }
        let first = lower(first);
        let from = self.0.partition_point(|(own, _, _)| *own < first);
        let names = self.0.get(from..)?.iter();
        let mut names = names.take_while(|(own, _, _)| *own == first);
        names.find_map(|(_, name, month)| Some((*month, strip_any_case(text, name)?)))
    }
}

/// Lower case, with one `i`: in Turkish `İ` is the capital of `i`, and `I` that of `ı`.
fn lower(letter: char) -> char {
    match letter {
        'İ' | 'ı' => 'i',
        _ if letter.is_ascii() => letter.to_ascii_lowercase(),
        _ => {
            let mut lower = letter.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(one), None) => one,
                _ => letter,
            }
        }
    }
}

/// The rest behind `name`.
fn strip_any_case<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = text.chars();
    for wanted in name.chars() {
        if lower(rest.next()?) != lower(wanted) {
            return None;
        }
    }
    Some(rest.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_any_language_and_case() {
        assert_eq!(take_short("Sept. 1"), Some((9, ". 1")));
        assert_eq!(take_short("SEP 1"), Some((9, " 1")));
        assert_eq!(take_short("mrz"), Some((3, "")));
        assert_eq!(take_short("DEZ"), Some((12, "")));
        assert_eq!(take_long("MÄRZ"), Some((3, "")));
        assert_eq!(take_long("January 5"), Some((1, " 5")));
        assert_eq!(take_long("Januar 5"), Some((1, " 5")));
        assert_eq!(take_long("GRUDNIA 2"), Some((12, " 2")));
        assert_eq!(take_long("KASIM"), Some((11, "")));
        assert_eq!(take_long("NİSAN"), Some((4, "")));
        assert_eq!(take_long("maja"), Some((5, "")));
        assert_eq!(take_short("janv. 1"), Some((1, ". 1")));
        assert_eq!(take_long("Jan"), None);
        assert_eq!(take_long("Ğ"), None);
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
