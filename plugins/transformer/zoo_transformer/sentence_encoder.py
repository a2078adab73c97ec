"""A BERT that gives a vector for a whole text: texts of like meaning lie near.

Reimers, Gurevych: "Sentence-BERT: sentence embeddings using Siamese BERT-networks",
2019; Wang et al.: "MiniLM: deep self-attention distillation for task-agnostic
compression of pre-trained transformers", 2020, is where the weights of the six layers
began. With h_1, ..., h_T the last hidden states of the tokens of a text:

    u = (1 / T) sum over t of h_t
    vector = u / |u|

so the inner product of two vectors is the cosine of their angle. With `classes`, a
linear layer of the vector classifies texts.
"""

from torch import Tensor, nn
from torch.nn.functional import normalize

from zoo_transformer.attention import init_weights
from zoo_transformer.bert import Encoder, renamed

__all__ = ["SentenceEncoder", "renamed", "sentence_encoder"]


class SentenceEncoder(Encoder):
    """Token ids to a vector of length one for each text, or to logits of classes."""

    def __init__(
        self,
        *,
        vocab_size: int,
        context_length: int,
        embed_dim: int,
        num_layers: int,
        num_heads: int,
        pad_token_id: int,
        dropout: float,
        classes: int | None,
    ) -> None:
        super().__init__(
            vocab_size=vocab_size,
            context_length=context_length,
            embed_dim=embed_dim,
            num_layers=num_layers,
            num_heads=num_heads,
            pad_token_id=pad_token_id,
            dropout=dropout,
        )
        self.classifier = nn.Linear(embed_dim, classes) if classes else nn.Identity()
        self.apply(init_weights)

    def forward(self, token: Tensor) -> Tensor:
        """Return the vectors of texts, (B, embed_dim), or their logits, (B, classes).

        `token` are token ids, (B, length), with those of the padding at the end.
        """
        output: Tensor = self.classifier(self.encode(token))
        return output

    def encode(self, token: Tensor) -> Tensor:
        """Return the vector of each text, (B, embed_dim), of length one.

        It is the mean of the hidden states of all tokens that are no padding.
        """
        mean = self.mean_hidden(self.hidden_states(token), token)
        return normalize(mean, dim=1)


def sentence_encoder(
    *,
    vocab_size: int = 30_522,
    context_length: int = 512,
    embed_dim: int = 384,
    num_layers: int = 6,
    num_heads: int = 12,
    pad_token_id: int = 0,
    dropout: float = 0.0,
    classes: int | None = None,
) -> SentenceEncoder:
    """An encoder of texts of any size; by default that of all-MiniLM-L6-v2.

    >>> model = sentence_encoder(vocab_size=100, embed_dim=24, num_layers=1)
    >>> model.encode(torch.tensor([[5, 7, 2]])).shape
    torch.Size([1, 24])
    """
    return SentenceEncoder(
        vocab_size=vocab_size,
        context_length=context_length,
        embed_dim=embed_dim,
        num_layers=num_layers,
        num_heads=num_heads,
        pad_token_id=pad_token_id,
        dropout=dropout,
        classes=classes,
    )
