"""How near restored pictures are to the originals, as papers measure.

Of enlarged ones PSNR and SSIM compare bytes of the luminance (ITU-R BT.601, 16 to 235),
without the pixels at the border, as many as a picture was enlarged by. Of colorized
ones PSNR compares a and b of CIE L*a*b*.
"""

import math
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import conv2d

from zoo.runtime.image_generation import pixels
from zoo.runtime.lab import rgb_to_lab
from zoo.runtime.rows import model_inputs, predict_batches, spec_of

BATCH_ROWS = 64  # pictures enlarged together: larger ones fill the memory
WHITE = 255.0
LEAST_ERROR = 1e-10  # of the squared white: equal pictures have 100 dB
WINDOW, SIGMA = 11, 1.5  # of the Gaussian that SSIM averages by, in pixels
K1, K2 = 0.01, 0.03  # keep its two ratios from dividing by nothing


def shrink(image: Image.Image, scale: int) -> tuple[Image.Image, Image.Image]:
    """Return a picture `scale` times smaller, by bicubic interpolation as papers on
    super-resolution do, and the picture it is of: what is left over at the right and at
    the bottom is cut off."""
    width, height = image.width // scale, image.height // scale
    large = image.crop((0, 0, scale * width, scale * height))
    small = large.resize((max(1, width), max(1, height)), Image.Resampling.BICUBIC)
    return small, large


def evaluate(model: nn.Module, rows: Any) -> dict[str, float]:
    """Return the metrics of a model on rows, in eval mode; see `metrics`."""
    parts = [
        predict_batches(model, part, batch_size=BATCH_ROWS)
        for part in model_inputs(model, rows)
    ]
    return metrics(torch.cat(parts), rows.target, spec_of(model).output)


def metrics(output: Tensor, target: Tensor, output_spec: Any) -> dict[str, float]:
    """Return the mean PSNR, in dB, and SSIM of a model's output, or of one that is
    colorized what `color_summary` says; `target` are the originals as bytes, (batch,
    channels, height, width)."""
    parts = zip(output.split(BATCH_ROWS), target.split(BATCH_ROWS), strict=True)
    measured = [errors(*part, output_spec) for part in parts]
    return summary(torch.cat(measured), output_spec)


def errors(output: Tensor, target: Tensor, output_spec: Any) -> Tensor:
    """Return two figures of each row of a model's output, (batch, 2), from which
    `summary` makes the metrics of all."""
    made = pixels(output, output_spec).mul(WHITE).round()
    if output_spec.kind == "colorized-image":
        return color_errors(made, target)
    return enlarged_errors(made, target, border=output_spec.scale)


def summary(measured: Tensor, output_spec: Any) -> dict[str, float]:
    """Return the metrics of rows by their `errors`."""
    if output_spec.kind == "colorized-image":
        return color_summary(measured)
    return enlarged_summary(measured)


def quality(made: Tensor, target: Tensor, *, border: int) -> dict[str, float]:
    """Return the mean PSNR and SSIM of bytes, (batch, channels, height, width) each,
    without `border` pixels at each side."""
    return enlarged_summary(enlarged_errors(made, target, border=border))


def enlarged_errors(made: Tensor, target: Tensor, *, border: int) -> Tensor:
    """Return PSNR and SSIM of each pair of bytes, (batch, 2)."""
    inside = slice(border, -border or None)
    first, second = (
        luminance(one)[..., inside, inside].double() for one in (made, target)
    )
    return torch.stack([psnr(first, second), ssim(first, second)], dim=1)


def enlarged_summary(measured: Tensor) -> dict[str, float]:
    psnr_mean, ssim_mean = measured.mean(dim=0).tolist()
    return {"psnr": psnr_mean, "ssim": ssim_mean}


def color_quality(made: Tensor, target: Tensor) -> dict[str, float]:
    """Return how near the colours of bytes, (batch, 3, height, width) each, are; see
    `color_summary`."""
    return color_summary(color_errors(made, target))


def color_errors(made: Tensor, target: Tensor) -> Tensor:
    """Return of each pair of bytes, (B, 3, H, W), the mean of (a - a')^2 and (b - b')^2
    in CIE L*a*b*, and the mean of sqrt(a^2 + b^2) of what was made: (B, 2)."""
    first, second = (rgb_to_lab(one / WHITE)[:, 1:].double() for one in (made, target))
    error = (first - second).square().mean(dim=(1, 2, 3))
    return torch.stack([error, first.norm(dim=1).mean(dim=(1, 2))], dim=1)


def color_summary(errors: Tensor) -> dict[str, float]:
    """Return the metrics of pictures by their `color_errors`: `chroma`, a mean, and

    ab_psnr = 10 log10(255^2 / mean error)

    with the mean over all pictures inside of the logarithm, because a single picture
    that has no colours would have no bound.
    """
    error, chroma = errors.mean(dim=0).tolist()
    ratio = max(error / WHITE**2, LEAST_ERROR)
    return {"ab_psnr": -10 * math.log10(ratio), "chroma": chroma}


def luminance(image: Tensor) -> Tensor:
    """Return the luminance of bytes, (B, 3, H, W), as (B, 1, H, W) in 16..235; of gray
    ones, the gray."""
    if image.shape[1] == 1:
        return image.float()
    weights = image.new_tensor([65.481, 128.553, 24.966], dtype=torch.float32) / WHITE
    return 16 + (image.float() * weights.view(3, 1, 1)).sum(dim=1, keepdim=True)


def psnr(first: Tensor, second: Tensor) -> Tensor:
    """Return the peak signal-to-noise ratio of each pair, (B,), in dB:

    PSNR = 10 log10(255^2 / mean (x - y)^2)
    """
    error = (first - second).square().mean(dim=(1, 2, 3)) / WHITE**2
    return -10 * error.clamp_min(LEAST_ERROR).log10()


def ssim(first: Tensor, second: Tensor) -> Tensor:
    """Return the structural similarity of each pair, (B,), of (B, 1, H, W):

    SSIM = (2 m_x m_y + c1) (2 s_xy + c2) / ((m_x^2 + m_y^2 + c1) (s_x^2 + s_y^2 + c2))

    with means m, variances s^2 and the covariance s_xy under a Gaussian window, where
    all of it lies in the picture. Wang et al., "Image quality assessment: from error
    visibility to structural similarity", 2004. A smaller picture has a smaller window.
    """
    window = _window(min(WINDOW, *first.shape[-2:])).to(first)
    planes = (first, second, first * first, second * second, first * second)
    mean_1, mean_2, square_1, square_2, product = (
        conv2d(plane, window) for plane in planes
    )
    c1, c2 = (K1 * WHITE) ** 2, (K2 * WHITE) ** 2
    varied = (square_1 - mean_1**2) + (square_2 - mean_2**2) + c2
    shared = 2 * (product - mean_1 * mean_2) + c2
    nearness = (2 * mean_1 * mean_2 + c1) / (mean_1**2 + mean_2**2 + c1)
    return (nearness * shared / varied).mean(dim=(1, 2, 3))


def _window(side: int) -> Tensor:
    """Return a Gaussian, (1, 1, side, side), that sums to one."""
    place = torch.arange(side, dtype=torch.float64) - (side - 1) / 2
    line = torch.exp(-place.square() / (2 * SIGMA**2))
    line = line / line.sum()
    return (line[:, None] * line)[None, None]
