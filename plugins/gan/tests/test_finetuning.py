"""GANs are fine-tuned on a user's own pictures."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from torch import nn
from zoo_gan import gan_learning
from zoo_gan.dcgan_recipe import lazy_weight
from zoo_gan.gan_learning import (
    DCGANLearning,
    GANLearning,
    MLPGANLearning,
)

import zoo
from zoo import cli
from zoo.errors import (
    DataError,
    DataWarning,
    ModelNotFound,
    OptionError,
    SettingsError,
    TrainingError,
)
from zoo.recipes import TensorRows
from zoo.recipes.finetuning import TrainingPlan
from zoo.recipes.sampling import draw_samples

NAMES = ("gan-mnist", "dcgan-mnist", "stylegan-mini")
SHORT = {"epochs": 1, "batch_size": 16}


def ring(seed: int, size: int = 28) -> Image.Image:
    """Return a light ring somewhere on a dark ground."""
    random = np.random.default_rng(seed)
    picture = Image.new("L", (size, size))
    left, top, right, bottom = random.integers(0, size // 3, 4).tolist()
    place = (left, top, size - 1 - right, size - 1 - bottom)
    light = int(random.integers(150, 256))
    ImageDraw.Draw(picture).ellipse(place, outline=light, width=size // 10)
    return picture


def draw(folder: Path, seeds: range, size: int = 28) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        ring(seed, size).save(folder / f"{seed}.png")
    return folder


@pytest.fixture
def rings(tmp_path: Path) -> Path:
    return draw(tmp_path / "rings", range(48))


@pytest.mark.parametrize("name", NAMES)
def test_each_learns_from_a_folder_of_pictures(
    name: str, rings: Path, tmp_path: Path
) -> None:
    """
    An epoch of it: the receipt has the distance beside that of the model before, of the
    mean picture and of real pictures; the folder is sampled and measured as any other.
    """
    model = zoo.finetune(name, rings, tmp_path / "mine", settings=SHORT)
    receipt = json.loads((tmp_path / "mine" / "run.json").read_text())
    before, after = zoo.load(name).state_dict(), model.state_dict()
    output = zoo.get_spec(name).output
    first, again = (zoo.sample(one, 2, seed=0) for one in (model, tmp_path / "mine"))

    assert any(not torch.equal(before[one], after[one]) for one in before)
    assert not {"forward", "_zoo_autocast"} & {*vars(model)}
    assert {*receipt["baselines"]} == {"the mean picture", "before"}
    assert [one["name"] for one in receipt["metrics"]] == [
        "frechet_distance",
        "variety",
    ]
    assert receipt["measured"]["frechet_distance_real"] > 0
    assert (tmp_path / "mine" / "samples.png").exists()
    assert first[0].image.size == (output.width, output.height)
    assert [one.image.tobytes() for one in first] == [
        one.image.tobytes() for one in again
    ]
    assert {*zoo.evaluate(model, rings)} == {"frechet_distance", "variety"}


def test_the_command_tells_how_to_draw(
    rings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    And what real pictures reach, beside which a distance is read; its card says so too.
    """
    mine, drawn = tmp_path / "mine", tmp_path / "drawn.png"
    command = ["finetune", "gan-mnist", str(rings), "-o", str(mine)]

    assert cli.main([*command, "--set", "epochs=1"]) == 0
    said = capsys.readouterr().out
    assert f"\nzoo sample {mine} -n 16 -o samples.png\n" in said
    assert "\nas many training pictures: frechet_distance " in said
    assert cli.main(["sample", str(mine), "-n", "16", "-o", str(drawn)]) == 0
    assert drawn.exists()
    card = (mine / "README.md").read_text()
    assert (
        "To draw pictures like those of rings. It gives a grey picture, 28x28." in card
    )
    assert ", with which as many samples were compared. As many training rows" in card
    assert "As many training rows\nhave frechet_distance " in card


def test_pictures_are_inspected_as_they_are_learned(rings: Path) -> None:
    """
    Their sizes, and what the mean picture reaches; of too few it is said.
    """
    found = zoo.inspect(rings, "gan-mnist")
    few = zoo.inspect(draw(rings.with_name("few"), range(9)), "gan-mnist")

    assert found.kind == "pictures"
    assert found.inputs is not None
    assert {*found.baselines} == {"the mean picture"}
    assert found.findings == ()
    assert few.findings == (
        "few: 9 training pictures are too few: 'gan-mnist' learns from 32 or more. "
        "Give more.",
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*nearly the same:zoo.errors.DataWarning")
@pytest.mark.parametrize(("name", "share"), [("gan-mnist", 0.6), ("dcgan-mnist", 0.4)])
def test_rings_are_learned(name: str, share: float, tmp_path: Path) -> None:
    """
    Rings are no digits but zeros: after a short training samples are at most that share
    as far from rings that were held out as before, and nearer than the mean ring.
    """
    training = draw(tmp_path / "rings", range(120))
    test = draw(tmp_path / "others", range(1000, 1040))
    settings = {"min_steps": 500}
    zoo.finetune(name, training, tmp_path / "mine", test=test, settings=settings)
    receipt = json.loads((tmp_path / "mine" / "run.json").read_text())
    found = {one["name"]: one["value"] for one in receipt["metrics"]}
    others = receipt["baselines"]

    assert found["frechet_distance"] < share * others["before"]["frechet_distance"]
    assert found["frechet_distance"] < others["the mean picture"]["frechet_distance"]
    assert found["variety"] > 0.3


def test_the_distance_before_is_what_evaluate_measures(
    rings: Path, tmp_path: Path
) -> None:
    """
    By as many samples of the model as there are pictures, the same each time: the noise
    is drawn by their names.
    """
    test = draw(tmp_path / "test", range(100, 112))
    settings = SHORT
    zoo.finetune("gan-mnist", rings, tmp_path / "m", test=test, settings=settings)
    receipt = json.loads((tmp_path / "m" / "run.json").read_text())
    found = zoo.evaluate("gan-mnist", test)

    assert found == zoo.evaluate("gan-mnist", test)
    pytest.importorskip("onnxruntime")
    by_graph = zoo.evaluate("gan-mnist", test, backend="onnxruntime")
    assert by_graph == pytest.approx(found, rel=1e-2)
    assert receipt["baselines"]["before"] == pytest.approx(found, rel=1e-3)


def test_pictures_of_another_shape_are_cut_and_said(tmp_path: Path) -> None:
    """
    Their middle is used: nothing is squeezed.
    """
    folder = draw(tmp_path / "rings", range(47))
    wide = Image.new("L", (84, 28))
    wide.paste(ring(99), (28, 0))
    wide.save(folder / "wide.png")
    with pytest.warns(DataWarning) as warned:
        zoo.finetune("gan-mnist", folder, tmp_path / "mine", settings=SHORT)
    said = [str(one.message) for one in warned]
    which = "training" if "training" in said[0] else "validation"
    rows = {"training": 38, "validation": 10}[which]

    assert said == [
        f"rings: 1 of {rows} {which} pictures has another aspect ratio than "
        "28x28: the middle is used, and the rest cut off (wide.png)."
    ]
    receipt = json.loads((tmp_path / "mine" / "run.json").read_text())
    assert receipt["notes"] == said


def test_what_is_learned_of_a_picture_is_its_middle() -> None:
    """
    In the size that the model draws.
    """
    from zoo.tasks import task_of

    wide = Image.new("L", (84, 28))
    wide.paste(ring(99), (28, 0))
    spec = zoo.get_spec("gan-mnist")
    [(noise, pixels)] = task_of(spec).training_pairs(wide, "wide", spec)

    assert noise.shape == (spec.input.latent_dim,)
    assert np.array_equal(pixels[0], np.asarray(ring(99)))


def test_too_few_pictures_are_refused(tmp_path: Path) -> None:
    """
    For learning, and for measuring.
    """
    folder = draw(tmp_path / "rings", range(20))
    with pytest.raises(DataError) as told:
        zoo.finetune("dcgan-mnist", folder, settings=SHORT)
    assert str(told.value) == (
        "rings: 16 training pictures are too few: 'dcgan-mnist' learns from 32 or "
        "more. Give more."
    )
    enough, few = draw(tmp_path / "more", range(32)), draw(tmp_path / "few", range(2))
    with pytest.raises(DataError) as told:
        zoo.finetune("dcgan-mnist", enough, validation=few, settings=SHORT)
    assert str(told.value) == (
        "few: 2 validation pictures are too few: 'dcgan-mnist' is measured on 8 or "
        "more. Give more."
    )
    with pytest.raises(DataError) as told:
        zoo.evaluate("dcgan-mnist", few)
    assert str(told.value) == (
        "the data: 2 pictures are too few: 'dcgan-mnist' is measured on 8 or more. "
        "Give more."
    )


def test_a_file_that_is_no_picture_is_named_or_left_out(
    rings: Path, tmp_path: Path
) -> None:
    (rings / "48.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"^48\.png: "):
        zoo.finetune("gan-mnist", rings, settings=SHORT)

    out = tmp_path / "mine"
    zoo.finetune("gan-mnist", rings, out, settings=SHORT, skip_unreadable=True)
    receipt = json.loads((out / "run.json").read_text())
    assert len(receipt["skipped"]) == 1
    assert receipt["skipped"][0].startswith("48.png")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (
            {"freeze": "backbone"},
            "freeze='backbone' keeps what lies before a head, and 'gan-mnist' learns "
            "as a whole from pictures as they are: leave freeze out.",
        ),
        (
            {"invert": True},
            "invert=True exchanges dark and light, and 'gan-mnist' learns as a whole "
            "from pictures as they are: leave invert out.",
        ),
    ],
)
def test_settings_that_are_not_for_it_are_refused(
    setting: dict[str, object], message: str
) -> None:
    with pytest.raises(SettingsError) as told:
        zoo.finetune("gan-mnist", "nowhere", settings=setting)

    assert str(told.value) == message


def test_the_features_model_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    It is a model of another package.
    """
    gan_learning._classifier.cache_clear()

    def missing(name: str) -> nn.Module:
        raise ModelNotFound(name, [])

    monkeypatch.setattr(gan_learning.zoo, "load", missing)
    with pytest.raises(TrainingError) as told:
        MLPGANLearning().features(torch.zeros(2, 1, 28, 28))

    assert str(told.value) == (
        "The Fréchet distance needs the features of 'lenet5-mnist', which no installed "
        "plugin has: pip install 'zoo-gan[train]'."
    )


def prepared(learning: GANLearning, steps: int, rows: int = 64) -> tuple[Any, Any]:
    run = zoo.Run(zoo.get_spec("dcgan-mnist"), seed=0)
    model = run.build()
    plan = TrainingPlan(steps=steps, batch_size=4, rows=rows, lr=1e-3)
    return run, learning.trainer(model, run, plan)


def test_both_networks_learn_and_the_average_follows() -> None:
    """
    One step changes the generator and the discriminator; what is kept is an average.
    """
    torch.manual_seed(0)
    _, trainer = prepared(DCGANLearning(), steps=100)
    networks = trainer.generator, trainer.discriminator
    before = [[p.clone() for p in one.parameters()] for one in networks]
    target = torch.randint(256, (3, 1, 28, 28), dtype=torch.uint8)
    for _ in range(2):
        trainer.step(torch.empty(3, 100), target)

    for old, network in zip(before, networks, strict=True):
        pairs = zip(old, network.parameters(), strict=True)
        assert not all(torch.equal(one, other) for one, other in pairs)
    assert trainer.kept is not trainer.model
    assert draw_samples(trainer.kept, 2, seed=0).shape == (2, 1, 28, 28)


def test_dcgan_face_says_why_it_does_not_learn() -> None:
    with pytest.raises(OptionError) as caught:
        zoo.finetune("dcgan-face", "nowhere")
    assert str(caught.value) == (
        "Model 'dcgan-face': its discriminator is not in its checkpoint, and beside a "
        "new one its samples came no nearer to some hundred photographs; train its "
        "recipe on a few thousand instead. 'zoo eject dcgan-face FOLDER' makes its "
        "recipe yours, to train it on other data. Options: none."
    )


@pytest.mark.parametrize("first", [0.5, 0.0])
def test_a_collapse_ends_the_second_half_of_a_training(first: float) -> None:
    """
    In the first half, and where samples had no variety to begin with, what the model
    drew before may lack all that is new.
    """
    run, trainer = prepared(DCGANLearning(), steps=4)
    run.history += [
        {"epoch": float(n), "variety": first if n == 1 else 0.0} for n in range(1, 5)
    ]
    trainer.finish_epoch()
    trainer.steps = 3
    if first:
        with pytest.raises(TrainingError, match="has collapsed: after epoch 4"):
            trainer.finish_epoch()
    else:
        trainer.finish_epoch()


def test_the_distance_of_real_pictures_is_a_floor_of_that_of_noise() -> None:
    """
    As many training pictures are nearer to the rows than random pixels, and than the
    mean picture.
    """
    images = [np.asarray(ring(seed)) for seed in range(60)]
    target = torch.from_numpy(np.stack(images))[:, None]
    rows = TensorRows(input=target, target=target, source="")
    learning = MLPGANLearning()
    floor = learning.of_real(rows[:40], rows[40:])["frechet_distance"]
    noise = 2 * torch.rand(20, 1, 28, 28) - 1
    drawn = learning.measure(nn.Identity(), noise, rows.target[40:])
    mean = learning.baselines(rows[:40], rows[40:], None, None)["the mean picture"]

    assert floor < mean["frechet_distance"]
    assert floor < drawn["frechet_distance"]
    assert mean["variety"] == pytest.approx(0, abs=1e-6)


def test_a_lazy_penalty_counts_for_the_steps_without_it() -> None:
    assert sum(lazy_weight(0.3, step, 8) for step in range(16)) == pytest.approx(4.8)
