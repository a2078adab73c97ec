"""Build modules without running their initialisers: a file will fill the parameters.

Knows torch's modules; does not know files.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_parameter_registration_hook

__all__ = ["without_initialisers"]

# What initialisers do to a parameter, `torch.nn.init` included. None of it matters to
# one that is about to be replaced by a tensor of the file.
FILLS = (
    *("uniform_", "normal_", "fill_", "zero_", "copy_", "erfinv_", "mul_", "add_"),
    *("sub_", "div_", "clamp_", "clamp_min_", "clamp_max_", "exponential_"),
    *("random_", "bernoulli_", "log_normal_", "cauchy_", "geometric_"),
)
DATA: Any = Tensor.data  # the attribute itself, to get round the one below


@contextmanager
def without_initialisers() -> Iterator[None]:
    """Build modules whose parameters are not filled; buffers are computed as ever.

    The memory of a parameter is reserved but never touched, which costs as little as
    the meta device and leaves non-persistent buffers right, which meta does not. Other
    threads fill their parameters meanwhile.
    """
    unfilled: list[Tensor] = []
    before = _unfilled.set(unfilled)
    try:
        yield
    finally:
        _unfilled.reset(before)
        for tensor in unfilled:
            is_parameter = tensor.__dict__.pop("_is_param", False)
            tensor.__class__ = nn.Parameter if is_parameter else Tensor


_unfilled: ContextVar[list[Tensor] | None] = ContextVar("unfilled", default=None)


class _Unfilled(Tensor):
    """A parameter, or the data of one, on which initialisers have no effect.

    A class and not a TorchFunctionMode: that sees every call of torch, most of which
    have nothing to do with initialising, and made building half as slow again.
    """

    # As nn.Parameter has it: what is computed from the numbers is a plain tensor.
    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]
    # trunc_normal_ and orthogonal_ look at numbers, except on the meta device.
    is_meta = True

    @property
    def data(self) -> Tensor:
        return _leave_unfilled(DATA.__get__(self))

    @data.setter
    def data(self, data: Tensor) -> None:
        DATA.__set__(self, data)

    def detach(self) -> Tensor:
        return _leave_unfilled(super().detach())

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        """Return one as unfilled: to copy the numbers would touch all the memory."""
        if id(self) not in memo:
            copied = torch.empty_like(DATA.__get__(self))
            if isinstance(self, nn.Parameter):
                copied = nn.Parameter(copied, self.requires_grad)
            memo[id(self)] = _leave_unfilled(copied)
        return memo[id(self)]


def _leave_unfilled(tensor: Tensor) -> Tensor:
    unfilled = _unfilled.get()
    if unfilled is not None:
        # A new object in the place of this one would part tied weights. As torch does
        # when a lazy parameter becomes a real one, and parameters of its own classes
        # carry the same mark.
        if type(tensor) is nn.Parameter:
            tensor._is_param = True
        tensor.__class__ = _Unfilled
        unfilled.append(tensor)
    return tensor


def _nothing(self: Tensor, *_arguments: Any, **_options: Any) -> Tensor:
    return self


for _name in FILLS:
    setattr(_Unfilled, _name, _nothing)


def _on_registration(_module: nn.Module, _name: str, parameter: Any) -> None:
    if type(parameter) is nn.Parameter:
        _leave_unfilled(parameter)


# Once for the process: to add it for each load would change, under other threads that
# build modules, the table they walk over.
register_module_parameter_registration_hook(_on_registration)
