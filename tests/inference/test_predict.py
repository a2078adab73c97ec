"""`zoo.predict`: by name, by module, by folder, one and many, and what it leaves."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import zoo
from zoo.errors import InputError, ModelNotFound, OptionError
from zoo.runtime.eval_mode import eval_mode

FLOWERS = [[5.0, 1.4], [6.5, 4.6], [5.1, 1.5], [6.0, 4.0], [4.9, 1.3]]
SAID = ["setosa", "versicolor", "setosa", "versicolor", "setosa"]
PAPER = Image.new("L", (28, 28), 255)
GROUND = Image.new("L", (28, 28), 0)


@pytest.fixture
def iris() -> nn.Module:
    return zoo.load("perceptron-iris")


@pytest.fixture
def lenet() -> nn.Module:
    torch.manual_seed(0)
    return zoo.build("lenet5-mnist").eval()


@pytest.fixture
def several_processes(tmp_path: Path) -> Iterator[None]:
    """A group of one process, for DistributedDataParallel."""
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{tmp_path}/group", rank=0, world_size=1
    )
    yield
    torch.distributed.destroy_process_group()


def test_by_name() -> None:
    """
    A name is enough: the model is loaded, once.
    """
    assert zoo.predict("perceptron-iris", FLOWERS[0]).label == "setosa"


def test_by_module(iris: nn.Module) -> None:
    """
    A loaded model is used as it is.
    """
    assert zoo.predict(iris, FLOWERS[1]).label == "versicolor"


def test_by_folder(iris: nn.Module, tmp_path: Path) -> None:
    """
    A checkpoint folder can stand for its model, and is read afresh each time.
    """
    folder = zoo.save(iris, tmp_path / "iris")
    before = zoo.predict(folder, FLOWERS[0]).label
    with torch.no_grad():
        iris.weight.neg_()
        iris.bias.neg_()
    zoo.save(iris, folder)

    assert before == "setosa"
    assert zoo.predict(str(folder), FLOWERS[0]).label == "versicolor"


def test_what_is_no_model(iris: nn.Module) -> None:
    """
    Arguments in the wrong order, and unknown names, are told apart.
    """
    with pytest.raises(InputError) as swapped:
        zoo.predict(PAPER, iris)
    with pytest.raises(ModelNotFound):
        zoo.predict("perceptron-irish", FLOWERS)

    assert str(swapped.value) == (
        "An Image is not a model. The model expects to come first: zoo.predict(model, "
        "input)."
    )


def test_a_list_is_answered_by_a_list(iris: nn.Module) -> None:
    """
    One input gives one result; a list gives a list, of its length and in its order.
    """
    assert [one.label for one in zoo.predict(iris, FLOWERS)] == SAID
    assert [one.label for one in zoo.predict(iris, FLOWERS[:1])] == SAID[:1]


@pytest.mark.parametrize("size", [1, 2, 3, 64])
def test_the_batch_size_changes_nothing(lenet: nn.Module, size: int) -> None:
    """
    Inputs go through in batches of any size, with the same results.
    """
    shades = [np.full((28, 28), n, np.uint8) for n in range(0, 100, 20)]
    alone = [zoo.predict(lenet, shade) for shade in shades]

    together = zoo.predict(lenet, shades, batch_size=size)

    for one, other in zip(alone, together, strict=True):
        assert one.scores == pytest.approx(other.scores, abs=1e-6)


def test_dropout_is_off_and_the_modes_come_back() -> None:
    """
    Prediction runs in eval mode; afterwards each part is in the mode it was in, frozen
    parts too.
    """
    model = zoo.build("mlp-dropout-mnist").train()
    frozen = next(part for part in model.modules() if isinstance(part, nn.Linear))
    frozen.eval()

    first, again = (zoo.predict(model, GROUND) for _ in range(2))

    assert first == again
    assert model.training
    assert not frozen.training


def test_the_modes_come_back_after_an_error(lenet: nn.Module) -> None:
    """
    A refused input does not leave a model in eval mode.
    """
    lenet.train()

    with pytest.raises(InputError):
        zoo.predict(lenet, [GROUND, "no such.png"])

    assert all(part.training for part in lenet.modules())


def test_evaluating_restores_what_it_found() -> None:
    """
    Inside the block everything is in eval mode, after it nothing has changed.
    """
    model = nn.Sequential(nn.Dropout(), nn.BatchNorm1d(1))
    model[1].eval()

    with eval_mode(model):
        inside = [part.training for part in model.modules()]

    assert inside == [False, False, False]
    assert [part.training for part in model.modules()] == [True, True, False]


def test_an_error_names_the_item(lenet: nn.Module) -> None:
    """
    Of a list, the message says which input is at fault, whatever the batch.
    """
    with pytest.raises(InputError) as caught:
        zoo.predict(lenet, [GROUND, GROUND, "no such.png"], batch_size=1)
    with pytest.raises(InputError) as alone:
        zoo.predict(lenet, "no such.png")

    assert caught.value.problem == "Item 3: There is no file 'no such.png'."
    assert alone.value.problem == "There is no file 'no such.png'."


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"inverted": True}, "no option 'inverted'. Did you mean 'invert'?"),
        ({"temperature": 1}, "no option 'temperature'."),
    ],
    ids=["near", "far"],
)
def test_an_unknown_option(
    lenet: nn.Module, options: dict[str, object], problem: str
) -> None:
    """
    An option the task does not know is refused before anything is read.
    """
    with pytest.raises(OptionError) as caught:
        zoo.predict(lenet, "no such.png", **options)

    assert str(caught.value) == (
        f"Model 'lenet5-mnist': zoo.predict has {problem} Options: batch_size, invert, "
        "windows."
    )


@pytest.mark.parametrize("size", [0, -1, 1.5])
def test_a_wrong_batch_size(iris: nn.Module, size: int) -> None:
    """
    A batch holds one input or more.
    """
    with pytest.raises(OptionError) as caught:
        zoo.predict(iris, FLOWERS, batch_size=size)

    assert str(caught.value) == (
        f"Model 'perceptron-iris': batch_size={size} should be 1 or more. "
        "Options: batch_size."
    )


def test_a_suspicion_is_told_once_a_call_for_each_kind(lenet: nn.Module) -> None:
    """
    However many batches share it, at the line that called; the next call tells it too.
    """
    bright = torch.full((3, 1, 28, 28), 200.0)
    with pytest.warns(UserWarning, match="divide by 255") as first:
        zoo.predict(lenet, bright, batch_size=1)
    with pytest.warns(UserWarning, match="The background is light") as second:
        zoo.predict(lenet, [PAPER] * 3, batch_size=1)
    with warnings.catch_warnings(record=True) as third:
        warnings.simplefilter("always")
        zoo.predict(lenet, bright)
        zoo.predict(lenet, PAPER)

    assert [len(first), len(second), len(third)] == [1, 1, 2]
    assert first[0].filename == __file__


def test_another_model_speaks_for_itself() -> None:
    """
    What one model has said does not silence another.
    """
    for _ in range(2):
        with pytest.warns(UserWarning, match="The background is light"):
            zoo.predict(zoo.build("lenet5-mnist"), PAPER)


def test_each_column_is_a_kind(iris: nn.Module) -> None:
    """
    A table model speaks of each column once.
    """
    with pytest.warns(UserWarning, match="sepal_length = 510"):
        zoo.predict(iris, [510, 1.4])
    with pytest.warns(UserWarning, match="petal_length = 140"):
        zoo.predict(iris, [5.1, 140])


def test_inverting_answers_for_dark_on_light(lenet: nn.Module) -> None:
    """
    `invert=True` on paper says what the model says of dark ground.
    """
    assert zoo.predict(lenet, PAPER, invert=True) == zoo.predict(lenet, GROUND)


@pytest.mark.parametrize(
    "dtype", [torch.float64, torch.float16, torch.bfloat16], ids=str
)
def test_a_model_of_another_type(lenet: nn.Module, dtype: torch.dtype) -> None:
    """
    The input follows the type of the weights.
    """
    expected = zoo.predict(lenet, GROUND)

    found = zoo.predict(lenet.to(dtype), GROUND)

    assert found.scores == pytest.approx(expected.scores, abs=0.01)


def test_a_compiled_model(lenet: nn.Module) -> None:
    """
    torch.compile does not hide what the model knows of itself.
    """
    compiled = torch.compile(lenet, backend="eager")

    assert zoo.predict(compiled, GROUND) == zoo.predict(lenet, GROUND)


@pytest.mark.usefixtures("several_processes")
def test_a_model_in_wrappers(lenet: nn.Module) -> None:
    """
    Nor does DataParallel, nor DistributedDataParallel.
    """
    expected = zoo.predict(lenet, GROUND)

    assert zoo.predict(nn.DataParallel(lenet), GROUND) == expected
    wrapped = nn.parallel.DistributedDataParallel(lenet)
    assert zoo.predict(wrapped, GROUND) == expected


def test_no_gradient_is_kept(lenet: nn.Module) -> None:
    """
    Prediction leaves nothing for a backward pass, and changes no parameter.
    """
    before = [parameter.clone() for parameter in lenet.parameters()]

    zoo.predict(lenet, torch.zeros(1, 28, 28, requires_grad=True))

    for parameter, old in zip(lenet.parameters(), before, strict=True):
        assert parameter.grad is None
        assert torch.equal(parameter, old)


def test_an_example_is_a_real_input() -> None:
    """
    `zoo.example` gives a file that its model answers.
    """
    path = zoo.example("perceptron-iris")

    assert path.is_file()
    assert len(zoo.predict("perceptron-iris", path)) == 2


def test_any_example() -> None:
    """
    With `shuffle` it is any of the model's examples.
    """
    assert zoo.example("xor-mlp", shuffle=True).name == "bits.csv"


def test_no_example(iris: nn.Module, tmp_path: Path) -> None:
    """
    A model without examples, such as a checkpoint folder, says so.
    """
    folder = zoo.save(iris, tmp_path / "iris")

    with pytest.raises(InputError) as caught:
        zoo.example(str(folder))

    assert caught.value.problem == f"{str(folder)!r} ships no example input."


def test_rows_of_pixels_are_answered_one_by_one() -> None:
    """
    `zoo.predict("mlp-mnist", X)` gives as many answers as X has rows, and of one row in
    a table a list of one: the answers for the pictures themselves.
    """
    digits = zoo.load_dataset("digits", "train").select(range(10))
    pictures = [row["image"].convert("L").resize((28, 28)) for row in digits]
    table = np.stack([np.asarray(one).reshape(784) for one in pictures])

    answers = zoo.predict("mlp-mnist", table)
    one = zoo.predict("mlp-mnist", table[:1])

    assert table.shape == (10, 784)
    assert [answer.label for answer in answers] == [
        answer.label for answer in zoo.predict("mlp-mnist", pictures)
    ]
    assert (len(answers), len(one), one[0].label) == (10, 1, answers[0].label)
    assert zoo.predict("mlp-mnist", table[0]).label == answers[0].label
