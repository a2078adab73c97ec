"""Whether a module is still what its build function made: same parts, same settings.

Knows torch's modules; does not know weights.
"""

import re

from torch import nn

__all__ = ["changed_module"]

# What changes no output: where a result is written, and what is dropped in training.
HARMLESS = re.compile(r"(, )?inplace=(True|False)")


def changed_module(built: nn.Module, model: nn.Module) -> str | None:
    """Return how `model` differs from the module that was built for it, or None.

    Its first part of another class, with other settings, with a hook, or with a
    `forward` of its own is named.
    """
    parts, others = dict(built.named_modules()), dict(model.named_modules())
    for name, part in parts.items():
        if name not in others:
            return f"it has no module {name!r}"
        other = others[name]
        called = f"module {name!r}" if name else "the model"
        if type(other) is not type(part):
            kinds = f"{type(other).__name__} instead of a {type(part).__name__}"
            return f"{called} is a {kinds}"
        if _settings(other) != _settings(part):
            return f"{called} is {other!r} instead of {part!r}"
        if "forward" in vars(other):
            return f"{called} has a forward of its own"
        if len(_hooks(other)) > len(_hooks(part)):
            return f"{called} has a hook that may change what it gives"
    more = next((name for name in others if name not in parts), None)
    return None if more is None else f"it has a module {more!r} more"


def _settings(module: nn.Module) -> str:
    if isinstance(module, nn.modules.dropout._DropoutNd):
        return ""
    return HARMLESS.sub("", module.extra_repr())


def _hooks(module: nn.Module) -> list[object]:
    return [*module._forward_hooks.values(), *module._forward_pre_hooks.values()]
