//! Lists in pages. A cursor names the last row that was given; what lies behind it is asked for by
//! tenant, so another tenant's cursor is only a place in time and leads to no row of it.

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::Problem;

/// Rows of a page, if nobody says otherwise.
const USUAL: u16 = 50;

/// Most rows of a page.
const MOST: u16 = 200;

/// Which page.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    /// `next` of the page before; the first page without it.
    pub(crate) cursor: Option<String>,
    /// Most rows of the page, 1 to 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    pub(crate) limit: Option<u16>,
}

impl Page {
    /// How many rows.
    pub(crate) fn limit(&self) -> Result<usize, Problem> {
        match self.limit.unwrap_or(USUAL) {
            limit @ 1..=MOST => Ok(usize::from(limit)),
            0 | 201.. => Err(Problem::parameter("limit", "it is a number from 1 to 200")),
        }
    }

    /// Behind which row.
    pub(crate) fn after<T: FromStr>(&self) -> Result<Option<T>, Problem> {
        self.cursor
            .as_deref()
            .map(|cursor| {
                let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
                let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
                text.and_then(|text| text.parse().ok())
                    .ok_or_else(|| Problem::parameter("cursor", "it is none that this list gave"))
            })
            .transpose()
    }

    /// So many rows are asked of the database, to see whether there are more.
    pub(crate) fn asked(&self) -> Result<i64, Problem> {
        Ok(i64::try_from(self.limit()?)
            .unwrap_or(i64::MAX)
            .saturating_add(1))
    }
}

/// A page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Listed<T> {
    /// The rows.
    pub(crate) items: Vec<T>,
    /// The cursor of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

impl<T> Listed<T> {
    /// A page of rows of which one more than asked for was read.
    pub(crate) fn new<R, N: ToString>(
        page: &Page,
        mut rows: Vec<R>,
        name: impl Fn(&R) -> N,
        view: impl Fn(R) -> T,
    ) -> Result<Self, Problem> {
        let limit = page.limit()?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|last| cursor(&name(last)));
        Ok(Self {
            items: rows.into_iter().map(view).collect(),
            next,
        })
    }

    /// A list that is never long.
    pub(crate) const fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

/// The cursor of a row.
fn cursor(name: &impl ToString) -> String {
    URL_SAFE_NO_PAD.encode(name.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(cursor: Option<&str>, limit: u16) -> Page {
        Page {
            cursor: cursor.map(str::to_owned),
            limit: Some(limit),
        }
    }

    #[test]
    fn a_cursor_leads_behind_the_last_row() {
        let first = page(None, 2);
        assert_eq!(first.asked().unwrap(), 3);
        let listed = Listed::new(&first, vec![9, 8, 7], |row| *row, |row| row).unwrap();
        assert_eq!(listed.items, [9, 8]);
        let second = page(listed.next.as_deref(), 2);
        assert_eq!(second.after::<i32>().unwrap(), Some(8));
        let last = Listed::new(&second, vec![7], |row| *row, |row| row).unwrap();
        assert_eq!((last.items, last.next), (vec![7], None));
    }

    #[test]
    fn what_is_no_cursor_or_limit_is_said() {
        for wrong in ["%", "AA", "bm8"] {
            assert!(page(Some(wrong), 1).after::<i32>().is_err(), "{wrong}");
        }
        for limit in [0, 201] {
            assert!(page(None, limit).limit().is_err(), "{limit}");
        }
    }
}
