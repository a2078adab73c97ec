"""From texts to words with all the words around them."""

import torch
from torch import Tensor

__all__ = ["sample_windows"]


def sample_windows(
    tokens: Tensor, keep: Tensor, window: int, random: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return words, (words,), and the words around each, (words, 2 * window).

    Places that are not in the window, or not in the text, are 0. Words are dropped and
    windows drawn as in `pairs.sample_pairs`; a word without any other around it is left
    out.
    """
    kept = torch.rand(tokens.shape[1], generator=random) < keep[tokens[0]]
    token, text = tokens[:, kept]
    reach = torch.randint(1, window + 1, token.shape, generator=random)
    around = token.new_zeros(len(token), 2 * window)
    for distance in range(1, window + 1):
        same_text = text[:-distance] == text[distance:]
        in_window = same_text & (reach[distance:] >= distance)
        around[distance:, 2 * distance - 2] = token[:-distance] * in_window
        in_window = same_text & (reach[:-distance] >= distance)
        around[:-distance, 2 * distance - 1] = token[distance:] * in_window
    told = around.any(dim=1)
    return token[told], around[told]
