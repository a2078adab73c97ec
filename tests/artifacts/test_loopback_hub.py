"""The loopback Hub against the genuine client: what tests of the zoo rely on.

Its faults are in test_loopback_faults.py.
"""

import base64
import hashlib
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import datasets as library
import huggingface_hub
import pytest
from huggingface_hub import HfApi, ModelCard, constants, hf_hub_download
from huggingface_hub import snapshot_download as snapshot
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import get_session
from loopback import Hub, connected, environment, guarded
from pets import parquet, rows

CARD = "---\nlicense: mit\npipeline_tag: image-classification\n---\n# A model\n"
BYTES = random.Random(0).randbytes(20 << 20)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with Hub(tmp_path / "hub") as hub, connected(hub, tmp_path / "home"):
        yield hub


def refusal(text: str) -> str:
    """Return a card whose header holds this."""
    return f"---\n{text}\n---\n# A model\n"


def test_a_folder_goes_up_and_comes_down_again(hub: Hub, tmp_path: Path) -> None:
    """
    A card, a nested file and 20 MB of weights, which went with LFS, in one commit.
    """
    source = tmp_path / "source"
    (source / "deep").mkdir(parents=True)
    (source / "README.md").write_text(CARD)
    (source / "deep" / "config.json").write_text("{}")
    (source / "model.safetensors").write_bytes(BYTES)
    api = HfApi()

    api.create_repo("alice/m")
    commit = api.upload_folder(repo_id="alice/m", folder_path=source).oid
    folder = Path(snapshot("alice/m"))

    assert folder.name == commit == api.model_info("alice/m").sha
    assert (folder / "model.safetensors").read_bytes() == BYTES
    assert (folder / "deep" / "config.json").read_text() == "{}"
    assert hub.count("PUT", "/lfs/") == hub.count("POST", "/verify") == 1
    assert api.verify_repo_checksums("alice/m").mismatches == []
    assert hub.files("alice/m", commit).keys() == {
        *("README.md", "deep/config.json", "model.safetensors")
    }


def test_a_content_that_is_there_is_not_sent_again(hub: Hub) -> None:
    """
    The same weights under another name cost no second upload.
    """
    hub.put("alice/m", {"model.safetensors": BYTES})

    huggingface_hub.upload_file(
        path_or_fileobj=BYTES, path_in_repo="b.safetensors", repo_id="alice/m"
    )

    assert hub.count("PUT") == 0
    assert hub.files("alice/m")["b.safetensors"] == BYTES


def test_a_put_is_what_an_upload_would_have_left(hub: Hub) -> None:
    """
    The client finds the sizes and hashes of what a test put in, and a pinned file that
    is cached costs no request.
    """
    files = {"README.md": CARD.encode(), "model.safetensors": b"weights"}
    commit = hub.put("alice/m", files)

    first = hf_hub_download("alice/m", "model.safetensors", revision=commit)
    about = HfApi().model_info("alice/m", files_metadata=True)
    hub.clear()
    again = hf_hub_download("alice/m", "model.safetensors", revision=commit)

    card, weights = about.siblings or []
    assert Path(first).read_bytes() == b"weights"
    assert weights.lfs is not None
    assert weights.lfs.sha256 == hashlib.sha256(b"weights").hexdigest()
    assert (card.size, about.pipeline_tag) == (len(CARD), "image-classification")
    assert (again, hub.requests) == (first, [])


def test_a_listing_has_pages(hub: Hub) -> None:
    """
    The client follows the links; folders and chosen paths are listed too.
    """
    hub.put("alice/m", {f"part/{i}.txt": b"x" for i in range(5)})
    hub.page = 2
    api = HfApi()

    found = [row.path for row in api.list_repo_tree("alice/m", recursive=True)]
    some = [row.path for row in api.get_paths_info("alice/m", ["part", "part/3.txt"])]

    assert found == ["part", *(f"part/{i}.txt" for i in range(5))]
    assert some == ["part", "part/3.txt"]
    assert hub.count("GET", "/tree/") == 3


def test_branches_tags_and_history(hub: Hub) -> None:
    """
    A name is made, found, refused a second time, and deleted; commits have an order.
    """
    api = HfApi()
    first = hub.put("alice/m", {"a.txt": b"1"})
    api.create_branch("alice/m", branch="trial")
    api.create_tag("alice/m", tag="v1", revision=first)
    second = hub.put("alice/m", {"a.txt": b"2"}, branch="trial")

    refs = api.list_repo_refs("alice/m")
    old = hf_hub_download("alice/m", "a.txt", revision="v1")
    new = hf_hub_download("alice/m", "a.txt", revision="trial")
    commits = [c.commit_id for c in api.list_repo_commits("alice/m", revision="trial")]
    with pytest.raises(HfHubHTTPError, match="409"):
        api.create_tag("alice/m", tag="v1")
    api.delete_tag("alice/m", tag="v1")

    assert {ref.name: ref.target_commit for ref in refs.branches + refs.tags} == {
        "main": first,
        "trial": second,
        "v1": first,
    }
    assert (Path(old).read_bytes(), Path(new).read_bytes()) == (b"1", b"2")
    assert commits[:2] == [second, first]
    with pytest.raises(RevisionNotFoundError):
        hf_hub_download("alice/m", "a.txt", revision="v1", force_download=True)


def test_what_is_not_there(hub: Hub) -> None:
    """
    Each thing that can be missing has an error of its own.
    """
    hub.put("alice/m", {"a.txt": b"1"})

    with pytest.raises(RepositoryNotFoundError):
        HfApi().model_info("alice/none")
    with pytest.raises(RevisionNotFoundError):
        hf_hub_download("alice/m", "a.txt", revision="none")
    with pytest.raises(RemoteEntryNotFoundError):
        hf_hub_download("alice/m", "none.txt")


def test_a_private_repository_is_there_for_its_owner_alone(hub: Hub) -> None:
    """
    Who may not read it is told that there is none.
    """
    HfApi().create_repo("alice/m", private=True)
    hub.put("alice/m", {"a.txt": b"1"})

    assert HfApi().model_info("alice/m").private
    for token in ("hf_bob", False):
        with pytest.raises(RepositoryNotFoundError):
            hf_hub_download("alice/m", "a.txt", token=token)


def test_a_gated_repository_lets_in_who_was_accepted(hub: Hub) -> None:
    """
    Anybody may see that it is there; its files are for its readers.
    """
    hub.put("alice/m", {"a.txt": b"1"})
    HfApi().update_repo_settings("alice/m", gated="auto")

    assert HfApi(token="hf_bob").model_info("alice/m").gated == "auto"
    for token in ("hf_bob", False):
        with pytest.raises(GatedRepoError):
            hf_hub_download("alice/m", "a.txt", token=token)
    hub.repository("alice/m").readers.add("bob")
    assert Path(hf_hub_download("alice/m", "a.txt", token="hf_bob")).is_file()


def test_who_may_write(hub: Hub) -> None:
    """
    Only the owner; a token that nobody has is refused wherever it comes.
    """
    hub.put("alice/m", {"a.txt": b"1"})

    assert HfApi(token="hf_bob").whoami()["name"] == "bob"
    with pytest.raises(HfHubHTTPError, match="403"):
        HfApi(token="hf_bob").delete_repo("alice/m")
    with pytest.raises(HfHubHTTPError, match="403"):
        HfApi(token="hf_bob").create_repo("alice/other")
    with pytest.raises(HfHubHTTPError, match="401"):
        HfApi(token="hf_nobody").model_info("alice/m")
    HfApi().delete_repo("alice/m")
    assert hub.repositories == {}


def test_a_stale_parent_is_refused(hub: Hub) -> None:
    """
    A commit on top of what is no longer the newest state changes nothing.
    """
    old = hub.put("alice/m", {"a.txt": b"1"})
    hub.put("alice/m", {"a.txt": b"2"})

    with pytest.raises(HfHubHTTPError, match="412"):
        HfApi().upload_file(
            path_or_fileobj=b"3",
            path_in_repo="a.txt",
            repo_id="alice/m",
            parent_commit=old,
        )

    assert hub.files("alice/m") == {"a.txt": b"2"}


BAD = [
    ("- a\n- b", "the metadata must be a mapping"),
    ("license: [", "invalid YAML: while parsing"),
    ("license: mit\nlicense: mit", "duplicated mapping key 'license'"),
    ("license: GPL-3", '"license" must be one of [apache-2.0, mit, '),
    ("license: mit\npipeline_tag: [a]", '"pipeline_tag" must be a string'),
    ("license: mit\ntags: a", '"tags" must be an array'),
    ("license: mit\ndatasets: [1]", '"datasets[0]" must be a string'),
    ("license: mit\nlanguage: english", '"language[0]" with value "english" is not'),
    ("model-index: [{name: m}]", '"model-index[0].results" is required'),
    (
        "model-index: [{name: m, results: [{task: {type: t}, metrics: [{type: a}]}]}]",
        '"model-index[0].results[0].metrics[0].value" is required',
    ),
]


@pytest.mark.parametrize(("header", "fault"), BAD)
def test_a_bad_card_is_refused(hub: Hub, header: str, fault: str) -> None:
    """
    The fault is named, and nothing is changed.
    """
    hub.create("alice/m")

    with pytest.raises(ValueError, match="Invalid metadata") as caught:
        HfApi().upload_file(
            path_or_fileobj=refusal(header).encode(),
            path_in_repo="README.md",
            repo_id="alice/m",
        )

    assert fault in str(caught.value)
    assert hub.files("alice/m") == {}


def test_a_card_is_refused_however_it_comes(hub: Hub) -> None:
    """
    The card's own check is told in plain text; a commit is refused that skipped it.
    """
    hub.create("alice/m")
    bad = refusal("license: GPL-3")
    content = base64.b64encode(bad.encode()).decode()
    lines = [
        {"key": "header", "value": {"summary": "a card"}},
        {"key": "file", "value": {"path": "README.md", "content": content}},
    ]

    with pytest.raises(ValueError, match='- Error: "license" must be'):
        ModelCard(bad).validate()
    answer = get_session().post(
        f"{hub.url}/api/models/alice/m/commit/main",
        headers={"Authorization": "Bearer hf_alice"},
        content="\n".join(map(json.dumps, lines)),
    )

    assert answer.status_code == 400
    assert '"license" must be one of' in answer.json()["error"]
    assert hub.files("alice/m") == {}


def test_a_card_without_a_header_is_warned_of(hub: Hub) -> None:
    """
    It goes up all the same.
    """
    hub.create("alice/m")

    with pytest.warns(UserWarning, match="empty or missing yaml metadata"):
        HfApi().upload_file(
            path_or_fileobj=b"# A model", path_in_repo="README.md", repo_id="alice/m"
        )

    assert hub.files("alice/m") == {"README.md": b"# A model"}


def test_another_origin_sends_the_bytes_without_a_token(tmp_path: Path) -> None:
    """
    The hub answers with an address, and the token stays with the hub.
    """
    with Hub(tmp_path / "hub", cdn=True) as hub, connected(hub, tmp_path / "home"):
        hub.put("alice/m", {"model.safetensors": b"weights"})

        path = hf_hub_download("alice/m", "model.safetensors")

    asked, sent = hub.requests
    assert Path(path).read_bytes() == b"weights"
    assert (asked.method, asked.origin, asked.token) == ("HEAD", "hub", "hf_alice")
    assert (sent.method, sent.origin, sent.token) == ("GET", "cdn", None)


def test_a_dataset_loads_in_this_process(hub: Hub) -> None:
    """
    The library of datasets reads its own variables; it is connected too.
    """
    files = {"data/train-00000-of-00001.parquet": parquet(rows())}
    hub.put("alice/pets", files, kind="dataset")

    found = library.load_dataset("alice/pets", split="train")

    assert found["species"] == [1, 0]
    assert hub.count("GET", "/datasets/alice/pets/resolve/") == 1


def test_a_process_may_meet_many_hubs(tmp_path: Path) -> None:
    """
    Each block has its own address and cache, and afterwards all is as it was.
    """
    before = (constants.ENDPOINT, constants.HF_HUB_CACHE, os.environ.get("HF_HOME"))

    for content in (b"first", b"second"):
        home = tmp_path / content.decode()
        with Hub(home / "hub") as hub, connected(hub, home):
            hub.put("alice/m", {"a.txt": content})
            assert Path(hf_hub_download("alice/m", "a.txt")).read_bytes() == content
            huggingface_hub.create_tag("alice/m", tag="v1")
            assert "v1" in hub.repository("alice/m").tags

    after = (constants.ENDPOINT, constants.HF_HUB_CACHE, os.environ.get("HF_HOME"))
    assert after == before


def test_this_process_is_set_as_a_new_one_would_be(hub: Hub, tmp_path: Path) -> None:
    """
    Every plain constant of the client is what a fresh interpreter reads.
    """
    show = (
        "import json, sys; from huggingface_hub import constants as c; "
        "print(json.dumps({k: v for k, v in vars(c).items() if k.isupper() and "
        "isinstance(v, (str, int, float, bool, type(None)))}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", show],
        env=os.environ | environment(hub, tmp_path / "home"),
        capture_output=True,
        check=True,
    )
    fresh = json.loads(done.stdout)

    assert fresh["ENDPOINT"] == hub.url
    assert {name: vars(constants)[name] for name in fresh} == fresh


def test_another_machine_is_out_of_reach() -> None:
    """
    A test that asks for one fails, even where the client would have said nothing.
    """
    with guarded(), pytest.raises(pytest.fail.Exception, match="another machine"):
        HfApi(endpoint="https://example.org").model_info("a/b")


def test_a_mistake_of_the_hub_itself_fails_the_test(tmp_path: Path) -> None:
    """
    The client gets a 500, and leaving the block raises what went wrong.
    """

    def go_wrong() -> None:
        with Hub(tmp_path) as hub, connected(hub, tmp_path / "home"):
            hub.create("alice/m").branches["main"] = "no commit"
            with pytest.raises(HfHubHTTPError, match="500"):
                HfApi().model_info("alice/m")

    with pytest.raises(AssertionError, match="KeyError: 'no commit'"):
        go_wrong()
