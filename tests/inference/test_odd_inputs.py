"""Whatever a person may give to a model: the right kind of answer, or a clear error."""

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import zoo
from zoo.errors import InputError
from zoo.inference.sample import supports
from zoo.plugins import catalog


def png(size: tuple[int, int]) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", size).save(held, "PNG")
    return held.getvalue()


ODD: dict[str, Any] = {
    "no text": "",
    "no bytes": b"",
    "nothing": None,
    "nothing in a list": [None],
    "an empty list": [],
    "an empty list in a list": [[]],
    "an empty dict": {},
    "a dict of objects": {"a": object()},
    "a number": 7,
    "NaN": float("nan"),
    "NaN thrice": [float("nan")] * 3,
    "a truth": True,
    "an object": object(),
    "a set": {1, 2},
    "a type": int,
    "a function": print,
    "a generator": (number for number in range(3)),
    "a number that no float holds": 10**400,
    "rows of different lengths": [[1, 2], [3]],
    "a text, nothing and a number": ["text", None, 3],
    "emoji": "🦓🎉",
    "Hangul": "안녕하세요 동물원",
    "Arabic": "مرحبا",
    "a zero byte": "a\x00b",
    "half a surrogate pair": "\ud800",
    "line ends": "\n\n\n",
    "a word of 200,000 letters": "x" * 200_000,
    "60,000 words": "the cat " * 30_000,
    "one pixel": Image.new("RGB", (1, 1)),
    "one grey pixel": Image.new("L", (1, 1)),
    "one pixel as a file": png((1, 1)),
    "half a file": png((9, 9))[:40],
    "a line of pixels": Image.new("L", (1, 5000)),
    "36 million pixels": Image.new("RGB", (6000, 6000)),
    "an array without numbers": np.zeros((0, 0)),
    "an array of four dimensions": np.zeros((2, 3, 4, 5)),
    "an array of NaN": np.full((28, 28), np.nan),
    "an array of infinity": np.full((28, 28), np.inf),
    "complex numbers": np.zeros((28, 28), complex),
    "an array of words": np.array(["a", "b"]),
    "an array of objects": np.array([None, 1], dtype=object),
    "whole numbers": torch.zeros(3, dtype=torch.int64),
    "one number": torch.tensor(1.0),
    "a folder": Path(__file__).parent,
    "a file that is not there": Path("no such file.png"),
}
# Which of them a task has an answer for; all other must be refused.
PICTURES = {
    *("one pixel", "one grey pixel", "one pixel as a file", "a line of pixels"),
    "36 million pixels",
}
TEXTS = {
    *("emoji", "Hangul", "Arabic", "a zero byte", "an array of words"),
    *("a word of 200,000 letters", "60,000 words", "whole numbers"),
}
FEW: dict[str, dict[str, int]] = {"text-generation": {"max_new_tokens": 2}}


def one_of_each_task() -> list[str]:
    """Return the smallest model of each task whose weights are here."""
    smallest = {
        spec.task: spec.name
        for spec in sorted(catalog.search(), key=lambda spec: -spec.parameters)
        if spec.weights and spec.weights.repo is None
    }
    return sorted(smallest.values())


@pytest.mark.parametrize("name", one_of_each_task())
def test_odd_input_is_answered_or_refused(name: str) -> None:
    """
    A picture of one pixel is a picture, an emoji is a text; what is neither is refused
    with words, and nothing else is ever raised.
    """
    model = zoo.load(name)
    spec = zoo.get_spec(name)
    answered = set()

    for what, given in ODD.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it is unlike the training data
            try:
                found = zoo.predict(model, given, **FEW.get(spec.task, {}))
            except InputError:
                continue
        answered.add(what)
        for one in found if isinstance(found, list) else [found]:
            assert str(one) is not None
            assert one.to_dict()

    kinds = {"image": PICTURES, "text": TEXTS}
    assert answered - {"nothing"} <= kinds.get(spec.input.kind, set())
    assert ("nothing" in answered) == supports(model, "sample")
