//! Names of the rows and columns of arrays, and messages about numbers that 32 bits do not
//! distinguish.

use crate::dataset::raw::Raw;
use crate::dataset::{Column, ColumnKind, DataError, Doubt, Progress, memory};
use crate::project::{Axes, Choice, Rules, Shape};

/// Names columns by their numbers; if a base was subtracted from their values, it is stored with
/// them.
pub(in crate::dataset) fn name_features(
    raw: &mut Raw,
    bases: &[f64],
    progress: &Progress,
) -> Result<(), DataError> {
    let Shape::Vector(features) = raw.shape else { return Ok(()) };
    let budget = progress.budget();
    budget.take(memory::text_bytes(20).saturating_mul(features as u64))?;
    raw.feature_names = (1..=features).map(|at| format!("column {at}")).collect();
    if bases.is_empty() {
        return Ok(());
    }
    budget.take(
        memory::bytes_of::<Column>(features) + memory::text_bytes(20).saturating_mul(features as u64),
    )?;
    let named = raw.feature_names.iter().zip(bases);
    raw.columns = named
        .map(|(name, &base)| Column { name: name.clone(), kind: ColumnKind::Numbers { base }, unit: None })
        .collect();
    let taken = bases.iter().position(|base| *base != 0.0);
    raw.notes.extend(taken.map(|at| {
        let all = bases.iter().filter(|base| **base != 0.0).count();
        let more = if all > 1 { format!(" and {} more columns", all - 1) } else { String::new() };
        format!(
            "the numbers in column {}{more} are stored minus their smallest ({}), because 32 bits could not \
             distinguish them",
            at + 1,
            bases[at]
        )
    }));
    Ok(())
}

/// Names rows from several arrays by their array and index: `x_test[2]`.
pub(in crate::dataset) fn name_rows(
    raw: &mut Raw,
    parts: &[(String, usize)],
    progress: &Progress,
) -> Result<(), DataError> {
    if parts.len() < 2 {
        return Ok(());
    }
    // For an index of 10 digits and its brackets.
    let bytes =
        parts.iter().map(|(name, count)| memory::text_bytes(name.len() + 12).saturating_mul(*count as u64));
    progress.budget().take(bytes.fold(0, u64::saturating_add))?;
    raw.row_names.reserve_exact(parts.iter().map(|(_, count)| count).sum());
    for (name, count) in parts {
        progress.check()?;
        raw.row_names.extend((0..*count).map(|at| format!("{name}[{at}]")));
    }
    if let [(first, _), .., (last, _)] = parts {
        raw.notes.push(format!(
            "rows are named by their array and their index in it, counted from 0: {first}[0], {last}[0]"
        ));
    }
    Ok(())
}

/// Reports numbers that 32 bits do not distinguish and that are left unchanged: those of rows by
/// the rules of version 1, and pixels, which all share one scale. `bases` is what would have to be
/// subtracted, a single number for pixels.
pub(in crate::dataset) fn precision(shape: Shape, bases: &[f64], rules: Rules) -> Option<Doubt> {
    let at = bases.iter().position(|base| *base != 0.0)?;
    let near = format!("near {}, where 32 bits distinguish few of them", bases[at]);
    match (shape, rules) {
        (Shape::Vector(_), Rules::Current) => None,
        (Shape::Vector(_), Rules::Version1) => Some(Doubt {
            message: format!("the numbers in column {} lose precision: they are {near}", at + 1),
            remedies: vec![Choice::Rules(Rules::Current)],
        }),
        (Shape::Image { .. }, _) => Some(Doubt {
            message: format!(
                "the pixel values lose precision: they are {near}; subtract the smallest before saving (a - \
                 a.min()), or read them as rows of numbers"
            ),
            remedies: match rules {
                Rules::Current => vec![Choice::Axes(Axes::Rows)],
                Rules::Version1 => Vec::new(),
            },
        }),
    }
}

/// Sets the channels chosen for display, if they exist.
pub(in crate::dataset) fn show_channels(raw: &mut Raw, shown: &[usize]) {
    let channels = raw.shape.channels();
    if !matches!(raw.shape, Shape::Image { .. }) || shown.is_empty() {
        return;
    }
    if matches!(shown.len(), 1 | 3) && shown.iter().all(|channel| (1..=channels).contains(channel)) {
        raw.shown_channels = shown.to_vec();
    } else {
        raw.warnings.push(format!(
            "the channels to show should be one or three from 1 to {channels}; the first are shown"
        ));
    }
}
