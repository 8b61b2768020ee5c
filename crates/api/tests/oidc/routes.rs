//! No route is without a requirement, unless it is listed here as one that everybody may ask.

use std::fs;
use std::path::{Path, PathBuf};

/// Handlers that ask for nothing, and why they may: health, descriptions, what looks the same for everybody,
/// and the ways in and out, which have checks of their own.
const OPEN: [&str; 16] = [
    "assets::serve",
    "docs::error",
    "docs::openapi",
    "docs::overview",
    "health::live",
    "health::ready",
    "login::begin",
    "login::complete",
    // It extracts its caller by itself, because there may be none.
    "login::link",
    "login::logout",
    "login::sign_in",
    "login::start",
    "logout::back_channel",
    "metrics::metrics",
    "mod::no_such_route",
    "mod::not_found",
];

struct Route {
    handler: String,
    file: PathBuf,
}

#[test]
fn every_route_names_its_requirement() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let sources = sources(&root);
    let routes: Vec<Route> = sources
        .iter()
        .flat_map(|(path, text)| routes(path, text))
        .collect();
    // Far fewer would mean that they are registered in a way that this test does not see.
    assert!(routes.len() > 60, "{} routes", routes.len());
    let mut open = Vec::new();
    for route in &routes {
        let (name, signature) = signature(route, &sources);
        let asks = ["Guarded<", "Visitor"]
            .iter()
            .any(|word| signature.contains(word));
        if !asks {
            assert!(
                OPEN.contains(&name.as_str()),
                "{name} ({}) names no requirement: {signature}",
                route.file.display()
            );
            open.push(name);
        }
    }
    for name in OPEN {
        assert!(
            open.iter().any(|found| found == name),
            "{name} is no open route any more"
        );
    }
}

/// All files of the crate but its tests.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("tests") {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found
}

/// What is registered: `web::get().to(HANDLER)`, or `web::to(HANDLER)` for all methods.
fn routes(path: &Path, text: &str) -> Vec<Route> {
    let dense: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let calls = dense.match_indices("to(").filter(|(at, _)| {
        let before = &dense[..*at];
        before.ends_with("web::")
            || (before.ends_with("().")
                && before[..before.len() - 3]
                    .rsplit("web::")
                    .next()
                    .is_some_and(|word| word.chars().all(|c| c.is_ascii_lowercase())))
    });
    calls
        .map(|(at, _)| {
            let rest = &dense[at + 3..];
            Route {
                handler: rest[..rest.find(')').unwrap()].to_owned(),
                file: path.to_owned(),
            }
        })
        .collect()
}

/// The handler's name with its module, and what it takes.
fn signature(route: &Route, sources: &[(PathBuf, String)]) -> (String, String) {
    let (modules, name) = route
        .handler
        .rsplit_once("::")
        .unwrap_or(("", &route.handler));
    let module = modules.rsplit("::").next().unwrap_or_default();
    let is_of = |path: &Path| {
        if ["", "super", "self", "Self"].contains(&module) {
            return path == route.file;
        }
        let in_folder = path.parent().is_some_and(|folder| folder.ends_with(module));
        path.file_stem().is_some_and(|stem| stem == module) || in_folder
    };
    let head = format!("fn {name}(");
    // The nearest, where several modules have the name.
    let near = |path: &Path| {
        let shared = path.components().zip(route.file.components());
        shared.take_while(|(one, two)| one == two).count()
    };
    let found = sources
        .iter()
        .filter(|(path, text)| is_of(path) && text.contains(&head))
        .max_by_key(|(path, _)| near(path));
    let Some((path, text)) = found else {
        panic!("{} of {} is not found", route.handler, route.file.display());
    };
    let text = &text[text.find(&head).unwrap()..];
    let stem = path.file_stem().unwrap().to_string_lossy();
    let name = format!("{stem}::{name}");
    (name, text[..text.find('{').unwrap()].to_owned())
}
