"""Text that is read while it is written: `zoo.generate`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torch import nn

from zoo.errors import InputError, OptionError, near
from zoo.inference.sample import generates_text, require_verb
from zoo.models.config_fit import blaming_config
from zoo.models.devices import Device, on_device
from zoo.models.loading import require_module
from zoo.runtime import text_generation
from zoo.tasks import task_of

__all__ = ["generate"]


def generate(
    model: nn.Module | str | Path,
    prompt: str = "",
    *,
    device: Device | None = None,
    **options: Any,
) -> Iterator[str]:
    """Yield how a text goes on, piece by piece, as the model writes it.

    Joined, the pieces are the `text` that `zoo.predict(model, prompt, **options)`
    returns; `options` are those of `zoo.runtime.generation.GenerationConfig`. Without a
    prompt the text begins with nothing, in a model that can. `device` is where it
    computes. Raises VerbError, OptionError, InputError, DeviceError before the first
    piece.

    >>> "".join(zoo.generate("gpt-mini", "The king", max_new_tokens=7, temperature=0))
    ' of the'
    """
    module = require_module(model, "zoo.generate(model, prompt)", device)
    spec = require_verb(module, "generate")
    if "log_probabilities" in options:
        problem = "zoo.generate yields text alone: zoo.predict has log_probabilities."
        raise OptionError(spec.name, problem, list(text_generation.OPTIONS))
    for name in options:
        if name not in text_generation.OPTIONS:
            hint = near(name, text_generation.OPTIONS)
            problem = f"zoo.generate has no option {name!r}. {hint}".rstrip()
            raise OptionError(spec.name, problem, list(text_generation.OPTIONS))
    text_generation.planned(spec.name, options)
    if not isinstance(prompt, str):
        problem = f"zoo.generate goes on with one text, and this is {prompt!r}."
        raise InputError(problem, "a text, such as 'Once upon a time'")
    if not prompt and not generates_text(module):
        problem = f"{spec.name!r} writes no text that begins with nothing."
        raise InputError(problem, "a text to go on with")
    if prompt:
        prompt = task_of(spec).load_item(prompt, spec.input)
    return _pieces(module, prompt, device, options)


def _pieces(
    module: nn.Module, prompt: str, device: Device | None, options: dict[str, Any]
) -> Iterator[str]:
    with on_device(module, device), blaming_config(module):
        yield from text_generation.stream(module, prompt, options)
