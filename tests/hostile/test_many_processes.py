"""Many processes that want one file of a Hub which fails: all get it, whole.

By default there are four and two of them; `ZOO_LONG=16` starts sixty-four that fetch,
without torch, and eight that load.
"""

import os
import subprocess
import sys

from far import NAME, OTHER, WEIGHTS, Far, far
from loopback import environment

__all__ = ["far"]

TIMES = int(os.environ.get("ZOO_LONG", "1"))
FETCH = """
import sys, zoo
from zoo.artifacts import hub_download
hub_download.RETRY_DELAY = 0.01
print("ready", flush=True)
sys.stdin.readline()
(path,) = zoo.fetch(sys.argv[1])
assert "torch" not in sys.modules
sys.stdout.buffer.write(path.read_bytes().hex().encode())
"""
LOAD = """
import sys, zoo
from zoo.artifacts import hub_download
hub_download.RETRY_DELAY = 0.01
print("ready", flush=True)
sys.stdin.readline()
print(zoo.load(sys.argv[1]).weight.tolist())
"""


def together(far: Far, script: str, count: int) -> list[str]:
    """Let processes begin at once with one empty cache; return what each writes."""
    surroundings = os.environ | environment(far.hub, far.root / "shared")
    surroundings |= {"PYTHONPATH": str(far.scratch)}
    for name in ("HF_HUB_ETAG_TIMEOUT", "HF_HUB_DOWNLOAD_TIMEOUT"):
        surroundings[name] = "60"  # seconds: so many processes share few cores
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, NAME],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=surroundings,
            text=True,
        )
        for _ in range(count)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=600) for process in processes]
    faults = {err.strip().rpartition("\n")[2] for _, err in said}
    assert [process.returncode for process in processes] == [0] * count, faults
    return [output for output, _ in said]


def test_many_fetch_one_file(far: Far) -> None:
    """
    The connection is cut, then the Hub is busy: nobody gets less than the file.
    """
    far.hub.fault("GET", r"model\.safetensors", cut=0.5, times=2)
    far.hub.fault("GET", r"model\.safetensors", status=503, times=2)

    said = together(far, FETCH, 4 * TIMES)

    assert said == [WEIGHTS.hex()] * (4 * TIMES)


def test_many_load_one_file(far: Far) -> None:
    """
    One byte is wrong the first time: nobody loads it.
    """
    assert WEIGHTS != OTHER
    far.hub.fault("GET", r"model\.safetensors", flip=0.9, times=1)
    far.hub.fault("GET", r"model\.safetensors", status=503, times=1)

    said = together(far, LOAD, max(2, TIMES // 2))

    assert said == ["[[2.0, 3.0]]\n"] * max(2, TIMES // 2)
