"""The Hub under every fault: healed, or refused with the error that says why.

Genuine client, loopback Hub. A file of twenty-odd blocks stands for the weights.
"""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread

import pytest
from loopback import (
    BEFORE,
    FOREVER,
    Hub,
    connected,
    environment,
    guarded,
    hurried,
)

import zoo
from zoo._utils import paths
from zoo.artifacts import hub_download as hub
from zoo.artifacts import quarantine, weight_store
from zoo.errors import (
    CacheError,
    GatedError,
    HubError,
    IntegrityError,
    NotOnHub,
    OfflineError,
    TrustWarning,
    UnreachableError,
)
from zoo.specs import Weights

MIB = 1 << 20
CONTENT = b"".join(bytes([n % 251]) * 4096 for n in range(6 * 256))  # 6 MiB
FILE = r"model\.safetensors"
REPO = "alice/net"
BLAME = "Ask alice"


@dataclass
class Net:
    """A file on a loopback Hub, and the pin of it."""

    hub: Hub
    pin: Weights

    def fetch(self, pin: Weights | None = None) -> Path:
        """Fetch the file as `zoo.load` would."""
        file = weight_store.obtain(
            "net", pin or self.pin, package=None, blame=BLAME, verify="stamp"
        )
        file.close()
        return file.path

    def gets(self) -> int:
        """Count the downloads of the file."""
        return self.hub.count("GET", FILE)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Short pauses, and no reach beyond this machine."""
    monkeypatch.setattr(hub, "RETRY_DELAY", 0.01)
    with hurried(), guarded():
        yield


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Net]:
    """A loopback Hub that holds the file, and empty caches."""
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "zoo"))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "share"))
    monkeypatch.delenv("ZOO_STORE", raising=False)
    monkeypatch.setattr(hub, "_last_response", {})
    with Hub(tmp_path / "hub") as server, connected(server, tmp_path / "home"):
        commit = server.put(REPO, {"model.safetensors": CONTENT})
        sha256 = hashlib.sha256(CONTENT).hexdigest()
        pin = Weights(size=len(CONTENT), sha256=sha256, repo=REPO, revision=commit)
        yield Net(server, pin)


HEALED = {
    "closed at half": ("GET", {"cut": 0.5}),
    "closed three times": ("GET", {"cut": 0.5, "times": 3}),
    "closed, then Range ignored": ("GET", {"cut": 0.5, "ranges": False}),
    "reset at half": ("GET", {"reset": 0.5}),
    "reset before the answer": ("GET", {"reset": BEFORE}),
    "500": ("GET", {"status": 500}),
    "503": ("GET", {"status": 503}),
    "503 at the look-up": ("HEAD", {"status": 503}),
    "429": ("GET", {"status": 429, "headers": {"Retry-After": "0"}}),
    "408": ("GET", {"status": 408}),
    "one wrong byte": ("GET", {"flip": 1000}),
    "length announced too large": ("HEAD", {"headers": {"X-Linked-Size": "9000000"}}),
    "length announced too small": ("HEAD", {"headers": {"X-Linked-Size": "1000"}}),
    "truncated without a length": (
        "HEAD|GET",
        {"lengths": False, "cut": 0.5, "times": 2},
    ),
    "silence at half": ("GET", {"stall": 4, "at": 0.5}),
    "another ETag at the download": ("GET", {"headers": {"ETag": '"other"'}}),
    "an ETag that is not the content's": (
        "HEAD",
        {"headers": {"ETag": f'"{"d" * 64}"', "X-Linked-ETag": f'"{"d" * 64}"'}},
    ),
}


@pytest.mark.parametrize("fault", HEALED)
def test_a_passing_fault_is_healed(net: Net, fault: str) -> None:
    """
    The right bytes come in the end, and no others stay in the cache.
    """
    method, how = HEALED[fault]
    net.hub.fault(method, FILE, **how)

    path = net.fetch()

    assert path.read_bytes() == CONTENT
    assert whole(net)


@contextmanager
def refused(kind: type[HubError] | type[IntegrityError], text: str) -> Iterator[None]:
    """Expect an error, word for word up to what changes with each run."""
    with pytest.raises(kind) as caught:
        yield
    assert text in str(caught.value)


REFUSED = {
    "closed for ever": ("GET", {"cut": 1}, UnreachableError, "RemoteProtocolError"),
    "reset for ever": ("GET", {"reset": 0.5}, UnreachableError, "ReadError"),
    "503 for ever": ("GET", {"status": 503}, UnreachableError, "failed (HTTP 503)"),
    "503 at every look-up": (
        "HEAD",
        {"status": 503},
        UnreachableError,
        "failed (HTTP 503)",
    ),
    "403 without a reason": (
        "GET",
        {"status": 403},
        NotOnHub,
        "does not give you alice/net@",
    ),
    "one byte always wrong": (
        "GET",
        {"flip": 1000},
        IntegrityError,
        "... is pinned. It came from alice/net and is set aside. Load again while "
        "online; if the next one is wrong as well, tell the plugin's author.",
    ),
    "always truncated without a length": (
        "HEAD|GET",
        {"lengths": False, "cut": 0.5},
        IntegrityError,
        "bytes, but 6,291,456 are pinned. It came from alice/net and is set aside.",
    ),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_a_lasting_fault_is_refused(net: Net, fault: str) -> None:
    """
    The error says what happened, and no wrong byte is left where it could be used.
    """
    method, how, kind, text = REFUSED[fault]
    net.hub.fault(method, FILE, times=FOREVER, **how)

    with refused(kind, text):
        net.fetch()

    assert hub.cached(REPO, net.pin.revision or "", "model.safetensors") is None
    assert whole(net)


def whole(net: Net) -> bool:
    """Return whether every blob that the client could use is the right one."""
    blobs = (paths.hub_cache_dir() / "models--alice--net" / "blobs").glob("*")
    usable = [path for path in blobs if quarantine.CORRUPT_SUFFIX not in path.name]
    assert not [path for path in usable if path.name.endswith(".incomplete")]
    return all(path.read_bytes() == CONTENT for path in usable)


def test_a_wrong_byte_in_the_cache_is_healed(net: Net) -> None:
    """
    A blob that rotted is set aside and fetched again; only the newest such is kept.
    """
    for _ in range(2):
        blob = net.fetch().resolve()
        blob.write_bytes(CONTENT[:-1] + b"?")

    path = net.fetch()

    assert path.read_bytes() == CONTENT
    assert len(quarantine.quarantined_files()) == 1
    assert net.gets() == 3


def test_a_wrong_byte_offline_is_refused(net: Net, tmp_path: Path) -> None:
    """
    Offline there is nothing to heal from: the news is the wrong file, not the network.
    """
    blob = net.fetch().resolve()
    blob.write_bytes(CONTENT[:-1] + b"?")

    with (
        connected(net.hub, tmp_path / "home", HF_HUB_OFFLINE="1"),
        refused(IntegrityError, "is set aside. Load again while online;"),
    ):
        net.fetch()

    assert len(quarantine.quarantined_files()) == 1


def test_a_cached_file_costs_no_request(net: Net, tmp_path: Path) -> None:
    """
    Online or offline, a pinned file that is here is not asked for.
    """
    net.fetch()
    net.hub.clear()

    net.fetch()
    with connected(net.hub, tmp_path / "home", HF_HUB_OFFLINE="1"):
        net.fetch()

    assert net.hub.requests == []


def test_a_cache_without_links_serves(net: Net) -> None:
    """
    A cache that was copied plain, as to a stick or an image, costs no request either.
    """
    folder = paths.hub_cache_dir() / "models--alice--net/snapshots" / net.pin.revision
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(CONTENT)

    path = net.fetch()

    assert path == folder / "model.safetensors"
    assert net.hub.requests == []


def test_a_size_that_nobody_knew(net: Net) -> None:
    """
    The SHA-256 alone decides: the file is still the pinned one, or none.
    """
    assert net.fetch(replace(net.pin, size=None)).read_bytes() == CONTENT

    with refused(IntegrityError, "but 000000000000... is pinned."):
        net.fetch(replace(net.pin, size=None, sha256="0" * 64))


def test_a_dead_hub_has_three_seconds(net: Net) -> None:
    """
    One that accepts and says nothing is given up on, in time for a person who waits.
    """
    net.hub.fault("HEAD|GET", ".*", times=FOREVER, stall=FOREVER)
    started = time.monotonic()

    with pytest.raises(UnreachableError) as caught:
        net.fetch()

    assert time.monotonic() - started < 4
    assert str(caught.value) == (
        f"alice/net@{net.pin.revision[:8]}/model.safetensors is not on this machine, "
        f"and {net.hub.url} did not answer within 3 seconds. Check the "
        "connection, or bring it as a file: 'zoo bundle' on another machine, 'zoo "
        "unbundle' on this one."
    )


def test_a_slow_hub_may_be_given_longer(
    net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    By the setting of the Hub's client for its first answer.
    """
    monkeypatch.setattr(hub, "RESPONSE_TIMEOUT", 0.2)
    net.hub.fault("HEAD", "^/$", stall=1, times=2)
    monkeypatch.setenv("HF_HUB_ETAG_TIMEOUT", "")
    with refused(UnreachableError, "did not answer within 0 seconds."):
        net.fetch()

    monkeypatch.setenv("HF_HUB_ETAG_TIMEOUT", "60")

    assert net.fetch().read_bytes() == CONTENT


def test_what_another_process_has_got_meanwhile_is_taken(
    net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Whoever waited for it, and had no answer from the Hub, needs none any more.
    """
    path = net.fetch()
    assert net.pin.revision is not None
    monkeypatch.setattr(hub, "_last_response", {})

    with net.hub.refusing():
        again = hub.download(
            "alice/net", net.pin.revision, "model.safetensors", name="net"
        )

    assert again == path


def test_a_hub_that_nobody_runs(net: Net) -> None:
    """
    A refused connection is told at once.
    """
    with (
        net.hub.refusing(),
        refused(UnreachableError, "does not answer (ConnectError: "),
    ):
        net.fetch()


def test_a_hub_that_is_slow_for_ever_meets_a_deadline(
    net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Bytes that trickle in never run into the client's timeout, but into ours.
    """
    monkeypatch.setattr(hub, "BASE_TIMEOUT", 1.0)
    monkeypatch.setattr(hub, "MIN_BYTES_PER_SECOND", 1e9)
    net.hub.fault("GET", FILE, rate=200)

    with refused(UnreachableError, "did not deliver it within 1 seconds. Check"):
        net.fetch()
    monkeypatch.setattr(hub, "BASE_TIMEOUT", 60.0)

    assert net.fetch().read_bytes() == CONTENT  # and nothing is held from it


def test_the_deadline_grows_with_the_file() -> None:
    """
    A large file on a slow line is no fault.
    """
    assert hub.deadline(1000) == pytest.approx(60.05)
    assert hub.deadline(346_284_714) > 4 * 3600


def test_offline_and_not_here(net: Net, tmp_path: Path) -> None:
    """
    The error names the commands that bring the file.
    """
    with (
        connected(net.hub, tmp_path / "home", HF_HUB_OFFLINE="1"),
        pytest.raises(OfflineError) as caught,
    ):
        net.fetch()

    assert net.hub.requests == []
    assert str(caught.value).endswith(
        "and HF_HUB_OFFLINE is set. Run 'zoo fetch net' while online, or bring it as a "
        "file: 'zoo bundle net -o zoo.tar' on another machine, 'zoo unbundle zoo.tar' "
        "on this one."
    )


def test_what_is_not_on_the_hub(net: Net) -> None:
    """
    A repository, a commit and a file that are not there are three different errors.
    """
    enter = "Check the name; if it is private, run 'hf auth login' or set HF_TOKEN."
    short = net.pin.revision[:8]
    missing = {
        replace(net.pin, repo="alice/none"): (
            f"{net.hub.url} has no repository 'alice/none' that you may see. {enter}"
        ),
        replace(net.pin, revision="d" * 40): (
            f"{net.hub.url} has no alice/net@dddddddd/model.safetensors: no such "
            "commit, branch or tag."
        ),
        replace(net.pin, filename="other.safetensors"): (
            f"{net.hub.url} has no alice/net@{short}/other.safetensors: the repository "
            "has no such file."
        ),
    }

    for pin, message in missing.items():
        with pytest.raises(NotOnHub) as caught:
            net.fetch(pin)
        assert str(caught.value) == message


def test_a_private_and_a_gated_repository(net: Net, tmp_path: Path) -> None:
    """
    To a stranger a private one is not there; a gated one is, and says how to enter.
    """
    net.hub.repository(REPO).gated = True
    with connected(net.hub, tmp_path / "bob", token="hf_bob"):
        with refused(GatedError, f"Ask for it at {net.hub.url}/alice/net, run"):
            net.fetch()

        net.hub.repository(REPO).gated = False
        net.hub.repository(REPO).private = True
        with refused(NotOnHub, "has no repository 'alice/net' that you may see."):
            net.fetch()


def test_threads_share_one_download(net: Net) -> None:
    """
    Eight threads that want one file wait for the one that fetches it.
    """
    found: list[Path] = []
    threads = [Thread(target=lambda: found.append(net.fetch())) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert net.gets() == 1


def test_what_a_killed_download_left_is_swept(net: Net) -> None:
    """
    A part file older than a day goes with the next download; a younger one may be live.
    """
    blobs = paths.hub_cache_dir() / "models--alice--net" / "blobs"
    blobs.mkdir(parents=True)
    old, young = (blobs / f"abc.{name * 8}.incomplete" for name in "01")
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))

    net.fetch()

    assert not old.exists()
    assert young.exists()


def test_a_cache_that_cannot_be_written(net: Net, tmp_path: Path) -> None:
    """
    The error names the folder and what the system said.
    """
    (tmp_path / "file").write_text("in the way")
    home = tmp_path / "file" / "home"

    with connected(net.hub, home), pytest.raises(CacheError) as caught:
        net.fetch()

    assert str(caught.value) == (
        f"alice/net@{net.pin.revision[:8]}/model.safetensors can't be written to "
        f"{home / 'hub'}: Not a directory. Make room there, or name another folder "
        "with HF_HOME."
    )


def test_stores_come_before_the_hub(
    net: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    ZOO_STORE first, then the user's own store, then a shared one: no request for any.
    """
    shared = tmp_path / "share" / "zoo" / "store"
    mine, named = paths.cache_dir() / "store", tmp_path / "named"
    monkeypatch.setenv("ZOO_STORE", str(named))
    assert net.pin.sha256 is not None

    for folder in (shared, mine, named):
        path = weight_store.object_path(folder, net.pin.sha256)
        path.parent.mkdir(parents=True)
        path.write_bytes(CONTENT)
        assert net.fetch() == path
    assert net.hub.requests == []


def test_a_wrong_file_in_a_store_is_passed_over(
    net: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    It is named in a warning, and the next source is tried: a store may be read-only.
    """
    monkeypatch.setenv("ZOO_STORE", str(tmp_path / "named"))
    assert net.pin.sha256 is not None
    path = weight_store.object_path(tmp_path / "named", net.pin.sha256)
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT[:-1] + b"?")

    named = f"^{path} has SHA-256 .* is pinned. Another source is tried; delete this"
    with pytest.warns(UserWarning, match=named):
        found = net.fetch()

    assert found.read_bytes() == CONTENT
    assert found != path


CHILD = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a test runner may ignore it
from zoo.artifacts import weight_store as store
from zoo.specs import Weights
pin = Weights(size=int(sys.argv[1]), sha256=sys.argv[2], repo=sys.argv[3],
              revision=sys.argv[4])
print(store.obtain("net", pin, package=None, blame="", verify="stamp").path)
"""


def children(net: Net, home: Path, count: int) -> list[subprocess.Popen[str]]:
    """Start processes that fetch the file into one cache."""
    pin, variables = net.pin, os.environ | environment(net.hub, home)
    words = [str(pin.size), pin.sha256 or "", REPO, pin.revision or ""]
    return [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, *words],
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(count)
    ]


def asked(net: Net, child: subprocess.Popen[str]) -> None:
    """Wait until a process has asked for the file."""
    while not net.gets():
        assert child.poll() is None, child.communicate()
        time.sleep(0.02)


def test_processes_share_one_download(net: Net, tmp_path: Path) -> None:
    """
    Eight processes that want one file at once cause one download, and all get it.
    """
    net.hub.fault("GET", FILE, rate=6e6)
    running = children(net, tmp_path / "home", 8)

    answers = [child.communicate() for child in running]

    assert [child.returncode for child in running] == [0] * 8, answers
    assert len({out for out, _ in answers}) == 1
    assert net.gets() == 1


def test_a_process_killed_in_mid_download_holds_nobody(
    net: Net, tmp_path: Path
) -> None:
    """
    The others go on at once, with a download of their own.
    """
    net.hub.fault("GET", FILE, rate=1e6)
    first = children(net, tmp_path / "home", 1)[0]
    asked(net, first)
    others = children(net, tmp_path / "home", 3)
    time.sleep(0.5)

    first.kill()
    first.communicate()
    answers = [child.communicate() for child in others]

    assert first.returncode == -signal.SIGKILL
    assert [child.returncode for child in others] == [0] * 3, answers
    assert net.gets() == 2
    assert Path(answers[0][0].strip()).read_bytes() == CONTENT


def test_a_full_disk(net: Net, tmp_path: Path) -> None:
    """
    What was written goes again, and the error says what the system said.
    """
    limit = (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({MIB}, {MIB}))\n"
    )
    pin, variables = net.pin, os.environ | environment(net.hub, tmp_path / "home")
    words = [str(pin.size), pin.sha256 or "", REPO, pin.revision or ""]

    ended = subprocess.run(
        [sys.executable, "-c", limit + CHILD, *words],
        env=variables,
        capture_output=True,
        text=True,
    )

    assert "CacheError: alice/net@" in ended.stderr
    assert "File too large. Make room there" in ended.stderr
    assert not list((tmp_path / "home").rglob("*.incomplete"))


def test_the_client_reports_to_nobody(net: Net, tmp_path: Path) -> None:
    """
    A process that loads tells no one that it does; a user's own choice is respected.
    """
    program = (
        "import os, zoo.artifacts.hub_download as hub\n"
        "hub.download(*os.environ['WANTED'].split(), name='net')\n"
        "from huggingface_hub import constants\n"
        "print(constants.HF_HUB_DISABLE_TELEMETRY)\n"
    )
    variables = os.environ | environment(net.hub, tmp_path / "home")
    variables["WANTED"] = f"{REPO} {net.pin.revision} model.safetensors"
    variables.pop("HF_HUB_DISABLE_TELEMETRY")

    said = [
        subprocess.run(
            [sys.executable, "-c", program],
            env=variables | more,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for more in ({}, {"HF_HUB_DISABLE_TELEMETRY": "0"})
    ]

    assert said == [["True"], ["False"]]


def test_ctrl_c_ends_a_download(net: Net, tmp_path: Path) -> None:
    """
    The process ends at once, nothing usable is left, and the next one starts afresh.
    """
    net.hub.fault("GET", FILE, rate=1e6)
    child = children(net, tmp_path / "home", 1)[0]
    asked(net, child)
    time.sleep(0.3)

    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=10)
    again = children(net, tmp_path / "home", 1)[0]
    out, _ = again.communicate()

    assert child.returncode != 0
    assert "KeyboardInterrupt" in said
    assert Path(out.strip()).read_bytes() == CONTENT


def test_shipped_and_cached_models_load_without_a_request(
    net: Net, tmp_path: Path
) -> None:
    """
    Online and offline: what a plugin ships, and what an earlier load has brought.
    """
    files = {
        path.name: path.read_bytes()
        for path in weight_store.shipped_checkpoint(
            zoo.get_spec("lenet5-mnist")
        ).iterdir()
    }
    commit = net.hub.put("alice/lenet", files)
    address = f"hf://alice/lenet@{commit}"
    with pytest.warns(TrustWarning):
        zoo.load(address)
    net.hub.clear()

    for name in ("lenet5-mnist", address):
        zoo.load(name)
        with connected(net.hub, tmp_path / "home", HF_HUB_OFFLINE="1"):
            zoo.load(name)

    assert net.hub.requests == []
