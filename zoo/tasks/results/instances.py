"""What a prediction looks like where objects are found in a picture, with masks."""

from dataclasses import dataclass, field
from typing import Any

from PIL import Image, ImageColor

from zoo.tasks.results.detection import Detection, Detections
from zoo.tasks.results.rendering import COLOURS, coded

__all__ = ["Instance", "Instances"]

COVER = 0.5  # how much of the colour lies on the picture


@dataclass(frozen=True, kw_only=True)
class Instance(Detection):
    """One thing found: what it is, how sure that is, where, and which pixels.

    `mask` is as large as the box; the thing's pixels are white in it.
    """

    mask: Image.Image = field(repr=False)

    @property
    def area(self) -> int:
        """How many pixels the thing has."""
        return self.mask.histogram()[255]


@dataclass(frozen=True, kw_only=True, repr=False)
class Instances(Detections):
    """Things found in one picture with their masks, the surest first."""

    objects: tuple[Instance, ...]

    def mask_of(self, number: int) -> Image.Image:
        """Return the pixels of one of the objects, white on black, as large as the
        picture."""
        one = self.objects[number]
        whole = Image.new("L", self.size)
        whole.paste(one.mask, (one.box.xmin, one.box.ymin))
        return whole

    def to_dict(self) -> dict[str, Any]:
        """Return a segment for each object in the Hub's form, and its box."""
        segments = [
            {
                "label": one.label,
                "score": one.score,
                "box": vars(one.box),
                "mask": coded(self.mask_of(number)),
            }
            for number, one in enumerate(self.objects)
        ]
        return {"segments": segments, "size": list(self.size)}

    def to_coco(self, image_id: int = 1, first_id: int = 1) -> list[dict[str, Any]]:
        """Return an annotation in COCO's form for each object, as of `Detections`, with
        its mask as the lengths of runs, column by column."""
        annotations = super().to_coco(image_id, first_id)
        for number, (made, one) in enumerate(
            zip(annotations, self.objects, strict=True)
        ):
            size, counts = [self.size[1], self.size[0]], _runs(self.mask_of(number))
            made["segmentation"] = {"size": size, "counts": counts}
            made["area"] = one.area
        return annotations

    def to_tensors(self) -> dict[str, Any]:
        """Return tensors in the form of torchvision's models, as of `Detections`, with
        `masks` (objects, 1, height, width), 1 where an object is and 0 elsewhere."""
        import torch  # what only shows a result needs no torch

        width, height = self.size
        masks = torch.zeros(len(self.objects), 1, height, width)
        for number in range(len(self.objects)):
            pixels = torch.frombuffer(
                bytearray(self.mask_of(number).tobytes()), dtype=torch.uint8
            )
            masks[number, 0] = pixels.view(height, width) / 255
        return {**super().to_tensors(), "masks": masks}

    def render(self) -> Image.Image | None:
        """Return the picture with a colour on each object, or, where there is no
        picture, the colours alone."""
        seen = Image.new("RGB", self.size)
        if self.picture is not None:
            seen = self.picture.convert("RGB").resize(self.size)
        # The surest last, so that no other object hides it.
        for number, one in reversed([*enumerate(self.objects)]):
            colour = ImageColor.getrgb(COLOURS[number % len(COLOURS)])
            cover = one.mask.point([0] * 255 + [int(255 * COVER)])
            place = one.box.xmin, one.box.ymin
            seen.paste(Image.new("RGB", one.mask.size, colour), place, cover)
        return seen


def _runs(mask: Image.Image) -> list[int]:
    """Return how many pixels in turn are black and white, down each column: COCO's
    lengths of runs, which begin with black."""
    pixels = mask.transpose(Image.Transpose.TRANSPOSE).tobytes()
    counts, place, value = [], 0, 0
    while place < len(pixels):
        end = pixels.find(255 - value, place)
        end = len(pixels) if end < 0 else end
        counts.append(end - place)
        place, value = end, 255 - value
    return counts
