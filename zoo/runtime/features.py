"""Features: the input of a model's head."""

from typing import Any

import torch
from torch import Tensor, nn

from zoo.runtime.rows import unwrap_model

__all__ = ["extract_features", "head_inputs"]


def head_inputs(model: nn.Module, head: str, given: Tensor) -> tuple[list[Any], Tensor]:
    """Return what the submodule `head` is given in one pass, each time that it runs,
    and the model's output."""
    seen: list[Any] = []
    part = unwrap_model(model).get_submodule(head)
    handle = part.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    try:
        output: Tensor = model(given)
    finally:
        handle.remove()
    return seen, output


@torch.inference_mode()
def extract_features(
    feature_extractor: nn.Module, given: Tensor, *, batch_size: int = 1000
) -> Tensor:
    """Return features of model inputs, (rows, numbers), on the CPU, in eval mode.

    They are what the head of `feature_extractor` is given, or its output, where its
    spec names no head or it has no spec.
    """
    module = unwrap_model(feature_extractor)
    known: Any = getattr(module, "zoo", None)
    head = known.spec.head if known is not None else None
    device = next((p.device for p in module.parameters()), torch.device("cpu"))
    training = module.training
    module.eval()
    features = []
    for part in given.split(batch_size):
        rows = part.to(device)
        made = head_inputs(module, head, rows)[0][0] if head else module(rows)
        features.append(made.cpu())
    module.train(training)
    return torch.cat(features).flatten(start_dim=1)
