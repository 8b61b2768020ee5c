"""Times reading, running a mapping and profiling against DuckDB (and Polars, for information).

One bank statement of 14 columns, generated; two rows in a thousand have to be rejected. All write Parquet
with zstd and the same rows per row group, in the order of the file. AiMapper keeps its rejects and its
balance; DuckDB runs the same mapping, written by hand in SQL with TRY_CAST, and drops what does not fit.
The good rows of both are compared before anything counts. All are held to as many processors as they are
given threads. Time and memory of the others are those of Python with them, which counts on small files.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

HEADER = [
    "Buchungstag", "Valuta", "Erfasst", "Betrag", "Gebuehr", "S/H", "Art", "Vorname", "Nachname", "Ort",
    "Zweck", "IBAN", "Kundennummer", "Status",
]  # fmt: skip
KINDS = {
    "Lastschrift": "direct_debit",
    "Ueberweisung": "transfer",
    "Dauerauftrag": "standing_order",
    "Kartenzahlung": "card",
    "Gehalt": "salary",
    "Entgelt": "fee",
    "Zinsen": "interest",
}
DIRECTIONS = {"S": "debit", "H": "credit"}
STATES = {"gebucht": "booked", "vorgemerkt": "pending", "storniert": "cancelled"}
# As AiMapper writes them: one row group per chunk of the source.
ROW_GROUP = 65_536
REPEATS = 3
PLAIN = "read, no profile"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--aimapper", required=True)
    parser.add_argument("--rows", type=int, default=7_000_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=Path("target/bench"))
    parser.add_argument("--peer", nargs=4, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peer:
        peer(*args.peer)
        return
    folder = args.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    compare(Path(args.aimapper).resolve(), args.rows, args.threads, folder)


def compare(aimapper: Path, rows: int, threads: int, folder: Path) -> None:
    source = folder / f"engine_{rows}.csv"
    if not source.exists():
        beside("source", rows, source)
    size = source.stat().st_size / 1e6
    print(f"{rows:,} rows of {len(HEADER)} columns, {size:,.0f} MB, {threads} threads, {platform.machine()}")
    print(", ".join(f"{name} {metadata.version(name)}" for name in ("duckdb", "polars")))
    mapping = write_mapping(aimapper, folder)
    everything = ["--threads", threads, "--max-rejects", "100%", "--force"]
    ran, read = folder / "engine_run", folder / "engine_read"
    parquet = ["--format", "parquet"]
    own = {
        "run": [aimapper, "run", "--mapping", mapping, source, "-o", ran, *parquet, *everything],
        "read": [aimapper, "read", source, "-o", read, *parquet, *everything],
        # DuckDB's reading does not look at what is in the columns either.
        PLAIN: [aimapper, "read", "--no-profile", source, "-o", read, *parquet, *everything],
        "profile": [aimapper, "profile", source, "--threads", threads],
    }
    peers = {
        (name, what): [sys.executable, __file__, "--aimapper", "-", "--peer", name, what, source, threads]
        for what in own
        if what != PLAIN
        for name in ("duckdb", "polars")
        if name == "duckdb" or what != "profile"
    }
    commands = {("aimapper", what): command for what, command in own.items()} | peers
    good = ran / f"{source.stem}.good.parquet"
    measured: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    # One round that does not count warms the file cache.
    for turn in range(REPEATS + 1):
        for what, command in commands.items():
            cost = cost_of(command, threads)
            if turn > 0:
                measured.setdefault(what, []).append(cost)
        if turn == 0:
            check_balance(ran / f"{source.stem}.report.json", rows)
            beside("check", good, source)
    show(measured, rows)
    sizes = [path.stat().st_size for path in (good, output(source, "duckdb", "run"))]
    print(f"good rows as Parquet: {sizes[0] / sizes[1]:.2f} times the size of DuckDB's")


def show(measured: dict, rows: int) -> None:
    """Medians; the base is DuckDB at the same work."""
    print(f"{'':26}{'wall s':>8}{'(lowest':>9}{'highest)':>9}{'rows/s':>12}{'x DuckDB':>10}{'cpu s':>8}{'peak MB':>9}")
    for (name, what), costs in sorted(measured.items(), key=lambda item: (item[0][1], item[0][0])):
        wall, cpu, peak = (statistics.median(column) for column in zip(*costs, strict=True))
        walls = [wall for wall, _, _ in costs]
        base = statistics.median(wall for wall, _, _ in measured["duckdb", "read" if what == PLAIN else what])
        print(
            f"{what + ' ' + name:26}{wall:8.2f}{min(walls):9.2f}{max(walls):9.2f}{rows / wall:12,.0f}"
            f"{base / wall:10.2f}{cpu:8.2f}{peak:9.0f}"
        )


def cost_of(command: list, threads: int) -> tuple[float, float, float]:
    """Wall seconds, processor seconds and peak memory in MB of a command; it has to succeed."""
    start = time.perf_counter()
    words = [str(word) for word in command]
    processors = sorted(os.sched_getaffinity(0))[:threads]
    held = ["taskset", "--cpu-list", ",".join(map(str, processors)), *words]
    with subprocess.Popen(held, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as child:
        errors = child.stderr.read()
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    if child.returncode != 0:
        sys.exit(f"exit code {child.returncode}: {' '.join(words)}\n{errors.decode()}")
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def beside(name: str, what: object, source: Path) -> None:
    """Work in a process of its own: what a process has once held counts as its children's peak too."""
    words = [sys.executable, __file__, "--aimapper", "-", "--peer", name, str(what), str(source), "2"]
    if subprocess.run(words, check=False).returncode != 0:
        sys.exit(1)


def check_balance(report: Path, rows: int) -> None:
    balance = json.loads(report.read_text(encoding="utf-8"))["balance"]
    print(f"balance {balance}")
    if not balance["balanced"] or balance["good"] + balance["rejected"] != rows:
        sys.exit("the balance does not hold")


def check_rows(ours: Path, source: Path) -> None:
    """Both have the same good rows in the same order."""
    import duckdb

    theirs = output(source, "duckdb", "run")
    names = ", ".join(f'"{name}"' for name in expressions())
    rows_of = lambda path: f"SELECT row_number() OVER () AS place, {names} FROM read_parquet('{path}')"  # noqa: E731
    base = duckdb.connect()
    base.execute("SET memory_limit = '4GB'")
    hash_of = "SELECT count(*), sum(hash(t)::HUGEINT) FROM ({}) t"
    own, other = (base.execute(hash_of.format(rows_of(path))).fetchone() for path in (ours, theirs))
    if own != other:
        sys.exit(f"good rows differ: {own} and {other}")


def write_source(path: Path, rows: int) -> None:
    """The same file each time, by DuckDB's hash of the row's number."""
    import duckdb

    def pick(words: list[str], salt: int) -> str:
        listed = ", ".join(f"'{word}'" for word in words)
        return f"[{listed}][(hash(i * 31 + {salt}) % {len(words)})::INT + 1]"

    def number(below: int, salt: int) -> str:
        return f"(hash(i * 17 + {salt}) % {below})::BIGINT"

    day = f"(DATE '2021-01-01' + {number(1_800, 1)}::INT)"
    cents = number(50_000_000, 2)
    columns = [
        f"CASE WHEN i % 1000 = 333 THEN '31.02.2024' ELSE strftime({day}, '%d.%m.%Y') END",
        f"strftime({day} + {number(3, 3)}::INT, '%Y-%m-%d')",
        f"strftime({day} - {number(3, 4)}::INT, '%m/%d/%Y')",
        f"replace(replace(replace(format('{{:,}}', {cents} // 100), ',', '#'), '.', ','), '#', '.')"
        f" || ',' || lpad(({cents} % 100)::VARCHAR, 2, '0')",
        f"({number(500, 5)} / 100)::DECIMAL(6, 2)::VARCHAR",
        pick(list(DIRECTIONS), 6),
        f"CASE WHEN i % 1000 = 666 THEN 'Z47' ELSE {pick(list(KINDS), 7)} END",
        pick(["Anna", "Bernd", "Carla", "Dieter", "Emma", "Franz", "Greta", "Hans"], 8),
        "' ' || " + pick(["Brennfleck", "Kruemel", "Wolkenhauer", "Schmiedel", "Tonart", "Dorn"], 9),
        f"(10000 + {number(89_999, 10)})::VARCHAR || ' ' || "
        + pick(["Berlin", "Hamburg", "Leipzig", "Bonn", "Kiel"], 11),
        f"'Rechnung ' || (10000 + {number(89_999, 12)})::VARCHAR || ', Kunde ' || "
        f"(1000 + {number(8_999, 13)})::VARCHAR || ', Lieferung vom ' || strftime({day}, '%d.%m.')",
        f"'DE' || lpad({number(10**17, 14)}::VARCHAR, 20, '0')",
        f"(100000 + {number(899_999, 15)})::VARCHAR",
        pick(list(STATES), 16),
    ]
    named = ", ".join(f'{column} AS "{name}"' for column, name in zip(columns, HEADER, strict=True))
    base = duckdb.connect()
    # Under its name only when it is whole.
    part = path.with_suffix(".part")
    base.execute(f"COPY (SELECT {named} FROM range({rows}) t(i)) TO '{part}' (HEADER, DELIMITER ';')")
    part.rename(path)


FIELDS = {
    "booking_date": {"type": "string", "format": "date"},
    "value_date": {"type": "string", "format": "date"},
    "entry_date": {"type": "string", "format": "date"},
    "amount": {"type": "number", "multipleOf": 0.01},
    "fee": {"type": "number", "multipleOf": 0.01},
    "direction": {"enum": list(DIRECTIONS.values())},
    "kind": {"enum": list(KINDS.values())},
    "name": {"type": "string"},
    "last_name": {"type": "string"},
    "postcode": {"type": "string"},
    "reference": {"type": "string"},
    "account": {"type": "string"},
    "customer": {"type": "integer"},
    "status": {"enum": list(STATES.values())},
}


def write_mapping(aimapper: Path, folder: Path) -> Path:
    """A mapping with rules by hand, on what `map` says of source and target."""
    schema, small = folder / "engine.schema.json", folder / "engine_1000.csv"
    schema.write_text(
        json.dumps({"type": "object", "required": list(FIELDS), "properties": FIELDS}), encoding="utf-8"
    )
    beside("source", 1_000, small)
    out = folder / "engine_map"
    subprocess.run(
        [aimapper, "map", small, "--to", schema, "-o", out, "--force", "--accept", "0.0", "--max-rejects", "100%"],
        check=False, capture_output=True,
    )  # fmt: skip
    text = (out / "engine_1000.mapping.yaml").read_text(encoding="utf-8")
    head = text.split("\nrules:", 1)[0]
    german = 'decimal: {decimal_mark: ",", thousands_mark: "."}'
    plain = 'decimal: {decimal_mark: ".", thousands_mark: ""}'
    rules = [
        rule("booking_date", ["Buchungstag"], ['date: {formats: ["%d.%m.%Y"]}']),
        rule("value_date", ["Valuta"], ['date: {formats: ["%Y-%m-%d"]}']),
        rule("entry_date", ["Erfasst"], ['date: {formats: ["%m/%d/%Y"]}']),
        rule("amount", ["Betrag"], [german]),
        rule("fee", ["Gebuehr"], [plain]),
        rule("direction", ["S/H"], [], DIRECTIONS),
        rule("kind", ["Art"], [], KINDS),
        rule("name", ["Vorname", "Nachname"], ['concat: {separator: ""}']),
        rule("last_name", ["Nachname"], ['"trim"']),
        rule("postcode", ["Ort"], ['split: {separator: " ", part: 1}']),
        rule("reference", ["Zweck"], ['"trim"']),
        rule("account", ["IBAN"], []),
        rule("customer", ["Kundennummer"], ['integer: {thousands_mark: ""}']),
        rule("status", ["Status"], [], STATES),
    ]
    path = folder / "engine.mapping.yaml"
    path.write_text(head + "\nrules:\n" + "".join(rules), encoding="utf-8")
    return path


def rule(field: str, sources: list[str], steps: list[str], values: dict[str, str] | None = None) -> str:
    lines = [f'  - field: "{field}"', f"    sources: {json.dumps(sources)}"]
    if steps:
        lines += ["    transform:", *(f"      - {step}" for step in steps)]
    if values:
        lines.append("    value_map:")
        for source, target in values.items():
            words = f'{{from: "{source}", to: "{target}", confidence: 1, rows: 1, state: "accepted"}}'
            lines.append(f"      - {words}")
    lines += ['    on_unseen: "reject"', '    on_error: "reject"', "    confidence: 1", '    state: "accepted"']
    return "\n".join(lines) + "\n"


def expressions() -> dict[str, str]:
    """The same mapping as SQL."""

    def cases(column: str, values: dict[str, str]) -> str:
        listed = " ".join(f"WHEN '{source}' THEN '{target}'" for source, target in values.items())
        return f'CASE "{column}" {listed} END'

    return {
        "booking_date": "try_strptime(\"Buchungstag\", '%d.%m.%Y')::DATE",
        "value_date": 'TRY_CAST("Valuta" AS DATE)',
        "entry_date": "try_strptime(\"Erfasst\", '%m/%d/%Y')::DATE",
        "amount": "TRY_CAST(replace(replace(\"Betrag\", '.', ''), ',', '.') AS DECIMAL(38, 2))",
        "fee": 'TRY_CAST("Gebuehr" AS DECIMAL(38, 2))',
        "direction": cases("S/H", DIRECTIONS),
        "kind": cases("Art", KINDS),
        "name": '"Vorname" || "Nachname"',
        "last_name": 'trim("Nachname")',
        "postcode": "split_part(\"Ort\", ' ', 1)",
        "reference": 'trim("Zweck")',
        "account": '"IBAN"',
        "customer": 'TRY_CAST("Kundennummer" AS BIGINT)',
        "status": cases("Status", STATES),
    }


def output(source: Path, name: str, what: str) -> Path:
    return source.parent / f"engine_{name}_{what}.parquet"


def peer(name: str, what: str, source: str, threads: str) -> None:
    """One piece of work by another engine, in a process of its own."""
    path = output(Path(source), name, what)
    match name:
        case "source":
            write_source(Path(source), int(what))
        case "check":
            check_rows(Path(what), Path(source))
        case "duckdb":
            duck(what, source, path, int(threads))
        case _:
            polar(what, source, path, int(threads))


def duck(what: str, source: str, path: Path, threads: int) -> None:
    import duckdb

    base = duckdb.connect()
    base.execute(f"SET threads = {threads}")
    names = ", ".join(f"'{name}': 'VARCHAR'" for name in HEADER)
    typed = f"read_csv('{source}', delim = ';', header = true, columns = {{{names}}}, nullstr = '', auto_detect = false)"
    kept = f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})"
    if what == "run":
        made = ", ".join(f'{expression} AS "{name}"' for name, expression in expressions().items())
        good = " AND ".join(f'"{name}" IS NOT NULL' for name in expressions())
        base.execute(f"COPY (SELECT * FROM (SELECT {made} FROM {typed}) WHERE {good}) TO '{path}' {kept}")
    elif what == "read":
        text = f"read_csv('{source}', all_varchar = true, store_rejects = true)"
        base.execute(f"COPY (SELECT * FROM {text}) TO '{path}' {kept}")
    else:
        base.execute(f"SUMMARIZE SELECT * FROM read_csv('{source}')").fetchall()


def polar(what: str, source: str, path: Path, threads: int) -> None:
    os.environ["POLARS_MAX_THREADS"] = str(threads)
    import polars as pl

    frame = pl.scan_csv(source, separator=";", infer_schema=False)
    if what == "run":
        col = pl.col
        day = lambda name, form: col(name).str.to_date(form, strict=False)  # noqa: E731
        number = lambda text: text.cast(pl.Decimal(38, 2), strict=False)  # noqa: E731
        made = {
            "booking_date": day("Buchungstag", "%d.%m.%Y"),
            "value_date": day("Valuta", "%Y-%m-%d"),
            "entry_date": day("Erfasst", "%m/%d/%Y"),
            "amount": number(
                col("Betrag").str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
            ),
            "fee": number(col("Gebuehr")),
            "direction": col("S/H").replace_strict(DIRECTIONS, default=None),
            "kind": col("Art").replace_strict(KINDS, default=None),
            "name": col("Vorname") + col("Nachname"),
            "last_name": col("Nachname").str.strip_chars(),
            "postcode": col("Ort").str.split_exact(" ", 1).struct.field("field_0"),
            "reference": col("Zweck").str.strip_chars(),
            "account": col("IBAN"),
            "customer": col("Kundennummer").cast(pl.Int64, strict=False),
            "status": col("Status").replace_strict(STATES, default=None),
        }
        frame = frame.select(**made).drop_nulls()
    frame.sink_parquet(path, compression="zstd", row_group_size=ROW_GROUP, maintain_order=True)


if __name__ == "__main__":
    main()
