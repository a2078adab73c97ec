"""Pictures of streets and their masks of eleven classes, as tensors."""

from zoo.recipes import Run, TensorRows

__all__ = ["DATASET", "data"]

DATASET = "camvid"
READER = "zoo_segmentation.photographs:read_streets"  # of the set's own files
SMOKE_ROWS = 12


def data(run: Run, split: str) -> TensorRows:
    """Return pictures as bytes, stretched to the model's frame, and their masks.

    A mask, (height, width), has the number of a class for each pixel, and 255 where a
    pixel is of none.
    """
    first = SMOKE_ROWS if run.smoke else None
    rows = run.load_rows(DATASET, split, reader=READER, first=first)
    return rows[:first]
