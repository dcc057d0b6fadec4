//! Figures of every kind, with numbers of every kind, in every format.

use std::path::Path;

use resvg::usvg::{Options, Tree};

use super::*;

const LIGHT: Style = Style { is_dark: false, scale: 1.0 };

fn lines(series: Vec<Series>, is_log: bool) -> Figure {
    let y = if is_log { [-2.0, 1.0] } else { [0.0, 4.0] };
    let drawing = Drawing::Lines(Lines {
        x: Axis { is_whole: true, ..Axis::new("epoch", [0.0, 4.0]) },
        y: Axis { is_log, ..Axis::new("loss", y) },
        series,
        ..Lines::default()
    });
    Figure::new("Loss", drawing)
}

fn curve(name: &str, values: &[f64]) -> Series {
    let points = values.iter().enumerate().map(|(x, y)| [x as f64, *y]).collect();
    Series::new(name, Ink::Run(1), points)
}

fn cloud(count: usize) -> Figure {
    let points = (0..count).map(|at| [(at % 100) as f32 / 100.0, (at / 100 % 100) as f32 / 100.0]);
    let names = (0..12).map(|class| format!("class {class}")).collect();
    let ids = (0..count).map(|at| (at % 12) as u32).collect();
    let drawing = Drawing::Scatter(Scatter {
        x: Axis::new("unit 1", [0.0, 1.0]),
        y: Axis::new("unit 2", [0.0, 1.0]),
        points: points.collect(),
        coloring: Coloring::Classes { label: "digit".to_owned(), names, ids },
        selected: vec![1],
        ..Scatter::default()
    });
    Figure::new("Latent space", drawing)
}

fn tiles() -> Figure {
    let tile = |grey: u8| Tile {
        caption: "0.5".to_owned(),
        picture: Picture { width: 2, height: 1, pixels: vec![[grey; 3], [255; 3]] },
        values: vec![f32::from(grey) / 255.0, 1.0],
    };
    let line = |name: &str| TileLine { name: name.to_owned(), tiles: vec![tile(0), tile(51)] };
    let bar = ColorBar { label: "error".to_owned(), range: [0.0, 0.5], map: ColorMap::Error };
    let tiles = Tiles {
        lines: vec![line("original"), line("reconstruction")],
        side: 40.0,
        bar: Some(bar),
        ..Tiles::default()
    };
    Figure::new("Reconstructions", Drawing::Tiles(tiles))
}

fn bars() -> Figure {
    let bars =
        Bars { bar: "unit".to_owned(), values: vec![0.1, 0.0, 3.0], level: Some(1.0), ..Bars::default() };
    Figure::new("KL", Drawing::Bars(bars))
}

fn panels() -> Figure {
    let inner = [
        ("first".to_owned(), bars().drawing),
        ("second".to_owned(), lines(vec![curve("a", &[1.0, 2.0])], false).drawing),
    ];
    Figure::new("All", Drawing::Panels(Panels { columns: 2, size: [240.0, 180.0], panels: inner.to_vec() }))
}

/// All kinds, some with unusual values.
fn all() -> Vec<Figure> {
    let odd = [1.0, f64::NAN, f64::INFINITY, 0.0, -3.0];
    vec![
        lines(vec![curve("train", &[3.0, 2.0, 1.0])], false),
        lines(vec![curve("a <b> & \"c\"\u{1b}", &odd), curve("empty", &[])], true),
        lines(Vec::new(), false),
        cloud(300),
        cloud(0),
        bars(),
        Figure::new("", Drawing::Bars(Bars::default())),
        tiles(),
        Figure::new("none", Drawing::Tiles(Tiles::default())),
        panels(),
        Figure::new("none", Drawing::Panels(Panels::default())),
    ]
}

fn drawn(figure: &Figure) -> String {
    String::from_utf8(encoded(figure, Form::Svg, LIGHT).expect("drawn")).expect("text")
}

fn numbers(figure: &Figure) -> String {
    String::from_utf8(encoded(figure, Form::Csv, LIGHT).expect("written")).expect("text")
}

#[test]
fn every_figure_is_an_svg_in_both_themes_of_the_size_it_says() {
    for figure in all() {
        for is_dark in [false, true] {
            let svg = encoded(&figure, Form::Svg, Style { is_dark, scale: 1.0 }).expect("drawn");
            let svg = String::from_utf8(svg).expect("text");
            let tree =
                Tree::from_str(&svg, &Options::default()).unwrap_or_else(|error| panic!("{error}: {svg}"));
            let [width, height] = figure.size();
            let near = |a: f32, b: f32| (a - b).abs() < 0.01;
            assert!(
                near(tree.size().width(), width) && near(tree.size().height(), height),
                "{}",
                figure.title
            );
            assert!(!svg.contains("NaN") && !svg.contains("inf\""), "{}", figure.title);
        }
    }
}

#[test]
fn a_picture_has_as_many_pixels_as_points_times_the_scale() {
    for figure in all() {
        for scale in [1.0, 3.0] {
            let png = encoded(&figure, Form::Png, Style { is_dark: true, scale }).expect("drawn");
            let picture = image::load_from_memory(&png).expect("a picture");
            let [width, height] = figure.size().map(|side| (side * scale).round() as u32);
            assert_eq!((picture.width(), picture.height()), (width, height), "{}", figure.title);
        }
    }
    let svg = "<svg xmlns='http://www.w3.org/2000/svg' width='60000' height='10'/>";
    assert_eq!(png(svg, 1.0), Err(FigureError::TooLarge(60_000, 10)));
    assert!(matches!(png("no picture", 1.0), Err(FigureError::Svg(_))));
}

#[test]
fn text_and_pictures_are_in_the_pixels() {
    // Without a typeface, or without the picture decoder, these would be empty.
    let shades = |figure: &Figure| {
        let picture = pixels(&drawn(figure), 1.0).expect("drawn");
        let shades: std::collections::BTreeSet<&[u8]> = picture.rgba.chunks_exact(4).collect();
        shades.len()
    };
    let titled = |title: &str| Figure::new(title, Drawing::Tiles(Tiles::default()));
    assert!(shades(&titled("Loss")) > 8 && shades(&titled("")) == 1, "the title is drawn");
    let picture = pixels(&drawn(&tiles()), 1.0).expect("drawn");
    assert!(picture.rgba.chunks_exact(4).any(|pixel| pixel == [51, 51, 51, 255]), "the pictures are drawn");
}

#[test]
fn curves_are_polylines_with_gaps() {
    let count = |figure: &Figure, element: &str| drawn(figure).matches(element).count();
    // Points of the first polyline.
    let points = |figure: &Figure| {
        let svg = drawn(figure);
        let list = svg.split("<polyline points=\"").nth(1).and_then(|rest| rest.split('"').next());
        list.map_or(0, |list| list.split(' ').count())
    };
    let whole = lines(vec![curve("a", &[1.0, 2.0, 3.0]), curve("b", &[3.0, 2.0, 1.0])], false);
    assert_eq!((count(&whole, "<polyline"), points(&whole)), (2, 3));
    let gap = lines(vec![curve("a", &[1.0, 2.0, f64::NAN, 3.0, 2.0])], false);
    assert_eq!((count(&gap, "<polyline"), points(&gap)), (2, 2));
    // A logarithmic axis cannot show 0 and negative values; a single value is a dot.
    let log = lines(vec![curve("a", &[1.0, 0.1, 0.0, 1.0, -1.0])], true);
    assert_eq!((count(&log, "<polyline"), count(&log, "<circle"), points(&log)), (1, 1, 2));
    let smooth = Series { smooth: vec![[0.0, 1.0], [1.0, 1.5]], ..curve("a", &[1.0, 2.0]) };
    assert_eq!(count(&lines(vec![smooth], false), "<polyline"), 2);
    // A long curve is thinned out to the visible points.
    let long: Vec<[f64; 2]> = (0..200_000).map(|x| [f64::from(x) / 50_000.0, f64::from(x % 7)]).collect();
    let long = lines(vec![Series::new("a", Ink::Accent, long)], false);
    assert!(points(&long) < 3000 && drawn(&long).len() < 200_000);
}

#[test]
fn values_lie_where_the_axes_say() {
    // A curve from one corner of the plot to the other passes through its frame's corners.
    let svg = drawn(&lines(vec![curve("", &[0.0, 1.0, 2.0, 3.0, 4.0])], false));
    let clip = svg.split("<clipPath").nth(1).expect("a clip");
    let number = |name: &str| -> f32 {
        let text = clip.split(&format!(" {name}=\"")).nth(1).and_then(|rest| rest.split('"').next());
        text.and_then(|text| text.parse().ok()).expect(name)
    };
    // The clip is 1.5 points wider than the plot on all sides.
    let (left, bottom) = (number("x") + 1.5, number("y") + number("height") - 1.5);
    let (right, top) = (number("x") + number("width") - 1.5, number("y") + 1.5);
    let list =
        svg.split("<polyline points=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a curve");
    let ends: Vec<Vec<f32>> = [list.split(' ').next(), list.split(' ').next_back()]
        .into_iter()
        .flatten()
        .map(|point| point.split(',').filter_map(|part| part.parse().ok()).collect())
        .collect();
    for (end, expected) in ends.iter().zip([[left, bottom], [right, top]]) {
        assert!(end.iter().zip(expected).all(|(a, b)| (a - b).abs() < 0.03), "{ends:?} {expected:?}");
    }
    for label in ["epoch", "loss", ">0<", ">4<"] {
        assert!(svg.contains(label), "{label}");
    }
}

#[test]
fn a_large_cloud_is_one_picture_of_bounded_size() {
    let elements = |figure: &Figure, element: &str| drawn(figure).matches(element).count();
    let small = cloud(300);
    // 300 points and twelve entries in the legend, of which ten are discs and two are squares.
    let shapes = elements(&small, "<circle") + elements(&small, "<rect");
    assert!(shapes >= 312 && elements(&small, "<image") == 0, "{shapes}");
    let large = cloud(20_000);
    assert_eq!(elements(&large, "<image"), 1);
    assert!(elements(&large, "<circle") < 20);
    assert!(drawn(&large).len() < 4_000_000, "{}", drawn(&large).len());
    assert_eq!(numbers(&large).lines().count(), 20_001, "the table has all of them");
    // The selection is visible at any size: as shapes, or within the picture.
    let with_all = |count: usize| {
        let mut figure = cloud(count);
        if let Drawing::Scatter(scatter) = &mut figure.drawing {
            scatter.selected = (0..count).collect();
        }
        figure
    };
    assert_eq!(elements(&with_all(300), "<circle") - elements(&small, "<circle"), 299);
    let all = with_all(20_000);
    assert!(elements(&all, "<circle") < 20 && drawn(&all) != drawn(&large));
}

#[test]
fn columns_of_one_name_are_distinguished() {
    let two = lines(vec![curve("epoch", &[1.0]), curve("a", &[2.0]), curve("a", &[3.0])], false);
    assert_eq!(numbers(&two), "epoch,epoch (2),a,a (2)\n0,1,2,3\n");
    let panels = Panels { columns: 1, size: [200.0, 100.0], panels: vec![("p".to_owned(), two.drawing)] };
    assert_eq!(
        numbers(&Figure::new("", Drawing::Panels(panels))),
        "plot,epoch,epoch (2),a,a (2)\np,0,1,2,3\n"
    );
}

#[test]
fn tables_hold_the_numbers_in_full() {
    let check = |figure: &Figure, expected: &str| assert_eq!(numbers(figure), expected);
    let late = Series::new("b, late", Ink::Run(2), vec![[1.0, 1e-7], [2.5, 0.25]]);
    let smooth = Series { smooth: vec![[0.0, 1.0]], ..curve("a", &[1.0, f64::NAN]) };
    check(
        &lines(vec![smooth, late], true),
        "epoch,a,a (smoothed),\"b, late\"\n0,1,1,\n1,NaN,,1e-7\n2.5,,,0.25\n",
    );
    check(
        &lines(vec![curve("a", &[0.1 + 0.2, f64::INFINITY])], false),
        "epoch,a\n0,0.30000000000000004\n1,inf\n",
    );
    check(&bars(), "unit,value\n1,0.1\n2,0\n3,3\n");
    let histogram = Bars::histogram("activation", &[0, 3, 1, 0], 2.0);
    check(&Figure::new("", Drawing::Bars(histogram)), "activation from,activation to,count\n-1,0,3\n0,1,1\n");
    check(
        &tiles(),
        "line,place,caption,1,2\noriginal,1,0.5,0,1\noriginal,2,0.5,0.2,1\n\
         reconstruction,1,0.5,0,1\nreconstruction,2,0.5,0.2,1\n",
    );
    check(
        &panels(),
        "plot,unit,value,epoch,a\nfirst,1,0.1,,\nfirst,2,0,,\nfirst,3,3,,\nsecond,,,0,1\nsecond,,,1,2\n",
    );
    let points = Scatter {
        points: vec![[0.1, 2.0], [f32::NAN, -1.0]],
        coloring: Coloring::Numbers { label: "height".to_owned(), values: vec![1.5, 2.5], range: [1.0, 3.0] },
        rows: vec![1, 42],
        selected: vec![1],
        ..Scatter::default()
    };
    check(
        &Figure::new("", Drawing::Scatter(points)),
        "x,y,height,row,selected\n0.1,2,1.5,1,0\nNaN,-1,2.5,42,1\n",
    );
}

#[test]
fn a_histogram_leaves_out_empty_ends() {
    let bars = Bars::histogram("activation", &[0, 0, 2, 0, 4, 0, 0, 0], 4.0);
    assert_eq!((bars.values.clone(), bars.edges), (vec![2.0, 0.0, 4.0], Some([-2.0, 1.0])));
    assert_eq!(bars.ends(1), [-1.0, 0.0]);
    assert!(Bars::histogram("activation", &[], 4.0).values.is_empty());
}

#[test]
fn an_animation_is_a_gif_of_all_its_frames() {
    let frames = |count: usize| {
        Animation::new(0.2, move || {
            (1..=count).map(|at| Figure::new(format!("epoch {at}"), tiles().drawing)).collect()
        })
    };
    let moving = Figure { animation: Some(frames(3)), ..tiles() };
    let gif = encoded(&moving, Form::Gif, LIGHT).expect("written");
    let decoder = image::codecs::gif::GifDecoder::new(std::io::Cursor::new(gif)).expect("a GIF");
    let decoded = image::AnimationDecoder::into_frames(decoder).collect_frames().expect("frames");
    assert_eq!(decoded.len(), 3);
    let [width, height] = moving.size().map(|side| side.round() as u32);
    for frame in &decoded {
        assert_eq!((frame.buffer().width(), frame.buffer().height()), (width, height));
        assert_eq!(frame.delay().numer_denom_ms(), (200, 1));
    }
    for still in [tiles(), Figure { animation: Some(frames(0)), ..tiles() }] {
        assert_eq!(encoded(&still, Form::Gif, LIGHT), Err(FigureError::Still));
    }
    assert_eq!(Form::Gif.check(&tiles()), Err(FigureError::Still));
    let told = std::cell::RefCell::new(Vec::new());
    let should_continue = |done, all| {
        told.borrow_mut().push((done, all));
        done < 1
    };
    assert_eq!(encoded_while(&moving, Form::Gif, LIGHT, should_continue), Err(FigureError::Cancelled));
    assert_eq!(*told.borrow(), [(0, 3), (1, 3)]);
}

#[test]
fn the_form_follows_the_ending() {
    for (path, expected) in [
        ("a.png", Some(Form::Png)),
        ("a.b.SVG", Some(Form::Svg)),
        ("/x/a.Csv", Some(Form::Csv)),
        ("a.gif", Some(Form::Gif)),
        ("png", None),
        ("a.jpg", None),
    ] {
        assert_eq!(Form::of(Path::new(path)), expected, "{path}");
    }
}

#[test]
fn axes_are_marked_as_in_the_window() {
    let labels = |axis: &Axis, height: f32| -> Vec<String> {
        axis.up(height).into_iter().map(|tick| tick.label).collect()
    };
    let log = Axis { is_log: true, ..Axis::new("loss", [-2.0, 1.0]) };
    assert_eq!(labels(&log, 200.0), ["0.01", "0.1", "1", "10"]);
    assert_eq!(labels(&Axis::new("x", [0.0, 100.0]), 180.0), ["0", "20", "40", "60", "80", "100"]);
    let names = Axis { names: ["a", "b", "c"].map(str::to_owned).to_vec(), ..Axis::new("x", [-0.7, 2.7]) };
    assert_eq!(labels(&names, 100.0), ["a", "b", "c"]);
    assert_eq!(log.place(100.0), 2.0);
    assert!(log.place(0.0).is_nan() && log.place(-1.0).is_nan());
    for range in [[1.0, 1.0], [f64::NAN, 1.0], [0.0, f64::INFINITY], [f64::MIN, f64::MAX]] {
        assert_eq!(Axis::new("x", range).ends(), [0.0, 1.0]);
    }
}
