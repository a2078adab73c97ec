"""A run whose rows are texts: `TextRun`."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from zoo.runtime import DataError
from zoo.runtime.rows import TensorRows
from zoo.runtime.run import Run

__all__ = ["TextRun"]


class TextRun(Run):
    """A run that is given texts, files of them, or token ids."""

    def load_texts(
        self,
        name: str,
        split: str = "train",
        *,
        target: bool = False,
        column: str = "text",
    ) -> list[str]:
        """Return the texts that were given for a split: the inputs, or the targets.

        A split of texts without targets may be a list of them, or a single one. Raises
        DataError.
        """
        given = self.given(name, split)
        texts = given[target] if isinstance(given, tuple) else given
        texts = [texts] if isinstance(texts, str | Path) else list(texts)
        texts = [t.read_text("utf-8") if isinstance(t, Path) else t for t in texts]
        for kind in {type(t).__name__ for t in texts if not isinstance(t, str)}:
            raise DataError(f"The rows {split!r} hold {kind!r} where a text should be.")
        return texts

    def load_rows(self, name: str, split: str = "train", **columns: Any) -> TensorRows:
        given = self.given(name, split)
        if not isinstance(given, tuple) or isinstance(given[0], Tensor):
            return super().load_rows(name, split, **columns)
        texts = self.load_texts(name, split)
        tokens = self._inputs.encode(texts, self.spec.input)
        target, source = torch.as_tensor(given[1]), f"{name}/{split}"
        return TensorRows(input=tokens, target=target, source=source)
