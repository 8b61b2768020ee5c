//! The published JSON Schema of the mapping file, for editors and for programs that write one.

/// JSON Schema (draft 2020-12) of a mapping file, as it stands in docs/mapping.schema.json.
///
/// It says which keys and words there are; that they fit together is the work of
/// [`super::check`].
pub const JSON_SCHEMA: &str = include_str!("../../../../docs/mapping.schema.json");

#[cfg(test)]
mod tests {
    use jsonschema::Validator;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::JSON_SCHEMA;
    use crate::mapping::examples::{any_mapping, bank};
    use crate::mapping::{from_yaml, to_yaml};

    fn validator() -> Validator {
        let schema = serde_json::from_str(JSON_SCHEMA).expect("is JSON");
        assert!(jsonschema::meta::is_valid(&schema), "is a schema");
        jsonschema::validator_for(&schema).expect("compiles")
    }

    fn data(text: &str) -> Value {
        serde_saphyr::from_str(text).expect("is YAML")
    }

    #[test]
    fn what_is_written_is_valid() {
        let value = data(&to_yaml(&bank()));
        let errors: Vec<String> = validator()
            .iter_errors(&value)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{errors:?}");
    }

    #[test]
    fn any_mapping_that_is_written_is_valid() {
        let validator = validator();
        let mut runner = proptest::test_runner::TestRunner::default();
        runner
            .run(&any_mapping(), |mapping| {
                let value = data(&to_yaml(&mapping));
                let error = validator
                    .iter_errors(&value)
                    .next()
                    .map(|error| error.to_string());
                prop_assert_eq!(error, None);
                Ok(())
            })
            .expect("all are valid");
    }

    /// What the schema refuses, the program refuses too, so that neither promises more.
    #[test]
    fn what_is_broken_is_refused_by_schema_and_program() {
        let validator = validator();
        let broken = [
            ("/version", json!(2)),
            ("/tool", json!(1)),
            ("/source/columns/0/type", json!("money")),
            ("/decisions/0/what", json!("separator")),
            (
                "/decisions/0/alternatives",
                json!([{"value": ",", "probability": 0.1}]),
            ),
            ("/target/fields/0/type", json!("money")),
            ("/target/fields/1/constraints/0", json!({"scale": "2"})),
            ("/target/fields/1/constraints/0", json!({"scales": 2})),
            ("/rules/0/sources", json!("Buchungstag")),
            ("/rules/0/sources/0", json!(7)),
            ("/rules/0/transform/0", json!("trimm")),
            ("/rules/0/transform/0", json!({"date": {"format": ["%d"]}})),
            ("/rules/0/transform/0", json!({"case": "title"})),
            ("/rules/0/transform/0", json!({"constant": 1})),
            ("/rules/0/on_unseen", json!("drop")),
            ("/rules/0/on_unseen", json!({"value": null})),
            ("/rules/0/on_error", json!("keep")),
            ("/rules/0/state", json!("done")),
            ("/rules/0/confidence", json!("high")),
            ("/rules/3/value_map/0", json!({"to": "male"})),
            ("/rules/3/value_map/0/rows", json!(-1)),
            ("/unused/0", json!({"column": "a"})),
        ];
        for (pointer, value) in broken {
            let mut mapping = serde_json::to_value(bank()).expect("is JSON");
            *mapping.pointer_mut(pointer).expect("is there") = value.clone();
            assert!(!validator.is_valid(&mapping), "schema: {pointer} {value}");
            let text = mapping.to_string();
            assert!(
                from_yaml(&text, "m.yaml").is_err(),
                "program: {pointer} {value}"
            );
        }
    }

    #[test]
    fn no_key_that_must_be_there_may_be_missing() {
        let validator = validator();
        let whole = serde_json::to_value(bank()).expect("is JSON");
        for key in whole.as_object().expect("is an object").keys() {
            let mut mapping = whole.clone();
            mapping.as_object_mut().expect("is an object").remove(key);
            let read = from_yaml(&mapping.to_string(), "m.yaml").is_ok();
            assert_eq!(validator.is_valid(&mapping), read, "{key}");
        }
    }
}
