"""A small network that makes texts of texts, letter by letter, with random weights."""

from typing import Any

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors
from torch import Tensor, nn

from zoo.models.metadata import ModelMetadata, attach
from zoo.specs import License, ModelSpec, TextInput, TranslationOutput

__all__ = ["END", "LETTERS", "PADDING", "START", "Speaker", "speaker"]

LETTERS = ("[PAD]", "[START]", "[END]", "a", "b", "c", "?")
PADDING, START, END = range(3)
Memory = dict[str, Tensor]


class Speaker(nn.Module):
    """Looks at the letters that are like its state; counts what it was asked."""

    def __init__(self, letters: int = len(LETTERS)) -> None:
        super().__init__()
        self.embed = nn.Embedding(letters, 8)
        self.carry = nn.GRUCell(16, 8)
        self.tell = nn.Linear(8, letters)
        self.asked: list[int] = []

    def forward(self, source: Tensor, target: Tensor | None = None) -> Tensor:
        start = torch.full_like(source[:, :1], START)
        given = torch.cat([start, source[:, :-1]], 1) if target is None else target
        memory, told = self.encode_source(source), []
        for token in given.unbind(dim=1):
            logits, _, memory = self.decode_step(token, memory)
            told.append(logits)
        return torch.stack(told, dim=1)

    def encode_source(self, source: Tensor) -> Memory:
        held, known = self.embed(source), source != PADDING
        mean = (held * known[..., None]).sum(dim=1) / known.sum(dim=1, keepdim=True)
        return {"state": mean, "held": held, "known": known}

    def decode_step(
        self, token: Tensor, memory: Memory
    ) -> tuple[Tensor, Tensor, Memory]:
        self.asked.append(len(token))
        like = (memory["held"] @ memory["state"][..., None]).squeeze(-1)
        weight = like.masked_fill(~memory["known"], -torch.inf).softmax(dim=-1)
        seen = (weight[..., None] * memory["held"]).sum(dim=1)
        given = torch.cat([self.embed(token), seen], dim=1)
        state = self.carry(given, memory["state"])
        return self.tell(state), weight, {**memory, "state": state}


def speaker(kind: type[Speaker] = Speaker, *, longest: int = 12) -> Any:
    """Return the network with weights of seed 0, and what the zoo needs to know."""
    torch.manual_seed(0)
    model = kind().eval()
    for parameter in model.parameters():
        nn.init.normal_(parameter)
    known = {letter: number for number, letter in enumerate(LETTERS)}
    made = Tokenizer(models.WordLevel(known, "?"))
    made.add_special_tokens(list(LETTERS[:3]))
    made.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    made.decoder = decoders.Fuse()
    made.post_processor = processors.TemplateProcessing(
        single="$A [END]", special_tokens=[("[END]", END)]
    )
    spec = ModelSpec(
        name="speaker",
        summary="A small network that translates.",
        task="translation",
        build="translators:Speaker",
        card="card.md",
        license=License(code="mit", weights="mit", data="mit"),
        parameters=sum(p.numel() for p in model.parameters()),
        input=TextInput(
            max_length=longest,
            vocab_size=len(LETTERS),
            language="en",
            tokenizer_source=made.to_str().encode(),
        ),
        output=TranslationOutput(bos_token_id=START, eos_token_id=END, language="fr"),
        trained_on=(),
    )
    return attach(model, ModelMetadata(spec=spec, options={}))
