#!/usr/bin/env python3
"""Fits the weights of crates/core/src/matching/values/confidence.rs: how likely the best label for a
value is right.

    aimapper eval CASES --signals signals.jsonl && python3 training/values.py signals.jsonl

Learns from cases whose `meta.json` says "train": true and no others. Each value counts twice: as it
is, and as if its right label were not there, so that abstaining is learnt too. Suites weigh the same.
Prints the weights for the constant, and how good they are on suites that they were not fitted to.
Needs no package.
"""
import json
import math
import sys
from collections import defaultdict

WITHOUT = 0.4  # weight of a value whose right label was taken away
RIDGE = 1.0
ACCEPT = 0.9


def solve(a, b):
    n = len(b)
    m = [row[:] + [x] for row, x in zip(a, b)]
    for i in range(n):
        p = max(range(i, n), key=lambda r: abs(m[r][i]))
        m[i], m[p] = m[p], m[i]
        for r in range(i + 1, n):
            f = m[r][i] / m[i][i]
            for c in range(i, n + 1):
                m[r][c] -= f * m[i][c]
    x = [0.0] * n
    for i in reversed(range(n)):
        x[i] = (m[i][n] - sum(m[i][c] * x[c] for c in range(i + 1, n))) / m[i][i]
    return x


def chance(w, x):
    z = w[0] + sum(a * b for a, b in zip(w[1:], x))
    return 1 / (1 + math.exp(-max(-30, min(30, z))))


def fit(rows):
    """Newton's method; rows are (signals, right, weight)."""
    n = len(rows[0][0]) + 1
    w = [0.0] * n
    for _ in range(40):
        g = [0.0] * n
        h = [[0.0] * n for _ in range(n)]
        for x, y, k in rows:
            full = (1.0, *x)
            p = chance(w, x)
            v = k * max(p * (1 - p), 1e-6)
            for i in range(n):
                g[i] += k * (y - p) * full[i]
                for j in range(n):
                    h[i][j] += v * full[i] * full[j]
        for i in range(1, n):
            g[i] -= RIDGE * w[i]
            h[i][i] += RIDGE
        step = solve(h, g)
        w = [a + b for a, b in zip(w, step)]
        if max(map(abs, step)) < 1e-6:
            break
    return w


def rows_of(suites):
    rows = []
    for values in suites:
        share = 1000 / len(values)
        for v in values:
            rows.append((v["signals"], float(v["right"]), share))
            if v["right"]:
                rows.append((v["next"], 0.0, WITHOUT * share))
    return rows


def as_they_are(values):
    return [(v["signals"], float(v["right"]), 1.0) for v in values]


def judged(w, rows):
    bins = [0.0] * 10
    accepted = good = total = 0.0
    for x, y, k in rows:
        p = chance(w, x)
        bins[min(9, int(p * 10))] += k * (p - y)
        total += k
        if p >= ACCEPT:
            accepted += k
            good += k * y
    ece = sum(map(abs, bins)) / total
    return f"ECE {ece:.3f}, accepted {accepted / total:.3f}, of these right {good / max(accepted, 1e-9):.3f}"


def main():
    suites = defaultdict(list)
    other = defaultdict(list)
    for line in open(sys.argv[1], encoding="utf-8"):
        value = json.loads(line)
        (suites if value["train"] else other)[value["suite"]].append(value)
    for name in suites:
        rest = [v for n, v in suites.items() if n != name]
        if rest:
            w = fit(rows_of(rest))
            print(f"without {name}: {judged(w, as_they_are(suites[name]))}")
            print(f"  with labels taken away: {judged(w, rows_of([suites[name]]))}")
    w = fit(rows_of(list(suites.values())))
    for name, values in {**suites, **other}.items():
        print(f"{name}: {judged(w, as_they_are(values))}")
    print("[" + ", ".join(f"{x:.3f}" for x in w) + "]")


main()
