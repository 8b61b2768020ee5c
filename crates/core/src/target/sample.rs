//! A sample of the wanted rows as a target: names from the header, types from the values. It shows
//! what is wanted, not what is forbidden, so no field is required or unique and no list of values
//! is closed; only the number of digits behind the mark is taken over.

use std::collections::HashSet;

use super::{Constraint, Field, FieldType, TargetError, TargetSchema};
use crate::profile::{ColumnProfile, SemanticType};

/// Makes a target of the profile of a sample file; `name` is the file's.
///
/// # Errors
/// [`TargetError::EmptySample`] without a column; [`TargetError::DuplicateField`] where a column
/// stands inside of another (`a` and `a.b`), its pointer counting the columns from 0.
pub fn from_sample(columns: &[ColumnProfile], name: &str) -> Result<TargetSchema, TargetError> {
    if columns.is_empty() {
        return Err(TargetError::EmptySample {
            name: name.to_owned(),
        });
    }
    let names: HashSet<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let mut seen = HashSet::new();
    for (index, column) in columns.iter().enumerate() {
        let mut levels = column
            .name
            .match_indices('.')
            .filter_map(|(at, _)| column.name.get(..at));
        if !seen.insert(&column.name) || levels.any(|object| names.contains(object)) {
            let (pointer, name) = (format!("/{index}"), column.name.clone());
            return Err(TargetError::DuplicateField { pointer, name });
        }
    }
    let fields = columns.iter().map(field).collect();
    Ok(TargetSchema {
        name: name.to_owned(),
        description: None,
        fields,
        unused: Vec::new(),
    })
}

/// The field that a column of a sample shows.
pub(crate) fn field(column: &ColumnProfile) -> Field {
    let kind = kind(column);
    let scale = (kind == FieldType::Decimal).then(|| Constraint::Scale(scale(column)));
    Field {
        name: column.name.clone(),
        kind,
        required: false,
        nullable: false,
        title: None,
        description: None,
        aliases: Vec::new(),
        default: None,
        constraints: scale.into_iter().collect(),
        sample: column.sample.clone(),
        values: column.values.clone(),
    }
}

/// The type of a column. What would be spelt differently in the target than in the sample stays
/// text: `007`, `J` / `N`, `12 %`. Dates and numbers are spelt as the target spells them.
fn kind(column: &ColumnProfile) -> FieldType {
    match column.semantic {
        Some(SemanticType::Integer) if values(column).any(has_leading_zero) => FieldType::String,
        Some(SemanticType::Integer) => FieldType::Integer,
        Some(SemanticType::Decimal) => FieldType::Decimal,
        Some(SemanticType::Date) => FieldType::Date,
        Some(SemanticType::Timestamp) => FieldType::Timestamp,
        Some(SemanticType::Time) => FieldType::Time,
        Some(SemanticType::Boolean)
            if values(column).all(|value| {
                value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false")
            }) =>
        {
            FieldType::Boolean
        }
        Some(
            SemanticType::Boolean
            | SemanticType::Email
            | SemanticType::Url
            | SemanticType::Uuid
            | SemanticType::Iban
            | SemanticType::Bic
            | SemanticType::Currency
            | SemanticType::Country
            | SemanticType::Phone
            | SemanticType::Percentage
            | SemanticType::Identifier
            | SemanticType::Category
            | SemanticType::FreeText,
        )
        | None => FieldType::String,
    }
}

/// The values of a column that its profile shows.
fn values(column: &ColumnProfile) -> impl Iterator<Item = &str> {
    let ends = column.min.iter().chain(&column.max);
    let top = column.top.iter().map(|top| &top.value);
    ends.chain(top).chain(&column.sample).map(String::as_str)
}

fn has_leading_zero(value: &str) -> bool {
    let digits = value.trim_start_matches(['-', '+']);
    digits
        .strip_prefix('0')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// The most digits behind the mark among the values and shapes that the profile shows.
fn scale(column: &ColumnProfile) -> u32 {
    let mark = decimal_mark(column);
    let shapes = column.shapes.iter().map(|shape| shape.shape.as_str());
    let digits = values(column).chain(shapes).filter_map(|text| {
        let (_, fraction) = text.rsplit_once(mark)?;
        let digits = fraction.chars().take_while(char::is_ascii_digit).count();
        u32::try_from(digits).ok()
    });
    digits.max().unwrap_or(0).min(crate::value::MAX_DIGITS)
}

/// The mark of the way of writing that most values have: the last sign in `1.234,56`.
fn decimal_mark(column: &ColumnProfile) -> char {
    let decimals = column
        .types
        .iter()
        .filter(|count| count.semantic == SemanticType::Decimal);
    let most =
        decimals.max_by_key(|count| (count.rows, std::cmp::Reverse(count.format.as_deref())));
    let format = most
        .and_then(|count| count.format.as_deref())
        .unwrap_or_default();
    format
        .chars()
        .rfind(|c| matches!(c, '.' | ','))
        .unwrap_or('.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Distinct, Lengths, TypeCount};

    fn column(name: &str, semantic: Option<SemanticType>, values: &[&str]) -> ColumnProfile {
        ColumnProfile {
            name: name.to_owned(),
            index: 0,
            count: 1,
            nulls: 0,
            distinct: Distinct::Exact(1),
            min: None,
            max: None,
            lengths: Lengths::default(),
            top: Vec::new(),
            shapes: Vec::new(),
            types: Vec::new(),
            semantic,
            ambiguous: None,
            histogram: Vec::new(),
            sample: values.iter().map(|value| (*value).to_owned()).collect(),
            values: Vec::new(),
            all: Vec::new(),
        }
    }

    fn decimals(format: &str, values: &[&str]) -> ColumnProfile {
        let mut column = column("d", Some(SemanticType::Decimal), values);
        let count = |semantic, format: &str, rows| TypeCount {
            semantic,
            format: Some(format.to_owned()),
            rows,
        };
        column.types = vec![
            count(SemanticType::Decimal, format, 3),
            count(SemanticType::Decimal, "1", 1),
            count(SemanticType::Date, "%d.%m.%Y", 9),
        ];
        column
    }

    #[test]
    fn types_follow_the_profile_where_the_spelling_stays() {
        use SemanticType as S;
        let cases: [(Option<S>, &[&str], FieldType); 14] = [
            (Some(S::Integer), &["1", "0", "-5"], FieldType::Integer),
            (Some(S::Integer), &["1", "007"], FieldType::String),
            (Some(S::Decimal), &["1.5"], FieldType::Decimal),
            (Some(S::Date), &["24.11.2026"], FieldType::Date),
            (
                Some(S::Timestamp),
                &["2026-11-24 10:00"],
                FieldType::Timestamp,
            ),
            (Some(S::Time), &["10:00"], FieldType::Time),
            (Some(S::Boolean), &["true", "False"], FieldType::Boolean),
            (Some(S::Boolean), &["J", "N"], FieldType::String),
            (Some(S::Percentage), &["12 %"], FieldType::String),
            (
                Some(S::Iban),
                &["DE89370400440532013000"],
                FieldType::String,
            ),
            (Some(S::Identifier), &["A1"], FieldType::String),
            (Some(S::Category), &["a"], FieldType::String),
            (Some(S::FreeText), &["a b"], FieldType::String),
            (None, &[], FieldType::String),
        ];
        for (semantic, values, kind) in cases {
            let schema = from_sample(&[column("c", semantic, values)], "s.csv").unwrap();
            let field = schema.field("c").unwrap();
            assert_eq!(field.kind, kind, "{semantic:?} {values:?}");
            assert_eq!(field.sample, values);
            assert!(!field.required);
        }
    }

    #[test]
    fn scale_is_the_most_digits_seen() {
        let of = |column: ColumnProfile| {
            from_sample(&[column], "s.csv").unwrap().fields[0]
                .constraints
                .clone()
        };
        assert_eq!(
            of(decimals("1.234,56", &["1.000,5", "2,25 EUR"])),
            [Constraint::Scale(2)]
        );
        assert_eq!(
            of(decimals("1,234.56", &["1,000.5", "2"])),
            [Constraint::Scale(1)]
        );
        assert_eq!(of(decimals("1'234.56", &["2"])), [Constraint::Scale(0)]);
        let mut shaped = decimals("1234.56", &["1.5"]);
        shaped.max = Some("9.125".to_owned());
        assert_eq!(of(shaped), [Constraint::Scale(3)]);
        assert!(of(column("c", Some(SemanticType::Iban), &[])).is_empty());
    }

    #[test]
    fn names_that_cannot_stand_side_by_side() {
        let columns = ["a", "b.c", "b"].map(|name| column(name, None, &[]));
        let error = from_sample(&columns, "s.csv").unwrap_err();
        assert_eq!(
            error.to_string(),
            "#/1 gives the field `b.c`, which is there already or inside of another"
        );
        let twice = ["a", "a"].map(|name| column(name, None, &[]));
        assert!(from_sample(&twice, "s.csv").is_err());
        assert_eq!(
            from_sample(&[], "s.csv").unwrap_err().to_string(),
            "the sample s.csv has no columns"
        );
    }
}
