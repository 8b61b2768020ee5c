//! The words of serde about a value, as people say them: without the names of types.

/// Kinds of values that serde names by types of Rust, and what they are.
const KINDS: [(&str, &str); 17] = [
    ("u8", "a whole number of 0 or more"),
    ("u16", "a whole number of 0 or more"),
    ("u32", "a whole number of 0 or more"),
    ("u64", "a whole number of 0 or more"),
    ("usize", "a whole number of 0 or more"),
    ("i8", "a whole number"),
    ("i16", "a whole number"),
    ("i32", "a whole number"),
    ("i64", "a whole number"),
    ("isize", "a whole number"),
    ("f32", "a number"),
    ("f64", "a number"),
    ("a boolean", "true or false"),
    ("a string", "a text"),
    ("a sequence", "a list"),
    ("a map", "an object"),
    ("a UUID string", "an id"),
];

/// What serde says, in words.
pub(super) fn in_words(said: &str) -> String {
    if said.starts_with("UUID parsing failed") {
        return "it is no id".to_owned();
    }
    if let Some(rest) = said.strip_prefix("unknown field ") {
        return unknown(rest);
    }
    if let Some((what, name)) = named(said) {
        return format!("{name} {what}");
    }
    match said.rsplit_once(", expected ") {
        Some((found, wanted)) => format!("{}, and has to be {}", is(found), kind(wanted)),
        None => said.to_owned(),
    }
}

/// The name of what is missing or stands twice, where serde says it only in words; and which of the two.
pub(super) fn named(said: &str) -> Option<(&'static str, &str)> {
    let cases = [
        ("missing field ", "is missing"),
        ("duplicate field ", "is there twice"),
    ];
    cases.iter().find_map(|(begins, what)| {
        let name = said.strip_prefix(begins)?;
        Some((*what, name.trim_matches('`')))
    })
}

/// `invalid type: string "x"` as `it is string "x"`.
fn is(found: &str) -> String {
    let found = found
        .strip_prefix("invalid type: ")
        .or_else(|| found.strip_prefix("invalid value: "));
    match found {
        Some(found) => format!("it is the {}", plain(found)),
        None => "it is something else".to_owned(),
    }
}

fn plain(found: &str) -> String {
    let kinds = [
        ("string ", "text "),
        ("integer ", "number "),
        ("floating point ", "number "),
        ("boolean ", "value "),
    ];
    let told = kinds
        .iter()
        .find_map(|(kind, word)| Some(format!("{word}{}", found.strip_prefix(kind)?)));
    let told = told.unwrap_or_else(|| match found {
        "null" | "unit value" => "value null".to_owned(),
        "map" => "beginning of an object".to_owned(),
        "sequence" => "beginning of a list".to_owned(),
        other => other.to_owned(),
    });
    told.replace('`', "")
}

fn kind(wanted: &str) -> String {
    if wanted.starts_with("struct ") || wanted.starts_with("internally tagged enum ") {
        return "an object".to_owned();
    }
    let known = KINDS.iter().find(|(kind, _)| *kind == wanted);
    known.map_or(wanted, |(_, words)| words).to_owned()
}

/// `` `x`, expected one of `a`, `b` ``
fn unknown(rest: &str) -> String {
    let known = match rest.split_once(", expected ") {
        Some((_, known)) => known.trim_start_matches("one of ").replace(" or ", ", "),
        None => return "it is not known here".to_owned(),
    };
    format!(
        "it is not known here; known are: {}",
        known.replace('`', "")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_of_a_type_is_said() {
        for (said, wanted) in [
            (
                "invalid value: integer `-1`, expected usize",
                "it is the number -1, and has to be a whole number of 0 or more",
            ),
            (
                "invalid type: string \"x\", expected u8",
                "it is the text \"x\", and has to be a whole number of 0 or more",
            ),
            (
                "invalid type: null, expected struct NewRun",
                "it is the value null, and has to be an object",
            ),
            (
                "invalid type: map, expected a sequence",
                "it is the beginning of an object, and has to be a list",
            ),
            (
                "unknown field `a`, expected `b` or `c`",
                "it is not known here; known are: b, c",
            ),
            (
                "unknown field `a`, expected one of `b`, `c`, `d`",
                "it is not known here; known are: b, c, d",
            ),
            ("missing field `schema`", "schema is missing"),
            ("duplicate field `limit`", "limit is there twice"),
            (
                "the key `a` stands there twice",
                "the key `a` stands there twice",
            ),
        ] {
            assert_eq!(in_words(said), wanted);
        }
    }
}
