//! Similarity of a restored picture to the clean one.

/// Half width of the window, and standard deviation of its weights (Wang et al. 2004).
const WINDOW: (isize, f64) = (5, 1.5);
/// Constants that keep the quotient finite without variance, as shares of the range.
const STABILISERS: (f64, f64) = (0.01, 0.03);

/// Peak signal-to-noise ratio in decibels: `10 log₁₀ range² / mse`; infinite without error.
pub fn psnr(mse: f64, range: f64) -> f64 {
    10.0 * (range * range / mse).log10()
}

/// Mean structural similarity (Wang et al. 2004) of two pictures of `width` × `height`, one
/// channel, whose values span `range`: 1 if they are equal. The window of 11 × 11 pixels with
/// normal weights is cropped at the borders, so that small pictures work too.
pub fn ssim(a: &[f32], b: &[f32], (width, height): (usize, usize), range: f64) -> f64 {
    let (reach, deviation) = WINDOW;
    let weight = |offset: isize| (-0.5 * (offset as f64 / deviation).powi(2)).exp();
    let (c1, c2) = ((STABILISERS.0 * range).powi(2), (STABILISERS.1 * range).powi(2));
    let mut sum = 0.0;
    for y in 0..height as isize {
        for x in 0..width as isize {
            let [mut all, mut mean_a, mut mean_b, mut aa, mut bb, mut ab] = [0.0; 6];
            for row in (y - reach).max(0)..(y + reach + 1).min(height as isize) {
                for column in (x - reach).max(0)..(x + reach + 1).min(width as isize) {
                    let w = weight(row - y) * weight(column - x);
                    let at = row as usize * width + column as usize;
                    let (p, q) = (f64::from(a[at]), f64::from(b[at]));
                    all += w;
                    mean_a += w * p;
                    mean_b += w * q;
                    aa += w * p * p;
                    bb += w * q * q;
                    ab += w * p * q;
                }
            }
            let (mean_a, mean_b) = (mean_a / all, mean_b / all);
            let (var_a, var_b) = (aa / all - mean_a * mean_a, bb / all - mean_b * mean_b);
            let covariance = ab / all - mean_a * mean_b;
            sum += (2.0 * mean_a * mean_b + c1) * (2.0 * covariance + c2)
                / ((mean_a * mean_a + mean_b * mean_b + c1) * (var_a + var_b + c2));
        }
    }
    sum / (width * height).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(seed: usize) -> Vec<f32> {
        (0..12 * 9).map(|pixel| ((pixel * 37 + seed * 101) % 64) as f32 / 63.0).collect()
    }

    #[test]
    fn decibels_follow_their_definition() {
        assert!((psnr(0.01, 1.0) - 20.0).abs() < 1e-12);
        assert!((psnr(65.025, 255.0) - 30.0).abs() < 1e-9);
        assert_eq!(psnr(0.0, 1.0), f64::INFINITY);
    }

    #[test]
    fn equal_pictures_are_alike_and_opposite_ones_are_not() {
        let a = picture(1);
        assert!((ssim(&a, &a, (12, 9), 1.0) - 1.0).abs() < 1e-12);
        let b = picture(2);
        let (ab, ba) = (ssim(&a, &b, (12, 9), 1.0), ssim(&b, &a, (12, 9), 1.0));
        assert!((ab - ba).abs() < 1e-12 && ab < 1.0);
        let opposite: Vec<f32> = a.iter().map(|v| 1.0 - v).collect();
        assert!(ssim(&a, &opposite, (12, 9), 1.0) < 0.0);
    }

    #[test]
    fn constant_pictures_differ_by_their_brightness_alone() {
        // No variance: (2 p q + c₁) / (p² + q² + c₁) with c₁ = 0.01².
        let (p, q) = (0.5, 0.25);
        let expected = (2.0 * p * q + 1e-4) / (p * p + q * q + 1e-4);
        let found = ssim(&[p as f32; 30], &[q as f32; 30], (6, 5), 1.0);
        assert!((found - expected).abs() < 1e-9, "{found} {expected}");
    }

    #[test]
    fn one_pixel_has_a_window_of_itself() {
        let found = ssim(&[1.0], &[0.0], (1, 1), 1.0);
        assert!((found - 1e-4 / (1.0 + 1e-4)).abs() < 1e-9, "{found}");
    }
}
