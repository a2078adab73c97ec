"""Files of the cache that are named by their content: decoded rows and features.

Does not know torch.
"""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from zoo.specs import Weights

__all__ = ["NAME", "find", "path_of", "pin_of"]

NAME = re.compile(r"(?P<key>.*[0-9a-f]{16})-(?P<sha256>[0-9a-f]{64})\.safetensors")


def path_of(place: Path, content: bytes) -> Path:
    """Return the path of a content that is kept for `place`."""
    seal = hashlib.sha256(content).hexdigest()
    return place.with_name(f"{place.name}-{seal}.safetensors")


def pin_of(path: Path) -> Weights | None:
    """Return the pin that a file's name holds, or None for one of another name."""
    found = NAME.fullmatch(path.name)
    size = path.stat().st_size
    return Weights(size=size, sha256=found["sha256"]) if found and size else None


def find(place: Path) -> Iterator[tuple[Path, Weights]]:
    """Yield the files that are kept for `place`, each with its pin."""
    for path in sorted(place.parent.glob(f"{place.name}-*.safetensors")):
        found = NAME.fullmatch(path.name)
        if found and found["key"] == place.name and (pin := pin_of(path)):
            yield path, pin
