"""What the card of the autoencoder tells: baselines, and its reconstructions."""

from typing import Any

from zoo import Run
from zoo.recipes import TensorRows, baselines, predict_batches, to_model_input
from zoo_autoencoder.ae_recipe import data, evaluate
from zoo_autoencoder.vae_report import add_reconstructions

__all__ = ["report"]


def report(model: Any, run: Run) -> None:
    """Add the baselines, measurements and images of the model card."""
    train_rows, test_rows = data(run, "train"), data(run, "test")
    image = to_model_input(test_rows.input)
    reconstruction = predict_batches(model, image).sigmoid()
    code = predict_batches(model.encoder, image)
    flat = image.flatten(start_dim=1).double()
    mean, components, _ = baselines.pca(train_rows, code.shape[1])
    residual = (flat - mean) - (flat - mean) @ components @ components.T
    run.log_baseline("mean image", mse=(flat - mean).square().mean().item())
    run.log_baseline(
        f"{code.shape[1]} principal components", mse=residual.square().mean().item()
    )
    error = (reconstruction - image).square().mean(dim=(1, 2, 3))
    inverted = evaluate(
        model,
        TensorRows(
            input=1 - image,
            target=test_rows.target,
            source="inverted",
            fingerprint="changed",
        ),
    )
    run.log_summary(
        active_latents=(code > 0).any(dim=0).sum().item(),
        max_mse=error.max().item(),
        mse_inverted=inverted["mse"],
    )
    add_reconstructions(run, image[:16], reconstruction[:16], "first images")
    worst = error.argsort(descending=True)[:16]
    add_reconstructions(
        run,
        image[worst],
        reconstruction[worst],
        "images with the largest error",
        name="worst",
    )
