"""`zoo encode`, `reconstruct` and `interpolate`."""

import json
from pathlib import Path

import torch
from command_line import Run
from PIL import Image, ImageOps

import zoo


def opened(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        picture.load()
        return picture


def test_encode(run: Run, vae: Path, digit: Path) -> None:
    """
    JSON, a list of numbers for each input.
    """
    found = json.loads(run("encode", vae, digit, digit)[1])

    assert torch.tensor(found).tolist() == zoo.encode(vae, [digit] * 2).tolist()


def test_reconstruct(run: Run, vae: Path, digit: Path, tmp_path: Path) -> None:
    """
    Several inputs become one picture; --invert is as in `zoo predict`.
    """
    ended = run("reconstruct", vae, digit, digit, "-o", tmp_path / "two.png")
    page = ImageOps.invert(opened(digit))
    page.save(tmp_path / "page.png")
    dark = run("reconstruct", vae, tmp_path / "page.png", "--invert", "--json")[1]

    assert ended == (0, f"{tmp_path / 'two.png'}\n", "")
    assert opened(tmp_path / "two.png").size == (62, 32)
    assert json.loads(dark) == [zoo.reconstruct(vae, page, invert=True).to_dict()]


def test_reconstruct_the_example(run: Run) -> None:
    """
    --example takes the input that the model ships.
    """
    status, out, _ = run("reconstruct", "vae-mnist", "--example", "--json")

    assert status == 0
    assert json.loads(out)[0]["height"] == 28


def test_interpolate(run: Run, vae: Path, digit: Path, tmp_path: Path) -> None:
    """
    A row of pictures from one input to the other.
    """
    target = tmp_path / "between.png"
    ended = run("interpolate", vae, digit, digit, "--steps", 5, "-o", target)

    assert ended == (0, f"{target}\n", "")
    assert opened(target).size == (5 * 30 + 2, 32)
