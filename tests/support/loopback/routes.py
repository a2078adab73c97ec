"""Which call goes where: reading, and what is asked of a repository as a whole.

Writing is in `uploads`. A route takes a call and gives an answer; it knows no sockets.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from loopback import cards, listings, uploads
from loopback.messages import Answer, Call, Refusal, said

if TYPE_CHECKING:
    from loopback.repositories import Repository
    from loopback.server import Hub

__all__ = ["answer"]

KINDS = {"models": "model", "datasets": "dataset", "spaces": "space"}
VERBS = {
    *("revision", "tree", "paths-info", "refs", "commits", "auth-check", "settings"),
    *("preupload", "commit", "branch", "tag", "xet-read-token", "xet-write-token"),
}


def answer(hub: Hub, call: Call) -> Answer:
    """Answer a call, or raise a `Refusal`."""
    match call.method, call.parts:
        case "GET" | "HEAD", ["cdn", digest] if call.origin == "cdn":
            return Answer(200, hub.objects.path(digest), {"ETag": f'"{digest}"'})
        case "GET", ["api", "whoami-v2"]:
            return _whoami(call)
        case "POST", ["api", "validate-yaml"]:
            return _validate(call)
        case "POST", ["api", "repos", "create"]:
            return _create(hub, call)
        case "DELETE", ["api", "repos", "delete"]:
            return _delete(hub, call)
        case "GET", ["api", kinds] if kinds in KINDS:
            return listings.search(hub, call, KINDS[kinds])
        case _, ["api", kinds, *rest] if kinds in KINDS:
            return _repository(hub, call, KINDS[kinds], rest)
        case _, ["lfs", oid] | ["lfs", oid, "verify"]:
            return uploads.large(hub, call, oid)
        case _, parts:
            return _files(hub, call, parts)


def _repository(hub: Hub, call: Call, kind: str, parts: list[str]) -> Answer:
    """Answer what is asked of one repository: /api/models/owner/name/verb/..."""
    short = len(parts) == 1 or parts[1] in VERBS  # "gpt2" has no owner
    name = "/".join(parts[: 1 if short else 2])
    verb, *rest = parts[1 if short else 2 :] or ["revision", "main"]
    repository = hub.find(kind, name, call.user)
    match call.method, verb, rest:
        case "GET", "auth-check", []:
            hub.admit(repository, call.user)
            return said({})
        case "GET" | "HEAD" | "POST", _, _ if verb in listings.VERBS:
            return listings.answer(hub, call, repository, verb, rest)
        case "GET", "xet-read-token" | "xet-write-token", _:
            raise Refusal(404, "This hub has no Xet: set HF_HUB_DISABLE_XET=1")
    hub.permit(repository, call.user)
    match call.method, verb, rest:
        case "POST", "preupload", [revision]:
            return uploads.preupload(call, repository, revision)
        case "POST", "commit", [branch]:
            return uploads.commit(hub, call, repository, branch)
        case "PUT", "settings", []:
            return _settings(call, repository)
        case "POST" | "DELETE", "branch" | "tag", [reference]:
            return _reference(call, repository, verb, reference)
    raise Refusal(404, f"This hub has no {call.method} {call.target}")


def _files(hub: Hub, call: Call, parts: list[str]) -> Answer:
    """Answer what is asked under a repository's own address: files, and LFS."""
    kind = KINDS[parts.pop(0)] if parts[0] in KINDS else "model"
    path = "/".join(map(quote, parts))
    if found := re.fullmatch(r"(.+)\.git/info/lfs/objects/batch", path):
        repository = hub.find(kind, found[1], call.user)
        hub.permit(repository, call.user)
        return uploads.batch(hub, call)
    where = next((i for i in (1, 2) if parts[i : i + 1] == ["resolve"]), None)
    if where is None or len(parts) < where + 3 or call.method not in ("GET", "HEAD"):
        raise Refusal(404, f"This hub has no {call.method} {call.target}")
    repository = hub.find(kind, "/".join(parts[:where]), call.user)
    hub.admit(repository, call.user)
    revision, *names = parts[where + 1 :]
    return _resolve(hub, repository, revision, "/".join(names))


def _resolve(hub: Hub, repository: Repository, revision: str, path: str) -> Answer:
    """Answer with a file: its bytes, or where on the other origin they are."""
    commit = repository.at(revision)
    headers = {"X-Repo-Commit": commit.oid}
    file = commit.files.get(path)
    if file is None:
        raise Refusal(
            404, "Entry not found", code="EntryNotFound", X_Repo_Commit=commit.oid
        )
    headers["ETag"] = f'"{file.digest}"'
    if file.sha256:
        headers["X-Linked-ETag"] = f'"{file.digest}"'
        headers["X-Linked-Size"] = str(file.size)
    if file.sha256 and hub.cdn:
        headers["Location"] = f"{hub.cdn}/cdn/{file.digest}"
        return Answer(302, b"", headers)
    return Answer(200, hub.objects.path(file.digest), headers)


def _whoami(call: Call) -> Answer:
    user = _named(call)
    token = {"displayName": "test", "role": "write"}
    auth = {"type": "access_token", "accessToken": token}
    about = {"type": "user", "id": user, "name": user, "fullname": user, "orgs": []}
    return said(about | {"auth": auth})


def _validate(call: Call) -> Answer:
    """Examine a card; the two functions of the client want different answers."""
    errors, warnings = cards.examine(call.json()["content"])
    status = 400 if errors else 200
    if call.headers.get("Accept") == "text/plain":
        text = "\n".join(f"- Error: {error}" for error in errors)
        return Answer(status, text.encode(), {"Content-Type": "text/plain"})
    found = {"errors": errors, "warnings": warnings}
    told = {name: [{"message": m} for m in found[name]] for name in found}
    return said(told, status=status)


def _create(hub: Hub, call: Call) -> Answer:
    user, asked = _named(call), call.json()
    kind = asked.get("type") or "model"
    name = f"{asked.get('organization') or user}/{asked['name']}"
    if name.partition("/")[0] != user:
        raise Refusal(
            403, "You don't have the rights to create a model under this name"
        )
    prefix = "" if kind == "model" else f"{kind}s/"
    about = {"url": f"{hub.url}/{prefix}{name}", "name": name, "id": name}
    if (kind, name) in hub.repositories:
        about["error"] = f"You already created this {kind} repo"
        return said(about, status=409)
    private = asked.get("visibility") == "private" or asked.get("private") is True
    hub.create(name, kind=kind, private=private)
    return said(about)


def _delete(hub: Hub, call: Call) -> Answer:
    user, asked = _named(call), call.json()
    kind = asked.get("type") or "model"
    repository = hub.find(
        kind, f"{asked.get('organization') or user}/{asked['name']}", user
    )
    hub.permit(repository, user)
    del hub.repositories[kind, repository.name]
    return Answer(200, b"OK")


def _settings(call: Call, repository: Repository) -> Answer:
    asked = call.json()
    if "visibility" in asked:
        repository.private = asked["visibility"] == "private"
    if "gated" in asked:
        repository.gated = bool(asked["gated"])
    return said(asked)


def _reference(call: Call, repository: Repository, verb: str, name: str) -> Answer:
    """Create or delete a branch or a tag."""
    names = repository.branches if verb == "branch" else repository.tags
    if call.method == "DELETE":
        if name not in names:
            raise Refusal(404, f"Invalid rev id: {name}", code="RevisionNotFound")
        del names[name]
        return said({})
    asked = call.json()
    start = asked.get("startingPoint", "main") if verb == "branch" else name
    name = name if verb == "branch" else asked["tag"]
    commit = repository.at(start)
    if name in names:
        raise Refusal(409, f"Reference already exists: {name}")
    names[name] = commit.oid
    return said({})


def _named(call: Call) -> str:
    """Return who calls; who has no token is nobody."""
    if call.user is None:
        raise Refusal(401, "Invalid username or password.")
    return call.user
