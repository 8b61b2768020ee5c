//! Targets and files to begin with, built in.

use super::error::PageError;
use aimapper_core::target::{TargetSchema, from_json_schema};

/// A target that is there from the start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Preset {
    /// Its name in forms.
    pub(crate) name: &'static str,
    /// What it is about.
    pub(crate) about: &'static str,
    /// Name of its file.
    file: &'static str,
    schema: &'static str,
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
        name: "bank",
        about: "8 fields: dates, signed amount, currency, other party, kind",
        file: "transaction.schema.json",
        schema: include_str!("../../../../examples/bank/transaction.schema.json"),
    },
    Preset {
        name: "orders",
        about: "9 fields of an order: customer, place, items, total",
        file: "order.schema.json",
        schema: include_str!("../../../../examples/orders/order.schema.json"),
    },
];

/// All examples.
pub(crate) const EXAMPLES: [Example; 3] = [
    Example {
        name: "umsaetze",
        title: "Try it with a bank export",
        about: "German: three lines of preamble, decimal comma, a debit/credit flag, a total at the end",
        file: "umsaetze_2026-03.csv",
        bytes: include_bytes!("../../../../examples/bank/umsaetze_2026-03.csv"),
        preset: "bank",
    },
    Example {
        name: "statement",
        title: "A statement with a doubt",
        about: "English: every date of one column can be read in two ways, so it is asked",
        file: "statement_2026-03.csv",
        bytes: include_bytes!("../../../../examples/bank/statement_2026-03.csv"),
        preset: "bank",
    },
    Example {
        name: "orders",
        title: "A table of orders",
        about: "Tidy, with names that differ from those of the target",
        file: "orders.csv",
        bytes: include_bytes!("../../../../examples/orders/orders.csv"),
        preset: "orders",
    },
];

impl Preset {
    /// Its schema.
    pub(crate) fn schema(&self) -> Result<TargetSchema, PageError> {
        Ok(from_json_schema(self.schema, self.file)?)
    }
}

/// The target of this name.
pub(crate) fn preset(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
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
            assert!(preset(example.preset).is_some() && !example.bytes.is_empty());
        }
    }
}
