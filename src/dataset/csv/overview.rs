//! Overview of the columns of a table as detected.

use super::describe;
use super::evidence::{Content, Evidence};
use super::layout::TableLayout;
use super::roles::{Role, Roles};
use super::suffixes::Suffix;
use super::words::Words;
use crate::dataset::progress::CancelTimer;
use crate::dataset::{ColumnOverview, DataError, Progress, memory};
use crate::project::Take;

/// Number of bins of a histogram, or of the most frequent words.
const BINS: usize = 16;
/// Columns beyond this number get no histograms, which would need memory.
const MAX_DRAWN: usize = 20_000;

/// Everything except the histograms of numbers, which need the rows.
pub(super) fn of(
    layout: &TableLayout,
    evidence: &[Evidence],
    roles: &Roles,
    progress: &Progress,
) -> Result<Vec<ColumnOverview>, DataError> {
    let names: u64 = layout.columns.iter().map(|name| memory::text_bytes(name.len())).sum();
    let bins = memory::bytes_of::<u32>(BINS).saturating_mul(layout.columns.len() as u64);
    progress.budget().take(names.saturating_add(bins))?;
    let mut all = Vec::new();
    progress.budget().reserve_exact(&mut all, layout.columns.len())?;
    let columns = layout.columns.iter().zip(evidence).zip(roles.by_column.iter().zip(&roles.commas));
    for (at, ((name, evidence), (role, has_comma))) in columns.enumerate() {
        let (low, high) = evidence.range(evidence.notation(Some(*has_comma)));
        all.push(ColumnOverview {
            name: name.clone(),
            content: match role {
                // Numbers such as 20240131 may have been read as dates.
                Role::Dates { format, .. } => format!("dates, {}", format.name()),
                Role::Numbers { suffix: Suffix::None | Suffix::Factors, .. }
                    if let Some(unit) = layout.units.get(at).filter(|unit| !unit.is_empty()) =>
                {
                    format!("{}, {unit}", describe::content(evidence, *has_comma))
                }
                Role::LeftOut
                | Role::Label(_)
                | Role::Numbers { .. }
                | Role::Truth { .. }
                | Role::Categories { .. } => describe::content(evidence, *has_comma),
            },
            take: role.take(),
            range: (low <= high && evidence.judge(Some(*has_comma)) != Content::Words).then_some((low, high)),
            missing: evidence.missing() as usize,
            distinct: evidence.distinct(),
            histogram: match role {
                Role::Categories { .. } | Role::Label(_) | Role::LeftOut => counts(evidence),
                Role::Numbers { .. } | Role::Truth { .. } | Role::Dates { .. } => Vec::new(),
            },
        });
    }
    Ok(all)
}

/// Number of rows with each of the most frequent words.
fn counts(evidence: &Evidence) -> Vec<u32> {
    let mut counts: Vec<u32> =
        evidence.words().into_iter().flat_map(Words::counts).map(|count| count as u32).collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    counts.truncate(BINS);
    counts
}

/// Adds counts over the rows: the range of dates, and the histograms of all features that are a
/// single number.
pub(super) fn count(
    all: &mut [ColumnOverview],
    roles: &Roles,
    values: &[f32],
    progress: &Progress,
) -> Result<(), DataError> {
    struct Drawn {
        column: usize,
        place: usize,
        low: f32,
        high: f32,
        bins: [u32; BINS],
    }
    if all.len() > MAX_DRAWN {
        return Ok(());
    }
    let drawn = roles.by_column.iter().enumerate().filter(|(_, role)| match role {
        Role::Numbers { .. } | Role::Truth { .. } | Role::Dates { .. } => true,
        Role::LeftOut | Role::Label(_) | Role::Categories { .. } => false,
    });
    let _reservation = progress.budget().charge_scoped(memory::bytes_of::<Drawn>(all.len()))?;
    let mut drawn: Vec<Drawn> = drawn
        .map(|(column, _)| Drawn {
            column,
            place: roles.places[column],
            low: f32::INFINITY,
            high: f32::NEG_INFINITY,
            bins: [0; BINS],
        })
        .collect();
    let mut cancel_timer = CancelTimer::new(progress);
    let rows = || values.chunks_exact(roles.features.max(1));
    for row in rows() {
        cancel_timer.tick(row.len())?;
        for column in &mut drawn {
            // A missing value is neither smaller nor larger.
            (column.low, column.high) =
                (column.low.min(row[column.place]), column.high.max(row[column.place]));
        }
    }
    for row in rows() {
        cancel_timer.tick(row.len())?;
        for column in &mut drawn {
            let value = row[column.place];
            if !value.is_nan() {
                let range = f64::from(column.high) - f64::from(column.low);
                let part = (f64::from(value) - f64::from(column.low)) / if range > 0.0 { range } else { 1.0 };
                column.bins[((part * BINS as f64) as usize).min(BINS - 1)] += 1;
            }
        }
    }
    for column in drawn {
        let overview = &mut all[column.column];
        if column.low <= column.high {
            let base = match &roles.by_column[column.column] {
                Role::Numbers { base, .. } | Role::Dates { base, .. } => *base,
                Role::LeftOut | Role::Label(_) | Role::Truth { .. } | Role::Categories { .. } => 0.0,
            };
            if overview.take == Take::Dates || overview.range.is_none() {
                overview.range = Some((f64::from(column.low) + base, f64::from(column.high) + base));
            }
            overview.histogram = column.bins.to_vec();
        }
    }
    Ok(())
}
