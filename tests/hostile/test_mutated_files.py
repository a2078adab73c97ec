"""Files of every format, changed in a few places: refused by an error of ours, or read.

No mutation gives a traceback, hangs, or has anything written. Weights and whole loads
of mutated configs are in `tests/test_hostile_inputs.py`. `ZOO_LONG=10` multiplies the
mutations, for a long run.
"""

import io
import json
import os
import random
import shutil
import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from mutations import damaged, rewritten
from PIL import Image
from safetensors.torch import load
from small import pictures

import zoo
from zoo.artifacts import bundle_format, checkpoint_folder, claims, lockfile
from zoo.artifacts.bundle_format import Entry
from zoo.artifacts.lockfile import Lock
from zoo.cards import finetuned, render
from zoo.datasets.custom import tables
from zoo.errors import DataWarning, ZooError
from zoo.evaluation.comparison import baseline_ahead, comparison_table
from zoo.inference.answer_file import AnswerFile
from zoo.models import golden, safetensors_io
from zoo.plugins import measured
from zoo.preprocessing import tokenizer_check
from zoo.preprocessing.image import open_image
from zoo.sharing import import_weights
from zoo.testing import runner
from zoo.training import resume_file, sweep_settings
from zoo.training.resume import ResumeCheckpoint
from zoo.tuning import sweep, trials

TIMES = int(os.environ.get("ZOO_LONG", "1"))
SECONDS = 60  # that one file may take; a machine may be busy
ROOT = Path(__file__).parents[2]
Change = Callable[[bytes, random.Random], bytes]


@dataclass
class Format:
    """A file, how it is changed, and what reads it; `count` files are tried."""

    path: Path
    read: Callable[[], object]
    count: int
    change: Change = rewritten
    refusal: type[Exception] = ZooError
    named: tuple[str, ...] = ()  # of which an error may speak instead of the file


FORMATS: dict[str, Callable[[Path], Format]] = {}


def mutable(make: Callable[[Path], Format]) -> Callable[[Path], Format]:
    """Register a format by the name of the function that makes a file of it."""
    FORMATS[make.__name__] = make
    return make


@contextmanager
def alarm() -> Iterator[None]:
    """Fail what takes longer than a file may."""

    def ring(*_: object) -> None:
        raise AssertionError("it hangs")

    before = signal.signal(signal.SIGALRM, ring)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


# Of a checkpoint


@mutable
def config(folder: Path) -> Format:
    zoo.save(zoo.build("lenet5-mnist"), folder / "m")
    path = folder / "m" / "config.json"

    def read() -> None:
        found = checkpoint_folder.read_config(path.parent)
        found.to_json()

    return Format(path, read, 250)


@mutable
def config_of_texts(folder: Path) -> Format:
    zoo.save(zoo.load("char-lstm-nietzsche"), folder / "m")
    path = folder / "m" / "config.json"
    return Format(path, lambda: checkpoint_folder.read_config(path.parent), 150)


@mutable
def receipt(folder: Path) -> Format:
    spec = zoo.get_spec("lenet5-mnist")
    shipped = ROOT / "plugins/cnn/zoo_cnn/checkpoints/lenet5-mnist/run.json"
    path = folder / "run.json"
    path.write_bytes(shipped.read_bytes())

    def read() -> None:
        found = checkpoint_folder.read_receipt(folder)
        if "metrics" in found:
            render.text(spec, found)
            claims.metrics(found)
            comparison_table(found)
            baseline_ahead(found)

    return Format(path, read, 75, named=("of 'lenet5-mnist'",))


@mutable
def receipt_of_finetuning(folder: Path) -> Format:
    made = folder / "model"
    zoo.finetune("mlp-mnist", pictures(folder / "photos"), made, l2_sp=0.01)
    spec = zoo.load(made).zoo.spec
    path = made / "run.json"

    def read() -> None:
        found = checkpoint_folder.read_receipt(made)
        if "tried" in found and found.get("recipe") is None:
            finetuned.render(spec, found)

    return Format(path, read, 75)


@mutable
def tokenizer(folder: Path) -> Format:
    shipped = ROOT / "plugins/transformer/zoo_transformer/checkpoints/bert-mini"
    path = folder / "tokenizer.json"
    content = json.loads((shipped / "tokenizer.json").read_bytes())
    content["model"]["vocab"] = dict(list(content["model"]["vocab"].items())[:60])
    path.write_text(json.dumps(content))

    def read() -> None:
        tokenizer_check.check(path.read_bytes(), 3000, 64)

    return Format(path, read, 150, refusal=ValueError, named=("",))


@mutable
def golden_of_a_model(folder: Path) -> Format:
    model = zoo.build("xor-mlp")
    path = folder / "golden.safetensors"
    golden.make_golden(model, torch.rand(2, 2), path)
    return Format(path, lambda: golden.replay(model, path), 150, change=of_tensors)


def of_tensors(content: bytes, chance: random.Random) -> bytes:
    """Change the header of a safetensors file as JSON, or any of its bytes."""
    if chance.random() < 0.3:
        return damaged(content, chance)
    length = int.from_bytes(content[:8], "little")
    head = rewritten(content[8 : 8 + length].rstrip(), chance)
    return len(head).to_bytes(8, "little") + head + content[8 + length :]


# Of runs


@mutable
def plan(folder: Path) -> Format:
    path = folder / "plan.json"
    given = {"name": "xor-mlp", "settings": {"lr": "0.1,0.2"}, "method": "grid"}
    path.write_text(json.dumps({**given, "trials": 2, "seed": 0, "smoke": True}))
    return Format(path, lambda: sweep._plan(path), 200)


PLAN = sweep.SweepPlan(
    name="xor-mlp",
    settings={"lr": "0.1,0.2"},
    method="grid",
    trials=2,
    smoke=True,
    metric="accuracy",
)


@mutable
def journal(folder: Path) -> Format:
    study = trials.is_complete(folder, PLAN)
    trials.run_trials(study, PLAN)
    path = folder / trials.JOURNAL

    def lines(content: bytes, chance: random.Random) -> bytes:
        every = content.splitlines()
        place = chance.randrange(len(every))
        every[place] = rewritten(every[place], chance)
        return b"\n".join(every) + b"\n"

    def read() -> None:
        trials.finished_trials(trials.create_study(folder, PLAN))

    return Format(path, read, 30, change=lines)


@mutable
def finished_sweep(folder: Path) -> Format:
    made = folder / "sweep"
    settings = {"iterations": [1, 2]}
    zoo.sweep(
        "xor-mlp", made, settings=settings, method="grid", smoke=True, metric="loss"
    )
    path = made / "sweep.json"

    def read() -> None:
        sweep_settings.read(made, "xor-mlp", smoke=True)

    return Format(path, read, 150, named=(str(made),))


@mutable
def resume_state(folder: Path) -> Format:
    path = folder / "state"

    def kept() -> ResumeCheckpoint:
        torch.manual_seed(0)
        model = torch.nn.Linear(2, 2)
        optimizer = torch.optim.AdamW(model.parameters())
        model(torch.ones(1, 2)).sum().backward()
        optimizer.step()
        made = ResumeCheckpoint(path, {"seed": 0}, seconds=0)
        made.add(model)
        made.add(optimizer)
        return made

    first = kept()
    first.load()
    first.save({"epoch": 1}, now=True)

    def sealed(content: bytes, chance: random.Random) -> bytes:
        """Change what is kept, and seal it again, as whoever knows the code may."""
        if chance.random() < 0.2:
            return damaged(content, chance)
        tensors = load(content)
        outline = rewritten(bytes(tensors["outline"].tolist()), chance)
        tensors["outline"] = torch.frombuffer(bytearray(outline), dtype=torch.uint8)
        del tensors["seal"]
        return safetensors_io.to_bytes(tensors | {"seal": resume_file._seal(tensors)})

    def read() -> None:
        kept().load()

    return Format(path, read, 75, change=sealed)


@mutable
def answers(folder: Path) -> Format:
    path = folder / "answers.jsonl"
    work = folder / "answers.jsonl.part"
    lines = [{"model": "m"}, *({"input": f"{n}", "error": None} for n in range(3))]
    whole = "".join(f"{json.dumps(line)}\n" for line in lines)
    work.write_text(whole)

    def read() -> None:
        try:
            with AnswerFile(path, {"model": "m"}).written():
                pass
        finally:
            path.unlink(missing_ok=True)
            (folder / ".answers.jsonl.lock").unlink(missing_ok=True)
            work.touch()

    def changed(content: bytes, chance: random.Random) -> bytes:
        return damaged(whole.encode(), chance)

    made = Format(work, read, 75, change=changed)
    return made


# Of projects, plugins and other programs


@mutable
def lock(folder: Path) -> Format:
    path = folder / "zoo.lock"
    entry = Lock(name="net", plugin="p", version="1", size=5, sha256="a" * 64)
    lockfile.write(path, [entry, replace(entry, name="other", config="b" * 64)])
    return Format(path, lambda: lockfile.read(path), 200, change=damaged)


@mutable
def bundle(folder: Path) -> Format:
    path = folder / "bundle.json"
    entry = Lock(name="net", plugin="p", version="1", size=5, sha256="a" * 64)
    path.write_bytes(bundle_format.dump([Entry(entry, {})]))

    def read() -> None:
        bundle_format.parse(path.read_bytes())

    return Format(
        path,
        read,
        400,
        refusal=ValueError,
        named=("update zoo-core", "it holds no model"),
    )


@mutable
def figures(folder: Path) -> Format:
    path = folder / "measured.json"
    path.write_bytes((ROOT / "plugins/cnn/zoo_cnn/measured.json").read_bytes())
    return Format(path, lambda: measured.read(path, "mine"), 150)


@mutable
def project(folder: Path) -> Format:
    path = folder / "pyproject.toml"
    path.write_bytes((ROOT / "plugins/cnn/pyproject.toml").read_bytes())
    weights = shutil.ignore_patterns("*.safetensors", "__pycache__")
    code = ROOT / "plugins/cnn/zoo_cnn"
    shutil.copytree(code, folder / "zoo_cnn", ignore=weights)
    return Format(path, lambda: runner._installed(folder), 75, damaged, named=("",))


@mutable
def mapping(folder: Path) -> Format:
    path = folder / "mapping.json"
    path.write_text('{"a.weight": "b.weight", "a.bias": null}')
    return Format(path, lambda: import_weights.mapping(path), 150)


# Of data


def picture(folder: Path, kind: str) -> Format:
    numbers = np.random.default_rng(0).integers(0, 255, (9, 6, 3), dtype=np.uint8)
    about = Image.Exif()
    about[0x0112], about[0x010F], about[0x011A] = 6, "Maker", 72.0
    made = io.BytesIO()
    Image.fromarray(numbers).save(made, kind, exif=about)
    path = folder / f"a.{kind.lower()}"
    path.write_bytes(made.getvalue())
    spec = zoo.ImageInput(height=4, width=4)
    return Format(path, lambda: open_image(path, spec), 125, damaged)


@mutable
def png(folder: Path) -> Format:
    return picture(folder, "PNG")


@mutable
def jpeg(folder: Path) -> Format:
    return picture(folder, "JPEG")


@mutable
def webp(folder: Path) -> Format:
    return picture(folder, "WEBP")


def table(folder: Path, ending: str, count: int) -> Format:
    rows = [{"text": f"row {n}, é", "label": n % 2, "size": n / 3} for n in range(6)]
    path = folder / f"rows.{ending}"
    if ending == "jsonl":
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    else:
        import pandas as pd

        frame = pd.DataFrame(rows)
        frame.to_csv(path, index=False) if ending == "csv" else frame.to_parquet(path)

    def read() -> None:
        found = tables.read_table(path)
        tables.places(found)
        tables.input_column(str(path), found, zoo.TextInput(max_length=4, vocab_size=4))

    return Format(path, read, count, damaged)


@mutable
def csv(folder: Path) -> Format:
    return table(folder, "csv", 125)


@mutable
def jsonl(folder: Path) -> Format:
    return table(folder, "jsonl", 125)


@mutable
def parquet(folder: Path) -> Format:
    return table(folder, "parquet", 30)


@pytest.mark.parametrize("name", FORMATS)
def test_a_mutated_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    It is read or refused, the error names it, and nothing else is there afterwards.
    """
    monkeypatch.setattr(tokenizer_check, "_try", lambda *_: None)  # one of many
    given = FORMATS[name](tmp_path)
    whole = given.path.read_bytes()
    given.read()
    before = {*tmp_path.rglob("*")}
    refused = 0
    with alarm(), warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        for seed in range(given.count * TIMES):
            content = given.change(whole, random.Random(f"{name} {seed}"))
            given.path.write_bytes(content)
            signal.alarm(SECONDS)
            try:
                given.read()
            except given.refusal as exc:
                refused += 1
                known = any(
                    name in str(exc) for name in (*given.named, given.path.name)
                )
                if not known:
                    raise AssertionError(f"seed {seed} is not named: {exc}") from exc
            except Exception as exc:
                signal.alarm(0)
                shown = content if len(content) < 3000 else content[:3000]
                raise AssertionError(f"seed {seed}: {shown!r}") from exc
            signal.alarm(0)

    assert {*tmp_path.rglob("*")} == before
    assert refused > given.count * TIMES // 20
