"""The tokenizer that a recipe makes of its training texts.

What is made here is saved beside the weights, and pinned in config.json.
"""

import hashlib
from typing import TYPE_CHECKING, Any

from zoo.runtime import TrainingError
from zoo.runtime.specs import replace_values
from zoo.runtime.tokenizer import text_input

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["use_tokenizer"]


def use_tokenizer(run: Any, tokenizer: "Tokenizer") -> None:
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
    reading = replace_values(input_spec, tokenizer=pin, tokenizer_source=content)
    run.spec = replace_values(run.spec, input=reading)
