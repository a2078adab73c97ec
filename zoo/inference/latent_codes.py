"""Inputs to codes and back: `zoo.encode`, `zoo.reconstruct`, `zoo.interpolate`.

`zoo.inference.sample` lists the methods that a module needs for them.
"""

from numbers import Integral
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from zoo.errors import InputError, OptionError
from zoo.inference.predict import model_inputs
from zoo.inference.sample import require_verb
from zoo.models.config_fit import blaming_config
from zoo.models.devices import Device, on_device
from zoo.models.loading import require_module
from zoo.models.metadata import model_metadata
from zoo.runtime import latent_codes
from zoo.tasks import task_of
from zoo.tasks.results.result_list import ResultList
from zoo.tasks.results.vision import Result

__all__ = ["encode", "interpolate", "reconstruct"]

MOST_STEPS = 10_000


def encode(
    model: nn.Module | str | Path,
    raw: Any,
    *,
    device: Device | None = None,
    **options: Any,
) -> Tensor:
    """Return the codes of raw inputs, (inputs, numbers).

    `raw` and `device` are as in `zoo.predict`. Raises VerbError, InputError,
    OptionError, DeviceError.

    >>> zoo.encode("vae-mnist", zoo.example("vae-mnist")).shape
    torch.Size([1, 20])
    """
    module = require_module(model, "zoo.encode(model, input)", device)
    require_verb(module, "encode")
    with on_device(module, device):
        coded, _ = _coded(module, raw, "zoo.encode", options)
    return torch.cat([code for _, code in coded])


def reconstruct(
    model: nn.Module | str | Path,
    raw: Any,
    *,
    device: Device | None = None,
    **options: Any,
) -> Any:
    """Reconstruct raw inputs from their latent codes: a result, or a list of results.

    `raw` and `device` are as in `zoo.predict`. Raises VerbError, InputError,
    OptionError, DeviceError.

    >>> zoo.reconstruct("vae-mnist", zoo.example("vae-mnist")).image.size
    (28, 28)
    """
    module = require_module(model, "zoo.reconstruct(model, input)", device)
    require_verb(module, "reconstruct")
    results = ResultList()
    with on_device(module, device):
        coded, single = _coded(module, raw, "zoo.reconstruct", options)
        for opened, code in coded:
            results += _results(module, code, opened)
    return results[0] if single else results


def interpolate(
    model: nn.Module | str | Path,
    a: Any,
    b: Any,
    *,
    steps: int = 8,
    device: Device | None = None,
    **options: Any,
) -> list[Result]:
    """Return results for `steps` codes on the straight line from that of `a` to `b`'s.

    Each of the two is one raw input, or a code: a row of what `zoo.encode` gives.
    `device` is as in `zoo.predict`. Raises VerbError, InputError, OptionError,
    DeviceError.

    >>> seven = zoo.example("vae-mnist")
    >>> len(
    ...     zoo.interpolate(
    ...         "vae-mnist", seven, seven.with_name("five.png"), steps=4
    ...     )
    ... )
    4
    """
    module = require_module(model, "zoo.interpolate(model, a, b)", device)
    spec = require_verb(module, "interpolate")
    if not isinstance(steps, Integral) or isinstance(steps, bool) or steps < 2:
        problem = f"steps={steps!r} should be 2 or more."
        raise OptionError(spec.name, problem, ["steps"])
    if steps > MOST_STEPS:  # which are decoded at once
        problem = f"steps={steps!r} should be {MOST_STEPS:,} at most."
        raise OptionError(spec.name, problem, ["steps"])
    with on_device(module, device):
        start, end = (_end(module, raw, options) for raw in (a, b))
    if start.shape != end.shape:
        problem = f"The codes have {start.numel()} and {end.numel()} numbers."
        raise InputError(problem, "two codes of one length")
    share = torch.linspace(0, 1, steps).unsqueeze(1)
    code = (1 - share) * start + share * end  # the ends exactly
    with on_device(module, device):
        return ResultList(_results(module, code, [code.new_empty(0)] * steps))


def _end(module: nn.Module, raw: Any, options: dict[str, Any]) -> Tensor:
    """Return the code of one raw input, or a code as it is."""
    if isinstance(raw, Tensor) and raw.ndim == 1:
        return raw.detach().cpu().float()
    require_verb(module, "encode")
    coded, _ = _coded(module, raw, "zoo.interpolate", options)
    code = torch.cat([code for _, code in coded])
    if len(code) != 1:
        problem = f"There are {len(code)} inputs at one end."
        raise InputError(problem, "one input at each end")
    return code[0]


def _coded(
    module: nn.Module, raw: Any, verb: str, options: dict[str, Any]
) -> tuple[list[tuple[list[Any], Tensor]], bool]:
    """Return opened inputs and their codes by batch, and whether it was one input."""
    parts, single = model_inputs(module, raw, verb, **options)
    return [(opened, _code(module, given)) for opened, given in parts], single


def _code(module: nn.Module, given: Tensor) -> Tensor:
    with blaming_config(module, given=given):
        return latent_codes.encode(module, given)


def _results(module: nn.Module, code: Tensor, opened: list[Any]) -> list[Result]:
    spec = model_metadata(module).spec
    expected = "codes as zoo.encode gives them"
    made = latent_codes.decode(module, code, expected=expected)
    with blaming_config(module, output=made):
        return task_of(spec).postprocess(made, opened, spec.output)
