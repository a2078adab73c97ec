"""The tables of models: what each is, and what was measured of it.

Everything comes from the specs and from the receipts of the shipped checkpoints, but
for two columns that are hopes and not measurements: `goals.json` says what the course
that a model is from shows of it, and what it should reach.
"""

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from zoo import ModelSpec
from zoo.artifacts import checkpoint_folder
from zoo.cli import render
from zoo.errors import ZooError
from zoo.finetuning.preconditions import check
from zoo.finetuning.strategies import default_settings

__all__ = ["baseline", "finetuning_lines", "lines", "short_lines"]

GOALS = Path(__file__).with_name("goals.json")
HEAD = (
    "| model | parameters | weights | measured | best simple baseline "
    "| course | target | trained in |",
    "| --- | ---: | ---: | --- | --- | --- | --- | --- |",
)
SHORT_HEAD = (
    "| model | weights | measured | best simple baseline |",
    "| --- | ---: | --- | --- |",
)
DATA = {  # that models of a task are fine-tuned on
    "fill-mask": "texts in a folder, or a table with a column of them",
    "image-classification": "pictures in folders that are named as their classes, or a "
    "table with a column of pictures and one of classes",
    "image-segmentation": "a folder with `images` and `masks`, or a table with a "
    "column of each; of single objects also COCO's form with a segmentation of each",
    "image-to-image": "pictures alone; of a translator of pictures pairs of them, in "
    "folders `maps` and `photos` or a table with a column of each",
    "image-to-text": "pictures that are named by their texts, or a table with a column "
    "of each",
    "keypoint-detection": "pictures with the points of one object in COCO's form, or a "
    "table with a row for each picture",
    "object-detection": "pictures with boxes in the form of COCO, Pascal VOC or YOLO, "
    "or a table with a row for each box",
    "text-classification": "texts in folders that are named as their classes, or a "
    "table with a column of texts and one of classes",
    "text-generation": "texts in a folder, or a table with a column of them",
    "feature-extraction": "texts and classes, as for text-classification",
    "tabular-classification": "a table with the model's columns and one of classes",
    "tabular-regression": "a table with the model's columns and one of numbers",
    "time-series-forecasting": "a table with the model's columns, a row for each step "
    "in time, the oldest first",
    "translation": "a table with a column of texts and one of translations",
    "unconditional-image-generation": "pictures alone",
}
SHORT = {  # one of each kind, for the README
    "perceptron-iris",
    "lenet5-mnist",
    "efficientnet-lite0",
    "unet-efficientnet-lite0-pet",
    "crnn-captcha",
    "vae-mnist",
    "rnn-netflix",
    "word2vec-skipgram",
    "attention-eng-fra",
    "gpt-mini",
}


def lines(models: Iterable[tuple[ModelSpec, Path]]) -> list[str]:
    """Return the table for specs and their checkpoint folders, head and all.

    Its links are those of a file in docs/.
    """
    goals = json.loads(GOALS.read_text(encoding="utf-8"))
    rows = [_row(spec, home, goals.get(spec.name, {})) for spec, home in models]
    return [*HEAD, *rows]


def short_lines(models: Iterable[tuple[ModelSpec, Path]]) -> list[str]:
    """Return a table of a few models, with fewer columns, for the README."""
    cells = (
        (_model(spec, "cards"), _size(spec), _measured(spec), baseline(spec))
        for spec, _ in models
        if spec.name in SHORT
    )
    return [*SHORT_HEAD, *(f"| {' | '.join(row)} |" for row in cells)]


def finetuning_lines(models: Iterable[tuple[ModelSpec, Path]]) -> list[str]:
    """Return the table of what models are fine-tuned on, by task.

    Its links are those of a file in docs/.
    """
    by_task: dict[str, list[str]] = {}
    for spec, _ in models:
        with suppress(ZooError):  # a model that can't be
            check(spec, default_settings(spec))
            link = f"[`{spec.name}`](../cards/{spec.name})"
            by_task.setdefault(spec.task, []).append(link)
    rows = [
        f"| {task} | {DATA[task]} | {', '.join(names)} |"
        for task, names in sorted(by_task.items())
    ]
    return ["| task | data | models |", "| --- | --- | --- |", *rows]


def _model(spec: ModelSpec, cards: str) -> str:
    return f"[`{spec.name}`]({cards}/{spec.name})<br>{spec.summary}"


def _row(spec: ModelSpec, home: Path, goal: dict[str, str]) -> str:
    held = checkpoint_folder.is_checkpoint(home)
    receipt = checkpoint_folder.read_receipt(home) if held else {}
    cells = (
        _model(spec, "../cards"),
        f"{spec.parameters:,}",
        _size(spec),
        _measured(spec),
        baseline(spec),
        goal.get("course", ""),
        goal.get("target", ""),
        f"{receipt['seconds']:,.0f} s, {receipt['hardware']}" if held else "",
    )
    return f"| {' | '.join(cells)} |"


def _size(spec: ModelSpec) -> str:
    weights = spec.weights
    size = render.size(weights.size) if weights and weights.size else ""
    where = "on the Hub" if weights and weights.repo else ""
    return ", ".join(filter(None, (size, where)))


def _measured(spec: ModelSpec) -> str:
    return next((f"{m.name} {m.value:.4f}" for m in spec.metrics), "")


def baseline(spec: ModelSpec) -> str:
    """Return the strongest of the simple methods in the first metric, be it better."""
    for metric in spec.metrics[:1]:
        reason = f". {spec.behind_baseline}" if metric.behind else ""
        return f"{render.baseline(metric)}{reason}"
    return ""
