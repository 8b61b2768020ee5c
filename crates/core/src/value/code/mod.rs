//! Codes whose spelling tells what they are. Each test takes the whole text and is strict: a text
//! with blanks around it is no code.

mod iban;
mod iso;

pub use iban::is_iban;
pub use iso::{is_country, is_currency};

use super::{Marks, parse_decimal};

/// A BIC (ISO 9362): four letters or digits of the party (letters, by the registry's practice),
/// two of a known country, two of the place, and three or none of the branch; upper case.
#[must_use]
pub fn is_bic(text: &str) -> bool {
    if text.len() != 8 && text.len() != 11 {
        return false;
    }
    let alphanumeric = |part: &str| {
        part.bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    let Some((party, rest)) = text.split_at_checked(4) else {
        return false;
    };
    let Some((country, rest)) = rest.split_at_checked(2) else {
        return false;
    };
    party.bytes().all(|byte| byte.is_ascii_uppercase())
        // Kosovo has a code of its own in the registry, without one in ISO 3166.
        && (is_country(country) || country == "XK")
        && alphanumeric(rest)
}

/// A UUID (RFC 9562): 8-4-4-4-12 hexadecimal digits of any case, any version.
#[must_use]
pub fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// An e-mail address as people have them: RFC 5321's dot-atom, `@` and a domain name of at least
/// two labels. No quoted local part, no address literal; letters beyond ASCII are allowed
/// (RFC 6531).
#[must_use]
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let local_fits = (1..=64).contains(&local.len())
        && local
            .split('.')
            .all(|atom| !atom.is_empty() && atom.chars().all(is_atom_char));
    local_fits && text.len() <= 254 && is_domain(domain)
}

fn is_atom_char(c: char) -> bool {
    c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c)
}

/// A domain name of at least two labels, the last one with a letter.
fn is_domain(text: &str) -> bool {
    let mut labels = 0;
    let mut last_has_letter = false;
    for label in text.split('.') {
        let fits = (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-');
        if !fits {
            return false;
        }
        labels += 1;
        last_has_letter = label.chars().any(char::is_alphabetic);
    }
    labels >= 2 && last_has_letter
}

/// A URI with its scheme (RFC 3986, section 3): `scheme:rest`, with only the characters that may
/// stand there. Letters beyond ASCII are allowed (RFC 3987).
#[must_use]
pub fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let mut letters = scheme.bytes();
    letters
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic())
        && letters.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        && !rest.is_empty()
        && has_uri_chars(rest)
}

fn has_uri_chars(text: &str) -> bool {
    let mut bytes = text.as_bytes();
    while let Some((byte, rest)) = bytes.split_first() {
        bytes = rest;
        let fits = match byte {
            b'%' => {
                let pair = bytes.split_at_checked(2);
                let Some((pair, rest)) = pair else {
                    return false;
                };
                bytes = rest;
                pair.iter().all(u8::is_ascii_hexdigit)
            }
            128.. => true,
            _ => byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=".contains(byte),
        };
        if !fits {
            return false;
        }
    }
    true
}

/// A URL as columns have them: `scheme://host..` with a host, or `mailto:` with an address.
#[must_use]
pub fn is_url(text: &str) -> bool {
    if let Some(address) = text.strip_prefix("mailto:") {
        return is_email(address);
    }
    let Some((_, rest)) = text.split_once("://") else {
        return false;
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or("");
    !host.is_empty() && is_uri(text)
}

/// A telephone number with something that tells it from other numbers: `+` with the country, or a
/// leading 0 and separators, or an area in brackets. 7 to 15 digits (E.164). Groups of two, two and
/// four digits are taken for a date.
#[must_use]
pub fn is_phone(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if !(7..=15).contains(&digits) || text.len() > 25 {
        return false;
    }
    let (international, body) = match text.strip_prefix('+') {
        Some(body) => (true, body),
        None => (false, text),
    };
    let starts = body.starts_with(|c: char| c.is_ascii_digit());
    let bracketed = body.starts_with("(0") || is_us_area(body);
    let separated = body.contains([' ', '/', '-', '(']);
    let led = body.starts_with('0') && separated && !is_like_a_date(body);
    let marked = international || bracketed || led;
    marked && (starts || bracketed) && has_phone_body(body)
}

/// Groups of two, two and four digits, as in `01/02/2026`.
fn is_like_a_date(body: &str) -> bool {
    let groups = body.split(|c: char| !c.is_ascii_digit());
    groups.map(str::len).eq([2, 2, 4])
}

/// `(212) 555..`
fn is_us_area(body: &str) -> bool {
    let Some(rest) = body.strip_prefix('(') else {
        return false;
    };
    rest.split_at_checked(3).is_some_and(|(area, rest)| {
        area.bytes().all(|byte| byte.is_ascii_digit()) && rest.starts_with(')')
    })
}

/// Digits with single separators between them, and at most one pair of brackets.
fn has_phone_body(body: &str) -> bool {
    let mut brackets = 0;
    let mut separators = 0;
    for c in body.chars() {
        match c {
            '0'..='9' => separators = 0,
            '(' => (brackets, separators) = (brackets + 1, separators + 1),
            ')' => (brackets, separators) = (brackets + 1, separators + 1),
            ' ' | '-' | '/' | '.' => separators += 1,
            _ => return false,
        }
        // `030 / 123`, `(030) - 123`.
        if separators > 4 {
            return false;
        }
    }
    let paired = match (body.find('('), body.find(')')) {
        (None, None) => true,
        (Some(open), Some(close)) => open < close,
        (Some(_), None) | (None, Some(_)) => false,
    };
    paired && brackets <= 2 && body.ends_with(|c: char| c.is_ascii_digit())
}

/// The number of a percentage such as `12,5 %`: without the sign and one blank (plain, no-break or
/// narrow) in front of it; `None` where there is no per cent sign.
#[must_use]
pub fn without_percent(text: &str) -> Option<&str> {
    let number = text.strip_suffix('%')?;
    Some(
        number
            .strip_suffix([' ', '\u{a0}', '\u{202f}'])
            .unwrap_or(number),
    )
}

/// A number with a per cent sign, by the marks.
#[must_use]
pub fn is_percentage(text: &str, marks: &Marks) -> bool {
    without_percent(text).is_some_and(|number| parse_decimal(number, marks).is_ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(test: fn(&str) -> bool, yes: &[&str], no: &[&str]) {
        for text in yes {
            assert!(test(text), "{text} should fit");
        }
        for text in no {
            assert!(!test(text), "{text} should not fit");
        }
    }

    #[test]
    fn bic() {
        all(
            is_bic,
            &["DEUTDEFF", "DEUTDEFF500", "COBADEFFXXX", "NCBVXKPR"],
            &[
                "DEUTDEF",
                "deutdeff",
                "DEUTZZFF",
                "DEUTDEFF50",
                "1EUTDEFF",
                "DEUTDEÄF",
                "",
            ],
        );
    }

    #[test]
    fn uuid() {
        all(
            is_uuid,
            &[
                "123e4567-e89b-12d3-a456-426614174000",
                "123E4567-E89B-12D3-A456-426614174000",
            ],
            &[
                "123e4567e89b12d3a456426614174000",
                "123e4567-e89b-12d3-a456-42661417400g",
                "",
            ],
        );
    }

    #[test]
    fn email() {
        all(
            is_email,
            &[
                "a@b.de",
                "first.last+tag@sub.example.org",
                "jörg@müller.de",
                "o'neil@x.co",
            ],
            &[
                "a@b",
                "a@@b.de",
                "@b.de",
                "a@.de",
                "a.@b.de",
                "a..b@c.de",
                "a b@c.de",
                "a@1.2",
                "a@-b.de",
                "a",
            ],
        );
    }

    #[test]
    fn uri_and_url() {
        all(
            is_uri,
            &[
                "urn:isbn:0451450523",
                "https://a.b/c?d=e#f",
                "mailto:a@b.de",
                "https://x/%20ä",
            ],
            &[
                "a/b",
                ":x",
                "1a:b",
                "http:",
                "https://a b",
                "https://a/%2",
                "https://a/%zz",
                "https://a/\"",
            ],
        );
        all(
            is_url,
            &["https://a.b/c", "ftp://x", "mailto:a@b.de"],
            &["urn:isbn:1", "12:30", "https://", "https:///x"],
        );
    }

    #[test]
    fn phone() {
        all(
            is_phone,
            &[
                "+49 30 1234567",
                "+49 (0)30 123456",
                "0049 30 1234567",
                "030/1234567",
                "030 - 1234567",
                "(030) 1234567",
                "(212) 555-0100",
                "+1-212-555-0100",
                "+493012345678",
            ],
            &[
                "123456",
                "1234567",
                "0301234567",
                "0000123456",
                "2026-11-24",
                "1.234.567,89",
                "12 345 678",
                "+49 30",
                "+12345678901234567",
                "030 1234567 x",
                "01.02.2026",
                "01/02/2026",
                "01-02-2026",
                "+-4930123456",
                "030)1234(567",
                "",
            ],
        );
    }

    #[test]
    fn percentage() {
        let marks = Marks {
            decimal: ',',
            thousands: None,
        };
        for (text, wanted) in [
            ("12,5 %", true),
            ("-3%", true),
            ("3\u{a0}%", true),
            ("3  %", false),
            ("%", false),
            ("3", false),
            ("3.5%", false),
        ] {
            assert_eq!(is_percentage(text, &marks), wanted, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC*", near in "[-+()./%:@A-Za-z0-9 ä]{0,40}") {
            for text in [text.as_str(), near.as_str()] {
                let _ = (is_iban(text), is_bic(text), is_uuid(text), is_email(text), is_uri(text));
                let _ = (is_url(text), is_phone(text), is_currency(text), is_country(text));
                let _ = without_percent(text);
            }
        }
    }
}
