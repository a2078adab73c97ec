"""What the cards of denoisers tell: filters and ridge regression as baselines, other
noise than that of the training, and images."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from zoo import Run
from zoo.recipes import TensorRows
from zoo.results import image_grid
from zoo_autoencoder.denoising import (
    add_noise,
    errors,
    noisy_and_clean,
    remove_noise,
)
from zoo_autoencoder.vae_report import gray_image, image_png

__all__ = ["gaussian_filter", "median_filter", "report_denoising", "ridge"]

PENALTY = 1.0  # of ridge regression
FEW = 2000  # training rows on which a filter is chosen

Filter = Callable[[Tensor, float], Tensor]  # images and how strong, to images


def report_denoising(
    model: Any,
    run: Run,
    train_rows: TensorRows,
    test_rows: TensorRows,
    *,
    std: float,
    smoothing: tuple[str, Filter, Sequence[float]],
) -> None:
    """Add the baselines, measurements and images of a denoiser to a run.

    `smoothing` is a filter: its name, its function and the strengths to choose from.
    """
    noisy, clean = noisy_and_clean(test_rows, std)
    found = remove_noise(model, noisy)
    name, smooth, strengths = smoothing
    strength = choose(smooth, strengths, *noisy_and_clean(train_rows[:FEW], std))
    linear = ridge(*noisy_and_clean(train_rows, std), noisy, penalty=PENALTY)
    run.log_baseline("noisy image", **errors(noisy, clean))
    run.log_baseline(name, **errors(smooth(noisy, strength), clean))
    run.log_baseline("ridge regression", **errors(linear, clean))
    each, each_linear = (
        (one - clean).square().mean(dim=(1, 2, 3)) for one in (found, linear)
    )
    run.log_summary(
        noise=std,
        better_than_ridge=(each < each_linear).float().mean().item(),
        max_mse=each.max().item(),
        filter_strength=strength,
    )
    for kind, given in _other_noise(clean, std).items():
        before, after = errors(given, clean), errors(remove_noise(model, given), clean)
        run.log_summary(
            **{f"{key}_{kind}": value for key, value in after.items()},
            **{f"{key}_{kind}_before": value for key, value in before.items()},
        )
    first, worst = torch.arange(16), each.argsort(descending=True)[:16]
    for figure, what, rows in (
        ("denoised", "first images", first),
        ("worst", "images with the largest error", worst),
    ):
        images = torch.cat([clean[rows], noisy[rows], linear[rows], found[rows]])
        grid = image_grid([gray_image(one) for one in images], columns=16)
        caption = (
            f"The {what} of the test split; below each it with noise, what ridge "
            "regression makes of that, and what the model does."
        )
        run.log_figure(figure, image_png(grid), caption)


def _other_noise(clean: Tensor, std: float) -> dict[str, Tensor]:
    """Return images with noise that the model was not trained on, or with none."""
    generator = torch.Generator().manual_seed(1)
    drawn = torch.rand(clean.shape, generator=generator)
    salted = clean.where(drawn >= 0.05, torch.zeros(())).where(
        drawn < 0.95, torch.ones(())
    )
    return {
        "clean": clean,
        "half": add_noise(clean, std / 2, generator),
        "double": add_noise(clean, std * 2, generator),
        "salted": salted,  # a tenth of the pixels is black or white
    }


def choose(
    smooth: Filter, strengths: Sequence[float], noisy: Tensor, clean: Tensor
) -> float:
    """Return the strength of a filter with the least error."""
    return min(strengths, key=lambda one: errors(smooth(noisy, one), clean)["mse"])


def gaussian_filter(image: Tensor, std: float) -> Tensor:
    """Return images, (B, 1, H, W), blurred; the border pixel goes on outside."""
    reach = round(4 * std)
    at = torch.arange(-reach, reach + 1, dtype=image.dtype)
    weight = (-at.square() / (2 * std * std)).exp()
    weight = weight / weight.sum()
    padded = pad(image, (reach, reach, reach, reach), mode="replicate")
    return conv2d(conv2d(padded, weight.view(1, 1, 1, -1)), weight.view(1, 1, -1, 1))


def median_filter(image: Tensor, size: float) -> Tensor:
    """Return images, (B, 1, H, W), each pixel the median of a square around it."""
    side = int(size)
    reach = side // 2

    def middle(images: Tensor) -> Tensor:
        padded = pad(images, (reach, reach, reach, reach), mode="replicate")
        around = padded.unfold(2, side, 1).unfold(3, side, 1)
        return around.flatten(start_dim=4).median(dim=4).values

    return torch.cat([middle(part) for part in image.split(500)])  # for memory


def ridge(noisy: Tensor, clean: Tensor, given: Tensor, *, penalty: float) -> Tensor:
    """Return what ridge regression from noisy to clean images makes of others.

    The squared error plus `penalty` times the squared weights is minimised, with the
    means of both taken off first; pixels are cut to 0..1.
    """
    inputs, targets = (one.flatten(start_dim=1) for one in (noisy, clean))
    mean, target_mean = inputs.mean(dim=0), targets.mean(dim=0)
    pixels = inputs.shape[1]
    gram = penalty * torch.eye(pixels).double()
    cross = torch.zeros(pixels, pixels).double()
    for rows in torch.arange(len(inputs)).split(5000):  # all at once takes a gigabyte
        centered = (inputs[rows] - mean).double()
        gram += centered.T @ centered
        cross += centered.T @ (targets[rows] - target_mean).double()
    weight = torch.linalg.solve(gram, cross).float()
    output: Tensor = (given.flatten(start_dim=1) - mean) @ weight + target_mean
    return output.clamp(0, 1).view_as(given)
