//! What is set about the provider that people sign in at, as the settings say it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

#[cfg(feature = "auth")]
use base64::Engine as _;
#[cfg(feature = "auth")]
use base64::engine::general_purpose::STANDARD;
#[cfg(feature = "auth")]
use url::form_urlencoded::{Serializer, byte_serialize};

use super::Role;
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
    /// Where it says whether a token still counts (RFC 7662).
    pub introspection: Option<String>,
}

/// For which requests the issuer is asked whether their token still counts (RFC 7662), besides the check of
/// the token itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Introspection {
    /// None.
    Off,
    /// Those that need the role `admin`.
    Admin,
    /// Every request with a token.
    All,
}

impl Introspection {
    /// Whether it is asked about the token of a request that needs this role.
    #[must_use]
    pub fn covers(self, role: Option<Role>) -> bool {
        match self {
            Self::Off => false,
            Self::Admin => role == Some(Role::Admin),
            Self::All => true,
        }
    }
}

/// How the provider is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asking {
    /// For one question and its whole answer.
    pub timeout: Duration,
    /// What this program calls itself; none: name and version.
    pub user_agent: Option<String>,
    /// Certificates that are trusted, instead of the system's.
    pub ca_file: Option<PathBuf>,
}

/// Where browsers are sent to: paths of this server ([`is_path_here`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirects {
    /// After signing in, if nothing was asked for.
    pub login: String,
    /// After signing out.
    pub logout: Option<String>,
    /// After signing in for the first time, whatever was asked for.
    pub new_user: Option<String>,
    /// After a second way to sign in was added to an account, whatever was asked for.
    pub new_identity: Option<String>,
    /// Whoever may not come in, because the account is disabled.
    pub inactive: Option<String>,
    /// When signing in failed.
    pub error: Option<String>,
}

/// Longer addresses are not of ours.
const MAX_ADDRESS_BYTES: usize = 2_048;

/// Whether an address that a browser is sent to stays as it is: browsers take `\` for `/`, and leave out tabs
/// and line ends before they look.
#[must_use]
pub fn is_plain_address(text: &str) -> bool {
    text.len() <= MAX_ADDRESS_BYTES
        && !text
            .chars()
            .any(|c| c.is_control() || c == '\\' || c == ' ')
}

/// Whether an address leads to a path of this server, whatever browser reads it.
#[must_use]
pub fn is_path_here(text: &str) -> bool {
    is_plain_address(text) && text.starts_with('/') && !text.starts_with("//")
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
    /// Where it is sent to otherwise.
    pub redirects: Redirects,
    /// The file of the key that seals what is stored of a session.
    pub encryption_key_file: Option<PathBuf>,
    /// How it is asked.
    pub asking: Asking,
    /// For which requests it is asked about their token.
    pub introspection: Introspection,
    /// How long its word about a token holds; at most half a minute.
    pub introspection_holds: Duration,
    /// Further issuers, whose tokens are taken as well. Nobody signs in there, and they have none themselves.
    pub further: Vec<Self>,
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
        if self.further.iter().any(|one| one.public_key.is_some()) {
            warnings.push(
                "keys of a further issuer are set (public_key), so none is fetched: when it changes its \
                 key, its tokens are refused until the setting is changed",
            );
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_asked_about_as_far_as_the_settings_say() {
        let roles = [
            None,
            Some(Role::Mapper),
            Some(Role::Operator),
            Some(Role::Admin),
        ];
        let covered = |of: Introspection| roles.map(|role| of.covers(role));
        assert_eq!(covered(Introspection::Off), [false; 4]);
        assert_eq!(covered(Introspection::Admin), [false, false, false, true]);
        assert_eq!(covered(Introspection::All), [true; 4]);
    }
}
