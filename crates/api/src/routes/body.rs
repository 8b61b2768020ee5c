//! Bodies: JSON of a known form, with a pointer to what is wrong; YAML as text.

use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Bytes};
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;
use sha2::{Digest as _, Sha256};

use super::said::in_words;
use crate::problem::{Code, Problem, Wrong, pointer};

/// Largest body but for uploads, in bytes.
pub(crate) const MOST_BYTES: usize = 4 << 20;

/// A body of JSON.
pub(super) struct Body<T> {
    pub(super) value: T,
    /// Its hash, for idempotency keys.
    pub(super) sha256: String,
}

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media = media_type(request);
        let bytes = Bytes::from_request(request, payload);
        Box::pin(async move {
            if media != "application/json" {
                return Err(Problem::new(
                    Code::Unsupported,
                    format!("the body is {}, not JSON", shown(&media)),
                )
                .hint("send Content-Type: application/json".to_owned()));
            }
            let bytes = bytes.await.map_err(|error| of_payload(&error))?;
            Ok(Self {
                value: of_json(&bytes)?,
                sha256: hex(&bytes),
            })
        })
    }
}

/// The media type of a body, without parameters.
pub(super) fn media_type(request: &HttpRequest) -> String {
    request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

fn shown(media: &str) -> &str {
    if media.is_empty() {
        "of no stated type"
    } else {
        media
    }
}

/// A body that could not be taken.
pub(super) fn of_payload(error: &actix_web::Error) -> Problem {
    let status = error.as_response_error().status_code();
    if status == actix_web::http::StatusCode::PAYLOAD_TOO_LARGE {
        return Problem::new(
            Code::TooLarge,
            format!("the body is longer than {MOST_BYTES} bytes"),
        );
    }
    Problem::new(Code::BadRequest, "the body was cut off")
}

/// A value of JSON text.
pub(crate) fn of_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let pointer = pointer_of(error.path());
        let inner = error.into_inner();
        if !inner.is_data() {
            return malformed(&inner);
        }
        let said = in_words(&without_place(&inner));
        Problem::new(Code::InvalidBody, said.clone()).errors(vec![Wrong::new(pointer, said)])
    })?;
    reader.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(Code::MalformedJson, error.to_string())
}

/// serde's words, without the line and column that the pointer says better.
fn without_place(error: &serde_json::Error) -> String {
    let said = error.to_string();
    match said.rsplit_once(" at line ") {
        Some((said, _)) => said.to_owned(),
        None => said,
    }
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    let keys: Vec<String> = path
        .iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Map { key } => Some(key.clone()),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect();
    pointer(&keys)
}

/// SHA-256 as 64 hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;

    Sha256::digest(bytes)
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a text does not fail.
            let _written = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[expect(dead_code, reason = "only its form matters")]
        list: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[expect(dead_code, reason = "only its form matters")]
        number: u8,
    }

    #[test]
    fn what_is_wrong_has_a_pointer() {
        let wrong = of_json::<Outer>(br#"{"list": [{"number": 1}, {"number": "x"}]}"#).unwrap_err();
        assert_eq!(wrong.code(), Code::InvalidBody);
        assert_eq!(wrong.wrong()[0].pointer, "/list/1/number");
        assert_eq!(
            wrong.wrong()[0].detail,
            "it is the text \"x\", and has to be a whole number of 0 or more"
        );
        let unknown = of_json::<Outer>(br#"{"list": [{"number": 1, "a/b": 2}]}"#).unwrap_err();
        assert_eq!(unknown.wrong()[0].pointer, "/list/0/a~1b");
    }

    #[test]
    fn what_is_no_json_is_another_fault() {
        for text in ["", "{", "{\"list\": []} x"] {
            let wrong = of_json::<Outer>(text.as_bytes()).unwrap_err();
            assert_eq!(wrong.code(), Code::MalformedJson, "{text}");
        }
    }
}
