//! The typed value of one cell: what the engine's kernels leave and what the checks look at.

use crate::value::{Decimal, Timestamp};

/// The value of one cell in the type of its target field. Borrows the text, so that a row can be
/// checked without a copy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// No value.
    Null,
    /// Text; the empty text is a value.
    Text(&'a str),
    /// Whole number.
    Integer(i128),
    /// Exact decimal.
    Decimal(Decimal),
    /// Truth value.
    Boolean(bool),
    /// Days since 1970-01-01.
    Date(i32),
    /// Date and time of day.
    Timestamp(Timestamp),
    /// Microseconds since midnight.
    Time(i64),
}
