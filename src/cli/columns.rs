//! Rows of text as columns of equal width, for people.

use std::fmt::Write;

/// The rows as lines, columns two spaces apart; those from `numbers_from` on are aligned to the
/// right. Trailing spaces are left out.
pub fn columns<R: AsRef<[String]>>(rows: &[R], numbers_from: usize) -> String {
    aligned(rows, |column| column >= numbers_from)
}

/// As [`columns`], those aligned to the right for which `right` holds.
pub(super) fn aligned<R: AsRef<[String]>>(rows: &[R], right: impl Fn(usize) -> bool) -> String {
    let mut widths = Vec::new();
    for row in rows.iter().map(AsRef::as_ref) {
        widths.resize(row.len().max(widths.len()), 0);
        for (width, value) in widths.iter_mut().zip(row) {
            *width = value.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for row in rows.iter().map(AsRef::as_ref) {
        let mut line = String::new();
        for (column, (value, &width)) in row.iter().zip(&widths).enumerate() {
            let gap = if column == 0 { "" } else { "  " };
            let _ = if right(column) {
                write!(line, "{gap}{value:>width$}")
            } else {
                write!(line, "{gap}{value:<width$}")
            };
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_value() {
        let row = |a: &str, b: &str, c: &str| [a, b, c].map(str::to_owned);
        let rows = [row("name", "what", "n"), row("é", "", "1000"), row("long one", "x", "")];
        assert_eq!(columns(&rows, 2), "name      what     n\né               1000\nlong one  x\n");
        assert_eq!(columns::<[String; 3]>(&[], 0), "");
    }
}
