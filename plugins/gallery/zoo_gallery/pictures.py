"""Pictures of cards, smaller and with the same pixels."""

import io
from pathlib import Path

from PIL import Image, ImageSequence

__all__ = ["write_picture"]

SHRUNK = (".png", ".gif")
LOSSLESS = {"lossless": True, "exact": True, "quality": 60, "method": 4}


def write_picture(name: str, content: bytes, folder: Path) -> str:
    """Write a picture into a folder, as lossless WebP where that is smaller.

    Returns the name of its file.
    """
    if name.endswith(SHRUNK):
        packed = _webp(content)
        if len(packed) < len(content):
            name, content = f"{name}.webp", packed
    (folder / name).write_bytes(content)
    return name


def _webp(content: bytes) -> bytes:
    """Return a picture as lossless WebP, with the times of its frames."""
    packed = io.BytesIO()
    with Image.open(io.BytesIO(content)) as picture:
        frames, times = [], []
        for frame in ImageSequence.Iterator(picture):
            mode = "RGBA" if frame.has_transparency_data else "RGB"
            frames.append(frame.convert(mode))
            times.append(frame.info.get("duration", 0))
        first, *more = frames
        moves: dict[str, object] = {}
        if more:
            moves = {"save_all": True, "append_images": more, "duration": times}
            moves |= {"loop": picture.info.get("loop", 1), "minimize_size": True}
        first.save(packed, "WEBP", **LOSSLESS, **moves)
    return packed.getvalue()
