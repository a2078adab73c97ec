"""The figures of a fine-tuned model, measured again on the rows they came from."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from zoo.datasets.custom.wanted import ReadOptions
from zoo.errors import DataError, TrainingError
from zoo.evaluation.evaluate import compute_metrics, predict_examples
from zoo.finetuning import data
from zoo.finetuning.finetune import is_solved_exactly
from zoo.finetuning.pairs import rows_in_pairs
from zoo.finetuning.strategies import Settings
from zoo.models.metadata import model_metadata
from zoo.plugins.discovery import installed
from zoo.training.settings import with_values

__all__ = ["is_finetuned", "remeasure"]


def is_finetuned(receipt: Mapping[str, Any]) -> bool:
    """Return whether a receipt is of a model that was fine-tuned, without a recipe."""
    return receipt.get("recipe") is None and "tried" in receipt


def remeasure(
    model: nn.Module, receipt: Mapping[str, Any], part: str
) -> dict[str, float]:
    """Return the metrics of a fine-tuned model on the same rows as before.

    That can be where the rows are of a registered dataset. Raises TrainingError where
    they are a user's own, and DataError where they have changed.
    """
    spec = model_metadata(model).spec
    named = {name.rpartition("/")[2]: name for name in receipt["data"]}
    sources = {part: name.rpartition("/")[0] for part, name in named.items()}
    for source in (sources["training"], sources[part]):
        if source not in installed().datasets:
            raise TrainingError(
                f"{spec.name!r} was measured on {source}, which is no registered "
                "dataset, so its rows can't be found again. zoo.evaluate(model, data) "
                "measures it on rows that you give."
            )
    parts = data.read_splits(
        spec,
        sources["training"],
        validation=_other(sources, "validation"),
        test=_other(sources, "test"),
        labels=spec.labels or None,
        options=ReadOptions(target=receipt["target"]),
    )
    chosen = with_values(Settings(), receipt["settings"])
    if "validation" in named:
        parts = data.split_rows(parts, chosen, spec, solved=is_solved_exactly(chosen))
    rows = parts.parts().get(part)
    if (
        rows is None
        or rows.fingerprint() != receipt["data"][named[part]]["fingerprint"]
    ):
        raise DataError(
            f"{sources[part]}: the {part} rows are not those that {spec.name!r} was "
            "measured on. Their content has changed."
        )
    rows = rows_in_pairs(spec, rows)
    return compute_metrics(model, predict_examples(model, rows), rows)


def _other(sources: Mapping[str, str], part: str) -> str | None:
    """Return the source of a part, where it is not that of the training rows."""
    source = sources.get(part)
    return None if source == sources["training"] else source
