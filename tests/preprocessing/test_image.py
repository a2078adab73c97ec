"""A picture in every form a person has it, and what is said about a wrong one."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from zoo import ClassOutput, ImageInput
from zoo.datasets.custom.table_inputs import read_inputs
from zoo.errors import InputError
from zoo.preprocessing.image import (
    describe,
    image_to_tensor,
    input_warning,
    inverted,
    open_image,
)
from zoo.tasks import get_task

GREY = ImageInput(height=4, width=4, channels=1)
COLOUR = ImageInput(height=4, width=4)
DARK = ImageInput(height=8, width=8, channels=1, background="dark")
LIGHT = ImageInput(height=8, width=8, channels=1, background="light")
SCALED = ImageInput(height=4, width=4, mean=(0.5, 0.4, 0.3), std=(0.2, 0.2, 0.25))
MODES = "1 L LA La P PA RGB RGBA RGBX RGBa CMYK YCbCr HSV LAB I I;16 I;16B F"
NOT_READ = (
    "is not a picture in a format that is read (AVIF, BMP, GIF, JPEG, JPEG 2000, PNG, "
    "PPM, TIFF, WebP)."
)
HEIC = (
    "is a HEIC picture, as iPhones take them, and these are not read. Convert it to "
    "JPEG, or open it with the package pillow-heif and give the PIL image."
)
STROKE = np.pad(np.full((4, 2), 255, np.uint8), ((2, 2), (3, 3)))  # light on dark


def values(raw: Any, expected: ImageInput = GREY) -> Any:
    return np.asarray(open_image(raw, expected))


def saved(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format=kind, **options)
    return file.getvalue()


def grey(value: int, size: tuple[int, int] = (4, 4)) -> Image.Image:
    return Image.new("L", size, value)


@pytest.mark.parametrize("expected", [GREY, COLOUR], ids=["grey", "colour"])
@pytest.mark.parametrize("mode", MODES.split())
def test_every_mode_of_pillow(mode: str, expected: ImageInput) -> None:
    """
    Whatever the mode, 8 bits come out, in as many channels as the model takes.
    """
    opened = open_image(Image.new(mode, (5, 3)), expected)

    assert opened.mode == ("L" if expected is GREY else "RGB")
    assert opened.size == (5, 3)


@pytest.mark.parametrize(
    ("image", "value"),
    [
        (Image.new("1", (1, 1), 1), 255),
        (Image.fromarray(np.array([[128 * 257]], np.uint16)), 128),
        (Image.fromarray(np.array([[65535]], np.uint16)), 255),
        (Image.fromarray(np.array([[200]], np.int32)), 200),
        (Image.fromarray(np.array([[65535, 128 * 257]], np.int32)), [255, 128]),
        (Image.fromarray(np.array([[1 << 20, 1 << 19]], np.int32)), [255, 128]),
        (Image.fromarray(np.array([[0.5, 1]], np.float32)), [128, 255]),
        (Image.fromarray(np.array([[0.5, 200]], np.float32)), [0, 200]),
        (Image.fromarray(np.array([[-3, 65535]], np.float32)), [0, 255]),
        (Image.new("CMYK", (1, 1), (0, 0, 0, 0)), 255),
    ],
    ids=lambda given: given.mode if isinstance(given, Image.Image) else str(given),
)
def test_depth(image: Image.Image, value: Any) -> None:
    """
    Deeper pixels are brought to 8 bits by the end of their range, and rounded.
    """
    assert (values(image)[0] == value).all()


def test_nan_in_a_picture_of_floats() -> None:
    """
    A float picture that holds NaN is refused.
    """
    image = Image.fromarray(np.array([[np.nan]], np.float32))

    with pytest.raises(InputError, match=r"^The picture holds NaN or infinity\. "):
        open_image(image, GREY)


@pytest.mark.parametrize("mode", ["LA", "RGBA", "PA"])
def test_a_transparent_photograph_lies_on_white(mode: str) -> None:
    """
    Where a photograph is transparent, paper is seen.
    """
    assert (values(Image.new("RGBA", (2, 2), (9, 9, 9, 0)).convert(mode)) == 255).all()


def test_a_palette_with_a_transparent_colour() -> None:
    """
    The transparent colour of a GIF or PNG palette is paper too.
    """
    image = Image.fromarray(np.array([[0, 1]], np.uint8)).convert("P")
    image.putpalette([10, 10, 10, 20, 20, 20])
    content = saved(image, transparency=0)

    assert values(content).tolist() == [[255, 20]]


@pytest.mark.parametrize("ink", [0, 255])
@pytest.mark.parametrize("expected", [DARK, LIGHT], ids=["dark", "light"])
def test_a_transparent_drawing_stays_visible(ink: int, expected: ImageInput) -> None:
    """
    Ink on a transparent ground is put on the ground that shows it, and where that is
    not the ground of training, the model says so.
    """
    drawing = Image.merge("LA", (grey(ink, (8, 8)), Image.fromarray(STROKE)))
    opened = open_image(drawing, expected)
    batch = image_to_tensor(opened, expected).unsqueeze(0)

    assert np.ptp(np.asarray(opened)) == 255
    assert bool(input_warning(batch, expected)) == ((ink == 0) == (expected is DARK))


def test_nothing_but_transparency() -> None:
    """
    A wholly transparent drawing is all ground.
    """
    empty = Image.new("RGBA", (8, 8), (0, 0, 0, 0))

    assert values(empty, DARK).max() == 0
    assert values(empty, LIGHT).min() == 255


ARRAYS: dict[str, Any] = {
    "bytes": np.array([[0, 51], [204, 255]], np.uint8),
    "bytes with a channel": np.array([[[0], [51]], [[204], [255]]], np.uint8),
    "int64": np.array([[0, 51], [204, 255]]),
    "int16": np.array([[0, 51], [204, 255]], np.int16),
    "uint16": np.array([[0, 51], [204, 255]], np.uint16) * 257,
    "float32": np.array([[0, 0.2], [0.8, 1]], np.float32),
    "float64": np.array([[0, 0.2], [0.8, 1]]),
    "float16": np.array([[0, 0.2], [0.8, 1]], np.float16),
    "overshooting": np.array([[-1e-4, 0.2], [0.8, 1.0000001]]),
    "strided": np.array([[0, 9, 51], [204, 9, 255]], np.uint8)[:, ::2],
    "bytes in three channels": np.array([[[0] * 3, [51] * 3], [[204] * 3, [255] * 3]]),
    "uint16 in three channels": 257
    * np.array([[[0] * 3, [51] * 3], [[204] * 3, [255] * 3]], np.uint16),
}


@pytest.mark.parametrize("form", ARRAYS)
def test_an_array(form: str) -> None:
    """
    The type of an array says what white is: 255, 65535, or 1.0.
    """
    assert values(ARRAYS[form]).tolist() == [[0, 51], [204, 255]]


def test_an_array_of_truth_values() -> None:
    """
    True is white.
    """
    assert values(np.array([[True, False]])).tolist() == [[255, 0]]


def test_an_array_with_transparency() -> None:
    """
    Four channels are red, green, blue and opacity.
    """
    array = np.array([[[9, 9, 9, 255], [9, 9, 9, 0]]], np.uint8)

    assert values(array, COLOUR).tolist() == [[[9, 9, 9], [255, 255, 255]]]


REFUSED: list[tuple[Any, str]] = [
    (np.zeros(4), "The array has shape (4,)."),
    (np.zeros((5, 4, 2)), "The array has shape (5, 4, 2)."),
    (np.zeros((0, 4)), "The array has shape (0, 4)."),
    (
        np.zeros((3, 8, 8)),
        "The array has shape (3, 8, 8). Put the channels last: "
        "array.transpose(1, 2, 0).",
    ),
    (np.array([["a"]]), "The array has type <U1."),
    (np.array([[None]]), "The array has type object."),
    (np.array([[1j]]), "The array has type complex128."),
    (np.array([[np.nan, 1]]), "The array holds NaN or infinity."),
    (np.array([[np.inf, 1]], np.float32), "The array holds NaN or infinity."),
    (
        np.array([[0.0, 254.0]]),
        "Floats should lie in 0..1, not 0..254. Of 0..255, give array / 255.",
    ),
    (
        np.array([[-0.5, 0.5]]),
        "Floats should lie in 0..1, not -0.5..0.5. Of -1..1, give (array + 1) / 2.",
    ),
    (np.array([[0, 256]]), "Whole numbers should lie in 0..255, not 0..256."),
    (np.array([[-1, 5]]), "Whole numbers should lie in 0..255, not -1..5."),
    (grey(0, (0, 4)), "The picture is empty: (0, 4)."),
    (
        np.array([[0, 1]]),
        "Whole numbers lie in 0..255, and these end at 1, so they would be nearly "
        "black. If that is white, give array / 1; if they are this dark, make them "
        "lighter.",
    ),
    (
        np.array([[0, 1 / 255]]),
        "Floats lie in 0..1, and these end at 0.003922, so they would be nearly "
        "black. If that is white, give array / 0.003922; if they are this dark, make "
        "them lighter.",
    ),
    (
        np.ma.masked_equal(np.array([[5, 7], [7, 9]]), 9),
        "The array is masked at (1, 1), and a picture has every pixel: fill them, as "
        "in array.filled(0).",
    ),
    (b"", "The file is empty (0 bytes)."),
    (None, "There is no picture (None)."),
    ({"a": 1}, "A dict is not a picture."),
    ("no such.png", "There is no file 'no such.png'."),
    ("https://x.y/z.png", "There is no file 'https://x.y/z.png'."),
    ("", "There is no file ''."),
]


@pytest.mark.parametrize(
    ("raw", "problem"), REFUSED, ids=[problem for _, problem in REFUSED]
)
def test_refused(raw: Any, problem: str) -> None:
    """
    The message says what is wrong and what the model expects.
    """
    with pytest.raises(InputError) as caught:
        open_image(raw, GREY)

    assert str(caught.value) == f"{problem} The model expects {describe(GREY)}."


def test_a_path_a_string_and_bytes_are_one_file(tmp_path: Path) -> None:
    """
    A file is read by path, by name and from memory, whatever its name is.
    """
    path = tmp_path / "Ziffer 七 é.png"
    path.write_bytes(saved(grey(7)))

    for raw in (path, str(path), path.read_bytes()):
        assert values(raw).tolist() == [[7] * 4] * 4


def test_a_folder(tmp_path: Path) -> None:
    """
    A folder is no picture, and is called one.
    """
    with pytest.raises(InputError) as caught:
        open_image(tmp_path, GREY)

    assert caught.value.problem == f"{tmp_path} is a folder."


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty (0 bytes)."),
        (b"\0\0\0\x18ftypheic" + bytes(20), HEIC),
        (b"not a picture", NOT_READ),
        (
            saved(Image.effect_noise((64, 64), 50), "JPEG")[:500],
            "can't be read as a picture (OSError: image file is truncated (",
        ),
        (
            saved(Image.effect_noise((64, 64), 50))[:200] + b"x" * 4000,
            "can't be read as a picture (",
        ),
    ],
    ids=["empty", "heic", "text", "truncated", "corrupt"],
)
def test_a_broken_file(content: bytes, problem: str, tmp_path: Path) -> None:
    """
    A file that can't be decoded is named, with what the decoder said.
    """
    path = tmp_path / "broken.png"
    path.write_bytes(content)

    with pytest.raises(InputError) as caught:
        open_image(path, GREY)

    assert caught.value.problem.startswith(f"{path} {problem}")


def test_a_picture_that_was_opened_but_not_read(tmp_path: Path) -> None:
    """
    Pillow reads late: what goes wrong then is an error of ours too.
    """
    path = tmp_path / "cut.jpg"
    path.write_bytes(saved(Image.effect_noise((64, 64), 50), "JPEG")[:500])
    with Image.open(path) as cut, pytest.raises(InputError, match="truncated"):
        open_image(cut, GREY)
    path.write_bytes(saved(grey(1), "JPEG"))
    with Image.open(path) as closed:
        pass

    with pytest.raises(InputError, match="can't be read as a picture"):
        open_image(closed, GREY)


def test_a_photograph_is_turned_upright() -> None:
    """
    A camera's note of how it was held is followed.
    """
    turned = Image.Exif()
    turned[0x0112] = 6  # hold the picture by its right side
    wide = Image.fromarray(np.array([[0, 0, 255, 255]], np.uint8).repeat(2, axis=0))
    content = saved(wide, "PNG", exif=turned)

    assert values(content).tolist() == [[0, 0]] * 2 + [[255, 255]] * 2


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (3, 2), (999, 1000)])
@pytest.mark.parametrize(
    "expected", [GREY, COLOUR, DARK], ids=["grey", "colour", "dark"]
)
def test_any_size_fits(size: tuple[int, int], expected: ImageInput) -> None:
    """
    Every size and every shape becomes the model's, and an even tone stays.
    """
    found = image_to_tensor(open_image(grey(51, size), expected), expected)

    assert found.shape == (expected.channels, expected.height, expected.width)
    assert found.dtype == torch.float32
    assert found.allclose(torch.tensor(0.2))


@pytest.mark.parametrize("size", [(40, 40), (40, 90), (120, 40), (20, 20), (10, 31)])
def test_a_cropped_photograph_keeps_its_share(size: tuple[int, int]) -> None:
    """
    Half of the shorter side, from the middle, also where the picture has the frame's
    size: a ramp from 0 to 1 over the shorter side runs from 1/4 to 3/4.
    """
    short = min(size)
    ramp = np.linspace(0, 255, short).astype(np.uint8)
    level = np.broadcast_to(ramp, (max(size), short))
    picture = Image.fromarray(level if size[0] == short else level.T)
    expected = ImageInput(height=20, width=20, channels=1, crop=0.5)
    found = image_to_tensor(open_image(picture, expected), expected)[0]
    across = found[10] if size[0] == short else found[:, 10]

    assert found.shape == (20, 20)
    assert across[0].item() == pytest.approx(0.25, abs=0.03)
    assert across[-1].item() == pytest.approx(0.75, abs=0.03)


def test_resampling_is_the_inputs() -> None:
    """
    Bicubic overshoots beside an edge, bilinear does not.
    """
    edge = Image.new("L", (8, 8), 64)
    edge.paste(192, (4, 0, 8, 8))
    smooth = ImageInput(height=32, width=32, channels=1)
    sharp = replace(smooth, resample="bicubic")

    assert image_to_tensor(edge, smooth).max().item() == pytest.approx(192 / 255)
    assert image_to_tensor(edge, sharp).max().item() > 193 / 255


def test_a_long_strip_takes_no_more_memory_than_a_picture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    Only the middle of it is resized: a whole one would be 9,600,000 pixels long.
    """
    strip = Image.new("L", (300_000, 1), 128)
    expected = ImageInput(height=16, width=16, channels=1, crop=0.5)
    resized: list[tuple[int, int]] = []
    resize = Image.Image.resize

    def noting(self: Image.Image, size: tuple[int, int], *rest: Any) -> Image.Image:
        resized.append(size)
        return resize(self, size, *rest)

    monkeypatch.setattr(Image.Image, "resize", noting)
    found = image_to_tensor(strip, expected)

    assert found.mean().item() == pytest.approx(128 / 255)
    assert resized == [(16 * 32, 32)]


def test_the_middle_of_a_photograph_is_kept() -> None:
    """
    A photograph fills the frame; what is beyond it on the long side is cut off.
    """
    wide = np.repeat([[0, 255, 0]], 4, axis=0).repeat(4, axis=1).astype(np.uint8)

    assert image_to_tensor(open_image(wide, GREY), GREY).min() == 1


@pytest.mark.parametrize("ground", [0, 255])
def test_all_of_a_drawing_is_kept(ground: int) -> None:
    """
    A drawing is padded with its own ground, dark or light, and nothing is cut off.
    """
    wide = np.full((4, 16), ground, np.uint8)
    wide[1:3, 1:15] = 255 - ground

    found = image_to_tensor(open_image(wide, DARK), DARK)[0] * 255

    assert (found[[0, 1, -2, -1]] == ground).all()
    assert (found[3:5, 1:7] - ground).abs().min() > 60


def test_each_channel_has_its_own_scale() -> None:
    """
    Prepared pixels are (pixel - mean) / std, channel by channel.
    """
    found = image_to_tensor(open_image(grey(255), SCALED), SCALED)

    assert found[:, 0, 0].tolist() == pytest.approx([2.5, 3.0, 2.8])


def test_inverting_prepared_pixels() -> None:
    """
    It is the same to invert a picture and to invert its prepared pixels.
    """
    shade = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    before = image_to_tensor(open_image(255 - shade, SCALED), SCALED)
    after = inverted(image_to_tensor(open_image(shade, SCALED), SCALED), SCALED)

    assert torch.allclose(before, after, atol=1e-6)


RANGES = [
    (GREY, (0.0, 1.0), None),
    (GREY, (-0.4, 1.4), None),
    (GREY, (0.0, 255.0), "divide by 255"),
    (GREY, (-1.0, 1.0), "leave out the normalising"),
    (SCALED, (-2.0, 2.5), None),
    (SCALED, (0.0, 255.0), "divide by 255"),
    (SCALED, (0.0, 1.0), "subtract the mean and divide by the standard deviation"),
    (SCALED, (-20.0, 20.0), "normalise first"),
]


@pytest.mark.parametrize(("expected", "span", "missing"), RANGES, ids=str)
def test_the_range_of_prepared_pixels(
    expected: ImageInput, span: tuple[float, float], missing: str | None
) -> None:
    """
    Pixels not prepared as in training are noticed, and the missing step is named.
    """
    batch = torch.linspace(*span, 16).view(1, 1, 4, 4)

    found = input_warning(batch, expected)

    assert (found is None) == (missing is None)
    if found and missing:
        assert found[0] == "range"
        assert f": {missing}, or give zoo.predict the picture itself." in found[1]


def test_the_words_about_a_range() -> None:
    """
    The sentence holds both ranges and the way out.
    """
    assert input_warning(torch.linspace(0, 255, 16).view(1, 1, 4, 4), GREY) == (
        "range",
        "The pixels run from 0 to 255, in training from 0 to 1: divide by 255, or give "
        "zoo.predict the picture itself.",
    )


@pytest.mark.parametrize(
    ("expected", "stroke", "words"),
    [
        (DARK, STROKE, None),
        (LIGHT, 255 - STROKE, None),
        (GREY, STROKE, None),
        (
            DARK,
            255 - STROKE,
            "The background is light; the model was trained on a dark one: pass "
            "invert=True (--invert).",
        ),
        (
            LIGHT,
            STROKE,
            "The background is dark; the model was trained on a light one: pass "
            "invert=True (--invert).",
        ),
    ],
    ids=["dark", "light", "any", "light on dark", "dark on light"],
)
def test_the_background(expected: ImageInput, stroke: Any, words: str | None) -> None:
    """
    A drawing on the wrong ground is noticed, where training knew only one.
    """
    batch = image_to_tensor(open_image(stroke, expected), expected).unsqueeze(0)

    assert input_warning(batch, expected) == (words and ("background", words))


CLASSIFY = get_task("image-classification")
SHAPED = torch.zeros(1, 4, 4)


@pytest.mark.parametrize(
    ("raw", "count"),
    [
        (SHAPED, None),
        (SHAPED[None].expand(3, 1, 4, 4), 3),
        (np.zeros((4, 4, 3)), None),
        (np.zeros((2, 4, 4, 3)), 2),
        ([SHAPED, "a.png"], 2),
        (("a.png",), 1),
        ("a.png", None),
    ],
    ids=str,
)
def test_one_picture_or_several(raw: Any, count: int | None) -> None:
    """
    Lists, and arrays and tensors of four axes, are several pictures; all else is one.
    """
    found, single = CLASSIFY.split_items(raw, GREY)

    assert single == (count is None)
    assert len(found) == (count or 1)


PIXELS = np.arange(3 * 4 * 4, dtype=np.uint8).reshape(3, 16)


@pytest.mark.parametrize(
    ("raw", "count"),
    [
        (PIXELS, 3),
        (PIXELS[:1], 1),
        (PIXELS[0], None),
        (torch.from_numpy(PIXELS) / 255, 3),
        (torch.from_numpy(PIXELS[0]) / 255, None),
    ],
    ids=["rows", "one row in a table", "one row", "tensor", "tensor of one"],
)
def test_rows_of_pixels_are_pictures(raw: Any, count: int | None) -> None:
    """
    As tables hold them, height * width numbers each.
    """
    found, single = CLASSIFY.split_items(raw, GREY)
    batch = CLASSIFY.collate([CLASSIFY.load_item(one, GREY) for one in found], GREY)

    assert single == (count is None)
    assert torch.equal(
        batch, torch.from_numpy(PIXELS[: count or 1]).view(-1, 1, 4, 4) / 255
    )


def test_rows_of_colours_are_pictures() -> None:
    """
    Of an array the channels come last, of a tensor first.
    """
    pixels = np.arange(2 * 48, dtype=np.uint8).reshape(2, 48)

    found, _ = CLASSIFY.split_items(pixels, COLOUR)
    assert np.array_equal(found[1], pixels[1].reshape(4, 4, 3))
    found, _ = CLASSIFY.split_items(torch.from_numpy(pixels) / 255, COLOUR)
    assert found[1].shape == (3, 4, 4)


def test_a_picture_of_the_models_size_is_no_row() -> None:
    """
    Also where its width is the number of all pixels.
    """
    line = ImageInput(height=1, width=16, channels=1)

    found, single = CLASSIFY.split_items(np.zeros((1, 16)), line)

    assert single
    assert len(found) == 1
    assert CLASSIFY.split_items(np.zeros((9, 12)), GREY)[1]


def test_the_input_of_negatives() -> None:
    """
    It gives the numbers of the inverted picture; its background is the other one.
    """
    shade = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    other = SCALED.inverted()
    seen = image_to_tensor(open_image(shade, other), other)

    expected = image_to_tensor(open_image(255 - shade, SCALED), SCALED)
    assert torch.allclose(seen, expected, atol=1e-6)
    assert torch.allclose(
        inverted(seen, other), image_to_tensor(open_image(shade, SCALED), SCALED)
    )
    assert DARK.inverted().background == "light"
    back = DARK.inverted().inverted()
    assert (back.mean, back.std, back.background) == (DARK.mean, DARK.std, "dark")


@pytest.mark.parametrize("ink", [0, 255])
def test_the_background_where_negatives_are_seen(ink: int) -> None:
    """
    Pictures on a light ground are what such a model expects, on a dark one not.
    """
    expected = DARK.inverted()
    stroke = STROKE if ink else 255 - STROKE
    batch = image_to_tensor(open_image(stroke, expected), expected).unsqueeze(0)

    assert (input_warning(batch, expected) is None) == (ink == 0)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ([], "The list is empty."),
        (torch.zeros(0, 1, 4, 4), "The batch is empty."),
        (np.zeros((0, 4, 4, 1)), "The batch is empty."),
    ],
    ids=["list", "tensor", "array"],
)
def test_no_pictures(raw: Any, problem: str) -> None:
    """
    An empty list or batch is refused, not answered with nothing.
    """
    with pytest.raises(InputError) as caught:
        CLASSIFY.split_items(raw, GREY)

    assert caught.value.problem == problem


@pytest.mark.parametrize(
    ("tensor", "problem"),
    [
        (torch.zeros(4, 4), "The tensor has shape (4, 4), not (1, 4, 4)."),
        (torch.zeros(3, 4, 4), "The tensor has shape (3, 4, 4), not (1, 4, 4)."),
        (
            SHAPED.byte(),
            "The tensor has type torch.uint8; prepared pixels are floats.",
        ),
        (SHAPED / 0, "The tensor holds NaN or infinity."),
    ],
    ids=["flat", "colour", "bytes", "NaN"],
)
def test_a_wrong_tensor(tensor: torch.Tensor, problem: str) -> None:
    """
    A tensor is taken as prepared: its shape, type and numbers must be the model's.
    """
    with pytest.raises(InputError) as caught:
        CLASSIFY.load_item(tensor, GREY)

    assert caught.value.problem == problem


def test_tensors_and_pictures_in_one_batch() -> None:
    """
    Prepared pixels and pictures can stand in one list, and are inverted alike.
    """
    opened = [CLASSIFY.load_item(one, GREY) for one in (SHAPED.double(), grey(0))]

    assert CLASSIFY.collate(opened, GREY).equal(torch.zeros(2, 1, 4, 4))
    assert CLASSIFY.collate(opened, GREY, invert=True).equal(torch.ones(2, 1, 4, 4))


def test_a_result_keeps_a_small_picture() -> None:
    """
    However large a picture was, its result keeps at most 224 pixels a side.
    """
    output = torch.zeros(1, 2)
    meaning = ClassOutput(labels=("a", "b"))

    (found,) = CLASSIFY.postprocess(output, [grey(0, (500, 1000))], meaning)

    assert found.picture.size == (112, 224)


def test_zero_to_one_for_a_model_of_minus_one_to_one() -> None:
    """
    A tensor of pixels that were scaled to 0..1 alone is taken, and a warning says what
    is missing; prepared pixels have none.
    """
    halves = ImageInput(height=4, width=4, mean=(0.5,) * 3, std=(0.5,) * 3)
    scaled = torch.linspace(0, 1, 48).view(1, 3, 4, 4)

    kind, sentence = input_warning(scaled, halves) or ("", "")

    assert (kind, sentence) == (
        "range",
        "The pixels run from 0 to 1, in training from -1 to 1: subtract the mean and "
        "divide by the standard deviation, or give zoo.predict the picture itself.",
    )
    assert input_warning(2 * scaled - 1, halves) is None


def test_a_mask_of_nothing_is_no_mask() -> None:
    """
    A masked array with every pixel is the array.
    """
    pixels = np.arange(16, dtype=np.uint8).reshape(4, 4) * 16

    assert open_image(np.ma.array(pixels), GREY) == open_image(pixels, GREY)


def test_a_column_of_pictures_is_a_list(tmp_path: Path) -> None:
    """
    A Series of paths is answered for each of them.
    """
    grey(200).save(tmp_path / "one.png")
    column = pd.Series([tmp_path / "one.png"] * 2)

    assert read_inputs(column, GREY) == [tmp_path / "one.png"] * 2
