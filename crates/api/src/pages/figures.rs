//! Figures, times and foreign text as people read them. Decides nothing.

use aimapper_core::report::figures;
pub(crate) use aimapper_core::report::figures::{counted, number};
use aimapper_core::time::Millis;
use aimapper_core::value::{days_to_iso, time_to_iso};

/// Longest foreign text that is shown whole, in characters.
const LONGEST: usize = 240;
const DAY_MS: i64 = 86_400_000;

/// Foreign text for the eye: control characters and marks that turn the direction of writing become
/// visible, long texts are cut with their length. Markup is escaped by the templates.
pub(crate) fn visible(text: &str) -> String {
    figures::visible(text, false, LONGEST)
}

/// The same for text of several lines: LF and CRLF end lines.
pub(crate) fn visible_lines(text: &str) -> String {
    figures::visible(text, true, LONGEST * 8)
}

/// A sentence of the command's, in which names stand between backticks, as a page says it.
pub(crate) fn quoted(text: impl AsRef<str>) -> String {
    let mut said = String::with_capacity(text.as_ref().len());
    for (number, part) in text.as_ref().split('`').enumerate() {
        if number > 0 {
            said.push(if number % 2 == 1 { '“' } else { '”' });
        }
        said.push_str(part);
    }
    said
}

/// Bytes in the largest unit that leaves a figure before the point.
#[expect(clippy::cast_precision_loss, reason = "rounded to one digit anyway")]
pub(crate) fn bytes(count: u64) -> String {
    let mut value = count as f64;
    for unit in ["bytes", "kB", "MB", "GB"] {
        if value < 1000.0 {
            return match unit {
                "bytes" => counted(count, "byte", "bytes"),
                _ => format!("{value:.1} {unit}"),
            };
        }
        value /= 1000.0;
    }
    format!("{value:.1} TB")
}

/// A share in per cent, never 0 or 100 unless it is exactly that.
pub(crate) fn share(part: u64, whole: u64) -> String {
    if part == 0 || whole == 0 {
        return "0 %".to_owned();
    }
    if part >= whole {
        return "100 %".to_owned();
    }
    let percent = ratio(part, whole) * 100.0;
    if percent < 0.1 {
        "< 0.1 %".to_owned()
    } else if percent > 99.9 {
        "> 99.9 %".to_owned()
    } else {
        format!("{percent:.1} %")
    }
}

/// A share from 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "only drawn and rounded")]
pub(crate) fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        (part as f64 / whole as f64).clamp(0.0, 1.0)
    }
}

/// How long ago, roughly; times in the future are `just now`.
pub(crate) fn age(then: Millis, now: Millis) -> String {
    let seconds = now.0.saturating_sub(then.0).max(0) / 1000;
    let ago = |count: i64, one: &str, many: &str| {
        format!("{} ago", counted(count.unsigned_abs(), one, many))
    };
    match seconds {
        0..=9 => "just now".to_owned(),
        10..=59 => ago(seconds, "second", "seconds"),
        60..=3_599 => ago(seconds / 60, "minute", "minutes"),
        3_600..=86_399 => ago(seconds / 3_600, "hour", "hours"),
        _ => ago(seconds / 86_400, "day", "days"),
    }
}

/// How long something takes or took.
pub(crate) fn duration(milliseconds: u64) -> String {
    match milliseconds {
        0..=999 => format!("{milliseconds} ms"),
        1_000..=59_999 => format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100),
        60_000..=3_599_999 => {
            format!(
                "{} min {} s",
                milliseconds / 60_000,
                milliseconds / 1_000 % 60
            )
        }
        _ => format!(
            "{} h {} min",
            milliseconds / 3_600_000,
            milliseconds / 60_000 % 60
        ),
    }
}

/// A point in time as RFC 3339 in UTC, to the second.
pub(crate) fn rfc3339(at: Millis) -> String {
    let days = i32::try_from(at.0.div_euclid(DAY_MS)).unwrap_or_default();
    let seconds = at.0.rem_euclid(DAY_MS) / 1_000;
    format!(
        "{}T{}Z",
        days_to_iso(days),
        time_to_iso(seconds * 1_000_000)
    )
}

/// The same for people: `2026-11-24 10:30 UTC`.
pub(crate) fn moment(at: Millis) -> String {
    let text = rfc3339(at);
    let minute: String = text.chars().take(16).collect();
    format!("{} UTC", minute.replace('T', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_quotes() {
        assert_eq!(
            quoted("add it to `value_map` of `kind`"),
            "add it to “value_map” of “kind”"
        );
        assert_eq!(quoted("as it is"), "as it is");
    }

    #[test]
    fn what_turns_or_hides_text_becomes_visible() {
        assert_eq!(visible("a\0b\nc\u{7f}"), "a␀b␊c␡");
        assert_eq!(visible("a\u{202e}b\u{feff}"), "a‹U+202E›b‹U+FEFF›");
        assert_eq!(visible_lines("a\r\nb\rc"), "a\nb␍c");
        assert!(visible(&"x".repeat(1500)).ends_with("x… (1,500 characters)"));
    }

    #[test]
    fn figures_are_read_at_a_glance() {
        assert_eq!([0, 999, 1_234_567].map(number), ["0", "999", "1,234,567"]);
        assert_eq!(
            [1, 999, 2_871, 16 << 20].map(bytes),
            ["1 byte", "999 bytes", "2.9 kB", "16.8 MB"]
        );
        assert_eq!(
            [share(0, 9), share(1, 100_000), share(3, 3)],
            ["0 %", "< 0.1 %", "100 %"]
        );
        assert_eq!([940, 61_000].map(duration), ["940 ms", "1 min 1 s"]);
    }

    #[test]
    fn times_are_utc_and_ages_are_rough() {
        let at = Millis(1_764_153_000_999);
        assert_eq!(rfc3339(at), "2025-11-26T10:30:00Z");
        assert_eq!(moment(at), "2025-11-26 10:30 UTC");
        let ages = [0, 59_000, 61_000, 7_200_000, 90_000_000].map(|ms| age(at, at.plus(ms)));
        assert_eq!(
            ages,
            [
                "just now",
                "59 seconds ago",
                "1 minute ago",
                "2 hours ago",
                "1 day ago"
            ]
        );
        assert_eq!(age(at.plus(5_000), at), "just now");
    }
}
