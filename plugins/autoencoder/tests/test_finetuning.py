"""Autoencoders and denoisers are fine-tuned on pictures alone."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

import zoo
from zoo.errors import DataError, SettingsError

ENCODES, DENOISES = "ae-fashion-mnist", "cae-denoise-mnist"
CHOSEN = {"epochs": 20, "batch_size": 16, "lr": 3e-3}


def stripes(seed: int) -> Image.Image:
    """Return a drawing of light bars on a dark ground, 28x28."""
    random = np.random.default_rng(seed)
    pixels = np.zeros((28, 28), np.uint8)
    for place in random.integers(2, 24, 3):
        pixels[:, place : place + 2] = random.integers(150, 256)
    return Image.fromarray(pixels if seed % 2 else pixels.T)


@pytest.fixture(scope="module")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "drawings"
    folder.mkdir()
    for seed in range(60):
        stripes(seed).save(folder / f"{seed:02}.png")
    return folder


@pytest.mark.parametrize(
    ("name", "baseline", "gain"),
    [(ENCODES, "the mean picture", 3.0), (DENOISES, "the noise kept", 1.0)],
)
def test_one_learns_from_a_folder_of_drawings(
    name: str, baseline: str, gain: float, drawings: Path, tmp_path: Path
) -> None:
    """
    Bars are no clothes and no digits: the model is nearer to those that were held back
    than before, and than the baseline; and the folder is loaded as any other.
    """
    zoo.finetune(name, drawings, tmp_path / "mine", settings=CHOSEN)
    receipt = json.loads((tmp_path / "mine" / "run.json").read_text())
    found = {one["name"]: one["value"] for one in receipt["metrics"]}
    others = receipt["baselines"]

    assert {*others} == {baseline, "before"}
    assert found["psnr"] > others["before"]["psnr"] + gain
    assert found["psnr"] > others[baseline]["psnr"] + 1
    assert (tmp_path / "mine" / "restored.png").exists()
    assert zoo.predict(tmp_path / "mine", stripes(99)).image.size == (28, 28)
    assert {*zoo.evaluate(tmp_path / "mine", drawings)} == {"psnr", "ssim"}


def test_a_denoiser_is_measured_on_noise_of_its_own_strength(drawings: Path) -> None:
    """
    The same on each call, and far from what clean pictures would give.
    """
    model = zoo.load(DENOISES)
    figures = zoo.evaluate(model, drawings)

    assert figures == zoo.evaluate(model, drawings)
    assert figures["psnr"] < zoo.evaluate(ENCODES, drawings)["psnr"] + 10


@pytest.mark.parametrize("name", [ENCODES, DENOISES])
def test_inverted_pictures_are_measured_as_the_model_sees_them(
    name: str, drawings: Path, tmp_path: Path
) -> None:
    """
    Dark bars on a light ground, inverted, are nearly the light ones on a dark ground.
    """
    for path in drawings.iterdir():
        ImageOps.invert(Image.open(path)).save(tmp_path / path.name)
    model = zoo.load(name)

    found = zoo.evaluate(model, tmp_path, invert=True)

    assert found == pytest.approx(zoo.evaluate(model, drawings), abs=0.3)


def test_drawings_are_inspected_as_they_are_learned(drawings: Path) -> None:
    """
    What knows nothing is measured on the pairs that are made of them.
    """
    for name, baseline in (
        (ENCODES, "the mean picture"),
        (DENOISES, "the noise kept"),
        ("vae-mnist", "independent pixels"),
    ):
        assert {*zoo.inspect(drawings, name).baselines} == {baseline}


def test_settings_of_heads_are_refused(drawings: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        zoo.finetune(ENCODES, drawings, freeze="backbone")

    assert str(refused.value) == (
        "freeze='backbone' keeps what lies before a head, and 'ae-fashion-mnist' "
        "learns as a whole from pictures as they are: leave freeze out."
    )


def test_a_file_that_is_no_picture_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "drawings"
    folder.mkdir()
    for seed in range(4):
        stripes(seed).save(folder / f"{seed}.png")
    (folder / "4.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"4\.png"):
        zoo.finetune(ENCODES, folder)


def test_a_variational_autoencoder_learns_by_its_negative_elbo(
    drawings: Path, tmp_path: Path
) -> None:
    """
    Bars are no digits: the bound on those held back is below that of the model before,
    and below that of independent pixels; the folder is measured and sampled as any.
    """
    zoo.finetune("vae-mnist", drawings, tmp_path / "mine", settings={"epochs": 40})
    receipt = json.loads((tmp_path / "mine" / "run.json").read_text())
    found = {one["name"]: one["value"] for one in receipt["metrics"]}
    others = receipt["baselines"]

    assert {*others} == {"independent pixels", "before"}
    assert found["negative_elbo"] < others["before"]["negative_elbo"] - 200
    assert found["negative_elbo"] < others["independent pixels"]["negative_elbo"]
    assert found["negative_elbo"] == pytest.approx(
        found["reconstruction_nats"] + found["kl_nats"], rel=1e-5
    )
    assert (tmp_path / "mine" / "restored.png").exists()
    assert zoo.sample(tmp_path / "mine", 1, seed=0)[0].image.size == (28, 28)


def test_the_bound_before_is_what_evaluate_measures(
    drawings: Path, tmp_path: Path
) -> None:
    """
    Of the shipped model, on the same rows; inverted drawings are measured as it sees
    them.
    """
    test = tmp_path / "test"
    inverted = tmp_path / "inverted"
    for folder in (test, inverted):
        folder.mkdir()
    for seed in range(100, 108):
        stripes(seed).save(test / f"{seed}.png")
        ImageOps.invert(stripes(seed)).save(inverted / f"{seed}.png")
    settings = {"epochs": 1}
    zoo.finetune("vae-mnist", drawings, tmp_path / "m", test=test, settings=settings)
    receipt = json.loads((tmp_path / "m" / "run.json").read_text())
    figures = zoo.evaluate("vae-mnist", test)

    assert receipt["baselines"]["before"] == pytest.approx(figures, rel=1e-5)
    found = zoo.evaluate("vae-mnist", inverted, invert=True)
    assert found == pytest.approx(figures, rel=1e-3)
