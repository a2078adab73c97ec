"""Masked tokens: drawn at random for training, every token once for evaluation."""

from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zoo.recipes import TensorRows, eval_mode, unwrap_model

__all__ = [
    "IGNORE_INDEX",
    "correct",
    "mask_every_token",
    "mask_random_tokens",
    "masked_logits",
    "masked_metrics",
]

IGNORE_INDEX = -100  # the target where nothing is predicted, as in cross_entropy
COPIES = 7  # of a row, each with a seventh of the tokens masked: 14 % at a time
MASKED, RANDOM = 0.8, 0.1  # the paper's, section 3.1: the other 0.1 stay as they are


def mask_random_tokens(
    token: Tensor,
    random: torch.Generator,
    *,
    mask_token_id: int,
    vocab_size: int,
    mlm_probability: float,
) -> tuple[Tensor, Tensor]:
    """Return masked tokens, and which to predict: each with `mlm_probability`.

    Of those, 80 % become the mask token, 10 % a random token, and 10 % stay as they
    are, so that the model can't rely on a token that it sees.
    """

    def uniform() -> Tensor:
        return torch.rand(token.shape, generator=random).to(token.device)

    selected, action = uniform() < mlm_probability, uniform()
    other = torch.randint(mask_token_id + 1, vocab_size, token.shape, generator=random)
    masked = torch.where(action < MASKED + RANDOM, other.to(token.device), token)
    masked = torch.where(action < MASKED, mask_token_id, masked)
    return torch.where(selected, masked, token), selected


def mask_every_token(
    rows: TensorRows, *, mask_token_id: int, copies: int = COPIES, seed: int = 0
) -> TensorRows:
    """Return `copies` of each row, with every token masked in exactly one of them.

    The target is the token there and `IGNORE_INDEX` elsewhere. The copies of a row
    follow each other. Which tokens a copy masks depends on the seed alone.
    """
    random = torch.Generator().manual_seed(seed)
    copy = torch.rand(rows.input.shape, generator=random).argsort(dim=1) % copies
    selected = (copy[:, None] == torch.arange(copies)[None, :, None]).flatten(0, 1)
    token = rows.input.repeat_interleave(copies, dim=0)
    return replace(
        rows,
        input=torch.where(selected, mask_token_id, token),
        target=torch.where(selected, token.long(), IGNORE_INDEX),
    )


@torch.inference_mode()
def masked_logits(
    model: nn.Module, rows: TensorRows, *, batch_size: int = 64
) -> Tensor:
    """Return the logits at the masked positions of rows, (masked, vocab_size)."""
    model = unwrap_model(model)
    device = next(model.parameters()).device
    logits = []
    with eval_mode(model):
        for token, target in rows.batches(torch.arange(len(rows)).split(batch_size)):
            selected = (target != IGNORE_INDEX).to(device)
            logits.append(model(token.long().to(device), selected).float().cpu())
    return torch.cat(logits)


def masked_metrics(logits: Tensor, rows: TensorRows) -> dict[str, float]:
    """Return the accuracy on masked tokens, and their mean cross-entropy in nats."""
    loss = cross_entropy(logits, rows.target[rows.target != IGNORE_INDEX])
    return {
        "masked_accuracy": correct(logits, rows).float().mean().item(),
        "loss": loss.item(),
    }


def correct(logits: Tensor, rows: TensorRows) -> Tensor:
    """Return for each masked token whether the most likely prediction is right."""
    return logits.argmax(dim=1) == rows.target[rows.target != IGNORE_INDEX]
