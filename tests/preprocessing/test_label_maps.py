"""Label maps: pictures whose colours are labels."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from zoo import ImageInput, LabelColor
from zoo.errors import InputError, SpecError
from zoo.preprocessing.image import ImagePreprocessor, image_to_tensor, open_image
from zoo.preprocessing.image_module import ImageModule
from zoo.runtime.image import fit_image

SKY = LabelColor(label="sky", color=(0, 0, 222))
WALL = LabelColor(label="wall", color=(255, 80, 0))
DOOR = LabelColor(label="door", color=(0, 207, 255))
INPUT = ImageInput(
    height=32, width=32, resample="nearest", label_colors=(SKY, WALL, DOOR)
)


def drawn(size: tuple[int, int] = (64, 64)) -> Image.Image:
    """Return a wall before the sky."""
    picture = Image.new("RGB", size, SKY.color)
    picture.paste(WALL.color, (10, 12, size[0] - 10, size[1]))
    return picture


def test_a_drawn_label_map_stays_as_it_is() -> None:
    """
    Colours that are labels' are not changed.
    """
    picture = drawn()

    assert np.array_equal(open_image(picture, INPUT), picture)


def test_the_mixtures_of_a_jpeg_become_the_nearest_colors() -> None:
    """
    Lossy storage mixes colours at edges; each pixel is brought to the nearest label.
    """
    file = io.BytesIO()
    drawn().save(file, format="JPEG", quality=75)
    stored = Image.open(file)
    opened = np.asarray(open_image(stored, INPUT))
    colors = {tuple(one) for one in opened.reshape(-1, 3).tolist()}

    assert not np.array_equal(np.asarray(stored.convert("RGB")), opened)
    assert colors <= {SKY.color, WALL.color, DOOR.color}
    assert (opened == np.asarray(drawn())).all(axis=2).mean() > 0.97


def test_resizing_mixes_no_colors() -> None:
    """
    The pixels of a picture of another size are those of labels too, also of a strip.
    """
    for size in ((50, 70), (400, 24)):
        fitted = np.asarray(fit_image(open_image(drawn(size), INPUT), INPUT))
        colors = {tuple(one) for one in fitted.reshape(-1, 3).tolist()}

        assert fitted.shape == (32, 32, 3)
        assert colors <= {SKY.color, WALL.color}


@pytest.mark.parametrize(
    ("picture", "share", "color"),
    [
        (Image.new("RGB", (64, 64), "white"), "100%", (255, 255, 255)),
        (Image.new("L", (64, 64), 90), "100%", (90, 90, 90)),
    ],
)
def test_a_picture_of_other_colors_is_refused(
    picture: Image.Image, share: str, color: tuple[int, int, int]
) -> None:
    """
    The error names a colour of the picture, and the labels with theirs.
    """
    with pytest.raises(InputError) as told:
        open_image(picture, INPUT)

    assert str(told.value) == (
        f"The picture is no label map: {share} of its pixels have the colour of no "
        f"label, such as {color}. The model expects a label map, which has these "
        "colours alone: sky (0, 0, 222), wall (255, 80, 0), door (0, 207, 255); it is "
        "a picture: a file's path or bytes, a PIL image, an array (height, width) or "
        "(height, width, channels), or a float tensor (3, 32, 32) of prepared pixels."
    )


def test_a_small_area_of_another_color_is_refused() -> None:
    """
    A tree of a twentieth of the picture is no label, and is not quietly made one.
    """
    picture = drawn()
    picture.paste((0, 160, 0), (0, 0, 16, 16))

    with pytest.raises(InputError, match=r"6% of its pixels .* such as \(0, 160, 0\)"):
        open_image(picture, INPUT)


def test_noise_is_refused() -> None:
    """
    No area of it has one colour, and most of its pixels have a label's neither.
    """
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)

    with pytest.raises(InputError, match="The picture is no label map"):
        open_image(noise, INPUT)


@pytest.mark.parametrize("size", [(64, 64), (33, 57), (20, 20), (400, 24)])
def test_the_exported_module_prepares_the_same_pixels(size: tuple[int, int]) -> None:
    """
    The graph brings a label map to the size and the colours as Pillow does.
    """
    picture = drawn(size)
    expected = image_to_tensor(open_image(picture, INPUT), INPUT)
    given = torch.from_numpy(np.array(picture))[None]

    assert torch.equal(ImageModule(INPUT)(given)[0], expected)


def test_synthetic_rows_are_label_maps() -> None:
    """
    What stands in for data in a smoke run has the labels' colours alone.
    """
    random = torch.Generator().manual_seed(0)
    rows = ImagePreprocessor().synthetic(INPUT, 3, random)
    pixels = rows.permute(0, 2, 3, 1)

    assert rows.shape == (3, 3, 32, 32)
    for one in pixels.numpy():
        assert np.array_equal(open_image(one, INPUT), one)


def test_the_steps_and_the_description_say_that_it_is_a_label_map() -> None:
    """
    As `zoo info` shows them.
    """
    steps = ImagePreprocessor().steps(INPUT)

    assert INPUT.description == "a label map of 3 colours, brought to 32x32"
    assert steps[1] == "Bring each pixel to the nearest of 3 colours."
    assert "32x32 by nearest resampling" in steps[2]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            {"label_colors": (SKY, LabelColor(label="sea", color=SKY.color))},
            "label_colors=[(0, 0, 222), (0, 0, 222)] should be different colours, each "
            "of three whole numbers from 0 to 255.",
        ),
        (
            {"label_colors": (SKY, LabelColor(label="sea", color=(0, 0, 256)))},
            "label_colors=[(0, 0, 222), (0, 0, 256)] should be different colours, each "
            "of three whole numbers from 0 to 255.",
        ),
        (
            {"resample": "bilinear"},
            "resample='bilinear' should be 'nearest', because a mixture of two colours "
            "is no label's.",
        ),
        (
            {"background": "dark"},
            "label_colors=[(0, 0, 222), (255, 80, 0)] should be empty, because a label "
            "map has three channels and no background.",
        ),
    ],
)
def test_colors_that_are_no_labels_are_refused(
    change: dict[str, object], problem: str
) -> None:
    """
    Each is named with what it should be.
    """
    given = {"resample": "nearest", "label_colors": (SKY, WALL), **change}
    with pytest.raises(SpecError) as told:
        ImageInput(height=8, width=8, **given)  # type: ignore[arg-type]

    assert str(told.value) == f"ImageInput: {problem}"
