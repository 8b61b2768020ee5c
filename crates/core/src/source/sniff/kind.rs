//! Kinds of cells: a coarse look at a text, enough to tell whether a table's columns keep one kind.
//! Whether a value really is a number or a date is decided later, by the profile.

/// What a cell looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Nothing, or blanks.
    Empty,
    /// Digits with signs, marks, a currency or a per cent sign.
    Number,
    /// Digits with the separators of dates or times.
    Date,
    /// One token without blanks that has digits or signs in it: codes, addresses of all sorts.
    Code,
    /// One token of letters.
    Word,
    /// Several words.
    Text,
    /// Unbalanced quotes, or signs that delimit elsewhere.
    Odd,
}

impl Kind {
    /// Whether a column of this kind rarely has a name of the same kind.
    pub(crate) const fn typed(self) -> bool {
        matches!(self, Self::Number | Self::Date)
    }

    /// How much a column that keeps this kind speaks for the dialect that gave it, 0 to 1.
    pub(crate) const fn weight(self) -> f64 {
        match self {
            Self::Number | Self::Date => 1.0,
            Self::Empty => 0.55,
            Self::Code | Self::Word => 0.92,
            Self::Text => 0.8,
            Self::Odd => 0.1,
        }
    }
}

/// Counts of the characters that decide a kind.
#[derive(Default)]
struct Counts {
    digits: usize,
    letters: usize,
    blanks: usize,
    dates: usize,
    marks: usize,
    money: usize,
    others: usize,
    delimiters: usize,
}

/// What a cell looks like; `quoted` cells may hold delimiters without being odd.
pub(crate) fn kind(cell: &str, quoted: bool) -> Kind {
    let trimmed = cell.trim();
    if trimmed.is_empty() {
        return Kind::Empty;
    }
    let mut counts = Counts::default();
    for character in trimmed.chars().take(256) {
        match character {
            '0'..='9' => counts.digits += 1,
            ' ' | '\u{a0}' => counts.blanks += 1,
            '/' | ':' => counts.dates += 1,
            '-' | '.' | ',' | '\'' | '+' => counts.marks += 1,
            '$' | '€' | '£' | '¥' | '₹' | '%' | '(' | ')' | '−' => counts.money += 1,
            ';' | '\t' | '|' | '"' => counts.delimiters += 1,
            _ if character.is_alphabetic() => counts.letters += 1,
            _ => counts.others += 1,
        }
    }
    if let Some(kind) = numeric(trimmed, &counts) {
        return kind;
    }
    if counts.delimiters > 0 && !quoted {
        return Kind::Odd;
    }
    if !quoted && (trimmed.starts_with(',') || trimmed.ends_with(',')) {
        return Kind::Odd;
    }
    match (counts.blanks + counts.delimiters, counts.letters) {
        (0, 0) => Kind::Code,
        (0, letters) if letters == trimmed.chars().count() => Kind::Word,
        (0, _) => Kind::Code,
        _ => Kind::Text,
    }
}

/// Numbers, dates and times, or nothing.
fn numeric(text: &str, counts: &Counts) -> Option<Kind> {
    if counts.digits == 0 || counts.delimiters > 0 || counts.others > 0 {
        return None;
    }
    if counts.letters == 0 {
        if counts.dates > 0 || is_dotted_date(text, counts) {
            let plausible = counts.dates <= 5 && counts.marks <= 4 && counts.money == 0;
            return plausible.then_some(Kind::Date);
        }
        // 1 234 567,89 but not two numbers beside each other.
        return (grouped(text) && marked(text)).then_some(Kind::Number);
    }
    if counts.letters <= 4 && counts.dates >= 2 && counts.marks >= 2 {
        return Some(Kind::Date); // 2026-11-24T10:30:00Z, 10:30:00 PM
    }
    if counts.letters == 1 && exponent(text) {
        return Some(Kind::Number);
    }
    named_month(text, counts).then_some(Kind::Date)
}

/// 24.11.2026 or 2026-11-24.
fn is_dotted_date(text: &str, counts: &Counts) -> bool {
    if counts.money > 0 || counts.blanks > 0 || !(6..=10).contains(&text.len()) {
        return false;
    }
    ['.', '-'].into_iter().any(|mark| {
        let mut parts = text.split(mark);
        let lengths: [Option<usize>; 4] = std::array::from_fn(|_| {
            parts.next().and_then(|part| {
                let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
                digits.then_some(part.len())
            })
        });
        matches!(
            lengths,
            [Some(1 | 2), Some(1 | 2), Some(2 | 4), None]
                | [Some(4), Some(1 | 2), Some(1 | 2), None]
        )
    })
}

/// Whether blanks inside a number separate groups of three digits.
fn grouped(text: &str) -> bool {
    let number = text.trim_matches(|c: char| !c.is_ascii_digit() && c != '.' && c != ',');
    let mut groups = number.split([' ', '\u{a0}']);
    let first = groups.next().unwrap_or_default();
    let mut rest = groups.peekable();
    if rest.peek().is_none() {
        // No sign inside, as in 555-0199.
        return !number.trim_start_matches(['+', '-']).contains(['-', '+']);
    }
    first.len() <= 3
        && rest.all(|group| {
            let whole = group.split(['.', ',']).next().unwrap_or_default();
            whole.len() == 3
        })
}

/// Whether the marks of a number can be its own: one that repeats separates groups of three digits,
/// and of two sorts the last stands once.
fn marked(text: &str) -> bool {
    let count = |mark: char| text.matches(mark).count();
    let (points, commas) = (count('.'), count(','));
    if points > 0 && commas > 0 {
        let last = if text.rfind('.') > text.rfind(',') {
            points
        } else {
            commas
        };
        return last == 1;
    }
    let mark = if points > 0 { '.' } else { ',' };
    points.max(commas) < 2
        || text
            .split(mark)
            .skip(1)
            .all(|group| group.trim_end_matches(|c: char| !c.is_ascii_digit()).len() == 3)
}

/// 1.5E-07.
fn exponent(text: &str) -> bool {
    let mut parts = text.splitn(2, ['e', 'E']);
    let mantissa = parts.next().unwrap_or_default();
    let power = parts.next().unwrap_or_default();
    let digits = |part: &str| {
        part.bytes().any(|byte| byte.is_ascii_digit())
            && part
                .bytes()
                .all(|byte| byte.is_ascii_digit() || b"+-.,".contains(&byte))
    };
    digits(mantissa) && digits(power)
}

/// 24 Nov 2026, 24-Nov-26, Nov-26.
fn named_month(text: &str, counts: &Counts) -> bool {
    const MONTHS: [&str; 17] = [
        "jan", "feb", "mar", "mär", "mrz", "apr", "may", "mai", "jun", "jul", "aug", "sep", "oct",
        "okt", "nov", "dec", "dez",
    ];
    if !(3..=9).contains(&counts.letters) || counts.digits < 2 || text.len() > 20 {
        return false;
    }
    let letters: String = text
        .chars()
        .filter(|character| character.is_alphabetic())
        .collect::<String>()
        .to_lowercase();
    MONTHS.iter().any(|month| letters.starts_with(month))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_numbers_dates_codes_and_text_apart() {
        for (text, expected) in [
            ("", Kind::Empty),
            ("  ", Kind::Empty),
            ("12", Kind::Number),
            ("-1.234,56", Kind::Number),
            ("1 234,5", Kind::Number),
            ("$25.55", Kind::Number),
            ("13.1%", Kind::Number),
            ("1.5E-07", Kind::Number),
            ("(1,234)", Kind::Number),
            ("24.11.2026", Kind::Date),
            ("2026-11-24", Kind::Date),
            ("28/01/2018", Kind::Date),
            ("00:15", Kind::Date),
            ("2026-11-24T10:30:00Z", Kind::Date),
            ("24 Nov 2026", Kind::Date),
            ("RI-9546", Kind::Code),
            ("a@b.example", Kind::Code),
            ("https://a.example/b", Kind::Code),
            ("Payee", Kind::Word),
            ("Booking date", Kind::Text),
            ("5;2", Kind::Odd),
            ("\"ab", Kind::Odd),
            ("12 34", Kind::Text),
        ] {
            assert_eq!(kind(text, false), expected, "{text:?}");
        }
    }

    #[test]
    fn a_quoted_cell_may_hold_delimiters() {
        assert_eq!(kind("a; b", true), Kind::Text);
        assert_eq!(kind("a; b", false), Kind::Odd);
    }
}
