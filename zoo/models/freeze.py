"""Freeze a part of a model: no gradients, and normalisation in eval mode.

A frozen module gets a `train` of its own, an attribute of the instance, which leaves it
in eval mode. Its class, its hooks and its place in the model stay the same.
"""

import weakref
from collections.abc import Iterator
from typing import Any

from torch import nn

from zoo.errors import OptionError, near
from zoo.models.metadata import model_metadata, unwrap_model

__all__ = [
    "NORM_LAYERS",
    "freeze",
    "freeze_norms",
    "frozen",
    "frozen_until",
    "head_of",
    "unfreeze",
    "unfreeze_module",
]

NORM_LAYERS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm)


def freeze(model: nn.Module, until: str | None = None) -> nn.Module:
    """Freeze `model` up to the submodule `until`, by default up to its head.

    The submodules before it, in the order of `named_children`, get no gradient and stay
    in eval mode across `.train()`. The parameters of the modules that contain it get no
    gradient either. Returns the model. Raises OptionError.

    >>> model = zoo.freeze(zoo.load("lenet5-mnist"))
    >>> [name for name, one in model.named_parameters() if one.requires_grad]
    ['classifier.5.weight', 'classifier.5.bias']
    """
    name = until or head_of(model)
    model = unwrap_model(model)
    names = [path for path, _ in model.named_modules() if path]
    if name not in names:
        problem = f"it has no submodule {name!r} to freeze until. {near(name, names)}"
        tops = [path for path in names if "." not in path]
        raise OptionError(type(model).__name__, problem.rstrip(), tops)
    for module in list(frozen_until(model, name)):
        module.requires_grad_(False)
        for part in list(module.modules()):
            _keep_in_eval(part)
    for owner in _owners(model, name):
        for parameter in owner.parameters(recurse=False):
            parameter.requires_grad_(False)
    return model


def unfreeze_module(module: nn.Module) -> nn.Module:
    """Unfreeze a module, but keep the statistics of its batch normalisations."""
    return freeze_norms(unfreeze(module))


def freeze_norms(model: nn.Module) -> nn.Module:
    """Keep the statistics of batch normalisations as they are, across `.train()`."""
    for module in list(unwrap_model(model).modules()):
        if isinstance(module, nn.modules.batchnorm._NormBase):
            _keep_in_eval(module)
    return model


def unfreeze(model: nn.Module) -> nn.Module:
    """Unfreeze all of `model`; `.train()` reaches every submodule again.

    >>> model = zoo.unfreeze(zoo.freeze(zoo.load("lenet5-mnist")))
    >>> all(one.requires_grad for one in model.parameters())
    True
    """
    model = unwrap_model(model)
    for module in model.modules():
        if _is_kept_in_eval(module):
            del module.train  # the one of its class is there again
    return model.requires_grad_(True)


def frozen(model: nn.Module) -> list[str]:
    """Return the names of the parameters that get no gradient."""
    parameters = unwrap_model(model).named_parameters()
    return [name for name, value in parameters if not value.requires_grad]


def head_of(model: nn.Module) -> str:
    """Return the name of a model's head: the submodule that a new task replaces."""
    spec = model_metadata(model).spec
    if spec.head is None:
        problem = "it declares no head, so there is nothing to freeze it up to."
        raise OptionError(spec.name, problem, ["until"])
    return spec.head


class _StayInEval:
    """The `train` of a frozen module: it stays in eval mode.

    Normalisation keeps its statistics and dropout stays off, also after `.train()`.
    """

    def __init__(self, module: nn.Module) -> None:
        # A weak reference: the module holds this, and a circle of the two would keep
        # its memory until the garbage collector comes by.
        self._module = weakref.ref(module)

    @property
    def module(self) -> nn.Module:
        """The frozen module. Raises ReferenceError."""
        module = self._module()
        if module is None:
            raise ReferenceError(
                "This is a shallow copy of a frozen module that is gone. Copy modules "
                "with copy.deepcopy."
            )
        return module

    def __call__(self, mode: bool = True) -> nn.Module:
        return type(self.module).train(self.module, False)

    def __deepcopy__(self, memo: dict[int, Any]) -> "_StayInEval":
        """Belong to the copy of the module, which is being made."""
        return _StayInEval(memo.get(id(self.module), self.module))

    def __reduce__(self) -> Any:
        """Belong, in another process, to the module that this is pickled with."""
        return _StayInEval, (self.module,)

    def __repr__(self) -> str:
        return "<train() of a frozen module: it stays in eval mode>"


def _keep_in_eval(module: nn.Module) -> None:
    module.eval()
    existing = vars(module).get("train")
    if not isinstance(existing, _StayInEval) or existing.module is not module:
        # Past nn.Module's own __setattr__, which looks for parameters and modules.
        object.__setattr__(module, "train", _StayInEval(module))


def _is_kept_in_eval(module: nn.Module) -> bool:
    return isinstance(vars(module).get("train"), _StayInEval)


def frozen_until(model: nn.Module, name: str) -> Iterator[nn.Module]:
    """Yield the largest submodules that lie entirely before the submodule `name`."""
    first, _, rest = name.partition(".")
    for child_name, child in model.named_children():
        if child_name == first:
            if rest:
                yield from frozen_until(child, rest)
            return
        yield child


def _owners(model: nn.Module, name: str) -> Iterator[nn.Module]:
    """Yield the modules that contain the submodule `name`."""
    parts = name.split(".")
    for count in range(len(parts)):
        yield model.get_submodule(".".join(parts[:count]))
