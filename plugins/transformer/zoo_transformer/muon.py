"""Two optimizers as one: Muon for the matrices inside a network, AdamW for the rest.

Jordan: "Muon: an optimizer for hidden layers in neural networks", 2024. A step along a
matrix is made as long in every direction. Embeddings, biases and norms are not such
matrices. torch has Muon since version 2.9.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.optim import AdamW, Muon, Optimizer

__all__ = ["MuonAndAdamW"]


class MuonAndAdamW(Optimizer):
    """Steps the matrices of `inside` by Muon and all else of `model` by AdamW.

    Muon's steps are scaled as AdamW's are, so that one learning rate serves both.
    """

    def __init__(
        self, model: nn.Module, inside: nn.Module, *, lr: float, weight_decay: float
    ) -> None:
        matrices = [p for p in inside.parameters() if p.ndim == 2]
        known = set(map(id, matrices))
        rest = [p for p in model.parameters() if id(p) not in known]
        self.parts: tuple[Optimizer, Optimizer] = (
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
        for part in self.parts:
            part.step(closure)

    def state_dict(self) -> dict[str, Any]:
        return {"parts": [part.state_dict() for part in self.parts]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        for part, held in zip(self.parts, state_dict["parts"], strict=True):
            part.load_state_dict(held)
        self.param_groups = self._groups()  # schedules change these, and so the parts'

    def _groups(self) -> list[dict[str, Any]]:
        return [group for part in self.parts for group in part.param_groups]
