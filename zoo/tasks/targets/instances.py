"""Maps of objects that answer which of them each pixel of a picture belongs to."""

from __future__ import annotations

import torch
from torch import Tensor

from zoo.specs import InstanceOutput
from zoo.tasks.targets.recipe_only import RecipeOnlyTargets

__all__ = ["InstanceTargets"]

STAND_INS = 2  # objects in a picture of a test


class InstanceTargets(RecipeOnlyTargets[InstanceOutput]):
    """Each target is a map, (2, height, width): the number of the object at each pixel,
    from 1, or 0 for the ground; and the number of that object's label."""

    plural = "masks of single objects"
    column_names = ("mask",)

    def synthetic(
        self, output_spec: InstanceOutput, given: Tensor, random: torch.Generator
    ) -> Tensor:
        height, width = given.shape[-2:]
        target = torch.zeros(len(given), 2, height, width, dtype=torch.uint8)
        labels = torch.randint(
            len(output_spec.labels), (len(given), STAND_INS), generator=random
        )
        for number in range(STAND_INS):  # beside each other, a third of the picture
            left = number * width // 2
            part = slice(height // 4, 3 * height // 4), slice(left, left + width // 3)
            target[:, 0, part[0], part[1]] = number + 1
            target[:, 1, part[0], part[1]] = labels[:, number, None, None].byte()
        return target
