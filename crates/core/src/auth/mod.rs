//! Who is asking: what a verified token says, and which roles allow what. No HTTP here.

use std::collections::BTreeSet;

/// What a person or a program may do; each role includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Sources, targets, mappings, runs and memory of the tenant; cancels its own jobs.
    Mapper,
    /// All jobs of the tenant; approves what others made.
    Operator,
    /// Users, retention, audit; figures of all tenants, never contents.
    Admin,
}

/// Whether a token stands for a person or a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrincipalKind {
    /// Somebody who signed in.
    Person,
    /// A service account.
    Program,
}

/// What a verified token says. Bound to issuer and subject, never to a name that can change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Who issued the token.
    pub issuer: String,
    /// How the issuer calls the bearer.
    pub subject: String,
    /// A person or a program.
    pub kind: PrincipalKind,
    /// A name for people, if the token has one.
    pub name: Option<String>,
    /// What the bearer may do.
    pub roles: BTreeSet<Role>,
    /// Name of the tenant whose rows these are.
    pub tenant: String,
    /// When the token ends, in seconds since 1970.
    pub expires_at: i64,
}
