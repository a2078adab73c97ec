"""A dataset of two pets, for the tests of every source."""

import io
from dataclasses import replace
from typing import Any

import datasets as library
import PIL.Image

from zoo.specs import DatasetSpec

__all__ = ["ABSENT", "ONLINE", "PETS", "parquet", "rows"]

PETS = DatasetSpec(
    name="pets",
    summary="Two pets.",
    license="mit",
    splits={"train": 2, "test": 1},
    columns={"image": ("img",), "label": ("species",)},
    labels=("cat", "dog"),
    homepage="https://example.org/pets",
)
ONLINE = replace(PETS, hub="alice/pets")
ABSENT = "Dataset 'pets' is not in ZOO_DATA (which is not set), not in the cache, and "


def rows(**changed: Any) -> library.Dataset:
    """Make the two pets, under the names that their source uses."""
    columns = {
        "img": [PIL.Image.new("L", (3, 2), gray) for gray in (0, 255)],
        "species": [1, 0],
        "id": ["a", "b"],
    }
    features = {
        "img": library.Image(),
        "species": library.ClassLabel(names=["cat", "dog"]),
        "id": library.Value("string"),
    }
    for name, (values, feature) in changed.items():
        columns[name], features[name] = values, feature
    return library.Dataset.from_dict(columns, features=library.Features(features))


def parquet(table: library.Dataset) -> bytes:
    content = io.BytesIO()
    table.to_parquet(content, batch_size=10)  # unasked, it trips over translations
    return content.getvalue()
