"""What the card of the captcha model tells: robustness, other captchas, its errors.

The real captchas belong to whoever made them, so none is shown: of those with an error
only the texts are listed. The images are of generated ones.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, pad

import zoo
from zoo import Run
from zoo.errors import DataError, MissingExtra
from zoo.recipes import (
    TensorRows,
    images,
    normalize,
    plots,
    predict_batches,
    to_model_input,
)
from zoo.recipes.metrics import read_texts
from zoo.results import OCRCandidate, OCRResult, image_grid, png
from zoo_ocr.baselines import add_baselines, true_texts
from zoo_ocr.captchas import GENERATED, data
from zoo_ocr.generated import random_texts, render_captchas
from zoo_ocr.recipe import BEAMS, evaluate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "EXAMPLES",
    "corruptions",
    "example",
    "report",
    "with_truth",
]

EXAMPLES = ("x7k2m.png", "0ops9.png", "hello.png")
OTHER_LENGTHS = (1, 2, 8)  # characters: shorter and longer than any in training
RENDERED = 200  # captchas of a length, and words in another font
MAX_ERRORS = 18  # generated captchas that are shown
LEAST_CERTAIN = 8  # of the real ones that are read correctly
SIZE = (200, 50)
ERROR_TABLE_CAPTION = (
    "All real test captchas that are read wrongly, and then those that are read "
    "correctly with the least confidence: the true text, the prediction, its "
    "probability, and the most likely alternative of a beam search."
)
ERRORS_CAPTION = (
    "Generated test captchas that are read wrongly, with the prediction, characters of "
    "a probability below one half in colour, and the true text in brackets."
)
EXAMPLES_CAPTION = "The examples that ship with the model, and its predictions."


def example(run: Run) -> Tensor:
    """Return the examples that ship with the model, as prepared pixels: the golden is
    passed on with the weights, and no real captcha may be."""
    input_spec: Any = run.spec.input
    opened = [images.open_image(_example_path(name), input_spec) for name in EXAMPLES]
    return torch.stack([images.image_to_tensor(image, input_spec) for image in opened])


def report(model: nn.Module, run: Run) -> None:
    """Add the baselines, figures and plots of the card to the run."""
    output_spec: Any = run.spec.output
    test, generated = data(run, "test"), data(run, "test", GENERATED)
    add_baselines(run, data(run, "train"), test)
    logits = predict_batches(
        model, to_model_input(test.input, run.spec.input), batch_size=100
    )
    true = true_texts(test, output_spec)
    beam_search = read_texts(logits, output_spec, beams=BEAMS)
    run.log_summary(beam_search_accuracy=_accuracy(beam_search, true))
    for name, pixels in corruptions(to_model_input(test.input)).items():
        rows = normalize(pixels, run.spec.input)
        predicted = read_texts(
            predict_batches(model, rows, batch_size=100), output_spec
        )
        run.log_summary(**{f"{name}_accuracy": _accuracy(predicted, true)})
    metrics = evaluate(model, generated)
    run.log_summary(**{f"generated_{name}": value for name, value in metrics.items()})
    run.log_summary(**_other_inputs(model, 4 if run.smoke else RENDERED))
    run.log_figure("error_table", _error_table(model, test, run), ERROR_TABLE_CAPTION)
    run.log_figure("errors", _errors(model, generated, run), ERRORS_CAPTION)
    shipped: Any = [zoo.predict(model, _example_path(name)) for name in EXAMPLES]
    run.log_figure("examples", png(_grid(shipped)), EXAMPLES_CAPTION)


def corruptions(pixels: Tensor) -> dict[str, Tensor]:
    """Return captchas (B, 1, H, W) in 0..1, changed in ways that training never saw."""
    random = torch.Generator().manual_seed(0)
    height, width = pixels.shape[-2:]
    small = interpolate(pixels, size=(height // 2, width // 2), mode="area")
    left, top = (width - width // 2) // 2, (height - height // 2) // 2
    margins = (left, width - width // 2 - left, top, height - height // 2 - top)
    return {
        "shifted": pad(pixels, (30, 0, 0, 0), mode="replicate")[..., :width],
        "halved": pad(small, margins, mode="replicate"),
        "blurred": avg_pool2d(pad(pixels, (2, 2, 2, 2), mode="replicate"), 5, 1),
        "noisy": pixels + 0.2 * torch.randn(pixels.shape, generator=random),
        "inverted": 1 - pixels,
        "upside_down": pixels.flip(-1, -2),
    }


def _other_inputs(model: nn.Module, count: int) -> dict[str, float]:
    """Return the accuracy on captchas of other lengths and on a plain font, and how
    often text is found in photographs without any."""
    figures = {}
    generator = random.Random(0)
    try:
        for length in OTHER_LENGTHS:
            true = random_texts(count, generator, [length])
            rendered = render_captchas(true, seed=length)
            figures[f"length_{length}_accuracy"] = _model_accuracy(
                model, rendered, true
            )
    except DataError:  # a smoke run may do without the package
        figures = {f"length_{length}_accuracy": 0.0 for length in OTHER_LENGTHS}
    true = random_texts(count, generator, [5])
    figures["plain_font_accuracy"] = _model_accuracy(model, map(_plain, true), true)
    results: Any = zoo.predict(model, _photo_strips()[:count])
    with_text = sum(bool(result.text) for result in results)
    figures["text_in_photos"] = with_text / len(results)
    return figures


def _model_accuracy(
    model: nn.Module, rendered: Iterable[Image.Image], true: Sequence[str]
) -> float:
    results: Any = zoo.predict(model, list(rendered))
    return _accuracy([result.text for result in results], true)


def _plain(word: str) -> Image.Image:
    """Return a word in Pillow's own font, black on white, without any noise."""
    image = Image.new("L", SIZE, 255)
    font = ImageFont.load_default(34)
    draw, centre = ImageDraw.Draw(image), (SIZE[0] // 2, SIZE[1] // 2)
    draw.text(centre, word, fill=0, font=font, anchor="mm")
    return image


def _photo_strips() -> list[Image.Image]:
    """Return the two photographs that scikit-learn ships, cut into strips."""
    try:
        from sklearn.datasets import load_sample_images
    except ImportError as exc:
        raise MissingExtra("scikit-learn", "Reading photographs") from exc
    strips = []
    for array in load_sample_images().images:
        photo = Image.fromarray(np.asarray(array)).convert("L")
        for top in range(0, photo.height - SIZE[1] + 1, SIZE[1]):
            for left in range(0, photo.width - SIZE[0] + 1, SIZE[0]):
                box = (left, top, left + SIZE[0], top + SIZE[1])
                strips.append(photo.crop(box))
    return strips


def _error_table(model: nn.Module, rows: TensorRows, run: Run) -> bytes:
    """Return a table of texts: the rows with an error, and the least certain."""
    true = true_texts(rows, run.spec.output)  # type: ignore[arg-type]
    greedy: Any = zoo.predict(model, _images(rows))
    searched: Any = zoo.predict(model, _images(rows), beams=BEAMS)
    results = sorted(
        zip(true, greedy, searched, strict=True),
        key=lambda row: (row[0] == row[1].text, row[1].score),
    )
    errors = sum(text != result.text for text, result, _ in results)
    cells = [
        [text, result.text, f"{result.score:.1%}", _alternative(result, search)]
        for text, result, search in results[: errors + LEAST_CERTAIN]
    ]

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        axes.set_axis_off()
        heads = ["true", "predicted", "probability", "alternative"]
        table = axes.table(cells, colLabels=heads, loc="center", cellLoc="left")
        table.auto_set_font_size(False)
        table.set_fontsize(9)
        table.scale(0.96, 1.2)

    return plots.to_png(5.0, 0.4 + 0.28 * (1 + len(cells)), draw)


def _alternative(greedy: OCRResult, searched: OCRResult) -> str:
    """Return the most likely text other than the one that was predicted."""
    best = OCRCandidate(text=searched.text, score=searched.score)
    candidates = (best, *searched.alternatives)
    return next((str(other) for other in candidates if other.text != greedy.text), "")


def _errors(model: nn.Module, rows: TensorRows, run: Run) -> bytes:
    """Return generated captchas that are read wrongly, each above its prediction."""
    true = true_texts(rows, run.spec.output)  # type: ignore[arg-type]
    results: Any = zoo.predict(model, _images(rows))
    pairs = zip(results, true, strict=True)
    errors = [with_truth(one, text) for one, text in pairs if one.text != text]
    return png(_grid(errors[:MAX_ERRORS] or results[:1]))


def with_truth(result: OCRResult, text: str) -> OCRResult:
    """Return a result that is drawn with the true text in brackets."""
    suffix = tuple((character, 1.0) for character in f" ({text})")
    return replace(result, characters=(*result.characters, *suffix))


def _grid(results: Sequence[OCRResult]) -> Image.Image:
    drawn = [result.render() for result in results]
    return image_grid([image for image in drawn if image is not None], columns=3)


def _images(rows: TensorRows) -> list[Image.Image]:
    return [Image.fromarray(row[0].numpy()) for row in rows.input]


def _accuracy(predicted: Sequence[str], true: Sequence[str]) -> float:
    return sum(a == b for a, b in zip(predicted, true, strict=True)) / len(true)


def _example_path(name: str) -> Path:
    return Path(__file__).with_name("examples") / name
