"""A Hub on this machine, for tests: the genuine clients talk to it, and can't tell.

    from loopback import Hub, connected, environment, hurried

    with Hub(tmp_path / "hub") as hub, connected(hub, tmp_path / "home"):
        commit = hub.put("alice/m", {"config.json": b"{}"})      # without an upload
        hf_hub_download("alice/m", "config.json", revision=commit)
        assert hub.count("GET", r"/resolve/") == 1

It keeps models and datasets: create, delete, upload (within a commit, or with LFS; no
Xet), cards, branches, tags, listings with pages, downloads with Range, private and
gated repositories. It checks what the Hub checks: a bad card is refused, and so is a
commit on a stale parent, or an LFS file that has not come.

Two users come with it: "alice", whose token `connected` gives to the client, and "bob"
("hf_bob"). Each may change only what lies under their own name.

    hub.put("bob/pets", {"train.parquet": rows}, kind="dataset", branch="refs/x")
    hub.create("alice/secret", private=True)
    hub.repository("alice/m").gated = True              # bob needs to be in .readers
    hub.files("alice/m")                                # path: content, after an upload
    [str(request) for request in hub.requests]          # "GET /alice/m/resolve/... 200"
    hub.requests[-1].range, .token, .sent, .received, .headers, .status, .origin
    hub.clear()                                         # no requests, no faults
    Hub(folder, cdn=True)                               # large files: another origin

Faults hit the next requests whose method and path match. Offsets are bytes, or a share
of the file if they are floats; `BEFORE` is before the answer begins.

    hub.fault("GET", r"model\\.safetensors", cut=0.5)            # closed at half
    hub.fault("GET", "model", reset=1000, times=2)              # a TCP reset
    hub.fault("GET", "model", flip=1000, times=FOREVER)         # one wrong byte
    hub.fault("GET", "model", status=503)
    hub.fault("GET", "model", status=429, headers={"Retry-After": "1"})
    hub.fault("HEAD", "model", headers={"X-Linked-Size": "999"})     # a lie; or ETag
    hub.fault("HEAD|GET", "model", times=2, lengths=False, cut=0.5)  # truncated
    hub.fault("GET", "model", stall=6, at=0.5)                  # silence at half
    hub.fault("HEAD", "model", stall=FOREVER)                   # accepts, says nothing
    hub.fault("GET", "model", rate=8e6)                         # bytes a second
    hub.fault("GET", "model", ranges=False)                     # Range is ignored
    hub.fault("PUT", "/lfs/", cut=0.5)                          # while it comes in
    hub.fault("POST", "/commit/", cut=0)                        # done, but not told
    with hub.refusing(): ...                                    # nobody listens

A process of its own gets `os.environ | environment(hub, home)`. `hurried()` cuts the
client's waits between two tries. `guarded()` fails a test that reaches further than
this machine.
"""

from loopback.clients import connected, environment, guarded, hurried
from loopback.faults import BEFORE, FOREVER, Fault
from loopback.messages import Request
from loopback.server import Hub

__all__ = [
    "BEFORE",
    "FOREVER",
    "Fault",
    "Hub",
    "Request",
    "connected",
    "environment",
    "guarded",
    "hurried",
]
