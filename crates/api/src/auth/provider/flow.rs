//! The code flow with PKCE (RFC 6749, 4.1; RFC 7636), by the library; what comes back is checked elsewhere.

use std::cell::Cell;

use actix_web::http::header;
use aimapper_core::auth::{ClientAuth, Endpoints, Provider, WebError};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreErrorResponseType, CoreTokenResponse,
};
use openidconnect::http::{Request, Response};
use openidconnect::url::form_urlencoded;
use openidconnect::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, IssuerUrl, JsonWebKeySet, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError, Scope, StandardErrorResponse,
    TokenUrl,
};
use serde::{Deserialize, Serialize};

use super::error::LoginError;

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
    EndpointNotSet,
>;

/// A browser that is sent away: where to, and what it has to bring back.
pub(super) struct Sent {
    pub(super) url: String,
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
}

/// What the provider gave for a code or a refresh token.
#[derive(Serialize, Deserialize)]
pub(super) struct Tokens {
    pub(super) access: String,
    pub(super) id: Option<String>,
    pub(super) refresh: Option<String>,
}

/// What it told about a person.
pub(super) enum Told {
    Plain(Vec<u8>),
    Signed(String),
}

/// Makes the address that a browser is sent to. May ask for the discovery document.
pub(super) fn send(
    provider: &Provider,
    redirect_uri: &str,
    asked: &[(String, String)],
) -> Result<Sent, LoginError> {
    let client = client(provider, redirect_uri)?;
    let settings = provider.settings();
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let mut request = client
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        )
        .set_pkce_challenge(challenge);
    let scopes = ["profile", "email"].into_iter().map(str::to_owned);
    for scope in scopes.chain(settings.scopes.iter().cloned()) {
        request = request.add_scope(Scope::new(scope));
    }
    for (name, value) in settings.authorization_params.iter().chain(asked) {
        request = request.add_extra_param(name.clone(), value.clone());
    }
    let (url, state, nonce) = request.url();
    Ok(Sent {
        url: url.into(),
        state: state.into_secret(),
        nonce: nonce.secret().clone(),
        verifier: verifier.into_secret(),
    })
}

/// Takes a code to the provider.
pub(super) fn exchange(
    provider: &Provider,
    redirect_uri: &str,
    (code, verifier): (String, String),
) -> Result<Tokens, LoginError> {
    let client = client(provider, redirect_uri)?;
    let status = Cell::default();
    client
        .exchange_code(AuthorizationCode::new(code))
        .set_pkce_verifier(PkceCodeVerifier::new(verifier))
        .request(&|request| post(provider, request, &status))
        .map(tokens)
        .map_err(|error| refused(error, status.get()))
}

/// Takes a refresh token to the provider. `Code` says that it takes it no more.
pub(super) fn refresh(
    provider: &Provider,
    redirect_uri: &str,
    token: String,
) -> Result<Tokens, LoginError> {
    let client = client(provider, redirect_uri)?;
    let status = Cell::default();
    client
        .exchange_refresh_token(&RefreshToken::new(token))
        .request(&|request| post(provider, request, &status))
        .map(tokens)
        .map_err(|error| refused(error, status.get()))
}

/// Gives a refresh token back (RFC 7009, 2.1), if the provider has a place for it.
pub(super) fn revoke(provider: &Provider, token: &str) -> Result<(), LoginError> {
    let endpoints = provider.endpoints().map_err(LoginError::Unreachable)?;
    let Some(url) = &endpoints.revocation else {
        return Ok(());
    };
    let settings = provider.settings();
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("token", token);
    form.append_pair("token_type_hint", "refresh_token");
    let mut request = Request::post(url).header(
        header::CONTENT_TYPE.as_str(),
        "application/x-www-form-urlencoded",
    );
    if let Some(shown) = settings.show_client(&mut form) {
        request = request.header(header::AUTHORIZATION.as_str(), shown);
    }
    let request = request
        .body(form.finish().into_bytes())
        .map_err(|_| LoginError::Answer("the address of revocation"))?;
    let answer = provider.web().send(request).map_err(LoginError::web)?;
    if answer.status().is_success() {
        return Ok(());
    }
    Err(LoginError::web(WebError::Status {
        address: url.clone(),
        status: answer.status().as_u16(),
    }))
}

/// Asks whom a token stands for; nothing if the provider has no place to ask, or does not say it.
pub(super) fn user_info(provider: &Provider, access: &str) -> Result<Option<Told>, LoginError> {
    let endpoints = provider.endpoints().map_err(LoginError::Unreachable)?;
    let Some(url) = &endpoints.user_info else {
        return Ok(None);
    };
    let request = Request::get(url)
        .header(header::AUTHORIZATION.as_str(), format!("Bearer {access}"))
        .header(header::ACCEPT.as_str(), "application/jwt, application/json")
        .body(Vec::new())
        .map_err(|_| LoginError::Answer("the address of user info"))?;
    let answer = provider.web().send(request).map_err(LoginError::web)?;
    if !answer.status().is_success() {
        let status = answer.status().as_u16();
        tracing::info!(status, "the provider tells nothing about the person");
        return Ok(None);
    }
    let kind = answer.headers().get(header::CONTENT_TYPE.as_str());
    let is_signed = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/jwt"));
    let body = answer.into_body();
    if !is_signed {
        return Ok(Some(Told::Plain(body)));
    }
    let token = String::from_utf8(body).map_err(|_| LoginError::Answer("user info"))?;
    Ok(Some(Told::Signed(token)))
}

fn client(provider: &Provider, redirect_uri: &str) -> Result<Client, LoginError> {
    let endpoints = provider.endpoints().map_err(LoginError::Unreachable)?;
    let (authorization, token) = addresses(&endpoints)?;
    let settings = provider.settings();
    let wrong = |_| LoginError::Answer("an address");
    let issuer = IssuerUrl::new(settings.policy.issuer.clone()).map_err(wrong)?;
    let redirect = RedirectUrl::new(redirect_uri.to_owned()).map_err(wrong)?;
    // Its own checks of ID tokens are not used, so it needs no keys.
    let mut client = CoreClient::new(
        ClientId::new(settings.client_id.clone()),
        issuer,
        JsonWebKeySet::default(),
    )
    .set_auth_type(match settings.client_auth {
        ClientAuth::Post => AuthType::RequestBody,
        ClientAuth::Basic => AuthType::BasicAuth,
    });
    if let Some(secret) = &settings.client_secret {
        client = client.set_client_secret(ClientSecret::new(secret.expose().to_owned()));
    }
    Ok(client
        .set_auth_uri(AuthUrl::new(authorization).map_err(wrong)?)
        .set_token_uri(TokenUrl::new(token).map_err(wrong)?)
        .set_redirect_uri(redirect))
}

fn addresses(endpoints: &Endpoints) -> Result<(String, String), LoginError> {
    let authorization = endpoints.authorization.clone();
    let token = endpoints.token.clone();
    match (authorization, token) {
        (Some(authorization), Some(token)) => Ok((authorization, token)),
        (None, _) => Err(LoginError::Answer("it names no authorization endpoint")),
        (Some(_), None) => Err(LoginError::Answer("it names no token endpoint")),
    }
}

/// Answers that a provider gives about a request are for the library; others mean that it is not there. The
/// library says nothing of the status, so it is noted.
fn post(
    provider: &Provider,
    request: Request<Vec<u8>>,
    noted: &Cell<u16>,
) -> Result<Response<Vec<u8>>, WebError> {
    let address = request.uri().path().to_owned();
    let answer = provider.web().send(request)?;
    let status = answer.status().as_u16();
    noted.set(status);
    if (200..300).contains(&status) || (400..500).contains(&status) {
        return Ok(answer);
    }
    Err(WebError::Status { address, status })
}

fn tokens(response: CoreTokenResponse) -> Tokens {
    Tokens {
        access: response.access_token().secret().clone(),
        id: response.extra_fields().id_token().map(ToString::to_string),
        refresh: response.refresh_token().map(|token| token.secret().clone()),
    }
}

fn refused(
    error: RequestTokenError<WebError, StandardErrorResponse<CoreErrorResponseType>>,
    status: u16,
) -> LoginError {
    match error {
        RequestTokenError::Request(error) => LoginError::web(error),
        RequestTokenError::ServerResponse(response) => match (response.error().as_ref(), status) {
            ("invalid_grant", _) => LoginError::Code,
            ("invalid_client" | "unauthorized_client", _) | (_, 401) => LoginError::Client,
            (_, 403) => LoginError::Declined,
            (other, _) => LoginError::Provider(word(other)),
        },
        // Whoever stands before the provider says it in words of its own.
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) if status == 401 => {
            LoginError::Client
        }
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) if status == 403 => {
            LoginError::Declined
        }
        // Never the error itself: it holds the answer, which may hold tokens.
        RequestTokenError::Parse(..) => LoginError::Answer("tokens"),
        RequestTokenError::Other(_) => LoginError::Answer("no tokens"),
    }
}

/// An error's word, if it is one (RFC 6749, 5.2).
pub(super) fn word(error: &str) -> String {
    let is_word = error.len() <= 64
        && error
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    if is_word { error } else { "unknown" }.to_owned()
}
