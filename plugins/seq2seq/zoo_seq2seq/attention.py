"""Two recurrent networks with additive attention between them, all of it in this file.

Bahdanau, Cho, Bengio: "Neural machine translation by jointly learning to align and
translate", 2015. Three liberties are taken: one table of embeddings reads both
languages and tells the next token; what is told goes through a layer of tanh instead of
maxout; and the writer hears of a token and of the source by layers of its own.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

__all__ = ["END", "PADDING", "START", "GatedUnit", "Translator", "translator"]

PADDING, START, END = range(3)  # what these tokens are called by the tokenizer
Memory = dict[str, Tensor]


class GatedUnit(nn.Module):
    """A gated recurrent unit, step by step; its gates lie as those of torch do."""

    def __init__(self, *, given: int, width: int) -> None:
        super().__init__()
        self.hear = nn.Linear(given, 3 * width)
        self.keep = nn.Linear(width, 3 * width)
        nn.init.xavier_uniform_(self.hear.weight)
        for gate in self.keep.weight.data.chunk(3):
            nn.init.orthogonal_(gate)

    def forward(self, heard: Tensor, state: Tensor) -> Tensor:
        """Return the next state, (B, width); `heard` is (B, 3 * width)."""
        reset, update, new = heard.chunk(3, dim=-1)
        kept_reset, kept_update, kept_new = self.keep(state).chunk(3, dim=-1)
        reset = torch.sigmoid(reset + kept_reset)
        update = torch.sigmoid(update + kept_update)
        new = torch.tanh(new + reset * kept_new)
        return new + update * (state - new)

    def along(self, given: Tensor, known: Tensor, *, back: bool = False) -> Tensor:
        """Return the states over (B, length, given), where `known` from the first on,
        or from the last; at padding the state stays as it was."""
        heard = self.hear(given).unbind(dim=1)
        here = known.unsqueeze(-1).unbind(dim=1)
        state = given.new_zeros(len(given), self.keep.in_features)
        states = [state] * len(heard)
        for place in sorted(range(len(heard)), reverse=back):
            state = torch.where(here[place], self(heard[place], state), state)
            states[place] = state
        return torch.stack(states, dim=1)  # (B, length, width)


class Translator(nn.Module):
    """Reads a source both ways, then writes token by token, looking back at it."""

    def __init__(
        self, *, vocabulary: int, embedding: int, width: int, dropout: float
    ) -> None:
        super().__init__()
        self.token = nn.Embedding(vocabulary, embedding)
        self.forth = GatedUnit(given=embedding, width=width)
        self.back = GatedUnit(given=embedding, width=width)
        self.begin = nn.Linear(width, width)
        self.key = nn.Linear(2 * width, width)
        self.ask = nn.Linear(width, width, bias=False)
        self.weigh = nn.Linear(width, 1, bias=False)
        self.write = GatedUnit(given=embedding, width=width)
        self.hear_source = nn.Linear(2 * width, 3 * width, bias=False)
        self.gather = nn.Linear(3 * width + embedding, embedding)
        self.bias = nn.Parameter(torch.zeros(vocabulary))
        self.drop = nn.Dropout(dropout)
        self.drop_columns = nn.Dropout1d(dropout)
        nn.init.normal_(self.token.weight, std=embedding**-0.5)

    def forward(
        self,
        source: Tensor,
        target: Tensor | None = None,
        where: Tensor | None = None,
    ) -> Tensor:
        """Return logits of the token after each of the target, (B, length, vocabulary).

        `target` begins with START. Without one the source is told again: it stands in
        for its own translation. With `where`, (B, length), only those places are told.
        """
        if target is None:
            target = torch.cat(
                [source.new_full((len(source), 1), START), source[:, :-1]], dim=1
            )
        memory = self.encode_source(source)
        given = self.embed(target)
        found = []
        for heard in self.write.hear(given).unbind(dim=1):
            seen, _ = self.look(memory)
            memory["state"] = self.write(
                heard + self.hear_source(seen), memory["state"]
            )
            found.append(torch.cat([memory["state"], seen], dim=-1))
        known = torch.cat([torch.stack(found, dim=1), given], dim=-1)
        return self.tell(known if where is None else known[where])

    def encode_source(self, source: Tensor) -> Memory:
        """Return what is known of (B, length) tokens before anything is written."""
        known = source != PADDING
        given = self.embed(source)
        back = self.back.along(given, known, back=True)
        both = torch.cat([self.forth.along(given, known), back], dim=-1)
        state = torch.tanh(self.begin(back[:, 0])).to(given.dtype)
        seen = self.dropped(both)
        return {"state": state, "seen": seen, "key": self.key(seen), "known": known}

    def look(self, memory: Memory) -> tuple[Tensor, Tensor]:
        """Return what is seen of the source from a state, and how each token counts."""
        asked = self.ask(memory["state"]).unsqueeze(1)
        score = self.weigh(torch.tanh(asked + memory["key"])).squeeze(-1)
        score = score.float().masked_fill(~memory["known"], -torch.inf)
        weight = score.softmax(dim=-1)  # (B, length of the source)
        seen = torch.bmm(weight.unsqueeze(1).to(memory["seen"].dtype), memory["seen"])
        return seen.squeeze(1), weight

    def decode_step(
        self, token: Tensor, memory: Memory
    ) -> tuple[Tensor, Tensor, Memory]:
        """Return logits of what comes after the tokens (B,), the weight that each token
        of the source had in that, and the memory to go on with."""
        given = self.embed(token)
        seen, weight = self.look(memory)
        heard = self.write.hear(given) + self.hear_source(seen)
        state = self.write(heard, memory["state"])
        logits = self.tell(torch.cat([state, seen, given], dim=-1))
        return logits, weight, {**memory, "state": state}

    def embed(self, token: Tensor) -> Tensor:
        """Return what stands for tokens, with numbers about one in size."""
        size: int = self.token.embedding_dim
        return self.dropped(self.token(token) * size**0.5)

    def dropped(self, given: Tensor) -> Tensor:
        """Return (B, length, width) with some columns of each row at rest in training.

        They rest along a whole text (Gal, Ghahramani: "A theoretically grounded
        application of dropout in recurrent neural networks", 2016).
        """
        if not self.training:
            return given
        kept: Tensor = self.drop_columns(given.transpose(1, 2))
        return kept.transpose(1, 2)

    def tell(self, known: Tensor) -> Tensor:
        """Return logits of the next token."""
        gathered = self.drop(torch.tanh(self.gather(known)))
        return linear(gathered, self.token.weight, self.bias)


def translator(
    *,
    vocabulary: int = 4_000,
    embedding: int = 256,
    width: int = 256,
    dropout: float = 0.0,
) -> Translator:
    """A translator of any size, with as many states in each direction as in writing."""
    return Translator(
        vocabulary=vocabulary, embedding=embedding, width=width, dropout=dropout
    )
