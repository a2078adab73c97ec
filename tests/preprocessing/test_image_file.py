"""Picture files that are odd, huge or hostile: read within bounds, or refused."""

import io
import random
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin

from zoo import ImageInput
from zoo.errors import InputError
from zoo.preprocessing import image_file
from zoo.preprocessing.image import open_image

COLOUR = ImageInput(height=4, width=4)
DARK = ImageInput(height=8, width=8, channels=1, background="dark")
TURNED = 6  # the orientation of a photograph that lies on its left side


def saved(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format=kind, **options)
    return file.getvalue()


def noted() -> bytes:
    """Return a block of EXIF that turns a picture, and more tags."""
    exif = Image.Exif()
    exif[0x0112] = TURNED
    exif[0x010F] = "A maker of cameras"
    exif[0x011A] = 72.0
    exif[0x0128] = 2
    return exif.tobytes()


def text_for_a_number() -> bytes:
    """Return EXIF whose ResolutionUnit is a text, which Pillow can't write again."""
    tags = TiffImagePlugin.ImageFileDirectory_v2(prefix=b"MM")
    tags.tagtype[0x0128] = 2
    tags[0x0112], tags[0x0128] = TURNED, "inches"
    return b"Exif\x00\x00" + b"MM\x00\x2a\x00\x00\x00\x08" + tags.tobytes(8)


def png(width: int, height: int, *, depth: int = 8, color: int = 0) -> bytes:
    """Return a PNG of black pixels, or only its first bytes where it is huge."""
    row = b"\x00" + bytes((width * depth * {0: 1, 2: 3, 6: 4}[color] + 7) // 8)
    rows = row * height if width * height < 1 << 22 else b""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + bytes(4)

    head = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    parts = {b"IHDR": head, b"IDAT": zlib.compress(rows), b"IEND": b""}
    whole = b"\x89PNG\r\n\x1a\n"
    for name, data in parts.items():
        part = chunk(name, data)[:-4]
        whole += part + struct.pack(">I", zlib.crc32(part[4:]))
    return whole


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photograph_is_turned_whatever_else_is_noted(kind: str) -> None:
    """
    One odd tag beside the orientation does no harm, and no warning comes of it.
    """
    content = saved(Image.new("RGB", (9, 6)), kind, exif=text_for_a_number())

    assert open_image(content, COLOUR).size == (6, 9)


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(seed=st.integers(0, 2**32), kind=st.sampled_from(["JPEG", "PNG", "WEBP"]))
def test_a_mutated_block_of_exif(seed: int, kind: str) -> None:
    """
    Whatever is written there, the picture is read: turned, or as it lies.
    """
    chance, block = random.Random(seed), bytearray(noted())
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(6, len(block))
        block[place] = chance.choice([0, 1, 2, 3, 5, 7, 10, 12, 255, seed % 256])
    if chance.random() < 0.1:
        del block[chance.randrange(8, len(block)) :]
    content = saved(Image.new("RGB", (9, 6)), kind, exif=bytes(block))

    opened = open_image(content, COLOUR)

    assert opened.size in {(9, 6), (6, 9)}
    whole = bytes(block) + bytes(40)
    if whole[:24] == noted()[:24] and whole[28:40] == noted()[28:40]:
        assert opened.size == (6, 9)  # the entry and all before it are as they were


@pytest.mark.parametrize("number", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_every_orientation(kind: str, number: int) -> None:
    """
    As Pillow turns it, whichever end of a number comes first.
    """
    from PIL import ImageOps

    pixels = np.arange(6, dtype=np.uint8).reshape(2, 3) * 40
    picture = Image.fromarray(np.stack([pixels] * 3, axis=-1).repeat(8, 0).repeat(8, 1))
    exif = Image.Exif()
    exif[0x0112] = number
    content = saved(picture, kind, exif=exif)
    with Image.open(io.BytesIO(content)) as image:
        expected = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))

    assert np.array_equal(open_image(content, COLOUR), expected)


def test_a_turned_picture_is_not_turned_again() -> None:
    """
    What was opened says no more how it was held.
    """
    content = saved(Image.new("RGB", (9, 6)), "JPEG", exif=noted())
    once = image_file.decode(content, "The file")

    assert image_file.orientation(once) == 1
    assert open_image(once, COLOUR).size == (6, 9)


def test_the_users_own_picture_keeps_its_notes() -> None:
    """
    A PIL image is not changed by being read.
    """
    with Image.open(
        io.BytesIO(saved(Image.new("RGB", (9, 6)), "JPEG", exif=noted()))
    ) as own:
        assert open_image(own, COLOUR).size == (6, 9)
        assert own.info["exif"] == noted()
        assert own.size == (9, 6)


def test_a_format_that_would_start_a_program(tmp_path: Path) -> None:
    """
    PostScript is not opened, whatever its name is: Ghostscript would run it.
    """
    path = tmp_path / "picture.png"
    path.write_bytes(
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 6\n%%EndComments\nshowpage\n"
    )

    with pytest.raises(InputError) as caught:
        open_image(path, COLOUR)

    assert caught.value.problem == (
        f"{path} is not a picture in a format that is read (AVIF, BMP, GIF, JPEG, "
        "JPEG 2000, PNG, PPM, TIFF, WebP)."
    )


def test_a_picture_of_too_many_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    It is refused for what its first bytes announce, before anything is decoded.
    """
    with pytest.raises(InputError) as caught:
        open_image(png(50_000, 50_000, depth=1), COLOUR)
    assert caught.value.problem == (
        "The file is too large: Image size (2500000000 pixels) exceeds limit of "
        "178956970 pixels, could be decompression bomb DOS attack."
    )


def test_a_photograph_of_too_many_pixels_is_decoded_smaller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    A JPEG shrinks as it is decoded, by no more than is needed, and a warning says so.
    """
    wide = np.repeat(np.array([[10, 240]], np.uint8), 400, axis=1).repeat(600, axis=0)
    content = saved(Image.fromarray(wide), "JPEG", quality=95)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50_000)

    words = (
        r"^The file has 800x600 pixels, which are too many: it was made smaller, "
        r"200x150\.$"
    )
    with pytest.warns(UserWarning, match=words):
        opened = open_image(content, COLOUR)

    assert opened.size == (200, 150)  # halved, it would have 120,000 pixels
    levels = np.asarray(opened)[:, :, 0]
    assert levels[:, 0].mean() == pytest.approx(10, abs=2)
    assert levels[:, -1].mean() == pytest.approx(240, abs=2)


@pytest.mark.parametrize("progressive", [False, True])
def test_a_photograph_that_no_decoder_can_make_small(
    progressive: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What a decoder would have to keep, or to work through, is bounded too.
    """
    content = saved(Image.new("L", (800, 600)), "JPEG", progressive=progressive)
    limit = 50_000 if progressive else 14_000
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    most = 2 * limit * (4 if progressive else 16)

    with pytest.raises(InputError) as caught:
        open_image(content, COLOUR)

    assert caught.value.problem == (
        f"The file is too large: 800x600 are 480,000 pixels, and {most:,} are read at "
        "most. Make it smaller, or raise PIL.Image.MAX_IMAGE_PIXELS."
    )


def test_a_limit_that_was_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Who takes Pillow's limit away has none.
    """
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)

    assert open_image(saved(Image.new("L", (80, 60)), "JPEG"), COLOUR).size == (80, 60)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "RGB", "I;16"])
def test_a_large_picture_is_flattened_in_strips(
    mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Some rows at a time, to the same pixels as at once.
    """
    random_pixels = np.random.default_rng(0).integers(0, 256, (37, 23, 4), np.uint8)
    picture = Image.fromarray(random_pixels)
    if mode == "I;16":
        deep = random_pixels[..., 0].astype(np.uint16) * 257
        picture = Image.fromarray(deep)
    else:
        picture = picture.convert(mode)
    if mode == "P":
        picture.info["transparency"] = 3
    at_once = np.asarray(open_image(picture, COLOUR))
    monkeypatch.setattr("zoo.preprocessing.image.LARGE", 100)
    monkeypatch.setattr(image_file, "STRIP", 100)

    assert np.array_equal(open_image(picture, COLOUR), at_once)


def test_a_large_transparent_drawing_is_made_smaller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    Which paper shows it depends on all of it; the ink keeps its place.
    """
    cover = np.zeros((40, 40), np.uint8)
    cover[10:30, 10:20] = 255
    drawing = Image.merge("LA", (Image.new("L", (40, 40)), Image.fromarray(cover)))
    monkeypatch.setattr("zoo.preprocessing.image.LARGE", 100)
    monkeypatch.setattr(image_file, "STRIP", 100)

    with pytest.warns(UserWarning, match="The picture has 40x40 pixels, which are"):
        opened = np.asarray(open_image(drawing, DARK))

    assert opened.shape == (10, 10)
    assert np.argwhere(opened < 60).min(axis=0).tolist() == [3, 3]
    assert opened[0, 0] == 255


DEEP = {
    "array": lambda values: values.astype(np.uint16),
    "colour array": lambda values: np.stack([values.astype(np.uint16)] * 3, axis=-1),
    "big-endian array": lambda values: values.astype(">u2"),
    "image": lambda values: Image.fromarray(values.astype(np.uint16)),
    "PNG": lambda values: saved(Image.fromarray(values.astype(np.uint16))),
    "TIFF": lambda values: saved(Image.fromarray(values.astype(np.uint16)), "TIFF"),
}


@pytest.mark.parametrize("form", DEEP)
@pytest.mark.parametrize(
    ("highest", "bits", "remedy"),
    [(255, 8, "astype('uint8')"), (4095, 12, "/ 4095"), (900, 12, "/ 4095")],
)
def test_fewer_bits_than_their_type_has(
    form: str, highest: int, bits: int, remedy: str
) -> None:
    """
    Numbers of 8 or 12 bits in 16 would be nearly black: the message names the remedy.
    """
    values = np.linspace(0, highest, 64).reshape(8, 8).round()

    with pytest.raises(InputError) as caught:
        open_image(DEEP[form](values), COLOUR)

    assert caught.value.problem == (
        f"The pixels are of 16 bits and end at {highest}, so they would be nearly "
        f"black. If they are of {bits} bits, give them as an array {remedy}; if they "
        "are this dark, make them lighter."
    )


@pytest.mark.parametrize("form", DEEP)
def test_sixteen_bits(form: str) -> None:
    """
    White is 65535; black alone is black in any number of bits.
    """
    values = np.array([[0, 257 * 100], [128 * 257 + 129, 65535]])

    opened = np.asarray(open_image(DEEP[form](values), COLOUR))

    assert opened[..., 0].tolist() == [[0, 100], [129, 255]]
    assert np.asarray(open_image(DEEP[form](values * 0), COLOUR)).max() == 0


def test_reading_warns_of_nothing_in_the_metadata() -> None:
    """
    Pillow's own reader of EXIF would: tags that point past the end are many.
    """
    block = bytearray(noted())
    block[24:26] = b"\xff\xff"
    content = saved(Image.new("RGB", (9, 6)), "JPEG", exif=bytes(block))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert open_image(content, COLOUR).size == (6, 9)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "TIFF", "WEBP"])
def test_of_several_pictures_the_first_is_used(kind: str, tmp_path: Path) -> None:
    """
    Of an animation or of scanned pages, and a warning says so; of one picture none.
    """
    first, second = (Image.new("L", (8, 8), level) for level in (0, 255))
    path = tmp_path / "several"
    path.write_bytes(saved(first, kind, save_all=True, append_images=[second]))

    with pytest.warns(UserWarning, match="holds several pictures") as said:
        found = open_image(path, DARK)

    assert np.asarray(found).max() == 0
    assert [str(one.message) for one in said] == [
        f"{path} holds several pictures, as animations and scans of pages do: the "
        "first is used."
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        open_image(saved(first, kind), DARK)
