//! Shapes: a value with its letters and digits replaced by what they are.

/// Shapes are cut at so many characters.
const SHAPE_CHARS: usize = 60;

/// Runs of more are written as `9+`.
const RUN: usize = 4;

/// `A` upper case, `a` other letters, `9` digits, runs of more than four written as `9+`; anything
/// else as it is. A long shape ends with `…`.
pub(super) fn shape(value: &str) -> String {
    let mut out = String::with_capacity(value.len().min(64));
    let mut count = 0;
    let mut classes = value.chars().map(class).peekable();
    while let Some(class) = classes.next() {
        let mut run = 1;
        if let Class::Run(_) = class {
            while classes.peek() == Some(&class) {
                classes.next();
                run += 1;
            }
        }
        if count >= SHAPE_CHARS {
            out.push('…');
            break;
        }
        match class {
            Class::Run(c) if run > RUN => out.extend([c, '+']),
            Class::Run(c) => out.extend(std::iter::repeat_n(c, run)),
            Class::Itself(c) => out.push(c),
        }
        count += if run > RUN { 2 } else { run };
    }
    out
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Run(char),
    Itself(char),
}

fn class(c: char) -> Class {
    match c {
        '0'..='9' => Class::Run('9'),
        'a'..='z' => Class::Run('a'),
        'A'..='Z' => Class::Run('A'),
        _ if c.is_uppercase() => Class::Run('A'),
        _ if c.is_alphabetic() => Class::Run('a'),
        _ => Class::Itself(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_of_values() {
        for (value, wanted) in [
            ("24.11.2026", "99.99.9999"),
            ("DE89370400440532013000", "AA9+"),
            ("Müller GmbH", "Aa+ AaaA"),
            ("-1.234,50 €", "-9.999,99 €"),
            ("12345", "9+"),
            ("", ""),
            ("a b", "a a"),
        ] {
            assert_eq!(shape(value), wanted, "{value}");
        }
        let long = shape(&"a1".repeat(100));
        assert_eq!(long.chars().count(), 61);
        assert!(long.ends_with('…'));
    }
}
