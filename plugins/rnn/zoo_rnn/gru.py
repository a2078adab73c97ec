"""A recurrent network that reads a text from both ends, character by character.

Cho et al.: "Learning phrase representations using RNN encoder-decoder for statistical
machine translation", 2014, brought the gated recurrent unit. Here two of them read a
text, one from each end. What they read at a character is a vector of that character,
and vectors of the two, three and four characters that end there, as parts of words have
them in Bojanowski et al.: "Enriching word vectors with subword information", 2017. What
the two held is pooled, the largest value and the mean of each number, and beside it
stands the sum of what they read, which knows no order. Filling at the end of a text is
neither read nor pooled, so a text gets the same answer in any company.
"""

import torch
from torch import Tensor, nn

__all__ = ["GRUReader", "Grams", "gru_reader"]

# Large odd numbers: multiplied by them, neighbours come to lie far from each other.
SPREAD, MIX = 1_640_531_527, 739_982_445
LARGEST = 2**31 - 1


class Grams(nn.Module):
    """Vectors of the last characters at every place: of two, three, up to `longest`.

    They share a table by chance: what characters make is a number, and its rest upon
    division by the number of rows is their row.
    """

    def __init__(self, *, rows: int, width: int, longest: int) -> None:
        super().__init__()
        self.longest = longest
        self.table = nn.Embedding(rows, width)
        nn.init.normal_(self.table.weight, std=0.01)

    def forward(self, token: Tensor) -> Tensor:
        """Return (B, length, longest - 1, width)."""
        held: Tensor = self.table(self.rows(token))
        return held

    def rows(self, token: Tensor) -> Tensor:
        """Return the rows of the last two characters, of the last three, and so on."""
        made, found = token.long(), []
        for size in range(2, self.longest + 1):
            before = nn.functional.pad(token.long(), (size - 1, 0))[:, : token.shape[1]]
            made = ((made + size) * SPREAD + before) & LARGEST
            made = ((made ^ (made >> 15)) * MIX) & LARGEST
            found.append((made ^ (made >> 13)) % self.table.num_embeddings)
        return torch.stack(found, dim=2)


class GRUReader(nn.Module):
    """Characters to vectors, vectors to what both readers held, and what that says."""

    def __init__(
        self,
        *,
        vocabulary: int,
        width: int,
        rows: int,
        narrow: int,
        longest: int,
        hidden: int,
        classes: int,
        padding: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.padding = padding
        self.embed = nn.Embedding(vocabulary, width, padding_idx=padding)
        self.grams = Grams(rows=rows, width=narrow, longest=longest)
        self.forget = nn.Dropout(dropout)
        seen = width + (longest - 1) * narrow
        self.ahead = nn.GRU(seen, hidden, batch_first=True)
        self.back = nn.GRU(seen, hidden, batch_first=True)
        self.decide = nn.Linear(4 * hidden + seen, classes)
        nn.init.normal_(self.embed.weight, std=0.1)
        with torch.no_grad():
            self.embed.weight[padding] = 0

    def forward(self, token: Tensor) -> Tensor:
        logits: Tensor = self.decide(self.forget(self.pooled(token)))  # (B, classes)
        return logits

    def pooled(self, token: Tensor) -> Tensor:
        """Return the largest and the mean of what was held, and the sum of what was
        read, by the root of its length: (B, 4 * hidden + seen)."""
        length = self.length(token)
        beyond = (_places(token) >= length[:, None]).unsqueeze(2)  # (B, length, 1)
        seen = self.seen(token).masked_fill(beyond, 0)
        # Summed as finely as it was read, also where matrices are multiplied coarsely.
        held = torch.cat(self.held(seen, length), dim=2).to(seen.dtype)
        most = held.masked_fill(beyond, -torch.inf).amax(dim=1)
        mean = held.masked_fill(beyond, 0).sum(dim=1) / length[:, None]
        every = seen.sum(dim=1) / length[:, None].sqrt()
        return torch.cat([most, mean, every], dim=1)

    def seen(self, token: Tensor) -> Tensor:
        """Return what is read at every character: (B, length, seen).

        In training some numbers of characters are forgotten, and some grams as a whole.
        """
        grams = self.grams(token)  # (B, length, sizes, narrow)
        kept = self.forget(torch.ones_like(grams[..., :1]))
        return torch.cat(
            [self.forget(self.embed(token)), (grams * kept).flatten(start_dim=2)], dim=2
        )

    def held(self, seen: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """Return what each reader held at every character: (B, length, hidden).

        Beyond the end of a text stands nothing that means anything.
        """
        turned = self.back(_turned(seen, length))[0]
        return self.ahead(seen)[0], _turned(turned, length)

    def length(self, token: Tensor) -> Tensor:
        """Return where the last token that is no filling ends, (B,), at least 1."""
        place = _places(token) + 1
        return (place * (token != self.padding)).amax(dim=1).clamp(min=1)


def _places(rows: Tensor) -> Tensor:
    return torch.arange(rows.shape[1], device=rows.device)


def _turned(rows: Tensor, length: Tensor) -> Tensor:
    """Return each text of a batch (B, longest, numbers) from its own end on."""
    place = (length[:, None] - 1 - _places(rows)).clamp(min=0)  # (B, longest)
    return rows.gather(1, place.unsqueeze(2).expand_as(rows))


def gru_reader(
    *,
    vocabulary: int,
    width: int = 64,
    rows: int = 393_216,
    narrow: int = 4,
    longest: int = 4,
    hidden: int = 128,
    classes: int = 2,
    padding: int = 0,
    dropout: float = 0.4,
) -> GRUReader:
    """A reader that holds `hidden` numbers in each direction.

    Of a character it reads `width` numbers, and `narrow` of each size of grams, which
    share a table of `rows`.
    """
    return GRUReader(
        vocabulary=vocabulary,
        width=width,
        rows=rows,
        narrow=narrow,
        longest=longest,
        hidden=hidden,
        classes=classes,
        padding=padding,
        dropout=dropout,
    )
