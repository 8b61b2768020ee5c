//! Who may come in: local mode, or a provider with all that is set about it.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::error::ConfigError;
use super::layers::Layers;
use super::parts::{DAY, seconds};
use crate::auth::{
    Algorithm, Asking, ClientAuth, ClientSecret, Emails, Endpoints, HeaderTypes, IdKey,
    Introspection, ListForm, Oidc, Policy, Redirects, Role, RoleRule, TenantRule, is_path_here,
};

/// What Keycloak's addresses end in, behind the realm.
const KEYCLOAK: &str = "/protocol/openid-connect/";

/// More issuers than this are no list that somebody keeps by hand, and each is a word in the figures.
const MAX_ISSUERS: usize = 16;

/// Who issues the tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthMode {
    /// This installation.
    Local,
    /// A provider that people sign in at.
    Oidc(Box<Oidc>),
}

/// Who may come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auth {
    /// Who issues the tokens.
    pub mode: AuthMode,
    /// How long sessions last.
    pub session: SessionTimes,
}

/// How long sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionTimes {
    /// Without a request.
    pub idle: Duration,
    /// At all.
    pub absolute: Duration,
}

impl Auth {
    pub(super) fn from(layers: &Layers) -> Result<Self, ConfigError> {
        let idle = seconds(layers, "auth.session.idle_seconds", 60, 30 * DAY)?;
        let absolute = seconds(layers, "auth.session.absolute_seconds", 60, 30 * DAY)?;
        // Half a provider is a mistake to be told, not a reason to let people in another way.
        let mut names_provider = !layers.issuers().is_empty();
        for key in ["auth.client_id", "auth.issuer", "auth.authorization_url"] {
            names_provider |= !layers.text(key)?.is_empty();
        }
        let is_local = layers.parsed("auth.mode", "nothing, local or oidc", |text| match text {
            "" => Some(!names_provider),
            "local" => Some(true),
            "oidc" => Some(false),
            _ => None,
        })?;
        let mode = if is_local {
            AuthMode::Local
        } else {
            AuthMode::Oidc(Box::new(oidc(layers)?))
        };
        Ok(Self {
            mode,
            session: SessionTimes { idle, absolute },
        })
    }
}

/// The provider that people sign in at, and the further issuers.
fn oidc(layers: &Layers) -> Result<Oidc, ConfigError> {
    let mut first = provider(layers)?;
    for layers in layers.issuers() {
        let own = "an issuer of its own, and one that is not in the list yet";
        if layers.text("auth.issuer")?.is_empty() {
            return Err(layers.wrong("auth.issuer", own));
        }
        let further = provider(&layers)?;
        let issuer = &further.policy.issuer;
        let is_known = first.policy.issuer == *issuer
            || first.further.iter().any(|one| one.policy.issuer == *issuer);
        if is_known {
            return Err(layers.wrong("auth.issuer", own));
        }
        if first.further.len() + 1 >= MAX_ISSUERS {
            let takes = format!("no more: there are {MAX_ISSUERS} issuers");
            return Err(layers.wrong("auth.issuer", &takes));
        }
        first.further.push(further);
    }
    Ok(first)
}

fn provider(layers: &Layers) -> Result<Oidc, ConfigError> {
    let client_id = layers.parsed(
        "auth.client_id",
        "the name of this program's client at the provider (a provider is set: mode, issuer or \
         authorization_url)",
        |text| (!text.is_empty()).then(|| text.to_owned()),
    )?;
    let mut endpoints = endpoints(layers)?;
    let issuer = issuer(layers, &mut endpoints)?;
    let secret = match optional(layers, "auth.client_secret_file")? {
        Some(path) => read("auth.client_secret_file", path)?,
        None => layers.text("auth.client_secret")?.to_owned(),
    };
    let public_key = match optional(layers, "auth.public_key_file")? {
        Some(path) => Some(read("auth.public_key_file", path)?),
        None => optional(layers, "auth.public_key")?.map(str::to_owned),
    };
    let client_secret = ClientSecret::new(secret.trim());
    Ok(Oidc {
        introspection: introspection(layers, client_secret.is_some())?,
        introspection_holds: seconds(layers, "auth.introspection_seconds", 0, 30)?,
        policy: policy(layers, issuer, &client_id)?,
        client_secret,
        client_auth: layers.parsed("auth.client_auth", "post or basic", |text| match text {
            "post" => Some(ClientAuth::Post),
            "basic" => Some(ClientAuth::Basic),
            _ => None,
        })?,
        client_id,
        endpoints,
        public_key,
        scopes: words(layers, "auth.scopes")?,
        authorization_params: authorization_params(layers)?,
        link_by_verified_email: yes_or_no(layers, "auth.link_by_verified_email")?,
        redirect_hosts: words(layers, "auth.redirect_hosts")?,
        redirects: redirects(layers)?,
        encryption_key_file: optional(layers, "auth.encryption_key_file")?.map(PathBuf::from),
        asking: asking(layers)?,
        further: Vec::new(),
    })
}

fn asking(layers: &Layers) -> Result<Asking, ConfigError> {
    Ok(Asking {
        timeout: seconds(layers, "auth.http_timeout_seconds", 1, 30)?,
        user_agent: layers.parsed(
            "auth.user_agent",
            "nothing or a name of visible ASCII characters",
            |text| {
                let is_one = text.chars().all(|c| c.is_ascii_graphic() || c == ' ');
                (is_one && text.len() <= 200).then(|| (!text.is_empty()).then(|| text.to_owned()))
            },
        )?,
        ca_file: optional(layers, "auth.ca_file")?.map(PathBuf::from),
    })
}

fn redirects(layers: &Layers) -> Result<Redirects, ConfigError> {
    let path = |key| {
        layers.parsed(
            key,
            "nothing or a path of this server, such as /jobs",
            |text| {
                let is_good = text.is_empty() || is_path_here(text);
                is_good.then(|| (!text.is_empty()).then(|| text.to_owned()))
            },
        )
    };
    Ok(Redirects {
        login: layers.parsed(
            "auth.redirects.login",
            "a path of this server, such as /",
            |text| is_path_here(text).then(|| text.to_owned()),
        )?,
        logout: path("auth.redirects.logout")?,
        new_user: path("auth.redirects.new_user")?,
        new_identity: path("auth.redirects.new_identity")?,
        inactive: path("auth.redirects.inactive")?,
        error: path("auth.redirects.error")?,
    })
}

/// The issuer answers only whom it knows (RFC 7662, 2.1).
fn introspection(layers: &Layers, has_secret: bool) -> Result<Introspection, ConfigError> {
    let key = "auth.introspection";
    let asked = layers.parsed(key, "off, admin or all", |text| match text {
        "off" => Some(Introspection::Off),
        "admin" => Some(Introspection::Admin),
        "all" => Some(Introspection::All),
        _ => None,
    })?;
    if asked != Introspection::Off && !has_secret {
        let takes = "a client_secret, because auth.introspection is on: an issuer answers only whom it \
                     knows, and each issuer is shown its own secret";
        return Err(layers.wrong("auth.client_secret", takes));
    }
    Ok(asked)
}

fn policy(layers: &Layers, issuer: String, client_id: &str) -> Result<Policy, ConfigError> {
    let or_client = |mut list: Vec<String>| {
        if list.is_empty() {
            list.push(client_id.to_owned());
        }
        list
    };
    let programs = words(layers, "auth.service_clients")?;
    let mut parties = or_client(words(layers, "auth.authorized_parties")?);
    parties.extend(programs.iter().cloned());
    let number = |key, most| {
        let number = layers.number(key, 0..=most)?;
        i64::try_from(number).map_err(|_| layers.wrong(key, "a smaller number"))
    };
    let small = |list: Vec<String>| list.iter().map(|word| word.to_lowercase()).collect();
    Ok(Policy {
        issuer,
        audiences: or_client(words(layers, "auth.audiences")?),
        algorithms: algorithms(layers)?,
        leeway_seconds: number("auth.leeway_seconds", 300)?,
        max_lifetime_seconds: number("auth.max_token_seconds", 30 * DAY)?,
        header_types: HeaderTypes::OrNone(vec!["JWT".to_owned(), "at+jwt".to_owned()]),
        token_type: Some("Bearer".to_owned()),
        authorized_parties: parties,
        programs,
        id_key: id_key(layers)?,
        roles: roles(layers, client_id)?,
        tenant: tenant(layers)?,
        emails: Emails {
            addresses: small(words(layers, "auth.allowed_emails")?),
            domains: small(words(layers, "auth.allowed_domains")?),
        },
    })
}

/// The issuer, and the addresses that follow from Keycloak's two if nothing else is set: the predecessor's
/// settings name no issuer.
fn issuer(layers: &Layers, endpoints: &mut Endpoints) -> Result<String, ConfigError> {
    let set = layers.text("auth.issuer")?;
    let issuer = if set.is_empty() {
        let realm = |url: &Option<String>, end: &str| {
            let url = url.as_deref()?.trim_end_matches('/');
            url.strip_suffix(end)?
                .strip_suffix(KEYCLOAK)
                .map(str::to_owned)
        };
        let authorization = realm(&endpoints.authorization, "auth");
        let token = realm(&endpoints.token, "token");
        let realm = authorization
            .filter(|realm| token.as_ref() == Some(realm))
            .ok_or(ConfigError::NoIssuer)?;
        let address = |end: &str| Some(format!("{realm}{KEYCLOAK}{end}"));
        let of = |set: &mut Option<String>, end| {
            if set.is_none() {
                *set = address(end);
            }
        };
        of(&mut endpoints.jwks, "certs");
        of(&mut endpoints.user_info, "userinfo");
        of(&mut endpoints.end_session, "logout");
        of(&mut endpoints.revocation, "revoke");
        of(&mut endpoints.introspection, "token/introspect");
        realm
    } else {
        set.to_owned()
    };
    let host = match (
        issuer.strip_prefix("https://"),
        issuer.strip_prefix("http://"),
    ) {
        (Some(_), _) => return Ok(issuer),
        (None, Some(rest)) => rest.split(['/', '?', '#']).next().unwrap_or_default(),
        (None, None) => return Err(layers.wrong("auth.issuer", "an address with https")),
    };
    let name = host
        .rsplit_once(':')
        .map_or(host, |(name, port)| match port.parse::<u16>() {
            Ok(_) => name,
            Err(_) => host,
        });
    if matches!(name, "localhost" | "127.0.0.1" | "[::1]") {
        return Ok(issuer);
    }
    Err(ConfigError::IssuerWithoutTls)
}

fn endpoints(layers: &Layers) -> Result<Endpoints, ConfigError> {
    let address = |key: &'static str| {
        layers.parsed(key, "nothing or an address with https", |text| match text {
            "" => Some(None),
            text if text.starts_with("https://") || text.starts_with("http://") => {
                Some(Some(text.to_owned()))
            }
            _ => None,
        })
    };
    Ok(Endpoints {
        discovery: address("auth.discovery_url")?,
        authorization: address("auth.authorization_url")?,
        token: address("auth.access_token_url")?,
        jwks: address("auth.jwks_url")?,
        user_info: address("auth.user_info_url")?,
        end_session: address("auth.end_session_url")?,
        revocation: None,
        introspection: address("auth.introspection_url")?,
    })
}

fn algorithms(layers: &Layers) -> Result<Vec<Algorithm>, ConfigError> {
    let takes = "names of algorithms with a public key, such as RS256; with HS256 whoever can check a \
                 token could make one";
    let key = "auth.algorithms";
    let named: Option<Vec<Algorithm>> = words(layers, key)?
        .iter()
        .map(|name| Algorithm::named(name))
        .collect();
    named
        .filter(|all| !all.is_empty())
        .ok_or_else(|| layers.wrong(key, takes))
}

/// The predecessor's setting says what it always said; under its own name the danger has to be accepted.
fn id_key(layers: &Layers) -> Result<IdKey, ConfigError> {
    let key = "auth.id_key";
    let named = layers.parsed(key, "sub, username or email", |text| {
        let all = IdKey::ALL.into_iter();
        all.into_iter().find(|known| known.name() == text)
    })?;
    let is_accepted = layers.is_by_alias(key) || yes_or_no(layers, "auth.id_key_i_accept_mutable")?;
    if named != IdKey::Sub && !is_accepted {
        return Err(layers.wrong(
            key,
            "sub; username and email can pass to somebody else, and the account with them: they need \
             auth.id_key_i_accept_mutable = \"yes\"",
        ));
    }
    Ok(named)
}

fn roles(layers: &Layers, client_id: &str) -> Result<Vec<RoleRule>, ConfigError> {
    let groups = layers.text("auth.groups_claim")?;
    let key = "auth.role_mappings";
    let list = words(layers, key)?;
    if list.is_empty() {
        return Ok(default_roles(client_id));
    }
    let rules: Option<Vec<RoleRule>> = list.iter().map(|text| role_rule(text, groups)).collect();
    rules.ok_or_else(|| {
        layers.wrong(
            key,
            "SOURCE:WORD=ROLE: realm:NAME, client:CLIENT:NAME, group:NAME or scope:NAME, = and mapper, \
             operator or admin",
        )
    })
}

fn default_roles(client_id: &str) -> Vec<RoleRule> {
    Role::ALL
        .into_iter()
        .flat_map(|role| {
            [
                ("realm".to_owned(), role),
                (format!("client:{client_id}"), role),
            ]
        })
        .filter_map(|(source, role)| role_rule(&format!("{source}:{0}={0}", role.name()), "groups"))
        .collect()
}

fn role_rule(text: &str, groups: &str) -> Option<RoleRule> {
    let (what, role) = text.rsplit_once('=')?;
    let (source, rest) = what.split_once(':')?;
    let (path, form, word) = match source {
        "realm" => (vec!["realm_access", "roles"], ListForm::Array, rest),
        "client" => {
            let (client, word) = rest.rsplit_once(':')?;
            let path = vec!["resource_access", client, "roles"];
            (path, ListForm::Array, word)
        }
        "group" => (vec![groups], ListForm::Array, rest),
        "scope" => (vec!["scope"], ListForm::Words, rest),
        _ => return None,
    };
    let is_named = !word.is_empty() && path.iter().all(|name| !name.is_empty());
    is_named.then_some(())?;
    Some(RoleRule {
        path: path.into_iter().map(str::to_owned).collect(),
        form,
        word: word.to_owned(),
        role: role.parse().ok()?,
    })
}

fn tenant(layers: &Layers) -> Result<TenantRule, ConfigError> {
    let claim = layers.text("auth.groups_claim")?.to_owned();
    let takes = "nothing, the name of a claim, or group:/PREFIX/";
    layers.parsed("auth.tenant_claim", takes, |text| match text {
        "" => Some(TenantRule::Own),
        text => match text.strip_prefix("group:") {
            Some("") => None,
            Some(prefix) => Some(TenantRule::Group {
                claim,
                prefix: prefix.to_owned(),
            }),
            None => Some(TenantRule::Claim(text.to_owned())),
        },
    })
}

fn authorization_params(layers: &Layers) -> Result<Vec<(String, String)>, ConfigError> {
    let key = "auth.authorization_params";
    // What this program says itself is not for others to say.
    const OURS: [&str; 8] = [
        "client_id",
        "code_challenge",
        "code_challenge_method",
        "nonce",
        "redirect_uri",
        "response_type",
        "scope",
        "state",
    ];
    let params: Option<Vec<(String, String)>> = words(layers, key)?
        .iter()
        .map(|text| {
            let (name, value) = text.split_once('=')?;
            (!name.is_empty() && !OURS.contains(&name)).then(|| (name.into(), value.into()))
        })
        .collect();
    params.ok_or_else(|| layers.wrong(key, "NAME=VALUE, and none that this program sets itself"))
}

/// The words of a list.
fn words(layers: &Layers, key: &'static str) -> Result<Vec<String>, ConfigError> {
    let text = layers.text(key)?;
    Ok(text
        .split(|c: char| c == ',' || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect())
}

fn optional<'a>(layers: &'a Layers, key: &'static str) -> Result<Option<&'a str>, ConfigError> {
    let text = layers.text(key)?;
    Ok((!text.is_empty()).then_some(text))
}

fn yes_or_no(layers: &Layers, key: &'static str) -> Result<bool, ConfigError> {
    layers.parsed(key, "yes or no", |text| match text {
        "yes" | "true" => Some(true),
        "no" | "false" => Some(false),
        _ => None,
    })
}

fn read(key: &'static str, path: &str) -> Result<String, ConfigError> {
    fs::read_to_string(path).map_err(|source| ConfigError::File { key, source })
}
