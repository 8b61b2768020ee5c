//! From the constraints of a field to its checks.

use std::cmp::Ordering;

use super::{Check, FieldChecks, Format, Side};
use crate::target::{Constraint, Field, FieldType, Label};
use crate::validation::{Cell, Spelling, ValidationError, compile_pattern};
use crate::value::Decimal;

/// Compiles the constraints of a field.
///
/// # Errors
/// [`ValidationError`] where a constraint does not fit the field's type or cannot be run.
pub fn compile(field: &Field) -> Result<FieldChecks, ValidationError> {
    let mut checks = Vec::with_capacity(field.constraints.len());
    for constraint in &field.constraints {
        checks.extend(compile_one(field, constraint)?);
    }
    // A field that must be there but may be null is there with a null.
    let demanded = field.required && !field.nullable;
    let unique = field.constraints.contains(&Constraint::Unique);
    Ok(FieldChecks {
        demanded,
        unique,
        checks,
    })
}

fn compile_one(field: &Field, constraint: &Constraint) -> Result<Option<Check>, ValidationError> {
    let only = |rule, fits: bool| {
        let (field, kind) = (field.name.clone(), field.kind);
        if fits {
            Ok(())
        } else {
            Err(ValidationError::NotApplicable { field, rule, kind })
        }
    };
    let is_text = field.kind == FieldType::String;
    let is_number = matches!(field.kind, FieldType::Integer | FieldType::Decimal);
    Ok(Some(match constraint {
        Constraint::Enum(labels) => listed(field, labels)?,
        Constraint::Minimum(text) => bound(field, Side::Minimum, text)?,
        Constraint::ExclusiveMinimum(text) => bound(field, Side::ExclusiveMinimum, text)?,
        Constraint::Maximum(text) => bound(field, Side::Maximum, text)?,
        Constraint::ExclusiveMaximum(text) => bound(field, Side::ExclusiveMaximum, text)?,
        Constraint::MultipleOf(text) => {
            only("multiple_of", is_number)?;
            let step = Spelling::of(FieldType::Decimal)
                .read(text)
                .and_then(|cell| cell.number());
            let step = step.filter(|step| *step > Decimal::ZERO);
            let expected = "a number above 0";
            let step = step.ok_or_else(|| bad(field, "multiple_of", text, expected))?;
            Check::MultipleOf {
                step,
                text: text.clone(),
            }
        }
        Constraint::Scale(scale) => {
            only("scale", is_number)?;
            Check::Scale(*scale)
        }
        Constraint::MinLength(length) => {
            only("min_length", is_text)?;
            Check::MinLength(*length)
        }
        Constraint::MaxLength(length) => {
            only("max_length", is_text)?;
            Check::MaxLength(*length)
        }
        Constraint::Pattern(text) => {
            only("pattern", is_text)?;
            let regex = compile_pattern(text).map_err(|source| ValidationError::Pattern {
                field: field.name.clone(),
                source,
            })?;
            Check::Pattern {
                regex,
                text: text.clone(),
            }
        }
        Constraint::Format(format) => {
            only("format", is_text)?;
            Check::Format(Format::read(field, format)?)
        }
        Constraint::Unique => return Ok(None),
    }))
}

fn bad(field: &Field, rule: &'static str, text: &str, expected: &'static str) -> ValidationError {
    ValidationError::BadValue {
        field: field.name.clone(),
        rule,
        text: text.to_owned(),
        expected,
    }
}

fn listed(field: &Field, labels: &[Label]) -> Result<Check, ValidationError> {
    if labels.is_empty() {
        return Err(ValidationError::EmptyEnum {
            field: field.name.clone(),
        });
    }
    let shown: Vec<String> = labels.iter().map(|label| label.value.clone()).collect();
    if field.kind == FieldType::String {
        let mut sorted: Vec<Box<str>> = shown.iter().map(|text| text.as_str().into()).collect();
        sorted.sort_unstable();
        return Ok(Check::Texts { sorted, shown });
    }
    let spelling = Spelling::of(field.kind);
    let values = shown.iter().map(|text| {
        let value = spelling.read(text).and_then(detached);
        value.ok_or_else(|| bad(field, "enum", text, spelling.example()))
    });
    let mut sorted = values.collect::<Result<Vec<_>, _>>()?;
    sorted.sort_by(|left, right| left.compare(right).unwrap_or(Ordering::Equal));
    Ok(Check::Values { sorted, shown })
}

fn bound(field: &Field, side: Side, text: &str) -> Result<Check, ValidationError> {
    // The bound of an integer may have a fraction.
    let kind = if field.kind == FieldType::Integer {
        FieldType::Decimal
    } else {
        field.kind
    };
    let rule = side.rule();
    match kind {
        FieldType::Integer
        | FieldType::Decimal
        | FieldType::Date
        | FieldType::Timestamp
        | FieldType::Time => {}
        FieldType::String | FieldType::Boolean => {
            return Err(ValidationError::NotApplicable {
                field: field.name.clone(),
                rule,
                kind,
            });
        }
    }
    let spelling = Spelling::of(kind);
    let bound = spelling.read(text).and_then(detached);
    let bound = bound.ok_or_else(|| bad(field, rule, text, spelling.example()))?;
    Ok(Check::Bound {
        side,
        bound,
        text: text.to_owned(),
    })
}

/// A value without a borrowed text; `None` for a text.
const fn detached(cell: Cell<'_>) -> Option<Cell<'static>> {
    Some(match cell {
        Cell::Text(_) => return None,
        Cell::Null => Cell::Null,
        Cell::Integer(value) => Cell::Integer(value),
        Cell::Decimal(value) => Cell::Decimal(value),
        Cell::Boolean(value) => Cell::Boolean(value),
        Cell::Date(value) => Cell::Date(value),
        Cell::Timestamp(value) => Cell::Timestamp(value),
        Cell::Time(value) => Cell::Time(value),
    })
}

impl Format {
    fn read(field: &Field, name: &str) -> Result<Self, ValidationError> {
        Ok(match name {
            "email" => Self::Email,
            "uri" => Self::Uri,
            "uuid" => Self::Uuid,
            "iban" => Self::Iban,
            "bic" => Self::Bic,
            _ => {
                let (field, format) = (field.name.clone(), name.to_owned());
                return Err(ValidationError::UnknownFormat { field, format });
            }
        })
    }
}
