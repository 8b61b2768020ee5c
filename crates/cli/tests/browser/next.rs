//! The month after: the same mapping over the next file, what does not fit, and mended rejects. With keys alone, and
//! without scripts.

use std::fs;

use crate::bank;
use crate::browser::{Browser, Scripts};
use crate::service::Service;

/// How somebody presses what is on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hand {
    Mouse,
    Keys,
}

impl Hand {
    async fn press(self, browser: &Browser, css: &str) {
        browser.wait_for(css).await;
        match self {
            Self::Mouse => browser.click(css).await,
            Self::Keys => browser.enter(css).await,
        }
    }
}

#[tokio::test]
async fn the_next_month_is_run_with_keys_alone() {
    routine(Scripts::On, Hand::Keys).await;
}

#[tokio::test]
async fn the_next_month_is_run_without_scripts() {
    routine(Scripts::Off, Hand::Mouse).await;
}

async fn routine(scripts: Scripts, hand: Hand) {
    let service = Service::start();
    Browser::with(scripts, async |browser| {
        bank::map(browser, &service).await;
        bank::settle(browser).await;

        let renamed = |text: &str| text.replace("Verwendungszweck", "Verwendungszwecke");
        hand.press(browser, "a[href$='/over']").await;
        send(browser, hand, &file(browser, "other.csv", renamed)).await;
        browser.wait_for(".verdict.no").await;
        let said = browser.text(".drift").await;
        assert!(
            said.contains("It has no column “Verwendungszweck”"),
            "{said}"
        );
        assert!(said.contains("“Verwendungszwecke”"), "{said}");
        assert!(
            !browser.has("form.go").await,
            "what cannot be run is not offered"
        );

        send(browser, hand, &file(browser, "april.csv", str::to_owned)).await;
        browser.wait_for(".verdict.yes").await;
        hand.press(browser, bank::RUN).await;
        browser.wait_for(".sum").await;
        bank::adds_up(browser).await;
        let said = browser.text(".head").await;
        assert!(said.contains("april.csv run as csv"), "{said}");
        assert!(
            said.contains("which was made for umsaetze_2026-03.csv"),
            "{said}"
        );

        hand.press(browser, ".files a[href$='/rejects']").await;
        let rejects = browser.downloaded("april.rejects.csv").await;
        let mended = String::from_utf8(rejects).unwrap();
        let mended = mended
            .replace("31.02.2026", "28.02.2026")
            .replace("Z47", "Entgelt");
        let path = browser.folder().join("mended.csv");
        fs::write(&path, mended).unwrap();
        let field = browser.wait_for("#mended").await;
        field.send_keys(path.to_str().unwrap()).await.unwrap();
        hand.press(browser, "form.replay button").await;
        browser.wait_for("a[href^='/runs/']").await;
        browser.wait_for(".sum").await;
        let sum = browser.text(".sum").await;
        assert_eq!(sum, "3 read = 2 good + 0 rejected + 1 non-data ✓ proved");

        hand.press(browser, ".crumb a[href$='/runs']").await;
        browser.wait_for("table.list").await;
        let listed = browser.text("table.list").await;
        assert!(
            listed.find("mended.csv") < listed.find("april.csv"),
            "{listed}"
        );
        browser.has_no_complaints().await;
    })
    .await;
}

/// Sends a file to be compared.
async fn send(browser: &Browser, hand: Hand, path: &str) {
    let field = browser.wait_for("form.one #file").await;
    field.send_keys(path).await.unwrap();
    hand.press(browser, "form.one button").await;
    browser.wait_for("#h-chosen").await;
}

/// The example under another name, changed.
fn file(browser: &Browser, name: &str, change: impl Fn(&str) -> String) -> String {
    let bytes = fs::read(bank::example("umsaetze_2026-03.csv")).unwrap();
    // Each byte is a character, so that those beyond ASCII stay as they are.
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    let changed = change(&text);
    let bytes: Vec<u8> = changed
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let path = browser.folder().join(name);
    fs::write(&path, bytes).unwrap();
    path.into_os_string().into_string().unwrap()
}
