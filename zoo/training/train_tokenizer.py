"""The tokenizer that a recipe makes: from training texts to what the model reads with.

What is made here is saved beside the weights, and pinned in config.json.
"""

import hashlib
import random
from dataclasses import replace
from typing import TYPE_CHECKING

from zoo.datasets import registered as datasets
from zoo.datasets.in_memory import STAND_IN, check_columns
from zoo.errors import DataError, DatasetNotFound, MissingExtra, TrainingError
from zoo.runtime.tokenizer import text_input
from zoo.training.run import Run

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["training_texts", "use_tokenizer"]

NOISE = 500  # different words in a smoke run without data


def training_texts(
    run: Run, name: str, split: str = "train", *, column: str = "text"
) -> list[str]:
    """Return a text column of a dataset, as it is, to make a tokenizer of.

    A smoke run takes random words where the data can't be had.
    """
    try:
        rows = datasets.load_dataset(name, split)
    except (DataError, DatasetNotFound, MissingExtra):
        if not run.smoke:
            raise
        return _noise()
    check_columns(f"{name}/{split}", rows, (column,))
    return [str(text) for text in rows[column][:]]  # all at once: much sooner


def use_tokenizer(run: Run, tokenizer: "Tokenizer") -> None:
    """Let the model that `run.build` will make read with this tokenizer.

    It is saved beside the weights. Of more tokens than the spec's vocabulary holds,
    the model would have no place for the last. Raises TrainingError.
    """
    input_spec = text_input(run.spec.input)
    if input_spec is None:
        raise TrainingError(f"{run.spec.name!r} takes no text, so no tokenizer.")
    size = tokenizer.get_vocab_size()
    if size > input_spec.vocab_size:
        raise TrainingError(
            f"The tokenizer has {size:,} tokens, and {run.spec.name!r} is built for "
            f"{input_spec.vocab_size:,}."
        )
    content = tokenizer.to_str().encode()
    pin = hashlib.sha256(content).hexdigest()
    run.spec = replace(
        run.spec, input=replace(input_spec, tokenizer=pin, tokenizer_source=content)
    )


def _noise() -> list[str]:
    drawing = random.Random(0)
    letters = str.maketrans("0123456789", "abcdefghij")  # to some, numbers are no words
    words = [f"word{number}".translate(letters) for number in range(NOISE)]
    return [" ".join(drawing.choices(words, k=20)) for _ in range(STAND_IN)]
