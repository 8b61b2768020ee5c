//! Faults: why a step refused a cell, with the words for the rejects file.

use crate::target::FieldType;
use crate::validation::{Broken, Spelling};
use crate::value::date::time_format;
use crate::value::{DateError, DateFormat, Marks, NumberError, parse_decimal};

/// Why a cell was refused. Made only when something is wrong, so it may allocate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// Stable word.
    pub(super) rule: &'static str,
    pub(super) message: String,
    pub(super) hint: String,
    /// The text of another column than the rule's first, if that is the one to blame.
    pub(super) value: Option<String>,
    /// Whether a step refused the value, so that `on_error` is to be asked.
    pub(super) by_step: bool,
}

impl Fault {
    pub(super) fn new(
        rule: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        let (message, hint) = (message.into(), hint.into());
        Self {
            rule,
            message,
            hint,
            value: None,
            by_step: true,
        }
    }

    /// The same fault, blamed on this text of another column.
    pub(super) fn of_value(mut self, value: &str) -> Self {
        self.value = Some(value.to_owned());
        self
    }

    pub(super) fn unseen(field: &str) -> Self {
        let hint = format!("add it to `value_map` of `{field}`, or say `on_unseen` there");
        Self {
            by_step: false,
            ..Self::new("unseen_value", "not in the value map", hint)
        }
    }

    pub(super) fn no_match(pattern: &str) -> Self {
        let hint = "correct the value, or let the rule's pattern match it";
        Self::new("no_match", format!("does not match `{pattern}`"), hint)
    }

    pub(super) fn two_signs() -> Self {
        let hint = "correct the value: the sign and the word behind the number say it twice";
        Self::new("two_signs", "has a sign and a word for one", hint)
    }

    pub(super) fn no_sign() -> Self {
        let hint = "put the word for its sign behind it, or say what such numbers are in the step's `bare`";
        Self::new("no_sign", "has no word for its sign", hint)
    }

    pub(super) fn integer(error: NumberError) -> Self {
        match error {
            NumberError::NotANumber => {
                let hint =
                    "correct the value, or read it with a `decimal` step if it has a fraction";
                Self::new("not_an_integer", "not a whole number", hint)
            }
            NumberError::TooManyDigits => Self::too_many_digits(),
            NumberError::Grouping => Self::grouping("not_an_integer"),
        }
    }

    pub(super) fn number(error: NumberError, marks: Marks) -> Self {
        match error {
            NumberError::NotANumber => {
                let mark = marks.decimal;
                let message = format!("not a number with `{mark}` before the fraction");
                let hint = "correct the value, or the marks of the rule's `decimal` step";
                Self::new("not_a_number", message, hint)
            }
            NumberError::TooManyDigits => Self::too_many_digits(),
            NumberError::Grouping => Self::grouping("not_a_number"),
        }
    }

    fn grouping(rule: &'static str) -> Self {
        let hint = "check which mark is the decimal mark and which the thousands mark";
        Self::new(rule, "digits are not grouped by three", hint)
    }

    pub(super) fn too_many_digits() -> Self {
        let hint = "map it to a field of type string if it is a code rather than an amount";
        Self::new("too_many_digits", "more than 38 digits", hint)
    }

    pub(super) fn not_whole() -> Self {
        let hint = "correct the value, or let the target have a fraction; nothing is rounded";
        Self::new(
            "not_an_integer",
            "has a fraction, and the field is a whole number",
            hint,
        )
    }

    /// No format fits. A day that does not exist is told apart from a text that is no date at all.
    pub(super) fn date(rule: &'static str, formats: &[DateFormat], error: DateError) -> Self {
        match error {
            DateError::Impossible => {
                let hint = "correct the day or the time in the source";
                Self::new("impossible_date", "no such day or time exists", hint)
            }
            DateError::TooFine => Self::too_fine(),
            DateError::Shape => {
                let hint = "correct the value, or add its format to the rule";
                Self::new(rule, not_of(formats), hint)
            }
        }
    }

    /// No format of a time of day fits. Where it is plain in which one the text is written, that is said.
    pub(super) fn time(formats: &[DateFormat], error: DateError, text: &str) -> Self {
        match error {
            DateError::Impossible => {
                let hint = "correct the time in the source; hours go from 0 to 23, or from 1 to 12 with AM or PM";
                Self::new("impossible_time", "no such time of day exists", hint)
            }
            DateError::TooFine => Self::too_fine(),
            DateError::Shape => {
                let hint = match time_format(text) {
                    Some(format) => format!(
                        "correct the value, or add \"{format}\" to the formats of the rule's `time` step"
                    ),
                    None => "correct the value, or add its format, such as \"%H:%M\" or \"%-I:%M %p\", to the \
                             rule's `time` step"
                        .to_owned(),
                };
                Self::new("not_a_time", not_of(formats), hint)
            }
        }
    }

    fn too_fine() -> Self {
        let hint = "map it to a field of type string; nothing is rounded";
        Self::new("too_fine", "has digits beyond the microsecond", hint)
    }

    pub(super) fn boolean() -> Self {
        let hint = "correct the value, or add its spelling to the rule's `boolean` step";
        Self::new(
            "not_a_boolean",
            "not one of the spellings of true and false",
            hint,
        )
    }

    /// A text that is not in the target's own spelling, where the rule reads it with no step.
    pub(super) fn spelling(kind: FieldType, spelling: &Spelling, text: &str) -> Self {
        let step = match kind {
            FieldType::Integer => "integer",
            FieldType::Decimal => "decimal",
            FieldType::Boolean => "boolean",
            FieldType::Date => "date",
            FieldType::Timestamp => "timestamp",
            FieldType::Time => "time",
            FieldType::String => "",
        };
        let marks = Marks {
            decimal: '.',
            thousands: None,
        };
        let too_long = || parse_decimal(text, &marks) == Err(NumberError::TooManyDigits);
        let no_such_day = || {
            let iso = DateFormat::parse("%Y-%m-%d").ok();
            iso.and_then(|iso| iso.date(text).err()) == Some(DateError::Impossible)
        };
        let no_such_time = || {
            let iso = DateFormat::parse("%H:%M:%S").ok();
            iso.and_then(|iso| iso.time(text).err()) == Some(DateError::Impossible)
        };
        match kind {
            FieldType::Integer | FieldType::Decimal if too_long() => {
                return Self::too_many_digits();
            }
            FieldType::Date if no_such_day() => {
                return Self::date("not_a_date", &[], DateError::Impossible);
            }
            FieldType::Time if no_such_time() => {
                return Self::time(&[], DateError::Impossible, text);
            }
            FieldType::String
            | FieldType::Integer
            | FieldType::Decimal
            | FieldType::Boolean
            | FieldType::Date
            | FieldType::Timestamp
            | FieldType::Time => {}
        }
        let hint = match step {
            "" => "correct the value".to_owned(),
            step => format!("correct the value, or read it with a `{step}` step in the rule"),
        };
        Self::new(not_a(kind), format!("not {}", spelling.example()), hint)
    }
}

/// What a text that fits none of the formats is.
fn not_of(formats: &[DateFormat]) -> String {
    let patterns: Vec<&str> = formats.iter().map(DateFormat::pattern).collect();
    format!("does not have the form {}", patterns.join(" or "))
}

/// The word for a text that is not of a type.
const fn not_a(kind: FieldType) -> &'static str {
    match kind {
        FieldType::String => "not_a_text",
        FieldType::Integer => "not_an_integer",
        FieldType::Decimal => "not_a_number",
        FieldType::Boolean => "not_a_boolean",
        FieldType::Date => "not_a_date",
        FieldType::Timestamp => "not_a_timestamp",
        FieldType::Time => "not_a_time",
    }
}

impl From<Broken> for Fault {
    fn from(broken: Broken) -> Self {
        let Broken {
            rule,
            message,
            hint,
        } = broken;
        Self {
            by_step: false,
            ..Self::new(rule, message, hint)
        }
    }
}
