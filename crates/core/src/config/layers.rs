//! The settings as they are laid over each other: defaults, a file, the environment. Knows which
//! keys there are and where each value comes from, not what the values mean.

use std::collections::BTreeMap;
use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::LazyLock;

use ::config::{Environment, File, FileFormat, Map, Source, Value, ValueKind};

use super::error::ConfigError;
use crate::error::nearest_names;

/// The settings and what they mean.
pub(super) const DEFAULTS: &str = include_str!("../../../../config/default.toml");

/// What stands before the name of a variable.
pub(super) const PREFIX: &str = "AIMAPPER__";

/// What the predecessor put before the names of its settings. Later ones go before earlier ones: it looks for
/// a setting of the backend, then for one of all backends, then for one without a prefix.
const PREFIXES: [&str; 3] = ["", "SOCIAL_AUTH_", "SOCIAL_AUTH_KEYCLOAK_"];

/// What the predecessor called its settings behind a prefix, as variables of the environment, and ours.
pub(super) const ALIASES: [(&str, &str); 23] = [
    ("KEY", "auth.client_id"),
    ("SECRET", "auth.client_secret"),
    ("PUBLIC_KEY", "auth.public_key"),
    ("AUTHORIZATION_URL", "auth.authorization_url"),
    ("ACCESS_TOKEN_URL", "auth.access_token_url"),
    ("USER_INFO_URL", "auth.user_info_url"),
    ("ID_KEY", "auth.id_key"),
    ("ALGORITHM", "auth.algorithms"),
    ("JWT_LEEWAY", "auth.leeway_seconds"),
    ("SCOPE", "auth.scopes"),
    ("AUTH_EXTRA_ARGUMENTS", "auth.authorization_params"),
    ("WHITELISTED_EMAILS", "auth.allowed_emails"),
    ("WHITELISTED_DOMAINS", "auth.allowed_domains"),
    ("GROUPS_KEY", "auth.groups_claim"),
    ("LOGIN_REDIRECT_URL", "auth.redirects.login"),
    ("LOGOUT_REDIRECT_URL", "auth.redirects.logout"),
    ("NEW_USER_REDIRECT_URL", "auth.redirects.new_user"),
    (
        "NEW_ASSOCIATION_REDIRECT_URL",
        "auth.redirects.new_identity",
    ),
    ("INACTIVE_USER_URL", "auth.redirects.inactive"),
    ("LOGIN_ERROR_URL", "auth.redirects.error"),
    ("REQUESTS_TIMEOUT", "auth.http_timeout_seconds"),
    ("USER_AGENT", "auth.user_agent"),
    ("ALLOWED_REDIRECT_HOSTS", "auth.redirect_hosts"),
];

/// Those that are taken without a prefix: the others are words that any program's environment may have.
const BARE: [&str; 9] = [
    "LOGIN_REDIRECT_URL",
    "LOGOUT_REDIRECT_URL",
    "NEW_USER_REDIRECT_URL",
    "NEW_ASSOCIATION_REDIRECT_URL",
    "INACTIVE_USER_URL",
    "LOGIN_ERROR_URL",
    "REQUESTS_TIMEOUT",
    "USER_AGENT",
    "ALLOWED_REDIRECT_HOSTS",
];

/// The variables of the predecessor and our keys; of several for one key the last counts.
pub(super) fn aliases() -> impl Iterator<Item = (String, &'static str)> {
    PREFIXES.into_iter().flat_map(|prefix| {
        ALIASES
            .into_iter()
            .filter(move |(name, _)| !prefix.is_empty() || BARE.contains(name))
            .map(move |(name, key)| (format!("{prefix}{name}"), key))
    })
}

/// Where further issuers stand, by number.
const ISSUERS: &str = "auth.issuers";

/// What a further issuer may have of its own. What it has not is that of `[auth]`.
pub(super) const OF_ISSUERS: [&str; 15] = [
    "auth.issuer",
    "auth.discovery_url",
    "auth.jwks_url",
    "auth.public_key",
    "auth.public_key_file",
    "auth.audiences",
    "auth.authorized_parties",
    "auth.service_clients",
    "auth.algorithms",
    "auth.role_mappings",
    "auth.client_id",
    "auth.client_secret",
    "auth.client_secret_file",
    "auth.client_auth",
    "auth.introspection_url",
];

/// What a further issuer never has of `[auth]`: its addresses and keys are its own, the secret is nobody
/// else's business, and an account is not found by what two issuers may say of different people.
const NOT_PASSED_ON: [&str; 14] = [
    "auth.issuer",
    "auth.discovery_url",
    "auth.authorization_url",
    "auth.access_token_url",
    "auth.jwks_url",
    "auth.user_info_url",
    "auth.end_session_url",
    "auth.introspection_url",
    "auth.public_key",
    "auth.public_key_file",
    "auth.client_secret",
    "auth.client_secret_file",
    "auth.id_key",
    "auth.link_by_verified_email",
];

/// Number and setting of a further issuer: `auth.issuers.0.issuer` is `auth.issuer` of the first.
fn of_issuer(key: &str) -> Option<(usize, &'static str)> {
    let (number, name) = key
        .strip_prefix(ISSUERS)?
        .strip_prefix('.')?
        .split_once('.')?;
    let known = OF_ISSUERS
        .into_iter()
        .find(|known| known.strip_prefix("auth.") == Some(name))?;
    Some((number.parse().ok()?, known))
}

/// Whether this is a variable of the predecessor.
pub(super) fn is_alias(name: &str) -> bool {
    aliases().any(|(alias, _)| alias == name)
}

/// One value and who set it.
#[derive(Clone)]
struct Set {
    value: ValueKind,
    origin: String,
}

/// All keys with the values that count, and what further issuers have of their own.
pub(super) struct Layers {
    all: BTreeMap<&'static str, Set>,
    issuers: BTreeMap<usize, BTreeMap<&'static str, Set>>,
}

/// The defaults by key; they are part of the program and hold by a test.
static KNOWN: LazyLock<BTreeMap<String, ValueKind>> = LazyLock::new(|| {
    let mut known = BTreeMap::new();
    if let Ok(tables) = File::from_str(DEFAULTS, FileFormat::Toml).collect() {
        flatten("", tables, &mut known);
    }
    known
});

fn flatten(prefix: &str, table: Map<String, Value>, into: &mut BTreeMap<String, ValueKind>) {
    for (name, value) in table {
        let key = if prefix.is_empty() {
            name
        } else {
            format!("{prefix}.{name}")
        };
        let is_list = key == ISSUERS && matches!(value.kind, ValueKind::Array(_));
        if is_list {
            let tables = value.into_array().unwrap_or_default().into_iter();
            let numbered = tables
                .enumerate()
                .map(|(number, table)| (number.to_string(), table));
            flatten(&key, numbered.collect(), into);
        } else if let ValueKind::Table(inner) = value.kind {
            flatten(&key, inner, into);
        } else {
            into.insert(key, value.kind);
        }
    }
}

/// Every key that there is.
pub(super) fn keys() -> impl Iterator<Item = &'static str> {
    KNOWN.keys().map(String::as_str)
}

/// Name of the variable for a key.
pub(super) fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_uppercase())
}

impl Layers {
    pub(super) fn new(
        file: Option<&Path>,
        variables: Map<String, String>,
    ) -> Result<Self, ConfigError> {
        let mut layers = Self {
            all: BTreeMap::new(),
            issuers: BTreeMap::new(),
        };
        for (key, value) in KNOWN.iter() {
            layers.all.insert(key, by_default(value));
        }
        if let Some(path) = file {
            let mut set = BTreeMap::new();
            flatten("", read(path)?, &mut set);
            layers.lay(set, |key| match of_issuer(key) {
                Some((number, _)) => {
                    let number = number + 1;
                    format!("{}, [[{ISSUERS}]] number {number},", path.display())
                }
                None => path.display().to_string(),
            })?;
        }
        // Under its own name a setting goes before that of the predecessor.
        for (alias, key) in aliases() {
            if let Some(text) = variables.get(&alias) {
                let value = ValueKind::String(text.clone());
                let set = BTreeMap::from([(key.to_owned(), value)]);
                layers.lay(set, |_| alias.clone())?;
            }
        }
        let variables = variables
            .into_iter()
            .filter(|(name, _)| !is_alias(name))
            .collect();
        let environment = Environment::with_prefix("AIMAPPER")
            .prefix_separator("__")
            .separator("__")
            .source(Some(variables));
        let set = environment.collect().map_err(|_| ConfigError::NotUnicode)?;
        let set = set.into_iter().map(|(key, value)| (key, value.kind));
        layers.lay(set.collect(), variable)?;
        Ok(layers)
    }

    fn lay(
        &mut self,
        set: BTreeMap<String, ValueKind>,
        origin: impl Fn(&str) -> String,
    ) -> Result<(), ConfigError> {
        for (key, value) in set {
            let origin = origin(&key);
            if let Some((number, known)) = of_issuer(&key) {
                let issuer = self.issuers.entry(number).or_default();
                issuer.insert(known, Set { value, origin });
                continue;
            }
            let Some(held) = self.all.get_mut(key.as_str()) else {
                let near = nearest_names(&key, keys());
                return Err(ConfigError::Unknown { origin, key, near });
            };
            *held = Set { value, origin };
        }
        Ok(())
    }

    /// The settings of each further issuer, as if it were the one.
    pub(super) fn issuers(&self) -> Vec<Self> {
        let of_one = |own: &BTreeMap<&'static str, Set>| {
            let mut all = self.all.clone();
            for key in NOT_PASSED_ON {
                if let Some(value) = KNOWN.get(key) {
                    all.insert(key, by_default(value));
                }
            }
            all.extend(own.iter().map(|(key, set)| (*key, set.clone())));
            let issuers = BTreeMap::new();
            Self { all, issuers }
        };
        self.issuers.values().map(of_one).collect()
    }

    /// A text.
    pub(super) fn text(&self, key: &'static str) -> Result<&str, ConfigError> {
        match self.all.get(key).map(|set| &set.value) {
            Some(ValueKind::String(text)) => Ok(text),
            _ => Err(self.wrong(key, "a text")),
        }
    }

    /// A whole number; in the environment it is a text.
    pub(super) fn number(
        &self,
        key: &'static str,
        range: RangeInclusive<u64>,
    ) -> Result<u64, ConfigError> {
        let number = match self.all.get(key).map(|set| &set.value) {
            Some(ValueKind::I64(number)) => u64::try_from(*number).ok(),
            Some(ValueKind::U64(number)) => Some(*number),
            Some(ValueKind::String(text)) if self.is_variable(key) => text.trim().parse().ok(),
            _ => None,
        };
        number
            .filter(|number| range.contains(number))
            .ok_or_else(|| {
                let (from, to) = (range.start(), range.end());
                self.wrong(key, &format!("a whole number from {from} to {to}"))
            })
    }

    /// A text that means something.
    pub(super) fn parsed<T>(
        &self,
        key: &'static str,
        takes: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ConfigError> {
        parse(self.text(key)?).ok_or_else(|| self.wrong(key, takes))
    }

    pub(super) fn wrong(&self, key: &'static str, takes: &str) -> ConfigError {
        ConfigError::Value {
            origin: self.origin(key),
            key,
            takes: takes.to_owned(),
        }
    }

    /// The file or the variable that a value comes from.
    pub(super) fn origin(&self, key: &str) -> String {
        self.all
            .get(key)
            .map(|set| set.origin.clone())
            .unwrap_or_default()
    }

    fn is_variable(&self, key: &str) -> bool {
        self.all
            .get(key)
            .is_some_and(|set| set.origin.starts_with(PREFIX) || is_alias(&set.origin))
    }

    /// Whether a value was set under the predecessor's name.
    pub(super) fn is_by_alias(&self, key: &str) -> bool {
        self.all.get(key).is_some_and(|set| is_alias(&set.origin))
    }
}

fn by_default(value: &ValueKind) -> Set {
    Set {
        value: value.clone(),
        origin: "the default".to_owned(),
    }
}

fn read(path: &Path) -> Result<Map<String, Value>, ConfigError> {
    let text = fs::read_to_string(path).map_err(|source| ConfigError::Read {
        path: path.to_owned(),
        source,
    })?;
    File::from_str(&text, FileFormat::Toml)
        .collect()
        .map_err(|error| {
            // The lines after the first quote the file.
            let said = error.to_string();
            let place = said.lines().next().unwrap_or_default().to_owned();
            let path = path.to_owned();
            ConfigError::Syntax { path, place }
        })
}
