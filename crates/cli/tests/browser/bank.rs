//! The bank's export on its way through the pages with a mouse, and what has to come out: the bytes
//! that the command writes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::browser::Browser;
use crate::service::Service;

/// The button that runs the mapping.
pub(crate) const RUN: &str = "form.go button.main";
/// A run whose rows are proved.
pub(crate) const PROVED: &str = ".verdict.yes";
/// Position of the target's field that has to be asked.
const CURRENCY: u32 = 3;

/// A file of the examples.
pub(crate) fn example(name: &str) -> String {
    let path = repository().join("examples/bank").join(name);
    path.into_os_string().into_string().unwrap()
}

/// The mapping's page at this version, whatever it was before.
pub(crate) fn version(number: u32) -> String {
    format!("form.go input[name=version][value='{number}']")
}

/// The row of the field that has to be asked.
pub(crate) fn asked() -> String {
    format!("#f-{CURRENCY}")
}

/// From the start address to the page of the mapping.
pub(crate) async fn map(browser: &Browser, service: &Service) {
    browser.goto(service.start_url()).await;
    upload(browser, &example("umsaetze_2026-03.csv")).await;
    browser.wait_for(&version(1)).await;
}

/// Sends a file, with the target of the bank.
pub(crate) async fn upload(browser: &Browser, path: &str) {
    let file = browser.wait_for("#file").await;
    file.send_keys(path).await.unwrap();
    browser.click("input[value='preset:transaction']").await;
    browser.click("form.begin button[type=submit]").await;
}

/// Rows of the fields whose proposals are likely, but not sure.
pub(crate) const LIKELY: [&str; 2] = ["#f-5", "#f-7"];

/// Answers what is asked, accepts what is sure at once, and what is likely one by one.
pub(crate) async fn settle(browser: &Browser) {
    assert!(browser.has(&format!("{RUN}:disabled")).await);
    let accept = format!("{}[data-needed] [data-key=a]", asked());
    browser.click(&accept).await;
    browser.wait_for(&version(2)).await;
    browser.click("#accept-sure").await;
    browser.wait_for(&version(3)).await;
    for (row, number) in LIKELY.into_iter().zip(4..) {
        browser
            .click(&format!("{row}[data-needed] [data-key=a]"))
            .await;
        browser.wait_for(&version(number)).await;
    }
    assert!(!browser.has("[data-needed], #accept-sure").await);
}

/// Runs it, and waits on the page until it has ended.
pub(crate) async fn run(browser: &Browser) {
    browser.click(RUN).await;
    browser.wait_for(PROVED).await;
}

/// What a run of it says.
pub(crate) async fn adds_up(browser: &Browser) {
    let sum = browser.text(".sum").await;
    assert_eq!(sum, "45 read = 38 good + 2 rejected + 5 non-data ✓ proved");
}

/// The rows of a run: the link to them, the name that they get, and what is in them.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) link: &'static str,
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
}

/// The rows that the command writes from the same file.
pub(crate) fn by_command() -> [Rows; 2] {
    let folder = tempfile::tempdir().unwrap();
    let ran = Command::new(env!("CARGO_BIN_EXE_aimapper"))
        .arg("map")
        .arg(example("umsaetze_2026-03.csv"))
        .args(["--to", &example("transaction.schema.json")])
        .args(["--accept", "0.75", "--max-rejects", "2", "-o"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let rows = |link, name| Rows {
        link,
        name,
        bytes: fs::read(folder.path().join(name)).unwrap(),
    };
    [
        rows(".files a[href$='/good']", "umsaetze_2026-03.good.csv"),
        rows(".files a[href$='/rejects']", "umsaetze_2026-03.rejects.csv"),
    ]
}

/// Downloads the rows, and compares them with those of the command.
pub(crate) async fn rows_are_those_of_the_command(browser: &Browser) {
    for rows in by_command() {
        browser.click(rows.link).await;
        is_the_same(&browser.downloaded(rows.name).await, &rows.bytes);
    }
}

/// Byte for byte; shown as text if not.
#[track_caller]
pub(crate) fn is_the_same(downloaded: &[u8], wanted: &[u8]) {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        downloaded == wanted,
        "{}\n--- by the command:\n{}",
        text(downloaded),
        text(wanted)
    );
}

fn repository() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().unwrap()
}
