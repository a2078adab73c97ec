"""How a family of models learns from a user's own pictures: as its recipe taught it.

The loss of most models is a function of their output, and their task has it. That of a
model which draws is its family's: the bound of a likelihood, or the judgement of a
second network, which is no part of the checkpoint. The module with the build function
names a subclass of `PictureLearning` that has it:

    PICTURE_LEARNING = "zoo_mine.learning:MyLearning"

Its models are then fine-tuned by `zoo.finetune` and measured by `zoo.evaluate`, on
pictures alone or, with `pairs`, on pictures and what each becomes. Its trainer makes
the steps of the recipe, so that both share their code.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from zoo._utils.import_string import load_module
from zoo.errors import PluginError
from zoo.runtime import optim
from zoo.runtime.rows import TensorRows
from zoo.runtime.run import Run
from zoo.specs import Input, ModelSpec, Output

__all__ = [
    "LossTrainer",
    "PictureLearning",
    "PictureTrainer",
    "TrainingPlan",
    "learning_reference",
]

NAME = "PICTURE_LEARNING"  # in the module with the build function


@dataclass(frozen=True, kw_only=True)
class TrainingPlan:
    """What a user chose of a fine-tuning, and how many steps that makes.

    `rows` is how many pictures are learned from, `lr` the learning rate, and `augment`
    "flip" where pictures may be mirrored. The rest is as in
    `zoo.finetuning.strategies.Settings`.
    """

    steps: int
    batch_size: int
    rows: int
    lr: float
    optimizer: str | None = None
    weight_decay: float = 0.0
    schedule: str = "constant"
    clip: float | None = None
    augment: str = "none"

    def optimizer_of(
        self, network: nn.Module, *, beta1: float = 0.9, beta2: float = 0.999
    ) -> tuple[Optimizer, LRScheduler]:
        """Return an optimizer of a network, by default Adam with these two factors, and
        the schedule of its learning rate.

        >>> plan = TrainingPlan(steps=9, batch_size=2, rows=6, lr=1e-3)
        >>> plan.optimizer_of(nn.Linear(2, 1))[0].defaults["lr"]
        0.001
        """
        name = self.optimizer or "adam"
        betas = {"betas": (beta1, beta2)} if name in ("adam", "adamw") else {}
        made = optim.optimizer(
            name,
            network.parameters(),
            self.lr,
            weight_decay=self.weight_decay,
            **betas,
        )
        return made, optim.schedule(self.schedule, made, self.steps)


class PictureTrainer:
    """A model while it learns. `kept` is the module whose weights are measured after an
    epoch, and kept: the model, or an average of it. Of epochs with fewer steps than
    `measured_every`, only some are measured."""

    kept: nn.Module
    measured_every: ClassVar[int] = 1

    def step(self, given: Tensor, target: Tensor) -> None:
        """Learn from a batch: what the model takes, (B, ...), and the pictures, bytes
        (B, channels, height, width)."""
        raise NotImplementedError(f"{type(self).__name__} makes no step")

    def finish_epoch(self) -> None:
        """Look at what the run measured after an epoch. Raises TrainingError."""


class LossTrainer(PictureTrainer):
    """The trainer of one network by a loss of its own."""

    def __init__(
        self,
        model: nn.Module,
        run: Run,
        plan: TrainingPlan,
        loss: Callable[[Tensor, Tensor], Tensor],
    ) -> None:
        self.kept, self.run, self.plan, self.loss = model, run, plan, loss
        self.optimizer, self.scheduler = plan.optimizer_of(model)

    def step(self, given: Tensor, target: Tensor) -> None:
        self.run.step(
            self.loss(given, target),
            self.optimizer,
            self.scheduler,
            clip=self.plan.clip,
        )


class PictureLearning:
    """How the models of a family learn from pictures, and what is measured of them.

    `pairs` says that each picture becomes another one, which it is learned with.
    `metric` is the figure of `measure` that chooses the epoch. With fewer pictures than
    `least_training` nothing is learned, and with fewer than `least_measured` nothing
    measured.
    """

    pairs: ClassVar[bool] = False
    metric: ClassVar[str]
    least_training: ClassVar[int] = 2
    least_measured: ClassVar[int] = 1

    def trainer(self, model: nn.Module, run: Run, plan: TrainingPlan) -> PictureTrainer:
        """Return what trains a model. Networks that it does not have start anew."""
        raise NotImplementedError(f"{type(self).__name__} trains nothing")

    def measure(
        self, module: nn.Module, made: Tensor, target: Tensor
    ) -> dict[str, float]:
        """Return the metrics of a model: `made` is its output for rows, of a model that
        draws as many samples, and `target` the pictures of the rows, as bytes."""
        raise NotImplementedError(f"{type(self).__name__} measures nothing")

    def baselines(
        self,
        training: TensorRows,
        rows: TensorRows,
        input_spec: Input,
        output_spec: Output,
    ) -> Mapping[str, Mapping[str, float]]:
        """Return the metrics on `rows` of what is simpler than any model, by name.

        The inputs of both are as the model takes them, and the targets pictures, as
        bytes.
        """
        return {}

    def of_real(self, training: TensorRows, rows: TensorRows) -> Mapping[str, float]:
        """Return the metrics of real pictures where no model can be expected to reach
        more, such as a distance between distributions; else nothing."""
        return {}


def learning_reference(spec: ModelSpec) -> str | None:
    """Return the "module:class" that says how the family of a model learns from
    pictures, if there is one.

    There is none where the family can't be imported: whoever builds a model is told.
    """
    try:
        module = load_module(spec.build.partition(":")[0], plugin=spec.package)
    except PluginError:
        return None
    reference: str | None = getattr(module, NAME, None)
    return reference
