//! With a mouse.

use crate::bank;
use crate::browser::{Browser, Scripts};
use crate::service::Service;

#[tokio::test]
async fn a_bank_export_is_mapped_with_clicks() {
    let service = Service::start();
    Browser::with(Scripts::On, async |browser| {
        bank::map(browser, &service).await;
        bank::settle(browser).await;
        bank::run(browser).await;
        bank::adds_up(browser).await;
        bank::rows_are_those_of_the_command(browser).await;
        browser.has_no_complaints().await;
    })
    .await;
}
