"""What a model takes in time and memory: measured, recorded, and told before a load."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

import zoo
from zoo import cli
from zoo.artifacts import weight_store
from zoo.evaluation import benchmark
from zoo.plugins import catalog, measured
from zoo.plugins.discovery import installed
from zoo.specs import Cost

COST = Cost(
    load_ms=1.25,
    pass_ms=0.5,
    batch_ms=1234.5,
    memory_mib=11.6,
    multiply_adds=416_520,
    hardware="A processor, 1 of 2 cores",
    torch="2.15.0",
)


def test_multiply_adds_are_those_of_the_paper() -> None:
    """
    LeNet-5 multiplies as often as its layers say: two convolutions, three matrices.
    """
    found = zoo.benchmark("lenet5-mnist", threads=1)

    layers = [6 * 25 * 28 * 28, 16 * 6 * 25 * 10 * 10, 400 * 120, 120 * 84, 84 * 10]
    assert found.multiply_adds == sum(layers)
    assert found.torch == torch.__version__.partition("+")[0]


def test_the_number_of_threads_is_put_back() -> None:
    """
    Measuring on one thread leaves the process as it was.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(2)

    found = zoo.benchmark("xor-mlp", threads=1)

    assert torch.get_num_threads() == 2
    assert ", 1 of " in found.hardware
    torch.set_num_threads(before)


def test_untrained_weights_have_no_time_to_load() -> None:
    """
    A model whose weights can't be had is measured without them.
    """
    found = zoo.benchmark("mlp-california", untrained=True)

    assert found.load_ms is None
    assert found.pass_ms > 0


def test_a_texts_length_counts() -> None:
    """
    A model of texts is measured on 128 tokens, each of which meets every weight.
    """
    found = zoo.benchmark("gpt-mini", threads=1)

    weights = zoo.get_spec("gpt-mini").parameters - 128 * 160  # places are only added
    assert found.multiply_adds > 128 * 0.9 * weights


@pytest.mark.parametrize(("kind", "gates"), [(nn.RNN, 1), (nn.GRU, 3), (nn.LSTM, 4)])
def test_recurrent_layers_are_counted(kind: type[nn.Module], gates: int) -> None:
    """
    Each step multiplies what is given and what is held with the weights of each gate.
    """
    layer = First(kind(10, 20, batch_first=True))

    with torch.inference_mode():
        counted = benchmark._multiply_adds(layer, torch.rand(1, 5, 10))

    assert counted == 5 * gates * 20 * (10 + 20)


class First(nn.Module):
    """The first of what a layer gives."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.layer(given)[0]
        return found


def test_tied_weights_do_not_disturb_the_counting() -> None:
    """
    A table of embeddings that also tells the tokens is no obstacle.
    """
    found = zoo.benchmark("bert-mini", threads=1, untrained=True)

    assert found.multiply_adds > 0


def test_memory_holds_the_weights() -> None:
    """
    In a process of its own a model takes at least what its weights weigh.
    """
    words = ["benchmark", "mlp-dropout-mnist", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "zoo", *words], check=True, capture_output=True
    )

    found = json.loads(done.stdout)
    assert (
        found["memory_mib"] > 4 * zoo.get_spec("mlp-dropout-mnist").parameters / 2**20
    )


def test_what_is_recorded_lies_in_the_plugin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    --record writes what was measured into the measured.json of the model's plugin.
    """
    monkeypatch.setattr(
        weight_store, "package_folder", lambda package: tmp_path / package
    )

    assert cli.main(["benchmark", "xor-mlp", "--untrained", "--record", "--json"]) == 0

    path = tmp_path / "zoo_perceptron" / measured.FILE
    costs = measured.read(path, "perceptron")["xor-mlp"].costs
    assert costs == Cost(**json.loads(capsys.readouterr().out))


def test_only_the_costs_of_a_registered_model_are_recorded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    A checkpoint folder has no plugin that could keep them; it is refused at once.
    """
    folder = zoo.save(zoo.load("xor-mlp"), tmp_path / "run")

    assert cli.main(["benchmark", str(folder), "--record"]) == 1

    assert f"No model named {str(folder)!r}" in capsys.readouterr().err


def test_a_cost_in_words() -> None:
    """
    Small times keep their digits, and nothing is said of a load that was not.
    """
    assert str(COST) == (
        "0.50 ms a pass, 1,234 ms of 32 inputs, 1.25 ms to load, 12 MiB; 416,520 "
        "multiply-adds an input (A processor, 1 of 2 cores, torch 2.15.0)"
    )
    assert "to load" not in str(replace(COST, load_ms=None))


def test_info_tells_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    `zoo info` shows what the plugin recorded, as text and as JSON.
    """
    known = installed()
    told = replace(known.models["xor-mlp"], costs=COST)
    bare = replace(known.models["mlp-mnist"], costs=None)
    models = {**known.models, "xor-mlp": told, "mlp-mnist": bare}
    monkeypatch.setattr(
        "zoo.artifacts.resolve.installed", lambda: replace(known, models=models)
    )

    assert cli.main(["info", "xor-mlp"]) == 0
    assert cli.main(["info", "mlp-mnist"]) == 0
    assert cli.main(["info", "xor-mlp", "--json"]) == 0

    out = capsys.readouterr().out
    assert f"costs        {COST}\n" in out
    assert "costs        not measured\n" in out
    assert '"memory_mib": 11.6' in out


@pytest.mark.parametrize("name", catalog.list_models())
def test_every_model_is_measured(name: str) -> None:
    """
    What each model of this repository costs is known before it is fetched.
    """
    found = zoo.get_spec(name).costs

    assert found is not None, f"run python scripts/measure_costs.py {name}"
    assert ", 1 of " in found.hardware
    weights = zoo.get_spec(name).weights
    assert (found.load_ms is None) == (weights is None or weights.repo is not None)
