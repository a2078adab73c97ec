"""Boxes that answer what objects a picture shows, and where."""

from __future__ import annotations

import torch
from torch import Tensor

from zoo.specs import BoxOutput, Input
from zoo.tasks.targets.base import Kinds
from zoo.tasks.targets.recipe_only import RecipeOnlyTargets

__all__ = ["BoxTargets"]

OBJECTS = 3  # of a stand-in row


class BoxTargets(RecipeOnlyTargets[BoxOutput]):
    """Each target is the objects of a picture; see `zoo.runtime.boxes`."""

    plural = "boxes"
    column_names = ("objects", "boxes", "annotations")
    dataset_labels = True

    def synthetic(
        self, output_spec: BoxOutput, given: Tensor, random: torch.Generator
    ) -> Tensor:
        """Return boxes, (rows, 3, 5), of random labels."""
        rows, count = len(given), len(output_spec.labels)
        shape = (rows, OBJECTS, 1)
        label = torch.randint(count, shape, generator=random).float()
        low = 0.6 * torch.rand(rows, OBJECTS, 2, generator=random)
        size = 0.2 + 0.2 * torch.rand(rows, OBJECTS, 2, generator=random)
        return torch.cat([label, low, low + size], dim=2)

    def two_kinds(
        self, drawn: Tensor, input_spec: Input, output_spec: BoxOutput
    ) -> Kinds:
        raise NotImplementedError("heads of boxes are not fine-tuned yet")
