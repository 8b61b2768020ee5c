//! Two people, or one in two tabs, at one mapping: nothing that was typed is lost.

use actix_web::http::StatusCode;

use crate::flow::{field, text};
use crate::site::Site;

#[actix_web::test]
async fn what_was_typed_stays_and_what_changed_is_told() {
    let site = Site::new().await;
    let (path, _) = site.mapped("umsaetze").await;
    let edit = format!("{path}/edit");
    let (kind, currency) = (field("kind"), field("currency"));
    let other = [("version", "1"), ("field", &*currency), ("do", "accept")];
    assert_eq!(site.post(&edit, &other).await.status, StatusCode::SEE_OTHER);

    // Each was sent from a page that still showed the version before.
    let note = [("do", "note"), ("note", "ask <the> bank")];
    let leave = [
        ("do", "leave"),
        ("reason", "unneeded"),
        ("why", "not in \"use\""),
    ];
    let values = [("do", "values"), ("to.0", "fee"), ("unseen", "null")];
    let choose = [("do", "choose"), ("column", "2"), ("second", "3")];
    for (form, kept) in [
        (&note[..], &["ask &#60;the&#62; bank</textarea>"][..]),
        (
            &leave,
            &[
                "value=\"unneeded\" selected",
                "value=\"not in &#34;use&#34;\"",
            ],
        ),
        (
            &values,
            &["value=\"fee\" selected", "value=\"null\" selected"],
        ),
        (&choose, &["value=\"2\" selected", "value=\"3\" selected"]),
    ] {
        let stale = [("version", "1"), ("field", &*kind)];
        let sent: Vec<(&str, &str)> = stale.iter().chain(form).copied().collect();
        let page = site.post(&edit, &sent).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        for part in kept {
            assert!(page.body.contains(part), "{part}: {}", page.body);
        }
        let said = text(&page.body);
        assert!(said.contains("The mapping was changed meanwhile"), "{said}");
        assert!(said.contains("currency was accepted by local"), "{said}");
        assert!(said.contains("What you typed is still here"), "{said}");
        // Its forms are those of the version that is there now.
        assert!(
            page.body.contains("name=\"version\" value=\"2\""),
            "{}",
            page.body
        );
        assert!(!page.body.contains("name=\"version\" value=\"1\""));
    }
    let sent = [("version", "2"), ("field", &*kind), note[0], note[1]];
    assert_eq!(site.post(&edit, &sent).await.status, StatusCode::SEE_OTHER);
    let kept = site.get(&path).await.body;
    assert!(kept.contains("ask &#60;the&#62; bank"), "{kept}");
}

#[actix_web::test]
async fn what_was_refused_for_itself_stays_as_well() {
    let site = Site::new().await;
    let (path, _) = site.mapped("umsaetze").await;
    let form = [
        ("version", "1"),
        ("field", &*field("amount")),
        ("do", "constant"),
        ("constant", "12,5x"),
    ];
    let page = site.post(&format!("{path}/edit"), &form).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(page.body.contains("value=\"12,5x\""), "{}", page.body);
}

#[actix_web::test]
async fn answers_for_values_that_are_others_by_now_are_not_put_to_them() {
    let site = Site::new().await;
    let (path, _) = site.mapped("umsaetze").await;
    let edit = format!("{path}/edit");
    let kind = field("kind");
    let form = [
        ("version", "1"),
        ("field", &*kind),
        ("do", "choose"),
        ("column", "2"),
    ];
    assert_eq!(site.post(&edit, &form).await.status, StatusCode::SEE_OTHER);
    let form = [
        ("version", "1"),
        ("field", &*kind),
        ("do", "values"),
        ("to.0", "fee"),
        ("new.0", "fee"),
    ];
    let page = site.post(&edit, &form).await;
    assert!(
        text(&page.body).contains("kind was changed by local"),
        "{}",
        page.body
    );
    assert!(
        !page.body.contains("value=\"fee\" selected"),
        "{}",
        page.body
    );
}
