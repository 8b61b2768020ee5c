//! `aimapper serve` as its users meet it: the real program, its address, its signals, and `kill -9`.

#![cfg(test)]

mod kill;
mod served;
mod verbs;
mod walk;
