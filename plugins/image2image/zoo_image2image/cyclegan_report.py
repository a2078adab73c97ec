"""The report of a CycleGAN: what its model card says of it.

A classifier of real horses and zebras, trained here in random colours, judges what the
generators make. The figures are of pictures that ship with the model: no photograph of
the training data may be shown.
"""

import io
from functools import cache
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from zoo import Run
from zoo.recipes import (
    TensorRows,
    images,
    load_or_synthetic,
    predict_batches,
    spec_of,
    to_model_input,
)
from zoo.results import image_grid, png
from zoo_image2image.cyclegan import CycleGAN
from zoo_image2image.cyclegan_recipe import (
    HORSE,
    SMOKE_PICTURES,
    ZEBRA,
    data,
    of_domain,
    with_domains,
)
from zoo_image2image.judge import EPOCHS as JUDGE_EPOCHS
from zoo_image2image.judge import train_judge
from zoo_image2image.pictures import read_domains

__all__ = ["evaluate", "example", "matched", "report"]

HORSES = "horse.png", "horse-on-sand.png", "white-horse.png"
ZEBRAS = ("zebra.png",)
ZOOM = 3  # how much larger a picture is shown
FRAME_MS = 500
EPOCHS = (
    "Drawn horses and a drawn zebra, and below each what the model makes of it after "
    "each epoch of training."
)
TRANSLATED = (
    "Drawn pictures in the first row, translated in the second, and translated back in "
    "the third. The zebra, on the right, is translated by `model.inverse`."
)


def evaluate(model: Any, rows: TensorRows) -> dict[str, float]:
    """Return the share of horses that the judge calls zebras, once translated."""
    horse = _normalized(of_domain(rows, HORSE), model)
    made = pixels(predict_batches(model.generator, horse))
    return {"zebra_share": share(judge_of(model, rows), made, ZEBRA)}


def report(model: Any, run: Run) -> None:
    """Add the baselines, measurements and pictures of the model card."""
    rows, train_rows = data(run, "test"), data(run, "train")
    judge = judge_of(model, rows)
    horse, zebra = (_pixels_of(rows, domain) for domain in (HORSE, ZEBRA))
    known = [_pixels_of(train_rows, domain) for domain in (HORSE, ZEBRA)]
    run.log_baseline("identity", zebra_share=share(judge, horse, ZEBRA))
    recolored = matched(horse, known[ZEBRA])
    run.log_baseline("color matching", zebra_share=share(judge, recolored, ZEBRA))
    given = [_normalized(of_domain(rows, domain), model) for domain in (HORSE, ZEBRA)]
    fake_zebra = predict_batches(model.generator, given[HORSE])
    fake_horse = predict_batches(model.inverse, given[ZEBRA])
    back = (
        predict_batches(model.inverse, fake_zebra),
        predict_batches(model.generator, fake_horse),
    )
    run.log_summary(
        judge_horse=share(judge, horse, HORSE),
        judge_zebra=share(judge, zebra, ZEBRA),
        horse_share=share(judge, pixels(fake_horse), HORSE),
        horse_share_identity=share(judge, zebra, HORSE),
        horse_share_matched=share(judge, matched(zebra, known[HORSE]), HORSE),
        change_horse=_distance(fake_zebra, given[HORSE]),
        change_zebra=_distance(fake_horse, given[ZEBRA]),
        cycle_horse=_distance(back[0], given[HORSE]),
        cycle_zebra=_distance(back[1], given[ZEBRA]),
    )
    if "weights" in run.artifacts:
        run.log_figure("epochs", _animation(model, run), EPOCHS)
    run.log_figure("translated", _translated(model, run.spec.input), TRANSLATED)


def example(run: Run) -> Tensor:
    """Return drawn horses that ship with the model, as prepared pixels."""
    return _drawn(HORSES, run.spec.input)


def judge_of(model: nn.Module, rows: TensorRows) -> nn.Module:
    """Return a classifier of real horses and zebras, by the training rows; of a smoke
    run's few `rows`, by as few."""
    few = len(rows) <= 2 * SMOKE_PICTURES
    return _judge(spec_of(model), SMOKE_PICTURES if few else None)


@cache
def _judge(spec: Any, first: int | None) -> nn.Module:
    options = {"input_spec": spec.input, "first": first}
    rows = load_or_synthetic(read_domains, "horse2zebra", "train", options, spec)
    return train_judge(with_domains(rows), epochs=JUDGE_EPOCHS if first is None else 1)


def share(judge: nn.Module, image: Tensor, domain: int) -> float:
    """Return the share of pictures in 0..1 that the judge counts to a domain."""
    found = predict_batches(judge, image).argmax(dim=1) == domain
    return found.float().mean().item()


def matched(image: Tensor, others: Tensor) -> Tensor:
    """Return pictures in 0..1, each with the mean and standard deviation of each
    channel that the other pictures have."""
    mean, std = (
        one(image.flatten(2), 2)[..., None, None] for one in (torch.mean, torch.std)
    )
    flat = others.transpose(0, 1).flatten(1)
    target_mean, target_std = (
        one(flat, 1)[:, None, None] for one in (torch.mean, torch.std)
    )
    changed: Tensor = (image - mean) / std.clamp_min(1e-3) * target_std + target_mean
    return changed.clamp(0, 1)


def pixels(output: Tensor) -> Tensor:
    """Return the output of a generator, in -1..1, as pixels in 0..1."""
    return (output + 1) / 2


def _pixels_of(rows: TensorRows, domain: int) -> Tensor:
    return to_model_input(of_domain(rows, domain).input)


def _normalized(rows: TensorRows, model: nn.Module) -> Tensor:
    return to_model_input(rows.input, spec_of(model).input)


def _distance(made: Tensor, given: Tensor) -> float:
    """Return the mean absolute difference of pixels in 0..1."""
    return l1_loss(pixels(made), pixels(given)).item()


def _drawn(names: tuple[str, ...], input_spec: Any) -> Tensor:
    """Return pictures that ship with the model, as prepared pixels."""
    folder = Path(__file__).with_name("examples")
    opened = [images.open_image(folder / name, input_spec) for name in names]
    return torch.stack([images.image_to_tensor(one, input_spec) for one in opened])


def _translations(model: Any, input_spec: Any) -> list[Tensor]:
    """Return drawn pictures, translated, and translated back."""
    horse, zebra = (_drawn(names, input_spec) for names in (HORSES, ZEBRAS))
    there = (
        predict_batches(model.generator, horse),
        predict_batches(model.inverse, zebra),
    )
    back = (
        predict_batches(model.inverse, there[0]),
        predict_batches(model.generator, there[1]),
    )
    return [torch.cat(one) for one in ((horse, zebra), there, back)]


def _translated(model: Any, input_spec: Any) -> bytes:
    return png(_sheet(torch.cat(_translations(model, input_spec))))


def _animation(model: Any, run: Run) -> bytes:
    """Return translations of drawn pictures after each epoch, as an animated GIF."""
    frames = []
    options = {"width": model.generator.encoder[0].out_channels}
    options["blocks"] = len(model.generator.body)
    for weights in run.artifacts["weights"]:
        then = CycleGAN(**options)
        then.load_state_dict({name: one.float() for name, one in weights.items()})
        given, made, _ = _translations(then, run.spec.input)
        frames.append(_sheet(torch.cat([given, made])))
    first, *rest = [one.quantize(128) for one in frames]
    file = io.BytesIO()
    first.save(
        file,
        format="GIF",
        save_all=True,
        append_images=rest,
        duration=[*[FRAME_MS] * len(rest), 5 * FRAME_MS],
        loop=0,
    )
    return file.getvalue()


def _sheet(output: Tensor) -> Image.Image:
    """Return images in -1..1, (count, 3, height, width), in rows."""
    bytes_ = pixels(output).clamp(0, 1).mul(255).round().byte().permute(0, 2, 3, 1)
    columns = len(HORSES) + len(ZEBRAS)
    sheet = image_grid(
        [Image.fromarray(one.numpy()) for one in bytes_], columns=columns
    )
    size = ZOOM * sheet.width, ZOOM * sheet.height
    return sheet.resize(size, Image.Resampling.NEAREST)
