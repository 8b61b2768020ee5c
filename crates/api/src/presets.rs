//! Targets and files to begin with, built in.

use aimapper_core::target::{TargetSchema, from_json_schema};

use crate::problem::{Code, Problem, Wrong};

/// A target that is there from the start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Preset {
    /// Its name in requests and forms.
    pub(crate) name: &'static str,
    /// What it is about.
    pub(crate) about: &'static str,
    /// Its JSON Schema.
    pub(crate) text: &'static str,
}

/// A file to try it with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Example {
    /// Its name in addresses.
    pub(crate) name: &'static str,
    /// What the button says.
    pub(crate) title: &'static str,
    /// What it shows.
    pub(crate) about: &'static str,
    /// Name of the file.
    pub(crate) file: &'static str,
    /// Its bytes.
    pub(crate) bytes: &'static [u8],
    /// The target that belongs to it.
    pub(crate) preset: &'static str,
}

/// All targets.
pub(crate) const PRESETS: [Preset; 2] = [
    Preset {
        name: "transaction",
        about: "8 fields: dates, signed amount, currency, other party, kind",
        text: include_str!("../../../examples/bank/transaction.schema.json"),
    },
    Preset {
        name: "order",
        about: "9 fields of an order: customer, place, items, total",
        text: include_str!("../../../examples/orders/order.schema.json"),
    },
];

/// All examples.
pub(crate) const EXAMPLES: [Example; 3] = [
    Example {
        name: "umsaetze",
        title: "Try it with a bank export",
        about: "German: three lines of preamble, decimal comma, a debit/credit flag, a total at the end",
        file: "umsaetze_2026-03.csv",
        bytes: include_bytes!("../../../examples/bank/umsaetze_2026-03.csv"),
        preset: "transaction",
    },
    Example {
        name: "statement",
        title: "A statement with a doubt",
        about: "English: every date of one column can be read in two ways, so it is asked",
        file: "statement_2026-03.csv",
        bytes: include_bytes!("../../../examples/bank/statement_2026-03.csv"),
        preset: "transaction",
    },
    Example {
        name: "orders",
        title: "A table of orders",
        about: "Tidy, with names that differ from those of the target",
        file: "orders.csv",
        bytes: include_bytes!("../../../examples/orders/orders.csv"),
        preset: "order",
    },
];

impl Preset {
    /// Its schema.
    ///
    /// # Errors
    /// `internal` if it is none.
    pub(crate) fn schema(&self) -> Result<TargetSchema, Problem> {
        from_json_schema(self.text, self.name).map_err(|error| Problem::internal(&error))
    }
}

/// The target of this name.
///
/// # Errors
/// `invalid` with the names that there are.
pub(crate) fn preset(name: &str) -> Result<&'static Preset, Problem> {
    let found = PRESETS.iter().find(|preset| preset.name == name);
    found.ok_or_else(|| {
        let known = PRESETS.map(|preset| preset.name);
        let said = format!("there is no preset {name:?}");
        Problem::new(Code::Invalid, said.clone())
            .hint(format!("there are {}", known.join(", ")))
            .errors(vec![Wrong::new("/preset", said)])
    })
}

/// The example of this name.
pub(crate) fn example(name: &str) -> Option<&'static Example> {
    EXAMPLES.iter().find(|example| example.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_presets_are_targets_and_every_example_has_one() {
        for preset in &PRESETS {
            let fields = preset.schema().unwrap().fields.len();
            assert!(
                preset.about.starts_with(&format!("{fields} fields")),
                "{}",
                preset.name
            );
        }
        for example in &EXAMPLES {
            assert!(preset(example.preset).is_ok() && !example.bytes.is_empty());
        }
    }

    #[test]
    fn every_schema_of_the_examples_is_a_preset() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
        let mut found = Vec::new();
        let folders = std::fs::read_dir(root).unwrap();
        for folder in folders.filter(|entry| entry.as_ref().unwrap().path().is_dir()) {
            for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
                let name = file.unwrap().file_name().into_string().unwrap();
                found.extend(name.strip_suffix(".schema.json").map(str::to_owned));
            }
        }
        found.sort();
        let mut presets = PRESETS.map(|preset| preset.name);
        presets.sort_unstable();
        assert_eq!(found, presets);
    }
}
