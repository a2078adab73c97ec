"""Bytes inside a classic script, in little more than their compressed size.

A page that is a file can't fetch: bytes come to it as texts of scripts. Base64 makes
them a third larger. Here a text in UTF-16 carries two bytes a unit; 3 % of the units,
those that no text or no literal may have, take two. `zooUnpack` in model.js reads it.
"""

import gzip
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

__all__ = ["script", "split_shared"]

ESCAPE = 0xE000  # the next unit has its highest bit turned
FLIP = 0x8000  # which makes a unit of each that is forbidden one that is not
FORBIDDEN = (0x0000, 0x000A, 0x000D, 0x0022, 0x005C, 0x2028, 0x2029, ESCAPE)
SURROGATES, SURROGATE = 0xF800, 0xD800  # the mask, and what it leaves of each
PLANES = (1, 2, 4)  # bytes of numbers whose like bytes compress better side by side
MIN_SHARED = 1 << 14  # bytes from which a tensor of two graphs is kept once


def script(files: Mapping[str, Sequence[bytes]]) -> bytes:
    """Return a script that keeps files, by name, for a page.

    A file is given in its parts. A part that an earlier file has too is kept once.

    >>> script({"a": [b"", b"x"], "b": [b""]}).decode("utf-16").splitlines()[1]
    'zooKeep("b", [zooKept.get("a")[0]]);'
    """
    content = b""
    seen: dict[bytes, str] = {}
    for name, parts in files.items():
        key = json.dumps(name)
        shown = []
        for number, part in enumerate(parts):
            if part in seen:
                shown.append(seen[part].encode("utf-16-le"))
            else:
                seen[part] = f"zooKept.get({key})[{number}]"
                shown.append(_packed(part))
        start, comma, end = (
            text.encode("utf-16-le") for text in (f"zooKeep({key}, [", ", ", "]);\n")
        )
        content += start + comma.join(shown) + end
    return b"\xff\xfe" + content


def split_shared(files: Mapping[str, bytes]) -> dict[str, list[bytes]]:
    """Return files in parts; a large tensor of several ONNX graphs is a part of each.

    >>> split_shared({"tokenizer.json": b"{}"})
    {'tokenizer.json': [b'{}']}
    """
    graphs = [name for name in files if name.endswith(".onnx")]
    shared = _shared([files[name] for name in graphs]) if len(graphs) > 1 else []
    return {
        name: list(_cut(content, shared if name in graphs else []))
        for name, content in files.items()
    }


def _shared(graphs: Sequence[bytes]) -> list[bytes]:
    """Return the bytes of tensors that are in more than one graph."""
    import onnx

    counts = Counter[bytes]()
    for content in graphs:
        tensors = onnx.load_from_string(content).graph.initializer
        counts.update({one.raw_data for one in tensors})
    several = (raw for raw, count in counts.items() if count > 1)
    return [raw for raw in several if len(raw) >= MIN_SHARED]


def _cut(content: bytes, blocks: Sequence[bytes]) -> Iterator[bytes]:
    """Yield a file's parts: the blocks that are in it, and what is between them."""
    found = sorted(
        (place, len(block)) for block in blocks if (place := content.find(block)) >= 0
    )
    end = 0
    for place, size in found:
        if place < end:  # inside of another
            continue
        if place > end:
            yield content[end:place]
        yield content[place : place + size]
        end = place + size
    if end < len(content) or not found:
        yield content[end:]


def _packed(content: bytes) -> bytes:
    """Return a literal, [compressed bytes, planes, text], in UTF-16."""
    tries = {
        planes: gzip.compress(
            b"".join(content[plane::planes] for plane in range(planes)), 9, mtime=0
        )
        for planes in PLANES
    }
    planes, packed = min(tries.items(), key=lambda one: len(one[1]))
    start, end = f'[{len(packed)}, {planes}, "'.encode("utf-16-le"), '"]'
    return start + _units(packed) + end.encode("utf-16-le")


def _units(content: bytes) -> bytes:
    """Return bytes as the inside of a literal in UTF-16, two a unit."""
    units = np.frombuffer(content + bytes(len(content) % 2), "<u2")
    forbidden = np.isin(units, FORBIDDEN) | ((units & SURROGATES) == SURROGATE)
    ends = np.cumsum(1 + forbidden)
    found = np.full(ends[-1] if len(ends) else 0, ESCAPE, "<u2")
    found[ends - 1] = np.where(forbidden, units ^ FLIP, units)
    return found.tobytes()
