//! A small whole network against `PyTorch` 2.15 in double precision: loss, every gradient, steps of
//! Adam, clipping.
//!
//! Weights and samples come from the same formula on both sides. The numbers below are the printed
//! results of
//! ```python
//! def single(a): return torch.from_numpy(a.astype(np.float32).astype(np.float64))
//! def value(k, shape): return single(0.8 * np.sin(1.3 * np.arange(np.prod(shape)) + 1.5 * k)).reshape(shape).requires_grad_()
//! x = single(0.5 + 0.45 * np.sin(0.9 * np.arange(7)[:, None] + 1.3 * np.arange(6)))
//! p = [value(k, s) for k, s in enumerate([(5, 6), (5,), (3, 5), (3,), (5, 3), (5,), (6, 5), (6,)])]
//! def loss():
//!     z = torch.relu(torch.tanh(x @ p[0].T + p[1]) @ p[2].T + p[3])
//!     y = torch.relu(z @ p[4].T + p[5]) @ p[6].T + p[7]
//!     return ((y - x) ** 2).sum(1).mean()  # or binary_cross_entropy_with_logits(y, x, reduction='none').sum(1).mean()
//! # tied: p = shapes [(5, 6), (5,), (3, 5), (3,), (5,), (6,)], y = torch.tanh(z @ p[2] + p[4]) @ p[0] + p[5]
//! loss().backward()                               # *_GRADIENTS, all parameters in order
//! opt = torch.optim.Adam(p, lr=0.02)              # *_AFTER_ADAM: three times zero_grad, backward, step
//! torch.nn.utils.clip_grad_norm_(p, 0.5)          # SQUARED_AFTER_CLIPPED_SGD: p[0] - p[0].grad
//! ```

use super::*;
use crate::engine::optimizer::Optimizer as Updates;

const ROWS: [u32; 7] = [0, 1, 2, 3, 4, 5, 6];

/// `scale · sin(…)`, rounded to single precision once, as in the script.
fn sine(offset: f64, scale: f64, angle: f64) -> f32 {
    (offset + scale * angle.sin()) as f32
}

fn samples() -> Arc<Dataset> {
    let value = |index: u32| sine(0.5, 0.45, 0.9 * f64::from(index / 6) + 1.3 * f64::from(index % 6));
    let rows = Rows::F32((0..42).map(value).collect());
    let split = SplitRows { train: ROWS.to_vec(), ..SplitRows::default() };
    Arc::new(Dataset { rows, split, ..(*toy_data(7, 6)).clone() })
}

fn network(data: &Dataset, edit: impl FnOnce(&mut Project)) -> Network {
    let plan = toy_plan(data, |project| {
        project.encoder = vec![Layer::Dense { units: 5, activation: Activation::Tanh }];
        project.code = Code { activation: Activation::Relu, ..Code::plain(3) };
        project.decoder = Decoder::Free(vec![Layer::Dense { units: 5, activation: Activation::Relu }]);
        project.output.activation = Activation::Linear;
        project.corruption = Corruption::None;
        project.training.learning_rate = 0.02;
        edit(project);
    });
    let network = Network::new(&plan, 1).expect("small");
    for (k, parameter) in network.parameters().iter().enumerate() {
        let mut node = parameter.node.borrow_mut();
        for (index, value) in node.values_mut().iter_mut().enumerate() {
            *value = sine(0.0, 0.8, 1.3 * index as f64 + 1.5 * k as f64);
        }
    }
    network
}

fn take_steps(network: &mut Network, data: &Dataset, steps: u64) {
    let training = network.plan().design().training.clone();
    let threads = std::rc::Rc::clone(network.threads());
    let mut updates = Updates::new(&training, network.parameters());
    let mut grads = Grads::leaky();
    for step in 1..=steps {
        network.gather(data, &ROWS, None);
        (_, grads) = network.forward_backward(ROWS.len(), moment(step), grads).expect("small");
        let parameters = network.parameters();
        updates.update(parameters, &mut grads, training.learning_rate, step, &threads).expect("small");
    }
}

fn all_weights(network: &Network) -> Vec<f32> {
    network.parameters().iter().flat_map(|parameter| parameter.node.borrow().values().to_vec()).collect()
}

fn check_equal(what: &str, ours: &[f32], theirs: &[f64], tolerance: f64) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        let ours = f64::from(*ours);
        assert!((ours - theirs).abs() < tolerance, "{what} {index}: {ours}, not {theirs}");
    }
}

#[test]
fn loss_gradients_and_steps_of_a_whole_network_equal_those_of_pytorch() {
    let data = samples();
    let check = |what: &str, edit: &dyn Fn(&mut Project), loss: f64, gradients: &[f64], after: &[f64]| {
        let mut network = network(&data, edit);
        let (ours, slopes) = loss_and_gradients(&mut network, &data, &ROWS);
        assert!((ours - loss).abs() < 1e-6 * loss, "{what}: {ours}, not {loss}");
        check_equal(what, &slopes.concat(), gradients, 1e-5);
        take_steps(&mut network, &data, 3);
        check_equal(&format!("{what}, after Adam"), &all_weights(&network), after, 1e-5);
    };
    check("squared error", &|_| {}, 7.990_411_316_223, &SQUARED_GRADIENTS, &SQUARED_AFTER_ADAM);
    let cross_entropy = |project: &mut Project| {
        project.loss = Loss::BinaryCrossEntropy;
        project.output.activation = Activation::Sigmoid;
    };
    let (gradients, after) = (&CROSS_ENTROPY_GRADIENTS, &CROSS_ENTROPY_AFTER_ADAM);
    check("cross-entropy", &cross_entropy, 4.566_308_829_133, gradients, after);
    let tied = |project: &mut Project| project.decoder = Decoder::Mirrored { tied: true };
    check("tied", &tied, 7.058_262_555_742, &TIED_GRADIENTS, &TIED_AFTER_ADAM);
}

#[test]
fn clipping_equals_that_of_pytorch() {
    let data = samples();
    // A limit above the norm, 11.451, changes nothing.
    for (limit, expected) in [(Some(0.5), true), (Some(11.46), false), (None, false)] {
        let mut network = network(&data, |project| {
            project.training.optimizer = Optimizer::Sgd { momentum: 0.0, nesterov: false };
            project.training.learning_rate = 1.0;
            project.training.gradient_clip = limit;
        });
        let start = all_weights(&network);
        take_steps(&mut network, &data, 1);
        let after = all_weights(&network);
        if expected {
            check_equal("clipped", &after[..30], &SQUARED_AFTER_CLIPPED_SGD, 1e-6);
        } else {
            let moved: Vec<f32> = start.iter().zip(&after).map(|(start, after)| start - after).collect();
            check_equal("not clipped", &moved, &SQUARED_GRADIENTS, 1e-5);
        }
    }
}

#[rustfmt::skip] // one number a line would fill pages
const SQUARED_GRADIENTS: [f64; 109] = [
    -0.042_854_85, 0.012_137_52, -0.001_940_733, -0.064_464_93, -0.083_836_98, -0.031_676_78, -0.195_178_7,
    -0.178_944_1, -0.486_344_5, -0.667_037_6, -0.456_307_5, -0.162_874_4, -0.050_811_14, -0.058_980_08,
    -0.192_808_3, -0.256_237_1, -0.156_343_2, -0.039_471_34, 0.148_957_2, 0.127_948_6, 0.335_342_2,
    0.467_306, 0.330_512_6, 0.125_364_8, 0.118_907_2, 0.109_571_3, 0.350_986_3, 0.489_478_6, 0.322_156_7,
    0.094_147_53, -0.070_019_17, -0.799_71, -0.289_508_4, 0.567_708_6, 0.561_464, 0.208_698_2, -0.214_200_7,
    -0.190_884_4, 0.098_030_78, 0.102_943_2, 0.195_518_2, -0.081_901_54, -0.187_671_3, -0.013_875_59,
    0.151_345_4, -0.087_576_9, 0.227_298, 0.157_768_1, -0.335_961_3, -0.281_251_9, 0.410_115_8, 0.261_556_9,
    0.410_211_2, 0.144_180_4, 0.232_670_2, 0.590_328_5, 0.0, 0.0, 0.047_154_7, 0.0, 0.0, 0.0, -0.152_453_3,
    -0.344_493_2, -0.898_981_9, 0.0, 0.0, -0.035_598_03, 1.678_408, 6.266_199, 0.0, -0.718_216_4,
    -4.912_016, -1.642_747, -0.880_251_7, 0.0, -0.006_439_977, -0.193_651_1, -1.958_831, -0.795_498_6, 0.0,
    -0.022_419_67, -0.175_882, -0.669_216_6, -0.156_902_2, 0.0, -0.015_846_44, -0.033_170_71, -0.283_866_2,
    -0.057_235_9, 0.0, -0.014_762_02, -0.008_723_834, -1.969_106, -0.786_648_7, 0.0, -0.039_402_57,
    -0.169_652_9, -3.810_779, -1.400_847, 0.0, -0.071_679_46, -0.307_190_4, -2.022, -2.120_904,
    -0.590_989_4, -0.231_488_7, -2.100_23, -3.939_043,
];

#[rustfmt::skip] // one number a line would fill pages
const SQUARED_AFTER_ADAM: [f64; 109] = [
    0.036_447_81, 0.713_280_4, 0.400_784_5, -0.545_637_1, -0.681_116_5, 0.206_141_1, 0.815_973_9,
    0.249_699_2, -0.663_914_8, -0.603_367_9, 0.357_723_1, 0.798_009_8, 0.110_580_5, -0.742_926, -0.475_743,
    0.500_715_4, 0.769_521_9, -0.070_944_46, -0.805_925_6, -0.329_227_8, 0.613_753_7, 0.659_544_5,
    -0.271_863_7, -0.807_584_7, -0.191_809_6, 0.711_413_9, 0.548_915_4, -0.421_194_6, -0.790_962_2,
    -0.011_402, 0.801_434_8, 0.271_331_6, -0.641_434_8, -0.618_868_3, 0.318_154_2, 0.089_613_07,
    -0.682_456_5, -0.483_768, 0.409_571_3, 0.739_876_4, -0.053_588_86, -0.790_196_5, -0.365_776_6,
    0.583_174_3, 0.682_372_9, -0.174_900_5, -0.859_796_3, -0.255_135_5, 0.739_089_4, 0.624_243,
    -0.817_313_2, -0.365_206_9, 0.577_124_9, -0.275_969_4, 0.624_000_3, 0.528_738_1, -0.398_083_3,
    -0.815_360_9, -0.105_476_1, 0.754_956_5, 0.456_957_5, -0.510_485_4, -0.678_967_8, 0.178_383_6,
    0.853_939_1, 0.305_000_4, -0.631_038_6, -0.598_844_3, 0.691_250_2, 0.407_974_5, -0.500_056_5,
    -0.675_754_1, 0.166_461_2, 0.389_463_6, -0.554_391_3, -0.658_262_8, 0.319_457, 0.858_511_4, 0.224_893_8,
    -0.650_291_8, -0.545_051, 0.478_125_6, 0.829_017_1, 0.051_606, -0.714_771_9, -0.406_317_3, 0.614_832_1,
    0.762_217_7, -0.127_417_7, -0.757_964_9, -0.248_557_8, 0.724_84, 0.634_911_3, -0.282_998_1,
    -0.728_500_5, -0.079_159_73, 0.805_889_5, 0.538_297_2, -0.430_337_4, -0.680_533_8, 0.093_945_01,
    0.850_511_9, 0.389_126_6, -0.643_880_1, -0.494_964_6, 0.465_626_5, 0.820_542, 0.066_142_25,
    -0.709_227_1,
];

#[rustfmt::skip] // one number a line would fill pages
const CROSS_ENTROPY_GRADIENTS: [f64; 109] = [
    -0.002_368_275, -0.001_166_371, -0.005_711_277, -0.009_344_696, -0.006_743_66, -0.001_718_693,
    -0.007_909_767, -0.002_916_264, -0.019_428_24, -0.033_255_62, -0.024_141_25, -0.005_437_711,
    -0.002_065_294, -0.001_251_335, -0.005_711_547, -0.008_911_709, -0.006_163_576, -0.001_493_17,
    0.006_322_684, 0.003_251_902, 0.018_078_33, 0.029_081_22, 0.020_141_31, 0.004_355_589, 0.005_212_982,
    0.003_518_699, 0.015_800_94, 0.024_066_2, 0.016_205_85, 0.003_735_321, -0.010_178_2, -0.035_191_5,
    -0.009_702_892, 0.030_936_82, 0.026_117_95, -0.001_889_127, 0.002_245_41, 0.001_705_062, -0.001_160_155,
    -0.000_790_166_3, 0.005_114_864, -0.006_273_295, -0.004_602_077, 0.003_313_634, 0.002_049_818,
    0.005_403_034, -0.002_923_006, -0.001_000_373, -0.007_915_555, -0.010_315_75, -0.004_028_855,
    0.011_108_36, 0.041_993_64, 0.002_755_251, 0.008_025_472, 0.023_005_95, 0.0, 0.0, 0.001_972_427, 0.0,
    0.0, 0.0, 0.000_116_523_1, 0.000_263_303_1, 0.000_687_109_9, 0.0, 0.0, -0.000_715_891_4, 0.118_392_9,
    0.407_911, 0.0, 0.000_548_947_2, -0.301_079, 0.002_145_508, -0.105_711, 0.0, 0.009_670_383,
    -0.024_211_69, -0.106_960_3, -0.057_344_08, 0.0, 0.003_690_079, -0.014_032_24, -0.031_859_25,
    0.060_516_18, 0.0, -0.004_820_763, 0.013_565_32, 0.041_721_92, 0.056_669_5, 0.0, -0.005_691_833,
    0.014_125_62, -0.068_121_49, -0.081_781_59, 0.0, 0.000_116_151, -0.017_195_79, -0.220_530_3,
    -0.152_243_6, 0.0, 0.003_027_087, -0.034_567_81, -0.123_211_4, -0.136_165_8, 0.049_818_15, 0.094_972_76,
    -0.133_170_6, -0.312_708_8,
];

#[rustfmt::skip] // one number a line would fill pages
const CROSS_ENTROPY_AFTER_ADAM: [f64; 109] = [
    0.045_081_11, 0.825_519_7, 0.465_690_8, -0.498_976_5, -0.657_909_3, 0.216_300_9, 0.832_483_9,
    0.251_219_8, -0.637_793, -0.569_794_2, 0.381_308_1, 0.811_279_7, 0.124_731_4, -0.731_042, -0.452_051_3,
    0.523_569_5, 0.785_682_8, -0.053_764_52, -0.825_004_6, -0.337_502_6, 0.576_859_6, 0.617_974_5,
    -0.302_952_3, -0.823_074_5, -0.209_950_3, 0.692_215, 0.511_802_4, -0.457_214_8, -0.816_837_6,
    -0.030_629_13, 0.848_943_3, 0.300_925_9, -0.618_373_3, -0.656_665_6, 0.283_045_1, 0.170_773_7,
    -0.792_802_8, -0.563_176_8, 0.520_799_3, 0.808_702_2, -0.063_723_36, -0.734_419_2, -0.358_010_1,
    0.532_553_9, 0.682_738_7, -0.275_833_3, -0.739_889_1, -0.181_848_9, 0.722_137_4, 0.620_551_6,
    -0.723_054_4, -0.392_666_7, 0.536_205, -0.250_796_3, 0.627_357_4, 0.530_680_5, -0.397_739_3, -0.815_103,
    -0.107_694_4, 0.754_956_5, 0.456_957_5, -0.510_485_4, -0.773_821_4, 0.076_143_63, 0.750_453_6,
    0.305_000_4, -0.631_038_6, -0.598_845_1, 0.691_045, 0.408_265_2, -0.500_056_5, -0.779_222_1,
    0.166_550_3, 0.340_445_6, -0.554_654_9, -0.658_262_8, 0.218_219_3, 0.858_516_4, 0.224_981, -0.650_516_5,
    -0.545_051, 0.374_692_5, 0.828_937_3, 0.050_708_15, -0.832_287_6, -0.406_317_3, 0.599_091_9,
    0.643_387_7, -0.238_483_9, -0.858_776_2, -0.248_557_8, 0.709_967_8, 0.544_884_3, -0.282_962_5,
    -0.728_780_1, -0.079_159_73, 0.702_133, 0.538_289_2, -0.430_209_9, -0.680_609_1, 0.093_945_01,
    0.746_883_2, 0.389_137_1, -0.643_771_7, -0.494_975_3, 0.347_081_7, 0.712_804_2, 0.065_962_2,
    -0.709_208_7,
];

#[rustfmt::skip] // one number a line would fill pages
const TIED_GRADIENTS: [f64; 64] = [
    -0.084_523_1, 0.399_561_3, 0.981_576_7, 0.808_869_2, 0.134_455_6, -0.053_646_46, 1.393_015,
    -0.435_392_5, -1.151_657, 0.293_549_9, 1.782_997, 1.134_641, 0.824_207, -0.624_366_1, -1.573_106,
    -0.632_106, 0.820_066_2, 0.655_975_2, -0.961_856_1, 0.184_417_1, 0.550_168_9, -0.400_428_1, -1.274_747,
    -0.791_908_5, -1.249_973, 0.647_127_3, 1.710_964, 0.383_013_6, -1.391_273, -1.012_562, 0.363_433_4,
    1.113_785, 0.218_865, -0.807_768_2, -0.568_368, -0.021_399_81, -0.094_994_61, 0.025_545_7, 0.083_850_94,
    -0.040_562_86, 0.028_856_67, -0.118_453_6, -0.029_911, 0.085_640_87, 0.013_060_54, -0.006_668_536,
    -0.301_891_9, -0.206_876_5, 0.660_667_9, 0.666_272_4, 0.073_944_34, 0.119_255_5, -1.494_046, -1.915_997,
    3.249_95, 1.859_106, -4.169_949, -1.768_445, 1.153_99, -1.444_984, -3.392_056, -1.834_761, 0.945_460_8,
    0.875_577_4,
];

#[rustfmt::skip] // one number a line would fill pages
const TIED_AFTER_ADAM: [f64; 64] = [
    0.058_134_85, 0.711_354_8, 0.352_748_8, -0.609_838_7, -0.766_717_7, 0.228_442_3, 0.739_336_9,
    0.313_792_6, -0.602_978_1, -0.669_548_1, 0.276_584_2, 0.729_96, 0.026_822_86, -0.683_781_4,
    -0.424_132_3, 0.544_324_4, 0.683_758_8, -0.146_184_6, -0.730_090_5, -0.390_400_9, 0.552_578_9,
    0.721_943_7, -0.196_361_3, -0.739_387_3, -0.111_902_2, 0.647_785_3, 0.490_062_6, -0.472_783_4,
    -0.711_142_9, 0.060_145_48, 0.738_525_4, 0.208_156_1, -0.714_071_6, -0.558_291_7, 0.383_724_9,
    0.169_693_9, -0.674_296_9, -0.562_409_7, 0.402_862_9, 0.811_512_5, -0.095_623_45, -0.726_090_6,
    -0.322_568_6, 0.532_931_9, 0.659_433_1, -0.238_015_2, -0.757_728_9, -0.143_841_5, 0.638_167_6,
    0.510_120_7, -0.827_981_3, -0.428_700_4, 0.642_902, -0.164_212_1, 0.620_513_1, 0.528_062, -0.306_281_1,
    -0.723_747, 0.690_884, 0.527_68, -0.440_182_9, -0.675_566_2, 0.047_211_45, 0.733_139,
];

#[rustfmt::skip] // one number a line would fill pages
const SQUARED_AFTER_CLIPPED_SGD: [f64; 30] = [
    0.001_871_21, 0.770_316_6, 0.412_485_8, -0.547_398_1, -0.703_103_1, 0.173_479_1, 0.807_356_9,
    0.263_092_1, -0.641_025_5, -0.580_461_4, 0.356_057_8, 0.796_529_3, 0.088_421_53, -0.740_723_9,
    -0.475_447_5, 0.495_620_2, 0.749_862_8, -0.085_185_81, -0.796_036_5, -0.341_075_5, 0.595_404_4,
    0.641_457_9, -0.270_383_4, -0.804_269_9, -0.176_594, 0.702_312, 0.534_371_5, -0.434_382_3, -0.784_722_8,
    -0.003_400_323,
];
