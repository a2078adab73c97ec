"""What the card of the U-Net of streets tells, and the input of its golden."""

from torch import nn

from zoo import Run
from zoo_segmentation.class_report import report_classes
from zoo_segmentation.full_size import draw_examples, full_size_ious
from zoo_segmentation.photographs import STREET, STREET_EXAMPLES, streets
from zoo_segmentation.photographs import street_example as example
from zoo_segmentation.streets import data

__all__ = ["example", "report"]

COLORS = (  # those in which the masks of the set are shown
    (128, 128, 128),
    (128, 0, 0),
    (192, 192, 128),
    (128, 64, 128),
    (60, 40, 222),
    (128, 128, 0),
    (192, 128, 128),
    (64, 64, 128),
    (64, 0, 128),
    (64, 64, 0),
    (0, 128, 192),
)
FOUND = "The pictures that ship with the model, and what it finds in them."


def report(model: nn.Module, run: Run) -> None:
    """Add the baselines, measurements and images of the model card."""
    train_rows, test_rows = data(run, "train"), data(run, "test")
    report_classes(model, run, train_rows, test_rows, COLORS)
    run.log_figure("examples", draw_examples(model, STREET_EXAMPLES), FOUND)
    full_size = 0.0
    if test_rows.fingerprint != "stand-in":
        ious = full_size_ious(model, streets("test", len(test_rows)), STREET)
        full_size = ious.nanmean().item()
    run.log_summary(full_size_iou=full_size)
