//! The published JSON Schema of `report.json`.

/// JSON Schema (draft 2020-12) of a report, as it stands in docs/report.schema.json.
pub const JSON_SCHEMA: &str = include_str!("../../../../docs/report.schema.json");

#[cfg(test)]
mod tests {
    use jsonschema::Validator;
    use serde_json::{Value, json};

    use super::JSON_SCHEMA;
    use crate::report::examples::statement;
    use crate::report::{from_json, to_json};

    fn validator() -> Validator {
        let schema = serde_json::from_str(JSON_SCHEMA).expect("is JSON");
        assert!(jsonschema::meta::is_valid(&schema), "is a schema");
        jsonschema::validator_for(&schema).expect("compiles")
    }

    fn example() -> Value {
        serde_json::from_str(&to_json(&statement().0)).expect("is JSON")
    }

    #[test]
    fn what_is_written_is_valid() {
        let value = example();
        let errors: Vec<String> = validator()
            .iter_errors(&value)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{errors:?}");
    }

    #[test]
    fn it_has_the_steps_of_mappings() {
        let parse = |text| serde_json::from_str::<Value>(text).expect("is JSON");
        let step = |schema: Value| schema.pointer("/$defs/step").cloned().expect("has steps");
        let of_mappings = step(parse(crate::mapping::JSON_SCHEMA));
        assert_eq!(step(parse(JSON_SCHEMA)), of_mappings);
    }

    #[test]
    fn a_report_without_a_target_is_valid() {
        let mut report = statement().0;
        report.fields = None;
        let value: Value = serde_json::from_str(&to_json(&report)).expect("is JSON");
        assert!(validator().is_valid(&value));
        assert!(value.get("fields").is_none());
    }

    #[test]
    fn what_is_broken_is_refused() {
        let validator = validator();
        let broken = [
            ("/version", json!(2)),
            ("/source/bytes", json!(-1)),
            ("/decisions/0/sure", json!("yes")),
            ("/columns/0/semantic", json!("money")),
            ("/columns/0/distinct", json!({"about": 3})),
            ("/columns/0/types/0/type", json!("money")),
            ("/fields/0/state", json!("done")),
            ("/non_data/0/kind", json!("noise")),
            ("/non_data/0/line", json!(0)),
            ("/balance/balanced", json!(null)),
            ("/rejects_by_rule/impossible_date", json!("1")),
            ("/outputs", json!("good.csv")),
        ];
        for (pointer, value) in broken {
            let mut report = example();
            *report.pointer_mut(pointer).expect("is there") = value.clone();
            assert!(!validator.is_valid(&report), "{pointer} {value}");
        }
    }

    #[test]
    fn no_key_that_must_be_there_may_be_missing() {
        let validator = validator();
        let whole = example();
        for key in whole.as_object().expect("is an object").keys() {
            let mut report = whole.clone();
            report.as_object_mut().expect("is an object").remove(key);
            let read = from_json(&report.to_string()).is_ok();
            assert_eq!(validator.is_valid(&report), read, "{key}");
        }
    }
}
