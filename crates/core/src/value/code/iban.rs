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
    let Some((country, _)) = text.split_at_checked(2) else {
        return false;
    };
    let Ok(at) = LENGTHS.binary_search_by(|(known, _)| (*known).cmp(country)) else {
        return false;
    };
    let length = LENGTHS.get(at).map(|(_, length)| *length);
    if !text.contains(' ') {
        return Some(text.len()) == length && check_digits_fit(text.as_bytes());
    }
    let characters: Vec<u8> = text.bytes().filter(|byte| *byte != b' ').collect();
    Some(characters.len()) == length && has_groups(text) && check_digits_fit(&characters)
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
    for byte in rest.iter().chain(front) {
        // A division is dear; it waits until the next letter might not fit.
        if remainder > u64::MAX / 1_000 {
            remainder %= 97;
        }
        remainder = match byte {
            b'0'..=b'9' => remainder * 10 + u64::from(byte - b'0'),
            b'A'..=b'Z' => remainder * 100 + u64::from(byte - b'A') + 10,
            _ => return false,
        };
    }
    let [_, _, tens, ones] = front;
    tens.is_ascii_digit() && ones.is_ascii_digit() && remainder % 97 == 1
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
