//! One line of the log for each request, and its trace. Addresses and headers may hold secrets: the
//! path is logged by the pattern of its route, and nothing else that the client sent but its trace.

use std::time::Instant;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use aimapper_core::telemetry::TraceParent;

use crate::app::App;

/// Goes round all routes.
pub(crate) async fn request(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let started = Instant::now();
    let mut request = request;
    let method = request.method().clone();
    let trace = trace(&request);
    let traceparent = trace.to_string();
    // Problems and jobs of this request take it from here.
    if let Ok(value) = HeaderValue::from_str(&traceparent) {
        let name = HeaderName::from_static("traceparent");
        request.headers_mut().insert(name, value);
    }
    let metrics = request
        .app_data::<Data<App>>()
        .map(|app| app.metrics.clone());
    let answer = next.call(request).await;
    let (status, route) = match &answer {
        Ok(answer) => (answer.status(), answer.request().match_pattern()),
        Err(error) => (error.as_response_error().status_code(), None),
    };
    let took = started.elapsed();
    if let Some(metrics) = metrics {
        // What is no route of ours is one of them together: paths are of the client's making.
        let route = route.as_deref().unwrap_or("none");
        metrics.request(method.as_str(), route, status.as_u16(), took.as_secs_f64());
    }
    let duration_ms = took.as_millis();
    tracing::info!(
        http.method = %method,
        http.route = route.as_deref(),
        http.status = status.as_u16(),
        duration_ms = u64::try_from(duration_ms).unwrap_or(u64::MAX),
        trace.id = trace.trace_id(),
        "request"
    );
    answer
}

/// The trace that the client sent (W3C Trace Context), or a new one.
fn trace(request: &ServiceRequest) -> TraceParent {
    let given = request
        .headers()
        .get("traceparent")
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse().ok());
    given.unwrap_or_else(|| {
        // Time and randomness: unique, and in the order of the log.
        let [trace, parent] = [(); 2].map(|()| uuid::Uuid::now_v7());
        TraceParent::new(trace.into_bytes(), parent.as_u64_pair().1.to_be_bytes())
    })
}
