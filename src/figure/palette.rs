//! The only table of colours: the colours of the dark and the light theme, class and run colours,
//! and colour maps.

/// Red, green, blue in sRGB, as on the web.
pub type Rgb = [u8; 3];

/// The colours of the surfaces, texts and marks of one theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// The background.
    pub window: Rgb,
    /// Side panels, headers, the bottom panel.
    pub panel: Rgb,
    /// Cards and fields.
    pub card: Rgb,
    /// A highlight in a panel: a hovered or selected row or chip.
    pub raised: Rgb,
    /// Separators and outlines of widgets.
    pub line: Rgb,
    /// The background of plots and picture grids.
    pub plot: Rgb,
    /// Grid lines on that background.
    pub grid: Rgb,
    /// Primary text.
    pub text: Rgb,
    /// Secondary text: labels, units, axes.
    pub dim: Rgb,
    /// Large or decorative text only.
    pub faint: Rgb,
    /// Clickable items, and the selected curve.
    pub accent: Rgb,
    /// Text on a background of `accent`.
    pub on_accent: Rgb,
    /// The encoder.
    pub encoder: Rgb,
    /// The code, the bottleneck of the network.
    pub code: Rgb,
    /// The decoder.
    pub decoder: Rgb,
    /// Time: epoch marker, replay bar. For marks, not text.
    pub highlight: Rgb,
    /// Success.
    pub good: Rgb,
    /// Failure.
    pub bad: Rgb,
    /// Classes 0–9; further classes repeat the colours with another marker shape.
    pub classes: [Rgb; 10],
    /// Sets of other data, beside classes and unlike each of them.
    pub others: [Rgb; 4],
}

/// Order of class colours for runs, with neighbours far apart in hue.
const RUN_ORDER: [usize; 8] = [0, 1, 4, 2, 6, 5, 3, 8];

impl Palette {
    /// The dark theme.
    pub const DARK: Palette = Palette {
        window: rgb(0x13_15_19),
        panel: rgb(0x1a_1d_23),
        card: rgb(0x23_27_2f),
        raised: rgb(0x2b_30_3a),
        line: rgb(0x33_39_45),
        plot: rgb(0x15_18_1d),
        grid: rgb(0x26_2b_34),
        text: rgb(0xe7_ea_f0),
        dim: rgb(0x98_a2_b3),
        faint: rgb(0x66_70_85),
        accent: rgb(0x6e_a8_fe),
        on_accent: rgb(0x0e_14_20),
        encoder: rgb(0x5b_9c_f5),
        code: rgb(0xf5_b8_41),
        decoder: rgb(0x3e_cf_b2),
        highlight: rgb(0xf5_b8_41),
        good: rgb(0x4c_c3_8a),
        bad: rgb(0xff_6b_6b),
        classes: [
            rgb(0x4e_9b_ff),
            rgb(0xf5_a6_23),
            rgb(0x3e_cf_b2),
            rgb(0xe4_57_6b),
            rgb(0xa9_8b_f2),
            rgb(0x9c_cc_45),
            rgb(0xf2_79_b5),
            rgb(0x56_c7_e8),
            rgb(0xc9_a2_6b),
            rgb(0xae_b6_c4),
        ],
        others: [rgb(0xe0_3c_ff), rgb(0x22_b1_4c), rgb(0xff_5a_1f), rgb(0x3d_55_ff)],
    };

    /// The light theme. Its class colours are the dark ones, darkened to a contrast of 3:1 with
    /// white.
    pub const LIGHT: Palette = Palette {
        window: rgb(0xee_f0_f3),
        panel: rgb(0xf8_f9_fb),
        card: rgb(0xff_ff_ff),
        raised: rgb(0xee_f1_f6),
        line: rgb(0xd5_da_e3),
        plot: rgb(0xff_ff_ff),
        grid: rgb(0xe8_eb_f0),
        text: rgb(0x1b_21_30),
        dim: rgb(0x59_65_79),
        faint: rgb(0x8b_95_a7),
        accent: rgb(0x25_63_c9),
        on_accent: rgb(0xff_ff_ff),
        encoder: rgb(0x2a_66_c8),
        code: rgb(0x8a_5a_0b),
        decoder: rgb(0x0f_70_60),
        highlight: rgb(0xb8_76_1b),
        good: rgb(0x18_72_46),
        bad: rgb(0xb8_30_30),
        classes: [
            rgb(0x48_8f_ec),
            rgb(0xc0_82_1b),
            rgb(0x2f_9f_89),
            rgb(0xe4_57_6b),
            rgb(0x9a_7f_dd),
            rgb(0x76_9a_34),
            rgb(0xd5_6a_a0),
            rgb(0x42_99_b3),
            rgb(0xaa_89_5a),
            rgb(0x89_8f_9a),
        ],
        others: [rgb(0xc8_14_e0), rgb(0x0b_80_2c), rgb(0xd6_45_00), rgb(0x1a_2a_8a)],
    };

    /// The palette of a theme.
    pub const fn of(dark: bool) -> &'static Palette {
        if dark { &Palette::DARK } else { &Palette::LIGHT }
    }

    /// Whether this is a dark theme.
    pub fn is_dark(&self) -> bool {
        luminance(self.plot) < 0.5
    }

    /// Colour of a class, repeating after ten.
    pub fn class(&self, class: usize) -> Rgb {
        self.classes[class % self.classes.len()]
    }

    /// Colour of a set of other data, by its index; no class has it.
    pub fn other(&self, set: usize) -> Rgb {
        self.others[set % self.others.len()]
    }

    /// Colour of a run, by its number counted from 1: the same everywhere, selected or not.
    pub fn run(&self, number: u32) -> Rgb {
        self.classes[RUN_ORDER[number.saturating_sub(1) as usize % RUN_ORDER.len()]]
    }

    /// Colour of a number at `t` in [−1, 1]: blue below 0, the background of plots at 0, orange
    /// above. Blue and orange are distinguishable with every kind of colour vision; NaN is 0.
    pub fn signed(&self, t: f32) -> Rgb {
        let t = if t.is_nan() { 0.0 } else { t.clamp(-1.0, 1.0) };
        let end = if t < 0.0 { self.classes[0] } else { self.classes[1] };
        std::array::from_fn(|channel| {
            let (from, to) = (f32::from(self.plot[channel]), f32::from(end[channel]));
            (from + (to - from) * t.abs()).round() as u8
        })
    }

    /// Colour of a number at `t` in [0, 1]: Viridis, without the end that would be invisible on the
    /// background.
    pub fn number(&self, t: f32) -> Rgb {
        let t = t.clamp(0.0, 1.0);
        sequential(if self.is_dark() { 0.24 + 0.76 * t } else { 0.72 * t })
    }
}

/// Viridis (Smith & van der Walt 2015) at `t` in [0, 1], by Zucker's polynomial of degree six
/// (2019, public domain); values outside are clamped, NaN is 0.
fn sequential(t: f32) -> Rgb {
    const COEFFICIENTS: [[f32; 3]; 7] = [
        [0.277_727_33, 0.005_407_344, 0.334_099_8],
        [0.105_093_04, 1.404_613_5, 1.384_590_1],
        [-0.330_861_84, 0.214_847_56, 0.095_095_16],
        [-4.634_230_6, -5.799_101, -19.332_441],
        [6.228_27, 14.179_933, 56.690_55],
        [4.776_385, -13.745_145, -65.353_03],
        [-5.435_456, 4.645_852_6, 26.312_435],
    ];
    let t = if t.is_nan() { 0.0 } else { t.clamp(0.0, 1.0) };
    std::array::from_fn(|channel| {
        let value = COEFFICIENTS.iter().rev().fold(0.0, |sum, row| sum * t + row[channel]);
        (value.clamp(0.0, 1.0) * 255.0).round() as u8
    })
}

/// Colour of an error at `t` in [0, 1]: from black through brown and orange to pale yellow. Equal
/// in both themes, because it is next to pictures on black. Values outside are clamped; NaN is the
/// largest error.
pub fn error_color(t: f32) -> Rgb {
    const STOPS: [(f32, [f32; 3]); 5] = [
        (0.0, [6.0, 5.0, 5.0]),
        (0.25, [84.0, 34.0, 10.0]),
        (0.5, [176.0, 82.0, 24.0]),
        (0.75, [245.0, 146.0, 60.0]),
        (1.0, [255.0, 232.0, 184.0]),
    ];
    let t = if t.is_nan() { 1.0 } else { t.clamp(0.0, 1.0) };
    let upper = STOPS.iter().position(|(at, _)| t <= *at).unwrap_or(STOPS.len() - 1).max(1);
    let ((from, low), (to, high)) = (STOPS[upper - 1], STOPS[upper]);
    let mix = (t - from) / (to - from);
    std::array::from_fn(|channel| (low[channel] + mix * (high[channel] - low[channel])).round() as u8)
}

/// Relative luminance, from 0 to 1 (Web Content Accessibility Guidelines 2.2).
fn luminance(color: Rgb) -> f32 {
    let [r, g, b] = color.map(|channel| {
        let value = f32::from(channel) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

/// `0xRRGGBB` as bytes.
const fn rgb(hex: u32) -> Rgb {
    let [_, r, g, b] = hex.to_be_bytes();
    [r, g, b]
}

#[cfg(test)]
mod tests {
    use super::*;

    const THEMES: [(&str, Palette); 2] = [("dark", Palette::DARK), ("light", Palette::LIGHT)];

    /// Contrast of two colours, from 1 to 21 by the same guidelines.
    fn contrast(a: Rgb, b: Rgb) -> f32 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_can_be_read_on_every_ground() {
        for (theme, p) in THEMES {
            for ground in [p.window, p.panel, p.card, p.raised, p.plot] {
                let tokens = [p.text, p.dim, p.accent, p.encoder, p.code, p.decoder, p.good, p.bad];
                for (index, token) in tokens.into_iter().enumerate() {
                    let contrast = contrast(token, ground);
                    assert!(contrast >= 4.5, "{theme}: token {index} on {ground:?} has only {contrast:.2}");
                }
            }
            assert!(contrast(p.on_accent, p.accent) >= 4.5, "{theme}: text on the accent");
        }
    }

    #[test]
    fn marks_stand_out_from_the_plot() {
        for (theme, p) in THEMES {
            for (class, color) in p.classes.into_iter().chain([p.highlight]).enumerate() {
                let contrast = contrast(color, p.plot);
                assert!(contrast >= 3.0, "{theme}: class {class} has only {contrast:.2}");
            }
            for step in 0..=20 {
                let contrast = contrast(p.number(step as f32 / 20.0), p.plot);
                assert!(contrast >= 1.9, "{theme}: number at {step}/20 has only {contrast:.2}");
            }
        }
    }

    #[test]
    fn other_data_have_the_colour_of_no_class() {
        let distance = |a: Rgb, b: Rgb| -> f32 {
            a.iter().zip(b).map(|(a, b)| (f32::from(*a) - f32::from(b)).powi(2)).sum::<f32>().sqrt()
        };
        for (theme, p) in THEMES {
            for (set, other) in p.others.into_iter().enumerate() {
                assert!(contrast(other, p.plot) >= 3.0, "{theme}: set {set}");
                for taken in p.classes.into_iter().chain(p.others[..set].iter().copied()) {
                    assert!(distance(other, taken) > 65.0, "{theme}: set {set} beside {taken:?}");
                }
            }
        }
    }

    #[test]
    fn signed_numbers_leave_the_ground_on_both_sides() {
        for (theme, p) in THEMES {
            assert_eq!((p.signed(0.0), p.signed(f32::NAN)), (p.plot, p.plot), "{theme}");
            assert_eq!((p.signed(-7.0), p.signed(1.0)), (p.classes[0], p.classes[1]), "{theme}");
            for side in [-1.0, 1.0] {
                let far: Vec<f32> =
                    (0..=10).map(|step| contrast(p.signed(side * step as f32 / 10.0), p.plot)).collect();
                assert!(far.windows(2).all(|pair| pair[0] < pair[1]), "{theme}: {far:?}");
            }
        }
    }

    #[test]
    fn contrast_has_its_known_ends() {
        assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 1e-4);
        assert_eq!(contrast([9, 99, 199], [9, 99, 199]), 1.0);
    }

    #[test]
    fn the_sequential_map_is_viridis() {
        // Matplotlib's table at 0, ¼, ½, ¾, 1; the polynomial stays within a few units of it.
        let table = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];
        for (quarter, expected) in table.into_iter().enumerate() {
            let got = sequential(quarter as f32 / 4.0);
            let far = (0..3).map(|c| i32::abs(i32::from(got[c]) - expected[c])).max();
            assert!(far <= Some(6), "{quarter}/4: {got:?} for {expected:?}");
        }
        assert_eq!(sequential(f32::NAN), sequential(-3.0));
    }

    #[test]
    fn maps_grow_lighter_all_the_way() {
        for map in [sequential, error_color] {
            let lightness: Vec<f32> = (0..=50).map(|step| luminance(map(step as f32 / 50.0))).collect();
            assert!(lightness.windows(2).all(|pair| pair[0] < pair[1] + 1e-4));
        }
        assert_eq!(error_color(f32::NAN), error_color(1.0));
    }
}
