//! The `aimapper` command.

fn main() {}
