"""onnxruntime computes a model's numbers, of its weights as they are."""

import copy
import pickle

import numpy as np
import pytest
import torch
from torch import nn

import zoo
from zoo.errors import BackendError
from zoo.inference import engine
from zoo.inference.engine import EngineModule, check_backend, with_backend

pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

NAME = "mlp-boston"


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A cache of its own, in which graphs are kept from one test to the next."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def cache(kept, monkeypatch):
    monkeypatch.setenv("ZOO_CACHE", str(kept))


@pytest.fixture
def model() -> nn.Module:
    return zoo.load(NAME)


def rows(model: nn.Module, count: int = 5) -> torch.Tensor:
    columns = len(model.zoo.spec.input.columns)
    return torch.rand(count, columns, generator=torch.Generator().manual_seed(0))


def output(module: nn.Module, given: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return module(given)


def test_it_gives_the_numbers_of_the_model_for_any_number_of_rows(model) -> None:
    quick = with_backend(model, "onnxruntime", rows(model))

    assert isinstance(quick, EngineModule)
    assert quick.zoo is model.zoo
    for count in (1, 2, 33):
        given = rows(model, count)
        assert torch.allclose(output(quick, given), output(model, given), rtol=1e-5)


def test_torch_is_the_model_itself(model) -> None:
    assert with_backend(model, "torch", rows(model)) is model


@pytest.mark.parametrize("way", ["in place", "data", "order", "numpy", "replaced"])
def test_a_model_changed_in_memory_is_not_answered_for_by_an_old_engine(
    model, way: str
) -> None:
    given = rows(model)
    before = output(with_backend(model, "onnxruntime", given), given)
    last = [part for part in model.modules() if isinstance(part, nn.Linear)][-1]

    with torch.no_grad():
        if way == "in place":
            last.bias.add_(1)
        elif way == "data":
            last.bias.data.copy_(last.bias + 1)
        elif way == "order":  # the same numbers, past the version counter
            hidden = next(p for p in model.modules() if isinstance(p, nn.Linear))
            hidden.weight.data.copy_(hidden.weight.flip(0))
        elif way == "numpy":
            last.bias = nn.Parameter(last.bias.clone())
            with_backend(model, "onnxruntime", given)
            np.asarray(last.bias.detach())[:] += 1
        else:
            last.bias = nn.Parameter(last.bias + 1)

    after = output(with_backend(model, "onnxruntime", given), given)
    assert not torch.allclose(after, before, rtol=1e-3)
    assert torch.allclose(after, output(model, given), rtol=1e-5)


def test_a_setting_that_is_a_constant_of_the_graph_is_not_answered_for_either(
    model,
) -> None:
    given = rows(model)
    model.layers[1] = nn.LeakyReLU(0.5)
    before = output(with_backend(model, "onnxruntime", given), -given)

    model.layers[1].negative_slope = -2.0

    after = output(with_backend(model, "onnxruntime", given), -given)
    assert torch.allclose(after, output(model, -given), rtol=1e-5)
    assert not torch.allclose(after, before, rtol=1e-2)


def test_a_model_with_an_engine_is_copied_and_pickled_as_before(model) -> None:
    given = rows(model)
    with_backend(model, "onnxruntime", given)

    twin = copy.deepcopy(model)
    with torch.no_grad():
        next(twin.parameters()).mul_(2)

    assert pickle.loads(pickle.dumps(model)).zoo.spec.name == NAME
    quick = with_backend(twin, "onnxruntime", given)
    assert torch.allclose(output(quick, given), output(twin, given), rtol=1e-5)


def test_a_graph_is_written_once_for_the_same_weights(model, monkeypatch) -> None:
    with_backend(model, "onnxruntime", rows(model))
    monkeypatch.setattr(engine, "as_onnx", None)  # whoever calls it fails

    again = zoo.load(NAME)

    given = rows(again)
    quick = with_backend(again, "onnxruntime", given)
    assert torch.allclose(output(quick, given), output(model, given), rtol=1e-5)


@pytest.mark.parametrize("damage", ["cut", "other"])
def test_a_kept_graph_is_not_believed(model, kept, damage: str) -> None:
    given = rows(model)
    with_backend(model, "onnxruntime", given)
    path = kept / "onnx" / f"{engine._key(model)}.onnx"
    content = path.read_bytes()
    if damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    else:  # a whole graph, of other weights
        other = zoo.load(NAME)
        with torch.no_grad():
            next(other.parameters()).mul_(3)
        with_backend(other, "onnxruntime", given)
        path.write_bytes((kept / "onnx" / f"{engine._key(other)}.onnx").read_bytes())

    quick = with_backend(zoo.load(NAME), "onnxruntime", given)

    assert torch.allclose(output(quick, given), output(model, given), rtol=1e-5)
    assert path.read_bytes() == content


def test_auto_takes_what_was_faster_for_batches_of_that_size(
    model, monkeypatch
) -> None:
    """
    And measures once for each size.
    """
    measured = []

    def seconds(module, batch):
        measured.append(len(batch))
        quick = isinstance(module, EngineModule)
        return (len(batch) > 10) == quick  # the engine is faster for few rows

    monkeypatch.setattr(engine, "_seconds", seconds)

    for _ in range(2):
        few = with_backend(model, "auto", rows(model, 2))
        many = with_backend(model, "auto", rows(model, 40))
    assert isinstance(few, EngineModule)
    assert many is model
    assert measured == [2, 2, 40, 40]


def test_auto_is_torch_where_onnxruntime_is_missing(model, monkeypatch) -> None:
    monkeypatch.setattr(engine, "find_spec", lambda name: None)

    assert with_backend(model, "auto", rows(model)) is model


def test_auto_tries_a_model_that_no_graph_can_hold_once(model, monkeypatch) -> None:
    tried = []

    def refuse(*args, **kwargs):
        tried.append(args)
        raise engine.ExportError("no graph can hold it")

    with torch.no_grad():
        next(model.parameters()).mul_(0.5)  # no graph of it is kept
    monkeypatch.setattr(engine, "as_onnx", refuse)

    assert with_backend(model, "auto", rows(model)) is model
    assert with_backend(model, "auto", rows(model)) is model
    assert len(tried) == 1
    with pytest.raises(BackendError) as caught:
        with_backend(model, "onnxruntime", rows(model))
    assert str(caught.value) == (
        "onnxruntime can't compute 'mlp-boston': no graph can hold it. Use "
        "backend='torch'."
    )


def test_a_backend_that_does_not_exist_is_refused() -> None:
    with pytest.raises(BackendError) as caught:
        check_backend("tpu")

    assert str(caught.value) == (
        "backend='tpu' is none of 'auto', 'torch' and 'onnxruntime'."
    )


@pytest.mark.parametrize("obstacle", ["hook", "float64", "passes"])
def test_what_an_engine_can_not_stand_for_is_refused_with_the_reason(
    model, obstacle: str
) -> None:
    reason = "a hook is registered on one of its layers"
    if obstacle == "hook":
        next(model.children()).register_forward_hook(lambda *_: None)
    elif obstacle == "float64":
        model.double()
        reason = "its weights are not float32"
    else:
        model = zoo.build("gpt-mini").eval()
        reason = "its answers take more than one pass through it"

    with pytest.raises(BackendError) as caught:
        with_backend(model, "onnxruntime", torch.zeros(2, 13))

    assert str(caught.value) == (
        f"onnxruntime can't compute {model.zoo.spec.name!r}: {reason}. Use "
        "backend='torch'."
    )
    assert with_backend(model, "auto", torch.zeros(2, 13)) is model


def test_zoo_predict_gives_the_same_scores_by_either_backend() -> None:
    plain = zoo.predict("mlp-mnist", zoo.example("mlp-mnist"))

    quick = zoo.predict("mlp-mnist", zoo.example("mlp-mnist"), backend="onnxruntime")

    assert quick.label == plain.label
    assert quick.scores == pytest.approx(plain.scores, abs=1e-5)


def test_zoo_predict_computes_by_the_engine(model, monkeypatch) -> None:
    calls = []
    forward = EngineModule.forward
    monkeypatch.setattr(
        EngineModule,
        "forward",
        lambda self, batch: calls.append(len(batch)) or forward(self, batch),
    )
    row = {one.name: (one.low + one.high) / 2 for one in model.zoo.spec.input.columns}

    zoo.predict(model, [row] * 5, backend="onnxruntime", batch_size=2)

    assert calls == [2, 2, 1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backend": "tpu"}, "backend='tpu' is none of 'auto', 'torch' and"),
        (
            {"backend": "onnxruntime", "precision": "bf16"},
            "precision='bf16' is for backend='torch': onnxruntime computes in float32. "
            "Leave one of the two out.",
        ),
        (
            {"backend": "onnxruntime", "windows": True},
            "Windows slide over a picture by backend='torch': leave backend out.",
        ),
    ],
)
def test_what_zoo_predict_refuses(options: dict, message: str) -> None:
    with pytest.raises(BackendError) as caught:
        zoo.predict("mlp-mnist", zoo.example("mlp-mnist"), **options)

    assert str(caught.value).startswith(message)


def test_zoo_benchmark_names_the_backend() -> None:
    from zoo.evaluation.benchmark import benchmark

    cost = benchmark(NAME, backend="onnxruntime")

    assert cost.backend == "onnxruntime"
    assert str(cost).endswith(", onnxruntime)")
    assert benchmark(NAME).backend == "torch"


def test_the_command_takes_a_backend(capsys) -> None:
    from zoo.cli import main

    status = main(["predict", "mlp-mnist", "--example", "--backend", "onnxruntime"])

    assert status == 0, capsys.readouterr().err
