"""What only the perceptrons promise; what every model promises is in zoo.testing."""

import pytest
import torch
from torch import Tensor
from zoo_perceptron.neuron import neuron
from zoo_perceptron.perceptron import best_accuracy, perceptron
from zoo_perceptron.xor import xor_mlp

import zoo
from zoo.testing.verify import verify

CORNERS = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR = torch.tensor([0, 1, 1, 0])


@pytest.mark.parametrize(
    "name",
    [
        n
        for n in zoo.list_models()
        if n.split(".")[0] in ("perceptron-gates", "neuron-or", "xor-mlp")
    ],
)
def test_the_whole_table_is_right(name: str) -> None:
    """
    Logic has four rows; the claims are measured on all of them again.
    """
    seen = verify(name, metric=True)

    assert seen.passed
    assert seen.metrics[0].found == 1.0


def test_gates_answer_by_name() -> None:
    """
    One row, two answers: both heads share their inputs.
    """
    answer = zoo.predict("perceptron-gates", {"a": 1, "b": 0})

    assert answer.labels == ("or",)
    assert answer.scores == {"and": 0.0, "or": 1.0}


def test_the_rule_moves_towards_the_target() -> None:
    """
    One wrong row from zero weights: w + lr (t - y) x, as Rosenblatt has it.
    """
    model = perceptron()
    errors = model.update(torch.tensor([1.0, 2.0]), torch.tensor([0]), lr=0.5)

    assert errors == 1
    assert model.weight.tolist() == [[-0.5, -1.0]]
    assert model.bias.tolist() == [-0.5]


def test_iris_repeats_the_course() -> None:
    """
    On all hundred flowers, six passes make 2, 2, 3, 2, 1 and 0 errors.
    """
    measured = zoo.load("perceptron-iris").zoo.receipt["measured"]
    errors = [measured[f"course_errors_{n}"] for n in range(1, 7)]

    assert errors == [2, 2, 3, 2, 1, 0]
    assert measured["correct_of_100"] == 100


def test_iris_agrees_with_scikit_learn() -> None:
    """
    scikit-learn's perceptron, same rows, same order, same rate, finds the same line.
    """
    from sklearn.linear_model import Perceptron

    rows = zoo.load_dataset("iris").to_pandas()[:100]
    kept = [row for row in range(100) if row % 5 != 4]
    given = rows[["sepal_length", "petal_length"]].to_numpy(copy=True)
    theirs = Perceptron(eta0=1.0, max_iter=10, tol=None, shuffle=False)
    theirs.fit(given[kept], rows["label"].to_numpy()[kept])
    ours = zoo.load("perceptron-iris")
    output = ours(torch.from_numpy(given).float())[:, 0]

    assert (output.numpy() == theirs.predict(given)).all()


def test_the_hand_written_gradient_is_autograds() -> None:
    """
    The sign the course's notebook has wrong is right here.
    """
    torch.manual_seed(0)
    model, target = neuron(), torch.tensor([0.0, 1.0, 1.0, 1.0])
    error = (model(CORNERS)[:, 0].sigmoid() - target).square().sum() / 2
    slopes = torch.autograd.grad(error, [model.weight, model.bias])
    before = [model.weight.detach().clone(), model.bias.detach().clone()]
    returned = model.gradient_step(CORNERS, target, lr=0.1)
    after = [model.weight.detach(), model.bias.detach()]

    assert returned == pytest.approx(error.item())
    for old, new, slope in zip(before, after, slopes, strict=True):
        assert torch.allclose(new, old - 0.1 * slope, atol=1e-6)


def test_no_perceptron_computes_xor() -> None:
    """
    Three of four is the best a single line does (Minsky and Papert, 1969).
    """
    assert best_accuracy(CORNERS, XOR) == 0.75
    assert best_accuracy(CORNERS, CORNERS.prod(dim=1)) == 1.0


def test_the_hand_set_weights_are_the_courses() -> None:
    """
    a1 = F(5x1+5x2-8), a2 = F(-7x1-7x2+3), y = F(-11a1-11a2+6), without a network.
    """

    def step(value: Tensor) -> Tensor:
        return (value >= 0).float()

    first, second = CORNERS.T
    both, neither = step(5 * first + 5 * second - 8), step(3 - 7 * first - 7 * second)
    formula = step(6 - 11 * both - 11 * neither)

    assert torch.equal(zoo.load("xor-mlp.hand-set")(CORNERS)[:, 0], formula)
    assert formula.tolist() == XOR.tolist()


def test_steps_have_no_gradient() -> None:
    """
    Nothing before a step can be trained, which is why the sigmoid came.
    """
    assert not xor_mlp(activation="step")(CORNERS).requires_grad
    assert xor_mlp(activation="sigmoid")(CORNERS).requires_grad
