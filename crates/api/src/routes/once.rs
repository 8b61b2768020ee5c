//! Requests that are made once, however often they are sent: `Idempotency-Key`, per tenant and
//! route, for 24 hours. The answer is kept in the transaction that did the work.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use aimapper_core::store::Conn;
use aimapper_core::store::answers::{self, Answer};
use aimapper_core::store::jobs::Idempotency;
use serde::Serialize;

use super::body::hex;
use crate::app::App;
use crate::auth::Caller;
use crate::problem::Problem;

/// Longest key, in characters.
const LONGEST_KEY: usize = 255;

/// What a request that changes something says about itself.
pub(super) struct Once {
    route: String,
    /// Path and query: the same route with other ids is another request.
    place: String,
    key: Option<String>,
    /// Trace context of the request, for the jobs that come of it.
    pub(super) traceparent: Option<String>,
}

impl FromRequest for Once {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

/// What became of a request.
pub(super) struct Answered {
    answer: Answer,
    /// Whether it is the answer to an earlier one.
    pub(super) repeated: bool,
}

impl Once {
    fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let pattern = request.match_pattern().unwrap_or_default();
        let key = match request.headers().get("idempotency-key") {
            None => None,
            Some(value) => Some(checked_key(value.to_str().unwrap_or_default())?),
        };
        let traceparent = request
            .headers()
            .get("traceparent")
            .and_then(|value| value.to_str().ok())
            .filter(|text| text.len() == 55 && text.is_ascii())
            .map(str::to_owned);
        Ok(Self {
            route: format!("{} {pattern}", request.method()),
            place: request.uri().to_string(),
            key,
            traceparent,
        })
    }

    /// Does the work of the caller and keeps its answer, or gives the answer that was kept.
    pub(super) async fn answer<F>(
        self,
        app: &App,
        caller: Caller,
        body_sha256: &str,
        work: F,
    ) -> Result<Answered, Problem>
    where
        F: FnOnce(&mut Conn<'_>, &Caller) -> Result<Answer, Problem> + Send + 'static,
    {
        let Self {
            route, place, key, ..
        } = self;
        let hash = hex(format!("{place}\n{body_sha256}").as_bytes());
        app.write(move |conn| {
            let request = key.as_deref().map(|key| Idempotency {
                route: &route,
                key,
                body_sha256: &hash,
            });
            let Some(request) = request else {
                return work(conn, &caller).map(Answered::new);
            };
            if let Some(answer) = answers::take_key(conn, caller.tenant, &request)? {
                return Ok(Answered {
                    answer,
                    repeated: true,
                });
            }
            let answer = work(conn, &caller)?;
            answers::keep(conn, caller.tenant, &request, &answer)?;
            Ok(Answered::new(answer))
        })
        .await
    }
}

fn checked_key(key: &str) -> Result<String, Problem> {
    let fits = (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
    if fits {
        return Ok(key.to_owned());
    }
    Err(Problem::parameter(
        "Idempotency-Key",
        "it has 1 to 255 visible ASCII characters",
    ))
}

impl Answered {
    const fn new(answer: Answer) -> Self {
        Self {
            answer,
            repeated: false,
        }
    }

    /// As a response.
    pub(super) fn response(self) -> HttpResponse {
        let status = u16::try_from(self.answer.status)
            .ok()
            .and_then(|status| StatusCode::from_u16(status).ok())
            .unwrap_or(StatusCode::OK);
        let mut response = HttpResponse::build(status);
        response.insert_header((header::CONTENT_TYPE, "application/json"));
        if let Some(location) = self.answer.location {
            response.insert_header((header::LOCATION, location));
        }
        if self.repeated {
            response.insert_header(("Idempotent-Replayed", "true"));
        }
        response.body(self.answer.body)
    }
}

/// An answer of JSON.
pub(super) fn answer(
    status: StatusCode,
    location: Option<String>,
    body: &impl Serialize,
) -> Result<Answer, Problem> {
    Ok(Answer {
        status: i32::from(status.as_u16()),
        location,
        body: serde_json::to_string(body).map_err(|error| Problem::internal(&error))?,
    })
}
