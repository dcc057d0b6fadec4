//! Commands for sets of samples and of codes: `sample`, `traverse`, `neighbours`, `export`.

use std::collections::HashMap;
use std::fs;

use hourglass::io::{Files, open_project, save_project};
use hourglass::project::{
    Activation, Bottleneck, Channels, Code, CodebookUpdate, Corruption, Fit, IndexSet, Layer, Loss,
    NamedSelection, Padding, PictureReading, Project, Recipe, Source, Threshold,
};
use image::{GrayAlphaImage, GrayImage, Luma, LumaA};
use serde_json::Value;

use super::program::{fails, ok};
use super::{design_of_table, generated, read, table, trained, write_table};

/// A printed table without its header, and the numbers of some of its columns.
fn printed(text: &str, columns: &[&str]) -> Vec<Vec<f64>> {
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().expect("a header");
    let at: Vec<usize> = columns
        .iter()
        .map(|name| header.iter().position(|own| own == name).unwrap_or_else(|| panic!("{name}: {header:?}")))
        .collect();
    lines.map(|line| at.iter().map(|at| line[*at].parse().expect("a number")).collect()).collect()
}

fn assert_close(found: &[f64], expected: &[f64], what: &str) {
    let are = found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-4);
    assert!(are, "{what}: {found:?} {expected:?}");
}

#[test]
fn commands_accept_any_set_of_samples() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    write_table(&dir.join("t.csv"));
    let project = &trained(dir, "t", &design_of_table(&dir.join("t.csv")));
    let path = dir.join(project);
    let mut opened = open_project(&path).expect("opens");
    let fingerprint = opened.runs[0].fingerprint;
    let named = |name: &str, fingerprint, rows: &[u32]| NamedSelection {
        name: name.to_owned(),
        fingerprint,
        rows: IndexSet::of(rows),
    };
    opened.project.selections = vec![
        named("odd ones", fingerprint, &[1, 3, 900]),
        named("none", fingerprint, &[]),
        named("elsewhere", fingerprint ^ 1, &[0]),
    ];
    save_project(&Files::default(), &path, &opened.project, &opened.runs).expect("saved");

    // Row 3 of the 54 without gaps is the fifth row of the source.
    let said = ok(dir, &["encode", project, "--set", "odd ones", "-o", "-"]).stdout;
    assert_eq!(printed(&said, &["row"]), [[2.0], [5.0]]);
    let all = ok(dir, &["encode", project, "-o", "-"]).stdout;
    let codes = printed(&all, &["row", "code 1"]);
    assert_eq!(codes.len(), 54);
    assert_eq!(printed(&said, &["row", "code 1"]), [codes[1].clone(), codes[3].clone()]);
    let test = ok(dir, &["reconstruct", project, "--set", "test", "-o", "-"]).stdout;
    assert!(test.lines().skip(1).all(|line| line.split(',').nth(1) == Some("test")), "{test}");
    let result: Value =
        serde_json::from_str(&ok(dir, &["evaluate", project, "--set", "odd ones", "--json"]).stdout)
            .expect("JSON");
    assert_eq!((&result["split"], &result["samples"]), (&"odd ones".into(), &2.into()));
    let said = ok(dir, &["evaluate", project, "--set", "odd ones"]).stdout;
    assert!(said.starts_with("run 1, selection odd ones, 2 samples\n"), "{said}");
    ok(dir, &["encode", project, "--set", "odd ones", "-o", "two.npy"]);
    assert!(fs::read(dir.join("two.npy")).expect("there").windows(6).any(|text| text == b"(2, 1)"));

    let sets = "all (54), odd ones (2)";
    fails(dir, &["evaluate", project, "--set", "nonsense"], 1, sets);
    fails(dir, &["encode", project, "--set", "none", "-o", "-"], 1, sets);
    fails(dir, &["encode", project, "--set", "elsewhere", "-o", "-"], 1, "belongs to other data");
    fails(dir, &["evaluate", project, "--set", "odd ones", "--keep"], 2, "omit --keep");
    fs::copy(dir.join("t.csv"), dir.join("same.csv")).expect("copied");
    let text = read(dir, "t.csv").lines().take(30).collect::<Vec<_>>().join("\n");
    fs::write(dir.join("other.csv"), text).expect("written");
    fails(dir, &["encode", project, "other.csv", "--set", "test", "-o", "-"], 1, "no split; omit --set");
    fails(
        dir,
        &["encode", project, "other.csv", "--set", "odd ones", "-o", "-"],
        1,
        "belongs to other data; choose one of: all (",
    );
    ok(dir, &["encode", project, "other.csv", "--set", "all", "-o", "-"]);
    ok(dir, &["encode", project, "same.csv", "--set", "odd ones", "-o", "-"]);
    ok(dir, &["evaluate", project, "--keep"]);
    fs::copy(dir.join("other.csv"), dir.join("t.csv")).expect("copied");
    ok(dir, &["evaluate", project]);
    fails(dir, &["evaluate", project, "--keep"], 1, "have changed");
}

#[test]
fn samples_and_traversals_of_a_linear_decoder_are_linear() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    write_table(&dir.join("t.csv"));
    let project = &trained(dir, "t", &design_of_table(&dir.join("t.csv")));
    let columns = ["a", "b"];
    // Encoder and decoder are affine, so the mean code decodes to the mean reconstruction.
    let train = ok(dir, &["reconstruct", project, "--set", "train", "-o", "-"]).stdout;
    let rows = printed(&train, &columns);
    let mean = |at: usize| rows.iter().map(|row| row[at]).sum::<f64>() / rows.len() as f64;
    let mean = [mean(0), mean(1)];
    let options = ["--from", "gaussian", "--temperature", "0", "--count", "3", "--codes", "--nearest"];
    let asked = [&["sample", project, "-o", "-"], &options[..]].concat();
    let samples = ok(dir, &asked).stdout;
    let values = printed(&samples, &columns);
    assert_eq!(values.len(), 3);
    values.iter().for_each(|row| assert_close(row, &mean, "drawn at temperature 0"));
    assert_eq!(printed(&samples, &["sample", "nearest", "distance", "code 1"]).len(), 3);

    // The code of a row decodes to its reconstruction, and the steps in between are on the line.
    let codes = ok(dir, &["encode", project, "--set", "train", "-o", "-"]).stdout;
    let codes = printed(&codes, &["row", "code 1"]);
    let (first, last) = (&codes[0], &codes[codes.len() - 1]);
    let (low, high) = (first[1].min(last[1]), first[1].max(last[1]));
    let (at_low, at_high) = if first[1] <= last[1] { (0, rows.len() - 1) } else { (rows.len() - 1, 0) };
    let range = format!("{low},{high}");
    let said =
        ok(dir, &["traverse", project, "--units", "1", "--span", &range, "--steps", "3", "-o", "-"]).stdout;
    let steps = printed(&said, &["unit", "value", "a", "b"]);
    assert_eq!(steps.len(), 3);
    assert_close(&steps[0], &[1.0, low, rows[at_low][0], rows[at_low][1]], "the lower end");
    assert_close(&steps[2], &[1.0, high, rows[at_high][0], rows[at_high][1]], "the upper end");
    let middle = [0, 1].map(|at| f64::midpoint(rows[at_low][at], rows[at_high][at]));
    assert_close(&steps[1][2..], &middle, "halfway");
    // Its only component is the unit, up to sign and origin.
    let row = format!("{}", first[0]);
    let asked = ["traverse", project, "--components", "1", "--sample", &row, "--steps", "1", "-o", "-"];
    assert_eq!(printed(&ok(dir, &asked).stdout, &["component", "place", "a", "b"]).len(), 1);
    ok(dir, &["traverse", project, "--steps", "4", "-o", "line.npy"]);
    assert!(fs::read(dir.join("line.npy")).expect("there").windows(9).any(|text| text == b"(1, 4, 2)"));
    fails(dir, &["traverse", project, "-o", "line.npy"], 1, "--force");
    fails(dir, &["traverse", project, "-o", "line.png"], 1, "are not pictures");
    fails(dir, &["traverse", project, "-o", "-", "--units", "2"], 1, "no unit 2; its code has 1");
    fails(dir, &["traverse", project, "-o", "-", "--sample", "99"], 1, "no sample 99");
    fails(dir, &["sample", project, "-o", "-", "--from", "prior"], 1, "known distribution");
    // Rows with gaps were left out.
    fails(dir, &["traverse", project, "-o", "-", "--sample", "4"], 1, "were skipped");
}

#[test]
fn pictures_are_sampled_and_traversed_as_pages() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    ok(dir, &["train", "recipe:vae", "--epochs", "1", "-o", "v.hourglass"]);
    let units = open_project(&dir.join("v.hourglass")).expect("opens").runs[0].design.code.units as u32;
    let size = |name: &str| {
        let picture = image::open(dir.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        (picture.width(), picture.height())
    };
    // Five pictures of 8×8 in three columns and two lines, two pixels apart; with the nearest
    // samples, four lines.
    ok(dir, &["sample", "v.hourglass", "-o", "s.png", "--count", "5"]);
    ok(dir, &["sample", "v.hourglass", "-o", "near.png", "--count", "5", "--nearest"]);
    assert_eq!((size("s.png"), size("near.png")), ((28, 18), (28, 38)));
    assert_eq!(table(dir, "near-rows.csv", ',').0, ["sample", "nearest", "distance"]);
    ok(dir, &["sample", "v.hourglass", "-o", "again.png", "--count", "5"]);
    ok(dir, &["sample", "v.hourglass", "-o", "other.png", "--count", "5", "--seed", "2"]);
    let bytes = |name: &str| fs::read(dir.join(name)).expect("there");
    assert!(bytes("s.png") == bytes("again.png") && bytes("s.png") != bytes("other.png"));
    assert_eq!(
        ok(dir, &["sample", "v.hourglass", "-o", "some", "--count", "4", "--codes"]).stdout,
        "4 pictures: some\n"
    );
    assert_eq!((size("some/000004.png"), table(dir, "some/samples.csv", ',').1.len()), ((8, 8), 4));
    ok(dir, &["traverse", "v.hourglass", "-o", "t.png", "--steps", "5"]);
    assert_eq!(size("t.png"), (5 * 10 - 2, units * 10 - 2));
}

#[test]
fn picture_codes_are_traversed_by_position() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let activation = Activation::Relu;
    let conv = Layer::Conv2d {
        channels: 4,
        kernel: 3,
        stride: 2,
        padding: Padding::Same,
        dilation: 1,
        groups: 1,
        activation,
    };
    // 4×4 positions of 2 channels.
    let mut design = Project { encoder: vec![conv], code: Code::channels(2), ..Project::default() };
    design.training.epochs = 1;
    let project = &trained(dir, "p", &design);
    let of = |arguments: &[&str]| {
        ok(dir, &[&["traverse", project, "--steps", "2", "-o", "-"], arguments].concat())
    };
    let columns = ["unit", "channel", "row", "column"];
    // Row 2, column 3 is the seventh position.
    let [first, second] = [[13.0, 1.0, 2.0, 3.0], [14.0, 2.0, 2.0, 3.0]];
    assert_eq!(printed(&of(&["--at", "2,3"]).stdout, &columns), [first, first, second, second]);
    assert_eq!(printed(&of(&["--units", "14"]).stdout, &columns), [second, second]);
    let strongest = of(&[]);
    assert_eq!(printed(&strongest.stdout, &columns).len(), 2 * 24);
    assert!(strongest.stderr.contains("24 of 32 lines"), "{}", strongest.stderr);
    fails(dir, &["traverse", project, "-o", "-", "--at", "5,1"], 1, "no row 5, column 1");
    ok(dir, &["encode", project, "-o", "codes.npy", "--set", "test"]);
    let bytes = fs::read(dir.join("codes.npy")).expect("there");
    assert!(
        String::from_utf8_lossy(&bytes[..128]).contains(", 4, 4, 2)"),
        "rows × height × width × channels"
    );
}

#[test]
fn neighbours_of_a_table_match_those_found_by_hand() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    write_table(&dir.join("t.csv"));
    let project = &trained(dir, "t", &design_of_table(&dir.join("t.csv")));
    // Row 1 is 0; of 1/30, 2/30, 3/30 and 4/30, the first is in row 44, which has a gap and was
    // excluded.
    for by in ["pixels", "pca"] {
        let asked =
            ["neighbours", project, "--sample", "1", "--by", by, "--set", "all", "--k", "3", "-o", "-"];
        let found = printed(&ok(dir, &asked).stdout, &["sample", "rank", "row", "distance"]);
        let rows: Vec<&[f64]> = found.iter().map(|row| &row[..3]).collect();
        assert_eq!(rows, [[1.0, 1.0, 27.0], [1.0, 2.0, 10.0], [1.0, 3.0, 53.0]], "{by}");
        assert!(found[0][3] < found[1][3] && found[1][3] < found[2][3], "{found:?}");
    }
    let options = ["--k", "3", "--precision", "--set", "all", "--by", "pixels"];
    let asked = [&["neighbours", project, "--sample", "1"], &options[..]].concat();
    // All three have its class; IDs only identify rows.
    assert_eq!(ok(dir, &asked).stdout, "precision@3 of class: 1.000 (1 samples)\n");
    let asked = ["neighbours", project, "--of", "test", "-o", "near.csv", "--k", "2"];
    ok(dir, &asked);
    let (header, rows) = table(dir, "near.csv", ',');
    assert_eq!(header, ["sample", "rank", "row", "split", "id", "class", "distance"]);
    assert!(rows.iter().all(|row| row[3] == "train" && row[0] != row[2]), "{rows:?}");
    fails(dir, &asked, 1, "--force");
    fails(dir, &["neighbours", project, "--sample", "1", "--by", "hamming", "-o", "-"], 1, "no bits");
    fails(dir, &["neighbours", project, "--sample", "1"], 2, "--output");
    fails(dir, &["neighbours", project, "-o", "-"], 2, "--sample");
}

#[test]
fn weights_are_exported_with_metadata() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    write_table(&dir.join("t.csv"));
    let project = &trained(dir, "t", &design_of_table(&dir.join("t.csv")));
    let run = open_project(&dir.join(project)).expect("opens").runs.remove(0);
    let exported = |name: &str| {
        let bytes = fs::read(dir.join(name)).expect("written");
        let tensors = safetensors::SafeTensors::deserialize(&bytes).expect("readable");
        let shapes: HashMap<String, Vec<usize>> =
            tensors.iter().map(|(name, view)| (name.to_owned(), view.shape().to_vec())).collect();
        let (_, metadata) = safetensors::SafeTensors::read_metadata(&bytes).expect("a header");
        let values: HashMap<String, Vec<u8>> =
            tensors.iter().map(|(name, view)| (name.to_owned(), view.data().to_vec())).collect();
        (shapes, values, metadata.metadata().clone().expect("texts"))
    };
    assert_eq!(ok(dir, &["export", project, "-o", "w.safetensors"]).stdout, "w.safetensors\n");
    let (shapes, values, texts) = exported("w.safetensors");
    let weights = run.checkpoint.as_ref().expect("weights").inference_weights();
    assert_eq!(shapes.len(), weights.0.len());
    for (name, array) in &weights.0 {
        assert_eq!(shapes[name], array.shape, "{name}");
        let bytes: Vec<u8> = array.values.iter().flat_map(|value| value.to_le_bytes()).collect();
        assert_eq!(values[name], bytes, "{name}");
    }
    assert_eq!((texts["run"].as_str(), texts["epoch"].as_str()), ("1", "2"));
    assert_eq!(Project::from_ron(&texts["design"]).expect("readable"), run.design);
    let normaliser: Value = serde_json::from_str(&texts["normaliser"]).expect("JSON");
    assert_eq!(normaliser["factors"].as_array().map(Vec::len), Some(2));
    // Weights are always kept before the first epoch and after the last.
    ok(dir, &["export", project, "-o", "first.safetensors", "--epoch", "0"]);
    let (_, earlier, texts) = exported("first.safetensors");
    assert_eq!(texts["epoch"], "0");
    assert!(earlier != values);
    fails(dir, &["export", project, "-o", "w.safetensors"], 1, "--force");
    fails(dir, &["export", project, "-o", "x.safetensors", "--epoch", "9"], 1, "for these epochs: ");
    fails(dir, &["export", project, "-o", "w.npy"], 1, ".safetensors");
    fails(dir, &["export", "t.ron", "-o", "x.safetensors"], 1, "no run");
}

#[test]
fn bits_are_compared_and_entries_are_traversed() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let mut design =
        generated(Bottleneck::Hashing { std: 1.0, threshold: Threshold::Median }, 5, Loss::SquaredError);
    design.code.activation = Activation::Linear;
    let project = &trained(dir, "hash", &design);
    ok(dir, &["encode", project, "-o", "h.csv"]);
    let (header, rows) = table(dir, "h.csv", ',');
    let hash = header.iter().position(|name| name == "hash").expect("bits");
    let bits = |row: f64| u32::from_str_radix(&rows[row as usize - 1][hash], 16).expect("digits");
    let found =
        ok(dir, &["neighbours", project, "--sample", "1", "--k", "5", "--set", "all", "-o", "-"]).stdout;
    let found = printed(&found, &["row", "distance"]);
    assert_eq!(found.len(), 5);
    for row in &found {
        assert_eq!(row[1], f64::from((bits(1.0) ^ bits(row[0])).count_ones()), "{row:?}");
    }
    let is_nearer = |row: usize| f64::from((bits(1.0) ^ bits(row as f64)).count_ones()) < found[4][1];
    assert!((2..=80).filter(|row| is_nearer(*row)).count() < 5);

    let quantised = Bottleneck::Quantised {
        entries: 8,
        dimension: 2,
        commitment: 0.25,
        update: CodebookUpdate::default(),
    };
    let project = &trained(dir, "vq", &generated(quantised, 4, Loss::SquaredError));
    let said = ok(dir, &["traverse", project, "-o", "-"]).stdout;
    let steps = printed(&said, &["vector", "entry"]);
    assert_eq!(steps.iter().map(|step| step[0]).collect::<Vec<_>>(), [[1.0; 8], [2.0; 8]].concat());
    let mut entries: Vec<f64> = steps[..8].iter().map(|step| step[1]).collect();
    entries.sort_by(f64::total_cmp);
    assert_eq!(entries, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
    let second = ok(dir, &["traverse", project, "--units", "2", "--steps", "3", "-o", "-"]).stdout;
    assert_eq!(printed(&second, &["vector"]), [[2.0], [2.0], [2.0]]);
    fails(dir, &["traverse", project, "--span", "0,1", "-o", "-"], 1, "has no range");
    fails(dir, &["traverse", project, "--components", "1", "-o", "-"], 1, "omit --components");
    assert_eq!(
        printed(&ok(dir, &["sample", project, "--count", "3", "-o", "-"]).stdout, &["sample"]).len(),
        3
    );
}

#[test]
fn damaged_pictures_are_reconstructed_without_further_corruption() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let own = dir.join("own");
    fs::create_dir(&own).expect("made");
    let save = |picture: GrayImage, name: &str| picture.save(dir.join(name)).expect("written");
    for at in 0..30_u32 {
        let shade = |x: u32, y: u32| Luma([(at * 7 + 11 * x + 5 * y) as u8]);
        save(GrayImage::from_fn(4, 4, shade), &format!("own/{at:02}.png"));
    }
    let shades = [0, 51, 102, 204];
    save(GrayImage::from_fn(2, 2, |x, y| Luma([shades[(2 * y + x) as usize]])), "small.png");
    save(GrayImage::from_fn(4, 4, |x, y| Luma([shades[(2 * (y / 2) + x / 2) as usize]])), "blocks.png");
    let is_hole = |x: u32| x == 1;
    GrayAlphaImage::from_fn(4, 4, |x, _| LumaA([200, if is_hole(x) { 0 } else { 255 }]))
        .save(dir.join("holed.png"))
        .expect("written");
    save(GrayImage::from_fn(4, 4, |x, _| Luma([if is_hole(x) { 0 } else { 200 }])), "black.png");
    for (name, corruption, damaged, same, said) in [
        ("small", Corruption::Pixelate { size: 2 }, "small.png", "blocks.png", "learned to enlarge"),
        ("holed", Corruption::Masking { probability: 0.3 }, "holed.png", "black.png", "learned to fill"),
    ] {
        let mut design = Project { corruption, ..Recipe::Undercomplete.project() };
        design.data.source = Source::ImageFolder {
            path: own.clone(),
            width: 4,
            height: 4,
            channels: Channels::Grey,
            fit: Fit::default(),
            reading: PictureReading::default(),
        };
        design.code = Code::plain(2);
        design.training.epochs = 1;
        let project = &trained(dir, name, &design);
        let array = |input: &str| {
            let output = format!("{name}-{input}.npy");
            let done = ok(dir, &["reconstruct", project, input, "-o", &output]);
            (fs::read(dir.join(output)).expect("there"), done.stderr)
        };
        let (restored, told) = array(damaged);
        assert!(told.contains(said), "{told}");
        let (of_whole, told) = array(same);
        assert!(restored == of_whole && !told.contains(said), "{name}: {told}");
        // Its own pictures in another folder are still its own.
        let set = ["encode", project, "own", "--set", "test", "-o", "-"];
        ok(dir, &set);
    }
}
