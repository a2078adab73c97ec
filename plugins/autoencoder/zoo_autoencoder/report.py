"""What the card of an autoencoder tells: simple methods beside it, figures, pictures.

Simple methods are fitted on the training rows. A judge, a model that reads the same
pictures, tells whether a picture is still what it was.
"""

import io
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import one_hot

from zoo import Run
from zoo.datasets.in_memory import TensorRows, to_model_input
from zoo.evaluation import baselines
from zoo.evaluation import plots as pictures
from zoo.evaluation.evaluate_tensors import predict_batches
from zoo.evaluation.frechet_distance import frechet_distance
from zoo.inference import sample as verbs
from zoo.tasks.results.vision import image_grid

__all__ = ["describe", "show_reconstructions"]

LARGER = 2  # times its size a picture is shown
DRAWS = 50  # codes per picture in the estimate of the likelihood
ROWS = 1000  # pictures it is made on
USED = 0.05  # nats that a number of a code costs, at least, if it says something


def describe(
    model: Any, run: Run, training: TensorRows, test: TensorRows, judge: nn.Module
) -> None:
    """Add baselines, notes and pictures to a run."""
    image, codes = (
        to_model_input(test.input),
        predict_batches(_Encoder(model), to_model_input(test.input)),
    )
    kept = predict_batches(model, image).sigmoid()
    samples = verbs.outputs(model, len(image), seed=0).sigmoid()
    _compare(run, training, test, judge, model.code)
    _judge(run, judge, image, kept, samples)
    run.log_summary(
        frechet_floor=frechet_distance(
            judge, to_model_input(training.input[: len(test)]), image
        )
    )
    run.log_summary(**_likelihood(model, image[:ROWS]))
    run.log_figure(
        "samples",
        _png(image_grid([_image(one) for one in samples[:96]], columns=16)),
        "The first digits that it draws with seed zero, none left out.",
    )
    show_reconstructions(run, image[:16], kept[:16], "first digits")
    run.log_figure("interpolation", _png(_lines(model, image, test.target)), LINES)
    run.log_figure("latent", _latent(codes, test.target), LATENT)


LINES = "Straight lines between the codes of two test digits, a line in a row."
LATENT = (
    "The codes of the test digits, along the two directions in which they differ most."
)


class _Encoder(nn.Module):
    """The first half of a model, to be run like a whole one."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> Tensor:
        code: Tensor = self.model.encode(image)
        return code


def show_reconstructions(
    run: Run, image: Tensor, kept: Tensor, what: str, *, name: str = "reconstructions"
) -> None:
    """Add a picture of inputs with what was made of them below; pixels in 0..1."""
    shown = image_grid([_image(one) for one in (*image, *kept)], columns=len(image))
    caption = f"The {what} of the test split, and below each what is left of it."
    run.log_figure(name, _png(shown), caption)


def _compare(
    run: Run, training: TensorRows, test: TensorRows, judge: nn.Module, count: int
) -> None:
    """Note what pixels for themselves reach, and as many principal components."""
    image, seen = to_model_input(test.input), to_model_input(training.input)
    random = torch.Generator().manual_seed(0)
    chance = seen.mean(dim=0).clamp(1e-4, 1 - 1e-4)
    cost = -(image * chance.log() + (1 - image) * (1 - chance).log())
    nats = cost.sum(dim=(1, 2, 3)).mean().item()
    picked = torch.randint(len(seen), (len(image), image[0].numel()), generator=random)
    mixed = seen.flatten(start_dim=1).gather(0, picked).view_as(image)
    run.log_baseline(
        "independent pixels",
        negative_elbo=nats,
        bits_per_pixel=nats / image[0].numel() / torch.log(torch.tensor(2.0)).item(),
        mse=(chance - image).square().mean().item(),
        frechet_distance=frechet_distance(judge, mixed, image),
    )
    middle, directions, spread = baselines.principal(training, count)
    apart = image.flatten(start_dim=1).double() - middle
    left = apart - apart @ directions @ directions.T
    noise = torch.randn(len(image), count, generator=random).double() * spread
    made = (middle + noise @ directions.T).clamp(0, 1).float().view_as(image)
    run.log_baseline(
        f"{count} principal components",
        mse=left.square().mean().item(),
        frechet_distance=frechet_distance(judge, made, image),
    )


def _judge(
    run: Run, judge: nn.Module, image: Tensor, kept: Tensor, samples: Tensor
) -> None:
    """Note how the judge reads what the model made."""
    said, again, drawn = (
        predict_batches(judge, one).softmax(dim=1).max(dim=1)
        for one in (image, kept, samples)
    )
    shares = one_hot(drawn.indices, 10).float().mean(dim=0)
    run.log_summary(
        same_digit=(said.indices == again.indices).float().mean().item(),
        unsure_of_samples=(drawn.values < 0.9).float().mean().item(),
        unsure_of_digits=(said.values < 0.9).float().mean().item(),
        rarest_digit=shares.min().item(),
        commonest_digit=shares.max().item(),
    )


@torch.inference_mode()
def _likelihood(model: Any, image: Tensor) -> dict[str, float]:
    """Return an importance-weighted estimate of the negative log likelihood, in nats,
    and how many numbers of the code say something.

    Burda, Grosse, Salakhutdinov: "Importance weighted autoencoders", 2016. Pictures are
    made black and white by a fixed seed: of greys the estimate would be no bound.
    """
    random = torch.Generator().manual_seed(0)
    ink = torch.bernoulli(image, generator=random)
    mean, log_variance = model.posterior(ink)
    found = []
    for _ in range(DRAWS):
        noise = torch.randn(mean.shape, generator=random)
        code = mean + (log_variance / 2).exp() * noise
        logits = model.decode(code)
        pixels = nn.functional.binary_cross_entropy_with_logits(
            logits, ink, reduction="none"
        )
        prior, posterior = code.square() / 2, noise.square() / 2 + log_variance / 2
        found.append((posterior - prior).sum(dim=1) - pixels.flatten(1).sum(dim=1))
    weight = torch.stack(found).logsumexp(dim=0) - torch.tensor(float(DRAWS)).log()
    cost = (mean.square() + log_variance.exp() - 1 - log_variance).mean(dim=0) / 2
    used = (cost > USED).sum().item()
    return {"likelihood_nats": -weight.mean().item(), "used_numbers": used}


def _image(one: Tensor) -> Image.Image:
    return Image.fromarray(one[0].mul(255).round().byte().numpy())


@torch.inference_mode()
def _lines(model: Any, image: Tensor, label: Tensor) -> Image.Image:
    """Return digits on the way from one test digit to another of another kind."""
    first = [
        int((label == digit).nonzero()[0]) if digit in label else 0
        for digit in range(10)
    ]
    shown = []
    for one, other in zip(first[:5], first[5:], strict=True):
        ends = model.encode(image[[one, other]])
        share = torch.linspace(0, 1, 16).unsqueeze(1)
        code = (1 - share) * ends[0] + share * ends[1]
        shown += [_image(picture) for picture in model.decode(code).sigmoid()]
    return image_grid(shown, columns=16)


def _latent(codes: Tensor, label: Tensor) -> bytes:
    """Return the codes as dots, coloured by digit."""
    apart = codes - codes.mean(dim=0)
    _, _, directions = torch.linalg.svd(apart, full_matrices=False)
    across, up = (apart @ directions[:2].T)[:3000].T.numpy()

    def draw(figure: Any) -> None:
        axes = figure.add_subplot()
        colours = {
            "c": label[:3000].numpy(),
            "cmap": "tab10",
            "vmin": -0.5,
            "vmax": 9.5,
        }
        dots = axes.scatter(across, up, s=5, alpha=0.7, **colours)
        axes.set(xlabel="first direction", ylabel="second direction")
        figure.colorbar(dots, label="digit", ticks=range(10))

    return pictures.png(5.6, 4.6, draw)


def _png(picture: Image.Image) -> bytes:
    size = (LARGER * picture.width, LARGER * picture.height)
    file = io.BytesIO()
    picture.resize(size, Image.Resampling.NEAREST).save(file, format="PNG")
    return file.getvalue()
