//! Output of `evaluate`, `encode` and `reconstruct`, and options for reading data.

#[path = "results/exploring.rs"]
mod exploring;
#[path = "results/pictures.rs"]
mod pictures;
mod program;
#[path = "results/sizes.rs"]
mod sizes;

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use hourglass::dataset::{Progress, Rows, load};
use hourglass::io::{Files, save_design};
use hourglass::project::{
    Activation, ArrayReading, Bottleneck, Code, CodebookUpdate, Data, Delimiter, Header, Loss, Missing,
    Output, Project, Recipe, Rules, Scaling, Source, Synthetic, TableReading, Threshold, Variance,
};
use program::{fails, ok, run};
use serde_json::Value;

fn read(dir: &Path, name: &str) -> String {
    fs::read_to_string(dir.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Header and rows of a table whose fields contain no quotes.
fn table(dir: &Path, name: &str, delimiter: char) -> (Vec<String>, Vec<Vec<String>>) {
    let text = read(dir, name);
    let fields = |line: &str| line.split(delimiter).map(str::to_owned).collect::<Vec<_>>();
    let mut lines = text.lines().map(fields);
    (lines.next().expect("a header"), lines.collect())
}

fn trained(dir: &Path, name: &str, design: &Project) -> String {
    let (file, project) = (format!("{name}.ron"), format!("{name}.hourglass"));
    save_design(&Files::default(), &dir.join(&file), design).expect("saved");
    ok(dir, &["train", &file, "-o", &project]);
    project
}

/// Four numbers that depend on one, with a class; every tenth row has a gap.
fn write_table(path: &Path) {
    let mut lines = vec!["id,a,b,class".to_owned()];
    for row in 0..60 {
        let value = f64::from(row * 7 % 60) / 30.0;
        let b = if row % 10 == 3 { String::new() } else { format!("{:.2}", 3.0 - value) };
        let class = if row % 20 == 7 { "odd one" } else { "usual" };
        lines.push(format!("{:05},{value:.3},{b},{class}", row + 7));
    }
    fs::write(path, lines.join("\n")).expect("written");
}

fn design_of_table(path: &Path) -> Project {
    let source = Source::Csv {
        path: path.to_owned(),
        header: Header::default(),
        delimiter: Delimiter::default(),
        labels: vec!["id".to_owned(), "class".to_owned()],
        missing: Missing::DropRow,
        reading: TableReading::default(),
    };
    let mut design = Project {
        data: Data { source, scaling: Scaling::Standardise, ..Data::default() },
        encoder: Vec::new(),
        code: Code::plain(1),
        output: Output { activation: Activation::Linear },
        ..Recipe::Undercomplete.project()
    };
    design.training.epochs = 2;
    design
}

#[test]
fn rows_of_results_refer_to_their_table() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    write_table(&dir.join("t.csv"));
    let project = &trained(dir, "t", &design_of_table(&dir.join("t.csv")));
    let source = table(dir, "t.csv", ',').1;

    ok(dir, &["encode", project, "-o", "codes.csv", "--scores"]);
    let (header, rows) = table(dir, "codes.csv", ',');
    assert_eq!(header, ["row", "split", "id", "class", "error", "code 1"]);
    assert_eq!(rows.len(), 54);
    for row in &rows {
        let number: usize = row[0].parse().expect("a number");
        assert_eq!(row[3], source[number - 1][3], "{row:?}");
        assert!(["train", "validation", "test"].contains(&row[1].as_str()), "{row:?}");
    }
    let number = |row: &[String], at: usize| row[at].parse::<f64>().expect("a number");
    let count = |split: &str| rows.iter().filter(|row| row[1] == split).count();
    let trained = count("train");
    assert!(trained > 40 && count("validation") > 0 && count("test") > 0, "{trained}");

    // The scores written by `evaluate` are equal, and their mean is the error it prints.
    let arguments = ["evaluate", project, "--split", "train", "--scores", "scores.csv", "--json"];
    let result: Value = serde_json::from_str(&ok(dir, &arguments).stdout).expect("JSON");
    let (header, scores) = table(dir, "scores.csv", ',');
    assert_eq!(header, ["row", "split", "id", "class", "error"]);
    let by_row: HashMap<&str, f64> = rows.iter().map(|row| (row[0].as_str(), number(row, 4))).collect();
    assert_eq!(scores.len(), trained);
    let mut sum = 0.0;
    for row in &scores {
        assert!((by_row[row[0].as_str()] - number(row, 4)).abs() < 1e-6, "{row:?}");
        sum += number(row, 4);
    }
    let mse = result["mse"].as_f64().expect("a number");
    assert!((sum / trained as f64 - mse).abs() < 1e-5, "{sum} {mse}");

    ok(dir, &["reconstruct", project, "-o", "rebuilt", "--scores"]);
    let (header, rebuilt) = table(dir, "rebuilt/reconstructions.csv", ',');
    assert_eq!(header, ["row", "id", "class", "a", "b", "error"]);
    ok(dir, &["reconstruct", project, "-o", "whole", "--rows"]);
    assert_eq!(table(dir, "whole/reconstructions.csv", ',').0, ["row", "split", "id", "class", "a", "b"]);
    ok(dir, &["reconstruct", project, "-o", "rebuilt.csv"]);
    let (header, again) = table(dir, "rebuilt.csv", ',');
    assert_eq!(header, ["row", "split", "id", "class", "a", "b"]);
    for ((row, again), code) in rebuilt.iter().zip(&again).zip(&rows) {
        assert_eq!((&row[0], &row[3..5]), (&code[0], &again[4..6]));
        let read = &source[row[0].parse::<usize>().expect("a number") - 1];
        let errors = [(3, 1), (4, 2)].map(|(at, from)| number(row, at) - number(read, from));
        // Both standardised columns have standard deviations of about 0.58.
        let error = errors.iter().map(|error| error * error / 0.58 / 0.58).sum::<f64>() / 2.0;
        assert!((error - number(row, 5)).abs() < 0.25 * error + 1e-3, "{error} {row:?}");
    }
    // No existing file is overwritten, including the second file.
    fails(dir, &["evaluate", project, "--scores", "scores.csv"], 1, "--force");
    fs::write(dir.join("x-rows.csv"), "mine").expect("written");
    fails(dir, &["encode", project, "-o", "x.npy", "--rows"], 1, "x-rows.csv");
    ok(dir, &["encode", project, "-o", "x.npy", "--rows", "--force"]);
    assert_eq!(table(dir, "x-rows.csv", ',').0, ["row", "split", "id", "class"]);
    assert!(ok(dir, &["encode", project, "-o", "y.npy"]).stderr.contains("not skipped"));
    // An invalid name is rejected before any work; its folder is not created.
    fails(dir, &["encode", project, "-o", "codes"], 1, ".npy or .csv");
    fails(dir, &["reconstruct", project, "-o", "rebuilt.txt"], 1, "write / at the end of a folder's name");
    fails(dir, &["evaluate", project, "--scores", "scores.json"], 1, ".csv or .tsv");
    fails(dir, &["encode", project, "-o", "gone/codes.csv"], 1, "codes.csv");
    assert_eq!(ok(dir, &["encode", project, "-o", "new/"]).stdout.trim(), "new/codes.csv");
}

#[test]
fn a_class_named_as_anomalous_is_detected() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let mut lines = vec!["a,b,class".to_owned()];
    // Along a line, except for the last ones, which are far from it.
    for row in 0..40 {
        let value = f64::from(row * 7 % 40) / 10.0;
        let (b, class) = if row < 36 { (2.0 * value, "good") } else { (-30.0 - value, "bad") };
        lines.push(format!("{value},{b},{class}"));
    }
    fs::write(dir.join("t.csv"), lines.join("\n")).expect("written");
    let mut design = design_of_table(&dir.join("t.csv"));
    if let Source::Csv { labels, .. } = &mut design.data.source {
        *labels = vec!["class".to_owned()];
    }
    design.data.held_out = Some("bad".to_owned());
    design.training.epochs = 200;
    let project = &trained(dir, "t", &design);
    fs::copy(dir.join("t.csv"), dir.join("new.csv")).expect("copied");
    fs::write(dir.join("new.csv"), read(dir, "new.csv") + "\n1.0,2.0,good\n").expect("written");

    let arguments = ["evaluate", project, "new.csv", "--anomaly", "bad"];
    let said = ok(dir, &arguments).stdout;
    assert!(
        said.contains("anomalous bad, 4 of 41 samples: ROC AUC 1.000, average precision 1.000 by error"),
        "{said}"
    );
    let result: Value =
        serde_json::from_str(&ok(dir, &[&arguments[..], &["--json"]].concat()).stdout).expect("JSON");
    assert_eq!((&result["auc"], &result["average_precision"]), (&1.0.into(), &1.0.into()));
    assert_eq!((&result["anomalous"], &result["anomalous_samples"]), (&"bad".into(), &4.into()));
    assert!(result["auc_log_probability"].is_null(), "{result}");
    let other = ok(dir, &["evaluate", project, "new.csv", "--normal", "good"]).stdout;
    assert!(other.contains("anomalous all except good, 4 of 41 samples: ROC AUC 1.000"), "{other}");
    // A row without a label is in neither group.
    fs::write(dir.join("some.csv"), read(dir, "new.csv") + "1.0,9.0,\n").expect("written");
    for told in [["--anomaly", "bad"], ["--normal", "good"]] {
        let done = ok(dir, &[&["evaluate", project, "some.csv"][..], &told].concat());
        assert!(done.stdout.contains("4 of 41 samples: ROC AUC 1.000"), "{}", done.stdout);
        assert!(done.stderr.contains("1 of 42 samples have no label"), "{}", done.stderr);
    }
    // If the good ones were the anomalies, the error would rank them in reverse.
    let swapped = ok(dir, &["evaluate", project, "new.csv", "--anomaly", "good", "--json"]).stdout;
    assert_eq!(serde_json::from_str::<Value>(&swapped).expect("JSON")["auc"], 0.0);
    fails(dir, &["evaluate", project, "new.csv", "--anomaly", "ugly"], 1, "the classes are: bad, good");
    fails(dir, &["evaluate", project, "--split", "train", "--anomaly", "bad"], 1, "--set");
    let text = read(dir, "t.csv");
    let unlabelled: Vec<&str> =
        text.lines().filter_map(|line| line.rsplit_once(',')).map(|(rest, _)| rest).collect();
    fs::write(dir.join("bare.csv"), unlabelled.join("\n")).expect("written");
    fails(dir, &["evaluate", project, "bare.csv", "--anomaly", "bad"], 1, "have no labels");
}

#[test]
fn ids_are_labels_in_every_table() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let rows: Vec<String> =
        (0..60).map(|row| format!("{},n{row},{}.5,{}", 1000 + 7 * row, row % 7, row % 5)).collect();
    fs::write(dir.join("t.csv"), format!("id,name,a,b\n{}\n", rows.join("\n"))).expect("written");
    let mut design = design_of_table(&dir.join("t.csv"));
    if let Source::Csv { labels, .. } = &mut design.data.source {
        labels.clear();
    }
    save_design(&Files::default(), &dir.join("d.ron"), &design).expect("saved");
    let check = |arguments: &[&str], words: &[&str]| {
        let said = ok(dir, &[&["check"], arguments].concat()).stderr;
        assert!(words.iter().all(|word| said.contains(word)), "{arguments:?}: {words:?} are not in\n{said}");
    };
    for arguments in [&["d.ron"][..], &["d.ron", "--data", "t.csv"], &["recipe:linear", "--data", "t.csv"]] {
        check(arguments, &["2 columns (a, b); labels: id, name", "--column id=feature"]);
    }
    check(&["d.ron", "--column", "id=feature"], &["3 columns (id, a, b); labels: name"]);
    check(&["d.ron", "--column", "id=detect"], &["2 columns (a, b); labels: id, name"]);
    check(&["d.ron", "--column", "name=feature"], &["3 columns as 62 features (name, a, b); labels: id"]);
    check(&["recipe:linear", "--data", "t.csv", "--labels", ""], &["3 columns (id, a, b); no labels"]);
    check(&["d.ron", "--labels", "name"], &["3 columns (id, a, b); labels: name"]);

    let rows_of: Vec<String> =
        (0..30).map(|row| format!("{}.5,{},{}", row % 7, row % 5, ["x", "y"][row % 2])).collect();
    fs::write(dir.join("s.csv"), format!("a,b,species\n{}\n", rows_of.join("\n"))).expect("written");
    let species = ["recipe:linear", "--data", "s.csv"];
    for options in [&[][..], &["--labels", "detect"], &["--column", "species=detect"]] {
        check(&[&species[..], options].concat(), &["2 columns (a, b); labels: species"]);
    }
    check(
        &[&species[..], &["--column", "species=feature"]].concat(),
        &["4 features (a, b, species); no labels"],
    );

    ok(dir, &["train", "d.ron", "-o", "t.hourglass"]);
    let said = ok(dir, &["encode", "t.hourglass", "-o", "codes.csv"]).stderr;
    assert!(said.contains("48/6/6 train/validation/test"), "{said}");
    // Without a header, and with other rows, which have no split.
    fs::write(dir.join("bare.csv"), rows[..30].join("\n")).expect("written");
    let said = ok(dir, &["encode", "t.hourglass", "bare.csv", "-o", "bare-codes.csv"]).stderr;
    assert!(said.contains("labels too, are matched with those of the training data by position"), "{said}");
    assert!(said.contains("30 rows") && !said.contains("train/validation/test"), "{said}");
    let ((header, own), (bare_header, bare)) =
        (table(dir, "codes.csv", ','), table(dir, "bare-codes.csv", ','));
    assert_eq!(header, ["row", "split", "id", "name", "code 1"]);
    assert_eq!(bare_header, ["row", "id", "name", "code 1"]);
    for (own, bare) in own.iter().zip(&bare) {
        assert_eq!((&own[0], &own[2..4]), (&bare[0], &bare[1..3]));
        let [own, bare] = [&own[4], &bare[3]].map(|code| code.parse::<f32>().expect("a number"));
        assert!((own - bare).abs() < 1e-5, "{own} {bare}");
    }
    let said = ok(dir, &["evaluate", "t.hourglass", "bare.csv", "--column", "a=label"]).stderr;
    assert!(said.contains("\"a\" is read as in the training of the run (numbers)"), "{said}");
}

#[test]
fn a_column_marks_anomalies_and_a_third_value_gives_an_error_with_a_fix() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let truth = |row: usize| if row % 9 == 4 { "yes" } else { "no" };
    let write = |name: &str, third: bool| {
        let word = |row: usize| if third && row == 5 { "perhaps" } else { truth(row) };
        let rows: Vec<String> =
            (0..40).map(|row| format!("{}.5,{},{}", row % 7, row % 5, word(row))).collect();
        fs::write(dir.join(name), format!("a,b,truth\n{}\n", rows.join("\n"))).expect("written");
    };
    write("t.csv", false);
    write("third.csv", true);
    let train = |name: &str, truth: &str| {
        let column = format!("truth={truth}");
        ok(
            dir,
            &["train", "recipe:linear", "--data", "t.csv", "--column", &column, "--epochs", "1", "-o", name],
        );
    };
    train("without.hourglass", "left-out");
    train("label.hourglass", "label");
    train("feature.hourglass", "feature");
    for (project, arguments, said) in [
        ("without.hourglass", &["t.csv", "--column", "truth=label"][..], "yes, 4 of 40 samples"),
        ("label.hourglass", &["t.csv"], "yes, 4 of 40 samples"),
        ("label.hourglass", &["third.csv"], "yes, 4 of 40 samples"),
        ("label.hourglass", &["third.csv", "--missing-words", "perhaps"], "yes, 4 of 39 samples"),
    ] {
        let options = ["--anomaly", "yes", "--split", "all"];
        let found = ok(dir, &[&["evaluate", project], arguments, &options].concat()).stdout;
        assert!(found.contains(said), "{project} {arguments:?}: {found}");
    }
    fails(dir, &["evaluate", "feature.hourglass", "t.csv", "--anomaly", "yes"], 1, "the run was trained on");
    let third = run(dir, &["evaluate", "feature.hourglass", "third.csv"]);
    assert!(third.code == Some(1) && !third.stderr.contains("categories"), "{}", third.stderr);
    assert!(third.stderr.contains("\"perhaps\" is neither no nor yes"), "{}", third.stderr);
    assert!(third.stderr.contains("(--missing-words perhaps)"), "{}", third.stderr);
    ok(dir, &["evaluate", "feature.hourglass", "third.csv", "--missing-words", "perhaps"]);
}

/// A linear network with this code on ten generated numbers.
fn generated(kind: Bottleneck, units: usize, loss: Loss) -> Project {
    let source =
        Source::Synthetic(Synthetic::Informative { count: 80, features: 10, informative: 3, seed: 1 });
    let mut design = Project {
        data: Data { source, ..Data::default() },
        encoder: Vec::new(),
        code: Code { kind, ..Code::plain(units) },
        output: Output { activation: Activation::Linear },
        loss,
        ..Recipe::Undercomplete.project()
    };
    design.training.epochs = 2;
    design
}

#[test]
fn codes_include_the_columns_of_their_kind() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let gaussian = Loss::Gaussian { variance: Variance::Learned };
    let check = |name: &str, design: &Project, columns: &[&str]| {
        let project = trained(dir, name, design);
        ok(dir, &["encode", &project, "-o", &format!("{name}.csv"), "--scores"]);
        let (header, rows) = table(dir, &format!("{name}.csv"), ',');
        assert_eq!(header[..2], ["row", "split"], "{name}");
        let own = header.iter().position(|name| name == "error").expect("scores");
        assert_eq!(header[own + 1..], *columns, "{name}");
        assert_eq!(rows.len(), 80);
        rows.into_iter().map(|row| row[own + 1..].to_vec()).collect::<Vec<_>>()
    };
    let number = |field: &str| field.parse::<f64>().expect("a number");

    let variational = Bottleneck::Variational { beta: 1.0, warmup_epochs: 0, free_nats: 0.0 };
    let columns = ["log probability", "mean 1", "mean 2", "variance 1", "variance 2"];
    for row in check("vae", &generated(variational, 2, gaussian), &columns) {
        assert!(row[3..].iter().all(|variance| number(variance) > 0.0), "{row:?}");
    }

    let quantised = Bottleneck::Quantised {
        entries: 8,
        dimension: 2,
        commitment: 0.25,
        update: CodebookUpdate::default(),
    };
    let columns = ["entry 1", "entry 2", "code 1", "code 2", "code 3", "code 4"];
    let rows = check("vq", &generated(quantised, 4, Loss::SquaredError), &columns);
    let mut vectors: HashMap<String, Vec<String>> = HashMap::new();
    for row in &rows {
        for (entry, vector) in row[..2].iter().zip(row[2..].chunks(2)) {
            assert!(entry.parse::<usize>().is_ok_and(|entry| entry < 8), "{row:?}");
            // One entry per vector.
            assert_eq!(vectors.entry(entry.clone()).or_insert_with(|| vector.to_vec()), vector);
        }
    }

    for threshold in [Threshold::Half, Threshold::Median] {
        let hashing = Bottleneck::Hashing { std: 1.0, threshold };
        let mut design = generated(hashing, 5, Loss::SquaredError);
        design.code.activation = Activation::Linear;
        let name = format!("hash-{threshold:?}");
        let bits: Vec<String> = (1..=5).map(|bit| format!("bit {bit}")).collect();
        let codes: Vec<String> = (1..=5).map(|unit| format!("code {unit}")).collect();
        let columns: Vec<&str> = ["hash"]
            .into_iter()
            .chain(bits.iter().map(String::as_str))
            .chain(codes.iter().map(String::as_str))
            .collect();
        let rows = check(&name, &design, &columns);
        for row in &rows {
            let bits = u32::from_str_radix(&row[1..6].concat(), 2).expect("bits");
            assert_eq!(u32::from_str_radix(&row[0], 16), Ok(bits), "{row:?}");
            if threshold == Threshold::Half {
                assert!(
                    row[1..6].iter().zip(&row[6..]).all(|(bit, code)| (bit == "1") == (number(code) > 0.5))
                );
            }
        }
    }

    let selector = Bottleneck::Concrete { start_temperature: 10.0, end_temperature: 0.1, tries: 1 };
    let project = trained(dir, "selector", &generated(selector, 2, Loss::SquaredError));
    let chosen: Value =
        serde_json::from_str(&ok(dir, &["evaluate", &project, "--json"]).stdout).expect("JSON");
    let chosen: Vec<&str> =
        chosen["chosen"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    ok(dir, &["encode", &project, "-o", "selector.csv"]);
    let (header, _) = table(dir, "selector.csv", ',');
    assert!(header.contains(&chosen[0].to_owned()), "{header:?} {chosen:?}");
    assert_eq!(header[header.len() - 2..], ["code 1", "code 2"]);
}

#[test]
fn codes_for_the_projector_come_with_metadata() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    ok(dir, &["train", "recipe:undercomplete", "--epochs", "1", "-o", "d.hourglass"]);
    let said = ok(dir, &["encode", "d.hourglass", "-o", "codes.tsv"]);
    assert_eq!(said.stdout, "codes.tsv\ncodes-metadata.tsv\n");
    let (first, rest) = table(dir, "codes.tsv", '\t');
    assert_eq!((first.len(), rest.len()), (2, 1796));
    assert!(first.iter().all(|field| field.parse::<f32>().is_ok()), "no header: {first:?}");
    let (header, rows) = table(dir, "codes-metadata.tsv", '\t');
    assert_eq!((&header[..2], rows.len()), (&["row".to_owned(), "split".to_owned()][..], 1797));
    fails(dir, &["encode", "d.hourglass", "-o", "codes.tsv"], 1, "--force");
    assert!(ok(dir, &["encode", "--help"]).stdout.contains("index of the codebook entry"));
    assert!(ok(dir, &["evaluate", "--help"]).stdout.contains("scores of each row"));
}

#[test]
fn reconstructions_are_arrays_in_the_units_of_the_data() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    ok(dir, &["train", "recipe:undercomplete", "--epochs", "3", "-o", "d.hourglass"]);
    ok(dir, &["reconstruct", "d.hourglass", "-o", "pictures", "--rows"]);
    let (header, rows) = table(dir, "pictures/rows.csv", ',');
    assert_eq!((&header[..2], rows.len()), (&["row".to_owned(), "split".to_owned()][..], 1797));
    // Pictures have the numbers of their rows.
    for row in [&rows[0][0], &rows[1796][0]] {
        let number: usize = row.parse().expect("a number");
        assert!(dir.join(format!("pictures/{number:06}.png")).is_file(), "{row}");
    }
    ok(dir, &["reconstruct", "d.hourglass", "-o", "rebuilt.npy", "--scores"]);
    let array = Data {
        source: Source::Npy {
            path: dir.join("rebuilt.npy"),
            array: None,
            labels: None,
            reading: ArrayReading::default(),
        },
        ..Data::default()
    };
    let rebuilt = load(&array, &Progress::default()).expect("an array");
    let digits = load(&Data::default(), &Progress::default()).expect("embedded");
    assert_eq!((rebuilt.len(), rebuilt.shape), (digits.len(), digits.shape));
    let Rows::F32(values) = &rebuilt.rows else { panic!("not floats") };
    let (header, rows) = table(dir, "rebuilt-rows.csv", ',');
    let error = header.iter().position(|name| name == "error").expect("scores");
    for row in [0, 1796] {
        let of_row = row * 64..(row + 1) * 64;
        // Digits have a maximum of 16.
        let errors = of_row.map(|at| f64::from((values[at] - digits.rows.value(at)) / 16.0).powi(2));
        let mse = errors.sum::<f64>() / 64.0;
        let written: f64 = rows[row][error].parse().expect("a number");
        assert!((mse - written).abs() < 1e-5, "{mse} {written}");
    }
}

#[test]
fn a_design_of_an_earlier_version_reports_its_reading_rules() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    write_table(&dir.join("t.csv"));
    let mut design = design_of_table(&dir.join("t.csv"));
    design.data.rules = Rules::Version1;
    save_design(&Files::default(), &dir.join("old.ron"), &design).expect("saved");
    let said = ok(dir, &["check", "old.ron"]).stderr;
    assert!(said.contains("by the rules of version 1") && said.contains("--rules current"), "{said}");
    let said = ok(dir, &["check", "old.ron", "--rules", "current"]).stderr;
    assert!(!said.contains("rules of version 1"), "{said}");
}

#[test]
fn options_determine_how_data_are_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    for command in ["train", "check", "evaluate", "encode", "reconstruct", "bench"] {
        let help = ok(dir, &[command, "--help"]).stdout;
        for part in
            ["How the data are read", "--header", "--label-from", "--shown-channels", "possible values"]
        {
            assert!(help.contains(part), "{command}: {part}");
        }
    }
    let rows: Vec<String> = (0..30).map(|row| format!("{},{}", row % 7, row % 5)).collect();
    fs::write(dir.join("n.csv"), format!("0,1\n{}\n", rows.join("\n"))).expect("written");
    let check = |options: &[&str], said: &str| {
        let done = ok(dir, &[&["check", "recipe:tabular", "--data", "n.csv"], options].concat());
        let all = format!("{}{}", done.stdout, done.stderr);
        assert!(all.contains(said), "{options:?}: {all}");
    };
    check(&["--header", "yes"], "24/3/3 train/validation/test");
    check(&["--header", "no", "--column", "column 2=label"], "labels: column 2");
    check(&["--header", "no", "--labels", "column 1"], "labels: column 1");
    fails(dir, &["check", "recipe:tabular", "--data", "n.csv", "--array", "x"], 2, "--array x is for arrays");
    fails(
        dir,
        &["train", "recipe:tabular", "--data", "n.csv", "--header", "perhaps"],
        2,
        "detect, yes, one-row, no",
    );

    ok(
        dir,
        &[
            "train",
            "recipe:tabular",
            "--data",
            "n.csv",
            "--header",
            "no",
            "--epochs",
            "1",
            "-o",
            "n.hourglass",
        ],
    );
    fails(dir, &["evaluate", "n.hourglass", "n.csv", "--scaling", "none"], 2, "as in its training");
    // Fewer columns belong to another network.
    fs::write(dir.join("one.csv"), "1\n2\n3\n").expect("written");
    fails(dir, &["encode", "n.hourglass", "one.csv", "-o", "codes.csv"], 1, "one.csv");
}
