#!/usr/bin/env python3
"""How far the confidence of columns can be trusted, by predictions of training/judge.py: a curve of how
many of the columns at each confidence are right, and what a few decisions of a person add.

    python3 training/confidence.py PREDICTIONS.json CASES [--split FILE:KEY] [--plot FILE.svg]

Only cases count in which every column is judged, as in a table of somebody's own. Decisions are drawn at
random, twenty times; learning from them is that of crates/core/src/mapping/learn.rs.
"""
import argparse
import json
import math
import os
import random

IMAGINED, ROUNDS, DRAWS = 10.0, 30, 20


def columns(predictions, cases, keys):
    """For each case its columns: confidence of the best field, and whether it is right."""
    for key in sorted(keys):
        folder = os.path.join(cases, key)
        truth = os.path.join(folder, "truth.json")
        if not os.path.exists(truth) or not json.load(open(f"{folder}/meta.json")).get("exhaustive"):
            continue
        pairs = {tuple(pair) for pair in json.load(open(truth))["pairs"]}
        best = {}
        for column, field, confidence in predictions[key]["ranked"]:
            if column not in best or confidence > best[column][0]:
                best[column] = (min(0.999, max(0.001, confidence)), (column, field) in pairs)
        yield list(best.values())


def moved(probability, now, expected):
    right = probability * now / expected
    wrong = (1 - probability) * (1 - now) / (1 - expected)
    return right / (right + wrong)


def learn(judged, others):
    """The confidences of the others after some were judged."""
    everything = [confidence for confidence, _ in judged] + others
    expected = now = sum(everything) / len(everything)
    for _ in range(ROUNDS):
        likely = sum(moved(confidence, now, expected) for confidence in others)
        right = sum(right for _, right in judged)
        now = (right + likely + IMAGINED * expected) / (len(everything) + IMAGINED)
    return [moved(confidence, now, expected) for confidence in others]


def log_loss(items):
    return -sum(math.log(p if right else 1 - p) for p, right in items) / len(items)


def review(tables, decisions, draw):
    before, after = [], []
    for table in tables * DRAWS:
        if len(table) < decisions + 2:
            continue
        draw.shuffle(table := list(table))
        judged, rest = table[:decisions], table[decisions:]
        learnt = learn(judged, [confidence for confidence, _ in rest])
        before += rest
        after += [(min(0.999, max(0.001, p)), right) for p, (_, right) in zip(learnt, rest)]
    return log_loss(before), log_loss(after)


def curve(items):
    """Columns, mean confidence and share that is right, for each tenth."""
    for tenth in range(10):
        mine = [item for item in items if min(9, int(item[0] * 10)) == tenth]
        if mine:
            right = sum(right for _, right in mine) / len(mine)
            yield len(mine), sum(p for p, _ in mine) / len(mine), right


def plot(points, path):
    x, y = lambda p: 60 + 300 * p, lambda p: 330 - 300 * p
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 380 390" font-family="sans-serif" font-size="12">',
        '<title>Confidence and how many are right</title>',
        '<rect width="380" height="390" fill="#fff"/>',
        f'<path d="M{x(0)} {y(0)}L{x(1)} {y(1)}" stroke="#999" stroke-dasharray="4 4"/>',
        f'<path d="M{x(0)} {y(1)}V{y(0)}H{x(1)}" stroke="#333" fill="none"/>',
    ]
    for tick in (0, 0.25, 0.5, 0.75, 1):
        parts.append(f'<text x="{x(tick)}" y="350" text-anchor="middle">{tick:g}</text>')
        parts.append(f'<text x="52" y="{y(tick) + 4}" text-anchor="end">{tick:g}</text>')
    line = "L".join(f"{x(p):.1f} {y(right):.1f}" for _, p, right in points)
    parts.append(f'<path d="M{line}" stroke="#0b6" stroke-width="2" fill="none"/>')
    for count, p, right in points:
        radius = 2 + math.sqrt(count) / 5
        parts.append(f'<circle cx="{x(p):.1f}" cy="{y(right):.1f}" r="{radius:.1f}" fill="#0b6"/>')
        parts.append(f'<text x="{x(p) + radius + 3:.1f}" y="{y(right) + 12:.1f}" fill="#555">{count}</text>')
    parts.append('<text x="210" y="376" text-anchor="middle">confidence of the best field</text>')
    parts.append('<text x="16" y="180" text-anchor="middle" transform="rotate(-90 16 180)">share that is right</text>')
    with open(path, "w") as file:
        file.write("\n".join(parts) + "\n</svg>\n")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("predictions")
    arguments.add_argument("cases")
    arguments.add_argument("--split")
    arguments.add_argument("--plot")
    arguments = arguments.parse_args()
    predictions = json.load(open(arguments.predictions))
    keys = set(predictions)
    if arguments.split:
        file, key = arguments.split.rsplit(":", 1)
        keys &= set(json.load(open(file))[key])
    tables = list(columns(predictions, arguments.cases, keys))
    points = list(curve([item for table in tables for item in table]))
    for count, p, right in points:
        print(f"{count:5} columns  confidence {p:.3f}  right {right:.3f}")
    for decisions in (3, 5, 10):
        before, after = review(tables, decisions, random.Random(1))
        print(f"log loss of the rest after {decisions:2} decisions  {before:.3f} -> {after:.3f}")
    if arguments.plot:
        plot(points, arguments.plot)


main()
