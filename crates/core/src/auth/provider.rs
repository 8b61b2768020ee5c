//! The provider that people sign in at: its settings, its discovery document and its keys.
//!
//! What it publishes is believed only as far as the settings say: the document has to be that of the issuer
//! (OpenID Connect Discovery 1.0, 4.3), and behind an issuer with TLS everything has TLS.

use std::sync::{Arc, PoisonError, RwLock};

use serde::Deserialize;
use url::{Host, Url};

use super::key_store::KeyStore;
use super::keys::{KeySet, KeySetError};
use super::oidc::{Endpoints, Introspection, Oidc};
use super::public_key::PublicKeyError;
use super::web::{WebClient, WebError};
use crate::error::{ErrorKind, Explain};

/// Why the provider is of no use.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// The settings hold no good key.
    #[error("auth.public_key cannot be used")]
    PublicKey(#[source] PublicKeyError),
    /// It does not answer as it should.
    #[error("the provider does not answer as it should")]
    Web(#[source] WebError),
    /// An answer is no discovery document.
    #[error("{0} answers with no discovery document")]
    NotADocument(String),
    /// The document of somebody else.
    #[error("the document says that its issuer is {found}, and auth.issuer says {expected}")]
    Issuer {
        /// What it says.
        found: String,
        /// What is set.
        expected: String,
    },
    /// An address without TLS behind an issuer with it, or none at all.
    #[error("the address {0} is not one that may be used")]
    Address(String),
    /// Neither the settings nor the document say it.
    #[error("nobody says where the provider's {0} is")]
    Missing(&'static str),
    /// The published keys cannot be used.
    #[error("the published keys cannot be used")]
    Keys(#[source] KeySetError),
}

impl Explain for ProviderError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::PublicKey(source) => source.kind(),
            Self::Web(source) => source.kind(),
            Self::NotADocument(_)
            | Self::Issuer { .. }
            | Self::Address(_)
            | Self::Missing(_)
            | Self::Keys(_) => ErrorKind::Unavailable,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::PublicKey(source) => source.hint(),
            Self::Web(source) => source.hint(),
            Self::Keys(source) => source.hint(),
            Self::NotADocument(_) => Some(
                "it has to be the address of a realm, such as https://sso.example.org/realms/NAME"
                    .to_owned(),
            ),
            Self::Issuer { found, .. } => Some(format!(
                "set auth.issuer to {found}, or, if that is an inner name, let Keycloak know its \
                 public one (--hostname) and set auth.discovery_url to the inner address"
            )),
            Self::Address(_) => {
                Some("behind an issuer with https every address has to begin with https".to_owned())
            }
            Self::Missing(_) => {
                Some("look at the discovery document, or set the address".to_owned())
            }
        }
    }
}

/// What a discovery document says, as far as it is used (OpenID Connect Discovery 1.0, 3).
#[derive(Debug, Clone, Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    jwks_uri: Option<String>,
    userinfo_endpoint: Option<String>,
    end_session_endpoint: Option<String>,
    revocation_endpoint: Option<String>,
    introspection_endpoint: Option<String>,
}

/// The provider, for checking tokens and for signing in.
#[derive(Debug)]
pub struct Provider {
    settings: Oidc,
    web: WebClient,
    keys: KeyStore,
    document: RwLock<Option<Arc<Endpoints>>>,
}

impl Provider {
    /// The provider of these settings. Asks nothing yet.
    ///
    /// # Errors
    /// [`ProviderError::PublicKey`], [`ProviderError::Web`] for certificates that cannot be used.
    pub fn new(settings: Oidc) -> Result<Self, ProviderError> {
        let keys = match &settings.public_key {
            Some(text) => {
                KeyStore::fixed(KeySet::set_by_hand(text).map_err(ProviderError::PublicKey)?)
            }
            None => KeyStore::default(),
        };
        Ok(Self {
            web: WebClient::new(&settings.asking).map_err(ProviderError::Web)?,
            keys,
            settings,
            document: RwLock::default(),
        })
    }

    /// What is set about it.
    #[must_use]
    pub const fn settings(&self) -> &Oidc {
        &self.settings
    }

    /// Its keys, as of late.
    #[must_use]
    pub const fn keys(&self) -> &KeyStore {
        &self.keys
    }

    /// What asks it.
    #[must_use]
    pub const fn web(&self) -> &WebClient {
        &self.web
    }

    /// Fetches the keys because it is time. Blocks.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub fn refresh(&self, now: i64) -> Result<(), ProviderError> {
        self.keys.refresh(now, || self.fetch_keys())
    }

    /// Fetches the keys because a token names an unknown one, within bounds. Blocks.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub fn ask(&self, now: i64) -> Result<(), ProviderError> {
        self.keys.ask(now, || self.fetch_keys())
    }

    /// The addresses: those that are set, else those of the document, which is fetched if it was not yet.
    /// Blocks.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub fn endpoints(&self) -> Result<Arc<Endpoints>, ProviderError> {
        let known = self.known();
        if let Some(endpoints) = known {
            return Ok(endpoints);
        }
        self.discover()
    }

    fn known(&self) -> Option<Arc<Endpoints>> {
        let known = self.document.read();
        known.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A set-up that says all that is needed asks for no document.
    fn discover(&self) -> Result<Arc<Endpoints>, ProviderError> {
        let set = &self.settings.endpoints;
        let is_whole = set.authorization.is_some()
            && set.token.is_some()
            && (set.jwks.is_some() || self.settings.public_key.is_some())
            && (set.introspection.is_some() || self.settings.introspection == Introspection::Off);
        let endpoints = if is_whole {
            set.clone()
        } else {
            self.merged(self.fetch_document()?)
        };
        self.check_addresses(&endpoints)?;
        let endpoints = Arc::new(endpoints);
        let mut known = self
            .document
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *known = Some(Arc::clone(&endpoints));
        Ok(endpoints)
    }

    fn merged(&self, document: Document) -> Endpoints {
        let set = self.settings.endpoints.clone();
        Endpoints {
            discovery: set.discovery,
            authorization: set.authorization.or(document.authorization_endpoint),
            token: set.token.or(document.token_endpoint),
            jwks: set.jwks.or(document.jwks_uri),
            user_info: set.user_info.or(document.userinfo_endpoint),
            end_session: set.end_session.or(document.end_session_endpoint),
            revocation: set.revocation.or(document.revocation_endpoint),
            introspection: set.introspection.or(document.introspection_endpoint),
        }
    }

    fn fetch_document(&self) -> Result<Document, ProviderError> {
        let issuer = &self.settings.policy.issuer;
        let url = self.settings.endpoints.discovery.clone();
        let url = url.unwrap_or_else(|| {
            format!(
                "{}/.well-known/openid-configuration",
                issuer.trim_end_matches('/')
            )
        });
        // What comes over a network without TLS may come from anybody.
        if issuer.starts_with("https://") && !has_tls_or_is_here(&url) {
            return Err(ProviderError::Address(shortened(&url)));
        }
        let answer = self.web.get(&url).map_err(ProviderError::Web)?;
        let document: Document =
            serde_json::from_slice(&answer).map_err(|_| ProviderError::NotADocument(url))?;
        if document.issuer != *issuer {
            return Err(ProviderError::Issuer {
                found: shortened(&document.issuer),
                expected: issuer.clone(),
            });
        }
        Ok(document)
    }

    /// Where a secret is shown, `is_active` looks itself.
    fn check_addresses(&self, endpoints: &Endpoints) -> Result<(), ProviderError> {
        let all = [
            &endpoints.authorization,
            &endpoints.token,
            &endpoints.jwks,
            &endpoints.user_info,
            &endpoints.end_session,
            &endpoints.revocation,
        ];
        for address in all.into_iter().flatten() {
            self.check_address(address)?;
        }
        Ok(())
    }

    fn check_address(&self, address: &str) -> Result<(), ProviderError> {
        let needs_tls = self.settings.policy.issuer.starts_with("https://");
        let scheme = Url::parse(address).ok().map(|url| url.scheme().to_owned());
        match scheme.as_deref() {
            Some("https") => Ok(()),
            Some("http") if !needs_tls => Ok(()),
            Some(_) | None => Err(ProviderError::Address(shortened(address))),
        }
    }

    fn fetch_keys(&self) -> Result<KeySet, ProviderError> {
        self.published().inspect_err(|_| {
            // The document may have changed, too.
            let mut known = self
                .document
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            *known = None;
        })
    }

    /// Where the keys are. An issuer whose tokens are checked, and where nobody signs in, needs no document for
    /// that.
    fn jwks_url(&self) -> Result<String, ProviderError> {
        if let Some(url) = &self.settings.endpoints.jwks {
            self.check_address(url)?;
            return Ok(url.clone());
        }
        let endpoints = self.endpoints()?;
        let url = endpoints.jwks.clone();
        url.ok_or(ProviderError::Missing("set of keys (jwks_uri)"))
    }

    fn published(&self) -> Result<KeySet, ProviderError> {
        let url = self.jwks_url()?;
        let answer = self.web.get(&url).map_err(ProviderError::Web)?;
        KeySet::from_jwks(&answer).map_err(ProviderError::Keys)
    }
}

/// Whether nobody on the way reads what goes there.
pub(super) fn has_tls_or_is_here(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else {
        return false;
    };
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || is_here
}

/// What somebody else says, for a message.
pub(super) fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}
