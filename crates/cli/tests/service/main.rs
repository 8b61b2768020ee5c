//! `aimapper serve` as its users meet it: the real program, its address, its signals, and `kill -9`.

#![cfg(test)]

mod accounts;
mod apart;
mod bucket;
#[path = "../../../core/tests/buckets/mod.rs"]
mod buckets;
#[path = "../../../core/tests/databases/mod.rs"]
mod databases;
mod fair;
mod kill;
mod parts;
mod scale;
mod served;
mod shared;
mod storm;
mod verbs;
mod walk;
