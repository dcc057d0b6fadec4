//! Messages about how a folder of pictures was read.

use std::collections::BTreeMap;

use super::Arranged;
use super::find::slashed;
use super::kinds::passed_over;
use super::mixed;
use super::range::Range;
use super::tally::Tally;
use crate::dataset::Doubt;
use crate::dataset::picture::{DecodeOptions, Depth};
use crate::dataset::raw::Raw;
use crate::project::{
    Alpha, Channels, Choice, Fit, LabelFrom, Masks, Pages, Parts, PictureReading, PixelRange, Rules,
    format_percent,
};

/// Facts about the pictures read.
pub(super) struct Read<'a> {
    pub options: DecodeOptions,
    pub reading: &'a PictureReading,
    pub tally: &'a Tally,
    pub arranged: &'a Arranged,
    /// Number of pages of each file that are samples.
    pub pages: &'a [u32],
    /// Other files by extension.
    pub others: &'a BTreeMap<String, usize>,
    pub range: Range,
    /// Whether they are for a network trained on other pictures.
    pub is_known: bool,
    /// Number of pictures with a single colour, the first of them, and whether all are equal.
    pub sameness: (usize, Option<usize>, bool),
}

/// Adds statement, notes, warnings and doubts.
pub(super) fn describe(raw: &mut Raw, read: &Read<'_>) {
    raw.what = what(raw, read);
    describe_files(raw, read);
    describe_values(raw, read);
    describe_parts(raw, read);
    describe_sameness(raw, read);
}

/// `120 pictures 32×32 grey (from 28×28 to 640×480, cropped to 32×32)`
fn what(raw: &Raw, read: &Read<'_>) -> String {
    let (wanted, count) = (read.options.wanted, raw.row_names.len());
    let size = format!("{}×{}", wanted.width, wanted.height);
    let colours = match (wanted.channels, read.options.alpha == Alpha::Keep) {
        (Channels::Grey, false) => "grey",
        (Channels::Rgb, false) => "RGB",
        (Channels::Grey, true) => "grey with alpha",
        (Channels::Rgb, true) => "RGB with alpha",
    };
    let s = if count == 1 { "" } else { "s" };
    let own = (wanted.width as u32, wanted.height as u32);
    let from = match read.tally.sizes {
        None => String::new(),
        Some([small, large]) if (small, large) == (own, own) => String::new(),
        Some([small, large]) => {
            let text = |(width, height): (u32, u32)| format!("{width}×{height}");
            let from =
                if small == large { text(small) } else { format!("{} to {}", text(small), text(large)) };
            format!(" (from {from}, {})", change(read, count, &size))
        }
    };
    format!("{count} picture{s} {size} {colours}{from}")
}

/// How pictures were resized: `enlarged to 32×32`, `cropped to 32×32, 3 enlarged`.
fn change(read: &Read<'_>, count: usize, size: &str) -> String {
    let (enlarged, is_reshaped) = (read.tally.enlarged, read.tally.reshaped > 0);
    let fit_words = match read.options.wanted.fit {
        _ if !is_reshaped => None,
        Fit::Crop => Some("cropped to"),
        Fit::Fit => Some("fitted into"),
        Fit::Stretch => Some("stretched to"),
    };
    match fit_words {
        None if enlarged == count => format!("enlarged to {size}"),
        Some(fit_words) if enlarged == count => format!("enlarged and {fit_words} {size}"),
        None | Some(_) => {
            let some = if enlarged > 0 { format!(", {enlarged} enlarged") } else { String::new() };
            format!("{} {size}{some}", fit_words.unwrap_or("scaled to"))
        }
    }
}

fn describe_files(raw: &mut Raw, read: &Read<'_>) {
    let tally = read.tally;
    if tally.stacks > 0 {
        let files = if tally.stacks == 1 { "1 file".into() } else { format!("{} files", tally.stacks) };
        raw.understood.push(match tally.hidden_pages {
            0 => format!("{files} of {} pages, each page a sample", tally.pages),
            hidden => format!("{files} of {} pages: the first of each, {hidden} skipped", tally.pages),
        });
        if tally.hidden_pages > 0 && read.reading.pages == Pages::Each {
            raw.warnings.push(
                "some TIFF files with several pages have another extension; only their first page was read; \
                 rename them to .tif"
                    .into(),
            );
        }
    }
    if tally.animated > 0 && read.options.rules == Rules::Current {
        raw.notes.push(format!(
            "{} animated {}: the first frame of each",
            tally.animated,
            if tally.animated == 1 { "picture" } else { "pictures" }
        ));
    }
    if read.arranged.masks > 0 {
        let s = if read.arranged.masks == 1 { "" } else { "s" };
        raw.understood.push(format!("{} mask{s} skipped", read.arranged.masks));
        let first = read.arranged.first_mask.as_deref().map(slashed).unwrap_or_default();
        raw.notes.push(format!(
            "masks belong to other pictures and are skipped (first: {first}); {} reads them as samples",
            Choice::Masks(Masks::Samples).option()
        ));
    }
    if let Some((count, first)) = &read.arranged.doubted {
        let are = if *count == 1 { "picture is" } else { "pictures are" };
        raw.doubts.push(Doubt {
            message: format!("{count} {are} named like the mask of another one (first: {})", slashed(first)),
            remedies: vec![Choice::Masks(Masks::LeftOut), Choice::Masks(Masks::Samples)],
        });
    }
    raw.understood.extend(passed_over(read.others));
}

fn describe_values(raw: &mut Raw, read: &Read<'_>) {
    let tally = read.tally;
    if tally.transparent > 0 {
        raw.understood.push(match read.options.alpha {
            Alpha::Auto if tally.is_on_white => "transparency on white".into(),
            Alpha::Auto | Alpha::Black => "transparency on black".into(),
            Alpha::White => "transparency on white".into(),
            Alpha::Checker => "transparency on a checkerboard".into(),
            Alpha::Keep => "transparency kept as a channel".into(),
            Alpha::Masked => {
                let share = raw.filled.1 as f64 / raw.rows.len().max(1) as f64;
                format!("transparent pixels masked (not in the loss): {} of all", format_percent(share, 1))
            }
        });
    } else if read.options.alpha == Alpha::Masked {
        raw.understood.push("no transparency, so nothing is masked".into());
    }
    let name = |(file, page): (u32, u32)| {
        let name = read.arranged.files.get(file as usize).map(|file| slashed(file)).unwrap_or_default();
        let is_stack = read.pages.get(file as usize).is_some_and(|pages| *pages > 1);
        if is_stack { format!("{name}#{}", page + 1) } else { name }
    };
    if read.options.rules == Rules::Current {
        mixed::describe(raw, tally, read.reading.range, read.is_known, name);
    }
    if let Some(first) = tally.first_odd.map(name) {
        raw.warnings.push(format!(
            "{} of the pictures contain infinite or missing numbers (first: {first}); these are replaced by \
             the smallest number of the picture",
            tally.odd
        ));
    }
    if let Some([least, most]) = tally.whites().filter(|_| tally.has_several_whites()) {
        raw.notes.push(format!(
            "the white values of the pictures differ (from {least} to {most}, as their headers state): each \
             picture was scaled to the whole range of its type"
        ));
    }
    raw.understood.extend(read.range.understood.clone());
    raw.doubts.extend(read.range.doubts.iter().cloned());
}

fn describe_parts(raw: &mut Raw, read: &Read<'_>) {
    let arranged = read.arranged;
    if arranged.arrangement.has_parts() {
        raw.understood.push(match read.reading.parts {
            Parts::Kept => "parts: by folders".into(),
            Parts::Mixed => "parts: mixed".into(),
        });
    }
    if let Some((count, first)) = arranged.copies.as_ref().filter(|_| !read.is_known) {
        raw.warnings.push(format!(
            "{count} pictures are named like altered copies of others (first: {}): a random split puts copies \
             of one picture into several parts; put them into separate folders named train, validation and \
             test",
            slashed(first)
        ));
    }
    if let Some(first) = &arranged.first_outside {
        let (count, s) = (arranged.outside, if arranged.outside == 1 { "" } else { "s" });
        raw.doubts.push(Doubt {
            message: format!(
                "{count} picture{s} next to the folders of training, validation and test pictures skipped \
                 (first: {})",
                slashed(first)
            ),
            remedies: vec![Choice::Parts(Parts::Mixed)],
        });
    }
    if arranged.arrangement.lacks_train && read.reading.label == LabelFrom::Auto {
        raw.doubts.push(Doubt {
            message: "the folders are named like validation and test pictures, but there are none to train \
                 on: they are read as classes"
                .into(),
            remedies: vec![Choice::Label(LabelFrom::Folder(arranged.arrangement.shared() + 2))],
        });
    }
}

fn describe_sameness(raw: &mut Raw, read: &Read<'_>) {
    let (plain, first, are_same) = read.sameness;
    let count = raw.row_names.len();
    let has_one_pixel = read.options.wanted.width * read.options.wanted.height == 1;
    let name = first.and_then(|first| raw.row_names.get(first)).cloned().unwrap_or_default();
    let message = if are_same && !has_one_pixel {
        format!("all {count} pictures are identical once they are read")
    } else if plain > 0 && !has_one_pixel {
        let (s, are) = (if count == 1 { "" } else { "s" }, if plain == 1 { "is" } else { "are" });
        format!("{plain} of {count} picture{s} {are} a single colour once read (first: {name})")
    } else {
        return;
    };
    let remedies = if read.tally.transparent > 0 && read.options.alpha != Alpha::Keep {
        let grounds = [Alpha::White, Alpha::Black, Alpha::Keep];
        // A mask is not a background.
        let chosen = match read.options.alpha {
            Alpha::Auto if read.tally.is_on_white => Alpha::White,
            Alpha::Auto => Alpha::Black,
            chosen @ (Alpha::Black | Alpha::White | Alpha::Checker | Alpha::Keep | Alpha::Masked) => chosen,
        };
        grounds.into_iter().filter(|ground| *ground != chosen).map(Choice::Alpha).collect()
    } else if raw.type_max.is_some() && read.tally.depths[Depth::Byte as usize] < count {
        vec![Choice::Range(PixelRange::Data)]
    } else {
        raw.warnings.push(message);
        return;
    };
    raw.doubts.push(Doubt { message, remedies });
}
