"""CIE L*a*b*: colours as a lightness and two differences, near to how they are seen."""

import torch
from torch import Tensor

# Linear sRGB to X, Y and Z: IEC 61966-2-1.
MATRIX = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
WHITE = tuple(sum(row) for row in MATRIX)  # of r = g = b = 1: D65, so that grey is grey
EPSILON, KAPPA = 216 / 24389, 24389 / 27  # (6 / 29)^3 and (29 / 3)^3: CIE 15


def rgb_to_lab(rgb: Tensor) -> Tensor:
    """Return sRGB in 0..1, (batch, 3, height, width), as L in 0..100, a and b.

    linear = c / 12.92 where c <= 0.04045, else ((c + 0.055) / 1.055)^2.4
    (X, Y, Z) = M linear
    L = 116 f(Y / Yn) - 16
    a = 500 (f(X / Xn) - f(Y / Yn))
    b = 200 (f(Y / Yn) - f(Z / Zn))
    f(t) = t^(1/3) where t > (6 / 29)^3, else ((29 / 3)^3 t + 16) / 116

    >>> rgb_to_lab(torch.ones(1, 3, 1, 1)).flatten().round().tolist()
    [100.0, 0.0, 0.0]
    """
    matrix = rgb.new_tensor(MATRIX) / rgb.new_tensor(WHITE)[:, None]
    bright = ((rgb + 0.055) / 1.055) ** 2.4
    linear = torch.where(rgb <= 0.04045, rgb / 12.92, bright)
    ratio = torch.einsum("ij,bjhw->bihw", matrix, linear)
    root = ratio.clamp_min(EPSILON) ** (1 / 3)
    x, y, z = torch.where(ratio > EPSILON, root, (KAPPA * ratio + 16) / 116).unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=1)
