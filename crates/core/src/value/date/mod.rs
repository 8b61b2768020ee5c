//! Dates and times by a format that is written down, as `strftime` spells it.
//!
//! | code | text |
//! |---|---|
//! | `%Y` `%y` | year: four digits (0001 to 9999); two, where 69 to 99 is 19xx, 00 to 68 is 20xx (POSIX) |
//! | `%m` `%-m` `%b` `%B` | month: two digits; one or two; short name; full name (of thirteen languages, any case) |
//! | `%d` `%-d` `%e` | day: two digits; one or two; two, the first of them a space below 10 |
//! | `%H` `%-H` | hour, 0 to 23: two digits; one or two |
//! | `%I` `%-I` `%p` | hour, 1 to 12: two digits; one or two; `AM`, `PM`, `a.m.` or `p.m.`, any case |
//! | `%M` `%S` | minute; second (0 to 59): two digits |
//! | `%f` | one to nine digits of a second's fraction |
//! | `%z` | `+01:00`, `+0100`, `+01`, `Z`, `UTC` or `GMT` |
//! | `%%` | a per cent sign |
//!
//! Every other character stands for itself. The whole text must match.

mod civil;
mod fixed;
mod format;
mod names;
mod order;
mod scan;
mod times;
mod timestamp;

use thiserror::Error;

pub use format::{DateFormat, FormatError, FormatKind};
pub(crate) use order::{has_fixed_order, order_of};
pub(crate) use times::{TIMES, has_time_form, time_format, time_of_day};
pub use timestamp::{Timestamp, days_to_iso, time_to_iso};

use crate::error::{ErrorKind, Explain};

/// Why a text is not a date or time of a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum DateError {
    /// It does not look like it.
    #[error("does not have the form of the format")]
    Shape,
    /// It looks like it, but the calendar or the clock has no such value: 31.02.2026, 25:00.
    #[error("no such day or time exists")]
    Impossible,
    /// A time of day with digits beyond the microsecond, which are never rounded off.
    #[error("has digits beyond the microsecond")]
    TooFine,
}

impl Explain for DateError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Shape | Self::Impossible | Self::TooFine => ErrorKind::Invalid,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Shape => "check the text, or add its format to the rule",
            Self::Impossible => "correct the day or time in the source",
            Self::TooFine => "map it to a field of type string; nothing is rounded",
        };
        Some(hint.to_owned())
    }
}

#[cfg(test)]
mod tests;
