//! Pictures of other sizes than those of the training, for networks without dense layers.

use std::fs;
use std::path::Path;

use hourglass::project::{Activation, Code, Decoder, Layer, Padding, Project, Recipe};
use image::{GrayImage, Luma};

use super::program::{fails, ok, run};

/// A folder with six pictures of this size.
fn pictures(folder: &Path, width: u32, height: u32) {
    fs::create_dir(folder).expect("a folder");
    for number in 0..6 {
        let shade = |x: u32, y: u32| Luma([(40 * number + 3 * x + 5 * y) as u8]);
        let path = folder.join(format!("{number}.png"));
        GrayImage::from_fn(width, height, shade).save(path).expect("written");
    }
}

fn conv(channels: usize, stride: usize) -> Layer {
    Layer::Conv2d {
        channels,
        kernel: 3,
        stride,
        padding: Padding::Same,
        dilation: 1,
        groups: 1,
        activation: Activation::Relu,
    }
}

/// The height, width and channels in the header of an array.
fn shape(path: &Path) -> String {
    let bytes = fs::read(path).expect("written");
    let header = String::from_utf8_lossy(&bytes[10..118]).into_owned();
    header.split(['(', ')']).nth(1).expect("a shape").to_owned()
}

#[test]
fn a_network_without_dense_layers_takes_pictures_of_other_sizes() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    pictures(&dir.join("own"), 16, 16);
    pictures(&dir.join("other"), 24, 20);
    let train = |name: &str, edit: &dyn Fn(&mut Project)| {
        let mut design = Recipe::Undercomplete.project();
        design.data.split.validation = 0.2;
        design.encoder = vec![conv(4, 2)];
        design.code = Code::channels(2);
        edit(&mut design);
        fs::write(dir.join(format!("{name}.ron")), design.to_ron()).expect("written");
        let (from, to) = (format!("{name}.ron"), format!("{name}.hourglass"));
        let own = ["--data", "own", "--size", "16x16", "--channels", "grey", "--epochs", "1"];
        ok(dir, &[&["train", &from][..], &own, &["-o", &to]].concat());
    };

    train("any", &|_| {});
    ok(dir, &["encode", "any.hourglass", "other", "--own-size", "-o", "a.npy"]);
    assert_eq!(shape(&dir.join("a.npy")), "6, 10, 12, 2");
    ok(dir, &["encode", "any.hourglass", "other", "--size", "8x12", "-o", "b.npy"]);
    assert_eq!(shape(&dir.join("b.npy")), "6, 6, 4, 2");
    ok(dir, &["reconstruct", "any.hourglass", "other", "--own-size", "-o", "out"]);
    let first = fs::read_dir(dir.join("out")).expect("a folder").next().expect("a file").expect("read");
    let restored = image::open(first.path()).expect("a picture");
    assert_eq!((restored.width(), restored.height()), (24, 20));
    ok(dir, &["evaluate", "any.hourglass", "other", "--own-size"]);
    let figure =
        ["figure", "any.hourglass", "other", "--own-size", "--view", "reconstructions", "-o", "f.png"];
    fails(
        dir,
        &[&figure[..], &["--pca"]].concat(),
        2,
        "--pca: PCA needs samples of the size of the training",
    );
    ok(dir, &figure);
    fails(
        dir,
        &["neighbours", "any.hourglass", "other", "--own-size", "--sample", "1", "-o", "n.csv"],
        1,
        "neighbours needs samples of the size of the training, 16×16 grey",
    );
    // The user asked for another size, so the data have not changed by themselves.
    let told = run(dir, &["evaluate", "any.hourglass", "--size", "24x20", "--set", "all"]);
    assert!(told.code == Some(0) && !told.stderr.contains("no longer"), "{}", told.stderr);

    train("row", &|design| design.code = Code::plain(2));
    let why = "only takes samples of 16×16 grey: its code is a row of units";
    fails(dir, &["evaluate", "row.hourglass", "other", "--own-size"], 1, why);
    let why = "only takes pictures of 16×16 grey: its code is a row of units";
    fails(dir, &["evaluate", "row.hourglass", "other", "--size", "24x20"], 1, why);

    train("even", &|design| {
        design.decoder = Decoder::Free(vec![Layer::Upsample { factor: 2 }, conv(1, 1)]);
    });
    ok(dir, &["evaluate", "even.hourglass", "other", "--own-size"]);
    let why = "cannot process pictures of 17×17 grey; choose another size, such as a multiple";
    fails(dir, &["evaluate", "even.hourglass", "other", "--size", "17x17"], 1, why);
}
