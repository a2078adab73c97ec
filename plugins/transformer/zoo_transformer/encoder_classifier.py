"""A transformer encoder that classifies a text by the mean of its hidden states.

Vaswani et al.: "Attention is all you need", 2017, section 3, is the encoder; its
attention is in attention.py. Nandan: "Text classification with Transformer", Keras
examples, 2020, is the classifier around it, which the course takes over. With E the
vectors of words, P those of positions, and w_1, ..., w_T the words of a text:

    h_t = E[w_t] + P[t]
    h'_t = LayerNorm(h_t + MultiHead(h, h, h)_t)                 a block: section 3.1
    h_t = LayerNorm(h'_t + W_2 max(0, W_1 h'_t + b_1) + b_2)     equation (2)
    logits = W_4 max(0, W_3 (mean over t of h_t) + b_3) + b_4

Two things differ from the example. A head has the width of the vectors divided by the
number of heads, as in the paper, and not all of it. Padding is neither attended to nor
in the mean.
"""

import torch
from torch import Tensor, nn

from zoo_transformer.attention import MultiHeadAttention

__all__ = ["EncoderBlock", "EncoderClassifier", "encoder_classifier"]

NORM_EPS = 1e-6


class EncoderBlock(nn.Module):
    """Attention, then a feed-forward network, each added to its input and normalized.

    >>> block = EncoderBlock(embed_dim=8, num_heads=2, ff_dim=16)
    >>> block(torch.randn(1, 5, 8), torch.zeros(1, 5, dtype=torch.bool)).shape
    torch.Size([1, 5, 8])
    """

    def __init__(
        self, *, embed_dim: int, num_heads: int, ff_dim: int, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.attn = MultiHeadAttention(
            embed_dim=embed_dim, num_heads=num_heads, causal=False
        )
        self.norm1 = nn.LayerNorm(embed_dim, eps=NORM_EPS)
        self.fc1 = nn.Linear(embed_dim, ff_dim)
        self.act = nn.ReLU()
        self.fc2 = nn.Linear(ff_dim, embed_dim)
        self.norm2 = nn.LayerNorm(embed_dim, eps=NORM_EPS)
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: Tensor, padding: Tensor) -> Tensor:
        """Turn (B, length, embed_dim) into the same shape.

        `padding`, (B, length) of booleans, marks tokens that no token attends to.
        """
        attended = self.attn(hidden, padding=padding)
        hidden = self.norm1(hidden + self.dropout(attended))
        changed = self.fc2(self.act(self.fc1(hidden)))
        output: Tensor = self.norm2(hidden + self.dropout(changed))
        return output


class EncoderClassifier(nn.Module):
    """Vectors of words and positions, encoder blocks, their mean, two linear layers."""

    def __init__(
        self,
        *,
        vocab_size: int,
        context_length: int,
        embed_dim: int,
        num_layers: int,
        num_heads: int,
        ff_dim: int,
        hidden_dim: int,
        classes: int,
        pad_token_id: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.pad_token_id = pad_token_id
        self.token_embedding = nn.Embedding(vocab_size, embed_dim)
        self.position_embedding = nn.Embedding(context_length, embed_dim)
        self.blocks = nn.ModuleList(
            EncoderBlock(
                embed_dim=embed_dim,
                num_heads=num_heads,
                ff_dim=ff_dim,
                dropout=dropout,
            )
            for _ in range(num_layers)
        )
        self.hidden = nn.Linear(embed_dim, hidden_dim)
        self.act = nn.ReLU()
        self.classifier = nn.Linear(hidden_dim, classes)
        self.dropout = nn.Dropout(dropout)
        for table in (self.token_embedding, self.position_embedding):
            nn.init.uniform_(table.weight, -0.05, 0.05)  # as in the example

    def forward(self, token: Tensor) -> Tensor:
        """Return the logits, (B, classes), of token ids, (B, length)."""
        hidden, padding = self.embed(token)
        for block in self.blocks:
            hidden = block(hidden, padding)
        there = (~padding).unsqueeze(2).to(hidden.dtype)  # (B, length, 1)
        mean = (hidden * there).sum(dim=1) / there.sum(dim=1)
        mean = self.act(self.hidden(self.dropout(mean)))
        logits: Tensor = self.classifier(self.dropout(mean))
        return logits

    def embed(self, token: Tensor) -> tuple[Tensor, Tensor]:
        """Return the first block's input, (B, length, embed_dim), and the padding.

        The padding is (B, length) of booleans. The first token is always read, so that
        a text without a word has something to attend to.
        """
        position = torch.arange(token.shape[1], device=token.device)
        hidden = self.token_embedding(token) + self.position_embedding(position)
        padding = (token == self.pad_token_id) & (position > 0)
        return hidden, padding

    @torch.no_grad()
    def attention_maps(self, token: Tensor) -> Tensor:
        """Return what each token attends to, (B, layers, heads, length, length).

        Row i of a map is the softmax of equation (1) for token i: how much of the value
        of each token goes into it. A row sums to one, and is zero at padding.
        """
        hidden, padding = self.embed(token)
        maps = []
        for block in self.blocks:
            assert isinstance(block, EncoderBlock)
            maps.append(block.attn.maps(hidden, padding=padding))
            hidden = block(hidden, padding)
        return torch.stack(maps, dim=1)


def encoder_classifier(
    *,
    vocab_size: int,
    context_length: int = 200,
    embed_dim: int = 32,
    num_layers: int = 1,
    num_heads: int = 2,
    ff_dim: int = 32,
    hidden_dim: int = 20,
    classes: int = 2,
    pad_token_id: int = 0,
    dropout: float = 0.1,
) -> EncoderClassifier:
    """A classifier of texts of any size; by default that of the course.

    >>> model = encoder_classifier(vocab_size=100)
    >>> model(torch.tensor([[5, 7, 2]])).shape
    torch.Size([1, 2])
    """
    return EncoderClassifier(
        vocab_size=vocab_size,
        context_length=context_length,
        embed_dim=embed_dim,
        num_layers=num_layers,
        num_heads=num_heads,
        ff_dim=ff_dim,
        hidden_dim=hidden_dim,
        classes=classes,
        pad_token_id=pad_token_id,
        dropout=dropout,
    )
