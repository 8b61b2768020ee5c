//! Forms of values: what a text is by its characters alone, without regard to its column. Values
//! count as a whole column does, so that a few of another sort do no harm.

use crate::matching::text::{fold, tokens};

fn digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

fn begins_with(text: &str, start: &str) -> bool {
    let front = text.as_bytes().get(..start.len());
    front.is_some_and(|front| front.eq_ignore_ascii_case(start.as_bytes()))
}

/// Whether a text is one of these but for case and accents.
fn is_one_of(text: &str, words: &[&str]) -> bool {
    if text.is_ascii() {
        words.iter().any(|word| word.eq_ignore_ascii_case(text))
    } else {
        words.contains(&fold(text).as_str())
    }
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit())
}

pub(super) fn is_url(text: &str) -> bool {
    ["http://", "https://", "www.", "ftp://", "//"]
        .iter()
        .any(|start| begins_with(text, start))
}

pub(super) fn is_picture(text: &str) -> bool {
    if !text.contains('.') {
        return false;
    }
    let lower = text.to_ascii_lowercase();
    [".jpg", ".jpeg", ".png", ".gif", ".webp", ".svg"]
        .iter()
        .any(|ending| lower.contains(ending))
}

pub(super) fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty() && host.contains('.') && !text.contains(char::is_whitespace)
    })
}

pub(super) fn is_phone(text: &str) -> bool {
    let plain = text
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '(' | ')' | ' ' | '.' | '/'));
    let marked = text.starts_with(['+', '(', '0']) || text.matches(['-', ' ', '.']).count() >= 2;
    plain && (7..=15).contains(&digits(text)) && marked && !is_date(text)
}

pub(super) fn is_year(text: &str) -> bool {
    text.len() == 4
        && text
            .parse()
            .is_ok_and(|year: u16| (1500..=2100).contains(&year))
}

/// Three groups of digits, or a month by its name.
pub(super) fn is_date(text: &str) -> bool {
    // Either way it has as many.
    let digits = digits(text);
    if digits < 3 {
        return false;
    }
    let day = text.split(['T', ' ']).next().unwrap_or(text);
    let groups: Vec<&str> = day.split(['-', '/', '.']).collect();
    if let [a, b, c] = groups.as_slice() {
        let lengths = [a.len(), b.len(), c.len()];
        let fits = matches!(lengths, [4, 1..=2, 1..=2] | [1..=2, 1..=2, 2 | 4]);
        return fits && groups.iter().all(|group| all_digits(group));
    }
    // Without a letter there is no month, and nothing has to be cut.
    let worded = text.len() <= 40 && text.contains(char::is_alphabetic);
    worded && tokens(text).iter().any(|word| is_month(word))
}

fn is_month(word: &str) -> bool {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    word.len() >= 3 && MONTHS.iter().any(|month| word.starts_with(month)) && word.len() <= 9
}

pub(super) fn is_date_time(text: &str) -> bool {
    text.contains(':') && is_date(text)
}

pub(super) fn is_time(text: &str) -> bool {
    if !text.contains(':') {
        return false;
    }
    let plain = text
        .to_ascii_lowercase()
        .trim_end_matches("am")
        .trim_end_matches("pm")
        .trim()
        .to_owned();
    let groups: Vec<&str> = plain.split(':').collect();
    (2..=3).contains(&groups.len())
        && groups
            .iter()
            .all(|group| group.len() <= 2 && all_digits(group))
}

/// ISO 8601 or in words.
pub(super) fn is_duration(text: &str, words: &[String]) -> bool {
    let iso = text.strip_prefix('P').is_some_and(|rest| {
        digits(rest) > 0
            && rest.chars().all(|c| {
                c.is_ascii_digit() || matches!(c, 'T' | 'H' | 'M' | 'S' | 'D' | 'Y' | 'W' | '.')
            })
    });
    if iso || digits(text) == 0 {
        return iso;
    }
    words.len() <= 5
        && words.iter().any(|word| {
            matches!(
                word.as_str(),
                "min"
                    | "mins"
                    | "minute"
                    | "minutes"
                    | "hour"
                    | "hours"
                    | "hr"
                    | "hrs"
                    | "sec"
                    | "seconds"
            )
        })
}

pub(super) fn is_currency(text: &str) -> bool {
    const CODES: [&str; 20] = [
        "EUR", "USD", "GBP", "JPY", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "CAD", "AUD",
        "NZD", "CNY", "INR", "BRL", "MXN", "ZAR", "TRY",
    ];
    CODES.contains(&text) || matches!(text, "€" | "$" | "£" | "¥")
}

pub(super) fn is_money(text: &str) -> bool {
    let marked = text.starts_with(['€', '$', '£']) || text.ends_with(['€', '£']);
    let cents = text
        .rsplit_once(['.', ','])
        .is_some_and(|(_, cents)| cents.len() == 2 && all_digits(cents));
    digits(text) > 0
        && (marked || cents)
        && super::held::number(text.trim_end_matches(['€', '£', ' '])).is_some()
}

pub(super) fn is_price_range(text: &str) -> bool {
    (1..=5).contains(&text.chars().count()) && text.chars().all(|c| matches!(c, '$' | '€' | '£'))
        || (text.contains('-') && text.matches(['$', '€', '£']).count() >= 1 && digits(text) >= 2)
}

pub(super) fn is_percentage(text: &str) -> bool {
    text.ends_with('%') && digits(text) > 0
}

pub(super) fn is_degrees(text: &str) -> bool {
    let fraction = text
        .split_once('.')
        .is_some_and(|(_, behind)| behind.len() >= 3);
    fraction && text.parse().is_ok_and(|value: f64| value.abs() <= 180.0)
}

pub(super) fn is_coordinates(text: &str) -> bool {
    text.split_once([',', ' ', ';'])
        .is_some_and(|(one, other)| is_degrees(one.trim()) && is_degrees(other.trim()))
}

pub(super) fn is_country(text: &str) -> bool {
    const COMMON: [&str; 40] = [
        "DE", "FR", "ES", "IT", "NL", "PT", "GB", "UK", "US", "CA", "AU", "CH", "AT", "BE", "SE",
        "NO", "DK", "FI", "PL", "CZ", "HU", "IE", "IN", "CN", "JP", "BR", "MX", "ZA", "TR", "RU",
        "USA", "GBR", "DEU", "FRA", "ESP", "ITA", "NLD", "CAN", "AUS", "CHE",
    ];
    const NAMES: [&str; 40] = [
        "germany",
        "france",
        "spain",
        "italy",
        "netherlands",
        "portugal",
        "united kingdom",
        "united states",
        "united states of america",
        "canada",
        "australia",
        "switzerland",
        "austria",
        "belgium",
        "sweden",
        "norway",
        "denmark",
        "finland",
        "poland",
        "ireland",
        "india",
        "china",
        "japan",
        "brazil",
        "mexico",
        "south africa",
        "turkey",
        "russia",
        "england",
        "scotland",
        "deutschland",
        "osterreich",
        "schweiz",
        "espana",
        "italia",
        "nigeria",
        "egypt",
        "greece",
        "ukraine",
        "czech republic",
    ];
    COMMON.contains(&text) || is_one_of(text, &NAMES)
}

/// Two-letter codes of states and provinces (USPS, Canada Post).
pub(super) fn is_state(text: &str) -> bool {
    const CODES: &str = " AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT \
                         NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC \
                         AB BC MB NB NL NS ON PE QC SK ";
    text.len() == 2 && CODES.contains(&format!(" {text} "))
}

pub(super) fn is_language(text: &str) -> bool {
    const COMMON: [&str; 24] = [
        "en",
        "de",
        "fr",
        "es",
        "it",
        "nl",
        "pt",
        "sv",
        "da",
        "fi",
        "pl",
        "cs",
        "hu",
        "ru",
        "zh",
        "ja",
        "english",
        "german",
        "french",
        "spanish",
        "italian",
        "dutch",
        "portuguese",
        "russian",
    ];
    let first = text.split(['-', '_']).next().unwrap_or(text);
    is_one_of(first, &COMMON)
}

pub(super) fn is_postcode(text: &str) -> bool {
    if digits(text) == 0 {
        return false;
    }
    let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let mixed = plain.chars().any(|c| c.is_ascii_uppercase());
    (all_digits(&plain) && matches!(plain.len(), 4 | 5 | 9))
        || (mixed
            && (5..=7).contains(&plain.len())
            && plain.chars().all(|c| c.is_ascii_alphanumeric()))
}

pub(super) fn is_street(_: &str, words: &[String]) -> bool {
    const WORDS: [&str; 22] = [
        "st", "street", "rd", "road", "ave", "avenue", "blvd", "lane", "ln", "drive", "dr", "way",
        "court", "place", "square", "strasse", "str", "weg", "platz", "rue", "via", "calle",
    ];
    words.len() >= 2
        && words.iter().any(|word| {
            WORDS.contains(&word.as_str()) || word.ends_with("strasse") || word.ends_with("straat")
        })
}

pub(super) fn is_house_number(text: &str) -> bool {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    all_digits(number) && number.len() <= 5 && text.len() - number.len() <= 1
}

pub(super) fn is_iban(text: &str) -> bool {
    if digits(text) == 0 {
        return false;
    }
    let plain: String = text.chars().filter(|c| *c != ' ').collect();
    (15..=34).contains(&plain.len())
        && plain.chars().take(2).all(|c| c.is_ascii_uppercase())
        && plain.chars().skip(2).take(2).all(|c| c.is_ascii_digit())
        && plain.chars().all(|c| c.is_ascii_alphanumeric())
}

pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.matches('-').count() == 4
        && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

/// Ten or thirteen digits with the right last one (ISO 2108).
pub(super) fn is_isbn(text: &str) -> bool {
    let signs = || text.chars().filter(|c| !matches!(c, ' ' | '-'));
    if !matches!(signs().count(), 10 | 13) {
        return false;
    }
    let plain: Vec<u32> = signs()
        .map(|c| {
            if c == 'X' {
                10
            } else {
                c.to_digit(10).unwrap_or(99)
            }
        })
        .collect();
    match plain.len() {
        13 => plain.starts_with(&[9, 7]) && is_bar_code(&text.replace([' ', '-'], "")),
        10 => {
            let weighted = plain.iter().zip((1..=10).rev());
            plain.iter().all(|digit| *digit <= 10)
                && weighted.map(|(digit, weight)| digit * weight).sum::<u32>() % 11 == 0
        }
        _ => false,
    }
}

/// 8, 12, 13 or 14 digits with the right last one (GS1).
pub(super) fn is_bar_code(text: &str) -> bool {
    if !matches!(text.len(), 8 | 12 | 13 | 14) || !all_digits(text) {
        return false;
    }
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let weighted = digits.iter().rev().zip([1, 3].into_iter().cycle());
    weighted.map(|(digit, weight)| digit * weight).sum::<u32>() % 10 == 0
}

pub(super) fn is_code(text: &str, words: &[String]) -> bool {
    let letters = text.chars().any(char::is_alphabetic);
    letters
        && digits(text) > 0
        && !text.contains(' ')
        && text.len() <= 24
        && !is_date(text)
        && !is_url(text)
        && !is_duration(text, words)
}

/// Two to four words that begin upper case, or `Family, Given`.
pub(super) fn is_person(text: &str) -> bool {
    if digits(text) > 0 {
        return false;
    }
    let words: Vec<&str> = text
        .split([' ', ','])
        .filter(|word| !word.is_empty())
        .collect();
    (2..=4).contains(&words.len())
        && words.iter().all(|word| {
            word.chars().next().is_some_and(char::is_uppercase)
                && word
                    .chars()
                    .skip(1)
                    .all(|c| c.is_lowercase() || matches!(c, '.' | '-' | '\''))
        })
}

pub(super) fn is_gender(text: &str) -> bool {
    const WORDS: [&str; 10] = [
        "m", "f", "w", "male", "female", "man", "woman", "other", "unknown", "d",
    ];
    is_one_of(text, &WORDS)
}

pub(super) fn is_truth(text: &str) -> bool {
    const WORDS: [&str; 10] = [
        "true", "false", "yes", "no", "y", "n", "ja", "nein", "0", "1",
    ];
    is_one_of(text, &WORDS)
}

pub(super) fn is_sentence(text: &str) -> bool {
    text.split_whitespace().count() >= 6
}

pub(super) fn is_long_text(text: &str) -> bool {
    text.chars().count() >= 75
}

pub(super) fn is_title(text: &str) -> bool {
    let words = text.split_whitespace().count();
    (1..=9).contains(&words)
        && text.chars().next().is_some_and(char::is_uppercase)
        && text.chars().filter(|c| c.is_alphabetic()).count() * 3 >= text.chars().count() * 2
        && text.chars().any(char::is_lowercase)
}

pub(super) fn is_rating(text: &str) -> bool {
    let value = || text.replacen(',', ".", 1).parse().ok();
    text.len() <= 5
        && text.contains(['.', ','])
        && value().is_some_and(|value: f64| (0.0..=10.0).contains(&value))
}

pub(super) fn is_digit(text: &str) -> bool {
    text == "10" || (text.len() == 1 && all_digits(text))
}

pub(super) fn is_count(text: &str) -> bool {
    all_digits(text) && text.len() <= 5
}

/// One word, or words written as one, perhaps at the end of a web address: `InStock`.
pub(super) fn is_term(text: &str) -> bool {
    let last = text.rsplit(['/', '#']).next().unwrap_or(text);
    (3..=40).contains(&last.len()) && last.chars().all(|c| c.is_ascii_alphabetic() || c == '_')
}

pub(super) fn is_opening(text: &str, words: &[String]) -> bool {
    const DAYS: [&str; 7] = ["mo", "tu", "we", "th", "fr", "sa", "su"];
    let day = |word: &String| DAYS.iter().any(|day| word.starts_with(day)) && word.len() <= 9;
    text.contains(':') && digits(text) >= 3 && words.iter().any(day)
}

pub(super) fn is_day_name(text: &str) -> bool {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let word = fold(text);
    let day =
        DAYS.iter().any(|day| word.starts_with(day)) && (word.len() == 3 || word.ends_with("day"));
    day || (is_month(&word) && word.chars().all(char::is_alphabetic))
}

pub(super) fn is_measure(text: &str, words: &[String]) -> bool {
    const UNITS: [&str; 36] = [
        "g", "kg", "mg", "lb", "lbs", "oz", "ml", "l", "cl", "cm", "mm", "m", "km", "in", "inch",
        "ft", "mi", "kcal", "cal", "calories", "calorie", "kj", "gram", "grams", "serving",
        "servings", "portion", "portions", "ounce", "ounces", "w", "kw", "kwh", "mw", "c", "f",
    ];
    if digits(text) == 0 {
        return false;
    }
    words.len() <= 5
        && words.first().is_some_and(|word| all_digits(word))
        && words.iter().any(|word| UNITS.contains(&word.as_str()))
}

pub(super) fn is_colour(_: &str, words: &[String]) -> bool {
    const COLOURS: [&str; 18] = [
        "red", "green", "blue", "black", "white", "yellow", "orange", "purple", "pink", "brown",
        "grey", "gray", "silver", "gold", "beige", "navy", "rot", "schwarz",
    ];
    words.len() <= 3 && words.iter().any(|word| COLOURS.contains(&word.as_str()))
}

pub(super) fn is_file(text: &str) -> bool {
    text.rsplit_once('.').is_some_and(|(stem, ending)| {
        (2..=4).contains(&ending.len())
            && ending.chars().all(|c| c.is_ascii_alphanumeric())
            && ending.chars().any(char::is_alphabetic)
            && stem.len() >= 2
            && !is_url(text)
            && !text.contains('@')
            && !text.contains(' ')
    })
}

pub(super) fn is_organisation(_: &str, words: &[String]) -> bool {
    const WORDS: [&str; 40] = [
        "inc",
        "ltd",
        "llc",
        "gmbh",
        "ag",
        "corp",
        "corporation",
        "company",
        "co",
        "group",
        "press",
        "books",
        "publishing",
        "publishers",
        "verlag",
        "university",
        "college",
        "school",
        "institute",
        "hospital",
        "clinic",
        "church",
        "club",
        "center",
        "centre",
        "museum",
        "theater",
        "theatre",
        "foundation",
        "association",
        "society",
        "department",
        "bank",
        "hotel",
        "restaurant",
        "records",
        "studios",
        "library",
        "services",
        "solutions",
    ];
    words.len() <= 8 && words.iter().any(|word| WORDS.contains(&word.as_str()))
}

pub(super) fn is_age(text: &str) -> bool {
    text.parse().is_ok_and(|age: u8| (1..=110).contains(&age))
}

pub(super) fn is_list(text: &str) -> bool {
    let parts = text
        .split([',', ';', '|'])
        .filter(|part| !part.trim().is_empty())
        .count();
    parts >= 3 && !is_sentence_with_stop(text)
}

fn is_sentence_with_stop(text: &str) -> bool {
    text.ends_with('.')
}
