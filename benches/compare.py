"""Times `aimapper` against DuckDB: one bank statement, one target, the same work.

Both read a CSV as text, parse dates and amounts strictly, give the amount its sign, map the kinds,
check lengths and IBANs with their check digits, and write the good rows and the rejects. AiMapper
also counts the file a second time, keeps each rejected record verbatim, and profiles each column.
The good rows of both are compared, so that a fast wrong answer does not count.
"""

import argparse
import csv
import json
import os
import platform
import random
import resource
import statistics
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "examples" / "bank" / "transaction.schema.json"
HEADER = [
    "Buchungstag", "Wertstellung", "Auftraggeber/Empfänger", "Verwendungszweck",
    "Betrag (EUR)", "S/H", "IBAN", "BIC", "Buchungsart",
]  # fmt: skip
KINDS = {
    "Lastschrift": "direct_debit",
    "Überweisung": "transfer",
    "Dauerauftrag": "standing_order",
    "Kartenzahlung": "card",
    "Gehalt": "salary",
    "Entgelt": "fee",
    "Zinsen": "interest",
}
REPEATS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--aimapper", required=True)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--folder", type=Path, default=Path("target/bench"))
    parser.add_argument("--duckdb", nargs=2, metavar=("SOURCE", "FOLDER"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.duckdb:
        run_duckdb(Path(args.duckdb[0]), Path(args.duckdb[1]))
        return
    args.folder.mkdir(parents=True, exist_ok=True)
    compare(Path(args.aimapper).resolve(), args.rows, args.folder.resolve())


def compare(aimapper: Path, rows: int, folder: Path) -> None:
    source = folder / f"bank_{rows}.csv"
    small = folder / "bank_1000.csv"
    for path, count in ((source, rows), (small, 1_000)):
        if not path.exists():
            write_source(path, count)
    size = source.stat().st_size / 1e6
    print(f"{rows:,} rows, {size:.1f} MB, {os.cpu_count()} threads, {platform.machine()}")

    mapped, ran, duck = folder / "map", folder / "run", folder / "duckdb"
    everything = ["--max-rejects", "100%", "--force", "--accept", "0.75"]
    map_it = [aimapper, "map", source, "--to", SCHEMA, "-o", mapped, *everything]
    # The pure run has the mapping that the first `map` leaves.
    mapping = mapped / f"{source.stem}.mapping.yaml"
    run_it = [aimapper, "run", "--mapping", mapping, source, "-o", ran, *everything]
    duck_it = [sys.executable, __file__, "--aimapper", "-", "--duckdb", source, duck]
    commands = {"aimapper map": map_it, "aimapper run": run_it, "DuckDB": duck_it}

    # One round that does not count warms the file cache; then they alternate.
    for command in commands.values():
        seconds_of(command)
    check_same_rows(ran / f"{source.stem}.good.csv", duck / "good.csv")
    check_balance(ran / f"{source.stem}.report.json", rows, duck / "rejects.csv")
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(REPEATS):
        for name, command in commands.items():
            times[name].append(seconds_of(command))
    print_times(times, rows)

    small_out = folder / "small"
    map_small = [aimapper, "map", small, "--to", SCHEMA, "-o", small_out, *everything]
    seconds_of(map_small)
    small_times = [seconds_of(map_small)[0] for _ in range(5)]
    print(f"aimapper map on 1,000 rows: {statistics.median(small_times) * 1e3:.0f} ms (median of 5)")


def print_times(times: dict[str, list[tuple[float, float]]], rows: int) -> None:
    """One line per command. Processor time says more than wall time where a machine is busy."""
    medians = {
        name: [statistics.median(column) for column in zip(*values, strict=True)]
        for name, values in times.items()
    }
    wall_base, cpu_base = medians["DuckDB"]
    print(f"{'':14}{'wall s':>8}{'(lowest':>9}{'highest)':>9}{'rows/s':>10}{'x DuckDB':>10}"
          f"{'cpu s':>8}{'x DuckDB':>10}")  # fmt: skip
    for name, values in times.items():
        (wall, cpu), walls = medians[name], [wall for wall, _ in values]
        print(
            f"{name:14}{wall:8.2f}{min(walls):9.2f}{max(walls):9.2f}{rows / wall:10,.0f}"
            f"{wall / wall_base:10.1f}{cpu:8.2f}{cpu / cpu_base:10.1f}"
        )


def seconds_of(command: list) -> tuple[float, float]:
    """Wall time and processor time of a command, start and end included; it has to succeed."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"exit code {done.returncode}: {command}\n{done.stdout}{done.stderr}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, cpu


def check_same_rows(ours: Path, theirs: Path) -> None:
    """Both good files hold the same rows in the same order; quotes and line ends may differ."""
    with ours.open(newline="", encoding="utf-8") as a, theirs.open(newline="", encoding="utf-8") as b:
        for number, (left, right) in enumerate(zip(csv.reader(a), csv.reader(b), strict=True)):
            if left != right:
                sys.exit(f"good rows differ at {number}:\n{left}\n{right}")


def check_balance(report: Path, rows: int, rejects: Path) -> None:
    """AiMapper's balance holds, and DuckDB rejected as many records."""
    balance = json.loads(report.read_text(encoding="utf-8"))["balance"]
    with rejects.open(newline="", encoding="utf-8") as file:
        rejected = sum(1 for _ in csv.reader(file)) - 1
    print(f"balance {balance}")
    if not balance["balanced"] or balance["good"] + balance["rejected"] != rows:
        sys.exit("the balance does not hold")
    if rejected != balance["rejected"]:
        sys.exit(f"DuckDB rejected {rejected} records")


def write_source(path: Path, rows: int) -> None:
    """A bank statement of so many rows, the same each time; 2 in 1,000 rows have to be rejected."""
    chance = random.Random(20_260_301)
    payees = [f"{chance.choice(NAMES)} {chance.choice(SORTS)}" for _ in range(2_000)]
    ibans = [iban(chance) for _ in range(2_000)]
    kinds = list(KINDS)
    first = date(2021, 1, 1)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
        writer.writerow(HEADER)
        for row in range(rows):
            day = first + timedelta(days=chance.randrange(1_800))
            booked = day.strftime("%d.%m.%Y")
            kind = chance.choice(kinds)
            # Spread over the file, and the first ones within its first 1,000 rows.
            if row % 1_000 == 333:
                booked = "31.02." + str(day.year)
            elif row % 1_000 == 666:
                kind = "Z47"
            party = chance.randrange(2_000)
            has_account = kind != "Kartenzahlung"
            writer.writerow([
                booked,
                (day + timedelta(days=chance.randrange(3))).strftime("%d.%m.%Y"),
                payees[party],
                f"Rechnung {chance.randrange(10_000, 99_999)}; Kunde {chance.randrange(1_000, 9_999)}",
                german(chance.randrange(1, 500_000)),
                chance.choice("SSSH"),
                ibans[party] if has_account else "",
                "OSTMDE2LXXX" if has_account else "",
                kind,
            ])  # fmt: skip


NAMES = ["Brennfleck", "Krümel", "Wolkenhauer", "Schmiedel", "Tonart", "Löwenzahn", "Ährenfeld", "Dorn"]
SORTS = ["GmbH", "AG", "& Söhne", "e.V.", "Handel", "Werke", "Verlag", "KG"]


def german(cents: int) -> str:
    """Cents as `1.185,00`."""
    return f"{cents // 100:,}".replace(",", ".") + f",{cents % 100:02}"


def iban(chance: random.Random) -> str:
    """A German IBAN whose check digits are right (ISO 13616)."""
    account = f"{chance.randrange(10**18):018}"
    check = 98 - int(account + "131400") % 97
    return f"DE{check:02}{account}"


def run_duckdb(source: Path, folder: Path) -> None:
    """The mapping as SQL, with all threads, and writing to two files as AiMapper does."""
    import duckdb

    folder.mkdir(parents=True, exist_ok=True)
    kinds = " ".join(f"WHEN '{word}' THEN '{kind}'" for word, kind in KINDS.items())
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in HEADER)
    number = """TRY_CAST(replace(replace("Betrag (EUR)", '.', ''), ',', '.') AS DECIMAL(38, 2))"""
    base = duckdb.connect()
    base.execute(
        f"""
        CREATE TEMP TABLE typed AS
        SELECT *,
            try_strptime("Buchungstag", '%d.%m.%Y')::DATE AS booking_date,
            try_strptime("Wertstellung", '%d.%m.%Y')::DATE AS value_date,
            CASE "S/H" WHEN 'S' THEN -{number} WHEN 'H' THEN {number} END AS amount,
            CASE "Buchungsart" {kinds} END AS kind,
            TRY_CAST(substr("IBAN", 5) || '1314' || substr("IBAN", 3, 2) AS HUGEINT) AS check_sum
        FROM read_csv('{source}', delim = ';', header = true, quote = '"', escape = '"',
            columns = {{{columns}}}, nullstr = '', auto_detect = false)
        """
    )
    base.execute(
        """
        CREATE TEMP TABLE judged AS
        SELECT *,
            booking_date IS NOT NULL
            AND (value_date IS NOT NULL OR "Wertstellung" IS NULL)
            AND amount IS NOT NULL
            AND regexp_full_match("Betrag (EUR)", '(\\d+|\\d{1,3}(\\.\\d{3})+)(,\\d{1,2})?')
            AND (kind IS NOT NULL OR "Buchungsart" IS NULL)
            AND ("IBAN" IS NULL OR
                ("IBAN" LIKE 'DE%' AND length("IBAN") = 22 AND coalesce(check_sum % 97 = 1, false)))
            AND ("Auftraggeber/Empfänger" IS NULL
                OR length("Auftraggeber/Empfänger") BETWEEN 1 AND 70)
            AND ("Verwendungszweck" IS NULL OR length("Verwendungszweck") <= 140) AS good
        FROM typed
        """
    )
    base.execute(
        f"""
        COPY (SELECT booking_date, value_date, amount, 'EUR' AS currency,
            "Auftraggeber/Empfänger" AS counterparty_name, "IBAN" AS counterparty_iban,
            "Verwendungszweck" AS reference, kind FROM judged WHERE good)
        TO '{folder}/good.csv' (HEADER)
        """
    )
    named = ", ".join(f'"{name}"' for name in HEADER)
    base.execute(f"COPY (SELECT {named} FROM judged WHERE NOT good) TO '{folder}/rejects.csv' (HEADER)")


if __name__ == "__main__":
    main()
