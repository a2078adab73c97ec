"""What every model in the zoo promises, as checks that a plugin's tests can call.

    import pytest, zoo
    from zoo.testing import CHECKS

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    @pytest.mark.parametrize("name", zoo.list_models("my-*"))
    def test_promise(name, check, tmp_path):
        check(zoo.get_spec(name), tmp_path)

A check that does not apply to a model (it has no head, or no weights) returns a
`Remark` that says why, and so does one that finds a template's text in a card; one
whose weights are on the Hub, and not here, is skipped: a check downloads nothing.

A family joins `zoo.finetune` by declaring its head: `ModelSpec.head` names the part
that decides, which runs once in a pass, and its task has a `loss`. `head_learns` then
trains that head on two kinds of stand-in rows, with all before it frozen. A
convolutional image model declares its last feature map by `ModelSpec.trunk`.
"""

import copy
import io
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any
from unittest import SkipTest

import torch
from torch import Tensor, nn

from zoo.artifacts import checkpoint_folder, claims, weight_store
from zoo.cards import render
from zoo.cards.templates import DRAFT_MARK
from zoo.datasets.in_memory import TensorRows, synthetic_rows, to_model_input
from zoo.errors import InputError
from zoo.inference import predict, sample
from zoo.models import golden, loading, saving
from zoo.models.metadata import model_metadata
from zoo.models.own_loss import has_own_loss
from zoo.models.safetensors_io import SMALL, slots
from zoo.plugins import scaffold
from zoo.specs import ModelSpec
from zoo.tasks import task_of
from zoo.testing.head_checks import head_can_be_replaced, head_learns
from zoo.testing.remark import Remark, not_applicable, placeholder_left
from zoo.testing.sampling_checks import codes_do_not_mix, samples_follow_the_seed
from zoo.testing.text_checks import TEXT_CHECKS
from zoo.testing.trunk_checks import trunk_is_as_declared
from zoo.testing.verify import verify
from zoo.training import train

__all__ = ["CHECKS", "Check"]

Check = Callable[[ModelSpec, Path], Remark | None]
NO_WEIGHTS = "it ships no weights"
MAX_CHECKPOINT_BYTES = 16 << 20  # what a plugin may ship for one model


def parameter_count_is_true(spec: ModelSpec, tmp_path: Path) -> None:
    """The spec says how many parameters the model has."""
    counted = sum(p.numel() for p in loading.build(spec.name).parameters())
    assert counted == spec.parameters, f"the spec says {spec.parameters:,}: {counted:,}"


def output_fits_the_labels(spec: ModelSpec, tmp_path: Path) -> None:
    """A fresh model gives finite answers: to a row a score for each label, if any, or a
    vector; of a task that tells tokens a score for each token, at every place; of one
    that reads a score for each character and the blank, at every step."""
    given = _given(spec)
    output = _run(loading.build(spec.name).eval(), given)
    assert output.isfinite().all(), "the output holds NaN or infinity"
    task_of(spec).check_output(output, given, spec)


def rows_do_not_mix(spec: ModelSpec, tmp_path: Path) -> None:
    """In eval mode a row's output does not depend on the rows beside it."""
    torch.manual_seed(0)
    model, given = loading.build(spec.name).eval(), _given(spec)
    together, alone = _run(model, given), _run(model, given[:1])
    # Kernels differ by the number of rows; their error grows with the largest sum.
    rounding = 1e-5 * max(1.0, float(alone.abs().max()))
    same = torch.allclose(together[:1], alone, rtol=1e-5, atol=rounding)
    assert same, "row 0 changed in company"


def weights_survive_the_disk(spec: ModelSpec, tmp_path: Path) -> None:
    """Saved and loaded, a model gives the same output bit for bit.

    Tensors of more than a mebibyte stay where the file has them, and a kernel may round
    otherwise there: the output of a model with such tensors is the same to rounding.
    """
    torch.manual_seed(0)
    saved, given = loading.build(spec.name).eval(), _given(spec)
    read = loading.load(saving.save(saved, tmp_path / "model"))
    before, after = saved.state_dict(), read.state_dict()
    for name, tensor in before.items():
        assert torch.equal(tensor, after[name]), f"{name} has changed"
    expected, output = _run(saved, given), _run(read, given)
    large = any(tensor.nbytes > SMALL for tensor in before.values())
    close = torch.allclose(expected, output, rtol=1e-5, atol=1e-6)
    assert torch.equal(expected, output) or (large and close)


def every_parameter_comes_from_the_file(spec: ModelSpec, tmp_path: Path) -> None:
    """A load leaves nothing at random: two loads agree in every tensor."""
    folder = saving.save(loading.build(spec.name), tmp_path / "model")
    first, again = loading.load(folder), loading.load(folder, verify="always")
    report = model_metadata(first).report
    assert report is not None
    assert not report.fresh
    assert set(report.loaded) == set(slots(first).names())
    for (name, one), other in zip(
        first.state_dict().items(), again.state_dict().values(), strict=True
    ):
        assert torch.equal(one, other), f"{name} differs between two loads"


def knowledge_survives_copies(spec: ModelSpec, tmp_path: Path) -> None:
    """`model.zoo` is there after copy.deepcopy, and a state_dict can be pickled."""
    model = loading.build(spec.name)
    twin = copy.deepcopy(model)
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    assert model_metadata(twin).spec == spec
    assert model_metadata(twin).labels == spec.labels


def gradients_reach_every_parameter(spec: ModelSpec, tmp_path: Path) -> Remark | None:
    """A model that can be trained by gradients has one for each parameter, but for
    those that ask for none (`requires_grad`).

    Where part of a model only chooses what the rest looks at, its losses have the
    gradient: `forward` returns them when it is given a target.
    """
    model, rows = loading.build(spec.name), _rows(spec)
    given = to_model_input(rows.input, spec.input)
    output = model(given)
    if not output.requires_grad:
        return not_applicable("none of it has a gradient")  # step units
    output.square().sum().backward()
    asking = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    if (missing := _without_gradient(asking)) and has_own_loss(model):
        model(given, rows.target).sum().backward()
        missing = _without_gradient(asking)
    assert not missing, f"no gradient for {', '.join(missing)}"
    return None


def _without_gradient(parameters: list[tuple[str, nn.Parameter]]) -> list[str]:
    return [name for name, parameter in parameters if parameter.grad is None]


def examples_are_answered(spec: ModelSpec, tmp_path: Path) -> Remark | None:
    """Every shipped example is read, answered, printed and turned into JSON."""
    if not spec.examples:
        return not_applicable("it ships no example")
    _skip_without_weights(spec)
    model = loading.load(spec.name) if spec.weights else loading.build(spec.name).eval()
    for name in spec.examples:
        path = weight_store.package_folder(spec.package) / "examples" / name
        answer = predict.predict(model, path)
        for one in answer if isinstance(answer, list) else [answer]:
            assert str(one)
            assert json.dumps(one.to_dict())
            assert "<" in one._repr_html_()
    return None


def nonsense_is_refused(spec: ModelSpec, tmp_path: Path) -> None:
    """An empty list, a strange object and a missing file are refused; nothing is too,
    but by a model that draws."""
    model = loading.build(spec.name).eval()
    nothing = () if sample.supports(model, "sample") else (None,)
    missing = tmp_path / "no such file"
    absent = missing if spec.input.takes_strings else str(missing)
    for nonsense in (*nothing, [], object(), absent):
        try:
            predict.predict(model, nonsense)
        except InputError:
            continue
        raise AssertionError(f"{nonsense!r} was answered")


def weights_are_what_is_pinned(spec: ModelSpec, tmp_path: Path) -> Remark | None:
    """Shipped weights load strictly, replay their golden, and are not too large."""
    if spec.weights is None or spec.weights.repo is not None:
        return not_applicable(NO_WEIGHTS)
    known = spec.weights.size or 0
    seen = verify(spec.name, keep=tmp_path)
    where = f", first in {seen.first_layer!r}" if seen.first_layer else ""
    assert seen.matches, f"the golden differs by {seen.difference:.3g}{where}"
    assert known <= MAX_CHECKPOINT_BYTES, f"{known:,} bytes are too many"
    return None


def claims_are_what_was_measured(spec: ModelSpec, tmp_path: Path) -> Remark | None:
    """The spec's metrics, input, head and trunk are those of the shipped checkpoint;
    no baseline of its receipt is better, unless the spec says so by `behind_baseline`.
    """
    if spec.weights is None or spec.weights.repo is not None:
        return not_applicable(NO_WEIGHTS)
    folder = weight_store.shipped_checkpoint(spec)
    receipt = checkpoint_folder.read_receipt(folder)
    config = checkpoint_folder.read_config(folder)
    measured = {m["name"]: m["value"] for m in receipt["metrics"]}
    same = config.weights.sha256 == spec.weights.sha256
    assert same, "config.json is of other weights"
    for part in ("input", "head", "trunk"):
        stored = getattr(config, part)
        assert stored == getattr(spec, part), f"config.json says {part}={stored}"
    assert not receipt["smoke"], "the shipped weights are of a smoke run"
    for claim in spec.metrics:
        gap = abs(claim.value - measured[claim.name])
        assert gap < 1e-5, f"{claim.name} was {measured[claim.name]}"
    behind = [m for m in (*spec.metrics, *claims.metrics(receipt)) if m.behind]
    if spec.behind_baseline:
        assert behind, "no baseline is ahead of it: remove behind_baseline="
    else:
        worse = [f"{one.name} is worse than {one.baseline_name}" for one in behind]
        assert not worse, "; ".join(dict.fromkeys(worse))
    return None


def card_is_complete(spec: ModelSpec, tmp_path: Path) -> Remark | None:
    """The prose has its three sections, and speaks of what a run holds; with weights,
    the whole card renders."""
    prose = " ".join(f"{spec.summary} {render.check_prose(spec)}".split())
    render.check_names(spec, _settings(spec))
    marks = (DRAFT_MARK, *scaffold.placeholders())
    left = next((one for one in marks if one in prose), None)
    if spec.weights is not None:
        _renders(spec)
    return None if left is None else placeholder_left(f"a template's text: {left!r}")


def _settings(spec: ModelSpec) -> dict[str, Any]:
    """Return the settings that a model's recipe trains with, by name."""
    if not train.is_trainable(spec):
        return {}
    return asdict(train.choose_settings(spec, None)[1])


def _renders(spec: ModelSpec) -> None:
    from huggingface_hub import ModelCard

    data = vars(ModelCard(render.render(spec.name)).data)
    assert data["license"] == spec.license.weights
    assert data["pipeline_tag"] == spec.task
    assert bool(data["eval_results"]) == bool(spec.metrics), "the results are others"


def recipe_runs(spec: ModelSpec, tmp_path: Path) -> Remark | None:
    """A smoke run gives a checkpoint that loads, replays, and measures every claim."""
    if not train.is_trainable(spec):
        return not_applicable("it has no recipe that trains it")
    folder = train.train(spec.name, tmp_path / "run", smoke=True)
    receipt = checkpoint_folder.read_receipt(folder)
    model = loading.load(folder)
    measured = {metric["name"] for metric in receipt["metrics"]}
    assert golden.replay(model, folder / checkpoint_folder.GOLDEN).matches
    assert {metric.name for metric in spec.metrics} <= measured
    assert (
        (folder / checkpoint_folder.CARD).read_text(encoding="utf-8").startswith("---")
    )
    return None


def same_seed_same_bytes(spec: ModelSpec, tmp_path: Path) -> Remark | None:
    """Two smoke runs with one seed give the same weights, byte for byte."""
    if not train.is_trainable(spec):
        return not_applicable("it has no recipe that trains it")
    first, again = (
        train.train(spec.name, tmp_path / name, smoke=True) / checkpoint_folder.WEIGHTS
        for name in ("first", "again")
    )
    assert first.read_bytes() == again.read_bytes()
    return None


CHECKS: tuple[Check, ...] = (
    parameter_count_is_true,
    output_fits_the_labels,
    rows_do_not_mix,
    weights_survive_the_disk,
    every_parameter_comes_from_the_file,
    knowledge_survives_copies,
    head_can_be_replaced,
    head_learns,
    trunk_is_as_declared,
    gradients_reach_every_parameter,
    examples_are_answered,
    nonsense_is_refused,
    samples_follow_the_seed,
    codes_do_not_mix,
    *TEXT_CHECKS,
    weights_are_what_is_pinned,
    claims_are_what_was_measured,
    card_is_complete,
    recipe_runs,
    same_seed_same_bytes,
)


def _skip_without_weights(spec: ModelSpec) -> None:
    """Skip, in the words of unittest, which pytest understands, what would download."""
    pin = spec.weights
    if pin is not None and pin.repo is not None and not weight_store.is_cached(pin):
        raise SkipTest(f"The weights of {spec.name!r} are not on this machine.")


def _given(spec: ModelSpec, rows: int = 3) -> Tensor:
    """Return inputs of the right shape, drawn over the range of the training data."""
    return to_model_input(_rows(spec, rows).input, spec.input)


def _rows(spec: ModelSpec, rows: int = 3) -> TensorRows:
    return synthetic_rows(spec.input, spec.output, rows, spec.name)


@torch.inference_mode()
def _run(model: nn.Module, given: Tensor) -> Tensor:
    output: Tensor = model(given)
    return output
