//! Regular expressions of JSON Schema (ECMA-262) in the dialect of the `regex` crate, which runs in
//! linear time on every input. What means something else there is rewritten; what has no
//! counterpart is an error, never an expression that matches something else.

use regex::Regex;

/// Why a pattern cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(String);

/// Compiles a pattern.
///
/// # Errors
/// [`PatternError`] names the construct, such as a look-ahead or a back reference.
pub fn compile_pattern(pattern: &str) -> Result<Regex, PatternError> {
    let rewritten = rewrite(pattern)?;
    Regex::new(&rewritten).map_err(|error| {
        if matches!(error, regex::Error::CompiledTooBig(_)) {
            return PatternError("it becomes too large".to_owned());
        }
        // The last line says what is wrong; those before show the rewritten pattern.
        let text = error.to_string();
        let last = text.lines().next_back().unwrap_or_default().trim();
        PatternError(last.strip_prefix("error: ").unwrap_or(last).to_owned())
    })
}

fn rewrite(pattern: &str) -> Result<String, PatternError> {
    let refuse = |what: &str| Err(PatternError(format!("{what} is not supported")));
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    let mut in_class = false;
    while let Some(c) = rest.chars().next() {
        let (_, tail) = rest.split_at(c.len_utf8());
        rest = tail;
        match (in_class, c) {
            (_, '\\') => rest = escape(rest, in_class, &mut out)?,
            (false, '.') => out.push_str(r"[^\n\r\x{2028}\x{2029}]"),
            (false, '[') => {
                if rest.starts_with(']') || rest.starts_with("^]") {
                    return refuse("an empty class");
                }
                in_class = true;
                out.push('[');
                if let Some(tail) = rest.strip_prefix('^') {
                    out.push('^');
                    rest = tail;
                }
            }
            (false, '(')
                if ["?=", "?!", "?<=", "?<!"]
                    .iter()
                    .any(|look| rest.starts_with(look)) =>
            {
                return refuse("a look-ahead or look-behind");
            }
            (true, ']') => {
                in_class = false;
                out.push(']');
            }
            (true, '-') if rest.starts_with('-') => return refuse("`--` in a class"),
            // In a class these are operators of the crate where they are doubled or nested.
            (true, '[' | '&' | '~') => out.extend(['\\', c]),
            (true | false, _) => out.push(c),
        }
    }
    Ok(out)
}

/// Rewrites what follows a backslash and returns the rest.
fn escape<'p>(rest: &'p str, in_class: bool, out: &mut String) -> Result<&'p str, PatternError> {
    let Some(c) = rest.chars().next() else {
        return Err(PatternError("it ends with a backslash".to_owned()));
    };
    let (_, tail) = rest.split_at(c.len_utf8());
    match c {
        // The classes of ECMA-262 are ASCII, but for white space.
        'd' => out.push_str("[0-9]"),
        'D' => out.push_str("[^0-9]"),
        'w' => out.push_str("[0-9A-Za-z_]"),
        'W' => out.push_str("[^0-9A-Za-z_]"),
        's' => out.push_str(r"[\s\x{feff}]"),
        'S' => out.push_str(r"[^\s\x{feff}]"),
        'b' if in_class => out.push_str(r"\x08"),
        'b' => out.push_str(r"(?-u:\b)"),
        'n' | 'r' | 't' | 'v' | 'f' | 'x' | 'p' | 'P' => out.extend(['\\', c]),
        'u' if tail.starts_with("{") || hex_digits(tail) => out.extend(['\\', c]),
        '0' if !tail.starts_with(|next: char| next.is_ascii_digit()) => out.push_str(r"\x00"),
        '0'..='9' | 'k' => {
            return Err(PatternError("a back reference is not supported".to_owned()));
        }
        c if c.is_ascii_alphanumeric() => {
            return Err(PatternError(format!("`\\{c}` is not supported")));
        }
        // An escaped sign stands for itself; outside of ASCII the crate allows no escape.
        c if c.is_ascii() && c != '<' && c != '>' => out.extend(['\\', c]),
        c => out.push(c),
    }
    Ok(tail)
}

/// Whether four hexadecimal digits follow that are no half of a surrogate pair.
fn hex_digits(text: &str) -> bool {
    let digits = text
        .get(..4)
        .and_then(|digits| u32::from_str_radix(digits, 16).ok());
    digits.and_then(char::from_u32).is_some()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn means_what_ecma_means() {
        let table: [(&str, &[&str], &[&str]); 16] = [
            (r"^\d{2}$", &["12"], &["1", "١٢", "12\n"]),
            (r"^[\d.]+$", &["1.2"], &["1,2"]),
            (r"^\w+$", &["a_1"], &["é"]),
            (r"^[^\W]+$", &["a_1"], &["é", "-"]),
            (r"^\D$", &["a"], &["1"]),
            (r"^.$", &["é", "\u{1f600}"], &["\n", "\r", "\u{2028}"]),
            (r"^[[]$", &["["], &["]"]),
            (r"^[a&&b]+$", &["a&b"], &["c"]),
            (r"^[~~a]$", &["~"], &["b"]),
            (r"^[a-]$", &["-", "a"], &["b"]),
            (r"^a\/b\-\_$", &["a/b-_"], &["ab"]),
            (r"\bcat\b", &["a cat", "écat"], &["cats"]),
            (r"^\u00e9$", &["é"], &["e"]),
            (r"^\u{1F600}$", &["\u{1f600}"], &["u"]),
            (r"^(?<y>\d{4})$", &["2026"], &["26"]),
            (
                r"^[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3})?$",
                &["DEUTDEFF500"],
                &["DEUT"],
            ),
        ];
        for (pattern, matching, others) in table {
            let regex = compile_pattern(pattern).unwrap();
            for text in matching {
                assert!(regex.is_match(text), "{pattern} {text:?}");
            }
            for text in others {
                assert!(!regex.is_match(text), "{pattern} {text:?}");
            }
        }
    }

    #[test]
    fn what_has_no_counterpart_is_refused() {
        let patterns = [
            "(?=a)b",
            "(?!a)b",
            "(?<=a)b",
            "(?<!a)b",
            r"(a)\1",
            r"(?<n>a)\k<n>",
            "[]a]",
            "[^]",
            r"\cA",
            "[+--]",
            "(",
            "a{2,1}",
            r"\",
            r"\ud83d\ude00",
            r"\B",
            "[z-a]",
        ];
        let told: Vec<String> = patterns
            .iter()
            .map(|pattern| format!("{pattern}: {}", compile_pattern(pattern).unwrap_err()))
            .collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        (?=a)b: a look-ahead or look-behind is not supported
        (?!a)b: a look-ahead or look-behind is not supported
        (?<=a)b: a look-ahead or look-behind is not supported
        (?<!a)b: a look-ahead or look-behind is not supported
        (a)\1: a back reference is not supported
        (?<n>a)\k<n>: a back reference is not supported
        []a]: an empty class is not supported
        [^]: an empty class is not supported
        \cA: `\c` is not supported
        [+--]: `--` in a class is not supported
        (: unclosed group
        a{2,1}: invalid repetition count range, the start must be <= the end
        \: it ends with a backslash
        \ud83d\ude00: `\u` is not supported
        \B: `\B` is not supported
        [z-a]: invalid character class range, the start must be <= the end
        "#);
    }

    proptest! {
        #[test]
        fn never_panics(pattern in "[\\[\\]()\\\\^$.*+?{}|a-cdwsbu0-9&~<>=!:-]{0,20}|\\PC{0,10}") {
            let _ = compile_pattern(&pattern);
        }
    }
}
