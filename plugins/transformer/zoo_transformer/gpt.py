"""GPT-2, all of it in this file but for the attention, which is in attention.py.

Radford, Wu, Child, Luan, Amodei, Sutskever: "Language models are unsupervised multitask
learners", 2019. One liberty is taken: the weights of the attention are not dropped in
training, because the fast kernels of the CPU know no dropout; what comes out of it is.
"""

import torch
from torch import Tensor, nn

from zoo_transformer.attention import Attention, Memory, started

__all__ = ["GPT", "gpt", "renamed"]

# The parts of a layer as transformers calls them, and here.
PARTS = {
    "ln_1": "before_looking",
    "attn.c_attn": "look.ask",
    "attn.c_proj": "look.answer",
    "ln_2": "before_thinking",
    "mlp.c_fc": "think.0",
    "mlp.c_proj": "think.2",
}
ENDS = {"wte": "token", "wpe": "place", "ln_f": "norm"}
MASKS = (".attn.bias", ".attn.masked_bias")


class Block(nn.Module):
    """Look around, then think; each adds to what is known, normalised before."""

    def __init__(self, *, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.before_looking = nn.LayerNorm(width)
        self.look = Attention(width=width, heads=heads, causal=True)
        self.before_thinking = nn.LayerNorm(width)
        self.think = nn.Sequential(
            nn.Linear(width, 4 * width),
            nn.GELU(approximate="tanh"),
            nn.Linear(4 * width, width),
        )
        self.drop = nn.Dropout(dropout)

    def forward(self, known: Tensor, memory: Memory | None = None) -> Tensor:
        seen = self.look(self.before_looking(known), memory=memory)
        known = known + self.drop(seen)
        known = known + self.drop(self.think(self.before_thinking(known)))
        return known


class GPT(nn.Module):
    """Token numbers to what may come after each of them."""

    def __init__(
        self,
        *,
        vocabulary: int,
        context: int,
        width: int,
        depth: int,
        heads: int,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.context = context
        self.token = nn.Embedding(
            vocabulary, width
        )  # reads, and by its transpose tells
        self.place = nn.Embedding(context, width)
        self.drop = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(
            Block(width=width, heads=heads, dropout=dropout) for _ in range(depth)
        )
        self.norm = nn.LayerNorm(width)
        self.apply(started)
        for name, weight in self.named_parameters():  # of what is added, layer by layer
            if name.endswith(("look.answer.weight", "think.2.weight")):
                nn.init.normal_(weight, std=0.02 * (2 * depth) ** -0.5)

    def forward(self, token: Tensor) -> Tensor:
        """Return logits of the token after each, (B, length, vocabulary)."""
        return self.tell(self.read(token))

    def next_logits(
        self, token: Tensor, memory: list[Memory] | None = None
    ) -> tuple[Tensor, list[Memory]]:
        """Return logits of the token after the last, (B, vocabulary), and a memory.

        With the memory of an earlier call, `token` goes on where that ended.
        """
        memory = memory or [Memory(self.context) for _ in self.blocks]
        return self.tell(self.read(token, memory)[:, -1]), memory

    def read(self, token: Tensor, memory: list[Memory] | None = None) -> Tensor:
        """Return what is known of each token at the end, (B, length, width)."""
        start = memory[0].count if memory else 0
        place = torch.arange(start, start + token.shape[1], device=token.device)
        known = self.drop(self.token(token) + self.place(place))
        for number, block in enumerate(self.blocks):
            known = block(known, memory[number] if memory else None)
        read: Tensor = self.norm(known)
        return read

    def tell(self, known: Tensor) -> Tensor:
        """Return logits of the next token."""
        return known @ self.token.weight.T


def gpt(
    *,
    vocabulary: int = 50_257,
    context: int = 1_024,
    width: int = 768,
    depth: int = 12,
    heads: int = 12,
    dropout: float = 0.0,
) -> GPT:
    """A GPT of any size; by default the small one of the paper, 124 million numbers.

    The others are 24 layers of 1024 numbers with 16 heads, 36 of 1280 with 20, and 48
    of 1600 with 25.
    """
    return GPT(
        vocabulary=vocabulary,
        context=context,
        width=width,
        depth=depth,
        heads=heads,
        dropout=dropout,
    )


def renamed(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors of a published GPT-2 by the names of this file.

    There the weights of a layer lie transposed, a causal mask lies beside each, and the
    embedding may lie there twice: what says nothing new is left out. Tensors that have
    the names of this file already come back as they are.
    """
    plain = {name.removeprefix("transformer."): t for name, t in tensors.items()}
    if "wte.weight" not in plain or len(plain) < len(tensors):
        return tensors
    found = {}
    for name, tensor in plain.items():
        if not _says_nothing(name, tensor, plain["wte.weight"]):
            within = name.startswith("h.") and "ln_" not in name
            turned = within and tensor.ndim == 2
            found[_own(name)] = tensor.T.contiguous() if turned else tensor
    return found


def _own(name: str) -> str:
    """Return what is called here what transformers calls `name`, or `name` itself."""
    part, _, kind = name.rpartition(".")
    if part in ENDS:
        return f"{ENDS[part]}.{kind}"
    _, _, layer = part.partition("h.")
    number, _, inner = layer.partition(".")
    if part.startswith("h.") and number.isdigit() and inner in PARTS:
        return f"blocks.{number}.{PARTS[inner]}.{kind}"
    return name


def _says_nothing(name: str, tensor: Tensor, embedding: Tensor) -> bool:
    """Return whether a tensor is what the model knows without it."""
    if name == "lm_head.weight":
        return torch.equal(tensor, embedding)
    if not name.endswith(MASKS):
        return False
    if tensor.numel() == 1:  # what a mask puts in the place of a score
        return tensor.item() <= -1e4
    square = tensor.reshape(tensor.shape[-2:])
    return torch.equal(square.bool(), torch.ones_like(square).tril().bool())
