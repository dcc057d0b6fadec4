//! Pictures of different depths in one folder, whose values may have different scales.

use super::range::short;
use super::tally::Tally;
use crate::dataset::Doubt;
use crate::dataset::picture::Depth;
use crate::dataset::raw::Raw;
use crate::project::{Choice, PixelRange};

/// 16-bit pictures that use less than this part of their type's range are treated as having fewer
/// bits.
const HALF: f32 = 0.5;

/// Reports how pictures of different depths were combined, as a doubt if those of one depth seem to
/// have another scale. `name` gives the name of a file and a page.
pub(super) fn describe(
    raw: &mut Raw,
    tally: &Tally,
    range: PixelRange,
    is_known: bool,
    name: impl Fn((u32, u32)) -> String,
) {
    let there = || Depth::ALL.into_iter().filter(|depth| tally.depths[*depth as usize] > 0);
    let Some(rarest) = there().min_by_key(|depth| tally.depths[*depth as usize]) else { return };
    if there().count() < 2 {
        return;
    }
    let count = |depth: Depth| format!("{} of {}", tally.depths[depth as usize], called(depth));
    let counts: Vec<String> = there().map(count).collect();
    let first = tally.firsts[rarest as usize].map(name).unwrap_or_default();
    let mixed = format!(
        "pictures of different depth are mixed ({}; first of {}: {first})",
        counts.join(", "),
        called(rarest)
    );
    let what = match tally.numbers {
        Some(_) => "white in those of 8 and 16 bits is read as 1",
        None => "8-bit values were scaled to 16 bits",
    };
    let has_words = tally.depths[Depth::Word as usize] > 0;
    let scale = match tally.numbers {
        Some([low, high]) if low < 0.0 || high > 1.0 => {
            Some(format!("the values range from {} to {}", short(low), short(high)))
        }
        Some(_) | None if has_words && tally.brightest < HALF => Some(format!(
            "those of 16 bits use only the lowest {:.1} % of the range of their type",
            100.0 * tally.brightest
        )),
        Some(_) | None => None,
    };
    match scale {
        _ if range == PixelRange::EachPicture => {
            raw.notes.push(format!("{mixed}: each is scaled to its own range"));
        }
        Some(scale) => raw.doubts.push(Doubt {
            message: format!(
                "{mixed}: {what}, but {scale}, so the values may have different scales; load them separately, \
                 or scale each picture to its own range"
            ),
            // A trained network has its own range.
            remedies: if is_known { Vec::new() } else { vec![Choice::Range(PixelRange::EachPicture)] },
        }),
        None => raw.notes.push(format!("{mixed}: {what}")),
    }
}

fn called(depth: Depth) -> &'static str {
    match depth {
        Depth::Byte => "8 bits",
        Depth::Word => "16 bits",
        Depth::Float => "32-bit numbers",
    }
}
