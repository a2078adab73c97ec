"""Pictures made larger, or colorized: of any size, in parts, saved, and measured."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import conv2d

import zoo
from zoo import (
    ColorizedImageOutput,
    ImageInput,
    License,
    ModelSpec,
    ScaledImageOutput,
)
from zoo.datasets.custom import reader
from zoo.errors import DataError, OptionError, SpecError
from zoo.models.metadata import ModelMetadata, attach
from zoo.runtime.image_quality import color_quality, shrink
from zoo.runtime.lab import rgb_to_lab
from zoo.tasks import image_to_image
from zoo.tasks.targets.base import Rows

KEPT = ImageInput(height=8, width=8, fit="keep")
TWICE = ScaledImageOutput(scale=2, reach=3)
GREY = ImageInput(height=8, width=8, channels=1, fit="keep")


class Twice(nn.Module):
    """Each pixel four times, after a blur that looks three pixels far."""

    def __init__(self, blurs: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((3, 1, 7, 7), 1 / 49))
        self.blurs = blurs

    def forward(self, image: Tensor) -> Tensor:
        if self.blurs:
            image = conv2d(image, self.weight, padding=3, groups=3)
        return image.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)


def twice(*, blurs: bool = False, **changed: Any) -> nn.Module:
    model = Twice(blurs).eval()
    known: dict[str, Any] = {
        "name": "twice",
        "summary": "Each pixel four times.",
        "task": "image-to-image",
        "build": "twice:Twice",
        "card": "card.md",
        "license": License(code="mit", weights="mit", data="mit"),
        "parameters": 147,
        "input": KEPT,
        "output": TWICE,
        "trained_on": (),
    }
    return attach(
        model, ModelMetadata(spec=ModelSpec(**{**known, **changed}), options={})
    )


class Sepia(nn.Module):
    """Every grey in the same warm tint."""

    def __init__(self) -> None:
        super().__init__()
        self.tint = nn.Parameter(torch.tensor([1.0, 0.8, 0.5]).view(3, 1, 1))

    def forward(self, grey: Tensor) -> Tensor:
        return grey * self.tint


def sepia(**changed: Any) -> nn.Module:
    known = twice().zoo.spec
    spec = {"name": "sepia", "input": GREY, "output": ColorizedImageOutput()} | changed
    return attach(
        Sepia().eval(),
        ModelMetadata(spec=replace(known, **spec, parameters=3), options={}),
    )


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    random = np.random.default_rng(seed)
    return Image.fromarray(random.integers(0, 256, (height, width, 3), np.uint8))


def enlarged(picture: Image.Image) -> Any:
    return np.asarray(picture).repeat(2, axis=0).repeat(2, axis=1)


@pytest.mark.parametrize("size", [(8, 8), (1, 1), (5, 31), (300, 7)])
def test_a_picture_of_any_size_is_answered(size: tuple[int, int]) -> None:
    """
    With one of twice its width and height, which the result holds.
    """
    picture = noise(*size)
    answer = zoo.predict(twice(), picture)

    assert np.array_equal(np.asarray(answer.image), enlarged(picture))
    assert max(answer.picture.size) == min(224, max(size))
    assert str(answer) == f"a colour picture, {2 * size[0]}x{2 * size[1]}"


def test_pictures_of_several_sizes_are_answered_in_their_order() -> None:
    """
    A smaller one beside a larger one is not padded with anything that is seen.
    """
    pictures = [noise(8, 8), noise(8, 8, 1), noise(20, 3), noise(8, 8, 2)]
    answers = zoo.predict(twice(blurs=True), pictures)
    alone = [zoo.predict(twice(blurs=True), one) for one in pictures]

    assert [a.image.size for a in answers] == [(16, 16), (16, 16), (40, 6), (16, 16)]
    for one, other in zip(answers, alone, strict=True):
        assert one.image.tobytes() == other.image.tobytes()


@pytest.mark.parametrize("size", [(41, 30), (16, 50), (33, 33)])
def test_parts_are_the_whole(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A large picture is computed in parts, each with what it depends on around it: no
    pixel differs from those of one pass.
    """
    whole = zoo.predict(twice(blurs=True), noise(*size))
    monkeypatch.setattr(image_to_image, "TILE", 16)
    parts = zoo.predict(twice(blurs=True), noise(*size))

    assert parts.image.tobytes() == whole.image.tobytes()


def test_prepared_pixels_of_any_size_are_taken() -> None:
    """
    As a float tensor, (3, height, width), and nothing of another shape.
    """
    answer = zoo.predict(twice(), torch.rand(3, 5, 9))

    assert answer.image.size == (18, 10)
    with pytest.raises(zoo.ZooError) as told:
        zoo.predict(twice(), torch.rand(1, 5, 9))
    assert "The tensor has shape (1, 5, 9), not (3, height, width)." in str(told.value)


def test_a_result_saves_and_shows_itself(tmp_path: Path) -> None:
    """
    As a file of the format that its name says, and as a PNG in a notebook.
    """
    answer = zoo.predict(twice(), noise(6, 4))
    answer.save(tmp_path / "large.png")

    with Image.open(tmp_path / "large.png") as saved:
        assert saved.tobytes() == answer.image.tobytes()
    assert answer.render() is answer.image
    assert answer._repr_png_().startswith(b"\x89PNG")


def test_pictures_are_measured_by_what_they_were_shrunk_from(tmp_path: Path) -> None:
    """
    A folder of pictures of any size, in folders or not: each is shrunk, enlarged by the
    model, and compared; flat ones are right to the bit, and so have 100 dB.
    """
    Image.new("RGB", (40, 30), (90, 10, 200)).save(tmp_path / "flat.png")
    flat = zoo.evaluate(twice(), tmp_path)
    (tmp_path / "more").mkdir()
    noise(33, 21).save(tmp_path / "more" / "noise.png")
    both = zoo.evaluate(twice(), tmp_path)

    small, large = shrink(noise(33, 21), 2)
    of_noise = zoo.runtime.image_quality.quality(
        torch.from_numpy(enlarged(small)).permute(2, 0, 1)[None],
        torch.from_numpy(np.array(large)).permute(2, 0, 1)[None],
        border=2,
    )
    assert flat == pytest.approx({"psnr": 100, "ssim": 1})
    assert both["psnr"] == pytest.approx((100 + of_noise["psnr"]) / 2)
    assert both["ssim"] == pytest.approx((1 + of_noise["ssim"]) / 2)


def test_what_can_not_be_measured_is_named(tmp_path: Path) -> None:
    """
    A folder without pictures, one that is too small, and one that can't be read.
    """
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(DataError) as empty:
        zoo.evaluate(twice(), tmp_path)
    noise(40, 13).save(tmp_path / "strip.png")
    with pytest.warns(zoo.errors.DataWarning), pytest.raises(DataError) as strip:
        zoo.evaluate(twice(), tmp_path)
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.warns(zoo.errors.DataWarning), pytest.raises(DataError) as damaged:
        zoo.evaluate(twice(), tmp_path)

    assert str(empty.value).startswith(f"{tmp_path} holds no pictures (")
    assert str(strip.value) == (
        "strip.png is 40x13; a picture that is measured has 16 pixels at each side, or "
        "more."
    )
    assert str(damaged.value).startswith("a.png: ")


def test_a_column_of_pictures_is_enough(tmp_path: Path) -> None:
    """
    A table needs no column of targets: each picture is its own.
    """
    noise(20, 20).save(tmp_path / "1.png")
    (tmp_path / "rows.csv").write_text("file\n1.png\n")
    rows = reader.read_part(tmp_path / "rows.csv", KEPT, TWICE, ["test"]).rows

    assert [Path(one).name for one in rows.items] == ["1.png"]
    assert {*zoo.evaluate(twice(), tmp_path / "rows.csv")} == {"psnr", "ssim"}


def test_light_and_dark_are_not_exchanged() -> None:
    """
    The option of other models for pictures changes nothing here, and is refused.
    """
    with pytest.raises(OptionError) as told:
        zoo.predict(twice(), noise(4, 4), invert=True)

    assert "zoo.predict has no option 'invert'." in str(told.value)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: ScaledImageOutput(scale=0),
            "ScaledImageOutput: scale=0 should be at least 1.",
        ),
        (
            lambda: ScaledImageOutput(scale=2, reach=-1),
            "ScaledImageOutput: reach=-1 should be at least 0.",
        ),
        (
            lambda: ScaledImageOutput(scale=2, low=1.0),
            "ScaledImageOutput: low=1.0 should be below 1.0.",
        ),
        (
            lambda: twice(input=ImageInput(height=8, width=8)),
            "Model 'twice': input.fit='crop' should be 'keep', so that the size of a "
            "picture says that of its output.",
        ),
        (
            lambda: ColorizedImageOutput(low=1.0),
            "ColorizedImageOutput: low=1.0 should be below 1.0.",
        ),
        (
            lambda: sepia(input=ImageInput(height=8, width=8, channels=1)),
            "Model 'sepia': input.fit='crop' should be 'keep', so that the size of a "
            "picture says that of its output.",
        ),
        (
            lambda: sepia(input=KEPT),
            "Model 'sepia': input.channels=3 should be 1, a grey picture.",
        ),
        (
            lambda: ImageInput(height=8, width=8, fit="keep", background="dark"),
            "ImageInput: fit='keep' should be 'crop', because what is kept is neither "
            "cut nor put on paper.",
        ),
    ],
)
def test_impossible_specs_are_refused(make: Any, message: str) -> None:
    """
    Before any model is built.
    """
    with pytest.raises(SpecError) as told:
        make()

    assert str(told.value) == message


def test_an_input_and_an_output_describe_themselves() -> None:
    """
    As `zoo info` shows them, and as config.json stores them.
    """
    assert KEPT.description == "a colour picture of any size"
    assert TWICE.description == "a colour picture, 2 times as wide and as high"
    assert type(TWICE).from_plain(TWICE.to_plain()) == TWICE
    assert GREY.description == "a grey picture of any size"
    colorized = ColorizedImageOutput(low=-1.0)
    assert colorized.description == "the same picture in colour"
    assert type(colorized).from_plain(colorized.to_plain()) == colorized


@pytest.mark.parametrize("size", [(8, 8), (1, 1), (5, 31), (300, 7)])
def test_a_grey_picture_of_any_size_is_answered_in_color(size: tuple[int, int]) -> None:
    """
    With one of its own size; of a picture that has colours only the grey is seen.
    """
    picture = noise(*size)
    grey = picture.convert("L")
    of_grey, of_color = zoo.predict(sepia(), [grey, picture])
    expected = np.asarray(grey)[..., None] * np.array([1.0, 0.8, 0.5])

    assert np.abs(np.asarray(of_grey.image) - expected).max() <= 0.51
    assert of_color.image.tobytes() == of_grey.image.tobytes()
    assert str(of_grey) == f"a colour picture, {size[0]}x{size[1]}"


def test_colors_are_measured_by_those_of_the_pictures(tmp_path: Path) -> None:
    """
    Pictures of a folder are made grey and colorized, and each counts as much, whatever
    its size.
    """
    one, other = noise(20, 20), noise(40, 16, seed=1)
    one.save(tmp_path / "1.png")
    alone = zoo.evaluate(sepia(), tmp_path)
    other.save(tmp_path / "2.png")
    both = zoo.evaluate(sepia(), tmp_path)

    def apart(picture: Image.Image) -> float:
        made = zoo.predict(sepia(), picture).image
        pair = (
            torch.from_numpy(np.array(one)).permute(2, 0, 1)[None]
            for one in (made, picture)
        )
        return 255**2 / 10 ** (color_quality(*pair)["ab_psnr"] / 10)

    error = (apart(one) + apart(other)) / 2
    assert {*alone} == {"ab_psnr", "chroma"}
    assert alone["ab_psnr"] == pytest.approx(10 * np.log10(255**2 / apart(one)))
    assert both["ab_psnr"] == pytest.approx(10 * np.log10(255**2 / error))


def test_squares_of_a_picture_are_pairs_to_learn_from() -> None:
    """
    Small ones of the training rows' size, and what each was made of; of many, some.
    """
    spec, picture = twice().zoo.spec, noise(40, 33)
    pairs = image_to_image.TASK.training_pairs(picture, "a", spec)
    small, large = shrink(picture, 2)
    many = image_to_image.TASK.training_pairs(noise(16 * 30, 16 * 30), "b", spec)

    assert len(pairs) == 2 * 2
    given, original = pairs[3]
    assert given.tobytes() == small.crop((8, 8, 16, 16)).tobytes()
    assert np.array_equal(original, np.asarray(large)[16:32, 16:32].transpose(2, 0, 1))
    assert 32 <= len(many) <= image_to_image.MOST_PARTS


def test_a_picture_and_its_grey_copy_are_a_pair_to_learn_from() -> None:
    """
    Its middle, brought to the size of the training rows.
    """
    ((grey, original),) = image_to_image.TASK.training_pairs(
        noise(8, 8), "a", sepia().zoo.spec
    )

    assert np.array_equal(original, np.asarray(noise(8, 8)).transpose(2, 0, 1))
    assert grey.tobytes() == noise(8, 8).convert("L").tobytes()


def test_the_losses_are_of_pixels_and_of_colors() -> None:
    """
    None of the right answer; of another the mean absolute error in the range of the
    output, or the mean squared error of a and b in hundreds.
    """
    target = torch.randint(256, (2, 3, 4, 4), generator=torch.manual_seed(0))
    right, task = target / 255, image_to_image.TASK
    enlarged_spec, colored = (
        ScaledImageOutput(scale=2, low=-1.0),
        ColorizedImageOutput(),
    )

    assert task.loss(2 * right - 1, target, enlarged_spec) < 1e-6
    assert task.loss(2 * right - 0.6, target, enlarged_spec).item() == pytest.approx(
        0.2
    )
    assert task.loss(right, target, colored) < 1e-6
    grey = torch.full_like(right, 0.5)
    error = rgb_to_lab(right)[:, 1:].square().mean() / 100**2
    assert task.loss(grey, target, colored).item() == pytest.approx(
        error.item(), rel=1e-4
    )


def test_a_row_is_mirrored_with_its_original() -> None:
    """
    About half of the rows, left and right.
    """
    batch = torch.arange(8.0).expand(40, 3, 8, 8)
    target = torch.arange(16).expand(40, 3, 16, 16)
    random = torch.Generator().manual_seed(0)
    output_spec = ColorizedImageOutput()
    moved, theirs = image_to_image.TASK.augment(
        batch, target, "flip", random, output_spec
    )
    first, last = moved[:, 0, 0, 0], theirs[:, 0, 0, 0]

    assert torch.equal(first == 7, last == 15)
    assert 10 < int((first == 7).sum()) < 30
    same = image_to_image.TASK.augment(batch, target, "none", random, output_spec)
    assert same[0] is batch
    assert same[1] is target


def test_baselines_are_interpolation_and_grey() -> None:
    """
    What needs no network, on the pairs themselves.
    """
    task = image_to_image.TASK
    for model, name, metric in (
        (twice(), "bicubic interpolation", "psnr"),
        (sepia(), "grey", "ab_psnr"),
    ):
        spec = model.zoo.spec
        pairs = task.training_pairs(noise(16, 16), "a", spec)
        rows = Rows([one for one, _ in pairs], [other for _, other in pairs], ["a"])
        found = task.baselines(rows, rows, spec.input, spec.output)
        assert {*found} == {name}
        assert metric in found[name]
        assert task.selection_metric(balance=False, output_spec=spec.output) == metric


def test_the_worst_rows_are_drawn() -> None:
    """
    What was given, the answer, and the original, side by side.
    """
    model = twice()
    pairs = image_to_image.TASK.training_pairs(noise(32, 16), "a", model.zoo.spec)
    rows = Rows([one for one, _ in pairs], [other for _, other in pairs], ["a"] * 2)
    target = torch.stack([torch.from_numpy(other) for _, other in pairs])
    drawn = image_to_image.TASK.draw_errors(model, rows, target / 255, target)

    assert drawn.name == "restored"
    assert drawn.png.startswith(b"\x89PNG")
