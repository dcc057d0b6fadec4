use rayon::ThreadPoolBuilder;

use super::DataError;

/// Runs rayon work on a separate pool of threads.
///
/// # Errors
/// [`DataError::Setting`] if threads cannot be started; rayon's global pool would end the program.
pub(super) fn in_parallel<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, DataError> {
    let pool = ThreadPoolBuilder::new().thread_name(|number| format!("loading {number}")).build();
    let pool = pool.map_err(|error| {
        DataError::Setting(format!(
            "no threads could be started for loading ({error}); close other programs, or raise the limits on \
             memory or processes"
        ))
    })?;
    Ok(pool.install(work))
}
