"""A picture in, the text that it shows out. The Hub's tag is image-to-text.

The model says at each of its steps, from left to right, which character it sees, if
any; `zoo.runtime.ctc` makes a text of that.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from PIL import Image, ImageOps
from torch import Tensor, nn

from zoo.errors import InputError, OptionError, SettingsError, SpecError
from zoo.models.freeze import head_of
from zoo.models.metadata import model_metadata, unwrap_model
from zoo.preprocessing.image import thumbnail
from zoo.preprocessing.preprocessor import preprocessor
from zoo.runtime import ctc, reading_metrics
from zoo.runtime.eval_mode import eval_mode, forward_on_device
from zoo.runtime.reading_metrics import candidates, compared, numbered, spelled
from zoo.specs import ImageInput, ModelSpec, OCROutput
from zoo.tasks._task import Figures, FinetuneSettings, Picture, RawRows, Task
from zoo.tasks.results.ocr import OCRCandidate, OCRResult
from zoo.tasks.results.rendering import image_grid, png
from zoo.tasks.results.result import Result

__all__ = ["TASK", "said"]

SHOWN, SIZE = 8, (192, 96)  # readings in a picture of mistakes, and their pixels
MOST_BEAMS = 1000


class ImageToText(Task[ImageInput, OCROutput]):
    inputs = (ImageInput,)
    outputs = (OCROutput,)
    options = ("beams",)
    metric = "string_accuracy"
    dense = True
    head_check = 300, 1.0  # by steps, which takes longer

    def answers(
        self,
        module: nn.Module,
        given: Tensor,
        opened: Sequence[Any],
        options: Mapping[str, Any],
    ) -> list[Result]:
        """Return the text of each picture.

        It is that of the likeliest path, or with more than one of the `beams` the
        likeliest text that a search with so many comes upon, and the others besides.
        Raises OptionError, and InputError.
        """
        spec = model_metadata(module).spec
        _, output_spec = self.signature(spec)
        width = self._width(spec, options.get("beams", 1))
        chances = said(forward_on_device(module, given), output_spec)
        if chances.isnan().any():
            problem = (
                "The model's output holds NaN: its weights or this input are at fault."
            )
            raise InputError(problem, "numbers it can count with")
        return [
            _told(steps, width, output_spec, thumbnail(item))
            for steps, item in zip(chances, opened, strict=True)
        ]

    def loss(
        self,
        output: Tensor,
        target: Tensor,
        output_spec: OCROutput,
        weight: Tensor | None = None,
    ) -> Tensor:
        """Return the mean surprise by a character; see `zoo.runtime.ctc.loss`.

        A text is told as a whole, so no `weight` tells how much a character counts.
        """
        return ctc.loss(output, target)

    def measure(
        self, output: Tensor, target: Tensor, output_spec: OCROutput
    ) -> dict[str, float]:
        """Return how well texts are read by the likeliest path; see `compared`."""
        said(output, output_spec)  # or a SpecError
        return reading_metrics.metrics(output, target, output_spec)

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
        for source, texts in targets.items():
            numbered(texts, output_spec, source=source, steps=steps)

    @torch.no_grad()
    def keep_known(self, old: nn.Module, model: nn.Module) -> None:
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
        said = [text] * len(rows.targets)
        return {"the commonest text": compared(said, rows.targets)}

    def draw_errors(
        self, module: nn.Module, rows: RawRows, output: Tensor, target: Tensor
    ) -> Picture | None:
        """Return rows that are read wrongly, each with its reading below."""
        input_spec, _ = self.signature(model_metadata(module).spec)
        wrong: list[Image.Image] = []
        for item, text in zip(rows.items, rows.targets, strict=True):
            if len(wrong) == SHOWN:
                break
            opened = [self.opened(item, input_spec)]
            (read,) = self.answers(module, self.batch(opened, input_spec), opened, {})
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
        wanted = (len(given), *output.shape[1:-1], len(spec.labels) + 1)
        assert output.ndim == 3, f"{tuple(output.shape)} has no steps"
        assert tuple(output.shape) == wanted, f"{tuple(output.shape)} is not {wanted}"

    def label_places(self, output: Tensor) -> int:
        return output.shape[2] - 1  # beside the blank

    def flat_loss(
        self, output: Tensor, target: Tensor, output_spec: OCROutput
    ) -> float:
        return math.log(2)  # half a chance for each text is the nearest answer to both

    def _width(self, spec: ModelSpec, beams: Any) -> int:
        whole = isinstance(beams, int) and not isinstance(beams, bool)
        if not whole or not 1 <= beams <= MOST_BEAMS:
            wanted = f"a whole number from 1 to {MOST_BEAMS:,}"
            known = ["batch", *preprocessor(spec.input).options, *self.options]
            raise OptionError(spec.name, f"beams={beams!r} should be {wanted}.", known)
        return int(beams)


TASK = ImageToText()


def said(output: Tensor, output_spec: OCROutput) -> Tensor:
    """Return the logarithms of the model's chances, (batch, steps, labels + 1)."""
    if output.ndim != 3 or output.shape[2] != len(output_spec.labels) + 1:
        wanted = f"one less than the model's output has numbers, {tuple(output.shape)}"
        raise SpecError("OCROutput", "labels", output_spec.labels, wanted)
    return output.double().log_softmax(dim=-1)


def _told(
    steps: Tensor, width: int, output_spec: OCROutput, picture: Image.Image | None
) -> OCRResult:
    best, *others = candidates(steps, width)
    text = spelled(best.text, output_spec)
    return OCRResult(
        text=text,
        score=_chance(best),
        characters=tuple(
            zip(text, ctc.character_confidence(steps, best.text), strict=True)
        ),
        alternatives=tuple(
            OCRCandidate(text=spelled(other.text, output_spec), score=_chance(other))
            for other in others
        ),
        picture=picture,
    )


def _chance(one: ctc.Candidate) -> float:
    return min(1.0, torch.tensor(one.score).double().exp().item())
