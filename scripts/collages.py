"""Pictures of two things, made of real photographs of one, to try windows on.

They are made anew each time and not stored: the licences of the photographs differ.
"""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from PIL import Image, ImageOps
from torch import nn

import zoo
from zoo.models.metadata import model_metadata
from zoo.runtime.eval_mode import forward_on_device
from zoo.specs import ImageInput
from zoo.tasks.image_classification import TASK
from zoo.tasks.results.vision import Detection

__all__ = ["INSECTS", "PETS", "SIDE", "Collage", "Pair", "collages", "photographs"]
__all__ += ["two_way"]

SIDE = 224  # pixels of a tile
DECAY = 1e-3  # keeps the head from growing without end where it makes no mistake


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A dataset, its column of two labels, and their names."""

    dataset: str
    column: str
    names: tuple[str, str]


PETS = Pair(dataset="oxford_iiit_pet", column="species", names=("cat", "dog"))
INSECTS = Pair(dataset="hymenoptera", column="label", names=("ant", "bee"))


@dataclass(frozen=True, kw_only=True)
class Collage:
    """Two photographs side by side, and what they show from left to right."""

    picture: Image.Image
    names: tuple[str, str]

    def shown_by(self, found: Iterable[Detection]) -> bool:
        """Return whether each name is found in its own half of the picture."""
        places = {
            (one.label, (one.box.xmin + one.box.xmax) / 2 > SIDE) for one in found
        }
        return {(self.names[0], False), (self.names[1], True)} <= places


def photographs(pair: Pair, split: str) -> list[tuple[Image.Image, int]]:
    """Return the set's photographs, shuffled, with the numbers of their labels."""
    rows = zoo.load_dataset(pair.dataset, split)
    found = [(row["image"].convert("RGB"), row[pair.column]) for row in rows]
    random.Random(0).shuffle(found)
    return found


def collages(
    pair: Pair, photos: list[tuple[Image.Image, int]], count: int, seed: int = 0
) -> Iterator[Collage]:
    """Yield a photograph of each label, drawn at random and in either order."""
    chance = random.Random(seed)
    kinds = [[photo for photo, label in photos if label == n] for n in (0, 1)]
    for _ in range(count):
        order = chance.sample((0, 1), 2)
        whole = Image.new("RGB", (2 * SIDE, SIDE))
        for place, label in enumerate(order):
            tile = ImageOps.fit(chance.choice(kinds[label]), (SIDE, SIDE))
            whole.paste(tile, (place * SIDE, 0))
        yield Collage(picture=whole, names=(pair.names[order[0]], pair.names[order[1]]))


def two_way(name: str, pair: Pair, photos: list[tuple[Image.Image, int]]) -> nn.Module:
    """Return a registered model with a new head for the two labels, fitted to `photos`.

    What comes before the head stays as it is, so it is computed once.
    """
    torch.manual_seed(0)
    model = zoo.load(name, labels=list(pair.names))
    spec = model_metadata(model).spec
    assert isinstance(spec.input, ImageInput)
    assert spec.head is not None
    head, seen = model.get_submodule(spec.head), []
    handle = head.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    for start in range(0, len(photos), 32):
        part = [photo for photo, _ in photos[start : start + 32]]
        forward_on_device(model, TASK.collate(part, spec.input))
    handle.remove()
    _fit(head, torch.cat(seen).clone(), torch.tensor([label for _, label in photos]))
    return model


def _fit(head: nn.Module, features: torch.Tensor, label: torch.Tensor) -> None:
    weight, bias = head.parameters()
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=100)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(head(features), label)
        loss = loss + DECAY * weight.square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
