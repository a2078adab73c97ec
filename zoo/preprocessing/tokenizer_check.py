"""Whether a tokenizer.json that no installed plugin vouches for can be used.

A tokenizer is a small program: it holds regular expressions and replacements. What
could run for ever or fill the memory is refused as it is read. The rest is tried in a
process of its own, which may crash: the library panics, and kills what it runs in.
"""

import base64
import binascii
import json
import os
import re
import string
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

from zoo._utils.schema import Malformed, parse_json

__all__ = ["check"]

STEPS = ("normalizer", "pre_tokenizer", "post_processor", "decoder")
MAX_STEPS = 200  # objects that they are made of
MAX_PATTERN = 2_000  # characters of a regular expression, or of another text in them
MAX_REPEAT = 64  # times that a part of one may come, without being a repetition
MAX_GROWTH = 64  # times as long as a text that replacements may make it
MAX_CHARSMAP = 4 << 20  # characters of a map of characters, which is base64
MAX_WORD = 1_000  # characters of a word: the time grows with their square, or more
SECONDS, MEMORY = 20, 4 << 30  # that the trial may take
TOO_MUCH = "it takes too long or too much memory to read a text"
RUN = 2_000  # characters of one kind in a text of the trial
MARKS = "\u2019\xb7"
PUNCTUATION = string.punctuation.replace("_", "") + MARKS
# A mark and letters, which are found in one way only
JOINED = re.compile(rf"(\?:)?[-'/&@:{MARKS}]a[+*]")
PROPERTY, FIRST = re.compile(r"\{(\^?\w)\w*\}"), re.compile(r"\^?\]")
REPEATS = re.compile(r"[*+]|\{(\d*)(,?)(\d*)\}")

# Run with -I: nothing of the working directory is imported.
TRIAL = """
import json, sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except (ImportError, ValueError, OSError):
    pass
from tokenizers import Tokenizer
given = json.loads(sys.stdin.buffer.read())
made = Tokenizer.from_str(given["content"])
made.encode_special_tokens = True
made.no_padding()
direction = (made.truncation or {}).get("direction", "right")
made.enable_truncation(given["max_length"], direction=direction)
most = max(made.get_vocab(with_added_tokens=True).values(), default=0)
for text in given["texts"]:
    try:
        numbers = made.encode(text).ids
        made.decode(numbers)
    except Exception as exc:
        if "unk" not in str(exc).lower():  # of a character that it does not know
            raise
        continue
    most = max([most, *numbers])
print(most)
"""


def check(content: bytes, vocab_size: int, max_length: int) -> None:
    """Raise Malformed where a tokenizer can't be used by a model of so many tokens."""
    problem = _problem(content, vocab_size, max_length)
    if problem:
        raise Malformed(problem)


@lru_cache(maxsize=8)
def _problem(content: bytes, vocab_size: int, max_length: int) -> str:
    try:
        whole = parse_json(content)
        if not isinstance(whole, dict):
            raise Malformed("it is no object")
        steps = {name: whole.get(name) for name in STEPS}
        patterns = _check_steps(steps)
        _check_numbers(whole, vocab_size)
        if find_spec("tokenizers") is not None:  # else no text is read
            _try(content, _texts(patterns), vocab_size, max_length)
    except Malformed as exc:
        return str(exc)
    return ""


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield all objects within a value, and itself; its depth is bounded."""
    if isinstance(value, dict):
        yield value
    parts = value.values() if isinstance(value, dict) else value
    for part in parts if isinstance(value, dict | list) else ():
        yield from _objects(part)


def _numbers(value: Any) -> Iterator[int]:
    """Yield all whole numbers within a value."""
    if isinstance(value, int) and not isinstance(value, bool):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _numbers(part)


def _check_numbers(whole: Mapping[str, Any], vocab_size: int) -> None:
    """Refuse numbers of tokens for which a model has no place."""
    model = whole.get("model")
    vocabulary = model.get("vocab") if isinstance(model, dict) else None
    listed = len(vocabulary) - 1 if isinstance(vocabulary, list) else 0
    numbered = vocabulary.values() if isinstance(vocabulary, dict) else ()
    added = [one for one in _objects(whole.get("added_tokens") or []) if "id" in one]
    around = _numbers(whole.get("post_processor"))
    every = [listed, *numbered, *(one["id"] for one in added), *around]
    for number in every:
        if type(number) is not int or not 0 <= number < vocab_size:
            raise Malformed(
                f"it has a token of the number {number!r}, and the model "
                f"{vocab_size:,} tokens"
            )
    limit = model.get("max_input_chars_per_word") if isinstance(model, dict) else None
    if limit is not None and (type(limit) is not int or limit > MAX_WORD):
        raise Malformed(f"it takes words of {limit!r} characters apart")


# Steps: normalizers, pre-tokenizers, decoders


def _check_steps(steps: Mapping[str, Any]) -> list[str]:
    """Return the texts and expressions that steps look for, none of which is a trap."""
    count, growth, patterns = 0, 1.0, []
    for name, step in steps.items():
        if step is not None and not isinstance(step, dict):
            raise Malformed(f"{name} is no object")
        for one in _objects(step or []):
            count += 1
            growth *= _growth(one)
            if isinstance(expression := one.get("Regex"), str):
                _check_expression(expression)
                patterns.append(expression)
            elif isinstance(text := one.get("String"), str):
                patterns.append(text)
            _check_charsmap(one.get("precompiled_charsmap"))
            for key, value in one.items():
                long = isinstance(value, str) and len(value) > MAX_PATTERN
                if long and key != "precompiled_charsmap":
                    raise Malformed(f"{key!r} has {len(value):,} characters")
    if count > MAX_STEPS:
        raise Malformed(f"it has {count:,} steps")
    if growth > MAX_GROWTH:
        raise Malformed("its replacements make a text many times as long")
    return patterns


def _growth(step: Mapping[str, Any]) -> float:
    """Return how many times as long as before a step may make a text."""
    if step.get("type") != "Replace":
        return 1.0
    pattern, content = step.get("pattern"), step.get("content")
    sought = pattern.get("String") if isinstance(pattern, dict) else pattern
    length = len(content) if isinstance(content, str) else 0
    if isinstance(sought, str) and sought:
        return max(1.0, length / len(sought))
    return 1.0 + length  # an expression may find nothing, between two characters


def _check_charsmap(encoded: Any) -> None:
    """Refuse a map that makes a long text of a character."""
    if encoded is None:
        return
    try:
        if len(encoded) > MAX_CHARSMAP:
            raise ValueError
        content = base64.b64decode(encoded, validate=True)
    except (ValueError, TypeError, binascii.Error) as exc:
        raise Malformed("its map of characters is none") from exc
    start = 4 + int.from_bytes(content[:4], "little")
    if max(map(len, content[start:].split(b"\0"))) > MAX_GROWTH:
        raise Malformed("its map of characters makes a text many times as long")


def _check_expression(expression: str) -> None:
    """Refuse an expression whose time may grow exponentially with a text.

    What is repeated must hold neither a repetition nor alternatives, nor refer to what
    was found before.
    """
    plain = _without_classes(expression)
    if re.search(r"\\[1-9kg]", plain):
        raise Malformed(f"the regular expression {expression[:80]!r} refers to itself")
    plain = re.sub(r"\\.", ".", plain, flags=re.DOTALL)
    groups = [
        (0, False)
    ]  # open ones: their start, and whether they can match variously
    for place, character in enumerate(plain):
        repeat = REPEATS.match(plain, place)
        if character == "(":
            groups.append((place + 1, False))
        elif character == ")" and len(groups) > 1:
            start, various = groups.pop()
            after = REPEATS.match(plain, place + 1)
            various = various and not JOINED.fullmatch(plain, start, place)
            if various and after is not None and _is_repetition(after):
                raise Malformed(
                    f"the regular expression {expression[:80]!r} repeats what it may "
                    "find in several ways"
                )
            groups[-1] = (groups[-1][0], groups[-1][1] or various)
        elif character == "|" or (repeat is not None and _is_repetition(repeat)):
            groups[-1] = (groups[-1][0], True)


def _is_repetition(repeat: "re.Match[str]") -> bool:
    if repeat[0] in "*+":
        return True
    most = (repeat[3] if repeat[2] else repeat[1]) or "inf"
    return float(most) > MAX_REPEAT


def _without_classes(expression: str) -> str:
    """Return an expression with one character for each class; classes may be nested.

    It is "a" for a class without punctuation, and "." for others.
    """
    plain, depth, place, start = "", 0, 0, 0
    while place < len(expression):
        part = expression[place : place + 1 + (expression[place] == "\\")]
        place += len(part)
        if part in ("\\p", "\\P") and (name := PROPERTY.match(expression, place)):
            place += len(name[0])
            part = "a" if part == "\\p" and name[1] in "LN" else "."
        elif part in ("\\w", "\\d"):
            part = "a"
        if part == "[":
            start = place - 1 if depth == 0 else start
            depth += 1
            # A bracket that comes first in a class is a character of it.
            first = FIRST.match(expression, place)
            place += len(first[0]) if first else 0
        elif part == "]" and depth:
            depth -= 1
            if depth == 0:
                plain += _kind(expression[start:place])
        elif depth == 0:
            plain += part
    return plain


def _kind(class_: str) -> str:
    """Return "a" for a class that matches no punctuation, else "."."""
    known = re.sub(r"\\p\{[LN]\w?\}", r"\\w", class_)
    if "\\p" in known or "\\P" in known or "[" in known[1:] or "&&" in known:
        return "."
    try:
        matches = re.compile(known).match
    except (re.error, RecursionError, OverflowError):
        return "."
    return "." if any(map(matches, PUNCTUATION)) else "a"


# The trial


def _texts(patterns: list[str]) -> list[str]:
    """Return texts of many kinds, and long runs of what the steps look for."""
    letters = dict.fromkeys("".join(patterns)[:MAX_PATTERN])
    runs = dict.fromkeys([*"a 1\n!.é한", *list(letters)[:48]])
    return [
        "",
        "The quick brown fox, 12.5 times; it's naïve! <mask> [MASK]\n\n\tx_y",
        "漢字 한국어 ελληνικά العربية 🙂🙂 \ufdfa\u0301\x00",
        *(text for text in patterns[:64] if text),
        # What comes last must be there, or the library sees that nothing is found.
        *(f"{one * RUN}\x7f{''.join(letters)}" for one in runs),
    ]


def _try(content: bytes, texts: list[str], vocab_size: int, max_length: int) -> None:
    """Load a tokenizer and read texts with it, in another process."""
    given = {"content": content.decode(), "texts": texts, "max_length": max_length}
    code = f"SECONDS, MEMORY = {SECONDS}, {MEMORY}\n{TRIAL}"
    surroundings = {"TOKENIZERS_PARALLELISM": "false", "RAYON_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", code],
            input=json.dumps(given).encode(),
            capture_output=True,
            env=os.environ | surroundings,
            timeout=3 * SECONDS,
        )
    except subprocess.TimeoutExpired as exc:
        raise Malformed(TOO_MUCH) from exc
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        problem = said.partition(": ")[2] if done.returncode == 1 else ""
        raise Malformed(
            f"the library refuses it: {problem[:200]}" if problem else TOO_MUCH
        )
    if int(done.stdout) >= vocab_size:
        raise Malformed(
            f"it has a token of the number {int(done.stdout)}, and the model "
            f"{vocab_size:,} tokens"
        )
