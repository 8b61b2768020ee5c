//! The pages over a real database and real files: forms are sent, jobs are done by the data path of
//! core, and what comes back is looked at.

#![cfg(test)]

mod conflicts;
#[path = "../../../core/tests/databases/mod.rs"]
mod databases;
mod flow;
mod limits;
mod look;
mod over;
mod replay;
mod site;
