"""What the card of the denoiser of digits tells; see `denoising_report`.

How `lenet5-mnist` reads the digits says what a user is after more than decibels do.
"""

from typing import Any

from zoo import Run
from zoo.recipes import predict_batches
from zoo_autoencoder.cae_recipe import NOISE, data
from zoo_autoencoder.denoising import noisy_and_clean, remove_noise
from zoo_autoencoder.denoising_report import median_filter, report_denoising

__all__ = ["report"]

CLASSIFIER = "lenet5-mnist"


def report(model: Any, run: Run) -> None:
    """Add the baselines, measurements and images of the model card."""
    train_rows, test_rows = data(run, "train"), data(run, "test")
    smoothing = ("median filter", median_filter, (3, 5, 7))
    report_denoising(model, run, train_rows, test_rows, std=NOISE, smoothing=smoothing)
    run.log_summary(validation_psnr=max(epoch["psnr"] for epoch in run.history))
    noisy, clean = noisy_and_clean(test_rows, NOISE)
    classifier = run.load_model(CLASSIFIER)
    for name, image in {
        "clean": clean,
        "noisy": noisy,
        "denoised": remove_noise(model, noisy),
    }.items():
        label = predict_batches(classifier, image).argmax(dim=1)
        right = (label == test_rows.target).float().mean().item()
        run.log_summary(**{f"readable_{name}": right})
