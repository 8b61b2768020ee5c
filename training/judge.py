#!/usr/bin/env python3
"""Answers the cases of each suite by weights that had no part of it, prints how good each is, and
writes all predictions.

    python3 training/train.py FEATURES all.json --without-each FOLDER
    python3 training/judge.py BINARY CASES all.json FOLDER PREDICTIONS.json [--split FILE:KEY]
        [--without KINDS]

Suites that may not be trained on are answered by all.json, which has no part of them anyway.
"""
import argparse
import glob
import json
import os
import subprocess
import tempfile

arguments = argparse.ArgumentParser()
for name in ("binary", "cases", "weights", "folder", "predictions"):
    arguments.add_argument(name)
arguments.add_argument("--split")
arguments.add_argument("--without", help="kinds of evidence that are left out")
arguments = arguments.parse_args()

trained, others = [], []
for suite in sorted(os.listdir(arguments.cases)):
    cases = glob.glob(f"{arguments.cases}/{suite}/*/meta.json")
    columns = [case for case in cases if os.path.exists(os.path.dirname(case) + "/truth.json")]
    train = any(json.load(open(case)).get("train") for case in columns)
    (trained if train else others).append(suite)

answers, figures = {}, {}
for number, suites in [*enumerate([suite] for suite in trained), (None, others)]:
    weights = arguments.weights if number is None else f"{arguments.folder}/{number}.json"
    with tempfile.NamedTemporaryFile() as file:
        command = [arguments.binary, "eval", arguments.cases, "--only", ",".join(suites)]
        command += ["--weights", weights, "--predictions", file.name, "--json"]
        if arguments.split:
            command += ["--split", arguments.split]
        if arguments.without:
            command += ["--without", arguments.without]
        said = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
        figures.update((suite["suite"], suite) for suite in json.loads(said)["columns"])
        answers.update(json.load(open(file.name)))
with open(arguments.predictions, "w") as file:
    json.dump(answers, file)
measures = ("recall", "mrr", "top1", "cov95")
for suite in sorted(figures):
    print(f"{suite:20}", *(f"{measure} {figures[suite][measure] or 0:.3f}" for measure in measures))
mean = lambda measure: sum(figure[measure] or 0 for figure in figures.values()) / len(figures)
print(f"{'mean':20}", *(f"{measure} {mean(measure):.3f}" for measure in measures))
