//! Hands the commit to the build, for `--version`; an export without git has none.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=../../.git/HEAD");
    println!("cargo:rerun-if-changed=../../.git/refs/heads");
    println!("cargo:rerun-if-env-changed=AIMAPPER_COMMIT");
    let commit = std::env::var("AIMAPPER_COMMIT").ok().or_else(|| {
        let output = Command::new("git")
            .args(["rev-parse", "--short=12", "HEAD"])
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        (output.status.success()).then(|| text.trim().to_owned())
    });
    println!(
        "cargo:rustc-env=AIMAPPER_COMMIT={}",
        commit.as_deref().unwrap_or("unknown")
    );
}
