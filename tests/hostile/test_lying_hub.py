"""A Hub that lies: nothing that it says becomes a path, and its client writes nothing.

Genuine client, loopback Hub. Victims are files of the user beside the caches.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from loopback import FOREVER, Hub, connected, guarded, hurried, listings

import zoo
from zoo.artifacts import hub_client, hub_download, hub_upload
from zoo.errors import (
    CheckpointError,
    HubAnswerError,
    HubError,
    InsecureHubWarning,
    IntegrityError,
    PublishError,
)
from zoo.specs import Weights

CONTENT = bytes(range(256)) * 64
FILE = r"model\.safetensors"
REPO = "alice/net"
ESCAPES = (
    "../../../../../victim.sh",
    "/tmp/victim.sh",
    "..",
    ".",
    "",
    "a/b",
    "a\\b",
    "-rf",
    "0" * 39,
    "G" * 40,
    "0" * 40 + ".lock",
)


@dataclass
class Net:
    """A file on a loopback Hub, its pin, and all that lies beside the caches."""

    hub: Hub
    home: Path
    pin: Weights

    def files(self) -> set[str]:
        """Return the paths of everything below the test's folder but the Hub's own."""
        root = self.home.parent
        found = (path.relative_to(root) for path in root.rglob("*"))
        return {str(path) for path in found if path.parts[0] != "hub"}


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Net]:
    """A loopback Hub that holds the file, and empty caches."""
    monkeypatch.setattr(hub_download, "RETRY_DELAY", 0.01)
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "zoo"))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "share"))
    monkeypatch.delenv("ZOO_STORE", raising=False)
    monkeypatch.setattr(hub_download, "_last_response", {})
    (tmp_path / "victim.sh").write_text("mine")
    with (
        hurried(),
        guarded(),
        Hub(tmp_path / "hub") as server,
        connected(server, tmp_path / "home"),
    ):
        commit = server.put(REPO, {"model.safetensors": CONTENT, "config.json": b"{}"})
        sha256 = hashlib.sha256(CONTENT).hexdigest()
        pin = Weights(size=len(CONTENT), sha256=sha256, repo=REPO, revision=commit)
        yield Net(server, tmp_path / "home", pin)


def fetch(net: Net) -> Path:
    revision = net.pin.revision
    assert revision is not None
    return hub_download.download(REPO, revision, "model.safetensors", name="net")


def test_a_branch_is_no_path(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The commit that a branch stands for has 40 hexadecimal digits, or nothing is read.
    """
    about = listings._about
    before = net.files()
    for sha in (*ESCAPES, None, 7):
        lie = {"sha": sha}
        monkeypatch.setattr(
            listings, "_about", lambda *given, lie=lie: about(*given) | lie
        )
        with pytest.raises(HubAnswerError) as caught:
            zoo.load(f"hf://{REPO}")

        assert str(caught.value) == (
            f"{net.hub.url} gives {str(sha)!r} as the commit of {REPO}@main, which "
            "can't be one. Nothing was written. Check HF_ENDPOINT, or tell the Hub's "
            "owner."
        )
    assert net.files() == before


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("X-Repo-Commit", "commit"),
        ("X-Linked-ETag", "ETag"),
        ("X-Xet-Hash", "object id"),
    ],
)
def test_a_header_is_no_path(net: Net, header: str, kind: str) -> None:
    """
    The client has made no folder, no lock and no partial file of it, and is not asked
    again.
    """
    where = f"/{REPO}/resolve/{net.pin.revision}/model.safetensors"
    before = net.files()
    for value in (v for v in ESCAPES if v and (kind != "ETag" or "0" not in v)):
        if (kind, value) == ("ETag", "G" * 40):
            continue  # a plain name
        net.hub.clear()
        net.hub.fault("HEAD", FILE, headers={header: value}, times=FOREVER)

        with pytest.raises(HubAnswerError) as caught:
            fetch(net)

        assert f"gives {value!r} as the {kind} of {where}, which" in str(caught.value)
        assert net.hub.count("HEAD", FILE) == 1
    assert net.files() == before


def test_quotes_and_weak_marks_hide_no_path(net: Net) -> None:
    """
    What the client takes off an ETag is taken off before it is judged.
    """
    for quoted in ('W/"../x"', '"../../x"', 'WWW/"..//etc/x"', '""'):
        net.hub.fault("HEAD", FILE, headers={"ETag": quoted, "X-Linked-ETag": quoted})

        with pytest.raises(HubAnswerError):
            fetch(net)


def test_the_commit_of_a_missing_file_is_no_path(net: Net) -> None:
    """
    The client notes what a commit lacks, in a file of the commit's name.
    """
    assert net.pin.revision is not None
    net.hub.fault("HEAD", "absent", headers={"X-Repo-Commit": "../../../../gone"})
    before = net.files()

    with pytest.raises(HubAnswerError):
        hub_download.download(REPO, net.pin.revision, "absent.json", name="net")

    assert net.files() == before


@pytest.mark.parametrize("sha", ["../../ESCAPED", "G" * 40, 7])
def test_the_commit_of_a_dataset_is_no_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sha: object
) -> None:
    """
    The library asks for it by itself: it gets no answer, and writes nothing.
    """
    asked: list[str] = []

    class Lying(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            content = json.dumps({"id": "alice/rows", "sha": sha}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_HEAD(self) -> None:
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Lying) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        script = (
            "import zoo\n"
            "try:\n    zoo.finetune('gru-nsmc', 'alice/rows')\n"
            "except zoo.ZooError as exc:\n    print(exc)\n"
        )
        surroundings = os.environ | {
            "HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
            "HF_HOME": str(tmp_path / "home"),
            "ZOO_CACHE": str(tmp_path / "zoo"),
            "HF_HUB_OFFLINE": "0",
        }
        said = subprocess.run(
            [sys.executable, "-c", script],
            env=surroundings,
            capture_output=True,
            text=True,
            timeout=120,
        )
        server.shutdown()

    assert "'alice/rows' can't be had from the Hub (HubAnswerError: " in said.stdout
    assert f"{sha!s}" in said.stdout
    assert all("ESCAPED" not in path for path in asked)
    assert not list(tmp_path.rglob("*ESCAPED*"))


def test_a_new_connection_is_checked_too(net: Net) -> None:
    """
    The client drops its session after a refused connection; the check stays.
    """
    from huggingface_hub import close_session

    hub_client.watch_client()
    with hub_client.checked_answers():
        close_session()
        net.hub.fault("HEAD", FILE, headers={"X-Linked-ETag": '"../../x"'})
        with pytest.raises(HubAnswerError):
            _head(net)


def _head(net: Net) -> Any:
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    url = hf_hub_url(REPO, "model.safetensors", revision=net.pin.revision)
    return get_hf_file_metadata(url)


def test_the_users_own_calls_are_left_alone(net: Net) -> None:
    """
    The check is for the zoo's downloads: others of the process see what they saw.
    """
    fetch(net)
    net.hub.fault("HEAD", FILE, headers={"ETag": '"a/b"', "X-Linked-ETag": '"a/b"'})

    assert _head(net).etag == "a/b"


def test_a_hub_may_make_its_etags_as_it_likes(net: Net) -> None:
    """
    A plain name is a name: other hubs do not hash as the Hub does.
    """
    for etag in ("d41d8cd98f00b204-2", "v1.2_3", "Zm9v=", "0" * 128):
        told = {"ETag": '"not/used"', "X-Linked-ETag": f'"{etag}"'}
        net.hub.fault("HEAD", FILE, headers=told)

        assert fetch(net).read_bytes() == CONTENT
        shutil.rmtree(net.home)


def test_the_commit_of_an_upload_is_no_path(
    net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What publishes downloads again what it has sent, at the commit that it is given.
    """
    about = listings._about
    lie = {"sha": "../../victim"}
    monkeypatch.setattr(listings, "_about", lambda *given: about(*given) | lie)
    card = net.home.parent / "README.md"
    card.write_text("x")

    with pytest.raises(PublishError, match="as the commit of"):
        hub_upload.push(
            REPO, {"README.md": card}, managed=(), private=False, title="card"
        )


def test_a_token_over_plain_http_warns_once(
    net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Once a process and a Hub; not on this machine, and not without a token.
    """
    from huggingface_hub import constants

    hub_client.warn_plain_http()  # 127.0.0.1: nobody is on the way
    monkeypatch.setattr(constants, "ENDPOINT", "http://hub.example")
    with pytest.warns(InsecureHubWarning) as caught:
        hub_client.warn_plain_http()
    hub_client.warn_plain_http()

    assert str(caught[0].message) == (
        "Your token goes to http://hub.example without encryption: everybody on the "
        "way can read it. Set HF_ENDPOINT to an https:// address, or unset HF_TOKEN."
    )
    monkeypatch.setattr(constants, "ENDPOINT", "http://other.example")
    monkeypatch.setenv("HF_TOKEN", "")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        hub_client.warn_plain_http()


def test_what_is_no_address_of_a_hub(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The variable is named, and a password in it is not shown.
    """
    from huggingface_hub import constants

    for address, shown in (
        ("", "''"),
        (" https://hub.example", "' https://hub.example'"),
        ("hub.example", "'hub.example'"),
        ("ftp://hub.example", "'ftp://hub.example'"),
        ("https://", "'https://'"),
        ("https://bob:secret@hub.example:x", "'https://hub.example:x'"),
    ):
        monkeypatch.setattr(constants, "ENDPOINT", address)

        with pytest.raises(HubError) as caught:
            fetch(net)

        assert str(caught.value) == (
            f"HF_ENDPOINT={shown} is not the address of a Hub. Write it as "
            "https://host, without spaces, or unset it for https://huggingface.co."
        )


def test_what_is_announced_with_another_size_is_not_fetched(net: Net) -> None:
    """
    The pin is compared with what the Hub says first: no byte of the file is asked for.
    """
    assert net.pin.revision is not None
    place = f"{net.hub.url}/{REPO}/resolve/{net.pin.revision}/model.safetensors"
    wanted = "Nothing was fetched. Load again; if it is so again, tell the Hub's owner."
    for size, most, problem in (
        (1000, None, "is announced with 16,384 bytes, but 1,000 are pinned"),
        (20_000, None, "is announced with 16,384 bytes, but 20,000 are pinned"),
        (None, 1000, "is announced with 16,384 bytes, but 1,000 may be read"),
    ):
        with pytest.raises(IntegrityError) as caught:
            hub_download.download(
                REPO,
                net.pin.revision,
                "model.safetensors",
                name="net",
                size=size,
                most=most,
            )

        assert str(caught.value) == f"{place} {problem}. {wanted}"
    assert net.hub.count("GET", FILE) == 0


def test_an_answer_that_goes_on_is_cut_off() -> None:
    """
    Of an announced file no more is taken than was announced, whatever was allowed.
    """
    taken: list[bytes] = []

    def endless() -> Iterator[bytes]:
        while True:
            yield bytes(100)

    size_limit = hub_client.SizeLimit(1000)
    size_limit.announced(250, "hub/file")
    with pytest.raises(IntegrityError) as caught:
        taken.extend(size_limit.bounded(endless, "hub/file")())

    assert str(caught.value) == (
        "hub/file has more than the 250 bytes that it may have. It was cut off. Load "
        "again; if it is so again, tell the Hub's owner."
    )
    assert sum(map(len, taken)) == 200


def test_a_password_in_the_address_is_not_shown(
    net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    It is used, and no message has it.
    """
    from huggingface_hub import constants

    secret = net.hub.url.replace("http://", "http://bob:secret@")
    monkeypatch.setattr(constants, "ENDPOINT", secret)
    with net.hub.refusing(), pytest.raises(HubError) as caught:
        fetch(net)

    assert net.hub.url in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_token_that_cannot_be_sent_is_not_shown(
    net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A line end or a space that was copied with it; the client would print all of it.
    """
    monkeypatch.setenv("HF_TOKEN", "hf_secret part")

    with pytest.raises(HubError) as caught:
        fetch(net)

    assert str(caught.value) == (
        "The token for the Hub holds a space or another character that no token has. "
        "Correct or unset HF_TOKEN, or run 'hf auth login'."
    )


def test_a_token_that_the_hub_does_not_know(
    net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    It is the token that is wrong, not the name of the repository.
    """
    monkeypatch.setenv("HF_TOKEN", "hf_mallory")

    with pytest.raises(HubError) as caught:
        zoo.load(f"hf://{REPO}")

    assert str(caught.value) == (
        f"{net.hub.url} does not accept your token. Run 'hf auth login' again, or "
        "correct or unset HF_TOKEN."
    )


def test_a_repository_of_another_library(net: Net) -> None:
    """
    A config of transformers says what it is of; a newer zoo's says to update.
    """
    net.hub.put(REPO, {"config.json": b'{"model_type": "bert", "hidden": 3}'})
    with pytest.raises(CheckpointError, match=r"it is of transformers, of a model of"):
        zoo.load(f"hf://{REPO}")
    newer = b'{"format": 1, "versions": {"zoo-core": "99.0"}, "strange": 1}'
    net.hub.put(REPO, {"config.json": newer})
    with pytest.raises(CheckpointError) as caught:
        zoo.load(f"hf://{REPO}")

    assert str(caught.value).endswith(
        f" zoo-core 99.0 wrote it, and {version('zoo-core')} is installed: pip install "
        "--upgrade zoo-core."
    )
