//! Damaged files of every kind, derived from valid ones by structure-aware changes. Each reader
//! returns in bounded time and memory, and so does everything that uses the content.
//!
//! A failing case is written to a file whose name is printed. Moved to `tests/hostile/READER.NAME`,
//! it is replayed from then on. `HOURGLASS_CORPUS=FOLDER` writes the valid files as a corpus for
//! `fuzz/`.

#[path = "mutations/bombs.rs"]
mod bombs;
#[path = "mutations/change.rs"]
mod change;
#[path = "mutations/guard.rs"]
mod guard;
#[path = "mutations/images.rs"]
mod images;
mod readers;
#[path = "mutations/samples.rs"]
mod samples;
#[path = "mutations/sheets.rs"]
mod sheets;

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use readers::Reader;

/// Damages valid files of a reader, depending on the seed.
fn damage(reader: Reader, cases: u32, seed: u64) {
    let samples = samples::samples(reader);
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8] = reader as u8;
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config, random);
    let result = runner.run(&(any::<Index>(), change::changes()), |(sample, changes)| {
        let sample = &samples[sample.index(samples.len())];
        guard::read(reader, &change::changed(sample, samples::skipped(reader), &changes));
        Ok(())
    });
    if let Err(error) = result {
        panic!("{}, seed {seed}: {error}", reader.name());
    }
}

/// One test per reader, so that they run in parallel.
macro_rules! damaged {
    ($($name:ident: $reader:ident, $cases:literal;)*) => {
        mod damaged {
            use super::*;
            $(
                #[test]
                fn $name() {
                    #[cfg(not(feature = "long-tests"))]
                    damage(Reader::$reader, $cases, 1);
                    #[cfg(feature = "long-tests")]
                    long(Reader::$reader);
                }
            )*
        }
    };
}

// The numbers of cases are chosen to take about as long for each reader.
damaged! {
    csv: Csv, 1500;
    spreadsheets: Sheet, 600;
    npy: Npy, 1500;
    npz: Npz, 1000;
    idx: Idx, 1500;
    idx_labels: IdxLabels, 1500;
    idx_tests: IdxTest, 600;
    pictures: Picture, 1200;
    label_tables: LabelTable, 500;
    designs: Design, 800;
    projects: Project, 250;
    project_entries: ProjectEntry, 400;
    weights: Weights, 250;
    store_files: StoreFile, 400;
}

/// Runs as many cases as fit into the reader's share of twenty minutes on two cores.
#[cfg(feature = "long-tests")]
fn long(reader: Reader) {
    use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
    let share = Duration::from_mins(2 * 20) / Reader::ALL.len() as u32;
    let first = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let start = Instant::now();
    let seeds = (first..).take_while(|_| start.elapsed() < share);
    let count = seeds.map(|seed| damage(reader, 200, seed)).count();
    println!("{}: {} cases, seeds from {first}", reader.name(), 200 * count);
}

#[test]
fn valid_files_are_read_and_used() {
    for reader in Reader::ALL {
        for (number, sample) in samples::samples(reader).iter().enumerate() {
            assert!(guard::read(reader, sample), "{} {number}", reader.name());
            if let Some(folder) = std::env::var_os("HOURGLASS_CORPUS") {
                let folder = Path::new(&folder).join(reader.name());
                fs::create_dir_all(&folder).expect("made");
                fs::write(folder.join(number.to_string()), sample).expect("written");
            }
        }
    }
}

/// Data files truncated at many positions of their headers and at some later ones.
#[test]
fn truncated_files_are_read_without_a_panic() {
    const HEAD: usize = 24;
    const PLACES: usize = 16;
    for reader in Reader::ALL.into_iter().take_while(|reader| *reader != Reader::Design) {
        for sample in samples::samples(reader) {
            let rest = (0..PLACES).map(|place| HEAD + sample.len().saturating_sub(HEAD) * place / PLACES);
            for end in (0..HEAD).step_by(3).chain(rest).filter(|end| *end < sample.len()) {
                guard::read(reader, &sample[..end]);
            }
        }
    }
}

/// Files of a few bytes that claim to be huge, and files that send a reader into a loop.
#[test]
fn malicious_files_are_refused() {
    let mut taken = Vec::new();
    for (name, reader, bytes) in bombs::bombs() {
        if guard::read(reader, &bytes) {
            taken.push(name);
        }
    }
    assert_eq!(taken, Vec::<&str>::new());
}

#[test]
fn files_that_once_caused_failures_are_read_safely() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile");
    let (mut replayed, mut harmful) = (0, Vec::new());
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let reader = Reader::ALL.into_iter().find(|reader| name.split('.').next() == Some(reader.name()));
        if name != "README.md" {
            let reader = reader.unwrap_or_else(|| panic!("{name} names no reader"));
            let bytes = fs::read(entry.path()).expect("readable");
            if catch_unwind(|| guard::read(reader, &bytes)).is_err() {
                harmful.push(name);
            }
            replayed += 1;
        }
    }
    assert!(replayed > 0, "no files were found");
    assert_eq!(harmful, Vec::<String>::new());
}
