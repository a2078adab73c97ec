"""Run batches through a model: quickened once, in parts where memory is full."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from numbers import Integral
from typing import Any

from torch import Tensor, nn

from zoo.errors import InputError, OptionError, TruncationWarning, near
from zoo.inference.engine import Backend, EngineModule, check_backend, with_backend
from zoo.inference.input_warnings import InputWarnings
from zoo.inference.sliding_window import slide
from zoo.inference.window_grid import Windows
from zoo.models.bfloat16_rounding import round_kernels_
from zoo.models.config_fit import blaming_config
from zoo.models.devices import BatchLimit, device_of, rows_at_once
from zoo.models.fuse_batchnorm import optimize_for_batch
from zoo.models.metadata import model_metadata, unwrap_model
from zoo.models.precision import (
    Precision,
    at_precision,
    check_used,
    resolve_precision,
)
from zoo.preprocessing.preprocessor import InputWarning
from zoo.runtime.user_warnings import warn_user
from zoo.specs import ModelSpec
from zoo.tasks import task_of
from zoo.tasks.results.result import Result

__all__ = ["BatchRunner", "check_options", "truncation", "warn_truncated"]


class BatchRunner:
    """Results of a model for batches of one prediction, of which there may be many.

    `options` are those of the task. With `over`, windows slide over each opened
    picture, `size` of them at once. `backend` is as for `zoo.predict`.
    `warned` gathers the warnings about inputs.
    """

    def __init__(
        self,
        module: nn.Module,
        precision: Precision,
        *,
        options: Mapping[str, Any],
        over: Windows | None = None,
        size: int = 1,
        backend: Backend = "torch",
    ) -> None:
        check_backend(backend, precision, windows=over is not None)
        self.module, self.precision, self.options = module, precision, options
        self.over, self.size, self.backend = over, size, backend
        self.limit, self.warned = BatchLimit(), InputWarnings()
        self._quick: nn.Module | None = None

    def __call__(self, given: Tensor, opened: Sequence[Any]) -> list[Result]:
        """Return a result for each row of a batch. Raises InputError, DeviceError."""
        task = task_of(model_metadata(self.module).spec)
        with blaming_config(self.module, given=given):
            module = self._quickened(given)
        engine = isinstance(module, EngineModule)
        module = module if engine else at_precision(module, self.precision)

        def run(part: slice) -> list[Result]:
            rows = given[part]
            with blaming_config(self.module, given=rows):
                made = task.predict(module, rows, opened[part], self.options)
            check_used(module, self.precision)
            return made

        most = None if engine else rows_at_once(given, device_of(self.module))
        parts = self.limit.parts(len(opened), run, most)
        return [result for made in parts for result in made]

    def windows(self, opened: Any) -> tuple[Result, list[InputWarning]]:
        """Return what windows find in one opened picture, and what looks wrong."""
        assert self.over is not None, "windows were asked for"
        module = at_precision(self.module, self.precision)
        with blaming_config(self.module):
            found = slide(
                module, opened, self.over, batch_size=self.size, **self.options
            )
        check_used(module, self.precision)
        return found

    def each(
        self, given: Tensor | None, opened: Sequence[Any]
    ) -> list[Result | InputError]:
        """Return a result for each opened input, or the error of that input alone.

        Without windows, `given` is their batch.
        """
        if not opened:
            return []
        if given is None:
            return [_result_or_error(partial(self._found, one)) for one in opened]
        try:
            return [*self(given, opened)]
        except InputError:  # of one of them, or of all
            return [
                _result_or_error(partial(self._one, given[n : n + 1], opened[n]))
                for n in range(len(opened))
            ]

    def _one(self, given: Tensor, opened: Any) -> Result:
        return self(given, [opened])[0]

    def _found(self, opened: Any) -> Result:
        result, found = self.windows(opened)
        self.warned.add(found)
        return result

    def _quickened(self, given: Tensor) -> nn.Module:
        if self.backend != "torch":
            engine = with_backend(self.module, self.backend, given)
            if engine is not self.module:
                return engine
        if self._quick is not None:
            return self._quick
        module = self.module
        if unwrap_model(module) is module:  # neither compiled nor distributed
            quick = optimize_for_batch(module, given)
            if quick is not module:  # a copy
                if resolve_precision(self.precision, "cpu") == "bf16":
                    round_kernels_(quick)
                self._quick = quick
            return quick
        return module


def _result_or_error(call: Callable[[], Result]) -> Result | InputError:
    try:
        return call()
    except InputError as exc:
        return exc


def check_options(
    spec: ModelSpec, options: Mapping[str, Any], verb: str = "zoo.predict"
) -> None:
    """Refuse options that a verb does not take for a model. Raises OptionError."""
    task = task_of(spec)
    names = ["batch_size", *task.input_options(spec.input), *task.options]
    if task.supports_windows and verb in ("zoo.predict", "zoo.predict_iter"):
        names.append("windows")
    for name in options:
        if name not in names:
            problem = f"{verb} has no option {name!r}. {near(name, names)}"
            raise OptionError(spec.name, problem.rstrip(), names)
    if not isinstance(options["batch_size"], Integral) or options["batch_size"] < 1:
        problem = f"batch_size={options['batch_size']!r} should be 1 or more."
        raise OptionError(spec.name, problem, names)


def truncation(spec: ModelSpec, cut: int, count: int, what: str = "texts") -> str:
    """Return what is said of `cut` inputs of `count` that are longer than is read."""
    limit = getattr(spec.input, "max_length", 0)
    are = "is" if cut == 1 else "are"
    subject = "The text is" if count == 1 else f"{cut:,} of {count:,} {what} {are}"
    return (
        f"{subject} longer than the {limit:,} tokens that {spec.name!r} reads at most: "
        "the rest is not read."
    )


def warn_truncated(module: nn.Module, cut: int, count: int) -> None:
    """Warn, once for all inputs, where some are longer than the model reads."""
    if cut:
        spec = model_metadata(module).spec
        warn_user(truncation(spec, cut, count), TruncationWarning)
