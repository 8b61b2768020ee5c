//! Text into HTML. Everything that comes from a source, a schema or a person goes through here.

use crate::report::figures::visible;
pub(super) use crate::report::figures::{counted, number};

/// Longest value that is shown whole, in characters.
const LONGEST: usize = 240;

/// Text for an element or a quoted attribute. Control characters, line ends included, and marks
/// that turn the direction of writing become visible; long texts are cut with their length.
pub(super) fn text(value: &str) -> String {
    escape(value, false, LONGEST)
}

/// Text of several lines for a `<pre>`: LF and CRLF end lines, everything else as in [`text`].
pub(super) fn lines(value: &str) -> String {
    escape(value, true, LONGEST * 8)
}

fn escape(value: &str, keep_line_ends: bool, longest: usize) -> String {
    let mut out = String::with_capacity(value.len() + 16);
    for c in visible(value, keep_line_ends, longest).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A share in per cent, never 0 or 100 unless it is exactly that.
pub(super) fn share(part: u64, whole: u64) -> String {
    if part == 0 || whole == 0 {
        return "0 %".to_owned();
    }
    if part == whole {
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
#[expect(
    clippy::cast_precision_loss,
    reason = "only drawn and rounded to a per mille"
)]
pub(super) fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        (part as f64 / whole as f64).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn markup_and_control_characters_are_harmless_and_visible() {
        assert_eq!(text("<script>&\"'"), "&lt;script&gt;&amp;&quot;&#39;");
        assert_eq!(text("a\0b\nc\td\u{7f}"), "a␀b␊c␉d␡");
        assert_eq!(text("a\u{202e}b\u{feff}"), "a‹U+202E›b‹U+FEFF›");
        assert_eq!(lines("a\r\nb\rc"), "a\nb␍c");
        assert!(text(&"x".repeat(1500)).ends_with("x… (1,500 characters)"));
    }

    #[test]
    fn numbers_and_shares_are_read_at_a_glance() {
        assert_eq!(
            [0, 999, 1000, 1_234_567].map(number),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(counted(1, "row", "rows"), "1 row");
        assert_eq!(share(0, 10), "0 %");
        assert_eq!(share(1, 100_000), "< 0.1 %");
        assert_eq!(share(99_999, 100_000), "> 99.9 %");
        assert_eq!(share(1, 3), "33.3 %");
        assert_eq!(share(3, 3), "100 %");
    }

    proptest! {
        #[test]
        fn no_text_opens_a_tag_or_ends_an_attribute(value in any::<String>()) {
            let safe = text(&value);
            let bad = |c: char| matches!(c, '<' | '>' | '"' | '\'') || c.is_control();
            prop_assert!(!safe.chars().any(bad));
        }
    }
}
