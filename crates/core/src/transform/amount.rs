//! The steps that come after a number: its sign from a flag, or credit minus debit. Where the two
//! sources could mean two amounts, the row is refused rather than one of them chosen.

use std::borrow::Cow;

use super::fault::Fault;
use super::rule::CompiledRule;
use crate::source::Batch;
use crate::validation::Cell;
use crate::value::Decimal;

/// A step after a number. Columns are positions in the batch.
#[derive(Debug)]
pub(super) enum Amount {
    /// The sign stands in another column.
    Sign {
        column: usize,
        name: String,
        negative: Vec<String>,
        positive: Vec<String>,
    },
    /// The debit stands in another column.
    MinusDebit { column: usize, name: String },
}

impl Amount {
    pub(super) fn apply(
        &self,
        number: Option<Decimal>,
        rule: &CompiledRule,
        batch: &Batch,
        record: usize,
    ) -> Result<Option<Decimal>, Fault> {
        match self {
            Self::Sign {
                column,
                name,
                negative,
                positive,
            } => {
                let Some(number) = number else {
                    return Ok(None);
                };
                let flag = batch.cell(*column, record);
                let flags = Flags {
                    name,
                    negative,
                    positive,
                };
                flags.signed(number, flag).map(Some)
            }
            Self::MinusDebit { column, name } => {
                let text = batch.cell(*column, record);
                let blame = |fault: Fault| match (&fault.value, text) {
                    (None, Some(text)) => fault.of_value(text),
                    _ => fault,
                };
                let debit = rule.number(text.map(Cow::Borrowed)).map_err(blame)?;
                minus(number, debit, name).map_err(blame)
            }
        }
    }
}

struct Flags<'s> {
    name: &'s str,
    negative: &'s [String],
    positive: &'s [String],
}

impl Flags<'_> {
    fn signed(&self, number: Decimal, flag: Option<&str>) -> Result<Decimal, Fault> {
        let text = flag.unwrap_or_default();
        let is_in = |flags: &[String]| flags.iter().any(|known| known == text);
        let bad = |message: String, hint: &str| {
            Err(Fault::new("bad_sign_flag", message, hint).of_value(text))
        };
        let (negative, positive) = (is_in(self.negative), is_in(self.positive));
        if number.digits() < 0 && (negative || positive) {
            let message = format!("the amount has a minus of its own beside `{}`", self.name);
            return bad(
                message,
                "say in the source which of the two is meant, or drop the step",
            );
        }
        match (negative, positive) {
            (true, _) => Ok(number.negate()),
            (false, true) => Ok(number),
            (false, false) => {
                let known: Vec<&str> = self
                    .negative
                    .iter()
                    .chain(self.positive)
                    .map(String::as_str)
                    .collect();
                let known = known.join("`, `");
                let message = format!("the flag in `{}` is not one of `{known}`", self.name);
                bad(
                    message,
                    "correct the flag, or add it to the rule's `sign` step",
                )
            }
        }
    }
}

/// Credit minus debit, where at most one of the two is other than zero.
fn minus(
    credit: Option<Decimal>,
    debit: Option<Decimal>,
    name: &str,
) -> Result<Option<Decimal>, Fault> {
    let zero = |number: Decimal| number.digits() == 0;
    let Some(debit) = debit else {
        return Ok(credit);
    };
    if debit.digits() < 0 {
        let message = format!("the debit in `{name}` has a minus, so it could go either way");
        let hint = "if debits are written with a minus, use `coalesce` of both columns instead";
        return Err(Fault::new("debit_and_credit", message, hint));
    }
    match credit {
        Some(credit) if zero(debit) => Ok(Some(credit)),
        Some(credit) if !zero(credit) => {
            let message = format!("both the credit and the debit in `{name}` have an amount");
            Err(Fault::new(
                "debit_and_credit",
                message,
                "leave one of the two empty",
            ))
        }
        Some(_) | None => Ok(Some(debit.negate())),
    }
}

/// A number as the cell that the next stage takes.
pub(super) fn number_of(cell: &Cell<'_>) -> Result<Decimal, Fault> {
    cell.number().ok_or_else(Fault::too_many_digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        let marks = crate::value::Marks {
            decimal: '.',
            thousands: None,
        };
        crate::value::parse_decimal(text, &marks).unwrap()
    }

    #[test]
    fn flags_give_the_sign_or_refuse() {
        let (negative, positive) = (["S".to_owned(), "-".to_owned()], ["H".to_owned()]);
        let flags = Flags {
            name: "S/H",
            negative: &negative,
            positive: &positive,
        };
        for (number, flag, expected) in [
            ("12.50", Some("S"), Ok("-12.50")),
            ("12.50", Some("-"), Ok("-12.50")),
            ("12.50", Some("H"), Ok("12.50")),
            ("0.00", Some("S"), Ok("0.00")),
            ("12.50", Some("s"), Err("bad_sign_flag")),
            ("12.50", None, Err("bad_sign_flag")),
            ("-12.50", Some("S"), Err("bad_sign_flag")),
            ("-12.50", Some("H"), Err("bad_sign_flag")),
        ] {
            let signed = flags.signed(decimal(number), flag);
            let signed = signed.map(|n| n.to_string()).map_err(|fault| fault.rule);
            assert_eq!(signed, expected.map(str::to_owned), "{number} {flag:?}");
        }
    }

    #[test]
    fn credit_minus_debit_never_chooses() {
        for (credit, debit, expected) in [
            (Some("5.00"), None, Ok(Some("5.00"))),
            (None, Some("5.00"), Ok(Some("-5.00"))),
            (Some("5.00"), Some("0.00"), Ok(Some("5.00"))),
            (Some("0.00"), Some("5.00"), Ok(Some("-5.00"))),
            (Some("0.00"), Some("0"), Ok(Some("0.00"))),
            (None, Some("0.00"), Ok(Some("0.00"))),
            (None, None, Ok(None)),
            (Some("-5"), None, Ok(Some("-5"))),
            (Some("5"), Some("5"), Err("debit_and_credit")),
            (None, Some("-5"), Err("debit_and_credit")),
        ] {
            let result = minus(credit.map(decimal), debit.map(decimal), "Debit");
            let result = result
                .map(|n| n.map(|n| n.to_string()))
                .map_err(|fault| fault.rule);
            assert_eq!(
                result,
                expected.map(|n| n.map(str::to_owned)),
                "{credit:?} {debit:?}"
            );
        }
    }
}
