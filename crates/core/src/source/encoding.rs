//! Encodings: which one a source has, and the decision that says so.

use std::char::REPLACEMENT_CHARACTER;

use encoding_rs::{
    Encoding, ISO_2022_JP, ISO_8859_15, MACINTOSH, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE,
    WINDOWS_1250, WINDOWS_1252,
};

use super::decision::{Alternative, Decision, Overrides, What};
use super::error::SourceError;
use super::survey::Survey;

/// The reason of an encoding that could be any other one as well.
pub const ALL_ASCII: &str = "all bytes are ASCII, which reads the same in every 8-bit encoding";

/// How bytes become text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextEncoding {
    /// The encoding.
    pub encoding: &'static Encoding,
    /// Bytes of the byte order mark at the start of the source, 0 where there is none.
    pub bom: usize,
}

impl TextEncoding {
    /// UTF-8 without a byte order mark.
    pub const UTF_8: Self = Self {
        encoding: UTF_8,
        bom: 0,
    };

    /// The encoding of a label of the Encoding Standard, without a byte order mark.
    #[must_use]
    pub fn of_label(label: &str) -> Option<Self> {
        Encoding::for_label(label.as_bytes()).map(|encoding| Self { encoding, bom: 0 })
    }

    /// The label in lower case, as decisions show it.
    #[must_use]
    pub fn label(&self) -> String {
        self.encoding.name().to_ascii_lowercase()
    }

    /// Bytes of one code unit.
    pub(crate) fn unit(&self) -> usize {
        if self.encoding == UTF_16LE || self.encoding == UTF_16BE {
            2
        } else {
            1
        }
    }
}

/// Decides the encoding.
///
/// # Errors
/// When it was set to a label that the Encoding Standard does not know.
pub(crate) fn decide(
    survey: &Survey,
    size: u64,
    overrides: &Overrides,
) -> Result<(TextEncoding, Decision), SourceError> {
    let mark = Encoding::for_bom(&survey.head);
    if let Some(value) = overrides.get(What::Encoding, None) {
        let label = value.as_str().unwrap_or_default();
        // Neither can be read line by line: one changes its meaning behind escapes, the other has none.
        let encoding = Encoding::for_label(label.as_bytes())
            .filter(|found| ![ISO_2022_JP, REPLACEMENT].contains(found))
            .ok_or_else(|| bad_label(label))?;
        let bom = mark.map_or(
            0,
            |(marked, length)| if marked == encoding { length } else { 0 },
        );
        let chosen = TextEncoding { encoding, bom };
        let decision = Decision::new(
            What::Encoding,
            chosen.label(),
            1.0,
            Vec::new(),
            "set by a person",
        );
        return Ok((chosen, decision));
    }
    if let Some((encoding, bom)) = mark {
        let chosen = TextEncoding { encoding, bom };
        return Ok((
            chosen,
            decision(chosen, 1.0, &[], "a byte order mark says so".to_owned()),
        ));
    }
    if let Some(encoding) = utf16_by_nul(survey, size) {
        let chosen = TextEncoding { encoding, bom: 0 };
        let reason = "every other byte is 0, as in UTF-16 of western text".to_owned();
        return Ok((chosen, decision(chosen, 0.97, &[], reason)));
    }
    Ok(utf8_or_legacy(survey))
}

fn bad_label(label: &str) -> SourceError {
    SourceError::BadOverride {
        what: What::Encoding.name(),
        value: label.to_owned(),
        expected: "a label such as utf-8, windows-1252, iso-8859-2, utf-16le or shift_jis"
            .to_owned(),
    }
}

fn utf16_by_nul(survey: &Survey, size: u64) -> Option<&'static Encoding> {
    let [even, odd] = survey.nul;
    // Half of the bytes of western text in UTF-16 are 0, all on one side.
    let many = |count: u64| count * 10 >= size * 3;
    if many(odd) && even * 20 < odd {
        Some(UTF_16LE)
    } else if many(even) && odd * 20 < even {
        Some(UTF_16BE)
    } else {
        None
    }
}

fn utf8_or_legacy(survey: &Survey) -> (TextEncoding, Decision) {
    let utf8 = TextEncoding::UTF_8;
    if survey.high == 0 {
        let reason = ALL_ASCII.to_owned();
        return (utf8, decision(utf8, 1.0, &[], reason));
    }
    let (characters, faults) = (survey.utf8_characters, survey.utf8_faults);
    if faults == 0 {
        let reason = format!("{characters} characters beyond ASCII, all valid UTF-8");
        let confidence = if characters >= 2 { 0.995 } else { 0.97 };
        return (utf8, decision(utf8, confidence, &[], reason));
    }
    let legacy = TextEncoding {
        encoding: likely(survey),
        bom: 0,
    };
    if characters > faults * 4 {
        let reason = format!(
            "{characters} characters beyond ASCII are valid UTF-8, {faults} sequences are not; \
             records with those are rejected"
        );
        let confidence = if characters > faults * 20 { 0.95 } else { 0.85 };
        return (utf8, decision(utf8, confidence, &[legacy], reason));
    }
    if characters * 20 > faults {
        // Valid sequences hardly come about by chance: two encodings stand in one file.
        let reason = format!(
            "{faults} sequences are not UTF-8, but {characters} are: the source may be of two \
             encodings"
        );
        return (legacy, decision(legacy, 0.6, &[utf8], reason));
    }
    let reason = format!(
        "{faults} sequences are not UTF-8; the letters that bytes beyond ASCII give look like {}",
        legacy.label()
    );
    if let Some((why, rival)) = doubt(legacy.encoding, survey) {
        let rival = TextEncoding {
            encoding: rival,
            bom: 0,
        };
        return (
            legacy,
            decision(legacy, 0.6, &[rival], format!("{reason}, but {why}")),
        );
    }
    // Few bytes say little about which of the 8-bit encodings it is.
    let western = legacy.encoding == WINDOWS_1252;
    let confidence = match survey.high {
        0..=2 => 0.8,
        3..=9 if western => 0.9,
        3..=9 => 0.85,
        _ => 0.95,
    };
    (
        legacy,
        decision(legacy, confidence, &[rival(legacy.encoding)], reason),
    )
}

/// The pound sign of windows-1252; a letter of Polish words elsewhere.
const POUND: u8 = 0xA3;

/// The guess, but for text whose only byte beyond what both encodings read alike is a pound sign that begins no
/// word: a Polish text has other letters of its own than that one.
fn likely(survey: &Survey) -> &'static Encoding {
    let guess = survey.legacy;
    let reads_alike = |byte: u8| character(guess, byte) == character(WINDOWS_1252, byte);
    let mut differ = survey.high_bytes.iter().filter(|byte| !reads_alike(**byte));
    let only_pound = guess == WINDOWS_1250 && differ.all(|byte| *byte == POUND);
    if only_pound && !survey.pound_in_word {
        WINDOWS_1252
    } else {
        guess
    }
}

/// Why an 8-bit encoding is doubtful for text with these bytes, and what else it may be.
fn doubt(
    encoding: &'static Encoding,
    survey: &Survey,
) -> Option<(&'static str, &'static Encoding)> {
    let bytes = &survey.high_bytes;
    if !encoding.is_single_byte() {
        return None;
    }
    let has = |wanted: &str| {
        bytes
            .iter()
            .any(|byte| wanted.contains(character(encoding, *byte)))
    };
    let is_none = |character: char| character.is_control() || character == REPLACEMENT_CHARACTER;
    if bytes.iter().any(|byte| is_none(character(encoding, *byte))) {
        let why =
            "some bytes have no character in it, as in text of MS-DOS or old Macintosh programs";
        return Some((why, MACINTOSH));
    }
    if encoding != WINDOWS_1252 {
        return None;
    }
    if has("¤") {
        return Some(("the currency sign “¤” may be a “€”", ISO_8859_15));
    }
    if has("õÕ") && has("ûÛ") {
        return Some(("“õ” and “û” in one text may be “ő” and “ű”", WINDOWS_1250));
    }
    // Nearly all accented letters of western languages are above.
    let accents = bytes.iter().any(|byte| *byte >= 0xC0);
    (!accents && survey.capital_in_word).then_some((
        "capitals such as “Š” and “Ÿ” stand within words, as in text of old Macintosh programs",
        MACINTOSH,
    ))
}

/// The character of a byte in an encoding of 8 bits.
fn character(encoding: &'static Encoding, byte: u8) -> char {
    let bytes = [byte];
    let (text, _) = encoding.decode_without_bom_handling(&bytes);
    text.chars().next().unwrap_or_default()
}

/// The encoding that is most often mistaken for this one.
fn rival(encoding: &'static Encoding) -> TextEncoding {
    let rival = if encoding == WINDOWS_1252 {
        WINDOWS_1250
    } else {
        WINDOWS_1252
    };
    TextEncoding {
        encoding: rival,
        bom: 0,
    }
}

fn decision(
    chosen: TextEncoding,
    confidence: f64,
    rivals: &[TextEncoding],
    reason: String,
) -> Decision {
    let alternatives = rivals
        .iter()
        .map(|rival| Alternative {
            value: rival.label().into(),
            confidence: ((1.0 - confidence) * 100.0).round() / 100.0,
        })
        .collect();
    Decision::new(
        What::Encoding,
        chosen.label(),
        confidence,
        alternatives,
        reason,
    )
}
