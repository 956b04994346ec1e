//! Plots as SVG: a curve or bars in a frame with two labelled axes, in integers.

use std::fmt::Write;

/// Size of the picture, and of the frame in it.
const WIDTH: i64 = 960;
const HEIGHT: i64 = 480;
const LEFT: i64 = 120;
const TOP: i64 = 48;
const INNER_WIDTH: i64 = 800;
const INNER_HEIGHT: i64 = 360;

/// Steps of an axis.
const STEPS: i128 = 5;

/// Colours of named lines, told apart by most who see few colours (Okabe and Ito).
const COLOURS: [&str; 7] =
    ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000"];

/// What a value is called on an axis.
pub type Label = fn(i128) -> String;

/// A picture with axes from the least to the largest of what it shows.
pub struct Plot {
    body: String,
    /// Named lines drawn so far.
    named: usize,
    x: (i128, i128),
    y: (i128, i128),
}

impl Plot {
    /// A picture of values in `x` and `y`, first and last.
    pub fn new(
        title: &str,
        (x, x_label): ((i128, i128), Label),
        (y, y_label): ((i128, i128), Label),
    ) -> Self {
        let wide = |(low, high): (i128, i128)| (low, high.max(low.saturating_add(1)));
        let mut plot = Self { body: String::new(), named: 0, x: wide(x), y: wide(y) };
        let _ = writeln!(
            plot.body,
            "<text x=\"{LEFT}\" y=\"28\" font-size=\"16\">{}</text>",
            escaped(title)
        );
        for step in 0..=STEPS {
            let at = |(low, high): (i128, i128)| {
                let part = high.saturating_sub(low).saturating_mul(step);
                low.saturating_add(part.checked_div(STEPS).unwrap_or(0))
            };
            let (x, y) = (at(plot.x), at(plot.y));
            let (px, py) = (plot.px(x), plot.py(y));
            let bottom = TOP.saturating_add(INNER_HEIGHT);
            let right = LEFT.saturating_add(INNER_WIDTH);
            let _ = writeln!(
                plot.body,
                "<path d=\"M{px} {TOP}V{bottom}M{LEFT} {py}H{right}\" stroke=\"#ddd\"/>\n\
                 <text x=\"{px}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n\
                 <text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
                bottom.saturating_add(20),
                escaped(&x_label(x)),
                LEFT.saturating_sub(8),
                py.saturating_add(4),
                escaped(&y_label(y)),
            );
        }
        if plot.y.0 < 0 && plot.y.1 > 0 {
            let zero = plot.py(0);
            let right = LEFT.saturating_add(INNER_WIDTH);
            let _ = writeln!(plot.body, "<path d=\"M{LEFT} {zero}H{right}\" stroke=\"#888\"/>");
        }
        plot
    }

    fn px(&self, x: i128) -> i64 {
        LEFT.saturating_add(place(x, self.x, INNER_WIDTH))
    }

    fn py(&self, y: i128) -> i64 {
        let up = place(y, self.y, INNER_HEIGHT);
        TOP.saturating_add(INNER_HEIGHT).saturating_sub(up)
    }

    /// A line through `points`.
    pub fn line(&mut self, points: impl Iterator<Item = (i128, i128)>) {
        self.path(points, "#1f6feb");
    }

    /// A line through `points` in a colour of its own, which is named beside the picture's left edge.
    pub fn series(&mut self, name: &str, points: impl Iterator<Item = (i128, i128)>) {
        let colour = COLOURS.iter().cycle().nth(self.named).copied().unwrap_or_default();
        self.path(points, colour);
        let y = i64::try_from(self.named).unwrap_or(0).saturating_mul(16).saturating_add(TOP);
        let _ = writeln!(
            self.body,
            "<text x=\"{}\" y=\"{}\" fill=\"{colour}\">{}</text>",
            LEFT.saturating_add(12),
            y.saturating_add(18),
            escaped(name)
        );
        self.named = self.named.saturating_add(1);
    }

    fn path(&mut self, points: impl Iterator<Item = (i128, i128)>, colour: &str) {
        let mut path = String::new();
        for (x, y) in points {
            let word = if path.is_empty() { 'M' } else { 'L' };
            let _ = write!(path, "{word}{} {}", self.px(x), self.py(y));
        }
        let _ = writeln!(
            self.body,
            "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>"
        );
    }

    /// A bar from zero up to each `(from, to, y)`.
    pub fn bars(&mut self, bars: impl Iterator<Item = (i128, i128, i128)>) {
        for (from, to, y) in bars {
            let (left, right) = (self.px(from), self.px(to));
            let (top, bottom) = (self.py(y), self.py(0));
            let _ = writeln!(
                self.body,
                "<rect x=\"{left}\" y=\"{top}\" width=\"{}\" height=\"{}\" fill=\"#1f6feb\"/>",
                right.saturating_sub(left).max(1),
                bottom.saturating_sub(top).max(0),
            );
        }
    }

    /// A dashed line at `x`, with a word.
    pub fn mark(&mut self, x: i128, word: &str) {
        let px = self.px(x);
        let bottom = TOP.saturating_add(INNER_HEIGHT);
        let _ = writeln!(
            self.body,
            "<path d=\"M{px} {TOP}V{bottom}\" stroke=\"#d1242f\" stroke-dasharray=\"4 4\"/>\n\
             <text x=\"{}\" y=\"{}\" fill=\"#d1242f\">{}</text>",
            px.saturating_add(4),
            TOP.saturating_add(14),
            escaped(word)
        );
    }

    /// The whole file.
    pub fn finish(self) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
             font-family=\"sans-serif\" font-size=\"12\">\n\
             <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n{}</svg>\n",
            self.body
        )
    }
}

/// Where `value` lies of `size` pixels.
fn place(value: i128, (low, high): (i128, i128), size: i64) -> i64 {
    let part = value.clamp(low, high).saturating_sub(low).saturating_mul(i128::from(size));
    let pixels = part.checked_div(high.saturating_sub(low).max(1)).unwrap_or(0);
    i64::try_from(pixels).unwrap_or(size)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plot_is_a_whole_file_with_what_was_drawn() {
        let number: Label = |value| value.to_string();
        let mut plot = Plot::new("a < b & c", ((0, 100), number), ((-10, 10), number));
        plot.line([(0, -10), (50, 0), (100, 10), (999, 99)].into_iter());
        plot.bars([(0, 10, 5)].into_iter());
        plot.series("one", [(0, 0)].into_iter());
        plot.series("other", [(0, 0)].into_iter());
        plot.mark(50, "end");
        let text = plot.finish();
        assert!(text.starts_with("<svg ") && text.ends_with("</svg>\n"));
        assert!(
            text.contains("a &lt; b &amp; c") && text.contains(">-10<") && text.contains(">100<")
        );
        assert!(text.contains("M120 408L520 228L920 48L920 48"), "{text}");
        assert!(text.contains("<rect x=\"120\" y=\"138\" width=\"80\" height=\"90\""), "{text}");
        assert!(text.contains(">end</text>"));
        assert!(text.contains("fill=\"#0072b2\">one<") && text.contains("#d55e00\">other<"));
    }

    #[test]
    fn empty_and_flat_ranges_are_drawn() {
        let number: Label = |value| value.to_string();
        let plot = Plot::new("", ((5, 5), number), ((i128::MIN, i128::MAX), number));
        assert!(plot.finish().contains("</svg>"));
    }
}
