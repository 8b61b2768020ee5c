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

/// What the predecessor called its settings, as variables of the environment.
pub(super) const ALIASES: [(&str, &str); 16] = [
    ("SOCIAL_AUTH_KEYCLOAK_KEY", "auth.client_id"),
    ("SOCIAL_AUTH_KEYCLOAK_SECRET", "auth.client_secret"),
    ("SOCIAL_AUTH_KEYCLOAK_PUBLIC_KEY", "auth.public_key"),
    (
        "SOCIAL_AUTH_KEYCLOAK_AUTHORIZATION_URL",
        "auth.authorization_url",
    ),
    (
        "SOCIAL_AUTH_KEYCLOAK_ACCESS_TOKEN_URL",
        "auth.access_token_url",
    ),
    ("SOCIAL_AUTH_KEYCLOAK_ID_KEY", "auth.id_key"),
    ("SOCIAL_AUTH_KEYCLOAK_ALGORITHM", "auth.algorithms"),
    ("SOCIAL_AUTH_KEYCLOAK_JWT_LEEWAY", "auth.leeway_seconds"),
    ("SOCIAL_AUTH_KEYCLOAK_SCOPE", "auth.scopes"),
    (
        "SOCIAL_AUTH_KEYCLOAK_AUTH_EXTRA_ARGUMENTS",
        "auth.authorization_params",
    ),
    (
        "SOCIAL_AUTH_KEYCLOAK_WHITELISTED_EMAILS",
        "auth.allowed_emails",
    ),
    (
        "SOCIAL_AUTH_KEYCLOAK_WHITELISTED_DOMAINS",
        "auth.allowed_domains",
    ),
    ("SOCIAL_AUTH_KEYCLOAK_GROUPS_KEY", "auth.groups_claim"),
    ("LOGIN_REDIRECT_URL", "auth.redirect_after_login"),
    ("ALLOWED_REDIRECT_HOSTS", "auth.redirect_hosts"),
    ("SOCIAL_AUTH_KEYCLOAK_USER_INFO_URL", "auth.user_info_url"),
];

/// Whether this is a variable of the predecessor.
pub(super) fn is_alias(name: &str) -> bool {
    ALIASES.iter().any(|(alias, _)| *alias == name)
}

/// One value and who set it.
#[derive(Clone)]
struct Set {
    value: ValueKind,
    origin: String,
}

/// All keys with the values that count.
pub(super) struct Layers(BTreeMap<&'static str, Set>);

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
        if let ValueKind::Table(inner) = value.kind {
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
        let mut layers = Self(BTreeMap::new());
        for (key, value) in KNOWN.iter() {
            let origin = "the default".to_owned();
            let value = value.clone();
            layers.0.insert(key, Set { value, origin });
        }
        if let Some(path) = file {
            let mut set = BTreeMap::new();
            flatten("", read(path)?, &mut set);
            layers.lay(set, |_| path.display().to_string())?;
        }
        // Under its own name a setting goes before that of the predecessor.
        for (alias, key) in ALIASES {
            if let Some(text) = variables.get(alias) {
                let value = ValueKind::String(text.clone());
                let set = BTreeMap::from([(key.to_owned(), value)]);
                layers.lay(set, |_| alias.to_owned())?;
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
            let Some(held) = self.0.get_mut(key.as_str()) else {
                let near = nearest_names(&key, keys());
                return Err(ConfigError::Unknown { origin, key, near });
            };
            *held = Set { value, origin };
        }
        Ok(())
    }

    /// A text.
    pub(super) fn text(&self, key: &'static str) -> Result<&str, ConfigError> {
        match self.0.get(key).map(|set| &set.value) {
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
        let number = match self.0.get(key).map(|set| &set.value) {
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
        self.0
            .get(key)
            .map(|set| set.origin.clone())
            .unwrap_or_default()
    }

    fn is_variable(&self, key: &str) -> bool {
        self.0
            .get(key)
            .is_some_and(|set| set.origin.starts_with(PREFIX) || is_alias(&set.origin))
    }

    /// Whether a value was set under the predecessor's name.
    pub(super) fn is_by_alias(&self, key: &str) -> bool {
        self.0.get(key).is_some_and(|set| is_alias(&set.origin))
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
