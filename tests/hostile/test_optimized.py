"""No promise rests on a statement that `python -O` leaves out."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_the_hostile_suite_holds_without_assertions() -> None:
    """
    The tests' own assertions stay: pytest makes other statements of them.
    """
    command = [
        *(sys.executable, "-O", "-m", "pytest", "-q", "-p", "no:cacheprovider"),
        *("-W", "ignore::pytest.PytestConfigWarning"),  # of assertions outside of tests
        str(Path(__file__).parent),
    ]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stdout[-3000:]
    assert " passed" in ended.stdout
