"""Pixels less a mean and by a deviation: learned once, known wherever a model goes."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import zoo
from zoo import Run
from zoo.datasets.in_memory import TensorRows, to_model_input
from zoo.errors import DataError
from zoo.runtime.normalization import statistics
from zoo.runtime.rows import normalize, predict_batches
from zoo.specs import ImageInput

PLAIN = ImageInput(height=2, width=2, channels=3)
LEARNED = ImageInput(
    height=2, width=2, channels=3, mean=(0.1, 0.2, 0.3), std=(0.5, 0.25, 2.0)
)


def pictures(count: int = 8, side: int = 28) -> TensorRows:
    random = torch.Generator().manual_seed(0)
    shape = (count, 1, side, side)
    return TensorRows(
        input=torch.randint(40, 200, shape, generator=random, dtype=torch.uint8),
        target=torch.arange(count) % 10,
        source="made/train",
        fingerprint="0",
    )


def test_the_numbers_are_those_of_the_pixels() -> None:
    """
    By channel, over rows and places, of pixels in 0..1, however they are batched.
    """
    random = torch.Generator().manual_seed(1)
    batch = torch.randint(256, (9, 3, 4, 5), generator=random, dtype=torch.uint8)
    mean, std = statistics([batch], "made")
    scaled = batch.double().div(255).transpose(0, 1).flatten(start_dim=1)

    assert mean == pytest.approx(scaled.mean(dim=1).tolist(), abs=1e-4)
    assert std == pytest.approx(scaled.std(dim=1, correction=0).tolist(), abs=1e-4)
    assert statistics(batch.split(2), "made") == (mean, std)


def test_each_channel_has_its_own() -> None:
    """
    Without mean and deviation pixels stay as they are; a table always does.
    """
    half = torch.full((1, 3, 2, 2), 0.5)
    row = torch.tensor([[0.5, 0.5]])

    assert normalize(half, PLAIN) is half
    assert normalize(row, zoo.get_spec("xor-mlp").input) is row
    assert normalize(half, LEARNED)[0, :, 0, 0].tolist() == pytest.approx(
        [0.8, 1.2, 0.1]
    )


@pytest.mark.parametrize(
    ("batches", "message"),
    [
        (
            [torch.full((2, 1, 3, 3), 7, dtype=torch.uint8)],
            "made: the pixels of a channel are all the same, or there are none, so "
            "there is no deviation to divide by.",
        ),
        (
            [],
            "made: the pixels of a channel are all the same, or there are none, so "
            "there is no deviation to divide by.",
        ),
        ([torch.rand(2, 4)], "made holds no pictures to take the mean of."),
    ],
)
def test_what_has_no_statistics(batches: list[torch.Tensor], message: str) -> None:
    """
    One colour everywhere, no rows, and a table.
    """
    with pytest.raises(DataError) as caught:
        statistics(batches, "made")

    assert str(caught.value) == message


def test_batches_are_normalised_after_they_are_augmented() -> None:
    """
    Augmentation sees pixels in 0..1, the model sees what it expects.
    """
    run, rows, seen = Run(zoo.get_spec("mlp-mnist")), pictures(), []

    def spy(batch: torch.Tensor, random: torch.Generator) -> torch.Tensor:
        seen.append(batch.clone())
        return batch

    run.fit_normalization(rows)
    ((image, _),) = run.batches(rows, 8, augment=spy)

    assert seen[0].min() >= 0
    assert seen[0].max() <= 1
    assert image.mean().item() == pytest.approx(0, abs=1e-3)
    assert image.std(correction=0).item() == pytest.approx(1, abs=1e-3)


def test_the_checkpoint_knows_them(tmp_path: Path) -> None:
    """
    Saved and loaded, a model takes pictures as it did in training: zoo.predict on a
    picture is the model on its normalised pixels.
    """
    run, rows = Run(zoo.get_spec("mlp-mnist")), pictures()
    run.fit_normalization(rows)
    torch.manual_seed(0)
    folder = zoo.save(run.build(), tmp_path / "model")
    model = zoo.load(folder)
    expected = model.zoo.spec.input
    answer = zoo.predict(model, Image.fromarray(np.asarray(rows.input[0, 0])))
    logits = predict_batches(model, to_model_input(rows.input[:1], expected))
    unprepared = predict_batches(model, to_model_input(rows.input[:1]))

    assert (expected.mean, expected.std) == statistics([rows.input], "made")
    assert expected.mean != (0.0,)
    assert [answer.scores[name] for name in model.zoo.labels] == pytest.approx(
        logits.softmax(dim=1)[0].tolist(), abs=1e-6
    )
    assert not torch.allclose(logits, unprepared, atol=1e-3)


def test_a_copy_to_train_on_starts_from_the_spec() -> None:
    """
    What one run learns is not known to another.
    """
    run = Run(zoo.get_spec("mlp-mnist"))
    run.fit_normalization(pictures())

    assert Run(zoo.get_spec("mlp-mnist")).build().zoo.spec.input.mean == (0.0,)
