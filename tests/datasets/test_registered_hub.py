"""What `zoo.load_dataset` takes from the Hub, and from the cache that the Hub's client
leaves.

Tested with the genuine client, in a process of its own, because it reads its settings
when it is imported; the Hub is `loopback.Hub`.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from loopback import FOREVER, Hub, environment
from pets import ABSENT, ONLINE, parquet, rows

from zoo.specs import DatasetSpec


@dataclass
class Answer:
    """What a process of its own said: of the rows, or of the error; and on stderr."""

    rows: int = 0
    features: str = ""
    seconds: float = 0.0
    error: str = ""
    stderr: str = ""


PROCESS = """
import json, time
import datasets as library
from zoo.datasets import registered as datasets
from zoo.plugins.discovery import Installed
from zoo.specs import DatasetSpec
spec = {spec!r}
datasets.installed = lambda: Installed({{}}, {{spec.name: spec}}, {{}}, {{}}, (), ())
start = time.perf_counter()
try:
    rows = datasets.load_dataset(spec.name)
    answer = dict(rows=len(rows), features=str(rows.features))
except datasets.DataError as error:
    answer = dict(error=str(error))
print(json.dumps(answer | dict(seconds=time.perf_counter() - start)))
"""


def process(spec: DatasetSpec, home: Path, url: str, **env: str) -> Answer:
    """Load a dataset in a fresh interpreter, whose Hub is at `url`."""
    path = os.pathsep.join(filter(None, sys.path))
    settings = environment(url, home) | {"ZOO_DATA": "", "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROCESS.format(spec=spec)],
        env=os.environ | settings | env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Answer(**json.loads(done.stdout), stderr=done.stderr)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    files = {"data/train-00000-of-00001.parquet": parquet(rows())}
    with Hub(tmp_path_factory.mktemp("hub")) as hub:
        hub.put("alice/pets", files, kind="dataset")
        yield hub


@pytest.fixture(scope="module")
def first(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> tuple[Answer, Path]:
    """Load the pets from the Hub; the cache is what the genuine client leaves."""
    home = tmp_path_factory.mktemp("home")
    return process(ONLINE, home, hub.url), home


FEATURES = "{'image': Image(mode=None, decode=True), 'label': ClassLabel(names=['cat'"


def test_the_hub_gives_rows_with_the_zoo_names(first: tuple[Answer, Path]) -> None:
    """
    Pictures and labels are what they were before the journey.
    """
    answer, _ = first

    assert (answer.error, answer.rows) == ("", 2)
    assert answer.features.startswith(FEATURES)


def test_a_cached_set_costs_no_request(hub: Hub, first: tuple[Answer, Path]) -> None:
    """
    Nothing is asked, nothing is printed, nothing is waited for.
    """
    before = list(hub.requests)

    again = process(ONLINE, first[1], hub.url)

    assert before
    assert hub.requests == before
    assert (again.rows, again.features) == (2, first[0].features)
    assert again.stderr == ""
    assert again.seconds < 1


def test_a_cached_set_is_used_only_if_it_is_the_pinned_one(
    hub: Hub, first: tuple[Answer, Path]
) -> None:
    """
    The commit that was fetched loads without a request; for another, the Hub is asked.
    """
    before = len(hub.requests)
    commit = hub.repository("alice/pets", kind="dataset").at("main").oid

    right = process(replace(ONLINE, revision=commit), first[1], hub.url)
    asked = len(hub.requests) - before
    wrong = process(replace(ONLINE, revision="d" * 40), first[1], hub.url)

    assert (right.rows, asked) == (2, 0)
    assert wrong.error == (
        f"{ABSENT}can't be had from the Hub as 'alice/pets': it has no revision "
        f"'{'d' * 40}'. Set ZOO_DATA to a folder that holds pets/train-*.parquet."
    )


def test_the_rows_of_a_hub_copy_may_differ(
    hub: Hub, first: tuple[Answer, Path]
) -> None:
    """
    They are counted against what the spec says of that copy, and of no other.
    """
    other = replace(ONLINE, splits={"train": 7}, hub_splits={"train": 2})

    assert process(other, first[1], hub.url).rows == 2
    assert process(replace(other, hub_splits={}), first[1], hub.url).error == (
        "Dataset 'pets', split 'train': 'alice/pets' in the cache has 2 rows, but the "
        "spec says 7. This copy is cut, or of another version: replace it."
    )


def test_a_dead_network_fails_at_once(tmp_path: Path) -> None:
    """
    A set that is nowhere on this machine is refused in about a second.
    """
    answer = process(ONLINE, tmp_path, "http://127.0.0.1:9")  # nothing listens there

    assert answer.seconds < 2
    assert answer.error == (
        f"{ABSENT}can't be had from the Hub as 'alice/pets': it can't be reached. Go "
        "online and load it once, or set ZOO_DATA to a folder that holds "
        "pets/train-*.parquet."
    )


FAULTS: list[tuple[DatasetSpec, Mapping[str, str], int | None, str]] = [
    (
        replace(ONLINE, hub="alice/none"),
        {},
        None,
        "'alice/none': it does not exist, or you may not read it. Set ",
    ),
    (ONLINE, {}, 503, "'alice/pets': it answers with status 503. Set "),
    (
        ONLINE,
        {"HF_HUB_OFFLINE": "1"},
        None,
        "'alice/pets': HF_HUB_OFFLINE is set. Unset it and load the set once, or set ",
    ),
]


@pytest.mark.parametrize(("spec", "env", "status", "fault"), FAULTS)
def test_what_the_hub_refuses(
    spec: DatasetSpec,
    env: Mapping[str, str],
    status: int | None,
    fault: str,
    tmp_path: Path,
) -> None:
    """
    The message says what the Hub said, and where else the set may lie.
    """
    with Hub(tmp_path / "hub") as refusing:
        if status is not None:
            refusing.fault(".*", "", times=FOREVER, status=status)
        answer = process(spec, tmp_path / "home", refusing.url, **env)

    assert answer.error == (
        f"{ABSENT}can't be had from the Hub as {fault}ZOO_DATA to a folder that holds "
        "pets/train-*.parquet."
    )
