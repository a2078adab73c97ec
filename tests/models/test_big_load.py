"""Loading real architectures: every number from the file, nothing else touched."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

import zoo
from zoo.errors import MisfitError
from zoo.models import safetensors_io
from zoo.models.skip_init import skip_initialization
from zoo.plugins.discovery import installed

BIG = Path(__file__).parents[1] / "fixtures" / "big"
ROOT = Path(__file__).parents[2]
SMALLER: dict[str, dict[str, Any]] = {
    "resnet50-random": {"width": 8, "depths": (1, 2, 1, 1)},
    "vit-base-patch16-random": {"width": 64, "depth": 2, "image": 32},
    "peculiar-random": {},
}
KINDS = (
    *(torch.float64, torch.float32, torch.float16, torch.bfloat16),
    *(torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool),
    *(torch.uint16, torch.float8_e4m3fn),  # left to the library
)
RANDOM = ("uniform_", "normal_")
MIB = 1 << 20


@pytest.fixture(autouse=True)
def big(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the fixture plugin, as if it were installed, and no longer than the test."""
    monkeypatch.syspath_prepend(BIG)
    installed.cache_clear()
    yield
    installed.cache_clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == "zoo_big"]:
        del sys.modules[name]


def saved(name: str, folder: Path) -> tuple[nn.Module, Path]:
    """Return a small model with weights drawn at random, and where they are saved."""
    model = zoo.build(name, **SMALLER[name])
    return model.eval(), zoo.save(model, folder / name)


@pytest.mark.parametrize("name", SMALLER)
def test_every_tensor_of_the_model_is_the_files(name: str, tmp_path: Path) -> None:
    """
    No parameter and no saved buffer keeps what building gave it, and the report says
    so.
    """
    _, folder = saved(name, tmp_path)

    model = zoo.load(folder)

    stored, state = load_file(folder / "model.safetensors"), model.state_dict()
    report = model.zoo.report
    assert set(stored) == set(state) - set(report.tied)
    assert all(torch.equal(stored[n], state[n]) for n in stored)
    assert (set(report.loaded), report.fresh) == (set(stored), ())
    # Mapped memory can't be resized; memory that a module reserved could.
    assert not any(tensor.untyped_storage().resizable() for tensor in state.values())


@pytest.mark.parametrize("name", SMALLER)
def test_no_random_number_is_drawn_to_load(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Initialisers are not run while a model is loaded; building it runs them. A buffer
    that is drawn at random is drawn as ever: only parameters are spared.
    """
    _, folder = saved(name, tmp_path)
    drawn = counted(monkeypatch)

    zoo.load(folder)

    assert drawn == []
    zoo.build(name, **SMALLER[name])
    assert drawn != []


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows with each random fill of a tensor."""
    drawn: list[str] = []

    def counting(name: str) -> Any:
        fill = getattr(Tensor, name)

        def count(tensor: Tensor, *arguments: Any, **options: Any) -> Tensor:
            drawn.append(name)
            filled: Tensor = fill(tensor, *arguments, **options)
            return filled

        return count

    for name in RANDOM:
        monkeypatch.setattr(Tensor, name, counting(name))
    return drawn


def test_a_loaded_model_computes_what_the_saved_one_did(tmp_path: Path) -> None:
    """Ties, buffers and an RNN's own list of weights included: equal bit for bit."""
    model, folder = saved("peculiar-random", tmp_path)
    words = torch.arange(4).view(1, 4)

    loaded = zoo.load(folder)

    with torch.inference_mode():
        assert torch.equal(loaded(words), model(words))


def test_a_buffer_that_is_not_saved_is_computed(tmp_path: Path) -> None:
    """
    A non-persistent buffer holds what the build computes, its in-place steps included.
    """
    _, folder = saved("peculiar-random", tmp_path)

    model = zoo.load(folder)

    assert "places" not in model.state_dict()
    assert torch.equal(model.places, torch.arange(8) / 8 * 2 + 1)


def test_tied_weights_stay_tied(tmp_path: Path) -> None:
    """Two names of one parameter in the build are two names of one loaded parameter."""
    _, folder = saved("peculiar-random", tmp_path)

    model = zoo.load(folder)

    assert model.decide.weight is model.words.weight
    assert model.zoo.report.tied == ("decide.weight",)


def test_copied_layers_are_two_layers(tmp_path: Path) -> None:
    """A deep copy made while building is not tied to what it was copied from."""
    _, folder = saved("peculiar-random", tmp_path)

    model = zoo.load(folder)

    assert not torch.equal(model.second.weight, model.first.weight)


def test_a_module_is_told_of_its_new_parameters(tmp_path: Path) -> None:
    """
    A module with its own __setattr__ sees what is loaded: an RNN lists its weights
    there, and `flatten_parameters` reads the list.
    """
    _, folder = saved("peculiar-random", tmp_path)

    memory = zoo.load(folder).memory

    listed = zip(memory._flat_weights, memory.parameters(), strict=True)
    assert all(one is other for one, other in listed)


def test_loaded_parameters_are_ordinary(tmp_path: Path) -> None:
    """
    Their class is torch's, a frozen one stays frozen, and filling them has an effect
    again, but not on the file.
    """
    _, folder = saved("peculiar-random", tmp_path)
    before = (folder / "model.safetensors").read_bytes()

    model = zoo.load(folder)
    with torch.no_grad():
        model.first.weight.fill_(7.0)

    assert {type(parameter) for parameter in model.parameters()} == {nn.Parameter}
    assert not model.scale.requires_grad
    assert model.first.weight.unique().tolist() == [7.0]
    assert (folder / "model.safetensors").read_bytes() == before


def test_all_faults_are_told_and_nothing_is_assigned(tmp_path: Path) -> None:
    """A file for another width is refused whole, though some of its tensors fit."""
    model, folder = saved("vit-base-patch16-random", tmp_path)
    wider = zoo.build("vit-base-patch16-random", width=128, depth=2, image=32)
    before = {name: id(parameter) for name, parameter in wider.named_parameters()}

    with pytest.raises(MisfitError, match="does not fit VisionTransformer") as refused:
        safetensors_io.read(
            wider, folder / "model.safetensors", safetensors_io.slots(wider)
        )

    # All but the bias of the head, which has a number for each class at any width.
    assert len(refused.value.faults) == len(model.state_dict()) - 1
    after = {name: id(parameter) for name, parameter in wider.named_parameters()}
    assert after == before


def test_every_type_and_shape_is_read_as_the_library_reads_it(tmp_path: Path) -> None:
    """Scalars, empty tensors, and types that only the library knows how to place."""
    shapes = {"matrix": (3, 5), "scalar": (), "empty": (0, 4)}
    tensors = {
        f"{kind}.{name}": torch.ones(shape).to(kind)
        for kind in KINDS
        for name, shape in shapes.items()
    }
    save_file(tensors, tmp_path / "all.safetensors")

    read = safetensors_io.tensors(tmp_path / "all.safetensors")

    assert set(read) == set(tensors)
    for name, wanted in tensors.items():
        assert (read[name].dtype, read[name].shape) == (wanted.dtype, wanted.shape)
        assert torch.equal(read[name].float(), wanted.float())
        assert read[name].is_contiguous()


def test_a_tensor_does_not_drag_the_file_along(tmp_path: Path) -> None:
    """Pickling or copying one tensor takes its own bytes, not those of the file."""
    _, folder = saved("resnet50-random", tmp_path)

    read = safetensors_io.tensors(folder / "model.safetensors")

    assert all(one.untyped_storage().nbytes() == one.nbytes for one in read.values())


@pytest.mark.parametrize(
    ("name", "parameters", "tensors", "saved_tensors"),
    [
        ("resnet50-random", 25_557_032, 161, 320),
        ("vit-base-patch16-random", 86_567_656, 152, 152),
    ],
)
def test_the_big_models_are_as_big_as_the_papers(
    name: str, parameters: int, tensors: int, saved_tensors: int
) -> None:
    """The numbers are torchvision's, so the comparison in scripts/bench.py is fair."""
    with skip_initialization():
        model = zoo.build(name)

    assert sum(parameter.numel() for parameter in model.parameters()) == parameters
    assert zoo.get_spec(name).parameters == parameters
    assert len(list(model.parameters())) == tensors
    assert len(model.state_dict()) == saved_tensors


WATCHED = """
import json, re, sys
from pathlib import Path
import torch, zoo
torch.set_num_threads(1)

def resident():
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmRSS:\\s+(\\d+) kB", status)[1]) << 10

zoo.get_spec("resnet50-random"), zoo.load  # discovery, and zoo's own modules
before = resident()
model = zoo.load("resnet50-random")
grown = resident() - before
report = model.zoo.report
print(json.dumps({"grown": grown, "dynamo": "torch._dynamo" in sys.modules,
                  "loaded": len(report.loaded), "path": report.path}))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/status")
def test_a_file_of_102_mb_is_not_copied_into_memory(tmp_path: Path) -> None:
    """
    Loading ResNet-50 by name in a fresh process adds at most 15 MiB to it, hashes the
    whole file on the way, and does not import torch._dynamo, which costs two seconds.
    """
    try:
        python(str(BIG / "make.py"), str(tmp_path / "big"), "resnet50-random")
        answer = python("-c", WATCHED, plugins=tmp_path / "big")
        size = Path(json.loads(answer)["path"]).stat().st_size
    finally:
        shutil.rmtree(tmp_path / "big", ignore_errors=True)  # pytest would keep it

    facts = json.loads(answer)
    assert (size // 10**6, facts["loaded"]) == (102, 320)
    assert facts["grown"] <= 15 * MIB
    assert not facts["dynamo"]


def python(*command: str, plugins: Path = BIG) -> str:
    """Run python with this checkout's zoo, and another folder of plugins."""
    path = os.pathsep.join((str(ROOT), str(plugins)))
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-W", "error", *command],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
