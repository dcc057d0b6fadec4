//! Missing values that losses and errors leave out.

use super::*;
use crate::engine::Samples;
use crate::project::{Delimiter, Header, Missing, Source, TableReading};

/// Toy data with gaps, and a sample that has nothing else.
fn with_gaps() -> Arc<Dataset> {
    let mut data = (*toy_data(64, 12)).clone();
    let is_gap = |at: usize| at.is_multiple_of(5) || at / 12 == 7;
    let word = |word: usize| (0..64).map(|bit| u64::from(is_gap(64 * word + bit)) << bit).sum::<u64>();
    let filled = (0..64 * 12).filter(|at| is_gap(*at)).count();
    data.gaps = Gaps { filled, cells: (0..12).map(word).collect(), are_masked: true, ..Gaps::default() };
    Arc::new(data)
}

fn masked_plan(data: &Dataset, loss: Loss) -> Plan {
    toy_plan(data, |project| {
        project.loss = loss;
        let (path, reading) = ("t.csv".into(), TableReading::default());
        let (header, delimiter) = (Header::default(), Delimiter::default());
        project.data.source =
            Source::Csv { path, header, delimiter, labels: vec![], missing: Missing::Masked, reading };
    })
}

/// Computed from reconstructions by the definition: sums over the values that are there, and means over samples of their means.
#[test]
fn losses_and_errors_are_those_of_the_values_that_are_there() {
    let data = with_gaps();
    let rows: Vec<u32> = (0..64).collect();
    for loss in [Loss::SquaredError, Loss::AbsoluteError, Loss::Gaussian { variance: Variance::Learned }] {
        let mut network = Network::new(&masked_plan(&data, loss), 2).expect("small");
        let mut values = vec![0.0; 64 * 12];
        data.gather(&rows, &mut values);
        let reconstructions = network.reconstruct(&values);
        let evaluation = network.evaluate(&data, &rows, None).expect("small");
        let errors = network.errors(Samples::Rows(&data, &rows), &mut |_| true).expect("small");
        let (mut total, mut mse) = (0.0, 0.0);
        for (row, error) in errors.iter().enumerate() {
            let there = (12 * row..12 * (row + 1)).filter(|at| !data.gaps.is_filled(*at));
            let of_row: Vec<f64> = there.map(|at| f64::from(reconstructions[at] - values[at])).collect();
            total += of_row
                .iter()
                .map(|error| match loss {
                    Loss::AbsoluteError => error.abs(),
                    // A learned log σ² starts at 0.
                    Loss::Gaussian { .. } => error * error / 2.0 + std::f64::consts::TAU.ln() / 2.0,
                    Loss::SquaredError | Loss::BinaryCrossEntropy | Loss::Huber { .. } => error * error,
                })
                .sum::<f64>();
            let squares = of_row.iter().map(|error| error * error).sum::<f64>();
            let own = squares / of_row.len().max(1) as f64;
            assert!((error - own).abs() < 1e-6, "row {row}: {error} {own}");
            mse += own / 64.0;
        }
        let found = evaluation.losses.total();
        assert!((found - total / 64.0).abs() < 1e-5 * found.abs(), "{loss:?}: {found} {}", total / 64.0);
        assert!((evaluation.mse - mse).abs() < 1e-6, "{loss:?}: {} {mse}", evaluation.mse);
    }
}

/// The decoder's last bias is learned from each feature by itself: where one is always missing nothing moves it.
#[test]
fn what_is_always_missing_teaches_nothing() {
    let mut data = (*toy_data(64, 12)).clone();
    let word = |word: usize| (0..64).map(|bit| u64::from((64 * word + bit) % 12 == 3) << bit).sum::<u64>();
    data.gaps = Gaps { filled: 64, cells: (0..12).map(word).collect(), are_masked: true, ..Gaps::default() };
    let data = Arc::new(data);
    let mut trainer =
        Trainer::new(&masked_plan(&data, Loss::SquaredError), Arc::clone(&data), 1).expect("small");
    let before = trainer.network().weights();
    for _ in 0..8 {
        trainer.step().expect("sound");
    }
    let after = trainer.network().weights();
    let moved = |feature: usize| {
        let [before, after] = [&before, &after].map(|weights| weights.0["output.bias"].values[feature]);
        before != after
    };
    assert!(!moved(3) && (0..12).filter(|feature| *feature != 3).all(moved));
}

#[test]
fn a_masked_run_goes_on_exactly_where_it_stopped() {
    let data = with_gaps();
    let plan = masked_plan(&data, Loss::Huber { delta: 0.2 });
    let whole = losses(&plan, &data, 1);
    let mut first = Trainer::new(&plan, Arc::clone(&data), 2).expect("small");
    let mut records = Vec::new();
    for _ in 0..4 {
        records.extend(first.step().expect("sound").epoch);
    }
    let mut second = Trainer::new(&plan, Arc::clone(&data), 1).expect("small");
    second.restore(&first.snapshot(), first.epochs()).expect("the same network");
    while !second.is_done() {
        records.extend(second.step().expect("sound").epoch);
    }
    assert_eq!(without_time(records), whole);
}
