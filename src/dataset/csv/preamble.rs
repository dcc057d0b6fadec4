//! Lines above a table: titles, who exported it and when, names of groups of columns.

/// Most lines that are examined.
pub(super) const MOST: usize = 50;
/// Number of rows that determine the number of columns.
const SAMPLE_ROWS: usize = 100;

/// The number of columns of a table, and of rows with another number of fields above its first row.
/// `None` if the rows are too uneven.
pub(super) fn body(widths: &[usize]) -> Option<(usize, usize)> {
    let widths = &widths[..widths.len().min(SAMPLE_ROWS)];
    let count = |width: usize| widths.iter().filter(|other| **other == width).count();
    let columns = widths.iter().copied().filter(|width| *width > 1);
    let columns = columns.max_by_key(|width| (count(*width), *width))?;
    let above = widths.iter().position(|width| *width == columns).filter(|above| *above <= MOST)?;
    let rows = widths.len() - above;
    (rows > 1 && 5 * count(columns) >= 3 * rows).then_some((columns, above))
}

/// Number of first rows above the table. `is_header` tells whether a row is certainly a header,
/// judged by the rows below it; `follows_gap`, whether it follows an empty line.
///
/// Rows with another number of fields than the table are above it: titles with one field, others if
/// a header follows. So are rows that a spreadsheet padded to the width of the table, and names
/// with values (`Operator,Bob`) above an empty line that is followed by a header.
pub(super) fn rows_above(
    rows: &[Vec<String>],
    is_header: &dyn Fn(usize) -> bool,
    follows_gap: &dyn Fn(usize) -> bool,
) -> usize {
    let widths: Vec<usize> = rows.iter().map(Vec::len).collect();
    let Some((columns, above)) = body(&widths) else { return 0 };
    let above = if above == 0 || is_header(above) { above } else { titles(rows, columns, above, is_header) };
    let filled = |row: &Vec<String>| row.iter().filter(|field| !field.trim().is_empty()).count();
    let most = rows.len().min(MOST);
    let gap = (above + 1..most).rev().find(|at| follows_gap(*at));
    let begins_with_word =
        |row: &Vec<String>| row.first().is_some_and(|field| field.trim().starts_with(char::is_alphabetic));
    if let Some(gap) = gap
        && rows[above..gap].iter().all(begins_with_word)
        && rows[gap] != rows[above]
        && rows.len() > 2 * gap
        && is_header(gap)
    {
        return gap;
    }
    let next = (above..most).find(|at| 2 * filled(&rows[*at]) > columns).unwrap_or(above);
    if next > above && is_header(next) {
        return next;
    }
    (above..most).find(|at| filled(&rows[*at]) > 0).unwrap_or(above)
}

/// Number of rows, above a row that is not a header, that are not headers either.
fn titles(rows: &[Vec<String>], columns: usize, above: usize, is_header: &dyn Fn(usize) -> bool) -> usize {
    let before = &rows[above - 1];
    let is_title = |title: &str| columns > 2 || title.trim().contains(' ');
    if let [title] = &before[..]
        && is_title(title)
    {
        return above;
    }
    // A header without a name for the row names, or with a delimiter at its end.
    let is_near = before.len().abs_diff(columns) == 1;
    if is_near && is_header(above - 1) { above - 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_above_a_table_are_distinguished_from_its_header() {
        let check = |lines: &[&str], headers: &[usize], expected: usize| {
            let row = |line: &&str| line.split(',').map(str::to_owned).collect::<Vec<String>>();
            let rows: Vec<Vec<String>> = lines.iter().map(row).collect();
            let has_gap = |at: usize| at > 0 && lines[at].starts_with(' ');
            assert_eq!(rows_above(&rows, &|at| headers.contains(&at), &has_gap), expected, "{lines:?}");
        };
        // A space marks an empty line above.
        check(&["by,Bob", "on,5", " t,x", "1,2", "3,4", "5,6", "7,8"], &[0, 2], 2);
        check(&["t,x", "1,2", "5,6", " t,x", "3,4", "5,6", "7,8", "7,8"], &[0, 3], 0);
        check(&["a,b", "1,2", "3,4"], &[0], 0);
        check(&["Title", "a,b,c", "1,2,3", "4,5,6"], &[1], 1);
        check(&["A title", "1,2", "4,5", "6,7"], &[], 1);
        check(&["Title", "by,me", "a,b,c", "1,2,3", "4,5,6"], &[2], 2);
        check(&["Title,,", ",,", "a,b,c", "1,2,3", "4,5,6"], &[2], 2);
        check(&[",,", "1,2,3", "4,5,6"], &[], 1);
        check(&["a,,", "1,2,3", "4,5,6"], &[0], 0);
        check(&[",Group 1,,Group 2,", "id,x,y,x,y", "7,1,2,3,4", "9,5,6,7,8"], &[1], 1);
        // Names of all columns but the first, as written by R; a delimiter at the end of the rows.
        check(&["x,y", "r1,1,2", "r2,3,4"], &[0], 0);
        check(&["x", "r1,1", "r2,3"], &[], 0);
        check(&["Title", "a,b,c", "1,2,3,", "4,5,6,", "7,8,9,"], &[1], 1);
        check(&["a,b,c,", "1,2,3", "4,5,6"], &[0], 0);
        // Ambiguous.
        check(&["a,b", "1,2,3,4", "4,5,6,7"], &[], 0);
        check(&["1,2", "1,2,3", "1,2,3,4", "1,2"], &[], 0);
    }
}
