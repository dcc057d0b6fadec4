//! The command line as users and scripts use it: exit codes, results on stdout, written files.

mod program;

use std::fs;
use std::path::{Path, PathBuf};

use hourglass::dataset::{Progress, Rows, Subset, load};
use hourglass::io::open_project;
use hourglass::project::{Data, Recipe, Shape, Source};
use hourglass::run::{FindingKind, Run, Status};
use program::{fails, last_json, run, write_table};

/// Stdout of a command that must succeed.
#[track_caller]
fn ok(dir: &Path, arguments: &[&str]) -> String {
    program::ok(dir, arguments).stdout
}

fn dir() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn runs(dir: &Path, name: &str) -> Vec<Run> {
    open_project(&dir.join(name)).expect("opens").runs
}

/// An array as data, with its values unchanged.
fn rows_of(path: PathBuf) -> Data {
    Data {
        source: Source::Npy {
            path,
            array: None,
            labels: None,
            reading: hourglass::project::ArrayReading::default(),
        },
        ..Data::default()
    }
}

#[test]
fn help_explains_and_wrong_usage_exits_with_2() {
    let dir = dir();
    let help = ok(dir.path(), &["--help"]);
    for word in ["Examples:", "recipe:undercomplete", "Exit codes", "bench"] {
        assert!(help.contains(word), "{word}");
    }
    for command in [
        "recipes",
        "new",
        "check",
        "train",
        "find-rate",
        "evaluate",
        "encode",
        "reconstruct",
        "sample",
        "traverse",
        "neighbours",
        "figure",
        "export",
        "bench",
    ] {
        assert!(ok(dir.path(), &[command, "--help"]).contains("Example"), "{command}");
    }
    assert!(ok(dir.path(), &["--version"]).starts_with("hourglass "));
    fails(dir.path(), &["train"], 2, "Usage");
    fails(dir.path(), &["trian"], 2, "no command or file trian; did you mean train?");
    fails(dir.path(), &["trian", "recipe:linear", "--epochs", "1"], 2, "did you mean train?");
    fails(dir.path(), &["missing.hourglass"], 1, "there is no file missing.hourglass");
    fails(dir.path(), &["train", "recipe:nonsense"], 2, "undercomplete");
    fails(dir.path(), &["train", "recipe:linear", "--size", "3by4"], 2, "64x48");
    fails(dir.path(), &["train", "recipe:linear", "--size", "8x8"], 2, "image folders");
    fails(dir.path(), &["train", "undercomplete"], 1, "did you mean recipe:undercomplete");
    fails(dir.path(), &["train", "missing.hourglass"], 1, "missing.hourglass");
}

#[test]
fn every_recipe_is_listed_written_and_valid() {
    let dir = dir();
    let listed = ok(dir.path(), &["recipes"]);
    let names: Vec<&str> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, Recipe::ALL.map(Recipe::name));
    assert!(listed.lines().all(|line| line.contains("(trained: ")), "{listed}");
    for name in names {
        let file = format!("{name}.ron");
        assert_eq!(ok(dir.path(), &["new", name, "-o", &file]).trim(), file);
        assert!(ok(dir.path(), &["check", &file]).contains("parameters"));
    }
    fails(dir.path(), &["new", "linear", "-o", "linear.ron"], 1, "--force");
    ok(dir.path(), &["new", "linear", "-o", "linear.ron", "--force"]);
    ok(dir.path(), &["new", "linear", "-o", "linear.hourglass"]);
    fails(dir.path(), &["new", "linear", "-o", "linear.txt"], 2, ".ron");
}

#[test]
fn check_names_places() {
    let dir = dir();
    let file = dir.path().join("a.ron");
    fs::write(&file, "Project(\n  encodr: [],\n)").expect("written");
    fails(dir.path(), &["check", "a.ron"], 1, "line 2");
    fs::write(&file, "Project(encoder: [Dense(units: 0)])").expect("written");
    let done = run(dir.path(), &["check", "a.ron"]);
    assert_eq!(done.code, Some(1), "{}", done.stderr);
    assert!(done.stdout.contains("error: encoder layer 1"), "{}", done.stdout);
    fails(dir.path(), &["train", "a.ron"], 1, "encoder layer 1");
    fs::write(&file, "Project(data: (source: Csv(path: \"nowhere.csv\")))").expect("written");
    let done = run(dir.path(), &["check", "a.ron"]);
    assert_eq!(done.code, Some(1));
    assert!(done.stdout.contains("nowhere.csv"), "{}", done.stdout);
}

#[test]
fn data_given_as_a_design_are_reported_with_the_right_option() {
    let dir = dir();
    let path = dir.path();
    write_table(&path.join("t.csv"), 0.0);
    write_table(&path.join("my t.csv"), 0.0);
    fs::write(path.join("t.parquet"), b"PAR1\x15\x04\x15PAR1").expect("written");
    fs::create_dir(path.join("pictures")).expect("made");
    for (command, data, words) in [
        (
            "train",
            "t.csv",
            "t.csv is a table, not a project or a design; to use it as data: hourglass train DESIGN --data t.csv",
        ),
        (
            "train",
            "my t.csv",
            "hourglass train DESIGN --data 'my t.csv', where DESIGN is a file or a recipe:NAME",
        ),
        (
            "train",
            "pictures",
            "pictures is a folder, not a project or a design; to use it as data: hourglass train",
        ),
        ("check", "t.csv", "hourglass check DESIGN --data t.csv"),
        ("bench", "t.csv", "hourglass bench DESIGN --data t.csv"),
        ("evaluate", "t.csv", "hourglass evaluate PROJECT.hourglass t.csv"),
        ("train", "t.parquet", "is a Parquet file, which is not supported; convert it"),
    ] {
        fails(path, &[command, data], 1, words);
    }
}

#[test]
fn missing_files_are_named_with_the_option_to_locate_them() {
    let dir = dir();
    let path = dir.path();
    let here = path.canonicalize().expect("there");
    let check = |arguments: &[&str], words: &[&str]| {
        let done = run(path, arguments);
        assert_eq!(done.code, Some(1), "{arguments:?} {}", done.stderr);
        for word in words {
            assert!((done.stdout.clone() + &done.stderr).contains(word), "{word}: {}", done.stderr);
        }
    };
    fs::write(path.join("a.ron"), "Project(data: (source: Csv(path: \"data/t.csv\")))").expect("written");
    let whole = here.join("data").join("t.csv");
    let words =
        ["the data of this design were not found", "data/t.csv and its folder does not exist", "--data PATH"];
    for command in ["check", "train", "bench"] {
        check(&[command, "a.ron"], &words);
        check(&[command, "a.ron"], &[&whole.to_string_lossy()]);
    }
    let table = path.join("t.csv");
    write_table(&table, 0.0);
    let given = here.join("no.csv");
    check(&["train", "a.ron", "--data", "no.csv"], &["--data: there is no", &given.to_string_lossy()]);
    ok(path, &["train", "a.ron", "--data", "t.csv", "--epochs", "2", "-o", "t.hourglass"]);
    let whole = last_json(&ok(path, &["evaluate", "t.hourglass", "--json"]));

    fs::rename(&table, path.join("moved.csv")).expect("moved");
    let words =
        ["the data run 1 was trained on were not found", "t.csv. If they were moved", "FILE NEW_PATH"];
    check(&["evaluate", "t.hourglass"], &words);
    check(&["encode", "t.hourglass", "-o", "a.csv"], &words);
    check(&["reconstruct", "t.hourglass", "-o", "a"], &words);
    check(&["encode", "t.hourglass", "no.csv", "-o", "a.csv"], &["the data: there is no", "no.csv; check"]);
    check(&["train", "t.hourglass", "--resume", "--epochs", "3"], &[words[0], "--data PATH"]);
    check(&["evaluate", "gone.hourglass"], &["no file gone.hourglass in", &here.to_string_lossy()]);

    // The new path is enough: the data are the same, with the same split.
    let moved = ["evaluate", "t.hourglass", "moved.csv", "--split", "test", "--json"];
    assert_eq!(last_json(&ok(path, &moved)), whole);
    assert_eq!(last_json(&ok(path, &["evaluate", "t.hourglass", "moved.csv", "--json"])), whole);
    ok(path, &["train", "t.hourglass", "--resume", "--epochs", "3", "--data", "moved.csv"]);
    ok(path, &["evaluate", "t.hourglass"]);
    write_table(&table, 0.5);
    check(&["evaluate", "t.hourglass", "t.csv", "--split", "test"], &["no split; omit --set"]);
}

#[test]
fn a_training_leaves_a_project_that_every_command_reads() {
    let dir = dir();
    let path = dir.path();
    let out = ok(path, &["train", "recipe:undercomplete", "--epochs", "2", "--seed", "5", "--json"]);
    assert_eq!(out.lines().count(), 3);
    let last = last_json(&out);
    for key in [
        "epochs",
        "train_loss",
        "val_loss",
        "val_mse",
        "pca_mse",
        "params",
        "steps",
        "seconds",
        "samples_per_sec",
    ] {
        assert!(last[key].is_number(), "{key}: {last}");
    }
    assert_eq!((&last["epochs"], &last["file"]), (&2.into(), &"undercomplete.hourglass".into()));
    let file = "undercomplete.hourglass";
    let run_1 = &runs(path, file)[0];
    assert_eq!((&run_1.status, run_1.design.training.seed), (&Status::Done, 5));
    assert_eq!(run_1.kept.newest().map(|kept| kept.epoch), Some(2));

    let result = last_json(&ok(path, &["evaluate", file, "--split", "validation", "--json"]));
    let difference = result["mse"].as_f64().expect("a number") - last["val_mse"].as_f64().expect("a number");
    assert!(difference.abs() < 1e-6, "{result} {last}");
    assert!(ok(path, &["evaluate", file]).contains("split test, 180 samples"));
    assert!(runs(path, file)[0].results.is_empty());
    ok(path, &["evaluate", file, "--keep", "--anomaly", "3"]);
    let ranked = runs(path, file)[0].results.newest(FindingKind::Anomalies, Subset::Test).cloned();
    let ranked = ranked.map(|finding| (finding.about, finding.values.len(), finding.samples));
    assert!(matches!(&ranked, Some((about, 2, 180)) if about.starts_with("anomalous 3, ")), "{ranked:?}");
    let kept = runs(path, file)[0].results.newest(FindingKind::Losses, Subset::Test).cloned();
    assert_eq!(kept.map(|finding| (finding.epoch, finding.samples)), Some((2, 180)));
    fails(path, &["evaluate", file, "--split", "all", "--keep"], 2, "omit --keep");
    let near = ["neighbours", file, "--of", "validation", "--precision", "--k", "3"];
    let told = ok(path, &[&near[..], &["--keep"]].concat());
    let kept = runs(path, file)[0].results.newest(FindingKind::Neighbours, Subset::Validation).cloned();
    let kept = kept.expect("kept");
    assert_eq!(
        (kept.values[0].0.as_str(), kept.about.as_str()),
        ("precision@3, code", "the 3 nearest by code, among train")
    );
    let share: f64 =
        told.split(": ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok()).expect("told");
    assert!((share - kept.values[0].1).abs() < 1e-3 && kept.samples > 0, "{told} {kept:?}");
    // A different distance or number of neighbours gives a separate result.
    ok(path, &[&near[..], &["--by", "pixels", "--keep"]].concat());
    ok(path, &[&near[..5], &["--k", "2", "--keep"]].concat());
    let results = &runs(path, file)[0].results;
    let count = results.iter().filter(|finding| finding.kind == FindingKind::Neighbours).count();
    assert_eq!(count, 3);
    assert!(results.newest_with(FindingKind::Neighbours, Subset::Validation, "precision@3, code").is_some());
    fails(
        path,
        &[&near[..1], &[file, "--sample", "3", "--precision", "--keep"]].concat(),
        2,
        "--keep: only the precision of a split",
    );

    ok(path, &["encode", file, "-o", "codes.npy"]);
    ok(path, &["encode", file, "-o", "codes.csv"]);
    let codes = load(&rows_of(path.join("codes.npy")), &Progress::default()).expect("an array");
    assert_eq!((codes.len(), codes.shape), (1797, Shape::Vector(2)));
    let table = fs::read_to_string(path.join("codes.csv")).expect("written");
    assert_eq!(table.lines().count(), 1798);
    let Rows::F32(values) = &codes.rows else { panic!("not floats") };
    let last_code: Vec<String> = values[values.len() - 2..].iter().map(ToString::to_string).collect();
    assert!(table.trim_end().ends_with(&format!(",{}", last_code.join(","))), "{last_code:?}");
    assert!(table.lines().next().expect("a header").ends_with("code 1,code 2"), "{table:.80}");
    assert!(ok(path, &["reconstruct", file, "-o", "rebuilt"]).starts_with("1797 pictures"));
    assert_eq!(fs::read_dir(path.join("rebuilt")).expect("made").count(), 1797);

    // Training the recipe again would overwrite it; training the project adds a second run.
    fails(path, &["train", "recipe:undercomplete", "--epochs", "1"], 1, "--force");
    let second = ok(path, &["train", file, "--epochs", "1"]);
    let baseline = run_1.pca_mse.expect("a baseline");
    assert_eq!(last["pca_mse"].as_f64(), Some(baseline));
    assert!(second.contains(" per feature (PCA 0.0"), "{second}");
    assert_eq!(runs(path, file).iter().map(|run| run.id.0).collect::<Vec<_>>(), [1, 2]);
    ok(path, &["evaluate", file, "--run", "1"]);
    fails(path, &["evaluate", file, "--run", "9"], 1, "its runs are: 1 (done), 2 (done)");
    fails(path, &["train", file, "--resume"], 1, "--epochs");
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_valid_text_are_accepted() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let dir = dir();
    let name = OsStr::from_bytes(b"a\xFF.hourglass");
    let run = |arguments: &[&OsStr]| {
        let output = program::command(dir.path(), &[]).args(arguments).output().expect("started");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let words = |text: &'static str| text.split(' ').map(OsStr::new);
    let train: Vec<&OsStr> = words("train recipe:linear --epochs 1 --json -o").chain([name]).collect();
    assert_eq!(last_json(&run(&train))["file"], "a\u{FFFD}.hourglass");
    let evaluated = run(&[OsStr::new("evaluate"), name]);
    assert!(evaluated.contains("180 samples"), "{evaluated}");
    run(&[OsStr::new("train"), name, OsStr::new("--epochs"), OsStr::new("1")]);
    // Data with such a name are trained on and saved; the name is restored as far as it is valid
    // text.
    write_table(&dir.path().join(OsStr::from_bytes(b"t\xFF.csv")), 0.0);
    let data = OsStr::from_bytes(b"t\xFF.csv");
    let train: Vec<&OsStr> =
        words("train recipe:undercomplete --epochs 1 -o t.hourglass --data").chain([data]).collect();
    run(&train);
    let saved = runs(dir.path(), "t.hourglass").remove(0);
    assert!(saved.design.data.source.path().expect("a path").ends_with("t\u{FFFD}.csv"));
    run(&[OsStr::new("evaluate"), OsStr::new("t.hourglass"), data]);
}

#[test]
fn an_unwritable_output_is_reported_before_training() {
    let dir = dir();
    let arguments = ["train", "recipe:linear", "--epochs", "100000", "-o", "no/where.hourglass"];
    fails(dir.path(), &arguments, 1, "Create the folder first");
}

#[test]
fn existing_files_are_not_overwritten_without_force() {
    let dir = dir();
    let path = dir.path();
    ok(path, &["train", "recipe:linear", "--epochs", "1"]);
    fs::create_dir(path.join("full")).expect("made");
    let check = |arguments: &[&str], written: &str| {
        let file = path.join(written);
        fs::write(&file, "mine").expect("written");
        fails(path, arguments, 1, "--force");
        assert_eq!(fs::read(&file).expect("there"), b"mine", "{arguments:?}");
        ok(path, &[arguments, &["--force"]].concat());
        assert_ne!(fs::read(&file).expect("there"), b"mine", "{arguments:?}");
    };
    check(&["new", "linear", "-o", "a.ron"], "a.ron");
    check(&["train", "recipe:linear", "--epochs", "1", "-o", "a.hourglass"], "a.hourglass");
    check(&["train", "linear.hourglass", "--epochs", "1", "-o", "b.hourglass"], "b.hourglass");
    check(&["encode", "linear.hourglass", "-o", "a.npy"], "a.npy");
    check(&["encode", "linear.hourglass", "-o", "a.csv"], "a.csv");
    check(&["reconstruct", "linear.hourglass", "-o", "full"], "full/000001.png");
    fails(path, &["reconstruct", "linear.hourglass", "-o", "a.csv"], 1, "already exists");
    // A wrong extension is reported before any work, and no file is lost.
    fails(path, &["encode", "linear.hourglass", "-o", "codes.txt"], 1, ".npy or .csv");
    // A project may be saved to itself under any spelling of its path.
    ok(path, &["train", "linear.hourglass", "--epochs", "1", "-o", "./linear.hourglass"]);
    assert_eq!(runs(path, "linear.hourglass").len(), 2);
    fs::create_dir(path.join("empty")).expect("made");
    ok(path, &["reconstruct", "linear.hourglass", "-o", "empty"]);
}

#[test]
fn a_bench_ends_with_its_numbers() {
    let dir = dir();
    let out = ok(dir.path(), &["bench", "--steps", "5", "--batch", "32", "--json"]);
    for key in ["ms_per_step", "fastest_ms_per_step", "samples_per_sec", "gflops"] {
        assert!(last_json(&out)[key].as_f64().is_some_and(|value| value > 0.0), "{key}: {out}");
    }
}

/// An NPY file of `f32` with values multiplied by a factor.
fn times(npy: &[u8], factor: f32) -> Vec<u8> {
    let header = 10 + usize::from(u16::from_le_bytes([npy[8], npy[9]]));
    let (header, values) = npy.split_at(header);
    let larger = |value: &[u8; 4]| (factor * f32::from_le_bytes(*value)).to_le_bytes();
    let (values, rest) = values.as_chunks::<4>();
    assert!(rest.is_empty(), "whole values");
    [header, &values.iter().flat_map(larger).collect::<Vec<u8>>()].concat()
}

#[test]
fn an_evaluation_names_the_chosen_features_and_doubts_data_on_another_scale() {
    let dir = dir();
    let path = dir.path();
    ok(path, &["train", "recipe:concrete", "--epochs", "1", "-o", "c.hourglass"]);
    assert!(ok(path, &["evaluate", "c.hourglass"]).contains("chosen features: pixel ("));
    let result = last_json(&ok(path, &["evaluate", "c.hourglass", "--json"]));
    assert_eq!(result["chosen"].as_array().map(Vec::len), Some(16));

    ok(path, &["train", "recipe:vae", "--epochs", "1", "-o", "v.hourglass"]);
    ok(path, &["reconstruct", "v.hourglass", "-o", "rebuilt"]);
    ok(path, &["reconstruct", "v.hourglass", "-o", "rebuilt.npy"]);
    // The digits have a maximum of 16. Pictures of them are scaled to that, numbers are used
    // unchanged.
    for (data, is_doubted) in [(None, false), (Some("rebuilt"), false), (Some("tenfold.npy"), true)] {
        if data == Some("tenfold.npy") {
            let bytes = fs::read(path.join("rebuilt.npy")).expect("there");
            fs::write(path.join("tenfold.npy"), times(&bytes, 10.0)).expect("written");
        }
        let done = run(path, &[&["evaluate", "v.hourglass"][..], data.as_slice()].concat());
        let doubts = done.stderr.contains("use another scale");
        assert!(done.code == Some(0) && doubts == is_doubted, "{data:?}: {}", done.stderr);
    }
}

#[test]
fn columns_of_other_tables_are_found_by_name() {
    let dir = dir();
    let path = dir.path();
    let table = |name: &str, header: &str, row: fn(usize) -> [usize; 2]| {
        let row = |n: usize| format!("{},{}\n", row(n)[0], row(n)[1]);
        fs::write(path.join(name), format!("{header}\n") + &(0..40).map(row).collect::<String>())
            .expect("written");
    };
    table("t.csv", "x,y", |n| [n % 7, n % 3]);
    table("swapped.csv", "y,x", |n| [n % 3, n % 7]);
    table("renamed.csv", "x,other", |n| [n % 7, n % 3]);
    ok(path, &["train", "recipe:linear", "--data", "t.csv", "--epochs", "1", "-o", "t.hourglass"]);
    let own = ok(path, &["evaluate", "t.hourglass", "t.csv", "--json"]);
    assert_eq!(ok(path, &["evaluate", "t.hourglass", "swapped.csv", "--json"]), own);
    fails(path, &["encode", "t.hourglass", "renamed.csv", "-o", "codes.csv"], 1, "missing: \"y\"");
}

#[test]
fn figures_are_drawn_without_a_screen() {
    let dir = dir();
    let path = dir.path();
    ok(path, &["train", "recipe:undercomplete", "--epochs", "2", "-o", "u.hourglass"]);
    let figure = |view: &str, file: &str| {
        assert_eq!(ok(path, &["figure", "u.hourglass", "--view", view, "-o", file]).trim(), file);
        fs::read(path.join(file)).expect("there")
    };
    let run = runs(path, "u.hourglass").remove(0);
    // The numbers of the history, epoch by epoch.
    let losses = String::from_utf8(figure("loss", "loss.csv")).expect("text");
    let rows: Vec<Vec<&str>> = losses.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0], ["epoch", "train", "validation"]);
    let epochs: Vec<f64> = run.history.epochs.iter().map(|record| record.train.total()).collect();
    let written: Vec<f64> = rows[1..].iter().map(|row| row[1].parse().expect("a number")).collect();
    assert_eq!(written, epochs);
    let svg = String::from_utf8(figure("loss", "loss.svg")).expect("text");
    assert!(svg.starts_with("<svg") && svg.contains("Loss of run 1"), "{svg}");
    let codes = String::from_utf8(figure("latent", "codes.csv")).expect("text");
    let watched = run.kept.probe.code_rows.len();
    assert_eq!(
        (codes.lines().count(), run.kept.newest().map(|kept| kept.code_units)),
        (watched + 1, Some(2))
    );
    assert!(figure("latent", "codes.png").starts_with(b"\x89PNG"));
    assert!(figure("latent", "codes.gif").starts_with(b"GIF8"));
    let check = |arguments: &[&str], code, message: &str| {
        fails(path, &[&["figure", "u.hourglass"], arguments].concat(), code, message);
    };
    check(&["--view", "loss", "-o", "loss.gif"], 1, "this figure is not animated");
    check(&["--view", "loss", "-o", "loss.jpg"], 1, ".png, .svg, .csv or .gif");
    check(&["--view", "loss", "-o", "loss.svg"], 1, "--force");
    check(&["--view", "loss", "--term", "KL", "-o", "kl.svg"], 2, "has no term KL; its terms are: ");
    check(&["--view", "loss", "--compare", "7", "-o", "two.svg"], 1, "there is no run 7");
}

#[test]
fn pages_of_pictures_are_drawn_without_a_screen() {
    let dir = dir();
    let path = dir.path();
    ok(path, &["train", "recipe:undercomplete", "--epochs", "2", "-o", "u.hourglass"]);
    let figure = |view: &str, file: &str, more: &[&str]| {
        let arguments = [&["figure", "u.hourglass", "--view", view, "-o", file], more].concat();
        assert_eq!(ok(path, &arguments).trim(), file);
        fs::read(path.join(file)).expect("there")
    };
    let svg =
        |file: &str, view: &str, more: &[&str]| String::from_utf8(figure(view, file, more)).expect("text");
    let watched = svg("watched.svg", "reconstructions", &[]);
    assert!(watched.contains("Reconstructions of run 1, epoch 2") && watched.contains("original"));
    assert!(figure("reconstructions", "watched.gif", &[]).starts_with(b"GIF8"));
    // The error is below each sample: the largest first.
    let worst = ["--set", "test", "--order", "worst", "--number", "5", "--pca"];
    let table = String::from_utf8(figure("reconstructions", "worst.csv", &worst)).expect("text");
    let errors: Vec<f64> = table
        .lines()
        .filter(|line| line.starts_with("error,"))
        .map(|line| line.split(',').nth(2).and_then(|caption| caption.parse().ok()).expect("an error"))
        .collect();
    assert!(errors.len() == 5 && errors.is_sorted_by(|a, b| a >= b), "{errors:?}");
    let lines = |name: &str| table.lines().filter(|line| line.starts_with(name)).count();
    assert_eq!([lines("original,"), lines("reconstruction,"), lines("PCA,")], [5; 3]);
    // Two units in seven steps.
    let units = svg("units.csv", "traversals", &[]);
    assert_eq!(units.lines().filter(|line| line.starts_with("unit 1,")).count(), 7);
    assert!(svg("units.svg", "traversals", &["--sample", "12"]).contains("Traversals, run 1, epoch 2"));
    let check = |arguments: &[&str], code, message: &str| {
        fails(path, &[&["figure", "u.hourglass"], arguments].concat(), code, message);
    };
    let set = ["--view", "reconstructions", "--set", "test"];
    check(&[&set[..], &["--epoch", "1", "-o", "e.svg"]].concat(), 2, "--epoch: only the watched samples");
    check(&["--view", "reconstructions", "--clean", "-o", "c.svg"], 2, "--clean: the watched samples");
    check(&["--view", "traversals", "--units", "9", "-o", "t.svg"], 1, "there is no unit 9");
}

#[test]
fn a_mask_says_where_damaged_pictures_have_holes() {
    let dir = dir();
    let path = dir.path();
    ok(path, &["train", "recipe:inpainting", "--epochs", "1", "-o", "i.hourglass"]);
    let grey = |name: &str, side: u32, shade: fn(u32) -> u8| {
        let picture = image::GrayImage::from_fn(side, side, |x, _| image::Luma([shade(x)]));
        picture.save(path.join(name)).expect("written");
    };
    grey("torn.png", 8, |x| if x == 3 { 90 } else { 255 });
    grey("mask.png", 8, |x| if x == 3 { 255 } else { 0 });
    grey("small.png", 4, |x| if x == 3 { 255 } else { 0 });
    let restored = |name: &str, mask: &[&str]| {
        let done =
            program::ok(path, &[&["reconstruct", "i.hourglass", "torn.png", "-o", name], mask].concat());
        (done.stderr, fs::read(path.join(name)).expect("there"))
    };
    let (said, masked) = restored("masked.npy", &["--mask", "mask.png"]);
    assert!(said.contains("white parts of") && said.contains("mask.png"), "{said}");
    assert_ne!(masked, restored("plain.npy", &[]).1);
    assert_ne!(masked, restored("inverse.npy", &["--mask", "mask.png", "--holes", "black"]).1);
    let check = |arguments: &[&str], code, message: &str| {
        fails(path, &[&["reconstruct", "i.hourglass", "-o", "no.npy"], arguments].concat(), code, message);
    };
    check(&["torn.png", "--mask", "small.png"], 1, "it is 4×4 pixels, but the pictures in torn.png are 8×8");
    check(&["torn.png", "--mask", "gone.png"], 1, "--mask: there is no ");
    check(&["--mask", "mask.png"], 2, "Usage");
}

#[test]
fn a_learning_rate_is_suggested_reproducibly() {
    let dir = dir();
    let path = dir.path();
    let find = |threads| ok(path, &["find-rate", "recipe:undercomplete", "--json", "--threads", threads]);
    let text = find("1");
    let found = last_json(&text);
    assert_eq!(text, find("2"));
    let rate = found["learning_rate"].as_f64().expect("the loss falls");
    assert!(rate < 0.5 * found["lowest"]["rate"].as_f64().expect("there is one"), "{text}");
    assert!(found["curve"].as_array().expect("points").len() > 40);
    let told = ok(path, &["find-rate", "recipe:undercomplete"]);
    assert!(told.starts_with("learning rate 0.0"), "{told}");
    assert_eq!(fs::read_dir(path).expect("a folder").count(), 0, "nothing is written");
    fails(path, &["find-rate", "missing.ron"], 1, "missing.ron");
}

/// Losses and errors exclude missing values, and `evaluate` says so.
#[test]
fn missing_values_can_be_masked() {
    let dir = dir();
    let path = dir.path();
    let cell = |row: usize, column: usize| {
        if (row + column).is_multiple_of(4) {
            String::new()
        } else {
            format!("{}", (row * (column + 3)) % 11)
        }
    };
    let row = |row: usize| (0..5).map(|column| cell(row, column)).collect::<Vec<_>>().join(",");
    let rows: Vec<String> = (0..60).map(row).collect();
    fs::write(path.join("t.csv"), format!("a,b,c,d,e\n{}\n", rows.join("\n"))).expect("written");
    let train = |how: &str, out: &str| {
        let arguments = [
            "train",
            "recipe:linear",
            "--data",
            "t.csv",
            "--missing",
            how,
            "--epochs",
            "3",
            "-o",
            out,
            "--json",
        ];
        last_json(&ok(path, &arguments))
    };
    let (masked, filled) = (train("mask", "masked.hourglass"), train("column-mean", "filled.hourglass"));
    assert_ne!(masked["val_mse"], filled["val_mse"]);
    let told = program::ok(path, &["evaluate", "masked.hourglass", "--set", "train"]);
    assert!(told.stderr.contains("missing values are masked"), "{}", told.stderr);
    let told = program::ok(path, &["evaluate", "filled.hourglass", "--set", "train"]);
    assert!(!told.stderr.contains("masked"), "{}", told.stderr);
}
