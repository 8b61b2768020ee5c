//! What the pages refuse, and how they say it.

use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use aimapper_core::job::{Payload, State};
use aimapper_core::store::{mappings, targets};
use aimapper_core::target::from_json_schema;

use crate::flow::reading;
use crate::site::{Site, caller};

#[actix_web::test]
async fn nobody_is_shown_the_way_to_sign_in() {
    let site = Site::new().await;
    for path in ["/", "/jobs", "/mappings/x", "/runs/x"] {
        let answer = site.ask(TestRequest::get().uri(path)).await;
        let led = (answer.status, answer.location.as_str());
        assert_eq!(led, (StatusCode::SEE_OTHER, "/sign-in"), "{path}");
    }
}

#[actix_web::test]
async fn who_has_no_session_sees_the_same_look_and_nothing_of_the_request() {
    let site = Site::new().await;
    for (path, status, title) in [
        ("/sign-in?who=xylem", StatusCode::OK, "<h1>Sign in</h1>"),
        (
            "/start/xylem",
            StatusCode::GONE,
            "<h1>This start address is used up</h1>",
        ),
    ] {
        let answer = site.ask(TestRequest::get().uri(path)).await;
        assert_eq!(answer.status, status, "{path}");
        for wanted in [
            title,
            "aimapper token",
            "rel=\"stylesheet\" href=\"/assets/",
        ] {
            assert!(answer.body.contains(wanted), "{wanted}: {}", answer.body);
        }
        assert!(!answer.body.contains("xylem"), "{}", answer.body);
    }
}

#[actix_web::test]
async fn the_jobs_of_others_are_left_to_operators() {
    let site = Site::new().await;
    let tom = caller(&site.app, "local", "Tom");
    assert_eq!(tom.tenant, site.caller.tenant);
    let schema = r#"{"type": "object", "title": "T", "properties": {"b": {"type": "string"}}}"#;
    let schema = from_json_schema(schema, "s.json").unwrap();
    let (_, job) = site.upload_of(&tom, ("xylem.csv", b"a;b\n1;2\n".as_slice()), &schema);
    for list in ["/", "/jobs"] {
        let page = site.get(list).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.body.contains("xylem"), "{list}: {}", page.body);
    }
    let refused = site.post(&format!("/jobs/{job}/cancel"), &[]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(
        refused
            .body
            .contains("Only operators cancel the jobs of others."),
        "{}",
        refused.body
    );
    assert_eq!(site.job(job).standing.state, State::Queued);
}

#[actix_web::test]
async fn a_form_without_the_token_of_the_session_changes_nothing() {
    let site = Site::new().await;
    let (path, _) = site.mapped("umsaetze").await;
    let form = [("version", "1"), ("do", "accept-sure"), ("csrf", "")];
    let request = TestRequest::post()
        .uri(&format!("{path}/edit"))
        .set_form(form);
    let refused = site.send(request).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(
        refused.body.contains("<code>csrf</code>") && refused.body.contains("Load the page again"),
        "{}",
        refused.body
    );
    assert!(
        site.get(&path)
            .await
            .body
            .contains("name=\"version\" value=\"1\"")
    );
}

#[actix_web::test]
async fn rows_of_another_tenant_are_as_if_they_were_not_there() {
    let site = Site::new().await;
    let foreign = caller(&site.app, "two", "Tom");
    let schema = r#"{"type": "object", "title": "Xylem", "properties": {"b": {"type": "string"}}}"#;
    let schema = from_json_schema(schema, "s.json").unwrap();
    let file = ("xylem.csv", b"secret;b\n1;2\n3;4\n".as_slice());
    let (source, job) = site.upload_of(&foreign, file, &schema);
    while site.work_one_of(foreign.tenant) {}
    let (mapping, target) = site
        .app
        .store
        .read(|conn| {
            let mapping = mappings::list(conn, foreign.tenant, None, 1)?.remove(0);
            let target = targets::list(conn, foreign.tenant, None, 1)?.remove(0);
            Ok((mapping.id, target.id))
        })
        .unwrap();
    for path in [
        format!("/mappings/{mapping}"),
        format!("/targets/{target}"),
        format!("/jobs/{job}"),
        format!("/jobs/{job}/wait"),
        format!("/jobs/{job}/live"),
    ] {
        assert_eq!(
            site.get(&path).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    for path in [
        format!("/mappings/{mapping}/edit"),
        format!("/mappings/{mapping}/run"),
        format!("/jobs/{job}/cancel"),
        format!("/jobs/{job}/retry"),
        format!("/sources/{source}/delete"),
    ] {
        let answer = site
            .post(&path, &[("version", "1"), ("do", "accept-sure")])
            .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in ["/", "/mappings", "/sources", "/targets", "/jobs"] {
        let page = site.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(!page.body.contains("ylem"), "{path}");
    }
}

#[actix_web::test]
async fn an_edit_of_an_old_version_is_told_and_changes_nothing() {
    let site = Site::new().await;
    let (path, _) = site.mapped("umsaetze").await;
    let edit = format!("{path}/edit");
    let accept = [("version", "1"), ("field", "3"), ("do", "accept")];
    assert_eq!(
        site.post(&edit, &accept).await.status,
        StatusCode::SEE_OTHER
    );
    let late = site
        .post(&edit, &[("version", "1"), ("field", "7"), ("do", "refuse")])
        .await;
    assert!(
        late.body.contains("The mapping was changed meanwhile"),
        "{}",
        late.body
    );
    assert!(
        late.body.contains("name=\"version\" value=\"2\""),
        "it shows the newer one"
    );
}

#[actix_web::test]
async fn what_cannot_be_is_said_on_the_page_with_a_hint() {
    let site = Site::new().await;
    let (path, _) = site.mapped("umsaetze").await;
    let edit = format!("{path}/edit");
    for (form, wanted) in [
        (
            vec![("field", "0"), ("do", "leave"), ("reason", "absent")],
            "every row would be rejected",
        ),
        (
            vec![("field", "3"), ("do", "constant"), ("constant", "XYZ")],
            "XYZ",
        ),
        (
            vec![("field", "0"), ("do", "choose"), ("column", "")],
            "No column was chosen",
        ),
    ] {
        let form: Vec<(&str, &str)> = [("version", "1")].into_iter().chain(form).collect();
        let answer = site.post(&edit, &form).await;
        assert_eq!(answer.status, StatusCode::OK, "{form:?}: {}", answer.body);
        assert!(
            answer.body.contains("role=\"alert\"") && answer.body.contains(wanted),
            "{form:?}"
        );
    }
    for form in [
        vec![("version", "1"), ("field", "99"), ("do", "accept")],
        vec![("version", "1"), ("field", "0"), ("do", "explode")],
        vec![("version", "x"), ("field", "0"), ("do", "accept")],
    ] {
        assert_eq!(
            site.post(&edit, &form).await.status,
            StatusCode::BAD_REQUEST,
            "{form:?}"
        );
    }
}

fn multipart(site: &Site, parts: &[(&str, Option<&str>, &str)]) -> TestRequest {
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
        .uri("/begin")
        .insert_header(("content-type", "multipart/form-data; boundary=edge"))
        .set_payload(body)
}

#[actix_web::test]
async fn an_upload_with_a_pasted_schema_is_read_and_proposed() {
    let site = Site::new().await;
    let schema = r#"{"title": "T", "type": "object", "properties": {"city": {"type": "string"}}}"#;
    let request = multipart(
        &site,
        &[
            (
                "file",
                Some("C:\\data\\towns.csv"),
                "city;size\nUlm;1\nBonn;2\n",
            ),
            ("target", None, "new"),
            ("schema_file", Some(""), ""),
            ("schema_text", None, schema),
        ],
    );
    let begun = site.send(request).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.body);
    let (path, page) = site.follow(begun).await;
    assert!(path.starts_with("/mappings/"), "{path}: {}", page.body);
    assert!(
        page.body.contains("towns.csv") && !page.body.contains("C:\\"),
        "{}",
        page.body
    );
}

#[actix_web::test]
async fn earlier_decisions_count_unless_the_box_is_ticked() {
    let site = Site::new().await;
    let file = ("file", Some("a.csv"), "a;b\n1;2\n");
    let target = ("target", None, "preset:transaction");
    for (parts, counts) in [
        (vec![file, target], true),
        (vec![file, target, ("without_memory", None, "yes")], false),
    ] {
        let begun = site.send(multipart(&site, &parts)).await;
        let id = begun.location.split('/').nth(2).unwrap();
        let job = site.job(id.parse().unwrap());
        let Payload::Read { memory, .. } = job.payload else {
            panic!("{job:?}");
        };
        assert_eq!(memory, counts);
        let (path, page) = site.follow(begun).await;
        let again = [
            ("version", "1"),
            ("reading", reading(&page.body, "encoding")),
            ("do", "set-choice"),
            ("choice", "\"iso-8859-15\""),
        ];
        let again = site.post(&format!("{path}/edit"), &again).await;
        let id = again.location.split('/').nth(2).unwrap();
        let Payload::Read { memory, .. } = site.job(id.parse().unwrap()).payload else {
            panic!("{again:?}");
        };
        assert_eq!(memory, counts, "as before when it is read again");
    }
    let empty = site.get("/").await.body;
    assert!(!empty.contains("without_memory"), "nothing is remembered");
}

#[actix_web::test]
async fn an_upload_without_file_target_or_sense_says_what_is_missing() {
    let site = Site::new().await;
    let file = ("file", Some("a.csv"), "a;b\n1;2\n");
    for (parts, status, wanted) in [
        (
            vec![("target", None, "preset:transaction")],
            422,
            "No file was chosen",
        ),
        (
            vec![file, ("target", None, "new")],
            422,
            "No target was chosen",
        ),
        (
            vec![file, ("target", None, "preset:moon")],
            422,
            "There is no preset",
        ),
        (
            vec![
                ("file", Some("a.csv"), ""),
                ("target", None, "preset:transaction"),
            ],
            422,
            "The file is empty",
        ),
        (
            vec![file, ("target", None, "new"), ("schema_text", None, "{")],
            422,
            "schema",
        ),
    ] {
        let answer = site.send(multipart(&site, &parts)).await;
        assert_eq!(answer.status.as_u16(), status, "{parts:?}: {}", answer.body);
        assert!(answer.body.contains(wanted), "{parts:?}: {}", answer.body);
        assert_eq!(site.files(), 0, "{parts:?}: what is refused leaves no file");
    }
}

#[actix_web::test]
async fn a_file_that_is_no_table_ends_with_its_reason_and_can_be_tried_again() {
    let site = Site::new().await;
    let png = "\u{89}PNG\r\n\u{1a}\n\0\0\0\rIHDR";
    let request = multipart(
        &site,
        &[
            ("file", Some("a.png"), png),
            ("target", None, "preset:transaction"),
        ],
    );
    let begun = site.send(request).await;
    let waiting = site.get(&begun.location).await;
    assert!(
        waiting.body.contains("http-equiv=\"refresh\"") && waiting.body.contains("sse-connect")
    );
    let (path, page) = site.follow(begun).await;
    assert!(
        path.ends_with("/wait") && page.body.contains("role=\"alert\""),
        "{}",
        page.body
    );
    assert!(!page.body.contains("http-equiv=\"refresh\""));
    let job = path.trim_end_matches("/wait");
    let id = job.trim_start_matches("/jobs/").parse().unwrap();
    assert_eq!(site.job(id).standing.state, State::Failed);
    let again = site.post(&format!("{job}/retry"), &[]).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "{}", again.body);
    assert_eq!(site.job(id).standing.state, State::Queued);
    let ended = site.post(&format!("{job}/cancel"), &[]).await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER);
    assert_eq!(site.job(id).standing.state, State::Cancelled);
}

#[actix_web::test]
async fn a_job_that_is_under_way_shows_how_far_it_is() {
    let site = Site::new().await;
    let request = multipart(
        &site,
        &[
            ("file", Some("slow.csv"), "a;b\n1;2\n"),
            ("target", None, "preset:transaction"),
        ],
    );
    let begun = site.send(request).await;
    let before = site.get(&begun.location).await.body;
    assert!(before.contains("Waits for its turn"), "{before}");
    site.work_one();
    let page = site.get(&begun.location).await.body;
    for wanted in [
        "Reading",
        "12,000 rows, 3.1 MB of 20.4 MB, about 12.3 s left",
        "value=\"151\"",
    ] {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
    let job = begun.location.trim_end_matches("/wait");
    assert_eq!(
        site.post(&format!("{job}/cancel"), &[]).await.status,
        StatusCode::SEE_OTHER
    );
    let ending = site.get(&begun.location).await.body;
    assert!(ending.contains("you cancelled it"), "{ending}");
}

#[actix_web::test]
async fn the_stream_of_a_job_that_has_ended_says_so_and_ends() {
    let site = Site::new().await;
    let begun = site.post("/try/orders", &[]).await;
    site.work_one();
    let live = begun.location.replace("/wait", "/live");
    let stream = site.get(&live).await;
    assert!(
        stream.body.starts_with("event: progress\ndata: "),
        "{}",
        stream.body
    );
    assert!(
        stream.body.ends_with("event: ended\ndata: done\n\n"),
        "{}",
        stream.body
    );
}

#[actix_web::test]
async fn a_deleted_source_leaves_a_mapping_that_can_be_read() {
    let site = Site::new().await;
    let (path, page) = site.mapped("orders").await;
    let sources = site.get("/sources").await.body;
    let delete = sources
        .split_once("action=\"/sources/")
        .unwrap()
        .1
        .split_once('"')
        .unwrap()
        .0;
    let gone = site.post(&format!("/sources/{delete}"), &[]).await;
    assert_eq!(gone.location, "/sources");
    assert!(!site.get("/sources").await.body.contains("orders.csv"));
    let after = site.get(&path).await;
    assert_eq!(after.status, StatusCode::OK);
    assert!(
        page.body.contains("Leeds") && !after.body.contains("Leeds"),
        "no sample is left"
    );
}

#[actix_web::test]
async fn pages_may_run_nothing_but_their_own_files() {
    let site = Site::new().await;
    let (path, page) = site.mapped("umsaetze").await;
    let open = site.get(&format!("{path}?open=7")).await;
    let start = site.get("/").await;
    for html in [&page.body, &open.body, &start.body] {
        for forbidden in [
            " style=",
            "<style",
            "<script>",
            " onclick",
            "javascript:",
            "http://",
            "https://",
        ] {
            assert!(!html.contains(forbidden), "{forbidden}");
        }
    }
    let unknown = site.get("/nowhere").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert!(unknown.body.contains("There is no such page."));
}

#[actix_web::test]
async fn a_mapping_that_fills_nothing_does_not_run() {
    let site = Site::new().await;
    let schema = r#"{"title": "T", "type": "object", "properties": {"zzz": {"type": "string"}}}"#;
    let parts = [
        ("file", Some("towns.csv"), "city;size\nUlm;1\nBonn;2\n"),
        ("target", None, "new"),
        ("schema_text", None, schema),
    ];
    let begun = site.send(multipart(&site, &parts)).await;
    let (path, page) = site.follow(begun).await;
    assert!(page.body.contains("no field is filled"), "{}", page.body);
    let run = site.post(&format!("{path}/run"), &[("version", "1")]).await;
    assert_eq!(run.status, StatusCode::CONFLICT, "{}", run.body);
    assert!(run.body.contains("no field is filled"), "{}", run.body);
}
