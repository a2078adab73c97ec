"""An inference engine for features: for a model without its head."""

import copy
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from zoo.errors import BackendError
from zoo.inference.engine import TOLERANCE, Backend, model_state, with_backend
from zoo.models.freeze import head_of
from zoo.models.metadata import attach, model_metadata, unwrap_model
from zoo.runtime.eval_mode import forward_on_device
from zoo.runtime.features import head_inputs

__all__ = ["feature_engine"]

NOT_LAST = (
    "onnxruntime can't compute the features of {name!r}: its head is not the last that "
    "it computes. Use backend='torch'."
)

# Copies without a head, beside the models, and the state of the model they are of.
_headless: WeakKeyDictionary[nn.Module, tuple[object, nn.Module | None]]
_headless = WeakKeyDictionary()


def feature_engine(
    model: nn.Module, backend: Backend, batch: Tensor
) -> nn.Module | None:
    """Return what computes the features of a batch, or None, for the model itself.

    `backend` is as for `zoo.predict`. Raises BackendError where "onnxruntime" can't be
    had.
    """
    if backend == "torch":
        return None
    spec = model_metadata(model).spec
    whole = model
    if not spec.output.is_features and unwrap_model(model) is model:
        headless = _without_head(model, batch)
        if headless is None:
            if backend == "onnxruntime":
                raise BackendError(NOT_LAST.format(name=spec.name))
            return None
        whole = headless
    engine = with_backend(whole, backend, batch)
    return None if engine is whole else engine


def _without_head(model: nn.Module, batch: Tensor) -> nn.Module | None:
    """Return a copy of a model that ends before its head; None where another layer
    comes after the head."""
    state = model_state(model)
    known = _headless.get(model)
    if known is None or known[0] != state:
        _headless[model] = known = (state, _copied(model, batch))
    return known[1]


@torch.inference_mode()
def _copied(model: nn.Module, batch: Tensor) -> nn.Module | None:
    headless = copy.deepcopy(model).eval()
    headless.set_submodule(head_of(model), nn.Identity())
    attach(headless, model_metadata(model))
    seen, _ = head_inputs(model, head_of(model), batch[:1])
    try:
        found = forward_on_device(headless, batch[:1])
    except (RuntimeError, TypeError, ValueError):  # of a layer after the head
        return None
    (wanted,) = seen if len(seen) == 1 else (None,)
    if wanted is None or wanted.shape != found.shape:
        return None
    return headless if torch.allclose(wanted, found, atol=TOLERANCE) else None
