"""Long texts as rows of tokens, for models that learn what comes next.

A whole split becomes one row of tokens, which is cut into passages of one length.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from zoo.runtime import DataError, TrainingError, tokenizer
from zoo.runtime.rows import TensorRows

__all__ = ["TokenStream", "load_token_stream"]

SMOKE_CHARACTERS = 1 << 13  # characters of a split that a smoke run reads


@dataclass(frozen=True, kw_only=True)
class TokenStream:
    """The tokens of a split, (tokens,), and where they come from.

    `characters` is the length of the text, for metrics by the character.
    """

    token: Tensor
    characters: int
    source: str
    fingerprint: str

    def __len__(self) -> int:
        return len(self.token)

    def passages(
        self, length: int, *, offset: int = 0, step: int | None = None
    ) -> TensorRows:
        """Return rows of `length` tokens from `offset` on, each token's next as target.

        A row begins `step` after the one before, by default where that ends. What is
        left at the end and makes no whole row is left out. Raises DataError.
        """
        given, following = self.token[offset:-1], self.token[offset + 1 :]
        if len(given) < length:
            raise DataError(
                f"{self.source} has {len(self):,} "
                f"token{'' if len(self) == 1 else 's'}: too few for a passage of "
                f"{length} from place {offset} on."
            )
        return TensorRows(
            input=given.unfold(0, length, step or length),
            target=following.unfold(0, length, step or length).long(),
            source=self.source,
            fingerprint=self.fingerprint,
        )


def load_token_stream(
    run: Any,
    name: str,
    split: str,
    *,
    column: str = "text",
    change: Callable[[str], str] = str,
) -> TokenStream:
    """Return the texts of a split as one row of tokens, by the run's tokenizer.

    `change` may leave out of the text what no token stands for. Its fingerprint goes
    into the receipt. A smoke run reads only the beginning, and noise where the data
    can't be had. Raises DataError, TrainingError.
    """
    input_spec = tokenizer.text_input(run.spec.input)
    if input_spec is None:
        raise TrainingError(f"{run.spec.name!r} takes no text, so it reads no passage.")
    texts = run.load_texts(name, split, column=column)
    text = change("\n".join(texts)[: SMOKE_CHARACTERS if run.smoke else None])
    source, seal = f"{name}/{split}", hashlib.sha256(text.encode()).hexdigest()
    run.data[source] = {"rows": len(texts), "fingerprint": seal}
    return TokenStream(
        token=torch.tensor(
            tokenizer.encode_untruncated(text, input_spec), dtype=torch.int32
        ),
        characters=len(text),
        source=source,
        fingerprint=seal,
    )
