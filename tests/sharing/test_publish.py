"""Publishing against a Hub on this machine, with the genuine client."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from huggingface_hub import HfApi, ModelCard, constants
from loopback import FOREVER, Hub, connected, environment, hurried

import zoo
from zoo.artifacts import checkpoint_folder, hub_download, hub_upload, resolve
from zoo.cli import main
from zoo.errors import (
    CheckpointError,
    IntegrityError,
    NoWeights,
    PublishError,
    TrustWarning,
)
from zoo.models import saving
from zoo.plugins import discovery

NAME, REPO = "lenet5-mnist", "alice/lenet5-mnist"
CARD = "---\nlicense: mit\n---\n# Mine\n"
ROOT = Path(__file__).parents[2]
BIG = ROOT / "tests" / "fixtures" / "big"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub without Xet, and a client that would use it."""
    monkeypatch.setattr(hub_download, "RETRY_DELAY", 0.01)
    monkeypatch.setattr(hub_download, "_last_response", {})
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))
    home = tmp_path / "home"
    with (
        Hub(tmp_path / "hub") as hub,
        connected(hub, home, HF_HUB_DISABLE_XET="0"),
        hurried(),
    ):
        yield hub


@pytest.fixture
def mine(folder: Path) -> Path:
    """A checkpoint folder that `zoo.save` wrote, with a card."""
    (folder / "README.md").write_text(CARD)
    return folder


def refusal(*given: object, **options: bool) -> str:
    """Return the words with which `publish` refuses."""
    with pytest.raises(PublishError) as caught:
        zoo.publish(*given, **options)  # type: ignore[arg-type]
    return str(caught.value)


FRESH = """
import sys, warnings
warnings.simplefilter("ignore")
import zoo
found = zoo.verify(sys.argv[1])
print(found.matches, found.passed, found.sha256, zoo.load(sys.argv[1]).zoo.spec.name)
"""


def test_a_published_model_is_loaded_by_a_fresh_process(
    hub: Hub, tmp_path: Path
) -> None:
    """
    With caches of its own it gets the same bytes, and the golden is the same there.
    """
    done = zoo.publish(NAME, REPO)

    caches = {"ZOO_CACHE": str(tmp_path / "theirs")}
    theirs = os.environ | environment(hub, tmp_path / "their home") | caches
    child = subprocess.run(
        [sys.executable, "-c", FRESH, f"hf://{REPO}@{done.commit}"],
        env=theirs,
        capture_output=True,
        text=True,
        check=True,
    )
    pin = zoo.get_spec(NAME).weights
    assert pin is not None
    assert child.stdout.split() == ["True", "True", pin.sha256, NAME]
    assert (done.size, done.sha256) == (pin.size, pin.sha256)
    assert done.url == f"{hub.url}/{REPO}/tree/{done.commit}"
    assert done.commit == hub.repository(REPO).branches["main"]


def test_a_checkpoint_goes_up_whole_and_in_one_commit(hub: Hub) -> None:
    """
    Weights, config, golden, receipt, pictures and the card, as the plugin ships them;
    the card is one that the Hub accepts.
    """
    zoo.publish(NAME, REPO)

    folder = ROOT / "plugins" / "cnn" / "zoo_cnn" / "checkpoints" / NAME
    there = hub.files(REPO)
    assert there == {path.name: path.read_bytes() for path in folder.iterdir()}
    assert there["README.md"].decode() == zoo.card(NAME)
    assert len(hub.repository(REPO).commits) == 2  # with the empty one at the start
    ModelCard(there["README.md"].decode()).validate()
    assert HfApi().model_info(REPO).pipeline_tag == "image-classification"


def test_a_hub_without_xet_is_no_hindrance(
    hub: Hub, capfd: pytest.CaptureFixture[str]
) -> None:
    """
    The client tries Xet, then goes without for this call; nothing is said, and its
    setting is what it was.
    """
    zoo.publish(NAME, REPO)

    assert hub.count("GET", "/xet-write-token/") == 1
    assert hub.count("PUT", "/lfs/") == 5
    assert constants.HF_HUB_DISABLE_XET is False
    assert capfd.readouterr().err == ""


def test_a_saved_folder_is_published_and_loaded(hub: Hub, mine: Path) -> None:
    """
    A model of one's own goes up with the card in its folder, and nothing else that lies
    there.
    """
    (mine / "notes.txt").write_text("not for others")
    (mine / "drafts").mkdir()
    (mine / "curve.png").write_bytes(b"a picture")
    (mine / "course.gif").write_bytes(b"one that moves")

    done = zoo.publish(mine, "alice/mine")

    with pytest.warns(TrustWarning):
        model = zoo.load(done.address)
    assert all(
        torch.equal(a, b)
        for a, b in zip(model.parameters(), zoo.load(mine).parameters(), strict=True)
    )
    assert hub.files("alice/mine").keys() == {
        *("README.md", "config.json", "golden.safetensors", "model.safetensors"),
        *("curve.png", "course.gif"),
    }


def test_publishing_twice_makes_one_commit(hub: Hub, mine: Path) -> None:
    """
    Nothing to change is told, and the commit is the present one.
    """
    first = zoo.publish(mine, "alice/mine")

    second = zoo.publish(str(mine), "alice/mine")

    assert second == replace(first, changed=False)
    assert hub.count("POST", "/commit/") == 1
    assert hub.count("POST", "/preupload/") == 2  # with and without Xet, at first


def test_an_update_keeps_the_old_commit(hub: Hub, mine: Path, tmp_path: Path) -> None:
    """
    New weights are a new commit; the golden of the old ones goes, a file that somebody
    put there stays, and the old commit loads as before.
    """
    old = zoo.publish(mine, "alice/mine")
    hub.put("alice/mine", {"theirs.txt": b"theirs", "their.png": b"theirs"})
    other = saving.save(zoo.build(NAME), tmp_path / "other")
    (other / "README.md").write_text(CARD)

    new = zoo.publish(other, "alice/mine")

    assert new.changed
    assert hub.files("alice/mine").keys() == {
        *("README.md", "config.json", "model.safetensors", "theirs.txt", "their.png")
    }
    with pytest.warns(TrustWarning):
        assert zoo.verify(old.address).matches
    with pytest.warns(TrustWarning):
        assert zoo.verify(new.address).sha256 == new.sha256 != old.sha256


def test_the_pin_is_one_that_a_spec_takes(hub: Hub, mine: Path) -> None:
    """
    What is printed is Python, and the same as the pin that is returned.
    """
    done = zoo.publish(mine, "alice/mine")

    pin = eval(done.pin, {"Weights": zoo.Weights})

    assert pin == done.weights
    assert (pin.repo, pin.revision, pin.sha256) == (
        "alice/mine",
        done.commit,
        done.sha256,
    )


def test_100_mb_go_up_and_come_back_through_a_pin(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A file with the tensors of ResNet-50, loaded by the name of a model whose spec pins
    the repository.
    """
    monkeypatch.syspath_prepend(BIG)
    monkeypatch.setattr(
        hub_upload, "check_uploaded", lambda *_: None
    )  # it has tests of its own
    discovery.installed.cache_clear()
    try:
        folder = zoo.save(zoo.build("resnet50-random"), tmp_path / "big")
        (folder / "README.md").write_text(CARD)
        done = zoo.publish(folder, "alice/resnet50")
        known = discovery.installed()
        spec = replace(zoo.get_spec("resnet50-random"), weights=done.weights)
        models = {**known.models, spec.name: spec}
        pinned = replace(known, models=models)
        monkeypatch.setattr(resolve, "installed", lambda: pinned)

        model = zoo.load("resnet50-random")

        assert done.size // 10**6 == 102
        assert len(model.zoo.report.loaded) == 320
        assert model.zoo.report.sha256 == done.sha256
        assert Path(model.zoo.report.path).is_relative_to(tmp_path / "home")
    finally:
        discovery.installed.cache_clear()
        for part in ("big", "home", "hub"):
            shutil.rmtree(tmp_path / part, ignore_errors=True)


# ---- what goes wrong on the way


def test_a_commit_that_was_refused_once(hub: Hub, mine: Path) -> None:
    """
    HTTP 503 is tried again, which the client does not do for a commit.
    """
    hub.fault("POST", "/commit/", status=503)

    done = zoo.publish(mine, "alice/mine")

    assert done.changed
    assert hub.count("POST", "/commit/") == 2
    assert len(hub.repository("alice/mine").commits) == 2


def test_a_commit_that_came_through_untold(hub: Hub, mine: Path) -> None:
    """
    The connection breaks after the commit: it is found there, and not made twice.
    """
    hub.fault("POST", "/commit/", cut=0)

    done = zoo.publish(mine, "alice/mine")

    assert done.changed
    assert done.commit == hub.repository("alice/mine").branches["main"]
    assert hub.count("POST", "/commit/") == 1
    assert len(hub.repository("alice/mine").commits) == 2


@pytest.mark.parametrize(
    ("method", "path", "what"),
    [
        ("POST", "/repos/create", {"status": 503}),
        ("POST", "/validate-yaml", {"reset": 0}),
        ("GET", "/revision/main", {"status": 500}),
        ("POST", "/preupload/", {"status": 503}),
        ("PUT", "/lfs/", {"reset": 0.5}),
        ("GET", "/resolve/", {"reset": 0.5}),
        ("GET", r"/resolve/.*model\.safetensors", {"flip": 1000}),
    ],
)
def test_a_fault_that_passes(
    hub: Hub, mine: Path, method: str, path: str, what: dict[str, float]
) -> None:
    """
    One overload, one broken connection or one wrong byte on the way here is got over.
    """
    fault = hub.fault(method, path, **what)

    done = zoo.publish(mine, "alice/mine")

    assert fault.times == 0
    assert hub.files("alice/mine").keys() >= {"model.safetensors", "README.md"}
    assert len(hub.repository("alice/mine").commits) == 2
    assert done.changed


def test_wrong_bytes_are_found_after_the_upload(hub: Hub, mine: Path) -> None:
    """
    What the Hub gives to others is compared with what was sent, whatever it says.
    """
    hub.fault("GET", r"/resolve/.*model\.safetensors", flip=1000, times=FOREVER)
    sent = checkpoint_folder.read_config(mine).weights.sha256 or ""

    words = refusal(mine, "alice/mine")

    commit = hub.repository("alice/mine").branches["main"]
    found = words.partition("gives SHA-256 ")[2][:12]
    assert found != sent[:12]
    assert words == (
        "model.safetensors of alice/mine did not arrive as it was sent: the Hub gives "
        f"SHA-256 {found}..., and {sent[:12]}... was sent. Don't use commit "
        f"{commit[:8]}; publish again, and if it is wrong again, tell the Hub's owner."
    )


def test_a_file_that_the_hub_left_out(hub: Hub, mine: Path) -> None:
    """
    A commit without one of the files is no success.
    """
    headers = {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": "0" * 40}
    hub.fault("HEAD", "/resolve/.*golden", status=404, headers=headers)

    assert refusal(mine, "alice/mine") == (
        "A file of alice/mine is not there after it was sent. A .gitignore in the "
        "repository may forbid it."
    )


def test_an_overload_that_lasts(hub: Hub, mine: Path) -> None:
    """
    After four tries the Hub's word stands.
    """
    hub.fault("POST", "/commit/", status=503, times=FOREVER)

    assert refusal(mine, "alice/mine") == (
        f"Publishing alice/mine failed: {hub.url} says HTTP 503. Publish again: what "
        "has come is not sent twice."
    )
    assert hub.count("POST", "/commit/") == 4


def test_somebody_else_commits_meanwhile(
    hub: Hub, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Two that publish at once do not mix their files.
    """
    preupload = HfApi.preupload_lfs_files

    def disturbed(*given: object, **options: object) -> None:
        preupload(*given, **options)  # type: ignore[arg-type]
        hub.put("alice/mine", {"config.json": b"{}"})

    monkeypatch.setattr(HfApi, "preupload_lfs_files", disturbed)

    assert refusal(mine, "alice/mine") == (
        "alice/mine was changed by somebody else meanwhile, so nothing was committed. "
        "Publish again to put yours on top."
    )
    assert hub.files("alice/mine") == {"config.json": b"{}"}


def test_a_hub_that_is_not_there(hub: Hub, mine: Path) -> None:
    """
    The verdict comes at once, and names the address.
    """
    with hub.refusing():
        words = refusal(mine, "alice/mine")

    assert words == (
        f"{hub.url} does not answer (ConnectError: [Errno 111] Connection refused), so "
        "alice/mine is not published. Check the connection, and HF_ENDPOINT if it is "
        "set."
    )


def test_a_hub_that_never_is_done(
    hub: Hub, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    There is a deadline for the whole of an upload.
    """
    monkeypatch.setattr(hub_download, "deadline", lambda _: 0.2)
    hub.fault("POST", "/commit/", stall=FOREVER)

    assert refusal(mine, "alice/mine") == (
        f"{hub.url} was not done with alice/mine within 0 seconds. Publish again: what "
        "has come is not sent twice."
    )


# ---- what is not let through


@pytest.mark.parametrize(
    "name", ["lenet5", "alice/", "a/b/c", "alice/x--y", "alice/.x", "alice/x.git"]
)
def test_a_name_that_no_repository_has(hub: Hub, mine: Path, name: str) -> None:
    """
    It is told before anything is asked of the Hub.
    """
    assert refusal(mine, name) == (
        f"{name!r} can't be the name of a repository: write user/name, in letters, "
        "digits, '-', '_' and '.', without '--' and '..'."
    )
    assert hub.requests == []


def test_nobody_is_logged_in(hub: Hub, mine: Path, tmp_path: Path) -> None:
    """
    Without a token, what to do is said before anything is sent.
    """
    with connected(hub, tmp_path / "home", token=None):
        words = refusal(mine, "alice/mine")

    assert words == (
        f"Nobody is logged in to {hub.url}. Run 'hf auth login', or set HF_TOKEN to a "
        "token that may write."
    )
    assert hub.requests == []


def test_a_token_that_the_hub_does_not_know(
    hub: Hub, mine: Path, tmp_path: Path
) -> None:
    """
    An old or mistyped token is said to be one.
    """
    with connected(hub, tmp_path / "home", token="hf_nobody"):
        words = refusal(mine, "alice/mine")

    assert words == (
        f"{hub.url} does not accept your token: Invalid credentials in Authorization "
        "header. Run 'hf auth login', or set HF_TOKEN to a token that may write."
    )


@pytest.mark.parametrize("private", [False, True])
def test_the_name_is_somebody_elses(hub: Hub, mine: Path, private: bool) -> None:
    """
    Bob's repository can't be written by alice, whether she may see it or not.
    """
    hub.create("bob/mine", private=private)
    said = "create a model under this name" if private else "change this repository"

    assert refusal(mine, "bob/mine") == (
        f"You may not write to bob/mine on {hub.url}: You don't have the rights to "
        f"{said}. Use a name of your own, or ask its owner for the right; the token "
        "needs the role 'write'."
    )


def test_offline(hub: Hub, mine: Path, tmp_path: Path) -> None:
    """
    HF_HUB_OFFLINE is honoured, and named.
    """
    with connected(hub, tmp_path / "home", HF_HUB_OFFLINE="1"):
        words = refusal(mine, "alice/mine")

    assert words == (
        "Publishing alice/mine needs the Hub, and HF_HUB_OFFLINE is set. Unset it, and "
        "publish again."
    )
    assert hub.requests == []


def test_private_means_private(hub: Hub, mine: Path) -> None:
    """
    A new repository is private; one that is public already gets nothing.
    """
    zoo.publish(mine, "alice/secret", private=True)
    hub.create("alice/open")

    words = refusal(mine, "alice/open", private=True)

    assert hub.repository("alice/secret").private
    assert words == (
        f"alice/open is on {hub.url} already, and public, so nothing was sent. Make it "
        "private in its settings, or name another repository."
    )
    assert hub.files("alice/open") == {}


def test_a_private_repository_stays_private(hub: Hub, mine: Path) -> None:
    """
    Not to ask for privacy is not to ask for publicity.
    """
    hub.create("alice/secret", private=True)

    zoo.publish(mine, "alice/secret")

    assert hub.repository("alice/secret").private


def test_a_card_that_the_hub_refuses(hub: Hub, mine: Path) -> None:
    """
    The Hub's own words are passed on, and no repository is made.
    """
    (mine / "README.md").write_text("---\ntags: zoo\nlibrary_name: 3\n---\n")

    assert refusal(mine, "alice/mine") == (
        f'{hub.url} does not accept the card of {mine}: "library_name" must be a '
        'string; "tags" must be an array. Correct its header.'
    )
    assert hub.repositories == {}


@pytest.mark.parametrize("text", ["# Mine\n", "---\n---\n# Mine\n", ""])
def test_a_card_without_a_header(hub: Hub, mine: Path, text: str) -> None:
    """
    The Hub would take it, and know nothing of the model.
    """
    (mine / "README.md").write_text(text)

    assert refusal(mine, "alice/mine") == (
        f"the card of {mine} has no header. Begin it with three lines: ---, license: "
        "mit, ---."
    )


def test_a_card_that_is_no_yaml(hub: Hub, mine: Path) -> None:
    """
    The place of the mistake is told.
    """
    (mine / "README.md").write_text("---\nlicense: [mit\n---\n")

    words = refusal(mine, "alice/mine")

    start = f"{hub.url} does not accept the card of {mine}: invalid YAML: while parsing"
    assert words.startswith(start)
    assert words.endswith(". Correct its header.")


def test_a_card_in_another_encoding(hub: Hub, mine: Path) -> None:
    """
    It names the file, and the byte.
    """
    (mine / "README.md").write_bytes(b"---\nlicense: mit\n---\n\xe9")

    assert refusal(mine, "alice/mine") == (
        f"{mine}/README.md is not a text in UTF-8 ('utf-8' codec can't decode byte "
        "0xe9 in position 21: unexpected end of data)."
    )


def test_a_folder_without_a_card(hub: Hub, folder: Path) -> None:
    """
    Nothing is published without one, and the error says how to come by it.
    """
    assert refusal(folder, "alice/mine") == (
        f"{folder} has no README.md, and nothing is published without a card. Write it "
        "there: a header (---, license: mit, --- on three lines), then what the model "
        "is for, how it was trained and where it fails. 'zoo train' writes one by "
        "itself."
    )


def test_a_receipt_is_enough_for_a_card(hub: Hub, tmp_path: Path) -> None:
    """
    A run whose card was lost gets it again, with its own numbers.
    """
    home = ROOT / "plugins" / "cnn" / "zoo_cnn" / "checkpoints" / NAME
    run = tmp_path / "run"
    shutil.copytree(home, run)
    (run / "README.md").unlink()

    zoo.publish(run, "alice/again")

    assert hub.files("alice/again")["README.md"] == (home / "README.md").read_bytes()


def test_a_child_does_not_get_its_parents_card(hub: Hub, tmp_path: Path) -> None:
    """
    The prose of a registered model does not tell what was made of it.
    """
    home = ROOT / "plugins" / "cnn" / "zoo_cnn" / "checkpoints" / NAME
    run = tmp_path / "run"
    shutil.copytree(home, run)
    (run / "README.md").unlink()
    config = json.loads((run / "config.json").read_text())
    config["parent"] = {"name": NAME, "sha256": "0" * 64}
    (run / "config.json").write_text(json.dumps(config))

    assert refusal(run, "alice/child").startswith(f"{run} has no README.md, ")


def test_a_registered_models_card_is_rendered(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A stale one in the plugin's folder does not go up.
    """
    shutil.copytree(zoo.load(NAME).zoo.folder, tmp_path / "shipped")
    (tmp_path / "shipped" / "README.md").write_text("stale")
    monkeypatch.setattr(
        "zoo.artifacts.weight_store.shipped_checkpoint", lambda _: tmp_path / "shipped"
    )

    zoo.publish(NAME, REPO)

    assert hub.files(REPO)["README.md"].decode() == zoo.card(NAME)


@pytest.mark.parametrize("name", ["loss.png", "course.gif"])
def test_a_card_that_shows_what_is_not_there(hub: Hub, mine: Path, name: str) -> None:
    """
    A picture that is missing would be a hole in the card.
    """
    (mine / "README.md").write_text(f"{CARD}![Loss]({name})\n")

    assert refusal(mine, "alice/mine") == (
        f"The card shows {name}, which is not in {mine}. Put it there, or take it "
        "out of the card."
    )


@pytest.mark.parametrize(
    "name", ["README.md", "model.safetensors", "golden.safetensors", "config.json"]
)
def test_a_link_that_leads_out(hub: Hub, mine: Path, name: str) -> None:
    """
    A folder from elsewhere can't make its publisher send a file of their own.
    """
    outside = mine.parent / "outside"
    (mine / name).rename(outside)
    (mine / name).symlink_to(outside)

    assert refusal(mine, "alice/mine") == (
        f"{mine / name} is a link to {outside}, outside of the checkpoint. Put the "
        "file itself there."
    )
    assert hub.requests == []


def test_weights_that_are_not_the_pinned_ones(hub: Hub, mine: Path) -> None:
    """
    A checkpoint that would not load is not sent.
    """
    weights = mine / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")

    with pytest.raises(IntegrityError, match="Save the checkpoint again"):
        zoo.publish(mine, "alice/mine")
    assert hub.requests == []


def test_a_golden_that_is_cut_off(hub: Hub, mine: Path) -> None:
    """
    The golden is part of the checkpoint, and must be whole.
    """
    golden = mine / "golden.safetensors"
    golden.write_bytes(golden.read_bytes()[:-1])

    words = refusal(mine, "alice/mine")

    assert words.startswith(f"{golden} is not a whole safetensors file (")
    assert words.endswith("). Save the checkpoint again.")


def test_a_config_of_other_weights(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mine: Path
) -> None:
    """
    A plugin whose spec and shipped config differ could not be loaded from the Hub.
    """
    shutil.copytree(zoo.load(NAME).zoo.folder, tmp_path / "shipped")
    shutil.copy(mine / "config.json", tmp_path / "shipped")
    monkeypatch.setattr(
        "zoo.artifacts.weight_store.shipped_checkpoint", lambda _: tmp_path / "shipped"
    )

    assert refusal(NAME, REPO) == (
        f"{tmp_path}/shipped/config.json names other weights than those of "
        "'lenet5-mnist'. Save the checkpoint again."
    )


def test_a_folder_that_is_no_checkpoint(hub: Hub, tmp_path: Path) -> None:
    """
    The loader's own words are good enough.
    """
    with pytest.raises(CheckpointError) as caught:
        zoo.publish(tmp_path / "empty", "alice/mine")

    assert str(caught.value) == (
        f"{tmp_path}/empty is not a checkpoint folder: it has no config.json."
    )


def test_what_is_on_the_hub_already(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A repository, and a model whose weights are pinned to one, have no folder to send.
    """
    pin = zoo.Weights(size=1, sha256="0" * 64, repo="bob/m", revision="1" * 40)
    known = discovery.installed()
    models = {**known.models, NAME: replace(known.models[NAME], weights=pin)}
    models["xor-mlp"] = replace(known.models["xor-mlp"], weights=None)
    changed = replace(known, models=models)
    monkeypatch.setattr(resolve, "installed", lambda: changed)

    assert refusal(NAME, REPO) == (
        f"The weights of 'lenet5-mnist' are on the Hub already: bob/m at commit "
        f"{'1' * 40}."
    )
    assert refusal("hf://bob/m", REPO) == "hf://bob/m is on the Hub already."
    with pytest.raises(NoWeights, match="has no trained weights"):
        zoo.publish("xor-mlp", REPO)


def test_an_unknown_licence_is_warned_of(hub: Hub, mine: Path) -> None:
    """
    It goes up, but not without a word.
    """
    config = json.loads((mine / "config.json").read_text())
    config["license"]["weights"] = "unknown"
    (mine / "config.json").write_text(json.dumps(config))

    with pytest.warns(UserWarning, match="licence") as caught:
        zoo.publish(mine, "alice/mine")

    ours = [str(w.message) for w in caught if w.category is UserWarning]
    assert ours == [
        f"The licence of the weights of {mine} is 'unknown', so others may not use "
        "them. If you know it, write it into the spec and the card."
    ]


def test_no_room_to_look_at_what_arrived(
    hub: Hub, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A full disk is not the Hub's fault.
    """

    def full(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", full)

    assert refusal(mine, "alice/mine") == (
        "alice/mine was sent, and can't be fetched to see whether it arrived: no room "
        "is left for it. Name another folder with TMPDIR, and publish again."
    )


# ---- the command, and the script


def test_the_command_in_a_process_of_its_own(hub: Hub, tmp_path: Path) -> None:
    """
    It needs no more than HF_ENDPOINT and HF_TOKEN, and prints what to load and to pin.
    """
    words = ["-m", "zoo", "publish", NAME, "--repo", REPO]
    settings = environment(hub, tmp_path / "their home") | {"HF_HUB_DISABLE_XET": "0"}
    theirs = os.environ | settings

    done = subprocess.run(
        [sys.executable, *words],
        env=theirs,
        capture_output=True,
        text=True,
        check=False,
    )

    pin, commit = zoo.get_spec(NAME).weights, hub.repository(REPO).branches["main"]
    assert pin is not None
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"{NAME}: published, {hub.url}/{REPO}/tree/{commit}",
        f'zoo.load("hf://{REPO}@{commit}")',
        f'Weights(size={pin.size:_}, sha256="{pin.sha256}", repo="{REPO}", '
        f'revision="{commit}")',
    ]


def test_the_command_for_programs(
    hub: Hub, mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    --json says the same; a second time says that nothing changed.
    """
    words = ["publish", str(mine), "--repo", "alice/mine", "--private"]

    first = main([*words, "--json"])
    told = json.loads(capsys.readouterr().out)
    second = main(words)

    assert (first, second) == (0, 0)
    assert told["changed"]
    assert told["address"] == f"hf://alice/mine@{told['commit']}"
    assert f"{NAME}: nothing to change, " in capsys.readouterr().out


def test_the_command_fails_in_one_line(
    hub: Hub, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Status 1, and the error's own words.
    """
    status = main(["publish", str(folder), "--repo", "alice/mine"])

    assert status == 1
    assert capsys.readouterr().err.startswith(f"error: {folder} has no README.md")


def test_publishing_imports_no_torch(hub: Hub, tmp_path: Path) -> None:
    """
    A checkpoint is published by what its files say.
    """
    code = (
        f"import sys, zoo; zoo.publish({NAME!r}, {REPO!r}); "
        "sys.exit('torch' in sys.modules)"
    )
    theirs = os.environ | environment(hub, tmp_path / "their home")

    subprocess.run([sys.executable, "-c", code], env=theirs, check=True)


def all_of_them(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the script for those models whose names begin with x."""
    script = str(ROOT / "scripts" / "publish_all.py")
    command = [sys.executable, script, "--organisation", "alice", "--only", "x*"]
    return subprocess.run(
        [*command, *words], capture_output=True, text=True, check=False
    )


def test_all_models_of_the_repository(hub: Hub) -> None:
    """
    One that fails does not stop the others, and is the only one to be sent again.
    """
    rehearsed = all_of_them("--dry-run")
    requests = len(hub.requests)
    hub.fault("POST", "/commit/", status=400)
    first = all_of_them()
    second = all_of_them()

    states = [
        [row.split(" | ")[1:3] for row in done.stdout.splitlines()[2:]]
        for done in (rehearsed, first, second)
    ]
    one, other = "alice/xor-mlp", "alice/xor-mlp.hand-set"
    assert requests == 0
    assert states == [
        [[one, "not sent"], [other, "not sent"]],
        [[one, "failed"], [other, "published"]],
        [[one, "published"], [other, "unchanged"]],
    ]
    assert [done.returncode for done in (rehearsed, first, second)] == [0, 1, 0]
    assert first.stderr.startswith("error: xor-mlp: Publishing alice/xor-mlp failed")
