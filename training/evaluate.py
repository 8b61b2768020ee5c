"""How well the table finds the meant target among all targets of pairs.tsv, beside the model that it
comes from and the plain comparison of letters.

    python training/evaluate.py crates/core/src/matching/meaning

Top-1: share of the columns whose meant target comes first. MRR: mean of 1 / its place.
"""

import sys
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from distill import Bert, model_folder
from golden import vector


def pairs() -> tuple[list[tuple[str, str]], list[str]]:
    """Columns with their targets, and all targets."""
    lines = Path(__file__).with_name("pairs.tsv").read_text(encoding="utf-8").splitlines()
    named = [tuple(line.split("\t")) for line in lines if not line.startswith("#")]
    return [pair for pair in named if pair[0] != "-"], list(dict.fromkeys(target for _, target in named))


def figures(scores: np.ndarray, meant: np.ndarray) -> tuple[float, float]:
    """Top-1 and MRR; a rival that scores the same comes first."""
    own = scores[np.arange(len(meant)), meant][:, None]
    places = (scores >= own).sum(axis=1)
    return float((places == 1).mean()), float((1.0 / places).mean())


def trigrams(text: str) -> set[str]:
    """Pieces of three letters, with a blank at both ends."""
    padded = f" {text} "
    return {padded[at : at + 3] for at in range(len(text))}


def jaccard(a: set[str], b: set[str]) -> float:
    """The share of what two sets have in common."""
    return len(a & b) / max(1, len(a | b))


def main() -> None:
    tokenizer = Tokenizer.from_file(str(model_folder() / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    table = (Path(sys.argv[1]) / "table.bin").read_bytes()
    bert = Bert(model_folder())
    columns, targets = pairs()
    meant = np.array([targets.index(target) for _, target in columns])

    def by_table(text: str) -> np.ndarray:
        return vector(table, tokenizer.encode(text, add_special_tokens=False).ids)

    def by_model(text: str) -> np.ndarray:
        mean = bert.mean(np.array([tokenizer.encode(text).ids]))[0]
        return mean / np.linalg.norm(mean)

    letters = [[jaccard(trigrams(column), trigrams(target)) for target in targets] for column, _ in columns]
    ways = {"trigrams": np.array(letters)}
    for name, embed in (("model", by_model), ("table", by_table)):
        found = [np.array([embed(text) for text in texts]) for texts in ([column for column, _ in columns], targets)]
        ways[name] = found[0] @ found[1].T

    print(f"{len(columns)} columns, {len(targets)} targets")
    for name, scores in ways.items():
        top, rank = figures(scores, meant)
        print(f"{name}: top-1 {top:.2f}, MRR {rank:.3f}")
    print("not found by the table:")
    for (column, target), row in zip(columns, ways["table"]):
        best = targets[int(row.argmax())]
        if best != target:
            print(f"  {column}: {best} ({row.max():.2f}), not {target} ({row[targets.index(target)]:.2f})")


if __name__ == "__main__":
    main()
