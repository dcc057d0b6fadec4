//! The original size of pictures in files.

use super::{DataError, Progress, image_folder};
use crate::project::Source;

/// Common width and height of all pictures that these sources read; `None` if none of them reads
/// pictures from files. Arrays always have their own size.
///
/// # Errors
/// [`DataError::Setting`] if they differ or none can be read; those of reading.
pub fn own_size(sources: &[Source], progress: &Progress) -> Result<Option<(usize, usize)>, DataError> {
    let mut known: Option<[(u32, u32); 2]> = None;
    let mut has_files = false;
    for source in sources {
        let Source::ImageFolder { path, reading, .. } = source else { continue };
        has_files = true;
        for size in image_folder::sizes(path, reading, progress)?.into_iter().flatten() {
            let [first, _] = known.unwrap_or([size; 2]);
            known = Some([first, size]);
            if first != size {
                return Err(DataError::Setting(format!(
                    "the pictures have several sizes, {}×{} and {}×{} among them; choose one for all of them",
                    first.0, first.1, size.0, size.1
                )));
            }
        }
    }
    match known {
        Some([(width, height), _]) => Ok(Some((width as usize, height as usize))),
        None if !has_files => Ok(None),
        None => Err(DataError::Setting("none of the pictures can be read".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::{Channels, Fit, PictureReading};

    #[test]
    fn pictures_of_one_size_have_it_and_others_are_reported() {
        let dir = tempfile::tempdir().expect("a folder");
        let picture = |name: &str, width: u32, height: u32| {
            let path = dir.path().join(name);
            image::GrayImage::new(width, height).save(&path).expect("written");
            let (fit, reading) = (Fit::Stretch, PictureReading::default());
            Source::ImageFolder { path, width: 4, height: 4, channels: Channels::Grey, fit, reading }
        };
        let [wide, same, tall] = [picture("a.png", 6, 3), picture("b.png", 6, 3), picture("c.png", 3, 6)];
        let of = |sources: &[Source]| own_size(sources, &Progress::default());
        assert_eq!(of(&[wide.clone(), same]).expect("one size"), Some((6, 3)));
        let error = of(&[wide.clone(), tall]).expect_err("two sizes").to_string();
        assert!(error.contains("6×3 and 3×6"), "{error}");
        assert_eq!(of(&[Source::Digits]).expect("no files"), None);
        assert_eq!(of(&[Source::Digits, wide.clone()]).expect("one size"), Some((6, 3)));
        let Source::ImageFolder { fit, reading, .. } = wide else { panic!("a folder") };
        let path = dir.path().to_owned();
        let all = Source::ImageFolder { path, width: 4, height: 4, channels: Channels::Grey, fit, reading };
        assert!(of(&[all]).is_err());
    }
}
