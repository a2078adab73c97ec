"""The metadata of a loaded model: `model.zoo`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from torch import nn

from zoo._utils.shown import counted
from zoo.artifacts import checkpoint_folder
from zoo.errors import CheckpointError, a_type
from zoo.runtime import rows
from zoo.specs import Input, ModelSpec, Output

__all__ = [
    "LoadReport",
    "LoadedModel",
    "ModelMetadata",
    "attach",
    "model_metadata",
    "unwrap_model",
    "with_input_spec",
    "with_output_spec",
]


@dataclass(frozen=True, kw_only=True)
class LoadReport:
    """The report of a load: every tensor of the model is in `loaded` or in `fresh`.

    >>> report = zoo.load("xor-mlp").zoo.report
    >>> report.loaded, report.fresh
    (('hidden.weight', 'hidden.bias', 'output.weight', 'output.bias'), ())
    """

    path: str
    sha256: str
    hashed: bool  # False where a stamp vouched for the file
    loaded: tuple[str, ...]
    fresh: tuple[str, ...]  # initialised at random: a new head, and nothing else
    tied: tuple[str, ...]  # names that share a loaded tensor
    casts: Mapping[str, str]
    seconds: float

    def __repr__(self) -> str:
        """Return one line: the names of all tensors would fill a screen."""
        fresh = f", fresh: {', '.join(self.fresh)}" if self.fresh else ""
        casts = "".join(f", {k}" for k in sorted(set(self.casts.values())))
        return (
            f"<LoadReport: {counted(len(self.loaded), 'tensor')} from {self.path}"
            f"{fresh}{casts}, "
            f"{self.seconds * 1000:.0f} ms>"
        )


@dataclass(frozen=True, kw_only=True)
class ModelMetadata:
    """The value of `model.zoo`: where a model comes from and how to build it again.

    >>> model = zoo.load("lenet5-mnist")
    >>> model.zoo.spec.name, model.zoo.labels[:2]
    ('lenet5-mnist', ('0', '1'))
    """

    spec: ModelSpec
    options: Mapping[str, Any]
    folder: Path | None = None
    parent: Mapping[str, str] | None = None
    report: LoadReport | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the outputs, in the order the model gives them."""
        return self.spec.labels

    @property
    def receipt(self) -> dict[str, Any]:
        """What the recipe recorded when it made these weights, from run.json."""
        return checkpoint_folder.read_receipt(self.folder) if self.folder else {}

    @property
    def settings(self) -> dict[str, Any]:
        """The recipe's settings these weights were trained with."""
        settings: dict[str, Any] = self.receipt.get("settings", {})
        return settings


def model_metadata(model: nn.Module) -> ModelMetadata:
    """Return `model.zoo`, looking through torch.compile and DistributedDataParallel."""
    metadata = getattr(unwrap_model(model), "zoo", None)
    if not isinstance(metadata, ModelMetadata):
        raise CheckpointError(
            f"This {type(model).__name__} was not made by zoo.load or zoo.build, so "
            "its build function, labels and input are unknown."
        )
    return metadata


def unwrap_model(model: nn.Module) -> nn.Module:
    """Return the model inside torch.compile and DistributedDataParallel."""
    if not isinstance(model, nn.Module):
        advice = ""
        if isinstance(model, (str, Path)):
            advice = (
                f" zoo.load({str(model)!r}) gives one, where it is a name or a folder."
            )
        raise CheckpointError(f"{a_type(model)} is not a model.{advice}")
    return rows.unwrap_model(model)


if TYPE_CHECKING:

    class LoadedModel(nn.Module):
        """What type checkers know of a model of the zoo: a module that has `zoo`."""

        zoo: ModelMetadata

else:
    LoadedModel = nn.Module  # each is of the class of its architecture


def attach(model: nn.Module, metadata: ModelMetadata) -> LoadedModel:
    """Set `model.zoo` and return the model. Deep copies and compiled models keep it."""
    # Past nn.Module's own __setattr__, which looks for parameters and modules.
    object.__setattr__(model, "zoo", metadata)
    return cast(LoadedModel, model)


def with_input_spec(model: nn.Module, input_spec: Input) -> LoadedModel:
    """Replace the input of the spec in `model.zoo`, and return the model."""
    metadata = model_metadata(model)
    return attach(
        model, replace(metadata, spec=replace(metadata.spec, input=input_spec))
    )


def with_output_spec(model: nn.Module, output_spec: Output) -> LoadedModel:
    """Replace the output of the spec in `model.zoo`, and return the model."""
    metadata = model_metadata(model)
    return attach(
        model, replace(metadata, spec=replace(metadata.spec, output=output_spec))
    )
