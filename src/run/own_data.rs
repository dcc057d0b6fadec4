//! Loading the data of a run with what the run has stored about them.

use super::Run;
use crate::dataset::{Column, Dataset, Known};
use crate::project::{Choice, Data, Rules, Source};

impl Run {
    /// Its stored knowledge of its data, with [`Run::known_columns`].
    pub fn known<'a>(&'a self, columns: &'a [Column]) -> Known<'a> {
        let (depth, settled) = self.known_pixels();
        let means = self.column_means().unwrap_or_default();
        Known { means, columns, others: self.other_columns(), settled, depth }
    }

    /// Loads its data with `load`. If the result differs from the data it was trained on, the
    /// stored columns and limits, and then all rows, take precedence over those found by newer
    /// rules. Data that differ in every reading are returned as found. No two readings are in
    /// memory at once.
    ///
    /// # Errors
    /// Those of `load`.
    pub fn load_own<E>(
        &self,
        data: &Data,
        load: impl Fn(&Data, Option<Known<'_>>) -> Result<Dataset, E>,
    ) -> Result<Dataset, E> {
        let found = load(data, None)?;
        let columns = self.known_columns();
        if self.check_same_rows(&found).is_ok() {
            return Ok(found);
        }
        // If the columns of a table already match, only the rows can differ.
        let has_columns =
            matches!(data.source, Source::Csv { .. }) && found.columns == columns && found.gaps.filled == 0;
        let ends: Vec<Choice> = found.doubts.iter().flat_map(|doubt| &doubt.remedies).cloned().collect();
        drop(found);
        for asked in readings(data, &ends).iter().skip(usize::from(has_columns)) {
            let known = load(asked, Some(self.known(&columns))).ok();
            if let Some(mut known) = known.filter(|known| self.check_same_rows(known).is_ok()) {
                known.read_report.notes.push(format!(
                    "these data are read as in the training of run {}: newer rules would read other rows, columns or values",
                    self.id
                ));
                return Ok(known);
            }
        }
        load(data, None)
    }
}

/// The data unchanged, then with the rows of a table that newer rules exclude by default: sums
/// among the rows, then also rows below the table. Last, without the rows that newer rules only
/// report as doubtful, which one of the `remedies` excludes.
fn readings(data: &Data, remedies: &[Choice]) -> Vec<Data> {
    let with_rows = |footer: Option<usize>| {
        let mut data = data.clone();
        if let (Source::Csv { reading, .. }, Rules::Current) = (&mut data.source, data.rules) {
            reading.skip_rows = Some(reading.skip_rows.take().unwrap_or_default().only());
            reading.skip_footer = reading.skip_footer.or(footer);
        }
        data
    };
    let without = |remedy: &Choice| {
        let mut data = data.clone();
        let is_of_rows = matches!(remedy, Choice::SkipFooter(Some(1..)) | Choice::SkipRows(Some(_)));
        (is_of_rows && remedy.clone().apply(&mut data)).then_some(data)
    };
    let mut all = vec![data.clone(), with_rows(None), with_rows(Some(0))];
    all.extend(remedies.iter().filter_map(without));
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::plan;
    use crate::dataset::{Progress, load, load_known, source_for};
    use crate::project::{Channels, Project, RowSet, Shape, Take};
    use crate::run::{RunId, facts};

    #[test]
    fn a_resumed_run_keeps_its_columns_and_rows() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.csv");
        let rows: Vec<String> =
            (0..40).map(|at| format!("{},{},{}\n", 1000 + at, at % 7, at * at % 11)).collect();
        let ids = format!("id,a,b\n{}", rows.concat());
        let among = "label,a,b,c\nN,1,4,2\nN,2,5,1\nN total,3,9,3\n\
                     S,5,6,1\nS,7,9,6\nS total,12,15,7\nAll,1,1,3\nAll,2,2,4\n";
        let below = "label,a,b,c\nx,1,20,5\ny,3,40,2\nx,2,30,9\ny,6,10,4\n\
                     y,5,50,1\nx,7,80,8\ny,4,70,3\nTotal,28,300,32\n";
        let other = "label,a,b,c\nx1,1,20,5\ny2,3,40,2\nx3,2,30,9\ny4,6,10,4\n\
                     y5,5,50,1\nx6,7,80,8\ny7,4,70,3\nTotal,9,9,9\n";
        let sums = Choice::SkipRows(Some(RowSet::default()));
        let ids_chosen = vec![Choice::Column("id".to_owned(), Some(Take::Feature))];
        // The setting the run was trained with, its rows and features, and those found by newer
        // rules.
        for (text, chosen, then, now) in [
            (ids.as_str(), ids_chosen, (40, 3), (40, 2)),
            (among, vec![sums.clone()], (8, 3), (6, 3)),
            (below, vec![sums, Choice::SkipFooter(Some(0))], (8, 3), (7, 3)),
            (other, vec![Choice::SkipFooter(Some(1))], (7, 3), (8, 3)),
        ] {
            std::fs::write(&path, text).unwrap();
            let mut design = Project::default();
            design.data.source = source_for(&path, 8, 8, Channels::Grey).unwrap();
            let asked = design.data.clone();
            for choice in chosen {
                assert!(choice.apply(&mut design.data));
            }
            let size = |data: &Dataset| (data.len(), data.shape);
            let of = |(rows, features)| (rows, Shape::Vector(features));
            let data = load(&design.data, &Progress::default()).unwrap();
            let mut run = Run::new(RunId(1), &plan(&design, &facts(&data)).unwrap(), &data);
            // As if no setting had been made and no rows were excluded.
            run.design.data = asked.clone();
            let found = load(&asked, &Progress::default()).unwrap();
            assert_eq!((size(&data), size(&found)), (of(then), of(now)), "{text}");
            let own = run.load_own(&asked, |data, known| load_known(data, known, &Progress::default()));
            let own = own.unwrap();
            assert_eq!((size(&own), run.check_same_data(&own)), (of(then), Ok(())), "{text}");
            assert!(own.read_report.notes.iter().any(|note| note.contains("as in the training of run 1")));
            // Other data are returned as found.
            run.fingerprint ^= 1;
            let other = run.load_own(&asked, |data, known| load_known(data, known, &Progress::default()));
            assert_eq!(other.unwrap(), found, "{text}");
        }
    }
    #[test]
    fn rows_of_sums_are_read_as_in_training() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.csv");
        let among = "label,a,b,c\nN,1,4,2\nN,2,5,1\nN total,3,9,3\n\
                     S,5,6,1\nS,7,9,6\nS total,12,15,7\nZ,1,1,3\nZ,2,2,4\n";
        std::fs::write(&path, among).unwrap();
        let mut design = Project::default();
        design.data.source = source_for(&path, 8, 8, Channels::Grey).unwrap();
        let mut skip = |rows: &str| {
            assert!(Choice::SkipRows(rows.parse().ok()).apply(&mut design.data));
            (design.clone(), load(&design.data, &Progress::default()).unwrap())
        };
        let (trained, data) = skip("only:8");
        let (asked, found) = skip("8");
        assert_eq!((data.len(), found.len()), (7, 5));
        let mut run = Run::new(RunId(1), &plan(&trained, &facts(&data)).unwrap(), &data);
        run.design.data = asked.data.clone();
        let own = run.load_own(&asked.data, |data, known| load_known(data, known, &Progress::default()));
        assert_eq!(own.unwrap().len(), 7);
    }
}
