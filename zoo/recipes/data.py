"""Registered datasets as rows of the `datasets` library, and their fingerprints."""

from zoo.datasets.registered import fingerprint, load_dataset

__all__ = [
    "fingerprint",
    "load_dataset",
]
