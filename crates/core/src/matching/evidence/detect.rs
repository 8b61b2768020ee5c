//! Detectors: what a value is by its form alone, and the words that names of such columns have.

use std::sync::LazyLock;

use super::forms;
use super::words::stem;

/// One sort of value.
#[derive(Debug)]
pub(super) struct Detector {
    /// What it is called in evidence, with its article.
    pub(super) name: &'static str,
    /// Words of a field's name that ask for it, each with how much, 1 where nothing is said.
    words: &'static str,
    takes: Takes,
}

/// Whether a value is of a sort.
#[derive(Debug, Clone, Copy)]
enum Takes {
    ByText(fn(&str) -> bool),
    /// By the text and its words.
    ByWords(fn(&str, &[String]) -> bool),
}

impl Detector {
    const fn new(name: &'static str, words: &'static str, takes: fn(&str) -> bool) -> Self {
        let takes = Takes::ByText(takes);
        Self { name, words, takes }
    }

    const fn by_words(
        name: &'static str,
        words: &'static str,
        takes: fn(&str, &[String]) -> bool,
    ) -> Self {
        let takes = Takes::ByWords(takes);
        Self { name, words, takes }
    }

    /// Whether a value, given with its tokens, is of this sort.
    pub(super) fn takes(&self, text: &str, tokens: &[String]) -> bool {
        match self.takes {
            Takes::ByText(takes) => takes(text),
            Takes::ByWords(takes) => takes(text, tokens),
        }
    }

    /// The stems of the words that ask for it, and how much each does, above 0 and up to 1.
    fn asking(&self) -> Vec<(String, f32)> {
        let words = self.words.split_whitespace();
        words
            .map(|word| match word.split_once(':') {
                Some((word, asks)) => (stem(word), asks.parse().unwrap_or(0.0)),
                None => (stem(word), 1.0),
            })
            .collect()
    }
}

/// For each of the [`DETECTORS`] the stems that ask for it, and how much.
pub(super) static ASKING: LazyLock<Vec<Vec<(String, f32)>>> =
    LazyLock::new(|| DETECTORS.iter().map(Detector::asking).collect());

/// All of them; the order is that of the shares in [`super::held::Held::detected`].
pub(super) static DETECTORS: [Detector; 44] = [
    Detector::new(
        "a web address",
        "url website link homepage web uri href site:0.6 page:0.4 same:0.4",
        forms::is_url,
    ),
    Detector::new(
        "a picture's address",
        "image photo picture logo thumbnail icon avatar img",
        forms::is_picture,
    ),
    Detector::new("an e-mail address", "email mail:0.9", forms::is_email),
    Detector::new(
        "a telephone number",
        "phone telephone fax mobile cell:0.8 contact:0.4",
        forms::is_phone,
    ),
    Detector::new(
        "a year",
        "year date:0.6 published:0.6 release:0.5 vintage",
        forms::is_year,
    ),
    Detector::new(
        "a date",
        "date birthday birth:0.7 death:0.7 start:0.6 end:0.6 published:0.7 created:0.8 \
         updated:0.8 modified:0.8 released:0.6 valid:0.5 expiry:0.9 posted:0.8 deadline:0.8 \
         day:0.6 time:0.4 since:0.5 until:0.5",
        forms::is_date,
    ),
    Detector::new(
        "a date with time",
        "datetime timestamp date:0.9 time:0.7 start:0.7 end:0.7 created:0.8 updated:0.8 \
         modified:0.8 posted:0.8 published:0.7 valid:0.6",
        forms::is_date_time,
    ),
    Detector::new(
        "a time of day",
        "time hour opening:0.9 opens closes departure:0.7 arrival:0.7 start:0.5 end:0.5",
        forms::is_time,
    ),
    Detector::by_words(
        "opening hours",
        "hour opening schedule:0.6",
        forms::is_opening,
    ),
    Detector::by_words(
        "a duration",
        "duration runtime time:0.7 length:0.5",
        forms::is_duration,
    ),
    Detector::new("a currency code", "currency", forms::is_currency),
    Detector::new(
        "an amount of money",
        "price cost amount fee salary wage revenue:0.9 income:0.9 balance:0.9 payment:0.8 \
         charge:0.9 total:0.6 paid:0.8 debit:0.8 credit:0.8 value:0.3",
        forms::is_money,
    ),
    Detector::new("a price range", "range price:0.6", forms::is_price_range),
    Detector::new(
        "a percentage",
        "percent percentage rate:0.9 share:0.8 ratio:0.8 discount:0.9",
        forms::is_percentage,
    ),
    Detector::new(
        "a latitude or longitude",
        "latitude longitude coordinate geo:0.6 x:0.5 y:0.5",
        forms::is_degrees,
    ),
    Detector::new(
        "a pair of coordinates",
        "coordinate geo:0.9 position:0.7 location:0.5",
        forms::is_coordinates,
    ),
    Detector::new(
        "a country",
        "country nationality:0.9 nation citizenship:0.9 region:0.3",
        forms::is_country,
    ),
    Detector::new(
        "a state of a federation",
        "state province:0.9 region:0.9",
        forms::is_state,
    ),
    Detector::new("a language", "language locale", forms::is_language),
    Detector::new("a postcode", "postcode postal zip", forms::is_postcode),
    Detector::by_words(
        "a street address",
        "address street road:0.8 location:0.5",
        forms::is_street,
    ),
    Detector::new(
        "a house number",
        "house:0.9 building:0.5 number:0.3",
        forms::is_house_number,
    ),
    Detector::new("an IBAN", "iban account:0.6", forms::is_iban),
    Detector::new("a UUID", "uuid guid id:0.7 identifier:0.7", forms::is_uuid),
    Detector::new("an ISBN", "isbn gtin:0.4", forms::is_isbn),
    Detector::new(
        "a bar code",
        "gtin ean upc barcode sku:0.4",
        forms::is_bar_code,
    ),
    Detector::by_words(
        "a code of letters and digits",
        "sku mpn serial:0.9 model:0.8 code:0.9 id:0.9 identifier:0.9 reference:0.8 key:0.7 \
         number:0.5 product:0.4",
        forms::is_code,
    ),
    Detector::new(
        "a name of a person",
        "author person:0.9 director actor creator:0.9 performer:0.9 artist owner:0.7 \
         manager:0.9 contact:0.7 composer editor:0.9 illustrator writer player:0.9 \
         employee:0.8 customer:0.6 patient:0.6 collector:0.9 instructor:0.9 speaker:0.9 \
         by:0.6 name:0.5",
        forms::is_person,
    ),
    Detector::by_words(
        "a name of an organisation",
        "publisher organization organisation company brand:0.9 manufacturer employer \
         organizer provider:0.9 vendor supplier seller bank:0.8 school:0.9 institution \
         sponsor:0.9 distributor:0.9 hiring:0.7 name:0.4 location:0.3",
        forms::is_organisation,
    ),
    Detector::new("a gender", "gender sex", forms::is_gender),
    Detector::new(
        "a truth value",
        "is has:0.9 flag indicator:0.9 active:0.9 enabled:0.9 free:0.5",
        forms::is_truth,
    ),
    Detector::new(
        "a sentence",
        "description comment note text:0.9 summary:0.9 abstract:0.9 remark message:0.9 \
         definition:0.9 memo:0.8 review:0.7 body:0.7 purpose:0.7",
        forms::is_sentence,
    ),
    Detector::new(
        "a long text",
        "description text body review:0.9 abstract:0.9 article:0.9 content:0.8 \
         instruction:0.9 responsibility:0.8 qualification:0.7",
        forms::is_long_text,
    ),
    Detector::new(
        "a title",
        "title name:0.9 headline label:0.8 subject:0.7 album:0.5 track:0.5",
        forms::is_title,
    ),
    Detector::new(
        "a rating",
        "rating score:0.9 star:0.9 value:0.4",
        forms::is_rating,
    ),
    Detector::new(
        "a whole number up to ten",
        "rating:0.6 best:0.6 worst:0.6 position:0.8 rank:0.9 order:0.6 level:0.7 episode:0.7 \
         season:0.8 count:0.5 number:0.5 quantity:0.6",
        forms::is_digit,
    ),
    Detector::new(
        "a whole number",
        "count number:0.7 quantity:0.9 page:0.8 population:0.8 total:0.5 size:0.5 review:0.3 \
         capacity:0.7",
        forms::is_count,
    ),
    Detector::new("an age", "age", forms::is_age),
    Detector::new(
        "a list",
        "keyword tag ingredient genre:0.6 category:0.7 skill:0.9",
        forms::is_list,
    ),
    Detector::new(
        "a word of a closed list",
        "status availability condition:0.9 type:0.9 mode:0.9 format:0.8 category:0.6 kind:0.9 \
         class:0.7",
        forms::is_term,
    ),
    Detector::new(
        "a weekday or month",
        "weekday day:0.9 month",
        forms::is_day_name,
    ),
    Detector::by_words(
        "a measure with its unit",
        "weight size:0.9 height:0.9 width:0.9 depth:0.9 length:0.7 calorie content:0.6 \
         yield:0.9 serving:0.9 dose:0.9 volume:0.8 distance:0.9 nutrition:0.8 fat:0.8 \
         protein:0.8 sugar:0.8 sodium:0.8",
        forms::is_measure,
    ),
    Detector::by_words("a colour", "color colour", forms::is_colour),
    Detector::new(
        "a file's name",
        "file filename attachment:0.9 document:0.5",
        forms::is_file,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::text::tokens;

    fn found(text: &str) -> Vec<&'static str> {
        DETECTORS
            .iter()
            .filter(|detector| detector.takes(text, &tokens(text)))
            .map(|detector| detector.name)
            .collect()
    }

    #[test]
    fn values_are_told_by_their_form() {
        for (text, name) in [
            ("https://example.org/a.png", "a picture's address"),
            ("jane@example.org", "an e-mail address"),
            ("+49 30 123456", "a telephone number"),
            ("1987", "a year"),
            ("2026-11-29", "a date"),
            ("3 May 2026", "a date"),
            ("2026-11-29T10:00", "a date with time"),
            ("9:30 pm", "a time of day"),
            ("PT1H30M", "a duration"),
            ("45 mins", "a duration"),
            ("EUR", "a currency code"),
            ("€12.50", "an amount of money"),
            ("$$", "a price range"),
            ("12 %", "a percentage"),
            ("52.5200", "a latitude or longitude"),
            ("52.5200, 13.4050", "a pair of coordinates"),
            ("SW1A 1AA", "a postcode"),
            ("12 High Street", "a street address"),
            ("Hauptstrasse 5", "a street address"),
            ("12b", "a house number"),
            ("DE02120300000000202051", "an IBAN"),
            ("978-3-16-148410-0", "an ISBN"),
            ("0141982314", "an ISBN"),
            ("4006381333931", "a bar code"),
            ("InStock", "a word of a closed list"),
            (
                "https://example.org/EventScheduled",
                "a word of a closed list",
            ),
            ("Mo-Fr 09:00-18:00", "opening hours"),
            ("Friday", "a weekday or month"),
            ("240 kcal", "a measure with its unit"),
            ("Dark blue", "a colour"),
            ("Grove Press", "a name of an organisation"),
            ("TX", "a state of a federation"),
            ("4.7", "a rating"),
            ("scan.pdf", "a file's name"),
            ("AB-1234", "a code of letters and digits"),
            ("Jane Doe", "a name of a person"),
            ("Doe, Jane", "a name of a person"),
            ("female", "a gender"),
            ("no", "a truth value"),
            ("salt, pepper, oil", "a list"),
        ] {
            assert!(found(text).contains(&name), "{text}: {:?}", found(text));
        }
    }

    #[test]
    fn what_is_something_else_is_not_taken() {
        for (text, name) in [
            ("2026-11-29", "a telephone number"),
            ("12.345", "a date"),
            ("Main", "a name of a person"),
            ("99999", "a year"),
            ("hello", "a list"),
            ("0141982315", "an ISBN"),
            ("4006381333932", "a bar code"),
            ("P", "a duration"),
        ] {
            assert!(!found(text).contains(&name), "{text}: {:?}", found(text));
        }
    }

    #[test]
    fn words_are_words() {
        for (detector, asking) in DETECTORS.iter().zip(ASKING.iter()) {
            assert!(!asking.is_empty() && !detector.name.is_empty());
            let all = asking.iter();
            assert!(
                all.clone().all(|(_, asks)| *asks > 0.0 && *asks <= 1.0),
                "{asking:?}"
            );
            assert!(all.clone().all(|(word, _)| !word.is_empty()));
        }
    }
}
