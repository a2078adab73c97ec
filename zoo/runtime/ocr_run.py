"""A run whose targets are texts in pictures: `OCRRun`."""

from typing import Any

from torch import Tensor

from zoo.runtime.ocr_metrics import encode_texts
from zoo.runtime.rows import TensorRows
from zoo.runtime.run import Run

__all__ = ["OCRRun"]


class OCRRun(Run):
    """A run that is given texts as targets, or the numbers of their characters."""

    def to_rows(self, name: str, split: str, given: Tensor, target: Any) -> TensorRows:
        if not isinstance(target, Tensor):
            target = encode_texts(target, self.spec.output)
        return super().to_rows(name, split, given, target)
