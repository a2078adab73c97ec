"""Logistic regression on TF-IDF vectors.

Salton, Buckley: "Term-weighting approaches in automatic text retrieval", 1988, weight
the words of a text: more where they are often in it, less where they are in many texts.
Joachims: "Text categorization with support vector machines", 1998, found that a linear
classifier suits such vectors, long and sparse as they are. Here it is logistic
regression. The inverse document frequencies are fitted in closed form, and kept in a
buffer of the state dict beside the weights.
"""

from torch import Tensor, nn

from zoo_text_retrieval.lsa import TfIdf

__all__ = ["TfidfLinear", "tfidf_linear"]


class TfidfLinear(nn.Module):
    """TF-IDF vectors of length one, and one linear layer on them.

    >>> model = TfidfLinear(vocab_size=100, classes=2)
    >>> model(torch.tensor([[2, 5, 5, 0]])).shape
    torch.Size([1, 2])
    """

    def __init__(self, *, vocab_size: int, classes: int) -> None:
        super().__init__()
        self.tfidf = TfIdf(vocab_size)
        self.classifier = nn.Linear(vocab_size, classes)

    def forward(self, token: Tensor) -> Tensor:
        # x = tf(token) * idf / |tf(token) * idf|, and logits = W x + b
        logits: Tensor = self.classifier(self.tfidf(token))
        return logits  # (B, length) -> (B, vocab_size) -> (B, classes)


def tfidf_linear(*, vocab_size: int, classes: int = 2) -> TfidfLinear:
    """A linear classifier of the TF-IDF vectors of `vocab_size` tokens."""
    return TfidfLinear(vocab_size=vocab_size, classes=classes)
