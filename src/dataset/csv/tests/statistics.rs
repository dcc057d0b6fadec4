//! Rows that summarise others: sums, means, names of functions; and pairs of names and values below
//! a table.

use super::kinds::{loaded, with};
use super::structure::check_rows;
use super::*;
use crate::project::Choice;

#[test]
fn statistics_below_a_table_are_no_rows() {
    let table = "name,b,c\nx,2,3\ny,5,6\nx,8,9\ny,8,7\n";
    let check = |end: &str, rows: usize, notes: &[&str], doubts: &[(&str, &[Choice])]| {
        check_rows(&format!("{table}{end}"), rows, notes, doubts);
    };
    let footer = |rows| Choice::SkipFooter(Some(rows));
    check("Mean,5.75,6.25\n", 4, &["1 row below the table is skipped (line 6: \"Mean\""], &[]);
    check("Mean,5.75,6.25\nSD,2.87,2.5\n", 4, &["2 rows below", "line 7: \"SD\"", "--skip-footer 0"], &[]);
    check("\nMittelwert,5.75,6.25\nStabw,2.87,2.5\nRSD%,50,40\nMax,8,9\n", 4, &["4 rows below"], &[]);
    check("Średnia,5.75,6.25\nOdch. std.,2.87,2.5\n", 4, &["2 rows below"], &[]);
    check("Q1,4,5\nMedian,6,6\nQ3,8,8\n", 4, &["3 rows below"], &[]);
    check("LOD,1,1\nLOQ,3,3\n", 4, &["2 rows below"], &[]);
    // The median of 2, 5, 8, 8 is 6.5, and so is that of 3, 6, 7, 9.
    check("Median,6.5,6.5\n", 4, &["1 row below"], &[]);
    check("Median,5,6\n", 5, &[], &[("looks like the sum of the others (line 6: \"Median\"", &[footer(1)])]);
    // With other numbers.
    let doubt = "the last 2 rows are read as data, but look like sums of the others (line 6: \"Mean\"";
    check("Mean,1,1\nSD,1,1\n", 6, &[], &[(doubt, &[footer(2)])]);
    let doubt = "the last 3 rows are read as data, but look like sums of the others (line 6: \"max\"";
    check("max,3,1\nmean,1,2\nsum,9,9\n", 7, &[], &[(doubt, &[footer(3)])]);
    // An unknown name below a proven row.
    let doubt = "2 rows below the table are skipped (line 6: \"Mean\"";
    check("Mean,5.75,6.25\nKI,1,1\n", 4, &[], &[(doubt, &[footer(0)])]);
    check("N,4,4\nMean,1,1\n", 4, &["2 rows below"], &[]);
    check("Average,5.75,6.25\nMin,2,3\nMax,8,9\n", 4, &["3 rows below"], &[]);
    // A subtotal, the tax on it, and their sum.
    check("Subtotal,23,25\nVAT 20%,4.6,5\nTotal,27.6,30\n", 4, &["3 rows below"], &[]);
    check("Mean,1,1\n", 5, &[], &[("looks like the sum of the others (line 6: \"Mean\"", &[footer(1)])]);
    // Max and Sd are also first names.
    check("Max,7,1\n", 5, &[], &[]);
    check("Max,8,9\n", 4, &["1 row below"], &[]);
    // All other names contain digits.
    let ids = "id,b,c\ns1,2,3\ns2,5,6\ns1,8,9\ns2,7,7\n";
    check_rows(&format!("{ids}Median,6,6\n"), 4, &["1 row below"], &[]);
    let doubt = "looks like the sum of the others (line 6: \"Total\"";
    check_rows(&format!("{ids}Total,8,8\n"), 5, &[], &[(doubt, &[footer(1)])]);
    // In a column of numbers a word is not a row, but it may be a label.
    let numbers = |name: &str| format!("{name},b,c\n4,2,3\n5,5,6\n7,8,9\n9,7,7\nTotal,8,8\n");
    let doubt = "1 row below the table is skipped (line 6: \"Total\"";
    check_rows(&numbers("t"), 4, &[], &[(doubt, &[footer(0)])]);
    assert_eq!(with(numbers("no").as_bytes(), &["no"], Rules::Current, vec![]).unwrap().rows.len(), 5 * 2);
    // Only the numbers decide.
    let sums = "a,b\n1,2\n3,1\n4,6\n2,2\n5,9\n15,20\n";
    let last = ("the numbers of the last row are the sums of all others (line 7: \"15\"", &[footer(1)][..]);
    check_rows(sums, 6, &[], &[last]);
    check_rows("a,b\n1,2\n3,1\n4,6\n2,2\n5,9\n15,21\n", 6, &[], &[]);
    let means = "k,a,b\n7,1,2\n9,3,1\n4,4,6\n2,2,2\n5,5,9\n,3,4\n";
    check_rows(
        means,
        6,
        &[],
        &[("the numbers of the last row are the sums of all others (line 7: \"3\"", &[footer(1)])],
    );
}

#[test]
fn numbers_prove_statistics_whatever_they_are_called() {
    // The sums are 42.1 and 27.4, the means 7.0167 and 4.5667.
    let table = "who,b,c\nx,2.5,3.25\ny,5.5,6.5\nx,8.5,8.25\ny,8.1,1.3\nx,7.2,5.6\ny,10.3,2.5\n";
    let check = |end: &str, rows: usize, notes: &[&str], doubts: &[(&str, &[Choice])]| {
        check_rows(&format!("{table}{end}"), rows, notes, doubts);
    };
    check("Zusammen,42.1,27.4\n", 6, &["1 row below the table is skipped (line 8: \"Zusammen\""], &[]);
    check("Mitte,7.017,4.567\nTotal,42.1,27.4\nby me\n", 6, &["3 rows below"], &[]);
    check(
        ",7.017,4.567\n",
        7,
        &[],
        &[("the numbers of the last row are the sums of all others", &[Choice::SkipFooter(Some(1))])],
    );
    // An unknown name next to a proven row; a sum may be followed by another group.
    let doubt = "2 rows below the table are skipped (line 8: \"Mitte\"";
    check("Mitte,7.017,4.567\nKI,1.1,2.2\n", 6, &[], &[(doubt, &[Choice::SkipFooter(Some(0))])]);
    let doubt = "1 row is read as data, but looks like a sum of others (line 8: \"Zusammen\"";
    check("Zusammen,42.1,27.4\nz,1.1,2.2\n", 8, &[], &[(doubt, &[Choice::SkipRows("7".parse().ok())])]);
    let first = table.replacen("x,2.5,3.25", "World,39.6,24.15", 1);
    let doubt = "looks like a sum of others (line 2: \"World\"";
    check_rows(&first, 6, &[], &[(doubt, &[Choice::SkipRows("1".parse().ok())])]);
    // Other numbers; a name that other rows have.
    check("Zusammen,42.5,27.4\n", 7, &[], &[]);
    check("x,7.017,4.567\n", 7, &[], &[]);
}

#[test]
fn names_with_values_below_a_table_are_no_rows() {
    let all = [Choice::SkipFooter(Some(0))];
    let check = |text: &str, rows: usize, doubt: &str, remedies: &[Choice]| {
        check_rows(text, rows, &[], &[(doubt, remedies)]);
    };
    let table = "item,a,b\ns0,1.5,2.5\ns1,2.5,2.5\ns0,3.5,2.75\ns1,1,2\n";
    let pairs = format!("{table},,\nOperator,Smith,\nDevice,X200,\n");
    let doubt = "2 rows below the table are skipped (line 7: \"Operator\", \"Smith\"; line 8: \"Device\"";
    check(&pairs, 4, doubt, &all);
    let raw = with(pairs.as_bytes(), &["item", "a"], Rules::Current, all.to_vec()).unwrap();
    assert_eq!((raw.rows.len(), raw.labels[1].text(4)), (6, "Smith".into()));
    check(&format!("{table}Instrument: X\nOperator,Bob\nDate,2024-01-02\n"), 4, "3 rows below", &[]);
    check("t,a\n0,1\n1,2\n2,5\n3,1\nDevice,X200\nMode,fast\n", 4, "2 rows below", &all);
    // A row with an odd word, or a truncated one, is reported.
    for (end, part) in [("s1,low,\n", "\"low\" is not a number"), ("s1,5\n", "the row has 2 fields")] {
        let error = read(format!("{table}{end}").as_bytes(), &["item"], Missing::ColumnMean).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn sums_among_the_rows_are_left_out() {
    let grouped = "r,a,b\nN,1,4\nN,2,5\nN total,3,9\nS,5,6\nS,7,9\nS total,12,15\nAll,1,1\nAll,2,2\n";
    let raw = loaded(grouped.as_bytes());
    assert_eq!(raw.source_rows, [1, 2, 4, 5, 7, 8]);
    let note = "2 summary rows are skipped (line 4: \"N total\", \"3\", \"9\"; line 7: \"S total\"";
    check_rows(grouped, 6, &[note, "--skip-rows none reads all rows"], &[]);
    // Other sums, and the alternatives.
    let wrong = "r,a,b\nx,1,4\ny,2,5\nTotal,4,8\nx,5,6\ny,7,9\n";
    let skip = |rows: &str| Choice::SkipRows(rows.parse().ok());
    check_rows(wrong, 5, &[], &[("1 row is read as data, but looks like a sum of others", &[skip("3")])]);
    let chosen =
        |text: &str, rows: &str| with(text.as_bytes(), &["r"], Rules::Current, vec![skip(rows)]).unwrap();
    assert_eq!(chosen(wrong, "3").source_rows, [1, 2, 4, 5]);
    assert_eq!(chosen(wrong, "3").doubts, []);
    assert_eq!(chosen(grouped, "none").rows.len(), 8 * 2);
}

#[test]
fn statistics_of_each_group_are_left_out() {
    let skip = |rows: &str| Choice::SkipRows(rows.parse().ok());
    // For 2.5, 3.5 and 5.5, 7.5 the means are 3 and 6.5, the standard deviations 0.71 and 1.41; for
    // 3.5, 4.5 and 6.5, 9.5 they are 4 and 8, 0.71 and 2.12.
    let (one, two) = ("A,2.5,3.5\nA,3.5,4.5\n", "B,5.5,6.5\nB,7.5,9.5\n");
    for (first, second, count) in [
        ("Mean,3,4\nSD,0.71,0.71\n", "Mean,6.5,8\nSD,1.41,2.12\n", 2),
        ("Mean,3,4\nMedian,3,4\nSD,0.71,0.71\n", "Mean,6.5,8\nMedian,6.5,8\nSD,1.41,2.12\n", 3),
        ("A mean,3,4\n", "B mean,6.5,8\n", 1),
    ] {
        let are = if count == 1 { "1 summary row is" } else { &format!("{count} summary rows are") };
        let notes = [format!("{are} skipped (line 4"), "below the table".to_owned()];
        let notes = notes.each_ref().map(String::as_str);
        check_rows(&format!("g,x,y\n{one}{first}{two}{second}"), 4, &notes, &[]);
    }
    // `average` may be a category that happens to fit the numbers of two rows.
    let grades =
        "k,a,b\ngood,4,2\npoor,2,1\naverage,3,2\ngood,5,3\npoor,3,1\naverage,4,2\ngood,5,3\npoor,2,1\n";
    let doubt = "2 rows are read as data, but look like sums of others (line 4: \"average\"";
    check_rows(grades, 8, &[], &[(doubt, &[skip("3,6")])]);
    // In a column of numbers.
    let numbers =
        |first: &str, last: &str| format!("t,x,y\n5,2.5,3.5\n2,3.5,4.5\n{first}9,5.5,6.5\n4,7.5,9.5\n{last}");
    let note = "1 summary row is skipped (line 4: \"Mean\"";
    check_rows(&numbers("Mean,3,4\n", "Mean,6.5,8\n"), 4, &[note], &[]);
    let doubt =
        "1 row is skipped, with the name of a statistic where the column contains numbers (line 4: \"Mean\"";
    check_rows(&numbers("Mean,9,9\n", ""), 4, &[], &[(doubt, &[skip("3")])]);
    // Above the rows, and those of only one group.
    let doubt = "2 rows are read as data, but look like sums of others (line 2: \"Mean\"";
    check_rows(&format!("g,x,y\nMean,9,9\nSD,1,1\n{one}{two}"), 6, &[], &[(doubt, &[skip("1-2")])]);
    let doubt = "1 row is read as data, but looks like a sum of others (line 4: \"Mean\"";
    check_rows(&format!("g,x,y\n{one}Mean,3,4\n{two}"), 5, &[], &[(doubt, &[skip("3")])]);
}

#[test]
fn categories_called_as_statistics_are_rows() {
    let pairs: Vec<String> = (0..30).map(|at| format!("min,{at}\nmax,{}\n", at + 10)).collect();
    for (text, rows) in [
        ("condition,rooms,baths\ngood,4,2\naverage,4,2\npoor,2,1\naverage,3,2\ngood,5,3\npoor,3,1\n", 6),
        ("condition,rooms,baths\ngood,4,2\naverage,4,2\npoor,2,1\naverage,3,2\n", 4),
        ("effort,y\nlight,0\nMaximum effort,1\nhard,1\nlight,0\nMaximum effort,1\nhard,0\n", 6),
        ("code,x\nDE,1\nFR,9\nKE,4\nMW,3\nSD,2\n", 5),
        ("wind,v\nE,3\nS,8\nW,5\nN,12\nSE,9\n", 5),
        (&format!("kind,temp\n{}", pairs.concat()), 60),
        (&"pool,a\ngem,1\nmean,5\nsum,9\n".repeat(4).replace("\npool,a", ""), 12),
    ] {
        let raw = loaded(text.as_bytes());
        assert_eq!(raw.rows.len(), rows * raw.feature_names.len(), "{text:?}: {:?}", raw.notes);
        // It is plausible that three of four rows sum up to the first.
        let is_doubted = raw.doubts.iter().any(|doubt| doubt.message.contains("sum"));
        assert_eq!(is_doubted, rows == 4, "{text:?}: {:?}", raw.doubts);
    }
    let groups = "area,a\nEast,3\nEast,4\nEast Total,7\nWest,9\nWest Total,9\nGrand Total,16\n";
    assert_eq!(loaded(groups.as_bytes()).rows, Rows::F32(vec![3.0, 4.0, 9.0]));
    let last = b"firm,a,b\nDE,1,2\nFR,2,4\nUK,3,5\nTOTAL SE,12,n.a.\n";
    let error = read(last, &["firm"], Missing::ColumnMean).unwrap_err().to_string();
    assert!(error.contains("line 5, column \"b\": \"n.a.\" is not a number"), "{error}");
}
