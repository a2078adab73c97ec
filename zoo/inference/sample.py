"""What a model can do besides answering, by methods of fixed names; and `zoo.sample`.

A plugin's module declares a verb by having its methods. Nothing else is registered:

* `sample(count, random)` returns `count` outputs drawn with a `torch.Generator` of the
  CPU, whatever device the model is on: the same seed draws the same everywhere. It may
  take options, numbers by name; `sample_options` then says from what to what each goes:
  `{"truncation": (0.0, 1.5)}`.
* `encode(given)` returns a code for each row of a prepared batch, (batch, numbers).
* `decode(code)` returns outputs for codes, as forward returns them.
* `embedding_matrix()` returns the vector of each token of the vocabulary, (tokens,
  numbers), zeros for one that is no word: for `zoo.nearest_words`.
* `next_logits(token, memory)` goes on with texts: see `zoo.runtime.generation`.
  A model whose `TextOutput` names the token to start after also samples: texts from
  nothing.

Outputs are what `zoo.tasks` turns into results, like those of forward. All methods are
called in eval mode, and what they give must not depend on the rows beside.
"""

from collections.abc import Mapping
from numbers import Integral
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from zoo.errors import OptionError, VerbError, near
from zoo.models.config_fit import blaming_config
from zoo.models.devices import Device, on_device
from zoo.models.loading import require_module
from zoo.models.metadata import model_metadata, unwrap_model
from zoo.runtime import options as option_rules
from zoo.runtime.sampling import draw, seeded
from zoo.specs import ModelSpec
from zoo.tasks import task_of
from zoo.tasks.results.result_list import ResultList
from zoo.tasks.results.vision import Result

__all__ = [
    "VERBS",
    "generates_text",
    "require_verb",
    "sample",
    "sample_options",
    "sample_outputs",
    "supports",
]

# The verbs of `zoo`, and the methods that each needs.
VERBS = {
    "sample": ("sample",),
    "generate": ("next_logits",),
    "encode": ("encode",),
    "reconstruct": ("encode", "decode"),
    "interpolate": ("decode",),  # between inputs it also encodes
    "nearest_words": ("embedding_matrix",),
}

MOST_SAMPLES = 100_000  # of one call


def sample(
    model: nn.Module | str | Path,
    n: int = 1,
    *,
    seed: int | None = None,
    device: Device | None = None,
    **options: Any,
) -> list[Result]:
    """Return `n` results that `model` draws; the same seed and `n` give the same.

    Without a seed they are drawn from torch's own generator. A model that writes takes
    the options of `zoo.runtime.generation.GenerationConfig`, and a style-based
    generator `truncation`. `device` is where it computes, as for `zoo.predict`. Raises
    VerbError, OptionError, DeviceError.

    >>> [one.image.size for one in zoo.sample("vae-mnist", 2, seed=0)]
    [(28, 28), (28, 28)]
    """
    module = require_module(model, "zoo.sample(model)", device)
    known = require_verb(module, "sample")
    task = task_of(known)
    ranges = sample_options(module)
    names = ["n", "seed", *(o for o in task.options if o != "seed"), *ranges]
    if not _whole(n) or n < 1:
        raise OptionError(known.name, f"n={n!r} should be 1 or more.", names)
    if n > MOST_SAMPLES:  # which are all kept in memory
        problem = (
            f"n={n!r} should be {MOST_SAMPLES:,} at most: draw more in other calls."
        )
        raise OptionError(known.name, problem, names)
    if seed is not None and not (_whole(seed) and 0 <= seed < 2**63):
        problem = f"seed={seed!r} should be a whole number from 0 on, below 2**63."
        raise OptionError(known.name, problem, names)
    for name in options:
        if name not in names:
            problem = f"zoo.sample has no option {name!r}. {near(name, names)}"
            raise OptionError(known.name, problem.rstrip(), names)
    with on_device(module, device), blaming_config(module):
        if task.generates(module):
            return ResultList(task.generate(module, n, seeded(seed), options))
        _check_options(known.name, options, ranges)
        made = sample_outputs(module, n, seed=seed, **options)
    inputs = [made.new_empty(0)] * n
    with blaming_config(module, output=made):
        return ResultList(task.postprocess(made, inputs, known.output))


@torch.inference_mode()
def sample_outputs(
    module: nn.Module, count: int, *, seed: int | None = None, **options: float
) -> Tensor:
    """Return `count` outputs that a model draws, on the CPU, in eval mode.

    The `options` are those of the model's own method. Of a model that writes, the
    outputs are the numbers of a few tokens, (count, tokens).
    """
    random = seeded(seed)
    if generates_text(module):
        return task_of(model_metadata(module).spec).generate_tensor(
            module, count, random
        )
    return draw(module, count, random, **options)


def sample_options(module: nn.Module) -> Mapping[str, tuple[float, float]]:
    """Return the options of a model's own method `sample`: from what to what each."""
    declared: Any = getattr(unwrap_model(module), "sample_options", {})
    ranges: Mapping[str, tuple[float, float]] = declared
    return ranges


def _check_options(
    model: str, options: Mapping[str, Any], ranges: Mapping[str, tuple[float, float]]
) -> None:
    """Raise an OptionError about the first option that is not a number in its range."""
    for name, value in options.items():
        low, high = ranges[name]
        if not option_rules.number(value, low, high):
            problem = f"{name}={value!r} should be a number from {low:g} to {high:g}."
            raise OptionError(model, problem, ("n", "seed", *ranges))


def supports(model: nn.Module, verb: str) -> bool:
    """Return whether a model can be used with a verb."""
    return not _missing(model, verb)


def require_verb(model: nn.Module, verb: str) -> ModelSpec:
    """Return a model's spec; complain where the model can't be used with a verb."""
    spec = model_metadata(model).spec
    missing = _missing(model, verb)
    if missing:
        others = [other for other in VERBS if supports(model, other)]
        task = "find nearest words" if verb == "nearest_words" else verb
        raise VerbError(spec.name, task, missing, ["predict", *others])
    return spec


def _whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _missing(model: nn.Module, verb: str) -> str:
    """Return the first method that a verb needs and a model does not have, or ""."""
    if verb == "sample" and generates_text(model):
        return ""
    module = unwrap_model(model)
    methods = (m for m in VERBS[verb] if not callable(getattr(module, m, None)))
    return next(methods, "")


def generates_text(model: nn.Module) -> bool:
    """Return whether a model draws results of its own, as texts from nothing."""
    return task_of(model_metadata(model).spec).generates(model)
