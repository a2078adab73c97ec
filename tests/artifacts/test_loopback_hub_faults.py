"""Each fault of the loopback Hub does what it says to the genuine client.

What the client makes of a fault is written down here as it was seen; a zoo that wants
more than that has to add it.
"""

import hashlib
import random
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
)
from loopback import BEFORE, FOREVER, Hub, connected, hurried

LARGE = random.Random(0).randbytes(24 << 20)  # the client reads pieces of 10 MiB
SMALL = LARGE[: 1 << 16]
RIGHT = hashlib.sha256(SMALL).hexdigest()
BODY = ("GET", r"/resolve/.*safetensors")
HEAD = ("HEAD", r"/resolve/.*safetensors")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """A hub whose client is in a hurry."""
    patience = {"HF_HUB_DOWNLOAD_TIMEOUT": "1", "HF_HUB_ETAG_TIMEOUT": "1"}
    with (
        Hub(tmp_path / "hub") as hub,
        connected(hub, tmp_path / "home", **patience),
        hurried(),
    ):
        hub.put("alice/m", {"model.safetensors": SMALL})
        yield hub


def fetch(**options: bool) -> bytes:
    return Path(hf_hub_download("alice/m", "model.safetensors", **options)).read_bytes()


def upload(content: bytes) -> None:
    HfApi().upload_file(
        path_or_fileobj=content, path_in_repo="b.safetensors", repo_id="alice/m"
    )


def ranges(hub: Hub) -> list[str | None]:
    """Return the Range of each GET of the weights."""
    return [request.range for request in hub.requests if request.method == "GET"]


def test_a_closed_connection_is_resumed(hub: Hub) -> None:
    """
    The client asks for what lies after the last whole piece of 10 MiB.
    """
    hub.put("alice/m", {"model.safetensors": LARGE})
    hub.fault(*BODY, cut=0.5)

    assert fetch() == LARGE
    assert ranges(hub) == [None, "bytes=10485760-"]


def test_a_closed_connection_is_resumed_more_than_once(hub: Hub) -> None:
    """
    Offsets count from the start of the file, so a fault may lie in the resumed part.
    """
    hub.put("alice/m", {"model.safetensors": LARGE})
    for share in (0.25, 0.5, 0.9):
        hub.fault(*BODY, cut=share)

    assert fetch() == LARGE
    assert ranges(hub) == [None, None, "bytes=10485760-", "bytes=20971520-"]


def test_a_small_file_starts_anew(hub: Hub) -> None:
    """
    Below 10 MiB nothing was kept; the log says how much of it was sent.
    """
    hub.fault(*BODY, cut=1000)

    assert fetch() == SMALL
    assert ranges(hub) == [None, None]
    assert [r.sent for r in hub.requests] == [0, 1000, len(SMALL)]


def test_an_ignored_range_is_noticed(hub: Hub) -> None:
    """
    The hub sends the whole file, and the client starts again.
    """
    hub.put("alice/m", {"model.safetensors": LARGE})
    hub.fault(*BODY, cut=0.5)
    hub.fault(*BODY, ranges=False)

    assert fetch() == LARGE
    assert [r.status for r in hub.requests if r.method == "GET"] == [200, 200]


@pytest.mark.parametrize("offset", [BEFORE, 0, 1])
def test_a_connection_that_always_closes_is_given_up(hub: Hub, offset: int) -> None:
    """
    After six tries.
    """
    hub.fault(*BODY, cut=offset, times=FOREVER)

    with pytest.raises(httpx2.RemoteProtocolError):
        fetch()

    assert hub.count(*BODY) == 6


@pytest.mark.parametrize("offset", [BEFORE, 0, 0.5])
def test_a_reset_is_not_retried(hub: Hub, offset: float) -> None:
    """
    It comes out as an error that is neither an OSError nor one of the Hub's.
    """
    hub.fault(*BODY, reset=offset)

    with pytest.raises(httpx2.ReadError) as caught:
        fetch()

    assert not isinstance(caught.value, OSError | HfHubHTTPError)
    assert hub.count(*BODY) == 1
    assert fetch() == SMALL


@pytest.mark.parametrize("status", [500, 503, 403])
def test_a_status_of_the_body_is_not_retried(hub: Hub, status: int) -> None:
    """
    It is raised at once.
    """
    hub.fault(*BODY, status=status)

    with pytest.raises(HfHubHTTPError, match=str(status)):
        fetch()

    assert hub.count(*BODY) == 1


@pytest.mark.parametrize(
    ("status", "headers"), [(408, {}), (429, {"Retry-After": "0"})]
)
def test_a_status_that_asks_for_patience(
    hub: Hub, status: int, headers: dict[str, str]
) -> None:
    """
    A timeout of the server and too many requests are tried again.
    """
    hub.fault(*BODY, status=status, headers=headers)

    assert fetch() == SMALL
    assert hub.count(*BODY) == 2


def test_the_head_is_retried(hub: Hub) -> None:
    """
    Twice at fault, the third is good.
    """
    hub.fault(*HEAD, status=503, times=2)

    assert fetch() == SMALL
    assert hub.count(*HEAD) == 3


def test_a_hub_that_is_out_of_order(hub: Hub) -> None:
    """
    Seven requests, then the client says that the file is not on this machine.
    """
    hub.fault(*HEAD, status=503, times=FOREVER)

    with pytest.raises(LocalEntryNotFoundError):
        fetch()

    assert hub.count(*HEAD) == 7


def test_a_refusal_hides_behind_a_cached_file(hub: Hub) -> None:
    """
    With a branch, the client returns what it has, whatever the hub says of the newest.
    """
    gate = {"X-Error-Code": "GatedRepo"}
    hub.fault(*HEAD, status=403, headers=gate)

    with pytest.raises(GatedRepoError):
        fetch()
    assert fetch() == SMALL
    for status in (401, 503):
        hub.fault(*HEAD, status=status)
        assert fetch() == SMALL


def test_a_wrong_byte_is_not_noticed(hub: Hub) -> None:
    """
    It is kept under the right hash, and served from then on; only asking for the file
    anew heals it.
    """
    hub.fault(*BODY, flip=1000)

    wrong = fetch()
    checked = HfApi().verify_repo_checksums("alice/m")
    healed = fetch(force_download=True)

    assert [i for i in range(len(SMALL)) if wrong[i] != SMALL[i]] == [1000]
    assert [found["expected"] for found in checked.mismatches] == [RIGHT]
    assert healed == SMALL


def test_a_lie_about_the_hash_is_believed(hub: Hub) -> None:
    """
    The file lies in the cache under the name that the ETag gave it.
    """
    hub.fault(*HEAD, headers={"ETag": '"a"', "X-Linked-ETag": f'"{"a" * 64}"'})

    path = Path(hf_hub_download("alice/m", "model.safetensors"))

    assert path.resolve().name == "a" * 64
    assert path.read_bytes() == SMALL


def test_the_hash_of_the_body_is_not_looked_at(hub: Hub) -> None:
    """
    GET may name another ETag than HEAD did.
    """
    hub.fault(*BODY, headers={"ETag": '"a"', "X-Linked-ETag": '"a"'})

    path = Path(hf_hub_download("alice/m", "model.safetensors"))

    assert path.resolve().name == RIGHT


@pytest.mark.parametrize("size", ["1", "65535", "65537"])
def test_a_lie_about_the_size_is_noticed(hub: Hub, size: str) -> None:
    """
    The length is the one thing that the client compares.
    """
    hub.fault(*HEAD, headers={"X-Linked-Size": size})

    with pytest.raises(OSError, match=f"should be of size {size} but has size 65536"):
        fetch()


def test_a_file_cut_short_without_a_length_is_not_noticed(hub: Hub) -> None:
    """
    Half a file is returned as if it were all.
    """
    hub.fault("HEAD|GET", BODY[1], times=2, lengths=False, cut=0.5)

    assert fetch() == SMALL[: len(SMALL) // 2]


def test_silence_in_the_middle_is_a_timeout(hub: Hub) -> None:
    """
    The client waits for its second, and asks again.
    """
    hub.fault(*BODY, stall=60, at=0.5)

    assert fetch() == SMALL
    assert hub.count(*BODY) == 2


def test_a_short_silence_is_waited_for(hub: Hub) -> None:
    """
    The bytes come late, and whole.
    """
    hub.fault(*BODY, stall=0.2, at=0.5)
    start = time.perf_counter()

    assert fetch() == SMALL
    assert time.perf_counter() - start >= 0.2
    assert hub.count(*BODY) == 1


def test_a_slow_hub_has_no_deadline(hub: Hub) -> None:
    """
    The timeout is between two pieces: a file may take longer than it.
    """
    hub.fault(*BODY, rate=len(SMALL) / 1.2)
    start = time.perf_counter()

    assert fetch() == SMALL
    assert time.perf_counter() - start > 1.1
    assert hub.count(*BODY) == 1


def test_a_hub_that_accepts_and_says_nothing(hub: Hub) -> None:
    """
    Then a question fails, and a cached file is returned without a second try.
    """
    fetch()
    hub.fault("HEAD|GET", "", times=FOREVER, stall=FOREVER)
    start = time.perf_counter()

    with pytest.raises(httpx2.ReadTimeout):
        HfApi().model_info("alice/m", timeout=0.1)
    assert fetch() == SMALL
    assert time.perf_counter() - start > 1
    assert hub.count(*HEAD) == 2


def test_a_closed_port(hub: Hub) -> None:
    """
    A cached file is returned without a word; all else fails, and later is well again.
    """
    fetch()

    with hub.refusing():
        cached = fetch()
        with pytest.raises(httpx2.ConnectError):
            HfApi().model_info("alice/m")
        with pytest.raises(LocalEntryNotFoundError):
            hf_hub_download("alice/m", "none.safetensors")

    assert cached == SMALL
    assert HfApi().model_info("alice/m").id == "alice/m"


@pytest.mark.parametrize("fault", [{"status": 503}, {"cut": 0.5}, {"reset": 0.5}])
def test_an_upload_is_retried(hub: Hub, fault: dict[str, float]) -> None:
    """
    Of what comes in, a fault counts the bytes as it does of what goes out.
    """
    hub.fault("PUT", "/lfs/", **fault)

    upload(LARGE)

    assert [r.received == len(LARGE) for r in hub.requests if r.method == "PUT"] == [
        "status" in fault,
        True,
    ]
    assert hub.files("alice/m")["b.safetensors"] == LARGE


def test_a_commit_is_not_retried(hub: Hub) -> None:
    """
    The weights are there, the commit is not; trying again sends no weights.
    """
    hub.fault("POST", "/commit/", status=503)

    with pytest.raises(HfHubHTTPError, match="503"):
        upload(LARGE)
    missing = "b.safetensors" not in hub.files("alice/m")
    upload(LARGE)

    assert missing
    assert hub.count("PUT", "/lfs/") == 1
    assert hub.files("alice/m")["b.safetensors"] == LARGE


def test_a_commit_may_be_done_and_not_told(hub: Hub) -> None:
    """
    The client sees an error, and the hub has the commit.
    """
    hub.fault("POST", "/commit/", cut=0)

    with pytest.raises(httpx2.RemoteProtocolError):
        upload(SMALL)

    assert hub.files("alice/m")["b.safetensors"] == SMALL


def test_clear_ends_what_is_to_come(hub: Hub) -> None:
    """
    No fault and no request is left.
    """
    hub.fault("GET", "", times=FOREVER, status=500)

    with pytest.raises(HfHubHTTPError):
        fetch()
    hub.clear()

    assert hub.requests == []
    assert fetch() == SMALL
