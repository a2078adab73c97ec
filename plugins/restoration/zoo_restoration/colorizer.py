"""The colorizer of Iizuka et al.: a grey picture in, the same picture in colour out.

Iizuka, Simo-Serra, Ishikawa: "Let there be color! Joint end-to-end learning of global
and local image priors for automatic image colorization with simultaneous
classification", 2016. Low-level features are shared by two branches. One keeps what is
where, the other sees a copy of one size and says what the picture is of. A fusion layer
puts the second beside every place of the first, and a decoder makes colours of both.

The network works in CIE L*a*b* (white D65): it is given the lightness L and predicts a
and b. The equations are beside the functions. With `width=64`, `side=256` and
`transposed=True` it is the course's network, with 51,040,098 parameters.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

__all__ = [
    "AB_RANGE",
    "Colorizer",
    "colorizer",
    "grey_lightness",
    "lab_to_rgb",
]

AB_RANGE = 110.0  # sRGB has a in -86..98 and b in -108..94
STRIDE = 8  # of the low-level features

XYZ_TO_RGB = (  # of IEC 61966-2-1: X, Y and Z to linear red, green and blue
    (3.2404542, -1.5371385, -0.4985314),
    (-0.9692660, 1.8760108, 0.0415560),
    (0.0556434, -0.2040259, 1.0572252),
)
WHITE = (0.9504700, 1.0000001, 1.0888300)  # X, Y and Z of r = g = b = 1: D65
EPSILON, KAPPA = 216 / 24389, 24389 / 27  # of CIE 15: (6 / 29)^3 and (29 / 3)^3


def lab_to_rgb(lab: Tensor) -> Tensor:
    """Return L in 0..100, a and b, (B, 3, H, W), as sRGB; what no screen can show is
    cut off at 0 and 1.

    fy = (L + 16) / 116,  fx = fy + a / 500,  fz = fy - b / 200
    (X / Xn, Y / Yn, Z / Zn) = g(fx), g(fy), g(fz)
    g(f) = f^3 where f^3 > (6 / 29)^3, else (116 f - 16) / (29 / 3)^3
    c = 12.92 linear where linear <= 0.0031308, else 1.055 linear^(1 / 2.4) - 0.055
    """
    lightness, a, b = lab.unbind(dim=1)
    y = (lightness + 16) / 116
    f = torch.stack([y + a / 500, y, y - b / 200], dim=1)
    ratio = torch.where(f**3 > EPSILON, f**3, (116 * f - 16) / KAPPA)
    matrix = lab.new_tensor(XYZ_TO_RGB) * lab.new_tensor(WHITE)
    linear = torch.einsum("ij,bjhw->bihw", matrix, ratio).clamp(0, 1)
    bright = 1.055 * linear.clamp_min(0.0031308) ** (1 / 2.4) - 0.055
    return torch.where(linear <= 0.0031308, 12.92 * linear, bright)


def grey_lightness(grey: Tensor) -> Tensor:
    """Return the lightness L, in 0..100, of grey values in 0..1, of any shape.

    L = 116 f(Y / Yn) - 16, and of grey Y / Yn is the value itself, made linear.
    """
    bright = ((grey + 0.055) / 1.055).clamp_min(0.0) ** 2.4
    luminance = torch.where(grey <= 0.04045, grey / 12.92, bright)
    root = luminance.clamp_min(EPSILON) ** (1 / 3)
    low = (KAPPA * luminance + 16) / 116
    return 116 * torch.where(luminance > EPSILON, root, low) - 16


class Colorizer(nn.Module):
    """A grey picture in 0..1 in, (B, 1, H, W); one in colour out, (B, 3, H, W).

    >>> colorizer().eval()(torch.zeros(1, 1, 90, 120)).shape
    torch.Size([1, 3, 90, 120])
    """

    def __init__(self, *, width: int, side: int, transposed: bool) -> None:
        super().__init__()
        self.side, self.global_width = side, 8 * width
        self.low_level = nn.Sequential(
            conv(1, width, stride=2),
            conv(width, 2 * width),
            conv(2 * width, 2 * width, stride=2),
            conv(2 * width, 4 * width),
            conv(4 * width, 4 * width, stride=2),
            conv(4 * width, 8 * width),
        )
        self.mid_level = nn.Sequential(
            conv(8 * width, 8 * width), conv(8 * width, 4 * width)
        )
        self.global_level = nn.Sequential(
            conv(8 * width, 8 * width, stride=2),
            conv(8 * width, 8 * width),
            conv(8 * width, 8 * width, stride=2),
            conv(8 * width, 8 * width),
            nn.Flatten(),
            nn.Linear(8 * width * (side // (4 * STRIDE)) ** 2, 16 * width),
            nn.ReLU(),
            nn.Linear(16 * width, 8 * width),
            nn.ReLU(),
        )
        self.global_to_fusion = nn.Sequential(
            nn.Linear(8 * width, 4 * width), nn.ReLU()
        )
        self.fusion = nn.Sequential(
            nn.Conv2d(8 * width, 4 * width, 3, padding=1), nn.ReLU()
        )
        self.decoder = nn.Sequential(
            conv(4 * width, 2 * width),
            enlarging(2 * width, width, transposed=transposed),
            conv(width, width),
            enlarging(width, width // 2, transposed=transposed),
            nn.ConvTranspose2d(width // 2, 2, 2, stride=2)
            if transposed
            else nn.Conv2d(width // 2, 2, 3, padding=1),
        )

    def forward(self, grey: Tensor) -> Tensor:
        """Return grey pictures in colour: their own lightness at their own size, with
        the colours of a smaller copy."""
        lightness = grey_lightness(grey)
        size = working_size(grey.shape[-2], grey.shape[-1], self.side)
        small = interpolate(lightness, size=size, mode="bilinear", antialias=True)
        ab, _ = self.colors(small)
        ab = interpolate(ab.float(), size=grey.shape[-2:], mode="bilinear")
        return lab_to_rgb(torch.cat([lightness, ab], dim=1))

    def colors(self, lightness: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the network says of L, (B, 1, H, W) in 0..100 with H and W that 8
        divides: a and b, (B, 2, H, W), or half that size, and global features,
        (B, 8 width).

        y_fusion(u, v) = ReLU(b + W [y_global; y_mid(u, v)]): equation 1 of the paper,
        in which W sees a single place; here, as in the course, it sees 3x3 of them.
        """
        scaled = lightness / 50 - 1
        low = self.low_level(scaled)  # (B, 8 width, H / 8, W / 8)
        mid = self.mid_level(low)  # (B, 4 width, H / 8, W / 8)
        square = (self.side, self.side)
        # The same layers see a copy of one size; a graph always makes it.
        if torch.compiler.is_exporting() or scaled.shape[-2:] != square:
            copy = interpolate(scaled, size=square, mode="bilinear", antialias=True)
            low = self.low_level(copy)
        features = self.global_level(low)
        vector = self.global_to_fusion(features)[..., None, None]  # (B, 4 width, 1, 1)
        fused = torch.cat([mid, vector.expand(-1, -1, *mid.shape[-2:])], dim=1)
        made: Tensor = self.decoder(self.fusion(fused))
        # 2 sigmoid(2 x) - 1 = tanh x: the paper's sigmoid, of a range around zero
        return AB_RANGE * made.tanh(), features


def working_size(height: int, width: int, side: int) -> tuple[int, int]:
    """Return the size at which a picture is looked at: its shorter side is `side`, and
    8 divides both."""
    shorter: Any = torch.sym_min(height, width)  # as min(), also in a graph

    def strides(length: int) -> Any:
        """Return side * length / shorter / STRIDE, rounded half to even."""
        twice, whole = 2 * side * length, 2 * shorter * STRIDE
        count = (twice + whole // 2) // whole
        tie = 1 - torch.sym_min(1, (twice + whole // 2) % whole)
        return count - tie * (count % 2)

    sides: Any = [torch.sym_max(1, strides(one)) for one in (height, width)]
    rows, columns = sides
    return rows * STRIDE, columns * STRIDE


def conv(in_channels: int, out_channels: int, *, stride: int = 1) -> nn.Module:
    """Return a convolution of 3x3 with batch normalization and ReLU."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )


def enlarging(in_channels: int, out_channels: int, *, transposed: bool) -> nn.Module:
    """Return what makes features twice as high and wide: repeated pixels and a
    convolution, as in the paper, or a transposed one, as in the course."""
    if not transposed:
        return nn.Sequential(
            nn.Upsample(scale_factor=2), conv(in_channels, out_channels)
        )
    return nn.Sequential(
        nn.ConvTranspose2d(in_channels, out_channels, 2, stride=2),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )


def colorizer(
    *, width: int = 16, side: int = 64, transposed: bool = False
) -> Colorizer:
    """The paper's network at a quarter of its width, which is 64."""
    return Colorizer(width=width, side=side, transposed=transposed)
