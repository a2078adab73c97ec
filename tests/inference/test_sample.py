"""`zoo.sample`, `encode`, `reconstruct`, `interpolate`, and predicting from nothing."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import zoo
from zoo.artifacts import checkpoint_folder
from zoo.datasets import in_memory
from zoo.errors import InputError, OptionError, SpecError, VerbError
from zoo.models.metadata import attach
from zoo.runtime.image_generation import pixels
from zoo.tasks.results.vision import GeneratedImage
from zoo.tasks.unconditional_image_generation import TASK
from zoo.testing import sampling_checks


@pytest.fixture
def vae() -> nn.Module:
    """An untrained model that has every verb."""
    torch.manual_seed(0)
    return zoo.build("vae-mnist").train()


@pytest.fixture
def digit() -> Path:
    return zoo.example("vae-mnist")


class Generator(nn.Module):
    """Turns noise into pictures, as the first half of a GAN does; it can't encode."""

    def __init__(self) -> None:
        super().__init__()
        self.draw = nn.Linear(3, 28 * 28)

    def forward(self, noise: Tensor) -> Tensor:
        return self.draw(noise).view(-1, 1, 28, 28)

    decode = forward

    def sample(self, count: int, random: torch.Generator) -> Tensor:
        return self(torch.randn(count, 3, generator=random))


@pytest.fixture
def generator() -> nn.Module:
    """A model that takes noise."""
    torch.manual_seed(0)
    known = zoo.build("vae-mnist").zoo
    spec = replace(known.spec, name="noisy", input=zoo.NoiseInput(latent_dim=3))
    return attach(Generator(), replace(known, spec=spec))


def drawn(found: list[Any]) -> list[bytes]:
    return [one.image.tobytes() for one in found]


def test_a_seed_draws_the_same(vae: nn.Module) -> None:
    """
    By seed and number; another seed draws others, and all differ.
    """
    first = drawn(zoo.sample(vae, 5, seed=0))

    assert drawn(zoo.sample(vae, 5, seed=0)) == first
    assert drawn(zoo.sample(vae, 5, seed=1)) != first
    assert len(set(first)) == 5


def test_without_a_seed_torch_decides(vae: nn.Module) -> None:
    """
    Samples vary from call to call, and torch.manual_seed repeats them.
    """
    torch.manual_seed(3)
    first, second = zoo.sample(vae, 2), zoo.sample(vae, 2)
    torch.manual_seed(3)

    assert drawn(first) == drawn(zoo.sample(vae, 2))
    assert drawn(first) != drawn(second)


class Dimmed(Generator):
    """A generator that takes an option when it samples."""

    sample_options = {"light": (0.0, 2.0)}  # noqa: RUF012

    def sample(
        self, count: int, random: torch.Generator, *, light: float = 1.0
    ) -> Tensor:
        return light * super().sample(count, random)


def test_a_model_may_take_options_of_its_own_when_it_samples(
    generator: nn.Module,
) -> None:
    """
    They reach its method; without them it is as by default. A model that declares none
    takes none.
    """
    torch.manual_seed(0)
    dimmed = attach(Dimmed(), generator.zoo)
    plain = drawn(zoo.sample(dimmed, 3, seed=0))

    assert drawn(zoo.sample(dimmed, 3, seed=0, light=1.0)) == plain
    assert drawn(zoo.sample(dimmed, 3, seed=0, light=0)) != plain
    with pytest.raises(OptionError) as told:
        zoo.sample(generator, 3, light=1.0)
    assert str(told.value) == (
        "Model 'noisy': zoo.sample has no option 'light'. Options: n, seed."
    )


@pytest.mark.parametrize("light", [-0.1, 2.5, float("nan"), "much", True, None])
def test_an_option_out_of_its_range_is_refused(
    generator: nn.Module, light: Any
) -> None:
    """
    And what is no number.
    """
    dimmed = attach(Dimmed(), generator.zoo)

    with pytest.raises(OptionError) as told:
        zoo.sample(dimmed, 3, light=light)
    assert str(told.value) == (
        f"Model 'noisy': light={light!r} should be a number from 0 to 2. "
        "Options: n, seed, light."
    )


def test_a_seed_leaves_torch_alone(vae: nn.Module) -> None:
    """
    Drawing by a seed does not move torch's own generator, or the model's mode.
    """
    before = torch.get_rng_state()
    zoo.sample(vae, 300, seed=0)

    assert torch.equal(torch.get_rng_state(), before)
    assert vae.training


def test_nothing_is_an_input_for_a_model_that_draws(
    vae: nn.Module, generator: nn.Module
) -> None:
    """
    zoo.predict(model, None) is one sample, by name too.
    """
    found = zoo.predict(vae, None, seed=4)

    assert drawn([found]) == drawn(zoo.sample(vae, 1, seed=4))
    assert isinstance(zoo.predict(generator, None), GeneratedImage)


def test_a_picture_is_answered_with_what_is_left_of_it(
    vae: nn.Module, digit: Path
) -> None:
    """
    zoo.predict and zoo.reconstruct agree, one by one and in a list.
    """
    one = zoo.reconstruct(vae, digit)
    several = zoo.reconstruct(vae, [digit, digit], batch_size=1)

    assert drawn([zoo.predict(vae, digit)]) == drawn([one])
    assert drawn(several) == drawn([one, one])
    assert one.picture.size == (28, 28)


def test_codes_are_rows_of_numbers(vae: nn.Module, digit: Path) -> None:
    """
    A row for each input, the same in a list; the options are those of zoo.predict.
    """
    code = zoo.encode(vae, digit)
    dark = Image.eval(Image.open(digit), lambda value: 255 - value)

    assert code.shape == (1, 20)
    assert torch.allclose(zoo.encode(vae, [digit] * 3), code.expand(3, 20), atol=1e-6)
    assert torch.allclose(zoo.encode(vae, dark, invert=True), code, atol=1e-5)


def test_an_interpolation_begins_and_ends_at_its_ends(
    vae: nn.Module, digit: Path
) -> None:
    """
    The first and last picture are the reconstructions; a code will do for an input.
    """
    other = Image.new("L", (28, 28), 90)
    found = zoo.interpolate(vae, digit, other, steps=5)
    by_code = zoo.interpolate(vae, zoo.encode(vae, digit)[0], other, steps=5)

    assert len(found) == 5
    assert drawn(found)[::4] == drawn(zoo.reconstruct(vae, [digit, other]))
    assert drawn(by_code) == drawn(found)


def test_a_model_without_the_verb_says_what_it_can(generator: nn.Module) -> None:
    """
    The missing method is named, and what the model can be used with instead.
    """
    lenet = zoo.build("lenet5-mnist")

    with pytest.raises(VerbError) as plain:
        zoo.sample(lenet)
    with pytest.raises(VerbError) as drawing:
        zoo.reconstruct(generator, torch.zeros(3))

    assert str(plain.value) == (
        "Model 'lenet5-mnist' can't sample: its module has no method 'sample'. "
        "It can be used with zoo.predict."
    )
    assert str(drawing.value) == (
        "Model 'noisy' can't reconstruct: its module has no method 'encode'. "
        "It can be used with zoo.predict, zoo.sample, zoo.interpolate."
    )


def test_noise_is_an_input_of_a_model_that_takes_it(generator: nn.Module) -> None:
    """
    One row or several; samples are what the model makes of noise, and the line between
    two rows of noise is drawn without a code.
    """
    noise = torch.randn(2, 3, generator=torch.Generator().manual_seed(0))
    found = drawn(zoo.predict(generator, noise))

    assert drawn(zoo.sample(generator, 2, seed=0)) == found
    assert drawn([zoo.predict(generator, noise[1])]) == found[1:]
    assert drawn(zoo.interpolate(generator, *noise, steps=3))[::2] == found


def test_what_is_no_noise_is_refused(generator: nn.Module) -> None:
    """
    A number, whole numbers, another length and no rows.
    """
    wanted = (
        "The model expects a float tensor of noise, (3,) or (rows, the same), or None: "
        "then it draws."
    )
    told = []
    for wrong in (3, torch.zeros(4), torch.zeros(0, 3)):
        with pytest.raises(InputError) as error:
            zoo.predict(generator, wrong)
        told.append(str(error.value))

    assert told == [
        f"An int is not noise. {wanted}",
        f"The tensor has shape (4,). {wanted}",
        f"The tensor has shape (0, 3). {wanted}",
    ]


def test_a_model_of_noise_is_saved_and_loaded(tmp_path: Path) -> None:
    """
    config.json keeps both ends, and `zoo.testing` has noise to try such a model with.
    """
    noise = zoo.NoiseInput(latent_dim=3)
    known = zoo.build("vae-mnist").zoo
    model = zoo.build("vae-mnist")
    attach(model, replace(known, spec=replace(known.spec, input=noise)))
    config = checkpoint_folder.read_config(zoo.save(model, tmp_path / "noisy"))

    assert config.input == noise
    assert config.output == known.spec.output
    assert in_memory.synthetic_rows(noise, config.output, 5, "").input.shape == (5, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda vae: zoo.sample(vae, 0),
            "Model 'vae-mnist': n=0 should be 1 or more. Options: n, seed.",
        ),
        (
            lambda vae: zoo.sample(vae, seed=-1),
            "Model 'vae-mnist': seed=-1 should be a whole number from 0 on, below "
            "2**63. Options: n, seed.",
        ),
        (
            lambda vae: zoo.sample(vae, seed="0"),
            "Model 'vae-mnist': seed='0' should be a whole number from 0 on, below "
            "2**63. Options: n, seed.",
        ),
        (
            lambda vae: zoo.sample(vae, seed=True),
            "Model 'vae-mnist': seed=True should be a whole number from 0 on, below "
            "2**63. Options: n, seed.",
        ),
        (
            lambda vae: zoo.predict(vae, None, invert=True),
            "Model 'vae-mnist': zoo.predict has no option 'invert' where there is no "
            "input. Options: seed.",
        ),
        (
            lambda vae: zoo.encode(vae, zoo.example("vae-mnist"), invrt=True),
            "Model 'vae-mnist': zoo.encode has no option 'invrt'. Did you mean "
            "'invert'? Options: batch_size, invert.",
        ),
        (
            lambda vae: zoo.reconstruct(vae, zoo.example("vae-mnist"), windows=True),
            "Model 'vae-mnist': zoo.reconstruct has no option 'windows'. Options: "
            "batch_size, invert.",
        ),
        (
            lambda vae: zoo.interpolate(vae, zoo.example("vae-mnist"), None, seed=1),
            "Model 'vae-mnist': zoo.interpolate has no option 'seed'. Options: "
            "batch_size, invert.",
        ),
        (
            lambda vae: zoo.interpolate(vae, torch.zeros(20), torch.ones(20), steps=1),
            "Model 'vae-mnist': steps=1 should be 2 or more. Options: steps.",
        ),
        (
            lambda vae: zoo.interpolate(
                vae, torch.zeros(20), torch.ones(20), steps=10**9
            ),
            "Model 'vae-mnist': steps=1000000000 should be 10,000 at most. Options: "
            "steps.",
        ),
        (
            lambda vae: zoo.sample(vae, 10**9),
            "Model 'vae-mnist': n=1000000000 should be 100,000 at most: draw more in "
            "other calls. Options: n, seed.",
        ),
        (
            lambda vae: zoo.evaluate("rbm-mnist", []),
            "Model 'rbm-mnist': zoo.evaluate has no measure for its task, "
            "unconditional-image-generation. Options: none.",
        ),
    ],
)
def test_a_wrong_option(vae: nn.Module, call: Any, message: str) -> None:
    """
    Said in one sentence, with the options there are.
    """
    with pytest.raises(OptionError) as told:
        call(vae)

    assert str(told.value) == message


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (lambda vae: zoo.encode(vae, None), "There is no picture (None)."),
        (
            lambda vae: zoo.interpolate(vae, torch.zeros(20), torch.zeros(19)),
            "The codes have 20 and 19 numbers.",
        ),
        (
            lambda vae: zoo.interpolate(vae, torch.zeros(9), torch.zeros(9)),
            "A code of 9 numbers can't be decoded.",
        ),
        (
            lambda vae: zoo.interpolate(
                vae, [Image.new("L", (28, 28))] * 2, torch.zeros(20)
            ),
            "There are 2 inputs at one end.",
        ),
        (lambda vae: zoo.sample(3), "An int is not a model."),
    ],
)
def test_a_wrong_input(vae: nn.Module, call: Any, problem: str) -> None:
    """
    Said in one sentence, before what is expected.
    """
    with pytest.raises(InputError) as told:
        call(vae)

    assert told.value.problem == problem


def test_an_output_becomes_pixels() -> None:
    """
    Logits by the sigmoid; numbers by the range that the spec gives; cut at both ends.
    """
    meaning = zoo.ImageOutput(height=1, width=4, channels=1, low=-1, high=1)
    output = torch.tensor([-3.0, -1.0, 0.0, 2.0]).view(1, 1, 1, 4)
    logits = replace(meaning, function_to_apply="sigmoid", low=0.0)

    assert pixels(output, meaning).flatten().tolist() == [0, 0, 0.5, 1]
    assert torch.equal(pixels(output, logits), output.sigmoid())


def test_outputs_that_are_no_picture_are_refused() -> None:
    """
    A shape that the spec does not tell, and NaN.
    """
    meaning = zoo.ImageOutput(height=2, width=2, channels=1)

    with pytest.raises(SpecError) as shape:
        TASK.postprocess(torch.zeros(1, 1, 2, 3), [torch.empty(0)], meaning)
    with pytest.raises(InputError) as nan:
        TASK.postprocess(torch.full((1, 1, 2, 2), torch.nan), [torch.empty(0)], meaning)

    assert str(shape.value) == (
        "ImageOutput: shape=(1, 2, 2) should be that of the model's output, "
        "(1, 1, 2, 3)."
    )
    assert nan.value.problem == (
        "The model's output is not finite: its weights or this input are at fault."
    )


def test_a_model_that_draws_one_picture_for_all_seeds_is_found_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """
    The check of samples fails for a module that does not use the generator.
    """
    spec = zoo.get_spec("vae-mnist")
    kind = type(zoo.build("vae-mnist"))
    monkeypatch.setattr(
        kind, "sample", lambda self, n, random: torch.ones(n, 1, 28, 28)
    )

    with pytest.raises(AssertionError, match="all seeds are one"):
        sampling_checks.samples_follow_the_seed(spec, tmp_path)


def test_codes_that_depend_on_the_rows_beside_are_found_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """
    The check of codes fails for a module that takes a mean over the batch.
    """
    spec = zoo.get_spec("vae-mnist")
    kind = type(zoo.build("vae-mnist"))
    encode = kind.encode
    monkeypatch.setattr(kind, "encode", lambda self, x: encode(self, x - x.mean(dim=0)))

    with pytest.raises(AssertionError):
        sampling_checks.codes_do_not_mix(spec, tmp_path)
