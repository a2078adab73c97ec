"""Windows that slide over a picture: where they lie, and what their votes come to."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from numbers import Integral, Real
from typing import Any, cast

from zoo.errors import OptionError, near
from zoo.specs import ImageInput
from zoo.tasks.results.vision import Box, Detection

__all__ = [
    "OPTIONS",
    "Grid",
    "Windows",
    "count_votes",
    "grid",
    "non_maximum_suppression",
    "parse_windows",
    "window_sizes",
]

MAX_WINDOWS = 2000  # windows of one size: their features are all in memory at once
STEPS_PER_WINDOW = 7  # by default, in how many steps a window moves by its own size


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """How `zoo.predict(..., windows=...)` looks at the parts of a picture.

    `size` is the shorter side of a window in pixels of the picture, or several of them;
    by default as much as fits, and half the picture's shorter side, but no less than
    the model's own input. `stride` is the way from one window to the next, by default a
    seventh of the size; it is brought to whole cells of a feature map.

    `by` says what is cut into windows: "pixels", so that each passes the whole model;
    "features", so that the picture passes the convolutions once; None is for features
    where the architecture allows it, and else for pixels.

    A window votes for its best label where that has a score of `threshold`, and else
    for nothing. Of windows for one label that overlap by more than `overlap` (the part
    they share, of what they cover) the surest stays. `labels` are the only ones that
    are looked for.
    """

    size: int | Sequence[int] | None = None
    stride: int | None = None
    by: str | None = None
    threshold: float = 0.5
    overlap: float = 0.2
    labels: Sequence[str] | None = None


OPTIONS = [field.name for field in fields(Windows)]


def parse_windows(given: Any, model: str, labels: Sequence[str]) -> Windows:
    """Return `windows=` as it is meant: True, a mapping, or Windows. Raises
    OptionError."""
    if given is True:
        return Windows()
    if isinstance(given, Mapping):
        for name in given:
            if name not in OPTIONS:
                problem = f"windows has no option {name!r}. {near(str(name), OPTIONS)}"
                raise OptionError(model, problem.rstrip(), OPTIONS)
        given = Windows(**given)
    if not isinstance(given, Windows):
        problem = f"windows={given!r} should be True or a dict of its options."
        raise OptionError(model, problem, OPTIONS)
    problem = _fault(given, labels)
    if problem:
        raise OptionError(model, problem, OPTIONS)
    return given


def _fault(given: Windows, labels: Sequence[str]) -> str:
    """Return what can't be meant, or nothing."""
    chosen = [1] if given.size is None else _listed(given.size)
    if not chosen or not all(map(_counts, chosen)):
        return f"windows size={given.size!r} should be pixels, 1 or more."
    if given.stride is not None and not _counts(given.stride):
        return f"windows stride={given.stride!r} should be pixels, 1 or more."
    if given.by not in (None, "pixels", "features"):
        return f"windows by={given.by!r} should be 'pixels' or 'features'."
    for name in ("threshold", "overlap"):
        value = getattr(given, name)
        if not isinstance(value, Real) or not 0 <= float(value) <= 1:
            return f"windows {name}={value!r} should be in 0..1."
    if isinstance(given.labels, str) or given.labels == []:
        return f"windows labels={given.labels!r} should be a list of names."
    for name in given.labels or ():
        if name not in labels:
            return f"it has no label {name!r}. {near(str(name), labels)}".rstrip()
    return ""


def _counts(value: Any) -> bool:
    return (
        isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= 1
    )


def _listed(size: int | Sequence[int]) -> list[int]:
    return list(size) if isinstance(size, (list, tuple)) else [cast(int, size)]


def window_sizes(
    given: Windows, picture: tuple[int, int], input_spec: ImageInput
) -> list[int]:
    """Return the sizes of windows over a picture of that width and height."""
    if given.size is not None:
        return _listed(given.size)
    own = min(input_spec.height, input_spec.width)
    most = min(
        math.floor(side * own / frame)
        for side, frame in zip(
            picture, (input_spec.width, input_spec.height), strict=True
        )
    )
    most = max(1, most)
    half = min(most, max(min(picture) // 2, own))
    return [most, half] if half < most else [most]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Windows over a canvas: the picture, resized until a window is the model's input.

    All pairs are of height and width, or of top and left; `corners` are in pixels of
    the canvas.
    """

    picture: tuple[int, int]
    canvas: tuple[int, int]
    window: tuple[int, int]
    corners: tuple[tuple[int, int], ...]

    def box(self, number: int) -> Box:
        """Return where a window lies in the picture."""
        down, across = (p / c for p, c in zip(self.picture, self.canvas, strict=True))
        top, left = self.corners[number]
        return Box(
            xmin=round(left * across),
            ymin=round(top * down),
            xmax=round((left + self.window[1]) * across),
            ymax=round((top + self.window[0]) * down),
        )


def grid(
    picture: tuple[int, int],
    input_spec: ImageInput,
    size: int,
    stride: int | None,
    cell: int = 1,
) -> Grid:
    """Return windows of `size` over a picture of that width and height.

    They reach from edge to edge and leave no gap. Corners are multiples of `cell`,
    for which the canvas is stretched by up to half a cell. Raises ValueError, in words
    that follow the name of a model.
    """
    wide, high = picture
    window = (input_spec.height, input_spec.width)
    scale = min(window) / size
    stride = stride or max(1, round(size / STEPS_PER_WINDOW))
    down, across = (math.ceil(side / scale) for side in window)
    if down > high or across > wide:
        raise ValueError(
            f"windows of {across}x{down} pixels don't fit into a picture of "
            f"{wide}x{high}: choose a smaller size."
        )
    if stride > size:
        raise ValueError(f"windows of size={size} leave gaps at stride={stride}.")
    places = [
        _places(side * scale, frame, stride * scale, cell)
        for side, frame in zip((high, wide), window, strict=True)
    ]
    count = len(places[0]) * len(places[1])
    if count > MAX_WINDOWS:
        raise ValueError(
            f"stride={stride} makes {count:,} windows of size={size}, and at most "
            f"{MAX_WINDOWS:,} are looked at: choose a larger stride, or size."
        )
    return Grid(
        picture=(high, wide),
        canvas=(places[0][-1] + window[0], places[1][-1] + window[1]),
        window=window,
        corners=tuple((top, left) for top in places[0] for left in places[1]),
    )


def _places(side: float, frame: int, stride: float, unit: int) -> list[int]:
    """Return where windows begin along one side, from its start to its end."""
    last = max(0, round((side - frame) / unit))
    steps = math.ceil(last / max(1, round(stride / unit)))
    return [round(step * last / max(1, steps)) * unit for step in range(steps + 1)]


def non_maximum_suppression(
    detections: Iterable[Detection], overlap: float
) -> tuple[Detection, ...]:
    """Return the surest of those for one label that overlap: non-maximum suppression.

    Whatever stays, overlaps no surer one of its label by more than `overlap`.
    """
    kept: list[Detection] = []
    for one in sorted(detections, key=lambda one: -one.score):
        others = (other for other in kept if other.label == one.label)
        if all(one.box.overlap(other.box) <= overlap for other in others):
            kept.append(one)
    return tuple(kept)


def count_votes(votes: Iterable[Detection]) -> dict[str, int]:
    """Return how many windows are for each label, the most first."""
    return dict(Counter(vote.label for vote in votes).most_common())
