//! In which order a format has day, month and year.

/// `dmy`, `mdy` or `ymd`, by the order of the codes.
pub(crate) fn order_of(format: &str) -> String {
    let mut order = String::new();
    for code in format.split('%').skip(1) {
        let letter = match code.trim_start_matches('-').chars().next() {
            Some('d' | 'e') => 'd',
            Some('m' | 'b' | 'B') => 'm',
            Some('Y' | 'y') => 'y',
            _ => continue,
        };
        if !order.contains(letter) {
            order.push(letter);
        }
    }
    order
}

/// Whether the month is a name.
fn has_month_name(format: &str) -> bool {
    format.contains("%b") || format.contains("%B")
}

/// Whether a text of this format could be meant in no other order: the month is a name, or the year
/// has four digits and stands in front.
pub(crate) fn has_fixed_order(format: &str) -> bool {
    has_month_name(format) || format.starts_with("%Y")
}
