"""What only the recurrent cell promises; the rest is in zoo.testing."""

import numpy as np
import pytest
import torch
from torch import nn
from zoo_rnn.henon_map import SPLITS, henon_map
from zoo_rnn.rnn_cell import CellForecaster, RNNCell, as_torch_rnn, rnn_cell
from zoo_rnn.rnn_cell_recipe import data
from zoo_rnn.rnn_cell_report import continued

import zoo
from zoo import Run

NAME = "rnn-cell"


@pytest.fixture(scope="module")
def model() -> CellForecaster:
    loaded = zoo.load(NAME)
    assert isinstance(loaded, CellForecaster)
    return loaded


def test_the_cell_is_the_courses_in_numpy() -> None:
    """
    h = sigmoid(h W_h + x W_x + b), with the sigmoid that NumPy does not have.
    """
    torch.manual_seed(0)
    cell = RNNCell(3, 5)
    nn.init.normal_(cell.bias)
    value, hidden = torch.randn(4, 3), torch.rand(4, 5)
    w_x, w_h, b = (
        p.detach().numpy() for p in (cell.input_weight, cell.hidden_weight, cell.bias)
    )
    z = hidden.numpy() @ w_h + value.numpy() @ w_x + b

    found = cell(value, hidden).detach().numpy()

    assert found == pytest.approx(1 / (1 + np.exp(-z)), abs=1e-6)


@pytest.mark.parametrize("hidden_size", [1, 16])
def test_it_is_an_rnn_of_torch(hidden_size: int) -> None:
    """
    With tanh: other weights, the state from -1 to 1, and the same network.
    """
    torch.manual_seed(0)
    made = rnn_cell(input_size=2, hidden_size=hidden_size)
    nn.init.normal_(made.cell.bias)
    series = torch.randn(3, 9, 2)
    network, start = as_torch_rnn(made.cell)
    states, _ = network(series, torch.full((1, 3, hidden_size), start))

    assert made.states(series).std() > 0.1
    assert torch.allclose((1 + states) / 2, made.states(series), atol=1e-6)
    wrong, _ = network(series)  # from zero, which is a state of one half
    assert not torch.allclose(
        (1 + wrong[:, 0]) / 2, made.states(series)[:, 0], atol=0.01
    )


def test_gradients_are_those_of_torch() -> None:
    """
    Through time: by the chain rule a weight of the cell has half, or a quarter, of the
    gradient of the other network's.
    """
    torch.manual_seed(0)
    made, series = rnn_cell(hidden_size=4), torch.randn(3, 6, 1)
    network, start = as_torch_rnn(made.cell)
    made.states(series)[:, -1].sum().backward()
    states, _ = network(series, torch.full((1, 3, 4), start))
    ((1 + states[:, -1]) / 2).sum().backward()
    theirs = dict(network.named_parameters())
    slope, bias_slope = theirs["weight_hh_l0"].grad, theirs["bias_ih_l0"].grad

    assert made.cell.input_weight.grad is not None
    assert made.cell.hidden_weight.grad is not None
    assert slope is not None
    assert bias_slope is not None
    assert theirs["weight_ih_l0"].grad is not None
    assert torch.allclose(
        made.cell.input_weight.grad, theirs["weight_ih_l0"].grad.T / 2, atol=1e-6
    )
    assert torch.allclose(
        made.cell.hidden_weight.grad, (slope.T + bias_slope) / 4, atol=1e-6
    )


def test_the_series_obeys_its_formula() -> None:
    """
    Stays on the attractor, and two starts give other series.
    """
    values = np.array(henon_map(0.1, 500))

    assert values[2:] == pytest.approx(1 - 1.4 * values[1:-1] ** 2 + 0.3 * values[:-2])
    assert np.abs(values).max() < 1.3
    assert henon_map(0.1, 500) == values.tolist()
    assert not np.isin(henon_map(SPLITS["test"][0], 500), values).any()


def test_a_window_ends_before_its_target() -> None:
    """
    And every value after the first window is asked for.
    """
    rows = data(Run(zoo.get_spec(NAME)), "test")
    values = torch.tensor(henon_map(*SPLITS["test"]), dtype=torch.float64)

    assert rows.timed
    assert rows.input.shape == (992, 8, 1)
    assert torch.equal(rows.target.double(), values[8:])
    assert torch.allclose(rows.input[3, :, 0].double(), values[3:11], atol=1e-6)


def test_it_has_learned_the_map(model: CellForecaster) -> None:
    """
    From a start of the test's own, and not what comes of the last value alone: with
    the value before it changed, the forecast is another.
    """
    values = henon_map(0.05, 9)
    answer = zoo.predict(model, [[one] for one in values[:8]])
    bent = [*values[:6], values[6] + 0.1, values[7]]
    other = zoo.predict(model, [[one] for one in bent])

    assert answer.values[0] == pytest.approx(values[8], abs=0.02)
    assert other.values[0] - answer.values[0] == pytest.approx(0.03, abs=0.02)


def test_forecasts_of_forecasts_stay_on_the_curve(model: CellForecaster) -> None:
    """
    Long after they have left the true series.
    """
    window = torch.tensor(henon_map(0.05, 8))[None, :, None]
    made = continued(model, window, 300)[0].double()
    wanted = 1 - 1.4 * made[1:-1] ** 2 + 0.3 * made[:-2]

    assert (made[2:] - wanted).abs().median() < 0.02
    assert made.std() > 0.5


def test_the_receipt_holds_what_the_card_of_the_cell_says() -> None:
    """
    Equal to nn.RNN, far ahead of a linear forecast, and in need of more than a value.
    """
    receipt = zoo.load(NAME).zoo.receipt
    found, reached = receipt["measured"], receipt["metrics"][0]["value"]

    assert found["difference_from_nn_rnn"] < 1e-6
    assert reached < receipt["baselines"]["least squares"]["rmse"] / 20
    assert found["rmse_of_one_value"] > 10 * reached
    assert found["rmse_of_all_values"] == pytest.approx(reached)
    assert found["steps_together"] > 5
