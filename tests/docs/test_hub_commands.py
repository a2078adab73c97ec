"""The commands of the documentation that need a Hub, weights, or a user's own files.

What others published is not here, so a small model of the same kind stands in for it,
at a pin of its own on the loopback Hub. All else is as the page has it.
"""

import math
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from documents import ROOT, blocks, lines
from loopback import Hub, connected, hurried
from PIL import Image, ImageDraw
from safetensors.torch import load_file

import zoo
from zoo import cli
from zoo.artifacts import hub_download, weight_store
from zoo.errors import TrustWarning
from zoo.plugins import discovery

LINES = list(dict.fromkeys(lines("text")))  # some stand on two pages
ELSEWHERE = {  # lines that another test runs, and where
    "pip install -e './zoo-sparrow[test]'": "plugins/test_scaffold.py",
    "zoo check zoo-sparrow": "contribute.sh",
    "zoo train sparrow -o runs/sparrow": "contribute.sh",
    "zoo publish runs/sparrow --repo alice/sparrow": "contribute.sh",
}
SIGNING = "docs/guides/signing.md"  # tests/docs/test_signing.py runs it
BY_HAND = (  # what a machine of CI does not have, or no time for
    "HUB_UNDER_TEST=",  # another Hub than the loopback one
    "zoo train lenet5-mnist --device cuda",
    "zoo train resnet50-transfer",  # plugins/resnet/tests/test_resnet50.py, slow
    "zoo demo",  # tests/sharing/test_demo.py, where Gradio is installed
    "pip install gradio",
    "pip install 'pillow>=13'",
    "zoo finetune posenet-mini",  # plugins/detection/tests/test_posenet.py, slow
    "zoo finetune mask-rcnn-mini",  # plugins/detection/tests/test_mask_rcnn.py, slow
    "zoo finetune srresnet-face",  # plugins/restoration/tests/test_finetuning.py
    "zoo finetune colorize-iizuka",
    "zoo finetune cae-denoise-mnist",  # plugins/autoencoder/tests/test_finetuning.py
    "zoo nearest-texts",  # tests/inference/test_nearest_texts.py
    "zoo finetune dcgan-mnist",  # plugins/gan/tests/test_finetuning.py
    "zoo sample runs/letters",
    "zoo finetune pix2pix-facades",  # plugins/image2image/tests/test_finetuning.py
    "zoo evaluate runs/pairs",
    "zoo finetune minilm-l6",  # plugins/transformer/tests/test_sentence_encoder.py
    "zoo finetune gpt-mini",  # plugins/transformer/tests/test_finetuning.py
    "zoo finetune gpt2 letters/",
    "zoo predict runs/mine 'Dear'",
    "zoo evaluate runs/mine others/",
    "torchrun ",  # tests/training/test_execution.py starts two processes by both
    "accelerate launch ",
    "dataset",  # tests/inference/test_predictor.py has Ray, where it is installed
    "schema = ",  # PySpark
    "frame.mapInPandas",
    "zoo measure",  # tests/sharing/test_measure.py, with a plugin of its own
    "zoo ship",
    "pip install 'zoo-gallery[onnx]'",  # from an index, as a user has it
    "zoo gallery",  # plugins/gallery/tests/test_browser.py, where npm and a browser are
)


def line(beginning: str) -> list[str]:
    """Return the words of the one line of all pages that begins so, after `zoo`."""
    found = [text for text in LINES if text.startswith(f"zoo {beginning}")]
    assert len(found) == 1, f"{len(found)} lines begin with 'zoo {beginning}'"
    return shlex.split(found[0])[1:]


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub, a client of it, and an empty folder to be in."""
    monkeypatch.setattr(hub_download, "RETRY_DELAY", 0.01)
    monkeypatch.setattr(hub_download, "_last_response", {})
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with (
        Hub(tmp_path / "hub") as hub,
        connected(hub, tmp_path / "home"),
        hurried(),
    ):
        yield hub


def published(name: str, like: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `name` be the model `like`, its weights at a pin on the hub alone."""
    done = zoo.publish(like, f"alice/{name}")
    spec = replace(zoo.get_spec(like), name=name, weights=done.weights)
    known = discovery.installed()
    models = {**known.models, name: spec}
    monkeypatch.setattr(
        "zoo.artifacts.resolve.installed", lambda: replace(known, models=models)
    )


def test_every_line_is_run_somewhere() -> None:
    """
    No command that needs a Hub or the user's own data is without a test.
    """
    here = Path(__file__).read_text(encoding="utf-8")
    begun = tuple(f"zoo {words}" for words in re.findall(r'line\("(.+?)"\)', here))

    for text in (line for line in LINES if line not in lines("text", SIGNING)):
        if text in ELSEWHERE:
            command = (
                text.partition(" ")[2] if text.startswith("zoo") else "zoo-sparrow"
            )
            there = (ROOT / "tests" / ELSEWHERE[text]).read_text(encoding="utf-8")
            assert command in there, text
        else:
            assert text.startswith((*begun, *BY_HAND)), text


@pytest.mark.parametrize(
    ("beginning", "like"), [("predict gpt2", "gpt-mini"), ("predict bert", "bert-mini")]
)
def test_weights_of_others_come_from_the_hub(
    beginning: str,
    like: str,
    hub: Hub,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """
    A text goes on, or its gaps are filled, by weights that were fetched for it.
    """
    words = line("predict gpt2") if like == "gpt-mini" else line("predict bert-base")
    published(words[1], like, monkeypatch)

    assert cli.main(words) == 0

    assert capsys.readouterr().out.strip()
    assert hub.count("GET", "/resolve/")


@pytest.mark.filterwarnings("ignore:.*nearly the same")  # their edges are a pixel apart
def test_masks_are_taught(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    """
    Six scenes, the ground in shadow below the road, and their masks.
    """
    random = torch.Generator().manual_seed(0)
    for number in range(6):
        edge = 20 + int(torch.randint(24, (), generator=random))
        scene = Image.new("RGB", (64, 64), (90, 140, 60))
        scene.paste((70, 70, 80), (0, edge, 64, 64))
        mask = Image.new("L", (64, 64))
        mask.paste(1, (0, edge, 64, 64))
        for kind, picture in (("images", scene), ("masks", mask)):
            Path("scenes", kind).mkdir(parents=True, exist_ok=True)
            picture.save(Path("scenes", kind, f"{number}.png"))

    words = line("finetune unet-efficientnet-lite0-pet")
    assert cli.main([*words, "--set", "epochs=1"]) == 0

    assert "iou" in capsys.readouterr().out


@pytest.mark.filterwarnings("ignore:.* has no column of dates")
def test_a_series_is_taught(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    """
    A price that swings, and what came after it.
    """
    for name, days in (("prices", range(90)), ("later", range(90, 150))):
        close = [100 + 10 * math.sin(day / 5) for day in days]
        rows = [f"{day:.3f},{day + 1:.3f},{day - 1:.3f}" for day in close]
        Path(f"{name}.csv").write_text("\n".join(["close,high,low", *rows, ""]))

    assert cli.main(line("finetune rnn-netflix")) == 0

    out = capsys.readouterr().out
    assert "rmse" in out
    assert "persistence" in out


def test_readings_are_taught(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    """
    Pictures of two letters each, named by them.
    """
    Path("captchas").mkdir()
    for number in range(8):
        text = "abcd"[number % 4] + "xyz"[number % 3]
        picture = Image.new("L", (200, 50), "white")
        ImageDraw.Draw(picture).text((60 + number, 8), text, "black", font_size=30)
        picture.save(Path("captchas", f"{text}.{number}.png"))

    words = line("finetune crnn-captcha")
    assert cli.main([*words, "--set", "epochs=1"]) == 0

    assert "string_accuracy" in capsys.readouterr().out


def test_the_classic_recipe(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Two kinds of photographs, ten epochs under a new head.
    """
    for label, colour in (("day", (220, 220, 250)), ("night", (10, 10, 40))):
        for number in range(4):
            folder = Path("photos", label)
            folder.mkdir(parents=True, exist_ok=True)
            shade = tuple(part - number for part in colour)
            Image.new("RGB", (64, 64), shade).save(folder / f"{number}.jpg")
    published("resnet50", "efficientnet-lite0", monkeypatch)

    assert cli.main(line("finetune resnet50")) == 0

    assert "accuracy" in capsys.readouterr().out


def test_a_folder_is_published(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    """
    What `zoo train` wrote is on the hub, and loads from there by what was printed.
    """
    assert cli.main(["train", "xor-mlp", "--set", "lr=0.1", "--out", "runs/xor"]) == 0
    capsys.readouterr()

    assert cli.main(line("publish runs/xor")) == 0

    address = re.findall(
        r'zoo\.load\("(hf://alice/xor@\w+)"\)', capsys.readouterr().out
    )
    with pytest.warns(TrustWarning):  # no plugin and no zoo.lock vouches for it
        model = zoo.load(address[0])
    wanted = load_file("runs/xor/model.safetensors")
    assert all(model.state_dict()[key].equal(value) for key, value in wanted.items())


PLUGIN = blocks("python", "docs/plugins/writing.md")[0]
MODEL = """
from zoo_cnn.lenet5 import lenet5 as make
"""


def test_weights_are_adopted(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    The plugin of the guide is one, and takes a state_dict of other names for its model.
    """
    package = Path("zoo_mine")
    package.mkdir()
    (package / "__init__.py").write_text(PLUGIN)
    (package / "model.py").write_text(MODEL)
    about = Path("zoo_mine-0.1.0.dist-info")
    about.mkdir()
    (about / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: zoo-mine\nVersion: 0.1\n"
    )
    (about / "entry_points.txt").write_text("[zoo]\nmine = zoo_mine\n")
    monkeypatch.syspath_prepend(str(Path.cwd()))
    shipped = load_file(
        weight_store.shipped_checkpoint(zoo.get_spec("lenet5-mnist"))
        / "model.safetensors"
    )
    torch.save(
        {k.replace("features", "conv"): v.float() for k, v in shipped.items()},
        "theirs.pth",
    )
    discovery.installed.cache_clear()
    try:
        assert cli.main(line("import-weights theirs.pth")) == 0

        assert load_file("runs/mine/model.safetensors").keys() == shipped.keys()
    finally:
        discovery.installed.cache_clear()
