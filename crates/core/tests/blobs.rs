//! What the blob store promises, wherever it keeps its files: each rule over a local directory and over
//! a bucket. Behind them what only a bucket can do: be another one, be away, hang.

#![cfg(test)]
#![cfg(feature = "s3")]

mod buckets;

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fs;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use aimapper_core::blob::{BlobError, Blobs, Key, Stored, Swept};
use aimapper_core::error::{ErrorKind, Explain};
use buckets::Bucket;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

/// Bytes that go to S3 as one part.
const PART: usize = 8 << 20;

/// A test on both places.
macro_rules! on_both {
    ($($rule:ident)+) => {
        mod local {
            $(#[test] fn $rule() { super::$rule(&super::Ground::local()); })+
        }
        mod s3 {
            $(#[test] fn $rule() { super::$rule(&super::Ground::s3()); })+
        }
    };
}

on_both! {
    a_file_is_there_when_it_is_whole
    size_and_hash_are_those_of_the_bytes
    a_file_is_replaced_at_once
    a_reader_sees_one_version_or_an_error
    what_is_not_there_is_deleted_as_well
    it_is_read_from_any_place_on
    a_large_file_comes_back
    a_dropped_upload_leaves_nothing
    what_no_row_names_is_swept_but_not_what_is_new
    without_the_names_nothing_is_swept
    names_are_asked_for_in_groups
}

/// A place of files that is gone with this value.
struct Ground {
    blobs: Blobs,
    place: Place,
}

enum Place {
    Folder(TempDir),
    Bucket(Bucket),
}

impl Ground {
    fn local() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            blobs: Blobs::local(folder.path()).unwrap(),
            place: Place::Folder(folder),
        }
    }

    fn s3() -> Self {
        let bucket = Bucket::new();
        Self {
            blobs: bucket.open("files/here").unwrap(),
            place: Place::Bucket(bucket),
        }
    }

    fn put(&self, at: &str, bytes: &[u8]) -> Stored {
        put(&self.blobs, at, bytes).unwrap()
    }

    fn get(&self, at: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut file = self.blobs.read(&key(at)).unwrap();
        file.read_to_end(&mut bytes).unwrap();
        assert_eq!(file.size(), bytes.len() as u64);
        bytes
    }

    /// Keys of the files that are whole.
    fn files(&self) -> Vec<String> {
        let mut found = match &self.place {
            Place::Folder(folder) => below(&folder.path().join("objects")),
            Place::Bucket(bucket) => {
                let prefixed = bucket.objects().into_iter();
                prefixed
                    .map(|name| name.strip_prefix("files/here/").unwrap().to_owned())
                    .collect()
            }
        };
        found.sort();
        found
    }

    /// What there is of files that are not whole.
    fn unfinished(&self) -> usize {
        match &self.place {
            Place::Folder(folder) => below(&folder.path().join("unfinished")).len(),
            Place::Bucket(bucket) => bucket.unfinished().len(),
        }
    }

    /// Asks until nothing is left of files that are not whole: in a bucket it is taken away behind
    /// the caller's back.
    fn settles(&self) {
        let start = Instant::now();
        while self.unfinished() > 0 {
            assert!(start.elapsed() < Duration::from_secs(60), "it stays");
            thread::yield_now();
        }
    }
}

/// Paths of all files below a folder.
fn below(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let below = path.strip_prefix(root).unwrap();
                found.push(below.to_str().unwrap().to_owned());
            }
        }
    }
    found
}

fn key(text: &str) -> Key {
    text.parse().unwrap()
}

/// Writes a file in blocks of an odd size.
fn put(blobs: &Blobs, at: &str, bytes: &[u8]) -> Result<Stored, BlobError> {
    let mut upload = blobs.begin(&key(at))?;
    for block in bytes.chunks(99_991) {
        upload.write(block)?;
    }
    assert_eq!(upload.bytes(), bytes.len() as u64);
    upload.finish()
}

/// Bytes of which no two blocks are the same.
fn bytes(length: usize) -> Vec<u8> {
    let numbers = (0_u64..).flat_map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes());
    numbers.take(length).collect()
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn later() -> SystemTime {
    SystemTime::now() + Duration::from_secs(60)
}

fn names_of_none(_: &[String]) -> Result<BTreeSet<String>, Infallible> {
    Ok(BTreeSet::new())
}

fn a_file_is_there_when_it_is_whole(ground: &Ground) {
    let mut upload = ground.blobs.begin(&key("t/uploads/a")).unwrap();
    upload.write(b"abc").unwrap();
    let missing = ground.blobs.read(&key("t/uploads/a")).unwrap_err();
    assert!(matches!(missing, BlobError::NotFound { .. }), "{missing}");
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    assert_eq!(ground.files(), Vec::<String>::new());
    upload.finish().unwrap();
    assert_eq!(ground.get("t/uploads/a"), b"abc");
    assert_eq!(ground.files(), ["t/uploads/a"]);
}

fn size_and_hash_are_those_of_the_bytes(ground: &Ground) {
    // FIPS 180-2, appendix B.1, and nothing at all.
    for (text, hash) in [
        (
            "abc",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
        (
            "",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ),
    ] {
        let stored = ground.put("t/a", text.as_bytes());
        let expected = Stored {
            key: key("t/a"),
            bytes: text.len() as u64,
            sha256: hash.to_owned(),
        };
        assert_eq!(stored, expected);
        assert_eq!(ground.get("t/a"), text.as_bytes());
    }
}

fn a_file_is_replaced_at_once(ground: &Ground) {
    ground.put("t/a", b"old");
    let new = bytes(PART + 1);
    let mut upload = ground.blobs.begin(&key("t/a")).unwrap();
    upload.write(&new).unwrap();
    assert_eq!(ground.get("t/a"), b"old");
    upload.finish().unwrap();
    assert!(ground.get("t/a") == new);
    assert_eq!(ground.files(), ["t/a"]);
}

fn a_reader_sees_one_version_or_an_error(ground: &Ground) {
    let old = bytes(5 << 20);
    ground.put("t/a", &old);
    let mut reader = ground.blobs.read(&key("t/a")).unwrap();
    let mut seen = vec![0; 10];
    reader.read_exact(&mut seen).unwrap();
    ground.put("t/a", &vec![b'n'; 5 << 20]);
    match reader.read_to_end(&mut seen) {
        Ok(_) => assert!(seen == old),
        Err(error) => assert_ne!(error.kind(), io::ErrorKind::NotFound),
    }
    assert!(ground.get("t/a") == vec![b'n'; 5 << 20]);
}

fn what_is_not_there_is_deleted_as_well(ground: &Ground) {
    ground.put("t/a", b"1");
    ground.put("t/ab", b"2");
    ground.blobs.delete(&key("t/a")).unwrap();
    ground.blobs.delete(&key("t/a")).unwrap();
    ground.blobs.delete(&key("never/there")).unwrap();
    assert_eq!(ground.files(), ["t/ab"]);
}

fn it_is_read_from_any_place_on(ground: &Ground) {
    let all = bytes(10_000_000);
    ground.put("t/a", &all);
    let mut file = ground.blobs.read(&key("t/a")).unwrap();
    let mut at = |to: SeekFrom, wanted: usize| {
        let position = file.seek(to).unwrap();
        let mut part = vec![0; wanted];
        file.read_exact(&mut part).unwrap();
        let from = usize::try_from(position).unwrap();
        assert!(part == all[from..from + wanted], "{to:?}");
        assert_eq!(file.stream_position().unwrap(), (from + wanted) as u64);
        from
    };
    assert_eq!(at(SeekFrom::Start(7_000_001), 13), 7_000_001);
    assert_eq!(at(SeekFrom::Current(-100), 1), 6_999_914);
    // Over the end of a block that was read ahead.
    assert_eq!(at(SeekFrom::Start(4 << 20), 5_000_000), 4 << 20);
    assert_eq!(at(SeekFrom::End(-5), 5), 9_999_995);
    assert_eq!(at(SeekFrom::Start(0), 10), 0);
    assert_eq!(file.seek(SeekFrom::End(7)).unwrap(), 10_000_007);
    assert_eq!(file.read(&mut [0; 4]).unwrap(), 0);
    assert!(file.seek(SeekFrom::Current(-20_000_000)).is_err());
    assert_eq!(file.seek(SeekFrom::Start(9_999_999)).unwrap(), 9_999_999);
    assert_eq!(file.read(&mut [0; 4]).unwrap(), 1);
}

fn a_large_file_comes_back(ground: &Ground) {
    let all = bytes(40_000_000);
    let stored = ground.put("t/uploads/large", &all);
    assert_eq!(stored.bytes, 40_000_000);
    assert_eq!(stored.sha256, sha256(&all));
    assert!(ground.get("t/uploads/large") == all);
    assert_eq!(ground.unfinished(), 0);
    if let Place::Bucket(bucket) = &ground.place {
        assert_eq!(bucket.parts("files/here/t/uploads/large"), Some(5));
    }
}

fn a_dropped_upload_leaves_nothing(ground: &Ground) {
    for length in [0, 1000, 3 * PART + 1] {
        let mut upload = ground.blobs.begin(&key("t/a")).unwrap();
        upload.write(&bytes(length)).unwrap();
        drop(upload);
        ground.settles();
        assert_eq!(ground.files(), Vec::<String>::new(), "{length}");
    }
}

fn what_no_row_names_is_swept_but_not_what_is_new(ground: &Ground) {
    for at in ["t/uploads/kept", "t/uploads/orphan", "t/jobs/j/1/good-0"] {
        ground.put(at, b"12");
    }
    let names = |keys: &[String]| {
        let kept = keys.iter().filter(|key| key.ends_with("kept")).cloned();
        Ok::<_, Infallible>(kept.collect())
    };
    let young = SystemTime::now() - Duration::from_secs(3600);
    let swept = ground.blobs.sweep(young, names).unwrap();
    assert_eq!(swept, Swept::default());
    assert_eq!(ground.files().len(), 3);
    let swept = ground.blobs.sweep(later(), names).unwrap();
    let expected = Swept {
        orphans: 2,
        unfinished: 0,
        bytes: 4,
    };
    assert_eq!(swept, expected);
    assert_eq!(ground.files(), ["t/uploads/kept"]);
    let again = ground.blobs.sweep(later(), names).unwrap();
    assert_eq!(again, Swept::default());
}

fn without_the_names_nothing_is_swept(ground: &Ground) {
    ground.put("t/a", b"12");
    let away = ground.blobs.sweep(later(), |_| Err("the database is away"));
    assert!(matches!(away, Err(BlobError::Names(_))));
    assert_eq!(ground.get("t/a"), b"12");
}

fn names_are_asked_for_in_groups(ground: &Ground) {
    let all: Vec<String> = (0..510).map(|n| format!("t/{n:03}")).collect();
    thread::scope(|scope| {
        for some in all.chunks(128) {
            scope.spawn(move || some.iter().for_each(|at| drop(ground.put(at, b"1"))));
        }
    });
    let mut asked = Vec::new();
    let swept = ground.blobs.sweep(later(), |keys| {
        assert!(keys.len() <= 500, "{} at once", keys.len());
        asked.extend_from_slice(keys);
        let kept = keys.iter().filter(|key| key.ends_with("05"));
        Ok::<_, Infallible>(kept.cloned().collect())
    });
    assert_eq!(swept.unwrap().orphans, 504);
    asked.sort();
    assert_eq!(asked, all);
    let kept = ["t/005", "t/105", "t/205", "t/305", "t/405", "t/505"];
    assert_eq!(ground.files(), kept);
}

/// Writes and reads a file of 120 MB in blocks. In a process of its own, so that its memory can be told.
#[test]
fn a_file_takes_no_memory_of_its_size() {
    let ground = Ground::s3();
    let Place::Bucket(bucket) = &ground.place else {
        panic!("it is a bucket");
    };
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "a_process_of_its_own",
            "--ignored",
            "--nocapture",
        ])
        .env("AIMAPPER_BUCKET", &bucket.name)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    let grown: u64 = said
        .lines()
        .find_map(|line| line.strip_prefix("grown by ")?.parse().ok())
        .unwrap();
    assert!(grown < 64 << 10, "{grown} KiB");
}

#[test]
#[ignore = "started by another test"]
#[expect(clippy::print_stdout, reason = "its parent reads it")]
fn a_process_of_its_own() {
    let Ok(bucket) = std::env::var("AIMAPPER_BUCKET") else {
        return;
    };
    let server = std::env::var(buckets::URL_VARIABLE).unwrap();
    let blobs = Blobs::s3(&bucket, "files/here", Bucket::variables_for(&server)).unwrap();
    let block = bytes(1_000_000);
    let before = peak();
    let mut upload = blobs.begin(&key("t/a")).unwrap();
    for _ in 0..120 {
        upload.write(&block).unwrap();
    }
    upload.finish().unwrap();
    let read = io::copy(&mut blobs.read(&key("t/a")).unwrap(), &mut io::sink()).unwrap();
    assert_eq!(read, 120_000_000);
    println!("\ngrown by {}", peak() - before);
}

/// Most memory that this process had so far, in KiB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let number = line.unwrap().split_whitespace().nth(1);
    number.unwrap().parse().unwrap()
}

#[test]
fn up_to_one_part_it_is_one_request() {
    let ground = Ground::s3();
    let Place::Bucket(bucket) = &ground.place else {
        panic!("it is a bucket");
    };
    for (length, parts) in [(PART, None), (PART + 1, Some(2)), (2 * PART, Some(2))] {
        let all = bytes(length);
        let stored = ground.put("t/a", &all);
        assert_eq!(stored.sha256, sha256(&all));
        assert_eq!(bucket.parts("files/here/t/a"), parts, "{length}");
        assert!(ground.get("t/a") == all, "{length}");
    }
}

/// The server of the other tests does not compare the hash of a header with what it got, so this one
/// only looks whether it is sent.
#[test]
fn each_file_is_sent_with_its_hash() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let answering = thread::spawn(move || {
        let listing = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
        [listing, ""].map(|body| {
            let (mut asker, _) = listener.accept().unwrap();
            let mut asked = Vec::new();
            while !asked.windows(4).any(|end| end == b"\r\n\r\n") {
                let mut byte = [0];
                asker.read_exact(&mut byte).unwrap();
                asked.extend(byte);
            }
            let asked = String::from_utf8(asked).unwrap().to_lowercase();
            if asked.contains("content-length: 3\r\n") {
                asker.read_exact(&mut [0; 3]).unwrap();
            }
            let length = body.len();
            let head = format!("content-length: {length}\r\netag: \"1\"\r\nconnection: close");
            write!(asker, "HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}").unwrap();
            asked
        })
    });
    let blobs = Blobs::s3("files", "a", Bucket::variables_for(&server)).unwrap();
    put(&blobs, "t/x", b"abc").unwrap();
    let [listing, sending] = answering.join().unwrap();
    assert!(listing.starts_with("get /files?list-type=2&prefix=a%2f&max-keys=1 "));
    assert!(sending.starts_with("put /files/a/t/x http"), "{sending}");
    // That of FIPS 180-2 in base64, in small letters.
    let hash = "x-amz-checksum-sha256: ungwv48bz+pbqudexa4ii7adyaowf3qctbd/yfiafa0=";
    assert!(sending.contains(hash), "{sending}");
}

#[test]
fn another_prefix_is_another_place() {
    let bucket = Bucket::new();
    let places = ["a", "ab", "a/b", ""].map(|prefix| bucket.open(prefix).unwrap());
    for (place, text) in places.iter().zip(["1", "2", "3", "4"]) {
        put(place, "t/x", text.as_bytes()).unwrap();
    }
    let mut names = bucket.objects();
    names.sort();
    assert_eq!(names, ["a/b/t/x", "a/t/x", "ab/t/x", "t/x"]);
    places[1].sweep(later(), names_of_none).unwrap();
    places[2].sweep(later(), names_of_none).unwrap();
    let mut names = bucket.objects();
    names.sort();
    assert_eq!(names, ["a/t/x", "t/x"]);
    let gone = places[2].read(&key("t/x")).unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
}

/// The whole chain of an error that is the place's fault, and has no secret in it.
fn failed<T>(answer: Result<T, BlobError>) -> String {
    let error = answer.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let cause = std::error::Error::source(&error).unwrap();
    let said = format!("{error}: {cause}");
    assert!(!format!("{said} {error:?}").contains("hunter2"), "{said}");
    said
}

#[test]
fn without_its_bucket_it_does_not_open_and_does_not_go_on() {
    let bucket = Bucket::new();
    let missing = Blobs::s3("never-made", "", bucket.variables());
    let said = failed(missing);
    assert!(
        said.starts_with("cannot look into s3://never-made: "),
        "{said}"
    );
    assert!(said.contains("NoSuchBucket"), "{said}");

    let blobs = bucket.open("").unwrap();
    put(&blobs, "t/a", b"1").unwrap();
    let mut reader = blobs.read(&key("t/a")).unwrap();
    bucket.remove();
    failed(put(&blobs, "t/b", b"1"));
    failed(put(&blobs, "t/b", &bytes(PART + 1)));
    // Not a file that is not there: nobody knows.
    failed(blobs.read(&key("t/a")));
    failed(blobs.delete(&key("t/a")));
    failed(blobs.sweep(later(), names_of_none));
    assert!(reader.read(&mut [0; 1]).is_err());
}

#[test]
fn a_server_that_is_away_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let said = failed(Blobs::s3("files", "", Bucket::variables_for(&server)));
    assert!(said.contains("Connection refused"), "{said}");
}

#[test]
fn a_server_that_never_answers_is_an_error() {
    // The system takes the connections, and nobody reads them.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let mut variables = Bucket::variables_for(&server);
    variables.push(("AWS_TIMEOUT".to_owned(), "200 ms".to_owned()));
    failed(Blobs::s3("files", "", variables));
}

#[test]
fn nothing_goes_without_tls_unless_it_is_said() {
    let bucket = Bucket::new();
    let mut variables = bucket.variables();
    variables.retain(|(name, _)| name != "AWS_ALLOW_HTTP");
    let error = Blobs::s3(&bucket.name, "", variables).unwrap_err();
    assert!(matches!(error, BlobError::Settings { .. }), "{error}");
    assert!(error.hint().unwrap().contains("AWS_ALLOW_HTTP=true"));
}

/// A way to the server that can be cut.
struct Way {
    url: String,
    open: Arc<Mutex<Option<Vec<TcpStream>>>>,
}

impl Way {
    fn to(host: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let open = Arc::new(Mutex::new(Some(Vec::new())));
        let (host, ways) = (host.to_owned(), Arc::clone(&open));
        thread::spawn(move || {
            for here in listener.incoming() {
                let here = here.unwrap();
                let there = TcpStream::connect(&host).unwrap();
                let mut ways = ways.lock().unwrap();
                // Cut: what comes is closed at once.
                let Some(ways) = ways.as_mut() else { continue };
                for (from, to) in [(&here, &there), (&there, &here)] {
                    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    thread::spawn(move || {
                        let _cut = io::copy(&mut from, &mut to);
                        let _cut = to.shutdown(Shutdown::Both);
                    });
                }
                ways.extend([here, there]);
            }
        });
        Self { url, open }
    }

    fn cut(&self) {
        for way in self.open.lock().unwrap().take().unwrap() {
            let _closed = way.shutdown(Shutdown::Both);
        }
    }

    fn mend(&self) {
        *self.open.lock().unwrap() = Some(Vec::new());
    }
}

#[test]
fn a_server_that_goes_away_breaks_uploads_and_downloads_off() {
    let bucket = Bucket::new();
    let way = Way::to(bucket.host());
    let blobs = Blobs::s3(&bucket.name, "", Bucket::variables_for(&way.url)).unwrap();
    put(&blobs, "t/there", &bytes(PART)).unwrap();
    let mut reader = blobs.read(&key("t/there")).unwrap();
    reader.read_exact(&mut [0; 1000]).unwrap();
    let mut upload = blobs.begin(&key("t/a")).unwrap();
    upload.write(&bytes(2 * PART + 1)).unwrap();
    way.cut();
    let failure = upload.write(&bytes(4 * PART)).unwrap_err();
    failed::<()>(Err(failure));
    failed(put(&blobs, "t/b", b"1"));
    reader.seek(SeekFrom::End(-1)).unwrap();
    assert!(reader.read(&mut [0; 1]).is_err());
    way.mend();
    // It does not come back to life with the server, and never ends as a file with a hole.
    failed(upload.write(b"more").and_then(|()| upload.finish()));
    assert_eq!(bucket.objects(), ["t/there"]);
    put(&blobs, "t/b", b"1").unwrap();
    assert_eq!(reader.read(&mut [0; 1]).unwrap(), 1);
}
