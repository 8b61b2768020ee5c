//! International bank account numbers (ISO 13616).

/// Country and length of the whole number, by the IBAN registry.
const LENGTHS: [(&str, usize); 89] = [
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BI", 27),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DJ", 27),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FK", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HN", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MN", 20),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NI", 28),
    ("NL", 18),
    ("NO", 15),
    ("OM", 23),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("RU", 33),
    ("SA", 24),
    ("SC", 31),
    ("SD", 18),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("SO", 23),
    ("ST", 25),
    ("SV", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
    ("XK", 20),
    ("YE", 30),
];

/// An IBAN with its country's length and right check digits (ISO 7064, MOD 97-10), in upper case,
/// written without blanks or in groups of four.
#[must_use]
pub fn is_iban(text: &str) -> bool {
    // Longest number with a blank after every fourth character.
    if !(15..=42).contains(&text.len()) || !text.is_ascii() {
        return false;
    }
    let length = country_code(text).and_then(|country| {
        let at = LENGTHS.binary_search_by_key(&Some(country), |(known, _)| country_code(known));
        LENGTHS.get(at.ok()?).map(|(_, length)| *length)
    });
    if length.is_none() {
        return false;
    }
    if !text.contains(' ') {
        return Some(text.len()) == length && check_digits_fit(text.as_bytes());
    }
    let characters: Vec<u8> = text.bytes().filter(|byte| *byte != b' ').collect();
    Some(characters.len()) == length && has_groups(text) && check_digits_fit(&characters)
}

/// The two letters in front, as a number that is in their order.
#[inline]
fn country_code(text: &str) -> Option<u16> {
    text.as_bytes()
        .first_chunk()
        .map(|code| u16::from_be_bytes(*code))
}

/// One blank after every four characters and nowhere else.
fn has_groups(text: &str) -> bool {
    let grouped = text
        .bytes()
        .enumerate()
        .all(|(index, byte)| (byte == b' ') == (index % 5 == 4));
    grouped && !text.ends_with(' ')
}

/// The number with its first four characters moved to the end, letters written as 10 to 35, is 1
/// modulo 97.
fn check_digits_fit(text: &[u8]) -> bool {
    let Some((front, rest)) = text.split_first_chunk::<4>() else {
        return false;
    };
    let mut remainder = 0_u64;
    let (eights, last) = rest.as_chunks::<8>();
    for eight in eights {
        remainder = match eight_digits(*eight) {
            Some(digits) => remainder % 97 * 100_000_000 + digits,
            None => match appended(remainder, eight) {
                Some(remainder) => remainder,
                None => return false,
            },
        };
    }
    let all = appended(remainder, last).and_then(|remainder| appended(remainder, front));
    let [_, _, tens, ones] = front;
    tens.is_ascii_digit() && ones.is_ascii_digit() && all.is_some_and(|all| all % 97 == 1)
}

/// What is left of a number, with more characters behind it.
fn appended(remainder: u64, characters: &[u8]) -> Option<u64> {
    characters.iter().try_fold(remainder, |remainder, byte| {
        // A division is dear; it waits until the next letter might not fit.
        let remainder = if remainder > u64::MAX / 1_000 {
            remainder % 97
        } else {
            remainder
        };
        match byte {
            b'0'..=b'9' => Some(remainder * 10 + u64::from(byte - b'0')),
            b'A'..=b'Z' => Some(remainder * 100 + u64::from(byte - b'A') + 10),
            _ => None,
        }
    })
}

/// The number that eight digits are: neighbours are put together, three times over.
const fn eight_digits(text: [u8; 8]) -> Option<u64> {
    let text = u64::from_le_bytes(text);
    let too_small = text.wrapping_sub(0x3030_3030_3030_3030);
    let too_large = text.wrapping_add(0x4646_4646_4646_4646);
    if (text | too_small | too_large) & 0x8080_8080_8080_8080 != 0 {
        return None;
    }
    let pairs = (too_small & 0x0F00_0F00_0F00_0F00) >> 8;
    let pairs = (too_small & 0x000F_000F_000F_000F) * 10 + pairs;
    let fours = (pairs & 0x0000_00FF_0000_00FF) * 100 + ((pairs >> 16) & 0x0000_00FF_0000_00FF);
    Some((fours & 0xFFFF) * 10_000 + (fours >> 32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_examples_fit() {
        for text in [
            "DE89370400440532013000",
            "DE89 3704 0044 0532 0130 00",
            "GB82WEST12345698765432",
            "FR1420041010050500013M02606",
            "NL91ABNA0417164300",
            "CH9300762011623852957",
            "AT611904300234573201",
            "NO9386011117947",
            "MT84MALT011000012345MTLCAST001S",
        ] {
            assert!(is_iban(text), "{text}");
        }
    }

    #[test]
    fn eight_digits_are_a_number() {
        for number in (0..100_000_000_u64).step_by(97_531).chain([99_999_999]) {
            let text: [u8; 8] = format!("{number:08}").into_bytes().try_into().unwrap();
            assert_eq!(eight_digits(text), Some(number));
            for place in 0..8 {
                for other in [b'/', b':', b' ', b'A', 0, 0x7F, 0x80, 0xB0, 0xFF] {
                    let mut text = text;
                    text[place] = other;
                    assert_eq!(eight_digits(text), None, "{text:?}");
                }
            }
        }
    }

    /// By the letter: each character's digits, one after the other.
    fn fit_plainly(text: &[u8]) -> bool {
        let (front, rest) = text.split_at(4);
        let mut remainder = 0;
        for byte in rest.iter().chain(front) {
            let Some(value) = char::from(*byte)
                .to_digit(36)
                .filter(|_| !byte.is_ascii_lowercase())
            else {
                return false;
            };
            let shift = if value < 10 { 10 } else { 100 };
            remainder = (remainder * shift + value) % 97;
        }
        front[2..].iter().all(u8::is_ascii_digit) && remainder == 1
    }

    #[test]
    fn check_digits_fit_as_they_do_character_by_character() {
        let mut fitting = 0;
        for number in 0..20_000_u64 {
            let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let account = format!("{mixed:020}{}", mixed >> 7);
            let mut account = account.into_bytes();
            account.truncate(11 + (mixed >> 32) as usize % 20);
            for (place, byte) in [(number % 11, b'A'), (number % 7, b'Z'), (number % 5, b'a')] {
                // Half of them have letters, a few have one that is none of an IBAN's.
                if mixed >> place & 1 == 1 && (byte != b'a' || number % 10 == 0) {
                    account[place as usize] = byte;
                }
            }
            for check in 2..99 {
                let text = [format!("DE{check:02}").as_bytes(), &account].concat();
                fitting += usize::from(check_digits_fit(&text));
                assert_eq!(check_digits_fit(&text), fit_plainly(&text), "{text:?}");
            }
        }
        assert!(fitting > 10_000, "{fitting}");
    }

    #[test]
    fn others_do_not() {
        for text in [
            "DE88370400440532013000",
            "DE8937040044053201300",
            "DE893704004405320130000",
            "de89370400440532013000",
            "XX89370400440532013000",
            "DE89 37040044 0532013000",
            "DE89 3704 0044 0532 0130 00 ",
            "DE89-3704-0044-0532-0130-00",
            "DEÄ9370400440532013000",
            "",
        ] {
            assert!(!is_iban(text), "{text}");
        }
    }

    #[test]
    fn a_wrong_digit_or_two_swapped_are_found() {
        let good = "DE89370400440532013000";
        for index in 2..good.len() {
            let mut bytes = good.as_bytes().to_vec();
            bytes[index] = if bytes[index] == b'9' {
                b'0'
            } else {
                bytes[index] + 1
            };
            assert!(!is_iban(std::str::from_utf8(&bytes).expect("ascii")));
        }
        assert!(!is_iban("DE89370400440523013000"));
    }

    #[test]
    fn lengths_are_sorted_and_once_each() {
        assert!(LENGTHS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
