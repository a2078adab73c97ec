"""The report of a variational autoencoder: what its model card says of it.

Baselines fitted on the training rows, how a classifier of the same images reads what
the model generates, an estimate of the likelihood, and images.
"""

import io
import math
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, one_hot

import zoo
from zoo import Run
from zoo.recipes import TensorRows, baselines, plots, predict_batches, to_model_input
from zoo.recipes.metrics import frechet_distance
from zoo.recipes.sampling import draw_samples
from zoo.results import image_grid
from zoo_autoencoder.vae_recipe import data, measure_elbo

__all__ = [
    "INTERPOLATION",
    "LATENT",
    "add_reconstructions",
    "encode_rows",
    "evaluate",
    "gray_image",
    "image_png",
    "importance_weighted_nll",
    "interpolations",
    "plot_latent",
    "report",
]

CLASSIFIER = "lenet5-mnist"  # whose features the Fréchet distance is of
ZOOM = 2  # how much larger an image is shown
CODES = 50  # drawn for each image in the estimate of the likelihood
ROWS = 1000  # images it is made on
ACTIVE_NATS = 0.05  # KL divergence from which on a latent dimension counts as active
CONFIDENT = 0.9  # score of the classifier


def evaluate(model: Any, rows: TensorRows) -> dict[str, float]:
    """Return the metrics; samples and codes are drawn by a fixed seed."""
    negative_elbo = measure_elbo(model, rows)["negative_elbo"]
    image = to_model_input(rows.input)
    reconstruction = predict_batches(model, image).sigmoid()
    samples = draw_samples(model, len(image), seed=0).sigmoid()
    pixels = image[0].numel()
    return {
        "negative_elbo": negative_elbo,
        "bits_per_pixel": negative_elbo / pixels / math.log(2),
        "mse": (reconstruction - image).square().mean().item(),
        "frechet_distance": frechet_distance(zoo.load(CLASSIFIER), samples, image),
    }


def report(model: Any, run: Run) -> None:
    """Add the baselines, measurements and images of the model card."""
    train_rows, test_rows = data(run, "train"), data(run, "test")
    elbo = measure_elbo(model, test_rows)
    run.log_summary(**{name: value for name, value in elbo.items() if "nats" in name})
    _add_report(model, run, train_rows, test_rows, zoo.load(CLASSIFIER))
    image = to_model_input(test_rows.input)
    for name, changed in {
        "shifted": image.roll(5, dims=3),
        "inverted": 1 - image,
    }.items():
        rows = TensorRows(
            input=changed, target=test_rows.target, source=name, fingerprint="changed"
        )
        elbo = measure_elbo(model, rows)
        run.log_summary(**{f"negative_elbo_{name}": elbo["negative_elbo"]})


def _add_report(
    model: Any,
    run: Run,
    train_rows: TensorRows,
    test_rows: TensorRows,
    classifier: nn.Module,
) -> None:
    """Add baselines, measurements and images to a run."""
    image = to_model_input(test_rows.input)
    codes = encode_rows(model, image)
    reconstruction = predict_batches(model, image).sigmoid()
    samples = draw_samples(model, len(image), seed=0).sigmoid()
    _add_baselines(run, train_rows, test_rows, classifier, model.latent_dim)
    _note_classified(run, classifier, image, reconstruction, samples)
    real = to_model_input(train_rows.input[: len(test_rows)])
    run.log_summary(frechet_distance_real=frechet_distance(classifier, real, image))
    run.log_summary(**importance_weighted_nll(model, image[:ROWS]))
    run.log_figure(
        "samples",
        image_png(image_grid([gray_image(one) for one in samples[:96]], columns=16)),
        "The first samples of seed zero, none left out.",
    )
    add_reconstructions(run, image[:16], reconstruction[:16], "first digits")
    interpolation = interpolations(model, image, test_rows.target)
    run.log_figure("interpolation", image_png(interpolation), INTERPOLATION)
    run.log_figure("latent", plot_latent(codes, test_rows.target), LATENT)


INTERPOLATION = "Linear interpolations between the codes of two test digits, one a row."
LATENT = "The codes of the test digits, on their first two principal components."


def encode_rows(model: nn.Module, image: Tensor) -> Tensor:
    """Return the codes of many images, (rows, latent_dim)."""
    return predict_batches(_Encode(model), image)


class _Encode(nn.Module):
    """The encoder of a model as a module, to be run in batches."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> Tensor:
        code: Tensor = self.model.encode(image)
        return code


def add_reconstructions(
    run: Run,
    image: Tensor,
    reconstruction: Tensor,
    what: str,
    *,
    name: str = "reconstructions",
    below: str = "below each its reconstruction",
) -> None:
    """Add images above their reconstructions to a run; pixels in 0..1.

    `reconstruction` may have several rows of images, as `below` says then.
    """
    rows = image_grid(
        [gray_image(one) for one in (*image, *reconstruction)], columns=len(image)
    )
    caption = f"The {what} of the test split, and {below}."
    run.log_figure(name, image_png(rows), caption)


def _add_baselines(
    run: Run,
    train_rows: TensorRows,
    test_rows: TensorRows,
    classifier: nn.Module,
    count: int,
) -> None:
    """Add independent pixels, and `count` principal components."""
    image, train_image = (
        to_model_input(test_rows.input),
        to_model_input(train_rows.input),
    )
    generator = torch.Generator().manual_seed(0)
    probability = train_image.mean(dim=0).clamp(1e-4, 1 - 1e-4)
    cross_entropy = -(image * probability.log() + (1 - image) * (1 - probability).log())
    nats = cross_entropy.sum(dim=(1, 2, 3)).mean().item()
    rows = torch.randint(
        len(train_image), (len(image), image[0].numel()), generator=generator
    )
    mixed = train_image.flatten(start_dim=1).gather(0, rows).view_as(image)
    run.log_baseline(
        "independent pixels",
        negative_elbo=nats,
        bits_per_pixel=nats / image[0].numel() / torch.log(torch.tensor(2.0)).item(),
        mse=(probability - image).square().mean().item(),
        frechet_distance=frechet_distance(classifier, mixed, image),
    )
    mean, components, std = baselines.pca(train_rows, count)
    centered = image.flatten(start_dim=1).double() - mean
    residual = centered - centered @ components @ components.T
    noise = torch.randn(len(image), count, generator=generator).double() * std
    sampled = (mean + noise @ components.T).clamp(0, 1).float().view_as(image)
    run.log_baseline(
        f"{count} principal components",
        mse=residual.square().mean().item(),
        frechet_distance=frechet_distance(classifier, sampled, image),
    )


def _note_classified(
    run: Run,
    classifier: nn.Module,
    image: Tensor,
    reconstruction: Tensor,
    samples: Tensor,
) -> None:
    """Note how a classifier reads test images, their reconstructions and samples."""
    real, reconstructed, generated = (
        predict_batches(classifier, one).softmax(dim=1).max(dim=1)
        for one in (image, reconstruction, samples)
    )
    classes = one_hot(generated.indices, 10).float().mean(dim=0)
    same = real.indices == reconstructed.indices
    run.log_summary(
        same_class_reconstructions=same.float().mean().item(),
        low_confidence_samples=(generated.values < CONFIDENT).float().mean().item(),
        low_confidence_real=(real.values < CONFIDENT).float().mean().item(),
        min_class_fraction=classes.min().item(),
        max_class_fraction=classes.max().item(),
    )


@torch.inference_mode()
def importance_weighted_nll(model: Any, image: Tensor) -> dict[str, float]:
    """Return an importance-weighted estimate of the negative log-likelihood, in nats,
    and the number of active latent dimensions.

    Burda, Grosse, Salakhutdinov: "Importance weighted autoencoders", 2016, section 3:

        log p(x) >= E log 1/k sum of p(x, z_i) / q(z_i|x), with k codes from q(z|x).

    Images are binarized by a fixed seed: of gray values the estimate would be no bound.
    """
    generator = torch.Generator().manual_seed(0)
    binary = torch.bernoulli(image, generator=generator)
    mu, logvar = model.posterior(binary)
    log_weights = []
    for _ in range(CODES):
        epsilon = torch.randn(mu.shape, generator=generator)
        code = mu + (logvar / 2).exp() * epsilon
        cross_entropy = binary_cross_entropy_with_logits(
            model.decode(code), binary, reduction="none"
        )
        # log p(z) and log q(z|x), both without -1/2 log 2 pi, which cancels
        negative_log_prior = code.square() / 2
        negative_log_posterior = epsilon.square() / 2 + logvar / 2
        log_ratio = (negative_log_posterior - negative_log_prior).sum(dim=1)
        log_weights.append(log_ratio - cross_entropy.flatten(1).sum(dim=1))
    log_k = torch.tensor(float(CODES)).log()
    log_likelihood = torch.stack(log_weights).logsumexp(dim=0) - log_k
    divergence = (mu.square() + logvar.exp() - 1 - logvar).mean(dim=0) / 2
    return {
        "importance_weighted_nll": -log_likelihood.mean().item(),
        "active_latents": (divergence > ACTIVE_NATS).sum().item(),
    }


def gray_image(one: Tensor) -> Image.Image:
    """Return pixels in 0..1, (1, H, W), as an image."""
    return Image.fromarray(one[0].mul(255).round().byte().numpy())


@torch.inference_mode()
def interpolations(model: Any, image: Tensor, label: Tensor) -> Image.Image:
    """Return interpolations between the codes of test digits of two classes."""
    first = [
        int((label == digit).nonzero()[0]) if digit in label else 0
        for digit in range(10)
    ]
    images = []
    for one, other in zip(first[:5], first[5:], strict=True):
        ends = model.encode(image[[one, other]])
        weight = torch.linspace(0, 1, 16).unsqueeze(1)
        codes = (1 - weight) * ends[0] + weight * ends[1]
        images += [gray_image(decoded) for decoded in model.decode(codes).sigmoid()]
    return image_grid(images, columns=16)


def plot_latent(codes: Tensor, label: Tensor) -> bytes:
    """Return a scatter plot of codes, colored by digit."""
    centered = codes - codes.mean(dim=0)
    _, _, components = torch.linalg.svd(centered, full_matrices=False)
    x, y = (centered @ components[:2].T)[:3000].T.numpy()

    def draw(figure: Any) -> None:
        axes = figure.add_subplot()
        colors = {
            "c": label[:3000].numpy(),
            "cmap": "tab10",
            "vmin": -0.5,
            "vmax": 9.5,
        }
        dots = axes.scatter(x, y, s=5, alpha=0.7, **colors)
        axes.set(xlabel="first direction", ylabel="second direction")
        figure.colorbar(dots, label="digit", ticks=range(10))

    return plots.to_png(5.6, 4.6, draw)


def image_png(image: Image.Image) -> bytes:
    size = (ZOOM * image.width, ZOOM * image.height)
    file = io.BytesIO()
    image.resize(size, Image.Resampling.NEAREST).save(file, format="PNG")
    return file.getvalue()
