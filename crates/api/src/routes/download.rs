//! Files out: the chunks of a result as one stream, with ranges and entity tags. Always as an
//! attachment that a browser neither sniffs nor runs.

use std::collections::VecDeque;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::Range;

use actix_web::body::SizedStream;
use actix_web::http::header::{
    self, Charset, ContentDisposition, DispositionParam, DispositionType, ExtendedValue,
};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use aimapper_core::blob::{Download, Key};
use aimapper_core::store::blobs::BlobRow;
use futures_util::stream::{self, Stream};

use super::body::hex;
use super::views::quoted;
use crate::app::App;
use crate::problem::{Code, Problem};

/// Read at a time.
const BLOCK: usize = 256 << 10;

/// A file that is to be sent.
pub(super) struct Sent {
    pub(super) content: Content,
    pub(super) media: &'static str,
    /// What it is called when it is saved; without one it is shown in place.
    pub(super) name: Option<String>,
    /// Its strong entity tag, without quotes.
    pub(super) tag: String,
}

/// Where the bytes are.
pub(super) enum Content {
    /// In the blob store, one behind the other.
    Stored(Vec<Piece>),
    /// Here.
    Made(Bytes),
}

/// One stored part of a file.
pub(super) struct Piece {
    key: Key,
    bytes: u64,
}

impl Piece {
    pub(super) fn of(row: &BlobRow) -> Result<Self, Problem> {
        Ok(Self {
            key: row.object_key.parse()?,
            bytes: u64::try_from(row.bytes).unwrap_or(0),
        })
    }
}

/// The entity tag of parts: that of the only one, or of all of them in their order.
pub(super) fn tag_of<'a>(hashes: impl IntoIterator<Item = &'a str>) -> String {
    let hashes: Vec<&str> = hashes.into_iter().collect();
    match hashes.as_slice() {
        [only] => (*only).to_owned(),
        several => hex(several.join("\n").as_bytes()),
    }
}

impl Content {
    fn bytes(&self) -> u64 {
        match self {
            Self::Stored(pieces) => pieces.iter().map(|piece| piece.bytes).sum(),
            Self::Made(bytes) => bytes.len() as u64,
        }
    }
}

/// What a request asks of a file.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Whole,
    Part(Range<u64>),
    Nothing,
    NoSuchPart,
}

/// Sends a file, or the part of it that is asked for.
pub(super) fn send(app: &App, request: &HttpRequest, file: Sent) -> Result<HttpResponse, Problem> {
    let total = file.content.bytes();
    let tag = quoted(&file.tag);
    let header = |name| {
        let value = request.headers().get(name);
        value.and_then(|value| value.to_str().ok())
    };
    let asked = asked(
        header(header::RANGE),
        header(header::IF_RANGE),
        header(header::IF_NONE_MATCH),
        &tag,
        total,
    );
    let (mut response, range) = match asked {
        Asked::Nothing => return Ok(not_modified(&tag)),
        Asked::NoSuchPart => {
            let said = format!("the file has {total} bytes");
            return Err(Problem::new(Code::RangeNotSatisfiable, said));
        }
        Asked::Whole => (HttpResponse::Ok(), 0..total),
        Asked::Part(range) => {
            let mut response = HttpResponse::PartialContent();
            let last = range.end.saturating_sub(1);
            let of = format!("bytes {}-{last}/{total}", range.start);
            response.insert_header((header::CONTENT_RANGE, of));
            (response, range)
        }
    };
    response
        .insert_header((header::CONTENT_TYPE, file.media))
        .insert_header((header::ETAG, tag))
        .insert_header((header::ACCEPT_RANGES, "bytes"))
        .insert_header((header::CACHE_CONTROL, "private, no-cache"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        ));
    if let Some(name) = &file.name {
        response.insert_header(attachment(name));
    }
    let length = range.end.saturating_sub(range.start);
    Ok(match file.content {
        Content::Made(bytes) => response.body(slice(&bytes, range)),
        Content::Stored(pieces) => response.body(SizedStream::new(
            length,
            Box::pin(bytes_of(app.clone(), pieces, range)),
        )),
    })
}

fn not_modified(tag: &str) -> HttpResponse {
    HttpResponse::NotModified()
        .insert_header((header::ETAG, tag))
        .insert_header((header::CACHE_CONTROL, "private, no-cache"))
        .finish()
}

fn slice(bytes: &Bytes, range: Range<u64>) -> Bytes {
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
    bytes.slice(place(range.start)..place(range.end))
}

/// RFC 9110, section 13.2.2: the tag first, then the range, which counts only for the file it was
/// asked of. Several ranges at once are answered with the whole file, as the RFC allows.
fn asked(
    range: Option<&str>,
    if_range: Option<&str>,
    if_none_match: Option<&str>,
    tag: &str,
    total: u64,
) -> Asked {
    let same = |given: &str| given == "*" || given.split(',').any(|one| one.trim() == tag);
    if if_none_match.is_some_and(same) {
        return Asked::Nothing;
    }
    let Some(range) = range.filter(|_| if_range.is_none_or(|given| given.trim() == tag)) else {
        return Asked::Whole;
    };
    let Some((first, last)) = range
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
    else {
        return Asked::Whole;
    };
    let number = |text: &str| text.trim().parse::<u64>();
    let part = match (number(first), number(last)) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(total),
        (Ok(first), Err(_)) if last.trim().is_empty() => first..total,
        (Err(_), Ok(length)) if first.trim().is_empty() => total.saturating_sub(length)..total,
        (Ok(_) | Err(_), Ok(_) | Err(_)) => return Asked::Whole,
    };
    if part.start >= part.end {
        return Asked::NoSuchPart;
    }
    Asked::Part(part)
}

/// Saved, not shown, under this name (RFC 6266).
fn attachment(name: &str) -> ContentDisposition {
    let plain: String = name
        .chars()
        .map(|c| match c {
            '"' | '\\' | '/' => '_',
            c if c.is_ascii_graphic() || c == ' ' => c,
            _ => '_',
        })
        .collect();
    let mut parameters = vec![DispositionParam::Filename(plain.clone())];
    if plain != name {
        parameters.push(DispositionParam::FilenameExt(ExtendedValue {
            charset: Charset::Ext("UTF-8".to_owned()),
            language_tag: None,
            value: name.as_bytes().to_vec(),
        }));
    }
    ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters,
    }
}

/// Where a stream is.
struct Reading {
    app: App,
    pieces: VecDeque<Piece>,
    open: Option<Download>,
    /// Bytes of the next piece that are not wanted.
    skip: u64,
    left: u64,
}

fn bytes_of(
    app: App,
    pieces: Vec<Piece>,
    range: Range<u64>,
) -> impl Stream<Item = Result<Bytes, Problem>> {
    let mut pieces = VecDeque::from(pieces);
    let mut skip = range.start;
    while let Some(piece) = pieces.front().filter(|piece| piece.bytes <= skip) {
        skip -= piece.bytes;
        pieces.pop_front();
    }
    let reading = Reading {
        app,
        pieces,
        open: None,
        skip,
        left: range.end.saturating_sub(range.start),
    };
    stream::try_unfold(reading, |reading| async move {
        if reading.left == 0 {
            return Ok(None);
        }
        let app = reading.app.clone();
        let (reading, bytes) = app.block(move || reading.next()).await?;
        Ok(Some((bytes, reading)))
    })
}

impl Reading {
    /// The next bytes; never none while some are left.
    fn next(mut self) -> Result<(Self, Bytes), Problem> {
        loop {
            let mut file = match self.open.take() {
                Some(file) => file,
                None => self.open_next()?,
            };
            let wanted = usize::try_from(self.left).unwrap_or(BLOCK).min(BLOCK);
            let mut buffer = vec![0; wanted];
            let read = file
                .read(&mut buffer)
                .map_err(|error| Problem::internal(&error))?;
            if read == 0 {
                continue;
            }
            buffer.truncate(read);
            self.left = self.left.saturating_sub(read as u64);
            self.open = Some(file);
            return Ok((self, Bytes::from(buffer)));
        }
    }

    fn open_next(&mut self) -> Result<Download, Problem> {
        let piece = self.pieces.pop_front().ok_or_else(|| {
            // The row says that the file is longer than it is.
            Problem::internal(&std::io::Error::from(std::io::ErrorKind::UnexpectedEof))
        })?;
        let mut file = self.app.blobs.read(&piece.key)?;
        file.seek(SeekFrom::Start(std::mem::take(&mut self.skip)))
            .map_err(|error| Problem::internal(&error))?;
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Asked {
        asked(Some(text), None, None, "\"t\"", 10)
    }

    #[test]
    fn ranges_are_those_of_the_rfc() {
        assert_eq!(range("bytes=0-3"), Asked::Part(0..4));
        assert_eq!(range("bytes=4-"), Asked::Part(4..10));
        assert_eq!(range("bytes=-3"), Asked::Part(7..10));
        assert_eq!(range("bytes=-30"), Asked::Part(0..10));
        assert_eq!(range("bytes=8-99"), Asked::Part(8..10));
        for none in ["bytes=10-", "bytes=10-20", "bytes=-0"] {
            assert_eq!(range(none), Asked::NoSuchPart, "{none}");
        }
        for ignored in [
            "bytes=0-1,3-4",
            "lines=0-1",
            "bytes=3-1",
            "bytes=-",
            "bytes=a-b",
        ] {
            assert_eq!(range(ignored), Asked::Whole, "{ignored}");
        }
    }

    #[test]
    fn tags_decide_before_ranges() {
        let of = |if_range, none_match| asked(Some("bytes=0-3"), if_range, none_match, "\"t\"", 10);
        assert_eq!(of(Some("\"t\""), None), Asked::Part(0..4));
        assert_eq!(of(Some("\"old\""), None), Asked::Whole);
        assert_eq!(of(None, Some("\"a\", \"t\"")), Asked::Nothing);
        assert_eq!(of(None, Some("\"a\"")), Asked::Part(0..4));
    }

    #[test]
    fn odd_names_are_kept_and_lead_nowhere() {
        let name = attachment("Umsätze \"x\"\\..csv").to_string();
        assert_eq!(
            name,
            "attachment; filename=\"Ums_tze _x__..csv\"; \
             filename*=UTF-8''Ums%C3%A4tze%20%22x%22%5C..csv"
        );
    }
}
