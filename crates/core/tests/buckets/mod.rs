//! A fresh bucket for a test, in a server that takes requests of anybody.

#![allow(dead_code, reason = "not every test uses all of it")]

use aimapper_core::blob::{BlobError, Blobs};
use aimapper_core::id::BlobId;
use ureq::Agent;

/// Names the server for the tests.
pub(crate) const URL_VARIABLE: &str = "AIMAPPER_TEST_S3_URL";

/// Without it, the server shows and deletes only what is everybody's. It looks at no signature.
const SOMEBODY: &str = "AWS4-HMAC-SHA256 Credential=somebody/20260101/eu-central-1/s3/aws4_request, \
     SignedHeaders=host, Signature=00";

/// A bucket that is gone with this value.
pub(crate) struct Bucket {
    server: String,
    pub(crate) name: String,
    http: Agent,
}

impl Bucket {
    pub(crate) fn new() -> Self {
        let server = std::env::var(URL_VARIABLE).unwrap_or_else(|_| {
            panic!(
                "{URL_VARIABLE} names no S3-compatible server\n\
                 hint: run `bash deploy/dev/test.sh`, or start one as it does, with \
                 `bash deploy/dev/s3.sh start`, and set the variable to its URL"
            )
        });
        let bucket = Self {
            server,
            name: format!("t{}", BlobId::generate().to_string().replace('-', "")),
            http: Agent::new_with_defaults(),
        };
        let made = bucket.http.put(bucket.url("")).send_empty();
        made.unwrap();
        bucket
    }

    /// Address of the bucket, of an object or of a question.
    fn url(&self, rest: &str) -> String {
        format!("{}/{}{rest}", self.server, self.name)
    }

    /// Host and port of the server.
    pub(crate) fn host(&self) -> &str {
        self.server.split_once("://").unwrap().1
    }

    /// What leads to the server, or to another one.
    pub(crate) fn variables_for(server: &str) -> Vec<(String, String)> {
        [
            ("AWS_ENDPOINT_URL", server),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "somebody"),
            ("AWS_SECRET_ACCESS_KEY", "hunter2"),
            ("AWS_ALLOW_HTTP", "true"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        Self::variables_for(&self.server)
    }

    pub(crate) fn open(&self, prefix: &str) -> Result<Blobs, BlobError> {
        Blobs::s3(&self.name, prefix, self.variables())
    }

    fn ask(&self, question: &str) -> String {
        let mut answer = self.http.get(self.url(question)).call().unwrap();
        answer.body_mut().read_to_string().unwrap()
    }

    /// Names of all objects (up to a thousand).
    pub(crate) fn objects(&self) -> Vec<String> {
        keys(&self.ask("?list-type=2"))
    }

    /// Names of the objects whose upload in parts has not ended.
    pub(crate) fn unfinished(&self) -> Vec<String> {
        keys(&self.ask("?uploads"))
    }

    /// In how many parts an object came; none if it came in one piece.
    pub(crate) fn parts(&self, name: &str) -> Option<usize> {
        let asking = self.http.head(self.url(&format!("/{name}")));
        let answer = asking.header("authorization", SOMEBODY).call().unwrap();
        let tag = answer.headers().get("etag").unwrap().to_str().unwrap();
        let (_, parts) = tag.trim_matches('"').split_once('-')?;
        Some(parts.parse().unwrap())
    }

    /// Takes the bucket away with all that is in it.
    pub(crate) fn remove(&self) {
        while let objects = self.objects()
            && !objects.is_empty()
        {
            for object in objects {
                let deletion = self.http.delete(self.url(&format!("/{object}")));
                deletion.header("authorization", SOMEBODY).call().unwrap();
            }
        }
        self.http.delete(self.url("")).call().unwrap();
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        // A test that failed leaves it for a look, and one may have taken it away.
        let there = self.http.head(self.url("")).call().is_ok();
        if there && !std::thread::panicking() {
            self.remove();
        }
    }
}

/// The names in a listing.
fn keys(listing: &str) -> Vec<String> {
    let found = listing.split("<Key>").skip(1);
    found
        .map(|rest| rest.split_once("</Key>").unwrap().0.to_owned())
        .collect()
}
