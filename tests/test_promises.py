"""Every installed model keeps every promise in zoo.testing."""

from pathlib import Path

import pytest

import zoo
from zoo.testing import CHECKS, Check


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", zoo.names())
def test_promise(name: str, check: Check, tmp_path: Path) -> None:
    """
    The claim is the check's name; its docstring states the property.
    """
    check(zoo.spec(name), tmp_path)
