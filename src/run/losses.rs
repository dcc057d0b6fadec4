use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Name of the sum of all terms, which is what training minimises.
pub const TOTAL: &str = "total";

/// More than any loss has terms.
const MOST_TERMS: usize = 256;
/// Longer than the name of any term, in bytes.
const MOST_NAME_BYTES: usize = 200;

/// Names of the terms of a loss in order, the total first. All losses of a run share them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<String>", from = "Vec<String>")]
pub struct Terms(Arc<[String]>);

/// A loss, term by term. Summed over features; a mean over samples or, during accumulation, a sum.
///
/// Stored in files as pairs of name and value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(into = "Vec<(String, f64)>", from = "Vec<(String, f64)>")]
pub struct Losses {
    terms: Terms,
    /// The total, equal to the sum of the other terms if all are present.
    total: f64,
    /// The terms after the total, in the order of their names.
    parts: Box<[f64]>,
}

/// Sums over the samples of an epoch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LossSums {
    /// Each loss term.
    pub losses: Losses,
    /// Squared reconstruction error over all features, in units of the scaled data.
    pub squared_error: f64,
    /// Number of samples.
    pub samples: u64,
}

impl Terms {
    /// Names of the terms that add up to the total, which is prepended.
    pub fn new(parts: impl IntoIterator<Item = String>) -> Terms {
        Terms([TOTAL.to_owned()].into_iter().chain(parts).collect())
    }

    /// The names in order, the total first.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// Checks names read from a file.
    ///
    /// # Errors
    /// A message describing the problem.
    pub fn validate(&self) -> Result<(), String> {
        if self.0.len() > MOST_TERMS {
            return Err(format!("it has {} loss terms, more than {MOST_TERMS}", self.0.len()));
        }
        for (index, name) in self.0.iter().enumerate() {
            if name.len() > MOST_NAME_BYTES || self.0.iter().take(index).any(|other| other == name) {
                return Err(format!("the name of loss term {} is too long or not unique", index + 1));
            }
        }
        Ok(())
    }

    fn parts(&self) -> &[String] {
        self.0.get(1..).unwrap_or_default()
    }
}

impl Default for Terms {
    fn default() -> Terms {
        Terms::new([])
    }
}

impl From<Terms> for Vec<String> {
    fn from(terms: Terms) -> Vec<String> {
        terms.0.to_vec()
    }
}

impl From<Vec<String>> for Terms {
    /// The total comes first in every file, whatever its name there.
    fn from(names: Vec<String>) -> Terms {
        if names.is_empty() { Terms::default() } else { Terms(names.into()) }
    }
}

impl Losses {
    /// Zero in every term.
    pub fn zero(terms: &Terms) -> Losses {
        Losses { terms: terms.clone(), total: 0.0, parts: vec![0.0; terms.parts().len()].into() }
    }

    /// Values in the order of their names; `None` if their number differs.
    pub fn new(terms: &Terms, values: &[f64]) -> Option<Losses> {
        let (&total, parts) = values.split_first()?;
        let fits = parts.len() == terms.parts().len();
        fits.then(|| Losses { terms: terms.clone(), total, parts: parts.into() })
    }

    /// The names of its terms.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The sum of all terms.
    pub fn total(&self) -> f64 {
        self.total
    }

    /// One term by its name.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.iter().find(|(term, _)| *term == name).map(|(_, value)| value)
    }

    /// Names and values in order, the total first.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.terms.0.iter().map(String::as_str).zip(self.values())
    }

    /// The values in the order of the names, for files that name the terms once.
    pub fn values(&self) -> impl Iterator<Item = f64> {
        [self.total].into_iter().chain(self.parts.iter().copied())
    }

    /// Replaces one term; call [`Losses::add_up`] afterwards to update the total.
    pub fn set(&mut self, name: &str, value: f64) {
        let place = self.terms.parts().iter().position(|term| term == name);
        debug_assert!(place.is_some(), "{name} is not among {:?}", self.terms);
        if let Some(part) = place.and_then(|place| self.parts.get_mut(place)) {
            *part = value;
        }
    }

    /// Sets the total to the sum of the terms, added in their order.
    pub fn add_up(&mut self) {
        self.total = self.parts.iter().sum();
    }

    /// Adds another loss with the same terms.
    pub fn add(&mut self, other: &Losses) {
        debug_assert_eq!(self.terms, other.terms);
        self.total += other.total;
        for (sum, value) in self.parts.iter_mut().zip(&other.parts) {
            *sum += value;
        }
    }

    /// Each term divided by a number of samples.
    #[must_use]
    pub fn over(&self, samples: f64) -> Losses {
        let parts = self.parts.iter().map(|sum| sum / samples).collect();
        Losses { terms: self.terms.clone(), total: self.total / samples, parts }
    }
}

impl From<Losses> for Vec<(String, f64)> {
    fn from(losses: Losses) -> Vec<(String, f64)> {
        losses.iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

impl From<Vec<(String, f64)>> for Losses {
    fn from(pairs: Vec<(String, f64)>) -> Losses {
        let (names, values): (Vec<String>, Vec<f64>) = pairs.into_iter().unzip();
        Losses::new(&Terms::from(names), &values).unwrap_or_default()
    }
}

impl LossSums {
    /// The sums over no samples.
    pub fn zero(terms: &Terms) -> LossSums {
        LossSums { losses: Losses::zero(terms), ..LossSums::default() }
    }

    /// Adds the sums over other samples.
    pub fn add(&mut self, losses: &Losses, squared_error: f64, samples: usize) {
        self.losses.add(losses);
        self.squared_error += squared_error;
        self.samples += samples as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loss_terms_are_set_added_and_looked_up_by_name() {
        let terms = Terms::new(["reconstruction", "KL"].map(str::to_owned));
        let mut pass = Losses::zero(&terms);
        pass.set("KL", 0.5);
        pass.set("reconstruction", 2.0);
        pass.add_up();
        let mut sums = LossSums::zero(&terms);
        sums.add(&pass, 3.0, 2);
        sums.add(&pass, 3.0, 2);
        let mean = sums.losses.over(4.0);
        let expected = [("total", 1.25), ("reconstruction", 1.0), ("KL", 0.25)];
        assert_eq!(mean.iter().collect::<Vec<_>>(), expected);
        assert_eq!((mean.total(), mean.get("KL"), mean.get("L1")), (1.25, Some(0.25), None));
        assert_eq!((sums.squared_error, sums.samples), (6.0, 4));
    }

    #[test]
    fn losses_are_stored_as_names_and_values() {
        let terms = Terms::new(["KL".to_owned()]);
        let losses = Losses::new(&terms, &[1.5, f64::INFINITY]).expect("two terms");
        let text = ron::to_string(&losses).expect("encodes");
        assert_eq!(text, "[(\"total\",1.5),(\"KL\",inf)]");
        assert_eq!(ron::from_str(&text), Ok(losses));
        assert_eq!(ron::from_str("[]"), Ok(Losses::default()));
        assert_eq!(Losses::new(&terms, &[1.5]), None);
        assert_eq!(ron::to_string(&terms).as_deref(), Ok("[\"total\",\"KL\"]"));
    }
}
