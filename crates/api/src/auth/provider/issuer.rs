//! One issuer of tokens: its keys, those of its tokens that were found good, and its word about them. What is
//! here of one issuer says nothing about tokens of another.

use std::sync::Arc;
use std::time::Instant;

use actix_web::web;
use aimapper_core::auth::{
    KeySet, KeyStore, Oidc, Policy, Principal, Provider, ProviderError, Refusal, verify,
};
use aimapper_core::metrics::KeyFigures;
use tokio::sync::Mutex;

use super::active::Active;
use super::checked::{self, Checked, Hash};
use super::log;
use crate::auth::error::AuthError;
use crate::auth::identity::now;

/// An issuer whose tokens are taken.
pub(crate) struct Issuer {
    provider: Arc<Provider>,
    checked: Checked,
    active: Active,
    /// Held by the request that fetches keys for an unknown one.
    asking: Mutex<()>,
}

impl Issuer {
    pub(super) fn new(settings: Oidc) -> Result<Self, ProviderError> {
        Ok(Self {
            provider: Arc::new(Provider::new(settings)?),
            checked: Checked::default(),
            active: Active::default(),
            asking: Mutex::default(),
        })
    }

    pub(super) const fn provider(&self) -> &Arc<Provider> {
        &self.provider
    }

    pub(super) fn settings(&self) -> &Oidc {
        self.provider.settings()
    }

    pub(super) fn policy(&self) -> &Policy {
        &self.settings().policy
    }

    /// How its tokens name it.
    pub(crate) fn name(&self) -> &str {
        &self.policy().issuer
    }

    fn keys(&self) -> &KeyStore {
        self.provider.keys()
    }

    /// Whether its tokens can be checked now, and how old the keys are, in seconds.
    pub(crate) fn key_age(&self) -> Result<Option<i64>, AuthError> {
        self.keys().keys(now()).ok_or(AuthError::NoKeys)?;
        Ok(self.keys().age(now()))
    }

    pub(super) fn key_figures(&self) -> KeyFigures {
        let (fetched, failed) = self.keys().fetches();
        KeyFigures {
            issuer: self.name().to_owned(),
            fetched,
            failed,
            age: self.keys().age(now()),
        }
    }

    /// What a token said that was found good a moment ago.
    pub(super) fn recall(&self, hash: &Hash, now: i64) -> Option<Principal> {
        let keys = self.keys().keys(now)?;
        let leeway = self.policy().leeway_seconds;
        let found = self.checked.find(hash, &keys, (now, leeway))?;
        Some((*found).clone())
    }

    /// Checks an access token. If it names an unknown key, keys are fetched first, within bounds.
    pub(super) async fn access(
        &self,
        token: &str,
        hash: Hash,
        now: i64,
    ) -> Result<Principal, AuthError> {
        let policy = self.policy();
        if let Some(keys) = self.keys().keys(now) {
            match verify(token, policy, &keys, now) {
                Ok(verified) => return Ok(self.checked.keep(hash, verified.principal, keys, now)),
                Err(Refusal::KeyUnknown) => {}
                Err(refusal) => return Err(AuthError::Refused(refusal)),
            }
        }
        self.ask(now).await;
        let keys = self.keys().keys(now).ok_or(AuthError::NoKeys)?;
        let verified = verify(token, policy, &keys, now).map_err(AuthError::Refused)?;
        Ok(self.checked.keep(hash, verified.principal, keys, now))
    }

    /// Fetches keys, if that may be now; who comes meanwhile waits and takes what came.
    async fn ask(&self, now: i64) {
        let keys = self.keys();
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
        log(self.name(), asked.await.unwrap_or(Ok(())));
    }

    /// Fetches the keys if it is time.
    pub(super) async fn keep_keys(&self) {
        let now = now();
        if self.keys().is_due(now) {
            let provider = Arc::clone(&self.provider);
            let fetched = web::block(move || provider.refresh(now));
            log(self.name(), fetched.await.unwrap_or(Ok(())));
        }
    }

    /// Checks something with the keys that are here, and once more after they were fetched, if it names an
    /// unknown one.
    pub(super) async fn checked<T>(
        &self,
        check: impl Fn(&KeySet) -> Result<T, Refusal>,
    ) -> Result<Result<T, Refusal>, AuthError> {
        let now = now();
        if let Some(keys) = self.keys().keys(now) {
            match check(&keys) {
                Err(Refusal::KeyUnknown) => {}
                checked @ (Ok(_) | Err(_)) => return Ok(checked),
            }
        }
        self.ask(now).await;
        let keys = self.keys().keys(now).ok_or(AuthError::NoKeys)?;
        Ok(check(&keys))
    }

    /// Whether it says that a token of it, which was found good, still counts.
    ///
    /// # Errors
    /// [`AuthError::NoWord`] if it does not say it in time: then nobody knows, and nobody is let in.
    pub(super) async fn is_active(&self, token: &str, sub: &str) -> Result<bool, AuthError> {
        let hash = checked::hash(token);
        let settings = self.settings();
        let holds = settings.introspection_holds;
        if let Some(said) = self.active.find(&hash, Instant::now(), holds) {
            return Ok(said);
        }
        // As long for its turn as for the answer.
        let most = settings.asking.timeout.saturating_mul(2);
        let asked = tokio::time::timeout(most, self.asked(token, sub, hash));
        asked.await.unwrap_or(Err(AuthError::NoWord))
    }

    async fn asked(&self, token: &str, sub: &str, hash: Hash) -> Result<bool, AuthError> {
        let holds = self.settings().introspection_holds;
        let _turn = match self.active.turn(&hash) {
            Some(turn) => Some(turn.lock().await),
            None => None,
        };
        if let Some(said) = self.active.find(&hash, Instant::now(), holds) {
            return Ok(said);
        }
        let questions = Arc::clone(&self.active.questions);
        let permit = questions
            .acquire_owned()
            .await
            .map_err(|_| AuthError::NoWord)?;
        let at = Instant::now();
        if self.active.is_let_be(at) {
            return Err(AuthError::NoWord);
        }
        let provider = Arc::clone(&self.provider);
        let (token, sub) = (token.to_owned(), sub.to_owned());
        let answer = web::block(move || {
            let _permit = permit;
            provider.is_active(&token, &sub)
        });
        match answer.await {
            Ok(Ok(is_active)) => {
                self.active.keep(hash, is_active, at, holds);
                Ok(is_active)
            }
            Ok(Err(error)) => {
                tracing::warn!(
                    issuer = self.name(),
                    error = super::chain(&error),
                    "the issuer does not say whether a token still counts"
                );
                self.active.failed(Instant::now());
                Err(AuthError::NoWord)
            }
            Err(_) => Err(AuthError::NoWord),
        }
    }
}
