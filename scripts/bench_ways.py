"""The ways of loading that bench.py compares; each runs in a process of its own.

    bench_ways.py make LIBRARY ARCHITECTURE FOLDER  # write the file that it loads
    bench_ways.py load WAY ARCHITECTURE FOLDER      # load once for each line it is sent

Every library loads its own model from a file in its own format, with random weights
and the same number of parameters. Libraries are imported before the clock starts.
"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

__all__ = ["ARCHITECTURES", "LIBRARIES", "WAYS", "Architecture", "Way"]

FIXTURE = Path(__file__).parents[1] / "tests" / "fixtures" / "big" / "make.py"
Load = Callable[[], Any]


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """What each library calls the same network."""

    title: str
    zoo: str
    build: tuple[str, str]  # the fixture's own module and function
    timm: str
    torchvision: str
    transformers: str


ARCHITECTURES = {
    "resnet50": Architecture(
        title="ResNet-50, 102 MB",
        zoo="resnet50-random",
        build=("zoo_big.resnet", "resnet50"),
        timm="resnet50",
        torchvision="resnet50",
        transformers="ResNet",
    ),
    "vit": Architecture(
        title="ViT-B/16, 346 MB",
        zoo="vit-base-patch16-random",
        build=("zoo_big.vit", "vit_base_patch16"),
        timm="vit_base_patch16_224",
        torchvision="vit_b_16",
        transformers="ViT",
    ),
}


def zoo_file(architecture: Architecture, folder: Path) -> Path:
    """Return the file that the fixture plugin ships after `make_zoo`."""
    shipped = folder / "zoo" / "zoo_big" / "checkpoints" / architecture.zoo
    return shipped / "model.safetensors"


def make_zoo(architecture: Architecture, folder: Path) -> None:
    make = [str(FIXTURE), str(folder / "zoo"), architecture.zoo]
    load = ["-c", f"import zoo; zoo.load({architecture.zoo!r})"]  # leaves the stamp
    for command in (make, load):
        subprocess.run([sys.executable, *command], check=True)


def make_timm(architecture: Architecture, folder: Path) -> None:
    import timm
    from safetensors.torch import save_file

    model = timm.create_model(architecture.timm)
    save_file(model.state_dict(), folder / "timm.safetensors")


def make_torchvision(architecture: Architecture, folder: Path) -> None:
    import torch
    from torchvision import models

    model = models.get_model(architecture.torchvision)
    torch.save(model.state_dict(), folder / "torchvision.pth")


def make_transformers(architecture: Architecture, folder: Path) -> None:
    import transformers

    settings = getattr(transformers, f"{architecture.transformers}Config")
    model = _model_class(architecture)(settings(num_labels=1000))
    model.save_pretrained(folder / "transformers")


def floor(architecture: Architecture, folder: Path) -> Load:
    """Open the file and read every byte of it: no model."""
    from safetensors import safe_open

    def load() -> Any:
        with safe_open(zoo_file(architecture, folder), framework="pt") as file:
            names = file.keys()
            tensors = [file.get_tensor(name) for name in names]
        return read(tensors), tensors

    return load


def read(tensors: Iterable[Any]) -> float:
    """Read every byte of `tensors`."""
    return sum(float(tensor.sum()) for tensor in tensors)


def zoo_load(architecture: Architecture, folder: Path) -> Load:
    import zoo

    load = zoo.load
    return lambda: load(architecture.zoo)


def zoo_load_and_read(architecture: Architecture, folder: Path) -> Load:
    """Load, and do what the floor does: what is mapped is otherwise read when used."""
    import zoo

    name, load_by_name = architecture.zoo, zoo.load

    def load() -> Any:
        model = load_by_name(name)
        return read(model.state_dict().values()), model

    return load


def zoo_load_and_hash(architecture: Architecture, folder: Path) -> Load:
    """What the very first load of a file costs, which leaves the stamp."""
    import zoo

    load = zoo.load
    return lambda: load(architecture.zoo, verify="always")


def textbook(architecture: Architecture, folder: Path) -> Load:
    from safetensors.torch import load_file

    module, function = architecture.build
    build, path = (
        getattr(import_module(module), function),
        zoo_file(architecture, folder),
    )

    def load() -> Any:
        model = build()
        model.load_state_dict(load_file(path))
        return model.eval()

    return load


def timm_load(architecture: Architecture, folder: Path) -> Load:
    import timm

    path = str(folder / "timm.safetensors")
    return lambda: timm.create_model(architecture.timm, checkpoint_path=path).eval()


def torchvision_load(architecture: Architecture, folder: Path) -> Load:
    import torch
    from torchvision import models

    def load() -> Any:
        model = models.get_model(architecture.torchvision)
        model.load_state_dict(torch.load(folder / "torchvision.pth"))
        return model.eval()

    return load


def transformers_class(architecture: Architecture, folder: Path) -> Load:
    kind, path = _model_class(architecture), folder / "transformers"
    return lambda: kind.from_pretrained(path).eval()


def transformers_auto(architecture: Architecture, folder: Path) -> Load:
    from transformers import AutoModelForImageClassification

    path = folder / "transformers"
    return lambda: AutoModelForImageClassification.from_pretrained(path).eval()


def _model_class(architecture: Architecture) -> Any:
    import transformers

    kind = f"{architecture.transformers}ForImageClassification"
    return getattr(transformers, kind)


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way of loading: whose it is, and what returns the function to be timed."""

    library: str
    prepare: Callable[[Architecture, Path], Load]


LIBRARIES: dict[str, Callable[[Architecture, Path], None]] = {
    "zoo": make_zoo,
    "timm": make_timm,
    "torchvision": make_torchvision,
    "transformers": make_transformers,
}
WAYS = {
    "floor: every byte read": Way(library="zoo", prepare=floor),
    "zoo.load": Way(library="zoo", prepare=zoo_load),
    "zoo.load, then read": Way(library="zoo", prepare=zoo_load_and_read),
    "zoo.load, hashing": Way(library="zoo", prepare=zoo_load_and_hash),
    "textbook": Way(library="zoo", prepare=textbook),
    "timm": Way(library="timm", prepare=timm_load),
    "torchvision": Way(library="torchvision", prepare=torchvision_load),
    "transformers, model class": Way(
        library="transformers", prepare=transformers_class
    ),
    "transformers, Auto class": Way(library="transformers", prepare=transformers_auto),
}


def serve(load: Load) -> None:
    """Load once for each line that comes in; answer with milliseconds and memory."""
    print("ready", flush=True)
    for _ in sys.stdin:
        before, started = resident(), time.perf_counter()
        loaded = load()
        seconds, grown = time.perf_counter() - started, resident() - before
        print(json.dumps({"ms": seconds * 1e3, "mib": grown / 2**20}), flush=True)
        del loaded


def resident() -> int:
    """Return the bytes of this process that are in memory, its mapped files too."""
    status = Path("/proc/self/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) << 10 if found else 0


def main(action: str, name: str, architecture: str, folder: Path) -> None:
    if action == "make":
        LIBRARIES[name](ARCHITECTURES[architecture], folder)
        return
    import torch

    torch.set_num_threads(1)
    serve(WAYS[name].prepare(ARCHITECTURES[architecture], folder))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]))
