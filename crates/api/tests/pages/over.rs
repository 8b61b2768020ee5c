//! The next month: a mapping over another file, what differs told before, and its runs.

use actix_web::http::StatusCode;
use actix_web::test::TestRequest;

use crate::flow::{text, version};
use crate::site::Site;

const SCHEMA: &str = r#"{"title": "Booking", "type": "object", "required": ["booked", "amount"],
    "properties": {"booked": {"type": "string", "format": "date"}, "amount": {"type": "number"}}}"#;
const MARCH: &str = "Booked;Amount;Text\n13/03/2026;1.50;a\n14/03/2026;2.25;b\n15/03/2026;3.75;c\n";
const APRIL: &str = "Text;Amount;Booked\nd;4.50;16/04/2026\ne;5.25;17/04/2026\n";

/// A form with a file, for any address.
pub(crate) fn form(site: &Site, path: &str, parts: &[(&str, Option<&str>, &str)]) -> TestRequest {
    let mut body = String::new();
    let token = ("csrf", None, site.csrf());
    for (name, file, content) in [&token].into_iter().chain(parts) {
        let file = file.map_or_else(String::new, |file| format!("; filename=\"{file}\""));
        body.push_str(&format!(
            "--edge\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n"
        ));
    }
    body.push_str("--edge--\r\n");
    TestRequest::post()
        .uri(path)
        .insert_header(("content-type", "multipart/form-data; boundary=edge"))
        .set_payload(body)
}

/// A mapping of March whose fields are accepted: the path of its page.
pub(crate) async fn march(site: &Site, schema: &str) -> String {
    let parts = [
        ("file", Some("march.csv"), MARCH),
        ("target", None, "new"),
        ("schema_text", None, schema),
    ];
    let begun = site.send(form(site, "/begin", &parts)).await;
    let (path, page) = site.follow(begun).await;
    assert!(path.starts_with("/mappings/"), "{path}: {}", page.body);
    for field in ["0", "1"] {
        let now = version(&site.get(&path).await.body);
        let accepted = [("version", &*now), ("field", field), ("do", "accept")];
        let done = site.post(&format!("{path}/edit"), &accepted).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    }
    path
}

/// The page that compares a file with a mapping.
async fn beside(site: &Site, path: &str, file: &str, content: &str) -> (String, String) {
    let parts = [("file", Some(file), content)];
    let sent = site.send(form(site, &format!("{path}/over"), &parts)).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    let waiting = site.get(&sent.location).await;
    assert!(
        text(&waiting.body).contains("compare it with the mapping"),
        "{}",
        waiting.body
    );
    let (at, page) = site.follow(sent).await;
    assert!(at.starts_with(&format!("{path}/over?source=")), "{at}");
    (at, page.body)
}

#[actix_web::test]
async fn the_next_file_is_compared_run_and_listed() {
    let site = Site::new().await;
    let path = march(&site, SCHEMA).await;
    let empty = text(&site.get(&format!("{path}/runs")).await.body);
    assert!(empty.contains("It was not run yet."), "{empty}");
    let (at, page) = beside(&site, &path, "april.csv", APRIL).await;
    let said = text(&page);
    assert!(said.contains("nothing speaks against a run"), "{said}");
    assert!(said.contains("2 rows, 3 columns"), "{said}");

    let source = at.split_once('=').unwrap().1;
    let asked = [("version", "3"), ("source", source), ("format", "csv")];
    let run = site.post(&format!("{path}/run"), &asked).await;
    assert!(run.location.starts_with("/runs/"), "{run:?}");
    let (run, page) = site.follow(run).await;
    let said = text(&page.body);
    assert!(
        said.contains("by version 3 of the mapping, which was made for march.csv"),
        "{said}"
    );
    assert!(said.contains("april.csv\nrun as"), "{said}");
    assert!(said.contains("april.good.csv"), "{said}");

    let listed = site.get(&format!("{path}/runs")).await.body;
    assert!(listed.contains(&format!("href=\"{run}\"")), "{listed}");
    let said = text(&listed);
    for part in ["april.csv", "done", "\n2\n", "\n0\n", "\n3\n"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[actix_web::test]
async fn files_to_choose_from_are_those_that_were_read() {
    let site = Site::new().await;
    let path = march(&site, SCHEMA).await;
    let none = text(&site.get(&format!("{path}/over")).await.body);
    assert!(none.contains("No other file was read yet."), "{none}");
    beside(&site, &path, "april.csv", APRIL).await;
    beside(&site, &path, "may.csv", APRIL).await;
    let parts = [("file", Some("slow.csv"), APRIL)];
    site.send(form(&site, &format!("{path}/over"), &parts))
        .await;
    site.work_off();
    let page = site.get(&format!("{path}/over")).await.body;
    let said = text(&page);
    let place = |name: &str| said.find(name);
    assert!(
        place("may.csv").unwrap() < place("april.csv").unwrap(),
        "{said}"
    );
    assert!(said.contains("2 rows"), "{said}");
    assert_eq!(place("slow.csv"), None, "it is not read yet: {said}");
    assert!(
        !page.contains(">march.csv<"),
        "it is the mapping's own: {page}"
    );
    // From the page of the mapping one comes here.
    let map = site.get(&path).await.body;
    assert!(map.contains(&format!("href=\"{path}/over\"")), "{map}");
}

#[actix_web::test]
async fn what_cannot_be_run_is_told_and_not_offered() {
    let site = Site::new().await;
    let path = march(&site, SCHEMA).await;
    let run = format!("action=\"{path}/run\"");
    let renamed = APRIL.replace("Amount", "Amounts").replace("Text", "Branch");
    let (_, page) = beside(&site, &path, "april.csv", &renamed).await;
    let said = text(&page);
    let missing = "It has no column “Amount”, which fills amount. The nearest it has: “Amounts”.";
    assert!(said.contains(missing), "{said}");
    assert!(said.contains("“Branch”, “Amounts” are new"), "{said}");
    assert!(!page.contains(&run), "{page}");

    let american = "Booked;Amount;Text\n04/16/2026;4.50;d\n04/17/2026;5.25;e\n";
    let (at, page) = beside(&site, &path, "may.csv", american).await;
    let said = text(&page);
    let turned = "the date order of “Booked” as “day, month, year”, and the file has it as “month, day, year”";
    assert!(said.contains(turned), "{said}");
    assert!(!page.contains(&run), "{page}");

    // A mapping of its own is the way on.
    let source = at.split_once('=').unwrap().1;
    let anew = site
        .post(&format!("{path}/anew"), &[("source", source)])
        .await;
    let (other, page) = site.follow(anew).await;
    assert!(other.starts_with("/mappings/") && other != path, "{other}");
    assert!(page.body.contains("may.csv"), "{}", page.body);
}

#[actix_web::test]
async fn a_mapping_whose_file_was_deleted_takes_another_one() {
    let site = Site::new().await;
    let path = march(&site, SCHEMA).await;
    let list = site.get("/sources").await.body;
    let delete = list.split_once("action=\"/sources/").unwrap().1;
    let delete = delete.split_once('"').unwrap().0;
    let gone = site.post(&format!("/sources/{delete}"), &[]).await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER, "{}", gone.body);
    let page = site.get(&path).await.body;
    assert!(
        text(&page).contains("The file march.csv was deleted."),
        "{page}"
    );
    assert!(!page.contains(&format!("action=\"{path}/run\"")), "{page}");
    assert!(page.contains(&format!("href=\"{path}/over\"")), "{page}");
    assert!(!page.contains("0 rows"), "nobody knows any more: {page}");
    let (_, page) = beside(&site, &path, "april.csv", APRIL).await;
    assert!(page.contains(&format!("action=\"{path}/run\"")), "{page}");
}
