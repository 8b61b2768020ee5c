//! Style and scripts: built in, named by their hash, so that browsers keep them for ever and never
//! take an old one. Nothing is loaded from elsewhere.

use std::sync::LazyLock;

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use sha2::{Digest, Sha256};

/// A file that pages name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asset {
    /// The style sheet.
    Style,
    /// htmx, as its authors publish it (NOTICE).
    Htmx,
    /// Its extension for server-sent events.
    HtmxEvents,
    /// Keys and focus.
    Keys,
    /// The icon of the tab.
    Icon,
}

impl Asset {
    const ALL: [Self; 5] = [
        Self::Style,
        Self::Htmx,
        Self::HtmxEvents,
        Self::Keys,
        Self::Icon,
    ];

    const fn stem(self) -> (&'static str, &'static str) {
        match self {
            Self::Style => ("style", "css"),
            Self::Htmx => ("htmx", "js"),
            Self::HtmxEvents => ("htmx-sse", "js"),
            Self::Keys => ("keys", "js"),
            Self::Icon => ("icon", "svg"),
        }
    }

    const fn content(self) -> &'static str {
        match self {
            Self::Style => include_str!("../../assets/style.css"),
            Self::Htmx => include_str!("../../assets/htmx.min.js"),
            Self::HtmxEvents => include_str!("../../assets/htmx-sse.min.js"),
            Self::Keys => include_str!("../../assets/keys.js"),
            Self::Icon => include_str!("../../assets/icon.svg"),
        }
    }

    const fn media_type(self) -> &'static str {
        match self {
            Self::Style => "text/css; charset=utf-8",
            Self::Htmx | Self::HtmxEvents | Self::Keys => "text/javascript; charset=utf-8",
            Self::Icon => "image/svg+xml",
        }
    }

    /// Where it is served.
    pub(crate) fn path(self) -> &'static str {
        PATHS
            .iter()
            .find(|(asset, _)| *asset == self)
            .map_or("", |(_, path)| path)
    }
}

static PATHS: LazyLock<Vec<(Asset, String)>> = LazyLock::new(|| {
    let path = |asset: Asset| {
        let (stem, end) = asset.stem();
        format!("/assets/{stem}-{}.{end}", short_hash(asset.content()))
    };
    Asset::ALL.map(|asset| (asset, path(asset))).to_vec()
});

/// The first 64 bits of a SHA-256, in hexadecimal.
fn short_hash(content: &str) -> String {
    let digest = Sha256::digest(content.as_bytes());
    digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The route of the assets; they are the same for everybody and need no session.
pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/assets/{name}", web::get().to(serve));
}

async fn serve(name: web::Path<String>) -> HttpResponse {
    let wanted = format!("/assets/{name}");
    match PATHS.iter().find(|(_, path)| *path == wanted) {
        Some((asset, _)) => HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, asset.media_type()))
            .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .body(asset.content()),
        None => HttpResponse::NotFound()
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .finish(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// htmx.org 2.0.11 and htmx-ext-sse 2.2.4 from the npm registry, `dist/*.min.js`.
    const PINNED: [(Asset, &str); 2] = [
        (
            Asset::Htmx,
            "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717",
        ),
        (
            Asset::HtmxEvents,
            "98a46496de0c3605fbffdce9167ba427bdd9553184f83f149c261891a92c0136",
        ),
    ];

    #[test]
    fn what_others_wrote_is_what_they_published() {
        for (asset, hash) in PINNED {
            let digest = Sha256::digest(asset.content().as_bytes());
            let found: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(found, hash, "{asset:?}");
        }
    }

    #[test]
    fn all_scripts_together_are_small() {
        use std::io::Write as _;
        let packed = |asset: Asset| {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            gzip.write_all(asset.content().as_bytes()).unwrap();
            gzip.finish().unwrap().len()
        };
        let bytes: usize = [Asset::Htmx, Asset::HtmxEvents, Asset::Keys]
            .map(packed)
            .iter()
            .sum();
        assert!(bytes < 40_000, "{bytes}");
    }

    #[test]
    fn nothing_comes_from_elsewhere() {
        for asset in [Asset::Style, Asset::Keys, Asset::Icon] {
            let content = asset.content().replace("http://www.w3.org/2000/svg", "");
            for foreign in ["http://", "https://", "@import", "url(", "eval("] {
                assert!(!content.contains(foreign), "{asset:?}: {foreign}");
            }
        }
    }

    #[test]
    fn every_asset_has_a_path_of_its_own() {
        let mut paths: Vec<&str> = Asset::ALL.iter().map(|asset| asset.path()).collect();
        paths.sort_unstable();
        paths.dedup();
        assert_eq!(paths.len(), Asset::ALL.len());
        assert!(paths.iter().all(|path| path.starts_with("/assets/")));
    }
}
