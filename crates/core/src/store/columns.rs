//! Our types as columns are read: ids, words, times and JSON. Writing goes by text and numbers.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, Queryable};
use diesel::sql_types::{BigInt, Text};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::StoreError;
use super::jobs::Happening;
use super::mappings::Verdict;
use super::outputs::Part;
use crate::id::{
    AccountId, BlobId, DecisionId, IdentityId, JobId, MappingId, MappingVersionId, RunId, SourceId,
    SourceVersionId, TargetId, TargetVersionId, TenantId, UserId, WorkerId,
};
use crate::job::{Class, Kind, OutputFormat, State};
use crate::time::Millis;

/// Lets diesel read types from text columns.
macro_rules! text_columns {
    ($($name:ty),* $(,)?) => {$(
        impl<DB> FromSql<Text, DB> for $name
        where
            DB: Backend,
            String: FromSql<Text, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
                Ok(String::from_sql(bytes)?.parse()?)
            }
        }

        impl<DB> Queryable<Text, DB> for $name
        where
            DB: Backend,
            Self: FromSql<Text, DB>,
        {
            type Row = Self;

            fn build(row: Self) -> deserialize::Result<Self> {
                Ok(row)
            }
        }
    )*};
}

text_columns! {
    TenantId, UserId, SourceId, SourceVersionId, TargetId, TargetVersionId, MappingId,
    MappingVersionId, DecisionId, RunId, JobId, WorkerId, BlobId, AccountId, IdentityId,
    Class, Kind, OutputFormat, State, Happening, Part, Verdict,
}

impl<DB> FromSql<BigInt, DB> for Millis
where
    DB: Backend,
    i64: FromSql<BigInt, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(i64::from_sql(bytes)?))
    }
}

impl<DB> Queryable<BigInt, DB> for Millis
where
    DB: Backend,
    Self: FromSql<BigInt, DB>,
{
    type Row = Self;

    fn build(row: Self) -> deserialize::Result<Self> {
        Ok(row)
    }
}

/// A value that a text column holds as JSON. serde writes NUL as an escape, so both databases can
/// keep it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Json<T>(pub(super) T);

impl<T, DB> FromSql<Text, DB> for Json<T>
where
    T: DeserializeOwned,
    DB: Backend,
    String: FromSql<Text, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(serde_json::from_str(&String::from_sql(bytes)?)?))
    }
}

impl<T, DB> Queryable<Text, DB> for Json<T>
where
    DB: Backend,
    Self: FromSql<Text, DB>,
{
    type Row = Self;

    fn build(row: Self) -> deserialize::Result<Self> {
        Ok(row)
    }
}

/// A value as JSON text for a column.
pub(super) fn json(what: &'static str, value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|source| StoreError::Corrupt {
        what,
        source: Box::new(source),
    })
}
