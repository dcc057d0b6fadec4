use std::fmt::Display;
use std::io::{ErrorKind, Write};
use std::path::Path;

use super::failure::Failure;

/// Prints a line of results, at once: whoever reads a pipe sees an epoch when it ends.
pub(super) fn line(text: impl Display) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()?;
    Ok(())
}

/// A number as people read it: four significant digits, by exponent where it is very small or large.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() || value == 0.0 {
        format!("{value}")
    } else if !(1e-3..1e5).contains(&size) {
        format!("{value:.3e}")
    } else {
        let digits = (3 - size.log10().floor() as i32).clamp(0, 6) as usize;
        format!("{value:.digits$}")
    }
}

/// Ends a command, before it begins its work, that would overwrite a file a person did not mean.
pub(super) fn refuse_to_overwrite(path: &Path, force: bool) -> Result<(), Failure> {
    // A link that leads nowhere is something too.
    if force || path.symlink_metadata().is_err() {
        return Ok(());
    }
    Err(Failure::Problem(format!(
        "{} exists; give another name with -o, or --force to overwrite it",
        path.display()
    )))
}

/// The same of a folder that many files go into: one that is empty may be used.
pub(super) fn refuse_to_mix(folder: &Path, force: bool) -> Result<(), Failure> {
    let problem = |message: &str| Err(Failure::Problem(format!("{} {message}", folder.display())));
    match std::fs::read_dir(folder).map(|mut entries| entries.next().is_some()) {
        Ok(true) if !force => problem(
            "is not empty; give another folder with -o, or --force to write into it and overwrite files of the same names",
        ),
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            problem("is a file; give a folder with -o, which is made where there is none")
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_four_digits() {
        let check = |value: f64, expected: &str| assert_eq!(number(value), expected);
        check(0.0, "0");
        check(12.3456, "12.35");
        check(12345.6, "12346");
        check(0.012_345, "0.01235");
        check(1.0e-7, "1.000e-7");
        check(f64::NAN, "NaN");
    }
}
