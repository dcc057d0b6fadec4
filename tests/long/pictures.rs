//! Pictures of the recipes for the list of recipes.

use hourglass::dataset::{Dataset, LabelValues};
use hourglass::figure::Palette;
use hourglass::project::{Recipe, Shape};
use image::RgbaImage;

use super::Trained;
use super::canvas::{Canvas, SIZE, grey};

/// Maximum mean difference of two pictures of one recipe from different processors, in steps of
/// 255.
const TOLERANCE: f64 = 24.0;

/// Draws the picture of a trained recipe, which illustrates its purpose.
pub fn draw(trained: &Trained) -> RgbaImage {
    let mut canvas = Canvas::new();
    match trained.recipe {
        Recipe::Undercomplete => latent(&mut canvas, trained),
        Recipe::Linear => filters(&mut canvas, trained, (1, 4)),
        Recipe::Sparse | Recipe::KSparse | Recipe::Contractive => filters(&mut canvas, trained, (4, 8)),
        Recipe::Convolutional | Recipe::Machines | Recipe::Quantised => pairs(&mut canvas, trained, 7),
        Recipe::DescriptionLength => pairs(&mut canvas, trained, 8),
        Recipe::Denoising | Recipe::SuperResolution | Recipe::Inpainting => restored(&mut canvas, trained),
        Recipe::Variational => plane(&mut canvas, trained),
        Recipe::BetaVariational => traversals(&mut canvas, trained),
        Recipe::Concrete => selection(&mut canvas, trained),
        Recipe::JointVsLayerWise => curves(&mut canvas, trained),
        Recipe::Hashing => bits(&mut canvas, trained),
        Recipe::Anomaly => anomalies(&mut canvas, trained),
        Recipe::Tabular => columns(&mut canvas, trained),
    }
    canvas.0
}

/// Compares with the picture in the project, or replaces it if requested; returns the problem, if
/// any.
pub fn compare(recipe: Recipe, drawn: &RgbaImage) -> Option<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/recipes/").to_owned() + recipe.name() + ".png";
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        drawn.save(&path).expect("written");
        return None;
    }
    let Ok(own) = image::open(&path) else { return Some(format!("{}: it has no picture", recipe.name())) };
    let own = own.to_rgba8();
    if own.dimensions() != SIZE {
        return Some(format!("{}: its picture is {:?}", recipe.name(), own.dimensions()));
    }
    let pixels = |picture: &RgbaImage| {
        let mut pixels: Vec<[u8; 4]> = picture.pixels().map(|pixel| pixel.0).collect();
        // The positions of points on an unconstrained plane depend on the last bits of a
        // processor's sums, so only the amount of each colour is compared.
        if recipe == Recipe::Undercomplete {
            pixels.sort_unstable();
        }
        pixels.into_flattened()
    };
    let (own, drawn) = (pixels(&own), pixels(drawn));
    let far: u64 = own.iter().zip(&drawn).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    let mean = far as f64 / own.len() as f64;
    (mean > TOLERANCE).then(|| format!("{}: its picture differs by {mean:.1} of 255", recipe.name()))
}

fn sides(shape: Shape) -> (usize, usize) {
    match shape {
        Shape::Image { height, width, .. } => (width, height),
        Shape::Vector(features) => (features, 1),
    }
}

/// Class of every row.
fn classes(data: &Dataset) -> Vec<u32> {
    let ids = data.labels.iter().find_map(|column| match &column.values {
        LabelValues::Classes { ids, .. } => Some(ids.clone()),
        LabelValues::Numbers(_) => None,
    });
    ids.unwrap_or_else(|| vec![0; data.len()])
}

/// Grey pictures in rows; each row contains this many samples, side by side.
fn rows_of(canvas: &mut Canvas, rows: &[Vec<f32>], columns: usize, size: (usize, usize)) {
    canvas.tiles((rows.len(), columns), size, |row, column, x, y| {
        grey(rows[row][(column * size.1 + y) * size.0 + x])
    });
}

fn latent(canvas: &mut Canvas, trained: &Trained) {
    let kept = &trained.run().kept;
    let newest = kept.newest().expect("kept epochs");
    let points: Vec<[f32; 2]> =
        newest.codes.chunks_exact(newest.code_units).map(|code| [code[0], code[1]]).collect();
    let classes = classes(&trained.data);
    canvas.scatter(&points, |index| classes[kept.probe.code_rows[index] as usize] as usize);
}

fn filters(canvas: &mut Canvas, trained: &Trained, grid: (usize, usize)) {
    let weights = &trained.run().checkpoint.as_ref().expect("saved").weights.0["code.weight"].values;
    let size = sides(trained.data.shape);
    let features = trained.data.shape.features();
    let most = weights.iter().fold(0.0_f32, |most, weight| most.max(weight.abs()));
    canvas.tiles(grid, size, |row, column, x, y| {
        let weight = weights[(row * grid.1 + column) * features + y * size.0 + x];
        Palette::DARK.signed(1.5 * weight / most)
    });
}

fn pairs(canvas: &mut Canvas, trained: &Trained, columns: usize) {
    let rows: Vec<u32> = trained.data.split.validation.iter().copied().take(columns).collect();
    let originals = trained.rows(&rows);
    let back = trained.network().reconstruct(&originals);
    rows_of(canvas, &[originals, back], columns, sides(trained.data.shape));
}

fn restored(canvas: &mut Canvas, trained: &Trained) {
    let kept = &trained.run().kept;
    let newest = kept.newest().expect("kept epochs");
    let clean = trained.rows(&kept.probe.picture_rows[..5]);
    rows_of(
        canvas,
        &[newest.corrupted.clone(), newest.reconstructions.clone(), clean],
        5,
        sides(trained.data.shape),
    );
}

fn plane(canvas: &mut Canvas, trained: &Trained) {
    let (columns, rows) = (13, 7);
    let place = |index: usize, count: usize| 2.0 * (2.0 * index as f32 / (count - 1) as f32 - 1.0);
    let codes: Vec<f32> = (0..rows)
        .flat_map(|row| (0..columns).flat_map(move |column| [place(column, columns), -place(row, rows)]))
        .collect();
    let pictures = trained.network().decode(&codes);
    let size = sides(trained.data.shape);
    let lines: Vec<Vec<f32>> = pictures.chunks(columns * size.0 * size.1).map(<[f32]>::to_vec).collect();
    rows_of(canvas, &lines, columns, size);
}

fn traversals(canvas: &mut Canvas, trained: &Trained) {
    let nats =
        trained.run().health.as_ref().and_then(|health| health.divergence.clone()).expect("a distribution");
    let mut units: Vec<usize> = (0..nats.len()).collect();
    units.sort_by(|a, b| nats[*b].total_cmp(&nats[*a]));
    let columns = 7;
    let lines: Vec<Vec<f32>> = units
        .iter()
        .take(4)
        .map(|unit| {
            let codes: Vec<f32> = (0..columns)
                .flat_map(|column| {
                    let mut code = vec![0.0; nats.len()];
                    code[*unit] = column as f32 - 3.0;
                    code
                })
                .collect();
            trained.network().decode(&codes)
        })
        .collect();
    rows_of(canvas, &lines, columns, sides(trained.data.shape));
}

fn selection(canvas: &mut Canvas, trained: &Trained) {
    let health = trained.run().health.as_ref().expect("measured");
    let selector = health.selector.as_ref().expect("a selector");
    let (width, _) = sides(trained.data.shape);
    canvas.tiles((1, 1), sides(trained.data.shape), |_, _, x, y| {
        let at = y * width + x;
        if selector.chosen.contains(&(at as u32)) {
            Palette::DARK.code
        } else {
            grey(0.7 * selector.mean[at])
        }
    });
}

fn curves(canvas: &mut Canvas, trained: &Trained) {
    let curves: Vec<Vec<f64>> = trained
        .runs
        .iter()
        .map(|run| run.history.epochs.iter().map(|record| record.judged().total().ln()).collect())
        .collect();
    let all = curves.iter().flatten();
    let (low, high) =
        all.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(*value), high.max(*value)));
    for (number, curve) in curves.iter().enumerate() {
        let points: Vec<(f32, f32)> = curve
            .iter()
            .enumerate()
            .map(|(epoch, value)| {
                let across = epoch as f32 / (curve.len() - 1) as f32;
                (12.0 + 264.0 * across, 150.0 - 138.0 * ((value - low) / (high - low)) as f32)
            })
            .collect();
        let color = if number == 0 { Palette::DARK.accent } else { Palette::DARK.code };
        canvas.line(&points, color);
    }
}

fn bits(canvas: &mut Canvas, trained: &Trained) {
    let classes = classes(&trained.data);
    let mut rows: Vec<u32> = trained.data.split.validation.iter().copied().take(60).collect();
    rows.sort_by_key(|row| classes[*row as usize]);
    let codes = trained.network().encode(&trained.rows(&rows));
    let units = trained.run().design.code.units;
    let (across, down) = (SIZE.0 as f32 / rows.len() as f32, SIZE.1 as f32 / units as f32);
    for (sample, row) in rows.iter().enumerate() {
        for unit in 0..units {
            if codes[sample * units + unit] > 0.5 {
                let at = (sample as f32 * across, unit as f32 * down);
                canvas.rect(
                    at,
                    (across - 1.0, down - 1.0),
                    Palette::DARK.class(classes[*row as usize] as usize),
                );
            }
        }
    }
}

fn anomalies(canvas: &mut Canvas, trained: &Trained) {
    let held_out = trained.run().design.data.held_out.clone().expect("a class");
    let strange = trained.data.rows_of_class(&held_out).expect("its rows");
    let known: Vec<u32> = trained.data.split.validation.iter().copied().take(7).collect();
    let mut lines = Vec::new();
    for rows in [known, strange[..7].to_vec()] {
        let originals = trained.rows(&rows);
        let back = trained.network().reconstruct(&originals);
        lines.extend([originals, back]);
    }
    rows_of(canvas, &lines, 7, sides(trained.data.shape));
}

fn columns(canvas: &mut Canvas, trained: &Trained) {
    let rows: Vec<u32> = trained.data.split.validation.clone();
    let originals = trained.rows(&rows);
    let back = trained.network().reconstruct(&originals);
    let features = trained.data.shape.features();
    let points: Vec<[f32; 2]> = (0..rows.len())
        .flat_map(|row| (0..3).map(move |column| (row, 4 * column)))
        .map(|(row, column)| [originals[row * features + column], back[row * features + column]])
        .collect();
    canvas.scatter(&points, |index| index % 3);
}
