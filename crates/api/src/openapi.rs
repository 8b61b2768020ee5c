//! The OpenAPI document, made from the code of the routes; `docs/openapi.json` is the same text.

use utoipa::openapi::path::{Operation as Described, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, ObjectBuilder, OpenApi, PathItem, Ref, RefOr, Required, ResponseBuilder, Type,
};
use utoipa::{Modify, OpenApi as _};

use crate::problem::{MEDIA_TYPE, Told};
use crate::routes::{jobs, mappings, run_files, runs, sources, targets, tickets};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "AiMapper",
        description = "Reads a source, proposes a mapping to a target, runs it and proves that nothing was lost.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(
        sources::upload, sources::list, sources::find, sources::delete, sources::read_again,
        sources::version, sources::profile, sources::file,
        targets::create, targets::list, targets::presets, targets::find, targets::create_version,
        mappings::create, mappings::list, mappings::find, mappings::patch, mappings::versions,
        mappings::version, mappings::drift, mappings::approve, mappings::export,
        runs::create, runs::list, runs::find, run_files::file,
        jobs::list, jobs::find, jobs::events, jobs::cancel, jobs::retry, jobs::redrive,
        crate::routes::memory::list, crate::routes::memory::forget, crate::routes::me::me,
        tickets::give,
    ),
    components(schemas(Told, run_files::RunFile)),
    modifiers(&Everywhere)
)]
struct Document;

/// The one POST whose answer is never kept, and so not given again.
const TICKETS: &str = "/api/v1/tickets";

/// What holds for every operation: the token, the problems, and the key of what is made.
struct Everywhere;

impl Modify for Everywhere {
    fn modify(&self, document: &mut OpenApi) {
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("bearer", bearer);
        document.security = Some(vec![SecurityRequirement::new(
            "bearer",
            Vec::<String>::new(),
        )]);
        for (path, item) in &mut document.paths.paths {
            for (_, operation) in described_mut(item) {
                let problem = ResponseBuilder::new()
                    .description("A problem (RFC 9457)")
                    .content(
                        MEDIA_TYPE,
                        ContentBuilder::new()
                            .schema(Some(Ref::from_schema_name("Problem")))
                            .build(),
                    );
                operation
                    .responses
                    .responses
                    .insert("default".to_owned(), problem.build().into());
                name(operation);
            }
            if let Some(post) = &mut item.post
                && path != TICKETS
            {
                let key = ParameterBuilder::new()
                    .name("Idempotency-Key")
                    .parameter_in(ParameterIn::Header)
                    .required(Required::False)
                    .description(Some("The same key within 24 hours gets the same answer"))
                    .schema(Some(ObjectBuilder::new().schema_type(Type::String)));
                post.parameters.get_or_insert_default().push(key.build());
            }
        }
    }
}

/// Names the operation by its group as well, because names are unique, and says what its answers are.
fn name(operation: &mut Described) {
    let tag = operation.tags.iter().flatten().next();
    let id = operation.operation_id.take().unwrap_or_default();
    operation.operation_id = Some(match tag {
        Some(tag) if *tag != id => format!("{tag}_{id}"),
        Some(_) | None => id,
    });
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && response.description.is_empty()
        {
            let said = match status.as_str() {
                "201" => "Made",
                "202" => "Accepted; the work goes on",
                "204" => "Done",
                "206" => "The part that was asked for",
                _ => "As asked for",
            };
            said.clone_into(&mut response.description);
        }
    }
}

fn described_mut(item: &mut PathItem) -> Vec<(&'static str, &mut Described)> {
    [
        ("GET", item.get.as_mut()),
        ("POST", item.post.as_mut()),
        ("PATCH", item.patch.as_mut()),
        ("DELETE", item.delete.as_mut()),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation?)))
    .collect()
}

/// One operation, as the overview shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) tag: String,
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) summary: String,
}

/// The document.
#[must_use]
pub fn document() -> OpenApi {
    Document::openapi()
}

/// The document as text.
pub(crate) fn text() -> Result<String, serde_json::Error> {
    document().to_pretty_json()
}

/// All operations, by path.
pub(crate) fn operations() -> Vec<Operation> {
    let mut found = Vec::new();
    let mut document = document();
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in described_mut(item) {
            let tags = operation.tags.iter().flatten();
            found.push(Operation {
                tag: tags
                    .map(String::as_str)
                    .next()
                    .unwrap_or_default()
                    .to_owned(),
                method,
                path: path.clone(),
                summary: operation.summary.clone().unwrap_or_default(),
            });
        }
    }
    found
}
