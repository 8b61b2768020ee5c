//! Constraints of one field, compiled, and the check of a typed value. A value that keeps all of
//! them costs no allocation. Never changes a value.

mod compile;

use std::cmp::Ordering;

use regex::Regex;

pub use self::compile::compile;
use super::Cell;
use crate::error::nearest_names;
use crate::value::{Decimal, code};

/// The formats of [`crate::target::Constraint::Format`] that are checked.
pub const FORMATS: [&str; 5] = ["email", "uri", "uuid", "iban", "bic"];

/// Up to how many listed values a message names all of them.
const ALL_NAMED: usize = 6;

/// A constraint that a value breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Stable word: `required`, `enum`, `minimum`, `exclusive_minimum`, `maximum`,
    /// `exclusive_maximum`, `multiple_of`, `scale`, `min_length`, `max_length`, `pattern`, `format`
    /// or `unique`.
    pub rule: &'static str,
    /// What is wrong, in words; the value itself stands elsewhere.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// The compiled constraints of one field, but for `Unique`, which looks at all rows.
#[derive(Debug)]
pub struct FieldChecks {
    demanded: bool,
    unique: bool,
    checks: Vec<Check>,
}

#[derive(Debug)]
enum Check {
    Texts {
        sorted: Vec<Box<str>>,
        shown: Vec<String>,
    },
    Values {
        sorted: Vec<Cell<'static>>,
        shown: Vec<String>,
    },
    Bound {
        side: Side,
        bound: Cell<'static>,
        text: String,
    },
    MultipleOf {
        step: Decimal,
        text: String,
    },
    Scale(u32),
    MinLength(u64),
    MaxLength(u64),
    Pattern {
        regex: Regex,
        text: String,
    },
    Format(Format),
}

#[derive(Debug, Clone, Copy)]
enum Side {
    Minimum,
    ExclusiveMinimum,
    Maximum,
    ExclusiveMaximum,
}

#[derive(Debug, Clone, Copy)]
enum Format {
    Email,
    Uri,
    Uuid,
    Iban,
    Bic,
}

impl FieldChecks {
    /// Whether values must be unique over all rows, which [`super::UniqueIndex`] checks.
    #[must_use]
    pub const fn unique(&self) -> bool {
        self.unique
    }

    /// Whether every text passes, whatever it is, and nulls too where there are any.
    #[must_use]
    pub const fn admit_all(&self, nulls: bool) -> bool {
        self.checks.is_empty() && !(self.demanded && nulls)
    }

    /// Whether the value breaks no constraint: as [`FieldChecks::check`], but says not which.
    #[must_use]
    pub fn admit(&self, cell: &Cell<'_>) -> bool {
        match cell {
            Cell::Null => !self.demanded,
            Cell::Text(_)
            | Cell::Integer(_)
            | Cell::Decimal(_)
            | Cell::Boolean(_)
            | Cell::Date(_)
            | Cell::Timestamp(_)
            | Cell::Time(_) => self.checks.iter().all(|check| check.holds(cell)),
        }
    }

    /// Adds every constraint that the value breaks. A null can only break `required`. A value of
    /// another type than the field's breaks all that speak of the type.
    pub fn check(&self, cell: &Cell<'_>, out: &mut Vec<Broken>) {
        if *cell == Cell::Null {
            if self.demanded {
                out.push(Broken {
                    rule: "required",
                    message: "a value is required".to_owned(),
                    hint: "add the value to the source, or a `default` to the target".to_owned(),
                });
            }
            return;
        }
        out.extend(
            self.checks
                .iter()
                .filter(|check| !check.holds(cell))
                .map(|c| c.broken(cell)),
        );
    }
}

impl Check {
    fn holds(&self, cell: &Cell<'_>) -> bool {
        match (self, cell) {
            (Self::Texts { sorted, .. }, Cell::Text(text)) => {
                sorted.binary_search_by(|known| (**known).cmp(text)).is_ok()
            }
            (Self::Values { sorted, .. }, cell) => {
                let order = |known: &Cell<'_>| known.compare(cell).unwrap_or(Ordering::Less);
                sorted.binary_search_by(order).is_ok()
            }
            (Self::Bound { side, bound, .. }, cell) => {
                cell.compare(bound).is_some_and(|order| side.admits(order))
            }
            (Self::MultipleOf { step, .. }, cell) => cell
                .number()
                .is_some_and(|number| is_multiple(number, *step)),
            (Self::Scale(scale), cell) => cell
                .number()
                .is_some_and(|number| number.scale() <= *scale || number.rescale(*scale).is_some()),
            (Self::MinLength(least), Cell::Text(text)) => length(text) >= *least,
            (Self::MaxLength(most), Cell::Text(text)) => {
                // A text has no more characters than bytes.
                u64::try_from(text.len()).is_ok_and(|bytes| bytes <= *most) || length(text) <= *most
            }
            (Self::Pattern { regex, .. }, Cell::Text(text)) => regex.is_match(text),
            (Self::Format(format), Cell::Text(text)) => format.fits(text),
            (
                Self::Texts { .. }
                | Self::MinLength(_)
                | Self::MaxLength(_)
                | Self::Pattern { .. }
                | Self::Format(_),
                Cell::Null
                | Cell::Integer(_)
                | Cell::Decimal(_)
                | Cell::Boolean(_)
                | Cell::Date(_)
                | Cell::Timestamp(_)
                | Cell::Time(_),
            ) => false,
        }
    }

    fn broken(&self, cell: &Cell<'_>) -> Broken {
        let characters = || match cell {
            Cell::Text(text) => length(text),
            Cell::Null
            | Cell::Integer(_)
            | Cell::Decimal(_)
            | Cell::Boolean(_)
            | Cell::Date(_)
            | Cell::Timestamp(_)
            | Cell::Time(_) => 0,
        };
        let (rule, message) = match self {
            Self::Texts { shown, .. } | Self::Values { shown, .. } => {
                ("enum", not_listed(&cell.to_string(), shown))
            }
            Self::Bound { side, text, .. } => (side.rule(), format!("{} {text}", side.words())),
            Self::MultipleOf { text, .. } => ("multiple_of", format!("not a multiple of {text}")),
            Self::Scale(scale) => {
                let digits = cell.number().map_or(0, |number| number.normalise().scale());
                let message = format!("digits behind the mark: {digits}, but at most {scale}");
                ("scale", message)
            }
            Self::MinLength(least) => {
                let message = format!(
                    "the length is {}, but must be at least {least}",
                    characters()
                );
                ("min_length", message)
            }
            Self::MaxLength(most) => {
                let message = format!("the length is {}, but must be at most {most}", characters());
                ("max_length", message)
            }
            Self::Pattern { text, .. } => ("pattern", format!("does not match `{text}`")),
            Self::Format(format) => ("format", format!("not {}", format.words())),
        };
        Broken {
            rule,
            message,
            hint: self.hint(),
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Texts { .. } | Self::Values { .. } => {
                "add it to the rule's `value_map`, or to the values of the target".to_owned()
            }
            Self::Scale(_) => {
                "correct the value, or allow more digits in the target; nothing is rounded"
                    .to_owned()
            }
            Self::Bound { .. }
            | Self::MultipleOf { .. }
            | Self::MinLength(_)
            | Self::MaxLength(_)
            | Self::Pattern { .. }
            | Self::Format(_) => {
                "correct the value in the source, or change the constraint in the target".to_owned()
            }
        }
    }
}

/// Characters as JSON Schema counts them: code points.
fn length(text: &str) -> u64 {
    u64::try_from(text.chars().count()).unwrap_or(u64::MAX)
}

fn not_listed(text: &str, shown: &[String]) -> String {
    let quoted = |names: Vec<&str>| format!("`{}`", names.join("`, `"));
    let all = || shown.iter().map(String::as_str);
    if shown.len() <= ALL_NAMED {
        return format!("not one of {}", quoted(all().collect()));
    }
    let near = nearest_names(text, all());
    let count = shown.len();
    if near.is_empty() {
        return format!("not one of the {count} values of the target");
    }
    format!(
        "not one of the {count} values of the target; nearest: {}",
        quoted(near)
    )
}

/// Whether a number is an integral multiple of a positive step, exactly.
fn is_multiple(number: Decimal, step: Decimal) -> bool {
    if step.digits() == 1 && number.scale() <= step.scale() {
        return true;
    }
    let (number, step) = (number.normalise(), step.normalise());
    let magnitude = number.digits().unsigned_abs();
    let unit = step.digits().unsigned_abs();
    if magnitude == 0 {
        return true;
    }
    if number.scale() > step.scale() {
        // Without zeros at its end, the number has digits that no multiple of the step has.
        return false;
    }
    // The remainder of magnitude x 10^n, digit by digit: below 10^38 a doubling fits 128 bits.
    let mut remainder = magnitude % unit;
    for _ in number.scale()..step.scale() {
        let double = |value: u128| (value * 2) % unit;
        remainder = double((double(double(remainder)) + remainder) % unit);
    }
    remainder == 0
}

impl Side {
    const fn rule(self) -> &'static str {
        match self {
            Self::Minimum => "minimum",
            Self::ExclusiveMinimum => "exclusive_minimum",
            Self::Maximum => "maximum",
            Self::ExclusiveMaximum => "exclusive_maximum",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Minimum => "below the minimum",
            Self::ExclusiveMinimum => "not above",
            Self::Maximum => "above the maximum",
            Self::ExclusiveMaximum => "not below",
        }
    }

    /// Whether a value with this order to the bound is within it.
    fn admits(self, order: Ordering) -> bool {
        match self {
            Self::Minimum => order.is_ge(),
            Self::ExclusiveMinimum => order.is_gt(),
            Self::Maximum => order.is_le(),
            Self::ExclusiveMaximum => order.is_lt(),
        }
    }
}

impl Format {
    fn fits(self, text: &str) -> bool {
        match self {
            Self::Email => code::is_email(text),
            Self::Uri => code::is_uri(text),
            Self::Uuid => code::is_uuid(text),
            Self::Iban => code::is_iban(text),
            Self::Bic => code::is_bic(text),
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Email => "an e-mail address",
            Self::Uri => "a URI with its scheme",
            Self::Uuid => "a UUID",
            Self::Iban => "an IBAN with right check digits",
            Self::Bic => "a BIC",
        }
    }
}

#[cfg(test)]
mod tests;
