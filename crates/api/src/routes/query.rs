//! Queries of a known form. What is wrong names its parameter, and says what the parameter has to be.

use std::fmt;
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::value::MapDeserializer;
use serde::de::{self, DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::said::{in_words, named};
use crate::problem::{Code, Problem, Wrong};

/// The query of a request.
#[derive(Debug, Clone)]
pub(super) struct Query<T>(T);

impl<T> Query<T> {
    pub(super) fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Query<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(of_text(request.query_string()).map(Self))
    }
}

fn of_text<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(query)
        .map_err(|error| Problem::new(Code::InvalidParameter, error.to_string()))?
        .into_inner();
    let pairs = pairs.into_iter().map(|(name, value)| (name, Value(value)));
    serde_path_to_error::deserialize(MapDeserializer::new(pairs)).map_err(|error| {
        let path = error.path().to_string();
        let raw = error.inner().to_string();
        let said = in_words(&raw);
        // What is missing or stands twice has no place of its own.
        match named(&raw) {
            Some((_, name)) => Problem::new(Code::InvalidParameter, said.clone())
                .errors(vec![Wrong::new(name, said)]),
            None => Problem::parameter(&path, &said),
        }
    })
}

/// What serde says of a query.
#[derive(Debug)]
struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl de::Error for Refused {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// The value of a parameter: a text, which a form may ask to be a number or a word.
struct Value(String);

impl IntoDeserializer<'_, Refused> for Value {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! parsed {
    ($($method:ident $visit:ident $what:literal;)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
            match self.0.parse() {
                Ok(value) => visitor.$visit(value),
                Err(_) => Err(Refused(concat!("it has to be ", $what).to_owned())),
            }
        }
    )* };
}

impl<'de> Deserializer<'de> for Value {
    type Error = Refused;

    parsed! {
        deserialize_u8 visit_u8 "a whole number of 0 or more";
        deserialize_u16 visit_u16 "a whole number of 0 or more, and at most 65535";
        deserialize_u32 visit_u32 "a whole number of 0 or more";
        deserialize_u64 visit_u64 "a whole number of 0 or more";
        deserialize_i32 visit_i32 "a whole number";
        deserialize_i64 visit_i64 "a whole number";
        deserialize_bool visit_bool "true or false";
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_string(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    forward_to_deserialize_any! {
        i8 i16 i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paging::Page;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        #[expect(dead_code, reason = "only its form matters")]
        source: aimapper_core::id::SourceId,
    }

    #[test]
    fn what_is_wrong_names_its_parameter_and_what_it_has_to_be() {
        for (query, wanted) in [
            (
                "limit=x",
                "limit: it has to be a whole number of 0 or more, and at most 65535",
            ),
            (
                "limit=-1",
                "limit: it has to be a whole number of 0 or more, and at most 65535",
            ),
            ("limit=1&limit=2", "limit is there twice"),
            (
                "pages=1",
                "pages: it is not known here; known are: cursor, limit",
            ),
        ] {
            let problem = of_text::<Page>(query).unwrap_err();
            assert_eq!(problem.code(), Code::InvalidParameter);
            assert_eq!(problem.detail(), wanted);
        }
        let of_id = |query| of_text::<Asked>(query).unwrap_err();
        assert_eq!(of_id("source=7").detail(), "source: it is no id");
        assert_eq!(of_id("").detail(), "source is missing");
    }

    #[test]
    fn a_query_is_read() {
        let page = of_text::<Page>("limit=7&cursor=a%2Bb+c").unwrap();
        assert_eq!(
            (page.limit, page.cursor.as_deref()),
            (Some(7), Some("a+b c"))
        );
        let page = of_text::<Page>("").unwrap();
        assert_eq!((page.limit, page.cursor), (None, None));
    }
}
