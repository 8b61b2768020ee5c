//! The ways in which people write a time of day.

use std::sync::LazyLock;

use super::DateFormat;

/// Ways of writing that can be nothing else; the first one that fits is taken.
pub(crate) const TIMES: [&str; 39] = [
    "%H:%M:%S",
    "%H:%M",
    "%H:%M:%S.%f",
    "%H:%M:%S,%f",
    "%H:%M:%S%z",
    "%H:%M:%S.%f%z",
    "%H:%M:%S,%f%z",
    "%H:%M%z",
    "%H:%M:%S %z",
    "%H:%M:%S.%f %z",
    "%I:%M %p",
    "%-I:%M %p",
    "%I:%M:%S %p",
    "%-I:%M:%S %p",
    "%I:%M%p",
    "%-I:%M%p",
    "%-H:%M",
    "%-H:%M:%S",
    "%H:%M %z",
    "%I:%M:%S%p",
    "%-I:%M:%S%p",
    "%-H:%M:%S.%f",
    "%-H:%M:%S,%f",
    "%I %p",
    "%-I %p",
    "%I%p",
    "%-I%p",
    "%I.%M %p",
    "%-I.%M %p",
    "%I.%M%p",
    "%-I.%M%p",
    "%H:%M Uhr",
    "%-H:%M Uhr",
    "%H.%M Uhr",
    "%-H.%M Uhr",
    "%H Uhr",
    "%-H Uhr",
    "%Hh%M",
    "%-Hh%M",
];

/// Ways of writing that are also numbers: only who knows that a time is meant may read them so.
const LIKE_NUMBERS: [&str; 3] = ["%H.%M", "%-H.%M", "%H%M"];

static FORMATS: LazyLock<Vec<DateFormat>> =
    LazyLock::new(|| TIMES.into_iter().filter_map(parse).collect());

static ALL: LazyLock<Vec<DateFormat>> = LazyLock::new(|| {
    let all = TIMES.into_iter().chain(LIKE_NUMBERS);
    all.filter_map(parse).collect()
});

fn parse(pattern: &str) -> Option<DateFormat> {
    DateFormat::parse(pattern).ok()
}

/// The index of a way of writing among [`TIMES`], and the time that the text is by it.
pub(crate) fn time_of_day(text: &str) -> Option<(u8, i64)> {
    if !has_time_form(text) {
        return None;
    }
    let mut formats = FORMATS.iter().enumerate();
    formats.find_map(|(index, format)| Some((u8::try_from(index).ok()?, format.time(text).ok()?)))
}

/// The format by which a text is a time of day, for who knows that one is meant.
pub(crate) fn time_format(text: &str) -> Option<&'static str> {
    let found = ALL.iter().find(|format| format.time(text).is_ok())?;
    Some(found.pattern())
}

/// Whether a text may be one of [`TIMES`] by its digits, letters and marks: the same for all texts that differ
/// only in which digits and letters they have.
pub(crate) fn has_time_form(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (hour, rest) = match bytes {
        [tens, ones, rest @ ..] if tens.is_ascii_digit() && ones.is_ascii_digit() => (true, rest),
        [ones, rest @ ..] => (ones.is_ascii_digit(), rest),
        [] => return false,
    };
    if !hour {
        return false;
    }
    match rest {
        [b':', ..] => return true,
        [letter, tens, ones] if tens.is_ascii_digit() && ones.is_ascii_digit() => {
            return letter.is_ascii_alphabetic();
        }
        _ => {}
    }
    let rest = match rest {
        [b'.', tens, ones, rest @ ..] if tens.is_ascii_digit() && ones.is_ascii_digit() => rest,
        rest => rest,
    };
    let word = rest.strip_prefix(b" ").unwrap_or(rest);
    // `pm`, `p.m.` or `Uhr`
    let letters = word
        .iter()
        .filter(|byte| byte.is_ascii_alphabetic())
        .count();
    let points = word.iter().filter(|byte| **byte == b'.').count();
    letters + points == word.len() && matches!((letters, points), (2, 0 | 2) | (3, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format_of(text: &str) -> Option<&'static str> {
        let (index, _) = time_of_day(text)?;
        TIMES.get(usize::from(index)).copied()
    }

    #[test]
    fn every_format_is_one_of_times() {
        assert_eq!((FORMATS.len(), ALL.len()), (TIMES.len(), TIMES.len() + 3));
        let all = ALL.iter();
        assert!(
            all.clone()
                .all(|format| format.kind() == super::super::FormatKind::Time)
        );
    }

    #[test]
    fn texts_and_the_way_in_which_they_are_written() {
        for (text, wanted) in [
            ("06:00", "%H:%M"),
            ("6:00", "%-H:%M"),
            ("06:00:15", "%H:%M:%S"),
            ("06:00:15.250", "%H:%M:%S.%f"),
            ("06:00:00.0000000", "%H:%M:%S.%f"),
            ("10:30:00Z", "%H:%M:%S%z"),
            ("01:00 PM", "%I:%M %p"),
            ("1:00pm", "%-I:%M%p"),
            ("1:00 p.m.", "%-I:%M %p"),
            ("1:00:05 A.M.", "%-I:%M:%S %p"),
            ("1 PM", "%-I %p"),
            ("11am", "%I%p"),
            ("1.30 pm", "%-I.%M %p"),
            ("06:00 Uhr", "%H:%M Uhr"),
            ("6.30 Uhr", "%-H.%M Uhr"),
            ("8 Uhr", "%-H Uhr"),
            ("06h30", "%Hh%M"),
            ("6h05", "%-Hh%M"),
        ] {
            assert_eq!(format_of(text), Some(wanted), "{text}");
            assert_eq!(time_format(text), Some(wanted), "{text}");
        }
        for (text, wanted) in [
            ("06.30", Some("%H.%M")),
            ("6.30", Some("%-H.%M")),
            ("0600", Some("%H%M")),
            ("2400", None),
            ("6.75", None),
            ("600", None),
        ] {
            assert_eq!(
                (format_of(text), time_format(text)),
                (None, wanted),
                "{text}"
            );
        }
        for text in [
            "",
            "24:00",
            "25:00",
            "06:60",
            "06:00:60",
            "13:00 PM",
            "00:30 AM",
            "0 PM",
            "13 PM",
            "6",
            "12 kg",
            "5 km",
            "6h",
            "6h7",
            "06x30",
            "1:00 xm",
            "1:00 p.m",
            "1:00  PM",
            " 6:00",
            "6:00 ",
            "6:0",
            "123:00",
            "-1:00",
            "06:00:00.0000001",
            "10:30+25:00",
            "noon",
            "\u{664}:\u{660}\u{660}",
            "99.95 EUR",
        ] {
            assert_eq!(time_format(text), None, "{text}");
        }
    }
}
