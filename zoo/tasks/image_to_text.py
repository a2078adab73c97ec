"""A picture in, the text that it shows out. The Hub's tag is image-to-text.

At each of its steps, from left to right, the model predicts a character or the blank;
`zoo.runtime.ctc` makes a text of that.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from PIL import Image, ImageOps
from torch import Tensor, nn

from zoo.errors import SettingsError
from zoo.models.freeze import head_of
from zoo.models.metadata import model_metadata, unwrap_model
from zoo.preprocessing.image import thumbnail
from zoo.preprocessing.preprocessor import preprocessor
from zoo.runtime import ctc, image_to_text, ocr_metrics
from zoo.runtime.eval_mode import eval_mode
from zoo.runtime.ocr_metrics import encode_texts, text_accuracy
from zoo.specs import ImageInput, ModelSpec, OCROutput
from zoo.tasks._task import Figures, FinetuneSettings, Picture, RawRows, Task
from zoo.tasks.results.ocr import OCRCandidate, OCRResult
from zoo.tasks.results.rendering import image_grid, png
from zoo.tasks.results.result import Result

__all__ = ["TASK"]

SHOWN, SIZE = 8, (192, 96)  # readings in a picture of mistakes, and their pixels


class ImageToText(Task[ImageInput, OCROutput]):
    input_types = (ImageInput,)
    output_types = (OCROutput,)
    options = image_to_text.OPTIONS
    metric = "string_accuracy"
    dense = True
    head_check = 300, 4.0  # by steps, and small networks have small features

    def kept(self, opened: Any, pictures: bool) -> Any:
        return thumbnail(opened) if pictures else None

    def predict(
        self,
        module: nn.Module,
        given: Tensor,
        opened: Sequence[Any],
        options: Mapping[str, Any],
    ) -> list[Result]:
        """Return the text of each picture; see `zoo.runtime.image_to_text.predict`.

        Raises OptionError, InputError.
        """
        spec = model_metadata(module).spec
        known = ["batch_size", *preprocessor(spec.input).options, *self.options]
        image_to_text.check_beams(spec.name, options.get("beams", 1), known)
        results = image_to_text.predict(module, given, opened, **options)
        return [
            _typed(one, thumbnail(item))
            for one, item in zip(results, opened, strict=True)
        ]

    def loss(
        self,
        output: Tensor,
        target: Tensor,
        output_spec: OCROutput,
        weight: Tensor | None = None,
    ) -> Tensor:
        """Return the mean surprise by a character; see `zoo.runtime.ctc.loss`.

        The loss is of whole texts, so a `weight` of characters is not used.
        """
        return ctc.loss(output, target)

    def compute_metrics(
        self, output: Tensor, target: Tensor, output_spec: OCROutput
    ) -> dict[str, float]:
        """Return how well texts are read by the likeliest path; see `text_accuracy`."""
        return ocr_metrics.metrics(output, target, output_spec)

    def check_finetuning(self, spec: ModelSpec, chosen: FinetuneSettings) -> None:
        """Refuse what spoils a text, and what is of classes alone."""
        super().check_finetuning(spec, chosen)
        if chosen.augment != "none":
            raise SettingsError(
                f"augment={chosen.augment!r} flips pictures, and {spec.name!r} reads "
                "what is written in them: leave it out."
            )
        if chosen.balance:
            raise SettingsError(
                f"balance=True weighs classes, and {spec.name!r} reads texts: leave it "
                "out."
            )

    @torch.inference_mode()
    def check_targets(
        self, module: nn.Module, given: Tensor, targets: Mapping[str, Sequence[Any]]
    ) -> None:
        """Refuse texts that take more steps than the model has."""
        with eval_mode(module):
            steps = module(given[:1]).shape[1]
        _, output_spec = self.signature(model_metadata(module).spec)
        for source, right in targets.items():
            encode_texts(right, output_spec, source=source, steps=steps)

    @torch.no_grad()
    def init_head_from(self, old: nn.Module, model: nn.Module) -> None:
        """Let the new head know the characters that the old one knew, and the blank."""
        before, after = model_metadata(old).labels, model_metadata(model).labels
        pairs = [(0, 0)]  # the blank
        pairs += [
            (before.index(c) + 1, n + 1) for n, c in enumerate(after) if c in before
        ]
        ours, theirs = (
            dict(unwrap_model(one).get_submodule(head_of(one)).named_parameters())
            for one in (model, old)
        )
        for name, value in ours.items():
            for place, row in pairs:
                value[row] = theirs[name][place]

    def baselines(
        self,
        training: RawRows,
        rows: RawRows,
        input_spec: ImageInput,
        output_spec: OCROutput,
    ) -> dict[str, Figures]:
        text = max(training.targets, key=training.targets.count)
        predicted = [text] * len(rows.targets)
        return {"the commonest text": text_accuracy(predicted, rows.targets)}

    def draw_errors(
        self, module: nn.Module, rows: RawRows, output: Tensor, target: Tensor
    ) -> Picture | None:
        """Return rows that are read wrongly, each with its reading below."""
        input_spec, _ = self.signature(model_metadata(module).spec)
        wrong: list[Image.Image] = []
        for item, text in zip(rows.items, rows.targets, strict=True):
            if len(wrong) == SHOWN:
                break
            opened = [self.load_item(item, input_spec)]
            (read,) = self.predict(module, self.collate(opened, input_spec), opened, {})
            drawn = read.render()
            if drawn is not None and read.to_dict()["generated_text"] != text:
                wrong.append(ImageOps.pad(drawn, SIZE, color="white"))
        if not wrong:
            return None
        return Picture(
            name="mistakes",
            png=png(image_grid(wrong, columns=4)),
            caption="Some of the {part} rows that are read wrongly, as read.",
        )

    def check_output(self, output: Tensor, given: Tensor, spec: ModelSpec) -> None:
        """A score for each character and the blank, at every step."""
        expected = (len(given), *output.shape[1:-1], len(spec.labels) + 1)
        assert output.ndim == 3, f"{tuple(output.shape)} has no steps"
        assert tuple(output.shape) == expected, (
            f"{tuple(output.shape)} is not {expected}"
        )

    def num_label_outputs(self, output: Tensor, output_spec: OCROutput) -> int:
        return output.shape[2] - 1  # beside the blank

    def constant_loss(
        self, output: Tensor, target: Tensor, output_spec: OCROutput
    ) -> float:
        return math.log(2)  # half a chance for each text is the nearest answer to both


TASK = ImageToText()


def _typed(one: Mapping[str, Any], picture: Image.Image | None) -> OCRResult:
    others = tuple(OCRCandidate(**each) for each in one["alternatives"])
    return OCRResult(**{**one, "alternatives": others}, picture=picture)
