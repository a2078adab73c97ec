"""A text with gaps in, what may fill them out. The Hub's tag is fill-mask."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from zoo.runtime import fill_mask
from zoo.specs import MaskedTokenOutput
from zoo.tasks._tokens import TokenTask
from zoo.tasks.results.result import Result
from zoo.tasks.results.text_generation import FilledText, MaskFill

__all__ = ["TASK"]


class FillMask(TokenTask[MaskedTokenOutput]):
    output_types = (MaskedTokenOutput,)
    options = fill_mask.OPTIONS

    def predict(
        self,
        module: nn.Module,
        given: Tensor,
        opened: Sequence[Any],
        options: Mapping[str, Any],
    ) -> list[Result]:
        """Return the likeliest tokens of each gap; see `zoo.runtime.fill_mask`."""
        results = fill_mask.predict(module, given, opened, **options)
        return [_typed(**one) for one in results]


TASK = FillMask()


def _typed(text: str, masks: Sequence[Sequence[Mapping[str, Any]]]) -> FilledText:
    typed = (tuple(MaskFill(**one) for one in fillings) for fillings in masks)
    return FilledText(text=text, masks=tuple(typed))
