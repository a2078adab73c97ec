"""What is saved loads back to the same outputs; anything else is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, prune

import zoo
from zoo.errors import CheckpointError
from zoo.models import safetensors_io
from zoo.models.changes import changed_module


class LowRank(nn.Module):
    """A linear layer with a low-rank update, as LoRA has it."""

    def __init__(self, base: nn.Linear) -> None:
        super().__init__()
        self.base = base
        self.down = nn.Linear(base.in_features, 2, bias=False)
        self.up = nn.Linear(2, base.out_features, bias=False)

    def forward(self, given: Tensor) -> Tensor:
        total: Tensor = self.base(given) + self.up(self.down(given))
        return total


def last_linear(model: nn.Module) -> tuple[nn.Module, str, nn.Linear]:
    """Return the last linear layer of a model, and where it is held."""
    names = [n for n, m in model.named_modules() if isinstance(m, nn.Linear)]
    parent, _, name = names[-1].rpartition(".")
    layer = model.get_submodule(names[-1])
    assert isinstance(layer, nn.Linear)
    return model.get_submodule(parent), name, layer


def replace_head(model: nn.Module) -> None:
    parent, name, layer = last_linear(model)
    setattr(parent, name, nn.Linear(layer.in_features, 3))


def add_low_rank(model: nn.Module) -> None:
    parent, name, layer = last_linear(model)
    setattr(parent, name, LowRank(layer))


def prune_head(model: nn.Module) -> None:
    prune.l1_unstructured(last_linear(model)[2], "weight", amount=0.5)


def normalise_head(model: nn.Module) -> None:
    parametrizations.weight_norm(last_linear(model)[2])


def change_activation(model: nn.Module) -> None:
    for parent in model.modules():
        for name, part in parent.named_children():
            if isinstance(part, (nn.ReLU, nn.Tanh)):
                setattr(parent, name, nn.Sigmoid())


def add_hook(model: nn.Module) -> None:
    last_linear(model)[2].register_forward_hook(lambda _m, _i, output: output * 2)


def own_forward(model: nn.Module) -> None:
    forward = model.forward
    model.forward = lambda given: -forward(given)  # type: ignore[method-assign]


CHANGES: dict[str, tuple[Callable[[nn.Module], None], str]] = {
    "another head": (replace_head, "has shape (3, 84) instead of (10, 84)"),
    "LoRA": (add_low_rank, "is missing"),
    "pruning": (prune_head, "is missing"),
    "a parametrization": (normalise_head, "is missing"),
    "another activation": (change_activation, "is a Sigmoid instead of a ReLU"),
    "a hook": (add_hook, "has a hook that may change what it gives"),
    "another forward": (own_forward, "the model has a forward of its own"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_model_is_not_saved(folder: Path, change: str) -> None:
    """
    zoo.load would refuse it, or give another model; the folder keeps what it had.
    """
    alter, problem = CHANGES[change]
    model = zoo.load(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    alter(model)

    with pytest.raises(CheckpointError) as caught:
        zoo.save(model, folder)

    text = str(caught.value)
    assert text.startswith("This model is not what 'zoo_cnn.lenet5:lenet5' builds any")
    assert problem in text
    assert text.endswith(
        "zoo.load would give another model, so nothing was written. Undo the change, "
        "or merge it into the weights (LoRA, pruning, parametrizations); for a new "
        "architecture, write a plugin ('zoo new'), or torch.save its state_dict."
    )
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_what_was_merged_is_saved(folder: Path) -> None:
    """
    Pruned weights without their mask, dropout of another rate, a hook that only looks.
    """
    model = zoo.load(folder)
    prune_head(model)
    prune.remove(last_linear(model)[2], "weight")
    seen: list[int] = []
    last_linear(model)[2].register_forward_hook(lambda *_: seen.append(1))
    image = torch.rand(2, 1, 28, 28)

    again = zoo.load(zoo.save(model, folder))

    with torch.inference_mode():
        assert torch.equal(model.eval()(image), again(image))


def test_a_type_of_whole_numbers_is_refused(folder: Path) -> None:
    """
    Weights as int8 are zeros; the good folder stays.
    """
    model = zoo.load(folder)
    before = (folder / "model.safetensors").read_bytes()

    with pytest.raises(CheckpointError) as caught:
        zoo.save(model, folder, dtype=torch.int8)

    assert str(caught.value) == (
        "dtype=torch.int8 can't store weights, which are fractions. Name a "
        "floating-point type, such as torch.float16. Nothing was written."
    )
    assert (folder / "model.safetensors").read_bytes() == before


def test_a_value_that_half_precision_cannot_hold_is_refused(folder: Path) -> None:
    """
    It would come back as infinity.
    """
    model = zoo.load(folder)
    with torch.no_grad():
        last_linear(model)[2].bias[0] = 1e5

    with pytest.raises(CheckpointError) as caught:
        zoo.save(model, folder, dtype=torch.float16)

    assert "has values that torch.float16 can't hold." in str(caught.value)


def test_dropout_of_another_rate_is_no_change() -> None:
    """
    It gives the same in eval mode, and so does a result that is written in place.
    """
    one, other = (
        nn.Sequential(nn.Dropout(rate), nn.ReLU(inplace=rate > 0.2))
        for rate in (0.1, 0.5)
    )

    assert changed_module(one, other) is None
    assert changed_module(nn.Sequential(), one) == "it has a module '0' more"
    assert changed_module(one, nn.Sequential()) == "it has no module '0'"


@pytest.fixture
def other_defaults() -> object:
    """Set torch's defaults back after a test that has changed them."""
    yield
    torch.set_default_device(None)
    torch.set_default_dtype(torch.float32)


@pytest.mark.usefixtures("other_defaults")
@pytest.mark.parametrize("name", ["xor-mlp", "lenet5-mnist", "perceptron-iris"])
def test_torchs_defaults_do_not_reach_a_model(name: str) -> None:
    """
    It is on the CPU, in float32, and has the weights of the file.
    """
    expected = zoo.load(name).state_dict()
    torch.set_default_device("meta")
    torch.set_default_dtype(torch.bfloat16)

    found = zoo.load(name).state_dict()

    assert torch.get_default_dtype() is torch.bfloat16
    torch.set_default_device(None)
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        assert found[key].dtype is value.dtype
        assert torch.equal(found[key], value)


def test_a_text_model_needs_no_folder_after_it_was_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    It holds its tokenizer: it reads after `chdir` and once its folder has moved, and
    saves over the folder it is of.
    """
    name = next(
        spec.name
        for spec in zoo.search(task="text-classification")
        if spec.weights and not spec.weights.repo
    )
    monkeypatch.chdir(tmp_path)
    zoo.save(zoo.load(name), "model")
    tokenizer = (tmp_path / "model" / "tokenizer.json").read_bytes()
    model = zoo.load("model")
    before = zoo.predict(model, "a fine film").to_dict()

    monkeypatch.chdir("/")
    assert zoo.predict(model, "a fine film").to_dict() == before
    assert model.zoo.folder == tmp_path / "model"
    (tmp_path / "model").rename(tmp_path / "moved")
    assert zoo.predict(model, "a fine film").to_dict() == before
    (tmp_path / "moved").rename(tmp_path / "model")
    (tmp_path / "model" / "tokenizer.json").unlink()
    zoo.save(model, tmp_path / "model")

    assert (tmp_path / "model" / "tokenizer.json").read_bytes() == tokenizer
    assert zoo.predict(tmp_path / "model", "a fine film").to_dict() == before
    (tmp_path / "model" / "tokenizer.json").unlink()
    with pytest.raises(CheckpointError) as caught:
        zoo.save(zoo.load(tmp_path / "model"), tmp_path / "other")
    assert str(caught.value) == (
        f"The tokenizer.json of this model is gone from {tmp_path / 'model'}, and "
        "without it the saved model would read no text. Load the model again from a "
        "whole folder, then save it."
    )
    assert not (tmp_path / "other").exists()


def test_float16_stores_what_it_holds(folder: Path, tmp_path: Path) -> None:
    """
    A narrower type is allowed, and is what the file has.
    """
    saved = zoo.save(zoo.load(folder), tmp_path / "half", dtype=torch.float16)

    stored = safetensors_io.tensors(saved / "model.safetensors")
    assert {tensor.dtype for tensor in stored.values()} == {torch.float16}
