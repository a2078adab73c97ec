"""The report of the first GAN: that of `dcgan-mnist`, on samples of the same count.

Besides, it measures how many times as far samples are from test digits as other real
digits are.
"""

from torch import nn

import zoo
from zoo import Run
from zoo.recipes import predict_batches
from zoo.recipes.sampling import draw_samples
from zoo_gan import dcgan_report
from zoo_gan.dcgan_recipe import CLASSIFIER, data, pixels
from zoo_gan.dcgan_report import evaluate
from zoo_gan.sheets import COLUMNS, png, sheet

__all__ = ["evaluate", "report"]

UNSURE = (
    "The samples, of as many as there are test digits, of whose class the classifier "
    "is least sure: the worst ones."
)


def report(model: nn.Module, run: Run) -> None:
    """Add the baselines, measurements and images of the model card."""
    dcgan_report.report(model, run)
    rows = data(run, "test")
    distance = evaluate(model, rows)["frechet_distance"]
    run.log_summary(frechet_ratio=distance / run.summary["frechet_distance_real"])
    samples = pixels(draw_samples(model, len(rows), seed=0))
    scores = predict_batches(zoo.load(CLASSIFIER), samples).softmax(dim=1)
    unsure = scores.max(dim=1).values.argsort()[: 2 * COLUMNS]
    run.log_figure("unsure", png(sheet(samples[unsure])), UNSURE)
