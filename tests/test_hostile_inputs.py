"""What a stranger may have written: weights, configs, addresses, none of them trusted.

`ZOO_LONG=10` multiplies the number of mutations, for a long run.
"""

import ast
import json
import os
import random
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import mutated
from safetensors.torch import save
from torch import nn

import zoo
from zoo.artifacts import checkpoint_folder, hub_repository
from zoo.errors import CheckpointError, NotSafetensors, SpecError, ZooError
from zoo.models import safetensors_io
from zoo.specs import Weights

TIMES = int(os.environ.get("ZOO_LONG", "1"))
ROOT = Path(__file__).parents[1]
PICKLERS = {"pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}


class Two(nn.Module):
    """Two layers, so that tensors can overlap or change places."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(3, 4), nn.Linear(4, 3)


def fuzz(examples: int) -> Any:
    """Return hypothesis settings for so many mutations, the same ones every time."""
    slow = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(
        max_examples=examples * TIMES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=slow,
    )


def header(content: bytes) -> tuple[dict[str, Any], bytes]:
    """Take a safetensors file apart."""
    length = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def packed(head: Any, data: bytes, length: int | None = None) -> bytes:
    """Put a safetensors file together, with any length announced."""
    try:
        text = json.dumps(head).encode()
    except RecursionError:
        text = b"[" * 100_000
    said = len(text) if length is None else length
    return (said % 2**64).to_bytes(8, "little") + text + data


def two_layers() -> tuple[Two, bytes]:
    torch.manual_seed(0)
    model = Two().requires_grad_(False)
    return model, save(dict(model.state_dict()), metadata={"format": "pt"})


@fuzz(2000)
@given(
    seed=st.integers(0, 2**32), kind=st.sampled_from(["json", "bytes", "length", "cut"])
)
def test_a_mutated_weights_file(
    tmp_path_factory: pytest.TempPathFactory, seed: int, kind: str
) -> None:
    """
    It is refused, or every tensor is what the header says of bytes within the file.
    """
    chance = random.Random(seed)
    model, content = two_layers()
    head, data = header(content)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    match kind:
        case "json":
            for _ in range(chance.randint(1, 3)):
                head = mutated(head, chance)
            content = packed(head, data)
        case "bytes":
            content = bytes(content)
            for _ in range(chance.randint(1, 4)):
                place = chance.randrange(len(content) - len(data))
                byte = bytes([chance.randrange(256)])
                content = content[:place] + byte + content[place + 1 :]
        case "length":
            odd = [0, 1, 7, len(content), 100_000_001, 2**31, 2**63, 2**64 - 1]
            content = packed(head, data, chance.choice(odd))
        case "cut":
            content = content[: chance.randrange(len(content))]
    path = scratch(tmp_path_factory)
    path.write_bytes(content)

    try:
        safetensors_io.read(model, path, safetensors_io.slots(model))
    except ZooError:
        after = model.state_dict()
        assert all(torch.equal(after[name], before[name]) for name in before)
        return
    found, data = header(content)
    for name, value in model.state_dict().items():
        first, end = found[name]["data_offsets"]
        assert list(before[name].shape) == found[name]["shape"]
        assert 0 <= first <= end <= len(data)
        if found[name]["dtype"] == "F32":
            inside = value.contiguous().view(torch.uint8).flatten()
            assert bytes(inside.tolist()) == data[first:end]


def scratch(factory: pytest.TempPathFactory) -> Path:
    """Return one path for all mutations: a folder each would fill the disk."""
    folder = factory.getbasetemp() / "hostile"
    folder.mkdir(exist_ok=True)
    return folder / "model.safetensors"


HEADERS = {
    "no header": (b"", "it is empty"),
    "a length beyond the file": (b"\xff" * 8 + b"{}", "header"),
    "a length of gigabytes": ((2**40).to_bytes(8, "little") + b"{}", "header"),
    "a header that never ends": (
        packed(None, b"", 0)[:8].replace(b"\0", b"\0") + b"[" * 50_000,
        "header",
    ),
    "offsets that overlap": (
        packed(
            {
                "a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
                "b": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
            },
            b"\0" * 8,
        ),
        "offset",
    ),
    "offsets that leave the file": (
        packed({"a": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}}, b"\0"),
        "header",
    ),
    "a negative offset": (
        packed({"a": {"dtype": "F32", "shape": [1], "data_offsets": [-4, 0]}}, b""),
        "header",
    ),
    "a shape that is too large to count": (
        packed(
            {
                "a": {
                    "dtype": "F32",
                    "shape": [2**62, 2**62],
                    "data_offsets": [0, 4],
                }
            },
            b"\0" * 4,
        ),
        "",
    ),
}


@pytest.mark.parametrize("kind", HEADERS)
def test_a_hostile_header(tmp_path: Path, kind: str) -> None:
    """
    It is refused before anything of the announced size is allocated.
    """
    content, cause = HEADERS[kind]
    path = tmp_path / "m.safetensors"
    path.write_bytes(content)

    with pytest.raises(NotSafetensors) as caught:
        safetensors_io.tensors(path)

    assert cause in str(caught.value).lower()


@fuzz(400)
@given(seed=st.integers(0, 2**32), raw=st.booleans())
def test_a_mutated_config(folder: Path, seed: int, raw: bool) -> None:
    """
    It is refused with an error of ours, or it builds a model that the weights fit.
    """
    chance = random.Random(seed)
    path = folder / "config.json"
    kept = folder.parent / "config.json"
    if not kept.exists():
        shutil.copy(path, kept)
    text = kept.read_text()
    if raw:
        place = chance.randrange(len(text))
        odd = chance.choice(["", "{", "}", '"', "\\", "[" * 2000, "9" * 5000, "\u20ac"])
        text = text[:place] + odd + text[place + chance.randint(0, 5) :]
    else:
        config = json.loads(text)
        for _ in range(chance.randint(1, 2)):
            config = mutated(config, chance)
        text = json.dumps(config)
    path.write_text(text, errors="surrogatepass")

    try:
        model = zoo.load(folder)
    except ZooError:
        return
    assert model.zoo.spec.build == "zoo_cnn.lenet5:lenet5"
    assert len(model.zoo.report.loaded) == 10


def changed(folder: Path, **entries: Any) -> None:
    """Change entries of a config.json."""
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


@pytest.mark.parametrize("part", ["build", "recipe"])
def test_a_config_chooses_among_what_plugins_offer(folder: Path, part: str) -> None:
    """
    A function that a plugin's module merely holds can't be called from a file.
    """
    named = {"build": "zoo_cnn.recipe:save", "recipe": "zoo_cnn.lenet5"}[part]
    changed(folder, **{part: named})

    with pytest.raises(CheckpointError) as caught:
        zoo.load(folder)

    assert str(caught.value) == (
        f"{folder} names {named!r} as its {part}, and no installed plugin has a model "
        "with that. Update 'zoo-cnn', or don't use it."
    )


def test_options_that_can_not_be_built(folder: Path) -> None:
    """
    What the build function says of them becomes the zoo's own error.
    """
    changed(folder, options={"classes": -3})

    with pytest.raises(ZooError, match=r"it can't be built with these options \("):
        zoo.load(folder)


def test_a_config_without_end(folder: Path) -> None:
    """
    Its size is looked at before it is read.
    """
    path = folder / "config.json"
    os.truncate(path, (32 << 20) + 1)

    with pytest.raises(CheckpointError) as caught:
        zoo.load(folder)

    assert str(caught.value) == (
        f"{path} can't be read: it has 33,554,433 bytes. Save the checkpoint again, or "
        "get another copy of the folder."
    )


ESCAPES = [
    *("../evil", "/etc/passwd", "a/../../b", "a//b", "C:\\x", "C:/x", "..", "a/..", ""),
    *("a/.hidden", "\x00", "a\nb", "~/x", "a/", "\\\\host\\x", "CON:", "é"),
]


@pytest.mark.parametrize("name", ESCAPES)
def test_a_file_name_stays_in_its_folder(name: str) -> None:
    """
    A pin's file name has no way out: not up, not absolute, no drive, nothing hidden.
    """
    with pytest.raises(SpecError, match="should be 'folder/file'"):
        Weights(size=1, sha256="0" * 64, filename=name)


@pytest.mark.parametrize(
    "name",
    [
        *("hf://", "hf://alice", "hf://alice/net/more", "hf:///net", "hf://alice/"),
        *("hf://../net", "hf://alice/..", "hf://alice/net@", "hf://alice/net@../x"),
        *("hf://alice/net@a..b", "hf://a b/net", "hf://alice/net@/x", "hf://C:/net"),
    ],
)
def test_an_address_stays_on_the_hub(name: str) -> None:
    """
    What is not a repository's name is refused before anybody is asked.
    """
    with pytest.raises(CheckpointError) as caught:
        hub_repository.parse(name)

    assert str(caught.value) == (
        f"{name!r} is not the address of a repository: write hf://user/name, or "
        "hf://user/name@commit."
    )


def test_nothing_reads_a_pickle() -> None:
    """
    No module of the core or of a plugin imports pickle, or loads what may hold one. The
    one exception reads somebody's state_dict for its tensors alone.
    """
    alone = ROOT / "zoo" / "sharing" / "import_weights.py"
    guilty: list[str] = []
    sources = [
        *(ROOT / "zoo").rglob("*.py"),
        *(ROOT / "plugins").glob("*/zoo_*/**/*.py"),
    ]
    for path in sources:
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
                error = [alias.name for alias in node.names] == ["UnpicklingError"]
                names = [] if path == alone and error else names
            if PICKLERS & {name.split(".")[0] for name in names}:
                guilty.append(f"{path}: imports {names}")
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                words = {word.arg: ast.unparse(word.value) for word in node.keywords}
                tensors = path == alone and words.get("weights_only") == "True"
                if re.search(r"(^|\.)(torch\.load|read_pickle)$", called) and (
                    not tensors
                ):
                    guilty.append(f"{path}: {called}")
                if any(word.arg == "allow_pickle" for word in node.keywords):
                    guilty.append(f"{path}: allow_pickle")

    assert len(sources) > 60
    assert guilty == []


def test_a_receipt_of_the_wrong_shape(folder: Path) -> None:
    """
    run.json is not trusted either.
    """
    (folder / "run.json").write_text("[" * 200_000)

    with pytest.raises(CheckpointError, match=r"run\.json can't be read: "):
        checkpoint_folder.read_receipt(folder)
