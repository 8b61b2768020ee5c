//! What the fuzz targets share: an input is the bytes of a source, and the choices that go with it
//! (what a person set, sizes of blocks, limits) follow from its last bytes. So each file of the
//! fault corpus is a seed as it stands, and an input that fails is a file that can be read.

use aimapper_core::source::{Input, Limits, Overrides, Portion, Reader, Reading, State, What};

/// Values that are tried for a decision, possible and impossible ones.
const TEXTS: [(What, &[&str]); 6] = [
    (
        What::Encoding,
        &[
            "utf-8",
            "utf-16le",
            "utf-16be",
            "windows-1252",
            "iso-8859-2",
            "koi8-u",
            "shift_jis",
            "big5",
            "gb18030",
            "gbk",
            "euc-jp",
            "euc-kr",
            "iso-2022-jp",
            "x-user-defined",
            "none",
        ],
    ),
    (
        What::Delimiter,
        &[
            ",", ";", "\t", "|", " ", "", "||", "§", ", ", "aab", "\n", "\"", "\u{0}", "\r",
        ],
    ),
    (
        What::Quote,
        &["\"", "'", "", "|", "ä", "\n", ",", "xx", " ", "a"],
    ),
    (What::Escape, &["\"", "\\", "", "'", "\n", "ß", ",", "a"]),
    (What::LineEnd, &["lf", "crlf", "cr", "mixed", "", "LF"]),
    (
        What::Repair,
        &[
            "all",
            "",
            "none",
            "blank_runs",
            "quotes,joined_fields, missing_fields",
            "control_characters",
        ],
    ),
];

/// Decisions that are numbers, and what is tried for them.
const COUNTS: [What; 4] = [
    What::HeaderLines,
    What::PreambleLines,
    What::FooterLines,
    What::Table,
];
const NUMBERS: [u64; 8] = [0, 1, 2, 3, 4, 9, 1 << 20, u64::MAX];

/// Choices that follow from an input.
#[derive(Debug)]
pub struct Choices(u64);

impl Choices {
    /// Those of an input: its last 8 bytes decide.
    pub fn new(bytes: &[u8]) -> Self {
        let last = bytes.iter().rev().take(8);
        Self(last.fold(0x5eed, |sum, byte| {
            (sum << 8 | sum >> 56) ^ u64::from(*byte)
        }))
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap_or_default()
    }

    /// Bytes per read: most often a few.
    pub fn block(&mut self) -> usize {
        match self.below(4) {
            0 => 1,
            1 | 2 => 2 + self.below(62),
            _ => 64 + self.below(4_096),
        }
    }

    /// What a person set: nothing in every other case.
    pub fn overrides(&mut self) -> Overrides {
        let mut overrides = Overrides::default();
        if self.below(2) == 0 {
            return overrides;
        }
        for (what, values) in TEXTS {
            if self.below(4) == 0 {
                let value = values.get(self.below(values.len())).copied();
                overrides.set(what, None, value.unwrap_or_default());
            }
        }
        for what in COUNTS {
            if self.below(5) == 0 {
                let value = NUMBERS.get(self.below(NUMBERS.len())).copied();
                overrides.set(what, None, value.unwrap_or_default());
            }
        }
        overrides
    }

    /// Limits: now and then so small that records break them. That on lines stays, because whether
    /// it is met may depend on the blocks.
    pub fn limits(&mut self) -> Limits {
        let mut limits = Limits::default();
        if self.below(8) == 0 {
            limits.field_bytes = 1 + self.below(32);
        }
        if self.below(16) == 0 {
            limits.columns = 1 + self.below(8);
        }
        limits
    }
}

/// An input with its reading; none where the source is refused as a whole.
#[derive(Debug)]
pub struct Case {
    /// The bytes.
    pub input: Input,
    /// How they are read.
    pub reading: Reading,
    /// Limits on their records.
    pub limits: Limits,
    /// What more is chosen.
    pub choices: Choices,
}

impl Case {
    /// Decides how the bytes are read.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let mut choices = Choices::new(bytes);
        let (overrides, limits) = (choices.overrides(), choices.limits());
        let input = Input::spool("fuzz.csv", bytes).ok()?;
        let reading = Reading::decide(&input, &overrides, &limits).ok()?;
        Some(Self {
            input,
            reading,
            limits,
            choices,
        })
    }

    /// All portions, with blocks of this size.
    pub fn portions(&self, block: usize) -> Vec<Portion> {
        let reader = Reader::new(&self.input, &self.reading, self.limits, block);
        self.rest(reader.expect("the source can be opened"))
    }

    /// All portions behind a state.
    pub fn portions_behind(&self, state: State, block: usize) -> Vec<Portion> {
        let reader = Reader::resume(&self.input, &self.reading, self.limits, block, state);
        self.rest(reader.expect("the source can be opened"))
    }

    fn rest(&self, mut reader: Reader<'_>) -> Vec<Portion> {
        let mut portions = Vec::new();
        while let Some(portion) = reader.next_portion().expect("the source can be read") {
            // Each portion takes at least a byte; a reader that stands still would go on for ever.
            assert!(portions.len() as u64 <= self.input.size(), "no end");
            portions.push(portion);
        }
        portions
    }
}

/// What the portions hold has to tile the source, and to add up.
///
/// # Panics
/// Where it does not.
pub fn check_account(case: &Case, portions: &[Portion]) {
    let (mut good, mut rejected, mut non_data) = (0, 0, 0);
    let mut ranges = Vec::new();
    for portion in portions {
        good += portion.batch.len() as u64;
        rejected += portion.rejects.len() as u64;
        non_data += portion
            .non_data
            .iter()
            .map(|piece| piece.records)
            .sum::<u64>();
        ranges.extend(
            portion
                .batch
                .places
                .iter()
                .map(|place| (place.start, place.end)),
        );
        ranges.extend(
            portion
                .non_data
                .iter()
                .map(|piece| (piece.start, piece.end)),
        );
        assert_eq!(portion.batch.len(), portion.batch.places.len());
        for column in &portion.batch.columns {
            let length = column.iter().len();
            assert_eq!(
                length,
                portion.batch.len(),
                "a column is shorter than its batch"
            );
        }
        let state = &portion.state;
        assert!(state.tiled, "ranges do not tile");
        assert_eq!(state.rows, good + rejected, "rows");
        assert_eq!(state.rejected, rejected, "rejected");
        assert_eq!(state.non_data, non_data, "non-data");
        assert_eq!(state.read, good + rejected + non_data, "read");
    }
    // Ranges of rejects are not given; what is left between the others is theirs.
    ranges.sort_unstable();
    for pair in ranges.windows(2) {
        if let [(_, end), (start, _)] = pair {
            assert!(end <= start, "two records share bytes {start} to {end}");
        }
    }
    let end = portions.last().map_or(0, |portion| portion.state.byte);
    // A byte order mark alone is no record.
    if end > 0 || case.input.size() > case.reading.encoding.bom as u64 {
        assert_eq!(end, case.input.size(), "bytes are left");
    }
}

/// Two readings of the same source have to give the same.
///
/// # Panics
/// Where they do not.
pub fn check_same<'a>(
    these: impl IntoIterator<Item = &'a Portion>,
    those: impl IntoIterator<Item = &'a Portion>,
    what: &str,
) {
    let (mut these, mut those) = (these.into_iter(), those.into_iter());
    loop {
        let (this, that) = match (these.next(), those.next()) {
            (None, None) => return,
            (Some(this), Some(that)) => (this, that),
            (this, that) => panic!("{what}: other portions: {this:?} {that:?}"),
        };
        assert_eq!(this.state, that.state, "{what}");
        assert_eq!(this.batch.chunk, that.batch.chunk, "{what}");
        assert_eq!(this.batch.places, that.batch.places, "{what}");
        assert_eq!(this.batch.raw, that.batch.raw, "{what}");
        assert_eq!(this.batch.columns, that.batch.columns, "{what}");
        assert_eq!(this.rejects, that.rejects, "{what}");
        assert_eq!(this.non_data, that.non_data, "{what}");
        assert_eq!(this.repaired, that.repaired, "{what}");
        assert_eq!(this.repairable, that.repairable, "{what}");
    }
}
