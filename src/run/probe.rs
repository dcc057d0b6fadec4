use super::Probe;
use crate::dataset::random::{Purpose, Stream};
use crate::dataset::{Dataset, LabelValues, Subset};

/// Maximum number of samples whose pictures are watched.
const PICTURES: usize = 24;
/// Maximum number of picture values kept per epoch: 4 MB, and the same again for corrupted input.
/// Several epochs of the largest pictures therefore fit into the limit of a run.
const PICTURE_VALUES: usize = 1 << 20;
/// Maximum number of samples whose codes are watched.
const CODES: usize = 2000;
/// Maximum number of code values kept per epoch: 1 MB.
const CODE_VALUES: usize = 1 << 18;

/// Chooses the samples used to watch a run: pictures from the validation split (the training split
/// if there is none), with classes taking turns; codes from both, including those of the pictures.
/// The test split is never used. Fewer large pictures are watched (5 of 256 × 256 × 3 values, at
/// least 1), so that the kept epochs of a run stay within their memory limit.
pub fn choose_probe(data: &Dataset, code_units: usize, seed: u64) -> Probe {
    let (train, validation) = (data.split.rows(Subset::Train), data.split.rows(Subset::Validation));
    let mut pictured = if validation.is_empty() { train.to_vec() } else { validation.to_vec() };
    Stream::new(seed, Purpose::Probe, 0, 0).shuffle(&mut pictured);
    take_turns(data, &mut pictured);
    pictured.truncate((PICTURE_VALUES / data.shape.features().max(1)).clamp(1, PICTURES));

    let mut coded: Vec<u32> = train.iter().chain(validation).copied().collect();
    Stream::new(seed, Purpose::Probe, 1, 0).shuffle(&mut coded);
    // Samples whose pictures are watched come first, because the code is shown beside the picture.
    let (mut coded, others): (Vec<u32>, Vec<u32>) = coded.into_iter().partition(|row| pictured.contains(row));
    coded.extend(others);
    coded.truncate((CODE_VALUES / code_units.max(1)).clamp(1, CODES));
    coded.sort_unstable();
    Probe { picture_rows: pictured, code_rows: coded }
}

/// Reorders rows so that their classes take turns.
fn take_turns(data: &Dataset, rows: &mut [u32]) {
    let classes = data.labels.iter().find_map(|column| match &column.values {
        LabelValues::Classes { names, ids } => Some((names.len(), ids)),
        LabelValues::Numbers(_) => None,
    });
    let Some((classes, ids)) = classes else { return };
    let mut seen = vec![0_u32; classes];
    let mut keyed: Vec<(u32, u32, u32)> = rows
        .iter()
        .map(|&row| {
            let class = ids[row as usize];
            let turn = &mut seen[class as usize];
            *turn += 1;
            (*turn, class, row)
        })
        .collect();
    keyed.sort_by_key(|&(turn, class, _)| (turn, class));
    for (row, (.., sorted)) in rows.iter_mut().zip(keyed) {
        *row = sorted;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::dataset::{Gaps, Rows, Scaler, SplitRows};
    use crate::project::Shape;
    use crate::run::{Kept, KeptEpochs};

    #[test]
    fn fewer_large_pictures_are_watched_to_fit_into_memory() {
        let check = |side: usize, channels: usize, pictures: usize| {
            let shape = Shape::Image { height: side, width: side, channels };
            let data = Dataset {
                name: String::new(),
                shape,
                rows: Rows::U8(vec![]),
                labels: vec![],
                row_names: vec![],
                source_rows: vec![],
                feature_names: vec![],
                columns: vec![],
                overview: vec![],
                split: SplitRows { train: (0..5000).collect(), ..SplitRows::default() },
                binariser: crate::dataset::Binariser::default(),
                gaps: Gaps::default(),
                settled: crate::dataset::Settled::default(),
                source_sizes: None,
                scaler: Scaler::identity(),
                fingerprint: 0,
                read_report: crate::dataset::ReadReport::default(),
                warnings: vec![],
                doubts: vec![],
                shown_channels: vec![],
            };
            let probe = choose_probe(&data, 256, 1);
            assert_eq!(probe.picture_rows.len(), pictures, "{side} {channels}");
            assert_eq!(probe.code_rows.len(), 1024);
            assert!(probe.picture_rows.iter().all(|row| probe.code_rows.contains(row)));
            let code_units = 256;
            let pixels = vec![0.0; pictures * shape.features()];
            let codes = vec![0.0; probe.code_rows.len() * code_units];
            let mut kept = KeptEpochs::new(Arc::new(probe));
            for epoch in 0..20 {
                let (codes, corrupted, reconstructions) = (codes.clone(), pixels.clone(), pixels.clone());
                kept.push(Arc::new(Kept { epoch, code_units, codes, corrupted, reconstructions }));
            }
            let values = kept.iter().map(|one| one.codes.len() + 2 * one.reconstructions.len());
            assert!(4 * values.sum::<usize>() <= 64 << 20, "{side} {channels}");
            assert!(kept.len() >= 5 && kept.newest().is_some_and(|kept| kept.epoch == 19), "{}", kept.len());
        };
        check(8, 1, 24);
        check(128, 3, 21);
        check(256, 3, 5);
        check(1024, 1, 1);
    }
}
