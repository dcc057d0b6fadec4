use crate::project::Padding;

/// A square kernel sliding over a picture, with all sizes known; used by convolution, transposed
/// convolution and pooling.
///
/// Position `(r, c)` of the small picture corresponds to positions `r·stride + i − before.0` (rows)
/// and `c·stride + j − before.1` (columns) of the large one, for `i`, `j` in steps of `dilation`
/// below `dilation · kernel`; positions outside are padding. Convolution and pooling go from large
/// to small, transposed convolution from small to large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Height and width of the large picture.
    pub large: (usize, usize),
    /// Height and width of the small picture.
    pub small: (usize, usize),
    /// Side of the kernel.
    pub kernel: usize,
    /// Distance of neighbouring kernel pixels in the picture.
    pub dilation: usize,
    /// Distance of neighbouring positions.
    pub stride: usize,
    /// Padding above and to the left.
    pub before: (usize, usize),
}

impl Window {
    /// The window of a convolution or pooling over a picture of `large`; `None` if the kernel does
    /// not fit into it, or a size is 0. Sizes are `PyTorch`'s: `⌊(n + 2p − kernel) / stride⌋ + 1`,
    /// and `⌈n / stride⌉` for [`Padding::Same`].
    pub fn over(large: (usize, usize), kernel: usize, stride: usize, padding: Padding) -> Option<Window> {
        Window::over_dilated(large, (kernel, 1), stride, padding)
    }

    /// [`Window::over`] with a kernel whose pixels are `dilation` apart: it spans
    /// `dilation · (kernel − 1) + 1` pixels.
    pub fn over_dilated(
        large: (usize, usize),
        (kernel, dilation): (usize, usize),
        stride: usize,
        padding: Padding,
    ) -> Option<Window> {
        if stride == 0 || large.0 == 0 || large.1 == 0 {
            return None;
        }
        let extent = extent(kernel, dilation)?;
        let side = |n: usize| match padding {
            Padding::Same => {
                let small = n.div_ceil(stride);
                Some((small, same_before(n, small, extent, stride)))
            }
            Padding::Pixels(p) => {
                let room = p.checked_mul(2)?.checked_add(n)?.checked_sub(extent)?;
                Some((room / stride + 1, p))
            }
        };
        let (rows, columns) = (side(large.0)?, side(large.1)?);
        let (small, before) = ((rows.0, columns.0), (rows.1, columns.1));
        Some(Window { large, small, kernel, dilation, stride, before })
    }

    /// The window of a transposed convolution from a picture of `small`; `None` if nothing would be
    /// left, or a size is 0 or too large. Sizes are `PyTorch`'s:
    /// `(n − 1)·stride − 2p + kernel + output padding`, and `(n − 1)·stride + 1 + output padding`
    /// for [`Padding::Same`], which undoes that of a convolution.
    pub fn under(
        small: (usize, usize),
        kernel: usize,
        stride: usize,
        padding: Padding,
        output_padding: (usize, usize),
    ) -> Option<Window> {
        Window::under_dilated(small, (kernel, 1), stride, padding, output_padding)
    }

    /// [`Window::under`] with a kernel whose pixels are `dilation` apart.
    pub fn under_dilated(
        small: (usize, usize),
        (kernel, dilation): (usize, usize),
        stride: usize,
        padding: Padding,
        output_padding: (usize, usize),
    ) -> Option<Window> {
        if stride == 0 || small.0 == 0 || small.1 == 0 {
            return None;
        }
        let extent = extent(kernel, dilation)?;
        let side = |n: usize, extra: usize| {
            let reach = (n - 1).checked_mul(stride)?;
            match padding {
                Padding::Same => {
                    let large = reach.checked_add(1)?.checked_add(extra)?;
                    Some((large, same_before(large, n, extent, stride)))
                }
                Padding::Pixels(p) => {
                    let large =
                        reach.checked_add(extent)?.checked_add(extra)?.checked_sub(p.checked_mul(2)?)?;
                    (large > 0).then_some((large, p))
                }
            }
        };
        let (rows, columns) = (side(small.0, output_padding.0)?, side(small.1, output_padding.1)?);
        let (large, before) = ((rows.0, columns.0), (rows.1, columns.1));
        Some(Window { large, small, kernel, dilation, stride, before })
    }

    /// The output padding with which a transposed convolution of the same kernel, stride and
    /// padding restores this window's large picture.
    pub fn output_padding(&self, padding: Padding) -> (usize, usize) {
        let extent = extent(self.kernel, self.dilation).unwrap_or(self.kernel);
        let side = |large: usize, small: usize, before: usize| {
            let reach = (small - 1) * self.stride;
            match padding {
                Padding::Same => large.saturating_sub(reach + 1),
                Padding::Pixels(_) => (large + 2 * before).saturating_sub(reach + extent),
            }
        };
        (side(self.large.0, self.small.0, self.before.0), side(self.large.1, self.small.1, self.before.1))
    }
}

/// Pixels that a kernel spans; `None` if a size is 0 or too large.
fn extent(kernel: usize, dilation: usize) -> Option<usize> {
    if dilation == 0 {
        return None;
    }
    kernel.checked_sub(1)?.checked_mul(dilation)?.checked_add(1)
}

/// Padding before the first row of a "same" window: half of the total, rounded down.
fn same_before(large: usize, small: usize, extent: usize, stride: usize) -> usize {
    ((small - 1).saturating_mul(stride).saturating_add(extent)).saturating_sub(large) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transposed_window_restores_what_the_window_left() {
        for n in 1..20 {
            for kernel in 1..6 {
                for stride in 1..4 {
                    let paddings =
                        [Padding::Same, Padding::Pixels(0), Padding::Pixels(1), Padding::Pixels(2)];
                    for (padding, dilation) in
                        paddings.into_iter().flat_map(|one| [(one, 1), (one, 2), (one, 3)])
                    {
                        let (large, sizes) = ((n, n + 3), (kernel, dilation));
                        let Some(over) = Window::over_dilated(large, sizes, stride, padding) else {
                            continue;
                        };
                        let extra = over.output_padding(padding);
                        let under = Window::under_dilated(over.small, sizes, stride, padding, extra);
                        assert_eq!(under, Some(over), "{large:?} {sizes:?} {stride} {padding:?}");
                        assert!(extra.0 < stride && extra.1 < stride, "{extra:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn sizes_are_pytorchs() {
        // torch.nn.Conv2d(1, 1, 3, 2, 1) on 28×28 gives 14×14; MaxPool2d(2) on 7×7 gives 3×3;
        // ConvTranspose2d(1, 1, 3, 2, 1, output_padding=1) on 14×14 gives 28×28.
        let conv = Window::over((28, 28), 3, 2, Padding::Pixels(1)).expect("fits");
        assert_eq!((conv.small, conv.before), ((14, 14), (1, 1)));
        assert_eq!(Window::over((7, 7), 2, 2, Padding::Pixels(0)).map(|w| w.small), Some((3, 3)));
        let back = Window::under((14, 14), 3, 2, Padding::Pixels(1), (1, 1)).expect("fits");
        assert_eq!(back.large, (28, 28));
        // Conv2d(1, 1, 3, dilation=2) on 9×9 gives 5×5, ConvTranspose2d of the same settings 9×9 of
        // 5×5.
        let dilated = Window::over_dilated((9, 9), (3, 2), 1, Padding::Pixels(0)).expect("fits");
        assert_eq!(dilated.small, (5, 5));
        let back = Window::under_dilated((5, 5), (3, 2), 1, Padding::Pixels(0), (0, 0));
        assert_eq!(back, Some(dilated));
        assert_eq!(Window::over((2, 2), 3, 1, Padding::Pixels(0)), None);
        assert_eq!(Window::under((1, 1), 1, 1, Padding::Pixels(3), (0, 0)), None);
    }
}
