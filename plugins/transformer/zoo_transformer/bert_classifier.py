"""A BERT that classifies a text, and the two heads of its pre-training.

Devlin, Chang, Lee, Toutanova: "BERT: pre-training of deep bidirectional transformers
for language understanding", 2018. With h_1, ..., h_T the last hidden states of a text:

    pooled = tanh(W_p (mean over t of h_t) + b_p)
    logits = W pooled + b

In pre-training the model reads "[CLS] A [SEP] B [SEP]" and learns two tasks at once
(section 3.1): which tokens are masked, from their hidden states, and whether B followed
A in the text, from `pooled`. One thing differs from the paper, which pools the hidden
state of [CLS] alone.
"""

from torch import Tensor, nn

from zoo_transformer.attention import init_weights
from zoo_transformer.bert import Encoder, MaskedLMHead

__all__ = ["BERTClassifier", "BERTForPretraining", "bert_classifier"]


class BERTClassifier(Encoder):
    """Token ids to logits of classes."""

    def __init__(
        self,
        *,
        vocab_size: int,
        context_length: int,
        embed_dim: int,
        num_layers: int,
        num_heads: int,
        classes: int,
        pad_token_id: int,
        dropout: float,
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
        self.pooler = nn.Linear(embed_dim, embed_dim)
        self.classifier = nn.Linear(embed_dim, classes)
        self.apply(init_weights)

    def forward(self, token: Tensor) -> Tensor:
        """Return the logits, (B, classes), of token ids, (B, length)."""
        pooled = self.pool(self.hidden_states(token), token)
        logits: Tensor = self.classifier(self.dropout(pooled))
        return logits

    def pool(self, hidden: Tensor, token: Tensor) -> Tensor:
        """Return one vector of each text, (B, embed_dim); padding has no part in it."""
        pooled: Tensor = self.pooler(self.mean_hidden(hidden, token)).tanh()
        return pooled


class BERTForPretraining(nn.Module):
    """A BERT with the heads of masked tokens and of next sentence prediction.

    >>> body = bert_classifier(vocab_size=50, embed_dim=8, num_layers=1, num_heads=2)
    >>> token = torch.tensor([[2, 9, 3, 7, 3]])
    >>> segment = torch.tensor([[0, 0, 0, 1, 1]])
    >>> logits, next_logits = BERTForPretraining(body)(token, segment, token > 4)
    >>> logits.shape, next_logits.shape
    (torch.Size([2, 50]), torch.Size([1, 2]))
    """

    def __init__(self, body: BERTClassifier) -> None:
        super().__init__()
        self.body = body
        vocab_size, embed_dim = body.token_embedding.weight.shape
        self.lm_head = MaskedLMHead(vocab_size=vocab_size, embed_dim=embed_dim)
        self.nsp_head = nn.Linear(embed_dim, 2)
        self.lm_head.apply(init_weights)
        self.nsp_head.apply(init_weights)

    def forward(
        self, token: Tensor, segment: Tensor, selected: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return logits of the tokens at `selected`, (selected, vocab_size), and
        whether the second text of a row followed the first, (B, 2).

        `token`, `segment` and `selected`, booleans, are (B, length); `segment` is 1 in
        the second text.
        """
        hidden = self.body.hidden_states(token, segment)
        logits = self.lm_head(hidden[selected], self.body.token_embedding.weight)
        return logits, self.nsp_head(self.body.pool(hidden, token))


def bert_classifier(
    *,
    vocab_size: int,
    context_length: int = 200,
    embed_dim: int = 128,
    num_layers: int = 4,
    num_heads: int = 4,
    classes: int = 2,
    pad_token_id: int = 0,
    dropout: float = 0.0,
) -> BERTClassifier:
    """A BERT of any size that classifies; by default that of `bert-mini-imdb`.

    >>> model = bert_classifier(vocab_size=100)
    >>> model(torch.tensor([[5, 7, 2]])).shape
    torch.Size([1, 2])
    """
    return BERTClassifier(
        vocab_size=vocab_size,
        context_length=context_length,
        embed_dim=embed_dim,
        num_layers=num_layers,
        num_heads=num_heads,
        classes=classes,
        pad_token_id=pad_token_id,
        dropout=dropout,
    )
