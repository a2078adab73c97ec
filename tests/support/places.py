"""A model of texts whose words have places: what is near is plain to see."""

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from torch import Tensor, nn

from zoo.specs import License, ModelSpec, TextInput, VectorOutput

PLACES = {
    "[PAD]": (0.0, 0.0, 0.0),
    "[UNK]": (0.0, 0.0, 0.0),
    "man": (1.0, 0.0, 0.0),
    "woman": (1.0, 1.0, 0.0),
    "king": (1.0, 0.0, 1.0),
    "queen": (1.0, 1.0, 1.0),
    "stone": (-1.0, 0.0, 0.1),
}


class Places(nn.Module):
    """Every word has a place; a text is in the middle of its words'."""

    def __init__(self) -> None:
        super().__init__()
        self.word = nn.Embedding.from_pretrained(torch.tensor([*PLACES.values()]))

    def forward(self, token: Tensor) -> Tensor:
        known = (token > 1).unsqueeze(2)
        total: Tensor = (self.word(token) * known).sum(dim=1)
        mean: Tensor = total / known.sum(dim=1).clamp(min=1)
        return mean

    def encode(self, token: Tensor) -> Tensor:
        found: Tensor = self(token)
        return found

    def embedding_matrix(self) -> Tensor:
        found: Tensor = self.word.weight
        return found


def spec(module: type[nn.Module]) -> ModelSpec:
    made = Tokenizer(
        models.WordLevel({w: n for n, w in enumerate(PLACES)}, unk_token="[UNK]")
    )
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return ModelSpec(
        name="places",
        summary="Places of words.",
        task="feature-extraction",
        build=f"places:{module.__name__}",
        card="card.md",
        license=License(code="mit", weights="mit", data="mit"),
        parameters=21,
        input=TextInput(
            max_length=8,
            vocab_size=7,
            unk_token_id=1,
            tokenizer_source=made.to_str().encode(),
        ),
        output=VectorOutput(dim=3),
        trained_on=(),
    )
