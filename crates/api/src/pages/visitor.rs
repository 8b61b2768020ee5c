//! The one who opens a page. Without a session the answer is the way to sign in, not a bare error.

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, ResponseError as _};
use aimapper_core::auth::Role;
use aimapper_core::job::State;
use aimapper_core::store::jobs::JobRecord;
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

    /// Whether the caller may cancel or retry this job: one's own, or any as an operator.
    pub(crate) fn may_steer(&self, job: &JobRecord) -> bool {
        let operates = self.caller.principal.may(Role::Operator);
        let own = job.created_by == self.caller.user;
        own && job.standing.state != State::Dead || operates
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
                Err(error) => Err(match error.status_code() {
                    StatusCode::UNAUTHORIZED | StatusCode::SEE_OTHER => PageError::SignedOut,
                    StatusCode::FORBIDDEN => PageError::Forbidden,
                    _ => PageError::Refused {
                        text: error.to_string(),
                        hint: String::new(),
                    },
                }),
            }
        })
    }
}
