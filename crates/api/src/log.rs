//! One line of the log for each request. Addresses and headers may hold secrets: the path is logged
//! by the pattern of its route, and nothing else that the client sent but its trace.

use std::time::Instant;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;

/// Goes round all routes.
pub(crate) async fn request(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let started = Instant::now();
    let method = request.method().clone();
    let traceparent = request
        .headers()
        .get("traceparent")
        .and_then(|value| value.to_str().ok())
        .filter(|text| text.len() <= 64 && text.is_ascii())
        .map(str::to_owned);
    let answer = next.call(request).await;
    let (status, route) = match &answer {
        Ok(answer) => (answer.status(), answer.request().match_pattern()),
        Err(error) => (error.as_response_error().status_code(), None),
    };
    let duration_ms = started.elapsed().as_millis();
    tracing::info!(
        http.method = %method,
        http.route = route.as_deref(),
        http.status = status.as_u16(),
        duration_ms = u64::try_from(duration_ms).unwrap_or(u64::MAX),
        traceparent,
        "request"
    );
    answer
}
