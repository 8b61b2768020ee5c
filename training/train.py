#!/usr/bin/env python3
"""Trains the weights of matching from the features of known pairs.

    python3 training/train.py training/features.bin.gz crates/core/src/matching/model/weights.json

The features are written by `aimapper eval DIR --features FILE` (numbers alone: a line of JSON, then
one record per pair of column and field, see crates/core/src/matching/training.rs). The same features
give the same weights, to the byte: one thread, fixed seeds, pinned versions (requirements.txt).

With `--without-each FOLDER` it also writes weights in which one suite had no part at all, so that
they can be judged on it.

1. Boosted trees tell for each pair how likely it is (LightGBM, monotone: more likeness never means
   less). Tables without names and tables without the right field are copies of cases.
   The mean of several forests is taken. Then the columns of a table are weighed against each
   other, as the program does it.
2. A logistic regression tells how likely the best field of a column is right. It sees scores of
   trees that were trained without the suite that it looks at, and only suites in which every
   column is judged.
"""
import argparse
import gzip
import json
import math

import lightgbm
import numpy as np

TREES, RATE = 80, 0.07
SEEDS = (1, 2, 3)  # of forests whose mean is taken: one alone is a matter of luck
HARD, OTHERS = 10, 12
COPY_WEIGHT = {0: 1.0, 1: 0.5, 2: 0.5, 3: 0.5}
STRENGTH = 0.03  # of the data against the prior that all coefficients are 0
BEHIND = 10.0  # log-odds by which the plain mean counts, as in scores.rs
ANY_PART, ROUNDS, TAKEN, NONE = 1.0, 10, 1.5, -1.0  # as in together.rs
IMAGINED = 40.0  # columns that the usual base rate counts as
ABSENT = -128
LOOKED_AT = 17


def read(path):
    with gzip.open(path) as file:
        head = json.loads(file.readline())
        body = file.read()
    rows = np.frombuffer(body, np.uint8).reshape(-1, head["bytes"])
    number = lambda at: rows[:, at].astype(np.int64) + 256 * rows[:, at + 1].astype(np.int64)
    data = {
        "suite": rows[:, 0].astype(np.int64),
        "copy": rows[:, 1].astype(np.int64),
        "table": number(2),
        "column": number(4),
        "right": rows[:, 6].astype(np.int64),
        "same": rows[:, 7].astype(np.int64),
        "field": number(8),
        "part": rows[:, 10].astype(np.int64),
        "own_part": rows[:, 11].astype(np.int64),
        "x": rows[:, 12:].view(np.int8),
    }
    data["group"] = data["table"] * 65536 + data["column"]
    return head, data


def pick(data, names):
    """Which rows the trees learn from: all that are right, the hardest of the others, and some."""
    mean = data["x"][:, names.index("Mean")].astype(np.int64)
    shuffled = (np.arange(len(mean), dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(40)
    take = data["right"] == 1
    for key, most in ((-mean, HARD), (shuffled.astype(np.int64), OTHERS)):
        order = np.lexsort((np.arange(len(mean)), key, data["right"], data["group"]))
        group = data["group"][order]
        first = np.r_[True, group[1:] != group[:-1]]
        start = np.maximum.accumulate(np.where(first, np.arange(len(group)), 0))
        take[order[np.arange(len(group)) - start < most]] = True
    return take


def grow(data, rows, names, seeds):
    suite, copy = data["suite"][rows], data["copy"][rows]
    weight = np.array([COPY_WEIGHT[c] for c in range(4)])[copy]
    for one in np.unique(suite):
        mine = suite == one
        columns = len(np.unique(data["group"][rows][mine & (copy == 0)]))
        weight[mine] *= math.sqrt(min(columns, 400)) / columns
    weight *= len(weight) / weight.sum()
    x = data["x"][rows].astype(np.float32)
    x[x == ABSENT] = np.nan
    monotone = [-1 if name.endswith(".rank") else 1 for name in names]
    settings = dict(
        objective="binary", learning_rate=RATE, num_leaves=6, min_data_in_leaf=60,
        feature_fraction=0.3, bagging_fraction=0.7, bagging_freq=1, lambda_l2=5.0, max_bin=63,
        monotone_constraints=monotone, deterministic=True, force_row_wise=True, num_threads=1,
        verbosity=-1,
    )
    table = lightgbm.Dataset(x, data["right"][rows], weight=weight, free_raw_data=False)
    return [lightgbm.train(dict(settings, seed=seed), table, TREES) for seed in seeds]


def trees_of(forests):
    """The trees of all forests as lists; a child below zero is the leaf -1 - child."""
    trees = []
    for info in (info for forest in forests for info in forest.dump_model()["tree_info"]):
        tree = {key: [] for key in ("feature", "at_most", "absent_left", "left", "right", "leaves")}

        def leaf(node):
            tree["leaves"].append(round(node["leaf_value"] / len(forests), 7))
            return -len(tree["leaves"])

        def inner(node):
            at = len(tree["feature"])
            threshold = node["threshold"]
            absent = node["default_left"] if node["missing_type"] == "NaN" else 0 <= threshold
            tree["feature"].append(node["split_feature"])
            tree["at_most"].append(max(-128, min(127, math.floor(threshold))))
            tree["absent_left"].append(absent)
            tree["left"].append(None)
            tree["right"].append(None)
            for side in ("left", "right"):
                child = node[side + "_child"]
                tree[side][at] = inner(child) if "split_feature" in child else leaf(child)
            return at

        root = info["tree_structure"]
        if "split_feature" in root:
            inner(root)
            trees.append(tree)
    return trees


def score(forests, data, rows, names):
    x = data["x"][rows].astype(np.float32)
    x[x == ABSENT] = np.nan
    mean = np.nan_to_num(x[:, names.index("Mean")], nan=0.0) / 100.0
    _, group = np.unique(data["group"][rows], return_inverse=True)
    best = np.zeros(group.max() + 1)
    np.maximum.at(best, group, mean)
    votes = [forest.predict(x, raw_score=True, num_threads=1) for forest in forests]
    logit = np.mean(votes, axis=0) + BEHIND * (mean - best[group])
    return together(data, rows, logit)


def shares(logit, column, none=None):
    """Log-odds as shares of one among the candidates of a column."""
    best = np.full(column.max() + 1, -np.inf)
    np.maximum.at(best, column, logit)
    odds = np.exp(logit - best[column])
    total = np.zeros(len(best)) if none is None else np.exp(none - best)
    np.add.at(total, column, odds)
    return odds / total[column]


def together(data, rows, logit):
    """What the columns of a table tell about each other, as together.rs does."""
    logit = logit.copy()
    for table in np.unique(data["table"][rows]):
        mine = np.flatnonzero(data["table"][rows] == table)
        number = lambda key, at: np.unique(data[key][rows[at]], return_inverse=True)[1]
        for own in np.unique(data["own_part"][rows[mine]]):
            at = mine[data["own_part"][rows[mine]] == own]
            column, part = number("column", at), number("part", at)
            shape = (column.max() + 1, part.max() + 1)
            if min(shape) < 2:
                continue
            gain = np.zeros(shape)
            for _ in range(ROUNDS):
                liked = np.zeros(shape)
                np.add.at(liked, (column, part), shares(logit[at] + gain[column, part], column))
                others = np.maximum(liked.sum(axis=0) - liked, 0.0) + ANY_PART / shape[1]
                gain = np.log(others / others.max(axis=1, keepdims=True))
            logit[at] += gain[column, part]
        column, field = number("column", mine), number("field", mine)
        columns, fields = column.max() + 1, field.max() + 1
        if columns >= 2:
            share = shares(logit[mine], column, NONE)
            taken = np.zeros(fields)
            np.add.at(taken, field, share)
            by_others = np.clip(taken[field] - share, 0.0, 1.0)
            logit[mine] -= TAKEN * min(1.0, fields / columns) * by_others
    return logit


def leaders(data, rows, scores, names):
    """What the regression looks at, one row per column; the order is that of confidence.rs."""
    place = {name: at for at, name in enumerate(names)}
    x = data["x"][rows].astype(np.float64) / 100.0
    x[x <= ABSENT / 100.0] = np.nan
    best = lambda at, *of: np.nanmax([x[at][place[name]] for name in of] + [-np.inf])
    order = np.lexsort((-scores, data["group"][rows]))
    group = data["group"][rows][order]
    starts = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
    ends = np.r_[starts[1:], len(group)]
    found = []
    for start, end in zip(starts, ends):
        top = order[start]
        first = scores[top]
        second = scores[order[start + 1]] if end - start > 1 else first - 6.0
        own = lambda name: x[top][place[name]]
        finite = lambda value: value if np.isfinite(value) else np.nan
        found.append((
            data["suite"][rows][top], data["copy"][rows][top], data["table"][rows][top],
            data["right"][rows][top], first, second,
            finite(best(top, "ValuePieces", "ValuesKnown", "ValuesMeanValues")),
            own("NameEqual"), own("best.all"), float(not np.isnan(own("ValuePieces"))),
            math.log(max(1, data["same"][rows][top])), own("KindFits"), own("MeaningField.lead"),
            own("ValuePieces.lead_of_column"), own("NameRules.lead_of_column"),
            own("Mean.lead_of_column"),
        ))
    found = np.array(found)
    looked = np.empty((len(found), LOOKED_AT))
    for table in np.unique(found[:, 2]):
        mine = found[:, 2] == table
        part = found[mine]
        first, second = part[:, 4], part[:, 5]
        low, middle, high = np.quantile(second, [0.25, 0.5, 0.75])
        spread = max(0.6, high - low)
        mean = lambda values: np.full(len(part), np.nan_to_num(values, nan=0.0).mean())
        looked[mine] = np.column_stack((
            part[:, 6], np.clip((first - middle) / spread, -3, 8), part[:, 7], first, part[:, 8:15],
            mean(part[:, 8]), mean(first - second), mean(first - second > 1.0),
            mean(part[:, 15] > 0), mean(part[:, 7]), mean(part[:, 14]),
        ))
    return found, looked


def regress(found, looked):
    weight = np.array([COPY_WEIGHT[c] for c in range(4)])[found[:, 1].astype(int)]
    for suite in np.unique(found[:, 0]):
        mine = found[:, 0] == suite
        weight[mine] /= weight[mine].sum()
    weight *= len(weight) / weight.sum()
    # What is absent in all columns, as where a kind of evidence is left out, says nothing.
    absent = np.isnan(looked).all(axis=0)
    mean, deviation = np.zeros(LOOKED_AT), np.ones(LOOKED_AT)
    mean[~absent] = np.nanmean(looked[:, ~absent], axis=0)
    deviation[~absent] = np.maximum(np.nanstd(looked[:, ~absent], axis=0), 1e-6)
    z = np.clip(np.nan_to_num((looked - mean) / deviation, nan=0.0), -4, 4)
    z = np.column_stack((z, np.ones(len(z))))
    right = found[:, 3]
    prior = np.r_[np.ones(LOOKED_AT), 0.0]
    w = np.zeros(LOOKED_AT + 1)
    for _ in range(50):  # Newton's method
        p = 1 / (1 + np.exp(-z @ w))
        gradient = STRENGTH * z.T @ (weight * (p - right)) + prior * w
        curve = STRENGTH * (z * (weight * p * (1 - p))[:, None]).T @ z + np.diag(prior)
        w -= np.linalg.solve(curve, gradient)
    digits = lambda values: [round(float(value), 6) for value in values]
    rate = float((weight * right).sum() / weight.sum())
    return {
        "mean": digits(mean), "deviation": digits(deviation), "weight": digits(w[:LOOKED_AT]),
        "intercept": round(float(w[LOOKED_AT]), 6), "base_rate": round(rate, 6), "imagined": IMAGINED,
    }


class Trainer:
    def __init__(self, path, seeds):
        head, self.data = read(path)
        self.seeds = seeds
        self.names = head["features"]
        self.exhaustive = [int(suite) for suite in np.flatnonzero(head["exhaustive"])]
        self.suites = [int(suite) for suite in np.unique(self.data["suite"])]
        self.picked = pick(self.data, self.names)
        self.grown = {}

    def forest(self, without):
        """The trees that were trained without some suites; each once."""
        key = frozenset(without)
        if key not in self.grown:
            rows = self.picked & ~np.isin(self.data["suite"], list(key))
            self.grown[key] = grow(self.data, rows, self.names, self.seeds)
        return self.grown[key]

    def weights(self, left_out=frozenset()):
        found, looked = [], []
        for suite in self.exhaustive:
            if suite in left_out:
                continue
            rows = np.flatnonzero(self.data["suite"] == suite)
            forest = self.forest(left_out | {suite})
            scores = score(forest, self.data, rows, self.names)
            for_all, for_each = leaders(self.data, rows, scores, self.names)
            found.append(for_all)
            looked.append(for_each)
        confidence = regress(np.concatenate(found), np.concatenate(looked))
        trees = trees_of(self.forest(left_out))
        return (
            '{"features":' + json.dumps(self.names) + ',\n"confidence":' + json.dumps(confidence)
            + ',\n"forest":[\n' + ",\n".join(json.dumps(tree, separators=(",", ":")) for tree in trees)
            + "\n]}\n"
        )


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("features")
    arguments.add_argument("weights", help="file to write")
    arguments.add_argument("--seeds", type=int, default=len(SEEDS), help="how many forests")
    arguments.add_argument("--without-each", metavar="FOLDER", help="writes N.json too, trained without suite N")
    arguments = arguments.parse_args()
    trainer = Trainer(arguments.features, SEEDS[: arguments.seeds])
    with open(arguments.weights, "w") as file:
        file.write(trainer.weights())
    for suite in trainer.suites if arguments.without_each else ():
        with open(f"{arguments.without_each}/{suite}.json", "w") as file:
            file.write(trainer.weights(frozenset({suite})))


main()
