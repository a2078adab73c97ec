"""Build modules without running their initialisers: a file will fill the parameters.

Knows torch's modules; does not know files.
"""

import threading
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.modules import module as torch_module

__all__ = ["BuildLimit", "skip_initialization"]

# What initialisers do to a parameter, `torch.nn.init` included. None of it matters to
# one that is about to be replaced by a tensor of the file.
FILL_METHODS = (
    *("uniform_", "normal_", "fill_", "zero_", "copy_", "erfinv_", "mul_", "add_"),
    *("sub_", "div_", "clamp_", "clamp_min_", "clamp_max_", "exponential_"),
    *("random_", "bernoulli_", "log_normal_", "cauchy_", "geometric_"),
)
DATA: Any = Tensor.data  # the attribute itself, to get round the one below


@dataclass
class _Build:
    """The tensors of one build that were left unfilled, and what may be."""

    most: "BuildLimit | None"
    unfilled: list[Tensor] = field(default_factory=list)
    numbers: int = 0

    def add(self, tensor: Tensor) -> None:
        """Raises RuntimeError for one too many."""
        if self.most is not None:
            self.numbers += tensor.numel()
            if len(self.unfilled) >= self.most.parameters:
                problem = f"they make more than {self.most.parameters:,} parameters"
                raise RuntimeError(f"{problem}, and there are far fewer weights")
            if self.numbers > self.most.numbers:
                problem = f"they make parameters of more than {self.most.numbers:,}"
                raise RuntimeError(f"{problem} numbers, and the weights have far fewer")
        self.unfilled.append(tensor)


class BuildLimit(NamedTuple):
    """How many parameters one build may make, with views and copies of them, and how
    many numbers they may hold."""

    parameters: int
    numbers: int


@contextmanager
def skip_initialization(most: BuildLimit | None = None) -> Iterator[None]:
    """Build modules with uninitialised parameters; buffers are computed as usual.

    The memory of a parameter is allocated but never touched. This costs as little as
    the meta device, and computes non-persistent buffers, which meta does not. Other
    threads are not affected, nor is anything after the block. Raises RuntimeError as
    soon as there is more than `most`.
    """
    build = _Build(most)
    before = _building.set(build)
    _hooks.install()
    try:
        yield
    finally:
        _hooks.uninstall()
        _building.reset(before)
        for tensor in build.unfilled:
            is_parameter = tensor.__dict__.pop("_is_param", False)
            tensor.__class__ = nn.Parameter if is_parameter else Tensor


_building: ContextVar[_Build | None] = ContextVar("building", default=None)


class _Unfilled(Tensor):
    """A parameter, or the data of one, on which initialisers have no effect.

    A class and not a TorchFunctionMode: that sees every call of torch, most of which
    have nothing to do with initialising, and made building half as slow again. A
    parameter's class is changed, and changed back, as torch does when a lazy one gets
    its shape: a new object in its place would part tied weights.
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
    build = _building.get()
    if build is not None:
        build.add(tensor)
        if type(tensor) is nn.Parameter:
            tensor._is_param = True  # torch's own mark on a parameter of another class
        tensor.__class__ = _Unfilled
    return tensor


def _nothing(self: Tensor, *_arguments: Any, **_options: Any) -> Tensor:
    return self


for _name in FILL_METHODS:
    setattr(_Unfilled, _name, _nothing)


def _on_registration(_module: nn.Module, _name: str, parameter: Any) -> None:
    if type(parameter) is nn.Parameter:
        _leave_unfilled(parameter)


class _RegistrationHooks:
    """The hooks that torch calls for each parameter of a module, and one of ours.

    Stands in the place of torch's own table for as long as somebody builds. To add the
    hook to that table, and take it out, would change it under other threads that walk
    over it. To replace `nn.Module.register_parameter` for each load would do as well,
    but from Python 3.13 a class that was changed a thousand times loses the cache of
    its attributes, and all its subclasses with it. Hooks that others register or remove
    meanwhile are passed on to the table.
    """

    NAME = "_global_parameter_registration_hooks"  # read by Module.register_parameter

    def __init__(self) -> None:
        self.table: MutableMapping[int, Callable[..., Any]] = {}
        self._lock = threading.Lock()
        self._builds = 0

    def install(self) -> None:
        with self._lock:
            self._builds += 1
            # A torch without the table runs the initialisers: slower, but right.
            if self._builds == 1 and hasattr(torch_module, self.NAME):
                self.table = getattr(torch_module, self.NAME)
                setattr(torch_module, self.NAME, self)

    def uninstall(self) -> None:
        with self._lock:
            self._builds -= 1
            if not self._builds and getattr(torch_module, self.NAME, None) is self:
                setattr(torch_module, self.NAME, self.table)

    def values(self) -> tuple[Callable[..., Any], ...]:
        return (*self.table.values(), _on_registration)

    def __contains__(self, key: object) -> bool:
        return key in self.table

    def __setitem__(self, key: int, hook: Callable[..., Any]) -> None:
        self.table[key] = hook

    def __delitem__(self, key: int) -> None:
        del self.table[key]


_hooks = _RegistrationHooks()
