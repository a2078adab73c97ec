"""Strategies of fine-tuning: which parts are trained, and at which rates.

* "backbone": all before the head is frozen; its features are computed once. A linear
  head is then solved exactly, unless an optimizer is asked for: see
  `zoo.finetuning.linear_solver`.
* "gradual": the head first, then one block more at a time, from the last to the first.
* "all-but-norm": everything is frozen but the head and the normalisations' two factors.
* "none": everything learns, the slower the further it is from the head.
* "lora": everything is frozen but the head and small factors beside each linear layer,
  which are added to it in the end: see `zoo.finetuning.lora`.

A frozen part stays as it is to the bit, and normalisations keep their statistics.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

import torch
from torch import Tensor, nn

from zoo._utils.import_string import load_module
from zoo.datasets.in_memory import TensorRows
from zoo.errors import SettingsError, near
from zoo.finetuning import lora
from zoo.models import freeze as freezing
from zoo.models.freeze import NORM_LAYERS, freeze, freeze_norms, frozen_until, head_of
from zoo.models.metadata import model_metadata, unwrap_model
from zoo.models.precision import without_autocast
from zoo.runtime import augmentation, optim
from zoo.runtime.augmentation import Copies
from zoo.specs import ModelSpec
from zoo.tasks import PictureTrainer, TrainingPlan, finetuned_task_of, task_of
from zoo.training.run import Run

__all__ = [
    "FREEZES",
    "HEAD_INITS",
    "Settings",
    "blocks",
    "default_settings",
    "parameter_groups",
    "prepare",
    "train_model",
    "unfreeze_at_epoch",
]

FREEZES = ("backbone", "gradual", "all-but-norm", "none", "lora")
OPTIMIZERS = [name for name in optim.OPTIMIZERS if name != "l-bfgs"]
EPOCHS = {"backbone": 60, "gradual": 12, "all-but-norm": 10, "none": 10, "lora": 10}
RATES = {
    "backbone": 3e-3,
    "gradual": 1e-3,
    "all-but-norm": 1e-3,
    "none": 5e-4,
    "lora": 1e-3,
}
HEAD_INITS = ("probe", "random")
PRECISIONS = ("auto", "no", "bf16")
TRUNCATION_SIDES = ("right", "left")
BATCH_SIZE, MIN_BATCH_SIZE = 32, 4
MIN_STEPS = 200  # that a training takes at least, where epochs are not given


@dataclass(frozen=True)
class Settings:
    """How to fine-tune. Of detectors some defaults are others: all of one learns.

    freeze: what stays as it is: "backbone" (all but the head), "gradual" (the head is
        trained first, then one block more at a time), "all-but-norm", "none", or "lora"
        (small factors beside the linear layers learn; needs the extra peft).
    epochs: passes over the training rows; by default as `freeze` needs.
    batch_size: rows of a step; by default 32, and fewer of few rows.
    lr: the peak learning rate; by default as `freeze` needs.
    optimizer: by default "adamw", and an exact solution where there is one.
    weight_decay: of the optimizer.
    schedule: of the learning rate.
    head_init: whether the head begins as the best linear one, "probe", or at "random".
    l2_sp: the pull to where the head begins; by default chosen by cross-validation.
    layer_lr_decay: of the rate, from one block to the block before it.
    patience: epochs without a better figure on validation rows, after which it ends.
    val_fraction: of the training rows, held out where no validation rows are given.
    augment: how pictures are changed at random: "none", "flip" or "flip-crop".
    augmented_copies: changed copies beside each row, with a frozen backbone.
    invert: exchange dark and light, here and in all that is predicted.
    truncation_side: which end of a text is cut off that is longer than the model reads,
        "right" or "left"; by default as the model does it.
    balance: let each class count alike, however many rows it has.
    cache: compute the features of a frozen backbone once.
    precision: of features that are computed for training: "auto", "no" or "bf16", which
        is that of all training; "auto" is that of adversarial training too.
    norm_statistics: whether batch normalizations that learn take the statistics of the
        training rows; else they keep theirs. By default those of a detector do.
    min_steps: steps that a training takes at least, where epochs are not given.
    clip: the most that the gradient's norm may be.
    lora_rank: of the factors of freeze="lora".
    seed: of everything that is drawn at random.
    """

    freeze: str = "backbone"
    epochs: int | None = None
    batch_size: int | None = None
    lr: float | None = None
    optimizer: str | None = None
    weight_decay: float = 0.01
    schedule: str = "one-cycle"
    head_init: str = "probe"
    l2_sp: float | None = None
    layer_lr_decay: float = 0.7
    patience: int | None = 15
    val_fraction: float = 0.2
    augment: str = "none"
    augmented_copies: int = 1
    invert: bool = False
    truncation_side: str | None = None
    balance: bool = False
    cache: bool = True
    precision: str = "auto"
    norm_statistics: bool = False
    min_steps: int = MIN_STEPS
    clip: float | None = None
    lora_rank: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        _known("freeze", self.freeze, FREEZES)
        _known("head_init", self.head_init, HEAD_INITS)
        _known("augment", self.augment, augmentation.KINDS)
        _known("schedule", self.schedule, optim.SCHEDULES)
        _known("precision", self.precision, PRECISIONS)
        if self.optimizer is not None:
            _known("optimizer", self.optimizer, OPTIMIZERS)
        if self.truncation_side is not None:
            _known("truncation_side", self.truncation_side, TRUNCATION_SIDES)
        if not 0 < self.val_fraction < 1:
            raise SettingsError(
                f"val_fraction={self.val_fraction} should lie between 0 and 1."
            )
        if not 0 < self.layer_lr_decay <= 1:
            raise SettingsError(
                f"layer_lr_decay={self.layer_lr_decay} should lie above 0, at most "
                "at 1."
            )
        if self.l2_sp is not None and self.l2_sp < 0:
            raise SettingsError(f"l2_sp={self.l2_sp} should be zero or more.")
        if self.min_steps < 1:
            raise SettingsError(f"min_steps={self.min_steps} should be at least 1.")
        if self.clip is not None and not self.clip > 0:
            raise SettingsError(f"clip={self.clip} should be above 0.")
        if self.lora_rank < 1:
            raise SettingsError(f"lora_rank={self.lora_rank} should be at least 1.")
        if self.patience is not None and self.patience < 1:
            raise SettingsError(f"patience={self.patience} should be at least 1.")
        self._check_augmented_copies()

    def _check_augmented_copies(self) -> None:
        if self.augmented_copies < 1:
            raise SettingsError(
                f"augmented_copies={self.augmented_copies} should be at least 1."
            )
        if self.augmented_copies == 1:
            return
        rule = (
            f"augmented_copies={self.augmented_copies} copies each row before its "
            "features are kept"
        )
        if self.freeze != "backbone" or not self.cache:
            raise SettingsError(
                f"{rule}, for freeze='backbone' with cache=True. Elsewhere every epoch "
                "changes the pictures anew: leave augmented_copies out."
            )
        if self.augment != "flip-crop":
            raise SettingsError(
                f"{rule}, and needs augment='flip-crop': with augment={self.augment!r} "
                "the copies would be the same."
            )

    def for_rows(self, rows: int) -> Self:
        """Return these settings with batch size and epochs chosen for training rows.

        Few rows are seen in smaller batches and for more epochs, so that a training
        still takes some hundred steps; `patience` ends it sooner.

        >>> chosen = Settings().for_rows(20)
        >>> chosen.batch_size, chosen.epochs
        (4, 60)
        """
        size = self.batch_size
        if size is None:
            eighth = 2 ** round(math.log2(max(1, rows / 8)))  # a power of two
            size = min(BATCH_SIZE, max(MIN_BATCH_SIZE, eighth))
        steps = math.ceil(rows / size)
        epochs = max(EPOCHS[self.freeze], math.ceil(self.min_steps / steps))
        return replace(self, batch_size=size, epochs=self.epochs or epochs)

    @property
    def copies(self) -> Copies:
        """What a frozen backbone sees of each training row."""
        return Copies(
            kind=self.augment, augmented_copies=self.augmented_copies, seed=self.seed
        )

    @property
    def rounds(self) -> int:
        """The epochs, as chosen or by the strategy."""
        return self.epochs or EPOCHS[self.freeze]

    @property
    def rate(self) -> float:
        """The learning rate of the head, as chosen or by the strategy."""
        return self.lr or RATES[self.freeze]


def _known(name: str, value: str, known: Iterable[str]) -> None:
    """Refuse a word that a setting does not know."""
    known = list(known)
    if value not in known:
        raise SettingsError(
            f"No {name}={value!r}. {near(value, known)}There are: {', '.join(known)}."
        )


def default_settings(spec: ModelSpec) -> Settings:
    """Return the settings of a fine-tuning that nobody has chosen, for a model.

    They are those of its task, and what its family wants otherwise: the module with the
    build function may offer `FINETUNE_DEFAULTS`.

    >>> default_settings(zoo.get_spec("lenet5-mnist")).freeze
    'backbone'
    """
    module = load_module(spec.build.partition(":")[0], plugin=spec.package)
    own = getattr(module, "FINETUNE_DEFAULTS", {})
    return Settings(**{**finetuned_task_of(spec).finetune_defaults, **own})


def train_model(
    model: nn.Module,
    run: Run,
    settings: Settings,
    fitting: TensorRows,
    validate: Callable[[nn.Module], dict[str, float]],
    *,
    best: str | tuple[str, ...],
    given: Callable[[Tensor], Tensor] | None = None,
    weight: Tensor | None = None,
) -> None:
    """Train `model` on rows, and leave in it the weights that validate best.

    `fitting.input` holds what the head is given, or, with `given`, row numbers that
    `given` turns into the model's input. `validate` measures; `best` names the figure
    that picks the epoch.
    """
    settings = settings.for_rows(len(fitting.target))
    assert settings.batch_size is not None, "just chosen"
    prepare(model, settings)
    if settings.freeze == "lora":
        learned = (p for p in model.parameters() if p.requires_grad)
        run.log_summary(trained_parameters=sum(p.numel() for p in learned))
    spec = model_metadata(model).spec
    output_spec, task = spec.output, task_of(spec)
    trainer = task.trainer(model, run, _plan(run, settings, fitting))
    if trainer is not None:
        assert given is not None, "all of it learns, from the inputs themselves"
        _train_by_family(model, trainer, run, settings, fitting, validate, best, given)
        return
    weight = None if weight is None else weight.to(run.device)
    head = _head(model)
    learning = head if settings.freeze == "backbone" else model
    optimizer = optim.optimizer(
        settings.optimizer or "adamw",
        parameter_groups(model, settings),
        settings.rate,
        weight_decay=settings.weight_decay,
    )
    steps = run.steps(fitting, settings.batch_size, settings.rounds)
    schedule = optim.schedule(settings.schedule, optimizer, steps)

    def loss_of(rows: Tensor, target: Tensor) -> Tensor:
        """Return the loss of rows: masks and boxes may move with their pictures."""
        if given is None:
            output = torch.as_tensor(head(rows))
            return task.loss(output, target, output_spec, weight)
        pictures = given(rows[:, 0].long().cpu())
        seen, expected = (
            moved.to(run.device)
            for moved in task.augment(
                pictures, target.cpu(), settings.augment, run.generator, output_spec
            )
        )
        with run.context.autocasting(enabled=settings.precision == "bf16"):
            if task.own_loss:
                return task.compute_own_loss(model, seen, expected)
            output = torch.as_tensor(model(seen))
        return task.loss(output.float(), expected, output_spec, weight)

    for epoch in run.epochs(settings.rounds, patience=settings.patience):
        unfreeze_at_epoch(model, settings, epoch)
        model.eval()
        learning.train()
        for rows, target in run.batches(fitting, settings.batch_size):
            run.step(loss_of(rows, target), optimizer, schedule, clip=settings.clip)
        run.log(validate(model), best=best, model=learning)
    run.best(learning)
    if settings.freeze == "lora":
        lora.merge_factors(model)
    model.eval()


def _plan(run: Run, settings: Settings, fitting: TensorRows) -> TrainingPlan:
    """Return what a trainer of the model's family is told."""
    assert settings.batch_size is not None, "chosen for the rows"
    return TrainingPlan(
        steps=run.steps(fitting, settings.batch_size, settings.rounds),
        batch_size=settings.batch_size,
        rows=len(fitting),
        lr=settings.rate,
        optimizer=settings.optimizer,
        weight_decay=settings.weight_decay,
        schedule=settings.schedule,
        clip=settings.clip,
        augment=settings.augment,
    )


def _train_by_family(
    model: nn.Module,
    trainer: PictureTrainer,
    run: Run,
    settings: Settings,
    fitting: TensorRows,
    validate: Callable[[nn.Module], dict[str, float]],
    best: str | tuple[str, ...],
    given: Callable[[Tensor], Tensor],
) -> None:
    """Train a model by the steps of its family, as `train_model` does."""
    assert settings.batch_size is not None, "chosen for the rows"
    steps = run.steps(fitting, settings.batch_size, 1)
    every = math.ceil(trainer.measured_every / steps)
    try:
        for epoch in run.epochs(settings.rounds, patience=settings.patience):
            model.train()
            for numbers, target in run.batches(fitting, settings.batch_size):
                inputs = given(numbers[:, 0].long().cpu()).to(run.device)
                trainer.step(inputs, target)
            if epoch % every and epoch < settings.rounds:
                continue
            run.log(validate(trainer.kept), best=best, model=trainer.kept)
            trainer.finish_epoch()
        run.best(model)
    finally:
        # In the order that saved weights have: another one rounds otherwise.
        without_autocast(model).eval().to(memory_format=torch.contiguous_format)


def prepare(model: nn.Module, settings: Settings) -> None:
    """Freeze what the strategy keeps; the statistics of normalisations move only with
    `norm_statistics`.

    A few hundred pictures say less about them than the millions they were taken from.
    """
    if not settings.norm_statistics:
        freeze_norms(model)
    if settings.freeze == "none":
        return
    if settings.freeze == "lora":
        lora.add_factors(model, settings.lora_rank)
        return
    freeze(model)
    if settings.freeze == "all-but-norm":
        for module in unwrap_model(model).modules():
            if isinstance(module, NORM_LAYERS):
                module.requires_grad_(True)


def blocks(model: nn.Module) -> list[nn.ModuleList]:
    """Return what comes before the head, first to last, a normalisation with its layer.

    A block is a module with parameters; of a sequence, each of its members.
    """
    grouped: list[nn.ModuleList] = []
    for module in _flat(frozen_until(unwrap_model(model), head_of(model))):
        if not any(True for _ in module.parameters()):
            continue
        if grouped and isinstance(module, NORM_LAYERS):
            grouped[-1].append(module)
        else:
            grouped.append(nn.ModuleList([module]))
    return grouped


def parameter_groups(model: nn.Module, settings: Settings) -> list[dict[str, Any]]:
    """Return what learns, the head first; each block slower than the one after it. Of a
    model without a head all learns alike."""
    head = _head(model)
    groups: list[dict[str, Any]] = []
    groups.append({"params": list(head.parameters()), "lr": settings.rate})
    if settings.freeze == "lora":
        learned = [p for p in unwrap_model(model).parameters() if p.requires_grad]
        return [{"params": learned, "lr": settings.rate}]
    if settings.freeze == "backbone" or head is unwrap_model(model):
        return groups
    slower = settings.rate
    for block in reversed(blocks(model)):
        slower *= settings.layer_lr_decay
        groups.append({"params": list(block.parameters()), "lr": slower})
    listed = {id(p) for group in groups for p in group["params"]}
    rest = [p for p in unwrap_model(model).parameters() if id(p) not in listed]
    groups.append({"params": rest, "lr": slower})
    if settings.freeze == "all-but-norm":  # what is frozen stays so to the end
        for group in groups:
            group["params"] = [p for p in group["params"] if p.requires_grad]
    return [group for group in groups if group["params"]]


def unfreeze_at_epoch(model: nn.Module, settings: Settings, epoch: int) -> None:
    """Let one block more learn, where the strategy is gradual: the head has a quarter
    of the epochs to itself, and with the last epoch all have learned."""
    if settings.freeze != "gradual":
        return
    all_blocks = blocks(model)
    alone = settings.rounds / 4
    share = (epoch - alone) / (settings.rounds - alone)
    count = math.ceil(max(0.0, share) * len(all_blocks))
    release = (
        freezing.unfreeze if settings.norm_statistics else freezing.unfreeze_module
    )
    for block in all_blocks[len(all_blocks) - count :]:
        release(block)
    if count >= len(all_blocks):
        release(model)  # with what lies beside the blocks


def _head(model: nn.Module) -> nn.Module:
    """Return the head; of a model that has none, all of it."""
    module = unwrap_model(model)
    whole = model_metadata(model).spec.head is None
    return module if whole else module.get_submodule(head_of(model))


def _flat(modules: Iterable[nn.Module]) -> Iterator[nn.Module]:
    for module in modules:
        if isinstance(module, (nn.Sequential, nn.ModuleList)):
            yield from _flat(module.children())
        else:
            yield module
