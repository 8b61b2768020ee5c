#!/usr/bin/env python3
"""Writes crates/core/src/matching/values/cldr.tsv: what countries, languages, currencies, months and
weekdays are called, with their codes.

    pip install babel==2.19.0 && python3 training/value_names.py

The names are those of the Unicode CLDR (Unicode License V3), in the form in which the package Babel
(BSD-3-Clause) carries them. Spellings that several things share are left out, unless they are codes.
"""
import os
import re
import unicodedata
from collections import defaultdict

from babel import Locale
from babel.core import get_global
from babel.numbers import list_currencies

LANGUAGES = ("en de fr es pt it nl sv da nb fi pl cs hu tr ro ca ru uk el zh ja ko ar").split()
OUT = os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "../crates/core/src/matching/values/cldr.tsv"
)
# Regions that CLDR names, and that are no countries or territories of ISO 3166-1.
NO_COUNTRY = set("EU EZ UN QO XA XB ZZ AC CP CQ DG EA IC TA".split())


# Latin letters that no decomposition makes plain.
PLAIN = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "ı": "i", "đ": "d", "æ": "ae", "œ": "oe"})


def folded(text):
    """Lower case, Latin letters without accents, one blank between words."""
    plain = []
    for character in text.lower().translate(PLAIN):
        base = unicodedata.normalize("NFD", character)
        plain.append(base[0] if base[0].isascii() else character)
    text = "".join(c for c in plain if c.isascii() or not unicodedata.combining(c))
    return " ".join(re.findall(r"\w+", text))


def codes_of(aliases, wanted):
    """Other codes of a thing, such as USA and 840 of US."""
    found = defaultdict(list)
    for alias, names in aliases.items():
        if len(names) == 1 and names[0] in wanted and re.fullmatch(r"[A-Z]{3}|\d{3}", alias):
            found[names[0]].append(alias)
    return found


def rows():
    locales = [Locale.parse(language) for language in LANGUAGES]
    english = locales[0]
    countries = sorted(
        code for code in english.territories if re.fullmatch("[A-Z]{2}", code) and code not in NO_COUNTRY
    )
    aliases = codes_of(get_global("territory_aliases"), set(countries))
    for code in countries:
        names = [locale.territories.get(code) for locale in locales]
        yield "country", code, [code, *sorted(aliases[code]), *names]
    languages = sorted(code for code in english.languages if re.fullmatch("[a-z]{2}", code))
    three = defaultdict(list)
    for alias, name in get_global("language_aliases").items():
        if re.fullmatch("[a-z]{3}", alias) and name in languages:
            three[name].append(alias)
    for code in languages:
        own = Locale.parse(code).languages.get(code) if code in LANGUAGES else None
        names = [locale.languages.get(code) for locale in locales]
        yield "language", code, [code, *sorted(three[code]), own, *names]
    for code in sorted(list_currencies("en")):
        yield "currency", code, [code, english.currencies.get(code)]
    for topic, table, count in (("month", "months", 12), ("weekday", "days", 7)):
        for number in range(count):
            names = []
            for locale in locales:
                for context in ("format", "stand-alone"):
                    for width in ("wide", "abbreviated"):
                        values = getattr(locale, table)[context].get(width) or {}
                        names.append(values.get(number + (topic == "month")))
            yield topic, str(number + 1), names


def main():
    all_rows = list(rows())
    owners = defaultdict(set)
    for topic, key, names in all_rows:
        for name in names:
            if name:
                owners[topic, folded(name)].add(key)
    with open(OUT, "w", encoding="utf-8") as out:
        out.write("# Made by training/value_names.py of Unicode CLDR data; see NOTICE. Do not edit.\n")
        out.write("# Columns: topic, key, spellings (folded)\n")
        for topic, key, names in all_rows:
            seen = []
            for name in names:
                spelling = folded(name or "")
                if spelling and spelling not in seen and len(owners[topic, spelling]) == 1:
                    seen.append(spelling)
            if seen:
                out.write(f"{topic}\t{key}\t{'|'.join(seen)}\n")


main()
