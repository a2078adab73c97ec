"""The base class of all tasks, with their defaults: `Task`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeVar, cast

import torch
from torch import Tensor, nn

from zoo.errors import SettingsError, SpecError
from zoo.models.config_fit import blaming_config
from zoo.models.metadata import model_metadata, unwrap_model
from zoo.preprocessing.preprocessor import InputWarning, preprocessor
from zoo.runtime.augmentation import apply_augmentation
from zoo.runtime.eval_mode import forward_on_device
from zoo.runtime.run import Run
from zoo.specs import Input, ModelSpec, Output, TextInput
from zoo.tasks._picture_learning import PictureTrainer, TrainingPlan
from zoo.tasks.results.result import Result
from zoo.tasks.targets.base import Targets, targets_of

__all__ = ["FinetuneSettings", "Picture", "RawRows", "Task"]

InputT = TypeVar("InputT", bound=Input)
OutputT = TypeVar("OutputT", bound=Output)
Figures = Mapping[str, float]


class RawRows(Protocol):
    """Rows of a user's data: inputs that are not opened yet, and parsed targets."""

    @property
    def items(self) -> Sequence[Any]: ...

    @property
    def targets(self) -> Sequence[Any]: ...

    @property
    def names(self) -> Sequence[str]: ...


class FinetuneSettings(Protocol):
    """Those settings of a fine-tuning that are not for every kind of model."""

    @property
    def augment(self) -> str: ...

    @property
    def augmented_copies(self) -> int: ...

    @property
    def balance(self) -> bool: ...

    @property
    def invert(self) -> bool: ...

    @property
    def truncation_side(self) -> str | None: ...

    @property
    def freeze(self) -> str: ...

    @property
    def head_init(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture for a card: its name, the bytes of a PNG, and its caption, in which
    {part} is the name of the rows."""

    name: str
    png: bytes
    caption: str


class Task(Generic[InputT, OutputT]):
    """All that depends on the task of a model; a subclass overrides what differs.

    A new task is a module here, named as its tag, whose `TASK` is an instance of a
    subclass. `input_spec` is always the model's input, and `output_spec` its output.
    The author writes, in this order:

    * the classes of specs that models of the task take and give;
    * `postprocess`: from the output of one pass, (batch, ...), to one typed result a
      row. A task that needs several passes overrides `predict` instead, which is given
      the module and the batch;
    * where there are right answers: `metric`, `loss` and `compute_metrics`. The target
      tensor has a row for each row of the output, (batch, ...); the `zoo.tasks.targets`
      class that the output names makes it of data;
    * `check_output` and `num_label_outputs`, where the output is not (batch, labels).

    Raw inputs become a batch in three steps: `split_items` splits what a user gave into
    single inputs, `load_item` reads and checks one, `collate` makes the input tensor,
    (batch, ...), of several. By default the `zoo.preprocessing` class of the input
    does all three.
    """

    input_types: ClassVar[tuple[type[Input], ...]]
    output_types: ClassVar[tuple[type[Output], ...]]
    variants: ClassVar[tuple[Task[Any, Any], ...]] = ()  # of the same tag, other output
    options: ClassVar[tuple[str, ...]] = ()  # of zoo.predict, beside those of the input
    uses_beam_search: ClassVar[bool] = False  # whether by `zoo.runtime.beam_search`
    supports_windows: ClassVar[bool] = (
        False  # whether it can look at every part of a picture
    )
    metric: ClassVar[str | None] = None  # by which models are chosen
    dense: ClassVar[bool] = False  # whether one row is answered in many places
    own_loss: ClassVar[bool] = (
        False  # whether the loss is no function of the output: `compute_own_loss`
    )
    by_family: ClassVar[bool] = (
        False  # whether a family may say how it learns: `_picture_learning`
    )
    finetune_defaults: ClassVar[Mapping[str, Any]] = {}  # where others than usual
    # Which figures decide where `selection_metric` is equal.
    tie_breakers: ClassVar[tuple[str, ...]] = ("validation_loss",)

    head_check: ClassVar[tuple[int, float]] = 80, 0.5  # epochs and rate of the check

    def signature(self, spec: ModelSpec) -> tuple[InputT, OutputT]:
        """Return the input and the output of a model of this task. Raises SpecError
        where they are no such."""
        for name, kinds in (("input", self.input_types), ("output", self.output_types)):
            given = getattr(spec, name)
            if not isinstance(given, kinds):
                expected = f"one that {spec.task!r} has"
                expected += f" ({', '.join(kind.__name__ for kind in kinds)})"
                raise SpecError(f"Model {spec.name!r}", name, given, expected)
        return cast(tuple[InputT, OutputT], (spec.input, spec.output))

    # zoo.predict

    def split_items(self, raw: Any, input_spec: InputT) -> tuple[list[Any], bool]:
        """Return the single inputs in `raw`, and whether it was one and not a list."""
        return preprocessor(input_spec).split_items(raw, input_spec)

    def load_item(self, item: Any, input_spec: InputT) -> Any:
        """Return one of those items, read and checked."""
        return preprocessor(input_spec).load_item(item, input_spec)

    def input_options(self, input_spec: InputT) -> tuple[str, ...]:
        """Return the options of `collate`."""
        return preprocessor(input_spec).options

    def collate(
        self, opened: Sequence[Any], input_spec: InputT, **options: Any
    ) -> Tensor:
        """Return opened items as the model's input tensor; `options` are those of the
        kind of input."""
        return preprocessor(input_spec).collate(opened, input_spec, **options)

    def truncated(self, opened: Sequence[Any], input_spec: InputT) -> int:
        """Return of how many opened items the model does not see all."""
        return preprocessor(input_spec).truncated(opened, input_spec)

    def kept(self, opened: Any, pictures: bool) -> Any:
        """Return what `predict` needs of an opened item beside its tensor.

        Without `pictures` its result need not keep one.
        """
        return opened

    def input_warnings(self, batch: Tensor, input_spec: InputT) -> list[InputWarning]:
        """Return why a batch does not look like the training data.

        A call warns once of each kind.
        """
        return preprocessor(input_spec).input_warnings(batch, input_spec)

    def predict(
        self,
        module: nn.Module,
        given: Tensor,
        opened: Sequence[Any],
        options: Mapping[str, Any],
    ) -> list[Result]:
        """Return one typed result for each opened item; `given` is their batch."""
        _, output_spec = self.signature(model_metadata(module).spec)
        output = forward_on_device(module, given)
        with blaming_config(module, output=output):
            return self.postprocess(output, opened, output_spec)

    def postprocess(
        self, output: Tensor, opened: Sequence[Any], output_spec: OutputT
    ) -> list[Result]:
        """Return one typed result for each opened item and row of the output."""
        raise NotImplementedError(f"{type(self).__name__} has no results of one pass")

    # zoo.sample

    def generates(self, module: nn.Module) -> bool:
        """Return whether a model draws results of its own, and not outputs alone."""
        return False

    def generate(
        self,
        module: nn.Module,
        count: int,
        random: torch.Generator,
        options: Mapping[str, Any],
    ) -> list[Result]:
        """Return results that a model which `generates` draws from nothing."""
        raise NotImplementedError(f"{type(self).__name__} draws nothing of its own")

    def generate_tensor(
        self, module: nn.Module, count: int, random: torch.Generator
    ) -> Tensor:
        """Return what shows that a model which `generates` has drawn, (count, ...)."""
        raise NotImplementedError(f"{type(self).__name__} draws nothing of its own")

    # Learning, and measuring

    def loss(
        self,
        output: Tensor,
        target: Tensor,
        output_spec: OutputT,
        weight: Tensor | None = None,
    ) -> Tensor:
        """Return the loss, a mean over the rows.

        `output` is the model's, or that of its head where nothing comes after it.
        `target` is what `Targets.tensor` gives. `weight` (labels,) is how much each
        label counts. `zoo.finetune` needs a loss of every task whose models declare a
        head. `zoo.testing.head_learns` checks that a head trained by it learns to
        separate two kinds of rows. With `own_loss` the models have it instead.
        """
        raise NotImplementedError(f"{type(self).__name__} has no right answers")

    def compute_own_loss(
        self, module: nn.Module, batch: Tensor, target: Tensor
    ) -> Tensor:
        """Return the loss of a model with `own_loss`, by default what the model itself
        returns of it: `forward(input, target)`."""
        return torch.as_tensor(module(batch, target)).float().sum()

    def trainer(
        self, module: nn.Module, run: Run, plan: TrainingPlan
    ) -> PictureTrainer | None:
        """Return what fine-tunes a model by the steps of its family; None where a loss
        says all."""
        return None

    def measured_output(
        self, module: nn.Module, batch: Tensor, rows: RawRows
    ) -> Tensor:
        """Return the output that rows are measured by, by default that of one pass.

        `batch` holds the prepared inputs of `rows`. A task whose outputs are too large
        to be kept for all rows returns what `loss` and `compute_metrics` take instead.
        The outputs of several batches are of one shape but for the rows.
        """
        return forward_on_device(module, batch)

    def measure_output(
        self, module: nn.Module, output: Tensor, rows: RawRows
    ) -> dict[str, float]:
        """Return the metrics of what `measured_output` gave for rows."""
        input_spec, output_spec = self.signature(model_metadata(module).spec)
        target = self.target_tensor(rows, input_spec, output_spec)
        return self.compute_metrics(output, target, output_spec)

    def compute_metrics(
        self, output: Tensor, target: Tensor, output_spec: OutputT
    ) -> dict[str, float]:
        """Return the task's metrics, named as on the Hub.

        A task that has no right answers, such as drawing, has none of these two.
        """
        raise NotImplementedError(f"{type(self).__name__} has no right answers")

    def measures(self, spec: ModelSpec) -> bool:
        """Return whether `zoo.evaluate` can measure a model of the task."""
        return self.metric is not None

    def measure_rows(
        self, module: nn.Module, rows: RawRows, **prepare: Any
    ) -> dict[str, float] | None:
        """Return the metrics of rows whose outputs differ in shape, and so can't be
        kept together; None where `compute_metrics` measures them. `prepare` are the
        options of `collate`. Raises DataError, InputError."""
        return None

    def targets(self, output_spec: OutputT) -> Targets[Any]:
        """Return what is known of the answers that rows of data have."""
        return targets_of(output_spec)

    def target_tensor(
        self, rows: RawRows, input_spec: InputT, output_spec: OutputT
    ) -> Tensor:
        """Return the targets of rows as `loss` and `compute_metrics` take them."""
        found = self.targets(output_spec)
        return found.tensor(rows.targets, input_spec, output_spec)

    def selection_metric(
        self, *, balance: bool, output_spec: OutputT | None = None
    ) -> str:
        """Return the metric by which a fine-tuning chooses; with `balance` every label
        counts alike. A task with several kinds of output looks at `output_spec`."""
        assert self.metric is not None, "a task whose models are fine-tuned measures"
        return self.metric

    def augment(
        self,
        batch: Tensor,
        target: Tensor,
        kind: str,
        random: torch.Generator,
        output_spec: OutputT,
    ) -> tuple[Tensor, Tensor]:
        """Return training pictures changed as `kind` says, and their targets, which may
        move with them; see `zoo.runtime.augmentation`."""
        return apply_augmentation(batch, kind, random), target

    def predicted_labels(self, output: Tensor, output_spec: OutputT) -> Tensor | None:
        """Return the number of the label that each row, or pixel, is given, if any."""
        return None

    # Fine-tuning

    @classmethod
    def handles(cls, output_spec: Output) -> bool:
        """Return whether models with such an output have this task or variant."""
        return isinstance(output_spec, cls.output_types)

    def learns_whole(self, spec: ModelSpec) -> bool:
        """Return whether a model is fine-tuned as a whole, and without a head."""
        return self.learns_from_inputs(spec)

    def learns_from_inputs(self, spec: ModelSpec) -> bool:
        """Return whether a model is fine-tuned on pairs that are made of inputs alone:
        see `training_pairs`."""
        return False

    def training_pairs(
        self, item: Any, name: str, spec: ModelSpec
    ) -> Sequence[tuple[Any, Any]]:
        """Return what a model that learns from inputs is shown of one, opened, each
        with its parsed target. `name` is that of the item. Raises DataError."""
        raise NotImplementedError(f"{type(self).__name__} is taught by targets")

    def held_out_tail(
        self, item: Any, name: str, val_fraction: float, spec: ModelSpec
    ) -> tuple[Any, Any] | None:
        """Return the only training input without its last part, and that part, to be
        held back for validation; None where an input can't be divided. Raises
        DataError."""
        return None

    def input_notes(
        self, rows: RawRows, source: str, part: str, spec: ModelSpec
    ) -> tuple[str, ...]:
        """Return what is said of the inputs of a fine-tuning, each a sentence; `source`
        and `part` are the names of the data and of the split. Raises DataError."""
        return ()

    def check_finetuning(self, spec: ModelSpec, chosen: FinetuneSettings) -> None:
        """Refuse a model that can't be fine-tuned, and settings that are not for it.

        Raises OptionError, SettingsError.
        """
        seen = spec.output.training_input(spec.input)
        if chosen.augment != "none" and not seen.pictured:
            raise SettingsError(
                f"augment={chosen.augment!r} changes pictures, and {spec.name!r} takes "
                f"{seen.plural}: leave it out."
            )
        if chosen.invert and not seen.pictured:
            raise SettingsError(
                f"invert=True exchanges dark and light, and {spec.name!r} takes "
                f"{seen.plural}: leave it out."
            )
        if chosen.truncation_side is not None:
            self._check_truncated(spec, f"truncation_side={chosen.truncation_side!r}")

    def _check_truncated(self, spec: ModelSpec, setting: str) -> None:
        """Refuse to choose an end for a model that cuts no text off. Raises
        SettingsError."""
        if not isinstance(spec.input, TextInput):
            raise SettingsError(
                f"{setting} is for texts, and {spec.name!r} takes {spec.input.plural}: "
                "leave it out."
            )
        if self.learns_from_inputs(spec):
            raise SettingsError(
                f"{setting} is for models that cut a long text off, and {spec.name!r} "
                "learns from all of it: leave it out."
            )

    def refuse_head_settings(
        self,
        spec: ModelSpec,
        chosen: FinetuneSettings,
        inputs: str,
        also: Mapping[str, bool],
        *,
        freezes: Sequence[str] = ("none",),
    ) -> None:
        """Refuse settings of heads and of classes for a model that learns as a whole
        from `inputs`, and what `also` names. Raises SettingsError."""
        odd = {
            f"freeze={chosen.freeze!r} keeps what lies before a head": (
                chosen.freeze not in freezes
            ),
            f"head_init={chosen.head_init!r} is of a new head": (
                chosen.head_init != "probe"
            ),
            "balance=True lets classes count alike": chosen.balance,
            **also,
        }
        for what in (what for what, asked in odd.items() if asked):
            raise SettingsError(
                f"{what}, and {spec.name!r} learns as a whole from {inputs}: leave "
                f"{what.partition('=')[0]} out."
            )

    def check_targets(
        self, module: nn.Module, given: Tensor, targets: Mapping[str, Sequence[Any]]
    ) -> None:
        """Refuse targets, by the name of their source, for which the model's output has
        no room. `given` is a batch. Raises DataError."""

    def init_head_from(self, old: nn.Module, model: nn.Module) -> None:
        """Copy the weights of labels that the old head has too into the new one: by the
        model's `init_head_from(old, labels)`, if it has one, with pairs of the numbers
        of a label, the old one and the new one."""
        begin = getattr(unwrap_model(model), "init_head_from", None)
        before, after = model_metadata(old).labels, model_metadata(model).labels
        pairs = [(before.index(x), n) for n, x in enumerate(after) if x in before]
        if begin is not None:
            begin(unwrap_model(old), pairs)

    def baselines(
        self, training: RawRows, rows: RawRows, input_spec: InputT, output_spec: OutputT
    ) -> dict[str, Figures]:
        """Return what no knowledge of the inputs reaches on `rows`, by name."""
        return {}

    def of_real(
        self, training: RawRows, rows: RawRows, spec: ModelSpec
    ) -> dict[str, float]:
        """Return what real data of the same kind reaches on `rows`, by the names of
        metrics and "_real", where nothing need be ahead of it."""
        return {}

    def draw_errors(
        self,
        module: nn.Module,
        rows: RawRows,
        output: Tensor,
        target: Tensor,
    ) -> Picture | None:
        """Return a picture of some rows and their predictions, if it can be drawn;
        `output` is the model's of all rows."""
        return None

    # zoo.testing

    def check_output(self, output: Tensor, given: Tensor, spec: ModelSpec) -> None:
        """Find the output of a fresh model on stand-in rows to be of the right shape.

        Raises AssertionError, and what `postprocess` raises.
        """
        _, output_spec = self.signature(spec)
        nothing = torch.empty(0)  # stands for an opened input that nobody looks at
        for one in self.postprocess(output, [nothing] * len(output), output_spec):
            assert set(getattr(one, "scores", ())) == set(spec.labels)

    def num_label_outputs(self, output: Tensor, output_spec: OutputT) -> int:
        """Return how many labels an output has numbers for."""
        return output.shape[1]

    def constant_loss(
        self, output: Tensor, target: Tensor, output_spec: OutputT
    ) -> float:
        """Return the loss of the answer that is nearest to all rows of two kinds."""
        return self.loss(torch.zeros_like(output), target, output_spec).item()
