"""What the card of the sparse autoencoder tells: baselines, how sparse its codes are,
its filters and its reconstructions."""

from typing import Any

import torch
from PIL import Image
from torch import Tensor

from zoo import Run
from zoo.recipes import TensorRows, baselines, predict_batches, to_model_input
from zoo.results import image_grid
from zoo_autoencoder.sparse_ae_recipe import data, evaluate
from zoo_autoencoder.vae_report import add_reconstructions, encode_rows, image_png

__all__ = ["filter_images", "report"]


def report(model: Any, run: Run) -> None:
    """Add the baselines, measurements and images of the model card."""
    train_rows, test_rows = data(run, "train"), data(run, "test")
    image = to_model_input(test_rows.input)
    reconstruction = predict_batches(model, image).sigmoid()
    active = encode_rows(model, image) != 0
    flat = image.flatten(start_dim=1).double()
    mean, components, _ = baselines.pca(train_rows, model.active)
    linear = mean + (flat - mean) @ components @ components.T
    run.log_baseline("mean image", mse=(flat - mean).square().mean().item())
    run.log_baseline(
        f"{model.active} principal components",
        mse=(flat - linear).square().mean().item(),
    )
    error = (reconstruction - image).square().mean(dim=(1, 2, 3))
    linear_error = (flat - linear).square().mean(dim=1)
    frequency = active.float().mean(dim=0)
    run.log_summary(
        units=active.shape[1],
        active_units=active.sum(dim=1).float().mean().item(),
        active_share=active.float().mean().item(),
        unused_units=(frequency == 0).sum().item(),
        max_frequency=frequency.max().item(),
        max_mse=error.max().item(),
        better_than_pca=(error < linear_error).float().mean().item(),
    )
    for name, changed in {
        "shifted": image.roll(5, dims=3),
        "inverted": 1 - image,
    }.items():
        rows = TensorRows(
            input=changed, target=test_rows.target, source=name, fingerprint="changed"
        )
        run.log_summary(**{f"mse_{name}": evaluate(model, rows)["mse"]})
    run.log_figure(
        "filters",
        image_png(image_grid(filter_images(model.filters, frequency), columns=16)),
        "The filters, those that are active most often first: gray is zero, lighter "
        "is above it, darker below.",
    )
    both = [reconstruction[:16], linear[:16].clamp(0, 1).view(-1, 1, 28, 28)]
    add_reconstructions(
        run,
        image[:16],
        torch.cat(both),
        "first images",
        below="below each its reconstruction, and that from as many principal "
        "components as units are active",
    )
    worst = error.argsort(descending=True)[:16]
    add_reconstructions(
        run,
        image[worst],
        reconstruction[worst],
        "images with the largest error",
        name="worst",
    )


def filter_images(filters: Tensor, frequency: Tensor) -> list[Image.Image]:
    """Return the filters as images, by how often their units are active.

    Zero is the gray in the middle; a filter's largest number, of either sign, is white
    or black.
    """
    images = []
    for one in filters.detach()[frequency.argsort(descending=True, stable=True)]:
        gray = (one / one.abs().max() + 1) / 2
        images.append(
            Image.fromarray(gray.view(28, 28).mul(255).round().byte().numpy())
        )
    return images
