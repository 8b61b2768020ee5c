//! Totals: rows that add the rows above them up, told by their words and by their numbers.

use super::candidates::Cell;
use super::candidates::Row;
use super::kind::Kind;
use crate::value::Decimal;
use crate::value::Marks;
use crate::value::parse_decimal;

/// How a row that adds up is called, in lower case. Such a word alone in a cell is seldom anything
/// else.
const TOTALS: [&str; 108] = [
    "total",
    "totals",
    "grand total",
    "grand totals",
    "subtotal",
    "sub total",
    "sub-total",
    "overall",
    "average",
    "avg",
    "closing balance",
    "ending balance",
    "summe",
    "summen",
    "gesamt",
    "gesamtsumme",
    "gesamtbetrag",
    "gesamtergebnis",
    "insgesamt",
    "endsumme",
    "zwischensumme",
    "teilsumme",
    "endsaldo",
    "durchschnitt",
    "mittelwert",
    "total général",
    "totaux",
    "somme",
    "sous-total",
    "sous total",
    "moyenne",
    "totale",
    "totali",
    "totale generale",
    "totale complessivo",
    "somma",
    "subtotale",
    "total general",
    "totales",
    "suma",
    "suma total",
    "promedio",
    "saldo final",
    "total geral",
    "totais",
    "soma",
    "totaal",
    "eindtotaal",
    "subtotaal",
    "gemiddelde",
    "razem",
    "ogółem",
    "łącznie",
    "suma końcowa",
    "saldo końcowe",
    "średnia",
    "celkem",
    "celkom",
    "součet",
    "súčet",
    "průměr",
    "priemer",
    "summa",
    "totalt",
    "totalsumma",
    "i alt",
    "ialt",
    "delsumma",
    "genomsnitt",
    "gennemsnit",
    "gjennomsnitt",
    "yhteensä",
    "keskiarvo",
    "összesen",
    "mindösszesen",
    "végösszeg",
    "átlag",
    "sumă",
    "ukupno",
    "skupaj",
    "zbroj",
    "prosjek",
    "iš viso",
    "kopā",
    "kokku",
    "σύνολο",
    "γενικό σύνολο",
    "μέσος όρος",
    "итого",
    "всего",
    "итог",
    "общий итог",
    "сумма",
    "среднее",
    "разом",
    "усього",
    "всього",
    "общо",
    "toplam",
    "genel toplam",
    "ara toplam",
    "ortalama",
    "合計",
    "合计",
    "総計",
    "总计",
    "小計",
    "小计",
];

/// Words that name such rows as well, but are values of their own just as often.
const PERHAPS: [&str; 20] = [
    "sum",
    "saldo",
    "balance",
    "kontostand",
    "count",
    "anzahl",
    "mean",
    "media",
    "média",
    "medie",
    "solde",
    "som",
    "spolu",
    "計",
    "總計",
    "共计",
    "总额",
    "平均",
    "합계",
    "총계",
];

/// What the first text of a row calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Label {
    /// Something else than a total.
    Other,
    /// A total, among other things that it may be.
    Perhaps,
    /// A total.
    Total,
}

impl Label {
    /// What a row is called by its first cell with something in it.
    pub(super) fn of(row: &Row) -> Self {
        let first = row.cells.iter().find(|cell| cell.kind != Kind::Empty);
        first.map_or(Self::Other, |cell| Self::parse(&cell.text))
    }

    /// What a row is called by its first text, whatever numbers and dates stand before it.
    pub(super) fn behind_values(row: &Row) -> Self {
        let is_text = |cell: &&Cell| matches!(cell.kind, Kind::Word | Kind::Text);
        let first = row.cells.iter().find(is_text);
        first.map_or(Self::Other, |cell| Self::parse(&cell.text))
    }

    fn parse(text: &str) -> Self {
        let bare = |sign: char| !sign.is_alphanumeric();
        let text = text.trim_matches(bare);
        // Most rows begin with a number or a date.
        if text.starts_with(|sign: char| sign.is_ascii_digit()) {
            return Self::Other;
        }
        let text = text.to_lowercase();
        let behind = |word: &&str| {
            let rest = text.strip_prefix(*word)?;
            (!rest.starts_with(char::is_alphanumeric)).then(|| rest.to_owned())
        };
        let sure = TOTALS.iter().filter_map(behind);
        // Without letters behind it (`Total 2026`), but for a currency's code.
        let alone = |rest: &String| {
            rest.split(|sign: char| !sign.is_alphanumeric())
                .all(|part| !part.contains(char::is_alphabetic) || CURRENCIES.contains(&part))
        };
        let mut rests = sure.peekable();
        if rests.peek().is_none() {
            let perhaps = PERHAPS.iter().any(|word| behind(word).is_some());
            return if perhaps { Self::Perhaps } else { Self::Other };
        }
        if rests.any(|rest| alone(&rest)) {
            Self::Total
        } else {
            Self::Perhaps
        }
    }
}

/// Codes that stand behind the word in totals of money.
const CURRENCIES: [&str; 12] = [
    "eur", "usd", "gbp", "chf", "pln", "czk", "sek", "nok", "dkk", "huf", "try", "jpy",
];

/// Numbers that have to stand above a sum, so that it is none by chance.
const ADDENDS: usize = 3;

/// How numbers are written: both ways are tried, because a column that adds up does so by its own.
const MARKS: [Marks; 2] = [
    Marks {
        decimal: '.',
        thousands: Some(','),
    },
    Marks {
        decimal: ',',
        thousands: Some('.'),
    },
];

/// Whether a cell is the sum of its column above it, or, where its row is called a total, the
/// average or the count.
pub(super) fn adds_up(cell: &Cell, above: &[&Cell], label: Label) -> bool {
    if cell.kind != Kind::Number {
        return false;
    }
    MARKS.iter().any(|marks| {
        let value = figure(cell, marks);
        let addends: Option<Vec<Decimal>> = above.iter().map(|cell| figure(cell, marks)).collect();
        value
            .zip(addends)
            .and_then(|(value, addends)| is_of(value, &addends, label))
            .unwrap_or(false)
    })
}

/// A number without what may stand beside or between its digits.
fn figure(cell: &Cell, marks: &Marks) -> Option<Decimal> {
    let beside = |sign: &char| !"$€£¥₹% \u{a0}\u{202f}'\u{2019}".contains(*sign);
    let text: String = cell.text.chars().filter(beside).collect();
    parse_decimal(&text, marks).ok()
}

/// Whether `value` is the sum of the others; `None` where that cannot be told.
fn is_of(value: Decimal, others: &[Decimal], label: Label) -> Option<bool> {
    let zero = Decimal::ZERO;
    let (first, rest) = others.split_first()?;
    let mut sum = *first;
    for other in rest {
        sum = sum.checked_add(*other)?;
    }
    let called = label != Label::Other;
    let addends = others.iter().filter(|other| **other != zero).count();
    if value == sum {
        // Of small numbers with both signs, the last one is the sum of the others now and then.
        let negative = others.iter().filter(|other| other.digits() < 0).count();
        let one_sign = negative == 0 || negative == addends;
        let enough = if called { ADDENDS } else { ADDENDS + 2 };
        return Some(value != zero && addends >= enough && (called || one_sign));
    }
    if !called || others.len() < ADDENDS {
        return Some(false);
    }
    let count = i128::try_from(others.len()).ok()?;
    if Decimal::new(count, 0)? == value {
        return Some(true);
    }
    // An average is rounded to its own digits.
    let scale = sum.scale().max(value.scale());
    let total = value.rescale(scale)?.digits().checked_mul(count)?;
    let away = total.checked_sub(sum.rescale(scale)?.digits())?;
    let unit = Decimal::new(1, value.scale())?.rescale(scale)?.digits();
    Some(away.checked_abs()?.checked_mul(2)? <= unit.checked_mul(count)? && sum != zero)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::sniff::kind::kind;

    fn cell(text: &str) -> Cell {
        Cell {
            text: text.to_owned(),
            quoted: false,
            kind: kind(text, false),
        }
    }

    #[test]
    fn words_for_totals_are_known_in_other_languages() {
        for (text, label) in [
            ("Total", Label::Total),
            ("TOTAL:", Label::Total),
            ("Grand Total", Label::Total),
            ("Total général", Label::Total),
            ("#Saldo końcowe", Label::Total),
            ("* Summe EUR *", Label::Total),
            ("Total 2026", Label::Total),
            ("Итого:", Label::Total),
            ("GENEL TOPLAM", Label::Total),
            ("合計", Label::Total),
            ("总计", Label::Total),
            ("Total March, week 3", Label::Perhaps),
            ("Total Care Cream", Label::Perhaps),
            ("Balance", Label::Perhaps),
            ("Totality", Label::Other),
            ("Sumatra", Label::Other),
            ("the total", Label::Other),
            ("", Label::Other),
        ] {
            assert_eq!(Label::parse(text), label, "{text}");
        }
    }

    #[test]
    fn numbers_add_up_by_either_mark() {
        for (above, value, called, adds) in [
            ("10 20 30", "60", true, true),
            ("1.000,50 2.000,25 1", "3.001,75", true, true),
            ("$1,000.50 $2,000.25 $1", "$3,001.75", true, true),
            ("1 2 3 4 5", "15", false, true),
            ("1 2 3", "6", false, false),
            ("-1 2 3 4 5", "13", false, false),
            ("0 0 1 0 0", "1", false, false),
            ("10 20 30", "61", true, false),
            ("10 20 30", "20", true, true),
            ("10 20 30", "20", false, false),
            ("10 20 31", "20.3", true, true),
            ("10 20 31", "20.4", true, false),
            ("0 0 0", "0", true, false),
        ] {
            let cells: Vec<Cell> = above.split(' ').map(cell).collect();
            let above_it: Vec<&Cell> = cells.iter().collect();
            let label = if called { Label::Total } else { Label::Other };
            let told = adds_up(&cell(value), &above_it, label);
            assert_eq!(told, adds, "{value} under {above}");
        }
    }
}
