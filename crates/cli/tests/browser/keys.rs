//! With keys alone. A file is chosen by sending its path to the picker, which is how the dialog of a
//! keyboard user ends as well.

use thirtyfour::prelude::*;

use crate::bank;
use crate::browser::{Browser, Scripts};
use crate::service::Service;

#[tokio::test]
async fn a_bank_export_is_mapped_with_keys_alone() {
    let service = Service::start();
    Browser::with(Scripts::On, async |browser| {
        browser.goto(service.start_url()).await;
        begin(browser).await;
        help_opens_and_closes(browser).await;
        rows_are_walked(browser).await;
        a_row_opens_and_closes(browser).await;
        accepting_is_undone(browser).await;
        settle(browser).await;

        browser.enter(bank::RUN).await;
        browser.wait_for(bank::PROVED).await;
        browser.wait_for(":focus").await;
        bank::adds_up(browser).await;
        for rows in bank::by_command() {
            browser.enter(rows.link).await;
            bank::is_the_same(&browser.downloaded(rows.name).await, &rows.bytes);
        }
        browser.has_no_complaints().await;
    })
    .await;
}

/// From the start to the mapping, which comes by itself and has the focus then.
async fn begin(browser: &Browser) {
    let file = browser.tab_to("#file").await;
    let path = bank::example("umsaetze_2026-03.csv");
    file.send_keys(path).await.unwrap();
    browser.tab_to("input[value='preset:transaction']").await;
    browser.enter("form.begin button[type=submit]").await;
    browser.wait_for(&bank::version(1)).await;
    browser.wait_for("#page :focus").await;
}

async fn help_opens_and_closes(browser: &Browser) {
    browser.press("?").await;
    browser.wait_for("#keys[open] :focus").await;
    browser.press(Key::Escape).await;
    browser.wait_for("#keys:not([open])").await;
    browser.wait_for(":focus").await;
}

async fn rows_are_walked(browser: &Browser) {
    browser.press("j").await;
    browser.wait_for("#f-0 :focus").await;
    browser.press("jj").await;
    browser.wait_for("#f-2 :focus").await;
    browser.press("k").await;
    browser.wait_for("#f-1 :focus").await;
    // The only one that is asked.
    browser.press("n").await;
    browser
        .wait_for(&format!("{}[data-needed] :focus", bank::asked()))
        .await;
}

async fn a_row_opens_and_closes(browser: &Browser) {
    let row = bank::asked();
    browser.press(Key::Enter).await;
    browser
        .wait_for(&format!("{row}.open [data-open][aria-expanded=true]:focus"))
        .await;
    browser.press(Key::Enter).await;
    browser
        .wait_for(&format!(
            "{row}:not(.open) [data-open][aria-expanded=false]:focus"
        ))
        .await;
}

async fn accepting_is_undone(browser: &Browser) {
    let row = bank::asked();
    browser.press("a").await;
    browser.wait_for(&bank::version(2)).await;
    browser
        .wait_for(&format!("{row}:not([data-needed]) :focus"))
        .await;
    assert!(!browser.has(&format!("{}:disabled", bank::RUN)).await);
    browser.press("u").await;
    browser.wait_for(&bank::version(3)).await;
    browser
        .wait_for(&format!("{row}[data-needed] :focus"))
        .await;
    assert!(browser.has(&format!("{}:disabled", bank::RUN)).await);
}

/// What is asked and one row by letters, the others by their button.
async fn settle(browser: &Browser) {
    browser.press("a").await;
    browser.wait_for(&bank::version(4)).await;
    browser.wait_for(&format!("{} :focus", bank::asked())).await;
    browser.press("j").await;
    browser.wait_for("#f-4 :focus").await;
    browser.press("a").await;
    browser.wait_for(&bank::version(5)).await;
    browser.wait_for("#f-4 :focus").await;
    assert!(!browser.has("#f-4 [data-key=a]").await);
    browser.enter("#accept-sure").await;
    browser.wait_for(&bank::version(6)).await;
    browser.wait_for("#page :focus").await;
    for (row, number) in bank::LIKELY.into_iter().zip(7..) {
        browser.enter(&format!("{row} [data-key=a]")).await;
        browser.wait_for(&bank::version(number)).await;
    }
    assert!(!browser.has("[data-needed], [data-key=a]").await);
}
