"""Train a deep convolutional GAN on MNIST: two networks, two optimizers, one run.

Read it from top to bottom: settings, data, training, measuring. To try something else,
copy this file and change it. The epoch that is kept is chosen by the Fréchet distance
from the 6,000 validation rows; settings were narrowed down on these rows by short runs.
The test rows are used once, at the end.

The critic learns to tell digits from samples, and the generator to make it take samples
for digits: the non-saturating loss of Goodfellow et al., "Generative adversarial nets",
2014. Where the critic is steep at digits, it pays: R1 of Mescheder et al., "Which
training methods for GANs do actually converge?", 2018, every few steps, as Karras et
al. do it ("Analyzing and improving the image quality of StyleGAN", 2020). It is meant
to keep the critic from getting ahead, as it did in an earlier run without that: its
loss went on falling while the samples got no better. It pays more once samples look
like digits: on the validation rows that came nearer. What is kept is a moving average
of the generator. The critic is not part of the model; a run that goes on after a kill
has it again.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus
from torch.optim.lr_scheduler import LambdaLR, LRScheduler

import zoo
from zoo import Run
from zoo.datasets.in_memory import TensorRows, to_model_input
from zoo.evaluation.frechet_distance import (
    extract_features,
    feature_diversity,
    frechet_distance,
    frechet_from_features,
)
from zoo.inference import sample as verbs
from zoo.models.metadata import unwrap_model
from zoo.training.monitoring import check_mode_collapse
from zoo_gan.dcgan import Critic, Generator
from zoo_gan.telling import Film, describe, pixels

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "report", "train"]

JUDGE = "lenet5-mnist"  # whose features the Fréchet distance is of
FIRST, THEN = 10, 5  # a frame after each of the first epochs, then of a few
CLIP = 5.0  # length of the critic's gradient: a toll can be sudden
LEFT = 0.02  # of the learning rates at the end; they fall from half-way on


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 80
    batch: int = 32
    lr: float = 1e-3  # of the generator, at the beginning
    critic_lr: float = 1e-3
    beta: float = 0.5  # how long Adam remembers; at 0.9 the two networks swing
    critic_width: int = 32  # half the course's
    critic_layers: int = 3  # one more: two see strokes, and hardly a whole digit
    dropout: float = 0.0  # share of the critic's features that are forgotten
    penalty: float = 0.3  # what the critic pays for being steep: gamma of R1
    later: float = 1.0  # and what it pays from the epoch `since` on
    since: int = 34
    every: int = 8  # steps between two such payments, each worth as many
    decay: float = 0.999  # of the moving average of the generator
    narrow: bool = True  # bfloat16 in the convolutions: faster, also on a CPU
    holding: float = 0.1  # share of the training rows kept for validation


SMOKE_SETTINGS = {"epochs": 1}  # what the test suite runs


def data(run: Run, split: str) -> TensorRows:
    """Return digits, 28x28 bytes, and their labels, which nothing here uses."""
    rows = run.load_rows("mnist", split)
    return rows[: 8 * 32] if run.smoke else rows


def train(settings: Settings, run: Run) -> nn.Module:
    fitting, holding = run.split(data(run, "train"), settings.holding)
    model: Generator = run.build()
    generator = run.prepare(model)
    critic = run.prepare(
        Critic(
            width=settings.critic_width,
            layers=settings.critic_layers,
            dropout=settings.dropout,
        )
    )
    drawing = run.prepare(_adam(generator, settings.lr, settings.beta))
    judging = run.prepare(_adam(critic, settings.critic_lr, settings.beta))
    steps = run.steps(fitting, settings.batch, settings.epochs)
    slower, milder = (run.prepare(falling(one, steps)) for one in (drawing, judging))
    average = run.ema(generator, decay=settings.decay)
    film, judge = run.prepare(Film()), zoo.load(JUDGE)
    known = extract_features(judge, to_model_input(holding.input))
    narrow = torch.autocast(run.device.type, torch.bfloat16, enabled=settings.narrow)
    for epoch in run.epochs(settings.epochs):
        generator.train()
        for number, (picture, _) in enumerate(run.batches(fitting, settings.batch)):
            real, noise = 2 * picture - 1, torch.randn(len(picture), model.numbers)
            with narrow:
                drawn = generator(noise.to(run.device))
                mistaken = telling_apart(critic, real, drawn.detach())
            if number % settings.every == 0:
                toll = gamma(settings, epoch) * settings.every
                mistaken = mistaken + toll * steepness(critic, real)
            run.step(mistaken, judging, milder, clip=CLIP, name="critic_loss")
            with narrow:
                found_out = deceiving(critic, drawn)
            run.step(found_out, drawing, slower, name="generator_loss")
        seen = validated(average, judge, known)
        run.log(seen, best="frechet_distance", model=average)
        if epoch <= FIRST or epoch % THEN == 0:
            film.add(average)
        check_mode_collapse(run.history)
    run.log_summary(least_variety=min(row["variety"] for row in run.history))
    film.show(run)
    return run.best(generator)


def gamma(settings: Settings, epoch: int) -> float:
    """Return what the critic pays for being steep in an epoch."""
    return settings.penalty if epoch < settings.since else settings.later


def telling_apart(critic: nn.Module, real: Tensor, drawn: Tensor) -> Tensor:
    """Return what the critic makes small: digits should have high logits, and what
    was drawn low ones."""
    logit = critic(torch.cat([real, drawn])).float()
    digit, sample = logit[: len(real)], logit[len(real) :]
    return softplus(-digit).mean() + softplus(sample).mean()


def steepness(critic: nn.Module, real: Tensor) -> Tensor:
    """Return how steep the critic is at digits: half the mean square of the length of
    its gradient there. It is flat where it can't tell them from samples."""
    digit = real.detach().requires_grad_()
    logit = unwrap_model(critic)(digit)
    (slope,) = torch.autograd.grad(logit.sum(), digit, create_graph=True)
    return slope.square().sum(dim=(1, 2, 3)).mean() / 2


def deceiving(critic: nn.Module, drawn: Tensor) -> Tensor:
    """Return what the generator makes small: the critic should see digits in what was
    drawn. The critic itself is given no gradient."""
    judge = unwrap_model(critic).requires_grad_(False)
    logit = judge(drawn).float()
    judge.requires_grad_(True)
    return softplus(-logit).mean()


def validated(model: nn.Module, judge: nn.Module, real: Tensor) -> dict[str, float]:
    """Return how far samples are from digits whose features are given, and how much
    they vary beside them; drawn by a fixed seed."""
    found = extract_features(judge, pixels(verbs.outputs(model, len(real), seed=0)))
    return {
        "frechet_distance": frechet_from_features(found, real),
        "variety": feature_diversity(found, real),
    }


def evaluate(model: Any, rows: TensorRows) -> dict[str, float]:
    """Return what the card claims, of as many samples as there are rows."""
    samples = pixels(verbs.outputs(model, len(rows), seed=0))
    judge = zoo.load(JUDGE)
    return {
        "frechet_distance": frechet_distance(judge, samples, to_model_input(rows.input))
    }


def report(model: Any, run: Run) -> None:
    """Measure what the card speaks of, and draw what it shows."""
    describe(model, run, data(run, "train"), data(run, "test"), zoo.load(JUDGE))


def _adam(network: nn.Module, lr: float, beta: float) -> torch.optim.Optimizer:
    return torch.optim.Adam(network.parameters(), lr, betas=(beta, 0.999), fused=True)


def falling(optimizer: torch.optim.Optimizer, steps: int) -> LRScheduler:
    """Return a schedule that falls in a straight line in the second half of a run."""
    half = steps // 2
    return LambdaLR(
        optimizer, lambda done: 1 - (1 - LEFT) * max(0, done - half) / (steps - half)
    )
