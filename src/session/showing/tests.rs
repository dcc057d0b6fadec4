use std::path::Path;

use image::{DynamicImage, GrayAlphaImage, GrayImage, ImageBuffer, Luma, LumaA, Rgb, RgbImage};

use super::*;
use crate::check::plan;
use crate::dataset::{Known, load, source_for};
use crate::project::{
    Activation, Alpha, Bottleneck, Channels, Code, Corruption, Decoder, HoleShade, Layer, Loss, Project,
    Recipe, Variance,
};
use crate::run::{RunId, facts};

/// A run on the data at a path, with a design modified by `edit`.
fn run_on(path: &Path, side: usize, channels: Channels, edit: impl FnOnce(&mut Project)) -> (Run, Dataset) {
    let mut design = Recipe::Undercomplete.project();
    design.data.source = source_for(path, side, side, channels).unwrap();
    design.code = Code::plain(2);
    edit(&mut design);
    let data = load(&design.data, &Progress::default()).unwrap();
    let plan = plan(&design, &facts(&data)).unwrap();
    (Run::new(RunId(2), &plan, &data), data)
}

fn shown(run: &Run, paths: &[PathBuf]) -> Result<Shown, String> {
    show(run, paths, None, None, &Progress::default()).map_err(|error| error.to_string())
}

/// The scaled values of all rows.
fn seen(data: &Dataset) -> Vec<f32> {
    let mut out = vec![0.0; data.rows.len()];
    data.gather(&(0..data.len() as u32).collect::<Vec<_>>(), &mut out);
    out
}

/// A folder of pictures of 4×4 pixels, each of a single shade.
fn shades(folder: &Path, shades: &[u8]) {
    std::fs::create_dir_all(folder).unwrap();
    for shade in shades {
        GrayImage::from_pixel(4, 4, Luma([*shade])).save(folder.join(format!("{shade:03}.png"))).unwrap();
    }
}

fn some_shades() -> Vec<u8> {
    (0..30).map(|at| at * 8).chain([255]).collect()
}

#[test]
fn columns_of_a_table_are_found_by_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).unwrap();
        folder.path().join(name)
    };
    let rows: Vec<String> =
        (0..40).map(|at| format!("{},{},{}\n", at % 7, at * at % 11, f64::from(at % 5) + 0.5)).collect();
    let own = at("own.csv", &format!("a,b,c\n{}", rows.concat()));
    let (run, data) = run_on(&own, 8, Channels::Grey, |_| {});
    let other = shown(&run, &[at("other.csv", "c,a,extra,b\n0.5,0,9,0\n1.5,1,9,1\n")]).unwrap();
    assert_eq!(seen(&other.data), seen(&data)[..6], "the first two rows of its own");
    let missing = shown(&run, &[at("less.csv", "c,a\n0.5,0\n1.5,1\n")]).unwrap_err();
    assert!(missing.contains("less.csv") && missing.contains('b'), "{missing}");
    let both = shown(&run, &[folder.path().join("less.csv"), folder.path().join("other.csv")]).unwrap();
    assert_eq!((both.data.len(), both.doubts.len()), (2, 1));
    assert!(both.doubts[0].message.starts_with("left out: "), "{:?}", both.doubts);
}

#[test]
fn pictures_of_other_depths_and_colours_are_converted_as_in_training() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own");
    shades(&own, &some_shades());
    let at = |name: &str, picture: DynamicImage| {
        picture.save(folder.path().join(name)).unwrap();
        folder.path().join(name)
    };
    let deep: ImageBuffer<Luma<u16>, Vec<u16>> = ImageBuffer::from_pixel(4, 4, Luma([204 * 257]));
    let (grey, _) = run_on(&own, 4, Channels::Grey, |_| {});
    let check = |run: &Run, path: PathBuf, expected: f32| {
        let data = shown(run, &[path]).unwrap().data;
        assert_eq!((data.len(), data.shape), (1, run.shape));
        assert!(seen(&data).iter().all(|value| (value - expected).abs() < 1e-3), "{:?}", seen(&data));
        assert!(data.split.train.is_empty());
    };
    check(&grey, at("deep.png", DynamicImage::ImageLuma16(deep.clone())), 0.8);
    check(&grey, at("colours.png", RgbImage::from_pixel(4, 4, Rgb([51; 3])).into()), 0.2);
    let (colours, _) = run_on(&own, 4, Channels::Rgb, |_| {});
    check(&colours, own.join("000.png"), 0.0);
    check(&colours, at("deep.png", DynamicImage::ImageLuma16(deep)), 0.8);
    let both = shown(&grey, &[folder.path().join("deep.png"), own.join("255.png")]).unwrap().data;
    assert_eq!(both.row_names, ["deep.png", "255.png"]);
    let values = seen(&both);
    assert!((values[0] - 0.8).abs() < 1e-3 && (values[16] - 1.0).abs() < 1e-3, "{values:?}");
}

#[test]
fn a_folder_has_classes_and_only_damaged_pictures_are_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let (own, other) = (folder.path().join("own"), folder.path().join("other"));
    shades(&own, &some_shades());
    shades(&other.join("dark"), &[10, 20]);
    shades(&other.join("light"), &[200]);
    std::fs::write(other.join("dark/broken.png"), b"no picture").unwrap();
    let (run, _) = run_on(&own, 4, Channels::Grey, |_| {});
    let data = shown(&run, std::slice::from_ref(&other)).unwrap().data;
    let classes: Vec<String> = (0..3).map(|row| data.labels[0].text(row).into_owned()).collect();
    assert_eq!(classes, ["dark", "dark", "light"]);
    assert!(data.warnings.iter().any(|warning| warning.contains("broken.png")), "{:?}", data.warnings);
    let error = shown(&run, &[other.join("dark/broken.png")]).unwrap_err();
    assert!(error.contains("broken.png"), "{error}");
}

#[test]
fn damaged_pictures_are_read_as_the_corruption_produces_them() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own");
    shades(&own, &some_shades());
    let small = folder.path().join("small.png");
    GrayImage::from_fn(2, 2, |x, y| Luma([[0, 51, 102, 204][(2 * y + x) as usize]])).save(&small).unwrap();
    let with = |corruption| run_on(&own, 4, Channels::Grey, |design| design.corruption = corruption).0;
    let enlarged = seen(&shown(&with(Corruption::Pixelate { size: 2 }), &[small]).unwrap().data);
    let expected = [0, 0, 51, 51, 0, 0, 51, 51, 102, 102, 204, 204, 102, 102, 204, 204];
    let is_near = |(seen, expected): (&f32, &u8)| (seen - f32::from(*expected) / 255.0).abs() < 1e-3;
    assert!(enlarged.iter().zip(&expected).all(is_near), "{enlarged:?}");
    let whole = own.join("200.png");
    let restored = seen(&shown(&with(Corruption::Pixelate { size: 2 }), &[whole]).unwrap().data);
    assert!(restored.iter().all(|value| (value - 200.0 / 255.0).abs() < 1e-3), "large ones are taken too");

    let holed = folder.path().join("holed.png");
    let pixel = |x: u32, _| LumaA([255, if x == 1 { 0 } else { 255 }]);
    GrayAlphaImage::from_fn(4, 4, pixel).save(&holed).unwrap();
    for corruption in [Corruption::MissingRectangle { side: 0.5 }, Corruption::Masking { probability: 0.3 }] {
        let values = seen(&shown(&with(corruption), std::slice::from_ref(&holed)).unwrap().data);
        let expected = [255, 0, 255, 255].repeat(4);
        assert!(values.iter().zip(&expected).all(is_near), "{corruption:?} {values:?}");
    }
    // With a chosen background, transparent parts are not holes.
    let (on_white, _) = run_on(&own, 4, Channels::Grey, |design| {
        design.corruption = Corruption::Masking { probability: 0.3 };
        if let Source::ImageFolder { reading, .. } = &mut design.data.source {
            reading.alpha = Alpha::White;
        }
    });
    let values = seen(&shown(&on_white, std::slice::from_ref(&holed)).unwrap().data);
    assert!(values.iter().all(|value| (value - 1.0).abs() < 1e-3), "{values:?}");
}

#[test]
fn a_mask_marks_the_holes_of_damaged_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own");
    shades(&own, &some_shades());
    let (damaged, path) = (folder.path().join("damaged.png"), folder.path().join("mask.png"));
    // Damaged in its own way, unlike the corruption.
    GrayImage::from_fn(4, 4, |x, _| Luma([if x == 1 { 77 } else { 255 }])).save(&damaged).unwrap();
    GrayImage::from_fn(4, 4, |x, _| Luma([if x == 1 { 0 } else { 255 }])).save(&path).unwrap();
    let mask = Mask { path, holes: HoleShade::Black };
    let read = |corruption| {
        let run = run_on(&own, 4, Channels::Grey, |design| design.corruption = corruption).0;
        show(&run, std::slice::from_ref(&damaged), Some(&mask), None, &Progress::default())
    };
    for corruption in [Corruption::MissingRectangle { side: 0.5 }, Corruption::Masking { probability: 0.3 }] {
        let data = read(corruption).unwrap().data;
        let (values, expected) = (seen(&data), [1.0, 0.0, 1.0, 1.0].repeat(4));
        let is_near = |(value, expected): (&f32, &f32)| (value - expected).abs() < 1e-3;
        assert!(values.iter().zip(&expected).all(is_near), "{corruption:?} {values:?}");
        assert!(
            data.read_report.notes.iter().any(|note| note.contains("black parts of")),
            "{:?}",
            data.read_report.notes
        );
    }
    for corruption in [Corruption::None, Corruption::Pixelate { size: 2 }, Corruption::Gaussian { std: 0.3 }]
    {
        let error = read(corruption).unwrap_err().to_string();
        assert!(error.contains("run 2 did not learn to fill holes"), "{error}");
    }
}

#[test]
fn its_own_data_in_another_folder_are_not_treated_as_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own");
    std::fs::create_dir(&own).unwrap();
    // Reduced by averaging over 2×2 pixels, then enlarged as for the training.
    for shade in some_shades() {
        GrayImage::from_fn(2, 2, |x, _| Luma([shade / (1 + x as u8)]))
            .save(own.join(format!("{shade:03}.png")))
            .unwrap();
    }
    for corruption in [Corruption::Pixelate { size: 2 }, Corruption::Masking { probability: 0.3 }] {
        let (run, data) = run_on(&own, 4, Channels::Grey, |design| design.corruption = corruption);
        let load = |data: &Data, known: Option<Known<'_>>| load_known(data, known, &Progress::default());
        let again: Result<_, DataError> =
            run.load_shown(&run.design.data, true, None, &Progress::default(), load);
        assert!(run.is_own(&again.unwrap(), true), "{corruption:?} {}", data.fingerprint);
    }
}

#[test]
fn a_convolutional_network_accepts_pictures_of_other_sizes() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own");
    shades(&own, &some_shades());
    let conv = |project: &mut Project| {
        project.encoder = vec![Layer::MaxPool2d { size: 2 }];
        project.code = Code::channels(2);
    };
    let (convolutional, _) = run_on(&own, 4, Channels::Grey, conv);
    let (dense, _) = run_on(&own, 4, Channels::Grey, |_| {});
    let at = |name: &str, width: u32, height: u32| {
        let path = folder.path().join(name);
        GrayImage::from_pixel(width, height, Luma([102])).save(&path).unwrap();
        path
    };
    let (wide, more, tall) = (at("a.png", 12, 8), at("b.png", 12, 8), at("c.png", 8, 12));
    let show_in = |run: &Run, paths: &[PathBuf], size: Option<ShownSize>| {
        let shown = show(run, paths, None, size, &Progress::default());
        shown.map(|shown| shown.data).map_err(|error| error.to_string())
    };
    let image = |width: usize, height: usize| Shape::Image { height, width, channels: 1 };
    let check = |paths: &[PathBuf], size: Option<ShownSize>, expected: Result<(usize, Shape), &str>| {
        let found = show_in(&convolutional, paths, size).map(|data| (data.len(), data.shape));
        match (found, expected) {
            (Err(error), Err(part)) => assert!(error.contains(part), "{error}"),
            (found, expected) => assert_eq!(found, expected.map_err(str::to_owned), "{paths:?} {size:?}"),
        }
    };
    check(std::slice::from_ref(&wide), None, Ok((1, image(4, 4))));
    check(&[wide.clone(), more.clone()], Some(ShownSize::Own), Ok((2, image(12, 8))));
    check(&[wide.clone(), tall.clone()], Some(ShownSize::Of(6, 10)), Ok((2, image(6, 10))));
    check(&[wide.clone(), tall], Some(ShownSize::Own), Err("several sizes, 12×8 and 8×12"));
    // Arrays are never resized, and say so.
    let array = folder.path().join("a.npy");
    let mut bytes =
        b"\x93NUMPY\x01\x00\x76\x00{'descr': '|u1', 'fortran_order': False, 'shape': (2, 8, 12), }".to_vec();
    bytes.resize(127, b' ');
    bytes.push(b'\n');
    bytes.extend([102; 2 * 8 * 12]);
    std::fs::write(&array, bytes).unwrap();
    check(std::slice::from_ref(&array), Some(ShownSize::Own), Ok((2, image(12, 8))));
    check(std::slice::from_ref(&array), Some(ShownSize::Of(12, 8)), Ok((2, image(12, 8))));
    check(
        std::slice::from_ref(&array),
        Some(ShownSize::Of(4, 4)),
        Err("12×8, and arrays are not resized to 4×4"),
    );
    check(&[wide.clone(), array], Some(ShownSize::Own), Ok((3, image(12, 8))));
    // One shade is seen as in training, in any size.
    let data = show_in(&convolutional, std::slice::from_ref(&wide), Some(ShownSize::Own)).unwrap();
    assert!(seen(&data).iter().all(|value| (value - 0.4).abs() < 1e-3));
    assert_eq!(convolutional.one_size_only(), None);
    assert_eq!(convolutional.code_shape_for(image(12, 8)), Shape::Image { height: 4, width: 6, channels: 2 });
    let error = show_in(&dense, &[wide], Some(ShownSize::Own)).unwrap_err();
    assert!(error.contains(": its code is a row of units"), "{error}");
    // Each obstacle is named as what it is.
    let only = |edit: &dyn Fn(&mut Project)| {
        let (run, _) = run_on(&own, 4, Channels::Grey, |project| {
            conv(project);
            edit(project);
        });
        run.one_size_only()
    };
    let mdl = Bottleneck::DescriptionLength { choices: 2, width: 0.1, temperature: 0.5 };
    let short = |project: &mut Project| {
        project.code.kind = mdl;
        project.loss = Loss::Gaussian { variance: Variance::Fixed { std: 0.1 } };
    };
    assert_eq!(only(&short), Some("each position of its code has its own prior"));
    let layer_norm = Layer::LayerNorm { activation: Activation::Linear };
    let norm = |project: &mut Project| project.encoder.push(layer_norm.clone());
    assert_eq!(only(&norm), Some("one of its layers has weights for each position"));
    let fixed = |project: &mut Project| {
        project.decoder =
            Decoder::Free(vec![Layer::Upsample { factor: 2 }, Layer::CropOrPad { height: 4, width: 4 }]);
    };
    assert_eq!(only(&fixed), Some("one of its layers gives or needs pictures of a fixed size"));
}
