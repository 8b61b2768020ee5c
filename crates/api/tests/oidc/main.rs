//! Signing in at a provider, and tokens of one: the real service over a database of its own, beside a
//! provider that does what the test says.

#![cfg(test)]

mod accounts;
mod attacks;
mod back_channel;
mod browser;
#[path = "../../../core/tests/databases/mod.rs"]
mod databases;
mod doctor;
mod failures;
mod http;
mod introspection;
mod issuers;
mod key_sets;
mod login;
mod logs;
mod peer;
mod realm;
mod redirects;
mod routes;
mod sessions;
mod site;
mod tickets;
mod transport;
