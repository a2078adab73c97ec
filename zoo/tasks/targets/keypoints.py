"""Points that answer where the parts of a pictured object are."""

from __future__ import annotations

import torch
from torch import Tensor

from zoo.specs import KeypointOutput
from zoo.tasks.targets.recipe_only import RecipeOnlyTargets

__all__ = ["KeypointTargets"]


class KeypointTargets(RecipeOnlyTargets[KeypointOutput]):
    """Each target is the points of a picture, (points, 2), as shares of it."""

    plural = "keypoints"
    column_names = ("keypoints",)

    def synthetic(
        self, output_spec: KeypointOutput, given: Tensor, random: torch.Generator
    ) -> Tensor:
        return torch.rand(len(given), len(output_spec.points), 2, generator=random)
