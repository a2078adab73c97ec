"""Measure weights that no recipe of the zoo trained, and write their receipt.

A model's recipe says how it is measured: `data(run, split)` and `evaluate(model, rows)`
are enough, and `train` may be missing.
"""

from dataclasses import replace
from pathlib import Path

from zoo.artifacts import checkpoint_folder
from zoo.cards import render
from zoo.errors import CheckpointError
from zoo.models import golden, loading
from zoo.plugins.discovery import installed
from zoo.training import receipt as receipts
from zoo.training.run import Run
from zoo.training.train import (
    EVALUATION_NAMES,
    golden_input,
    measured_by,
    recipe_of,
    seeded,
)

__all__ = ["measure"]


def measure(folder: str | Path) -> dict[str, float]:
    """Measure an imported checkpoint on its model's test rows; return the metrics.

    `folder` is one of `zoo.import_weights`. Its receipt and card are written: the
    metrics, the baselines and pictures of the recipe's report, the fingerprints of the
    data, and the file that the weights came from. A golden is made where there was
    none. Then `zoo.ship` makes it the checkpoint of the plugin. Raises CheckpointError,
    CardError, DataError, and TrainingError where the model has no recipe that measures.

    >>> zoo.measure("runs/mine")["accuracy"]  # doctest: +SKIP
    0.91
    """
    folder = Path(folder)
    config = checkpoint_folder.read_config(folder)
    before = checkpoint_folder.read_receipt(folder)
    spec = installed().models.get(config.name)
    if spec is None:
        raise CheckpointError(
            f"{folder} is of {config.name!r}, which no installed plugin registers, so "
            "no recipe measures it. zoo.evaluate(model, data) measures it on data that "
            "you give."
        )
    if before.get("history") or ("settings" in before and "origin" not in before):
        raise CheckpointError(
            f"{folder} was trained by a recipe, which has measured it. 'zoo verify "
            f"{folder} --metric' measures it again."
        )
    spec = replace(spec, license=config.license)
    render.check_prose(spec)
    recipe = recipe_of(spec, EVALUATION_NAMES)
    model = loading.load(folder)
    with seeded(0):
        run = Run(spec)
        rows = recipe.data(run, "test")
        evaluate = measured_by(spec, recipe, "evaluate")
        assert evaluate is not None, "asked for above"
        try:
            metrics = dict(evaluate(model, rows))
        except NotImplementedError as exc:  # as `zoo new --from-weights` leaves it
            raise CheckpointError(
                f"What {spec.build!r} builds computes nothing yet: {exc}"
            ) from exc
        if (report := measured_by(spec, recipe, "report")) is not None:
            report(model, run)
    origin = before.get("origin") or {"file": "not known"}
    receipt = receipts.receipt(run, {}, metrics, rows) | {"origin": origin}
    card = render.text(replace(spec, weights=config.weights), receipt)
    with checkpoint_folder.scratch_folder(folder) as new:
        checkpoint_folder.copy_folder(folder, new)
        for name, (content, _) in run.figures.items():
            (new / name).write_bytes(content)
        (new / checkpoint_folder.CARD).write_text(card, encoding="utf-8")
        checkpoint_folder.write_receipt(new, receipt)
        if not (new / checkpoint_folder.GOLDEN).exists():
            path = new / checkpoint_folder.GOLDEN
            golden.make_golden(model, golden_input(run, recipe, rows), path)
        checkpoint_folder.replace_folder(new, folder)
    return metrics
