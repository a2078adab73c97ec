"""Samples that a generator draws for its recipe."""

import torch
from torch import Tensor, nn

from zoo.runtime.sampling import draw_samples


class Drawing(nn.Module):
    """Draws a number a sample; dropout would make some of them zero."""

    def __init__(self) -> None:
        super().__init__()
        self.dropout, self.asked = nn.Dropout(0.9), list[int]()

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        self.asked.append(count)
        drawn: Tensor = self.dropout(torch.rand(count, generator=generator) + 1)
        return drawn


def test_the_same_seed_draws_the_same_in_eval_mode() -> None:
    """
    A model that trains goes on training.
    """
    model = Drawing().train()

    first, again = (draw_samples(model, 9, seed=0) for _ in range(2))

    assert torch.equal(first, again)
    assert (first > 0).all()
    assert not torch.equal(first, draw_samples(model, 9, seed=1))
    assert model.training


def test_many_are_drawn_in_parts() -> None:
    """
    So that memory does not grow with their number.
    """
    model = Drawing()

    assert len(draw_samples(model, 600)) == 600
    assert model.asked == [256, 256, 88]
