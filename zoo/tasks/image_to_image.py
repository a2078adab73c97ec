"""A picture in, a picture out. The Hub's tag is image-to-image."""

from zoo.tasks import image_classification as reading
from zoo.tasks import unconditional_image_generation as drawing

__all__ = ["batch", "items", "opened", "results", "suspicion"]

items, opened, batch = reading.items, reading.opened, reading.batch
suspicion, results = reading.suspicion, drawing.results
