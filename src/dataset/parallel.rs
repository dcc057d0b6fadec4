use rayon::ThreadPoolBuilder;

use super::DataError;

/// Does work that rayon shares out, on threads of its own.
///
/// # Errors
/// [`DataError::Setting`] where threads cannot be started: the pool that programs share ends the program then.
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
