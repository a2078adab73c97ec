"""From a fine-tuned model to a checkpoint folder: receipt, card, pictures."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from zoo.artifacts import checkpoint_folder
from zoo.cards import finetuned
from zoo.datasets import in_memory
from zoo.datasets.custom.trained_rows import remember_trained
from zoo.datasets.custom.wanted import ReadOptions
from zoo.datasets.in_memory import TensorRows
from zoo.errors import SettingsError
from zoo.evaluation import plots
from zoo.finetuning.finetune import FinetuneResult, finetune_by_name
from zoo.inference import features
from zoo.models import saving
from zoo.models.devices import Device
from zoo.models.metadata import LoadedModel, attach, model_metadata
from zoo.plugins.discovery import installed
from zoo.specs import License, ModelSpec
from zoo.tasks import task_of
from zoo.training import receipt as receipts
from zoo.training.monitoring import TrainingMonitor
from zoo.training.progress import print_comparison, show_progress, watched
from zoo.training.rescue import weights_kept

__all__ = ["finetune", "save"]

MAX_CONFUSION_LABELS = 30  # in a picture of the confusion
MAX_MISTAKES, MISTAKE_PIXELS = 24, 96  # mistakes that are shown, and their pixels


def save(result: FinetuneResult, folder: str | Path) -> Path:
    """Write a fine-tuned model as a checkpoint folder with a receipt and a card."""
    folder = Path(folder)
    checkpoint_folder.check_replaceable(folder)
    model, known = result.model, model_metadata(result.model)
    spec = _spec(result, folder.name or folder.resolve().name)
    attach(model, replace(known, spec=spec))
    _draw(result)
    receipt = _receipt(result, spec)
    files = {name: content for name, (content, _) in result.run.figures.items()}
    card = finetuned.render(spec, receipt)
    example = in_memory.synthetic_rows(spec.input, spec.output, 2, "noise")
    saving.save(
        model,
        folder,
        example=in_memory.to_model_input(
            example.input
        ),  # nobody's own data is passed on
        receipt=receipt,
        files=files | {checkpoint_folder.CARD: card.encode()},
    )
    attach(model, replace(known, spec=spec, folder=folder))
    sha256 = checkpoint_folder.weights_pin(folder).pinned[1]
    remember_trained(sha256, result.data.training)
    return folder


def _spec(result: FinetuneResult, name: str) -> ModelSpec:
    """Return what the new model is: its own name, nobody's recipe."""
    spec, source = model_metadata(result.model).spec, result.data.source
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "fine-tuned"
    known = installed().datasets.get(source)
    data = known.license if known else "unknown"
    learnt = [source] if known else []
    return replace(
        spec,
        name=plain,
        summary=f"{spec.name}, fine-tuned on {source}.",
        recipe=None,
        parameters=sum(p.numel() for p in result.model.parameters()),
        trained_on=tuple(dict.fromkeys((*spec.trained_on, *learnt))),
        license=License(
            code=spec.license.code, weights=spec.license.weights, data=data
        ),
        examples=(),
        metrics=(),
        behind_baseline="",
        costs=None,
        weights=None,
    )


def _receipt(result: FinetuneResult, spec: ModelSpec) -> dict[str, Any]:
    result.run.data = {
        f"{result.data.source_of(part)}/{part}": {
            "rows": len(rows_of_part),
            "fingerprint": rows_of_part.fingerprint(),
        }
        for part, rows_of_part in result.data.parts().items()
    }
    rows = TensorRows(
        input=result.output,
        target=features.targets(result.model, result.rows),
        source=f"{_source(result)}/{result.part}",
        fingerprint="",
    )
    written = receipts.receipt(
        result.run, asdict(result.settings), result.metrics, rows
    )
    return written | {
        "name": spec.name,
        "recipe": None,
        "seen": result.part != "test" and _source(result) in result.run.spec.trained_on,
        "parent": model_metadata(result.model).parent,
        "classes": result.data.counts(),
        "target": result.target,
        "skipped": list(result.skipped),
        "notes": list(result.data.notes),
        "weakest": _weakest(result),
        "tried": [asdict(one) for one in result.probe.tried] if result.probe else [],
    }


def _source(result: FinetuneResult) -> str:
    return result.data.source_of(result.part)


def _weakest(result: FinetuneResult) -> list[dict[str, Any]]:
    """Return the share of right answers by class, the lowest first; of masks, right
    pixels."""
    predicted = _decided(result)
    if predicted is None:
        return []
    true = _true(result)
    classes = [
        {"label": label, "rows": int((true == n).sum()), "right": share}
        for n, label in enumerate(result.data.labels)
        if (share := (predicted[true == n] == n).float().mean().item()) == share
    ]
    return sorted(classes, key=lambda one: float(one["right"]))[:5]


def _decided(result: FinetuneResult) -> Tensor | None:
    """Return the number of the label that each row, or pixel, was given, if any."""
    spec = model_metadata(result.model).spec
    return task_of(spec).predicted_labels(result.output, spec.output)


def _true(result: FinetuneResult) -> Tensor:
    return features.targets(result.model, result.rows)


def _draw(result: FinetuneResult) -> None:
    run, labels, predicted = result.run, result.data.labels, _decided(result)
    if len(run.history) > 1:
        run.log_figure(
            "curves", plots.learning_curves(run.history), "The course of training."
        )
    spec, true = model_metadata(result.model).spec, _true(result)
    shown = task_of(spec).draw_errors(result.model, result.rows, result.output, true)
    if shown is not None:
        caption = shown.caption.format(part=result.part)
        run.log_figure(shown.name, shown.png, caption[:1].upper() + caption[1:])
    if not labels and not task_of(spec).learns_whole(spec):
        caption = f"Predicted against true, {result.part} rows."
        name = getattr(spec.output, "name", "")
        flat = result.output.flatten(), true.flatten()
        run.log_figure("predicted", plots.predicted_vs_true(*flat, name), caption)
    if predicted is None:
        return
    true = true.long()
    if len(labels) <= MAX_CONFUSION_LABELS:
        caption = f"What the {result.part} rows were called."
        known = true < len(labels)  # a pixel of a mask may be of no label
        flat = predicted[known], true[known]
        run.log_figure("confusion", plots.confusion_matrix(*flat, labels), caption)
    if predicted.ndim == 1 and spec.input.pictured and (predicted != true).any():
        caption = f"The surest mistakes on the {result.part} rows."
        run.log_figure("mistakes", _mistakes(result, predicted, true), caption)


def _mistakes(result: FinetuneResult, predicted: Tensor, true: Tensor) -> bytes:
    score = result.output.softmax(dim=-1).max(dim=-1).values
    wrong = (predicted != true).nonzero()[:, 0]
    worst = wrong[score[wrong].argsort(descending=True)][:MAX_MISTAKES]
    spec = model_metadata(result.model).spec
    task = task_of(spec)
    images = torch.zeros(
        len(worst), 3, MISTAKE_PIXELS, MISTAKE_PIXELS, dtype=torch.uint8
    )
    for place, row in enumerate(worst.tolist()):
        opened = task.load_item(result.rows.items[row], spec.input)
        shown = opened.convert("RGB").resize((MISTAKE_PIXELS, MISTAKE_PIXELS))
        images[place] = (
            torch.frombuffer(bytearray(shown.tobytes()), dtype=torch.uint8)
            .view(MISTAKE_PIXELS, MISTAKE_PIXELS, 3)
            .permute(2, 0, 1)
        )
    return plots.misclassified(
        images, predicted[worst], true[worst], score[worst], result.data.labels
    )


def finetune(
    name: str | Path,
    data: Any,
    folder: str | Path | None = None,
    *,
    validation: Any = None,
    test: Any = None,
    target: str | None = None,
    column: str | None = None,
    encoding: str | None = None,
    allow_outside: bool = False,
    labels: Sequence[str] | None = None,
    skip_unreadable: bool = False,
    force: bool = False,
    progress: bool | None = None,
    monitor: TrainingMonitor | None = None,
    settings: Mapping[str, object] | None = None,
    device: Device = "cpu",
    **named: object,
) -> LoadedModel:
    """Return the model `name`, fine-tuned on `data`; write it to `folder`.

    `data` is a folder of class-named folders, a CSV, JSON or parquet file, a DataFrame,
    a `datasets.Dataset`, a registered dataset's name or a Hub id; for a model of masks,
    a folder of `images` and `masks`; for a detector, a folder of pictures with boxes in
    COCO's, Pascal VOC's or YOLO's form, or COCO's file; for a model of keypoints or of
    objects with masks, pictures in COCO's form, a table with `NAME_x` and `NAME_y` of
    each point, or `images` and `masks`; for one that reads, a folder of pictures named
    by their texts; for one that translates, a table with a column of texts and one of
    translations; for one of series, a table in the order of time; for one that
    continues texts or fills their gaps, a folder of text files, or one file, whose end
    is held back; for one that draws or restores pictures, a folder of them, and for one
    of pairs a folder with `maps` and `photos`. `target` names the column to predict,
    and `column` that of the texts or pictures. `encoding` is that of a table or of text
    files not in UTF-8, such as "cp949". A table names pictures that are beside it, and
    with `allow_outside` any. Without `validation` rows a stratified part is held back
    where some are needed, of a series the last rows.
    `settings` are those of
    `zoo.finetuning.strategies.Settings`: freeze, epochs, lr, ..., in a dict as for
    `zoo.train`, or each as an argument of its own. The model is
    measured on `test` rows, or on those held back. What comes back saves, loads,
    publishes and is fine-tuned again like any other; `folder` gets its card, and must
    not hold a trained model, unless with `force`, which replaces it. If measuring or
    writing fails at the end, the weights are kept, and the error says where. A progress
    bar and the comparison with the baselines are shown in a terminal and in a notebook;
    `progress` says otherwise. It computes on `device`; "auto" is a GPU where there is
    one. Raises CheckpointError, DataError, TrainingError, OptionError, SettingsError,
    DeviceError, Diverged, and what `zoo.load` raises.

    >>> digits = zoo.load_dataset("digits", "train").select(range(60))
    >>> model = zoo.finetune("lenet5-mnist", digits, "mine")
    >>> model.zoo.labels
    ('0', '1', '2', '3', '4', '5', '6', '7', '8', '9')
    """
    if twice := [key for key in named if key in (settings or {})]:
        raise SettingsError(
            f"Setting {twice[0]!r} is given twice, in settings and as an argument. "
            "Give it once."
        )
    settings = {**(settings or {}), **named}
    if folder is not None:
        checkpoint_folder.check_free(Path(folder), force=force)
    shown = show_progress(progress, monitor)
    with watched(shown, monitor, f"{name} reads its rows") as looking:
        result = finetune_by_name(
            name,
            data,
            validation=validation,
            test=test,
            labels=labels,
            options=ReadOptions(
                target=target,
                column=column,
                encoding=encoding,
                allow_outside=allow_outside,
            ),
            skip_unreadable=skip_unreadable,
            settings=settings,
            device=device,
            monitor=looking,
            rescue=partial(
                weights_kept, target=None if folder is None else Path(folder)
            ),
        )
    if folder is not None:
        with weights_kept(result.model, Path(folder)):
            # Another process may have filled it meanwhile.
            checkpoint_folder.check_free(Path(folder), force=force)
            save(result, folder)
    if shown:
        print_comparison(_receipt(result, model_metadata(result.model).spec))
    return cast(LoadedModel, result.model)
