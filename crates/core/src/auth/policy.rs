//! What tokens of an issuer have to look like, and what they grant.

use super::Role;

/// How a token may be signed. Only algorithms with a public key: who can check a token of ours
/// must not be able to make one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// RSA PKCS #1 v1.5 with SHA-256.
    Rs256,
    /// RSA PKCS #1 v1.5 with SHA-384.
    Rs384,
    /// RSA PKCS #1 v1.5 with SHA-512.
    Rs512,
    /// RSA PSS with SHA-256.
    Ps256,
    /// RSA PSS with SHA-384.
    Ps384,
    /// RSA PSS with SHA-512.
    Ps512,
    /// ECDSA over P-256 with SHA-256.
    Es256,
    /// ECDSA over P-384 with SHA-384.
    Es384,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    const ALL: [Self; 9] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::EdDsa,
    ];

    /// Its name in `alg`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The algorithm of exactly this name; names of others, and `none`, are no algorithm.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    #[cfg(feature = "auth")]
    pub(super) const fn library(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Rs256 => jsonwebtoken::Algorithm::RS256,
            Self::Rs384 => jsonwebtoken::Algorithm::RS384,
            Self::Rs512 => jsonwebtoken::Algorithm::RS512,
            Self::Ps256 => jsonwebtoken::Algorithm::PS256,
            Self::Ps384 => jsonwebtoken::Algorithm::PS384,
            Self::Ps512 => jsonwebtoken::Algorithm::PS512,
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
            Self::Es384 => jsonwebtoken::Algorithm::ES384,
            Self::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        }
    }
}

/// Which `typ` a header may have (RFC 8725, 3.11); letter case and `application/` do not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderTypes {
    /// One of these.
    Only(Vec<String>),
    /// One of these, or no `typ`.
    OrNone(Vec<String>),
}

#[cfg(feature = "auth")]
impl HeaderTypes {
    pub(super) fn allow(&self, typ: Option<&str>) -> bool {
        let (Self::Only(allowed) | Self::OrNone(allowed)) = self;
        match (typ, self) {
            (Some(typ), Self::Only(_) | Self::OrNone(_)) => {
                let typ = typ.to_ascii_lowercase();
                let typ = typ.strip_prefix("application/").unwrap_or(&typ);
                allowed.iter().any(|known| known.eq_ignore_ascii_case(typ))
            }
            (None, Self::OrNone(_)) => true,
            (None, Self::Only(_)) => false,
        }
    }
}

/// How a claim lists words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListForm {
    /// A JSON array of texts.
    Array,
    /// One text with blanks between, as `scope` is (RFC 6749, 3.3).
    Words,
}

/// A role for those in whose token a list holds a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleRule {
    /// Names of the claims that lead to the list, such as `realm_access`, `roles`.
    pub path: Vec<String>,
    /// How the list is written. One that is written in another way grants nothing.
    pub form: ListForm,
    /// The word.
    pub word: String,
    /// The role.
    pub role: Role,
}

/// Whose rows the bearer works on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TenantRule {
    /// The same tenant for all.
    Fixed(String),
    /// What this claim says.
    Claim(String),
    /// The one group below this prefix, such as `/tenants/`.
    Group {
        /// The claim that lists the groups.
        claim: String,
        /// What the group's name begins with; the rest is the tenant.
        prefix: String,
    },
    /// Each account has its own.
    Own,
}

/// Which claim an account is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdKey {
    /// `sub`, which never changes and is never given to somebody else.
    Sub,
    /// `preferred_username`, as the predecessor did. Whoever gets a freed name gets the account.
    Username,
    /// `email`, if it is verified; changes hands as names do.
    Email,
}

impl IdKey {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sub, Self::Username, Self::Email];

    /// How settings and tables write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sub => "sub",
            Self::Username => "username",
            Self::Email => "email",
        }
    }
}

/// Whose e-mail addresses are let in. Nothing listed: everybody's, also nobody's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Emails {
    /// Addresses, in small letters.
    pub addresses: Vec<String>,
    /// What stands behind the `@`, in small letters.
    pub domains: Vec<String>,
}

#[cfg(feature = "auth")]
impl Emails {
    /// Whether a bearer with this verified address may come in.
    pub(super) fn allow(&self, verified: Option<&str>) -> bool {
        if self.addresses.is_empty() && self.domains.is_empty() {
            return true;
        }
        let Some(address) = verified.map(str::to_lowercase) else {
            return false;
        };
        let domain = address.rsplit_once('@').map(|(_, domain)| domain);
        self.addresses.contains(&address)
            || domain.is_some_and(|domain| self.domains.iter().any(|known| known == domain))
    }
}

/// What tokens of one issuer have to look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// `iss`, to the letter.
    pub issuer: String,
    /// One of these has to stand in `aud`.
    pub audiences: Vec<String>,
    /// Algorithms that are taken; what the token says only chooses among them.
    pub algorithms: Vec<Algorithm>,
    /// How far the clocks may be apart.
    pub leeway_seconds: i64,
    /// The longest time between `iat` and `exp`.
    pub max_lifetime_seconds: i64,
    /// `typ` of the header.
    pub header_types: HeaderTypes,
    /// The claim `typ`, where the issuer writes one (Keycloak: `Bearer`).
    pub token_type: Option<String>,
    /// A token that names a client in `azp` has to name one of these.
    pub authorized_parties: Vec<String>,
    /// Those of them that are programs, not people.
    pub programs: Vec<String>,
    /// Which claim the account is found by.
    pub id_key: IdKey,
    /// What gives which role.
    pub roles: Vec<RoleRule>,
    /// Whose rows.
    pub tenant: TenantRule,
    /// Which people are let in. Programs have no address.
    pub emails: Emails,
}
