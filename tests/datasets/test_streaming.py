"""Rows that are decoded batch by batch: the same batches, and never all at once."""

import io
import json
import os
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datasets import Dataset, Features, Image, Value
from PIL import Image as Pictures
from torch import Tensor

import zoo
from zoo import Run
from zoo.datasets import in_memory, streaming
from zoo.datasets.streaming import StreamedRows
from zoo.errors import DataError
from zoo.evaluation.evaluate_tensors import evaluate
from zoo.runtime.folds import Fold
from zoo.runtime.normalization import statistics
from zoo.specs import ImageInput
from zoo.training.execution import ExecutionContext

GREY = ImageInput(height=28, width=28, channels=1, background="dark")
PHOTO = ImageInput(height=32, width=32, channels=3)
ROWS = 150


def encoded(pixels: np.ndarray[Any, Any]) -> bytes:
    file = io.BytesIO()
    Pictures.fromarray(pixels).save(file, format="PNG")
    return file.getvalue()


@pytest.fixture(autouse=True)
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """The set "mnist" for these tests: generated pictures, on disk as Parquet."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, size=(ROWS, 28, 28), dtype=np.uint8)
    rows = Dataset.from_dict(
        {
            "image": [{"bytes": encoded(one), "path": None} for one in pixels],
            "label": [n % 10 for n in range(ROWS)],
        },
        features=Features({"image": Image(), "label": Value("int64")}),
    )
    rows.to_parquet(tmp_path / "train-0.parquet")
    kept = Dataset.from_parquet(
        str(tmp_path / "train-0.parquet"), cache_dir=str(tmp_path / "arrow")
    )
    assert isinstance(kept, Dataset)
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(
        "zoo.datasets.registered.load_dataset", lambda name, split: kept
    )
    return kept


def new_run(place: ExecutionContext | None = None) -> Run:
    return Run(zoo.get_spec("mlp-mnist"), seed=3, place=place)


def shift(batch: Tensor, random: torch.Generator) -> Tensor:
    return batch + torch.rand(batch.shape, generator=random)


def epoch(
    run: Run, rows: in_memory.TensorRows | StreamedRows
) -> list[tuple[Tensor, Tensor]]:
    return list(run.batches(rows, 32, augment=shift))


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_the_batches_are_those_of_tensors(workers: int) -> None:
    """
    The same seed gives the same rows, labels and distortions in the same order,
    decoded at once or as they are needed, by any number of processes.
    """
    one, other = new_run(), new_run()
    whole = one.load_rows("mnist")
    lazy = other.stream_rows("mnist", workers=workers)
    for _ in range(2):  # the second epoch has another order
        pairs = zip(epoch(one, whole), epoch(other, lazy), strict=True)
        for (image, label), (also_image, also_label) in pairs:
            assert torch.equal(image, also_image)
            assert torch.equal(label, also_label)


def test_workers_leave_the_other_draws_alone() -> None:
    """
    Dropout draws the same numbers whatever the number of workers.
    """
    drawn = []
    for workers in (0, 2):
        torch.manual_seed(5)
        list(new_run().batches(new_run().stream_rows("mnist", workers=workers), 50))
        drawn.append(torch.rand(3))

    assert torch.equal(*drawn)


def test_parts_hold_the_rows_of_tensors() -> None:
    """
    A split and a fold pick the rows that they pick of tensors.
    """
    whole, lazy = (
        in_memory.load_rows("mnist"),
        streaming.stream_rows("mnist", input_spec=GREY),
    )
    fold = Fold(number=1, count=3, stratified=True)
    pairs = [
        *zip(whole.split(0.8, seed=1), lazy.split(0.8, seed=1), strict=True),
        *zip(fold.split(whole, seed=1), fold.split(lazy, seed=1), strict=True),
        (whole[:7], lazy[:7]),
    ]
    for eager, late in pairs:
        assert torch.equal(torch.cat(list(late.in_order())), eager.input)
        assert torch.equal(late.target, eager.target)


def test_a_model_is_measured_as_on_tensors() -> None:
    """
    Metrics do not depend on where the rows are.
    """
    torch.manual_seed(0)
    model = zoo.build("mlp-mnist")
    lazy = streaming.stream_rows("mnist", input_spec=GREY, workers=1)

    assert evaluate(model, lazy) == evaluate(model, in_memory.load_rows("mnist"))


def test_statistics_are_those_of_tensors() -> None:
    """
    Mean and deviation do not depend on the size of the batches they are taken in.
    """
    whole, lazy = (
        in_memory.load_rows("mnist"),
        streaming.stream_rows("mnist", input_spec=GREY),
    )
    pixels = whole.input.double() / 255

    found = statistics(whole.in_order(), "mnist")
    (mean,), (deviation,) = found
    assert statistics(lazy.in_order(), "mnist") == found
    assert mean == pytest.approx(pixels.mean().item(), abs=1e-4)
    assert deviation == pytest.approx(pixels.std(correction=0).item(), abs=1e-4)


def test_processes_share_each_batch() -> None:
    """
    Two processes have the rows of one between them, batch by batch.
    """
    alone = new_run()
    whole = [t for _, t in alone.batches(alone.stream_rows("mnist"), 32)]
    halves = []
    for rank in (0, 1):
        run = new_run(place=Pair(rank))
        halves.append([t for _, t in run.batches(run.stream_rows("mnist"), 32)])
    for batch, first, second in zip(whole, *halves, strict=True):
        assert torch.equal(batch[0::2], first)
        assert torch.equal(batch[1::2], second)


class Pair(ExecutionContext):
    """One of two processes, as far as the sharing of batches is concerned."""

    def __init__(self, rank: int) -> None:
        super().__init__(torch.device("cpu"))
        object.__setattr__(self, "_rank", rank)

    @property
    def world_size(self) -> int:
        return 2

    @property
    def rank(self) -> int:
        return int(vars(self)["_rank"])


def test_the_set_is_never_in_memory_at_once() -> None:
    """
    An epoch over pictures of several sizes takes the memory of a few batches.
    """
    count, size = 400, 160
    photo = encoded(np.full((size, size, 3), 7, dtype=np.uint8))
    table = Dataset.from_dict(
        {"image": [{"bytes": photo, "path": None}] * count, "label": [0] * count},
        features=Features({"image": Image(decode=False), "label": Value("int64")}),
    )
    lazy = StreamedRows(
        reader=streaming.Reader(table=table, columns=("image",), input_spec=PHOTO),
        picked=torch.arange(count),
        target=torch.zeros(count, dtype=torch.int64),
        source="photos/train",
        fingerprint="0",
    )
    run = Run(zoo.get_spec("mlp-mnist"), seed=0)
    list(run.batches(lazy[:16], 8))  # what is imported on the way
    tracemalloc.start()
    seen = sum(len(image) for image, _ in run.batches(lazy, 8))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert seen == count
    assert peak < count * 32 * 32 * 3 / 2  # bytes of all pictures, small as they are


def test_pictures_are_brought_to_the_models_size() -> None:
    """
    As zoo.predict does it, in the number of channels the model takes.
    """
    rows = streaming.stream_rows("mnist", input_spec=PHOTO)
    image = next(rows.in_order())

    assert image.shape[1:] == (3, 32, 32)
    assert image.dtype == torch.uint8


def test_columns_of_numbers(made: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Rows of a table are read in batches too.
    """
    table = Dataset.from_dict({"a": [1, 2, 3], "b": [4.5, 5, 6], "label": [0, 1, 1]})
    monkeypatch.setattr(
        "zoo.datasets.registered.load_dataset", lambda name, split: table
    )
    wanted = zoo.get_spec("xor-mlp").input
    rows = streaming.stream_rows(
        "made", input_spec=wanted, columns=("b", "a"), workers=1
    )
    ((given, label),) = rows.batches([torch.tensor([2, 0])])

    assert given.tolist() == [[6, 3], [4.5, 1]]
    assert label.tolist() == [1, 0]


def test_the_fingerprint_is_of_what_is_stored() -> None:
    """
    The same rows give the same one, remembered or hashed again; others do not.
    """
    first, again = (streaming.stream_rows("mnist", input_spec=GREY) for _ in range(2))
    table = first.reader.table
    hashed_again = streaming._fingerprint(table.select(range(ROWS)))
    others = [table.select(range(ROWS - 1)), table.select([1, 0, *range(2, ROWS)])]

    assert first.fingerprint == again.fingerprint == hashed_again
    assert first.fingerprint not in map(streaming._fingerprint, others)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_broken_picture_is_named(
    workers: int, made: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The row is told, in one sentence, also where a worker met it.
    """
    rows = made.cast_column("image", Image(decode=False)).to_list()
    rows[4]["image"]["bytes"] = b"not a picture"
    features = Features({"image": Image(), "label": Value("int64")})
    broken = Dataset.from_list(rows, features=features)
    monkeypatch.setattr(
        "zoo.datasets.registered.load_dataset", lambda name, split: broken
    )
    lazy = streaming.stream_rows("mnist", input_spec=GREY, workers=workers)
    with pytest.raises(DataError) as caught:
        list(lazy.in_order())

    assert str(caught.value) == (
        "mnist/train, row 4: The file is not a picture in a format that is read "
        "(AVIF, BMP, GIF, JPEG, JPEG 2000, PNG, PPM, TIFF, WebP)."
    )


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"workers": -1}, "workers=-1 can't decode; give 0 or more."),
        (
            {"columns": "imag"},
            "mnist/train has no column 'imag'. Did you mean 'image'? Columns: image, "
            "label.",
        ),
        (
            {"columns": "label"},
            "mnist/train: column 'label' does not hold pictures.",
        ),
    ],
)
def test_what_is_refused(asked: dict[str, Any], message: str) -> None:
    """
    Before anything is decoded.
    """
    with pytest.raises(DataError) as caught:
        streaming.stream_rows("mnist", input_spec=GREY, **asked)

    assert str(caught.value) == message


def test_no_more_workers_than_processors() -> None:
    """
    More workers than the machine can run are not started: torch would warn.
    """
    rows = streaming.stream_rows("mnist", input_spec=GREY, workers=10_000)

    assert len(next(rows[:4].in_order())) == 4


SCRIPT = """
import sys
from pathlib import Path
import zoo
from zoo_mlp import recipe

def data(run, split):
    run.smoke = False  # the real rows, and the settings of a smoke run
    rows = run.stream_rows("digits", workers=1)[:256]
    run.smoke = True
    return rows

recipe.data = data
recipe.report = lambda model, run: run.log_summary(
    accuracy_shifted=0, accuracy_noisy=0, accuracy_inverted=0
)
zoo.train(
    "mlp-mnist",
    Path(sys.argv[1]),
    smoke=True,
    resume=True,
    keep_every=0,
    settings={"epochs": 4, "batch_size": 16, "normalize": True},
)
"""


@pytest.mark.slow
def test_a_killed_run_ends_with_the_same_bytes(tmp_path: Path) -> None:
    """
    kill -9 in mid-epoch, while a worker decodes; the weights are those of a run left
    alone, and so are the statistics that the input is normalised by.
    """
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    surroundings = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(script)]
    held = tmp_path / ".killed.state"
    with subprocess.Popen([*command, tmp_path / "killed"], env=surroundings) as process:
        while not held.exists():
            assert process.poll() is None, "it ended before it could be killed"
            time.sleep(0.001)
        os.kill(process.pid, signal.SIGKILL)
    assert not (tmp_path / "killed").exists()
    for name in ("killed", "alone"):
        subprocess.run([*command, tmp_path / name], check=True, env=surroundings)
    for file in ("model.safetensors", "golden.safetensors"):
        first, second = (tmp_path / name / file for name in ("killed", "alone"))

        assert first.read_bytes() == second.read_bytes()
    config = json.loads((tmp_path / "alone" / "config.json").read_text())
    assert 0 < config["input"]["mean"][0] < 1
    assert config["input"]["std"][0] != 1
