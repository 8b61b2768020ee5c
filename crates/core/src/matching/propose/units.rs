//! Units that names and descriptions state: `Weight (kg)`, `price_eur`, `Height in inches`.

use std::fmt;

use crate::matching::names::{Name, currency_code};

/// A unit that stands in a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// An ISO 4217 code.
    Currency(&'static str),
    /// Another one: what it measures, and how it is usually written.
    Other(Measure, &'static str),
}

impl Unit {
    /// Whether it is another unit of what both measure. Of different things nothing follows: a price per
    /// kilogram is still one in euros.
    pub(super) fn differs_from(self, other: Self) -> bool {
        self != other && self.measures() == other.measures()
    }

    const fn measures(self) -> Measure {
        match self {
            Self::Currency(_) => Measure::Money,
            Self::Other(measure, _) => measure,
        }
    }
}

/// What units measure. A share of an amount stands in the place of an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    Money,
    Length,
    Mass,
    Temperature,
    Time,
    Energy,
    Power,
    Volume,
    Area,
    Data,
    Speed,
    Pressure,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Currency(unit) | Self::Other(_, unit) => f.write_str(unit),
        }
    }
}

/// Units and the spellings that nothing else has, in lower case.
const UNITS: [(Measure, &str, &[&str]); 47] = [
    (
        Measure::Length,
        "mm",
        &[
            "mm",
            "millimeter",
            "millimeters",
            "millimetre",
            "millimetres",
        ],
    ),
    (
        Measure::Length,
        "cm",
        &[
            "cm",
            "centimeter",
            "centimeters",
            "centimetre",
            "centimetres",
        ],
    ),
    (
        Measure::Length,
        "m",
        &["meter", "meters", "metre", "metres"],
    ),
    (
        Measure::Length,
        "km",
        &["km", "kilometer", "kilometers", "kilometre", "kilometres"],
    ),
    (Measure::Length, "in", &["inch", "inches"]),
    (Measure::Length, "ft", &["ft", "feet", "foot"]),
    (Measure::Length, "mi", &["miles"]),
    (Measure::Mass, "mg", &["mg", "milligram", "milligrams"]),
    (Measure::Mass, "g", &["gram", "grams", "gramm"]),
    (
        Measure::Mass,
        "kg",
        &["kg", "kgs", "kilo", "kilogram", "kilograms", "kilogramm"],
    ),
    (Measure::Mass, "t", &["tons", "tonnes", "tonnen"]),
    (Measure::Mass, "lb", &["lb", "lbs"]),
    (Measure::Mass, "oz", &["oz", "ounce", "ounces"]),
    (Measure::Temperature, "°C", &["celsius", "°c", "degc"]),
    (Measure::Temperature, "°F", &["fahrenheit", "°f", "degf"]),
    (Measure::Temperature, "K", &["kelvin"]),
    (
        Measure::Time,
        "ms",
        &["ms", "msec", "millis", "millisecond", "milliseconds"],
    ),
    (Measure::Time, "s", &["sec", "secs", "seconds", "sekunden"]),
    (Measure::Time, "min", &["mins", "minutes", "minuten"]),
    (Measure::Time, "h", &["hrs", "hours", "stunden"]),
    (Measure::Energy, "Wh", &["wh"]),
    (Measure::Energy, "kWh", &["kwh"]),
    (Measure::Energy, "MWh", &["mwh"]),
    (Measure::Energy, "GWh", &["gwh"]),
    (Measure::Power, "W", &["watt", "watts"]),
    (Measure::Power, "kW", &["kw", "kilowatt", "kilowatts"]),
    (Measure::Energy, "kJ", &["kj", "kilojoule", "kilojoules"]),
    (Measure::Energy, "kcal", &["kcal", "kilocalories"]),
    (
        Measure::Volume,
        "ml",
        &[
            "ml",
            "milliliter",
            "milliliters",
            "millilitre",
            "millilitres",
        ],
    ),
    (
        Measure::Volume,
        "l",
        &["liter", "liters", "litre", "litres"],
    ),
    (Measure::Volume, "gal", &["gallon", "gallons"]),
    (Measure::Area, "m²", &["m2", "m²", "sqm", "qm"]),
    (Measure::Area, "ft²", &["ft2", "ft²", "sqft"]),
    (Measure::Volume, "m³", &["m3", "m³", "cbm"]),
    (
        Measure::Money,
        "%",
        &["%", "percent", "percentage", "pct", "prozent"],
    ),
    (Measure::Data, "KB", &["kb", "kilobytes"]),
    (Measure::Data, "MB", &["mb", "megabytes"]),
    (Measure::Data, "GB", &["gb", "gigabytes"]),
    (Measure::Speed, "km/h", &["km/h", "kmh", "kph"]),
    (Measure::Speed, "mph", &["mph"]),
    (Measure::Pressure, "bar", &["bar"]),
    (Measure::Pressure, "hPa", &["hpa"]),
    (Measure::Pressure, "psi", &["psi"]),
    (
        Measure::Money,
        "cents",
        &["cents", "ct", "pence", "centimes"],
    ),
    (
        Measure::Money,
        "k€",
        &["k€", "t€", "teur", "keur", "tsd. €", "tsd eur", "€k"],
    ),
    (Measure::Money, "k$", &["k$", "kusd", "tusd", "$k"]),
    (
        Measure::Money,
        "million",
        &[
            "million", "millions", "mio", "mio.", "mio. €", "m€", "mio eur",
        ],
    ),
];

/// Those that are a word or a letter of their own elsewhere, and units only in brackets.
const IN_BRACKETS: [(&str, &str); 15] = [
    ("m", "m"),
    ("in", "in"),
    ("mi", "mi"),
    ("g", "g"),
    ("t", "t"),
    ("°C", "c"),
    ("°F", "f"),
    ("s", "s"),
    ("min", "min"),
    ("h", "h"),
    ("h", "hr"),
    ("W", "w"),
    ("l", "l"),
    ("ft", "'"),
    ("in", "\""),
];

/// Words behind `in` in a sentence that name a currency.
const CURRENCY_WORDS: [(&str, &str); 5] = [
    ("euro", "EUR"),
    ("euros", "EUR"),
    ("dollars", "USD"),
    ("francs", "CHF"),
    ("yen", "JPY"),
];

/// A unit by a spelling that nothing else has.
fn unit_of_word(word: &str) -> Option<Unit> {
    let word = word.to_lowercase();
    let mut units = UNITS.iter();
    let found = units.find(|(_, _, spellings)| spellings.contains(&word.as_str()));
    found.map(|(measure, unit, _)| Unit::Other(*measure, unit))
}

/// A unit of the list by how it is usually written.
fn unit_named(name: &str) -> Option<Unit> {
    let found = UNITS.iter().find(|(_, unit, _)| *unit == name);
    found.map(|(measure, unit, _)| Unit::Other(*measure, unit))
}

/// What stands in brackets.
fn unit_in_brackets(text: &str) -> Option<Unit> {
    let text = text.trim().trim_start_matches("in ");
    if let Some(code) = currency_code(text) {
        return Some(Unit::Currency(code));
    }
    let lower = text.to_lowercase();
    let short = IN_BRACKETS.iter().find(|(_, spelling)| *spelling == lower);
    unit_of_word(text).or_else(|| unit_named(short?.0))
}

/// The unit that stands at the end of a name.
pub(super) fn unit_of_name(name: &str) -> Option<Unit> {
    let text = name.trim();
    // What it is per is not what it is in.
    if text
        .split([' ', '_'])
        .any(|word| word == "per" || word == "/")
    {
        return None;
    }
    let inside = text
        .strip_suffix([')', ']'])
        .and_then(|text| text.rsplit_once(['(', '[']));
    if let Some((_, inside)) = inside {
        return unit_in_brackets(inside);
    }
    if let Some(code) = Name::parse(text).unit {
        return Some(Unit::Currency(code));
    }
    let (before, last) = text.rsplit_once([' ', '_', '-', ',', '/'])?;
    if before.trim().is_empty() {
        return None;
    }
    unit_of_word(last).or_else(|| {
        // `temp_c`, but not `vitamin c`.
        let short = IN_BRACKETS
            .iter()
            .find(|(_, known)| last.eq_ignore_ascii_case(known))?;
        let degrees = before.to_lowercase().contains("temp") && short.0.starts_with('°');
        degrees.then(|| unit_named(short.0)).flatten()
    })
}

/// The unit that a description says: `in euros`, `(cm)`.
pub(super) fn unit_of_description(text: &str) -> Option<Unit> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let trimmed = |word: &&str| -> String {
        let word = word.trim_matches(|c: char| ",.;:()[]".contains(c));
        word.to_lowercase()
    };
    let behind = words.windows(2).filter_map(|pair| match pair {
        [first, second] if trimmed(first) == "in" => Some(second),
        _ => None,
    });
    let of_word = |word: &&str| {
        let word = trimmed(word);
        let currency = CURRENCY_WORDS.iter().find(|(known, _)| *known == word);
        let code = currency.map(|(_, code)| *code);
        code.or_else(|| (word != "in").then(|| currency_code(&word)).flatten())
            .map(Unit::Currency)
            .or_else(|| unit_of_word(&word))
    };
    let is_own = |unit: &Unit| !matches!(unit, Unit::Other(_, "%" | "cents"));
    let mut found: Vec<Unit> = behind.filter_map(of_word).filter(is_own).collect();
    let bracketed = text.split(['(', '[']).skip(1);
    let bracketed = bracketed.filter_map(|rest| unit_in_brackets(rest.split([')', ']']).next()?));
    found.extend(bracketed.filter(is_own));
    // A text that names several says nothing about this one.
    let first = *found.first()?;
    found.iter().all(|unit| *unit == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_names() {
        for (name, wanted) in [
            ("Price (USD)", Some("USD")),
            ("price_eur", Some("EUR")),
            ("Betrag in CHF", Some("CHF")),
            ("height (in)", Some("in")),
            ("Discount (%)", Some("%")),
            ("Weight [kg]", Some("kg")),
            ("weight_kg", Some("kg")),
            ("Gross Wt LBS", Some("lb")),
            ("temp_c", Some("°C")),
            ("Temperature (F)", Some("°F")),
            ("Umsatz (TEUR)", Some("k€")),
            ("duration ms", Some("ms")),
            ("vitamin c", None),
            ("log in", None),
            ("kg", None),
            ("Price per kg", None),
            ("Price EUR / kg", None),
            ("class t", None),
            ("Name (legal)", None),
        ] {
            let unit = unit_of_name(name).map(|unit| unit.to_string());
            assert_eq!(unit.as_deref(), wanted, "{name}");
        }
    }

    #[test]
    fn units_of_one_measure_are_compared() {
        let differ = |a: &str, b: &str| {
            let of = |name: &str| unit_of_name(name).unwrap();
            of(a).differs_from(of(b))
        };
        assert!(differ("Price (USD)", "price_eur") && differ("Weight lb", "weight_kg"));
        assert!(!differ("Price (EUR)", "price_eur") && !differ("Price (EUR)", "weight_kg"));
    }

    #[test]
    fn units_of_descriptions() {
        for (text, wanted) in [
            ("Amount in euros.", Some("EUR")),
            ("Net weight (kg) of the parcel", Some("kg")),
            ("Height of the person, in cm", Some("cm")),
            ("Price in USD or EUR", Some("USD")),
            ("In stock", None),
            ("Length (cm) or weight (kg)", None),
            ("What the customer pays in the end", None),
        ] {
            let unit = unit_of_description(text).map(|unit| unit.to_string());
            assert_eq!(unit.as_deref(), wanted, "{text}");
        }
    }
}
