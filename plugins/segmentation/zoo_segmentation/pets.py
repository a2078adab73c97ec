"""Photographs of pets and their masks, of two classes or of three, as tensors."""

from zoo.recipes import Run, TensorRows

__all__ = ["DATASET", "FURTHER_BREEDS", "data", "trimaps"]

DATASET = "oxford_iiit_pet"  # of three breeds
FURTHER_BREEDS = "oxford_iiit_pet_more"  # of the other 34, which no model is trained on
READER = "zoo_segmentation.photographs:read_rows"  # of the set's own files
TRIMAP_READER = "zoo_segmentation.photographs:read_trimaps"
SMOKE_ROWS = 12


def data(run: Run, split: str) -> TensorRows:
    """Return photographs as bytes, stretched to the model's frame, and their masks.

    A mask, (height, width), is 1 where the pet or its outline is.
    """
    return _rows(run, split, READER)


def trimaps(run: Run, split: str) -> TensorRows:
    """Return photographs as bytes, stretched to the model's frame, and their masks.

    A mask, (height, width), is 1 where the pet is, and 2 where its outline is.
    """
    return _rows(run, split, TRIMAP_READER)


def _rows(run: Run, split: str, reader: str) -> TensorRows:
    first = SMOKE_ROWS if run.smoke else None
    rows = run.load_rows(DATASET, split, reader=reader, first=first)
    return rows[:first]
