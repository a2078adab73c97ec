"""Models that restore pictures are fine-tuned on photographs alone."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import zoo
from zoo.errors import DataError, SettingsError

ENLARGES = "srresnet-face"
CHOSEN = {"epochs": 1, "batch_size": 4, "lr": 1e-5}


def photograph(width: int = 128, height: int = 64, seed: int = 0) -> Image.Image:
    """Return a smooth random picture."""
    random = np.random.default_rng(seed)
    few = Image.fromarray(random.integers(0, 256, (6, 8, 3), np.uint8))
    return few.resize((width, height), Image.Resampling.BICUBIC)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(5):
        photograph(seed=number).save(folder / f"{number}.png")
    return folder


def test_the_super_resolver_learns_from_a_folder_of_photographs(
    photos: Path, tmp_path: Path
) -> None:
    """
    All of it: the receipt holds the metrics beside those of interpolation and of the
    model before, and the folder is loaded and used as any other.
    """
    before = {k: v.clone() for k, v in zoo.load(ENLARGES).state_dict().items()}
    model = zoo.finetune(ENLARGES, photos, tmp_path / "mine", settings=CHOSEN)
    after = model.state_dict()
    receipt = json.loads((tmp_path / "mine" / "run.json").read_text())
    saved = zoo.load(tmp_path / "mine")

    assert all(not torch.equal(before[name], after[name]) for name in before)
    assert {*receipt["baselines"]} == {"bicubic interpolation", "before"}
    assert [one["name"] for one in receipt["metrics"]] == ["psnr", "ssim"]
    assert receipt["data"]["photos/training"]["rows"] == 4
    assert receipt["rows"] == 2  # squares of the one picture held back
    assert (tmp_path / "mine" / "restored.png").exists()
    assert zoo.predict(saved, photograph(20, 10)).image.size == (40, 20)
    assert {*zoo.evaluate(saved, photos)} == {"psnr", "ssim"}


def test_the_figures_before_are_the_models_own(photos: Path, tmp_path: Path) -> None:
    """
    On the photographs of a test folder, whose sides are those of whole squares, the
    model before has what `zoo.evaluate` measures of each square.
    """
    test = tmp_path / "test"
    test.mkdir()
    photograph(64, 64, seed=9).save(test / "one.png")
    zoo.finetune(ENLARGES, photos, tmp_path / "mine", test=test, settings=CHOSEN)
    receipt = json.loads((tmp_path / "mine" / "run.json").read_text())

    expected = zoo.evaluate(zoo.load(ENLARGES), test)
    assert receipt["baselines"]["before"] == pytest.approx(expected, rel=1e-4)


def test_a_picture_that_is_too_small_is_named(photos: Path) -> None:
    """
    A square of the training rows has to fit into it.
    """
    photograph(100, 40).save(photos / "strip.png")
    with pytest.raises(DataError) as told:
        zoo.finetune(ENLARGES, photos, settings=CHOSEN)

    assert str(told.value) == (
        "strip.png is 100x40; a picture that is learned has 64x64 pixels, or more."
    )


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (
            {"freeze": "backbone"},
            "freeze='backbone' keeps what lies before a head, and 'srresnet-face' "
            "learns as a whole from pictures as they are: leave freeze out.",
        ),
        (
            {"head_init": "random"},
            "head_init='random' is of a new head, and 'srresnet-face' learns as a "
            "whole from pictures as they are: leave head_init out.",
        ),
        (
            {"balance": True},
            "balance=True lets classes count alike, and 'srresnet-face' learns as a "
            "whole from pictures as they are: leave balance out.",
        ),
        (
            {"invert": True},
            "invert=True exchanges dark and light, and 'srresnet-face' learns as a "
            "whole from pictures as they are: leave invert out.",
        ),
        (
            {"augment": "flip-crop"},
            "augment='flip-crop' resizes pictures, and 'srresnet-face' learns as a "
            "whole from pictures as they are: leave augment out.",
        ),
    ],
)
def test_settings_of_heads_and_classes_are_refused(
    setting: dict[str, object], message: str
) -> None:
    """
    Before the data is looked at.
    """
    with pytest.raises(SettingsError) as told:
        zoo.finetune(ENLARGES, "nowhere", settings=setting)

    assert str(told.value) == message
