"""What a repository says of itself: as JSON, the way the Hub's client reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from loopback import cards
from loopback.messages import Answer, Call, Refusal, said

if TYPE_CHECKING:
    from loopback.repositories import Commit, File, Repository
    from loopback.server import Hub

__all__ = ["VERBS", "answer", "search"]

VERBS = {"revision", "tree", "paths-info", "refs", "commits"}


def answer(
    hub: Hub, call: Call, repository: Repository, verb: str, rest: list[str]
) -> Answer:
    """Answer a question about a repository."""
    if verb == "refs":
        return said(_references(repository))
    commit = repository.at(rest[0] if rest else "main")
    if verb == "revision":
        return said(_about(hub, call, repository, commit))
    if verb == "commits":
        rows = [_logged(commit) for commit in repository.history(commit)]
        return call.page(rows, hub.page)
    if verb == "paths-info":
        form = call.form()
        expand = form.get("expand") == ["true"]
        rows = _tree(repository, commit, "", recursive=True, expand=expand)
        return said([row for row in rows if row["path"] in form.get("paths", [])])
    rows = _tree(
        repository,
        commit,
        "/".join(rest[1:]),
        recursive=call.flag("recursive"),
        expand=call.flag("expand"),
    )
    return call.page(rows, hub.page)


def search(hub: Hub, call: Call, kind: str) -> Answer:
    """List the repositories that the caller may see."""
    word = call.query.get("search", [""])[0]
    author = call.query.get("author", [""])[0]
    rows = [
        _about(hub, call, repository, repository.at("main"))
        for repository in list(hub.repositories.values())
        if repository.kind == kind
        and word in repository.name
        and author in ("", repository.owner)
        and (not repository.private or repository.owner == call.user)
    ]
    return call.page(rows, hub.page)


def _about(
    hub: Hub, call: Call, repository: Repository, commit: Commit
) -> dict[str, Any]:
    """Describe a repository as of a commit, with what its card says."""
    card: dict[str, Any] = {}
    if readme := commit.files.get("README.md"):
        card = cards.header(hub.objects.path(readme.digest).read_text("utf-8"))
    tags = [*card.get("tags", []), f"license:{card.get('license', 'unknown')}"]
    siblings = [
        {"rfilename": path} | (_sizes(file) if call.flag("blobs") else {})
        for path, file in sorted(commit.files.items())
    ]
    return {
        "_id": repository.name,
        "id": repository.name,
        "modelId": repository.name,
        "author": repository.owner,
        "sha": commit.oid,
        "lastModified": commit.date,
        "createdAt": commit.date,
        "private": repository.private,
        "gated": "auto" if repository.gated else False,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": tags if card else [],
        "cardData": card,
        "library_name": card.get("library_name"),
        "pipeline_tag": card.get("pipeline_tag"),
        "siblings": siblings,
    }


def _tree(
    repository: Repository,
    commit: Commit,
    folder: str,
    *,
    recursive: bool,
    expand: bool,
) -> list[dict[str, Any]]:
    """List what lies in a folder, and, where asked, in the folders of that."""
    start = f"{folder}/" if folder else ""
    inside = {p: f for p, f in commit.files.items() if p.startswith(start)}
    if folder and not inside:
        raise Refusal(404, f"{folder} does not exist on this ref", code="EntryNotFound")
    rows = [_row(repository, commit, path, expand=expand) for path in inside]
    folders = {
        path[:end]
        for path in inside
        for end, letter in enumerate(path)
        if letter == "/" and end > len(start)
    }
    rows += [
        {"type": "directory", "path": path, "size": 0, "oid": commit.oid}
        for path in folders
    ]
    if not recursive:
        rows = [row for row in rows if "/" not in row["path"][len(start) :]]
    return sorted(rows, key=lambda row: str(row["path"]))


def _row(
    repository: Repository, commit: Commit, path: str, *, expand: bool
) -> dict[str, Any]:
    file = commit.files[path]
    row: dict[str, Any] = {"type": "file", "path": path, "size": file.size}
    row["oid"] = file.oid
    if file.sha256:
        row["lfs"] = _large(file) | {"oid": file.sha256}
    if expand:
        last = commit
        for earlier in repository.history(commit):
            if earlier.files.get(path) != file:
                break
            last = earlier
        row["lastCommit"] = {"id": last.oid, "title": last.title, "date": last.date}
    return row


def _sizes(file: File) -> dict[str, Any]:
    large = _large(file) | {"sha256": file.sha256} if file.sha256 else None
    return {"size": file.size, "blobId": file.oid, "lfs": large}


def _large(file: File) -> dict[str, Any]:
    return {"size": file.size, "pointerSize": 134}


def _logged(commit: Commit) -> dict[str, Any]:
    return {
        "id": commit.oid,
        "title": commit.title,
        "message": commit.message,
        "date": commit.date,
        "authors": [{"user": commit.author}],
    }


def _references(repository: Repository) -> dict[str, Any]:
    return {
        "branches": [
            {"name": name, "ref": f"refs/heads/{name}", "targetCommit": oid}
            for name, oid in repository.branches.items()
        ],
        "tags": [
            {"name": name, "ref": f"refs/tags/{name}", "targetCommit": oid}
            for name, oid in repository.tags.items()
        ],
        "converts": [],
        "pullRequests": [],
    }
