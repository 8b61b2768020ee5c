use proptest::prelude::*;

use super::*;

fn format(pattern: &str) -> DateFormat {
    DateFormat::parse(pattern).expect("a format")
}

fn date(pattern: &str, text: &str) -> Result<String, DateError> {
    format(pattern)
        .date(text)
        .map(|days| days_to_iso(days).to_string())
}

fn timestamp(pattern: &str, text: &str) -> Result<String, DateError> {
    format(pattern)
        .timestamp(text)
        .map(|value| value.to_string())
}

#[test]
fn dates_by_format() {
    for (pattern, text, wanted) in [
        ("%Y-%m-%d", "2026-11-24", "2026-11-24"),
        ("%d.%m.%Y", "01.02.2026", "2026-02-01"),
        ("%m/%d/%Y", "01/02/2026", "2026-01-02"),
        ("%-d.%-m.%Y", "1.12.2026", "2026-12-01"),
        ("%d.%m.%y", "01.02.68", "2068-02-01"),
        ("%d.%m.%y", "01.02.69", "1969-02-01"),
        ("%Y%m%d", "20240229", "2024-02-29"),
        ("%-d. %B %Y", "5. März 2026", "2026-03-05"),
        ("%b %-d, %Y", "Sept 5, 2026", "2026-09-05"),
        ("%e-%b-%Y", " 5-OKT-2026", "2026-10-05"),
        ("%e-%b-%Y", "15-oct-2026", "2026-10-15"),
        ("%d%b%y", "05may26", "2026-05-05"),
        ("%Y-%m-%d %H:%M", "2026-11-24 23:59", "2026-11-24"),
        ("%%%Y-%m-%d", "%0001-01-01", "0001-01-01"),
    ] {
        assert_eq!(
            date(pattern, text).as_deref(),
            Ok(wanted),
            "{pattern} {text}"
        );
    }
}

#[test]
fn shape_and_calendar_are_told_apart() {
    use DateError::{Impossible, Shape};
    for (pattern, text, wanted) in [
        ("%d.%m.%Y", "31.02.2026", Impossible),
        ("%d.%m.%Y", "29.02.2025", Impossible),
        ("%d.%m.%Y", "00.01.2026", Impossible),
        ("%m/%d/%Y", "13/01/2026", Impossible),
        ("%d.%m.%Y", "01.01.0000", Impossible),
        ("%Y-%m-%d %H:%M", "2026-11-24 24:00", Impossible),
        ("%d.%m.%Y", "1.2.2026", Shape),
        ("%-d. %B %Y", "1. listopada 2026", Shape),
        ("%d.%m.%Y", "01.02.26", Shape),
        ("%d.%m.%Y", "01.02.2026 ", Shape),
        ("%d.%m.%Y", " 01.02.2026", Shape),
        ("%d.%m.%Y", "01-02-2026", Shape),
        ("%d.%m.%Y", "", Shape),
        ("%-d.%-m.%Y", "001.2.2026", Shape),
        ("%b %-d, %Y", "September 5, 2026", Shape),
        ("%H:%M", "10:30", Shape),
    ] {
        assert_eq!(date(pattern, text), Err(wanted), "{pattern} {text}");
    }
}

#[test]
fn timestamps_keep_every_digit_and_the_offset() {
    for (pattern, text, wanted) in [
        (
            "%Y-%m-%dT%H:%M:%S%z",
            "2026-11-24T10:30:00Z",
            "2026-11-24T10:30:00Z",
        ),
        (
            "%Y-%m-%dT%H:%M:%S%z",
            "2026-11-24T00:30:00+01:00",
            "2026-11-24T00:30:00+01:00",
        ),
        (
            "%Y-%m-%dT%H:%M:%S%z",
            "2026-11-24T23:30:00-0330",
            "2026-11-24T23:30:00-03:30",
        ),
        (
            "%Y-%m-%dT%H:%M:%S%z",
            "2026-11-24T23:30:00+02",
            "2026-11-24T23:30:00+02:00",
        ),
        (
            "%Y-%m-%d %H:%M:%S.%f",
            "2026-11-24 10:30:00.120",
            "2026-11-24T10:30:00.120",
        ),
        (
            "%Y-%m-%d %H:%M:%S,%f",
            "1969-12-31 23:59:59,123456789",
            "1969-12-31T23:59:59.123456789",
        ),
        ("%d.%m.%Y %-H:%M", "24.11.2026 9:05", "2026-11-24T09:05:00"),
        (
            "%m/%d/%Y %I:%M %p",
            "11/24/2026 12:05 AM",
            "2026-11-24T00:05:00",
        ),
        (
            "%m/%d/%Y %-I:%M %p",
            "11/24/2026 1:05 pm",
            "2026-11-24T13:05:00",
        ),
        (
            "%m/%d/%Y %I:%M %p",
            "11/24/2026 12:05 PM",
            "2026-11-24T12:05:00",
        ),
        ("%d.%m.%Y", "24.11.2026", "2026-11-24T00:00:00"),
    ] {
        assert_eq!(
            timestamp(pattern, text).as_deref(),
            Ok(wanted),
            "{pattern} {text}"
        );
    }
    for (pattern, text) in [
        ("%m/%d/%Y %I:%M %p", "11/24/2026 13:05 PM"),
        ("%m/%d/%Y %I:%M %p", "11/24/2026 00:05 AM"),
        ("%Y-%m-%dT%H:%M:%S%z", "2026-11-24T10:30:00+24:00"),
        ("%Y-%m-%dT%H:%M:%S", "2026-11-24T10:30:60"),
    ] {
        assert_eq!(
            timestamp(pattern, text),
            Err(DateError::Impossible),
            "{text}"
        );
    }
}

#[test]
fn offsets_are_one_point_in_time() {
    let format = format("%Y-%m-%dT%H:%M:%S%z");
    let east = format.timestamp("2026-11-24T00:30:00+01:00").expect("fits");
    let utc = format.timestamp("2026-11-23T23:30:00Z").expect("fits");
    assert_eq!(east.micros, utc.micros);
}

#[test]
fn times_of_day() {
    let time = |pattern: &str, text: &str| format(pattern).time(text);
    assert_eq!(time("%H:%M", "10:30"), Ok(37_800_000_000));
    assert_eq!(time("%H:%M:%S.%f", "00:00:00.000001"), Ok(1));
    assert_eq!(
        time("%H:%M:%S.%f", "00:00:00.0000001"),
        Err(DateError::TooFine)
    );
    assert_eq!(time("%H:%M", "24:00"), Err(DateError::Impossible));
    assert_eq!(time("%H:%M", "1:00"), Err(DateError::Shape));
    assert_eq!(time("%Y-%m-%d", "2026-01-01"), Err(DateError::Shape));
}

#[test]
fn hours_of_the_clock_with_twelve() {
    use DateError::{Impossible, Shape};
    let time = |pattern: &str, text: &str| {
        let read = format(pattern).time(text);
        read.map(|micros| time_to_iso(micros).to_string())
    };
    for (pattern, text, wanted) in [
        ("%-I:%M %p", "12:00 AM", Ok("00:00:00")),
        ("%-I:%M %p", "12:59 a.m.", Ok("00:59:00")),
        ("%-I:%M %p", "1:00 AM", Ok("01:00:00")),
        ("%-I:%M %p", "12:00 PM", Ok("12:00:00")),
        ("%-I:%M %p", "01:00 P.M.", Ok("13:00:00")),
        ("%-I:%M %p", "11:59 pm", Ok("23:59:00")),
        ("%-I %p", "1 PM", Ok("13:00:00")),
        ("%-I%p", "12am", Ok("00:00:00")),
        ("%p %-I:%M", "PM 1:05", Ok("13:05:00")),
        ("%-H Uhr", "8 Uhr", Ok("08:00:00")),
        ("%Hh%M", "06h30", Ok("06:30:00")),
        ("%H:%M%z", "10:30+02:00", Ok("10:30:00")),
        ("%-I:%M %p", "0:30 AM", Err(Impossible)),
        ("%-I:%M %p", "13:00 PM", Err(Impossible)),
        ("%-I:%M %p", "1:60 PM", Err(Impossible)),
        ("%-I %p", "13 PM", Err(Impossible)),
        ("%-H:%M", "24:00", Err(Impossible)),
        ("%-H:%M", "25:00", Err(Impossible)),
        ("%H:%M:%S", "23:59:60", Err(Impossible)),
        ("%H:%M%z", "10:30+25:00", Err(Impossible)),
        ("%-I:%M %p", "1:00", Err(Shape)),
        ("%-I:%M %p", "1:00 p.m", Err(Shape)),
        ("%-I:%M %p", "1:00 pm.", Err(Shape)),
        ("%-I:%M %p", "1:00 xm", Err(Shape)),
        ("%-I:%M %p", "1:00PM", Err(Shape)),
        ("%H:%M", "01:00 PM", Err(Shape)),
        ("%H:%M", "-1:00", Err(Shape)),
        ("%H:%M", "010:00", Err(Shape)),
        ("%Hh%M", "06H30", Err(Shape)),
    ] {
        assert_eq!(
            time(pattern, text),
            wanted.map(str::to_owned),
            "{pattern} {text}"
        );
    }
}

#[test]
fn formats_are_checked_once() {
    assert_eq!(format("%d.%m.%Y").kind(), FormatKind::Date);
    assert_eq!(format("%H:%M:%S").kind(), FormatKind::Time);
    assert_eq!(format("%Y-%m-%dT%H:%M%z").kind(), FormatKind::Timestamp);
    assert_eq!(format("%d.%m.%Y").to_string(), "%d.%m.%Y");
    for (pattern, wanted) in [
        ("%Q", FormatError::UnknownCode("Q".to_owned())),
        ("%-Y", FormatError::UnknownCode("-Y".to_owned())),
        ("%d.%m.%Y%", FormatError::UnknownCode(String::new())),
        ("", FormatError::Missing("year")),
        ("%d.%m", FormatError::Missing("year")),
        ("%d.%m.%Y %H", FormatError::Missing("minute")),
        ("%d.%m.%Y%z", FormatError::Missing("hour")),
        ("%H", FormatError::Missing("minute")),
        ("h%H", FormatError::Missing("minute")),
        ("%Y-%m-%dT%H", FormatError::Missing("minute")),
        ("%-I:%S %p", FormatError::Missing("minute")),
        ("%H:%M.%f", FormatError::Missing("second")),
        ("%d %-d %m %Y", FormatError::Twice("day")),
        ("%H:%M %p", FormatError::HalfDay),
        ("%I:%M", FormatError::HalfDay),
        ("%-d%m%Y", FormatError::Adjacent),
    ] {
        assert_eq!(DateFormat::parse(pattern), Err(wanted), "{pattern}");
    }
}

proptest! {
    #[test]
    fn no_text_and_no_format_panics(pattern in "(%-?[A-Za-z]|[-/. :%])*", text in "\\PC*") {
        if let Ok(format) = DateFormat::parse(&pattern) {
            let _ = (format.date(&text), format.timestamp(&text), format.time(&text));
        }
        for pattern in ["%d.%m.%Y", "%-d %B %y", "%b%e%Y %I:%M:%S.%f %p%z"] {
            let format = format(pattern);
            let _ = (format.date(&text), format.timestamp(&text));
        }
    }

    #[test]
    fn every_day_is_read_back(days in -719_162_i32..=2_932_896) {
        let text = days_to_iso(days).to_string();
        prop_assert_eq!(format("%Y-%m-%d").date(&text), Ok(days));
    }

    #[test]
    fn timestamps_are_read_back(
        days in -719_160_i64..=2_932_894,
        micros in 0_i64..86_400_000_000,
        nanos in 0_u16..1000,
        offset_minutes in -1439_i16..=1439,
    ) {
        let micros = days * 86_400_000_000 + micros;
        let value = Timestamp { micros, nanos, offset_minutes: Some(offset_minutes), fraction_digits: 9 };
        let back = format("%Y-%m-%dT%H:%M:%S.%f%z").timestamp(&value.to_string());
        prop_assert_eq!(back, Ok(value));
    }
}
