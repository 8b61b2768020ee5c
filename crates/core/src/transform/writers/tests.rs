//! Whole outputs: golden files per format, Parquet read back, NDJSON against its schema.

use ::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};
use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use serde_json::json;

use super::*;
use crate::error::{ErrorKind, Explain};
use crate::source::Batch;
use crate::target::FieldType;
use crate::transform::testing::{
    Rows, batch, columns, decimal, field, mapping, rows, rule, statement,
};
use crate::transform::{Outcome, Plan, UniqueStage, compile};
use crate::validation::{Reason, Reject};

fn run() -> (Plan, Outcome) {
    let (mapping, header, rows) = statement();
    let plan = compile(&mapping, &header, 0.9).unwrap();
    let outcome = UniqueStage::new(&plan)
        .apply(plan.run(&batch(&rows, 0, 0)))
        .unwrap();
    (plan, outcome)
}

fn written(format: TextFormat) -> (String, Vec<Guarded>) {
    let (plan, outcome) = run();
    let encoder = Encoder::of_plan(&plan, format).unwrap();
    let mut table = TableWriter::text(Vec::new(), encoder).unwrap();
    table.write(&outcome).unwrap();
    let written = table.finish().unwrap();
    assert_eq!(written.rows, 3);
    (String::from_utf8(written.out).unwrap(), written.guarded)
}

fn write<W: std::io::Write + Send>(table: &mut TableWriter<W>, batch: &Batch) {
    let encoded = table.encoder().encode_batch(batch).unwrap();
    table.write_encoded(encoded).unwrap();
}

#[test]
fn good_rows_as_csv() {
    let (csv, guarded) = written(TextFormat::Csv);
    assert!(guarded.is_empty());
    assert_eq!(csv.matches("\r\n").count(), 4);
    insta::assert_snapshot!(csv.replace("\r\n", "\n"), @r#"
id,booked,amount,kind,payer.name,payer.iban,currency,fee,settled,count,at,open
1,2026-11-24,1234.50,transfer,"Anna, ""A""",DE1,EUR,1.5,true,1000,2026-11-24T10:30:00,
2,2026-11-25,-12.00,fee,,,EUR,0.125,false,,2026-11-25T08:00:00+01:00,
5,2026-11-27,,,=1+1,,EUR,,,99,,
"#);
}

#[test]
fn good_rows_for_spreadsheets_can_be_made_exact_again() {
    let (csv, guarded) = written(TextFormat::ExcelCsv);
    assert_eq!(
        guarded,
        [Guarded {
            row: 3,
            line: 7,
            field: "payer.name".to_owned()
        }]
    );
    let (exact, _) = written(TextFormat::Csv);
    assert_eq!(
        csv.strip_prefix('\u{feff}')
            .unwrap()
            .replacen("'=1+1", "=1+1", 1),
        exact
    );
}

#[test]
fn rows_of_guarded_cells_count_over_batches_and_the_header_is_row_0() {
    let names = columns("=a;b");
    let encoder = Encoder::of_columns(&names, TextFormat::ExcelCsv);
    let mut table = TableWriter::text(Vec::new(), encoder).unwrap();
    write(&mut table, &batch(&rows("x;-5\ny;+49 1"), 0, 0));
    write(&mut table, &batch(&rows("@;1"), 2, 0));
    let guarded = table.finish().unwrap().guarded;
    let places: Vec<_> = guarded
        .iter()
        .map(|g| (g.row, g.line, g.field.as_str()))
        .collect();
    assert_eq!(places, [(0, 0, "=a"), (2, 3, "b"), (3, 4, "=a")]);
}

#[test]
fn good_rows_as_ndjson_that_validate() {
    let (ndjson, _) = written(TextFormat::Ndjson);
    let schema = json!({
        "type": "object",
        "required": ["id", "booked"],
        "additionalProperties": false,
        "properties": {
            "id": {"type": "string"},
            "booked": {"type": "string", "format": "date"},
            "amount": {"type": "number", "multipleOf": 0.01},
            "kind": {"enum": ["transfer", "fee"]},
            "payer": {"type": "object", "additionalProperties": false, "properties": {
                "name": {"type": "string"}, "iban": {"type": ["string", "null"]}}},
            "currency": {"type": "string"},
            "fee": {"type": "number"},
            "settled": {"type": "boolean"},
            "count": {"type": "integer"},
            "at": {"type": "string"}
        }
    });
    let schema = jsonschema::validator_for(&schema).unwrap();
    for line in ndjson.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let errors: Vec<String> = schema.iter_errors(&value).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{line}: {errors:?}");
    }
    insta::assert_snapshot!(ndjson, @r#"
{"id":"1","booked":"2026-11-24","amount":1234.50,"kind":"transfer","payer":{"name":"Anna, \"A\"","iban":"DE1"},"currency":"EUR","fee":1.5,"settled":true,"count":1000,"at":"2026-11-24T10:30:00"}
{"id":"2","booked":"2026-11-25","amount":-12.00,"kind":"fee","currency":"EUR","fee":0.125,"settled":false,"at":"2026-11-25T08:00:00+01:00"}
{"id":"5","booked":"2026-11-27","payer":{"name":"=1+1","iban":null},"currency":"EUR","count":99}
"#);
}

#[test]
fn a_required_null_is_written_and_colliding_names_are_refused() {
    let nullable = |name: &str, required| {
        let mut field = field(name, FieldType::String);
        (field.nullable, field.required) = (true, required);
        field
    };
    let ndjson = |fields| {
        let plan = compile(&mapping(fields, vec![]), &[], 0.9).unwrap();
        let encoder = Encoder::of_plan(&plan, TextFormat::Ndjson)?;
        let mut table = TableWriter::text(Vec::new(), encoder)?;
        table.write(&plan.run(&batch(&rows("x"), 0, 0)))?;
        Ok::<_, WriteError>(String::from_utf8(table.finish()?.out).unwrap())
    };
    let fields = vec![
        nullable("a.b", true),
        nullable("c.d", false),
        nullable("e", false),
    ];
    assert_eq!(ndjson(fields).unwrap(), "{\"a\":{\"b\":null},\"e\":null}\n");
    for names in [["a", "a.b"], ["a.b", "a"], ["a.b", "a.b.c"]] {
        let fields = names.map(|name| nullable(name, false)).to_vec();
        let error = ndjson(fields).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }
}

fn parquet(sizes: &[usize], per_chunk: usize, all: &Rows) -> Vec<u8> {
    let (mapping, header, _) = statement();
    let plan = compile(&mapping, &header, 0.9).unwrap();
    let mut batches = Vec::new();
    let mut first = 0;
    for (chunk, mut rows) in (0..).zip(all.chunks(per_chunk)) {
        for size in sizes.iter().copied().chain([usize::MAX]) {
            let (now, later) = rows.split_at(size.min(rows.len()));
            batches.push(batch(now, first, chunk));
            first += now.len() as u64;
            rows = later;
        }
    }
    let mut layout = Layout::of_plan(&plan);
    assert!(layout.needs_look());
    batches
        .iter()
        .for_each(|batch| layout.observe(&plan.run(batch)));
    let mut table = TableWriter::parquet(Vec::new(), &plan, &layout, 2).unwrap();
    let mut stage = UniqueStage::new(&plan);
    for batch in batches.iter().filter(|batch| !batch.is_empty()) {
        table.write(&stage.apply(plan.run(batch)).unwrap()).unwrap();
    }
    table.finish().unwrap().out
}

fn read(file: Vec<u8>) -> (Vec<usize>, Vec<RecordBatch>) {
    let file = bytes(file);
    let metadata = ArrowReaderMetadata::load(&file, Default::default()).unwrap();
    let groups = metadata.metadata().row_groups().iter();
    let groups = groups
        .map(|group| usize::try_from(group.num_rows()).unwrap())
        .collect();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .unwrap()
        .build()
        .unwrap();
    (groups, reader.map(Result::unwrap).collect())
}

fn bytes(file: Vec<u8>) -> std::fs::File {
    use std::io::{Seek as _, Write as _};
    let mut out = tempfile::tempfile().unwrap();
    out.write_all(&file).unwrap();
    out.rewind().unwrap();
    out
}

/// `column: type` and the column's values as the reader shows them.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "Arrow has dozens of types, of which we write these"
)]
fn shown(batch: &RecordBatch) -> String {
    let schema = batch.schema();
    let columns = schema
        .fields()
        .iter()
        .zip(batch.columns())
        .map(|(field, column)| {
            let kind = field.data_type();
            let text = |row| match () {
                () if column.is_null(row) => "~".to_owned(),
                () => match kind {
                    arrow_schema::DataType::Utf8 => column.as_string::<i32>().value(row).to_owned(),
                    arrow_schema::DataType::Decimal128(..) => column
                        .as_primitive::<arrow_array::types::Decimal128Type>()
                        .value_as_string(row),
                    arrow_schema::DataType::Int64 => column
                        .as_primitive::<arrow_array::types::Int64Type>()
                        .value(row)
                        .to_string(),
                    arrow_schema::DataType::Boolean => column.as_boolean().value(row).to_string(),
                    arrow_schema::DataType::Date32 => {
                        let days = column
                            .as_primitive::<arrow_array::types::Date32Type>()
                            .value(row);
                        crate::value::days_to_iso(days).to_string()
                    }
                    other => panic!("{other}"),
                },
            };
            let values: Vec<String> = (0..column.len()).map(text).collect();
            format!("{}: {kind} = {}", field.name(), values.join(" | "))
        });
    columns.collect::<Vec<_>>().join("\n")
}

#[test]
fn parquet_reads_back_equal() {
    let (_, _, rows) = statement();
    let (groups, batches) = read(parquet(&[], 100, &rows));
    assert_eq!((groups, batches.len()), (vec![3], 1));
    insta::assert_snapshot!(shown(&batches[0]), @r#"
id: Utf8 = 1 | 2 | 5
booked: Date32 = 2026-11-24 | 2026-11-25 | 2026-11-27
amount: Decimal128(38, 2) = 1234.50 | -12.00 | ~
kind: Utf8 = transfer | fee | ~
payer.name: Utf8 = Anna, "A" | ~ | =1+1
payer.iban: Utf8 = DE1 | ~ | ~
currency: Utf8 = EUR | EUR | EUR
fee: Decimal128(38, 3) = 1.500 | 0.125 | ~
settled: Boolean = true | false | ~
count: Int64 = 1000 | ~ | 99
at: Utf8 = 2026-11-24T10:30:00 | 2026-11-25T08:00:00+01:00 | ~
open: Utf8 = ~ | ~ | ~
"#);
}

#[test]
fn a_row_group_is_a_chunk_and_batches_leave_no_trace() {
    let (_, _, few) = statement();
    let all: Rows = (0..40)
        .flat_map(|round| {
            few.iter().cloned().map(move |mut row| {
                row[0] = format!("{}-{round}", row[0]);
                row
            })
        })
        .collect();
    let whole = parquet(&[], 100, &all);
    assert_eq!(whole, parquet(&[1, 7, 20, 3], 100, &all));
    let (groups, _) = read(whole);
    // 3 of each 6 rows are bad in one way or another, the first `1-n` is not a duplicate.
    assert_eq!(groups.len(), 3);
    let (plan, outcome) = run();
    let groups: usize = groups.iter().sum();
    assert_eq!((plan.fields().len(), groups), (outcome.columns.len(), 120));
}

#[test]
fn what_parquet_cannot_hold_is_text_or_an_error() {
    let fields = vec![
        field("n", FieldType::Integer),
        field("d", FieldType::Decimal),
        field("t", FieldType::Timestamp),
        field("o", FieldType::Time),
    ];
    let rules = vec![
        rule("n", &["n"], &[]),
        rule("d", &["d"], &[decimal(".", "")]),
        rule("t", &["t"], &[]),
        rule("o", &["o"], &[]),
    ];
    let plan = compile(&mapping(fields, rules), &columns("n;d;t;o"), 0.9).unwrap();
    let types = |text: &str| {
        let outcome = plan.run(&batch(&rows(text), 0, 0));
        assert!(outcome.rejects.is_empty(), "{:?}", outcome.rejects);
        let mut layout = Layout::of_plan(&plan);
        layout.observe(&outcome);
        let mut table = TableWriter::parquet(Vec::new(), &plan, &layout, 2).unwrap();
        table.write(&outcome).unwrap();
        assert_eq!(
            read(table.finish().unwrap().out).1[0].num_rows(),
            outcome.len()
        );
        let types = layout.types().into_iter().map(|kind| kind.to_string());
        types.collect::<Vec<_>>().join(" ")
    };
    insta::assert_snapshot!(
        [
            types("1;1.25;2026-11-24T10:30:00;10:30:00\n2;0.5;~;~"),
            types("9223372036854775808;1;2026-11-24T10:30:00+01:00;~"),
            types("1;1;2026-11-24T10:30:00Z;~\n2;2;2026-11-24T10:30:00;~"),
            types("1;1;2026-11-24T10:30:00.1234567Z;~"),
            types("1;123456789012345678901234567890;~;~\n1;0.123456789;~;~"),
        ]
        .join("\n"),
        @r#"
Int64 Decimal128(38, 2) Timestamp(µs) Time64(µs)
Decimal128(38, 0) Decimal128(38, 0) Timestamp(µs, "UTC") Time64(µs)
Int64 Decimal128(38, 0) Utf8 Time64(µs)
Int64 Decimal128(38, 0) Utf8 Time64(µs)
Int64 Utf8 Timestamp(µs) Time64(µs)
"#
    );
    let outcome = plan.run(&batch(&rows("1;1.5;~;~\n9223372036854775808;2;~;~"), 0, 0));
    let mut table = TableWriter::parquet(Vec::new(), &plan, &Layout::of_plan(&plan), 1).unwrap();
    let error = table.write(&outcome).unwrap_err();
    assert!(matches!(error, WriteError::DoesNotFit { line: 3, ref field } if field == "n"));
}

#[test]
fn neither_threads_nor_batches_change_a_byte_of_parquet() {
    let names = columns("a;b;c;d");
    // More than a page of rows, of which some columns have few values and some many.
    let row = |row: usize| {
        let some = if row.is_multiple_of(7) { "~" } else { "x" };
        format!("{row};{};{some};\u{e4}{}\n", row % 900, row / 3)
    };
    let rows = rows(&(0..45_000).map(row).collect::<String>());
    let file = |threads, sizes: &[usize]| {
        let mut table = TableWriter::text_parquet(Vec::new(), &names, threads).unwrap();
        for (chunk, rows) in rows.chunks(40_000).enumerate() {
            let (mut rest, mut sizes) = (rows, sizes.iter().cycle());
            while !rest.is_empty() {
                let (some, others) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
                write(&mut table, &batch(some, 0, chunk as u64));
                rest = others;
            }
        }
        table.finish().unwrap().out
    };
    let whole = file(1, &[40_000]);
    for (threads, sizes) in [
        (2, [40_000].as_slice()),
        (9, &[40_000]),
        (1, &[8_192, 8_000]),
        (2, &[1, 1_023, 1_024, 700, 3_333]),
    ] {
        assert!(whole == file(threads, sizes), "{threads} {sizes:?}");
    }
}

#[test]
fn a_source_table_is_text_in_every_format() {
    let names = columns("a.b;a");
    let rows = rows("x, y;~\n;007");
    let text = |format| {
        let encoder = Encoder::of_columns(&names, format);
        let mut table = TableWriter::text(Vec::new(), encoder).unwrap();
        write(&mut table, &batch(&rows, 0, 0));
        String::from_utf8(table.finish().unwrap().out).unwrap()
    };
    assert_eq!(text(TextFormat::Csv), "a.b,a\r\n\"x, y\",\r\n\"\",007\r\n");
    let ndjson = "{\"a.b\":\"x, y\",\"a\":null}\n{\"a.b\":\"\",\"a\":\"007\"}\n";
    assert_eq!(text(TextFormat::Ndjson), ndjson);
    let mut table = TableWriter::text_parquet(Vec::new(), &names, 1).unwrap();
    write(&mut table, &batch(&rows, 0, 0));
    let (_, batches) = read(table.finish().unwrap().out);
    assert_eq!(shown(&batches[0]), "a.b: Utf8 = x, y | \na: Utf8 = ~ | 007");
}

#[test]
fn rejects_have_the_fixed_header_and_the_record_as_it_was() {
    let (_, outcome) = run();
    let mut writer = RejectsWriter::new(Vec::new(), "bank.csv").unwrap();
    outcome
        .rejects
        .iter()
        .for_each(|reject| writer.write(reject).unwrap());
    let reason = |field: &str| Reason {
        field: field.to_owned(),
        rule: "bad_bytes".to_owned(),
        value: String::new(),
        message: "not UTF-8".to_owned(),
        hint: String::new(),
    };
    writer
        .write(&Reject {
            line: 9,
            row: 8,
            reasons: vec![reason("")],
            raw: "a\0\u{fffd};\"x\ny\"".to_owned(),
            raw_bytes: Some(b"a\0\xff;\"x\ny\"".to_vec()),
        })
        .unwrap();
    assert_eq!(writer.rows(), 4);
    let text = String::from_utf8(writer.finish().unwrap()).unwrap();
    insta::assert_snapshot!(text.replace("\r\n", "\n").replace('\0', "<NUL>"), @r#"
_file,_line,_row,_field,_rule,_value,_message,_hint,_raw,_raw_base64
bank.csv,4,3,booked,impossible_date,31.02.2026,"booked: no such day or time exists; amount: the flag in `S/H` is not one of `S`, `H`; kind: not in the value map; settled: not one of the spellings of true and false; count: not a whole number; at: does not have the form %d.%m.%Y %H:%M:%S or %Y-%m-%dT%H:%M:%S%z",correct the day or the time in the source,"3;31.02.2026;1,999;X;XYZ;Bert;;;jein;1,5;gestern",
bank.csv,5,4,id,unique,1,the same value stands in line 2,"correct the value, or remove the row if it is a copy","1;26.11.2026;7,00;H;UEB;Doppelt;~;~;~;~;~",
bank.csv,6,5,booked,required,,"booked: a value is required; amount: digits behind the mark: 3, but at most 2","add the value to the source, or a `default` to the target","4;~;7,005;H;-;;~;~;~;~;~",
bank.csv,9,8,,bad_bytes,,not UTF-8,,"a<NUL>�;""x
y""",YQD/OyJ4Cnki
"#);
}

/// An output that is full after some bytes.
#[derive(Debug)]
struct Full(usize);

impl std::io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self.0.checked_sub(bytes.len()) {
            Some(left) => self.0 = left,
            None => return Err(std::io::ErrorKind::StorageFull.into()),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_told_as_such() {
    let (plan, outcome) = run();
    let encoder = Encoder::of_plan(&plan, TextFormat::Csv).unwrap();
    let mut table = TableWriter::text(Full(200), encoder).unwrap();
    assert_eq!(
        table.write(&outcome).unwrap_err().kind(),
        ErrorKind::NoSpace
    );
    let mut layout = Layout::of_plan(&plan);
    layout.observe(&outcome);
    let mut table = TableWriter::parquet(Full(10), &plan, &layout, 1).unwrap();
    table.write(&outcome).unwrap();
    assert_eq!(table.finish().unwrap_err().kind(), ErrorKind::NoSpace);
    // Of many chunks, the later ones are not written any more.
    let mut table = TableWriter::parquet(Full(10), &plan, &layout, 2).unwrap();
    let chunks = (0..60).map(|chunk| Outcome {
        chunk,
        ..outcome.clone()
    });
    let written: Result<Vec<()>, _> = chunks.map(|chunk| table.write(&chunk)).collect();
    assert_eq!(written.unwrap_err().kind(), ErrorKind::NoSpace);
}
