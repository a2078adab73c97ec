"""Set up huggingface_hub before it is imported."""

import os

__all__ = ["disable_telemetry"]


def disable_telemetry() -> None:
    """Switch off the telemetry of huggingface_hub, unless the user has decided.

    The client reads its environment once, so this has no effect after its import.
    """
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
