"""A recurrent network that reads a text from both ends, beside a list of what is said.

Cho et al.: "Learning phrase representations using RNN encoder-decoder for statistical
machine translation", 2014, brought the gated recurrent unit. Here two of them read a
text, one from each end. What they read at a character is a vector of that character,
and vectors of the two, three and four characters that end there, as parts of words have
them in Bojanowski et al.: "Enriching word vectors with subword information", 2017. What
the two held is pooled, the largest value and the mean of each number, and beside it
stands the sum of what they read, which knows no order.

That is the deep path. The other is wide, as in Cheng et al.: "Wide & deep learning for
recommender systems", 2016: a list of characters and groups of them, and one number for
each. Those that stand in a text are summed, and the head is given the sum as well.
Filling at the end of a text is neither read, pooled nor listed, so a text gets the same
answer in any company.
"""

import torch
from torch import Tensor, nn

__all__ = ["FILLING", "LARGEST", "GRUReader", "Grams", "Wide", "gru_reader", "numbered"]

# Large odd numbers: multiplied by them, neighbours come to lie far from each other.
SPREAD, MIX = 1_640_531_527, 739_982_445
LARGEST = 2**31 - 1  # of the numbers of groups
FILLING = -1  # in place of a number


def numbered(token: Tensor, longest: int) -> Tensor:
    """Return a number for the last character at every place, for the last two, and so
    on: (B, length, longest).

    Two groups have the same number hardly ever.
    """
    made = token.long()
    found = [made]
    for size in range(2, longest + 1):
        before = nn.functional.pad(token.long(), (size - 1, 0))[:, : token.shape[1]]
        made = ((made + size) * SPREAD + before) & LARGEST
        made = ((made ^ (made >> 15)) * MIX) & LARGEST
        found.append(made ^ (made >> 13))
    return torch.stack(found, dim=2)


class Grams(nn.Module):
    """Vectors of the last characters at every place: of two, three, up to `longest`.

    They share a table by chance: the rest of a group's number upon division by the
    number of rows is its row.
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
        return numbered(token, self.longest)[..., 1:] % self.table.num_embeddings


class Wide(nn.Module):
    """A list of groups of one to `longest` characters, and what each says: one number.

    What each says is nothing until somebody who counted puts it there. The list is in
    order; what is not in it says nothing.
    """

    listed: Tensor

    def __init__(self, *, rows: int, longest: int, padding: int) -> None:
        super().__init__()
        self.longest, self.padding = longest, padding
        self.register_buffer("listed", torch.arange(rows, dtype=torch.int32))
        self.said = nn.Embedding(rows, 1)
        nn.init.zeros_(self.said.weight)

    def forward(self, token: Tensor) -> Tensor:
        """Return the sum of what is said, by the root of how many say it: (B, 1)."""
        made = self.different(token)
        row = torch.searchsorted(self.listed, made).clamp(max=len(self.listed) - 1)
        there = ((self.listed[row] == made) & (made != FILLING)).unsqueeze(2)
        every: Tensor = (self.said(row) * there).sum(dim=1)  # (B, 1)
        return every / there.sum(dim=1).clamp(min=1).sqrt()

    def different(self, token: Tensor) -> Tensor:
        """Return the numbers of the groups of each text, each once: (B, groups).

        One filling ends a text, and belongs to its last groups. In place of more, and
        of what stood there before, is `FILLING`.
        """
        ended = nn.functional.pad(token, (0, 1), value=self.padding)
        beyond = _places(ended) > _length(token, self.padding)[:, None]
        made = numbered(ended, self.longest).masked_fill(beyond.unsqueeze(2), FILLING)
        made = made.int().flatten(start_dim=1).sort(dim=1).values
        again = made.diff(dim=1, prepend=made.new_full((len(made), 1), FILLING)) == 0
        return made.masked_fill(again, FILLING)


class GRUReader(nn.Module):
    """Two paths: what both readers held of vectors of characters, and a list's sum."""

    def __init__(
        self,
        *,
        vocabulary: int,
        width: int,
        rows: int,
        narrow: int,
        longest: int,
        hidden: int,
        listed: int,
        wide: int,
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
        self.wide = Wide(rows=listed, longest=wide, padding=padding)
        self.decide = nn.Linear(4 * hidden + seen + 1, classes)
        nn.init.normal_(self.embed.weight, std=0.1)
        with torch.no_grad():
            self.embed.weight[padding] = 0

    def forward(self, token: Tensor) -> Tensor:
        deep = self.forget(self.pooled(token))
        both = torch.cat([deep, self.wide(token)], dim=1)
        logits: Tensor = self.decide(both)  # (B, classes)
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
        return _length(token, self.padding)


def _length(token: Tensor, padding: int) -> Tensor:
    place = _places(token) + 1
    return (place * (token != padding)).amax(dim=1).clamp(min=1)


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
    listed: int = 250_000,
    wide: int = 5,
    classes: int = 2,
    padding: int = 0,
    dropout: float = 0.4,
) -> GRUReader:
    """A reader that holds `hidden` numbers in each direction.

    Of a character it reads `width` numbers, and `narrow` of each size of grams, which
    share a table of `rows`. Its list has `listed` groups of `wide` characters at most.
    """
    return GRUReader(
        vocabulary=vocabulary,
        width=width,
        rows=rows,
        narrow=narrow,
        longest=longest,
        hidden=hidden,
        listed=listed,
        wide=wide,
        classes=classes,
        padding=padding,
        dropout=dropout,
    )
