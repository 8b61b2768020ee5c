//! The one who opens a page. Without a session the answer is the way to sign in, not a bare error.

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;

use super::error::PageError;
use super::frame::{Frame, Place};
use crate::auth::{Caller, CanMap, Guarded};

/// A signed-in caller who may work with the tenant's rows.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    pub(crate) caller: Caller,
    request: HttpRequest,
}

impl Visitor {
    /// The frame of a page for this caller.
    pub(crate) fn frame(&self, title: &str, place: Place) -> Frame {
        Frame::of(&self.request, &self.caller, title, place)
    }
}

impl FromRequest for Visitor {
    type Error = PageError;
    type Future = LocalBoxFuture<'static, Result<Self, PageError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let guarded = Guarded::<CanMap>::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            match guarded.await {
                Ok(guarded) => Ok(Self {
                    caller: guarded.caller,
                    request,
                }),
                Err(error) => Err(match error.problem() {
                    Some(problem) if error.status() != StatusCode::UNAUTHORIZED => problem.into(),
                    Some(_) | None => PageError::SignedOut(error.leads_to().to_owned()),
                }),
            }
        })
    }
}
