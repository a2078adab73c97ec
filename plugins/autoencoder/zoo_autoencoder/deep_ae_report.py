"""What the card of the deep autoencoder tells: baselines, what one layer reaches, and
its reconstructions."""

from typing import Any

import torch

from zoo import Run
from zoo.recipes import TensorRows, baselines, predict_batches, to_model_input
from zoo_autoencoder.deep_ae_recipe import data, evaluate
from zoo_autoencoder.vae_report import (
    INTERPOLATION,
    LATENT,
    add_reconstructions,
    encode_rows,
    image_png,
    interpolations,
    plot_latent,
)

__all__ = ["report"]


def report(model: Any, run: Run) -> None:
    """Add the baselines, measurements and images of the model card."""
    train_rows, test_rows = data(run, "train"), data(run, "test")
    image = to_model_input(test_rows.input)
    reconstruction = predict_batches(model, image).sigmoid()
    codes = encode_rows(model, image)
    flat = image.flatten(start_dim=1).double()
    mean, components, _ = baselines.pca(train_rows, codes.shape[1])
    residual = (flat - mean) - (flat - mean) @ components @ components.T
    for name, error in {
        "mean image": flat - mean,
        f"{codes.shape[1]} principal components": residual,
    }.items():
        squared = error.square()
        run.log_baseline(
            name,
            squared_error=squared.sum(dim=1).mean().item(),
            mse=squared.mean().item(),
        )
    error = (reconstruction - image).square().sum(dim=(1, 2, 3))
    pca_error = residual.square().sum(dim=1)
    run.log_summary(
        max_squared_error=error.max().item(),
        median_squared_error=error.median().item(),
        better_than_pca=(error < pca_error).float().mean().item(),
    )
    for name, changed in {
        "shifted": image.roll(5, dims=3),
        "inverted": 1 - image,
    }.items():
        rows = TensorRows(
            input=changed, target=test_rows.target, source=name, fingerprint="changed"
        )
        found = evaluate(model, rows)["squared_error"]
        run.log_summary(**{f"squared_error_{name}": found})
    linear = mean + (flat - mean) @ components @ components.T
    add_reconstructions(
        run,
        image[:16],
        torch.cat([reconstruction[:16], linear[:16].clamp(0, 1).view(-1, 1, 28, 28)]),
        "first images",
        below="below each its reconstruction, and that from as many principal "
        "components",
    )
    worst = error.argsort(descending=True)[:16]
    add_reconstructions(
        run,
        image[worst],
        reconstruction[worst],
        "images with the largest error",
        name="worst",
    )
    between = interpolations(model, image, test_rows.target)
    run.log_figure("interpolation", image_png(between), INTERPOLATION)
    run.log_figure("latent", plot_latent(codes, test_rows.target), LATENT)
