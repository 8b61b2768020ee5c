//! Tickets: an address that opens once, for those who can send no token.

use actix_web::http::header;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use aimapper_core::auth::Session;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::Body;
use crate::app::App;
use crate::auth::{CanMap, Guarded, give_ticket};
use crate::problem::Problem;

/// What a ticket is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// The address that it opens: a path below `/api/v1/`, with its query.
    #[schema(example = "/api/v1/runs/RUN/good")]
    path: String,
}

/// A ticket. It opens its address by GET, once.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TicketView {
    ticket: String,
    /// The address with the ticket in it.
    url: String,
    /// For so many seconds.
    expires_in: i64,
}

/// Gives a ticket for one address, to open it without a token: once, within a minute. What the address asks of
/// its caller is asked when it is opened. This is the one POST that takes no `Idempotency-Key`: its answer is
/// not kept.
#[utoipa::path(post, path = "/api/v1/tickets", tag = "tickets", request_body = Wanted,
    responses((status = 201, body = TicketView)))]
pub(super) async fn give(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    body: Body<Wanted>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    // It is there if the caller came by it.
    let session = request.extensions().get::<Session>().cloned();
    let given = give_ticket(&app, &guarded.caller, session, body.value.path).await?;
    Ok(HttpResponse::Created()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(TicketView {
            ticket: given.ticket,
            url: given.url,
            expires_in: given.expires_in,
        }))
}
