"""What only SRResNet promises; the rest is in zoo.testing."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn.functional import interpolate
from zoo_restoration import pictures
from zoo_restoration.pairs import turned
from zoo_restoration.srresnet import srresnet
from zoo_restoration.srresnet_recipe import both
from zoo_restoration.srresnet_report import interpolated

import zoo
from zoo.cli import main
from zoo.datasets.in_memory import TensorRows
from zoo.recipes import images
from zoo.recipes.metrics import image_quality
from zoo.tasks import image_to_image

NAME = "srresnet-face"
SPEC = zoo.get_spec(NAME)


def portrait() -> Image.Image:
    with Image.open(zoo.example(NAME)) as picture:
        return picture.convert("RGB")


def random_model() -> nn.Module:
    """Return the shipped architecture with an output that is not the input's alone."""
    torch.manual_seed(0)
    model = srresnet().eval()
    nn.init.normal_(model.last.weight, std=0.02)
    return model


def test_the_courses_size_is_the_courses() -> None:
    """
    With 64 channels and batch normalization, as many parameters as there.
    """
    model = zoo.build(NAME, width=64, batch_norm=True, add_enlarged=False)

    assert sum(p.numel() for p in model.parameters()) == 438_280


def test_a_fresh_model_is_bicubic_interpolation() -> None:
    """
    What it learns is what interpolation lacks, and it begins with nothing.
    """
    image = torch.rand(2, 3, 5, 7)
    expected = interpolate(image, scale_factor=2.0, mode="bicubic")

    assert torch.allclose(srresnet().eval()(image), expected, atol=1e-6)


def test_the_output_depends_on_nothing_beyond_its_reach() -> None:
    """
    As the spec says: a change further away changes nothing, and one that is just as far
    does.
    """
    model, reach = random_model(), SPEC.output.reach
    image = torch.rand(1, 3, 1, 64)
    changed = [image.clone() for _ in range(2)]
    changed[0][..., 20 + reach + 1] += 1
    changed[1][..., 20 + reach] += 1
    with torch.inference_mode():
        row = model(image)[..., 40:42]
        far, near = (model(one)[..., 40:42] for one in changed)

    assert torch.equal(row, far)
    assert not torch.equal(row, near)


def test_a_large_picture_in_parts_is_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Parts of 32 pixels give the pixels of one pass, to a level of rounding.
    """
    model = zoo.load(NAME)
    picture = portrait().crop((20, 0, 70, 40))
    whole = np.asarray(zoo.predict(model, picture).image).astype(int)
    monkeypatch.setattr(image_to_image, "TILE", 32)
    parts = np.asarray(zoo.predict(model, picture).image).astype(int)

    assert np.abs(whole - parts).max() <= 1


def test_squares_of_a_picture_are_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Small ones of 32 pixels, and of the same places those of 64 that they were made of;
    what is left over at the right and at the bottom is in none.
    """
    with Image.open(zoo.example(NAME).with_name("cat.png")) as picture:
        cat = picture.convert("RGB")  # 150x135
    stored = {"image": [cat, cat.rotate(180)]}
    monkeypatch.setattr(pictures.datasets, "load_dataset", lambda *_: stored)
    rows = pictures.read_rows("cats", "train", input_spec=SPEC.input, first=None)
    small = cat.crop((0, 0, 150, 134)).resize((75, 67), Image.Resampling.BICUBIC)
    corner = np.asarray(small)[32:64, 32:64].transpose(2, 0, 1)

    assert rows.input.shape == (8, 3, 32, 32)
    assert rows.target.shape == (8, 3, 64, 64)
    assert np.array_equal(rows.input[3], corner)
    assert np.array_equal(
        rows.target[3], np.asarray(cat)[64:128, 64:128].transpose(2, 0, 1)
    )


def test_both_sides_of_a_pair_are_turned_alike() -> None:
    """
    A small picture stays the shrunk one of its large one, and all eight ways occur.
    """
    large = torch.rand(1, 3, 8, 8)
    small = large[..., ::2, ::2]
    generator, seen = torch.Generator().manual_seed(0), set()
    for _ in range(60):
        one, other = turned(small, large, generator)
        corner = min(
            float((one - way).abs().max())
            for way in (other[..., i::2, j::2] for i in (0, 1) for j in (0, 1))
        )
        assert corner == 0
        seen.add(tuple(one.flatten().tolist()))

    assert len(seen) == 8


def test_two_sets_of_rows_become_one() -> None:
    """
    The rows of the first come first.
    """
    first, second = (
        TensorRows(
            input=torch.full((n, 1), n), target=torch.full((n,), -n), source=str(n)
        )
        for n in (2, 3)
    )
    rows = both(first, second)

    assert rows.input.flatten().tolist() == [2, 2, 3, 3, 3]
    assert rows.target.tolist() == [-2, -2, -3, -3, -3]
    assert rows.source == "2 and 3"


def test_the_command_saves_a_picture_of_twice_the_size(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    `zoo predict srresnet-face small.png --save large.png`, of a picture of any size.
    """
    small, large = tmp_path / "small.png", tmp_path / "large.png"
    portrait().crop((0, 0, 51, 37)).save(small)
    main(["predict", NAME, str(small), "--save", str(large)])

    assert "a colour picture, 102x74" in capsys.readouterr().out
    with Image.open(large) as saved:
        assert saved.size == (102, 74)


def test_a_portrait_is_nearer_than_by_interpolation(tmp_path: Path) -> None:
    """
    On the pictures that ship with the model, which it has not seen, by a decibel; and
    by the receipt on faces and on Set5.
    """
    portrait().save(tmp_path / "portrait.png")
    measured = zoo.evaluate(zoo.load(NAME), tmp_path)
    small, large = images.shrink(portrait(), 2)
    bicubic = interpolated(small, Image.Resampling.BICUBIC)
    pixels = (
        torch.from_numpy(np.array(p)).permute(2, 0, 1)[None] for p in (bicubic, large)
    )
    receipt = zoo.load(NAME).zoo.receipt
    psnr = {m["name"]: m["value"] for m in receipt["metrics"]}["psnr"]
    of_bicubic = receipt["baselines"]["bicubic interpolation"]["psnr"]
    set5 = receipt["measured"]

    expected = image_quality(*pixels, border=2)
    assert measured["psnr"] > expected["psnr"] + 1
    assert psnr > of_bicubic + 1
    assert set5["set5_psnr"] > set5["set5_psnr_bicubic"] + 0.5


def test_the_size_of_a_picture_is_said_by_info() -> None:
    """
    Any, and twice that.
    """
    assert SPEC.input.description == "a colour picture of any size"
    assert SPEC.output.description == "a colour picture, 2 times as wide and as high"
