"""What only data-free distillation promises; the rest is in zoo.testing."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn.functional import kl_div
from zoo_distill.dafl import (
    Generator,
    LeNet5,
    dafl_generator,
    dafl_student,
    dafl_teacher,
)
from zoo_distill.generator_report import pixels
from zoo_distill.student_recipe import (
    SMOKE_SETTINGS,
    Settings,
    activation_loss,
    distillation_loss,
    entropy_loss,
    generator_loss,
    one_hot_loss,
    pair,
    train,
)
from zoo_distill.student_report import from_noise

import zoo
from zoo import Run
from zoo.recipes import TensorRows

LOGITS = torch.tensor([[2.0, 0.0, 1.0], [0.0, 1.0, 3.0]])
FEATURES = torch.tensor([[1.0, 0.0], [2.0, 5.0]])


def count(model: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def equal(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    states = one.state_dict(), other.state_dict()
    return all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_the_student_has_half_of_all_channels_and_units() -> None:
    """
    61,706 parameters of LeNet-5, and 15,738 with halves.
    """
    assert count(dafl_teacher()) == 61_706
    assert count(dafl_student()) == 15_738


def test_the_papers_generator_is_an_option() -> None:
    """
    At a width of 128, with layers for 28x28: counted by hand.
    """
    project = 101 * 128 * 7 * 7 + 2 * 128
    first = 128 * 128 * 9 + 128 + 2 * 128
    second = 128 * 64 * 9 + 64 + 2 * 64
    last = 64 * 9 + 1

    assert count(dafl_generator(width=128)) == project + first + second + last


def test_the_features_are_what_the_classifier_sees() -> None:
    """
    `embed` and the classifier together are the model.
    """
    model, image = dafl_student().eval(), torch.rand(3, 1, 28, 28)

    assert torch.equal(model.classifier(model.embed(image)), model(image))
    assert model.embed(image).min() >= 0


def test_the_one_hot_loss_is_equation_4() -> None:
    """
    Minus the logarithm of the largest probability, in the mean.
    """
    expected = -LOGITS.softmax(dim=1).max(dim=1).values.log().mean()

    assert one_hot_loss(LOGITS).item() == pytest.approx(expected.item())


def test_the_activation_loss_is_minus_the_mean_feature() -> None:
    """
    Of (1, 0) and (2, 5): -8/4.
    """
    assert activation_loss(FEATURES).item() == -2


def test_the_entropy_loss_is_least_where_all_classes_are_as_frequent() -> None:
    """
    -log10(10) = -1 with one sure answer of each class, and 0 with one class alone.
    """
    every, one = 100 * torch.eye(10), 100 * torch.eye(10)[[3] * 10]

    assert entropy_loss(every).item() == pytest.approx(-1)
    assert entropy_loss(one).item() == pytest.approx(0, abs=1e-6)


def test_the_entropy_loss_of_a_rare_class_has_a_gradient() -> None:
    """
    Also where the probability of a class is zero in float32.
    """
    logits = (200 * torch.eye(10)[[3] * 4]).requires_grad_()
    entropy_loss(logits).backward()

    assert logits.grad is not None
    assert logits.grad.isfinite().all()


def test_the_generators_loss_is_equation_7() -> None:
    """
    The three terms by their weights.
    """
    settings = Settings(alpha=0.5, beta=3.0)
    expected = (
        one_hot_loss(LOGITS)
        + 0.5 * activation_loss(FEATURES)
        + 3 * entropy_loss(LOGITS)
    )

    assert generator_loss(LOGITS, FEATURES, settings) == expected


def test_the_students_loss_is_torchs_divergence() -> None:
    """
    Of the teacher's answers from the student's; zero for the same answers.
    """
    answer = LOGITS.flip(0)
    expected = kl_div(
        answer.log_softmax(1), LOGITS.softmax(1), reduction="batchmean"
    ).item()

    assert distillation_loss(answer, LOGITS).item() == pytest.approx(expected)
    assert distillation_loss(LOGITS, LOGITS).item() == 0


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Smoke runs of both models."""
    folder = tmp_path_factory.mktemp("dafl")
    return {
        name: zoo.train(name, folder / name, smoke=True, comparison=False)
        for name in ("dafl-student", "dafl-generator")
    }


def test_both_runs_train_the_same_pair(trained: dict[str, Path]) -> None:
    """
    The losses and the student's accuracy in the two receipts are the same numbers.
    """
    first, second = (zoo.load(one).zoo.receipt["history"] for one in trained.values())

    assert first == second


def test_the_shipped_two_are_of_one_training() -> None:
    """
    All epochs of both receipts are the same numbers, and so are the settings.
    """
    first, second = (
        zoo.load(name).zoo.receipt for name in ("dafl-student", "dafl-generator")
    )

    assert first["history"] == second["history"]
    assert first["settings"] == second["settings"]


@pytest.mark.parametrize("name", ["dafl-student", "dafl-generator"])
def test_whichever_is_built_the_pair_is_the_same(name: str) -> None:
    """
    Weights depend on the seed alone.
    """
    generator, student = pair(zoo.build(name), seed=3)
    torch.manual_seed(3)
    expected = dafl_generator(), dafl_student()

    assert equal(generator, expected[0])
    assert equal(student, expected[1])


@pytest.mark.parametrize("name", ["dafl-student", "dafl-generator"])
def test_no_digit_is_learned_from(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    With black pictures in place of all digits, and one label, every weight is the same,
    and what was measured is not.
    """
    whole, settings = Run.load_rows, Settings(**SMOKE_SETTINGS)

    def black(run: Run, dataset: str, split: str, **options: object) -> TensorRows:
        rows = whole(run, dataset, split, **options)
        pictures, labels = torch.zeros_like(rows.input), torch.full_like(rows.target, 4)
        return replace(rows, input=pictures, target=labels)

    seeing, blind = (Run(zoo.get_spec(name), smoke=True) for _ in range(2))
    expected = train(settings, seeing)
    monkeypatch.setattr(Run, "load_rows", black)

    assert equal(train(settings, blind), expected)
    assert blind.history != seeing.history


def test_the_teacher_stays_as_it_is() -> None:
    """
    The generator learns through it, and no parameter of it.
    """
    settings, run = Settings(epochs=1, steps=2), Run(zoo.get_spec("dafl-student"))
    teacher = run.load_model("dafl-teacher").requires_grad_(False)
    generator, _ = pair(dafl_student(), settings.seed)
    image = generator(torch.randn(4, 100))
    features = teacher.embed(image)
    generator_loss(teacher.classifier(features), features, settings).backward()

    assert all(one.grad is None for one in teacher.parameters())
    assert all(one.grad is not None for one in generator.parameters())


def test_noise_teaches_from_the_students_first_weights() -> None:
    """
    With a learning rate of zero the student of noise is the student before training.
    """
    settings = Settings(epochs=1, steps=1, batch_size=2, lr=0.0)
    run = Run(zoo.get_spec("dafl-student"), settings=settings)
    _, student = pair(dafl_student(), settings.seed)

    assert equal(from_noise(run), student)


def test_pixels_beyond_black_and_white_are_cut_off() -> None:
    """
    Normalized black, white and middle, and what is beyond them.
    """
    output = zoo.get_spec("dafl-generator").output
    low, high = output.low, output.high
    image = torch.tensor([low, high, (low + high) / 2, low - 1, high + 1])

    assert torch.allclose(
        pixels(image, output), torch.tensor([0.0, 1.0, 0.5, 0.0, 1.0]), atol=1e-6
    )


def test_samples_are_the_same_after_a_reload() -> None:
    """
    Sixteen images by seed zero, from two loads and from the noise itself.
    """
    first, again = (
        zoo.sample(zoo.load("dafl-generator"), 16, seed=0) for _ in range(2)
    )
    noise = torch.randn(16, 100, generator=torch.Generator().manual_seed(0))
    drawn = zoo.predict("dafl-generator", noise)
    shown = [[one.image.tobytes() for one in some] for some in (first, again, drawn)]

    assert shown[0] == shown[1] == shown[2]
    assert len(set(shown[0])) == 16


def test_generated_images_have_the_moments_of_the_teachers_input() -> None:
    """
    In training mode a batch has a mean of 0 and a variance of 1, whatever the noise.
    """
    generator: Generator = dafl_generator().train()
    image: Tensor = generator(torch.randn(64, 100))

    assert image.mean().item() == pytest.approx(0, abs=1e-4)
    assert image.var().item() == pytest.approx(1, abs=1e-2)


def test_the_student_reads_digits() -> None:
    """
    By the receipts at least 95 of 100 validation rows and of test rows, far ahead of
    what noise teaches, and behind its teacher and a student of real digits.
    """
    receipt = zoo.load("dafl-student").zoo.receipt
    measured = receipt["measured"]
    (accuracy,) = (m["value"] for m in receipt["metrics"] if m["name"] == "accuracy")

    assert measured["validation_accuracy"] >= 0.95
    assert accuracy >= 0.95
    assert receipt["baselines"]["student of noise"]["accuracy"] < accuracy - 0.05
    assert accuracy < measured["accuracy_real"]
    assert isinstance(zoo.load("dafl-student"), LeNet5)


def test_the_generator_makes_every_class() -> None:
    """
    By the receipt each is at least one in twenty-five of ten thousand samples, as the
    teacher reads them.
    """
    measured = zoo.load("dafl-generator").zoo.receipt["measured"]

    assert measured["min_class_fraction"] >= 0.04
