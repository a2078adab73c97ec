"""A bidirectional GRU over characters and n-grams, with a linear path beside it.

Cho et al.: "Learning phrase representations using RNN encoder-decoder for statistical
machine translation", 2014, introduced the gated recurrent unit, equations (5) to (8).
Here two of them read a text, one from each end. Their input at a character is an
embedding of that character and embeddings of the two, three and four characters that
end there, hashed into a table as in Bojanowski et al.: "Enriching word vectors with
subword information", 2017. The hidden states are pooled by their maximum and their
mean, and beside them stands the sum of the inputs, a bag of n-grams.

That is the deep path. The other is wide, as in Cheng et al.: "Wide & deep learning for
recommender systems", 2016: a linear model on which character n-grams a text has. The
classifier takes its output as one more feature. Padding at the end of a text is masked
everywhere, so the prediction for a text does not depend on the rest of the batch.
"""

import torch
from torch import Tensor, nn

__all__ = [
    "MAX_HASH",
    "NO_FEATURE",
    "GRUClassifier",
    "HashedNgramEmbedding",
    "WideLinear",
    "gru_classifier",
    "ngram_hashes",
]

# Large odd multipliers, so that the hashes of similar n-grams lie far from each other.
MULTIPLIER_1, MULTIPLIER_2 = 1_640_531_527, 739_982_445
MAX_HASH = 2**31 - 1
MOST_NGRAM = 16  # characters: each more costs time with every text
NO_FEATURE = -1  # in the place of a hash


def ngram_hashes(token: Tensor, max_n: int) -> Tensor:
    """Return hashes of the n-grams that end at every position: (B, length, max_n).

    The first is of the token itself, the second of the last two tokens, and so on. Two
    n-grams hardly ever have the same hash.
    """
    value = token.long()
    hashes = [value]
    for n in range(2, max_n + 1):
        before = nn.functional.pad(token.long(), (n - 1, 0))[:, : token.shape[1]]
        value = ((value + n) * MULTIPLIER_1 + before) & MAX_HASH
        value = ((value ^ _shifted(value, 15)) * MULTIPLIER_2) & MAX_HASH
        hashes.append(value ^ _shifted(value, 13))
    return torch.stack(hashes, dim=2)


def _shifted(value: Tensor, bits: int) -> Tensor:
    """Return whole numbers above zero, shifted to the right: ONNX divides them."""
    return value // 2**bits if torch.onnx.is_in_onnx_export() else value >> bits


class HashedNgramEmbedding(nn.Module):
    """Embeddings of the n-grams that end at every position, from 2 to `max_n` tokens.

    They share one table, as in fastText: the row is the hash modulo the table's size.
    """

    def __init__(self, *, num_buckets: int, embed_dim: int, max_n: int) -> None:
        super().__init__()
        self.max_n = max_n
        self.embedding = nn.Embedding(num_buckets, embed_dim)
        nn.init.normal_(self.embedding.weight, std=0.01)

    def forward(self, token: Tensor) -> Tensor:
        """Return (B, length, max_n - 1, embed_dim)."""
        embedded: Tensor = self.embedding(self.buckets(token))
        return embedded

    def buckets(self, token: Tensor) -> Tensor:
        """Return the table rows of the n-grams, (B, length, max_n - 1)."""
        return ngram_hashes(token, self.max_n)[..., 1:] % self.embedding.num_embeddings


class WideLinear(nn.Module):
    """A linear model on the n-grams of up to `max_n` characters that a text has.

    The features are a sorted list of hashes; other n-grams are ignored. The
    coefficients are zero until `zoo_rnn.fit_wide` fits them.
    """

    feature_hashes: Tensor

    def __init__(self, *, num_features: int, max_n: int, pad_token_id: int) -> None:
        super().__init__()
        self.max_n, self.pad_token_id = max_n, pad_token_id
        self.register_buffer(
            "feature_hashes", torch.arange(num_features, dtype=torch.int32)
        )
        self.coef = nn.Embedding(num_features, 1)
        nn.init.zeros_(self.coef.weight)

    def forward(self, token: Tensor) -> Tensor:
        """Return the sum of the coefficients over the root of their number: (B, 1)."""
        hashes = self.unique_hashes(token)
        row = sorted_places(self.feature_hashes, hashes)
        row = row.clamp(max=len(self.feature_hashes) - 1)
        is_feature = (self.feature_hashes[row] == hashes) & (hashes != NO_FEATURE)
        is_feature = is_feature.unsqueeze(2)
        total: Tensor = (self.coef(row) * is_feature).sum(dim=1)  # (B, 1)
        return total / is_feature.sum(dim=1).clamp(min=1).sqrt()

    def unique_hashes(self, token: Tensor) -> Tensor:
        """Return the hashes of the n-grams of each text, each once: (B, n-grams).

        One padding token ends a text, and is part of its last n-grams. Repetitions and
        n-grams beyond the end are replaced by `NO_FEATURE`.
        """
        ended = nn.functional.pad(token, (0, 1), value=self.pad_token_id)
        beyond = _positions(ended) > _length(token, self.pad_token_id)[:, None]
        hashes = ngram_hashes(ended, self.max_n)
        hashes = hashes.masked_fill(beyond.unsqueeze(2), NO_FEATURE)
        hashes = hashes.int().flatten(start_dim=1).sort(dim=1).values
        first = torch.full_like(hashes[:, :1], NO_FEATURE)
        repeated = hashes.diff(dim=1, prepend=first) == 0
        return hashes.masked_fill(repeated, NO_FEATURE)


class GRUClassifier(nn.Module):
    """Two paths: a pooled bidirectional GRU, and a linear model on n-grams."""

    def __init__(
        self,
        *,
        vocab_size: int,
        embed_dim: int,
        ngram_buckets: int,
        ngram_dim: int,
        max_ngram: int,
        hidden_size: int,
        wide_features: int,
        wide_max_ngram: int,
        classes: int,
        pad_token_id: int,
        dropout: float,
    ) -> None:
        super().__init__()
        for name, length in (
            ("max_ngram", max_ngram),
            ("wide_max_ngram", wide_max_ngram),
        ):
            if not 1 <= length <= MOST_NGRAM:
                raise ValueError(f"{name}={length} should be from 1 to {MOST_NGRAM}")
        self.pad_token_id = pad_token_id
        self.embedding = nn.Embedding(vocab_size, embed_dim, padding_idx=pad_token_id)
        self.ngrams = HashedNgramEmbedding(
            num_buckets=ngram_buckets, embed_dim=ngram_dim, max_n=max_ngram
        )
        self.dropout = nn.Dropout(dropout)
        input_size = embed_dim + (max_ngram - 1) * ngram_dim
        self.gru_fwd = nn.GRU(input_size, hidden_size, batch_first=True)
        self.gru_bwd = nn.GRU(input_size, hidden_size, batch_first=True)
        self.wide = WideLinear(
            num_features=wide_features, max_n=wide_max_ngram, pad_token_id=pad_token_id
        )
        self.classifier = nn.Linear(4 * hidden_size + input_size + 1, classes)
        nn.init.normal_(self.embedding.weight, std=0.1)
        with torch.no_grad():
            self.embedding.weight[pad_token_id] = 0

    def forward(self, token: Tensor) -> Tensor:
        # Cheng et al., equation (3): logits = w_wide^T x + w_deep^T a + b
        deep = self.dropout(self.pooled(token))
        features = torch.cat([deep, self.wide(token)], dim=1)
        logits: Tensor = self.classifier(features)  # (B, classes)
        return logits

    def pooled(self, token: Tensor) -> Tensor:
        """Return the maximum and the mean of the hidden states, and the sum of the
        inputs over the root of the length: (B, 4 * hidden_size + input_size)."""
        length = self.length(token)
        beyond = (_positions(token) >= length[:, None]).unsqueeze(2)  # (B, length, 1)
        inputs = self.inputs(token).masked_fill(beyond, 0)
        # Summed in the precision of the inputs, also under autocast.
        hidden = torch.cat(self.hidden_states(inputs, length), dim=2).to(inputs.dtype)
        maximum = hidden.masked_fill(beyond, -torch.inf).amax(dim=1)
        mean = hidden.masked_fill(beyond, 0).sum(dim=1) / length[:, None]
        bag = inputs.sum(dim=1) / length[:, None].sqrt()
        return torch.cat([maximum, mean, bag], dim=1)

    def inputs(self, token: Tensor) -> Tensor:
        """Return the inputs of the GRUs at every character: (B, length, input_size).

        In training, dropout takes single numbers of characters, and whole n-grams.
        """
        ngrams = self.ngrams(token)  # (B, length, sizes, ngram_dim)
        kept = self.dropout(torch.ones_like(ngrams[..., :1]))
        characters = self.dropout(self.embedding(token))
        return torch.cat([characters, (ngrams * kept).flatten(start_dim=2)], dim=2)

    def hidden_states(self, inputs: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """Return the hidden states of both directions, (B, length, hidden_size) each.

        Those beyond the end of a text are meaningless.
        """
        backward = gru_states(self.gru_bwd, _reversed(inputs, length))
        return gru_states(self.gru_fwd, inputs), _reversed(backward, length)

    def length(self, token: Tensor) -> Tensor:
        """Return the length of each text without its padding, (B,), at least 1."""
        return _length(token, self.pad_token_id)


def _length(token: Tensor, pad_token_id: int) -> Tensor:
    position = _positions(token) + 1
    return (position * (token != pad_token_id)).amax(dim=1).clamp(min=1)


def _positions(rows: Tensor) -> Tensor:
    return torch.arange(rows.shape[1], device=rows.device)


def _reversed(rows: Tensor, length: Tensor) -> Tensor:
    """Return each text of a batch, (B, length, features), from its own end on."""
    position = (length[:, None] - 1 - _positions(rows)).clamp(min=0)  # (B, length)
    return rows.gather(1, position.unsqueeze(2).expand_as(rows))


def sorted_places(known: Tensor, values: Tensor) -> Tensor:
    """Return how many of the sorted numbers `known` are below each of the values.

    It is `torch.searchsorted`, which ONNX lacks: there the interval is halved.
    """
    if not torch.onnx.is_in_onnx_export():
        return torch.searchsorted(known, values)
    place = torch.zeros_like(values, dtype=torch.long)
    for bit in reversed(range(len(known).bit_length())):
        after = place + 2**bit
        below = known[(after - 1).clamp(max=len(known) - 1)] < values
        place = torch.where(below & (after <= len(known)), after, place)
    return place


def gru_states(gru: nn.GRU, inputs: Tensor) -> Tensor:
    """Return the hidden states of a GRU of one layer, (B, length, hidden_size).

    A graph has no loop over the length: there it is the operator of ONNX, whose gates
    are ordered update, reset, new.
    """
    if not torch.onnx.is_in_onnx_export():
        states: Tensor = gru(inputs)[0]
        return states

    def ordered(name: str) -> Tensor:
        reset, update, new = gru.get_parameter(name).chunk(3)
        return torch.cat([update, reset, new]).unsqueeze(0)

    weights = ordered("weight_ih_l0"), ordered("weight_hh_l0")
    bias = torch.cat([ordered("bias_ih_l0"), ordered("bias_hh_l0")], dim=1)
    batch, length, _ = inputs.shape
    found, _ = torch.onnx.ops.symbolic_multi_out(
        "GRU",
        (inputs.transpose(0, 1), *weights, bias),
        {"hidden_size": gru.hidden_size, "linear_before_reset": 1},
        dtypes=(inputs.dtype, inputs.dtype),
        shapes=((length, 1, batch, gru.hidden_size), (1, batch, gru.hidden_size)),
    )
    return found.squeeze(1).transpose(0, 1)


def gru_classifier(
    *,
    vocab_size: int,
    embed_dim: int = 64,
    ngram_buckets: int = 393_216,
    ngram_dim: int = 4,
    max_ngram: int = 4,
    hidden_size: int = 128,
    wide_features: int = 250_000,
    wide_max_ngram: int = 5,
    classes: int = 2,
    pad_token_id: int = 0,
    dropout: float = 0.4,
) -> GRUClassifier:
    """A classifier with `hidden_size` units in each direction.

    A character has `embed_dim` numbers, and an n-gram that ends at it `ngram_dim`. The
    wide path has `wide_features` n-grams of `wide_max_ngram` characters at most.
    """
    return GRUClassifier(
        vocab_size=vocab_size,
        embed_dim=embed_dim,
        ngram_buckets=ngram_buckets,
        ngram_dim=ngram_dim,
        max_ngram=max_ngram,
        hidden_size=hidden_size,
        wide_features=wide_features,
        wide_max_ngram=wide_max_ngram,
        classes=classes,
        pad_token_id=pad_token_id,
        dropout=dropout,
    )
