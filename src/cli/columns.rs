//! Rows of text as columns of equal width, for people.

use std::fmt::Write;

/// The rows as lines, columns two spaces apart; those from `numbers_from` on are aligned to the
/// right. Trailing spaces are left out.
pub fn columns<const N: usize>(rows: &[[String; N]], numbers_from: usize) -> String {
    let mut widths = [0; N];
    for row in rows {
        for (width, value) in widths.iter_mut().zip(row) {
            *width = value.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, (value, width)) in row.iter().zip(widths).enumerate() {
            let gap = if column == 0 { "" } else { "  " };
            let _ = if column >= numbers_from {
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
        assert_eq!(columns::<3>(&[], 0), "");
    }
}
