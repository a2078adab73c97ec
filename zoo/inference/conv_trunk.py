"""One pass of the convolutions over a picture, which serves all windows."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from zoo.errors import SpecError
from zoo.models.metadata import model_metadata, unwrap_model
from zoo.runtime.eval_mode import forward_on_device
from zoo.specs import Trunk

__all__ = ["map_changed", "over_windows"]


def over_windows(
    model: nn.Module, trunk: Trunk, canvas: Tensor, corners: Sequence[tuple[int, int]]
) -> Tensor:
    """Return the output for each window of a canvas (1, C, H, W), of one pass.

    `corners`, each a top and a left, are multiples of the trunk's stride, and the last
    window ends where the canvas does. Raises SpecError where the network has no such
    trunk, or its map does not have the size that follows from the canvas.
    """
    high, wide = trunk.size

    def cut(feature_map: Tensor) -> Tensor:
        cells = [(top // trunk.stride, left // trunk.stride) for top, left in corners]
        height, width = max(c[0] for c in cells) + high, max(c[1] for c in cells) + wide
        shape = tuple(feature_map.shape)
        if shape[:1] + shape[2:] != (1, height, width):
            expected = (
                f"that of the network: its output for {tuple(canvas.shape)} has the "
                f"shape {shape}, and not (1, channels, {height}, {width})"
            )
            raise SpecError(_owner(model), "trunk", trunk, expected)
        parts = [feature_map[0, :, y : y + high, x : x + wide] for y, x in cells]
        return torch.stack(parts)  # (1, F, h, w) -> (windows, F, high, wide)

    with map_changed(model, trunk, cut):
        return forward_on_device(unwrap_model(model), canvas)


@contextmanager
def map_changed(
    model: nn.Module, trunk: Trunk, change: Callable[[Tensor], Tensor | None]
) -> Iterator[None]:
    """Let `change` have the trunk's feature map; what follows sees what it returns, or
    the map where that is None. Raises SpecError where there is no such module."""
    modules = dict(unwrap_model(model).named_modules())
    if trunk.module not in modules:
        expected = "the name of a submodule of the network"
        raise SpecError(_owner(model), "trunk.module", trunk.module, expected)
    handle = modules[trunk.module].register_forward_hook(
        lambda _, __, feature_map: change(feature_map)
    )
    try:
        yield
    finally:
        handle.remove()


def _owner(model: nn.Module) -> str:
    return f"Model {model_metadata(model).spec.name!r}"
