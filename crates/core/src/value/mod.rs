//! Values: strict parsers of single cells, shared by profile (which type fits?), transform (the
//! kernels) and validation (bounds and formats).
//!
//! They work on borrowed text and allocate nothing. They never round, never trim and never accept
//! a text in part: what is not wholly understood is an error that says why.

pub mod boolean;
pub mod code;
pub(crate) mod date;
mod decimal;
mod number;
mod sign;

pub use date::{
    DateError, DateFormat, FormatError, FormatKind, Timestamp, days_to_iso, time_to_iso,
};
pub use decimal::{Decimal, MAX_DIGITS};
pub use number::{Marks, NumberError, THOUSANDS_MARKS, parse_decimal, parse_integer};
pub use sign::{SignWord, sign_word};
