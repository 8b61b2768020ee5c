"""Writes what Python makes of texts, for the tests of the Rust code: pieces by the package
`tokenizers`, vectors by numpy from table.bin.

    python training/golden.py crates/core/src/matching/meaning
"""

import argparse
import json
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from distill import MAGIC, model_folder

MOST_PIECES = 64

NAMES = """
Booking date|Value Date|booking_date|bookingDate|BOOKING DATE|Account holder|IBAN|BIC/SWIFT|Amount (EUR)|
Amount in cents|amount_net_of_vat|Opening balance|Closing Balance|Debit/Credit|D/C|S/H|Ref. no.|Reference #|
Transaction ID|txn_id|customerId|customer-number|Customer's name|first_name|LastName|Full Name (as on passport)|
Date of Birth|dob|SSN|phone #1|phone (mobile)|E-Mail|e_mail_address|Street & No.|ZIP+4|Postcode|P.O. Box|City/Town|
Country code (ISO 3166-1)|Lat/Lon|longitude_deg|Temp. [°C]|Temp. °F|Speed (km/h)|Pressure, hPa|m²|m³/h|50% quantile|
p99_latency_ms|CPU%|rows.rejected|duration_ms|sku|SKU#|Qty.|qty_ordered|Unit price $|Price (£)|Price per unit [€]|
Discount %|VAT-ID|Tax rate 19%|Order No|orderNo.|PO Number|Line item|Ship-to address|Bill-to|Incoterms® 2020|
Net weight(kg)|Gross Weight / kg|L x W x H|Made in|Warranty (months)|is_active|has_children|isDeleted?|Y/N|
created_at|updatedAt|valid_from|valid_to|FY2024|Q3 2025|Jan-Mar|Week 05|YYYY-MM-DD|HH:MM:SS|Unnamed: 0|column_3|
Column1|F1|A|Ø delivery time|n/a|NULL|-|--|---|#|##|##ing|#REF!|...|(empty)|$|"quoted"|'single'|`tick`|back\\slash|
C:\\Users\\name|https://example.org/a?b=c&d=e|user@example.org|+49 (0) 30 123456|1,234.56|1.234,56|1'234.56|-12.50|
+3|1e-10|0x1F|12:30|2024-02-29|29.02.2024|3/4|½ price|10 000|№ 5|§ 12 Abs. 3|A&B|AT&T|C++|C#|.NET|R²|CO₂|H2O|
unaffable|unbelievable|antidisestablishmentarianism|pneumonoultramicroscopicsilicovolcanoconiosis|tokenization|
microservices|reconciliation|chargeback|beneficiary|counterparty|remittance|subledger|hypothecation|escrow
"""

WORDS = """
Größe|Straße|Straßenname|Fußgängerübergang|Überweisungsbetrag|Empfänger|Auftraggeber|Buchungstag|Wertstellung|
Verwendungszweck|Kontonummer|Gläubiger-ID|Mandatsreferenz|Währung|Geschäftsführer|Öffnungszeiten|Übermäßig|ÄÖÜäöüß|
GROẞ|Maßeinheit|Rechnungsempfängeranschrift|Donaudampfschifffahrtsgesellschaftskapitän|Prüfziffer|Kürzel|Lösch-KZ|
Prénom|Nom de famille|Adresse électronique|Téléphone|Numéro de sécurité sociale|Société|Montant réglé|Échéance|
Date d'échéance|L'élève|Où|Noël|cœur|Œuvre|Æsir|français|garçon|naïve|aiguë|Hôtel|fenêtre|déjà-vu|Libellé|
Crédit à la consommation|N° de compte|Dirección|Código postal|Año|Niño|Teléfono móvil|¿Cuánto?|¡Hola!|Número de cédula|
Número|Endereço|São Paulo|Descrição|Município|Ação|Città|Perché|Indirizzo è|Proprietà|Straat en huisnummer|Eén|
Geïnd bedrag|Ålder|Förnamn|Efternamn|Räntesats|Øre|Fødselsdato|Beløb|Łódź|Zażółć gęślą jaźń|Imię i nazwisko|
Příjmení|Číslo účtu|Jméno|Žlutý kůň|Dátum narodenia|Szám|Őrült űrhajó|Születési idő|Țară|Județ|Şehir|İstanbul|ISPARTA|
ısı|Đorđe|Ćevapi|Ελλάδα|Διεύθυνση|ΌΝΟΜΑ|Ταχυδρομικός κώδικας|Имя|Фамилия|Ёлка|Йод|Дата рождения|Сумма платежа|Київ|
Ґанок|שלום|שָׁלוֹם|تاريخ|مُحَمَّد|المبلغ|नाम|पता|हिन्दी|জন্ম|கணக்கு|ชื่อ|ที่อยู่|Tiếng Việt|Địa chỉ|Ngày sinh|
日期|金额|客户名称|出生日期|交易日期 date|名前|カタカナ|ひらがな|がぎぐげご|パピプペポ|ｶﾅ|東京都|한국어|이름|생년월일|금액|각|가나다|
㐀㐁|𠀀𠀁|Ａｃｃｏｕｎｔ|１２３|ﬁnance|ǅ|ſtreet|e\u0301te\u0301|A\u030angstro\u0308m|o\u0302\u0323|\u1ea4n|\u2126 ohm|
\u212a kelvin|\u212b
"""

MARKS = """
🦀|😀 amount|amount 😀|👩‍👩‍👧 family|🇩🇪|✓|✔ done|★ rating|→ next|a→b|€|¥ 100|₿|µg|‰|“curly” quotes|‘x’|«guillemets»|
„unten“|en–dash|em—dash|minus−sign|soft\u00adhyphen|zero\u200bwidth|join\u200dme|\ufeffbom|no\u00a0break|thin\u2009space|
line\u2028sep|next\u0085line|tab\tbed|new\nline|car\rriage|form\ffeed|ver\u000btical|nul\u0000l|bell\u0007|esc\u001b[0m|
repl\ufffdaced|private\ue000use| lead|trail |  two  blanks  ||\u3000|ideographic\u3000space|、。|「かぎ」|！？|％|＃１|・|٪|؟|۔|।|
\u0301|a\u0301\u0302\u0303|x\u20dd|１２：３０|foo＿bar|[brackets]|{braces}|<tags>|a|b
"""


def texts() -> list[str]:
    """The texts above, some of them joined, and long ones; each once."""
    names, words, marks = (
        [part for line in block.strip("\n").split("\n") for part in line.split("|")]
        for block in (NAMES, WORDS, MARKS)
    )
    single = names + words + marks
    joined = [f"{name}{mark}{word}" for name, word, mark in zip(names, words * 3, [" ", "_", "/", "", "."] * 60)]
    turned = [f"{word.upper()} {name.lower()}" for name, word in zip(reversed(names), words * 3)]
    long = [letter * count for letter in ("a", "ß", "é", "가", "日") for count in (34, 99, 100, 101, 300)]
    long += ["new\nline", "\n"]
    return list(dict.fromkeys(single + joined + turned + long))


VECTORS = [
    "date of birth", "birthday", "Invoice total", "amount (EUR)", "Größe", "Prénom", "zip code", "IBAN",
    "customer's e-mail address", "the name of the person who approved the order", "Überweisungsbetrag",
    "temperature °C", "2024-02-29", "日期 date", "Имя", "a", "reconciliation of subledger accounts",
    "unknown 🦀 words", "net weight of the parcel in kilograms, without packaging", "amount " * 70 + "birthday",
]


def vector(table: bytes, ids: list[int]) -> np.ndarray:
    """Mean of the rows, of length 1; see distill.py for the layout."""
    assert table.startswith(MAGIC)
    rows, dims = np.frombuffer(table, "<u4", 2, offset=8)
    scales = np.frombuffer(table, "<f4", rows, offset=16)
    values = np.frombuffer(table, "i1", rows * dims, offset=16 + 4 * rows).reshape(rows, dims)
    mean = (scales[ids, None].astype(np.float64) * values[ids]).mean(axis=0)
    return mean / np.linalg.norm(mean)


def main() -> None:
    parser = argparse.ArgumentParser(description="writes pieces and vectors for the tests")
    parser.add_argument("folder", type=Path, help="where table.bin is, and the golden files go")
    folder = parser.parse_args().folder
    tokenizer = Tokenizer.from_file(str(model_folder() / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()

    lines = ["# text as JSON<tab>pieces. Made by training/golden.py."]
    for text in texts():
        pieces = tokenizer.encode(text, add_special_tokens=False).tokens
        lines.append(f"{json.dumps(text)}\t{' '.join(pieces)}")
    (folder / "golden_pieces.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    unknown = tokenizer.token_to_id("[UNK]")
    table = (folder / "table.bin").read_bytes()
    lines = ["# text<tab>numbers. Made by training/golden.py."]
    for text in VECTORS:
        ids = [id for id in tokenizer.encode(text, add_special_tokens=False).ids if id != unknown]
        numbers = " ".join(f"{number:.5f}" for number in vector(table, ids[:MOST_PIECES]))
        lines.append(f"{text}\t{numbers}")
    (folder / "golden_vectors.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
