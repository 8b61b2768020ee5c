//! Without scripts: forms, links, and pages that load themselves again while they wait.

use crate::bank;
use crate::browser::{Browser, Scripts};
use crate::service::Service;

#[tokio::test]
async fn a_bank_export_is_mapped_without_scripts() {
    let service = Service::start();
    Browser::with(Scripts::Off, async |browser| {
        browser.goto(service.start_url()).await;
        // Only a script shows this button.
        assert!(browser.has("button[data-keys][hidden]").await);
        bank::upload(browser, &bank::example("umsaetze_2026-03.csv")).await;
        browser.wait_for(&bank::version(1)).await;
        bank::settle(browser).await;
        bank::run(browser).await;
        bank::adds_up(browser).await;
        bank::rows_are_those_of_the_command(browser).await;
        browser.has_no_complaints().await;
    })
    .await;
}
