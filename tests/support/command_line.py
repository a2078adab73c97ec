"""What a command of `zoo` returned and printed."""

from collections.abc import Callable
from typing import NamedTuple


class Ended(NamedTuple):
    """The exit status of a command, and what it printed."""

    status: int
    out: str
    err: str


Run = Callable[..., Ended]
FLOWER = '{"sepal_length": 5.0, "petal_length": 1.4}'  # an input of perceptron-iris
