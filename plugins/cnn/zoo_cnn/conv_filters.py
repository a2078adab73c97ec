"""Filters whose kernels are known: convolution without training, all in this file.

As in the networks, a "convolution" is a cross-correlation, the kernel not flipped
(Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016). With
padding p and stride s, of a picture x and a kernel w of k rows and columns:

    y[i, j] = sum over a, b < k of w[a, b] * x[s i + a - p, s j + b - p]

x is zero outside the picture, and y has floor((n + 2 p - k) / s) + 1 rows of n.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import conv1d, conv2d

__all__ = ["ConvFilters", "conv_filters"]

# The sides of the kernels, by name; the recipe holds their values.
IN_TWO_DIMENSIONS = {
    "edge": (3, 3),
    "blur": (3, 3),
    "sharpen": (3, 3),
    "sobel_x": (3, 3),
    "sobel_y": (3, 3),
    "horizontal_line": (4, 4),
    "vertical_line": (5, 5),
}
IN_ONE_DIMENSION = {"difference": (2,), "moving_average": (3,)}
MOST = 64  # pixels of padding and of a stride


class ConvFilters(nn.Module):
    """Kernels in one and two dimensions, which the module applies one at a time.

    A call applies the edge kernel; `filter` and `filter_series` apply the one named.

        filters = conv_filters()
        filters(torch.rand(2, 1, 28, 28))  # (2, 1, 28, 28)
        filters.filter(torch.rand(2, 1, 28, 28), "sobel_x")  # (2, 1, 28, 28)
    """

    def __init__(self, *, padding: int = 1, stride: int = 1) -> None:
        super().__init__()
        if not (0 <= padding <= MOST and 1 <= stride <= MOST):
            raise ValueError(
                f"padding={padding} should be from 0 to {MOST}, and stride={stride} "
                f"from 1"
            )
        self.padding, self.stride = padding, stride
        sides = IN_TWO_DIMENSIONS | IN_ONE_DIMENSION
        # Known kernels are not to be trained, so they ask for no gradient.
        self.kernels = nn.ParameterDict(
            {
                name: nn.Parameter(torch.randn(1, 1, *side), requires_grad=False)
                for name, side in sides.items()
            }
        )

    def forward(self, image: Tensor) -> Tensor:
        """Turn pixels, (B, 1, H, W), into sums by the edge kernel, not clipped."""
        return self.filter(image, "edge")

    def filter(self, image: Tensor, name: str) -> Tensor:
        """Turn pixels, (B, 1, H, W), into sums by the kernel of that name."""
        kernel = self.kernels[name]
        return conv2d(image, kernel, stride=self.stride, padding=self.padding)

    def filter_series(self, series: Tensor, name: str) -> Tensor:
        """Turn series, (B, 1, L), into sums by the kernel of that name."""
        kernel = self.kernels[name]
        return conv1d(series, kernel, stride=self.stride, padding=self.padding)


def conv_filters(*, padding: int = 1, stride: int = 1) -> ConvFilters:
    """The filters with random kernels; the recipe sets the known ones."""
    return ConvFilters(padding=padding, stride=stride)
