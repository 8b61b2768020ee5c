//! Defaults of a target for rows without a value.

use crate::harness::{Place, column};

#[test]
fn a_row_without_a_value_takes_the_default_and_the_summary_says_so() {
    let place = Place::new();
    let target = r#"{"title": "t", "type": "object", "required": ["id", "active"], "properties": {
        "id": {"type": "integer"}, "active": {"type": "boolean", "default": false}}}"#;
    place.write("target.json", target);
    place.write("s.csv", "id,active\n1,X\n2,\n3,X\n4,\n5,X\n");
    let ran = place.run("map s.csv --to target.json --accept 0.5").ends(0);
    let said = "true where “X”, never false, else the target's “false”";
    assert!(ran.out.contains(said), "{}", ran.out);
    let good = place.table("s.good.csv");
    assert_eq!(
        column(&good, "active"),
        ["true", "false", "true", "false", "true"]
    );
}
