"""Bring one pinned file from the Hub to this machine. Does not know torch."""

from contextlib import suppress
from functools import partial
from pathlib import Path

from zoo.errors import OfflineError
from zoo.specs import Weights

__all__ = ["fetch"]


def fetch(weights: Weights) -> Path:
    """Return the local path of a file on the Hub; a cached one costs no request.

    The content is not looked at here: `store.check` does that for every source.
    """
    # slow to import: only when needed
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    assert weights.repo is not None, "only weights with a repo come from the Hub"
    fetching = partial(
        hf_hub_download, weights.repo, weights.filename, revision=weights.revision
    )
    with suppress(LocalEntryNotFoundError):
        return Path(fetching(local_files_only=True))
    try:
        return Path(fetching())
    except LocalEntryNotFoundError as exc:
        raise OfflineError(
            f"{weights.repo}@{(weights.revision or '')[:8]} is not in the cache, and "
            "the Hub can't be reached. Load it once while online, or use "
            "zoo.build(name) for the untrained model."
        ) from exc
