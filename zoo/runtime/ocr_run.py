"""A run whose targets are texts in pictures: `OCRRun`."""

from typing import Any

from torch import Tensor

from zoo.runtime.ocr_metrics import encode_texts
from zoo.runtime.run import Run

__all__ = ["OCRRun"]


class OCRRun(Run):
    """A run that is given texts as targets, or the numbers of their characters."""

    def given(self, name: str, split: str) -> Any:
        pictures, texts = super().given(name, split)
        if isinstance(texts, Tensor):
            return pictures, texts
        return pictures, encode_texts(texts, self.spec.output)
