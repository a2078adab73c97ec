"""A small network that goes on with texts, with a state instead of keys and values."""

from typing import Any

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from torch import Tensor, nn

from zoo.models.metadata import ModelMetadata, attach
from zoo.specs import License, ModelSpec, TextInput, TextOutput

__all__ = ["LETTERS", "Writer", "writer"]

LETTERS = ("[PAD]", "[END]", *"\nabcdefghij ")


class Writer(nn.Module):
    """An embedding, a GRU, and a linear layer; it counts how often it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(len(LETTERS), 12)
        self.carry = nn.GRU(12, 12, batch_first=True)
        self.tell = nn.Linear(12, len(LETTERS))
        self.asked: list[tuple[int, int]] = []

    def forward(self, token: Tensor) -> Tensor:
        told: Tensor = self.tell(self.carry(self.embed(token))[0])
        return told

    def next_logits(
        self, token: Tensor, memory: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        self.asked.append(tuple(token.shape))
        held, memory = self.carry(self.embed(token), memory)
        return self.tell(held[:, -1]), memory


def writer(*, start: int | None = 2, end: int | None = 1, longest: int = 20) -> Any:
    """Return the network with weights of seed 0, and what the zoo needs to know."""
    torch.manual_seed(0)
    model = Writer().eval()
    for parameter in model.parameters():
        nn.init.normal_(parameter)
    known = {letter: number for number, letter in enumerate(LETTERS)}
    made = Tokenizer(models.WordLevel(known, ""))
    made.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    made.decoder = decoders.Fuse()
    spec = ModelSpec(
        name="writer",
        summary="A small network that writes.",
        task="text-generation",
        build="writers:Writer",
        card="card.md",
        license=License(code="mit", weights="mit", data="mit"),
        parameters=sum(p.numel() for p in model.parameters()),
        input=TextInput(
            max_length=longest,
            vocab_size=len(LETTERS),
            unk_token_id=1 if end is None else None,  # then it stands for no text
            tokenizer_source=made.to_str().encode(),
        ),
        output=TextOutput(bos_token_id=start, eos_token_id=end),
        trained_on=(),
    )
    return attach(model, ModelMetadata(spec=spec, options={}))
