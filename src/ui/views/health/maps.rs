//! Per-unit statistics of image-shaped codes, one picture per channel.

use std::sync::Arc;

use egui::{Rect, Sense, Ui, pos2, vec2};

use super::{PLOT, block_ui};
use crate::figure::{ColorBar, ColorMap, Drawing, Tile, TileLine, Tiles};
use crate::project::{Shape, format_number};
use crate::run::{Health, Run};
use crate::ui::plots::{Atlas, DisplayRange, pictured};
use crate::ui::views::channels::{ChannelPage, grey, largest, paint_bar};
use crate::ui::views::sample::picture;

/// Maximum number of channels shown, and channels per row of a figure.
const MOST: usize = 64;
const COLUMNS: usize = 8;
/// Maximum height of a map, and maximum size of a unit, in points.
const HIGH_PX: f32 = 160.0;
const UNIT_PX: f32 = 12.0;

/// Maps of the code, rebuilt only when their source changes.
#[derive(Clone, Default)]
pub struct ChannelMaps {
    /// The source of the maps, kept alive so that its address is not reused.
    of: Option<(Shape, Arc<Health>)>,
    maps: Vec<ChannelMap>,
}

/// One value per unit, as one greyscale picture per channel.
#[derive(Clone)]
struct ChannelMap {
    title: &'static str,
    about: &'static str,
    measure: &'static str,
    code: Shape,
    page: ChannelPage,
    values: Vec<f32>,
    range: DisplayRange,
    atlas: Atlas,
}

/// A per-unit statistic: title, explanation, name of the value, values, and range if known.
type OfUnits<'a> = (&'static str, &'static str, &'static str, Option<&'a [f32]>, [Option<f32>; 2]);

fn of_units(health: &Health) -> [OfUnits<'_>; 3] {
    let balance = health.hash.as_ref().map(|hash| &hash.balance[..]);
    [
        (
            "Mean of the code",
            "Mean of each unit over the samples, one picture for each channel.",
            "mean",
            health.means.as_deref(),
            [None; 2],
        ),
        (
            "KL per unit, nats",
            "Information in each unit; above 0.01 nats it is active.",
            "KL, nats",
            health.divergence.as_deref(),
            [Some(0.0), None],
        ),
        (
            "Balance of the bits",
            "Fraction of samples for which a bit is 1; at one half it carries the most information.",
            "fraction of samples where it is 1",
            balance,
            [Some(0.0), Some(1.0)],
        ),
    ]
}

impl ChannelMaps {
    /// Updates the maps; vector codes have none.
    pub fn update(&mut self, ui: &Ui, run: &Run, health: &Arc<Health>) {
        let code = run.code_shape();
        if self.of.as_ref().is_some_and(|(shape, of)| *shape == code && Arc::ptr_eq(of, health)) {
            return;
        }
        self.of = Some((code, Arc::clone(health)));
        let mut before = std::mem::take(&mut self.maps).into_iter().map(|map| map.atlas);
        let is_whole = |of: &OfUnits<'_>| of.3.is_some_and(|values| values.len() == code.features());
        let known = of_units(health).into_iter().filter(is_whole);
        for (title, about, measure, values, ends) in known {
            let values = values.unwrap_or_default().to_vec();
            let Some(page) = ChannelPage::new(code, shown_channels(&values, code)) else { continue };
            let found = page.range(&values);
            let range =
                DisplayRange { low: ends[0].unwrap_or(found.low), high: ends[1].unwrap_or(found.high) };
            let mut atlas = before.next().unwrap_or_default();
            atlas.fill(ui.ctx(), page.size(), 1, |_, x, y| page.pixel(&values, range, x, y));
            self.maps.push(ChannelMap { title, about, measure, code, page, values, range, atlas });
        }
    }

    /// Shows all maps.
    pub fn ui(&self, ui: &mut Ui) {
        for map in &self.maps {
            block_ui(ui, &map.title(), map.about, |ui| map.ui(ui));
        }
    }

    /// The maps as figures, with their titles.
    pub fn figures(&self) -> impl Iterator<Item = (String, Drawing)> + '_ {
        self.maps.iter().map(|map| (map.title(), Drawing::Tiles(map.tiles())))
    }
}

/// The indices of the channels with the largest totals, in ascending order.
fn shown_channels(values: &[f32], code: Shape) -> Vec<usize> {
    let channels = code.channels();
    let sum = |channel: usize| {
        let own = values.iter().skip(channel).step_by(channels).filter(|value| value.is_finite());
        own.map(|value| f64::from(value.abs())).sum()
    };
    largest(&(0..channels).map(sum).collect::<Vec<f64>>(), MOST)
}

impl ChannelMap {
    fn title(&self) -> String {
        match self.page.left_out() {
            Some(shown) => format!("{}: {shown}", self.title),
            None => self.title.to_owned(),
        }
    }

    fn ui(&self, ui: &mut Ui) {
        let [width, height] = self.page.size().map(|side| side as f32);
        let scale = (PLOT.x / width).min(HIGH_PX / height).min(UNIT_PX);
        let (rect, response) = ui.allocate_exact_size(vec2(width, height) * scale, Sense::hover());
        self.atlas.paint(ui.painter(), 0, rect);
        let response = pictured(response, &format!("{} of {} channels", self.measure, self.page.len()));
        let under = response.hover_pos().and_then(|at| self.page.unit_under(rect, at));
        if let Some(unit) = under {
            let value = self.values.get(unit).copied().unwrap_or(f32::NAN);
            let value = format_number(f64::from(value));
            response.on_hover_text(format!("{}: {} {value}", self.code.unit_name(unit), self.measure));
        }
        let (bar, _) = ui.allocate_exact_size(vec2(PLOT.x, 18.0), Sense::hover());
        let bar = Rect::from_min_max(bar.min, pos2(bar.left() + 0.6 * PLOT.x, bar.top() + 5.0));
        paint_bar(ui, bar, [self.range.low, self.range.high], grey);
    }

    fn tiles(&self) -> Tiles {
        let tiles: Vec<Tile> = self
            .page
            .pictures(&self.values)
            .map(|(channel, [width, height], values)| {
                let shade = |x: usize, y: usize| self.range.pixel(&values[y * width + x..][..1]);
                Tile {
                    caption: format!("channel {}", channel + 1),
                    picture: picture([width, height], shade),
                    values: values.clone(),
                }
            })
            .collect();
        let line = |tiles: &[Tile]| TileLine { name: String::new(), tiles: tiles.to_vec() };
        let range = [self.range.low, self.range.high].map(f64::from);
        Tiles {
            lines: tiles.chunks(COLUMNS).map(line).collect(),
            side: 56.0,
            gap: 3.0,
            bar: Some(ColorBar { label: self.measure.to_owned(), range, map: ColorMap::Grey }),
            ..Tiles::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_channels_with_the_largest_numbers_are_shown_where_there_are_too_many() {
        let code = Shape::Image { height: 1, width: 2, channels: 66 };
        let mut values = vec![1.0; 132];
        // Channels 3 and 66 have the smallest totals: the negative value counts by magnitude.
        (values[2], values[2 + 66], values[65], values[65 + 66]) = (0.0, 0.5, 0.1, 0.1);
        values[0] = -5.0;
        let shown = shown_channels(&values, code);
        assert_eq!((shown.len(), shown.contains(&2), shown.contains(&65), shown[0]), (64, false, false, 0));
    }
}
