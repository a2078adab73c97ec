"""A module's graph gives the module's numbers, for any number of rows."""

import pytest
import torch
from torch import Tensor, nn

from zoo.errors import ExportError
from zoo.models.onnx_graph import (
    as_onnx,
    float16_where_exact,
    largest_error,
    load_session,
)

pytest.importorskip("onnxruntime")
onnx = pytest.importorskip("onnx")


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.hidden = nn.Linear(8, 16)
        self.norm = nn.BatchNorm1d(16)
        self.out = nn.Linear(16, 3)

    def forward(self, given: Tensor) -> Tensor:
        return self.out(self.norm(self.hidden(given)).relu())


class Undecided(nn.Module):
    """What it does depends on its numbers: no graph can hold that."""

    def forward(self, given: Tensor) -> Tensor:
        return given * 2 if given.sum().item() > 0 else given


@pytest.fixture(scope="module")
def graph():
    net = Net().half().float()  # exact in float16
    return net, as_onnx(
        net, torch.randn(4, 8), inputs={"input": {0: "batch"}}, outputs=["output"]
    )


@pytest.mark.parametrize("rows", [1, 2, 7])
def test_any_number_of_rows_gives_the_numbers_of_the_module(graph, rows: int) -> None:
    net, made = graph

    assert largest_error(load_session(made), net, torch.randn(rows, 8)) < 1e-6


def test_the_error_is_that_of_the_furthest_number(graph) -> None:
    net, made = graph
    other = Net()
    other.load_state_dict(net.state_dict())
    with torch.no_grad():
        other.out.bias[1] += 0.5

    error = largest_error(load_session(made), other, torch.randn(3, 8))

    assert error == pytest.approx(0.5, rel=0.6)
    assert error > 0.1


def test_weights_exact_in_float16_take_half_the_bytes_and_give_the_same_bits(
    graph,
) -> None:
    _, made = graph
    given = torch.randn(5, 8).numpy()
    before = load_session(made).run(None, {"input": given})[0]
    small = onnx.ModelProto.FromString(made.SerializeToString())

    small = float16_where_exact(small)

    stored = {one.name: one.data_type for one in small.graph.initializer}
    half = [name for name, kind in stored.items() if kind == onnx.TensorProto.FLOAT16]
    assert {"hidden.weight.float16", "out.weight.float16"} <= set(half)
    assert (load_session(small).run(None, {"input": given})[0] == before).all()


def test_weights_that_float16_would_change_stay(graph) -> None:
    net = Net()
    made = as_onnx(
        net, torch.randn(4, 8), inputs={"input": {0: "batch"}}, outputs=["output"]
    )

    small = float16_where_exact(made)

    kinds = {one.name: one.data_type for one in small.graph.initializer}
    assert kinds["hidden.weight"] == onnx.TensorProto.FLOAT


def test_a_graph_tells_no_file_names_of_this_machine(graph) -> None:
    _, made = graph

    assert b".py" not in made.SerializeToString()


def test_code_that_no_graph_can_hold_is_an_export_error() -> None:
    with pytest.raises(ExportError) as caught:
        as_onnx(
            Undecided(),
            torch.randn(4, 8),
            inputs={"input": {0: "batch"}},
            outputs=["output"],
        )

    assert "Could not guard on data-dependent expression" in str(caught.value)


def test_the_graph_so_far_is_not_printed(capfd: pytest.CaptureFixture[str]) -> None:
    """
    The exporter prints it where it can't go on, and nobody asked for that.
    """
    with pytest.raises(ExportError):
        as_onnx(
            Undecided(), torch.ones(2, 3), inputs={"x": {0: "batch"}}, outputs=["y"]
        )

    assert capfd.readouterr().err == ""


class Recurrent(nn.Module):
    """A layer of which the exporter keeps the length that it tried."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.LSTM(3, 4, batch_first=True)

    def forward(self, given: Tensor) -> Tensor:
        output: Tensor = self.layer(given)[0]
        return output


def test_a_free_length_is_free_in_the_output_too() -> None:
    """
    An engine would warn of every other length.
    """
    free = {0: "batch", 1: "length"}
    made = as_onnx(Recurrent(), torch.randn(2, 7, 3), inputs={"x": free}, outputs=["y"])

    (output,) = made.graph.output
    sizes = output.type.tensor_type.shape.dim
    assert [one.dim_param or one.dim_value for one in sizes] == ["batch", "length", 4]
