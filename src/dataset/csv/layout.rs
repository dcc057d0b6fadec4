//! The layout of a table: where it begins, and the names of its columns.

use std::collections::HashSet;

use super::first_row::{has_header, is_header};
use super::form::Form;
use super::header_rows::Below;
use super::lines::NAMES_COPIES;
use super::names::{Comment, chosen_names, column_names, in_one_line, is_break, named, with_sign};
use super::plain::plain_number;
use super::start::Start;
use super::text::Text;
use super::{ReadOptions, listed, units};
use crate::dataset::{Column, DataError, Doubt, Progress, memory};
use crate::project::{Choice, Comments, Delimiter, Header, Rules};

/// The layout of a table, as chosen or detected.
#[allow(clippy::struct_excessive_bools, reason = "each is found by itself")]
pub(super) struct TableLayout {
    pub form: Form,
    /// Whether the first row contains names.
    pub has_header: bool,
    /// Rows directly below it that belong to the header: further names, units, the name of the
    /// index.
    pub rows_below_header: usize,
    /// Whether a comment before the first row contains the names.
    pub has_commented_header: bool,
    /// Number of comment lines before the first row; after reading, in the whole table.
    pub comments: usize,
    /// Names of all columns, generated if there are none.
    pub columns: Vec<String>,
    /// Units of the columns from a row below the header, empty for a column without one; no entries
    /// without such a row.
    pub units: Vec<String>,
    /// Whether only the first column has no name.
    pub is_first_nameless: bool,
    /// Memory charged for the names, [`NAMES_COPIES`] times.
    pub names_bytes: u64,
    /// The first rows, including the header.
    pub sample: Vec<Vec<String>>,
    /// Notes about parts that were skipped or renamed.
    pub notes: Vec<String>,
    pub doubts: Vec<Doubt>,
}

impl TableLayout {
    pub(super) fn find(
        text: &Text<'_>,
        options: &ReadOptions<'_>,
        known: &[Column],
        progress: &Progress,
    ) -> Result<TableLayout, DataError> {
        let given = TableLayout::read_with(text, options, options.delimiter, known, progress)?;
        if known.is_empty() || options.delimiter == Delimiter::Auto || given.knows(known) {
            return Ok(given);
        }
        // The delimiter belonged to another file with the same columns.
        progress.budget().give_back(NAMES_COPIES.saturating_mul(given.names_bytes));
        let found = TableLayout::read_with(text, options, Delimiter::Auto, known, progress)?;
        if found.knows(known) || found.columns.len() == known.len() {
            return Ok(found);
        }
        progress.budget().give_back(NAMES_COPIES.saturating_mul(found.names_bytes));
        TableLayout::read_with(text, options, options.delimiter, known, progress)
    }

    /// Whether its columns have their own names.
    pub(super) fn has_names(&self) -> bool {
        self.has_header || self.has_commented_header
    }

    /// Whether some of its columns are these.
    fn knows(&self, known: &[Column]) -> bool {
        self.columns.iter().any(|name| known.iter().any(|column| column.name == *name))
    }

    fn read_with(
        text: &Text<'_>,
        options: &ReadOptions<'_>,
        delimiter: Delimiter,
        known: &[Column],
        progress: &Progress,
    ) -> Result<TableLayout, DataError> {
        let Start { form, head, sample, names_bytes, mut notes, doubts: above } =
            Start::find(text, options, delimiter, known, progress)?;
        let first = &sample[0];
        let is_number = |field: &String| plain_number(field.trim()).is_some();
        let wanted = chosen_names(options, known);
        let comment = Comment::find(&head, form);
        let commented = commented_row(first, &comment, form, options);
        let mut doubts: Vec<Doubt> = above.into_iter().chain(commented).collect();
        let below = match options.rules {
            Rules::Current => Below::find(first, &sample[1..], options),
            Rules::Version1 => Below::default(),
        };
        let (has_header, doubt) = has_header(&sample, below.rows(), options, known);
        // Names in the first row take precedence; numbers in it may be a header only if a comment
        // has none.
        let may_be_commented = !has_header
            || match options.header {
                Header::Auto => {
                    first.iter().all(is_number) || (first.iter().any(is_number) && doubt.is_some())
                }
                // The intended names may be those of the comment.
                Header::Yes | Header::OneRow => {
                    !is_header(&sample, options, known) && first.iter().any(is_number)
                }
                Header::No => false,
            };
        let Comment { lines, names: commented, begin } = comment;
        let commented = commented
            .filter(|names| options.header != Header::No && names.len() == first.len())
            .filter(|names| may_be_commented && !names.iter().all(is_number))
            .map(|names| {
                let is_auto = options.reading.comments == Comments::Auto;
                if lines == 1 { with_sign(names, &begin, is_auto, &wanted) } else { names }
            });
        let has_commented_header = commented.is_some();
        let has_header = has_header && !has_commented_header;
        doubts.extend(doubt.filter(|_| !has_commented_header));
        let mut layout = TableLayout {
            form,
            has_header,
            rows_below_header: if has_header { below.rows() } else { 0 },
            has_commented_header,
            comments: lines - usize::from(has_commented_header),
            columns: Vec::new(),
            units: Vec::new(),
            is_first_nameless: false,
            names_bytes,
            sample: Vec::new(),
            notes: Vec::new(),
            doubts,
        };
        let names = match commented {
            Some(names) => names,
            None if has_header => {
                let mut names = named(&sample, options.rules, &mut notes);
                let budget = progress.budget();
                let own = (below.rows() == 1).then(|| names.clone());
                layout.names_bytes += below.name(&mut names, &sample[1..], &wanted, budget, &mut notes)?;
                if let Some(row) = sample.get(1).filter(|_| own.is_some_and(|own| own == names)) {
                    budget.take(2 * row.iter().map(|unit| memory::text_bytes(unit.len())).sum::<u64>())?;
                    layout.units = units::of_row(row);
                    if units::are_doubtful(row) {
                        let message = format!(
                            "the row below the header is read as units and skipped, but may be data: {}",
                            listed(&row.iter().filter(|field| !field.trim().is_empty()).collect::<Vec<_>>())
                        );
                        layout.doubts.push(Doubt { message, remedies: vec![Choice::Header(Header::OneRow)] });
                    }
                }
                names
            }
            None => vec![String::new(); first.len()],
        };
        layout.is_first_nameless = layout.has_names()
            && (names.first().is_some_and(|name| name.trim().is_empty())
                || (has_header && below.has_index()));
        layout.columns = layout.named(names, options.rules, &wanted, &mut notes);
        (layout.sample, layout.notes) = (sample, notes);
        Ok(layout)
    }

    /// The displayed names of its columns, without duplicates.
    fn named(
        &self,
        mut names: Vec<String>,
        rules: Rules,
        wanted: &HashSet<&str>,
        notes: &mut Vec<String>,
    ) -> Vec<String> {
        for name in names.iter_mut().filter(|name| rules == Rules::Current && name.contains(is_break)) {
            let shown = in_one_line(name);
            if wanted.contains(shown.as_str()) || !wanted.contains(name.trim()) {
                *name = shown;
            }
        }
        let columns = column_names(&names);
        let again = columns.iter().zip(&names).filter(|(column, name)| *column != name.trim());
        let again: Vec<&String> = again.filter(|(_, name)| !name.trim().is_empty()).map(|(c, _)| c).collect();
        if self.has_names() && !again.is_empty() {
            notes.push(format!("columns with duplicate names are numbered: {}", listed(&again)));
        }
        columns
    }

    /// Rows before the first row of data.
    pub(super) fn head_rows(&self) -> usize {
        usize::from(self.has_header) + self.rows_below_header
    }

    /// The first rows of data.
    pub(super) fn first_rows(&self) -> &[Vec<String>] {
        &self.sample[self.head_rows().min(self.sample.len())..]
    }
}

/// The doubt that a comment above the first row is a comment, if it looks like a row.
fn commented_row(
    first: &[String],
    comment: &Comment,
    form: Form,
    options: &ReadOptions<'_>,
) -> Option<Doubt> {
    let names = comment.names.as_ref()?;
    let has_number = names.iter().skip(1).any(|field| plain_number(field.trim()).is_some());
    let is_like_rows = names.len() == first.len() && has_number;
    (options.reading.comments == Comments::Auto && is_like_rows).then(|| {
        let sign = form.comment.map_or('#', char::from);
        let message = format!("lines that begin with {sign} are skipped as comments, but look like rows");
        Doubt { message, remedies: vec![Choice::Comments(Comments::Off)] }
    })
}
