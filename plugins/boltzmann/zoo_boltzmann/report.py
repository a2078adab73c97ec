"""What the card of a restricted Boltzmann machine tells.

How good its hidden units are as features, simple methods beside it, what a judge reads
in what it draws, and pictures. Simple methods are fitted on the training rows.
"""

import io
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

import zoo
from zoo import Run
from zoo.datasets.in_memory import TensorRows, to_model_input
from zoo.evaluation.evaluate_tensors import predict_batches
from zoo.finetuning import linear_solver as heads
from zoo.inference import sample as verbs
from zoo.tasks.results.vision import image_grid
from zoo_boltzmann.likelihood import annealed
from zoo_boltzmann.rbm import RBM

__all__ = ["describe", "softmax_accuracy"]

LARGER = 2  # times its size a picture is shown
JUDGE = "lenet5-mnist"  # who reads the samples
SHARE = 50  # test rows for each sample that it reads: a chain takes its time
PULL = 1e-6  # how much a softmax regression is held back: hardly
WIDE = 16  # columns of a picture
LABELS = 10


def describe(model: RBM, run: Run, training: TensorRows, test: TensorRows) -> None:
    """Add baselines, notes and pictures to a run."""
    image = to_model_input(test.input)
    _compare(run, training, test)
    run.log_summary(
        features_accuracy=softmax_accuracy(_Features(model), training, test),
        pixels_accuracy=softmax_accuracy(nn.Flatten(), training, test),
        **_units(model, image),
        **_partition(model, len(test) // 2),
    )
    samples = verbs.outputs(model, len(test) // SHARE, seed=0).sigmoid()
    _judge(run, image, samples)
    kept = predict_batches(model, image[:WIDE]).sigmoid()
    for name, (shown, caption) in {
        "samples": (samples[: 6 * WIDE], SAMPLES),
        "reconstructions": (torch.cat([image[:WIDE], kept]), RECONSTRUCTIONS),
        "filters": (_filters(model), FILTERS),
    }.items():
        run.log_figure(name, _png(shown), caption)


SAMPLES = "The first digits that it draws with seed zero, none left out."
RECONSTRUCTIONS = (
    "The first digits of the test split, and below each what is left of it in the "
    "probabilities of the hidden units."
)
FILTERS = "The weights of the first hidden units: light draws a pixel, dark forbids it."


class _Features(nn.Module):
    """The way up, to be run like a whole model."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> Tensor:
        """Return the probabilities of the hidden units."""
        code: Tensor = self.model.encode(image)
        return code


def softmax_accuracy(
    features: nn.Module, training: TensorRows, test: TensorRows
) -> float:
    """Return the test accuracy of softmax regression on what `features` gives."""
    given, asked = (
        predict_batches(features, to_model_input(rows.input)).clone()
        for rows in (training, test)
    )
    label = training.target.long() % LABELS  # noise that stands in has other targets
    start = torch.zeros(LABELS, given.shape[1]), torch.zeros(LABELS)
    weight, bias = heads.solve(start, given, label, cross_entropy, l2=PULL)
    said = (asked @ weight.T + bias).argmax(dim=1)
    return (said == test.target).float().mean().item()


def _compare(run: Run, training: TensorRows, test: TensorRows) -> None:
    """Note what pixels for themselves, and the mean picture, reach."""
    image = to_model_input(test.input)
    chance = to_model_input(training.input).mean(dim=0).clamp(1e-4, 1 - 1e-4)
    ink = torch.bernoulli(image, generator=torch.Generator().manual_seed(0))
    nats = -(ink * chance.log() + (1 - ink) * (1 - chance).log())
    run.log_baseline(
        "independent pixels",
        negative_log_likelihood=nats.sum(dim=(1, 2, 3)).mean().item(),
        mse=(chance - image).square().mean().item(),
    )


def _units(model: RBM, image: Tensor) -> dict[str, float]:
    """Return how often hidden units are on, and how many never or always are."""
    mean = predict_batches(_Features(model), image).mean(dim=0)
    idle = (mean < 0.01) | (mean > 0.99)
    return {"units_on": mean.mean().item(), "idle_units": idle.sum().item()}


def _partition(model: RBM, steps: int) -> dict[str, float]:
    """Return a second estimate of log Z by other chains, and how sure that one is."""
    found = annealed(model, torch.Generator().manual_seed(1), steps=steps)
    return {"log_z": found.value, "log_z_low": found.low, "log_z_high": found.high}


def _judge(run: Run, image: Tensor, samples: Tensor) -> None:
    """Note how the judge reads digits and samples."""
    judge = zoo.load(JUDGE)
    said, drawn = (
        predict_batches(judge, one).softmax(dim=1).max(dim=1)
        for one in (image, samples)
    )
    shares = one_hot(drawn.indices, LABELS).float().mean(dim=0)
    run.log_summary(
        unsure_of_samples=(drawn.values < 0.9).float().mean().item(),
        unsure_of_digits=(said.values < 0.9).float().mean().item(),
        rarest_digit=shares.min().item(),
        commonest_digit=shares.max().item(),
    )


def _filters(model: RBM, rows: int = 6) -> Tensor:
    """Return the weights of the first hidden units as pictures, zero in the middle."""
    weight = model.weight.detach()[: rows * WIDE]
    most = weight.abs().amax(dim=1, keepdim=True)
    return (weight / most / 2 + 0.5).view(-1, 1, model.side, model.side)


def _png(shown: Tensor) -> bytes:
    """Return pictures, pixels in 0..1, (count, 1, height, width), in rows."""
    found = shown[:, 0].mul(255).round().byte().numpy()
    picture = image_grid([Image.fromarray(one) for one in found], columns=WIDE)
    size = (LARGER * picture.width, LARGER * picture.height)
    file = io.BytesIO()
    picture.resize(size, Image.Resampling.NEAREST).save(file, format="PNG")
    return file.getvalue()
