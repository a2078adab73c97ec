"""Picture files, decoded with bounds: which formats, how many pixels, which way up.

A file is taken for what its first bytes say, whatever its name. Of its metadata only
the orientation is used, so a broken tag beside it does no harm.
"""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import IO

from PIL import Image, JpegImagePlugin, UnidentifiedImageError

from zoo.errors import InputError
from zoo.runtime.user_warnings import warn_user

__all__ = [
    "SMALLER",
    "decode",
    "in_strips",
    "known_formats",
    "load_exact",
    "loaded",
    "opened",
    "orientation",
    "upright",
]

# What is opened. Pillow knows more formats, and starts other programs for some of them.
FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")
READ = "AVIF, BMP, GIF, JPEG, JPEG 2000, PNG, PPM, TIFF, WebP"
JPEG = b"\xff\xd8\xff"  # what such a file begins with
SCALES = (2, 4, 8)  # by which a JPEG decoder can divide both sides as it decodes
# A JPEG is bounded as it comes out of the decoder. Before that it costs time and, where
# it is progressive, memory for each pixel: times the limit of what comes out.
MOST_JPEG, MOST_PROGRESSIVE = 16, 4
STRIP = 1 << 21  # pixels of a large picture that are changed at a time
ORIENTATION = 0x0112  # the tag of EXIF
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
NOTES = ("exif", "xmp", "XML:com.adobe.xmp", "Raw profile type exif")  # hold it
EXPECTED = "a picture file"
HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
FIRST = (
    "{} holds several pictures, as animations and scans of pages do: the first is used."
)
SMALLER = "{} has {}x{} pixels, which are too many: it was made smaller, {}x{}."


class _Jpeg(JpegImagePlugin.JpegImageFile):
    """A JPEG whose EXIF is not read as it is opened, which Pillow does for its DPI."""

    def getexif(self) -> Image.Exif:
        return Image.Exif() if "exif" in self.info else super().getexif()


def decode(raw: str | os.PathLike[str] | bytes, name: str) -> Image.Image:
    """Return a file, or the content of one, as a loaded picture the right way up.

    `name` is what messages call it. A JPEG of more pixels than twice
    `PIL.Image.MAX_IMAGE_PIXELS` is made smaller as it is decoded, by the least factor
    of 2, 4 or 8 that will do, and a warning says so. Raises InputError for any file
    that is no such picture.
    """
    with opened(raw, name) as image:
        full = image.size
        _bound(image, name, shrink=True)
        if image.size != full:
            warn_user(SMALLER.format(name, *full, *image.size))
        _say_first(image, name)
        return upright(loaded(image, name))


@contextmanager
def opened(raw: str | os.PathLike[str] | bytes, name: str) -> Iterator[Image.Image]:
    """Open a file without decoding it: its size, mode and metadata are known.

    Raises InputError.
    """
    with _file(raw, name) as file:
        try:
            image = _header(file)
        except UnidentifiedImageError:
            problem = _no_format(file, name)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
            problem = f"{name} is too large: {exc}"
        except Exception as exc:  # noqa: BLE001 - decoders raise whatever they meet
            problem = f"{name} can't be read as a picture ({_fault(exc)})."
        else:
            with image:
                yield image
            return
        raise InputError(problem, EXPECTED)


def load_exact(image: Image.Image, name: str) -> Image.Image:
    """Decode a picture that was `opened` as it is, pixel by pixel; return it.

    Raises InputError where it has more pixels than twice `PIL.Image.MAX_IMAGE_PIXELS`.
    """
    _bound(image, name, shrink=False)
    _say_first(image, name)
    return loaded(image, name)


def loaded(image: Image.Image, name: str) -> Image.Image:
    """Decode a picture that was opened; return it. Raises InputError."""
    if 0 in image.size:
        raise InputError(f"{name} is empty: {image.size}.", EXPECTED)
    try:
        image.load()
    except Exception as exc:  # decoders raise whatever they meet
        problem = f"{name} can't be read as a picture ({_fault(exc)})."
        raise InputError(problem, EXPECTED) from exc
    return image


def upright(image: Image.Image) -> Image.Image:
    """Return a loaded picture the right way up: itself, or a turned copy."""
    turn = TURNS.get(orientation(image))
    if turn is None:
        return image
    turned = image.transpose(turn)
    for note in NOTES:  # which would turn it once more
        turned.info.pop(note, None)
    return turned


def in_strips(
    image: Image.Image, change: Callable[[Image.Image], Image.Image], *, rows: int = 1
) -> Image.Image:
    """Return a loaded picture changed by `change`, some of its rows at a time.

    What is made of `rows` rows must be as many, or one, and not depend on the others.
    """
    height = max(1, STRIP // image.width // rows) * rows
    whole, place = None, 0
    for top in range(0, image.height, height):
        bottom = min(top + height, image.height)
        strip = change(image.crop((0, top, image.width, bottom)))
        if whole is None:
            whole = Image.new(strip.mode, (strip.width, -(-image.height // rows)))
        whole.paste(strip, (0, place))
        place += strip.height
    assert whole is not None, "the picture is not empty"
    return whole


def orientation(image: Image.Image) -> int:
    """Return how the camera was held, 1 to 8 as in EXIF; 1 where nothing says so."""
    noted = image.info.get("exif")
    if isinstance(noted, bytes):
        # Not by Pillow, which reads all tags for one, and warns of each broken one.
        return _from_exif(noted.removeprefix(b"Exif\x00\x00"))
    try:
        found = image.getexif().get(ORIENTATION)
    except Exception:  # noqa: BLE001 - of whatever is in the other tags
        return 1
    return found if isinstance(found, int) and found in TURNS else 1


def _from_exif(content: bytes) -> int:
    """Return the orientation that a block of EXIF notes: a TIFF header and its tags."""
    order = {b"II": "little", b"MM": "big"}.get(content[:2])
    if order is None:
        return 1

    def number(start: int, size: int) -> int:
        return int.from_bytes(content[start : start + size], order)  # type: ignore[arg-type]

    first = number(4, 4)
    for tag in range(number(first, 2)):
        start = first + 2 + 12 * tag
        if len(content) < start + 12:
            break
        kind, count = number(start + 2, 2), number(start + 4, 4)
        if number(start, 2) == ORIENTATION and count == 1 and kind in (3, 4):
            found = number(start + 8, 2 if kind == 3 else 4)
            return found if found in TURNS else 1
    return 1


def _file(raw: str | os.PathLike[str] | bytes, name: str) -> IO[bytes]:
    try:
        return io.BytesIO(raw) if isinstance(raw, bytes) else open(raw, "rb")
    except FileNotFoundError:
        problem = f"There is no file {name!r}."
    except IsADirectoryError:
        problem = f"{name} is a folder."
    except (OSError, ValueError) as exc:
        problem = f"{name} can't be read as a picture ({_fault(exc)})."
    raise InputError(problem, EXPECTED)


def _header(file: IO[bytes]) -> Image.Image:
    """Return what the first bytes of a file announce."""
    start = file.read(len(JPEG))
    file.seek(0)
    if start == JPEG:  # past Pillow's limit, which does not know of smaller decoding
        return _Jpeg(file, "")
    return Image.open(file, formats=known_formats())


def _no_format(file: IO[bytes], name: str) -> str:
    """Return why a file is no picture that can be opened, by its first bytes."""
    file.seek(0)
    start = file.read(12)
    if not start:
        return f"{name} is empty (0 bytes)."
    if start[4:8] == b"ftyp" and start[8:12] in HEIC:
        return (
            f"{name} is a HEIC picture, as iPhones take them, and these are not read. "
            "Convert it to JPEG, or open it with the package pillow-heif and give the "
            "PIL image."
        )
    return f"{name} is not a picture in a format that is read ({READ})."


def _say_first(image: Image.Image, name: str) -> None:
    """Warn where a file holds more pictures than the one that is used."""
    with suppress(Exception):  # of a broken second picture nothing is used
        if getattr(image, "is_animated", False):
            warn_user(FIRST.format(name))


@cache
def known_formats() -> tuple[str, ...]:
    """Return the formats that this Pillow knows."""
    Image.init()
    return tuple(one for one in FORMATS if one in Image.OPEN)


def _bound(image: Image.Image, name: str, *, shrink: bool) -> None:
    """Refuse a picture of too many pixels; set a large JPEG to be decoded smaller."""
    if Image.MAX_IMAGE_PIXELS is None:
        return
    limit = most = 2 * Image.MAX_IMAGE_PIXELS  # from where on Pillow refuses them too
    width, height = image.size
    if width * height <= limit:
        return
    if shrink and isinstance(image, _Jpeg):
        most *= MOST_PROGRESSIVE if image.info.get("progressive") else MOST_JPEG
        for scale in SCALES if width * height <= most else ():
            if -(-width // scale) * -(-height // scale) <= limit:
                image.draft(None, (width // scale, height // scale))
                return
    problem = (
        f"{name} is too large: {width}x{height} are {width * height:,} pixels, and "
        f"{most:,} are read at most. Make it smaller, or raise "
        "PIL.Image.MAX_IMAGE_PIXELS."
    )
    raise InputError(problem, EXPECTED)


def _fault(exc: Exception) -> str:
    return f"{type(exc).__name__}: {exc}".rstrip(": ")
