//! One click trains well: every kind of code, chosen on the default project and on a folder of
//! pictures, ends with a lower error than the linear method that keeps as much. The measurements
//! are written to `docs/first-choices.md`.

use std::f64::consts::LN_2;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use hourglass::analysis::pca::Pca;
use hourglass::analysis::quantisation::QuantisedPca;
use hourglass::analysis::regression::Regression;
use hourglass::check::{choose_data, choose_kind, code_shape, plan};
use hourglass::dataset::random::{Purpose, Stream};
use hourglass::dataset::{Dataset, Progress, Subset, load, source_for};
use hourglass::engine::Trainer;
use hourglass::project::{Bottleneck, Channels, Project};
use hourglass::run::facts;

/// Seeds of each training run.
const SEEDS: [u64; 5] = [1, 2, 3, 4, 5];
/// Number of pictures in the folder, and their side in pixels.
const PICTURES: u64 = 2000;
const SIDE: u32 = 32;
/// Number of random draws of features that a selector is compared with.
const DRAWS: u64 = 20;
/// Position of the measured numbers in the page.
const MARKS: [&str; 2] = ["<!-- measurements -->\n", "<!-- /measurements -->"];

/// A trained design.
struct Trained {
    /// Validation error per feature.
    error: f64,
    /// Mean bits per code of a description length, with bits back (Hinton & Zemel 1994).
    bits: Option<f64>,
}

/// Results for one kind on one data set.
struct Row {
    kind: Bottleneck,
    baseline: String,
    expected: f64,
    found: Vec<f64>,
}

/// A folder of drawn faces: heads of several sizes, positions, tilts and greys, with eyes, a mouth
/// that smiles or not, and a little noise.
fn draw_faces(folder: &Path) {
    for number in 0..PICTURES {
        let stream = Stream::new(1, Purpose::Synthetic, number, 0);
        let mut next = 0;
        let mut between = |low: f64, high: f64| {
            next += 1;
            low + (high - low) * f64::from(stream.uniform(next))
        };
        let middle = 0.5 * f64::from(SIDE);
        let (x0, y0) = (middle + between(-3.0, 3.0), middle + between(-3.0, 3.0));
        let (width, height, tilt) = (between(7.0, 10.0), between(9.0, 12.0), between(-0.3, 0.3));
        let (ground, skin) = (between(0.1, 0.4), between(0.5, 0.9));
        let (eyes, smile, mouth) = (between(2.5, 4.0), between(-0.12, 0.12), between(2.0, 4.0));
        let step = |a: f64| 1.0 / (1.0 + (-a).exp());
        let picture = image::GrayImage::from_fn(SIDE, SIDE, |x, y| {
            let (x, y) = (f64::from(x) - x0, f64::from(y) - y0);
            let (u, v) = (x * tilt.cos() + y * tilt.sin(), y * tilt.cos() - x * tilt.sin());
            let mut grey = ground + (skin - ground) * step(12.0 * (1.0 - (u / width).hypot(v / height)));
            for side in [-1.0, 1.0] {
                let far = ((u - side * eyes) / 1.3).powi(2) + ((v + 2.5) / 1.3).powi(2);
                grey -= (skin - 0.1) * (-far).exp();
            }
            let off = (v - 4.0 - smile * u * u) / 1.1;
            grey -= 0.4 * (-off * off).exp() * step(3.0 * (mouth - u.abs()));
            image::Luma([(255.0 * (grey + between(-0.03, 0.03))).round().clamp(0.0, 255.0) as u8])
        });
        picture.save(folder.join(format!("face-{number:03}.png"))).expect("written");
    }
}

/// Rows of the data, scaled.
fn gathered(data: &Dataset, rows: &[u32]) -> Vec<f32> {
    let mut values = vec![0.0; rows.len() * data.shape.features()];
    data.gather(rows, &mut values);
    values
}

fn error(a: &[f32], b: &[f32]) -> f64 {
    let squares: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum();
    squares / a.len() as f64
}

/// Validation error per feature of a design, trained to its end. As reported by its run, except for
/// hashing, whose code is rounded to 0 or 1 first: otherwise it is not a code of bits.
fn trained(design: &Project, data: &Arc<Dataset>) -> Trained {
    let plan = plan(design, &facts(data)).expect("it can be trained");
    let mut trainer = Trainer::new(&plan, Arc::clone(data), 2).expect("small");
    while !trainer.is_done() {
        trainer.step().expect("it learns");
    }
    if matches!(design.code.kind, Bottleneck::Hashing { .. }) {
        let rows = gathered(data, &data.split.validation);
        let mut codes = trainer.network().encode(&rows);
        codes.iter_mut().for_each(|bit| *bit = if *bit > 0.5 { 1.0 } else { 0.0 });
        return Trained { error: error(&trainer.network().decode(&codes), &rows), bits: None };
    }
    let found = trainer.evaluate(Subset::Validation).expect("fits");
    let is_counted = matches!(design.code.kind, Bottleneck::DescriptionLength { .. });
    let bits = is_counted.then(|| found.losses.get("code").expect("its cost") / LN_2);
    Trained { error: found.mse, bits }
}

/// The baseline of a design: its name and validation error.
fn baseline(design: &Project, data: &Dataset, bits: Option<f64>) -> (String, f64) {
    let features = data.shape.features();
    let (train, rows) = (gathered(data, &data.split.train), gathered(data, &data.split.validation));
    let numbers = code_shape(design, data.shape).features();
    let pca = |k: usize| {
        let pca = Pca::fit(&train, features, k).expect("finite");
        (format!("PCA, {k} components"), error(&pca.reconstruct(&pca.project(&rows)), &rows))
    };
    // At least as many bits, if the number is not an integer.
    let quantised = |bits: f64| {
        let bits = bits.ceil() as u32;
        let pca = QuantisedPca::fit(&train, features, bits).expect("finite");
        (format!("quantised PCA, {bits} bits"), error(&pca.reconstruct(&rows), &rows))
    };
    match design.code.kind {
        Bottleneck::Plain
        | Bottleneck::Variational { .. }
        | Bottleneck::ImportanceWeighted { .. }
        | Bottleneck::Wasserstein { .. } => pca(numbers),
        Bottleneck::KSparse { k, within, .. } => {
            let groups = numbers / within.group(code_shape(design, data.shape));
            pca(k * groups)
        }
        Bottleneck::Concrete { .. } => {
            let sum: f64 =
                (0..DRAWS).map(|draw| random_features(&train, &rows, features, numbers, draw)).sum();
            (format!("regression from {numbers} random features"), sum / DRAWS as f64)
        }
        Bottleneck::Hashing { .. } => quantised(numbers as f64),
        Bottleneck::DescriptionLength { .. } => quantised(bits.expect("a description length has bits")),
        Bottleneck::Quantised { entries, dimension, .. } => {
            quantised((numbers / dimension) as f64 * (entries as f64).log2())
        }
    }
}

/// Error of a linear regression of all features on some randomly drawn ones.
fn random_features(train: &[f32], rows: &[f32], features: usize, count: usize, draw: u64) -> f64 {
    let stream = Stream::new(2, Purpose::Synthetic, draw, 0);
    let mut chosen: Vec<usize> = Vec::new();
    let mut next = 0;
    while chosen.len() < count.min(features) {
        next += 1;
        let feature = (f64::from(stream.uniform(next)) * features as f64) as usize;
        if feature < features && !chosen.contains(&feature) {
            chosen.push(feature);
        }
    }
    let picked = |rows: &[f32]| -> Vec<f32> {
        rows.chunks_exact(features).flat_map(|row| chosen.iter().map(|at| row[*at])).collect()
    };
    let fitted = Regression::fit(&picked(train), chosen.len(), train, features).expect("finite");
    fitted.mse(&picked(rows), rows)
}

/// Chooses every kind on a project and trains it with every seed.
fn measure(project: &Project, name: &str) -> Vec<Row> {
    let seeds = std::env::var("HOURGLASS_SEEDS").map_or(SEEDS.to_vec(), |seeds| {
        seeds.split(',').map(|seed| seed.parse().expect("seeds with commas between them")).collect()
    });
    let data = Arc::new(load(&project.data, &Progress::default()).expect("there are data"));
    // As the window does: the data of the default project are not chosen.
    let is_chosen = project.data.source != Project::default().data.source;
    let project = if is_chosen { choose_data(project, None, &facts(&data)) } else { project.clone() };
    let wanted = std::env::var("HOURGLASS_KIND").ok();
    let wanted = |kind: &Bottleneck| wanted.as_ref().is_none_or(|wanted| kind.name() == wanted);
    Bottleneck::ALL
        .into_iter()
        .filter(wanted)
        .map(|kind| {
            let design = choose_kind(&project, kind, Some(&facts(&data)));
            let with_seed = |seed: u64| {
                let mut design = design.clone();
                design.training.seed = seed;
                trained(&design, &data)
            };
            let start = Instant::now();
            let trained: Vec<Trained> = seeds.iter().copied().map(with_seed).collect();
            let (kind_name, seconds) = (kind.name(), start.elapsed().as_secs_f64());
            let bits = trained.iter().filter_map(|trained| trained.bits).reduce(f64::max);
            let (baseline, expected) = baseline(&design, &data, bits);
            let found: Vec<f64> = trained.iter().map(|trained| trained.error).collect();
            eprintln!("{name}, {kind_name}: {found:.4?}, {baseline} {expected:.4} ({seconds:.0} s)");
            Row { kind, baseline, expected, found }
        })
        .collect()
}

fn table(rows: &[Row]) -> String {
    let mut text = "| kind | error, mean (range) | baseline | its error |\n|---|---|---|---|\n".to_owned();
    for Row { kind, baseline, expected, found } in rows {
        let mean = found.iter().sum::<f64>() / found.len() as f64;
        let (low, high) =
            found.iter().fold((f64::MAX, f64::MIN), |(low, high), error| (low.min(*error), high.max(*error)));
        let name = kind.name();
        let _ = writeln!(text, "| {name} | {mean:.4} ({low:.4}–{high:.4}) | {baseline} | {expected:.4} |");
    }
    text
}

/// If `UPDATE_DOCS` is set, the tables of the page are rewritten. `HOURGLASS_KIND` selects a single
/// kind, `HOURGLASS_SEEDS` (for example `1,4`) the seeds.
#[test]
fn every_kind_chosen_with_one_click_beats_its_baseline() {
    let folder = tempfile::tempdir().expect("a folder");
    draw_faces(folder.path());
    let side = SIDE as usize;
    let mut pictures = Project::default();
    pictures.data.source =
        source_for(folder.path(), side, side, Channels::default()).expect("a folder of pictures");
    let all = [("the digits", Project::default()), ("a folder", pictures)];
    let all = all.map(|(name, project)| (name, measure(&project, name)));
    let [digits, faces] = [&all[0].1, &all[1].1].map(|rows| table(rows));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let is_whole =
            ["HOURGLASS_KIND", "HOURGLASS_SEEDS"].iter().all(|name| std::env::var_os(name).is_none());
        assert!(is_whole, "a part of the kinds or seeds is no table");
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/first-choices.md");
        let page = std::fs::read_to_string(path).expect("the page");
        let (before, rest) = page.split_once(MARKS[0]).expect("its first mark");
        let (_, after) = rest.split_once(MARKS[1]).expect("its last mark");
        let page = format!(
            "{before}{}\n**On the default project** (digits, 64 features)\n\n{digits}\n**On a folder of pictures** ({PICTURES} drawn faces, {SIDE}×{SIDE} grey pixels)\n\n{faces}\n{}{after}",
            MARKS[0], MARKS[1]
        );
        std::fs::write(path, page).expect("written");
    }
    let mut broken = Vec::new();
    for (name, rows) in &all {
        for Row { kind, expected, found, .. } in rows {
            if !found.iter().all(|error| error < expected) {
                broken.push(format!("{name}, {}: {found:.4?}, baseline {expected:.4}", kind.name()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}
