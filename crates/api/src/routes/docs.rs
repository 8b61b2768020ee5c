//! The interface's own description: the OpenAPI document, a page that lists its operations, and a
//! page for each code of problems. For anybody; nothing of it is about a tenant.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use askama::Template;

use crate::openapi::{self, Operation};
use crate::pages::{Asset, SIMPLE_POLICY};
use crate::problem::{Code, Problem};

/// The OpenAPI document.
pub(super) async fn openapi() -> Result<HttpResponse, Problem> {
    let text = openapi::text().map_err(|error| Problem::internal(&error))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .body(text))
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>AiMapper: REST interface</title>
<link rel="icon" href="{{ icon }}" type="image/svg+xml">
<link rel="stylesheet" href="{{ style }}"></head>
<body>
<main class="wide">
<h1>REST interface</h1>
<p>Version {{ version }}. All of it, with the forms of bodies and answers, is in the <a href="/api/v1/openapi.json">OpenAPI document</a>.
Errors are problem details (RFC 9457); each <code>type</code> leads to a page that says what to do.</p>
{% for group in groups %}<section aria-labelledby="h-{{ group.0 }}"><h2 id="h-{{ group.0 }}">{{ group.0 }}</h2>
<table class="stack list">
<thead><tr><th scope="col">Method</th><th scope="col">Path</th><th scope="col">What it does</th></tr></thead>
<tbody>
{% for operation in group.1 %}<tr><td><code>{{ operation.method }}</code></td><td><code>{{ operation.path }}</code></td><td>{{ crate::pages::figures::quoted(operation.summary) }}</td></tr>
{% endfor %}</tbody>
</table></section>
{% endfor %}<section aria-labelledby="h-problems"><h2 id="h-problems">problems</h2>
<ul class="recent">
{% for code in codes %}<li><a href="/errors/{{ code }}"><code>{{ code }}</code></a> {{ code.status().as_u16() }}: {{ code.title() }}</li>
{% endfor %}</ul></section>
</main>
</body>
</html>
"#
)]
struct Overview {
    icon: &'static str,
    style: &'static str,
    version: &'static str,
    groups: Vec<(String, Vec<Operation>)>,
    codes: &'static [Code],
}

/// The operations as a page.
pub(super) async fn overview() -> Result<HttpResponse, Problem> {
    let mut groups: Vec<(String, Vec<Operation>)> = Vec::new();
    for operation in openapi::operations() {
        match groups.iter_mut().find(|(tag, _)| *tag == operation.tag) {
            Some((_, operations)) => operations.push(operation),
            None => groups.push((operation.tag.clone(), vec![operation])),
        }
    }
    let page = Overview {
        icon: Asset::Icon.path(),
        style: Asset::Style.path(),
        version: env!("CARGO_PKG_VERSION"),
        groups,
        codes: Code::ALL,
    };
    let text = page.render().map_err(|error| Problem::internal(&error))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CONTENT_SECURITY_POLICY, SIMPLE_POLICY))
        .body(text))
}

/// The page of a code.
pub(super) async fn error(code: web::Path<String>) -> Result<HttpResponse, Problem> {
    let Ok(code) = code.parse::<Code>() else {
        return Err(Problem::new(Code::NotFound, "there is no such code"));
    };
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8"))
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'"))
        .body(code.page()))
}
