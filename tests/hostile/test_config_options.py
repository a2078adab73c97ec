"""Options of a stranger's config.json: what they make is bounded by the weights."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import zoo
from zoo.errors import MisfitError, OptionError

SECONDS = 20.0  # for what takes milliseconds, on a machine that is busy
TOO_MANY = (
    "Model {name!r}: it can't be built with these options (they make more than "
    "{most:,} parameters, and there are far fewer weights). Options: {options}."
)


def saved(name: str, folder: Path, **options: Any) -> Path:
    """Save a shipped model, and rewrite options in its config.json."""
    zoo.save(zoo.load(name), folder)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config["options"].update(options)
    path.write_text(json.dumps(config))
    return folder


VERBS: dict[str, Callable[[Path], Any]] = {
    "load": zoo.load,
    "new head": lambda folder: zoo.load(folder, classes=3),
    "build": zoo.build,
}


@pytest.mark.parametrize("verb", VERBS)
def test_layers_are_bounded_by_the_weights(verb: str, tmp_path: Path) -> None:
    """
    Layers without end are refused after as many parameters as they could fill.
    """
    folder = saved("mlp-mnist", tmp_path / "x", hidden=[1] * 16_000)
    started = time.perf_counter()

    with pytest.raises(OptionError, match=r"they make more than .* parameters, and"):
        VERBS[verb](folder)

    assert time.perf_counter() - started < SECONDS


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("resnet20-cifar10", "blocks"),
        ("transformer-mt", "layers"),
        ("rnn-netflix", "num_layers"),
    ],
)
def test_the_message_says_how_many_there_may_be(
    name: str, option: str, tmp_path: Path
) -> None:
    """
    16 for each tensor of the weights, and 1,024 more, whoever the model is of.
    """
    model = zoo.load(name)
    tensors = len(model.zoo.report.loaded)
    folder = saved(name, tmp_path / "x", **{option: 1_000_000})

    with pytest.raises(OptionError) as caught:
        zoo.load(folder)

    listed = str(caught.value).partition("Options: ")[2].rstrip(".")
    assert str(caught.value) == TOO_MANY.format(
        name=name, most=16 * tensors + 1024, options=listed
    )


def test_a_list_of_numbers_is_no_longer_than_any_model_needs(tmp_path: Path) -> None:
    """
    To look at the types of a million numbers would take long.
    """
    folder = saved("mlp-mnist", tmp_path / "x", hidden=[1] * 1_000_000)

    with pytest.raises(OptionError) as caught:
        zoo.load(folder)

    assert str(caught.value) == (
        "Model 'mlp-mnist': hidden has more than 16,384 values. Options: hidden, "
        "dropout."
    )


def test_widths_are_bounded_by_the_weights(tmp_path: Path) -> None:
    """
    No memory is touched for a parameter that is larger than all the weights.
    """
    folder = saved("sparse-ae-mnist", tmp_path / "x", latent_dim=1_000_000)

    with pytest.raises(OptionError) as caught:
        zoo.load(folder)

    most = 16 * (folder / "model.safetensors").stat().st_size + 2**24
    assert str(caught.value) == (
        "Model 'sparse-ae-mnist': it can't be built with these options (they make "
        f"parameters of more than {most:,} numbers, and the weights have far fewer). "
        "Options: image_size, latent_dim, active."
    )


@pytest.mark.parametrize("verb", VERBS)
def test_any_number_is_bounded_by_the_weights(verb: str, tmp_path: Path) -> None:
    """
    Also one that makes no layer, wherever in an option it stands.
    """
    folder = saved("mlp-mnist", tmp_path / "x", hidden=[3, 10**9])

    with pytest.raises(OptionError) as caught:
        VERBS[verb](folder)

    assert str(caught.value) == (
        "Model 'mlp-mnist': hidden=(3, 1000000000) is out of proportion to the "
        "weights. Options: hidden, dropout."
    )


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("gru-nsmc", {"wide_max_ngram": 17}, "wide_max_ngram=17 should be from 1 to"),
        ("gru-nsmc", {"max_ngram": 0}, "max_ngram=0 should be from 1 to 16"),
        ("conv-filters", {"padding": 65}, "padding=65 should be from 0 to 64, and"),
        ("conv-filters", {"stride": 0}, "stride=0 from 1"),
        ("sparse-ae-mnist", {"active": 257}, "active=257 should be from 1 to 256"),
        ("lstm-imdb", {"pad_token_id": 10**6}, "Padding_idx must be within"),
    ],
)
def test_numbers_that_make_no_layer_have_bounds_of_their_own(
    name: str, options: dict[str, Any], said: str, tmp_path: Path
) -> None:
    """
    They would cost time with every input, or end in an error of PyTorch.
    """
    folder = saved(name, tmp_path / "x", **options)

    with pytest.raises(OptionError) as caught:
        zoo.load(folder)

    assert said in str(caught.value)


def test_a_users_own_model_may_be_of_any_size(tmp_path: Path) -> None:
    """
    What the caller asks for is no stranger's word: of a name, and of a folder.
    """
    deep = [4] * 1500
    folder = saved("mlp-mnist", tmp_path / "x")

    for name in ("mlp-mnist", folder):
        made = zoo.build(name, hidden=deep)
        assert len(list(made.parameters())) == 2 * len(deep) + 2

    wide = zoo.load(folder, classes=300_000)
    assert wide.zoo.report.fresh


def test_a_few_layers_too_many_are_a_misfit(tmp_path: Path) -> None:
    """
    Where they are not many, the error lists the tensors, as it did.
    """
    folder = saved("mlp-mnist", tmp_path / "x", hidden=[8, 8, 8])

    with pytest.raises(MisfitError, match=r"tensor '.*' is missing"):
        zoo.load(folder)
