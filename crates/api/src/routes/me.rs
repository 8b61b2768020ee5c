//! Who is asking, as the verifier saw it.

use actix_web::web;
use aimapper_core::auth::{PrincipalKind, Role};
use aimapper_core::id::{AccountId, TenantId, UserId};
use aimapper_core::time::Millis;
use serde::Serialize;
use utoipa::ToSchema;

use crate::at::At;
use crate::auth::{AnyCaller, Guarded};

/// The caller.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Me {
    #[schema(value_type = uuid::Uuid)]
    user: UserId,
    #[schema(value_type = uuid::Uuid)]
    tenant: TenantId,
    /// What the token calls the tenant.
    tenant_name: String,
    #[schema(value_type = uuid::Uuid)]
    account: AccountId,
    issuer: String,
    subject: String,
    /// `person` or `program`.
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The name to sign in by.
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    /// A verified address.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// The client that the token was issued to.
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    roles: Vec<&'static str>,
    /// When the token ends.
    expires_at: At,
}

/// Who the token stands for, and what it allows.
#[utoipa::path(get, path = "/api/v1/me", tag = "me", responses((status = 200, body = Me)))]
pub(super) async fn me(guarded: Guarded<AnyCaller>) -> web::Json<Me> {
    let caller = guarded.caller;
    let principal = caller.principal;
    web::Json(Me {
        user: caller.user,
        tenant: caller.tenant,
        tenant_name: caller.tenant_name,
        account: caller.account,
        issuer: principal.issuer,
        subject: principal.subject,
        kind: match principal.kind {
            PrincipalKind::Person => "person",
            PrincipalKind::Program => "program",
        },
        name: principal.name,
        username: principal.username,
        email: principal.email,
        client: principal.party,
        roles: principal.roles.iter().copied().map(word).collect(),
        expires_at: Millis(principal.expires_at.saturating_mul(1_000)).into(),
    })
}

const fn word(role: Role) -> &'static str {
    match role {
        Role::Mapper => "mapper",
        Role::Operator => "operator",
        Role::Admin => "admin",
    }
}
