//! Signing in at a provider: tokens that it issued, and browsers that come back from it.
//!
//! ```text
//! browser ─► /accounts/login/keycloak ─► provider ─► /accounts/complete/keycloak/ ─► session row
//!              state, nonce, PKCE: one row           code ─► tokens ─► checks          + cookie
//! bearer  ─► access(): the issuer it names, if it is one of ours
//!              ─► its keys that are here ─► unknown key: fetched once, within bounds
//! ```
//!
//! The provider is asked on threads where that may block, few at a time. No token, code or secret is logged.

mod active;
mod checked;
mod error;
mod flow;
mod issuer;
mod login;
mod logout;
mod next;
mod sessions;

use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::Duration;

use actix_web::web::{self, ServiceConfig};
use aimapper_core::auth::{
    IdKey, KeySet, Oidc, Principal, Provider, ProviderError, Refusal, Role, Sealer, UserInfo,
    named_issuer,
};
use aimapper_core::metrics::KeyFigures;
use futures_util::future::join_all;
use openidconnect::url::{Url, form_urlencoded};
use tokio::sync::{Mutex, Semaphore};

pub(crate) use self::issuer::Issuer;
use super::error::AuthError;
use super::identity::{Identity, IdentityError};
pub(super) use sessions::find as find_session;

/// Where a browser is sent to the provider.
const LOGIN: &str = "/accounts/login/keycloak";

/// Where it comes back. The predecessor's address, which is registered at providers.
pub const COMPLETE: &str = "/accounts/complete/keycloak/";

/// Where the provider says that sessions have ended.
pub(super) const BACK_CHANNEL: &str = "/accounts/logout/keycloak/backchannel/";

/// So many questions to the provider at once; more would wait for it and not for each other.
const QUESTIONS: usize = 8;

/// Locks for renewals, by session. Two sessions of one lock wait for each other, no more.
const RENEWALS: usize = 64;

/// Who asks the provider to renew a session has at least so long; then another may.
const LEAST_RENEWING: Duration = Duration::from_secs(10);

/// Between two looks at whether keys are due.
const KEYS_LOOK: Duration = Duration::from_secs(1);

/// The provider, and what this service needs for signing in there.
pub(crate) struct SignIn {
    /// The provider that people sign in at.
    first: Issuer,
    /// Those whose tokens are taken as well.
    further: Vec<Issuer>,
    sealer: Sealer,
    redirect_uri: String,
    base_url: String,
    questions: Semaphore,
    renewals: Vec<Mutex<()>>,
}

impl SignIn {
    pub(super) fn open(
        settings: &Oidc,
        key_dir: &Path,
        base_url: &str,
    ) -> Result<Self, IdentityError> {
        for warning in settings.warnings() {
            tracing::warn!("{warning}");
        }
        Ok(Self {
            sealer: Sealer::open(settings.encryption_key_file.as_deref(), key_dir)?,
            first: Issuer::new(settings.clone())?,
            further: settings
                .further
                .iter()
                .map(|one| Issuer::new(one.clone()))
                .collect::<Result<Vec<_>, _>>()?,
            redirect_uri: format!("{base_url}{COMPLETE}"),
            base_url: base_url.to_owned(),
            questions: Semaphore::new(QUESTIONS),
            renewals: std::iter::repeat_with(Mutex::default)
                .take(RENEWALS)
                .collect(),
        })
    }

    pub(super) fn issuer(&self) -> &str {
        self.first.name()
    }

    fn settings(&self) -> &Oidc {
        self.first.settings()
    }

    /// What accounts of an issuer are found by, and whether a verified address is enough: never one that a
    /// further issuer says.
    pub(super) fn finds_by(&self, issuer: &str) -> (IdKey, bool) {
        if issuer != self.issuer() {
            return (IdKey::Sub, false);
        }
        let settings = self.settings();
        (settings.policy.id_key, settings.link_by_verified_email)
    }

    pub(super) const fn csrf_key(&self) -> &[u8; 32] {
        self.sealer.csrf_key()
    }

    /// All issuers; people sign in at the first.
    pub(crate) fn issuers(&self) -> impl Iterator<Item = &Issuer> {
        std::iter::once(&self.first).chain(&self.further)
    }

    pub(super) fn key_figures(&self) -> Vec<KeyFigures> {
        self.issuers().map(Issuer::key_figures).collect()
    }

    /// Where a browser goes after it signed out, if that is set.
    pub(super) fn after_logout(&self) -> Option<&str> {
        self.settings().redirects.logout.as_deref()
    }

    /// Who asks the provider to renew a session has so long: as long as two answers may take.
    fn renewing(&self) -> Duration {
        let answers = self.settings().asking.timeout.saturating_mul(2);
        answers.max(LEAST_RENEWING)
    }

    /// Origins that a form may lead to: browsers ask about those of the redirects as well.
    pub(super) fn origins(&self) -> Vec<String> {
        let set = &self.settings().endpoints;
        let issuer = Some(self.settings().policy.issuer.clone());
        let mut origins: Vec<String> = [&issuer, &set.authorization, &set.end_session]
            .into_iter()
            .flatten()
            .filter_map(|url| Url::parse(url).ok())
            .map(|url| url.origin().ascii_serialization())
            .collect();
        origins.sort();
        origins.dedup();
        origins
    }

    /// The one who says that it issued a token, if it is one of those that are set; nobody else is asked about
    /// it. A token that names nobody is one for the first, who says what is wrong with it.
    pub(super) fn issuer_of(&self, token: &str) -> Option<&Issuer> {
        if self.further.is_empty() {
            return Some(&self.first);
        }
        match named_issuer(token) {
            None => Some(&self.first),
            Some(named) => self.named(&named),
        }
    }

    /// One of the issuers.
    pub(super) fn named(&self, name: &str) -> Option<&Issuer> {
        self.issuers().find(|one| one.name() == name)
    }

    /// Checks an access token, unless it was found good a moment ago.
    pub(super) async fn access(&self, token: &str, now: i64) -> Result<Principal, AuthError> {
        let hash = checked::hash(token);
        if let Some(principal) = self.issuers().find_map(|one| one.recall(&hash, now)) {
            return Ok(principal);
        }
        match self.issuer_of(token) {
            Some(issuer) => issuer.access(token, hash, now).await,
            None => Err(AuthError::Refused(Refusal::Issuer)),
        }
    }

    /// Asks the issuer whether a token still counts that was found good, if that is set for requests that need
    /// this role.
    pub(super) async fn confirm(
        &self,
        token: &str,
        principal: &Principal,
        role: Option<Role>,
    ) -> Result<(), AuthError> {
        let issuer = self.named(&principal.issuer).ok_or(AuthError::NoWord)?;
        if !issuer.settings().introspection.covers(role) {
            return Ok(());
        }
        if issuer.is_active(token, &principal.sub).await? {
            return Ok(());
        }
        Err(AuthError::Refused(Refusal::Inactive))
    }

    /// Asks the provider something on a thread where that may block.
    async fn question<T, F>(&self, question: F) -> Result<T, error::LoginError>
    where
        T: Send + 'static,
        F: FnOnce(&Provider) -> Result<T, error::LoginError> + Send + 'static,
    {
        let permit = self.questions.acquire().await;
        let provider = Arc::clone(self.first.provider());
        let answer = web::block(move || question(&provider)).await;
        drop(permit);
        answer.unwrap_or(Err(error::LoginError::BrokenOff))
    }

    /// Checks something of the provider with its keys, as [`Issuer::checked`] does.
    async fn checked<T>(
        &self,
        check: impl Fn(&KeySet) -> Result<T, Refusal>,
    ) -> Result<Result<T, Refusal>, AuthError> {
        self.first.checked(check).await
    }

    /// What a signed or plain answer about a person says.
    async fn told(&self, answer: flow::Told) -> Result<Result<UserInfo, Refusal>, AuthError> {
        match answer {
            flow::Told::Plain(json) => Ok(UserInfo::from_json(&json)),
            flow::Told::Signed(token) => {
                let (client, policy) = (&self.settings().client_id, &self.settings().policy);
                self.checked(|keys| {
                    aimapper_core::auth::verify_user_info(&token, client, (policy, keys))
                })
                .await
            }
        }
    }
}

fn log(issuer: &str, fetched: Result<(), ProviderError>) {
    if let Err(error) = fetched {
        tracing::warn!(
            issuer,
            error = chain(&error),
            "the issuer's keys cannot be fetched"
        );
    }
}

/// An error with what is behind it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        said.push_str(&format!(": {next}"));
        cause = next.source();
    }
    said
}

/// Keeps the keys fresh, until the identity is gone. Each issuer has its own rounds, so that one that is slow
/// keeps no other waiting.
pub(crate) async fn keep_keys(identity: Weak<Identity>) {
    let number = identity
        .upgrade()
        .and_then(|held| Some(held.sign_in()?.issuers().count()));
    let all = (0..number.unwrap_or_default()).map(|number| keep_keys_of(&identity, number));
    join_all(all).await;
}

async fn keep_keys_of(identity: &Weak<Identity>, number: usize) {
    while let Some(held) = identity.upgrade() {
        let mut issuers = held.sign_in().into_iter().flat_map(SignIn::issuers);
        if let Some(issuer) = issuers.nth(number) {
            issuer.keep_keys().await;
        }
        drop(issuers);
        drop(held);
        tokio::time::sleep(KEYS_LOOK).await;
    }
}

/// Where a browser is led to that wants this path and has no session.
pub(super) fn login_address(path: &str) -> String {
    let next: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
    format!("{LOGIN}?next={next}")
}

/// `GET|POST /accounts/login/keycloak`, `GET /accounts/complete/keycloak/`,
/// `POST /accounts/disconnect/keycloak`, `POST /accounts/logout/`,
/// `POST /accounts/logout/keycloak/backchannel/`; each with and without a slash at the end.
pub(super) fn routes(cfg: &mut ServiceConfig) {
    for slash in ["", "/"] {
        let at = |path: &str| format!("{path}{slash}");
        cfg.service(
            web::resource(at(LOGIN))
                .route(web::get().to(login::begin))
                .route(web::post().to(login::link)),
        )
        .service(
            web::resource(at("/accounts/complete/keycloak")).route(web::get().to(login::complete)),
        )
        .service(
            web::resource(at("/accounts/disconnect/keycloak"))
                .route(web::post().to(login::disconnect_this)),
        )
        .service(
            web::resource(at("/accounts/disconnect/keycloak/{id}"))
                .route(web::post().to(login::disconnect)),
        )
        .service(web::resource(at("/accounts/logout")).route(web::post().to(super::login::logout)))
        .service(
            web::resource(at("/accounts/logout/keycloak/backchannel"))
                .route(web::post().to(logout::back_channel)),
        );
    }
}

pub(super) use logout::end as end_session;
