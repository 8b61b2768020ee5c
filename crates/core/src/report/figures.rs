//! Figures and foreign text as people read them, for every page that is made of a report.

/// Foreign text for the eye: control characters and marks that turn the direction of writing become
/// visible, and a text of more than `longest` characters is cut with its length. With
/// `keep_line_ends`, LF and CRLF stay line ends. Markup is left as it is.
#[must_use]
pub fn visible(text: &str, keep_line_ends: bool, longest: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().take(longest).peekable();
    while let Some(c) = rest.next() {
        match c {
            '\n' if keep_line_ends => out.push('\n'),
            '\r' if keep_line_ends && rest.peek() == Some(&'\n') => {}
            '\u{7f}' => out.push('\u{2421}'),
            // Control Pictures: U+2400 shows U+0000, and so on.
            '\0'..='\u{1f}' => out.extend(char::from_u32(0x2400 + u32::from(c))),
            c if crate::mapping::is_unsafe(c) => {
                out.push_str(&format!("‹U+{:04X}›", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    let length = text.chars().count();
    if length > longest {
        out.push_str(&format!("… ({} characters)", number(length as u64)));
    }
    out
}

/// A whole number with a comma between groups of three digits.
#[must_use]
pub fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 record`, `2 records`.
#[must_use]
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { many })
}
