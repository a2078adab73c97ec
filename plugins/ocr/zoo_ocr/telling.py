"""What the card of a reader of captchas tells: figures on other pictures, and what it
reads wrongly.

The real captchas belong to whoever made them, so none is drawn: of those that are read
wrongly the texts are told. Pictures are of generated ones.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, pad

from zoo import Run
from zoo.datasets.in_memory import TensorRows, to_model_input
from zoo.errors import DataError, MissingExtra
from zoo.evaluation import plots as pictures
from zoo.evaluation.evaluate_tensors import evaluate, predict_batches
from zoo.inference import predict as prediction
from zoo.preprocessing import image as images
from zoo.runtime.rows import normalize
from zoo.tasks.image_to_text import texts
from zoo.tasks.results.ocr import OCRCandidate
from zoo.tasks.results.rendering import png
from zoo.tasks.results.vision import OCRResult, image_grid
from zoo_ocr.captchas import GENERATED, data
from zoo_ocr.generated import painted, spelled
from zoo_ocr.simple import beside, true

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXAMPLES", "changed", "describe", "example", "weighed"]

EXAMPLES = ("x7k2m.png", "0ops9.png", "hello.png")
BEAMS = 20
LENGTHS = (1, 2, 8)  # characters: shorter and longer than any it has learned from
DRAWN = 200  # captchas of a length, and words in another font
WRONG = 18  # generated captchas that are shown
LEAST_SURE = 8  # of the real ones that are read rightly
STRIP = (200, 50)
TOLD = (
    "All real test captchas that it reads wrongly, and then those that it reads "
    "rightly but is least sure of: what they say, what was read, how probable that is, "
    "and what a search by beams holds likeliest but for it."
)
SHOWN = (
    "Generated test captchas that it reads wrongly, with what was read, coloured where "
    "it is less sure than not, and in brackets what it should be."
)
SHIPPED = "The examples that ship with the model, and what it reads in them."


def example(run: Run) -> Tensor:
    """Return the examples that ship with the model, as prepared pixels: the golden is
    passed on with the weights, and no real captcha may be."""
    expected: Any = run.spec.input
    opened = [images.open_image(_shipped(name), expected) for name in EXAMPLES]
    return torch.stack([images.pixels(one, expected) for one in opened])


def weighed(model: nn.Module, run: Run, holding: TensorRows) -> None:
    """Note how many validation rows are read rightly, by the likeliest path and by a
    search."""
    meaning: Any = run.spec.output
    logits = predict_batches(
        model, to_model_input(holding.input, run.spec.input), batch=100
    )
    said = true(holding, meaning)
    run.log_summary(
        validation=_share(texts(logits, meaning), said),
        validation_beams=_share(texts(logits, meaning, beams=BEAMS), said),
    )


def describe(model: nn.Module, run: Run) -> None:
    """Add baselines, notes and pictures to a run."""
    meaning: Any = run.spec.output
    test, others = data(run, "test"), data(run, "test", GENERATED)
    beside(run, data(run, "train"), test)
    logits = predict_batches(
        model, to_model_input(test.input, run.spec.input), batch=100
    )
    said = true(test, meaning)
    run.log_summary(beams=_share(texts(logits, meaning, beams=BEAMS), said))
    for name, pixels in changed(to_model_input(test.input)).items():
        given = normalize(pixels, run.spec.input)
        read = texts(predict_batches(model, given, batch=100), meaning)
        run.log_summary(**{name: _share(read, said)})
    seen = evaluate(model, others)
    run.log_summary(**{f"generated_{name}": value for name, value in seen.items()})
    run.log_summary(**_elsewhere(model, 4 if run.smoke else DRAWN))
    run.log_figure("readings", _told(model, test, run), TOLD)
    run.log_figure("mistakes", _shown(model, others, run), SHOWN)
    shipped = [prediction.predict(model, _shipped(name)) for name in EXAMPLES]
    run.log_figure("examples", png(_sheet(shipped)), SHIPPED)


def changed(pixels: Tensor) -> dict[str, Tensor]:
    """Return captchas (B, 1, H, W) in 0..1 in ways in which nobody makes them."""
    random = torch.Generator().manual_seed(0)
    high, wide = pixels.shape[-2:]
    small = interpolate(pixels, size=(high // 2, wide // 2), mode="area")
    sides = (wide - wide // 2) // 2, (high - high // 2) // 2
    margin = (sides[0], wide - wide // 2 - sides[0])
    above = (sides[1], high - high // 2 - sides[1])
    return {
        "shifted": pad(pixels, (30, 0, 0, 0), mode="replicate")[..., :wide],
        "halved": pad(small, (*margin, *above), mode="replicate"),
        "blurred": avg_pool2d(pad(pixels, (2, 2, 2, 2), mode="replicate"), 5, 1),
        "grained": pixels + 0.2 * torch.randn(pixels.shape, generator=random),
        "inverted": 1 - pixels,
        "upside_down": pixels.flip(-1, -2),
    }


def _elsewhere(model: nn.Module, count: int) -> dict[str, float]:
    """Return what it makes of captchas of other lengths, of the same words in a plain
    font, and of pictures without any."""
    found = {}
    drawing = random.Random(0)
    try:
        for long in LENGTHS:
            words = spelled(count, drawing, [long])
            found[f"length_{long}"] = _right(model, painted(words, seed=long), words)
    except DataError:  # a smoke run may do without the package
        found = {f"length_{long}": 0.0 for long in LENGTHS}
    words = spelled(count, drawing, [5])
    found["plain"] = _right(model, map(_written, words), words)
    read = prediction.predict(model, _strips()[:count])
    found["strips"] = sum(bool(one.text) for one in read) / len(read)
    return found


def _right(model: nn.Module, drawn: Any, words: Sequence[str]) -> float:
    read = prediction.predict(model, list(drawn))
    return _share([one.text for one in read], words)


def _written(word: str) -> Image.Image:
    """Return a word in Pillow's own font, black on white, without any noise."""
    paper = Image.new("L", STRIP, 255)
    font = ImageFont.load_default(34)
    pen, middle = ImageDraw.Draw(paper), (STRIP[0] // 2, STRIP[1] // 2)
    pen.text(middle, word, fill=0, font=font, anchor="mm")
    return paper


def _strips() -> list[Image.Image]:
    """Return the two photographs that scikit-learn ships, cut into strips."""
    try:
        from sklearn.datasets import load_sample_images
    except ImportError as exc:
        raise MissingExtra("scikit-learn", "Reading photographs") from exc
    found = []
    for array in load_sample_images().images:
        photo = Image.fromarray(np.asarray(array)).convert("L")
        for top in range(0, photo.height - STRIP[1] + 1, STRIP[1]):
            for left in range(0, photo.width - STRIP[0] + 1, STRIP[0]):
                box = (left, top, left + STRIP[0], top + STRIP[1])
                found.append(photo.crop(box))
    return found


def _told(model: nn.Module, rows: TensorRows, run: Run) -> bytes:
    """Return a table of texts: the rows that are read wrongly, and the least sure."""
    said = true(rows, run.spec.output)  # type: ignore[arg-type]
    read = prediction.predict(model, _pictures(rows))
    beams = prediction.predict(model, _pictures(rows), beams=BEAMS)
    told = sorted(
        zip(said, read, beams, strict=True),
        key=lambda one: (one[0] == one[1].text, one[1].score),
    )
    wrong = sum(text != one.text for text, one, _ in told)
    cells = [
        [text, one.text, f"{one.score:.1%}", _other(one, two)]
        for text, one, two in told[: wrong + LEAST_SURE]
    ]

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        axes.set_axis_off()
        heads = ["says", "read", "probability", "or"]
        table = axes.table(cells, colLabels=heads, loc="center", cellLoc="left")
        table.auto_set_font_size(False)
        table.set_fontsize(9)
        table.scale(0.96, 1.2)

    return pictures.png(5.0, 0.4 + 0.28 * (1 + len(cells)), draw)


def _other(one: OCRResult, two: OCRResult) -> str:
    """Return the likeliest text but for the one that was read."""
    guesses = (OCRCandidate(text=two.text, score=two.score), *two.alternatives)
    return next((str(other) for other in guesses if other.text != one.text), "")


def _shown(model: nn.Module, rows: TensorRows, run: Run) -> bytes:
    """Return generated captchas that are read wrongly, each above its reading."""
    said = true(rows, run.spec.output)  # type: ignore[arg-type]
    read = prediction.predict(model, _pictures(rows))
    pairs = zip(read, said, strict=True)
    wrong = [_beside(one, text) for one, text in pairs if one.text != text]
    return png(_sheet(wrong[:WRONG] or read[:1]))


def _beside(one: OCRResult, text: str) -> OCRResult:
    """Return a reading that is drawn with what it should be in brackets."""
    letters = tuple((letter, 1.0) for letter in f" ({text})")
    return replace(one, characters=(*one.characters, *letters))


def _sheet(read: Sequence[OCRResult]) -> Image.Image:
    drawn = [one.render() for one in read]
    return image_grid([one for one in drawn if one is not None], columns=3)


def _pictures(rows: TensorRows) -> list[Image.Image]:
    return [Image.fromarray(one[0].numpy()) for one in rows.input]


def _share(read: Sequence[str], said: Sequence[str]) -> float:
    return sum(a == b for a, b in zip(read, said, strict=True)) / len(said)


def _shipped(name: str) -> Path:
    return Path(__file__).with_name("examples") / name
