//! What is set about the provider that people sign in at, as the settings say it.

use std::fmt;
use std::path::PathBuf;

#[cfg(feature = "auth")]
use base64::Engine as _;
#[cfg(feature = "auth")]
use base64::engine::general_purpose::STANDARD;
#[cfg(feature = "auth")]
use url::form_urlencoded::{Serializer, byte_serialize};

use super::policy::{IdKey, Policy};

/// How this program shows the provider's token endpoint who it is (RFC 6749, 2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuth {
    /// Name and secret in the form.
    Post,
    /// HTTP Basic.
    Basic,
}

/// The secret of the client. Printing it shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientSecret(String);

impl ClientSecret {
    /// A secret, unless it is empty.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The secret itself, for the token endpoint alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(***)")
    }
}

/// Addresses of the provider. What is set goes before what its discovery document says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// The discovery document, if it is not below the issuer.
    pub discovery: Option<String>,
    /// Where browsers are sent to.
    pub authorization: Option<String>,
    /// Where codes become tokens.
    pub token: Option<String>,
    /// The published keys.
    pub jwks: Option<String>,
    /// What it tells about whom a token stands for.
    pub user_info: Option<String>,
    /// Where a browser signs out.
    pub end_session: Option<String>,
    /// Where tokens are given back (RFC 7009).
    pub revocation: Option<String>,
}

/// What is set about the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oidc {
    /// What access tokens have to look like.
    pub policy: Policy,
    /// Its name for this program.
    pub client_id: String,
    /// The secret, unless this is a public client.
    pub client_secret: Option<ClientSecret>,
    /// How the secret is shown.
    pub client_auth: ClientAuth,
    /// Its addresses.
    pub endpoints: Endpoints,
    /// Keys that are set, instead of those that it publishes: the text, in any of the usual forms.
    pub public_key: Option<String>,
    /// What is asked for besides `openid profile email`.
    pub scopes: Vec<String>,
    /// What else stands in the address that browsers are sent to.
    pub authorization_params: Vec<(String, String)>,
    /// Whether an account is found by a verified e-mail address, if no identity is known.
    pub link_by_verified_email: bool,
    /// Other hosts that a browser may be sent to after it signed in.
    pub redirect_hosts: Vec<String>,
    /// Where it is sent to if it asks for nothing.
    pub redirect_after_login: String,
    /// The file of the key that seals what is stored of a session.
    pub encryption_key_file: Option<PathBuf>,
    /// Certificates that are trusted, instead of the system's.
    pub ca_file: Option<PathBuf>,
}

impl Oidc {
    /// Shows the provider who this client is (RFC 6749, 2.3.1): adds to a form what belongs there, or gives
    /// what `Authorization` has to be.
    #[cfg(feature = "auth")]
    #[must_use]
    pub fn show_client(&self, form: &mut Serializer<'_, String>) -> Option<String> {
        match (&self.client_secret, self.client_auth) {
            (Some(secret), ClientAuth::Basic) => {
                let encoded = |text: &str| -> String { byte_serialize(text.as_bytes()).collect() };
                let pair = format!("{}:{}", encoded(&self.client_id), encoded(secret.expose()));
                return Some(format!("Basic {}", STANDARD.encode(pair)));
            }
            (Some(secret), ClientAuth::Post) => {
                form.append_pair("client_id", &self.client_id);
                form.append_pair("client_secret", secret.expose());
            }
            (None, ClientAuth::Basic | ClientAuth::Post) => {
                form.append_pair("client_id", &self.client_id);
            }
        }
        None
    }

    /// What whoever runs the service should know about these settings.
    #[must_use]
    pub fn warnings(&self) -> Vec<&'static str> {
        let mut warnings = Vec::new();
        match self.policy.id_key {
            IdKey::Sub => {}
            IdKey::Username | IdKey::Email => warnings.push(
                "accounts are found by a name that can change hands (auth.id_key): whoever gets a \
                 freed name gets the account; `aimapper users relink` moves them to `sub`",
            ),
        }
        if self.public_key.is_some() {
            warnings.push(
                "keys are set (auth.public_key), so none is fetched: when the provider changes its \
                 key, every token is refused until the setting is changed",
            );
        }
        warnings
    }
}
