"""Where a model computes: chosen by name, refused in words, and never out of memory."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from small import lesson_rows, small
from torch import Tensor, nn

import zoo
from zoo.errors import DeviceError
from zoo.models.devices import (
    BatchLimit,
    available,
    on_device,
    resolve_device,
    rows_at_once,
)

NO_CUDA = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
HERE = ", ".join(available())


def photos(count: int) -> list[Image.Image]:
    random = np.random.default_rng(0)
    return [
        Image.fromarray(random.integers(0, 256, (32, 32, 3), np.uint8))
        for _ in range(count)
    ]


def narrow(most: int, *, words: str = "") -> Any:
    """Return a model whose device has memory for so many rows; it notes its batches."""
    model = small()
    model.batches = []

    def check(_: nn.Module, args: tuple[Tensor, ...]) -> None:
        model.batches.append(len(args[0]))
        if len(args[0]) > most:
            if words:
                raise RuntimeError(words)
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")

    model.register_forward_pre_hook(check)
    return model


def test_auto_is_the_fastest_device_of_this_machine() -> None:
    """
    CUDA before MPS before the CPU.
    """
    assert resolve_device("auto") == torch.device(available()[0])
    assert available()[-1] == "cpu"


def test_auto_prefers_cuda_to_mps(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    And MPS to the CPU.
    """
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert resolve_device("auto") == torch.device("mps")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert available() == ["cuda:0", "cuda:1", "mps", "cpu"]
    assert resolve_device("auto") == torch.device("cuda:0")


def test_a_device_without_numbers() -> None:
    """
    A tensor on "meta" has none to answer with.
    """
    with pytest.raises(DeviceError) as caught:
        resolve_device("meta")

    assert str(caught.value) == (
        "Device 'meta' can't be used: tensors there have no numbers. This machine has "
        f"{HERE}; 'auto' takes the first of them."
    )


@NO_CUDA
@pytest.mark.parametrize("device", ["cuda", "cuda:7", "toaster", "meta"])
def test_every_verb_refuses_a_device_that_is_not_there(device: str) -> None:
    """
    In the same words, and before anything is computed.
    """
    model = small()
    calls = [
        lambda: zoo.load("lenet5-mnist", device=device),
        lambda: zoo.predict(model, photos(1), device=device),
        lambda: zoo.predict("lenet5-mnist", photos(1), device=device),
        lambda: next(zoo.predict_iter(model, photos(1), device=device)),
        lambda: zoo.features(model, photos(1), device=device),
        lambda: zoo.evaluate(model, lesson_rows(), device=device),
        lambda: zoo.encode("vae-mnist", zoo.example("vae-mnist"), device=device),
        lambda: zoo.reconstruct("vae-mnist", zoo.example("vae-mnist"), device=device),
        lambda: zoo.sample("vae-mnist", device=device),
        lambda: zoo.benchmark("xor-mlp", device=device),
        lambda: zoo.finetune("lenet5-mnist", lesson_rows(), device=device),
    ]

    for call in calls:
        with pytest.raises(DeviceError, match=rf"^Device '{device}' can't be used: "):
            call()


def test_a_model_is_on_a_device_for_a_while() -> None:
    """
    Afterwards it is where it was, also after an error.
    """
    model = small()
    with pytest.raises(KeyError), on_device(model, "cpu") as place:
        raise KeyError(place)
    assert next(model.parameters()).device == torch.device("cpu")

    answers = zoo.predict(model, photos(3), device="auto")
    assert [one.label for one in answers] == [
        one.label for one in zoo.predict(model, photos(3), device="cpu")
    ]
    assert next(model.parameters()).device == torch.device("cpu")


@pytest.mark.parametrize(
    "words",
    ["", "MPS backend out of memory", "DefaultCPUAllocator: can't allocate mem"],
)
@pytest.mark.parametrize("verb", ["predict", "predict_iter", "features", "evaluate"])
def test_a_batch_that_does_not_fit_is_halved(verb: str, words: str) -> None:
    """
    Until it fits, with a warning each time; the answers are those of all rows.
    """
    model, rows = narrow(3, words=words and f"{words}ory"), photos(8)
    plain, data = small(), lesson_rows()
    calls: dict[str, Any] = {
        "predict": lambda one: [r.score for r in zoo.predict(one, rows, batch_size=8)],
        "predict_iter": lambda one: [
            r.score for r in zoo.predict_iter(one, rows, batch_size=8)
        ],
        "features": lambda one: (
            zoo.features(one, rows, batch_size=8, precision="no").flatten().tolist()
        ),
        "evaluate": lambda one: list(zoo.evaluate(one, data).values()),
    }
    whole = 18 if verb == "evaluate" else 8

    with pytest.warns(UserWarning) as seen:  # noqa: PT030 - compared below
        made = calls[verb](model)

    assert list(made) == pytest.approx(list(calls[verb](plain)), abs=1e-5)
    assert model.batches[0] == whole
    assert max(model.batches[len(seen) :]) <= 3
    assert str(seen[0].message) == (
        f"A batch of {whole} does not fit into the memory of the device: going on with "
        f"{whole // 2}. Set batch_size={whole // 2} to start with that."
    )


def test_a_single_input_that_does_not_fit() -> None:
    """
    There is nothing left to halve.
    """
    with pytest.raises(DeviceError) as caught:
        zoo.predict(narrow(0), photos(1))

    assert str(caught.value) == (
        "The memory of the device is full with a single input. Free some of it, give a "
        "smaller input, or use another device."
    )


def test_other_errors_are_not_about_memory() -> None:
    """
    They come through as they are, at once.
    """
    calls = []

    def fails(part: slice) -> None:
        calls.append(part)
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="mat1"):
        list(BatchLimit().parts(8, fails))
    assert len(calls) == 1


def test_a_checkpoint_is_loaded_where_it_is_asked_for(folder: Path) -> None:
    """
    By every name that a device has.
    """
    for device in ("cpu", "auto", torch.device("cpu")):
        model = zoo.load(folder, device=device)
        expected = resolve_device(device)
        assert {one.device for one in model.parameters()} == {expected}


@pytest.mark.parametrize("verb", ["train", "crossval"])
def test_a_device_that_is_not_here_is_refused_before_training(
    verb: str, tmp_path: Path
) -> None:
    """
    From Python as by the commands.
    """
    with pytest.raises(DeviceError, match="meta"):
        getattr(zoo, verb)("xor-mlp", tmp_path / "run", device="meta")

    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("shape", "device", "most"),
    [
        ((64, 3, 224, 224), "cpu", 8),
        ((64, 1, 28, 28), "cpu", 1536),
        ((2, 3, 5000, 5000), "cpu", 1),
        ((64, 3, 224, 224), "meta", None),
        ((64, 784), "cpu", None),
    ],
)
def test_a_cpu_computes_few_photographs_at_once(
    shape: tuple[int, ...], device: str, most: int | None
) -> None:
    """The outputs of layers stay small; a GPU takes a batch as a whole."""
    batch = torch.empty(1).expand(shape)
    assert rows_at_once(batch, torch.device(device)) == most


def test_rows_come_in_parts_and_all_of_them_once() -> None:
    """The last part is what is left."""
    parts = BatchLimit().parts(20, lambda part: (part.start, part.stop), most=8)
    assert list(parts) == [(0, 8), (8, 16), (16, 20)]


def test_memory_that_is_full_makes_small_parts_smaller() -> None:
    """The smaller of the two limits counts, from then on."""
    limit, sizes = BatchLimit(), []

    def call(part: slice) -> None:
        sizes.append(part.stop - part.start)
        if sizes[-1] > 4:
            raise RuntimeError("out of memory")

    with pytest.warns(UserWarning, match="A batch of 8 does not fit"):
        list(limit.parts(16, call, most=8))
    assert sizes == [8, 4, 4, 4, 4]
