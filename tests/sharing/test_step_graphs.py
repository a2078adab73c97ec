"""A translator as two graphs: one that reads, and one that writes token by token."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from translators import START, Memory, Speaker, speaker

from zoo.errors import ExportError
from zoo.sharing.export import export
from zoo.sharing.step_graphs import step_graph

ort = pytest.importorskip("onnxruntime")
ROWS = torch.tensor([[3, 4, 5, 2], [5, 4, 2, 0]])


class Counting(Speaker):
    """Remembers the tokens that it was given, and hands something over untouched."""

    def encode_source(self, source: Tensor) -> Memory:
        memory = super().encode_source(source)
        return {**memory, "given": source[:, :0], "shares": torch.ones_like(source) / 4}

    def decode_step(
        self, token: Tensor, memory: Memory
    ) -> tuple[Tensor, Tensor, Memory]:
        logits, _, after = super().decode_step(token, memory)
        given = torch.cat([memory["given"], token[:, None]], dim=1)
        more = given.sum(dim=1, keepdim=True).float()
        return logits + more, memory["shares"], {**after, "given": given}


def session(folder: Path) -> Any:
    path = str(folder / "model.onnx")
    return ort.InferenceSession(path, providers=["CPUExecutionProvider"])


def test_the_graphs_write_what_the_module_writes(tmp_path: Path) -> None:
    """
    Step by step, with a memory that grows and a part of it that is only handed over.
    """
    model = speaker(Counting)
    folders = [
        export(model, tmp_path / method, method=method)
        for method in ("encode_source", "decode_step")
    ]
    read, step = map(session, folders)
    source = torch.tensor([[4, 3, 3, 5, 4, 2]])

    names = [one.name for one in read.get_outputs()]
    found = dict(zip(names, read.run(None, {"input_ids": source.numpy()}), strict=True))
    memory, token = model.encode_source(source), torch.tensor([START])
    for _ in range(4):
        logits, weight, memory = model.decode_step(token, memory)
        feeds = {"token": token.numpy(), **found}
        outputs = [one.name for one in step.get_outputs()]
        made = dict(zip(outputs, step.run(None, feeds), strict=True))
        assert np.allclose(made["output"], logits.detach(), atol=1e-5)
        assert np.allclose(made["attention"], weight.detach(), atol=1e-6)
        found |= {
            name.removeprefix("next."): made[name]
            for name in outputs
            if name.startswith("next.")
        }
        token = logits.argmax(dim=1)

    assert set(found) == set(memory)
    assert np.array_equal(found["given"], memory["given"])
    assert (folders[0] / "tokenizer.json").is_file()
    assert not (folders[1] / "tokenizer.json").exists()


def test_a_graph_that_differs_from_the_third_step_on_is_seen() -> None:
    """
    Each input is tried for some steps, not for one alone.
    """

    class Late(Counting):
        def decode_step(
            self, token: Tensor, memory: Memory
        ) -> tuple[Tensor, Tensor, Memory]:
            logits, weight, after = super().decode_step(token, memory)
            late = not torch.compiler.is_exporting() and len(memory["given"][0]) == 2
            return logits + late, weight, after

    with torch.no_grad():
        _, errors = step_graph(speaker(Late), {"rows": ROWS})

    assert errors["rows"] > 0.01


def test_a_model_that_does_not_translate_has_no_such_method(tmp_path: Path) -> None:
    """
    The error says what is missing.
    """
    with pytest.raises(ExportError) as caught:
        export("xor-mlp", tmp_path / "out", method="decode_step")

    assert str(caught.value) == (
        "'xor-mlp' can't be exported: it has no method 'decode_step'."
    )


def test_code_that_no_graph_can_hold_is_refused(tmp_path: Path) -> None:
    """
    As of any other model, with the innermost reason, and nothing is written.
    """

    class Undecided(Speaker):
        def encode_source(self, source: Tensor) -> Memory:
            memory = super().encode_source(source)
            return memory if memory["state"].sum().item() > 0 else {**memory}

    with pytest.raises(ExportError, match=r"'speaker' can't be exported: "):
        export(speaker(Undecided), tmp_path / "out", method="encode_source")

    assert not (tmp_path / "out").exists()
