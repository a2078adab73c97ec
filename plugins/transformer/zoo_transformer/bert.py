"""BERT, all of it in this file but for the attention, which is in attention.py.

Devlin, Chang, Lee, Toutanova: "BERT: pre-training of deep bidirectional transformers
for language understanding", 2018. It fills in masked tokens; the paper's second task,
which of two sentences comes next, is left out. One more liberty is taken: the weights
of the attention are not dropped in training, because the fast kernels of the CPU know
no dropout.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu

from zoo_transformer.attention import Attention, started

__all__ = ["BERT", "bert", "renamed"]

EXACT = 1e-12  # added to a variance before its root is taken
# The parts of a layer as transformers calls them, and here.
PARTS = {
    "attention.output.dense": "look.answer",
    "attention.output.LayerNorm": "after_looking",
    "intermediate.dense": "think.0",
    "output.dense": "think.2",
    "output.LayerNorm": "after_thinking",
}
ENDS = {
    "embeddings.word_embeddings": "token",
    "embeddings.position_embeddings": "place",
    "embeddings.token_type_embeddings": "segment",
    "embeddings.LayerNorm": "norm",
    "cls.predictions.transform.dense": "turn",
    "cls.predictions.transform.LayerNorm": "turned",
    "cls.predictions": "tell",
}
ASKED = ("query", "key", "value")
OLD = {"gamma": "weight", "beta": "bias"}  # of norms, in files of before 2019
# Which of two sentences comes next, and what tells it: not part of this model.
UNUSED = ("pooler.dense", "cls.seq_relationship")


class Block(nn.Module):
    """Look around, then think; each adds to what is known, normalised after."""

    def __init__(self, *, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.look = Attention(width=width, heads=heads, causal=False)
        self.after_looking = nn.LayerNorm(width, eps=EXACT)
        self.think = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )
        self.after_thinking = nn.LayerNorm(width, eps=EXACT)
        self.drop = nn.Dropout(dropout)

    def forward(self, known: Tensor, padding: Tensor) -> Tensor:
        seen = self.look(known, padding=padding)
        known = self.after_looking(known + self.drop(seen))
        thought: Tensor = self.after_thinking(known + self.drop(self.think(known)))
        return thought


class Tell(nn.Module):
    """What is known of a place to a logit for each token, by the embedding."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(vocabulary))

    def forward(self, known: Tensor, embedding: Tensor) -> Tensor:
        return known @ embedding.T + self.bias


class BERT(nn.Module):
    """Token numbers to what may stand at each place, by what stands around it."""

    def __init__(
        self,
        *,
        vocabulary: int,
        context: int,
        width: int,
        depth: int,
        heads: int,
        padding: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.padding = padding
        self.token = nn.Embedding(vocabulary, width)
        self.place = nn.Embedding(context, width)
        self.segment = nn.Embedding(2, width)
        self.norm = nn.LayerNorm(width, eps=EXACT)
        self.drop = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(
            Block(width=width, heads=heads, dropout=dropout) for _ in range(depth)
        )
        self.turn = nn.Linear(width, width)
        self.turned = nn.LayerNorm(width, eps=EXACT)
        self.tell = Tell(vocabulary)
        self.apply(started)

    def forward(self, token: Tensor, where: Tensor | None = None) -> Tensor:
        """Return logits of what stands at each place, (B, length, vocabulary).

        With `where`, (B, length) of booleans, only of those places, (places,
        vocabulary): what is told of each place costs more than what is known of it.
        """
        known = self.read(token)
        return self.fill(known if where is None else known[where])

    def read(self, token: Tensor, segment: Tensor | None = None) -> Tensor:
        """Return what is known of each place at the end, (B, length, width).

        `segment` says which of two texts a token is of; without it all are of one.
        """
        place = torch.arange(token.shape[1], device=token.device)
        which = torch.zeros_like(token) if segment is None else segment
        known = self.token(token) + self.place(place) + self.segment(which)
        known = self.drop(self.norm(known))
        for block in self.blocks:
            known = block(known, token == self.padding)
        read: Tensor = known
        return read

    def fill(self, known: Tensor) -> Tensor:
        """Return logits for places that something is known of."""
        told: Tensor = self.tell(self.turned(gelu(self.turn(known))), self.token.weight)
        return told


def bert(
    *,
    vocabulary: int = 30_522,
    context: int = 512,
    width: int = 768,
    depth: int = 12,
    heads: int = 12,
    padding: int = 0,
    dropout: float = 0.0,
) -> BERT:
    """A BERT of any size; by default the base one of the paper."""
    return BERT(
        vocabulary=vocabulary,
        context=context,
        width=width,
        depth=depth,
        heads=heads,
        padding=padding,
        dropout=dropout,
    )


def renamed(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors of a published BERT by the names of this file.

    There queries, keys and values are three layers, which are one here; what tells the
    next sentence is left out, and so is what says nothing new. Tensors that have the
    names of this file already come back as they are.
    """
    plain = {name.removeprefix("bert."): t for name, t in tensors.items()}
    embedding = plain.get("embeddings.word_embeddings.weight")
    if embedding is None or len(plain) < len(tensors):
        return tensors
    found: dict[str, Tensor] = {}
    for name, tensor in plain.items():
        if not _left_out(name, tensor, plain, embedding):
            found[_own(name)] = tensor
    return _joined(found)


def _own(name: str) -> str:
    """Return what is called here what transformers calls `name`, or `name` itself."""
    part, _, kind = name.rpartition(".")
    kind = OLD.get(kind, kind) if part.endswith("LayerNorm") else kind
    if part in ENDS:
        return f"{ENDS[part]}.{kind}"
    _, found, layer = part.partition("encoder.layer.")
    number, _, inner = layer.partition(".")
    if not found or not number.isdigit():
        return name
    asked = inner.removeprefix("attention.self.")
    if asked in ASKED:
        return f"blocks.{number}.look.{asked}.{kind}"
    return f"blocks.{number}.{PARTS[inner]}.{kind}" if inner in PARTS else name


def _joined(found: dict[str, Tensor]) -> dict[str, Tensor]:
    """Put the queries, keys and values of each layer together, where all are there."""
    for name in [n for n in found if n.split(".")[-2:-1] == ["query"]]:
        names = [name.replace(".query.", f".{one}.") for one in ASKED]
        if all(one in found for one in names):
            parts = [found.pop(one) for one in names]
            found[name.replace(".query.", ".ask.")] = torch.cat(parts)
    return found


def _left_out(
    name: str, tensor: Tensor, others: dict[str, Tensor], embedding: Tensor
) -> bool:
    """Return whether a tensor is not of this model, or is known without it."""
    if name.rpartition(".")[0] in UNUSED:
        return True
    if name == "embeddings.position_ids":
        return torch.equal(tensor.flatten(), torch.arange(tensor.numel()))
    if name == "cls.predictions.decoder.weight":
        return torch.equal(tensor, embedding)
    if name == "cls.predictions.decoder.bias":
        return torch.equal(tensor, others.get("cls.predictions.bias", tensor[:0]))
    return False
