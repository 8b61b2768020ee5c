//! The start address opens once.

use crate::browser::{Browser, Scripts};
use crate::service::Service;

#[tokio::test]
async fn a_start_address_opens_once_and_then_says_how_to_get_another() {
    let service = Service::start();
    Browser::with(Scripts::On, async |first| {
        first.goto(service.start_url()).await;
        first.wait_for("form.begin").await;
        first.has_no_complaints().await;
        Browser::with(Scripts::On, async |second| {
            second.goto(service.start_url()).await;
            assert_eq!(second.text("h1").await, "This start address is used up");
            let how = second.text("pre").await;
            assert!(how.contains("aimapper token"), "{how}");
            assert!(how.contains(&service.at("/start")), "{how}");
            // It has signed nobody in.
            second.goto(&service.at("/")).await;
            assert_eq!(second.text("h1").await, "Sign in");
        })
        .await;
        // Who was signed in still is.
        first.goto(&service.at("/jobs")).await;
        assert_eq!(first.text("h1").await, "Jobs");
    })
    .await;
}
