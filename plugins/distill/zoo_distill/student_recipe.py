"""Train a student without data, and the generator of what it learns from: one run.

Read it from top to bottom: settings, data, training, losses. Teacher and student see
the same images of the generator, which learns from the teacher alone.
`generator_recipe.py` is this recipe as well: `dafl-generator` and `dafl-student` are
trained by the same steps from the same seed, and each run keeps its own network.

The student and the generator never see an image of a digit. The 6,000 validation rows
of MNIST measure the student after each epoch, and no run chooses anything by them: it
keeps the weights of its last epoch. The test rows are used once, at the end.

Equations are those of Chen et al., "Data-free learning of student networks", 2019.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, log_softmax, softmax
from torch.optim import Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler

from zoo.recipes import Run, TensorRows, predict_batches, spec_of, to_model_input
from zoo.recipes.sampling import draw_samples
from zoo_distill.dafl import Generator, dafl_generator, dafl_student

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "train"]

TEACHER = "dafl-teacher"
SHOWN = 36  # samples of each epoch that are kept for a card


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 18
    steps: int = 100  # of an epoch, of both networks
    batch_size: int = 128
    g_lr: float = 0.2  # of the generator; both fall to zero along a cosine
    lr: float = 4e-3  # of the student
    alpha: float = 0.1  # weight of the activation loss
    beta: float = 5.0  # weight of the information entropy loss
    val_fraction: float = 0.1  # of the training rows, to measure the student


SMOKE_SETTINGS = {"epochs": 1, "steps": 2, "batch_size": 16}  # the test suite's


def data(run: Run, split: str) -> TensorRows:
    """Return digits, 28x28 bytes, and labels; they measure, and nobody learns them."""
    rows = run.load_rows("mnist", split)
    return rows[: 8 * 32] if run.smoke else rows


def train(settings: Settings, run: Run) -> nn.Module:
    _, val_rows = run.split(data(run, "train"), settings.val_fraction)
    teacher = run.load_model(TEACHER).to(run.device).requires_grad_(False)
    val_image = to_model_input(val_rows.input, spec_of(teacher).input)
    model: nn.Module = run.build()
    generator, student = (run.prepare(one) for one in pair(model, settings.seed))
    g_optimizer, g_scheduler = optimizer_of(generator, settings.g_lr, settings, run)
    optimizer, scheduler = optimizer_of(student, settings.lr, settings, run)
    shown = run.prepare(ShownSamples())
    for _ in run.epochs(settings.epochs):
        generator.train()
        student.train()
        for _ in range(settings.steps):
            noise = torch.randn(settings.batch_size, generator.latent_dim)
            image = generator(noise.to(run.device))
            features = teacher.embed(image)
            logits = teacher.classifier(features)
            g_loss = generator_loss(logits, features, settings)
            run.step(g_loss, g_optimizer, g_scheduler, name="generator_loss")
            answer = student(image.detach())
            loss = distillation_loss(answer, logits.detach())
            run.step(loss, optimizer, scheduler, name="loss")
        right = predict_batches(student, val_image).argmax(dim=1) == val_rows.target
        run.log({"accuracy": right.float().mean().item()})
        shown.add(generator)
    run.artifacts["samples"] = shown.epochs
    return model


def pair(model: nn.Module, seed: int) -> tuple[nn.Module, nn.Module]:
    """Return a generator and a student, with weights drawn from `seed`.

    One of them is `model`, which is either; the weights are the same in both cases.
    """
    torch.manual_seed(seed)
    generator: nn.Module = dafl_generator()
    student: nn.Module = dafl_student()
    if isinstance(model, Generator):
        model.load_state_dict(generator.state_dict())
        return model, student
    model.load_state_dict(student.state_dict())
    return generator, model


class ShownSamples:
    """Samples of the same noise after each epoch, for resuming and the card."""

    def __init__(self) -> None:
        self.epochs: list[Tensor] = []

    def add(self, generator: nn.Module) -> None:
        """Add samples of a generator, as it gives them."""
        self.epochs.append(draw_samples(generator, SHOWN, seed=0).half())

    def state_dict(self) -> dict[str, Any]:
        """Return the samples, as a run keeps them."""
        return {"epochs": self.epochs}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue after the samples of a run that was killed."""
        self.epochs = list(state["epochs"])


def generator_loss(logits: Tensor, features: Tensor, settings: Settings) -> Tensor:
    """Return the loss of the generator, of what the teacher makes of its images:

    L_Total = L_oh + alpha * L_a + beta * L_ie
    """
    return (
        one_hot_loss(logits)
        + settings.alpha * activation_loss(features)
        + settings.beta * entropy_loss(logits)
    )


def one_hot_loss(logits: Tensor) -> Tensor:
    """Return how unsure the teacher is of each image, t being its own answer:

    L_oh = 1/n sum_i H_cross(y_i, t_i), with t_i = argmax_j (y_i)_j
    """
    return cross_entropy(logits, logits.argmax(dim=1))


def activation_loss(features: Tensor) -> Tensor:
    """Return how little the teacher's last features are active:

        L_a = -1/n sum_i |f_i|_1

    here of the mean feature instead of their sum, as in the published program.
    """
    return -features.abs().mean()


def entropy_loss(logits: Tensor) -> Tensor:
    """Return how unequally the classes are found in a batch:

        L_ie = -H(1/n sum_i y_i), with H(p) = -1/k sum_j p_j log p_j

    here of the sum over the k classes instead of the mean, and log to the base of 10,
    as in the published program: -1 where all ten classes are as frequent.
    """
    mean = softmax(logits, dim=1).mean(dim=0)
    return (mean * mean.clamp_min(1e-12).log10()).sum()


def distillation_loss(answer: Tensor, logits: Tensor) -> Tensor:
    """Return how the student's answers differ from the teacher's:

        L_KD = 1/n sum_i H_cross(y_S_i, y_T_i)

    less the entropy of the teacher's, which no student changes: a divergence, 0 where
    both are the same.
    """
    log_student, log_teacher = (log_softmax(one, dim=1) for one in (answer, logits))
    divergence = log_teacher.exp() * (log_teacher - log_student)
    return divergence.sum(dim=1).mean()


def optimizer_of(
    network: nn.Module, lr: float, settings: Settings, run: Run
) -> tuple[Optimizer, LRScheduler]:
    """Return Adam, whose learning rate falls to zero over the run, along a cosine."""
    optimizer = run.prepare(torch.optim.Adam(network.parameters(), lr, fused=True))
    steps = settings.epochs * settings.steps
    return optimizer, run.prepare(CosineAnnealingLR(optimizer, steps))
