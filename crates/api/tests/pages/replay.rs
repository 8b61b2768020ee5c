//! Rejects that come back mended.

use actix_web::http::StatusCode;
use aimapper_core::job::Payload;

use crate::flow::text;
use crate::over::{form, march};
use crate::site::Site;

const SCHEMA: &str = r#"{"title": "Booking", "type": "object", "required": ["booked", "amount"],
    "properties": {"booked": {"type": "string", "format": "date"}, "amount": {"type": "number", "minimum": 2}}}"#;

/// A run of March, of which one record is rejected: its page's path, its text and the mapping's path.
async fn run(site: &Site) -> (String, String, String) {
    let path = march(site, SCHEMA).await;
    let asked = [("version", "3"), ("format", "csv")];
    let begun = site.post(&format!("{path}/run"), &asked).await;
    let (run, page) = site.follow(begun).await;
    (run, page.body, path)
}

const HEAD: &str = "_file,_line,_row,_field,_rule,_value,_message,_hint,_raw,_raw_base64";

#[actix_web::test]
async fn mended_rejects_are_run_beside_the_good_rows() {
    let site = Site::new().await;
    let (path, page, mapping) = run(&site).await;
    assert!(
        page.contains(&format!("action=\"{path}/replay\"")),
        "{page}"
    );
    let mended = format!("{HEAD}\r\nmarch.csv,2,1,amount,minimum,,m,h,13/03/2026;2.50;a,\r\n");
    let parts = [("file", Some("march.rejects.csv"), mended.as_str())];
    let sent = site
        .send(form(&site, &format!("{path}/replay"), &parts))
        .await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    assert!(sent.location.starts_with("/runs/") && sent.location != path);

    // What the worker is asked to do.
    let replay = site.get(&sent.location).await.body;
    let job = replay.split_once("href=\"/jobs/").unwrap().1;
    let job = job.split_once('"').unwrap().0.parse().unwrap();
    let Payload::Run { with, .. } = site.job(job).payload else {
        panic!("{replay}");
    };
    let first = with.map(|run| format!("/runs/{run}"));
    assert_eq!(first.as_deref(), Some(path.as_str()));
    assert!(
        replay.contains(&format!("<a href=\"{path}\">rejects of an earlier run</a>")),
        "{replay}"
    );
    let listed = text(&site.get(&format!("{mapping}/runs")).await.body);
    assert!(listed.contains("march.rejects.csv"), "{listed}");
}

#[actix_web::test]
async fn a_mapping_that_was_mended_meanwhile_can_be_taken() {
    let site = Site::new().await;
    let (path, page, mapping) = run(&site).await;
    assert!(
        !page.contains("name=\"by\""),
        "there is one version: {page}"
    );
    let note = [
        ("version", "3"),
        ("field", "0"),
        ("do", "note"),
        ("note", "x"),
    ];
    site.post(&format!("{mapping}/edit"), &note).await;
    let page = site.get(&path).await.body;
    assert!(page.contains("name=\"by\""), "{page}");
    let mended = format!("{HEAD}\nmarch.csv,2,1,amount,minimum,,m,h,13/03/2026;2.50;a,\n");
    for (by, version) in [("last", "version 4"), ("same", "version 3")] {
        let parts = [("file", Some("r.csv"), mended.as_str()), ("by", None, by)];
        let sent = site
            .send(form(&site, &format!("{path}/replay"), &parts))
            .await;
        let said = text(&site.get(&sent.location).await.body);
        assert!(
            said.contains(&format!("by {version} of the mapping")),
            "{said}"
        );
    }
}

#[actix_web::test]
async fn what_is_no_file_of_rejects_is_refused_in_words() {
    let site = Site::new().await;
    let (path, _, _) = run(&site).await;
    let before = site.files();
    for (file, content, wanted) in [
        (Some("a.csv"), "a;b\n1;2\n", "This is no file of rejects."),
        (Some(""), "", "No file was chosen."),
    ] {
        let parts = [("file", file, content)];
        let sent = site
            .send(form(&site, &format!("{path}/replay"), &parts))
            .await;
        assert_eq!(sent.status, StatusCode::OK, "{}", sent.body);
        let said = text(&sent.body);
        assert!(said.contains(wanted), "{said}");
        assert!(
            said.contains("march.good.csv"),
            "the run is still there: {said}"
        );
        assert_eq!(site.files(), before, "what is refused leaves no file");
    }
    let again = site.get(&format!("{path}/replay")).await;
    assert_eq!(again.location, path);
}
