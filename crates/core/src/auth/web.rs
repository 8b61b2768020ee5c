//! Asking the provider, within bounds: no redirects, a few seconds, answers of a quarter of a megabyte.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use ureq::http::{Request, Response, StatusCode};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};
use ureq::{Agent, Body};

use super::oidc::Asking;
use crate::error::{ErrorKind, Explain};

/// Longer answers are given up. Documents, key sets and tokens are far below.
const MAX_ANSWER_BYTES: u64 = 256 * 1024;

/// Why there is no answer of use. Says nothing of what was sent or received.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// The file with certificates cannot be used.
    #[error("the certificates in auth.ca_file cannot be used")]
    Certificates(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No connection, or it broke, or it took too long.
    #[error("{address} cannot be reached: {cause}")]
    Unreachable {
        /// What was asked, without its query.
        address: String,
        /// Why.
        cause: String,
    },
    /// An answer of another status.
    #[error("{address} answers with status {status}")]
    Status {
        /// What was asked, without its query.
        address: String,
        /// The status.
        status: u16,
    },
    /// An answer that says that it is something else.
    #[error("the answer of {address} is no JSON")]
    NotJson {
        /// What was asked, without its query.
        address: String,
    },
    /// More than is read.
    #[error("the answer of {address} is longer than {MAX_ANSWER_BYTES} bytes")]
    TooLong {
        /// What was asked, without its query.
        address: String,
    },
}

impl Explain for WebError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Certificates(_) => ErrorKind::Invalid,
            Self::Unreachable { .. }
            | Self::Status { .. }
            | Self::NotJson { .. }
            | Self::TooLong { .. } => ErrorKind::Unavailable,
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Certificates(_) => "it holds certificates as PEM, one after the other",
            Self::Unreachable { .. } => {
                "is the provider up, and is this the address under which this machine reaches it \
                 (auth.discovery_url, where that differs from the issuer)? For a certificate of an \
                 authority of your own, set auth.ca_file"
            }
            Self::Status {
                status: 300..400, ..
            } => "redirects are not followed: set the address that it leads to",
            Self::Status { status: 404, .. } => {
                "is the realm's name right? Keycloak before 17 has /auth before /realms"
            }
            Self::NotJson { .. } => {
                "a page instead of data is that of a proxy, or of another address of the provider"
            }
            Self::Status { .. } | Self::TooLong { .. } => "look at the provider's log",
        };
        Some(text.to_owned())
    }
}

/// A client for the provider alone.
#[derive(Debug, Clone)]
pub struct WebClient {
    agent: Agent,
}

impl WebClient {
    /// A client that asks as the settings say.
    ///
    /// # Errors
    /// [`WebError::Certificates`].
    pub fn new(asking: &Asking) -> Result<Self, WebError> {
        let roots = match &asking.ca_file {
            Some(path) => certificates(path).map_err(WebError::Certificates)?,
            None => RootCerts::PlatformVerifier,
        };
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(Arc::new(aws_lc_rs::default_provider()))
            .root_certs(roots)
            .build();
        let name = concat!("aimapper/", env!("CARGO_PKG_VERSION"));
        let config = Agent::config_builder()
            .tls_config(tls)
            .timeout_global(Some(asking.timeout))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(asking.user_agent.as_deref().unwrap_or(name))
            .build();
        Ok(Self {
            agent: config.new_agent(),
        })
    }

    /// A document of JSON.
    ///
    /// # Errors
    /// [`WebError`], also for any status but 200, and for what says that it is something else.
    pub fn get(&self, url: &str) -> Result<Vec<u8>, WebError> {
        let request = Request::get(url)
            .header("Accept", "application/json")
            .body(Vec::new())
            .map_err(|error| unreachable(url, &error))?;
        let answer = self.send(request)?;
        if answer.status() != StatusCode::OK {
            let status = answer.status().as_u16();
            let address = without_query(url);
            return Err(WebError::Status { address, status });
        }
        // `application/json`, `application/jwk-set+json` (RFC 7517, 8.5).
        let kind = answer.headers().get("content-type");
        let is_json = kind.is_none_or(|kind| kind.to_str().is_ok_and(|kind| kind.contains("json")));
        if !is_json {
            let address = without_query(url);
            return Err(WebError::NotJson { address });
        }
        Ok(answer.into_body())
    }

    /// Any request; the answer may have any status.
    ///
    /// # Errors
    /// [`WebError`].
    pub fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, WebError> {
        let url = request.uri().to_string();
        let answer = self
            .agent
            .run(request)
            .map_err(|error| unreachable(&url, &error))?;
        let (parts, body) = answer.into_parts();
        let bytes = read(body, &url)?;
        Ok(Response::from_parts(parts, bytes))
    }
}

fn read(mut body: Body, url: &str) -> Result<Vec<u8>, WebError> {
    let read = body.with_config().limit(MAX_ANSWER_BYTES).read_to_vec();
    read.map_err(|error| {
        if matches!(error, ureq::Error::BodyExceedsLimit(_)) {
            let address = without_query(url);
            return WebError::TooLong { address };
        }
        unreachable(url, &error)
    })
}

fn certificates(path: &Path) -> Result<RootCerts, Box<dyn std::error::Error + Send + Sync>> {
    let pem = fs::read(path)?;
    let mut found: Vec<Certificate<'static>> = Vec::new();
    for item in parse_pem(&pem) {
        if let PemItem::Certificate(certificate) = item? {
            found.push(certificate);
        }
    }
    if found.is_empty() {
        return Err("there is none in it".into());
    }
    Ok(RootCerts::from(found))
}

fn unreachable(url: &str, error: &dyn std::error::Error) -> WebError {
    WebError::Unreachable {
        address: without_query(url),
        cause: error.to_string(),
    }
}

/// Queries may hold codes and tokens.
fn without_query(url: &str) -> String {
    url.split(['?', '#']).next().unwrap_or_default().to_owned()
}
