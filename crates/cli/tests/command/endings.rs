//! How the command ends: exit codes, several sources, standard input, what is written over, and the
//! shape of its words for programs.

use serde_json::{Value, json};

use crate::harness::{Place, table};

const MAP_GERMAN: &str = "map umsaetze_2026-03.csv --to transaction.schema.json --accept 0.75";
const MAP_ORDERS: &str = "map orders.csv --to order.schema.json";

#[test]
fn a_kept_mapping_writes_nothing_of_a_file_without_rows() {
    let place = Place::with_orders();
    place
        .run(&format!("{MAP_ORDERS} --accept 0.5 -o kept"))
        .ends(0);
    let orders = place.text("orders.csv");
    let header = orders.lines().next().unwrap_or_default();
    place.write("empty.csv", format!("{header}\n"));
    for format in ["csv", "ndjson", "parquet"] {
        let line =
            format!("run --mapping kept/orders.mapping.yaml empty.csv --format {format} -o new");
        let ran = place.run(&line).ends(1);
        assert!(ran.err.contains("add --accept 0"), "{}", ran.err);
        assert!(!place.path("new").exists() || place.names("new").is_empty());
    }
}

#[test]
fn rejects_are_counted_against_a_number_or_a_share() {
    let place = Place::with_bank();
    for (most, code) in [
        ("0", 3),
        ("1", 3),
        ("2", 0),
        ("4%", 3),
        ("5%", 0),
        ("100%", 0),
    ] {
        let line = format!("{MAP_GERMAN} --force --max-rejects {most}");
        let ran = place.run(&line).ends(code);
        assert_eq!(ran.out.contains("exit code 3"), code == 3, "{}", ran.out);
        assert!(place.path("umsaetze_2026-03.good.csv").exists());
        assert!(place.path("umsaetze_2026-03.report.json").exists());
    }
    place
        .run(&format!("{MAP_GERMAN} --max-rejects many"))
        .ends(2);
}

#[test]
fn wrong_use_is_2() {
    let place = Place::with_orders();
    for line in [
        "",
        "frobnicate",
        "map orders.csv",
        "map --to order.schema.json",
        "map orders.csv --to order.schema.json --accept 2",
        "map orders.csv --to order.schema.json --format xlsx",
        "map orders.csv --to order.schema.json --format parquet --excel",
        "map orders.csv orders.csv --to order.schema.json",
    ] {
        let ran = place.run(line).ends(2);
        assert!(ran.out.is_empty() && !ran.err.is_empty(), "{line}");
    }
    assert_eq!(place.names("."), ["order.schema.json", "orders.csv"]);
}

#[test]
fn a_failure_leaves_nothing_behind() {
    let place = Place::new();
    place.write("only_a_header.csv", "a,b\n");
    place.run("read only_a_header.csv").ends(1);
    assert_eq!(place.names("."), ["only_a_header.csv"]);
}

#[test]
fn the_summary_for_programs_names_everything() {
    let place = Place::with_bank();
    let ran = place.run(&format!("{MAP_GERMAN} --json -o out")).ends(3);
    let summary: Value = serde_json::from_str(&ran.out).unwrap();
    let outputs = [
        "good.csv",
        "rejects.csv",
        "mapping.yaml",
        "report.html",
        "report.json",
    ]
    .map(|kind| format!("out/umsaetze_2026-03.{kind}"));
    let balance = json!({
        "counted": 45, "read": 45, "good": 38, "rejected": 2, "non_data": 5, "balanced": true
    });
    assert_eq!(
        summary,
        json!({
            "sources": [{
                "file": "umsaetze_2026-03.csv",
                "exit": 3,
                "balance": balance,
                "rejects_by_rule": {"impossible_date": 1, "unseen_value": 1},
                "questions": [],
                "new_columns": [],
                "outputs": outputs,
            }],
            "total": balance,
        })
    );
}

#[test]
fn standard_input_is_called_stdin() {
    let place = Place::with_orders();
    let orders = place.bytes("orders.csv");
    let args = ["map", "-", "--to", "order.schema.json"];
    place.args(&args, &orders).ends(0);
    place.run(&format!("{MAP_ORDERS} -o named")).ends(0);
    assert_eq!(
        place.bytes("stdin.good.csv"),
        place.bytes("named/orders.good.csv")
    );
    assert_eq!(place.json("stdin.report.json")["source"]["file"], "stdin");
    let run = ["run", "--mapping", "stdin.mapping.yaml", "-", "-o", "again"];
    place.args(&run, &orders).ends(0);
    assert_eq!(
        place.bytes("again/stdin.good.csv"),
        place.bytes("stdin.good.csv")
    );
    let accept = ["read", "-", "--accept", "0.5", "-o", "accepted"];
    place.args(&accept, &orders).ends(0);
    assert_eq!(place.table("accepted/stdin.good.csv").len(), 11);
    place.args(&["read", "-"], b"").ends(1);
}

/// Three months of orders in a folder; the second one has a fault.
fn months() -> Place {
    let place = Place::with_orders();
    let orders = place.text("orders.csv");
    place.write("months/jan.csv", &orders);
    place.write("months/feb.csv", orders.replace("2026-02-13", "2026-02-31"));
    place.write("months/notes.md", "not a table");
    place
}

#[test]
fn a_folder_has_a_balance_each_and_one_in_total() {
    let place = months();
    let line = "map months --to order.schema.json --json -o out";
    let ran = place.run(line).ends(3);
    let summary: Value = serde_json::from_str(&ran.out).unwrap();
    let sources = summary["sources"].as_array().unwrap();
    let of = |key: &str| -> Vec<u64> {
        let numbers = sources.iter().map(|source| source["balance"][key].as_u64());
        numbers.map(Option::unwrap).collect()
    };
    // Sorted: feb before jan.
    assert_eq!(
        (of("read"), of("good"), of("rejected")),
        (vec![11, 11], vec![9, 10], vec![1, 0])
    );
    assert_eq!(
        summary["total"],
        json!({"counted": 22, "read": 22, "good": 19, "rejected": 1, "non_data": 2, "balanced": true})
    );
    let one_mapping = place.text("out/feb.mapping.yaml");
    assert_eq!(place.text("out/jan.mapping.yaml"), one_mapping);
    // Results in the folder itself are not taken as sources the next time.
    place.run("map months --to order.schema.json").ends(3);
    let again = place
        .run("map months --to order.schema.json --force")
        .ends(3);
    assert!(
        again
            .out
            .contains("Total    22 read = 19 good + 1 rejected + 2 non-data")
    );
    let glob = place
        .run("map months/*an.csv --to order.schema.json --force")
        .ends(0);
    assert!(!glob.out.contains("Total"));
}

#[test]
fn a_source_that_fails_does_not_keep_the_others() {
    let place = months();
    place.write("months/empty.csv", "");
    // Whatever the order of the sources, that one could not be read is the worst of all.
    for (folder, sources) in [
        ("last", "months/feb.csv months/jan.csv months/empty.csv"),
        ("first", "months/empty.csv months/feb.csv months/jan.csv"),
    ] {
        let line = format!("map {sources} --to order.schema.json -o {folder}");
        let ran = place.run(&line).ends(1);
        assert!(ran.err.contains("empty.csv is empty"), "{}", ran.err);
        assert!(ran.out.contains("Total    22 read"), "{}", ran.out);
        assert!(place.path(&format!("{folder}/jan.good.csv")).exists());
    }
}

#[test]
fn results_are_never_written_over_without_force() {
    let place = Place::with_orders();
    place.run(MAP_ORDERS).ends(0);
    let ran = place.run(MAP_ORDERS).ends(1);
    assert!(ran.err.contains("exists already"), "{}", ran.err);
    assert!(ran.err.contains("--force"), "{}", ran.err);
    place.run(&format!("{MAP_ORDERS} --force")).ends(0);
}

#[test]
fn force_leaves_no_result_of_an_earlier_run_beside_a_newer_report() {
    let place = Place::with_bank();
    let line = "map statement_2026-03.csv --to transaction.schema.json -o out";
    place
        .run(&format!("{line} --set date_order=mdy --accept 0.6 --excel"))
        .ends(0);
    place.run(&format!("{line} --force")).ends(4);
    assert_eq!(
        place.names("out"),
        ["mapping.yaml", "report.html", "report.json"]
            .map(|kind| format!("statement_2026-03.{kind}"))
    );
}

#[test]
fn spreadsheets_get_a_mark_and_harmless_cells() {
    let place = Place::new();
    place.write("cells.csv", "id,text\n1,plain\n2,=1+1\n3,@sum\n4,-5\n");
    place.run("read cells.csv --excel -o excel").ends(0);
    place.run("read cells.csv -o exact").ends(0);
    let good = place.text("excel/cells.good.csv");
    assert!(good.starts_with('\u{feff}'));
    assert!(!good.contains(",=1+1"), "{good}");
    assert_eq!(
        place.text("exact/cells.good.csv"),
        "id,text\r\n1,plain\r\n2,=1+1\r\n3,@sum\r\n4,-5\r\n"
    );
    let guarded = table(&place.text("excel/cells.guarded.csv"));
    let cells: Vec<String> = guarded[1..]
        .iter()
        .map(|row| row.iter().flatten().cloned().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(cells[..2], ["2 3 text", "3 4 text"]);
    let outputs = place.json("excel/cells.report.json")["outputs"].to_string();
    assert!(outputs.contains("cells.guarded.csv"), "{outputs}");
    assert!(!place.path("exact/cells.guarded.csv").exists());
}

#[test]
fn completions_and_help_are_there() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        let ran = place.run(&format!("completions {shell}")).ends(0);
        assert!(ran.out.contains("aimapper") && ran.out.contains("max-rejects"));
    }
    let help = place.run("--help").ends(0).out;
    assert!(help.contains("Examples:") && help.contains("Exit codes:"));
    for verb in ["read", "profile", "map", "run", "check"] {
        assert!(
            place
                .run(&format!("{verb} --help"))
                .ends(0)
                .out
                .contains("Example")
        );
    }
    let version = place.run("--version").ends(0).out;
    assert!(version.contains("commit ") && version.contains("mapping format 1, report format 1"));
}

#[test]
fn no_colour_is_used() {
    let place = Place::with_bank();
    let ran = place
        .run("map statement_2026-03.csv --to transaction.schema.json")
        .ends(4);
    assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'));
}

#[test]
fn the_profile_is_what_the_report_says_of_the_columns() {
    let place = Place::with_orders();
    place.run("read orders.csv").ends(0);
    let profile: Value =
        serde_json::from_str(&place.run("profile orders.csv").ends(0).out).unwrap();
    assert_eq!(profile, place.json("orders.report.json")["columns"]);
}

#[test]
fn a_mapping_meets_a_source_that_changed() {
    let place = Place::with_orders();
    place.run(MAP_ORDERS).ends(0);
    let orders = place.text("orders.csv");
    let run = |name: &str, text: &str| {
        place.write(name, text);
        place.run(&format!("run --mapping orders.mapping.yaml {name} -o run"))
    };
    // The order of columns is free.
    let swapped: String = orders
        .lines()
        .map(|line| {
            let (first, rest) = line.split_once(',').unwrap();
            format!("{rest},{first}\n")
        })
        .collect();
    run("swapped.csv", &swapped).ends(0);
    assert_eq!(
        place.bytes("run/swapped.good.csv"),
        place.bytes("orders.good.csv")
    );
    // A new column is named.
    let wider: String = orders
        .lines()
        .enumerate()
        .map(|(at, line)| format!("{line},{}\n", if at == 0 { "colour" } else { "red" }))
        .collect();
    let ran = run("wider.csv", &wider).ends(0);
    assert!(ran.out.contains("New      colour"), "{}", ran.out);
    // A reading that no longer holds is asked.
    let ran = run(
        "tabs.csv",
        &orders
            .replace("\"Fitch, Gwen\"", "Gwen Fitch")
            .replace(',', "\t"),
    )
    .ends(4);
    assert!(ran.err.contains("delimiter"), "{}", ran.err);
    assert!(!place.path("run/tabs.report.json").exists());
}

/// A target of a date, an amount and nothing else.
const DAYS: &str = r#"{"title": "Days", "type": "object", "properties": {"date": {"type": "string", "format": "date"}, "amount": {"type": "number"}}, "required": ["date", "amount"]}"#;

fn days(days: &[&str]) -> String {
    let rows = days.iter().map(|day| format!("{day},1.50\n"));
    format!("date,amount\n{}", rows.collect::<String>())
}

#[test]
fn a_mapping_meets_dates_in_another_order() {
    let place = Place::new();
    place.write("days.schema.json", DAYS);
    place.write(
        "first.csv",
        days(&["13/01/2026", "14/01/2026", "01/02/2026"]),
    );
    place.run("map first.csv --to days.schema.json").ends(0);
    place.write(
        "next.csv",
        days(&["01/02/2026", "01/13/2026", "01/14/2026"]),
    );
    let run = "run --mapping first.mapping.yaml next.csv -o run";
    let ran = place.run(run).ends(4);
    assert!(ran.err.contains("date_order"), "{}", ran.err);
    assert!(ran.err.contains("--set date_order@date=mdy"), "{}", ran.err);
    assert!(!place.path("run/next.good.csv").exists());
    assert!(!place.path("run/next.report.json").exists());
    // What is set turns the mapping.
    place
        .run(&format!("{run} --set date_order@date=mdy"))
        .ends(0);
    assert!(place.text("run/next.good.csv").contains("2026-01-02"));
    // Dates that leave it open are read as before.
    place.write("open.csv", days(&["01/02/2026", "03/04/2026"]));
    place
        .run("run --mapping first.mapping.yaml open.csv -o run")
        .ends(0);
    assert!(place.text("run/open.good.csv").contains("2026-02-01"));
}

#[test]
fn a_target_of_which_nothing_is_filled_is_a_question() {
    let place = Place::new();
    place.write("days.schema.json", DAYS.replace(r#""date", "amount""#, ""));
    place.write("words.csv", "word,sound\nab,cd\nef,gh\nij,kl\n");
    let ran = place
        .run("map words.csv --to days.schema.json --set header_lines=1 -o run")
        .ends(4);
    assert!(ran.out.contains("no field is filled"), "{}", ran.out);
    let names = place.names("run");
    assert!(names.iter().any(|name| name.ends_with("mapping.yaml")));
    assert!(!names.iter().any(|name| name.contains(".good.")));
    place
        .run("run --mapping run/words.mapping.yaml words.csv -o again")
        .ends(4);
}

#[test]
fn a_kept_mapping_takes_no_column_by_the_name_of_its_neighbour() {
    let place = Place::with_orders();
    place
        .run(&format!("{MAP_ORDERS} --accept 0.5 -o kept"))
        .ends(0);
    let orders = place.text("orders.csv");
    let (header, rows) = orders.split_once('\n').unwrap();
    let run = "run --mapping kept/orders.mapping.yaml next.csv --force -o next";
    // A delimiter at the end of each row is one more column without a name.
    let delimiter = if header.contains(';') { ";" } else { "," };
    let ended = rows.lines().map(|row| format!("{row}{delimiter}\n"));
    place.write(
        "next.csv",
        format!("{header}\n{}", ended.collect::<String>()),
    );
    place.run(run).ends(0);
    assert_eq!(
        place.text("next/next.good.csv"),
        place.text("kept/orders.good.csv")
    );
    // A name is missing.
    let (_, fewer) = header.split_once(delimiter).unwrap();
    place.write("next.csv", format!("{fewer}\n{rows}"));
    let ran = place.run(run).ends(4);
    assert!(ran.err.contains("which stands over which?"), "{}", ran.err);
    assert!(ran.err.contains("--set header_lines=1"), "{}", ran.err);
    place.run("check kept/orders.mapping.yaml next.csv").ends(4);
    place
        .run(&format!("{run} --set date_order@nothing=dmy"))
        .ends(4);
}

#[test]
fn what_a_hint_about_a_column_says_settles_it() {
    let place = Place::new();
    place.write(
        "sums.schema.json",
        r#"{"type": "object", "required": ["amount"],
        "properties": {"id": {"type": "integer"}, "amount": {"type": "number"}}}"#,
    );
    let rows = |cents: &str| {
        (10..40)
            .map(|row| format!("{row};{row}{cents}\n"))
            .collect::<String>()
    };
    place.write("first.csv", format!("id;amount\n{}", rows("")));
    place.write("next.csv", format!("id;amount\n{}", rows(",50")));
    place
        .run("map first.csv --to sums.schema.json --accept 0.5 -o run")
        .ends(0);
    let run = "run --mapping run/first.mapping.yaml next.csv --force -o run";
    let ran = place.run(run).ends(4);
    assert!(ran.err.contains("decimal_mark@amount=,"), "{}", ran.err);
    place
        .run(&format!("{run} --set decimal_mark@amount=,"))
        .ends(0);
    assert!(place.text("run/next.good.csv").contains("10,10.5"));
}

#[test]
fn what_is_set_for_no_column_is_refused() {
    let place = Place::with_orders();
    let ran = place
        .run("read orders.csv --set date_order@Typo=dmy -o run")
        .ends(2);
    assert!(ran.err.contains("date_order@Typo"), "{}", ran.err);
    assert!(ran.err.contains("hint: its columns are "), "{}", ran.err);
}
