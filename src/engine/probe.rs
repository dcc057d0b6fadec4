use crate::dataset::random::{Purpose, Stream};
use crate::dataset::{Dataset, LabelValues, Subset};
use crate::run::Probe;

/// Samples whose pictures are watched, at most.
const PICTURES: usize = 24;
/// Samples whose codes are watched, at most.
const CODES: usize = 2000;
/// Numbers of codes that are kept for an epoch, at most: 1 MB.
const CODE_VALUES: usize = 1 << 18;

/// Chooses the samples a run is watched by: pictures from the validation split (the training split where there is none),
/// the classes taking turns; codes from both. The test split is never looked at.
pub fn choose_probe(data: &Dataset, code_units: usize, seed: u64) -> Probe {
    let (train, validation) = (data.split.rows(Subset::Train), data.split.rows(Subset::Validation));
    let mut pictured = if validation.is_empty() { train.to_vec() } else { validation.to_vec() };
    Stream::new(seed, Purpose::Probe, 0, 0).shuffle(&mut pictured);
    take_turns(data, &mut pictured);
    pictured.truncate(PICTURES);

    let mut coded: Vec<u32> = train.iter().chain(validation).copied().collect();
    Stream::new(seed, Purpose::Probe, 1, 0).shuffle(&mut coded);
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
