"""Files that were changed in a few places, the same ones for the same seed."""

import json
import random
from typing import Any

__all__ = ["ODD", "damaged", "mutated", "rewritten"]

ODD: list[Any] = [
    *(None, True, -1, 0, 1, 7, 2**31, 2**63, 2**64, 10**30, -(2**63), 0.5, 1e400),
    *("", "F32", "I64", "F4", "../../etc/passwd", "/etc/passwd", "C:\\x", "\x00"),
    *("os:system", "zoo_cnn.model:torch", "zoo-evil; rm -rf /", "é" * 300, "\ud800"),
    *([], [[]], [0, 0], [-1, 8], [8, 0], [2**63, 2**64], [1] * 1000, {}, {"a": {}}),
]
# What breaks the text of JSON, TOML and tables
BREAKS = [
    *(b"", b"{", b"}", b"[", b"]", b'"', b"'", b"\\", b",", b":", b"=", b"\n", b"\r"),
    *(b"\x00", b"\xff", b"\xed\xa0\x80", b"NaN", b"-Infinity", b"1e999", b"null"),
    *(
        b"[" * 2000,
        b'{"a":' * 2000,
        b"9" * 5000,
        b"\xe2\x82\xac",
        b"true",
        b"#",
        b"../",
    ),
]


def mutated(value: Any, chance: random.Random) -> Any:
    """Return a JSON value with one place in it replaced, taken away or doubled."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(sorted(value))
        match chance.randrange(8):
            case 0:
                return {k: v for k, v in value.items() if k != key}
            case 1:
                return value | {str(chance.choice(ODD)): value[key]}
            case _:
                return value | {key: mutated(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.7:
        place = chance.randrange(len(value))
        return [*value[:place], mutated(value[place], chance), *value[place + 1 :]]
    if isinstance(value, int) and chance.random() < 0.5:
        return value + chance.choice([-8, -4, -1, 1, 4, 8, 1 << 20])
    if chance.random() < 0.05:
        deep = "x"
        for _ in range(chance.choice([3, 50, 500])):
            deep = [deep]  # type: ignore[assignment]
        return deep
    return chance.choice(ODD)


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Return bytes of which some were changed, cut out, doubled or exchanged."""
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(content) + 1)
        match chance.randrange(6):
            case 0:
                content = content[:place]
            case 1:
                content = content[:place] + content[place + chance.randint(1, 9) :]
            case 2:
                piece = content[place : place + chance.randint(1, 30)]
                content = content[:place] + piece + content[place:]
            case 3:
                odd = chance.choice(BREAKS)
                content = (
                    content[:place] + odd + content[place + chance.randint(0, 5) :]
                )
            case _:
                byte = bytes(
                    [chance.choice([0, 1, 127, 128, 255, chance.randrange(256)])]
                )
                content = content[:place] + byte + content[place + 1 :]
    return content


def rewritten(content: bytes, chance: random.Random) -> bytes:
    """Return a JSON text that was changed: a value of it, or some of its bytes."""
    if chance.random() < 0.3:
        return damaged(content, chance)
    value = json.loads(content)
    for _ in range(chance.randint(1, 2)):
        value = mutated(value, chance)
    try:
        return json.dumps(value).encode()
    except RecursionError:
        return b"[" * 100_000
