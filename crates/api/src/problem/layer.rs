//! What goes round every request: its trace, the problem's `instance`, the log of our own faults,
//! and the headers that hold for all answers.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{Error, HttpResponse};

use super::{Code, Problem};
use crate::auth::{AuthError, has_ticket};

/// Goes round a scope: `scope.wrap(from_fn(problem::layer))`.
pub(crate) async fn layer(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let seen = Seen {
        path: request.path().to_owned(),
        trace: trace_id(request.headers()),
    };
    // HEAD is answered as GET, without a body. A ticket opens by GET alone, so that nobody uses it up by a look.
    let only_head = request.method() == Method::HEAD && !has_ticket(&request);
    if only_head {
        request.head_mut().method = Method::GET;
    }
    let mut response = match next.call(request).await {
        Ok(response) => seen.problems_of(response),
        Err(error) => return Err(seen.of_error(&error)),
    };
    let headers = response.headers_mut();
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if only_head {
        response = response.map_body(|_, body| BoxBody::new(LeftOut(body.size())));
    }
    Ok(response)
}

/// A body that is told of and not sent.
struct LeftOut(BodySize);

impl MessageBody for LeftOut {
    type Error = std::convert::Infallible;

    fn size(&self) -> BodySize {
        self.0
    }

    fn poll_next(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Poll::Ready(None)
    }
}

/// The trace that a request belongs to (W3C `traceparent`), or a new one.
fn trace_id(headers: &HeaderMap) -> String {
    let given = headers
        .get("traceparent")
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.split('-').nth(1))
        .filter(|id| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()));
    given.map_or_else(
        || uuid::Uuid::now_v7().simple().to_string(),
        str::to_ascii_lowercase,
    )
}

/// What a problem says of its request.
struct Seen {
    path: String,
    trace: String,
}

impl Seen {
    fn problems_of(
        self,
        response: ServiceResponse<impl MessageBody + 'static>,
    ) -> ServiceResponse<BoxBody> {
        let problem = match response.response().error() {
            Some(error) => of_ours(error),
            None => None,
        };
        let problem = problem.or_else(|| of_framework(response.response()));
        let Some(problem) = problem else {
            return response.map_into_boxed_body();
        };
        let allow = (problem.code() == Code::MethodNotAllowed)
            .then(|| allowed(&response.request().match_pattern().unwrap_or_default()))
            .flatten();
        let mut told = self.tell(problem);
        if let Some(allow) = allow {
            told.headers_mut().insert(header::ALLOW, allow);
        }
        response.into_response(told)
    }

    fn of_error(self, error: &Error) -> Error {
        let problem =
            of_ours(error).unwrap_or_else(|| of_status(error.as_response_error().status_code()));
        self.told(problem).into()
    }

    fn tell(self, problem: Problem) -> HttpResponse {
        actix_web::ResponseError::error_response(&self.told(problem))
    }

    fn told(self, mut problem: Problem) -> Problem {
        problem.log(&self.trace, &self.path);
        problem.0.instance = Some(self.path);
        problem.0.trace_id = Some(self.trace);
        problem
    }
}

/// A problem of ours: of a handler, or of the guard before it. Who is led to the page where one signs
/// in has none.
fn of_ours(error: &Error) -> Option<Problem> {
    let own = error.as_error::<Problem>().cloned();
    own.or_else(|| error.as_error::<AuthError>().and_then(AuthError::problem))
}

/// The methods that an address takes (RFC 9110 asks for them with 405).
fn allowed(pattern: &str) -> Option<HeaderValue> {
    let methods = crate::openapi::operations()
        .into_iter()
        .filter(|operation| operation.path == pattern)
        .map(|operation| operation.method);
    let methods: Vec<&str> = methods.collect();
    // What is not in the document can only be looked at.
    let methods = if methods.is_empty() {
        "GET".to_owned()
    } else {
        methods.join(", ")
    };
    // Whoever answers GET answers HEAD.
    HeaderValue::from_str(&methods.replace("GET", "GET, HEAD")).ok()
}

/// A problem for what the framework answers by itself: a status of an error and nothing else.
fn of_framework<B: MessageBody>(response: &HttpResponse<B>) -> Option<Problem> {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let bare = matches!(response.body().size(), BodySize::None | BodySize::Sized(0))
        || response.error().is_some();
    let ours = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind == super::MEDIA_TYPE);
    (is_error && bare && !ours).then(|| of_status(status))
}

fn of_status(status: StatusCode) -> Problem {
    let code = match status {
        StatusCode::UNAUTHORIZED => Code::Unauthenticated,
        StatusCode::FORBIDDEN => Code::Forbidden,
        StatusCode::NOT_FOUND => Code::NoSuchRoute,
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => Code::TooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::Unsupported,
        StatusCode::MISDIRECTED_REQUEST => Code::WrongHost,
        StatusCode::TOO_MANY_REQUESTS => Code::RateLimited,
        status if status.is_client_error() => Code::BadRequest,
        _ => Code::Internal,
    };
    Problem::new(code, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_status_becomes_a_problem() {
        for (status, code) in [
            (StatusCode::UNAUTHORIZED, Code::Unauthenticated),
            (StatusCode::FORBIDDEN, Code::Forbidden),
            (StatusCode::NOT_FOUND, Code::NoSuchRoute),
            (StatusCode::METHOD_NOT_ALLOWED, Code::MethodNotAllowed),
            (StatusCode::PAYLOAD_TOO_LARGE, Code::TooLarge),
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::Unsupported),
            (StatusCode::MISDIRECTED_REQUEST, Code::WrongHost),
            (StatusCode::TOO_MANY_REQUESTS, Code::RateLimited),
            (StatusCode::BAD_REQUEST, Code::BadRequest),
            (StatusCode::LENGTH_REQUIRED, Code::BadRequest),
            (StatusCode::BAD_GATEWAY, Code::Internal),
        ] {
            let problem = of_framework(&HttpResponse::new(status)).unwrap();
            assert_eq!(problem.code(), code, "{status}");
        }
        assert_eq!(of_framework(&HttpResponse::new(StatusCode::OK)), None);
        assert_eq!(of_framework(&HttpResponse::NotFound().body("a page")), None);
    }

    #[test]
    fn a_trace_is_taken_from_the_request_only_if_it_is_one() {
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            let name = header::HeaderName::from_static("traceparent");
            headers.insert(name, HeaderValue::from_str(text).unwrap());
            trace_id(&headers)
        };
        let trace = "0af7651916cd43dd8448eb211c80319c";
        assert_eq!(of(&format!("00-{trace}-b7ad6b7169203331-01")), trace);
        for wrong in [
            "00",
            "00-x-y-01",
            "00-<script>0000000000000000000000000-1-01",
        ] {
            let made = of(wrong);
            assert!(
                made.len() == 32 && made.bytes().all(|b| b.is_ascii_hexdigit()),
                "{wrong}"
            );
        }
    }
}
