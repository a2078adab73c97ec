"""`zoo.export`: a graph that runs without zoo, and answers as the model does."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

import zoo
from zoo.cli import zoo as cli
from zoo.errors import ExportError
from zoo.inference.predict import example

ort = pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def digits(tmp_path_factory) -> Path:
    return zoo.export("lenet5-mnist", tmp_path_factory.mktemp("onnx") / "lenet5")


def session(folder: Path):
    return ort.InferenceSession(
        str(folder / "model.onnx"), providers=["CPUExecutionProvider"]
    )


def test_a_picture_of_any_size_gets_the_label_and_the_scores_of_zoo_predict(
    digits: Path,
) -> None:
    digit = Image.open(example("lenet5-mnist")).convert("L")
    run = session(digits).run

    for size in (28, 90, 280):
        pixels = np.asarray(digit.resize((size, size)))[None, :, :, None]
        label, score = run(["label", "score"], {"image": pixels})
        expected = zoo.predict("lenet5-mnist", pixels[0])
        assert list(label[0]) == list(expected.scores)[:5]
        assert score[0] == pytest.approx(list(expected.scores.values())[:5], abs=1e-5)


def test_several_pictures_of_one_size_are_one_batch(digits: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 40, 30, 1), dtype=np.uint8)
    run = session(digits).run

    together = run(["output"], {"image": pixels})[0]

    alone = [run(["output"], {"image": one[None]})[0] for one in pixels]
    assert np.allclose(together, np.concatenate(alone), atol=1e-5)


def test_the_receipt_tells_what_was_written_and_how_far_it_is(digits: Path) -> None:
    receipt = json.loads((digits / "export.json").read_text(encoding="utf-8"))
    content = (digits / "model.onnx").read_bytes()

    assert {path.name for path in digits.iterdir()} == {"export.json", "model.onnx"}
    assert receipt["model"] == "lenet5-mnist"
    assert receipt["files"]["model.onnx"] == {
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
    }
    assert receipt["inputs"] == [
        {"name": "image", "type": "uint8", "shape": ["batch", "height", "width", 1]}
    ]
    assert [one["name"] for one in receipt["outputs"]] == ["output", "label", "score"]
    assert set(receipt["errors"]) == {"golden", "batch of 1", "batch of 5"}
    assert max(receipt["errors"].values()) < 1e-5
    assert receipt["weights"] == {"sha256": zoo.load("lenet5-mnist").zoo.report.sha256}


def test_the_graph_of_a_text_model_takes_any_length_and_brings_its_tokenizer(
    tmp_path: Path,
) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    folder = zoo.export("lsa-mlp-20news", tmp_path / "news")
    text = "The shuttle will reach its orbit on Monday."
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokens = np.array([tokenizer.encode(text).ids])

    label, score = session(folder).run(["label", "score"], {"input_ids": tokens})

    expected = zoo.predict("lsa-mlp-20news", text)
    assert label[0, 0] == expected.label
    assert score[0, 0] == pytest.approx(expected.score, abs=1e-4)


def test_a_model_changed_in_memory_is_exported_as_it_is_now(tmp_path: Path) -> None:
    model = zoo.load("neuron-or")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(-1)
    given = np.array([[0, 1], [1, 1]], dtype=np.float32)

    folder = zoo.export(model, tmp_path / "not")

    (found,) = session(folder).run(["output"], {"input": given})
    with torch.no_grad():
        assert np.allclose(found, model(torch.from_numpy(given)), atol=1e-6)
    receipt = json.loads((folder / "export.json").read_text(encoding="utf-8"))
    assert receipt["weights"] == {"sha256": None}  # of no file


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("kept")

    with pytest.raises(ExportError) as caught:
        zoo.export("neuron-or", tmp_path)

    assert str(caught.value) == (
        f"{tmp_path} is there already; nothing was written. Name a new folder."
    )
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_unknown_format_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ExportError) as caught:
        zoo.export("neuron-or", tmp_path / "x", format="tflite")

    assert str(caught.value) == "format='tflite' is not known. Known: onnx."


def test_weights_in_another_type_are_refused(tmp_path: Path) -> None:
    model = zoo.load("neuron-or", dtype=torch.float64)

    with pytest.raises(ExportError) as caught:
        zoo.export(model, tmp_path / "x")

    assert str(caught.value) == (
        "'neuron-or' can't be exported: its weights are float64, and a graph has "
        "float32."
    )
    assert not list(tmp_path.iterdir())


def test_a_graph_that_gives_other_numbers_is_not_written(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr("zoo.sharing.export.TOLERANCE", -1.0)

    with pytest.raises(ExportError) as caught:
        zoo.export("neuron-or", tmp_path / "x")

    assert str(caught.value).startswith(
        "'neuron-or' can't be exported: its graph gives other numbers (golden: "
    )
    assert not list(tmp_path.iterdir())


def test_the_command_prints_what_goes_in_and_comes_out(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["export", "neuron-or", str(tmp_path / "or")])

    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0].startswith(f"{tmp_path / 'or' / 'model.onnx'}  0.0 MiB")
    assert lines[1] == "  input  input (batch, 2) float"
    assert lines[-1].startswith("  largest error beside the model: ")


def test_the_decoder_alone_gives_what_decode_gives(tmp_path: Path) -> None:
    """
    `method="decode"` takes codes, and its numbers are those of the module's method.
    """
    model = zoo.load("conv-dae-fashion-mnist")
    folder = zoo.export(model, tmp_path / "decoder", method="decode")
    code = zoo.encode(model, example("conv-dae-fashion-mnist"))

    (found,) = session(folder).run(None, {"code": code.numpy()})

    assert json.loads((folder / "export.json").read_text())["method"] == "decode"
    assert torch.allclose(torch.from_numpy(found), model.decode(code), atol=1e-4)


@pytest.mark.parametrize(
    ("method", "problem"),
    [
        ("decode", "'xor-mlp' can't be exported: it has no method 'decode'."),
        (
            "sample",
            "method='sample' is not known. Known: forward, encode, decode, "
            "encode_source, decode_step.",
        ),
    ],
)
def test_a_method_that_is_not_there(tmp_path: Path, method: str, problem: str) -> None:
    """
    The error says which methods may be asked for, and nothing is written.
    """
    with pytest.raises(ExportError) as caught:
        zoo.export("xor-mlp", tmp_path / "x", method=method)

    assert str(caught.value) == problem
    assert not list(tmp_path.iterdir())
