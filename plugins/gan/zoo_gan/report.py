"""What the card of a generator tells: simple methods beside it, figures, pictures.

A judge, a model that reads the same pictures, tells what is drawn. Simple methods are
fitted on the training rows.
"""

import io
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import one_hot

import zoo
from zoo import Run
from zoo.datasets.in_memory import TensorRows, to_model_input
from zoo.evaluation import baselines
from zoo.evaluation.evaluate_tensors import predict_batches
from zoo.evaluation.frechet_distance import (
    extract_features,
    feature_diversity,
    frechet_distance,
)
from zoo.inference import sample as verbs
from zoo.tasks.results.vision import GeneratedImage, image_grid

__all__ = ["Film", "describe", "pixels"]

LARGER = 2  # times its size a picture is shown
COMPONENTS = 20  # as many as the code of a small variational autoencoder has numbers
SOME = 1000  # samples whose nearest neighbours are looked for
NEAR = 0.01  # share of test digits that count as very near to a training digit
SHOWN = 12  # columns of a picture
GREYS = 16  # of a film: more would make it larger, and look the same
ROWS = 4  # of digits in a film
SPEED = 400  # milliseconds for an epoch


def pixels(output: Tensor) -> Tensor:
    """Return what a generator gives, in -1..1, as pixels in 0..1."""
    return (output + 1) / 2


class Film:
    """What is drawn of the same noise after each epoch, kept for resuming."""

    def __init__(self) -> None:
        self.frames: list[Tensor] = []

    def add(self, model: nn.Module) -> None:
        """Draw one frame, in a few greys."""
        drawn = pixels(verbs.outputs(model, ROWS * SHOWN, seed=0))
        grey = drawn.mul(GREYS - 1).round().mul(255 / (GREYS - 1))
        self.frames.append(grey.round().byte())

    def state_dict(self) -> dict[str, Any]:
        """Return the frames, as a run keeps them."""
        return {"frames": self.frames}

    def load_state_dict(self, held: dict[str, Any]) -> None:
        """Go on after the frames of a run that was killed."""
        self.frames = list(held["frames"])

    def show(self, run: Run) -> None:
        """Add the frames to a run as one picture that moves."""
        first, *rest = [_large(_sheet(frame / 255)) for frame in self.frames]
        file = io.BytesIO()
        first.save(
            file,
            format="GIF",
            save_all=True,
            append_images=rest,
            duration=[*[SPEED] * len(rest), 5 * SPEED],
            loop=0,
        )
        run.log_figure("epochs", file.getvalue(), FILM)


def describe(
    model: Any, run: Run, training: TensorRows, test: TensorRows, judge: nn.Module
) -> None:
    """Add baselines, notes and pictures to a run."""
    image, seen = to_model_input(test.input), to_model_input(training.input)
    samples = pixels(verbs.outputs(model, len(image), seed=0))
    _compare(run, training, image, judge)
    _judge(run, judge, image, samples)
    run.log_summary(
        frechet_floor=frechet_distance(judge, seen[: len(image)], image),
        feature_diversity=feature_diversity(
            extract_features(judge, samples), extract_features(judge, image)
        ),
        real_variety=feature_diversity(
            extract_features(judge, seen[: len(image)]), extract_features(judge, image)
        ),
    )
    run.log_figure("samples", _png(_sheet(samples[: 8 * SHOWN])), SAMPLES)
    _neighbours(run, samples[:SOME], image[:SOME], seen)
    run.log_figure("interpolation", _png(_lines(model)), LINES)


SAMPLES = "The first digits that it draws with seed zero, none left out."
LINES = "Straight lines between two rows of noise, a line in a row."
FILM = "The same noise, drawn after each epoch of training."
NEIGHBOURS = (
    "Those samples that come nearest to a training digit, and below each that digit."
)


def _compare(run: Run, training: TensorRows, image: Tensor, judge: nn.Module) -> None:
    """Note what pixels for themselves reach, and some principal components."""
    seen, random = to_model_input(training.input), torch.Generator().manual_seed(0)
    picked = torch.randint(len(seen), (len(image), image[0].numel()), generator=random)
    mixed = seen.flatten(start_dim=1).gather(0, picked).view_as(image)
    middle, directions, spread = baselines.principal(training, COMPONENTS)
    noise = torch.randn(len(image), COMPONENTS, generator=random).double() * spread
    made = (middle + noise @ directions.T).clamp(0, 1).float().view_as(image)
    for name, drawn in {
        "independent pixels": mixed,
        f"{COMPONENTS} principal components": made,
    }.items():
        run.log_baseline(name, frechet_distance=frechet_distance(judge, drawn, image))


def _judge(run: Run, judge: nn.Module, image: Tensor, samples: Tensor) -> None:
    """Note how the judge reads digits and samples."""
    said, drawn = (
        predict_batches(judge, one).softmax(dim=1).max(dim=1)
        for one in (image, samples)
    )
    shares = one_hot(drawn.indices, 10).float().mean(dim=0)
    run.log_summary(
        unsure_of_samples=(drawn.values < 0.9).float().mean().item(),
        unsure_of_digits=(said.values < 0.9).float().mean().item(),
        rarest_digit=shares.min().item(),
        commonest_digit=shares.max().item(),
    )


def _neighbours(run: Run, samples: Tensor, image: Tensor, seen: Tensor) -> None:
    """Note and show how near samples come to training digits, and test digits do."""
    apart, which = nearest(samples, seen)
    usual, _ = nearest(image, seen)
    run.log_summary(
        sample_to_nearest=apart.median().item(),
        digit_to_nearest=usual.median().item(),
        nearest_sample=apart.min().item(),
        nearest_digit=usual.min().item(),
        very_near=(apart < usual.quantile(NEAR)).float().mean().item(),
    )
    close = apart.argsort()[:SHOWN]
    shown = torch.cat([samples[close], seen[which[close]]])
    run.log_figure("neighbours", _png(_sheet(shown)), NEIGHBOURS)


def nearest(rows: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """Return how far the nearest of the others is from each row, and which it is."""
    flat = others.flatten(start_dim=1)
    found = [
        torch.cdist(part, flat).min(dim=1)
        for part in rows.flatten(start_dim=1).split(100)
    ]
    distances, which = zip(*found, strict=True)
    return torch.cat(distances), torch.cat(which)


def _lines(model: Any, count: int = 6) -> Image.Image:
    """Return digits on straight lines between two rows of noise each."""
    random = torch.Generator().manual_seed(0)
    ends = torch.randn(count, 2, model.numbers, generator=random)
    found = []
    for start, end in ends:
        found += zoo.interpolate(model, start, end, steps=SHOWN)
    made = [one.image for one in found if isinstance(one, GeneratedImage)]
    return image_grid(made, columns=SHOWN)


def _sheet(shown: Tensor) -> Image.Image:
    """Return pictures, pixels in 0..1, (count, 1, height, width), in rows."""
    found = shown[:, 0].mul(255).round().byte().numpy()
    return image_grid([Image.fromarray(one) for one in found], columns=SHOWN)


def _large(picture: Image.Image) -> Image.Image:
    size = (LARGER * picture.width, LARGER * picture.height)
    return picture.resize(size, Image.Resampling.NEAREST)


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    _large(picture).save(file, format="PNG")
    return file.getvalue()
