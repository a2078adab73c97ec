"""Weights of other projects under this model's names: all of them, or nothing."""

import io
import json
import pickle
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save, save_file
from torch import Tensor, nn

import zoo
from zoo.cli import main
from zoo.errors import CardError, ImportWeightsError, WeightsError

NAME = "lenet5-mnist"
BUILD = zoo.get_spec(NAME).build
RULES = [("^conv", "features"), ("^fc", "classifier")]


@pytest.fixture(scope="module")
def theirs() -> dict[str, Tensor]:
    """The tensors of a trained model, as another project calls them."""
    return {
        name.replace("features", "conv").replace("classifier", "fc"): tensor.clone()
        for name, tensor in zoo.load(NAME).state_dict().items()
    }


def same(folder: Path) -> bool:
    ours, first = zoo.load(folder).state_dict(), zoo.load(NAME).state_dict()
    return all(torch.equal(tensor, first[name]) for name, tensor in ours.items())


@pytest.mark.parametrize("inside", [False, True])
def test_a_state_dict_of_other_names_becomes_the_same_model(
    theirs: dict[str, Tensor], inside: bool, tmp_path: Path
) -> None:
    """
    By patterns, alone in its file or inside of a training state, tensors are the same.
    """
    held = {"epoch": 3, "state_dict": theirs} if inside else theirs
    torch.save(held, tmp_path / "theirs.pth")

    done = zoo.import_weights(
        tmp_path / "theirs.pth", tmp_path / "own", build=BUILD, rename=RULES
    )

    assert (done.name, len(done.match.matched)) == (NAME, 10)
    assert same(done.folder)


def test_a_mapping_leaves_out_what_it_says(
    theirs: dict[str, Tensor], tmp_path: Path
) -> None:
    """
    Of a safetensors file, names are mapped one by one; null leaves a tensor out.
    """
    names = dict(zip(theirs, zoo.load(NAME).state_dict(), strict=True))
    save_file({**theirs, "step": torch.ones(1)}, tmp_path / "theirs.safetensors")

    done = zoo.import_weights(
        tmp_path / "theirs.safetensors",
        tmp_path / "own",
        build=BUILD,
        rename={**names, "step": None},
    )

    assert same(done.folder)


def test_tensors_are_taken_in_order(theirs: dict[str, Tensor], tmp_path: Path) -> None:
    """
    Whatever they are called, where number and shapes agree.
    """
    plain = {f"{n:03}": tensor for n, tensor in enumerate(theirs.values())}
    torch.save(plain, tmp_path / "theirs.pth")

    done = zoo.import_weights(
        tmp_path / "theirs.pth", tmp_path / "own", build=BUILD, by_order=True
    )

    assert same(done.folder)


def test_an_adopted_model_verifies_and_answers(
    theirs: dict[str, Tensor], tmp_path: Path
) -> None:
    """
    Its golden is made of the model's own example, and replays.
    """
    torch.save(theirs, tmp_path / "theirs.pth")

    folder = zoo.import_weights(
        tmp_path / "theirs.pth", tmp_path / "own", build=BUILD, rename=RULES
    ).folder

    assert zoo.verify(folder).matches
    assert zoo.predict(zoo.load(folder), zoo.example(NAME)).label == "7"


def test_a_draft_is_not_published(theirs: dict[str, Tensor], tmp_path: Path) -> None:
    """
    The card has the parts to write; until they are written, nothing goes up.
    """
    torch.save(theirs, tmp_path / "theirs.pth")
    folder = zoo.import_weights(
        tmp_path / "theirs.pth", tmp_path / "own", build=BUILD, rename=RULES
    ).folder

    with pytest.raises(CardError) as told:
        zoo.publish(folder, "user/own")

    assert str(told.value) == (
        f"The card {folder / 'README.md'} is a draft: write its parts that say '(to be "
        "written)'."
    )


def test_a_misfit_is_reported_tensor_by_tensor(
    theirs: dict[str, Tensor], tmp_path: Path
) -> None:
    """
    What is missing, misshaped or unexpected, with the nearest name of the same shape;
    and nothing is written.
    """
    held = {**theirs, "fc.5.bias": torch.zeros(11)}
    torch.save(held, tmp_path / "theirs.pth")
    rules = [*RULES, ("features.3", "seen.3")]

    with pytest.raises(ImportWeightsError) as told:
        zoo.import_weights(
            tmp_path / "theirs.pth", tmp_path / "own", build=BUILD, rename=rules
        )

    assert str(told.value) == (
        f"{tmp_path / 'theirs.pth'} does not fit 'lenet5-mnist': 7 of 10 tensors "
        "agree.\n"
        "  missing 'features.3.weight'; nearest: 'seen.3.weight'\n"
        "  missing 'features.3.bias'; nearest: 'seen.3.bias'\n"
        "  misshaped 'classifier.5.bias': (11,) in the file, (10,) in the model\n"
        "  unexpected 'seen.3.weight'; nearest: 'features.3.weight'\n"
        "  unexpected 'seen.3.bias'; nearest: 'features.3.bias'\n"
        "Nothing was written. Say which name stands for which, by a mapping or a "
        "pattern."
    )
    assert len(told.value.faults) == 5
    assert [path.name for path in tmp_path.iterdir()] == ["theirs.pth"]


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (
            {"rename": {"conv.0.wait": "features.0.weight"}},
            "The mapping names 'conv.0.wait', which the file does not hold. Did "
            "you mean 'conv.0.weight' or 'conv.3.weight' or 'conv.0.bias'?",
        ),
        (
            {"rename": [(r"^\w+\.\d", "one")]},
            "Two tensors of the file would be called 'one.weight'.",
        ),
        (
            {"rename": [("(", "one")]},
            "'(' -> 'one' is no rule: missing ), unterminated subpattern at position "
            "0.",
        ),
        (
            {"build": "acme.net:make"},
            "No installed plugin has a model that is built by 'acme.net:make'. A "
            "ModelSpec of yours must name it: 'zoo new' writes a plugin to begin with.",
        ),
        (
            {"build": "zoo_perceptron.xor:xor_mlp"},
            "Several models are built by 'zoo_perceptron.xor:xor_mlp': xor-mlp, "
            "xor-mlp.hand-set. Say which (--model).",
        ),
        (
            {"model": "mlp-mnist"},
            "'mlp-mnist' is not built by 'zoo_cnn.lenet5:lenet5'; these are: "
            "lenet5-mnist.",
        ),
    ],
)
def test_what_cannot_be_adopted(
    theirs: dict[str, Tensor], how: dict[str, Any], message: str, tmp_path: Path
) -> None:
    """
    Said in one sentence; nothing is written.
    """
    torch.save(theirs, tmp_path / "theirs.pth")

    with pytest.raises(ImportWeightsError) as told:
        zoo.import_weights(
            tmp_path / "theirs.pth", tmp_path / "own", **{"build": BUILD, **how}
        )

    assert str(told.value) == message
    assert [path.name for path in tmp_path.iterdir()] == ["theirs.pth"]


@pytest.mark.parametrize(
    ("held", "message"),
    [
        (None, "There is no file {file}."),
        (
            nn.Linear(2, 2),
            "{file} is neither a safetensors file nor a state_dict of tensors alone, "
            "and nothing else is read from a pickle. Where it was made, save "
            "model.state_dict().",
        ),
        ([torch.zeros(1)], "{file} holds a list, no state_dict."),
        (
            {"a": torch.zeros(1), "b": 3},
            "{file} holds 'b', which is no tensor. Where it was made, save "
            "model.state_dict().",
        ),
        (
            {"a": torch.zeros(1)},
            "{file} holds 1 tensor and the model 10: they can't be taken in order.",
        ),
    ],
)
def test_a_file_that_is_no_state_dict(held: Any, message: str, tmp_path: Path) -> None:
    """
    Said in one sentence; code in a pickle is never run.
    """
    file = tmp_path / "theirs.pth"
    if held is not None:
        torch.save(held, file)

    with pytest.raises(ImportWeightsError) as told:
        zoo.import_weights(file, tmp_path / "own", build=BUILD, by_order=True)

    assert str(told.value) == message.format(file=file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", "should be an object of names, "),
        ('{"a": 1}', "should be an object of names, "),
        ("{", "can't be read: "),
    ],
)
def test_a_mapping_file_is_checked(text: str, message: str, tmp_path: Path) -> None:
    """
    It holds names for names, in JSON.
    """
    from zoo.sharing.import_weights import mapping

    file = tmp_path / "names.json"
    file.write_text(text)

    with pytest.raises(
        ImportWeightsError, match=f"^The mapping .*names.json {message}"
    ):
        mapping(file)


def test_the_command_adopts(
    theirs: dict[str, Tensor], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    With rules, and with a mapping file; it says that the card is a draft.
    """
    file, own = tmp_path / "theirs.pth", tmp_path / "own"
    torch.save(theirs, file)
    names = dict(zip(theirs, zoo.load(NAME).state_dict(), strict=True))
    (tmp_path / "names.json").write_text(json.dumps(names))
    start = ["import-weights", str(file), "--build", BUILD, "-o"]
    rules = ["--rename", "^conv=features", "--rename", "^fc=classifier"]
    mapped = ["--mapping", str(tmp_path / "names.json")]

    statuses = [
        main([*start, str(own), *rules]),
        main([*start, str(tmp_path / "again"), *mapped]),
    ]

    assert statuses == [0, 0]
    assert capsys.readouterr().out.splitlines()[:2] == [
        f"{own}: lenet5-mnist, 10 tensors",
        f"{own / 'README.md'} is a draft: complete it before you publish.",
    ]
    assert same(own)
    assert same(tmp_path / "again")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--rename", "a"], "--rename takes PATTERN=REPLACEMENT, and not 'a'."),
        (
            ["--rename", "a=b", "--mapping", "x.json"],
            "--mapping and --rename can't be combined.",
        ),
    ],
)
def test_a_wrong_call_of_the_command(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    It ends with status 2, and says which option is wrong.
    """
    status = main(
        ["import-weights", "theirs.pth", "--build", BUILD, "-o", "own", *words]
    )

    assert status == 2
    assert (
        capsys.readouterr().err
        == f"error: {message} See 'zoo import-weights --help'.\n"
    )


BATCH_NORM = "resnet20-cifar10"


@pytest.fixture(scope="module")
def normalized() -> dict[str, Tensor]:
    """The tensors of a trained model with batch norm."""
    return {n: t.clone() for n, t in zoo.load(BATCH_NORM).state_dict().items()}


def test_missing_counters_are_zero_as_in_torch(
    normalized: dict[str, Tensor], tmp_path: Path
) -> None:
    """
    Strict torch fills them so for files of old; all else is still strict.
    """
    old = {n: t for n, t in normalized.items() if "num_batches" not in n}
    count = len(normalized) - len(old)
    torch.save(old, tmp_path / "old.pth")
    build = zoo.get_spec(BATCH_NORM).build
    done = zoo.import_weights(tmp_path / "old.pth", tmp_path / "own", build=build)
    strict = zoo.build(BATCH_NORM)
    strict.load_state_dict(old)  # strict, and torch finds nothing to say
    loaded = zoo.load(done.folder).state_dict()

    assert done.notes == (
        f"{count} counters num_batches_tracked are not in the file, and are 0.",
    )
    assert all(torch.equal(loaded[n], t) for n, t in strict.state_dict().items())
    in_order = zoo.import_weights(
        tmp_path / "old.pth", tmp_path / "third", build=build, by_order=True
    )
    assert in_order.notes == done.notes
    del old["fc.weight" if "fc.weight" in old else [*old][-1]]
    torch.save(old, tmp_path / "less.pth")
    with pytest.raises(ImportWeightsError, match="  missing "):
        zoo.import_weights(tmp_path / "less.pth", tmp_path / "other", build=build)


@pytest.mark.parametrize(
    ("prefix", "notes"),
    [
        ("module.", ("'module.' before every name was taken off.",)),
        ("_orig_mod.", ("'_orig_mod.' before every name was taken off.",)),
        (
            "module._orig_mod.",
            (
                "'module.' before every name was taken off.",
                "'_orig_mod.' before every name was taken off.",
            ),
        ),
    ],
)
def test_what_wrappers_put_before_names_is_taken_off(
    theirs: dict[str, Tensor], prefix: str, notes: tuple[str, ...], tmp_path: Path
) -> None:
    """
    Before the patterns are applied, unless these speak of it themselves.
    """
    torch.save({prefix + n: t for n, t in theirs.items()}, tmp_path / "theirs.pth")
    done = zoo.import_weights(
        tmp_path / "theirs.pth", tmp_path / "own", build=BUILD, rename=RULES
    )
    spoken = [(f"^{prefix}".replace(".", "[.]"), ""), *RULES]
    own = zoo.import_weights(
        tmp_path / "theirs.pth", tmp_path / "two", build=BUILD, rename=spoken
    )

    assert done.notes == notes
    assert own.notes == ()
    assert same(done.folder)
    assert same(own.folder)


def test_the_plugin_renames_what_it_knows(
    theirs: dict[str, Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    As zoo.load asks it, where the names are not the model's; it is not asked where they
    are.
    """

    def known(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        return {
            n.replace("conv", "features").replace("fc", "classifier"): t
            for n, t in tensors.items()
        }

    monkeypatch.setattr("zoo_cnn.lenet5.renamed", known, raising=False)
    torch.save(theirs, tmp_path / "theirs.pth")
    torch.save(zoo.load(NAME).state_dict(), tmp_path / "ours.pth")
    done = zoo.import_weights(tmp_path / "theirs.pth", tmp_path / "own", build=BUILD)
    ours = zoo.import_weights(tmp_path / "ours.pth", tmp_path / "two", build=BUILD)

    assert done.notes == ("Names were changed as zoo_cnn.lenet5.renamed does.",)
    assert ours.notes == ()
    assert same(done.folder)
    assert same(ours.folder)


def test_whole_numbers_are_not_read_as_weights(
    theirs: dict[str, Tensor], tmp_path: Path
) -> None:
    """
    Int8 weights have scales, without which they are others; half precision is float.
    """
    name = next(iter(theirs))
    file = tmp_path / "theirs.pth"
    torch.save({**theirs, name: theirs[name].to(torch.int8)}, file)
    with pytest.raises(ImportWeightsError) as told:
        zoo.import_weights(file, tmp_path / "own", build=BUILD, rename=RULES)
    half = {n: t.half() for n, t in theirs.items()}
    torch.save(half, file)
    done = zoo.import_weights(file, tmp_path / "own", build=BUILD, rename=RULES)

    assert str(told.value) == (
        f"{file} does not fit 'lenet5-mnist': 9 of 10 tensors agree.\n"
        "  mistyped 'features.0.weight': torch.int8 in the file, torch.float32 in the "
        "model\n"
        "Nothing was written. Weights of fewer bits have scales that this model knows "
        "nothing of: take the file with floats."
    )
    loaded = zoo.load(done.folder).state_dict()
    assert torch.equal(loaded["features.0.weight"], half[name].float())


def test_a_sparse_tensor_is_refused(tmp_path: Path) -> None:
    """
    Its values are not stored one by one.
    """
    file = tmp_path / "theirs.pth"
    torch.save({"a": torch.eye(3).to_sparse()}, file)

    with pytest.raises(ImportWeightsError) as told:
        zoo.import_weights(file, tmp_path / "own", build=BUILD)

    assert str(told.value) == (
        f"{file} holds 'a', whose values are not stored one by one "
        "(torch.sparse_coo). Where it was made, save it dense."
    )


def test_the_licence_is_that_of_the_weights(
    theirs: dict[str, Tensor], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    It stands in the card's header and in config.json. Without it, it is unknown: what
    the spec declares is the licence of its own weights.
    """
    file = tmp_path / "theirs.pth"
    torch.save(theirs, file)
    words = ["--build", BUILD, "--rename", "^conv=features", "--rename"]
    words += ["^fc=classifier"]
    licensed = ["--license", "cc-by-4.0"]
    first, second = tmp_path / "first", tmp_path / "second"
    main(["import-weights", str(file), "-o", str(first), *words, *licensed])
    main(["import-weights", str(file), "-o", str(second), *words])
    capsys.readouterr()
    licensed = ["--license", "see\nbelow"]
    wrong = main(["import-weights", str(file), "-o", "third", *words, *licensed])

    assert (
        (first / "README.md")
        .read_text()
        .startswith(
            "---\nlicense: cc-by-4.0\nlibrary_name: zoo\npipeline_tag: "
            "image-classification\n---\n\n# lenet5-mnist\n"
        )
    )
    assert (second / "README.md").read_text().startswith("# lenet5-mnist\n")
    assert zoo.load(first).zoo.spec.license.weights == "cc-by-4.0"
    assert zoo.load(second).zoo.spec.license.weights == "unknown"
    assert wrong == 1
    assert capsys.readouterr().err == (
        "error: 'see\\nbelow' is no identifier of a licence. Write it as the Hub does, "
        "such as apache-2.0 or cc-by-4.0.\n"
    )


def damaged(seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield files that torch, safetensors, numpy and pickle wrote, each damaged."""
    state = zoo.build("xor-mlp").state_dict()
    numbers = {name: tensor.numpy() for name, tensor in state.items()}
    zipped, legacy, arrays = io.BytesIO(), io.BytesIO(), io.BytesIO()
    torch.save(state, zipped)
    torch.save(state, legacy, _use_new_zipfile_serialization=False)
    np.savez(arrays, **numbers)
    whole = {
        "zip": zipped.getvalue(),
        "legacy": legacy.getvalue(),
        "safetensors": save(state),
        "npz": arrays.getvalue(),
        "pickle": pickle.dumps(numbers),
        "text": b"a text, and no weights\n" * 20,
    }
    drawing = random.Random(seed)
    for kind, content in whole.items():
        for number in range(10):
            hurt = bytearray(content)
            if number % 2:
                del hurt[drawing.randrange(len(hurt)) :]
            else:
                for _ in range(1 + number):
                    hurt[drawing.randrange(len(hurt))] = drawing.randrange(256)
            yield f"{kind}-{number}", bytes(hurt)


def test_damaged_files_are_refused_in_words(tmp_path: Path) -> None:
    """
    Whatever torch or safetensors stumble over: it is an error of ours, and nothing is
    written; a file that is read all the same fits.
    """
    build = zoo.get_spec("xor-mlp").build
    said = {}
    for name, content in damaged(0):
        file, own = tmp_path / name, tmp_path / f"{name}-own"
        file.write_bytes(content)
        try:
            zoo.import_weights(file, own, build=build, model="xor-mlp")
        except WeightsError as exc:
            said[file] = str(exc)
        else:
            zoo.load(own)

    assert len(said) >= 45
    assert all(str(file) in message for file, message in said.items())
    assert len([*tmp_path.iterdir()]) == 60 + (60 - len(said))
