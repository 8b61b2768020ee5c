//! Signing in at a provider: tokens that it issued, and browsers that come back from it.
//!
//! ```text
//! browser ─► /accounts/login/keycloak ─► provider ─► /accounts/complete/keycloak/ ─► session row
//!              state, nonce, PKCE: one row           code ─► tokens ─► checks          + cookie
//! bearer  ─► access(): keys that are here ─► unknown key: fetched once, within bounds
//! ```
//!
//! The provider is asked on threads where that may block, few at a time. No token, code or secret is logged.

mod checked;
mod error;
mod flow;
mod login;
mod logout;
mod next;
mod sessions;

use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::Duration;

use actix_web::web::{self, ServiceConfig};
use aimapper_core::auth::{
    IdKey, KeySet, Oidc, Principal, Provider, ProviderError, Refusal, Sealer, UserInfo, verify,
};
use aimapper_core::metrics::KeyFigures;
use openidconnect::url::{Url, form_urlencoded};
use tokio::sync::{Mutex, Semaphore};

use self::checked::Checked;
use super::error::AuthError;
use super::identity::{Identity, IdentityError, now};
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

/// Between two looks at whether keys are due.
const KEYS_LOOK: Duration = Duration::from_secs(1);

/// The provider, and what this service needs for signing in there.
pub(crate) struct SignIn {
    provider: Arc<Provider>,
    checked: Checked,
    sealer: Sealer,
    redirect_uri: String,
    base_url: String,
    /// Held by the request that fetches keys for an unknown one.
    asking: Mutex<()>,
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
            provider: Arc::new(Provider::new(settings.clone())?),
            checked: Checked::default(),
            redirect_uri: format!("{base_url}{COMPLETE}"),
            base_url: base_url.to_owned(),
            asking: Mutex::default(),
            questions: Semaphore::new(QUESTIONS),
            renewals: std::iter::repeat_with(Mutex::default)
                .take(RENEWALS)
                .collect(),
        })
    }

    pub(super) fn issuer(&self) -> &str {
        &self.settings().policy.issuer
    }

    fn settings(&self) -> &Oidc {
        self.provider.settings()
    }

    pub(super) fn finds_by(&self) -> (IdKey, bool) {
        let settings = self.settings();
        (settings.policy.id_key, settings.link_by_verified_email)
    }

    pub(super) const fn csrf_key(&self) -> &[u8; 32] {
        self.sealer.csrf_key()
    }

    /// Whether tokens can be checked now, and how old the keys are, in seconds.
    pub(crate) fn key_age(&self) -> Result<Option<i64>, AuthError> {
        let keys = self.provider.keys();
        keys.keys(now()).ok_or(AuthError::NoKeys)?;
        Ok(keys.age(now()))
    }

    pub(super) fn key_figures(&self) -> KeyFigures {
        let keys = self.provider.keys();
        let (fetched, failed) = keys.fetches();
        let age = keys.age(now());
        KeyFigures {
            fetched,
            failed,
            age,
        }
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

    /// Checks an access token, unless it was found good a moment ago. If it names an unknown key, keys are
    /// fetched first, within bounds.
    pub(super) async fn access(&self, token: &str, now: i64) -> Result<Principal, AuthError> {
        let policy = &self.settings().policy;
        let hash = checked::hash(token);
        if let Some(keys) = self.provider.keys().keys(now) {
            let leeway = policy.leeway_seconds;
            if let Some(principal) = self.checked.find(&hash, &keys, (now, leeway)) {
                return Ok((*principal).clone());
            }
            match verify(token, policy, &keys, now) {
                Ok(verified) => return Ok(self.checked.keep(hash, verified.principal, keys, now)),
                Err(Refusal::KeyUnknown) => {}
                Err(refusal) => return Err(AuthError::Refused(refusal)),
            }
        }
        self.ask(now).await;
        let keys = self.provider.keys().keys(now).ok_or(AuthError::NoKeys)?;
        let verified = verify(token, policy, &keys, now).map_err(AuthError::Refused)?;
        Ok(self.checked.keep(hash, verified.principal, keys, now))
    }

    /// Fetches keys, if that may be now; who comes meanwhile waits and takes what came.
    async fn ask(&self, now: i64) {
        let keys = self.provider.keys();
        let is_wanted = || match keys.keys(now) {
            Some(_) => keys.may_ask(now),
            None => keys.is_due(now),
        };
        if !is_wanted() {
            return;
        }
        let _turn = self.asking.lock().await;
        if !is_wanted() {
            return;
        }
        let provider = Arc::clone(&self.provider);
        let has_keys = keys.keys(now).is_some();
        let asked = web::block(move || {
            if has_keys {
                provider.ask(now)
            } else {
                provider.refresh(now)
            }
        });
        log(asked.await.unwrap_or(Ok(())));
    }

    /// Asks the provider something on a thread where that may block.
    async fn question<T, F>(&self, question: F) -> Result<T, error::LoginError>
    where
        T: Send + 'static,
        F: FnOnce(&Provider) -> Result<T, error::LoginError> + Send + 'static,
    {
        let permit = self.questions.acquire().await;
        let provider = Arc::clone(&self.provider);
        let answer = web::block(move || question(&provider)).await;
        drop(permit);
        answer.unwrap_or(Err(error::LoginError::BrokenOff))
    }

    /// Checks something with the keys that are here, and once more after they were fetched, if it names an
    /// unknown one.
    async fn checked<T>(
        &self,
        check: impl Fn(&KeySet) -> Result<T, Refusal>,
    ) -> Result<Result<T, Refusal>, AuthError> {
        let now = now();
        if let Some(keys) = self.provider.keys().keys(now) {
            match check(&keys) {
                Err(Refusal::KeyUnknown) => {}
                checked @ (Ok(_) | Err(_)) => return Ok(checked),
            }
        }
        self.ask(now).await;
        let keys = self.provider.keys().keys(now).ok_or(AuthError::NoKeys)?;
        Ok(check(&keys))
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

fn log(fetched: Result<(), ProviderError>) {
    if let Err(error) = fetched {
        let mut said = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(next) = cause {
            said.push_str(&format!(": {next}"));
            cause = next.source();
        }
        tracing::warn!(error = said, "the provider's keys cannot be fetched");
    }
}

/// Keeps the keys fresh, until the identity is gone.
pub(crate) async fn keep_keys(identity: Weak<Identity>) {
    while let Some(held) = identity.upgrade() {
        if let Some(sign_in) = held.sign_in() {
            let provider = Arc::clone(&sign_in.provider);
            let now = now();
            if provider.keys().is_due(now) {
                let fetched = web::block(move || provider.refresh(now));
                log(fetched.await.unwrap_or(Ok(())));
            }
        }
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
