#!/usr/bin/env python3
"""How often a reading that is called sure is right, part by part of the reading benchmark.

usage: sureness.py BIN CASES

Reads CASES/<part>/<case>/input.csv with `BIN read --accept 0`, told nothing, and compares each decision
with what meta.json beside it says: {"delimiter", "quotechar", "quote_in_file", "encoding",
"header_lines", "preamble_lines", "footnote_lines"}; what it does not say is not asked. Prints the share of
the decisions that are sure, and the share of those that are right, and names the wrong ones."""
import collections
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile

# Labels of one decoder, and ASCII, which every encoding reads alike.
SAME = {"ascii": None, "us-ascii": None, "iso-8859-1": "windows-1252", "latin-1": "windows-1252",
        "latin1": "windows-1252", "cp1252": "windows-1252", "utf-8-sig": "utf-8", "utf_8": "utf-8"}


def read(binary, source):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([binary, "read", source, "-o", folder, "--accept", "0"], capture_output=True,
                       stdin=subprocess.DEVNULL, check=False)
        report = os.path.join(folder, "input.report.json")
        if not os.path.exists(report):
            return {}
        with open(report, encoding="utf-8") as file:
            decisions = json.load(file)["decisions"]
    return {decision["what"]: decision for decision in decisions if "column" not in decision}


def truth(meta):
    for what, key in (("header_lines",) * 2, ("preamble_lines",) * 2, ("footer_lines", "footnote_lines")):
        if meta.get(key) is not None:
            yield what, lambda value, key=key: value == meta[key]
    delimiter = meta.get("delimiter")
    if delimiter:
        blank = len(delimiter) > 1
        yield "delimiter", lambda value: value == delimiter or (blank and value.strip() == delimiter.strip())
    if meta.get("quotechar") and meta.get("quote_in_file", True):
        yield "quote", lambda value: value == meta["quotechar"][:1]
    encoding = (meta.get("encoding") or "").lower()
    if encoding:
        wanted = SAME.get(encoding, encoding)
        yield "encoding", lambda value: wanted is None or value == wanted


def judge(binary, folder):
    with open(os.path.join(folder, "meta.json"), encoding="utf-8") as file:
        meta = json.load(file)
    decisions = read(binary, os.path.join(folder, "input.csv"))
    return [(what, decisions[what]["sure"], right(decisions[what]["value"]), folder)
            for what, right in truth(meta) if what in decisions]


def main():
    binary, cases = sys.argv[1:3]
    folders = [(part, os.path.join(cases, part, case)) for part in sorted(os.listdir(cases))
               for case in sorted(os.listdir(os.path.join(cases, part)))]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        judged = list(pool.map(lambda each: (each[0], judge(binary, each[1])), folders))
    parts = collections.defaultdict(list)
    for part, decisions in judged:
        parts[part].extend(decisions)
        parts["all"].extend(decisions)
    print(f"{'part':24} {'decisions':>9} {'sure':>8} {'right where sure':>17}")
    for part, decisions in parts.items():
        sure = [right for _, is_sure, right, _ in decisions if is_sure]
        print(f"{part:24} {len(decisions):9} {len(sure) / len(decisions):8.2%} {sum(sure) / len(sure):17.2%}")
    for what, sure, right, folder in parts["all"]:
        if sure and not right:
            print(f"sure and wrong: {what} of {os.path.relpath(folder, cases)}")


if __name__ == "__main__":
    main()
