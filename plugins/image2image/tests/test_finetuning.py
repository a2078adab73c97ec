"""pix2pix is fine-tuned on a user's own pairs; CycleGAN is not."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn.functional import l1_loss
from zoo_image2image.patchgan import PatchGAN
from zoo_image2image.pix2pix_recipe import generator_loss, whole_loss

import zoo
from zoo.errors import DataError, OptionError, SettingsError

NAME = "pix2pix-facades"
LABELS = 4  # of those of the model that are drawn
OWN = np.array([(40, 160, 60), (220, 40, 40), (30, 30, 90), (250, 220, 130)], np.uint8)
SHORT = {"epochs": 2, "batch_size": 2}


def label_map(seed: int) -> np.ndarray:
    """Return the numbers of the labels of some random areas, (64, 64)."""
    random = np.random.default_rng(seed)
    label = np.zeros((64, 64), int)
    for _ in range(8):
        top, left = random.integers(0, 48, 2)
        height, width = random.integers(10, 30, 2)
        label[top : top + height, left : left + width] = random.integers(LABELS)
    return label


def colors() -> np.ndarray:
    named = zoo.get_spec(NAME).input.label_colors
    return np.array([one.color for one in named], np.uint8)


def draw(folder: Path, seeds: range, size: int = 96) -> Path:
    """Write pairs: each label has one color of its own in the photograph."""
    for name in ("maps", "photos"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        label = label_map(seed)
        Image.fromarray(colors()[label]).save(folder / "maps" / f"{seed}.png")
        photo = Image.fromarray(OWN[label]).resize((size, size))
        photo.save(folder / "photos" / f"{seed}.png")
    return folder


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    return draw(tmp_path / "pairs", range(6))


def test_pix2pix_takes_pairs_from_a_folder(pairs: Path, tmp_path: Path) -> None:
    """
    All of it: the receipt has the error beside that of the model before and that of a
    color for each label; the folder is loaded, used and measured as any other.
    """
    before = zoo.load(NAME).state_dict()
    model = zoo.finetune(NAME, pairs, tmp_path / "mine", settings=SHORT)
    receipt = json.loads((tmp_path / "mine" / "run.json").read_text())
    after, saved = model.state_dict(), zoo.load(tmp_path / "mine")
    given = pairs / "maps" / "0.png"

    assert any(not torch.equal(before[name], after[name]) for name in before)
    assert {*receipt["baselines"]} == {"mean color of each label", "before"}
    assert [one["name"] for one in receipt["metrics"]] == ["mae"]
    assert (tmp_path / "mine" / "restored.png").exists()
    made = zoo.predict(saved, given).image
    assert made.size == (128, 128)
    assert made.tobytes() == zoo.predict(model, given).image.tobytes()
    assert {*zoo.evaluate(saved, pairs)} == {"mae"}


@pytest.mark.slow
def test_pix2pix_learns_the_colors_of_own_pairs(tmp_path: Path) -> None:
    """
    Drawn maps whose labels have fixed colors: the error on pairs held out is a fifth of
    that of the model before at most.
    """
    training = draw(tmp_path / "pairs", range(24))
    test = draw(tmp_path / "held-out", range(100, 106))
    settings = {"epochs": 20, "batch_size": 4, "lr": 1e-3}
    zoo.finetune(NAME, training, tmp_path / "mine", test=test, settings=settings)
    receipt = json.loads((tmp_path / "mine" / "run.json").read_text())
    found = receipt["metrics"][0]["value"]

    assert found < receipt["baselines"]["before"]["mae"] / 5
    assert zoo.evaluate(tmp_path / "mine", test)["mae"] == pytest.approx(
        found, abs=1e-4
    )


def test_a_table_names_the_pairs_too(pairs: Path) -> None:
    """
    A column of maps and one of photos, found by their names.
    """
    lines = [f"maps/{n}.png,photos/{n}.png" for n in range(6)]
    (pairs / "pairs.csv").write_text("\n".join(["map,photo", *lines]))

    found = zoo.evaluate(NAME, pairs / "pairs.csv")
    assert found == pytest.approx(zoo.evaluate(NAME, pairs))


def test_the_mean_error_is_that_of_the_pictures(pairs: Path) -> None:
    """
    Of pixels in 0..1, made beside real ones in the model's size.
    """
    apart = []
    for path in sorted((pairs / "maps").iterdir()):
        made = np.asarray(zoo.predict(NAME, path).image, float)
        photo = Image.open(pairs / "photos" / path.name)
        real = np.asarray(photo.resize((128, 128), Image.Resampling.BILINEAR), float)
        apart.append(np.abs(made - real).mean() / 255)

    assert zoo.evaluate(NAME, pairs)["mae"] == pytest.approx(np.mean(apart), abs=1e-3)


def test_the_color_of_each_label_is_the_training_rows(
    pairs: Path, tmp_path: Path
) -> None:
    """
    Where each label has one color in all photographs, it is nearly all there is.
    """
    zoo.finetune(NAME, pairs, tmp_path / "mine", settings=SHORT)
    receipt = json.loads((tmp_path / "mine" / "run.json").read_text())

    assert receipt["baselines"]["mean color of each label"]["mae"] < 0.03


def test_the_whole_loss_is_the_adversarial_one_and_l1() -> None:
    """
    Equation 4, with the weight of L1.
    """
    torch.manual_seed(0)
    judge = PatchGAN(channels=6, width=4)
    label, real, fake = torch.rand(3, 1, 3, 64, 64)
    expected = generator_loss(judge, label, fake) + 3 * l1_loss(fake, real)

    assert whole_loss(judge, label, real, fake, 3.0) == pytest.approx(expected.item())


def test_a_color_of_no_label_is_refused(pairs: Path) -> None:
    Image.new("RGB", (64, 64), (120, 40, 200)).save(pairs / "maps" / "0.png")
    with pytest.raises(DataError) as told:
        zoo.finetune(NAME, pairs, settings=SHORT)

    listed = ", ".join(map(str, zoo.get_spec(NAME).input.label_colors))
    assert listed
    assert str(told.value) == (
        "pairs: 1 input can't be read. 0: The picture is no label map: 100% of its "
        "pixels have the colour of no label, such as (120, 40, 200). Mend them, or "
        "leave them out with skip_unreadable=True (--skip-unreadable)."
    )


def test_a_map_and_a_photo_of_two_shapes_are_refused(pairs: Path) -> None:
    Image.new("RGB", (90, 60)).save(pairs / "photos" / "3.png")
    with pytest.raises(DataError) as told:
        zoo.finetune(NAME, pairs, settings=SHORT)

    assert str(told.value) == (
        "pairs: 3 is 64x64, and what it becomes is 90x60. Both need one aspect ratio: "
        "what is at a place of one is at that place of the other."
    )


def test_a_folder_without_pairs_is_told_how_they_lie(tmp_path: Path) -> None:
    (tmp_path / "pairs").mkdir()
    with pytest.raises(DataError) as told:
        zoo.finetune(NAME, tmp_path / "pairs", settings=SHORT)

    assert str(told.value) == (
        f"{tmp_path / 'pairs'} has no folders 'maps' and 'photos' in it. Put each "
        "photograph where its label map's name says: pairs/maps/1.jpg, "
        "pairs/photos/1.png."
    )


def test_a_map_without_a_photo_is_named(pairs: Path) -> None:
    (pairs / "photos" / "2.png").unlink()
    with pytest.raises(DataError) as told:
        zoo.finetune(NAME, pairs, settings=SHORT)

    assert str(told.value) == (
        f"{pairs}: there is no photograph for {pairs / 'maps' / '2.png'}. A label map "
        "and its photograph have the same name: maps/1.jpg, photos/1.png."
    )


def test_a_photo_that_is_no_picture_is_named(pairs: Path) -> None:
    (pairs / "photos" / "2.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"^What 2 becomes can't be read: "):
        zoo.finetune(NAME, pairs, settings=SHORT)


def test_labels_are_refused(pairs: Path) -> None:
    with pytest.raises(DataError) as told:
        zoo.finetune(NAME, pairs, labels=["door"], settings=SHORT)

    assert str(told.value) == (
        "pairs: labels= names classes, and pairs of pictures have none: leave it out."
    )


def test_too_few_pairs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError) as told:
        zoo.finetune(NAME, draw(tmp_path / "pairs", range(4)), settings=SHORT)

    assert str(told.value) == (
        "pairs: 3 training pictures are too few: 'pix2pix-facades' learns from 4 or "
        "more. Give more."
    )


def test_settings_of_heads_are_refused() -> None:
    with pytest.raises(SettingsError) as told:
        zoo.finetune(NAME, "nowhere", freeze="backbone")

    assert str(told.value) == (
        "freeze='backbone' keeps what lies before a head, and 'pix2pix-facades' learns "
        "as a whole from pictures as they are: leave freeze out."
    )


def test_cyclegan_says_why_it_learns_from_no_folder() -> None:
    with pytest.raises(OptionError) as told:
        zoo.finetune("cyclegan-horse2zebra", "nowhere")

    assert str(told.value) == (
        "Model 'cyclegan-horse2zebra': it learns from two sets of pictures in which "
        "none has a partner, and zoo.finetune takes pictures alone or pairs; its two "
        "discriminators are not in its checkpoint. 'zoo eject cyclegan-horse2zebra "
        "FOLDER' makes its recipe yours, to train it on other data. Options: none."
    )
