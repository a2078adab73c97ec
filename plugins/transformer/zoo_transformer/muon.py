"""Two optimizers as one: Muon for the matrices of hidden layers, AdamW for the rest.

Jordan: "Muon: an optimizer for hidden layers in neural networks", 2024. Muon
orthogonalizes the momentum of a matrix, so that a step has the same length in every
direction. Embeddings, biases and norms are not such matrices. torch has Muon since
version 2.9.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.optim import AdamW, Muon, Optimizer

__all__ = ["MuonAndAdamW"]


class MuonAndAdamW(Optimizer):
    """Steps the matrices of `hidden` by Muon and all else of `model` by AdamW.

    Muon's steps are scaled as AdamW's are, so that one learning rate serves both.
    """

    def __init__(
        self, model: nn.Module, hidden: nn.Module, *, lr: float, weight_decay: float
    ) -> None:
        matrices = [p for p in hidden.parameters() if p.ndim == 2]
        matrix_ids = set(map(id, matrices))
        rest = [p for p in model.parameters() if id(p) not in matrix_ids]
        self.optimizers: tuple[Optimizer, Optimizer] = (
            Muon(
                matrices,
                lr=lr,
                weight_decay=weight_decay,
                adjust_lr_fn="match_rms_adamw",
            ),
            AdamW(rest, lr=lr, betas=(0.9, 0.99), weight_decay=0.0, fused=True),
        )
        super().__init__(self._groups(), {})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        for optimizer in self.optimizers:
            optimizer.step(closure)

    def state_dict(self) -> dict[str, Any]:
        return {"optimizers": [optimizer.state_dict() for optimizer in self.optimizers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        states = state_dict["optimizers"]
        for optimizer, state in zip(self.optimizers, states, strict=True):
            optimizer.load_state_dict(state)
        # A schedule changes these groups, which must be those of the two optimizers.
        self.param_groups = self._groups()

    def _groups(self) -> list[dict[str, Any]]:
        return [group for one in self.optimizers for group in one.param_groups]
