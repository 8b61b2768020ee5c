//! The REST interface as clients see it: the real routes over a database and files of their own, with
//! jobs done by the core itself, as a worker does them.

#![cfg(test)]

mod codes;
#[path = "../../../core/tests/databases/mod.rs"]
mod databases;
mod downloads;
mod flow;
mod ground;
mod idempotency;
mod jobs;
mod mappings;
mod next;
mod openapi;
mod small;
mod tenancy;
mod uploads;
mod wire;
mod work;
