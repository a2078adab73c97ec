"""What a type checker knows of the zoo, in the code of someone who uses it."""

import subprocess
import sys
from pathlib import Path

import pytest

RIGHT = """
import zoo
from torch import nn
from zoo.results import Classification


def labels(name: str) -> tuple[str, ...]:
    model = zoo.load(name)
    parts: list[nn.Module] = list(model.children())
    return model.zoo.labels if parts else zoo.build(name).zoo.labels


def label(picture: str) -> str:
    answer = zoo.predict("lenet5-mnist", picture)
    assert isinstance(answer, Classification)
    return answer.label


version: str = zoo.__version__
"""
WRONG = """
import zoo

zoo.laod("lenet5-mnist")
zoo.load("lenet5-mnist").zoo.lables
answer: int = zoo.predict("lenet5-mnist", "7.png")
"""


@pytest.mark.slow
def test_a_strict_checker_is_content_and_finds_misspelt_names(tmp_path: Path) -> None:
    """
    In a package of its own, with the installed zoo.
    """
    (tmp_path / "right.py").write_text(RIGHT)
    (tmp_path / "wrong.py").write_text(WRONG)

    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "right.py", "wrong.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )

    assert done.stdout.splitlines() == [
        'wrong.py:4: error: Module has no attribute "laod"  [attr-defined]',
        'wrong.py:5: error: "ModelMetadata" has no attribute "lables"; maybe "labels"?'
        "  [attr-defined]",
        "wrong.py:6: error: Incompatible types in assignment (expression has type "
        '"Result | ResultList", variable has type "int")  [assignment]',
        "Found 3 errors in 1 file (checked 2 source files)",
    ]
