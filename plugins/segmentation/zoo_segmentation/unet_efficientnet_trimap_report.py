"""What the card of the U-Net of trimaps tells, and the input of its golden."""

from torch import nn

from zoo import Run
from zoo_segmentation.class_report import class_ious, report_classes
from zoo_segmentation.full_size import draw_examples, full_size_ious
from zoo_segmentation.pets import trimaps as data
from zoo_segmentation.photographs import EXAMPLES, TRIMAP, example, photographs
from zoo_segmentation.report import further_breeds_ious, pet_share_without_pets

__all__ = ["example", "report"]

COLORS = ((0, 0, 0), (68, 119, 170), (204, 102, 119))
FOUND = "The masks of the two CC0 photographs: the pet in blue, its border in red."


def report(model: nn.Module, run: Run) -> None:
    """Add the baselines, measurements and images of the model card."""
    train_rows, test_rows = data(run, "train"), data(run, "test")
    predicted = report_classes(model, run, train_rows, test_rows, COLORS)
    either = class_ious((predicted > 0).long(), (test_rows.target > 0).long(), 2)
    further = further_breeds_ious(model, TRIMAP, smoke=run.smoke)
    run.log_summary(
        further_breeds_iou=sum(further) / len(further),
        iou_pet_with_border=either[1].item(),
        **pet_share_without_pets(model, smoke=run.smoke),
    )
    run.log_figure("examples", draw_examples(model, EXAMPLES), FOUND)
    full_size = 0.0
    if test_rows.fingerprint != "stand-in":
        ious = full_size_ious(model, photographs("test", len(test_rows)), TRIMAP)
        full_size = ious.mean().item()
    run.log_summary(full_size_iou=full_size)
