"""Draw the picture of the zoo that stands at the top of the README.

    python scripts/zoo_picture.py [FILE]

Each tile is what a shipped model makes of its own example, or of a seed, and below it
are the model's name and its answer. Nothing is chosen: there is one example, and one
seed.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageOps

import zoo
from zoo.tasks.results.fonts import font_for

HOME = Path(__file__).resolve().parents[1]
PICTURE = HOME / "docs" / "zoo.png"
COLUMNS, SIDE, CAPTION, GAP = 5, 224, 46, 10  # pixels, but for the columns
GROUND, PAPER, INK, FAINT = "#ffffff", "#f3f4f6", "#111827", "#4b5563"
SAMPLES, ACROSS, SEED = 16, 4, 0


def example(name: str) -> tuple[Image.Image, str]:
    """Return what a model's answer to its example looks like, and in words."""
    result: Any = zoo.predict(name, zoo.example(name))
    shown = result.render()
    assert shown is not None, f"{name} draws nothing"
    return shown, str(result)


def classified(name: str) -> tuple[Image.Image, str]:
    """Return a model's example, and its label."""
    path = zoo.example(name)
    with Image.open(path) as picture:
        return picture.convert("RGB"), str(zoo.predict(name, path))


def counted(name: str) -> tuple[Image.Image, str]:
    """Return the objects that a model finds in its example, and how many there are."""
    result: Any = zoo.predict(name, zoo.example(name))
    shown = result.render()
    assert shown is not None, f"{name} draws nothing"
    return shown, f"{len(result.objects)} found"


def samples(name: str) -> tuple[Image.Image, str]:
    """Return what a model draws from a seed, as a sheet."""
    drawn: list[Any] = zoo.sample(name, SAMPLES, seed=SEED)
    width, height = drawn[0].image.size
    sheet = Image.new("RGB", (ACROSS * width, SAMPLES // ACROSS * height))
    for number, one in enumerate(drawn):
        place = number % ACROSS * width, number // ACROSS * height
        sheet.paste(one.image.convert("RGB"), place)
    return sheet, f"seed={SEED}"


def beside(name: str) -> tuple[Image.Image, str]:
    """Return a model's example, and beside it the picture that it makes of it."""
    path = zoo.example(name)
    result: Any = zoo.predict(name, path)
    after = result.image.convert("RGB")
    with Image.open(path) as picture:
        before = picture.convert("RGB").resize(after.size, Image.Resampling.NEAREST)
    sheet = Image.new("RGB", (2 * after.width, after.height))
    sheet.paste(before, (0, 0))
    sheet.paste(after, (after.width, 0))
    return sheet, "before and after"


def written(name: str) -> tuple[Image.Image, str]:
    """Return a model's text, as a picture of it."""
    path = zoo.example(name)
    result: Any = zoo.predict(name, path)
    asked = path.read_text(encoding="utf-8").strip()
    sheet = Image.new("RGB", (SIDE, SIDE), PAPER)
    pen = ImageDraw.Draw(sheet)
    upper = lines(pen, asked, 16, FAINT)
    lines(pen, str(result), upper + 10, INK)
    return sheet, zoo.get_spec(name).task


def lines(pen: ImageDraw.ImageDraw, text: str, upper: int, ink: str) -> int:
    """Write a text as wide as a tile allows; return where it ends."""
    font, line = font_for(text, 14), ""
    for word in [*text.split(), ""]:
        longer = f"{line} {word}".strip()
        if word and font.getlength(longer) < SIDE - 28:
            line = longer
            continue
        if upper > SIDE - 24:
            return upper
        pen.text((14, upper), line, font=font, fill=ink)
        upper, line = upper + 20, word
    return upper


TILES: tuple[tuple[str, Callable[[str], tuple[Image.Image, str]]], ...] = (
    ("efficientnet-lite0", classified),
    ("unet-efficientnet-lite0-pet", example),
    ("faster-rcnn-mini", counted),
    ("mask-rcnn-mini", counted),
    ("posenet-mini", example),
    ("crnn-captcha", classified),
    ("dcgan-mnist", samples),
    ("srresnet-face", beside),
    ("attention-eng-fra", written),
    ("gru-nsmc", written),
)


def picture() -> Image.Image:
    """Return all tiles with their captions."""
    rows = -(-len(TILES) // COLUMNS)
    width = COLUMNS * (SIDE + GAP) + GAP
    sheet = Image.new("RGB", (width, rows * (SIDE + CAPTION + GAP) + GAP), GROUND)
    pen = ImageDraw.Draw(sheet)
    for number, (name, make) in enumerate(TILES):
        shown, answer = make(name)
        small = shown.width < SIDE // 2
        how = Image.Resampling.NEAREST if small else Image.Resampling.LANCZOS
        tile = ImageOps.pad(shown.convert("RGB"), (SIDE, SIDE), how, color=PAPER)
        left = GAP + number % COLUMNS * (SIDE + GAP)
        upper = GAP + number // COLUMNS * (SIDE + CAPTION + GAP)
        sheet.paste(tile, (left, upper))
        pen.text((left, upper + SIDE + 6), name, font=font_for(name, 15), fill=INK)
        font = font_for(answer, 13)
        while font.getlength(answer) > SIDE:
            answer = answer[:-2].rstrip(" .,") + "…"
        pen.text((left, upper + SIDE + 26), answer, font=font, fill=FAINT)
    return sheet


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the picture of the zoo.")
    parser.add_argument("file", nargs="?", type=Path, default=PICTURE)
    file = parser.parse_args().file
    picture().quantize(256).save(file, optimize=True)
    print(f"{file}: {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
