"""Models that draw, where their family says how they learn from a user's own pictures.

What the family says is a `zoo.tasks._picture_learning.PictureLearning`. A model that is
given noise learns from pictures alone, and so does one that is given the pictures
themselves; one of pairs learns from pictures and what each becomes.
"""

import zlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, cast

import torch
from PIL import Image
from torch import Tensor, nn

from zoo._utils.import_string import resolve
from zoo.errors import DataError, DataWarning
from zoo.models.metadata import model_metadata
from zoo.preprocessing.preprocessor import preprocessor
from zoo.runtime import image_generation
from zoo.runtime.eval_mode import forward_on_device
from zoo.runtime.image import fit_image
from zoo.runtime.rows import TensorRows
from zoo.runtime.run import Run
from zoo.runtime.user_warnings import warn_user
from zoo.specs import ImageInput, ImageOutput, Input, ModelSpec, Output
from zoo.tasks._picture_learning import (
    PictureLearning,
    PictureTrainer,
    TrainingPlan,
)
from zoo.tasks._pictures_alone import SIDE, PicturesAlone, opened, pixel_bytes
from zoo.tasks._task import Figures, Picture, RawRows, Task
from zoo.tasks.results.rendering import image_grid, png
from zoo.tasks.targets.base import Targets
from zoo.tasks.targets.files import picture_size
from zoo.tasks.targets.picture_pairs import PicturePairTargets, same_shape

__all__ = ["OwnPictures"]

DRAWN, COLUMNS = 48, 12  # samples in the picture of a card
NAMED = 3  # pictures that a message names
BATCH = 64  # rows whose outputs are computed at once


class OwnPictures(PicturesAlone):
    """The task `task` of a model whose family, of a `package`, has a class of
    `PictureLearning`, "module:class"."""

    own_loss = True
    output_types = (ImageOutput,)
    tie_breakers: ClassVar[tuple[str, ...]] = ()
    finetune_defaults: ClassVar[Mapping[str, Any]] = {"freeze": "none"}

    def __init__(self, task: Task[Any, Any], reference: str, package: str) -> None:
        self.task, self.reference, self.package = task, reference, package

    @cached_property
    def learning(self) -> PictureLearning:
        """How the family learns: its recipe is imported where somebody asks."""
        made: PictureLearning = resolve(self.reference, plugin=self.package)()
        return made

    def input_options(self, input_spec: Input) -> tuple[str, ...]:
        return self.task.input_options(input_spec)

    # Learning, and measuring

    def learns_whole(self, spec: ModelSpec) -> bool:
        return True

    def learns_from_inputs(self, spec: ModelSpec) -> bool:
        return not self.learning.pairs

    def measures(self, spec: ModelSpec) -> bool:
        return True

    def selection_metric(
        self, *, balance: bool, output_spec: Output | None = None
    ) -> str:
        return self.learning.metric

    def targets(self, output_spec: Output) -> Targets[Any]:
        return (
            PicturePairTargets()
            if self.learning.pairs
            else super().targets(output_spec)
        )

    def training_pairs(
        self, item: Any, name: str, spec: ModelSpec
    ) -> Sequence[tuple[Any, Any]]:
        """Return what the model is given for a picture, and the picture's pixels.

        That is the picture itself, or noise, which is drawn by the picture's name: the
        same names are measured by the same samples.
        """
        frame = cast(ImageInput, spec.output.training_input(spec.input))
        seen = opened(preprocessor(frame).load_item, item, name, frame)
        picture = fit_image(seen, frame)
        pixels = pixel_bytes(picture)
        if spec.input.from_data:
            return [(picture, pixels)]
        random = torch.Generator().manual_seed(zlib.crc32(name.encode()))
        noise = preprocessor(spec.input).synthetic(spec.input, 1, random)[0]
        return [(noise, pixels)]

    def trainer(
        self, module: nn.Module, run: Run, plan: TrainingPlan
    ) -> PictureTrainer:
        return self.learning.trainer(module, run, plan)

    def measure_output(
        self, module: nn.Module, output: Tensor, rows: RawRows
    ) -> dict[str, float]:
        spec = model_metadata(module).spec
        target = self.target_tensor(rows, spec.input, spec.output)
        return self.learning.measure(module, output, target)

    @torch.inference_mode()
    def measure_rows(
        self, module: nn.Module, rows: RawRows, **prepare: Any
    ) -> dict[str, float] | None:
        """Return the family's metrics on pictures, with dark and light exchanged if
        `prepare` says `invert`; None of pairs, which are measured as they are."""
        spec = model_metadata(module).spec
        for note in self.input_notes(rows, "the data", "", spec):
            warn_user(note, DataWarning)
        if self.learning.pairs:
            return None
        pairs = [
            pair
            for item, name in zip(rows.items, rows.names, strict=True)
            for pair in self.training_pairs(item, name, spec)
        ]
        starts = range(0, len(pairs), BATCH)
        parts = [[given for given, _ in pairs[at : at + BATCH]] for at in starts]
        made = [
            forward_on_device(module, self.collate(part, spec.input, **prepare))
            for part in parts
        ]
        target = torch.stack([torch.from_numpy(pixels) for _, pixels in pairs])
        if prepare.get("invert"):
            target = 255 - target
        return self.learning.measure(module, torch.cat(made).cpu(), target)

    def augment(
        self,
        batch: Tensor,
        target: Tensor,
        kind: str,
        random: torch.Generator,
        output_spec: Output,
    ) -> tuple[Tensor, Tensor]:
        """Return rows as they are: the family's trainer changes them."""
        return batch, target

    def baselines(
        self,
        training: RawRows,
        rows: RawRows,
        input_spec: Input,
        output_spec: Output,
    ) -> dict[str, Figures]:
        first = self._rows(training, input_spec, output_spec)
        other = self._rows(rows, input_spec, output_spec)
        return {**self.learning.baselines(first, other, input_spec, output_spec)}

    def of_real(
        self, training: RawRows, rows: RawRows, spec: ModelSpec
    ) -> dict[str, float]:
        first = self._rows(training, spec.input, spec.output)
        other = self._rows(rows, spec.input, spec.output)
        found = self.learning.of_real(first, other)
        return {f"{name}_real": value for name, value in found.items()}

    def _rows(
        self, rows: RawRows, input_spec: Input, output_spec: Output
    ) -> TensorRows:
        """Return what a model is given for rows, and their pictures."""
        read = [self.load_item(item, input_spec) for item in rows.items]
        return TensorRows(
            input=self.collate(read, input_spec),
            target=self.target_tensor(rows, input_spec, output_spec),
            source="",
        )

    # Fine-tuning

    def input_notes(
        self, rows: RawRows, source: str, part: str, spec: ModelSpec
    ) -> tuple[str, ...]:
        """Return what is said of pictures that have another aspect ratio than the
        model's. Raises DataError where there are too few."""
        self._check_enough(len(rows.items), source, part, spec)
        frame = cast(ImageInput, spec.output.training_input(spec.input))
        wanted = frame.width, frame.height
        odd = [
            str(name)
            for item, name in zip(rows.items, rows.names, strict=True)
            if (size := picture_size(item)) and not same_shape(size, wanted)
        ]
        if not odd or frame.fit == "keep":
            return ()
        which = " ".join(f"{len(odd):,} of {len(rows.items):,} {part} pictures".split())
        have = "has" if len(odd) == 1 else "have"
        what = "the middle is used, and the rest cut off"
        if frame.fit == "stretch":
            what = "what is learned is stretched"
        elif frame.background is not None:
            what = "all of it is used, on more of its own ground"
        said = f"{which} {have} another aspect ratio than {wanted[0]}x{wanted[1]}"
        names = ", ".join(odd[:NAMED]) + (", ..." if len(odd) > NAMED else "")
        return (f"{source}: {said}: {what} ({names}).",)

    def _check_enough(
        self, count: int, source: str, part: str, spec: ModelSpec
    ) -> None:
        training = part == "training"
        learning = self.learning
        least = learning.least_training if training else learning.least_measured
        if count >= least:
            return
        are = "picture is" if count == 1 else "pictures are"
        which = " ".join(f"{count:,} {part} {are}".split())
        doing = "learns from" if training else "is measured on"
        raise DataError(
            f"{source}: {which} too few: {spec.name!r} {doing} {least:,} or more."
            " Give more."
        )

    def shown(self, item: Any, spec: ModelSpec) -> Any:
        """Return what is shown of an input in `draw_errors`."""
        if not self.learning.pairs:
            return item
        return fit_image(self.load_item(item, spec.input), spec.input)

    def draw_errors(
        self, module: nn.Module, rows: RawRows, output: Tensor, target: Tensor
    ) -> Picture:
        """Return rows with the answers that are furthest from the pictures; of a model
        that is given noise, samples as they come."""
        spec = model_metadata(module).spec
        if spec.input.from_data:
            return super().draw_errors(module, rows, output, target)
        made = image_generation.results(output[:DRAWN], spec.output)
        side = max(SIDE // 2, cast(ImageOutput, spec.output).height)
        drawn = [one["image"].convert("RGB") for one in made]
        shown = [one.resize((side, side), Image.Resampling.NEAREST) for one in drawn]
        return Picture(
            name="samples",
            png=png(image_grid(shown, columns=COLUMNS)),
            caption="Samples as they come, none chosen, for the {part} rows.",
        )
