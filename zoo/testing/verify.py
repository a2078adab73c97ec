"""Check a model against its pins, its golden and its metrics: `zoo.verify`."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from torch import nn

from zoo._utils import paths
from zoo.artifacts import checkpoint_folder
from zoo.errors import CheckpointError, TrainingError
from zoo.finetuning import remeasure
from zoo.models import golden, loading, safetensors_io
from zoo.models.golden import Replay
from zoo.models.metadata import model_metadata
from zoo.preprocessing.preprocessor import preprocessor
from zoo.specs import Metric
from zoo.training.run import Run
from zoo.training.train import EVALUATION_NAMES, measured_by, recipe_of

__all__ = ["Recheck", "Verification", "verify"]


@dataclass(frozen=True, kw_only=True)
class Recheck:
    """A claimed metric and what was measured now."""

    name: str
    dataset: str
    split: str
    claimed: float
    found: float
    tolerance: float

    @property
    def agrees(self) -> bool:
        return abs(self.found - self.claimed) <= self.tolerance


@dataclass(frozen=True, kw_only=True)
class Verification:
    """How far a model got: it loads, strictly and hashed, and matches its golden."""

    name: str
    sha256: str
    tensors: int
    matches: bool | None  # None where there is no golden
    difference: float
    tolerance: float
    first_layer: str | None  # the first whose output differs
    kept: Path | None  # both tensors of a mismatch
    metrics: tuple[Recheck, ...]

    @property
    def passed(self) -> bool:
        """Whether everything that was looked at agrees."""
        return self.matches is not False and all(m.agrees for m in self.metrics)

    def to_dict(self) -> dict[str, Any]:
        plain = asdict(self) | {"passed": self.passed}
        return plain | {"kept": str(self.kept) if self.kept else None}


def verify(
    name: str | Path, *, metric: bool = False, keep: Path | None = None
) -> Verification:
    """Hash the weights, load them strictly and replay the golden; return what was seen.

    `metric` also measures the claimed metrics on their data again. On a mismatch the
    expected and the actual output are saved in the folder `keep`, or in the cache.
    Raises what `zoo.load` raises.

    >>> zoo.verify("xor-mlp").matches
    True
    """
    model = loading.load(name, verify="always")
    known = model_metadata(model)
    if known.folder is None or known.report is None:
        raise CheckpointError(f"{name} was not loaded from files: nothing to verify.")
    input_spec = known.spec.input
    preprocessor(input_spec).identity(input_spec)  # tokenizer.json is the pinned one
    path = known.folder / checkpoint_folder.GOLDEN
    replay = golden.replay(model, path) if path.is_file() else None
    kept = None
    if replay is not None and not replay.matches:
        kept = _keep(replay, keep or paths.cache_dir() / "mismatch", known.spec.name)
    return Verification(
        name=known.spec.name,
        sha256=known.report.sha256,
        tensors=len(known.report.loaded),
        matches=replay.matches if replay else None,
        difference=replay.difference if replay else 0.0,
        tolerance=replay.tolerance if replay else 0.0,
        first_layer=replay.first if replay and not replay.matches else None,
        kept=kept,
        metrics=_measured_again(model) if metric else (),
    )


def _keep(replay: Replay, folder: Path, name: str) -> Path:
    path = folder / f"{name}.safetensors"
    safetensors_io.write({"expected": replay.expected, "found": replay.output}, path)
    return path


def _measured_again(model: nn.Module) -> tuple[Recheck, ...]:
    known = model_metadata(model)
    receipt = known.receipt
    claims = known.spec.metrics or _claims(receipt)
    if not claims:
        return ()
    measured: dict[str, Mapping[str, float]] = {}
    for split in {claim.split for claim in claims}:
        measured[split] = _measured(model, split)
    return tuple(
        Recheck(
            name=claim.name,
            dataset=claim.dataset,
            split=claim.split,
            claimed=claim.value,
            found=measured[claim.split][claim.name],
            tolerance=claim.tolerance,
        )
        for claim in claims
    )


def _measured(model: nn.Module, split: str) -> Mapping[str, float]:
    """Measure on a split: by the recipe, or as fine-tuning did."""
    known = model_metadata(model)
    receipt = known.receipt
    if remeasure.is_finetuned(receipt):
        return remeasure.remeasure(model, receipt, split)
    if "recipe_sha256" in receipt:
        raise TrainingError(
            f"{known.folder} was trained with the recipe file {receipt['recipe']}, "
            "which a checkpoint does not contain, so its metrics can't be measured "
            "again. zoo.evaluate(model, data) measures it on data that you give."
        )
    recipe = recipe_of(known.spec, EVALUATION_NAMES)
    run = Run(known.spec, smoke=receipt.get("smoke", False))
    evaluate = measured_by(known.spec, recipe, "evaluate")
    if evaluate is None:
        raise TrainingError(f"The recipe of {known.spec.name!r} has no 'evaluate'.")
    metrics: Mapping[str, float] = evaluate(model, recipe.data(run, split))
    return metrics


def _claims(receipt: Mapping[str, Any]) -> tuple[Metric, ...]:
    """Return the metrics of a folder's receipt: it has no spec that claims them.

    How far each may lie from its claim is not left to the file.
    """
    keys = ("name", "value", "dataset", "split")
    try:
        return tuple(
            Metric(**{key: metric[key] for key in keys})
            for metric in receipt.get("metrics", ())
        )
    except (KeyError, TypeError) as exc:
        raise CheckpointError(
            f"The {checkpoint_folder.RECEIPT} of this model does not say what was "
            f"measured ({type(exc).__name__}: {exc})."
        ) from exc
