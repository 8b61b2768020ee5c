//! Progress on standard error, for files that take long, where a person looks on.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};

/// Files below this size are done before a bar could be read, in bytes.
const SHOWN_FROM: u64 = 16 << 20;

/// A bar for one pass over a source.
pub(crate) fn bar(size: u64, what: &str) -> ProgressBar {
    if size < SHOWN_FROM || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(size);
    let template = "{msg:8} {wide_bar} {bytes}/{total_bytes}  {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(what.to_owned());
    bar
}
