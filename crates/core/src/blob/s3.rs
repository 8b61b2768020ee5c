//! Files in S3-compatible storage: one object for each, named PREFIX/KEY. An object appears only when it
//! is whole, so nothing needs a name before that.
//!
//! A file of up to one part is one PUT; a larger one is sent in parts, a few of them under way at a time.
//! Reading asks for one block after the other. Calls block while a runtime of its own does the work;
//! each request has a limit on its time, so none waits for ever.

use std::collections::{BTreeSet, VecDeque};
use std::error::Error as _;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey, Checksum};
use object_store::list::{PaginatedListOptions, PaginatedListResult, PaginatedListStore as _};
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientConfigKey, ClientOptions, Error, GetOptions, GetRange, MultipartUpload,
    ObjectMeta, ObjectStore as _, ObjectStoreExt as _, PutPayload, RetryConfig,
};
use sha2::{Digest as _, Sha256};

use super::lane::{Lane, Started};
use super::{BlobError, BlobPlace, Key, Stored, Swept, stored};

/// Bytes of one part. All parts but the last have the same size, as some stores want it; with at most
/// 10,000 parts, which is the limit of S3, a file has up to 78 GiB.
const PART: usize = 8 << 20;

/// Parts of a file that are on their way at once. With the one that is being filled, an upload takes
/// 32 MiB.
const UNDER_WAY: usize = 3;

/// Bytes that a reader asks for at a time.
const BLOCK: u64 = 4 << 20;

/// Keys that are listed, and asked for, at a time.
const AT_A_TIME: usize = 500;

/// Files that a sweep deletes at once.
const DELETED_AT_ONCE: usize = 16;

/// For one request with its answer: a part at 2.2 Mbit/s.
const REQUEST: Duration = Duration::from_secs(30);

const CONNECT: Duration = Duration::from_secs(5);

/// How long and how often a request is tried again. A job is tried again as a whole, later.
const RETRY: Duration = Duration::from_secs(60);
const RETRIES: usize = 5;

/// What a store says when it is full; there is no standard code for it.
const FULL: [&str; 3] = ["507 Insufficient Storage", "StorageFull", "QuotaExceeded"];

#[derive(Debug)]
pub(super) struct S3Blobs(Arc<Client>);

#[derive(Debug)]
struct Client {
    store: AmazonS3,
    lane: Lane,
    /// What stands before each key: nothing, or a text that ends in a slash.
    before_key: String,
    /// The place, for messages.
    shown: String,
}

impl S3Blobs {
    /// Opens a bucket by variables that begin with `AWS_`, and asks it for one name.
    pub(super) fn open(
        bucket: &str,
        prefix: &str,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, BlobError> {
        let place = BlobPlace::S3 {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        };
        let shown = place.to_string();
        let variables: Vec<(String, String)> = variables.into_iter().collect();
        let unusable = |said: &str| BlobError::Settings {
            place: shown.clone(),
            source: io::Error::other(without_values(said, &variables)),
        };
        let builder = builder(&variables).with_bucket_name(bucket);
        check_endpoint(&builder).map_err(unusable)?;
        let store = builder.build();
        let store = store.map_err(|error| unusable(&told(&error).to_string()))?;
        let lane = Lane::open().map_err(|source| BlobError::of("use", &shown, source))?;
        let before_key = match prefix {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        };
        let blobs = Self(Arc::new(Client {
            store,
            lane,
            before_key,
            shown,
        }));
        blobs.page(None, 1)?;
        Ok(blobs)
    }

    pub(super) fn begin(&self, key: &Key) -> S3Upload {
        S3Upload {
            client: Arc::clone(&self.0),
            key: key.clone(),
            part: Vec::new(),
            sent: Sent::Nothing,
            hash: Sha256::new(),
            bytes: 0,
        }
    }

    pub(super) fn read(&self, key: &Key) -> Result<S3Download, BlobError> {
        let (store, at) = (self.0.store.clone(), self.0.at(key));
        let found = self.0.run(async move { about(&store, &at).await });
        match found {
            Ok(found) => Ok(S3Download {
                client: Arc::clone(&self.0),
                at: self.0.at(key),
                e_tag: found.e_tag,
                size: found.size,
                position: 0,
                block: Vec::new(),
                block_at: 0,
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(BlobError::NotFound { key: key.clone() })
            }
            Err(source) => Err(BlobError::of("read", key, source)),
        }
    }

    pub(super) fn delete(&self, key: &Key) -> Result<(), BlobError> {
        self.start_deletion(key)
            .wait()
            .and_then(gone)
            .map_err(|source| BlobError::of("delete", key, source))
    }

    fn start_deletion(&self, key: &Key) -> Started<object_store::Result<()>> {
        let (store, at) = (self.0.store.clone(), self.0.at(key));
        self.0.lane.start(async move { store.delete(&at).await })
    }

    /// Parts of files that never became whole are not seen here: S3 lists them elsewhere, and deletes
    /// them by a rule of the bucket (docs/service.md).
    pub(super) fn sweep<E>(
        &self,
        before: SystemTime,
        mut named: impl FnMut(&[String]) -> Result<BTreeSet<String>, E>,
    ) -> Result<Swept, BlobError>
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let mut swept = Swept::default();
        let mut token = None;
        loop {
            let page = self.page(token.take(), AT_A_TIME)?;
            let old: Vec<(Key, u64)> = page
                .result
                .objects
                .into_iter()
                .filter(|object| SystemTime::from(object.last_modified) < before)
                .filter_map(|object| Some((self.0.key(&object)?, object.size)))
                .collect();
            if !old.is_empty() {
                let keys: Vec<String> = old.iter().map(|(key, _)| key.to_string()).collect();
                let named = named(&keys).map_err(|error| BlobError::Names(error.into()))?;
                let orphans: Vec<&(Key, u64)> = old
                    .iter()
                    .filter(|(key, _)| !named.contains(key.as_str()))
                    .collect();
                self.remove(&orphans, &mut swept)?;
            }
            token = page.page_token;
            if token.is_none() {
                return Ok(swept);
            }
        }
    }

    fn remove(&self, orphans: &[&(Key, u64)], swept: &mut Swept) -> Result<(), BlobError> {
        for some in orphans.chunks(DELETED_AT_ONCE) {
            let started: Vec<_> = some
                .iter()
                .map(|(key, bytes)| (key, bytes, self.start_deletion(key)))
                .collect();
            for (key, bytes, deletion) in started {
                deletion
                    .wait()
                    .and_then(gone)
                    .map_err(|source| BlobError::of("delete", key, source))?;
                swept.orphans += 1;
                swept.bytes += bytes;
            }
        }
        Ok(())
    }

    /// Some of the objects of this place.
    fn page(&self, token: Option<String>, most: usize) -> Result<PaginatedListResult, BlobError> {
        let (store, before_key) = (self.0.store.clone(), self.0.before_key.clone());
        let options = PaginatedListOptions {
            max_keys: Some(most),
            page_token: token,
            ..PaginatedListOptions::default()
        };
        let listing = async move {
            let before_key = (!before_key.is_empty()).then_some(before_key.as_str());
            store.list_paginated(before_key, options).await
        };
        self.0
            .run(listing)
            .map_err(|source| BlobError::of("look into", &self.0.shown, source))
    }
}

/// The client for a bucket, but for its name.
fn builder(variables: &[(String, String)]) -> AmazonS3Builder {
    let limits = ClientOptions::new()
        .with_timeout(REQUEST)
        .with_connect_timeout(CONNECT);
    let retry = RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries: RETRIES,
        retry_timeout: RETRY,
    };
    let builder = AmazonS3Builder::new()
        .with_client_options(limits)
        .with_retry(retry)
        .with_checksum_algorithm(Checksum::SHA256)
        // Not every store knows the request that deletes many.
        .with_disable_bulk_delete(true);
    // As `AmazonS3Builder::from_env` does it, but with variables that are given.
    variables.iter().fold(builder, |builder, (name, value)| {
        let name = name.to_ascii_lowercase();
        match name.parse() {
            Ok(key) if name.starts_with("aws_") => builder.with_config(key, value),
            // Other programs have variables of that name too.
            Ok(_) | Err(_) => builder,
        }
    })
}

/// Looks at what `object_store` finds out late: it panics over an address that is none, and messages
/// repeat the address.
fn check_endpoint(builder: &AmazonS3Builder) -> Result<(), &'static str> {
    let set = |key| builder.get_config_value(&key);
    let Some(endpoint) =
        set(AmazonS3ConfigKey::S3Endpoint).or_else(|| set(AmazonS3ConfigKey::Endpoint))
    else {
        return Ok(());
    };
    let (scheme, rest) = endpoint.split_once("://").unwrap_or_default();
    let allow_http = set(AmazonS3ConfigKey::Client(ClientConfigKey::AllowHttp));
    match scheme {
        "https" => {}
        "http" if allow_http.is_some_and(|allowed| allowed != "false") => {}
        "http" => return Err("the endpoint has no TLS, which AWS_ALLOW_HTTP=true allows"),
        _ => return Err("the endpoint is no address that begins with http:// or https://"),
    }
    let authority = rest.split('/').next().unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        Some(_) | None => (authority, "443"),
    };
    let of_host =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'[' | b']' | b':');
    let of_path = |b: u8| {
        b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'/' | b':' | b'[' | b']')
    };
    let good = !host.is_empty()
        && host.bytes().all(of_host)
        && rest.bytes().all(of_path)
        && port.parse::<u16>().is_ok();
    if good {
        Ok(())
    } else {
        Err("the endpoint is not http(s)://HOST:PORT")
    }
}

impl Client {
    fn at(&self, key: &Key) -> Path {
        // Nothing in a key has to be escaped.
        Path::from(format!("{}{key}", self.before_key))
    }

    /// The key of an object; none if it cannot be one of ours.
    fn key(&self, object: &ObjectMeta) -> Option<Key> {
        let key = object.location.as_ref().strip_prefix(&self.before_key)?;
        key.parse().ok()
    }

    fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = object_store::Result<T>> + Send + 'static,
    ) -> io::Result<T> {
        let done = self.lane.wait(work)?;
        done.map_err(|error| told(&error))
    }
}

/// What there is to know of an object. The answer to HEAD has no body; whether there is no such object
/// or no such bucket is told by that to GET.
async fn about(store: &AmazonS3, at: &Path) -> object_store::Result<ObjectMeta> {
    match store.head(at).await {
        Err(Error::NotFound { .. }) => store.get(at).await.map(|found| found.meta),
        answer => answer,
    }
}

/// What came of a deletion. What is not there is as good as deleted.
fn gone(answer: object_store::Result<()>) -> io::Result<()> {
    match answer.map_err(|error| told(&error)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// What the store says, with all causes in one text.
fn told(error: &Error) -> io::Error {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    let text = without_body(text.trim_start_matches("Generic S3 error: "));
    let kind = if FULL.iter().any(|full| text.contains(full)) {
        io::ErrorKind::StorageFull
    } else if matches!(error, Error::NotFound { .. }) && !text.contains("NoSuchBucket") {
        io::ErrorKind::NotFound
    } else {
        io::ErrorKind::Other
    };
    io::Error::new(kind, text)
}

/// A message with the code of the store's answer but without its body, which repeats what was signed,
/// and with it tokens of sessions.
fn without_body(text: &str) -> String {
    let Some((said, body)) = text.split_once('<') else {
        return text.to_owned();
    };
    let code = body
        .split_once("<Code>")
        .and_then(|(_, rest)| rest.split_once("</Code>"))
        .map_or("", |(code, _)| code);
    let is_code = code.len() <= 64 && code.bytes().all(|b| b.is_ascii_alphanumeric());
    let code = if is_code { code } else { "" };
    format!("{said}{code}")
        .trim_end_matches([' ', ':'])
        .to_owned()
}

/// A message that quotes no value of a variable: it may be a secret that stands in the wrong place.
fn without_values(text: &str, variables: &[(String, String)]) -> String {
    variables.iter().fold(text.to_owned(), |text, (_, value)| {
        text.replace(&format!("\"{value}\""), "a value")
    })
}

/// A file on its way.
#[derive(Debug)]
pub(super) struct S3Upload {
    client: Arc<Client>,
    key: Key,
    /// What is not on its way yet, at most one part.
    part: Vec<u8>,
    sent: Sent,
    hash: Sha256,
    bytes: u64,
}

#[derive(Debug)]
enum Sent {
    /// The file may still be no larger than one part.
    Nothing,
    Parts {
        upload: Box<dyn MultipartUpload>,
        /// In the order of the file.
        under_way: VecDeque<Started<object_store::Result<()>>>,
    },
    /// Something failed, so that a part may be missing.
    Broken,
}

impl S3Upload {
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.part.len() >= PART {
                self.send_part()?;
            }
            let fits = PART.saturating_sub(self.part.len()).min(rest.len());
            let (now, later) = rest.split_at(fits);
            self.part.extend_from_slice(now);
            rest = later;
        }
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    fn failed(&self, source: io::Error) -> BlobError {
        BlobError::of("write", &self.key, source)
    }

    fn send_part(&mut self) -> Result<(), BlobError> {
        let sent = self.try_send_part();
        sent.map_err(|source| {
            self.give_up();
            self.failed(source)
        })
    }

    fn try_send_part(&mut self) -> io::Result<()> {
        if matches!(self.sent, Sent::Nothing) {
            let (store, at) = (self.client.store.clone(), self.client.at(&self.key));
            let upload = self
                .client
                .run(async move { store.put_multipart(&at).await })?;
            self.sent = Sent::Parts {
                upload,
                under_way: VecDeque::new(),
            };
        }
        let Sent::Parts { upload, under_way } = &mut self.sent else {
            return Err(io::Error::other("an earlier part was not stored"));
        };
        while under_way.len() >= UNDER_WAY {
            finish_first(under_way)?;
        }
        let part = std::mem::replace(&mut self.part, Vec::with_capacity(PART));
        let sending = upload.put_part(PutPayload::from(part));
        under_way.push_back(self.client.lane.start(sending));
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Stored, BlobError> {
        if matches!(self.sent, Sent::Nothing) {
            let (store, at) = (self.client.store.clone(), self.client.at(&self.key));
            let part = PutPayload::from(std::mem::take(&mut self.part));
            self.client
                .run(async move { store.put(&at, part).await })
                .map_err(|source| self.failed(source))?;
        } else {
            self.send_part()?;
            self.complete().map_err(|source| self.failed(source))?;
        }
        let hash = std::mem::take(&mut self.hash);
        Ok(stored(self.key.clone(), self.bytes, hash))
    }

    /// Puts the parts together. If that fails, they are still there to be taken away.
    fn complete(&mut self) -> io::Result<()> {
        if let Sent::Parts { under_way, .. } = &mut self.sent {
            while !under_way.is_empty() {
                finish_first(under_way)?;
            }
        }
        let Sent::Parts { mut upload, .. } = std::mem::replace(&mut self.sent, Sent::Broken) else {
            return Err(io::Error::other("no part was stored"));
        };
        let (completed, upload) = self.client.lane.wait(async move {
            let completed = upload.complete().await;
            (completed, upload)
        })?;
        if let Err(error) = completed {
            self.sent = Sent::Parts {
                upload,
                under_way: VecDeque::new(),
            };
            return Err(told(&error));
        }
        Ok(())
    }

    /// Takes the parts away that the store has. Nobody waits for it, because uploads are dropped where
    /// nothing may block. Parts that are on their way are waited for: one that came after the end
    /// would stay.
    fn give_up(&mut self) {
        let sent = std::mem::replace(&mut self.sent, Sent::Broken);
        let Sent::Parts {
            mut upload,
            under_way,
        } = sent
        else {
            return;
        };
        let client = Arc::clone(&self.client);
        self.client.lane.let_go(async move {
            for part in under_way {
                part.ended().await;
            }
            // What cannot be taken away now is left to the rule of the bucket.
            let _left = upload.abort().await;
            // It lives for so long, or the work would end with it.
            drop(client);
        });
    }
}

impl Drop for S3Upload {
    fn drop(&mut self) {
        self.give_up();
    }
}

/// Waits for the oldest part that is under way.
fn finish_first(under_way: &mut VecDeque<Started<object_store::Result<()>>>) -> io::Result<()> {
    under_way
        .pop_front()
        .map_or(Ok(()), |part| part.wait()?.map_err(|error| told(&error)))
}

/// A file that is read. All its blocks are of one version of it, or there is an error.
#[derive(Debug)]
pub(super) struct S3Download {
    client: Arc<Client>,
    at: Path,
    e_tag: Option<String>,
    size: u64,
    position: u64,
    block: Vec<u8>,
    /// Where in the file the block begins.
    block_at: u64,
}

impl S3Download {
    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    /// What the block has from the position on.
    fn here(&self) -> &[u8] {
        let skipped = self.position.checked_sub(self.block_at);
        skipped
            .and_then(|skipped| self.block.get(usize::try_from(skipped).ok()?..))
            .unwrap_or_default()
    }

    fn fetch(&mut self) -> io::Result<()> {
        let (store, at) = (self.client.store.clone(), self.at.clone());
        let from = self.position;
        let to = from.saturating_add(BLOCK).min(self.size);
        let options = GetOptions {
            if_match: self.e_tag.clone(),
            range: Some(GetRange::Bounded(from..to)),
            ..GetOptions::default()
        };
        let block = self
            .client
            .run(async move { store.get_opts(&at, options).await?.bytes().await })?;
        if block.len() as u64 != to - from {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.block = block.into();
        self.block_at = from;
        Ok(())
    }
}

impl Read for S3Download {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.size || buffer.is_empty() {
            return Ok(0);
        }
        if self.here().is_empty() {
            self.fetch()?;
        }
        let read = self.here().read(buffer)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for S3Download {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_the_code_of_an_answer_and_not_its_body() {
        let answer = "Generic S3 error: Server returned non-2xx status code: 400 Bad Request: \
                      <?xml version=\"1.0\"?><Error><Code>ExpiredToken</Code>\
                      <Token-0>hunter2</Token-0></Error>";
        let error = Error::Generic {
            store: "S3",
            source: answer.into(),
        };
        let said = told(&error);
        assert!(said.to_string().ends_with("400 Bad Request: ExpiredToken"));
        assert!(!format!("{said:?}").contains("hunter2"));
        let odd = "502 Bad Gateway: <html><Code>hunter2\n</Code>";
        assert_eq!(without_body(odd), "502 Bad Gateway");
    }

    #[test]
    fn a_store_that_is_full_has_no_space() {
        let error = Error::Generic {
            store: "S3",
            source: "507 Insufficient Storage: <Error><Code>XMinioStorageFull</Code></Error>"
                .into(),
        };
        assert_eq!(told(&error).kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn no_bucket_is_not_the_same_as_no_file() {
        let missing = |code: &str| Error::NotFound {
            path: "a".to_owned(),
            source: format!("404 Not Found: <Error><Code>{code}</Code></Error>").into(),
        };
        assert_eq!(told(&missing("NoSuchKey")).kind(), io::ErrorKind::NotFound);
        assert_eq!(told(&missing("NoSuchBucket")).kind(), io::ErrorKind::Other);
        assert!(gone(Err(missing("NoSuchKey"))).is_ok());
        assert!(gone(Err(missing("NoSuchBucket"))).is_err());
    }

    #[test]
    fn settings_that_cannot_be_used_are_an_error() {
        for (name, value) in [
            ("AWS_ALLOW_HTTP", "hunter2"),
            ("AWS_CHECKSUM_ALGORITHM", "hunter2"),
            ("AWS_ENDPOINT_URL", "hunter2"),
            ("AWS_ENDPOINT_URL", "http://localhost:9000"),
            ("AWS_ENDPOINT_URL", "ftp://localhost"),
            ("AWS_ENDPOINT", "https://"),
            ("AWS_ENDPOINT", "https://localhost:hunter2"),
            ("AWS_ENDPOINT_URL_S3", "https://me:hunter2@localhost"),
            ("AWS_ENDPOINT_URL", "https://local host"),
        ] {
            let variables = [(name.to_owned(), value.to_owned())];
            let error = S3Blobs::open("files", "a", variables).unwrap_err();
            assert!(matches!(error, BlobError::Settings { .. }), "{error:?}");
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn endpoints_are_addresses() {
        for good in [
            "https://s3.example.org",
            "https://s3.example.org/",
            "https://s3.example.org:9000/a/b",
            "https://[::1]:9000",
            "https://[::1]",
        ] {
            let variables = [("AWS_ENDPOINT_URL".to_owned(), good.to_owned())];
            assert_eq!(check_endpoint(&builder(&variables)), Ok(()), "{good}");
        }
        assert_eq!(check_endpoint(&builder(&[])), Ok(()));
    }
}
