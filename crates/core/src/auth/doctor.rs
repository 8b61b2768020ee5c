//! What is wrong between this program, its provider and a token, each with what mends it. Sends nothing that
//! changes anything: a code that nobody gave and a request to sign in without a page.

use jiff::fmt::rfc2822::DateTimeParser;
use serde_json::{Map, Value};
use ureq::http::{Request, StatusCode};
use url::Url;

use super::keys::{KeySet, left_out};
use super::oidc::{Introspection, Oidc};
use super::policy::Policy;
use super::provider::{Provider, ProviderError};
use super::refusal::Refusal;
use super::verify::{named_issuer, peek, verify};
use crate::error::Explain;

/// Clocks that are further apart than this are worth a word.
const CLOCK_SECONDS: i64 = 5;

/// How good something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Good,
    /// Works, and may bite.
    Doubtful,
    /// Does not work.
    Wrong,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What: one word.
    pub what: &'static str,
    /// How good it is.
    pub verdict: Verdict,
    /// What was found.
    pub says: String,
    /// What mends it.
    pub fix: Option<String>,
}

fn good(what: &'static str, says: impl Into<String>) -> Finding {
    Finding {
        what,
        verdict: Verdict::Good,
        says: says.into(),
        fix: None,
    }
}

fn wrong(what: &'static str, says: impl Into<String>, fix: impl Into<String>) -> Finding {
    Finding {
        what,
        verdict: Verdict::Wrong,
        says: says.into(),
        fix: Some(fix.into()),
    }
}

fn failed(what: &'static str, error: &ProviderError) -> Finding {
    let mut says = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        says.push_str(": ");
        says.push_str(&next.to_string());
        cause = next.source();
    }
    Finding {
        what,
        verdict: Verdict::Wrong,
        says,
        fix: error.hint(),
    }
}

/// Looks at the settings, the provider, and a token if there is one, at a time in seconds since 1970.
/// Blocks.
#[must_use]
pub fn examine(
    provider: &Provider,
    redirect_uri: &str,
    token: Option<&str>,
    now: i64,
) -> Vec<Finding> {
    let mut found = of_provider(provider, redirect_uri, now);
    let further: Vec<(String, Result<Provider, ProviderError>)> = provider
        .settings()
        .further
        .iter()
        .map(|one| (one.policy.issuer.clone(), Provider::new(one.clone())))
        .collect();
    for (issuer, one) in &further {
        match one {
            Ok(one) => found.extend(of_further(one, now)),
            Err(error) => found.push(about(issuer, failed("issuer", error))),
        }
    }
    let Some(token) = token else {
        return found;
    };
    // The token's own issuer, if it is one of ours.
    let named = named_issuer(token);
    let its = further.iter().find_map(|(issuer, one)| {
        let one = one.as_ref().ok()?;
        (Some(issuer) == named.as_ref()).then_some(one)
    });
    found.extend(of_token(its.unwrap_or(provider), token, now));
    found
}

/// What is said about one of several issuers.
fn about(issuer: &str, mut finding: Finding) -> Finding {
    finding.says = format!("{issuer}: {}", finding.says);
    finding
}

/// The provider that people sign in at.
fn of_provider(provider: &Provider, redirect_uri: &str, now: i64) -> Vec<Finding> {
    let settings = provider.settings();
    let mut found = of_settings(settings);
    match provider.endpoints() {
        Ok(_) => {
            let issuer = &settings.policy.issuer;
            found.push(good("provider", format!("{issuer} answers as itself")));
            found.push(of_keys(provider, now));
            found.extend(of_clock(provider, now));
            found.push(of_redirect(provider, redirect_uri));
            found.push(of_secret(provider, redirect_uri));
            found.extend(of_introspection(provider));
        }
        Err(error) => found.push(failed("provider", &error)),
    }
    found
}

/// An issuer whose tokens are taken, and where nobody signs in.
fn of_further(provider: &Provider, now: i64) -> Vec<Finding> {
    let policy = &provider.settings().policy;
    let says = format!("taken for {}", policy.audiences.join(" or "));
    let mut found = vec![good("issuer", says), of_keys(provider, now)];
    found.extend(of_introspection(provider));
    let issuer = policy.issuer.as_str();
    found.into_iter().map(|one| about(issuer, one)).collect()
}

/// Asks about a token that nobody issued: whoever is taken for the client hears that it does not count.
fn of_introspection(provider: &Provider) -> Option<Finding> {
    let what = "introspection";
    let settings = provider.settings();
    if settings.introspection == Introspection::Off {
        return None;
    }
    Some(match provider.is_active("doctor", "doctor") {
        Ok(false) => good(what, "the issuer says which tokens count"),
        Ok(true) => wrong(
            what,
            "the issuer says of a token that nobody issued that it counts",
            "look at what auth.introspection_url leads to",
        ),
        Err(error) => Finding {
            fix: Some(format!(
                "is {} let in there with its secret (client authentication on), and is this the address \
                 (auth.introspection_url)?",
                settings.client_id
            )),
            ..failed(what, &error)
        },
    })
}

fn of_settings(settings: &Oidc) -> Vec<Finding> {
    let Policy {
        issuer, audiences, ..
    } = &settings.policy;
    let says = format!(
        "client {}, issuer {issuer}, audience {}",
        settings.client_id,
        audiences.join(" or ")
    );
    let mut found = vec![good("settings", says)];
    found.extend(settings.warnings().into_iter().map(|warning| Finding {
        what: "settings",
        verdict: Verdict::Doubtful,
        says: warning.to_owned(),
        fix: None,
    }));
    found
}

fn of_keys(provider: &Provider, now: i64) -> Finding {
    if let Err(error) = provider.refresh(now) {
        return failed("keys", &error);
    }
    let Some(keys) = provider.keys().keys(now) else {
        return wrong("keys", "there are none", "look at the provider's log");
    };
    let unused = unused_keys(provider);
    let says = format!("{} that can check tokens", keys.len());
    if unused.is_empty() {
        return good("keys", says);
    }
    Finding {
        what: "keys",
        verdict: Verdict::Doubtful,
        says: format!("{says}; not used: {}", unused.join("; ")),
        fix: Some("give the realm a key of 2048 bits or more for its algorithm".to_owned()),
    }
}

/// Published keys for signatures that are of no use.
fn unused_keys(provider: &Provider) -> Vec<String> {
    let endpoints = provider.endpoints().ok();
    endpoints
        .and_then(|endpoints| provider.web().get(endpoints.jwks.as_deref()?).ok())
        .map(|answer| left_out(&answer))
        .unwrap_or_default()
}

/// Compares this machine's clock with the one of the provider's answers (RFC 9110, 6.6.1).
fn of_clock(provider: &Provider, now: i64) -> Option<Finding> {
    let endpoints = provider.endpoints().ok()?;
    let request = Request::get(endpoints.token.as_deref()?)
        .body(Vec::new())
        .ok()?;
    let answer = provider.web().send(request).ok()?;
    let date = answer.headers().get("date")?.to_str().ok()?;
    let there = DateTimeParser::new().parse_timestamp(date).ok()?;
    let off = now - there.as_second();
    let leeway = provider.settings().policy.leeway_seconds;
    let says = format!("{off:+} s beside the provider's");
    if off.abs() > leeway.max(CLOCK_SECONDS) {
        let fix = "set both clocks (NTP): tokens are taken for expired, or for not valid yet";
        return Some(wrong("clock", says, fix));
    }
    Some(good("clock", says))
}

/// Asks for a login without a page: whoever knows client and address sends the browser back.
fn of_redirect(provider: &Provider, redirect_uri: &str) -> Finding {
    let what = "redirect";
    let asked = redirect_request(provider, redirect_uri).and_then(|url| {
        let request = Request::get(url).body(Vec::new()).ok()?;
        provider.web().send(request).ok()
    });
    let Some(answer) = asked else {
        return wrong(
            what,
            "the provider's page for signing in cannot be asked from here",
            "if only browsers reach it, that is no fault",
        );
    };
    let location = answer.headers().get("location");
    let location = location.and_then(|value| value.to_str().ok()).unwrap_or("");
    if answer.status() == StatusCode::OK {
        return good(what, format!("{redirect_uri} may be come back to"));
    }
    if answer.status().is_redirection() && location.starts_with(redirect_uri) {
        return came_back(redirect_uri, location);
    }
    if answer.status().is_redirection() {
        return good(what, "the provider leads to its page for signing in");
    }
    let client = &provider.settings().client_id;
    wrong(
        what,
        format!("the provider does not lead back to {redirect_uri}"),
        format!(
            "is the client called {client} there, and is this address, to the letter, among its valid \
             redirect URIs? If it should be another one, set server.public_url"
        ),
    )
}

/// Without a page nobody can sign in, so the word has to be that a login is needed.
fn came_back(redirect_uri: &str, location: &str) -> Finding {
    let url = Url::parse(location).ok();
    let error = url.and_then(|url| {
        let mut pairs = url.query_pairs();
        pairs.find_map(|(name, value)| (name == "error").then(|| value.into_owned()))
    });
    let error = error.unwrap_or_default();
    let is_good = ["login_required", "interaction_required", "consent_required"]
        .contains(&error.as_str())
        || error.is_empty();
    if is_good {
        return good("redirect", format!("{redirect_uri} is registered"));
    }
    let error: String = error.chars().filter(char::is_ascii).take(64).collect();
    wrong(
        "redirect",
        format!("the provider leads back with the error {error:?}"),
        "the client needs the standard flow (authorization code) switched on, and the scopes that are \
         asked for",
    )
}

fn redirect_request(provider: &Provider, redirect_uri: &str) -> Option<String> {
    let endpoints = provider.endpoints().ok()?;
    let mut url = Url::parse(endpoints.authorization.as_deref()?).ok()?;
    url.query_pairs_mut()
        .append_pair("client_id", &provider.settings().client_id)
        .append_pair("response_type", "code")
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("scope", "openid")
        .append_pair("prompt", "none")
        .append_pair("state", "doctor")
        .append_pair("nonce", "doctor")
        // Of a verifier that nobody has; no code will come.
        .append_pair(
            "code_challenge",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        )
        .append_pair("code_challenge_method", "S256");
    Some(url.into())
}

/// Shows a code that nobody gave: whoever is taken for the client hears about the code.
fn of_secret(provider: &Provider, redirect_uri: &str) -> Finding {
    let what = "client";
    let settings = provider.settings();
    let answer = secret_request(provider, redirect_uri)
        .and_then(|request| provider.web().send(request).ok());
    let Some(answer) = answer else {
        return wrong(
            what,
            "the provider's token endpoint cannot be asked",
            "this machine needs a way to it; set auth.access_token_url if it is reached by another name",
        );
    };
    let body: Option<Value> = serde_json::from_slice(answer.body()).ok();
    let error = body.as_ref().and_then(|body| body.get("error")?.as_str());
    let kind = if settings.client_secret.is_some() {
        "its secret"
    } else {
        "no secret"
    };
    match error {
        Some("invalid_grant") => good(what, format!("{} is known by {kind}", settings.client_id)),
        Some("invalid_client" | "unauthorized_client") => wrong(
            what,
            format!("{} is not let in with {kind}", settings.client_id),
            "take the secret from the client's page Credentials at the provider (client authentication \
             on) and set auth.client_secret_file, auth.client_secret or SOCIAL_AUTH_KEYCLOAK_SECRET",
        ),
        Some(_) | None => wrong(
            what,
            format!(
                "the token endpoint answers with status {} and no word that is known",
                answer.status().as_u16()
            ),
            "look at the provider's log; auth.client_auth may have to be “basic”",
        ),
    }
}

fn secret_request(provider: &Provider, redirect_uri: &str) -> Option<Request<Vec<u8>>> {
    let endpoints = provider.endpoints().ok()?;
    let settings = provider.settings();
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", "doctor")
        .append_pair("code_verifier", &"doctor".repeat(8))
        .append_pair("redirect_uri", redirect_uri);
    let shown = settings.show_client(&mut form);
    let mut request = Request::post(endpoints.token.as_deref()?)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .header("Accept", "application/json");
    if let Some(shown) = shown {
        request = request.header("Authorization", shown);
    }
    request.body(form.finish().into_bytes()).ok()
}

/// Everything that is wrong with a token, not only the first thing.
fn of_token(provider: &Provider, token: &str, now: i64) -> Vec<Finding> {
    let policy = &provider.settings().policy;
    let Some((header, claims)) = peek(token) else {
        let fix = "it has three parts with dots between; is it whole, and without “Bearer ”?";
        return vec![wrong("token", "this is no signed token", fix)];
    };
    let mut found: Vec<Finding> = [
        issuer(&claims, policy),
        audience(&claims, policy),
        party(&claims, policy),
        kind(&claims),
        subject(&claims),
        times(&claims, policy, now),
        key(&header, provider, now),
        roles(&claims),
    ]
    .into_iter()
    .flatten()
    .collect();
    found.push(match provider.keys().keys(now) {
        None => wrong("token", "there are no keys to check it with", "see above"),
        Some(keys) => match verify(token, policy, &keys, now) {
            Ok(verified) => {
                let roles: Vec<&str> = verified.principal.roles.iter().map(|r| r.name()).collect();
                let roles = if roles.is_empty() {
                    "none".to_owned()
                } else {
                    roles.join(", ")
                };
                good("token", format!("is taken; roles: {roles}"))
            }
            Err(refusal) => wrong("token", format!("is refused: {refusal}"), mend(refusal)),
        },
    });
    found
}

fn mend(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Signature => {
            "it was changed, or signed by another realm that uses the same name for its key"
        }
        Refusal::Algorithm => {
            "set auth.algorithms to how the realm signs, or let it sign with RS256"
        }
        Refusal::Tenant => {
            "the claim that auth.tenant_claim names is missing: add a mapper for it, or leave the setting out"
        }
        Refusal::NotAllowed => {
            "its e-mail address is not verified, or not in auth.allowed_emails or auth.allowed_domains"
        }
        Refusal::Bound => {
            "the client binds its tokens to a key (DPoP, mTLS), which is not supported"
        }
        Refusal::Lifetime => "let the realm's tokens end sooner, or raise auth.max_token_seconds",
        Refusal::TooLong | Refusal::Malformed | Refusal::Header | Refusal::Claims => {
            "it is not what the provider gave; copy it whole"
        }
        Refusal::Duplicate | Refusal::HeaderType | Refusal::HeaderField | Refusal::OwnKey => {
            "it is no access token that Keycloak makes"
        }
        Refusal::KeyUnnamed | Refusal::KeyUnknown | Refusal::KeyUnfit => {
            "its key is not one of the realm's for signing access tokens"
        }
        Refusal::Issuer
        | Refusal::Audience
        | Refusal::AuthorizedParty
        | Refusal::Subject
        | Refusal::Expiry
        | Refusal::Expired
        | Refusal::NotBefore
        | Refusal::IssuedAt
        | Refusal::TokenType
        | Refusal::Nonce
        | Refusal::AccessHash
        | Refusal::Ended
        | Refusal::Inactive
        | Refusal::Ticket => "what is wrong is named above",
    }
}

fn issuer(claims: &Map<String, Value>, policy: &Policy) -> Option<Finding> {
    let found = claims.get("iss").and_then(Value::as_str).unwrap_or("");
    (found != policy.issuer).then(|| {
        wrong(
            "issuer",
            format!("iss is {found:?}, and auth.issuer says {:?}", policy.issuer),
            "set auth.issuer to what the tokens say, or add a table [[auth.issuers]] for theirs; if that is an inner name, tell Keycloak its public \
             one (--hostname), and how this machine reaches it with auth.discovery_url",
        )
    })
}

fn audience(claims: &Map<String, Value>, policy: &Policy) -> Option<Finding> {
    let aud = claims.get("aud");
    let named: Vec<&str> = match aud {
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        Some(_) | None => Vec::new(),
    };
    let is_ours = policy
        .audiences
        .iter()
        .any(|us| named.contains(&us.as_str()));
    (!is_ours).then(|| {
        let us = policy.audiences.first().map_or("", String::as_str);
        wrong(
            "audience",
            format!("aud is {named:?}, and none of them is {us}"),
            format!(
                "add an Audience mapper for {us} to the client that asks for the token: Client scopes > \
                 its dedicated scope > Add mapper > Audience, included client audience {us}, in access \
                 tokens"
            ),
        )
    })
}

fn party(claims: &Map<String, Value>, policy: &Policy) -> Option<Finding> {
    let party = claims.get("azp")?.as_str().unwrap_or("");
    let known = policy.authorized_parties.iter().any(|one| one == party);
    (!known).then(|| {
        wrong(
            "client",
            format!("the token was issued to {party:?}"),
            "add that client to auth.authorized_parties, or to auth.service_clients if it is a program",
        )
    })
}

fn kind(claims: &Map<String, Value>) -> Option<Finding> {
    let typ = claims.get("typ").and_then(Value::as_str).unwrap_or("");
    (typ != "Bearer").then(|| {
        wrong(
            "type",
            format!("typ is {typ:?}: this is no access token"),
            "send what the token endpoint calls access_token, not the ID token or the refresh token",
        )
    })
}

fn subject(claims: &Map<String, Value>) -> Option<Finding> {
    let is_there = claims.get("sub").and_then(Value::as_str).is_some();
    (!is_there).then(|| {
        wrong(
            "subject",
            "the token has no sub",
            "the client lacks the scope `basic`: Client scopes > Add client scope > basic, as default \
             (realms that were imported with a list of client scopes lack it)",
        )
    })
}

fn times(claims: &Map<String, Value>, policy: &Policy, now: i64) -> Option<Finding> {
    let at = |name: &str| claims.get(name).and_then(Value::as_i64);
    let leeway = policy.leeway_seconds;
    if let Some(issued) = at("iat").filter(|at| *at > now + leeway) {
        return Some(wrong(
            "times",
            format!("it was issued {} s from now", issued - now),
            "the clocks are apart: set both (NTP)",
        ));
    }
    let ended = at("exp").filter(|at| *at <= now - leeway)?;
    Some(wrong(
        "times",
        format!("it expired {} s ago", now - ended),
        "get a new one; if this one is new, the clocks are apart",
    ))
}

fn key(header: &Map<String, Value>, provider: &Provider, now: i64) -> Option<Finding> {
    let kid = header.get("kid").and_then(Value::as_str).unwrap_or("");
    let keys = provider.keys().keys(now)?;
    let is_known = |keys: &KeySet| keys.knows(kid);
    if is_known(&keys) {
        return None;
    }
    let unused = unused_keys(provider);
    let name = format!("key {kid}: ");
    if let Some(why) = unused.iter().find_map(|text| text.strip_prefix(&name)) {
        return Some(wrong(
            "key",
            format!("its key is published and not used: {why}"),
            "give the realm a key of 2048 bits or more, with a higher priority",
        ));
    }
    Some(wrong(
        "key",
        format!("its key {kid:?} is not published"),
        "it comes from another realm or server, or its key was taken away; get a new token",
    ))
}

fn roles(claims: &Map<String, Value>) -> Option<Finding> {
    let has_any = [
        "realm_access",
        "resource_access",
        "groups",
        "scope",
        "roles",
    ]
    .iter()
    .any(|name| claims.contains_key(*name));
    (!has_any).then(|| Finding {
        what: "roles",
        verdict: Verdict::Doubtful,
        says: "the token lists no roles, groups or scopes".to_owned(),
        fix: Some("give the client the scope `roles`, or full scope".to_owned()),
    })
}
