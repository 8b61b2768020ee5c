//! From a file to its proved rows, as a person goes.

use actix_web::http::StatusCode;

use crate::site::Site;

/// The text of a page as a person reads it: without tags, one line for each piece.
pub(crate) fn text(html: &str) -> String {
    let main = html
        .split_once("<main")
        .unwrap()
        .1
        .split_once('>')
        .unwrap()
        .1;
    let main = main.split_once("</main>").unwrap().0;
    let mut out = String::new();
    let mut inside = false;
    for c in main.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                out.push('\n');
            }
            c if !inside => out.push(c),
            _ => {}
        }
    }
    let out = out
        .replace("&#38;", "&")
        .replace("&#60;", "<")
        .replace("&#62;", ">");
    let out = out.replace("&#34;", "\"").replace("&#39;", "'");
    // How long ago a version was saved is another thing in each run.
    let lines: Vec<&str> = out
        .lines()
        .map(|line| line.split(" · saved").next().unwrap().trim())
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("\n")
}

pub(crate) fn version(html: &str) -> String {
    let start = html.split_once("name=\"version\" value=\"").unwrap().1;
    start.split_once('"').unwrap().0.to_owned()
}

/// The position of a field in the target of the bank.
pub(crate) fn field(name: &str) -> String {
    let names = [
        "booking_date",
        "value_date",
        "amount",
        "currency",
        "counterparty_name",
        "counterparty_iban",
        "reference",
        "kind",
    ];
    names
        .iter()
        .position(|known| *known == name)
        .unwrap()
        .to_string()
}

#[actix_web::test]
async fn a_bank_export_is_mapped_and_run() {
    let site = Site::new().await;
    let (path, page) = site.mapped("umsaetze").await;
    assert!(path.starts_with("/mappings/"), "{path}");
    insta::assert_snapshot!("map_bank", text(&page.body));

    // The currency comes from a header alone, so it is asked.
    let run = site
        .post(
            &format!("{path}/run"),
            &[("version", "1"), ("format", "csv")],
        )
        .await;
    assert_eq!(run.status, StatusCode::CONFLICT);
    assert!(run.body.contains("currency is required"), "{}", run.body);

    let form = [
        ("version", "1"),
        ("field", &field("currency")),
        ("do", "accept"),
        ("back", "show=needed"),
    ];
    let edited = site.post(&format!("{path}/edit"), &form).await;
    assert_eq!(edited.location, format!("{path}?show=needed"));
    let page = site.get(&path).await;
    let said = "Not accepted yet, so a run leaves these empty: counterparty_iban, kind";
    assert!(page.body.contains(said), "{}", page.body);
    let run = site
        .post(
            &format!("{path}/run"),
            &[("version", "2"), ("format", "csv")],
        )
        .await;
    let (path, page) = site.follow(run).await;
    assert!(path.starts_with("/runs/"), "{path}");
    let shown = text(&page.body).replace(path.trim_start_matches("/runs/"), "RUN");
    let steady = shown
        .lines()
        .filter(|line| !line.contains("UTC") && !line.contains("kB"));
    insta::assert_snapshot!("run_bank", steady.collect::<Vec<_>>().join("\n"));
}

#[actix_web::test]
async fn what_was_refused_leads_back_to_the_mapping() {
    let site = Site::new().await;
    let (path, _) = site.mapped("umsaetze").await;
    let form = [
        ("version", "1"),
        ("field", &*field("amount")),
        ("do", "constant"),
        ("constant", "abc"),
    ];
    let refused = site.post(&format!("{path}/edit"), &form).await;
    assert_eq!(refused.status, StatusCode::OK, "{}", refused.body);
    let said = text(&refused.body);
    assert!(said.contains("is no value of the field"), "{said}");
    // Loaded again, the address of the form is the mapping.
    let (again, page) = site.follow(site.get(&format!("{path}/edit")).await).await;
    assert_eq!((again, page.status), (path, StatusCode::OK));
}

#[actix_web::test]
async fn values_that_are_no_labels_can_be_mapped_by_hand() {
    let site = Site::new().await;
    let (path, _) = site.mapped("umsaetze").await;
    let kind = field("kind");
    let form = [
        ("version", "1"),
        ("field", &*kind),
        ("do", "choose"),
        ("column", "2"),
    ];
    let done = site.post(&format!("{path}/edit"), &form).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let page = site.get(&format!("{path}?open={kind}")).await;
    assert!(page.body.contains("name=\"new.0\""), "{}", page.body);
    let form = [
        ("version", "2"),
        ("field", &*kind),
        ("do", "values"),
        ("new.0", "fee"),
    ];
    let done = site.post(&format!("{path}/edit"), &form).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let page = site.get(&format!("{path}?open={kind}")).await;
    let shown = text(&page.body);
    assert!(!shown.contains("0 rows, 0 %"), "{shown}");
    let kept = "<option value=\"fee\" selected>";
    assert!(page.body.contains(kept), "{}", page.body);
}

#[actix_web::test]
async fn an_open_row_shows_evidence_alternatives_and_values() {
    let site = Site::new().await;
    let (path, _) = site.mapped("umsaetze").await;
    let page = site
        .get(&format!("{path}?open={}&show=needed", field("kind")))
        .await;
    insta::assert_snapshot!("map_open_row", text(&page.body));
}

#[actix_web::test]
async fn a_doubtful_date_order_is_asked_and_the_answer_turns_the_steps() {
    let site = Site::new().await;
    let (path, page) = site.mapped("statement").await;
    assert!(page.body.contains("chip asked"), "{}", text(&page.body));
    let chips = page.body.split("class=\"chip asked\"").nth(1).unwrap();
    let index = chips
        .split_once("name=\"reading\" value=\"")
        .unwrap()
        .1
        .split_once('"')
        .unwrap()
        .0;
    let form = [("version", "1"), ("reading", index), ("value", "\"mdy\"")];
    let edited = site.post(&format!("{path}/edit"), &form).await;
    assert_eq!(edited.status, StatusCode::SEE_OTHER, "{}", edited.body);
    let page = site.get(&path).await;
    assert!(
        text(&page.body).contains("date by %m/%d/%Y"),
        "{}",
        text(&page.body)
    );
    assert!(!page.body.contains("chip asked"));
}

#[actix_web::test]
async fn what_was_done_can_be_undone_step_by_step() {
    let site = Site::new().await;
    let (path, first) = site.mapped("umsaetze").await;
    let edit = format!("{path}/edit");
    let before = text(&first.body);
    for (number, name) in [("1", "currency"), ("2", "kind")] {
        let form = [
            ("version", number),
            ("field", &field(name)),
            ("do", "accept"),
        ];
        assert_eq!(site.post(&edit, &form).await.status, StatusCode::SEE_OTHER);
    }
    for number in ["3", "4"] {
        let page = site.get(&path).await;
        assert_eq!(version(&page.body), number);
        let to = page
            .body
            .split_once("name=\"to\" value=\"")
            .unwrap()
            .1
            .split_once('"')
            .unwrap()
            .0;
        let form = [("version", number), ("do", "undo"), ("to", to)];
        assert_eq!(site.post(&edit, &form).await.status, StatusCode::SEE_OTHER);
    }
    let page = site.get(&path).await;
    assert!(
        !page.body.contains("data-key=\"u\""),
        "nothing is left to undo"
    );
    let after = text(&page.body).replace("version 5", "version 1");
    assert_eq!(after, before);
}

#[actix_web::test]
async fn another_column_comes_with_the_steps_that_fit_it() {
    let site = Site::new().await;
    let (path, _) = site.mapped("umsaetze").await;
    // Column 1 is Wertstellung, a German date.
    let form = [
        ("version", "1"),
        ("field", &field("booking_date")),
        ("do", "choose"),
        ("column", "1"),
    ];
    let edited = site.post(&format!("{path}/edit"), &form).await;
    assert_eq!(edited.status, StatusCode::SEE_OTHER, "{}", edited.body);
    let page = site.get(&format!("{path}?open=0")).await;
    let row = page
        .body
        .split_once("id=\"f-0\"")
        .unwrap()
        .1
        .split_once("id=\"f-1\"")
        .unwrap()
        .0;
    assert!(
        row.contains("Wertstellung") && row.contains("date by %d.%m.%Y"),
        "{row}"
    );
    assert!(row.contains("yours") && row.contains("by local"), "{row}");
}

#[actix_web::test]
async fn constants_values_reasons_and_notes_are_kept() {
    let site = Site::new().await;
    let (path, _) = site.mapped("umsaetze").await;
    let edit = format!("{path}/edit");
    let (currency, kind, iban) = (field("currency"), field("kind"), field("counterparty_iban"));
    let forms: [&[(&str, &str)]; 4] = [
        &[
            ("version", "1"),
            ("field", &currency),
            ("do", "constant"),
            ("constant", "USD"),
        ],
        &[
            ("version", "2"),
            ("field", &kind),
            ("do", "values"),
            ("to.0", "fee"),
            ("unseen", "null"),
        ],
        &[
            ("version", "3"),
            ("field", &iban),
            ("do", "leave"),
            ("reason", "absent"),
            ("why", ""),
        ],
        &[
            ("version", "4"),
            ("field", &iban),
            ("do", "note"),
            ("note", "ask <the> bank"),
        ],
    ];
    for form in forms {
        let done = site.post(&edit, form).await;
        assert_eq!(
            done.status,
            StatusCode::SEE_OTHER,
            "{form:?}: {}",
            done.body
        );
    }
    let page = site.get(&format!("{path}?open={kind}")).await;
    let shown = text(&page.body);
    assert!(shown.contains("always\nUSD"), "{shown}");
    assert!(shown.contains("the source does not have it"), "{shown}");
    assert!(
        page.body.contains("ask &#60;the&#62; bank"),
        "{}",
        page.body
    );
    assert!(
        page.body.contains("<option value=\"fee\" selected>"),
        "{}",
        page.body
    );
    assert!(
        page.body.contains("<option value=\"null\" selected>"),
        "{}",
        page.body
    );
}

/// The number under which a page's form asks about a reading.
pub(crate) fn reading<'a>(body: &'a str, what: &str) -> &'a str {
    let mut chips = body.split("class=\"chip\"");
    let chip = chips.find(|chip| chip.contains(&format!(">{what}<")));
    let (_, index) = chip
        .unwrap()
        .split_once("name=\"reading\" value=\"")
        .unwrap();
    index.split_once('"').unwrap().0
}

#[actix_web::test]
async fn another_encoding_reads_the_file_again_and_proposes_anew() {
    let site = Site::new().await;
    let (path, page) = site.mapped("umsaetze").await;
    let index = reading(&page.body, "encoding");
    let form = [
        ("version", "1"),
        ("reading", index),
        ("do", "set-choice"),
        ("choice", "\"iso-8859-15\""),
    ];
    let again = site.post(&format!("{path}/edit"), &form).await;
    assert!(again.location.starts_with("/jobs/"), "{again:?}");
    let (other, page) = site.follow(again).await;
    assert!(other.starts_with("/mappings/") && other != path, "{other}");
    assert!(
        text(&page.body).contains("iso-8859-15"),
        "{}",
        text(&page.body)
    );
}

#[actix_web::test]
async fn what_is_decided_on_a_page_is_remembered_for_the_next_proposal() {
    let site = Site::new().await;
    let (path, _) = site.mapped("umsaetze").await;
    let edit = format!("{path}/edit");
    let (amount, kind) = (field("amount"), field("kind"));
    for form in [
        [("version", "1"), ("field", &amount), ("do", "accept")],
        [("version", "2"), ("field", &kind), ("do", "refuse")],
    ] {
        let done = site.post(&edit, &form).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    }
    let remembered = site.remembered();
    for wanted in [
        "amount Betrag (EUR) accepted",
        "amount S/H accepted",
        "kind Buchungsart rejected",
    ] {
        assert!(remembered.contains(&wanted.to_owned()), "{remembered:?}");
    }
    let listed = text(&site.get("/memory").await.body);
    for shown in ["Buchungsart", "refused", "chosen", "umsaetze_2026-03.csv"] {
        assert!(listed.contains(shown), "{listed}");
    }
    let ids = site.remembered_ids();
    let forget = format!("/memory/{}/forget", ids[0]);
    let gone = site.post(&forget, &[]).await;
    assert_eq!(gone.location, "/memory");
    assert_eq!(site.remembered_ids(), ids[1..]);
    assert_eq!(site.post(&forget, &[]).await.status, StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn a_changed_mind_is_what_is_remembered() {
    let site = Site::new().await;
    let (path, _) = site.mapped("umsaetze").await;
    let edit = format!("{path}/edit");
    let booked = field("booking_date");
    let choose = |version: &'static str, column: &'static str| {
        let form = [
            ("version", version),
            ("field", &booked),
            ("do", "choose"),
            ("column", column),
        ];
        form.map(|(name, value)| (name, value.to_owned()))
    };
    for form in [choose("1", "1"), choose("2", "2")] {
        let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
        let done = site.post(&edit, &form).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    }
    let mut remembered = site.remembered();
    remembered.sort();
    let of_booked: Vec<&str> = remembered
        .iter()
        .filter_map(|line| line.strip_prefix("booking_date "))
        .collect();
    assert_eq!(of_booked.len(), 3, "{of_booked:?}");
    let holding = of_booked.iter().filter(|line| line.ends_with(" edited"));
    assert_eq!(holding.count(), 1, "{of_booked:?}");
    // Back to where nobody had decided anything.
    let form = [("version", "3"), ("do", "undo"), ("to", "1")];
    assert_eq!(site.post(&edit, &form).await.status, StatusCode::SEE_OTHER);
    let left = site.remembered();
    assert!(
        left.iter().all(|line| !line.ends_with(" edited")),
        "{left:?}"
    );
}

#[actix_web::test]
async fn what_is_decided_moves_the_confidence_of_the_rest_and_says_so() {
    let site = Site::new().await;
    let (path, _) = site.mapped("umsaetze").await;
    let said = "By what was decided about other fields";
    let open = format!("{path}?open={}", field("booking_date"));
    assert!(!text(&site.get(&open).await.body).contains(said));
    for (version, name) in ["kind", "reference", "counterparty_name"]
        .iter()
        .enumerate()
    {
        let (version, name) = ((version + 1).to_string(), field(name));
        let form = [
            ("version", version.as_str()),
            ("field", &name),
            ("do", "refuse"),
        ];
        let done = site.post(&format!("{path}/edit"), &form).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    }
    let page = text(&site.get(&open).await.body);
    assert!(page.contains(said), "{page}");
}

#[actix_web::test]
async fn what_changes_nothing_makes_no_version() {
    let site = Site::new().await;
    let (path, page) = site.mapped("umsaetze").await;
    let form = [("version", "1"), ("do", "undo"), ("to", "1")];
    let done = site.post(&format!("{path}/edit"), &form).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    assert_eq!(text(&site.get(&path).await.body), text(&page.body));
}

#[actix_web::test]
async fn every_list_and_job_page_shows_what_was_done() {
    let site = Site::new().await;
    let (path, _) = site.mapped("orders").await;
    for (list, wanted) in [
        ("/", "Recent mappings"),
        ("/mappings", path.as_str()),
        ("/sources", "orders.csv"),
        ("/targets", "Order"),
        ("/jobs", "propose a mapping"),
        ("/jobs?state=succeeded", "read a source"),
        ("/jobs?state=failed", "No such jobs"),
    ] {
        let page = site.get(list).await;
        assert_eq!(page.status, StatusCode::OK, "{list}");
        assert!(page.body.contains(wanted), "{list}: {}", text(&page.body));
    }
    let jobs = site.get("/jobs").await.body;
    let id = jobs
        .split_once("href=\"/jobs/0")
        .unwrap()
        .1
        .split_once('"')
        .unwrap()
        .0;
    let job = site.get(&format!("/jobs/0{id}")).await;
    assert!(
        text(&job.body).contains("taken by a worker"),
        "{}",
        text(&job.body)
    );
}

/// Addresses that a page links to, without those of the REST interface and of the session.
fn links(html: &str) -> Vec<String> {
    let parts = html.split("href=\"").skip(1);
    let links = parts.map(|part| part.split_once('"').unwrap().0.replace("&#38;", "&"));
    links
        .map(|link| link.split('#').next().unwrap().to_owned())
        .filter(|link| link.starts_with('/') && !link.starts_with("/api/"))
        .collect()
}

#[actix_web::test]
async fn every_link_leads_somewhere() {
    let site = Site::new().await;
    let (path, _) = site.mapped("umsaetze").await;
    let mut known =
        std::collections::BTreeSet::from(["/".to_owned(), format!("{path}?show=needed")]);
    let mut rest: Vec<String> = known.iter().cloned().collect();
    while let Some(link) = rest.pop() {
        let answer = site.get(&link).await;
        let fine = [StatusCode::OK, StatusCode::SEE_OTHER].contains(&answer.status);
        assert!(fine, "{link}: {}", answer.status);
        if !link.starts_with("/assets/") {
            let found = links(&answer.body).into_iter();
            rest.extend(found.filter(|link| known.insert(link.clone())));
        }
    }
    assert!(known.contains(&format!("{path}?open=3")), "{known:?}");
    assert!(
        known.contains(&format!("{path}?open=3&show=needed")),
        "{known:?}"
    );
}
