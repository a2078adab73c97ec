"""What is special about the captcha model; the rest is in zoo.testing."""

import json
import random
import secrets
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional
from zoo_ocr import CHARACTERS
from zoo_ocr.baselines import most_frequent_text, slot_regression
from zoo_ocr.captchas import (
    GENERATED,
    REAL,
    Distortion,
    concatenate,
    random_distortion,
)
from zoo_ocr.crnn import crnn
from zoo_ocr.generated import captchas, random_texts, render_captchas
from zoo_ocr.report import EXAMPLES, corruptions

import zoo
from zoo.artifacts import checkpoint_folder as checkpoints
from zoo.artifacts import weight_store as store
from zoo.cli import main
from zoo.datasets import registered as datasets
from zoo.datasets.in_memory import TensorRows
from zoo.errors import DataError, OptionError
from zoo.models import safetensors_io as weights
from zoo.preprocessing.image import image_to_tensor, open_image
from zoo.runtime.ocr_metrics import encode_texts
from zoo.specs import OCROutput
from zoo.tasks.image_to_text import TASK
from zoo.testing.checks import output_fits_the_labels

NAME = "crnn-captcha"
NO_DISTORTION = Distortion(
    shift_x=0,
    shift_y=0,
    scale=0,
    rotation=0,
    shear=0,
    contrast=0,
    brightness=0,
    noise=0,
)
TRAINED = zoo.get_spec(NAME).weights is not None
needs_weights = pytest.mark.skipif(not TRAINED, reason="the model is not trained yet")


def captcha(text: str, seed: int = 0) -> Image.Image:
    return next(render_captchas([text], seed=seed))


def rows(texts: list[str], spread: int = 0) -> TensorRows:
    """Return pictures with a mark for each character, at its place, and the texts."""
    drawing = np.random.default_rng(0)
    marks = {one: drawing.integers(0, 2, (30, 16)) for one in "abc"}
    held = np.full((len(texts), 1, 50, 200), 255, dtype=np.uint8)
    for row, text in enumerate(texts):
        for place, one in enumerate(text):
            left = 34 + 23 * place + spread
            held[row, 0, 10:40, left : left + 16] = 255 * marks[one]
    meaning: Any = zoo.get_spec(NAME).output
    return TensorRows(
        input=torch.from_numpy(held),
        target=encode_texts(texts, meaning, source="marks", steps=50),
        source="marks/train",
        fingerprint="",
    )


# The architecture


def normalised(seen: Tensor, held: dict[str, Tensor], name: str) -> Tensor:
    mean, var = held[f"{name}.running_mean"], held[f"{name}.running_var"]
    weight, bias = held[f"{name}.weight"], held[f"{name}.bias"]
    scale = weight / (var + 1e-5).sqrt()
    shift = bias - mean * scale
    return seen * scale.view(-1, 1, 1) + shift.view(-1, 1, 1)


def gated(steps: Tensor, held: dict[str, Tensor], end: str) -> Tensor:
    """Return what a GRU remembers after each step, (T, B, hidden), by its equations."""
    inward, across = held[f"rnn.weight_ih_l0{end}"], held[f"rnn.weight_hh_l0{end}"]
    one, other = held[f"rnn.bias_ih_l0{end}"], held[f"rnn.bias_hh_l0{end}"]
    memory = torch.zeros(steps.shape[1], across.shape[1])
    found = []
    for step in steps:
        seen = (step @ inward.T + one).chunk(3, dim=1)
        kept = (memory @ across.T + other).chunk(3, dim=1)
        reset = torch.sigmoid(seen[0] + kept[0])
        update = torch.sigmoid(seen[1] + kept[1])
        new = torch.tanh(seen[2] + reset * kept[2])
        memory = (1 - update) * new + update * memory
        found.append(memory)
    return torch.stack(found)


def test_it_computes_what_its_docstring_says() -> None:
    """
    The same numbers come out of plain convolutions, a GRU by its equations in both
    directions, and a product with the last weights.
    """
    torch.manual_seed(0)
    model, image = crnn(classes=4, hidden_size=8).eval(), torch.rand(2, 1, 50, 40)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.5, 0.5)  # type: ignore[arg-type]
            torch.nn.init.uniform_(module.running_var, 0.5, 2.0)  # type: ignore[arg-type]
    held = model.state_dict()

    def convolved(seen: Tensor, name: str, **how: Any) -> Tensor:
        return functional.conv2d(seen, held[f"{name}.weight"], **how)

    seen = convolved(image, "cnn.0", stride=2, padding=1)
    seen = normalised(seen, held, "cnn.1").relu()
    for block, stride in (("cnn.3", (2, 2)), ("cnn.4", (2, 1)), ("cnn.5", (2, 1))):
        new = convolved(seen, f"{block}.conv1", stride=stride, padding=1)
        new = normalised(new, held, f"{block}.bn1").relu()
        new = convolved(new, f"{block}.conv2", padding=1)
        new = normalised(new, held, f"{block}.bn2")
        old = convolved(seen, f"{block}.downsample.0", stride=stride)
        seen = (new + normalised(old, held, f"{block}.downsample.1")).relu()
    seen = convolved(seen, "cnn.6", padding=(0, 1))
    seen = normalised(seen, held, "cnn.7").relu()
    steps = seen[:, :, 0].permute(2, 0, 1)  # (T, B, 128)
    there, back = gated(steps, held, ""), gated(steps.flip(0), held, "_reverse").flip(0)
    read = torch.cat([there, back], dim=2).transpose(0, 1)
    wanted = read @ held["fc.weight"].T + held["fc.bias"]

    assert torch.allclose(model(image), wanted, atol=1e-5)


@pytest.mark.parametrize("wide", [200, 160, 400])
def test_a_picture_has_a_step_for_every_four_pixels(wide: int) -> None:
    """
    However wide it is.
    """
    model = crnn(classes=10, hidden_size=8).eval()

    assert model(torch.zeros(2, 1, 50, wide)).shape == (2, wide // 4, 11)


def test_half_precision_stays_in_the_convolutions() -> None:
    """
    Under autocast the logits are float32, and near what they are without.
    """
    torch.manual_seed(0)
    model, image = crnn().eval(), torch.rand(2, 1, 50, 200)
    with torch.autocast("cpu", torch.bfloat16):
        half = model(image)

    assert half.dtype == torch.float32
    assert torch.allclose(half, model(image), atol=0.05)


def test_an_output_for_another_alphabet_breaks_a_promise(tmp_path: Path) -> None:
    """
    zoo.testing counts a number for each character and one for the blank at every step.
    """
    spec = zoo.get_spec(NAME)
    output_fits_the_labels(spec, tmp_path)
    shorter = replace(spec, output=OCROutput(labels=("a", "b")))

    with pytest.raises(AssertionError, match=r"\(3, 50, 37\) is not \(3, 50, 3\)"):
        output_fits_the_labels(shorter, tmp_path)


# Generated captchas


def test_a_seed_makes_the_same_captchas() -> None:
    """
    To the pixel, and another seed makes others, though the package knows no seed.
    """
    one, same, other = (
        [
            np.asarray(picture)
            for picture in render_captchas(["abc12", "zzz"], seed=seed)
        ]
        for seed in (1, 1, 2)
    )

    assert all((a == b).all() for a, b in zip(one, same, strict=True))
    assert not any((a == b).all() for a, b in zip(one, other, strict=True))


def test_the_package_is_random_again_afterwards() -> None:
    """
    Its random source is restored, also where generation stops halfway.
    """
    from captcha import image

    drawing = render_captchas(["abc", "def"], seed=0)
    next(drawing)
    drawing.close()  # type: ignore[attr-defined]

    assert image.secrets is secrets


def test_generated_texts_are_of_all_characters_and_lengths() -> None:
    """
    Three to seven of 36, in every split others.
    """
    texts = {
        split: captchas(split, 60)["text"] for split in ("train", "validation", "test")
    }
    spread = random_texts(2000, random.Random(0))

    assert {len(text) for text in spread} == set(range(3, 8))
    assert set("".join(spread)) == set(CHARACTERS)
    assert not set(texts["train"]) & set(texts["test"])
    assert not set(texts["validation"]) & set(texts["test"])


def test_generated_captchas_are_a_registered_set() -> None:
    """
    As many as the spec says, pictures of one size with their texts.
    """
    held = zoo.load_dataset(GENERATED, "validation")

    assert len(held) == 200
    assert held[0]["image"].size == (200, 50)
    assert held[0]["image"].mode == "L"
    assert set("".join(held["text"])) <= set(CHARACTERS)


def test_without_the_package_it_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    Loading and predicting do not need it; making captchas does.
    """
    monkeypatch.setitem(sys.modules, "captcha", None)
    with pytest.raises(DataError) as refused:
        next(render_captchas(["abc"], seed=0))

    assert str(refused.value) == (
        "Dataset 'generated_captcha' is made by the package 'captcha', which is not "
        "installed. Run: pip install 'zoo-ocr[train]'"
    )


# Fine-tuning


@pytest.fixture(scope="module")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint folder of the model with weights that nobody has trained."""
    torch.manual_seed(0)
    return zoo.save(zoo.build(NAME), tmp_path_factory.mktemp("run") / "reader")


@pytest.fixture
def signs(tmp_path: Path) -> Path:
    """A folder of captchas with a character that the model does not know."""
    for part, texts in {"train": ["a-b", "b-", "-a", "ab"], "test": ["-b"]}.items():
        folder = tmp_path / "signs" / part
        folder.mkdir(parents=True)
        for text in texts:
            captcha("ab").save(folder / f"{text}.png")
    return tmp_path / "signs"


def test_known_characters_keep_their_rows_of_the_head(untrained: Path) -> None:
    """
    With an alphabet in another order, some left out and some new, what is known says
    of every step what it said before.
    """
    old: Any = zoo.load(untrained)
    new: Any = zoo.load(untrained, labels=["z", "+", "a", "0"])
    TASK.init_head_from(old, new)
    image = torch.rand(2, 1, 50, 200)
    before, after = old(image), new(image)
    places = [0, *(1 + CHARACTERS.index(one) for one in "za0")]

    assert new.zoo.labels == ("z", "+", "a", "0")
    assert torch.allclose(after[..., [0, 1, 3, 4]], before[..., places], atol=1e-6)


def test_a_lesson_adds_characters_and_tells_what_it_learned(
    untrained: Path, signs: Path, tmp_path: Path
) -> None:
    """
    The alphabet grows, the card counts the texts of each character, the result reads
    with it, and is measured again with the same figures.
    """
    model: Any = zoo.finetune(untrained, signs, tmp_path / "taught", epochs=1)
    again: Any = zoo.load(tmp_path / "taught")
    receipt = again.zoo.receipt
    card = (tmp_path / "taught" / checkpoints.CARD).read_text(encoding="utf-8")
    measured = {one["name"]: one["value"] for one in receipt["metrics"]}

    assert model.zoo.labels == again.zoo.labels == (*CHARACTERS, "-")
    assert set(measured) == {"string_accuracy", "character_error_rate"}
    assert zoo.evaluate(again, signs) == pytest.approx(measured)
    assert set(receipt["baselines"]) == {"the commonest text"}
    assert f"It reads the characters {CHARACTERS}-." in card
    assert "| character | in so many texts |" in card
    assert "| `c` |" not in card
    assert isinstance(zoo.predict(again, captcha("ab")).text, str)


def test_what_comes_before_the_head_is_kept(untrained: Path, signs: Path) -> None:
    """
    By default; with freeze="none" it learns too.
    """
    before = zoo.load(untrained).state_dict()
    kept = zoo.finetune(untrained, signs, epochs=1).state_dict()
    moved = zoo.finetune(untrained, signs, epochs=1, freeze="none").state_dict()
    name = "rnn.weight_ih_l0"

    assert torch.equal(kept[name], before[name])
    assert not torch.equal(moved[name], before[name])


def test_a_text_that_is_too_long_is_told(untrained: Path, tmp_path: Path) -> None:
    """
    It takes a step for each character, and one more for each repetition; there are 50.
    """
    folder = tmp_path / "long"
    folder.mkdir()
    captcha("ab").save(folder / f"{'a' * 26}.png")
    captcha("ab").save(folder / "ab.png")
    with pytest.raises(DataError) as refused:
        zoo.finetune(untrained, folder)

    assert str(refused.value) == (
        f"long/training: the text {'a' * 26!r} takes 51 steps, one more for each "
        "character that is repeated; the model has 50."
    )


def test_rows_of_other_characters_are_not_measured_on(
    untrained: Path, signs: Path
) -> None:
    """
    zoo evaluate asks the model what it knows.
    """
    with pytest.raises(DataError) as refused:
        zoo.evaluate(zoo.load(untrained), signs)

    assert str(refused.value) == (
        "signs: the test rows have characters that are not learned: '-'. Learned: "
        f"'{CHARACTERS}'."
    )


# Distortions


def test_a_distortion_of_nothing_changes_nothing() -> None:
    """
    With all ranges at zero.
    """
    image = torch.rand(3, 1, 50, 200)
    seen = random_distortion(image, torch.Generator().manual_seed(0), NO_DISTORTION)

    assert torch.allclose(seen, image, atol=1e-4)


def test_distortions_follow_the_generator() -> None:
    """
    The same seed distorts alike, every row by itself.
    """
    image = torch.rand(1, 1, 50, 200).expand(3, -1, -1, -1)
    one, same = (
        random_distortion(image, torch.Generator().manual_seed(5)) for _ in range(2)
    )

    assert torch.equal(one, same)
    assert not torch.allclose(one[0], one[1], atol=0.05)


def test_a_shift_moves_the_text_by_what_it_says() -> None:
    """
    A tenth of half the picture across at most: a mark stays within that of its place.
    """
    image = torch.ones(20, 1, 50, 200)
    image[..., 20:30, 95:105] = 0
    shift = replace(NO_DISTORTION, shift_x=0.1)
    seen = random_distortion(image, torch.Generator().manual_seed(0), shift)
    dark = (1 - seen).sum(dim=(1, 2))
    middle = (dark * torch.arange(200)).sum(dim=1) / dark.sum(dim=1)

    assert (middle - 99.5).abs().max() < 10.5
    assert (middle - 99.5).abs().max() > 5


# Baselines


def test_the_most_frequent_characters_make_a_text() -> None:
    """
    Each at its position, of the texts of the most frequent length.
    """
    assert most_frequent_text(["abc", "abd", "xbd", "zzzz"]) == "abd"


def test_slots_are_read_where_characters_stand_still() -> None:
    """
    Marks at fixed places are read without a fault; moved by half a slot they are not.
    """
    drawing = random.Random(0)
    texts = ["".join(drawing.choices("abc", k=5)) for _ in range(60)]
    asked = texts[40:]
    read = slot_regression(rows(texts[:40]), texts[:40], rows(asked))
    moved = slot_regression(rows(texts[:40]), texts[:40], rows(asked, spread=12))

    assert read == asked
    assert moved != asked


def test_rows_are_concatenated_and_their_texts_padded() -> None:
    """
    The shorter texts end in blanks.
    """
    both = concatenate(rows(["ab"]), rows(["abca", "b"]))

    assert both.input.shape == (3, 1, 50, 200)
    assert both.target.tolist() == [[11, 12, 0, 0], [11, 12, 13, 11], [12, 0, 0, 0]]


def test_corruptions_change_the_captchas() -> None:
    """
    Each in its way, and the size stays the same.
    """
    pixels = torch.rand(2, 1, 50, 200)
    found = corruptions(pixels)

    assert set(found) == {
        *("shifted", "halved", "blurred", "noisy", "inverted", "upside_down")
    }
    assert all(one.shape == pixels.shape for one in found.values())
    assert torch.equal(found["shifted"][..., 30:], pixels[..., :-30])
    assert torch.equal(found["upside_down"].rot90(2, (2, 3)), pixels)


# The shipped model


@needs_weights
@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("beams", [1, 10])
def test_the_examples_are_read(name: str, beams: int) -> None:
    """
    Their names say what they say; one has the same letter twice in a row.
    """
    path = zoo.example(NAME).with_name(name)
    found = zoo.predict(NAME, path, beams=beams)

    assert found.text == path.stem
    assert found.score > 0.5


@needs_weights
def test_fresh_captchas_are_read() -> None:
    """
    Of seeds that no split is made by, most are read without a fault.
    """
    texts = random_texts(60, random.Random(99))
    read = zoo.predict(NAME, list(render_captchas(texts, seed=99)))
    right = [one.text == text for one, text in zip(read, texts, strict=True)]

    assert sum(right) > 40


@needs_weights
def test_odd_pictures_are_answered() -> None:
    """
    One pixel, a long strip, colour, transparency, an array, a blank page.
    """
    odd = [
        Image.new("L", (1, 1)),
        Image.new("RGB", (3000, 3), "white"),
        captcha("abc12").convert("RGB"),
        captcha("abc12").convert("RGBA"),
        np.asarray(captcha("abc12")),
        Image.new("L", (200, 50), 255),
    ]
    read = [one.text for one in zoo.predict(NAME, odd)]

    assert read[2] == read[3] == read[4]
    assert len(read) == len(odd)


@needs_weights
def test_the_command_line_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    A text, other texts with --beams, and the picture with its reading by --save.
    """
    saved = tmp_path / "read.png"
    main(["predict", NAME, "--example", "--save", str(saved)])
    plain = capsys.readouterr().out
    main(["predict", NAME, "--example", "--beams", "5", "--json"])
    told = json.loads(capsys.readouterr().out)
    with Image.open(saved) as picture:
        size = picture.size

    assert zoo.example(NAME).stem in plain
    assert size == (200, 70)
    assert told["generated_text"] == zoo.example(NAME).stem
    assert len(told["alternatives"]) == 4


@needs_weights
def test_no_real_captcha_is_passed_on() -> None:
    """
    The golden's input is the examples, which were generated.
    """
    spec = zoo.get_spec(NAME)
    golden = weights.tensors(store.shipped_checkpoint(spec) / checkpoints.GOLDEN)
    folder = zoo.example(NAME).parent
    expected: Any = spec.input
    ours = [
        image_to_tensor(open_image(folder / name, expected), expected)
        for name in EXAMPLES
    ]

    assert torch.allclose(golden["input"], torch.stack(ours), atol=1e-6)


@needs_weights
@pytest.mark.data
def test_real_captchas_are_read() -> None:
    """
    Of the first forty of the test split nearly all, and no character of theirs is one
    that the set does not use.
    """
    held = datasets.load_dataset(REAL, "test").select(range(40))
    read = [one.text for one in zoo.predict(NAME, list(held["image"]))]
    right = [one == text for one, text in zip(read, held["text"], strict=True)]

    assert sum(right) >= 36


def test_a_picture_is_not_a_text_to_go_on_with() -> None:
    """
    The options of models that write are not this one's.
    """
    with pytest.raises(OptionError, match="has no option 'temperature'"):
        zoo.predict(zoo.build(NAME), captcha("abc"), temperature=1.0)
