//! A picture in SVG, written shape by shape.

use super::palette::{Palette, Rgb};
use crate::project::visible;

/// A rectangle: left, top, width, height, in points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Frame {
    pub left: f32,
    pub top: f32,
    pub width: f32,
    pub height: f32,
}

impl Frame {
    pub fn new(left: f32, top: f32, width: f32, height: f32) -> Frame {
        Frame { left, top, width: width.max(0.0), height: height.max(0.0) }
    }

    pub fn right(&self) -> f32 {
        self.left + self.width
    }

    pub fn bottom(&self) -> f32 {
        self.top + self.height
    }

    /// The frame inside these margins: left, top, right and bottom.
    pub fn within(&self, [left, top, right, bottom]: [f32; 4]) -> Frame {
        let (width, height) = (self.width - left - right, self.height - top - bottom);
        Frame::new(self.left + left, self.top + top, width, height)
    }
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pen {
    pub tint: Rgb,
    pub width: f32,
    pub opacity: f32,
    pub is_dashed: bool,
}

impl Pen {
    pub fn new(tint: Rgb, width: f32) -> Pen {
        Pen { tint, width, opacity: 1.0, is_dashed: false }
    }
}

/// The part of a text that is at its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Start,
    Middle,
    End,
}

/// The type of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Type {
    pub size: f32,
    pub is_bold: bool,
    pub tint: Rgb,
    pub align: Align,
}

impl Type {
    pub fn new(size: f32, tint: Rgb) -> Type {
        Type { size, is_bold: false, tint, align: Align::Start }
    }

    pub fn aligned(self, align: Align) -> Type {
        Type { align, ..self }
    }

    pub fn bold(self) -> Type {
        Type { is_bold: true, ..self }
    }
}

/// The picture drawn so far.
pub(super) struct Canvas<'a> {
    pub palette: &'a Palette,
    body: String,
    size: [f32; 2],
    clips: usize,
}

impl<'a> Canvas<'a> {
    /// An empty picture with the background of plots.
    pub fn new(palette: &'a Palette, size: [f32; 2]) -> Canvas<'a> {
        let mut canvas = Canvas { palette, body: String::new(), size, clips: 0 };
        canvas.rect(Frame::new(0.0, 0.0, size[0], size[1]), palette.plot);
        canvas
    }

    /// The whole document, with its title for screen readers.
    pub fn finish(self, title: &str) -> String {
        let [width, height] = self.size.map(short);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
             width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             font-family=\"Inter, Helvetica, Arial, sans-serif\">\n<title>{}</title>\n{}</svg>\n",
            escaped(title),
            self.body
        )
    }

    pub fn rect(&mut self, frame: Frame, fill: Rgb) {
        let Frame { left, top, width, height } = frame;
        let [x, y, w, h] = [left, top, width, height].map(short);
        let fill = hex(fill);
        self.add(&format!("<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" fill=\"{fill}\"/>"));
    }

    pub fn line(&mut self, from: [f32; 2], to: [f32; 2], pen: Pen) {
        let [x1, y1, x2, y2] = [from[0], from[1], to[0], to[1]].map(short);
        let pen = stroke(pen);
        self.add(&format!("<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"{pen}/>"));
    }

    /// A line through points; a dot for a single point.
    pub fn polyline(&mut self, points: &[[f32; 2]], pen: Pen) {
        match points {
            [] => {}
            [alone] => self.disc(*alone, 1.3 * pen.width, pen.tint, pen.opacity),
            _ => {
                let points: Vec<String> =
                    points.iter().map(|[x, y]| format!("{},{}", short(*x), short(*y))).collect();
                let (points, pen) = (points.join(" "), stroke(pen));
                self.add(&format!(
                    "<polyline points=\"{points}\" fill=\"none\" stroke-linejoin=\"round\"{pen}/>"
                ));
            }
        }
    }

    pub fn disc(&mut self, [x, y]: [f32; 2], radius: f32, fill: Rgb, opacity: f32) {
        let ([x, y, r], fill) = ([x, y, radius].map(short), filled(fill, opacity));
        self.add(&format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\"{fill}/>"));
    }

    pub fn ring(&mut self, [x, y]: [f32; 2], radius: f32, pen: Pen) {
        let ([x, y, r], pen) = ([x, y, radius].map(short), stroke(pen));
        self.add(&format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" fill=\"none\"{pen}/>"));
    }

    /// A marker of one of the shapes of classes.
    pub fn marker(&mut self, at: [f32; 2], radius: f32, shape: usize, tint: Rgb, opacity: f32) {
        let [x, y] = at;
        match shape % super::marker::MARKER_SHAPES {
            1 => {
                let half = 0.86 * radius;
                let ([left, top, side], fill) =
                    ([x - half, y - half, 2.0 * half].map(short), filled(tint, opacity));
                self.add(&format!(
                    "<rect x=\"{left}\" y=\"{top}\" width=\"{side}\" height=\"{side}\"{fill}/>"
                ));
            }
            2 => {
                let corners = triangle(at, radius).map(|[x, y]| format!("{},{}", short(x), short(y)));
                let (corners, fill) = (corners.join(" "), filled(tint, opacity));
                self.add(&format!("<polygon points=\"{corners}\"{fill}/>"));
            }
            3 => self.ring(at, 0.72 * radius, Pen { opacity, ..Pen::new(tint, 0.52 * radius) }),
            _ => self.disc(at, radius, tint, opacity),
        }
    }

    /// A text that is vertically centred at its position.
    pub fn text(&mut self, at: [f32; 2], text: &str, set: Type) {
        self.turned_text(at, text, set, false);
    }

    /// [`Canvas::text`], but upwards if `is_turned`.
    pub fn turned_text(&mut self, [x, y]: [f32; 2], text: &str, set: Type, is_turned: bool) {
        if text.is_empty() {
            return;
        }
        let weight = if set.is_bold { " font-weight=\"600\"" } else { "" };
        let anchor = match set.align {
            Align::Start => "",
            Align::Middle => " text-anchor=\"middle\"",
            Align::End => " text-anchor=\"end\"",
        };
        // Half the height of capitals below the middle. Renderers differ in `dominant-baseline`.
        let down = 0.36 * set.size;
        let (bx, by) = if is_turned { (x + down, y) } else { (x, y + down) };
        let turn = if is_turned {
            format!(" transform=\"rotate(-90 {} {})\"", short(bx), short(by))
        } else {
            String::new()
        };
        let ([bx, by, size], fill) = ([bx, by, set.size].map(short), hex(set.tint));
        let text = escaped(text);
        self.add(&format!(
            "<text x=\"{bx}\" y=\"{by}\" font-size=\"{size}\"{weight}{anchor} fill=\"{fill}\"{turn}>\
             {text}</text>"
        ));
    }

    /// A picture, scaled without smoothing unless `is_smooth`.
    pub fn image(&mut self, frame: Frame, png: &[u8], is_smooth: bool) {
        let Frame { left, top, width, height } = frame;
        let [x, y, w, h] = [left, top, width, height].map(short);
        let style = if is_smooth { "" } else { " style=\"image-rendering:pixelated\"" };
        let data = base64(png);
        self.add(&format!(
            "<image x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" preserveAspectRatio=\"none\"{style} \
             xlink:href=\"data:image/png;base64,{data}\"/>"
        ));
    }

    /// Draws content that is clipped to a frame.
    pub fn clipped(&mut self, frame: Frame, draw: impl FnOnce(&mut Canvas<'a>)) {
        self.clips += 1;
        let Frame { left, top, width, height } = frame;
        let ([x, y, w, h], id) = ([left, top, width, height].map(short), self.clips);
        self.add(&format!(
            "<clipPath id=\"clip{id}\"><rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"/></clipPath>\n\
             <g clip-path=\"url(#clip{id})\">"
        ));
        draw(self);
        self.add("</g>");
    }

    fn add(&mut self, element: &str) {
        self.body.push_str(element);
        self.body.push('\n');
    }
}

/// Corners of the triangle of a marker.
pub(super) fn triangle([x, y]: [f32; 2], radius: f32) -> [[f32; 2]; 3] {
    let r = 1.2 * radius;
    [[x, y - r], [x + r, y + 0.8 * r], [x - r, y + 0.8 * r]]
}

/// Approximate width of a text in the regular type, from the advances of its characters rounded to
/// a few classes: accurate to a few percent.
pub(super) fn text_width(text: &str, size: f32) -> f32 {
    let advance = |letter: char| match letter {
        'i' | 'j' | 'l' | '\'' | 'I' => 0.25,
        ' ' | '.' | ',' | ':' | ';' | '·' => 0.28,
        'f' | 'r' | 't' | '(' | ')' | '/' => 0.37,
        'm' | 'w' | 'M' | 'W' | '%' | '…' | '∞' => 0.88,
        'a'..='z' => 0.58,
        'A'..='Z' => 0.68,
        // Digits, signs and the letters of most other alphabets.
        '\0'..='\u{2e7f}' => 0.65,
        // Ideographs are square.
        _ => 1.0,
    };
    size * text.chars().map(advance).sum::<f32>()
}

/// A text shortened to a width.
pub(super) fn fitted(text: &str, size: f32, width: f32) -> String {
    let text = visible(text);
    if text_width(&text, size) <= width {
        return text.into_owned();
    }
    let mut kept = String::new();
    for letter in text.chars() {
        kept.push(letter);
        if text_width(&kept, size) + 0.88 * size > width {
            kept.pop();
            break;
        }
    }
    kept + "…"
}

/// A number with at most two decimals; NaN and infinities are 0.
fn short(value: f32) -> String {
    let value = if value.is_finite() { value } else { 0.0 };
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

pub(super) fn hex([r, g, b]: Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn filled(tint: Rgb, opacity: f32) -> String {
    let tint = hex(tint);
    if opacity < 1.0 {
        format!(" fill=\"{tint}\" fill-opacity=\"{}\"", short(opacity))
    } else {
        format!(" fill=\"{tint}\"")
    }
}

fn stroke(pen: Pen) -> String {
    let opacity = match pen.opacity {
        opacity if opacity < 1.0 => format!(" stroke-opacity=\"{}\"", short(opacity)),
        _ => String::new(),
    };
    let dashes = if pen.is_dashed { " stroke-dasharray=\"5 3.5\"" } else { "" };
    format!(" stroke=\"{}\" stroke-width=\"{}\"{opacity}{dashes}", hex(pen.tint), short(pen.width))
}

/// A text as XML: hidden characters are shown, and those that XML does not allow are dropped.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in visible(text).chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => {}
            _ => out.push(letter),
        }
    }
    out
}

/// Base64 (RFC 4648).
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let is_filled = at <= group.len();
            let letter = LETTERS[(bits >> (18 - 6 * at)) as usize & 63];
            out.push(if is_filled { char::from(letter) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_as_base64() {
        for (bytes, expected) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(bytes.as_bytes()), expected);
        }
    }

    #[test]
    fn texts_of_any_name_are_xml() {
        assert_eq!(escaped("a<b>&\"c\"\u{ffff}"), "a&lt;b&gt;&amp;&quot;c&quot;");
        assert_eq!(escaped("a\u{1b}[0m\n"), "a\\u{1b}[0m\\n");
    }

    #[test]
    fn numbers_are_short_and_texts_fit() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.001, "0"),
            (1.5, "1.5"),
            (2.0, "2"),
            (0.126, "0.13"),
            (f32::NAN, "0"),
            (100.0, "100"),
        ] {
            assert_eq!(short(value), expected);
        }
        assert_eq!(fitted("short", 10.0, 100.0), "short");
        let cut = fitted("a very long name of a class", 10.0, 60.0);
        assert!(cut.ends_with('…') && text_width(&cut, 10.0) <= 60.0, "{cut}");
    }
}
