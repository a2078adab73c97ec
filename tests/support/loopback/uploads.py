"""Writing to a repository: what goes with LFS, its upload, and the commit."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from loopback import cards
from loopback.messages import Answer, Call, Refusal, said
from loopback.repositories import File, check, is_large, pointer

if TYPE_CHECKING:
    from loopback.repositories import Repository
    from loopback.server import Hub

__all__ = ["batch", "commit", "large", "preupload"]


def preupload(call: Call, repository: Repository, revision: str) -> Answer:
    """Say of each file whether it is to come with LFS or within the commit."""
    known = repository.at(revision).files
    rows = []
    for asked in call.json()["files"]:
        path, sample = asked["path"], base64.b64decode(asked["sample"])
        mode = "lfs" if is_large(path, asked["size"], sample) else "regular"
        row = {"path": path, "uploadMode": mode, "shouldIgnore": False}
        rows.append(row | {"oid": known[path].digest if path in known else None})
    return said({"files": rows})


def batch(hub: Hub, call: Call) -> Answer:
    """Say where to put each content that is not here yet."""
    rows = []
    for asked in call.json()["objects"]:
        row = {"oid": asked["oid"], "size": asked["size"]}
        if not hub.objects.path(asked["oid"]).exists():
            href = f"{hub.url}/lfs/{asked['oid']}"
            verify = {"href": f"{href}/verify"}
            row["actions"] = {"upload": {"href": href}, "verify": verify}
        rows.append(row)
    return said({"transfer": "basic", "objects": rows})


def large(hub: Hub, call: Call, oid: str) -> Answer:
    """Take a content, or say whether it has come. Signed addresses: no token comes."""
    place = hub.objects.path(oid)
    if call.method == "PUT":
        if not hub.objects.receive(oid, call.chunks()):
            raise Refusal(400, "The SHA-256 of what came is another one")
        return Answer()
    asked = call.json()
    if not place.exists() or place.stat().st_size != asked["size"]:
        raise Refusal(404, "This content has not come")
    return said({})


def commit(hub: Hub, call: Call, repository: Repository, branch: str) -> Answer:
    """Put the changes of a commit, one a line, on top of a branch."""
    lines = [json.loads(line) for line in call.body().splitlines()]
    head: dict[str, Any] = next(x["value"] for x in lines if x["key"] == "header")
    if call.flag("create_pr"):
        raise Refusal(400, "This hub takes no pull requests")
    if branch not in repository.branches:
        raise Refusal(404, f"Invalid rev id: {branch}", code="RevisionNotFound")
    with hub.lock:
        before = repository.at(branch)
        if not before.oid.startswith(head.get("parentCommit") or ""):
            raise Refusal(
                412, "A commit has happened since. Please refresh and try again."
            )
        files = dict(before.files)
        for line in lines:
            _change(hub, files, line["key"], line["value"])
        after = repository.add(
            files,
            branch=branch,
            title=head["summary"],
            message=head.get("description") or "",
            author=call.user,
        )
    prefix = "" if repository.kind == "model" else f"{repository.kind}s/"
    url = f"{hub.url}/{prefix}{repository.name}/commit/{after.oid}"
    return said({"success": True, "commitOid": after.oid, "commitUrl": url})


def _change(hub: Hub, files: dict[str, File], key: str, value: dict[str, Any]) -> None:
    """Make one change of a commit."""
    if key == "file":
        content = base64.b64decode(value["content"])
        _approve(value["path"], content)
        files[value["path"]] = hub.objects.keep(value["path"], content, large=False)
    elif key == "lfsFile":
        check(value["path"])
        place = hub.objects.path(value["oid"])
        if not place.exists():
            raise Refusal(400, f"{value['path']} points to a content that has not come")
        files[value["path"]] = pointer(value["oid"], place.stat().st_size)
    elif key == "deletedFile":
        if files.pop(value["path"], None) is None:
            raise Refusal(404, f"{value['path']} does not exist", code="EntryNotFound")
    elif key == "deletedFolder":
        start = value["path"].rstrip("/") + "/"
        for path in [path for path in files if path.startswith(start)]:
            del files[path]


def _approve(path: str, content: bytes) -> None:
    """Refuse a commit whose card has a bad header, as the Hub does."""
    errors = cards.examine(content.decode("utf-8"))[0] if path == "README.md" else []
    if errors:
        raise Refusal(400, "Invalid metadata in README.md. " + " ".join(errors))
