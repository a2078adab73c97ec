"""How a model goes on learning: which parts, from what, and how fast.

* "backbone": all before the head is frozen; its features are computed once. A linear
  head is then solved exactly, unless an optimizer is asked for: see `zoo.heads`.
* "gradual": the head first, then one block more at a time, from the last to the first.
* "all-but-norm": everything is frozen but the head and the normalisations' two factors.
* "none": everything learns, the slower the further it is from the head.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from zoo import practices
from zoo.about import about, unwrapped
from zoo.errors import SettingsError, near
from zoo.freezing import before, freeze, head_of, hold_norms
from zoo.run import Run
from zoo.tasks import task
from zoo.tensors import Tensors

__all__ = ["FREEZES", "Settings", "blocks", "learn", "parameter_groups", "prepare"]

FREEZES = ("backbone", "gradual", "all-but-norm", "none")
EPOCHS = {"backbone": 60, "gradual": 12, "all-but-norm": 10, "none": 10}
RATES = {"backbone": 3e-3, "gradual": 1e-3, "all-but-norm": 1e-3, "none": 5e-4}
NORMS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm)


@dataclass(frozen=True)
class Settings:
    """How to fine-tune. Epochs and rate are chosen by `freeze` where they are None."""

    freeze: str = "backbone"
    epochs: int | None = None
    batch: int = 32
    lr: float | None = None
    optimizer: str | None = None  # "adamw", or an exact solution where there is one
    weight_decay: float = 0.01
    schedule: str = "one-cycle"
    start: str = "probe"  # the head begins as the best linear one, or at "random"
    pull: float | None = None  # to the head's start; None is chosen by cross-validation
    decay: float = 0.7  # of the rate, from one block to the block before it
    patience: int | None = 15  # epochs without a better figure on validation rows
    holding: float = 0.2  # of the training rows, where no validation rows are given
    augment: str = "none"  # or "flip", "flip-crop"
    passes: int = 1  # differently augmented copies of each row, with a frozen backbone
    balance: bool = False  # let each class count alike, however many rows it has
    cache: bool = True  # compute a frozen backbone's features once
    seed: int = 0

    def __post_init__(self) -> None:
        if self.freeze not in FREEZES:
            raise SettingsError(
                f"No freeze={self.freeze!r}. {near(self.freeze, FREEZES)}There are: "
                f"{', '.join(FREEZES)}."
            )
        if not 0 < self.holding < 1:
            raise SettingsError(f"holding={self.holding} should lie between 0 and 1.")

    @property
    def rounds(self) -> int:
        """The epochs, as chosen or by the strategy."""
        return self.epochs or EPOCHS[self.freeze]

    @property
    def rate(self) -> float:
        """The learning rate of the head, as chosen or by the strategy."""
        return self.lr or RATES[self.freeze]


def learn(
    model: nn.Module,
    run: Run,
    settings: Settings,
    fitting: Tensors,
    validate: Callable[[nn.Module], dict[str, float]],
    *,
    best: str,
    given: Callable[[Tensor], Tensor] | None = None,
    weight: Tensor | None = None,
) -> None:
    """Train `model` on rows, and leave in it the weights that validate best.

    `fitting.input` holds what the head is given, or, with `given`, row numbers that
    `given` turns into the model's input. `validate` measures; `best` names the figure
    that picks the epoch.
    """
    prepare(model, settings)
    head = unwrapped(model).get_submodule(head_of(model))
    learning = head if settings.freeze == "backbone" else model
    groups = parameter_groups(model, settings)
    optimizer = practices.optimizer(
        settings.optimizer or "adamw",
        groups,
        settings.rate,
        weight_decay=settings.weight_decay,
    )
    steps = run.steps(fitting, settings.batch, settings.rounds)
    schedule = practices.schedule(settings.schedule, optimizer, steps)
    meaning, doing = about(model).spec.output, task(about(model).spec.task)
    for epoch in run.epochs(settings.rounds, patience=settings.patience):
        thaw(model, settings, epoch)
        model.train()
        for rows, target in run.batches(fitting, settings.batch):
            output = head(rows) if given is None else model(given(rows[:, 0].long()))
            loss = doing.loss(output, target, meaning, weight)
            run.step(loss, optimizer, schedule)
        run.log(validate(model), best=best, model=learning)
    run.best(learning)
    model.eval().requires_grad_(True)


def prepare(model: nn.Module, settings: Settings) -> None:
    """Freeze what the strategy keeps; the statistics of normalisations never move.

    A few hundred pictures say less about them than the millions they were taken from.
    """
    hold_norms(model)
    if settings.freeze == "none":
        return
    freeze(model)
    if settings.freeze == "all-but-norm":
        for module in unwrapped(model).modules():
            if isinstance(module, NORMS):
                module.requires_grad_(True)


def blocks(model: nn.Module) -> list[nn.ModuleList]:
    """Return what comes before the head, first to last, a normalisation with its layer.

    A block is a module with parameters; of a sequence, each of its members.
    """
    found: list[nn.ModuleList] = []
    for module in _flat(before(unwrapped(model), head_of(model))):
        if not any(True for _ in module.parameters()):
            continue
        if found and isinstance(module, NORMS):
            found[-1].append(module)
        else:
            found.append(nn.ModuleList([module]))
    return found


def parameter_groups(model: nn.Module, settings: Settings) -> list[dict[str, Any]]:
    """Return what learns, the head first; each block slower than the one after it."""
    head = unwrapped(model).get_submodule(head_of(model))
    groups: list[dict[str, Any]] = []
    groups.append({"params": list(head.parameters()), "lr": settings.rate})
    if settings.freeze == "backbone":
        return groups
    slower = settings.rate
    for block in reversed(blocks(model)):
        slower *= settings.decay
        groups.append({"params": list(block.parameters()), "lr": slower})
    listed = {id(p) for group in groups for p in group["params"]}
    rest = [p for p in unwrapped(model).parameters() if id(p) not in listed]
    return [*groups, {"params": rest, "lr": slower}] if rest else groups


def thaw(model: nn.Module, settings: Settings, epoch: int) -> None:
    """Let one block more learn, where the strategy is gradual: the head has a quarter
    of the epochs to itself, and with the last epoch all have learned."""
    if settings.freeze != "gradual":
        return
    found = blocks(model)
    alone = settings.rounds / 4
    share = (epoch - alone) / (settings.rounds - alone)
    count = math.ceil(max(0.0, share) * len(found))
    for block in found[len(found) - count :]:
        block.requires_grad_(True)


def _flat(modules: Iterable[nn.Module]) -> Iterator[nn.Module]:
    for module in modules:
        if isinstance(module, (nn.Sequential, nn.ModuleList)):
            yield from _flat(module.children())
        else:
            yield module
