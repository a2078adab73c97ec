"""The words nearest to words, by their vectors: `zoo.nearest_words`.

`zoo.inference.sample` lists the methods that a module needs for it.
"""

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor, nn
from torch.nn.functional import normalize

from zoo.errors import InputError, a_type, near
from zoo.inference.sample import require_verb
from zoo.models.devices import Device, on_device
from zoo.models.loading import require_module
from zoo.runtime import feature_extraction, tokenizer
from zoo.specs import TextInput
from zoo.tasks.results.vision import NearestWords, SimilarWord

__all__ = ["nearest_words"]

EXPECTED = "single words that it knows"


def nearest_words(
    model: nn.Module | str | Path,
    word: str | None = None,
    *,
    positive: Sequence[str] = (),
    negative: Sequence[str] = (),
    n: int = 10,
    device: Device | None = None,
) -> NearestWords:
    """Return the `n` words nearest to a word, by the cosine between their vectors.

    With `positive` and `negative` words, those nearest to the sum of their directions:
    `positive=["king", "woman"], negative=["man"]` asks what is to a woman as a king is
    to a man. None of the words given is among the answers. Raises VerbError,
    InputError, OptionError.

    >>> [
    ...     one.word
    ...     for one in zoo.nearest_words(
    ...         "word2vec-skipgram", "coffee", n=2
    ...     ).most_similar
    ... ]
    ['tea', 'beer']
    """
    module = require_module(model, "zoo.nearest_words(model, word)", device)
    spec = require_verb(module, "nearest_words")
    count = feature_extraction.check_count(
        module, n, "n", ["positive", "negative", "n"]
    )
    added = ([] if word is None else [word]) + _several(positive, "positive")
    taken = _several(negative, "negative")
    if not added and not taken:
        raise InputError("There is no word.", EXPECTED)
    input_spec = tokenizer.text_input(spec.input)
    assert input_spec is not None, "words are of texts"
    rows = [_number(one, input_spec) for one in (*added, *taken)]
    with on_device(module, device):
        matrix = feature_extraction.embedding_matrix(module)
        assert matrix is not None, "require_verb has checked that"
        direction: Tensor = normalize(matrix[rows], dim=1)
        direction[len(added) :] *= -1
        nearest = feature_extraction.nearest(
            module, direction.sum(dim=0), count, without=rows
        )
    words = tuple(SimilarWord(**one) for one in nearest)
    return NearestWords(
        positive=tuple(added), negative=tuple(taken), most_similar=words
    )


def _several(words: Sequence[str], name: str) -> list[str]:
    if isinstance(words, str) or not hasattr(words, "__iter__"):
        problem = f"{name}={words!r} is no list of words."
        raise InputError(problem, EXPECTED)
    return list(words)


def _number(word: object, input_spec: TextInput) -> int:
    """Return the number of a word; name those that it may have been meant as."""
    if not isinstance(word, str):
        problem = f"{a_type(word)} is not a word."
        raise InputError(problem, EXPECTED)
    if not word.strip():
        raise InputError("The word is empty.", EXPECTED)
    numbers = tokenizer.encode_untruncated(word, input_spec)
    if len(numbers) > 1:
        problem = (
            f"{word!r} is {len(numbers)} words: give them as positive={word.split()}."
        )
        raise InputError(problem, EXPECTED)
    reader = tokenizer.tokenizer(input_spec)
    if not numbers or numbers[0] in (input_spec.pad_token_id, input_spec.unk_token_id):
        special = (input_spec.pad_token_id, input_spec.unk_token_id)
        known = (one for one, n in reader.get_vocab().items() if n not in special)
        problem = f"The model does not know the word {word!r}. {near(word, known)}"
        raise InputError(problem.rstrip(), EXPECTED)
    return numbers[0]
