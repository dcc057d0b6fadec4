//! Plausible runs and data sets for tests.

use std::sync::Arc;

use crate::dataset::{
    Column, ColumnKind, ColumnOverview, Dataset, Doubt, Gaps, LabelColumn, LabelValues, ReadReport, Rows,
    Scaler, SplitRows,
};
use crate::project::{
    Choice, Data, DateUnit, Delimiter, Header, Missing, Project, Shape, Source, TableReading, Take,
};
use crate::run::{
    Array, Bits, Caption, Checkpoint, CodebookHealth, Edit, EpochRecord, HashHealth, Health, History, Kept,
    KeptEpochs, LayerHealth, Losses, Probe, Records, Results, Run, RunId, SelectorHealth, Setting, Status,
    Terms, Weights,
};

/// Pseudo-random numbers in [0, 1): a scrambled Weyl sequence.
pub fn noise(seed: u64) -> impl FnMut() -> f32 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 40) as f32 / (1 << 24) as f32
    }
}

fn normal(next: &mut impl FnMut() -> f32) -> f32 {
    (0..6).map(|_| next()).sum::<f32>() - 3.0
}

fn terms() -> Terms {
    Terms::new(["reconstruction", "KL"].map(str::to_owned))
}

fn losses(total: f64) -> Losses {
    Losses::new(&terms(), &[total, 0.8 * total, 0.2 * total]).expect("three terms")
}

/// A run on 8×8 digits after this many epochs.
pub fn run(id: u32, epochs: u32) -> Run {
    let mut next = noise(u64::from(id));
    let level = 0.28 + 0.02 * f64::from(id % 5);
    let record = |epoch: u32, next: &mut dyn FnMut() -> f32| {
        let fall = (-f64::from(epoch) / 9.0).exp();
        let train = level + 0.25 * fall + 0.002 * f64::from(next());
        let validation = level + 0.02 + 0.16 * fall + 0.006 * f64::from(next());
        EpochRecord {
            epoch,
            step: u64::from(epoch) * 23,
            train: losses(train),
            validation: Some(losses(validation)),
            mse: 0.04 + 0.03 * fall,
            learning_rate: 2e-3,
            seconds: f64::from(epoch) * 0.006,
        }
    };
    let history = History {
        terms: terms(),
        epochs: (1..=epochs).map(|epoch| record(epoch, &mut next)).collect(),
        pretraining: Records::default(),
    };
    Run {
        id: RunId(id),
        design: Project::default(),
        shape: Shape::Image { height: 8, width: 8, channels: 1 },
        fingerprint: 7,
        split: None,
        normaliser: None,
        status: if epochs < 100 { Status::Training } else { Status::Done },
        epochs: epochs.max(100),
        edits: vec![Edit { step: 500, setting: Setting::LearningRate(1e-3) }],
        restarts: Vec::new(),
        parameters: 41_800,
        seconds: f64::from(epochs) * 0.006,
        started_unix_secs: 1_700_000_000 + u64::from(id),
        history,
        health: None,
        pca_mse: Some(0.0556),
        caption: Caption::default(),
        results: Results::default(),
        kept: KeptEpochs::default(),
        checkpoint: None,
        diagnosed: crate::run::Diagnosed::default(),
    }
}

/// Pictures of class-dependent strokes in `classes` classes, as bytes.
pub fn pictures(count: usize, [height, width, channels]: [usize; 3], classes: u32) -> Dataset {
    let mut next = noise(3);
    let ids: Vec<u32> =
        (0..count as u32).map(|row| row.wrapping_mul(2_654_435_761) % classes.max(1)).collect();
    let mut values = Vec::with_capacity(count * height * width * channels);
    for class in &ids {
        let angle = *class as f32 * 0.7;
        let (c, s) = (angle.cos(), angle.sin());
        let shift = 0.3 * (next() - 0.5);
        for y in 0..height {
            for x in 0..width {
                let u = (x as f32 + 0.5) / width as f32 - 0.5;
                let v = (y as f32 + 0.5) / height as f32 - 0.5;
                let stroke = (-(u * c + v * s + shift).powi(2) * 40.0).exp();
                let ring = (-((u * u + v * v).sqrt() - 0.3).powi(2) * 160.0).exp();
                let ink = if class % 2 == 0 { stroke.max(0.8 * ring) } else { stroke };
                values.extend((0..channels).map(|channel| (ink * (255.0 - 60.0 * channel as f32)) as u8));
            }
        }
    }
    let names = (0..classes).map(|class| class.to_string()).collect();
    let shape = Shape::Image { height, width, channels };
    let scaler = Scaler { offsets: vec![0.0], factors: vec![1.0 / 255.0] };
    dataset(shape, Rows::U8(values), count, LabelValues::Classes { names, ids }, scaler)
}

/// A table with a class column and a number column.
pub fn table(count: usize, features: usize) -> Dataset {
    let mut next = noise(5);
    let values: Vec<f32> = (0..count * features)
        .map(|i| (i % features) as f32 * 3.0 + normal(&mut next) * (1.0 + (i % 3) as f32))
        .collect();
    let names = ["setosa", "versicolor", "virginica"].map(str::to_owned).to_vec();
    let ids = (0..count as u32).map(|row| row % 3).collect();
    let scaler = Scaler {
        offsets: (0..features).map(|f| f as f32 * 3.0).collect(),
        factors: (0..features).map(|f| 1.0 / (1.0 + (f % 3) as f32)).collect(),
    };
    let labels = LabelValues::Classes { names, ids };
    let mut data = dataset(Shape::Vector(features), Rows::F32(values), count, labels, scaler);
    data.feature_names = (0..features).map(|feature| format!("column {feature}")).collect();
    data.labels.push(LabelColumn::numbers("height", (0..count).map(|_| normal(&mut next)).collect()));
    data
}

/// A table with every kind of column, the report from reading it, and the settings used.
pub fn mixed(count: usize) -> (Dataset, Data) {
    let column = |name: &str, kind| Column { name: name.to_owned(), kind, unit: None };
    let words = ["Bonn", "Köln"].map(str::to_owned).to_vec();
    let dates = ColumnKind::Dates {
        format: "%Y-%m-%d".to_owned(),
        unit: DateUnit::Days,
        base: 19_000.0,
        first_year: None,
    };
    let columns = vec![
        Column::numbers("height"),
        column("smokes", ColumnKind::Truth { words: ["no", "yes"].map(str::to_owned) }),
        column("born", dates),
        column("city", ColumnKind::Categories { words }),
    ];
    let values = (0..count).flat_map(|row| {
        let bonn = (row % 3 == 0) as u8;
        [1.5 + row as f32, (row % 2) as f32, row as f32, f32::from(bonn), f32::from(1 - bonn)]
    });
    let ids = LabelValues::Classes {
        names: (0..count).map(|row| format!("{row:05}")).collect(),
        ids: (0..count as u32).collect(),
    };
    let mut data = dataset(Shape::Vector(5), Rows::F32(values.collect()), count, ids, Scaler::identity());
    data.labels[0].name = "id".to_owned();
    data.feature_names = columns.iter().flat_map(Column::feature_names).collect();
    data.overview = ["id", "height", "smokes", "born", "city"]
        .into_iter()
        .zip(["00000 to 00059", "numbers", "no, yes", "dates, 2022-01-08", "2 words"])
        .zip([Take::Label, Take::Numbers, Take::Numbers, Take::Dates, Take::Categories])
        .map(|((name, content), take)| ColumnOverview {
            name: name.to_owned(),
            content: content.to_owned(),
            take,
            range: match take {
                Take::Numbers => Some((0.0, count as f64)),
                Take::Dates => Some((19_000.0, 19_000.0 + count as f64)),
                Take::Categories | Take::Feature | Take::Label | Take::LeftOut => None,
            },
            missing: usize::from(name == "height"),
            distinct: (name != "height").then_some(2),
            histogram: vec![1, 0, 4, 2],
        })
        .collect();
    data.columns = columns;
    data.source_rows = (0..count as u32).map(|row| 10 * row + 1).collect();
    data.read_report = ReadReport {
        line: format!("{count} rows × 5 columns (id, height, smokes, born, city); labels: id; header: yes"),
        notes: vec!["“born” holds dates: days since the beginning of 1970".to_owned()],
        ..ReadReport::default()
    };
    data.doubts = vec![Doubt {
        message: "the first row may be no header".to_owned(),
        remedies: vec![Choice::Header(Header::No), Choice::Column("height".to_owned(), Some(Take::Label))],
    }];
    let source = Source::Csv {
        path: "people.csv".into(),
        header: Header::Auto,
        delimiter: Delimiter::default(),
        labels: vec!["id".to_owned()],
        missing: Missing::default(),
        reading: TableReading::default(),
    };
    (data, Data { source, ..Data::default() })
}

fn dataset(shape: Shape, rows: Rows, count: usize, labels: LabelValues, scaler: Scaler) -> Dataset {
    let rows_of = |from: usize, to: usize| (from as u32..to as u32).collect::<Vec<_>>();
    let (a, b) = (count * 8 / 10, count * 9 / 10);
    Dataset {
        name: "samples".to_owned(),
        shape,
        rows,
        labels: vec![LabelColumn {
            name: "label".to_owned(),
            values: labels,
            texts: crate::dataset::Texts::default(),
        }],
        row_names: Vec::new(),
        source_rows: vec![],
        feature_names: Vec::new(),
        columns: vec![],
        overview: vec![],
        split: SplitRows { train: rows_of(0, a), validation: rows_of(a, b), test: rows_of(b, count) },
        scaler,
        binariser: crate::dataset::Binariser::default(),
        gaps: Gaps::default(),
        settled: crate::dataset::Settled::default(),
        source_sizes: None,
        fingerprint: 7 + count as u64,
        read_report: crate::dataset::ReadReport::default(),
        warnings: vec!["2 files were skipped: they are no pictures".to_owned()],
        doubts: vec![],
        shown_channels: vec![],
    }
}

/// Adds kept epochs on a data set to a run: class clusters that move apart, and reconstructions
/// that get sharper.
pub fn keep(run: &mut Run, data: &Dataset, epochs: &[u32], code_units: usize, corrupted: bool) {
    run.shape = data.shape;
    run.design.code.units = code_units;
    let features = data.shape.features();
    let pictures = data.len().min(10) as u32;
    let code_rows: Vec<u32> = (0..data.len() as u32).collect();
    let probe = Arc::new(Probe { picture_rows: (0..pictures).collect(), code_rows });
    run.kept = KeptEpochs::new(probe.clone());
    let mut clean = vec![0.0; pictures as usize * features];
    data.gather(&probe.picture_rows, &mut clean);
    for epoch in epochs {
        let mut next = noise(11);
        let spread = 1.0 - (-(*epoch as f32) / 15.0).exp();
        let codes = probe.code_rows.iter().flat_map(|row| {
            let class = match &data.labels[0].values {
                LabelValues::Classes { ids, .. } => ids[*row as usize],
                LabelValues::Numbers(_) => 0,
            };
            let angle = class as f32 * 0.63;
            let code: Vec<f32> = (0..code_units)
                .map(|unit| {
                    let centre = if unit % 2 == 0 { angle.cos() } else { angle.sin() };
                    3.0 * spread * centre * (1.0 + 0.3 * (class % 3) as f32) + 0.5 * normal(&mut next)
                })
                .collect();
            code
        });
        let codes = codes.collect();
        let blur = 0.35 * (1.0 - spread) + 0.05;
        let reconstructions =
            clean.iter().map(|v| v * (1.0 - blur) + blur * 0.3 + 0.12 * (next() - 0.5)).collect();
        let noisy = clean.iter().map(|v| v + 0.3 * normal(&mut next)).collect();
        run.kept.push(Arc::new(Kept {
            epoch: *epoch,
            code_units,
            codes,
            corrupted: if corrupted { noisy } else { Vec::new() },
            reconstructions,
        }));
    }
}

/// Health measurements with every part, for samples of this shape. No real network has them all.
pub fn health(shape: Shape, units: usize) -> Health {
    let features = shape.features();
    let share = |index: usize| (index % 7) as f32 / 7.0;
    let layer = |name: &str, dead| LayerHealth {
        name: name.to_owned(),
        units,
        active_mean: 0.4 * units as f64,
        active_min: 0,
        active_max: units,
        dead,
        mean: 0.12,
        histogram: (0..64).map(|bin: u64| if bin < 20 { 0 } else { 64 - bin }).collect(),
        reach: 4.0,
        ..LayerHealth::default()
    };
    Health {
        epoch: 7,
        samples: 180,
        layers: vec![layer("layer 1", units), layer("code", 0)],
        jacobian: Some(1.25),
        means: None,
        divergence: Some((0..units).map(|unit| 0.008 * unit as f32).collect()),
        selector: Some(SelectorHealth {
            temperature: 0.25,
            mean_max: 0.93,
            chosen: (0..units as u32).map(|unit| unit / 2 % features as u32).collect(),
            shares: (0..features).map(share).collect(),
            mean: (0..features).map(share).collect(),
        }),
        bits: Some(Bits { code: 8.5, error: 70.25, constant: 671.0 }),
        codebook: Some(CodebookHealth { shares: (0..units).map(share).collect() }),
        hash: Some(HashHealth { balance: (0..units).map(share).collect(), correlation: 0.2, decided: 0.75 }),
        ..Health::default()
    }
}

/// A checkpoint with a first layer of this many units.
pub fn checkpoint(shape: Shape, units: usize) -> Checkpoint {
    let mut next = noise(9);
    let features = shape.features();
    let values = (0..units * features).map(|_| next() - 0.5).collect();
    let array = Array { shape: vec![units, features], values };
    let weights = Weights([("encoder.0.weight".to_owned(), array)].into()).into();
    Checkpoint { weights, ..Checkpoint::default() }
}
