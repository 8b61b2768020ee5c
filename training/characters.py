"""Writes what BERT's uncased normalisation has to know of characters, from Python's own tables.

    python training/characters.py crates/core/src/matching/meaning/characters.tsv

Which characters are dropped, which are accents, which stand alone as punctuation, and what is left of
a letter when its accents are taken off (canonical decomposition without nonspacing marks). Left out
are ASCII and what a few lines of code know better: Hangul syllables, which are reckoned, and the
compatibility ideographs, which no word piece has.
"""

import sys
import unicodedata
from pathlib import Path


def ranges(categories: tuple[str, ...]) -> list[tuple[int, int]]:
    """Runs of characters of these categories. Unassigned ones are not looked at."""
    found: list[tuple[int, int]] = []
    for code in range(0x80, 0x110000):
        if unicodedata.category(chr(code)) in categories:
            if found and found[-1][1] == code - 1:
                found[-1] = (found[-1][0], code)
            else:
                found.append((code, code))
    return found


def bases() -> dict[str, str]:
    """For each text that is left without accents, the letters that it is left of."""
    found: dict[str, str] = {}
    for code in range(0x80, 0x110000):
        if 0xAC00 <= code <= 0xD7A3 or 0xF900 <= code <= 0xFAFF or 0x2F800 <= code <= 0x2FA1F:
            continue
        letter = chr(code)
        whole = unicodedata.normalize("NFD", letter)
        bare = "".join(each for each in whole if unicodedata.category(each) != "Mn")
        if whole != letter and bare:
            found[bare] = found.get(bare, "") + letter
    return found


def main() -> None:
    lines = [
        f"# Characters, by Unicode {unicodedata.unidata_version}. Made by training/characters.py.",
        "# base<tab>what is left<tab>letters that it is left of; the rest: first and last character.",
    ]
    kinds = (
        ("dropped", ("Cc", "Cf", "Co")),
        ("accent", ("Mn",)),
        ("punctuation", ("Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps")),
    )
    for kind, categories in kinds:
        lines += [f"{kind}\t{first:x}\t{last:x}" for first, last in ranges(categories)]
    lines += [f"base\t{bare}\t{letters}" for bare, letters in sorted(bases().items())]
    Path(sys.argv[1]).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
