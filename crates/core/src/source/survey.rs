//! The survey: one pass over the whole source before anything is decided, so that encoding and
//! line ends rest on all of its bytes and not on the first few.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use memchr::memchr_iter;

use super::error::SourceError;
use super::input::Input;

/// How much text with non-ASCII bytes the guess of a legacy encoding looks at, in bytes.
const GUESS_BYTES: usize = 1 << 20;

/// What all bytes of a source tell.
#[derive(Debug, Clone)]
pub(crate) struct Survey {
    /// The first bytes, up to 4 KiB.
    pub(crate) head: Vec<u8>,
    /// Characters that are valid UTF-8 of more than one byte.
    pub(crate) utf8_characters: u64,
    /// Control characters U+0080 to U+009F in UTF-8, but U+0085, which is a line end to some.
    pub(crate) utf8_controls: u64,
    /// Sequences that are not UTF-8.
    pub(crate) utf8_faults: u64,
    /// Bytes of value 0 at even and at odd positions.
    pub(crate) nul: [u64; 2],
    /// Control characters that no text has (but NUL).
    pub(crate) controls: u64,
    /// LF, CR, and CR LF (which count in both as well).
    pub(crate) line_feeds: u64,
    pub(crate) carriage_returns: u64,
    pub(crate) pairs: u64,
    /// Byte at which a backslash first stands before a quote: an escape that head and tail may lack.
    pub(crate) escaped_quote: Option<u64>,
    /// Bytes with the high bit.
    pub(crate) high: u64,
    /// Which of them stand in the text that the guess looks at, in the order of their values.
    pub(crate) high_bytes: Vec<u8>,
    /// Whether the pound sign of windows-1252 stands right before a letter there, as no price does.
    pub(crate) pound_in_word: bool,
    /// Whether a capital of windows-1252 that is a small letter in old Macintosh programs stands between a letter
    /// and a small one.
    pub(crate) capital_in_word: bool,
    /// The likeliest legacy encoding, if there are bytes that ask for one.
    pub(crate) legacy: &'static encoding_rs::Encoding,
}

/// Reads the whole input once, by blocks of `block` bytes.
///
/// # Errors
/// When it cannot be read to its end.
pub(crate) fn survey(input: &Input, block: usize) -> Result<Survey, SourceError> {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let mut survey = Survey {
        head: Vec::new(),
        utf8_characters: 0,
        utf8_controls: 0,
        utf8_faults: 0,
        nul: [0; 2],
        controls: 0,
        line_feeds: 0,
        carriage_returns: 0,
        pairs: 0,
        escaped_quote: None,
        high: 0,
        high_bytes: Vec::new(),
        pound_in_word: false,
        capital_in_word: false,
        legacy: encoding_rs::WINDOWS_1252,
    };
    let mut reader = input.reader_at(0)?;
    let mut buffer = Vec::with_capacity(block + 8);
    let mut guessed = 0;
    let mut seen = [false; 256];
    let (mut before, mut previous) = (0_u8, 0_u8);
    let mut carry = 0;
    let mut position: u64 = 0;
    let mut last = 0;
    loop {
        let count = reader.read_block(&mut buffer, block)?;
        let fresh = buffer.get(carry..).unwrap_or_default();
        if survey.head.len() < 4096 {
            let room = 4096 - survey.head.len();
            survey
                .head
                .extend_from_slice(fresh.get(..room).unwrap_or(fresh));
        }
        let high = survey.count(fresh, position, last);
        last = fresh.last().copied().unwrap_or(last);
        if high > 0 && guessed < GUESS_BYTES {
            detector.feed(fresh, false);
            guessed += fresh.len();
            for byte in fresh {
                survey.pound_in_word |= previous == 0xA3 && byte.is_ascii_alphabetic();
                let capital = matches!(previous, 0x8A | 0x8E | 0x9F);
                survey.capital_in_word |=
                    capital && before.is_ascii_alphabetic() && byte.is_ascii_lowercase();
                (before, previous) = (previous, *byte);
                if let Some(seen) = seen.get_mut(usize::from(*byte)) {
                    *seen = true;
                }
            }
        }
        position += count as u64;
        // Plain ASCII behind whole characters is UTF-8 in which nothing is to be counted.
        let left = if high == 0 && carry == 0 {
            0
        } else {
            survey.utf8(&buffer, count == 0)
        };
        let keep = buffer.len() - left.min(buffer.len());
        buffer.drain(..keep);
        carry = buffer.len();
        if count == 0 {
            break;
        }
    }
    detector.feed(&[], true);
    let high_bytes = (0x80..=0xFF).zip(seen.iter().skip(0x80));
    survey.high_bytes = high_bytes
        .filter(|(_, seen)| **seen)
        .map(|(byte, _)| byte)
        .collect();
    survey.legacy = detector.guess(None, Utf8Detection::Deny);
    Ok(survey)
}

impl Survey {
    /// Counts a block that starts at a position, behind a byte; returns how many of its bytes have the
    /// high bit.
    fn count(&mut self, bytes: &[u8], position: u64, before: u8) -> u64 {
        let found = Found::of(bytes);
        self.line_feeds += found.line_feeds;
        self.carriage_returns += found.carriage_returns;
        self.controls += found.controls;
        self.high += found.high;
        if before == b'\r' && bytes.first() == Some(&b'\n') {
            self.pairs += 1;
        }
        if found.carriage_returns > 0 {
            self.pairs += memchr::memmem::find_iter(bytes, b"\r\n").count() as u64;
        }
        if self.escaped_quote.is_none() {
            let across = before == b'\\' && bytes.first() == Some(&b'"');
            let inside = || memchr::memmem::find(bytes, b"\\\"").map(|at| position + at as u64);
            self.escaped_quote = if across {
                position.checked_sub(1)
            } else {
                inside()
            };
        }
        if found.nul > 0 {
            for at in memchr_iter(0, bytes) {
                let parity = usize::from((position + at as u64) % 2 == 1);
                if let Some(count) = self.nul.get_mut(parity) {
                    *count += 1;
                }
            }
        }
        let control = |byte: Option<&u8>| {
            u64::from(byte.is_some_and(|byte| *byte != 0x85 && (0x80..0xA0).contains(byte)))
        };
        if before == 0xC2 {
            self.utf8_controls += control(bytes.first());
        }
        if found.high > 0 {
            for at in memchr_iter(0xC2, bytes) {
                self.utf8_controls += control(bytes.get(at + 1));
            }
        }
        found.high
    }

    /// Counts characters and faults; returns how many bytes at the end are an unfinished sequence.
    fn utf8(&mut self, bytes: &[u8], end: bool) -> usize {
        let mut rest = bytes;
        // Bytes that are at fault side by side are one fault: a character of another encoding.
        let mut at_fault = false;
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => {
                    self.utf8_characters += leads(text.as_bytes());
                    return 0;
                }
                Err(error) => {
                    let (valid, tail) = rest
                        .split_at_checked(error.valid_up_to())
                        .unwrap_or_default();
                    self.utf8_characters += leads(valid);
                    at_fault &= valid.is_empty();
                    let Some(length) = error.error_len() else {
                        if end {
                            self.utf8_faults += 1;
                            return 0;
                        }
                        return tail.len();
                    };
                    self.utf8_faults += u64::from(!at_fault);
                    at_fault = true;
                    rest = tail.get(length..).unwrap_or_default();
                }
            }
        }
    }

    /// Lone CR, which end lines in old Macintosh files only.
    pub(crate) const fn lone_carriage_returns(&self) -> u64 {
        self.carriage_returns - self.pairs
    }
}

/// Number of characters of more than one byte in valid UTF-8.
fn leads(text: &[u8]) -> u64 {
    number(text, |byte| byte >= 0xC0)
}

/// Counts of a block.
struct Found {
    line_feeds: u64,
    carriage_returns: u64,
    nul: u64,
    controls: u64,
    high: u64,
}

impl Found {
    fn of(bytes: &[u8]) -> Self {
        let low = number(bytes, |byte| byte < 0x20);
        let mut found = Self {
            line_feeds: number(bytes, |byte| byte == b'\n'),
            carriage_returns: 0,
            nul: 0,
            controls: 0,
            high: number(bytes, |byte| byte >= 0x80),
        };
        if low > found.line_feeds {
            found.carriage_returns = number(bytes, |byte| byte == b'\r');
            found.nul = number(bytes, |byte| byte == 0);
            found.controls = number(bytes, |byte| {
                byte < 0x20 && !matches!(byte, 0 | 9 | 10 | 12 | 13 | 0x1b)
            });
        }
        found
    }
}

/// How many bytes something is true of.
pub(super) fn number(bytes: &[u8], is: impl Fn(u8) -> bool) -> u64 {
    // Sums that fit a byte, without branches: the compiler turns them into vector code.
    let sums = bytes.chunks(128).map(|part| {
        let ones = part.iter().map(|byte| u8::from(is(*byte)));
        u64::from(ones.fold(0_u8, u8::wrapping_add))
    });
    sums.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_change_no_count() {
        let mut bytes = b"a;b\r\n1;\xc3\xa4\xc2\x85\xc2\x91\0\\\"x\r\xff\x01\n".to_vec();
        bytes.extend([1; 257]);
        bytes.extend("\u{20ac}".repeat(200).bytes());
        bytes.push(0xC3);
        let input = Input::spool("x", bytes.as_slice()).expect("a file");
        let whole = survey(&input, 1 << 18).expect("a survey");
        assert_eq!(
            (whole.controls, whole.utf8_faults, whole.pairs),
            (258, 2, 1)
        );
        assert_eq!((whole.high, whole.utf8_characters), (6 + 1 + 600 + 1, 203));
        assert_eq!(
            (whole.carriage_returns, whole.utf8_controls, whole.nul),
            (2, 1, [0, 1])
        );
        for block in [1, 2, 3, 7, 256] {
            let cut = survey(&input, block).expect("a survey");
            // What is fed to the guess, and from where on, are whole blocks.
            let cut = Survey {
                legacy: whole.legacy,
                high_bytes: whole.high_bytes.clone(),
                pound_in_word: whole.pound_in_word,
                capital_in_word: whole.capital_in_word,
                ..cut
            };
            assert!(format!("{cut:?}") == format!("{whole:?}"), "{block}");
        }
    }
}
