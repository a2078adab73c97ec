"""Texts with tokens hidden: by chance for training, each token once for measuring."""

from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zoo.datasets.in_memory import TensorRows
from zoo.models.eval_mode import eval_mode
from zoo.models.metadata import unwrap_model

__all__ = ["KNOWN", "each", "figures", "hide", "right", "told"]

KNOWN = -100  # in the place of a target: nothing is asked there
TIMES = 7  # drawings in which each token is hidden once: 14 % of a row at a time
MASKED, SWAPPED = 0.8, 0.1  # the paper's


def hide(
    token: Tensor,
    random: torch.Generator,
    *,
    mask: int,
    vocabulary: int,
    share: float,
) -> tuple[Tensor, Tensor]:
    """Return tokens with some changed, and which are asked for: about `share` of all.

    Of those, 80 % become `mask`, 10 % any token, and 10 % stay as they are, so that the
    model can't rely on a token that it sees.
    """

    def drawn() -> Tensor:
        return torch.rand(token.shape, generator=random).to(token.device)

    asked, how = drawn() < share, drawn()
    other = torch.randint(mask + 1, vocabulary, token.shape, generator=random)
    changed = torch.where(how < MASKED + SWAPPED, other.to(token.device), token)
    changed = torch.where(how < MASKED, mask, changed)
    return torch.where(asked, changed, token), asked


def each(
    rows: TensorRows, *, mask: int, times: int = TIMES, seed: int = 0
) -> TensorRows:
    """Return rows `times` over, with every token of each hidden in one of them.

    The target is the token there and `KNOWN` elsewhere. The first rows come first, in
    all their drawings. The drawing depends on the seed alone.
    """
    random = torch.Generator().manual_seed(seed)
    order = torch.rand(rows.input.shape, generator=random).argsort(dim=1) % times
    asked = (order[:, None] == torch.arange(times)[None, :, None]).flatten(0, 1)
    token = rows.input.repeat_interleave(times, dim=0)
    return replace(
        rows,
        input=torch.where(asked, mask, token),
        target=torch.where(asked, token.long(), KNOWN),
    )


@torch.inference_mode()
def told(model: nn.Module, rows: TensorRows, *, batch: int = 64) -> Tensor:
    """Return the logits of what is asked for in rows, (places, vocabulary)."""
    model = unwrap_model(model)
    device = next(model.parameters()).device
    found = []
    with eval_mode(model):
        for token, target in rows.batches(torch.arange(len(rows)).split(batch)):
            where = (target != KNOWN).to(device)
            found.append(model(token.long().to(device), where).float().cpu())
    return torch.cat(found)


def figures(logits: Tensor, rows: TensorRows) -> dict[str, float]:
    """Return the share of hidden tokens that are told, and what one costs in nats."""
    loss = cross_entropy(logits, rows.target[rows.target != KNOWN])
    return {
        "masked_accuracy": right(logits, rows).float().mean().item(),
        "loss": loss.item(),
    }


def right(logits: Tensor, rows: TensorRows) -> Tensor:
    """Return for each hidden token whether the likeliest is the one."""
    return logits.argmax(dim=1) == rows.target[rows.target != KNOWN]
